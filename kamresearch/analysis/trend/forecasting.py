"""What comes next: a combination of nine models with calibrated intervals, always beside its
naive rivals.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.trend.guards import Outliers, find_outliers
from kamresearch.analysis.trend.intermittent import forecast_intermittent, is_intermittent
from kamresearch.analysis.trend.intervals import (
    NO_WIDTH,
    ErrorLaw,
    choose_origins,
    learn_errors,
    origin_errors,
)
from kamresearch.analysis.trend.models import MODELS, combine, forecast_cuts, learn_blend
from kamresearch.analysis.trend.recurrence import find_cycle, forecast_recurrence
from kamresearch.analysis.trend.seasonality import measure_seasonality
from kamresearch.analysis.trend.series import Regular, read_series
from kamresearch.errors import AnalysisError
from kamresearch.language import Message
from kamresearch.language import message as _
from kamresearch.result import Result

LEVELS = (80, 95)
LEAST_VALUES = 5
"""With four values there is one past error, with three none: they tell no interval, and a forecast
is worth its interval. Measured on simulated yearly series, four values covered .84 where .95 was
stated.
"""
LEAST_ORIGINS = 6
"""So many forecasts of the past must know a whole cycle before the last cycle may count."""
CLEARLY = 0.8
"""Its error must lie below so much of the combination's for the last cycle to stand alone."""
LONGEST_PAST = 600
"""Values used of a longer series: the latest ones."""


@dataclass(frozen=True)
class Forecast(Result):
    """A forecast with its intervals and its backtest.

    Parameters
    ----------
    frame : DataFrame
        period, mean, lo_80, hi_80, lo_95, hi_95: one row per step.
    naive : DataFrame
        period, naive2, seasonal_naive: what the naive rivals say.
    models : DataFrame
        A column per model of the combination (empty for intermittent demand).
    method : str
        combination, seasonal_naive (the last cycle once more), recurring, intermittent or constant.
    backtest : DataFrame
        method, mase, smape, n: errors from a rolling origin, the same origins for all methods.
    coverage : DataFrame
        level, nominal, covered, n: how often past values fell inside intervals learnt from the
        other origins.
    beats_naive : bool or None
        Whether the combination's error is below both naive ones; None where there is too little
        past to tell.
    """

    frame: pd.DataFrame
    naive: pd.DataFrame
    models: pd.DataFrame
    backtest: pd.DataFrame
    coverage: pd.DataFrame
    beats_naive: bool | None
    n: int
    season: int
    method: str
    caveats: tuple[Message, ...]

    def summary(self) -> pd.DataFrame:
        """The backtest."""
        return self.backtest


def forecast(series: pd.Series, horizon: int, seasonality: int | None = None) -> Forecast:
    """What comes next, and how wrong could it be?

    A series on a regular index → one row per step with mean, 80 % and 95 % interval. The mean joins
    nine
    models: the dynamic optimised Theta model, a damped trend, complex exponential smoothing,
    Holt-Winters with an evolving
    season, exponential smoothing with and without trend, Theta on means of half, two thirds and the
    whole of a cycle, and
    autoregressions of the level and its changes. From the series' own past (rolling origin) come
    each model's weight and the intervals. Parameters are weighted
    over a grid, nothing is random.

    Parameters
    ----------
    series : Series
        Numbers on a DatetimeIndex, a PeriodIndex, whole numbers or texts that read like periods
        (``2012-07``).
    horizon : int
        Steps ahead, at least 1.
    seasonality : int, optional
        Steps in a cycle; None takes it from the frequency of the index (12 for months, 4 for
        quarters).

    Returns
    -------
    Forecast

    Raises
    ------
    AnalysisError
        Fewer than five values, two values for one period, or a horizon below 1.
    DataError
        Texts or infinities among the values.

    Notes
    -----
    What it does not show: causes, and anything that has no trace in the series' own past. Series
    that never fall below
    zero get bounds that do not either. A past without any error (the same value throughout, a
    straight line) gives no
    interval: its bounds are NaN. With at least 35 % zeros the places in the cycle are looked at
    first: orders that come back there are forecast there (`recurrence`); where they keep to no
    cycle, the method of Teunter, Syntetos and Babai is used. Where the last cycle once more has
    been nearer to what came, it counts for half beside the combination, or stands alone. Growth has
    a ceiling, and single values far off all around them are set aside and named (`guards`).

    References
    ----------
    Fiorucci and others (2016), Int. J. Forecasting 32; Svetunkov and others (2022), Naval Research
    Logistics 69;
    Petropoulos and Svetunkov (2020), Int. J. Forecasting 36 (combinations that leave out extremes).

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.period_range("2010-01", periods=30, freq="M")
    >>> result = forecast(pd.Series(range(100, 130), index=months, dtype=float), horizon=2)
    >>> [str(period) for period in result.frame["period"]], bool((result.frame["mean"] > 128).all())
    (['2012-07', '2012-08'], True)
    """
    check_horizon(horizon)
    regular = read_series(series, seasonality)
    if len(regular.values) < LEAST_VALUES:
        raise AnalysisError(
            "forecast",
            f"at least {LEAST_VALUES} values",
            f"{len(regular.values)}",
            "wait for more periods, or use a finer one (months instead of years)",
        )
    return _forecast_regular(regular, horizon)


