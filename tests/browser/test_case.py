"""Every page of the built-in case, both languages, in a real browser. ``KAM_CASE_VERSION``
names a version made already.
"""

import os
import re
from html import unescape
from pathlib import Path

import pytest

from kamresearch.studies import all_studies
from tests.browser.checks import (
    asked_elsewhere,
    chinese_glyphs,
    keep_one_of_a_kind,
    overflow,
    violations,
    walk_by_keyboard,
)
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.long]

CASE = ROOT / "data" / "cases" / "geely_volvo"
FRONT = ("index", "briefing")
LIMIT, BRIEFING_LIMIT = 400_000, 200_000
NAMES = [
    (
        study.name,
        language,
        "index.html" if study.front and language == "en" else f"{study.name}.{language}.html",
    )
    for study in all_studies()
    if all(any(CASE.glob(f"{table}.*")) for table in study.needs)
    for language in ("en", "zh")
]


@pytest.fixture(scope="session")
def case_version(tmp_path_factory):
    """The built-in case, published in both languages."""
    if os.environ.get("KAM_CASE_VERSION"):
        return Path(os.environ["KAM_CASE_VERSION"])
    import kamresearch as kam

    return kam.publish(lang="en,zh", reports=tmp_path_factory.mktemp("case")).path


@pytest.fixture(params=NAMES, ids=["-".join(name[:2]) for name in NAMES])
def case_page(request, case_version):
    """Each page of the case."""
    return case_version / request.param[2]


def test_a_page_of_the_case_is_light(case_page):
    limit = BRIEFING_LIMIT if case_page.name.startswith(FRONT) else LIMIT
    assert case_page.stat().st_size <= limit


