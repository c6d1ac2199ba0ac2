"""What a file is by its first bytes, whatever its ending says, and how packed ones are unpacked."""

import gzip
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from kamresearch.errors import DataError

MOST_UNPACKED = 20 << 30
MOST_RATIO = 1000
"""An archive that grows beyond these (bytes; times its size) is refused before it fills the
disk.
"""

_STARTS = (
    (b"PAR1", "parquet"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0", "old workbook"),
)
OTHERS = (
    (b"%PDF", "a PDF"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x00\x01\x00\x00Standard ", "a database of Access"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"{\\rtf", "a text of a word processor"),
)
"""First bytes of what holds no table that can be read, and what to call it."""


def what_is(path: Path) -> str:
    """``parquet``, ``sqlite``, ``duckdb``, ``gzip``, ``zip``, ``workbook``, ``old workbook``,
    ``html``, ``web archive``, ``office xml``, one of `OTHERS`, or ``text``.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, kind in (*_STARTS, *OTHERS):
        if start.startswith(mark):
            return kind
    if start[8:12] == b"DUCK":
        return "duckdb"
    if start.startswith(b"PK"):
        return _kind_of_zip(path)
    text = start.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").replace(b"\x00", b"").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<style")):
        return "html"
    if text.startswith(b"mime-version:"):
        return "web archive"
    if text.startswith(b"<?xml"):
        if b"schemas-microsoft-com:office:spreadsheet" in text and b"<html" not in text:
            return "office xml"
        return "html" if b"<html" in text or b"<table>" in text else "office xml"
    return "text"


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "zip"
    inside = any(name.startswith(("xl/", "content.xml")) for name in names)
    return "workbook" if inside else "zip"


@contextmanager
def unpacked(path: Path, kind: str, endings: tuple[str, ...]) -> Iterator[list[Path]]:
    """The files of an archive in a folder of their own for as long as they are read; of a zip
    those with an ending that holds a table.

    Raises
    ------
    DataError
        It is damaged, locked, grows out of all proportion, or holds no table.
    """
    with TemporaryDirectory(prefix="kam-") as folder:
        try:
            files = (
                [_gunzip(path, Path(folder))]
                if kind == "gzip"
                else list(_unzip(path, Path(folder), endings))
            )
        except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            found = "a password" if "password" in str(error) else str(error)[:120]
            raise DataError(
                path.name, "a whole archive without a password", found, "pack it again"
            ) from None
        if not files:
            raise DataError(
                path.name,
                f"a file that ends in one of {', '.join(endings)} in the archive",
                _without_tables(path, kind),
                "pack the exported tables themselves",
            )
        yield files


def _without_tables(path: Path, kind: str) -> str:
    """What an archive without a table holds instead."""
    if kind != "zip":
        return "none"
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    return ", ".join(map(repr, names[:3])) + (" …" if len(names) > 3 else "") or "none"


def _gunzip(path: Path, folder: Path) -> Path:
    name = path.name.removesuffix(".gz").removesuffix(".GZ")
    target = folder / (name if Path(name).suffix else f"{name}.csv")
    with gzip.open(path) as source, target.open("wb") as out:
        _copy(source, out, path)
    return target


def _unzip(path: Path, folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = Path(member.filename.replace("\\", "/"))
            if (
                member.is_dir()
                or name.name.startswith(".")
                or "__MACOSX" in name.parts
                or name.suffix.lower() not in endings
            ):
                continue
            target = folder / name.name  # the name alone: a path in an archive may lead anywhere
            if target.exists():
                raise DataError(
                    path.name, "file names once", repr(name.name), "unpack it into folders"
                )
            with archive.open(member) as source, target.open("wb") as out:
                _copy(source, out, path)
            yield target


def _copy(source: IO[bytes] | gzip.GzipFile, out: IO[bytes], path: Path) -> None:
    most = min(MOST_UNPACKED, max(MOST_RATIO * path.stat().st_size, 1 << 24))
    written = 0
    while block := source.read(1 << 20):
        written += len(block)
        if written > most:
            raise DataError(
                path.name,
                f"an archive of less than {most >> 20:,} MB when unpacked",
                "a larger one",
                "unpack it yourself and look at it first",
            )
        out.write(block)


def copy_below(path: Path, skip: int, head: tuple[str, ...], delimiter: str, target: Path) -> None:
    """A UTF-8 text again with its head in one line, without the lines above it."""
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(head)
    with path.open("rb") as source, target.open("wb") as out:
        for _ in range(skip):
            source.readline()
        out.write(line.getvalue().encode("utf-8"))
        shutil.copyfileobj(source, out)


def copy_bytes(path: Path, start: int, end: int, target: Path) -> None:
    """Bytes of a file from one place to another."""
    with path.open("rb") as source, target.open("wb") as out:
        source.seek(start)
        while start < end and (block := source.read(min(1 << 20, end - start))):
            out.write(block)
            start += len(block)
