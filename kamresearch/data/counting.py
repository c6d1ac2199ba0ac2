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
    return dict(zip(table.columns, _fetch(table)[0], strict=True))


def _fetch(table: ir.Table) -> list[tuple]:
    """The rows of a small answer. Servers' own types (a decimal where a number was asked for) are
    turned by Ibis on the way to a frame alone.
    """
    engine = table.get_backend()
    if engine.name == "duckdb":
        return engine.raw_sql(engine.compile(table)).fetchall()
    frame = table.to_pandas().astype(object)
    return list(frame.where(frame.notna(), None).itertuples(index=False, name=None))


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
    found = {place: n for n, place in _fetch(whole)}
    return {key: int(found[place]) for place, key in enumerate(tables)}
