"""`kam publish` of every study on ten million orders, study by study: time and memory of each
stage.

.venv/bin/python -m benchmarks.scale_publish TARGET.json   # KAM_SCALE_ACCOUNTS=240000 accounts make
ten million orders
"""

import json
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.common import ROOT
from benchmarks.scale_watch import watch

ACCOUNTS = int(os.environ.get("KAM_SCALE_ACCOUNTS", "240000"))
CACHE = Path(os.environ.get("KAM_SCALE_CACHE", ROOT / "benchmarks" / ".cache"))
JUDGED = ("goals", "swot", "judgements", "strategies")
"""What people write down and no simulator can: taken from the built-in case, so that no study
is left out.
"""


def make_company(folder: Path) -> int:
    """The simulated company, made once and kept → its orders."""
    import pyarrow.parquet as pq

    from kamresearch.data.simulate import simulate

    if not (folder / "orders.parquet").exists():
        simulate(folder, accounts=ACCOUNTS, random_state=1)
    for name in JUDGED:
        for kind in ("csv", "yml"):
            shutil.copyfile(
                ROOT / "data" / "cases" / "geely_volvo" / f"{name}.{kind}",
                folder / f"{name}.{kind}",
            )
    return pq.read_metadata(folder / "orders.parquet").num_rows


def publish_each(company: Path, shelf: Path, log: Path) -> list[dict]:
    """Stages in the order of publishing: what earlier ones made is taken over, so that each
    line is one study's own.
    """
    from kamresearch.studies import all_studies

    command = [sys.executable, "-m", "kamresearch.cli", "publish"]
    options = [
        "--data",
        str(company),
        "--reports",
        str(shelf),
        "--jobs",
        "1",
        "--timeout",
        "7200",
        "--lang",
        "en",
    ]
    rows = [{"stage": "kam check", **watch([*command[:-1], "check", str(company)], ROOT, log)}]
    for study in all_studies():
        rows.append(
            {
                "stage": f"kam publish {study.name}",
                **watch([*command, study.name, *options], ROOT, log),
            }
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def main(target: Path) -> None:
    """Measure and write the stages as JSON, after each run of the whole."""
    orders = make_company(CACHE / f"company_{ACCOUNTS}")
    with TemporaryDirectory() as shelf:
        rows = publish_each(CACHE / f"company_{ACCOUNTS}", Path(shelf), target.with_suffix(".log"))
    target.write_text(
        json.dumps({"accounts": ACCOUNTS, "orders": orders, "stages": rows}), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
