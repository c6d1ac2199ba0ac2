"""SWOT that stands on evidence: items as data, verdicts from findings, weights from judges,
strategies with their rules.

items = read_items(frame)                       # the swot table → items with conditions on findings
verdicts = judge_items(items, findings)         # supported, contradicted, cannot be told,
judgement, unknown
weights = weigh_items(judgements, items)        # pairwise judgements → AHP weights, consistency,
bootstrap ranks
choice = rate_strategies(strategies, verdicts, weights)
"""

from kamresearch.analysis.swot.ahp import consistency_ratio, principal_weights
from kamresearch.analysis.swot.condition import Condition, parse_condition
from kamresearch.analysis.swot.evidence import LIMITS, ItemVerdicts, judge_items
from kamresearch.analysis.swot.items import QUADRANTS, Item, read_items
from kamresearch.analysis.swot.matrices import Matrices, rate_matrices
from kamresearch.analysis.swot.reversal import compare_rankings, find_reversals
from kamresearch.analysis.swot.strategies import StrategyChoice, rate_strategies, read_strategies
from kamresearch.analysis.swot.weights import ItemWeights, equal_weights, weigh_items

__all__ = [
    "LIMITS",
    "QUADRANTS",
    "Condition",
    "Item",
    "ItemVerdicts",
    "ItemWeights",
    "Matrices",
    "StrategyChoice",
    "compare_rankings",
    "consistency_ratio",
    "equal_weights",
    "find_reversals",
    "judge_items",
    "parse_condition",
    "principal_weights",
    "rate_matrices",
    "rate_strategies",
    "read_items",
    "read_strategies",
    "weigh_items",
]
