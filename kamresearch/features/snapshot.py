"""The account snapshot: everything the house knows of each account as of a day, one row each."""

import datetime
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from kamresearch.data.answers import answering
from kamresearch.data.contract import TABLES
from kamresearch.data.period import Day
from kamresearch.data.tables import FRAME_DTYPES, as_dtype, fetch_as_of
from kamresearch.errors import ParameterError
from kamresearch.features.care import find_losses, find_managers, sum_contracts, sum_service
from kamresearch.features.orders import count_products, measure_gaps, sum_orders
from kamresearch.features.population import COLUMNS as STANDING_COLUMNS
from kamresearch.features.population import add_standing

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

ACCOUNT = (
    "account_id",
    "account_name",
    "industry",
    "region",
    "channel",
    "city",
    "parent_id",
    "onboard_date",
    "potential_revenue",
    "strategic_fit",
)
"""Columns taken from the accounts as they are."""

_COUNTS = (
    "n_orders",
    "n_order_days",
    "n_returns",
    "n_orders_12m",
    "n_orders_prior_12m",
    "months_active_12m",
)
_MONEY = (
    "revenue_total",
    "revenue_12m",
    "revenue_prior_12m",
    "revenue_slope_12m",
    "cost_total",
    "cost_12m",
    "profit_total",
    "profit_12m",
    "units_total",
    "units_12m",
    "largest_order_revenue",
)
_EXACT = 4
"""Decimals kept of sums: engines add in parallel, and the last bits of a sum depend on the
order.
"""
_SUMS = ("revenue_total", "revenue_12m", "revenue_prior_12m", "revenue_slope_12m")
_BY_TABLE = {
    "contracts": ("n_contracts",),
    "service_events": ("complaints_12m", "service_events_12m"),
    "assignments": ("n_managers_24m",),
    "churn_events": ("n_churns",),
}

COLUMNS: dict[str, str] = {
    **{name: FRAME_DTYPES[TABLES["accounts"][name].kind] for name in ACCOUNT},
    "first_order_date": "datetime64[us]",
    "last_order_date": "datetime64[us]",
    "days_since_last_order": "float64",
    "tenure_days": "float64",
    "n_orders": "int64",
    "n_order_days": "int64",
    "n_returns": "int64",
    "revenue_total": "float64",
    "units_total": "float64",
    "revenue_12m": "float64",
    "revenue_prior_12m": "float64",
    "units_12m": "float64",
    "n_orders_12m": "int64",
    "n_orders_prior_12m": "int64",
    "months_active_12m": "int64",
    "cost_12m": "float64",
    "profit_12m": "float64",
    "cost_total": "float64",
    "profit_total": "float64",
    "revenue_growth_12m": "float64",
    "revenue_slope_12m": "float64",
    "days_between_orders_mean": "float64",
    "days_between_orders_sd": "float64",
    "n_products_12m": "float64",
    "largest_order_revenue": "float64",
    "share_of_wallet_12m": "float64",
    "n_contracts": "float64",
    "contract_end_date": "datetime64[us]",
    "days_to_contract_end": "float64",
    "complaints_12m": "float64",
    "service_events_12m": "float64",
    "satisfaction_mean_12m": "float64",
    "resolved_days_mean_12m": "float64",
    "manager_id": "str",
    "n_managers_24m": "float64",
    "is_away": "boolean",
    "churn_date": "datetime64[us]",
    "churn_cause": "str",
    "n_churns": "float64",
    "return_date": "datetime64[us]",
    "lost_to": "str",
    **STANDING_COLUMNS,
}
"""Every column of the snapshot with its pandas dtype, in order."""


def read_day(as_of: Day) -> datetime.date:
    """A day from ISO text, a date or a timestamp."""
    try:
        day = pd.Timestamp(as_of)
    except (ValueError, TypeError):
        day = pd.NaT
    if day is pd.NaT:
        raise ParameterError(
            "as_of", "a day such as 2012-12-31", repr(as_of), "write it as year-month-day"
        )
    return day.date()


