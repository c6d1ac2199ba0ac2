"""What the studies state about the future, in the form in which it is sealed and scored."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kamresearch.analysis.causes import settle_causes
from kamresearch.analysis.churn.case import Case
from kamresearch.analysis.churn.money import Contacts
from kamresearch.analysis.churn.risk import Risk
from kamresearch.analysis.decisions import Decisions
from kamresearch.analysis.decisions.assumptions import KEEPING
from kamresearch.analysis.decisions.returning import measure_returning
from kamresearch.analysis.lifetime import LifetimeValue
from kamresearch.analysis.record.measures import MEASURES
from kamresearch.analysis.record.predictions import COLUMNS, make_predictions
from kamresearch.analysis.targets.standing import GoalStanding
from kamresearch.analysis.trend.account_demand import HORIZON, AccountDemand
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.analysis.trend.outlook import Outlook
from kamresearch.analysis.warning import Alerts
from kamresearch.data.tables import Tables
from kamresearch.features.months import account_months
from kamresearch.features.population import PRESENT
from kamresearch.finding import Finding
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
REVENUE = _("revenue of an account")
LIFETIME = (ACTIVE, ORDERS, REVENUE)
"""Words of what `state_lifetime` gives, in its order."""
LEVEL = _("sales of the next twelve months")
MONTH = _("sales of the next month, in quantiles")
RETURNS = _("lost account comes back")
GOALS = _("goal met")
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


def state_level(months: Outlook, inputs: Inputs, currency: str | None) -> pd.DataFrame:
    """The company's sales of the next twelve months with their 95 % interval; the rival is the
    twelve months just past. Only where the months known end on the day of the report.
    """
    if months.total is None or len(months.past) < 12 or not _ends_on(months, inputs.as_of):
        return nothing()
    value, low, high = months.total
    past = months.past["value"].tail(12).sum()
    frame = {"value": [value], "low": [low], "high": [high], "level": [0.95], "rival_value": [past]}
    return make_predictions(
        pd.DataFrame(frame),
        "trend.next_year",
        due=pd.Timestamp(inputs.as_of) + pd.offsets.MonthEnd(12),
        form="interval",
        rival="last_year",
        **_measured(inputs, currency),
    )


def state_month(months: Outlook, inputs: Inputs, currency: str | None) -> pd.DataFrame:
    """The company's sales of the next month in four quantiles; the rival are those of the 24 months
    just past. Only where the months known end on the day of the report.
    """
    if months.result is None or not _ends_on(months, inputs.as_of):
        return nothing()
    ahead, past = months.result.frame.iloc[0], months.past["value"].tail(24).to_numpy(float)
    levels = {"lo_95": 0.025, "lo_80": 0.1, "hi_80": 0.9, "hi_95": 0.975}
    told = {name: level for name, level in levels.items() if np.isfinite(ahead[name])}
    frame = pd.DataFrame(
        {
            "value": [float(ahead[name]) for name in told],
            "level": list(told.values()),
            "rival_value": np.quantile(past, list(told.values())),
        }
    )
    return make_predictions(
        frame,
        "trend.next_month",
        due=pd.Timestamp(inputs.as_of) + pd.offsets.MonthEnd(1),
        form="quantile",
        rival="quantiles_of_last_months",
        **_measured(inputs, currency),
    )


def _ends_on(months: Outlook, as_of: str) -> bool:
    """Whether what is known ends on the day: else a part of what is told would be known."""
    if months.frequency != "M" or months.result is None or months.made_on != as_of:
        return False
    first = pd.Period(months.result.frame["period"].iloc[0], freq="M")
    return first.start_time == pd.Timestamp(as_of) + pd.Timedelta(days=1)


def _measured(inputs: Inputs, currency: str | None) -> dict[str, str]:
    """What the company's months are counted in, and the rule that counts them later."""
    in_units = inputs.measure == "units"
    return {
        "issued": inputs.as_of,
        "outcome": "total_units" if in_units else "total_revenue",
        "currency": "" if in_units else currency or "",
    }


def state_returns(case: Case, horizon_days: int) -> pd.DataFrame:
    """Each account's odds of being back, of those away; the rival is the share of all losses that
    were back so soon. Empty where no return was ever recorded.
    """
    losses, day = case.losses, case.losses.as_of
    if losses.kind != "recorded" or losses.frame["return_date"].isna().all():
        return nothing()
    last = settle_causes(losses.frame).drop_duplicates("account_id", keep="last")
    away = last[last["account_id"].isin(losses.away_at(day))]
    known = measure_returning(losses, horizon_days)
    since = (day - away["churn_date"]).dt.days
    chance = known.chance(away["cause"], since)
    frame = away[["account_id"]].assign(value=chance, rival_value=known.rate)
    return make_predictions(
        frame.dropna(subset="value"),
        "churn.return_odds",
        issued=day.date().isoformat(),
        due=day + pd.Timedelta(days=horizon_days),
        form="probability",
        outcome="returned",
        rival="share_of_losses_back",
        definition="recorded",
    )


def state_goals(standing: GoalStanding, evidence: Mapping[str, Finding]) -> pd.DataFrame:
    """P(met) of each goal set by then and not yet due whose number later data can tell again; the
    rival says that it stays where it stands.
    """
    day, goals = pd.Timestamp(standing.as_of), {goal.id: goal for goal in standing.goals}
    rows = []
    for row in standing.frame[standing.frame["probability"].notna()].itertuples():
        goal = goals[row.goal_id]
        due = pd.Timestamp(goal.due_date)
        set_later = goal.baseline_date != "" and pd.Timestamp(goal.baseline_date) > day
        if set_later or due <= day or not _can_be_measured_again(evidence.get(goal.finding)):
            continue
        bound = {"high" if goal.direction == "down" else "low": goal.target}
        stands = float(goal.is_met(float(row.value)))
        told = {"value": row.probability, "rival_value": stands, "outcome": goal.finding}
        rows.append({"low": np.nan, "high": np.nan, "due": due} | told | bound)
    if not rows:
        return nothing()
    frame = pd.DataFrame(rows)
    return make_predictions(
        frame[["value", "low", "high", "rival_value"]],
        "targets.goals",
        issued=standing.as_of,
        due=frame["due"],
        form="probability",
        outcome=frame["outcome"],
        rival="stands",
    )


def _can_be_measured_again(finding: Finding | None) -> bool:
    """Whether the record's own code would measure the same: a year, where a period was told."""
    if finding is None or finding.id not in MEASURES:
        return False
    if finding.id != "churn.rate" or finding.period is None:
        return True
    start, end = (pd.Timestamp(day) for day in finding.period)
    return (end - start).days + 1 == 365


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
    expected: pd.DataFrame,
    snapshot: pd.DataFrame,
    lifetime: LifetimeValue,
    currency: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Whether each account orders within the horizon, on how many days, and what it buys; the
    rival is what it did in the horizon just past (of all accounts, the share that ordered).
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
    revenue = make_predictions(
        frame.assign(
            value=told["expected_value"] / lifetime.margin,
            rival_value=frame["weight"] if days == 365 else np.nan,
        ),
        "segmentation.expected_revenue",
        form="point",
        outcome="revenue",
        rival="last_year",
        currency=currency or "",
        **about,
    )
    return active, orders, revenue
