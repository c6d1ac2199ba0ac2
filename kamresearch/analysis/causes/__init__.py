"""Causes of losses: stated reasons → causes, competing risks, bounds, and who comes back.

from kamresearch import causes
causes.map_reasons(series)                 # reasons in two languages → causes
causes.cumulative_incidence(days, cause)   # competing risks
"""

from kamresearch.analysis.causes.incidence import cumulative_incidence, incidence_at
from kamresearch.analysis.causes.prediction import CausePrediction, predict_case, predict_causes
from kamresearch.analysis.causes.reasons import (
    CAUSE_TERMS,
    CAUSES,
    agreement,
    load_reasons,
    map_reasons,
    settle_causes,
)
from kamresearch.analysis.causes.shares import NO_CAUSES, CauseShares, measure_causes
from kamresearch.analysis.causes.winback import Returns, measure_returns, power_of_shares

__all__ = [
    "CAUSES",
    "CAUSE_TERMS",
    "CausePrediction",
    "CauseShares",
    "NO_CAUSES",
    "Returns",
    "agreement",
    "cumulative_incidence",
    "incidence_at",
    "load_reasons",
    "map_reasons",
    "measure_causes",
    "measure_returns",
    "power_of_shares",
    "predict_case",
    "predict_causes",
    "settle_causes",
]
