"""The embedded engine: DuckDB inside the process, within a memory limit, with nowhere to reach
out to.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.data.rich import register
from kamresearch.data.rowwise import identifier
from kamresearch.errors import DataError

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

MEMORY = 3_000
"""Megabytes of the engine at most, and half of what its process may hold; beyond them, it works
through temporary files. ``KAM_ENGINE_MEMORY`` sets another.
"""


def connect_embedded(time_zone: str = "", memory: int = MEMORY) -> "Backend":
    """An Ibis connection to an embedded DuckDB; ``time_zone`` decides on which day a moment
    with a zone falls, ``memory`` is how many megabytes it may hold
    unless ``KAM_ENGINE_MEMORY`` says else.
    """
    import duckdb
    import ibis

    connection = ibis.duckdb.connect()
    spill = Path(tempfile.gettempdir()) / f"kam-engine-{os.getpid()}"
    settings = {
        "memory_limit": os.environ.get("KAM_ENGINE_MEMORY") or _memory(memory),
        "temp_directory": str(spill),
        # Else it keeps what it has freed: .7 GB after a question of ten million orders.
        "allocator_background_threads": "true",
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
    draw_no_bar(connection.con)
    register(connection, time_zone)
    return connection


def _memory(wanted: int) -> str:
    """Held to less than its process, the engine spills where it would else be refused memory."""
    if sys.platform != "win32":
        import resource

        most = resource.getrlimit(resource.RLIMIT_DATA)[0]
        wanted = min(wanted, most // 2**21) if most > 0 else wanted
    return f"{wanted}MB"


def draw_no_bar(connection: "duckdb.DuckDBPyConnection") -> None:
    """For a kernel without a file of its own the engine draws a bar under queries that take long,
    and the report would hold it: on a busy machine, another one each time.
    """
    # Asked first, because where nobody could draw one, switching it off is refused.
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]:
        connection.execute("SET enable_progress_bar = false")


def name_query(connection: "Backend", name: str, table: "ir.Table") -> "ir.Table":
    """An expression as a view of the engine. It keeps no rows, but questions asked of it are
    written out from its name on, and not from its source each time.
    """
    connection.raw_sql(
        f"CREATE OR REPLACE VIEW {identifier(name)} AS {connection.compile(table)}"
    ).fetchall()
    return connection.table(name)


def keep_table(connection: "Backend", name: str, table: "ir.Table") -> "ir.Table":
    """An expression's rows, kept on the engine under a name."""
    connection.raw_sql(
        f"CREATE OR REPLACE TABLE {identifier(name)} AS {connection.compile(table)}"
    ).fetchall()
    return connection.table(name)
