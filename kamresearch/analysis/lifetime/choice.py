"""The baseline gate: every model and baseline predicts an earlier stretch that it has not
seen; the best is used.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kamresearch.analysis.lifetime.baselines import PastRate, fit_hiatus
from kamresearch.analysis.lifetime.beta_geometric import fit_bgnbd
from kamresearch.analysis.lifetime.blend import fit_blend, order_scores
from kamresearch.analysis.lifetime.learned import fit_boosting, fit_corrected
from kamresearch.analysis.lifetime.purchasing import Past
from kamresearch.errors import AnalysisError
from kamresearch.language import Message
from kamresearch.language import message as _

LEAST_ACCOUNTS = 30
"""Accounts below which nothing is fitted and the past rate stands."""

NAMES = {
    "blend": _("blend of model and correction"),
    "bgnbd": _("BG/NBD"),
    "mbgnbd": _("MBG/NBD"),
    "rhythm": _("MBG/NBD with a rhythm"),
    "paretonbd": _("Pareto/NBD"),
    "corrected": _("model, corrected by what it misses"),
    "boosting": _("gradient boosting"),
    "past_rate": _("past rate"),
    "hiatus": _("hiatus rule"),
}

CANDIDATES: dict[str, Callable] = {
    "bgnbd": lambda past, as_of, days: fit_bgnbd(past.history(as_of)),
    "mbgnbd": lambda past, as_of, days: past.plain(as_of),
    "rhythm": lambda past, as_of, days: past.rhythm(as_of),
    "paretonbd": lambda past, as_of, days: past.pareto(as_of),
    "past_rate": lambda past, as_of, days: PastRate(),
    "hiatus": fit_hiatus,
    "corrected": lambda past, as_of, days: past.once(fit_corrected, as_of, days),
    "boosting": fit_boosting,
    "blend": fit_blend,
}
"""Name → how to fit it to what was known on a day, for a horizon."""

YEAR = 365
DEFAULT, MARGIN = "blend", 0.5
"""What stands unless another model is ahead by more than so many ranks."""

WORST_TOTAL = 0.5
"""A model whose total is off by more than half is out, however well it orders accounts."""


UNFITTABLE = (AnalysisError, ArithmeticError, ValueError)
"""What a fit raises where the data do not carry it (singular matrices are ValueErrors); anything
else is a fault of the program and ends the run.
"""


@dataclass(frozen=True)
class Failure:
    """A model that could not be fitted, and why."""

    model: str
    cut: pd.Timestamp | None
    """Day of the backtest; None for the fit to all data"""
    reason: Message
    detail: str
    """The error in full"""

    @classmethod
    def of(cls, model: str, cut: pd.Timestamp | None, error: Exception) -> "Failure":
        """What an error says of a model."""
        if isinstance(error, AnalysisError):
            reason = _("the data do not carry it")
        else:
            reason = _("its fitting failed ({error})", error=type(error).__name__)
        return cls(model, cut, reason, str(error))


@dataclass(frozen=True)
class Choice:
    """What the backtest says."""

    name: str
    horizon_days: int
    frame: pd.DataFrame
    """model, cut, mae, spearman, auc_orders, value_capture_10, total_error (of order days),
    value_error (of revenue), n_accounts, rank; one row per model and cut
    """
    summary: pd.DataFrame
    """model, mean of each over the cuts, mean rank, chosen; best first"""
    failures: tuple[Failure, ...] = ()
    """Models that could not be fitted at a cut: they cannot win"""

    def independent(self) -> float:
        """So many misses that do not share their days the cuts amount to."""
        cuts = pd.Series(self.frame["cut"].unique()).sort_values()
        if len(cuts) < 2:
            return float(len(cuts))
        apart = float(cuts.diff().dt.days.median()) / self.horizon_days
        return 1 + (len(cuts) - 1) * min(apart, 1.0)

    def orders_by_chance(self) -> bool:
        """Whether no model orders accounts better than a lot would (5 %, one-sided)."""
        if self.frame.empty:
            return False
        by_model = self.frame.groupby("model", observed=True)
        most = 1.645 / np.sqrt(max(self.frame["n_accounts"].mean() - 1, 1) * self.independent())
        return bool(by_model["spearman"].mean().max() < most)


def choose(
    past: Past,
    as_of: pd.Timestamp,
    days: float,
    most_cuts: int = 3,
    names: tuple[str, ...] = tuple(CANDIDATES),
) -> Choice:
    """Which model would have predicted best, judged on earlier stretches of the same company?

    The horizon is the one asked for, as far as the data allow (`backtest_horizon`): misses of a
    year are not told by those of four months. Each cut lies a horizon before the next, or half of
    one where the span would else hold fewer cuts; models see nothing after the cut. Models are
    ranked on error, order of accounts, who orders again and value found, cut by cut; the best mean
    rank wins among those
    that miss the total of orders by no more than half. A model that could not be fitted at every
    cut cannot win. The
    blend, being an average, stands unless another model is ahead by more than half a rank: two or
    three stretches are too
    few to let noise choose.
    """
    span = past.span(as_of)
    horizon = backtest_horizon(span, days)
    apart = horizon if span >= (most_cuts + 0.5) * horizon else max(horizon // 2, 1)
    rows, failures = [], []
    for step in range(most_cuts):
        back = horizon + apart * step
        cut = as_of - pd.Timedelta(days=back)
        if span - back < horizon / 2 or len(past.history(cut)) < LEAST_ACCOUNTS:
            break
        actual = past.outcome(cut, cut + pd.Timedelta(days=horizon))
        if not 0 < (actual["n_order_days"] > 0).sum() < len(actual):
            break
        for name in names:
            try:
                judged = _judge(CANDIDATES[name], past, cut, horizon, actual)
            except UNFITTABLE as error:
                failures.append(Failure.of(name, cut, error))
            else:
                rows.append({"model": name, "cut": cut, **judged})
    frame = pd.DataFrame(rows, columns=["model", "cut", *MEASURES])
    if frame.empty:
        return no_choice(horizon, failures)
    frame = _comparable(frame)
    frame["rank"] = _rank(frame)
    summary = (
        frame.drop(columns="cut").groupby("model", sort=True, observed=True).mean().reset_index()
    )
    summary["fair_total"] = summary["total_error"].abs() <= WORST_TOTAL
    summary = summary.sort_values(
        ["fair_total", "rank", "mae"], ascending=[False, True, True], ignore_index=True
    )
    chosen = _stand(summary)
    summary = summary.assign(chosen=summary["model"] == chosen)
    return Choice(chosen, horizon, frame, summary, tuple(failures))


def backtest_horizon(span: float, days: float) -> int:
    """Days that a backtest looks ahead: as many as asked for, but a year of the span stays to learn
    from, or two thirds of a shorter one, and never less than half.

    >>> backtest_horizon(360, 365), backtest_horizon(600, 365), backtest_horizon(800, 365)
    (120, 235, 365)
    """
    return int(max(min(days, max(span / 3, min(span / 2, span - YEAR))), 1))


MEASURES = (
    "mae",
    "spearman",
    "auc_orders",
    "value_capture_10",
    "total_error",
    "value_error",
    "n_accounts",
)


def no_choice(horizon: float, failures: Iterable[Failure] = ()) -> Choice:
    """Nothing can be tested: the past rate stands."""
    frame = pd.DataFrame({name: [] for name in ("model", "cut", *MEASURES, "rank")})
    summary = pd.DataFrame(
        {name: [] for name in ("model", *MEASURES, "rank", "fair_total", "chosen")}
    )
    return Choice("past_rate", int(horizon), frame, summary, tuple(failures))


def _comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """The cuts at which the default could be fitted (all where it never could), and the models
    fitted at each of them.
    """
    default = frame.loc[frame["model"] == DEFAULT, "cut"]
    kept = frame[frame["cut"].isin(default)] if len(default) else frame
    n_cuts = kept.groupby("model", observed=True)["cut"].transform("size")
    return kept[n_cuts == kept["cut"].nunique()].reset_index(drop=True)


def _stand(summary: pd.DataFrame) -> str:
    """The default where it is within the margin of the best mean rank, else the best."""
    best = summary.iloc[0]
    default = summary[(summary["model"] == DEFAULT) & summary["fair_total"]]
    near = len(default) and default["rank"].iloc[0] <= best["rank"] + MARGIN
    return DEFAULT if near else str(best["model"])


def value_orders(
    model: Any, history: pd.DataFrame, days: float, expected: np.ndarray | None = None
) -> np.ndarray:
    """Order days that sums of money are made of: the model's own for sums where it has one,
    else the ``expected`` ones (worked out where they are not handed over).
    """
    if hasattr(model, "value_orders"):
        return model.value_orders(history, days)
    return model.expected_orders(history, days) if expected is None else expected


def _judge(
    fit: Callable, past: Past, cut: pd.Timestamp, horizon: int, actual: pd.DataFrame
) -> dict:
    """How one model does at one cut."""
    history = past.history(cut)
    model = fit(past, cut, horizon)
    expected = model.expected_orders(history, horizon)
    value = value_orders(model, history, horizon, expected) * (
        history["revenue_orders"] / history["n_order_days"]
    ).to_numpy(float)
    return measure(expected, value, actual)


def measure(expected: np.ndarray, value: np.ndarray, actual: pd.DataFrame) -> dict:
    """Error, order of accounts, who orders again, value found by the top tenth, errors of the
    totals of orders and of revenue (shares), accounts judged.
    """
    orders, revenue = actual["n_order_days"].to_numpy(float), actual["revenue"].to_numpy(float)
    tenth = int(np.ceil(0.1 * len(orders)))
    best = np.sort(revenue)[::-1][:tenth].sum()
    area, correlation = order_scores(expected, orders)
    return {
        "mae": float(np.abs(expected - orders).mean()),
        "spearman": correlation,
        "auc_orders": area,
        "value_capture_10": float(revenue[np.argsort(-value, kind="stable")[:tenth]].sum() / best)
        if best > 0
        else np.nan,
        "total_error": float(expected.sum() / orders.sum() - 1),
        "value_error": float(value.sum() / revenue.sum() - 1) if revenue.sum() > 0 else np.nan,
        "n_accounts": len(orders),
    }


def _rank(frame: pd.DataFrame) -> pd.Series:
    """Mean rank over four measures at each cut, 1 the best."""
    groups = frame.groupby("cut", observed=True)
    ranks = [
        groups["mae"].rank(),
        *(
            groups[name].rank(ascending=False)
            for name in ("spearman", "auc_orders", "value_capture_10")
        ),
    ]
    return pd.concat(ranks, axis=1).mean(axis=1)
