"""Progress for who calls from Python: nothing in a script, a bar in a notebook that waits."""

import io
import sys
from types import SimpleNamespace

import pytest

from kamresearch.publishing import progress

pytestmark = pytest.mark.unit


def test_a_script_sees_nothing_and_a_notebook_or_terminal_a_bar(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(progress.progress_for_python()) is progress.Silent
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: "shell"))
    assert type(progress.progress_for_python()) is progress.Watched


@pytest.mark.parametrize(("delay", "words"), [(3600.0, ""), (0.0, "Sweep")])
def test_a_bar_comes_only_to_who_has_waited(delay, words, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress.Watched, "delay", delay)
    told = progress.Watched()
    told.note("not a word before")
    told.begin(2, "Sweep of churn")
    told.advance("window_days=180")
    told.end()
    shown = screen.getvalue().strip()
    assert shown.startswith(words) if words else not shown


def test_two_seconds_are_the_bound():
    assert progress.Watched.delay == 2.0
