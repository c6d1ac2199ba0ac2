"""Values as exports write them → values as the contract means them: numbers, dates, ids, flags, on
any engine.

Every rule is an Ibis expression, so that DuckDB, PostgreSQL and Spark read a text the same way. A
value that fits no rule
becomes empty here and is set aside, with its reason, by `kamresearch.data.quarantine`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from kamresearch.data import days
from kamresearch.data.rich import amount_of, day_of

YES = ("true", "t", "yes", "y", "1", "是", "真")
NO = ("false", "f", "no", "n", "0", "否", "假")

NOTHING = (
    "-",
    "--",
    "—",
    "–",
    "n/a",
    "na",
    "#n/a",
    "#na",
    "null",
    "none",
    "nan",
    "nat",
    "无",
    "(blank)",
    "(empty)",
    "(null)",
    "<null>",
    "\\n",
    "#ref!",
    "#value!",
    "#div/0!",
    "#name?",
    "#num!",
    "#null!",
    "$-",
    "€-",
    "£-",
    "¥-",
    "00/00/0000",
    "0000-00-00",
)
"""What exports write where a number, a date or a key is not known."""

_WIDE = "０１２３４５６７８９，．－＋（）％／：　"
_NARROW = "0123456789,.-+()%/: "
_BETWEEN = "[ \\t\u00a0\u202f'¥￥$€£元]"
WIDE_BLANKS = "\u00a0\u3000\ufeff"
_BLANK = f"[\\s{WIDE_BLANKS}]+"
"""Blanks of Western, Chinese and web texts, and the mark that some exports put before the
first cell.
"""
_LONGEST = 40


@dataclass(frozen=True)
class TextStyle:
    """How a file writes numbers and dates: the decimal mark, and which of day and month comes
    first.

    ``rich`` columns hold cells that the short rules do not read: currencies, words, other
    calendars. ``calendar`` is what the mapping states: ``buddhist`` or ``minguo``. ``notes`` hold
    what a reader should know of the reading: code of a check, cells, the first of them. A
    ``day_first`` of None is told from the cells.
    """

    decimal: str = "."
    day_first: bool | None = False
    rich: bool = False
    calendar: str = ""
    notes: tuple[tuple[str, int, str], ...] = ()


def is_text(column: ir.Value) -> bool:
    """Whether a column holds texts."""
    return column.type().is_string()


def clean_text(column: ir.StringValue) -> ir.StringValue:
    """A text without blanks around it; nothing left is a missing value."""
    return column.re_replace(f"^{_BLANK}|{_BLANK}$", "").nullif("")


def as_id(column: ir.Value) -> ir.StringValue:
    """A key as text: whole numbers lose a decimal part that an export gave them, texts their
    outer blanks.
    """
    if is_text(column):
        return clean_text(column).re_replace(r"^([0-9]+)\.0+$", r"\1")
    if column.type().is_floating() or column.type().is_decimal():
        whole = column.cast("float64")
        # An engine may hold not-a-number equal to itself, and no whole number is one.
        whole = whole.isnan().ifelse(ibis.null("float64"), whole)
        return (whole == whole.round()).ifelse(
            whole.round().cast("int64").cast("string"), column.cast("string")
        )
    return column.cast("string")


def _narrow(column: ir.StringValue) -> ir.StringValue:
    return column.translate(_WIDE, _NARROW)


def tidy_number(column: ir.StringValue) -> ir.StringValue:
    """The digits and marks of a number: no sign, currency, blank, bracket or per cent."""
    return _narrow(column).re_replace(_BETWEEN, "").re_replace(r"[()%]|^[-+]|-$", "")


def tidy_date(column: ir.StringValue) -> ir.StringValue:
    """A date in plain characters without outer blanks."""
    return _narrow(column).strip()


def _begins_like(words: Iterable[str]) -> str:
    """A pattern that holds for every text that is one of these words once tidied, and for few
    others.
    """
    plain = {mark for word in words for mark in (word[0], word[0].upper())}
    wide = {_WIDE[place] for place, mark in enumerate(_NARROW) if mark in plain}
    return rf"^[\s\x0b{WIDE_BLANKS}]*[{''.join(map(re.escape, sorted(plain | wide)))}]"


_MAY_SAY_NOTHING = _begins_like(NOTHING)


def says_nothing(column: ir.StringValue) -> ir.BooleanValue:
    """Whether a text that should hold a number or a date says that there is none."""
    # Of a cell that begins otherwise nothing is put straight: a twentieth of the time on ten
    # million keys.
    may = column.re_search(_MAY_SAY_NOTHING)
    return may.ifelse(tidy_date(column).lower().isin(NOTHING), may)


def as_number(column: ir.Value, style: TextStyle) -> ir.FloatingValue:
    """A number: ``1,234.50``, ``1.234,50``, ``￥1,234``, ``(12)``, ``12-``, ``3 %``, full-width
    digits.
    """
    if not is_text(column):
        return column.cast("float64")
    if style.rich:
        return amount_of(column, style.decimal)
    text = _narrow(column).re_replace(_BETWEEN, "")
    mark, group = (r"\.", ",") if style.decimal == "." else (",", r"\.")
    percent, bracket = text.endswith("%"), text.startswith("(")
    behind = text.re_search("[^.,]-$")  # 1.234,- and 120.- are whole amounts
    digits = tidy_number(column)
    plain = digits.re_search(rf"^([0-9]+({mark}[0-9]*)?|{mark}[0-9]+)([eE][-+]?[0-9]{{1,2}})?$")
    grouped = digits.re_search(rf"^[1-9][0-9]{{0,2}}({group}[0-9]{{3}})+({mark}[0-9]*)?$")
    bare = digits.replace("," if style.decimal == "." else ".", "").replace(style.decimal, ".")
    number = (
        ((plain | grouped) & (digits.length() <= _LONGEST))
        .ifelse(bare, ibis.null("string"))
        .cast("float64")
    )
    negative = bracket | behind | text.startswith("-")
    return number * negative.ifelse(-1.0, 1.0) * percent.ifelse(0.01, 1.0)


def as_date(column: ir.Value, style: TextStyle) -> ir.DateValue:
    """A day: ``2012-01-31``, ``2012/1/31``, ``20120131``, ``2012年1月31日``, and by style
    ``31.01.2012`` or ``1/31/2012``; in rich columns also what
    `kamresearch.data.days.parse_day` reads.
    """
    if column.type().is_date():
        return column
    if column.type().is_numeric():
        return days.of_number(column)
    if not is_text(column):
        return column.cast("date")
    text = tidy_date(column)
    if style.rich or style.calendar:
        return day_of(text, ("d" if style.day_first else "m") + style.calendar).cast("date")
    return days.of_plain(text, bool(style.day_first))


def as_flag(column: ir.Value) -> ir.BooleanValue:
    """Yes or no, in words, letters or digits of either language."""
    if column.type().is_boolean():
        return column
    text = (
        column.cast("int64").cast("string")
        if column.type().is_numeric()
        else column.strip().lower()
    )
    return ibis.cases((text.isin(YES), True), (text.isin(NO), False), else_=ibis.null("boolean"))


def as_integer(column: ir.Value, style: TextStyle) -> ir.FloatingValue:
    """A whole number, held as float64 so that it may be missing; a fraction is no whole number
    and becomes empty.
    """
    number = as_number(column, style)
    return (number == number.round()).ifelse(number, ibis.null("float64"))


def as_kind(column: ir.Value, kind: str, style: TextStyle) -> ir.Value:
    """A column as a kind of the contract (`kamresearch.data.contract.KINDS`)."""
    if kind == "id":
        return as_id(column)
    if kind in ("text", "category", "month"):
        return clean_text(column if is_text(column) else column.cast("string"))
    if kind == "number":
        return as_number(column, style)
    if kind == "integer":
        return as_integer(column, style)
    return as_date(column, style) if kind == "date" else as_flag(column)
