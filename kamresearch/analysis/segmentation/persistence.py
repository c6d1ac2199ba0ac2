"""Persistence: how many of this year's largest accounts were among last year's, and how many
chance alone would keep.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.periods import say_uncovered_year
from kamresearch.analysis.segmentation.draws import revenue_spread
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LEAST = 10


@dataclass(frozen=True)
class Persistence(Result):
    """Top fifth of this year against last year's, and against a world in which only chance
    moves accounts.
    """

    exports = (
        "segmentation.persistence",
        "segmentation.persistence_by_chance",
        "segmentation.regression_of_top",
    )
    shows = (Shown("segmentation.persistence"),)

    n_accounts: int
    n_top: int
    n_stayed: int
    share: float | None
    interval: Interval | None
    by_chance: float | None
    """Share that would stay if every account's true level were the same in both years."""
    by_chance_interval: Interval | None
    regression: float | None
    """Median change in revenue of last year's top fifth, as a share, less that of all accounts
    with revenue in both years.
    """
    frame: pd.DataFrame
    """account_id, revenue_prior_12m, revenue_12m, top_before, top_now"""
    reason: Text | None = None

    def findings(self) -> list[Finding]:
        """Persistence of the top fifth, what chance alone would give, and how far the top fell
        back.
        """
        reason = self.reason
        sentence = None
        if self.share is not None:
            sentence = _(
                "Of this year's largest fifth, {share} were already there last year; had "
                "every account kept its level, {chance} would have been.",
                share=Quantity(self.share, "share"),
                chance=Quantity(self.by_chance, "share"),
            )
        return [
            Finding(
                "segmentation.persistence",
                self.share,
                "share",
                _("Largest accounts that were so last year too"),
                _(
                    "Share of this year's largest fifth by revenue that was in last year's "
                    "largest fifth; accounts with "
                    "revenue in either year; 95% Wilson interval."
                ),
                interval=self.interval,
                n=self.n_top,
                figure="segmentation.persistence",
                sentence=sentence,
                reason=reason,
                headline=True,
            ),
            Finding(
                "segmentation.persistence_by_chance",
                self.by_chance,
                "share",
                _("The same if only chance moved accounts"),
                _(
                    "Share that would stay if every account's true level were the same in "
                    "both years and only the coming of its orders differed, as evenly as it orders "
                    "(simulated); the interval holds 95% of the runs."
                ),
                interval=self.by_chance_interval,
                n=self.n_accounts,
                figure="segmentation.persistence",
                reason=reason,
            ),
            Finding(
                "segmentation.regression_of_top",
                self.regression,
                "growth",
                _("How far last year's top fell back"),
                _(
                    "Median change in revenue of last year's largest fifth, less the "
                    "median change of all accounts that "
                    "ordered in both years: what regression to the mean does to any list "
                    "of the largest."
                ),
                n=self.n_top,
                reason=None if self.regression is not None else reason or _TOO_FEW,
                figure="segmentation.persistence",
            ),
        ]


_TOO_FEW = _("Fewer than ten accounts ordered in both years.")


