"""Parameters are data: they arrive as they were written, are refused in words, and are never
run.
"""

from typing import ClassVar

import pytest
from pydantic import Field

from kamresearch.errors import ParameterError
from kamresearch.language import Fixed
from kamresearch.publishing.asking import parameters
from kamresearch.publishing.asking.parameters import (
    ParameterSet,
    parse_assignments,
    read_parameters,
    validate,
)
from kamresearch.publishing.asking.request import asked_day, make_request
from kamresearch.studies.declaration import Study, StudyParams

pytestmark = pytest.mark.unit

ODD_TEXTS = (
    "00123",
    "nan",
    "null",
    "yes",
    "1e5",
    "it's",
    'say "hi"',
    "line\nbreak",
    "back\\slash",
    "\\n",
    "__import__('os').system('x')",
    "{{ 7*7 }}",
    "客户 🚗",
    "=1+1",
    "-",
    "{brace}",
    "a=b=c",
    " spaced ",
    "#hash",
    "'''",
    "\t",
    "\x00",
    "é\u202e",
)


class Params(StudyParams):
    text: str = Field("plain", description="Any text.")
    days: int = Field(30, ge=1, le=99, description="Days to look back.")
    factor: float = 1.0
    names: list[str] = Field(default_factory=list)
    most: int | None = None


def study(name: str, **more: object) -> Study:
    text = Fixed({"en": name, "zh": name})
    return Study(name, f"0{len(name)}_{name}", text, text, Params, name, **more)


@pytest.fixture(autouse=True)
def studies(monkeypatch):
    known = (study("first"), study("second", reads=("first",)))
    monkeypatch.setattr(parameters, "all_studies", lambda: known)
    monkeypatch.setattr(
        parameters, "find_study", lambda name: next(one for one in known if one.name == name)
    )
    return known


def checked(studies, *texts: str, **options: object) -> dict[str, StudyParams]:
    return validate(studies, parse_assignments(texts), options)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_text_on_the_command_line_arrives_unchanged(studies, text):
    assert checked(studies, f"first.text={text}")["first"].text == text


@pytest.mark.parametrize(
    "text", ["00123", "nan", "null", "yes", "1e5", "2012-12-31", "~", "0x1F", "1_000", "on", ".inf"]
)
def test_a_plain_text_in_yaml_arrives_unchanged(studies, tmp_path, text):
    path = tmp_path / "set.yml"
    path.write_text(f"first:\n  text: {text}\n", encoding="utf-8")
    assert validate(studies, read_parameters(path), {})["first"].text == text


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_quoted_text_in_yaml_arrives_unchanged(studies, tmp_path, text):
    import yaml

    path = tmp_path / "set.yml"
    path.write_text(yaml.safe_dump({"first": {"text": text}}, allow_unicode=True), encoding="utf-8")
    assert validate(studies, read_parameters(path), {})["first"].text == text


def test_numbers_written_as_text_become_numbers_of_their_field(studies):
    params = checked(
        studies, "first.days=7", "first.factor=0.25", "first.names=[a, 00b]", "first.most=null"
    )["first"]
    assert (params.days, params.factor, params.names, params.most) == (7, 0.25, ["a", "00b"], None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("first.dayz=3", "did you mean 'days'"),
        ("frist.days=3", "did you mean 'first'"),
        ("first.days=x", "a whole number from 1 to 99"),
        ("first.days=0", "a whole number from 1 to 99"),
        ("first.days=100", "a whole number from 1 to 99"),
        ("first.factor=nan", "a finite number"),
        ("first.factor=inf", "a finite number"),
        ("days=3", "study.name=value"),
        ("first.days", "study.name=value"),
        ("all.dayz=3", "did you mean 'days'"),
        ("first.data=x", "--data"),
        ("first.lang=zh", "--lang"),
        ("first.findings=/etc", "publishing itself"),
        ("first.where=a=b", "all.where"),
        ("all.as_of=2012-02-30", "a day that exists"),
        ("all.as_of=yesterday", "a day, as 2012-12-31"),
        ("first.text=\udcff", "text in UTF-8"),
    ],
)
def test_a_wrong_parameter_is_refused_in_words(studies, text, words):
    with pytest.raises(ParameterError, match=words):
        checked(studies, text)


