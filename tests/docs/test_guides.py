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
    return copy


def run(command: str, folder: Path, project: Path | None = None) -> subprocess.CompletedProcess:
    """A command as a reader types it in a folder with the environment active; its package is that
    of the project.
    """
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
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


def run_guide(name: str, project: Path) -> list[str]:
    """Run every command of a guide; what each printed."""
    printed, folder = [], project
    for command in filter(None, commands_of(project / "docs" / name)):
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")
            continue
        done = run(command, folder, project)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        printed.append(done.stdout + done.stderr)
    assert printed
    return printed


def test_your_first_study_goes_from_a_question_to_a_published_report(project):
    run_guide("your-first-study.md", project)
    made = project / "our-accounts"
    versions = [path for path in (made / "reports").iterdir() if (path / "manifest.json").exists()]
    assert len(versions) == 2, "one for each published set of parameters"
    assert all((version / "visit_effect.en.html").exists() for version in versions)
    misspelt = run("kam publish visit_effect -p visit_effect.windw_days=90", made, project)
    assert misspelt.returncode == 2
    assert "window_days" in misspelt.stderr
    taken = run("kam new-study visit_effect", made, project)
    assert taken.returncode == 2
    assert "Traceback" not in taken.stderr


def test_your_own_data_goes_from_an_export_to_reports(project, shared_data):
    export = project / "my_export"
    export.mkdir()
    for path in shared_data.glob("crm_*.csv"):
        shutil.copy(path, export)
    run_guide("your-own-data.md", project)
    assert list((project / "reports").glob("*/manifest.json"))
