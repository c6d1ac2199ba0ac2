"""Events of known date: what moved with them, beside what moved at dates that mean nothing."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from kamresearch.analysis.market import choose_facts
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.analysis.trend.seasonality import is_seasonal
from kamresearch.analysis.trend.series import read_series
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding, Interval
from kamresearch.language import LANGUAGES, Fixed, Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LEAST_SIDE = 2
"""Periods needed before and after an event."""
LEAST_TREND = 24
"""Values from which a straight line is taken out beside the step."""


@dataclass(frozen=True)
class EventEffect(Result):
    """What happened around one date.

    Parameters
    ----------
    event_id : str
        Key of the event.
    effect : float
        Level after over level before, minus one, against the counterfactual.
    low, high : float
        95 % interval from errors robust to autocorrelation (NaN where fewer than six values).
    placebo_p : float
        Share of the possible dates at which a step at least as large is found, this one included:
        its smallest possible
        value is one over their number.
    first_after : Period
        First whole period from the date on.
    placebos : DataFrame
        period, effect: the same measurement at every possible date.
    """

    event_id: str
    effect: float
    low: float
    high: float
    placebo_p: float
    n_before: int
    n_after: int
    first_after: pd.Period
    placebos: pd.DataFrame


@dataclass(frozen=True)
class EventStudy(Result):
    """All events that the series can speak about, and what it cannot tell.

    Parameters
    ----------
    effects : tuple of EventEffect
        One per event with enough periods on both sides.
    against : Message
        The counterfactual: a market that would have carried the series, or its own level and trend.
    """

    prefix: ClassVar[str] = "event"
    figure: ClassVar[str] = ""
    table: ClassVar[str] = ""

    effects: tuple[EventEffect, ...]
    titles: dict[str, Fixed]
    against: Message
    n: int
    frequency: str
    caveats: tuple[Message, ...]

    @property
    def reason(self) -> Message | None:
        """Why no event is shown; None where one is."""
        return (
            None
            if self.effects
            else _("No event lies inside the series with enough periods on both sides.")
        )

    def steps_table(self) -> Table:
        """Each event's step with its placebo share."""
        return make_table(
            self.table,
            _("Steps at known dates"),
            self.frame(),
            Column("event_id", _("Event"), terms=self.titles),
            Column("first_after", _("First whole period after"), "period"),
            Column("effect", _("Step"), "share"),
            Column("low", _("95%, from"), "share"),
            Column("high", _("95%, to"), "share"),
            Column("placebo_p", _("Share of dates with a step as large"), "share"),
            Column("n_before", _("Periods before"), "count"),
            Column("n_after", _("Periods after"), "count"),
        )

    def frame(self) -> pd.DataFrame:
        """event_id, first_after, effect, low, high, placebo_p, n_before, n_after."""
        rows = [
            {
                "event_id": one.event_id,
                "first_after": str(one.first_after),
                "effect": one.effect,
                "low": one.low,
                "high": one.high,
                "placebo_p": one.placebo_p,
                "n_before": one.n_before,
                "n_after": one.n_after,
            }
            for one in self.effects
        ]
        columns = [
            "event_id",
            "first_after",
            "effect",
            "low",
            "high",
            "placebo_p",
            "n_before",
            "n_after",
        ]
        return pd.DataFrame(rows, columns=columns)

    def _named(self, effect: EventEffect) -> Fixed:
        """The event, and those that share its first period after: a step there is as much
        theirs.
        """
        twins = [
            self.titles[one.event_id]
            for one in self.effects
            if one.first_after == effect.first_after
        ]
        return Fixed(
            {
                language: " / ".join(title.render(language) for title in twins)
                for language in LANGUAGES
            }
        )

    def findings(self) -> list[Finding]:
        """The event whose step stands out most among the placebo dates."""
        best = min(self.effects, key=lambda one: (one.placebo_p, -abs(one.effect)), default=None)
        label = _("Step at the event that stands out most")
        definition = _(
            "Mean level after over before, against {against}; compared with the same step "
            "at every other date.",
            against=self.against,
        )
        if best is None:
            return [
                Finding(
                    f"trend.{self.prefix}_effect",
                    None,
                    "growth",
                    label,
                    definition,
                    reason=_("No event lies inside the series with enough periods on both sides."),
                )
            ]
        interval = (
            Interval(best.low, best.high) if np.isfinite([best.low, best.high]).all() else None
        )
        return [
            Finding(
                f"trend.{self.prefix}_effect",
                best.effect,
                "growth",
                label,
                definition,
                interval=interval,
                n=self.n,
                n_unit="months" if self.frequency == "M" else "years",
                good="up",
                figure=self.figure,
                sentence=_(
                    "{event}: {effect} against {against}; of {dates} possible dates "
                    "{share} show a step as large.",
                    event=self._named(best),
                    effect=Quantity(best.effect, "share", signed=True),
                    against=self.against,
                    dates=len(best.placebos),
                    share=Quantity(best.placebo_p, "share"),
                ),
            )
        ]


