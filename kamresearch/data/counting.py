"""Small answers of the engine as plain values: one row of sums, and several counts in one query."""

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import ibis
import ibis.expr.types as ir

Key = TypeVar("Key", bound=Hashable)


def fetch_row(table: ir.Table) -> dict[str, Any]:
    """The one row of an aggregate, column → value; None where nothing was added up.

    A frame around a single row takes longer than the question: Ibis asks the embedded engine for
    the schema, for Arrow columns and for a pandas column of each.
    """
    engine = table.get_backend()
    if engine.name == "duckdb":
        rows = engine.raw_sql(engine.compile(table)).fetchall()
    else:
        rows = [tuple(row.values()) for row in table.to_pyarrow().to_pylist()]
    return dict(zip(table.columns, rows[0], strict=True))


def fetch_counts(table: ir.Table) -> dict[str, Any]:
    """The one row of an aggregate of counts; of no rows there is nothing to count, which is 0."""
    return {name: value or 0 for name, value in fetch_row(table).items()}


def count_rows(table: ir.Table) -> int:
    """How many rows a table has."""
    return int(fetch_row(table.aggregate(n=table.count()))["n"])


def count_each(tables: Mapping[Key, ir.Table]) -> dict[Key, int]:
    """How many rows each of several tables of one engine has, in one query."""
    if not tables:
        return {}
    parts = [
        one.aggregate(n=one.count()).mutate(place=ibis.literal(place, "int64"))
        for place, one in enumerate(tables.values())
    ]
    whole = parts[0] if len(parts) == 1 else ibis.union(*parts)
    engine = whole.get_backend()
    if engine.name == "duckdb":
        found = {place: n for n, place in engine.raw_sql(engine.compile(whole)).fetchall()}
    else:
        found = {row["place"]: row["n"] for row in whole.to_pyarrow().to_pylist()}
    return {key: int(found[place]) for place, key in enumerate(tables)}
