"""The team behind the accounts: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    band_low: float = Field(
        0.13,
        ge=0,
        le=1,
        description="Share of a book's revenue that a departure puts at risk, lower end.",
    )
    band_high: float = Field(0.18, ge=0, le=1, description="The same, upper end.")
    hours_a: float = Field(
        12.0, ge=0, le=200, description="Hours a month that an account of tier A asks for."
    )
    hours_b: float = Field(
        6.0, ge=0, le=200, description="Hours a month that an account of tier B asks for."
    )
    hours_c: float = Field(
        2.5, ge=0, le=200, description="Hours a month that an account of tier C asks for."
    )
    manager_cost: float = Field(
        0.0,
        ge=0,
        description="Cost of one more manager a year; 0 takes the median of the team's own cost.",
    )
    balance: float = Field(
        0.5, ge=0, le=100, description="Weight of balanced load against likeness in linkage groups."
    )


STUDY = Study(
    name="organisation",
    notebook="05_organisation",
    title=_("The team behind the accounts"),
    question=_("Who holds the accounts, what happens when one leaves, and who stands in?"),
    params=Params,
    prefix="organisation",
    needs=("accounts", "orders", "managers", "assignments"),
    wants=("coverage",),
    reads=("segmentation",),
    sections=("exposure", "coverage", "workload", "groups", "limits"),
    results=(
        "kamresearch.analysis.organisation.Exposure",
        "kamresearch.analysis.organisation.Holdings",
        "kamresearch.analysis.organisation.Structure",
        "kamresearch.analysis.organisation.Coverage",
        "kamresearch.analysis.organisation.Workload",
        "kamresearch.analysis.organisation.OneMore",
        "kamresearch.analysis.organisation.LinkageGroups",
    ),
    decides=_("who needs a successor, whose load to lift, and which account teams to fill"),
    answer=(
        "organisation.top_manager_share",
        "organisation.single_threaded_share",
        "organisation.overloaded_managers",
    ),
    answer_figure="organisation.exposure",
    method=("groups",),
)
