"""Do the intervals hold the truth? (``python -m benchmarks.bench_recovery``).

Worlds are drawn, not listed; of each, several companies of ordinary size and one large one are
simulated, and every study runs the cells of its own notebook on them. An interval is judged by
whether it holds the truth: what the world states, what the company's own next year brought, or
else the value of the large company. Runs go on where they stopped.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import yaml
from scipy.stats import beta

from benchmarks.common import ROOT, describe_machine, describe_versions, write_result
from kamresearch.studies.measured import MEASURED

RUNS = ROOT / "benchmarks" / "results" / "recovery_runs.jsonl"
"""What each company's studies found and what came after, a line each: runs go on from here."""

STUDIES = ("sales_trend", "segmentation", "churn", "organisation", "targets")
LARGE = 20_000
"""Accounts of a world's large company: its own error is a seventh of that of 400 accounts."""
MODEL_FREE = {
    "sales_trend": "study_break(",
    "segmentation": "place_in_matrix(",
    "churn": "model_losses(",
    "organisation": "add_manager(",
    "targets": "read_goals(",
}
"""Study → where the notebook's cells stop for a large company: what follows is judged by no large
company, and models are what takes the time."""
BEGIN, AS_OF, END = "2008-01-01", "2012-12-31", "2013-12-31"
"""The first day, the day on which studies look, and that up to which the company is simulated."""
NEAR = 183
"""Days within which a break that was told is the one that was planted."""

STEEP = (0.2, 0.4)
"""Shares of the span between which every world's level rises by two fifths (`Calendar.trend`): no
jump, yet a shift within months, which is what a break is told as.
"""

BEFORE = (
    "Before (version 0.1.0, 29 companies of 400 accounts, worlds drawn more alike): 544 of 638 "
    "intervals called 95 % held the truth (85.3 %); the largest account's share 62 %, HHI 69 %, top "
    "five 79 %, return rate after a product loss 52 %, an event's effect 28 %, the programme's "
    "ratio 86 %. Concentration is told without an interval since, events with bounds"
)
"""What the first measurement said; its checkout is judged by the same bench."""

OF_THE_CASE = ("goals", "events")
"""Tables that the simulator does not write and a study asks for; no finding judged rests on them."""

NOT_OF_A_WORLD = {
    "segmentation.persistence_by_chance": "a property of this list",
    "segmentation.key_revenue_share": "a property of this list",
    "trend.forecast_next_year": "the market's series, the same in every world",
    "trend.event_effect": "the market's series, the same in every world",
    "churn.model_auc": "of the model fitted here",
    "churn.model_skill": "of the model fitted here",
    "churn.model_slope": "of the model fitted here",
    "churn.cause_skill": "of the model fitted here",
    "churn.false_alarm_rate": "of the thresholds set here",
    "churn.losses_warned": "of the thresholds set here",
    "churn.alerts_in_vain": "of the thresholds set here",
    "churn.alerts_lift": "of the thresholds set here",
}
"""Intervals that are not judged: a larger company of the same world has another truth."""

OWN_LATER = (
    "segmentation.expected_value_12m",
    "churn.revenue_at_risk",
    "trend.intermittent_expected",
)
"""Intervals judged by what came to the company itself."""

LISTED = "trend.intermittent_table"
"""The table of the accounts of which the last of these speaks."""

BREAK, PROGRAMME = "trend.break_date", "targets.programme_ratio"
"""Findings that are verdicts, with an interval or without."""


