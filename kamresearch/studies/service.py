"""Service by tier: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    visits_a: float = Field(4.0, ge=0, description="Visits a year promised to tier A.")
    visits_b: float = Field(2.0, ge=0, description="Visits a year promised to tier B.")
    visits_c: float = Field(1.0, ge=0, description="Visits a year promised to tier C.")
    limit_days: int = Field(
        10, ge=1, le=365, description="Days within which a complaint should be solved."
    )


STUDY = Study(
    name="service",
    notebook="11_service",
    title=_("Service"),
    question=_(
        "Is what was promised to each tier given, how long do complaints wait, and how content "
        "are the accounts?"
    ),
    params=Params,
    prefix="service",
    needs=("accounts", "orders"),
    wants=("service_events", "surveys", "churn_events", "assignments"),
    sections=("standard", "groups", "solving", "marks", "drivers", "limits"),
    results=(
        "kamresearch.analysis.service.Standard",
        "kamresearch.analysis.service.Solving",
        "kamresearch.analysis.service.Marks",
        "kamresearch.analysis.service.Drivers",
    ),
    decides=_("where care falls short of what was promised, and which complaints to close first"),
    answer=("service.kept", "service.a_over_b", "service.within_limit"),
    answer_figure="service.standard",
)
