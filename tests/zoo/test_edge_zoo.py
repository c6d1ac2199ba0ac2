"""The edge zoo: awkward companies, each published whole. Every study shows what it promised or
says why it cannot.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HIGHLIGHTED = re.compile(r'<div class="[^"]*highlight[^"]*"><pre>.*?</pre>', re.DOTALL)

pytestmark = [pytest.mark.reports, pytest.mark.long]


def accounts(n: int, **more) -> pd.DataFrame:
    ids = [f"{number:05d}" for number in range(n)]
    return pd.DataFrame(
        {"account_id": ids, "account_name": [f"Company {id}" for id in ids], **more}
    )


def orders(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "order_date", "revenue"])
    return frame.assign(order_id=[f"O{number}" for number in range(len(frame))], units=1)


def one_account() -> tuple:
    days = pd.date_range("2010-01-31", "2012-12-31", freq="ME").strftime("%Y-%m-%d")
    return accounts(1), orders([("00000", day, 100.0) for day in days])


def one_order_each() -> tuple:
    days = pd.date_range("2011-01-01", "2012-12-30", periods=40).strftime("%Y-%m-%d")
    return accounts(40), orders(
        [(f"{number:05d}", day, 10.0 + number) for number, day in enumerate(days)]
    )


def all_returns() -> tuple:
    return accounts(5), orders(
        [
            (f"{number:05d}", f"2012-0{month}-15", -50.0)
            for number in range(5)
            for month in range(1, 9)
        ]
    )


def returns_but_for_one_order() -> tuple:
    known, returned = all_returns()
    return known, pd.concat(
        [returned, orders([("00000", "2012-03-01", 20.0)]).assign(order_id="P0")]
    )


def ties_everywhere() -> tuple:
    days = pd.date_range("2010-06-15", "2012-12-15", freq="QS").strftime("%Y-%m-%d")
    return accounts(30, region="East"), orders(
        [(f"{number:05d}", day, 100.0) for number in range(30) for day in days]
    )


def one_giant() -> tuple:
    rng = np.random.default_rng(5)
    days = pd.date_range("2009-01-31", "2012-12-31", freq="ME").strftime("%Y-%m-%d")
    rows = [
        (f"{number:05d}", day, 1e9 if number == 0 else float(rng.integers(1, 9)))
        for number in range(12)
        for day in days
    ]
    return accounts(12, industry="Car rental", channel="direct"), orders(rows)


def ten_months_old() -> tuple:
    """Nobody was there a year ago: no rate, no probability of leaving, no revenue at risk."""
    days = pd.date_range("2012-03-31", "2012-12-31", freq="ME").strftime("%Y-%m-%d")
    return accounts(40, region="East"), orders(
        [(f"{number:05d}", day, 50.0 + number) for number in range(40) for day in days]
    )


ZOO = (
    one_account,
    one_order_each,
    returns_but_for_one_order,
    ties_everywhere,
    one_giant,
    ten_months_old,
)


def publish(make, folder: Path) -> subprocess.CompletedProcess:
    """`kam publish` on a company of accounts and orders alone."""
    export = folder / "export"
    export.mkdir()
    for name, frame in zip(("accounts", "orders"), make(), strict=True):
        frame.to_csv(export / f"{name}.csv", index=False)
    kam, shelf = Path(sys.executable).parent / "kam", folder / "reports"
    options = ["--data", export, "--as-of", "2012-12-31", "--lang", "en,zh", "--reports", shelf]
    return subprocess.run([kam, "publish", *options], capture_output=True, text=True, timeout=900)


def test_a_company_of_returns_alone_is_refused_at_the_gate_in_words(tmp_path):
    done = publish(all_returns, tmp_path)
    assert done.returncode == 2
    assert "no positive revenue at all (40 of 40)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("make", ZOO, ids=[make.__name__ for make in ZOO])
def test_an_awkward_company_gets_its_reports(make, tmp_path):
    done = publish(make, tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    version = Path(done.stdout.strip().splitlines()[-1])
    findings = json.loads((version / "findings.json").read_text(encoding="utf-8"))
    assert findings
    for page in version.glob("*.html"):
        # A study's own code, folded beside its outputs, may say None.
        text = HIGHLIGHTED.sub("", page.read_text(encoding="utf-8"))
        for word in ("Traceback", ">nan<", ">None<", ">NaN<"):
            assert word not in text, (page.name, word)
    for finding in findings:
        assert finding["value"] is not None or finding["reason"], finding["id"]
        if (
            finding["unit"] in ("share", "probability")
            and isinstance(finding["value"], float)
            and finding["interval"]
        ):
            assert finding["interval"]["low"] <= finding["interval"]["high"], finding["id"]
