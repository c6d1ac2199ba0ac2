"""Events of known date: what moved with them, beside what moved at dates that mean nothing."""

from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from typing import ClassVar, cast

import numpy as np
import pandas as pd

from kamresearch.analysis.market import choose_facts
from kamresearch.analysis.trend.breaks import find_break
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.analysis.trend.seasonality import is_seasonal
from kamresearch.analysis.trend.series import read_series
from kamresearch.analysis.trend.steps import WARMING, autoregress
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
PAST_RHOS = np.linspace(-0.3, 0.98, 17)
"""Autocorrelations held for possible, all alike, before the series is looked at."""
DRAWS_PER_RHO, ALIKE = 1000, 0.05
"""Simulated series at each, and the share of them that is most like the series looked at."""
MOST_COUNTERFACTUALS = 4
"""So many comparison markets are shown, the fittest before the events first."""


@dataclass(frozen=True)
class EventEffect(Result, frame="placebos"):
    """What happened around one date.

    Parameters
    ----------
    event_id : str
        Key of the event.
    effect : float
        Level after over level before, minus one, against the counterfactual.
    low, high : float
        Interval of the level asked for, from series simulated with the autocorrelations that this
        one may have (NaN where fewer than six values).
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
    others: pd.DataFrame | None = None
    """against, fit, event_id, effect: the same events against other comparison markets"""

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
            self.frame,
            Column("event_id", _("Event"), terms=self.titles),
            Column("first_after", _("First whole period after"), "period"),
            Column("effect", _("Step"), "share"),
            Column("low", _("95%, from"), "share"),
            Column("high", _("95%, to"), "share"),
            Column("placebo_p", _("Share of dates with a step as large"), "share"),
            Column("n_before", _("Periods before"), "count"),
            Column("n_after", _("Periods after"), "count"),
            caption=_(
                "Bounds hold 95% for all {m} events together, whatever the series’ own "
                "autocorrelation may be.",
                m=len(self.effects),
            ),
        )

    @property
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
        known = bool(np.isfinite([best.low, best.high]).all())
        interval = Interval(best.low, best.high) if known else None
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
                sentence=self.disagreement() or self._sentence(best, known),
            )
        ]

    def _sentence(self, best: EventEffect, known: bool) -> Message:
        values = {
            "m": len(self.effects),
            "event": self._named(best),
            "effect": Quantity(best.effect, "share", signed=True),
            "against": self.against,
            "dates": len(best.placebos),
            "share": Quantity(best.placebo_p, "share"),
        }
        if not known:
            return _(
                "Of {m} events the step at {event} is told first: {effect} against {against}; of "
                "{dates} possible dates {share} show a step as large, and the values are too few "
                "for bounds.",
                **values,
            )
        values |= {
            "low": Quantity(best.low, "share", signed=True),
            "high": Quantity(best.high, "share", signed=True),
        }
        if best.low <= 0 <= best.high:
            return _(
                "None of {m} events shows a step beyond what such a series does by itself; that "
                "at {event} stands out most: {effect} against {against} ({low} to {high}).",
                **values,
            )
        return _(
            "Of {m} events the step at {event} stands out most: {effect} against {against} ({low} "
            "to {high}); of {dates} possible dates {share} show a step as large. What else "
            "happened then moved with it.",
            **values,
        )

    def disagreement(self) -> Message | None:
        """Where two comparison markets turn the sign of an event's step: which; None where none do,
        or where there is one market at most.
        """
        if self.others is None or self.others.empty:
            return None
        for one in sorted(self.effects, key=lambda one: one.placebo_p):
            rows = self.others[self.others["event_id"] == one.event_id]
            rows = rows.sort_values("effect", ignore_index=True)
            if len(rows) and rows["effect"].iloc[0] < 0 < rows["effect"].iloc[-1]:
                low, high = rows.iloc[0], rows.iloc[-1]
                return _(
                    "The comparison markets disagree: the step at {event} is {one} against {first} "
                    "and {other} against {second}. These data do not tell whether the brand rose "
                    "or fell with it.",
                    event=self._named(one),
                    one=Quantity(float(low["effect"]), "share", signed=True),
                    first=str(low["against"]),
                    other=Quantity(float(high["effect"]), "share", signed=True),
                    second=str(high["against"]),
                )
        return None


@dataclass(frozen=True)
class MarketEvents(EventStudy):
    """Events in the brand's years, against a market that would have carried it."""

    prefix = "market_event"
    figure = "trend.market_events"
    table = "trend.market_event_table"
    exports = ("trend.market_event_effect",)
    shows = (
        Shown(figure),
        Shown(table, "steps_table"),
        Shown("trend.counterfactuals", "others_table"),
    )

    def opening(self) -> tuple[Message, ...]:
        """That the comparison markets disagree, before anything else is said."""
        said = self.disagreement()
        return () if said is None else (said,)

    def others_table(self) -> Table:
        """The same events against each comparison market."""
        return make_table(
            "trend.counterfactuals",
            _("The same steps against other comparison markets"),
            cast(pd.DataFrame, self.others),
            Column("against", _("Against")),
            Column("fit", _("Misfit before"), "share"),
            Column("event_id", _("Event"), terms=self.titles),
            Column("effect", _("Step"), "share"),
            caption=_(
                "Misfit: how far the brand and that market moved apart from year to year before "
                "the events (root mean square of logarithms). The least stands first and is the "
                "one used above."
            ),
        )


