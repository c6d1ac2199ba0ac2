"""Parts that figures share: ticks in a unit and language, direct labels, intervals, events, heat
maps.

Every part takes matplotlib Axes and draws in the house theme; none computes a number. Texts are
messages, spoken in
the current language (figures are drawn once per language).
"""

from collections.abc import Mapping, Sequence, Sized
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from kamresearch.errors import AnalysisError
from kamresearch.figures.theme import (
    BAD,
    FIRST_DARK,
    GOOD,
    GRID,
    INK,
    MUTED,
    NEUTRAL,
    ON_DARK,
    PALETTE,
    PAPER,
    SEQUENTIAL,
    clean,
    shorten,
    wrap,
)
from kamresearch.language import current_language, format_quantity, render, tongue

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Picture

__all__ = [
    "BAD",
    "GOOD",
    "GRID",
    "INK",
    "MUTED",
    "NEUTRAL",
    "PALETTE",
    "SEQUENTIAL",
    "annotate_bars",
    "clean",
    "draw_heat",
    "draw_intervals",
    "draw_ribbon",
    "format_axis",
    "format_month_axis",
    "label_lines",
    "legend_above",
    "mark_event",
    "mark_events",
    "reference_line",
    "say",
    "shorten",
    "title_axes",
    "wrap",
    "new_figure",
]


def say(text: object) -> str:
    """A message, quantity or data value as text in the current language."""
    return render(text, current_language())


def new_figure(
    rows: int = 1,
    columns: int = 1,
    *,
    width: float | None = None,
    height: float | None = None,
    **more: Any,
) -> tuple:
    """A figure and its Axes in the house's size; call it inside a ``draw`` function."""
    import matplotlib.pyplot as plt

    from kamresearch.figures.theme import HEIGHT, WIDTH

    return plt.subplots(rows, columns, figsize=(width or WIDTH, height or HEIGHT), **more)


