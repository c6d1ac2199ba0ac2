"""`kam publish` study by study for companies of more and more accounts: time, memory, and the power
of the accounts with which each study's time grows.

    make bench-growth                                    # 400, 4,000, 40,000 and 240,000 accounts
    KAM_SCALE_ACCOUNTS=400,4000,40000 make bench-growth  # without the hour that the largest takes

Each stage is kept in ``.cache/growth`` until the code changes, beside the shelf on which it stands:
a run cut short goes on where it was.
"""

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from math import log
from pathlib import Path

import pandas as pd

from benchmarks.common import ROOT, describe_machine, describe_versions, write_result
from benchmarks.scale_watch import watch

SIZES = tuple(
    int(one) for one in os.environ.get("KAM_SCALE_ACCOUNTS", "400,4000,40000,240000").split(",")
)
CACHE = Path(os.environ.get("KAM_SCALE_CACHE", ROOT / "benchmarks" / ".cache"))
GOAL_POWER, GOAL_GB, GOAL_FROM = 1.1, 4.0, 4_000
NO_TABLE = 2
"""Code of a study that is refused, since its table is none that the simulator draws."""
GOAL_WHOLE = 240_000
"""Accounts with some ten million orders: every study at once, too."""
JUDGED = ("goals", "swot", "judgements", "strategies")
"""What people write down and no simulator can: taken from the built-in case, so that no study
is left out.
"""
KAM = (sys.executable, "-m", "kamresearch.cli")
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
"""One thread a kernel, and the code beside this file."""


def make_company(folder: Path, accounts: int) -> int:
    """The simulated company, made once and kept → its orders."""
    import pyarrow.parquet as pq

    from kamresearch.data.simulate import simulate

    if not (folder / "orders.parquet").exists():
        simulate(folder, accounts=accounts, random_state=1)
    for name in JUDGED:
        for kind in ("csv", "yml"):
            shutil.copyfile(
                ROOT / "data" / "cases" / "geely_volvo" / f"{name}.{kind}",
                folder / f"{name}.{kind}",
            )
    return pq.read_metadata(folder / "orders.parquet").num_rows


