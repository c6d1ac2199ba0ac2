"""The whale: what each account leaves after it was served, largest first."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.price.ledger import Ledger
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

MONEY = (
    Column("revenue", _("Revenue"), "money"),
    Column("cost", _("Cost of orders"), "money"),
    Column("bonus", _("Bonus"), "money"),
    Column("hours", _("Hours"), "hours"),
    Column("serving", _("Cost of serving"), "money"),
    Column("contribution", _("Contribution"), "money"),
)


@dataclass(frozen=True)
class Contribution(Explained):
    """Contribution after serving by account.

    Parameters
    ----------
    frame : DataFrame
        The ledger's rows whose contribution is known, and before (contribution without serving),
        rank, cumulative (of contribution): the largest first.
    n_unknown : int
        Accounts left out because an order carries no cost.
    """

    exports = ("price.contribution", "price.serving_share", "price.n_losing", "price.n_turned")
    exports += ("price.lost_money",)
    shows = (Shown("price.whale"), Shown("price.accounts", "table"))

    frame: pd.DataFrame
    n_unknown: int
    period: tuple[str, str]
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """What is left in all, what serving takes, and who loses money once it is counted."""
        frame, told = self.frame, self.reason is None
        losing = frame[frame["contribution"] < 0]
        turned = int((losing["before"] >= 0).sum())
        revenue = float(frame["revenue"].sum())
        common = {"n": len(frame), "period": self.period, "figure": "price.whale"}
        share = float(frame["serving"].sum() / revenue) if told and revenue > 0 else None
        lost = float(losing["contribution"].sum())
        sentence = _(
            "After serving, {n} of {all} accounts cost more than they bring, {money} in all; "
            "{turned} of them only because of the work they take.",
            n=Quantity(len(losing), "count"),
            all=Quantity(len(frame), "accounts"),
            money=Quantity(-lost, "money"),
            turned=Quantity(turned, "count"),
        )
        rows = (
            (
                *("contribution", float(frame["contribution"].sum()), "money"),
                *(_("Contribution after serving"), "up"),
                _("Σ of revenue − bonus − cost of the orders − cost of serving over the year."),
            ),
            (
                *("serving_share", share, "net_share"),
                *(_("Serving, share of revenue"), "down"),
                _("Cost of the hours written down for accounts over their revenue."),
            ),
            (
                *("n_losing", len(losing), "accounts"),
                *(_("Accounts that lose money after serving"), "down"),
                _("Accounts whose contribution after serving is below nought."),
            ),
            (
                *("n_turned", turned, "accounts"),
                *(_("Lose money by serving alone"), "down"),
                _("Accounts above nought before serving and below it after."),
            ),
            (
                *("lost_money", -lost, "money"),
                *(_("Lost with them"), "down"),
                _("Σ of the contributions below nought, without their sign."),
            ),
        )
        return [
            Finding(
                f"price.{name}",
                value if told else None,
                unit,
                label,
                definition,
                good=good,
                headline=told and name == "n_losing",
                sentence=sentence if told and name == "n_losing" else None,
                reason=self.reason or (_("There is no revenue.") if value is None else None),
                **common,
            )
            for name, value, unit, label, good, definition in rows
        ]

    def table(self) -> Table:
        """Accounts by what they leave."""
        return make_table(
            "price.accounts",
            _("Accounts by contribution after serving"),
            self.frame,
            Column("rank", _("Rank"), "count"),
            "account_id",
            "account_name",
            "tier",
            *MONEY,
            rows_shown=15,
        )

    def minding(self) -> tuple[Message, ...]:
        """What these sums leave out."""
        said = [
            _(
                "Where the recorded cost of an order already holds some of the serving, serving "
                "counts twice; hours that nobody wrote down count nowhere."
            )
        ]
        if self.n_unknown:
            said.append(
                _(
                    "{n} accounts are left out: an order of theirs carries no cost.",
                    n=Quantity(self.n_unknown, "accounts"),
                )
            )
        return tuple(said)


def measure_contribution(ledger: Ledger) -> Contribution:
    """How much does each account leave once the work for it is paid?

    Ledger → accounts from the largest contribution down, with the running sum: where it falls,
    accounts eat what others bring. The sums of a finished year are facts and carry no interval.

    Parameters
    ----------
    ledger : Ledger
        From `read_ledger`.
    """
    known = ledger.known
    frame = known.assign(before=known["contribution"] + known["serving"]).sort_values(
        ["contribution", "account_id"], ascending=[False, True], ignore_index=True
    )
    frame = frame.assign(rank=frame.index + 1, cumulative=frame["contribution"].cumsum())
    reason = ledger.no_work or ledger.no_cost
    return Contribution(frame, len(ledger.frame) - len(known), ledger.period, reason)
