"""Data flows one way: every room imports only from the rooms before it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kamresearch

pytestmark = pytest.mark.architecture

PACKAGE = Path(kamresearch.__file__).parent

ALLOWED = {
    "errors": set(),
    "places": set(),
    "garbage": set(),
    "yamlfile": {"errors"},
    "language": {"errors", "places", "yamlfile"},
    "rich": {"language"},
    "finding": {"errors", "language", "rich"},
    "display": {"errors", "language", "finding", "rich"},
    "result": {"language", "finding", "rich"},
    "data": {"errors", "yamlfile", "language", "finding", "display", "places", "rich"},
    "features": {"errors", "language", "finding", "display", "result", "data"},
    "analysis": {
        "rich",
        "errors",
        "yamlfile",
        "language",
        "finding",
        "display",
        "result",
        "data",
        "features",
    },
    "figures": {
        "errors",
        "language",
        "finding",
        "display",
        "result",
        "data",
        "features",
        "analysis",
    },
    # Only the session reaches out of the words: it opens data, and draws what has registered.
    "studies": {
        "rich",
        "errors",
        "yamlfile",
        "language",
        "finding",
        "display",
        "result",
        "data",
        "figures.theme",
        "figures.registry",
        "places",
    },
    "publishing": {
        "errors",
        "yamlfile",
        "language",
        "finding",
        "display",
        "data",
        "features",
        "studies",
        "figures.series",
        "figures.theme",
        "places",
        "garbage",
    },
    "cli": {
        "errors",
        "yamlfile",
        "language",
        "finding",
        "display",
        "data",
        "features",
        "studies",
        "publishing",
        "places",
        "garbage",
    },
    "ipython": {"errors", "language", "finding", "display", "figures", "studies", "figures.theme"},
}
"""Room → rooms that it may import. A room may always import itself."""

PUBLISHING = (
    "asking",
    "planning",
    "outcome",
    "sealed",
    "pages",
    "shelf",
    "exports",
    "kernels",
    "making",
)
"""Rooms of ``publishing/`` in the order in which a publication passes them: each imports only
from those before it.
"""


DOOR = {"studies.readings", "studies.session", "studies.places", "studies.outputs", "finding"}
"""Modules through which a kernel reads what other studies gave."""
OTHERS = ("KAM_NOTEBOOKS", "findings_folder", "read_notebook", "_by_id")


def modules() -> dict[str, Path]:
    """Dotted name inside the package → file."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(parts)] = path
    return found


