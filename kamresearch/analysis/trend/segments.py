"""By region, channel and product: which part of a change is volume, mix and price."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamresearch.analysis.effects import split_revenue
from kamresearch.analysis.periods import say_uncovered
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

DIMENSIONS = {"region": _("Region"), "channel": _("Channel"), "product": _("Product")}


@dataclass(frozen=True)
class RevenueSplit(Result, frame="segments"):
    """The change of the last twelve months' revenue, split by each dimension that the data have.

    Parameters
    ----------
    effects : DataFrame
        dimension, change, volume_effect, mix_effect, price_effect, n_segments.
    segments : DataFrame
        dimension, segment, units_before, units_after, revenue_before, revenue_after, change,
        growth.
    """

    exports = ("trend.volume_effect", "trend.mix_effect", "trend.price_effect")
    shows = (Shown("trend.mix"), Shown("trend.segments", "table"))

    as_of: str
    effects: pd.DataFrame
    segments: pd.DataFrame
    caveats: tuple[Message, ...]

    @property
    def reason(self) -> Message | None:
        """Why there is no split; None where there is one."""
        return self.caveats[0] if self.effects.empty else None

    @property
    def finest(self) -> str | None:
        """The dimension with the largest mix effect."""
        return (
            None
            if self.effects.empty
            else str(self.effects.loc[self.effects["mix_effect"].abs().idxmax(), "dimension"])
        )

    def table(self) -> Table:
        """Every segment's change."""
        frame = self.segments.sort_values(["dimension", "change"]).reset_index(drop=True)
        return make_table(
            "trend.segments",
            _("Change by region, channel and product"),
            frame,
            Column("dimension", _("By"), terms=DIMENSIONS),
            Column("segment", _("Segment")),
            Column("units_before", _("Units, year before"), "units"),
            Column("units_after", _("Units, last year"), "units"),
            Column("revenue_before", _("Revenue, year before"), "money"),
            Column("revenue_after", _("Revenue, last year"), "money"),
            Column("change", _("Change"), "money"),
            Column("growth", _("Growth"), "share"),
        )

    def findings(self) -> list[Finding]:
        """The split by the dimension whose mix moved most."""
        row = None if self.effects.empty else self.effects.set_index("dimension").loc[self.finest]
        reason = (
            self.caveats[0]
            if self.caveats
            else _("The orders carry no region, channel or product.")
        )
        labels = {
            "volume_effect": (
                _("Volume effect on revenue"),
                _("Change of units times last year’s average price."),
            ),
            "mix_effect": (
                _("Mix effect on revenue"),
                _(
                    "What a shift between {dimension} brought at last year’s prices.",
                    dimension=DIMENSIONS.get(self.finest or "", _("segments")),
                ),
            ),
            "price_effect": (
                _("Price effect on revenue"),
                _("What new prices of the same segments brought."),
            ),
        }
        return [
            Finding(
                f"trend.{name}",
                None if row is None else float(row[name]),
                "money",
                label,
                definition,
                n=None if row is None else int(row["n_segments"]),
                n_unit="count",
                good="up",
                figure="trend.mix",
                reason=reason if row is None else None,
            )
            for name, (label, definition) in labels.items()
        ]


def measure_segments(tables: "Tables", as_of: str) -> RevenueSplit:
    """Which part of the change of revenue over twelve months is volume, mix and price?

    Orders on the engine → one row per segment (the last 365 days and the 365 before) → effects that
    sum to the change,
    once per dimension that the data have.
    """
    uncovered = say_uncovered(
        pd.Timestamp(tables.orders.order_date.min().to_pandas()),
        pd.Timestamp(as_of).normalize() - pd.Timedelta(days=729),
    )
    totals = {
        name: _sum_segments(tables, name, as_of) if uncovered is None else None
        for name in DIMENSIONS
    }
    parts, effects = [], []
    for name, frame in totals.items():
        if frame is None or frame["units_before"].sum() <= 0 or frame["units_after"].sum() <= 0:
            continue
        known = frame.set_index("segment")
        split = split_revenue(
            known[["units_before", "revenue_before"]].set_axis(["units", "revenue"], axis=1),
            known[["units_after", "revenue_after"]].set_axis(["units", "revenue"], axis=1),
        )
        effects.append({"dimension": name, **split, "n_segments": len(frame)})
        change = frame["revenue_after"] - frame["revenue_before"]
        growth = (frame["revenue_after"] / frame["revenue_before"] - 1).where(
            frame["revenue_before"] > 0
        )
        parts.append(frame.assign(dimension=name, change=change, growth=growth))
    columns = [
        "dimension",
        "segment",
        "units_before",
        "units_after",
        "revenue_before",
        "revenue_after",
        "change",
        "growth",
    ]
    whole = _(
        "No units in both years, or no region, channel or product: the change of revenue stays "
        "whole."
    )
    caveats = () if effects else (uncovered or whole,)
    return RevenueSplit(
        as_of,
        pd.DataFrame(
            effects,
            columns=[
                "dimension",
                "change",
                "volume_effect",
                "mix_effect",
                "price_effect",
                "n_segments",
            ],
        ),
        pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns),
        caveats,
    )


def _sum_segments(tables: "Tables", name: str, as_of: str) -> pd.DataFrame | None:
    """segment, units and revenue of the last 365 days and of the 365 before, summed on the
    engine.
    """
    import ibis

    orders = tables.orders
    if "units" not in orders.columns:
        return None
    if name == "product":
        if "product" not in orders.columns:
            return None
        joined = orders.mutate(segment=orders["product"])
    else:
        accounts = tables.accounts
        if name not in accounts.columns:
            return None
        joined = orders.join(
            accounts.select("account_id", segment=accounts[name]), "account_id", how="left"
        )
    end = pd.Timestamp(as_of).normalize()
    day = joined.order_date.cast("date")
    after = (day <= ibis.literal(end.date())) & (
        day > ibis.literal((end - pd.Timedelta(days=365)).date())
    )
    before = (day <= ibis.literal((end - pd.Timedelta(days=365)).date())) & (
        day > ibis.literal((end - pd.Timedelta(days=730)).date())
    )
    sums = {
        f"{column}_{side}": joined[column].sum(where=window).fill_null(0)
        for column in ("units", "revenue")
        for side, window in (("before", before), ("after", after))
    }
    frame = (
        joined.filter(before | after)
        .group_by("segment")
        .aggregate(**sums)
        .order_by("segment")
        .to_pandas()
    )
    if frame.empty or frame["segment"].isna().all():
        return None
    numbers = list(sums)
    frame[numbers] = frame[numbers].astype(float).replace([np.inf, -np.inf], np.nan).fillna(0.0)
    return (
        frame.assign(segment=frame["segment"].fillna("–").astype(str))
        .sort_values("segment")
        .reset_index(drop=True)
    )
