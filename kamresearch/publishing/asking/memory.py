"""The memory that there is: of the machine, and of the group of processes that a container or a
service is held to (Linux: cgroup, of either version).
"""

from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
NO_LIMIT = 1 << 60
"""What version 1 writes where nothing is limited is larger than this."""


def memory_there_is() -> int:
    """Bytes that all processes of a run may hold together."""
    import psutil

    total = psutil.virtual_memory().total
    limit = group_limit()
    return total if limit is None else min(total, limit)


def group_limit() -> int | None:
    """The least limit of our group and of those around it, in bytes; None where none is set."""
    limits = [
        int(text)
        for folder in _folders()
        for name in ("memory.max", "memory.limit_in_bytes")
        if (text := _read(folder / name)).isdigit()
    ]
    least = min(limits, default=NO_LIMIT)
    return least if least < NO_LIMIT else None


def group_kills() -> int:
    """How many processes of our group were killed for want of memory so far."""
    counts = [
        int(line.split()[1])
        for folder in _folders()[:1]
        for name in ("memory.events", "memory.oom_control")
        for line in _read(folder / name).splitlines()
        if line.startswith("oom_kill ")
    ]
    return max(counts, default=0)


def _folders() -> list[Path]:
    """Our group's folder and those around it, the nearest first.

    A container may see the path that its host gives the group, and its own folder at the root.
    """
    found = {}
    for line in _read(OWN).splitlines():
        _number, kinds, path = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        root = GROUPS / "memory" if kinds else GROUPS
        found |= dict.fromkeys(folder for folder in _around(root, path) if folder.is_dir())
    return list(found)


def _around(root: Path, path: str) -> Iterator[Path]:
    own = root / path.lstrip("/")
    yield own
    yield from (folder for folder in own.parents if folder.is_relative_to(root))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
