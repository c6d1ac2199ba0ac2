"""What a page knows of the version that it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kamresearch.figures.theme import clean
from kamresearch.finding import Findings
from kamresearch.studies import Study

BRIEFING = "briefing"
"""The study whose page is a version's front door."""


@dataclass(frozen=True)
class RenderContext:
    """The version around a page.

    Parameters
    ----------
    manifest : mapping
        The version's manifest as far as it is known before sealing: ``version``, ``label``,
        ``made``, ``as_of``,
        ``data`` (source, tables → fingerprint, rows, simulated), ``parameters`` (study → name →
        value), ``code``
        (commit, clean), ``packages``, ``seeds``, ``failed`` and ``absent`` (study → reason).
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

    manifest: Mapping[str, object]
    languages: tuple[str, ...]
    studies: tuple[Study, ...]
    findings: Findings = field(default_factory=Findings)
    tables: Mapping[str, str] = field(default_factory=dict)
    changes: object | None = None
    warnings: tuple[object, ...] = ()
    shelf: str | None = "../index.html"

    def page(self, study_name: str, language: str) -> str:
        """File name of a study's page: the briefing in the version's first language is
        ``index.html``.
        """
        if study_name == BRIEFING and language == self.languages[0]:
            return "index.html"
        return f"{study_name}.{language}.html"


def currency_of(manifest: Mapping[str, object]) -> str:
    """The currency of a version's money; empty where its data name none."""
    data = manifest.get("data")
    return clean(data.get("currency") or "") if isinstance(data, Mapping) else ""
