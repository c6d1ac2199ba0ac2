"""What came: rules that read later data and settle a prediction."""

import datetime
from collections.abc import Callable

import pandas as pd

from kamresearch.analysis.record.measures import MEASURES, rule_of
from kamresearch.data.answers import answering
from kamresearch.data.tables import Tables
from kamresearch.features.months import account_months
from kamresearch.language import Text
from kamresearch.language import message as _

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


def n_orders(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """Orders by account, counted as the month panel counts them."""
    months = account_months(tables, as_of=due.isoformat())
    inside = months[pd.to_datetime(months["month"]) > pd.Timestamp(issued)]
    return inside.groupby("account_id", observed=True)["n_orders"].sum().astype(float)


def lost_revenue(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """Revenue of the accounts that were lost, in the twelve months before the day of issue."""
    year = pd.Timestamp(issued) - pd.DateOffset(years=1)
    before = revenue(tables, year.date(), issued).clip(lower=0)
    gone = lost(tables, issued, due)
    return pd.Series({"": float(before.reindex(gone.index).sum())})


def total_revenue(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """Revenue of the whole company, net of returns."""
    return pd.Series({"": float(revenue(tables, issued, due).sum())})


def total_units(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """Units of the whole company, net of returns; no value where no order tells units."""
    orders = tables.orders
    inside = orders.filter((orders.order_date > issued) & (orders.order_date <= due))
    if "units" not in orders.columns:
        return pd.Series({"": float("nan")})
    with answering(tables.source):
        sold = inside.units.sum().to_pandas()
    return pd.Series({"": 0.0 if pd.isna(sold) else float(sold)})


def returned(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """1 for each account that is recorded as back after the day of issue and by the due day."""
    events = tables.churn_events
    if "return_date" not in events.columns:
        return pd.Series(dtype=float)
    inside = events.filter((events.return_date > issued) & (events.return_date <= due))
    with answering(tables.source):
        found = inside.select("account_id").distinct().to_pandas()["account_id"]
    return pd.Series(1.0, found.astype(str))


def n_lost(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
    """How many accounts were lost."""
    return pd.Series({"": float(len(lost(tables, issued, due)))})


OUTCOMES: dict[str, tuple[Rule, str]] = {
    "lost": (lost, "churn_events"),
    "ordered": (ordered, "orders"),
    "order_days": (order_days, "orders"),
    "n_orders": (n_orders, "orders"),
    "revenue": (revenue, "orders"),
    "lost_revenue": (lost_revenue, "churn_events"),
    "total_revenue": (total_revenue, "orders"),
    "total_units": (total_units, "orders"),
    "n_lost": (n_lost, "churn_events"),
    "returned": (returned, "churn_events"),
    **{finding: (rule_of(finding), table) for finding, (_measure, table) in MEASURES.items()},
}
"""Name of a rule → the rule, and the table that it reads. An account that a rule does not name
has the outcome nought: it did not leave, did not order."""

OUTCOME_NAMES: dict[str, Text] = {
    "lost": _("lost"),
    "ordered": _("ordered"),
    "order_days": _("order days"),
    "n_orders": _("orders"),
    "revenue": _("revenue"),
    "lost_revenue": _("revenue of the accounts lost"),
    "total_revenue": _("revenue of the company"),
    "total_units": _("units of the company"),
    "n_lost": _("accounts lost"),
    "returned": _("came back"),
}
"""Rule → its outcome in words; of a goal the finding speaks."""

DEFINITIONS = dict.fromkeys(("lost", "n_lost", "lost_revenue", "returned"), ("", "recorded"))
"""Rule → the definitions of an outcome that it settles, where there could be another: a loss is one
that is recorded, not a silence that was taken for one."""

IN_MONEY = {"revenue", "total_revenue", "lost_revenue"}
