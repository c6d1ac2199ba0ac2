"""How a text column writes its numbers and dates, told from all of its values; what they leave
open is asked, not guessed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from kamresearch.data import days
from kamresearch.data.casting import (
    TextStyle,
    is_text,
    says_nothing,
    tidy_date,
    tidy_number,
)
from kamresearch.data.contract import TableSpec
from kamresearch.data.counting import fetch_counts
from kamresearch.data.quarantine import ROW
from kamresearch.data.rich import digits_of, kind_of_day
from kamresearch.errors import DataError

_POINT = r"^[0-9]*\.[0-9]+$"
_POINT_GROUPS = r"^[1-9][0-9]{0,2}(\.[0-9]{3})+$"
_COMMA = r"^[0-9]*,[0-9]+$"
_COMMA_GROUPS = r"^[1-9][0-9]{0,2}(,[0-9]{3})+$"
_POINT_LAST = r"^[1-9][0-9]{0,2}(,[0-9]{3})+\.[0-9]*$"
_COMMA_LAST = r"^[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]*$"
_MANY_COMMAS = r"^[1-9][0-9]{0,2}(,[0-9]{3}){2,}$"
_MANY_POINTS = r"^[1-9][0-9]{0,2}(\.[0-9]{3}){2,}$"
MINGUO = r"^1[0-4][0-9][-/.][0-9]{1,2}[-/.][0-9]{1,2}"
BUDDHIST = (
    r"^2[456][0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|^[0-9]{1,2}[-/.][0-9]{1,2}[-/.]2[456][0-9]{2}"
)

_SIDES = ("cr", "dr")
_SWAPPED = 3
"""So many days of each form show that day and month were taken for each other in one of them."""


class OpenStyleError(DataError):
    """A column's texts leave open how they are written, and its owner alone can tell; ``asks``
    says what: ``decimal``, ``day``, ``year``, or a calendar.
    """

    asks = ""

    @classmethod
    def of(cls, asks: str, where: str, expected: str, found: str, remedy: str) -> "OpenStyleError":
        """The error, with what it asks."""
        error = cls(where, expected, found, remedy)
        error.asks = asks
        return error


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
        if column.name in raw.columns and is_text(raw[column.name])
    }
    numbers = [name for name, kind in columns.items() if kind in ("number", "integer")]
    dates = [name for name, kind in columns.items() if kind == "date"]
    if not numbers and not dates:
        return dict(stated)
    odd = _odd_columns(raw, numbers, dates)
    open_numbers = [name for name in numbers if name not in stated]
    open_dates = [name for name in dates if name not in stated]
    counts = _decimal_evidence(raw, open_numbers, semicolons, odd)
    for name in (name for name in numbers if name in odd):
        counts |= {f"{name} {side}": _count(raw[name].re_search(_booked(side))) for side in _SIDES}
    for name in dates:
        counts |= _day_evidence(raw[name], name, name in odd)
    found = fetch_counts(raw.aggregate(n=raw.count(), **counts))
    styles = {
        name: replace(style, rich=name in odd) if name in columns else style
        for name, style in stated.items()
    }
    styles |= _decide_decimals(raw, open_numbers, where, found, semicolons, odd)
    for name in (name for name in numbers if name in odd):
        styles[name] = replace(styles[name], notes=_notes_of_sides(raw, found, name))
    for name in open_dates:
        place = f"{where}, column {name!r}"
        _ask_for_calendar(place, raw[name], found, name)
        first = _day_comes_first(place, raw, name, found)
        styles[name] = TextStyle(day_first=first, rich=name in odd)
    for name in (name for name in dates if styles[name].day_first is None):
        first = _day_comes_first(f"{where}, column {name!r}", raw, name, found)
        styles[name] = replace(styles[name], day_first=first)
    for name in (name for name in dates if not styles[name].calendar):
        styles[name] = replace(styles[name], notes=_notes_of_days(raw[name], found, name))
    return styles


def find_decimals(
    raw: ir.Table, names: list[str], where: str, semicolons: bool
) -> dict[str, TextStyle]:
    """Style of text columns that hold numbers, whatever the contract calls them."""
    odd = _odd_columns(raw, names, [])
    counts = _decimal_evidence(raw, names, semicolons, odd)
    found = fetch_counts(raw.aggregate(**counts))
    return _decide_decimals(raw, names, where, found, semicolons, odd)


def _odd_columns(raw: ir.Table, numbers: list[str], dates: list[str]) -> frozenset[str]:
    """Columns with cells that the short rules of numbers and days do not read."""
    tests = {}
    if raw.get_backend().name != "duckdb":  # servers read by the short rules alone
        return frozenset()
    for name in numbers:
        bare = tidy_number(raw[name])
        tests[name] = ~bare.re_search(r"^[0-9.,]*([eE][-+]?[0-9]{1,2})?$") | raw[name].re_search(
            "[0-9],[0-9]{2},[0-9]{3}"
        )
    for name in dates:
        text = tidy_date(raw[name])
        tests[name] = ~text.re_search(days.PLAIN) | text.re_search(days.ZONE)
    if not tests:
        return frozenset()
    # Named values, no keywords: a column of a user may be called `by`, as an argument is.
    found = fetch_counts(
        raw.aggregate(
            [
                _count(test & ~says_nothing(raw[name]) & (raw[name].strip() != "")).name(name)
                for name, test in tests.items()
            ]
        )
    )
    return frozenset(name for name in tests if found[name])


def _bare(raw: ir.Table, name: str, odd: frozenset[str]) -> ir.StringValue:
    return digits_of(raw[name]) if name in odd else tidy_number(raw[name])


def _decimal_evidence(
    raw: ir.Table, names: list[str], semicolons: bool, odd: frozenset[str]
) -> dict[str, ir.FloatingScalar]:
    counts = {}
    for name in names:
        bare = _bare(raw, name, odd)
        for mark in ("point", "comma"):
            tells = _tells(bare, mark == "point").fill_null(False)
            behind = bare.length() - bare.find("." if mark == "point" else ",") - 1
            counts |= {
                f"{name} {mark}": _count(tells),
                f"{name} {mark} places": tells.ifelse(behind, 0).max(),
                f"{name} {mark} groups": _count(
                    bare.re_search(_POINT_GROUPS if mark == "point" else _COMMA_GROUPS)
                ),
            }
        counts[f"{name} open"] = _count(
            bare.re_search(_COMMA_GROUPS if semicolons else _POINT_GROUPS)
        )
    return counts


def _decide_decimals(
    raw: ir.Table,
    numbers: list[str],
    where: str,
    found: Mapping[str, Any],
    semicolons: bool,
    odd: frozenset[str],
) -> dict[str, TextStyle]:
    styles = {}
    whole = tuple(sum(found[f"{name} {mark}"] for name in numbers) for mark in ("point", "comma"))
    for name in numbers:
        place = f"{where}, column {name!r}"
        point, comma = found[f"{name} point"], found[f"{name} comma"]
        if point and comma:
            bare = _bare(raw, name, odd)
            raise DataError(
                place,
                "numbers of one decimal mark",
                f"{int(point):,} with a point ({_first(raw, name, _tells(bare, True))}) and "
                f"{int(comma):,} with a comma ({_first(raw, name, _tells(bare, False))})",
                'state decimal: "." or "," in mapping.yml, or read the two files apart',
            )
        own = "point" if point else "comma"
        if (point or comma) and found[f"{name} {own} groups"]:
            _ask_for_groups(raw, name, place, found, own, odd)
        if not point and not comma:
            point, comma = whole
        if not point and not comma and found[f"{name} open"]:
            raise OpenStyleError.of(
                "decimal",
                place,
                "numbers that show their decimal mark",
                f"{int(found[f'{name} open']):,} such as " + ("1,500" if semicolons else "1.500"),
                'state decimal: "." or "," in mapping.yml',
            )
        styles[name] = TextStyle(
            "," if comma > point or (comma == point == 0 and semicolons) else ".",
            rich=name in odd,
        )
    return styles


def _ask_for_groups(
    raw: ir.Table, name: str, place: str, found: Mapping[str, Any], own: str, odd: frozenset[str]
) -> None:
    """Ask where cells such as 1,500 stand among numbers that show their decimals with the same
    mark, but never three of them: thousands of another country's file, or three decimals.
    """
    if found[f"{name} {own} places"] >= 3:
        return
    pattern = _POINT_GROUPS if own == "point" else _COMMA_GROUPS
    raise DataError(
        place,
        "numbers of one decimal mark",
        f"{int(found[f'{name} {own} groups']):,} cells that may be thousands or three decimals "
        f"({_first(raw, name, _bare(raw, name, odd).re_search(pattern))}) among numbers with a "
        f"decimal {own}",
        'state decimal: "." or "," in mapping.yml, or read the two files apart',
    )


def _first(raw: ir.Table, name: str, holds: ir.BooleanValue) -> str:
    """The first cell of a column that meets a condition, with its row."""
    met = raw.filter(holds.fill_null(False))
    if ROW in raw.columns:
        met = met.order_by(ROW)
        row = met.select(name, ROW).limit(1).to_pandas().iloc[0]
        return f"{row[name]!r} in row {int(row[ROW]):,}"
    return repr(met.select(name).limit(1).to_pandas().iloc[0][name])


def _count(holds: ir.BooleanValue) -> ir.FloatingScalar:
    return holds.fill_null(False).ifelse(1.0, 0.0).sum()


def _tells(digits: ir.StringValue, point: bool) -> ir.BooleanValue:
    """Whether cells can only be read with this decimal mark."""
    plain, groups, last, many = (
        (_POINT, _POINT_GROUPS, _POINT_LAST, _MANY_COMMAS)
        if point
        else (_COMMA, _COMMA_GROUPS, _COMMA_LAST, _MANY_POINTS)
    )
    return (
        (digits.re_search(plain) & ~digits.re_search(groups))
        | digits.re_search(last)
        | digits.re_search(many)
    )


def _day_evidence(column: ir.StringValue, name: str, odd: bool) -> dict[str, ir.FloatingScalar]:
    text = tidy_date(column)
    kinds = kind_of_day(text) if odd else None
    last = text.re_search(days.YEAR_LAST).fill_null(False)
    none = ibis.null("string")
    first, second, third = (
        last.ifelse(text.re_extract(days.YEAR_LAST, place), none) for place in (1, 2, 3)
    )
    short_year = last & (third.length() == 2)
    evidence = {
        "day": last & (first.cast("int64") > 12),
        "month": last & (second.cast("int64") > 12),
        "dotted": last & text.contains("."),
        "open": last,
        "two": short_year,
        "year_first": short_year & (first.cast("int64") > 31),
        "year_last": short_year & (third.cast("int64") > 31),
        "year_begins": text.re_search(days.YEAR_FIRST),
        "late_day": _late(text),
        "minguo": text.re_search(MINGUO),
        "buddhist": text.re_search(BUDDHIST),
        "period": kinds == "period" if kinds is not None else last & ~last,
        "number": kinds == "number" if kinds is not None else last & ~last,
    }
    counts = {f"{name} {what}": _count(holds) for what, holds in evidence.items()}
    counts[f"{name} firsts"] = short_year.ifelse(first, none).nunique()
    counts[f"{name} thirds"] = short_year.ifelse(third, none).nunique()
    return counts


def _late(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a day with its year first lies behind the twelfth, where no month can be meant."""
    begins = text.re_search(days.YEAR_FIRST)
    third = begins.ifelse(text.re_extract(days.YEAR_FIRST, 3), ibis.null("string"))
    return third.cast("int64") > 12


