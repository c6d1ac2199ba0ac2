"""Values as exports write them → values as the contract means them: numbers, dates, ids, flags, on
any engine.

Every rule is an Ibis expression, so that DuckDB, PostgreSQL and Spark read a text the same way. A
value that fits no rule
becomes empty here and is set aside, with its reason, by `kamresearch.data.quarantine`.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

YES = ("true", "t", "yes", "y", "1", "是", "真")
NO = ("false", "f", "no", "n", "0", "否", "假")

NOTHING = ("-", "--", "—", "n/a", "na", "#n/a", "#na", "null", "none", "nan", "nat", "无")
"""What exports write where a number or a date is not known."""

_WIDE = "０１２３４５６７８９，．－＋（）％／：　"
_NARROW = "0123456789,.-+()%/: "
_YEAR_FIRST = r"^([0-9]{4})[-/.年] ?([0-9]{1,2})[-/.月] ?([0-9]{1,2})日?([T ].*)?$"
_YEAR_LAST = r"^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})([T ].*)?$"
_BETWEEN = "[ \\t\u00a0\u202f'¥￥$€£元]"
WIDE_BLANKS = "\u00a0\u3000\ufeff"
_BLANK = f"[\\s{WIDE_BLANKS}]+"
"""Blanks of Western, Chinese and web texts, and the mark that some exports put before the
first cell.
"""
_LEAP = "(([0-9]{2}(0[48]|[2468][048]|[13579][26]))|(([02468][048]|[13579][26])00))"
_REAL_DAY = (
    "^(([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    f"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)$"
)
"""Days of the calendar, leap days in leap years alone, so that no engine is asked for a day
that does not exist.
"""
_LONGEST = 40
_COMPACT = r"^([0-9]{4})([0-9]{2})([0-9]{2})$"


@dataclass(frozen=True)
class TextStyle:
    """How a file writes numbers and dates: the decimal mark, and which of day and month comes
    first.
    """

    decimal: str = "."
    day_first: bool = False


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


def says_nothing(column: ir.StringValue) -> ir.BooleanValue:
    """Whether a text that should hold a number or a date says that there is none."""
    return tidy_date(column).lower().isin(NOTHING)


def as_number(column: ir.Value, style: TextStyle) -> ir.FloatingValue:
    """A number: ``1,234.50``, ``1.234,50``, ``￥1,234``, ``(12)``, ``12-``, ``3 %``, full-width
    digits.
    """
    if not is_text(column):
        return column.cast("float64")
    text = _narrow(column).re_replace(_BETWEEN, "")
    mark, group = (r"\.", ",") if style.decimal == "." else (",", r"\.")
    percent, bracket, behind = text.endswith("%"), text.startswith("("), text.endswith("-")
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
    ``31.01.2012`` or ``1/31/2012``.
    """
    if column.type().is_date():
        return column
    if not is_text(column):
        return column.cast("date")
    text = tidy_date(column)
    first, last, compact = (
        text.re_search(pattern) for pattern in (_YEAR_FIRST, _YEAR_LAST, _COMPACT)
    )

    def join(pattern: str, year: int, month: int, day: int) -> ir.StringValue:
        parts = [text.re_extract(pattern, place) for place in (year, month, day)]
        full = (
            (parts[0].length() == 2).ifelse(
                (parts[0] < "69").ifelse("20", "19") + parts[0], parts[0]
            )
            if year == 3
            else parts[0]
        )
        return full + "-" + parts[1].lpad(2, "0") + "-" + parts[2].lpad(2, "0")

    by_style = join(_YEAR_LAST, 3, 2, 1) if style.day_first else join(_YEAR_LAST, 3, 1, 2)
    iso = ibis.cases(
        (first, join(_YEAR_FIRST, 1, 2, 3)),
        (compact, join(_COMPACT, 1, 2, 3)),
        (last, by_style),
        else_=ibis.null("string"),
    )
    return iso.re_search(_REAL_DAY).ifelse(iso, ibis.null("string")).cast("date")


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
