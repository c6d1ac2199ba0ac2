"""Data quality: its pictures."""

from kamresearch.analysis.quality.audit import Audit
from kamresearch.analysis.quality.conflicts import KINDS, Conflicts
from kamresearch.analysis.quality.departments import DEPARTMENTS, DepartmentLinks
from kamresearch.display import Figure
from kamresearch.figures.parts import (
    BAD,
    GOOD,
    GRID,
    MUTED,
    NEUTRAL,
    PALETTE,
    draw_heat,
    format_axis,
    legend_above,
    new_figure,
    say,
    shorten,
)
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

MOST_COLUMNS = 14


@draws(Audit, "quality.completeness_by_column")
def completeness_by_column(audit: Audit) -> Figure:
    """The emptiest columns."""
    table = audit.fields_table()
    fields = audit.checks.fields
    gaps = fields[fields["present"] & ~fields["may_be_empty"] & (fields["filled_share"] < 1)]
    emptiest = gaps.sort_values(["filled_share", "table", "column"], ignore_index=True).head(
        MOST_COLUMNS
    )

    def draw() -> object:
        figure, axes = new_figure(height=max(1.6, 0.6 + 0.27 * max(len(emptiest), 2)))
        rows = range(len(emptiest))
        colours = [BAD if required else PALETTE[0] for required in emptiest["required"]]
        axes.hlines(rows, emptiest["filled_share"], 1, color=GRID, linewidth=2)
        axes.scatter(emptiest["filled_share"], rows, color=colours, zorder=3, s=34)
        axes.set_yticks(
            rows, [shorten(f"{one.table}.{one.column}", 34) for one in emptiest.itertuples()]
        )
        axes.set_ylim(max(len(emptiest), 1) - 0.5, -0.5)
        axes.set_xlim(-0.03, 1.03)
        axes.set_xlabel(say(_("Share of rows with a value")))
        format_axis(axes, "share", "x")
        if emptiest.empty:
            axes.text(
                0.5, 0, say(_("Every column is full.")), ha="center", va="center", color=MUTED
            )
        return figure

    return Figure(
        id="quality.completeness_by_column",
        title=_("Where are the holes?"),
        draw=draw,
        data=table,
        caption=_(
            "The {n} emptiest of {all} columns with gaps; red: columns that the contract "
            "requires. Columns whose emptiness has a meaning, such as a manager's last "
            "day, are left out.",
            n=len(emptiest),
            all=len(gaps),
        ),
        alt=_(
            "Dot plot of the share of filled cells in the {n} emptiest columns; the "
            "emptiest is {column} with {share}.",
            n=len(emptiest),
            column=f"{emptiest['table'].iloc[0]}.{emptiest['column'].iloc[0]}"
            if len(emptiest)
            else "–",
            share=Quantity(float(emptiest["filled_share"].iloc[0]), "share")
            if len(emptiest)
            else "–",
        ),
    )


@draws(DepartmentLinks, "quality.coverage")
def coverage(links: DepartmentLinks) -> Figure:
    """Accounts that each department knows, by number and with linkage."""
    frame = links.coverage.sort_values("covered_share", ascending=False, ignore_index=True)

    def draw() -> object:
        figure, axes = new_figure(height=0.9 + 0.55 * len(frame))
        rows = range(len(frame))
        axes.hlines(rows, frame["known_share"], frame["covered_share"], color=GRID, linewidth=5)
        axes.hlines(rows, frame["low"], frame["high"], color=GOOD, linewidth=2, alpha=0.6)
        axes.scatter(
            frame["known_share"],
            rows,
            color=NEUTRAL,
            s=42,
            zorder=3,
            label=say(_("Known by number")),
        )
        axes.scatter(
            frame["covered_share"],
            rows,
            color=GOOD,
            s=42,
            zorder=3,
            label=say(_("Known or linked, with 95% interval")),
        )
        axes.set_yticks(
            rows, [shorten(say(DEPARTMENTS.get(name, name)), 26) for name in frame["department"]]
        )
        axes.set_ylim(len(frame) - 0.5, -0.5)
        axes.set_xlabel(say(_("Share of accounts")))
        format_axis(axes, "share", "x")
        legend_above(axes, 2)
        return figure

    first, last = frame.iloc[0], frame.iloc[-1]
    return Figure(
        id="quality.coverage",
        title=_("Which accounts does each department know?"),
        draw=draw,
        data=links.coverage_table(),
        caption=_(
            "Grey: accounts whose number the department wrote. Green: with the records "
            "that linkage laid to an account. n = {n} accounts.",
            n=int(first["n_accounts"]),
        ),
        alt=_(
            "Dot plot of the share of accounts covered by {n} departments, from {best} "
            "({high}) to {worst} ({low}).",
            n=len(frame),
            best=DEPARTMENTS.get(first["department"], first["department"]),
            high=Quantity(float(first["covered_share"]), "share"),
            worst=DEPARTMENTS.get(last["department"], last["department"]),
            low=Quantity(float(last["covered_share"]), "share"),
        ),
    )


