"""The data behind a version: opened and checked once, in a process of its own, and remembered
while no file changes.
"""

import glob
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.data.answers import shown_address
from kamresearch.data.budgets import set_budgets, spending
from kamresearch.data.pseudonyms import KEY, Pseudonyms
from kamresearch.errors import DataError, KamError
from kamresearch.language import render_all
from kamresearch.publishing.files import (
    file_sha256,
    forget_parts,
    json_sha256,
    write_json,
    write_text,
)
from kamresearch.publishing.jobs import read_job, to_plain

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

PREPARED_KEPT = 3
"""Prepared data that stay in the cache."""

SETTLED_SECONDS = 0.05
"""A file changed less than this ago is let rest before it is read: a later change must leave
another time stamp.
"""


@dataclass(frozen=True)
class DataAsked:
    """What is asked of the data: where they lie, which slice, as of when.

    Parameters
    ----------
    source, mapping, where : str
        Their place, a mapping or empty, a slice or empty.
    as_of : str
        Empty for the last order day.
    each : str
        A column of accounts whose values are wanted, or empty.
    pseudonyms : str
        Mark of the key, or empty.
    least : int
        Accounts below which no slice is told.
    """

    source: str
    mapping: str
    where: str
    as_of: str
    each: str
    pseudonyms: str = ""
    least: int = 0

    @property
    def made_from(self) -> list[str]:
        """What prepared data hang on beside their files."""
        return [self.source, self.mapping, self.pseudonyms]


@dataclass(frozen=True)
class DataJob:
    """Data to open and to check.

    Parameters
    ----------
    asked : DataAsked
        Which, and what of them.
    prepared : Path, optional
        Where the opened data are or shall be kept.
    out : Path
        Where the facts are left, as JSON.
    seconds, memory : float, int
        What it may take; 0 for no end.
    """

    asked: DataAsked
    prepared: Path | None
    out: Path
    seconds: float = 0
    memory: int = 0


def ask_data(plain: Mapping) -> int:
    """What a worker does (a `DataJob`): open the data, check them, and write down what a plan must
    know.
    """
    job = read_job(DataJob, plain)
    os.umask(0o077)  # parts of opened data are their owner's alone while they are written too
    set_budgets(job.seconds, job.memory)
    try:
        with spending(shown_address(job.asked.source)):
            facts = {"ok": True, **_facts(job.asked, job.prepared)}
    except KamError as error:
        facts = {"ok": False, "parts": [error.where, error.expected, error.found, error.remedy]}
    write_json(job.out, facts)
    return 0


def _facts(asked: DataAsked, prepared: Path | None) -> dict:
    from kamresearch.data.slicing import refuse_small, slice_sizes, slice_values

    tables = whole = _open(asked, prepared)
    if asked.where:
        tables = whole.where(asked.where)
        if asked.least:
            refuse_small(whole, tables, asked.least)
    as_of = _day_of_report(tables, asked.as_of)
    errors, warnings = check_opened(tables, as_of)
    return {
        "source": str(tables.source),
        "as_of": as_of,
        "currency": str(tables.currency or ""),
        "measure": dict(tables.measure),
        "mapping_text": mapping_digest(asked.source, asked.mapping),
        "tables": _plain_facts(tables.fingerprints()),
        "errors": errors,
        "warnings": warnings,
        "slices": slice_values(tables, asked.each) if asked.each else [],
        "sizes": slice_sizes(tables, asked.each) if asked.each else {},
        **({"pseudonyms": asked.pseudonyms} if asked.pseudonyms else {}),
    }


def _day_of_report(tables: "Tables", asked: str) -> str:
    """The as-of day: as asked for, else the last order day of the data."""
    from kamresearch.data.period import find_period

    period = find_period(tables)
    if period is None:
        raise DataError(
            str(tables.source), "orders with a day", "none", "map order_date to a column of dates"
        )
    return period.resolve(asked, str(tables.source))


def _open(asked: DataAsked, prepared: Path | None) -> "Tables":
    """The data: as prepared before, else from their source, and then prepared for the kernels
    to come.
    """
    from kamresearch.data.prepared import open_prepared, write_prepared
    from kamresearch.data.servers import is_server
    from kamresearch.data.sources import open_data
    from kamresearch.features.snapshot import ask_snapshot

    if prepared and is_sound(prepared):
        return open_prepared(prepared)
    served = is_server(asked.source)
    tables = open_data(asked.source, asked.mapping or None, snapshot=served)
    if not prepared:
        return tables
    # Their key came to this process alone.
    pseudonyms = Pseudonyms(os.environ[KEY]) if asked.pseudonyms else None
    if pseudonyms and check_opened(tables)[0]:
        return tables  # its errors are told, in the words of the data, and nothing is kept
    if not served:
        _forget_old(prepared.parent)
    # A file can be opened again as it is; a server may hold other rows by then, and names must not
    # be read where pseudonyms are asked for, so that without the copy there is no version.
    needed = served or pseudonyms is not None
    rows, room = sum(one.rows_used for one in tables.loaded.values()), _room(prepared.parent)
    try:
        write_prepared(tables, prepared, pseudonyms, [ask_snapshot])
        write_text(_sum_beside(prepared), file_sha256(prepared) + "\n")
    except (OSError, duckdb_error()) as error:
        if needed:
            raise _no_room(asked.source, prepared.parent, rows, room, error) from error
    return open_prepared(prepared) if needed else tables


