"""SWOT: its pictures."""

from typing import cast

import pandas as pd

from kamresearch.analysis.swot.ahp import ACCEPTABLE
from kamresearch.analysis.swot.items import QUADRANT_NAMES, QUADRANTS, ROLES
from kamresearch.analysis.swot.matrices import ADVICE, CELLS, Matrices
from kamresearch.analysis.swot.strategies import StrategyChoice
from kamresearch.analysis.swot.tables import GROUP
from kamresearch.analysis.swot.weights import ItemWeights
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures.parts import (
    BAD,
    GRID,
    INK,
    MUTED,
    PALETTE,
    format_axis,
    new_figure,
    reference_line,
    say,
    wrap,
)
from kamresearch.figures.registry import draws
from kamresearch.figures.swot_quadrants import quadrants
from kamresearch.language import LANGUAGES, Fixed
from kamresearch.language import message as _


@draws(ItemWeights, "swot.weights")
def weights(result: ItemWeights) -> Figure:
    """Importance of items with the interval of their ranks."""
    frame = result.weights.sort_values(["rank", "item_id"]).head(25)
    colours = dict(zip(QUADRANTS, (PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[3]), strict=True))

    def draw() -> object:
        figure, (left, right) = new_figure(
            1, 2, height=max(2.6, 0.24 * len(frame) + 1.3), sharey=True, width=7.2
        )
        rows = range(len(frame))
        left.barh(
            rows,
            frame["importance"],
            color=[colours[name] for name in frame["quadrant"]],
            height=0.62,
        )
        left.set_yticks(rows, frame["item_id"])
        left.set_ylim(len(frame) - 0.4, -0.6)
        left.set_xlabel(say(_("Importance (largest is 1)")))
        format_axis(left, "score", "x")
        for axes in (left, right):
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", labelcolor=INK)
        for row, one in enumerate(frame.itertuples()):
            if one.rank_low == one.rank_low and one.rank_low is not None:
                right.plot(
                    [one.rank_low, one.rank_high],
                    [row, row],
                    color=colours[one.quadrant],
                    linewidth=2.4,
                    alpha=0.55,
                )
            right.plot([one.rank], [row], "o", color=colours[one.quadrant], markersize=5)
        right.set_xlabel(say(_("Rank, with 95% of draws of raters")))
        format_axis(right, "count", "x")
        handles = [_patch(colours[name]) for name in QUADRANTS if name in set(frame["quadrant"])]
        names = [say(QUADRANT_NAMES[name]) for name in QUADRANTS if name in set(frame["quadrant"])]
        figure.legend(handles, names, loc="outside upper left", ncols=4, handletextpad=0.4)
        return figure

    first = frame.iloc[0]
    return Figure(
        id="swot.weights",
        title=_("Which statements weigh most?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "Bars: importance, comparable across quadrants. Points: rank of {n} raters "
            "together; lines: ranks that hold 95% of draws of raters.",
            n=result.n_raters,
        ),
        alt=_(
            "Bars of the importance of {n} items beside their ranks; {item} stands first "
            "with ranks from {low} to {high} in draws of raters.",
            n=len(frame),
            item=first["item_id"],
            low=_or_dash(first["rank_low"]),
            high=_or_dash(first["rank_high"]),
        ),
    )


def _or_dash(value: float | None) -> int | str:
    return "–" if value is None or value != value else int(value)


def _patch(colour: str) -> object:
    from matplotlib.patches import Patch

    return Patch(color=colour)


@draws(ItemWeights, "swot.consistency")
def consistency(result: ItemWeights) -> Figure:
    """Consistency ratio of each rater and block, and of the group."""
    frame = result.raters
    names = list(dict.fromkeys(frame["rater"]))

    def draw() -> object:
        figure, axes = new_figure(height=max(2.2, 0.38 * len(names) + 1.1))
        for row, name in enumerate(names):
            ratios = frame.loc[frame["rater"] == name, "consistency_ratio"]
            colours = [BAD if ratio > ACCEPTABLE else PALETTE[0] for ratio in ratios]
            axes.scatter(
                ratios,
                [row] * len(ratios),
                c=colours,
                s=36,
                marker="D" if name == "group" else "o",
                zorder=3,
            )
        axes.set_yticks(
            range(len(names)), [wrap(say((GROUP | ROLES).get(name, name)), 26, 2) for name in names]
        )
        axes.set_ylim(len(names) - 0.5, -0.7)
        axes.set_xlim(
            -0.01,
            max(1.5 * ACCEPTABLE, 1.05 * float(frame["consistency_ratio"].max()))
            if len(frame)
            else 1.5 * ACCEPTABLE,
        )
        axes.set_xlabel(say(_("Consistency ratio, a point for each block compared")))
        format_axis(axes, "ratio", "x")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", labelcolor=INK)
        reference_line(axes, ACCEPTABLE, _("usual mark"), "x")
        return figure

    single, group = (
        frame[frame["rater"] != "group"]["consistency_ratio"],
        frame[frame["rater"] == "group"]["consistency_ratio"],
    )
    return Figure(
        id="swot.consistency",
        title=_("Who contradicts themselves, and does the group hide it?"),
        draw=draw,
        data=result.raters_table(),
        caption=_(
            "Right of the mark of {mark} a rater's answers contradict each other. Taken "
            "together the group reaches {group} at most, though a single "
            "rater reaches {worst}.",
            mark=ACCEPTABLE,
            group=_two(group),
            worst=_two(single),
        ),
        alt=_(
            "Dot plot of consistency ratios of {n} raters and of all together; the largest "
            "of a single rater is {worst}, of the group {group}.",
            n=result.n_raters,
            worst=_two(single),
            group=_two(group),
        ),
    )


