"""Does the list earn its place? Its order at earlier days, beside simple ones."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.losses import are_among
from kamresearch.analysis.decisions.assumptions import KEEPING, Assumptions
from kamresearch.analysis.decisions.history import (
    LEAST_MONTHS,
    History,
    describe_past,
    read_history,
)
from kamresearch.analysis.decisions.proposals import propose
from kamresearch.analysis.decisions.records import gather_records
from kamresearch.analysis.decisions.result import TOO_SHORT
from kamresearch.analysis.decisions.risk import earlier_day
from kamresearch.analysis.resampling import bounds_of_draws, sums_of_draws
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import PRESENT
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

ORDERS = {
    "list": _("this list"),
    "largest": _("largest accounts"),
    "silence": _("longest silence"),
    "fall": _("steepest fall of revenue"),
    "lot": _("drawn by lot"),
}
DAYS, STEP_DAYS, PART, LEAST, DRAWS = 6, 91, 0.05, 5, 400
"""Earlier days, days between them, share of the accounts that each order may name, at least so
many, and bootstrap draws."""
LEAST_DAYS, ENOUGH_LOST = 3, 2_000
"""Days after which no more are asked, where they hold so many losses."""
ALIKE = _(
    "Whichever accounts are drawn, the number is the same: too few were lost or named to tell how "
    "far chance made it."
)


@dataclass(frozen=True)
class Backtest(Result):
    """What each order held of what was lost in the year after, over earlier days together.

    Parameters
    ----------
    frame : DataFrame
        order (a code of `ORDERS`), share (of the later lost value), low, high, precision, lift,
        lift_low, lift_high.
    days : DataFrame
        day, n_accounts, n_named, n_lost, value_lost, and by order its share of that value.
    ahead : tuple or None
        The list's share less that of the best simple order, with its 95 % interval.
    """

    exports = ("decisions.backtest_share", "decisions.backtest_lift", "decisions.backtest_ahead")
    shows = (Shown("decisions.backtest"), Shown("decisions.backtest", "table"))

    frame: pd.DataFrame
    days: pd.DataFrame
    ahead: tuple[float, float, float] | None
    reason: Text | None = None

    @property
    def rival(self) -> str | None:
        """The simple order that held most."""
        others = self.frame[~self.frame["order"].isin(("list", "lot"))]
        return None if others.empty else str(others.loc[others["share"].idxmax(), "order"])

    def findings(self) -> list[Finding]:
        """The list's share, its lift, and how far it is ahead of the best simple order."""
        known = self.reason is None
        row = cast(Any, self.frame.set_index("order").loc["list"] if known else None)
        n = int(self.days["n_lost"].sum()) if known else 0
        about: dict[str, Any] = {
            "n": n,
            "n_unit": "count",
            "good": "up",
            "reason": self.reason or ALIKE,
            "figure": "decisions.backtest",
        }
        share = _between(row["low"], row["high"]) if known else None
        lift = _between(row["lift_low"], row["lift_high"]) if known else None
        return [
            Finding(
                "decisions.backtest_share",
                float(row["share"]) if share else None,
                "share",
                _("Share of the later lost value that the list held"),
                _(
                    "At up to {days} earlier days: yearly value of the accounts lost within the "
                    "year after that stood in the first {part} of the list as it was then, over "
                    "that of all accounts lost. Bootstrap over accounts.",
                    days=DAYS,
                    part=Quantity(PART, "share"),
                ),
                interval=share,
                **about,
            ),
            Finding(
                "decisions.backtest_lift",
                float(row["lift"]) if lift else None,
                "ratio",
                _("Lift of the list over the base rate"),
                _(
                    "Share of the accounts named by the list that were lost within the year, over "
                    "that of all accounts."
                ),
                interval=lift,
                **about,
            ),
            Finding(
                "decisions.backtest_ahead",
                None if self.ahead is None else self.ahead[0],
                "share_change",
                _("How far the list is ahead of the best simple order"),
                _(
                    "Share of the later lost value held by the list, less that of the simple "
                    "order that held most."
                ),
                interval=None if self.ahead is None else Interval(self.ahead[1], self.ahead[2]),
                **about,
            ),
        ]

    def closing(self) -> tuple[Text, ...]:
        """Whether the list earns its place."""
        return (self.verdict(),)

    def verdict(self) -> Text:
        """Whether following the list finds more of what is lost than a simple order."""
        if self.reason is not None or self.ahead is None:
            return self.reason or ALIKE
        row = self.frame.set_index("order").loc["list"]
        values = {
            "share": Quantity(float(row["share"]), "share"),
            "rival": ORDERS[cast(str, self.rival)],
            "gap": Quantity(self.ahead[0], "share_change"),
            "low": Quantity(self.ahead[1], "share_change"),
            "high": Quantity(self.ahead[2], "share_change"),
        }
        if self.ahead[1] > 0:
            return _(
                "The list held {share} of the value lost in the years after, more than the best "
                "simple order ({rival}): {gap}, 95% interval {low} to {high}.",
                **values,
            )
        return _(
            "The list held {share} of the value lost in the years after; that this is more than "
            "the best simple order ({rival}) is not shown: {gap}, 95% interval {low} to {high}.",
            **values,
        )

    def table(self) -> Table:
        """The orders side by side."""
        return make_table(
            "decisions.backtest",
            _("This list and simple ones, at earlier days"),
            self.frame,
            Column("order", _("Order"), terms=ORDERS),
            Column("share", _("Share of the later lost value"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
            Column("precision", _("Of those named, lost"), "share"),
            Column("lift", _("Lift over the base rate"), "ratio"),
            Column("lift_low", _("Lift, lower bound"), "ratio"),
            Column("lift_high", _("Lift, upper bound"), "ratio"),
            caption=_(
                "Days: {days}. Each order names the first {part} of the accounts present.",
                days=", ".join(self.days["day"].astype(str)),
                part=Quantity(PART, "share"),
            ),
        )


def _between(low: float, high: float) -> Interval | None:
    """An interval; None of no width, which would claim to know for sure."""
    return Interval(float(low), float(high)) if low < high else None


def backtest(
    tables: Tables,
    as_of: str,
    assumptions: Assumptions | None = None,
    random_state: int = 0,
    history: History | None = None,
) -> Backtest:
    """Does the list find what is lost, better than anybody could without it?

    The tables as they were known at up to six earlier month ends, a quarter apart (three where they
    hold losses enough), each with its whole horizon before ``as_of`` → the first 5 % of the
    accounts in the list's order (expected gain of keeping, before anybody's hours) against the
    largest, the longest silent, the steepest fallen, and lot; and what was lost within the horizon
    after each day. ``history``: as `read_history` gives it for ``as_of``, where it is at hand.

    Returns
    -------
    Backtest
        Intervals are a bootstrap over accounts: an account that stands at several days is drawn
        with all of them.
    """
    assumed = assumptions or Assumptions()
    now = history or read_history(tables, as_of)
    cases: list[pd.DataFrame] = []
    for place in range(DAYS):
        if place >= LEAST_DAYS and sum(one["lost"].sum() for one in cases) >= ENOUGH_LOST:
            break
        day = earlier_day(now.as_of, assumed.horizon_days, place, STEP_DAYS)
        if now.orders.empty or day < now.orders.columns.min() + pd.DateOffset(months=LEAST_MONTHS):
            break
        cases.append(_look_back(tables, day, now, assumed))
    cases = [one for one in cases if len(one) and one["lost"].any()]
    if not cases:
        columns = ["order", "share", "low", "high", "precision", "lift", "lift_low", "lift_high"]
        empty = pd.DataFrame({name: [] for name in columns})
        return Backtest(empty, pd.DataFrame({"day": [], "n_lost": []}), None, TOO_SHORT)
    return _measure(pd.concat(cases, ignore_index=True), np.random.default_rng(random_state))


def _look_back(
    tables: Tables, day: pd.Timestamp, now: History, assumed: Assumptions
) -> pd.DataFrame:
    """Accounts present on a day: value, whether each order names them, whether they were lost."""
    text = day.date().isoformat()
    history = now.until(day)
    records = gather_records(tables, text, assumed, history)
    here = records.frame[records.frame["standing"].isin(PRESENT) & records.frame["chance"].notna()]
    here = here.set_index("account_id")
    keeping = propose(records, assumed, KEEPING, explain=False)
    gain = keeping.groupby("account_id")["expected_gain"].max().reindex(here.index)
    past = describe_past(history).reindex(here.index)
    scores = {
        "list": gain.fillna(-np.inf),
        "largest": here["revenue_12m"].fillna(0.0),
        "silence": here["days_since_last_order"].fillna(0.0),
        "fall": (here["revenue_prior_12m"] - here["revenue_12m"]).fillna(0.0),
    }
    gone = now.losses.lost_within(day, day + pd.Timedelta(days=assumed.horizon_days))
    k = min(max(LEAST, round(PART * len(here))), len(here))
    frame = pd.DataFrame(
        {
            "account_id": here.index,
            "day": text,
            "value": here["value"].to_numpy(float),
            "lost": are_among(here.index, gone),
            "lot": k / max(len(here), 1),
        }
    )
    for name, score in scores.items():
        order = np.lexsort([here.index.to_numpy(str), -score.to_numpy(float)])
        frame[name] = np.isin(np.arange(len(here)), order[:k]).astype(float)
    return frame.assign(known=past.notna().any(axis=1).to_numpy())


def _measure(cases: pd.DataFrame, rng: np.random.Generator) -> Backtest:
    names = list(ORDERS)
    account, ids = pd.factorize(cases["account_id"])
    named = cases[names].to_numpy(float)
    lost, value = cases["lost"].to_numpy(float), cases["value"].to_numpy(float)
    taken = lost * value
    columns = (
        named * taken[:, None],
        named * lost[:, None],
        named,
        taken,
        lost,
        np.ones(len(lost)),
    )
    totals = _draw_totals(np.column_stack(columns), account, len(ids), rng)
    held, hits, told = np.split(totals[:, :-3], 3, axis=1)
    whole, gone, rows = totals[:, -3:].T
    shares = held / np.where(whole > 0, whole, np.nan)[:, None]
    base = gone / rows
    precision = hits / np.maximum(told, 1e-9)
    lift = precision / np.where(base > 0, base, np.nan)[:, None]
    low, high = _bounds(shares[1:])
    lift_low, lift_high = _bounds(lift[1:])
    frame = pd.DataFrame(
        {
            "order": names,
            "share": shares[0],
            "low": low,
            "high": high,
            "precision": precision[0],
            "lift": lift[0],
            "lift_low": lift_low,
            "lift_high": lift_high,
        }
    )
    simple = [place for place, name in enumerate(names) if name not in ("list", "lot")]
    rival = max(simple, key=lambda place: shares[0, place])
    gap = shares[:, 0] - shares[:, rival]
    bounds = bounds_of_draws(gap[1:])
    ahead = (float(gap[0]), *bounds) if bounds else None
    return Backtest(frame, _by_day(cases.assign(taken=taken)), ahead)


def _draw_totals(
    columns: np.ndarray, account: np.ndarray, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Totals of the columns (one row a draw, the first of all rows as they are), accounts drawn
    with all their days.
    """
    sums = np.column_stack([np.bincount(account, one, n) for one in columns.T])
    return np.vstack([sums.sum(axis=0), *sums_of_draws((sums,), DRAWS, rng)])


def _bounds(draws: np.ndarray) -> np.ndarray:
    """Lower and upper bounds of each column; missing where its draws tell none."""
    return np.transpose([bounds_of_draws(one) or (np.nan, np.nan) for one in draws.T])


def _by_day(cases: pd.DataFrame) -> pd.DataFrame:
    days = cases.groupby("day", sort=True)
    told = days.agg(
        n_accounts=("lost", "size"),
        n_named=("list", "sum"),
        n_lost=("lost", "sum"),
        value_lost=("taken", "sum"),
    )
    for name in ORDERS:
        held = (cases[name] * cases["taken"]).groupby(cases["day"], sort=True).sum()
        told[name] = held / told["value_lost"].where(told["value_lost"] > 0)
    return told.reset_index()
