"""Workload: hours that accounts ask for by tier against hours that managers have, and who
should give up what.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.organisation.holdings import EXECUTIVE_ROLES, Holdings
from kamresearch.analysis.organisation.serving import can_serve
from kamresearch.analysis.organisation.similarity import TRAITS
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

HOURS = {"A": 12.0, "B": 6.0, "C": 2.5}
"""Hours a month that an account of each tier asks for: a planning assumption, to be replaced
by one's own records.
"""
USUAL_CAPACITY = 130.0
"""Hours a month assumed for a manager whose capacity is not recorded."""


@dataclass(frozen=True)
class Workload(Result, frame="by_manager"):
    """Load of each manager before and after the proposed moves."""

    exports = (
        "organisation.overloaded_managers",
        "organisation.overloaded_after_moves",
        "organisation.total_load",
    )
    shows = (
        Shown("organisation.workload"),
        Shown("organisation.workload", "table"),
        Shown("organisation.moves", "moves_table"),
    )
    cautions = False

    hours: dict[str, float]
    by_manager: pd.DataFrame
    """manager_id, role, n_accounts, n_a, n_b, n_c, needed_hours, capacity_hours, load,
    load_after
    """
    moves: pd.DataFrame
    """account_id, account_name, tier, hours, from_manager, to_manager, shared_traits,
    same_region
    """
    spare_hours: float
    caveats: tuple[Text, ...]
    asked: pd.Series
    """Hours that each one's accounts ask for, by manager_id, executives' too"""

    @property
    def load(self) -> pd.Series:
        """Share of capacity used, by manager_id."""
        return self.by_manager.set_index("manager_id")["load"]

    def findings(self) -> list[Finding]:
        """Overloaded managers now and after the moves; hours in all against capacity in all."""
        frame, n = self.by_manager, len(self.by_manager)
        reason = _("No manager is in charge of an account.")
        total, room = float(frame["needed_hours"].sum()), float(frame["capacity_hours"].sum())
        over, still = int((frame["load"] > 1).sum()), int((frame["load_after"] > 1 + 1e-9).sum())
        shared = {"n": n, "n_unit": "managers", "good": "down", "figure": "organisation.workload"}
        return [
            Finding(
                "organisation.overloaded_managers",
                over if n else None,
                "managers",
                _("Managers whose accounts ask for more hours than they have"),
                _(
                    "Managers with load above capacity: hours by tier ({a} / {b} / {c} a "
                    "month for A / B / C) summed over their accounts.",
                    a=self.hours["A"],
                    b=self.hours["B"],
                    c=self.hours["C"],
                ),
                headline=True,
                sentence=_(
                    "{over} of {n} managers are asked for more hours than they have; with "
                    "{moves} accounts moved, {still} still would be.",
                    over=over,
                    n=n,
                    moves=len(self.moves),
                    still=still,
                )
                if n
                else None,
                reason=reason,
                **shared,
            ),
            Finding(
                "organisation.overloaded_after_moves",
                still if n else None,
                "managers",
                _("Managers still overloaded after the proposed moves"),
                _("As above, once the proposed accounts are moved."),
                reason=reason,
                **shared,
            ),
            Finding(
                "organisation.total_load",
                total / room if room > 0 else None,
                "net_share",
                _("Hours asked for over hours there are"),
                _(
                    "Sum of hours that all managers' accounts ask for, over the sum of "
                    "their capacity."
                ),
                reason=reason,
                **shared,
            ),
        ]

    def table(self) -> Table:
        """Load by manager."""
        return make_table(
            "organisation.workload",
            _("Hours asked for and hours there are"),
            self.by_manager.sort_values(["load", "manager_id"], ascending=[False, True]),
            "manager_id",
            "n_accounts",
            Column("n_a", _("Tier A"), "accounts"),
            Column("n_b", _("Tier B"), "accounts"),
            Column("n_c", _("Tier C"), "accounts"),
            Column("needed_hours", _("Hours asked for"), "hours"),
            Column("capacity_hours", _("Hours there are"), "hours"),
            Column("load", _("Load"), "share"),
            Column("load_after", _("Load after moves"), "share"),
        )

    def moves_table(self) -> Table:
        """Which accounts should move."""
        return make_table(
            "organisation.moves",
            _("Accounts to hand over, so that nobody is overloaded"),
            self.moves,
            "account_id",
            "account_name",
            "tier",
            Column("hours", _("Hours"), "hours"),
            Column("from_manager", _("From")),
            Column("to_manager", _("To")),
            Column("same_region", _("Same region"), "flag"),
            rows_shown=30,
            caption=_(
                "A proposal by rule: from the most loaded manager first, the account that "
                "most resembles the receiver's book, never to a manager who does not serve its "
                "region and channel."
            ),
        )


def tiers_by_revenue(
    accounts: pd.DataFrame, shares: tuple[float, float] = (0.80, 0.95)
) -> pd.Series:
    """Tiers where no segmentation was published: A holds the first 80 % of revenue, B the next 15
    %, C the rest.

    Returns a Series of A, B, C by account_id. Accounts without revenue are C.
    """
    ordered = accounts.sort_values(["revenue_12m", "account_id"], ascending=[False, True])
    revenue = ordered["revenue_12m"].clip(lower=0).to_numpy(dtype=float)
    before = np.concatenate([[0.0], np.cumsum(revenue)[:-1]])
    part = before / revenue.sum() if revenue.sum() > 0 else np.ones(len(revenue))
    tier = np.where(
        (part < shares[0]) & (revenue > 0),
        "A",
        np.where((part < shares[1]) & (revenue > 0), "B", "C"),
    )
    return pd.Series(tier, index=ordered["account_id"], name="tier")


def choose_tiers(published: pd.DataFrame | None, holdings: Holdings) -> pd.Series:
    """Tiers as the segmentation published them (table ``segmentation.tiers``); without one,
    tiers by revenue.
    """
    if published is None or not {"account_id", "tier"} <= set(published.columns) or published.empty:
        return tiers_by_revenue(holdings.accounts)
    chosen = published.drop_duplicates("account_id").set_index(
        published.drop_duplicates("account_id")["account_id"].astype(str)
    )["tier"]
    return chosen.dropna().astype(str)


def measure_workload(
    holdings: Holdings, tiers: pd.Series, hours: dict[str, float] | None = None
) -> Workload:
    """Who has more accounts than hours, and what should move to whom?

    Parameters
    ----------
    holdings : Holdings
        Who is in charge of which account.
    tiers : Series
        A, B or C by account_id; accounts without one count as C.
    hours : dict, optional
        Hours a month by tier.

    Returns
    -------
    Workload
        Executives who hold accounts are left out: their hours are not for accounts.
    """
    hours = {**HOURS, **(hours or {})}
    accounts = holdings.accounts[holdings.accounts["manager_id"].notna()].copy()
    accounts["tier"] = (
        accounts["account_id"]
        .map(tiers.astype(str).str[0].str.upper())
        .where(lambda one: one.isin(list(hours)), "C")
    )
    accounts["hours"] = accounts["tier"].map(hours).astype(float)
    team = holdings.managers
    team = team[
        ~team["role"].isin([*EXECUTIVE_ROLES, "policy_manager"])
        & (team["in_role"] | (team["n_accounts"] > 0))
    ].copy()
    unknown = team["capacity_hours"].isna()
    team["capacity_hours"] = (
        team["capacity_hours"].astype("float64").fillna(USUAL_CAPACITY * team["share_here"])
    )
    counts = pd.crosstab(accounts["manager_id"], accounts["tier"]).reindex(
        index=team["manager_id"], columns=["A", "B", "C"], fill_value=0
    )
    team[["n_a", "n_b", "n_c"]] = counts.to_numpy()
    needed = accounts.groupby("manager_id", observed=True)["hours"].sum()
    team["needed_hours"] = team["manager_id"].map(needed).fillna(0.0).astype(float)
    team["load"] = team["needed_hours"] / team["capacity_hours"].where(team["capacity_hours"] > 0)
    moves, after = _propose_moves(accounts, team)
    team["load_after"] = after
    columns = [
        "manager_id",
        "role",
        "n_accounts",
        "n_a",
        "n_b",
        "n_c",
        "needed_hours",
        "capacity_hours",
        "load",
        "load_after",
    ]
    spare = float(team["capacity_hours"].sum() - team["needed_hours"].sum())
    caveats: list[Text] = [
        _(
            "Hours by tier are a planning assumption ({a}, {b} and {c} hours a month for "
            "A, B and C); other hours give other loads.",
            a=hours["A"],
            b=hours["B"],
            c=hours["C"],
        )
    ]
    if unknown.any():
        caveats.append(
            _(
                "{n} managers have no recorded capacity and count with {hours}.",
                n=int(unknown.sum()),
                hours=Quantity(USUAL_CAPACITY, "hours"),
            )
        )
    if spare < 0:
        caveats.append(
            _(
                "The team as a whole lacks {hours} a month: no moving of accounts can cure that.",
                hours=Quantity(-spare, "hours"),
            )
        )
    return Workload(
        hours, team[columns].reset_index(drop=True), moves, spare, tuple(caveats), needed
    )


def _propose_moves(accounts: pd.DataFrame, team: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Move accounts off overloaded managers, one at a time, to where they fit best and leave
    room.
    """
    ids = team["manager_id"].tolist()
    capacity, used = (
        team["capacity_hours"].to_numpy(dtype=float),
        team["needed_hours"].to_numpy(dtype=float).copy(),
    )
    books = _Books(accounts, team)
    rows_of = accounts.groupby("manager_id", observed=True).indices
    hours, moves = accounts["hours"].to_numpy(dtype=float), []
    for giver in sorted(
        range(len(ids)), key=lambda one: (-used[one] / max(capacity[one], 1e-9), ids[one])
    ):
        if used[giver] <= capacity[giver] + 1e-9 or ids[giver] not in rows_of:
            continue
        waiting = rows_of[ids[giver]]
        fit, near, allowed = books.compare(waiting)
        allowed[:, giver] = False
        while used[giver] > capacity[giver] + 1e-9:
            room = (capacity - used) - hours[waiting, None]
            open_to = allowed & (room >= -1e-9)
            if not open_to.any():
                break
            # The same region first; then the likest receiver; then the fewest moves (most hours);
            # then the most room.
            for worth in (near, fit, np.broadcast_to(hours[waiting, None], fit.shape), room):
                open_to &= worth == worth[open_to].max()
            receiver = int(np.flatnonzero(open_to.any(axis=0))[0])
            place = int(np.flatnonzero(open_to[:, receiver])[0])
            used[giver] -= hours[waiting[place]]
            used[receiver] += hours[waiting[place]]
            row = accounts.iloc[waiting[place]]
            moves.append(
                (
                    row["account_id"],
                    row["account_name"],
                    row["tier"],
                    row["hours"],
                    ids[giver],
                    ids[receiver],
                    float(fit[place, receiver]),
                    bool(near[place, receiver]),
                )
            )
            allowed[place] = False
    columns = [
        "account_id",
        "account_name",
        "tier",
        "hours",
        "from_manager",
        "to_manager",
        "shared_traits",
        "same_region",
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        after = np.where(capacity > 0, used / capacity, np.nan)
    return pd.DataFrame(moves, columns=columns), after


class _Books:
    """What the managers' books hold, against which single accounts are compared (account ×
    manager, for few accounts at once).
    """

    def __init__(self, accounts: pd.DataFrame, team: pd.DataFrame) -> None:
        ids = team["manager_id"].tolist()
        self.shares, self.values = [], []
        for trait in TRAITS:
            shares = (
                pd.crosstab(accounts["manager_id"], accounts[trait], normalize="index")
                .reindex(ids)
                .fillna(0.0)
            )
            self.shares.append(shares.to_numpy())
            self.values.append(shares.columns.get_indexer(accounts[trait]))
        places = pd.Index(team["region"].dropna().unique())
        self.here, self.there = (
            places.get_indexer(accounts["region"]),
            places.get_indexer(team["region"]),
        )
        self.serves = can_serve(accounts, team)

    def compare(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For accounts by place → the share of each manager's book that has the account's region,
        channel and industry,
        on average; whether the manager's region is the account's; whether the rule lets the account
        go there.
        """
        fit = np.zeros((len(rows), len(self.there)))
        for shares, values in zip(self.shares, self.values, strict=True):
            known = values[rows] >= 0
            fit[known] += shares[:, values[rows][known]].T / len(TRAITS)
        near = (self.here[rows, None] == self.there) & (self.there >= 0)
        return fit.round(6), near, self.serves[rows]
