"""A version in another form, opened with other programs than those that wrote it."""

import asyncio
import dataclasses
import datetime
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from xml.etree import ElementTree

import openpyxl
import pytest

from kamresearch.errors import ParameterError
from kamresearch.finding import Findings
from kamresearch.language.format import money_in
from kamresearch.publishing.exports import contents, slides
from kamresearch.publishing.exports.archive import write_zip
from kamresearch.publishing.exports.paper import print_pages
from kamresearch.publishing.exports.pictures import write_png, write_svg
from kamresearch.publishing.exports.run import check_form, export_version
from kamresearch.publishing.exports.sheets import write_workbook
from kamresearch.publishing.pages.render import render_study
from kamresearch.studies.kinds import FigureOutput
from tests.reports import synthetic

pytestmark = pytest.mark.reports

NAMES = synthetic.HOSTILE


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    """A version's folder with the study made by hand."""
    folder = tmp_path_factory.mktemp("exports") / "2012-12-31-abc0000004"
    (folder / "notebooks").mkdir(parents=True)
    notebook = synthetic.executed(NAMES)
    (folder / "notebooks" / "09_synthetic.ipynb").write_text(json.dumps(notebook), "utf-8")
    context = synthetic.context()
    for language in ("en", "zh"):
        page = render_study(notebook, synthetic.STUDY, language, context)
        (folder / f"synthetic.{language}.html").write_text(page, "utf-8")
    return SimpleNamespace(path=folder, id=folder.name, manifest=context.manifest)


@pytest.fixture(params=["en", "zh"])
def chapter(request, version):
    with money_in("CNY"):
        yield contents._read_chapter(version, synthetic.STUDY, request.param), request.param


