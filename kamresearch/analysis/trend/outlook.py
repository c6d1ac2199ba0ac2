"""The study's outlook: forecasts of the yearly series and of the company's months, and what
became of them.
"""

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from kamresearch.analysis.trend.forecasting import LEAST_VALUES, Forecast, forecast
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.analysis.trend.intermittent import is_intermittent
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

METHODS = {
    "combination": _("this combination"),
    "naive2": _("Naive2"),
    "seasonal_naive": _("seasonal naive"),
}
MEASURED = {5: 0.958, 6: 0.948, 8: 0.967, 10: 0.951, 14: 0.957}
"""Length of a yearly series, and measured coverage of its 95 % intervals one to three years ahead:
600 simulated series a length (level, random walk, growth, fading growth; noise of 3 to 30 %).
`tests/analysis/test_outlook.py` measures it again.
"""
_VERDICTS = {
    True: _("it beat the naive forecasts in its backtest"),
    False: _("it did not beat the naive forecasts in its backtest"),
    None: _("there is too little past to test it"),
}
TELLING = 5.0
"""An interval whose upper bound is more than so many times its lower one tells nothing that a
reader could plan by: it is told in words.
"""
MONTHS_TELL = 12
"""From so many whole months on, most of them with orders, months are forecast, not years."""


