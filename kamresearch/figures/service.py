"""Service by tier: its pictures."""

from kamresearch.analysis.service.drivers import DRIVERS, Drivers
from kamresearch.analysis.service.standard import Standard
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(Standard, "service.standard")
def standard(result: Standard) -> Figure:
    """Visits given with their intervals beside visits promised, by tier."""
    frame = result.frame

    def draw() -> object:
        parts.need_rows(frame, "service.standard")
        figure, axes = parts.new_figure(height=1.3 + 0.5 * len(frame))
        names = [parts.say(_("Tier {tier}", tier=tier)) for tier in frame["tier"]]
        parts.draw_intervals(axes, names, frame["given"], frame["low"], frame["high"])
        axes.plot(
            frame["promised"],
            range(len(frame)),
            "|",
            color=parts.INK,
            markersize=18,
            markeredgewidth=2.5,
        )
        first = frame.iloc[0]
        for value, text, colour in (
            (first["promised"], _("promised"), parts.INK),
            (first["given"], _("given"), parts.PALETTE[0]),
        ):
            axes.annotate(
                parts.say(text),
                (value, 0),
                xytext=(0, 12),
                textcoords="offset points",
                ha="center",
                color=colour,
            )
        axes.set_xlim(0, 1.1 * max(frame["promised"].max(), frame["high"].max(), 1))
        axes.set_xlabel(parts.say(_("Visits a year per account")))
        parts.format_axis(axes, "score", "x", most=6)
        return figure

    kept = Quantity(result.kept, "share")
    return Figure(
        "service.standard",
        _("Is what was promised given?"),
        _(
            "Visits a year per account of each tier: dots are given with 95% intervals, bars are "
            "promised. Of all visits promised, {kept} were given.",
            kept=kept,
        ),
        _("Dots with intervals beside bars: visits given and promised in {n} tiers.", n=len(frame)),
        draw,
        result.table(),
    )


@draws(Drivers, "service.drivers")
def drivers(result: Drivers) -> Figure:
    """Points of the mark that go with each driver, with their intervals."""
    frame = result.frame

    def draw() -> object:
        parts.need_rows(frame, "service.drivers")
        figure, axes = parts.new_figure(height=1.1 + 0.45 * len(frame))
        names = [DRIVERS[name] for name in frame["driver"]]
        columns = (frame["points"], frame["points_low"], frame["points_high"])
        parts.draw_intervals(axes, names, *columns)
        parts.reference_line(axes, 0.0, _("no difference"), "x")
        axes.set_xlabel(parts.say(_("Points of the mark")))
        parts.format_axis(axes, "score", "x", most=6)
        return figure

    return Figure(
        "service.drivers",
        _("What goes with a better or a worse mark?"),
        _(
            "Points of the mean mark (of {scale}) that go with each, the others alike; lines are "
            "95% intervals. {n} marks.",
            scale=result.scale,
            n=Quantity(result.n, "count"),
        ),
        _("Dots with intervals: points of the mark for {n} things that came before.", n=len(frame)),
        draw,
        result.table(),
    )