def test_a_value_for_all_reaches_every_study_and_one_for_a_study_wins(studies):
    params = checked(studies, "all.days=5", "second.days=6")
    assert (params["first"].days, params["second"].days) == (5, 6)


def test_the_command_line_wins_over_a_file(studies, tmp_path):
    path = tmp_path / "set.yml"
    path.write_text(
        "all: {days: 5}\nfirst: {text: file}\nlabel: spring\nlang: zh,en\nmapping: a/b.yml\n",
        encoding="utf-8",
    )
    together = parse_assignments(["first.text=line"]).over(read_parameters(path))
    params = validate(studies, together, {})
    assert (
        params["first"].text,
        params["first"].days,
        together.label,
        together.lang,
        together.mapping,
    ) == ("line", 5, "spring", "zh,en", "a/b.yml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n- b\n", "names and values"),
        ("first: 3\n", "names and values below it"),
        ("nobody: {a: 1}\n", "the name of a study"),
        ("first: {days: 1, days: 2}\n", "stands twice"),
        ("first: !!python/object/apply:os.system ['touch PWNED']\n", "plain YAML"),
        ("first: {text: !!python/name:os.system }\n", "plain YAML"),
        ("first: [", "plain YAML"),
        ("label: {a: 1}\n", "a text"),
    ],
)
def test_a_file_that_is_no_set_of_parameters_is_refused_and_never_run(
    studies, tmp_path, monkeypatch, text, words
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "set.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=words):
        read_parameters(path)
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_study_comes_with_those_that_it_reads_and_after_them(studies):
    assert [one.name for one in parameters.choose_studies(["second"])] == ["first", "second"]
    assert [one.name for one in parameters.in_order(reversed(studies))] == ["first", "second"]


def test_studies_that_wait_for_each_other_are_refused():
    loop = [study("one", reads=("other",)), study("other", reads=("one",))]
    with pytest.raises(ParameterError, match="a circle"):
        parameters.in_order(loop)


def test_every_language_stands_once_and_an_unknown_one_is_refused():
    assert parameters.as_languages("zh, en,zh") == ("zh", "en")
    with pytest.raises(ParameterError, match="languages out of en, zh"):
        parameters.as_languages("en,fr")


class TestInjection:
    """What papermill writes into the notebook gives back the very value."""

    values: ClassVar = {
        "text": ODD_TEXTS,
        "number": (0.1, 1e-300, -0.0, 10**18, True, False, None),
        "list": ([], ["a", "00b"]),
    }

    @pytest.mark.parametrize("value", [one for part in values.values() for one in part])
    def test_a_value_is_the_same_after_injection(self, value):
        import ast

        from papermill.translators import PythonTranslator

        source = PythonTranslator.codify({"value": value})
        body = ast.parse(source).body
        assert len(body) == 1
        again = ast.literal_eval(body[0].value)
        assert again == value
        assert type(again) is type(value)


def test_a_set_laid_over_another_keeps_both():
    merged = ParameterSet({"a": {"x": 1}}).over(
        ParameterSet({"a": {"y": 2}, "b": {"z": 3}}, label="old")
    )
    assert merged == ParameterSet({"a": {"y": 2, "x": 1}, "b": {"z": 3}}, label="old")


def test_the_default_day_belongs_to_the_default_data_alone(tmp_path):
    own, other = Params(), Params(data="elsewhere")
    request = make_request(tmp_path)
    assert asked_day(request, own) == own.as_of == "2012-12-31"
    assert asked_day(request, other) == ""
    stated = make_request(tmp_path, asked=ParameterSet({"all": {"as_of": "2012-12-31"}}))
    assert asked_day(stated, other) == "2012-12-31"
    assert asked_day(make_request(tmp_path, as_of="2012-12-31"), other) == "2012-12-31"
