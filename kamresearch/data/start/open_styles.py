"""What the texts of a column leave open about how they are written, as questions."""

from collections.abc import Mapping as Map
from dataclasses import dataclass

from kamresearch.data.casting import TextStyle, is_text
from kamresearch.data.contract import TABLES
from kamresearch.data.days import CALENDARS
from kamresearch.data.files import Raw
from kamresearch.data.styles import OpenStyleError, find_styles
from kamresearch.errors import DataError
from kamresearch.language import Text
from kamresearch.language import message as _


@dataclass(frozen=True)
class OpenStyle:
    """A question about a column's texts: options, what is usual, and the rule of each option."""

    what: str
    text: Text
    options: tuple[str, ...]
    usual: str
    rules: Map[str, dict]


def open_styles(raw: Raw, column: str, role: str) -> list[OpenStyle]:
    """What only the owner of a column can tell of how it is written.

    A column that contradicts itself is no question: reading it says so.
    """
    if column not in raw.table.columns or not is_text(raw.table[column]):
        return []
    table = raw.table.select(**{role: raw.table[column]})
    asked: list[OpenStyle] = []
    stated: dict[str, TextStyle] = {}
    for _time in range(2):  # years of another calendar may leave the order of day and month open
        try:
            find_styles(table, TABLES["orders"], raw.where, stated, raw.semicolons)
        except OpenStyleError as error:
            asked.append(_question(error, column))
            if error.asks in CALENDARS:
                stated = {role: TextStyle(day_first=None, calendar=error.asks)}
                continue
        except DataError:
            pass
        break
    return asked


def _question(error: OpenStyleError, column: str) -> OpenStyle:
    if error.asks == "decimal":
        return OpenStyle(
            "decimal",
            _("{column}: is 1.500 one and a half, or fifteen hundred?", column=column),
            ("point", "comma"),
            "",
            {"point": {"decimal": "."}, "comma": {"decimal": ","}},
        )
    if error.asks in ("buddhist", "minguo"):
        return OpenStyle(
            "calendar",
            _(
                "{column}: are these years of the {calendar} calendar?",
                column=column,
                calendar=error.asks,
            ),
            (error.asks, "common"),
            error.asks,
            {error.asks: {"calendar": error.asks}},
        )
    options = ("day_first", "month_first", *(("year_first",) if error.asks == "year" else ()))
    return OpenStyle(
        "order",
        _("{column}: what comes first in a date ({found})?", column=column, found=error.found),
        options,
        "",
        {
            "day_first": {"day_first": True},
            "month_first": {"day_first": False},
            "year_first": {"year_first": True},
        },
    )
