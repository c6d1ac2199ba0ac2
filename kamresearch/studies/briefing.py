"""The briefing: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    most_headlines: int = Field(4, ge=1, le=24, description="Headline findings on the screen.")
    most_actions: int = Field(10, ge=1, le=200, description="Instructions on the screen.")


STUDY = Study(
    name="briefing",
    notebook="09_briefing",
    title=_("Briefing"),
    question=_("What must we know and do this month?"),
    params=Params,
    prefix="briefing",
    reads=(
        "data_quality",
        "sales_trend",
        "segmentation",
        "churn",
        "organisation",
        "swot",
        "targets",
        "decisions",
    ),
    sections=("headlines", "calls", "changes", "goals", "limits"),
    results=("kamresearch.analysis.briefing.Briefing",),
    front=True,
    decides=_("what to do this month, for which accounts, and who does it"),
)
