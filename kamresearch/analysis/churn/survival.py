"""Survival: spells of accounts, numbers at risk, Kaplan–Meier curves with intervals, late
entry allowed for.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import beta, norm

from kamresearch.analysis.churn.losses import Losses
from kamresearch.errors import AnalysisError

LEAST_AT_RISK = 10
"""Accounts that must be watched at an age for a curve with late entry to begin there."""
LEVEL = 0.95
"""Of intervals, where none is asked for."""
CURVE = ("begins", "time", "at_risk", "fewest", "lost", "survival", "standard_error", "low", "high")


def make_spells(first_seen: pd.Series, losses: Losses, observed_from: pd.Timestamp) -> pd.DataFrame:
    """First spell of each account as one.

    Parameters
    ----------
    first_seen : Series
        account_id → first day as an account.
    losses : Losses
        Losses known by its as-of day.
    observed_from : Timestamp
        First day on which a loss could have been recorded: accounts that are older are only seen
        from then on, and
        enter late (they cannot have been lost before, or they would not be here). Where silence
        alone tells, an
        account starts with its first order (an older one enters with it), and one that never
        ordered not at all.

    Returns
    -------
    DataFrame
        account_id, start, entry_days, exit_days, cause (None where the spell still lasts), lost;
        one row an account.
    """
    first = losses.frame.drop_duplicates("account_id", keep="first").set_index("account_id")
    start = first_seen[first_seen.notna() & (first_seen <= losses.as_of)].sort_index()
    watched_from = pd.Series(observed_from, index=start.index)
    if losses.started is not None:
        start = start[start.index.isin(losses.started.index)]
        ordered = losses.started.reindex(start.index).dt.to_period("M").dt.start_time
        watched_from = ordered.clip(lower=observed_from)
        start = start.where(start < observed_from, np.maximum(start, ordered))
    end = first["churn_date"].reindex(start.index)
    lost = end.notna()
    end = end.fillna(losses.as_of)
    frame = pd.DataFrame(
        {
            "start": start,
            "entry_days": (watched_from - start).dt.days.clip(lower=0).astype(float),
            "exit_days": (end - start).dt.days.clip(lower=0).astype(float) + 0.5,
            "cause": first["cause"].reindex(start.index).where(lost),
            "lost": lost,
        }
    )
    frame = frame[frame["exit_days"] > frame["entry_days"]]
    return frame.rename_axis("account_id").reset_index()


def kaplan_meier(
    durations: np.ndarray, lost: np.ndarray, entry: np.ndarray | None = None, level: float = LEVEL
) -> pd.DataFrame:
    """Which share is still there after so long?

    Parameters
    ----------
    durations : array
        Time until loss or until last seen.
    lost : array of bool
        Whether the time ended in a loss.
    entry : array, optional
        Time from which each case was watched (late entry).
    level : float
        Of the interval.

    Returns
    -------
    DataFrame
        begins, time, at_risk, fewest, lost, survival, standard_error, low, high: one row a distinct
        time of loss or last
        sight. ``begins`` is the time at which the curve begins (0 without late entry), and survival
        is that of the cases
        still there then; ``fewest`` the fewest cases watched at any time since. Greenwood's
        variance, interval on the
        log-log scale (it stays within 0 and 1); exact bounds while nobody and once everybody is
        lost.

    Raises
    ------
    AnalysisError
        Nothing to look at, or a negative time.

    Notes
    -----
    With late entry few may be watched at early times; the loss of the only one would set the curve
    to 0 for ever. The
    curve therefore begins at the first time at which 10 cases are watched (or half of the most ever
    watched, if that is
    less), conditional on having stayed so long (Klein & Moeschberger 2003, section 4.6), and ends
    where fewer than half
    as many are watched while others have yet to enter. Without late entry neither ever applies.

    No loss so far: with at least m watched throughout, that has a chance of S^m at most, so the
    lower bound is
    (α/2)^(1/m), which is Clopper and Pearson's where nobody entered late. All lost: the upper bound
    is the quantile of
    the product of beta variables with parameters n − d + 1 and d, by its moments (Fay, Brittain &
    Proschan 2013).

    References
    ----------
    Klein, Moeschberger (2003), Survival Analysis, 2nd ed.; Fay, Brittain, Proschan (2013),
    Biostatistics 14, 723–736.

    Examples
    --------
    >>> kaplan_meier(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]))["survival"].round(3).tolist()
    [0.667, 0.667, 0.0]
    """  # noqa: E501
    durations, lost = np.asarray(durations, float), np.asarray(lost, bool)
    check_durations(durations, entry)
    risk = risk_table(durations, lost.astype(int), 1, entry)
    at_risk, deaths, tail = risk.at_risk, risk.events[0], (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - deaths / at_risk)
        sums = np.cumsum(np.where(at_risk > deaths, deaths / (at_risk * (at_risk - deaths)), 0.0))
        error = survival * np.sqrt(sums)
        z = norm.ppf((1 + level) / 2) * np.sqrt(sums) / np.abs(np.log(survival))
        low, high = survival ** np.exp(z), survival ** np.exp(-z)
    fewest = np.minimum.accumulate(risk.lowest)
    low = np.select([survival <= 0, survival >= 1], [0.0, tail ** (1 / until_next(fewest))], low)
    high = np.select(
        [survival <= 0, survival >= 1], [most_when_all_lost(at_risk, deaths, tail), 1.0], high
    )
    return pd.DataFrame(
        {
            "begins": risk.begins,
            "time": risk.time,
            "at_risk": at_risk.astype(int),
            "fewest": fewest.astype(int),
            "lost": deaths.astype(int),
            "survival": survival,
            "standard_error": error,
            "low": low,
            "high": high,
        }
    )


def until_next(values: np.ndarray) -> np.ndarray:
    """A row speaks of the time up to the next, when those who leave with it are gone."""
    return np.r_[values[1:], values[-1:]]


def most_when_all_lost(at_risk: np.ndarray, deaths: np.ndarray, tail: float) -> np.ndarray:
    """Upper bound of survival at each time from a product of beta variables, fitted by its two
    moments.

    Where all are lost without one leaving before, it is exact: of 5 lost, 1 − 0.025^(1/5).

    >>> most_when_all_lost(np.array([5.0, 3.0]), np.array([2.0, 3.0]), 0.025).round(3).tolist()
    [0.947, 0.522]
    """
    a, total = at_risk - deaths + 1, at_risk + 1
    mean, square = np.cumprod(a / total), np.cumprod(a * (a + 1) / (total * (total + 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = mean * (1 - mean) / (square - mean**2) - 1
        return np.where(
            np.cumsum(deaths) > 0, beta.ppf(1 - tail, mean * size, (1 - mean) * size), 1.0
        )


def check_durations(durations: np.ndarray, entry: np.ndarray | None = None) -> None:
    """Refuse what no curve can be made from."""
    if len(durations) == 0:
        raise AnalysisError(
            "durations", "at least one account", "none", "check the slice and the as-of date"
        )
    if not np.isfinite(durations).all() or (durations < 0).any():
        bad = int((~np.isfinite(durations) | (durations < 0)).sum())
        raise AnalysisError(
            "durations",
            "times from 0 up",
            f"{bad} negative or missing",
            "check losses before the first order",
        )
    if entry is not None and (np.asarray(entry, float) >= durations).any():
        bad = int((np.asarray(entry, float) >= durations).sum())
        raise AnalysisError(
            "durations",
            "entries before exits",
            f"{bad} that enter as or after they leave",
            "drop them",
        )


class RiskTable(NamedTuple):
    """Who was watched and who was lost at each distinct time."""

    begins: float
    time: np.ndarray
    at_risk: np.ndarray
    lowest: np.ndarray
    """Fewest watched since the time before"""
    events: list[np.ndarray]
    """Cause by cause: losses at each time"""


def risk_table(
    durations: np.ndarray, causes: np.ndarray, n_causes: int, entry: np.ndarray | None = None
) -> RiskTable:
    """Distinct times, numbers at risk and losses by cause (cause 0 = still there), where
    enough are watched.
    """
    time, place = np.unique(durations, return_inverse=True)
    leaving = np.bincount(place, minlength=len(time))
    at_risk = np.r_[len(durations), len(durations) - np.cumsum(leaving)[:-1]].astype(float)
    events = [
        np.bincount(place[causes == k], minlength=len(time)).astype(float)
        for k in range(1, n_causes + 1)
    ]
    if entry is None:
        return RiskTable(0.0, time, at_risk, at_risk, events)
    entries, exits = np.sort(np.asarray(entry, float)), np.sort(durations)

    def watched_after(times: np.ndarray) -> np.ndarray:
        return np.searchsorted(entries, times, side="right") - np.searchsorted(
            exits, times, side="right"
        )

    # Not yet watched at a time: those who enter at or after it.
    at_risk -= len(durations) - np.searchsorted(entries, time, side="left")
    changes = np.unique(np.r_[entries, exits])
    watched = watched_after(changes)
    least = min(LEAST_AT_RISK, watched.max() / 2)
    begins = changes[np.argmax(watched >= least)]
    thin = changes[(changes > begins) & (changes < entries[-1]) & (watched < least / 2)]
    inside = (time > begins) & (time <= thin.min(initial=np.inf))
    # Between two exits the number only grows: it is lowest just after the earlier one.
    lowest = watched_after(np.maximum(np.r_[begins, time[:-1]], begins)).astype(float)
    return RiskTable(
        float(begins),
        time[inside],
        at_risk[inside],
        lowest[inside],
        [one[inside] for one in events],
    )


def survival_at(curve: pd.DataFrame, time: float) -> tuple[float, float, float] | None:
    """Survival, low, high at a time; None before the curve begins and after it ends."""
    if curve.empty or not curve["begins"].iloc[0] <= time <= curve["time"].iloc[-1]:
        return None
    place = np.searchsorted(curve["time"].to_numpy(), time, side="right") - 1
    if place < 0:
        nobody_yet = ((1 - LEVEL) / 2) ** (1 / curve["fewest"].iloc[0])
        return 1.0, 1.0 if time == curve["begins"].iloc[0] else float(nobody_yet), 1.0
    row = curve.iloc[place]
    return float(row["survival"]), float(row["low"]), float(row["high"])
