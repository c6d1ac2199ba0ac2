"""The briefing's picture: the SWOT on one page, each statement with what the evidence says of
it.
"""

import pandas as pd

from kamresearch.analysis.briefing import QUADRANTS, Briefing
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.language import Quantity
from kamresearch.language import message as _

TITLES = {
    "strength": _("Strengths"),
    "weakness": _("Weaknesses"),
    "opportunity": _("Opportunities"),
    "threat": _("Threats"),
}
MOST = 6
"""Statements of a quadrant that the picture shows; the table behind it holds all."""
LINE, GAP = 0.165, 0.07
"""Inches of a line of text and between statements."""
MARKS = {
    "supported": ("o", parts.GOOD, _("supported")),
    "contradicted": ("X", parts.BAD, _("contradicted")),
}
OTHER = ("o", parts.NEUTRAL, _("judgement, or open"))


def swot(result: Briefing) -> Figure:
    """The SWOT in one picture."""
    items = result.items
    counts = {verdict: int(items["verdict"].eq(verdict).sum()) for verdict in MARKS}
    values = {
        "n": Quantity(len(items), "count"),
        "supported": Quantity(counts["supported"], "count"),
        "contradicted": Quantity(counts["contradicted"], "count"),
    }
    return Figure(
        id="briefing.swot",
        title=_("Which statements of the SWOT does the evidence carry?"),
        data=result.item_table(),
        draw=lambda: _draw(result),
        caption=_(
            "Of {n} statements the evidence supports {supported} and contradicts "
            "{contradicted}; hollow ones rest on "
            "judgement or cannot be told yet. Those on which the evidence speaks come first.",
            **values,
        ),
        alt=_(
            "Four quadrants of strengths, weaknesses, opportunities and threats with {n} "
            "statements, {supported} marked as "
            "supported and {contradicted} as contradicted by the evidence.",
            **values,
        ),
    )


def _lines(items: pd.DataFrame, quadrant: str, terms: dict) -> list[tuple[str, str]]:
    """Verdict and wrapped text of a quadrant's first statements."""
    chosen = items[items["quadrant"] == quadrant]
    lines = [
        (row.verdict, parts.wrap(parts.say(terms.get(row.text, row.text)), 52, 2))
        for row in chosen.head(MOST).itertuples()
    ]
    if len(chosen) > MOST:
        lines.append(("", parts.say(_("{n} more in the table", n=len(chosen) - MOST))))
    return lines


def _height(lines: list[tuple[str, str]]) -> float:
    return sum(LINE * (text.count("\n") + 1) + GAP for _verdict, text in lines)


def _draw(result: Briefing) -> object:
    blocks = {
        quadrant: _lines(result.items, quadrant, result.terms.get("text", {}))
        for quadrant in QUADRANTS
    }
    heights = [
        0.42 + max(_height(blocks[left]), _height(blocks[right]), 0.3)
        for left, right in (QUADRANTS[:2], QUADRANTS[2:])
    ]
    figure, grid = parts.new_figure(
        2, 2, height=sum(heights) + 0.45, gridspec_kw={"height_ratios": heights}
    )
    for axes, quadrant, height in zip(
        grid.ravel(), QUADRANTS, (heights[0], heights[0], heights[1], heights[1]), strict=True
    ):
        _draw_quadrant(axes, parts.say(TITLES[quadrant]), blocks[quadrant], height)
    _draw_legend(figure, grid[1][0])
    return figure


def _draw_quadrant(axes: object, title: str, lines: list[tuple[str, str]], height: float) -> None:
    axes.set_xlim(0, 3.5)
    axes.set_ylim(height, 0)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.plot([0, 3.42], [0.27, 0.27], color=parts.GRID, linewidth=1)
    axes.text(0, 0.19, title, fontsize=11, color=parts.INK, va="baseline")
    y = 0.42
    for verdict, text in lines:
        if verdict:
            marker, colour, _label = MARKS.get(verdict, OTHER)
            axes.plot(
                [0.06],
                [y + 0.035],
                marker=marker,
                markersize=7 if verdict == "contradicted" else 6,
                markeredgecolor=colour,
                linestyle="none",
                markerfacecolor=colour if verdict in MARKS else "none",
                markeredgewidth=0 if verdict == "contradicted" else 1.2,
            )
        axes.text(
            0.2,
            y - 0.045,
            text,
            fontsize=8.5,
            va="top",
            linespacing=1.25,
            color=parts.INK if verdict in MARKS else parts.MUTED,
        )
        y += LINE * (text.count("\n") + 1) + GAP


def _draw_legend(figure: object, axes: object) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            markersize=6,
            markeredgecolor=colour,
            markeredgewidth=0 if marker == "X" else 1.2,
            markerfacecolor=colour if colour != parts.NEUTRAL else "none",
            label=parts.say(label),
        )
        for marker, colour, label in (*MARKS.values(), OTHER)
    ]
    figure.legend(
        handles=handles, loc="outside lower left", ncols=3, columnspacing=1.6, handletextpad=0.3
    )
