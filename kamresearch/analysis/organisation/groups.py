"""Linkage groups: three or four managers of similar accounts who stand in for each other."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.organisation import grouping, partition
from kamresearch.analysis.organisation.holdings import EXECUTIVE_ROLES, Holdings
from kamresearch.analysis.organisation.serving import can_serve
from kamresearch.analysis.organisation.similarity import book_similarity
from kamresearch.analysis.organisation.workload import USUAL_CAPACITY
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import ParameterError
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

MOST_MANAGERS = 300
"""Managers among whom groups are looked for: the search grows with their third power."""


@dataclass(frozen=True)
class LinkageGroups(Result, frame="groups"):
    """The groups, how alike and balanced they are, and how far from the optimum they can be at
    most.
    """

    exports = (
        "organisation.n_groups",
        "organisation.groups_gap",
        "organisation.groups_likeness",
        "organisation.groups_against_random",
        "organisation.uncovered_after_departure",
    )
    shows = (
        Shown("organisation.groups"),
        Shown("organisation.groups_compared", "compared_table"),
        Shown("organisation.groups", "table"),
    )
    cautions = False

    groups: pd.DataFrame
    """group, manager_id, n_accounts, load, likeness (mean with the group's others), n_served
    (accounts that somebody else of the group can serve), deputy (nobody: missing),
    load_if_one_leaves (of the group)
    """
    cost: float | None
    bound: float | None
    proven: bool
    compared: pd.DataFrame
    """method (exact, greedy, random, random_best), cost, likeness, load_spread"""
    n_uncovered: int | None
    """Accounts that nobody else of the group can serve; None where neither region nor channel of
    any account is recorded
    """
    n_placed: int
    """Accounts of which that can be told: in the hands of a manager in a group"""
    n_alone: int
    """Of those, accounts that nobody else of the whole team can serve: no grouping helps them"""
    caveats: tuple[Text, ...]
    reason: Text | None = None
    """Why there are no groups; None where there are"""

    @property
    def gap(self) -> float | None:
        """How far the groups can be from the best possible, at most: 0 where the optimum is
        proven.
        """
        if self.cost is None:
            return None
        return (
            0.0
            if self.proven
            else max(0.0, (self.cost - cast(float, self.bound)) / max(abs(self.cost), 1e-12))
        )

    def findings(self) -> list[Finding]:
        """Groups, gap, likeness against random, accounts whose region nobody else of the group
        serves.
        """
        n = len(self.groups)
        shared = {
            "n": n,
            "n_unit": "managers",
            "reason": self.reason,
            "figure": "organisation.groups",
        }
        by_method = self.compared.set_index("method") if len(self.compared) else None
        told = by_method is not None
        return [
            Finding(
                "organisation.n_groups",
                int(self.groups["group"].nunique()),
                "count",
                _("Linkage groups"),
                _("Groups of three or four managers of similar accounts, balanced in load."),
                **shared,
            ),
            Finding(
                "organisation.groups_gap",
                self.gap,
                "net_share",
                _("Distance from the best possible groups, at most"),
                _("(cost − lower bound) / cost; 0 where the optimum is proven."),
                good="down",
                **shared,
            ),
            Finding(
                "organisation.groups_likeness",
                float(by_method.loc["exact", "likeness"]) if told else None,
                "score",
                _("Likeness of books within groups"),
                _("Mean over managers of the mean cosine likeness with the others of the group."),
                good="up",
                **shared,
            ),
            Finding(
                "organisation.groups_against_random",
                float(by_method.loc["random", "cost"] - by_method.loc["exact", "cost"])
                if told
                else None,
                "score",
                _("How much better than groups drawn at random"),
                _(
                    "Mean cost of {n} random groupings minus the cost of these groups.",
                    n=grouping.RANDOM_DRAWS,
                ),
                good="up",
                **shared,
            ),
            Finding(
                "organisation.uncovered_after_departure",
                self.n_uncovered,
                "accounts",
                _("Accounts that nobody else of the group can serve"),
                _(
                    "Accounts for which no other manager of their manager's group serves the "
                    "region and channel, in a role for accounts, and has hours left (a load below "
                    "1). Among accounts in the hands of a manager in a group."
                ),
                good="down",
                **{
                    **shared,
                    "n": self.n_placed,
                    "n_unit": "accounts",
                    "reason": self.reason or _("No account's region or channel is recorded."),
                },
            ),
        ]

    def closing(self) -> tuple[Text, ...]:
        """Who stands in for whom."""
        return (self.verdict(),)

    def verdict(self) -> Message:
        """Whether the groups are worth it, in a sentence."""
        if self.cost is None:
            return _("No linkage groups. {reason}", reason=self.reason)
        costs = self.compared.set_index("method")["cost"]
        falls = {name: Quantity(_fall(costs, name), "share") for name in ("random", "greedy")}
        if self.n_uncovered is None:
            return _(
                "Verdict: against groups drawn at random the cost falls by {random}, "
                "against a rule of thumb by {greedy}.",
                **falls,
            )
        return _(
            "Verdict: against groups drawn at random the cost falls by {random}, against a "
            "rule of thumb by {greedy}; {uncovered} of {n} accounts can be served by nobody "
            "else of their group, {alone} of them by nobody else of the team: hire or move.",
            uncovered=self.n_uncovered,
            n=self.n_placed,
            alone=self.n_alone,
            **falls,
        )

    def table(self) -> Table:
        """Group by group."""
        return make_table(
            "organisation.groups",
            _("Linkage groups"),
            self.groups,
            Column("group", _("Group"), "count"),
            "manager_id",
            "n_accounts",
            Column("load", _("Load"), "share"),
            Column("likeness", _("Likeness to the group"), "score"),
            Column("n_served", _("Accounts that others of the group can serve"), "accounts"),
            Column("deputy", _("First deputy")),
            Column("load_if_one_leaves", _("Load of the others if this one leaves"), "share"),
            caption=_(
                "The first deputy is the group's manager with hours left who can serve the most of "
                "the accounts, the likest book first among equals; empty where nobody can."
            ),
        )

    def compared_table(self) -> Table:
        """Exact against greedy and random."""
        return make_table(
            "organisation.groups_compared",
            _("These groups against others"),
            self.compared,
            Column("method", _("Method"), terms=METHODS),
            Column("cost", _("Cost (less is better)"), "score"),
            Column("likeness", _("Likeness within groups"), "score"),
            Column("load_spread", _("Spread of loads of groups"), "share"),
        )


def _fall(costs: pd.Series, method: str) -> float:
    return float(1 - costs["exact"] / costs[method]) if costs[method] > 0 else 0.0


METHODS = {
    "exact": _("set partitioning (HiGHS)"),
    "greedy": _("greedy: the likest first"),
    "random": _("random, on average"),
    "random_best": _("random, the best draw"),
}


def group_managers(
    holdings: Holdings, load: pd.Series, *, balance: float = 0.5, random_state: int = 0
) -> LinkageGroups:
    """Which three or four managers should stand in for each other?

    Parameters
    ----------
    holdings : Holdings
        Who is in charge of which account.
    load : Series
        Share of capacity used, by manager_id.
    balance : float
        What a deviation of a group's mean load from the team's costs, against unlikeness.
    random_state : int
        Seed of the random groupings compared with.

    Returns
    -------
    LinkageGroups
        Cost of a group of k: the mean distance of its pairs plus ``balance`` × the
        distance of its mean load
        from the team's, times k; divided by the number of managers in all. With five managers, one
        group of five. The distance of two managers is 1 less the mean of the likeness of their
        books (cosine) and of the share of each one's accounts that the other can serve.

    Notes
    -----
    Set partitioning by column generation: prices of all groups of three and four are searched
    exactly (a group of four
    with a negative reduced cost holds a triangle that has one), which gives a lower bound; every
    group that could be part
    of something better than the best grouping found then enters one MILP. If all do, the optimum is
    proven. The work is
    bounded in columns and nodes, never by the clock; where it does not suffice, the gap is stated.
    """
    if not 0 <= balance <= 100:
        raise ParameterError(
            "organisation, balance", "0 to 100", repr(balance), "write for example 0.5"
        )
    team = holdings.managers
    # Who has left can stand in for nobody, whatever the records still lay to their name.
    holds = (team["n_accounts"] > 0) & team["in_role"].astype(bool)
    team = team[holds & ~team["role"].isin(EXECUTIVE_ROLES)].reset_index(drop=True)
    ids = team["manager_id"].tolist()
    columns = [
        "group",
        "manager_id",
        "n_accounts",
        "load",
        "likeness",
        "n_served",
        "deputy",
        "load_if_one_leaves",
    ]
    without = {
        "groups": pd.DataFrame(columns=columns),
        "cost": None,
        "bound": None,
        "proven": False,
        "n_uncovered": None,
        "n_placed": 0,
        "n_alone": 0,
        "compared": pd.DataFrame(columns=["method", "cost", "likeness", "load_spread"]),
    }
    if len(ids) < 3:
        caveat = _("{n} managers in their role hold accounts: a group needs three.", n=len(ids))
        reason = _(
            "Fewer than three managers in their role hold accounts: no group of three can "
            "be formed."
        )
        return LinkageGroups(**without, caveats=(caveat,), reason=reason)
    if len(ids) > MOST_MANAGERS:
        caveat = _(
            "{n} managers hold accounts: groups are looked for among {most} at most. "
            "Publish the study by region or channel.",
            n=len(ids),
            most=MOST_MANAGERS,
        )
        reason = _(
            "More than {most} managers hold accounts: groups are looked for region by "
            "region, in reports of their own.",
            most=MOST_MANAGERS,
        )
        return LinkageGroups(**without, caveats=(caveat,), reason=reason)
    likeness = book_similarity(holdings.accounts, ids).to_numpy()
    loads = (
        load.reindex(ids)
        .astype(float)
        .fillna(float(load.mean()) if load.notna().any() else 0.0)
        .to_numpy()
    )
    held, serves = _who_serves(holdings, team)
    reach = held @ serves / np.maximum(held.sum(axis=1, keepdims=True), 1)
    near = (likeness + (reach + reach.T) / 2) / 2
    problem = grouping.Problem(1 - near, loads, balance)
    solved = partition.solve(problem)
    others = {"greedy": [grouping.group_greedily(problem)]}
    others["random"] = grouping.group_randomly(problem, np.random.default_rng(random_state))
    compared = _compare(problem, likeness, loads, solved.groups, others)
    able = serves & (held.T == 0) & (loads < 1)[None, :]
    covered = _find_covered(held, able, solved.groups)
    frame = _describe(ids, team, likeness, loads, solved.groups, held @ able)
    frame["n_served"] = frame["manager_id"].map(dict(zip(ids, held @ covered, strict=True)))
    owned = held.any(axis=0)
    placed = bool(holdings.accounts[["region", "channel"]].notna().any(axis=None))
    caveats: list[Text] = []
    if len(ids) == 5:
        caveats.append(
            _("Five managers cannot be split into groups of three and four: they form one group.")
        )
    if not solved.proven:
        caveats.append(
            _(
                "The optimum is not proven: the groups may be up to {gap} from the best.",
                gap=Quantity(
                    max(0.0, (solved.cost - solved.bound) / max(abs(solved.cost), 1e-12)), "share"
                ),
            )
        )
    if (frame["load_if_one_leaves"] > 1).any():
        caveats.append(
            _(
                "In {n} of {all} departures the others of the group would have to work "
                "above their capacity until a successor is found.",
                n=int((frame["load_if_one_leaves"] > 1).sum()),
                all=len(frame),
            )
        )
    return LinkageGroups(
        frame[columns],
        solved.cost,
        solved.bound,
        solved.proven,
        compared,
        int((owned & ~covered).sum()) if placed and owned.any() else None,
        int(owned.sum()),
        int((owned & ~able.any(axis=1)).sum()),
        tuple(caveats),
    )


def _who_serves(holdings: Holdings, team: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Manager × account: who holds it; account × manager: who can serve it."""
    holder = holdings.accounts["manager_id"].to_numpy(object)
    held = team["manager_id"].to_numpy(object)[:, None] == holder[None, :]
    return held.astype(int), can_serve(holdings.accounts, team)


def _find_covered(held: np.ndarray, able: np.ndarray, groups: list[tuple[int, ...]]) -> np.ndarray:
    """Accounts that somebody else of their manager's group can serve."""
    covered = np.zeros(len(able), dtype=bool)
    for group in groups:
        members = list(group)
        covered |= held[members].any(axis=0) & able[:, members].any(axis=1)
    return covered


def _describe(
    ids: list[str],
    team: pd.DataFrame,
    likeness: np.ndarray,
    loads: np.ndarray,
    groups: list[tuple[int, ...]],
    standing_in: np.ndarray,
) -> pd.DataFrame:
    """``standing_in``: manager × manager, accounts of the first that the second can take on."""
    capacity = (
        team["capacity_hours"]
        .astype("float64")
        .fillna(USUAL_CAPACITY * team["share_here"])
        .to_numpy()
    )
    rows = []
    for number, group in enumerate(sorted(groups), start=1):
        for one in group:
            mates = [other for other in group if other != one]
            alike, taken = likeness[one, mates], standing_in[one, mates]
            deputy = mates[max(range(len(mates)), key=lambda k: (taken[k], alike[k]))]
            used = float(
                (loads[list(group)] * capacity[list(group)]).sum()
                / max(capacity[mates].sum(), 1e-9)
            )
            rows.append(
                (
                    number,
                    ids[one],
                    int(team["n_accounts"].iloc[one]),
                    float(loads[one]),
                    float(alike.mean()),
                    ids[deputy] if taken.max() > 0 else None,
                    used,
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            "group",
            "manager_id",
            "n_accounts",
            "load",
            "likeness",
            "deputy",
            "load_if_one_leaves",
        ],
    )


def _compare(
    problem: grouping.Problem,
    likeness: np.ndarray,
    loads: np.ndarray,
    exact: list,
    others: dict[str, list],
) -> pd.DataFrame:
    def measure(groups: list[tuple[int, ...]]) -> tuple[float, float, float]:
        alike = [
            likeness[one, [other for other in group if other != one]].mean()
            for group in groups
            for one in group
        ]
        means = [loads[list(group)].mean() for group in groups]
        return problem.total(groups), float(np.mean(alike)), float(np.max(means) - np.min(means))

    rows = [("exact", *measure(exact)), ("greedy", *measure(others["greedy"][0]))]
    drawn = np.array([measure(groups) for groups in others["random"]])
    rows += [("random", *drawn.mean(axis=0)), ("random_best", *drawn[drawn[:, 0].argmin()])]
    return pd.DataFrame(rows, columns=["method", "cost", "likeness", "load_spread"])
