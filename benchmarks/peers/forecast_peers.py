"""Peers' forecasts of a collection of series, in the peers' own environment.

    python forecast_peers.py series.parquet cache_folder horizon season minutes method [method …]

Input: series_id, t, value (training parts only). Output, per method:
``cache_folder/<method>.parquet`` with series_id,
step, mean, lo_80, hi_80, lo_95, hi_95. Series are taken in one fixed shuffled order, so that a run
that ends early
(``minutes`` of processor time a method) holds a random sample; a later run goes on where it
stopped. ``cache_folder/seconds.csv`` holds the
processor seconds a series of each method, measured on the first forty of that order: what else the
machine does, and how
patiently a run waits for it, does not count.
"""

import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

STATSFORECAST = ("AutoETS", "AutoTheta", "DynamicOptimizedTheta", "AutoCES", "AutoARIMA")
LEVELS = (80, 95)
TIMED = 40
FAILURES = (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError)


def forecast_statsforecast(method: str, values: np.ndarray, horizon: int, season: int) -> dict:
    """Point and interval forecasts of one statsforecast model."""
    from statsforecast import models

    model = getattr(models, method)(season_length=season)
    answer = model.forecast(y=values, h=horizon, level=list(LEVELS))
    return {
        "mean": answer["mean"],
        **{
            f"{side}_{level}": answer[f"{side}-{level}"]
            for level in LEVELS
            for side in ("lo", "hi")
        },
    }


def forecast_statsmodels_theta(values: np.ndarray, horizon: int, season: int) -> dict:
    """The Theta model of statsmodels with its own test for seasonality."""
    from statsmodels.tsa.forecasting.theta import ThetaModel

    seasonal = season > 1 and len(values) >= 3 * season
    method = "multiplicative" if seasonal and values.min() > 0 else "additive"
    fitted = ThetaModel(
        pd.Series(values), period=season if seasonal else 1, deseasonalize=seasonal, method=method
    ).fit()
    columns = {"mean": fitted.forecast(horizon).to_numpy()}
    for level in LEVELS:
        bounds = fitted.prediction_intervals(horizon, alpha=1 - level / 100)
        columns[f"lo_{level}"], columns[f"hi_{level}"] = (
            bounds["lower"].to_numpy(),
            bounds["upper"].to_numpy(),
        )
    return columns


def forecast_statsmodels_ets(values: np.ndarray, horizon: int, season: int) -> dict:
    """ETS of statsmodels: additive damped trend, additive season where the series is long
    enough.
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    seasonal = season > 1 and len(values) >= 3 * season
    model = ETSModel(
        pd.Series(values),
        error="add",
        trend="add",
        damped_trend=True,
        seasonal="add" if seasonal else None,
        seasonal_periods=season if seasonal else None,
    )
    fitted = model.fit(disp=False)
    predicted = fitted.get_prediction(start=len(values), end=len(values) + horizon - 1)
    columns = {"mean": predicted.predicted_mean.to_numpy()}
    for level in LEVELS:
        frame = predicted.summary_frame(alpha=1 - level / 100)
        columns[f"lo_{level}"], columns[f"hi_{level}"] = (
            frame["pi_lower"].to_numpy(),
            frame["pi_upper"].to_numpy(),
        )
    return columns


def forecast_one(method: str, values: np.ndarray, horizon: int, season: int) -> pd.DataFrame:
    """One series by one method."""
    if method in STATSFORECAST:
        columns = forecast_statsforecast(method, values, horizon, season)
    elif method == "StatsmodelsTheta":
        columns = forecast_statsmodels_theta(values, horizon, season)
    else:
        columns = forecast_statsmodels_ets(values, horizon, season)
    return pd.DataFrame(columns).assign(step=np.arange(1, horizon + 1))


def shuffle(series: dict[str, np.ndarray]) -> list[str]:
    """The series in one fixed order that has nothing to do with their names."""
    return sorted(series, key=lambda name: zlib.crc32(name.encode()))


def time_method(method: str, series: dict[str, np.ndarray], horizon: int, season: int) -> float:
    """Processor seconds a series, on the first forty of the order; one run before them compiles."""
    chosen = [series[name] for name in shuffle(series)[:TIMED]]
    started = 0.0
    for place, values in enumerate([chosen[0], *chosen]):
        if place == 1:
            started = time.process_time()
        try:
            forecast_one(method, values, horizon, season)
        except FAILURES as error:
            print(f"{method}: a timed series failed: {error}", file=sys.stderr)
    return (time.process_time() - started) / len(chosen)


def run_method(
    method: str,
    series: dict[str, np.ndarray],
    folder: Path,
    horizon: int,
    season: int,
    minutes: float,
) -> None:
    """All series that fit in the minutes; saves as it goes."""
    path = folder / f"{method}.parquet"
    known = pd.read_parquet(path) if path.exists() else None
    parts = [] if known is None else [known]
    done = set() if known is None else set(known["series_id"])
    todo = [name for name in shuffle(series) if name not in done]
    started, failed = time.process_time(), 0
    for count, name in enumerate(todo, start=1):
        if time.process_time() - started > 60 * minutes:
            break
        try:
            parts.append(forecast_one(method, series[name], horizon, season).assign(series_id=name))
        except FAILURES as error:
            failed += 1
            print(f"{method}: {name} failed: {error}", file=sys.stderr)
        if count % 50 == 0:
            pd.concat(parts).to_parquet(path, index=False)
            print(
                f"{method}: {count} of {len(todo)}, {time.process_time() - started:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    if parts:
        pd.concat(parts).to_parquet(path, index=False)
    print(f"{method}: done; {failed} failed", file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, run each method."""
    source, folder, horizon, season, minutes, *methods = sys.argv[1:]
    warnings.simplefilter("ignore")
    frame = pd.read_parquet(source).sort_values(["series_id", "t"])
    series = {
        str(name): group["value"].to_numpy(dtype=float)
        for name, group in frame.groupby("series_id")
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    for method in methods:
        run_method(method, series, Path(folder), int(horizon), int(season), float(minutes))
    seconds = [
        (method, time_method(method, series, int(horizon), int(season))) for method in methods
    ]
    pd.DataFrame(seconds, columns=["method", "seconds"]).to_csv(
        Path(folder) / "seconds.csv", index=False
    )


if __name__ == "__main__":
    main()
