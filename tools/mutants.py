"""A sampled mutation check of the analysis modules: ``python -m tools.mutants [--sample N] [--seed
S] [--only GLOB]``.

mutmut breaks the code in one place at a time and runs the tests that touch it; a mutant that no
test notices survives.
The sample is drawn with a seed, evenly over modules, and the survivors are written to
``benchmarks/MUTANTS.md`` with
their differences, and with what a person judged of each in ``benchmarks/mutants.yml``.
"""

import argparse
import fnmatch
import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "mutants"
MUTMUT = Path(sys.executable).parent / "mutmut"
KILLED, SURVIVED, TIMED_OUT, UNTESTED = "killed", "survived", "timed out", "no test reaches it"
NOT_RUN, TRIES = "not run", 5
VERDICTS = {
    0: SURVIVED,
    1: KILLED,
    3: KILLED,
    5: UNTESTED,
    33: UNTESTED,
    24: TIMED_OUT,
    -24: TIMED_OUT,
    36: TIMED_OUT,
    152: TIMED_OUT,
    255: TIMED_OUT,
}
"""mutmut's exit codes; a mutant that hangs was noticed."""


def list_mutants(pattern: str) -> list[str]:
    """Names of all mutants that mutmut made, from its own records."""
    names = []
    for path in sorted(MUTANTS.rglob("*.py.meta")):
        names += json.loads(path.read_text())["exit_code_by_key"]
    return [name for name in sorted(names) if fnmatch.fnmatch(name, pattern)]


def draw_sample(names: list[str], size: int, seed: int) -> list[str]:
    """So many mutants, evenly over modules, so that one long module does not fill the sample."""
    generator = random.Random(seed)
    by_module: dict[str, list[str]] = {}
    for name in names:
        by_module.setdefault(name.rpartition(".")[0], []).append(name)
    for module_names in by_module.values():
        generator.shuffle(module_names)
    drawn: list[str] = []
    while len(drawn) < min(size, len(names)):
        for module_names in by_module.values():
            if module_names and len(drawn) < size:
                drawn.append(module_names.pop())
    return drawn


def run_mutmut(*names: str) -> None:
    """Run mutmut on some mutants; its own exit code says nothing about the result."""
    subprocess.run([MUTMUT, "run", "--max-children", "2", *names], cwd=ROOT, check=False)


def read_verdicts(names: list[str]) -> dict[str, str]:
    """What became of each mutant."""
    codes: dict[str, int | None] = {}
    for path in MUTANTS.rglob("*.py.meta"):
        codes |= json.loads(path.read_text())["exit_code_by_key"]
    return {
        name: VERDICTS.get(codes[name], KILLED) if codes[name] is not None else NOT_RUN
        for name in names
    }


def write_report(verdicts: dict[str, str], seed: int) -> Path:
    """The counts, and each survivor with its difference."""
    counts = Counter(verdicts.values())
    ran = sum(count for verdict, count in counts.items() if verdict != NOT_RUN)
    noticed = counts[KILLED] + counts[TIMED_OUT]
    lines = [
        "# Mutation check of the analysis modules",
        "",
        f"Written by `make mutants` (seed {seed}). {noticed} of {ran} sampled mutants were noticed "
        f"({noticed / max(ran, 1):.0%}): "
        + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
        + ".",
        "",
    ]
    judged = yaml.safe_load((ROOT / "benchmarks" / "mutants.yml").read_text(encoding="utf-8")) or {}
    for name in sorted(
        name for name, verdict in verdicts.items() if verdict in (SURVIVED, UNTESTED)
    ):
        shown = subprocess.run(
            [MUTMUT, "show", name], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout
        changed = [
            line
            for line in shown.splitlines()
            if line[:1] in "+-" and line[:3] not in ("+++", "---")
        ]
        lines += [
            f"### {name}: {verdicts[name]}",
            "",
            "```diff",
            *changed,
            "```",
            "",
            judged.get(name, "Not judged yet."),
            "",
        ]
    path = ROOT / "benchmarks" / "MUTANTS.md"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def main() -> None:
    """Make the mutants, draw, run, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="*")
    arguments = parser.parse_args()
    run_mutmut(
        "kamresearch.none.of.this.name"
    )  # makes the mutants and learns which tests reach which function
    drawn = draw_sample(list_mutants(arguments.only), arguments.sample, arguments.seed)
    for _ in range(
        TRIES
    ):  # mutmut stops altogether where a broken function leaves a process behind
        rest = [name for name, verdict in read_verdicts(drawn).items() if verdict == NOT_RUN]
        if not rest:
            break
        run_mutmut(*rest)
    print(write_report(read_verdicts(drawn), arguments.seed))


if __name__ == "__main__":
    main()
