"""Level, growth and seasonal shape: what happened."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.market import choose_facts
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

STATUSES = {
    "reported": _("reported"),
    "rounded": _("rounded"),
    "derived": _("derived"),
    "approximate": _("approximate"),
    "unverified": _("digits that no source found tells"),
    "claimed": _("claimed"),
    "difference": _("difference of two figures"),
}


@dataclass(frozen=True)
class Level(Result, frame="years"):
    """A yearly series with its growth, and its half-years where they can be told apart.

    Parameters
    ----------
    name : str
        Brand, or empty for the company's own orders.
    unit : str
        ``units`` or ``money``.
    years : DataFrame
        period, value, low, high, growth, growth_low, growth_high, status, source, n_sources. A
        growth rate stands only
        where the year before has a figure.
    halves : DataFrame
        period, value, growth, status: reported halves, and second halves as the year minus the
        first.
    cagr : float or None
        Compound growth a year from the first to the last figure.
    """

    exports = (
        "trend.units_last_year",
        "trend.growth_last_year",
        "trend.cagr",
        "trend.growth_second_half",
    )
    shows = (
        Shown("trend.level"),
        Shown("trend.years", "table"),
        Shown("trend.halves"),
    )

    name: str
    unit: str
    years: pd.DataFrame
    halves: pd.DataFrame
    cagr: float | None
    caveats: tuple[Message, ...]
    inputs: Inputs = field(repr=False)
    """What it was measured from: the picture marks its events"""

    def findings(self) -> list[Finding]:
        """Last year's level and growth, compound growth, the second half's growth."""
        if self.years.empty:
            return self._nothing(cast(Message, self.reason))
        last, first = self.years.iloc[-1], self.years.iloc[0]
        year = str(last["period"])
        period = (f"{year}-01-01", f"{year}-12-31")
        growth = None if pd.isna(last["growth"]) else float(last["growth"])
        about = Quantity(float(last["value"]), self.unit)
        found = [
            Finding(
                "trend.units_last_year",
                float(last["value"]),
                self.unit,
                _("Sales of the last whole year"),
                self._definition(),
                interval=_range(last["low"], last["high"]),
                period=period,
                n=int(last["n_sources"]),
                n_unit="sources",
                good="up",
                figure="trend.level",
                headline=True,
                sentence=_(
                    "Sales in {year}: {units} ({growth} on the year before).",
                    year=year,
                    units=about,
                    growth=Quantity(growth, "share", signed=True),
                ),
            ),
            Finding(
                "trend.growth_last_year",
                growth,
                "growth",
                _("Growth of the last whole year"),
                _(
                    "This year’s sales over last year’s, minus one; the interval is what "
                    "rounding of both leaves open."
                ),
                interval=_range(last["growth_low"], last["growth_high"]),
                period=period,
                n=2 if growth is not None else None,
                n_unit="years",
                good="up",
                figure="trend.level",
                headline=True,
                reason=_("The year before has no figure.") if growth is None else None,
            ),
            Finding(
                "trend.cagr",
                self.cagr,
                "growth",
                _("Compound growth a year"),
                _(
                    "From {first} to {last}, the same growth each year.",
                    first=str(first["period"]),
                    last=year,
                ),
                period=(f"{first['period']}-01-01", period[1]),
                n=len(self.years),
                n_unit="years",
                good="up",
                figure="trend.level",
                reason=_("It needs two years with sales above zero.")
                if self.cagr is None
                else None,
            ),
        ]
        return [*found, self._half_finding(year)]

    @property
    def reason(self) -> Message | None:
        """Why there is no yearly series; None where there is one."""
        return _("No whole year has a figure by the as-of date.") if self.years.empty else None

    @property
    def halves_reason(self) -> Message | None:
        """Why there is no growth of half-years; None where there is."""
        return _("The half-years have no figures.") if self.halves["growth"].isna().all() else None

    def why_not(self, id: str) -> Message | None:
        """Half-years may be missing where years are there."""
        return self.halves_reason if id == "trend.halves" else self.reason

    def _half_finding(self, year: str) -> Finding:
        row = self.halves[self.halves["period"] == f"{year}-H2"]
        value = (
            None if row.empty or pd.isna(row["growth"].iloc[0]) else float(row["growth"].iloc[0])
        )
        return Finding(
            "trend.growth_second_half",
            value,
            "growth",
            _("Growth of the last year’s second half"),
            _(
                "Second half over the second half a year before; a half is the year minus "
                "the reported first half."
            ),
            period=(f"{year}-07-01", f"{year}-12-31"),
            n=None if value is None else 2,
            n_unit="records",
            good="up",
            figure="trend.halves",
            reason=None if value is not None else _("The half-years have no figures."),
        )

    def _definition(self) -> Message:
        if self.name:
            return _(
                "Units of {brand} as its best source gives them; n counts the sources.",
                brand=self.name,
            )
        return _("Sum of the company’s own orders over the calendar year.")

    def _nothing(self, reason: Message) -> list[Finding]:
        names = {
            "units_last_year": _("Sales of the last whole year"),
            "growth_last_year": _("Growth of the last whole year"),
            "cagr": _("Compound growth a year"),
            "growth_second_half": _("Growth of the last year’s second half"),
        }
        return [
            Finding(
                f"trend.{name}",
                None,
                self.unit if name == "units_last_year" else "growth",
                label,
                self._definition(),
                reason=reason,
            )
            for name, label in names.items()
        ]

    def table(self) -> Table:
        """The years, each with source and status."""
        return make_table(
            "trend.years",
            _("Sales by year, each with its source"),
            self.years,
            "period",
            Column("value", _("Sales"), self.unit),
            Column("growth", _("Growth"), "share"),
            Column("status", _("Status"), terms=STATUSES),
            Column("n_sources", _("Sources"), "count"),
            "source",
        )


def measure_level(inputs: Inputs) -> Level:
    """What happened, year by year, and in which half?

    The level series of the study's inputs → yearly figures with growth and the range that rounding
    leaves, half-years,
    compound growth. A growth rate is computed from levels, and only where the year before has one
    (no gap is bridged).
    """
    years = add_growth(inputs.years())
    caveats = list(inputs.caveats)
    known = years["period"].astype(int)
    missing = sorted(set(range(known.min(), known.max() + 1)) - set(known)) if len(known) else []
    if missing:
        caveats.append(
            _(
                "No figure for {years}: no growth rate is given across the gap.",
                years=", ".join(map(str, missing)),
            )
        )
    if (years["value"] < 0).any():
        caveats.append(
            _(
                "Some years are negative (more returns than sales): growth rates across "
                "them mean nothing and are left out."
            )
        )
    return Level(
        inputs.brand if inputs.facts is not None else "",
        "units" if inputs.facts is not None else inputs.unit,
        years,
        _halves(inputs),
        _compound(years),
        tuple(caveats),
        inputs,
    )


def add_growth(years: pd.DataFrame) -> pd.DataFrame:
    """Growth on the year before, with the range that rounding leaves: columns growth,
    growth_low, growth_high.
    """
    before = years.assign(period=[str(int(period) + 1) for period in years["period"]]).set_index(
        "period"
    )
    old = before.reindex(years["period"])[["value", "low", "high"]].reset_index(drop=True)
    sound = (old["low"] > 0) & (years["value"].reset_index(drop=True) >= 0)
    new = years.reset_index(drop=True)
    return new.assign(
        growth=(new["value"] / old["value"] - 1).where(sound),
        growth_low=(new["low"] / old["high"] - 1).where(sound),
        growth_high=(new["high"] / old["low"] - 1).where(sound),
    )


def _compound(years: pd.DataFrame) -> float | None:
    if len(years) < 2 or years["value"].iloc[0] <= 0 or years["value"].iloc[-1] <= 0:
        return None
    span = int(years["period"].iloc[-1]) - int(years["period"].iloc[0])
    return float((years["value"].iloc[-1] / years["value"].iloc[0]) ** (1 / span) - 1)


def _halves(inputs: Inputs) -> pd.DataFrame:
    """Half-years: from the months where they are the series, else reported ones and the year
    minus the first half.
    """
    if inputs.facts is None:
        frame = inputs.months.assign(
            period=[f"{day.year}-H{1 if day.month <= 6 else 2}" for day in inputs.months["month"]]
        )
        sums = frame.groupby("period", observed=True, sort=True)[inputs.measure].agg(
            ["sum", "size"]
        )
        values = {
            str(period): (float(total), "reported")
            for period, total in sums.loc[sums["size"] == 6, "sum"].items()
        }
    else:
        chosen = choose_facts(inputs.facts)
        own = chosen[(chosen["brand"] == inputs.brand) & (chosen["market"] == inputs.market)]
        level = dict(zip(own["period"], zip(own["units"], own["status"], strict=True), strict=True))
        values = {period: one for period, one in level.items() if "-H" in period}
        for period in [period for period in values if period.endswith("H1")]:
            year = period[:4]
            if year in level and f"{year}-H2" not in values:
                values[f"{year}-H2"] = (level[year][0] - values[period][0], "difference")
    rows = []
    for period, (value, status) in sorted(values.items()):
        before = values.get(f"{int(period[:4]) - 1}{period[4:]}")
        growth = value / before[0] - 1 if before and before[0] > 0 else np.nan
        rows.append({"period": period, "value": value, "growth": growth, "status": status})
    return pd.DataFrame(rows, columns=["period", "value", "growth", "status"])


@dataclass(frozen=True)
class Months(Result):
    """The company's own months: rolling year, run rate, seasonal shape.

    Parameters
    ----------
    frame : DataFrame
        month, value, rolling_12m, trend, season, rest. Trend and season (STL, robust) only from
        three whole years on.
    season : DataFrame
        month_of_year, index (1 = an average month), low, high over the years.
    """

    exports = ("trend.company_12m", "trend.company_growth_12m", "trend.company_run_rate")
    shows = (Shown("trend.months"), Shown("trend.season"))

    measure: str
    unit: str
    frame: pd.DataFrame
    season: pd.DataFrame
    caveats: tuple[Message, ...]
    inputs: Inputs = field(repr=False)
    """What it was measured from: the picture marks its events"""

    @property
    def reason(self) -> Message | None:
        """Why there are no months; None where there are."""
        return _("No whole month has an order by the as-of date.") if self.frame.empty else None

    @property
    def season_reason(self) -> Message | None:
        """Why no seasonal shape is shown; None where one is."""
        return (
            _("A seasonal shape needs three whole years of months with sales above zero.")
            if self.season.empty
            else None
        )

    def why_not(self, id: str) -> Message | None:
        """A seasonal shape needs more months than a line of them."""
        return self.season_reason if id == "trend.season" else self.reason

    @property
    def last_12m(self) -> float | None:
        """Sum of the last twelve months."""
        return float(self.frame["value"].tail(12).sum()) if len(self.frame) >= 12 else None

    @property
    def growth_12m(self) -> float | None:
        """Last twelve months over the twelve before, minus one."""
        if len(self.frame) < 24 or self.frame["value"].iloc[-24:-12].sum() <= 0:
            return None
        return float(
            self.frame["value"].tail(12).sum() / self.frame["value"].iloc[-24:-12].sum() - 1
        )

    @property
    def run_rate(self) -> float | None:
        """Last three months, freed of season, as a year."""
        if len(self.frame) < 3:
            return None
        adjusted = self.frame["value"] / self.frame["season"].where(
            self.frame["season"] > 0, 1.0
        ).fillna(1.0)
        return float(adjusted.tail(3).mean() * 12)

    def findings(self) -> list[Finding]:
        """Last twelve months, their growth, the run rate."""
        n = len(self.frame)
        last = self.frame["month"].iloc[-1] if n else None
        period = (
            None
            if last is None
            else (
                (last - pd.DateOffset(months=11)).date().isoformat(),
                last.to_period("M").end_time.date().isoformat(),
            )
        )
        few = _("Fewer months than this needs: {n}.", n=n)

        def one(
            name: str, value: float | None, unit: str, label: Message, definition: Message
        ) -> Finding:
            return Finding(
                f"trend.{name}",
                value,
                unit,
                label,
                definition,
                period=period if value is not None else None,
                n=n,
                n_unit="months",
                good="up",
                figure="trend.months",
                reason=few if value is None else None,
            )

        return [
            one(
                "company_12m",
                self.last_12m,
                self.unit,
                _("Own orders of the last twelve months"),
                _(
                    "Sum of the company’s own orders over twelve whole months; returns "
                    "count against them."
                ),
            ),
            one(
                "company_growth_12m",
                self.growth_12m,
                "growth",
                _("Growth of own orders over twelve months"),
                _("The last twelve whole months over the twelve before, minus one."),
            ),
            one(
                "company_run_rate",
                self.run_rate,
                self.unit,
                _("Run rate of own orders"),
                _("Mean of the last three months, freed of their season, times twelve."),
            ),
        ]


def measure_months(inputs: Inputs) -> Months:
    """How do the company's own months run, and what is their season?"""
    series = inputs.series()
    caveats = list(inputs.caveats)
    frame = pd.DataFrame({"month": series.index.to_timestamp(), "value": series.to_numpy()})
    frame["rolling_12m"] = frame["value"].rolling(12).sum()
    trend, season = _stl(series)
    frame["trend"], frame["season"] = (np.nan, np.nan) if trend is None else (trend, season)
    if 0 < len(frame) < 36:
        caveats.append(
            _("{n} whole months: fewer than three years show no seasonal shape.", n=len(frame))
        )
    if (frame["value"] < 0).any():
        caveats.append(
            _(
                "{n} months are negative: returns outweighed sales.",
                n=int((frame["value"] < 0).sum()),
            )
        )
    frame[["trend", "season"]] = frame[["trend", "season"]].astype(float)
    return Months(inputs.measure, inputs.unit, frame, _season_table(frame), tuple(caveats), inputs)


def _stl(series: pd.Series) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Trend and seasonal factor (1 = average) by a robust STL of the logarithms; None for less
    than three years.
    """
    if len(series) < 36 or (series <= 0).any():
        return None, None
    from statsmodels.tsa.seasonal import STL

    parts = STL(np.log(series.to_numpy()), period=12, robust=True).fit()
    return np.exp(parts.trend), np.exp(parts.seasonal)


def _season_table(frame: pd.DataFrame) -> pd.DataFrame:
    known = frame.dropna(subset=["season"]).assign(
        month_of_year=lambda rows: rows["month"].dt.month
    )
    grouped = known.groupby("month_of_year", observed=True, sort=True)["season"]
    return grouped.agg(index="mean", low="min", high="max", n="size").reset_index()


def _range(low: float, high: float) -> Interval | None:
    return (
        Interval(float(low), float(high), 1.0)
        if pd.notna(low) and pd.notna(high) and high > low
        else None
    )
