"""Figures of the groups that the data alone show, and of the rule beside them."""

from kamresearch.analysis.segmentation import Agreement, Segmentation
from kamresearch.analysis.segmentation.clusters import METHODS
from kamresearch.analysis.segmentation.selection import TIER_TERMS
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(Segmentation, "segmentation.clusters")
def clusters(result: Segmentation) -> Figure:
    """What sets each cluster apart: effect sizes."""
    wide = result.profile.pivot_table(index="feature", columns="cluster", values="effect").reindex(
        result.features
    )
    names = result.names
    from kamresearch.analysis.segmentation.shape import FEATURES

    def draw() -> object:
        n = len(wide.columns)
        figure, axes = parts.new_figure(
            1, n, sharey=True, sharex=True, height=0.3 * len(wide) + 1.5, squeeze=False
        )
        for place, cluster in enumerate(wide.columns):
            panel = axes[0][place]
            values = wide[cluster].to_numpy(float)
            colours = [parts.PALETTE[0] if value > 0 else parts.PALETTE[1] for value in values]
            panel.barh(range(len(wide)), values, color=colours, height=0.62)
            panel.axvline(0, color=parts.MUTED, linewidth=0.9)
            panel.set_yticks(
                range(len(wide)),
                [parts.wrap(parts.say(FEATURES.get(name, name)), 22, 2) for name in wide.index],
            )
            panel.invert_yaxis() if place == 0 else None
            count = int(
                result.profile.loc[result.profile["cluster"] == cluster, "n_accounts"].iloc[0]
            )
            panel.set_title(
                parts.wrap(f"{parts.say(names[cluster])} (n = {count})", max(56 // n, 15), 4),
                loc="left",
                fontsize=8.5,
            )
            parts.format_axis(panel, "score", "x", signed=True, most=4)
            panel.grid(visible=False, axis="y")
            panel.tick_params(axis="y", labelcolor=parts.INK)
        return figure

    return Figure(
        "segmentation.clusters",
        _("Which groups do the data alone show?"),
        _(
            "Difference of each group from all other accounts, in standard deviations of "
            "the transformed feature. {k} groups, "
            "n = {n} accounts.",
            k=result.k,
            n=Quantity(int((result.labels > 0).sum()), "accounts"),
        ),
        _(
            "Bars of effect sizes for {k} groups of accounts: {names}.",
            k=result.k,
            names=_joined(list(names.values())),
        ),
        draw,
        result.profile_table(),
    )


@draws(Segmentation, "segmentation.cluster_choice")
def cluster_choice(result: Segmentation) -> Figure:
    """Stability and separation of every number of clusters tried."""
    choices = result.choices

    def draw() -> object:
        figure, axes = parts.new_figure(1, 2, sharex=True, height=3.2)
        for panel, name, label in (
            (axes[0], "stability", _("Stability")),
            (axes[1], "silhouette", _("Separation")),
        ):
            for colour, (method, rows) in zip(
                parts.PALETTE, choices.groupby("method", sort=True, observed=True), strict=False
            ):
                panel.plot(
                    rows["k"],
                    rows[name],
                    color=colour,
                    marker="o",
                    markersize=4,
                    label=parts.say(METHODS[method]),
                )
                out = rows[rows["reason"] != ""]
                panel.plot(
                    out["k"], out[name], "o", color="#ffffff", markeredgecolor=colour, markersize=4
                )
                taken = rows[rows["chosen"].astype(bool)]
                panel.plot(taken["k"], taken[name], "o", color=colour, markersize=10, alpha=0.5)
            parts.title_axes(panel, label)
            parts.format_axis(panel, "score", "y")
            parts.format_axis(panel, "count", "x", most=8)
            panel.set_xlabel(parts.say(_("Number of clusters")))
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
        return figure

    return Figure(
        "segmentation.cluster_choice",
        _("How many groups hold?"),
        _(
            "Adjusted Rand index against bootstrap samples (left) and mean silhouette "
            "(right). Hollow points are out: not stable, not "
            "apart, or with a tiny cluster. The large point is chosen."
        ),
        _("Lines of stability and separation for each number of clusters; {k} chosen.", k=result.k),
        draw,
        result.choice_table(),
    )


@draws(Agreement, "segmentation.rule_data")
def rule_data(result: Agreement) -> Figure:
    """Tiers by rule against the clusters of the data."""
    cross = result.cross

    def draw() -> object:
        figure, axes = parts.new_figure(height=0.55 * len(cross) + 1.5)
        parts.draw_heat(
            axes,
            cross,
            "accounts",
            rows=[TIER_TERMS.get(name, name) for name in cross.index],
            columns=[parts.wrap(parts.say(result.clusters[name]), 20, 4) for name in cross.columns],
        )
        axes.set_xticks(
            range(len(cross.columns)),
            [parts.wrap(parts.say(result.clusters[name]), 20, 4) for name in cross.columns],
        )
        axes.tick_params(axis="x", labelsize=8.5)
        return figure

    return Figure(
        "segmentation.rule_data",
        _("Do the rule and the data name the same accounts?"),
        _(
            "Accounts by tier of the rule card (rows) and by cluster of the data "
            "(columns); {both} of {n} key accounts are also among "
            "the {n} largest by expected value.",
            both=Quantity(result.n_both, "accounts"),
            n=Quantity(result.n_key, "accounts"),
        ),
        _(
            "Table of tiers and clusters; rule and data agree on {both} of {n} key accounts.",
            both=Quantity(result.n_both, "accounts"),
            n=Quantity(result.n_key, "accounts"),
        ),
        draw,
        result.disagreement_table(),
    )


def _joined(texts: list) -> object:
    joined = texts[0]
    for text in texts[1:]:
        joined = _("{left}; {right}", left=joined, right=text)
    return joined
