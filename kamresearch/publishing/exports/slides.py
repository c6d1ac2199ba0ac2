"""A version as slides: one message each, charts that can be edited, notes for who speaks."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from kamresearch.errors import ParameterError
from kamresearch.figures.theme import clean, display_width
from kamresearch.finding import Finding
from kamresearch.language import Message, format_quantity
from kamresearch.language import message as _
from kamresearch.language.units import NUMERIC
from kamresearch.publishing.exports.contents import Chapter, Picture
from kamresearch.publishing.exports.pictures import write_png
from kamresearch.publishing.pages.views import (
    choose,
    interval_text,
    n_text,
    period_text,
    table_view,
)
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies.kinds import FigureOutput

if TYPE_CHECKING:
    from pptx.dml.color import ColorFormat
    from pptx.dml.fill import FillFormat
    from pptx.presentation import Presentation as Deck
    from pptx.shapes.autoshape import Shape
    from pptx.slide import Slide
    from pptx.text.text import TextFrame

MESSAGES = 3
"""Headline findings on the slide that opens a study."""
ROWS, COLUMNS = 10, 8
"""What a table on a slide holds at most: more cannot be read from a chair."""
WIDTH, HEIGHT = 12.1, 4.85
"""Inches between the edges of a slide, and between its title and its caption."""
LETTER, LINE, AROUND = 0.1, 0.17, 0.11
"""Inches of a half-width letter, of a line and of a cell's margin, in a table."""
CATEGORIES, SERIES = 24, 3
"""What a chart that can be edited holds at most; a figure of more stays a picture."""
INK, MUTED, ACCENT = "1F2933", "5F6B7A", "0B5FA5"


def write_slides(version: Version, chapters: Iterable[Chapter], language: str, path: Path) -> None:
    """Title, then for each study its answer and its figures, in the order of speaking."""
    try:
        from pptx import Presentation
    except ImportError:
        raise ParameterError(
            "export --to pptx", "the package python-pptx", "none", "pip install python-pptx"
        ) from None
    chapters = list(chapters)
    deck = _Deck(Presentation(), language)
    day = version.manifest.as_of
    about = [_("As of {date}", date=format_quantity(day, "date", language))] if day else []
    deck.title(
        clean(version.manifest.label or version.id),
        [*(one.render(language) for one in about), version.id],
    )
    drawn = [one for chapter in chapters for one in chapter.pictures if chart_of(one) is None]
    with TemporaryDirectory(prefix="kam-slides-") as folder:
        files = write_png(drawn, Path(folder))
        pictures = {one.content.id: file for one, file in zip(drawn, files, strict=True)}
        for chapter in chapters:
            _tell_study(deck, chapter, pictures)
        deck.presentation.save(cast(Any, path))


def _tell_study(deck: "_Deck", chapter: Chapter, pictures: Mapping[str, Path]) -> None:
    language, study = deck.language, chapter.study
    headlines = chapter.findings.headlines()[:MESSAGES]
    told = [(_named(one, _value(one, language)), _meaning(one, language)) for one in headlines]
    texts = [(name.render(language), meaning) for name, meaning in told]
    if study.front and not texts:  # the front speaks in sentences
        texts = [("", sentence) for sentence in chapter.sentences[:MESSAGES]]
    question = study.question.render(language)
    notes = [question, *(note_of(one, language) for one in headlines)]
    deck.answer(study.title.render(language) if study.front else question, texts, notes)
    for picture in chapter.pictures:
        content = picture.content
        shown = [one for one in chapter.findings.values() if one.figure == content.id]
        notes = [content.caption, content.alt, *(note_of(one, language) for one in shown)]
        chart = chart_of(picture)
        if chart is None:
            deck.picture(content.title, pictures[content.id], content.caption, notes)
        else:
            deck.chart(content, chart, notes)
    for table in list(chapter.tables.values()) if study.front else ():
        deck.table(table_view(table, language, most=ROWS))


