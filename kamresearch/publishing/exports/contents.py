"""What can be taken along of a version: its studies with findings, figures and tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kamresearch.errors import ParameterError
from kamresearch.finding import Findings
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies import Study, find_study
from kamresearch.studies.outputs import MIME, read_findings, read_notebook


@dataclass(frozen=True)
class Picture:
    """A figure in one language: what its output says, and its SVG."""

    content: Mapping
    svg: str


@dataclass(frozen=True)
class Chapter:
    """One study: its declaration, findings, figures of one language, and tables by id."""

    study: Study
    findings: Findings
    pictures: tuple[Picture, ...]
    tables: Mapping[str, Mapping]


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
    pictures, tables = [], {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            content = data.get(MIME, {"kind": ""})
            if content["kind"] == "figure" and content["lang"] == language:
                pictures.append(Picture(content, "".join(data["image/svg+xml"])))
            elif content["kind"] == "table":
                tables[content["id"]] = content
    return Chapter(study, read_findings(notebook), tuple(pictures), tables)
