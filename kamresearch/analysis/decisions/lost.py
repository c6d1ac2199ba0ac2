"""Who was lost within the year, and who came back."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.causes.reasons import CAUSE_TERMS
from kamresearch.analysis.decisions.records import tiers_before
from kamresearch.analysis.decisions.result import Decisions
from kamresearch.analysis.segmentation.selection import TIER_TERMS
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import STANDINGS
from kamresearch.language import Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown


@dataclass(frozen=True)
class Lost(Result):
    """Accounts lost, or back, within 365 days.

    Parameters
    ----------
    frame : DataFrame
        account_id, account_name, tier_before (a year before the day), standing, since,
        revenue_at_stake, churn_cause, lost_to, manager_id, chance_back.
    n_left : tuple of int
        Accounts that left, and how many of them were back by the day.
    """

    shows = (Shown("decisions.lost", "table"),)

    frame: pd.DataFrame
    n_left: tuple[int, int]

    def table(self) -> Table:
        """Who was lost, who came back."""
        columns = [
            "account_id",
            "account_name",
            Column("tier_before", _("Tier before"), terms=TIER_TERMS),
            Column("standing", _("Standing"), terms=STANDINGS),
            Column("since", _("Since"), "date"),
            Column("revenue_at_stake", _("Yearly revenue before it left, or now"), "money"),
            Column("churn_cause", _("Cause"), terms=CAUSE_TERMS),
            Column("lost_to", _("Lost to")),
            "manager_id",
            Column("chance_back", _("Chance of a return within the year"), "probability"),
        ]
        return make_table(
            "decisions.lost",
            _("Lost and won within twelve months"),
            self.frame,
            *columns,
            caption=_(
                "{left} left within twelve months; {back} of them were back by the day.",
                left=Quantity(self.n_left[0], "accounts"),
                back=Quantity(self.n_left[1], "count"),
            ),
        )


def list_lost(tables: Tables, decisions: Decisions) -> Lost:
    """Who was lost within the year, who came back, and what tier did they hold?

    The records behind the list → accounts lost or back, with the tier of a year before.
    """
    frame = decisions.lost_and_back
    tiers = tiers_before(tables, decisions.records.as_of).reindex(frame["account_id"])
    return Lost(frame.assign(tier_before=tiers.to_numpy(object)), decisions.n_left)
