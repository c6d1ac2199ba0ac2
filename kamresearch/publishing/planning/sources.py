"""The code behind a version: one checksum of everything, one of what each study can reach, the
environment, the commit.
"""

import ast
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import kamresearch
from kamresearch.errors import ParameterError
from kamresearch.places import project_root
from kamresearch.publishing.files import file_sha256, json_sha256, text_sha256
from kamresearch.studies.declaration import Study

PACKAGE = Path(kamresearch.__file__).resolve().parent
ROOMS = {"analysis", "figures", "data", "features", "language", "studies", "publishing"}
"""Packages whose modules are counted one by one; of any other package in reach, all modules
count.
"""
BASIS = (
    "kamresearch.studies.session",
    "kamresearch.studies.declaration",
    "kamresearch.studies.outputs",
    "kamresearch.studies.places",
    "kamresearch.figures.theme",
)
"""What every study reaches."""
IGNORED = {"__pycache__", "home", "scaffold"}


class SourceCode:
    """The package's files, and those of studies outside it, read once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

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
    def modules(self) -> dict[str, str]:
        """Module name → its path inside the package."""
        found = {}
        for path in self.files:
            if path.endswith(".py"):
                name = "kamresearch." + path.removesuffix(".py").replace("/", ".")
                found[name.removesuffix(".__init__")] = path
        return found

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

    def reach(self, study: Study) -> dict[str, str]:
        """Files of the package that a study's run can depend on → checksum.

        Modules that its notebook imports or names as ``kam.…``, what these import, and every file
        that is no module
        (words, fonts, tables of names), since such files are read and not imported.
        """
        waiting = [*BASIS, f"kamresearch.studies.{study.name}", *self._named_in_notebook(study)]
        for name in self.own_files(study):
            if name.endswith(".py"):
                waiting += _names_in(study.folder / name)
        reached: set[str] = set()
        while waiting:
            name = self._module(waiting.pop())
            if name is None or name in reached:
                continue
            reached.add(name)
            waiting += self._below(name)
            waiting += self._imports(name)
            waiting.append(name.rpartition(".")[0])
        paths = {self.modules[name] for name in reached} | set(self._read_not_imported())
        own = {f"{study.name}/{name}": one for name, one in self.own_files(study).items()}
        return {path: self.files[path] for path in sorted(paths)} | own | self.languages

    def _read_not_imported(self) -> Iterator[str]:
        for path in self.files:
            if not path.endswith(".py") and not path.startswith(
                ("publishing/", "language/glossary/")
            ):
                yield path

    def _module(self, name: str) -> str | None:
        """The module that a dotted name lies in; a name inside a module is the module."""
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return name if name and name != "kamresearch" else None

    def _below(self, name: str) -> list[str]:
        if not self.modules[name].endswith("__init__.py") or name.split(".")[1:] in [
            [room] for room in ROOMS
        ]:
            return []
        return [other for other in self.modules if other.startswith(name + ".")]

    def _imports(self, name: str) -> tuple[str, ...]:
        """Dotted names inside the package that a module imports or names in a text, anywhere
        in it.
        """
        if name not in self._known:
            self._known[name] = tuple(_names_in(PACKAGE / self.modules[name]))
        return self._known[name]

    def _named_in_notebook(self, study: Study) -> Iterator[str]:
        for cell in self.notebook(study)["cells"]:
            if cell["cell_type"] == "code":
                yield from _names_in_code("".join(cell["source"]))


def _names_in(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _imported(tree)
    for node in ast.walk(tree):  # import_module("kamresearch.…") and the like
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"^kamresearch\.[a-z_.]+(?=$|:)", node.value)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("kamresearch."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kamresearch"):
            yield from (_public(f"{node.module}.{alias.name}") for alias in node.names)


def _names_in_code(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # the cell will fail when it runs, and say so better
        return
    yield from _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            if dotted.startswith("kam."):
                yield _public("kamresearch." + dotted.removeprefix("kam."))


def _public(dotted: str) -> str:
    """``kamresearch.churn.x`` as the module behind the public name:
    ``kamresearch.analysis.churn.x``.
    """
    parts = dotted.split(".")
    if len(parts) > 1 and parts[1] in kamresearch._PUBLIC:
        return ".".join([kamresearch._PUBLIC[parts[1]][0], *parts[2:]])
    return dotted


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
