"""Files and folders → raw tables on the embedded engine; texts become texts, nothing is typed
or dropped here.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir

from kamresearch.data.answers import shown_address
from kamresearch.data.quarantine import ROW
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

TEXTS = (".csv", ".tsv", ".txt")
BOOKS = (".xlsx", ".xlsm")
ENDINGS = (".parquet", *TEXTS, *BOOKS)
"""Endings of files that hold a table."""


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
    """

    table: ir.Table
    where: str
    simulated: bool = False
    semicolons: bool = False
    broken: ir.Table | None = None
    n_broken: int = 0
    settles: bool = False
    embedded: bool = True


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


def read_path(
    connection: object, path: Path, wanted: set[str], encodings: Mapping[str, str]
) -> dict[str, Raw]:
    """The tables of a file, or those of a folder that are wanted, by name; ``encodings`` are
    those that the mapping states.
    """
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError:
        is_folder = is_file = False
    if is_file:
        return read_file(connection, path, path.stem, encodings)
    if not is_folder:
        found = "a link that leads nowhere" if path.is_symlink() else "nothing there"
        raise DataError(shown_address(str(path)), "a folder or a file", found, "check the path")
    return read_folder(connection, path, wanted, encodings)


def read_folder(
    connection: object, folder: Path, wanted: set[str], encodings: Mapping[str, str]
) -> dict[str, Raw]:
    """The wanted tables of a folder by their files' names; a sub-folder of Parquet parts is
    one table.
    """
    found: dict[str, Raw] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_", "~$")) or (
            path.stem not in wanted and path.suffix.lower() not in BOOKS
        ):
            continue
        if path.is_dir():
            more = {path.name: read_parts(connection, path)} if any(path.glob("*.parquet")) else {}
        elif path.suffix.lower() not in ENDINGS:
            continue
        elif not path.is_file():
            raise DataError(
                str(path),
                "a file",
                "a link that leads nowhere",
                "remove the link or mend its target",
            )
        else:
            more = read_file(connection, path, path.stem, encodings)
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
        return [path.stem]
    return sorted(
        {one.stem for one in path.iterdir() if one.suffix.lower() in ENDINGS or one.is_dir()}
    )


def read_file(
    connection: object, path: Path, name: str, encodings: Mapping[str, str]
) -> dict[str, Raw]:
    """The tables of one file: one, or one for each sheet of a workbook."""
    simulated, ending = read_sidecar(path).simulated, path.suffix.lower()
    with reading(path.name):
        if ending == ".parquet":
            return {
                name: Raw(_view_parquet(connection, name, [path], path.name), path.name, simulated)
            }
        if ending in BOOKS:
            return _read_book(connection, path, name, simulated)
        if ending in TEXTS:
            return {
                name: _read_text(
                    connection, path, name, simulated, encodings.get(name, encodings.get("", ""))
                )
            }
    raise DataError(
        path.name,
        f"a file that ends in one of {', '.join(ENDINGS)}",
        repr(ending),
        "export it as CSV or Parquet",
    )


def read_parts(connection: object, folder: Path) -> Raw:
    """A folder of Parquet parts as one table."""
    with reading(folder.name):
        return Raw(
            _view_parquet(connection, folder.name, sorted(folder.glob("*.parquet")), folder.name),
            folder.name,
        )


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _view_parquet(connection: object, name: str, paths: list[Path], where: str) -> ir.Table:
    """A lazy view: columns and rows are read when a query asks for them. ``__row__`` counts
    within each part.
    """
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


def _read_text(connection: object, path: Path, name: str, simulated: bool, encoding: str) -> Raw:
    import duckdb

    form = read_form(path, encoding)
    with tempfile.TemporaryDirectory(prefix="kam-") as aside:
        readable = path
        if form.encoding not in ("utf-8", "utf-8-sig"):
            readable = Path(aside) / "text.csv"
            transcode(path, form.encoding, readable)
        check_lines(readable, path.name)
        try:
            table, broken, n_broken = _load_text(connection, readable, path.name, form)
        except duckdb.InvalidInputException:
            table, broken, n_broken = load_oddly_quoted(connection, readable, path.name, form)
    return Raw(table, path.name, simulated, form.delimiter == ";", broken, n_broken, settles=True)


def _load_text(
    connection: object, path: Path, where: str, form: TextForm
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


def _read_book(connection: object, path: Path, name: str, simulated: bool) -> dict[str, Raw]:
    """Each sheet of a workbook with anything in it; a single sheet takes the file's name."""
    from kamresearch.data.workbook import read_sheets

    sheets = read_sheets(path)
    found = {}
    for sheet, rows in sheets.items():
        title = name if len(sheets) == 1 else sheet
        table = keep_rows(connection, f"raw_{path.name}_{title}", rows)
        found[title] = Raw(
            table,
            path.name if len(sheets) == 1 else f"{path.name}, sheet {sheet!r}",
            simulated,
            settles=True,
        )
    return found
