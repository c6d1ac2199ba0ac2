"""What a command and every process that it starts take: processor seconds, and memory at the
peak (Linux).
"""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
EVERY = 0.2
"""Seconds between two looks."""


def watch(
    command: Sequence[str], cwd: Path, log: Path, env: Mapping[str, str] | None = None
) -> dict:
    """Run a command → code, seconds (by the clock), processor_seconds and the peaks in GB of
    its largest process and of all together; ``env`` beside the variables that are there.
    """
    began = time.perf_counter()
    with log.open("ab") as out:
        running = subprocess.Popen(
            command, cwd=cwd, stdout=out, stderr=out, env={**os.environ, **(env or {})}
        )
        seen, largest, together = {}, 0, 0
        while running.poll() is None:
            held = [one for pid in family(running.pid) if (one := look_at(pid)) is not None]
            for pid, spent, _ in held:
                seen[pid] = spent
            largest = max(largest, max((memory for *_, memory in held), default=0))
            together = max(together, sum(memory for *_, memory in held))
            time.sleep(EVERY)
    return {
        "code": running.returncode,
        "seconds": time.perf_counter() - began,
        "processor_seconds": sum(seen.values()),
        "largest_gb": largest / 2**30,
        "together_gb": together / 2**30,
    }


def family(root: int) -> list[int]:
    """A process and its descendants, whatever session they are in."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue  # it ended meanwhile
    found, fresh = [root], [root]
    while fresh:
        fresh = [pid for pid, parent in parents.items() if parent in fresh]
        found += fresh
    return found


def look_at(pid: int) -> tuple[int, float, int] | None:
    """pid, processor seconds so far, bytes held; None where it ended."""
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return pid, (int(parts[11]) + int(parts[12])) / TICK, int(parts[21]) * PAGE
