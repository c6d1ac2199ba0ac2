"""The form in which a study's results leave its kernel: cell outputs that a notebook file keeps.

Everything that publishing, later studies and comparisons need is in the executed notebook itself;
kernels write no
files. One output holds one language, but for findings and tables, whose heads come in every
language at once.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from kamresearch.errors import StudyError
from kamresearch.finding import Finding, Findings
from kamresearch.studies.kinds import (
    KINDS,
    FactsOutput,
    FindingsOutput,
    OutcomesOutput,
    Output,
    PredictionsOutput,
    ProposalsOutput,
    TableOutput,
    read_output,
)

if TYPE_CHECKING:
    import pandas as pd

MIME = "application/vnd.kamresearch+json"

FACTS = ("account_id", "fact", "value", "unit", "source", "as_of")
PROPOSALS = ("account_id", "kind", "why", "expected_gain", "low", "high", "cost", "hours", "due")
PROPOSALS += ("owner", "evidence")
"""Columns of what a study tells of accounts, and of what it would do for them."""


def read_notebook(path: Path) -> dict:
    """A notebook file as plain data (no validation: reading findings must stay cheap)."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(
            str(path), "an executed notebook", type(error).__name__, "publish the study again"
        ) from error


Kind = TypeVar("Kind", bound=Output)


@overload
def iterate_outputs(notebook: Mapping) -> Iterator[Output]: ...
@overload
def iterate_outputs(notebook: Mapping, *kinds: type[Kind]) -> Iterator[Kind]: ...
def iterate_outputs(notebook: Mapping, *kinds: type[Output]) -> Iterator[Output]:
    """All outputs of the house in a notebook, in order, or those of some kinds."""
    return (one for one, _data in iterate_displays(notebook, *kinds))


def iterate_displays(
    notebook: Mapping, *kinds: type[Output]
) -> Iterator[tuple[Output, Mapping[str, Any]]]:
    """The same, each beside all forms in which the notebook shows it (MIME type → form)."""
    wanted = {one.kind for one in kinds} or KINDS.keys()
    for cell in notebook["cells"]:
        for display in cell.get("outputs", ()):
            data = display.get("data", {})
            # Of the others nothing is made: tables of all accounts are passed over many times.
            said = (
                read_output(data[MIME]) if MIME in data and data[MIME]["kind"] in wanted else None
            )
            if said is not None:
                yield said, data


def read_findings(notebook: dict) -> Findings:
    """The findings that a notebook exported."""
    rows = [row for said in iterate_outputs(notebook, FindingsOutput) for row in said.findings]
    return Findings(Finding.from_dict(row) for row in rows)


def read_table(notebook: dict, table_id: str) -> "pd.DataFrame | None":
    """A table that a notebook showed, as a frame; None where it showed none of this id.

    The words of coded values stand in ``frame.attrs["terms"]``: column → code → language → text.
    """
    for table in iterate_outputs(notebook, TableOutput):
        if table.id == table_id:
            return table_frame(table)
    return None


def table_frame(table: TableOutput) -> "pd.DataFrame":
    """A table as a frame, the words of its codes in ``attrs["terms"]``."""
    import pandas as pd

    frame = pd.DataFrame(table.rows, columns=table.names)
    frame.attrs["terms"] = {one.name: one.terms for one in table.columns if one.terms}
    return frame


def read_predictions(stated: Iterable[PredictionsOutput]) -> "pd.DataFrame":
    """Sealed predictions as one frame, one row a statement, with what was known at their issue.

    Parameters
    ----------
    stated : iterable of PredictionsOutput
        Those of one version or of several.

    Returns
    -------
    DataFrame
        The columns in which they were stated, ``known_revenue`` of the company and
        ``known_account_revenue`` of the account (missing in older versions), and whether the
        version was a ``hindcast``; prediction → language → words stand in ``attrs["labels"]``.
        Empty where nothing was stated.
    """
    import pandas as pd

    frames, labels = [], {}
    for one in stated:
        frame = pd.DataFrame(one.rows, columns=one.columns).assign(**one.same)
        frame["known_revenue"] = one.known_revenue
        by_account = one.known_by_account or [None] * len(frame)
        frame["known_account_revenue"] = pd.Series(by_account, frame.index, dtype="float64")
        frame["hindcast"] = one.hindcast
        labels[one.prediction] = one.label
        frames.append(frame)
    if not frames:
        return pd.DataFrame()
    frame = pd.concat(frames, ignore_index=True)
    for day in ("issued", "due"):
        frame[day] = pd.to_datetime(frame[day])
    for number in ("value", "low", "high", "level", "rival_value", "weight"):
        frame[number] = pd.to_numeric(frame[number])
    if "source" not in frame:  # older versions did not say which model spoke
        frame["source"] = ""
    for text in ("account_id", "rival", "currency", "definition", "source"):
        frame[text] = frame[text].fillna("").astype(str)
    frame.attrs["labels"] = labels
    return frame


def read_outcomes(stated: Iterable[OutcomesOutput]) -> "pd.DataFrame":
    """Outcomes that versions sealed, as the last of them saw each.

    Outputs of several versions, the earliest first → outcome, account_id, issued, due, actual.
    """
    import pandas as pd

    columns = ["outcome", "account_id", "issued", "due", "actual"]
    rows = [row for one in stated for row in one.rows]
    frame = pd.DataFrame(rows, columns=columns)
    for day in ("issued", "due"):
        frame[day] = pd.to_datetime(frame[day])
    return frame.drop_duplicates(columns[:-1], keep="last", ignore_index=True)


def read_accounts(notebook: dict, kind: Literal["facts", "proposals"]) -> "pd.DataFrame":
    """What a notebook told of accounts, or would do for them, one row each."""
    asked = FactsOutput if kind == "facts" else ProposalsOutput
    rows = [row for said in iterate_outputs(notebook, asked) for row in said.rows]
    return account_rows(rows, kind)


def account_rows(rows: Iterable[list], kind: Literal["facts", "proposals"]) -> "pd.DataFrame":
    """Rows that were told of accounts, or proposed for them, as a frame."""
    import pandas as pd

    columns = FACTS if kind == "facts" else PROPOSALS
    return pd.DataFrame(list(rows), columns=list(columns))
