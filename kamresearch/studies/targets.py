"""Goals that can be checked: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    causes: str = Field(
        "",
        description="Causes of loss that the programme can touch, separated by commas; empty for all.",  # noqa: E501
    )
    baseline_quarters: int = Field(
        8, ge=3, le=40, description="First quarters that set the centre of the run chart."
    )
    draws: int = Field(
        400,
        ge=50,
        le=20_000,
        description="Draws of accounts and of start dates behind the programme's interval and placebo.",  # noqa: E501
    )
    fresh_days: int = Field(
        180, ge=1, le=3650, description="Days after which an account's plan is no longer fresh."
    )


STUDY = Study(
    name="targets",
    notebook="07_targets",
    title=_("Goals that can be checked"),
    question=_(
        "Where does each goal stand, could these accounts show it at all, and did the "
        "programme help?"
    ),
    params=Params,
    prefix="targets",
    predicts=True,
    needs=("accounts", "orders", "goals"),
    wants=("churn_events", "programme", "plans"),
    reads=("data_quality", "sales_trend", "segmentation", "churn", "organisation"),
    sections=("standing", "power", "plans", "run_chart", "programme", "limits"),
    results=(
        "kamresearch.analysis.targets.GoalStanding",
        "kamresearch.analysis.targets.GoalTree",
        "kamresearch.analysis.targets.Plans",
        "kamresearch.analysis.targets.RunChart",
        "kamresearch.analysis.targets.ProgrammeEffect",
    ),
    decides=_("which goals to keep, to change or to give up"),
    answer=("targets.n_detectable", "targets.programme_ratio", "targets.n_signals"),
    answer_figure="targets.standing",
    method=("power", "run_chart"),
)
