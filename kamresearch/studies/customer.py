"""The customer's side: what the study declares."""

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study: those that every study has."""


STUDY = Study(
    name="customer",
    notebook="14_customer",
    title=_("The customer’s side"),
    question=_("What do accounts gain from us, whom do we know there, and what do they ask for?"),
    params=Params,
    prefix="customer",
    needs=("accounts", "orders"),
    wants=("value_delivered", "contacts", "needs", "churn_events"),
    decides=_("whom to meet, what to have confirmed, and what to ask the product people for"),
    answer=("customer.value_confirmed", "customer.one_contact", "customer.units_open"),
    answer_figure="customer.value",
    sections=("value", "relations", "needs", "limits"),
    results=(
        "kamresearch.analysis.customer.Given",
        "kamresearch.analysis.customer.Relations",
        "kamresearch.analysis.customer.Needs",
    ),
)
