"""Early warning: its pictures."""

from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.warning import CLASS_TERMS, Alerts
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.figures.registry import draws
from kamresearch.language import Quantity
from kamresearch.language import message as _


@draws(Alerts, "churn.alerts_by_value")
def by_value(result: Alerts) -> Figure:
    """The alerts with the most value at risk."""
    frame = result.frame.head(12)

    def draw() -> object:
        figure, axes = parts.new_figure(height=1.1 + 0.32 * max(len(frame), 2))
        names = [
            parts.shorten(name if isinstance(name, str) else account, 30)
            for name, account in zip(frame["account_name"], frame["account_id"], strict=True)
        ]
        axes.barh(range(len(frame)), frame["value_at_risk"], color=parts.PALETTE[0], height=0.62)
        axes.set_yticks(range(len(frame)), names)
        axes.invert_yaxis()
        parts.annotate_bars(axes, "money")
        parts.format_axis(axes, "money", "x", most=5)
        axes.grid(visible=False, axis="y")
        return figure

    total = float(result.frame["value_at_risk"].sum())
    return Figure(
        "churn.alerts_by_value",
        _("Whom to look after first?"),
        _(
            "The {k} alerts with the most value at risk, of {n} alerts in all; together "
            "{total} a year.",
            k=len(frame),
            n=len(result.frame),
            total=Quantity(total, "money"),
        ),
        _("Bar chart of value at risk of {k} accounts under alert.", k=len(frame)),
        draw,
        result.table(),
    )


@draws(Alerts, "churn.alert_example")
def example(result: Alerts) -> Figure:
    """How one alert came about: orders against what was expected, and what is missing added up."""
    frame = cast(pd.DataFrame, result.example)

    def draw() -> object:
        figure, (axes, below) = parts.new_figure(2, 1, height=4.2, sharex=True)
        axes.bar(
            frame["month"],
            frame["n_orders"],
            width=22,
            color=parts.PALETTE[0],
            label=parts.say(_("orders")),
        )
        axes.step(
            frame["month"],
            frame["expected"],
            where="mid",
            color=parts.PALETTE[1],
            label=parts.say(_("expected")),
        )
        parts.format_axis(axes, "orders", most=4)
        parts.legend_above(axes, 2)
        below.plot(
            frame["month"], frame["cusum"], color=parts.PALETTE[3], marker="o", markersize=3.5
        )
        parts.reference_line(
            below, float(frame["threshold"].iloc[0]), _("threshold"), "y", left=True
        )
        parts.format_axis(below, "score", most=4)
        below.set_ylabel(parts.say(_("missing, added up")))
        parts.format_month_axis(below)
        return figure

    table = make_table(
        "churn.alert_months",
        _("The months behind the alert"),
        frame,
        Column("month", _("Month"), "period"),
        Column("n_orders", _("Orders"), "orders"),
        Column("expected", _("Expected"), "score"),
        Column("cusum", _("Missing, added up"), "score"),
        Column("threshold", _("Threshold"), "score"),
    )
    return Figure(
        "churn.alert_example",
        _("How does an alert come about?"),
        _(
            "The first alert of the list. Above: orders a month and what the account's own "
            "level and the movement of all accounts let expect; below: what is missing, "
            "added up, and the threshold."
        ),
        _(
            "Monthly orders of one account against expectation, and a rising sum of "
            "missing orders crossing its threshold."
        ),
        draw,
        table,
    )


@draws(Alerts, "churn.backtest")
def backtest(result: Alerts) -> Figure:
    """What the watch would have found in past years, and the price of it."""
    frame = result.thresholds.table.dropna(subset=["found"])

    def draw() -> object:
        figure, axes = parts.new_figure(height=3.3)
        x = np.arange(len(frame))
        axes.bar(
            x - 0.19,
            frame["found"].astype(float),
            width=0.36,
            color=parts.PALETTE[0],
            label=parts.say(_("halvings found within a year")),
        )
        axes.bar(
            x + 0.19,
            frame["false_alarm_rate"].astype(float),
            width=0.36,
            color=parts.PALETTE[1],
            label=parts.say(_("false alarms a year")),
        )
        axes.set_xticks(
            x, [parts.wrap(parts.say(CLASS_TERMS[name]), 18) for name in frame["rhythm"]]
        )
        axes.set_ylim(0, 1)
        parts.format_axis(axes, "share")
        parts.legend_above(axes, 2)
        return figure

    return Figure(
        "churn.backtest",
        _("What can the watch see, and at what price?"),
        _(
            "By rhythm: share of halved accounts found within a year, and share of "
            "accounts that stayed but were alerted. n = {n} account-years.",
            n=int(frame["n"].sum()),
        ),
        _(
            "Paired bars of halvings found and of false alarms for {k} classes of rhythm.",
            k=len(frame),
        ),
        draw,
        result.threshold_table(),
    )
