"""An executed notebook and a language → a study's page, complete in one file."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from markupsafe import Markup

from kamresearch.figures.theme import clean
from kamresearch.finding import Finding
from kamresearch.language import (
    LANGUAGES,
    Text,
    message,
    missing_translations,
    tongue,
    translate,
)
from kamresearch.language.glossary import Term
from kamresearch.publishing.pages.answer import answering, pictured, statements, unanswered
from kamresearch.publishing.pages.context import RenderContext
from kamresearch.publishing.pages.front import render_front
from kamresearch.publishing.pages.prose import Explainer, inline, markdown
from kamresearch.publishing.pages.shell import TEMPLATES, finish_page
from kamresearch.publishing.pages.surroundings import Surroundings
from kamresearch.publishing.pages.svg import inline_svg
from kamresearch.publishing.pages.views import (
    PACKED_BYTES,
    anchor_of,
    figure_view,
    slug,
    table_view,
)
from kamresearch.studies import Study
from kamresearch.studies.case import PLACEHOLDER
from kamresearch.studies.kinds import (
    AbsentOutput,
    CardsOutput,
    CaveatOutput,
    FigureOutput,
    FindingsOutput,
    Output,
    StoryOutput,
    TableOutput,
    TextOutput,
    read_output,
)
from kamresearch.studies.outputs import MIME, iterate_outputs, read_findings

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment
    from nbconvert.exporters import TemplateExporter

__all__ = ["render_front", "render_study"]


def render_study(notebook: dict, study: Study, language: str, context: RenderContext) -> str:
    """A study's page in one language.

    Parameters
    ----------
    notebook : dict
        The executed notebook as plain data.
    study : Study
        Its declaration.
    language : str
        One of the languages in which the notebook ran.
    context : RenderContext
        The version around the page.
    """
    import nbformat

    with context.manifest.data.told():
        page = _Page(notebook, study, language, context)
        node = nbformat.from_dict({**notebook, "cells": page.cells()})
        body, _resources = _exporter().from_notebook_node(node, {"page": page})
    title = f"{page.title} · {page.label}" if page.label else page.title
    return finish_page(Markup(body), language, title, kind=study.name)  # noqa: S704  (the template escapes)


def _coloured(code: str) -> str:
    """Highlighted code without the marks that the style does not colour."""
    from nbconvert.filters.highlight import Highlight2HTML

    code = Highlight2HTML(pygments_lexer="python")(code)
    return re.sub(r'<span class="(?:n|p|o|w|nn|fm|vm|ni)">([^<]*)</span>', r"\1", code).replace(
        "<span></span>", ""
    )


@lru_cache(maxsize=1)
def _exporter() -> "TemplateExporter":
    """Nbconvert's exporter with our template: everything escaped, no preprocessor, no look at
    the user's settings.
    """
    from nbconvert.exporters import TemplateExporter

    class PageExporter(TemplateExporter):
        file_extension = ".html"
        output_mimetype = "text/html"

        def _create_environment(self) -> "Environment":
            made = super()._create_environment()
            made.autoescape = True
            made.globals |= {"MIME": MIME}
            return made

    return PageExporter(
        template_name="kam",
        extra_template_basedirs=[str(TEMPLATES)],
        extra_template_paths=[str(TEMPLATES)],
        default_preprocessors=[],
    )


def warm_up() -> None:
    """Read the template of studies, those on which it stands, and how code is coloured, for all
    pages that are made in forks of this process.
    """
    from jinja2.meta import find_referenced_templates

    made = _exporter().environment
    loader = cast("BaseLoader", made.loader)
    known, left = set[str](), {str(_exporter().template.name)}
    while left:
        known |= left
        asked = set[str]()
        for name in left:
            made.get_template(name)
            source, _place, _fresh = loader.get_source(made, name)
            asked |= {one for one in find_referenced_templates(made.parse(source)) if one}
        left = asked - known
    _coloured("told = 1")


class _Page(Surroundings):
    """What the template asks of a page: its texts, its cells, its links."""

    def __init__(self, notebook: dict, study: Study, language: str, context: RenderContext) -> None:
        super().__init__(context, language, study)
        self.notebook, self.study = notebook, study
        self.explainer = Explainer(language)
        self.findings = read_findings(notebook)
        self._answering = [] if study.front else answering(study, self.findings, language)
        self._statements = statements(self.findings, language)
        self.title = study.title.render(language)
        self.question = study.question.render(language)
        self.contents: list[dict] = []
        self._ends = ""
        self._numbers = 0
        self._room = PACKED_BYTES
        self._stories: dict[str, list[dict]] = {}
        self._tables = {one.id: one.rows for one in iterate_outputs(notebook, TableOutput)}
        self._shown = {one.id for one in iterate_outputs(notebook, FigureOutput, TableOutput)}
        figures = [one.id for one in iterate_outputs(notebook, FigureOutput)]
        self._first_figure = "" if study.front else pictured(study, self._answering, figures)
        self.pictured: dict | None = None
        self.views: list[dict] = []
        self._cells = self._make_cells()

    def __deepcopy__(self, _memo: dict) -> "_Page":
        """Itself: the exporter copies all that it is given, twice, and changes none of it."""
        return self

    @property
    def answer(self) -> list[str]:
        """The answer to the study's question, or why there is none."""
        told = [clean(cast(Text, one.sentence).render(self.language)) for one in self._answering]
        silent = None if told or self.study.front else unanswered(self.study, self.findings)
        if told or not silent:
            return told
        reason = cast(Text, silent.reason).render(self.language)
        return [f"{self._('Cannot be told:')} {clean(reason)}"]

    @property
    def decides(self) -> str:
        """What the page lets a reader decide."""
        decides = self.study.decides
        return decides.render(self.language) if decides else ""

    @property
    def spoken(self) -> str:
        """The language in which the notebook's prose stands: the page's, or else English, whose
        cells a catalogue may translate.
        """
        tags = {
            tag
            for cell in self.notebook["cells"]
            if cell["cell_type"] == "markdown"
            for tag in cell["metadata"].get("tags", ())
        }
        return self.language if self.language in tags else LANGUAGES[0]

    @property
    def banners(self) -> list[str]:
        """What the reader must know before anything else; also that the study is in English."""
        told = {
            "".join(cell["source"])
            for cell in self.notebook["cells"]
            if cell["cell_type"] == "markdown" and self.spoken in cell["metadata"].get("tags", ())
        }
        lacking = self.spoken != self.language and missing_translations(told, self.language)
        if not lacking:
            return super().banners
        all_of_it = lacking == told
        said = (
            message("This study is in English only.")
            if all_of_it
            else message("Parts of this study are in English only.")
        )
        return [said.render(self.language), *super().banners]

    @property
    def simulated(self) -> bool:
        """Whether anything on the page rests on simulated data."""
        return any(
            any(row.get("simulated") for row in said.findings)
            if isinstance(said, FindingsOutput | CardsOutput)
            else getattr(said, "simulated", False)
            for said in iterate_outputs(self.notebook)
        )

    @property
    def at_a_glance(self) -> bool:
        """Whether the page is the front door, whose parts stand side by side on a wide screen."""
        return self.study.front

    @property
    def headlines(self) -> list[dict]:
        """The study's headline findings as cards."""
        if self.at_a_glance:
            return []
        said = {one.id for one in self._answering}
        views = [self.finding(finding) for finding in self.findings.headlines()[:6]]
        return [{**view, "sentence": ""} if view["id"] in said else view for view in views]

    @property
    def changes(self) -> Markup | None:
        """On the front door: what changed since the version before."""
        from kamresearch.publishing.pages.changes import changes_block

        if not self.study.front or self.context.changes is None:
            return None
        return changes_block(self.context.changes, self.language, self.href)

    @property
    def ends(self) -> Markup:
        """What closes the last section (asked for after the cells)."""
        return Markup(self._ends)  # noqa: S704  (a constant)

    def terms(self) -> list[Term]:
        """Glossary entries that the page links to (asked for after the cells); what an interval is
        goes on with how many stand here, since of many some miss.
        """
        many = self._many_intervals()
        apart = "" if tongue(self.language).wide else " "
        return [
            replace(one, meaning=f"{one.meaning}{apart}{many}") if one.id == "interval" else one
            for one in self.explainer.used
        ]

    def _many_intervals(self) -> str:
        """How many intervals the page's findings bear, and how many of so many miss by chance."""
        spans = [one.interval for one in self.findings.values() if one.interval]
        chances = [1 - one.level for one in spans]
        if not any(chances):
            return ""
        return message(
            "The findings of this page bear {n}: of so many, {misses} miss the true value on "
            "average even where data and model are right.",
            n=sum(chance > 0 for chance in chances),
            misses=f"{sum(chances):.1f}",
        ).render(self.language)

    # Provenance

    @property
    def provenance(self) -> list[tuple[str, str]]:
        """Which data, parameters and code made the page."""
        from kamresearch.publishing.pages.provenance import provenance_facts

        return provenance_facts(self.context.manifest, self.study, self.language)

    @property
    def provenance_tables(self) -> list[dict]:
        """Parameters and data fingerprints as tables."""
        from kamresearch.publishing.pages.provenance import provenance_tables

        return provenance_tables(self.context.manifest, self.study, self.findings, self.language)

    # The cells

    def cells(self) -> list[dict]:
        """The notebook's cells for this language, with what the template shows of each in its
        metadata.
        """
        return self._cells

    def _make_cells(self) -> list[dict]:
        made, replaced = [], self._replaced()
        for cell in self.notebook["cells"]:
            tags = cell.get("metadata", {}).get("tags", [])
            if replaced in tags:
                continue
            if any(tag in LANGUAGES for tag in tags) and self.spoken not in tags:
                continue
            if cell["cell_type"] == "markdown":
                made.append(self._prose(cell, tags))
            elif cell["cell_type"] == "code":
                made.append(self._code(cell, tags))
        return made

    def _replaced(self) -> str:
        """The tag of the cell of defaults, where the values that were used follow it: a reader who
        saw both would take the built-in case's day and place for this company's.
        """
        tags = {tag for cell in self.notebook["cells"] for tag in cell["metadata"].get("tags", ())}
        return "parameters" if "injected-parameters" in tags else ""

    def _prose(self, cell: dict, tags: list[str]) -> dict:
        source = "".join(cell["source"])
        if self.spoken != self.language:
            source = translate(source, self.language)
        if source.lstrip().startswith("# "):
            # The page has its title already; what follows the notebook's own title stays.
            source = source.lstrip().partition("\n")[2]
        extra: dict[str, object] = {}
        section = next(
            (tag.removeprefix("section:") for tag in tags if tag.startswith("section:")), None
        )
        if section:
            self.explainer.new_section()
            heading = next(
                (line[3:].strip() for line in source.splitlines() if line.startswith("## ")),
                section,
            )
            folded = section in self.study.method
            extra = {"kam_section": slug(section), "kam_fold": folded, "kam_ends": self._ends}
            self._ends = "</details></section>" if folded else "</section>"
            self.contents.append(
                {"anchor": slug(section), "title": heading.replace("*", "").replace("`", "")}
            )
            extra["kam_stories"] = self._stories.pop(section, [])
        html = self.explainer.explain(markdown(source))
        if extra.get("kam_fold"):
            # Its heading is what opens it.
            head, tag, rest = html.partition("</h2>")
            extra |= {"kam_head": head + tag}
            html = rest
        extra["kam_html"] = html
        return {
            "id": cell.get("id", ""),
            "cell_type": "markdown",
            "metadata": {**cell.get("metadata", {}), **extra},
            "source": source,
        }

    def _code(self, cell: dict, tags: list[str]) -> dict:

        self._numbers += 1
        source = "".join(cell["source"])
        code = _coloured(source) if source.strip() else ""
        outputs = [
            shown
            for output in cell.get("outputs", ())
            if (shown := self._output(output)) is not None
        ]
        # The highlighter escapes the source.
        extra = {"kam_code": Markup(code), "kam_number": self._numbers}  # noqa: S704
        return {
            "id": cell.get("id", ""),
            "cell_type": "code",
            "metadata": {**cell.get("metadata", {}), **extra},
            "source": source,
            "outputs": outputs,
            "execution_count": None,
        }

    def _output(self, output: dict) -> dict | None:
        if output["output_type"] == "stream":
            return output if output["name"] == "stdout" else None
        if output["output_type"] == "error":
            return output
        data = output.get("data", {})
        if MIME not in data:
            # Only what our own kinds say reaches a page; of anything else its plain text.
            text = "".join(data.get("text/plain", ""))
            view = {"kind": "plain", "text": text} if text else None
        else:
            said = read_output(data[MIME])
            spoken = getattr(said, "lang", self.language) == self.language
            view = self._view(said, data) if said is not None and spoken else None
        if view is None:
            return None
        self.views.append(view)
        number = len(self.views) - 1
        return {"output_type": "display_data", "data": {}, "metadata": {"kam_view": number}}

    def _view(self, said: Output, data: Mapping[str, Any]) -> dict | None:
        """An output for the template; None for kinds that other rooms read."""
        match said:
            case StoryOutput():
                view = self._story(said)
                if view and said.section:  # it stands at its section, which comes later
                    self._stories.setdefault(said.section, []).append(view)
                    return None
                return view
            case FigureOutput():
                return self._figure(said, "".join(data["image/svg+xml"]))
            case TableOutput():
                return self._table(said)
            case FindingsOutput() | CardsOutput():
                views = [self.finding(Finding.from_dict(row)) for row in said.findings]
                simulated = all(view["simulated"] for view in views)
                return {"kind": said.kind, "findings": views, "all_simulated": simulated}
            case TextOutput() | CaveatOutput() | AbsentOutput():
                return self._notice(said)
        return None

    def _figure(self, figure: FigureOutput, picture: str) -> dict:
        csv = self.context.tables.get(figure.data.id)
        view = figure_view(figure, self.language, csv, link=self.link)
        svg, foreign = inline_svg(picture, view["anchor"], view["alt"])
        twin = self._tables.get(figure.data.id) == figure.data.rows
        shown = {
            **view,
            "kind": figure.kind,
            "says": self._says(figure),
            "twin": f"#table-{slug(figure.data.id)}" if twin else None,
            "svg": Markup(svg),  # noqa: S704  (rebuilt from a list)
            "on_paper": foreign,
            "caption_html": self.explainer.explain(inline(view["caption"])),
        }
        if figure.id != self._first_figure:
            return shown
        self.pictured = shown
        return {"kind": "moved", "anchor": view["anchor"], "title": view["title"]}

    def _table(self, table: TableOutput) -> dict:
        csv = self.context.tables.get(table.id)
        view = table_view(table, self.language, csv=csv, link=self.link, room=self._room)
        self._room -= len(view["packed"])
        return {"kind": table.kind, "table": view}

    def _notice(self, said: TextOutput | CaveatOutput | AbsentOutput) -> dict:
        missing = said.ids if isinstance(said, AbsentOutput) else ()
        return {
            "kind": said.kind,
            "paragraphs": [self.explainer.explain(inline(text)) for text in said.paragraphs],
            "tag": "p" if isinstance(said, TextOutput) else "div",
            "anchors": [
                anchor_of(one, tables)
                for one in missing
                if "." in one and one not in self._shown
                for tables in ((), (one,))  # a link may mean either
            ],
        }

    def _says(self, figure: FigureOutput) -> str:
        """What a figure shows, as its title; empty where nothing beside its question is known, or
        the answer beside it says so already.
        """
        says = clean(figure.says or self._statements.get(figure.id, ""))
        beside = figure.id == self._first_figure
        return "" if beside and says in self.answer else says

    def _story(self, story: StoryOutput) -> dict | None:
        """What the case says, with its numbers from the findings; a paragraph whose number is not
        there stays away.
        """
        told = {
            id: finding.render(self.language)
            for id, finding in self.findings.items()
            if finding.value is not None
        }
        paragraphs = [
            self.explainer.explain(inline(PLACEHOLDER.sub(lambda found: told[found[1]], text)))
            for text in story.paragraphs
            if set(PLACEHOLDER.findall(text)) <= set(told)
        ]
        return {"kind": "story", "who": story.who, "paragraphs": paragraphs} if paragraphs else None
