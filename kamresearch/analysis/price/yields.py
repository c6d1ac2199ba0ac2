"""What an hour of work brings in each tier."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.price.ledger import Ledger
from kamresearch.analysis.resampling import sums_of_draws
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

TIERS = ("A", "B", "C")
LEAST = 10
DRAWS = 2000
_TOO_FEW = _("Fewer than {n} accounts of this tier took work, with known cost.", n=LEAST)


@dataclass(frozen=True)
class Yield(Explained):
    """Contribution before serving per hour of work.

    Parameters
    ----------
    frame : DataFrame
        tier, n_accounts, hours, hours_each, serving_each, per_hour, low, high: one row per tier.
    """

    exports = tuple(f"price.hour_{tier.lower()}" for tier in TIERS)
    shows = (Shown("price.yield", "table"),)
    cautions = False

    frame: pd.DataFrame
    period: tuple[str, str]
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """Yield per hour of each tier."""
        rows = self.frame.set_index("tier")
        found = []
        for tier in TIERS:
            row = cast(pd.Series, rows.loc[tier] if tier in rows.index else None)
            told = row is not None and row["n_accounts"] >= LEAST and row["hours"] > 0
            spread = told and row["high"] > row["low"]
            found.append(
                Finding(
                    f"price.hour_{tier.lower()}",
                    float(row["per_hour"]) if told else None,
                    "money",
                    _("An hour brings, tier {tier}", tier=tier),
                    _(
                        "Σ of contribution before serving over Σ of hours of the accounts that "
                        "held the tier a year ago. Interval over accounts."
                    ),
                    interval=Interval(float(row["low"]), float(row["high"])) if spread else None,
                    n=0 if row is None else int(row["n_accounts"]),
                    period=self.period,
                    good="up",
                    reason=self.reason or _TOO_FEW,
                )
            )
        return found

    def table(self) -> Table:
        """Hours and what they bring by tier."""
        return make_table(
            "price.yield",
            _("Hours and what they bring by tier"),
            self.frame,
            "tier",
            "n_accounts",
            Column("hours", _("Hours"), "hours"),
            Column("hours_each", _("Hours per account"), "hours"),
            Column("serving_each", _("Cost of serving per account"), "money"),
            Column("per_hour", _("An hour brings"), "money"),
            Column("low", _("Lower bound"), "money"),
            Column("high", _("Upper bound"), "money"),
        )

    def minding(self) -> tuple[Message, ...]:
        """What a yield does not say."""
        return (
            _(
                "More per hour in one tier does not say that one more hour there would bring it: "
                "who gets the hours was not drawn by lot."
            ),
        )


def measure_yield(ledger: Ledger, random_state: int = 0) -> Yield:
    """What does an hour of work bring in each tier?

    Ledger → Σ (contribution + serving) / Σ hours by the tier held a year ago, with a bootstrap over
    accounts.

    Parameters
    ----------
    ledger : Ledger
        From `read_ledger`.
    random_state : int
        Of the bootstrap.
    """
    columns = ["tier", "n_accounts", "hours", "hours_each", "serving_each", "per_hour"]
    columns += ["low", "high"]
    reason = ledger.no_work or ledger.no_cost
    known = ledger.known
    if reason is None and not known["tier"].isin(TIERS).any():
        reason = _("No account that is here held a tier a year ago.")
    if reason is not None:
        return Yield(pd.DataFrame(columns=columns), ledger.period, reason)
    rng = np.random.default_rng(random_state)
    rows = [
        _tell(tier, known[known["tier"] == tier], rng)
        for tier in TIERS
        if (known["tier"] == tier).any()
    ]
    return Yield(pd.DataFrame(rows, columns=columns), ledger.period)


def _tell(tier: str, part: pd.DataFrame, rng: np.random.Generator) -> dict:
    hours = part["hours"].to_numpy(float)
    money = (part["contribution"] + part["serving"]).to_numpy(float)
    n, total = len(hours), float(hours.sum())
    row = {"tier": tier, "n_accounts": n, "hours": total, "hours_each": total / n}
    row["serving_each"] = float(part["serving"].mean())
    if not total > 0:
        return row | {"per_hour": None, "low": None, "high": None}
    row["per_hour"] = float(money.sum() / total)
    if n < LEAST:
        return row | {"low": None, "high": None}
    drawn, earned = sums_of_draws((hours, money), DRAWS, rng)
    low, high = np.quantile(earned[drawn > 0] / drawn[drawn > 0], [0.025, 0.975])
    return row | {"low": float(low), "high": float(high)}
