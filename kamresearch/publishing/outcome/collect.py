"""What an executed notebook gave: whether all promises were kept, its findings, and its tables
as CSV.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from kamresearch.errors import StudyError, first_offenders
from kamresearch.publishing.files import write_text
from kamresearch.publishing.outcome.csvfile import write_csv
from kamresearch.studies.declaration import Study
from kamresearch.studies.kinds import (
    AbsentOutput,
    FigureOutput,
    FindingsOutput,
    OutcomesOutput,
    PredictionsOutput,
    TableOutput,
)
from kamresearch.studies.outputs import iterate_outputs


def missing_promises(notebook: Mapping, study: Study, promised: Iterable[str]) -> list[str]:
    """Ids that a study promised and its notebook neither shows nor explains; sections must
    stand in the notebook.
    """
    shown, excused = set(), set()
    for said in iterate_outputs(notebook):
        match said:
            case FindingsOutput():
                shown |= {row["id"] for row in said.findings}
            case FigureOutput() | TableOutput():
                shown.add(said.id)
            case AbsentOutput():
                excused |= set(said.ids)
    sections = {
        tag.removeprefix("section:")
        for cell in notebook["cells"]
        for tag in cell["metadata"].get("tags", ())
        if tag.startswith("section:")
    }
    return [f"section {one}" for one in study.sections if one not in sections | excused] + [
        one for one in promised if one not in shown | excused
    ]


def finding_rows(notebooks: Iterable[Mapping]) -> list[dict]:
    """The findings of executed notebooks as they stand in ``findings.json``."""
    return join_rows(
        [row for one in iterate_outputs(notebook, FindingsOutput) for row in one.findings]
        for notebook in notebooks
    )


def join_rows(parts: Iterable[list[dict]]) -> list[dict]:
    """The findings of several notebooks, each id once.

    Raises
    ------
    StudyError
        An id stands twice.
    """
    rows = [row for part in parts for row in part]
    twice = [
        row["id"]
        for number, row in enumerate(rows)
        if row["id"] in {one["id"] for one in rows[:number]}
    ]
    if twice:
        raise StudyError(
            "findings", "one finding of each id", first_offenders(twice), "rename one of them"
        )
    return rows


def stated_predictions(notebooks: Iterable[Mapping]) -> list[dict]:
    """What executed notebooks stated about the future, and what they saw come of earlier
    statements, as it stands in ``predictions.json``.
    """
    kinds = (PredictionsOutput, OutcomesOutput)
    stated = [one for notebook in notebooks for one in iterate_outputs(notebook, *kinds)]
    # In the order in which a notebook file keeps them: sealed bytes do not hang on that of a class.
    return [dict(sorted(one.to_dict().items())) for one in stated]


def table_files(notebook: Mapping) -> dict[str, str]:
    """Id of each table in a notebook → its CSV text; with a mark for spreadsheets that it is UTF-8.

    The numbers in a figure are a table too; where both have one id, the shown table's rows stand.
    """
    tables = {one.data.id: one.data for one in iterate_outputs(notebook, FigureOutput)}
    tables |= {one.id: one for one in iterate_outputs(notebook, TableOutput)}
    return {id: "\ufeff" + write_csv(one.names, one.rows) for id, one in sorted(tables.items())}


def table_name(table_id: str) -> str:
    """File name of a table inside a version: letters, digits, dots, dashes and underscores only."""
    if (
        not table_id
        or not all(one.isascii() and (one.isalnum() or one in "._-") for one in table_id)
        or table_id[0] == "."
    ):
        raise StudyError(
            f"table {table_id!r}",
            "an id of letters, digits, dots and underscores",
            "another",
            "rename it",
        )
    return f"{table_id}.csv"


def write_tables(notebook: Mapping, folder: Path) -> dict[str, str]:
    """Write a notebook's tables into ``tables/`` of a version; id → address inside the version."""
    addresses = {}
    for table_id, text in table_files(notebook).items():
        name = table_name(table_id)
        write_text(folder / "tables" / name, text)
        addresses[table_id] = f"tables/{name}"
    return addresses
