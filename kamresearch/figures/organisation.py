"""The team behind the accounts: its pictures."""

from math import pi, sin
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.analysis.organisation.coverage import (
    FUNCTIONS,
    LAYERS,
    SEAT_STATES,
    SEATS,
    Coverage,
    Structure,
)
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
    draw_intervals,
    format_axis,
    new_figure,
    reference_line,
    say,
    shorten,
    wrap,
)
from kamresearch.figures.registry import draws
from kamresearch.figures.theme import FIRST_DARK, ON_DARK, PAPER, SEQUENTIAL, display_width
from kamresearch.language import Person, Quantity
from kamresearch.language import message as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
        axes.set_yticks(rows, [shorten(Person(one), 24) for one in frame["manager_id"]])
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


@draws(Structure, "organisation.structure")
def structure(result: Structure) -> Figure:
    """The seats asked for as boxes, each with who holds it, the span and the load."""
    seats = result.seats
    regions = list(seats["region"].dropna().unique())[:_MOST_REGIONS]

    def draw() -> object:
        figure, axes = new_figure(height=1.9 + 0.45 * len(regions))
        floor = -len(regions)
        axes.plot([0, 0], [floor + 0.5, 2.9], color=GRID, zorder=1)
        axes.plot([0, 1.25], [1.4, 1.4], color=GRID, zorder=1)
        for row, region in enumerate(regions):
            axes.plot([-1.25, 1.25], [-row - 0.5] * 2, color=GRID, zorder=1)
            _label(axes, (0, -row - 0.5), shorten(region, 16))
        for x, role in ((-1.25, "direct_manager"), (1.25, "dealer_manager")):
            _label(axes, (x, 0.22), say(SEATS[role]))
        for seat in seats.to_dict("records"):
            if pd.isna(seat["region"]):
                _seat(axes, _TOP[seat["role"]], seat, say(SEATS[seat["role"]]))
            elif seat["region"] in regions:
                x = -1.25 if seat["role"] == "direct_manager" else 1.25
                _seat(axes, (x, -regions.index(seat["region"]) - 0.5), seat)
        axes.set_xlim(-2.2, 2.2)
        axes.set_ylim(floor - 0.1, 3.5)
        axes.set_axis_off()
        return figure

    vacant = seats[seats["n_present"] == 0]
    caption = _(
        "Boxes are the seats that the structure asks for; dashed ones are vacant. In each: who "
        "holds it, the accounts kept and people led, and the load (hours asked for over hours "
        "there are), red above 100%. {vacant} of {n} seats are vacant; {extra} managers hold "
        "no seat of it.",
        vacant=len(vacant),
        n=len(seats),
        extra=result.n_extra,
    )
    n_regions = int(seats["region"].nunique())
    if n_regions > len(regions):
        caption = _(
            "{caption} The first {drawn} of {n} regions are drawn; the table has all of them.",
            caption=caption,
            drawn=len(regions),
            n=n_regions,
        )
    return Figure(
        id="organisation.structure",
        title=_("Which seats are filled, and how much hangs on each?"),
        draw=draw,
        data=result.table(),
        caption=caption,
        alt=_(
            "Chart of an organisation with {n} seats in {m} regions; {vacant} are vacant.",
            n=len(seats),
            m=n_regions,
            vacant=len(vacant),
        ),
    )


_MOST_REGIONS = 16
_SEAT_WIDTH, _NAME_WIDTH = 22, 12
"""Half-width columns that a seat's box has for its holders, and the least for a name."""
_TOP = {"executive_sponsor": (0, 2.9), "director": (0, 1.4), "policy_manager": (1.25, 1.4)}


def _label(axes: "Axes", place: tuple[float, float], text: str) -> None:
    axes.text(*place, text, ha="center", va="center", fontsize=8, color=INK, backgroundcolor=PAPER)


