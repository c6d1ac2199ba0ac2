"""What an export holds: every table that can be read, its first rows, and what could not be."""

import re
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd

from kamresearch.data.casting import clean_text, is_text, says_nothing
from kamresearch.data.days import months
from kamresearch.data.embedded import connect_embedded, keep_table
from kamresearch.data.files import ENDINGS, Raw, Stated, read_file, read_parts, table_name
from kamresearch.data.mapfile import Mapping
from kamresearch.data.quarantine import ROW
from kamresearch.data.servers import connect_server, is_server
from kamresearch.data.start.profiles import Profile, profile
from kamresearch.data.tidying import tidy
from kamresearch.errors import DataError

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

LOOKED_AT = 5_000
"""Rows of each table that are looked at."""
MOST_VALUES = 200
"""Different cells of a coded column that are looked at."""


@dataclass(frozen=True)
class Looked:
    """An export as found: its tables as profiles and as read, and files that could not be."""

    source: str
    tables: tuple[Profile, ...]
    raw: Map[str, Raw] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def look(source: str) -> Looked:
    """Every table of a file, folder, workbook, archive, database or server.

    Raises
    ------
    DataError
        Nothing is there, or nothing of it can be read; of a folder, what can be is taken.
    """
    if is_server(source):
        rules = Mapping(tables={"orders": {"from": "*"}})
        _engine, raw = connect_server(source, rules, most=LOOKED_AT)
        unread: list[str] = []
    else:
        raw, unread = _read(Path(source))
    tables = [profile(name, first_rows(one)) for name, one in sorted(raw.items())]
    tables = [one for one in tables if one.n and one.columns]
    if not tables:
        raise DataError(
            source,
            "at least one table with a row under its head",
            _nothing(raw, unread),
            "export it again, or name the file that holds the orders",
        )
    return Looked(source, tuple(_stacked(tables)), raw, tuple(unread))


def _nothing(raw: Map[str, Raw], unread: list[str]) -> str:
    """Why an export shows no table: what could not be read, heads without rows, or no file."""
    if unread:
        return f"files that cannot be read: {'; '.join(unread)[:300]}"
    if raw:
        return f"heads without a row in {', '.join(sorted(raw)[:5])}"
    return f"no file that ends in one of {', '.join(ENDINGS)}"


def every_value_of(looked: Looked, sources: Sequence[str], column: str) -> list[str]:
    """Different cells of a coded column in all rows of its tables; of a server's table in those
    that were asked for.
    """
    found: list[str] = []
    for one in (looked.raw[name].table for name in sources):
        if column in one.columns and is_text(one[column]):
            cell = clean_text(one[column])
            rows = (
                one.filter(~says_nothing(one[column]))
                .select(cell=cell)
                .distinct()
                .order_by("cell")
                .limit(MOST_VALUES)
            )
            found += rows.to_pandas()["cell"].dropna().tolist()
    return found


def first_rows(raw: Raw) -> pd.DataFrame:
    """The first rows of a raw table, in the order of its file."""
    table = raw.table
    if ROW in table.columns:
        return table.filter(table[ROW] <= LOOKED_AT).order_by(ROW).drop(ROW).to_pandas()
    return table.limit(LOOKED_AT).to_pandas()


def _read(path: Path) -> tuple[dict[str, Raw], list[str]]:
    engine, unread = connect_embedded(), []
    if not path.exists():
        raise DataError(str(path), "a folder or a file", "nothing there", "check the path")
    files = [path] if path.is_file() else _files(path)
    raw: dict[str, Raw] = {}
    for file in files:
        try:
            found = (
                {file.name: read_parts(engine, file)}
                if file.is_dir()
                else read_file(engine, file, table_name(file), Stated())
            )
        except DataError as error:
            if path.is_file():
                raise
            unread.append(str(error))
            continue
        raw |= {name: _tidied(engine, name, one) for name, one in found.items()}
    return raw, unread


def _files(folder: Path) -> list[Path]:
    """Files of a folder that may hold tables, and sub-folders of Parquet parts."""
    return [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith((".", "_", "~$"))
        and not path.name.endswith(".card.html")
        and (any(path.glob("*.parquet")) if path.is_dir() else path.suffix.lower() in ENDINGS)
    ]


def _tidied(engine: "BaseBackend", name: str, raw: Raw) -> Raw:
    def keep(kind: str, table: ir.Table) -> ir.Table:
        return keep_table(engine, f"{kind}_{name}", table)

    return tidy(raw, partial(keep)) if raw.settles else raw


def _without_time(name: str) -> str:
    """A table's name with stars for figures and months: ``Sales Jan 2024`` → ``Sales * *``."""

    def star(match: re.Match) -> str:
        return "*" if match[0].lower() in months() else match[0]

    return re.sub(r"\d+", "*", re.sub(r"[^\W\d_]+", star, name))


def _stacked(tables: list[Profile]) -> list[Profile]:
    """Tables whose names differ by figures or months alone and whose columns are the same, as
    one.
    """
    groups: dict[tuple, list[Profile]] = {}
    for one in tables:
        names = tuple(sorted(column.name for column in one.columns))
        groups.setdefault((_without_time(one.name), names), []).append(one)
    found = []
    for (pattern, _names), parts in groups.items():
        if len(parts) == 1:
            found += parts
            continue
        first, sources = parts[0], tuple(one.name for one in parts)
        rows = [
            pd.DataFrame({column.name: column.cells for column in part.columns}) for part in parts
        ]
        sample = pd.concat(rows, ignore_index=True).head(LOOKED_AT)
        name = re.sub(r"(\*[-_. ]?)+", "*", pattern) if "*" in pattern else first.name
        found.append(profile(name, sample, sources))
    return found
