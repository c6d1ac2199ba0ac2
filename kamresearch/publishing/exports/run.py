"""Taking a version along: which form, which studies, where to."""

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from kamresearch.errors import ParameterError, near_matches
from kamresearch.publishing.exports import FORMS
from kamresearch.publishing.exports.contents import Chapter, read_chapters
from kamresearch.publishing.sealed.store import Version


def check_form(to: str) -> None:
    """Refuse a form that nothing here can write."""
    if to not in FORMS:
        raise ParameterError(
            "export", f"one of {', '.join(FORMS)}", repr(to), near_matches(to, FORMS)
        )


def _writer(to: str) -> Callable[..., Any]:
    """What writes a form, imported only where it is asked for."""
    module, _colon, name = FORMS[to].partition(":")
    return getattr(import_module(f"kamresearch.publishing.exports.{module}"), name)


def export_version(
    version: Version,
    to: str,
    studies: Iterable[str] = (),
    *,
    folder: Path | None = None,
    language: str | None = None,
) -> list[Path]:
    """Write a sealed version in another form.

    Parameters
    ----------
    version : Version
        The version; nothing in it changes.
    to : str
        One of `FORMS`.
    studies : names
        Which studies; all where none is named.
    folder : Path, optional
        Where the files go; the working folder where not given.
    language : str, optional
        One of the version's; its first where not given.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ParameterError
        No such form, study or language; or a program that the form needs is not there.
    """
    check_form(to)
    names, language = list(studies), language or version.manifest.languages[0]
    if to in ("zip", "openlineage") and names:
        raise ParameterError(
            f"export --to {to}", "a whole version", ", ".join(names), "name no study"
        )
    if to == "openlineage":
        folder = Path(folder or Path.cwd())
        folder.mkdir(parents=True, exist_ok=True)
        _writer(to)(version, folder / f"{version.id}.openlineage.json")
        return [folder / f"{version.id}.openlineage.json"]
    with version.manifest.data.told():
        return _export(version, to, names, folder, language)


def _export(
    version: Version, to: str, names: list[str], folder: Path | None, language: str
) -> list[Path]:
    chapters, write = read_chapters(version, names, language), _writer(to)
    folder = Path(folder or Path.cwd())
    folder.mkdir(parents=True, exist_ok=True)
    called = "-".join([version.id, *(one.study.name for one in chapters if names)])
    if to in ("png", "svg"):
        pictures = [one for chapter in chapters for one in chapter.pictures]
        return write(pictures, folder)
    if to == "pdf":
        return write(version, _pages(version, chapters, language, folder))
    path = folder / f"{called}.{to}" if to == "zip" else folder / f"{called}.{language}.{to}"
    if to == "zip":
        write(version, path)
    else:
        write(version, chapters, language, path)
    return [path]


def _pages(
    version: Version, chapters: list[Chapter], language: str, folder: Path
) -> list[tuple[Path, Path]]:
    pages = []
    for chapter in chapters:
        name = f"{chapter.study.name}.{language}"
        page = version.path / f"{name}.html"
        if not page.exists():
            page = version.path / "index.html"
        pages.append((page, folder / f"{version.id}-{name}.pdf"))
    return pages
