"""An event's step looked for elsewhere: in each region, and by each measure of sales."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.trend.events import EventStudy, find_other, measure_event
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.features.months import account_months
from kamresearch.language import Fixed, Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

MEASURES: dict[str, Text] = {
    "units": _("units"),
    "revenue": _("revenue"),
    "n_orders": _("orders"),
    "n_accounts": _("accounts that ordered"),
}
"""Measures of a month, in the order in which they are told."""
WHERE: dict[str, Text] = {"measure": _("measure"), "region": _("region")}
LEAST_REGIONS = 3
"""Regions from which one that stands alone can be told from a step everywhere."""


@dataclass(frozen=True)
class EventsElsewhere(Result):
    """Each event's step by every measure and in every region.

    Parameters
    ----------
    frame : DataFrame
        event_id, where ("measure", "region"), name, effect, low, high (for all events together, and
        of regions for all regions), placebo_p.
    titles : dict
        Event → its title.
    told : str
        The measure that the study tells.
    top : str
        The event that the study tells first; empty without one.
    """

    shows = (Shown("trend.event_elsewhere", "table"),)

    frame: pd.DataFrame
    titles: dict[str, Fixed]
    told: str
    top: str

    @property
    def reason(self) -> Message | None:
        """Why there is nothing to compare."""
        return (
            _("No event’s step can be measured by region, or by more than one measure.")
            if self.frame.empty
            else None
        )

    def opening(self) -> tuple[Text, ...]:
        """Whether the event told first hangs on its measure, and whether all regions share it."""
        rows = self.frame[self.frame["event_id"] == self.top]
        measured, regions = (rows[rows["where"] == one] for one in WHERE)
        said: list[Text] = []
        if len(measured) > 1:
            said.append(self._say_measures(measured))
        if len(regions) >= LEAST_REGIONS:
            said.append(self._say_regions(regions))
        return tuple(said)

    def _say_measures(self, rows: pd.DataFrame) -> Text:
        shown = rows[~_holds_nought(rows)]
        about = {
            "event": self.titles[self.top],
            "n": len(rows),
            "low": Quantity(float(rows["effect"].min()), "share", signed=True),
            "high": Quantity(float(rows["effect"].max()), "share", signed=True),
            "shown": len(shown),
        }
        if rows["effect"].min() < 0 < rows["effect"].max():
            return _(
                "By {n} measures of sales the step at {event} lies between {low} and {high}: its "
                "sign hangs on the measure. Bounds leave out nought by {shown} of them.",
                **about,
            )
        return _(
            "By {n} measures of sales the step at {event} lies between {low} and {high}; bounds "
            "leave out nought by {shown} of them.",
            **about,
        )

    def _say_regions(self, rows: pd.DataFrame) -> Text:
        least, most = rows.loc[rows["effect"].idxmin()], rows.loc[rows["effect"].idxmax()]
        alike = int(max((rows["effect"] < 0).sum(), (rows["effect"] > 0).sum()))
        return _(
            "Of {n} regions {alike} moved the same way at {event}, from {low} in {first} to {high} "
            "in {last}: an event of one region cannot explain what the others show too. Bounds "
            "that hold for all regions together leave out nought in {shown}.",
            n=len(rows),
            alike=alike,
            event=self.titles[self.top],
            low=Quantity(float(least["effect"]), "share", signed=True),
            first=str(least["name"]),
            high=Quantity(float(most["effect"]), "share", signed=True),
            last=str(most["name"]),
            shown=int((~_holds_nought(rows)).sum()),
        )

    def table(self) -> Table:
        """Every event by every measure and region."""
        return make_table(
            "trend.event_elsewhere",
            _("The same steps by other measures, and in each region"),
            self.frame,
            Column("event_id", _("Event"), terms=self.titles),
            Column("where", _("Looked at by"), terms=WHERE),
            Column("name", _("Measure or region"), terms=MEASURES),
            Column("effect", _("Step"), "share"),
            Column("low", _("95%, from"), "share"),
            Column("high", _("95%, to"), "share"),
            Column("placebo_p", _("Share of dates with a step as large"), "share"),
            caption=_(
                "The page tells {told}. A step that other regions show as well is no effect of an "
                "event in one of them; one that a single measure shows is that measure’s. Bounds "
                "hold 95% for all events together, and those of regions for all regions too.",
                told=MEASURES[self.told],
            ),
        )


def look_elsewhere(tables: Tables, inputs: Inputs, events: EventStudy) -> EventsElsewhere:
    """Does an event's step hang on the measure, and did regions move that it did not touch?

    The months of the study, counted by every measure and region → each event's step in each.

    Notes
    -----
    Placebo in space: where an event concerns one place, the others are its controls. Regions are
    counted in the study's own measure. Steps as `measure_event` gives them.
    """
    columns = ["event_id", "where", "name", "effect", "low", "high", "placebo_p"]
    if not events.effects:
        return EventsElsewhere(pd.DataFrame(columns=columns), events.titles, inputs.measure, "")
    index = inputs.series().index
    series = {
        ("measure", name): pd.Series(inputs.months[name].to_numpy(float), index)
        for name in MEASURES
        if inputs.months[name].notna().any() and (inputs.months[name].fillna(0) != 0).any()
    }
    regions = _by_region(tables, inputs)
    series |= {("region", name): one for name, one in regions.items()}
    days = dict(zip(inputs.events["event_id"], inputs.events["date"].astype(str), strict=True))
    wrong = 0.05 / len(events.effects)
    levels = {"measure": 1 - wrong, "region": 1 - wrong / max(1, len(regions))}
    # The break that the study knows of gets its own step here too: one number for one question.
    other = find_other(inputs.series(), None)
    rows = []
    for event in events.effects:
        for (where, name), values in series.items():
            try:
                day = days[event.event_id][:10]
                found = measure_event(values, day, other=other, level=levels[where])
            except AnalysisError:  # a month without a sale: no step in per cent
                continue
            bounds = (found.effect, found.low, found.high, found.placebo_p)
            rows.append((event.event_id, where, name, *bounds))
    frame = pd.DataFrame(rows, columns=columns)
    best = min(events.effects, key=lambda one: (one.placebo_p, -abs(one.effect)))
    return EventsElsewhere(frame, events.titles, inputs.measure, best.event_id)


def _by_region(tables: Tables, inputs: Inputs) -> dict[str, pd.Series]:
    """Each region's months in the study's measure; none where accounts tell no region."""
    accounts = tables.frame("accounts")
    if "region" not in accounts:
        return {}
    index = inputs.series().index
    months = account_months(tables, inputs.as_of)
    places = months["account_id"].map(accounts.set_index("account_id")["region"])
    month = pd.PeriodIndex(pd.to_datetime(months["month"]), freq="M")
    sums = months[inputs.measure].astype(float).groupby([places, month], observed=True).sum()
    return {
        str(name): part.droplevel(0).reindex(index, fill_value=0.0)
        for name, part in sums.groupby(level=0, observed=True)
    }


def _holds_nought(rows: pd.DataFrame) -> pd.Series:
    return ~((rows["low"] > 0) | (rows["high"] < 0))
