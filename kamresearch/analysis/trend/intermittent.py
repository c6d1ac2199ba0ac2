"""Intermittent demand: many periods with nothing, now and then an order.

The mean is the method of Teunter, Syntetos and Babai (2011): the chance of an order and its size
are smoothed apart,
and the chance falls while nothing comes. Intervals are quantiles of what one period can bring:
nothing, or an order
out of those seen.
"""

from dataclasses import dataclass

import numpy as np

LEAST_ZERO_SHARE = 0.35
LEAST_VALUES = 4
CHANCES = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
SIZES = np.array([0.05, 0.1, 0.2, 0.3])


@dataclass(frozen=True)
class Demand:
    """What the next period of each series (a value per row) may bring.

    Parameters
    ----------
    chance : array (series,)
        Chance of an order.
    size : array (series,)
        Expected size of an order.
    memory : array (series,)
        How many periods the chance rests on: the fewer, the less is known of it.
    """

    chance: np.ndarray
    size: np.ndarray
    memory: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Expected value of a period."""
        return self.chance * self.size


def is_intermittent(values: np.ndarray) -> bool:
    """Nothing below zero, at least 35 % of the values zero and something left."""
    return bool(np.isfinite(values).all() and are_intermittent(values[None, :])[0])


def are_intermittent(values: np.ndarray) -> np.ndarray:
    """The same for many series at once: rows of values, NaN before a series begins."""
    known = np.isfinite(values).sum(axis=1)
    zeros = (values == 0).sum(axis=1) / np.maximum(known, 1)
    some = (values > 0).any(axis=1) & ~(values < 0).any(axis=1)
    return (known >= LEAST_VALUES) & some & (zeros >= LEAST_ZERO_SHARE)


def smooth_demand(values: np.ndarray) -> tuple[float, float]:
    """Chance of an order in the next period, and its expected size; smoothing chosen on past
    errors.
    """
    found = smooth_demands(np.asarray(values, dtype=float)[None, :])
    return float(found.chance[0]), float(found.size[0])


def smooth_demands(values: np.ndarray) -> Demand:
    """The same for many series at once: rows of values, NaN before a series begins; each has an
    order somewhere.

    Pairs of smoothing constants are not chosen but weighted by how well they have forecast one
    period ahead.
    """
    chance_rate, size_rate = (axis.ravel() for axis in np.meshgrid(CHANCES, SIZES, indexing="ij"))
    known, ordered = np.isfinite(values), values > 0
    length = known.sum(axis=1)[:, None]
    shape = (len(values), len(chance_rate))
    chance = np.broadcast_to(ordered.sum(axis=1)[:, None] / length, shape)
    size = np.broadcast_to(
        (np.where(ordered, values, 0.0).sum(axis=1) / ordered.sum(axis=1))[:, None], shape
    )
    squares = np.zeros(shape)
    for now, here, order in zip(
        values.T[:, :, None], known.T[:, :, None], ordered.T[:, :, None], strict=True
    ):
        value = np.where(here, now, 0.0)
        squares = squares + np.where(here, (value - chance * size) ** 2, 0.0)
        chance = chance + np.where(here, chance_rate * (order - chance), 0.0)
        size = size + np.where(order, size_rate * (value - size), 0.0)
    logs = np.log(np.maximum(squares, 1e-300))
    weights = np.exp(-0.5 * length * (logs - logs.min(axis=1, keepdims=True)))
    weights = weights / weights.sum(axis=1, keepdims=True)
    likely = (weights * chance).sum(axis=1)
    memory = np.minimum((weights * (2 / chance_rate - 1)).sum(axis=1), length[:, 0])
    return Demand(likely, (weights * chance * size).sum(axis=1) / np.maximum(likely, 1e-12), memory)


def forecast_intermittent(
    values: np.ndarray, horizon: int, levels: tuple[int, ...] = (80, 95)
) -> dict[str, np.ndarray]:
    """Mean and interval bounds per step: all steps alike."""
    chance, size = smooth_demand(values)
    orders = np.sort(values[values > 0]) * (size / values[values > 0].mean())
    answer = {"mean": np.full(horizon, chance * size)}
    for level in levels:
        tail = (1 - level / 100) / 2
        # Small samples: the outermost quantiles lie beyond what few orders have shown.
        spread = 1 + 1 / len(orders)
        answer[f"lo_{level}"] = np.full(horizon, order_quantile(orders, chance, tail))
        answer[f"hi_{level}"] = np.full(
            horizon, max(order_quantile(orders, chance, 1 - tail) * spread, chance * size)
        )
    return answer


def order_quantile(orders: np.ndarray, chance: float, probability: float) -> float:
    """Quantile of a period that brings nothing with 1 − chance, else one of the orders."""
    within = (probability - (1 - chance)) / max(chance, 1e-12)
    return 0.0 if within <= 0 else float(np.quantile(orders, min(within, 1.0)))


def draw_totals(
    values: np.ndarray, demand: Demand, horizon: int, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """What the next ``horizon`` periods may bring together: (series, draws), from orders of each
    series' own past.

    The chance itself is drawn first, from what so short a memory leaves open: a beta distribution
    with the chance as mean.
    """
    totals = np.empty((len(values), draws))
    for row, (own, chance, memory) in enumerate(
        zip(values, demand.chance, demand.memory, strict=True)
    ):
        chances = rng.beta(chance * (1 + memory), (1 - chance) * (1 + memory), size=draws)
        orders = own[own > 0]
        sizes = rng.choice(orders, size=(horizon, draws)) * (demand.size[row] / orders.mean())
        totals[row] = (sizes * (rng.random((horizon, draws)) < chances)).sum(axis=0)
    return totals
