"""Exponential smoothing over a grid of parameters at once, for many truncations of one series at
once.

A `Batch` holds one series cut at several ends (the rolling origins, and the whole series last). A
filter runs through
time once; its state where each cut ends gives that cut's forecast, exactly as if the filter had run
on the cut alone.
Parameters are not searched but weighted: each point of the grid counts by its likelihood (AICc), so
that forecasts
move smoothly with the data and nothing depends on an optimiser's start.
"""

from dataclasses import dataclass

import numpy as np

ALPHAS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
TREND_RATIOS = np.array([0.02, 0.05, 0.1, 0.2, 0.4])
DAMPINGS = np.array([0.8, 0.9, 0.95, 0.98])
INVERSE_THETAS = np.array([1.0, 0.8, 0.65, 0.5, 0.35, 0.25, 0.15, 0.05])


@dataclass(frozen=True)
class Batch:
    """One series cut at several ends.

    Parameters
    ----------
    values : array (cuts, length)
        A row per cut, seasonally adjusted by what the cut knows; what lies behind its end is never
        used.
    ends : array (cuts,)
        How many values each cut knows.
    horizon : int
        Steps to forecast.
    raw : array (length,)
        The series itself.
    index : array (cuts, season)
        Each cut's seasonal shape.
    multiplicative : bool
        Whether the shape multiplies.
    seasonal : bool
        Whether the whole series shows a seasonal shape.
    """

    values: np.ndarray
    ends: np.ndarray
    horizon: int
    raw: np.ndarray
    index: np.ndarray
    multiplicative: bool
    seasonal: bool

    def logged(self) -> "Batch":
        """The same batch in logarithms (values must be positive)."""
        return Batch(
            np.log(self.values),
            self.ends,
            self.horizon,
            self.raw,
            self.index,
            self.multiplicative,
            self.seasonal,
        )


