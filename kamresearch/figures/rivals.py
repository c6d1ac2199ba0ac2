"""Rivals: the picture of who stays and who goes where."""

from kamresearch.analysis.rivals.moves import Moves
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(Moves, "rivals.moves")
def moves(result: Moves) -> Figure:
    """Shares from main brand to main brand."""
    frame = result.frame
    wide = frame.assign(share=frame["share"].astype(float)).pivot(
        index="from", columns="to", values="share"
    )
    brands = list(dict.fromkeys(frame["from"]))
    wide = wide.loc[brands, brands]

    def draw() -> object:
        figure, axes = parts.new_figure(height=1.4 + 0.5 * len(brands))
        parts.draw_heat(axes, wide, "share", high=1.0)
        axes.set_xlabel(parts.say(_("Main brand a year later")))
        axes.set_ylabel(parts.say(_("Main brand")))
        return figure

    return Figure(
        "rivals.moves",
        _("Who stays, and who goes where?"),
        _(
            "Of the accounts whose main brand is that of the row, the share whose main brand a "
            "year later is that of the column; the diagonal stays. {n} pairs of years; a row of "
            "fewer than ten is empty.",
            n=Quantity(int(frame["n"].sum()), "count"),
        ),
        _("Matrix of shares from {n} main brands to those of the next year.", n=len(brands)),
        draw,
        result.table(),
    )
