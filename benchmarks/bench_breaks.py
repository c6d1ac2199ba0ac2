"""How often does the break test err? (``python -m benchmarks.bench_breaks``).

Series of 72 months are simulated as the sales trend tests them (beside a line that may curve): with
nothing planted, in errors that the test assumes and in errors that it does not, and with a step.
The table goes where the page reads it: ``kamresearch/analysis/trend/break_errors.yml``.
"""

import argparse
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pandas as pd
import yaml
from scipy.signal import lfilter
from scipy.stats import beta

from benchmarks.common import ROOT, describe_machine, describe_versions, write_result

MONTHS, WARMING = 72, 200
STEP = 2.0
"""Size of the planted step, in standard deviations of the series without it."""
TOLD = ROOT / "kamresearch" / "analysis" / "trend" / "break_errors.yml"


def simulate(rng: np.random.Generator, *past: float) -> np.ndarray:
    """An autoregression of standard deviation one."""
    series = lfilter([1.0], [1.0, *(-one for one in past)], rng.normal(size=20 * MONTHS + WARMING))
    return series[-MONTHS:] / series[WARMING:].std()


def plant_step(series: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same with a step somewhere in its middle half."""
    return series + STEP * (np.arange(MONTHS) >= rng.integers(MONTHS // 4, 3 * MONTHS // 4))


def bend(series: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same with a slope that sets in somewhere in its middle half and adds up to four."""
    first = rng.integers(MONTHS // 4, 3 * MONTHS // 4)
    return series + np.maximum(np.arange(MONTHS) - first, 0) * 4 / (MONTHS - first)


def ramp(series: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same with a rise of the planted step's size spread over 14 months of its middle half."""
    first = rng.integers(MONTHS // 4, 3 * MONTHS // 4 - 14)
    return series + STEP * np.clip((np.arange(MONTHS) - first) / 14, 0, 1)


def keep(series: np.ndarray, _rng: np.random.Generator) -> np.ndarray:
    """The series as it is."""
    return series


WORLDS: tuple[tuple[str, tuple[float, ...], Callable], ...] = (
    *((f"none_{rho}", (rho,), keep) for rho in (0.0, 0.3, 0.6, 0.8)),
    ("none_second_order", (0.5, 0.3), keep),
    ("none_kink", (0.3,), bend),
    ("none_ramp", (0.3,), ramp),
    *((f"step_{rho}", (rho,), plant_step) for rho in (0.0, 0.3, 0.6, 0.8)),
)


def main() -> None:
    """Simulate, test, and write the table."""
    from kamresearch.analysis.trend import breaks

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=400, help="of each kind")
    n = parser.parse_args().series
    rows = []
    for place, (world, past, change) in enumerate(WORLDS):
        rng = np.random.default_rng([18, place])
        # The verdict does not hang on the set of possible dates, which takes most of the time.
        with patch.object(breaks, "exclude_dates", lambda _, shape, *__: shape.candidates > 0):
            verdicts = [
                breaks.find_break(pd.Series(change(simulate(rng, *past), rng)), trend=True).verdict
                for _ in range(n)
            ]
        k = verdicts.count("break")
        rows.append(
            {
                "world": world,
                "n": n,
                "share": k / n,
                "low": float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0,
                "high": float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0,
                "cannot_tell": verdicts.count("cannot_tell") / n,
            }
        )
    table = pd.DataFrame(rows)
    TOLD.write_text(yaml.safe_dump(table.round(4).to_dict("records"), sort_keys=False))
    write_result(
        "breaks",
        "The break test: how often does it tell a break?",
        f"Series of {MONTHS} months beside a line that may curve; autocorrelation of first order as "
        f"numbered, `second_order` 0.5 and 0.3, `kink` a slope that sets in and adds up to four "
        f"standard deviations at 0.3, `ramp` a rise of {STEP:g} standard deviations within 14 months "
        f"at 0.3; a planted step is {STEP:g} standard deviations.",
        [describe_machine(), describe_versions("kamresearch")],
        table,
        "`none_`: every break told is a false one (of a ramp, one that is none in a strict sense: the "
        "level does move). `step_`: the share is the power.",
    )


if __name__ == "__main__":
    main()
