"""Pictures of the outlook: fans, coverage, what became of a forecast, accounts that order now
and then.
"""

from typing import Any, cast

import numpy as np
import pandas as pd

from kamresearch.analysis.trend.account_demand import METHODS as DEMAND_METHODS
from kamresearch.analysis.trend.account_demand import AccountDemand
from kamresearch.analysis.trend.outlook import (
    METHODS,
    Hindsight,
    MonthsAhead,
    Outlook,
    Outlooks,
    YearsAhead,
)
from kamresearch.display import Column, Figure, Table, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.figures.trend import OWN, RIVAL, place_year, show_years
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(YearsAhead, "trend.fan")
@draws(MonthsAhead, "trend.fan_months")
def fan(result: Outlook) -> Figure:
    """Past and forecast with its intervals, the naive forecast beside it."""
    found = cast(Any, result.result)
    ahead, naive = found.frame, found.naive
    yearly = result.frequency == "Y"

    def draw() -> object:
        figure, axes = parts.new_figure(height=4.2)
        past_x, future_x = _fan_axis(result, ahead)
        joined_x = [past_x[-1], *future_x]
        last = float(result.past["value"].iloc[-1])
        for level, strong in ((95, False), (80, True)):
            parts.draw_ribbon(
                axes,
                joined_x,
                [last, *ahead[f"lo_{level}"]],
                [last, *ahead[f"hi_{level}"]],
                strong=strong,
            )
        axes.plot(past_x, result.past["value"], color=OWN)
        axes.plot(joined_x, [last, *ahead["mean"]], color=OWN, linewidth=2.4)
        rival = naive["seasonal_naive"] if not yearly else naive["naive2"]
        axes.plot(future_x, rival, color=RIVAL, linestyle=(0, (4, 2)))
        parts.format_axis(axes, result.unit)
        if yearly:
            show_years(axes, [*past_x, *future_x])
        else:
            parts.format_month_axis(axes)
        ends = [
            (future_x[-1], float(ahead["mean"].iloc[-1]), _("forecast"), OWN),
            (future_x[-1], float(rival.iloc[-1]), _("naive"), RIVAL),
        ]
        parts.label_lines(axes, ends)
        return figure

    return Figure(
        id=result.shows[0].id,
        draw=draw,
        data=result.table(),
        title=_("What comes next, year by year?")
        if yearly
        else _("What comes next, month by month?"),
        caption=_(
            "Line: nine models joined; dark band 80%, light band 95%; dashed: the naive "
            "forecast. Learnt from {n} periods.",
            n=len(result.past),
        ),
        alt=_(
            "Fan of {steps} forecast periods after {n} known ones.",
            steps=len(ahead),
            n=len(result.past),
        ),
    )


def _fan_axis(result: Outlook, ahead: pd.DataFrame) -> tuple[list, list]:
    if result.frequency == "Y":
        return [place_year(period) for period in result.past["period"]], [
            place_year(period) for period in ahead["period"]
        ]
    return (
        list(pd.PeriodIndex(result.past["period"], freq="M").to_timestamp()),
        list(pd.PeriodIndex(ahead["period"].astype(str), freq="M").to_timestamp()),
    )


@draws(Outlooks, "trend.coverage")
def coverage(both: Outlooks) -> Figure:
    """Nominal against measured coverage of the intervals, and the errors beside the naive ones."""
    frames = [(one, one.result) for one in (both.years, both.months) if one.result is not None]
    names = {"Y": _("yearly series"), "M": _("own months")}

    def draw() -> object:
        figure, (left, right) = parts.new_figure(1, 2, height=3.4)
        left.plot([0.7, 1], [0.7, 1], color=parts.MUTED, linewidth=1, linestyle=(0, (3, 3)))
        for place, (outlook, one) in enumerate(frames):
            colour = parts.PALETTE[place]
            if not one.coverage.empty:
                left.plot(
                    one.coverage["nominal"],
                    one.coverage["covered"],
                    "o-",
                    color=colour,
                    label=parts.say(names[outlook.frequency]),
                )
            if not one.backtest.empty:
                errors = one.backtest.set_index("method")["mase"].reindex(list(METHODS))
                right.barh(np.arange(3) + (place - 0.5) * 0.36, errors, 0.34, color=colour)
        for axis in ("x", "y"):
            parts.format_axis(left, "share", axis, most=4)
        left.set_xlabel(str(_("stated")))
        left.set_ylabel(str(_("measured in the backtest")))
        right.set_yticks(
            range(3), [parts.wrap(parts.say(label), 18, 3) for label in METHODS.values()]
        )
        right.invert_yaxis()
        parts.format_axis(right, "ratio", "x", most=4)
        right.grid(visible=False, axis="y")
        parts.title_axes(left, _("Coverage"))
        parts.title_axes(right, _("Error (MASE)"))
        if left.get_legend_handles_labels()[0]:
            left.legend(loc="lower right")
        return figure

    rows = [
        {
            "series": outlook.frequency,
            "what": f"coverage_{row['level']}",
            "value": row["covered"],
            "n": row["n"],
        }
        for outlook, one in frames
        for row in one.coverage.to_dict("records")
    ]
    rows += [
        {"series": outlook.frequency, "what": row["method"], "value": row["mase"], "n": row["n"]}
        for outlook, one in frames
        for row in one.backtest.to_dict("records")
    ]
    frame = pd.DataFrame(rows, columns=["series", "what", "value", "n"])
    terms = {
        **METHODS,
        "coverage_80": _("measured coverage, 80%"),
        "coverage_95": _("measured coverage, 95%"),
    }
    table = make_table(
        "trend.coverage_data",
        _("Backtest"),
        frame,
        Column("series", _("Series"), terms=names),
        Column("what", _("What"), terms=terms),
        Column("value", _("Value"), "ratio"),
        "n",
    )
    return Figure(
        id="trend.coverage",
        title=_("How far can the intervals be trusted?"),
        draw=draw,
        data=table,
        caption=_(
            "Left: how often past values fell inside intervals learnt from the other "
            "origins; on the dashed line they hold what "
            "they state. Right: mean scaled error in the same backtest; shorter is better."
        ),
        alt=_(
            "Measured against stated coverage, and errors beside the naive forecasts, for "
            "{n} series.",
            n=len(frames),
        ),
    )


