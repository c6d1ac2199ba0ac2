"""``kam watch``: what it looks at, and that a change publishes again."""

import os
import signal
import subprocess
import sys

import pytest

from kamresearch.publishing.making.watching import changed, is_code, look
from kamresearch.publishing.planning.sources import PACKAGE
from tests.publishing.toy import make_project

pytestmark = [pytest.mark.reports]


def test_data_and_notebooks_count_and_what_is_hidden_does_not(tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_PROJECT", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    own = tmp_path / "elsewhere"
    own.mkdir()
    before = look(str(own))
    (own / "orders.csv").write_text("a\n")
    (own / ".orders.csv.swp").write_text("a\n")
    (tmp_path / "notebooks" / "one.ipynb").write_text("{}")
    (tmp_path / "notes.txt").write_text("no input\n")
    moved = changed(before, look(str(own)))
    assert [path.name for path in moved] == ["orders.csv", "one.ipynb"]
    assert not any(map(is_code, moved))
    assert look("postgresql://me@server/base").keys() == look(None).keys()


def test_code_of_the_package_and_of_a_project_needs_another_process(tmp_path):
    assert is_code(PACKAGE / "language" / "catalogue" / "zh" / "churn.po")
    assert is_code(tmp_path / "studies" / "ours" / "study.py")
    assert not is_code(tmp_path / "params" / "default.yml")


@pytest.mark.long
def test_a_change_of_data_publishes_again_and_a_stop_ends_it(tmp_path):
    project = make_project(tmp_path / "toy")
    command = [sys.executable, "-P", "-m", "kamresearch.cli", "watch", "alpha", "--lang", "en"]
    running = subprocess.Popen(
        command,
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(project.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        first = running.stdout.readline().strip()
        orders = project.root / "data" / "toy" / "orders.csv"
        text = orders.read_text(encoding="utf-8")
        orders.write_text(text.replace(",2\n", ",3\n", 1), encoding="utf-8")
        second = running.stdout.readline().strip()
        (project.root / "kamresearch" / "studies" / "alpha.py").open("a").write("\n# a change\n")
        third = running.stdout.readline().strip()
        assert len({first, second, third}) == 3, "data, then code"
        running.send_signal(signal.SIGINT)
        assert running.wait(120) == 130
    finally:
        running.kill()
        running.wait()
    assert len(project.versions()) == 3
