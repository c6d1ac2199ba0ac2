"""Files and folders → raw tables on the embedded engine; texts become texts, nothing is typed
or dropped here.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kamresearch.data.answers import shown_address
from kamresearch.data.budgets import check_expanded, spending
from kamresearch.data.containers import OTHERS, copy_below, copy_bytes, unpacked, what_is
from kamresearch.data.contract import TABLES
from kamresearch.data.parts import columns_beside, starts_in_text
from kamresearch.data.quarantine import ROW
from kamresearch.data.records import read_html, read_json, read_sqlite
from kamresearch.data.rowwise import identifier, keep_rows, load_oddly_quoted
from kamresearch.data.sidecars import read_sidecar
from kamresearch.data.textfile import (
    LONGEST_LINE,
    MOST_BROKEN,
    TextForm,
    check_head,
    check_lines,
    read_form,
    too_broken,
    transcode,
)
from kamresearch.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

TEXTS = (".csv", ".tsv", ".tab", ".txt")
BOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
RECORDS = (".json", ".jsonl", ".ndjson", ".html", ".htm")
DATABASES = (".db", ".sqlite", ".sqlite3", ".duckdb", ".ddb")
TABLES_WITHIN = (".parquet", *TEXTS, *BOOKS, *RECORDS)
PACKED = (".gz", ".zip")
ENDINGS = (*TABLES_WITHIN, *PACKED, *DATABASES)
"""Endings of files that hold a table, or several."""
SEVERAL = (*BOOKS, *DATABASES, ".zip")
"""Endings of files that may hold tables of other names than their own."""


@dataclass(frozen=True)
class Raw:
    """A raw table as read.

    Parameters
    ----------
    table : ibis Table
        Its rows, with ``__row__`` (1-based place in the file) where the source has an order.
    where : str
        Name of its file or server table, for errors.
    simulated : bool
        Whether its sidecar says so.
    semicolons : bool
        Whether its cells are parted by semicolons, which goes with decimal commas.
    broken : ibis Table, optional
        Lines that do not have the head's columns: ``__row__`` and ``__value__`` (the line).
    n_broken : int
        How many.
    settles : bool
        Whether to keep the typed table on the embedded engine: texts would else be parsed for every
        query.
    embedded : bool
        Whether it is on the embedded engine, where tables can be made.
    notes : tuple
        What is doubted of its reading: code of a check, column, cells, an example.
    """

    table: ir.Table
    where: str
    simulated: bool = False
    semicolons: bool = False
    broken: ir.Table | None = None
    n_broken: int = 0
    settles: bool = False
    embedded: bool = True
    notes: tuple[tuple[str, str, int, str], ...] = ()


@dataclass(frozen=True)
class Stated:
    """What a mapping states of files, by the name of the table: encodings (the empty name stands
    for all) and 1-based rows of the head.
    """

    encodings: Mapping[str, str] = field(default_factory=dict)
    head_rows: Mapping[str, int] = field(default_factory=dict)

    def encoding(self, name: str) -> str:
        """The encoding of a file; empty where none is stated."""
        return self.encodings.get(name, self.encodings.get("", ""))


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn an engine's or the system's refusal to read a file into an error for people."""
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:
        first = (
            str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
        )
        raise DataError(where, "a whole, readable file", first, "export or copy it again") from None


def table_name(path: Path) -> str:
    """The name that a file gives its table: ``sales`` for ``SALES.CSV.gz`` in its own case."""
    inner = Path(path.name[:-3]) if path.suffix.lower() == ".gz" else path
    return inner.stem if inner.suffix else inner.name


def read_path(
    connection: "Backend", path: Path, wanted: set[str], stated: Stated
) -> dict[str, Raw]:
    """The tables of a file, or those of a folder that are wanted, by name."""
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError:
        is_folder = is_file = False
    if is_file:
        return read_file(connection, path, table_name(path), stated)
    if not is_folder:
        found = "a link that leads nowhere" if path.is_symlink() else "nothing there"
        raise DataError(shown_address(str(path)), "a folder or a file", found, "check the path")
    return read_folder(connection, path, wanted, stated)