@draws(Hindsight, "trend.then")
def then(hindsight: Hindsight) -> Figure:
    """What became of an earlier forecast."""
    result = hindsight.outlook
    judged, ahead = result.judged, cast(Any, result.result).frame

    def draw() -> object:
        figure, axes = parts.new_figure(height=4.2)
        past_x, future_x = _fan_axis(result, ahead)
        for level, strong in ((95, False), (80, True)):
            parts.draw_ribbon(
                axes, future_x, ahead[f"lo_{level}"], ahead[f"hi_{level}"], strong=strong
            )
        axes.plot(past_x, result.past["value"], color=OWN)
        axes.plot(future_x, ahead["mean"], color=OWN, linestyle=(0, (4, 2)))
        actual_x = [place_year(period) for period in judged["period"]]
        axes.plot(actual_x, judged["value"], "o-", color=RIVAL)
        parts.format_axis(axes, result.unit)
        show_years(axes, [*past_x, *future_x])
        parts.label_lines(
            axes,
            [
                (future_x[-1], float(ahead["mean"].iloc[-1]), _("forecast"), OWN),
                (actual_x[-1], float(judged["value"].iloc[-1]), _("what came"), RIVAL),
            ],
        )
        return figure

    return Figure(
        id="trend.then",
        title=_("What became of the forecast?"),
        draw=draw,
        data=hindsight.table(),
        caption=_(
            "Made with what was known on {day}; points are what came. {held} of {n} lie in "
            "the 95% band.",
            day=Quantity(result.made_on, "date"),
            held=int(judged["inside"].sum()),
            n=len(judged),
        ),
        alt=_(
            "Forecast fan with {n} later values, {held} of them inside.",
            n=len(judged),
            held=int(judged["inside"].sum()),
        ),
    )


@draws(AccountDemand, "trend.intermittent")
def account_demand(result: AccountDemand) -> Figure:
    """The accounts from which most is expected, with their intervals; each method's error in
    the backtest.
    """
    shown, errors = result.frame.head(12), result.backtest
    tested = len(errors) > 0

    def draw() -> object:
        figure, axes = parts.new_figure(1, 2 if tested else 1, height=4.4, squeeze=False)
        left = axes[0, 0]
        rows = np.arange(len(shown))
        left.hlines(rows, shown["low"], shown["high"], color=OWN, alpha=0.35, linewidth=5)
        left.plot(shown["expected"], rows, "o", color=OWN, markersize=6)
        left.set_yticks(rows, list(shown["account_id"]))
        left.invert_yaxis()
        left.set_xlim(left=0)
        parts.format_axis(left, "orders", "x", most=5)
        left.grid(visible=False, axis="y")
        parts.title_axes(left, _("Orders in the next quarter"))
        if tested:
            right = axes[0, 1]
            colours = [OWN, *[parts.NEUTRAL] * (len(errors) - 1)]
            right.barh(np.arange(len(errors)), errors["rmse"], 0.6, color=colours)
            right.set_yticks(
                range(len(errors)),
                [parts.wrap(parts.say(DEMAND_METHODS[name]), 18, 2) for name in errors["method"]],
            )
            right.invert_yaxis()
            parts.format_axis(right, "ratio", "x", most=4)
            right.grid(visible=False, axis="y")
            parts.title_axes(right, _("Error in orders of a quarter"))
        return figure

    best = shown.iloc[0]
    return Figure(
        id="trend.intermittent",
        title=_("What may the accounts bring that order now and then?"),
        draw=draw,
        data=demand_errors(result),
        caption=_(
            "Left: the {k} of {n} such accounts from which most is expected; bars are 80% "
            "intervals. Right: root mean squared "
            "error over {tests} quarters of accounts; shorter is better.",
            k=len(shown),
            n=len(result.frame),
            tests=result.n_tests,
        ),
        alt=_(
            "Expected orders of {k} accounts, led by {account} with {expected}, and the "
            "errors of four methods.",
            k=len(shown),
            account=str(best["account_id"]),
            expected=Quantity(float(best["expected"]), "ratio"),
        ),
    )


def demand_errors(result: AccountDemand) -> Table:
    """Each method's errors over the last four quarters."""
    return make_table(
        "trend.intermittent_errors",
        _("Backtest of accounts that order now and then"),
        result.backtest,
        Column("method", _("Method"), terms=DEMAND_METHODS),
        Column("mae", _("Mean absolute error"), "ratio"),
        Column("rmse", _("Root mean squared error"), "ratio"),
        Column("bias", _("Mean of forecast minus orders"), "ratio"),
    )
