"""Pareto/NBD: accounts order at rates of their own and leave, unseen, after lifetimes of their own.

References
----------
Schmittlein, Morrison, Colombo (1987); Fader, Hardie (2005), A note on deriving the Pareto/NBD
model.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaln, hyp2f1

from kamresearch.analysis.lifetime.beta_geometric import as_arrays
from kamresearch.analysis.lifetime.maximum import Estimate, distinct, maximise

NAMES = ("r", "alpha", "s", "beta")
STARTS = ((0.5, 5.0, 0.6, 12.0),)
EDGE = 7.0
"""Lifetimes beyond some thousand units cannot be told from for ever."""


@dataclass(frozen=True)
class ParetoNBD:
    """A fitted Pareto/NBD; times in ``unit_days`` (weeks by default)."""

    name: str
    estimate: Estimate
    unit_days: float

    def expected_orders(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Order days to expect of each account within the next days."""
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        r, alpha, s, beta = self.estimate.values.values()
        ahead = days / self.unit_days
        rate = (r + x) / (alpha + age)
        if abs(s - 1) < 1e-9:
            time = (beta + age) * np.log1p(ahead / (beta + age))
        else:
            time = (
                (beta + age)
                / (s - 1)
                * -np.expm1((s - 1) * np.log((beta + age) / (beta + age + ahead)))
            )
        return (self._alive(x, t_x, age) * rate * time)[place]

    def probability_active(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Probability of at least one order within the next days: one minus the ratio of two
        likelihoods.
        """
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        values = np.array(list(self.estimate.values.values()))
        now = np.logaddexp(*_parts(values, x, t_x, age))
        silent = np.logaddexp(*_parts(values, x, t_x, age + days / self.unit_days))
        return np.clip(-np.expm1(silent - now), 0, 1)[place]

    def probability_alive(self, history: pd.DataFrame) -> np.ndarray:
        """Probability of not having left yet; not whether an order will come, and no churn
        score.
        """
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        return self._alive(x, t_x, age)[place]

    def _alive(self, x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> np.ndarray:
        left, alive = _parts(np.array(list(self.estimate.values.values())), x, t_x, age)
        return np.exp(alive - np.logaddexp(left, alive))


def fit_paretonbd(history: pd.DataFrame, unit_days: float = 7.0) -> ParetoNBD:
    """Fit the Pareto/NBD to purchase histories (n_order_days, age_at_last_order_days,
    observed_days).
    """
    (x, t_x, age), counts, _place = distinct(*as_arrays(history, unit_days))
    estimate = maximise(
        lambda values: np.logaddexp(*_parts(values, x, t_x, age)), counts, NAMES, STARTS, EDGE
    )
    return ParetoNBD("paretonbd", estimate, unit_days)


def _parts(
    values: np.ndarray, x: np.ndarray, t_x: np.ndarray, age: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log-likelihood of having left somewhere since the last order, and of being alive still."""
    r, alpha, s, beta = values
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = common - (r + x) * np.log(alpha + age) - s * np.log(beta + age)
    at_last, at_end = _tail(values, x, t_x), _tail(values, x, age)
    gap = np.minimum(at_end - at_last, -1e-16)
    left = common + np.log(s / (r + s + x)) + at_last + np.log(-np.expm1(gap))
    return np.where(age > t_x, left, -np.inf), alive


def _tail(values: np.ndarray, x: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Log of the integral over moments of leaving from ``time`` on (up to the factor s / (r + s +
    x)).

    Euler's transformation leaves a series of positive terms, so that nothing cancels.
    """
    r, alpha, s, beta = values
    longer, b = (alpha, s + 1) if alpha >= beta else (beta, r + x)
    other = r + x if alpha >= beta else s + 1
    distance = abs(alpha - beta) / (longer + time)
    series = hyp2f1(1.0, other, r + s + x + 1, distance)
    # 2F1(r+s+x, b; r+s+x+1; z) = (1 − z)^(1 − b) · 2F1(1, r+s+x+1−b; r+s+x+1; z)
    return -(r + s + x) * np.log(longer + time) + (1 - b) * np.log1p(-distance) + np.log(series)
