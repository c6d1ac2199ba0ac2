"""Tables out of JSON, HTML and SQLite: columns of numbers stay numbers, all others are texts."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa

from kamresearch.data.habits import scaled_title
from kamresearch.data.heads import find_head
from kamresearch.data.quarantine import ROW
from kamresearch.data.textfile import check_head, find_encoding
from kamresearch.errors import DataError

BATCH = 50_000


def as_arrow(head: tuple[str, ...], columns: list[list]) -> pa.Table:
    """Columns of values as an Arrow table with ``__row__``."""
    arrays = [_column(values) for values in columns]
    n = len(columns[0]) if columns else 0
    return pa.table([*arrays, pa.array(range(1, n + 1), pa.int64())], names=[*head, ROW])


def _column(values: list) -> pa.Array:
    filled = [value for value in values if value is not None]
    if filled and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in filled
    ):
        whole = all(isinstance(value, int) and abs(value) < 2**62 for value in filled)
        return (
            pa.array(values, pa.int64())
            if whole
            else pa.array([None if v is None else float(v) for v in values], pa.float64())
        )
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def read_json(path: Path) -> pa.Table:
    """JSON lines, a list of records, or an object that holds one; inner objects become
    ``outer.inner``.
    """
    encoding = find_encoding(path)
    try:
        with path.open(encoding=encoding) as file:
            records = _records(path.name, file.read().lstrip("\ufeff"))
        flat = [_flatten(record) for record in records]
    except (ValueError, RecursionError) as error:
        raise DataError(
            path.name, "JSON: records, one a line or in a list", str(error)[:120], "export it again"
        ) from None
    head = tuple(dict.fromkeys(name for record in flat for name in record))
    if not head:
        raise DataError(path.name, "records with names and values", "none", "export it again")
    check_head(path.name, list(head))
    return as_arrow(head, [[record.get(name) for record in flat] for name in head])


def _records(name: str, text: str) -> list[dict]:
    try:
        whole = json.loads(text)
    except ValueError:
        whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(whole, dict):
        lists = [value for value in whole.values() if _is_records(value)]
        whole = lists[0] if len(lists) == 1 else [whole]
    if not _is_records(whole):
        raise DataError(
            name, "a list of records", f"a {type(whole).__name__}", "export records, one a row"
        )
    return whole


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _flatten(record: dict, before: str = "") -> dict:
    flat = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


class _Cells(HTMLParser):
    """The cells of every table of a page, merged ones repeated over the rows that they span."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self.cell: list[str] | None = None
        self.spans: dict[int, tuple[int, str]] = {}
        self.span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "table":
            self.tables.append([])
            self.spans = {}
        elif tag == "tr" and self.tables:
            self._end_cell()
            self.tables[-1].append([])
            self._fill_spans()
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._end_cell()
            self.cell = []
            facts = dict(attrs)
            self.span = (_whole(facts.get("rowspan")), _whole(facts.get("colspan")))
        elif tag == "br" and self.cell is not None:
            self.cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def _end_cell(self) -> None:
        if self.cell is None:
            return
        text, row = " ".join("".join(self.cell).split()), self.tables[-1][-1]
        rows, columns = self.span
        if rows > 1:
            self.spans[len(row)] = (rows - 1, text)
        row += [text, *[""] * (columns - 1)]
        self.cell = None
        self._fill_spans()

    def _fill_spans(self) -> None:
        row = self.tables[-1][-1]
        while len(row) in self.spans:
            left, text = self.spans.pop(len(row))
            if left > 1:
                self.spans[len(row)] = (left - 1, text)
            row.append(text)


def _whole(text: str | None) -> int:
    return min(int(text), 1000) if text and text.isdigit() else 1


def read_html(path: Path) -> pa.Table:
    """The largest table of an HTML page, such as programs write under the ending ``.xls``."""
    reader = _Cells()
    with path.open(encoding=find_encoding(path), errors="replace") as file:
        reader.feed(file.read())
    reader.close()
    tables = [[row for row in table if any(row)] for table in reader.tables]
    rows = max(tables, key=len, default=[])
    if not rows:
        raise DataError(path.name, "a table in the HTML page", "none", "export it as CSV")
    return grid_table(path.name, rows)


def grid_table(where: str, rows: Sequence[Sequence[str | None]], head_row: int = 0) -> pa.Table:
    """Rows of cells, title lines and head among them → an Arrow table of texts."""
    if head_row > len(rows):
        raise DataError(where, f"a head in row {head_row}", f"{len(rows)} rows", "mend head_row")
    place, names, used = (head_row - 1, rows[head_row - 1], 1) if head_row else find_head(rows[:60])
    width = max((at + 1 for at, name in enumerate(names) if name), default=0)
    head = check_head(where, [name or "" for name in names[:width]], place + used)
    columns: list[list[str | None]] = [[] for _ in head]
    below = rows[place + used :]
    for row in below:
        for at, values in enumerate(columns):
            values.append((row[at] if at < len(row) else None) or None)
    arrays = [pa.array(values, pa.string()) for values in columns]
    table = pa.table([*arrays, pa.array(range(1, len(below) + 1), pa.int64())], names=[*head, ROW])
    return table.replace_schema_metadata({"scaled": scaled_title(rows[:place])})


def read_sqlite(path: Path) -> Iterator[tuple[str, pa.RecordBatchReader]]:
    """Each table and view of an SQLite file, read batch by batch by Python's own reader."""
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        for (name,) in names:
            yield name, _sqlite_batches(connection, path.name, name)
    except sqlite3.Error as error:
        raise DataError(
            path.name, "an SQLite database that can be read", str(error)[:120], "copy it again"
        ) from None


def _sqlite_batches(connection: sqlite3.Connection, file: str, name: str) -> pa.RecordBatchReader:
    quoted = '"' + name.replace('"', '""') + '"'
    cursor = connection.execute(f"SELECT * FROM {quoted}")  # noqa: S608  (a quoted name)
    head = check_head(f"{file}, table {name!r}", [column[0] for column in cursor.description])
    tests = ", ".join(
        f"sum(typeof({column}) NOT IN ('integer', 'real', 'null')), "
        f"sum(typeof({column}) = 'real'), count({column})"
        for column in ('"' + one.replace('"', '""') + '"' for one in head)
    )
    counts = connection.execute(f"SELECT {tests} FROM {quoted}").fetchone()  # noqa: S608
    kinds = [
        pa.string()
        if counts[3 * at] or not counts[3 * at + 2]
        else (pa.float64() if counts[3 * at + 1] else pa.int64())
        for at in range(len(head))
    ]
    schema = pa.schema([*zip(head, kinds, strict=True), (ROW, pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        start = 1
        while rows := cursor.fetchmany(BATCH):
            yield pa.record_batch(
                [
                    *(
                        pa.array(_fit(values, kind), kind)
                        for values, kind in zip(zip(*rows, strict=True), kinds, strict=True)
                    ),
                    pa.array(range(start, start + len(rows)), pa.int64()),
                ],
                schema=schema,
            )
            start += len(rows)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _fit(values: Iterable, kind: pa.DataType) -> list:
    if pa.types.is_string(kind):
        return [_text(value) for value in values]
    if pa.types.is_floating(kind):
        return [None if value is None else float(value) for value in values]
    return list(values)
