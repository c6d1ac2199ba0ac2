"""Pareto/NBD: accounts order at rates of their own and leave, unseen, after lifetimes of their own.

References
----------
Schmittlein, Morrison, Colombo (1987); Fader, Hardie (2005), A note on deriving the Pareto/NBD
model.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from kamresearch.analysis.lifetime.beta_geometric import as_arrays
from kamresearch.analysis.lifetime.maximum import Estimate, distinct, maximise

NAMES = ("r", "alpha", "s", "beta")
STARTS = ((0.5, 5.0, 0.6, 12.0),)
DEPTH = 40.0
"""Where the integrand has fallen by so much (in logarithms), the rest is nothing."""
NODES, SHARES = (part / 2 for part in np.polynomial.legendre.leggauss(20))
NODES = NODES + 0.5
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
        now, silent = (
            np.logaddexp(*_parts(values, x, t_x, until)[:2])
            for until in (age, age + days / self.unit_days)
        )
        return np.clip(-np.expm1(silent - now), 0, 1)[place]

    def probability_alive(self, history: pd.DataFrame) -> np.ndarray:
        """Probability of not having left yet; not whether an order will come, and no churn
        score.
        """
        (x, t_x, age), _counts, place = distinct(*as_arrays(history, self.unit_days))
        return self._alive(x, t_x, age)[place]

    def _alive(self, x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> np.ndarray:
        left, alive, _moments = _parts(np.array(list(self.estimate.values.values())), x, t_x, age)
        return np.exp(alive - np.logaddexp(left, alive))


def fit_paretonbd(history: pd.DataFrame, unit_days: float = 7.0) -> ParetoNBD:
    """Fit the Pareto/NBD to purchase histories (n_order_days, age_at_last_order_days,
    observed_days).
    """
    (x, t_x, age), counts, _place = distinct(*as_arrays(history, unit_days))

    def log_likelihood(values: np.ndarray) -> tuple[float, np.ndarray]:
        each, slopes = _log_likelihood(values, x, t_x, age)
        return float(counts @ each), slopes @ counts

    estimate = maximise(log_likelihood, len(history), NAMES, STARTS, EDGE)
    return ParetoNBD("paretonbd", estimate, unit_days)


def _log_likelihood(
    values: np.ndarray, x: np.ndarray, t_x: np.ndarray, age: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log-likelihood of each history, and its slopes by r, alpha, s and beta."""
    r, alpha, s, beta = values
    left, alive, moments = _parts(values, x, t_x, age)
    each = np.logaddexp(left, alive)
    gone, here = np.exp(left - each), np.exp(alive - each)
    log_rate, rate, log_leaving, leaving = moments
    slopes = (
        digamma(r + x) - digamma(r) + np.log(alpha) - gone * log_rate - here * np.log(alpha + age),
        r / alpha - (r + x) * (gone * rate + here / (alpha + age)),
        gone / s + np.log(beta) - gone * log_leaving - here * np.log(beta + age),
        s / beta - gone * (s + 1) * leaving - here * s / (beta + age),
    )
    return each, np.array(slopes)


def _parts(
    values: np.ndarray, x: np.ndarray, t_x: np.ndarray, age: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood of having left somewhere since the last order, and of being alive still; and,
    of the moment of leaving, the means that `_leave` tells.
    """
    r, alpha, s, beta = values
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = common - (r + x) * np.log(alpha + age) - s * np.log(beta + age)
    inside, moments = _leave(values, x, t_x, np.maximum(age, t_x + 1e-12))
    left = np.where(age > t_x, common + np.log(s) + inside, -np.inf)
    return left, alive, moments


def _leave(
    values: np.ndarray, x: np.ndarray, t_x: np.ndarray, age: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log of the integral of (alpha + t)^-(r + x) · (beta + t)^-(s + 1) over moments t between the
    last order and today, and under it the means of log(alpha + t), 1 / (alpha + t), log(beta + t)
    and 1 / (beta + t).

    Gauss and Legendre's rule over the logarithm of t plus the smaller of alpha and beta: there the
    integrand has no singular point within π of the range, and 20 nodes give eight digits.
    """
    r, alpha, s, beta = values
    near, far = (alpha, beta) if alpha <= beta else (beta, alpha)
    powers = (r + x, np.full_like(x, s + 1.0))
    steep, slow = powers if alpha <= beta else powers[::-1]
    low = near + t_x
    reach = _reach(np.log1p((age - t_x) / low), steep - 1, slow, low, far - near)
    place = reach[:, None] * NODES
    near_time = low[:, None] * np.exp(place)
    far_time = near_time + (far - near)
    log_near, log_far = np.log(low)[:, None] + place, np.log(far_time)
    logs = (1 - steep)[:, None] * log_near - slow[:, None] * log_far
    top = logs.max(axis=1)
    mass = np.exp(logs - top[:, None]) * SHARES
    total = mass.sum(axis=1)
    means = [
        np.einsum("ij,ij->i", mass, part) / total
        for part in (log_near, 1 / near_time, log_far, 1 / far_time)
    ]
    if alpha > beta:
        means = means[2:] + means[:2]
    return top + np.log(total * reach), np.array(means)


def _reach(
    span: np.ndarray, steep: np.ndarray, slow: np.ndarray, low: np.ndarray, apart: float
) -> np.ndarray:
    """The range, cut where the integrand has fallen by `DEPTH`: Newton's steps on a convex
    function, from beyond the cut.
    """
    first = np.log(low + apart)
    for _round in range(3):
        grown = low * np.exp(span)
        fallen = steep * span + slow * (np.log(grown + apart) - first)
        slope = steep + slow * grown / (grown + apart)
        span = np.where(fallen > DEPTH, span - (fallen - DEPTH) / np.maximum(slope, 1e-300), span)
    return span
