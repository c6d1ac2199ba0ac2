"""The wheel alone, in a bare environment outside the checkout: reports, a project, a study of one's
own.
"""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = [pytest.mark.reports, pytest.mark.long]

ALONE = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
ALONE["JUPYTER_PATH"] = str(Path(sys.prefix, "share", "jupyter"))
"""An environment in which no path leads back to the checkout; nbconvert's templates are lent."""


def build(*command: object, cwd=None) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=ALONE, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory):
    """An environment that holds the wheel and what it needs, and nothing of the checkout.

    The other packages are lent by this environment: what is tested is the wheel, not the registry.
    """
    folder = tmp_path_factory.mktemp("installed")
    wheel = ("wheel", root, "--no-deps", "--no-build-isolation", "-q", "-w", folder)
    build(sys.executable, "-m", "pip", *wheel, cwd=folder)
    build(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    build(python, "-m", "pip", "install", "-q", "--no-deps", *folder.glob("*.whl"))
    place = build(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    Path(place, "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin"


@pytest.fixture
def kam(installed, tmp_path):
    def run(*arguments, cwd=tmp_path, program="kam"):
        done = subprocess.run(
            [installed / program, *arguments],
            cwd=cwd,
            env=ALONE,
            capture_output=True,
            text=True,
            timeout=1200,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout

    return run


def test_an_empty_folder_and_the_wheel_are_enough_for_a_report(kam, tmp_path):
    where = kam("-c", "import kamresearch; print(kamresearch.__file__)", program="python")
    assert "site-packages" in where
    path = kam("publish", "sales_trend").strip().splitlines()[-1]
    assert path.startswith(str(tmp_path / "reports"))
    page = (tmp_path / "reports" / path / "sales_trend.en.html").read_text(encoding="utf-8")
    assert "Volvo Cars" in page


def test_a_project_with_a_study_of_its_own_publishes_twice_the_same(kam, tmp_path):
    kam("init", "acme")
    acme = tmp_path / "acme"
    kam("new-study", "visit_effect", cwd=acme)
    kam("-m", "pytest", "-q", "studies", cwd=acme, program="python")
    told = json.loads(kam("publish", "visit_effect", "--lang", "en,zh", "--json", cwd=acme))
    version = acme / "reports" / told["version"]
    assert told["path"] == str(version)
    assert kam("publish", "visit_effect", "--lang", "en,zh", cwd=acme).strip() == str(version)
    chinese = (version / "visit_effect.zh.html").read_text(encoding="utf-8")
    assert "本研究仅有英文版。" in chinese
    assert "Who is still buying?" in chinese
    assert "本研究仅有英文版。" not in (version / "visit_effect.en.html").read_text("utf-8")
    before = (acme / "studies/visit_effect/visit_effect.py").read_text()
    (acme / "studies/visit_effect/visit_effect.py").write_text(before + "\n# another line\n")
    assert kam("publish", "visit_effect", "--lang", "en,zh", cwd=acme).strip() != str(version)
