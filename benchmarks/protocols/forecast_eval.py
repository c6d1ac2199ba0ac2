"""How forecasts are judged: see “Forecasts” in benchmarks/README.md."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from places import data_file

SEASON = {"YEARLY": 1, "QUARTERLY": 4, "MONTHLY": 12, "OTHER": 1}
LEVELS = (80, 95)


@dataclass(frozen=True)
class Series:
    """A series: what a model sees, what is held out, and how many values a cycle has."""

    id: str
    train: np.ndarray
    test: np.ndarray
    horizon: int
    season: int


def load_m3(period: str = "MONTHLY") -> list[Series]:
    """The series of one part of the M3 competition."""
    meta = pd.read_csv(data_file("m3_series_meta.csv"))
    ids = meta.loc[meta["period"] == period, "series_id"]
    values = pd.read_parquet(data_file("m3_series.parquet"))
    values = values[values["series_id"].isin(ids)].sort_values(["series_id", "t"])
    parts = {key: part.to_numpy() for key, part in values.groupby(["series_id", "split"])["value"]}
    return [
        Series(id, parts[id, "train"], parts[id, "test"], len(parts[id, "test"]), SEASON[period])
        for id in ids
    ]


def is_seasonal(x: np.ndarray, season: int) -> bool:
    """Whether the autocorrelation one cycle back lies beyond its 90 % limits (Bartlett)."""
    if season == 1 or len(x) < 3 * season:
        return False
    gaps = x - x.mean()
    spread = gaps @ gaps
    if spread == 0:
        return False
    r = np.array([gaps[lag:] @ gaps[:-lag] for lag in range(1, season + 1)]) / spread
    return bool(abs(r[-1]) > 1.645 * np.sqrt((1 + 2 * (r[:-1] @ r[:-1])) / len(x)))


def naive2(x: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """The last value carried on, of the series without its season, which is put back."""
    if not is_seasonal(x, season) or x.min() <= 0:
        return np.repeat(x[-1], horizon)
    window = np.ones(season)
    if season % 2 == 0:
        window = np.r_[0.5, np.ones(season - 1), 0.5]
    level = np.convolve(x, window / season, "valid")
    edge = (len(x) - len(level)) // 2
    ratio = np.full(len(x), np.nan)
    ratio[edge : edge + len(level)] = x[edge : edge + len(level)] / level
    shape = np.array([np.nanmean(ratio[place::season]) for place in range(season)])
    shape /= shape.mean()
    steps = np.arange(len(x), len(x) + horizon) % season
    return x[-1] / shape[(len(x) - 1) % season] * shape[steps]


def seasonal_naive(x: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """The last cycle once more."""
    return np.resize(x[-season:], horizon)


def score(collection: list[Series], predictions: dict[str, pd.DataFrame]) -> pd.Series:
    """Means over the series: sMAPE, MASE, OWA, and coverage and mean scaled interval score by level."""
    rows, rivals = [], []
    for one in collection:
        told = predictions[one.id]
        scale = np.abs(one.train[one.season :] - one.train[: -one.season]).mean()
        row = _point(one, np.asarray(told["mean"], float), scale)
        for level in LEVELS:
            if f"lo_{level}" in told:
                row |= _interval(one, told, level, scale)
        rows.append(row)
        rivals.append(_point(one, naive2(one.train, one.horizon, one.season), scale))
    means, rival = pd.DataFrame(rows).mean(), pd.DataFrame(rivals).mean()
    means["owa"] = (means["smape"] / rival["smape"] + means["mase"] / rival["mase"]) / 2
    means["n"] = len(rows)
    return means


def _point(one: Series, told: np.ndarray, scale: float) -> dict[str, float]:
    off = np.abs(one.test - told)
    return {
        "smape": float(np.mean(200 * off / (np.abs(one.test) + np.abs(told)))),
        "mase": float(off.mean() / scale) if scale > 0 else np.nan,
    }


def _interval(one: Series, told: pd.DataFrame, level: int, scale: float) -> dict[str, float]:
    low, high = (np.asarray(told[f"{end}_{level}"], float) for end in ("lo", "hi"))
    under, over = np.clip(low - one.test, 0, None), np.clip(one.test - high, 0, None)
    penalty = 2 / (1 - level / 100) * (under + over)
    return {
        f"cov_{level}": float(np.mean((one.test >= low) & (one.test <= high))),
        f"msis_{level}": float(np.mean(high - low + penalty) / scale),
    }
