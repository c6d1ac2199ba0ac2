"""Causes of losses: their pictures."""

import numpy as np
import pandas as pd

from kamresearch.analysis.causes import CAUSE_TERMS, CAUSES, CauseShares, Returns
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _

COLOURS: dict[str, str] = dict(zip(CAUSES, (*parts.PALETTE[:5], parts.NEUTRAL), strict=True))


@draws(CauseShares, "churn.causes")
def shares(result: CauseShares) -> Figure:
    """Share of each cause: interval among the known, and how far the unknown could stretch it."""
    frame = result.frame[result.frame["cause"] != "unknown"].sort_values("n", ascending=False)

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.2)
        for row, one in enumerate(frame.itertuples()):
            if one.bound_low == one.bound_low and one.bound_low is not None:
                axes.plot(
                    [one.bound_low, one.bound_high],
                    [row, row],
                    color=parts.GRID,
                    linewidth=9,
                    solid_capstyle="butt",
                    zorder=1,
                )
        names = [CAUSE_TERMS[name] for name in frame["cause"]]
        parts.draw_intervals(
            axes,
            names,
            frame["share"].tolist(),
            frame["low"].tolist(),
            frame["high"].tolist(),
            [COLOURS[name] for name in frame["cause"]],
        )
        parts.format_axis(axes, "share", "x")
        axes.set_xlim(left=0)
        return figure

    known = result.n_losses - result.n_unknown
    return Figure(
        "churn.causes",
        _("Why did accounts leave?"),
        _(
            "Points: share among {n} losses with a known cause, lines 95% Wilson bounds; "
            "grey: what {unknown} losses without a cause could change.",
            n=known,
            unknown=result.n_unknown,
        ),
        _(
            "Dot plot of the shares of five causes with intervals; the largest is {cause}.",
            cause=CAUSE_TERMS[frame["cause"].iloc[0]],
        ),
        draw,
        result.table(),
        _largest(frame, known),
    )


def _largest(frame: pd.DataFrame, known: int) -> Text | None:
    """Which cause is named most often; nothing where two lead."""
    first = frame.iloc[0]
    if not known or (frame["n"] == first["n"]).sum() > 1:
        return None
    return _(
        "More losses are put down to {cause} than to any other: {share} of {n} with a known cause",
        cause=CAUSE_TERMS[first["cause"]],
        share=Quantity(float(first["share"]), "share"),
        n=known,
    )


@draws(CauseShares, "churn.incidence")
def incidence(result: CauseShares) -> Figure:
    """Cumulative incidence of each cause over the years: stacked, they are all who left."""
    curves = result.curves
    years = np.r_[curves["begins"].head(1), curves["time"]] / 365.25

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.8)
        bottom, ends = np.zeros(len(years)), []
        for cause in CAUSES:
            top = bottom + np.r_[0, curves[cause]]
            axes.fill_between(
                years, bottom, top, step="post", color=COLOURS[cause], alpha=0.75, linewidth=0
            )
            if top[-1] - bottom[-1] > 0.004:
                ends.append(
                    (
                        float(years[-1]),
                        float((bottom[-1] + top[-1]) / 2),
                        CAUSE_TERMS[cause],
                        COLOURS[cause],
                    )
                )
            bottom = top
        axes.set_ylim(0, min(1, bottom[-1] * 1.08 + 0.01))
        parts.format_axis(axes, "share")
        axes.set_xlabel(parts.say(_("years since the first day")))
        axes.set_ylabel(parts.say(_("share that has left")))
        parts.label_lines(axes, ends)
        return figure

    step = max(1, len(curves) // 200)
    columns = [
        Column("years", _("Years"), "score"),
        Column("at_risk", _("At risk"), "accounts"),
        Column("survival", _("Still there"), "share"),
    ]
    columns += [Column(cause, CAUSE_TERMS[cause], "share") for cause in CAUSES]
    thin = pd.concat([curves.iloc[::step], curves.tail(1)]).drop_duplicates("time")
    table = make_table(
        "churn.incidence_curve",
        _("Cumulative incidence by cause"),
        thin.assign(years=thin["time"] / 365.25),
        *columns,
    )
    return Figure(
        "churn.incidence",
        _("How many leave for which cause, and after how long?"),
        _(
            "Aalen–Johansen estimates: the areas add up to all who have left; one minus a "
            "Kaplan–Meier curve per cause would add up to more. Curves begin and end where "
            "too few accounts are watched, and speak of those still there where they begin."
        ),
        _(
            "Stacked areas of cumulative incidence for six causes; in all {share} have "
            "left at the end of the curve.",
            share=Quantity(1 - float(curves["survival"].iloc[-1]), "share"),
        ),
        draw,
        table,
    )


@draws(Returns, "churn.returns")
def returns(result: Returns) -> Figure:
    """Share that is back, by cause and time since the loss."""
    shown = [
        name for name in ("price", "service", "competitor", "product") if name in result.curves
    ]

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.6)
        ends = []
        for name in shown:
            curve = result.curves[name]
            curve = curve[curve["time"] <= 730.5]
            months = np.r_[0, curve["time"] * 12 / 365.25]
            back = np.r_[0, 1 - curve["survival"]]
            axes.step(months, back, where="post", color=COLOURS[name])
            if name in ("price", "product"):
                axes.fill_between(
                    months,
                    np.r_[0, 1 - curve["high"]],
                    np.r_[0, 1 - curve["low"]],
                    step="post",
                    color=COLOURS[name],
                    alpha=0.12,
                    linewidth=0,
                )
            ends.append((float(months[-1]), float(back[-1]), CAUSE_TERMS[name], COLOURS[name]))
        axes.set_ylim(0, 1)
        axes.set_xlim(left=0)
        parts.format_axis(axes, "share")
        axes.set_xlabel(parts.say(_("months since the loss")))
        axes.set_ylabel(parts.say(_("share back")))
        parts.label_lines(axes, ends)
        return figure

    rates = result.rates
    table = make_table(
        "churn.return_rates",
        _("Returns by cause"),
        rates,
        Column("cause", _("Cause"), terms=CAUSE_TERMS),
        Column("n", _("Losses"), "count"),
        Column("returned", _("Returned"), "count"),
        Column("rate", _("Back by the horizon"), "share"),
        Column("low", _("Lower bound"), "share"),
        Column("high", _("Upper bound"), "share"),
        Column("n_followed", _("Followed to the horizon"), "count"),
    )
    return Figure(
        "churn.returns",
        _("Who comes back?"),
        _(
            "Share back by months since the loss (Kaplan–Meier); bands: 95% for price and "
            "product. Horizon of the rates: {days} days.",
            days=result.horizon_days,
        ),
        _("Step curves of the share of lost accounts that are back, for {k} causes.", k=len(shown)),
        draw,
        table,
        _against(result),
    )


def _against(result: Returns) -> Text | None:
    """How many come back after a loss over price and over the product, where both are known."""
    rates = result.rates.set_index("cause")["rate"].dropna()
    if not {"price", "product"} <= set(rates.index):
        return None
    return _(
        "Back within {days} days: {price} of those lost over price, {product} of those lost over "
        "the product",
        days=result.horizon_days,
        price=Quantity(float(rates["price"]), "share"),
        product=Quantity(float(rates["product"]), "share"),
    )
