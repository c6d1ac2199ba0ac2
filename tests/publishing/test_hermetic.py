"""A version's name stands for everything that goes in, and a secret for the host it was given to."""

import inspect
import json
import re
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamresearch.data.addresses import split_password
from kamresearch.errors import ParameterError, StoreError
from kamresearch.publishing.asking.parameters import NOT_INPUTS, ParameterSet, validate
from kamresearch.publishing.asking.request import Request
from kamresearch.publishing.making.verify import request_of
from kamresearch.publishing.planning import plan as planning
from kamresearch.publishing.planning import sources
from kamresearch.publishing.planning.datafacts import mapping_digest
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.secrecy import refuse_secrets
from kamresearch.studies import all_studies
from tests.conftest import ROOT

FACTS = {
    "source": "x",
    "currency": "CNY",
    "mapping_text": "",
    "tables": {
        name: {"rows": 3, "fingerprint": "ab", "simulated": False}
        for study in all_studies()
        for name in (*study.needs, *study.wants)
    },
    "warnings": [],
}


class Code:
    """Code of one fixed checksum, so that tests change one input at a time."""

    def fingerprint(self, _studies):
        return "code"

    def notebook_digest(self, study):
        return study.name

    def behind(self, _study):
        return {}


def planned(asked=None, data=FACTS, languages=("en",), **options):
    options = {"data": options.pop("source", None), **options}
    params = validate(all_studies(), ParameterSet(asked or {}), options)
    request = Request(ROOT, ROOT / "reports", languages=languages)
    return planning.make_plan(request, Code(), params, all_studies(), data)


def keys(plan):
    return {step.study.name: step.key for step in plan.steps}


@pytest.mark.parametrize("name", ["currency", "mapping_text"])
def test_the_same_rows_in_another_currency_are_another_version_and_run_again(name):
    before, after = planned(), planned(data={**FACTS, name: "EUR"})
    assert before.version != after.version
    assert not set(keys(before).values()) & set(keys(after).values())


def test_the_mapping_counts_by_its_text_whether_named_or_found_beside_the_data(tmp_path):
    digests = set()
    for text in ("currency: CNY\n", "currency: EUR\n", "currency: EUR\ntime_zone: Asia/Shanghai\n"):
        (tmp_path / "mapping.yml").write_text(text)
        beside = mapping_digest(str(tmp_path), "")
        assert beside == mapping_digest("elsewhere", str(tmp_path / "mapping.yml"))
        digests.add(beside)
    assert len(digests) == 3
    assert (
        mapping_digest("postgresql://db/x", "") == mapping_digest(str(tmp_path / "none"), "") == ""
    )


PARAMETERS = [
    (study, name)
    for study in all_studies()
    for name in study.params.model_fields
    if name not in NOT_INPUTS
]


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(("study", "name"), PARAMETERS, ids=lambda one: getattr(one, "name", one))
def test_every_parameter_of_every_study_is_part_of_the_name(study, name):
    plan = planned()
    steps = [
        replace(step, params=step.params.model_copy(update={name: "another"}))
        if step.study == study
        else step
        for step in plan.steps
    ]
    assert replace(plan, steps=tuple(steps)).version != plan.version
    changed = next(step for step in steps if step.study == study)
    assert changed.key != keys(plan)[study.name]


@pytest.mark.parametrize("name", sorted(FACTS["tables"]))
def test_every_table_is_part_of_the_name(name):
    tables = {**FACTS["tables"], name: {"rows": 3, "fingerprint": "cd", "simulated": False}}
    assert planned(data={**FACTS, "tables": tables}).version != planned().version


@pytest.mark.slow
def test_every_installed_package_is_part_of_the_name(monkeypatch):
    whole = sources.package_versions()
    assert len(whole) > 100
    assert "numpy" in whole
    before = planned().version
    for name in whole:
        monkeypatch.setattr(
            sources, "package_versions", lambda name=name: {**whole, name: "another"}
        )
        assert planned().version != before


def test_languages_are_part_of_the_name():
    assert planned(languages=("en", "zh")).version != planned().version


@pytest.mark.slow
def test_every_file_of_the_package_is_part_of_the_name(tmp_path, monkeypatch):
    """Templates, catalogues, glossaries and fonts as well as modules: whatever lies there."""
    package = tmp_path / "kamresearch"
    for path in sources.SourceCode().files:
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text("1")
    monkeypatch.setattr(sources, "PACKAGE", package)
    code = sources.SourceCode()
    before, sums = code.fingerprint(()), dict(code.files)
    there = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    for path in there:
        (package / path).write_text("2")
        code.files = {**sums, path: sources.file_sha256(package / path)}
        assert code.fingerprint(()) != before, path
    assert set(sources.SourceCode().files) == there
    assert not sums.items() & sources.SourceCode().files.items()


