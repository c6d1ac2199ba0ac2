"""Publishing while somebody works: once now, and again on every change, with parents that stay
warm.
"""

import time
from collections.abc import Callable
from pathlib import Path

from kamresearch.errors import KamError
from kamresearch.places import project_root
from kamresearch.publishing.asking.request import Request
from kamresearch.publishing.making.hands import Hands
from kamresearch.publishing.making.run import run
from kamresearch.publishing.planning.sources import PACKAGE
from kamresearch.publishing.progress import Progress
from kamresearch.publishing.sealed.store import Version

ROOMS = ("notebooks", "studies", "params", "languages", "data")
"""Folders of a project on whose files its reports rest."""
CODE = (".py", ".yml", ".po", ".j2", ".css", ".js")

State = dict[Path, tuple[int, int]]
"""File → when it was changed, and its size."""


def look(data: str | None) -> State:
    """Everything that a publication rests on, as it stands: the project's rooms, the package, and
    data that lie elsewhere.
    """
    folders = [project_root() / room for room in ROOMS] + [PACKAGE]
    if data and "://" not in data:
        folders.append(Path(data).expanduser())
    found: State = {}
    for folder in folders:
        for path in [folder] if folder.is_file() else folder.rglob("*"):
            shown = path.relative_to(folder).parts
            if any(part.startswith((".", "__pycache__")) for part in shown) or not path.is_file():
                continue
            facts = path.stat()
            found[path] = (facts.st_mtime_ns, facts.st_size)
    return found


def changed(before: State, now: State) -> list[Path]:
    """Files that came, went or were written."""
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))


def is_code(path: Path) -> bool:
    """Whether a file is read once by a process: what changed there needs another process."""
    return path.suffix in CODE and (path.is_relative_to(PACKAGE) or path.suffix == ".py")


def watch(
    ask: Callable[[], Request],
    data: str | None,
    progress: Progress,
    tell: Callable[[Version | KamError], None],
    pause: float = 1.0,
) -> Path:
    """Publish now and after every change, until code changes; the file of code that did.

    Parameters
    ----------
    ask : callable
        Makes the request, anew each time: parameters are files too.
    data : str, optional
        Data outside the project.
    progress : Progress
        What the work reports to.
    tell : callable
        Gets each version, or the words in which a publication failed; the next change tries again.
    pause : float
        Seconds between two looks.
    """
    with Hands() as hands:
        while True:
            state = look(data)
            try:
                tell(run(ask(), progress, hands))
            except KamError as error:
                tell(error)
            while not (moved := changed(state, look(data))):
                time.sleep(pause)
            code = [path for path in moved if is_code(path)]
            if code:
                return code[0]
            progress.note(f"{moved[0].name} changed")
