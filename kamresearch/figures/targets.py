"""Goals that can be checked: their pictures."""

from typing import TYPE_CHECKING

import numpy as np

from kamresearch.analysis.targets.did import ProgrammeEffect
from kamresearch.analysis.targets.runchart import RunChart
from kamresearch.analysis.targets.standing import STATUSES, GoalStanding
from kamresearch.analysis.targets.tree import ENDS, GoalTree
from kamresearch.display import Figure
from kamresearch.figures.parts import (
    BAD,
    GOOD,
    INK,
    MUTED,
    NEUTRAL,
    PALETTE,
    format_axis,
    new_figure,
    reference_line,
    say,
    wrap,
)
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "met": GOOD,
    "likely": GOOD,
    "missed": BAD,
    "unlikely": BAD,
    "open": PALETTE[0],
    "cannot_tell": PALETTE[4],
    "unknown": MUTED,
}


@draws(GoalStanding, "targets.standing")
def standing(result: GoalStanding) -> Figure:
    """How far each goal has come from its baseline to its target, with the interval of its
    number.
    """
    frame = result.frame.head(20)
    texts = {goal.id: goal.text for goal in result.goals}

    def draw() -> object:
        figure, axes = new_figure(height=max(2.4, 0.52 * len(frame) + 1.2), width=7.4)
        for row, one in enumerate(frame.itertuples()):
            colour = COLOURS[one.status]
            if one.progress is None or one.progress != one.progress:
                axes.annotate(
                    say(STATUSES["unknown"]),
                    (2.55, row),
                    color=MUTED,
                    va="center",
                    fontsize=8.5,
                    annotation_clip=False,
                )
                continue
            if one.low is not None and one.low == one.low:
                ends = [
                    (bound - one.baseline) / (one.target - one.baseline)
                    for bound in (one.low, one.high)
                ]
                axes.plot(
                    np.clip(ends, -1.45, 2.45), [row, row], color=colour, linewidth=2.4, alpha=0.55
                )
            axes.plot(
                np.clip([one.progress], -1.45, 2.45), [row], "o", color=colour, markersize=6.5
            )
            axes.annotate(
                say(STATUSES[one.status]),
                (2.55, row),
                color=colour,
                va="center",
                fontsize=8.5,
                annotation_clip=False,
            )
        axes.set_yticks(
            range(len(frame)),
            [wrap(f"{name}  {say(texts[name])}", 40, 2) for name in frame["goal_id"]],
            fontsize=8.6,
        )
        axes.set_ylim(len(frame) - 0.4, -0.9)
        axes.set_xlim(-1.5, 2.5)
        axes.set_xticks([0, 1], ["", ""])
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", labelcolor=INK)
        reference_line(axes, 0, _("baseline"), "x")
        reference_line(axes, 1, _("target"), "x", colour=GOOD)
        axes.set_xlabel(say(_("Way from baseline to target (cut at the frame)")))
        return figure

    counts = frame["status"].value_counts()
    met, open_goals = (
        int(counts.get("met", 0) + counts.get("likely", 0)),
        int(counts.get("cannot_tell", 0) + counts.get("unknown", 0)),
    )
    return Figure(
        id="targets.standing",
        title=_("Where does each goal stand?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "Points are numbers now, lines their 95% intervals, on a scale from each "
            "goal's baseline to its target. The colour tells the "
            "chance of reaching the target by the due date if nothing changes, not whether "
            "the line touches it."
        ),
        alt=_(
            "Dot plot of {n} goals between baseline and target: {met} met or likely, "
            "{open_goals} of which it cannot be told.",
            n=len(frame),
            met=met,
            open_goals=open_goals,
        ),
    )


