"""The opened data of one company: lazy tables by name, what was set aside, and where all of it
came from.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

import ibis.expr.types as ir
import pandas as pd

from kamresearch import rich
from kamresearch.data.answers import answering
from kamresearch.data.contract import TABLES, ColumnSpec
from kamresearch.data.counting import fetch_row
from kamresearch.data.period import count_days
from kamresearch.data.quarantine import count_left_out, list_rows_aside
from kamresearch.errors import DataError, near_matches

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from ibis.backends.duckdb import Backend

FRAME_DTYPES = {
    "id": "str",
    "text": "str",
    "category": "str",
    "month": "str",
    "date": "datetime64[us]",
    "number": "float64",
    "integer": "float64",
    "flag": "boolean",
}
"""Kind of the contract → pandas dtype of every frame that leaves the engine."""


@dataclass(frozen=True)
class Loaded:
    """One table as opened: its used rows, those set aside, and how many came in.

    ``aside`` holds the rows set aside with ``code`` (why), ``column`` and ``row`` (1-based place in
    the file, empty for
    a server's table); None where every row is used. ``elsewhere`` holds, for the assignments of a
    slice, its managers'
    spells with accounts outside it; None elsewhere. ``notes`` hold what is to be said of the
    reading: code of a check, column, cells, the first of them.
    """

    used: ir.Table
    rows_in: int
    rows_used: int
    aside: ir.Table | None = None
    simulated: bool = False
    file: str = ""
    elsewhere: ir.Table | None = None
    notes: tuple[tuple[str, str, int, str], ...] = ()


@dataclass(frozen=True)
class Tables:
    """A company's tables, each a lazy Ibis table named as in the contract: ``tables.orders``,
    ``tables.accounts``.

    Parameters
    ----------
    loaded : dict of str to Loaded
        Tables by name.
    source : str
        Where they came from, without any password.
    currency : str
        Currency of money columns as the mapping says; empty where it says nothing.
    measure : mapping
        Language → the word that units are counted in, as the mapping says.
    slice : str
        The condition of `where`, empty for all accounts.
    sure : tuple of str
        Codes of doubts that the mapping answers: they are notes then, and no errors.
    """

    loaded: Mapping[str, Loaded]
    source: str
    currency: str = ""
    slice: str = ""
    engine: "BaseBackend | None" = field(default=None, repr=False)
    sure: tuple[str, ...] = ()
    measure: Mapping[str, str] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Name of a question as of a day → its SQL, see `fetch_as_of`; of these tables alone, so that
    a slice begins without."""

    def __getattr__(self, name: str) -> ir.Table:
        if name.startswith("_") or name not in TABLES and name not in self.loaded:
            raise AttributeError(f"tables have no {name!r}; {near_matches(name, self.names)}")
        return self._find(name).used

    def _find(self, name: str) -> Loaded:
        if name not in self.loaded:
            raise DataError(
                f"table {name!r} of {self.source}",
                "this table",
                f"only {', '.join(self.names)}",
                near_matches(name, self.names),
            )
        return self.loaded[name]

    def has(self, name: str) -> bool:
        """Whether the data hold a table."""
        return name in self.loaded

    def __getitem__(self, name: str) -> ir.Table:
        return self._find(name).used

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.names})

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.names)

    def _about(self) -> list[tuple[str, str]]:
        rows = {name: f"{self.loaded[name].rows_used:,} rows" for name in self.names}
        aside = {name: self.loaded[name].rows_in - self.loaded[name].rows_used for name in rows}
        return [
            (
                name,
                told
                + (f", {aside[name]:,} set aside" if aside[name] else "")
                + (", simulated" if name in self.simulated else ""),
            )
            for name, told in rows.items()
        ]

    def __repr__(self) -> str:
        where = f", {self.slice}" if self.slice else ""
        return "\n".join(
            [
                f"Tables of {self.source}{where}",
                *(f"{name}: {told}" for name, told in self._about()),
            ]
        )

    def _repr_html_(self) -> str:
        return rich.facts(f"Tables of {self.source}", self._about())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables that are there, in the contract's order."""
        return tuple(name for name in TABLES if name in self.loaded)

    @property
    def simulated(self) -> frozenset[str]:
        """Names of the tables whose sidecar says that they are simulated."""
        return frozenset(name for name in self.names if self.loaded[name].simulated)

    def frame(self, name: str, limit: int | None = None) -> pd.DataFrame:
        """A table as a pandas frame with every column of the contract, missing ones empty.

        Parameters
        ----------
        name : str
            Table of the contract. ``orders`` stays on the engine and needs a ``limit``.
        limit : int, optional
            Rows at most.

        Returns
        -------
        DataFrame
            Contract columns first, then the table's own; ids and texts ``str``, dates
            ``datetime64[us]``, numbers
            ``float64``, flags ``boolean``; sorted by the contract's key.
        """
        if name == "orders" and limit is None:
            raise DataError(
                "tables.frame('orders')",
                "a limit",
                "none",
                "pass limit=, or aggregate tables.orders on the engine",
            )
        table, spec = self._find(name).used, TABLES[name]
        keys = [key for key in spec.key if key in table.columns]
        table = table.order_by(keys) if limit is None else table.order_by(keys).limit(limit)
        with answering(self._find(name).file):
            return shape_frame(table.to_pandas(), spec.columns)

    @property
    def elsewhere(self) -> pd.DataFrame | None:
        """manager_id, from, to of the spells that a slice's managers have with accounts outside it;
        None without a slice.

        Whose accounts these are, a slice does not say; that its managers have less time for it, it
        must.
        """
        spells = self._find("assignments").elsewhere
        if spells is None:
            return None
        columns = tuple(
            column for column in TABLES["assignments"].columns if column.name != "account_id"
        )
        with answering(self._find("assignments").file):
            frame = shape_frame(spells.to_pandas(), columns)
        return frame.sort_values(["manager_id", "from", "to"], ignore_index=True)

    @property
    def has_order_lines(self) -> bool:
        """Whether several rows of the orders share an ``order_id`` (invoice lines)."""
        return self._order_counts["ids"] < self._order_counts["n"]

    @property
    def n_orders(self) -> int:
        """How many orders there are, each counted once."""
        return self._order_counts["ids"]

    @cached_property
    def _order_counts(self) -> Mapping[str, int]:
        orders = self.orders
        found = fetch_row(orders.aggregate(n=orders.count(), ids=orders.order_id.nunique()))
        return {name: int(value) for name, value in found.items()}

    @cached_property
    def order_days(self) -> pd.Series:
        """Day → rows of the orders on it, in the order of days; looked up once."""
        return count_days(self.orders)

    @property
    def quarantine(self) -> pd.DataFrame:
        """Rows set aside: table, row, column, value, reason, count; the counts add up to every
        row set aside.
        """
        return self._rows_aside.copy()

    @cached_property
    def _rows_aside(self) -> pd.DataFrame:
        return list_rows_aside(self)

    @cached_property
    def _left_out(self) -> Mapping[str, int]:
        return count_left_out({name: one.aside for name, one in self.loaded.items()})

    @property
    def ledger(self) -> pd.DataFrame:
        """table, file, rows_in, rows_used, rows_quarantined, rows_left_out: rows in = rows used +
        rows quarantined.

        ``rows_left_out`` are those of the quarantined rows that the mapping leaves out on purpose
        (``keep``, ``distinct``).
        """
        rows = [
            (
                name,
                one.file,
                one.rows_in,
                one.rows_used,
                one.rows_in - one.rows_used,
                self._left_out[name],
            )
            for name, one in self.loaded.items()
        ]
        return pd.DataFrame(
            rows,
            columns=["table", "file", "rows_in", "rows_used", "rows_quarantined", "rows_left_out"],
        )

    def fingerprints(self) -> dict[str, dict]:
        """Content of each table in a few letters: {table: {rows, fingerprint, simulated}};
        equal content, equal letters.
        """
        from kamresearch.data.fingerprints import fingerprint_table

        return {
            name: {
                "rows": self.loaded[name].rows_used,
                "fingerprint": fingerprint_table(self.loaded[name]),
                "simulated": self.loaded[name].simulated,
            }
            for name in self.names
        }

    def where(self, condition: str) -> "Tables":
        """The accounts that meet a condition, and everything that references them:
        ``tables.where("region=East")``.
        """
        from kamresearch.data.slicing import slice_tables

        return slice_tables(self, condition)


