"""Deals: which are won, how long they take, what they let expect, and which stand still.

deals = kam.pipeline.read_deals(tables, as_of)
kam.pipeline.win_rates(deals).frame     # dimension, group, n_won, n_lost, share, pooled, low, high
"""

from kamresearch.analysis.pipeline.coverage import Coverage, cover
from kamresearch.analysis.pipeline.deals import Deals, read_deals
from kamresearch.analysis.pipeline.discount import Discount, weigh_discount
from kamresearch.analysis.pipeline.rates import Rates, win_rates
from kamresearch.analysis.pipeline.stalled import Stalled, find_stalled
from kamresearch.analysis.pipeline.timing import Timing, time_deals

__all__ = [
    "Coverage",
    "Deals",
    "Discount",
    "Rates",
    "Stalled",
    "Timing",
    "cover",
    "find_stalled",
    "read_deals",
    "time_deals",
    "weigh_discount",
    "win_rates",
]