def _any(conditions: list[ir.BooleanValue]) -> ir.BooleanValue:
    whole = conditions[0]
    for condition in conditions[1:]:
        whole = whole | condition
    return whole


def _ask_for_calendar(
    place: str, column: ir.StringValue, found: Mapping[str, Any], name: str
) -> None:
    """Ask where most days lie in years that are no year of ours: Taiwan's, Thailand's."""
    text, table = tidy_date(column), column.as_table()
    for calendar, pattern in (("minguo", MINGUO), ("buddhist", BUDDHIST)):
        count = int(found[f"{name} {calendar}"])
        if count > 0.5 * found["n"]:
            cell = table.filter(text.re_search(pattern)).limit(1).to_pandas().iloc[0, 0]
            raise OpenStyleError.of(
                calendar,
                place,
                "days of the common calendar",
                f"{count:,} such as {cell!r}",
                f"state calendar: {calendar} for the column in mapping.yml if these are years of "
                f"the {calendar.capitalize()} calendar, or mend them",
            )


def _booked(side: str) -> str:
    return rf"(?i)[0-9)] ?{side}\.?$"


def _notes_of_sides(
    raw: ir.Table, found: Mapping[str, Any], name: str
) -> tuple[tuple[str, int, str], ...]:
    """Cr beside no Dr: in India, crores are written like that."""
    if not found[f"{name} cr"] or found[f"{name} dr"]:
        return ()
    first = _first(raw, name, raw[name].re_search(_booked("cr")))
    return (("cr_alone", int(found[f"{name} cr"]), first),)


