"""One set of requirements, told three times: pyproject.toml, environment.yml and the locks
agree.
"""

import os
import re
import shutil
import subprocess
import tomllib

import pytest
import yaml

pytestmark = pytest.mark.architecture

CONDA_NAMES = {
    "jupyter-client": "jupyter_client",
    "matplotlib": "matplotlib-base",
    "duckdb": "python-duckdb",
    "ibis-framework": "ibis-duckdb",
}
CONDA_EXTRAS = {"fonttools": "brotli-python", "mkdocstrings": "mkdocstrings-python"}
"""Packages that conda lists apart where pip has an extra."""


def split(requirement: str) -> tuple[str, str, str]:
    name, extras, bounds = re.match(
        r"^([A-Za-z0-9._-]+)(\[[^\]]+\])?(.*)$", requirement.split(";")[0].strip()
    ).groups()
    return name, extras or "", bounds.strip()


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_conda_users_get_what_pip_users_get(root, project):
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [
        item for name in extras if name != "spark" for item in extras[name]
    ]
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))[
        "dependencies"
    ]
    from_conda = {split(item)[0]: split(item)[2] for item in environment if isinstance(item, str)}
    from_pip = {item for entry in environment if isinstance(entry, dict) for item in entry["pip"]}
    for requirement in wanted:
        name, _, bounds = split(requirement)
        if requirement in from_pip or name == "pip":
            continue
        assert from_conda.get(CONDA_NAMES.get(name, name)) == bounds, requirement
        if name in CONDA_EXTRAS:
            assert CONDA_EXTRAS[name] in from_conda
    python = project["requires-python"]
    assert from_conda["python"] == python


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-spark.lock", "benchmarks/requirements-peers.lock"]
)
def test_a_lock_holds_hashes_and_no_address(root, name):
    text = (root / name).read_text(encoding="utf-8")
    pins = re.findall(
        r"^[a-z0-9._-]+==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", text, flags=re.MULTILINE
    )
    assert len(pins) == len(re.findall(r"^[a-z0-9._-]+==", text, flags=re.MULTILINE)) > 0
    assert "://" not in text
    assert "index-url" not in text


def test_the_lock_satisfies_the_project(root, project):
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9._-]+)==", text, flags=re.MULTILINE))
    extras = project["optional-dependencies"]
    for requirement in project["dependencies"] + [
        item for name in extras if name != "spark" for item in extras[name]
    ]:
        assert split(requirement)[0].lower() in locked, requirement


def test_each_dependency_says_why_it_is_there(root):
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    for line in block.splitlines():
        if re.match(r'^    "[a-z]', line):
            assert "#" in line, f"no reason beside {line.strip()}"


IMPORT_NAMES = {
    "charset-normalizer": "charset_normalizer",
    "fonttools": "fontTools",
    "ibis-framework": "ibis",
    "jupyter-client": "jupyter_client",
    "python-calamine": "python_calamine",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
}
TOOLS = {"jupyterlab"}
"""What researchers start, and no module imports."""


def test_each_dependency_is_imported_somewhere_in_the_package(root, project):
    sources = [path.read_text(encoding="utf-8") for path in (root / "kamresearch").rglob("*.py")]
    imported = {
        found
        for text in sources
        for found in re.findall(r"^\s*(?:import|from) ([A-Za-z0-9_]+)", text, flags=re.MULTILINE)
    }
    names = {split(requirement)[0] for requirement in project["dependencies"]} - TOOLS
    assert {name for name in names if IMPORT_NAMES.get(name, name) not in imported} == set()


def test_the_audit_reads_every_lock_and_says_what_it_needs(root, tmp_path):
    """With a stand-in for pipx that repeats what it was asked, and without any."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not here")
    outer = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    """Of `make test` around this test: with them the inner make tells its folder as its last line."""
    alone = {name: value for name, value in os.environ.items() if name not in outer}
    alone["PATH"] = str(tmp_path)
    asked = {"cwd": root, "env": alone, "capture_output": True, "text": True}
    refused = subprocess.run([make, "audit"], **asked)
    assert refused.returncode == 2
    for words in ("expected pipx", "a network", "found no pipx", "docs/trust.md"):
        assert words in refused.stderr
    (tmp_path / "pipx").write_text('#!/bin/sh\necho "$*"\n')
    (tmp_path / "pipx").chmod(0o755)
    told = subprocess.run([make, "audit"], **asked).stdout.splitlines()[-1]
    assert told.startswith("run pip-audit --strict --require-hashes --disable-pip ")
    assert set(re.findall(r"-r (\S+)", told)) == {path.name for path in root.glob("*.lock")}
