"""Deals that stand still: open so long that few such are still won."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.pipeline.deals import Deals
from kamresearch.analysis.pipeline.timing import Timing
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

WITHIN = 180
"""Days within which a deal may still be won."""
PART = 0.5
"""A deal stands still once its chance is less than this part of a new deal's."""
ACCEPTANCES = (0.1, 0.5)
"""Lowest and highest acceptance assumed, as in the study of what to do."""
HOURS, DAYS_DUE = 2.0, 30
NONE_STALLED = _("No open deal stands still.")


@dataclass(frozen=True)
class Stalled(Result):
    """Open deals that stand still.

    Parameters
    ----------
    frame : DataFrame
        opportunity_id, account_id, manager_id, stage, opened, days, amount, chance: largest amount
        first.
    usual : float or None
        A new deal's chance to be won within 180 days.
    """

    exports = ("pipeline.n_stalled", "pipeline.stalled_amount")
    shows = (Shown("pipeline.stalled", "table"),)

    frame: pd.DataFrame
    usual: float | None
    n_dated: int
    as_of: pd.Timestamp
    reason: Message | None = None

    def why_not(self, id: str) -> Message | None:
        """No deal may stand still."""
        return self.reason or (NONE_STALLED if self.frame.empty else None)

    def findings(self) -> list[Finding]:
        """How many deals stand still, and what they are worth."""
        told = self.frame["amount"].notna().any() if len(self.frame) else False
        definition = _(
            "Open deals whose chance to be won within 180 days, at their age, is less than half of "
            "a new deal’s."
        )
        return [
            Finding(
                "pipeline.n_stalled",
                None if self.reason else len(self.frame),
                "count",
                _("Deals that stand still"),
                definition,
                n=self.n_dated,
                n_unit="records",
                good="down",
                reason=self.reason,
                sentence=None
                if self.reason
                else _(
                    "{n} of {all} open deals with a known age stand still.",
                    n=Quantity(len(self.frame), "count"),
                    all=Quantity(self.n_dated, "count"),
                ),
            ),
            Finding(
                "pipeline.stalled_amount",
                float(self.frame["amount"].sum()) if told else None,
                "money",
                _("Amount of deals that stand still"),
                definition,
                n=len(self.frame),
                n_unit="records",
                good="down",
                reason=self.reason or _("None of them states an amount."),
            ),
        ]

    def table(self) -> Table:
        """The deals, largest first."""
        return make_table(
            "pipeline.stalled",
            _("Deals that stand still, largest first"),
            self.frame,
            Column("opportunity_id", _("Deal")),
            "account_id",
            "manager_id",
            Column("stage", _("Stage")),
            Column("days", _("Days open"), "days"),
            Column("amount", _("Amount"), "money"),
            Column("chance", _("Chance within 180 days"), "probability"),
            rows_shown=20,
        )

    def proposals(self, acceptance: float, contact_cost: float) -> pd.DataFrame:
        """Ask for a decision or close the deal: one row per stalled deal with account and amount.

        Gain: acceptance × (a new deal’s chance − its own) × amount − cost of the contact: what it
        would bring if a contact set back its clock, which is assumed and not measured.
        """
        part = self.frame[self.frame["account_id"].notna() & self.frame["amount"].notna()]
        lift = (self.usual or 0.0) - part["chance"]

        def gain(level: float) -> pd.Series:
            return level * lift * part["amount"] - contact_cost

        why = [
            _(
                "deal {deal} open for {days}; {chance} of such are still won within 180 days",
                deal=row.opportunity_id,
                days=Quantity(row.days, "days"),
                chance=Quantity(row.chance, "probability"),
            ).render("en")
            for row in part.itertuples()
        ]
        frame = pd.DataFrame(
            {
                "account_id": part["account_id"],
                "kind": "decide",
                "why": why,
                "expected_gain": gain(acceptance),
                "low": gain(min(acceptance, ACCEPTANCES[0])),
                "high": gain(max(acceptance, ACCEPTANCES[1])),
                "cost": contact_cost,
                "hours": HOURS,
                "due": self.as_of + pd.Timedelta(days=DAYS_DUE),
                "owner": part["manager_id"],
                "evidence": "pipeline.incidence",
            }
        )
        return frame[frame["expected_gain"] > 0].sort_values(
            ["expected_gain", "account_id"], ascending=[False, True], ignore_index=True
        )


def find_stalled(deals: Deals, timing: Timing) -> Stalled:
    """Which open deals stand still?

    Open deals with a day of opening → those whose chance to be won within 180 days, given that they
    are still open at their age, is less than half of a new deal's. Chance: (I(a + 180) − I(a)) /
    S(a) of `time_deals`. Beyond the age at which ten deals were watched the last chance stands.

    Parameters
    ----------
    deals : Deals
        From `read_deals`.
    timing : Timing
        From `time_deals` of the same deals.
    """
    dated = deals.open[deals.open["days"].notna()]
    reason = deals.reason or timing.reason
    usual = None if reason else float(timing.chance(np.zeros(1), WITHIN)[0])
    if reason is None and usual == 0:
        reason = _("No deal was won within 180 days of opening: none can be called slow.")
    if reason is not None:
        return Stalled(pd.DataFrame(columns=COLUMNS), None, len(dated), deals.as_of, reason)
    chance = timing.chance(dated["days"].to_numpy(float) + 0.5, WITHIN)
    slow = dated.assign(chance=chance)[chance < PART * cast(float, usual)]
    frame = slow.sort_values(
        ["amount", "days", "opportunity_id"], ascending=[False, False, True], ignore_index=True
    )
    return Stalled(frame[COLUMNS], usual, len(dated), deals.as_of)


COLUMNS = [
    *("opportunity_id", "account_id", "manager_id", "stage", "opened", "days", "amount", "chance"),
]
