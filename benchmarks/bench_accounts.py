"""What a page for every account costs: the study of decisions published without any page an
account and with one for each, in both languages; the studies that it reads are made before and
taken over both times.

``python -m benchmarks.bench_accounts [ACCOUNTS]``
"""

import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.bench_first_report import run
from benchmarks.common import describe_machine, write_result

ACCOUNTS = 1_000
GOAL = 120
"""Seconds that a thousand accounts' pages in both languages may take on two cores."""


def main(arguments: list[str]) -> int:
    """Publish twice, and write what the pages added."""
    accounts = int(arguments[0]) if arguments else ACCOUNTS
    taken, weights = {}, []
    with tempfile.TemporaryDirectory() as folder:
        data, shelf = Path(folder) / "data", Path(folder) / "reports"
        run("simulate", str(data), "--accounts", str(accounts))
        for pages in ("A", "none", "all"):
            choice = f"decisions.account_pages={pages}"
            taken[pages] = run(
                *("publish", "decisions", "--data", str(data), "-p", choice, "--lang", "en,zh"),
                *("--reports", str(shelf)),
            )
        made = max(shelf.glob("*/accounts"), key=lambda path: len(list(path.iterdir())))
        weights = [path.stat().st_size for path in made.glob("*.html")]
    added = [whole - bare for whole, bare in zip(taken["all"], taken["none"], strict=True)]
    frame = pd.DataFrame(
        [
            ("without pages of accounts", 0, *map(round, taken["none"])),
            ("with a page for each", len(weights), *map(round, taken["all"])),
            ("added by the pages", len(weights), *map(round, added)),
        ],
        columns=["published", "pages", "seconds by the clock", "seconds of the processor"],
    )
    print(frame.to_string(index=False))  # noqa: T201
    write_result(
        "accounts",
        "A page for every account",
        f"A simulated company of {accounts:,} accounts; the study of decisions alone, in English "
        "and Chinese, once without pages of accounts and once with one for each.",
        [describe_machine(), f"heaviest page: {max(weights) / 1000:.0f} kB"],
        frame,
        f"{1000 * added[1] / len(weights):.0f} ms of the processor a page, by the clock "
        f"{added[0]:.0f} seconds for all; {GOAL} are allowed for 1,000 accounts on two cores.",
    )
    return int(added[0] > GOAL * accounts / ACCOUNTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
