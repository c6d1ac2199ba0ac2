"""Periods as the market table writes them: 2012, 2012-H1, 2012-Q1, 2012-07, and spans
2009-01/2009-08.
"""

import re
from typing import Any

import pandas as pd

from kamresearch.errors import DataError, first_offenders
from kamresearch.features.orders import YEAR
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _

GRACE = pd.Timedelta(days=31)

_FORMS = (
    (re.compile(r"(\d{4})"), 12, "year"),
    (re.compile(r"(\d{4})-?H([12])"), 6, "half"),
    (re.compile(r"(\d{4})-?Q([1-4])"), 3, "quarter"),
    (re.compile(r"(\d{4})-(0[1-9]|1[0-2])"), 1, "month"),
)


def read_period(text: str) -> tuple[pd.Period, pd.Period, str] | None:
    """First month, last month and kind of a period; None where it cannot be read.

    >>> [str(part) for part in read_period("2012-H2")]
    ['2012-07', '2012-12', 'half']
    """
    text = str(text).strip().removesuffix(".0")
    if "/" in text:
        parts: list[Any] = [read_period(part) for part in text.split("/")]
        if len(parts) != 2 or None in parts or parts[0][0] > parts[1][1]:
            return None
        return parts[0][0], parts[1][1], "span"
    for form, months, kind in _FORMS:
        found = form.fullmatch(text)
        if found:
            place = int(found.group(2)) if found.lastindex == 2 else 1
            first = pd.Period(year=int(found.group(1)), month=1 + (place - 1) * months, freq="M")
            return first, first + months - 1, kind
    return None


def year_before(text: str) -> str:
    """The same period one year earlier.

    >>> year_before("2012-H1"), year_before("2009-01/2009-08")
    ('2011-H1', '2008-01/2008-08')
    """
    return "/".join(f"{int(part[:4]) - 1:04d}{part[4:]}" for part in str(text).split("/"))


def shift_years(text: str, years: int) -> str:
    """The same period some years later (negative: earlier)."""
    return "/".join(f"{int(part[:4]) + years:04d}{part[4:]}" for part in str(text).split("/"))


def add_bounds(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """The frame with columns first, last (months) and kind of its column ``period``;
    unreadable periods are refused.
    """
    read: list[Any] = [read_period(text) for text in frame["period"]]
    bad = [text for text, one in zip(frame["period"], read, strict=True) if one is None]
    if bad:
        raise DataError(
            f"{where}, column 'period'",
            "2012, 2012-H1, 2012-Q1, 2012-07 or 2009-01/2009-08",
            first_offenders(bad),
            "rewrite them",
        )
    return frame.assign(
        first=[one[0].ordinal for one in read],
        last=[one[1].ordinal for one in read],
        kind=[one[2] for one in read],
    )


def month_ordinal(day: str) -> int:
    """Number of the last month that has ended by a day."""
    day = pd.Timestamp(day)
    month = day.to_period("M")
    return month.ordinal if day.normalize() == month.end_time.normalize() else month.ordinal - 1


def say_uncovered(first_record: pd.Timestamp, window_start: pd.Timestamp) -> Message | None:
    """Why a window cannot be compared with: the records begin after it does; None where they
    cover it. A month's grace, since the first order of a business need not fall on the first day.
    """
    if pd.notna(first_record) and pd.Timestamp(first_record) <= window_start + GRACE:
        return None
    return _(
        "The records begin with {first}, the year to compare with on {start}: nothing is compared "
        "with a year that they do not cover.",
        first=Quantity(first_record.date().isoformat(), "date") if pd.notna(first_record) else "–",
        start=Quantity(window_start.date().isoformat(), "date"),
    )


def say_uncovered_year(snapshot: pd.DataFrame, days_back: int = 2 * YEAR) -> Message | None:
    """Why an account snapshot's year (``days_back`` 365), or the one before (730), cannot be
    compared with: the records do not reach back so far; None where they do, or where a frame worked
    by hand has no order days.
    """
    needed = ["first_order_date", "last_order_date", "days_since_last_order"]
    if not set(needed) <= set(snapshot.columns) or snapshot["last_order_date"].isna().all():
        return None
    since = pd.to_timedelta(snapshot["days_since_last_order"], unit="D")
    day = (snapshot["last_order_date"] + since).max()
    return say_uncovered(snapshot["first_order_date"].min(), day - pd.Timedelta(days=days_back - 1))