def code_now() -> str:
    """What the measurements are of: the package and the notebooks as last committed."""
    told = subprocess.run(
        ["git", "rev-parse", "HEAD:kamresearch", "HEAD:notebooks"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return "".join(one[:6] for one in told.stdout.split())


def measure_size(accounts: int) -> dict[str, dict]:
    """Stage → what it took, in the order of publishing: what earlier stages made is taken over, so
    that each is one study's own.
    """
    from kamresearch.publishing.asking.parameters import in_order
    from kamresearch.studies import all_studies

    company = CACHE / f"company_{accounts}"
    make_company(company, accounts)
    aside = CACHE / "growth" / f"{accounts}_{code_now()}"
    aside.mkdir(parents=True, exist_ok=True)
    kept = aside / "stages.json"
    stages = json.loads(kept.read_text()) if kept.exists() else {}
    options = ["--data", str(company), "--reports", str(aside / "reports"), "--jobs", "1"]
    options += ["--timeout", "7200", "--lang", "en"]
    commands = {"kam check": [*KAM, "check", str(company)]}
    for study in in_order(all_studies()):
        commands[study.name] = [*KAM, "publish", study.name, *options]
    for stage, command in commands.items():
        if stage not in stages:
            stages[stage] = watch(command, ROOT, aside / "log.txt", ALONE)
            print(accounts, stage, stages[stage], file=sys.stderr, flush=True)
            kept.write_text(json.dumps(stages))
    return stages


def kept_whole(accounts: int) -> Path:
    """Where the measurement of a whole company is kept."""
    return CACHE / "growth" / f"{accounts}_{code_now()}" / "whole.json"


def measure_whole(accounts: int) -> dict:
    """Everything of one company at once, in one language, from nothing."""
    kept = kept_whole(accounts)
    aside = kept.parent
    if not kept.exists():
        aside.mkdir(parents=True, exist_ok=True)
        shelf = aside / "whole"
        shutil.rmtree(shelf, ignore_errors=True)
        company = CACHE / f"company_{accounts}"
        command = [*KAM, "publish", "--data", str(company), "--reports", str(shelf)]
        command += ["--timeout", "7200"]
        kept.write_text(
            json.dumps(watch([*command, "--lang", "en"], ROOT, aside / "log.txt", ALONE))
        )
    return json.loads(kept.read_text())


def power_of(stages: dict[int, dict], last: int) -> float | None:
    """The power of the accounts with which a stage's time grew between two sizes; None where one
    of them was not measured.
    """
    before = max((size for size in stages if size < last), default=None)
    if before is None or last not in stages:
        return None
    ratio = stages[last]["processor_seconds"] / stages[before]["processor_seconds"]
    return log(ratio) / log(last / before)


def tabulate(found: dict[int, dict[str, dict]]) -> pd.DataFrame:
    """One row a stage: processor seconds and peak memory by size, and the powers between sizes."""
    rows = []
    for stage in next(iter(found.values())):
        told = {
            size: stages[stage]
            for size, stages in found.items()
            if stage in stages and stages[stage]["code"] == 0
        }
        if not told:
            continue
        row: dict[str, object] = {"stage": stage}
        for size in found:
            row[f"{size:,}: s"] = round(told[size]["processor_seconds"], 1) if size in told else "–"
        for size in found:
            row[f"{size:,}: GB"] = round(told[size]["largest_gb"], 2) if size in told else "–"
        for before, after in pairwise(found):
            power = power_of({one: told[one] for one in (before, after) if one in told}, after)
            row[f"power {before:,} to {after:,}"] = "–" if power is None else round(power, 2)
        rows.append(row)
    return pd.DataFrame(rows)


def judge(found: dict[int, dict[str, dict]], whole: dict[int, dict]) -> str:
    """What the table says of the goals."""
    done = {
        (size, stage): one
        for size, stages in found.items()
        for stage, one in stages.items()
        if one["code"] == 0
    }
    steep = [
        f"{stage} ({power:.2f} up to {size:,})"
        for (size, stage) in done
        if size > GOAL_FROM
        for power in [power_of({n: done[n, s] for n, s in done if s == stage and n <= size}, size)]
        if power is not None and power > GOAL_POWER
    ]
    told = [(f"{stage} at {size:,}", one) for (size, stage), one in done.items()]
    told += [(f"the whole of {size:,}", one) for size, one in whole.items()]
    large = [f"{name} ({o['largest_gb']:.1f} GB)" for name, o in told if o["largest_gb"] > GOAL_GB]
    beyond = any(size > GOAL_FROM for size, _stage in done)
    parts = [
        f"Beyond {GOAL_FROM:,} accounts no study's time may grow with more than the power "
        f"{GOAL_POWER} of the accounts: "
        + (
            f"{', '.join(steep)} did." if steep else "none did." if beyond else "not measured here."
        ),
        f"No process may hold more than {GOAL_GB:.0f} GB: "
        + (f"{', '.join(large)} did." if large else "none did."),
    ]
    parts += [
        f"The whole of {size:,} accounts at once took {one['processor_seconds']:.0f} processor "
        f"seconds and {one['seconds']:.0f} s by the clock; its largest process held "
        f"{one['largest_gb']:.1f} GB, all together {one['together_gb']:.1f} GB."
        for size, one in whole.items()
    ]
    failed = {
        f"{stage} at {size:,}"
        for size, stages in found.items()
        for stage, one in stages.items()
        if one["code"] not in (0, NO_TABLE)
    }
    parts += [f"Failed: {', '.join(sorted(failed))}."] if failed else []
    return " ".join(parts)


def main() -> None:
    """Measure what is not measured yet, and write ``results/growth.md`` after each size."""
    load, found, whole = os.getloadavg()[0], {}, {}
    for size in SIZES:
        found[size] = measure_size(size)
        for one in (GOAL_FROM, GOAL_WHOLE):
            if one == size or kept_whole(one).exists():
                whole[one] = measure_whole(one)
        write_result(
            "growth",
            "Growth of each study with accounts",
            "Simulated companies; for each stage the processor seconds of `kam publish STUDY` with "
            "all its processes (start, reading the data as prepared, the study, its pages), and the "
            "largest process's peak memory. One language, one kernel, one thread. A power of 1 is "
            "growth in step with the accounts; below some thousand the start of the programs, "
            "which does not grow, counts most.",
            [
                describe_machine(),
                describe_versions("kamresearch", "duckdb", "pandas", "scikit-learn"),
                f"the load of the machine before: {load:.1f}",
            ],
            tabulate(found),
            judge(found, whole),
        )


if __name__ == "__main__":
    main()
