"""The seasonal shape of a series: is there one, what is it, and the series without it."""

from dataclasses import dataclass

import numpy as np

MEMORY = 0.7
"""Weight of a cycle against the one after it in the seasonal shape: shapes evolve, and the
next cycle is nearest to the last.
"""


@dataclass(frozen=True)
class Seasonality:
    """A seasonal shape: factors (``multiplicative``) or differences by position in the cycle;
    all neutral if none.
    """

    index: np.ndarray
    multiplicative: bool
    present: bool

    def remove(self, values: np.ndarray) -> np.ndarray:
        """The values without the seasonal shape; the first value stands at position 0 of the
        cycle.
        """
        shape = self.index[np.arange(len(values)) % len(self.index)]
        return values / shape if self.multiplicative else values - shape

    def restore(self, values: np.ndarray, start: int) -> np.ndarray:
        """The seasonal shape put back on values that begin at a position (steps since the
        first value).
        """
        shape = self.index[(start + np.arange(values.shape[-1])) % len(self.index)]
        return values * shape if self.multiplicative else values + shape


def is_seasonal(values: np.ndarray, season: int, level: float = 0.05) -> bool:
    """Do places in the cycle differ by more than chance?

    An F test of the deviations from the centred moving average (ratios to it where all values are
    positive). Series
    shorter than three cycles cannot show a season.
    """
    if season < 2 or len(values) < 3 * season or np.ptp(values) == 0:
        return False
    from scipy.special import fdtrc

    cycles = _fold(_detrend(values, season, bool(values.min() > 0)), season)
    known = np.isfinite(cycles)
    counts, n = known.sum(axis=0), int(known.sum())
    means = np.where(known, cycles, 0.0).sum(axis=0) / np.maximum(counts, 1)
    overall = np.where(known, cycles, 0.0).sum() / n
    between = float((counts * (means - overall) ** 2).sum()) / (season - 1)
    within = float(np.where(known, (cycles - means) ** 2, 0.0).sum()) / max(n - season, 1)
    if within <= 1e-20 * max(overall**2, between):
        return between > 1e-18 * overall**2
    return bool(fdtrc(season - 1, n - season, between / within) < level)


def _detrend(values: np.ndarray, season: int, multiplicative: bool) -> np.ndarray:
    smooth = centred_average(values, season)
    return values / smooth if multiplicative else values - smooth


def _fold(values: np.ndarray, season: int) -> np.ndarray:
    """A row per cycle, NaN where the last one is not full."""
    padded = np.full(-(-len(values) // season) * season, np.nan)
    padded[: len(values)] = values
    return padded.reshape(-1, season)


def measure_seasonality(values: np.ndarray, season: int, multiplicative: bool) -> Seasonality:
    """The seasonal shape by classical decomposition, drawn towards none as far as it is uncertain.

    The shrinkage is James and Stein's, as Miller and Williams (2003) apply it to seasonal factors:
    indices that a
    short history cannot tell from noise move towards the neutral value.
    """
    neutral = 1.0 if multiplicative else 0.0
    flat = Seasonality(np.full(max(season, 1), neutral), multiplicative, present=False)
    if not is_seasonal(values, season):
        return flat
    index = _shrunk_index(values, season, multiplicative)
    if multiplicative and index.min() <= 0.02:
        return flat
    return Seasonality(index, multiplicative, present=True)


def centred_average(values: np.ndarray, season: int) -> np.ndarray:
    """Moving average over one cycle, centred; NaN at both ends."""
    weights = np.ones(season + 1 - season % 2)
    if season % 2 == 0:
        weights[[0, -1]] = 0.5
    half = len(weights) // 2
    smooth = np.full(len(values), np.nan)
    smooth[half : len(values) - half] = np.convolve(values, weights / season, "valid")
    return smooth


def _shrunk_index(values: np.ndarray, season: int, multiplicative: bool) -> np.ndarray:
    """Weighted means over the cycles, the latest counting most, drawn to the neutral value by
    their own noise.
    """
    cycles = _fold(_detrend(values, season, multiplicative), season)
    weights = np.where(np.isfinite(cycles), MEMORY ** np.arange(len(cycles))[::-1, None], 0.0)
    cycles, total = np.where(weights > 0, cycles, 0.0), weights.sum(axis=0)
    index = (weights * cycles).sum(axis=0) / total
    index = index / index.mean() if multiplicative else index - index.mean()
    neutral = 1.0 if multiplicative else 0.0
    effective = total**2 / (weights**2).sum(axis=0)
    if season < 4 or effective.max() < 1.5:
        return index
    spread = (weights * (cycles - index) ** 2).sum(axis=0) / total / np.maximum(effective - 1, 0.5)
    signal = ((index - neutral) ** 2).sum() / (season - 1)
    shrink = min(1.0, (season - 3) / (season - 1) * spread.mean() / signal) if signal > 0 else 1.0
    return neutral + (1 - shrink) * (index - neutral)
