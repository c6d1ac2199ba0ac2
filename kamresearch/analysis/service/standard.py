"""The service standard: visits promised to each tier against visits given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.resampling import sums_of_draws
from kamresearch.analysis.service.care import Care
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

TIERS = ("A", "B", "C")
DIMENSIONS: dict[str, Text] = {
    "manager_id": _("Manager"),
    "region": _("Region"),
    "channel": _("Channel"),
}
LEAST = 10
"""A group of fewer accounts gets no figure of its own: one of them would make it."""
DRAWS = 2000
NO_GROUPS = _("No manager, region or channel has ten such accounts.")
_TOO_FEW = _("Fewer than {n} accounts held this tier.", n=LEAST)


@dataclass(frozen=True)
class Standard(Explained):
    """Visits promised and given.

    Parameters
    ----------
    frame : DataFrame
        tier, n_accounts, promised, given, low, high, kept, calls, profit_per_visit: one row per
        tier, promised and given per account and year. ``kept``: share of the promised visits that
        were given, none counted beyond what the account was promised.
    groups : DataFrame
        dimension, group, n_accounts, kept, low, high: managers, regions and channels of ten
        accounts or more, the least kept first.
    """

    exports = (
        "service.kept",
        *(f"service.visits_{tier.lower()}" for tier in TIERS),
        "service.a_over_b",
    )
    shows = (
        Shown("service.standard"),
        Shown("service.standard", "table"),
        Shown("service.groups", "group_table", part="groups"),
    )
    cautions = False

    frame: pd.DataFrame
    groups: pd.DataFrame
    kept: float | None
    kept_interval: Interval | None
    ratio: float | None
    ratio_interval: Interval | None
    n: int
    period: tuple[str, str]
    is_profit: bool
    reason: Message | None = None

    def why_not(self, id: str) -> Message | None:
        """No group may have accounts enough."""
        empty = id == "service.groups" and self.groups.empty
        return self.reason or (NO_GROUPS if empty else None)

    def findings(self) -> list[Finding]:
        """Share of the promise kept, visits by tier, and whether A gets more than B."""
        found = [
            Finding(
                "service.kept",
                self.kept,
                "share",
                _("Promised visits given"),
                _(
                    "Σ of visits given, none beyond its promise, over Σ of visits promised to the "
                    "tier that the account held a year ago. Interval over accounts."
                ),
                interval=self.kept_interval,
                n=self.n,
                period=self.period,
                good="up",
                figure="service.standard",
                headline=self.kept is not None,
                sentence=None
                if self.kept is None
                else _(
                    "Of the visits promised, {share} were given.",
                    share=Quantity(self.kept, "share"),
                ),
                reason=self.reason or _("No visit is promised."),
            )
        ]
        rows = self.frame.set_index("tier")
        for tier in TIERS:
            row = cast(pd.Series, rows.loc[tier] if tier in rows.index else None)
            told = row is not None and row["n_accounts"] >= LEAST
            spread = told and row["high"] > row["low"]
            found.append(
                Finding(
                    f"service.visits_{tier.lower()}",
                    float(row["given"]) if told else None,
                    "score",
                    _("Visits a year, tier {tier}", tier=tier),
                    _("Visits of the year per account that held the tier a year ago."),
                    interval=Interval(float(row["low"]), float(row["high"])) if spread else None,
                    n=int(row["n_accounts"]) if row is not None else 0,
                    period=self.period,
                    figure="service.standard",
                    reason=self.reason or _TOO_FEW,
                )
            )
        found.append(
            Finding(
                "service.a_over_b",
                self.ratio,
                "ratio",
                _("Visits of tier A over tier B"),
                _("Visits per account of tier A over those of tier B. Interval over accounts."),
                interval=self.ratio_interval,
                n=self.n,
                period=self.period,
                good="up",
                figure="service.standard",
                sentence=self.verdict(),
                reason=self.reason or _("Too few accounts or visits in tier A or B."),
            )
        )
        return found

    def minding(self) -> tuple[Message, ...]:
        """What these visits cannot carry."""
        return (
            _(
                "The promise is a parameter, not a record: nothing in the data states what the "
                "company promised."
            ),
            _(
                "Accounts that left in the year are not counted; if they left for want of care, "
                "the promise was kept less than this shows."
            ),
            _(
                "More profit per visit does not say that one more visit would bring it: who is "
                "visited was not drawn by lot."
            ),
        )

    def verdict(self) -> Message | None:
        """Whether the tier shows in the visits; None where it cannot be told."""
        if self.ratio is None or self.ratio_interval is None:
            return None
        rows = self.frame.set_index("tier")["given"]
        a, b = (Quantity(float(rows[tier]), "score") for tier in ("A", "B"))
        if self.ratio_interval.low > 1:
            return _("Tier A gets more visits than tier B: {a} against {b} a year.", a=a, b=b)
        if self.ratio_interval.high < 1:
            return _("Tier A gets fewer visits than tier B: {a} against {b} a year.", a=a, b=b)
        return _(
            "That tier A gets other care than tier B is not shown: {a} against {b} visits a year.",
            a=a,
            b=b,
        )

    def table(self) -> Table:
        """Promised and given by tier."""
        yield_ = _("Profit per visit") if self.is_profit else _("Revenue per visit")
        return make_table(
            "service.standard",
            _("Visits promised and given by tier"),
            self.frame,
            "tier",
            "n_accounts",
            Column("promised", _("Promised a year"), "score"),
            Column("given", _("Given a year"), "score"),
            Column("low", _("Lower bound"), "score"),
            Column("high", _("Upper bound"), "score"),
            Column("kept", _("Promise kept"), "share"),
            Column("calls", _("Calls a year"), "score"),
            Column("profit_per_visit", yield_, "money"),
        )

    def group_table(self) -> Table:
        """Share of the promise kept by manager, region and channel."""
        return make_table(
            "service.groups",
            _("Promise kept by manager, region and channel"),
            self.groups,
            Column("dimension", _("By"), terms=DIMENSIONS),
            Column("group", _("Group")),
            "n_accounts",
            Column("kept", _("Promise kept"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        )


def measure_standard(care: Care, promised: Mapping[str, float], random_state: int = 0) -> Standard:
    """Is what was promised to each tier given?

    Care → visits given per account and year by tier, share of the promise kept in all and by
    manager, region and channel, and the ratio of A to B.

    Parameters
    ----------
    care : Care
        From `read_care`.
    promised : mapping
        Tier → visits a year. The company's own standard: nothing in the data states it.
    random_state : int
        Of the bootstrap over accounts.

    Notes
    -----
    Kept: Σ min(given, promised) / Σ promised. Visits that nobody wrote down were not given. It does
    not show what a visit does: accounts that are visited more differ in more than that.
    """
    accounts = care.accounts
    if care.reason is not None:
        frame, groups = pd.DataFrame(columns=FRAME), pd.DataFrame(columns=GROUPS)
        return Standard(
            frame, groups, None, None, None, None, 0, care.period, care.is_profit, care.reason
        )
    rng = np.random.default_rng(random_state)
    due = accounts["tier"].map(promised).astype(float).fillna(0.0)
    accounts = accounts.assign(due=due, met=np.minimum(accounts["visits"], due))
    kept, interval = _kept(accounts, rng)
    ratio, ratio_interval = _compare(accounts, rng)
    rows = [
        _tell(tier, accounts[accounts["tier"] == tier], promised, rng)
        for tier in TIERS
        if (accounts["tier"] == tier).any()
    ]
    return Standard(
        pd.DataFrame(rows, columns=FRAME),
        _by_group(accounts, rng),
        kept,
        interval,
        ratio,
        ratio_interval,
        len(accounts),
        care.period,
        care.is_profit,
    )


FRAME = [
    *("tier", "n_accounts", "promised", "given", "low", "high", "kept", "calls"),
    "profit_per_visit",
]
GROUPS = ["dimension", "group", "n_accounts", "kept", "low", "high"]


def _bounds(drawn: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _kept(accounts: pd.DataFrame, rng: np.random.Generator) -> tuple[float | None, Interval | None]:
    due, met = accounts["due"].to_numpy(float), accounts["met"].to_numpy(float)
    if not due.sum() > 0:
        return None, None
    share = float(met.sum() / due.sum())
    totals, sums = sums_of_draws((due, met), DRAWS, rng)
    low, high = _bounds(sums[totals > 0] / totals[totals > 0])
    return share, Interval(low, high) if len(due) >= LEAST and high > low else None


def _compare(
    accounts: pd.DataFrame, rng: np.random.Generator
) -> tuple[float | None, Interval | None]:
    """Visits per account of A over B, told where both have ten accounts and five visits."""
    parts = [accounts.loc[accounts["tier"] == one, "visits"].to_numpy(float) for one in "AB"]
    if any(len(part) < LEAST or part.sum() < 5 for part in parts):
        return None, None
    a, b = (sums_of_draws((part,), DRAWS, rng)[0] / len(part) for part in parts)
    low, high = _bounds(a[b > 0] / b[b > 0])
    ratio = float(parts[0].mean() / parts[1].mean())
    return ratio, Interval(low, high) if high > low else None


def _tell(
    tier: str, part: pd.DataFrame, promised: Mapping[str, float], rng: np.random.Generator
) -> dict:
    visits = part["visits"].to_numpy(float)
    low, high = _bounds(sums_of_draws((visits,), DRAWS, rng)[0] / len(visits))
    due, total = float(part["due"].sum()), float(visits.sum())
    told = len(part) >= LEAST
    return {
        "tier": tier,
        "n_accounts": len(part),
        "promised": float(promised.get(tier, 0.0)),
        "given": float(visits.mean()),
        "low": low if told else None,
        "high": high if told else None,
        "kept": float(part["met"].sum() / due) if due else None,
        "calls": float(part["calls"].mean()),
        "profit_per_visit": float(part["profit"].sum() / total) if total else None,
    }


def _by_group(accounts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for dimension in DIMENSIONS:
        for group, part in accounts.groupby(dimension, observed=True, sort=True):
            if len(part) < LEAST:
                continue
            kept, interval = _kept(part, rng)
            bounds = {"low": interval.low, "high": interval.high} if interval else {}
            row = {"dimension": dimension, "group": str(group), "n_accounts": len(part)}
            rows.append(row | {"kept": kept} | bounds)
    frame = pd.DataFrame(rows, columns=GROUPS)
    frame["order"] = frame["dimension"].map({name: n for n, name in enumerate(DIMENSIONS)})
    return frame.sort_values(["order", "kept", "group"], ignore_index=True)[GROUPS]
