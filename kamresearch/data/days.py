"""Texts and numbers that name a day → that day.

The short rules (`of_plain`) read what most exports write, on any engine. `parse_day` reads the
rest, in Python within the embedded engine: months in words of many languages, months and quarters
alone (their first day), moments with a zone, day numbers of spreadsheets, Unix time, and years of
another calendar where the text or the mapping says so. dateparser was not taken for it: it reads
``113/01/05`` and ``12`` as days of this year, and a wrong day is worse than none.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

YEAR_FIRST = r"^([0-9]{4})[-/.年] ?([0-9]{1,2})[-/.月] ?([0-9]{1,2})日?([T ].*)?$"
YEAR_LAST = r"^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})([T ,].*)?$"
_COMPACT = r"^([0-9]{4})([0-9]{2})([0-9]{2})$"
_LEAP = "(([0-9]{2}(0[48]|[2468][048]|[13579][26]))|(([02468][048]|[13579][26])00))"
_REAL_DAY = (
    "^(([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-"
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    f"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)$"
)
"""Days of the calendar, leap days in leap years alone, so that no engine is asked for a day
that does not exist.
"""
PLAIN = f"({YEAR_FIRST})|({YEAR_LAST})|({_COMPACT})"
"""Texts that the short rules read."""
ZONE = r"[T ][0-9:.]+ ?(Z|UTC|GMT|[+-][0-9][0-9:]*)$"
"""The end of a moment with a zone."""

CALENDARS = {"buddhist": -543, "minguo": 1911, "year_first": 2000}
"""Calendars that a mapping may state → years to add; ``year_first`` stands for 24-01-31."""

_WORD = r"(?P<word>[^\W\d_]{3,12})"
_YEAR = r"'?(?P<year>\d{4}|\d{2})"
_END = r"(?:[T ,].*)?"
_WORDS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:[^\W\d]{{2,12}}\.?,? )?(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º|°)?[-/. ]*"
        rf"(?:de |del |of )?{_WORD}\.?[-/., ]*(?:de |del )?{_YEAR}(?: ?г\.?| р\.)?{_END}",
        rf"(?:[^\W\d]{{2,12}},? )?{_WORD}\.?[-/ ]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/, ]+"
        rf"{_YEAR}{_END}",
        rf"(?P<year>\d{{4}})[-/ ]{_WORD}\.?[-/ ](?P<day>\d{{1,2}}){_END}",
        rf"(?:[^\W\d]{{2,12}},? )?{_WORD} +(?P<day>\d{{1,2}}) [0-9:]+ (?:utc |gmt )?"
        r"(?P<year>\d{4})",
        rf"(?P<year>\d{{4}})[-/, ]*{_WORD}\.?",
        rf"{_WORD}\.?(?:[-/, ]*(?:de )?'?(?P<year>\d{{4}})|[-'](?P<short>\d{{2}}))",
    )
)
_MONTHS_ALONE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>\d{4})[-/.年] ?(?P<month>\d{1,2})月?",
        r"(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])",
        r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})",
    )
)
_QUARTERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"[qtк](?P<quarter>[1-4])[-/ ']*(?P<year>\d{4}|\d{2})",
        r"(?P<quarter>[1-4])[qtк][-/ ']*(?P<year>\d{4}|\d{2})",
        r"(?P<year>\d{4})[-/ ]*[qt](?P<quarter>[1-4])",
        r"(?P<year>\d{4})年? ?第?(?P<quarter>[1-4])季度?",
        r"(?P<quarter>[1-4])\.? ?(?:quartal|квартал|kwartał|trimestre)[ ,]+(?P<year>\d{4})",
    )
)
_DOTTED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(\d{4})\. (\d{1,2})\. (\d{1,2})\.?(?: .*)?",
        r"(\d{4})년 ?(\d{1,2})월 ?(\d{1,2})일(?: .*)?",
    )
)
"""Days of Hungary and Korea."""
_SCRIPT = re.compile(r"\\?/date\((-?\d{12,13})(?:[-+]\d{4})?\)\\?/")
"""``/Date(1704412800000)/``, as programs of Microsoft and SAP write a moment into JSON."""
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})[t ]?(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d)?)?z?")
_ZONED = re.compile(
    r"(\d{4}-\d{2}-\d{2})[t ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?"
    r"(z|utc|gmt|[+-]\d{2}(?::?\d{2})?)"
)
_ZONE_BEHIND = re.compile(
    r".*[ ,](\d{2}:\d{2}(?::\d{2})?) (?:gmt|utc)? ?(z|utc|gmt|[+-]\d{2}:?\d{2})(?: \(.*\))?"
)
"""The time and zone of a moment whose day is in words: ``Fri, 05 Jan 2024 23:30:00 -0500``."""
_ERAS = tuple(
    (re.compile(pattern), years)
    for pattern, years in (
        (r"(?:民國|民国) ?(\d{1,3})[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,2})日?", 1911),
        (r"(?:令和|r) ?(\d{1,2})[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,2})日?", 2018),
        (r"平成 ?(\d{1,2})[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,2})日?", 1988),
        (r"(?:พ\.ศ\.|be) ?(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", -543),
    )
)
_ANY_YEAR_FIRST = re.compile(r"(\d{2,4})[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,2})日?(?:[t ].*)?")
_ANY_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2,4})(?:[t ].*)?")
_ANY_COMPACT = re.compile(r"(\d{2,4})(\d{2})(\d{2})")
_NUMBER = re.compile(r"(\d{5})(?:\.\d+)?|(\d{10})|(\d{13})")

_LOCALES = (
    *("en", "fr", "de", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk"),
    *("hu", "ro", "bg", "ru", "uk", "tr", "el", "lt", "lv", "et", "id", "vi", "he", "ar"),
)


@cache
def months() -> dict[str, int]:
    """Names and short names of the months in many languages, in small letters → their number;
    names that mean two months in two languages are none.
    """
    from babel.dates import get_month_names

    found: dict[str, set[int]] = {}
    for locale in _LOCALES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale).items():
                    short = name.lower().strip().rstrip(".")
                    if len(short) > 2 and not any(letter.isdigit() for letter in short):
                        found.setdefault(short, set()).add(number)
    more = {"sept": 9, "fevrier": 2, "fevr": 2, "fev": 2, "aout": 8, "decembre": 12, "mrz": 3}
    known = {name: next(iter(many)) for name, many in found.items() if len(many) == 1}
    return known | {name: number for name, number in more.items() if name not in known}


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _full_year(text: str) -> int:
    return int(text) if len(text) > 2 else int(text) + (2000 if int(text) < 69 else 1900)


def parse_day(text: str, day_first: bool, calendar: str = "", zone: str = "") -> str | None:
    """A text as a day in ISO; None where it names none."""
    text = " ".join(text.split()).lower()
    if calendar:
        return _of_calendar(text, CALENDARS[calendar], day_first)
    if match := _ZONED.fullmatch(text):
        return _of_moment(match[1], match[2], match[3], zone)
    if match := re.match(YEAR_FIRST, text.replace("t", "T")):
        return _day(*map(int, match.groups()[:3]))
    if match := re.match(_COMPACT, text):
        return _day(*map(int, match.groups()))
    if match := re.match(YEAR_LAST, text):
        first, second, year = match.groups()[:3]
        day, month = (first, second) if day_first else (second, first)
        return _day(_full_year(year), int(month), int(day))
    day = _of_words(text)
    if day and (match := _ZONE_BEHIND.fullmatch(text)):
        return _of_moment(day, match[1], match[2], zone)
    return day or _of_period(text) or _of_figures(text, zone)


def _of_words(text: str) -> str | None:
    for pattern in _WORDS:
        match = pattern.fullmatch(text)
        number = match and months().get(match["word"].rstrip("."))
        if match and number:
            parts = match.groupdict()
            year = _full_year(parts["year"] or parts.get("short", ""))
            return _day(year, number, int(parts.get("day") or 1))
    for pattern in _DOTTED:
        if match := pattern.fullmatch(text):
            return _day(*map(int, match.groups()))
    for pattern, years in _ERAS:
        if match := pattern.fullmatch(text.replace("元年", "1年")):
            year, month, day = map(int, match.groups())
            return _day(year + years, month, day)
    return None


def _of_period(text: str) -> str | None:
    """The first day of a month or a quarter that stands alone."""
    for pattern in _MONTHS_ALONE:
        if match := pattern.fullmatch(text):
            return _day(int(match["year"]), int(match["month"]), 1)
    for pattern in _QUARTERS:
        if match := pattern.fullmatch(text):
            return _day(_full_year(match["year"]), 3 * int(match["quarter"]) - 2, 1)
    return None


def _of_figures(text: str, zone: str) -> str | None:
    """A moment in figures alone, a day number of a spreadsheet, or Unix time."""
    if match := _SCRIPT.fullmatch(text):
        moment = datetime.fromtimestamp(int(match[1]) / 1000, UTC)
        return moment.astimezone(ZoneInfo(zone or "UTC")).date().isoformat()
    if (match := _MOMENT.fullmatch(text)) and 1900 <= int(match[1]) < 2200:
        found = _day(*map(int, match.groups()))
        if found:
            return found
    match = _NUMBER.fullmatch(text)
    if not match:
        return None
    serial, seconds, milliseconds = match.groups()
    if serial:
        return (
            (date(1899, 12, 30) + timedelta(int(serial))).isoformat()
            if 20_000 <= int(serial) <= 80_000
            else None
        )
    moment = int(seconds) if seconds else int(milliseconds) // 1000
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _of_moment(day: str, time: str, offset: str, zone: str) -> str | None:
    """The day on which a moment falls in a zone."""
    try:
        offset = "Z" if offset in ("utc", "gmt") else offset.upper()
        moment = datetime.fromisoformat(f"{day}T{time[:15]}{offset}")
        return moment.astimezone(ZoneInfo(zone or "UTC")).date().isoformat()
    except (ValueError, OverflowError):
        return None


def _of_calendar(text: str, years: int, day_first: bool) -> str | None:
    last = _ANY_YEAR_LAST.fullmatch(text)
    match = _ANY_YEAR_FIRST.fullmatch(text) or _ANY_COMPACT.fullmatch(text)
    if match and not (last and len(last[3]) > 2):
        year, month, day = map(int, match.groups())
        return _day(year + years, month, day)
    if not last:
        return None
    first, second, year = map(int, last.groups())
    return _day(year + years, *((second, first) if day_first else (first, second)))


def is_period(text: str) -> bool:
    """Whether a text names a month or a quarter alone."""
    text = " ".join(text.split()).lower()
    found = (pattern.fullmatch(text) for pattern in _WORDS[-2:])
    return _of_period(text) is not None or any(one and months().get(one["word"]) for one in found)


def is_number(text: str) -> bool:
    """Whether a text is a day number of a spreadsheet or Unix time."""
    return _NUMBER.fullmatch(text.strip()) is not None


def _iso(year: ir.StringValue, month: ir.StringValue, day: ir.StringValue) -> ir.StringValue:
    two = year.length() == 2
    full = two.ifelse((year < "69").ifelse("20", "19") + year, year)
    return full + "-" + month.lpad(2, "0") + "-" + day.lpad(2, "0")


def _parts(text: ir.StringValue, pattern: str, *places: int) -> ir.StringValue:
    return _iso(*(text.re_extract(pattern, place) for place in places))


def _real(iso: ir.StringValue) -> ir.DateValue:
    return iso.re_search(_REAL_DAY).ifelse(iso, ibis.null("string")).cast("date")


def of_plain(text: ir.StringValue, day_first: bool) -> ir.DateValue:
    """What most exports write: year, month and day in figures."""
    by_style = (3, 2, 1) if day_first else (3, 1, 2)
    cases = [
        (text.re_search(YEAR_FIRST), _parts(text, YEAR_FIRST, 1, 2, 3)),
        (text.re_search(_COMPACT), _parts(text, _COMPACT, 1, 2, 3)),
        (text.re_search(YEAR_LAST), _parts(text, YEAR_LAST, *by_style)),
    ]
    return _real(ibis.cases(*cases, else_=ibis.null("string")))


def of_number(column: ir.NumericValue) -> ir.DateValue:
    """Day numbers of a spreadsheet (1954 to 2119), Unix seconds and milliseconds, ``20240131`` as
    a number; nothing else is a day.
    """
    value = column.cast("float64")
    value = value.isnan().ifelse(ibis.null("float64"), value)
    whole = value.floor()
    compact = whole.between(19000101, 21991231).ifelse(whole, ibis.null("float64"))
    digits = compact.cast("int64").cast("string")
    days = ibis.cases(
        (whole.between(20_000, 80_000), whole - 25_569),
        (whole.between(100_000_000, 4_102_444_800), (whole / 86_400).floor()),
        (whole.between(100_000_000_000, 4_102_444_800_000), (whole / 86_400_000).floor()),
        else_=ibis.null("float64"),
    )
    moment = (days.cast("int64") * 86_400).as_timestamp("s")
    return ibis.coalesce(moment.cast("date"), _real(_parts(digits, _COMPACT, 1, 2, 3)))