def test_no_coded_value_of_the_data_stands_in_english_on_a_chinese_page(case_version, case_tables):
    """Names of companies and people stay; files, parameters and code are no prose, and the page on
    the data themselves names their columns.
    """
    terms = case_tables.frame("terms")
    coded = set(terms.loc[terms["value"] != terms["zh"], "value"])
    found = {}
    for path in (*case_version.glob("*.zh.html"), *case_version.glob("*/*.zh.html")):
        if path.name.startswith("data_quality"):
            continue
        page = path.read_text(encoding="utf-8").partition('<section id="provenance"')[0]
        page = re.sub(r"<(script|style|code|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
        texts = {unescape(text).strip() for text in re.findall(r">([^<]+)<", page)}
        labels = {re.sub(r" ?[(（].*", "", text) for text in texts}
        if said := coded & (texts | labels):
            found[path.name] = sorted(said)
    assert found == {}


@pytest.fixture(scope="module")
def printed(case_version, tmp_path_factory):
    """Every page of the case on paper: its name → sheets."""
    import pypdfium2

    from kamresearch.publishing.exports.paper import print_pages
    from kamresearch.publishing.sealed.store import Version

    folder = tmp_path_factory.mktemp("paper")
    pages = [(case_version / name, folder / f"{name}.pdf") for *_, name in NAMES]
    made = print_pages(Version(case_version), [one for one in pages if one[0].exists()])
    return {path.stem: len(pypdfium2.PdfDocument(path)) for path in made}


def test_the_briefing_is_one_sheet_of_paper_and_a_study_at_most_twelve(printed):
    fronts = {name: sheets for name, sheets in printed.items() if name.startswith(FRONT)}
    assert set(fronts.values()) == {1}, fronts
    assert max(printed.values()) <= 12, printed


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_to_decide_stands_above_the_fold(open_page, case_version, language):
    name = "index.html" if language == "en" else "briefing.zh.html"
    page = open_page(case_version / name, viewport={"width": 1440, "height": 900})
    ends = page.evaluate(
        "['headlines', 'calls', 'changes', 'goals'].map((id) =>"
        " document.querySelector(`#${id} tbody`)?.getBoundingClientRect().bottom ?? 0)"
    )
    assert max(ends) <= 900
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.getElementById('calls').getBoundingClientRect().top") <= 900


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_axe_finds_nothing_on_any_page_of_the_case(open_page, case_page, scheme, width):
    if scheme == "dark" and ".zh." in case_page.name:
        pytest.skip("colours are those of the English page")
    page = open_page(
        case_page, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    keep_one_of_a_kind(page)
    assert violations(page) == []


def test_a_page_of_the_case_asks_for_nothing_and_complains_of_nothing(open_page, case_page):
    page = open_page(case_page)
    page.wait_for_timeout(100)
    assert asked_elsewhere(page) == []
    assert page.said == []


def test_no_page_of_the_case_is_wider_than_its_window(open_page, case_page):
    page = open_page(case_page, viewport={"width": 360, "height": 900})
    wider = {}
    for width in (360, 768, 1440, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        wider[width] = overflow(page)
    assert max(wider.values()) <= 0, wider


def test_a_page_of_the_case_is_complete_without_script(open_page, case_page):
    texts = [
        open_page(case_page, java_script_enabled=on).locator("main").text_content()
        for on in (True, False)
    ]
    with_script, without = (set(re.findall(r"\w+", text)) for text in texts)
    assert with_script <= without


def test_the_keyboard_alone_reaches_everything_on_a_page_of_the_case(open_page, case_page):
    unreached, dim = walk_by_keyboard(open_page(case_page, viewport={"width": 1440, "height": 900}))
    assert unreached == []
    assert dim == []


def test_every_picture_of_the_case_says_in_words_what_it_shows(open_page, case_page):
    page = open_page(case_page)
    told = page.evaluate(
        "[...document.querySelectorAll('main figure')].map((one) => "
        "({ title: one.querySelector('h3').textContent.trim(),"
        " alt: one.querySelector('svg').getAttribute('aria-label'), caption: "
        "one.querySelector('figcaption').textContent.trim(),"
        " data: !!one.querySelector('details.behind table, a[href^=\"#table-\"]') }))"
    )
    assert told
    for picture in told:
        assert len(picture["alt"]) > (
            25 if ".en." in case_page.name or case_page.name == "index.html" else 10
        ), picture
        assert picture["alt"] not in (picture["title"], picture["caption"]), picture
        assert picture["data"], picture


def test_chinese_shows_no_empty_box_on_a_page_of_the_case(open_page, case_page):
    page = open_page(case_page, viewport={"width": 1200, "height": 900})
    glyphs = chinese_glyphs(page, most=80)
    for picture in (True, False):
        looks = {}
        for glyph in glyphs:
            if glyph["picture"] == picture:
                looks.setdefault(glyph["pixels"], []).append(glyph["character"])
        assert max((len(same) for same in looks.values()), default=0) <= 2, looks.values()


def test_every_link_of_the_case_leads_to_something(case_page):
    html = case_page.read_text(encoding="utf-8")
    for address in set(re.findall(r'href="([^"]+)"', html)) - {"../index.html"}:
        if address.startswith(("http://", "https://", "data:")):
            continue
        name, _, anchor = address.partition("#")
        target = case_page.parent / name if name else case_page
        assert target.exists(), address
        if anchor:
            assert f'id="{anchor}"' in target.read_text(encoding="utf-8"), address


def test_a_chinese_page_of_the_case_holds_no_english_sentence(open_page, case_page):
    if ".zh." not in case_page.name:
        pytest.skip("an English page")
    page = open_page(case_page)
    page.evaluate(
        "document.querySelectorAll('details.code, pre, code').forEach((one) => one.remove())"
    )
    text = page.locator("main").inner_text() + " ".join(
        page.evaluate(
            "[...document.querySelectorAll('main svg')].map((one) => one.textContent + ' ' "
            "+ one.getAttribute('aria-label'))"
        )
    )
    sentences = re.findall(r"(?:\b[a-z]{2,}\b[ ,]){5,}", text)
    assert sentences == []
