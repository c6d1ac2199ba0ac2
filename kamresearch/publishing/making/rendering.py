"""What a worker does for one page: gather what the page must know of its version, and render it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kamresearch.language import Fixed
from kamresearch.publishing.files import write_text
from kamresearch.publishing.jobs import read_job
from kamresearch.publishing.outcome.collect import table_name
from kamresearch.publishing.pages.context import RenderContext
from kamresearch.publishing.pages.subjects import Subjects, find_subjects
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
class PageJob(DoorJob):
    """A study's page to render in one language."""

    study: str
    language: str


def render_page(plain: Mapping) -> int:
    """Render one page (a `PageJob`)."""
    from kamresearch.publishing.pages.profiles import render_profiles
    from kamresearch.publishing.pages.render import render_study

    job = read_job(PageJob, plain)
    folder, language = job.folder, job.language
    manifest, study = _known(job), find_study(job.study)
    notebook = read_notebook(folder / "notebooks" / f"{study.notebook}.ipynb")
    context = _context(folder, manifest, study, job.previous)
    html = render_study(notebook, study, language, context)
    write_text(folder / context.page(study.name, language), html)
    for one in context.subjects:
        (folder / one.id).mkdir(exist_ok=True)
    for address, page in render_profiles(notebook, study, language, context):
        write_text(folder / address, page)
    return 0


def render_door(plain: Mapping) -> int:
    """Render the front door (a `DoorJob`) of a version of which no study is the front."""
    from kamresearch.publishing.pages.front import render_front

    job = read_job(DoorJob, plain)
    folder, manifest = job.folder, _known(job)
    for language in manifest.languages:
        context = _context(folder, manifest, None, job.previous)
        write_text(folder / context.front(language), render_front(context, language))
    return 0


def _known(job: DoorJob) -> Manifest:
    """The manifest as far as it is known."""
    return Manifest.model_validate_json(job.manifest.read_text(encoding="utf-8"))


def _context(folder: Path, manifest: Manifest, study: Study | None, previous: str) -> RenderContext:
    studies = tuple(find_study(name) for name in manifest.studies)
    told = studies if study is None or study.front else (study,)
    draft = Version(folder, manifest, [one.notebook for one in told])
    changes = None
    if previous:
        from kamresearch.publishing.sealed.compare import compare

        changes = compare(Version(Path(previous)), draft)
    return RenderContext(
        manifest=manifest,
        languages=manifest.languages,
        studies=studies,
        findings=draft.findings,
        tables=_tables(folder, studies),
        changes=changes,
        warnings=tuple(Fixed(text) for text in manifest.warnings),
        subjects=_subjects(folder, studies),
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


def _subjects(folder: Path, studies: tuple[Study, ...]) -> tuple[Subjects, ...]:
    declaring = [one for one in studies if one.profiles]
    paths = [(one, folder / "notebooks" / f"{one.notebook}.ipynb") for one in declaring]
    return find_subjects((one, read_notebook(path)) for one, path in paths if path.exists())


def write_index(reports: str) -> int:
    """Write the shelf's page of all versions."""
    from kamresearch.publishing.shelf.portal import write_shelf

    write_shelf(Path(reports))
    return 0
