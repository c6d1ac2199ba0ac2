"""An account's own rhythm: what it was expected to order month by month, and what is missing, added
up.

The monthly number of orders is compared with the account's own level of the two years before, moved
by what all
accounts do together (season, a market's slump). A CUSUM adds up what is missing, in units of the
month's own spread.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

WATCH, BASE, LEAST_BASE = 12, 24, 12
"""Months watched, months of the own level before them, and the fewest of those that will do."""
DROP = 0.5
"""The CUSUM is tuned to find orders falling to this share of the account's level."""
CLASSES = (("rare", 0.0), ("some", 0.35), ("often", 0.9))
"""Classes of rhythm: name and least expected orders a month, for what is told."""
REGULARITY = (("even", 0.0), ("usual", 0.7), ("uneven", 1.4))
"""Classes of regularity: name and least dispersion; 24 months of a Poisson lie in the middle one
nine times in ten."""


@dataclass(frozen=True)
class Watch:
    """A year of watching: one row an account."""

    ids: np.ndarray
    expected: np.ndarray
    """accounts × months: orders expected by the own level and by what all do"""
    counts: np.ndarray
    sums: np.ndarray
    """CUSUM at the end of each month"""
    months: pd.DatetimeIndex
    scale: np.ndarray
    """accounts × months: spread of an account's month"""
    dispersion: np.ndarray
    """Variance of the account's months before over a Poisson's: below 1 an even buyer"""
    own: np.ndarray
    """Orders a month of the account's months before, less what all did together"""

    @property
    def level(self) -> np.ndarray:
        """Expected orders a month, of the months in which the account was there."""
        return self.expected.sum(axis=1) / np.maximum((self.expected > 0).sum(axis=1), 1)

    @property
    def rhythm(self) -> np.ndarray:
        """Class of rhythm, as the place in `CLASSES`."""
        return np.searchsorted([least for _name, least in CLASSES], self.level, side="right") - 1

    @property
    def regularity(self) -> np.ndarray:
        """Class of regularity, as the place in `REGULARITY`."""
        edges = [least for _name, least in REGULARITY]
        return np.searchsorted(edges, self.dispersion, side="right") - 1


def pivot_months(months: pd.DataFrame) -> pd.DataFrame:
    """account_id × month → orders; NaN before an account's first order month."""
    first = months["month"] == months.groupby("account_id", sort=False)["month"].transform("min")
    # The month of the first order holds an order by construction: it says nothing about the rhythm.
    counted = months.assign(n_orders=months["n_orders"].astype(float).mask(first))
    wide = counted.set_index(["account_id", "month"])["n_orders"].unstack("month").sort_index()  # noqa: PD010
    return (
        wide.reindex(columns=pd.date_range(wide.columns.min(), wide.columns.max(), freq="MS"))
        if len(wide)
        else wide
    )


def watch_year(
    wide: pd.DataFrame, last: pd.Timestamp, away: dict[str, list[tuple]] | None = None
) -> Watch:
    """Watch the twelve months up to ``last`` (first day of the last month) against each account's
    two years before.

    Parameters
    ----------
    wide : DataFrame
        account_id × month → orders, as `pivot_months` gives it; months after ``last`` are not
        looked at.
    last : Timestamp
        First day of the last month watched.
    away : dict, optional
        account_id → (day of the loss, day of the return or None): months in between belong to
        nobody's rhythm, neither
        the account's own nor what all accounts do together. Losers left in would drag the common
        movement down, and those
        that stayed would look too good: by as much as there were losses that year, so that no
        threshold would hold in
        another year.

    Notes
    -----
    Level: orders of the base over its common movement, drawn to all accounts' by the weight of one
    month. Spread of a
    month with μ orders expected: √(μ + (d − 1) μ² / μ₀), where d is the account's variance over a
    Poisson's in its base
    and μ₀ the base's mean: irregularity grows with the level (negative binomial), so that a market
    that grows between
    base and watched year does not make an account look irregular.
    """
    columns = wide.columns
    end = columns.get_loc(last) + 1
    values = _without_away(wide, away)
    base, counts = values[:, max(0, end - WATCH - BASE) : end - WATCH], values[:, end - WATCH : end]
    enough = (~np.isnan(base)).sum(axis=1) >= LEAST_BASE
    usable = enough & ~np.isnan(counts).all(axis=1) & (np.nansum(base, axis=1) > 0)
    base, counts = base[usable], counts[usable]
    # What all do together, month by month, as a ratio to the pooled own levels.
    common_base = _common(base, _shrunk_level(base))
    own = _shrunk_level(base, common_base)
    there = ~np.isnan(counts)
    expected = np.where(there, own[:, None] * _common(counts, own)[None, :], 0.0)
    filled = np.where(there, counts, 0.0)
    dispersion = _dispersion(base, own[:, None] * common_base[None, :])
    scale = _spread(expected, base, own[:, None] * common_base[None, :], dispersion)
    months = pd.DatetimeIndex(columns[end - WATCH : end])
    return Watch(
        wide.index.to_numpy()[usable],
        expected,
        filled,
        add_up(expected, filled, scale),
        months,
        scale,
        dispersion,
        own,
    )