@dataclass(frozen=True)
class Outlook(Result, frame="result.frame"):
    """A forecast of one series, ready to be shown: past, future, and what is known of them now.

    Parameters
    ----------
    past : DataFrame
        period, value, low, high: what the forecast saw.
    actual : DataFrame
        period, value: what has become known since (empty when nothing has).
    result : Forecast or None
        None where the series is too short; the caveats say so.
    """

    name: str
    unit: str
    frequency: str
    made_on: str
    past: pd.DataFrame
    actual: pd.DataFrame
    result: Forecast | None
    caveats: tuple[Message, ...]

    @property
    def reason(self) -> Message | None:
        """Why there is no forecast; None where there is one."""
        return None if self.result is not None else self.caveats[0]

    @property
    def total(self) -> tuple[float, float, float] | None:
        """Mean and 95 % bounds of the next year.

        Of twelve months the bounds are added up, as if all months missed together: wide rather than
        narrow.
        """
        if self.result is None:
            return None
        steps = 12 if self.frequency == "M" else 1
        rows = self.result.frame.head(steps)
        return (
            cast(
                tuple[float, float, float],
                tuple(
                    float(rows[column].to_numpy().sum()) for column in ("mean", "lo_95", "hi_95")
                ),
            )
            if len(rows) == steps
            else None
        )

    @property
    def judged(self) -> pd.DataFrame:
        """period, value, mean, lo_95, hi_95, inside, error: the forecast against what has
        become known.
        """
        columns = ["period", "value", "mean", "lo_80", "hi_80", "lo_95", "hi_95", "naive2"]
        if self.result is None or self.actual.empty:
            return pd.DataFrame(columns=[*columns, "inside", "error"])
        ahead = self.result.frame.assign(
            period=self.result.frame["period"].astype(str), naive2=self.result.naive["naive2"]
        )
        both = self.actual.merge(ahead, on="period", validate="one_to_one")[columns]
        return both.assign(
            inside=both["value"].between(both["lo_95"], both["hi_95"]),
            error=both["value"] / both["mean"] - 1,
        )

    def findings(self) -> list[Finding]:
        """Next year's forecast, the backtest against the naive rivals, and measured coverage."""
        total = self.total
        reason = self.caveats[0] if self.caveats else _("Too few values.")
        interval = self._interval()
        skill, n_tests = self._skill()
        return [
            Finding(
                "trend.forecast_next_year",
                None if total is None else total[0],
                self.unit,
                _("Forecast for the next year"),
                _(
                    "Nine models joined by their past errors; interval from the series’ "
                    "own past errors, 95%."
                ),
                interval=interval,
                n=len(self.past),
                n_unit="months" if self.frequency == "M" else "years",
                good="up",
                figure="trend.fan",
                headline=interval is not None and _tells(interval),
                sentence=None if total is None else self._sentence(total, interval),
                reason=reason if total is None else None,
            ),
            Finding(
                "trend.forecast_skill",
                skill,
                "ratio",
                _("Forecast error against the better naive one"),
                _(
                    "Mean absolute error in the backtest over that of the better of "
                    "seasonal naive and Naive2; below 1 is better."
                ),
                n=n_tests,
                n_unit="count",
                good="down",
                figure="trend.fan",
                reason=_("Too little past for a backtest.") if skill is None else None,
            ),
            self._coverage_finding(),
        ]

    def _interval(self) -> Interval | None:
        """The interval of the next year; None where the past had no errors to learn one from."""
        total = self.total
        if total is None or not np.isfinite(total).all():
            return None
        return Interval(total[1], total[2])

    def _sentence(self, total: tuple[float, float, float], interval: Interval | None) -> Message:
        """What is expected; in words alone where there is no interval or none that tells."""
        said = {"year": self._following(), "mean": self._say(total[0])}
        if interval is None:
            return _(
                "The forecast for {year} is {mean}, as before: a past without any error gives "
                "no interval.",
                **said,
            )
        said |= {
            "low": self._say(interval.low),
            "high": self._say(interval.high),
            "verdict": _VERDICTS[cast(Any, self.result).beats_naive],
        }
        if not _tells(interval):
            del said["mean"]
            return _(
                "What {year} will bring cannot be told from this past: anything between {low} and "
                "{high} would fit it. The forecast: {verdict}.",
                **said,
            )
        if self.actual.empty:
            return _(
                "The forecast for {year} is {mean}, between {low} and {high} (95%); {verdict}.",
                **said,
            )
        return _(
            "On {day} the forecast for {year} was {mean}, between {low} and {high} "
            "(95%); {verdict}.",
            day=Quantity(self.made_on, "date"),
            **said,
        )

    def _following(self) -> str:
        if self.result is None:
            return "–"
        periods = self.result.frame["period"].astype(str)
        return (
            periods.iloc[0]
            if self.frequency == "Y"
            else f"{periods.iloc[0]}/{periods.iloc[min(11, len(periods) - 1)]}"
        )

    def _say(self, value: float) -> Quantity:
        return Quantity(float(round(value, -2 if abs(value) >= 10_000 else 0)), self.unit)

    def _skill(self) -> tuple[float | None, int | None]:
        if self.result is None or self.result.backtest.empty:
            return None, None
        errors = self.result.backtest.set_index("method")["mase"]
        rival = min(errors["naive2"], errors["seasonal_naive"])
        return (
            (float(errors["combination"] / rival), int(self.result.backtest["n"].min()))
            if rival > 0
            else (None, None)
        )

    def _coverage_finding(self) -> Finding:
        row = None
        if self.result is not None and not self.result.coverage.empty:
            row = self.result.coverage.set_index("level").loc["95"]
        value = None if row is None or not np.isfinite(row["covered"]) else float(row["covered"])
        return Finding(
            "trend.forecast_coverage",
            value,
            "share",
            _("Measured coverage of the 95% interval"),
            _(
                "Share of past values inside intervals learnt from the other origins of "
                "the backtest; neighbouring origins overlap."
            ),
            n=None if value is None else int(cast(Any, row)["n"]),
            n_unit="count",
            figure="trend.coverage",
            reason=_("Too little past to measure it.") if value is None else None,
        )

    def table(self) -> Table:
        """The forecast beside its naive rivals."""
        frame = pd.DataFrame(
            columns=[
                "period",
                "mean",
                "lo_80",
                "hi_80",
                "lo_95",
                "hi_95",
                "naive2",
                "seasonal_naive",
            ]
        )
        if self.result is not None:
            frame = self.result.frame.merge(self.result.naive, on="period", validate="one_to_one")
            frame = frame.assign(period=frame["period"].astype(str))
        return make_table(
            self.shows[1].id,
            _("Forecast by period, with its naive rivals"),
            frame,
            "period",
            Column("mean", _("Forecast"), self.unit),
            Column("lo_80", _("80%, from"), self.unit),
            Column("hi_80", _("80%, to"), self.unit),
            Column("lo_95", _("95%, from"), self.unit),
            Column("hi_95", _("95%, to"), self.unit),
            Column("naive2", _("Naive2"), self.unit),
            Column("seasonal_naive", _("Seasonal naive"), self.unit),
        )


