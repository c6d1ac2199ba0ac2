"""Numbers and dates as a reader of each language expects them, by unit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kamresearch.language.catalogue_store import translate
from kamresearch.language.message import current_language
from kamresearch.language.tongues import tongue

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

MISSING = "–"

UNITS = {
    "count": "whole things without a name of their own",
    "accounts": "accounts",
    "orders": "orders",
    "managers": "managers",
    "records": "records of a table",
    "sources": "sources that tell the same number",
    "units": "vehicles or other goods sold",
    "share": "0 to 1, shown as per cent",
    "growth": "a change relative to what was before, from -1 without end, shown as per cent",
    "net_share": "what may leave 0 to 1: of a sum with negative parts, of what there was, of room",
    "share_change": "difference of two shares, shown in percentage points",
    "probability": "0 to 1, shown as per cent",
    "p_value": "0 to 1, shown as a number",
    "ratio": "times",
    "score": "a number on a scale of its own",
    "index": "an index value",
    "cny": "Chinese yuan",
    "money": "the data's own currency, named where `money_in` says it",
    "days": "days",
    "months": "months",
    "years": "years",
    "hours": "hours",
    "date": "a date (ISO text)",
    "period": "a month, quarter or year (text)",
    "text": "a word or name",
    "flag": "yes or no",
}
"""Every unit that a finding or a column may carry."""

_WRITTEN_OUT = 1e15
"""Beyond this a number is shown by its power of ten: its digits would no longer be exact."""

_COUNTS = {"count", "accounts", "orders", "managers", "records", "sources", "units"}
_PARTS = {"share", "probability", "growth", "net_share"}
_NAMED = {
    "days": "{value} days",
    "months": "{value} months",
    "years": "{value} years",
    "hours": "{value} hours",
}


NO_MEASURE: Mapping[str, str] = MappingProxyType({})
_CURRENCY: ContextVar[str] = ContextVar("currency", default="")
_MEASURE: ContextVar[Mapping[str, str]] = ContextVar("measure", default=NO_MEASURE)


@contextmanager
def money_in(currency: str, measure: Mapping[str, str] = NO_MEASURE) -> Iterator[None]:
    """Name the data's currency with each amount of money inside the block, and what units are
    counted in (language → measure word) with each number of them; what is empty names nothing.

    >>> with money_in("CNY", {"zh": "辆"}):
    ...     format_quantity(4.12e9, "money", "zh"), format_quantity(41989, "units", "zh")
    ('41.2亿元', '41,989 辆')
    """
    tokens = _CURRENCY.set(currency), _MEASURE.set(measure)
    try:
        yield
    finally:
        _CURRENCY.reset(tokens[0])
        _MEASURE.reset(tokens[1])


def measure_word(unit: str, language: str) -> str:
    """What the data say that units are counted in; empty for other units, or where they say
    nothing.
    """
    return _MEASURE.get().get(language, "") if unit == "units" else ""


def currency_name(language: str) -> str:
    """The currency that `money_in` named, as a table's head says it; empty where none is named."""
    code = _CURRENCY.get()
    return tongue(language).currencies.get(code, code).replace("{amount}", "").strip()


@dataclass(frozen=True)
class Quantity:
    """A value with its unit inside a sentence; ``signed`` shows the plus of a change."""

    value: float | int | str | bool | None
    unit: str
    signed: bool = False

    def render(self, language: str) -> str:
        return format_quantity(self.value, self.unit, language, signed=self.signed)

    def __str__(self) -> str:
        return self.render(current_language())


def format_quantity(
    value: Any,
    unit: str,
    language: str,
    *,
    signed: bool = False,
    bare: bool = False,
    places: int | None = None,
) -> str:
    """A value in its unit, as text for a reader.

    Parameters
    ----------
    value : number, text, date or None
        The value; None and non-finite numbers give a dash.
    unit : str
        One of `UNITS`.
    language : str
        One of `LANGUAGES`.
    signed : bool
        Show the plus sign of a change.
    bare : bool
        Leave the unit's word out (for table cells, whose head names it).
    places : int, optional
        Digits behind the point, where a column has settled on them (`places_of`); else as many as
        the value itself asks for.

    Examples
    --------
    >>> format_quantity(0.256, "share", "en"), format_quantity(41989, "units", "zh")
    ('25.6%', '41,989')
    """
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r}: expected one of {', '.join(sorted(UNITS))}")
    if value is None or (isinstance(value, float) and not isfinite(value)) or value != value:
        return MISSING
    if unit == "flag":
        return translate("yes" if value else "no", language)
    if unit == "date":
        from babel.dates import format_date

        day = date.fromisoformat(str(value)[:10])
        return format_date(day, format="medium", locale=tongue(language).locale)
    if unit in ("text", "period") or isinstance(value, str):
        return str(value)
    if places is not None:
        return _in_places(float(value), unit, language, places)
    return _format_number(value, unit, language, signed=signed, bare=bare)


