"""Price and cost to serve: what is left of the list price, by account and tier, and where it goes.

ledger = kam.price.read_ledger(tables, as_of)
kam.price.measure_contribution(ledger).frame    # account_id, tier, revenue … contribution
"""

from kamresearch.analysis.price.contribution import Contribution, measure_contribution
from kamresearch.analysis.price.ledger import Ledger, read_ledger
from kamresearch.analysis.price.losers import Losers, find_losers
from kamresearch.analysis.price.rule import Rule, fit_rule
from kamresearch.analysis.price.waterfall import Waterfall, draw_down
from kamresearch.analysis.price.yields import Yield, measure_yield

__all__ = [
    "Contribution",
    "Ledger",
    "Losers",
    "Rule",
    "Waterfall",
    "Yield",
    "draw_down",
    "find_losers",
    "fit_rule",
    "measure_contribution",
    "measure_yield",
    "read_ledger",
]