def measure_persistence(
    snapshot: pd.DataFrame,
    moments: pd.DataFrame | None = None,
    random_state: int = 0,
    n_resamples: int = 400,
    share: float = 0.2,
) -> Persistence:
    """Are this year's largest accounts last year's too?

    Parameters
    ----------
    snapshot : DataFrame
        account_id, revenue_12m, revenue_prior_12m, n_orders_12m, n_orders_prior_12m.
    moments : DataFrame, optional
        account_id, revenue_squares_12m: squares of the orders' revenue, for the spread of a year.
    random_state, n_resamples : int
        Of the simulation of a world where only chance moves accounts.
    share : float
        What counts as largest.

    Notes
    -----
    Ties at the edge of the top fifth are ruled by account_id, so that the top fifth has one size in
    both years.
    """
    counted = snapshot.assign(evenness=_evenness(snapshot))
    frame = counted[
        [
            "account_id",
            "revenue_prior_12m",
            "revenue_12m",
            "n_orders_12m",
            "n_orders_prior_12m",
            "evenness",
        ]
    ].fillna(
        {"revenue_prior_12m": 0.0, "revenue_12m": 0.0, "n_orders_12m": 0, "n_orders_prior_12m": 0}
    )
    before, now = (frame[name].to_numpy(float) for name in ("revenue_prior_12m", "revenue_12m"))
    either = (before > 0) | (now > 0)
    frame, before, now = frame[either].reset_index(drop=True), before[either], now[either]
    n, reason = len(frame), say_uncovered_year(snapshot)
    if reason is None and (n < LEAST or not (before > 0).sum() >= LEAST):
        reason = _("Fewer than ten accounts had revenue in the year before.")
    if reason is not None:
        empty = pd.DataFrame(
            {
                name: []
                for name in (
                    "account_id",
                    "revenue_prior_12m",
                    "revenue_12m",
                    "top_before",
                    "top_now",
                )
            }
        )
        return Persistence(
            n,
            0,
            0,
            None,
            None,
            None,
            None,
            None,
            empty,
            reason,
        )
    count = max(int(np.ceil(share * n)), 1)
    top_before, top_now = top_of(before, count), top_of(now, count)
    stayed = int((top_before & top_now).sum())
    spread = revenue_spread(snapshot[snapshot["account_id"].isin(frame["account_id"])], moments)
    chance = _by_chance(
        frame, before, now, spread, count, np.random.default_rng(random_state), n_resamples
    )
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(stayed, count, method="wilson")
    shown = frame[["account_id", "revenue_prior_12m", "revenue_12m"]].assign(
        top_before=top_before, top_now=top_now
    )
    return Persistence(
        n,
        count,
        stayed,
        stayed / count,
        Interval(float(low), float(high)),
        float(chance.mean()),
        Interval(*(float(q) for q in np.quantile(chance, [0.025, 0.975]))),
        _regression(before, now, top_before),
        shown,
    )


def _evenness(snapshot: pd.DataFrame) -> np.ndarray:
    """Variance of an account's number of orders over a Poisson's, at most 1: the squared variation
    of its gaps (as of a renewal process), drawn towards 1 by the weight of three gaps.
    """
    needed = ("days_between_orders_mean", "days_between_orders_sd", "n_order_days")
    if not set(needed) <= set(snapshot.columns):
        return np.ones(len(snapshot))
    mean, sd, days = (pd.to_numeric(snapshot[name]).to_numpy(float) for name in needed)
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = np.where(mean > 0, (sd / mean) ** 2, np.nan)
    gaps = np.where(np.isfinite(squared), np.maximum(days - 1, 0), 0.0)
    drawn = (gaps * np.nan_to_num(squared, nan=1.0, posinf=1.0) + 3) / (gaps + 3)
    return np.minimum(drawn, 1.0)


def top_of(value: np.ndarray, count: int) -> np.ndarray:
    """Flags of the ``count`` largest; ties go to the earlier row."""
    flags = np.zeros(len(value), dtype=bool)
    flags[np.argsort(-value, kind="stable")[:count]] = True
    return flags


def _by_chance(
    frame: pd.DataFrame,
    before: np.ndarray,
    now: np.ndarray,
    spread: np.ndarray,
    count: int,
    rng: np.random.Generator,
    draws: int,
) -> np.ndarray:
    """Persistence in draws where both years have the account's mean level, and orders come at
    random around it.
    """
    level = np.maximum(before + now, 0) / 2
    n_orders = frame["n_orders_12m"].to_numpy(float) + frame["n_orders_prior_12m"].to_numpy(float)
    n_orders = np.maximum(n_orders / 2, 0.5)
    # a sum of Poisson many orders: relative variance = (1 + cv²) / n
    relative = np.where(
        now > 0,
        (spread / np.where(now > 0, now, 1.0)) ** 2 * frame["n_orders_12m"].to_numpy(float),
        1.0,
    )
    # Counts of even buyers vary less than a Poisson's: by the squared variation of their gaps.
    relative = (np.clip(relative, 1.0, 10.0) - 1 + frame["evenness"].to_numpy(float)) / n_orders
    relative = np.maximum(relative, 1e-4)
    shape = 1 / relative
    kept = np.empty(draws)
    for i in range(draws):
        years = rng.gamma(shape, 1.0, size=(2, len(level))) / shape * level
        kept[i] = (top_of(years[0], count) & top_of(years[1], count)).sum() / count
    return kept


def _regression(before: np.ndarray, now: np.ndarray, top_before: np.ndarray) -> float | None:
    both = (before > 0) & (now > 0)
    if both.sum() < LEAST or not (top_before & both).any():
        return None
    change = now / np.where(before > 0, before, 1.0) - 1
    return float(np.median(change[top_before & both]) - np.median(change[both]))
