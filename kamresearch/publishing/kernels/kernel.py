"""The kernel itself: what a fresh child runs. It imports nothing that the warmed parent has not."""

from contextlib import suppress


def run_kernel(argument: dict) -> int:
    """The kernel itself, in a fresh child."""
    _limit_memory(argument["memory"])
    _limit_output(argument["output"])
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(
        argv=["-f", argument["connection"], "--HistoryManager.enabled=False", "--quiet"]
    )
    return 0


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
