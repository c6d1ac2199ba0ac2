"""Win rates by what deals differ in, each drawn towards the others; and why deals were lost."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.pipeline.deals import Deals
from kamresearch.analysis.pooling import pool_shares
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

DIMENSIONS: dict[str, Text] = {
    "tier": _("Tier"),
    "manager_id": _("Manager"),
    "rival": _("Rival"),
    "product": _("Product"),
    "discount_band": _("Discount"),
    "size_band": _("Size of the deal"),
    "region": _("Region"),
    "kind": _("Kind of deal"),
}
"""What deals are compared by, in the order of the table."""
GROUPS: dict[str, Text] = {
    "under_5": _("under 5%"),
    "5_to_10": _("5% to under 10%"),
    "10_to_15": _("10% to under 15%"),
    "15_and_more": _("15% and more"),
    "small": _("smallest third"),
    "middle": _("middle third"),
    "large": _("largest third"),
    "new": _("new business"),
    "renewal": _("renewal"),
    "growth": _("growth"),
}
LEAST = 10
"""Decided deals without which no win rate is told."""
NOT_STATED = _("not stated")
ALIKE = _("Decided deals do not differ in anything that is recorded of them.")
NO_LOSS_REASON = _("No lost deal states a reason.")


@dataclass(frozen=True)
class Rates(Result):
    """Win rates.

    Parameters
    ----------
    frame : DataFrame
        dimension, group, n_won, n_lost, share, pooled, low, high: one row per group of a dimension
        in which decided deals differ.
    losses : DataFrame
        rival, lost_reason, n, share (of the rival's lost deals with a stated reason).
    """

    exports = ("pipeline.win_rate", "pipeline.hardest_rival_rate")
    shows = (
        Shown("pipeline.win_rates"),
        Shown("pipeline.win_rates", "table"),
        Shown("pipeline.losses", "loss_table", part="losses"),
    )

    frame: pd.DataFrame
    losses: pd.DataFrame
    rate: float | None
    interval: Interval | None
    n_decided: int
    period: tuple[str, str] | None
    reason: Message | None = None

    @property
    def hardest(self) -> pd.Series | None:
        """The rival against whom least is won, where its whole interval lies below the rate of
        all deals; None otherwise.
        """
        rivals = self.frame[self.frame["dimension"] == "rival"].sort_values(["pooled", "group"])
        if len(rivals) < 2 or not rivals["high"].iloc[0] < self.rate:
            return None
        return rivals.iloc[0]

    def why_not(self, id: str) -> Text | None:
        """Deals may not differ, and nobody may have stated why they were lost."""
        if id == "pipeline.losses":
            return self.reason or (NO_LOSS_REASON if self.losses.empty else None)
        return self.reason or (ALIKE if self.frame.empty else None)

    def findings(self) -> list[Finding]:
        """The win rate, and that against the hardest rival."""
        hardest = self.hardest
        against = Finding(
            "pipeline.hardest_rival_rate",
            None if hardest is None else float(hardest["pooled"]),
            "share",
            _("Win rate against the hardest rival"),
            _(
                "Won over won and lost against the rival of the lowest rate, drawn towards the "
                "other rivals; told where its whole interval lies below the rate of all deals."
            ),
            interval=None
            if hardest is None
            else Interval(float(hardest["low"]), float(hardest["high"])),
            n=None if hardest is None else int(hardest["n_won"] + hardest["n_lost"]),
            n_unit="records",
            period=self.period,
            good="up",
            figure="pipeline.win_rates",
            sentence=None
            if hardest is None
            else _(
                "Against {rival} {share} of the deals are won, of all deals {all}.",
                rival=hardest["group"],
                share=Quantity(float(hardest["pooled"]), "share"),
                all=Quantity(self.rate, "share"),
            ),
            reason=self.reason or _("No rival stands out from the others."),
        )
        rate = Finding(
            "pipeline.win_rate",
            self.rate,
            "share",
            _("Win rate"),
            _("Won deals over won and lost ones; withdrawn and open deals are in neither."),
            interval=self.interval,
            n=self.n_decided,
            n_unit="records",
            period=self.period,
            good="up",
            figure="pipeline.win_rates",
            headline=self.rate is not None,
            sentence=None
            if self.rate is None
            else _("{share} of the decided deals were won.", share=Quantity(self.rate, "share")),
            reason=self.reason,
        )
        return [rate, against]

    def table(self) -> Table:
        """Win rates by every dimension."""
        return make_table(
            "pipeline.win_rates",
            _("Win rates by group"),
            self.frame,
            Column("dimension", _("By"), terms=DIMENSIONS),
            Column("group", _("Group"), terms=GROUPS),
            Column("n_won", _("Won"), "count"),
            Column("n_lost", _("Lost"), "count"),
            Column("share", _("Win rate"), "share"),
            Column("pooled", _("Drawn together"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        )

    def loss_table(self) -> Table:
        """Why deals were lost, by rival."""
        return make_table(
            "pipeline.losses",
            _("Stated reasons of lost deals by rival"),
            self.losses,
            Column("rival", _("Rival"), terms={"": NOT_STATED}),
            Column("lost_reason", _("Stated reason")),
            Column("n", _("Deals"), "count"),
            Column("share", _("Share"), "share"),
        )


def win_rates(deals: Deals) -> Rates:
    """Which deals are won, and against whom are they lost?

    Deals → won over won and lost, in all and by tier, manager, rival, product, discount, size,
    region and kind; groups of a dimension are drawn towards each other as far as they are alike
    (`kamresearch.analysis.pooling.pool_shares`). Withdrawn and open deals are in no rate: see
    `time_deals` for all of them. Intervals take deals as independent; several deals of one account
    make them somewhat too narrow. A group's rate is a comparison, not an effect: managers do not
    draw their rivals by lot.

    Parameters
    ----------
    deals : Deals
        From `read_deals`.
    """
    decided = deals.decided
    empty = pd.DataFrame(columns=COLUMNS), pd.DataFrame(columns=LOSS_COLUMNS)
    reason = deals.reason
    if reason is None and len(decided) < LEAST:
        reason = _(
            "{n} deals are decided; from {least} on a rate is told.", n=len(decided), least=LEAST
        )
    if reason is not None:
        return Rates(*empty, None, None, len(decided), None, reason)
    won = decided["outcome"] == "won"
    parts = [_rate(decided, won, name) for name in DIMENSIONS]
    parts = [part for part in parts if len(part) > 1]
    frame = pd.concat(parts, ignore_index=True)[COLUMNS] if parts else empty[0]
    whole, _strength = pool_shares(pd.Series([won.sum()]), pd.Series([len(won)]))
    period = tuple(decided["closed"].agg(["min", "max"]).dt.date.astype(str))
    interval = Interval(float(whole["low"].iloc[0]), float(whole["high"].iloc[0]))
    return Rates(frame, _losses(decided), float(won.mean()), interval, len(won), period)


COLUMNS = ["dimension", "group", "n_won", "n_lost", "share", "pooled", "low", "high"]
LOSS_COLUMNS = ["rival", "lost_reason", "n", "share"]


def _rate(decided: pd.DataFrame, won: pd.Series, dimension: str) -> pd.DataFrame:
    counts = won.groupby(decided[dimension], observed=True, sort=True).agg(["sum", "size"])
    pooled, _strength = pool_shares(counts["sum"], counts["size"])
    order = {name: place for place, name in enumerate(GROUPS)}
    return (
        pooled.assign(
            dimension=dimension,
            n_won=counts["sum"].astype(int),
            n_lost=(counts["size"] - counts["sum"]).astype(int),
            share=counts["sum"] / counts["size"],
        )
        .rename_axis("group")
        .reset_index()
        .sort_values("group", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    )


def _losses(decided: pd.DataFrame) -> pd.DataFrame:
    lost = decided[(decided["outcome"] == "lost") & decided["lost_reason"].notna()]
    counts = (
        lost.assign(rival=lost["rival"].fillna(""))
        .groupby(["rival", "lost_reason"], observed=True, sort=True)
        .size()
        .rename("n")
        .reset_index()
    )
    counts["share"] = counts["n"] / counts.groupby("rival", observed=True)["n"].transform("sum")
    return counts.sort_values(
        ["rival", "n", "lost_reason"], ascending=[True, False, True], ignore_index=True
    )[LOSS_COLUMNS]