@dataclass(frozen=True)
class MonthEvents(EventStudy):
    """Events in the company's own months, against their own past."""

    figure = "trend.events"
    table = "trend.event_table"
    exports = ("trend.event_effect",)
    shows = (Shown(figure), Shown(table, "steps_table"))


def measure_event(
    series: pd.Series,
    date: str,
    control: pd.Series | None = None,
    event_id: str = "",
    *,
    other: pd.Period | None = None,
    level: float = 0.95,
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
    other : Period, optional
        First period after a break that is known and is not this event's: it gets a step of its own.
    level : float
        Of the interval; where the largest of m events is told, 1 − 0.05 / m.

    Raises
    ------
    AnalysisError
        Values that are not above zero, or fewer than two periods on a side.

    Notes
    -----
    Interval: the step over the spread of what is left, as series without a step show it whose
    residuals are as autocorrelated as this one's (drawn from all autocorrelations alike, the
    nearest twentieth kept). It shows coincidence in time, not cause: whatever else happened then
    moves with it. With a handful of annual points the placebo share cannot fall below one over the
    number of dates, however large the step.
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
    known = index.get_indexer([other])[0] if other is not None else -1
    keep, design = _design(len(logs), before, first, season, known)
    effect = float(np.linalg.lstsq(design, logs[keep], rcond=None)[0][1])
    width = first - before
    places = range(LEAST_SIDE, len(index) - LEAST_SIDE - width + 1)
    steps = np.array([_step(logs, place, place + width, season, known) for place in places])
    placebos = pd.DataFrame(
        {"period": index[[place + width for place in places]], "effect": np.expm1(steps)}
    )
    reach = _reach(logs, _Shape(len(logs), before, first, season, known), level)
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


def _design(
    n: int, before: int, first: int, season: int, other: int = -1
) -> tuple[np.ndarray, np.ndarray]:
    """Places kept (the cut period is left out), and the columns: level, step, and what else."""
    keep = np.r_[0:before, first:n]
    columns = [np.ones(len(keep)), (keep >= first).astype(float)]
    if n >= LEAST_TREND:
        columns.append(keep - keep.mean())
    # Beside the event itself another step cannot be told from it.
    if min(other, n - other) >= LEAST_SIDE and not before - LEAST_SIDE <= other <= first + 1:
        columns.append((keep >= other).astype(float))
    columns += [(keep % season == place).astype(float) for place in range(1, season)]
    return keep, np.column_stack(columns)


def _step(logs: np.ndarray, before: int, first: int, season: int, other: int) -> float:
    keep, design = _design(len(logs), before, first, season, other)
    return float(np.linalg.lstsq(design, logs[keep], rcond=None)[0][1])


@dataclass(frozen=True)
class _Shape:
    """What is asked of a series, whatever its values: how long it is, and where its steps lie."""

    n: int
    before: int
    first: int
    season: int
    other: int


def _reach(logs: np.ndarray, shape: _Shape, level: float) -> float:
    """How far a step so estimated may lie from the true one; NaN below six values."""
    keep, design = _design(*astuple(shape))
    values = logs[keep]
    if len(values) < 6 or len(values) <= design.shape[1] + 1:
        return np.nan
    spread, alike = (one[0] for one in _residuals(values[None, :], design)[1:])
    if spread <= 1e-9 * max(1.0, float(np.abs(values).max())):
        return np.nan
    errors, others = _null(shape)
    near = np.argsort(np.abs(others - alike), kind="stable")[: int(ALIKE * len(others))]
    return float(np.quantile(errors[near], level) * spread)


@lru_cache(maxsize=64)
def _null(shape: _Shape) -> tuple[np.ndarray, np.ndarray]:
    """Of series without a step: the step found over the spread, and the autocorrelation left."""
    keep, design = _design(*astuple(shape))
    steps, spreads, alike = _residuals(_noise(shape.n)[:, keep], design)
    return np.abs(steps) / spreads, alike


