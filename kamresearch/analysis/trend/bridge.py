"""The revenue bridge: from last year's revenue to this year's, account by account."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamresearch.analysis.periods import say_uncovered
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

MOVES = {
    "lost": _("Lost: bought before, nothing now"),
    "shrinking": _("Stayed and bought less"),
    "growing": _("Stayed and bought more"),
    "returned": _("Returned after a year without orders"),
    "new": _("New"),
}
"""The parts of the bridge, in the order in which it is read."""
BY = ("tier", "region", "channel", "manager_id")
LEAST_ACCOUNTS = 10
"""A group of fewer accounts gets no retention of its own: one of them would make it."""


@dataclass(frozen=True)
class Bridge(Result):
    """From one year's revenue to the next.

    Parameters
    ----------
    frame : DataFrame
        move, n_accounts, revenue_before, revenue_after, change: one row per part; the changes add
        up to the change of revenue.
    accounts : DataFrame
        account_id, account_name, move, revenue_before, revenue_after, change, lost largest first.
    groups : DataFrame
        dimension, group, n_accounts, gross_retention, net_retention, low, high (of the net one).
        Retention is missing below ten accounts.
    gross_retention, net_retention : float or None
        Share of the year before that the same accounts brought again: without what they added, and
        with it.
    intervals : dict
        By name, from the accounts' spread: what another set of such accounts would show.
    """

    exports = (
        "trend.gross_retention",
        "trend.net_retention",
        "trend.bridge_lost",
        "trend.bridge_shrinking",
        "trend.bridge_growing",
        "trend.bridge_returned",
        "trend.bridge_new",
    )
    shows = (
        Shown("trend.bridge"),
        Shown("trend.shrinking", "table"),
        Shown("trend.retention", "group_table"),
    )

    period: tuple[str, str]
    frame: pd.DataFrame
    accounts: pd.DataFrame
    groups: pd.DataFrame
    gross_retention: float | None
    net_retention: float | None
    intervals: dict[str, Interval | None]
    reason: Message | None = None

    @property
    def half_of_shrinking(self) -> pd.DataFrame:
        """The largest shrinking accounts, at most ten, up to half of what shrinking cost."""
        shrinking = self.accounts[self.accounts["move"] == "shrinking"].sort_values(
            ["change", "account_id"], ignore_index=True
        )
        before = shrinking["change"].cumsum() - shrinking["change"]
        return shrinking[before > shrinking["change"].sum() / 2].head(10)

    def findings(self) -> list[Finding]:
        """Gross and net retention, and the five parts of the bridge."""
        base = int((self.accounts["revenue_before"] > 0).sum())
        texts = {
            "gross_retention": (
                _("Gross revenue retention"),
                _(
                    "Of last year’s revenue, what the same accounts brought again, none counted "
                    "for more than before."
                ),
            ),
            "net_retention": (
                _("Net revenue retention"),
                _("This year’s revenue of last year’s accounts over their revenue then."),
            ),
        }
        found = [
            Finding(
                f"trend.{name}",
                getattr(self, name),
                "net_share",
                label,
                definition,
                interval=self.intervals.get(name),
                n=base,
                period=self.period,
                good="up",
                figure="trend.bridge",
                headline=name == "net_retention" and self.net_retention is not None,
                sentence=self._sentence() if name == "net_retention" else None,
                reason=self.reason,
            )
            for name, (label, definition) in texts.items()
        ]
        parts = self.frame.set_index("move")
        for move, label in MOVES.items():
            found.append(
                Finding(
                    f"trend.bridge_{move}",
                    None if self.reason else float(parts.loc[move, "change"]),
                    "money",
                    label,
                    _("Change of these accounts’ revenue from the year before to this one."),
                    n=None if self.reason else int(parts.loc[move, "n_accounts"]),
                    period=self.period,
                    good="up",
                    figure="trend.bridge",
                    reason=self.reason,
                )
            )
        return found

    def _sentence(self) -> Message | None:
        if self.net_retention is None:
            return None
        parts = self.frame.set_index("move")["change"]
        return _(
            "Last year’s accounts brought {net} of their revenue again: accounts that stayed and "
            "bought less cost {shrinking}, lost ones {lost}.",
            net=Quantity(self.net_retention, "share"),
            shrinking=Quantity(-float(parts["shrinking"]), "money"),
            lost=Quantity(-float(parts["lost"]), "money"),
        )

    def table(self) -> Table:
        """The accounts behind half of the shrinking, named."""
        return make_table(
            "trend.shrinking",
            _("The accounts behind half of the shrinking, ten at most"),
            self.half_of_shrinking,
            "account_id",
            "account_name",
            Column("revenue_before", _("Year before"), "money"),
            Column("revenue_after", _("This year"), "money"),
            Column("change", _("Change"), "money"),
        )

    def group_table(self) -> Table:
        """Retention by tier, region, channel and manager, where known."""
        names = {
            "tier": _("Tier"),
            "region": _("Region"),
            "channel": _("Channel"),
            "manager_id": _("Manager"),
        }
        return make_table(
            "trend.retention",
            _("Revenue retention by group"),
            self.groups,
            Column("dimension", _("By"), terms=names),
            Column("group", _("Group")),
            Column("n_accounts", _("Accounts"), "count"),
            Column("gross_retention", _("Gross revenue retention"), "share"),
            Column("net_retention", _("Net revenue retention"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        )


def bridge(tables: "Tables", as_of: str) -> Bridge:
    """Where did last year's revenue go, and where did this year's come from?

    Orders of the 365 days to ``as_of`` and of the 365 before → one move per account (lost,
    shrinking, growing, returned, new), whose changes add up to the change of revenue.

    Parameters
    ----------
    tables : Tables
        Opened account data.
    as_of : str
        Last day of this year.

    Notes
    -----
    Gross retention: Σ min(before, after) / Σ before; net: Σ after / Σ before; both over accounts
    with revenue before. Lost means nothing bought in this year: an account may still come back. It
    does not show why. Where orders do not cover both years nothing is told.
    """
    from kamresearch.features.snapshot import account_snapshot

    snapshot = account_snapshot(tables, as_of)
    end = pd.Timestamp(as_of).normalize()
    start = end - pd.Timedelta(days=729)
    accounts = _read_moves(snapshot, end - pd.Timedelta(days=730))
    period = ((end - pd.Timedelta(days=364)).date().isoformat(), end.date().isoformat())
    reason = say_uncovered(snapshot["first_order_date"].min(), start)
    before = accounts["revenue_before"].to_numpy(float)
    if reason is None and not before.sum() > 0:
        reason = _("The year before brought no revenue to compare with.")
    values, intervals = _measure(accounts)
    if reason is not None:
        values, intervals = dict.fromkeys(values), {}
    return Bridge(
        period,
        _sum_moves(accounts),
        accounts.drop(columns=[name for name in BY if name in accounts]),
        pd.DataFrame(columns=GROUP_COLUMNS) if reason else _measure_groups(accounts),
        values["gross_retention"],
        values["net_retention"],
        intervals,
        reason,
    )


GROUP_COLUMNS = [
    "dimension",
    "group",
    "n_accounts",
    "gross_retention",
    "net_retention",
    "low",
    "high",
]


def _read_moves(snapshot: pd.DataFrame, window_start: pd.Timestamp) -> pd.DataFrame:
    before = snapshot["revenue_prior_12m"].fillna(0.0).to_numpy(float)
    after = snapshot["revenue_12m"].fillna(0.0).to_numpy(float)
    # A year of more returns than sales is no revenue to keep; its change still counts.
    bought, buys = before > 0, after > 0
    old = (snapshot["first_order_date"] <= window_start).to_numpy()
    move = np.select(
        [bought & ~buys, bought & (after < before), bought, old],
        ["lost", "shrinking", "growing", "returned"],
        "new",
    )
    kept = [name for name in ("account_id", "account_name", *BY) if name in snapshot]
    frame = snapshot[kept].assign(
        move=move, revenue_before=before, revenue_after=after, change=after - before
    )
    moved = (before != 0) | (after != 0)
    return frame[moved].sort_values(["change", "account_id"], ignore_index=True)


def _sum_moves(accounts: pd.DataFrame) -> pd.DataFrame:
    sums = accounts.groupby("move", observed=True, sort=True).agg(
        n_accounts=("account_id", "size"),
        revenue_before=("revenue_before", "sum"),
        revenue_after=("revenue_after", "sum"),
        change=("change", "sum"),
    )
    return sums.reindex(list(MOVES), fill_value=0).rename_axis("move").reset_index()


def _measure(
    accounts: pd.DataFrame,
) -> tuple[dict[str, float | None], dict[str, Interval | None]]:
    """Gross and net retention of a set of accounts with their intervals.

    Leave-one-out variance, and Student's quantile with as many degrees of freedom as equal accounts
    would bring (Kish): a few large accounts make most of the sum, of which percentiles of a
    bootstrap tell too little (a test holds both).
    """
    from scipy.stats import t as student

    base = accounts[accounts["revenue_before"] > 0]
    before, after = (base[name].to_numpy(float) for name in ("revenue_before", "revenue_after"))
    kept = {"gross_retention": np.clip(after, 0, before), "net_retention": after}
    equals = before.sum() ** 2 / max((before**2).sum(), 1e-300)
    if len(base) < LEAST_ACCOUNTS or equals < 2:
        values = {
            name: float(part.sum() / before.sum()) if len(base) else None
            for name, part in kept.items()
        }
        return values, dict.fromkeys(kept)
    n, total = len(base), before.sum()
    values, intervals = {}, {}
    for name, part in kept.items():
        values[name] = value = float(part.sum() / total)
        without = (part.sum() - part) / (total - before)
        error = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
        half = float(student.ppf(0.975, equals - 1) * error)
        most = 1.0 if name == "gross_retention" else np.inf
        # Where every account kept all, none differs: an interval without width tells nothing.
        intervals[name] = (
            Interval(max(0.0, value - half), min(most, value + half)) if half > 1e-12 else None
        )
    return values, intervals


def _measure_groups(accounts: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for dimension in BY:
        if dimension not in accounts or accounts[dimension].isna().all():
            continue
        for group, part in accounts.groupby(dimension, observed=True, sort=True):
            n = int((part["revenue_before"] > 0).sum())
            row = {"dimension": dimension, "group": str(group), "n_accounts": n}
            if n >= LEAST_ACCOUNTS:
                values, intervals = _measure(part)
                net = intervals["net_retention"]
                row |= values | ({} if net is None else {"low": net.low, "high": net.high})
            rows.append(row)
    return pd.DataFrame(rows, columns=GROUP_COLUMNS)
