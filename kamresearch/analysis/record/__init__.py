"""The record: what earlier versions said of the future, scored once it has come."""

from kamresearch.analysis.record.adjusting import AdjustedRisk, adjust_risk, state_adjusted
from kamresearch.analysis.record.outcomes import OUTCOMES
from kamresearch.analysis.record.predictions import (
    COLUMNS,
    FORMS,
    make_predictions,
    name_predictions,
)
from kamresearch.analysis.record.scoring import Scores, score
from kamresearch.analysis.record.statements import (
    ACTIONS,
    ACTIVE,
    ADJUSTED,
    ALERTS,
    CHANCE,
    CONTACTS,
    DEMAND,
    LOST_REVENUE,
    ORDERS,
    RISK,
    state_actions,
    state_alerts,
    state_contacts,
    state_demand,
    state_lifetime,
    state_lost_revenue,
    state_risk,
)
from kamresearch.analysis.record.track import TOO_EARLY, TrackRecord, measure_record

__all__ = [
    "ACTIONS",
    "ACTIVE",
    "ADJUSTED",
    "ALERTS",
    "AdjustedRisk",
    "CHANCE",
    "COLUMNS",
    "CONTACTS",
    "DEMAND",
    "FORMS",
    "LOST_REVENUE",
    "ORDERS",
    "OUTCOMES",
    "RISK",
    "Scores",
    "TOO_EARLY",
    "TrackRecord",
    "adjust_risk",
    "make_predictions",
    "measure_record",
    "name_predictions",
    "score",
    "state_actions",
    "state_adjusted",
    "state_alerts",
    "state_contacts",
    "state_demand",
    "state_lifetime",
    "state_lost_revenue",
    "state_risk",
]
