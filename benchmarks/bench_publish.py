"""Time of publishing: ``python -m benchmarks.bench_publish``.

Paired on the built-in case: papermill's command and ``jupyter nbconvert`` one after the other for
each study and language,
``kam publish``, and the same notebooks' code as plain scripts one after the other. Times are wall
seconds and CPU seconds
of whole process trees; ratios are of medians taken side by side.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.common import (
    ROOT,
    describe_machine,
    describe_rounds,
    describe_versions,
    write_result,
)
from kamresearch.publishing.asking.parameters import in_order
from kamresearch.studies import all_studies

BIN = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONDONTWRITEBYTECODE": "",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""The same for every way: one thread a kernel, else two kernels' threads fight for two cores."""
LANGUAGES = ("en", "zh")

SCRIPT = """
import sys
from IPython.core.interactiveshell import InteractiveShell
import IPython.display
IPython.display.publish_display_data = lambda *a, **k: None
import kamresearch.studies.session as session
session._publish = lambda *a, **k: None
"""


def timed(*commands: list[str], cwd: Path = ROOT, **env: str) -> tuple[float, float]:
    """Wall and CPU seconds of commands run one after the other."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for command in commands:
        done = subprocess.run(
            command, cwd=cwd, env={**ENVIRONMENT, **env}, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(
                f"benchmark: {' '.join(map(str, command))[:200]} ended with "
                f"{done.returncode}\n{done.stderr[-2000:]}"
            )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        time.perf_counter() - began,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


def two_commands(studies: list, aside: Path) -> tuple[float, float]:
    """``papermill`` then ``jupyter nbconvert`` for each study: what one would type without the
    house.
    """
    commands = []
    for study in studies:
        out = aside / f"{study.notebook}.ipynb"
        commands.append(
            [
                str(BIN / "papermill"),
                str(ROOT / "notebooks" / out.name),
                str(out),
                "--cwd",
                str(ROOT / "notebooks"),
                "-p",
                "lang",
                ",".join(LANGUAGES),
                "-p",
                "findings",
                str(aside),
                "--no-progress-bar",
            ]
        )
        commands.append([str(BIN / "jupyter"), "nbconvert", "--to", "html", str(out)])
    return timed(*commands)


def plain_scripts(studies: list, aside: Path) -> tuple[float, float]:
    """The same code cells as scripts, figures drawn in the same languages, nothing kept;
    findings come from ``aside``.
    """
    commands = []
    for study in studies:
        notebook = json.loads(
            (ROOT / "notebooks" / f"{study.notebook}.ipynb").read_text(encoding="utf-8")
        )
        parts = [SCRIPT]
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                parts.append("".join(cell["source"]))
                if "parameters" in cell["metadata"].get("tags", ()):
                    parts.append(f"lang = {','.join(LANGUAGES)!r}\nfindings = {str(aside)!r}")
        path = aside / f"{study.notebook}.py"
        path.write_text("\n".join(parts), encoding="utf-8")
        commands.append([sys.executable, str(path)])
    return timed(*commands, cwd=ROOT / "notebooks", PYTHONPATH=str(ROOT), MPLBACKEND="agg")


def kam_publish(reports: Path, *more: str) -> tuple[float, float]:
    """``kam publish`` of the same studies and languages, nothing kept from before."""
    return timed(
        [
            str(BIN / "kam"),
            "publish",
            "--lang",
            ",".join(LANGUAGES),
            "--reports",
            str(reports),
            *more,
        ]
    )


def main() -> None:
    """Run all ways in turn, and write the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    studies, load = list(in_order(all_studies())), os.getloadavg()[0]
    rows = []
    for number in range(arguments.rounds):
        with tempfile.TemporaryDirectory(prefix="kam-bench-") as text:
            aside = Path(text)
            ways = {
                "papermill + nbconvert, one after the other": partial(two_commands, studies, aside),
                "plain scripts, one after the other": partial(plain_scripts, studies, aside),
                "kam publish": partial(kam_publish, aside / "reports"),
                "kam publish again, nothing changed": partial(kam_publish, aside / "reports"),
                "kam publish, one parameter changed": partial(
                    kam_publish, aside / "reports", "-p", "organisation.hours_a=10"
                ),
            }
            for way, run in ways.items():
                wall, cpu = run()
                rows.append({"way": way, "round": number, "wall_seconds": wall, "cpu_seconds": cpu})
                print(f"round {number}: {way}: {wall:.1f} s wall, {cpu:.1f} s CPU", file=sys.stderr)
            shutil.rmtree(aside / "reports", ignore_errors=True)
    frame = (
        pd.DataFrame(rows)
        .groupby("way", sort=False)[["wall_seconds", "cpu_seconds"]]
        .median()
        .reset_index()
    )
    wall = frame.set_index("way")["wall_seconds"]
    frame["times_as_fast_as_two_commands"] = wall.iloc[0] / frame["wall_seconds"]
    against, scripts = wall.iloc[0] / wall["kam publish"], wall.iloc[1] / wall["kam publish"]
    spread = statistics.pstdev([row["wall_seconds"] for row in rows if row["way"] == "kam publish"])
    verdict = (
        f"`kam publish` takes {wall['kam publish']:.1f} s: {against:.1f}× as fast as the "
        f"two commands (goal 6×) and "
        f"{scripts:.1f}× as fast as plain scripts, which make no page at all (goal 1×). "
        f"Publishing again with nothing changed takes "
        f"{wall.iloc[3]:.2f} s (goal 1 s); one parameter of one study costs "
        f"{frame['cpu_seconds'].iloc[4]:.1f} s of the processor (goal 5 s): its kernel, those of the "
        "studies to which it answers otherwise now, and their pages. "
        f"Spread of `kam publish` between rounds: {spread:.1f} s."
    )
    facts = [
        describe_machine(),
        describe_versions("papermill", "nbconvert", "nbclient", "ipykernel"),
        f"{len(studies)} studies, {len(LANGUAGES)} languages",
        describe_rounds(arguments.rounds, load),
    ]
    protocol = (
        "The built-in case, every study in both languages, each way from nothing; medians of "
        "wall and CPU seconds of whole process trees; one thread a kernel for every way."
    )
    print(write_result("publish", "Publishing", protocol, facts, frame, verdict))


if __name__ == "__main__":
    main()
