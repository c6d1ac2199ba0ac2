"""Pictures of what moved: the break of unknown date, and the steps at known ones."""

from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.trend.breaks import Break
from kamresearch.analysis.trend.events import EventStudy, MarketEvents, MonthEvents
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.figures.trend import OWN, RIVAL
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(Break, "trend.break")
def breaks(result: Break) -> Figure:
    """The series with the dates at which its level may have broken."""
    series = cast(pd.Series, result.series)

    def draw() -> object:
        figure, axes = parts.new_figure()
        days = series.index.to_timestamp()
        axes.plot(days, series.to_numpy(), color=OWN, linewidth=1.2)
        if result.verdict == "break":
            for period in result.confidence_set:
                axes.axvspan(
                    period.start_time, (period + 1).start_time, color=RIVAL, alpha=0.14, linewidth=0
                )
            axes.axvline(cast(pd.Period, result.date).start_time, color=RIVAL, linewidth=1.4)
        parts.format_axis(axes, result.unit)
        parts.format_month_axis(axes)
        return figure

    table = make_table(
        "trend.break_data",
        _("Statistic by date"),
        result.profile.assign(period=result.profile["period"].astype(str)),
        "period",
        Column("statistic", _("Likelihood ratio"), "score"),
    )
    caption = {
        "break": _(
            "Line: the most likely first month after the break; band: every month that the "
            "data cannot exclude (95%). "
            "p-value {p}.",
            p=Quantity(result.p_value, "p_value"),
        ),
        "no_break": _(
            "No break stands out from what such a series does by itself (p-value {p}).",
            p=Quantity(result.p_value, "p_value"),
        ),
        "cannot_tell": _(
            "The series moves like a random walk: whether its level broke cannot be told."
        ),
    }[result.verdict]
    return Figure(
        id="trend.break",
        title=_("Did the level break?"),
        draw=draw,
        data=table,
        caption=caption,
        alt=_("Line of {n} months; {verdict}", n=result.n, verdict=caption),
    )


@draws(MarketEvents, "trend.market_events")
@draws(MonthEvents, "trend.events")
def events(result: EventStudy) -> Figure:
    """The step at each event among the steps at every other date."""
    titles, effects = result.titles, result.effects

    def draw() -> object:
        figure, axes = parts.new_figure(height=0.9 + 0.75 * max(len(effects), 2))
        for row, one in enumerate(effects):
            axes.plot(
                one.placebos["effect"],
                np.full(len(one.placebos), row),
                "|",
                color=parts.MUTED,
                markersize=13,
                alpha=0.5,
            )
            if np.isfinite(one.low):
                axes.plot([one.low, one.high], [row, row], color=OWN, linewidth=2.4, alpha=0.5)
            axes.plot([one.effect], [row], "o", color=OWN, markersize=7)
        axes.set_yticks(
            range(len(effects)),
            [parts.wrap(parts.say(titles[one.event_id]), 30, 2) for one in effects],
        )
        axes.set_ylim(len(effects) - 0.4, -0.6)
        axes.tick_params(axis="y", labelcolor=parts.INK)
        parts.format_axis(axes, "share", "x", signed=True)
        axes.axvline(0, color=parts.MUTED, linewidth=0.8)
        axes.grid(visible=False, axis="y")
        return figure

    return Figure(
        id=result.figure,
        title=_("Did anything move at known dates?"),
        draw=draw,
        data=result.steps_table(),
        caption=_(
            "Point: step at the event against {against}; line: 95% interval; ticks: the "
            "same step at every other date.",
            against=result.against,
        ),
        alt=_("Steps at {n} events among the steps at other dates.", n=len(effects)),
    )
