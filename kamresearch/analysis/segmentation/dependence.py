"""Dependence: what losing the largest one, three, five accounts would do (the N−1 test)."""

from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from kamresearch.analysis.segmentation.concentration import profit_where_known
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import keep_present
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LOSSES = (1, 3, 5)


@dataclass(frozen=True)
class Dependence(Result):
    """Revenue and profit left after the loss of the largest accounts (companies of one group
    count as one).
    """

    exports = ("segmentation.loss_of_largest",)
    shows = (Shown("segmentation.dependence"), Shown("segmentation.dependence", "table"))

    n_groups: int
    frame: pd.DataFrame
    """n_lost, names, revenue_lost, revenue_lost_share, profit_lost, profit_lost_share,
    years_to_regrow
    """

    def _share_of_first(self) -> float | None:
        share = cast(Any, self.frame["revenue_lost_share"].iloc[0] if len(self.frame) else None)
        return None if pd.isna(share) else float(share)

    @property
    def reason(self) -> Text | None:
        """Why no share can be told; None where one can."""
        if self._share_of_first() is not None:
            return None
        return _(
            "The accounts' total over the period is not positive, so shares of it say nothing."
        )

    def findings(self) -> list[Finding]:
        """The share of revenue that goes with the largest customer, groups counted as one."""
        value = self._share_of_first()
        return [
            Finding(
                "segmentation.loss_of_largest",
                value,
                "net_share",
                _("Revenue that goes with the largest customer"),
                _(
                    "Revenue over twelve months of the largest customer (accounts of one "
                    "parent together), over all revenue."
                ),
                n=self.n_groups,
                good="down",
                figure="segmentation.dependence",
                reason=self.reason,
                sentence=None
                if value is None
                else _(
                    "Losing the largest customer would cost {share} of the revenue.",
                    share=Quantity(value, "share"),
                ),
            )
        ]

    def table(self) -> Table:
        """The losses, one row each."""
        return make_table(
            "segmentation.dependence",
            _("What losing the largest customers would cost"),
            self.frame,
            Column("n_lost", _("Customers lost"), "count"),
            Column("names", _("Which accounts")),
            Column("revenue_lost", _("Revenue lost"), "money"),
            Column("revenue_lost_share", _("Share of revenue"), "share"),
            Column("profit_lost", _("Profit lost"), "money"),
            Column("profit_lost_share", _("Share of profit"), "share"),
            caption=_(
                "Over the last twelve months, all else unchanged. Accounts of one parent "
                "count as one customer. Profit is "
                "empty where no cost is known."
            ),
        )


def measure_dependence(snapshot: pd.DataFrame, losses: tuple[int, ...] = LOSSES) -> Dependence:
    """What does losing the largest one, three, five customers do?

    Parameters
    ----------
    snapshot : DataFrame
        account_id, account_name, revenue_12m; parent_id and profit_12m where known.
    losses : tuple of int
        How many of the largest customers are lost at once; more than there are are left out.
    """
    snapshot = keep_present(snapshot)
    profit, basis = profit_where_known(snapshot)
    group = snapshot["account_id"].astype(object)
    if "parent_id" in snapshot:
        group = snapshot["parent_id"].astype(object).where(snapshot["parent_id"].notna(), group)
    names = snapshot["account_name"] if "account_name" in snapshot else snapshot["account_id"]
    frame = pd.DataFrame(
        {
            "group": group.to_numpy(),
            "name": names.astype(object).fillna(snapshot["account_id"].astype(object)).to_numpy(),
            "revenue": snapshot["revenue_12m"].fillna(0.0).to_numpy(float),
            "profit": profit,
        }
    ).sort_values(["group", "revenue"], ascending=[True, False])
    groups = frame.groupby("group", sort=True, observed=True).agg(
        name=("name", "first"), revenue=("revenue", "sum"), profit=("profit", "sum")
    )
    groups = groups.sort_values("revenue", ascending=False, kind="stable")
    revenue, gain = groups["revenue"].sum(), groups["profit"].sum()
    rows = []
    for count in losses:
        if count > len(groups) or (count == len(groups) and count > 1):
            continue
        lost = groups.head(count)
        known = basis == "profit"
        rows.append(
            {
                "n_lost": count,
                "names": " · ".join(lost["name"].astype(str)),
                "revenue_lost": lost["revenue"].sum(),
                "revenue_lost_share": lost["revenue"].sum() / revenue if revenue > 0 else None,
                "profit_lost": lost["profit"].sum() if known else None,
                "profit_lost_share": lost["profit"].sum() / gain if known and gain > 0 else None,
            }
        )
    columns = [
        "n_lost",
        "names",
        "revenue_lost",
        "revenue_lost_share",
        "profit_lost",
        "profit_lost_share",
    ]
    return Dependence(len(groups), pd.DataFrame(rows, columns=columns))
