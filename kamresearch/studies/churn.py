"""Churn: what the study declares."""

from typing import Literal

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    definition: Literal["auto", "recorded", "contract", "silence"] = Field(
        "auto",
        description="What a loss is; auto takes recorded losses where there are any, else silence.",
    )
    window_days: int = Field(
        365, ge=30, le=1095, description="Days within which losses are counted and predicted."
    )
    gap_days: int = Field(
        0,
        ge=0,
        le=180,
        description="Days between the model's features and the start of its outcome.",
    )
    silence_factor: float = Field(
        3.0, ge=1, le=20, description="Silence counts as a loss beyond so many of its own gaps."
    )
    group_by: Literal["region", "industry", "channel"] = Field(
        "region", description="Groups of rates and curves."
    )
    acceptance: float = Field(
        0.3, ge=0, le=1, description="Assumed share of leavers who stay because of an offer."
    )
    incentive_share: float = Field(
        0.02, ge=0, lt=1, description="Assumed cost of an offer as a share of yearly value."
    )
    contact_cost: float = Field(
        2000.0, ge=0, description="Assumed cost of a contact, in the data's currency."
    )
    most_contacts: int = Field(40, ge=0, description="How many accounts can be contacted.")
    false_alarm_rate: float = Field(
        0.1, ge=0.001, le=0.5, description="Share of staying accounts alerted a year."
    )


STUDY = Study(
    name="churn",
    notebook="04_churn",
    title=_("Churn"),
    question=_("Who is leaving, why, when, whether they come back, and what it pays to do"),
    params=Params,
    prefix="churn",
    predicts=True,
    looks_back=True,
    needs=("accounts", "orders"),
    wants=("churn_events", "contracts", "service_events", "assignments"),
    sections=(
        "definition",
        "staying",
        "causes",
        "returns",
        "model",
        "why",
        "money",
        "warning",
        "limits",
    ),
    results=(
        "kamresearch.analysis.churn.definition.ChurnRate",
        "kamresearch.analysis.churn.staying.Staying",
        "kamresearch.analysis.causes.CauseShares",
        "kamresearch.analysis.causes.CausePrediction",
        "kamresearch.analysis.causes.Returns",
        "kamresearch.analysis.churn.risk.Modelling",
        "kamresearch.analysis.record.AdjustedRisk",
        "kamresearch.analysis.churn.explain.Explanation",
        "kamresearch.analysis.churn.money.Contacts",
        "kamresearch.analysis.warning.Alerts",
    ),
    tables=("churn.definition", "churn.sensitivity"),
    totals=(("churn.rate_change", ("churn.rate_effect", "churn.mix_effect")),),
    counted=(("churn.rate", "churn.n_lost"),),
    listed=(("churn.n_contacts", "churn.contacts"), ("churn.n_alerts", "churn.alerts")),
    decides=_("whom to hold, whom to win back, and how much that may cost"),
    answer=("churn.rate", "churn.return_rate_price", "churn.revenue_at_risk"),
    answer_figure="churn.causes",
    method=("model", "why"),
)
