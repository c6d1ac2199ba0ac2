"""How long people wait for ``kam``, where nothing or little has to run:
``python -m benchmarks.bench_interactive``.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.bench_publish import BIN, timed
from benchmarks.common import describe_machine, describe_rounds, describe_versions, write_result

KAM = str(BIN / "kam")
GOALS = {
    "kam --help": 0.1,
    "kam versions": 0.2,
    "kam check, 100 accounts": 1.0,
    "kam publish, nothing changed": 0.4,
}
"""Command → processor seconds that it may take."""
MOST_SLICES = 2.5
"""Times as long as one publication that one for each region and the whole may take."""
WHOLE, EACH = "kam publish customer", "kam publish customer --each region"


def main() -> None:
    """Run each command in turn, and write the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds, load = parser.parse_args().rounds, os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="kam-bench-") as text:
        rows = [*_short_waits(Path(text), rounds), *_slices(Path(text))]
    frame = pd.DataFrame(rows, columns=["command", "wall_seconds", "cpu_seconds"])
    frame = frame.groupby("command", sort=False).median().reset_index()
    frame["goal_cpu_seconds"] = frame["command"].map(GOALS)
    facts = [
        describe_machine(),
        describe_versions("kamresearch", "typer"),
        describe_rounds(rounds, load),
    ]
    protocol = (
        "Each command as a user types it, in processes of its own, with compiled modules; medians of "
        "wall and CPU seconds of whole process trees. A drawn company of 100 accounts; one version of "
        "one study of the built-in case on the shelf; the organisation with the studies that it reads, "
        "in both languages, published again with another value of one parameter; one study for the "
        "whole case and for each of its regions, from nothing and once."
    )
    print(
        write_result(
            "interactive", "Short waits", protocol, facts, frame, f"{_over(frame)} {_ratio(frame)}"
        )
    )


def _short_waits(folder: Path, rounds: int) -> Iterator[tuple[str, float, float]]:
    """Command, wall and CPU seconds of what is asked many times a day."""
    company, shelf, wide = folder / "company", str(folder / "shelf"), str(folder / "wide")
    timed([KAM, "simulate", str(company), "--accounts", "100"])
    timed([KAM, "publish", "customer", "--lang", "en", "--reports", shelf])
    organisation = ["publish", "organisation", "--lang", "en,zh", "--reports", wide]
    timed([KAM, *organisation])
    for number in range(rounds):
        commands = {
            "kam --help": ["--help"],
            "kam versions": ["versions", "--reports", shelf],
            "kam show latest": ["show", "latest", "--reports", shelf],
            "kam check, 100 accounts": ["check", str(company)],
            "kam publish, nothing changed": [
                *("publish", "customer", "--lang", "en", "--reports", shelf)
            ],
            "kam publish organisation, one parameter changed": [
                *(*organisation, "-p", f"organisation.hours_a={8 + number}")
            ],
        }
        for name, arguments in commands.items():
            yield _told(name, arguments)


def _slices(folder: Path) -> Iterator[tuple[str, float, float]]:
    """The same of a study for the whole, and for each region."""
    for name, reports in ((WHOLE, folder / "whole"), (EACH, folder / "each")):
        yield _told(name, [*name.split()[1:], "--lang", "en", "--reports", str(reports)])


def _told(name: str, arguments: list[str]) -> tuple[str, float, float]:
    wall, cpu = timed([KAM, *arguments])
    print(f"{name}: {wall:.2f} s, {cpu:.2f} s CPU", file=sys.stderr)
    return name, wall, cpu


def _over(frame: pd.DataFrame) -> str:
    over = frame[frame["cpu_seconds"].round(2) > frame["goal_cpu_seconds"]]["command"]
    if over.empty:
        return "Each command with a goal is within it."
    return f"Over their goal: {', '.join(over)}."


def _ratio(frame: pd.DataFrame) -> str:
    seconds = frame.set_index("command")["cpu_seconds"]
    ratio = 1 + seconds[EACH] / seconds[WHOLE]
    return (
        f"One study for the whole and for each region takes {ratio:.1f} times the processor seconds "
        f"of the whole alone (goal {MOST_SLICES:g})."
    )


if __name__ == "__main__":
    main()
