"""How a text column writes its numbers and dates, told from all of its values; what they leave
open is asked, not guessed.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pandas as pd

from kamresearch.data.casting import TextStyle, is_text, tidy_date, tidy_number
from kamresearch.data.contract import TableSpec
from kamresearch.errors import DataError

_POINT = r"^[0-9]*\.[0-9]+$"
_POINT_GROUPS = r"^[1-9][0-9]{0,2}(\.[0-9]{3})+$"
_COMMA = r"^[0-9]*,[0-9]+$"
_COMMA_GROUPS = r"^[1-9][0-9]{0,2}(,[0-9]{3})+$"
_POINT_LAST = r"^[1-9][0-9]{0,2}(,[0-9]{3})+\.[0-9]*$"
_COMMA_LAST = r"^[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]*$"
_MANY_COMMAS = r"^[1-9][0-9]{0,2}(,[0-9]{3}){2,}$"
_MANY_POINTS = r"^[1-9][0-9]{0,2}(\.[0-9]{3}){2,}$"
_YEAR_LAST = r"^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})([T ].*)?$"


def find_styles(
    raw: ir.Table, spec: TableSpec, where: str, stated: Mapping[str, TextStyle], semicolons: bool
) -> dict[str, TextStyle]:
    """Style of each text column of numbers or dates.

    A column whose numbers leave the decimal mark open (``1.500``) is written as the file's other
    columns are.

    Parameters
    ----------
    raw : ibis Table
        The raw table.
    spec : TableSpec
        The contract's table.
    where : str
        Its file, for errors.
    stated : dict of str to TextStyle
        What the mapping states, column by column.
    semicolons : bool
        Whether the file parts its cells by semicolons, as exports do whose decimal mark is the
        comma.

    Raises
    ------
    DataError
        A column's dates leave open which of day and month comes first, or answer both ways; or its
        numbers leave open
        whether a mark parts thousands or decimals, and so do all others of the file.
    """
    columns = {
        column.name: column.kind
        for column in spec.columns
        if column.name in raw.columns and column.name not in stated and is_text(raw[column.name])
    }
    numbers = [name for name, kind in columns.items() if kind in ("number", "integer")]
    dates = [name for name, kind in columns.items() if kind == "date"]
    styles = dict(stated)
    if not numbers and not dates:
        return styles
    counts = _decimal_evidence(raw, numbers, semicolons)
    for name in dates:
        counts |= _day_evidence(raw[name], name)
    found = raw.aggregate(**counts).to_pandas().fillna(0).iloc[0]
    styles |= _decide_decimals(numbers, where, found, semicolons)
    for name in dates:
        day, month, dotted, open_ = (
            int(found[f"{name} {what}"]) for what in ("day", "month", "dotted", "open")
        )
        styles[name] = TextStyle(
            day_first=_day_comes_first(f"{where}, column {name!r}", day, month, dotted, open_)
        )
    return styles


def find_decimals(
    raw: ir.Table, names: list[str], where: str, semicolons: bool
) -> dict[str, TextStyle]:
    """Style of text columns that hold numbers, whatever the contract calls them."""
    found = raw.aggregate(**_decimal_evidence(raw, names, semicolons)).to_pandas().fillna(0).iloc[0]
    return _decide_decimals(names, where, found, semicolons)


def _decimal_evidence(
    raw: ir.Table, names: list[str], semicolons: bool
) -> dict[str, ir.FloatingScalar]:
    counts = {}
    for name in names:
        counts |= {
            f"{name} point": _tells(raw[name], True),
            f"{name} comma": _tells(raw[name], False),
            f"{name} open": _count(_is_open(raw[name], semicolons)),
        }
    return counts


def _decide_decimals(
    numbers: list[str], where: str, found: pd.Series, semicolons: bool
) -> dict[str, TextStyle]:
    styles = {}
    whole = tuple(sum(found[f"{name} {mark}"] for name in numbers) for mark in ("point", "comma"))
    for name in numbers:
        point, comma = found[f"{name} point"], found[f"{name} comma"]
        if not point and not comma:
            point, comma = whole
        if not point and not comma and found[f"{name} open"]:
            raise DataError(
                f"{where}, column {name!r}",
                "numbers that show their decimal mark",
                f"{int(found[f'{name} open']):,} such as " + ("1,500" if semicolons else "1.500"),
                'state decimal: "." or "," in mapping.yml',
            )
        styles[name] = TextStyle(
            "," if comma > point or (comma == point == 0 and semicolons) else "."
        )
    return styles


def _count(holds: ir.BooleanValue) -> ir.FloatingScalar:
    return holds.fill_null(False).ifelse(1.0, 0.0).sum()


def _is_open(column: ir.StringValue, semicolons: bool) -> ir.BooleanValue:
    """Cells that may be thousands or have three decimals, where the file's own habit (a comma
    beside semicolons, else a point)
    is the decimal mark.
    """
    return tidy_number(column).re_search(_COMMA_GROUPS if semicolons else _POINT_GROUPS)


def _tells(column: ir.StringValue, point: bool) -> ir.FloatingScalar:
    """Cells that can only be read with this decimal mark."""
    digits = tidy_number(column)
    plain, groups, last, many = (
        (_POINT, _POINT_GROUPS, _POINT_LAST, _MANY_COMMAS)
        if point
        else (_COMMA, _COMMA_GROUPS, _COMMA_LAST, _MANY_POINTS)
    )
    return _count(
        (digits.re_search(plain) & ~digits.re_search(groups))
        | digits.re_search(last)
        | digits.re_search(many)
    )


def _day_evidence(column: ir.StringValue, name: str) -> dict[str, ir.FloatingScalar]:
    text = tidy_date(column)
    last = text.re_search(_YEAR_LAST).fill_null(False)
    none = ibis.null("string")
    first, second = (
        last.ifelse(text.re_extract(_YEAR_LAST, place), none).cast("int64") for place in (1, 2)
    )
    return {
        f"{name} day": _count(last & (first > 12)),
        f"{name} month": _count(last & (second > 12)),
        f"{name} dotted": _count(last & (text.contains("."))),
        f"{name} open": _count(last),
    }


def _day_comes_first(where: str, day: int, month: int, dotted: int, any_order: int) -> bool:
    if day and month:
        raise DataError(
            where,
            "dates of one order of day and month",
            f"{day:,} with the day first and {month:,} with the month first",
            "write them as year-month-day",
        )
    if any_order and not day and not month and dotted < any_order:
        raise DataError(
            where,
            "dates that show which of day and month comes first",
            f"{any_order:,} such as 03/04/2012",
            "state day_first: true or false in mapping.yml",
        )
    return bool(day or (dotted and not month))
