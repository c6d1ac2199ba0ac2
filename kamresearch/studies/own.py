"""Studies that a project or another package brings: found by folder and by entry point.

A project keeps each in ``studies/<name>/``: ``<name>.py`` with a ``STUDY``, ``<name>.ipynb``, and
where somebody translated it ``<language>.po``. A package names its own under the entry point group
``kamresearch.studies``. One with the name of a built-in study takes its place.
"""

import sys
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from kamresearch.errors import StudyError
from kamresearch.language.catalogue_store import add_catalogue

GROUP = "kamresearch.studies"

if TYPE_CHECKING:
    from kamresearch.studies import Study

Declared = TypeVar("Declared", bound="Study")


def own_studies(root: Path, declared: type[Declared]) -> list[Declared]:
    """The studies of installed packages, then those of a project, each with the folder it lies in.

    Parameters
    ----------
    root : Path
        The project.
    declared : type
        What a declaration is: `kamresearch.studies.Study`.

    Raises
    ------
    StudyError
        A module cannot be imported, or declares no study of its folder's name.
    """
    found = [
        _placed(
            getattr(module := point.load(), "STUDY", module),
            _folder_of(point),
            point.name,
            declared,
        )
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)
    ]
    for path in sorted((root / "studies").glob("*/*.py")):
        if path.stem == path.parent.name:
            study = getattr(load_module(path), "STUDY", None)
            found.append(_placed(study, path.parent, path.stem, declared))
    return found


def _folder_of(point: EntryPoint) -> Path:
    return Path(sys.modules[point.module].__file__ or "").parent


def _placed(study: object, folder: Path, name: str, declared: type[Declared]) -> Declared:
    if not isinstance(study, declared) or study.name != name:
        told = f"the study {study.name!r}" if isinstance(study, declared) else "no STUDY"
        raise StudyError(
            str(folder),
            f"a STUDY of the name {name!r}",
            told,
            f"declare it in {name}.py, as `kam new-study` writes it",
        )
    for path in sorted(folder.glob("*.po")):
        add_catalogue(path.stem, path)
    return replace(study, folder=folder)


def load_module(path: Path) -> ModuleType:
    """A study's own module, under its plain name, so that notebook and tests import the same."""
    known = sys.modules.get(path.stem)
    if known is not None and Path(getattr(known, "__file__", None) or "-").resolve() == path:
        return known
    if path.stem in sys.stdlib_module_names:
        raise StudyError(
            str(path), "a name that Python itself does not use", path.stem, "rename the study"
        )
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # modules beside it
    spec = spec_from_file_location(path.stem, path)
    loader = spec and spec.loader
    if spec is None or loader is None:
        raise StudyError(str(path), "a module of Python", "another file", "name it <study>.py")
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        loader.exec_module(module)
    except Exception as error:  # noqa: BLE001  (whatever a user's module raises is told, not hidden)
        del sys.modules[path.stem]
        raise StudyError(
            str(path),
            "a module that can be imported",
            f"{type(error).__name__}: {error}",
            "mend it",
        ) from error
    return module
