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
    results=(
        "kamresearch.analysis.swot.ItemVerdicts",
        "kamresearch.analysis.swot.ItemWeights",
        "kamresearch.analysis.swot.Matrices",
        "kamresearch.analysis.swot.StrategyChoice",
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
    decides=_("which strategy to put first, and which statements are no more than opinion"),
    answer=("swot.n_contradicted", "swot.first_strategy_certainty"),
    answer_figure="swot.strategies",
    method=("weights",),
)
