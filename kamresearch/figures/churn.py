"""Churn: its pictures."""

from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.definition import ChurnRate
from kamresearch.analysis.churn.explain import FEATURE_TERMS, Explanation
from kamresearch.analysis.churn.money import Contacts
from kamresearch.analysis.churn.risk import Modelling
from kamresearch.analysis.churn.staying import MONTH_DAYS, Staying
from kamresearch.analysis.churn.validation import MODEL_TERMS, Judgement, gains, reliability
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _

N, LOST = Column("n", _("n"), "count"), Column("lost", _("Lost"), "accounts")
LOW, HIGH = Column("low", _("Lower bound"), "share"), Column("high", _("Upper bound"), "share")


@draws(ChurnRate, "churn.rates")
def rates(result: ChurnRate) -> Figure:
    """The churn rate by group, partially pooled, beside the whole."""
    frame = result.by_group.sort_values(
        ["pooled", "group"], ascending=[False, True], ignore_index=True
    )

    def draw() -> object:
        figure, axes = parts.new_figure(height=1.2 + 0.34 * max(len(frame), 3))
        names = [
            f"{parts.shorten(row.group, 22)} (n={row.n_accounts})" for row in frame.itertuples()
        ]
        parts.draw_intervals(
            axes, names, frame["pooled"].tolist(), frame["low"].tolist(), frame["high"].tolist()
        )
        axes.plot(
            frame["rate"],
            range(len(frame)),
            "|",
            color=parts.MUTED,
            markersize=9,
            markeredgewidth=1.6,
        )
        if result.rate is not None:
            parts.reference_line(axes, result.rate, _("all"), "x")
        parts.format_axis(axes, "share", "x")
        axes.set_xlim(left=0)
        return figure

    return Figure(
        "churn.rates",
        _("Where do accounts leave?"),
        _(
            "Points are rates of groups pulled towards each other (partial pooling) with "
            "95% bounds, small bars the raw rates. {lost} of {n} accounts lost within "
            "{days} days.",
            lost=result.n_lost,
            n=result.n_accounts,
            days=result.window_days,
        ),
        _(
            "Dot plot of the churn rate of {k} groups with intervals; the highest pooled "
            "rate is {rate} ({group}).",
            k=len(frame),
            rate=Quantity(float(frame["pooled"].iloc[0]), "share"),
            group=frame["group"].iloc[0],
        ),
        draw,
        result.table(),
    )


