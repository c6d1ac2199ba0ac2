"""What a column of an export holds, told from its first rows: numbers, days, keys, words."""

import re
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from kamresearch.data.amounts import strip_amount
from kamresearch.data.casting import NOTHING
from kamresearch.data.days import PLAIN, is_period, parse_day
from kamresearch.data.styles import MINGUO

PARSED = 500
"""Different cells of a column that are read to tell what it holds."""

_NUMBER = re.compile(r"[\d.,]*\d[\d.,]*(?:e[-+]?\d{1,2})?", re.IGNORECASE)
_FIGURES = re.compile(r"\d+(?:\.\d+)?")
_DAY = re.compile(PLAIN)
_MINGUO = re.compile(MINGUO)
_COMPACT = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?\d*")


@dataclass(frozen=True)
class Column:
    """A column's name and its cells in the rows looked at, as texts; None where empty."""

    name: str
    cells: tuple[str | None, ...]

    @cached_property
    def filled(self) -> list[str]:
        """The cells that hold something."""
        return [cell for cell in self.cells if cell is not None]

    @cached_property
    def different(self) -> list[str]:
        """Its different cells, in their order."""
        return list(dict.fromkeys(self.filled))

    @cached_property
    def filled_share(self) -> float:
        """Share of the rows that fill it."""
        return len(self.filled) / len(self.cells) if self.cells else 0.0

    @cached_property
    def distinct_share(self) -> float:
        """Different cells by filled cells: 1 for a key."""
        return len(self.different) / len(self.filled) if self.filled else 0.0

    @cached_property
    def _looked(self) -> list[str]:
        return self.different[:PARSED]

    def _share(self, holds: list[bool]) -> float:
        return sum(holds) / len(holds) if holds else 0.0

    @cached_property
    def number_share(self) -> float:
        """Share of its different cells that are numbers or amounts."""
        return self._share([_is_number(cell) for cell in self._looked])

    @cached_property
    def fraction_share(self) -> float:
        """Share of its different cells with a decimal part or a currency."""
        return self._share([_is_fraction(cell) for cell in self._looked])

    @cached_property
    def day_share(self) -> float:
        """Share of its different cells that are days, months or quarters, figures alone apart."""
        return self._share([_is_day(cell) for cell in self._looked])

    @cached_property
    def figure_day_share(self) -> float:
        """Share of its different cells that are figures which may name a day."""
        return self._share([_is_figure_day(cell) for cell in self._looked])

    @cached_property
    def word_share(self) -> float:
        """Share of its different cells that begin like words and are neither numbers nor days."""
        words = [any(sign.isalpha() for sign in cell) for cell in self._looked]
        return max(self._share(words) - self.day_share, 0.0)


def _is_number(cell: str) -> bool:
    digits, _factor = strip_amount(cell)
    return len(digits) <= 40 and _NUMBER.fullmatch(digits) is not None


def _is_fraction(cell: str) -> bool:
    digits, _factor = strip_amount(cell)
    if _NUMBER.fullmatch(digits) is None:
        return False
    return re.search(r"[.,]\d{1,2}$", digits) is not None or any(one in cell for one in "€$£¥￥₹")


def _is_day(cell: str) -> bool:
    if _FIGURES.fullmatch(cell):
        return False
    if _DAY.match(cell) or _MINGUO.match(cell):
        return True
    return parse_day(cell, True) is not None or parse_day(cell, False) is not None


def _is_figure_day(cell: str) -> bool:
    if _FIGURES.fullmatch(cell) is None:
        return False
    return _COMPACT.fullmatch(cell) is not None or parse_day(cell, True) is not None


@dataclass(frozen=True)
class Profile:
    """A table of the export: its name, its columns, how many rows were looked at."""

    name: str
    columns: tuple[Column, ...]
    n: int
    sources: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(one for one in self.columns if one.name == name)


def profile(name: str, sample: pd.DataFrame, sources: tuple[str, ...] = ()) -> Profile:
    """First rows of a table → what its columns hold; rows that hold nothing are none."""
    cells = [[_text(cell) for cell in sample.iloc[:, at]] for at in range(sample.shape[1])]
    rows = [row for row in zip(*cells, strict=True) if any(cell is not None for cell in row)]
    columns = tuple(
        Column(str(title), tuple(row[at] for row in rows))
        for at, title in enumerate(sample.columns)
    )
    return Profile(name, columns, len(rows), sources or (name,))


def _text(cell: object) -> str | None:
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and cell != cell):
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    text = str(cell).strip()
    return text if text and text.lower() not in NOTHING else None


def period_columns(table: Profile) -> list[str]:
    """Columns that are called by a month or a quarter: amounts that stand side by side."""
    return [one.name for one in table.columns if is_period(one.name)]
