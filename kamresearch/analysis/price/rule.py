"""Discount against size: the rule that the accounts' own discounts follow, and who gets more."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.price.ledger import Ledger
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

LEAST = 30
_FEW = _("Fewer than {n} accounts have known list prices and differ in size.", n=LEAST)


@dataclass(frozen=True)
class Rule(Explained):
    """Price cuts as a line over the logarithm of size.

    Parameters
    ----------
    frame : DataFrame
        account_id, account_name, tier, list_value, rate (price cuts and bonus over list value),
        usual (what its size lets expect), above (rate − usual), money (above × list value): the
        most money first.
    per_doubling : float or None
        Change of the rate with twice the size.
    slack : float
        Above the usual rate by more than this, an account is named.
    """

    exports = ("price.discount_per_doubling", "price.n_beyond", "price.beyond_money")
    shows = (Shown("price.discount"), Shown("price.beyond", "table"))

    frame: pd.DataFrame
    per_doubling: float | None
    interval: Interval | None
    slack: float
    period: tuple[str, str]
    reason: Message | None = None

    @property
    def beyond(self) -> pd.DataFrame:
        """Accounts above the usual rate by more than the slack."""
        return self.frame[self.frame["above"] > self.slack]

    def why_not(self, id: str) -> Message | None:
        """Nobody may be beyond."""
        none = id == "price.beyond" and self.beyond.empty
        return self.reason or (_("No account lies so far above.") if none else None)

    def findings(self) -> list[Finding]:
        """What twice the size goes with, who gets more than that, and what it is worth."""
        told, beyond = self.reason is None, self.beyond
        common = {
            "n": len(self.frame),
            "period": self.period,
            "figure": "price.discount",
            "reason": self.reason,
        }
        money = float(beyond["money"].sum())
        above = _(
            "Accounts whose price cuts and bonus exceed what their size lets expect by more than "
            "{slack}.",
            slack=Quantity(self.slack, "share_change"),
        )
        return [
            Finding(
                "price.discount_per_doubling",
                self.per_doubling,
                "share_change",
                _("Price cut with twice the size"),
                _(
                    "Slope of price cuts and bonus (over list value) on the logarithm of the list "
                    "value; errors robust to unequal spread (HC3)."
                ),
                interval=self.interval,
                **common,
            ),
            Finding(
                "price.n_beyond",
                len(beyond) if told else None,
                "accounts",
                _("Get more than their size explains"),
                above,
                good="down",
                sentence=_(
                    "{n} of {all} accounts get more than their size explains; down to the usual "
                    "rate it would be {money} a year.",
                    n=Quantity(len(beyond), "count"),
                    all=Quantity(len(self.frame), "accounts"),
                    money=Quantity(money, "money"),
                )
                if told
                else None,
                **common,
            ),
            Finding(
                "price.beyond_money",
                money if told else None,
                "money",
                _("Worth of what they get more"),
                _("Σ of what these accounts get above the usual rate of their size."),
                good="down",
                **common,
            ),
        ]

    def table(self) -> Table:
        """Accounts beyond the rule."""
        return make_table(
            "price.beyond",
            _("Accounts that get more than their size explains"),
            self.beyond,
            "account_id",
            "account_name",
            "tier",
            Column("list_value", _("At list price"), "money"),
            Column("rate", _("Price cuts and bonus"), "net_share"),
            Column("usual", _("Usual at this size"), "net_share"),
            Column("above", _("Above it"), "share_change"),
            Column("money", _("Worth"), "money"),
            rows_shown=20,
        )

    def minding(self) -> tuple[Message, ...]:
        """What a line does not say."""
        return (
            _(
                "The line is what accounts of a size get today, not what they should; and what "
                "they would do at another price is not known."
            ),
        )


FRAME = [
    *("account_id", "account_name", "tier", "list_value", "rate", "usual", "above", "money"),
]


def fit_rule(ledger: Ledger, slack: float = 0.03) -> Rule:
    """Do larger accounts get more, and who gets more than its size explains?

    Ledger → rate = (discount + other cuts + bonus) / list value, regressed on log₂ of the list
    value over accounts; above = rate − the line.

    Parameters
    ----------
    ledger : Ledger
        From `read_ledger`.
    slack : float
        Above the line by more than this (0.03: three points), an account is named.

    Notes
    -----
    At least 30 accounts whose sizes differ. The size is that of the same year: who got a better
    price may have bought more for it, so the slope is no effect of size.
    """
    priced = ledger.frame[ledger.frame["list_value"] > 0]
    size = np.log2(priced["list_value"].to_numpy(float))
    reason = ledger.no_prices
    if reason is None and (len(priced) < LEAST or not size.std() > 0.1):
        reason = _FEW
    if reason is not None:
        return Rule(pd.DataFrame(columns=FRAME), None, None, slack, ledger.period, reason)
    import statsmodels.api as sm

    rate = (priced["discount"] + priced["other"] + priced["bonus"]) / priced["list_value"]
    design = sm.add_constant(size - size.mean())
    fit = sm.OLS(rate.to_numpy(float), design).fit(cov_type="HC3")
    low, high = (float(one) for one in fit.conf_int(0.05)[1])
    frame = priced.assign(rate=rate, usual=fit.fittedvalues)
    frame["above"] = frame["rate"] - frame["usual"]
    frame["money"] = frame["above"] * frame["list_value"]
    frame = frame.sort_values(["money", "account_id"], ascending=[False, True], ignore_index=True)
    interval = Interval(low, high) if high > low else None
    return Rule(frame[FRAME], float(fit.params[1]), interval, slack, ledger.period)
