"""Quarantine: a row that cannot be used is set aside with its reason, never dropped.

Rows in = rows used + rows quarantined holds for every table that is opened, and is asserted there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from kamresearch.data.casting import (
    WIDE_BLANKS,
    TextStyle,
    as_kind,
    clean_text,
    is_text,
    says_nothing,
)
from kamresearch.data.contract import ColumnSpec, TableSpec
from kamresearch.data.counting import count_each, fetch_counts

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

ROW = "__row__"
"""Name of the column that holds a row's 1-based place in its file."""

MAY_BE_EMPTY = {("market", "units")}
"""Required columns whose single cells may be empty."""

LISTED = 10_000
"""Rows of a table that `list_rows_aside` names one by one; the rest are counted by reason."""


@dataclass(frozen=True)
class Problem:
    """One way in which a row cannot be used: a code, the column (or the mapping's words), the rows,
    and the cell to show.

    ``key`` and ``known`` let a reference be looked up once a key instead of once a row.
    """

    code: str
    column: str
    holds: ir.BooleanValue
    shown: str = ""
    key: ir.Value | None = None
    known: ir.Table | None = None


EARLIEST_DAY, LATEST_DAY = "1900-01-01", "2199-12-31"
MAY_LIE_FAR = {
    ("contracts", "end_date"),
    ("assignments", "to"),
    ("managers", "end_date"),
    ("overrides", "until"),
    ("actions", "due"),
    ("pairs", "until"),
}
"""Days that programs write far off (9999-12-31) to say that no end is set."""

REASONS = {
    "missing": "{column} is missing",
    "not_a_number": "{column} is not a number",
    "not_a_whole_number": "{column} is not a whole number",
    "not_a_date": "{column} is not a date",
    "far_date": "{column} lies outside the years 1900 to 2199",
    "not_a_flag": "{column} is neither yes nor no",
    "unknown": "{column} names an unknown {target}",
    "duplicate": "{column} repeats the key of another row",
    "repeated": "the whole row repeats another",
    "filtered": "left out by the mapping: {column}",
    "head_again": "the line repeats the head",
    "total": "the line is a total, not a record",
    "broken": "the line does not have the head's columns",
}
"""Code → reason in words (column and target filled in)."""

BY_MAPPING = ("filtered", "repeated")
"""Codes of rows that could be used, but that the mapping leaves out on purpose."""

QUARANTINE = {
    "table": "str",
    "row": "Int64",
    "column": "str",
    "value": "str",
    "code": "str",
    "reason": "str",
    "count": "int64",
}
"""Columns of the list of rows set aside, and their dtypes."""

_KIND_PROBLEMS = {
    "number": "not_a_number",
    "integer": "not_a_whole_number",
    "date": "not_a_date",
    "flag": "not_a_flag",
}


def must_be_filled(spec: TableSpec, column: ColumnSpec) -> bool:
    """Whether a row without a value in this column is of no use."""
    keyed = column.name in spec.key or any(column.name == name for name, _ in spec.references)
    measured = column.kind in ("number", "date")
    return column.required and (keyed or measured) and (spec.name, column.name) not in MAY_BE_EMPTY


def describe(code: str, column: str) -> str:
    """A reason in words."""
    return REASONS[code].format(
        column=column, target="manager" if column == "manager_id" else "account"
    )


def is_blank(column: ir.Value, tidy: bool = False) -> ir.BooleanValue:
    """Whether a raw cell holds nothing: empty, blanks, or a number that is not one; ``tidy``
    texts hold no outer blanks.
    """
    if is_text(column) and not tidy:
        return clean_text(column).isnull()
    return (column.isnull() | column.isnan()) if column.type().is_floating() else column.isnull()


