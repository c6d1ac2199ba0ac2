"""Orders → one row per account, on the engine, strictly as of a day.

Twelve months are the 365 days that end with the as-of day, cut into twelve equal windows for what
happens month by month;
no window is ever half full. An order is what shares an ``order_id`` and a day: calls on an old
order, credit notes under its
number and numbers used again count when they come. An order above nothing is a sale, one below a
return. The day is a value of the engine: a question is written out once for all days.
"""

from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

YEAR = 365
"""Days of "12 months"."""

WINDOWS = 12
"""Equal windows of the last year."""

_SPREAD = 143.0
"""Sum of squares of 0…11 about their mean: the divisor of the slope."""


def count_if(holds: ir.BooleanValue) -> ir.FloatingScalar:
    """Rows for which a condition holds, as float64: engines widen sums of whole numbers each
    in its own way.
    """
    return holds.ifelse(1.0, 0.0).sum()


def sum_if(holds: ir.BooleanValue, value: ir.NumericValue) -> ir.FloatingScalar:
    """Sum of a value over the rows for which a condition holds, 0 where there is none."""
    return holds.ifelse(value, 0.0).cast("float64").sum()


def orders_until(tables: "Tables", as_of: ir.DateValue) -> ir.Table:
    """One row per order of on or before a day: account_id, order_date, revenue, units, cost."""
    orders = tables.orders
    orders = orders.filter(orders.order_date <= as_of)
    columns = {
        "account_id": orders.account_id,
        "order_date": orders.order_date,
        "revenue": orders.revenue,
    }
    columns |= {
        name: orders[name] if name in orders.columns else ibis.null("float64")
        for name in ("units", "cost")
    }
    if not tables.has_order_lines:
        return orders.select(**columns)
    lines = orders.select(order_id=orders.order_id, **columns)
    return (
        lines.group_by(["account_id", "order_id", "order_date"])
        .agg(
            revenue=lines.revenue.sum().round(6),
            units=lines.units.sum(),
            cost=(count_if(lines.cost.isnull()) == 0).ifelse(
                lines.cost.sum(), ibis.null("float64")
            ),
        )
        .drop("order_id")
    )


def sum_orders(tables: "Tables", as_of: ir.DateValue) -> ir.Table:
    """Orders by account: counts, sums, dates, growth, slope; one pass."""
    orders = orders_until(tables, as_of)
    age = as_of.delta(orders.order_date, unit="day")
    orders = orders.mutate(age=age, sold=orders.revenue > 0)
    year, before = orders.age < YEAR, (orders.age >= YEAR) & (orders.age < 2 * YEAR)
    window = (orders.age * WINDOWS // YEAR).cast("int64")
    day = orders.sold.ifelse(orders.order_date, ibis.null("date"))
    costless = orders.cost.isnull()
    return orders.group_by("account_id").agg(
        first_order_date=day.min(),
        last_order_date=day.max(),
        n_orders=count_if(orders.sold),
        n_returns=count_if(orders.revenue < 0),
        revenue_total=orders.revenue.sum(),
        units_total=orders.units.sum(),
        cost_total=orders.cost.sum(),
        revenue_12m=sum_if(year, orders.revenue),
        revenue_prior_12m=sum_if(before, orders.revenue),
        units_12m=sum_if(year, orders.units.fill_null(0.0)),
        cost_12m=sum_if(year, orders.cost.fill_null(0.0)),
        n_orders_12m=count_if(orders.sold & year),
        n_orders_prior_12m=count_if(orders.sold & before),
        months_active_12m=_count_windows(orders.sold & year, window),
        revenue_slope_12m=sum_if(year, orders.revenue * (5.5 - window.cast("float64"))) / _SPREAD,
        largest_order_revenue=orders.revenue.max(),
        costless_total=count_if(costless),
        costless_12m=count_if(costless & year),
    )


def _count_windows(holds: ir.BooleanValue, window: ir.IntegerValue) -> ir.IntegerScalar:
    """Distinct windows of the rows for which a condition holds.

    There are twelve, so a bit for each and their count does it in one word a group; Spark, which
    lacks the union of bits
    in Ibis, counts distinct values.
    """
    if holds.get_backend().name == "pyspark":
        return holds.ifelse(window, ibis.null("int64")).nunique()
    bits = holds.ifelse(ibis.literal(1, "int64") << window.cast("int32"), 0).bit_or()
    return reduce(add, (bits // 2**k % 2 for k in range(1, WINDOWS)), bits % 2)


def measure_gaps(tables: "Tables", as_of: ir.DateValue) -> ir.Table:
    """Days between order days by account: n_order_days, gaps_sum, gaps_squared.

    Neighbours are compared order by order: orders of one day lie 0 days apart and add nothing,
    which spares the engine
    from making days distinct first.
    """
    orders = orders_until(tables, as_of)
    sold = orders.filter(orders.revenue > 0).select("account_id", "order_date")
    window = ibis.window(group_by="account_id", order_by="order_date")
    gaps = sold.select(
        "account_id",
        gap=sold.order_date.delta(sold.order_date.lag().over(window), unit="day").cast("int64"),
    )
    return gaps.group_by("account_id").agg(
        n_order_days=count_if((gaps.gap > 0) | gaps.gap.isnull()),
        gaps_sum=gaps.gap.cast("float64").sum(),
        gaps_squared=(gaps.gap.cast("float64") * gaps.gap.cast("float64")).sum(),
    )


def count_products(tables: "Tables", as_of: ir.DateValue) -> ir.Table | None:
    """Distinct products ordered in the last 12 months by account; None where orders name no
    product.
    """
    orders = tables.orders
    if "product" not in orders.columns:
        return None
    start = as_of - ibis.interval(days=YEAR)
    year = orders.filter(
        (orders.order_date <= as_of) & (orders.order_date > start) & (orders.revenue > 0)
    )
    return year.group_by("account_id").agg(n_products_12m=year["product"].nunique())
