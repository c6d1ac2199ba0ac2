"""Clearing the shelf: whole versions go, the newest stay."""

import secrets
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from kamresearch.publishing.asking.parameters import as_date
from kamresearch.publishing.failures import unwritable
from kamresearch.publishing.sealed.log import write_log
from kamresearch.publishing.sealed.sealing import clear_abandoned, shelf_lock
from kamresearch.publishing.sealed.store import is_version, list_versions


def prune_shelf(
    reports: Path,
    *,
    keep: int,
    before: str | None = None,
    cache: bool = False,
    really: bool = False,
) -> list[str]:
    """Names of what goes, newest first; nothing goes unless ``really``.

    Parameters
    ----------
    reports : Path
        The shelf.
    keep : int
        So many newest versions stay.
    before : str, optional
        Only versions made before this day go.
    cache : bool
        Kept notebooks and facts about data go too.
    really : bool
        Remove, rather than only name.
    """
    if before is not None:
        as_date(before, "--before")
    gone = [
        version.path
        for version in list_versions(reports)[keep:]
        if before is None or version.made[:10] < before
    ]
    if _is_own(reports / "failed", reports):
        gone += sorted((reports / "failed").iterdir())
    if cache:
        kept = [reports / ".cache" / part for part in ("studies", "pages", "data")]
        gone += [folder for folder in kept if _is_own(folder, reports)]
    if really and reports.is_dir():
        try:
            _clear(reports, gone)
        except OSError as error:
            raise unwritable(reports, error) from error
    return [path.relative_to(reports).as_posix() for path in gone]


def _clear(reports: Path, gone: Iterable[Path]) -> None:
    with shelf_lock(reports):
        clear_abandoned(reports)
        write_log(reports, "cleared", [path for path in gone if is_version(path)])
        for path in gone:
            _remove(path)
        _write_index(reports)


def _is_own(folder: Path, reports: Path) -> bool:
    """Whether a folder lies on the shelf itself: what a link leads to belongs to somebody else."""
    return folder.is_dir() and folder.resolve() == reports.resolve() / folder.relative_to(reports)


def _remove(path: Path) -> None:
    """Out of sight by one rename, then away: a kill leaves no half version."""
    if path.is_symlink() or path.is_file():
        path.unlink()
        return
    aside = path.with_name(f".building-pruned-{secrets.token_hex(4)}")
    path.rename(aside)
    for one in aside.rglob("*"):
        if not one.is_symlink():
            one.chmod(stat.S_IRWXU)
    shutil.rmtree(aside)


def _write_index(reports: Path) -> None:
    from kamresearch.publishing.shelf.portal import write_shelf

    write_shelf(reports)
