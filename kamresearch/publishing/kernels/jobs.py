"""The order to run one study, and the word that it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kamresearch.publishing.asking.request import Limits


@dataclass(frozen=True)
class KernelPlan:
    """Where a kernel starts, what it sees, and what it may use.

    Parameters
    ----------
    address : str
        The nursery that forks it; empty for a plain process.
    folder : Path
        Private folder for its connection files.
    cwd : Path
        Its working folder.
    limits : Limits
        Seconds for the whole notebook, bytes that it may hold, bytes of output.
    env : mapping
        Its environment beside that of every child.
    log : Path
        File for what it writes past the notebook.
    """

    address: str
    folder: Path
    cwd: Path
    limits: Limits
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyJob:
    """One notebook to run.

    Parameters
    ----------
    study : str
        Its name.
    notebook, out : Path
        Where it lies, and where the executed one goes.
    parameters : mapping
        What is put in place of its defaults.
    outcome : Path
        Where a `StudyOutcome` is left.
    kernel : KernelPlan
        In what it runs.
    """

    study: str
    notebook: Path
    out: Path
    parameters: Mapping[str, Any]
    outcome: Path
    kernel: KernelPlan


@dataclass(frozen=True)
class StudyOutcome:
    """How a study went.

    Parameters
    ----------
    ok : bool
        Whether it ended well.
    seconds : float
        How long it took.
    message : str
        What went wrong, where it failed.
    asked : list of kind and id, optional
        The questions that it asked of other studies; None where it may have read more.
    """

    ok: bool
    seconds: float = 0.0
    message: str = ""
    asked: list[list[str]] | None = None
