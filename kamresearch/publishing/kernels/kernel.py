"""The kernel itself: what a fresh child runs. It imports nothing that the warmed parent has not."""

import json
import os
from contextlib import suppress


def run_kernel(argument: dict) -> int:
    """The kernel itself, in a fresh child."""
    _limit_memory(argument["memory"])
    _limit_output(argument["output"])
    _watch_the_door()
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(
        argv=["-f", argument["connection"], "--HistoryManager.enabled=False", "--quiet"]
    )
    return 0


def last_words(study: str) -> str:
    """What a kernel says at the end, as JSON: what its notebook asked of other studies, and what
    the study promises, whose analyses stand imported here and nowhere else.
    """
    from kamresearch.studies import find_study
    from kamresearch.studies.readings import READINGS

    promised = list(find_study(study).promised.ids)
    return json.dumps({"asked": READINGS.told(), "promised": promised})


def _watch_the_door() -> None:
    """Notice whoever reads other studies past the session: it must run each time."""
    from kamresearch.studies.readings import READINGS

    folder = os.environ.get("KAM_NOTEBOOKS")
    if folder:
        READINGS.guard(folder)


def _limit_memory(most: int) -> None:
    """Let an allocation beyond the limit fail in the notebook, as a MemoryError in the cell
    that asked for it.
    """
    import resource

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if most:
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))


class OutputLimitError(RuntimeError):
    """A notebook printed more than a page could hold."""


def _limit_output(most: int) -> None:
    """Stop a cell that prints too much where it prints: a flood would fill the kernel before
    it reached anybody.
    """
    from ipykernel.iostream import OutStream

    write, written = OutStream.write, 0

    def write_within_limit(self: OutStream, string: str) -> int | None:
        nonlocal written
        written += len(string)
        if written > most:
            raise OutputLimitError(
                f"a notebook may print no more than {most / 2**20:.0f} MiB of output"
            )
        return write(self, string)

    OutStream.write = write_within_limit
