"""Out of all proposals those that can be followed: nothing contradicts, each has an owner with
hours, and the money lasts (one mixed-integer program).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.decisions.assumptions import CONTRADICTIONS, Assumptions
from kamresearch.analysis.organisation.serving import can_serve
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
"""Proposals that the program weighs at most: the best per hour; more could not be followed."""
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


@dataclass(frozen=True)
class Reconciled:
    """Chosen proposals with their owners, and the others with the reason."""

    chosen: pd.DataFrame
    left_out: pd.DataFrame


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
        the hours.
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
    serves = can_serve(rows, managers) if managers is not None else np.ones((len(work), 1), bool)
    served = cast(np.ndarray, serves.any(axis=1))
    weighed = np.flatnonzero(served)[:MOST_WEIGHED]
    chosen, owner = _solve(work, weighed, serves, owners, hours, limits)
    reason = _explain(work, chosen, served, serves, owner, owners, hours, limits)
    result = work.assign(owner=owner, reason=reason)
    rest = result[~chosen].drop(columns="owner")
    return Reconciled(
        result[chosen].drop(columns="reason").reset_index(drop=True),
        pd.concat([rest, lacking], ignore_index=True),
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
    work: pd.DataFrame,
    weighed: np.ndarray,
    serves: np.ndarray,
    owners: np.ndarray,
    hours: np.ndarray,
    limits: Limits,
) -> tuple[np.ndarray, np.ndarray]:
    """Which proposals are chosen, and by whom they are followed."""
    from scipy.optimize import Bounds, LinearConstraint

    chosen, owner = np.zeros(len(work), dtype=bool), np.full(len(work), None, dtype=object)
    pair, by = np.nonzero(serves[weighed])
    pair = weighed[pair]
    if not len(pair):
        return chosen, owner
    gain, took = work["expected_gain"].to_numpy(float), work["hours"].to_numpy(float)
    # The manager in charge goes first among equals; what is due without a gain still counts a bit.
    held = owners[by] == work["holder"].to_numpy(object)[pair]
    scale = max(float(np.abs(gain).max()), 1.0)
    worth = gain[pair].clip(0) / scale + 1e-6 * (1 + held)
    constraints = _constraints(work, pair, by, owners, hours, limits, took)
    matrix, upper = _stack(constraints, len(pair))
    solved = solve_whole(
        -worth,
        integrality=np.ones(len(pair)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, -np.inf, upper),
        options={"node_limit": 200, "mip_rel_gap": 1e-3},
    )
    if solved.x is None:
        return chosen, owner
    taken = np.flatnonzero(solved.x > 0.5)
    chosen[pair[taken]] = True
    owner[pair[taken]] = owners[by[taken]]
    return chosen, owner


Row = tuple[np.ndarray, np.ndarray, float]
"""Places of the variables, their weights, and the most that they may add up to."""


def _constraints(
    work: pd.DataFrame,
    pair: np.ndarray,
    by: np.ndarray,
    owners: np.ndarray,
    hours: np.ndarray,
    limits: Limits,
    took: np.ndarray,
) -> list[Row]:
    rows: list[Row] = []
    ones = np.ones(len(pair))

    def add(members: np.ndarray, weights: np.ndarray, most: float) -> None:
        if np.isfinite(most):
            rows.append((members, weights[members], float(most)))

    for one in range(len(owners)):
        add(np.flatnonzero(by == one), took[pair], hours[one])
    everyone = np.arange(len(pair))
    total = limits.capacity
    if total is not None and not isinstance(total, Mapping):
        add(everyone, took[pair], float(total))
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
    chosen: np.ndarray,
    served: np.ndarray,
    serves: np.ndarray,
    owner: np.ndarray,
    owners: np.ndarray,
    hours: np.ndarray,
    limits: Limits,
) -> np.ndarray:
    """Why each proposal that is not chosen is not."""
    took, kinds = work["hours"].to_numpy(float), work["kind"].to_numpy()
    used = np.array([took[chosen & (owner == one)].sum() for one in owners])
    room = (np.where(serves, hours - used, -np.inf)).max(axis=1, initial=-np.inf)
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