@draws(Conflicts, "quality.conflicts")
def conflicts(result: Conflicts) -> Figure:
    """How each department's figures differ from those that stand."""
    wide = result.kinds.pivot(index="department", columns="kind", values="share")
    columns = [kind for kind in KINDS if kind in wide]
    wide = wide[columns]

    def draw() -> object:
        figure, axes = new_figure(height=1.1 + 0.5 * max(len(wide), 1))
        draw_heat(
            axes,
            wide,
            "share",
            rows=[DEPARTMENTS.get(name, name) for name in wide.index],
            columns=[KINDS[kind] for kind in columns],
            high=1.0,
        )
        return figure

    return Figure(
        id="quality.conflicts",
        title=_("How do the departments' figures differ?"),
        draw=draw,
        data=result.kinds_table(),
        caption=_(
            "Share of a department's account-years by the pattern in which its revenue "
            "differs from the figure that stands; each row adds up to 100%. n = {n} "
            "account-years.",
            n=int(result.kinds["n"].sum()),
        ),
        alt=_(
            "Heat map of {rows} departments by {columns} patterns of difference.",
            rows=len(wide),
            columns=len(columns),
        ),
    )


@draws(Conflicts, "quality.ranking")
def ranking(result: Conflicts) -> Figure:
    """The largest accounts under each source."""
    largest = (
        result.ranking.dropna(subset=["winner"])
        .sort_values(["winner", "account_id"], ascending=[False, True])
        .head(min(result.top, 15))
    )
    largest = largest.reset_index(drop=True)
    present = [name for name in result.precedence if name in largest]

    def draw() -> object:
        figure, axes = new_figure(height=0.9 + 0.26 * max(len(largest), 2))
        axes.hlines(
            range(len(largest)),
            largest[present].min(axis=1),
            largest[present].max(axis=1),
            color=GRID,
            linewidth=4,
        )
        for number, name in enumerate(present):
            axes.scatter(
                largest[name],
                range(len(largest)),
                color=PALETTE[number],
                s=(64, 34, 16)[min(number, 2)],
                zorder=3 + number,
                label=say(DEPARTMENTS.get(name, name)),
            )
        axes.set_yticks(
            range(len(largest)), [shorten(name, 30) for name in largest["account_name"]]
        )
        axes.set_ylim(len(largest) - 0.5, -0.5)
        axes.set_xlabel(say(_("Revenue of {year}", year=str(result.year))))
        format_axis(axes, "money", "x")
        legend_above(axes, 3)
        return figure

    changed = result.changed_at_top()
    worst = max(changed, key=lambda name: (changed[name], name)) if changed else ""
    return Figure(
        id="quality.ranking",
        title=_("Would another source choose other key accounts?"),
        draw=draw,
        data=result.ranking_table(),
        caption=_(
            "The largest accounts by the figure that stands, with each department's own "
            "figure; the longer the grey bar, the wider apart they are. n = {n} accounts.",
            n=len(largest),
        ),
        alt=_(
            "Dot plot of the revenue of the {n} largest accounts by department; "
            "{department} alone would replace {changed} of the {top} largest.",
            n=len(largest),
            department=DEPARTMENTS.get(worst, worst),
            changed=changed.get(worst, 0),
            top=result.top,
        ),
    )
