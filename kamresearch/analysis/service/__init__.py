"""Service by tier: what was promised, what was given, and how long complaints wait.

care = kam.service.read_care(tables, as_of)
kam.service.measure_standard(care, {"A": 4, "B": 2, "C": 1}).frame    # tier, promised, given …
"""

from kamresearch.analysis.service.care import Care, read_care
from kamresearch.analysis.service.complaints import NO_TIER, NONE_OVERDUE, Solving, time_complaints
from kamresearch.analysis.service.standard import NO_GROUPS, Standard, measure_standard

__all__ = [
    "NONE_OVERDUE",
    "NO_GROUPS",
    "NO_TIER",
    "Care",
    "Solving",
    "Standard",
    "measure_standard",
    "read_care",
    "time_complaints",
]
