"""From several raters' pairwise judgements to weights that can be compared across quadrants of
different length.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.swot import ahp, tables
from kamresearch.analysis.swot.items import QUADRANTS, Item
from kamresearch.analysis.swot.judgements import check_judgements, collect_matrices
from kamresearch.analysis.swot.raters import (
    caveats_of_raters,
    measure_agreement,
    rate_raters,
    weigh_by_department,
)
from kamresearch.analysis.swot.reversal import Reversals, find_reversals
from kamresearch.display import Table
from kamresearch.finding import Finding
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown, needs_table


@dataclass(frozen=True)
class ItemWeights(Result, frame="weights"):
    """Weights of items with their uncertainty, and how far each rater can be trusted."""

    exports = (
        "swot.group_consistency_ratio",
        "swot.worst_consistency_ratio",
        "swot.n_inconsistent_raters",
        "swot.rater_agreement",
        "swot.first_item_certainty",
        "swot.n_reversals",
        "swot.n_reversals_textbook",
    )
    shows = (
        Shown("swot.weights"),
        Shown("swot.weights", "table"),
        Shown("swot.consistency"),
        Shown("swot.raters", "raters_table"),
        Shown("swot.departments", "departments_table"),
        Shown("swot.reversals", "reversals_table"),
    )
    cautions = False

    weights: pd.DataFrame
    """item_id, quadrant, local (sums to 1 in its quadrant), scaled (largest of a quadrant is 1),
    importance (quadrant's
    weight × scaled, largest is 1), classic (quadrant's weight × local), rank, rank_low, rank_high,
    first_share"""
    raters: pd.DataFrame
    """rater, department, block, n_pairs, n_answered, consistency_ratio, triad, revisit, given,
    fitting; the rater ``group``
    holds the geometric mean of all"""
    departments: pd.DataFrame
    """item_id, department, local"""
    agreement: float | None
    n_raters: int
    blocks: Mapping[str, tuple[tuple[str, ...], np.ndarray]]
    """quadrant → its items and the group's judgement matrix"""
    quadrant_weights: Mapping[str, float]
    caveats: tuple[Text, ...]

    @property
    def reason(self) -> Text | None:
        """Weights that nobody judged are all equal: there is nothing to show of them."""
        return None if self.n_raters else needs_table("judgements")

    @property
    def importance(self) -> dict[str, float]:
        """Item id → weight that may be compared across quadrants."""
        return dict(zip(self.weights["item_id"], self.weights["importance"], strict=True))

    @property
    def consistency(self) -> pd.DataFrame:
        """Worst consistency ratio of each rater over the blocks judged."""
        grouped = self.raters.groupby("rater", sort=False)["consistency_ratio"].max()
        return grouped.rename("consistency_ratio").reset_index()

    def findings(self) -> list[Finding]:
        """Raters below the usual mark, the group's ratio, agreement, the most important item."""
        single = self.consistency[self.consistency["rater"] != "group"]
        return tables.weight_findings(self, single)

    def table(self) -> Table:
        """Weights and ranks."""
        return tables.weights_table(self)

    def raters_table(self) -> Table:
        """Consistency per rater and block."""
        return tables.raters_table(self)

    def reversals(self, scaling: str = "largest") -> Reversals:
        """Items whose order turns when another is cloned or dropped."""
        return find_reversals(self.blocks, self.quadrant_weights, scaling=scaling)

    def reversals_table(self) -> Table:
        """Pairs that turn around when another item is cloned or dropped."""
        return tables.reversals_table(self)

    def departments_table(self) -> Table:
        """Weights by department: who sees it differently."""
        return tables.departments_table(self)


def equal_weights(items: tuple[Item, ...]) -> ItemWeights:
    """Weights where nobody judged: every item counts the same, whatever the length of its
    quadrant.
    """
    blocks = {
        quadrant: [item.id for item in items if item.quadrant == quadrant] for quadrant in QUADRANTS
    }
    local = {quadrant: np.full(len(ids), 1 / len(ids)) for quadrant, ids in blocks.items() if ids}
    shares = dict.fromkeys(local, 1 / len(local))
    frame = combine(blocks, local, shares)
    frame = frame.assign(rank_low=None, rank_high=None, first_share=None)
    caveat = _("Nobody's judgements are there: every item weighs the same.")
    return ItemWeights(
        frame,
        pd.DataFrame(columns=tables.RATER_COLUMNS),
        pd.DataFrame(columns=["item_id", "department", "local"]),
        None,
        0,
        {name: (tuple(ids), np.ones((len(ids), len(ids)))) for name, ids in blocks.items() if ids},
        shares,
        (caveat,),
    )


def weigh_items(
    judgements: pd.DataFrame,
    items: tuple[Item, ...],
    *,
    n_resamples: int = 500,
    random_state: int = 0,
) -> ItemWeights:
    """How much does each item weigh, and how sure can that be?

    Parameters
    ----------
    judgements : DataFrame
        One row per rater and pair: rater, left, right, value (1/9 to 9), department where known.
        ``left`` and ``right``
        are items of one quadrant, or two quadrants (strength, weakness, opportunity, threat).
    items : tuple of Item
        The items to weigh.
    n_resamples : int
        Draws of raters with replacement behind the ranks' intervals.
    random_state : int
        Seed of the draws.

    Returns
    -------
    ItemWeights
        Local weights by the principal eigenvector of the geometric mean of all raters.
        ``importance`` = quadrant's weight
        × (local ÷ largest local): an item's weight does not shrink because its quadrant is long,
        nor when another item is
        added that is not its quadrant's largest. Quadrants nobody compared weigh the same.

    Raises
    ------
    DataError
        No judgement; an item nobody knows (with near matches); a pair across quadrants; a value off
        the scale;
        a pair judged twice in contradiction.

    Notes
    -----
    A rater whose answers do not join all items of a block is left out of that block, and named. The
    ratio of the group
    says nothing about its members: inconsistent raters average out, so both are given.

    References
    ----------
    Saaty 1980; Harker 1987 (gaps); Belton and Gear 1983 (scaling by the largest).
    """
    rows = check_judgements(judgements, items)
    blocks = {
        quadrant: [item.id for item in items if item.quadrant == quadrant] for quadrant in QUADRANTS
    }
    blocks = {name: ids for name, ids in blocks.items() if ids}
    wanted = {**blocks, "quadrants": list(blocks)}
    matrices, caveats = collect_matrices(rows, wanted)
    raters = list(dict.fromkeys(rows["rater"]))
    frame = _weigh(blocks, wanted, matrices, raters)
    frame = frame.assign(**_bootstrap(blocks, wanted, matrices, raters, n_resamples, random_state))
    departments = dict(zip(rows["rater"], rows["department"], strict=True))
    table = rate_raters(wanted, matrices, departments)
    by_department = weigh_by_department(blocks, matrices, departments)
    caveats += caveats_of_raters(table, len(raters))
    group = {
        block: (tuple(ids), _group(matrices, block, len(ids))) for block, ids in blocks.items()
    }
    shares = ahp.principal_weights(_group(matrices, "quadrants", len(blocks)))[0]
    return ItemWeights(
        frame,
        table,
        by_department,
        measure_agreement(blocks, matrices, raters),
        len(raters),
        group,
        dict(zip(blocks, map(float, shares), strict=True)),
        tuple(caveats),
    )


def _weigh(blocks: dict, wanted: dict, matrices: dict, raters: list[str]) -> pd.DataFrame:
    """Weights of the group of raters (repeats count as often as they occur)."""
    local = {}
    for block, ids in wanted.items():
        chosen = [matrices[block, rater] for rater in raters if (block, rater) in matrices]
        local[block] = (
            ahp.principal_weights(ahp.group_matrix(chosen))[0]
            if chosen
            else np.full(len(ids), 1 / len(ids))
        )
    return combine(blocks, local, dict(zip(wanted["quadrants"], local["quadrants"], strict=True)))


def _group(matrices: dict, block: str, n: int) -> np.ndarray:
    """The matrix of all raters of a block; all ones where nobody judged it."""
    chosen = [matrix for (one, _rater), matrix in matrices.items() if one == block]
    return ahp.group_matrix(chosen) if chosen else np.ones((n, n))


def combine(blocks: dict, local: dict, quadrant_weights: dict) -> pd.DataFrame:
    """Local weights and quadrants' weights as one frame with importance and ranks."""
    rows = [
        {
            "item_id": item,
            "quadrant": block,
            "local": float(weight),
            "scaled": float(weight / local[block].max()),
            "classic": float(quadrant_weights[block] * weight),
            "importance": float(quadrant_weights[block] * weight / local[block].max()),
        }
        for block, ids in blocks.items()
        if ids
        for item, weight in zip(ids, local[block], strict=True)
    ]
    frame = pd.DataFrame(rows)
    frame["importance"] /= frame["importance"].max()
    # Rounded, so that items judged equal share a rank whatever the last bit says.
    return frame.assign(
        rank=frame["importance"].round(9).rank(ascending=False, method="min").astype(int)
    )


def _bootstrap(
    blocks: dict, wanted: dict, matrices: dict, raters: list[str], resamples: int, seed: int
) -> dict:
    """Rank intervals from drawing raters with replacement; nothing with one rater."""
    if len(raters) < 2 or resamples < 1:
        return {"rank_low": None, "rank_high": None, "first_share": None}
    generator = np.random.default_rng(seed)
    draws = [
        [raters[index] for index in generator.integers(0, len(raters), len(raters))]
        for _ in range(resamples)
    ]
    known: dict[tuple, np.ndarray] = {}
    for draw in draws:
        key = tuple(sorted(draw))
        if key not in known:
            known[key] = _weigh(blocks, wanted, matrices, draw)["rank"].to_numpy()
    ranks = np.stack([known[tuple(sorted(draw))] for draw in draws])
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0, method="nearest")
    return {
        "rank_low": low.astype(int),
        "rank_high": high.astype(int),
        "first_share": (ranks == 1).mean(axis=0),
    }


__all__ = ["ItemWeights", "combine", "equal_weights", "weigh_items"]
