"""A study's page: everything declared is on it, in its language, in one file that asks for
nothing.
"""

import json
import re
import zlib
from base64 import b64decode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamresearch.errors import StudyError
from kamresearch.figures.theme import clean
from kamresearch.finding import Findings
from kamresearch.language import message
from kamresearch.publishing.pages import render
from kamresearch.publishing.pages.render import render_front, render_study
from kamresearch.publishing.pages.svg import inline_svg
from kamresearch.publishing.pages.svgsize import compact_path
from kamresearch.publishing.pages.views import Cell, table_view
from kamresearch.studies import measured
from kamresearch.studies.declaration import all_studies
from kamresearch.studies.kinds import TableOutput
from kamresearch.studies.places import project_root
from kamresearch.studies.session import table_content
from tests.reports import synthetic

pytestmark = pytest.mark.reports


class Elements(HTMLParser):
    """Elements with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def notebook():
    return synthetic.executed()


@pytest.fixture(scope="module")
def pages(notebook):
    return {
        language: render_study(notebook, synthetic.STUDY, language, synthetic.context())
        for language in ("en", "zh")
    }


def body(html: str) -> str:
    return html.partition("<body>")[2].partition("<script>")[0]


def shown(html: str) -> str:
    return " ".join("".join(Elements(body(html)).texts).split())


def test_a_page_speaks_one_language_but_for_data_and_the_names_of_languages(pages):
    english, chinese = shown(pages["en"]), shown(pages["zh"])
    assert re.findall("[\u4e00-\u9fff]+", english.replace("华东租赁", "").replace("中文", "")) == []
    words = set(re.findall(r"[A-Za-z]{4,}", chinese))
    allowed = {
        "kamresearch",
        "CSVXLSX",  # names of forms, one button beside the other
        "English",
        "Eastern",
        "Rental",
        "test",
        "geely",
        "geely_volvo",
        "findings",
        "json",
        "manifest",
        "notebooks",
        "synthetic",
        "ipynb",
        "Python",
        "data",
        "cases",
        "study",
        "export",
        "result",
        "show",
        "figure",
        "caution",
        "text",
        "lang",
        "orders",
        "volvo",
        "abababababababab",
        "script",
        "mapping",
        "accounts",
        "datadata",
    }
    assert words <= allowed, words - allowed


def test_sections_findings_figures_and_tables_all_stand_on_the_page(pages):
    for html in pages.values():
        ids = {attributes.get("id") for _, attributes in Elements(html).found}
        wanted = {
            "accounts",
            "limits",
            "figure-synthetic-bars",
            "table-synthetic-accounts",
            "finding-synthetic-rate",
            "finding-synthetic-unknown",
            "provenance",
        }
        assert wanted <= ids


def test_no_id_stands_twice(pages):
    for html in pages.values():
        ids = [attributes["id"] for _, attributes in Elements(html).found if "id" in attributes]
        assert len(ids) == len(set(ids)), sorted(id for id in ids if ids.count(id) > 1)


def test_every_link_within_the_page_leads_to_something_on_it(pages):
    for html in pages.values():
        elements = Elements(html)
        ids = {attributes.get("id") for _, attributes in elements.found}
        goals = {a["href"][1:] for a in elements.all("a") if a.get("href", "").startswith("#")}
        goals |= {use["href"][1:] for use in elements.all("use")}
        assert goals <= ids


def test_an_interval_leads_to_how_often_such_held_the_truth(notebook, monkeypatch):
    told = measured.Coverage(finding="synthetic.rate", level=0.95, size=400, companies=80, held=76)
    elsewhere = told.model_copy(update={"finding": "synthetic.elsewhere"})
    monkeypatch.setattr(measured, "_measured", lambda: (told, elsewhere))
    html = render_study(notebook, synthetic.STUDY, "en", synthetic.context())
    row = html.partition('id="finding-synthetic-rate"')[2].partition("</tr>")[0]
    assert '<a href="#provenance-intervals"' in row
    table = html.partition('id="provenance-intervals"')[2].partition("</table>")[0]
    assert [text for text in ("95.0%", "80", "400") if text not in table] == []
    assert table.count("<tr") == 2, "the head and one finding"
    assert "#provenance-intervals" not in html.replace(row, "")


def test_what_pages_say_of_intervals_is_what_was_measured():
    table = pd.read_csv(project_root() / "benchmarks" / "results" / "recovery.csv")
    wanted = {(row.finding, row.level, row.accounts, row.n, row.held) for row in table.itertuples()}
    told = measured._measured()
    assert {(o.finding, o.level, o.size, o.companies, o.held) for o in told} == wanted
    promised = {id for study in all_studies() for id in study.promised.findings}
    assert {one.finding for one in told} <= promised


def test_every_number_comes_with_its_n_interval_and_definition(pages):
    text = shown(pages["en"])
    for part in (
        "15.0%",
        "95% interval 7.0% to 29.0%",
        "n = 40 accounts",
        "Lost accounts over all accounts.",
    ):
        assert part in text
    assert "Cannot be told: Nobody has returned." in text


def test_a_page_says_how_many_of_its_intervals_miss_on_average(notebook, monkeypatch):
    """Twenty intervals of 95 %: one of them, not none."""
    rate = synthetic.FINDINGS[0]
    many = Findings([replace(rate, id=f"synthetic.rate_{number}") for number in range(20)])
    monkeypatch.setattr(render, "read_findings", lambda _notebook: many)
    said = [
        synthetic.markdown(f"said-{lang}", "An interval. 区间。", lang) for lang in ("en", "zh")
    ]
    notebook = notebook | {"cells": [*notebook["cells"], *said]}
    told = {
        "en": "The findings of this page bear 20: of so many, 1.0 miss",
        "zh": "本页指标共有 20 个区间：即使数据与模型都无误，其中平均也有 1.0 个不含真值。",
    }
    for language, words in told.items():
        page = render_study(notebook, synthetic.STUDY, language, synthetic.context())
        assert words in shown(page)


def test_every_table_has_a_caption_and_a_scope_on_each_head(pages):
    for html in pages.values():
        elements = Elements(body(html))
        assert len(elements.all("table")) == len(elements.all("caption"))
        assert all(head.get("scope") in ("col", "row") for head in elements.all("th"))


def test_every_picture_says_what_it_shows(pages):
    pictures = [svg for svg in Elements(pages["en"]).all("svg") if svg.get("role") == "img"]
    assert [svg["aria-label"] for svg in pictures] == ["Bars of falling length."]


def test_equal_inputs_give_equal_bytes(notebook, pages):
    assert render_study(notebook, synthetic.STUDY, "en", synthetic.context()) == pages["en"]


def test_a_page_asks_for_nothing_and_allows_nothing_but_its_own(pages):
    for html in pages.values():
        elements = Elements(html)
        assert not elements.all("link")
        assert not elements.all("iframe")
        assert all("src" not in script for script in elements.all("script"))
        policy = next(meta["content"] for meta in elements.all("meta") if "http-equiv" in meta)
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert not re.search(r"url\((?!data:|#)", html)
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", html)


def test_simulated_data_are_marked_wherever_they_are_shown(pages):
    for attributes in ("figure", "table-title", "card"):
        assert re.search(
            rf'(<{attributes}|class="{attributes})[^§]*?badge simulated', pages["en"]
        ), attributes


def test_the_front_door_leads_to_each_study_and_says_what_is_missing():
    manifest = {"absent": {"churn": {"en": "no table", "zh": "没有数据表"}}}
    html = render_front(synthetic.context(manifest=manifest), "zh")
    assert 'href="synthetic.zh.html"' in html
    assert "没有数据表" in html


def test_warnings_of_a_version_come_before_anything_else(notebook):
    context = synthetic.context(warnings=(message("{n} accounts", n=3),))
    text = shown(render_study(notebook, synthetic.STUDY, "en", context))
    assert text.index("3 accounts") < text.index("In short")


def test_a_picture_that_is_no_picture_is_refused_in_words():
    with pytest.raises(StudyError, match="well-formed SVG"):
        inline_svg("<svg", "a", "b")


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<foreignObject><body onload='alert(1)'/></foreignObject>",
        "<a href='javascript:alert(1)'><text>x</text></a>",
        "<image href='http://example.org/x.png'/>",
        "<rect onclick='alert(1)' width='1'/>",
        "<style>@import url(http://example.org)</style>",
        "<use href='http://example.org#x'/>",
        "<rect style='fill:url(http://example.org)' width='1'/>",
    ],
)
def test_a_picture_keeps_shapes_and_text_alone(evil):
    source = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{evil}<rect width="1"/></svg>'
    )
    shown, _ = inline_svg(source, "p", "alt")
    assert not re.search(r"script|foreignObject|javascript|http|onclick|onload|import", shown)


def test_pictures_of_one_page_share_no_id():
    source = (
        '<svg xmlns="http://www.w3.org/2000/svg"><defs><path id="m" d="M 0 0"/></defs><use '
        'href="#m"/></svg>'
    )
    ids = [
        re.search(r'id="([^"]+)"', inline_svg(source, prefix, "")[0])[1]
        for prefix in ("figure-a", "figure-b")
    ]
    assert ids[0] != ids[1]


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=60))
def test_a_path_made_of_small_steps_leaves_no_point_by_more_than_half_a_tenth(points):
    text = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points)
    walked, x, y = [], 0.0, 0.0
    for command, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", compact_path(text)):
        numbers = [float(number) for number in re.findall(r"-?\d*\.?\d+", rest)]
        steps = {"h": [(n, 0) for n in numbers], "v": [(0, n) for n in numbers]}
        for dx, dy in steps.get(command, list(zip(numbers[::2], numbers[1::2], strict=False))):
            x, y = (dx, dy) if command == "M" else (x + dx, y + dy)
            walked.append((x, y))
    nearest = [min(max(abs(a - x), abs(b - y)) for a, b in walked) for x, y in points]
    assert max(nearest) <= 0.0501


MARK = "NAMEOFANACCOUNT"
HOSTILE = st.one_of(
    st.sampled_from(synthetic.HOSTILE),
    st.text(max_size=60).map(lambda text: "<b onclick=x>" + text),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
)


@pytest.fixture(scope="module")
def marked():
    return json.dumps(synthetic.executed((MARK, "other"), prose=f"Of {MARK}."))


@pytest.mark.slow
@given(HOSTILE)
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_name_of_an_account_stays_text(marked, name):
    """In tables, captions, findings, paragraphs and prose: no element, attribute or address
    comes out of a name.
    """
    quoted = json.dumps(name)[1:-1]
    notebook, calm = json.loads(marked.replace(MARK, quoted)), json.loads(marked)
    for cell, own in zip(notebook["cells"], calm["cells"], strict=True):
        for output, as_drawn in zip(cell.get("outputs", ()), own.get("outputs", ()), strict=True):
            # A figure's picture is drawn from names by matplotlib, which escapes them; put in as
            # they are they break its XML.
            if "image/svg+xml" in output["data"]:
                output["data"]["image/svg+xml"] = as_drawn["data"]["image/svg+xml"]
    plain = render_study(json.loads(marked), synthetic.STUDY, "en", synthetic.context())
    html = render_study(notebook, synthetic.STUDY, "en", synthetic.context())
    elements, before = Elements(html), Elements(plain)
    extra = {"details", "summary"}  # of long names, and of prose that Markdown formats
    prose = {
        "em",
        "strong",
        "code",
        "p",
        "br",
        "a",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "pre",
        "blockquote",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "img",
        "del",
        "span",
        "div",
        "input",
    }
    assert {tag for tag, _ in elements.found} <= {tag for tag, _ in before.found} | extra | prose
    assert len(elements.all("script")) == 1
    for tag, attributes in elements.found:
        assert not [
            key
            for key in attributes
            if key.startswith("on") or key in ("style", "srcdoc", "formaction")
        ], tag
        address = attributes.get("href") or attributes.get("src") or ""
        assert not re.match(r"\s*(javascript|vbscript|data:text)", address, re.IGNORECASE), address
    if clean(name) and len(clean(name)) < 80:
        assert clean(name) in {" ".join(text.split()) for text in elements.texts}


def content_of(rows: int, word: str = "Account") -> TableOutput:
    """A table of many rows as a notebook holds it."""
    names = tuple(
        f"{word} {number} {sha256(str(number).encode()).hexdigest()}" for number in range(rows)
    )
    return table_content(synthetic.table(names, rows_shown=30), False)


def test_rows_beyond_those_shown_travel_packed_with_the_same_cells():
    content = content_of(375)
    view = table_view(content, "zh")
    whole = table_view(replace(content, rows_shown=375), "zh")
    assert (view["shown"], view["total"], view["covered"]) == (30, 375, True)
    assert "客户" in fill_table(
        table_view(content_of(31, "客户"), "zh")
    )  # its glyphs reach the font
    rest = json.loads(zlib.decompress(b64decode(view["packed"])))
    assert len(rest) == 345
    for packed, cells in zip(rest, whole["rows"][30:], strict=True):
        for one, cell in zip(packed, cells, strict=True):
            parts = one if isinstance(one, list) else [one]
            assert Cell(*parts) == cell


def test_a_control_says_what_it_covers_where_rows_are_too_heavy_to_carry():
    view = table_view(content_of(10_000), "en", csv="tables/x.csv")
    assert (view["packed"], view["covered"]) == ("", False)
    html = fill_table(view)
    assert "Filter the 30 rows shown" in html
    assert 'data-do="csv"' not in html
    assert "The first 30 of 10,000 rows." in html
    assert 'href="tables/x.csv"' in html


def fill_table(view: dict) -> str:
    """A table as its template writes it."""
    from kamresearch.publishing.pages.shell import environment, spoken

    parts = environment().get_template("parts.html.j2").module
    return str(parts.table(view, spoken("en")))


def test_pages_have_every_chinese_letter_of_pictures():
    from fontTools.ttLib import TTFont

    from kamresearch.figures.theme import FONT_FILE
    from kamresearch.publishing.pages.webfont import HAN_FILE, HAN_RANGES, SHARED_MARKS

    whole, pages = (TTFont(path, lazy=True).getBestCmap() for path in (FONT_FILE, HAN_FILE))
    han = {one for one in whole if any(low <= one <= high for low, high in HAN_RANGES)}
    assert set(pages) == han | set(map(ord, SHARED_MARKS))


@pytest.mark.long
def test_the_font_of_pages_is_what_its_tool_makes(tmp_path):
    from kamresearch.publishing.pages.webfont import HAN_FILE
    from tools.page_font import make

    assert make(tmp_path / "made.otf").read_bytes() == HAN_FILE.read_bytes()


def test_a_page_stays_light_however_many_names_it_knows():
    """Rows beyond those shown share one allowance, and their glyphs are left out when too many."""
    from kamresearch.publishing.pages.webfont import HAN_MOST, page_font

    shown = "".join(map(chr, range(0x4E00, 0x4E00 + 40)))
    names = "".join(map(chr, range(0x5000, 0x5000 + HAN_MOST)))
    few, many = (page_font(f'<p data-glyphs="{text}">{shown}</p>', "zh") for text in ("", names))
    assert many == few
    assert len(page_font(f'<p data-glyphs="{names[:40]}">{shown}</p>', "zh")) > len(few)
    rows = [f"row {number}" for number in range(200)]
    content = synthetic.column_output(rows, "text", rows_shown=10)
    assert table_view(content, "en")["covered"]
    assert not table_view(content, "en", room=100)["covered"]


def test_a_cut_of_chinese_is_the_one_that_fonttools_would_make_with_its_whole_look_at_glyphs():
    from base64 import b64encode
    from io import BytesIO

    from fontTools import subset

    from kamresearch.publishing.pages import webfont

    characters = "一丁客户经理研究，。“”覆盖"
    options = webfont.cutting_options(flavor="woff2", hinting=True, desubroutinize=False)
    font, chooser = subset.load_font(str(webfont.HAN_FILE), options), subset.Subsetter(options)
    chooser.populate(text=characters)
    chooser.subset(font)
    subset.save_font(font, whole := BytesIO(), options)
    assert webfont._cut(characters, webfont.HAN_FILE) == b64encode(whole.getvalue()).decode()


def test_no_glyph_of_the_chinese_font_is_made_of_others_or_of_subroutines():
    from fontTools.ttLib import TTFont

    from kamresearch.publishing.pages import webfont

    outlines = TTFont(webfont.HAN_FILE)["CFF "].cff.topDictIndex[0]
    assert not len(outlines.GlobalSubrs)
    privates = [one.Private for one in outlines.FDArray] if hasattr(outlines, "FDArray") else []
    assert not any(len(getattr(one, "Subrs", ())) for one in privates or [outlines.Private])


def test_a_kept_cut_of_a_font_is_the_one_that_would_be_made_and_a_broken_one_is_made_anew(
    tmp_path, monkeypatch
):
    from kamresearch.publishing.pages import webfont

    def cut() -> str:
        webfont._subset.cache_clear()
        return webfont._subset("ab客户", webfont.HAN_FILE)

    made = cut()
    monkeypatch.setattr(webfont.CUTS, "folder", tmp_path)
    assert cut() == made
    (kept,) = tmp_path.glob("*.txt")
    monkeypatch.setattr(webfont, "_cut", lambda *_: "made anew")
    assert cut() == made
    kept.write_text(kept.read_text()[:-9])
    assert cut() == "made anew"
    webfont._subset.cache_clear()
