"""Sources: from a path or an address to `Tables`, through one expression layer."""

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from kamresearch.data.answers import answering, shown_address
from kamresearch.data.contract import REQUIRED, TABLES
from kamresearch.data.embedded import connect_embedded, keep_table, name_query
from kamresearch.data.files import Raw, Stated, read_database, read_path, table_names
from kamresearch.data.mapfile import Mapping, read_mapping
from kamresearch.data.mapping import Mapped, apply_mapping
from kamresearch.data.opening import open_table
from kamresearch.data.servers import connect_server, is_server
from kamresearch.data.tables import Loaded, Tables
from kamresearch.data.tidying import tidy
from kamresearch.errors import DataError, near_matches
from kamresearch.places import find_path

if TYPE_CHECKING:
    from ibis.backends import BaseBackend


def open_data(
    source: str | Path, mapping: str | Path | None = None, *, snapshot: bool = False
) -> Tables:
    """Open a company's account data.

    A source → lazy tables of the contract, each checked, typed, and with its bad rows set aside.

    Parameters
    ----------
    source : str or Path
        A folder of Parquet, CSV or Excel files named as the contract's tables; one such file; a
        ``.duckdb`` file; an
        address ``postgresql://user@server/database``; or ``spark:folder`` for Apache Spark.
    mapping : str or Path, optional
        A `mapping.yml <your-own-data>`_; a file of that name in the folder is used unasked.
    snapshot : bool
        Whether a server shall answer every query as of one moment. Its transaction stays open as
        long as the connection, so this is for a copy and not for a day's work.

    Returns
    -------
    Tables
        ``tables.orders`` and so on; ``tables.quarantine`` holds the rows set aside.

    Raises
    ------
    DataError
        There is nothing to read, a required table or column is missing, or the mapping names what
        is not there.

    Examples
    --------
    >>> tables = open_data("data/export")  # doctest: +SKIP
    >>> tables.has("contracts")  # doctest: +SKIP
    True
    """
    text = find_path(str(source))
    rules = read_mapping(Path(find_path(str(mapping)))) if mapping else _mapping_beside(text)
    engine, raw = (
        connect_server(text, rules, snapshot) if is_server(text) else _read_files(Path(text), rules)
    )
    if not is_server(text):
        raw = {
            name: tidy(one, partial(_keep_named, engine, name)) if one.settles else one
            for name, one in raw.items()
        }
    made = apply_mapping(rules, raw, lambda name, table: _keep_named(engine, name, "mapped", table))
    shown = shown_address(text)
    _require_tables(
        shown, made, raw if is_server(text) else {**raw, **dict.fromkeys(table_names(Path(text)))}
    )
    loaded = _open_tables(engine, made)
    return Tables(
        loaded, shown, rules.currency, engine=engine, sure=rules.sure, measure=rules.measure
    )


def _keep_named(engine: "BaseBackend", name: str, kind: str, table: ir.Table) -> ir.Table:
    return keep_table(engine, f"{kind}_{name}", table)


def _mapping_beside(text: str) -> Mapping:
    """The ``mapping.yml`` in the data folder; an empty mapping where there is none."""
    folder = Path(text.removeprefix("spark:")) if text.startswith("spark:") else Path(text)
    beside = folder / "mapping.yml"
    return read_mapping(beside) if "://" not in text and beside.is_file() else Mapping()


def _read_files(path: Path, rules: Mapping) -> "tuple[BaseBackend, dict[str, Raw]]":
    connection = connect_embedded(rules.time_zone)
    if path.suffix.lower() == ".duckdb" and not path.exists():
        return connection, read_database(connection, path)
    stated = Stated(rules.encodings, rules.head_rows)
    return connection, read_path(connection, path, {*TABLES, *rules.sources}, stated)


def _require_tables(shown: str, made: Map[str, Mapped], raw: Map[str, object]) -> None:
    for name in REQUIRED:
        if name not in made:
            present = ", ".join(map(repr, sorted(raw)[:12])) or "no tables"
            raise DataError(
                shown,
                f"a table {name!r} ({name}.csv, .parquet or .xlsx)",
                present,
                f"add it or write a mapping.yml; {near_matches(name, raw)}",
            )


def _open_tables(engine: "BaseBackend", made: Map[str, Mapped]) -> dict[str, Loaded]:
    loaded: dict[str, Loaded] = {}
    for name in (name for name in TABLES if name in made):
        one, spec = made[name], TABLES[name]
        accounts = loaded["accounts"].used if "accounts" in loaded else None
        with answering(one.raw.where):
            keep = _keeper(engine, name, one)
            try:
                opened = open_table(one.raw, spec, accounts, one.styles, one.rules, keep)
            except DataError:
                if name == "accounts" and "orders" in made:
                    _refuse_orders(made["orders"])
                raise
            if opened.rows_in or spec.required:
                used = opened.used
                if engine.name == "duckdb":
                    used = name_query(engine, f"opened_{name}", used)
                loaded[name] = replace(opened, used=used, notes=(*one.notes, *opened.notes))
    return loaded


def _refuse_orders(orders: Mapped) -> None:
    """Say why no order can be used, where that is so: accounts made out of the orders would say
    only that they have no row.
    """
    open_table(orders.raw, TABLES["orders"], None, orders.styles, orders.rules)


def _keeper(
    engine: "BaseBackend", name: str, one: Mapped
) -> Callable[[str, ir.Table], ir.Table] | None:
    """A table whose texts must be parsed, or which was made out of another, is kept as typed;
    others stay lazy views.
    """
    return partial(_keep_named, engine, name) if one.raw.settles else None
