"""Where the head of a table stands under title lines, and what its rows repeat of it."""

import re
from collections.abc import Sequence

FULL = 0.6
"""A head names at least this share of the columns that the fullest rows fill."""

_VALUE = re.compile(r"^[^A-Za-z\u0370-\uffff]*[0-9][^A-Za-z\u0370-\uffff]*$")
"""A cell of digits and marks: an amount or a day, and no name of a column."""

YEAR = re.compile(r"^(?:19|20)\d\d$")


def find_head(rows: Sequence[Sequence[str | None]]) -> tuple[int, list[str], int]:
    """Place of the head among the first rows, its names, and how many rows they take (two where
    years or groups stand above the names).

    The head is the first row that fills most columns; title lines above it fill few.
    """
    filled = [[bool(cell and cell.strip()) for cell in row] for row in rows]
    widest = max((sum(row) for row in filled), default=0)
    place = next((at for at, row in enumerate(filled) if sum(row) >= max(1, FULL * widest)), 0)
    first = next((at for at, row in enumerate(filled) if any(row)), 0)
    if place != first and (widest < 3 or not _may_name(rows[place])):
        place = first
    if _heads_values(rows, filled, place, FULL * widest):
        place += 1
    if place == first and _is_above(rows, filled, place):
        return place, _joined(rows[place], rows[place + 1]), 2
    if place > first and _is_above(rows, filled, place - 1):
        return place - 1, _joined(rows[place - 1], rows[place]), 2
    return place, [cell or "" for cell in rows[place]], 1


def _heads_values(rows: Sequence, filled: Sequence, place: int, full: float) -> bool:
    """Whether a row of values (what a program says of its export) stands above a row of words
    alone that heads values.
    """
    if place + 2 >= len(rows) or not names_values(rows[place]):
        return False
    below = [cell for cell in rows[place + 1] if cell and cell.strip()]
    return (
        len(below) >= max(2.0, full)
        and len({cell.strip().lower() for cell in below}) == len(below)
        and all(any(sign.isalpha() for sign in cell) for cell in below)
        and not names_values(rows[place + 1])
        and names_values(rows[place + 2])
    )


def _may_name(row: Sequence[str | None]) -> bool:
    """Whether cells of a row may be names: words, and years behind a word."""
    cells = [cell.strip() for cell in row if cell and cell.strip()]
    return not any(is_value(one) and not (at and YEAR.match(one)) for at, one in enumerate(cells))


def is_value(cell: str | None) -> bool:
    """Whether a cell is an amount or a day, and no word."""
    return bool(cell and cell.strip() and _VALUE.match(cell.strip()))


def names_values(row: Sequence[str | None]) -> bool:
    """Whether cells of a row are amounts or days."""
    return any(map(is_value, row))


def _is_above(rows: Sequence, filled: Sequence, place: int) -> bool:
    """Whether a row groups the names of the row below it: it has gaps, the row below has none
    where it is filled, both hold words, and the third row values.
    """
    if place + 2 >= len(rows):
        return False
    upper, lower = filled[place], filled[place + 1]
    gaps = sum(below and not above for above, below in zip(upper, lower, strict=False))
    below = [cell for cell in rows[place + 1] if cell and cell.strip()]
    return (
        sum(upper) >= 2
        and gaps >= 1
        and sum(lower) >= 2
        and len({cell.strip().lower() for cell in below}) < len(below) + 1
        and not names_values(rows[place + 1])
        and names_values(rows[place + 2])
        and _repeats_or_groups(rows[place], rows[place + 1], upper, lower)
    )


def _repeats_or_groups(above: Sequence, below: Sequence, upper: Sequence, lower: Sequence) -> bool:
    """A row of groups has names under its gaps, and the names under it repeat or it leaves the
    keys to the row below.
    """
    names = [cell.strip().lower() for cell in below if cell and cell.strip()]
    return len(set(names)) < len(names) or (
        sum(upper) < sum(lower) and sum(lower) >= FULL * len(lower)
    )


def _joined(above: Sequence[str | None], below: Sequence[str | None]) -> list[str]:
    names, group = [], ""
    for place, name in enumerate(below):
        over = (above[place] if place < len(above) else "") or ""
        group = over.strip() or group
        names.append(f"{group} {(name or '').strip()}".strip())
    return names
