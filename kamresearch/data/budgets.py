"""What reading data may cost: a small file can name gigabytes, and take hours.

A worker that opens data is held to seconds and bytes of memory; a packed file to a size when
unpacked. What is spent is told with the file that was being read.
"""

import signal
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kamresearch.errors import DataError

EXPANDED = 4 << 30
"""Bytes of a workbook when unpacked: Excel's largest sheet with twenty filled columns has two."""

_REMEDY = "look at the file first; export it as Parquet or CSV, or give more (--timeout, --memory)"


class SpentError(Exception):
    """The time for reading is over."""


def set_budgets(seconds: float, memory: int) -> None:
    """Hold this process, which only opens data, to seconds and bytes (0: no limit); where the
    system knows no such limits, to none.
    """
    if sys.platform == "win32":
        return
    import resource

    def spent(*_: object) -> None:
        raise SpentError(f"{seconds:.0f} seconds")

    if seconds:
        signal.signal(signal.SIGALRM, spent)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    with suppress(ValueError, OSError):
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


@contextmanager
def spending(where: str) -> Iterator[None]:
    """Name the file whose reading spent the budget of this process."""
    try:
        yield
    except SpentError as error:
        budget, found = str(error), "a longer one"
    except MemoryError:
        budget = _memory_budget()
        found = "a larger one"
    else:
        return
    raise DataError(where, f"a file that is read within {budget}", found, _REMEDY)


def _memory_budget() -> str:
    if sys.platform == "win32":
        return "the memory there is"
    import resource

    most = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return f"{most / 2**30:.1f} GiB of memory" if most > 0 else "the memory there is"


def check_expanded(path: Path, most: int = EXPANDED) -> None:
    """Refuse a packed workbook that would unpack to more bytes than any needs, unopened."""
    try:
        with zipfile.ZipFile(path) as archive:
            expanded = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        return  # whoever reads it will say so better
    if expanded > most:
        raise DataError(
            path.name,
            f"no more than {most / 2**20:,.0f} MiB when unpacked",
            f"{expanded / 2**20:,.1f} MiB",
            _REMEDY,
        )
