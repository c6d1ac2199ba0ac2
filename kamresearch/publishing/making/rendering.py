"""What a worker does for pages: gather what each must know of its version, and render it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kamresearch.language import Fixed
from kamresearch.publishing.asking.request import cache_of
from kamresearch.publishing.files import write_text
from kamresearch.publishing.jobs import read_job
from kamresearch.publishing.making.kept import KeptPages
from kamresearch.publishing.outcome.collect import table_name
from kamresearch.publishing.pages import webfont
from kamresearch.publishing.pages.context import RenderContext
from kamresearch.publishing.pages.subjects import Subjects, find_subjects
from kamresearch.publishing.planning.plan import Cache
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies import Study, find_study
from kamresearch.studies.kinds import FigureOutput, TableOutput
from kamresearch.studies.outputs import iterate_outputs, read_notebook


@dataclass(frozen=True)
class DoorJob:
    """A front door to render.

    Parameters
    ----------
    folder : Path
        The version being made.
    manifest : Path
        Where its manifest lies as far as it is known.
    previous : str
        Folder of the version before, or empty.
    """

    folder: Path
    manifest: Path
    previous: str


@dataclass(frozen=True)
class PagesJob(DoorJob):
    """Pages of studies to render, or to take over where they were kept and would come out the same.

    Parameters
    ----------
    pages : mapping
        Name of a study → the languages.
    kept : str
        Where pages are kept; empty where all shall be made.
    code : str
        Checksum of the code and words that make pages.
    """

    pages: Mapping[str, list[str]]
    kept: str
    code: str


def render_pages(plain: Mapping) -> int:
    """Render pages (a `PagesJob`)."""
    job = read_job(PagesJob, plain)
    folder, manifest = job.folder, _known(job)
    kept = KeptPages(Path(job.kept), job.code) if job.kept else None
    _keep_cuts(kept and kept.folder)
    subjects, previous = _subjects(folder, manifest), _previous(job)
    for one in subjects:
        (folder / one.id).mkdir(exist_ok=True)
    for name, languages in job.pages.items():
        study = find_study(name)
        path = folder / "notebooks" / f"{study.notebook}.ipynb"
        notebook = path.read_text(encoding="utf-8")
        context = _context(folder, manifest, study, previous, subjects)
        for language in languages:
            pages = _pages(notebook, study, language, context, kept)
            for address, html in pages.items():
                write_text(folder / address, html)
    return 0


def _keep_cuts(pages: Path | None) -> None:
    """Keep cuts of fonts beside kept pages."""
    webfont.CUTS.folder = pages and pages / "fonts"


def _pages(
    notebook: str,
    study: Study,
    language: str,
    context: RenderContext,
    kept: KeptPages | None,
) -> dict[str, str]:
    """Address → page of a study in a language, and of each subject that it hands on; a front door
    tells of everything, so it is always made.
    """
    if kept is None or study.front:
        return _render(notebook, study, language, context)
    key = kept.key(notebook, study, language, context)
    pages = kept.recall(key, study, language, context.manifest)
    if not pages:
        pages = _render(notebook, study, language, context)
        kept.keep(key, study, language, context.manifest, pages)
    return pages


def _render(notebook: str, study: Study, language: str, context: RenderContext) -> dict[str, str]:
    from kamresearch.publishing.pages.profiles import render_profiles
    from kamresearch.publishing.pages.render import render_study

    executed = json.loads(notebook)
    page = render_study(executed, study, language, context)
    profiles = render_profiles(executed, study, language, context)
    return {context.page(study.name, language): page, **dict(profiles)}


def render_door(plain: Mapping) -> int:
    """Render the front door (a `DoorJob`) of a version of which no study is the front."""
    from kamresearch.publishing.pages.front import render_front

    job = read_job(DoorJob, plain)
    folder, manifest = job.folder, _known(job)
    context = _context(folder, manifest, None, _previous(job), _subjects(folder, manifest))
    for language in manifest.languages:
        write_text(folder / context.front(language), render_front(context, language))
    return 0


def _known(job: DoorJob) -> Manifest:
    """The manifest as far as it is known."""
    return Manifest.model_validate_json(job.manifest.read_text(encoding="utf-8"))


def _previous(job: DoorJob) -> Version | None:
    """The version before; read once, whatever the number of pages."""
    return Version(Path(job.previous)) if job.previous else None


def _context(
    folder: Path,
    manifest: Manifest,
    study: Study | None,
    previous: Version | None,
    subjects: tuple[Subjects, ...],
) -> RenderContext:
    studies = tuple(find_study(name) for name in manifest.studies)
    told = studies if study is None or study.front else (study,)
    draft = Version(folder, manifest, [one.notebook for one in told])
    changes = None
    if previous:
        from kamresearch.publishing.sealed.compare import compare

        changes = compare(previous, draft)
    return RenderContext(
        manifest=manifest,
        languages=manifest.languages,
        studies=studies,
        findings=draft.findings,
        tables=_tables(folder, told),
        changes=changes,
        warnings=tuple(Fixed(text) for text in manifest.warnings),
        subjects=subjects,
    )


def _tables(folder: Path, studies: tuple[Study, ...]) -> dict[str, str]:
    """Addresses of the tables that are written already."""
    found = {}
    for study in studies:
        path = folder / "notebooks" / f"{study.notebook}.ipynb"
        if path.exists():
            for said in iterate_outputs(read_notebook(path), FigureOutput, TableOutput):
                shown = said.data if isinstance(said, FigureOutput) else said
                found[shown.id] = f"tables/{table_name(shown.id)}"
    return found


def _subjects(folder: Path, manifest: Manifest) -> tuple[Subjects, ...]:
    """Everything that has pages of its own in the version."""
    declaring = [study for study in map(find_study, manifest.studies) if study.profiles]
    paths = [(one, folder / "notebooks" / f"{one.notebook}.ipynb") for one in declaring]
    return find_subjects((one, read_notebook(path)) for one, path in paths if path.exists())


def write_index(reports: str) -> int:
    """Write the shelf's page of all versions."""
    from kamresearch.publishing.shelf.portal import write_shelf

    _keep_cuts(Cache(cache_of(Path(reports))).pages)
    write_shelf(Path(reports))
    return 0
