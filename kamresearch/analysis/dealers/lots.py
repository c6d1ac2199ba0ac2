"""What chance alone would make of groups: their members dealt out again by lot."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

ALPHA = 0.05
"""Chance that any group of a company lies outside where none differs."""
LEAST_MEMBERS = 5
"""Members without which a group is not judged."""
LEAST_GROUPS = 3
_TAIL = 5
"""Lots beyond each limit: fewer would let the limits shake."""
_MOST_DEALT = 200_000_000
"""Members dealt in all; beyond it, limits are read off fewer lots as those of a normal."""
_AT_ONCE = 500_000
"""Members dealt at once, for memory's sake."""


@dataclass(frozen=True)
class Judged:
    """Groups beside what lot would make of them.

    Parameters
    ----------
    frame : DataFrame
        group, n, value, low, high (limits by lot, 95 % for all groups together; missing where the
        group has too few members), outside: one row per group, by group.
    overall : float or None
        The ratio of all judged members; None where fewer than three groups can be judged.
    dispersion, p_value : float or None
        Σ z² / (K − 1) of the K groups judged, and the share of lots with as much.
    """

    frame: pd.DataFrame
    overall: float | None
    dispersion: float | None
    p_value: float | None


def judge_groups(members: pd.DataFrame, random_state: int = 0) -> Judged:
    """Which groups differ by more than chance, and do they differ at all?

    A group's value is Σ part / Σ whole of its members. Members are dealt to the groups by lot, as
    many to each as it has: what comes out is what a group of that size shows where none differs,
    whatever the distribution of the members (for counts it is the hypergeometric). A group is
    outside where its value lies beyond the α/(2K) tails of its lots (Bonferroni), so that in one of
    twenty companies without any difference one group or more does. Dispersion is
    Σ z² / (K − 1), z = (value − mean of its lots) / their standard deviation · √(1 − n/N): about 1
    by chance (Spiegelhalter 2005, “Funnel plots for comparing institutional performance”); its
    p-value is the share of lots with as large a sum.

    Parameters
    ----------
    members : DataFrame
        group, part, whole (above nought): one row per member.
    random_state : int
        Of the lots.
    """
    sums = members.groupby("group", observed=True)[["part", "whole"]].sum()
    sums["n"] = members.groupby("group", observed=True).size()
    frame = pd.DataFrame(
        {"n": sums["n"].astype(int), "value": sums["part"] / sums["whole"]}, index=sums.index
    )
    frame[["low", "high"]] = np.nan
    frame["outside"] = False
    judged = frame["n"] >= LEAST_MEMBERS
    if judged.sum() < LEAST_GROUPS:
        return Judged(_named(frame), None, None, None)
    kept = members[members["group"].isin(frame.index[judged])].sort_values("group", kind="stable")
    sizes = frame.loc[judged, "n"].to_numpy()
    lots = _deal(kept["part"].to_numpy(float), kept["whole"].to_numpy(float), sizes, random_state)
    values = frame.loc[judged, "value"].to_numpy(float)
    limits = np.array([_limits(lots[:, sizes == size], len(sizes)) for size in sizes])
    low, high = limits.T
    frame.loc[judged, "low"], frame.loc[judged, "high"] = low, high
    slack = 1e-9 * np.maximum(np.abs(values), 1)
    frame.loc[judged, "outside"] = (values < low - slack) | (values > high + slack)
    means, spread = lots.mean(axis=0), lots.std(axis=0)
    weight = np.where(spread > 0, np.sqrt(1 - sizes / sizes.sum()), 0) / np.where(
        spread > 0, spread, 1
    )
    by_lot = ((lots - means) * weight) ** 2
    found = float((((values - means) * weight) ** 2).sum())
    overall = float(kept["part"].sum() / kept["whole"].sum())
    if not (spread > 0).any():  # everybody is alike: nothing can differ
        return Judged(_named(frame), overall, None, None)
    p_value = float((1 + (by_lot.sum(axis=1) >= found).sum()) / (len(lots) + 1))
    return Judged(_named(frame), overall, found / (len(sizes) - 1), p_value)


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename_axis("group").reset_index()


def _deal(part: np.ndarray, whole: np.ndarray, sizes: np.ndarray, seed: int) -> np.ndarray:
    """Ratios of the groups (columns) in each lot (rows)."""
    rng = np.random.default_rng(seed)
    wanted = max(1_999, int(_TAIL * 2 * len(sizes) / ALPHA) - 1)
    draws = int(np.clip(_MOST_DEALT // len(part), 199, wanted))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    block = max(1, _AT_ONCE // len(part))
    lots = []
    for begin in range(0, draws, block):
        order = np.tile(np.arange(len(part)), (min(block, draws - begin), 1))
        order = rng.permuted(order, axis=1)
        parts = np.add.reduceat(part[order], starts, axis=1)
        lots.append(parts / np.add.reduceat(whole[order], starts, axis=1))
    return np.concatenate(lots)


def _limits(lots: np.ndarray, n_groups: int) -> tuple[float, float]:
    """What all but α/(2K) of the lots of groups of one size keep to on either side."""
    from scipy.stats import norm

    ranked, tail = np.sort(lots, axis=None), ALPHA / (2 * n_groups)
    place = int(tail * (len(ranked) + 1))
    if place >= 1:
        return float(ranked[place - 1]), float(ranked[-place])
    reach = float(norm.isf(tail) * ranked.std())
    return float(ranked.mean()) - reach, float(ranked.mean()) + reach