def format_axis(
    axes: "Axes", unit: str, which: str = "y", *, signed: bool = False, most: int = 6
) -> None:
    """Tick labels of an axis in a unit, as a reader of the current language writes them.

    Parameters
    ----------
    axes : matplotlib Axes
        Where.
    unit : str
        One of `kamresearch.language.format.UNITS`: ``share`` shows 0.2 as 20 %, ``money`` shows
        1.2M or 120万.
    which : {"x", "y"}
        Axis.
    signed : bool
        Show a plus before what is above zero.
    most : int
        At most this many steps.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    language = current_language()
    whole = unit in ("count", "accounts", "orders", "managers", "records", "units")
    if axis.get_scale() == "log":
        low, high = axis.get_view_interval()
        # Under two powers of ten, whole powers alone would leave the reader one number or two.
        subs = (1.0, 2.0, 5.0) if low > 0 and high / low < 100 else (1.0,)
        axis.set_major_locator(LogLocator(subs=subs, numticks=max(most, 2)))
        axis.set_minor_formatter(NullFormatter())
    else:
        axis.set_major_locator(MaxNLocator(most, integer=whole, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, unit, language, signed)))
    axes.grid(visible=True, axis=cast(Literal["x", "y"], which))


def _tick(value: float, unit: str, language: str, signed: bool) -> str:
    from babel.numbers import format_percent

    value = 0.0 if abs(value) < 1e-12 else value
    if unit in ("share", "probability", "growth", "net_share"):
        shown = format_percent(value, format="#,##0.#%", locale=tongue(language).locale)
        return f"+{shown}" if signed and value > 0 else shown
    if unit in ("score", "ratio", "index", "p_value"):
        from babel.numbers import format_decimal

        shown = format_decimal(value, format="#,##0.###", locale=tongue(language).locale)
        return f"+{shown}" if signed and value > 0 else shown
    return format_quantity(value, unit, language, signed=signed, bare=True)


def format_month_axis(axes: "Axes", which: str = "x", *, most: int = 8) -> None:
    """Dates on an axis: years where the span is long, months of years where it is short."""
    from babel.dates import format_date
    from matplotlib.dates import AutoDateLocator, num2date
    from matplotlib.ticker import FuncFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    years = (high - low) / 365.25
    locale = tongue(current_language()).locale

    def label(value: float, _: object) -> str:
        day = num2date(value)
        if years > 4:
            return f"{day.year}" if day.month == 1 else ""
        return format_date(day, "MMM y", locale=locale)

    axis.set_major_locator(AutoDateLocator(minticks=3, maxticks=most))
    axis.set_major_formatter(FuncFormatter(label))


def title_axes(axes: "Axes", text: object) -> None:
    """A short title over one panel of several; the figure's own title stands in the page, not
    in the picture.
    """
    axes.set_title(wrap(say(text), 44), loc="left", color=INK)


def label_lines(
    axes: "Axes",
    ends: Mapping[Any, tuple[Any, float]] | Sequence[tuple[Any, float, object, str]],
    colours: Mapping[Any, str] | None = None,
    *,
    gap: float = 1.25,
) -> None:
    """Names at the right end of lines in the lines' own colours, moved apart where they would
    touch.

    Parameters
    ----------
    axes : matplotlib Axes
        With its lines drawn and its limits set.
    ends : mapping or sequence
        ``{name: (x, y)}`` with ``colours`` ``{name: colour}``, or ``[(x, y, text, colour), …]``:
        the last point of
        each line.
    gap : float
        Distance between labels in units of the font's height.
    """
    if isinstance(ends, Mapping):
        ends = [(x, y, name, (colours or {}).get(name, INK)) for name, (x, y) in ends.items()]
    import matplotlib as mpl

    figure = cast("Picture", axes.get_figure())
    low, high = axes.get_ylim()
    height = axes.get_position().height * figure.get_figheight() * 72
    step = gap * float(mpl.rcParams["font.size"]) / max(height, 1) * (high - low)
    ordered = sorted(ends, key=lambda end: end[1])
    places = [float(end[1]) for end in ordered]
    for _ in range(60):
        moved = False
        for below in range(len(places) - 1):
            overlap = step - (places[below + 1] - places[below])
            if overlap > 1e-9 * step:
                places[below] -= overlap / 2
                places[below + 1] += overlap / 2
                moved = True
        if not moved:
            break
    # The lowest name stays over the axis.
    floor = low + step / 2
    for row, place in enumerate(places):
        places[row] = max(place, floor)
        floor = places[row] + step
    # One column of names right of all lines: where one ends early, its name would stand on another
    # line.
    edge = max(x for x, *_rest in ordered) if ordered else None
    for (_x, _y, text, colour), y in zip(ordered, places, strict=True):
        axes.annotate(
            say(text),
            (edge, y),
            xytext=(6, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            ha="left",
            annotation_clip=False,
        )


LIFT = 25
"""Points from one row of event names to the next: two lines of text."""


def mark_event(
    axes: "Axes", when: Any, text: object, *, level: int = 0, colour: str = MUTED
) -> None:
    """A dated happening: a thin line, its name on top; ``level`` lifts names of near events
    over each other.
    """
    axes.axvline(when, color=colour, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    axes.annotate(
        wrap(say(text), 22, 2),
        (when, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 4 + LIFT * level),
        textcoords="offset points",
        color=colour,
        fontsize=8.5,
        ha="center",
        va="bottom",
        annotation_clip=False,
    )


def mark_events(axes: "Axes", events: Sequence[tuple[Any, object]]) -> None:
    """Several dated happenings in order of time, on alternating heights where they stand near
    each other.
    """
    from matplotlib.dates import date2num

    low, high = axes.get_xlim()
    reached: list[float] = []
    for when, text in sorted(events, key=lambda event: event[0]):
        place = cast(float, when if isinstance(when, (int, float)) else date2num(when))
        # The lowest row whose last name ends before this one begins; a name is about a fifth of the
        # axis wide.
        level = next(
            (row for row, end in enumerate(reached) if place - end >= 0.21 * (high - low)),
            len(reached),
        )
        reached[level : level + 1] = [place]
        mark_event(axes, when, text, level=level)


def need_rows(frame: Sized, figure: str) -> None:
    """Refuse to draw nothing: what has no rows is told as absent, with its reason."""
    if len(frame) == 0:
        raise AnalysisError(
            f"figure {figure}",
            "at least one row to draw",
            "none",
            "tell it as absent with the reason: study.absent(…)",
        )


def draw_ribbon(
    axes: "Axes",
    x: Sequence,
    low: Sequence,
    high: Sequence,
    colour: str = PALETTE[0],
    *,
    strong: bool = False,
) -> None:
    """The band of an interval around a line; draw the 95 % band first, then the 80 % one
    ``strong``.
    """
    axes.fill_between(x, low, high, color=colour, alpha=0.24 if strong else 0.12, linewidth=0)


def draw_intervals(
    axes: "Axes",
    names: Sequence[object],
    values: Sequence[float | None],
    lows: Sequence[float | None],
    highs: Sequence[float | None],
    colours: Sequence[str] | str = PALETTE[0],
    label_width: int = 30,
) -> None:
    """Estimates with intervals, one row a name, the first on top; a row without a value stays
    empty. Names break in two lines beyond a width.
    """
    shades = [colours] * len(names) if isinstance(colours, str) else list(colours)
    for row, (value, low, high, colour) in enumerate(zip(values, lows, highs, shades, strict=True)):
        if low is not None and high is not None and low == low and high == high:
            axes.plot(
                [low, high],
                [row, row],
                color=colour,
                linewidth=2.4,
                alpha=0.55,
                solid_capstyle="round",
            )
        if value is not None and value == value:
            axes.plot([value], [row], "o", color=colour, markersize=6)
    axes.set_yticks(range(len(names)), [wrap(say(name), label_width, 2) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", labelcolor=INK)


def annotate_bars(axes: "Axes", unit: str, *, signed: bool = False, colour: str = INK) -> None:
    """The value at the end of each bar, in its unit; leaves room for it and drops the then
    needless axis.
    """
    language = current_language()
    for container in axes.containers:
        values = getattr(container, "datavalues", None)
        if values is None:
            continue
        texts = [
            format_quantity(float(value), unit, language, signed=signed, bare=True)
            for value in values
        ]
        axes.bar_label(cast(Any, container), texts, padding=4, color=colour)
    axes.margins(x=0.14 if _horizontal(axes) else None, y=None if _horizontal(axes) else 0.12)


def _horizontal(axes: "Axes") -> bool:
    return any(
        getattr(container, "orientation", "") == "horizontal" for container in axes.containers
    )


def reference_line(
    axes: "Axes",
    value: float,
    text: object,
    which: str = "y",
    *,
    colour: str = MUTED,
    left: bool = False,
) -> None:
    """A line to compare with (an average, a target, no change), named at its end, or ``left``
    at its beginning.
    """
    if which == "y":
        axes.axhline(value, color=colour, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            say(text),
            (0 if left else 1, value),
            xycoords=("axes fraction", "data"),
            xytext=(2 if left else -2, 3),
            textcoords="offset points",
            ha="left" if left else "right",
            va="bottom",
            color=colour,
            fontsize=8.5,
        )
    else:
        axes.axvline(value, color=colour, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            say(text),
            (value, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, 2),
            textcoords="offset points",
            ha="left",
            va="bottom",
            color=colour,
            fontsize=8.5,
        )


def legend_above(axes: "Axes", columns: int = 4) -> None:
    """The legend in one row over the plot, where it covers no data (prefer `label_lines` for
    lines).
    """
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=columns,
        borderaxespad=0.2,
        columnspacing=1.4,
    )


def draw_heat(
    axes: "Axes",
    frame: "pd.DataFrame",
    unit: str,
    *,
    rows: Sequence[object] | None = None,
    columns: Sequence[object] | None = None,
    high: float | None = None,
    pale: np.ndarray | None = None,
) -> None:
    """A table of numbers as coloured cells with the number in each; frame: index × columns → value
    (NaN stays empty).

    Colours come from the theme's seven steps, so that print and a dark page keep them apart; cells
    that ``pale`` marks (same shape, true or false) bear their number without a colour.
    """
    import seaborn as sns
    from matplotlib.colors import ListedColormap

    values = frame.to_numpy(dtype=float)
    top = high or max((value for value in values.ravel() if value == value), default=1.0) or 1.0
    language = current_language()
    said = [
        [format_quantity(float(value), unit, language, bare=True) for value in row]
        for row in values
    ]
    coloured = values.copy()
    if pale is not None:
        coloured[pale & (values == values)] = 0.0
    if values.size:
        sns.heatmap(
            coloured,
            vmin=0.0,
            vmax=top,
            cmap=ListedColormap(SEQUENTIAL),
            annot=said,
            fmt="",
            annot_kws={"fontsize": 9},
            cbar=False,
            linewidths=3,
            linecolor=PAPER,
            ax=axes,
        )
    # Seaborn writes white on the fourth step, where dark letters are read more easily.
    for text, value in zip(axes.texts, coloured[values == values], strict=True):
        text.set_color(ON_DARK if value / top * len(SEQUENTIAL) >= FIRST_DARK else INK)
    axes.set_xticks(
        [one + 0.5 for one in range(values.shape[1])],
        [wrap(say(name), 14, 2) for name in (columns or frame.columns)],
    )
    axes.set_yticks(
        [one + 0.5 for one in range(values.shape[0])],
        [wrap(say(name), 26, 2) for name in (rows or frame.index)],
        rotation=0,
    )
    axes.tick_params(labelcolor=INK)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def as_day(text: str) -> date:
    """An ISO date as the date that matplotlib places on an axis.

    >>> as_day("2010-08-02")
    datetime.date(2010, 8, 2)
    """
    return date.fromisoformat(text)