def is_wanted(name: str, wanted: set[str]) -> bool:
    """Whether a table's name is one of those wanted, or fits a pattern such as ``sales_2019-*``;
    ``sales (2)`` is the second table of the file ``sales``.
    """
    low = name.casefold()
    plain = (re.sub(r" \([0-9]+\)$", "", one.casefold()) for one in wanted)
    return any(
        fnmatchcase(low, form.removesuffix(".csv"))
        for one, first in zip(wanted, plain, strict=True)
        for form in (one.casefold(), first)
    )


def read_folder(
    connection: "Backend", folder: Path, wanted: set[str], stated: Stated
) -> dict[str, Raw]:
    """The wanted tables of a folder by their files' names; a sub-folder of Parquet parts is
    one table.
    """
    found: dict[str, Raw] = {}
    for path in sorted(folder.iterdir()):
        ending, name = path.suffix.lower(), table_name(path)
        if path.name.startswith((".", "_", "~$")) or not (
            is_wanted(name, wanted) or ending in SEVERAL
        ):
            continue
        if path.is_dir():
            more = {path.name: read_parts(connection, path)} if any(path.glob("*.parquet")) else {}
        elif ending not in ENDINGS:
            continue
        elif not path.is_file():
            raise DataError(
                str(path),
                "a file",
                "a link that leads nowhere",
                "remove the link or mend its target",
            )
        else:
            more = read_file(connection, path, name, stated)
        for name, raw in more.items():
            if name in found:
                raise DataError(
                    str(folder),
                    f"one file for the table {name!r}",
                    f"{found[name].where} and {raw.where}",
                    "remove one of them",
                )
            found[name] = raw
    return found


def table_names(path: Path) -> list[str]:
    """Names that the files of a folder offer to a mapping."""
    if not path.is_dir():
        return [table_name(path)]
    return sorted(
        {table_name(one) for one in path.iterdir() if one.suffix.lower() in ENDINGS or one.is_dir()}
    )


def read_file(connection: "Backend", path: Path, name: str, stated: Stated) -> dict[str, Raw]:
    """The tables of one file: one, or one for each sheet, member or table within.

    What a file is its first bytes tell; its ending only says whether it is looked at.
    """
    ending = path.suffix.lower()
    with reading(path.name), spending(path.name):
        simulated = read_sidecar(path).simulated
        kind = what_is(path) if ending in ENDINGS else ""
        if kind in dict(OTHERS).values():
            raise DataError(
                path.name,
                "a table as text, workbook or database",
                f"{kind}, whatever its name says",
                "export the table as CSV or .xlsx",
            )
        if kind == "zip" and ending in BOOKS:
            raise DataError(
                path.name,
                "an Excel workbook",
                "another or a damaged file",
                "save it as .xlsx again",
            )
        if kind in ("gzip", "zip"):
            return _read_packed(connection, path, name, stated, kind)
        if kind == "parquet" or ending == ".parquet":
            return {
                name: Raw(_view_parquet(connection, name, [path], path.name), path.name, simulated)
            }
        if kind in ("workbook", "old workbook"):
            return _read_book(connection, path, name, simulated, stated, kind)
        if kind == "sqlite":
            return _read_sqlite(connection, path)
        if kind == "duckdb":
            return read_database(connection, path)
        if kind == "html":
            return {name: _keep(connection, path.name, read_html(path), path.name, simulated)}
        if ending in (".json", ".jsonl", ".ndjson"):
            return {name: _keep(connection, path.name, read_json(path), path.name, simulated)}
        if kind == "office xml" and ending in (*BOOKS, ".xml"):
            raise DataError(
                path.name,
                "an Excel workbook",
                "an XML spreadsheet of 2003",
                "open it in Excel or LibreOffice and save it as .xlsx",
            )
        if kind == "web archive" and ending in (*BOOKS, *RECORDS):
            raise DataError(
                path.name,
                "a workbook or an HTML page",
                "a web archive (MHTML), as reporting servers write it under the name .xls",
                "open it in Excel or LibreOffice and save it as .xlsx",
            )
        if kind == "text" and (ending in TEXTS or ending in BOOKS):
            # Programs write plain text under .xls, and Excel opens it after a warning.
            return _read_text(connection, path, name, simulated, stated)
        if ending in DATABASES:
            raise DataError(
                path.name,
                "a DuckDB or SQLite database",
                "another format",
                "export its tables to files",
            )
    raise DataError(
        path.name,
        f"a file that ends in one of {', '.join(ENDINGS)}",
        repr(ending),
        "export it as CSV or Parquet",
    )