def _room(folder: Path) -> int:
    """Bytes that are free on the disk of a folder, there or to be made."""
    there = next(one for one in (folder, *folder.parents) if one.is_dir())
    return shutil.disk_usage(there).free


def _no_room(source: str, folder: Path, rows: int, room: int, error: Exception) -> DataError:
    return DataError(
        shown_address(source),
        f"room in {folder} for a copy of {rows:,} rows, which kernels read in its place",
        f"{room / 2**30:,.1f} GiB free: {str(error).splitlines()[0][:200]}",
        "make room there, set TMPDIR to a larger disk, or narrow the tables on the server, by "
        "views of the years and columns needed",
    )


def is_sound(prepared: Path) -> bool:
    """Whether prepared data are there and as they were written: what kernels read must be what
    the fingerprint says, whoever or whatever had its hand in the cache.
    """
    try:
        return file_sha256(prepared) == _sum_beside(prepared).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return False


def _sum_beside(prepared: Path) -> Path:
    return prepared.with_suffix(".sha256")


def mapping_digest(source: str, mapping: str) -> str:
    """The checksum of the mapping's text as read: currency, time zone and labels stand in it, and
    none of them moves a row. Empty where the data have no mapping.
    """
    folder = Path(source.removeprefix("spark:"))
    path = Path(mapping) if mapping else folder / "mapping.yml"
    if not mapping and "://" in source:
        return ""
    return file_sha256(path) if path.is_file() else ""


def duckdb_error() -> type[Exception]:
    """The engine's base error: a disk too full to prepare data is no reason to stop."""
    import duckdb

    return duckdb.Error


def _forget_old(folder: Path) -> None:
    """Keep room: only the newest prepared data stay."""
    folder.mkdir(parents=True, exist_ok=True)
    forget_parts(folder)
    kept = sorted(folder.glob("*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[PREPARED_KEPT - 1 :]:
        path.unlink(missing_ok=True)
        _sum_beside(path).unlink(missing_ok=True)


def _plain_facts(facts: Mapping) -> dict:
    return {
        name: {
            "rows": int(one["rows"]),
            "fingerprint": str(one["fingerprint"]),
            "simulated": bool(one["simulated"]),
        }
        for name, one in facts.items()
    }


def check_opened(tables: "Tables", as_of: str | None = None) -> tuple[list[dict], list[dict]]:
    """Errors and warnings of the data audit, in every language."""
    try:
        from kamresearch.data.checks import check_tables
    except ImportError:
        return [], []
    result = check_tables(tables, as_of=as_of)
    return _texts(result.errors), _texts(result.warnings_texts())


def _texts(problems: Iterable) -> list[dict]:
    return [render_all(getattr(one, "text", one)) for one in problems]


def watched_files(source: str, mapping: str) -> list[list] | None:
    """Name, size, times and inode of every file behind the data; None where the data are not
    files.
    """
    if "://" in source:
        return None
    path = Path(source)
    if not path.exists():
        return None
    # A table may be a folder of parts; beside a file lie its sidecar and what a database has
    # written and not yet put in its place.
    inside = (
        [path, *path.parent.glob(f"{glob.escape(path.stem)}.*")]
        if path.is_file()
        else [*path.glob("*"), *path.glob("*/*")]
    )
    files = sorted({one for one in inside if one.is_file()})
    if mapping:
        files.append(Path(mapping))
    return [_state(one) for one in files if one.exists()]


def _state(path: Path) -> list:
    facts = path.stat()
    return [str(path), facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]


class DataMemory:
    """Facts of data remembered in the cache, under the state of their files and of the code
    that reads them.
    """

    def __init__(self, folder: Path, code: str) -> None:
        self.folder, self.code = folder, code

    def prepared(self, asked: DataAsked) -> Path | None:
        """Where the opened data are kept for kernels, whatever slice or day is asked for; None
        where they cannot be.
        """
        files = watched_files(asked.source, asked.mapping)
        if files is None:
            return None
        return self.folder / f"{json_sha256([files, *asked.made_from, self.code])[:32]}.duckdb"

    def path(self, asked: DataAsked) -> Path | None:
        """Where the facts asked for are kept; None where they cannot be."""
        files = watched_files(asked.source, asked.mapping)
        if files is None:
            return None
        newest = (
            max((state[2] for state in files), default=0) / 1e9,
            max((state[3] for state in files), default=0) / 1e9,
        )
        if abs(time.time() - max(newest)) < SETTLED_SECONDS:
            time.sleep(SETTLED_SECONDS)
        return self.folder / f"{json_sha256([files, to_plain(asked), self.code])[:32]}.json"

    def recall_for(self, asked: DataAsked) -> dict | None:
        """The facts asked for, None where none are kept."""
        return self.recall(self.path(asked))

    @staticmethod
    def recall(path: Path | None) -> dict | None:
        """The facts kept at a path, None where there are none."""
        if path is None or not path.exists():
            return None
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        with suppress(OSError):  # a cache that cannot be written can still be read
            os.utime(path)
        return facts

    @staticmethod
    def keep(path: Path | None, facts: dict) -> None:
        """Keep facts for the next time."""
        if path is not None and facts["ok"]:
            with suppress(OSError):  # a cache that cannot be written is no reason to fail
                path.parent.mkdir(parents=True, exist_ok=True)
                write_json(path, facts)
