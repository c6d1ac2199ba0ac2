"""Segmentation: who the key accounts are, by value, by potential, by rule, and by what the
data alone show.
"""

from kamresearch.analysis.segmentation.agreement import Agreement, compare_with_data
from kamresearch.analysis.segmentation.card import Criterion, RuleCard, load_card
from kamresearch.analysis.segmentation.clusters import Segmentation, segment
from kamresearch.analysis.segmentation.concentration import Concentration, measure_concentration
from kamresearch.analysis.segmentation.dependence import Dependence, measure_dependence
from kamresearch.analysis.segmentation.matrix import ValueMatrix, place_in_matrix
from kamresearch.analysis.segmentation.persistence import Persistence, measure_persistence
from kamresearch.analysis.segmentation.pooling import PooledTable, pool_cross_table
from kamresearch.analysis.segmentation.rfm import BuyingProfile, score_rfm
from kamresearch.analysis.segmentation.selection import Selection, select_key_accounts
from kamresearch.analysis.segmentation.tiers import (
    Migration,
    OverrideLog,
    apply_overrides,
    measure_migration,
)

__all__ = [
    "Agreement",
    "BuyingProfile",
    "Concentration",
    "Criterion",
    "Dependence",
    "Migration",
    "OverrideLog",
    "Persistence",
    "PooledTable",
    "RuleCard",
    "Segmentation",
    "Selection",
    "ValueMatrix",
    "apply_overrides",
    "compare_with_data",
    "load_card",
    "measure_concentration",
    "measure_dependence",
    "measure_migration",
    "measure_persistence",
    "place_in_matrix",
    "pool_cross_table",
    "score_rfm",
    "segment",
    "select_key_accounts",
]
