"""Numbers that a goal may be set on, measured again on a later day by the studies' own code."""

import datetime
from collections.abc import Callable, Iterable

import pandas as pd

from kamresearch.data.tables import Tables
from kamresearch.finding import Finding

Measure = Callable[[Tables, str], Iterable[Finding]]


def _rate(tables: Tables, day: str) -> list[Finding]:
    from kamresearch.analysis.churn import measure_rate, open_case

    case = open_case(tables, day, definition="recorded")
    return measure_rate(case.accounts, case.losses, day, 365, "region").findings()


def _causes(tables: Tables, day: str) -> list[Finding]:
    from kamresearch.analysis.causes import measure_causes
    from kamresearch.analysis.churn import make_spells, open_case

    case = open_case(tables, day, definition="recorded")
    spells = make_spells(case.first_seen, case.losses, case.observed_from)
    return measure_causes(case.losses.frame, spells, day).findings()


def _returns(tables: Tables, day: str) -> list[Finding]:
    from kamresearch.analysis.causes import measure_returns
    from kamresearch.analysis.churn import open_case

    case = open_case(tables, day, definition="recorded")
    return measure_returns(case.losses.frame, day).findings()


def _persistence(tables: Tables, day: str) -> list[Finding]:
    from kamresearch.analysis.segmentation import measure_persistence
    from kamresearch.features.purchases import order_moments
    from kamresearch.features.snapshot import account_snapshot

    everyone = account_snapshot(tables, as_of=day)
    return measure_persistence(everyone, order_moments(tables, day)).findings()


MEASURES: dict[str, tuple[Measure, str]] = {
    "churn.rate": (_rate, "churn_events"),
    "churn.service_share": (_causes, "churn_events"),
    "churn.return_rate_price": (_returns, "churn_events"),
    "segmentation.persistence": (_persistence, "orders"),
}
"""Finding → the study's code that measures it, and the table that it rests on. Numbers of records
that carry no date (who answers for whom, how complete a column is) cannot be measured again as of
an earlier day: no goal on them is scored."""


def rule_of(finding: str) -> Callable[[Tables, datetime.date, datetime.date], pd.Series]:
    """The rule that settles what is said of a finding: its value on the due day."""

    def settle(tables: Tables, issued: datetime.date, due: datetime.date) -> pd.Series:
        found = {one.id: one.value for one in MEASURES[finding][0](tables, due.isoformat())}
        value = found.get(finding)
        return pd.Series({"": float("nan") if value is None else float(value)})

    return settle
