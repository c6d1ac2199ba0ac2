"""Checks of one table against the contract: every count in one aggregate on the engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.data.checks.ledger import Ledger
from kamresearch.data.checks.result import Issue
from kamresearch.data.checks.words import CHECKS
from kamresearch.data.contract import ColumnSpec, TableSpec
from kamresearch.data.counting import fetch_row

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.expr.datatypes import DataType

EARLIEST = "1950-01-01"
FUTURE_DAYS = 366
"""A date more than so many days after both the as-of day and the last order day is a slip, in
columns that speak of the past; what lies between is not yet seen, and no fault.
"""
DAMAGED = "\ufffd|锟斤拷|[ÂÃâ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œž]|^\\?\\?|\\?{3}"
"""What a wrong encoding leaves: signs of replacement, UTF-8 read as Windows-1252 (``MÃ¼ller``),
question marks in the place of letters.
"""
PLANNED = {
    ("contracts", "start_date"),
    ("contracts", "end_date"),
    ("assignments", "to"),
    ("managers", "end_date"),
    ("goals", "due_date"),
    ("plans", "due"),
    ("overrides", "until"),
    ("actions", "due"),
    ("pairs", "until"),
    ("market", "period"),
    ("events", "date"),
    ("strategies", "due_date"),
}
"""Dates that may lie in the future: plans, and facts of the world that an as-of date only hides."""
SPELLS = {
    "contracts": ("start_date", "end_date"),
    "assignments": ("from", "to"),
    "managers": ("start_date", "end_date"),
    "churn_events": ("churn_date", "return_date"),
    "overrides": ("date", "until"),
    "goals": ("baseline_date", "due_date"),
    "opportunities": ("opened", "closed"),
}
EMPTY_BY_MEANING = {
    ("accounts", "parent_id"),
    ("managers", "region"),
    ("managers", "channel"),
    ("managers", "end_date"),
    ("managers", "reports_to"),
    ("assignments", "to"),
    ("pairs", "until"),
    ("actions", "decided"),
    ("actions", "decided_by"),
    ("actions", "decided_on"),
    ("actions", "done_on"),
    ("actions", "outcome"),
    ("churn_events", "return_date"),
    ("coverage", "person_id"),
    ("contracts", "renewed"),
    ("departments", "account_id"),
    ("market", "units"),
    ("market", "growth"),
    ("market", "note"),
    ("service_events", "satisfaction"),
    ("service_events", "resolved_days"),
    ("opportunities", "account_id"),
    ("opportunities", "closed"),
    ("opportunities", "rival"),
    ("opportunities", "lost_reason"),
    ("wallet", "judged_by"),
    ("orders", "list_price"),
    ("orders", "discount"),
    ("orders", "bonus"),
    ("orders", "dealer_id"),
    ("goals", "parent"),
    ("goals", "lever"),
    ("plans", "last_review"),
    ("activities", "cost"),
    ("contacts", "last_met"),
    ("value_delivered", "confirmed"),
    ("needs", "answered"),
    ("needs", "words"),
    ("needs", "units"),
}
"""Columns whose empty cell says something (no group, still running, vacant)."""
SLACK = 0.002
"""A bound such as 1/9 may be written as 0.111."""


@dataclass(frozen=True)
class Rule:
    """A check of one column: the rows that break it, as a boolean of the engine."""

    check: str
    column: str
    severity: str
    broken: Callable


def fits_kind(dtype: "DataType", kind: str) -> bool:
    """Whether an engine's type can carry a kind of the contract."""
    if kind in ("date", "month"):
        return dtype.is_date() or dtype.is_timestamp() or (kind == "month" and dtype.is_string())
    if kind in ("number", "integer"):
        return dtype.is_numeric()
    if kind == "flag":
        return dtype.is_boolean()
    return dtype.is_string()


def rules_of(
    table: "ir.Table", spec: TableSpec, as_of: str | None, last_day: str | None = None
) -> list[Rule]:
    """The checks that a table's columns ask for, as far as their types allow."""
    rules: list[Rule] = []
    for column in spec.columns:
        if column.name in table.columns:
            rules += _rules_of_column(table, spec, column, as_of, last_day)
    start, end = SPELLS.get(spec.name, ("", ""))
    if (
        all(
            name in table.columns and fits_kind(table[name].type(), "date")
            for name in (start, end)
            if start
        )
        and start
    ):
        rules.append(
            _rule("ends_before_start", end, lambda t: t[end].cast("date") < t[start].cast("date"))
        )
    if spec.name == "orders" and "units" in table.columns and _numeric(table, "revenue", "units"):
        rules.append(
            _rule("sign_mismatch", "units", lambda t: (t.revenue.sign() * t.units.sign()) < 0)
        )
    if spec.name == "accounts" and "parent_id" in table.columns:
        rules.append(_rule("self_parent", "parent_id", lambda t: t.parent_id == t.account_id))
    return rules


def _rule(check: str, column: str, broken: Callable, severity: str | None = None) -> Rule:
    return Rule(check, column, severity or CHECKS[check].severity, broken)


def _numeric(table: "ir.Table", *names: str) -> bool:
    return all(name in table.columns and table[name].type().is_numeric() for name in names)


