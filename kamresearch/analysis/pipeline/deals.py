"""Deals as they were known on a day, with what they are compared by."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.decisions.records import tiers_before
from kamresearch.data.tables import Tables
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Explained

OUTCOMES: dict[str, Text] = {
    "won": _("Won"),
    "lost": _("Lost"),
    "withdrawn": _("Withdrawn"),
    "open": _("Open"),
}
"""How a deal can stand on a day."""
KNOWN_SHARE = 0.8
"""Share of the won and of the lost deals that must state a number before deals are compared by it:
where one outcome alone states it, the comparison would only repeat the outcome.
"""
BANDS = (0.05, 0.10, 0.15)
"""Where one band of discounts ends and the next begins."""
NO_TABLE = _("This needs the table “opportunities”: one row per deal, open ones included.")
NO_DEAL = _("No deal was known on this day.")


@dataclass(frozen=True)
class Deals(Explained):
    """Deals as known on a day.

    Parameters
    ----------
    frame : DataFrame
        opportunity_id, account_id, outcome (as of the day), opened, closed, days (to the decision,
        or to the day), amount, discount, stage, and what deals are compared by: tier, manager_id,
        rival, product, discount_band, size_band, region, kind; lost_reason. One row per deal.
    n_undated : int
        Decided deals that state no day of decision: nobody can say whether it was known by the
        day, so they are left out.
    """

    exports = ("pipeline.n_deals", *(f"pipeline.n_{code}" for code in OUTCOMES))
    cautions = False

    frame: pd.DataFrame
    as_of: pd.Timestamp
    n_undated: int = 0
    reason: Message | None = None

    @property
    def decided(self) -> pd.DataFrame:
        """Won and lost deals."""
        return self.frame[self.frame["outcome"].isin(["won", "lost"])]

    @property
    def open(self) -> pd.DataFrame:
        """Deals not decided on the day."""
        return self.frame[self.frame["outcome"] == "open"]

    def findings(self) -> list[Finding]:
        """How many deals are known, and how they stand."""
        counts = self.frame["outcome"].value_counts()
        told = {"n_deals": (_("Deals"), len(self.frame))}
        told |= {f"n_{code}": (label, int(counts.get(code, 0))) for code, label in OUTCOMES.items()}
        return [
            Finding(
                f"pipeline.{name}",
                None if self.reason else value,
                "count",
                label,
                _("Deals opened or decided by the day, as they stood then."),
                n=None if self.reason else len(self.frame),
                n_unit="records",
                period=None if self.reason else (self.as_of.date().isoformat(),) * 2,
                reason=self.reason,
            )
            for name, (label, value) in told.items()
        ]

    def minding(self) -> tuple[Message, ...]:
        """What these deals cannot carry."""
        said = [
            _(
                "What nobody enters is in no win rate: deals lost before they were written down "
                "make every rate look better."
            ),
            _(
                "Amounts, rivals and discounts are those recorded today; what was thought of a "
                "deal on an earlier day is not kept."
            ),
        ]
        unknown = int((self.open["opened"].isna()).sum())
        if unknown:
            said.append(
                _(
                    "{n} open deals state no day of opening: they are counted, and no age is told.",
                    n=Quantity(unknown, "count"),
                )
            )
        if self.n_undated:
            said.append(
                _(
                    "{n} decided deals state no day of decision and are left out.",
                    n=Quantity(self.n_undated, "count"),
                )
            )
        return tuple(said)


def read_deals(tables: Tables, as_of: str, tiers: pd.Series | None = None) -> Deals:
    """How did every deal stand on the day?

    ``opportunities`` → one row per deal that was opened or decided by ``as_of``. A deal decided
    later counts as open then, and what its decision revealed is not seen. An open deal without a
    day of opening counts as open on every day.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``opportunities`` the result holds the reason.
    as_of : str
        Nothing later is seen.
    tiers : Series, optional
        account_id → tier, where it is at hand; by default that of the rule card a year before the
        day: today's tier would follow from deals already won.
    """
    day = pd.Timestamp(as_of).normalize()
    if not tables.has("opportunities"):
        return Deals(pd.DataFrame(columns=COLUMNS), day, reason=NO_TABLE)
    raw = tables.frame("opportunities")
    undated = (raw["outcome"] != "open") & raw["closed"].isna()
    first = raw["opened"].fillna(raw["closed"])
    frame = raw[~undated & ~(first > day)].copy()
    if frame.empty:
        return Deals(pd.DataFrame(columns=COLUMNS), day, int(undated.sum()), reason=NO_DEAL)
    later = frame["closed"] > day
    frame.loc[later, "outcome"] = "open"
    frame["closed"] = frame["closed"].mask(frame["outcome"] == "open")
    frame["lost_reason"] = frame["lost_reason"].where(frame["outcome"] == "lost")
    frame["days"] = (frame["closed"].fillna(day) - frame["opened"]).dt.days.clip(lower=0)
    # Nought is how systems write that nobody filled the field.
    frame["amount"] = frame["amount"].where(frame["amount"] > 0)
    frame["discount"] = frame["discount_given"].fillna(frame["discount_asked"])
    _add_bands(frame)
    _add_accounts(frame, tables, tiers_before(tables, as_of) if tiers is None else tiers)
    return Deals(frame[COLUMNS].reset_index(drop=True), day, int(undated.sum()))


COLUMNS = [
    *("opportunity_id", "account_id", "outcome", "opened", "closed", "days", "amount", "discount"),
    *("stage", "tier", "manager_id", "rival", "product", "discount_band", "size_band", "region"),
    *("kind", "lost_reason"),
]


def as_known(deals: Deals, day: pd.Timestamp) -> Deals:
    """The deals with a day of opening as they stood on an earlier day."""
    frame = deals.frame[deals.frame["opened"] <= day].copy()
    later = ~(frame["closed"] <= day)
    frame.loc[later, "outcome"] = "open"
    frame["closed"] = frame["closed"].mask(later)
    frame["days"] = (frame["closed"].fillna(day) - frame["opened"]).dt.days.clip(lower=0)
    return Deals(frame, day, deals.n_undated, deals.reason)


def states(frame: pd.DataFrame, column: str) -> bool:
    """Whether both won and lost deals state a number often enough to compare by it."""
    decided = frame[frame["outcome"].isin(["won", "lost"])]
    known = decided[column].notna().groupby(decided["outcome"], observed=True, sort=True).mean()
    return len(known) == 2 and bool((known >= KNOWN_SHARE).all())


def _add_bands(frame: pd.DataFrame) -> None:
    edges = [-np.inf, *BANDS, np.inf]
    names = ["under_5", "5_to_10", "10_to_15", "15_and_more"]
    band = pd.cut(frame["discount"], edges, labels=names, right=False).astype(object)
    frame["discount_band"] = band if states(frame, "discount") else None
    frame["size_band"] = None
    if states(frame, "amount"):
        thirds = frame["amount"].quantile([1 / 3, 2 / 3]).to_numpy()
        if thirds[0] < thirds[1]:
            cut = pd.cut(
                frame["amount"], [-np.inf, *thirds, np.inf], labels=["small", "middle", "large"]
            )
            frame["size_band"] = cut.astype(object)


def _add_accounts(frame: pd.DataFrame, tables: Tables, tiers: pd.Series) -> None:
    accounts = tables.frame("accounts").set_index("account_id")
    frame["region"] = accounts["region"].reindex(frame["account_id"]).to_numpy()
    frame["tier"] = tiers.reindex(frame["account_id"]).to_numpy() if len(tiers) else None
