"""What to do: its pictures."""

from kamresearch.analysis.decisions.assumptions import KINDS
from kamresearch.analysis.decisions.backtest import ORDERS, Backtest
from kamresearch.analysis.decisions.result import Decisions
from kamresearch.analysis.decisions.sensitivity import CHANGES, Sensitivity
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

SHOWN = 20


@draws(Decisions, "decisions.list")
def ranked(result: Decisions) -> Figure:
    """The first instructions with their expected gain."""
    frame = result.frame.head(SHOWN)

    def draw() -> object:
        figure, axes = parts.new_figure(height=1.2 + 0.3 * max(len(frame), 2))
        kinds = [parts.say(KINDS[one]).split(":")[0].split("：")[0] for one in frame["kind"]]
        names = [
            f"{rank}  {kind}  {name if isinstance(name, str) else account}"
            for rank, kind, name, account in zip(
                frame["rank"], kinds, frame["account_name"], frame["account_id"], strict=True
            )
        ]
        parts.draw_intervals(
            axes,
            [parts.shorten(name, 46) for name in names],
            frame["expected_gain"],
            frame["low"],
            frame["high"],
            parts.PALETTE[0],
            label_width=46,
        )
        parts.format_axis(axes, "money", "x", most=5)
        return figure

    total = float(result.frame["expected_gain"].sum())
    return Figure(
        "decisions.list",
        _("What gains most an hour?"),
        _(
            "The first {k} of {n} instructions by expected gain an hour; dots are the gain a year, "
            "lines reach from the lowest to the highest acceptance assumed. The whole list: "
            "{total} a year.",
            k=len(frame),
            n=len(result.frame),
            total=Quantity(total, "money"),
        ),
        _("Dots with ranges: expected gain a year of {k} instructions.", k=len(frame)),
        draw,
        result.table(),
    )


@draws(Sensitivity, "decisions.sensitivity")
def sensitivity(result: Sensitivity) -> Figure:
    """How many of the first ten stay under other assumptions."""
    frame = result.frame

    def draw() -> object:
        figure, axes = parts.new_figure(height=2.6)
        axes.barh(range(len(frame)), frame["share"], color=parts.PALETTE[0], height=0.6)
        axes.set_yticks(range(len(frame)), [parts.say(CHANGES[one]) for one in frame["change"]])
        axes.set_xlim(0, 1)
        axes.invert_yaxis()
        parts.format_axis(axes, "share", "x", most=5)
        axes.grid(visible=False, axis="y")
        return figure

    least = frame.loc[frame["share"].idxmin()]
    return Figure(
        "decisions.sensitivity",
        _("Would the first ten be others?"),
        _(
            "Share of the first {n} instructions that stay among them when one assumption is "
            "changed; least with “{change}”: {share}.",
            n=result.n_first,
            change=CHANGES[least["change"]],
            share=Quantity(float(least["share"]), "share"),
        ),
        _(
            "Bars: share of the first instructions that stay under each of {n} changes.",
            n=len(frame),
        ),
        draw,
        result.table(),
    )


@draws(Backtest, "decisions.backtest")
def backtest(result: Backtest) -> Figure:
    """What each order held of what was lost in the year after."""
    frame = result.frame

    def draw() -> object:
        figure, axes = parts.new_figure(height=2.4)
        parts.draw_intervals(
            axes,
            [parts.say(ORDERS[one]) for one in frame["order"]],
            frame["share"],
            frame["low"],
            frame["high"],
            [parts.PALETTE[0], *[parts.PALETTE[1]] * (len(frame) - 1)],
        )
        axes.set_xlim(left=0)
        parts.format_axis(axes, "share", "x", most=5)
        return figure

    return Figure(
        "decisions.backtest",
        _("Would the list have found what was lost?"),
        _(
            "Share of the value lost in the year after each of {n} earlier days that stood in the "
            "first {part} of each order; lines are 95% intervals.",
            n=len(result.days),
            part=Quantity(0.05, "share"),
        ),
        _("Dots with intervals: share of later lost value held by {n} orders.", n=len(frame)),
        draw,
        result.table(),
    )
