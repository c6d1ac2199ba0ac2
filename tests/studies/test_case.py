"""What a case says for itself: its own parameters and its own words, as of a day, beside its data."""

import shutil

import pytest

from kamresearch.errors import DataError
from kamresearch.publishing.asking.parameters import ParameterSet, choose_studies, validate
from kamresearch.studies import find_study, open_study, session
from kamresearch.studies.case import case_folder, read_story, story_digest, unknown_sections

pytestmark = pytest.mark.unit

STORY = """---
who: the founder
said: "2012-06-30"
---
# sales_trend

We fell with
the market.

## market

The share did it: {trend.share_effect}.
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "story.en.md").write_text(STORY, encoding="utf-8")
    return tmp_path


def test_a_story_is_read_by_study_and_section_with_who_says_it(folder):
    story = read_story(folder, "sales_trend", "en", "2012-12-31")
    assert story.who == "the founder"
    assert story.parts == {
        "": ("We fell with the market.",),
        "market": ("The share did it: {trend.share_effect}.",),
    }
    assert read_story(folder, "churn", "en", "2012-12-31") is None
    assert read_story(None, "churn", "en", "2012-12-31") is None


def test_words_said_later_than_the_as_of_day_are_not_yet_said(folder):
    assert read_story(folder, "sales_trend", "en", "2012-06-29") is None
    assert story_digest(folder, "sales_trend", "2012-06-29") == ""
    assert story_digest(folder, "sales_trend", "2012-06-30") != ""


def test_a_case_that_speaks_one_language_speaks_it_everywhere(folder):
    assert read_story(folder, "sales_trend", "zh", "2012-12-31").who == "the founder"


def test_a_section_that_the_study_does_not_have_is_named_with_the_nearest(folder):
    (found,) = unknown_sections(folder, "sales_trend", ("level", "markets"))
    assert found.startswith("market (did you mean 'markets'")
    assert unknown_sections(folder, "sales_trend", ("market",)) == []


def test_a_story_without_who_says_it_is_refused(tmp_path):
    (tmp_path / "story.en.md").write_text("# sales_trend\n\nWe fell.\n", encoding="utf-8")
    with pytest.raises(DataError, match="a head; found none"):
        read_story(tmp_path, "sales_trend", "en", "2012-12-31")
    (tmp_path / "story.en.md").write_text(
        "---\nsaid: 2012-12-31\n---\n# sales_trend\n\nWe fell.\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match="story.en.md, head: expected who; found none"):
        read_story(tmp_path, "sales_trend", "en", "2012-12-31")


def test_a_database_has_the_story_that_stands_beside_its_mapping(folder):
    (folder / "mapping.yml").write_text("tables: {}\n", encoding="utf-8")
    assert case_folder("postgresql://u@h/d", str(folder / "mapping.yml")) == folder
    assert case_folder("postgresql://u@h/d") is None


def test_the_case_names_its_brand_and_a_choice_of_ones_own_goes_over_it(case_folder, tmp_path):
    study = find_study("sales_trend")
    options = {"data": str(case_folder)}
    assert validate((study,), ParameterSet(), options)["sales_trend"].brand == "Volvo Cars"
    asked = ParameterSet({"sales_trend": {"brand": "Audi"}})
    assert validate((study,), asked, options)["sales_trend"].brand == "Audi"
    shutil.copy(case_folder / "accounts.parquet", tmp_path)
    other = validate(choose_studies(()), ParameterSet(), {"data": str(tmp_path)})
    assert other["sales_trend"].brand == ""


def test_a_notebook_opened_by_hand_shows_the_story_and_knows_the_brand(
    folder, case_folder, monkeypatch
):
    shown = []
    monkeypatch.setattr(session, "_publish", lambda text, content, more=None: shown.append(content))
    names = find_study("sales_trend").params().model_dump()
    opened = open_study("sales_trend", {**names, "data": str(case_folder)})
    assert opened.params.brand == "Volvo Cars"
    assert {content["kind"] for content in shown} == {"story"}
    assert "market" in {content["section"] for content in shown}
    shown.clear()
    open_study("sales_trend", {**names, "data": str(folder), "as_of": "2010-12-31"})
    assert shown == []
