"""Prices of groups: every group of three or four managers that could still improve a grouping,
found without listing all.

There are 65 million groups of four among 200 managers; their pairs alone rule nearly all of them
out.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

CHUNK = 20_000
"""Triangles extended at a time."""
QUICK = 200_000
"""Triangles looked at in a quick search."""
MOST = 150_000
"""Groups kept of a search; the rest is known only by a floor under its reduced costs."""


class Costs(Protocol):
    """What pricing needs to know: a group of k costs k × (mean distance of pairs + balance ×
    |its mean load − that of all|).
    """

    @property
    def distance(self) -> np.ndarray: ...
    @property
    def loads(self) -> np.ndarray: ...
    @property
    def balance(self) -> float: ...


@dataclass(frozen=True)
class Priced:
    """Groups with their reduced costs; no other group lies below ``floor``."""

    groups: np.ndarray
    reduced: np.ndarray
    floor: float

    @property
    def least(self) -> float:
        """No group at all has a smaller reduced cost than this."""
        return min(self.floor, float(self.reduced.min()) if len(self.reduced) else np.inf)


def price_groups(
    problem: Costs, duals: np.ndarray, size: int, ceiling: float, *, quick: bool = False
) -> Priced:
    """Groups of a size whose reduced cost (cost less its members' prices) is at most a ceiling.

    The reduced cost is the sum over the group's pairs of w = 2/(k − 1) × distance − both prices/(k
    − 1), plus the cost of
    imbalance. For four, each pair lies in two of the four triangles, so some triangle's sum of w is
    at most half of the
    whole: all such triangles are extended by every fourth; ``quick`` extends only the most
    promising ones.
    """
    weight = (2 * problem.distance - duals[:, None] - duals[None, :]) / (size - 1)
    excess = problem.loads - problem.loads.mean()
    triangles, sums = _triangles(weight, (ceiling if size == 3 else ceiling / 2) + 1e-9)
    if size == 3:
        reduced = sums + problem.balance * np.abs(excess[triangles].sum(axis=1))
        good = reduced <= ceiling + 1e-9
        return _join([Priced(triangles[good], reduced[good], ceiling)])
    floor = ceiling
    if quick and len(triangles) > QUICK:
        nearest = np.argpartition(sums, QUICK)
        # A four left out has all its triangles above the cut: its pairs sum to at least twice that.
        floor = min(floor, 2 * float(sums[nearest[QUICK]]))
        triangles = triangles[np.sort(nearest[:QUICK])]
    kept = [Priced(np.empty((0, 4), dtype=int), np.empty(0), floor)]
    for start in range(0, len(triangles), CHUNK):
        kept.append(
            _extend(weight, excess, problem.balance, triangles[start : start + CHUNK], ceiling)
        )
        if sum(len(part.groups) for part in kept) > MOST:
            kept = [_join(kept)]
    return _join(kept)


def _join(parts: list[Priced]) -> Priced:
    """Parts as one, each group once, at most `MOST`."""
    groups, reduced = (
        np.vstack([part.groups for part in parts]),
        np.concatenate([part.reduced for part in parts]),
    )
    floor = min(part.floor for part in parts)
    if len(groups):
        keys = groups @ 1000 ** np.arange(groups.shape[1])
        first = np.unique(keys, return_index=True)[1]
        groups, reduced = groups[first], reduced[first]
    if len(groups) > MOST:
        order = np.argsort(reduced, kind="stable")
        floor = min(floor, float(reduced[order[MOST]]))
        groups, reduced = groups[order[:MOST]], reduced[order[:MOST]]
    return Priced(groups, reduced, floor)


def _triangles(weight: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """All i < j < k whose three weights sum to at most the limit, and the sums."""
    found, sums_found = [np.empty((0, 3), dtype=int)], [np.empty(0)]
    for first in range(len(weight) - 2):
        sums = (
            weight[first, first + 1 :, None]
            + weight[first, None, first + 1 :]
            + weight[first + 1 :, first + 1 :]
        )
        second, third = np.nonzero(np.triu(sums <= limit, 1))
        found.append(
            np.column_stack([np.full(len(second), first), second + first + 1, third + first + 1])
        )
        sums_found.append(sums[second, third])
    return np.vstack(found), np.concatenate(sums_found)


def _extend(
    weight: np.ndarray, excess: np.ndarray, balance: float, triangles: np.ndarray, ceiling: float
) -> Priced:
    """Fours with one of the triangles whose reduced cost is at most the ceiling."""
    i, j, k = triangles.T
    sums = (weight[i, j] + weight[i, k] + weight[j, k])[:, None] + weight[i] + weight[j] + weight[k]
    sums += balance * np.abs((excess[i] + excess[j] + excess[k])[:, None] + excess[None, :])
    rows = np.arange(len(triangles))
    sums[rows, i] = sums[rows, j] = sums[rows, k] = np.inf
    row, fourth = np.nonzero(sums <= ceiling + 1e-9)
    return Priced(
        np.sort(np.column_stack([triangles[row], fourth]), axis=1), sums[row, fourth], ceiling
    )
