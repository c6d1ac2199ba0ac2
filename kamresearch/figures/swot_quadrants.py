"""The 2 × 2 of a SWOT, made for a printed page: each statement with what the evidence says of
it.
"""

from typing import TYPE_CHECKING

from kamresearch.analysis.swot.evidence import VERDICTS, ItemVerdicts
from kamresearch.analysis.swot.items import QUADRANT_NAMES, QUADRANTS
from kamresearch.display import Figure
from kamresearch.figures.parts import (
    BAD,
    GOOD,
    GRID,
    INK,
    MUTED,
    NEUTRAL,
    PALETTE,
    new_figure,
    say,
    wrap,
)
from kamresearch.figures.registry import draws
from kamresearch.language import message as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = {
    "supported": ("o", GOOD),
    "contradicted": ("X", BAD),
    "cannot_tell": ("D", PALETTE[4]),
    "judgement": ("s", NEUTRAL),
    "unknown": ("P", MUTED),
}
"""Marker and colour of each verdict: form and colour both tell, so that a print in grey tells
too.
"""
_LINE, _WIDE, _MOST = 0.168, 52, 9
"""Height of a line in inches, half-width characters of a line, most items of a quadrant that
are written out.
"""


@draws(ItemVerdicts, "swot.quadrants")
def quadrants(verdicts: ItemVerdicts) -> Figure:
    """The 2 × 2: statements of each quadrant, the weightiest first, each with its verdict."""
    importance = verdicts.importance
    chosen = {
        quadrant: sorted(
            (item for item in verdicts.items if item.quadrant == quadrant),
            key=lambda item: (-importance.get(item.id, 0.0), item.id),
        )
        for quadrant in QUADRANTS
    }

    def draw() -> object:
        wrapped = {
            name: [(item, wrap(f"{item.id}  {say(item.text)}", _WIDE, 4)) for item in items[:_MOST]]
            for name, items in chosen.items()
        }
        heights = [
            max((_height(wrapped[name]) for name in row), default=1)
            for row in (QUADRANTS[:2], QUADRANTS[2:])
        ]
        figure, axes = new_figure(
            2,
            2,
            width=7.4,
            height=max(4.6, sum(heights) * _LINE + 1.5),
            gridspec_kw={"height_ratios": heights},
        )
        for panel, name in zip(axes.ravel(), QUADRANTS, strict=True):
            _draw_quadrant(
                panel,
                name,
                wrapped[name],
                len(chosen[name]),
                heights[0 if name in QUADRANTS[:2] else 1],
                verdicts,
            )
        shown = [verdict for verdict in VERDICTS if verdicts.count(verdict)]
        handles = [_handle(verdict) for verdict in shown]
        figure.legend(
            handles,
            [say(VERDICTS[verdict]) for verdict in shown],
            loc="outside lower center",
            ncols=len(shown),
            handletextpad=0.3,
        )
        return figure

    counts = {name: verdicts.count(name) for name in VERDICTS}
    return Figure(
        id="swot.quadrants",
        title=_("The SWOT on one page, and what stands behind each statement"),
        draw=draw,
        data=verdicts.table(),
        caption=_(
            "Each mark says what the evidence says of a statement: {supported} supported, "
            "{contradicted} contradicted, {cannot} that cannot be told "
            "yet, {judgement} on judgement alone, {unknown} whose evidence is not there. "
            "In each quadrant the weightiest stands first where "
            "judgements are there.",
            supported=counts["supported"],
            contradicted=counts["contradicted"],
            cannot=counts["cannot_tell"],
            judgement=counts["judgement"],
            unknown=counts["unknown"],
        ),
        alt=_(
            "Four boxes with {n} statements: strengths, weaknesses, opportunities and "
            "threats; a mark before each statement tells whether evidence "
            "supports it ({supported}) or contradicts it ({contradicted}).",
            n=len(verdicts.items),
            supported=counts["supported"],
            contradicted=counts["contradicted"],
        ),
    )


def _height(rows: list) -> float:
    return sum(0.62 * text.count("\n") + 1.5 for _item, text in rows) + 2.2


def _draw_quadrant(
    panel: "Axes", name: str, rows: list, n_all: int, height: float, verdicts: ItemVerdicts
) -> None:
    panel.set_xlim(0, 1)
    panel.set_ylim(height, 0)
    panel.set_xticks([])
    panel.set_yticks([])
    panel.grid(visible=False)
    panel.spines[:].set_visible(True)
    panel.spines[:].set_color(GRID)
    panel.text(0.025, 1.15, say(QUADRANT_NAMES[name]), color=PALETTE[0], fontsize=11, va="center")
    place, said = 2.6, verdicts.verdicts
    if not rows:
        panel.text(0.09, place, say(_("No item.")), color=MUTED, va="center")
    for item, text in rows:
        marker, colour = MARKS[said[item.id]]
        panel.plot(
            [0.045], [place - 0.15], marker=marker, color=colour, markersize=6.5, linestyle="none"
        )
        panel.text(0.09, place - 0.5, text, color=INK, fontsize=8.4, va="top", linespacing=1.18)
        place += 0.62 * text.count("\n") + 1.5
    if n_all > len(rows):
        panel.text(
            0.09,
            place,
            say(_("and {n} more in the table", n=n_all - len(rows))),
            color=MUTED,
            fontsize=8.4,
            va="center",
        )


def _handle(verdict: str) -> object:
    from matplotlib.lines import Line2D

    marker, colour = MARKS[verdict]
    return Line2D([], [], marker=marker, color=colour, linestyle="none", markersize=6.5)
