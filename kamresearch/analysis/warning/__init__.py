"""Early warning: each account watched against its own rhythm, with a stated false-alarm rate and a
stated delay.

alerts = kam.warning.raise_alerts(case.months, case.losses, risk.frame, "2012-12-31")
alerts.frame
"""

from kamresearch.analysis.warning.alerts import CLASS_TERMS, NO_ALERTS, Alerts, raise_alerts
from kamresearch.analysis.warning.backtest import last_whole_month, losses_known
from kamresearch.analysis.warning.listing import ACTIONS, OWNER_TERMS, REASONS
from kamresearch.analysis.warning.rhythm import Watch, pivot_months, watch_year
from kamresearch.analysis.warning.thresholds import Thresholds, first_alerts, set_thresholds

__all__ = [
    "ACTIONS",
    "Alerts",
    "CLASS_TERMS",
    "NO_ALERTS",
    "OWNER_TERMS",
    "REASONS",
    "Thresholds",
    "Watch",
    "first_alerts",
    "last_whole_month",
    "losses_known",
    "pivot_months",
    "raise_alerts",
    "set_thresholds",
    "watch_year",
]
