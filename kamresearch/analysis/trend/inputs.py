"""What the study reads: the market's facts where there are any, and the company's own months."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from kamresearch.analysis.market import brand_series, choose_facts, read_facts
from kamresearch.language import Fixed, Message
from kamresearch.language import message as _

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

STOPPED, QUIET = 6, 2
"""Months without an order that end the records inside the series, and those that its end may
have.
"""
STRAY_SHARE = 0.01
_IN_UNITS = _(
    "The company’s own months are counted in units, not in revenue; units of different goods are "
    "added as they stand."
)


@dataclass(frozen=True)
class Inputs:
    """Everything that the study looks at, as known by one day.

    Parameters
    ----------
    facts : DataFrame or None
        The market table's rows known by then; None without a market table or without the brand in
        it.
    months : DataFrame
        month, n_orders, revenue, units, n_accounts of the company, whole months only.
    events : DataFrame
        event_id, date, title_en, title_zh, kind: dated happenings by then; empty without a table.
    measure : {"units", "revenue"}
        What the company's months are counted in: revenue where no order has units.
    rivals : tuple of str
        Those named; of them `no_rival` names those of whom nothing was known by then, who are left
        out.
    """

    facts: pd.DataFrame | None
    months: pd.DataFrame
    events: pd.DataFrame
    measure: str
    brand: str
    rivals: tuple[str, ...]
    market: str
    as_of: str
    caveats: tuple[Message, ...]
    no_brand: Message | None = None
    no_rival: Message | None = None

    @property
    def market_reason(self) -> Message:
        """Why there are no market facts to compare with."""
        return self.no_brand or _("There is no market table with our brand in it.")

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of the tables behind the level series."""
        return ("orders",) if self.facts is None else ("market",)

    @property
    def unit(self) -> str:
        """Unit of the company's own months."""
        return "units" if self.measure == "units" else "money"

    def years(self) -> pd.DataFrame:
        """period, value, low, high, status, source, n_sources: the level series by year."""
        if self.facts is not None:
            chosen = brand_series(choose_facts(self.facts), self.brand, self.market)
            return chosen.rename(columns={"units": "value"})[
                ["period", "value", "low", "high", "status", "source", "n_sources"]
            ]
        return sum_years(self.months, self.measure)

    def series(self) -> pd.Series:
        """The company's whole months as a Series on a PeriodIndex."""
        return pd.Series(
            self.months[self.measure].to_numpy(dtype=float),
            index=pd.PeriodIndex(self.months["month"], freq="M"),
            name=self.measure,
        )

    def event_texts(self) -> dict[str, Fixed]:
        """Titles of the events by id."""
        return {
            row["event_id"]: Fixed.of_row(row, "title") for row in self.events.to_dict("records")
        }


class Asked(Protocol):
    """What the study is asked for: its day, the brand with its rivals, and the market."""

    @property
    def as_of(self) -> str: ...
    @property
    def brand(self) -> str: ...
    @property
    def rivals(self) -> str: ...
    @property
    def market(self) -> str: ...


def read_inputs(tables: "Tables", params: Asked) -> Inputs:
    """The study's inputs as of its day: market facts, the company's whole months, events."""
    from kamresearch.features.months import company_months

    as_of, no_brand = params.as_of, None
    market = tables.frame("market") if tables.has("market") else None
    facts = None if market is None else read_facts(market, as_of)
    if (
        facts is not None
        and not ((facts["brand"] == params.brand) & (facts["market"] == params.market)).any()
    ):
        no_brand = _(
            "The market table has no figure of {brand} in {market}: the company’s own "
            "orders are the series.",
            brand=params.brand,
            market=params.market,
        )
        if not params.brand:
            no_brand = _(
                "No brand of the market table is named as ours (sales_trend.brand): the company’s "
                "own orders are the series."
            )
        facts = None
    rivals, no_rival = known_rivals(market, facts, params)
    months, caveats = whole_months(company_months(tables, as_of), as_of)
    has_units = months["units"].notna().any() and bool((months["units"].fillna(0) != 0).any())
    events = (
        tables.frame("events")
        if tables.has("events")
        else pd.DataFrame(columns=["event_id", "date", "title_en", "title_zh", "kind"])
    )
    events = (
        events[pd.to_datetime(events["date"]) <= pd.Timestamp(as_of)]
        .sort_values("date")
        .reset_index(drop=True)
    )
    return Inputs(
        facts,
        months,
        events,
        "units" if has_units else "revenue",
        params.brand,
        rivals,
        params.market,
        as_of,
        (
            *(one for one in (no_brand, no_rival) if one),
            *caveats,
            *([_IN_UNITS] if has_units else []),
        ),
        no_brand,
        no_rival,
    )