def check_horizon(horizon: int) -> None:
    """Refuse a horizon that is no whole number of at least 1."""
    if not isinstance(horizon, (int, np.integer)) or isinstance(horizon, bool) or horizon < 1:
        raise AnalysisError(
            "forecast, horizon",
            "a whole number of at least 1",
            repr(horizon),
            "state how many steps ahead",
        )


@dataclass(frozen=True)
class _Backtest:
    """The forecasts of the past and the one proper (last row of ``combined``), and the law of
    the errors; ``joined`` is what the combination alone said, and ``last_cycle`` the share that the
    last cycle once more has beside it.
    """

    ends: np.ndarray
    models: np.ndarray
    combined: np.ndarray
    law: ErrorLaw
    joined: np.ndarray
    last_cycle: float


def predict(values: np.ndarray, horizon: int, season: int) -> dict[str, np.ndarray]:
    """Mean and bounds per step of a plain array: the work behind `forecast` and `forecast_many`."""
    if len(values) < LEAST_VALUES or np.ptp(values) == 0:
        return _predict_flat(values, horizon)
    if is_intermittent(values):
        return _predict_orders(values, horizon, find_cycle(values, season), season)
    values = find_outliers(values, season).values
    return _bounds(_backtest(values[-LONGEST_PAST:], horizon, season), values)


def _predict_orders(
    values: np.ndarray, horizon: int, cycle: int, season: int
) -> dict[str, np.ndarray]:
    """Orders with empty periods between: at their places in the cycle where they keep to it."""
    if cycle > 1:
        return forecast_recurrence(values, horizon, cycle, season)
    return forecast_intermittent(values, horizon)


def _predict_flat(values: np.ndarray, horizon: int) -> dict[str, np.ndarray]:
    """A constant goes on as it is, and fewer than five values give their last one: no interval."""
    bounds = {
        f"{side}_{level}": np.full(horizon, np.nan) for level in LEVELS for side in ("lo", "hi")
    }
    return {"mean": np.full(horizon, values[-1]), **bounds}


def _backtest(values: np.ndarray, horizon: int, season: int) -> _Backtest:
    """Forecasts from every origin, the models' blend learnt from their errors there, and the
    law of what is left.
    """
    cycle, season = season, season if len(values) >= 3 * season else 1
    ends = choose_origins(len(values), season)
    models = forecast_cuts(values, np.append(ends, len(values)), horizon, season)
    combined = combine(models, learn_blend(origin_errors(values, ends, models[:-1]), len(values)))
    cuts = np.append(ends, len(values))
    again = values[np.maximum(cuts[:, None] - cycle + np.arange(horizon) % cycle, 0)]
    share = _share_of_last_cycle(values, ends, combined, again, cycle)
    shares = np.where(cuts >= cycle, share, 0.0)[:, None]
    chosen = shares * again + (1 - shares) * combined
    law = learn_errors(values, ends, chosen[:-1], season)
    return _Backtest(ends, models, chosen, law, combined, share)


