"""Deals: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    growth_goal: float = Field(
        0.1, ge=-0.9, le=10, description="Growth asked for next year, over what was won in this."
    )
    acceptance: float = Field(
        0.3, ge=0.1, le=0.5, description="Share of standing deals that a contact sets going again."
    )
    contact_cost: float = Field(2000.0, ge=0, description="Cost of a contact in money.")


STUDY = Study(
    name="pipeline",
    notebook="10_pipeline",
    title=_("Deals"),
    question=_("Which deals are won, against whom, how fast, and what do the open ones carry?"),
    params=Params,
    prefix="pipeline",
    needs=("accounts", "orders"),
    wants=("opportunities",),
    sections=("deals", "rates", "timing", "losses", "discount", "coverage", "stalled", "limits"),
    results=(
        "kamresearch.analysis.pipeline.Deals",
        "kamresearch.analysis.pipeline.Rates",
        "kamresearch.analysis.pipeline.Timing",
        "kamresearch.analysis.pipeline.Discount",
        "kamresearch.analysis.pipeline.Coverage",
        "kamresearch.analysis.pipeline.Stalled",
    ),
    totals=(
        (
            "pipeline.n_deals",
            ("pipeline.n_won", "pipeline.n_lost", "pipeline.n_withdrawn", "pipeline.n_open"),
        ),
    ),
    decides=_("which deals to push, which to let go, and whether the open ones carry the goal"),
    answer=("pipeline.win_rate", "pipeline.coverage", "pipeline.n_stalled"),
    answer_figure="pipeline.win_rates",
    method=("timing", "discount"),
)