@draws(Staying, "churn.survival")
def survival(result: Staying) -> Figure:
    """Kaplan–Meier of all and of groups, with numbers at risk."""
    curves = {name or "": curve for name, curve in result.curves.items()}
    largest = sorted(
        (name for name in curves if name), key=lambda name: -curves[name]["at_risk"].max()
    )[:4]
    shown = ["", *sorted(largest)]
    top = max(float(curve["time"].max()) for curve in curves.values()) / 365.25
    ticks = list(range(0, int(min(top, 9)) + 1))

    def draw() -> object:
        figure, (axes, below) = parts.new_figure(
            2, 1, height=4.6, height_ratios=[4, 1.35], sharex=True
        )
        ends = []
        for place, name in enumerate(shown):
            curve, colour = (
                curves[name],
                parts.PALETTE[place % len(parts.PALETTE)] if name else parts.INK,
            )
            years = np.r_[curve["begins"].iloc[0], curve["time"]] / 365.25
            axes.step(
                years,
                np.r_[1, curve["survival"]],
                where="post",
                color=colour,
                linewidth=2 if not name else 1.3,
            )
            if not name:
                axes.fill_between(
                    years,
                    np.r_[1, curve["low"]],
                    np.r_[1, curve["high"]],
                    step="post",
                    color=colour,
                    alpha=0.12,
                    linewidth=0,
                )
            ends.append(
                (
                    float(years[-1]),
                    float(curve["survival"].iloc[-1]),
                    name or _("all accounts"),
                    colour,
                )
            )
        axes.set_ylim(0, 1.02)
        parts.format_axis(axes, "share")
        axes.set_ylabel(parts.say(_("share still there")))
        parts.label_lines(axes, ends)
        for row, name in enumerate(shown):
            colour = parts.PALETTE[row % len(parts.PALETTE)] if name else parts.INK
            for tick in ticks:
                later = curves[name].query("begins <= @tick * 365.25 <= time")
                n = int(later["at_risk"].iloc[0]) if len(later) else "–"
                below.text(tick, -row, f"{n}", ha="center", va="center", fontsize=8, color=colour)
        below.set_ylim(-len(shown) + 0.4, 0.6)
        below.set_yticks([])
        below.grid(visible=False)
        below.set_xticks(ticks)
        below.set_xlabel(parts.say(_("years since the first day; below: accounts at risk")))
        return figure

    data = pd.concat(
        [curve.assign(group=name or "all") for name, curve in curves.items() if name in shown]
    )
    table = make_table(
        "churn.survival_curve",
        _("Survival curves"),
        data.assign(months=data["time"] / MONTH_DAYS),
        Column("group", _("Group"), terms={"all": _("all accounts")}),
        Column("months", _("Months"), "months"),
        Column("at_risk", _("At risk"), "accounts"),
        LOST,
        Column("survival", _("Still there"), "share"),
        LOW,
        HIGH,
    )
    return Figure(
        "churn.survival",
        _("How long do accounts stay?"),
        _(
            "Kaplan–Meier curves; band: 95% for all accounts; numbers below: accounts at "
            "risk. n = {n}, {lost} losses. Older accounts enter late; a curve begins and "
            "ends where too few are watched, and speaks of those still there where it "
            "begins.",
            n=result.n_accounts,
            lost=result.n_lost,
        ),
        _(
            "Step curves of the share of accounts still there over the years, all and the "
            "{k} largest groups.",
            k=len(shown) - 1,
        ),
        draw,
        table,
    )


@draws(Staying, "churn.hazard")
def hazard(result: Staying) -> Figure:
    """Losses a year by year of the relation."""
    frame = result.hazards

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.2)
        x = np.arange(len(frame))
        axes.errorbar(
            x,
            frame["hazard"],
            yerr=[frame["hazard"] - frame["low"], frame["high"] - frame["hazard"]],
            fmt="o",
            color=parts.PALETTE[0],
            elinewidth=2.2,
            capsize=0,
        )
        axes.set_xticks(x, frame["year"])
        axes.set_xlabel(parts.say(_("year of the relation")))
        axes.set_ylim(bottom=0)
        parts.format_axis(axes, "share")
        return figure

    return Figure(
        "churn.hazard",
        _("When do accounts leave?"),
        _("Losses per account-year watched, with exact 95% bounds."),
        _("Points with intervals: losses a year over {k} years of the relation.", k=len(frame)),
        draw,
        result.hazard_table(),
    )


@draws(Modelling, "churn.reliability")
def calibration_of(result: Modelling) -> Figure:
    """The judgement's reliability."""
    return calibration(result.judgement)


