"""Key accounts: concentration, persistence, ranks, migration, matrix, cross table, dependence."""

from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.segmentation import (
    Concentration,
    Dependence,
    Migration,
    Persistence,
    PooledTable,
    Selection,
    ValueMatrix,
)
from kamresearch.analysis.segmentation.matrix import CELLS
from kamresearch.analysis.segmentation.selection import TIER_TERMS
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

CELL_COLOURS = {
    "grow": parts.PALETTE[0],
    "defend": parts.PALETTE[2],
    "develop": parts.PALETTE[1],
    "serve": parts.MUTED,
}
MOST_LABELS = 6


@draws(Concentration, "segmentation.concentration")
def concentration(result: Concentration) -> Figure:
    """The cumulative share from the largest account down: a whale where some accounts lose
    money.
    """
    curve = result.curve
    profit = result.basis == "profit"

    def draw() -> object:
        figure, axes = parts.new_figure()
        x = np.append(0, curve["share_of_accounts"].to_numpy())
        y = np.append(0, curve["cumulative_share"].to_numpy(float))
        axes.plot([0, 1], [0, 1], color=parts.MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(x, y, color=parts.PALETTE[0])
        share = result.value("top_fifth_basis")
        above = share is not None and share > 0.8
        axes.plot([0.2], [0.8], "D", color=parts.PALETTE[1], markersize=6)
        axes.annotate(
            parts.say(_("80/20")),
            (0.2, 0.8),
            color=parts.PALETTE[1],
            textcoords="offset points",
            xytext=(9, -4) if above else (-8, 6),
            ha="left" if above else "right",
            va="top" if above else "bottom",
        )
        if share is not None:
            axes.plot([0.2], [share], "o", color=parts.PALETTE[0], markersize=7)
            axes.annotate(
                parts.say(Quantity(share, "share")),
                (0.2, share),
                color=parts.PALETTE[0],
                textcoords="offset points",
                xytext=(-8, 6) if above else (9, -4),
                ha="right" if above else "left",
                va="bottom" if above else "top",
            )
        axes.annotate(parts.say(_("all accounts equal")), (0.62, 0.6), color=parts.MUTED, va="top")
        axes.set_xlim(0, 1.0)
        axes.set_ylim(min(0, float(np.nanmin(y))), max(1.03, float(np.nanmax(y)) * 1.03))
        axes.set_xlabel(parts.say(_("Accounts, largest first")))
        axes.set_ylabel(
            parts.say(
                _("Cumulative share of profit") if profit else _("Cumulative share of revenue")
            )
        )
        parts.format_axis(axes, "share", "x")
        parts.format_axis(axes, "share", "y")
        return figure

    share = Quantity(result.value("top_fifth_basis"), "share")
    n = Quantity(result.n_active, "accounts")
    what = _("profit") if profit else _("revenue")
    return Figure(
        "segmentation.concentration",
        _("How much hangs on the largest accounts?"),
        _(
            "Cumulative share of {what} over twelve months, accounts from the largest "
            "down; the dashed line is what equal accounts "
            "would give, and a fall at the end means accounts that lose money. n = {n} "
            "accounts that ordered.",
            what=what,
            n=n,
        ),
        _(
            "Curve of the cumulative share of {what}: the largest fifth of {n} accounts "
            "brings {share}.",
            what=what,
            n=n,
            share=share,
        ),
        draw,
        result.table(),
    )


@draws(Persistence, "segmentation.persistence")
def persistence(result: Persistence) -> Figure:
    """Last year's revenue against this year's, the largest of either year marked."""
    frame = result.frame

    def draw() -> object:
        figure, axes = parts.new_figure()
        before, now = (
            np.maximum(frame[name].to_numpy(float), 0)
            for name in ("revenue_prior_12m", "revenue_12m")
        )
        floor = max(min(before[before > 0].min(), now[now > 0].min(initial=np.inf)) / 2, 1.0)
        x, y = np.maximum(before, floor), np.maximum(now, floor)
        kinds = [
            (_("in neither year's top"), ~frame["top_before"] & ~frame["top_now"], parts.GRID),
            (_("only last year"), frame["top_before"] & ~frame["top_now"], parts.PALETTE[1]),
            (_("only this year"), ~frame["top_before"] & frame["top_now"], parts.PALETTE[2]),
            (_("in both"), frame["top_before"] & frame["top_now"], parts.PALETTE[0]),
        ]
        for label, rows, colour in kinds:
            keep = rows.to_numpy(bool)
            shown = f"{parts.say(label)} ({int(keep.sum())})"
            edge = parts.MUTED if colour == parts.GRID else "none"
            axes.scatter(
                x[keep],
                y[keep],
                s=20,
                color=colour,
                edgecolor=edge,
                linewidth=0.4,
                alpha=0.85,
                label=shown,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        low, high = floor * 0.8, max(x.max(), y.max()) * 1.3
        axes.plot(
            [low, high],
            [low, high],
            color=parts.MUTED,
            linewidth=1,
            linestyle=(0, (4, 3)),
            zorder=1,
        )
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        parts.format_axis(axes, "money", "x")
        parts.format_axis(axes, "money", "y")
        axes.set_xlabel(parts.say(_("Revenue, year before")))
        axes.set_ylabel(parts.say(_("Revenue, this year")))
        parts.legend_above(axes, 4)
        return figure

    table = make_table(
        "segmentation.persistence",
        _("Revenue in both years"),
        frame,
        "account_id",
        Column("revenue_prior_12m", _("Revenue, year before"), "money"),
        Column("revenue_12m", _("Revenue, this year"), "money"),
        Column("top_before", _("Largest fifth, year before"), "flag"),
        Column("top_now", _("Largest fifth, this year"), "flag"),
        rows_shown=20,
    )
    return Figure(
        "segmentation.persistence",
        _("Are this year's largest accounts last year's too?"),
        _(
            "Logarithmic scales; accounts without revenue in one of the years lie on the "
            "edge. {stayed} of the {top} largest were "
            "there last year; had every account kept its level, {chance} would have been. "
            "n = {n} accounts.",
            stayed=Quantity(result.n_stayed, "accounts"),
            top=Quantity(result.n_top, "accounts"),
            chance=Quantity(result.by_chance, "share"),
            n=Quantity(result.n_accounts, "accounts"),
        ),
        _(
            "Scatter of revenue last year and this year for {n} accounts; {share} of this "
            "year's largest fifth were there last year.",
            n=Quantity(result.n_accounts, "accounts"),
            share=Quantity(result.share, "share"),
        ),
        draw,
        table,
    )


@draws(Selection, "segmentation.ranks")
def ranks(result: Selection, most: int = 20) -> Figure:
    """The best-scored accounts with the interval of their rank. Needs a rated account."""
    frame = (
        result.frame.dropna(subset=["score"])
        .sort_values(["rank", "account_id"], kind="stable")
        .head(most)
    )
    shown = frame["account_id"].map(dict(result.names)).fillna(frame["account_id"])

    def draw() -> object:
        figure, axes = parts.new_figure(height=max(2.2, 0.30 * len(frame) + 1.0))
        colours = {"A": parts.PALETTE[0], "B": parts.PALETTE[2]}
        parts.draw_intervals(
            axes,
            [parts.shorten(name, 30) for name in shown],
            frame["rank"].tolist(),
            frame["rank_low"].tolist(),
            frame["rank_high"].tolist(),
            [colours.get(tier, parts.NEUTRAL) for tier in frame["tier"]],
        )
        axes.set_xlim(0, max(float(frame["rank_high"].max()) * 1.04, 5))
        axes.set_xlabel(parts.say(_("Rank (1 is best); colour is the tier")))
        parts.format_axis(axes, "count", "x")
        return figure

    data = frame.assign(name=shown.to_numpy())
    table = make_table(
        "segmentation.ranks",
        _("Ranks with intervals"),
        data,
        "account_id",
        Column("name", _("Name")),
        Column("tier", _("Tier")),
        Column("score", _("Score"), "score"),
        Column("rank", _("Rank"), "count"),
        Column("rank_low", _("Rank, at best"), "count"),
        Column("rank_high", _("Rank, at worst"), "count"),
        Column("probability_a", _("Chance of tier A"), "probability"),
    )
    first = frame.iloc[0] if len(frame) else None
    return Figure(
        "segmentation.ranks",
        _("How sure is the order of the accounts?"),
        _(
            "The {most} best-scored of {n} accounts. Points are ranks, lines hold 90% of "
            "the draws of orders and weights.",
            most=len(frame),
            n=Quantity(len(result.frame), "accounts"),
        ),
        _(
            "Dot plot of {most} ranks with intervals; the first account's rank lies "
            "between {low} and {high}.",
            most=len(frame),
            low=Quantity(None if first is None else float(first["rank_low"]), "count"),
            high=Quantity(None if first is None else float(first["rank_high"]), "count"),
        ),
        draw,
        table,
    )


@draws(Migration, "segmentation.migration")
def migration(result: Migration) -> Figure:
    """Tier a year before against tier now."""
    counts = result.counts.loc[result.counts.sum(axis=1) > 0, result.counts.sum(axis=0) > 0]

    def draw() -> object:
        figure, axes = parts.new_figure(height=0.55 * len(counts) + 1.3)
        parts.draw_heat(
            axes,
            counts,
            "accounts",
            rows=[TIER_TERMS.get(name, name) for name in counts.index],
            columns=[TIER_TERMS.get(name, name) for name in counts.columns],
        )
        axes.set_xlabel(parts.say(_("Tier now")))
        axes.set_ylabel(parts.say(_("Tier a year before")))
        return figure

    data = counts.rename_axis("before").reset_index()
    columns = [Column(name, TIER_TERMS.get(name, _("Tier")), "accounts") for name in counts.columns]
    return Figure(
        "segmentation.migration",
        _("Who moved between tiers?"),
        _(
            "Accounts by their tier a year before (rows) and now (columns); {same} of {n} "
            "rated at both dates kept their tier.",
            same=Quantity(result.n_same, "accounts"),
            n=Quantity(result.n_both, "accounts"),
        ),
        _(
            "Table of tiers: {up} accounts rose, {down} fell, {same} stayed.",
            up=Quantity(result.n_up, "accounts"),
            down=Quantity(result.n_down, "accounts"),
            same=Quantity(result.n_same, "accounts"),
        ),
        draw,
        make_table(
            "segmentation.migration",
            _("Migration between tiers"),
            data,
            Column("before", _("Tier a year before"), terms=TIER_TERMS),
            *columns,
        ),
    )


@draws(ValueMatrix, "segmentation.value_potential")
def value_potential(result: ValueMatrix) -> Figure:
    """Revenue against demand bought elsewhere, with the interval of revenue."""
    frame = result.frame

    def draw() -> object:
        figure, axes = parts.new_figure(height=4.4)
        floor = max(
            float(frame.loc[frame["revenue_12m"] > 0, "revenue_12m"].min()) / 2
            if (frame["revenue_12m"] > 0).any()
            else 1.0,
            1.0,
        )
        bottom = max(
            float(frame.loc[frame["headroom"] > 0, "headroom"].min()) / 2
            if (frame["headroom"] > 0).any()
            else 1.0,
            1.0,
        )
        for cell, label in CELLS.items():
            rows = frame[frame["cell"] == cell]
            x, y = rows["revenue_12m"].clip(lower=floor), rows["headroom"].clip(lower=bottom)
            axes.hlines(
                y,
                rows["revenue_low"].clip(lower=floor),
                rows["revenue_high"].clip(lower=floor),
                color=CELL_COLOURS[cell],
                linewidth=0.8,
                alpha=0.35,
            )
            axes.scatter(
                x, y, s=16, color=CELL_COLOURS[cell], label=f"{parts.say(label)} ({len(rows)})"
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.axvline(result.value_cut, color=parts.MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.axhline(
            max(cast(float, result.headroom_cut), bottom),
            color=parts.MUTED,
            linewidth=0.9,
            linestyle=(0, (4, 3)),
        )
        parts.format_axis(axes, "money", "x")
        parts.format_axis(axes, "money", "y")
        axes.set_xlabel(parts.say(_("Revenue in twelve months")))
        axes.set_ylabel(parts.say(_("Demand bought elsewhere")))
        parts.legend_above(axes, 2)
        return figure

    grow = int((frame["cell"] == "grow").sum())
    return Figure(
        "segmentation.value_potential",
        _("Who is large, and who could buy more?"),
        _(
            "Each point is an account; lines hold 90% of the draws of its orders. Dashed "
            "lines are medians; logarithmic scales. "
            "n = {n} accounts with a judged potential.",
            n=Quantity(len(frame), "accounts"),
        ),
        _(
            "Scatter of revenue and demand bought elsewhere for {n} accounts; {grow} are "
            "large with much left to win.",
            n=Quantity(len(frame), "accounts"),
            grow=Quantity(grow, "accounts"),
        ),
        draw,
        result.table(),
    )


@draws(PooledTable, "segmentation.cross_table")
def cross_table(result: PooledTable, most: int = 10) -> Figure:
    """Pooled share of key accounts by industry and region."""
    pairs = result.by_pair
    sizes = (
        pairs.groupby(result.rows, observed=True, sort=True)["n_accounts"]
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    rows = list(sizes.index[:most])
    wide = (
        pairs[pairs[result.rows].isin(rows)]
        .pivot_table(index=result.rows, columns=result.columns, values="pooled_share")
        .reindex(rows)
    )
    wide = wide[
        sorted(
            wide.columns,
            key=lambda name: -pairs.loc[pairs[result.columns] == name, "n_accounts"].sum(),
        )[:most]
    ]

    # A cell whose bounds hold the mean of all differs from it by what may be chance: no colour.
    chance = pairs["low"].le(result.overall) & pairs["high"].ge(result.overall)
    pale = (
        pairs.assign(chance=chance.astype(float))
        .pivot_table(index=result.rows, columns=result.columns, values="chance")
        .reindex(index=wide.index, columns=wide.columns)
        .ne(0.0)
        .to_numpy()
    )

    def draw() -> object:
        figure, axes = parts.new_figure(height=0.42 * len(wide) + 1.2)
        parts.draw_heat(
            axes,
            wide,
            "share",
            rows=[parts.shorten(name, 24) for name in wide.index],
            columns=[parts.shorten(name, 13) for name in wide.columns],
            high=max(0.3, 1.5 * float(np.nanmax(wide.to_numpy(float)))),
            pale=pale,
        )
        axes.tick_params(axis="x", labelsize=8.5)
        return figure

    top = pairs.loc[pairs["pooled_share"].idxmax()] if len(pairs) else None
    return Figure(
        "segmentation.cross_table",
        _("Where are the key accounts?"),
        _(
            "Share of key accounts by industry and region; cells with few accounts are "
            "drawn towards the mean of the cells. Of all accounts {mean} are key accounts; "
            "coloured: the {n} of {all} cells whose bounds leave that mean out.",
            n=int((~chance).sum()),
            all=len(pairs),
            mean=Quantity(result.overall, "share"),
        ),
        _(
            "Heat map of the share of key accounts; the highest, {share}, is {row}, {column}.",
            share=Quantity(None if top is None else float(top["pooled_share"]), "share"),
            row="–" if top is None else top[result.rows],
            column="–" if top is None else top[result.columns],
        ),
        draw,
        result.table(),
    )


@draws(Dependence, "segmentation.dependence")
def dependence(result: Dependence) -> Figure:
    """Share of revenue and profit lost with the largest customers."""
    frame = result.frame

    def draw() -> object:
        figure, axes = parts.new_figure(height=2.6)
        labels = [
            parts.say(_("the largest {n}", n=n)) if n > 1 else parts.say(_("the largest"))
            for n in frame["n_lost"]
        ]
        place = np.arange(len(frame))
        profit = pd.to_numeric(frame["profit_lost_share"]).to_numpy(float)
        both = np.isfinite(profit).any()
        axes.barh(
            place - (0.19 if both else 0),
            pd.to_numeric(frame["revenue_lost_share"]).to_numpy(float),
            0.36 if both else 0.6,
            color=parts.PALETTE[0],
            label=parts.say(_("revenue")),
        )
        if both:
            axes.barh(
                place + 0.19,
                np.nan_to_num(profit),
                0.36,
                color=parts.PALETTE[2],
                label=parts.say(_("profit")),
            )
            parts.legend_above(axes, 2)
        axes.set_yticks(place, labels)
        axes.invert_yaxis()
        parts.format_axis(axes, "share", "x")
        parts.annotate_bars(axes, "share")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", labelcolor=parts.INK)
        return figure

    last = frame.iloc[-1]
    return Figure(
        "segmentation.dependence",
        _("What would losing the largest customers cost?"),
        _(
            "Share of the last twelve months that goes with the largest customers "
            "(accounts of one parent together), all else "
            "unchanged. n = {n} customers.",
            n=Quantity(result.n_groups, "accounts"),
        ),
        _(
            "Bars: losing the {n} largest customers would cost {share} of the revenue.",
            n=int(last["n_lost"]),
            share=Quantity(float(last["revenue_lost_share"]), "share"),
        ),
        draw,
        result.table(),
    )
