"""Lifetime value: the baseline gate, tracking over time, expected value by account."""

import numpy as np

from kamresearch.analysis.lifetime import LifetimeValue
from kamresearch.analysis.lifetime.choice import NAMES
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

COLOURS = {
    "bgnbd": parts.PALETTE[1],
    "mbgnbd": parts.PALETTE[2],
    "rhythm": parts.PALETTE[3],
    "paretonbd": parts.PALETTE[4],
    "past_rate": parts.PALETTE[6],
}


@draws(LifetimeValue, "segmentation.lifetime_gate")
def gate(result: LifetimeValue) -> Figure:
    """Every model and baseline on the same earlier stretches: who orders again, and the error
    per account.
    """
    frame = result.choice.summary

    def draw() -> object:
        figure, axes = parts.new_figure(1, 2, sharey=True, height=0.32 * len(frame) + 1.2)
        names = [parts.wrap(parts.say(NAMES[name]), 24, 2) for name in frame["model"]]
        colours = [parts.PALETTE[0] if chosen else parts.NEUTRAL for chosen in frame["chosen"]]
        for panel, column, label in (
            (axes[0], "auc_orders", _("Who orders again (AUC)")),
            (axes[1], "mae", _("Error per account (orders)")),
        ):
            panel.plot(frame[column], range(len(frame)), "none")
            panel.scatter(frame[column], range(len(frame)), color=colours, s=40)
            parts.title_axes(panel, label)
            parts.format_axis(panel, "score", "x", most=5)
            panel.grid(visible=True, axis="y")
        axes[0].set_yticks(range(len(frame)), names)
        axes[0].tick_params(axis="y", labelcolor=parts.INK)
        axes[0].invert_yaxis()
        return figure

    best = frame[frame["chosen"].astype(bool)].iloc[0]
    return Figure(
        "segmentation.lifetime_gate",
        _("Which model would have predicted best?"),
        _(
            "Means over {cuts} earlier stretches of {days} days. The blue one is used.",
            cuts=result.choice.frame["cut"].nunique(),
            days=result.choice.horizon_days,
        ),
        _(
            "Dot plots of models and baselines; chosen: {name}, area under the curve {auc}.",
            name=NAMES[best["model"]],
            auc=Quantity(float(best["auc_orders"]), "score"),
        ),
        draw,
        result.choice_table(),
    )


@draws(LifetimeValue, "segmentation.lifetime_tracking")
def tracking(result: LifetimeValue) -> Figure:
    """Order days that came after the cut, against those that each model expected at the cut:
    the frame of `LifetimeValue.track`, which is empty where there is too little to follow.
    """
    frame = result.tracked
    parts.need_rows(frame, "segmentation.lifetime_tracking")
    models = [name for name in frame.columns if name not in ("date", "actual")]

    def draw() -> object:
        figure, axes = parts.new_figure()
        axes.plot(frame["date"], frame["actual"], color=parts.INK, linewidth=2.4)
        ends = [(frame["date"].iloc[-1], float(frame["actual"].iloc[-1]), _("came"), parts.INK)]
        for name in models:
            axes.plot(frame["date"], frame[name], color=COLOURS[name], linewidth=1.4)
            ends.append(
                (frame["date"].iloc[-1], float(frame[name].iloc[-1]), NAMES[name], COLOURS[name])
            )
        axes.set_ylim(0, float(np.nanmax(frame[["actual", *models]].to_numpy(float))) * 1.08)
        parts.format_axis(axes, "orders", "y")
        parts.format_month_axis(axes)
        axes.set_ylabel(parts.say(_("Order days in each four weeks")))
        parts.label_lines(axes, ends)
        return figure

    columns = [
        Column("date", _("Until"), "date"),
        Column("actual", _("Order days that came"), "count"),
        *(Column(name, NAMES[name], "score") for name in models),
    ]
    came = float(frame["actual"].sum())
    return Figure(
        "segmentation.lifetime_tracking",
        _("Do the models follow what came?"),
        _(
            "Fitted to the first half of the data, models say what the second half brings "
            "from the accounts known then; the dark line is "
            "what came ({n} order days).",
            n=Quantity(came, "orders"),
        ),
        _(
            "Lines of order days per four weeks after the cut: what came against {k} models.",
            k=len(models),
        ),
        draw,
        make_table(
            "segmentation.lifetime_tracking", _("Order days, expected and come"), frame, *columns
        ),
    )


@draws(LifetimeValue, "segmentation.lifetime")
def expected(result: LifetimeValue, most: int = 20) -> Figure:
    """How expected value is spread over the accounts."""
    frame = result.predict(result.horizon_days).sort_values(
        ["expected_value", "account_id"], ascending=[False, True], ignore_index=True
    )
    frame["share"] = frame["expected_value"].cumsum() / frame["expected_value"].sum()
    frame["rank"] = np.arange(1, len(frame) + 1)

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.0)
        axes.fill_between(
            frame["rank"], frame["expected_value"], step="mid", color=parts.PALETTE[0], alpha=0.3
        )
        axes.step(frame["rank"], frame["expected_value"], where="mid", color=parts.PALETTE[0])
        half = int((frame["share"] < 0.5).sum()) + 1
        parts.reference_line(axes, half, _("half of the value"), "x")
        axes.set_xlim(0.5, len(frame) + 0.5)
        axes.set_ylim(0, None)
        axes.set_xlabel(parts.say(_("Accounts, largest expected value first")))
        parts.format_axis(axes, "money", "y")
        parts.format_axis(axes, "count", "x")
        return figure

    half = int((frame["share"] < 0.5).sum()) + 1
    table = make_table(
        "segmentation.lifetime",
        _("What to expect of each account"),
        frame,
        "account_id",
        Column("expected_orders", _("Expected order days"), "score"),
        Column("probability_active", _("Chance of an order"), "probability"),
        Column("expected_value", _("Expected value"), "money"),
        Column("reason", _("Note"), terms={"no_orders": _("no order by the as-of date")}),
        rows_shown=20,
    )
    return Figure(
        "segmentation.lifetime",
        _("What are the accounts worth from here?"),
        _(
            "Expected value of the next {days} days by account ({name}); {half} accounts "
            "hold half of it. n = {n} accounts.",
            days=result.horizon_days,
            name=NAMES[result.chosen],
            half=Quantity(half, "accounts"),
            n=Quantity(len(frame), "accounts"),
        ),
        _(
            "Falling steps of expected value over {n} accounts; half of it lies with {half}.",
            n=Quantity(len(frame), "accounts"),
            half=Quantity(half, "accounts"),
        ),
        draw,
        table,
    )
