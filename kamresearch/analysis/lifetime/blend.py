"""The blend: a buying model and its learned correction, weighted by which of them ordered
accounts better before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.lifetime.learned import FLOOR, Corrected, fit_corrected
from kamresearch.analysis.lifetime.pareto import ParetoNBD
from kamresearch.analysis.lifetime.purchasing import Past
from kamresearch.errors import AnalysisError

WEIGHTS = np.linspace(1 / 12, 11 / 12, 11)
"""Neither side is ever silenced: the stretches that judge them are few."""
POWERS = np.arange(1.0, 1.51, 0.05)
TRUST = 0.6
"""How much of the sharpening that was best on short stretches is used: over longer horizons
counts are larger.
"""
DOUBT = 2.0
"""Drift is believed as far as its stretches outweigh so many without any: of one stretch a third.
Chosen on thought, not on data.
"""
SEASON_DOUBT = 0.5
"""The same of the years before: a season comes back. Tried on simulated shops (.25, .5, 1, 2)."""
MOST_DRIFT = 2.0
YEAR = 365
MOST_YEARS = 3
"""Years before whose same days are looked at."""
LEAST_HISTORIES = 30
SHORT = 300
"""Days below which a horizon meets only part of the year, so that last year's same days tell."""


@dataclass(frozen=True)
class Blend:
    """Geometric mean of a Pareto/NBD and a corrected buying model, sharpened at an unchanged total.

    Parameters
    ----------
    weight : float
        Of the correction.
    power : float
        Exponent of the sharpening: expectations of rare buyers go down, of frequent ones up, the
        sum stays. It makes the
        error per account small where most accounts order nothing.
    drift : float
        By what factor the buying model's totals fell short before: season and growth of the whole.
    """

    model: ParetoNBD
    corrected: Corrected
    weight: float
    power: float
    drift: float = 1.0

    def expected_orders(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Order days to expect of each account; their total is the buying model's, times the
        drift of the whole.
        """
        model = self.model.expected_orders(history, days)
        mean = mix(model, self.corrected.expected_orders(history, days), self.weight)
        return sharpen(mean, self.power) * (self.drift * model.sum() / max(mean.sum(), FLOOR))

    def value_orders(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Order days for sums of money: the buying model's own, neither sharpened nor
        corrected, at the blend's total.
        """
        return self.drift * self.model.expected_orders(history, days)

    def probability_active(self, history: pd.DataFrame, days: float) -> np.ndarray:
        """Probability of at least one order within the next days."""
        return self.corrected.probability_active(history, days)


def mix(model: np.ndarray, corrected: np.ndarray, weight: float) -> np.ndarray:
    """Weighted geometric mean of two expectations.

    >>> mix(np.array([4.0]), np.array([1.0]), 0.5).tolist()
    [2.0]
    """
    logs = (1 - weight) * np.log(np.maximum(model, FLOOR)) + weight * np.log(
        np.maximum(corrected, FLOOR)
    )
    return np.exp(logs)


def sharpen(expected: np.ndarray, power: float) -> np.ndarray:
    """Expectations raised to a power and scaled back to their total.

    >>> sharpen(np.array([1.0, 3.0]), 2.0).tolist()
    [0.4, 3.6]
    """
    raised = expected**power
    return raised * (expected.sum() / raised.sum()) if raised.sum() > 0 else expected


def fit_blend(past: Past, as_of: pd.Timestamp, days: float, most_cuts: int = 3) -> Blend:
    """Weigh model and correction by how they ordered accounts on earlier stretches, and sharpen by
    the error there.

    Parameters
    ----------
    past : Past
        Where histories come from.
    as_of : Timestamp
        Nothing later is seen.
    days : float
        Horizon that will be asked for; judged on stretches of at most a third of the span.
    most_cuts : int
        Stretches, half a horizon apart.
    """
    stretches = list(_stretches(past, as_of, days, most_cuts))
    if not stretches:
        raise AnalysisError(
            "lifetime.blend", "an earlier stretch to judge on", "none", "use a buying model"
        )
    ranked = [
        np.mean(
            [
                sum(order_scores(mix(model, corrected, weight), orders))
                for model, corrected, orders in stretches
            ]
        )
        for weight in WEIGHTS
    ]
    weight = float(WEIGHTS[int(np.argmax(ranked))])
    errors = [
        np.mean(
            [
                _error(mix(model, corrected, weight), power, orders)
                for model, corrected, orders in stretches
            ]
        )
        for power in POWERS
    ]
    power = 1 + TRUST * (float(POWERS[int(np.argmin(errors))]) - 1)
    drift = learn_drift(past, as_of, days, stretches)
    corrected = past.once(fit_corrected, as_of, days)
    return Blend(past.pareto(as_of), corrected, weight, power, drift)


def learn_drift(past: Past, as_of: pd.Timestamp, days: float, stretches: list) -> float:
    """By what factor to move the buying model's total: how far it fell short of what came before.

    A buying model knows neither season nor growth of the whole: in a year of growth its totals lie
    too low, before a slack season too high. A horizon shorter than a year takes what came on the
    same days of the years before, where they are known: of its season other days say nothing. Else
    the stretches (half a horizon apart) count by the days that they do not share. The mean is drawn
    to none, and held within a factor of two.
    """
    misses, doubt = _misses_in_years(past, as_of, days), SEASON_DOUBT
    known = float(len(misses))
    if not misses:
        misses = [
            float(np.log(orders.sum() / max(model.sum(), FLOOR)))
            for model, _corrected, orders in stretches
        ]
        known, doubt = 1 + (len(misses) - 1) / 2, DOUBT
    limit = np.log(MOST_DRIFT)
    return float(np.exp(np.clip(known / (known + doubt) * np.mean(misses), -limit, limit)))


def knows_season(span: float, days: float) -> bool:
    """Whether orders over so many days tell the season of the days ahead: of a whole year ahead
    they do once they span one, of a part of it where the same days a year ago can be looked at.

    >>> knows_season(270, 365), knows_season(270, 90), knows_season(400, 365), knows_season(480, 90)
    (False, False, True, True)
    """
    return span >= YEAR if days > SHORT else span - YEAR >= max(56, days / 2)


SEASON_POWER = (0.0115, 0.0016, 0.0006, 0.0006, 0.0006, 0.0)
"""Variance of the logarithm that each harmonic of the year carries, mean over the monthly series of
firms and trades in the training parts of the M3 competition (measured in `make bench-totals`).
"""


def season_doubt(span: float, days: float) -> float:
    """How far a season that nobody has seen may move a total, as the standard deviation of its
    logarithm: the mean of the days ahead against that of the days known, for a year of usual
    strength (`SEASON_POWER`) that begins on any day.

    >>> [round(season_doubt(*one), 3) for one in ((270, 90), (270, 365), (365, 90), (730, 365))]
    [0.135, 0.035, 0.101, 0.0]
    """
    turn = 2j * np.pi / YEAR * np.arange(1, len(SEASON_POWER) + 1)
    ahead = np.expm1(turn * days) / (turn * days)
    known = -np.expm1(-turn * span) / (turn * span)
    return float(np.sqrt(np.array(SEASON_POWER) @ np.abs(ahead - known) ** 2))


def _misses_in_years(past: Past, as_of: pd.Timestamp, days: float) -> list[float]:
    """How far the model fell short on the same days of each year before, as far as they are
    known.
    """
    found = []
    for year in range(1, MOST_YEARS + 1):
        if days > SHORT or not knows_season(past.span(as_of) - (year - 1) * YEAR, days):
            break
        cut = as_of - pd.Timedelta(days=year * YEAR)
        history, orders = past.history(cut), past.outcome(cut, cut + pd.Timedelta(days=int(days)))
        came = float(orders["n_order_days"].sum())
        if len(history) < LEAST_HISTORIES or came == 0:
            break
        expected = float(past.pareto(cut).expected_orders(history, int(days)).sum())
        found.append(float(np.log(came / max(expected, FLOOR))))
    return found


def _stretches(past: Past, as_of: pd.Timestamp, days: float, most: int) -> Iterator[tuple]:
    """Expectations of both sides at earlier cuts, and the orders that came."""
    span = past.span(as_of)
    horizon = int(max(min(days, span / 3), 1))
    for step in range(most):
        until = as_of - pd.Timedelta(days=step * max(horizon // 2, 1))
        cut = until - pd.Timedelta(days=horizon)
        if span - (as_of - cut).days < max(56, horizon / 2):
            return
        history, orders = (
            past.history(cut),
            past.outcome(cut, until)["n_order_days"].to_numpy(float),
        )
        if not 0 < (orders > 0).sum() < len(orders):
            return
        try:
            corrected = past.once(fit_corrected, cut, horizon)
        except AnalysisError:
            if step == 0:
                raise  # nothing to judge on: the reason is the correction's
            return
        yield (
            past.pareto(cut).expected_orders(history, horizon),
            corrected.expected_orders(history, horizon),
            orders,
        )


def order_scores(expected: np.ndarray, orders: np.ndarray) -> tuple[float, float]:
    """Area under the curve for who orders again, and rank correlation with how often (nought where
    either is the same for all).

    >>> order_scores(np.array([0.1, 0.3, 0.2]), np.array([0.0, 5.0, 1.0]))
    (1.0, 1.0)
    """
    from scipy.stats import rankdata

    ranks, again = rankdata(expected), orders > 0
    n = int(again.sum())
    area = (ranks[again].mean() - (n + 1) / 2) / (len(orders) - n)
    flat = np.ptp(expected) == 0 or np.ptp(orders) == 0
    return float(area), 0.0 if flat else float(np.corrcoef(ranks, rankdata(orders))[0, 1])


def _error(expected: np.ndarray, power: float, orders: np.ndarray) -> float:
    """Absolute error per order that came, at the true total: only the shape is judged."""
    sharpened = sharpen(expected, power)
    return float(np.abs(sharpened * orders.sum() / sharpened.sum() - orders).sum() / orders.sum())
