"""The hands of a run: warmed parents whose children do the work, the orders they get, and the
word they leave.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from kamresearch.errors import StudyError
from kamresearch.publishing.asking.request import Limits
from kamresearch.publishing.failures import NO_ROOM_WORDS
from kamresearch.publishing.kernels.forking import DISK_FULL
from kamresearch.publishing.kernels.nursery import Child, Nursery


class Hands:
    """The warmed parents of kernels and workers, started when first needed, or shared with another
    process.

    Parameters
    ----------
    shared : mapping, optional
        Kind → address and folder of a nursery that another process keeps.
    """

    def __init__(self, shared: Mapping[str, tuple[str, Path]] | None = None) -> None:
        self._stack, self._shared, self._nurseries = ExitStack(), shared or {}, {}

    def __getitem__(self, kind: str) -> Nursery:
        if kind not in self._nurseries:
            if kind in self._shared:
                self._nurseries[kind] = Nursery.shared(kind, *self._shared[kind])
            else:
                self._nurseries[kind] = self._stack.enter_context(Nursery(kind))
        return self._nurseries[kind]

    def close(self) -> None:
        """End the parents that are its own."""
        self._stack.close()
        self._nurseries.clear()

    def __enter__(self) -> "Hands":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def data_env(data: Mapping) -> dict[str, str]:
    """What tells a kernel where the opened data are kept."""
    return {
        "KAM_PREPARED": data.get("prepared", ""),
        "KAM_PREPARED_FOR": data.get("prepared_for", ""),
        "KAM_NO_STORY": "1" if data.get("pseudonyms") else "",
    }


def study_job(
    study: str, notebook: Path, aside: Path, parameters: Mapping, limits: Limits, nursery: Nursery
) -> dict:
    """The order to run one notebook, its results to be left in a folder aside."""
    kernel = {
        "address": nursery.address,
        "folder": str(nursery.folder),
        "cwd": str(notebook.parent),
        "env": {},
        "log": str(aside / "kernel.log"),
        **asdict(limits),
    }
    return {
        "study": study,
        "notebook": str(notebook),
        "out": str(aside / "notebook.ipynb"),
        "parameters": dict(parameters),
        "outcome": str(aside / "outcome.json"),
        "kernel": kernel,
        "checked": True,
    }


def read_outcome(path: Path, child: Child) -> dict:
    """How a worker's study went; a worker that left no word died."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        words = (
            NO_ROOM_WORDS if child.poll() == DISK_FULL else last_words(path.parent / "worker.log")
        )
        error = StudyError(
            "the worker of a study", "an outcome", f"exit code {child.poll()}: {words}", "run again"
        )
        return {"ok": False, "message": str(error), "seconds": 0.0}


def last_words(log: Path) -> str:
    """The last line that a child wrote."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:300] if lines else "no word"
