"""Purchase histories: orders → one row per account as of a day, from a pandas frame or on the
engine.

An order day is a day on which an account placed at least one order (revenue of zero or more; a
negative revenue is a
return). Three lengths are kept apart, because all three are called "recency" somewhere:
``age_at_last_order_days`` (first to last order day), ``days_since_last_order`` (last order day to
the as-of day) and
``observed_days`` (first order day to the as-of day).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamresearch.data.period import Day
from kamresearch.errors import DataError, first_offenders

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

NEEDED = ("account_id", "order_date", "revenue")

HISTORY_COLUMNS = (
    "account_id",
    "n_order_days",
    "first_order_date",
    "last_order_date",
    "observed_days",
    "age_at_last_order_days",
    "days_since_last_order",
    "revenue_orders",
    "revenue_repeat",
    "revenue_net",
    "log_gaps_sum",
    "n_recent_days",
    "revenue_recent",
)
"""Columns of a history, one row per account with at least one order day.

``revenue_orders`` is the sum over order days, ``revenue_repeat`` the same without the first day,
``revenue_net`` less
returns; ``log_gaps_sum`` sums the logarithms of the gaps (days) between order days, the sufficient
statistic of
regularity; ``recent`` counts the last ``recent_days`` days.
"""


@dataclass(frozen=True)
class LeftOut:
    """Rows of the orders that no history counts, and the accounts that placed no order at all."""

    n_rows: int
    without_account: int
    without_date: int
    without_revenue: int
    after_as_of: int
    returns: int
    accounts_without_order: tuple


class FramePurchases:
    """Purchase histories of a pandas frame of orders (account_id, order_date, revenue)."""

    def __init__(self, orders: pd.DataFrame) -> None:
        missing = [name for name in NEEDED if name not in orders.columns]
        if missing:
            raise DataError(
                "orders",
                f"the columns {', '.join(NEEDED)}",
                f"no {', '.join(missing)}",
                "rename your columns to these",
            )
        frame = orders[list(NEEDED)].copy()
        frame["order_date"] = _days(frame["order_date"])
        frame["revenue"] = pd.to_numeric(frame["revenue"], errors="coerce").astype(float)
        self._rows = frame
        good = frame.dropna(subset=list(NEEDED))
        is_return = good["revenue"] < 0
        self._days = _by_day(good[~is_return])
        # Rows of an account lie together, in the order of their days: a history of any day takes
        # the first ones of each account, and what a row says beside the one before it stays.
        account = self._days.groupby("account_id", sort=True, observed=True).ngroup().to_numpy()
        self._account, self._first = account, _starts(account)
        self._ids = (
            self._days["account_id"].iloc[np.flatnonzero(self._first)].reset_index(drop=True)
        )
        self._day, self._revenue = (
            self._days[name].to_numpy() for name in ("order_date", "revenue")
        )
        gaps = np.diff(self._day, prepend=self._day[:1]) / np.timedelta64(1, "D")
        self._log_gap = np.log(np.where(self._first, 1.0, gaps))
        returns = good[is_return]
        self._returned = returns["order_date"].to_numpy(), returns["revenue"].to_numpy()
        self._returned_by = pd.Index(self._ids).get_indexer(returns["account_id"])

    def history(self, as_of: Day, recent_days: int = 90) -> pd.DataFrame:
        """Order days up to and including a day → one row per account (`HISTORY_COLUMNS`),
        sorted by account.
        """
        end = pd.Timestamp(as_of)
        rows = np.flatnonzero(self._day <= end.to_numpy())
        account, day, revenue = self._account[rows], self._day[rows], self._revenue[rows]
        first = self._first[rows]
        begin = np.flatnonzero(first)
        last = np.append(begin[1:], len(rows))[: len(begin)] - 1
        recent = day > (end - pd.Timedelta(days=recent_days)).to_numpy()
        known = account[begin]
        orders = _sum_runs(revenue, begin)
        days_returned, returned = self._returned
        back = (days_returned <= end.to_numpy()) & (self._returned_by >= 0)
        given_back = np.bincount(self._returned_by[back], returned[back], len(self._ids))
        frame = pd.DataFrame(
            {
                "account_id": self._ids.iloc[known].reset_index(drop=True),
                "n_order_days": last - begin + 1,
                "first_order_date": day[begin],
                "last_order_date": day[last],
                "revenue_orders": orders,
                "revenue_repeat": _sum_runs(np.where(first, 0.0, revenue), begin),
                "revenue_net": orders + given_back[known],
                "log_gaps_sum": _sum_runs(self._log_gap[rows], begin),
                "n_recent_days": _sum_runs(recent.astype(int), begin),
                "revenue_recent": _sum_runs(np.where(recent, revenue, 0.0), begin),
            }
        )
        return add_lengths(frame, end)

    def outcome(self, after: Day, until: Day) -> pd.DataFrame:
        """What came in (after, until]: account_id, n_order_days, revenue of the accounts that
        ordered.
        """
        after, until = pd.Timestamp(after).to_numpy(), pd.Timestamp(until).to_numpy()
        rows = np.flatnonzero((self._day > after) & (self._day <= until))
        account = self._account[rows]
        begin = np.flatnonzero(_starts(account))
        return pd.DataFrame(
            {
                "account_id": self._ids.iloc[account[begin]].reset_index(drop=True),
                "n_order_days": np.diff(begin, append=len(rows)),
                "revenue": _sum_runs(self._revenue[rows], begin),
            }
        )

    def span(self, as_of: Day) -> tuple[pd.Timestamp | None, int]:
        """First order day, and the number of days from it to the as-of day (0 where no order
        came by then).
        """
        first, end = self._days["order_date"].min(), pd.Timestamp(as_of)
        return (first, int((end - first).days)) if first <= end else (None, 0)

    def left_out(self, as_of: Day) -> LeftOut:
        """What the history of a day does not count, and why."""
        rows, end = self._rows, pd.Timestamp(as_of)
        ordered = set(self._days.loc[self._days["order_date"] <= end, "account_id"])
        known = rows.loc[~(rows["order_date"] > end), "account_id"].dropna()
        absent = tuple(sorted(set(known) - ordered, key=str))
        return LeftOut(
            len(rows),
            int(rows["account_id"].isna().sum()),
            int(rows["order_date"].isna().sum()),
            int(rows["revenue"].isna().sum()),
            int((rows["order_date"] > end).sum()),
            int((rows["revenue"] < 0).sum()),
            absent,
        )


class TablePurchases:
    """Purchase histories of the orders table, aggregated on the engine; order-sized data never
    reach pandas.

    Parameters
    ----------
    tables : kamresearch.data.tables.Tables
        Opened account data.
    """

    def __init__(self, tables: "Tables") -> None:
        from kamresearch.data.tables import hold

        orders = tables.orders
        good = orders.filter(
            orders.account_id.notnull() & orders.order_date.notnull() & orders.revenue.notnull()
        ).select(
            "account_id", day=orders.order_date.cast("date"), revenue=orders.revenue.cast("float64")
        )
        self._good, self._orders = good, orders
        sales = good.filter(good.revenue >= 0)
        # Summed once: histories of many days are asked for, and each would read all orders again.
        self._days = hold(sales.group_by("account_id", "day").agg(revenue=sales.revenue.sum()))

    def history(self, as_of: Day, recent_days: int = 90) -> pd.DataFrame:
        """Order days up to and including a day → one row per account (`HISTORY_COLUMNS`),
        sorted by account.
        """
        import ibis

        end = pd.Timestamp(as_of)
        cut = (end - pd.Timedelta(days=recent_days)).date()
        window = ibis.window(group_by="account_id", order_by="day")
        days = self._days.filter(self._days.day <= end.date())
        days = days.mutate(before=days.day.lag().over(window))
        days = days.mutate(gap=days.day.delta(days.before, unit="day"))
        history = days.group_by("account_id").agg(
            n_order_days=days.count(),
            first_order_date=days.day.min(),
            last_order_date=days.day.max(),
            revenue_orders=days.revenue.sum(),
            revenue_repeat=days.before.notnull().ifelse(days.revenue, 0.0).sum(),
            log_gaps_sum=days.gap.cast("float64").ln().sum().fill_null(0.0),
            n_recent_days=(days.day > cut).cast("int64").sum(),
            revenue_recent=(days.day > cut).ifelse(days.revenue, 0.0).sum(),
        )
        all_rows = self._good.filter(self._good.day <= end.date())
        net = all_rows.group_by("account_id").agg(revenue_net=all_rows.revenue.sum())
        frame = history.left_join(net, "account_id").drop("account_id_right").to_pandas()
        frame = frame.sort_values("account_id", ignore_index=True)
        for name in ("first_order_date", "last_order_date"):
            frame[name] = pd.to_datetime(frame[name])
        return add_lengths(frame, end)

    def outcome(self, after: Day, until: Day) -> pd.DataFrame:
        """What came in (after, until]: account_id, n_order_days, revenue of the accounts that
        ordered.
        """
        days = self._days
        days = days.filter(
            (days.day > pd.Timestamp(after).date()) & (days.day <= pd.Timestamp(until).date())
        )
        grouped = days.group_by("account_id").agg(
            n_order_days=days.count(), revenue=days.revenue.sum()
        )
        return grouped.to_pandas().sort_values("account_id", ignore_index=True)

    def span(self, as_of: Day) -> tuple[pd.Timestamp | None, int]:
        """First order day, and the number of days from it to the as-of day (0 where no order
        came by then).
        """
        end = pd.Timestamp(as_of)
        days = self._days.filter(self._days.day <= end.date())
        first = days.day.min().to_pandas()
        return (
            (None, 0)
            if pd.isna(first)
            else (pd.Timestamp(first), int((end - pd.Timestamp(first)).days))
        )

    def left_out(self, as_of: Day) -> LeftOut:
        """What the history of a day does not count, and why."""
        orders, end = self._orders, pd.Timestamp(as_of).date()
        counts = (
            orders.aggregate(
                n_rows=orders.count(),
                without_account=orders.account_id.isnull().cast("int64").sum(),
                without_date=orders.order_date.isnull().cast("int64").sum(),
                without_revenue=orders.revenue.isnull().cast("int64").sum(),
                after_as_of=(orders.order_date.cast("date") > end)
                .fill_null(False)
                .cast("int64")
                .sum(),
                returns=(orders.revenue < 0).fill_null(False).cast("int64").sum(),
            )
            .to_pandas()
            .iloc[0]
            .fillna(0)
            .astype(int)
        )
        ordered = self._days.filter(self._days.day <= end).select("account_id").distinct()
        known = orders.filter(
            orders.account_id.notnull() & ~(orders.order_date.cast("date") > end).fill_null(False)
        )
        absent = known.select("account_id").distinct().anti_join(ordered, "account_id").to_pandas()
        return LeftOut(
            **counts.to_dict(), accounts_without_order=tuple(sorted(absent["account_id"], key=str))
        )


def _by_day(orders: pd.DataFrame) -> pd.DataFrame:
    """Revenue of each account and day, sorted by both."""
    keys = ["account_id", "order_date"]
    return orders.groupby(keys, sort=True, observed=True)["revenue"].sum().reset_index()


def _starts(runs: np.ndarray) -> np.ndarray:
    """Which rows begin a run of equal numbers."""
    return np.append(True, runs[1:] != runs[:-1])[: len(runs)]


def _sum_runs(values: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """Sums of the runs that begin at these rows."""
    return np.add.reduceat(values, begin) if len(begin) else values[:0]


def add_lengths(frame: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """The three lengths of a history, beside its dates."""
    frame = frame.assign(
        observed_days=(end - frame["first_order_date"]).dt.days.astype(float),
        age_at_last_order_days=(
            frame["last_order_date"] - frame["first_order_date"]
        ).dt.days.astype(float),
        days_since_last_order=(end - frame["last_order_date"]).dt.days.astype(float),
    )
    return frame[list(HISTORY_COLUMNS)]


def _days(values: pd.Series) -> pd.Series:
    """Dates as whole days; a text that is no date is an error, a missing one stays missing."""
    parsed = pd.to_datetime(values, errors="coerce")
    wrong = values[parsed.isna() & values.notna()]
    if len(wrong):
        raise DataError(
            "orders, column 'order_date'",
            "dates",
            first_offenders(wrong),
            "mend or remove these rows",
        )
    if getattr(parsed.dt, "tz", None) is not None:
        parsed = parsed.dt.tz_localize(None)
    return parsed.dt.normalize()


def order_moments(tables: "Tables", as_of: Day, days: int = 365) -> pd.DataFrame:
    """Sum and sum of squares of each account's order revenue within the days up to a day, computed
    on the engine.

    Returns
    -------
    DataFrame
        account_id, revenue_squares_12m: what a bootstrap over orders needs (its variance is the sum
        of squares).
    """
    end = pd.Timestamp(as_of)
    start = (end - pd.Timedelta(days=days)).date()
    orders = tables.orders
    day = orders.order_date.cast("date")
    orders = orders.filter(orders.account_id.notnull() & (day <= end.date()) & (day > start))
    by_order = orders.group_by("account_id", "order_id").agg(
        revenue=orders.revenue.cast("float64").sum()
    )
    squares = by_order.group_by("account_id").agg(
        revenue_squares_12m=(by_order.revenue * by_order.revenue).sum()
    )
    return squares.to_pandas().sort_values("account_id", ignore_index=True)
