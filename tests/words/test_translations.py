"""No reader meets a text in the wrong language: every text of the house is translated, and
loses nothing by it.
"""

import ast
import json
import re
from collections import defaultdict
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

import kamresearch
from kamresearch.language import LANGUAGES, missing_translations
from kamresearch.language.format import _NAMED
from kamresearch.language.glossary import load_glossary
from kamresearch.language.tongues import CATALOGUES
from kamresearch.studies import all_studies

pytestmark = pytest.mark.unit

PACKAGE = Path(kamresearch.__file__).parent
SPEAKERS = {"_", "message", "translate", "spoken"}
TEMPLATE_TEXT = re.compile(r"""_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def literals(node: ast.expr) -> list[str] | None:
    """The texts that a call's first argument can be; None where that cannot be read off the
    code.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        parts = [literals(node.body), literals(node.orelse)]
        return None if None in parts else [text for part in parts for text in part]
    return None


def texts_by_file() -> dict[str, set[str]]:
    """Every text of the house for readers: messages in code and templates, descriptions of
    parameters, units.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        name = str(path.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node) in SPEAKERS and node.args:
                found[name] |= set(literals(node.args[0]) or ())
    for path in sorted(PACKAGE.rglob("*.j2")):
        texts = [
            first or second
            for first, second in TEMPLATE_TEXT.findall(path.read_text(encoding="utf-8"))
        ]
        found[str(path.relative_to(PACKAGE))] |= set(texts)
    for study in all_studies():
        fields = study.params.model_fields.values()
        found[f"studies/{study.name}.py"] |= {
            field.description for field in fields if field.description
        }
    found["language/format.py"] |= set(_NAMED.values())
    return {name: texts for name, texts in found.items() if texts}


TEXTS = texts_by_file()
CATALOGUE_FILES = sorted((CATALOGUES / "zh").glob("*.po"))


def entries(path: Path) -> list:
    with path.open("rb") as file:
        return [entry for entry in read_po(file, locale="zh", charset="utf-8") if entry.id]


def placeholders(text: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name is not None})


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_text_of_a_file_is_translated(name):
    missing = missing_translations(TEXTS[name], "zh")
    assert not missing, f"{name}: {len(missing)} without a translation: {sorted(missing)}"


@pytest.mark.parametrize("path", CATALOGUE_FILES, ids=lambda path: path.stem)
def test_no_translation_loses_a_placeholder_or_is_left_open(path):
    for entry in entries(path):
        assert entry.string, entry.id
        assert not entry.fuzzy, entry.id
        assert placeholders(entry.id) == placeholders(entry.string), entry.id


def test_no_text_is_translated_in_two_ways():
    ways = defaultdict(set)
    for path in CATALOGUE_FILES:
        for entry in entries(path):
            ways[entry.id].add(entry.string)
    assert not {text: found for text, found in ways.items() if len(found) > 1}


@pytest.mark.parametrize("path", CATALOGUE_FILES, ids=lambda path: path.stem)
def test_a_sentence_in_the_chinese_catalogue_is_chinese(path):
    for entry in entries(path):
        words = re.findall(r"[A-Za-z]{3,}", re.sub(r"\{\w+\}", "", entry.id))
        if len(words) >= 4:
            assert re.search("[\u4e00-\u9fff]", entry.string), entry.id


@pytest.mark.slow
def test_messages_are_literal_so_that_a_translator_finds_them():
    hidden = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name == "language" or "publishing" in path.parts:
            continue  # these build messages from texts that others wrote as literals
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node) in {"_", "message"} and node.args:
                # A template taken from another message (REASONS["silent"].template) stands as a
                # literal there.
                borrowed = isinstance(node.args[0], ast.Subscript) or ast.unparse(
                    node.args[0]
                ).endswith(".template")
                if literals(node.args[0]) is None and not borrowed:
                    hidden.append(
                        f"{path.relative_to(PACKAGE)}:{node.lineno}: {ast.unparse(node)[:80]}"
                    )
    assert not hidden, hidden


def test_the_glossary_explains_each_term_in_every_language_once():
    by_language = {
        language: {term.id for term in load_glossary(language)} for language in LANGUAGES
    }
    assert by_language["en"] == by_language["zh"]
    for language in LANGUAGES:
        terms = [
            spelling.lower() for term in load_glossary(language) for spelling in term.spellings
        ]
        assert len(terms) == len(set(terms)), [term for term in terms if terms.count(term) > 1]


TRANSLATING = (PACKAGE.parent / "docs" / "translating.md").read_text(encoding="utf-8")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff]\s?[:,;?!()]|[:,;?!()]\s?[\u4e00-\u9fff]")
STUMBLED_OVER = re.findall(
    r"\| ([\u4e00-\u9fff]+) \|$", TRANSLATING.split("## Chinese: numbers")[0], re.MULTILINE
)
"""What means something else in the trade, or only follows the English word for word."""


@pytest.mark.parametrize("path", CATALOGUE_FILES, ids=lambda path: path.stem)
def test_chinese_is_punctuated_and_worded_as_chinese(path):
    said = [entry.string for entry in entries(path)]
    plain = [re.sub(r"`[^`]*`", "", text) for text in said if not re.search("[·−λ]", text)]
    wrong = [text for text in plain if HALF_WIDTH.search(text)]
    assert not wrong, f"half-width marks beside Chinese: {wrong[:5]}"
    assert not [text for text in said for word in STUMBLED_OVER if word in text]
    assert not [text for text in said if CALQUES.search(text)]


CALQUES = re.compile(
    "的情况下|进行[\u4e00-\u9fff]{2}|被[\u4e00-\u9fff]{1,2}的|\\} ?[辆台件](?!投诉)|台数"
)
"""Turns that follow the English, and measure words: what units are counted in, the data say."""
BLANKS = re.compile(
    r"[\u4e00-\u9fff](?<!至)[A-Za-z0-9]|[A-Za-z0-9%](?![年月日至])[\u4e00-\u9fff]"
    r"|[\u4e00-\u9fff] [\u4e00-\u9fff，。；：（）“”]|[0-9·] 至 ?[0-9·]"
)


def written(text: str) -> str:
    """What of a text is prose: neither code, formula nor a value that is filled in later."""
    return re.sub(r"`[^`]*`|\[[^\]]*\]|\{\w+\}", "·", text)


@pytest.mark.parametrize("path", CATALOGUE_FILES, ids=lambda path: path.stem)
def test_a_blank_stands_between_chinese_and_a_number_and_nowhere_else(path):
    wrong = [
        text
        for text in map(written, (entry.string for entry in entries(path)))
        if BLANKS.search(text)
    ]
    assert not wrong, wrong[:5]


PROSE = [
    (path.stem, "".join(cell["source"]))
    for path in sorted((PACKAGE.parent / "notebooks").glob("*.ipynb"))
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    if "zh" in cell["metadata"].get("tags", ())
] + [
    (path.parent.name, path.read_text(encoding="utf-8").split("---", 2)[-1])
    for path in (PACKAGE.parent / "data" / "cases").glob("*/story.zh.md")
]


def test_what_notebooks_and_the_case_say_in_chinese_keeps_the_same_rules():
    for name, text in PROSE:
        plain = re.sub(r"`[^`]*`|\*\*?|\{[^}]*\}", "", text)
        said = [line.lstrip("# ") for line in plain.split("\n")]
        assert not [line for line in said if HALF_WIDTH.search(line)], name
        assert not [word for word in STUMBLED_OVER if word in plain], name
        assert not [line for line in said if CALQUES.search(line)], name