def cross(*axes: np.ndarray) -> list[np.ndarray]:
    """Every combination of several axes of a grid, as flat arrays."""
    return [axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")]


def weigh(
    errors: np.ndarray,
    ends: np.ndarray,
    parameters: np.ndarray | float,
    prior: np.ndarray | float = 1.0,
) -> np.ndarray:
    """Weights of grid points from their squared errors (cuts, grid): Akaike weights with the
    small-sample correction.
    """
    n = ends[:, None].astype(float)
    floor = 1e-12 * errors.max(axis=1, keepdims=True) + 1e-300
    penalty = 2 * parameters * n / np.maximum(n - parameters - 1, 1)
    criterion = n * np.log(np.maximum(errors, floor) / n) + penalty
    weights = np.exp(-0.5 * (criterion - criterion.min(axis=1, keepdims=True))) * prior
    return weights / weights.sum(axis=1, keepdims=True)


def run_trend(
    batch: Batch, alpha: np.ndarray, beta: np.ndarray, phi: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Level, slope and squared errors (cuts, grid) of smoothing with a damped additive trend.

    level ← forecast + alpha · error;  slope ← phi · slope + beta · error;  forecast = level + phi ·
    slope.
    """
    values, ends = batch.values, batch.ends
    cuts, length = values.shape
    shape = (cuts, len(alpha))
    level = np.broadcast_to(values[:, :1], shape)
    first = (
        np.median(np.diff(values[:, : max(2, min(7, int(ends.min())))], axis=1), axis=1)
        if length > 1
        else np.zeros(cuts)
    )
    slope = np.where(phi > 0, first[:, None], 0.0)
    squares = np.zeros(shape)
    kept = [np.array(level), np.array(slope), np.zeros(shape)]
    for step in range(1, length):
        forecast = level + phi * slope
        error = values[:, step, None] - forecast
        level = forecast + alpha * error
        slope = phi * slope + beta * error
        squares = squares + error * error
        _keep(kept, (level, slope, squares), ends == step + 1)
    return tuple(kept)


def _keep(kept: list[np.ndarray], state: tuple[np.ndarray, ...], here: np.ndarray) -> None:
    """Note the state of those cuts that end here."""
    if here.any():
        for old, new in zip(kept, state, strict=True):
            old[here] = new[here]


def extend_trend(
    level: np.ndarray, slope: np.ndarray, phi: np.ndarray, weights: np.ndarray, horizon: int
) -> np.ndarray:
    """Weighted forecasts (cuts, horizon) from level, slope and damping."""
    reach = np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1)
    return (weights * level).sum(axis=1)[:, None] + (weights * slope) @ reach


def forecast_theta(batch: Batch) -> np.ndarray:
    """The classical Theta method: smoothing with half the slope of the straight line as drift."""
    zero = np.zeros_like(ALPHAS)
    level, _, squares = run_trend(batch, ALPHAS, zero, zero)
    weights = weigh(squares, batch.ends, 2.0)
    ends = batch.ends.astype(float)
    slope = np.array(
        [_straight_slope(row[:end]) for row, end in zip(batch.values, batch.ends, strict=True)]
    )
    lag = (1 - (1 - ALPHAS) ** ends[:, None]) / ALPHAS
    start = (weights * (level + 0.5 * slope[:, None] * lag)).sum(axis=1)
    return start[:, None] + 0.5 * slope[:, None] * np.arange(batch.horizon)


def _straight_slope(values: np.ndarray) -> float:
    place = np.arange(len(values)) - (len(values) - 1) / 2
    return float(place @ values / max(place @ place, 1e-12))


def forecast_dynamic_theta(batch: Batch) -> np.ndarray:
    """The dynamic optimised Theta model (Fiorucci and others 2016), over a grid of smoothing
    and theta.
    """
    alpha, inverse = cross(ALPHAS, INVERSE_THETAS)
    rest = 1 - alpha
    values, ends = batch.values, batch.ends
    cuts, length = values.shape
    level = np.broadcast_to(values[:, :1], (cuts, len(alpha)))
    mean, start, slope = values[:, 0].copy(), values[:, 0].copy(), np.zeros(cuts)
    squares, power = np.zeros((cuts, len(alpha))), rest
    kept = [np.array(level), np.array(squares), mean.copy(), start.copy(), slope.copy()]
    for count in range(2, length + 1):
        now = values[:, count - 1]
        error = now[:, None] - _theta_line(
            level, inverse, alpha, power, start[:, None], slope[:, None]
        )
        if count > 3:
            squares = squares + error * error
        level = alpha * now[:, None] + rest * level
        mean, start, slope = _update_line(mean, slope, now, count)
        power = power * rest
        _keep(kept, (level, squares, mean, start, slope), ends == count)
    return _extend_theta(batch, kept, alpha, inverse)


def _theta_line(
    level: np.ndarray,
    inverse: np.ndarray,
    alpha: np.ndarray,
    power: np.ndarray,
    start: np.ndarray,
    slope: np.ndarray,
) -> np.ndarray:
    """One-step forecast; power = (1 − alpha) ** (t − 1)."""
    return level + (1 - inverse) * (power * start + (1 - power * (1 - alpha)) / alpha * slope)


def _update_line(
    mean: np.ndarray, slope: np.ndarray, now: np.ndarray, count: float | np.ndarray
) -> tuple[np.ndarray, ...]:
    """Recursive least squares of the straight line through the first ``count`` values: mean,
    intercept, slope.
    """
    slope = ((count - 2) * slope + 6 * (now - mean) / count) / (count + 1)
    mean = ((count - 1) * mean + now) / count
    return mean, mean - slope * (count + 1) / 2, slope


def _extend_theta(
    batch: Batch, kept: list[np.ndarray], alpha: np.ndarray, inverse: np.ndarray
) -> np.ndarray:
    level, squares, mean, start, slope = kept
    weights = weigh(squares, batch.ends, 0.0)
    mean, start, slope = (
        np.repeat(part[:, None], len(alpha), axis=1) for part in (mean, start, slope)
    )
    answer = np.empty((len(batch.ends), batch.horizon))
    for step in range(batch.horizon):
        count = batch.ends[:, None] + step + 1.0
        power = (1 - alpha) ** (count - 1)
        ahead = _theta_line(level, inverse, alpha, power, start, slope)
        answer[:, step] = (weights * ahead).sum(axis=1)
        level = alpha * ahead + (1 - alpha) * level
        mean, start, slope = _update_line(mean, slope, ahead, count)
    return answer


def forecast_smoothing(batch: Batch) -> np.ndarray:
    """Exponential smoothing without trend, with a trend and with a damped one, weighted by
    their AICc.
    """
    zero = np.zeros_like(ALPHAS)
    alpha_2, ratio_2 = cross(ALPHAS, TREND_RATIOS)
    alpha_3, ratio_3, phi_3 = cross(ALPHAS, TREND_RATIOS, DAMPINGS)
    alpha = np.concatenate([ALPHAS, alpha_2, alpha_3])
    beta = np.concatenate([zero, alpha_2 * ratio_2, alpha_3 * ratio_3])
    phi = np.concatenate([zero, np.ones_like(alpha_2), phi_3])
    sizes = [len(ALPHAS), len(alpha_2), len(alpha_3)]
    parameters = np.repeat([2.0, 4.0, 5.0], sizes)
    level, slope, squares = run_trend(batch, alpha, beta, phi)
    weights = weigh(squares, batch.ends, parameters, 1 / np.repeat(sizes, sizes))
    return extend_trend(level, slope, phi, weights, batch.horizon)


def _complex_grid() -> tuple[np.ndarray, np.ndarray]:
    """The region in which complex exponential smoothing is stable, and a finer strip along
    slow drifts.
    """
    steps = np.arange(0.05, 1.96, 0.1)
    real, imaginary = cross(steps, steps)
    stable = (
        ((real - 2.5) ** 2 + imaginary**2 > 1.25)
        & ((real - 0.5) ** 2 + (imaginary - 1) ** 2 > 0.25)
        & ((real - 1.5) ** 2 + (imaginary - 0.5) ** 2 < 1.5)
    )
    strip = cross(
        np.append(np.arange(1.0, 1.95, 0.1), 1.99), np.array([0.98, 0.99, 1.0, 1.005, 1.01, 1.02])
    )
    return np.append(real[stable], strip[0]), np.append(imaginary[stable], strip[1])


COMPLEX_GRID = _complex_grid()


def forecast_complex(batch: Batch) -> np.ndarray:
    """Complex exponential smoothing (Svetunkov and others 2022) over a grid of its two
    parameters.
    """
    real, imaginary = COMPLEX_GRID
    values, ends = batch.values, batch.ends
    cuts, length = values.shape
    first = values[:, : min(10, int(ends.min()))].mean(axis=1)
    level = np.repeat(first[:, None], len(real), axis=1)
    potential, squares = level / 1.1, np.zeros((cuts, len(real)))
    kept = [level.copy(), potential.copy(), squares.copy()]
    for step in range(length):
        error = values[:, step, None] - level
        level, potential = (
            level - (1 - imaginary) * potential + (real - imaginary) * error,
            level + (1 - real) * potential + (real + imaginary) * error,
        )
        if step > 2:
            squares = squares + error * error
        _keep(kept, (level, potential, squares), ends == step + 1)
    level, potential, squares = kept
    weights = weigh(squares, ends, 0.0)
    answer = np.empty((cuts, batch.horizon))
    for step in range(batch.horizon):
        answer[:, step] = (weights * level).sum(axis=1)
        level, potential = level - (1 - imaginary) * potential, level + (1 - real) * potential
    return answer
