"""The embedded engine: DuckDB inside the process, within a memory limit, with nowhere to reach
out to.
"""

import os
import tempfile
from pathlib import Path

from kamresearch.data.files import Raw, reading
from kamresearch.data.rowwise import identifier
from kamresearch.errors import DataError

MEMORY = "3GB"
"""Memory of the engine at most; beyond it, it works through temporary files.
``KAM_ENGINE_MEMORY`` sets another.
"""


def connect_embedded(time_zone: str = "") -> object:
    """An Ibis connection to an embedded DuckDB; ``time_zone`` decides on which day a moment
    with a zone falls.
    """
    import duckdb
    import ibis

    connection = ibis.duckdb.connect()
    spill = Path(tempfile.gettempdir()) / f"kam-engine-{os.getpid()}"
    settings = {
        "memory_limit": os.environ.get("KAM_ENGINE_MEMORY", MEMORY),
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
        "preserve_insertion_order": "false",
        "TimeZone": time_zone or "UTC",
    }
    for name, value in settings.items():
        try:
            connection.raw_sql(f"SET {name} = '{value.replace(chr(39), '')}'")
        except duckdb.Error as error:
            where = "mapping.yml, time_zone" if name == "TimeZone" else f"engine setting {name}"
            raise DataError(
                where,
                "a value that the engine knows",
                repr(value),
                str(error).splitlines()[0][:120],
            ) from None
    # For a kernel without a file of its own the engine draws a bar under long queries, and the
    # report would hold it.
    # Asked first, because where nobody could draw one, switching it off is refused.
    if connection.raw_sql("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]:
        connection.raw_sql("SET enable_progress_bar = false")
    return connection


def keep_table(connection: object, name: str, table: object) -> object:
    """An expression's rows, kept on the engine under a name."""
    import ibis

    connection.raw_sql(
        f"CREATE OR REPLACE TABLE {identifier(name)} AS {ibis.to_sql(table, dialect='duckdb')}"
    ).fetchall()
    return connection.table(name)


def read_database(connection: object, path: Path) -> dict[str, Raw]:
    """The tables of a ``.duckdb`` file, opened for reading alone."""
    with reading(path.name):
        if not path.is_file():
            raise DataError(str(path), "a DuckDB file", "nothing there", "check the path")
        quoted = str(path).replace("'", "''")
        connection.raw_sql(f"ATTACH '{quoted}' AS source (READ_ONLY)").fetchall()
        names = connection.raw_sql(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'source' UNION ALL "
            "SELECT view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
        ).fetchall()
        return {name: _view_table(connection, path.name, name) for (name,) in names}


def _view_table(connection: object, file: str, name: str) -> Raw:
    connection.raw_sql(
        f"CREATE OR REPLACE VIEW {identifier(f'raw_{name}')} AS SELECT * FROM "
        f"source.main.{identifier(name)}"
    ).fetchall()
    return Raw(connection.table(f"raw_{name}"), f"{file}, table {name!r}")