def draw_world(number: int) -> dict:
    """World number ``number``: hazards, returns, programme, break, slump, spread and volume drawn
    wide around the usual ones; of programme and break, half are null.
    """
    from kamresearch.data.simulate import World

    rng, usual = np.random.default_rng([number, 16]), World()
    hazards = {cause: value * rng.lognormal(0, 0.45) for cause, value in usual.hazards.items()}
    returns = {
        cause: (float(np.clip(share * rng.lognormal(0, 0.4), 0, 0.9)), *wait)
        for cause, (share, *wait) in usual.returns.items()
    }
    return {
        "hazards": hazards,
        "returns": returns,
        "programme_ratio": float(rng.choice([1.0, rng.uniform(0.4, 0.9)])),
        "complaint_effect": float(rng.uniform(0, 1.8)),
        "departure_ratio": float(rng.uniform(1, 3)),
        "contract_end_ratio": float(rng.uniform(1, 4)),
        "break_at": float(rng.uniform(0.35, 0.65)),
        "break_factor": float(rng.choice([1.0, rng.uniform(0.6, 0.8), rng.uniform(1.25, 1.6)])),
        "slump_at": float(rng.uniform(0.8, 0.95)),
        "slump_factor": float(rng.uniform(0.65, 1.1)),
        "size_spread": float(rng.uniform(0.7, 1.5)),
        "monthly_units": float(rng.uniform(0.4, 2.0)),
    }


def run_studies(
    folder: Path, studies: Iterable[str] = STUDIES, seed: int = 0, stops: Mapping[str, str] = {}
) -> dict:
    """The findings of studies on a company, each made by the cells of its own notebook up to where
    it stops, and the accounts of the table `LISTED`.
    """
    import IPython.display

    from kamresearch.finding import Finding, Findings, plain
    from kamresearch.studies import session
    from kamresearch.studies.declaration import find_study
    from kamresearch.studies.kinds import FindingsOutput, TableOutput, read_output
    from kamresearch.studies.outputs import MIME

    found: dict[str, Finding] = {}
    of: dict[str, str] = {}
    listed: list[str] = []

    def take(data: dict, **_more: object) -> None:
        said = read_output(data[MIME]) if MIME in data else None
        if isinstance(said, FindingsOutput):
            found.update({row["id"]: Finding.from_dict(row) for row in said.findings})
            of.update({row["id"]: study for row in said.findings})
        if isinstance(said, TableOutput) and said.id == LISTED:
            listed.extend(row[0] for row in said.rows)

    failed = {}
    # nobody looks at pictures here, and later studies read the findings of this company
    with (
        patch.object(session, "draw_svg", lambda *_: ""),
        patch.object(session.Session, "evidence", property(lambda _: Findings(found.values()))),
        patch.object(IPython.display, "publish_display_data", take),
    ):
        for study in studies:
            try:
                _run_cells(find_study(study).notebook, str(folder), seed, stops.get(study))
            except Exception as error:  # noqa: BLE001  (a failed study is a row of the table)
                failed[study] = f"{type(error).__name__}: {error}"[:200]
    return {
        "findings": {
            id: {
                "study": of[id],
                "value": plain(one.value),
                "interval": one.interval
                and [one.interval.low, one.interval.high, one.interval.level],
            }
            for id, one in found.items()
            if one.interval or id in (BREAK, PROGRAMME) or stops
        },
        "studies": list(studies),
        "failed": failed,
        "listed": listed,
    }


