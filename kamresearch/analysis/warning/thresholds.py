"""Thresholds: which sum of missing orders would a stated share of the accounts that stayed have
crossed by chance?

They are taken from the company's own past, so that regular and irregular buyers need no
distribution assumed.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.definition import wilson
from kamresearch.analysis.warning.rhythm import CLASSES, DROP, WATCH, Watch, add_up

LEAST_CALIBRATION = 40
"""Account-years that stayed, below which no threshold (and no alert) is given."""


@dataclass(frozen=True)
class Thresholds:
    """For each class of rhythm: the threshold, what it was made from, and what delay goes with
    it.
    """

    false_alarm_rate: float
    values: tuple[float | None, ...]
    n: tuple[int, ...]
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    """rhythm, n, threshold, false_alarm_rate, low, high, found (share of halved accounts found
    within a year), delay_months
    """


def set_thresholds(
    watches: list[Watch], stayed: list[np.ndarray], false_alarm_rate: float = 0.05, seed: int = 0
) -> Thresholds:
    """Which thresholds would a stated share of the accounts that stayed have crossed within a year?

    Parameters
    ----------
    watches : list of Watch
        Past years.
    stayed : list of bool arrays
        For each: which accounts neither left in the year nor in the year after.
    false_alarm_rate : float
        Share of such accounts that may be alerted within a year.
    seed : int
        Of the thinning that measures the delay.

    Notes
    -----
    Threshold: the ⌈(n + 1)(1 − rate)⌉-th smallest yearly maximum (conformal); classes with fewer
    than 40 account-years
    borrow the threshold of all. Delay: the same accounts with each order kept with probability one
    half, watched from
    the first month on.
    """
    rng = np.random.default_rng(seed)
    highest, halved, rhythm = [], [], []
    for watch, kept in zip(watches, stayed, strict=True):
        highest.append(watch.sums[kept].max(axis=1))
        rhythm.append(watch.rhythm[kept])
        halved.append(_halve(watch, kept, rng))
    highest, rhythm = (
        np.concatenate(highest or [np.array([])]),
        np.concatenate(rhythm or [np.array([], int)]),
    )
    halved = np.concatenate(halved) if halved else np.zeros((0, WATCH))
    overall = _conformal(highest, false_alarm_rate)
    values, rows = [], []
    for place, (name, _least) in enumerate(CLASSES):
        own = rhythm == place
        threshold = (
            _conformal(highest[own], false_alarm_rate)
            if own.sum() >= LEAST_CALIBRATION
            else overall
        )
        values.append(threshold)
        rows.append(_class_row(name, highest[own], halved[own], threshold))
    table = pd.DataFrame(
        rows,
        columns=[
            "rhythm",
            "n",
            "threshold",
            "false_alarm_rate",
            "low",
            "high",
            "found",
            "delay_months",
        ],
    )
    return Thresholds(
        false_alarm_rate,
        tuple(values),
        tuple(int((rhythm == k).sum()) for k in range(len(CLASSES))),
        table,
    )


def _conformal(highest: np.ndarray, rate: float) -> float | None:
    if len(highest) < LEAST_CALIBRATION:
        return None
    place = int(np.ceil((len(highest) + 1) * (1 - rate)))
    return float(np.sort(highest)[min(place, len(highest)) - 1])


def _halve(watch: Watch, kept: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    thinned = rng.binomial(watch.counts[kept].astype(int), DROP)
    return add_up(watch.expected[kept], thinned, watch.scale[kept])


def _class_row(
    name: str, highest: np.ndarray, halved: np.ndarray, threshold: float | None
) -> tuple:
    if threshold is None or not len(highest):
        return name, len(highest), threshold, None, None, None, None, None
    crossed = highest > threshold
    bounds = wilson(int(crossed.sum()), len(crossed))
    alarms = halved > threshold
    found = alarms.any(axis=1)
    delay = float(np.median(np.where(found, alarms.argmax(axis=1) + 1, np.inf)))
    return (
        name,
        len(highest),
        threshold,
        float(crossed.mean()),
        bounds.low,
        bounds.high,
        float(found.mean()),
        delay if np.isfinite(delay) else None,
    )


def first_alerts(watch: Watch, thresholds: Thresholds) -> np.ndarray:
    """Month (place within the year) in which each account first crosses its threshold; -1
    where it does not.
    """
    limits = np.array([np.inf if value is None else value for value in thresholds.values])[
        watch.rhythm
    ]
    crossed = watch.sums > limits[:, None]
    return np.where(crossed.any(axis=1), crossed.argmax(axis=1), -1)
