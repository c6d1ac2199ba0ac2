"""The customer's side: its picture."""

from kamresearch.analysis.customer.given import Given
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(Given, "customer.value")
def value(result: Given) -> Figure:
    """Value to them over value to us, an account a dot."""
    frame = result.frame

    def draw() -> object:
        figure, axes = parts.new_figure()
        silent = frame["given"] == 0
        for part, colour in ((frame[~silent], parts.PALETTE[0]), (frame[silent], parts.MUTED)):
            axes.plot(part["ours"], part["given"], "o", color=colour, markersize=4, alpha=0.7)
        axes.set_xscale("symlog", linthresh=max(float(frame["ours"].abs().median()), 1.0))
        axes.axvline(0, color=parts.INK, linewidth=0.8)
        axes.set_xlabel(
            parts.say(_("Our profit in the year") if result.is_profit else _("Our revenue"))
        )
        axes.set_ylabel(parts.say(_("Brought to them")))
        parts.format_axis(axes, "money", "y", most=5)
        low, high = axes.get_xlim()
        marks = [low, 0, high]
        axes.set_xticks(marks, [parts.say(Quantity(mark, "money")) for mark in marks])
        return figure

    return Figure(
        "customer.value",
        _("Who gives, and who gains?"),
        _(
            "Each dot is one of {n} accounts: what it brought us, and what it gained from us as "
            "written down; grey gained nothing that anybody wrote down ({silent}).",
            n=Quantity(len(frame), "count"),
            silent=Quantity(int((frame["given"] == 0).sum()), "count"),
        ),
        _("Dots of {n} accounts: value brought to them over value to us.", n=len(frame)),
        draw,
        result.table(),
    )
