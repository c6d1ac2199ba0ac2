"""Pictures of the market: shares against rivals, effects as waterfalls, sources in conflict."""

from kamresearch.analysis.market import MarketPosition
from kamresearch.display import Column, Figure, Table, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(MarketPosition, "trend.shares")
def shares(result: MarketPosition) -> Figure:
    """Shares among the brand and its named rivals."""
    wide = result.shares.pivot_table(index="period", columns="brand", values="share", observed=True)
    order = [result.brand, *result.rivals]
    last = wide.index[-1]

    def draw() -> object:
        figure, axes = parts.new_figure(height=4)
        years = [int(period) for period in wide.index]
        colours = dict(zip(order, parts.PALETTE, strict=False))
        for name in order:
            axes.plot(
                years,
                wide[name],
                "o-",
                color=colours[name],
                linewidth=2.6 if name == result.brand else 1.6,
                markersize=4,
            )
        axes.set_xticks(years)
        axes.set_ylim(bottom=0)
        parts.format_axis(axes, "share")
        parts.label_lines(
            axes,
            [
                (years[-1], float(wide[name].iloc[-1]), parts.wrap(name, 14, 2), colours[name])
                for name in order
            ],
        )
        return figure

    table = make_table(
        "trend.shares_data",
        _("Shares among the brand and its rivals"),
        result.shares,
        "period",
        Column("brand", _("Brand")),
        "units",
        "share",
    )
    return Figure(
        id="trend.shares",
        title=_("Whose share grew?"),
        draw=draw,
        data=table,
        caption=_(
            "Shares of the units of {brand} and its named rivals together, in the {n} "
            "years for which all have figures.",
            brand=result.brand,
            n=len(wide),
        ),
        alt=_(
            "Lines of shares of {k} brands over {n} years; {brand} ends at {share}.",
            k=len(order),
            n=len(wide),
            brand=result.brand,
            share=Quantity(float(wide.loc[last, result.brand]), "share"),
        ),
    )


@draws(MarketPosition, "trend.effects")
def effects(result: MarketPosition) -> Figure:
    """From last year's sales over the market and the share effect to this year's: a waterfall."""
    row = result.effects.iloc[-1]
    year, before = str(row["period"]), str(int(row["period"]) - 1)
    own = result.shares[result.shares["brand"] == result.brand].set_index("period")["units"]
    start, middle, end = (
        float(own[before]),
        float(own[before] + row["market_effect"]),
        float(own[year]),
    )

    def draw() -> object:
        figure, axes = parts.new_figure()
        tops = [start, middle, end, end]
        bars = [
            (0, 0, start, parts.PALETTE[0]),
            (
                1,
                start,
                row["market_effect"],
                parts.GOOD if row["market_effect"] >= 0 else parts.BAD,
            ),
            (2, middle, row["share_effect"], parts.GOOD if row["share_effect"] >= 0 else parts.BAD),
            (3, 0, end, parts.PALETTE[0]),
        ]
        texts = [
            Quantity(start, "units"),
            Quantity(round(row["market_effect"]), "units", signed=True),
            Quantity(round(row["share_effect"]), "units", signed=True),
            Quantity(end, "units"),
        ]
        for (place, bottom, height, colour), text in zip(bars, texts, strict=True):
            axes.bar(place, height, 0.6, bottom=bottom, color=colour)
            axes.annotate(
                parts.say(text),
                (place, max(bottom, bottom + height)),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
            )
        for place, top in enumerate(tops[:3]):
            axes.plot([place + 0.3, place + 0.7], [top, top], color=parts.MUTED, linewidth=0.8)
        axes.set_xticks(
            range(4), [before, parts.say(_("Market effect")), parts.say(_("Share effect")), year]
        )
        axes.margins(y=0.12)
        parts.format_axis(axes, "units")
        axes.tick_params(axis="x", labelcolor=parts.INK)
        return figure

    return Figure(
        id="trend.effects",
        title=_("Was it the market or the share?"),
        draw=draw,
        data=effects_table(result),
        caption=_(
            "The market effect is what the rivals’ growth would have brought at the old "
            "share; the share effect is the rest. "
            "Together they are the change, {change}.",
            change=Quantity(round(float(row["change"])), "units", signed=True),
        ),
        alt=_(
            "Waterfall from {before} to {year}: market {market}, share {share}.",
            before=before,
            year=year,
            market=Quantity(round(float(row["market_effect"])), "units", signed=True),
            share=Quantity(round(float(row["share_effect"])), "units", signed=True),
        ),
    )


def effects_table(result: MarketPosition) -> Table:
    """Each year's change, split."""
    return make_table(
        "trend.effects_data",
        _("Each year’s change, split"),
        result.effects,
        "period",
        Column("change", _("Change"), "units"),
        Column("market_effect", _("Market effect"), "units"),
        Column("share_effect", _("Share effect"), "units"),
    )
