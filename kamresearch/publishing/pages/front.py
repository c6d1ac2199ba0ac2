"""A version's front door where no study is one: headline findings, and the way to each study."""

from kamresearch.figures.theme import clean
from kamresearch.language import message as _
from kamresearch.publishing.pages.changes import changes_block
from kamresearch.publishing.pages.context import RenderContext
from kamresearch.publishing.pages.provenance import provenance_facts
from kamresearch.publishing.pages.shell import fill, finish_page
from kamresearch.publishing.pages.surroundings import Surroundings
from kamresearch.publishing.pages.views import choose
from kamresearch.studies import Study, all_studies

CARDS = 4
"""Headline findings that the front shows of each study."""


class _Front(Surroundings):
    """What the template asks of a front door."""

    @property
    def groups(self) -> list[dict]:
        """Each study with its link, its question and its first headline findings."""
        return [self._group(study) for study in self.context.studies]

    def _group(self, study: Study) -> dict:
        mine = [finding for finding in self.context.findings.headlines() if study.owns(finding.id)]
        return {
            "title": study.title.render(self.language),
            "question": study.question.render(self.language),
            "href": self.context.page(study.name, self.language),
            "anchor": f"study-{study.name}",
            "cards": [self.finding(finding) for finding in mine[:CARDS]],
        }

    @property
    def missing(self) -> list[dict]:
        """Studies without a page, and why."""
        titles = {study.name: study.title.render(self.language) for study in all_studies()}
        return [
            {
                "title": clean(titles.get(name, name)),
                "reason": clean(choose(reason, self.language)),
            }
            for name, reason in self.context.manifest.absent.items()
        ]


def render_front(context: RenderContext, language: str) -> str:
    """The front door of a version none of whose studies is its front.

    Parameters
    ----------
    context : RenderContext
        The version.
    language : str
        One of its languages.
    """
    page = _Front(context, language)
    title = page.label or _("Findings").render(language)
    with context.manifest.data.told():
        changes = (
            None if context.changes is None else changes_block(context.changes, language, page.href)
        )
        body = fill(
            "front.html.j2",
            language,
            page=page,
            title=title,
            changes=changes,
            provenance=provenance_facts(context.manifest, None, language),
        )
    return finish_page(body, language, f"{title} · kamresearch", kind="front")