def _run_cells(notebook: str, data: str, seed: int, stop: str | None) -> None:
    import kamresearch

    # the notebooks of the code that runs, so that an older checkout is judged by its own
    root = Path(kamresearch.__file__).parents[1]
    content = json.loads((root / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    space: dict = {"__name__": "notebook"}
    for cell in content["cells"]:
        if cell["cell_type"] != "code":
            continue
        if stop and stop in "".join(cell["source"]):
            return
        exec("".join(cell["source"]), space)  # noqa: S102  (the project's own notebooks)
        if "parameters" in cell["metadata"].get("tags", ()):
            space |= {"data": data, "seed": seed, "as_of": AS_OF}


def look_ahead(folder: Path, listed: list[str]) -> dict[str, float]:
    """What came afterwards of what a finding had foretold, by finding id; of the accounts listed
    only if there are.
    """
    import kamresearch as kam
    from kamresearch.features.population import keep_present

    tables = kam.open_data(str(folder))
    present = keep_present(kam.account_snapshot(tables, as_of=AS_OF)).set_index("account_id")
    orders, losses = tables.orders.to_pandas(), tables.churn_events.to_pandas()
    first, last = pd.Timestamp(AS_OF), pd.Timestamp(END)
    days = pd.to_datetime(orders["order_date"])
    quarter = (days > first) & (days <= first + pd.offsets.MonthEnd(3))
    later = orders[(days > first) & (days <= last) & orders["account_id"].isin(present.index)]
    left = pd.to_datetime(losses["churn_date"])
    gone = losses.loc[(left > first) & (left <= last), "account_id"].unique()
    worth = later["profit"] if "profit" in later else later["revenue"]
    came = float((quarter & orders["account_id"].isin(listed)).sum())
    return {
        "segmentation.expected_value_12m": float(worth.sum()),
        "churn.revenue_at_risk": float(present["revenue_12m"].reindex(gone).sum()),
    } | ({"trend.intermittent_expected": came} if listed else {})


def company(world: int, accounts: int, number: int, studies: Iterable[str] = STUDIES) -> dict:
    """Findings of company ``number`` of a world, and what came after."""
    from kamresearch.data.simulate import World, simulate

    with tempfile.TemporaryDirectory() as scratch:
        folder = simulate(
            Path(scratch) / "company",
            accounts,
            random_state=zlib.crc32(f"{world}.{number}.{accounts}".encode()),
            end=END,
            world=World(**draw_world(world)),
        )
        for name in OF_THE_CASE:
            for kind in ("csv", "yml"):
                shutil.copy(ROOT / "data/cases/geely_volvo" / f"{name}.{kind}", folder)
        made = run_studies(folder, studies, stops=MODEL_FREE if accounts == LARGE else {})
        made["later"] = look_ahead(folder, made.pop("listed"))
    short = json.loads(json.dumps(made), parse_float=lambda text: float(f"{float(text):.7g}"))
    return {"world": world, "accounts": accounts, "number": number, **short}


Run = tuple[int, int, int]
"""A world, the accounts of a company, and its number."""


def read_runs() -> dict[Run, dict]:
    """What was made before; of a company with several lines, each study's latest."""
    runs: dict[Run, dict] = {}
    lines = RUNS.read_text(encoding="utf-8").splitlines() if RUNS.exists() else []
    for line in map(json.loads, lines):
        key = line["world"], line["accounts"], line["number"]
        runs[key] = _renew(runs[key], line) if key in runs else line
    return runs


def _renew(old: dict, new: dict) -> dict:
    again = set(new["studies"])
    kept = {id: one for id, one in old["findings"].items() if one["study"] not in again}
    failed = {study: why for study, why in old["failed"].items() if study not in again}
    return old | {
        "findings": kept | new["findings"],
        "failed": failed | new["failed"],
        "later": old["later"] | new["later"],
    }


def make_runs(wanted: list[Run], studies: Iterable[str], jobs: int, minutes: float) -> None:
    """Make companies side by side and add a line for each; begin none after these minutes."""
    began, left = time.monotonic(), iter(wanted)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, max_tasks_per_child=10) as pool:

        def begin(most: int) -> Iterator:
            if time.monotonic() - began < 60 * minutes:
                yield from (pool.submit(company, *one, studies) for one in islice(left, most))

        running = set(begin(jobs))
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            with RUNS.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(one.result()) + "\n" for one in done)
            running |= set(begin(len(done)))


def judge(result: dict, truth: dict[str, float], world: int) -> list[dict]:
    """Every interval of a company against the truth → a row each."""
    rows = []
    for id, one in result["findings"].items():
        if not one["interval"] or id not in truth or one["interval"][2] == 1:
            continue
        low, high, level = one["interval"]
        rows.append(
            {
                "finding": id,
                "level": level,
                "world": world,
                "held": low <= truth[id] <= high,
                "above": truth[id] > high,
                "below": truth[id] < low,
                "width": (high - low) / abs(truth[id]) if truth[id] else np.nan,
            }
        )
    return rows


