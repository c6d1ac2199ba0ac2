"""A plugin of pytest that writes down what was tried and what came of it: ``-p tests.faults.ledger``.

A test says how often it tried with ``record_property("rounds", n)``, and how many faults it made with
``record_property("faults", n)``; one that says nothing tried once. Its name is the sentence that
its attack did not break. ``build/faults.json`` holds the table; `benchmarks.faults` makes a page of it.
"""

import json
from pathlib import Path

PLACE = Path(__file__).resolve().parents[2] / "build" / "faults.json"
_tried: dict[str, dict] = {}


def pytest_runtest_logreport(report: object) -> None:
    """Add one test to the line of its function."""
    if report.when != "call" and not (report.when == "setup" and not report.passed):
        return
    file, _, rest = report.nodeid.partition("::")
    told = dict.fromkeys(("rounds", "faults"), 0)
    for name, value in report.user_properties:
        if name in told:
            told[name] += value
    line = _tried.setdefault(
        f"{file}::{rest.partition('[')[0]}",
        {"rounds": 0, "faults": 0, "passed": 0, "failed": 0, "skipped": 0, "why": ""},
    )
    line[report.outcome] += 1
    if report.skipped:
        line["why"] = str(report.longrepr[2]).removeprefix("Skipped: ")
        return
    line["rounds"] += told["rounds"] or 1
    line["faults"] += told["faults"]


def pytest_sessionfinish(session: object) -> None:
    """Write the table; lines of an earlier session that were not tried again stay."""
    if hasattr(session.config, "workerinput"):
        return  # the process that spreads the tests hears of all
    before = json.loads(PLACE.read_text(encoding="utf-8")) if PLACE.exists() else {}
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(json.dumps(before | _tried, indent=1, sort_keys=True), encoding="utf-8")
