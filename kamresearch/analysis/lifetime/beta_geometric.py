"""BG/NBD and MBG/NBD, and both with a rhythm (Erlang gaps): how many orders to expect of accounts
without contract.

An account orders at a rate of its own (gamma over accounts) and may leave for good after any order
with a probability
of its own (beta over accounts); in the modified form (MBG) it may leave right after its first order
too. With
``rhythm`` k > 1 gaps between orders are Erlang-k instead of exponential: the account orders on a
rhythm, and silence
tells more.

References
----------
Fader, Hardie, Lee (2005), Counting your customers the easy way; Batislam, Denizel, Filiztekin
(2007); Platzer,
Reutterer (2016) for gaps on a rhythm.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betainc, betaln, gammaln

from kamresearch.analysis.lifetime.maximum import Estimate, distinct, maximise

NAMES = ("r", "alpha", "a", "b")
LEAST_STEP = 1e-9
"""What the next order may add to an expectation before it is left out."""
STARTS = ((0.5, 5.0, 0.8, 2.0), (1.5, 12.0, 0.3, 3.0))


@dataclass(frozen=True)
class BetaGeometric:
    """A fitted (M)BG/NBD; times in ``unit_days`` (weeks by default)."""

    name: str
    estimate: Estimate
    modified: bool
    rhythm: int
    unit_days: float

    def expected_orders(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Order days to expect of each account within the next days."""
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        r, alpha, a, b = self.estimate.values.values()
        weights, shapes = self._phases(x, t_x, age)
        ahead = days / self.unit_days
        b_alive = b + x + (1 if self.modified else 0)
        success = (alpha + age) / (alpha + age + ahead)
        expected, survival, open_ = np.zeros(len(x)), np.ones(len(x)), np.arange(len(x))
        for m in range(1, 2000):
            chance = np.zeros(len(open_))
            for phase, (weight, shape) in enumerate(zip(weights, shapes, strict=True)):
                # P(N > k) of a negative binomial; SciPy's own nbinom.sf checks its arguments for
                # longer than it computes.
                chance += weight[open_] * betainc(
                    m * self.rhythm - phase, shape[open_], 1 - success[open_]
                )
            step = chance * survival[open_]
            expected[open_] += step
            survival[open_] *= (b_alive[open_] + m - 1) / (a + b_alive[open_] + m - 1)
            open_ = open_[step >= LEAST_STEP]
            if not len(open_):
                break
        return expected[place]

    def probability_active(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Probability of at least one order within the next days: one minus the ratio of two
        likelihoods.
        """
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        values = np.array(list(self.estimate.values.values()))
        now = self._log_likelihood(values, x, t_x, age)
        silent = self._log_likelihood(values, x, t_x, age + days / self.unit_days)
        return np.clip(-np.expm1(silent - now), 0, 1)[place]

    def probability_alive(self, history: pd.DataFrame) -> np.ndarray:
        """Probability of not having left yet. Never a churn score: BG/NBD gives 1 to every
        one-time buyer.
        """
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        return self._phases(x, t_x, age)[0].sum(axis=0)[place]

    def _phases(
        self, x: np.ndarray, t_x: np.ndarray, age: np.ndarray
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Posterior weight of being alive in each phase of the gap, and the gamma shape that
        goes with it.
        """
        values = np.array(list(self.estimate.values.values()))
        left, alive = _parts(values, x, t_x, age, self.rhythm, self.modified)
        total = np.logaddexp.reduce([left, *alive], axis=0)
        shapes = [values[0] + self.rhythm * x + phase for phase in range(self.rhythm)]
        return np.exp(np.array(alive) - total), shapes

    def _log_likelihood(
        self, values: np.ndarray, x: np.ndarray, t_x: np.ndarray, age: np.ndarray
    ) -> np.ndarray:
        left, alive = _parts(values, x, t_x, age, self.rhythm, self.modified)
        return np.logaddexp.reduce([left, *alive], axis=0)


def fit_bgnbd(history: pd.DataFrame, unit_days: float = 7.0) -> BetaGeometric:
    """Fit the BG/NBD to purchase histories (n_order_days, age_at_last_order_days,
    observed_days).
    """
    return _fit("bgnbd", history, unit_days, STARTS, modified=False, rhythm=1)


def fit_mbgnbd(
    history: pd.DataFrame, unit_days: float = 7.0, rhythm: int = 1, starts: tuple = STARTS
) -> BetaGeometric:
    """Fit the MBG/NBD; ``rhythm`` k > 1 takes Erlang-k gaps (needs the column log_gaps_sum)."""
    name = "mbgnbd" if rhythm == 1 else f"mbgnbd_rhythm_{rhythm}"
    return _fit(name, history, unit_days, starts, modified=True, rhythm=rhythm)


def fit_rhythm(
    history: pd.DataFrame, unit_days: float = 7.0, most: int = 4, plain: BetaGeometric | None = None
) -> BetaGeometric:
    """The MBG/NBD whose gaps are as regular as the data say: k = 1, 2 … as long as the likelihood
    rises.

    ``plain`` hands over the fit with k = 1 where it is there already.
    """
    best = plain or fit_mbgnbd(history, unit_days)
    for rhythm in range(2, most + 1):
        r, alpha, a, b = best.estimate.values.values()
        start = (r, alpha * (rhythm - 1) / rhythm, min(max(a, 0.1), 10.0), min(max(b, 0.5), 50.0))
        model = fit_mbgnbd(history, unit_days, rhythm, (start,))
        if model.estimate.log_likelihood <= best.estimate.log_likelihood:
            break
        best = model
    return best


def as_arrays(history: pd.DataFrame, unit_days: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Repeat order days, age at the last order and length of observation of each account, in
    model time.
    """
    return (
        history["n_order_days"].to_numpy(float) - 1,
        history["age_at_last_order_days"].to_numpy(float) / unit_days,
        history["observed_days"].to_numpy(float) / unit_days,
    )


def _fit(
    name: str,
    history: pd.DataFrame,
    unit_days: float,
    starts: tuple,
    *,
    modified: bool,
    rhythm: int,
) -> BetaGeometric:
    (x, t_x, age), counts, _place = distinct(*as_arrays(history, unit_days))

    def log_likelihood(values: np.ndarray) -> np.ndarray:
        left, alive = _parts(values, x, t_x, age, rhythm, modified)
        return np.logaddexp.reduce([left, *alive], axis=0)

    estimate = maximise(log_likelihood, counts, NAMES, starts)
    if rhythm > 1:  # what the gaps add to the likelihood does not depend on the parameters
        repeats = history["n_order_days"].to_numpy(float) - 1
        gaps = history["log_gaps_sum"].to_numpy(float) - repeats * np.log(unit_days)
        constant = float(((rhythm - 1) * gaps - repeats * gammaln(rhythm)).sum())
        estimate = Estimate(
            estimate.values, estimate.errors, estimate.log_likelihood + constant, estimate.n
        )
    return BetaGeometric(name, estimate, modified, rhythm, unit_days)


def _parts(
    values: np.ndarray, x: np.ndarray, t_x: np.ndarray, age: np.ndarray, rhythm: int, modified: bool
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Log-likelihood of having left right after the last order, and of being alive in each
    phase since.
    """
    r, alpha, a, b = values
    common = r * np.log(alpha) - gammaln(r) - betaln(a, b)
    shape = r + rhythm * x
    stays = x + 1 if modified else x
    left = (
        common
        + betaln(a + 1, b + stays - 1 + (stays == 0))
        + gammaln(shape)
        - shape * np.log(alpha + t_x)
    )
    if not modified:
        left = np.where(x > 0, left, -np.inf)
    silence = np.log(np.maximum(age - t_x, 1e-300))
    alive = [
        common
        + betaln(a, b + stays)
        + phase * silence
        - gammaln(phase + 1)
        + gammaln(shape + phase)
        - (shape + phase) * np.log(alpha + age)
        for phase in range(rhythm)
    ]
    return left, alive
