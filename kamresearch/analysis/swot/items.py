"""The items of a SWOT as data: quadrant, statement in both languages, owner, date, evidence
with conditions.
"""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.swot.condition import Condition, parse_condition
from kamresearch.errors import DataError, first_offenders, near_matches
from kamresearch.language import LANGUAGES, Fixed
from kamresearch.language import message as _

QUADRANTS = ("strength", "weakness", "opportunity", "threat")
QUADRANT_NAMES = {
    "strength": _("Strengths"),
    "weakness": _("Weaknesses"),
    "opportunity": _("Opportunities"),
    "threat": _("Threats"),
}
ROLES = {
    "executive sponsor": _("executive sponsor"),
    "key account director": _("key account director"),
    "marketing director": _("marketing director"),
    "product director": _("product director"),
    "after-sales director": _("after-sales director"),
    "dealer manager": _("dealer manager"),
    "policy manager": _("policy manager"),
    "sales controller": _("sales controller"),
}
"""Roles that answer for items, strategies and goals; other owners are shown as they are written."""
INTERNAL, EXTERNAL = QUADRANTS[:2], QUADRANTS[2:]


@dataclass(frozen=True)
class Item:
    """One statement of a SWOT; ``evidence`` holds (finding id, condition) pairs, all of which
    must hold.
    """

    id: str
    quadrant: str
    text: Fixed
    owner: str = ""
    date: str = ""
    evidence: tuple[tuple[str, Condition], ...] = ()
    rating: int | None = None
    indirect: frozenset[str] = frozenset()
    """Findings of ``evidence`` that only touch the subject: shown, and deciding nothing"""


def read_items(frame: pd.DataFrame) -> tuple[Item, ...]:
    """The rows of the ``swot`` table as items, checked.

    Parameters
    ----------
    frame : DataFrame
        Columns of the contract: item_id, quadrant, text_en, text_zh, and where known owner, date,
        evidence (ids of findings, separated by ``;``; ``~`` before one that only touches the
        subject), condition (one for each, separated by ``;``), rating (1 to 4).

    Returns
    -------
    tuple of Item
        In the order of the table.

    Raises
    ------
    DataError
        No item; an id twice; an unknown quadrant (with near matches); evidence without a condition,
        or the other way.
    """
    if frame.empty:
        raise DataError("swot", "at least one item", "none", "fill the table, or leave it out")
    ids = frame["item_id"].astype(str).str.strip()
    if ids.duplicated().any():
        raise DataError(
            "swot, column 'item_id'",
            "each item once",
            first_offenders(ids[ids.duplicated()]),
            "rename one of each",
        )
    return tuple(_read_item(row) for row in frame.assign(item_id=ids).to_dict("records"))


def _read_item(row: dict) -> Item:
    where = f"swot, item {row['item_id']!r}"
    quadrant = str(row["quadrant"]).strip().lower()
    if quadrant not in QUADRANTS:
        raise DataError(
            f"{where}, column 'quadrant'",
            f"one of {', '.join(QUADRANTS)}",
            repr(quadrant),
            near_matches(quadrant, QUADRANTS),
        )
    text = Fixed.of_row(row, "text")
    if not text.texts:
        raise DataError(
            where, f"a statement in text_{LANGUAGES[0]}", "none", "write what the item says"
        )
    day = row.get("date")
    rating, evidence = row.get("rating"), _read_evidence(row, where)
    return Item(
        row["item_id"],
        quadrant,
        text,
        _text(row.get("owner")),
        "" if pd.isna(day) else str(pd.Timestamp(day).date()),
        tuple((name.lstrip("~ "), condition) for name, condition in evidence),
        None if rating is None or pd.isna(rating) else int(rating),
        frozenset(name.lstrip("~ ") for name, _condition in evidence if name.startswith("~")),
    )


def _read_evidence(row: dict, where: str) -> tuple[tuple[str, Condition], ...]:
    findings = [
        part.strip()
        for part in _text(row.get("evidence")).replace("；", ";").split(";")
        if part.strip()
    ]
    written = [
        part.strip()
        for part in _text(row.get("condition")).replace("；", ";").split(";")
        if part.strip()
    ]
    if len(findings) != len(written):
        raise DataError(
            f"{where}, columns 'evidence' and 'condition'",
            "one condition for each finding",
            f"{len(findings)} findings and {len(written)} conditions",
            "separate several by ';' in both columns",
        )
    return tuple(
        (name, parse_condition(text, f"{where}, column 'condition'"))
        for name, text in zip(findings, written, strict=True)
    )


def _text(value: object) -> str:
    """A cell as text; missing is empty."""
    return "" if value is None or value is pd.NA or value != value else str(value).strip()
