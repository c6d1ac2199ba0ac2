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
from scipy.special import betaln, digamma, gammaln

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
        _r, alpha, a, b = self.estimate.values.values()
        weights, shapes = self._phases(x, t_x, age)
        success = (alpha + age) / (alpha + age + days / self.unit_days)
        stays = b + x + self.modified
        counts = _Counts(weights, shapes, np.log(success), np.log1p(-success))
        expected, survival, open_ = np.zeros(len(x)), np.ones(len(x)), np.arange(len(x))
        for m in range(2000):
            step = counts.one_more() * survival
            expected[open_] += step
            survival *= (stays + m) / (a + stays + m)
            kept = step >= LEAST_STEP
            if not kept.any():
                break
            # Leaving rows out costs as much as a step: only once it spares a fifth of them.
            if kept.mean() < 0.8:
                counts.keep(kept)
                survival, stays, open_ = survival[kept], stays[kept], open_[kept]
        return expected[place]

    def probability_active(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Probability of at least one order within the next days: one minus the ratio of two
        likelihoods.
        """
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        values = np.array(list(self.estimate.values.values()))
        now, silent = (
            np.logaddexp.reduce(_parts(values, _Rows(x, t_x, until), self.rhythm, self.modified))
            for until in (age, age + days / self.unit_days)
        )
        return np.clip(-np.expm1(silent - now), 0, 1)[place]

    def probability_alive(self, history: pd.DataFrame) -> np.ndarray:
        """Probability of not having left yet. Never a churn score: BG/NBD gives 1 to every
        one-time buyer.
        """
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        return self._phases(x, t_x, age)[0].sum(axis=0)[place]

    def _phases(
        self, x: np.ndarray, t_x: np.ndarray, age: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Posterior weight of being alive in each phase of the gap, and the gamma shape that
        goes with it.
        """
        values = np.array(list(self.estimate.values.values()))
        parts = _parts(values, _Rows(x, t_x, age), self.rhythm, self.modified)
        shapes = values[0] + self.rhythm * x + np.arange(self.rhythm)[:, None]
        return np.exp(parts[1:] - np.logaddexp.reduce(parts)), shapes


class _Counts:
    """Chances of ever more orders to come, by rows and phases of the gap: counts with a negative
    binomial distribution, summed from nought up (SciPy's incomplete beta function tells the same at
    ten times the cost).
    """

    def __init__(
        self,
        weights: np.ndarray,
        shapes: np.ndarray,
        log_success: np.ndarray,
        log_rest: np.ndarray,
    ) -> None:
        self._weights, self._shapes, self._log_rest = weights, shapes, log_rest
        self._exactly, self._at_most = shapes * log_success, np.zeros_like(shapes)
        self._ends = -np.arange(len(shapes))[:, None]

    def one_more(self) -> np.ndarray:
        """Chance of at least one order more than was asked for before: a full gap has as many ends
        as there are phases.
        """
        for _end in self._shapes:
            begun = np.maximum(self._ends, 1)
            more = self._log_rest + np.log((self._shapes + begun - 1) / begun)
            self._exactly += np.where(self._ends > 0, more, 0.0)
            self._at_most += np.where(self._ends >= 0, np.exp(self._exactly), 0.0)
            self._ends = self._ends + 1
        return (self._weights * np.maximum(1 - self._at_most, 0.0)).sum(axis=0)

    def keep(self, rows: np.ndarray) -> None:
        """Forget all other rows."""
        for name in ("_weights", "_shapes", "_exactly", "_at_most"):
            setattr(self, name, getattr(self, name)[:, rows])
        self._log_rest = self._log_rest[rows]


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

    rows = _Rows(x, t_x, age)

    def log_likelihood(values: np.ndarray) -> tuple[float, np.ndarray]:
        parts = _parts(values, rows, rhythm, modified)
        top = parts.max(axis=0)
        shares = np.exp(parts - top)
        whole = shares.sum(axis=0)
        shares *= counts / whole
        return counts @ (top + np.log(whole)), _slopes(values, rows, shares, modified)

    estimate = maximise(log_likelihood, len(history), NAMES, starts)
    if rhythm > 1:  # what the gaps add to the likelihood does not depend on the parameters
        repeats = history["n_order_days"].to_numpy(float) - 1
        gaps = history["log_gaps_sum"].to_numpy(float) - repeats * np.log(unit_days)
        constant = float(((rhythm - 1) * gaps - repeats * gammaln(rhythm)).sum())
        estimate = Estimate(
            estimate.values, estimate.errors, estimate.log_likelihood + constant, estimate.n
        )
    return BetaGeometric(name, estimate, modified, rhythm, unit_days)


class _Rows:
    """Distinct histories, sorted by number of orders, made ready once for the many looks that a fit
    takes at them.

    Accounts share few numbers of orders: what hangs on those alone is worked out once for each
    number (``counts``) and handed on to the rows (``of``), and summed over them (``begin``).
    """

    def __init__(self, x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> None:
        self.counts, self.begin, self.of = np.unique(x, return_index=True, return_inverse=True)
        self.times = np.stack([t_x, age])
        self.log_silence = np.log(np.maximum(age - t_x, 1e-300))


def _parts(values: np.ndarray, rows: _Rows, rhythm: int, modified: bool) -> np.ndarray:
    """Log-likelihood of having left right after the last order (first row), and of being alive in
    each phase since.
    """
    r, alpha, a, b = values
    phases = np.arange(rhythm)[:, None]
    stays, shape = rows.counts + modified, r + rhythm * rows.counts
    common = r * np.log(alpha) - gammaln(r) - betaln(a, b)
    # In the unmodified form nobody leaves without a repeat, so that what stands there is not used.
    left = betaln(a + 1, b + np.maximum(stays - 1, 0)) + gammaln(shape)
    left = common + np.where(stays > 0, left, -np.inf)
    alive = common + betaln(a, b + stays) + gammaln(shape + phases) - gammaln(phases + 1)
    # `take` keeps a part's rows side by side in memory; brackets would not.
    parts = np.vstack([left, alive]).take(rows.of, axis=1)
    shapes = np.vstack([shape, shape + phases]).take(rows.of, axis=1)
    log_times = np.log(alpha + rows.times)
    parts[0] -= shapes[0] * log_times[0]
    parts[1:] -= shapes[1:] * log_times[1]
    parts[2:] += phases[1:] * rows.log_silence
    return parts


def _slopes(values: np.ndarray, rows: _Rows, shares: np.ndarray, modified: bool) -> np.ndarray:
    """Slopes of the log-likelihood by r, alpha, a and b; shares: what each part has of it, times
    the accounts of the row.
    """
    r, alpha, a, b = values
    phases = np.arange(len(shares) - 1)[:, None]
    shape = r + len(phases) * rows.counts
    shapes = np.vstack([shape, shape + phases])
    stays = rows.counts + modified
    behind = b + np.maximum(stays - 1, 0)
    of_count = np.add.reduceat(shares, rows.begin, axis=1)
    left, here = of_count[0], of_count[1:].sum(axis=0)
    times = alpha + rows.times
    ends = np.stack([shares[0], shares[1:].sum(axis=0)])
    paces = np.vstack([shares[0] / times[0], shares[1:] / times[1]])
    gone, stayed = digamma(a + 1 + behind), digamma(a + b + stays)
    n = of_count.sum()
    return np.array(
        [
            n * (np.log(alpha) - digamma(r))
            + (of_count * digamma(shapes)).sum()
            - (ends * np.log(times)).sum(),
            n * r / alpha - (np.add.reduceat(paces, rows.begin, axis=1) * shapes).sum(),
            n * (digamma(a + b) - digamma(a))
            + left @ (digamma(a + 1) - gone)
            + here @ (digamma(a) - stayed),
            n * (digamma(a + b) - digamma(b))
            + left @ (digamma(behind) - gone)
            + here @ (digamma(b + stays) - stayed),
        ]
    )
