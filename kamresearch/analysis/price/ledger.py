"""A year's money of each account, from list price to what is left after serving it."""

import datetime
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd

from kamresearch.analysis.decisions.records import tiers_before
from kamresearch.data.tables import Tables
from kamresearch.features.orders import YEAR
from kamresearch.features.population import keep_present
from kamresearch.features.snapshot import account_snapshot
from kamresearch.language import Message
from kamresearch.language import message as _

PRICED = 0.9
"""Share of an account's revenue whose list price must be known for its prices to be told."""
NO_COST = _("No account’s orders of the year all carry their cost.")
NO_WORK = _("This needs the table “activities”, with work of the year: what was done, its hours.")
NO_PRICES = _(
    "This needs list prices or discounts of the orders: columns “list_price” (with “units”) or "
    "“discount”."
)
FRAME = [
    *("account_id", "account_name", "tier", "n_orders", "list_value", "discount", "other"),
    *("bonus", "revenue", "cost", "hours", "serving", "contribution"),
]


@dataclass(frozen=True)
class Ledger:
    """A year's money by account.

    Parameters
    ----------
    frame : DataFrame
        account_id, account_name, tier (of the rule card a year before; missing for those that held
        none), n_orders, list_value, discount, other (off the list price without a recorded
        discount), bonus, revenue, cost, hours, serving, contribution: one row per account that is
        here and ordered or took work in the year. The first three of money are missing where less
        than nine tenths of the revenue has a list price; cost and contribution where an order
        carries no cost.
    no_cost, no_work, no_prices : Message or None
        Why contribution, serving or prices cannot be told.
    """

    frame: pd.DataFrame
    as_of: pd.Timestamp
    no_cost: Message | None = None
    no_work: Message | None = None
    no_prices: Message | None = None

    @property
    def period(self) -> tuple[str, str]:
        """First and last day of the year."""
        first = self.as_of - pd.Timedelta(days=YEAR - 1)
        return first.date().isoformat(), self.as_of.date().isoformat()

    @property
    def known(self) -> pd.DataFrame:
        """Accounts whose contribution is known."""
        return self.frame[self.frame["contribution"].notna()]

    @property
    def priced(self) -> pd.DataFrame:
        """Of these, those whose list prices are known too."""
        known = self.known
        return known[known["list_value"].notna() & (known["list_value"] > 0)]


def read_ledger(tables: Tables, as_of: str, hour_cost: float = 450.0) -> Ledger:
    """What did each account bring in the year to the day, and where did the rest stay?

    Orders of the 365 days to ``as_of``, and ``activities`` → one row per account: list value =
    Σ list price × units (or revenue / (1 − discount) where no list price stands), contribution =
    revenue − bonus − cost − serving.

    Parameters
    ----------
    tables : Tables
        Opened account data; what is missing there is a reason in the result.
    as_of : str
        Nothing later is seen.
    hour_cost : float
        Cost of an hour of work whose cost nobody wrote down.

    Notes
    -----
    Order cost as the company records it may hold some of the serving already; then serving counts
    twice, and only the company can tell.
    """
    day = pd.Timestamp(as_of).normalize()
    snapshot = keep_present(account_snapshot(tables, as_of)).set_index("account_id")
    frame = snapshot[["account_name"]].assign(
        tier=tiers_before(tables, as_of).reindex(snapshot.index).to_numpy(),
        n_orders=snapshot["n_orders_12m"].fillna(0).astype(int),
        revenue=snapshot["revenue_12m"].fillna(0.0),
        cost=(snapshot["revenue_12m"] - snapshot["profit_12m"]).astype(float),
    )
    frame.loc[(frame["n_orders"] == 0) & (frame["revenue"] == 0), "cost"] = 0.0
    work = _sum_work(tables, day, hour_cost)
    for name in ("hours", "serving"):
        frame[name] = work[name].reindex(frame.index).fillna(0.0)
    _add_prices(frame, tables, day.date())
    active = (frame["revenue"] != 0) | (frame["hours"] > 0) | (frame["n_orders"] > 0)
    frame = frame[active]
    sold = frame["revenue"] != 0
    no_cost = None if frame.loc[sold, "cost"].notna().any() else NO_COST
    frame = frame.assign(
        contribution=frame["revenue"] - frame["bonus"] - frame["cost"] - frame["serving"]
    )
    no_prices = None if frame["list_value"].notna().any() else NO_PRICES
    return Ledger(
        frame.reset_index()[FRAME].sort_values("account_id", ignore_index=True),
        day,
        no_cost,
        None if len(work) else NO_WORK,
        no_prices,
    )


def _sum_work(tables: Tables, day: pd.Timestamp, hour_cost: float) -> pd.DataFrame:
    """Hours and their cost by account; empty where nobody wrote any down in the year."""
    if not tables.has("activities"):
        return pd.DataFrame(columns=["hours", "serving"], dtype=float)
    work = tables.frame("activities")
    start = day - pd.Timedelta(days=YEAR)
    work = work[(work["date"] <= day) & (work["date"] > start) & (work["hours"] > 0)]
    work = work.assign(serving=work["cost"].fillna(work["hours"] * hour_cost))
    return work.groupby("account_id", observed=True, sort=True)[["hours", "serving"]].sum()


def _add_prices(frame: pd.DataFrame, tables: Tables, day: datetime.date) -> None:
    sums = _sum_prices(tables.orders, day).to_pandas().set_index("account_id")
    sums = sums.reindex(frame.index).fillna(0.0)
    told = (sums["priced"] > 0) & (sums["priced"] >= PRICED * sums["turnover"])
    frame["bonus"] = sums["bonus"]
    frame["list_value"] = sums["list_value"].where(told)
    below = frame["list_value"] - frame["revenue"]
    # Where no discount stands at all, the whole of what is off the list price is one.
    recorded = sums["discount"].where(sums["stated"] > 0, below)
    frame["discount"] = recorded.where(told)
    frame["other"] = (below - recorded).where(told)


def _sum_prices(orders: ir.Table, day: datetime.date) -> ir.Table:
    """Per account: list value, recorded discount and bonus of the year's rows, in money."""
    start = day - datetime.timedelta(days=YEAR)
    year = orders.filter((orders.order_date <= day) & (orders.order_date > start))
    held = {
        name: (year[name] if name in year.columns else ibis.null()).cast("float64")
        for name in ("list_price", "units", "discount", "bonus")
    }
    year = year.select("account_id", revenue=year.revenue.cast("float64"), **held)
    share = (year.discount < 1).ifelse(year.discount, ibis.null("float64"))
    at_list = ibis.coalesce(year.list_price * year.units, year.revenue / (1 - share))
    priced = at_list.notnull() & (at_list != 0)
    nothing = ibis.literal(0.0)
    return year.group_by("account_id").agg(
        list_value=priced.ifelse(at_list, nothing).sum(),
        turnover=year.revenue.abs().sum(),
        priced=priced.ifelse(year.revenue.abs(), nothing).sum(),
        discount=(priced & share.notnull()).ifelse(at_list * share, nothing).sum(),
        stated=(priced & share.notnull()).ifelse(1.0, nothing).sum(),
        bonus=year.bonus.fill_null(0.0).sum(),
    )
