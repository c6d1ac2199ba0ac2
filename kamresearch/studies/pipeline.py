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
    findings=(
        "pipeline.n_deals",
        "pipeline.n_won",
        "pipeline.n_lost",
        "pipeline.n_withdrawn",
        "pipeline.n_open",
        "pipeline.win_rate",
        "pipeline.hardest_rival_rate",
        "pipeline.won_in_year",
        "pipeline.median_days",
        "pipeline.median_days_closed",
        "pipeline.discount_odds",
        "pipeline.discount_points",
        "pipeline.expected",
        "pipeline.coverage",
        "pipeline.open_yield",
        "pipeline.from_open",
        "pipeline.expected_hit",
        "pipeline.n_stalled",
        "pipeline.stalled_amount",
    ),
    figures=("pipeline.win_rates", "pipeline.incidence"),
    tables=(
        "pipeline.win_rates",
        "pipeline.incidence",
        "pipeline.losses",
        "pipeline.coverage",
        "pipeline.stalled",
    ),
    totals=(
        (
            "pipeline.n_deals",
            ("pipeline.n_won", "pipeline.n_lost", "pipeline.n_withdrawn", "pipeline.n_open"),
        ),
    ),
)
