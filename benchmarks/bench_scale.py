"""Scale: account features of 10 and 100 million orders against the same features hand-written, `kam
check`, the simulator; then the growth of each study with accounts (`benchmarks.scale_growth`).

    make bench-scale                          # 10 million orders
    KAM_SCALE_ROWS=100000000 make bench-scale # adds 100 million (1.2 GB of disk and what the engine
    spills, some minutes)

Each task's measurement is kept in ``.cache/measured`` for `KAM_SCALE_KEEP` hours (24): a run cut
short goes on where it was,
and a later one with more rows measures only what is new. ``KAM_SCALE_KEEP=0`` measures everything
again.

Every contender runs in a process of its own, one after another, two threads each; times are medians
of processor time over
all threads, so that what else the machine does does not count.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory

import pandas as pd

from benchmarks import scale_growth
from benchmarks.common import (
    PEERS_PYTHON,
    ROOT,
    describe_machine,
    describe_versions,
    run_peer,
    write_result,
)
from benchmarks.scale_data import make_orders

ROUNDS = int(os.environ.get("KAM_SCALE_ROUNDS", "2"))
CACHE = Path(os.environ.get("KAM_SCALE_CACHE", ROOT / "benchmarks" / ".cache"))


KEEP_HOURS = float(os.environ.get("KAM_SCALE_KEEP", "24"))


def measured(name: str, measure: Callable[[Path], object]) -> dict:
    """A measurement as kept, where it is fresh and of the code as it is now; else made now and
    kept.
    """
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD:kamresearch/data", "HEAD:kamresearch/features"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    kept = CACHE / "measured" / f"{name}_{sha256(revision.encode()).hexdigest()[:8]}.json"
    if not kept.exists() or time.time() - kept.stat().st_mtime > KEEP_HOURS * 3600:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as aside:
            measure(Path(aside) / "result.json")
            kept.write_text((Path(aside) / "result.json").read_text())
    return json.loads(kept.read_text())


def run_ours(task: str, folder: Path, rounds: int) -> dict:
    """One task of `benchmarks.scale_tasks` in a fresh process → seconds, peak memory, facts."""
    command = [sys.executable, "-m", "benchmarks.scale_tasks", task, str(folder), str(rounds)]
    return measured(
        f"{task}_{folder.name}",
        lambda target: subprocess.run([*command, str(target)], check=True, cwd=ROOT),
    )


def run_theirs(name: str, folder: Path, rounds: int) -> dict:
    """A peer of the peers' environment, likewise."""
    return measured(
        f"{name}_{folder.name}",
        lambda target: run_peer("scale_features.py", name, str(folder), str(rounds), str(target)),
    )


TEN = 10_000_000

AS_WRITTEN = (
    "The SQL is written as one would write it, with `count(DISTINCT …)` and `DISTINCT` "
    "days; the snapshot spares itself most of "
    "that (bits for months, neighbouring orders for days), so SQL tuned likewise would be "
    "faster than the one here."
)


class Page:
    """The rows measured so far; written after each, so that a run cut short leaves what it had
    measured.
    """

    def __init__(self) -> None:
        self.rows, self.said = [], []

    def add(
        self,
        what: str,
        orders: int,
        seconds: list[float],
        peak: float,
        note: str = "",
        said: str = "",
    ) -> None:
        """One row, and a sentence of the verdict."""
        self.rows.append(
            (what, f"{orders:,}", len(seconds), round(median(seconds), 2), round(peak, 2), note)
        )
        self.say(said)

    def say(self, said: str) -> None:
        """A sentence of the verdict; then the page as it stands."""
        self.said += [said] if said else []
        head = [
            "what",
            "orders",
            "rounds",
            "median processor seconds",
            "peak GB of the process",
            "note",
        ]
        protocol = (
            "Orders of 1 million accounts in one Parquet file, five years, in the order of "
            "their dates; features as of the last day. "
            "Processor time of all threads from Parquet to a pandas frame, tables already "
            "opened; the hand-written SQL knows that "
            "each order is one row. Each contender has a process of its own, but the "
            "snapshot and the SQL take turns in one."
        )
        facts = [
            describe_machine(),
            describe_versions("duckdb", "ibis-framework", "pandas", "pyarrow"),
            f"load average when written: {os.getloadavg()[0]:.1f}",
        ]
        small = not any(row[0] == "account_snapshot" and row[1] != f"{TEN:,}" for row in self.rows)
        larger = ["More than 10 million orders were not part of this run."] if small else []
        verdict = " ".join([*self.said, *larger, AS_WRITTEN])
        write_result(
            "scale",
            "Scale and speed",
            protocol,
            facts,
            pd.DataFrame(self.rows, columns=head),
            verdict,
        )


