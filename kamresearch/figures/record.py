"""The track record: its picture."""

from typing import Any

from matplotlib.figure import Figure as Drawing

from kamresearch.analysis.record.track import TrackRecord
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

ACROSS = 2
"""Panels beside each other: more would leave no room for their names."""


def _new_panels(n: int) -> tuple[Drawing, list[Any]]:
    """A drawing with a panel for each kind of prediction, row by row."""
    rows, across = -(-n // ACROSS), min(n, ACROSS)
    figure, grid = parts.new_figure(rows, across, squeeze=False, height=3.2 * rows)
    panels = list(grid.flat)
    for spare in panels[n:]:
        spare.remove()
    return figure, panels[:n]


@draws(TrackRecord, "record.reliability")
def reliability(result: TrackRecord) -> Figure:
    """Share that came against the probability told, in fifths of the accounts."""
    frame = result.reliability
    kinds = list(frame["prediction"].unique())

    def draw() -> Drawing:
        figure, panels = _new_panels(len(kinds))
        for panel, kind in zip(panels, kinds, strict=True):
            part = frame[frame["prediction"] == kind]
            top = max(float(part[["told", "high"]].max().max()), 0.02)
            panel.plot([0, top], [0, top], color=parts.MUTED, linestyle="--", linewidth=1)
            # A bound may lie a rounding error inside a share of nought or one.
            below, above = part["seen"] - part["low"], part["high"] - part["seen"]
            errors = [below.clip(lower=0), above.clip(lower=0)]
            panel.errorbar(
                part["told"], part["seen"], yerr=errors, fmt="o", color=parts.PALETTE[0], capsize=3
            )
            parts.title_axes(panel, result.name_of(kind))
            panel.set_xlabel(parts.say(_("Told")))
            parts.format_axis(panel, "share", "x", most=5)
            parts.format_axis(panel, "share", "y", most=5)
            panel.set_ylabel(parts.say(_("Came")))
        return figure

    n = int(frame["n"].sum())
    columns = (
        Column("prediction", _("Prediction"), terms=result.names),
        Column("n", _("n"), "count"),
        Column("told", _("Told"), "share"),
        Column("seen", _("Came"), "share"),
        Column("low", _("Lower bound"), "share"),
        Column("high", _("Upper bound"), "share"),
    )
    return Figure(
        "record.reliability",
        _("Did what was told come as often as told?"),
        _(
            "Each point is a fifth of the statements, by the probability told; bars are 95% "
            "intervals of the share that came. On the dashed line told and seen agree. n = {n}.",
            n=Quantity(n, "count"),
        ),
        _(
            "Points of the share that came against the probability told, {k} kinds of predictions.",
            k=len(kinds),
        ),
        draw,
        make_table("record.reliability", _("Told against seen, by fifths"), frame, *columns),
    )


@draws(TrackRecord, "record.hedgehog")
def hedgehog(result: TrackRecord) -> Figure:
    """Sums that successive versions told, each from what the past year gave, against what came."""
    frame = result.windows
    kinds = list(frame["prediction"].unique())

    def draw() -> Drawing:
        figure, panels = _new_panels(len(kinds))
        for panel, kind in zip(panels, kinds, strict=True):
            part = frame[frame["prediction"] == kind]
            for row in part.itertuples():
                # without a rival's sum there is no level to start from: the point alone
                begin = row.rival if row.rival == row.rival else row.told
                panel.plot([row.issued, row.due], [begin, row.told], color=parts.PALETTE[0])
            told, came = parts.say(_("Told")), parts.say(_("Came"))
            panel.plot(part["due"], part["told"], "o", color=parts.PALETTE[0], label=told)
            panel.plot(part["due"], part["came"], "o-", color=parts.INK, label=came)
            parts.title_axes(panel, result.name_of(kind))
            parts.format_axis(panel, "score", "y", most=5)
            panel.set_ylim(bottom=0)
            parts.format_month_axis(panel, most=4)
        panels[0].legend(loc="lower left", frameon=False)
        return figure

    return Figure(
        "record.hedgehog",
        _("What successive versions told, and what came"),
        _(
            "Each spine begins at what the simple rival says and ends at what was told, on the day "
            "when it is due; dark: what came. n = {n} windows.",
            n=Quantity(len(frame), "count"),
        ),
        _("Sums told and come over {n} windows.", n=len(frame)),
        draw,
        result.windows_table(),
    )
