"""Picture of the claim ledger: claimed growth beside what the facts say."""

import numpy as np

from kamresearch.analysis.claims import VERDICTS, ClaimLedger
from kamresearch.display import Figure
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import message as _


@draws(ClaimLedger, "trend.claimed")
def ledger(result: ClaimLedger) -> Figure:
    """Claimed growth against the range that the facts leave, for claims that they can test."""
    frame = result.frame
    shown = frame[
        frame["quantity"].isin(["growth", "growth_at_least", "sign", "difference"])
        & frame["found_low"].notna()
    ].reset_index(drop=True)
    colours = {"supported": parts.GOOD, "contradicted": parts.BAD, "not_testable": parts.NEUTRAL}

    def draw() -> object:
        figure, axes = parts.new_figure(height=1.2 + 0.55 * max(len(shown), 2))
        for row, one in enumerate(shown.to_dict("records")):
            colour = colours[one["verdict"]]
            middle = (one["found_low"] + one["found_high"]) / 2
            axes.plot(
                [one["found_low"], one["found_high"]],
                [row, row],
                color=colour,
                linewidth=7,
                alpha=0.35,
                solid_capstyle="round",
            )
            axes.plot([middle], [row], "o", color=colour, markersize=6)
            if one["quantity"] != "sign":
                axes.plot(
                    [one["claimed"]],
                    [row],
                    "D",
                    color=parts.INK,
                    markersize=6,
                    markerfacecolor="white",
                )
            else:
                arrow = ">" if one["claimed"] > 0 else "<"
                axes.plot(
                    [0.02 * np.sign(one["claimed"])],
                    [row],
                    arrow,
                    color=parts.INK,
                    markersize=7,
                    markerfacecolor="white",
                )
        labels = [
            f"{one['claim_id']} {parts.say(result.texts[one['claim_id']])}"
            for one in shown.to_dict("records")
        ]
        axes.set_yticks(
            range(len(shown)), [parts.wrap(label, 40, 2) for label in labels], fontsize=8.5
        )
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.tick_params(axis="y", labelcolor=parts.INK)
        axes.axvline(0, color=parts.MUTED, linewidth=0.8)
        parts.format_axis(axes, "share", "x", signed=True)
        axes.grid(visible=False, axis="y")
        handles = [
            axes.plot([], [], "o", color=colours[verdict], label=parts.say(text))[0]
            for verdict, text in VERDICTS.items()
        ]
        handles.append(
            axes.plot(
                [], [], "D", color=parts.INK, markerfacecolor="white", label=parts.say(_("claimed"))
            )[0]
        )
        axes.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(-0.5, 1.0),
            ncols=4,
            columnspacing=1.2,
        )
        return figure

    counts = result.counts()
    return Figure(
        id="trend.claimed",
        title=_("Do the claims stand?"),
        draw=draw,
        data=result.table(),
        caption=_(
            "Coloured: growth as the facts give it, with the range that rounding leaves. "
            "White: what is claimed (an arrow where only "
            "the direction is)."
        ),
        alt=_(
            "{n} testable claims of growth: {contradicted} contradicted, {supported} supported.",
            n=len(shown),
            contradicted=counts["contradicted"],
            supported=counts["supported"],
        ),
    )
