"""Where the sets of the benchmarks lie. Peers read this in an environment of their own: nothing but the standard
library may be imported.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FETCHED = ROOT / "benchmarks" / ".cache" / "sets"
"""Where `python -m benchmarks.fetch` puts a set, and where a person may."""


def folders() -> list[Path]:
    """Where sets are looked for: `KAM_BENCH_DATA` first, then what was fetched, then beside the checkout."""
    named = os.environ.get("KAM_BENCH_DATA", "")
    return [*([Path(named)] if named else []), FETCHED, ROOT.parent / "shared" / "data"]


def find_set(file: str) -> Path | None:
    """A set's file or folder; None where it is nowhere."""
    return next((folder / file for folder in folders() if (folder / file).exists()), None)


def data_file(file: str) -> Path:
    """A set's file or folder; ends the run in words where it is nowhere."""
    found = find_set(file)
    if found is None:
        raise SystemExit(
            f"benchmark: the set {file} is not there; `python -m benchmarks.fetch` brings what may be fetched, "
            f"and says of the rest where it is kept (benchmarks/sets.yml)"
        )
    return found
