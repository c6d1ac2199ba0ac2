"""Data quality: can the tables be trusted, do the departments agree, and who is one account
under two names?
"""

from kamresearch.analysis.quality.audit import Audit, audit_tables
from kamresearch.analysis.quality.conflicts import Conflicts, compare_departments
from kamresearch.analysis.quality.decisions import NOTHING, Decisions, read_decisions
from kamresearch.analysis.quality.departments import DepartmentLinks, link_departments
from kamresearch.analysis.quality.duplicates import Duplicates, find_duplicates
from kamresearch.analysis.quality.pages import AccountPages, write_account_pages
from kamresearch.analysis.quality.study import (
    LIMITS,
    study_conflicts,
    study_decisions,
    study_departments,
)

__all__ = [
    "LIMITS",
    "NOTHING",
    "study_conflicts",
    "study_decisions",
    "study_departments",
    "Decisions",
    "read_decisions",
    "AccountPages",
    "Audit",
    "Conflicts",
    "DepartmentLinks",
    "Duplicates",
    "audit_tables",
    "compare_departments",
    "find_duplicates",
    "link_departments",
    "write_account_pages",
]
