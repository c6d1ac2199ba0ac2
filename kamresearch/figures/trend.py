"""Pictures of the sales trend so far: level, half-years, months, season, and what moved revenue."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamresearch.analysis.market import FIRM
from kamresearch.analysis.trend.bridge import MOVES, Bridge
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.analysis.trend.level import STATUSES, Level, Months
from kamresearch.analysis.trend.segments import DIMENSIONS, RevenueSplit
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OWN, RIVAL = parts.PALETTE[0], parts.PALETTE[1]


def place_year(period: pd.Period | str) -> float:
    """A year's period as a number on an axis."""
    return float(str(period)[:4])


def show_years(axes: "Axes", years: list[float]) -> None:
    """Ticks at the last year and at regular steps before it."""
    step = max(1, int(np.ceil(len(years) / 9)))
    shown = sorted(years)[::-1][::step]
    axes.set_xticks(shown, [f"{year:.0f}" for year in shown])


def _events_on_years(axes: "Axes", inputs: Inputs, first: float, last: float) -> None:
    titles = inputs.event_texts()
    rows = [
        row
        for row in inputs.events.to_dict("records")
        if row.get("kind") in ("ownership", "market", None)
    ]
    places = [(_event_place(row["date"]), titles[row["event_id"]]) for row in rows]
    parts.mark_events(axes, [(place, text) for place, text in places if first <= place <= last])


def _event_place(day: str | pd.Timestamp) -> float:
    """A date on an axis where a year's figure stands in the year's middle, at the year's number."""
    day = pd.Timestamp(day)
    return day.year - 0.5 + (day.day_of_year - 1) / 365.25


@draws(Level, "trend.level")
def level(result: Level) -> Figure:
    """Yearly sales on a log scale, figures of weaker standing hollow, events above."""
    years = result.years

    def draw() -> object:
        from matplotlib.ticker import LogLocator

        figure, axes = parts.new_figure(height=4.4)
        if years["value"].min() > 0:
            axes.set_yscale("log")
        places = [place_year(period) for period in years["period"]]
        axes.plot(places, years["value"], color=OWN)
        for place, row in zip(places, years.to_dict("records"), strict=True):
            firm = row["status"] in FIRM
            axes.plot(
                [place],
                [row["value"]],
                "o",
                color=OWN,
                markerfacecolor=OWN if firm else "white",
                markersize=7,
            )
            if len(years) <= 12 or row["period"] in (
                years["period"].iloc[0],
                years["period"].iloc[-1],
            ):
                _name_point(axes, place, row["value"], result.unit)
        axes.margins(y=0.25)
        axes.set_xlim(min(places) - 0.6, max(places) + 0.6)
        show_years(axes, places)
        parts.format_axis(axes, result.unit)
        if years["value"].min() > 0:
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.minorticks_off()
        _events_on_years(axes, result.inputs, min(places) - 0.5, max(places) + 0.5)
        return figure

    last = years.iloc[-1]
    return Figure(
        id="trend.level",
        title=_("What happened, year by year?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "A straight stretch is steady growth where the scale is logarithmic. Hollow "
            "points are worked out, rounded, approximate, unverified or claimed. "
            "n = {n} years.",
            n=len(years),
        ),
        alt=_(
            "Line of yearly sales, {n} years, ending at {value} in {year}.",
            n=len(years),
            year=str(last["period"]),
            value=Quantity(float(last["value"]), result.unit),
        ),
    )


def _name_point(axes: "Axes", place: float, value: float, unit: str) -> None:
    axes.annotate(
        parts.say(Quantity(value, unit)),
        (place, value),
        xytext=(0, -16),
        textcoords="offset points",
        ha="center",
        fontsize=8.5,
        color=parts.INK,
    )


