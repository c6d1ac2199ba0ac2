"""Pairwise judgements of raters: checked, and as one matrix per rater and block."""

import numpy as np
import pandas as pd

from kamresearch.analysis.swot import ahp, tables
from kamresearch.analysis.swot.items import QUADRANTS, Item
from kamresearch.errors import AnalysisError, DataError, first_offenders, near_matches
from kamresearch.language import Text
from kamresearch.language import message as _


def check_judgements(judgements: pd.DataFrame, items: tuple[Item, ...]) -> pd.DataFrame:
    """Rows of the judgements table with their block (a quadrant, or the quadrants against each
    other); refuses strangers.
    """
    if judgements.empty:
        raise DataError(
            "judgements", "at least one judgement", "none", "fill the table, or leave it out"
        )
    numbers = pd.to_numeric(judgements["value"], errors="coerce")
    words = judgements.loc[numbers.isna() & judgements["value"].notna(), "value"]
    if len(words):
        raise DataError(
            "judgements, column 'value'",
            "numbers from 1/9 to 9",
            first_offenders(words),
            "write 3 or 0.333",
        )
    rows = judgements.assign(value=numbers)[numbers.notna()]
    if rows.empty or rows["rater"].isna().any():
        found = (
            "no value at all"
            if rows.empty
            else f"{int(rows['rater'].isna().sum())} rows without a rater"
        )
        raise DataError(
            "judgements",
            "judgements with their rater and value",
            found,
            "fill these cells, or leave the rows out",
        )
    rows["department"] = (
        rows["department"].where(rows["department"].notna(), "") if "department" in rows else ""
    )
    for side in ("left", "right", "rater", "department"):
        rows[side] = rows[side].astype(str).str.strip()
    quadrant_of = {item.id: item.quadrant for item in items} | dict.fromkeys(QUADRANTS, "quadrants")
    names = pd.concat([rows["left"], rows["right"]])
    unknown = [name for name in dict.fromkeys(names) if name not in quadrant_of]
    if unknown:
        raise DataError(
            "judgements, columns 'left' and 'right'",
            "items of the swot table, or quadrants",
            first_offenders(unknown),
            near_matches(unknown[0], quadrant_of),
        )
    rows["block"] = rows["left"].map(quadrant_of)
    across = rows[rows["block"] != rows["right"].map(quadrant_of)]
    if len(across):
        pairs = [f"{row.left} and {row.right}" for row in across.itertuples()]
        raise DataError(
            "judgements",
            "pairs inside one quadrant, or of two quadrants",
            first_offenders(pairs),
            "compare items within their quadrant, and the quadrants with each other",
        )
    return rows


def collect_matrices(rows: pd.DataFrame, wanted: dict[str, list[str]]) -> tuple[dict, list[Text]]:
    """(block, rater) → matrix for raters whose answers join all items of the block."""
    matrices: dict[tuple[str, str], np.ndarray] = {}
    caveats: list[Text] = []
    for (rater, block), part in rows.groupby(["rater", "block"], sort=False, observed=True):
        ids = tuple(wanted.get(block, ()))
        if block == "quadrants":
            part = part[part["left"].isin(ids) & part["right"].isin(ids)]
        if len(ids) < 2 or part.empty:
            continue
        pairs = list(zip(part["left"], part["right"], part["value"].astype(float), strict=True))
        matrix = ahp.build_matrix(ids, pairs, f"judgements of {rater!r}")
        try:
            ahp.fill_gaps(matrix)
        except AnalysisError:
            caveats.append(
                _(
                    "{rater} answered too few pairs of “{block}” to weigh all its items "
                    "and is left out there.",
                    rater=rater,
                    block=tables.BLOCK_NAMES[block],
                )
            )
            continue
        matrices[block, rater] = matrix
    return matrices, caveats
