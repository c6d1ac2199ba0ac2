"""The form in which a study's results leave its kernel: cell outputs that a notebook file keeps.

Everything that publishing, later studies and comparisons need is in the executed notebook itself;
kernels write no
files. One output holds one language, but for findings and tables, whose heads come in every
language at once.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.errors import StudyError
from kamresearch.finding import Finding, Findings

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


def iterate_outputs(notebook: Mapping, kind: str | None = None) -> Iterator[dict]:
    """The contents of all outputs of the house in a notebook, in order; ``kind`` keeps one
    kind of them.
    """
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            content = output.get("data", {}).get(MIME)
            if content is not None and kind in (None, content["kind"]):
                yield content


def read_findings(notebook: dict) -> Findings:
    """The findings that a notebook exported."""
    rows = [row for content in iterate_outputs(notebook, "findings") for row in content["findings"]]
    return Findings(Finding.from_dict(row) for row in rows)


def read_table(notebook: dict, table_id: str) -> "pd.DataFrame | None":
    """A table that a notebook showed, as a frame; None where it showed none of this id.

    The words of coded values stand in ``frame.attrs["terms"]``: column → code → language → text.
    """
    import pandas as pd

    for content in iterate_outputs(notebook, "table"):
        if content["id"] == table_id:
            names = [column["name"] for column in content["columns"]]
            frame = pd.DataFrame(content["rows"], columns=names)
            frame.attrs["terms"] = {
                column["name"]: column["terms"] for column in content["columns"] if column["terms"]
            }
            return frame
    return None


def read_predictions(contents: Iterable[dict]) -> "pd.DataFrame":
    """Sealed predictions as one frame, one row a statement, with what was known at their issue.

    Parameters
    ----------
    contents : iterable of dict
        Outputs of kind ``predictions``, of one version or of several.

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
    for content in contents:
        frame = pd.DataFrame(content["rows"], columns=content["columns"])
        frame["known_revenue"] = content["known_revenue"]
        by_account = content.get("known_by_account", [None] * len(frame))
        frame["known_account_revenue"] = pd.Series(by_account, frame.index, dtype="float64")
        frame["hindcast"] = bool(content.get("hindcast"))
        labels[content["prediction"]] = content["label"]
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


def read_accounts(notebook: dict, kind: str) -> "pd.DataFrame":
    """The ``facts`` or ``proposals`` that a notebook handed on, one row each."""
    import pandas as pd

    columns = {"facts": FACTS, "proposals": PROPOSALS}[kind]
    rows = [row for content in iterate_outputs(notebook, kind) for row in content["rows"]]
    return pd.DataFrame(rows, columns=list(columns))