def calibration(result: Judgement) -> Figure:
    """Do probabilities mean what they say? Predicted against observed shares."""
    name = result.chosen
    frame = reliability(
        result.held["lost"].to_numpy(float),
        result.held[name].to_numpy(float),
        8 if result.n > 400 else 5,
    )

    def draw() -> object:
        figure, axes = parts.new_figure(height=4.0)
        top = float(max(frame["high"].max(), frame["predicted"].max())) * 1.05
        axes.plot([0, top], [0, top], color=parts.MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.errorbar(
            frame["predicted"],
            frame["observed"],
            yerr=[frame["observed"] - frame["low"], frame["high"] - frame["observed"]],
            fmt="o",
            color=parts.PALETTE[0],
            elinewidth=1.8,
        )
        parts.format_axis(axes, "share", "x")
        parts.format_axis(axes, "share", "y")
        axes.set_xlabel(parts.say(_("predicted share lost")))
        axes.set_ylabel(parts.say(_("observed share lost")))
        return figure

    table = make_table(
        "churn.reliability_bins",
        _("Predicted and observed"),
        frame,
        Column("predicted", _("Predicted"), "share"),
        Column("observed", _("Observed"), "share"),
        Column("n", _("n"), "count"),
        LOW,
        HIGH,
    )
    return Figure(
        "churn.reliability",
        _("Do the probabilities mean what they say?"),
        _(
            "Held-out accounts in groups of about equal size ({model}); lines are 95% "
            "Wilson bounds; on the dashed line prediction and outcome agree. n = {n}.",
            model=MODEL_TERMS[cast(str, name)],
            n=result.n,
        ),
        _(
            "Predicted against observed share lost in {k} groups of held-out accounts.",
            k=len(frame),
        ),
        draw,
        table,
    )


@draws(Modelling, "churn.gains")
def lift_of(result: Modelling) -> Figure:
    """The judgement's gains."""
    return lift(result.judgement)


def lift(result: Judgement) -> Figure:
    """Which share of the losses stands in the so many per cent most at risk?"""
    curves = {
        name: gains(result.held["lost"].to_numpy(float), result.held[name].to_numpy(float))
        for name in ("hiatus", "logistic", "model")
        if name in result.held
    }
    best = result.chosen if result.chosen in curves else "logistic"
    tenth = curves[best]["found"].iloc[int(np.ceil(0.1 * result.n))]

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.6)
        axes.plot([0, 1], [0, 1], color=parts.MUTED, linewidth=1, linestyle=(0, (4, 3)))
        for place, (name, curve) in enumerate(curves.items()):
            axes.plot(
                curve["contacted"],
                curve["found"],
                color=parts.PALETTE[place],
                label=parts.say(MODEL_TERMS[name]),
            )
        parts.format_axis(axes, "share", "x")
        parts.format_axis(axes, "share", "y")
        axes.set_xlabel(parts.say(_("share of accounts looked at, most at risk first")))
        axes.set_ylabel(parts.say(_("share of the losses found")))
        parts.legend_above(axes, 3)
        return figure

    data = pd.concat(
        [
            curve.iloc[:: max(1, len(curve) // 100)].assign(model=name)
            for name, curve in curves.items()
        ]
    )
    table = make_table(
        "churn.gains_curve",
        _("Gains"),
        data,
        Column("model", _("Model"), terms=MODEL_TERMS),
        Column("contacted", _("Looked at"), "share"),
        Column("found", _("Losses found"), "share"),
    )
    return Figure(
        "churn.gains",
        _("How many losses would a look at the riskiest accounts find?"),
        _(
            "Held-out accounts, {n} rows with {lost} losses; the dashed line is picking by "
            "lot. The top tenth by {model} holds {found} of the losses.",
            n=result.n,
            lost=result.n_lost,
            model=MODEL_TERMS[best],
            found=Quantity(float(tenth), "share"),
        ),
        _("Gains curves of {k} models against the diagonal.", k=len(curves)),
        draw,
        table,
    )


@draws(Explanation, "churn.importance")
def importance(result: Explanation) -> Figure:
    """What the model leans on."""
    frame = result.importance.head(10)

    def draw() -> object:
        figure, axes = parts.new_figure(height=1.1 + 0.33 * len(frame))
        names = [FEATURE_TERMS.get(name, name) for name in frame["feature"]]
        parts.draw_intervals(
            axes, names, frame["importance"].tolist(), frame["low"].tolist(), frame["high"].tolist()
        )
        parts.format_axis(axes, "score", "x", most=5)
        axes.axvline(0, color=parts.MUTED, linewidth=0.9)
        axes.set_xlabel(parts.say(_("log-loss lost when the feature is shuffled")))
        return figure

    return Figure(
        "churn.importance",
        _("What does the model lean on?"),
        _(
            "Used is the {model}; shown are its most important features, {k} of {n}, shuffled on "
            "held-out rows; lines are two standard errors. Association, not cause.",
            k=len(frame),
            model=MODEL_TERMS[result.model],
            n=len(result.importance),
        ),
        _("Dot plot of the importance of {k} features.", k=len(frame)),
        draw,
        result.table(),
    )


@draws(Explanation, "churn.dependence")
def dependence(result: Explanation) -> Figure:
    """How the mean prediction moves with the most important numeric features."""
    shown = list(result.dependence.items())[:4]

    def draw() -> object:
        figure, grid = parts.new_figure(
            1, max(len(shown), 1), height=3.0, sharey=True, squeeze=False
        )
        for axes, (name, frame) in zip(grid[0], shown):
            axes.plot(frame["value"], frame["predicted"], color=parts.PALETTE[0])
            axes.set_title(
                parts.wrap(parts.say(FEATURE_TERMS.get(name, name)), 20), loc="left", fontsize=9
            )
            parts.format_axis(
                axes, "money" if frame["value"].abs().max() > 1e4 else "score", "x", most=3
            )
            parts.format_axis(axes, "share", "y")
        grid[0][0].set_ylim(bottom=0)
        return figure

    data = (
        pd.concat([frame.assign(feature=name) for name, frame in shown])
        if shown
        else pd.DataFrame(columns=["feature", "value", "predicted"])
    )
    table = make_table(
        "churn.dependence_curve",
        _("Partial dependence"),
        data,
        Column("feature", _("Feature"), terms=FEATURE_TERMS),
        Column("value", _("Value"), "score"),
        Column("predicted", _("Mean probability"), "probability"),
    )
    return Figure(
        "churn.dependence",
        _("In which direction?"),
        _(
            "Mean probability that the model predicts were every account's value this one, "
            "all else as it is. Association, not cause."
        ),
        _("Line plots of the mean prediction over {k} features.", k=len(shown)),
        draw,
        table,
    )


@draws(Contacts, "churn.contact_curve")
def contact_curve(result: Contacts) -> Figure:
    """Gain of contacting more and more accounts, against doing nothing."""
    frame = result.curve
    best = int(frame["gain"].to_numpy().argmax())
    last = min(len(frame) - 1, max(3 * best, 2 * result.terms.most_contacts, 20))
    part = frame.iloc[: last + 1]

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.6)
        axes.plot(part["n_contacted"], part["gain"], color=parts.PALETTE[0])
        axes.plot(part["n_contacted"], part["by_value"], color=parts.PALETTE[1])
        low, high = axes.get_ylim()
        parts.reference_line(axes, 0, _("doing nothing"), "y")
        axes.axvline(
            result.terms.most_contacts, color=parts.MUTED, linewidth=1, linestyle=(0, (1, 2))
        )
        axes.set_ylim(max(low, -3 * max(high, 1)), high * 1.1)
        parts.format_axis(axes, "money")
        axes.set_xlabel(parts.say(_("accounts contacted (dotted line: the budget)")))
        axes.set_xlim(0, last)
        parts.label_lines(
            axes,
            [
                (
                    last,
                    float(np.clip(part["gain"].iloc[-1], *axes.get_ylim())),
                    _("best gain first"),
                    parts.PALETTE[0],
                ),
                (
                    last,
                    float(np.clip(part["by_value"].iloc[-1], *axes.get_ylim())),
                    _("largest first"),
                    parts.PALETTE[1],
                ),
            ],
        )
        return figure

    table = make_table(
        "churn.contact_gains",
        _("Gain of contacting so many"),
        frame,
        Column("n_contacted", _("Contacts"), "accounts"),
        Column("gain", _("Best gain first"), "money"),
        Column("by_value", _("Largest first"), "money"),
    )
    return Figure(
        "churn.contact_curve",
        _("How many contacts pay, if the offer works as assumed?"),
        _(
            "Cumulative expected gain over {n} accounts; the zero line is doing nothing, "
            "which leaves an expected {loss} a year exposed. Risk is not persuadability.",
            n=result.n_accounts,
            loss=Quantity(result.exposed, "money"),
        ),
        _(
            "Two curves of cumulative gain over the number of contacts; the best is "
            "reached at {k} contacts.",
            k=best,
        ),
        draw,
        table,
        None
        if result.reason
        else _(
            "{n} contacts pay, with an expected gain of {gain} a year",
            n=len(result.frame),
            gain=Quantity(result.gain, "money"),
        ),
    )
