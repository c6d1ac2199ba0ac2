"""A version appears whole or not at all: built in a folder aside, sealed by one rename, under
a lock of the shelf.
"""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from kamresearch.errors import StoreError
from kamresearch.publishing.files import (
    file_sha256,
    forget_parts,
    json_sha256,
    sync_folder,
    write_json,
)
from kamresearch.publishing.sealed.manifest import MANIFEST, Manifest

BUILDING = ".building-"


class Workshop:
    """The folder aside in which one version is made; a later run clears it away when its owner
    has died.
    """

    def __init__(self, reports: Path) -> None:
        self.reports = reports
        self.path = Path()
        self._lock: FileLock | None = None

    def __enter__(self) -> "Workshop":
        with shelf_lock(self.reports):
            clear_abandoned(self.reports)
            self.path = self.reports / f"{BUILDING}{os.getpid()}-{secrets.token_hex(4)}"
            self._lock = FileLock(_lock_path(self.path))
            self._lock.acquire(timeout=5)
            for name in ("notebooks", "tables"):
                (self.path / name).mkdir(parents=True)
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            self._lock.release()
            with suppress(OSError):
                _lock_path(self.path).unlink()


def _lock_path(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")


@contextmanager
def shelf_lock(reports: Path) -> Iterator[None]:
    """One at a time: making and clearing folders aside, sealing, writing the index."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
        lock = FileLock(reports / ".shelf.lock")
        with lock.acquire(timeout=120):
            yield
    except Timeout:
        raise StoreError(
            str(reports),
            "the shelf to be free within two minutes",
            "another run that holds it",
            "see what else is publishing there",
        ) from None


def clear_abandoned(reports: Path) -> None:
    """Remove folders aside whose owner has died (its lock is free), and parts of the shelf's own
    files. Call with the shelf locked.
    """
    forget_parts(reports)
    for folder in reports.glob(f"{BUILDING}*"):
        if folder.suffix == ".lock":
            continue
        lock = FileLock(_lock_path(folder))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
    for path in reports.glob(f"{BUILDING}*.lock"):
        if not path.with_suffix("").exists():
            with suppress(OSError):
                path.unlink()


def clear_what_the_dead_left(reports: Path) -> None:
    """The same for a run that makes no version: one killed right after sealing leaves its lock
    behind.
    """
    if any(reports.glob(f"{BUILDING}*")):
        with shelf_lock(reports):
            clear_abandoned(reports)


def finish_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest with the checksum of every other file, and its own in its last field."""
    files = {
        path.relative_to(folder).as_posix(): file_sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    content = {**manifest.plain(), "files": files}
    content.pop("sha256")
    write_json(folder / MANIFEST, {**content, "sha256": json_sha256(content)})


def seal(workshop: Workshop, version: str) -> tuple[Path, bool]:
    """Move a finished folder into its place; its path, and whether it was this one that came first.

    Call with the shelf locked. Files are made read-only: a sealed version never changes.
    """
    target = workshop.reports / version
    if target.exists():
        return target, False
    for path in workshop.path.rglob("*"):
        if path.is_file():
            path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    sync_folder(workshop.path)
    workshop.path.rename(target)
    descriptor = os.open(workshop.reports, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return target, True


def failed_folder(reports: Path) -> Path:
    """Where failed runs leave what they executed. What a link of this name leads to belongs to
    somebody else: it is put off, and nothing behind it is touched.
    """
    folder = reports / "failed"
    if folder.is_symlink():
        folder.unlink()
    return folder


def free_name(reports: Path, version: str) -> str:
    """A version's name, with a number where the same inputs were published before and are
    published again by force.
    """
    number, name = 1, version
    while (reports / name).exists():
        number += 1
        name = f"{version}-{number}"
    return name
