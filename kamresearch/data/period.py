"""Which days the orders cover, and on which of them a report stands."""

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from kamresearch.errors import DataError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from kamresearch.data.tables import Tables

Day: TypeAlias = str | datetime.date
"""A day as people give it: ISO text, a date, or a timestamp (which is a date too)."""

STRAY_GAP_DAYS = 366
STRAY_SHARE = 0.01
FEWEST_TO_TELL = 10
"""Days that lie so far behind all earlier ones, with at most this share of the orders (or one
order of at least ten), are slips of the pen and no last day.
"""
LONGEST_SILENCE_DAYS = 366
"""With no order in so many days up to the as-of day, every figure of a year would be nothing."""


@dataclass(frozen=True)
class Period:
    """First and last day of the orders, and how many orders each year of them holds."""

    first: pd.Timestamp
    last: pd.Timestamp
    days: pd.Series

    def resolve(self, as_of: str, source: str) -> str:
        """The day of the report: the one asked for, else the last order day.

        Raises
        ------
        DataError
            On the day asked for nothing is seen, or nothing any more.
        """
        if not as_of:
            return self.last.date().isoformat()
        day = pd.Timestamp(as_of)
        seen = self.days.index[self.days.index <= day]
        covered = f"orders from {self.first.date()} to {self.last.date()}"
        remedy = f"choose a day in between, such as --as-of {self.last.date()}"
        if not len(seen):
            raise DataError(source, f"orders on or before the as-of day {as_of}", covered, remedy)
        if (day - seen[-1]).days > LONGEST_SILENCE_DAYS:
            raise DataError(
                source,
                f"an order in the year before the as-of day {as_of}",
                covered,
                remedy,
            )
        return as_of


def find_period(tables: "Tables") -> Period | None:
    """The days that the orders cover, stray ones apart; None where no order has a day.

    Tables → `Period`.
    """
    days = tables.order_days
    if days.empty:
        return None
    kept = _without_strays(days)
    return Period(kept.index[0], kept.index[-1], kept)


def count_days(orders: "ir.Table") -> pd.Series:
    """Day → rows of the orders on it, in the order of days; one query, a row a day."""
    day = orders.order_date.cast("date")
    counts = orders.group_by(day=day).agg(n=orders.count()).to_pandas()
    counts = counts[counts["day"].notna()]
    days = pd.to_datetime(counts["day"]).astype("datetime64[us]")
    return pd.Series(counts["n"].to_numpy(), index=days).sort_index()


def _without_strays(days: pd.Series) -> pd.Series:
    """Days of orders without those few that lie more than a year behind all others."""
    total = days.sum()
    if total < FEWEST_TO_TELL:
        return days
    gaps = days.index.to_series().diff().dt.days
    for place in range(len(days) - 1, 0, -1):
        if days.iloc[place:].sum() > max(1, STRAY_SHARE * total):
            break
        if gaps.iloc[place] > STRAY_GAP_DAYS:
            return _without_strays(days.iloc[:place])
    return days
