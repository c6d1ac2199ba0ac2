"""Pairs into clusters: average linkage, so that one doubtful pair never joins two families,
and apart what must stay apart.
"""

import heapq

import numpy as np
import pandas as pd


def cluster_pairs(
    pairs: pd.DataFrame,
    n: int,
    threshold: float = 0.5,
    apart: set[tuple[int, int]] | None = None,
    together: set[tuple[int, int]] | None = None,
) -> np.ndarray:
    """Rows 0 … n − 1 → cluster number (its smallest row), from pairs with left, right, probability.

    Clusters are merged, best first, while the mean log odds between their members stay above the
    threshold's; a pair
    never scored counts as unlikely. ``together`` pairs are joined first; ``apart`` pairs never
    meet.
    """
    labels = _Clusters(n, apart or set())
    for left, right in sorted(together or ()):
        labels.join(left, right)
    cut = float(np.log2(threshold / (1 - threshold))) if 0 < threshold < 1 else 0.0
    strong = pairs[pairs["probability"] >= 0.01]
    odds = np.log2(
        strong["probability"].clip(1e-9, 1 - 1e-9)
        / (1 - strong["probability"].clip(1e-9, 1 - 1e-9))
    )
    labels.merge(
        strong["left"].to_numpy(),
        strong["right"].to_numpy(),
        np.clip(odds.to_numpy() - cut, -12, 12),
    )
    return labels.roots()


class _Clusters:
    """Agglomeration by mean evidence between clusters; unscored pairs carry MISSING."""

    MISSING = -6.0

    def __init__(self, n: int, apart: set[tuple[int, int]]) -> None:
        self.parent = np.arange(n)
        self.size = np.ones(n, dtype=int)
        self.links: dict[int, dict[int, tuple[float, int]]] = {}
        self.apart: dict[int, set[int]] = {}
        for left, right in apart:
            self.apart.setdefault(left, set()).add(right)
            self.apart.setdefault(right, set()).add(left)

    def root(self, row: int) -> int:
        while self.parent[row] != row:
            self.parent[row] = self.parent[self.parent[row]]
            row = int(self.parent[row])
        return row

    def forbidden(self, left: int, right: int) -> bool:
        return any(self.root(other) == right for other in self.apart.get(left, ()))

    def join(self, left: int, right: int) -> int | None:
        """Merge two clusters by hand; None where they are one already or must stay apart."""
        left, right = sorted((self.root(left), self.root(right)))
        if left == right or self.forbidden(left, right):
            return None
        self.parent[right] = left
        self.size[left] += self.size[right]
        self.apart.setdefault(left, set()).update(self.apart.pop(right, set()))
        theirs, mine = self.links.pop(right, {}), self.links.setdefault(left, {})
        mine.pop(right, None)
        for other, (total, count) in theirs.items():
            if other == left:
                continue
            before = mine.get(other, (0.0, 0))
            mine[other] = (before[0] + total, before[1] + count)
            self.links[other].pop(right, None)
            self.links[other][left] = mine[other]
        return left

    def score(self, left: int, right: int) -> float:
        total, count = self.links[left][right]
        pairs = int(self.size[left] * self.size[right])
        return (total + self.MISSING * (pairs - count)) / pairs

    def merge(self, left: np.ndarray, right: np.ndarray, evidence: np.ndarray) -> None:
        for one, two, value in zip(left.tolist(), right.tolist(), evidence.tolist(), strict=True):
            one, two = self.root(one), self.root(two)
            if one != two:
                for a, b in ((one, two), (two, one)):
                    before = self.links.setdefault(a, {}).get(b, (0.0, 0))
                    self.links[a][b] = (before[0] + value, before[1] + 1)
        heap = [
            (-self.score(a, b), a, b) for a, others in self.links.items() for b in others if a < b
        ]
        heap = [item for item in heap if item[0] <= 0]
        heapq.heapify(heap)
        while heap:
            worst, one, two = heapq.heappop(heap)
            current = (
                self.root(one) == one and self.root(two) == two and two in self.links.get(one, {})
            )
            if not current or abs(-worst - self.score(one, two)) > 1e-12:
                continue
            joined = self.join(one, two)
            if joined is None:
                continue
            for other in self.links.get(joined, {}):
                value = self.score(joined, other)
                if value >= 0:
                    heapq.heappush(heap, (-value, min(joined, other), max(joined, other)))

    def roots(self) -> np.ndarray:
        return np.array([self.root(row) for row in range(len(self.parent))], dtype="int64")
