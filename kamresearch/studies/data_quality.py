"""Data quality: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    threshold: float = Field(
        0.5, ge=0, le=1, description="Completeness below which a report should not be used."
    )
    precedence: str = Field(
        "finance,sales,after_sales",
        description="Departments in the order in which their figure stands.",
    )
    top: int = Field(
        20,
        ge=1,
        le=500,
        description="Length of the ranking that departments' figures are tried on.",
    )
    pages: int = Field(
        10, ge=1, le=100, description="Number of largest accounts with a page of their own."
    )
    contacts: bool = Field(
        False, description="Whether those pages write telephones, tax numbers and addresses out."
    )

    @property
    def order(self) -> tuple[str, ...]:
        """The precedence as a tuple."""
        return tuple(part.strip() for part in self.precedence.split(",") if part.strip())


STUDY = Study(
    name="data_quality",
    notebook="01_data_quality",
    title=_("Data quality"),
    question=_("Can the data be trusted, and do the departments mean the same accounts?"),
    params=Params,
    prefix="quality",
    needs=("accounts", "orders"),
    wants=("departments", "pairs"),
    sections=("audit", "rows", "duplicates", "coverage", "conflicts", "pages", "limits"),
    results=(
        "kamresearch.analysis.quality.Audit",
        "kamresearch.analysis.quality.Duplicates",
        "kamresearch.analysis.quality.Decisions",
        "kamresearch.analysis.quality.DepartmentLinks",
        "kamresearch.analysis.quality.Conflicts",
        "kamresearch.analysis.quality.AccountPages",
    ),
    decides=_("which numbers to trust, and which records to mend first"),
    answer=("quality.completeness", "quality.conflict_share", "quality.top_changed"),
    answer_figure="quality.conflicts",
    method=("rows", "duplicates"),
)