@draws(GoalTree, "targets.tree")
def tree(result: GoalTree) -> Figure:
    """Ends, the goals below them, and what measures each."""
    frame = result.frame.head(30)
    ends = [end for end in ENDS if end or "" in set(frame["lever"])]
    texts = {goal.id: goal.text for goal in result.standing.goals}

    def draw() -> object:
        figure, axes = new_figure(height=0.42 * (len(frame) + len(ends)) + 0.6, width=7.4)
        places: dict[str, tuple[float, float]] = {}
        row = 0
        for end in ends:
            above = (0.0, float(row))
            below = frame[frame["lever"] == end]
            axes.text(0.02, row, say(ENDS[end]), va="center", color=INK, fontsize=10.5)
            if below.empty:
                axes.text(0.99, row, say(_("no goal")), va="center", ha="right", color=BAD)
            row += 1
            for one in below.itertuples():
                x = 0.045 * float(one.depth)
                start = places.get(str(one.parent), above)
                axes.plot([start[0], start[0], x], [start[1] + 0.25, row, row], color=MUTED, lw=1)
                colour = COLOURS[str(one.status)]
                axes.plot([x], [row], "o", color=colour, markersize=6.5)
                words = f"{one.goal_id}  {say(texts[str(one.goal_id)])}"
                axes.text(x + 0.02, row, wrap(words, 44, 2), va="center", color=INK, fontsize=8.6)
                told = say(STATUSES[str(one.status)])
                if one.value is not None and one.value == one.value:
                    told = f"{say(Quantity(float(one.value), str(one.unit)))}  {told}"
                axes.text(0.99, row, told, va="center", ha="right", color=colour, fontsize=8.5)
                places[str(one.goal_id)] = (x, float(row))
                row += 1
        axes.set_xlim(-0.01, 1)
        axes.set_ylim(row - 0.4, -0.6)
        axes.axis("off")
        return figure

    return Figure(
        id="targets.tree",
        title=_("Which end does each goal serve?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "Each goal below what it serves, with its number today and where it stands. Ends for "
            "which a goal has a number: {measured} of {n}.",
            measured=len(result.measured),
            n=len(ENDS) - 1,
        ),
        alt=_("A tree of {n} goals under the ends that they serve.", n=len(result.frame)),
    )


@draws(GoalStanding, "targets.power")
def power(result: GoalStanding) -> Figure:
    """Accounts needed against accounts there are."""
    frame = result.frame[result.frame["needed"].notna() & result.frame["n"].notna()].head(20)
    texts = {goal.id: goal.text for goal in result.goals}

    def draw() -> object:
        figure, axes = new_figure(height=max(2.2, 0.5 * len(frame) + 1.2), width=7.2)
        for row, one in enumerate(frame.itertuples()):
            enough = one.n >= one.needed
            axes.plot(
                [one.n, one.needed],
                [row, row],
                color=GOOD if enough else BAD,
                linewidth=2.4,
                alpha=0.4,
            )
            axes.plot([one.needed], [row], "|", color=INK, markersize=16, markeredgewidth=2)
            axes.plot([one.n], [row], "o", color=GOOD if enough else BAD, markersize=6.5)
        axes.set_xscale("log")
        if len(frame):
            least, most = (
                float(min(frame["n"].min(), frame["needed"].min())),
                float(max(frame["n"].max(), frame["needed"].max())),
            )
            axes.set_xlim(max(1, least / 2), most * 2)
        axes.set_yticks(
            range(len(frame)),
            [wrap(f"{name}  {say(texts[name])}", 40, 2) for name in frame["goal_id"]],
            fontsize=8.6,
        )
        axes.set_ylim(len(frame) - 0.4, -0.6)
        _log_ticks(axes)
        axes.set_xlabel(
            say(_("Accounts: there are (point), needed on each side (bar); logarithmic"))
        )
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", labelcolor=INK)
        return figure

    enough = int((frame["n"] >= frame["needed"]).sum())
    return Figure(
        id="targets.power",
        title=_("Can this portfolio show the goal at all?"),
        draw=draw,
        data=result.power_table(),
        caption=_(
            "A change from baseline to target shows (5%, power 80%) only where there are "
            "at least as many accounts as needed in each of two periods: "
            "{enough} of {n} goals that are shares.",
            enough=enough,
            n=len(frame),
        ),
        alt=_(
            "For {n} goals, accounts there are against accounts needed; {enough} have enough.",
            n=len(frame),
            enough=enough,
        ),
    )


