"""Are the record's verdicts right? ``make bench-record``.

Companies are simulated whose probabilities of loss the simulator knows. These are told as they are,
and thirty per cent too high, as predictions; the record scores them against the companies' tables.
The simulator knows an account's probability for the month ahead alone (what comes later hangs on
what happens until then), so that a statement is one account and month.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.common import describe_machine, describe_versions, write_result

ACCOUNTS, YEARS = 400, 4
FACTORS = (1.0, 1.3)
START = pd.Timestamp("2008-01-01")


def tell(folder: Path) -> pd.DataFrame:
    """A statement for each account and month of the last four years: the simulator's own
    probability; the rival says the mean.
    """
    from kamresearch.analysis.record import make_predictions
    from kamresearch.data.simulate import CAUSES

    hidden = pd.read_parquet(folder / "truth" / "outcomes.parquet")
    hazard = hidden.assign(total=hidden[list(CAUSES)].sum(axis=1))
    hazard = hazard.pivot(index="account_id", columns="month", values="total")
    parts = []
    for month in range(12, 12 + 12 * YEARS):
        # There on the day of issue and on the first day after it: who comes back within the month
        # cannot be lost in it.
        there = (hazard[month - 1] > 0) & (hazard[month] > 0)
        chance = -np.expm1(-hazard.loc[there, month])
        told = {"account_id": chance.index, "value": chance.to_numpy()}
        begins = START + pd.DateOffset(months=month)
        parts.append(
            make_predictions(
                pd.DataFrame(told).assign(rival_value=chance.mean()),
                "churn.probability",
                issued=(begins - pd.Timedelta(days=1)).date().isoformat(),
                due=begins + pd.offsets.MonthEnd(0),
                form="probability",
                outcome="lost",
                rival="past_rate",
                definition="recorded",
            )
        )
    return pd.concat(parts, ignore_index=True)


def judge(seed: int, folder: Path) -> list[dict]:
    """What the record says of one company, told right and told too high."""
    from kamresearch import open_data
    from kamresearch.analysis.record import score
    from kamresearch.analysis.record.track import measure_calibration
    from kamresearch.data.simulate import make_company

    company = make_company(folder, accounts=ACCOUNTS, random_state=seed)
    tables, end = open_data(str(company.folder)), company.as_of(company.months)
    frame, rows = score(tell(folder), tables, end).frame, []
    for factor in FACTORS:
        told = frame.assign(value=np.minimum(frame["value"] * factor, 1))
        row = measure_calibration(told, 2, np.random.default_rng(0)).iloc[0]
        names = ["n", "expected", "seen", "verdict"]
        rows.append({"seed": seed, "factor": factor} | {name: row[name] for name in names})
    return rows


def main() -> None:
    """Simulate, tell, score, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=40)
    n, rows = parser.parse_args().companies, []
    for seed in range(n):
        with tempfile.TemporaryDirectory() as folder:
            rows += judge(seed, Path(folder) / "company")
    found = pd.DataFrame(rows)
    table = (
        found.groupby("factor")
        .agg(
            companies=("seed", "size"),
            statements=("n", "mean"),
            told=("expected", "mean"),
            came=("seen", "mean"),
            calibrated=("verdict", lambda one: (one == "calibrated").mean()),
            too_high=("verdict", lambda one: (one == "too_high").mean()),
            too_low=("verdict", lambda one: (one == "too_low").mean()),
        )
        .reset_index()
    )
    right, high = table.iloc[0], table.iloc[1]
    write_result(
        "record",
        "The record: are its verdicts right?",
        f"{n} simulated companies of {ACCOUNTS} accounts. The simulator's own probabilities of loss, "
        f"month by month over {YEARS} years, are told as they are (factor 1) and too high, and "
        "scored against the companies' tables.",
        [describe_machine(), describe_versions("kamresearch")],
        table,
        f"True probabilities are told calibrated in {right['calibrated']:.1%} of the companies "
        f"(goal 90 %); those thirty per cent too high are found in {high['too_high']:.1%} "
        f"(goal 80 %).",
    )


if __name__ == "__main__":
    main()
