"""The team behind the accounts: who holds what, what is covered, who is overloaded, who stands in
for whom.

holdings = find_holdings(snapshot, managers, assignments, as_of)   # who is in charge of each
account
exposure = measure_exposure(holdings)                              # revenue in single hands, N−1
structure = check_structure(holdings.managers, regions)            # roles that should exist
coverage = measure_coverage(coverage_table, snapshot)              # three layers, five functions
workload = measure_workload(holdings, tiers)                       # hours against capacity, who
should give up what
add_manager(holdings, tiers, band=band)                            # where one more would help
groups = group_managers(holdings, workload.load)                   # linkage groups of three or four
"""

from kamresearch.analysis.organisation.coverage import (
    Coverage,
    Structure,
    check_structure,
    measure_coverage,
)
from kamresearch.analysis.organisation.exposure import Exposure, measure_exposure
from kamresearch.analysis.organisation.groups import LinkageGroups, group_managers
from kamresearch.analysis.organisation.holdings import Holdings, find_holdings
from kamresearch.analysis.organisation.scenario import OneMore, add_manager
from kamresearch.analysis.organisation.workload import (
    Workload,
    choose_tiers,
    measure_workload,
    tiers_by_revenue,
)

__all__ = [
    "Coverage",
    "Exposure",
    "Holdings",
    "LinkageGroups",
    "OneMore",
    "Structure",
    "Workload",
    "add_manager",
    "check_structure",
    "choose_tiers",
    "find_holdings",
    "group_managers",
    "measure_coverage",
    "measure_exposure",
    "measure_workload",
    "tiers_by_revenue",
]
