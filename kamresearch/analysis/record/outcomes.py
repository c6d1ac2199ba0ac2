"""What came: rules that read later data and settle a prediction."""

import datetime
from collections.abc import Callable

import pandas as pd

from kamresearch.data.answers import answering
from kamresearch.data.tables import Tables

Rule = Callable[[Tables, datetime.date, datetime.date], pd.Series]


def lost(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """1 for each account with a recorded loss after the day of issue and by the due day."""
    events = tables.churn_events
    inside = events.filter((events.churn_date > issued) & (events.churn_date <= due))
    with answering(tables.source):
        found = inside.select("account_id").distinct().to_pandas()["account_id"]
    return pd.Series(1.0, found.astype(str))


def ordered(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """1 for each account with an order after the day of issue and by the due day."""
    return (order_days(tables, issued, due) > 0).astype(float)


def order_days(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """Days with an order, by account."""
    orders = tables.orders
    inside = orders.filter(
        (orders.order_date > issued) & (orders.order_date <= due) & (orders.revenue > 0)
    )
    with answering(tables.source):
        found = inside.group_by("account_id").agg(value=inside.order_date.nunique()).to_pandas()
    return pd.Series(found["value"].to_numpy(float), found["account_id"].astype(str))


def revenue(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """Revenue net of returns, by account."""
    orders = tables.orders
    inside = orders.filter((orders.order_date > issued) & (orders.order_date <= due))
    with answering(tables.source):
        found = inside.group_by("account_id").agg(value=inside.revenue.sum()).to_pandas()
    return pd.Series(found["value"].to_numpy(float).round(4), found["account_id"].astype(str))


def total_revenue(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """Revenue of the whole company, net of returns."""
    return pd.Series({"": float(revenue(tables, issued, due).sum())})


def n_lost(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """How many accounts were lost."""
    return pd.Series({"": float(len(lost(tables, issued, due)))})


OUTCOMES: dict[str, tuple[Rule, str]] = {
    "lost": (lost, "churn_events"),
    "ordered": (ordered, "orders"),
    "order_days": (order_days, "orders"),
    "revenue": (revenue, "orders"),
    "total_revenue": (total_revenue, "orders"),
    "n_lost": (n_lost, "churn_events"),
}
"""Name of a rule → the rule, and the table that it reads. An account that a rule does not name
has the outcome nought: it did not leave, did not order."""

DEFINITIONS = {"lost": ("", "recorded"), "n_lost": ("", "recorded")}
"""Rule → the definitions of an outcome that it settles, where there could be another: a loss is one
that is recorded, not a silence that was taken for one."""

IN_MONEY = {"revenue", "total_revenue"}
