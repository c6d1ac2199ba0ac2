"""Dealers: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    limit_days: int = Field(
        10, ge=1, le=365, description="Days within which a complaint should be solved."
    )


STUDY = Study(
    name="dealers",
    notebook="15_dealers",
    title=_("Dealers"),
    question=_("Which dealers differ by more than chance, and where do regions and channels part?"),
    params=Params,
    prefix="dealers",
    needs=("accounts", "orders", "dealers"),
    wants=("churn_events", "service_events"),
    decides=_("which dealers to look into, and which only had bad luck"),
    answer=("dealers.margin_outside", "dealers.losses_outside", "dealers.answers_outside"),
    answer_figure="dealers.funnel",
    sections=("funnel", "crossed", "limits"),
    results=(
        "kamresearch.analysis.dealers.Funnel",
        "kamresearch.analysis.dealers.Crossed",
    ),
)
