"""The guides do what they say: every command in them is run, in order, in a copy of the project."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kamresearch.data.simulate import simulate

pytestmark = [pytest.mark.reports, pytest.mark.slow]

ACTIVATE = ". .venv/bin/activate"

PARTS = (
    "kamresearch",
    "notebooks",
    "params",
    "data",
    "docs",
    "tests",
    "tools",
    "pyproject.toml",
    "README.md",
    "reports/README.md",
)


def commands_of(guide: Path) -> list[str]:
    """The lines of every ``sh`` block, without their comments."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```", guide.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [
        " ".join(shlex.split(line, comments=True)) and line.split("  #")[0].strip()
        for line in joined.splitlines()
    ]


def copy_project(root: Path, folder: Path) -> Path:
    """A copy of the project in which commands may write."""
    copy = folder / "project"
    for part in PARTS:
        source, target = root / part, copy / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source,
                target,
                ignore=shutil.ignore_patterns(
                    "__pycache__", ".ipynb_checkpoints", ".venv", ".cache"
                ),
            )
        else:
            shutil.copy(source, target)
    (copy / ".venv").symlink_to(sys.prefix)  # as `make setup` leaves it
    return copy


@pytest.fixture
def project(root, tmp_path) -> Path:
    return copy_project(root, tmp_path)


@pytest.fixture(scope="module")
def first_study(root, tmp_path_factory) -> Path:
    """The project after the guide to a first study was followed to its end."""
    project = copy_project(root, tmp_path_factory.mktemp("first"))
    run_guide("your-first-study.md", project)
    (project / "our-accounts" / ".venv").symlink_to(sys.prefix)
    return project


def run(command: str, folder: Path, project: Path | None = None) -> subprocess.CompletedProcess:
    """A command as a reader types it in a folder, in a terminal that knows nothing of the project;
    its package is that of the project.
    """
    own = str(Path(sys.executable).parent)
    path = [part for part in os.environ["PATH"].split(os.pathsep) if part != own]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": str(project or folder),
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )


def run_guide(name: str, project: Path, studies: str = "", folder: str = "") -> None:
    """Run every command of a guide in one terminal, in order, each shown before it runs; of a
    publication of all studies only those named, where any are.
    """
    commands = list(filter(None, commands_of(project / "docs" / name)))
    whole = "kam publish --data"
    commands = [line.replace(whole, f"kam publish {studies} --data") for line in commands]
    assert commands
    if ACTIVATE not in commands:
        commands.insert(0, ACTIVATE)
    done = run("set -ex\n" + "\n".join(commands), project / folder, project)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


def test_your_first_study_goes_from_a_question_to_a_published_report(first_study):
    project, made = first_study, first_study / "our-accounts"
    versions = [path for path in (made / "reports").iterdir() if (path / "manifest.json").exists()]
    assert len(versions) == 2, "one for each published set of parameters"
    assert all((version / "visit_effect.en.html").exists() for version in versions)
    misspelt = run(
        f". {project}/.venv/bin/activate && kam publish visit_effect -p visit_effect.windw_days=90",
        made,
        project,
    )
    assert misspelt.returncode == 2
    assert "window_days" in misspelt.stderr
    taken = run(f". {project}/.venv/bin/activate && kam new-study visit_effect", made, project)
    assert taken.returncode == 2
    assert "Traceback" not in taken.stderr


@pytest.mark.parametrize(
    "studies", ["data_quality sales_trend", pytest.param("", marks=pytest.mark.long)]
)
def test_your_own_data_goes_from_an_export_to_reports(project, shared_data, studies):
    export = project / "my_export"
    export.mkdir()
    for path in shared_data.glob("crm_*.csv"):
        shutil.copy(path, export)
    run_guide("your-own-data.md", project, studies)
    assert list((project / "reports").glob("*/manifest.json"))


def test_schedulers_find_the_version_that_is_there_and_the_shelf_goes_to_a_static_host(first_study):
    made, guide = first_study / "our-accounts", first_study / "docs" / "scheduling.md"
    lines = re.findall(
        r"cd /srv/our-accounts && (.*?)(?:\"|$)", guide.read_text("utf-8"), re.MULTILINE
    )
    assert len(lines) == 2, "cron and Airflow"
    before = sorted(path.parent for path in made.glob("reports/*/manifest.json"))
    for line in lines:
        done = run(line.replace("kam publish", "kam publish visit_effect"), made, first_study)
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["studies"] == ["visit_effect"]
    assert (made / "publish.log").read_text("utf-8").count("no kernel started") == 1
    assert sorted(path.parent for path in made.glob("reports/*/manifest.json")) == before
    workflow = yaml.safe_load((made / ".github/workflows/reports.yml").read_text("utf-8"))
    steps = [step.get("run", "") for step in workflow["jobs"]["publish"]["steps"]]
    assert steps[2:5] == [
        "pip install -r requirements.txt",
        "python -m pytest -q studies",
        "kam publish",
    ]
    run_guide("scheduling.md", first_study, folder="our-accounts")
    shelf = first_study / "intranet"
    assert not {".cache", "failed"} & {path.name for path in shelf.iterdir()}
    for path in before:
        assert path.name in (shelf / "index.html").read_text("utf-8")
        assert (shelf / path.name / "index.html").exists()


@pytest.mark.long
def test_your_own_repository_goes_from_an_export_to_what_a_new_release_moves(project):
    export = simulate(project / "my_export", accounts=200, random_state=7)
    for path in [*export.glob("*.yml"), *export.glob("truth/*")]:
        path.unlink()
    made = run(f"{ACTIVATE} && kam init our-accounts", project)
    assert made.returncode == 0, made.stderr
    (project / "our-accounts" / ".venv").symlink_to(sys.prefix)
    run_guide("your-own-repository.md", project, "sales_trend", folder="our-accounts")
    assert len(list(project.glob("our-accounts/reports/*/sales_trend.en.html"))) == 1
