"""SWOT that stands on evidence: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    strict: bool = Field(False, description="Fail the run when an item contradicts its evidence.")
    draws: int = Field(
        500,
        ge=0,
        le=20_000,
        description="Draws of raters, weights and evidence behind the intervals.",
    )


STUDY = Study(
    name="swot",
    notebook="06_swot",
    title=_("SWOT on evidence"),
    question=_("Which statements of the SWOT does the evidence carry, and what follows?"),
    params=Params,
    prefix="swot",
    needs=("swot",),
    wants=("judgements", "strategies"),
    reads=("data_quality", "sales_trend", "segmentation", "churn", "organisation"),
    sections=("evidence", "weights", "position", "strategies", "limits"),
    findings=(
        "swot.n_supported",
        "swot.n_contradicted",
        "swot.n_judgement",
        "swot.n_cannot_tell",
        "swot.n_unknown",
        "swot.group_consistency_ratio",
        "swot.worst_consistency_ratio",
        "swot.n_inconsistent_raters",
        "swot.rater_agreement",
        "swot.first_item_certainty",
        "swot.n_reversals",
        "swot.n_reversals_textbook",
        "swot.ife_score",
        "swot.efe_score",
        "swot.ie_cell",
        "swot.first_strategy",
        "swot.first_strategy_certainty",
    ),
    figures=(
        "swot.quadrants",
        "swot.weights",
        "swot.consistency",
        "swot.ie_matrix",
        "swot.strategies",
    ),
    tables=(
        "swot.items",
        "swot.weights",
        "swot.raters",
        "swot.departments",
        "swot.reversals",
        "swot.matrices",
        "swot.tows",
        "swot.strategies",
        "swot.qspm",
    ),
    totals=(
        (
            "",
            (
                "swot.n_supported",
                "swot.n_contradicted",
                "swot.n_judgement",
                "swot.n_cannot_tell",
                "swot.n_unknown",
            ),
        ),
    ),
)
