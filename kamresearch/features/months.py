"""The account-month panel and the company's months, strictly as of a day."""

import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from kamresearch.data.answers import answering
from kamresearch.data.period import Day
from kamresearch.features.snapshot import read_day

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

_SUMS = ("n_orders", "revenue", "units")


def _monthly(tables: "Tables", day: datetime.date, by: list[str]) -> ir.Table:
    orders = tables.orders
    orders = orders.filter(orders.order_date <= day)
    units = orders.units if "units" in orders.columns else ibis.null("float64")
    order = (
        orders.order_id + "/" + orders.order_date.cast("string")
        if tables.has_order_lines
        else orders.order_id
    )
    sold = (orders.revenue > 0).ifelse(order, ibis.null("string"))
    orders = orders.mutate(
        month=orders.order_date.year() * 12 + orders.order_date.month() - 1, units=units, sold=sold
    )
    n_orders = orders.sold.nunique() if tables.has_order_lines else orders.sold.count()
    more = (
        {}
        if "account_id" in by
        else {
            "n_accounts": orders.sold.notnull()
            .ifelse(orders.account_id, ibis.null("string"))
            .nunique()
        }
    )
    return orders.group_by([*by, "month"]).agg(
        n_orders=n_orders, revenue=orders.revenue.sum(), units=orders.units.sum(), **more
    )


def _first_days(month: np.ndarray) -> np.ndarray:
    """Months counted from year 0 → their first days."""
    return (
        (np.asarray(month, dtype="int64") - 1970 * 12)
        .astype("datetime64[M]")
        .astype("datetime64[us]")
    )


def account_months(tables: "Tables", as_of: Day) -> pd.DataFrame:
    """What did each account order, month by month?

    Orders → one row per account and month, from the account's first month with an order (or return)
    through the month of
    ``as_of``, months without orders filled with 0.

    Parameters
    ----------
    tables : kamresearch.data.tables.Tables
        Opened account data.
    as_of : str, date or Timestamp
        Nothing dated later is seen; its month may be half over.

    Returns
    -------
    DataFrame
        account_id, month (first day), n_orders (revenue above 0), revenue (net of returns), units
        (missing where the
        orders have none); sorted by account and month.
    """
    day = read_day(as_of)
    with answering(tables.source):
        found = _monthly(tables, day, ["account_id"]).to_pandas()
    last = day.year * 12 + day.month - 1
    first = found.groupby("account_id", sort=True)["month"].min()
    lengths = (last - first + 1).to_numpy(dtype="int64")
    starts = np.repeat(first.to_numpy(dtype="int64"), lengths)
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    panel = pd.DataFrame({"account_id": first.index.repeat(lengths), "month": starts + steps})
    found["month"] = found["month"].astype("int64")
    panel = panel.merge(found, on=["account_id", "month"], how="left", validate="1:1")
    return _finish(panel, found["units"].notna().any())


def company_months(tables: "Tables", as_of: Day) -> pd.DataFrame:
    """What did the company sell, month by month?

    Orders → one row per month from the first order to ``as_of``: month, n_orders, revenue, units,
    n_accounts (that
    placed an order); months without orders filled with 0.
    """
    day = read_day(as_of)
    with answering(tables.source):
        found = _monthly(tables, day, []).to_pandas()
    months = pd.DataFrame(
        {
            "month": np.arange(int(found["month"].min()), day.year * 12 + day.month)
            if len(found)
            else []
        }
    )
    found["month"] = found["month"].astype("int64")
    panel = months.astype("int64").merge(found, on="month", how="left", validate="1:1")
    panel["n_accounts"] = panel["n_accounts"].fillna(0).astype("int64")
    return _finish(panel, found["units"].notna().any())[
        ["month", "n_orders", "revenue", "units", "n_accounts"]
    ]


def _finish(panel: pd.DataFrame, has_units: bool) -> pd.DataFrame:
    panel["month"] = _first_days(panel["month"].to_numpy())
    for name in _SUMS:
        panel[name] = (
            panel[name].astype("float64").fillna(0).round(4)
            if name != "units" or has_units
            else np.nan
        )
    panel["n_orders"] = panel["n_orders"].astype("int64")
    return panel.astype({"account_id": "str"} if "account_id" in panel else {})