def add_features(page: Page, ten: Path) -> float:
    """The snapshot beside the SQL → median seconds of the snapshot; the peers after them."""
    both = run_ours("features_and_sql", ten, ROUNDS)
    ours, ratio = median(both["ours"]), median(both["ours"]) / median(both["sql"])
    page.add(
        "account_snapshot",
        TEN,
        both["ours"],
        both["peak_gb"],
        "50 columns, pandas frame at the end",
    )
    page.add(
        "the same order features, hand-written DuckDB SQL",
        TEN,
        both["sql"],
        both["peak_gb"],
        "in turn with the above",
        f"`account_snapshot` takes {ratio:.2f}× the processor time of hand-written DuckDB "
        f"SQL at 10 million orders (goal: at most 1.15×).",
    )
    page.add("opening (every check of a row)", TEN, both["open"], both["peak_gb"])
    for name in ("polars", "pandas") if PEERS_PYTHON.exists() else ():
        peer = run_theirs(name, ten, 1)
        same = abs(peer["revenue_12m"] / both["revenue_12m"] - 1) < 1e-9
        said = (
            f"{name} takes {median(peer['seconds']) / ours:.2f}× the time of "
            f"`account_snapshot` and holds {peer['peak_gb']:.1f} GB."
        )
        page.add(
            f"the same order features, {name}",
            TEN,
            peer["seconds"],
            peer["peak_gb"],
            "" if same else "another sum of revenue: not comparable",
            said,
        )
    return ours


def add_spark(page: Page, ten: Path) -> None:
    """Apache Spark's frame and its time, where it is installed."""
    if find_spec("pyspark") is None or which("java") is None:
        page.say("Apache Spark was not there to be measured (`make setup-spark`, Java 17).")
        return
    one = run_ours("spark", ten, 1)
    page.add(
        "account_snapshot on Apache Spark",
        TEN,
        one["seconds"],
        one["peak_gb"],
        "seconds by the clock; memory without Spark's own process",
        f"Spark gives the same frame ({one['rows']:,} accounts, every column) in "
        f"{median(one['seconds']):.0f} s by the clock, after "
        f"{one['open'][0]:.0f} s of opening.",
    )


def add_rates(page: Page, ten: Path) -> None:
    """Orders a second of the audit and of the simulator."""
    simulated = run_ours("simulate", CACHE, 1)
    for what, one, orders, goal in (
        ("kam simulate", simulated, simulated["orders"], 200_000),
        (
            "kam check (opening and the audit of every table)",
            run_ours("check", ten, 3),
            TEN,
            1_000_000,
        ),
    ):
        rate = f"{orders / one['by_the_clock']:,.0f} orders a second by the clock"
        page.add(
            what,
            orders,
            one["seconds"],
            one["peak_gb"],
            f"{one['by_the_clock']:.1f} s by the clock",
            f"`{what.split(' (')[0]}`: {rate} (goal {goal:,}), "
            f"{orders / median(one['seconds']):,.0f} a processor second.",
        )


def add_large(page: Page, rows: int, ours: float) -> None:
    """The snapshot of more rows in the same accounts."""
    large = run_ours("features", make_orders(CACHE / f"scale_{rows}", rows), 1)
    page.add(
        "account_snapshot",
        rows,
        large["seconds"],
        large["peak_gb"],
        "opening counts in the peak",
        f"At {rows:,} orders it takes {median(large['seconds']) / ours:.1f}× the time for "
        f"{rows / TEN:.0f}× the rows and "
        f"{large['peak_gb']:.1f} GB at the peak (goal: no faster than rows, at most 4 GB).",
    )


def main() -> None:
    """Measure and write ``results/scale.md``, then ``results/growth.md``."""
    page, ten = Page(), make_orders(CACHE / "scale_10m", TEN)
    ours = add_features(page, ten)
    add_rates(page, ten)
    add_spark(page, ten)
    wanted = int(os.environ.get("KAM_SCALE_ROWS", str(TEN)))
    if wanted > TEN:
        add_large(page, wanted, ours)
    scale_growth.main()


if __name__ == "__main__":
    main()