def for_the_checker(node: ast.AST) -> bool:
    """Whether a node is a block of imports that only a type checker reads."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports_of(path: Path, when_run: bool = False) -> set[str]:
    """Dotted names (inside the package) that a file imports anywhere, inside functions too;
    ``when_run``, without those that only a type checker reads.
    """
    names = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if when_run:
        tree.body = [node for node in tree.body if not for_the_checker(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            names.add("kamresearch.RELATIVE")
    return {name.removeprefix("kamresearch.") for name in names if name.startswith("kamresearch.")}


@pytest.mark.parametrize("name", [name for name in modules() if name])
def test_a_module_imports_only_from_the_rooms_before_its_own(name):
    room = name.split(".")[0]
    assert room in ALLOWED, (
        f"{name}: a new room; give it a place in this test and in ARCHITECTURE.md"
    )
    offenders = [
        target
        for target in imports_of(modules()[name])
        if target.split(".")[0] != room
        and target.split(".")[0] not in ALLOWED[room]
        and ".".join(target.split(".")[:2]) not in ALLOWED[room]
    ]
    assert not offenders, f"{name} may not import {offenders}"


@pytest.mark.parametrize(
    "name", [name for name in modules() if name.startswith("publishing.") and name.count(".") == 2]
)
def test_a_room_of_publishing_imports_only_from_those_before_it(name):
    room = name.split(".")[1]
    if room == "scaffold":
        allowed = {"scaffold"}
    else:
        assert room in PUBLISHING, (
            f"{name}: a new room; give it a place in this test and in ARCHITECTURE.md"
        )
        allowed = set(PUBLISHING[: PUBLISHING.index(room) + 1]) | {
            "files",
            "failures",
            "jobs",
            "progress",
        }
    targets = {
        target.split(".")[1]
        for target in imports_of(modules()[name])
        if target.startswith("publishing.")
    }
    assert targets <= allowed, f"{name} may not import {targets - allowed}"


def test_the_architecture_names_every_room(root):
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {*ALLOWED, *PUBLISHING, "scaffold"}
    assert not {one for one in rooms if f"`{one}`" not in text and f"`{one}/`" not in text}
    questions = (PACKAGE / "analysis").glob("*/__init__.py")
    assert not {path.parent.name for path in questions if path.parent.name not in text}


@pytest.mark.slow
def test_no_two_modules_import_each_other_in_a_circle():
    known = modules()
    graph = {}
    for name, path in known.items():
        targets = set()
        for target in imports_of(path, when_run=True):
            while target and target not in known:
                target = target.rpartition(".")[0]
            # A package's own __init__ gathers its modules; that is not a circle.
            if target and target != name and not name.startswith(target + "."):
                targets.add(target)
        graph[name] = targets

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in sorted(graph[name]):
                walk(target, (*trail, name))
            done.add(name)

    done: set[str] = set()
    for name in graph:
        walk(name, ())


def told_by(code: str, *arguments: str) -> set[str]:
    """The words that a program of its own prints: names of modules, mostly."""
    command = [sys.executable, "-c", code, *arguments]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    code = "import kamresearch, sys; print(*sorted(sys.modules))"
    loaded = told_by(code)
    heavy = {
        "pandas",
        "numpy",
        "ibis",
        "duckdb",
        "matplotlib",
        "sklearn",
        "statsmodels",
        "pydantic",
        "nbformat",
        "babel",
    }
    assert not heavy & loaded


def test_listing_versions_reads_neither_parameters_nor_notebooks(tmp_path):
    code = (
        "import sys; sys.argv = ['kam', 'versions', '--reports', sys.argv[1]]\n"
        "from kamresearch.cli import main\n"
        "try: main()\n"
        "finally: print(*sorted(sys.modules))"
    )
    loaded = told_by(code, str(tmp_path))
    assert "kamresearch.publishing.sealed.store" in loaded
    heavy = {
        "kamresearch.publishing.asking.request",
        "kamresearch.publishing.surface",
        "kamresearch.studies.kinds",
        "kamresearch.figures.theme",
        "babel",
        "pandas",
        "yaml",
    }
    assert not heavy & loaded


@pytest.mark.slow
def test_who_hands_out_slices_loads_no_engine():
    code = "import kamresearch.publishing.making.slices, sys; print(*sorted(sys.modules))"
    loaded = told_by(code)
    assert not {"pandas", "numpy", "ibis", "duckdb"} & loaded


@pytest.mark.slow
def test_the_parent_of_workers_warms_up_without_the_engines_of_kernels():
    code = (
        "import sys; from kamresearch.publishing.kernels import forking; forking._warm_up('work')\n"
        "print(*sorted(sys.modules)); import pyarrow.fs"
    )
    loaded = told_by(code)
    assert {"papermill.execute", "fontTools.subset"} <= loaded
    assert not {"pyarrow", "numpy", "pandas", "matplotlib", "ibis"} & loaded


def test_editors_are_told_the_public_names_that_are_there():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    told = {
        alias.asname
        for block in filter(for_the_checker, tree.body)
        for node in block.body
        for alias in node.names
        if alias.asname
    }
    assert told == set(kamresearch.__all__)


def test_every_public_name_leads_somewhere():
    for name in kamresearch.__all__:
        assert getattr(kamresearch, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = kamresearch.nonsense


def test_nothing_that_runs_in_a_kernel_reads_another_study_but_the_one_door_that_notes_it():
    """Else a study would be taken over though what it read is another now."""
    rooms = ("finding", "data", "features", "analysis", "figures", "studies")
    past = [
        (name, word)
        for name, path in modules().items()
        if name.startswith(rooms) and name not in DOOR
        for word in OTHERS
        if word in path.read_text(encoding="utf-8")
    ]
    assert past == []