def _notes_of_days(
    column: ir.StringValue, found: Mapping[str, Any], name: str
) -> tuple[tuple[str, int, str], ...]:
    """What a reader should know of how days were read."""
    text, notes = tidy_date(column), []
    for kind, code in (("period", "period_as_day"), ("number", "number_as_day")):
        if count := int(found[f"{name} {kind}"]):
            cell = column.as_table().filter(kind_of_day(text) == kind).limit(1).to_pandas()
            notes.append((code, count, str(cell.iloc[0, 0])))
    return tuple(notes)


def _day_comes_first(place: str, raw: ir.Table, name: str, found: Mapping[str, Any]) -> bool:
    day, month, dotted, any_order = (
        int(found[f"{name} {what}"]) for what in ("day", "month", "dotted", "open")
    )
    text = tidy_date(raw[name])
    first, second = (
        text.re_search(days.YEAR_LAST)
        .ifelse(text.re_extract(days.YEAR_LAST, at), ibis.null("string"))
        .cast("int64")
        for at in (1, 2)
    )
    _ask_for_short_years(place, raw, name, found)
    if day and month:
        raise DataError(
            place,
            "dates of one order of day and month",
            f"{day:,} with the day first ({_first(raw, name, first > 12)}) and {month:,} with the "
            f"month first ({_first(raw, name, second > 12)})",
            "write them as year-month-day, or read the two files apart",
        )
    last = first.notnull()
    begins, late = (int(found[f"{name} {what}"]) for what in ("year_begins", "late_day"))
    if min(begins, any_order) >= _SWAPPED and not late and any_order in (day, month):
        raise DataError(
            place,
            "dates of one order of day and month",
            f"{any_order:,} texts, each with a day above 12 ({_first(raw, name, last)}), and "
            f"{begins:,} days of which none is: a spreadsheet took day and month for each other",
            "import the column as text, and export it again",
        )
    if any_order and not day and not month and dotted < any_order:
        raise OpenStyleError.of(
            "day",
            place,
            "dates that show which of day and month comes first",
            f"{any_order:,} such as {_first(raw, name, last)}",
            "state day_first: true or false in mapping.yml",
        )
    return bool(day or (dotted and not month))


def _ask_for_short_years(place: str, raw: ir.Table, name: str, found: Mapping[str, Any]) -> None:
    """Ask where two-digit years may stand first: 24-01-05 is no 24th of January 2005 where the
    first figures are few and the last are many, as years and days are.
    """
    two, year_first, year_last = (
        int(found[f"{name} {what}"]) for what in ("two", "year_first", "year_last")
    )
    likely = found[f"{name} firsts"] < found[f"{name} thirds"] and found[f"{name} thirds"] > 6
    if two and (year_first or (likely and not year_last)):
        text = tidy_date(raw[name])
        holds = text.re_search(days.YEAR_LAST) & (text.re_extract(days.YEAR_LAST, 3).length() == 2)
        raise OpenStyleError.of(
            "year",
            place,
            "dates that show where the year stands",
            f"{two:,} such as {_first(raw, name, holds)}",
            "state year_first: true or day_first: true or false in mapping.yml",
        )
