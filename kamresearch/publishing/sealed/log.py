"""The shelf's log: what was sealed and what was cleared, each line holding the hash of the one
before, so that a version taken away or exchanged is noticed.
"""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from kamresearch.publishing.files import file_sha256, json_sha256
from kamresearch.publishing.sealed.manifest import MANIFEST

LOG = "log.jsonl"
START = "0" * 64
"""What the first line holds in place of the hash of a line before it."""


Event = Literal["sealed", "found", "cleared"]


class Entry(BaseModel):
    """One line. ``found``: a version that stood on the shelf and in no line, from before the log
    was kept or from elsewhere.
    """

    model_config = ConfigDict(frozen=True)

    event: Event
    version: str
    manifest: str
    """Checksum of its manifest."""
    at: str
    before: str
    sha256: str = ""

    @property
    def hash(self) -> str:
        """What its own last field must be."""
        return json_sha256(self.model_dump(exclude={"sha256"}))


def read_log(reports: Path) -> tuple[list[Entry], list[str]]:
    """The lines that are in order, and in words what is wrong with the others.

    What a kill cut short at the end is no line: whoever publishes next takes it off.
    """
    path, entries, wrong, before = reports / LOG, [], [], START
    content = path.read_bytes() if path.is_file() else b""
    for number, line in enumerate(content[: len(content) - _torn(content)].splitlines(), 1):
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError:
            wrong.append(f"{LOG}, line {number}: cannot be read")
            continue
        if entry.hash != entry.sha256 or entry.before != before:
            wrong.append(f"{LOG}, line {number}: does not follow from the line before it")
        before = entry.sha256
        entries.append(entry)
    return entries, wrong


def _torn(content: bytes) -> int:
    """Bytes at the end of a log that are the beginning of a line."""
    end = content[content.rfind(b"\n") + 1 :]
    try:
        json.loads(end)
    except ValueError:
        return len(end)
    return 0


def log_head(reports: Path) -> str:
    """The hash of the log's last line."""
    entries, _wrong = read_log(reports)
    return entries[-1].sha256 if entries else START


def write_log(reports: Path, event: Event, folders: Iterable[Path]) -> None:
    """Add a line for each version. Call with the shelf locked."""
    entries, _wrong = read_log(reports)
    before = entries[-1].sha256 if entries else START
    path, lines = reports / LOG, []
    for folder in folders:
        manifest = folder / MANIFEST
        entry = Entry(
            event=event,
            version=folder.name,
            manifest=file_sha256(manifest) if manifest.is_file() else "",
            at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            before=before,
        )
        entry = entry.model_copy(update={"sha256": entry.hash})
        before = entry.sha256
        lines.append(json.dumps(entry.model_dump()) + "\n")
    if not lines:
        return
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        whole = len(content) - _torn(content)
        file.truncate(whole)
        ended = whole == 0 or content[whole - 1 : whole] == b"\n"
        file.write(("" if ended else "\n").encode() + "".join(lines).encode())
        file.flush()
        os.fsync(file.fileno())


def note_found(reports: Path, folders: Iterable[Path]) -> None:
    """Add versions that stand in no line: a kill right after sealing leaves one. Call with the
    shelf locked.
    """
    known = {entry.version for entry in read_log(reports)[0] if entry.event != "cleared"}
    write_log(reports, "found", [one for one in folders if one.name not in known])


def check_log(folder: Path, head: str) -> tuple[list[str], list[str]]:
    """What the log says against a version, and what it says of the rest of its shelf.

    Parameters
    ----------
    folder : Path
        The version on its shelf.
    head : str
        The log's hash that its manifest holds; empty for one sealed before there was a log.
    """
    reports = folder.parent
    entries, wrong = read_log(reports)
    if not entries and not head:
        return [], []
    against = list(wrong)
    mine = [entry for entry in entries if entry.version == folder.name]
    if mine and mine[-1].manifest != file_sha256(folder / MANIFEST):
        against.append(f"{MANIFEST} is not the one that {LOG} knows")
    if head and head not in {START, *(entry.sha256 for entry in entries)}:
        against.append(f"{LOG} is not the one under which the version was sealed")
    standing = {}
    for entry in entries:
        standing[entry.version] = entry.event != "cleared"
    gone = [name for name, there in standing.items() if there and not (reports / name).exists()]
    rest = [f"{name} stands in {LOG} and is gone from the shelf" for name in sorted(gone)]
    if mine and mine[-1].event == "found":
        rest.append(f"{folder.name} was found on the shelf, not seen to be sealed there")
    return against, rest
