"""No word of one company in another's report: what is true of the built-in case stands with the case.

Words of the case are looked for where prose is written; numbers are looked for in the prose of
notebooks, which must hold on every day. A long test publishes other
companies and reads their pages.
"""

import ast
import json
import re

import pytest

from kamresearch.studies import all_studies

pytestmark = pytest.mark.reports

NOUNS = re.compile(
    r"Volvo|沃尔沃|Geely|吉利|\bS40\b|\bXC60\b|\bAudi\b|奥迪|\bBMW\b|宝马|Mercedes|奔驰|\bFord\b|福特|Lehman|雷曼"
    r"|Chengdu|成都|seed (research|document)|\bthe seed\b|原始研究|China Daily|price war",
    re.IGNORECASE,
)
SAYINGS = re.compile(r"80/20")


def prose(notebook: dict) -> list[str]:
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]


@pytest.fixture(params=all_studies(), ids=lambda study: study.name)
def notebook(request, root) -> dict:
    path = root / "notebooks" / f"{request.param.notebook}.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_prose_of_a_notebook_names_no_company(notebook):
    assert [text for text in prose(notebook) if NOUNS.search(text)] == []


def test_the_prose_of_a_notebook_holds_no_number_since_no_finding_could_hold_it(notebook):
    assert [text for text in prose(notebook) if re.search(r"\d", SAYINGS.sub("", text))] == []


def test_the_story_of_the_case_takes_its_numbers_from_findings(case_folder):
    known = {id for study in all_studies() for id in study.promised.findings}
    for path in case_folder.glob("story.*.md"):
        body = path.read_text(encoding="utf-8").split("---\n", 2)[2]
        told = set(re.findall(r"\{(.*?)\}", body))
        assert told
        assert told <= known
        rest = re.sub(r"\{.*?\}", "", body)
        assert set(re.findall(r"\d+", rest)) <= {"2012"}, "the year of which it speaks, no figure"


def test_the_two_languages_of_the_story_have_the_same_parts(case_folder):
    parts = [
        re.findall(r"^##? .*|\{.*?\}", path.read_text(encoding="utf-8"), re.MULTILINE)
        for path in sorted(case_folder.glob("story.*.md"))
    ]
    assert len(parts) == 2
    assert parts[0] == parts[1]


def messages_in(path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    named = [call for call in calls if getattr(call.func, "id", "") in ("_", "message")]
    return [ast.literal_eval(c.args[0]) for c in named if isinstance(c.args[0], ast.Constant)]


def test_no_message_and_no_term_names_a_company(root):
    package = root / "kamresearch"
    found = [
        (path.name, text)
        for path in package.rglob("*.py")
        for text in messages_in(path)
        if NOUNS.search(text)
    ]
    words = [*package.rglob("*.po"), *package.rglob("glossary/*.yml"), *package.rglob("*.j2")]
    found += [
        (path.name, line)
        for path in words
        for line in path.read_text(encoding="utf-8").splitlines()
        if NOUNS.search(line)
    ]
    assert found == []
