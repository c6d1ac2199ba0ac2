"""The models of the combination, and the combination itself: nine, joined by what each has
been worth.
"""

from dataclasses import dataclass

import numpy as np

from kamresearch.analysis.trend.autoregression import forecast_autoregression
from kamresearch.analysis.trend.filters import (
    ALPHAS,
    DAMPINGS,
    TREND_RATIOS,
    Batch,
    cross,
    extend_trend,
    forecast_complex,
    forecast_dynamic_theta,
    forecast_smoothing,
    forecast_theta,
    run_trend,
    weigh,
)
from kamresearch.analysis.trend.guards import growth_ceiling
from kamresearch.analysis.trend.seasonality import measure_seasonality

MODELS = (
    "dynamic_theta",
    "damped",
    "complex",
    "season",
    "smoothing",
    "half_cycles",
    "most_cycles",
    "cycles",
    "autoregression",
)
"""Names of the nine, in the order of `forecast_cuts`."""
LEAST_BLOCKS = 6


def make_batch(
    values: np.ndarray, ends: np.ndarray, horizon: int, season: int, multiplicative: bool
) -> Batch:
    """One series cut at several ends, each cut seasonally adjusted by its own past alone."""
    shapes = [measure_seasonality(values[:end], season, multiplicative) for end in ends]
    rows = np.array([shape.remove(values) for shape in shapes])
    return Batch(
        rows,
        np.asarray(ends),
        horizon,
        values,
        np.array([shape.index for shape in shapes]),
        multiplicative,
        shapes[-1].present,
    )