def test_a_workbook_holds_typed_cells_and_nothing_that_runs(version, chapter, tmp_path):
    one, language = chapter
    write_workbook(version, [one], language, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = book["synthetic.accounts"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:F{len(NAMES) + 1}"
    row = {cell.column_letter: cell for cell in sheet[2]}
    assert row["A"].value == "0000"
    assert row["C"].value == 1234567.891
    assert row["D"].number_format == "0.0%"
    assert row["E"].value == datetime.datetime(2012, 3, 4)
    assert row["F"].value == {"en": "other", "zh": "其他"}[language]
    cells = [cell for page in book for line in page.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f"]
    risky = [str(cell.value) for cell in cells if str(cell.value or "").startswith(("=", "@", "+"))]
    assert not risky
    findings = book.worksheets[1]
    assert findings.max_row == len(one.findings) + 1
    assert findings["C2"].value == 0.15
    assert len([cell for cell in book.worksheets[0]["A"] if cell.hyperlink]) == 2


def test_slides_tell_one_message_each_with_notes(version, chapter, tmp_path):
    pptx = pytest.importorskip("pptx")
    one, language = chapter
    simple = contents.Chapter(one.study, one.findings, (), one.tables)
    slides.write_slides(version, [simple], language, tmp_path / "a.pptx")
    deck = pptx.Presentation(tmp_path / "a.pptx")
    assert len(deck.slides) == 2
    answer = deck.slides[1]
    assert answer.shapes.title.text_frame.text == one.study.question.render(language)
    headline = Findings(one.findings.values()).headlines()[0]
    assert headline.render(language) in answer.shapes[1].text_frame.text
    assert "40" in answer.notes_slide.notes_text_frame.text


def test_a_table_on_a_slide_ends_above_its_caption_and_keeps_short_columns_on_one_line():
    heads = ["客户编号", "原因", "负责人", "截止日期"]
    row = ["A0000230", "近十二个月成本4,269万元，收入3,678万元；" * 4, "M0033", "2013年3月1日"]
    texts, widths = slides.fit_table(heads, [row] * 40)
    assert 2 < len(texts) < 41
    assert sum(widths) <= slides.WIDTH + 1e-9
    lines = 1 + 80 * 2 * slides.LETTER // widths[1]
    assert len(texts) * (lines * slides.LINE + slides.AROUND) < slides.HEIGHT + 1
    assert widths[3] > 12 * slides.LETTER


def test_a_front_without_headlines_opens_with_its_sentences(version, tmp_path):
    pptx = pytest.importorskip("pptx")
    front = dataclasses.replace(synthetic.STUDY, front=True)
    chapter = contents.Chapter(front, Findings(()), (), {}, ("45 left.", "Ten to call."))
    slides.write_slides(version, [chapter], "en", tmp_path / "a.pptx")
    slide = pptx.Presentation(tmp_path / "a.pptx").slides[1]
    assert "Ten to call." in slide.shapes[1].text_frame.text


def picture_of(columns, rows):
    """A figure as its output stores it."""
    about = {"title": {"en": "a"}, "caption": None, "rows_total": len(rows), "rows_shown": 0}
    data = {"id": "v.shares", **about, "columns": columns, "rows": rows, "simulated": False}
    told = {"id": "v.shares", "lang": "en", "title": "West leads", "caption": "n = 2", "alt": ""}
    stored = {**told, "simulated": False, "data": data}
    return contents.Picture(FigureOutput.from_dict(stored), "<svg/>")


def test_a_figure_of_one_kind_of_number_becomes_a_chart_that_can_be_edited(version, tmp_path):
    pptx = pytest.importorskip("pptx")
    columns = [
        {"name": "region", "unit": "text", "label": {"en": "Region"}, "terms": {}},
        {"name": "share", "unit": "share", "label": {"en": "Share"}, "terms": {}},
    ]
    picture = picture_of(columns, [["East", 0.4], ["West", 0.6]])
    chapter = contents.Chapter(synthetic.STUDY, Findings(()), (picture,), {})
    slides.write_slides(version, [chapter], "en", tmp_path / "a.pptx")
    slide = pptx.Presentation(tmp_path / "a.pptx").slides[2]
    chart = next(shape.chart for shape in slide.shapes if shape.has_chart)
    assert list(chart.plots[0].categories) == ["East", "West"]
    assert list(chart.plots[0].series[0].values) == [0.4, 0.6]
    assert "n = 2" in slide.notes_slide.notes_text_frame.text


def test_a_figure_whose_bounds_a_chart_would_show_as_bars_stays_a_picture():
    columns = [
        {"name": name, "unit": "share", "label": {}, "terms": {}} for name in ("low", "high")
    ]
    first = {"name": "region", "unit": "text", "label": {}, "terms": {}}
    assert slides.chart_of(picture_of([first, *columns], [["East", 0.1, 0.2]])) is None


def test_an_svg_carries_its_letters_and_no_address(chapter, tmp_path):
    one, language = chapter
    (path,) = write_svg(one.pictures, tmp_path)
    root = ElementTree.fromstring(path.read_text("utf-8"))  # noqa: S314  (made just above)
    style = root[0].text
    assert "font-face" in style
    assert "http" not in style
    assert path.name == f"synthetic.bars.{language}.svg"


def test_one_file_to_mail_opens_from_disk_and_is_the_same_twice(version, tmp_path):
    for name in ("a.zip", "b.zip"):
        write_zip(version, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert f'href="{version.id}/index.html"' in archive.read("index.html").decode()
    assert f"{version.id}/synthetic.zh.html" in names


def test_a_form_that_is_not_known_or_a_study_that_is_not_there_is_refused_in_words(version):
    with pytest.raises(ParameterError, match="one of pdf, pptx, xlsx"):
        check_form("docx")
    with pytest.raises(ParameterError, match="a whole version"):
        export_version(version, "zip", ["synthetic"])


def test_paper_has_a_foot_with_page_numbers_and_pictures_have_pixels(version, chapter, tmp_path):
    one, language = chapter
    if language == "en":
        pytest.skip("one language shows it")
    source = version.path / f"synthetic.{language}.html"
    try:
        (path,) = print_pages(version, [(source, tmp_path / "a.pdf")])
    except ParameterError as error:
        pytest.skip(f"no browser: {error}")
    (image,) = write_png(one.pictures, tmp_path)
    assert image.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert image.stat().st_size > 5_000
    pypdfium2 = pytest.importorskip("pypdfium2")
    document = pypdfium2.PdfDocument(path)
    assert 1 <= len(document) <= 12
    for number in range(len(document)):
        text = document[number].get_textpage().get_text_range()
        assert f"{version.id} · 2012-12-31" in text
        assert f"{number + 1} / {len(document)}" in text


def test_a_notebook_can_print_though_its_kernel_runs_an_event_loop(version, chapter, tmp_path):
    one, language = chapter
    if language == "en":
        pytest.skip("one language shows it")

    async def as_in_a_kernel():
        return write_png(one.pictures, tmp_path)

    try:
        with ThreadPoolExecutor(1) as kernel:  # the test's own thread may hold a loop already
            (image,) = kernel.submit(asyncio.run, as_in_a_kernel()).result()
    except ParameterError as error:
        pytest.skip(f"no browser: {error}")
    assert image.stat().st_size > 5_000


def test_a_version_is_a_run_event_of_openlineage_with_its_tables_and_the_same_each_time(
    version, tmp_path
):
    from uuid import UUID

    (path,) = export_version(version, "openlineage", folder=tmp_path / "new")
    event = json.loads(path.read_text("utf-8"))
    assert {"eventTime", "producer", "schemaURL", "run", "job"} <= set(event)
    assert event["eventType"] == "COMPLETE"
    assert event["schemaURL"].startswith("https://openlineage.io/spec/2-0-2/")
    assert UUID(event["run"]["runId"])
    assert event["run"]["facets"]["kamresearch_version"]["as_of"] == "2012-12-31"
    (orders,) = event["inputs"]
    assert (orders["namespace"], orders["name"]) == ("data/cases/geely_volvo", "orders")
    assert orders["facets"]["version"]["datasetVersion"] == "ab" * 16
    before = path.read_bytes()
    assert export_version(version, "openlineage", folder=tmp_path)[0].read_bytes() == before
    with pytest.raises(ParameterError, match="a whole version"):
        export_version(version, "openlineage", ["churn"], folder=tmp_path)
