"""Forecast intervals from the series' own past errors: a rolling origin, a growth law over steps,
Student's t.

No constant widens model intervals well from one collection to another. So each series is forecast
again from its own
past: at every origin the whole combination forecasts what is already known, and the errors, brought
to the size that
the series has today, give the width. How errors grow with the step is a power law whose exponent is
weighed by its
likelihood, drawn towards a prior where a short series cannot tell.
"""

from dataclasses import dataclass

import numpy as np

ORIGINS_MOST = 24
GROWTH_PRIOR = 0.4
"""Exponent of the growth of errors with the step: between a level (0) and a random walk (0.5)."""
GROWTH_WEIGHT = 10.0
INDEPENDENT_SHARE = 0.5
"""Neighbouring origins see mostly the same future: their errors count as so many independent
ones.
"""
EXTRA_DEGREES = 2.0
SIZE_POWER = 0.6
"""Errors grow with the size of a positive series to this power: between not at all (0) and in
proportion (1).
"""
HALF_LIFE = 0.5
"""Errors as old as this share of the backtest count half: a series is not as calm, nor as wild, for
ever.
"""
COMMON_WEIGHT = 2.0
"""So many errors' worth has what is common to all series: few origins tell a series' own size of
errors badly, and a series that has moved by so much a cycle may stop moving.
"""
COMMON = {False: (1.6, 0.45), True: (0.65, 0.35)}
"""Whether there is a season → the usual deviation of the first step, as a multiple of the mean
change from one cycle to the next, and its growth with the step: medians over the training parts of
M3 (their last horizon held out), as the two numbers above were tried on.
"""
NO_WIDTH = 1e-9
"""An interval narrower than this share of the series' size has no width: its past had no errors
from which to learn one.
"""
INNER_WEIGHT = 0.5
"""So many errors' worth of Student's t is mixed into the quantile of past errors that gives
the 80 % interval.
"""


@dataclass(frozen=True)
class ErrorLaw:
    """How wrong the forecast was from its own past.

    Parameters
    ----------
    deviation : array (horizon,)
        Standard deviation of the error per step, at today's size of the series.
    independent : float
        How many independent errors there may be.
    degrees : float
        Degrees of freedom of the t distribution that stands for a small number of origins.
    errors : array (origins, horizon)
        The errors themselves, brought to today's size; NaN where the future is not known.
    """

    deviation: np.ndarray
    degrees: float
    errors: np.ndarray
    independent: float

    def reach(self, level: float) -> np.ndarray:
        """Half the width of the interval per step.

        Tails come from Student's t: few origins have seen none. Errors have more of their mass in
        the middle than that,
        so inner levels are drawn to the quantile of the past errors themselves.
        """
        from scipy.special import stdtrit

        quantile = float(stdtrit(self.degrees, 0.5 + level / 2))
        if level < 0.9 and self.deviation.max() > 0:
            ratios = np.abs(self.errors) / np.maximum(self.deviation, 1e-300)
            seen = float(np.quantile(ratios[np.isfinite(ratios)], level)) * np.sqrt(
                1 + 1 / self.independent
            )
            share = self.independent / (self.independent + INNER_WEIGHT)
            quantile = share * seen + (1 - share) * quantile
        return quantile * self.deviation


def choose_origins(length: int, season: int, most: int = ORIGINS_MOST) -> np.ndarray:
    """Ends of the past series from which the backtest forecasts, evenly spread over the later
    part.
    """
    least = 3 * season if season > 1 else 5
    first = max(3, min(max(int(np.ceil(0.4 * length)), least), length - 2))
    ends = np.arange(first, length)
    if len(ends) > most:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, most).round().astype(int))]
    return ends


def origin_errors(values: np.ndarray, ends: np.ndarray, forecasts: np.ndarray) -> np.ndarray:
    """Value minus forecast per origin (and model) and step, NaN beyond the end."""
    places = ends[:, None] + np.arange(forecasts.shape[-1])
    actual = np.where(places < len(values), values[np.minimum(places, len(values) - 1)], np.nan)
    return (actual if forecasts.ndim == 2 else actual[:, None]) - forecasts


def local_size(values: np.ndarray, end: int, season: int) -> float:
    """Mean size of the last cycle (at least three values) before an end."""
    return float(np.abs(values[max(0, end - max(season, 3)) : end]).mean())


def learn_errors(
    values: np.ndarray, ends: np.ndarray, forecasts: np.ndarray, season: int
) -> ErrorLaw:
    """The law of the errors from a rolling origin; forecasts: (origins, horizon), ends:
    (origins,).
    """
    errors = origin_errors(values, ends, forecasts)
    if values.min() > 0:
        today = local_size(values, len(values), season)
        sizes = np.array([local_size(values, end, season) for end in ends])
        errors = (
            errors * np.clip((today / np.maximum(sizes, 1e-300)) ** SIZE_POWER, 0.2, 5.0)[:, None]
        )
    known = np.isfinite(errors)
    weights = 0.5 ** ((len(values) - ends) / (HALF_LIFE * (len(values) - ends[0])))
    weighed = np.where(known, weights[:, None], 0.0)
    squares = np.where(known, errors**2, 0.0) * weights[:, None]
    counts, steps = weighed.sum(axis=0), np.arange(1, errors.shape[1] + 1.0)
    independent = max(1.0, INDEPENDENT_SHARE * weights.sum() ** 2 / (weights**2).sum())
    exponents = np.linspace(0, 1, 21)
    laws = steps ** (2 * exponents[:, None])
    scales = (squares.sum(axis=0) / laws).sum(axis=1) / counts.sum()
    fit = -0.5 * (np.log(np.maximum(scales[:, None] * laws, 1e-300)) * counts).sum(axis=1)
    score = independent * fit / counts.sum() - 0.5 * GROWTH_WEIGHT * (exponents - GROWTH_PRIOR) ** 2
    share = np.exp(score - score.max())
    own = ((share / share.sum() * scales)[:, None] * laws).sum(axis=0)
    told = independent
    if np.sqrt(own.max()) > NO_WIDTH * np.abs(values).max():
        told = independent + COMMON_WEIGHT
        own = (independent * own + COMMON_WEIGHT * _common(values, season, steps)) / told
    return ErrorLaw(np.sqrt(own), max(2.0, told + EXTRA_DEGREES), errors, independent)


def _common(values: np.ndarray, season: int, steps: np.ndarray) -> np.ndarray:
    """Variance of the errors per step that a series with such changes usually has."""
    cycle = season if len(values) > season else 1
    times, growth = COMMON[cycle > 1]
    return (times * np.abs(values[cycle:] - values[:-cycle]).mean() * steps**growth) ** 2