KINDS_OF_CODE = {
    "a template": ("publishing/pages/templates/style.css", False),
    "how a page is rendered": ("publishing/pages/render.py", False),
    "a glossary": ("language/glossary/general.yml", False),
    "a translation": ("language/catalogue/zh/trend.po", True),
    "what numbers look like": ("language/format.py", True),
    "how data are read": ("data/casting.py", True),
    "a feature": ("features/snapshot.py", True),
    "what declares another study": ("studies/churn.py", False),
}
"""File of the package → whether notebooks must run again, or their pages alone be rendered."""


def test_a_change_of_the_code_renders_anew_and_runs_only_what_can_have_moved():
    """Pages are never kept; executed notebooks are, under all that does not only show them."""
    (study,) = [one for one in all_studies() if one.name == "sales_trend"]
    code = sources.SourceCode()
    files, whole, behind = dict(code.files), code.fingerprint([study]), code.behind(study)
    for kind, (path, runs) in KINDS_OF_CODE.items():
        assert path in files, f"{kind} has another name by now"
        code.files = {**files, path: "another"}
        assert code.fingerprint([study]) != whole, kind
        assert (code.behind(study) != behind) is runs, kind


COUNTED_OR_NOT = {
    "root": "its notebooks count by what they say",
    "reports": "where the version goes",
    "studies": "each counts with its parameters",
    "data": "",
    "mapping": "",
    "env": "passwords, and the key whose mark counts",
    "asked": "counts as parameters",
    "as_of": "",
    "where": "",
    "languages": "",
    "jobs": "how many at once",
    "label": "names a series, moves nothing",
    "force": "whether the cache is used",
    "pseudonyms": "a fact of the data, as tried below",
    "least": "refuses slices, moves none",
    "hindcast": "",
    "swept": "",
    "limits": "end a run, move nothing",
}
"""Each thing that can be asked for, and why it is no input by itself; empty: it is one."""


def test_everything_that_can_be_asked_for_is_part_of_the_name_or_says_why_not():
    """Found in the class of requests, so that a new one cannot be forgotten."""
    assert {one.name for one in fields(Request)} == set(COUNTED_OR_NOT)
    before = planned()
    others = {"languages": ("zh",), "hindcast": True, "swept": {"churn": {"rows": [1]}}}
    for name, why in COUNTED_OR_NOT.items():
        if why or name in ("data", "mapping", "as_of", "where"):
            continue
        other = replace(before, request=replace(before.request, **{name: others[name]}))
        assert other.version != before.version, name
    assert planned(data={**FACTS, "pseudonyms": "mark"}).version != before.version
    assert planned(where="region=East").version != before.version
    assert planned(as_of="2011-06-30").version != before.version


def test_the_words_of_a_case_are_part_of_the_name_and_run_their_study_alone(tmp_path):
    """Its story, by study; `params.yml` counts as the parameters that it sets."""
    (tmp_path / "orders.csv").write_text("order_id\n")
    story = tmp_path / "story.en.md"
    names, found = [all_studies()[0].name, all_studies()[1].name], []
    for text in ("One.", "Another."):
        section = all_studies()[0].sections[0]
        head = "---\nwho: We\nsaid: 2012-01-01\n---\n"
        story.write_text(f"{head}# {names[0]}\n\n## {section}\n\n{text}\n", encoding="utf-8")
        found.append(planned(source=str(tmp_path), as_of="2012-12-31"))
        found[-1].stories()  # which are read when they are first asked for
    assert found[0].stories() != found[1].stories()
    assert found[0].version != found[1].version
    assert keys(found[0])[names[0]] != keys(found[1])[names[0]]
    assert keys(found[0])[names[1]] == keys(found[1])[names[1]]


DERIVED = {
    "source": "where the rows lie; the rows count",
    "warnings": "follow from the rows",
    "tables": "tried one by one above",
}
"""Facts of the data that a plan reads and that are no inputs of their own."""


def test_every_fact_of_the_data_that_a_plan_reads_is_part_of_the_name():
    """Found in the code of the plan, so that a new one cannot be forgotten."""
    code = inspect.getsource(planning)
    names = set(re.findall(r'data(?:\.get\(|\[)"(\w+)"', code))
    names |= set(re.search(r"_beside_rows.*?for name in \((.*?)\)", code, re.DOTALL)[1].split())
    names = {name.strip('",') for name in names} - set(DERIVED)
    assert {"currency", "mapping_text", "earlier"} <= names
    for name in names:
        other = [{"id": "x"}] if name == "earlier" else "another"
        assert planned(data={**FACTS, name: other}).version != planned().version, name


