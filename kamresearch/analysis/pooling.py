"""Shares of several groups, each drawn towards the others as far as the groups resemble each
other.
"""

import numpy as np
import pandas as pd
from scipy.special import betainc, betaln, expit

from kamresearch.errors import AnalysisError

POINTS = 18
"""Grid points on each axis: half a standard deviation apart, where a sum is as good as the
integral
"""
DROP = 8.0
"""Log weight below the peak's from which a grid point changes nothing that a reader could see"""
STEPS = 13
"""Halvings of a bound's bracket: to a thousandth of a standard deviation"""


def pool_shares(
    successes: pd.Series, trials: pd.Series, level: float = 0.95
) -> tuple[pd.DataFrame, float | None]:
    """What is each group's share, given what the other groups' shares are like?

    Successes and trials, one row a group → pooled, low, high on the same index, and the prior's
    strength.

    Parameters
    ----------
    successes, trials : Series
        Counts. A group without trials gets what the others let expect of a new one.
    level : float
        Posterior probability between low and high (as much below as above them).

    Returns
    -------
    DataFrame
        pooled (posterior mean), low, high: shares.
    float or None
        Posterior median of the strength s: a group of so many trials lies half way between its own
        share and the
        groups' mean. None without groups.

    Raises
    ------
    AnalysisError
        Successes below nought or above the trials.

    Notes
    -----
    k ~ Binomial(n, θ), θ ~ Beta(μs, (1 − μ)s), with Jeffreys' Beta(½, ½) for the mean μ and uniform
    shrinkage for the
    strength: s/(s + n̄) anywhere from 0 to 1, n̄ the mean trials of the groups that have any. μ and
    s are integrated
    over a grid: the bounds allow for neither being known, and a group alone keeps about its
    Jeffreys interval. Groups
    are taken as exchangeable: nothing else that is known of them enters.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., ch. 5. Daniels (1999), Canadian Journal
    of Statistics 27(3).

    >>> frame, strength = pool_shares(pd.Series([1, 6, 30]), pd.Series([2, 40, 100]))
    >>> frame["low"].round(2).tolist(), frame["high"].round(2).tolist()
    ([0.11, 0.1, 0.21], [0.55, 0.32, 0.37])
    """
    k, n = successes.to_numpy(float), trials.to_numpy(float)
    wrong = ~((k >= 0) & (k <= n))
    if wrong.any():
        raise AnalysisError(
            "successes",
            "from nought to the trials",
            f"others in {wrong.sum()} groups",
            "count both over the same cases",
        )
    if not len(k):
        return pd.DataFrame(
            columns=["pooled", "low", "high"], index=trials.index, dtype=float
        ), None
    # Small cells repeat: each pair of counts is worked once.
    pairs, place, times = np.unique(np.c_[k, n], axis=0, return_inverse=True, return_counts=True)
    k, n = pairs[:, :1], pairs[:, 1:]
    mean, strength, weight, middle = _weigh_priors(k, n, times)
    a, b = mean * strength + k, (1 - mean) * strength + n - k
    tails = (1 - level) / 2, (1 + level) / 2
    columns = {
        "pooled": (a / (a + b)) @ weight,
        **{
            name: _find_bound(a, b, weight, tail)
            for name, tail in zip(("low", "high"), tails, strict=True)
        },
    }
    return pd.DataFrame(columns).iloc[place.ravel()].set_axis(trials.index), middle


def _weigh_priors(
    k: np.ndarray, n: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Posterior of the prior's mean and strength → μ, s and weight of the grid points that count,
    median of s.

    With μ = sin²φ Jeffreys' prior is flat in φ; with x = ln(s/n̄) uniform shrinkage is the logistic
    density.
    """
    scale = max(float(times @ n[:, 0]) / max(times[n[:, 0] > 0].sum(), 1), 1.0)
    whole = np.array([[0.0, np.pi / 2], [-9.0, 9.0]])
    box = whole
    for _round in range(9):
        step = (box[:, 1] - box[:, 0]) / POINTS
        angle, x = box[:, :1] + step[:, None] * (np.arange(POINTS) + 0.5)
        mean, strength = np.repeat(np.sin(angle) ** 2, POINTS), np.tile(scale * np.exp(x), POINTS)
        a, b = mean * strength, (1 - mean) * strength
        log_weight = times @ (betaln(a + k, b + n - k) - betaln(a, b)) + np.tile(
            np.log(expit(x) * expit(-x)), POINTS
        )
        seen = log_weight > log_weight.max() - DROP
        cells = [
            np.flatnonzero(seen.reshape(POINTS, POINTS).any(axis=axis))[[0, -1]] + [-1, 2]
            for axis in (1, 0)
        ]
        # Many trials leave a peak narrower than the grid: look closer until it fills it.
        if min(last - first for first, last in cells) > 0.7 * POINTS:
            break
        box = np.clip(box[:, :1] + step[:, None] * np.array(cells), whole[:, :1], whole[:, 1:])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    by_strength = np.r_[0, weight.reshape(POINTS, POINTS).sum(axis=0).cumsum()]
    middle = scale * np.exp(
        np.interp(0.5, by_strength, np.linspace(box[1][0], box[1][1], POINTS + 1))
    )
    return mean[seen], strength[seen], weight[seen] / weight[seen].sum(), float(middle)


def _find_bound(a: np.ndarray, b: np.ndarray, weight: np.ndarray, tail: float) -> np.ndarray:
    """Quantile of each row's mixture of betas, by bisection of its distribution function."""
    share = a / (a + b)
    mean = (share @ weight)[:, None]
    sd = np.sqrt(((share * (1 - share) / (a + b + 1) + (share - mean) ** 2) @ weight)[:, None])
    # No distribution has a quantile farther from its mean than Cantelli's inequality allows.
    low = np.maximum(mean - sd * np.sqrt((1 - tail) / tail), 0)
    high = np.minimum(mean + sd * np.sqrt(tail / (1 - tail)), 1)
    for _step in range(STEPS):
        middle = (low + high) / 2
        below = (betainc(a, b, middle) @ weight)[:, None] < tail
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high)[:, 0] / 2
