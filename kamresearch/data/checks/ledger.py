"""Checks of the orders as a ledger: keys, repeated entries, months, sizes, and the revenue of
each account.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.data.checks.result import Issue
from kamresearch.data.checks.words import CHECKS
from kamresearch.data.counting import fetch_row
from kamresearch.data.tables import hold, hold_filled

if TYPE_CHECKING:
    import ibis.expr.types as ir

FENCE = 4.0
"""An order is extraordinary beyond so many interquartile ranges (of the logarithm) above the
upper quartile.
"""
LARGE_PART = 0.2
EARLIEST = "1950-01-01"
STALE_DAYS = 92


class Ledger:
    """The orders added up by account, on the engine until a share of revenue asks for the
    numbers.
    """

    def __init__(self, orders: "ir.Table", total: float) -> None:
        date = orders.order_date.cast("date")
        self.total = total
        added = orders.group_by("account_id").agg(
            n=orders.count(),
            revenue=orders.revenue.abs().sum().cast("float64").fill_null(0.0),
            first_date=date.min(),
        )
        # Five checks ask for it. The embedded engine keeps it; a server may refuse readers tables
        # of their own.
        self.by_account = hold(added)

    @cached_property
    def revenue(self) -> pd.Series:
        """account_id → absolute revenue (orders without an account apart)."""
        frame = self.by_account.filter(self.by_account.account_id.notnull())[
            ["account_id", "revenue"]
        ].execute()
        return frame.sort_values("account_id").set_index("account_id")["revenue"].astype("float64")

    def share_of(self, accounts: Iterable) -> float | None:
        """The part of all revenue that these accounts make."""
        if not self.total:
            return None
        places = self.revenue.index.get_indexer(pd.Index(accounts, dtype="str").unique())
        return float(self.revenue.iloc[sorted(places[places >= 0])].sum() / self.total)


def is_embedded(table: "ir.Table") -> bool:
    """Whether a table is on the embedded engine."""
    return table.get_backend().name == "duckdb"


def find_alike(table: "ir.Table", columns: list[str]) -> "ir.Table | None":
    """The rows that may share their cells in these columns with another row; nobody else does.
    None where it is known that there are none.

    Rows whose 64-bit hashes differ differ themselves, and numbers are counted in a fraction of the
    time that texts take:
    where few rows are alike, the exact comparison is left with few rows.
    """
    import ibis

    if not is_embedded(table):
        return table
    marked = table.mutate(mark=ibis.struct({name: table[name] for name in columns}).hash())
    marks = marked.group_by("mark").agg(n=marked.count())
    shared = hold_filled(marks.filter(marks.n > 1)[["mark"]])
    return None if shared is None else marked.semi_join(shared, "mark").drop("mark")


def check_ledger(
    orders: "ir.Table", days: pd.Series, measures: dict, as_of: str | None
) -> list[Issue]:
    """What only the whole ledger shows."""
    n, revenue = int(measures["rows"]), measures.get("revenue", 0.0)
    if not n:
        return []
    if measures.get("positive", 0.0) <= 0:
        return [Issue("no_revenue", "orders", "revenue", "error", n, n)]
    return [
        *_check_keys(orders, n, revenue),
        *_check_sizes(orders, n, revenue),
        *_check_months(days, as_of),
    ]


def _issue(
    check: str, column: str, count: int, n: int, share: float | None, offenders: list
) -> Issue:
    return Issue(
        check,
        "orders",
        column,
        CHECKS[check].severity,
        count,
        n,
        share,
        tuple(str(one)[:60] for one in offenders),
    )


def _check_keys(orders: "ir.Table", n: int, revenue: float) -> list[Issue]:
    """Keys used by several rows (lines of one order, or one key for two accounts), and entries
    made twice.
    """
    alike = find_alike(orders, ["order_id"])
    content = [
        name
        for name in ("account_id", "order_date", "product", "units", "revenue", "cost")
        if name in orders.columns
    ]
    issues = [] if alike is None else _check_shared(alike, n, revenue)
    if issues and alike is not None:
        # Rows that are alike in everything share their key too.
        issues += _check_repeats(alike, "repeated_rows", [*content, "order_id"], n, revenue)
    elif (
        "cost" in content or "product" in content
    ):  # account, day and amount alone are too little to call two orders the same
        issues += _check_repeats(orders, "repeated_orders", content, n, revenue)
    return issues


def _check_shared(alike: "ir.Table", n: int, revenue: float) -> list[Issue]:
    """Orders of several rows, and those of several accounts."""
    issues = []
    groups = alike.group_by("order_id").agg(
        n=alike.count(), accounts=alike.account_id.nunique(), touched=alike.revenue.abs().sum()
    )
    shared = hold_filled(groups.filter(groups.n > 1))
    if shared is None:
        return []
    mixed = shared.filter(shared.accounts > 1)
    for check, chosen in (("order_lines", shared), ("duplicate_key", mixed)):
        found = fetch_row(chosen.aggregate(rows=chosen.n.sum(), touched=chosen.touched.sum()))
        if found["rows"]:
            first = chosen.select("order_id").order_by("order_id").limit(3).execute()["order_id"]
            touched = found["touched"]
            share = float(touched) / revenue if revenue and touched is not None else None
            issues.append(_issue(check, "order_id", int(found["rows"]), n, share, list(first)))
    return issues


def _check_repeats(
    orders: "ir.Table", check: str, content: list[str], n: int, revenue: float
) -> list[Issue]:
    """Entries equal in all of these columns, the first of each left out."""
    alike = find_alike(orders, content)
    if alike is None:
        return []
    groups = alike.group_by(content).agg(copies=alike.count(), first=alike.order_id.min())
    repeats = hold_filled(groups.filter((groups.copies > 1) & (groups.revenue > 0)))
    if repeats is None:
        return []
    extra = repeats.copies - 1
    found = fetch_row(repeats.aggregate(rows=extra.sum(), touched=(extra * repeats.revenue).sum()))
    if not found["rows"]:
        return []
    offenders = list(repeats.select("first").order_by("first").limit(3).execute()["first"])
    share = float(found["touched"]) / revenue
    return [_issue(check, "order_id", int(found["rows"]), n, share, offenders)]


def _check_sizes(orders: "ir.Table", n: int, revenue: float) -> list[Issue]:
    """Orders far above the rest on a logarithmic scale, and one order that makes a large part
    of everything.
    """
    import ibis

    positive = orders.filter(orders.revenue > 0)
    quartiles = fetch_row(
        positive.aggregate(
            low=positive.revenue.quantile(0.25),
            high=positive.revenue.quantile(0.75),
            largest=positive.revenue.max(),
        )
    )
    low, high, largest = (float(value) for value in quartiles.values())
    issues = []
    if low > 0 and high > low:
        fence = ibis.literal(float(high * (high / low) ** FENCE), "float64")
        huge = positive.filter(positive.revenue > fence)
        found = fetch_row(huge.aggregate(count=huge.count(), touched=huge.revenue.sum()))
        if found["count"]:
            first = huge.order_by(ibis.desc("revenue"), "order_id").limit(3).execute()["order_id"]
            issues.append(
                _issue(
                    "revenue_outlier",
                    "revenue",
                    int(found["count"]),
                    n,
                    float(found["touched"]) / revenue,
                    list(first),
                )
            )
    if n >= 20 and largest > LARGE_PART * revenue:
        first = positive.order_by(ibis.desc("revenue"), "order_id").limit(1).execute()["order_id"]
        issues.append(_issue("one_order_rules", "revenue", 1, n, largest / revenue, list(first)))
    return issues


def _check_months(days: pd.Series, as_of: str | None) -> list[Issue]:
    """Months without an order inside the span, and an export that ends long before the as-of
    date.
    """
    seen = days.index
    if as_of is not None:
        seen = seen[(seen >= EARLIEST) & (seen <= as_of)]
    if not len(seen):
        return []
    issues, months = [], set(seen.to_period("M"))
    span = pd.period_range(seen[0], seen[-1], freq="M")
    gaps = sorted(set(span) - months)
    if gaps and len(months) >= 6:
        issues.append(
            _issue(
                "month_gap",
                "order_date",
                len(gaps),
                len(span),
                None,
                [str(gap) for gap in gaps[:3]],
            )
        )
    if as_of is not None:
        last = seen[-1]
        idle = (pd.Timestamp(as_of) - last).days
        if idle > STALE_DAYS:
            watched = (pd.Timestamp(as_of) - span[0].to_timestamp()).days
            issues.append(
                _issue("stale", "order_date", idle, watched, None, [last.date().isoformat()])
            )
    return issues
