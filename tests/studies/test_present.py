"""A result declares once what it shows; a study presents it, or says why not."""

from dataclasses import dataclass
from importlib import import_module

import pandas as pd
import pytest

from kamresearch.display import make_table
from kamresearch.errors import StudyError
from kamresearch.figures.registry import draw_figure, find_drawing
from kamresearch.finding import Finding
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Missing, Result, Shown
from kamresearch.studies import all_studies, session

TOO_FEW = _("Too early: no prediction has come due yet.")


@dataclass(frozen=True)
class Counted(Result):
    """Two tables, of which the second needs rows."""

    exports = ("toy.n", "toy.share")
    shows = (
        Shown("toy.first", "table"),
        Shown("toy.second", "table"),
        Shown("toy.third", "table", part="later"),
    )
    rows: int = 0

    def findings(self) -> list[Finding]:
        return [Finding("toy.n", self.rows, "count", _("n"), _("n"))]

    def why_not(self, id: str) -> Text | None:
        return TOO_FEW if id == "toy.second" and not self.rows else None

    def table(self):
        return make_table("toy.first", _("n"), pd.DataFrame({"n": [self.rows]}), "n")


class Heard:
    """A session of which only what it says is kept."""

    present = session.Session.present
    _present_findings = session.Session._present_findings

    def __init__(self):
        self.told = []

    def export(self, findings, uses=None):
        self.told += [("finding", one.id) for one in findings]

    def show(self, *items, uses=None):
        self.told += [("shown", one.id) for one in items]

    def absent(self, *ids, reason):
        self.told.append(("absent", *ids))

    def say(self, *texts):
        self.told += [("said", text) for text in texts]

    caution = say


def test_a_missing_result_is_told_with_every_id_that_it_would_have_shown():
    heard = Heard()
    heard.present(Missing(TOO_FEW, (Counted,)))
    assert heard.told == [("absent", *Counted.promised())]
    assert not Missing(TOO_FEW, (Counted,))


def test_what_cannot_be_shown_is_told_with_the_findings_that_are_not_there():
    heard = Heard()
    heard.present(Counted())
    assert heard.told == [
        ("finding", "toy.n"),
        ("shown", "toy.first"),
        ("absent", "toy.share", "toy.second"),
    ]


def test_a_later_part_shows_its_own_and_exports_nothing_again():
    heard = Heard()
    heard.present(Counted(3), "later")
    assert heard.told == [("shown", "toy.first")]


def test_a_figure_that_nobody_draws_is_named_with_the_remedy():
    with pytest.raises(StudyError, match="toy.unknown.*draws.Counted"):
        draw_figure(Counted(), "toy.unknown")


@pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)
def test_every_declared_table_has_its_method_and_every_figure_its_drawing(study):
    for name in study.results:
        module, _dot, kind = name.rpartition(".")
        result = getattr(import_module(module), kind)
        for shown in result.shows:
            assert shown.id.startswith(f"{study.prefix}."), shown
            assert getattr(result, shown.by, None) if shown.by else find_drawing(result, shown.id)
    assert len(set(study.promised.findings)) == len(study.promised.findings)