@dataclass(frozen=True)
class MarketEvents(EventStudy):
    """Events in the brand's years, against a market that would have carried it."""

    prefix = "market_event"
    figure = "trend.market_events"
    table = "trend.market_event_table"
    exports = ("trend.market_event_effect",)
    shows = (Shown(figure), Shown(table, "steps_table"))


@dataclass(frozen=True)
class MonthEvents(EventStudy):
    """Events in the company's own months, against their own past."""

    figure = "trend.events"
    table = "trend.event_table"
    exports = ("trend.event_effect",)
    shows = (Shown(figure), Shown(table, "steps_table"))


def measure_event(
    series: pd.Series, date: str, control: pd.Series | None = None, event_id: str = ""
) -> EventEffect:
    """What moved at a known date, against a counterfactual?

    An interrupted time series: the logarithm of the series (less the logarithm of the control, if
    given), freed of
    season, with a step at the first whole period from the date on; from 24 values on also a
    straight line. The same is
    measured at every other possible date (placebo).

    Parameters
    ----------
    series : Series
        Positive values on a PeriodIndex.
    date : str
        Day of the event. A period that the date cuts counts to neither side.
    control : Series, optional
        What would have carried the series without the event: the rivals' market. Same index.

    Raises
    ------
    AnalysisError
        Values that are not above zero, or fewer than two periods on a side.

    Notes
    -----
    It shows coincidence in time, not cause: whatever else happened then moves with it. With a
    handful of annual
    points the placebo share cannot fall below one over the number of dates, however large the step.
    """
    regular = read_series(series)
    values, index = regular.values, regular.index
    if values.min() <= 0:
        raise AnalysisError(
            "measure_event",
            "values above zero",
            f"{int((values <= 0).sum())} at or below zero",
            "use a longer period, so that returns do not outweigh sales",
        )
    logs = np.log(values)
    if control is not None:
        logs = logs - np.log(control.reindex(index).to_numpy(dtype=float))
    day = pd.Timestamp(date)
    cut = (
        index.get_indexer([day.to_period(index.freq)])[0]
        if index[0].start_time <= day <= index[-1].end_time
        else -1
    )
    first = next(
        (place for place, period in enumerate(index) if period.start_time >= day), len(index)
    )
    before = cut if cut >= 0 and index[cut].start_time < day else first
    if min(before, len(index) - first) < LEAST_SIDE:
        raise AnalysisError(
            "measure_event, date",
            f"{LEAST_SIDE} whole periods on each side",
            f"{max(before, 0)} before and {len(index) - first} after {date}",
            "choose a finer period",
        )
    season = regular.season if is_seasonal(logs, regular.season) else 1
    effect, error = _step(logs, before, first, season)
    width = first - before
    places = range(LEAST_SIDE, len(index) - LEAST_SIDE - width + 1)
    steps = np.array([_step(logs, place, place + width, season)[0] for place in places])
    placebos = pd.DataFrame(
        {"period": index[[place + width for place in places]], "effect": np.expm1(steps)}
    )
    reach = 1.96 * error
    return EventEffect(
        event_id,
        float(np.expm1(effect)),
        float(np.expm1(effect - reach)),
        float(np.expm1(effect + reach)),
        float((np.abs(steps) >= abs(effect) - 1e-12).mean()),
        before,
        len(index) - first,
        index[first],
        placebos,
    )


