"""Where each account stands as of a day: one row an account."""

import datetime
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.data.answers import answering
from kamresearch.features.snapshot import account_snapshot

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

ACCOUNT_STANDING = (
    "account_id",
    "account_name",
    "standing",
    "since",
    "cause",
    "lost_to",
    "return_date",
    "silence_ratio",
    "days_since_last_order",
    "contract_end_date",
    "manager_id",
    "revenue_12m",
    "revenue_prior_12m",
)
"""Columns of `account_standing`, in order."""


def account_standing(tables: "Tables", as_of: str | datetime.date | pd.Timestamp) -> pd.DataFrame:
    """Where does each account stand?

    Tables of the contract → one row per account of the accounts table.

    Parameters
    ----------
    tables : kamresearch.data.tables.Tables
        Opened account data.
    as_of : str, date or Timestamp
        Nothing dated later is seen.

    Returns
    -------
    DataFrame
        Sorted by ``account_id``, columns `ACCOUNT_STANDING`. ``standing`` is one of
        `kamresearch.features.population.STANDINGS`:

        * ``lost``: the table ``churn_events`` has a loss of the account and no return by the day.
          ``since`` is the day of the loss, ``cause`` and ``lost_to`` what was recorded of it. Where
          the data have no such table no loss is known, and nobody is called lost.
        * ``returned``: lost, and back within the last 365 days; ``since`` is the day of the return.
        * ``silent``: no order for longer than three of the account's own mean gaps between days
          with an order (90 days at least, 450 at most; 450 with fewer than three such days),
          counted from the last order or return. ``silence_ratio`` is the silence over what is
          allowed; ``since`` the day on which it passed 1.
        * ``never_ordered``: an account without any order yet; ``since`` is the day of onboarding.
        * ``not_yet``: onboarded later than the day; its other columns are empty.
        * ``ordering``: everyone else; ``since`` is the first order, or the last return.

    Raises
    ------
    ParameterError
        ``as_of`` is no day.

    Notes
    -----
    The standing of an account rests on its own rows alone: a slice gives the same answer as the
    whole company. Silence is no loss: an account may buy elsewhere for a year and come back.
    """
    snapshot = account_snapshot(tables, as_of)
    accounts = tables.accounts
    with answering(tables.source):
        listed = accounts.select("account_id", "account_name").order_by("account_id").to_pandas()
    known = snapshot.rename(columns={"standing_since": "since", "churn_cause": "cause"})
    lost = known["standing"] == "lost"
    known["cause"] = known["cause"].where(lost)
    known = known[[name for name in ACCOUNT_STANDING if name != "account_name"]]
    frame = listed.astype({"account_id": "str", "account_name": "str"}).merge(
        known, on="account_id", how="left", validate="one_to_one"
    )
    frame["standing"] = frame["standing"].fillna("not_yet").astype("str")
    return frame[list(ACCOUNT_STANDING)]
