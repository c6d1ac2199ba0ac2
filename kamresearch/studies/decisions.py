"""What to do: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    acceptance: float = Field(
        0.3, ge=0.1, le=0.5, description="Share of those about to leave whom a contact keeps."
    )
    incentive_share: float = Field(
        0.02, ge=0, le=1, description="Cost of the incentive as a share of the yearly value."
    )
    contact_cost: float = Field(2000.0, ge=0, description="Cost of a contact in money.")
    horizon_days: int = Field(
        365, ge=90, le=1095, description="Days within which a loss or a return counts."
    )
    hours_share: float = Field(
        0.25, ge=0, le=1, description="Share of a manager's monthly hours free for the list."
    )
    budget: float = Field(0.0, ge=0, description="Money for the list; 0 for no limit.")
    most: int = Field(0, ge=0, description="Instructions at most; 0 for no limit.")
    account_pages: str = Field(
        "A",
        pattern=r"^(all|none|[ABC](,[ABC])*)$",
        description="Tiers whose accounts get a page beside those on the list: A,B (the largest "
        "of very many); all; or none.",
    )


STUDY = Study(
    name="decisions",
    notebook="08_decisions",
    title=_("What to do"),
    question=_("What should be done, for whom, by whom, first?"),
    params=Params,
    prefix="decisions",
    reads=("churn", "organisation"),
    needs=("accounts", "orders"),
    wants=(
        "churn_events",
        "contracts",
        "service_events",
        "managers",
        "assignments",
        "overrides",
        "departments",
        "actions",
        "opportunities",
        "plans",
        "coverage",
        "contacts",
    ),
    sections=(
        "standing",
        "signals",
        "list",
        "nobody",
        "sensitivity",
        "backtest",
        "accounts",
        "limits",
    ),
    results=(
        "kamresearch.analysis.decisions.Decisions",
        "kamresearch.analysis.decisions.Lost",
        "kamresearch.analysis.decisions.Sensitivity",
        "kamresearch.analysis.decisions.Backtest",
    ),
    tables=("accounts",),
    profiles="accounts",
    decides=_("what to do for which account, who does it, and what to leave"),
    answer=("decisions.gain", "decisions.n_left_12m", "decisions.lost_revenue_12m"),
    answer_figure="decisions.list",
    method=("signals", "sensitivity", "backtest"),
)
