"""The briefing: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    most_headlines: int = Field(8, ge=1, le=24, description="Headline findings on the screen.")
    most_calls: int = Field(10, ge=1, le=200, description="Accounts to call on the screen.")


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
    ),
    sections=("headlines", "calls", "swot", "limits"),
    findings=("briefing.n_calls", "briefing.value_to_call", "briefing.n_undefined"),
    figures=("briefing.swot",),
    tables=("briefing.calls", "briefing.unknown"),
    front=True,
)