@draws(RunChart, "targets.run_chart")
def run_chart(result: RunChart) -> Figure:
    """Share lost per quarter with centre, limits and signals."""
    frame = result.frame

    def draw() -> object:
        figure, axes = new_figure(height=3.4)
        when = frame["period"]
        axes.fill_between(
            when, frame["low"], frame["high"], color=NEUTRAL, alpha=0.14, linewidth=0, step="mid"
        )
        axes.plot(when, frame["share"], "-o", color=PALETTE[0], markersize=4.5)
        out = frame[frame["signal"] != "none"]
        axes.plot(out["period"], out["share"], "o", color=BAD, markersize=7.5, linestyle="none")
        if result.centre is not None:
            _named_line(
                axes, result.centre, _("centre: the first {n} quarters", n=result.n_baseline)
            )
        axes.set_ylim(bottom=0)
        format_axis(axes, "share")
        axes.set_ylabel(say(_("Accounts lost in the quarter")))
        return figure

    return Figure(
        id="targets.run_chart",
        title=_("Does the loss of accounts move more than chance?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "Grey: limits that chance alone seldom passes in any of the {n} quarters; red: "
            "signals. {k} of {n} quarters give one.",
            k=len(result.signals),
            n=len(frame),
        ),
        alt=_(
            "Line of the share of accounts lost in each of {n} quarters around {centre}, "
            "with limits; {k} quarters give a signal.",
            n=len(frame),
            centre=Quantity(result.centre, "share"),
            k=len(result.signals),
        ),
    )


@draws(ProgrammeEffect, "targets.programme")
def programme(result: ProgrammeEffect) -> Figure:
    """Losses over expected losses, by quarters since the programme started."""
    frame = result.by_lead

    def draw() -> object:
        figure, axes = new_figure(height=3.4)
        for one in frame.itertuples():
            colour = PALETTE[0] if one.step >= 0 else NEUTRAL
            if one.low == one.low and one.low is not None:
                axes.plot(
                    [one.step + 1] * 2,
                    np.clip([one.low, one.high], 0, 2.95),
                    color=colour,
                    linewidth=2.4,
                    alpha=0.55,
                )
            axes.plot(
                [one.step + 1], np.clip([one.ratio], 0, 2.95), "o", color=colour, markersize=6
            )
        _named_line(axes, 1.0, _("as expected without the programme"))
        axes.axvline(0, color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)))
        axes.annotate(
            say(_("programme starts")),
            (0, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -2),
            textcoords="offset points",
            va="top",
            color=MUTED,
            fontsize=8.5,
        )
        axes.set_ylim(0, 3)
        axes.margins(x=0.05)
        format_axis(axes, "ratio")
        format_axis(axes, "count", "x")
        axes.set_xlabel(say(_("Quarters since the start")))
        axes.set_ylabel(say(_("Losses over expected")))
        return figure

    return Figure(
        id="targets.programme",
        title=_("Did losses become rarer where the programme came?"),
        draw=draw,
        data=result.steps_table(),
        caption=_(
            "Blue: after the start, against what units not in the programme let expect; "
            "grey: before the start, where the ratio should hold 1. Lines: "
            "95% of draws of accounts, cut at 3. {observed} losses in the programme, "
            "{expected} expected.",
            observed=result.observed,
            expected=round(result.expected),
        ),
        alt=_(
            "Losses over expected losses in {n} spans around the start of the programme; "
            "over all spans after it the ratio is {ratio}.",
            n=len(frame),
            ratio=Quantity(result.ratio, "ratio"),
        ),
    )


def _named_line(axes: "Axes", value: float, text: object) -> None:
    """A line to compare with, named right of the plot, where no point stands."""
    axes.axhline(value, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    axes.annotate(
        wrap(say(text), 15),
        (1, value),
        xycoords=("axes fraction", "data"),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        color=MUTED,
        fontsize=8.5,
        annotation_clip=False,
    )


def _log_ticks(axes: "Axes") -> None:
    """Ticks at 1, 2, 5 of each power of ten that the axis holds."""
    low, high = axes.get_xlim()
    places = [
        step * 10**power
        for power in range(8)
        for step in (1, 2, 5)
        if low <= step * 10**power <= high
    ]
    axes.set_xticks(places, [say(Quantity(place, "accounts")) for place in places])
    axes.set_xticks([], minor=True)
    axes.grid(visible=True, axis="x")
