"""Several tables on one sheet or in one text: told apart, so that none becomes another's rows."""

import csv
import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir

from kamresearch.data.casting import is_text
from kamresearch.data.heads import YEAR, is_value, names_values
from kamresearch.data.quarantine import ROW

SEEN = 50
"""Rows of the table above by which a row below a gap is told to be none of it."""
TITLES = 3
"""Lines of one cell that may stand above the head of a table."""
NARROWEST = 2
MOST = 50
"""Tables of one sheet or text that are told apart."""
_GAP = re.compile(rb"\n(?:[ \t,;|\"]*\r?\n)+")

Row = Sequence[str | None]


def _filled(row: Row) -> set[int]:
    return {at for at, cell in enumerate(row) if cell and cell.strip()}


@dataclass(frozen=True)
class _Usual:
    """What the rows of a table are like: its names, columns that each row fills, columns of values
    alone.
    """

    names: frozenset[str]
    full: frozenset[int]
    values: frozenset[int]

    @classmethod
    def of(cls, head: Row, rows: Sequence[Row]) -> "_Usual":
        seen = [row for row in rows if len(_filled(row)) >= NARROWEST][:SEEN]
        places = [_filled(row) for row in seen]
        some = set().union(*places)
        return cls(
            frozenset(cell.strip().casefold() for cell in head if cell and cell.strip()),
            frozenset(set.intersection(*places) if places else ()),
            frozenset(
                at
                for at in some
                if all(is_value(row[at]) for row, of in zip(seen, places, strict=True) if at in of)
            ),
        )

    def is_left(self, row: Row, below: Row) -> bool:
        """Whether a row is the head of another table: words where this one has values, or columns
        left empty that each of its rows fills; and values under it.
        """
        filled, under = _filled(row), _filled(below)
        names = [str(row[at]).strip().casefold() for at in sorted(filled)]
        if len(names) < NARROWEST or len(set(names)) < len(names) or not under <= filled:
            return False
        if not all(_is_word(one) or at and YEAR.match(one) for at, one in enumerate(names)):
            return False
        if len(under) < NARROWEST or not names_values(below) or set(names) == self.names:
            return False
        words = {at for at in filled if _is_word(str(row[at]))}
        return bool(words & self.values or self.full - filled - under)


def _is_word(cell: str) -> bool:
    return not is_value(cell) and any(sign.isalpha() for sign in cell)


def _head_of(rows: Sequence[Row], usual: _Usual) -> bool:
    """Whether rows under a gap begin with the head of another table, perhaps under its title."""
    shown = [row for row in rows if _filled(row)]
    for at, row in enumerate(shown[: TITLES + 1]):
        if len(_filled(row)) >= NARROWEST:
            return at + 1 < len(shown) and usual.is_left(row, shown[at + 1])
    return False


def starts_of_rows(rows: Sequence[Row], head: int) -> list[int]:
    """Places at which further tables start below the one whose head is given."""
    starts: list[int] = []
    usual = None
    for at in range(head + 1, len(rows)):
        if _filled(rows[at]) and not _filled(rows[at - 1]) and at - 1 > head:
            usual = usual or _Usual.of(rows[head], rows[head + 1 : at][:SEEN])
            if _head_of(rows[at : at + TITLES + 3], usual):
                starts.append(at)
                head, usual = at, None
                if len(starts) == MOST:
                    break
    return starts


def starts_in_text(path: Path, skip: int, delimiter: str) -> list[tuple[int, int, int]]:
    """Where further tables start below the first of a UTF-8 text, of which some lines lead to the
    first row: the bytes of the gap and of the table, and its line from 1.
    """
    if not path.stat().st_size:
        return []
    found: list[tuple[int, int, int]] = []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        first = _line(text, skip)
        # The head of what stands above, and the rows under it, are read where a gap is met.
        above, quotes, counted, lines, told = _line(text, skip - 1), 0, 0, 1, None
        for gap in _GAP.finditer(text, max(first - 1, 0)):
            at = gap.end()
            quotes += _count(text, b'"', counted, at)
            lines += _count(text, b"\n", counted, at)
            counted = at
            if quotes % 2 or at >= len(text):  # inside a cell, or the end
                continue
            if told is None:
                rows = list(_parsed(text, above, gap.start(), delimiter, SEEN + 1))
                told = _Usual.of(rows[0] if rows else (), rows[1:])
            if _head_of(list(_parsed(text, at, len(text), delimiter, TITLES + 3)), told):
                found.append((gap.start() + 1, at, lines))
                above, told = at, None
                if len(found) == MOST:
                    break
    return found


def _line(text: mmap.mmap, number: int) -> int:
    """Where a line starts, from 0."""
    at = 0
    for _ in range(number):
        end = text.find(b"\n", at)
        if end < 0:
            return len(text)
        at = end + 1
    return at


def _count(text: mmap.mmap, mark: bytes, start: int, end: int) -> int:
    return sum(text[at : min(at + (1 << 20), end)].count(mark) for at in range(start, end, 1 << 20))


def _parsed(
    text: mmap.mmap, start: int, end: int, delimiter: str, most: int
) -> Iterator[list[str]]:
    lines = text[start : min(end, start + (1 << 16))].decode("utf-8", errors="replace")
    try:
        for at, row in enumerate(csv.reader(lines.splitlines(keepends=True), delimiter=delimiter)):
            if at == most:
                return
            yield row
    except csv.Error:
        return


def columns_beside(table: ir.Table) -> list[list[str]]:
    """Groups of columns that are tables side by side: an empty column without a name between
    them, and one that ends above the other. A single group where there is one table.
    """
    names = [name for name in table.columns if name != ROW]
    groups: list[list[str]] = [[]]
    for at, name in enumerate(names):
        if name == f"column_{at + 1}":
            groups.append([])
        else:
            groups[-1].append(name)
    groups = [group for group in groups if group]
    gaps = [name for name in names if not any(name in group for group in groups)]
    texts = all(is_text(table[name]) for name in names)
    if (
        len(groups) < 2
        or not texts
        or min(map(len, groups)) < NARROWEST
        or ROW not in table.columns
    ):
        return [names]
    asked = {f"gap {at}": table[name].notnull().sum() for at, name in enumerate(gaps)}
    for at, group in enumerate(groups):
        filled = ibis.or_(*(table[name].fill_null("").strip() != "" for name in group))
        asked |= {f"n {at}": filled.sum(), f"last {at}": table[ROW].max(where=filled)}
    told = table.aggregate(**asked).to_pandas().fillna(0).iloc[0]
    ends = [(int(told[f"n {at}"]), int(told[f"last {at}"])) for at in range(len(groups))]
    # Each is filled without a gap from its first row on, and they end apart.
    whole = all(n == last and n for n, last in ends) and len(set(ends)) > 1
    return groups if whole and not any(told[f"gap {at}"] for at in range(len(gaps))) else [names]
