"""Who took the accounts that left, as the record of the loss says."""

from dataclasses import dataclass

import pandas as pd
from scipy.stats import beta

from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NOT_STATED = _("No loss known by the day states to whom the account went (column “lost_to”).")
NO_LOSSES = _("This needs the table “churn_events” with its column “lost_to”.")
FRAME = ["rival", "n", "share", "low", "high"]


@dataclass(frozen=True)
class Takers(Result):
    """rival, n, share, low, high of the losses that state it, the most frequent first."""

    exports = ("rivals.loss_stated",)
    shows = (Shown("rivals.takers", "table"),)

    frame: pd.DataFrame
    n_losses: int
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """How many losses state to whom."""
        stated = int(self.frame["n"].sum())
        return [
            Finding(
                "rivals.loss_stated",
                None if self.reason else stated / self.n_losses,
                "share",
                _("Losses that state to whom"),
                _("Losses known by the day whose record names the rival, over all losses."),
                n=self.n_losses,
                n_unit="records",
                good="up",
                reason=self.reason,
            )
        ]

    def table(self) -> Table:
        """To whom accounts went."""
        return make_table(
            "rivals.takers",
            _("To whom lost accounts went"),
            self.frame,
            Column("rival", _("Rival")),
            Column("n", _("Losses"), "count"),
            Column("share", _("Share"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        )


def read_takers(tables: Tables, as_of: str) -> Takers:
    """To whom did the accounts go that left?

    ``churn_events`` up to ``as_of`` that state ``lost_to`` → share of each rival, with the
    Dirichlet margin under Jeffreys' prior. Losses that state nothing are counted and
    no part of a share.
    """
    nothing = pd.DataFrame(columns=FRAME)
    if not tables.has("churn_events"):
        return Takers(nothing, 0, NO_LOSSES)
    losses = tables.frame("churn_events")
    losses = losses[losses["churn_date"] <= pd.Timestamp(as_of)]
    counts = losses["lost_to"].dropna().value_counts()
    if counts.empty:
        return Takers(nothing, len(losses), NOT_STATED)
    frame = counts.rename_axis("rival").rename("n").reset_index()
    frame = frame.sort_values(["n", "rival"], ascending=[False, True], ignore_index=True)
    total, others = int(frame["n"].sum()), max(len(frame) - 1, 1)
    frame["share"] = frame["n"] / total
    for name, tail in (("low", 0.025), ("high", 0.975)):
        frame[name] = beta.ppf(tail, frame["n"] + 0.5, total - frame["n"] + 0.5 * others)
    return Takers(frame[FRAME], len(losses))
