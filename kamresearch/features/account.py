"""The single account view: everything known of one account as of a day, from which table, how
fresh, what is missing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from kamresearch.data.answers import answering
from kamresearch.data.period import Day
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import DataError, near_matches
from kamresearch.features.labels import FIELDS, STATES, TOPICS
from kamresearch.features.population import STANDINGS
from kamresearch.features.snapshot import account_snapshot, read_day
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

DATES = {
    "accounts": "onboard_date",
    "orders": "order_date",
    "contracts": "start_date",
    "service_events": "event_date",
    "assignments": "from",
    "churn_events": "churn_date",
    "departments": "updated",
    "programme": "start_date",
    "overrides": "date",
}
"""Table → the date that says how fresh an account's rows are."""

_FROM_TABLE = {
    "accounts": (
        "account_name",
        "industry",
        "region",
        "channel",
        "city",
        "address",
        "telephone",
        "tax_number",
        "parent_id",
        "onboard_date",
        "potential_revenue",
        "strategic_fit",
    ),
    "orders": (
        "standing",
        "standing_since",
        "silence_ratio",
        "first_order_date",
        "last_order_date",
        "n_orders",
        "n_returns",
        "revenue_total",
        "revenue_12m",
        "revenue_prior_12m",
        "units_12m",
        "profit_12m",
        "days_between_orders_mean",
        "n_products_12m",
        "share_of_wallet_12m",
    ),
    "contracts": ("n_contracts", "contract_end_date"),
    "service_events": (
        "complaints_12m",
        "service_events_12m",
        "satisfaction_mean_12m",
        "resolved_days_mean_12m",
    ),
    "assignments": ("manager_id", "n_managers_24m"),
    "churn_events": ("is_away", "n_churns", "churn_date", "churn_cause", "lost_to", "return_date"),
}

_COUNTED = ("departments", "coverage", "programme", "overrides")
"""Tables of which the view says how many rows name the account."""

MEANT_TO_BE_EMPTY = {
    "parent_id",
    "silence_ratio",
    "churn_date",
    "churn_cause",
    "lost_to",
    "return_date",
}
"""Fields that are empty because nothing happened, not because nobody wrote it down."""


@dataclass(frozen=True)
class AccountView(Result):
    """One account as of a day.

    Parameters
    ----------
    account_id, account_name, as_of : str
        Whose view, and on which day.
    frame : DataFrame
        One row a field: topic (table), field, value (text), source (file), updated (latest date of
        the account's rows in that
        table by the day), age_days, state: known, empty (nobody wrote it down), none (it did not
        happen), absent (the data
        have no such table).
    """

    account_id: str
    account_name: str
    as_of: str
    frame: pd.DataFrame = field(repr=False)
    conflicts: tuple[Text, ...] = ()
    """What two tables say differently of it: named, not settled"""

    @property
    def filled_share(self) -> float:
        """Fields known over fields that could be known; fields of absent tables count as not
        known.
        """
        states = self.frame["state"]
        could = (states != "none").sum()
        return float((states == "known").sum() / could) if could else 0.0

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What the view cannot tell."""
        missing = self.frame[self.frame["state"] == "empty"]
        absent = self.frame.loc[self.frame["state"] == "absent", "topic"].unique()
        told = (
            [
                _(
                    "{n} of {all} fields of this account are empty.",
                    n=len(missing),
                    all=len(self.frame),
                )
            ]
            if len(missing)
            else []
        )
        told += [_("The data have no table “{table}”.", table=name) for name in absent]
        return (
            *self.conflicts,
            *told,
            _("Facts of the account list are as recorded today: the list keeps no history."),
        )

    def table(self) -> Table:
        """The view as a table to show."""
        columns = (
            Column("topic", _("From"), terms=TOPICS),
            Column("field", _("Field"), terms=FIELDS),
            Column("value", _("Value"), terms=STANDINGS),
            Column("state", _("State"), terms=STATES),
            Column("updated", _("Last entry"), "date"),
            Column("age_days", _("Age (days)"), "count"),
            Column("source", _("Source")),
        )
        title = _(
            "Account {name} ({account_id}) as of {day}",
            name=self.account_name,
            account_id=self.account_id,
            day=self.as_of,
        )
        caption = _(
            "Everything that the data tell of this account, from which table, and how old "
            "the latest entry is."
        )
        return make_table("quality.account", title, self.frame, *columns, caption=caption)


def account(tables: "Tables", account_id: str, as_of: Day) -> AccountView:
    """What is known of this account?

    Every table of the contract → one row a field, with its source and its age.

    Parameters
    ----------
    tables : kamresearch.data.tables.Tables
        Opened account data.
    account_id : str
        Key of the account.
    as_of : str, date or Timestamp
        Nothing dated later is seen.

    Returns
    -------
    AccountView
        With `table()`, `frame`, `filled_share` and `caveats`.

    Raises
    ------
    DataError
        No account has this key, or it was not known by the day.
    """
    return view_accounts(tables, [account_id], as_of)[0]


def view_accounts(tables: "Tables", account_ids: Iterable[str], as_of: Day) -> list[AccountView]:
    """What is known of each of these accounts?

    As `account`, for several at the cost of one: each table is scanned once, however many accounts
    are asked for.

    Parameters
    ----------
    tables : kamresearch.data.tables.Tables
        Opened account data.
    account_ids : iterable of str
        Keys of the accounts; the views come in their order.
    as_of : str, date or Timestamp
        Nothing dated later is seen.

    Raises
    ------
    DataError
        One of them is no account, or was not known by the day.
    """
    day, keys = pd.Timestamp(read_day(as_of)), [str(one) for one in account_ids]
    with answering(tables.source):
        known = tables.accounts.filter(tables.accounts.account_id.isin(keys)).to_pandas()
    known = known.drop_duplicates("account_id").set_index("account_id", drop=False)
    snapshot = account_snapshot(only_accounts(tables, keys), day).set_index(
        "account_id", drop=False
    )
    for key in keys:
        if key not in known.index:
            options = (
                tables.accounts.select("account_id")
                .order_by("account_id")
                .limit(2000)
                .to_pandas()["account_id"]
            )
            raise DataError(
                f"account {key!r}",
                "an account of the data",
                "none with this key",
                near_matches(key, options),
            )
        if key not in snapshot.index:
            raise DataError(
                f"account {key!r}",
                f"an account known by {day.date()}",
                "one that came later",
                "choose a later as_of",
            )
    with answering(tables.source):
        fresh = {
            name: _freshness(tables, name, keys, day)
            for name in (*_FROM_TABLE, *_COUNTED)
            if tables.has(name)
        }
    return [
        _view(tables, key, known.loc[key].to_dict() | snapshot.loc[key].to_dict(), fresh, day)
        for key in keys
    ]


def only_accounts(tables: "Tables", keys: list[str]) -> "Tables":
    """The tables with these accounts' rows alone, so that views cost one scan."""
    loaded = {}
    for name, one in tables.loaded.items():
        of_account = "account_id" in one.used.columns
        loaded[name] = (
            replace(one, used=one.used.filter(one.used.account_id.isin(keys)))
            if of_account
            else one
        )
    return replace(tables, loaded=loaded)