def truth_of(world: dict, large: dict, result: dict) -> dict[str, float]:
    """What is true for a company of a world, by finding id: the large company's value, unless its
    own later year or the world itself says it.
    """
    of_the_large = {
        id: one["value"]
        for id, one in large["findings"].items()
        if isinstance(one["value"], int | float) and id not in NOT_OF_A_WORLD
    }
    # The programme acts on these causes alone; the study asks of all losses.
    hazards = world["hazards"]
    acted = sum(hazards[cause] for cause in ("price", "service", "competitor"))
    spared = acted * (1 - world["programme_ratio"]) / sum(hazards.values())
    stated = {
        "targets.programme_ratio": 1 - spared,
        "targets.programme_placebo_ratio": 1.0,
    }
    return of_the_large | result["later"] | stated


def month_at(share: float) -> pd.Timestamp:
    """The month that a share of the span has passed before."""
    from kamresearch.data.simulate.settings import Calendar

    calendar = Calendar.between(BEGIN, END)
    return pd.Timestamp(calendar.months[calendar.index_at(share)])


def planted_breaks(world: dict) -> list[pd.Timestamp]:
    """The months up to the day looked at in which the level of a world's orders jumps."""
    jumps = ((world["break_at"], world["break_factor"]), (world["slump_at"], world["slump_factor"]))
    months = [month_at(at) for at, by in jumps if by != 1]
    return [month for month in months if month <= pd.Timestamp(AS_OF)]


def judge_verdicts(result: dict, world: dict) -> list[dict]:
    """What was said of the break and of the programme: right, wrong or open. A break is right
    within half a year of a jump that was planted, or of the steep months.
    """
    rows = []
    told = result["findings"].get(BREAK)
    if told is not None:
        planted = planted_breaks(world)
        if told["value"] is None:
            outcome = "open" if planted else "right"
        else:
            day, near = pd.Timestamp(told["value"]), pd.Timedelta(days=NEAR)
            moved = [(month, month) for month in planted] + [tuple(map(month_at, STEEP))]
            there = any(first - near <= day <= last + near for first, last in moved)
            outcome = "right" if there else "wrong"
        rows.append({"verdict": "break of the series", "outcome": outcome})
    ratio = result["findings"].get(PROGRAMME)
    if ratio is not None:
        low, high, _level = ratio["interval"] or (0, np.inf, 0)
        said = -1 if high < 1 else 1 if low > 1 else 0
        true = -1 if world["programme_ratio"] < 1 else 0
        outcome = "open" if said == 0 else "right" if said == true else "wrong"
        rows.append({"verdict": "programme", "outcome": outcome})
    return rows


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage per finding id, with an exact interval of its own (companies taken as
    independent).
    """
    table = (
        rows.groupby("finding", sort=True)
        .agg(
            level=("level", "first"),
            n=("held", "size"),
            held=("held", "sum"),
            truth_above=("above", "mean"),
            truth_below=("below", "mean"),
            width_by_truth=("width", "median"),
        )
        .reset_index()
    )
    k, n = table["held"].to_numpy(), table["n"].to_numpy()
    table.insert(4, "coverage", k / n)
    # k = 0 and k = n have a bound of their own, where the quantile is not defined
    table.insert(5, "low", np.where(k > 0, beta.ppf(0.025, np.maximum(k, 1), n - k + 1), 0))
    table.insert(6, "high", np.where(k < n, beta.ppf(0.975, k + 1, np.maximum(n - k, 1)), 1))
    return table.sort_values(["coverage", "finding"], ignore_index=True)


def main() -> None:
    """Simulate, judge, and write results/recovery.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--companies", type=int, default=5, help="of each world")
    parser.add_argument("--accounts", type=int, nargs="+", default=[400, 60])
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no company after these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument(
        "--again", nargs="+", default=(), choices=STUDIES, help="make these anew in every run kept"
    )
    asked = parser.parse_args()
    wanted = [
        one
        for n in asked.accounts
        for world in range(asked.worlds)
        for one in ((world, LARGE, 0), *((world, n, number) for number in range(asked.companies)))
    ]
    known = read_runs()
    if asked.again:
        kept = [one for one in known if one[1] != LARGE]
        make_runs(kept, asked.again, asked.jobs, asked.minutes)
    missing = dict.fromkeys(one for one in wanted if one not in known)
    make_runs(list(missing), STUDIES, asked.jobs, asked.minutes)
    known = read_runs()
    lines = (json.dumps(one) + "\n" for _key, one in sorted(known.items()))
    RUNS.write_text("".join(lines), encoding="utf-8")
    rows, verdicts, failed, done = [], [], {}, 0
    for world, accounts, number in wanted:
        large, result = known.get((world, LARGE, 0)), known.get((world, accounts, number))
        if accounts == LARGE or not large or not result:
            continue
        drawn = draw_world(world)
        done += 1
        for study in result["failed"]:
            failed[study] = failed.get(study, 0) + 1
        truth = truth_of(drawn, large, result)
        rows += [one | {"accounts": accounts} for one in judge(result, truth, world)]
        verdicts += [one | {"accounts": accounts} for one in judge_verdicts(result, drawn)]
    all_of_them = asked.worlds * asked.companies * len(asked.accounts)
    made = f"{done}" if done == all_of_them else f"The first {done} of {all_of_them}"
    write(pd.DataFrame(rows), pd.DataFrame(verdicts), failed, made)
    tell_pages(pd.DataFrame(rows))


