"""The guides do what they say: every command in them is run, in order, in a copy of the project."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.fixture
def project(root, tmp_path) -> Path:
    """A copy of the project in which commands may write."""
    copy = tmp_path / "project"
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


def run_guide(name: str, project: Path, studies: str = "") -> None:
    """Run every command of a guide in one terminal, in order, each shown before it runs; of a
    publication of all studies only those named, where any are.
    """
    commands = list(filter(None, commands_of(project / "docs" / name)))
    whole = "kam publish --data"
    commands = [line.replace(whole, f"kam publish {studies} --data") for line in commands]
    assert commands
    if ACTIVATE not in commands:
        commands.insert(0, ACTIVATE)
    done = run("set -ex\n" + "\n".join(commands), project)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


def test_your_first_study_goes_from_a_question_to_a_published_report(project):
    run_guide("your-first-study.md", project)
    made = project / "our-accounts"
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
