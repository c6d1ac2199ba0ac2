"""Those who serve the same accounts are one team: the list is chosen with the hours of them all,
and handed out among them afterwards, so that no program grows with people times proposals.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from kamresearch.analysis.decisions.assumptions import CONTRADICTIONS
from kamresearch.analysis.organisation.serving import Serving

if TYPE_CHECKING:
    from kamresearch.analysis.decisions.reconcile import Limits


@dataclass(frozen=True)
class Teams:
    """Who can follow which proposals.

    Parameters
    ----------
    place : array
        The place (region and channel) of each proposal, a row of `fits`.
    fits : array
        Place × team: does the team serve it?
    of_owner : array
        The team of each possible owner.
    """

    place: np.ndarray
    fits: np.ndarray
    of_owner: np.ndarray

    @cached_property
    def members(self) -> list[np.ndarray]:
        """The owners of each team."""
        order = np.argsort(self.of_owner, kind="stable")
        ends = np.cumsum(np.bincount(self.of_owner, minlength=self.fits.shape[1]))
        return np.split(order, ends)[:-1]

    def room(self, hours: np.ndarray) -> np.ndarray:
        """Hours of each team, all its owners together."""
        return np.array([hours[one].sum() for one in self.members], dtype=float)

    def largest(self, hours: np.ndarray) -> np.ndarray:
        """Hours of the owner who has most, by team: one proposal has one owner."""
        return np.array([hours[one].max() for one in self.members], dtype=float)

    @property
    def served(self) -> np.ndarray:
        """Whether anybody serves each proposal."""
        return cast(np.ndarray, self.fits.any(axis=1))[self.place]

    def parts(self, whole: bool) -> Iterator[np.ndarray]:
        """Proposals that somebody serves, by the part of the company that shares nobody with
        another; the whole as one where a limit binds them all.
        """
        from scipy.sparse import block_array, csr_array
        from scipy.sparse.csgraph import connected_components

        served = np.flatnonzero(self.served)
        if whole or not len(served):
            yield served
            return
        links = csr_array(self.fits)
        both = block_array([[None, links], [links.T, None]])
        part = connected_components(both, directed=False)[1][self.place[served]]
        for one in dict.fromkeys(part):
            yield served[part == one]


def find_teams(serving: Serving | None, n: int) -> Teams:
    """The teams of n proposals; without managers one team of nobody named, who serves all."""
    if serving is None:
        return Teams(np.zeros(n, dtype=int), np.ones((1, 1), bool), np.zeros(1, dtype=int))
    of_owner, _alike = pd.factorize(pd.Series([one.tobytes() for one in serving.fits.T]))
    first = pd.Series(of_owner).drop_duplicates().index
    return Teams(serving.place, serving.fits[:, first], of_owner)


def hand_out(team: np.ndarray, teams: Teams, holder: np.ndarray, desk: "Desk") -> np.ndarray:
    """Who follows each proposal (−1: nobody).

    A team of one takes what was chosen for it. In a larger one whole accounts are handed out, the
    best per hour first: to who holds the account where there is room, else to the owner who
    has least room to spare for it. What no single owner has room for is left, and the room that
    remains goes to the best per hour that still fits.
    """
    alone = np.array([*(one[0] if len(one) == 1 else -1 for one in teams.members), -1])
    who = alone[team]
    crowded = (team >= 0) & (who < 0)
    desk.take_all(np.flatnonzero(who >= 0), who)
    if crowded.any():
        _share(np.flatnonzero(crowded), team, teams, holder, desk, who)
        _fill(teams, holder, desk, who)
    return who


def _share(
    chosen: np.ndarray,
    team: np.ndarray,
    teams: Teams,
    holder: np.ndarray,
    desk: "Desk",
    who: np.ndarray,
) -> None:
    """Whole accounts to owners, the best per hour first."""
    told = pd.DataFrame({"gain": desk.gain[chosen], "hours": desk.took[chosen]})
    by_account = told.groupby(desk.account[chosen], sort=False)
    rows, sums = by_account.indices, by_account.sum()
    best = (sums["gain"] / sums["hours"]).sort_values(ascending=False, kind="stable")
    for account in best.index:
        mine, need = chosen[rows[account]], sums.at[account, "hours"]
        members = teams.members[team[mine[0]]]
        owner = desk.find_owner(members, int(holder[mine[0]]), need)
        if owner >= 0:
            who[mine] = owner
            desk.take_all(mine, who)


def _fill(teams: Teams, holder: np.ndarray, desk: "Desk", who: np.ndarray) -> None:
    """The room that remains to the best per hour that still fits."""
    nobody = np.array([], dtype=int)
    crowds = [members if len(members) > 1 else nobody for members in teams.members]
    able = [
        np.concatenate([nobody, *(crowds[one] for one in np.flatnonzero(fits))])
        for fits in teams.fits
    ]
    for row in np.flatnonzero(who < 0).tolist():
        owner = desk.offer(row, able[teams.place[row]], int(holder[row]))
        if owner >= 0:
            who[row] = owner
            desk.take_all(np.array([row]), who)


class Desk:
    """What is left of hours, money and places while proposals are handed out."""

    def __init__(self, work: pd.DataFrame, hours: np.ndarray, limits: "Limits") -> None:
        self.account = pd.factorize(work["account_id"])[0]
        self.kind = work["kind"].to_numpy(object)
        self.gain, self.took, self.cost = (
            work[name].to_numpy(float) for name in ("expected_gain", "hours", "cost")
        )
        self.room = hours.astype(float).copy()
        self.hours, self.money, self.places = (
            np.inf if one is None else float(one)
            for one in (limits.total, limits.budget, limits.most)
        )
        self.kinds: dict[int, set[str]] = {}
        self.owners: dict[int, int] = {}

    def take_all(self, rows: np.ndarray, who: np.ndarray) -> None:
        """Those proposals go to their owners, and use what they use."""
        np.subtract.at(self.room, who[rows], self.took[rows])
        self.hours -= self.took[rows].sum()
        self.money -= self.cost[rows].sum()
        self.places -= len(rows)
        for row in rows.tolist():
            account = int(self.account[row])
            self.kinds.setdefault(account, set()).add(self.kind[row])
            self.owners[account] = int(who[row])

    def find_owner(self, members: np.ndarray, holder: int, need: float) -> int:
        """Of those with room the holder, else who has least to spare; −1 where nobody has."""
        fits = members[self.room[members] >= need]
        if not len(fits):
            return -1
        return int(holder if holder in fits else fits[np.argmin(self.room[fits])])

    def offer(self, row: int, members: np.ndarray, holder: int) -> int:
        """Who could follow one more proposal, beside all that is handed out already; −1: nobody."""
        account, need = int(self.account[row]), self.took[row]
        if self.places < 1 or need > self.hours or self.cost[row] > self.money:
            return -1
        kinds = self.kinds.get(account, set())
        apart = {frozenset((self.kind[row], one)) for one in kinds}
        if self.kind[row] in kinds or apart & CONTRADICTIONS:
            return -1
        if account in self.owners:
            members = members[members == self.owners[account]]
        return self.find_owner(members, holder, need)
