"""Opened data kept in one file: checked and typed once, then opened by every kernel in a moment."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from kamresearch.data.contract import TABLES
from kamresearch.data.embedded import connect_embedded
from kamresearch.data.pseudonyms import Pseudonyms
from kamresearch.data.tables import Loaded, Question, Tables, write_question
from kamresearch.errors import DataError

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

CATALOGUE = "prepared"
ROWS_AT_ONCE = 100_000
"""Rows of a server that are under way at once."""
MEMORY = 1_000
"""Megabytes of a kernel's engine, whose answers pandas holds beside it: less than three thousand
took no question of ten million orders longer, and the kernel's peak was lower by .7 GB.
"""


def write_prepared(
    tables: Tables,
    path: Path,
    pseudonyms: Pseudonyms | None = None,
    questions: Iterable[Question] = (),
) -> Path:
    """Keep opened tables in a file: rows used, rows set aside, and what is known of each. Those
    of a server are copied.

    Parameters
    ----------
    tables : Tables
        As `open_data` gave them, not sliced.
    path : Path
        The file to be; it appears whole or not at all.
    pseudonyms : Pseudonyms, optional
        What stands in the place of names, numbers and words from here on: a kernel opens this file
        and nothing else.
    questions : iterable of Question
        Those that every kernel will ask: they are written out here, once for all.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    engine = tables.engine
    embedded = engine is not None and engine.name == "duckdb"
    if engine is None or not embedded:
        engine = connect_embedded(memory=MEMORY)
    engine.raw_sql(f"ATTACH '{_quoted(aside)}' AS {CATALOGUE}")
    if pseudonyms:
        pseudonyms.tell(engine)
    try:
        facts = {
            "source": tables.source,
            "currency": tables.currency,
            "measure": dict(tables.measure),
            "sure": list(tables.sure),
            "tables": {},
            "questions": {},
        }
        # Decisions about pairs come last: under pseudonyms they look for their ends in the others.
        for name, one in sorted(tables.loaded.items(), key=lambda item: item[0] == "pairs"):
            for kind, rows in (("used", one.used), ("aside", one.aside)):
                if rows is not None:
                    chosen = _columns(pseudonyms, name, rows, facts["tables"])
                    written = _write_rows(
                        engine, rows, f'{CATALOGUE}."{kind}_{name}"', embedded, chosen
                    )
                    if kind == "used" and written != one.rows_used:
                        raise _changed(one, written)
            facts["tables"][name] = {
                "rows_in": one.rows_in,
                "rows_used": one.rows_used,
                "aside": one.aside is not None,
                "simulated": one.simulated,
                "file": one.file,
                "notes": [] if pseudonyms else one.notes,  # they quote cells
            }
        kept = _kept(engine, facts)
        for question in questions:
            write_question(kept, question)
        facts["questions"] = kept.questions
        text = json.dumps(facts, ensure_ascii=False).replace("'", "''")
        engine.raw_sql(f"CREATE TABLE {CATALOGUE}.facts AS SELECT '{text}' AS facts").fetchall()
    finally:
        engine.raw_sql(f"DETACH {CATALOGUE}")
    aside.chmod(0o400)
    aside.replace(path)
    return path


def _columns(
    pseudonyms: Pseudonyms | None, table: str, rows: ir.Table, ready: Mapping[str, object]
) -> str:
    """What is kept of a table's columns; decisions about pairs look into tables that are ready."""
    if pseudonyms is None:
        return "*"
    return pseudonyms.columns(
        table, rows.columns, {name: f'{CATALOGUE}."used_{name}"' for name in ready}
    )


def _write_rows(
    engine: "BaseBackend", rows: ir.Table, name: str, embedded: bool, chosen: str
) -> int:
    """Keep rows in a table; how many."""
    if embedded:
        query = engine.compile(rows)
        query = query if chosen == "*" else f"SELECT {chosen} FROM ({query})"
        return engine.raw_sql(f"CREATE TABLE {name} AS {query}").fetchall()[0][0]
    batches = _plain_columns(rows).to_pyarrow_batches(chunk_size=ROWS_AT_ONCE)
    engine.con.register("incoming", batches)
    query = f"CREATE TABLE {name} AS SELECT {chosen} FROM incoming"
    written = engine.raw_sql(query).fetchall()[0][0]
    engine.con.unregister("incoming")
    return written


def _changed(one: Loaded, written: int) -> DataError:
    """Not every server answers all queries as of one moment."""
    return DataError(
        one.file,
        f"{one.rows_used:,} rows, as when it was opened",
        f"{written:,}",
        "the source changed while it was read; publish again when nobody writes to it",
    )


def _plain_columns(rows: ir.Table) -> ir.Table:
    """Columns of a kind that only their server knows (uuid, json, arrays) as texts."""
    plain = [
        rows[name].cast("string").name(name)
        for name, kind in rows.schema().items()
        if not (kind.is_primitive() or kind.is_string() or kind.is_temporal() or kind.is_decimal())
    ]
    return rows.mutate(plain) if plain else rows


def open_prepared(path: Path) -> Tables:
    """The tables that `write_prepared` kept, on an engine that can open nothing else: neither a
    file nor an address, and no setting can be changed.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(
            str(path),
            "prepared data",
            "nothing there",
            "publish again; the data will be opened anew",
        )
    engine = connect_embedded(memory=MEMORY)
    engine.raw_sql(f"ATTACH '{_quoted(path)}' AS {CATALOGUE} (READ_ONLY)")
    engine.raw_sql("SET enable_external_access = false")
    engine.raw_sql("SET lock_configuration = true")
    facts = json.loads(engine.raw_sql(f"SELECT facts FROM {CATALOGUE}.facts").fetchall()[0][0])
    return _kept(engine, facts)


def _kept(engine: "BaseBackend", facts: Mapping[str, Any]) -> Tables:
    """The tables of the attached file."""
    database = f"{CATALOGUE}.main"
    loaded = {
        name: Loaded(
            used=engine.table(f"used_{name}", database=database),
            rows_in=one["rows_in"],
            rows_used=one["rows_used"],
            aside=engine.table(f"aside_{name}", database=database) if one["aside"] else None,
            simulated=one["simulated"],
            file=one["file"],
            notes=tuple(tuple(note) for note in one["notes"]),
        )
        for name, one in (
            (name, facts["tables"][name]) for name in TABLES if name in facts["tables"]
        )
    }
    tables = Tables(
        loaded,
        facts["source"],
        facts["currency"],
        engine=engine,
        sure=tuple(facts["sure"]),
        measure=facts["measure"],
    )
    tables.questions.update(facts["questions"])
    return tables


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
