"""Fixtures that every test folder shares."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kamresearch.garbage import look_rarely

# No test holds a clock: on a busy machine hypothesis would fail one for its time alone.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

look_rarely()

ROOT = Path(__file__).resolve().parents[1]

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def case_folder() -> Path:
    """The built-in case."""
    return ROOT / "data" / "cases" / "geely_volvo"


@pytest.fixture(scope="session")
def case_tables(case_folder: Path) -> object:
    """The built-in case, opened once for every test that only reads it."""
    import kamresearch as kam

    return kam.open_data(case_folder)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Evaluation data kept beside the checkout; tests that need them skip, visibly, where they
    are absent.
    """
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("evaluation data (../shared/data) are not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def shared_eval() -> Path:
    """Evaluation protocols kept beside the checkout."""
    folder = ROOT.parent / "shared" / "eval"
    if not folder.is_dir():
        pytest.skip("evaluation protocols (../shared/eval) are not beside the checkout")
    return folder
