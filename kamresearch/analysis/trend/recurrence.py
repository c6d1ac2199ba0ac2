"""Orders that come back at their place in the cycle: every December, at each quarter's end, in the
morning hours.

Frameworks and budget years make such orders. A method for intermittent demand spreads them over
all periods; here each place of the cycle has a chance and a size of its own. The chance is how
often the place brought an order, the latest cycles counting most where that has told more, so that
an order that stays away is expected less each time; the size is the mean of the place's own orders,
drawn to that of all as far as places do not differ.
"""

from dataclasses import dataclass

import numpy as np

from kamresearch.analysis.trend.intermittent import order_quantile

MEMORIES = np.array([0.7, 0.9, 1.0])
"""Weight of a cycle against the one after it, from a past soon forgotten to one never; how much
each counts goes by how well it would have told every period from those before.
"""
STRENGTH = 0.5
"""What is known of a place beforehand: so many cycles at the chance of all places together."""
LEVEL = 0.01
"""So rarely may orders that know no calendar fall together as these do."""
DRAWS = 999
LONGER = {24: 168}
"""Hours of a day have a week above them."""
LEAST_CYCLES = 2
LEAST_ORDERS = 3


@dataclass(frozen=True)
class Recurrence:
    """What each place of a cycle brings.

    Parameters
    ----------
    chance : array (cycle,)
        Chance of an order at a place; places are counted from the first value of the series.
    size : array
        Expected size of an order at a place of the season, which may be longer than the cycle.
    """

    chance: np.ndarray
    size: np.ndarray


def find_cycle(values: np.ndarray, season: int) -> int:
    """The cycle at whose places orders fall together; 1 where chance could do the same.

    For each length that divides the season (three months of twelve: quarters' ends), orders that
    share a place are counted in pairs, against the same number of orders thrown at random over all
    periods; the share of throws that do as well must stay below 1 % for all lengths tried together.
    Of the lengths that pass, the one stands that would have told each period best from those
    before.
    """
    orders = values > 0
    n, count = len(values), int((values > 0).sum())
    if season < 2 or count < LEAST_ORDERS:
        return 1
    lengths = [length for length in range(2, season + 1) if season % length == 0]
    lengths += [LONGER[season]] if season in LONGER else []
    lengths = [length for length in lengths if n >= LEAST_CYCLES * length]
    if not lengths:
        return 1
    # The same throws for every series of this shape: nothing is random from one call to the next.
    thrown = np.random.default_rng(n * 1009 + count).permuted(
        np.broadcast_to(np.arange(n) < count, (DRAWS, n)), axis=1
    )
    kept = [one for one in lengths if _share_as_good(orders, thrown, one) * len(lengths) < LEVEL]
    if not kept:
        return 1
    return max(kept, key=lambda one: float(_tell(values, one, max(kept))[1].max()))


def _share_as_good(orders: np.ndarray, thrown: np.ndarray, cycle: int) -> float:
    """Share of throws in which as many pairs of orders share a place of the cycle."""
    by_chance = _pairs(thrown, cycle)
    return (1 + int((by_chance >= _pairs(orders[None], cycle)[0]).sum())) / (len(thrown) + 1)


def _pairs(orders: np.ndarray, cycle: int) -> np.ndarray:
    """Pairs of orders that share a place of the cycle: one number per row."""
    n = orders.shape[1]
    padded = np.zeros((len(orders), -(-n // cycle) * cycle))
    padded[:, :n] = orders
    counts = padded.reshape(len(orders), -1, cycle).sum(axis=1)
    return (counts * (counts - 1) / 2).sum(axis=1)


def _tell(values: np.ndarray, cycle: int, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Chance of an order at each place of the cycle after the last value, and how well every memory
    told the periods from ``start`` on: arrays (memories, cycle) and (memories,).
    """
    memory = MEMORIES[:, None]
    hits = np.zeros((len(MEMORIES), cycle))
    seen = np.zeros_like(hits)
    score = np.zeros(len(MEMORIES))
    for first in range(0, len(values), cycle):
        now = (values[first : first + cycle] > 0).astype(float)
        known = slice(0, len(now))
        counted = first + np.arange(len(now)) >= start
        chance = _chance(hits, seen)[:, known]
        right = np.where(now > 0, chance, 1 - chance)
        score += np.log(np.maximum(right, 1e-9))[:, counted].sum(axis=1)
        hits[:, known] = memory * hits[:, known] + now
        seen[:, known] = memory * seen[:, known] + 1
    return _chance(hits, seen), score


def _chance(hits: np.ndarray, seen: np.ndarray) -> np.ndarray:
    overall = (hits.sum(axis=1) + 0.5) / (seen.sum(axis=1) + 1)
    return (hits + STRENGTH * overall[:, None]) / (seen + STRENGTH)


def forecast_recurrence(
    values: np.ndarray, horizon: int, cycle: int, season: int, levels: tuple[int, ...] = (80, 95)
) -> dict[str, np.ndarray]:
    """Mean and interval bounds per step: each has the chance and the size of its place.

    Chances go by the ``cycle`` at whose places orders fall; sizes by the whole ``season`` where two
    of them are known, since a last quarter's order may be larger than a first one's.
    """
    found = learn_recurrence(values, cycle, season)
    chance, size = found.chance, found.size
    places = np.arange(len(values))
    ordered = values > 0
    ratios = np.sort(values[ordered] / size[places[ordered] % len(size)])
    ahead = len(values) + np.arange(horizon)
    chances, sizes = chance[ahead % cycle], size[ahead % len(size)]
    answer = {"mean": chances * sizes}
    for level in levels:
        tail = (1 - level / 100) / 2
        spread = 1 + 1 / len(ratios)
        low, high = (
            np.array([order_quantile(ratios, one, at) for one in chances])
            for at in (tail, 1 - tail)
        )
        answer[f"lo_{level}"] = np.minimum(low * sizes / spread, answer["mean"])
        answer[f"hi_{level}"] = np.maximum(high * sizes * spread, answer["mean"])
    return answer


def learn_recurrence(values: np.ndarray, cycle: int, season: int) -> Recurrence:
    """Chance of an order at every place of the cycle, and its size at every place of the season."""
    chances, scores = _tell(values, cycle, min(cycle, len(values) // 2))
    weights = np.exp(scores - scores.max())
    weights = weights / weights.sum()
    whole = max(season, cycle)
    sizes = _sizes(values, whole if len(values) >= 2 * whole else cycle, weights @ MEMORIES)
    return Recurrence(weights @ chances, sizes)


def _sizes(values: np.ndarray, cycle: int, memory: float) -> np.ndarray:
    """Mean size of the orders at each place, drawn to that of all as far as places are alike."""
    rows = -(-len(values) // cycle)
    grid = np.zeros(rows * cycle)
    grid[: len(values)] = values
    grid = grid.reshape(rows, cycle)
    weights = (grid > 0) * memory ** np.arange(rows)[::-1, None]
    hits = weights.sum(axis=0)
    typical = float((weights * grid).sum() / hits.sum())
    own = np.where(hits > 0, (weights * grid).sum(axis=0) / np.maximum(hits, 1e-12), typical)
    spread = float((weights * (grid - own) ** 2).sum() / hits.sum())
    between = float((hits * (own - typical) ** 2).sum() / hits.sum())
    pull = min(spread / max(between, 1e-12 * typical**2), 4.0)
    return np.where(hits > 0, (hits * own + pull * typical) / np.maximum(hits + pull, 1e-12), own)
