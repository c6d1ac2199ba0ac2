"""Learned predictions: what frequency, silence, rhythm, recent pace and value say beyond a buying
model.

`fit_corrected` learns, on earlier days of the same company, by what factor orders differed from
what a buying model
expected of such accounts; the factor then corrects the model's expectation for the horizon asked
for, which may be longer
than anything that the data show. `fit_boosting` is the plain machine-learning peer: gradient
boosting on the history.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kamresearch.analysis.lifetime.purchasing import Past, describe_histories
from kamresearch.errors import AnalysisError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FLOOR = 1e-3
LEAST_ROWS = 100
RIDGE = 1e-2
"""How strongly the factor's slopes are drawn to none."""


def fit_factor(features: np.ndarray, orders: np.ndarray, expected: np.ndarray) -> "Pipeline":
    """By what factor orders differ from what was expected: a Poisson regression on standardised
    features, to its last digits.

    >>> found = fit_factor(np.zeros((4, 1)), np.array([2.0, 4, 0, 6]), np.full(4, 2.0))
    >>> found.predict(np.zeros((1, 1))).round(6).tolist()
    [1.5]
    """
    from sklearn.linear_model import PoissonRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    poisson = PoissonRegressor(alpha=RIDGE, solver="newton-cholesky", tol=1e-9)
    weights = {"poissonregressor__sample_weight": expected}
    return make_pipeline(StandardScaler(), poisson).fit(features, orders / expected, **weights)


@dataclass(frozen=True)
class Corrected:
    """A buying model, its expectation corrected by a learned factor."""

    base: Any
    factor: "Pipeline"
    features: pd.DataFrame
    """What accounts were like at earlier days, …"""
    ordered: np.ndarray
    """… and whether each ordered again."""

    @cached_property
    def chance(self) -> Any:
        """What tells who orders again; a backtest of numbers of orders never asks."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        rule = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500))
        return rule.fit(self.features, self.ordered)

    def expected_orders(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Order days to expect of each account, at the buying model's total: what few stretches
        taught tells accounts apart, and would carry the luck of those stretches into the sum.
        """
        features, expected = features_of(self.base, history, days)
        corrected = expected * self.factor.predict(features.to_numpy(float))
        return corrected * (expected.sum() / max(corrected.sum(), FLOOR))

    def probability_active(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Probability of at least one order within the next days."""
        features, _expected = features_of(self.base, history, days)
        return self.chance.predict_proba(features)[:, 1]


@dataclass(frozen=True)
class Boosting:
    """Gradient boosting of the number of orders within ``horizon_days``, scaled to other
    horizons.
    """

    trees: Any
    horizon_days: int

    def expected_orders(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Order days to expect of each account."""
        return self.trees.predict(describe_histories(history)) * days / self.horizon_days

    def probability_active(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Probability of at least one order if they come at random at the expected rate."""
        return -np.expm1(-self.expected_orders(history, days))


def features_of(base: Any, history: pd.DataFrame, days: float) -> tuple[pd.DataFrame, np.ndarray]:
    """The described histories beside the buying model's own view of them, and the orders that it
    expects.
    """
    active = np.clip(base.probability_active(history, days), 1e-4, 1 - 1e-4)
    expected = np.maximum(base.expected_orders(history, days), FLOOR)
    features = describe_histories(history).assign(
        log_expected=np.log(expected / days), log_odds_active=np.log(active / (1 - active))
    )
    return features, expected


def learning_cuts(past: Past, as_of: pd.Timestamp, days: float, most: int = 3) -> tuple[int, list]:
    """Horizon (at most half of the span) and the earlier stretches to learn from: [(cut,
    until), …], half a horizon apart.
    """
    span = past.span(as_of)
    horizon = int(max(min(days, span / 2), 1))
    found = []
    for step in range(most):
        until = as_of - pd.Timedelta(days=step * max(horizon // 2, 1))
        cut = until - pd.Timedelta(days=horizon)
        if span - (as_of - cut).days < max(28, horizon / 2) or len(past.history(cut)) < 10:
            break
        found.append((cut, until))
    if sum(len(past.history(cut)) for cut, _until in found) < LEAST_ROWS:
        raise AnalysisError(
            "lifetime",
            f"at least {LEAST_ROWS} earlier histories to learn from",
            str(sum(len(past.history(cut)) for cut, _until in found)),
            "use a buying model",
        )
    return horizon, found


def fit_corrected(past: Past, as_of: pd.Timestamp, days: float) -> Corrected:
    """Fit the buying model to today's histories and learn its correction from earlier ones.

    Parameters
    ----------
    past : Past
        Where histories come from.
    as_of : Timestamp
        Nothing later is seen.
    days : float
        Horizon that will be asked for.
    """
    horizon, cuts = learning_cuts(past, as_of, days)
    seen = [past.once(_see, cut, horizon) for cut, _until in cuts]
    features = pd.concat([each for each, _expected in seen])
    expected = np.concatenate([each for _features, each in seen])
    orders = np.concatenate(
        [past.outcome(cut, until)["n_order_days"].to_numpy(float) for cut, until in cuts]
    )
    if not 0 < (orders > 0).sum() < len(orders):
        raise AnalysisError(
            "lifetime.corrected",
            "accounts that ordered again and accounts that did not",
            "one kind only",
            "use a buying model",
        )
    factor = fit_factor(features.to_numpy(float), orders, expected)
    return Corrected(past.rhythm(as_of), factor, features, orders > 0)


def _see(past: Past, cut: pd.Timestamp, horizon: int) -> tuple[pd.DataFrame, np.ndarray]:
    return features_of(past.rhythm(cut), past.history(cut), horizon)


def fit_boosting(past: Past, as_of: pd.Timestamp, days: float) -> Boosting:
    """Gradient boosting on the described histories of earlier days (Poisson loss, small trees)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    horizon, cuts = learning_cuts(past, as_of, days)
    features = pd.concat([describe_histories(past.history(cut)) for cut, _until in cuts])
    orders = np.concatenate(
        [past.outcome(cut, until)["n_order_days"].to_numpy(float) for cut, until in cuts]
    )
    if not orders.any():
        raise AnalysisError(
            "lifetime.boosting",
            "accounts that ordered again",
            f"none within {horizon:g} days of a cut",
            "use a buying model",
        )
    trees = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=60,
        learning_rate=0.05,
        max_leaf_nodes=6,
        min_samples_leaf=40,
        random_state=0,
    )
    return Boosting(trees.fit(features, orders), horizon)