def look_for_blanks(raw: ir.Table, spec: TableSpec) -> dict[str, ir.IntegerScalar]:
    """Text column → cells that begin or end with a blank; of columns without any a cheap count says
    so, and it is taken only where the engine makes it cheap.

    Trimming each text of a hundred million rows costs more than all else that is looked at when a
    table is opened.
    """
    if raw.get_backend().name != "duckdb":
        return {}
    # In byte order every text that is empty or begins with an ASCII blank stands before "!".
    cells = {
        column.name: (raw[column.name] < "!")
        | _any_of(
            [raw[column.name].startswith(blank) for blank in WIDE_BLANKS]
            + [raw[column.name].endswith(blank) for blank in (*" \t\n\r", *WIDE_BLANKS)]
            + [raw[column.name].endswith(".0")] * (column.kind == "id")
        )
        for column in spec.columns
        if column.name in raw.columns and is_text(raw[column.name])
    }
    return {name: blank.fill_null(False).ifelse(1, 0).sum() for name, blank in cells.items()}


def _any_of(conditions: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    whole = conditions[0]
    for condition in conditions[1:]:
        whole = whole | condition
    return whole


def find_problems(
    raw: ir.Table,
    spec: TableSpec,
    styles: Mapping[str, TextStyle],
    accounts: ir.Table | None,
    rules: Sequence[tuple[str, str]] = (),
    tidy: frozenset[str] = frozenset(),
) -> list[Problem]:
    """Everything that could be wrong with a row, in the order in which reasons are given: no
    key, the mapping's rules, cells.
    """
    keys, cells = [], []
    for column in (column for column in spec.columns if column.name in raw.columns):
        cell = raw[column.name]
        filled = ~is_blank(cell, column.name in tidy)
        if column.kind in ("number", "integer", "date", "id") and is_text(cell):
            filled = filled & ~says_nothing(cell)
        if must_be_filled(spec, column):
            (keys if column.kind == "id" else cells).append(
                Problem("missing", column.name, ~filled)
            )
        if column.kind in _KIND_PROBLEMS and not fits(cell, column.kind):
            typed = as_kind(cell, column.kind, styles.get(column.name, TextStyle()))
            cells.append(Problem(_KIND_PROBLEMS[column.kind], column.name, filled & typed.isnull()))
        elif column.kind == "number" and cell.type().is_floating() and must_be_filled(spec, column):
            cells.append(Problem("not_a_number", column.name, cell.isinf()))
        if column.kind == "date" and (spec.name, column.name) not in MAY_LIE_FAR:
            day = as_kind(cell, "date", styles.get(column.name, TextStyle()))
            far = (day < ibis.date(EARLIEST_DAY)) | (day > ibis.date(LATEST_DAY))
            cells.append(Problem("far_date", column.name, far))
    for name, target in spec.references:
        if (
            target == "accounts"
            and accounts is not None
            and name in raw.columns
            and spec[name].required
        ):
            key = raw[name] if name in tidy else as_kind(raw[name], "id", TextStyle())
            filled = ~is_blank(raw[name], name in tidy)
            cells.append(
                Problem(
                    "unknown",
                    name,
                    filled & ~key.isin(accounts.account_id),
                    key=key,
                    known=accounts,
                )
            )
    return [*keys, *(_rule_problem(raw, mark, why) for mark, why in rules), *cells]


def _rule_problem(raw: ir.Table, mark: str, why: str) -> Problem:
    return Problem("repeated" if mark == "__copy__" else "filtered", why, raw[mark], mark)


def fits(column: ir.Value, kind: str) -> bool:
    """Whether every filled cell of a column's type is a value of the kind."""
    of = column.type()
    if kind in ("number", "integer"):
        return (of.is_numeric() and kind == "number") or of.is_integer()
    return (of.is_date() or of.is_timestamp()) if kind == "date" else of.is_boolean()


def count_problems(
    raw: ir.Table, problems: Sequence[Problem], blurs: Mapping[str, ir.BooleanValue]
) -> tuple[int, set[int], set[str]]:
    """Rows in all, places of the problems that occur, and columns that hold cells to clean;
    one pass.
    """

    def count(holds: ir.BooleanValue) -> ir.IntegerValue:
        return holds.fill_null(False).ifelse(1, 0).sum()

    by_row = {place: problem for place, problem in enumerate(problems) if problem.known is None}
    counts = {f"p{place}": count(problem.holds) for place, problem in by_row.items()}
    counts |= {f"b{place}": count(cells) for place, cells in enumerate(blurs.values())}
    found = fetch_counts(raw.aggregate(n=raw.count(), **counts))
    occurring = {place for place in by_row if found[f"p{place}"]}
    unknown = count_each(
        {
            place: _unknown_keys(raw, problem, problem.known)
            for place, problem in enumerate(problems)
            if problem.known is not None
        }
    )
    return (
        int(found["n"]),
        occurring | {place for place, n in unknown.items() if n},
        {name for place, name in enumerate(blurs) if found[f"b{place}"]},
    )


def _unknown_keys(raw: ir.Table, problem: Problem, known: ir.Table) -> ir.Table:
    """The keys of the rows that are missing from the table that they refer to."""
    keys = raw.select(account_id=problem.key).filter(lambda t: t.account_id.notnull()).distinct()
    return keys.anti_join(known.select("account_id"), "account_id")


def reason_column(problems: Sequence[Problem], places: Sequence[int]) -> ir.IntegerValue:
    """Place of the first problem that holds for a row; empty where the row is good."""
    return ibis.cases(
        *((problems[place].holds.fill_null(False), place) for place in places),
        else_=ibis.null("int64"),
    )


def count_left_out(asides: Mapping[str, ir.Table | None]) -> dict[str, int]:
    """How many of each table's rows set aside the mapping left out on purpose."""
    left_out = {
        name: aside.filter(aside["__code__"].isin(BY_MAPPING))
        for name, aside in asides.items()
        if aside is not None
    }
    return dict.fromkeys(asides, 0) | count_each(left_out)


def list_rows_aside(tables: "Tables") -> pd.DataFrame:
    """table, row, column, value, code, reason, count: rows by themselves, and beyond `LISTED`
    of a table counted by reason.
    """
    parts = []
    for name in tables.names:
        one = tables.loaded[name]
        if one.aside is None:
            continue
        aside = one.aside.order_by(ROW) if ROW in one.aside.columns else one.aside
        columns = [
            column
            for column in (ROW, "__code__", "__column__", "__value__")
            if column in aside.columns
        ]
        frame = aside.select(columns).limit(LISTED).to_pandas().assign(count=1)
        if len(frame) == LISTED:
            totals = (
                one.aside.group_by(["__code__", "__column__"])
                .agg(count=one.aside.count())
                .to_pandas()
            )
            totals = totals.merge(
                frame.groupby(["__code__", "__column__"], sort=True, dropna=False)
                .size()
                .rename("listed")
                .reset_index(),
                how="left",
                validate="1:1",
            )
            totals["count"] = totals["count"] - totals.pop("listed").fillna(0).astype("int64")
            frame = pd.concat([frame, totals[totals["count"] > 0]], ignore_index=True)
        parts.append(frame.assign(table=name))
    if not parts:
        return pd.DataFrame({key: pd.Series(dtype=dtype) for key, dtype in QUARANTINE.items()})
    whole = pd.concat(parts, ignore_index=True)
    whole["reason"] = [
        describe(code, column) for code, column in zip(whole["__code__"], whole["__column__"])
    ]
    whole["row"] = (
        whole[ROW].astype("Int64")
        if ROW in whole
        else pd.array([pd.NA] * len(whole), dtype="Int64")
    )
    by_rule = whole["__code__"].isin(BY_MAPPING)
    whole = whole.assign(
        code=whole["__code__"],
        column=whole["__column__"].mask(by_rule),
        value=whole["__value__"].mask(by_rule),
    )
    return whole[list(QUARANTINE)]
