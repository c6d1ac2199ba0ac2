"""Pages in a real browser: accessible, complete without script, asking for nothing, running
nothing, fit for any screen.
"""

import json
import re
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

from kamresearch.publishing.pages.render import render_study
from kamresearch.publishing.pages.subjects import Subjects
from tests.browser.checks import (
    asked_elsewhere,
    chinese_glyphs,
    overflow,
    violations,
    walk_by_keyboard,
)
from tests.reports import synthetic

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_axe_finds_nothing(open_page, page_path, scheme, width):
    page = open_page(
        page_path, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    assert violations(page) == []


def test_no_request_leaves_the_page_and_nothing_runs_but_its_own_script(open_page, page_path):
    page = open_page(page_path)
    page.wait_for_timeout(100)
    assert asked_elsewhere(page) == []
    assert page.said == []
    assert page.title() != "owned"


def test_the_policy_stops_a_script_that_escaping_would_have_missed(open_page, page_path, tmp_path):
    evil = (
        "<script>document.title='owned'</script><img src=x "
        "onerror=\"document.title='owned'\"><a id=e "
        "href=\"javascript:document.title='owned'\">x</a><b style='color:red' id=s>y</b>"
    )
    broken = tmp_path / "broken.html"
    broken.write_text(
        page_path.read_text(encoding="utf-8").replace("<body>", "<body>" + evil), encoding="utf-8"
    )
    page = open_page(broken)
    page.evaluate("document.getElementById('e').click()")
    page.wait_for_timeout(100)
    assert page.title() != "owned"
    assert page.evaluate("getComputedStyle(document.getElementById('s')).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in text for text in page.said)


def test_a_page_is_complete_without_script(open_page, page_path):
    texts = [
        open_page(page_path, java_script_enabled=enabled).locator("main").text_content()
        for enabled in (True, False)
    ]
    with_script, without = (set(re.findall(r"\w+", text)) for text in texts)
    assert with_script <= without


@pytest.mark.parametrize("width", [360, 768, 2560])
def test_no_page_is_wider_than_its_window(open_page, page_path, width):
    page = open_page(page_path, viewport={"width": width, "height": 900})
    assert overflow(page) <= 0


def test_on_a_phone_a_figure_says_that_it_scrolls_and_one_along_time_opens_at_its_end(
    open_page, folder
):
    path = folder / "2012-12-31-abc0000004" / "synthetic.en.html"
    page = open_page(path, viewport={"width": 390, "height": 844})
    figure = page.locator("figure").first
    assert figure.locator(".swipe").is_visible()
    ends = "(one) => { const [box, svg] = [one, one.firstElementChild].map((part) => "
    ends += "part.getBoundingClientRect()); return [svg.left - box.left, svg.right - box.right]; }"
    left, right = figure.locator(".scroll").first.evaluate(ends)
    assert abs(left) < 2 < right
    page.evaluate("document.querySelector('figure .scroll').classList.add('late')")
    left, right = figure.locator(".scroll").first.evaluate(ends)
    assert abs(right) < 2 < -left
    assert not open_page(path).locator(".swipe").first.is_visible()


def test_text_grows_on_a_very_wide_screen_and_lines_stay_short(open_page, folder):
    path = folder / "2012-12-31-abc0000004" / "synthetic.en.html"
    sizes = {}
    for width in (1440, 2560):
        page = open_page(path, viewport={"width": width, "height": 900})
        sizes[width] = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        assert (
            page.evaluate("document.querySelector('.lead').getBoundingClientRect().width")
            < 48 * sizes[width]
        )
    assert sizes[2560] > sizes[1440] >= 16


@pytest.mark.parametrize("width", [390, 1440])
def test_the_keyboard_alone_reaches_everything_and_shows_where_it_is(open_page, page_path, width):
    page = open_page(page_path, viewport={"width": width, "height": 900})
    unreached, dim = walk_by_keyboard(page)
    assert unreached == []
    assert dim == []


def test_paper_shows_what_is_folded_but_the_numbers_behind_pictures_and_what_only_a_screen_can_use(
    open_page, page_path
):
    page = open_page(page_path, viewport={"width": 680, "height": 960})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert overflow(page) <= 0
    hidden = page.evaluate(
        "[...document.querySelectorAll('main table, main figure, main p, main dd')]"
        ".filter((one) => !one.closest('.contents, .tools, .controls, .pick, .find, .go, .moved, .swipe, "
        ".code, .behind:not([open]), #compare, [hidden]') && one.textContent.trim() && "
        "one.getBoundingClientRect().height === 0)"
        ".map((one) => one.outerHTML.slice(0, 100))"
    )
    assert hidden == []
    assert page.locator(".top").evaluate("(one) => getComputedStyle(one).display") == "none"
    assert page.pdf(format="A4")[:5] == b"%PDF-"


def test_paper_needs_no_script(open_page, folder):
    page = open_page(
        folder / "2012-12-31-abc0000004" / "synthetic.en.html", java_script_enabled=False
    )
    page.emulate_media(media="print")
    # as the page is laid out, without scripts: a fold on paper is taller than its head alone
    heights = page.locator("main details:not(.behind, .code):not([open])").evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility()).map((one) => ["
        "one.getBoundingClientRect().height, one.firstElementChild.getBoundingClientRect().height])"
    )
    assert heights
    assert all(whole > head + 5 for whole, head in heights)
    assert not page.locator("details.behind:not([open])").first.is_visible()


def test_chinese_shows_no_empty_box_on_a_machine_without_a_chinese_font(open_page, page_path):
    page = open_page(page_path, viewport={"width": 1200, "height": 900})
    glyphs = chinese_glyphs(page)
    if ".zh" not in page_path.name:
        glyphs = [glyph for glyph in glyphs if glyph["size"] > 8]
    for picture in (True, False):
        looks = {}
        for glyph in glyphs:
            if glyph["picture"] == picture:
                looks.setdefault(glyph["pixels"], []).append(glyph["character"])
        # Boxes look alike; characters do not (two may, at this size).
        assert max((len(same) for same in looks.values()), default=0) <= 2, looks.values()
    if ".zh" in page_path.name:
        assert len(glyphs) > 20


def test_a_page_weighs_little(page_path):
    """How soon it paints is measured by `make bench-interactive`: no test holds a clock."""
    assert page_path.stat().st_size <= 200_000


def study(folder):
    return folder / "2012-12-31-abc0000004" / "synthetic.en.html"


def test_a_table_sorts_by_number_and_by_name_and_says_so(open_page, folder):
    page = open_page(study(folder))
    head = page.locator("#table-synthetic-accounts thead th").nth(2)
    cells = page.locator("#table-synthetic-accounts tbody tr td:nth-child(3)")
    head.locator("button").click()
    values = [
        float(value) for value in cells.evaluate_all("(all) => all.map((one) => one.dataset.v)")
    ]
    assert values == sorted(values, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").click()
    values = [
        float(value) for value in cells.evaluate_all("(all) => all.map((one) => one.dataset.v)")
    ]
    assert values == sorted(values)


def test_a_filter_hides_the_other_rows_and_says_how_many_are_left(open_page, folder):
    page = open_page(study(folder))
    page.locator("#table-synthetic-accounts input").fill("hyperlink")
    assert page.locator("#table-synthetic-accounts tbody tr:visible").count() == 1
    assert page.locator("#table-synthetic-accounts .count").text_content() == "1 of 12 rows"


def test_a_downloaded_csv_holds_no_formula(open_page, folder):
    page = open_page(study(folder), accept_downloads=True)
    with page.expect_download() as waiting:
        page.locator("#table-synthetic-accounts [data-do=csv]").click()
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    assert waiting.value.suggested_filename == "synthetic.accounts.csv"
    assert '"\'=HYPERLINK(""http' in text
    assert not re.search(r"(^|[,;\n])[=@]", text)


def test_a_downloaded_workbook_holds_numbers_and_texts_that_cannot_run(open_page, folder):
    page = open_page(study(folder), accept_downloads=True)
    with page.expect_download() as waiting:
        page.locator("#table-synthetic-accounts [data-do=xlsx]").click()
    assert waiting.value.suggested_filename == "synthetic.accounts.xlsx"
    kept = waiting.value.path().with_suffix(".xlsx")
    waiting.value.save_as(kept)
    sheet = load_workbook(kept).active
    rows = list(sheet.iter_rows())
    shown = page.locator("#table-synthetic-accounts tbody tr").count()
    assert len(rows) == shown + 1
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, len(rows[0])).column_letter}{len(rows)}"
    cells = [cell for row in rows[1:] for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert [cell for cell in cells if str(cell.value).startswith("=HYPERLINK")]
    assert asked_elsewhere(page) == []
    assert page.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_is_saved_as_a_picture_on_white_without_a_request(open_page, folder, scheme):
    page = open_page(study(folder), accept_downloads=True, color_scheme=scheme)
    files = {}
    for form in ("SVG", "PNG"):
        with page.expect_download() as waiting:
            page.locator(f"#figure-synthetic-bars [data-do={form}]").click()
        assert waiting.value.suggested_filename == f"figure-synthetic-bars.{form.lower()}"
        files[form] = waiting.value.path().read_bytes()
    svg = ElementTree.fromstring(files["SVG"])
    assert b"var(" not in files["SVG"]
    assert b"#1f2933" in files["SVG"], "ink of paper, whatever the screen shows"
    assert b"Kam Sans" in files["SVG"]
    assert files["PNG"].startswith(b"\x89PNG")
    width, height = (int.from_bytes(files["PNG"][at : at + 4], "big") for at in (16, 20))
    assert (width, height) == tuple(int(2.5 * float(svg.get(side))) for side in ("width", "height"))
    assert asked_elsewhere(page) == []
    assert page.said == []


@pytest.fixture(scope="module")
def long_table(tmp_path_factory):
    """A page whose table holds many more rows than it shows."""
    names = [f"Account {number}" for number in range(1200)]
    names[945] = "=Needle <b>"
    html = render_study(
        synthetic.executed(tuple(names), rows_shown=30), synthetic.STUDY, "en", synthetic.context()
    )
    page = tmp_path_factory.mktemp("long") / "synthetic.en.html"
    page.write_text(html, encoding="utf-8")
    return page


def test_filter_sort_and_download_work_on_all_rows_and_not_on_those_shown(open_page, long_table):
    page = open_page(long_table, accept_downloads=True)
    rows, count = "#table-synthetic-accounts tbody tr", "#table-synthetic-accounts .count"
    assert page.locator(rows).count() == 30
    page.locator("#table-synthetic-accounts input").fill("needle")
    page.locator(rows, has_text="=Needle <b>").wait_for()
    assert page.locator(rows).count() == 1
    assert page.locator(count).text_content() == "1 of 1200 rows"
    page.locator("#table-synthetic-accounts input").fill("account")
    page.locator(rows).nth(400).wait_for()
    assert (
        page.locator(count).text_content() == "1199 of 1200 rows, of which the first 500 are here"
    )
    page.locator("#table-synthetic-accounts input").fill("")
    page.locator("#table-synthetic-accounts thead th").nth(2).locator("button").click()
    page.locator(rows, has_text="Account 1198").wait_for()  # the largest revenue of all
    assert page.locator(rows).count() == 30
    with page.expect_download() as waiting:
        page.locator("#table-synthetic-accounts [data-do=csv]").click()
    lines = waiting.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1201
    assert [line for line in lines if "'=Needle <b>" in line]


@pytest.mark.parametrize("asked", ["比亚迪", "byd g", "A7", "股份"])
def test_a_subject_is_found_by_name_number_or_the_initials_of_its_pinyin(
    open_page, tmp_path, asked
):
    names = {"A7": "比亚迪股份有限公司", "A8": "BYD Auto", "A9": "厦门能源"}
    people = Subjects(
        "people", synthetic.STUDY.name, ("account_id", "account_name"), names, ("A7",)
    )
    path = tmp_path / "synthetic.zh.html"
    context = synthetic.context(subjects=(people,))
    path.write_text(
        render_study(synthetic.executed(), synthetic.STUDY, "zh", context), encoding="utf-8"
    )
    page = open_page(path, viewport={"width": 1440, "height": 900})
    page.locator(".finder input").fill(asked)
    page.locator(".finder a").first.wait_for()
    assert page.locator(".finder a").all_text_contents() == ["比亚迪股份有限公司 (A7)"]
    assert page.locator(".finder a").get_attribute("href") == "people/A7.zh.html"


def test_the_language_switch_keeps_the_place(open_page, folder):
    page = open_page(study(folder), viewport={"width": 1200, "height": 700})
    address = page.evaluate("""() => {
      document.getElementById("figure-synthetic-bars").scrollIntoView({ behavior: "instant" });
      const link = document.querySelector("a[hreflang=zh]");
      link.addEventListener("click", (event) => event.preventDefault());
      link.click();
      return link.href; }""")
    assert address.endswith("synthetic.zh.html#figure-synthetic-bars")


def test_a_link_into_folded_content_unfolds_it(open_page, folder):
    page = open_page(study(folder))
    page.evaluate("location.hash = '#data-synthetic-bars-synthetic-bars_data'")
    page.wait_for_timeout(100)
    assert page.locator("#data-synthetic-bars-synthetic-bars_data table").is_visible()


def test_all_code_shows_at_one_press_and_hides_again(open_page, folder):
    page = open_page(study(folder))
    button = page.locator("[data-do=code]")
    assert page.locator("details.code pre").first.is_hidden()
    button.click()
    assert page.locator("details.code pre").first.is_visible()
    button.click()
    assert page.locator("details.code pre").first.is_hidden()


def test_light_and_dark_follow_the_device_until_a_reader_chooses(open_page, folder):
    page = open_page(study(folder), color_scheme="dark")
    back = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(back)
    page.locator("[data-do=theme]").click()
    assert page.evaluate(back) == "rgb(255, 255, 255)" != dark
    picture = page.locator("figure svg text").first
    assert picture.evaluate("(one) => getComputedStyle(one).fill") != "rgb(0, 0, 0)"


def test_a_term_is_explained_where_it_stands_and_at_the_end_of_the_page(open_page, tmp_path):
    from kamresearch.publishing.pages.render import render_study
    from tests.reports import synthetic

    path = tmp_path / "terms.html"
    notebook = synthetic.executed(prose="Every key account counts.")
    path.write_text(
        render_study(notebook, synthetic.STUDY, "en", synthetic.context()), encoding="utf-8"
    )
    page = open_page(path)
    link = page.locator("a.term").first
    link.focus()
    assert "one named person" in page.locator("#tip").text_content()
    assert link.get_attribute("aria-describedby") == "tip"
    page.keyboard.press("Escape")
    assert page.locator("#tip").count() == 0
    assert "one named person" in page.locator("#terms").text_content()


def test_any_two_versions_are_compared_in_the_browser_as_in_the_package(open_page, folder):
    from kamresearch.publishing.sealed.compare import JUDGEMENTS, compare
    from kamresearch.publishing.sealed.store import list_versions

    versions = list_versions(folder)
    page = open_page(folder / "index.html")
    for older, newer in ((4, 0), (0, 4), (2, 1), (3, 2)):
        page.locator("[data-do=older]").select_option(str(older))
        page.locator("[data-do=newer]").select_option(str(newer))
        page.locator("[data-do=compare]").click()
        told = {
            row.locator("th").text_content(): (
                row.locator("td").nth(2).text_content(),
                row.locator("td").nth(3).text_content(),
            )
            for row in page.locator("#compared tbody tr").all()
        }
        moves = compare(versions[older], versions[newer]).chosen(
            "beyond", "changed", "defined", "undefined", "appeared", "gone"
        )
        assert {label: judged for label, (judged, _) in told.items()} == {
            move.finding.label.render("en"): JUDGEMENTS[move.judgement].render("en")
            for move in moves
        }
        assert all(causes for _, causes in told.values())
    assert "=Account" in page.locator("#compared").text_content()


def test_a_search_finds_a_version_by_what_its_entry_says(open_page, folder):
    page = open_page(folder / "index.html")
    page.locator("[data-do=find]").fill("newest")
    assert page.locator(".shelf > li:visible").count() == 1


def test_the_shelf_keeps_its_data_as_data(open_page, folder):
    page = open_page(folder / "index.html")
    packed = json.loads(page.locator("#kam-shelf").text_content())
    assert [version["id"][-1] for version in packed["versions"]] == ["4", "3", "2", "1", "0"]
