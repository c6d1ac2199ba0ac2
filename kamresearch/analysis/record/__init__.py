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
    ACTIVE,
    ADJUSTED,
    CONTACTS,
    ORDERS,
    RISK,
    state_contacts,
    state_lifetime,
    state_risk,
)
from kamresearch.analysis.record.track import TOO_EARLY, TrackRecord, measure_record

__all__ = [
    "ACTIVE",
    "ADJUSTED",
    "AdjustedRisk",
    "COLUMNS",
    "CONTACTS",
    "FORMS",
    "ORDERS",
    "OUTCOMES",
    "RISK",
    "TOO_EARLY",
    "Scores",
    "TrackRecord",
    "adjust_risk",
    "make_predictions",
    "measure_record",
    "name_predictions",
    "score",
    "state_adjusted",
    "state_contacts",
    "state_lifetime",
    "state_risk",
]
