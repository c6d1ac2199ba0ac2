"""Groupings of a team: what one costs, and how to make one by rule, by chance and by swapping."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

RANDOM_DRAWS = 200


@dataclass(frozen=True)
class Problem:
    """Unlikeness of each two managers, their loads, and what imbalance costs."""

    distance: np.ndarray
    loads: np.ndarray
    balance: float

    @property
    def n(self) -> int:
        """Number of managers."""
        return len(self.loads)

    def costs(self, groups: np.ndarray) -> np.ndarray:
        """Cost of each group (rows of members): k × (mean unlikeness of pairs + balance ×
        distance of the mean load from the team's).
        """
        size = groups.shape[1]
        pairs = list(combinations(range(size), 2))
        unlike = sum(self.distance[groups[:, i], groups[:, j]] for i, j in pairs) / len(pairs)
        uneven = np.abs(self.loads[groups].mean(axis=1) - self.loads.mean())
        return size * (unlike + self.balance * uneven)

    def total(self, groups: list[tuple[int, ...]]) -> float:
        """Cost of a grouping per manager."""
        return float(sum(self.costs(np.array([group]))[0] for group in groups) / self.n)


def group_sizes(n: int) -> list[int]:
    """Sizes of three and four that add up to n, as many fours as are needed (five stays whole).

    >>> group_sizes(7), group_sizes(12), group_sizes(5)
    ([4, 3], [3, 3, 3, 3], [5])
    """
    if n == 5:
        return [5]
    fours = n % 3
    return [4] * fours + [3] * ((n - 4 * fours) // 3)


def group_greedily(problem: Problem) -> list[tuple[int, ...]]:
    """Seed each group with the manager farthest from the others left, then add whoever costs
    least.
    """
    left = set(range(problem.n))
    groups = []
    for size in group_sizes(problem.n):
        rest = sorted(left)
        seed = max(rest, key=lambda one: (problem.distance[one, rest].sum(), -one))
        group = [seed]
        while len(group) < size:
            rest = sorted(left - set(group))
            group.append(
                min(rest, key=lambda one: (problem.costs(np.array([[*group, one]]))[0], one))
            )
        left -= set(group)
        groups.append(tuple(sorted(group)))
    return groups


def group_randomly(problem: Problem, generator: np.random.Generator) -> list[list[tuple[int, ...]]]:
    """Groupings drawn at random, with the same sizes."""
    cuts = np.cumsum(group_sizes(problem.n))[:-1]
    return [
        [tuple(sorted(part.tolist())) for part in np.split(generator.permutation(problem.n), cuts)]
        for _ in range(RANDOM_DRAWS)
    ]


def improve(problem: Problem, groups: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """Swap managers of two groups as long as that helps (first improvement, fixed order)."""
    distance, excess = problem.distance.tolist(), (problem.loads - problem.loads.mean()).tolist()

    def price(group: list[int]) -> float:
        unlike = sum(distance[one][other] for one, other in combinations(group, 2))
        return 2 / (len(group) - 1) * unlike + problem.balance * abs(
            sum(excess[one] for one in group)
        )

    parts = [list(group) for group in groups]
    cost = [price(group) for group in parts]
    better = True
    while better:
        better = False
        for a, b in combinations(range(len(parts)), 2):
            for i, j in [(i, j) for i in range(len(parts[a])) for j in range(len(parts[b]))]:
                one, other = parts[a].copy(), parts[b].copy()
                one[i], other[j] = other[j], one[i]
                new = price(one), price(other)
                if sum(new) < cost[a] + cost[b] - 1e-10:
                    parts[a], parts[b], cost[a], cost[b], better = one, other, *new, True
    return [tuple(sorted(group)) for group in parts]
