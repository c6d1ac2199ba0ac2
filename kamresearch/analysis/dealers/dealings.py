"""What each account bought through which dealer, whether it was lost, and how it was answered."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import pandas as pd

from kamresearch.data.tables import Tables
from kamresearch.features.orders import YEAR, sum_if
from kamresearch.language import Message
from kamresearch.language import message as _

NO_TABLE = _("This needs the table “dealers”, and orders that name their dealer (“dealer_id”).")
NO_COST = _("The orders carry no cost.")
NO_LOSSES = _("This needs the table “churn_events”: which accounts were lost, and when.")
NO_EVENTS = _("This needs the table “service_events”, with the days until complaints were solved.")
MEASURES = ("margin", "losses", "answers")
COLUMNS = ["account_id", "dealer_id", "part", "whole"]


@dataclass(frozen=True)
class Dealings:
    """Ratios of two sums, by account and dealer.

    Parameters
    ----------
    measures : mapping of str to DataFrame
        margin (profit over revenue of the year), losses (lost accounts over accounts at its
        beginning) and answers (complaints solved within the limit over complaints): account_id,
        dealer_id (missing where we deliver), part, whole. A measure that the data do not tell is
        not there.
    reasons : mapping of str to Message
        Why a measure is not there.
    dealers, accounts : DataFrame
        dealer_id, dealer_name, region, grade, certified; account_id, region, channel.
    """

    measures: Mapping[str, pd.DataFrame]
    reasons: Mapping[str, Message]
    dealers: pd.DataFrame
    accounts: pd.DataFrame
    limit_days: int
    period: tuple[str, str]
    reason: Message | None = None


def read_dealings(tables: Tables, as_of: str, limit_days: int = 10) -> Dealings:
    """Who bought through which dealer in the year to the day, and how did it go?

    ``orders`` with ``dealer_id``, ``dealers``, and where they are ``churn_events`` and
    ``service_events`` → three ratios by account and dealer. Margin counts the orders of a dealer
    themselves. An account's losses and complaints are laid to the dealer through whom it bought
    most: for losses in the year before (known when the year began), for complaints in both years.
    At risk is who bought in the year before and was not lost when the year began. A complaint
    counts once it is solved or older than the limit.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``dealers`` or ``orders.dealer_id`` the result holds the
        reason.
    as_of : str
        Nothing later is seen.
    limit_days : int
        Days within which a complaint should be solved.
    """
    day = pd.Timestamp(as_of).normalize()
    first = day - pd.Timedelta(days=YEAR - 1)
    period = (first.date().isoformat(), day.date().isoformat())
    if not tables.has("dealers") or "dealer_id" not in tables.orders.columns:
        nothing = pd.DataFrame(columns=["dealer_id"]), pd.DataFrame(columns=["account_id"])
        return Dealings({}, {}, *nothing, limit_days, period, NO_TABLE)
    sums = _sum_orders(tables, day.date())
    found = {
        "margin": _margins(sums, tables),
        "losses": _losses(sums, tables, first),
        "answers": _answers(sums, tables, day, limit_days),
    }
    return Dealings(
        {name: one for name, one in found.items() if isinstance(one, pd.DataFrame)},
        {name: one for name, one in found.items() if isinstance(one, Message)},
        tables.frame("dealers"),
        tables.frame("accounts")[["account_id", "region", "channel"]],
        limit_days,
        period,
    )


def _sum_orders(tables: Tables, day: datetime.date) -> pd.DataFrame:
    """Two years by account and dealer: revenue of each, and profit of the last."""
    orders = tables.orders
    age = ibis.literal(day).delta(orders.order_date, unit="day")
    orders = orders.mutate(age=age).filter((age >= 0) & (age < 2 * YEAR))
    sums = {
        "revenue": sum_if(orders.age < YEAR, orders.revenue),
        "before": sum_if(orders.age >= YEAR, orders.revenue),
    }
    if "cost" in orders.columns:
        costed = (orders.age < YEAR) & orders.cost.notnull()
        sums["costed"] = sum_if(costed, orders.revenue)
        sums["profit"] = sum_if(costed, orders.revenue - orders.cost)
    frame = orders.group_by(["account_id", "dealer_id"]).agg(**sums).to_pandas()
    return frame.sort_values(["account_id", "dealer_id"], ignore_index=True)


def _margins(sums: pd.DataFrame, tables: Tables) -> pd.DataFrame | Message:
    if "costed" not in sums or not (sums["costed"] > 0).any():
        return NO_COST
    bought = sums[sums["costed"] > 0]
    return bought.rename(columns={"profit": "part", "costed": "whole"})[COLUMNS]


def _main_dealer(sums: pd.DataFrame, revenue: pd.Series) -> pd.DataFrame:
    """One row per account that bought: the dealer of most of its revenue."""
    bought = sums.assign(bought=revenue)
    bought = bought[bought["bought"] > 0].sort_values(
        ["account_id", "bought"], ascending=[True, False], kind="stable"
    )
    return bought.drop_duplicates("account_id")[["account_id", "dealer_id"]]


def _losses(sums: pd.DataFrame, tables: Tables, first: pd.Timestamp) -> pd.DataFrame | Message:
    if not tables.has("churn_events"):
        return NO_LOSSES
    events = tables.frame("churn_events")
    returned = events["return_date"].fillna(pd.Timestamp.max.floor("us"))
    away = events.loc[(events["churn_date"] < first) & (returned >= first), "account_id"]
    last = first + pd.Timedelta(days=YEAR)
    inside = (events["churn_date"] >= first) & (events["churn_date"] < last)
    lost = events.loc[inside, "account_id"]
    known = _main_dealer(sums, sums["before"])
    known = known[~known["account_id"].isin(away)]
    return known.assign(part=known["account_id"].isin(lost).astype(float), whole=1.0)[COLUMNS]


def _answers(
    sums: pd.DataFrame, tables: Tables, day: pd.Timestamp, limit: int
) -> pd.DataFrame | Message:
    events = tables.frame("service_events") if tables.has("service_events") else None
    if events is None or not events["resolved_days"].notna().any():
        return NO_EVENTS
    age = (day - events["event_date"]).dt.days
    told = (events["kind"] == "complaint") & (age >= 0) & (age < YEAR)
    days = events["resolved_days"]
    solved = days <= age
    told &= solved | (age > limit)
    frame = pd.DataFrame(
        {
            "account_id": events["account_id"],
            "part": (solved & (days <= limit)).astype(float),
            "whole": 1.0,
        }
    )[told]
    by_account = frame.groupby("account_id", as_index=False)[["part", "whole"]].sum()
    main = _main_dealer(sums, sums["before"] + sums["revenue"])
    return main.merge(by_account, on="account_id", validate="one_to_one")[COLUMNS]
