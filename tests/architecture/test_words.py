"""The project speaks of itself alone, and every module says what it is for."""

import ast
import subprocess
from pathlib import Path

import pytest

import kamresearch

pytestmark = pytest.mark.architecture

PACKAGE = Path(kamresearch.__file__).parent


def tracked(root: Path, *patterns: str) -> list[Path]:
    if not (root / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(
        ["git", "ls-files", *patterns], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    return [root / name for name in names.splitlines() if (root / name).exists()]


def test_no_file_names_a_machine_path(root):
    here = "/".join(("", "work", "main"))
    home = "/".join(("", "root", ""))
    for path in tracked(
        root, "*.py", "*.md", "*.yml", "*.toml", "*.ipynb", "*.csv", "*.json", "*.lock", "Makefile"
    ):
        text = path.read_text(encoding="utf-8")
        assert here not in text, path
        assert home not in text, path


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_module_opens_with_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_module_prints_nothing_and_reads_no_clock(path):
    """Results leave through findings, pages and the command line; the clock is read where a
    version is sealed.
    """
    if {"publishing", "cli"} & set(path.parts):
        return
    calls = [
        node.func
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    names = {ast.unparse(call) for call in calls}
    assert not names & {
        "print",
        "datetime.now",
        "date.today",
        "datetime.today",
        "time.time",
        "pd.Timestamp.now",
    }
