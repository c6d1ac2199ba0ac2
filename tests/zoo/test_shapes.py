"""A zoo of shapes, short and long: intervals cover, and no forecast runs away."""

import numpy as np
import pandas as pd
import pytest

from kamresearch.analysis.trend.forecasting import LEAST_VALUES, predict

LENGTHS = (3, 5, 8, 12, 24, 60)
AHEAD = 12
SEEDS = 4


def noise(rng, size, n):
    return np.exp(size * rng.standard_normal(n))


def ramp(n, rng):
    """Growth that has just reached its steepest point, and will level off at twice that."""
    return 100 / (1 + np.exp(-0.6 * (np.arange(n + AHEAD) - n))) * noise(rng, 0.03, n + AHEAD)


def calendar(n, rng):
    """An order every twelfth period."""
    due = np.arange(n + AHEAD) % 12 == n % 12 if n < 12 else np.arange(n + AHEAD) % 12 == 2
    return np.where(due, 1000 * noise(rng, 0.2, n + AHEAD), 0.0)


def collapse(n, rng):
    level = np.where(np.arange(n + AHEAD) < 2 * n // 3, 100.0, 10.0)
    return level * noise(rng, 0.1, n + AHEAD)


def slip(n, rng):
    values = 100 * noise(rng, 0.1, n + AHEAD)
    values[n - 1 - int(rng.integers(0, 3))] *= 10
    return values


SHAPES = {
    "level": lambda n, rng: 100 * noise(rng, 0.1, n + AHEAD),
    "walk": lambda n, rng: 100 * np.exp(0.08 * rng.standard_normal(n + AHEAD).cumsum()),
    "growth": lambda n, rng: 100 * 1.01 ** np.arange(n + AHEAD) * noise(rng, 0.05, n + AHEAD),
    "ramp": ramp,
    "calendar": calendar,
    "collapse": collapse,
    "slip": slip,
}


def measure_zoo() -> pd.DataFrame:
    """A row per shape, length and draw: coverage of the 95 % interval (NaN where there is none), and
    the largest forecast over the largest value of the past.
    """
    rows = []
    for place, (shape, draw) in enumerate(SHAPES.items()):
        for n in LENGTHS:
            for seed in range(SEEDS):
                values = draw(n, np.random.default_rng([place, n, seed]))
                past, future = values[:n], values[n:]
                answer = predict(past, AHEAD, 12)
                known = np.isfinite(answer["lo_95"]).all()
                held = (future >= answer["lo_95"]) & (future <= answer["hi_95"])
                size = past.max() / (10 if shape == "slip" else 1)
                rows.append(
                    {
                        "shape": shape,
                        "n": n,
                        "covered": held.mean() if known else np.nan,
                        "largest": answer["mean"].max() / max(size, 1e-9),
                    }
                )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def zoo():
    return measure_zoo()


@pytest.mark.recovery
@pytest.mark.long
def test_no_shape_is_forecast_beyond_three_times_its_maximum(zoo):
    own = zoo[(zoo["shape"] != "slip") & (zoo["n"] >= LEAST_VALUES)]
    assert own["largest"].max() <= 3
    slipped = zoo[(zoo["shape"] == "slip") & (zoo["n"] >= 24)]
    assert slipped["largest"].max() <= 1.5


@pytest.mark.recovery
@pytest.mark.long
def test_intervals_cover_every_shape_and_three_values_get_none(zoo):
    assert zoo.loc[zoo["n"] < LEAST_VALUES, "covered"].isna().all()
    told = zoo[zoo["n"] >= 8].groupby("shape")["covered"].mean()
    assert told.min() >= 0.9, told
    assert zoo.loc[zoo["n"] == 5, "covered"].mean() >= 0.85
