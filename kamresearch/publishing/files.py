"""Files written whole or not at all, and their checksums."""

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

PARTS_KEPT_SECONDS = 24 * 3600
"""Nobody writes at one file for longer: a part that is older was left by a kill."""


def write_text(path: Path, text: str) -> None:
    """Write a text file aside and put it in place at once."""
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def forget_parts(folder: Path) -> None:
    """Remove what a kill left of files that were being written into a folder."""
    for part in folder.glob(".*.part*"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > PARTS_KEPT_SECONDS:
                part.unlink()


def to_json(content: object) -> str:
    """JSON as every file of a version holds it: readable, in its own characters, one form for
    equal contents.
    """
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_json(path: Path, content: object) -> None:
    """Write plain values as a JSON file, whole or not at all."""
    write_text(path, to_json(content))


def file_sha256(path: Path) -> str:
    """The checksum of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_sha256(*texts: str) -> str:
    """The checksum of texts, each told from the next."""
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def json_sha256(content: object) -> str:
    """The checksum of plain values, whatever the order of their keys."""
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False).encode()
    ).hexdigest()


def sync_folder(folder: Path) -> None:
    """Ask the system to put every file of a folder, and the folder itself, on the disk."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
