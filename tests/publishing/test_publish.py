"""A publication from the command line to the sealed folder, on a project of toy studies."""

import json
import os
import re
import shutil
import stat

import pytest

from tests.publishing.toy import Project, make_project

pytestmark = [pytest.mark.reports, pytest.mark.slow]


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Project:
    """A project with one version in two languages; tests only read it."""
    project = make_project(tmp_path_factory.mktemp("toy"))
    project.first = project.publish(
        "--lang", "en,zh", "--label", "first", "-p", 'alpha.text=it\'s "00123" \\n 客户 {x} <b>'
    )
    return project


@pytest.fixture
def project(published, tmp_path) -> Project:
    """A copy of it (with its cache) to change."""
    shutil.copytree(published.root, tmp_path / "copy")
    return Project(tmp_path / "copy")


AGAIN = ("--lang", "en,zh", "-p", 'alpha.text=it\'s "00123" \\n 客户 {x} <b>')


def version_of(project: Project, done) -> dict:
    folder = project.root / done.stdout.strip().splitlines()[-1]
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_the_last_line_is_the_path_of_a_whole_version(published):
    folder = published.versions()[0]
    assert published.first.stdout.strip().splitlines()[-1] == str(folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        "index.html",
        "index.zh.html",
        "alpha.en.html",
        "alpha.zh.html",
        "beta.en.html",
        "beta.zh.html",
        "findings.json",
        "manifest.json",
        "notebooks/01_alpha.ipynb",
        "tables/alpha.accounts.csv",
    } <= names
    manifest = version_of(published, published.first)
    assert set(manifest["files"]) == names - {"manifest.json"}
    assert manifest["absent"]["gamma"]["en"] == "needs contracts, which the data do not have"
    assert "gamma is left out: it needs contracts" in published.first.stderr
    assert {
        "version",
        "made",
        "label",
        "as_of",
        "data",
        "parameters",
        "code",
        "packages",
        "python",
        "seeds",
        "studies",
    } <= set(manifest)
    assert not [path for path in published.reports.iterdir() if path.name.startswith(".building")]


def test_a_sealed_file_cannot_be_written_by_accident(published):
    for path in published.versions()[0].rglob("*"):
        if path.is_file():
            assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def test_an_odd_text_reaches_the_notebook_and_the_page_unchanged(published):
    folder = published.versions()[0]
    notebook = json.loads((folder / "notebooks" / "01_alpha.ipynb").read_text(encoding="utf-8"))
    injected = next(
        cell
        for cell in notebook["cells"]
        if "injected-parameters" in cell["metadata"].get("tags", ())
    )
    names: dict = {}
    exec("".join(injected["source"]), names)
    assert names["text"] == 'it\'s "00123" \\n 客户 {x} <b>'
    assert names["findings"] == "."
    assert (
        names["text"]
        in json.loads((folder / "findings.json").read_text(encoding="utf-8"))[0]["sentence"]["en"]
    )
    assert "<b>" not in re.sub(
        r"<script.*?</script>",
        "",
        (folder / "alpha.en.html").read_text(encoding="utf-8"),
        flags=re.S,
    ).replace("</b>", "")


def test_the_same_inputs_start_no_kernel_and_name_the_version(published):
    again = published.publish(*AGAIN)
    assert again.stdout == published.first.stdout
    assert "no kernel started" in again.stderr
    assert "running" not in again.stderr


def test_a_later_study_reads_the_findings_of_this_version(published):
    rows = {
        row["id"]: row["value"]
        for row in json.loads(
            (published.versions()[0] / "findings.json").read_text(encoding="utf-8")
        )
    }
    assert rows["beta.total"] == 2 * rows["alpha.total"]


def test_every_file_is_found_that_was_changed_removed_or_added(project):
    folder = project.versions()[0]
    for name in ("findings.json", "alpha.en.html"):
        (folder / name).chmod(0o644)
    text = (folder / "findings.json").read_text(encoding="utf-8")
    (folder / "findings.json").write_text(text.replace("Total", "Totel"), encoding="utf-8")
    (folder / "alpha.en.html").unlink()
    (folder / "tables" / "new.csv").write_text("a\n", encoding="utf-8")
    done = project.kam("verify", "latest", "--quick", "--json", code=1)
    facts = json.loads(done.stdout)
    assert (facts["changed"], facts["missing"], facts["added"], facts["ok"]) == (
        ["findings.json"],
        ["alpha.en.html"],
        ["tables/new.csv"],
        False,
    )


def test_an_edited_manifest_is_found(project):
    path = project.versions()[0] / "manifest.json"
    path.chmod(0o644)
    path.write_text(
        path.read_text(encoding="utf-8").replace('"label": "first"', '"label": "last"'),
        encoding="utf-8",
    )
    assert "manifest.json was changed" in project.kam("verify", "latest", "--quick", code=1).stdout