@draws(Level, "trend.halves")
def halves(result: Level) -> Figure:
    """Growth of half-years beside that of whole years."""
    known = result.halves.dropna(subset=["growth"])

    def draw() -> object:
        figure, axes = parts.new_figure(height=0.9 + 0.42 * max(len(known), 3))
        rows = range(len(known))
        colours = [parts.GOOD if growth >= 0 else parts.BAD for growth in known["growth"]]
        axes.barh(list(rows), known["growth"], color=colours, height=0.6)
        axes.set_yticks(list(rows), list(known["period"]))
        axes.invert_yaxis()
        parts.format_axis(axes, "share", "x", signed=True)
        parts.annotate_bars(axes, "share", signed=True)
        axes.grid(visible=False, axis="y")
        return figure

    table = make_table(
        "trend.halves_data",
        _("Half-years"),
        result.halves,
        "period",
        Column("value", _("Sales"), result.unit),
        Column("growth", _("Growth on the same half a year before"), "share"),
        Column("status", _("Status"), terms=STATUSES),
    )
    return Figure(
        id="trend.halves",
        title=_("In which half did it turn?"),
        draw=draw,
        data=table,
        caption=_(
            "Growth of each half-year on the same half a year before; a second half is the "
            "year minus its reported first half."
        ),
        alt=_("Bars of the growth of {n} half-years.", n=len(known)),
    )


@draws(Months, "trend.months")
def months(result: Months) -> Figure:
    """The company's own months, their trend, and events."""
    frame = result.frame

    def draw() -> object:
        figure, axes = parts.new_figure(height=4.2)
        axes.plot(frame["month"], frame["value"], color=OWN, linewidth=1, alpha=0.55)
        ends = []
        if frame["trend"].notna().any():
            axes.plot(frame["month"], frame["trend"], color=OWN, linewidth=2.4)
            ends.append((frame["month"].iloc[-1], frame["trend"].iloc[-1], _("trend"), OWN))
        parts.format_axis(axes, result.unit)
        parts.format_month_axis(axes)
        titles = result.inputs.event_texts()
        inside = [
            (pd.Timestamp(row["date"]), titles[row["event_id"]])
            for row in result.inputs.events.to_dict("records")
            if row.get("kind") in ("ownership", "market")
            and frame["month"].iloc[0] <= pd.Timestamp(row["date"])
        ]
        parts.mark_events(axes, inside)
        parts.label_lines(axes, ends)
        return figure

    table = make_table(
        "trend.months_data",
        _("Own orders by month"),
        frame,
        "month",
        Column("value", _("Sales"), result.unit),
        Column("rolling_12m", _("Twelve months to date"), result.unit),
        Column("trend", _("Trend"), result.unit),
        Column("season", _("Seasonal factor"), "ratio"),
    )
    return Figure(
        id="trend.months",
        title=_("How do the company’s own months run?"),
        draw=draw,
        data=table,
        caption=_(
            "Thin: each month. Thick: trend without the season (robust STL). n = {n} whole months.",
            n=len(frame),
        ),
        alt=_("Line of {n} months of own orders with their trend.", n=len(frame)),
    )


@draws(Months, "trend.season")
def season(result: Months) -> Figure:
    """The seasonal factor of each month of the year."""
    table = result.season

    def draw() -> object:
        figure, axes = parts.new_figure()
        axes.vlines(
            table["month_of_year"], table["low"], table["high"], color=OWN, alpha=0.35, linewidth=5
        )
        axes.plot(table["month_of_year"], table["index"], "o", color=OWN)
        axes.set_xticks(range(1, 13))
        axes.set_xlabel(str(_("Month of the year")))
        parts.format_axis(axes, "ratio")
        parts.reference_line(axes, 1.0, _("an average month"))
        return figure

    data = make_table(
        "trend.season_data",
        _("Seasonal shape"),
        table,
        Column("month_of_year", _("Month of the year"), "count"),
        Column("index", _("Factor"), "ratio"),
        Column("low", _("Lowest year"), "ratio"),
        Column("high", _("Highest year"), "ratio"),
        "n",
    )
    best = table.loc[table["index"].idxmax(), "month_of_year"]
    return Figure(
        id="trend.season",
        title=_("Which months are strong?"),
        draw=draw,
        data=data,
        caption=_(
            "Points: mean factor, 1 is an average month; bars: from the lowest to the highest year."
        ),
        alt=_(
            "Seasonal factors of the twelve months; month {month} is the strongest.",
            month=int(best),
        ),
    )


