"""Sales trend: what happened, whether it broke, what an event did, and what comes next.

`forecast` and `forecast_many` look ahead, `find_break` looks for a break of unknown date,
`measure_level` gives level and
growth, `measure_event` an interrupted time series at a known date. The study reads all of it
through `read_inputs`.
"""

import pandas as pd

from kamresearch.analysis.claims import ClaimLedger, judge_claims
from kamresearch.analysis.market import (
    MarketPosition,
    SourceConflicts,
    find_conflicts,
    measure_position,
)
from kamresearch.analysis.trend.account_demand import AccountDemand, forecast_accounts
from kamresearch.analysis.trend.breaks import Break, find_break, study_break
from kamresearch.analysis.trend.bridge import Bridge, bridge
from kamresearch.analysis.trend.elsewhere import EventsElsewhere, look_elsewhere
from kamresearch.analysis.trend.events import (
    EventEffect,
    EventStudy,
    MarketEvents,
    MonthEvents,
    measure_event,
    study_events,
    study_market_events,
)
from kamresearch.analysis.trend.forecasting import Forecast, forecast
from kamresearch.analysis.trend.inputs import Inputs, read_inputs
from kamresearch.analysis.trend.level import Level, Months, measure_level, measure_months
from kamresearch.analysis.trend.many import forecast_many
from kamresearch.analysis.trend.outlook import (
    Hindsight,
    MonthsAhead,
    Outlook,
    Outlooks,
    YearsAhead,
    judge_outlook,
    look_ahead,
)
from kamresearch.analysis.trend.segments import RevenueSplit, measure_segments
from kamresearch.data.tables import Tables
from kamresearch.result import Missing, needs_table


def study_sources(inputs: Inputs) -> SourceConflicts | Missing:
    """On which figures do the sources disagree, where there are market facts?"""
    if inputs.facts is None:
        return Missing(inputs.market_reason, (SourceConflicts,))
    return find_conflicts(inputs.facts, inputs.brand)


def study_position(inputs: Inputs) -> MarketPosition | Missing:
    """Was it the market or the share, where there are market facts?"""
    if inputs.facts is None:
        return Missing(inputs.market_reason, (MarketPosition,))
    if not inputs.rivals and inputs.no_rival:
        return Missing(inputs.no_rival, (MarketPosition,))
    return measure_position(inputs.facts, inputs.brand, inputs.rivals, inputs.market)


def study_claims(tables: Tables, inputs: Inputs) -> ClaimLedger | Missing:
    """Do the claims stand, where there are claims and market facts?"""
    if inputs.facts is None:
        return Missing(inputs.market_reason, (ClaimLedger,))
    if not tables.has("claims"):
        return Missing(needs_table("claims"), (ClaimLedger,))
    return judge_claims(tables.frame("claims"), inputs.facts)


def read_account_demand(tables: Tables, inputs: Inputs, random_state: int = 0) -> AccountDemand:
    """The accounts that order now and then, as far as the company's own months go."""
    from kamresearch.features.months import account_months
    from kamresearch.features.population import find_lost
    from kamresearch.features.snapshot import account_snapshot

    ended = (
        inputs.months["month"].max() + pd.offsets.MonthEnd(0)
        if len(inputs.months)
        else pd.Timestamp(inputs.as_of)
    )
    lost = find_lost(account_snapshot(tables, inputs.as_of))
    return forecast_accounts(
        account_months(tables, inputs.as_of),
        str(ended.date()),
        random_state=random_state,
        lost=lost,
    )


__all__ = [
    "EventsElsewhere",
    "study_sources",
    "study_position",
    "study_claims",
    "YearsAhead",
    "Outlooks",
    "MonthsAhead",
    "MonthEvents",
    "MarketEvents",
    "Hindsight",
    "AccountDemand",
    "Break",
    "Bridge",
    "EventEffect",
    "EventStudy",
    "Forecast",
    "Inputs",
    "Level",
    "Months",
    "Outlook",
    "RevenueSplit",
    "bridge",
    "find_break",
    "forecast",
    "forecast_accounts",
    "forecast_many",
    "judge_outlook",
    "look_ahead",
    "look_elsewhere",
    "measure_event",
    "measure_level",
    "measure_months",
    "measure_segments",
    "read_account_demand",
    "read_inputs",
    "study_break",
    "study_events",
    "study_market_events",
]
