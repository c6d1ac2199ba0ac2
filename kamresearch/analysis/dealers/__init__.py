"""Dealers: which differ by more than chance, and how regions and channels cross.

dealings = kam.dealers.read_dealings(tables, as_of)
kam.dealers.compare_dealers(dealings).frame       # measure, dealer_id, value, low, high, verdict …
"""

from kamresearch.analysis.dealers.crossed import Crossed, cross_channels
from kamresearch.analysis.dealers.dealings import Dealings, read_dealings
from kamresearch.analysis.dealers.funnel import Funnel, compare_dealers
from kamresearch.analysis.dealers.lots import Judged, judge_groups

__all__ = [
    "Crossed",
    "Dealings",
    "Funnel",
    "Judged",
    "compare_dealers",
    "cross_channels",
    "judge_groups",
    "read_dealings",
]
