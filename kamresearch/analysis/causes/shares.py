"""Why accounts leave: shares of the causes with intervals, and what unknown or misrecorded
causes could hide.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.causes.incidence import cumulative_incidence
from kamresearch.analysis.causes.reasons import CAUSE_TERMS, CAUSES, settle_causes
from kamresearch.analysis.churn.definition import HIGH, LOW, wilson
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NO_CAUSES = _(
    "No loss has a recorded cause: this needs the table “churn_events” with a cause or a "
    "stated reason."
)
MISRECORDED = 0.28
"""Share of stated reasons that two public records of the same 7,043 telco customers do not
agree on.
"""


@dataclass(frozen=True)
class CauseShares(Result):
    """Causes of all losses known by a day."""

    exports = (
        "churn.price_share",
        "churn.product_share",
        "churn.service_share",
        "churn.competitor_share",
        "churn.relocation_share",
        "churn.unknown_share",
    )
    shows = (
        Shown("churn.causes"),
        Shown("churn.incidence"),
        Shown("churn.cause_shares", "table"),
    )

    as_of: str
    n_losses: int
    n_unknown: int
    frame: pd.DataFrame
    """cause, n, share (of the known), low, high, bound_low, bound_high (unknown causes),
    record_low, record_high
    """
    curves: pd.DataFrame
    """cumulative incidence per cause over the days since the first day"""
    from_reason: int
    misrecorded: float

    @property
    def n_known(self) -> int:
        """Losses with a known cause."""
        return self.n_losses - self.n_unknown

    @property
    def reason(self) -> Text | None:
        """Why no causes can be shown; None where they can."""
        return None if self.n_known else NO_CAUSES

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What a stated cause is not."""
        return (
            _(
                "A stated reason is what was written down, not what happened: two public "
                "records of the same 7,043 telco customers agree on it for 72% of those "
                "who left."
            ),
            _(
                "{n} of {all} losses have no known cause; the wide bounds say what they "
                "could change.",
                n=self.n_unknown,
                all=self.n_losses,
            ),
        )

    def findings(self) -> list[Finding]:
        """Share of each cause among the losses with a known one, and of the unknown."""
        found = []
        labels = {
            "price": _("Share lost over price"),
            "product": _("Share lost over the product"),
            "service": _("Share lost over service"),
            "competitor": _("Share lost to a competitor's pull"),
            "relocation": _("Share lost by relocation"),
        }
        known = self.n_known
        for row in self.frame.itertuples():
            if row.cause == "unknown":
                continue
            value = float(row.share) if known else None
            sentence = (
                _(
                    "{share} of the losses with a known cause are put down to {cause} (n = {n}).",
                    share=Quantity(value, "share"),
                    cause=CAUSE_TERMS[row.cause],
                    n=known,
                )
                if known
                else None
            )
            found.append(
                Finding(
                    f"churn.{row.cause}_share",
                    value,
                    "share",
                    labels[row.cause],
                    _(
                        "Losses put down to {cause}, over all losses with a known cause up "
                        "to the as-of date; cause as coded, else as the stated reason "
                        "speaks.",
                        cause=CAUSE_TERMS[row.cause],
                    ),
                    interval=Interval(row.low, row.high) if known else None,
                    n=known,
                    good="down" if row.cause == "service" else "neither",
                    figure="churn.causes",
                    sentence=sentence,
                    headline=row.cause in ("price", "service"),
                    reason=_("no loss has a known cause"),
                )
            )
        unknown = wilson(self.n_unknown, self.n_losses)
        found.append(
            Finding(
                "churn.unknown_share",
                self.n_unknown / self.n_losses if self.n_losses else None,
                "share",
                _("Losses without a known cause"),
                _(
                    "Losses whose cause is neither coded nor told by the stated reason, "
                    "over all losses."
                ),
                interval=unknown,
                n=self.n_losses,
                good="down",
                figure="churn.causes",
                reason=_("no loss is known"),
            )
        )
        return found

    def table(self) -> Table:
        """Shares with their intervals and bounds."""
        return make_table(
            "churn.cause_shares",
            _("Why accounts left"),
            self.frame,
            Column("cause", _("Cause"), terms=CAUSE_TERMS),
            Column("n", _("Losses"), "count"),
            Column("share", _("Share of the known"), "share"),
            LOW,
            HIGH,
            Column("bound_low", _("At least, whatever the unknown are"), "share"),
            Column("bound_high", _("At most, whatever the unknown are"), "share"),
            Column("record_low", _("At least, if records err"), "share"),
            Column("record_high", _("At most, if records err"), "share"),
            caption=_(
                "Bounds “if records err” let {rate} of the stated causes be wrong in the "
                "worst way.",
                rate=Quantity(self.misrecorded, "share"),
            ),
        )


def measure_causes(
    losses: pd.DataFrame, spells: pd.DataFrame, as_of: str, misrecorded: float = MISRECORDED
) -> CauseShares:
    """Why do accounts leave, and how sure can that be?

    Parameters
    ----------
    losses : DataFrame
        account_id, churn_date, cause, stated_reason: one row a loss.
    spells : DataFrame
        First spells (`kamresearch.analysis.churn.survival.make_spells`).
    as_of : str
        Last day seen.
    misrecorded : float
        Share of stated causes that may be wrong.

    Returns
    -------
    CauseShares
        Intervals are Wilson's, 95 %. Bounds: all unknown losses have, or none has, the cause.
        Record bounds: of the
        stated causes, a share ``misrecorded`` of this cause's were others, or as many of all
        others' were this one.
    """
    settled = settle_causes(losses)
    counts = settled["cause"].value_counts().reindex(list(CAUSES), fill_value=0)
    total, unknown = int(counts.sum()), int(counts["unknown"])
    known = total - unknown
    rows = []
    for cause in CAUSES:
        k = int(counts[cause])
        if cause == "unknown" or not known:
            rows.append((cause, k, *(None,) * 7))
            continue
        interval = cast(Interval, wilson(k, known))
        rows.append(
            (
                cause,
                k,
                k / known,
                interval.low,
                interval.high,
                k / total,
                (k + unknown) / total,
                k * (1 - misrecorded) / known,
                (k + misrecorded * (known - k)) / known,
            )
        )
    names = [
        "cause",
        "n",
        "share",
        "low",
        "high",
        "bound_low",
        "bound_high",
        "record_low",
        "record_high",
    ]
    frame = pd.DataFrame(rows, columns=names)
    by_account = settled.drop_duplicates("account_id").set_index("account_id")["cause"]
    curves = pd.DataFrame({name: [] for name in ("time", "at_risk", "survival", *CAUSES)})
    if len(spells):
        cause = np.where(
            spells["lost"], spells["account_id"].map(by_account).fillna("unknown"), None
        )
        curves = cumulative_incidence(
            spells["exit_days"].to_numpy(), list(cause), CAUSES, spells["entry_days"].to_numpy()
        )
    return CauseShares(
        as_of,
        total,
        unknown,
        frame,
        curves,
        int((settled["cause_from"] == "reason").sum()),
        misrecorded,
    )