def _two(ratios: pd.Series) -> str:
    return f"{ratios.max():.2f}" if len(ratios) else "–"


@draws(Matrices, "swot.ie_matrix")
def ie_matrix(result: Matrices) -> Figure:
    """The nine cells, and where the company stands."""

    def draw() -> object:
        from matplotlib.patches import Rectangle

        figure, axes = new_figure(height=3.9)
        axes.set_aspect("equal", anchor="W")
        for row, cells in enumerate(CELLS):
            for column, cell in enumerate(cells):
                corner = (3 - column, 3 - row)
                here = cell == result.cell
                axes.add_patch(
                    Rectangle(
                        corner,
                        1,
                        1,
                        facecolor="#eaf2f9" if here else "none",
                        edgecolor=GRID,
                        linewidth=1,
                    )
                )
                axes.text(
                    corner[0] + 0.94,
                    corner[1] + 0.88,
                    cell,
                    color=INK if here else MUTED,
                    fontsize=9,
                    va="center",
                    ha="left",
                )
        if result.cell is not None:
            axes.plot([result.ife], [result.efe], "o", color=PALETTE[0], markersize=10)
            axes.annotate(
                wrap(say(ADVICE[cast(str, result.advice)]), 18),
                (result.ife, result.efe),
                xytext=(0, 10),
                textcoords="offset points",
                color=PALETTE[0],
                va="bottom",
                ha="center",
                annotation_clip=False,
            )
        axes.set_xlim(4, 1)
        axes.set_ylim(1, 4)
        axes.set_xlabel(say(_("Internal factors (IFE): strong 4 to weak 1")))
        axes.set_ylabel(say(_("External factors (EFE)")))
        axes.set_xticks([4, 3, 2, 1])
        axes.set_yticks([1, 2, 3, 4])
        axes.grid(visible=False)
        axes.set_aspect("equal")
        return figure

    return Figure(
        id="swot.ie_matrix",
        title=_("Where does the company stand inside and outside?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "Cell {cell}: {advice}. The scores are judged ratings with judged weights, not "
            "measurements; a point near a line may fall to either side.",
            cell=result.cell or "–",
            advice=ADVICE[cast(str, result.advice)] if result.advice else "–",
        ),
        alt=_(
            "Nine-cell matrix of external against internal score; the point lies in cell "
            "{cell}, at {ife} inside and {efe} outside.",
            cell=result.cell or "–",
            ife=f"{result.ife:.2f}" if result.ife else "–",
            efe=f"{result.efe:.2f}" if result.efe else "–",
        ),
    )


@draws(StrategyChoice, "swot.strategies")
def strategies(choice: StrategyChoice) -> Figure:
    """Scores of strategies, and how often each comes first."""
    frame = choice.scores.sort_values(["rank", "strategy_id"]).head(12)
    texts = {one.id: one.text for one in choice.strategies}
    terms = {
        one.id: Fixed(
            {language: f"{one.id}  {one.text.render(language)}" for language in LANGUAGES}
        )
        for one in choice.strategies
    }

    def draw() -> object:
        figure, (left, right) = new_figure(
            1,
            2,
            height=max(2.4, 0.46 * len(frame) + 1.0),
            sharey=True,
            gridspec_kw={"width_ratios": [1.3, 1]},
        )
        rows = range(len(frame))
        left.barh(rows, frame["score"], color=PALETTE[0], height=0.6)
        left.set_yticks(
            rows,
            [wrap(f"{one}  {say(texts[one])}", 42, 2) for one in frame["strategy_id"]],
            fontsize=8.4,
        )
        left.set_ylim(len(frame) - 0.4, -0.6)
        left.set_xlabel(say(_("Score (mean, 0 to 1)")))
        format_axis(left, "score", "x", most=4)
        right.barh(rows, frame["first_share"], color=PALETTE[1], height=0.6)
        right.set_xlabel(wrap(say(_("First in draws of weights and evidence")), 26))
        right.set_xlim(0, 1)
        format_axis(right, "share", "x", most=4)
        for axes in (left, right):
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", labelcolor=INK)
        return figure

    first = frame.iloc[0] if len(frame) else None
    return Figure(
        id="swot.strategies",
        title=_("Which strategy first, and how firm is that?"),
        draw=draw,
        data=make_table(
            "swot.strategies_data",
            _("Scores of strategies"),
            choice.scores,
            Column("strategy_id", _("Strategy"), terms=terms),
            Column("score", _("Score"), "score"),
            Column("first_share", _("First in draws"), "share"),
            Column("qspm", _("QSPM total"), "score"),
        ),
        caption=_(
            "The score is a mean over the items that a strategy joins, so long lists gain "
            "nothing. Right: share of draws in which the strategy comes "
            "first when weights vary by a quarter and the trust in open items over 0 to 1."
        ),
        alt=_(
            "Bars of the scores of {n} strategies beside the share of draws in which each "
            "comes first; {first} leads.",
            n=len(frame),
            first="–" if first is None else first["strategy_id"],
        ),
    )


__all__ = ["consistency", "ie_matrix", "quadrants", "strategies", "weights"]
