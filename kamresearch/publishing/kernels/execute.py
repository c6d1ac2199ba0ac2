"""What a worker does with one study: papermill runs the notebook, and what it gives back is
made fit to keep.
"""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import kamresearch
from kamresearch.errors import KamError, StudyError
from kamresearch.places import project_root
from kamresearch.publishing.asking.memory import group_kills, memory_there_is
from kamresearch.publishing.files import to_json, write_json, write_text
from kamresearch.publishing.jobs import read_job, to_plain
from kamresearch.publishing.kernels.jobs import StudyJob, StudyOutcome
from kamresearch.publishing.outcome.collect import finding_rows, missing_promises
from kamresearch.publishing.outcome.truth import Outcome, find_untruths
from kamresearch.studies import find_study
from kamresearch.studies.outputs import read_notebook

PACKAGE = Path(kamresearch.__file__).resolve().parent
if TYPE_CHECKING:
    from papermill.exceptions import PapermillExecutionError

    from kamresearch.publishing.kernels.engine import Watch
    from kamresearch.studies.declaration import Study

INJECTED = "injected-parameters"
LIMITS = {
    "timeout": ("an end within {limit:.0f} seconds", "raise --timeout, or make the study faster"),
    "memory": ("no more than {limit:.1f} GiB of memory", "raise --memory, or lower --jobs"),
    "output": ("no more than {limit:.0f} MiB of output", "let the notebook print less"),
}


def run_study(plain: Mapping) -> int:
    """Run one study (a `StudyJob`) and leave its `StudyOutcome` beside the executed notebook."""
    began, message, asked = time.monotonic(), "", None
    job = read_job(StudyJob, plain)
    try:
        notebook, told = _run(job)
        asked = told.get("asked")
        judge(job, notebook, told.get("promised"))
    except KamError as error:
        message = str(error)
    outcome = StudyOutcome(not message, round(time.monotonic() - began, 3), message, asked)
    write_json(job.outcome, to_plain(outcome))
    return 0


def judge(job: StudyJob, notebook: Mapping, promised: list[str] | None = None) -> None:
    """Hold a study to its promises, and to saying nothing that cannot be true. ``promised``: the
    ids, where they are known; to look them up imports the study's analyses.
    """
    study = find_study(job.study)
    missing = missing_promises(notebook, study, promised or study.promised.ids)
    if missing:
        raise _incomplete(job.study, missing)
    as_of, earlier = job.parameters.get("as_of", ""), _earlier_findings(job, study)
    untrue = find_untruths(Outcome.of_notebook(notebook, as_of, earlier, study))
    if untrue:
        raise _untrue(job.study, untrue)


def _earlier_findings(job: StudyJob, study: "Study") -> dict[str, dict]:
    """The findings of the studies that this one reads, as the version being made holds them.

    Not of whatever ran before it: the verdict would hang on which studies were faster.
    """
    folder = Path(job.kernel.env.get("KAM_NOTEBOOKS", "."))
    paths = [folder / f"{find_study(name).notebook}.ipynb" for name in study.reads]
    notebooks = [read_notebook(path) for path in paths if path.exists()]
    return {row["id"]: row for row in finding_rows(notebooks)}


