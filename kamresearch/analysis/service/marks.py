"""Marks that accounts gave: by tier, manager, region and channel."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.resampling import sums_of_draws
from kamresearch.analysis.service.care import YEAR, Care
from kamresearch.analysis.service.standard import DIMENSIONS, LEAST
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

DRAWS = 1000
NO_TABLE = _("This needs the table “surveys”: the marks that accounts gave, with their scale.")
NO_MARK = _("The table “surveys” holds no mark of the three years to the day.")
_FEW = _("Fewer than {n} accounts that are here gave a mark in the year.", n=LEAST)
KINDS = {"relation": _("asked of the relation"), "occasion": _("asked after an occasion")}
GROUPS = ["dimension", "group", "n_marks", "n_accounts", "mean", "low", "high"]
ROWS = ["account_id", "date", "mark"]


@dataclass(frozen=True)
class Marks(Explained, frame="groups"):
    """Marks of one kind and one scale, so that like is compared with like.

    Parameters
    ----------
    rows : DataFrame
        account_id, date, mark: every mark of the three years to the day.
    groups : DataFrame
        dimension, group, n_marks, n_accounts, mean, low, high: marks of the year, of tiers,
        managers, regions and channels of ten accounts or more.
    kind, scale : str, int
        What was asked, and the highest mark.
    n_other : int
        Marks of another kind or scale, left out.
    """

    exports = ("service.mark",)
    shows = (Shown("service.marks", "table"),)
    cautions = False

    rows: pd.DataFrame
    groups: pd.DataFrame
    kind: str
    scale: int
    n_other: int
    mean: float | None
    interval: Interval | None
    n: int
    period: tuple[str, str]
    reason: Message | None = None

    def why_not(self, id: str) -> Message | None:
        """No group may have accounts enough."""
        return self.reason or (_FEW if self.groups.empty else None)

    def findings(self) -> list[Finding]:
        """The mean mark of the year."""
        return [
            Finding(
                "service.mark",
                self.mean,
                "score",
                _("Mean mark of the accounts"),
                _(
                    "Mean of the year’s marks of accounts that are here, {kind}; {scale} is the "
                    "best. Interval over accounts.",
                    kind=KINDS[self.kind],
                    scale=self.scale,
                ),
                interval=self.interval,
                n=self.n,
                period=self.period,
                good="up",
                sentence=None
                if self.mean is None
                else _(
                    "Accounts give {mean} out of {scale}.",
                    mean=Quantity(self.mean, "score"),
                    scale=self.scale,
                ),
                reason=self.reason or _FEW,
            )
        ]

    def minding(self) -> tuple[Message, ...]:
        """Who answers."""
        told = [
            _("Who is asked and does not answer may think otherwise: the marks are of the others.")
        ]
        if self.n_other:
            told.append(
                _(
                    "{n} marks of another kind or scale are left out: they cannot be added to "
                    "these.",
                    n=self.n_other,
                )
            )
        return tuple(told)

    def table(self) -> Table:
        """Marks by group."""
        words: dict[str, Text] = {"tier": _("Tier")} | DIMENSIONS
        return make_table(
            "service.marks",
            _("Marks of the year"),
            self.groups,
            Column("dimension", _("By"), terms=words),
            Column("group", _("Group")),
            Column("n_accounts", _("Accounts"), "accounts"),
            Column("n_marks", _("Marks"), "count"),
            Column("mean", _("Mean mark"), "score"),
            Column("low", _("Lower bound"), "score"),
            Column("high", _("Upper bound"), "score"),
        )


def read_marks(tables: Tables, care: Care, random_state: int = 0) -> Marks:
    """What marks did the accounts give, and who got which?

    ``surveys`` of the three years to the day of ``care`` → marks of one kind and scale (those
    asked of the relation where there are ten, the scale given most), and the mean of the year by
    tier (of a year ago, as in `measure_standard`), manager, region and channel.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``surveys`` the result holds the reason.
    care : Care
        From `read_care`: who is here, and under whom.
    random_state : int
        Of the bootstrap over accounts: marks of one account are alike.
    """
    nothing = pd.DataFrame(columns=ROWS), pd.DataFrame(columns=GROUPS), "relation", 10, 0
    unknown = None, None, 0, care.period
    if not tables.has("surveys"):
        return Marks(*nothing, *unknown, NO_TABLE)
    told = tables.frame("surveys")
    told = told[(told["date"] <= care.as_of) & (told["date"] > care.as_of - 3 * YEAR)]
    told = told[told["mark"].notna() & told["scale"].notna() & (told["mark"] <= told["scale"])]
    if told.empty:
        return Marks(*nothing, *unknown, NO_MARK)
    kinds = told["kind"].value_counts()
    kind = "relation" if kinds.get("relation", 0) >= LEAST else str(kinds.index[0])
    scale = int(told.loc[told["kind"] == kind, "scale"].mode().iloc[0])
    like = told[(told["kind"] == kind) & (told["scale"] == scale)]
    rows = like[ROWS].assign(mark=like["mark"].astype(float)).reset_index(drop=True)
    year = rows[rows["date"] > care.as_of - YEAR].merge(
        care.accounts, on="account_id", how="inner", validate="many_to_one"
    )
    rng = np.random.default_rng(random_state)
    whole = _tell(year, rng)
    groups = [
        {"dimension": dimension, "group": str(group), **_tell(part, rng)}
        for dimension in ("tier", *DIMENSIONS)
        for group, part in year.groupby(dimension, observed=True, sort=True)
        if part["account_id"].nunique() >= LEAST
    ]
    enough = whole["n_accounts"] >= LEAST
    spread = enough and whole["high"] > whole["low"]
    return Marks(
        rows,
        pd.DataFrame(groups, columns=GROUPS),
        kind,
        scale,
        len(told) - len(like),
        whole["mean"] if enough else None,
        Interval(whole["low"], whole["high"]) if spread else None,
        whole["n_accounts"],
        care.period,
    )


def _tell(part: pd.DataFrame, rng: np.random.Generator) -> dict:
    """Mean mark with its bounds: accounts drawn again, each with all its marks."""
    by_account = part.groupby("account_id", observed=True)["mark"].agg(["sum", "size"])
    told: dict = {"n_marks": len(part), "n_accounts": len(by_account)}
    if not len(by_account):
        return told | {"mean": None, "low": None, "high": None}
    total, count = (by_account[name].to_numpy(float) for name in ("sum", "size"))
    totals, counts = sums_of_draws((total, count), DRAWS, rng)
    low, high = np.quantile(totals / counts, [0.025, 0.975])
    return told | {"mean": float(part["mark"].mean()), "low": float(low), "high": float(high)}
