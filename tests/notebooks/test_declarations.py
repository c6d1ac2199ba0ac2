"""Every notebook keeps to its declaration and to the rules of a notebook (quick: nothing is
executed).
"""

import ast
import json
import re

import pytest

from kamresearch.finding import Finding
from kamresearch.ipython import parameter_differences
from kamresearch.language import LANGUAGES
from kamresearch.studies import all_studies
from kamresearch.studies.kinds import (
    AbsentOutput,
    FigureOutput,
    FindingsOutput,
    TableOutput,
    read_output,
)
from kamresearch.studies.outputs import MIME, iterate_outputs

pytestmark = pytest.mark.notebooks

STUDIES = all_studies()


@pytest.fixture(params=STUDIES, ids=[study.name for study in STUDIES])
def study(request):
    return request.param


@pytest.fixture
def notebook(study, root):
    return json.loads((root / "notebooks" / f"{study.notebook}.ipynb").read_text(encoding="utf-8"))


def source_of(cell) -> str:
    return "".join(cell["source"])


def tags_of(cell) -> list[str]:
    return cell["metadata"].get("tags", [])


def codes(notebook) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_every_notebook_has_a_study_and_every_study_a_notebook(root):
    written = {path.stem for path in (root / "notebooks").glob("*.ipynb")}
    assert written == {study.notebook for study in STUDIES}


def test_the_parameters_cell_is_the_first_code_cell_and_equals_the_params_class(study, notebook):
    assert "parameters" in tags_of(codes(notebook)[0])
    assert sum("parameters" in tags_of(cell) for cell in notebook["cells"]) == 1
    assert parameter_differences(notebook, study) == []


def test_sections_stand_in_the_declared_order_and_end_with_what_cannot_be_told(study, notebook):
    for language in LANGUAGES:
        found = [
            tag.removeprefix("section:")
            for cell in notebook["cells"]
            if language in tags_of(cell)
            for tag in tags_of(cell)
            if tag.startswith("section:")
        ]
        assert tuple(found) == study.sections
    assert study.sections[-1] == "limits"


def test_prose_comes_in_both_languages_and_section_headings_ask(study, notebook):
    counts = dict.fromkeys(LANGUAGES, 0)
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        spoken = [tag for tag in tags_of(cell) if tag in LANGUAGES]
        assert len(spoken) == 1, source_of(cell)[:60]
        counts[spoken[0]] += 1
        chinese = bool(re.search("[\u4e00-\u9fff]", source_of(cell)))
        assert chinese == (spoken[0] == "zh"), source_of(cell)[:60]
        if any(tag.startswith("section:") for tag in tags_of(cell)):
            heading = source_of(cell).splitlines()[0]
            assert heading.startswith("## "), heading
            assert heading.rstrip().endswith(("?", "？")), heading
    assert len(set(counts.values())) == 1, counts


def test_code_is_thin(study, notebook):
    lines = [
        sum(bool(line.strip()) for line in source_of(cell).splitlines())
        for cell in codes(notebook)[1:]
    ]
    assert sum(lines) <= 60, "move logic into the package"
    assert max(lines) <= 14
    for cell in codes(notebook):
        kinds = {type(node) for node in ast.walk(ast.parse(source_of(cell)))}
        assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.Try, ast.Lambda, ast.While}


def test_cells_have_stable_ids_and_no_time_in_their_metadata(study, notebook):
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", id) for id in ids)
    for cell in notebook["cells"]:
        assert not set(cell["metadata"]) - {"tags", "jupyter"}, cell["metadata"]
    assert not set(notebook["metadata"]) - {"kernelspec", "language_info"}


def test_saved_outputs_hold_everything_declared_and_nothing_that_went_wrong(study, notebook):
    shown = {said.id for said in iterate_outputs(notebook, FigureOutput, TableOutput)}
    exported = [row for said in iterate_outputs(notebook, FindingsOutput) for row in said.findings]
    excused = {id for said in iterate_outputs(notebook, AbsentOutput) for id in said.ids}
    promised = set(study.promised.ids)
    assert promised <= shown | {row["id"] for row in exported} | excused
    assert all(row["id"].partition(".")[0] == study.prefix for row in exported)
    for cell in codes(notebook):
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr", output.get("text")


def test_every_declared_figure_a_finding_points_to_exists(study, notebook):
    rows = [row for said in iterate_outputs(notebook, FindingsOutput) for row in said.findings]
    known = {id for one in STUDIES for id in (*one.promised.figures, *one.promised.tables)}
    for finding in map(Finding.from_dict, rows):
        assert finding.figure is None or finding.figure in known, finding.id


def test_saved_texts_show_no_nan_and_no_path(study, notebook):
    for said in iterate_outputs(notebook):
        for paragraph in getattr(said, "paragraphs", []):
            assert not re.search(r"\bnan\b|Traceback|\{\w+\}", paragraph), paragraph
        if isinstance(said, FigureOutput):
            assert not re.search(r"\bnan\b|\{\w+\}", said.caption + said.alt), said.id
            assert len(said.alt) > 30, said.id


def test_an_output_is_read_and_written_as_the_notebook_keeps_it(notebook):
    for cell in codes(notebook):
        kept = [one["data"][MIME] for one in cell["outputs"] if MIME in one.get("data", {})]
        assert [read_output(one).to_dict() for one in kept] == kept


def test_study_names_prefixes_and_notebooks_are_their_own():
    for part in ("name", "prefix", "notebook"):
        values = [getattr(study, part) for study in STUDIES]
        assert len(set(values)) == len(values)
    order = {study.name: number for number, study in enumerate(STUDIES)}
    for study in STUDIES:
        assert all(order[name] < order[study.name] for name in study.reads), study.name


def test_a_reader_of_a_notebook_sees_one_language_and_the_other_folded(root):
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
            assert folded == ("zh" in cell["metadata"].get("tags", ())), (
                f"{path.name}: {cell['id']}"
            )