def places_of(values: Sequence[float], unit: str) -> int | None:
    """Digits behind the point that all numbers of a column show, so that points stand under each
    other; None where each may keep its own.

    >>> places_of([3, 12.5], "days"), places_of([0.0029, 0.317], "share"), places_of([1, 2], "days")
    (1, 1, 0)
    """
    sizes = [abs(value) for value in values if isfinite(value)]
    if not sizes or max(sizes) >= _WRITTEN_OUT:
        return None
    top, broken = max(sizes), any(not float(size).is_integer() for size in sizes)
    if unit in _COUNTS:
        return (0 if top >= 20 else 1) if broken else None
    if unit in _NAMED:
        return 1 if broken and top < 1000 else 0
    if unit in _PARTS:
        return 1 if top > 0.00995 else None
    if unit in ("ratio", "score", "index") and top >= 0.095:
        return 2 if top < 100 else 0
    return None


@lru_cache(maxsize=64)
def _pattern(text: str) -> "NumberPattern":
    from babel.numbers import parse_pattern

    return parse_pattern(text)


@lru_cache(maxsize=64)
def _locale(name: str) -> "Locale":
    from babel import Locale

    return Locale.parse(name)


@lru_cache(maxsize=8192, typed=True)
def _written(value: float, pattern: str, language: str) -> str:
    """A number by Babel's pattern; patterns and locales are read once, not once a cell, and equal
    numbers are written once: a page says most of its numbers several times, a shelf nearly all.
    """
    return _pattern(pattern).apply(value, _locale(tongue(language).locale))


def _compact(value: float, language: str) -> str:
    from babel.numbers import format_compact_decimal

    locale = _locale(tongue(language).locale)
    return format_compact_decimal(value, fraction_digits=1, locale=locale)


def _in_places(value: float, unit: str, language: str, places: int) -> str:
    digits = "#,##0" + ("." + "0" * places if places else "")
    if unit not in _PARTS:
        return _without_minus_zero(_written(value, digits, language))
    if 0 < value < 0.05 / 10 ** (places + 1):
        return f"<{_written(10.0 ** -(places + 2), digits + '%', language)}"
    return _without_minus_zero(_written(value, digits + "%", language))


def _format_number(value: float, unit: str, language: str, *, signed: bool, bare: bool) -> str:
    plus = "+" if signed and value > 0 else ""
    if abs(value) >= _WRITTEN_OUT:
        return f"{plus}{float(value):.3g}"
    if unit in _PARTS:
        digits = "0.0" if abs(value) > 0.00995 or value == 0 else "0.0#"
        text = _written(value, f"#,##{digits}%", language)
    elif unit == "share_change":
        number = _written(100 * value, "#,##0.0", language)
        text = number if bare else translate("{value} pp", language).format(value=number)
    elif unit == "p_value":
        text = _written(value, "0.000", language) if value >= 0.001 else "<0.001"
    elif unit in _COUNTS:
        text = _written(
            value,
            "#,##0" if float(value).is_integer() or abs(value) >= 1000 else "#,##0.0",
            language,
        )
        text += "" if bare else f" {measure_word(unit, language)}".rstrip()
    elif unit in ("cny", "money"):
        if abs(value) < 1e4:
            number = _written(value, "#,##0", language)
        elif tongue(language).myriads:
            number = _in_myriads(value, language, bare=bare)
        else:
            number = _compact(value, language)
        text = number if bare else _with_currency(number, unit, language)
    elif unit in _NAMED:
        number = _written(value, "#,##0.#", language)
        text = number if bare else translate(_NAMED[unit], language).format(value=number)
    else:
        small = 0.00005 <= abs(value) < 0.095
        text = _written(
            value, "0.00##" if small else "#,##0.00" if abs(value) < 100 else "#,##0", language
        )
    return plus + _without_minus_zero(text)


def _in_myriads(value: float, language: str, *, bare: bool) -> str:
    """An amount in 万 or 亿 as people write it: 6,395万, and in a column, where points stand under
    each other, 6,394.7万.

    >>> _in_myriads(63_947_000, "zh", bare=False), _in_myriads(63_947_000, "zh", bare=True)
    ('6,395万', '6,394.7万')
    >>> _in_myriads(214e6, "zh", bare=False)
    '2.14亿'
    """
    myriad, square = tongue(language).myriads
    # 亿 is ten thousand 万: one digit behind it would leave as little as one figure.
    if abs(value) >= 99_995_000:
        return _written(value / 1e8, "#,##0.##", language) + square
    written = "#,##0" if abs(value) >= 9_995_000 and not bare else "#,##0.#"
    return _written(value / 1e4, written, language) + myriad


def _with_currency(number: str, unit: str, language: str) -> str:
    if unit == "cny":
        return f"¥{number}"
    code, written = _CURRENCY.get(), tongue(language)
    pattern = written.currencies.get(code, written.money)
    return pattern.format(amount=number, currency=code) if code else number


def _without_minus_zero(text: str) -> str:
    """A number that rounds to nothing has no sign."""
    return (
        text.replace("-", "", 1)
        if "-" in text and not any(digit in text for digit in "123456789")
        else text
    )
