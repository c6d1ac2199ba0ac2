"""A study's page opens with its answer: at most three sentences, one figure, what it lets decide."""

import json
import re

import pytest

from kamresearch.finding import Finding, Findings
from kamresearch.language import LANGUAGES, Fixed
from kamresearch.publishing.pages.answer import answering, statements
from kamresearch.publishing.pages.render import render_study
from kamresearch.studies import all_studies
from kamresearch.studies.outputs import read_findings
from tests.reports import synthetic
from tests.reports.answers import SCHOLARLY, opens_with_an_answer

pytestmark = pytest.mark.reports

STUDIES = [study for study in all_studies() if not study.front]


def stored(root, study):
    return json.loads((root / "notebooks" / f"{study.notebook}.ipynb").read_text("utf-8"))


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_a_study_of_the_case_answers_first_or_says_why_it_cannot(study, root):
    notebook = stored(root, study)
    if not read_findings(notebook):
        pytest.skip("the stored notebook has not run yet")
    opens_with_an_answer(study, notebook)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_what_a_study_declares_of_its_answer_is_its_own(study):
    assert set(study.answer) <= set(study.promised.findings)
    assert {study.answer_figure} - {""} <= set(study.promised.figures)
    assert set(study.method) < set(study.sections)
    for language in LANGUAGES:
        words = study.decides.render(language)
        assert bool(re.search("[\u4e00-\u9fff]", words)) == (language == "zh")
        assert not SCHOLARLY.search(words)


def finding(id, en, **more):
    told = {"sentence": Fixed({"en": en, "zh": en}), **more}
    return Finding(
        f"a.{id}", told.pop("value", 1), "count", Fixed({"en": id}), Fixed({"en": id}), **told
    )


def test_an_answer_ends_before_its_fourth_sentence_and_passes_over_what_is_unknown():
    study = synthetic.STUDY
    found = Findings(
        [
            finding("one", "One. Two.", headline=True, figure="a.f"),
            finding("none", "Never.", headline=True, value=None, reason=Fixed({"en": "no data"})),
            finding("long", "Three. Four.", headline=True),
            finding("short", "Three, by 1.5%.", headline=True),
            finding("beside", "Not asked.", figure="a.f"),
        ]
    )
    assert [one.id for one in answering(study, found, "en")] == ["a.one", "a.short"]
    assert statements(found, "en") == {"a.f": "One. Two."}


def test_answer_figure_and_method_stand_where_a_reader_looks_for_them():
    from dataclasses import replace

    study = replace(
        synthetic.STUDY,
        answer=("synthetic.rate",),
        decides=synthetic.text("whom to call", "联系谁"),
        method=("accounts",),
    )
    notebook = synthetic.executed(("One", "Two"))
    for language, said in (("en", "whom to call"), ("zh", "联系谁")):
        page = render_study(notebook, study, language, synthetic.context())
        intro = page[page.index('<div class="intro">') : page.index('<nav class="contents"')]
        assert said in intro
        assert '<figure id="figure-synthetic-bars">' in intro
        assert page.count('id="figure-synthetic-bars"') == 1
        section = page[page.index('<section id="accounts">') :]
        assert section.startswith('<section id="accounts"><details class="method"><summary><h2')
        assert page.count("<details") == page.count("</details>")
        assert page.count("<section") == page.count("</section>")
