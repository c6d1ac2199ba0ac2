"""The gate: every check over a company's tables, in few passes on the engine."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.data.answers import answering
from kamresearch.data.checks.between import (
    check_accounts,
    check_departments,
    check_loss,
    check_references,
)
from kamresearch.data.checks.columns import EMPTY_BY_MEANING, check_columns, fits_kind
from kamresearch.data.checks.doubts import find_doubts
from kamresearch.data.checks.ledger import Ledger, check_ledger
from kamresearch.data.checks.result import CheckResult, Issue, in_order
from kamresearch.data.contract import REQUIRED, TABLES
from kamresearch.data.counting import count_each
from kamresearch.data.period import find_period
from kamresearch.data.quarantine import BY_MAPPING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from kamresearch.data.tables import Tables

MOSTLY_SET_ASIDE = 0.5
COUNTS = ("table", "rows_in", "rows_used", "rows_quarantined", "rows_left_out")


def check_tables(
    tables: "Tables",
    as_of: str | None = None,
    previous: Mapping[str, int] | None = None,
    threshold: float = 0.5,
) -> CheckResult:
    """Can these data be trusted, and where not?

    Tables → issues with severity, count, share of revenue touched, first offenders and remedy.

    Parameters
    ----------
    tables : Tables
        As `kamresearch.open_data` gives them; orders are never read into memory.
    as_of : str, optional
        Day (ISO) against which dates are judged; without it nothing counts as in the future.
    previous : mapping, optional
        Table → rows in the last version, to notice a sudden loss.
    threshold : float
        Completeness (0–1) below which a report on these data should not be used.

    Returns
    -------
    CheckResult

    Notes
    -----
    Checks say where data are *implausible*; a wrong figure inside its range passes. Outliers are
    judged on the
    logarithm of positive revenue: above the upper quartile by four interquartile ranges.
    """
    with answering(str(getattr(tables, "source", "the tables"))):
        return _check(tables, as_of, previous, threshold)


def _check(
    tables: "Tables", as_of: str | None, previous: Mapping[str, int] | None, threshold: float
) -> CheckResult:
    missing = [
        Issue("table_missing", name, "", "error", 1, 1) for name in REQUIRED if not tables.has(name)
    ]
    if missing:
        empty = pd.DataFrame(columns=[*COUNTS, "filled_share"])
        return CheckResult(tuple(missing), 0.0, threshold, empty, _fields({}), as_of)
    issues, measures = [], {}
    ledger = None
    last_day = _last_order_day(tables) if as_of else None
    for name in sorted(
        (name for name in tables.names if name in TABLES), key=lambda name: name != "orders"
    ):
        found, measures[name] = check_columns(
            getattr(tables, name), TABLES[name], as_of, ledger, last_day
        )
        issues += found
        if not measures[name]["rows"]:
            issues.append(
                Issue("table_empty", name, "", "error" if name in REQUIRED else "warning", 0, 0)
            )
        elif name == "orders" and _can_add_up(tables.orders):
            ledger = Ledger(tables.orders, measures["orders"]["revenue"])
    if ledger is not None:
        issues += check_ledger(tables.orders, tables.order_days, measures["orders"], as_of)
        if (
            "account_id" in tables.accounts.columns
            and tables.accounts.account_id.type().is_string()
        ):
            issues += check_references(tables, ledger, int(measures["orders"]["rows"]))
            issues += check_accounts(tables, ledger, as_of) + check_departments(tables, ledger)
            issues += find_doubts(tables, ledger, int(measures["orders"]["rows"]))
    issues += _check_keys(tables, measures)
    counts = _count_rows(tables, measures)
    issues += _check_quarantine(tables, counts) + check_loss(
        dict(zip(counts["table"], counts["rows_used"])), previous
    )
    return CheckResult(
        in_order(issues), _completeness(counts), threshold, counts, _fields(measures), as_of
    )


def _last_order_day(tables: "Tables") -> str | None:
    period = find_period(tables) if _can_add_up(tables.orders) else None
    return period and period.last.date().isoformat()


def _can_add_up(orders: "ir.Table") -> bool:
    """Whether the orders can be added up by account; where not, their columns already say why."""
    spec = TABLES["orders"]
    return all(
        name in orders.columns and fits_kind(orders[name].type(), spec[name].kind)
        for name in spec.required_columns
    )


def _check_keys(tables: "Tables", measures: dict) -> list[Issue]:
    """Keys that several rows share, in every table but the orders."""
    issues, shared = [], {}
    for name in (name for name in measures if name != "orders"):
        table = getattr(tables, name)
        if key := [column for column in TABLES[name].key if column in table.columns]:
            groups = table.group_by(key).agg(copies=table.count())
            shared[name] = groups.filter(groups.copies > 1)
    for name in (name for name, n in count_each(shared).items() if n):
        key = [column for column in shared[name].columns if column != "copies"]
        frame = shared[name].execute().sort_values(key, ignore_index=True)
        first = tuple(
            "/".join(str(value)[:60] for value in row)
            for row in frame[key].head(3).itertuples(index=False)
        )
        severity = "error" if name in REQUIRED else "warning"
        issues.append(
            Issue(
                "duplicate_key",
                name,
                "+".join(key),
                severity,
                int(frame["copies"].sum()),
                int(measures[name]["rows"]),
                None,
                first,
            )
        )
    return issues


def _count_rows(tables: "Tables", measures: dict) -> pd.DataFrame:
    """`COUNTS` and filled_share: rows in = rows used + rows quarantined."""
    ledger = (
        tables.ledger.groupby("table", sort=True)[["rows_quarantined", "rows_left_out"]]
        .sum()
        .astype(int)
    )
    aside, left_out = ledger["rows_quarantined"].to_dict(), ledger["rows_left_out"].to_dict()
    rows = []
    for name, found in measures.items():
        used = int(found["rows"])
        columns = [key.removeprefix("filled ") for key in found if key.startswith("filled ")]
        counted = [column for column in columns if (name, column) not in EMPTY_BY_MEANING]
        cells = used * len(counted)
        filled = sum(found[f"filled {column}"] for column in counted) / cells if cells else 0.0
        rows.append(
            (
                name,
                used + aside.get(name, 0),
                used,
                aside.get(name, 0),
                left_out.get(name, 0),
                filled,
            )
        )
    return pd.DataFrame(rows, columns=[*COUNTS, "filled_share"])


def _check_quarantine(tables: "Tables", counts: pd.DataFrame) -> list[Issue]:
    """Rows that cannot be used, against the rows that the mapping wants; what it leaves out is
    no fault of the data.
    """
    issues, touched = [], counts[counts["rows_quarantined"] > 0]
    quarantine = tables.quarantine if len(touched) else touched
    for row in touched.itertuples():
        unusable, wanted = row.rows_quarantined - row.rows_left_out, row.rows_in - row.rows_left_out
        if row.rows_left_out:
            issues.append(
                Issue("left_out", row.table, "", "info", int(row.rows_left_out), int(row.rows_in))
            )
        if not unusable:
            continue
        severity = (
            "error" if row.table in REQUIRED and unusable > MOSTLY_SET_ASIDE * wanted else "warning"
        )
        faulty = quarantine[
            (quarantine["table"] == row.table) & ~quarantine["code"].isin(BY_MAPPING)
        ]
        reasons = faulty["reason"].astype("str")
        issues.append(
            Issue(
                "quarantined",
                row.table,
                "",
                severity,
                int(unusable),
                int(wanted),
                None,
                tuple(reasons.drop_duplicates().head(3)),
            )
        )
    return issues


def _completeness(counts: pd.DataFrame) -> float:
    """The weaker of the required tables: rows used over rows wanted, times filled cells over
    cells.
    """
    needed = counts[counts["table"].isin(REQUIRED)]
    wanted = needed["rows_in"] - needed["rows_left_out"]
    if needed.empty or (wanted == 0).any():
        return 0.0
    return float((needed["rows_used"] / wanted * needed["filled_share"]).min())


def _fields(measures: dict) -> pd.DataFrame:
    rows = [
        (
            name,
            column.name,
            column.required,
            int(found["rows"]),
            int(found.get(f"filled {column.name}", 0)),
            f"filled {column.name}" in found,
            (name, column.name) in EMPTY_BY_MEANING,
        )
        for name, found in measures.items()
        for column in TABLES[name].columns
    ]
    frame = pd.DataFrame(
        rows, columns=["table", "column", "required", "n", "n_filled", "present", "may_be_empty"]
    )
    return frame.assign(
        filled_share=(frame["n_filled"] / frame["n"].where(frame["n"] > 0)).astype("float64")
    )