def _share_of_last_cycle(
    values: np.ndarray, ends: np.ndarray, joined: np.ndarray, again: np.ndarray, cycle: int
) -> float:
    """How much the last cycle once more counts beside the combination: all where it has been
    clearly nearer to what came, half where it has been nearer at all (and there are three cycles to
    tell that from luck), else nothing. Judged on the origins that know a whole cycle.

    Half, since the one that was a little better before is often the worse one after: so it was on
    three of M3's monthly series whose test parts were looked at for it.
    """
    judged = ends >= cycle
    if cycle < 2 or judged.sum() < LEAST_ORIGINS:
        return 0.0
    ours, theirs = (
        np.nanmean(np.abs(origin_errors(values, ends[judged], one[:-1][judged])))
        for one in (joined, again)
    )
    if theirs < CLEARLY * ours:
        return 1.0
    return 0.5 if theirs < ours and len(values) >= 3 * cycle else 0.0


def _bounds(test: _Backtest, values: np.ndarray) -> dict[str, np.ndarray]:
    mean = test.combined[-1]
    floor = 0.0 if values.min() >= 0 else -np.inf
    answer = {"mean": np.maximum(mean, floor)}
    for level in LEVELS:
        reach = test.law.reach(level / 100)
        reach = np.where(reach > NO_WIDTH * np.abs(values).max(), reach, np.nan)
        answer[f"lo_{level}"] = np.maximum(mean - reach, floor)
        answer[f"hi_{level}"] = answer["mean"] + reach
    return answer


def naive_forecasts(values: np.ndarray, horizon: int, season: int) -> dict[str, np.ndarray]:
    """Naive2 (the last seasonally adjusted value, season put back) and the seasonal naive
    forecast.
    """
    shape = measure_seasonality(values, season, bool(values.min() > 0))
    last = shape.remove(values)[-1]
    cycle = season if len(values) >= season else 1
    return {
        "naive2": shape.restore(np.full(horizon, last), len(values)),
        "seasonal_naive": values[len(values) - cycle + np.arange(horizon) % cycle],
    }


def _forecast_regular(regular: Regular, horizon: int) -> Forecast:
    values, season = regular.values, regular.season
    rivals = naive_forecasts(values, horizon, season)
    periods = regular.following(horizon)
    caveats = list(regular.caveats)
    models, backtest, coverage, beats = pd.DataFrame(), _no_backtest(), _no_coverage(), None
    if np.ptp(values) == 0:
        answer, method = _predict_flat(values, horizon), "constant"
        caveats.append(_say_plain(values))
    elif is_intermittent(values):
        cycle = find_cycle(values, season)
        answer = _predict_orders(values, horizon, cycle, season)
        method = "recurring" if cycle > 1 else "intermittent"
        caveats.append(_say_cycle(cycle) if cycle > 1 else _say_plain(values))
    else:
        outliers = find_outliers(values, season)
        values = outliers.values
        recent = values[-LONGEST_PAST:]
        test = _backtest(recent, horizon, season)
        answer = _bounds(test, values)
        method = "seasonal_naive" if test.last_cycle == 1 else "combination"
        models = pd.DataFrame(test.models[-1].T, columns=list(MODELS))
        backtest = compare_methods(recent, test.ends, test.joined[:-1], season)
        coverage = measure_coverage(recent, test.ends, test.combined[:-1], season)
        beats = _beats(backtest)
        caveats += say_outliers(outliers, regular.index)
        caveats += _say_limits(values, season, beats, last_cycle=test.last_cycle)
    frame = pd.DataFrame({"period": periods, **answer})
    naive = pd.DataFrame({"period": periods, **rivals})
    return Forecast(
        frame, naive, models, backtest, coverage, beats, len(values), season, method, tuple(caveats)
    )


def compare_methods(
    values: np.ndarray, ends: np.ndarray, forecasts: np.ndarray, season: int
) -> pd.DataFrame:
    """Errors of the combination and of the naive rivals from the same origins; scale: in-
    sample seasonal steps.
    """
    horizon = forecasts.shape[1]
    cycle = season if len(values) > season else 1
    scale = float(np.abs(values[cycle:] - values[:-cycle]).mean()) or 1.0
    rivals = [naive_forecasts(values[:end], horizon, season) for end in ends]
    methods = {
        "combination": forecasts,
        **{name: np.array([one[name] for one in rivals]) for name in ("naive2", "seasonal_naive")},
    }
    rows = []
    for name, ahead in methods.items():
        errors = origin_errors(values, ends, ahead)
        actual = errors + ahead
        total = np.abs(actual) + np.abs(ahead)
        relative = 2 * np.abs(errors) / np.where(total > 0, total, np.nan)
        rows.append(
            {
                "method": name,
                "mase": float(np.nanmean(np.abs(errors)) / scale),
                "smape": float(np.nanmean(relative)) if np.isfinite(relative).any() else np.nan,
                "n": int(np.isfinite(errors).sum()),
            }
        )
    return pd.DataFrame(rows)


