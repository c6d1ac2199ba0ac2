"""What each account was given in a year: visits, calls, and complaints with their days."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.decisions.records import tiers_before
from kamresearch.data.tables import Tables
from kamresearch.features.population import keep_present
from kamresearch.features.snapshot import account_snapshot
from kamresearch.language import Message
from kamresearch.language import message as _

YEAR = pd.Timedelta(days=365)
NO_TABLE = _("This needs the table “service_events”: visits, calls and complaints by account.")
NO_ACCOUNT = _("No account that is here held a tier a year ago.")


@dataclass(frozen=True)
class Care:
    """A year's care.

    Parameters
    ----------
    accounts : DataFrame
        account_id, account_name, tier (of the rule card a year before), region, channel,
        manager_id, profit (or revenue where orders carry no cost), visits, calls: one row per
        account that held a tier a year ago and is still here.
    complaints : DataFrame
        event_id, account_id, account_name, tier, manager_id, event_date, days (to the solution, or
        to the day), solved: complaints of the year of every account, the tier missing for those
        that held none.
    """

    accounts: pd.DataFrame
    complaints: pd.DataFrame
    as_of: pd.Timestamp
    is_profit: bool
    reason: Message | None = None

    @property
    def period(self) -> tuple[str, str]:
        """First and last day of the year."""
        first = self.as_of - YEAR + pd.Timedelta(days=1)
        return first.date().isoformat(), self.as_of.date().isoformat()


ACCOUNTS = [
    *("account_id", "account_name", "tier", "region", "channel", "manager_id", "profit"),
    *("visits", "calls"),
]
COMPLAINTS = [
    *("event_id", "account_id", "account_name", "tier", "manager_id", "event_date", "days"),
    "solved",
]


def read_care(tables: Tables, as_of: str) -> Care:
    """What was each account given in the year to the day?

    ``service_events`` of the 365 days to ``as_of`` → visits and calls by account, and complaints
    with the days that they waited. The tier is that of a year before: what was promised then is
    what this year owes. An account that left in the year is not counted, for it was not here for
    the whole of it. A complaint counts as solved once its solution lies before the day.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``service_events`` the result holds the reason.
    as_of : str
        Nothing later is seen.
    """
    day = pd.Timestamp(as_of).normalize()
    nothing = pd.DataFrame(columns=ACCOUNTS), pd.DataFrame(columns=COMPLAINTS)
    if not tables.has("service_events"):
        return Care(*nothing, day, False, NO_TABLE)
    snapshot = account_snapshot(tables, as_of)
    is_profit = "profit_12m" in snapshot and bool(snapshot["profit_12m"].notna().any())
    tiers = tiers_before(tables, as_of)
    accounts = keep_present(snapshot)
    accounts = accounts.assign(
        tier=accounts["account_id"].map(tiers),
        profit=accounts["profit_12m" if is_profit else "revenue_12m"].fillna(0.0),
    )
    accounts = accounts[accounts["tier"].notna()]
    events = tables.frame("service_events")
    events = events[(events["event_date"] <= day) & (events["event_date"] > day - YEAR)]
    for kind, name in (("visit", "visits"), ("call", "calls")):
        counts = events.loc[events["kind"] == kind, "account_id"].value_counts()
        accounts[name] = accounts["account_id"].map(counts).fillna(0).astype(int)
    accounts = accounts.reindex(columns=ACCOUNTS).reset_index(drop=True)
    reason = NO_ACCOUNT if accounts.empty else None
    return Care(accounts, _complaints(events, snapshot, tiers, day), day, is_profit, reason)


def _complaints(
    events: pd.DataFrame, snapshot: pd.DataFrame, tiers: pd.Series, day: pd.Timestamp
) -> pd.DataFrame:
    told = events[events["kind"] == "complaint"]
    who = snapshot.reindex(columns=["account_id", "account_name", "manager_id"])
    told = told.merge(who, on="account_id", how="left", validate="many_to_one")
    age = (day - told["event_date"]).dt.days.astype(float)
    solved = told["resolved_days"] <= age
    told = told.assign(
        tier=told["account_id"].map(tiers),
        solved=solved,
        days=told["resolved_days"].where(solved, age),
    )
    return told[COMPLAINTS].reset_index(drop=True)