def _run(job: StudyJob) -> tuple[dict, dict]:
    """The executed notebook, and the last words of its kernel."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from kamresearch.publishing.kernels import engine

    engine.register()
    watch, kills = engine.Watch(job.kernel, job.study), group_kills()
    try:
        papermill.execute_notebook(
            job.notebook,
            job.out,
            parameters=dict(job.parameters),
            engine_name=engine.ENGINE,
            kernel_name="python3",
            progress_bar=False,
            watch=watch,
        )
    except PapermillExecutionError as error:
        raise _stopped(job, watch) or _cell_error(job, error) from error
    except (RuntimeError, OSError) as error:  # the kernel died, or its sockets with it
        raise _stopped(job, watch) or _dead(job, watch, error, kills) from error
    finally:
        _tidy_file(job.out)
    if watch.stopped:
        raise cast(StudyError, _stopped(job, watch))
    return read_notebook(job.out), watch.last_words


def _stopped(job: StudyJob, watch: "Watch") -> StudyError | None:
    if not watch.stopped:
        return None
    _mark_running_cell(job.out, watch.stopped)
    most = watch.plan.limits
    limit = {"timeout": most.timeout, "memory": most.memory / 2**30, "output": most.output / 2**20}[
        watch.stopped
    ]
    expected, remedy = LIMITS[watch.stopped]
    return StudyError(
        f"study {job.study}",
        expected.format(limit=limit),
        "more; its kernel was stopped",
        remedy,
    )


def _cell_error(job: StudyJob, error: "PapermillExecutionError") -> StudyError:
    what = f"{error.ename}: {error.evalue}".strip().rstrip(".")
    return StudyError(
        f"study {job.study}, cell [{error.exec_count}]",
        "a cell that runs to its end",
        what[:600],
        "see the failing cell in the notebook that was kept",
    )


def _dead(job: StudyJob, watch: "Watch", error: Exception, kills: int) -> StudyError:
    """``kills``: how many of our processes the system had killed for want of memory before."""
    code = watch.child.wait(2) if watch.child else None
    how = (
        f"it ended with signal {-code}"
        if code is not None and code < 0
        else f"{type(error).__name__}: {error}"
    )
    _mark_running_cell(job.out, "died")
    remedy = (
        "see the cell that was running in the notebook that was kept; memory is the usual cause"
    )
    if code == -signal.SIGKILL and group_kills() > kills:
        most, own = memory_there_is() / 2**30, job.kernel.limits.memory / 2**30
        how += (
            f": the system killed it for want of memory (all processes here may hold {most:.1f} "
            f"GiB together; this kernel was let have {own:.1f})"
        )
        remedy = (
            f"give the container or service more than {most:.1f} GiB, lower --jobs, or set "
            f"--memory lower, so that a study that asks for too much is stopped alone"
        )
    return StudyError(f"study {job.study}", "a kernel that lives to the end", how, remedy)


def _incomplete(study: str, problem: list[str]) -> StudyError:
    shown = ", ".join(problem[:8]) + (" …" if len(problem) > 8 else "")
    return StudyError(
        f"study {study}",
        "everything that its declaration promises, or study.absent(…) with a reason",
        f"nothing of {shown}",
        "show it, or take it out of the declaration",
    )


def _untrue(study: str, untrue: list[str]) -> StudyError:
    shown = "; ".join(untrue[:5]) + (f"; and {len(untrue) - 5} more" if len(untrue) > 5 else "")
    return StudyError(
        f"study {study}",
        "nothing that contradicts itself or cannot be so",
        shown,
        "mend what makes the number, or say in the study why it is not told",
    )


def _mark_running_cell(out: Path, why: str) -> None:
    """Mark the cell that ran when the kernel was stopped, as papermill marks a failing one."""
    if not out.exists():
        return
    notebook = json.loads(out.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    running = next(
        (cell for cell in cells if cell.get("execution_count") is None),
        cells[-1] if cells else None,
    )
    if running is None:
        return
    running["outputs"] = [one for one in running["outputs"] if one["output_type"] != "error"]
    running["outputs"].append(
        {
            "output_type": "error",
            "ename": "KernelStopped",
            "evalue": why,
            "traceback": [f"The kernel was stopped here: {why}."],
        }
    )
    running["metadata"].setdefault("tags", []).append("failed-here")
    write_json(out, notebook)


def _tidy_file(out: Path) -> None:
    if out.exists():
        write_json(out, tidy(json.loads(out.read_text(encoding="utf-8"))))


_CELL_FILE = re.compile(r"(/[^\s:]*?)?ipykernel_\d+/\d+\.py")
_CELL_KEYS = {
    "code": ("cell_type", "execution_count", "id", "metadata", "outputs", "source"),
    "markdown": ("cell_type", "id", "metadata", "source"),
    "raw": ("cell_type", "id", "metadata", "source"),
}


def tidy(notebook: dict) -> dict:
    """An executed notebook without clock, process ids and random ids: equal runs give equal
    bytes.
    """
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        tags = cell["metadata"].get("tags", [])
        cell = {key: cell[key] for key in _CELL_KEYS[cell["cell_type"]] if key in cell}
        cell["metadata"] = _metadata(tags)
        if INJECTED in tags:
            cell["id"] = INJECTED
        elif "papermill-error-cell-tag" in tags:
            cell["id"] = f"failed-{number}"
        cell["source"] = _lines(cell["source"])
        if "outputs" in cell:
            cell["outputs"] = [_whole(_tidy_output(output)) for output in cell["outputs"]]
        cells.append(cell)
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _metadata(tags: list[str]) -> dict:
    """Tags alone; and JupyterLab folds what is tagged as Chinese, so that a reader of the notebook,
    whose outputs are English, sees one language and the other a click away. A second notebook for
    each language would be a second place for the same code.
    """
    kept = {"tags": tags} if tags else {}
    return {"jupyter": {"source_hidden": True}, **kept} if "zh" in tags else kept


def _whole(content: object) -> object:
    """Whole numbers without a point, as JupyterLab writes them when it saves: 1.0 is 1 in JSON."""
    if isinstance(content, dict):
        return {key: _whole(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_whole(value) for value in content]
    if isinstance(content, float) and content.is_integer() and abs(content) < 2**53:
        return int(content)
    return content


def tidy_notebook(path: Path) -> bool:
    """Write a saved notebook in the one form of the house; whether that changed it."""
    before = path.read_text(encoding="utf-8")
    try:
        after = to_json(tidy(json.loads(before)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudyError(
            str(path), "a notebook (JSON of format 4.5)", type(error).__name__, "save it again"
        ) from None
    if after != before:
        write_text(path, after)
    return after != before


def _tidy_output(output: dict) -> dict:
    output = {key: value for key, value in output.items() if key != "transient"}
    if output["output_type"] == "stream":
        output["text"] = _lines(_without_places(_CELL_FILE.sub("cell.py", "".join(output["text"]))))
    elif "data" in output:
        output["data"] = {
            mime: _lines(value) if isinstance(value, (str, list)) else value
            for mime, value in output["data"].items()
        }
    return {key: output[key] for key in sorted(output)}


def _without_places(text: str) -> str:
    """A warning names the file that gave it; where our folders lie concerns no reader."""
    home = os.path.expanduser("~")  # noqa: PTH111  (pathlib's raises where there is none)
    ours = {sys.prefix, str(PACKAGE.parent), str(project_root()), home}
    for folder in sorted(ours - {"/", "~"}, key=len, reverse=True):
        text = text.replace(f"{folder}/", "…/")
    return text


def _lines(text: str | list) -> list[str]:
    """A text as notebook files hold it: a list of lines."""
    return "".join(text).splitlines(keepends=True)
