"""Thresholds: which sum of missing orders would a stated share of the accounts that stayed have
crossed by chance?

They are taken from the company's own past, so that regular and irregular buyers need no
distribution assumed.
"""

from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.definition import wilson
from kamresearch.analysis.warning.rhythm import (
    CLASSES,
    DROP,
    REGULARITY,
    WATCH,
    Watch,
    add_up,
)
from kamresearch.finding import Interval

LEAST_CALIBRATION = 40
"""Account-years that stayed, below which no threshold (and no alert) is given."""


NEAREST = 60
"""Account-years whose rhythm is most like an account's own, from which its threshold comes."""
LEVEL_WEIGHT = 0.3
"""Of a difference in level beside one in regularity, both as logarithms: months are already told
in units of their own spread, so that regularity sets the tails."""


@dataclass(frozen=True)
class Thresholds:
    """What accounts that stayed reached by chance, from which every account gets its threshold.

    Parameters
    ----------
    false_alarm_rate : float
        Share of such accounts that may be alerted within a year.
    n : tuple of int
        Account-years that stayed, by class of rhythm.
    table, by_regularity : DataFrame
        rhythm (or class of regularity), n, false_alarm_rate, low, high, found (share of halved
        accounts found within a year), delay_months
    highest : array
        Highest sum of each account-year; ``places`` says which rhythm it came from.
    """

    false_alarm_rate: float
    n: tuple[int, ...]
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_regularity: pd.DataFrame = field(default_factory=pd.DataFrame)
    highest: np.ndarray = field(default_factory=lambda: np.array([]))
    places: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))

    @property
    def known(self) -> bool:
        """Whether enough account-years stayed to set any threshold."""
        return len(self.highest) >= LEAST_CALIBRATION

    def bars(self, watch: Watch) -> np.ndarray:
        """Each account's own threshold; without end where none can be set."""
        return self._bars(_places(watch))

    def _bars(self, places: np.ndarray) -> np.ndarray:
        if not self.known or not len(places):
            return np.full(len(places), np.inf)
        from scipy.spatial import cKDTree

        # A rarer false alarm needs more of them to be seen at all.
        wanted = max(NEAREST, int(np.ceil(6 / self.false_alarm_rate)))
        k = min(wanted, len(self.highest))
        _far, near = cKDTree(self.places).query(places, k=k, p=1)
        return _conformal(self.highest[near], self.false_alarm_rate)


def _places(watch: Watch) -> np.ndarray:
    """Where an account's rhythm lies among others': logarithms of its level and dispersion before
    the year watched. (A year's own level falls in a slump: its likes would then be accounts that
    were low by chance, and those look too good in their own year.)
    """
    level, dispersion = np.maximum(watch.own, 1e-6), np.maximum(watch.dispersion, 1e-6)
    return np.column_stack([LEVEL_WEIGHT * np.log(level), np.log(dispersion)])


def set_thresholds(
    watches: list[Watch],
    stayed: list[np.ndarray],
    false_alarm_rate: float = 0.05,
    random_state: int = 0,
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
    random_state : int
        Of the thinning that measures the delay.

    Notes
    -----
    Threshold of an account: of the 60 account-years most like it in level and regularity (more
    where false alarms are to be rarer), the ⌈(k + 1)(1 − rate)⌉-th smallest yearly maximum
    (conformal). One threshold for all regularities held its rate on average alone: of simulated
    companies of 400 accounts at a rate of 10 %, regular buyers had 1 %, Poisson ones 13 %,
    irregular ones 16 %; with their own, 7, 12 and 10 %. Delay: the same accounts with each order
    kept with probability one half, watched from the first month on.
    """
    rng = np.random.default_rng(random_state)
    highest, places, halved, rhythm, regular = [], [], [], [], []
    for watch, kept in zip(watches, stayed, strict=True):
        highest.append(watch.sums[kept].max(axis=1))
        places.append(_places(watch)[kept])
        rhythm.append(watch.rhythm[kept])
        regular.append(watch.regularity[kept])
        halved.append(_halve(watch, kept, rng))
    highest, rhythm, regular = (
        np.concatenate([np.array([], kind), *parts])
        for parts, kind in ((highest, float), (rhythm, int), (regular, int))
    )
    limits = Thresholds(
        false_alarm_rate,
        tuple(int((rhythm == k).sum()) for k in range(len(CLASSES))),
        highest=highest,
        places=np.concatenate([np.zeros((0, 2)), *places]),
    )
    bars = limits._bars(limits.places)
    halved = np.concatenate([np.zeros((0, WATCH)), *halved])
    tables = (
        pd.DataFrame(
            [
                _class_row(name, highest[own == k], halved[own == k], bars[own == k])
                for k, (name, _least) in enumerate(classes)
            ],
            columns=["rhythm", "n", "false_alarm_rate", "low", "high", "found", "delay_months"],
        )
        for own, classes in ((rhythm, CLASSES), (regular, REGULARITY))
    )
    table, by_regularity = tables
    return replace(limits, table=table, by_regularity=by_regularity)


def _conformal(highest: np.ndarray, rate: float) -> np.ndarray:
    """Per row: the value that a share ``rate`` of further ones like these would pass."""
    k = highest.shape[-1]
    place = min(int(np.ceil((k + 1) * (1 - rate))), k) - 1
    return np.partition(highest, place, axis=-1)[..., place]


def _halve(watch: Watch, kept: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    thinned = rng.binomial(watch.counts[kept].astype(int), DROP)
    return add_up(watch.expected[kept], thinned, watch.scale[kept])


def _class_row(name: str, highest: np.ndarray, halved: np.ndarray, bars: np.ndarray) -> tuple:
    if not len(highest) or not np.isfinite(bars).all():
        return name, len(highest), None, None, None, None, None
    crossed = highest > bars
    bounds = cast(Interval, wilson(int(crossed.sum()), len(crossed)))
    alarms = halved > bars[:, None]
    found = alarms.any(axis=1)
    delay = float(np.median(np.where(found, alarms.argmax(axis=1) + 1, np.inf)))
    return (
        name,
        len(highest),
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
    crossed = watch.sums > thresholds.bars(watch)[:, None]
    return np.where(crossed.any(axis=1), crossed.argmax(axis=1), -1)


def standing_alerts(watch: Watch, limits: Thresholds) -> np.ndarray:
    """Which accounts are under alert at the year's end: crossed within the last six months, and
    still more than half the threshold behind.
    """
    bars = limits.bars(watch)
    recent = (watch.sums[:, WATCH - 6 :] > bars[:, None]).any(axis=1)
    return recent & (watch.sums[:, -1] > bars / 2)