def tell_pages(rows: pd.DataFrame) -> None:
    """What each page says of its intervals."""
    rows = rows.assign(held=rows["held"].astype(int))
    table = (
        rows.groupby(["finding", "level", "accounts"])["held"].agg(["size", "sum"]).reset_index()
    )
    table.columns = ["finding", "level", "size", "companies", "held"]
    table = table.sort_values(["finding", "size"], ascending=[True, False])
    MEASURED.write_text(yaml.safe_dump(table.to_dict("records"), sort_keys=False))


def write(rows: pd.DataFrame, verdicts: pd.DataFrame, failed: dict, made: str) -> None:
    """The result's page."""
    tables = []
    for accounts, part in rows.groupby("accounts", sort=False):
        table = summarise(part)
        table.insert(0, "accounts", accounts)
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    told = rows[rows["level"] == 0.95]
    under = sorted(set(table.loc[table["coverage"] < table["level"] - 0.05, "finding"]))
    said = verdicts.groupby(["verdict", "accounts"])["outcome"].value_counts().to_dict()
    write_result(
        "recovery",
        "Recovery: do intervals hold the truth?",
        f"{made} companies in {rows['world'].nunique()} drawn worlds (`draw_world`); every study "
        "runs its notebook's cells. Truth: what the world states (programme, placebo), what came to "
        f"the company itself ({', '.join(OWN_LATER)}), else the same finding of "
        f"a company of {LARGE:,} accounts of the same world, whose own error hardly counts. "
        "A break is right within half a year of a jump, or of the "
        "fourteen months in which every world rises by two fifths. Not judged, since a larger company has another truth: "
        f"{', '.join(f'{id} ({why})' for id, why in NOT_OF_A_WORLD.items())}. `truth_above`: share of intervals that lie below the "
        "truth. `width_by_truth`: median width as a share of the truth. `low`, `high`: 95 % of "
        "the coverage itself.",
        [describe_machine(), describe_versions("kamresearch"), BEFORE],
        table,
        f"Intervals called 95 %: {told['held'].sum()} of {len(told)} hold the truth "
        f"({100 * told['held'].mean():.1f} %). More than five points under their level: "
        f"{', '.join(under) or 'none'}. "
        "Verdicts: "
        + "; ".join(f"{name}, {n} accounts, {what}: {k}" for (name, n, what), k in said.items())
        + f". Studies that ended in an error: {failed or 'none'}.",
    )


if __name__ == "__main__":
    main()