def test_a_version_made_again_from_its_manifest_is_equal_to_the_byte(published):
    facts = json.loads(published.kam("verify", "latest", "--json").stdout)
    assert (
        facts["ok"],
        facts["executed"],
        facts["differs"],
        facts["pictures"],
        facts["notes"],
    ) == (True, True, [], [], [])


def test_other_data_than_when_it_was_made_are_named(project):
    path = project.root / "data" / "toy" / "orders.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",2\n", ",3\n", 1), encoding="utf-8")
    assert "the data are others by now: orders" in project.kam("verify", "latest", code=1).stdout


class TestOnlyWhatChanged:
    """A study runs when something that it rests on changed, and for no other reason."""

    def test_one_parameter_runs_its_study_and_what_reads_it(self, project):
        lines = project.publish(*AGAIN, "-p", "alpha.factor=2", "--explain").stdout
        assert "alpha: runs, changed: parameters" in lines
        assert "beta: runs, unless the findings of alpha come out the same" in lines
        assert len(project.versions()) == 1
        done = project.publish(*AGAIN, "-p", "beta.factor=2")
        assert "alpha: taken over" in done.stderr
        assert "beta: running (changed: parameters)" in done.stderr
        manifest = version_of(project, done)
        assert (manifest["studies"]["alpha"]["reused"], manifest["studies"]["beta"]["reused"]) == (
            True,
            False,
        )

    def test_findings_that_come_out_the_same_run_nothing_after_them(self, project):
        done = project.publish(
            "--lang",
            "en,zh",
            "-p",
            'alpha.text=it\'s "00123" \\n 客户 {x} <b>',
            "-p",
            "alpha.days=31",
        )
        assert "alpha: running (changed: parameters)" in done.stderr
        assert "beta: taken over" in done.stderr

    def test_a_study_runs_again_only_where_what_it_read_of_another_changed(self, project):
        project.add(4, "delta", reads=("alpha",), extra='+ len(study.read_table("alpha.accounts"))')
        project.publish(*AGAIN)
        part = project.publish(*AGAIN, "-p", "alpha.factor=2")
        assert "beta: running (changed: what it reads (finding alpha.total))" in part.stderr
        assert "delta: taken over" in part.stderr
        full = project.publish(*AGAIN, "-p", "alpha.factor=2", "--force")
        assert "delta: running" in full.stderr
        sums = [version_of(project, one)["files"] for one in (part, full)]
        kept = [{name: one for name, one in part.items() if "html" not in name} for part in sums]
        assert kept[0] == kept[1]

    def test_a_notebook_that_reads_others_past_the_session_always_runs(self, project):
        past = 'import os\nopen(os.environ["KAM_NOTEBOOKS"] + "/01_alpha.ipynb").close()'
        project.add(2, "beta", reads=("alpha",), more=past)
        project.publish(*AGAIN)
        again = project.publish(*AGAIN, "-p", "alpha.factor=2")
        assert "beta: running" in again.stderr

    def test_a_part_made_anew_equals_all_made_anew_to_the_byte(self, project):
        part = version_of(project, project.publish(*AGAIN, "-p", "beta.factor=3"))
        full = version_of(project, project.publish(*AGAIN, "-p", "beta.factor=3", "--force"))
        assert full["version"] == part["version"] + "-2"
        same = [
            name
            for name in part["files"]
            if name.startswith(("notebooks/", "tables/")) or name == "findings.json"
        ]
        assert len(same) == 6  # with the table behind the figure
        assert {name: part["files"][name] for name in same} == {
            name: full["files"][name] for name in same
        }

    def test_a_page_taken_over_reads_as_one_made_anew(self, project):
        project.publish(*AGAIN, "-p", "beta.factor=3")
        kept = project.root / "reports" / ".cache" / "pages" / "alpha.zh.json"
        before = kept.read_bytes()
        some = version_of(project, project.publish(*AGAIN, "-p", "beta.factor=4"))
        assert kept.read_bytes() == before, "it is taken over, not made"
        full = version_of(project, project.publish(*AGAIN, "-p", "beta.factor=4", "--force"))
        texts = [
            (project.root / "reports" / one["version"] / "alpha.zh.html")
            .read_text(encoding="utf-8")
            .replace(one["version"], "VERSION")
            .replace(one["made"], "MADE")
            for one in (some, full)
        ]
        assert texts[0] == texts[1]

    def test_kept_pages_that_are_not_as_written_are_made_anew(self, project):
        project.publish(*AGAIN, "-p", "beta.factor=3")
        for kept in (project.root / "reports" / ".cache" / "pages").glob("*.json"):
            kept.write_text(kept.read_text(encoding="utf-8").replace("<h1", "<h1 id='forged'"))
        some = version_of(project, project.publish(*AGAIN, "-p", "beta.factor=4"))
        page = project.root / "reports" / some["version"] / "alpha.en.html"
        assert "forged" not in page.read_text(encoding="utf-8")

    def test_code_behind_a_study_runs_it_and_what_only_shows_results_does_not(self, project):
        package = project.root / "kamresearch"
        (package / "publishing" / "shelf" / "more.py").write_text('"""More to show."""\n')
        lines = project.publish(*AGAIN, "--explain").stdout
        assert lines.count("taken over") == 2
        (package / "analysis" / "more.py").write_text('"""More to compute."""\n')
        lines = project.publish(*AGAIN, "--explain").stdout
        assert lines.count("runs, changed: code") == 2
        (package / "analysis" / "more.py").unlink()
        (project.root / "kamresearch" / "studies" / "beta.py").open("a").write("\n# a change\n")
        lines = project.publish(*AGAIN, "--explain").stdout
        assert "alpha: taken over" in lines
        assert "beta: runs, changed: code" in lines

    def test_changed_data_run_every_study_that_reads_them(self, project):
        path = project.root / "data" / "toy" / "orders.csv"
        path.write_text(
            path.read_text(encoding="utf-8").replace(",2\n", ",3\n", 1), encoding="utf-8"
        )
        assert project.publish(*AGAIN, "--explain").stdout.count("changed: data") == 2


