"""Seal small versions under the shim, one fault at each call there is: a program of its own, since
the shim must stand before the C library from the start.

``python -m tests.faults.sealing LIBRARY STATE FOLDER STEP`` prints what came of each round as JSON;
``kill`` for STEP: of rounds in which the process is killed at each call.
"""

import errno
import json
import os
import shutil
import sys
from pathlib import Path

from kamresearch.errors import KamError
from kamresearch.publishing.files import write_text
from kamresearch.publishing.making.verify import check_files
from kamresearch.publishing.sealed.log import check_log, note_found, write_log
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.sealing import Workshop, finish_manifest, seal, shelf_lock
from kamresearch.publishing.sealed.store import Version, version_folders
from kamresearch.publishing.shelf.portal import write_shelf
from tests.faults.shim import Shim

ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC}
KILLS = {"kill before it": -1, "kill halfway": -2}
NAMES = ("2012-12-31-abc0000001", "2012-12-31-abc0000002")


def seal_one(reports: Path, name: str) -> None:
    """What making a version does to the disk, in its order."""
    with Workshop(reports) as workshop:
        write_text(workshop.path / "index.html", "<title>One</title>\n" * 400)
        write_text(workshop.path / "notebooks" / "01_one.ipynb", "{}\n")
        write_text(workshop.path / "tables" / "one.csv", "a,b\n1,2\n")
        write_text(workshop.path / "findings.json", "[]\n")
        write_text(workshop.path / "followed.json", "{}\n")
        finish_manifest(workshop.path, Manifest(version=name, made="2026-11-20T10:00:00Z"))
        with shelf_lock(reports):
            path, first = seal(workshop, name)
            if first:
                note_found(reports, [one for one in version_folders(reports) if one != path])
                write_log(reports, "sealed", [path])
            write_shelf(reports)


def wrong_with(reports: Path, whole: bool) -> list[str]:
    """What a shelf must never be, in words. ``whole``: after a run that nothing hindered."""
    wrong = []
    for folder in version_folders(reports):
        found = check_files(Version(folder))
        if not found.ok:
            wrong.append("; ".join(found.lines()))
    if not whole:
        return wrong
    left = [path.name for path in reports.rglob("*") if path.name.startswith(".building")]
    left += [path.name for path in reports.rglob("*.part*")]
    index = (reports / "index.html").read_text(encoding="utf-8")
    standing = {path.name for path in version_folders(reports)}
    if left or not all(name in index for name in standing) or standing != set(NAMES):
        wrong.append(f"left over: {left}, standing: {sorted(standing)}")
    gone = check_log(reports / NAMES[1], "")[1]
    return [*wrong, *(text for text in gone if "gone" in text)]


def told_of(reports: Path) -> str:
    """Seal the second version, and say what came of it."""
    try:
        seal_one(reports, NAMES[1])
    except (OSError, KamError) as error:
        return type(error).__name__
    return "sealed"


def told_by_a_child(reports: Path) -> str:
    """The same in a process that may be killed."""
    child = os.fork()
    if child == 0:
        told_of(reports)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else "sealed"


def one_round(shim: Shim, reports: Path, call: str, **orders: int) -> dict:
    """A shelf with one version; the second is sealed while calls fail, and then once more."""
    shim.order()
    shutil.rmtree(reports, ignore_errors=True)
    seal_one(reports, NAMES[0])
    shim.order(call, **orders)
    told = told_by_a_child(reports) if orders.get("error", 0) < 0 else told_of(reports)
    injected, seen = shim.injected, shim.seen
    shim.order()
    wrong = wrong_with(reports, whole=False)
    seal_one(reports, NAMES[1])
    wrong += wrong_with(reports, whole=True)
    return {"told": told, "seen": seen, "injected": injected, "wrong": wrong}


def try_each_call(shim: Shim, reports: Path, step: int) -> list[dict]:
    """Every ``step``-th call there is fails, once alone and once with all that follow it."""
    rounds = []
    for call in ("write", "sync", "rename", "create"):
        calls = one_round(shim, reports, call)["seen"]
        for name, error in ERRORS.items():
            for after in range(0, calls, step):
                for times in (1, 0):
                    done = one_round(shim, reports, call, error=error, after=after, times=times)
                    rounds.append({"call": call, "error": name, "after": after, **done})
    return rounds


def kill_at_each_call(shim: Shim, reports: Path) -> list[dict]:
    """The process dies before every call there is, and in the midst of every write."""
    rounds = []
    for call in ("write", "sync", "rename", "create"):
        calls = one_round(shim, reports, call)["seen"]
        for name, error in KILLS.items():
            for after in range(calls if call == "write" or error == -1 else 0):
                done = one_round(shim, reports, call, error=error, after=after, times=1)
                rounds.append({"call": call, "error": name, "after": after, **done})
    return rounds


def main(library: str, state: str, folder: str, what: str) -> None:
    """``what``: the step between calls, or the name of one version to seal as things are."""
    reports = Path(folder) / "reports"
    place = Path(library), Path(state)
    if what == "kill":
        print(json.dumps(kill_at_each_call(Shim(*place), reports)))
    elif what.isdigit():
        print(json.dumps(try_each_call(Shim(*place), reports, int(what))))
    else:
        seal_one(
            reports, what
        )  # under the orders that its caller gave: a `Shim` would take them back


if __name__ == "__main__":
    main(*sys.argv[1:])
