"""Publishing is a press: it knows versions, pages and tables, and no study, table, column or
finding of the domain by name.
"""

import ast
import re
from pathlib import Path

import pytest

import kamresearch
from kamresearch.data.contract import TABLES
from kamresearch.studies import all_studies

pytestmark = pytest.mark.architecture

PRESS = Path(kamresearch.__file__).parent / "publishing"

STUDIES = {one for study in all_studies() for one in (study.name, study.prefix, study.notebook)}
IDS = {one for study in all_studies() for one in study.promised.ids}
OWN = {"causes", "judgements", "definition", "needs", "terms"}
"""Words that the press has for itself: why two versions differ, how a move is judged, what a
finding is, which tables a study needs, the words of a column's codes.
"""
COLUMNS = {
    column.name for table in TABLES.values() for column in table.columns if "_" in column.name
}
"""Of one word are names such as ``value`` and ``date``, which any program uses."""

DOMAIN = (STUDIES | IDS | COLUMNS | set(TABLES)) - OWN


def strings_and_names(path: Path) -> set[str]:
    """Texts and attribute names of a module, but for its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    }
    return texts | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize(
    "path", sorted(PRESS.rglob("*.py")), ids=lambda path: path.relative_to(PRESS).as_posix()
)
def test_no_module_of_the_press_names_anything_of_the_domain(path):
    if "scaffold" in path.parts:
        pytest.skip("the template of a new study speaks of the data that it reads")
    assert not strings_and_names(path) & DOMAIN


@pytest.mark.parametrize(
    "path",
    sorted(path for ending in ("j2", "js", "css") for path in PRESS.rglob(f"*.{ending}")),
    ids=lambda path: path.name,
)
def test_no_template_of_the_press_names_anything_of_the_domain(path):
    """Ids are looked for with their dot or dash, studies as whole words in quotes."""
    text = path.read_text(encoding="utf-8")
    ids = {one for one in IDS if "." in one}
    assert not [one for one in ids if one in text or one.replace(".", "-") in text]
    quoted = set(re.findall(r"[\"'#.]([a-z_]+)[\"']", text))
    assert not quoted & (STUDIES | COLUMNS)
