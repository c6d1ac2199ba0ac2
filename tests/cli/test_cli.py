"""The command line: results on stdout, messages on stderr, exit codes, help with examples,
JSON facts.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data.test_sources import BAD, write
from tests.publishing.toy import Project, make_project

pytestmark = [pytest.mark.reports, pytest.mark.slow]

COMMANDS = (
    "publish",
    "versions",
    "show",
    "diff",
    "verify",
    "record",
    "history",
    "sweep",
    "upgrade",
    "actions",
    "open",
    "prune",
    "check",
    "start",
    "simulate",
    "new-study",
    "refresh",
    "init",
    "studies",
    "params",
    "tidy",
    "watch",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    project = make_project(tmp_path_factory.mktemp("cli"))
    project.publish("--label", "one")
    project.publish("-p", "beta.factor=2", "--label", "two")
    return project


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(project, command):
    text = project.kam(command, "--help").stdout
    assert "Example" in text
    assert f"kam {command}" in text.split("Example")[1]


def test_versions_are_listed_newest_first(project):
    facts = json.loads(project.kam("versions", "--json").stdout)
    assert [one["label"] for one in facts] == ["two", "one"]
    lines = project.kam("versions").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [one["version"] for one in facts]


def test_a_finding_is_shown_through_all_versions(project):
    rows = json.loads(project.kam("history", "alpha.total", "--json").stdout)
    assert [one["label"] for one in rows] == ["one", "two"]
    assert "alpha.total" in project.kam("history", "alpha.totl", code=2).stderr


def test_a_sweep_publishes_each_choice_once_and_goes_on_where_it_stopped(project):
    command = ("sweep", "beta", "factor=1,3", "--finding", "beta.total", "--json")
    first = json.loads(project.kam(*command).stdout)
    assert [one["factor"] for one in first] == ["1", "3"]
    assert first[1]["value"] > first[0]["value"]
    again = json.loads(project.kam(*command).stdout)
    assert [one["version"] for one in again] == [one["version"] for one in first]


def test_a_page_shows_how_far_its_study_hangs_on_choices_when_asked(project, tmp_path):
    shutil.copytree(project.root, tmp_path / "copy")
    copy = Project(tmp_path / "copy")
    asked = ("beta", "--sweep", "beta.factor=1,3", "--lang", "en,zh")
    version = Path(copy.publish(*asked).stdout.strip())
    rows = json.loads((version / "swept.json").read_text("utf-8"))["beta"]["rows"]
    assert [(one["factor"], one["finding"]) for one in rows] == [
        ("1", "beta.total"),
        ("3", "beta.total"),
    ]
    for language, heading in (("en", "hang on choices?"), ("zh", "取决于参数选择？")):
        page = (version / f"beta.{language}.html").read_text("utf-8")
        assert heading in page
        assert "factor = 3" in page
        assert page.index(heading) < page.index('id="limits"')
    assert "no kernel started" in copy.publish(*asked).stderr
    copy.kam("verify", version.name)
    for wrong in (
        ("--each", "region"),
        ("--sweep", "gama.factor=1"),
        ("--sweep", "gamma.factor=1"),
    ):
        assert "--sweep" in copy.publish(*asked, *wrong, code=2).stderr


def test_a_new_release_asks_the_newest_version_again_and_tells_what_moves(project):
    before = [path.name for path in project.versions()]
    study = project.root / "kamresearch" / "studies" / "beta.py"
    kept = study.read_text(encoding="utf-8")
    notebook = project.root / "notebooks" / "02_beta.ipynb"
    stored = notebook.read_bytes()
    try:
        project.add(2, "beta", reads=("alpha",), extra='+ study.evidence["alpha.total"].value + 1')
        done = project.kam("upgrade", "--json")
    finally:
        study.write_text(kept, encoding="utf-8")
        notebook.write_bytes(stored)
    (told,) = json.loads(done.stdout)
    findings = {one["id"]: one for one in told["findings"]}
    assert told["older"] == json.loads(project.kam("versions", "--json").stdout)[0]["version"]
    assert findings["alpha.total"]["judgement"] == "same"
    assert findings["beta.total"]["difference"] == pytest.approx(1.0)
    assert {cause["kind"] for cause in told["causes"]} == {"code"}
    assert [path.name for path in project.versions()] == before


def test_a_version_whose_data_are_others_by_now_is_not_held_against_a_release(project):
    orders = project.root / "data" / "toy" / "orders.csv"
    kept = orders.read_bytes()
    try:
        orders.write_bytes(kept.replace(b"2012-09-01", b"2012-10-01", 1))
        error = project.kam("upgrade", code=2).stderr
    finally:
        orders.write_bytes(kept)
    assert "the data are others by now: orders" in error


def test_a_version_is_shown_with_its_headline_findings(project):
    text = project.kam("show", "latest").stdout
    assert "alpha.total" in text
    assert "n = 6" in text
    facts = json.loads(project.kam("show", "latest", "--json").stdout)
    assert facts["label"] == "two"
    assert {one["id"] for one in facts["findings"]} == {"alpha.total", "beta.total"}


def test_two_versions_are_compared_with_what_moved_them(project):
    older, newer = (
        one["version"] for one in reversed(json.loads(project.kam("versions", "--json").stdout))
    )
    facts = json.loads(project.kam("diff", older, newer, "--json").stdout)
    moved = {one["id"]: one["judgement"] for one in facts["findings"]}
    assert moved == {"alpha.total": "same", "beta.total": "changed"}
    assert {cause["kind"] for cause in facts["causes"]} == {"parameters"}
    assert "beta.total" in project.kam("diff", older).stdout


def test_the_page_to_open_is_named(project):
    assert json.loads(project.kam("open", "--json").stdout)["page"].endswith("reports/index.html")
    assert json.loads(project.kam("open", "latest", "--json").stdout)["page"].endswith("index.html")


def test_a_check_names_tables_and_problems(project):
    facts = json.loads(project.kam("check", "data/toy", "--json").stdout)
    assert facts["tables"]["accounts"]["rows"] == 6
    assert "6 rows in, 6 used, 0 set aside" in project.kam("check", "data/toy").stdout
    assert "导入 6 行，采用 6 行" in project.kam("check", "data/toy", "--lang", "zh").stdout
    assert project.kam("check", "nowhere", code=2).stdout == ""


def test_a_check_tells_rows_that_a_mapping_leaves_out_from_those_that_cannot_be_used(
    project, tmp_path
):
    (tmp_path / "accounts.csv").write_text(
        "account_id,account_name\n1,One\n2,Two\n", encoding="utf-8"
    )
    (tmp_path / "deals.csv").write_text(
        "order_id,account_id,order_date,revenue,stage\n1,1,2012-01-05,10,won\n2,2,2012-02-05,20,lost\n3,1,2012-03-05,,won\n",
        encoding="utf-8",
    )
    (tmp_path / "mapping.yml").write_text(
        "tables:\n  orders:\n    from: deals\n    columns: {order_id: order_id}\n    "
        "keep:\n      - {column: stage, in: [won]}\n",
        encoding="utf-8",
    )
    said = project.kam(
        "check", str(tmp_path), "--mapping", str(tmp_path / "mapping.yml"), code=None
    ).stdout
    assert "orders (deals.csv): 3 rows in, 1 used, 2 set aside" in said
    assert "left out by the mapping: stage is out of the rule" in said
    assert "revenue is missing" in said


def test_a_simulated_company_is_written_where_asked(project, tmp_path):
    done = project.kam("simulate", str(tmp_path / "demo"), "--accounts", "30", "--seed", "3")
    assert done.stdout.strip() == str(tmp_path / "demo")
    assert (tmp_path / "demo" / "orders.parquet").exists()


def test_a_company_is_simulated_in_a_world_from_a_file_and_a_slip_in_it_ends_with_words(
    project, tmp_path
):
    (tmp_path / "calm.yml").write_text("programme_ratio: 1")
    (tmp_path / "slip.yml").write_text("programme_ration: 1")
    options = ("--accounts", "20", "--world")
    project.kam("simulate", str(tmp_path / "demo"), *options, str(tmp_path / "calm.yml"))
    truth = (tmp_path / "demo" / "truth" / "world.yml").read_text()
    assert "programme_ratio: 1.0" in truth
    refused = project.kam(
        "simulate", str(tmp_path / "no"), *options, str(tmp_path / "slip.yml"), code=2
    )
    assert "did you mean 'programme_ratio'?" in " ".join(refused.stderr.split())


def test_old_versions_go_only_when_told_twice(project, tmp_path):
    shutil.copytree(project.root, tmp_path / "copy")
    copy = Project(tmp_path / "copy")
    would = copy.kam("prune", "--keep", "1")
    assert len(would.stdout.splitlines()) == 1
    assert len(copy.versions()) == 2
    gone = json.loads(copy.kam("prune", "--keep", "1", "--cache", "--yes", "--json").stdout)
    assert gone["done"] is True
    assert [path.name for path in copy.versions()] == [
        json.loads(copy.kam("versions", "--json").stdout)[0]["version"]
    ]
    assert gone["removed"][0] not in (copy.reports / "index.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in (copy.reports / ".cache").iterdir() if path.is_dir()) == []


def test_notebooks_run_again_in_place_are_the_same_the_second_time(project, tmp_path):
    shutil.copytree(project.root, tmp_path / "copy")
    copy = Project(tmp_path / "copy")
    shutil.rmtree(copy.reports)
    (copy.root / "kamresearch" / "studies" / "gamma.py").unlink()
    first = copy.kam("refresh").stdout.splitlines()
    assert [line.rsplit("/", 1)[-1] for line in first] == ["01_alpha.ipynb", "02_beta.ipynb"]
    notebook = json.loads((copy.root / "notebooks" / "02_beta.ipynb").read_text(encoding="utf-8"))
    assert not [
        cell
        for cell in notebook["cells"]
        if "injected-parameters" in cell["metadata"].get("tags", ())
    ]
    assert any(cell.get("outputs") for cell in notebook["cells"])
    assert copy.kam("refresh").stdout == ""


def test_what_a_researcher_types_gives_the_same_version(project):
    script = (
        "import kamresearch as kam\nv = "
        "kam.publish(label='other')\nprint(v.id)\nprint(kam.findings(v)['alpha.total'].value)\nprint(len(kam.versions()))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == json.loads(project.kam("versions", "--json").stdout)[1]["version"], (
        done.stderr
    )
    assert float(lines[1]) > 0
    assert lines[2] == "2"


def test_a_wrong_option_ends_with_two_and_a_hint(project):
    done = project.kam("publish", "--fource", code=2)
    assert "--force" in done.stderr
    assert done.stdout == ""


def test_a_closed_pipe_is_no_traceback(project):
    done = subprocess.run(
        ["bash", "-c", " ".join([*project.command("show", "latest", "--json"), "| head -1"])],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_ends_the_command_in_one_line_with_two_and_nothing_written(
    project, tmp_path, name
):
    texts, _pattern = BAD[name]
    folder = write(tmp_path / "export", **texts)
    done = project.kam(
        "publish", "--data", str(folder), "--reports", str(tmp_path / "shelf"), code=2
    )
    *waited, ended = done.stderr.strip().splitlines()
    assert all("Opening and checking" in line for line in waited)
    assert ended.startswith("kam: ")
    assert "To do:" in ended
    assert [path for path in (tmp_path / "shelf").rglob("*") if path.is_file()] == []
    assert sorted(path.name for path in folder.iterdir()) == ["accounts.csv", "orders.csv"]