@draws(Bridge, "trend.bridge")
def bridge(result: Bridge) -> Figure:
    """A waterfall from last year's revenue to this year's."""
    frame = result.frame
    change = frame["change"].to_numpy(float)
    before, after = float(frame["revenue_before"].sum()), float(frame["revenue_after"].sum())

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.6)
        bottoms = before + np.concatenate([[0.0], np.cumsum(change)[:-1]])
        colours = [parts.PALETTE[0] if step > 0 else parts.PALETTE[1] for step in change]
        axes.bar([0, len(frame) + 1], [before, after], 0.7, color=parts.NEUTRAL)
        axes.bar(np.arange(1, len(frame) + 1), change, 0.7, bottom=bottoms, color=colours)
        labels = [_("Year before"), *(MOVES[name] for name in frame["move"]), _("This year")]
        axes.set_xticks(range(len(labels)), [parts.wrap(parts.say(text), 12, 4) for text in labels])
        parts.format_axis(axes, "money")
        return figure

    table = make_table(
        "trend.bridge_data",
        _("From last year’s revenue to this year’s"),
        frame,
        Column("move", _("Part"), terms=MOVES),
        Column("n_accounts", _("Accounts"), "count"),
        Column("revenue_before", _("Year before"), "money"),
        Column("revenue_after", _("This year"), "money"),
        Column("change", _("Change"), "money"),
    )
    said = {"before": Quantity(before, "money"), "after": Quantity(after, "money")}
    return Figure(
        id="trend.bridge",
        title=_("Where did last year’s revenue go?"),
        draw=draw,
        data=table,
        caption=_(
            "From {before} to {after}: what each kind of account took away or added.", **said
        ),
        alt=_("Waterfall in five steps from {before} to {after}.", **said),
    )


@draws(RevenueSplit, "trend.mix")
def mix(result: RevenueSplit) -> Figure:
    """Volume, mix and price effect per dimension."""
    effects = result.effects
    names = {"volume_effect": _("Volume"), "mix_effect": _("Mix"), "price_effect": _("Price")}

    def draw() -> object:
        figure, axes = parts.new_figure()
        width = 0.25
        for place, (name, label) in enumerate(names.items()):
            axes.bar(
                np.arange(len(effects)) + (place - 1) * width,
                effects[name],
                width,
                label=parts.say(label),
                color=parts.PALETTE[place],
            )
        axes.set_xticks(
            range(len(effects)), [parts.say(DIMENSIONS[name]) for name in effects["dimension"]]
        )
        axes.axhline(0, color=parts.MUTED, linewidth=0.8)
        parts.format_axis(axes, "money", signed=True)
        parts.legend_above(axes)
        return figure

    table = make_table(
        "trend.mix_data",
        _("Change of revenue, split"),
        effects,
        Column("dimension", _("By"), terms=DIMENSIONS),
        Column("change", _("Change"), "money"),
        Column("volume_effect", _("Volume"), "money"),
        Column("mix_effect", _("Mix"), "money"),
        Column("price_effect", _("Price"), "money"),
        Column("n_segments", _("Segments"), "count"),
    )
    change = float(effects["change"].iloc[0])
    return Figure(
        id="trend.mix",
        title=_("Volume, mix or price?"),
        draw=draw,
        data=table,
        caption=_(
            "The change of revenue over twelve months ({change}) split three ways; each "
            "split adds up to it.",
            change=Quantity(change, "money", signed=True),
        ),
        alt=_("Bars of volume, mix and price effects by {n} dimensions.", n=len(effects)),
    )
