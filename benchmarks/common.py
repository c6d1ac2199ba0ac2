"""What every benchmark needs: where the data are, what machine this is, how results are written."""

import hashlib
import os
import platform
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PROTOCOLS = ROOT / "benchmarks" / "protocols"
PEERS_PYTHON = ROOT / "benchmarks" / ".venv" / "bin" / "python"


def load_protocol(name: str) -> ModuleType:
    """An evaluation protocol as a module: ``load_protocol("churn_eval")``.

    Peers import the same files from their folder, in an environment without this package.
    """
    if str(PROTOCOLS) not in sys.path:
        sys.path.append(str(PROTOCOLS))
    return import_module(name)


def fingerprint(path: Path) -> str:
    """First twelve hex digits of a file's sha256."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def describe_machine() -> str:
    """Cores, memory and Python, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, "
        f"{platform.system()}"
    )


def describe_versions(*packages: str) -> str:
    """Versions in one line: of the code that runs, else as installed."""
    from kamresearch import __version__

    found = {one: __version__ if one == "kamresearch" else version(one) for one in packages}
    return ", ".join(f"{package} {number}" for package, number in found.items())


def describe_rounds(rounds: int, load: float) -> str:
    """How often a bench ran, and how busy the machine was before it."""
    return f"{rounds} rounds; the load of the machine before: {load:.1f}"


def run_peer(script: str, *arguments: str) -> None:
    """Run a peer's script in the peers' own environment (``make bench-setup`` makes it)."""
    if not PEERS_PYTHON.exists():
        sys.exit("benchmark: the peers' environment is missing; run `make bench-setup` first")
    subprocess.run([PEERS_PYTHON, ROOT / "benchmarks" / "peers" / script, *arguments], check=True)


def write_result(
    topic: str, title: str, protocol: str, facts: list[str], frame: pd.DataFrame, verdict: str
) -> Path:
    """Write ``results/<topic>.md`` and ``.csv``; the verdict also says where a peer is better."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    frame.to_csv(RESULTS / f"{topic}.csv", index=False)
    head = [str(column) for column in frame.columns]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    parts = [
        f"## {title}",
        protocol,
        "\n".join(f"* {fact}" for fact in facts),
        "\n".join(lines),
        verdict,
    ]
    path = RESULTS / f"{topic}.md"
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
