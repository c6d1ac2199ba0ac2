"""How long the short ``kam`` commands take: ``python -m benchmarks.bench_interactive``."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.bench_publish import BIN, timed
from benchmarks.common import describe_machine, describe_rounds, describe_versions, write_result

GOALS = {"kam --help": 0.1, "kam versions": 0.2, "kam check, 100 accounts": 1.0}
"""Command → processor seconds that it may take."""


def main() -> None:
    """Run each command in turn, and write the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds, load = parser.parse_args().rounds, os.getloadavg()[0]
    kam = str(BIN / "kam")
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as text:
        company, reports = Path(text) / "company", Path(text) / "reports"
        timed([kam, "simulate", str(company), "--accounts", "100"])
        timed([kam, "publish", "customer", "--lang", "en", "--reports", str(reports)])
        commands = {
            "kam --help": ["--help"],
            "kam versions": ["versions", "--reports", str(reports)],
            "kam show latest": ["show", "latest", "--reports", str(reports)],
            "kam check, 100 accounts": ["check", str(company)],
        }
        rows = []
        for number in range(rounds):
            for name, arguments in commands.items():
                wall, cpu = timed([kam, *arguments])
                rows.append({"command": name, "wall_seconds": wall, "cpu_seconds": cpu})
                print(f"round {number}: {name}: {wall:.2f} s, {cpu:.2f} s CPU", file=sys.stderr)
    frame = pd.DataFrame(rows).groupby("command", sort=False).median().reset_index()
    frame["goal_cpu_seconds"] = frame["command"].map(GOALS)
    over = frame[frame["cpu_seconds"].round(2) > frame["goal_cpu_seconds"]]["command"]
    verdict = (
        f"Over their goal: {', '.join(over)}." if len(over) else "Each command is within its goal."
    )
    facts = [
        describe_machine(),
        describe_versions("kamresearch", "typer"),
        describe_rounds(rounds, load),
    ]
    protocol = (
        "Each command as a user types it, in a process of its own, with compiled modules; medians of "
        "wall and CPU seconds. One version of one study on the shelf; a drawn company of 100 accounts."
    )
    print(write_result("interactive", "Short commands", protocol, facts, frame, verdict))


if __name__ == "__main__":
    main()