def _seat(axes: "Axes", place: tuple[float, float], seat: dict, role: str = "") -> None:
    """A box: its role where no column names it, who holds it, span and load."""
    from matplotlib.patches import Rectangle

    x, y = place
    filled = seat["n_present"] > 0
    heavy = filled and seat["load"] > 1
    edge = BAD if heavy or not filled else PALETTE[0]
    height = 1.1 if role else 0.76
    box = Rectangle(
        (x - 0.58, y - height / 2),
        1.16,
        height,
        facecolor=SEQUENTIAL[0] if filled else PAPER,
        edgecolor=edge,
        linestyle="-" if filled else (0, (3, 2)),
        zorder=2,
    )
    axes.add_patch(box)
    lines = [role] if role else []
    if not filled:
        lines.append(say(SEAT_STATES["vacant"]))
    else:
        lines += [_holders(seat), _burden(seat)]
    axes.text(
        x,
        y,
        "\n".join(line for line in lines if line),
        ha="center",
        va="center",
        fontsize=7,
        color=BAD if not filled else INK,
        linespacing=1.25,
        zorder=3,
    )


def _holders(seat: dict) -> str:
    """Who holds a seat: the first by name, how many more, and their grades."""
    first, *others = seat["manager_ids"].split(", ")
    more = [f"+{len(others)}"] if others else []
    more += [seat["grades"]] if isinstance(seat["grades"], str) else []
    room = _SEAT_WIDTH - display_width(" ".join(["", *more]))
    return " ".join([shorten(Person(first), max(room, _NAME_WIDTH)), *more])


def _burden(seat: dict) -> str:
    """Accounts kept and people led · load, as far as known."""
    told = [Quantity(seat["span"], "count")] if seat["span"] else []
    if seat["load"] == seat["load"]:
        told.append(Quantity(float(seat["load"]), "share"))
    return " · ".join(map(say, told))


@draws(Coverage, "organisation.coverage")
def coverage(result: Coverage) -> Figure:
    """Three layers around an account as rings, a sector a function: how many places are filled."""
    shares = result.slots.set_index(["layer", "function"])["share"]

    def draw() -> object:
        figure, axes = new_figure(width=6.4, height=4.9, subplot_kw={"projection": "polar"})
        axes.set_theta_zero_location("N")
        axes.set_theta_direction(-1)
        wide = 2 * pi / len(FUNCTIONS)
        for ring, layer in enumerate(LAYERS):
            for sector, function in enumerate(FUNCTIONS):
                share = shares.get((layer, function))
                _place(axes, (sector + 0.5) * wide, ring + 0.8, wide, share)
            _label(axes, (0, ring + 1.3), say(LAYERS[layer]))
        _label(axes, (0, 0), say(_("account")))
        for sector, words in enumerate(FUNCTIONS.values()):
            turn = (sector + 0.5) * wide
            side = "center" if abs(sin(turn)) < 0.3 else "left" if sin(turn) > 0 else "right"
            axes.text(turn, 4.0, wrap(say(words), 14, 2), ha=side, va="center", fontsize=9)
        axes.set_ylim(0, 3.85)
        axes.set_axis_off()
        return figure

    lowest = result.slots.sort_values("share").iloc[0] if len(result.slots) else None
    return Figure(
        id="organisation.coverage",
        title=_("Which places around an account are empty?"),
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
            "Three layers around an account, by function: the share of roles that someone fills. "
            "Dotted places are roles that no team foresees. n = {n} accounts.",
            n=result.n_listed,
        ),
        alt=_(
            "Rings of three layers around an account in five functions; the least filled is "
            "{function} ({layer}) with {share}.",
            function="–" if lowest is None else FUNCTIONS[lowest["function"]],
            layer="–" if lowest is None else LAYERS[lowest["layer"]],
            share=Quantity(None if lowest is None else float(lowest["share"]), "share"),
        ),
    )


def _place(axes: "Axes", turn: float, floor: float, wide: float, share: float | None) -> None:
    """One place of a ring: coloured by the share filled, dotted where no team foresees it."""
    if share is None:
        axes.bar(turn, 0.92, wide * 0.97, floor, color=PAPER, edgecolor=GRID, linestyle=":")
        return
    step = min(int(share * len(SEQUENTIAL)), len(SEQUENTIAL) - 1)
    axes.bar(turn, 0.92, wide * 0.97, floor, color=SEQUENTIAL[step], edgecolor=PAPER)
    axes.text(
        turn,
        floor + 0.46,
        say(Quantity(float(share), "share")),
        ha="center",
        va="center",
        fontsize=8,
        color=ON_DARK if step >= FIRST_DARK else INK,
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
        axes.set_yticks(
            range(len(frame)), [shorten(Person(one), 24) for one in frame["manager_id"]]
        )
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
