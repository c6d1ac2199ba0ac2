"""The table of attacks → rounds → outcome, of what `make test-faults` tried last:
``python -m benchmarks.faults`` reads ``build/faults.json`` and writes ``results/faults.md``.
"""

import csv
import json

from benchmarks.common import RESULTS, ROOT

TRIED = ROOT / "build" / "faults.json"
FIELDS = ("file", "attack", "rounds", "faults", "outcome")
HEAD = """## Faults and attacks

Written by `make test-faults`. A line is a test that ran last time; its name says what was tried and what must hold; *rounds*: how often; *faults*:
calls that were made to fail, processes killed, where they are counted.

| tried in | attack, and what must hold | rounds | faults | outcome |
|---|---|--:|--:|---|
"""


def outcome(line: dict) -> str:
    """What came of one line, in words."""
    if line["failed"]:
        return f"**{line['failed']} failed**"
    return "held" if line["passed"] else f"not tried: {line['why']}"


def main() -> None:
    """Write the page and its figures."""
    rows = []
    for test, line in sorted(json.loads(TRIED.read_text(encoding="utf-8")).items()):
        file, _, name = test.partition("::")
        sentence = name.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        place = file.removeprefix("tests/")
        rows.append((place, sentence, line["rounds"], line["faults"], outcome(line)))
    with (RESULTS / "faults.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([FIELDS, *rows])
    lines = [
        f"| `{file}` | {text} | {rounds:,} | {faults or '–'} | {told} |"
        for file, text, rounds, faults, told in rows
    ]
    total = f"\n{sum(row[2] for row in rows):,} rounds of {len(rows)} attacks.\n"
    (RESULTS / "faults.md").write_text(HEAD + "\n".join(lines) + "\n" + total, encoding="utf-8")


if __name__ == "__main__":
    main()
