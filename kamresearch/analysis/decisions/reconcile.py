"""Out of all proposals those that can be followed: nothing contradicts, each has an owner with
hours, and the money lasts (a mixed-integer program for each part of the company).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.decisions.assumptions import CONTRADICTIONS, Assumptions
from kamresearch.analysis.decisions.teams import Desk, Teams, find_teams, hand_out
from kamresearch.analysis.organisation.serving import find_serving
from kamresearch.analysis.organisation.workload import USUAL_CAPACITY
from kamresearch.analysis.solving import solve_whole
from kamresearch.errors import ParameterError
from kamresearch.language import message as _

REASONS = {
    "does_not_pay": _("costs more than it is expected to gain"),
    "nobody_serves": _("nobody serves its region and channel: hire or move"),
    "no_hours": _("those who serve it have no hours left: hire or move"),
    "contradicts": _("contradicts a better instruction for the same account"),
    "no_budget": _("no money left for it"),
    "too_many": _("beyond the number of instructions asked for"),
    "advised_against": _("contradicts what another study advises for the same account"),
    "handed_over": _("the organisation study hands the account over already"),
    "done_lately": _("was done lately"),
    "decided_not": _("somebody decided against it"),
    "held_out": _("its account is left alone by lot, for an experiment"),
}
"""Why a proposal is not on the list → the words."""

MOST_WEIGHED = 1_200
"""Proposals that a program weighs at most, one for each part of the company that shares nobody with
another: the best per hour; more could not be followed.
"""
_NOBODY = ""
"""Owner where the data name no managers."""


@dataclass(frozen=True)
class Limits:
    """Hours, money and places that the list may take.

    Parameters
    ----------
    capacity : float, mapping or None
        Hours in all, or by manager_id; None: a share of each manager's monthly hours, and without a
        table of managers no limit of hours.
    budget : float or None
        Money in all; None for no limit.
    most : int or None
        Instructions at most.
    """

    capacity: float | Mapping[str, float] | None = None
    budget: float | None = None
    most: int | None = None

    def __post_init__(self) -> None:
        hours = self.capacity.values() if isinstance(self.capacity, Mapping) else [self.capacity]
        numbers = [*hours, self.budget, self.most]
        if any(one is not None and not one >= 0 for one in numbers):
            raise ParameterError(
                "decisions, limits",
                "hours, money and places from 0 up",
                f"capacity={self.capacity!r}, budget={self.budget!r}, most={self.most!r}",
                "give 0 for none, and leave a limit out where there is none",
            )

    @property
    def total(self) -> float | None:
        """Hours in all; None where they are told by manager, or not limited."""
        given = self.capacity
        return None if given is None or isinstance(given, Mapping) else float(given)

    @property
    def shared(self) -> bool:
        """Whether a limit binds the whole company, so that its parts cannot be decided apart."""
        return any(one is not None for one in (self.budget, self.most, self.total))


@dataclass(frozen=True)
class Reconciled:
    """Chosen proposals with their owners, and the others with the reason."""

    chosen: pd.DataFrame
    left_out: pd.DataFrame
    shared: bool
    """Whether any was handed out in a team of more than one."""
    unweighed: int
    """Proposals beyond the best per hour that the programs weigh."""


def reconcile(
    proposals: pd.DataFrame,
    accounts: pd.DataFrame,
    managers: pd.DataFrame | None,
    limits: Limits,
    assumptions: Assumptions,
) -> Reconciled:
    """Which proposals can be followed together, and by whom?

    Parameters
    ----------
    proposals : DataFrame
        As `propose` gives them.
    accounts : DataFrame
        account_id, region, channel.
    managers : DataFrame or None
        manager_id, region, channel, role, in_role, capacity_hours; None: nobody is named.
    limits : Limits
    assumptions : Assumptions

    Returns
    -------
    Reconciled
        The program maximises the expected gain: at most one instruction of a kind an account, none
        that contradicts another, one owner an account, who serves its region and channel and has
        the hours. Those who serve the same accounts are one team: the program weighs with the hours
        of them all, and what it chose is then handed out among them.
    """
    pays = _find_paying(proposals)
    lacking = proposals[~pays].assign(reason="does_not_pay")
    work = proposals[pays]
    density = work["expected_gain"] / work["hours"]
    order = np.lexsort([work["kind"], work["account_id"], -density])
    work = work.iloc[order].reset_index(drop=True)
    places = pd.Index(accounts["account_id"])
    rows = accounts.iloc[places.get_indexer(work["account_id"])].reset_index(drop=True)
    owners, hours = _owners(managers, limits, assumptions)
    teams = find_teams(find_serving(rows, managers) if managers is not None else None, len(work))
    holder = pd.Index(owners).get_indexer(work["holder"])
    team = _solve(work, teams, holder, hours, limits)
    who = hand_out(team, teams, holder, Desk(work, hours, limits))
    chosen, owner = who >= 0, np.array([*owners, None], dtype=object)[who]
    reason = _explain(work, who, teams, hours, limits)
    result = work.assign(owner=owner, reason=reason)
    rest = result[~chosen].drop(columns="owner")
    return Reconciled(
        result[chosen].drop(columns="reason").reset_index(drop=True),
        pd.concat([rest, lacking], ignore_index=True),
        any(len(teams.members[one]) > 1 for one in np.unique(team[team >= 0])),
        sum(max(len(part) - MOST_WEIGHED, 0) for part in teams.parts(limits.shared)),
    )


def _find_paying(proposals: pd.DataFrame) -> pd.Series:
    from kamresearch.analysis.decisions.proposals import pays

    return pays(proposals).astype(bool)


def _owners(
    managers: pd.DataFrame | None, limits: Limits, assumptions: Assumptions
) -> tuple[np.ndarray, np.ndarray]:
    """Ids of possible owners and the hours that each has for the list."""
    given = limits.capacity
    if managers is None:
        total = np.inf if given is None or isinstance(given, Mapping) else float(given)
        return np.array([_NOBODY], dtype=object), np.array([total])
    ids = managers["manager_id"].to_numpy(object)
    if isinstance(given, Mapping):
        return ids, np.array([float(given.get(one, 0.0)) for one in ids])
    if given is not None:
        return ids, np.full(len(ids), float(given))
    full = managers["capacity_hours"].astype("float64").fillna(USUAL_CAPACITY)
    return ids, full.to_numpy() * assumptions.hours_share


def _solve(
    work: pd.DataFrame, teams: Teams, holder: np.ndarray, hours: np.ndarray, limits: Limits
) -> np.ndarray:
    """The team that follows each proposal, −1 where it is not chosen."""
    from scipy.optimize import Bounds, LinearConstraint

    team = np.full(len(work), -1)
    holding = np.append(teams.of_owner, -1)[holder]
    gain, took = work["expected_gain"].to_numpy(float), work["hours"].to_numpy(float)
    scale = max(float(np.abs(gain).max(initial=0.0)), 1.0)
    room, largest = teams.room(hours), teams.largest(hours)
    for part in teams.parts(limits.shared):
        weighed = part[:MOST_WEIGHED]
        able = teams.fits[teams.place[weighed]] & (took[weighed, None] <= largest)
        pair, by = np.nonzero(able)
        pair = weighed[pair]
        if not len(pair):
            continue
        # The manager in charge goes first among equals; what is due without a gain still counts
        # a bit.
        worth = gain[pair].clip(0) / scale + 1e-6 * (1 + (by == holding[pair]))
        matrix, upper = _stack(_constraints(work, pair, by, room, limits, took), len(pair))
        solved = solve_whole(
            -worth,
            integrality=np.ones(len(pair)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, -np.inf, upper),
            options={"node_limit": 200, "mip_rel_gap": 1e-3},
        )
        if solved.x is not None:
            taken = np.flatnonzero(solved.x > 0.5)
            team[pair[taken]] = by[taken]
    return team


Row = tuple[np.ndarray, np.ndarray, float]
"""Places of the variables, their weights, and the most that they may add up to."""


def _constraints(
    work: pd.DataFrame,
    pair: np.ndarray,
    by: np.ndarray,
    room: np.ndarray,
    limits: Limits,
    took: np.ndarray,
) -> list[Row]:
    rows: list[Row] = []
    ones = np.ones(len(pair))

    def add(members: np.ndarray, weights: np.ndarray, most: float) -> None:
        if np.isfinite(most):
            rows.append((members, weights[members], float(most)))

    for one in np.unique(by):
        add(np.flatnonzero(by == one), took[pair], float(room[one]))
    everyone = np.arange(len(pair))
    if limits.total is not None:
        add(everyone, took[pair], limits.total)
    if limits.budget is not None:
        add(everyone, work["cost"].to_numpy(float)[pair], limits.budget)
    if limits.most is not None:
        add(everyone, ones, limits.most)
    frame = pd.DataFrame(
        {
            "account": work["account_id"].to_numpy()[pair],
            "kind": work["kind"].to_numpy()[pair],
            "by": by,
        }
    )
    for members in frame.groupby(["account", "kind"], sort=False).indices.values():
        add(members, ones, 1)
    for members in frame.groupby("account", sort=False).indices.values():
        kinds, who = frame["kind"].to_numpy()[members], by[members]
        for i, left in enumerate(members):
            for j in range(i + 1, len(members)):
                if kinds[i] == kinds[j]:
                    continue
                # Two instructions for one account: never a contradiction, never two owners.
                apart = frozenset((kinds[i], kinds[j])) in CONTRADICTIONS or who[i] != who[j]
                if apart:
                    add(np.array([left, members[j]]), ones, 1)
    return rows


def _stack(rows: list[Row], n: int) -> tuple[object, np.ndarray]:
    from scipy.sparse import csr_matrix

    place = np.concatenate([np.full(len(one[0]), number) for number, one in enumerate(rows)])
    columns = np.concatenate([one[0] for one in rows])
    weights = np.concatenate([one[1] for one in rows])
    matrix = csr_matrix((weights, (place, columns)), shape=(len(rows), n))
    return matrix, np.array([one[2] for one in rows])


def _explain(
    work: pd.DataFrame,
    who: np.ndarray,
    teams: Teams,
    hours: np.ndarray,
    limits: Limits,
) -> np.ndarray:
    """Why each proposal that is not chosen is not."""
    took, kinds = work["hours"].to_numpy(float), work["kind"].to_numpy()
    chosen, served = who >= 0, teams.served
    used = np.bincount(who[chosen], took[chosen], minlength=len(hours))
    free = np.where(teams.fits, teams.largest(hours - used), -np.inf)
    room = free.max(axis=1, initial=-np.inf)[teams.place]
    told: dict[str, set[str]] = {}
    for account, kind in zip(work["account_id"][chosen], kinds[chosen], strict=True):
        told.setdefault(account, set()).add(kind)
    reason = np.full(len(work), "no_hours", dtype=object)
    full = limits.most is not None and chosen.sum() >= limits.most
    accounts, costs = work["account_id"].to_numpy(object), work["cost"].to_numpy(float)
    spent = float(costs[chosen].sum())
    for place in np.flatnonzero(~chosen):
        others = told.get(accounts[place], set())
        if not served[place]:
            reason[place] = "nobody_serves"
        elif any(frozenset((kinds[place], one)) in CONTRADICTIONS for one in others):
            reason[place] = "contradicts"
        elif full:
            reason[place] = "too_many"
        elif (
            room[place] >= took[place]
            and limits.budget is not None
            and (spent + costs[place] > limits.budget)
        ):
            reason[place] = "no_budget"
    return reason
