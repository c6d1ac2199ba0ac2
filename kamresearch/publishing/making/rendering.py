"""What a worker does for one page: gather what the page must know of its version, and render it."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from kamresearch.finding import Findings
from kamresearch.language import Fixed
from kamresearch.publishing.files import write_text
from kamresearch.publishing.outcome.collect import finding_rows, table_name
from kamresearch.publishing.pages.context import BRIEFING, RenderContext
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies import Study, find_study
from kamresearch.studies.outputs import iterate_outputs, read_notebook


class Draft(Version):
    """A version that is being made: what `compare` may ask of it, as far as it is done."""

    def __init__(self, folder: Path, manifest: Mapping, studies: tuple[Study, ...]) -> None:
        super().__init__(folder)
        self.__dict__["manifest"], self._studies = manifest, studies

    @cached_property
    def findings(self) -> Findings:
        """The findings of the given studies."""
        paths = [self.path / "notebooks" / f"{study.notebook}.ipynb" for study in self._studies]
        rows = finding_rows(read_notebook(path) for path in paths if path.exists())
        return Findings.from_json(json.dumps(rows))


def render_page(job: Mapping) -> int:
    """Render one page.

    Parameters
    ----------
    job : mapping
        ``folder`` (the version being made), ``manifest`` (path of it as far as known), ``study``,
        ``language``,
        ``previous`` (folder of the version before, or empty).
    """
    from kamresearch.publishing.pages.render import render_study

    folder = Path(job["folder"])
    manifest = json.loads(Path(job["manifest"]).read_text(encoding="utf-8"))
    study = find_study(job["study"])
    notebook = read_notebook(folder / "notebooks" / f"{study.notebook}.ipynb")
    context = _context(folder, manifest, study, job["previous"])
    html = render_study(notebook, study, job["language"], context)
    write_text(folder / context.page(study.name, job["language"]), html)
    return 0


def render_door(job: Mapping) -> int:
    """Render the front door of a version without a briefing; the job is that of `render_page`
    without a study.
    """
    from kamresearch.publishing.pages.front import render_front

    folder = Path(job["folder"])
    manifest = json.loads(Path(job["manifest"]).read_text(encoding="utf-8"))
    for language in manifest["languages"]:
        context = _context(folder, manifest, None, job["previous"])
        write_text(folder / context.page(BRIEFING, language), render_front(context, language))
    return 0


def _context(folder: Path, manifest: Mapping, study: Study | None, previous: str) -> RenderContext:
    studies = tuple(find_study(name) for name in manifest["studies"])
    told = studies if study is None or study.name == BRIEFING else (study,)
    draft = Draft(folder, manifest, told)
    changes = None
    if previous:
        from kamresearch.publishing.sealed.compare import compare

        changes = compare(Version(Path(previous)), draft)
    return RenderContext(
        manifest=manifest,
        languages=tuple(manifest["languages"]),
        studies=studies,
        findings=draft.findings,
        tables=_tables(folder, studies),
        changes=changes,
        warnings=tuple(Fixed(text) for text in manifest["warnings"]),
    )


def _tables(folder: Path, studies: tuple[Study, ...]) -> dict[str, str]:
    """Addresses of the tables that are written already."""
    found = {}
    for study in studies:
        path = folder / "notebooks" / f"{study.notebook}.ipynb"
        if path.exists():
            for content in iterate_outputs(read_notebook(path)):
                shown = content["data"] if content["kind"] == "figure" else content
                if content["kind"] in ("figure", "table"):
                    found[shown["id"]] = f"tables/{table_name(shown['id'])}"
    return found


def write_index(job: Mapping) -> int:
    """Write the shelf's page of all versions."""
    from kamresearch.publishing.shelf.portal import write_shelf

    write_shelf(Path(job["reports"]))
    return 0
