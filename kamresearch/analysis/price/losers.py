"""Accounts that cost more than they bring, each with what sets it apart most from the others."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.price.ledger import Ledger
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Text
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

CAUSES: dict[str, Text] = {
    "discount": _("price cuts"),
    "orders": _("small orders"),
    "goods": _("cost of orders"),
    "serving": _("serving"),
    "unsold": _("work without an order"),
}
"""Code of a cause → its words."""
LEAST = 10
_FEW = _("Fewer than {n} accounts have orders and known cost: nothing to compare with.", n=LEAST)


@dataclass(frozen=True)
class Losers(Explained):
    """Loss makers and their cause.

    Parameters
    ----------
    frame : DataFrame
        account_id, account_name, tier, revenue, contribution, cause (a code of `CAUSES`), cut,
        goods, serving_share (each as a share of its base), excess (of the cause's share over the
        usual account's): the largest loss first.
    """

    exports = tuple(f"price.by_{name}" for name in CAUSES)
    shows = (Shown("price.losers", "table"),)

    frame: pd.DataFrame
    n: int
    period: tuple[str, str]
    reason: Message | None = None

    def why_not(self, id: str) -> Message | None:
        """There may be no loss maker."""
        empty = _("No account loses money.") if self.frame.empty else None
        return self.reason or empty

    def findings(self) -> list[Finding]:
        """How many lose money for each cause."""
        counts = self.frame["cause"].value_counts()
        return [
            Finding(
                f"price.by_{name}",
                None if self.reason else int(counts.get(name, 0)),
                "accounts",
                _("Lose money: {cause}", cause=words),
                _(
                    "Accounts below nought after serving whose share of this kind lies furthest "
                    "above that of the median account."
                ),
                n=self.n,
                period=self.period,
                good="down",
                reason=self.reason,
            )
            for name, words in CAUSES.items()
        ]

    def table(self) -> Table:
        """Loss makers by name."""
        return make_table(
            "price.losers",
            _("Accounts that lose money after serving"),
            self.frame,
            "account_id",
            "account_name",
            "tier",
            Column("revenue", _("Revenue"), "money"),
            Column("contribution", _("Contribution"), "money"),
            Column("cause", _("Largest cause"), terms=CAUSES),
            Column("excess", _("Above the usual account by"), "net_share"),
            Column("cut", _("Price cuts and bonus"), "net_share"),
            Column("goods", _("Cost of orders"), "net_share"),
            Column("serving_share", _("Cost of serving"), "net_share"),
            rows_shown=20,
        )

    def minding(self) -> tuple[Message, ...]:
        """What a cause means here."""
        if self.frame.empty:
            return ()
        return (
            _(
                "A cause is where the account differs most from the median one; an account may "
                "lose money for several, and some may be worth it for other reasons."
            ),
        )


FRAME = [
    *("account_id", "account_name", "tier", "revenue", "contribution", "cause", "excess", "cut"),
    *("goods", "serving_share"),
]


def find_losers(ledger: Ledger) -> Losers:
    """Who costs more than it brings, and why?

    Ledger → accounts whose contribution after serving is below nought. Three shares are compared
    with the median account's: price cuts and bonus, cost of orders, and serving, each over the list
    value (over revenue where list prices are unknown: then price cuts cannot be told). The furthest
    above is the cause; cost of orders counts as small orders where the account's mean order lies
    below the median account's. Without revenue the cause is work without an order.

    Parameters
    ----------
    ledger : Ledger
        From `read_ledger`.
    """
    known = ledger.known
    sold = known[known["revenue"] > 0]
    empty = pd.DataFrame(columns=FRAME)
    reason = ledger.no_cost or (_FEW if len(sold) < LEAST else None)
    if reason is not None:
        return Losers(empty, len(known), ledger.period, reason)
    # One base for all: list prices of some and revenue of others would compare nothing.
    at_list = sold["list_value"].notna().all()
    base = known["list_value" if at_list else "revenue"]
    base = base.where(known["revenue"] > 0)
    cut = known["discount"] + known["other"] if at_list else 0.0
    shares = pd.DataFrame(
        {
            "cut": (cut + known["bonus"]) / base,
            "goods": known["cost"] / base,
            "serving_share": known["serving"] / base,
        }
    )
    excess = shares - shares.median()
    order = known["revenue"] / known["n_orders"].where(known["n_orders"] > 0)
    cause = (
        excess.fillna(-1.0)
        .idxmax(axis=1)
        .map({"cut": "discount", "goods": "goods", "serving_share": "serving"})
    )
    small = (cause == "goods") & (order < order.median())
    cause = cause.mask(small, "orders").mask(base.isna(), "unsold")
    frame = known.assign(**shares, cause=cause, excess=excess.max(axis=1))
    frame = frame[frame["contribution"] < 0].sort_values(["contribution", "account_id"])
    return Losers(frame[FRAME].reset_index(drop=True), len(known), ledger.period)
