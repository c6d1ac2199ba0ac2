"""What the tests of faults share: a small project published once, and a shim that makes calls fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.shim import Shim
from tests.publishing.toy import Project, make_project


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Project:
    """A project of two studies that was published once (in English)."""
    project = make_project(tmp_path_factory.mktemp("faults"))
    (project.root / "kamresearch" / "studies" / "gamma.py").unlink()
    (project.root / "notebooks" / "03_gamma.ipynb").unlink()
    project.publish()
    return project


@pytest.fixture
def project(base, tmp_path) -> Project:
    shutil.copytree(base.root, tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def library(tmp_path_factory) -> Path:
    compiler = shutil.which("cc")
    if not compiler or not sys.platform.startswith("linux"):
        pytest.skip("faults of a device are made by a library that needs Linux and a C compiler")
    path = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", path, source, "-ldl"], check=True)
    return path


@pytest.fixture
def shim(library, tmp_path) -> Shim:
    return Shim(library, tmp_path / "state")
