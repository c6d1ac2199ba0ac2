"""The record of the built-in case. ``make bench-case-record`` (half an hour on two cores).

Publishes the case with five hindcasts and writes what its study `track_record` shows.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd

from benchmarks.common import RESULTS, ROOT, describe_machine

STUDIES = ("track_record", "sales_trend", "segmentation", "churn", "targets")
DAYS = "2008-12-31,2009-12-31,2010-12-31,2011-06-30,2011-12-31"
SHOWN = {
    "record.calibration": "Probabilities: told against seen",
    "record.coverage": "Intervals: how many held",
    "record.points": "Numbers: how far off, beside the simple rival",
    "record.lists": "Lists: how many of those named were lost",
    "record.recalibration": "Probabilities adjusted by the record: before and after",
}
HEAD = """## The record of the built-in case

`kam publish {studies} --hindcast {days}`, then `kam record`. {sentences}

* {machine}
* version {version}, code {code}
* **How much this proves.** Little, and here is why: all of it was made later, from data cut back to each day; the company is
  simulated; and its models were built by people who knew this case. Whether the verdicts themselves are right is told by the
  simulator's truth in the section before. A version sealed in its time is the proof; `kam record` of your own shelf shows it.
"""


def publish(reports: Path) -> None:
    """Five hindcasts and the version; what is there already is not made again."""
    command = ["kamresearch.cli", "publish", *STUDIES, "--lang", "en", "--hindcast", DAYS]
    subprocess.run([sys.executable, "-m", *command, "--reports", reports], check=True, cwd=ROOT)


def show(frame: pd.DataFrame) -> str:
    """A table of a version as Markdown, coded values in words."""
    words = {
        name: {code: text["en"] for code, text in terms.items()}
        for name, terms in frame.attrs.get("terms", {}).items()
    }
    named = frame.assign(**{n: frame[n].replace(t) for n, t in words.items() if n in frame})
    cells = [[_cell(value) for value in row] for row in named.itertuples(index=False)]
    rows = [list(named.columns), ["---"] * len(named.columns), *cells]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Publish, read, and write the section."""
    from kamresearch.publishing.sealed.store import list_versions
    from kamresearch.publishing.shelf.record import choose_record, say_record

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=Path, default=ROOT / "build" / "case_record")
    reports = parser.parse_args().reports
    publish(reports)
    version = choose_record(list_versions(reports))
    parts = [
        HEAD.format(
            studies=" ".join(STUDIES),
            days=DAYS,
            sentences=" ".join(text.render("en") for text in say_record(version)),
            machine=describe_machine(),
            version=version.id,
            code=version.manifest.code.fingerprint[:12],
        )
    ]
    for name, title in SHOWN.items():
        frame = version.table(name)
        if frame is not None and len(frame):
            parts.append(f"**{title}**\n\n{show(frame)}\n")
    (RESULTS / "case_record.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
