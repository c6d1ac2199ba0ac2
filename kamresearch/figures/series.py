"""Pictures of many versions: a finding through time, and under other choices."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from kamresearch.display import Column, Figure, make_table
from kamresearch.errors import DataError, near_matches
from kamresearch.figures import parts
from kamresearch.finding import is_number
from kamresearch.language import Fixed, Quantity, Text
from kamresearch.language import message as _


def history(frame: pd.DataFrame) -> Figure:
    """A finding over the days of its versions, hindcasts hollow.

    Of a day's versions of one label the last made is drawn, as a reader of the shelf would take it.

    Parameters
    ----------
    frame : DataFrame
        From `kamresearch.history`.
    """
    finding = frame.attrs["finding"]
    shown = frame[frame["value"].map(is_number)].drop_duplicates(["label", "as_of"], keep="last")
    parts.need_rows(shown, "a history")

    def draw() -> Drawing:
        figure, axes = parts.new_figure(height=3.4)
        for place, (label, part) in enumerate(shown.groupby("label", sort=False)):
            colour = parts.PALETTE[place % len(parts.PALETTE)]
            value = part["value"].astype(float)
            axes.plot(part["as_of"], value, color=colour, linewidth=1.2, label=label or None)
            for hollow, some in part.assign(value=value).groupby("hindcast"):
                axes.errorbar(
                    some["as_of"],
                    some["value"],
                    yerr=_errors(some),
                    fmt="o",
                    color=colour,
                    markerfacecolor="white" if hollow else colour,
                    capsize=3,
                    linestyle="none",
                )
        parts.format_axis(axes, finding.unit, "y")
        if shown["label"].astype(bool).any():
            parts.legend_above(axes)
        return figure

    table = shown.assign(as_of=shown["as_of"].dt.date.astype(str))
    return Figure(
        "series.history",
        finding.label,
        _(
            "Each point is a version, by its day; bars are the intervals that it told, hollow "
            "points are hindcasts, made later. n = {n} versions.",
            n=Quantity(len(shown), "count"),
        ),
        _(
            "From {first} on {since} to {last} on {until}, in {n} versions.",
            first=_quantity(shown.iloc[0]),
            since=table["as_of"].iloc[0],
            last=_quantity(shown.iloc[-1]),
            until=table["as_of"].iloc[-1],
            n=len(shown),
        ),
        draw,
        make_table(
            "series.history",
            finding.label,
            table,
            Column("as_of", _("Day")),
            Column("version", _("Version")),
            Column("value", finding.label, finding.unit),
            Column("low", _("Lower bound"), finding.unit),
            Column("high", _("Upper bound"), finding.unit),
        ),
    )


def sweep(frame: pd.DataFrame, finding: str) -> Figure:
    """A specification curve: the values of one finding, smallest first, above the choices that
    gave them.

    Parameters
    ----------
    frame : DataFrame
        From `kamresearch.sweep`.
    finding : str
        Which of its findings.
    """
    known, varied = frame.attrs["findings"], frame.attrs["varied"]
    if finding not in known:
        raise DataError(
            "sweep", "a finding of the study", finding, near_matches(finding, list(known))
        )
    one = known[finding]
    shown = frame[(frame["finding"] == finding) & frame["value"].map(is_number)]
    shown = shown.assign(value=shown["value"].astype(float)).sort_values("value", kind="stable")
    parts.need_rows(shown, "a specification curve")
    options = [(name, value) for name in varied for value in sorted(set(shown[name]), key=str)]

    def draw() -> Drawing:
        figure, (above, below) = parts.new_figure(
            2, 1, height=2.6 + 0.28 * len(options), sharex=True, height_ratios=[2.6, len(options)]
        )
        places = np.arange(len(shown))
        above.errorbar(
            places, shown["value"], yerr=_errors(shown), fmt="o", color=parts.PALETTE[0], capsize=2
        )
        parts.format_axis(above, one.unit, "y")
        for row, (name, value) in enumerate(options):
            chosen = (shown[name] == value).to_numpy()
            below.plot(places[chosen], np.full(chosen.sum(), row), "s", color=parts.INK)
        below.set_yticks(range(len(options)), [f"{name} = {value}" for name, value in options])
        below.set_ylim(len(options) - 0.5, -0.5)
        below.set_xticks([])
        return figure

    return Figure(
        "series.sweep",
        one.label,
        _(
            "Each column is one run; below, the choices that it rests on; bars are its own "
            "intervals. n = {n} runs.",
            n=Quantity(len(shown), "count"),
        ),
        _(
            "From {low} to {high} over {n} runs.",
            low=_quantity(shown.iloc[0]),
            high=_quantity(shown.iloc[-1]),
            n=len(shown),
        ),
        draw,
        make_table(
            "series.sweep",
            one.label,
            shown.assign(**{name: shown[name].astype(str) for name in varied}),
            *(Column(name, Fixed({"en": name})) for name in varied),
            Column("value", one.label, one.unit),
            Column("low", _("Lower bound"), one.unit),
            Column("high", _("Upper bound"), one.unit),
        ),
    )


MOST_FINDINGS = 14
"""Findings of a multiverse that are drawn: those that move most."""


def multiverse(frame: pd.DataFrame) -> Figure:
    """How far a study's findings hang on choices: each run of each as a multiple of the middle run,
    those that move most above.

    Parameters
    ----------
    frame : DataFrame
        From `kamresearch.sweep`. Findings without a number, or with a middle run of 0, have no
        multiple and are left out.
    """
    known, shown = frame.attrs["findings"], frame[frame["value"].map(is_number)]
    values = shown.assign(value=shown["value"].astype(float)).groupby("finding")["value"]
    spread = values.agg(low="min", middle="median", high="max", runs="size")
    spread = spread[spread["middle"] != 0]
    for bound in ("low", "high"):
        spread[f"{bound}_ratio"] = spread[bound] / spread["middle"]
    spread["span"] = (spread["high_ratio"] - spread["low_ratio"]).abs()
    spread = spread.sort_values("span", ascending=False, kind="stable").head(MOST_FINDINGS)
    parts.need_rows(spread, "a multiverse")
    labels = [known[id].label for id in spread.index]

    def draw() -> Drawing:
        figure, axes = parts.new_figure(height=1.2 + 0.32 * len(spread))
        for row, id in enumerate(spread.index):
            ratios = values.get_group(id) / spread.loc[id, "middle"]
            axes.plot(ratios, np.full(len(ratios), row), "-", color=parts.GRID, linewidth=4)
            axes.plot(ratios, np.full(len(ratios), row), "o", color=parts.PALETTE[0], alpha=0.7)
        axes.set_yticks(range(len(spread)), [parts.shorten(str(label), 40) for label in labels])
        axes.set_ylim(len(spread) - 0.5, -0.5)
        axes.axvline(1.0, color=parts.MUTED, linewidth=1)
        parts.format_axis(axes, "ratio", "x")
        return figure

    title = _("How far the findings hang on choices")
    return Figure(
        "series.multiverse",
        title,
        _(
            "Each point is one run, as a multiple of the finding's middle run; those that move "
            "most stand above. n = {n} findings.",
            n=Quantity(len(spread), "count"),
        ),
        _(
            "“{most}” moves most: from {low} to {high} of its middle run.",
            most=labels[0],
            low=Quantity(float(spread["low_ratio"].iloc[0]), "share"),
            high=Quantity(float(spread["high_ratio"].iloc[0]), "share"),
        ),
        draw,
        make_table(
            "series.multiverse",
            title,
            spread.reset_index().rename(columns={"finding": "id"}),
            Column("id", _("Finding")),
            Column("low_ratio", _("Smallest run"), "ratio"),
            Column("high_ratio", _("Largest run"), "ratio"),
            Column("runs", _("Runs"), "count"),
        ),
    )


def _errors(frame: pd.DataFrame) -> list[pd.Series]:
    """Distances to the bounds; none where a version told none."""
    value = frame["value"].astype(float)
    below = (value - frame["low"].astype(float)).fillna(0).clip(lower=0)
    above = (frame["high"].astype(float) - value).fillna(0).clip(lower=0)
    return [below, above]


def _quantity(row: pd.Series) -> Text | Quantity:
    return Quantity(float(row["value"]), row["unit"])
