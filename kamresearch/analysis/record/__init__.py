"""The record: what earlier versions said of the future, scored once it has come."""

from kamresearch.analysis.record.outcomes import OUTCOMES
from kamresearch.analysis.record.predictions import COLUMNS, FORMS, make_predictions
from kamresearch.analysis.record.scoring import Scores, score
from kamresearch.analysis.record.track import TrackRecord, measure_record

__all__ = [
    "COLUMNS",
    "FORMS",
    "OUTCOMES",
    "Scores",
    "TrackRecord",
    "make_predictions",
    "measure_record",
    "score",
]
