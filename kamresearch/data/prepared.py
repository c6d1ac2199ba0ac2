"""Opened data kept in one file: checked and typed once, then opened by every kernel in a moment."""

import json
import os
from pathlib import Path

from kamresearch.data.contract import TABLES
from kamresearch.data.embedded import connect_embedded
from kamresearch.data.tables import Loaded, Tables
from kamresearch.errors import DataError

CATALOGUE = "prepared"


def can_prepare(tables: Tables) -> bool:
    """Whether data can be kept so: those of the embedded engine can; a server's stay on the
    server.
    """
    return getattr(tables.engine, "name", "") == "duckdb" and not tables.slice


def write_prepared(tables: Tables, path: Path) -> Path:
    """Keep opened tables in a file: rows used, rows set aside, and what is known of each.

    Parameters
    ----------
    tables : Tables
        As `open_data` gave them, not sliced.
    path : Path
        The file to be; it appears whole or not at all.
    """
    import ibis

    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    engine = tables.engine
    engine.raw_sql(f"ATTACH '{_quoted(aside)}' AS {CATALOGUE}")
    try:
        facts = {
            "source": tables.source,
            "currency": tables.currency,
            "sure": list(tables.sure),
            "tables": {},
        }
        for name, one in tables.loaded.items():
            for kind, rows in (("used", one.used), ("aside", one.aside)):
                if rows is not None:
                    engine.raw_sql(
                        f'CREATE TABLE {CATALOGUE}."{kind}_{name}" AS '
                        f"{ibis.to_sql(rows, dialect='duckdb')}"
                    ).fetchall()
            facts["tables"][name] = {
                "rows_in": one.rows_in,
                "rows_used": one.rows_used,
                "aside": one.aside is not None,
                "simulated": one.simulated,
                "file": one.file,
                "notes": one.notes,
            }
        text = json.dumps(facts, ensure_ascii=False).replace("'", "''")
        engine.raw_sql(f"CREATE TABLE {CATALOGUE}.facts AS SELECT '{text}' AS facts").fetchall()
    finally:
        engine.raw_sql(f"DETACH {CATALOGUE}")
    aside.chmod(0o600)
    aside.replace(path)
    return path


def open_prepared(path: Path) -> Tables:
    """The tables that `write_prepared` kept."""
    path = Path(path)
    if not path.is_file():
        raise DataError(
            str(path),
            "prepared data",
            "nothing there",
            "publish again; the data will be opened anew",
        )
    engine = connect_embedded()
    engine.raw_sql(f"ATTACH '{_quoted(path)}' AS {CATALOGUE} (READ_ONLY)")
    facts = json.loads(engine.raw_sql(f"SELECT facts FROM {CATALOGUE}.facts").fetchall()[0][0])
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
    return Tables(
        loaded, facts["source"], facts["currency"], engine=engine, sure=tuple(facts["sure"])
    )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