def shape_frame(frame: pd.DataFrame, columns: tuple[ColumnSpec, ...]) -> pd.DataFrame:
    """A frame with exactly typed contract columns, in the contract's order, before its own
    others.
    """
    shaped = {
        column.name: as_dtype(frame.get(column.name), FRAME_DTYPES[column.kind], frame.index)
        for column in columns
    }
    others = {name: frame[name] for name in frame.columns if name not in shaped}
    return pd.DataFrame({**shaped, **others}, index=frame.index)


def as_dtype(values: pd.Series | None, dtype: str, index: pd.Index) -> pd.Series:
    """A column of a dtype; an all-missing one where there is none."""
    if values is None:
        missing = (
            pd.NaT if dtype.startswith("datetime") else (pd.NA if dtype == "boolean" else None)
        )
        return pd.Series(missing, index=index, dtype=dtype)
    return (
        pd.to_datetime(values).astype(dtype)
        if dtype.startswith("datetime")
        else values.astype(dtype)
    )


def fetch_frame(table: ir.Table) -> pd.DataFrame:
    """An account-sized answer of the engine as a frame, to be given exact dtypes by `as_dtype`.

    DuckDB hands over whole Arrow columns; Ibis would write a column with missing cells out as
    Python objects, which takes
    as long as the query itself at a million accounts. Other engines answer row by row anyway.
    """
    if table.get_backend().name != "duckdb":
        return table.to_pandas()
    return table.to_pyarrow().to_pandas(date_as_object=False)


