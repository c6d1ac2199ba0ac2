"""Service by tier: what was promised, what was given, and how long complaints wait.

care = kam.service.read_care(tables, as_of)
kam.service.measure_standard(care, {"A": 4, "B": 2, "C": 1}).frame    # tier, promised, given …
"""

from kamresearch.analysis.service.care import Care, read_care
from kamresearch.analysis.service.complaints import Solving, time_complaints
from kamresearch.analysis.service.standard import Standard, measure_standard

__all__ = [
    "Care",
    "Solving",
    "Standard",
    "measure_standard",
    "read_care",
    "time_complaints",
]
