"""What can be taken along of a version: its studies with findings, figures and tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kamresearch.errors import ParameterError
from kamresearch.finding import Findings
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies import Study, find_study
from kamresearch.studies.kinds import FigureOutput, TableOutput, TextOutput
from kamresearch.studies.outputs import iterate_displays, read_findings, read_notebook


@dataclass(frozen=True)
class Picture:
    """A figure in one language: what its output says, and its SVG."""

    content: FigureOutput
    svg: str


@dataclass(frozen=True)
class Chapter:
    """One study: its declaration, findings, figures and sentences of one language, and tables by
    id.
    """

    study: Study
    findings: Findings
    pictures: tuple[Picture, ...]
    tables: Mapping[str, TableOutput]
    sentences: tuple[str, ...] = ()


def read_chapters(version: Version, names: Iterable[str], language: str) -> list[Chapter]:
    """The studies asked for, all where none is, the front first; refused in words where the
    version does not hold one.
    """
    held = [find_study(name) for name in version.manifest.studies]
    wanted = [find_study(name) for name in names]
    missing = [one.name for one in wanted if one.name not in version.manifest.studies]
    if missing:
        raise ParameterError(
            f"export of {version.id}",
            f"studies of it: {', '.join(version.manifest.studies)}",
            ", ".join(missing),
            "name one of them, or none for all",
        )
    if language not in version.manifest.languages:
        raise ParameterError(
            f"export of {version.id}",
            f"a language of it: {', '.join(version.manifest.languages)}",
            language,
            "publish it in that language first",
        )
    chosen = wanted or sorted(held, key=lambda one: not one.front)
    return [_read_chapter(version, study, language) for study in chosen]


def _read_chapter(version: Version, study: Study, language: str) -> Chapter:
    notebook = read_notebook(version.path / "notebooks" / f"{study.notebook}.ipynb")
    pictures, tables, sentences = [], {}, []
    for said, data in iterate_displays(notebook):
        match said:
            case FigureOutput(lang=spoken) if spoken == language:
                pictures.append(Picture(said, "".join(data["image/svg+xml"])))
            case TextOutput(lang=spoken) if spoken == language:
                sentences += said.paragraphs
            case TableOutput():
                tables[said.id] = said
    findings = read_findings(notebook)
    return Chapter(study, findings, tuple(pictures), tables, tuple(sentences))