def _residuals(series: np.ndarray, design: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per series (row): step, spread of the residuals, and their autocorrelation."""
    weights = np.linalg.pinv(design)
    rest = series - (series @ weights.T) @ design.T
    squares = np.maximum((rest**2).sum(axis=1), 1e-300)
    alike = (rest[:, 1:] * rest[:, :-1]).sum(axis=1) / squares
    free = max(1, series.shape[1] - design.shape[1])
    return series @ weights[1], np.sqrt(squares / free), alike


@lru_cache(maxsize=4)
def _noise(n: int) -> np.ndarray:
    """Series without a step, at every autocorrelation that may be."""
    rng = np.random.default_rng(n)
    drawn = [rng.standard_normal((DRAWS_PER_RHO, n + WARMING)) for _rho in PAST_RHOS]
    return np.vstack([autoregress(noise, rho) for noise, rho in zip(drawn, PAST_RHOS, strict=True)])


def study_market_events(inputs: Inputs) -> EventStudy:
    """The brand's years against a market that would have carried it, at every known date; empty
    without market facts.

    Comparison markets are the named rivals' sum and every other brand, segment or whole market of
    the table. Of those whose unbroken years in common with the brand hold the most events, the one
    that moved most like the brand in the years before them is the counterfactual; the others are
    shown beside it.
    """
    nothing = pd.Series(dtype=float, index=pd.PeriodIndex([], freq="Y"))
    if inputs.facts is None:
        return study_events(nothing, inputs.events, kind=MarketEvents)
    chosen = choose_facts(inputs.facts)
    yearly = chosen[(chosen["market"] == inputs.market) & (chosen["kind"] == "year")]
    wide = yearly.pivot_table(index="period", columns="brand", values="units", observed=True)
    own = wide.pop(inputs.brand).dropna()
    named = {
        ", ".join(inputs.rivals): wide.reindex(columns=list(inputs.rivals)).sum(
            axis=1, skipna=False
        )
    }
    candidates = {**(named if inputs.rivals else {}), **dict(wide.items())}
    if not candidates:
        return study_events(nothing, inputs.events, kind=MarketEvents)
    usable = {name: _unbroken(own, values) for name, values in candidates.items()}
    studies, fits = {}, {}
    for name, kept in usable.items():
        years = pd.PeriodIndex(kept, freq="Y")
        series = pd.Series(own.reindex(kept).to_numpy(float), index=years)
        control = pd.Series(candidates[name].reindex(kept).to_numpy(float), index=years)
        found = study_events(series, inputs.events, control, kind=MarketEvents, control_name=name)
        studies[name], fits[name] = found, _misfit(series, control, found)
    most = max(len(found.effects) for found in studies.values())
    fitting = sorted(
        (name for name, found in studies.items() if len(found.effects) == most),
        key=lambda name: (fits[name], -len(usable[name]), name),
    )
    others = [
        {"against": name, "fit": fits[name], "event_id": one.event_id, "effect": one.effect}
        for name in fitting[:MOST_COUNTERFACTUALS]
        for one in studies[name].effects
    ]
    columns = ["against", "fit", "event_id", "effect"]
    return replace(studies[fitting[0]], others=pd.DataFrame(others, columns=columns))


def _misfit(own: pd.Series, control: pd.Series, found: EventStudy) -> float:
    """Root mean square of the yearly changes of own over control before the first event; without
    end where no two years lie before it.
    """
    if not found.effects:
        return np.inf
    before = min(one.n_before for one in found.effects)
    moves = np.diff(np.log(own.to_numpy()[:before] / control.to_numpy()[:before]))
    return float(np.sqrt((moves**2).mean())) if len(moves) else np.inf


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


def find_other(series: pd.Series, control: pd.Series | None) -> pd.Period | None:
    """First period after the break that the series shows by itself, whatever its cause; None where
    none is found, or where a market stands beside it.
    """
    if control is not None or len(series) < LEAST_TREND or series.min() <= 0:
        return None
    found = find_break(np.log(series), trend=True)
    return cast(pd.Period, found.date) if found.verdict == "break" else None


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
    titles = {row["event_id"]: Fixed.of_row(row, "title") for row in events.to_dict("records")}
    dated = events.to_dict("records") if len(series) else []
    days = pd.to_datetime(pd.Series([str(row["date"])[:10] for row in dated], dtype="str"))
    inside = 0
    if len(series):
        inside = int(days.between(series.index[0].start_time, series.index[-1].end_time).sum())
    other = find_other(series, control)
    for row in dated:
        try:
            effects.append(
                measure_event(
                    series,
                    str(row["date"])[:10],
                    control,
                    row["event_id"],
                    other=other,
                    level=1 - 0.05 / max(1, inside),
                )
            )
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