@dataclass(frozen=True)
class YearsAhead(Outlook):
    """The yearly level series ahead."""

    shows = (Shown("trend.fan"), Shown("trend.outlook", "table"))


@dataclass(frozen=True)
class MonthsAhead(Outlook):
    """The company's own months ahead."""

    shows = (Shown("trend.fan_months"), Shown("trend.outlook_months", "table"))


@dataclass(frozen=True)
class Outlooks(Result, frame="told.frame"):
    """Years and months ahead together: the next year is told by the years where they can tell."""

    exports = ("trend.forecast_next_year", "trend.forecast_skill", "trend.forecast_coverage")
    shows = (Shown("trend.coverage", part="coverage"),)

    years: Outlook
    months: Outlook

    @property
    def told(self) -> Outlook:
        """The one that tells the next year."""
        return self.months if self.years.reason else self.years

    def findings(self) -> list[Finding]:
        """The next year, and how far such forecasts can be trusted."""
        return self.told.findings()


def look_ahead(inputs: Inputs, horizon: int, frequency: str = "Y", made_on: str = "") -> Outlook:
    """What comes next, as far as was known on a day?

    Parameters
    ----------
    inputs : Inputs
        As known by their as-of date.
    horizon : int
        Periods ahead.
    frequency : {"Y", "M"}
        The yearly level series, or the company's own months.
    made_on : str
        Make the forecast with what was known on this earlier day and judge it by what came; empty
        for the as-of date.
    """
    day = made_on or inputs.as_of
    series = _read_series(inputs, frequency)
    seen = np.asarray(series.frame["end"] <= pd.Timestamp(day))
    past = series.frame.loc[seen, ["period", "value", "low", "high"]].reset_index(drop=True)
    later = series.frame.loc[~seen, ["period", "value"]].reset_index(drop=True)

    def answer(result: Forecast | None, *caveats: Message) -> Outlook:
        kind = YearsAhead if frequency == "Y" else MonthsAhead
        return kind(series.name, series.unit, frequency, day, past, later, result, caveats)

    if frequency == "Y" and inputs.facts is None and _months_tell(inputs, day):
        return answer(None, _MONTHS_INSTEAD)
    if len(past) < LEAST_VALUES:
        return answer(
            None,
            _(
                "{n} whole periods are too few for a forecast; it needs {least}.",
                n=len(past),
                least=LEAST_VALUES,
            ),
        )
    index = pd.PeriodIndex(past["period"], freq=frequency)
    skipped = _count_past(index[-1], pd.Timestamp(day), own=series.own)
    if skipped > horizon:
        return answer(
            None,
            _(
                "The figures end with {period}, too long before {day} for a forecast of what "
                "comes after it.",
                period=str(index[-1]),
                day=Quantity(day, "date"),
            ),
        )
    result = forecast(pd.Series(past["value"].to_numpy(), index=index), horizon + skipped)
    caveats = list(result.caveats)
    if skipped:
        caveats.insert(
            0,
            _(
                "{period} is past or has begun on {day}: the forecast starts after it.",
                period=str(index[-1] + skipped),
                day=Quantity(day, "date"),
            ),
        )
    if frequency == "Y":
        caveats.append(_say_measured(len(past)))
    return answer(_without_first(result, skipped), *caveats)


_MONTHS_INSTEAD = _(
    "The company’s own months tell more than a few years: the forecast is made from them."
)


@dataclass(frozen=True)
class _Series:
    """period, value, low, high, end (last day) of what is forecast; own: the company's orders."""

    frame: pd.DataFrame
    name: str
    unit: str
    own: bool


def _read_series(inputs: Inputs, frequency: str) -> _Series:
    own = frequency == "M" or inputs.facts is None
    if frequency == "Y":
        frame = inputs.years()[["period", "value", "low", "high"]]
    else:
        months = inputs.series()
        frame = pd.DataFrame(
            {"period": months.index.astype(str), "value": months.to_numpy()}
        ).assign(low=np.nan, high=np.nan)
    ends = pd.PeriodIndex(frame["period"], freq=frequency).end_time.normalize()
    unit, name = (inputs.unit, "") if own else ("units", inputs.brand)
    return _Series(frame.assign(end=ends), name, unit, own)


