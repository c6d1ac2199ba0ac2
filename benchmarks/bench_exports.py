"""Awkward exports, each with the right outcome: read right, asked about, refused in the right words,
or wrong.

``python -m benchmarks.bench_exports [--publish] [CASE …]``; what is right stands in ``exports.yml``.
Cases under ``made`` are written by `benchmarks.made_exports` and read by the first mapping of
``kam start --yes``; the others lie in a folder with mappings of their own.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

from benchmarks.common import ROOT, describe_machine, write_result
from benchmarks.fetch import present
from benchmarks.made_exports import MADE
from benchmarks.protocols.places import data_file
from kamresearch.data.checks import check_tables
from kamresearch.data.period import find_period
from kamresearch.data.sources import open_data
from kamresearch.data.start import draft_mapping, look, mapping_text
from kamresearch.errors import KamError
from kamresearch.language import render

GOOD = ("right", "right and said", "asked", "said")


def read_case(folder: Path) -> tuple[dict, str]:
    """What came out of a case's files, and everything that was said about it."""
    mapping = folder / "mapping.yml"
    tables = open_data(folder / "data", mapping if mapping.exists() else None)
    period = find_period(tables)
    checked = check_tables(tables, period and period.last.date().isoformat())
    accounts = tables.frame("accounts")
    orders = tables.orders.to_pandas()
    found = {
        "rows": len(orders),
        "revenue": round(float(orders["revenue"].sum()), 2),
        "first": str(pd.Timestamp(orders["order_date"].min()).date()),
        "last": str(pd.Timestamp(orders["order_date"].max()).date()),
        "accounts": sorted(accounts["account_name"]),
    }
    issues = [
        f"{issue.severity} {issue.check} {render(issue.text, 'en')} {issue.first_offenders}"
        for issue in checked.issues
        if issue.check != "gaps"
    ]
    aside = [f"set aside: {reason}" for reason in tables.quarantine["reason"]]
    return found, "\n".join([*issues, *aside])


def matches(found: dict, right: dict) -> str:
    """What differs from the right reading; empty where nothing does."""
    names = [
        name
        for name in ("rows", "revenue", "first", "last", "accounts")
        if not right.get(f"any_{name}")
        and not (name in ("first", "last") and right.get("any_days"))
        and str(found[name]) != str(right[name])
        and not (name == "revenue" and abs(found[name] - float(right[name])) < 0.01)
    ]
    if "any_accounts" in right and len(found["accounts"]) != right["any_accounts"]:
        names.append("accounts")
    return "; ".join(f"{name} {str(found[name])[:90]}" for name in names)


def judge(folder: Path, right: dict) -> tuple[str, str]:
    """The outcome of a case in a word, and what was found."""
    words = "|".join(
        right[name] for name in ("or_says", "never_silent", "must_say") if name in right
    )
    try:
        found, said = read_case(folder)
    except KamError as error:
        fits = bool(words) and re.search(words, str(error), re.S | re.I)
        return ("asked" if fits else "refused, other words"), str(error)
    except Exception as error:  # noqa: BLE001  (a traceback is an outcome to be counted)
        return "traceback", f"{type(error).__name__}: {error}"
    spoken = bool(words) and bool(re.search(words, said, re.S | re.I))
    differs = matches(found, right)
    if not differs:
        if "must_say" in right and not spoken:
            return "right, but unsaid", ""
        return ("right and said" if spoken else "right"), ""
    if spoken:
        return "said", differs
    return "wrong without a word", differs


def judge_made(name: str, right: dict) -> tuple[str, str]:
    """The outcome of a case that is made here, read by what ``kam start --yes`` writes."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "data").mkdir()
        MADE[name](folder / "data")
        try:
            draft = draft_mapping(look(str(folder / "data")))
        except KamError as error:
            fits = re.search(right.get("or_says", "(?!)"), str(error), re.S | re.I)
            return ("asked" if fits else "refused, other words"), str(error)
        except Exception as error:  # noqa: BLE001  (a traceback is an outcome to be counted)
            return "traceback", f"{type(error).__name__}: {error}"
        asked = {one.id for one in draft.questions}
        unanswered = {one.id for one in draft.open} - {"currency"}
        if unanswered:
            fits = unanswered & set(right.get("asks", ()))
            return ("asked" if fits else "asked, not needed"), ", ".join(sorted(unanswered))
        (folder / "mapping.yml").write_text(mapping_text(draft, "en"), encoding="utf-8")
        outcome, found = judge(folder, right)
        told = asked & set(right.get("asks", ()))
        return ("asked", found) if outcome == "wrong without a word" and told else (outcome, found)


def publishes(folder: Path, studies: list[str]) -> str:
    """The last words of publishing studies on a case where that fails; empty where it ends well."""
    command = [sys.executable, "-m", "kamresearch.cli", "publish", *map(str, studies)]
    shelf = ROOT / "build" / "bench-exports" / folder.name
    done = subprocess.run(
        [*command, "--data", str(folder / "data"), "--reports", str(shelf)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def main(arguments: list[str]) -> int:
    """Judge every case, or those named; write the table."""
    there = bool(present("exports"))
    expected = yaml.safe_load((Path(__file__).parent / "exports.yml").read_text(encoding="utf-8"))
    named = [name for name in arguments if not name.startswith("-")]
    rows, started = [], time.perf_counter()
    folder = data_file("exports") if there else Path()
    cases = [(name, "usual", own) for name, own in expected["cases"].items() if there]
    cases += [(name, "made_usual", own) for name, own in expected["made"].items()]
    for name, usual, own in cases:
        if named and name not in named:
            continue
        right = {**expected[usual], **own}
        outcome, found = (
            judge(folder / name, right) if usual == "usual" else judge_made(name, right)
        )
        if right.get("publish") and outcome in GOOD and "--publish" in arguments:
            failed = publishes(folder / name, right["publish"])
            outcome, found = ("publish fails", failed) if failed else (outcome, found)
        rows.append((name, outcome, " ".join(found.split())[:160].replace("|", "/")))
        print(f"{name:26} {outcome:22} {rows[-1][2]}", flush=True)  # noqa: T201
    frame = pd.DataFrame(rows, columns=["case", "outcome", "found"])
    counts = frame["outcome"].value_counts().to_dict()
    print(counts)  # noqa: T201
    if there and not named:
        good = int(frame["outcome"].isin(GOOD).sum())
        write_result(
            "exports",
            "Awkward exports",
            "Small files after what people report of their exports, and others made by the benchmark "
            "(`benchmarks/made_exports.py`), which are read by the first mapping of `kam start`; the "
            "right outcome of each stands in `benchmarks/exports.yml`.",
            [describe_machine(), f"{time.perf_counter() - started:.0f} s"],
            frame,
            f"{good} of {len(frame)} are read right, asked about or said; "
            f"{counts.get('wrong without a word', 0)} are wrong without a word.",
        )
    return int(not frame["outcome"].isin(GOOD).all())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