def _rules_of_column(
    table: "ir.Table",
    spec: TableSpec,
    column: ColumnSpec,
    as_of: str | None,
    last_day: str | None,
) -> list[Rule]:
    name, place = column.name, (spec.name, column.name)
    dtype = table[name].type()
    rules = []
    if place in EMPTY_BY_MEANING:
        pass
    elif column.required:
        severity = "error" if name in spec.key else None
        rules.append(_rule("missing_values", name, lambda t: t[name].isnull(), severity))
    else:
        rules.append(_rule("gaps", name, lambda t: t[name].isnull()))
    if not fits_kind(dtype, column.kind):
        return rules
    if column.kind in ("number", "integer"):
        if column.low is not None:
            least = column.low - SLACK * abs(column.low)
            rules.append(_rule("out_of_range", name, lambda t: t[name] < least))
        if column.high is not None:
            most = column.high + SLACK * abs(column.high)
            rules.append(_rule("out_of_range", name, lambda t: t[name] > most))
    if column.kind == "category" and column.values:
        rules.append(
            _rule(
                "unknown_value",
                name,
                lambda t: t[name].notnull() & ~t[name].isin(list(column.values)),
            )
        )
    if column.kind == "date":
        rules += _date_rules(name, place, as_of, last_day)
    if column.kind == "text":
        rules.append(
            _rule(
                "broken_text",
                name,
                lambda t: t[name].re_search(DAMAGED),
            )
        )
    return rules


def _date_rules(
    name: str, place: tuple[str, str], as_of: str | None, last_day: str | None
) -> list[Rule]:
    import ibis

    if as_of is None or place in PLANNED:
        return [
            _rule("implausible_date", name, lambda t: t[name].cast("date") < ibis.date(EARLIEST))
        ]
    latest = max(as_of, last_day or as_of)
    far = (pd.Timestamp(latest) + pd.Timedelta(days=FUTURE_DAYS)).date().isoformat()

    def wild(t: "ir.Table") -> "ir.BooleanValue":
        return (t[name].cast("date") < ibis.date(EARLIEST)) | (
            t[name].cast("date") > ibis.date(far)
        )

    def later(t: "ir.Table") -> "ir.BooleanValue":
        return (t[name].cast("date") > ibis.date(as_of)) & (t[name].cast("date") <= ibis.date(far))

    return [_rule("implausible_date", name, wild), _rule("after_as_of", name, later)]


def measure_table(table: "ir.Table", spec: TableSpec, rules: list[Rule]) -> dict[str, float]:
    """Rows, filled cells per column, distinct keys, hits per rule and, for orders, revenue
    touched: one pass.
    """
    weigh = spec.name == "orders" and _numeric(table, "revenue")
    sums = {"rows": table.count()}
    for column in spec.columns:
        if column.name in table.columns:
            sums[f"filled {column.name}"] = table[column.name].notnull().sum()
    for number, rule in enumerate(rules):
        broken = rule.broken(table).fill_null(False)
        sums[f"hits {number}"] = broken.sum()
        if weigh:
            sums[f"touched {number}"] = table.revenue.abs().sum(where=broken)
    if weigh:
        sums["revenue"] = table.revenue.abs().sum()
        sums["positive"] = table.revenue.sum(where=table.revenue > 0)
    row = fetch_row(
        table.aggregate(**{f"m{place}": value for place, value in enumerate(sums.values())})
    )
    return {
        name: float(value) if value is not None and value == value else 0.0
        for name, value in zip(sums, row.values(), strict=True)
    }


def first_keys(
    table: "ir.Table", spec: TableSpec, broken: "ir.BooleanValue", most: int = 3
) -> tuple[str, ...]:
    """The first few offending rows by key, in the order of the key."""
    keys = [name for name in spec.key if name in table.columns]
    if not keys:
        return ()
    rows = table.filter(broken)[keys].order_by(keys).limit(most).execute()
    return tuple("/".join(_show(value) for value in row) for row in rows.itertuples(index=False))


def _show(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return "–" if value is None or value != value else str(value)[:60]


def check_columns(
    table: "ir.Table",
    spec: TableSpec,
    as_of: str | None,
    ledger: Ledger | None,
    last_day: str | None = None,
) -> tuple[list[Issue], dict]:
    """Issues of one table's own columns, and the measures behind them.

    ``last_day`` is the last order day, where it is known: what is dated up to it is no slip.
    ``ledger`` weighs the rows of account-sized tables by their accounts' revenue; None where orders
    cannot be added up.
    """
    issues = [
        Issue("column_missing", spec.name, name, "error", 1, 1)
        for name in spec.required_columns
        if name not in table.columns
    ]
    rules = rules_of(table, spec, as_of, last_day)
    measures = measure_table(table, spec, rules)
    n = int(measures["rows"])
    for column in spec.columns:
        if column.name in table.columns and not fits_kind(table[column.name].type(), column.kind):
            severity = "error" if column.required else "warning"
            issues.append(
                Issue(
                    "wrong_type",
                    spec.name,
                    column.name,
                    severity,
                    int(measures[f"filled {column.name}"]),
                    n,
                )
            )
    for number, rule in enumerate(rules):
        count = int(measures[f"hits {number}"])
        if not count:
            continue
        if rule.check == "gaps":
            # Optional cells are counted, not hunted: their offenders would be most of the table.
            issues.append(Issue(rule.check, spec.name, rule.column, rule.severity, count, n))
            continue
        broken = rule.broken(table).fill_null(False)
        if f"touched {number}" in measures:
            share = (
                measures[f"touched {number}"] / measures["revenue"] if measures["revenue"] else None
            )
        else:
            share = share_of_accounts(table, broken, ledger)
        severity = "error" if rule.check == "missing_values" and count == n else rule.severity
        issues.append(
            Issue(
                rule.check,
                spec.name,
                rule.column,
                severity,
                count,
                n,
                share,
                first_keys(table, spec, broken),
            )
        )
    return issues, measures


def share_of_accounts(
    table: "ir.Table", broken: "ir.BooleanValue | bool", ledger: Ledger | None
) -> float | None:
    """The part of all revenue that the accounts of the offending rows make."""
    if "account_id" not in table.columns or ledger is None:
        return None
    return ledger.share_of(table.filter(broken)[["account_id"]].distinct().execute()["account_id"])