def add_up(expected: np.ndarray, counts: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """One-sided CUSUM of missing orders, in units of the account's own spread in each month.

    The reference value lies between the level and its half (Poisson likelihood), so that an account
    at its level loses
    ground and one at half of it gains.
    """
    missing = (expected * (1 - DROP) / -np.log(DROP) - counts) / scale
    sums, current = np.zeros(counts.shape), np.zeros(len(counts))
    for month in range(counts.shape[1]):
        current = np.maximum(0, current + missing[:, month])
        sums[:, month] = current
    return sums


def _spread(
    expected: np.ndarray, base: np.ndarray, expected_base: np.ndarray, dispersion: np.ndarray
) -> np.ndarray:
    """Standard deviation of each watched month, carried from the base's level to the month's."""
    mean_base = np.where(np.isnan(base), 0.0, expected_base).sum(axis=1) / (~np.isnan(base)).sum(
        axis=1
    )
    mean = np.maximum(expected, 0.02)
    extra = (dispersion - 1)[:, None]
    return np.sqrt(mean * (1 + np.where(extra > 0, extra * mean / mean_base[:, None], extra)))


def _dispersion(base: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Variance of the account's months over a Poisson's, drawn towards 1 by the weight of six
    months.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.where(np.isnan(base) | (expected <= 0), 0.0, (base - expected) ** 2 / expected)
    return (squares.sum(axis=1) + 6) / ((~np.isnan(base)).sum(axis=1) + 6)


def _without_away(wide: pd.DataFrame, away: dict[str, list[tuple]] | None) -> np.ndarray:
    """Months in which an account was known to be away are no part of its rhythm."""
    values = wide.to_numpy(float, copy=True)
    months = wide.columns.to_numpy("datetime64[M]")
    place = {account: row for row, account in enumerate(wide.index)}
    for account, spells in (away or {}).items():
        if account in place:
            for left, back in spells:
                gone = months > np.datetime64(left, "M")
                if back is not None:
                    gone &= months < np.datetime64(back, "M")
                values[place[account], gone] = np.nan
    return values


def _shrunk_level(base: np.ndarray, common: np.ndarray | None = None) -> np.ndarray:
    """Own orders a month (per common factor), drawn towards all accounts' by the weight of one
    month.
    """
    common = np.ones(base.shape[1]) if common is None else common
    weight = np.where(np.isnan(base), 0.0, common).sum(axis=1)
    total = np.nansum(base, axis=1)
    overall = total.sum() / max(weight.sum(), 1e-9)
    return (total + overall) / (weight + 1.0)


def _common(counts: np.ndarray, own: np.ndarray) -> np.ndarray:
    """What all accounts do in a month: orders over what their own levels would give; 1 where
    nobody was there.
    """
    there = ~np.isnan(counts)
    usual = (there * own[:, None]).sum(axis=0)
    got = np.nansum(counts, axis=0)
    # A handful of orders tells nothing about a common movement: drawn towards 1 by the weight of
    # five orders.
    return (got + 5) / (usual + 5)
