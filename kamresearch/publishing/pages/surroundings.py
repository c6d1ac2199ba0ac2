"""What every page of a version knows of the others: its front door, the other studies, the
other languages.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kamresearch.figures.theme import clean
from kamresearch.finding import Finding
from kamresearch.language import format_quantity, tongue
from kamresearch.language.format import currency_name
from kamresearch.publishing.pages.context import RenderContext
from kamresearch.publishing.pages.shell import spoken
from kamresearch.publishing.pages.views import anchor_of, finding_view
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.studies import Study, owner_of


class Surroundings:
    """The version around a page; ``study`` is the page's own, None for a front door without a
    study.
    """

    def __init__(self, context: RenderContext, language: str, study: Study | None = None) -> None:
        self.context, self.language, self.study = context, language, study
        self._ = spoken(language)
        self.name = study.name if study else context.front_study or "index"
        self.label = clean(context.manifest.label or context.manifest.version)

    @property
    def home(self) -> str:
        """The version's front door."""
        return self.context.front(self.language)

    @property
    def shelf(self) -> str | None:
        """The shelf of all versions."""
        return self.context.shelf

    @property
    def language_links(self) -> list[tuple[str, str, str | None]]:
        """Code, name and address of each language; no address for this page's own."""
        return [
            (
                code,
                tongue(code).name,
                None if code == self.language else self.context.page(self.name, code),
            )
            for code in self.context.languages
        ]

    @property
    def studies(self) -> list[dict]:
        """The pages of this version."""
        return [
            {
                "title": one.title.render(self.language),
                "href": self.context.page(one.name, self.language),
                "current": one.name == self.name,
            }
            for one in self.context.studies
        ]

    @property
    def next_links(self) -> list[tuple[str, dict]]:
        """The studies before and after this one."""
        pages = self.studies
        place = next((number for number, one in enumerate(pages) if one["current"]), None)
        if place is None:
            return []
        links = [(self._("Previous"), pages[place - 1])] if place else []
        return links + ([(self._("Next"), pages[place + 1])] if place + 1 < len(pages) else [])

    @property
    def facts(self) -> list[str]:
        """As of which day, from which data."""
        manifest = self.context.manifest
        as_of = self._parameters().get("as_of") or manifest.as_of
        facts = (
            [self._("As of {date}", date=format_quantity(as_of, "date", self.language))]
            if as_of
            else []
        )
        source = _data_name(manifest, self._parameters())
        facts += [self._("Data: {source}", source=source)] if source else []
        currency = currency_name(self.language) or self.context.currency
        return [*facts, self._("Money in {currency}", currency=currency)] if currency else facts

    @property
    def banners(self) -> list[str]:
        """What the reader must know before anything else."""
        return [clean(text.render(self.language)) for text in self.context.warnings]

    def href(self, id: str) -> str | None:
        """Address of a figure or table, on this page or another of the version."""
        owner = owner_of(id, self._known)
        if owner is None:
            return None
        anchor = f"#{anchor_of(id, owner.tables)}"
        return (
            anchor
            if owner.name == self.name
            else self.context.page(owner.name, self.language) + anchor
        )

    def link(self, names: Sequence[str], row: Sequence) -> tuple[int, str] | None:
        """Which cell of a table's row leads to the page of its subject, and where that lies."""
        for one in self.context.subjects:
            found = one.link(names, row, self.language)
            if found:
                return found
        return None

    @property
    def finders(self) -> list[dict]:
        """What a reader may look for by number or name: packed rows, and the table of all; on the
        front door and where all are listed, for their weight.
        """
        return [
            {
                "packed": one.packed(self.language),
                "all": self.href(one.id),
                "title": self._("Find by name or number"),
            }
            for one in self.context.subjects
            if self.study is None or self.study.front or self.name == one.study
        ]

    def finding(self, finding: Finding) -> dict:
        """A finding for its template, with its change since the version before."""
        changes = self.context.changes
        change = changes.view(finding.id, self.language) if changes is not None else None
        return finding_view(finding, self.language, self.href, change)

    @property
    def _known(self) -> tuple[Study, ...]:
        return ((self.study,) if self.study else ()) + tuple(self.context.studies)

    def _parameters(self) -> Mapping[str, object]:
        return self.context.manifest.parameters.get(self.name, {})


def _data_name(manifest: Manifest, parameters: Mapping) -> str:
    source = str(manifest.data.source or parameters.get("data") or "")
    source = source.split("@")[-1] if "://" in source else source
    return Path(source).name if source and "://" not in source else source