def _keep(
    connection: "Backend",
    name: str,
    rows: "pa.Table | pa.RecordBatchReader",
    where: str,
    simulated: bool = False,
) -> Raw:
    said = (rows.schema.metadata or {}).get(b"scaled", b"").decode()
    notes = (("scaled_title", "", 1, said),) if said else ()
    table = keep_rows(connection, f"raw_{name}", rows)
    return Raw(table, where, simulated, settles=True, notes=notes)


def _read_packed(
    connection: "Backend", path: Path, name: str, stated: Stated, kind: str
) -> dict[str, Raw]:
    """The tables of an archive; a single one takes the archive's name."""
    found: dict[str, Raw] = {}
    with unpacked(path, kind, TABLES_WITHIN) as files:
        for file in files:
            title = name if len(files) == 1 else table_name(file)
            for table, raw in read_file(connection, file, title, stated).items():
                found[table] = replace(raw, where=f"{path.name}: {raw.where}")
                if file.suffix.lower() == ".parquet":  # its view would outlive its file
                    held = raw.table.to_pyarrow()
                    found[table] = _keep(connection, f"{path.name}_{table}", held, path.name)
    return found


def _read_sqlite(connection: "Backend", path: Path) -> dict[str, Raw]:
    return {
        name: _keep(connection, f"{path.name}_{name}", rows, f"{path.name}, table {name!r}")
        for name, rows in read_sqlite(path)
    }


def read_parts(connection: "Backend", folder: Path) -> Raw:
    """A folder of Parquet parts as one table."""
    with reading(folder.name):
        return Raw(
            _view_parquet(connection, folder.name, sorted(folder.glob("*.parquet")), folder.name),
            folder.name,
        )


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


ROWS_A_BYTE = 1000
"""Rows of a Parquet file to a byte of it at most: a few letters can name rows without end."""


