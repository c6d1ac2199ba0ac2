"""Servers that Ibis reaches beside PostgreSQL and Spark: the tables asked for are copied to the
embedded engine, so that the same rules read them as read a file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from kamresearch.data.addresses import Address, read_address
from kamresearch.data.answers import answering, shown_address
from kamresearch.data.contract import TABLES
from kamresearch.data.embedded import connect_embedded
from kamresearch.data.files import Raw, is_wanted
from kamresearch.data.records import read_sqlite
from kamresearch.data.rowwise import keep_rows
from kamresearch.errors import DataError

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

    from kamresearch.data.mapfile import Mapping as Rules

SECONDS_TO_CONNECT = 10


@dataclass(frozen=True)
class Kind:
    """A kind of server: Ibis's name of it, the module of its driver, the extra that installs it,
    and what its address says to Ibis.
    """

    backend: str
    driver: str
    extra: str
    arguments: Callable[[Address], dict]


def _named(address: Address) -> dict:
    """What most servers are told, each part only where the address has it."""
    parts = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "database": address.database,
        **address.options,
    }
    return {name: value for name, value in parts.items() if value}


def _mysql(address: Address) -> dict:
    usual = {
        "connect_timeout": SECONDS_TO_CONNECT,
        "charset": "utf8mb4",
        "init_command": "SET time_zone = '+00:00'",
    }
    return usual | _named(address)


def _snowflake(address: Address) -> dict:
    told = _named(address)
    return {"account": told.pop("host", ""), "create_object_udfs": False, **told}


def _bigquery(address: Address) -> dict:
    return {"project_id": address.host, "dataset_id": address.database, **address.options}


def _trino(address: Address) -> dict:
    told = _named(address)
    catalog, _slash, schema = told.pop("database", "").partition("/")
    password = told.pop("password", "")
    more = {"database": catalog, "schema": schema, "auth": password}
    return told | {name: value for name, value in more.items() if value}


KINDS: Mapping[str, Kind] = {
    "mysql": Kind("mysql", "MySQLdb", "mysql", _mysql),
    "mariadb": Kind("mysql", "MySQLdb", "mysql", _mysql),
    "mssql": Kind("mssql", "pyodbc", "mssql", _named),
    "clickhouse": Kind("clickhouse", "clickhouse_connect", "clickhouse", _named),
    "snowflake": Kind("snowflake", "snowflake.connector", "snowflake", _snowflake),
    "bigquery": Kind("bigquery", "google.cloud.bigquery", "bigquery", _bigquery),
    "trino": Kind("trino", "trino", "trino", _trino),
}
"""Schemes of addresses, as they are written before ``://``."""


def connect_remote(
    source: str, rules: "Rules", most: int | None = None
) -> "tuple[BaseBackend, dict[str, Raw]]":
    """The embedded engine with copies of a server's tables, as many as are wanted.

    Parameters
    ----------
    source : str
        ``mysql://user@host/database`` and the like; ``sqlite:///folder/file.db``.
    rules : Mapping
        The mapping that names tables; those of the contract are wanted always.
    most : int, optional
        Rows of each table that are asked for; all of them where not given.

    Raises
    ------
    DataError
        The driver is not installed, or the server does not let us in.
    """
    address, shown = read_address(source), shown_address(source)
    engine = connect_embedded(rules.time_zone)
    wanted = {*TABLES, *rules.sources}
    if address.scheme == "sqlite":
        return engine, _read_sqlite_file(engine, address, shown, wanted, most)
    kind = KINDS[address.scheme]
    if not _is_installed(kind.driver):
        raise DataError(
            shown,
            f"the driver of {address.scheme} servers",
            "none installed",
            f"pip install 'kamresearch[{kind.extra}]'",
        )
    with answering(shown, source):
        server = _connect(kind, address)
        raw = {}
        for name in (name for name in server.list_tables() if is_wanted(name, wanted)):
            table = server.table(name)
            batches = (table.limit(most) if most else table).to_pyarrow_batches()
            copy = keep_rows(engine, f"raw_{name}", batches)
            raw[name] = Raw(copy, f"{shown}, table {name!r}")
        return engine, raw


def _is_installed(module: str) -> bool:
    """Whether a module is there; of one within packages that others bring, too, each is looked for:
    ``google`` alone is no driver.
    """
    parts = module.split(".")
    names = [".".join(parts[: at + 1]) for at in range(len(parts))]
    return all(find_spec(name) is not None for name in names)


def _connect(kind: Kind, address: Address) -> "BaseBackend":
    import warnings

    import ibis

    with warnings.catch_warnings():
        # A server without names of time zones cannot be set to "UTC"; ours is set by its offset.
        warnings.filterwarnings("ignore", message="Unable to set session timezone")
        return getattr(ibis, kind.backend).connect(**kind.arguments(address))


def _read_sqlite_file(
    engine: "BaseBackend", address: Address, shown: str, wanted: set[str], most: int | None
) -> dict[str, Raw]:
    path = Path(address.database).expanduser()
    if not path.is_file():
        raise DataError(shown, "an SQLite file", f"nothing at {path}", "check the path")
    return {
        name: Raw(
            keep_rows(engine, f"raw_{name}", _first(rows, most)),
            f"{path.name}, table {name!r}",
            settles=True,
        )
        for name, rows in read_sqlite(path)
        if is_wanted(name, wanted)
    }


def _first(rows: pa.RecordBatchReader, most: int | None) -> pa.RecordBatchReader:
    """The first rows alone where not all of them are asked for."""
    if most is None:
        return rows
    return pa.Table.from_batches([next(rows, None) or _no_rows(rows)]).slice(0, most).to_reader()


def _no_rows(rows: pa.RecordBatchReader) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=rows.schema)