def _months_tell(inputs: Inputs, day: str) -> bool:
    """Whether the months known by the day are a series to forecast: enough, and most not empty."""
    months = inputs.series()
    values = months[months.index.end_time.normalize() <= pd.Timestamp(day)].to_numpy(dtype=float)
    return len(values) >= MONTHS_TELL and not is_intermittent(values)


def _count_past(last: pd.Period, day: pd.Timestamp, *, own: bool) -> int:
    """How many periods after the last known one are no longer to be forecast on a day.

    Of the company's own orders those that have begun: what they brought so far is known, a forecast
    of the whole would ignore it. Of the market's figures those more than half past.
    """
    count = 0
    while True:
        period = last + count + 1
        start, end = period.start_time, period.end_time
        gone = (day - start) / (end - start)
        if gone < 0 if own else gone <= 0.5:
            return count
        count += 1


def _without_first(result: Forecast, skipped: int) -> Forecast:
    return replace(
        result,
        **{
            name: getattr(result, name).iloc[skipped:].reset_index(drop=True)
            for name in ("frame", "naive", "models")
        },
    )


def _say_measured(n: int) -> Message:
    """Measured coverage at the largest length measured that is not longer than the series."""
    length = max(one for one in MEASURED if one <= n)
    return _(
        "Measured on simulated yearly series of {n} values, the 95% intervals of this method "
        "covered {at_95} one to three years ahead.",
        n=length,
        at_95=Quantity(MEASURED[length], "share"),
    )


def _tells(interval: Interval) -> bool:
    return interval.low > 0 and interval.high <= TELLING * interval.low


@dataclass(frozen=True)
class Hindsight(Result, frame="outlook.judged"):
    """What became of a forecast."""

    exports = ("trend.then_held", "trend.then_error")
    shows = (Shown("trend.then"), Shown("trend.then_table", "table"))

    outlook: Outlook

    @property
    def reason(self) -> Message | None:
        """Why the forecast cannot be judged yet; None where it can."""
        nothing = _("Nothing has become known since the forecast was made.")
        return nothing if self.outlook.judged.empty else None

    def findings(self) -> list[Finding]:
        """How many later values its intervals held, and how far off it was."""
        if self.reason is not None:
            return []
        judged = self.outlook.judged
        n = len(judged)
        held = float(judged["inside"].mean()) if n else None
        error = float(judged["error"].abs().mean()) if n else None
        naive = float((judged["value"] / judged["naive2"] - 1).abs().mean()) if n else None
        sentence = (
            None
            if not n
            else _(
                "Of {n} later values the 95% intervals of {day} held {held}; the mean miss was "
                "{error}, a naive forecast’s {naive}.",
                n=n,
                day=Quantity(self.outlook.made_on, "date"),
                held=Quantity(held, "share"),
                error=Quantity(error, "share"),
                naive=Quantity(naive, "share"),
            )
        )
        return [
            Finding(
                "trend.then_held",
                held,
                "share",
                _("Later values inside the 95% interval"),
                _("Values that became known after the forecast was made."),
                n=n,
                n_unit="records",
                good="up",
                figure="trend.then",
                sentence=sentence,
                reason=None,
            ),
            Finding(
                "trend.then_error",
                error,
                "net_share",
                _("Mean miss of the forecast"),
                _("Mean of |value / forecast − 1| over the later values."),
                n=n,
                n_unit="records",
                good="down",
                figure="trend.then",
                reason=None,
            ),
        ]

    def table(self) -> Table:
        """The forecast against what came."""
        return make_table(
            "trend.then_table",
            _("The forecast against what came"),
            self.outlook.judged,
            "period",
            Column("value", _("What came"), self.outlook.unit),
            Column("mean", _("Forecast"), self.outlook.unit),
            Column("lo_95", _("95%, from"), self.outlook.unit),
            Column("hi_95", _("95%, to"), self.outlook.unit),
            Column("naive2", _("Naive2"), self.outlook.unit),
            Column("inside", _("Inside"), "flag"),
            Column("error", _("Miss"), "share"),
        )


def judge_outlook(outlook: Outlook) -> Hindsight:
    """What became of a forecast: how many later values its intervals held, and how far off it
    was.
    """
    return Hindsight(outlook)


__all__ = [
    "METHODS",
    "Hindsight",
    "MonthsAhead",
    "Outlook",
    "Outlooks",
    "YearsAhead",
    "judge_outlook",
    "look_ahead",
]
