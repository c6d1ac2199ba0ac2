"""Who took the accounts that left, as the record of the loss says."""

from dataclasses import dataclass

import pandas as pd
from scipy.stats import beta

from kamresearch.analysis.rivals.moves import Moves
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NOT_STATED = _("No loss known by the day states to whom the account went (column “lost_to”).")
NO_LOSSES = _("This needs the table “churn_events” with its column “lost_to”.")
FRAME = ["rival", "n", "share", "low", "high", "moved"]


@dataclass(frozen=True)
class Takers(Result):
    """To whom accounts went that left, and to whom those moved that stayed.

    Parameters
    ----------
    frame : DataFrame
        rival, n, share, low, high of the losses that state it, the most frequent first; moved:
        accounts whose main brand moved from ours to it, as their wallets tell; missing where no
        wallet names it.
    n_losses : int
        Losses known by the day, stated or not.
    """

    exports = ("rivals.loss_stated",)
    shows = (Shown("rivals.takers", "table"),)

    frame: pd.DataFrame
    n_losses: int
    reason: Message | None = None

    def closing(self) -> tuple[Message, ...]:
        """The rival that takes most."""
        if self.reason is not None:
            return ()
        first = self.frame.iloc[0]
        return (
            _(
                "Of {n} losses that name a rival, {rival} took {share} ({low} to {high}).",
                n=int(self.frame["n"].sum()),
                rival=first["rival"],
                **{name: Quantity(first[name], "share") for name in ("share", "low", "high")},
            ),
        )

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
            Column("moved", _("Main brand moved from ours to it"), "accounts"),
        )


def read_takers(tables: Tables, as_of: str, moves: Moves | None = None) -> Takers:
    """To whom did the accounts go that left?

    ``churn_events`` up to ``as_of`` that state ``lost_to`` → share of each rival, with the
    Dirichlet margin under Jeffreys' prior. Losses that state nothing are counted and
    no part of a share. Beside it stand the ``moves`` of main brands from ours to each rival: an
    account can go over to a rival and yet stay a customer.
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
    away = None if moves is None else moves.frame[moves.frame["from"] == moves.brand]
    frame["moved"] = None if away is None else frame["rival"].map(away.set_index("to")["n"])
    return Takers(frame[FRAME], len(losses))