def forecast_cuts(values: np.ndarray, ends: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Forecasts of each model from each cut: array (cuts, models, horizon)."""
    positive = bool(values.min() > 0)
    batch = make_batch(values, ends, horizon, season, positive)
    steady = positive and batch.values.min() > 0
    logs = batch.logged() if steady else batch
    summed = (
        make_batch(values, ends, horizon, season, multiplicative=False)
        if positive and batch.seasonal
        else batch
    )
    ceiling = np.log(values.max()) + 3 if steady else np.inf

    def leave_logs(forecast: np.ndarray) -> np.ndarray:
        return np.exp(np.minimum(forecast, ceiling)) if steady else forecast

    theta = forecast_theta(logs)
    sizes = (season // 2, 2 * season // 3 if season > 4 else 1, season)
    half, most, whole = (forecast_blocks(logs, size, theta) for size in sizes)
    found = np.stack(
        [
            _restore(forecast_dynamic_theta(summed), summed),
            _restore(leave_logs(forecast_damped(logs)), batch),
            _restore(forecast_complex(batch), batch),
            forecast_season(batch) if batch.seasonal else _restore(forecast_damped(batch), batch),
            _restore(leave_logs(forecast_smoothing(logs)), batch),
            _restore(leave_logs(half), batch),
            _restore(leave_logs(most), batch),
            _restore(leave_logs(whole), batch),
            _restore(leave_logs(forecast_autoregression(logs)), batch),
        ],
        axis=1,
    )
    if values.min() < 0:
        return found
    most_ever = np.array([growth_ceiling(values[:end], horizon) for end in ends])
    return np.minimum(found, most_ever[:, None])


@dataclass(frozen=True)
class Blend:
    """How the models are joined.

    Parameters
    ----------
    weights : array (models,)
        Each model's weight by its own past errors: their inverse square.
    share : float
        How far these weights are trusted: 1 with 24 origins and 50 values, less with fewer.
    """

    weights: np.ndarray
    share: float


def learn_blend(errors: np.ndarray, length: int, power: float = 2.0) -> Blend:
    """Weights of the models from their errors (origins, models, horizon); errors of far steps
    count by √step less.
    """
    steps = np.sqrt(np.arange(1, errors.shape[2] + 1))
    known = np.isfinite(errors)
    size = np.where(known, np.abs(errors), 0.0) / steps
    mean = size.sum(axis=(0, 2)) / np.maximum(known.sum(axis=(0, 2)), 1)
    weights = (
        np.maximum(mean, 1e-12 * mean.max() + 1e-300) / max(mean.min(), 1e-300) + 1e-9
    ) ** -power
    return Blend(weights / weights.sum(), min(1.0, len(errors) / 24) * min(1.0, length / 50))


def combine(forecasts: np.ndarray, blend: Blend | None = None) -> np.ndarray:
    """Join the models: (cuts, models, horizon) → (cuts, horizon).

    Without a blend the mean of the middle five of the nine. With one, as far as it is trusted, the
    weighted mean of what
    is left when a tenth of the weight is cut off at either end.
    """
    order = np.argsort(forecasts, axis=1)
    ranked = np.take_along_axis(forecasts, order, axis=1)
    middle = ranked[:, 2:-2].mean(axis=1)
    if blend is None or blend.share == 0:
        return middle
    weights = blend.weights[order]
    below = np.cumsum(weights, axis=1) - weights / 2
    weights = weights * ((below > 0.1) & (below < 0.9))
    total = weights.sum(axis=1)
    weighted = np.where(
        total > 0, (ranked * weights).sum(axis=1) / np.where(total > 0, total, 1.0), middle
    )
    return blend.share * weighted + (1 - blend.share) * middle


def _restore(forecast: np.ndarray, batch: Batch) -> np.ndarray:
    places = (batch.ends[:, None] + np.arange(batch.horizon)) % batch.index.shape[1]
    shape = np.take_along_axis(batch.index, places, axis=1)
    return forecast * shape if batch.multiplicative else forecast + shape


def forecast_damped(batch: Batch) -> np.ndarray:
    """Exponential smoothing with a damped trend."""
    alpha, ratio, phi = cross(ALPHAS, TREND_RATIOS, DAMPINGS)
    level, slope, squares = run_trend(batch, alpha, alpha * ratio, phi)
    return extend_trend(level, slope, phi, weigh(squares, batch.ends, 5.0), batch.horizon)


def forecast_blocks(batch: Batch, size: int, fallback: np.ndarray) -> np.ndarray:
    """Theta on means of blocks of ``size`` values: the long run, without the noise of single
    periods.

    Blocks are counted back from each cut's end; forecasts of block means are joined by straight
    lines through the blocks'
    middles. A cut with fewer than six blocks takes the ``fallback``.
    """
    counts = batch.ends // size if size > 1 else np.zeros_like(batch.ends)
    wide = counts >= LEAST_BLOCKS
    if not wide.any():
        return fallback
    ahead = -(-batch.horizon // size) + 1
    blocks = np.zeros((int(wide.sum()), int(counts.max())))
    for row, (values, end, count) in enumerate(
        zip(batch.values[wide], batch.ends[wide], counts[wide], strict=True)
    ):
        blocks[row, :count] = values[end - count * size : end].reshape(count, size).mean(axis=1)
        blocks[row, count:] = blocks[row, count - 1]
    coarse = Batch(
        blocks,
        counts[wide],
        ahead,
        batch.raw,
        batch.index[wide],
        batch.multiplicative,
        seasonal=False,
    )
    means = forecast_theta(coarse)
    last = blocks[np.arange(len(blocks)), counts[wide] - 1]
    middles = (np.arange(ahead + 1) * size) - (size - 1) / 2
    answer = fallback.copy()
    answer[wide] = [
        np.interp(np.arange(1, batch.horizon + 1), middles, [first, *row])
        for first, row in zip(last, means, strict=True)
    ]
    return answer


def forecast_season(batch: Batch) -> np.ndarray:
    """Holt and Winters with a damped trend and a season that may evolve, on the unadjusted
    series.
    """
    alpha, ratio, phi, gamma = cross(
        np.array([0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8]),
        np.array([0.0, 0.05, 0.15]),
        np.array([0.9, 0.98]),
        np.array([0.0, 0.05, 0.1, 0.2, 0.3]),
    )
    season, ends, times = batch.index.shape[1], batch.ends, batch.multiplicative
    cuts, grid = len(ends), len(alpha)
    shape = np.repeat(batch.index.T[:, :, None], grid, axis=2)
    level = np.repeat(batch.values[:, : max(2, season // 3)].mean(axis=1)[:, None], grid, axis=1)
    slope, squares = np.zeros((cuts, grid)), np.zeros((cuts, grid))
    kept = [level.copy(), slope.copy(), squares.copy()]
    last_shape = shape.copy()
    for step, now in enumerate(batch.raw):
        place = step % season
        forecast, factor = level + phi * slope, shape[place]
        error = now / np.maximum(factor, 1e-6) - forecast if times else now - factor - forecast
        level = forecast + alpha * error
        slope = phi * slope + alpha * ratio * error
        safe = np.where(np.abs(forecast) > 1e-9, forecast, 1e-9)
        shape[place] = factor + gamma * (1 - alpha) * (error * factor / safe if times else error)
        squares = squares + error * error
        here = ends == step + 1
        if here.any():
            for old, new in zip(kept, (level, slope, squares), strict=True):
                old[here] = new[here]
            last_shape[:, here] = shape[:, here]
    return _extend_season(batch, kept, last_shape, phi)


def _extend_season(
    batch: Batch, kept: list[np.ndarray], shape: np.ndarray, phi: np.ndarray
) -> np.ndarray:
    level, slope, squares = kept
    weights = weigh(squares, batch.ends, 0.0)
    reach = np.cumsum(phi[:, None] ** np.arange(1, batch.horizon + 1), axis=1)
    answer = np.empty((len(batch.ends), batch.horizon))
    for step in range(batch.horizon):
        ahead = level + slope * reach[:, step]
        factor = shape[(batch.ends + step) % len(shape), np.arange(len(batch.ends))]
        answer[:, step] = (
            weights * (ahead * factor if batch.multiplicative else ahead + factor)
        ).sum(axis=1)
    return answer
