"""Histories with what came after them: the rows on which predictions are learned and judged."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from kamresearch.analysis.lifetime.beta_geometric import BetaGeometric, fit_mbgnbd, fit_rhythm
from kamresearch.analysis.lifetime.pareto import ParetoNBD, fit_paretonbd
from kamresearch.errors import AnalysisError
from kamresearch.features.purchases import FramePurchases, TablePurchases

Made = TypeVar("Made")


class Past:
    """The purchase histories of one company as of any day, and the buying models fitted to them,
    each made once.

    Parameters
    ----------
    source : FramePurchases or TablePurchases
        Where histories come from.
    only : array of str, optional
        The accounts drawn to learn from; all where not given.
    """

    def __init__(
        self, source: FramePurchases | TablePurchases, only: np.ndarray | None = None
    ) -> None:
        self._source, self._only = source, only
        self._histories: dict[pd.Timestamp, pd.DataFrame] = {}
        self._outcomes: dict[tuple, pd.DataFrame] = {}
        self._made: dict[tuple, Any] = {}

    def history(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """One row per account that had ordered by the day."""
        if as_of not in self._histories:
            history = self._source.history(as_of)
            if self._only is not None:
                history = history[history["account_id"].isin(self._only)].reset_index(drop=True)
            self._histories[as_of] = history
        return self._histories[as_of]

    def outcome(self, after: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
        """Order days and revenue of each account of a history within (after, until], zero
        where none came.
        """
        if (after, until) not in self._outcomes:
            outcome = self._source.outcome(after, until).set_index("account_id")
            self._outcomes[after, until] = (
                outcome.reindex(self.history(after)["account_id"]).fillna(0.0).reset_index()
            )
        return self._outcomes[after, until]

    def span(self, as_of: pd.Timestamp) -> int:
        """Days from the first order to the day."""
        return self._source.span(as_of)[1]

    def left_out(self, as_of: pd.Timestamp) -> Any:
        """What the history of a day does not count, and why."""
        return self._source.left_out(as_of)

    def plain(self, as_of: pd.Timestamp) -> BetaGeometric:
        """The MBG/NBD of the day, gaps without a rhythm."""
        return self.once(_fit_plain, as_of)

    def rhythm(self, as_of: pd.Timestamp) -> BetaGeometric:
        """The MBG/NBD with the rhythm that the data of the day show."""
        return self.once(_fit_rhythm, as_of)

    def pareto(self, as_of: pd.Timestamp) -> ParetoNBD:
        """The Pareto/NBD of the day."""
        return self.once(_fit_pareto, as_of)

    def keep(
        self, as_of: pd.Timestamp, rhythm: BetaGeometric | None, pareto: ParetoNBD | None
    ) -> None:
        """Hand over models that are fitted already."""
        for fit, model in ((_fit_rhythm, rhythm), (_fit_pareto, pareto)):
            if model is not None:
                self._made[fit, as_of] = model

    def once(self, make: Callable[..., Made], *of: Any) -> Made:
        """What ``make(past, *of)`` gives, made when first asked for: cuts of one backtest share
        their models and what was learnt from them.
        """
        if (make, *of) not in self._made:
            self._made[(make, *of)] = make(self, *of)
        return self._made[(make, *of)]


def _fit_plain(past: Past, as_of: pd.Timestamp) -> BetaGeometric:
    return fit_mbgnbd(_known(past, as_of))


def _fit_rhythm(past: Past, as_of: pd.Timestamp) -> BetaGeometric:
    return fit_rhythm(_known(past, as_of), plain=past.plain(as_of))


def _fit_pareto(past: Past, as_of: pd.Timestamp) -> ParetoNBD:
    return fit_paretonbd(_known(past, as_of))


def _known(past: Past, as_of: pd.Timestamp) -> pd.DataFrame:
    history = past.history(as_of)
    if history.empty:
        raise AnalysisError("lifetime", "accounts with an order", "none", "choose a later day")
    return history


def describe_histories(history: pd.DataFrame) -> pd.DataFrame:
    """Numbers of a history that predict orders: frequency, silence, rhythm, recent pace,
    value; all finite.
    """
    n = history["n_order_days"].to_numpy(float)
    observed = np.maximum(history["observed_days"].to_numpy(float), 1.0)
    silence = history["days_since_last_order"].to_numpy(float)
    gap = history["age_at_last_order_days"].to_numpy(float) / np.maximum(n - 1, 1)
    gap = np.where(n > 1, np.maximum(gap, 1.0), observed)
    revenue = np.maximum(history["revenue_orders"].to_numpy(float), 0)
    return pd.DataFrame(
        {
            "log_orders": np.log(n),
            "repeat": (n > 1).astype(float),
            "log_observed": np.log(observed),
            "log_silence": np.log1p(silence),
            "silence_in_gaps": np.log1p(silence / gap),
            "log_gap": np.log(gap),
            "silence_share": silence / observed,
            "log_recent": np.log1p(history["n_recent_days"].to_numpy(float)),
            "log_value": np.log1p(revenue / n),
            "log_revenue": np.log1p(revenue),
        }
    )