class TestFailures:
    """What a failing study leaves behind, and what it does not."""

    def test_a_failing_cell_is_kept_and_named_and_nothing_is_sealed(self, project):
        project.add(4, "delta", more="raise ValueError('no good: {x}')")
        done = project.publish("delta", "alpha", *AGAIN, code=1)
        assert "ValueError: no good: {x}" in done.stderr
        kept = re.search(r"Kept: (\S+\.ipynb)", done.stderr)[1]
        text = (project.root / kept).read_text(encoding="utf-8")
        assert "papermill-error-cell" in text
        assert "no good" in text
        assert len(project.versions()) == 1
        assert done.stdout == ""

    def test_a_lost_promise_fails_and_an_explained_one_does_not(self, project):
        path = project.root / "kamresearch" / "studies" / "beta.py"
        path.write_text(
            path.read_text(encoding="utf-8")
            .replace("('beta.total',)", "x")
            .replace('("beta.total",)', '("beta.total", "beta.lost")'),
            encoding="utf-8",
        )
        done = project.publish("beta", *AGAIN, code=1)
        assert "nothing of beta.lost" in done.stderr
        notebook = project.root / "notebooks" / "02_beta.ipynb"
        content = json.loads(notebook.read_text(encoding="utf-8"))
        content["cells"][-1]["source"].append(
            '\nstudy.absent("beta.lost", reason=Fixed({"en": "Too few.", "zh": "太少。"}))'
        )
        notebook.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        project.publish("beta", *AGAIN)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-p", "alpha.factr=2"),
        ("-p", "alpha.factor=-1"),
        ("nobody",),
        ("--as-of", "2012-13-01"),
        ("--lang", "fr"),
        ("--data", "nowhere"),
        ("--params", "nowhere.yml"),
        ("--mapping", "nowhere.yml"),
        ("--timeout", "-1"),
        ("--each", "region", "--where", "region=East"),
        ("--cluster", "tcp://localhost:1"),
        ("gamma",),
        ("--jobs", "0"),
    ],
)
def test_a_wrong_request_starts_nothing_and_ends_with_two(published, arguments):
    done = published.publish(*arguments, code=2)
    assert "running" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_plain_kernel_gives_the_same_bytes_as_a_forked_one(published, project):
    shutil.rmtree(project.reports)
    plain = version_of(project, project.publish(*AGAIN, KAM_KERNELS="plain"))
    forked = version_of(published, published.first)
    kept = [
        name
        for name in forked["files"]
        if name.startswith(("notebooks/", "tables/")) or name == "findings.json"
    ]
    assert {name: plain["files"][name] for name in kept} == {
        name: forked["files"][name] for name in kept
    }


def test_a_run_writes_only_where_it_may(project, tmp_path):
    before = {path for path in project.root.rglob("*") if "reports" not in path.parts}
    elsewhere = tmp_path / "elsewhere" / "shelf"
    project.publish("alpha", "--reports", str(elsewhere), "--label", "../../escape")
    assert {path for path in project.root.rglob("*") if "reports" not in path.parts} == before
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == {"shelf"}
    assert not list(tmp_path.glob("escape*"))


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc", "..", ".cache", "failed", "", "2012-12-31-0000000000/../../x"],
)
def test_a_name_cannot_lead_out_of_the_shelf(published, name):
    done = published.kam("show", name, code=2)
    assert "expected" in done.stderr


def test_a_link_on_the_shelf_is_no_version(project, tmp_path):
    outside = tmp_path / "2012-12-31-ffffffffff"
    shutil.copytree(project.versions()[0], outside)
    (project.reports / outside.name).symlink_to(outside)
    assert outside.name not in project.kam("versions").stdout


def test_new_notebooks_of_a_version_find_their_findings_beside_them(published):
    """A sealed notebook opened in its folder reads the version's own findings, not the
    project's saved ones.
    """
    from kamresearch.studies.places import findings_folder

    here = published.versions()[0] / "notebooks"
    before = os.getcwd()
    os.chdir(here)
    try:
        assert findings_folder(".") == here
    finally:
        os.chdir(before)
