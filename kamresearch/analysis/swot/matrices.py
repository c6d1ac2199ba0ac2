"""IFE, EFE and the IE matrix, with the rules that are commonly broken checked before anything
is added up.
"""

from dataclasses import dataclass
from typing import cast

import pandas as pd

from kamresearch.analysis.swot.items import EXTERNAL, INTERNAL, QUADRANTS, Item
from kamresearch.analysis.swot.weights import ItemWeights
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import DataError, first_offenders
from kamresearch.finding import Finding
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

CELLS = (("I", "II", "III"), ("IV", "V", "VI"), ("VII", "VIII", "IX"))
"""Rows: external score high, medium, low; columns: internal score strong, average, weak."""
ADVICE = {
    "grow": _("grow and build"),
    "hold": _("hold and maintain"),
    "harvest": _("harvest or divest"),
}
_ADVICE_OF = {
    "I": "grow",
    "II": "grow",
    "IV": "grow",
    "III": "hold",
    "V": "hold",
    "VII": "hold",
    "VI": "harvest",
    "VIII": "harvest",
    "IX": "harvest",
}
SIDES = {"internal": _("Internal factors (IFE)"), "external": _("External factors (EFE)")}
_IE_MEANING = _(
    "Cell of the nine-cell IE matrix: internal score (IFE) against external score (EFE), "
    "cut at 2 and 3."
)


@dataclass(frozen=True)
class Matrices(Result):
    """Weighted ratings of internal and external factors, and the cell they lead to."""

    exports = ("swot.ife_score", "swot.efe_score", "swot.ie_cell")
    shows = (Shown("swot.ie_matrix"), Shown("swot.matrices", "table"))
    cautions = False

    frame: pd.DataFrame
    """item_id, side, weight (sums to 1 on each side), rating, score"""
    ife: float | None
    efe: float | None
    cell: str | None
    caveats: tuple[Text, ...]

    @property
    def advice(self) -> str | None:
        """``grow``, ``hold`` or ``harvest``."""
        return None if self.cell is None else _ADVICE_OF[self.cell]

    def findings(self) -> list[Finding]:
        """Both scores and the cell."""
        reason = _("Some items carry no rating, or one side holds no item.")
        n = {"n": len(self.frame), "n_unit": "count", "reason": reason}
        return [
            Finding(
                "swot.ife_score",
                self.ife,
                "score",
                _("Internal factors: weighted rating"),
                _(
                    "Sum of weight × rating over strengths and weaknesses; 1 weak to 4 "
                    "strong, 2.5 in the middle."
                ),
                good="up",
                **n,
            ),
            Finding(
                "swot.efe_score",
                self.efe,
                "score",
                _("External factors: weighted rating"),
                _(
                    "Sum of weight × rating over opportunities and threats: how well the "
                    "company answers them, 1 to 4."
                ),
                good="up",
                **n,
            ),
            Finding(
                "swot.ie_cell",
                self.cell,
                "text",
                _("Cell of the IE matrix"),
                _IE_MEANING,
                figure="swot.ie_matrix",
                **n,
            ),
        ]

    def table(self) -> Table:
        """Weight × rating per item."""
        return make_table(
            "swot.matrices",
            _("Weights and ratings of internal and external factors"),
            self.frame,
            Column("side", _("Side"), terms=SIDES),
            Column("item_id", _("Item")),
            Column("weight", _("Weight"), "score"),
            Column("rating", _("Rating"), "count"),
            Column("score", _("Score"), "score"),
            caption=_(
                "Weights sum to 1 on each side; strengths are rated 3 or 4, weaknesses 1 "
                "or 2, opportunities and threats 1 to 4 by how well "
                "the company answers them."
            ),
        )


def rate_matrices(items: tuple[Item, ...], weights: ItemWeights) -> Matrices:
    """Where does the company stand inside and outside, on the scale of the IFE and EFE matrices?

    Weights are the items' importance divided by its sum over the side, so that they sum to 1
    whatever the number of
    items. An item without a rating leaves its side undefined rather than rated in the middle.

    Raises
    ------
    DataError
        A rating that is not 1 to 4; a strength below 3; a weakness above 2.
    """
    check_ratings(items)
    importance = weights.importance
    rows = [
        {
            "item_id": item.id,
            "side": "internal" if item.quadrant in INTERNAL else "external",
            "weight": importance[item.id],
            "rating": item.rating,
        }
        for item in sorted(items, key=lambda item: QUADRANTS.index(item.quadrant))
    ]
    frame = pd.DataFrame(rows)
    frame["weight"] = frame["weight"] / frame.groupby("side", observed=True)["weight"].transform(
        "sum"
    )
    frame["rating"] = frame["rating"].astype("Int64")
    frame["score"] = frame["weight"] * frame["rating"].astype("Float64")
    scores = {side: _side_score(frame[frame["side"] == side]) for side in SIDES}
    cell = (
        None
        if None in scores.values()
        else find_cell(cast(float, scores["internal"]), cast(float, scores["external"]))
    )
    unrated = frame.loc[frame["rating"].isna(), "item_id"]
    caveats = (
        (_("Without a rating: {items}.", items=", ".join(unrated[:12])),) if len(unrated) else ()
    )
    return Matrices(frame, scores["internal"], scores["external"], cell, caveats)


def check_ratings(items: tuple[Item, ...]) -> None:
    """Refuse ratings that break the rules of IFE and EFE."""
    allowed = {"strength": (3, 4), "weakness": (1, 2), **dict.fromkeys(EXTERNAL, (1, 4))}
    for quadrant, (low, high) in allowed.items():
        wrong = [
            f"{item.id} {item.rating}"
            for item in items
            if item.quadrant == quadrant
            and item.rating is not None
            and not low <= item.rating <= high
        ]
        if wrong:
            raise DataError(
                "swot, column 'rating'",
                f"{low} to {high} for each {quadrant}",
                first_offenders(wrong),
                "IFE rates strengths 3 or 4 and weaknesses 1 or 2; EFE rates 1 to 4",
            )


def check_weights(weights: dict[str, float], where: str = "IFE/EFE weights") -> None:
    """Refuse weights that do not sum to 1 or are negative (for matrices that come ready-made)."""
    total = sum(weights.values())
    if abs(total - 1) > 0.005 or min(weights.values()) < 0:
        raise DataError(
            where,
            "weights from 0 that sum to 1",
            f"a sum of {total:.3f}",
            "divide each by their sum",
        )


def _side_score(side: pd.DataFrame) -> float | None:
    return None if side.empty or side["rating"].isna().any() else float(side["score"].sum())


def find_cell(ife: float, efe: float) -> str:
    """Cell of the IE matrix; boundaries at 2 and 3 belong to the better band.

    >>> find_cell(3.1, 3.4), find_cell(2.5, 2.4), find_cell(1.6, 1.2), find_cell(3.0, 2.0)
    ('I', 'V', 'IX', 'IV')
    """
    return CELLS[_band(efe)][_band(ife)]


def _band(score: float) -> int:
    return 0 if score >= 3 - 1e-9 else 1 if score >= 2 - 1e-9 else 2
