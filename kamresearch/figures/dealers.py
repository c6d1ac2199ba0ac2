"""Dealers: their picture."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamresearch.analysis.dealers.funnel import NAMES, Funnel
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NAMED = 4
"""Dealers named in one panel: more names would cover each other."""


@draws(Funnel, "dealers.funnel")
def funnel(result: Funnel) -> Figure:
    """A panel a measure: each dealer over its number of accounts, between the limits of lot."""
    told = [measure for measure in NAMES if measure in result.judged]

    def draw() -> object:
        parts.need_rows(told, "dealers.funnel")
        figure, panels = parts.new_figure(
            len(told), height=0.5 + 2.3 * len(told), squeeze=False, sharex=True
        )
        for measure, axes in zip(told, panels[:, 0], strict=True):
            rows = result.frame[result.frame["measure"] == measure]
            _draw_panel(axes, rows, float(result.judged[measure].overall or 0))
            parts.title_axes(axes, NAMES[measure])
        panels[-1, 0].set_xlabel(parts.say(_("Accounts of the dealer")))
        return figure

    outside = result.frame["verdict"].isin(["worse", "better"])
    return Figure(
        "dealers.funnel",
        _("Which dealers differ by more than chance?"),
        _(
            "Each dot is a dealer over its number of accounts; the band holds, for all dealers of "
            "a panel together, 95% of what accounts dealt out by lot would show. Outside: "
            "{outside}; grey dots have too few accounts.",
            outside=Quantity(int(outside.sum()), "count"),
        ),
        _(
            "Funnel plots of {n} measures: dealers over their accounts between limits that narrow.",
            n=len(told),
        ),
        draw,
        result.table(),
    )


def _draw_panel(axes: "Axes", rows: pd.DataFrame, overall: float) -> None:
    few = rows["verdict"] == "few"
    band = rows[~few].drop_duplicates("n_accounts").sort_values("n_accounts")
    x = band["n_accounts"].to_numpy(float)
    low, high = band["low"].to_numpy(float), band["high"].to_numpy(float)
    parts.draw_ribbon(axes, x.tolist(), low.tolist(), high.tolist())
    axes.axhline(overall, color=parts.INK, linewidth=0.9)
    outside = rows["verdict"].isin(["worse", "better"])
    for part, colour in (
        (rows[few], parts.MUTED),
        (rows[~few & ~outside], parts.PALETTE[0]),
        (rows[rows["verdict"] == "worse"], parts.BAD),
        (rows[rows["verdict"] == "better"], parts.GOOD),
    ):
        axes.plot(part["n_accounts"], part["value"], "o", color=colour, markersize=4.5)
    for row in rows[outside].head(MOST_NAMED).itertuples():
        name = row.dealer_name if isinstance(row.dealer_name, str) else row.dealer_id
        axes.annotate(
            parts.wrap(parts.say(name), 22, 1),
            (float(row.n_accounts), float(row.value)),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=parts.INK,
        )
    # A dealer of two accounts may lie anywhere: the panel is that of those judged.
    shown = rows.loc[~few, "value"].to_numpy(float)
    least, most = np.nanmin([*low, *shown]), np.nanmax([*high, *shown])
    room = 0.08 * max(most - least, 1e-6)
    axes.set_ylim(least - room, most + room)
    parts.format_axis(axes, "net_share", "y", most=4)
