"""Time of publishing: ``python -m benchmarks.bench_publish``.

Paired on the built-in case: papermill's command and ``jupyter nbconvert`` one after the other for
each study and language,
``kam publish``, and the same notebooks' code as plain scripts one after the other. A changed
parameter is published anew by ``kam publish``, and by ``kam watch``, whose parents are warm already.
Times are wall seconds and CPU seconds of whole process trees; ratios are of medians taken side by
side. What each second of ``kam publish`` buys is read off its own progress, its manifest, and the
cells that papermill's command timed.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, cast

import pandas as pd

from benchmarks.common import (
    ROOT,
    describe_machine,
    describe_rounds,
    describe_versions,
    write_result,
)
from benchmarks.scale_watch import family
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


NAMED = 1.0
"""Seconds from which a section of a notebook is named by itself."""


def timed(
    *commands: list[str], cwd: Path = ROOT, log: Path | None = None, **env: str
) -> tuple[float, float]:
    """Wall and CPU seconds of commands run one after the other; the last one's progress goes to a
    log.
    """
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
        if log is not None:
            log.write_text(done.stderr, encoding="utf-8")
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
        ],
        log=None if reports.exists() else _log_beside(reports),
    )


def _log_beside(reports: Path) -> Path:
    return reports.parent / "progress.txt"


def tree_seconds(root: int) -> float:
    """Processor seconds of a process and all that it started, ended ones included."""
    spent = 0
    for pid in family(root):
        with suppress(OSError):  # it ended meanwhile, and its parent counts it
            parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            spent += sum(map(int, parts[11:15]))
    return spent / os.sysconf("SC_CLK_TCK")


def kam_watch(aside: Path) -> tuple[float, float]:
    """From the moment in which a parameter's file changes to the sealed version, while ``kam watch``
    runs.
    """
    project = aside / "project"
    (project / "params").mkdir(parents=True)
    (project / "studies").mkdir()
    asked = project / "params" / "asked.yml"
    asked.write_text("organisation: {hours_a: 8}\n", encoding="utf-8")
    command = [str(BIN / "kam"), "watch", "--lang", ",".join(LANGUAGES), "--params", "asked"]
    with subprocess.Popen(
        [*command, "--reports", str(aside / "watched")],
        cwd=project,
        env={**ENVIRONMENT, "KAM_PROJECT": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        try:
            told = cast(IO[str], running.stdout)
            if not told.readline():
                sys.exit("benchmark: kam watch ended before its first version")
            time.sleep(2)
            spent, began = tree_seconds(running.pid), time.perf_counter()
            asked.write_text("organisation: {hours_a: 10}\n", encoding="utf-8")
            told.readline()
            return time.perf_counter() - began, tree_seconds(running.pid) - spent
        finally:
            running.terminate()


def name_seconds(wall: float, aside: Path) -> list[str]:
    """Lines that name the seconds of a publication from nothing, and what each part of them buys,
    of what a round left: its progress, its manifest, and the notebooks run by papermill's command.
    """
    told = re.findall(r"\[ *([\d.]+) s\] (.*)", _log_beside(aside / "reports").read_text("utf-8"))
    manifest = min((aside / "reports").glob("*/manifest.json"), key=lambda one: one.stat().st_mtime)
    studies = json.loads(manifest.read_text(encoding="utf-8"))["studies"]
    begun = max(float(at) for at, what in told if what.startswith("Making version"))
    run = max(float(at) for at, what in told if re.search(r"^\d+/\d+ \w+: ", what))
    drawn = max(float(at) for at, what in told if ", page in " in what)
    kernels = sum(one["seconds"] for one in studies.values())
    by_study = sorted(studies.items(), key=lambda one: -one[1]["seconds"])
    each = ", ".join(f"{name} {one['seconds']:.1f}" for name, one in by_study)
    sections = sorted(
        (seconds, name, head)
        for name, one in studies.items()
        for head, seconds in time_sections(aside / f"{one['notebook']}.ipynb").items()
        if seconds >= NAMED
    )
    return [
        f"* {begun:.1f} s: the start, the data opened, checked and prepared once for all kernels, "
        "while the parents of kernels and pages warm up beside it.",
        f"* {run - begun:.1f} s: the studies' kernels, two side by side, {kernels:.1f} s in all: "
        f"{each}. Their sections of more than {NAMED:.0f} s, run alone by papermill's command: "
        + "; ".join(f"{head} ({name}) {seconds:.1f}" for seconds, name, head in sections[::-1])
        + ".",
        f"* {drawn - run:.1f} s: the pages in {len(LANGUAGES)} languages, with their fonts, and the "
        "page of each account.",
        f"* {wall - drawn:.1f} s: what changed since the version before, the sealing, the shelf.",
    ]


def time_sections(path: Path) -> dict[str, float]:
    """Heading of a section → seconds of its cells, in a notebook that papermill ran. What stands
    before the first opens the data, which a publication does once for all.
    """
    head, spent = "", {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        tags = cell["metadata"].get("tags", ())
        if "en" in tags and any(tag.startswith("section:") for tag in tags):
            head = "".join(cell["source"]).splitlines()[0].lstrip("# ")
        took = cell["metadata"].get("papermill", {}).get("duration") or 0.0
        if head:
            spent[head] = spent.get(head, 0.0) + took
    return spent


def ways_of(studies: list, aside: Path) -> dict[str, Callable[[], tuple[float, float]]]:
    """Name of a way → what runs it; later ones find what earlier ones left."""
    reports = aside / "reports"
    return {
        "papermill + nbconvert, one after the other": partial(two_commands, studies, aside),
        "plain scripts, one after the other": partial(plain_scripts, studies, aside),
        "kam publish": partial(kam_publish, reports),
        "kam publish again, nothing changed": partial(kam_publish, reports),
        "kam publish, one parameter changed": partial(
            kam_publish, reports, "-p", "organisation.hours_a=10"
        ),
        "kam watch, one parameter changed": partial(kam_watch, aside),
    }


def tell(rows: list[dict], studies: int, load: float, named: list[str]) -> Path:
    """Write the page of the rounds so far; the seconds named are those of the last one."""
    frame = (
        pd.DataFrame(rows)
        .groupby("way", sort=False)[["wall_seconds", "cpu_seconds"]]
        .median()
        .reset_index()
    )
    wall, cpu = frame["wall_seconds"], frame["cpu_seconds"]
    frame["times_as_fast_as_two_commands"] = wall[0] / wall
    once = [row["wall_seconds"] for row in rows if row["way"] == "kam publish"]
    verdict = (
        f"`kam publish` takes {wall[2]:.1f} s by the clock ({min(once):.1f} to {max(once):.1f}), "
        f"{wall[0] / wall[2]:.1f}× as fast as the two commands (goal 6×) and "
        f"{wall[1] / wall[2]:.1f}× as fast as plain scripts, which make no page at all; "
        f"{cpu[2]:.0f} s of the processor (goal 54). With nothing changed: {cpu[3]:.2f} s of the "
        f"processor (goal 0.4). With one parameter of one study changed: {cpu[4]:.1f} s (goal 5) for "
        "warming the parents, its kernel, those of the studies to which it answers otherwise now, and "
        f"their pages; under `kam watch`, whose parents are warm, {cpu[5]:.1f} s, and {wall[5]:.1f} s "
        "by the clock from the change to the sealed version, a second of which passes between looks."
    )
    verdict += "\n\nThe seconds of `kam publish` in the last round, and what they buy:\n\n"
    verdict += "\n".join(named)
    rounds = len(once)
    facts = [
        describe_machine(),
        describe_versions("papermill", "nbconvert", "nbclient", "ipykernel"),
        f"{studies} studies, {len(LANGUAGES)} languages",
        describe_rounds(rounds, load),
    ]
    protocol = (
        "The built-in case, every study in both languages, each way from nothing; medians of "
        "wall and CPU seconds of whole process trees; one thread a kernel for every way."
    )
    return write_result("publish", "Publishing", protocol, facts, frame, verdict)


def main() -> None:
    """Run all ways in turn; the page is written after each round, so that a run cut short leaves
    the rounds that it had.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    studies, load, rows = list(in_order(all_studies())), os.getloadavg()[0], []
    named: list[str] = []
    for number in range(arguments.rounds):
        with tempfile.TemporaryDirectory(prefix="kam-bench-") as text:
            for way, run in ways_of(studies, Path(text)).items():
                wall, cpu = run()
                rows.append({"way": way, "round": number, "wall_seconds": wall, "cpu_seconds": cpu})
                print(f"round {number}: {way}: {wall:.1f} s wall, {cpu:.1f} s CPU", file=sys.stderr)
                if way == "kam publish":
                    named = name_seconds(wall, Path(text))
        print(tell(rows, len(studies), load, named))


if __name__ == "__main__":
    main()
