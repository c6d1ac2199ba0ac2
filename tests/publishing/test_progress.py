"""Progress for who calls from Python: nothing in a script, a bar in a notebook that waits."""

import io
import sys
from threading import Event
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


def test_a_bar_shows_and_moves_on_while_the_first_part_is_not_done(monkeypatch):
    drawn = Event()

    class Screen(io.StringIO):
        def write(self, text):
            super().write(text)
            if self.getvalue().count("0/2") > 2:
                drawn.set()

    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setattr(progress.Watched, "delay", 0.01)
    monkeypatch.setattr(progress.Watched, "every", 0.01)
    told = progress.Watched()
    told.begin(2, "Sweep of churn")
    assert drawn.wait(60)
    told.end()
    told.end()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_wait_without_parts_is_told_once_it_takes_long_and_wiped_off_a_terminal(
    terminal, monkeypatch
):
    told = Event()

    class Screen(io.StringIO):
        def isatty(self):
            return terminal

        def flush(self):
            told.set()

    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.waiting("Opening the data"):
        pass
    assert not screen.getvalue()
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    with progress.waiting("Opening the data"):
        assert told.wait(60)
    assert "Opening the data" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K" if terminal else "Opening the data\n")


def test_a_wait_that_fails_fails_with_its_own_error():
    with pytest.raises(ValueError, match="no such file"), progress.waiting("Opening the data"):
        raise ValueError("no such file")


def test_two_seconds_are_the_bound():
    assert progress.Watched.delay == progress.PATIENCE == 2.0
