"""Service by tier: what was promised and given, how long complaints wait, what marks accounts give.

care = kam.service.read_care(tables, as_of)
kam.service.measure_standard(care, {"A": 4, "B": 2, "C": 1}).frame    # tier, promised, given …
"""

from kamresearch.analysis.service.care import Care, read_care
from kamresearch.analysis.service.complaints import Solving, time_complaints
from kamresearch.analysis.service.drivers import Drivers, weigh_drivers
from kamresearch.analysis.service.marks import Marks, read_marks
from kamresearch.analysis.service.standard import Standard, measure_standard

__all__ = [
    "Care",
    "Drivers",
    "Marks",
    "Solving",
    "Standard",
    "measure_standard",
    "read_care",
    "read_marks",
    "time_complaints",
    "weigh_drivers",
]