def _view(tables: "Tables", key: str, facts: dict, fresh: dict, day: pd.Timestamp) -> AccountView:
    rows = [
        row
        for name in (*_FROM_TABLE, *_COUNTED)
        for row in _rows_of(tables, name, key, facts, fresh, day)
    ]
    frame = pd.DataFrame(
        rows, columns=["topic", "field", "value", "state", "updated", "age_days", "source"]
    )
    frame = frame.astype({"updated": "datetime64[us]", "age_days": "float64", "value": "str"})
    conflicts = tuple(_find_conflicts(facts))
    return AccountView(key, str(facts["account_name"]), day.date().isoformat(), frame, conflicts)


def _find_conflicts(facts: dict) -> Iterator[Text]:
    """Where a recorded loss stands against what orders and contracts say."""
    if facts["standing"] != "lost":
        return
    left, bought, ends = (
        facts[name] for name in ("churn_date", "last_order_date", "contract_end_date")
    )
    if not pd.isna(bought) and bought > left:
        yield _(
            "Recorded as lost on {left}, yet it ordered on {bought}: which of the two is right is "
            "not decided here.",
            left=Quantity(left.date().isoformat(), "date"),
            bought=Quantity(bought.date().isoformat(), "date"),
        )
    if not pd.isna(ends):
        yield _(
            "Recorded as lost on {left}, yet a contract runs until {ends}.",
            left=Quantity(left.date().isoformat(), "date"),
            ends=Quantity(ends.date().isoformat(), "date"),
        )


def _rows_of(
    tables: "Tables", name: str, key: str, facts: dict, fresh: dict, day: pd.Timestamp
) -> Iterator[tuple]:
    fields = _FROM_TABLE.get(name, (f"n_{name}",))
    if name not in fresh:
        yield from ((name, one, None, "absent", pd.NaT, float("nan"), None) for one in fields)
        return
    count, updated = fresh[name].get(key, (0, pd.NaT))
    age = float((day - updated).days) if updated is not pd.NaT else float("nan")
    source = tables.loaded[name].file
    for one in fields:
        value = count if name in _COUNTED else facts.get(one)
        state = (
            "known"
            if not pd.isna(value)
            else ("none" if one in MEANT_TO_BE_EMPTY or count == 0 else "empty")
        )
        yield name, one, show_value(value), state, updated, age, source


def _freshness(
    tables: "Tables", name: str, keys: list[str], day: pd.Timestamp
) -> dict[str, tuple[int, pd.Timestamp]]:
    """Account → its rows by the day, and the date of the latest."""
    rows, date = getattr(tables, name), DATES.get(name)
    if "account_id" not in rows.columns:
        return {}
    rows = rows.filter(rows.account_id.isin(keys))
    dated = date is not None and date in rows.columns
    if dated:
        rows = rows.filter(rows[date].isnull() | (rows[date] <= day.date()))
    last = rows[date].max() if dated else ibis.null("date")
    found = rows.group_by("account_id").agg(n=rows.count(), last=last).to_pandas()
    return {
        key: (int(n), pd.Timestamp(last) if not pd.isna(last) else pd.NaT)
        for key, n, last in found.itertuples(index=False)
    }


def show_value(value: Any) -> str | None:
    """A value as text: dates in ISO, numbers with thousands parted, two decimals where they
    matter.
    """
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "true" if value else "false"
    if isinstance(value, (int, float)) or hasattr(value, "item"):
        number = float(value)
        return f"{number:,.0f}" if number.is_integer() or abs(number) >= 1000 else f"{number:,.2f}"
    return str(value)