def check_rows(path: Path) -> None:
    """Refuse a Parquet file that names more rows than any data need for its size."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        rows = read_metadata(path).num_rows
    except (ArrowException, OSError):
        return  # the engine that reads it says so better
    most = max(10_000_000, ROWS_A_BYTE * path.stat().st_size)
    if rows > most:
        raise DataError(
            path.name,
            f"at most {most:,} rows in a file of {path.stat().st_size:,} bytes",
            f"{rows:,}",
            "look at the file first; export its rows again",
        )


def _view_parquet(connection: "Backend", name: str, paths: list[Path], where: str) -> ir.Table:
    """A lazy view: columns and rows are read when a query asks for them. ``__row__`` counts
    within each part.
    """
    for path in paths:
        check_rows(path)
    files = ", ".join(_quote(path) for path in paths)
    head = connection.raw_sql(
        f"SELECT name FROM parquet_schema([{files}]) WHERE num_children IS NULL"
    ).fetchall()
    check_head(where, [row[0] for row in head[: len(head) // len(paths)]])
    view = f"raw_{name}_parquet"
    connection.raw_sql(
        f"CREATE OR REPLACE VIEW {identifier(view)} AS SELECT * EXCLUDE (file_row_number), "
        f"file_row_number + 1 AS {ROW} FROM read_parquet([{files}], file_row_number=true)"
    )
    table = connection.table(view)
    return table.drop(
        [column for column in table.columns if column.startswith("__index_level_")]
    )  # pandas' own


def _read_text(
    connection: "Backend", path: Path, name: str, simulated: bool, stated: Stated
) -> dict[str, Raw]:
    form = read_form(path, stated.encoding(name), head_row=stated.head_rows.get(name, 0))
    notes = (("guessed_encoding", "", 1, form.guessed),) if form.guessed else ()
    with tempfile.TemporaryDirectory(prefix="kam-") as aside:
        readable = path
        if form.encoding not in ("utf-8", "utf-8-sig"):
            readable = Path(aside) / "text.csv"
            transcode(path, form.encoding, readable)
        check_lines(readable, path.name)
        below = starts_in_text(readable, form.skip, form.delimiter)
        if not below:
            raw = _read_part(connection, readable, path.name, form, Path(aside))
            found = {0: replace(raw, simulated=simulated, notes=(*notes, *raw.notes))}
            return _named_parts(found, name, path.name)
        found = {}
        ends = [*(gap for gap, _start, _line in below), readable.stat().st_size]
        for at, (_gap, start, line) in enumerate([(0, 0, 0), *below]):
            part = Path(aside) / f"part{at}.csv"
            copy_bytes(readable, start, ends[at], part)
            shape = read_form(part, "utf-8", form.delimiter) if at else form
            where = f"{path.name}, row {line}" if at else path.name
            raw = _read_part(connection, part, where, shape, Path(aside))
            more = raw.notes if at else (*notes, *raw.notes)
            found[line] = replace(raw, simulated=simulated, notes=more)
    return _named_parts(found, name, path.name)


def _named_parts(parts: dict[int, Raw], name: str, file: str) -> dict[str, Raw]:
    """Tables of one sheet or text by the rows in which they start → by name: the first bears
    the sheet's, and the doubt of each that stands below or beside it.
    """
    whole: list[tuple[str, Raw]] = []
    for start, raw in parts.items():
        groups = columns_beside(raw.table)
        for at, group in enumerate(groups):
            shown = f"row {start}" if start else "beside"
            one = raw
            if len(groups) > 1:
                filled = ibis.or_(*(raw.table[column].notnull() for column in group))
                rows = raw.table.select(*group, ROW).filter(filled)
                one = replace(raw, table=rows)
                if at:
                    one = replace(one, where=f"{file}, beside", broken=None, n_broken=0, notes=())
            whole.append((shown, one))
    found = {name: whole[0][1]}
    notes = []
    for number, (shown, raw) in enumerate(whole[1:], 2):
        title = f"{name} ({number})"
        names = [column for column in raw.table.columns if column != ROW]
        columns = [one for at, one in enumerate(names, 1) if one != f"column_{at}"]
        told = f"{shown}: {', '.join(columns[:6])}{' …' if len(columns) > 6 else ''} → {title!r}"
        notes.append(("second_table", "", int(raw.table.count().to_pandas()), told))
        found[title] = raw
    found[name] = replace(found[name], notes=(*found[name].notes, *notes))
    return found


def _read_part(connection: "Backend", path: Path, where: str, form: TextForm, aside: Path) -> Raw:
    """One table of a UTF-8 text."""
    import duckdb

    readable = path
    if form.skip != 1:
        readable = aside / "below.csv"
        copy_below(path, form.skip, form.head, form.delimiter, readable)
    try:
        table, broken, n_broken = _load_text(connection, readable, where, form)
    except duckdb.InvalidInputException:
        table, broken, n_broken = load_oddly_quoted(connection, readable, where, form)
    return Raw(
        *(table, where, False, form.delimiter == ";", broken, n_broken),
        settles=True,
        notes=(("scaled_title", "", 1, form.scaled),) if form.scaled else (),
    )


def _load_text(
    connection: "Backend", path: Path, where: str, form: TextForm
) -> tuple[ir.Table, ir.Table | None, int]:
    """Load a UTF-8 text into a table of texts; lines of another width are kept apart, not
    dropped.
    """
    columns = ", ".join(
        f"'{column}': 'VARCHAR'".replace("'", "'")
        for column in (c.replace("'", "''") for c in form.head)
    )
    options = (
        f"delim='{form.delimiter}', quote='\"', escape='\"', header=true, "
        f"auto_detect=false, columns={{{columns}}}, "
        f"store_rejects=true, rejects_limit={MOST_BROKEN}, max_line_size={LONGEST_LINE}, "
        f"strict_mode=true"
    )
    name = f"raw_{where}"
    target, lines = identifier(name), identifier(name + "_lines")
    for table in ("reject_errors", "reject_scans"):
        connection.raw_sql(f"DROP TABLE IF EXISTS {table}")
    connection.raw_sql(
        f"CREATE OR REPLACE TABLE {target} AS SELECT *, row_number() OVER () AS {ROW} "
        f"FROM read_csv({_quote(path)}, {options})"
    )
    connection.raw_sql(
        f"CREATE OR REPLACE TABLE {lines} AS SELECT CAST(min(line) - 1 AS BIGINT) AS "
        f"{ROW}, any_value(csv_line)[:200] AS __value__ "
        f"FROM reject_errors GROUP BY line_byte_position ORDER BY 1"
    )
    n_broken = connection.raw_sql(f"SELECT count(*) FROM {lines}").fetchall()[0][0]
    if connection.raw_sql("SELECT count(*) FROM reject_errors").fetchall()[0][0] >= MOST_BROKEN:
        first = connection.raw_sql(f"SELECT min({ROW}) FROM {lines}").fetchall()[0][0]
        raise too_broken(where, first)
    if n_broken:
        # Places after a broken line move down by one, so that a row's number is its place in the
        # file.
        connection.raw_sql(f"""CREATE OR REPLACE TABLE {target} AS SELECT t.* EXCLUDE ({ROW}), t.{ROW} + coalesce(s.shift, 0) AS {ROW}
            FROM {target} t ASOF LEFT JOIN (SELECT {ROW} - row_number() OVER (ORDER BY {ROW}) + 1 AS at,
            row_number() OVER (ORDER BY {ROW}) AS shift FROM {lines}) s ON t.{ROW} >= s.at""")  # noqa: E501
    return connection.table(name), connection.table(name + "_lines") if n_broken else None, n_broken


def _read_book(
    connection: "Backend", path: Path, name: str, simulated: bool, stated: Stated, kind: str
) -> dict[str, Raw]:
    """Each sheet of a workbook with anything in it; a single sheet takes the file's name."""
    from kamresearch.data.workbook import count_uncalculated, read_sheets

    check_expanded(path)
    sheets = read_sheets(path, kind, name, stated.head_rows)
    n, first = count_uncalculated(path) if kind == "workbook" else (0, "")
    notes = (("uncalculated", "", n, first),) if n else ()
    found: dict[str, Raw] = {}
    titles = dict.fromkeys(sheet for sheet, _start in sheets)
    for sheet in titles:
        title = name if len(titles) == 1 else sheet
        file = path.name if len(titles) == 1 else f"{path.name}, sheet {sheet!r}"
        parts = {}
        for start, rows in ((start, rows) for (one, start), rows in sheets.items() if one == sheet):
            where = f"{file}, row {start + 1}" if start else file
            raw = _keep(connection, f"{path.name}_{title}_{start}", rows, where, simulated)
            parts[start + 1 if start else 0] = replace(
                raw, notes=raw.notes if start else (*notes, *raw.notes)
            )
        found |= _named_parts(parts, title, file)
    return found


