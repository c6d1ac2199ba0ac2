"""The hands of a run: warmed parents whose children do the work, the orders they get, and the
word they leave.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kamresearch.errors import StudyError
from kamresearch.publishing.asking.request import Limits
from kamresearch.publishing.failures import NO_ROOM_WORDS
from kamresearch.publishing.jobs import read_job, to_plain
from kamresearch.publishing.kernels.forking import DISK_FULL
from kamresearch.publishing.kernels.jobs import KernelPlan, StudyJob, StudyOutcome
from kamresearch.publishing.kernels.nursery import Child, Nursery
from kamresearch.studies import Study


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

    def start_study(
        self,
        study: Study,
        aside: Path,
        limits: Limits,
        env: Mapping[str, str],
        parameters: Mapping[str, Any] | None = None,
        cwd: Path | None = None,
    ) -> Child:
        """Start a study, its notebook and outcome to be left in a folder aside, where its worker
        stands too unless it is told another.

        Without parameters the notebook runs with those that stand in it.
        """
        nursery = self["kernel"]
        kernel = KernelPlan(
            nursery.address,
            nursery.folder,
            study.path.parent,
            limits,
            aside / "kernel.log",
            env,
        )
        job = StudyJob(
            study.name,
            study.path,
            aside / "notebook.ipynb",
            parameters or {},
            aside / "outcome.json",
            kernel,
        )
        return self["work"].start(
            "kamresearch.publishing.kernels.execute:run_study",
            to_plain(job),
            cwd=str(cwd or aside),
            log=str(aside / "worker.log"),
        )

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


def read_outcome(path: Path, child: Child) -> StudyOutcome:
    """How a worker's study went; a worker that left no word died."""
    try:
        return read_job(StudyOutcome, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        words = (
            NO_ROOM_WORDS if child.poll() == DISK_FULL else last_words(path.parent / "worker.log")
        )
        error = StudyError(
            "the worker of a study", "an outcome", f"exit code {child.poll()}: {words}", "run again"
        )
        return StudyOutcome(ok=False, message=str(error))


def last_words(log: Path) -> str:
    """The last line that a child wrote."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:300] if lines else "no word"
