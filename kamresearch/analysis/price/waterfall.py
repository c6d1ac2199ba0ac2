"""From list price to what is left, step by step, for all and by tier."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.price.ledger import Ledger
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

STEPS: dict[str, Text] = {
    "list_value": _("At list price"),
    "discount": _("Discount"),
    "other": _("Other price cuts"),
    "bonus": _("Bonus"),
    "net": _("Net price"),
    "cost": _("Cost of orders"),
    "serving": _("Cost of serving"),
    "contribution": _("Contribution"),
}
"""Code of a step → its words; what lies between two levels is taken off."""
LEVELS = ("list_value", "net", "contribution")
WHO: dict[str, Text] = {"all": _("All"), "none": _("No tier")}


@dataclass(frozen=True)
class Waterfall(Explained):
    """Shares of the list value.

    Parameters
    ----------
    frame : DataFrame
        tier (A, B, C, none, and all), n_accounts, list_value in money, and every other step as a
        share of it: one row per tier.
    covered : float or None
        Share of the revenue whose accounts' prices are known.
    """

    exports = ("price.discount_share", "price.bonus_share", "price.kept_share")
    shows = (
        Shown("price.waterfall"),
        Shown("price.tiers"),
        Shown("price.waterfall", "table"),
    )

    frame: pd.DataFrame
    covered: float | None
    has_work: bool
    period: tuple[str, str]
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """What discount and bonus take of the list price, and what is left of it."""
        rows = self.frame.set_index("tier")
        every = rows.loc["all"] if self.reason is None else None
        spec = (
            (
                *("discount_share", ("discount", "other"), _("Off the list price")),
                *(_("Discounts and other cuts over the value at list prices."), "down"),
            ),
            (
                *("bonus_share", ("bonus",), _("Bonus, share of list")),
                *(_("Paid back later over the value at list prices."), "down"),
            ),
            (
                *("kept_share", ("contribution",), _("Left of the list price")),
                *(_("Contribution after serving over the value at list prices."), "up"),
            ),
        )
        return [
            Finding(
                f"price.{name}",
                None if every is None else float(sum(every[part] for part in parts)),
                "net_share",
                label,
                definition,
                n=0 if every is None else int(every["n_accounts"]),
                period=self.period,
                good=good,
                figure="price.waterfall",
                sentence=_(
                    "Of each 100 at list price, {off} go in price cuts and {left} are left after "
                    "cost and serving.",
                    off=Quantity(100 * float(every["discount"] + every["other"]), "score"),
                    left=Quantity(100 * float(every["contribution"]), "score"),
                )
                if every is not None and name == "kept_share"
                else None,
                reason=self.reason,
            )
            for name, parts, label, definition, good in spec
        ]

    def table(self) -> Table:
        """Every step by tier, as a share of the list value."""
        return make_table(
            "price.waterfall",
            _("From list price to contribution by tier, shares of the list value"),
            self.frame,
            Column("tier", _("Tier"), terms=WHO),
            "n_accounts",
            Column("list_value", STEPS["list_value"], "money"),
            *(Column(name, STEPS[name], "net_share") for name in STEPS if name != "list_value"),
        )

    def minding(self) -> tuple[Message, ...]:
        """What the steps leave out."""
        said = []
        if self.covered is not None and self.covered < 0.995:
            said.append(
                _(
                    "Prices are known for accounts with {share} of the revenue; the others are "
                    "not in the steps.",
                    share=Quantity(self.covered, "share"),
                )
            )
        if not self.has_work:
            said.append(_("No work is written down, so serving costs nothing here."))
        return tuple(said)


def draw_down(ledger: Ledger) -> Waterfall:
    """What of the list price is left, and at which step does the rest go?

    Ledger → list value, − discount − other cuts − bonus = net, − cost − serving = contribution, as
    shares of the list value, for all accounts and by tier. Only accounts whose list prices and cost
    are known count.

    Parameters
    ----------
    ledger : Ledger
        From `read_ledger`.
    """
    priced = ledger.priced
    reason = ledger.no_prices or ledger.no_cost
    if reason is None and priced.empty:
        reason = _("No account’s list prices and cost are both known.")
    if reason is not None:
        empty = pd.DataFrame(columns=["tier", "n_accounts", *STEPS])
        return Waterfall(empty, None, ledger.no_work is None, ledger.period, reason)
    tier = priced["tier"].astype(object).where(priced["tier"].notna(), "none")
    rows = [_steps("all", priced)]
    rows += [_steps(name, part) for name, part in priced.groupby(tier, sort=True)]
    turnover = float(ledger.frame["revenue"].abs().sum())
    covered = min(float(priced["revenue"].abs().sum()) / turnover, 1.0) if turnover else None
    return Waterfall(
        pd.DataFrame(rows, columns=["tier", "n_accounts", *STEPS]),
        covered,
        ledger.no_work is None,
        ledger.period,
    )


def _steps(tier: str, part: pd.DataFrame) -> dict:
    sums = part[["list_value", "discount", "other", "bonus", "cost", "serving"]].sum()
    at_list = float(sums["list_value"])
    shares = {name: float(sums[name]) / at_list for name in sums.index if name != "list_value"}
    net = 1 - shares["discount"] - shares["other"] - shares["bonus"]
    left = net - shares["cost"] - shares["serving"]
    return {
        "tier": tier,
        "n_accounts": len(part),
        "list_value": at_list,
        **shares,
        "net": net,
        "contribution": left,
    }
