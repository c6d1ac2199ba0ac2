"""Deals: their pictures."""

from typing import cast

import pandas as pd

from kamresearch.analysis.pipeline.deals import OUTCOMES
from kamresearch.analysis.pipeline.rates import DIMENSIONS, GROUPS, Rates
from kamresearch.analysis.pipeline.timing import ENDS, Timing
from kamresearch.display import Figure, join_terms
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

DRAWN = ("rival", "tier", "discount_band", "size_band", "product", "kind")
"""Dimensions in the picture, the first that there is room for; the table holds all of them."""
MOST_GROUPS, MOST_ROWS = 8, 16


def _drawn(frame: pd.DataFrame) -> pd.DataFrame:
    chosen, room = [], MOST_ROWS
    for name in DRAWN:
        part = frame[frame["dimension"] == name]
        if 0 < len(part) <= min(MOST_GROUPS, room):
            chosen.append(part)
            room -= len(part)
    return pd.concat(chosen, ignore_index=True) if chosen else frame.head(MOST_ROWS)


@draws(Rates, "pipeline.win_rates")
def win_rates(result: Rates) -> Figure:
    """Win rates by group, each drawn towards the others."""
    frame = _drawn(result.frame)

    def draw() -> object:
        parts.need_rows(frame, "pipeline.win_rates")
        figure, axes = parts.new_figure(height=1.2 + 0.3 * max(len(frame), 3))
        names = [
            f"{parts.say(DIMENSIONS[by])} · {parts.say(GROUPS.get(group, group))}"
            for by, group in zip(frame["dimension"], frame["group"], strict=True)
        ]
        places = {name: place for place, name in enumerate(dict.fromkeys(frame["dimension"]))}
        colours = [parts.PALETTE[places[one] % 2] for one in frame["dimension"]]
        parts.draw_intervals(axes, names, frame["pooled"], frame["low"], frame["high"], colours)
        parts.reference_line(axes, cast(float, result.rate), _("all deals"), "x")
        parts.format_axis(axes, "share", "x", most=5)
        return figure

    return Figure(
        "pipeline.win_rates",
        _("Which deals are won?"),
        _(
            "Win rates drawn towards each other within {dimensions}; lines are 95% intervals, the "
            "dashed line is the rate of all {n} decided deals: {rate}.",
            dimensions=join_terms(dict.fromkeys(frame["dimension"]), DIMENSIONS),
            n=Quantity(result.n_decided, "count"),
            rate=Quantity(result.rate, "share"),
        ),
        _(
            "Dots with intervals: win rate of {n} groups of deals, and a line at the rate of all.",
            n=len(frame),
        ),
        draw,
        result.table(),
    )


@draws(Timing, "pipeline.incidence")
def incidence(result: Timing) -> Figure:
    """What has become of deals by age."""
    frame = result.by_age()
    colours = dict(
        zip((*ENDS, "open"), (parts.GOOD, parts.BAD, parts.MUTED, parts.GRID), strict=True)
    )

    def draw() -> object:
        figure, axes = parts.new_figure()
        bottom = 0.0 * frame["days"]
        for name in (*ENDS, "open"):
            top = bottom + frame[name]
            axes.fill_between(
                frame["days"],
                bottom,
                top,
                color=colours[name],
                linewidth=0,
                step="post",
                alpha=0.85,
            )
            middle = float((bottom.iloc[-1] + top.iloc[-1]) / 2)
            if frame[name].iloc[-1] > 0.04:
                axes.annotate(
                    parts.say(OUTCOMES[name]),
                    (frame["days"].iloc[-1], middle),
                    xytext=(6, 0),
                    textcoords="offset points",
                    va="center",
                    color=parts.INK,
                    annotation_clip=False,
                )
            bottom = top
        axes.set_xlim(0, max(frame["days"].iloc[-1], 30))
        axes.set_ylim(0, 1)
        parts.format_axis(axes, "share", "y", most=5)
        axes.set_xlabel(parts.say(_("Days since opening")))
        return figure

    last = frame.iloc[-1]
    return Figure(
        "pipeline.incidence",
        _("What becomes of a deal?"),
        _(
            "Share of all {n} deals won, lost, withdrawn and still open by age, open deals counted "
            "as long as they have been watched; after {days} {won} are won and {open} still open.",
            n=Quantity(result.n, "count"),
            days=Quantity(int(last["days"]), "days"),
            won=Quantity(float(last["won"]), "share"),
            open=Quantity(float(last["open"]), "share"),
        ),
        _(
            "Stacked areas by age: won, lost, withdrawn and open shares of {n} deals.",
            n=Quantity(result.n, "count"),
        ),
        draw,
        result.table(),
    )