def fit_table(heads: list[str], rows: list[list[str]]) -> tuple[list[list[str]], list[float]]:
    """Head and rows that fit on a slide, and each column's width in inches: short columns stand on
    one line, long ones share what is left.

    >>> texts, widths = fit_table(["No", "Why"], [["1", "word " * 40]] * 30)
    >>> len(texts), [round(width, 1) for width in widths]
    (11, [0.4, 11.7])
    """
    texts = [heads, *(row[: len(heads)] for row in rows)]
    wanted = [
        LETTER * max(display_width(clean(row[column])) for row in texts) + 0.2
        for column in range(len(heads))
    ]
    fair, left = WIDTH / len(heads), WIDTH
    short = [one <= fair for one in wanted]
    left -= sum(one for one, is_short in zip(wanted, short, strict=True) if is_short)
    long = sum(one for one, is_short in zip(wanted, short, strict=True) if not is_short)
    share = min(1.0, left / long) if long else 1.0
    widths = [one if is_short else one * share for one, is_short in zip(wanted, short, strict=True)]
    height, kept = 0.0, []
    for row in texts:
        lines = max(
            -(-LETTER * display_width(clean(text)) // (width - 0.12))
            for text, width in zip(row, widths, strict=True)
        )
        height += max(lines, 1) * LINE + AROUND
        if height > HEIGHT and len(kept) > 1:
            break
        kept.append(row)
    return kept, widths


def note_of(finding: Finding, language: str) -> str:
    """A finding as the speaker needs it: value, interval, cases, period, definition."""
    told = [interval_text(finding, language), n_text(finding, language)]
    told.append(period_text(finding.period, language))
    value = _value(finding, language)
    facts = "; ".join(one for one in told if one)
    told = [_named(finding, value).render(language), facts, finding.definition.render(language)]
    return "\n".join(one for one in told if one)


def _value(finding: Finding, language: str) -> str:
    return finding.render(language) if finding.value is not None else "–"


def _meaning(finding: Finding, language: str) -> str:
    return (finding.sentence or finding.definition).render(language)


def _named(finding: Finding, value: str) -> Message:
    return _("{label}: {value}", label=finding.label, value=value)


def chart_of(picture: Picture) -> dict | None:
    """What of a figure can be drawn as a chart that can be edited; None where its numbers are of
    more than one kind, so that a chart out of them would say something else than the figure.
    """
    content = picture.content
    columns, rows, language = content.data.columns, content.data.rows, content.lang
    if not columns or not rows or len(rows) > CATEGORIES or len(columns) - 1 not in (1, 2, 3):
        return None
    first, *rest = columns
    same = len({one.unit for one in rest}) == 1 and rest[0].unit in NUMERIC
    bounds = any(one.name.startswith(("low", "high", "lo_", "hi_")) for one in rest)
    labels = [choose(first.terms.get(str(row[0])) or str(row[0]), language) for row in rows]
    whole = all(row[0] is not None and None not in row[1:] for row in rows)
    if first.unit in NUMERIC or not same or bounds or not whole or len(set(labels)) < len(labels):
        return None
    return {
        "labels": [clean(one) for one in labels],
        "series": [
            (choose(one.label, language), [float(row[place]) for row in rows])
            for place, one in enumerate(rest, 1)
        ],
        "line": first.unit in ("period", "date"),
        "unit": rest[0].unit,
    }


class _Deck:
    """Slides of 13.33 × 7.5 inches on an empty master."""

    def __init__(self, presentation: "Deck", language: str) -> None:
        from pptx.util import Inches

        self.presentation, self.language, self.inches = presentation, language, Inches
        presentation.slide_width, presentation.slide_height = Inches(13.333), Inches(7.5)

    def _slide(self, title: str, notes: Iterable[str] = ()) -> "Slide":
        layout = self.presentation.slide_layouts[5]  # a title alone
        slide = self.presentation.slides.add_slide(layout)
        head = cast("Shape", slide.shapes.title)
        head.left, head.top = self.inches(0.6), self.inches(0.35)
        head.width, head.height = self.inches(12.1), self.inches(1.0)
        self._write(head.text_frame, [(title, 26 if len(title) < 70 else 22, INK, True)])
        told = "\n\n".join(clean(one) for one in notes if one)
        if told:
            cast("TextFrame", slide.notes_slide.notes_text_frame).text = told
        return slide

    def _write(self, frame: "TextFrame", lines: Iterable[tuple[str, float, str, bool]]) -> None:
        from pptx.dml.color import RGBColor
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
        from pptx.util import Pt

        frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
        for place, (text, size, colour, bold) in enumerate(lines):
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            paragraph.alignment, paragraph.space_after = PP_ALIGN.LEFT, Pt(size / 3)
            run = paragraph.add_run()
            run.text, run.font.size, run.font.bold = clean(text), Pt(size), bold
            run.font.color.rgb = RGBColor.from_string(colour)

    def _box(self, slide: "Slide", place: tuple, lines: Iterable[tuple]) -> None:
        box = slide.shapes.add_textbox(*(self.inches(one) for one in place))
        self._write(box.text_frame, lines)

    def title(self, title: str, facts: list[str]) -> None:
        """The slide that opens the deck."""
        slide = self._slide(title)
        cast("Shape", slide.shapes.title).top = self.inches(2.6)
        self._box(slide, (0.6, 3.7, 12.1, 1.5), [(one, 18, MUTED, False) for one in facts])

    def answer(self, title: str, texts: list[tuple[str, str]], notes: list[str]) -> None:
        """What a study answers, in as few sentences as it has headlines: name and meaning."""
        slide = self._slide(title, notes)
        lines = []
        for name, meaning in texts:
            lines += [(name, 20, ACCENT, True)] if name else []
            lines.append((meaning, 17 if name else 20, INK, False))
        self._box(slide, (0.6, 1.6, 12.1, 5.4), lines)

    def picture(self, title: str, file: Path, caption: str, notes: list[str]) -> None:
        """A figure as a picture."""
        slide = self._slide(title, notes)
        left, top = self.inches(0.6), self.inches(1.45)
        shape = cast(Any, slide.shapes.add_picture(str(file), left, top))
        scale = min(self.inches(12.1) / shape.width, self.inches(4.9) / shape.height)
        shape.width, shape.height = int(shape.width * scale), int(shape.height * scale)
        shape.left = int((cast(int, self.presentation.slide_width) - shape.width) / 2)
        shape.name = clean(title)
        self._caption(slide, caption)

    def _caption(self, slide: "Slide", caption: str) -> None:
        self._box(slide, (0.6, 6.45, 12.1, 0.9), [(caption[:400], 12, MUTED, False)])

    def chart(self, content: FigureOutput, chart: Mapping, notes: list[str]) -> None:
        """A figure as a chart that can be edited."""
        from pptx.chart.data import CategoryChartData
        from pptx.dml.color import RGBColor
        from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
        from pptx.util import Pt

        slide = self._slide(content.title, notes)
        share = chart["unit"] in ("share", "growth", "net_share", "probability")
        data = CategoryChartData(number_format="0.0%" if share else "#,##0.##")
        data.categories = chart["labels"]
        for name, values in chart["series"]:
            data.add_series(clean(name), values)
        kind = XL_CHART_TYPE.LINE if chart["line"] else XL_CHART_TYPE.BAR_CLUSTERED
        left, top, width, height = (self.inches(one) for one in (0.6, 1.45, 12.1, 4.9))
        frame = slide.shapes.add_chart(kind, left, top, width, height, cast(Any, data))
        drawn = cast(Any, frame).chart
        drawn.has_title, drawn.has_legend = False, len(chart["series"]) > 1
        if drawn.has_legend:
            drawn.legend.position, drawn.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        drawn.font.size, drawn.font.color.rgb = Pt(12), RGBColor.from_string(INK)
        drawn.value_axis.major_gridlines.format.line.color.rgb = RGBColor.from_string("DFE3E8")
        if not chart["line"]:
            drawn.category_axis.reverse_order = True
            drawn.plots[0].gap_width = 45
        if len(chart["series"]) == 1:
            filled = drawn.plots[0].series[0].format
            target = filled.line.color if chart["line"] else self._solid(filled.fill)
            target.rgb = RGBColor.from_string(ACCENT)
        self._caption(slide, content.caption)

    def _solid(self, fill: "FillFormat") -> "ColorFormat":
        fill.solid()
        return fill.fore_color

    def table(self, view: Mapping) -> None:
        """The first rows of a table, as many as fit, as a table that can be edited."""
        slide = self._slide(view["title"], [view["caption"]])
        heads = [
            head["label"] + (f" ({head['unit']})" if head["unit"] else "")
            for head in view["heads"][:COLUMNS]
        ]
        texts, widths = fit_table(heads, [[cell.text for cell in row] for row in view["rows"]])
        place = (self.inches(one) for one in (0.6, 1.5, WIDTH, 0.3 * len(texts)))
        made = slide.shapes.add_table(len(texts), len(heads), *place).table
        for column, width in enumerate(widths):
            made.columns[column].width = self.inches(width)
            for line, row in enumerate(texts):
                cell = made.cell(line, column)
                cell.margin_left = cell.margin_right = self.inches(0.06)
                cell.margin_top = cell.margin_bottom = self.inches(0.03)
                colour, bold = (INK, False) if line else ("FFFFFF", True)
                self._write(cell.text_frame, [(row[column], 11, colour, bold)])
        self._caption(slide, view["caption"])
