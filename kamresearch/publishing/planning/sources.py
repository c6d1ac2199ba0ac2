"""The code behind a version: one checksum of everything, one of what each study may hang on, the
environment, the commit.
"""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

import kamresearch
from kamresearch.errors import ParameterError
from kamresearch.places import project_root
from kamresearch.publishing.files import file_sha256, json_sha256, text_sha256
from kamresearch.studies.declaration import Study, all_studies

PACKAGE = Path(kamresearch.__file__).resolve().parent
ONLY_SHOWS = (
    *("cli/", "language/glossary/"),
    *(f"publishing/{room}/" for room in ("exports", "pages", "shelf")),
)
"""Rooms whose work begins when a result is there."""
IGNORED = {"__pycache__", "home", "scaffold"}


class SourceCode:
    """The package's files, and those of studies outside it, read once."""

    def __init__(self) -> None:
        self._notebooks: dict[Path, str] = {}

    @cached_property
    def files(self) -> dict[str, str]:
        """Path inside the package → checksum, of every file of it."""
        found = {}
        for folder, folders, names in os.walk(PACKAGE):
            folders[:] = sorted(set(folders) - IGNORED)
            for name in sorted(names):
                if not name.endswith((".pyc", ".part")) and not name.startswith("."):
                    path = Path(folder, name)
                    found[path.relative_to(PACKAGE).as_posix()] = file_sha256(path)
        return found

    @cached_property
    def languages(self) -> dict[str, str]:
        """Path → checksum of every file of the languages that the project brings itself."""
        base = project_root() / "languages"
        paths = sorted(path for path in base.rglob("*") if path.suffix in (".yml", ".po"))
        return {f"languages/{one.relative_to(base).as_posix()}": file_sha256(one) for one in paths}

    @cached_property
    def showing(self) -> str:
        """The checksum of everything that makes a page of a result."""
        own = [self.own_files(study) for study in all_studies() if study.folder]
        return json_sha256([self.files, self.languages, own])

    def notebook(self, study: Study) -> dict:
        """The notebook of a study as data."""
        path = study.path
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ParameterError(
                f"study {study.name}",
                f"its notebook {path.name} in {path.parent}",
                type(error).__name__,
                "restore the notebook, or leave the study out",
            ) from error

    def notebook_digest(self, study: Study) -> str:
        """The checksum of what a notebook says and does: its cells and tags, not its outputs."""
        if study.path not in self._notebooks:
            self._notebooks[study.path] = self._digest(study)
        return self._notebooks[study.path]

    def _digest(self, study: Study) -> str:
        cells = [
            [
                cell["cell_type"],
                "".join(cell["source"]),
                cell.get("id"),
                cell["metadata"].get("tags", []),
            ]
            for cell in self.notebook(study)["cells"]
        ]
        return json_sha256(cells)

    def fingerprint(self, studies: Iterable[Study]) -> str:
        """The checksum of the package and of the studies' notebooks: equal code gives equal
        fingerprints.
        """
        studies = list(studies)
        notebooks = {study.name: self.notebook_digest(study) for study in studies}
        own = {study.name: self.own_files(study) for study in studies if study.folder}
        return json_sha256([self.files | self.languages, notebooks, *([own] if own else [])])

    def own_files(self, study: Study) -> dict[str, str]:
        """Name → checksum of the modules and words in the folder of a study outside the package."""
        paths = sorted(study.folder.glob("*")) if study.folder else []
        return {path.name: file_sha256(path) for path in paths if path.suffix in (".py", ".po")}

    def behind(self, study: Study) -> dict[str, str]:
        """Files on which a study's results may hang → checksum: the whole package, but for rooms
        that only show results and for what declares another study; a study outside the package may
        import any of them.

        Coarse on purpose: to follow imports would save runs where a module changed that the study
        does not use, and give an old number where a way was missed.
        """
        others = {f"studies/{one.name}.py" for one in all_studies() if one.name != study.name}
        passed = set() if study.folder else others
        files = {
            path: one
            for path, one in self.files.items()
            if path not in passed and not path.startswith(ONLY_SHOWS)
        }
        own = {f"{study.name}/{name}": one for name, one in self.own_files(study).items()}
        return files | own | self.languages


def package_versions() -> dict[str, str]:
    """Installed version of every package, not of the direct dependencies alone: a result rests on
    what these rest on too. Read from folder names: no file is opened.
    """
    installed: dict[str, str] = {}
    for folder in reversed(sys.path):
        if folder and Path(folder).is_dir():
            for entry in os.scandir(folder):
                if entry.name.endswith(".dist-info"):
                    name, _, version = entry.name.removesuffix(".dist-info").rpartition("-")
                    installed[_plain(name)] = version
    return dict(sorted(installed.items()))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def environment_facts() -> dict[str, object]:
    """Python, platform and packages: the part of a version's inputs that is neither data,
    parameters nor code.
    """
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
        "packages": package_versions(),
    }


def commit_facts(root: Path) -> dict[str, object]:
    """The commit, and whether the tree was clean; None outside a repository."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(root), *arguments],
                capture_output=True,
                text=True,
                timeout=20,
                env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    status = git("status", "--porcelain", "--untracked-files=no") if commit else None
    return {"commit": commit, "clean": None if status is None else status == ""}


def version_id(as_of: str, inputs: Mapping) -> str:
    """The name of a version: its day and the checksum of everything that went in."""
    return f"{as_of}-{text_sha256(json_sha256(inputs))[:10]}"