def read_database(connection: "Backend", path: Path) -> dict[str, Raw]:
    """The tables of a ``.duckdb`` file, opened for reading alone."""
    with reading(path.name):
        if not path.is_file():
            raise DataError(str(path), "a DuckDB file", "nothing there", "check the path")
        quoted = str(path).replace("'", "''")
        connection.raw_sql(f"ATTACH '{quoted}' AS source (READ_ONLY)").fetchall()
        names = connection.raw_sql(
            "SELECT table_name FROM duckdb_tables() "
            "WHERE database_name = 'source' AND schema_name = 'main'"
        ).fetchall()
        views = connection.raw_sql(
            "SELECT view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
        ).fetchall()
        for (name,) in views:
            _refuse_view(path.name, name)
        return {name: _view_table(connection, path.name, name) for (name,) in names}


def _refuse_view(file: str, name: str) -> None:
    """A view is a query of whoever made the file, and would run as us: it can read any file."""
    if name in TABLES:
        raise DataError(
            f"{file}, {name!r}",
            "a table that holds its rows",
            "a view, which may read other files",
            f"make a table of it: CREATE TABLE {name}_kept AS SELECT * FROM {name}",
        )


def _view_table(connection: "Backend", file: str, name: str) -> Raw:
    connection.raw_sql(
        f"CREATE OR REPLACE VIEW {identifier(f'raw_{name}')} AS SELECT * FROM "
        f"source.main.{identifier(name)}"
    ).fetchall()
    return Raw(connection.table(f"raw_{name}"), f"{file}, table {name!r}")