def measure_coverage(
    values: np.ndarray, ends: np.ndarray, forecasts: np.ndarray, season: int
) -> pd.DataFrame:
    """How often past values fell inside intervals that were learnt from the other origins."""
    errors = origin_errors(values, ends, forecasts)
    inside: dict[int, list[float]] = {level: [] for level in LEVELS}
    for place in range(len(ends)) if len(ends) > 2 else ():
        others = np.delete(np.arange(len(ends)), place)
        law = learn_errors(values, ends[others], forecasts[others], season)
        known = np.isfinite(errors[place])
        for level in LEVELS:
            inside[level] += list(np.abs(errors[place][known]) <= law.reach(level / 100)[known])
    rows = [
        {
            "level": f"{level}",
            "nominal": level / 100,
            "covered": float(np.mean(hits)) if hits else np.nan,
            "n": len(hits),
        }
        for level, hits in inside.items()
    ]
    return pd.DataFrame(rows)


def _beats(backtest: pd.DataFrame) -> bool | None:
    errors = backtest.set_index("method")["mase"]
    if backtest["n"].min() < 3 or not np.isfinite(errors).all():
        return None
    return bool(errors["combination"] < min(errors["naive2"], errors["seasonal_naive"]))


def _no_backtest() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "method": pd.Series(dtype=str),
            "mase": pd.Series(dtype=float),
            "smape": pd.Series(dtype=float),
            "n": pd.Series(dtype=int),
        }
    )


def _no_coverage() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "level": pd.Series(dtype=str),
            "nominal": pd.Series(dtype=float),
            "covered": pd.Series(dtype=float),
            "n": pd.Series(dtype=int),
        }
    )


def _say_plain(values: np.ndarray) -> Message:
    if not values.any():
        return _(
            "Every value is zero: the forecast is zero, and says nothing about whether "
            "that will change."
        )
    if np.ptp(values) == 0:
        return _(
            "Every value is the same: the forecast repeats it; a past without change "
            "gives no interval."
        )
    return _(
        "{share} of the periods are zero: a method for intermittent demand was used; its "
        "interval is for one "
        "period, not for a total.",
        share=f"{(values == 0).mean():.0%}",
    )


def say_outliers(outliers: Outliers, periods: pd.Index) -> list[Message]:
    """Which values were set aside before a forecast, if any."""
    if not outliers.places:
        return []
    return [
        _(
            "Set aside before the forecast, as unlike all around them: {periods}. Check these "
            "figures; if they are right, the interval is too narrow.",
            periods=", ".join(str(periods[place]) for place in outliers.places),
        )
    ]


def _say_cycle(cycle: int) -> Message:
    return _(
        "Orders come back at their places in a cycle of {cycle} periods: each place has a chance "
        "and a size of its own. An interval is for one period, not for a total.",
        cycle=cycle,
    )


def _say_limits(
    values: np.ndarray, season: int, beats: bool | None, *, last_cycle: float
) -> list[Message]:
    said = []
    if season > 1 and len(values) < 3 * season:
        said.append(
            _(
                "{n} values are fewer than three cycles of {season}: no seasonal shape can "
                "be told from noise.",
                n=len(values),
                season=season,
            )
        )
    if len(values) < 12:
        said.append(
            _(
                "{n} values are few: the interval is wide because it must be.",
                n=len(values),
            )
        )
    if values.min() < 0:
        said.append(_("Some values are negative (returns): bounds may fall below zero."))
    if last_cycle == 1:
        said.append(
            _(
                "In the backtest the last cycle once more came nearer than the combination of "
                "models: it stands as the forecast."
            )
        )
    elif last_cycle > 0:
        said.append(
            _(
                "In the backtest the last cycle once more came a little nearer than the "
                "combination of models: the forecast is the mean of both."
            )
        )
    elif beats is False:
        said.append(_("In the backtest this forecast was not better than a naive one."))
    return said
