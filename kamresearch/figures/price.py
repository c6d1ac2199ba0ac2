"""Price and cost to serve: their pictures."""

import numpy as np

from kamresearch.analysis.price.contribution import Contribution
from kamresearch.analysis.price.rule import Rule
from kamresearch.analysis.price.waterfall import LEVELS, STEPS, WHO, Waterfall
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(Contribution, "price.whale")
def whale(result: Contribution) -> Figure:
    """Running sum of contribution before and after serving."""
    frame = result.frame
    before = frame["before"].sort_values(ascending=False).cumsum().to_numpy(float)
    after = frame["cumulative"].to_numpy(float)

    def draw() -> object:
        parts.need_rows(frame, "price.whale")
        figure, axes = parts.new_figure()
        rank = np.arange(len(frame) + 1)
        lines = (
            (before, _("before serving"), parts.MUTED),
            (after, _("after serving"), parts.PALETTE[0]),
        )
        for values, _text, colour in lines:
            axes.plot(rank, [0.0, *values], color=colour, linewidth=2)
        parts.label_lines(
            axes, [(rank[-1], values[-1], text, colour) for values, text, colour in lines]
        )
        axes.set_xlim(0, max(len(frame), 1))
        axes.set_xlabel(parts.say(_("Accounts, largest contribution first")))
        parts.format_axis(axes, "money", "y", most=5)
        return figure

    losing = int((frame["contribution"] < 0).sum())
    return Figure(
        "price.whale",
        _("Who brings what is left, and who eats it?"),
        _(
            "Running sum of contribution over {n} accounts, the largest first; where the "
            "line falls, accounts cost more than they bring: {losing} after serving.",
            n=Quantity(len(frame), "accounts"),
            losing=Quantity(losing, "count"),
        ),
        _(
            "Two lines: running contribution of {n} accounts before and after serving.",
            n=len(frame),
        ),
        draw,
        result.table(),
    )


@draws(Waterfall, "price.waterfall")
def waterfall(result: Waterfall) -> Figure:
    """From list price down to contribution, in shares of the list value."""
    row = result.frame.iloc[0]

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.6)
        level = 1.0
        for place, name in enumerate(STEPS):
            value = 1.0 if name == "list_value" else float(row[name])
            is_level = name in LEVELS
            bottom = min(0.0, value) if is_level else min(level, level - value)
            colour = parts.PALETTE[0] if is_level else parts.BAD if value >= 0 else parts.GOOD
            axes.bar(place, abs(value), bottom=bottom, color=colour, width=0.66)
            level = value if is_level else level - value
            axes.annotate(
                parts.say(Quantity(value if is_level else -value, "net_share")),
                (place, bottom + abs(value)),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                color=parts.INK,
            )
        axes.axhline(0, color=parts.INK, linewidth=0.8)
        axes.set_xticks(
            range(len(STEPS)), [parts.wrap(parts.say(words), 10, 3) for words in STEPS.values()]
        )
        axes.set_ylim(min(0.0, 1.1 * float(row["contribution"])), 1.12)
        parts.format_axis(axes, "share", "y", most=5)
        return figure

    return Figure(
        "price.waterfall",
        _("What is left of the list price?"),
        _(
            "Each step as a share of the value at list prices, {money} over {n} accounts; red is "
            "taken off, blue is what stands then.",
            money=Quantity(float(row["list_value"]), "money"),
            n=Quantity(int(row["n_accounts"]), "accounts"),
        ),
        _("Waterfall of {n} steps from the list price down to the contribution.", n=len(STEPS)),
        draw,
        result.table(),
    )


@draws(Waterfall, "price.tiers")
def tiers(result: Waterfall) -> Figure:
    """The steps whose size tiers may differ in, each on a scale of its own."""
    frame = result.frame.iloc[1:]
    steps = ("discount", "bonus", "serving", "contribution")

    def draw() -> object:
        parts.need_rows(frame, "price.tiers")
        figure, panels = parts.new_figure(
            1, len(steps), height=1.0 + 0.34 * len(frame), width=7.4, sharey=True
        )
        for name, axes in zip(steps, panels, strict=True):
            taken = frame["discount"] + frame["other"] if name == "discount" else frame[name]
            colour = parts.PALETTE[0] if name in LEVELS else parts.BAD
            axes.barh(range(len(frame)), taken.astype(float), color=colour, height=0.62)
            parts.annotate_bars(axes, "net_share")
            axes.margins(x=0.45 if (taken < 0).any() else 0.3)
            axes.set_xticks([])
            axes.axvline(0, color=parts.INK, linewidth=0.8)
            parts.title_axes(axes, parts.wrap(parts.say(STEPS[name]), 16, 2))
        names = [parts.say(WHO.get(tier, _("Tier {tier}", tier=tier))) for tier in frame["tier"]]
        panels[0].set_yticks(range(len(frame)), names)
        panels[0].set_ylim(len(frame) - 0.5, -0.5)
        return figure

    return Figure(
        "price.tiers",
        _("Which tier keeps what of the list price?"),
        _(
            "Shares of the value at list prices by tier, each step on a scale of its own: red is "
            "taken off, blue is what is left after serving. Other price cuts count as discount."
        ),
        _(
            "Bars of discount, bonus, serving and what is left for {tiers} tiers; between "
            "{least} and {most} is left.",
            tiers=len(frame),
            least=Quantity(float(frame["contribution"].min()) if len(frame) else 0.0, "net_share"),
            most=Quantity(float(frame["contribution"].max()) if len(frame) else 0.0, "net_share"),
        ),
        draw,
        result.table(),
    )


@draws(Rule, "price.discount")
def discount(result: Rule) -> Figure:
    """Price cuts over size, the line, and who lies above it."""
    frame = result.frame

    def draw() -> object:
        figure, axes = parts.new_figure()
        above = frame["above"] > result.slack
        for part, colour in ((frame[~above], parts.MUTED), (frame[above], parts.BAD)):
            axes.plot(part["list_value"], part["rate"], "o", color=colour, markersize=4, alpha=0.7)
        line = frame.sort_values("list_value")
        axes.plot(line["list_value"], line["usual"], color=parts.PALETTE[0], linewidth=2)
        axes.set_xscale("log")
        axes.set_xlabel(parts.say(_("Bought in the year, at list prices")))
        axes.set_ylabel(parts.say(_("Price cuts and bonus")))
        parts.format_axis(axes, "money", "x", most=4)
        parts.format_axis(axes, "net_share", "y", most=5)
        return figure

    return Figure(
        "price.discount",
        _("Who gets more than the size explains?"),
        _(
            "Price cuts and bonus of {n} accounts over what they bought in the year; the line is "
            "the usual at a size, red lies more than {slack} above it ({above}).",
            n=Quantity(len(frame), "accounts"),
            slack=Quantity(result.slack, "share_change"),
            above=Quantity(len(result.beyond), "count"),
        ),
        _("Dots of {n} accounts with a line: price cuts over size.", n=len(frame)),
        draw,
        result.table(),
    )