Question = Callable[[Tables, "ir.DateValue"], ir.Table]
"""Tables and a day, a value of the engine, give what is asked as of it."""

ANY_DAY = datetime.date(1111, 11, 11)
"""Stands in a question's SQL where its day will stand."""


def fetch_as_of(tables: Tables, question: Question, day: datetime.date) -> pd.DataFrame:
    """A question's answer as of a day, as `fetch_frame` gives it. The embedded engine's SQL is
    written out once for all days: that takes ten times as long as the answer.
    """
    import ibis
    import pyarrow as pa

    engine = tables.accounts.get_backend()
    if engine.name != "duckdb":
        return fetch_frame(question(tables, ibis.literal(day)))
    asked = write_question(tables, question).replace(_day_in_sql(ANY_DAY), _day_in_sql(day))
    found = cast("Backend", engine).con.sql(asked).to_arrow_table()
    # The engine adds whole numbers up to ones of 128 bits, which Arrow takes for decimals.
    wide = [pa.types.is_decimal(one.type) for one in found.schema]
    kinds = [
        one.with_type(pa.float64()) if much else one
        for one, much in zip(found.schema, wide, strict=True)
    ]
    return found.cast(pa.schema(kinds)).to_pandas(date_as_object=False)


def write_question(tables: Tables, question: Question) -> str:
    """The SQL of a question, with `ANY_DAY` for the day; kept with the tables."""
    import ibis

    name = f"{question.__module__}.{question.__qualname__}"
    if name not in tables.questions:
        asked = question(tables, ibis.literal(ANY_DAY))
        tables.questions[name] = cast("Backend", asked.get_backend()).compile(asked)
    return tables.questions[name]


def _day_in_sql(day: datetime.date) -> str:
    return f"MAKE_DATE({day.year}, {day.month}, {day.day})"


def hold(table: ir.Table) -> ir.Table:
    """A table that many questions will be asked of, computed once on the embedded engine; elsewhere
    as it is.
    """
    return _hold(table)[0]


def hold_filled(table: ir.Table) -> ir.Table | None:
    """A table as `hold` keeps it; None where it is held and has no row, so that nothing more need
    be asked.
    """
    held, n = _hold(table)
    return None if n == 0 else held


def _hold(table: ir.Table) -> tuple[ir.Table, int | None]:
    """Ibis' own ``cache`` drops its table with a statement that DuckDB 2 cannot read; this one goes
    with its connection.
    """
    import ibis

    backend = table.get_backend()
    if backend.name != "duckdb":
        return table, None
    name = ibis.util.gen_name("held")
    made = backend.raw_sql(f'CREATE TEMP TABLE "{name}" AS {backend.compile(table)}').fetchall()
    return backend.table(name), made[0][0]
