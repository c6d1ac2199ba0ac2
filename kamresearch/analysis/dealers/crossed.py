"""Regions and channels crossed: what the sums of each alone hide."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamresearch.analysis.dealers.dealings import COLUMNS, MEASURES, Dealings
from kamresearch.analysis.dealers.lots import LEAST_MEMBERS
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NO_COLUMNS = _("No account tells both its region and its channel.")
NO_CELL = _("No region and channel have {n} accounts together.", n=LEAST_MEMBERS)
FRAME = [
    *("region", "channel", "n_accounts", "revenue", "margin", "losses", "low", "high"),
    "answers",
]


@dataclass(frozen=True)
class Crossed(Result):
    """Region × channel.

    Parameters
    ----------
    frame : DataFrame
        region, channel, n_accounts, revenue, margin, losses with low and high (Wilson), answers:
        one row per cell; a ratio of fewer than five accounts is missing.
    """

    exports = ("dealers.lowest_margin",)
    shows = (Shown("dealers.crossed", "table"),)

    frame: pd.DataFrame
    period: tuple[str, str]
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """The cell of the lowest margin."""
        told = self.frame[self.frame["margin"].notna()] if self.reason is None else self.frame[:0]
        lowest = told.loc[told["margin"].astype(float).idxmin()] if len(told) else None
        return [
            Finding(
                "dealers.lowest_margin",
                None if lowest is None else float(lowest["margin"]),
                "net_share",
                _("Lowest margin of a region and channel"),
                _("Σ profit over Σ revenue of the year, of cells of five accounts or more."),
                n=None if lowest is None else int(lowest["n_accounts"]),
                period=self.period,
                good="up",
                sentence=None
                if lowest is None
                else _(
                    "The lowest margin is that of {region}, {channel}: {share}.",
                    region=lowest["region"],
                    channel=lowest["channel"],
                    share=Quantity(float(lowest["margin"]), "net_share"),
                ),
                reason=self.reason or NO_CELL,
            )
        ]

    def table(self) -> Table:
        """Cell by cell."""
        return make_table(
            "dealers.crossed",
            _("Region and channel, crossed"),
            self.frame,
            "region",
            "channel",
            "n_accounts",
            "revenue",
            Column("margin", _("Margin"), "net_share"),
            Column("losses", _("Accounts lost"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
            Column("answers", _("Complaints solved in time"), "share"),
            caption=_("Ratios of fewer than five accounts are left empty."),
        )


def cross_channels(dealings: Dealings) -> Crossed:
    """What do region and channel show together that neither shows alone?

    Margin, losses and answers of `read_dealings`, those without a dealer included, by the account's
    region and channel; Wilson bounds of the losses.

    Parameters
    ----------
    dealings : Dealings
        From `read_dealings`.
    """
    nothing = pd.DataFrame(columns=FRAME)
    if dealings.reason is not None:
        return Crossed(nothing, dealings.period, dealings.reason)
    placed = dealings.accounts.dropna(subset=["region", "channel"])
    if placed.empty:
        return Crossed(nothing, dealings.period, NO_COLUMNS)
    cells = placed[["region", "channel"]].drop_duplicates().set_index(["region", "channel"])
    for measure in MEASURES:
        cells = cells.join(_cells(dealings, measure, placed))
    bounds = [
        proportion_confint(share * n, n, method="wilson") if share == share else (np.nan, np.nan)
        for share, n in zip(cells["losses"], cells["n_losses"], strict=True)
    ]
    cells[["low", "high"]] = pd.DataFrame(bounds, index=cells.index)
    cells["n_accounts"] = cells["n_margin"].fillna(cells["n_losses"]).fillna(0).astype(int)
    frame = cells.rename(columns={"whole_margin": "revenue"}).reset_index()
    frame = frame.sort_values(["region", "channel"], ignore_index=True).reindex(columns=FRAME)
    return Crossed(frame, dealings.period)


def _cells(dealings: Dealings, measure: str, placed: pd.DataFrame) -> pd.DataFrame:
    """Ratio, accounts and denominator of a measure by cell."""
    told = dealings.measures.get(measure)
    names = {"value": measure, "n": f"n_{measure}", "whole": f"whole_{measure}"}
    if told is None:
        told = pd.DataFrame(columns=COLUMNS)
    joined = told.merge(placed, on="account_id", validate="many_to_one")
    grouped = joined.groupby(["region", "channel"], observed=True)
    sums = grouped[["part", "whole"]].sum().astype(float)
    sums["n"] = grouped["account_id"].nunique()
    sums["value"] = (sums["part"] / sums["whole"]).where(sums["n"] >= LEAST_MEMBERS)
    return sums.rename(columns=names)[list(names.values())]
