"""The gate before every report: what is wrong with a company's tables, how much of the revenue
it touches, what to do.
"""

from kamresearch.data.checks.audit import check_tables
from kamresearch.data.checks.result import CheckResult, Issue
from kamresearch.data.checks.words import CHECKS, SEVERITIES

__all__ = ["CHECKS", "SEVERITIES", "CheckResult", "Issue", "check_tables"]
