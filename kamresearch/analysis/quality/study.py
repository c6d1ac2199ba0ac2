"""The study's steps over opened tables, and what it says where a table is missing."""

import pandas as pd

from kamresearch.analysis.quality.conflicts import Conflicts, compare_departments, sum_years
from kamresearch.analysis.quality.decisions import NOTHING, Decisions, read_decisions
from kamresearch.analysis.quality.departments import DepartmentLinks, link_departments
from kamresearch.data.tables import Tables
from kamresearch.language import message as _
from kamresearch.result import Missing, needs_table

NO_FIGURES = _("No department's record of these accounts carries a year and a revenue.")
LIMITS = (
    _("The checks find what is implausible; a wrong figure inside its range passes them."),
    _("Completeness counts cells that are filled, not cells that are right."),
    _(
        "Linkage rests on what records write: two companies that share address, telephone "
        "and name will be taken for one."
    ),
)


def study_decisions(tables: Tables, accounts: pd.DataFrame, as_of: str) -> Decisions:
    """`read_decisions` on opened tables; no decision without the table pairs."""
    if not tables.has("pairs"):
        return NOTHING
    records = tables.frame("departments") if tables.has("departments") else None
    return read_decisions(tables.frame("pairs"), accounts, records, as_of)


def study_departments(
    tables: Tables, accounts: pd.DataFrame, decisions: Decisions = NOTHING
) -> DepartmentLinks | Missing:
    """`link_departments` on opened tables."""
    records = tables.frame("departments") if tables.has("departments") else pd.DataFrame()
    if records.empty or accounts.empty:
        return Missing(needs_table("departments"), (DepartmentLinks,))
    return link_departments(accounts, records, decisions)


def study_conflicts(
    tables: Tables,
    links: DepartmentLinks | Missing,
    accounts: pd.DataFrame,
    as_of: str,
    *,
    precedence: tuple[str, ...],
    top: int,
) -> Conflicts | Missing:
    """`compare_departments` on opened tables, with the orders' own sums beside."""
    if isinstance(links, Missing):
        return Missing(links.reason, (Conflicts,))
    ledger = sum_years(tables, as_of)
    found = compare_departments(
        links.records, accounts, ledger, as_of=as_of, precedence=precedence, top=top
    )
    return found or Missing(NO_FIGURES, (Conflicts,))
