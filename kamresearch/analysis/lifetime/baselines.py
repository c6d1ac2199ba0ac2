"""Baselines beside every lifetime model: the past rate, and the hiatus rule that managers use."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.lifetime.purchasing import Past


@dataclass(frozen=True)
class PastRate:
    """Goes on as before: repeat order days over the days observed, times the days ahead."""

    def expected_orders(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Order days to expect of each account."""
        return rate_a_day(history) * days

    def probability_active(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Probability of at least one order if orders came at random at the past rate."""
        return -np.expm1(-self.expected_orders(history, days))


@dataclass(frozen=True)
class Hiatus:
    """An account that has been silent for longer than ``threshold_days`` is gone; the others
    go on as before.
    """

    threshold_days: float
    active_share: tuple[float, float]
    """Shares of accounts that ordered again, of those within the threshold and of those beyond
    it (backtest).
    """

    def expected_orders(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Order days to expect of each account."""
        return np.where(self._within(history), rate_a_day(history) * days, 0.0)

    def probability_active(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Share of accounts on the same side of the threshold that ordered again."""
        return np.where(self._within(history), *self.active_share)

    def _within(self, history: pd.DataFrame) -> np.ndarray:
        return history["days_since_last_order"].to_numpy(float) <= self.threshold_days


def rate_a_day(history: pd.DataFrame) -> np.ndarray:
    """Repeat order days a day of observation: the first order starts the clock and does not
    count.
    """
    observed = np.maximum(history["observed_days"].to_numpy(float), 1.0)
    return (history["n_order_days"].to_numpy(float) - 1) / observed


def fit_hiatus(past: Past, as_of: pd.Timestamp, days: float) -> Hiatus:
    """The threshold that told best, one horizon ago, who would order again within the horizon.

    Parameters
    ----------
    past : Past
        Where histories come from.
    as_of : Timestamp
        Nothing later is seen.
    days : float
        Horizon, cut to half of the span of the data.
    """
    span = past.span(as_of)
    horizon = int(max(min(days, span / 2), 1))
    cut = as_of - pd.Timedelta(days=horizon)
    history = past.history(cut)
    if history.empty:
        return Hiatus(float(span), (1.0, 0.0))
    active = past.outcome(cut, as_of)["n_order_days"].to_numpy() > 0
    silence = history["days_since_last_order"].to_numpy(float)
    options = np.unique(np.quantile(silence, np.linspace(0.02, 1, 60), method="nearest"))
    right = [float(((silence <= option) == active).mean()) for option in options]
    threshold = float(options[int(np.argmax(right))])
    within = silence <= threshold
    shares = [float((active[side].sum() + 0.5) / (side.sum() + 1)) for side in (within, ~within)]
    return Hiatus(threshold, (shares[0], shares[1]))
