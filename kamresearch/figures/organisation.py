"""The team behind the accounts: its pictures."""

import pandas as pd

from kamresearch.analysis.organisation.coverage import FUNCTIONS, LAYERS, Coverage
from kamresearch.analysis.organisation.exposure import Exposure
from kamresearch.analysis.organisation.groups import METHODS, LinkageGroups
from kamresearch.analysis.organisation.holdings import EXECUTIVE_ROLES
from kamresearch.analysis.organisation.workload import Workload
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures.parts import (
    BAD,
    GRID,
    INK,
    MUTED,
    PALETTE,
    draw_heat,
    draw_intervals,
    format_axis,
    new_figure,
    reference_line,
    say,
    shorten,
)
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

_MOST = 25


@draws(Exposure, "organisation.exposure")
def exposure(result: Exposure) -> Figure:
    """Revenue share of each manager, and what a departure would put at risk."""
    frame = result.by_manager.head(_MOST)
    executive = frame["role"].isin(EXECUTIVE_ROLES)

    def draw() -> object:
        figure, axes = new_figure(height=max(2.2, 0.26 * len(frame) + 1.1))
        rows = range(len(frame))
        axes.barh(
            rows,
            frame["share"],
            color=[PALETTE[3] if flag else PALETTE[0] for flag in executive],
            height=0.62,
        )
        axes.barh(rows, frame["share"] * result.band[1], color=BAD, height=0.22)
        axes.set_yticks(rows, [shorten(name, 24) for name in frame["manager_id"]])
        axes.set_ylim(len(frame) - 0.4, -0.6)
        axes.set_xlabel(say(_("Share of revenue of 12 months")))
        format_axis(axes, "share", "x")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", labelcolor=INK)
        names = [_("manager's book"), _("executive's book"), _("at risk if the holder leaves")]
        colours = [PALETTE[0], PALETTE[3], BAD]
        kept = [number for number in range(3) if number != 1 or executive.any()]
        axes.legend(
            [_patch(colours[number]) for number in kept],
            [say(names[number]) for number in kept],
            loc="lower right",
        )
        return figure

    top = result.top
    return Figure(
        id="organisation.exposure",
        title=_("How much revenue hangs on one person?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "Each bar is the revenue of the accounts of one manager; the inner bar is what "
            "a departure would put at risk at the upper end of the "
            "published band ({high} of the book). {n} managers.",
            high=Quantity(result.band[1], "share"),
            n=len(result.by_manager),
        ),
        alt=_(
            "Bars of revenue shares of {n} managers; the largest holds {share}.",
            n=len(frame),
            share=Quantity(
                None if top is None or top["share"] != top["share"] else float(top["share"]),
                "share",
            ),
        ),
    )


def _patch(colour: str) -> object:
    from matplotlib.patches import Patch

    return Patch(color=colour)


@draws(Exposure, "organisation.threads")
def threads(result: Exposure) -> Figure:
    """Share of single-threaded accounts by region, with intervals."""
    from statsmodels.stats.proportion import proportion_confint

    known = result.accounts[result.accounts["single_threaded"].notna()]
    known = known.assign(
        region=known["region"].astype(object).where(known["region"].notna(), "–"),
        single=known["single_threaded"].astype(bool),
    )
    frame = (
        known.groupby("region", sort=True)["single"]
        .agg(n_accounts="size", single="sum")
        .reset_index()
    )
    low, high = (
        proportion_confint(frame["single"], frame["n_accounts"], method="wilson")
        if len(frame)
        else ([], [])
    )
    frame = frame.assign(
        share=frame["single"] / frame["n_accounts"], low=low, high=high
    ).sort_values(["share", "region"], ascending=[False, True])
    overall = float(known["single"].mean()) if len(known) else None

    def draw() -> object:
        figure, axes = new_figure(height=max(1.8, 0.34 * len(frame) + 1.0))
        names = [f"{shorten(row.region, 22)} ({row.n_accounts})" for row in frame.itertuples()]
        draw_intervals(axes, names, frame["share"], frame["low"], frame["high"])
        if overall is not None:
            reference_line(axes, overall, _("all"), "x")
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel(say(_("Accounts that know a single person")))
        format_axis(axes, "share", "x")
        return figure

    return Figure(
        id="organisation.threads",
        title=_("Where do accounts know a single person?"),
        draw=draw,
        data=make_table(
            "organisation.threads_data",
            _("Single-threaded accounts by region"),
            frame,
            "region",
            "n_accounts",
            Column("single", _("Know one person"), "accounts"),
            "share",
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        ),
        caption=_(
            "Points are shares, lines 95% Wilson intervals; the number of accounts stands "
            "beside each region. n = {n} accounts in all.",
            n=len(known),
        ),
        alt=_(
            "Dot plot of the share of accounts that know a single person in {n} regions, "
            "with intervals; over all {share}.",
            n=len(frame),
            share=Quantity(overall, "share"),
        ),
    )


