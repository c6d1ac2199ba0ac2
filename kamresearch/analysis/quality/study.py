"""The study's steps over opened tables, and what it says where a table is missing."""

from kamresearch.analysis.quality.conflicts import Conflicts, compare_departments, sum_years
from kamresearch.analysis.quality.decisions import NOTHING, Decisions, read_decisions
from kamresearch.analysis.quality.departments import DepartmentLinks, link_departments
from kamresearch.language import message as _

LINK_IDS = (
    "quality.linked_share",
    "quality.coverage_least",
    "quality.n_review",
    "quality.coverage",
    "quality.coverage_table",
    "quality.review",
)
CONFLICT_IDS = (
    "quality.conflict_share",
    "quality.conflict_size",
    "quality.top_changed",
    "quality.ledger_agreement",
    "quality.conflicts",
    "quality.ranking",
    "quality.conflict_kinds",
    "quality.conflict_list",
    "quality.ranking_table",
)
NO_DEPARTMENTS = _(
    "This section needs the table “{table}”, which the data do not have.", table="departments"
)
NO_FIGURES = _("No department's record of these accounts carries a year and a revenue.")
LIMITS = (
    _("The checks find what is implausible; a wrong figure inside its range passes them."),
    _("Completeness counts cells that are filled, not cells that are right."),
    _(
        "Linkage rests on what records write: two companies that share address, telephone "
        "and name will be taken for one."
    ),
)


def study_decisions(tables: object, accounts: object, as_of: str) -> Decisions:
    """`read_decisions` on opened tables; no decision without the table pairs."""
    if not tables.has("pairs"):
        return NOTHING
    records = tables.frame("departments") if tables.has("departments") else None
    return read_decisions(tables.frame("pairs"), accounts, records, as_of)


def study_departments(
    tables: object, accounts: object, decisions: Decisions = NOTHING
) -> DepartmentLinks | None:
    """`link_departments` on opened tables; None without department records."""
    if not tables.has("departments"):
        return None
    records = tables.frame("departments")
    return (
        None if records.empty or accounts.empty else link_departments(accounts, records, decisions)
    )


def study_conflicts(
    tables: object, links: DepartmentLinks, accounts: object, params: object
) -> Conflicts | None:
    """`compare_departments` on opened tables, with the orders' own sums beside."""
    ledger = sum_years(tables, params.as_of)
    return compare_departments(
        links.records, accounts, ledger, as_of=params.as_of, precedence=params.order, top=params.top
    )
