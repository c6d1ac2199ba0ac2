"""Many series at once: accounts, models, regions, or a whole collection."""

import numpy as np
import pandas as pd

from kamresearch.analysis.trend.forecasting import LEVELS, check_horizon, predict, say_outliers
from kamresearch.analysis.trend.guards import find_outliers
from kamresearch.analysis.trend.series import read_series, season_of, to_numbers, to_steps
from kamresearch.errors import AnalysisError, DataError, near_matches

COLUMNS = ("mean", *(f"{side}_{level}" for level in LEVELS for side in ("lo", "hi")))


def forecast_many(
    frame: pd.DataFrame, horizon: int, seasonality: int | None = None, n_jobs: int = 1
) -> pd.DataFrame:
    """What comes next, for each of many series?

    Frame (series_id, period, value), in any order → frame (series_id, step, mean, lo_80, hi_80,
    lo_95, hi_95), series
    in the order of their first row, steps 1 to ``horizon``.

    Parameters
    ----------
    frame : DataFrame
        One row per series and period. Periods are dates, texts that read like dates or periods,
        whole numbers, or
        plain labels (then rows count in the order given). Gaps inside a series are filled as
        `forecast` does.
    horizon : int
        Steps ahead.
    seasonality : int, optional
        Steps in a cycle; None takes it from the periods' frequency, and 1 where they have none.
    n_jobs : int
        Processes; the answer does not depend on it.

    Returns
    -------
    DataFrame
        A series of fewer than five values gets its last value, a constant its value, and no interval
        (NaN).
        ``attrs["caveats"]`` maps series to
        what was done to them.

    Raises
    ------
    AnalysisError
        A horizon below 1, an empty frame, or two values for one period of a series.
    DataError
        A column is missing, or holds texts where numbers belong.

    Examples
    --------
    >>> frame = pd.DataFrame({"series_id": ["a"] * 5, "period": [2008, 2009, 2010, 2011, 2012], "value": [3.0] * 5})
    >>> forecast_many(frame, 1)[["series_id", "step", "mean", "lo_95"]].values.tolist()
    [['a', 1, 3.0, nan]]
    """  # noqa: E501
    check_horizon(horizon)
    missing = [column for column in ("series_id", "period", "value") if column not in frame.columns]
    if missing:
        raise DataError(
            "forecast_many, frame",
            "columns series_id, period, value",
            f"no {', '.join(missing)}",
            near_matches(missing[0], map(str, frame.columns)),
        )
    if frame.empty:
        raise AnalysisError(
            "forecast_many, frame", "at least one row", "none", "check the slice and the as-of date"
        )
    tasks = list(_split(frame, seasonality))
    answers = _run(tasks, int(horizon), n_jobs)
    parts = [
        pd.DataFrame({"series_id": [name] * horizon, "step": np.arange(1, horizon + 1), **answer})
        for (name, *_), answer in zip(tasks, answers, strict=True)
    ]
    result = pd.concat(parts, ignore_index=True)[["series_id", "step", *COLUMNS]]
    result.attrs["caveats"] = {name: caveats for name, _, _, caveats in tasks if caveats}
    return result


def _split(frame: pd.DataFrame, seasonality: int | None) -> list[tuple]:
    """(series_id, values, season, caveats) per series."""
    values = to_numbers(frame["value"], "forecast_many, column 'value'")
    steps = to_steps(pd.Index(frame["period"]))
    season = seasonality or season_of(steps)
    tidy = pd.DataFrame({"value": values.to_numpy()}, index=steps)
    tasks = []
    for name, place in (
        frame.reset_index(drop=True).groupby("series_id", sort=False, observed=True).indices.items()
    ):
        part = pd.Series(tidy["value"].to_numpy()[place], index=steps[place])
        regular = read_series(part, season, where=f"series {name!r}")
        said = say_outliers(find_outliers(regular.values, season), regular.index)
        tasks.append((name, regular.values, season, (*regular.caveats, *said)))
    return tasks


def _run(tasks: list[tuple], horizon: int, jobs: int) -> list[dict]:
    if jobs == 1 or len(tasks) < 2 * jobs:
        return [predict(values, horizon, season) for _, values, season, _ in tasks]
    from joblib import Parallel, delayed

    size = max(1, min(50, len(tasks) // (4 * jobs)))
    chunks = [tasks[start : start + size] for start in range(0, len(tasks), size)]
    done = Parallel(n_jobs=jobs)(delayed(_run)(chunk, horizon, 1) for chunk in chunks)
    return [answer for chunk in done for answer in chunk]
