"""What a page knows of the version that it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kamresearch.figures.theme import clean
from kamresearch.finding import Findings
from kamresearch.language import Text
from kamresearch.publishing.pages.subjects import Subjects
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.studies import Study

if TYPE_CHECKING:
    from kamresearch.publishing.sealed.compare import Comparison


@dataclass(frozen=True)
class RenderContext:
    """The version around a page.

    Parameters
    ----------
    manifest : Manifest
        The version's manifest as far as it is known before sealing.
    languages : tuple of str
        Languages of this version, the first one first.
    studies : tuple of Study
        Studies with a page in this version, in order.
    findings : Findings
        Findings of all of them.
    tables : mapping
        Id of a table → address of its CSV file within the version.
    changes : mapping, optional
        What `compare.compare` says against the version before: None for the first version.
    warnings : tuple of Text
        What every page must say first: data of low quality, a study that failed.
    """

    manifest: Manifest
    languages: tuple[str, ...]
    studies: tuple[Study, ...]
    findings: Findings = field(default_factory=Findings)
    tables: Mapping[str, str] = field(default_factory=dict)
    changes: "Comparison | None" = None
    warnings: tuple[Text, ...] = ()
    shelf: str | None = "../index.html"
    subjects: tuple[Subjects, ...] = ()
    """Kinds of things that have pages of their own, such as the rows of a table."""

    def page(self, study_name: str, language: str) -> str:
        """File name of a study's page; the front door in the first language is ``index.html``."""
        if study_name == (self.front_study or "index") and language == self.languages[0]:
            return "index.html"
        return f"{study_name}.{language}.html"

    @property
    def front_study(self) -> str:
        """The study whose page is the front door; empty where the version has none."""
        return next((study.name for study in self.studies if study.front), "")

    def front(self, language: str) -> str:
        """File name of the version's front door."""
        return self.page(self.front_study or "index", language)

    @property
    def currency(self) -> str:
        """The currency of the version's money; empty where its data name none."""
        return clean(self.manifest.data.currency)