def account_snapshot(tables: "Tables", as_of: Day) -> pd.DataFrame:
    """What is known of each account as of a day?

    Tables of the contract → one row per account known by then: onboarded, or with an order, by the
    day, or without a day
    of onboarding. Aggregated on the engine; only account-sized frames reach pandas.

    Parameters
    ----------
    tables : kamresearch.data.tables.Tables
        Opened account data.
    as_of : str, date or Timestamp
        Nothing dated later is seen.

    Returns
    -------
    DataFrame
        Sorted by ``account_id``, with every column of `COLUMNS`; what the data do not tell is
        missing.

        * 12 months are the 365 days that end with ``as_of``; ``prior`` the 365 before. Month by
          month means twelve equal
          windows of those days (``months_active_12m``, ``revenue_slope_12m``: least-squares slope,
          money a month).
        * An order shares an ``order_id`` and a day, and has revenue above 0; below 0 it is a
          return. Revenue is net of returns.
        * ``days_since_last_order``, ``tenure_days`` (since the first order or onboarding, the
          earlier) and
          ``days_between_orders_mean``/``_sd`` (between order days, sample deviation) are three
          things, each called
          recency somewhere.
        * ``profit`` is revenue less cost, missing where any order of the span has no cost.
        * ``revenue_growth_12m`` = revenue_12m / revenue_prior_12m − 1, missing where the prior year
          is not above 0.
        * ``resolved_days_mean_12m`` counts matters solved by ``as_of`` alone.
        * ``standing``, ``standing_since`` and ``silence_ratio`` say where the account stands: see
          `kamresearch.account_standing`.

    Raises
    ------
    ParameterError
        ``as_of`` is no day.

    Notes
    -----
    Facts of the accounts table (region, potential …) are as recorded today: the table keeps no
    history of them.
    """
    day = read_day(as_of)
    with answering(tables.source):
        frame = fetch_as_of(tables, ask_snapshot, day)
    if not frame["account_id"].is_monotonic_increasing:
        frame = frame.sort_values("account_id", ignore_index=True)
    _derive(frame, pd.Timestamp(day), set(tables.names))
    return pd.DataFrame(
        {name: as_dtype(frame.get(name), dtype, frame.index) for name, dtype in COLUMNS.items()}
    )


def ask_snapshot(tables: "Tables", day: ir.DateValue) -> ir.Table:
    """The question of the snapshot: the accounts as of a day, with every aggregate beside them."""
    accounts = tables.accounts.select([name for name in ACCOUNT if name in tables.accounts.columns])
    parts = [sum_orders(tables, day), measure_gaps(tables, day), count_products(tables, day)]
    makers = {
        "contracts": sum_contracts,
        "service_events": sum_service,
        "assignments": find_managers,
        "churn_events": find_losses,
    }
    parts += [make(tables, day) for name, make in makers.items() if tables.has(name)]
    for part in filter(lambda one: one is not None, parts):
        accounts = accounts.left_join(part, "account_id").drop("account_id_right")
    known = accounts.n_orders.notnull()
    if "onboard_date" in accounts.columns:
        known = known | accounts.onboard_date.isnull() | (accounts.onboard_date <= day)
        accounts = accounts.filter(known)
    return accounts.order_by("account_id")


def _derive(frame: pd.DataFrame, day: pd.Timestamp, present: set[str]) -> None:
    """Columns made of others, in place on the freshly read frame."""
    filled = [
        *_COUNTS,
        *_SUMS,
        *(name for table, names in _BY_TABLE.items() if table in present for name in names),
    ]
    for name in filled:
        frame[name] = frame[name].fillna(0)
    for name in ("first_order_date", "last_order_date", "onboard_date", "contract_end_date"):
        frame[name] = as_dtype(frame.get(name), "datetime64[us]", frame.index)
    _derive_money(frame)
    frame["days_since_last_order"] = (day - frame["last_order_date"]).dt.days
    frame["tenure_days"] = (day - frame[["first_order_date", "onboard_date"]].min(axis=1)).dt.days
    frame["days_to_contract_end"] = (frame["contract_end_date"] - day).dt.days
    gaps = (frame["n_order_days"] - 1).where(frame["n_order_days"] > 1)
    mean = frame["gaps_sum"] / gaps
    spread = ((frame["gaps_squared"] - gaps * mean**2) / (gaps - 1).where(gaps > 1)).clip(lower=0)
    frame["days_between_orders_mean"], frame["days_between_orders_sd"] = mean, np.sqrt(spread)
    if "is_away" in frame:
        frame["is_away"] = frame["is_away"].astype("boolean").fillna(False)
    if "n_products_12m" in frame:
        frame["n_products_12m"] = frame["n_products_12m"].fillna(0)
    add_standing(frame, day)


def _derive_money(frame: pd.DataFrame) -> None:
    has_units, has_cost = frame["units_total"].notna().any(), frame["cost_total"].notna().any()
    ordered = frame["revenue_12m"].notna()
    for name in ("units_total", "units_12m"):
        frame[name] = frame[name].fillna(0).where(ordered) if has_units else np.nan
    for span in ("total", "12m"):
        cost = frame[f"cost_{span}"].fillna(0) if has_cost else pd.Series(np.nan, index=frame.index)
        frame[f"cost_{span}"] = cost.mask(frame[f"costless_{span}"].fillna(0) > 0)
        frame[f"profit_{span}"] = frame[f"revenue_{span}"] - frame[f"cost_{span}"]
    for name in _MONEY:
        frame[name] = frame[name].round(_EXACT)
    prior = frame["revenue_prior_12m"]
    frame["revenue_growth_12m"] = frame["revenue_12m"] / prior.where(prior > 0) - 1
    if "potential_revenue" in frame:
        frame["share_of_wallet_12m"] = frame["revenue_12m"] / frame["potential_revenue"].where(
            frame["potential_revenue"] > 0
        )