def _step(logs: np.ndarray, before: int, first: int, season: int) -> tuple[float, float]:
    """Step and its standard error robust to autocorrelation (Newey and West); the cut period
    is left out.
    """
    import statsmodels.api as sm

    keep = np.r_[0:before, first : len(logs)]
    columns = [np.ones(len(keep)), (keep >= first).astype(float)]
    if len(logs) >= LEAST_TREND:
        columns.append(keep - keep.mean())
    columns += [(keep % season == place).astype(float) for place in range(1, season)]
    design = np.column_stack(columns)
    if len(keep) < 6:
        weights = np.linalg.lstsq(design, logs[keep], rcond=None)[0]
        return float(weights[1]), np.nan
    lags = max(1, int(np.floor(4 * (len(keep) / 100) ** (2 / 9))))
    fitted = sm.OLS(logs[keep], design).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}
    )
    return float(fitted.params[1]), float(fitted.bse[1])


def study_market_events(inputs: Inputs) -> EventStudy:
    """The brand's years against a market that would have carried it, at every known date; empty
    without market facts.

    The counterfactual is the series of the same market with the most unbroken years in common with
    the brand: the named
    rivals' sum, or another brand, segment or whole market of the table.
    """
    if inputs.facts is None:
        return study_events(
            pd.Series(dtype=float, index=pd.PeriodIndex([], freq="Y")),
            inputs.events,
            kind=MarketEvents,
        )
    chosen = choose_facts(inputs.facts)
    yearly = chosen[(chosen["market"] == inputs.market) & (chosen["kind"] == "year")]
    wide = yearly.pivot_table(index="period", columns="brand", values="units", observed=True)
    own = wide.pop(inputs.brand).dropna()
    candidates = {
        ", ".join(inputs.rivals): wide.reindex(columns=list(inputs.rivals)).sum(
            axis=1, skipna=False
        ),
        **dict(wide.items()),
    }
    usable = {name: _unbroken(own, values) for name, values in candidates.items()}
    best = max(usable, key=lambda name: (len(usable[name]), float(candidates[name].sum())))
    years = pd.PeriodIndex(usable[best], freq="Y")
    series = pd.Series(own.reindex(usable[best]).to_numpy(), index=years)
    control = pd.Series(candidates[best].reindex(usable[best]).to_numpy(), index=years)
    return study_events(series, inputs.events, control, kind=MarketEvents, control_name=best)


def _unbroken(own: pd.Series, other: pd.Series) -> list[str]:
    """The longest unbroken run of years (the later of two alike) in which both have a figure
    above zero.
    """
    years = sorted(int(year) for year in set(own.index[own > 0]) & set(other.index[other > 0]))
    runs: list[list[int]] = []
    for year in years:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return [str(year) for year in max(reversed(runs), key=len, default=[])]


def study_events(
    series: pd.Series,
    events: pd.DataFrame,
    control: pd.Series | None = None,
    *,
    kind: type[EventStudy] = MonthEvents,
    control_name: str = "",
) -> EventStudy:
    """Every event that lies inside the series, measured alike; what cannot be measured is said."""
    effects, caveats = [], []
    titles = {
        row["event_id"]: Fixed({"en": row["title_en"], "zh": row["title_zh"]})
        for row in events.to_dict("records")
    }
    for row in events.to_dict("records") if len(series) else ():
        try:
            effects.append(measure_event(series, str(row["date"])[:10], control, row["event_id"]))
        except AnalysisError as error:
            if "above zero" in str(error):
                caveats.append(
                    _("Some periods are not above zero: events cannot be measured in per cent.")
                )
                break
    frequency = "M" if len(series) and series.index.freqstr.startswith("M") else "Y"
    firsts = [one.first_after for one in effects]
    for place, period in enumerate(firsts):
        twins = [
            effects[other].event_id
            for other in range(place + 1, len(firsts))
            if firsts[other] == period
        ]
        if twins:
            caveats.append(
                _(
                    "After “{one}” and “{other}” the same period comes first: these data "
                    "cannot tell them apart.",
                    one=titles[effects[place].event_id],
                    other=titles[twins[0]],
                )
            )
    if effects and len(effects[0].placebos) < 20:
        caveats.append(
            _(
                "With {n} values the number of possible dates is {dates}: no step, however "
                "large, can have a placebo share "
                "below {least}.",
                n=len(series),
                dates=len(effects[0].placebos),
                least=Quantity(1 / len(effects[0].placebos), "share"),
            )
        )
    if effects:
        caveats.append(
            _("A step at a date is no cause: everything else that happened then moves with it.")
        )
    return kind(
        tuple(effects),
        titles,
        _("its own past") if control is None else _("the market ({name})", name=control_name),
        len(series),
        frequency,
        tuple(caveats),
    )
