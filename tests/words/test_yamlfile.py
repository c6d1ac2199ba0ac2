"""One reader for all YAML of the project."""

import ast
from pathlib import Path

import pytest

import kamresearch
from kamresearch.data.mapfile import read_mapping
from kamresearch.data.sidecars import read_sidecar
from kamresearch.data.simulate import read_world
from kamresearch.errors import DataError, KamError, ParameterError
from kamresearch.language import glossary
from kamresearch.publishing.asking.parameters import read_parameters
from kamresearch.studies.case import own_values
from kamresearch.yamlfile import parse_yaml

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_mapping, "tables:\n  orders:\n    from: a\n  orders:\n    from: b\n"),
        (read_parameters, "churn:\n  seed: 1\nall:\n  as_of: x\nchurn:\n  seed: 2\n"),
        (read_world, "programme_ratio: 1\nseed: 3\n\nprogramme_ratio: 2\n"),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path, read, text):
    path = tmp_path / "file.yml"
    path.write_text(text, encoding="utf-8")
    second = max(at for at, line in enumerate(text.splitlines(), 1) if line.strip())
    with pytest.raises(KamError, match=r"stands twice, first in line \d") as caught:
        read(path)
    assert f"line {second - (read is not read_world)}" in str(caught.value)


def test_a_case_may_not_give_a_study_two_values(tmp_path):
    (tmp_path / "params.yml").write_text("churn: {seed: 1}\nchurn: {seed: 2}\n")
    with pytest.raises(DataError, match="'churn' stands twice"):
        own_values(str(tmp_path), "", "churn")


def test_a_broken_line_is_named_by_the_error_that_was_asked_for():
    with pytest.raises(ParameterError, match="some file, line 2"):
        parse_yaml("a: 1\nb: [}\n", "some file", ParameterError)


@pytest.mark.slow
def test_no_module_reads_yaml_past_the_one_reader():
    offenders = []
    for path in Path(kamresearch.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "yaml"
                and "load" in node.attr.lower()
                and path.name != "yamlfile.py"
            ):
                offenders.append(path.name)
    assert offenders == []


def test_a_sidecar_says_simulated_in_any_word_for_yes_or_is_refused(tmp_path):
    beside = tmp_path / "orders.yml"
    for text, simulated in (
        ("simulated: yes\ndate: 2012", True),
        ("simulated: false\nx: [1]", False),
    ):
        beside.write_text(text, encoding="utf-8")
        assert read_sidecar(tmp_path / "orders.csv").simulated is simulated
    beside.write_text("simulated: perhaps", encoding="utf-8")
    with pytest.raises(DataError, match="orders.yml, simulated: expected a valid boolean"):
        read_sidecar(tmp_path / "orders.csv")


def test_a_glossary_entry_without_its_meaning_is_refused_with_its_place(tmp_path, monkeypatch):
    (tmp_path / "own.yml").write_text(
        "- {id: a, en: {term: x, meaning: y}}\n- {id: b, en: {term: z}}\n", encoding="utf-8"
    )
    monkeypatch.setattr(glossary, "FOLDER", tmp_path)
    with pytest.raises(KamError, match="own.yml, entry 2, en: expected meaning; found none"):
        glossary.load_glossary.__wrapped__("en")
