"""How often the lifetime total's interval holds what came, on companies that are drawn: ``make
bench-totals``.

Each company is drawn from a seed with a year more than it shows: the total of its accounts over the
days ahead is asked for as of the last day shown, and what those accounts then ordered is known.
Three worlds:

* *steady shop*: accounts order at random at rates of their own and leave unseen (Pareto/NBD), values
  as of Gamma-Gamma; no season, no growth;
* *moving shop*: the same, times a season whose months are drawn and a level that walks from month
  to month;
* *simulated company*: `kamresearch.data.simulate`, its break and slump drawn in place and size.
"""

import argparse
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.common import describe_machine, describe_versions, write_result
from benchmarks.protocols.places import data_file
from kamresearch.analysis.lifetime import fit
from kamresearch.analysis.lifetime.blend import SEASON_POWER
from kamresearch.data.simulate import simulate
from kamresearch.data.simulate.settings import World

MONTHS, ACCOUNTS, HORIZONS = (9, 12, 24, 36), (60, 400), (90, 365)
LEVEL = 0.8
FIRST = 100
"""Companies of earlier seeds were looked at while the interval was made."""
SEASON, WALK = 0.2, 0.04
"""Spread of the logarithms of a moving shop's months, and of the step of its level a month."""
START = pd.Timestamp("2015-01-01")
DAYS_A_MONTH = 365.25 / 12


def steady_shop(rng: np.random.Generator, accounts: int, days: int) -> pd.DataFrame:
    """Orders of a shop without season and growth."""
    return _shop(rng, accounts, np.ones(days))