HARMLESS = {
    "KAM_ENGINE_MEMORY": "room of the engine",
    "KAM_SERVER_SECONDS": "patience with a server",
    "KAM_SPARK_MASTER": "where Spark computes",
    "KAM_SPARK_PARTITIONS": "how Spark splits its work",
    "KAM_PREPARED": "the copy of the data, whose content is the name",
    "KAM_PREPARED_FOR": "what it is a copy of",
    "KAM_NOTEBOOKS": "the notebooks of the same version",
    "KAM_PREDICTIONS": "a file of the version, counted as earlier",
    "KAM_PROJECT": "where the project lies",
    "KAM_NO_STORY": "set where there are pseudonyms, which the name counts",
}
"""Variables that a study may meet, and why none moves a number."""


def test_no_variable_of_the_environment_is_an_input_that_nobody_counts():
    rooms = ("data", "features", "analysis", "figures", "studies", "language")
    code = [
        path.read_text(encoding="utf-8")
        for room in rooms
        for path in sorted((ROOT / "kamresearch" / room).rglob("*.py"))
    ]
    code.append((ROOT / "kamresearch" / "places.py").read_text(encoding="utf-8"))
    read = r'environ(?:\.get\(|\.setdefault\(|\[)"(\w+)"|getenv\("(\w+)"'
    found = {one or other for text in code for one, other in re.findall(read, text)}
    assert "KAM_PREPARED" in found
    assert found <= set(HARMLESS)


# Secrets

PASSWORD = st.text(st.characters(codec="ascii", exclude_categories=("Cc", "Zs")), min_size=1)


@given(PASSWORD.filter(lambda text: "%" not in text and not text[0].isdigit()))
def test_a_password_of_any_characters_is_taken_out_of_an_address(password):
    clean, env = split_password(f"postgresql://me:{password}@db.example:5432/sales?sslmode=require")
    assert clean == "postgresql://me@db.example:5432/sales?sslmode=require"
    assert env == {"PGPASSWORD": password}


@pytest.mark.parametrize("password", ["a@b", "a/b@c", "a%26b", "12#34", "[", "x?y=z", "se/c?ret=1"])
def test_a_password_pasted_as_it_is_never_stays_in_the_address(password):
    clean, env = split_password(f"postgresql://me:{password}@db/sales")
    assert clean == "postgresql://me@db/sales"
    assert env["PGPASSWORD"] in (password, "a&b")


def test_an_address_whose_password_cannot_be_told_from_the_rest_is_refused_unseen():
    with pytest.raises(ParameterError) as error:
        split_password("postgresql://me:5432/sales?x=s3cret@db/sales")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("secret", "text", "held"),
    [
        ("x", "an x in every word", False),
        ("2012", '{"as_of": "2012-12-31"}', False),
        ("2012", "postgresql://me:2012@db/sales", True),
        ("correct horse", "it is correct horse", True),
        ('quo"ted-one', json.dumps({"text": 'quo"ted-one'}), True),
        ("p@ss word/1", "postgresql://me:p%40ss%20word%2F1@db", True),
    ],
)
def test_a_version_that_holds_a_password_is_not_sealed(tmp_path, secret, text, held):
    (tmp_path / "page.html").write_text(text)
    if not held:
        return refuse_secrets(tmp_path, [secret])
    with pytest.raises(StoreError, match="page.html: expected no password") as told:
        refuse_secrets(tmp_path, [secret])
    assert secret not in str(told.value)
    return None


def test_a_version_of_somebody_else_does_not_choose_the_host_that_gets_a_password(
    tmp_path, monkeypatch
):
    """A manifest may name any host; verify asks a server only when its user named it."""
    monkeypatch.setenv("PGPASSWORD", "mine")
    path = next(iter(validate(all_studies()[:1], ParameterSet(), {}).values()))
    manifest = Manifest.model_validate(
        {
            "parameters": {
                all_studies()[0].name: {
                    **json.loads(path.model_dump_json()),
                    "data": "postgresql://me@attacker.example/x",
                }
            },
            "languages": ["en"],
        }
    )
    with pytest.raises(ParameterError, match="--data ADDRESS"):
        request_of(manifest, tmp_path)
    named = request_of(manifest, tmp_path, "postgresql://me@home.example/x")
    assert (named.data, dict(named.env)) == (
        "postgresql://me@home.example/x",
        {"PGPASSWORD": "mine"},
    )
