"""Rivals: what the study declares."""

from pydantic import Field

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study beside those that every study has."""

    brand: str = Field("", description="Our brand as the table wallet writes it.")


STUDY = Study(
    name="rivals",
    notebook="12_rivals",
    title=_("Rivals"),
    question=_("What do the accounts buy of others, who takes from us, and from whom do we take?"),
    params=Params,
    prefix="rivals",
    needs=("accounts", "orders"),
    wants=("wallet", "churn_events"),
    sections=("wallet", "moves", "losses", "limits"),
    results=(
        "kamresearch.analysis.rivals.Wallet",
        "kamresearch.analysis.rivals.Moves",
        "kamresearch.analysis.rivals.Takers",
    ),
    decides=_("which accounts to defend against which rival, and where there is more to win"),
    answer=("rivals.share_of_wallet", "rivals.stay_own"),
    answer_figure="rivals.moves",
)
