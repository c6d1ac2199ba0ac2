"""Pages of single subjects: each row that has one leads to it, whatever its number and name are."""

import json
import re
import zlib
from base64 import b64decode
from dataclasses import replace
from unittest.mock import patch

import pandas as pd
import pytest

from kamresearch.display import Column, Part, Profiles, make_table
from kamresearch.publishing.pages.profiles import render_profiles
from kamresearch.publishing.pages.render import render_study
from kamresearch.publishing.pages.subjects import Subjects, find_subjects
from kamresearch.studies import StudyParams, session
from tests.reports import synthetic
from tests.reports.synthetic import text

pytestmark = pytest.mark.reports


def subjects(keys, names=None):
    names = names or dict.fromkeys(keys, "")
    return Subjects("people", "visits", ("number", "name"), names, tuple(keys))


def test_a_row_leads_to_its_page_by_its_number_even_where_names_are_shared():
    two = subjects(["1", "2"], {"1": "Wang", "2": "Wang"})
    assert two.link(["name", "number"], ["Wang", "2"], "en") == (0, "people/2.en.html")
    assert two.link(["name", "sum"], ["Wang", 3], "en") is None
    assert two.link(["number"], ["1"], "zh") == (0, "people/1.zh.html")
    assert two.link(["number"], ["7"], "zh") is None


def test_numbers_that_a_disk_would_confuse_or_refuse_keep_pages_apart():
    keys = ["a", "A", "../x", "x", "号码", "n" * 300, "CON/1", ""]
    stems = subjects(keys).stems
    assert len({stem.lower() for stem in stems.values()}) == len(keys)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,60}", stem) for stem in stems.values())
    assert stems["x"] == "x"


@pytest.fixture(scope="module")
def profiled():
    """The notebook made by hand, with a page for each of its rows but the last."""
    names = synthetic.HOSTILE
    frame = synthetic.frame(names)
    keys = frame["account_id"].tolist()
    index = replace(synthetic.table(names), id="people")
    visits = pd.DataFrame(
        {"account_id": keys, "month": "2012-03", "revenue": -5.0, "what": list(names)}
    )
    visited = pd.concat([visits, visits.head(1), visits.head(1)])
    bars = make_table(
        "m",
        text("m", "m"),
        visits,
        "account_id",
        "month",
        "revenue",
        Column("what", text("w", "w")),
    )
    parts = (
        Part(text("What it brings", "收益"), columns=("revenue", "tier")),
        Part(text("Months", "月份"), table=bars, bars=True),
        Part(text("Visits", "拜访"), table=replace(bars, frame=visited), most=2),
        Part(text("Nothing", "无"), table=replace(bars, frame=visits.head(0))),
    )
    outputs = []

    def publish(plain, content, more=None):
        data = {"text/plain": plain, **(more or {}), session.MIME: json.loads(json.dumps(content))}
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})

    run = session.Session(synthetic.STUDY, StudyParams(lang="en,zh"))
    with (
        patch.object(session, "_publish", publish),
        patch.object(run, "_simulated", lambda uses: True),
    ):
        run.profile(Profiles(index, tuple(keys[:-1]), parts, text("What next?", "下一步？")))
    notebook = synthetic.executed(names)
    notebook["cells"].append(synthetic.code("people", "study.profile(all)", outputs))
    study = replace(synthetic.STUDY, tables=("synthetic.accounts", "people"), profiles="people")
    found = find_subjects([(study, notebook)])
    return notebook, study, synthetic.context(studies=(study,), subjects=found)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_has_a_page_without_requests_or_markup_out_of_data(profiled, language):
    notebook, study, context = profiled
    pages = dict(render_profiles(notebook, study, language, context))
    assert len(pages) == len(synthetic.HOSTILE) - 1
    assert pages == dict(render_profiles(notebook, study, language, context))
    for address, page in pages.items():
        assert address.startswith("people/")
        assert len(page.encode()) < 120_000
        assert "Nothing" not in page
        assert "nan" not in re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL).lower()
        assert not re.search(r"<(img|iframe)|<svg onload|href=.?(?:http|javascript)", page)
        assert page.count("<script>") == 1


def test_a_page_says_of_how_many_rows_it_shows_the_first(profiled):
    notebook, study, context = profiled
    pages = dict(render_profiles(notebook, study, "en", context))
    cut = {address: page for address, page in pages.items() if "The first 2 of 3 rows." in page}
    assert list(cut) == ["people/0000.en.html"]
    assert cut["people/0000.en.html"].count("<tr>") == 1 + 2  # the head, and what is shown
    assert not [
        page for address, page in pages.items() if address not in cut and "The first" in page
    ]


def test_a_tables_rows_lead_to_pages_and_a_search_knows_all(profiled):
    notebook, study, context = profiled
    page = render_study(notebook, study, "en", context)
    assert page.count('href="people/0001.en.html"') >= 2
    assert "people/0011.en.html" not in page
    packed = re.search(r'data-all="(#table-people)">([^<]+)</script>', page)
    rows = json.loads(zlib.decompress(b64decode(packed[2])))
    assert [row[0] for row in rows] == [f"{place:04d}" for place in range(12)]
    assert rows[-1][2] == ""