@draws(Coverage, "organisation.coverage")
def coverage(result: Coverage) -> Figure:
    """Roles filled by layer and function."""
    wide = result.slots.pivot_table(
        index="function", columns="layer", values="share", observed=True
    )
    wide = wide.reindex(
        index=[one for one in FUNCTIONS if one in wide.index],
        columns=[one for one in LAYERS if one in wide.columns],
    )

    def draw() -> object:
        figure, axes = new_figure(height=max(2.0, 0.55 * len(wide) + 0.9), width=5.6)
        draw_heat(
            axes,
            wide,
            "share",
            rows=[FUNCTIONS[one] for one in wide.index],
            columns=[LAYERS[one] for one in wide.columns],
            high=1.0,
        )
        return figure

    lowest = result.slots.sort_values("share").iloc[0] if len(result.slots) else None
    return Figure(
        id="organisation.coverage",
        title=_("Which parts of the account teams are filled?"),
        draw=draw,
        data=make_table(
            "organisation.coverage_data",
            _("Roles filled by layer and function"),
            result.slots,
            Column("layer", _("Layer"), terms=LAYERS),
            Column("function", _("Function"), terms=FUNCTIONS),
            Column("n_accounts", _("Roles"), "count"),
            Column("n_filled", _("Filled"), "count"),
            "share",
        ),
        caption=_(
            "Share of roles that someone fills, by function and layer; empty cells are "
            "roles that no team foresees. n = {n} accounts.",
            n=result.n_listed,
        ),
        alt=_(
            "Heat map of roles filled by function and layer; the least filled is "
            "{function} ({layer}) with {share}.",
            function="–" if lowest is None else FUNCTIONS[lowest["function"]],
            layer="–" if lowest is None else LAYERS[lowest["layer"]],
            share=Quantity(None if lowest is None else float(lowest["share"]), "share"),
        ),
    )


@draws(Workload, "organisation.workload")
def workload(result: Workload) -> Figure:
    """Load of each manager now and after the proposed moves."""
    frame = result.by_manager.sort_values(["load", "manager_id"], ascending=[False, True]).head(
        _MOST
    )

    def draw() -> object:
        figure, axes = new_figure(height=max(2.2, 0.28 * len(frame) + 1.1))
        for row, one in enumerate(frame.itertuples()):
            axes.plot([one.load, one.load_after], [row, row], color=GRID, linewidth=2.4, zorder=2)
            axes.plot(
                [one.load_after],
                [row],
                "o",
                color=PALETTE[2],
                markersize=6,
                zorder=3,
                markerfacecolor="none",
                markeredgewidth=1.6,
            )
            axes.plot(
                [one.load],
                [row],
                "o",
                color=BAD if one.load > 1 else PALETTE[0],
                markersize=6,
                zorder=4,
            )
        axes.set_yticks(range(len(frame)), [shorten(name, 24) for name in frame["manager_id"]])
        axes.set_ylim(len(frame) - 0.4, -0.9)
        axes.set_xlim(
            0,
            max(1.15, 1.05 * float(frame[["load", "load_after"]].max().max()))
            if len(frame)
            else 1.15,
        )
        axes.set_xlabel(
            say(_("Hours asked for over hours there are: now (full), after the moves (open)"))
        )
        format_axis(axes, "share", "x")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", labelcolor=INK)
        reference_line(axes, 1.0, _("capacity"), "x", colour=MUTED)
        return figure

    over = int((result.by_manager["load"] > 1).sum())
    return Figure(
        id="organisation.workload",
        title=_("Who is asked for more hours than there are?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "Full points: load now; open points: load after moving {moves} accounts. "
            "{over} of {n} managers lie above their capacity.",
            moves=len(result.moves),
            over=over,
            n=len(result.by_manager),
        ),
        alt=_(
            "Dot plot of the loads of {n} managers before and after {moves} moves; {over} "
            "lie above capacity.",
            n=len(frame),
            moves=len(result.moves),
            over=over,
        ),
    )


@draws(LinkageGroups, "organisation.groups")
def groups(result: LinkageGroups) -> Figure:
    """Cost of these groups against greedy and random ones."""
    frame = result.compared

    def draw() -> object:
        figure, axes = new_figure(height=2.4)
        rows = range(len(frame))
        axes.barh(
            rows,
            frame["cost"],
            color=[PALETTE[0] if name == "exact" else PALETTE[6] for name in frame["method"]],
            height=0.6,
        )
        axes.set_yticks(rows, [say(METHODS[name]) for name in frame["method"]])
        axes.set_ylim(len(frame) - 0.4, -0.6)
        axes.set_xlabel(
            say(_("Cost per manager: unlikeness within groups and imbalance (less is better)"))
        )
        format_axis(axes, "score", "x")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", labelcolor=INK)
        if result.bound is not None:
            reference_line(axes, result.bound, _("lower bound"), "x")
        return figure

    by_method = frame.set_index("method")["cost"] if len(frame) else pd.Series(dtype=float)
    return Figure(
        id="organisation.groups",
        title=_("Are these groups better than chance and rule of thumb?"),
        draw=draw,
        data=result.compared_table(),
        caption=_(
            "{n} groups. Nothing can cost less than the lower bound; the groups found are "
            "at most {gap} above it.",
            n=int(result.groups["group"].nunique()),
            gap=Quantity(result.gap, "share"),
        ),
        alt=_(
            "Bars of the cost of groupings: optimised {exact}, greedy {greedy}, random on "
            "average {random}.",
            exact=_score(by_method, "exact"),
            greedy=_score(by_method, "greedy"),
            random=_score(by_method, "random"),
        ),
    )


def _score(costs: pd.Series, name: str) -> Quantity:
    return Quantity(float(costs[name]) if name in costs else None, "score")