def known_rivals(
    market: pd.DataFrame | None, facts: pd.DataFrame | None, params: Asked
) -> tuple[tuple[str, ...], Message | None]:
    """The rivals named, without those whose first figure is younger than the day; and who these
    are. A name that the table never holds stays, so that it is refused where it is used.
    """
    named = tuple(name.strip() for name in params.rivals.split(",") if name.strip())
    if market is None or facts is None:
        return named, None
    ever, known = (
        set(rows.loc[(rows["market"] == params.market) & rows["units"].notna(), "brand"])
        for rows in (market, facts)
    )
    later = [name for name in named if name in ever - known]
    if not later:
        return named, None
    return tuple(name for name in named if name not in later), _(
        "By {day} the market table had no figure of {rivals}: the comparison leaves them out.",
        day=params.as_of,
        rivals=", ".join(later),
    )


def whole_months(months: pd.DataFrame, as_of: str) -> tuple[pd.DataFrame, list[Message]]:
    """The months without a last one that has not ended, and without what lies behind the end
    of the records.
    """
    months, caveats = months.assign(month=pd.to_datetime(months["month"])).sort_values("month"), []
    end = pd.Timestamp(as_of)
    if len(months) and end < end.to_period("M").end_time.normalize():
        running = months["month"] == end.to_period("M").start_time
        if running.any():
            caveats.append(_("The month of the as-of date has not ended; it is left out."))
            months = months[~running]
    last = _find_end(months["n_orders"].to_numpy())
    if last is not None and last < len(months) - 1:
        tail = months.iloc[last + 1 :]
        strays = int(tail["n_orders"].sum())
        end = f"{months['month'].iloc[last]:%Y-%m}"
        caveats.append(
            _(
                "Regular orders end with {month}; {orders} orders in the {n} months behind "
                "it count as stray dates.",
                month=end,
                orders=strays,
                n=len(tail),
            )
            if strays
            else _(
                "No order after {month}: the {n} empty months behind it count as not recorded.",
                month=end,
                n=len(tail),
            )
        )
        months = months.iloc[: last + 1]
    return months.reset_index(drop=True), caveats


def _find_end(orders: np.ndarray) -> int | None:
    """Place of the month with which the records end; None where there is no order at all.

    Records end where at least six months without any order follow, and what comes behind them is
    less than one order in
    a hundred: a mistyped date, not a business. Up to two empty months at the very end are quiet
    months like others.
    """
    active = np.flatnonzero(orders > 0)
    if not len(active):
        return None
    gaps = np.diff(active) > STOPPED
    behind = orders.sum() - np.cumsum(orders)[active]
    ends = active[:-1][gaps & (behind[:-1] < STRAY_SHARE * orders.sum())]
    last = int(ends[0]) if len(ends) else int(active[-1])
    return last if len(ends) or len(orders) - 1 - last > QUIET else len(orders) - 1


def sum_years(months: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Whole calendar years of the company's own months, in the form of the market's facts."""
    years = months["month"].dt.year
    sums = months.groupby(years, observed=True, sort=True)[measure].agg(["sum", "size"])
    sums = sums[sums["size"] == 12]
    value = sums["sum"].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "period": sums.index.astype(str),
            "value": value,
            "low": value,
            "high": value,
            "status": "reported",
            "source": "orders",
            "n_sources": 1,
        }
    )
