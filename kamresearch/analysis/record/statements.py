"""What the studies state about the future, in the form in which it is sealed and scored."""

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.case import Case
from kamresearch.analysis.churn.money import Contacts
from kamresearch.analysis.churn.risk import Risk
from kamresearch.analysis.decisions import Decisions
from kamresearch.analysis.decisions.assumptions import KEEPING
from kamresearch.analysis.lifetime import LifetimeValue
from kamresearch.analysis.record.predictions import COLUMNS, make_predictions
from kamresearch.analysis.trend.account_demand import HORIZON, AccountDemand
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.analysis.warning import Alerts
from kamresearch.data.tables import Tables
from kamresearch.features.months import account_months
from kamresearch.features.population import PRESENT
from kamresearch.language import message as _

RISK = _("account lost")
ADJUSTED = _("account lost, adjusted by the record")
CONTACTS = _("accounts worth a contact")
ALERTS = _("alerted accounts")
LOST_REVENUE = _("yearly revenue of the accounts lost")
ACTIONS = _("accounts to be kept by the list of actions")
CHANCE = _("account lost, by the list of actions")
ACTIVE = _("account orders again")
ORDERS = _("order days of an account")
DEMAND = _("orders of an account that orders now and then")


def state_risk(case: Case, risk: Risk, past_rate: float | None) -> pd.DataFrame:
    """Each present account's probability of a recorded loss; the rival is last year's loss rate.

    Empty where losses are not recorded: nothing in later data would settle it.
    """
    if risk.reason is not None or case.losses.kind != "recorded":
        return nothing()
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
        return nothing()
    everybody = risk.frame[["account_id", "revenue"]]
    return _state_list(
        "churn.contacts", contacts.frame["account_id"], everybody, risk.as_of, risk.window_days
    )


def state_alerts(case: Case, risk: Risk, alerts: Alerts) -> pd.DataFrame:
    """The list of alerted accounts among all present ones."""
    if alerts.reason is not None or risk.frame.empty or case.losses.kind != "recorded":
        return nothing()
    everybody = risk.frame[["account_id", "revenue"]]
    return _state_list(
        "churn.alerts", alerts.frame["account_id"], everybody, risk.as_of, risk.window_days
    )


def state_lost_revenue(
    case: Case, risk: Risk, past_rate: float | None, currency: str | None
) -> pd.DataFrame:
    """Revenue of the last twelve months that goes with the accounts lost, in all, with its 95 %
    interval; the rival is last year's loss rate of all revenue.
    """
    found = risk.findings()[0]
    if found.interval is None or case.losses.kind != "recorded":
        return nothing()
    total = float(risk.frame["revenue"].sum())
    frame = pd.DataFrame(
        {
            "value": [found.value],
            "low": [found.interval.low],
            "high": [found.interval.high],
            "level": [found.interval.level],
            "rival_value": [np.nan if past_rate is None else past_rate * total],
        }
    )
    return make_predictions(
        frame,
        "churn.revenue_at_risk",
        issued=risk.as_of,
        due=pd.Timestamp(risk.as_of) + pd.Timedelta(days=risk.window_days),
        form="interval",
        outcome="lost_revenue",
        rival="past_rate",
        definition="recorded",
        currency=currency or "",
    )


def state_actions(decisions: Decisions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The list of actions that are to keep an account, and the probabilities of loss behind it,
    over all present accounts; their rival is the company's own rate.
    """
    records, days = decisions.records, decisions.assumptions.horizon_days
    if "churn_events" in records.absent:
        return nothing(), nothing()
    day = records.as_of.date().isoformat()
    there = records.frame[records.frame["standing"].isin(PRESENT)]
    there = there.assign(revenue=there["revenue_12m"].fillna(0.0).clip(lower=0))
    keeping = decisions.frame[decisions.frame["kind"].isin(KEEPING)]
    named = keeping["account_id"].drop_duplicates()
    known = there[there["chance"].notna()]
    chances = pd.DataFrame(
        {
            "account_id": known["account_id"],
            "value": known["chance"],
            "weight": known["revenue"],
            "rival_value": np.nan if records.risk.base_rate is None else records.risk.base_rate,
        }
    )
    stated = make_predictions(
        chances,
        "decisions.chance",
        issued=day,
        due=records.as_of + pd.Timedelta(days=days),
        form="probability",
        outcome="lost",
        rival="base_rate",
        definition="recorded",
    )
    return _state_list("decisions.list", named, there, day, days), stated


def state_demand(demand: AccountDemand, tables: Tables, inputs: Inputs) -> pd.DataFrame:
    """Orders of the next quarter of each account that orders now and then, with their 80 %
    interval; the rival is the quarter just past. Only where the months known end on the day of the
    report: else a part of the quarter would be known.
    """
    day = pd.Timestamp(inputs.as_of)
    ends = inputs.months["month"].max() + pd.offsets.MonthEnd(0) if len(inputs.months) else pd.NaT
    if demand.frame.empty or day != ends:
        return nothing()
    months = account_months(tables, inputs.as_of)
    past = months[pd.to_datetime(months["month"]) > day - pd.offsets.MonthEnd(HORIZON)]
    before = past.groupby("account_id", observed=True)["n_orders"].sum()
    frame = demand.frame.rename(columns={"expected": "value"})[
        ["account_id", "value", "low", "high"]
    ]
    return make_predictions(
        frame.assign(level=0.8, rival_value=frame["account_id"].map(before)),
        "trend.account_orders",
        issued=inputs.as_of,
        due=day + pd.offsets.MonthEnd(HORIZON),
        form="interval",
        outcome="n_orders",
        rival="last_quarter",
    )


def nothing() -> pd.DataFrame:
    """No statement."""
    return pd.DataFrame(columns=list(COLUMNS))


def _state_list(
    prediction: str, named: pd.Series, everybody: pd.DataFrame, as_of: str, days: int
) -> pd.DataFrame:
    """A list among all: the place of those named, 0 for the others."""
    place = {account: float(number) for number, account in enumerate(named, 1)}
    return make_predictions(
        pd.DataFrame(
            {
                "account_id": everybody["account_id"],
                "value": everybody["account_id"].map(place).fillna(0.0),
                "weight": everybody["revenue"],
            }
        ),
        prediction,
        issued=as_of,
        due=pd.Timestamp(as_of) + pd.Timedelta(days=days),
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
