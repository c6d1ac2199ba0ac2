"""What the studies state about the future, in the form in which it is sealed and scored."""

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.case import Case
from kamresearch.analysis.churn.money import Contacts
from kamresearch.analysis.churn.risk import Risk
from kamresearch.analysis.lifetime import LifetimeValue
from kamresearch.analysis.record.predictions import COLUMNS, make_predictions
from kamresearch.language import message as _

RISK = _("account lost")
ADJUSTED = _("account lost, adjusted by the record")
CONTACTS = _("accounts worth a contact")
ACTIVE = _("account orders again")
ORDERS = _("order days of an account")


def state_risk(case: Case, risk: Risk, past_rate: float | None) -> pd.DataFrame:
    """Each present account's probability of a recorded loss; the rival is last year's loss rate.

    Empty where losses are not recorded: nothing in later data would settle it.
    """
    if risk.reason is not None or case.losses.kind != "recorded":
        return pd.DataFrame(columns=list(COLUMNS))
    told = risk.frame[["account_id", "churn_probability", "revenue"]]  # it has a value of its own
    frame = told.rename(columns={"churn_probability": "value", "revenue": "weight"})
    frame = frame.dropna(subset="value")
    return make_predictions(
        frame.assign(rival_value=np.nan if past_rate is None else past_rate),
        "churn.probability",
        issued=risk.as_of,
        due=pd.Timestamp(risk.as_of) + pd.Timedelta(days=risk.window_days),
        form="probability",
        outcome="lost",
        rival="past_rate",
        definition="recorded",
        source=risk.source,
    )


def state_contacts(case: Case, risk: Risk, contacts: Contacts) -> pd.DataFrame:
    """The list of contacts among all present accounts: its place, 0 for those not named."""
    if contacts.reason is not None or risk.reason is not None or case.losses.kind != "recorded":
        return pd.DataFrame(columns=list(COLUMNS))
    place = {account: number for number, account in enumerate(contacts.frame["account_id"], 1)}
    frame = risk.frame[["account_id"]].assign(
        value=risk.frame["account_id"].map(place).fillna(0.0), weight=risk.frame["revenue"]
    )
    return make_predictions(
        frame,
        "churn.contacts",
        issued=risk.as_of,
        due=pd.Timestamp(risk.as_of) + pd.Timedelta(days=risk.window_days),
        form="list",
        outcome="lost",
        rival="lot",
        definition="recorded",
    )


def state_lifetime(
    expected: pd.DataFrame, snapshot: pd.DataFrame, lifetime: LifetimeValue
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Whether each account orders within the horizon, and on how many days; the rival is what it
    did in the horizon just past (of all accounts, the share that ordered).
    """
    days = lifetime.horizon_days
    told = expected[expected["probability_active"].notna()]
    past = snapshot.set_index("account_id")
    since = told["account_id"].map(past["days_since_last_order"])
    frame = pd.DataFrame(
        {
            "account_id": told["account_id"],
            "weight": told["account_id"].map(past["revenue_12m"]),
            "value": told["probability_active"],
            "rival_value": float((since < days).mean()) if len(told) else np.nan,
        }
    )
    about = {
        "issued": lifetime.as_of,
        "due": pd.Timestamp(lifetime.as_of) + pd.Timedelta(days=days),
        "definition": f"{days:g} days",
    }
    active = make_predictions(
        frame,
        "segmentation.probability_active",
        form="probability",
        outcome="ordered",
        rival="share_of_last_window",
        **about,
    )
    orders = make_predictions(
        frame.assign(
            value=told["expected_orders"],
            # Orders a year are known for 12 months; other horizons have no like window to show.
            rival_value=told["account_id"].map(past["n_orders_12m"]) if days == 365 else np.nan,
        ),
        "segmentation.expected_orders",
        form="point",
        outcome="order_days",
        rival="last_year",
        **about,
    )
    return active, orders
