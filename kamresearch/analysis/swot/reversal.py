"""Rank reversal: does adding, cloning or dropping an item turn others around?"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from kamresearch.analysis.swot import ahp


@dataclass(frozen=True)
class Reversals:
    """Pairs of items whose order turned; ``pairs`` holds (before ahead, now ahead) and what
    was done.
    """

    frame: pd.DataFrame
    """change (clone, drop or edit), item (what was cloned or dropped), ahead_before, ahead_after"""

    def __len__(self) -> int:
        return len(self.frame)


_COLUMNS = ["change", "item", "ahead_before", "ahead_after"]


def compare_rankings(
    before: Mapping[str, float],
    after: Mapping[str, float],
    *,
    change: str = "edit",
    item: str = "",
    tolerance: float = 1e-9,
) -> Reversals:
    """Which items that both rankings hold stand in another order than before?

    >>> compare_rankings({"S1": 0.6, "S2": 0.4}, {"S1": 0.3, "S2": 0.5, "S3": 0.2}).frame["ahead_after"].tolist()
    ['S2']
    """  # noqa: E501
    rows = []
    for one, other in combinations([name for name in before if name in after], 2):
        first, then = before[one] - before[other], after[one] - after[other]
        if abs(first) > tolerance and abs(then) > tolerance and (first > 0) != (then > 0):
            ahead, behind = (one, other) if first > 0 else (other, one)
            rows.append((change, item, ahead, behind))
    return Reversals(pd.DataFrame(rows, columns=_COLUMNS))


def find_reversals(
    blocks: Mapping[str, tuple[tuple[str, ...], np.ndarray]],
    quadrant_weights: Mapping[str, float],
    *,
    scaling: str = "largest",
) -> Reversals:
    """Clone each item in turn, then drop each in turn: which other pairs turn around?

    Parameters
    ----------
    blocks : mapping
        Quadrant → (item ids, judgement matrix of the group).
    quadrant_weights : mapping
        Quadrant → weight.
    scaling : {"largest", "sum"}
        ``largest`` divides a quadrant's weights by its largest, ``sum`` is the textbook's way,
        under which a clone
        halves its whole quadrant against the others.
    """
    base = _scores(blocks, quadrant_weights, scaling)
    found = []
    for quadrant, (ids, matrix) in blocks.items():
        for place, item in enumerate(ids):
            grown = _clone(matrix, place)
            changed = {**blocks, quadrant: ((*ids, f"{item}′"), grown)}
            found.append(
                compare_rankings(
                    base, _scores(changed, quadrant_weights, scaling), change="clone", item=item
                ).frame
            )
            if len(ids) > 2 and not np.isnan(matrix).any():
                kept = [number for number in range(len(ids)) if number != place]
                fewer = {
                    **blocks,
                    quadrant: (tuple(ids[number] for number in kept), matrix[np.ix_(kept, kept)]),
                }
                found.append(
                    compare_rankings(
                        base, _scores(fewer, quadrant_weights, scaling), change="drop", item=item
                    ).frame
                )
    full = [frame for frame in found if len(frame)]
    return Reversals(pd.concat(full, ignore_index=True) if full else pd.DataFrame(columns=_COLUMNS))


def _clone(matrix: np.ndarray, place: int) -> np.ndarray:
    grown = np.ones((len(matrix) + 1, len(matrix) + 1))
    grown[:-1, :-1] = matrix
    grown[-1, :-1], grown[:-1, -1] = matrix[place], matrix[:, place]
    return grown


def _scores(
    blocks: Mapping, quadrant_weights: Mapping[str, float], scaling: str
) -> dict[str, float]:
    scores = {}
    for quadrant, (ids, matrix) in blocks.items():
        local = ahp.principal_weights(matrix)[0]
        local = local / local.max() if scaling == "largest" else local
        scores |= {
            item: float(quadrant_weights[quadrant] * weight)
            for item, weight in zip(ids, local, strict=True)
        }
    return scores
