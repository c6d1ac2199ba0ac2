"""Autoregressions of the level and of its changes: the one model of the combination that can come
back to a mean.

Smoothing carries the last level on. A series that swings around a level, or whose changes answer
one another, asks for
its own past values instead. Orders are not chosen but weighted (AICc), and each cut of a series is
fitted by itself.
"""

import numpy as np

from kamresearch.analysis.trend.filters import Batch

LARGEST_ORDER = 4
REACH = 2.0
"""A forecast stays within this many ranges of the values beyond the smallest and the largest:
fits can explode.
"""


def forecast_autoregression(batch: Batch) -> np.ndarray:
    """Forecasts (cuts, horizon) by autoregressions of the values with a constant and of their
    changes without one.
    """
    return np.array(
        [
            _extend(values[:end], batch.horizon)
            for values, end in zip(batch.values, batch.ends, strict=True)
        ]
    )


def _extend(values: np.ndarray, horizon: int) -> np.ndarray:
    """The weighted forecast of one series."""
    most = min(LARGEST_ORDER, max(1, len(values) // 4))
    fits = [
        fit
        for changes in (True, False)
        for order in range(0 if changes else 1, most + 1 - changes)
        if (fit := _fit(values, order, most, changes)) is not None
    ]
    if not fits:
        return np.full(horizon, values[-1])
    criteria = np.array([criterion for criterion, _ in fits])
    weights = np.exp(-0.5 * (criteria - criteria.min()))
    reach = REACH * np.ptp(values)
    paths = [
        np.clip(_run(values, weights_of, horizon), values.min() - reach, values.max() + reach)
        for _, weights_of in fits
    ]
    return weights / weights.sum() @ np.array(paths)


def _fit(
    values: np.ndarray, order: int, most: int, changes: bool
) -> tuple[float, np.ndarray] | None:
    """Criterion, and (constant, weights of the last values); all orders are fitted to the same
    values.
    """
    target = values[most:]
    lags = np.column_stack([values[most - 1 - lag : len(values) - 1 - lag] for lag in range(most)])
    if changes:
        known, aim = lags[:, :order] - lags[:, 1 : order + 1], target - lags[:, 0]
    else:
        known, aim = np.column_stack([np.ones(len(target)), lags[:, :order]]), target
    free = len(target) - known.shape[1] - 2
    if free < 1:
        return None
    found = np.linalg.lstsq(known, aim, rcond=None)[0]
    least = 1e-12 * float(((target - target.mean()) ** 2).sum()) + 1e-300
    squares = max(float(((aim - known @ found) ** 2).sum()), least)
    criterion = len(target) * np.log(squares) + 2 * (known.shape[1] + 1) * len(target) / free
    return criterion, _undo_changes(found) if changes else found


def _undo_changes(found: np.ndarray) -> np.ndarray:
    """Weights of changes as weights of values, behind a constant of zero."""
    weights = np.zeros(len(found) + 2)
    weights[1] = 1.0
    weights[1:-1] += found
    weights[2:] -= found
    return weights


def _run(values: np.ndarray, weights: np.ndarray, horizon: int) -> np.ndarray:
    """The path that weights of the last values give, each forecast a value to the next."""
    path = list(values[-(len(weights) - 1) :])
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(horizon):
            path.append(weights[0] + weights[1:] @ path[: -len(weights) : -1])
    return np.nan_to_num(
        np.array(path[len(weights) - 1 :]), nan=values[-1], posinf=np.inf, neginf=-np.inf
    )
