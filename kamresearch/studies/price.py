"""Price and cost to serve: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams

CAUSES = ("discount", "orders", "goods", "serving", "unsold")


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    hour_cost: float = Field(
        450.0, ge=0, description="Cost of an hour of work where nobody wrote it down."
    )
    slack: float = Field(
        0.03, ge=0, le=1, description="Points above the usual price cut from which one is named."
    )


STUDY = Study(
    name="price",
    notebook="13_price",
    title=_("Price and cost to serve"),
    question=_(
        "What is left of the list price, where does the rest go, and who costs more than it brings?"
    ),
    params=Params,
    prefix="price",
    needs=("accounts", "orders"),
    wants=("activities", "churn_events"),
    answer=("price.n_losing", "price.kept_share", "price.n_beyond"),
    answer_figure="price.waterfall",
    totals=(("price.n_losing", tuple(f"price.by_{name}" for name in CAUSES)),),
    sections=("whale", "losers", "waterfall", "discount", "hours", "limits"),
    results=(
        "kamresearch.analysis.price.Contribution",
        "kamresearch.analysis.price.Losers",
        "kamresearch.analysis.price.Waterfall",
        "kamresearch.analysis.price.Rule",
        "kamresearch.analysis.price.Yield",
    ),
    decides=_("which discounts to take back, and which accounts to serve with less"),
)