def moving_shop(rng: np.random.Generator, accounts: int, days: int) -> pd.DataFrame:
    """Orders of a shop with a season and a level that walks."""
    months = int(days // DAYS_A_MONTH) + 1
    season = rng.normal(0, SEASON, 12)[(np.arange(months) + rng.integers(12)) % 12]
    pace = np.exp(season + rng.normal(0, WALK, months).cumsum())
    return _shop(rng, accounts, pace[(np.arange(days) // DAYS_A_MONTH).astype(int)])


def _shop(rng: np.random.Generator, accounts: int, pace: np.ndarray) -> pd.DataFrame:
    """Orders of a shop whose accounts order at a pace that each day has: half of the accounts are
    there at the start, the others come at random.
    """
    days = len(pace)
    born = np.where(rng.random(accounts) < 0.5, 0, rng.integers(0, days, accounts))
    rate = rng.gamma(0.8, 1 / 40, accounts)
    leaves = born + 1 + rng.exponential(1 / rng.gamma(1.0, 1 / 700, accounts))
    value = 200 * rng.gamma(6, 1 / 6, accounts) / rng.gamma(4, 1 / 3, accounts)
    run = np.append(0.0, pace.cumsum())
    low, high = run[born], np.interp(np.minimum(leaves, days), np.arange(days + 1), run)
    n = rng.poisson(rate * (high - low))
    whose = np.repeat(np.arange(accounts), n)
    moment = low[whose] + rng.random(len(whose)) * (high - low)[whose]
    day = np.interp(moment, run, np.arange(days + 1)).astype(int)
    whose, day = np.append(whose, np.arange(accounts)), np.append(day, born)
    return pd.DataFrame(
        {
            "account_id": whose,
            "order_date": START + pd.to_timedelta(np.minimum(day, days - 1), unit="D"),
            "revenue": value[whose] * rng.gamma(5, 1 / 5, len(whose)),
        }
    )


def simulated_company(rng: np.random.Generator, accounts: int, days: int) -> pd.DataFrame:
    """Orders of a company of `kamresearch.data.simulate`."""
    (break_at, slump_at), size = rng.random(2), np.exp(rng.normal(0, 0.2, 2))
    world = World(break_at=break_at, slump_at=slump_at, break_factor=size[0], slump_factor=size[1])
    end = START + pd.Timedelta(days=days - 1)
    with TemporaryDirectory() as folder:
        simulate(
            Path(folder),
            accounts=accounts,
            random_state=int(rng.integers(2**31)),
            start=str(START.date()),
            end=str(end.date()),
            world=world,
            messy=False,
        )
        orders = pd.read_parquet(Path(folder) / "orders.parquet")
    orders["order_date"] = pd.to_datetime(orders["order_date"])
    return orders[["account_id", "order_date", "revenue"]]


WORLDS: dict[str, Callable[[np.random.Generator, int, int], pd.DataFrame]] = {
    "steady shop": steady_shop,
    "moving shop": moving_shop,
    "simulated company": simulated_company,
}


def judge(world: str, accounts: int, months: int, seed: int) -> list[dict]:
    """What was said of one company's totals, and what came."""
    shown = round(months * DAYS_A_MONTH)
    rng = np.random.default_rng([list(WORLDS).index(world), accounts, months, seed])
    orders = WORLDS[world](rng, accounts, shown + max(HORIZONS))
    end = START + pd.Timedelta(days=shown - 1)
    seen, later = (orders[orders["order_date"].le(end) == side] for side in (True, False))
    later = later[later["account_id"].isin(seen["account_id"]) & (later["revenue"] >= 0)]
    rows = []
    for days in HORIZONS:
        came = later.loc[later["order_date"] <= end + pd.Timedelta(days=days), "revenue"].sum()
        result = fit(seen, end, horizon_days=days)
        total, interval = result.total(days)
        rows.append(
            {
                "world": world,
                "accounts": accounts,
                "months": months,
                "horizon": days,
                "model": result.chosen,
                "total": total,
                "came": came,
                "low": None if interval is None else interval.low,
                "high": None if interval is None else interval.high,
            }
        )
    return rows


def measure_season() -> np.ndarray:
    """Variance of the logarithm that each harmonic of the year carries in the monthly series of firms
    and trades of the M3 competition (training parts): what `SEASON_POWER` states.

    Odd years against even ones, so that what is no season cancels out.
    """
    series = pd.read_parquet(data_file("m3_series.parquet"))
    meta = pd.read_csv(data_file("m3_series_meta.csv")).set_index("series_id")
    kinds = meta["type"].isin(["MICRO", "INDUSTRY"]) & meta["period"].eq("MONTHLY")
    series = series[series["split"].eq("train") & series["series_id"].isin(meta.index[kinds])]
    powers = []
    for _key, one in series.groupby("series_id"):
        values = one.sort_values("t")["value"].to_numpy(float)
        if len(values) >= 48 and values.min() > 0:
            powers.append(_season_power(np.log(values)))
    return np.mean(powers, axis=0)


def _season_power(logs: np.ndarray) -> np.ndarray:
    around = np.convolve(logs, np.r_[0.5, np.ones(11), 0.5] / 12, "valid")
    apart = pd.Series(logs[6:-6] - around)
    month, year = np.arange(len(apart)) % 12, np.arange(len(apart)) // 12
    odd, even = (
        np.fft.rfft(apart[year % 2 == side].groupby(month[year % 2 == side]).mean())[1:] / 12
        for side in (0, 1)
    )
    power = 2 * (odd * even.conj()).real
    power[-1] /= 2  # the last harmonic has no twin
    return power


def summarise(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Coverage, its standard error, how wide, how far off, by some columns."""
    told = frame.dropna(subset=["low", "high"])
    told = told.assign(
        held=told["came"].between(told["low"], told["high"]),
        below=told["came"] < told["low"],
        wide=np.log(told["high"] / told["low"]) / 2,
        off=np.log(told["came"].clip(lower=1e-9) / told["total"]).abs(),
    )
    groups = told.groupby(by, sort=False, observed=True)
    table = groups.agg(
        companies=("held", "size"),
        coverage=("held", "mean"),
        below=("below", "mean"),
        half_width=("wide", "median"),
        median_miss=("off", "median"),
    ).reset_index()
    share = table["coverage"]
    table.insert(
        list(table).index("coverage") + 1,
        "standard_error",
        np.sqrt(share * (1 - share) / table["companies"]),
    )
    return table


def main() -> None:
    """Judge, and write ``results/totals.md``."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--companies", type=int, default=15, help="of each world, size and past")
    parser.add_argument("--minutes", type=float, default=30, help="no round begins after these")
    options = parser.parse_args()
    rows, began = [], time.monotonic()
    for seed in range(FIRST, FIRST + options.companies):
        for world, accounts, months in product(WORLDS, ACCOUNTS, MONTHS):
            rows += judge(world, accounts, months, seed)
        print(f"{seed - FIRST + 1} of {options.companies} rounds", file=sys.stderr)
        if time.monotonic() - began > 60 * options.minutes:
            break
    write(pd.DataFrame(rows))


def write(frame: pd.DataFrame) -> None:
    """The page: coverage by world, size, past and horizon."""
    by_cell = summarise(frame, ["world", "accounts", "months", "horizon"])
    lines = [
        f"* {world}, {accounts} accounts, {horizon} days ahead: {part['coverage'].iloc[0]:.1%} "
        f"(± {part['standard_error'].iloc[0]:.1%}) of {part['companies'].iloc[0]}."
        for (world, accounts, horizon), part in summarise(
            frame, ["world", "accounts", "horizon"]
        ).groupby(["world", "accounts", "horizon"], sort=False)
    ]
    every = summarise(frame.assign(all="all"), ["all"]).iloc[0]
    lines.append(
        f"* all: {every['coverage']:.1%} of {every['companies']} totals, nominal {LEVEL:.0%}; "
        f"{every['below']:.1%} lay below."
    )
    write_result(
        "totals",
        "Lifetime totals: does the interval hold what came?",
        " ".join(str(__doc__).split("\n\n", 1)[1].split()),
        [
            describe_machine(),
            describe_versions("kamresearch", "scikit-learn", "scipy"),
            "half_width: half of the logarithm of high over low, median; median_miss: of the "
            "logarithm of what came over the total; below: share that came to less than the low "
            "end; the form of the interval was settled on companies of other seeds",
            "variance of the logarithm by harmonics of the year in M3's monthly series of firms and "
            f"trades: {', '.join(f'{one:.4f}' for one in measure_season())}; the interval takes "
            f"{', '.join(f'{one:.4f}' for one in SEASON_POWER)}",
        ],
        by_cell.round(4),
        "\n".join(lines),
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
