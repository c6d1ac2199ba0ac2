"""Rows that the engine does not read itself: handed to it, and texts whose quotation marks
stand where none belong.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from kamresearch.data.quarantine import ROW
from kamresearch.data.textfile import LONGEST_LINE, MOST_BROKEN, TextForm, too_broken
from kamresearch.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

BATCH = 50_000
"""Rows in memory at once."""


class _Rows:
    """The rows of a text as Arrow batches; those of another width and what stopped the reading
    are kept aside.
    """

    def __init__(self, path: Path, where: str, form: TextForm) -> None:
        import pyarrow as pa

        self.path, self.where, self.form = path, where, form
        self.schema = pa.schema([*((name, pa.string()) for name in form.head), (ROW, pa.int64())])
        self.broken: list[tuple[int, str]] = []
        self.stopped: DataError | None = None

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """Batches up to the end or to what stops the reading: an error raised here would reach
        the engine, not the reader.
        """
        csv.field_size_limit(LONGEST_LINE)
        good: list[list] = []
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(file, delimiter=self.form.delimiter)
                next(rows)
                for place, row in enumerate((row for row in rows if row), 1):
                    if len(row) == len(self.form.head):
                        good.append([*(cell or None for cell in row), place])
                    else:
                        self.broken.append((place, self.form.delimiter.join(row)[:200]))
                    if len(self.broken) >= MOST_BROKEN:
                        self.stopped = too_broken(self.where, self.broken[0][0])
                        return
                    if len(good) == BATCH:
                        yield self._batch(good)
                        good = []
        except csv.Error as error:
            self.stopped = DataError(
                self.where,
                "lines that end",
                str(error),
                "close the open quotation mark or export it again",
            )
            return
        if good:
            yield self._batch(good)

    def _batch(self, rows: list[list]) -> "pa.RecordBatch":
        import pyarrow as pa

        columns = [
            pa.array(cells, field.type)
            for cells, field in zip(zip(*rows, strict=True), self.schema, strict=True)
        ]
        return pa.record_batch(columns, schema=self.schema)


def load_oddly_quoted(
    connection: "Backend", path: Path, where: str, form: TextForm
) -> tuple[ir.Table, ir.Table | None, int]:
    """A text that the engine refuses whole, read row by row, a batch at a time → its rows as texts,
    the lines of another
    width (None where there are none), and how many.
    """
    import pyarrow as pa

    rows = _Rows(path, where, form)
    table = keep_rows(
        connection, f"raw_{where}", pa.RecordBatchReader.from_batches(rows.schema, rows.batches())
    )
    if rows.stopped is not None:
        raise rows.stopped
    if not rows.broken:
        return table, None, 0
    places, lines = zip(*rows.broken, strict=True)
    aside = pa.table({ROW: pa.array(places, pa.int64()), "__value__": pa.array(lines, pa.string())})
    return table, keep_rows(connection, f"raw_{where}_lines", aside), len(lines)


def identifier(name: str) -> str:
    """A name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def keep_rows(
    connection: "Backend", name: str, rows: "pa.Table | pa.RecordBatchReader"
) -> ir.Table:
    """Arrow rows (a table, or a reader that gives them batch by batch) as a table of the engine."""
    connection.con.register("rows_read", rows)
    connection.raw_sql(
        f"CREATE OR REPLACE TABLE {identifier(name)} AS SELECT * FROM rows_read"
    ).fetchall()
    connection.con.unregister("rows_read")
    return connection.table(name)
