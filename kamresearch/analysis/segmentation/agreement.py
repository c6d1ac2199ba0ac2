"""Where the rule card and the data alone disagree, and the one table of accounts that others
read.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.segmentation.clusters import Segmentation
from kamresearch.analysis.segmentation.matrix import CELLS, ValueMatrix
from kamresearch.analysis.segmentation.rfm import HABITS, BuyingProfile
from kamresearch.analysis.segmentation.selection import TIER_TERMS, Selection
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import keep_present
from kamresearch.finding import Finding
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

SIDES = {"rule_only": _("key by rule alone"), "data_only": _("key by data alone")}


@dataclass(frozen=True)
class Agreement(Result, frame="tiers"):
    """Key accounts by rule against the same number of accounts by expected value."""

    exports = ("segmentation.rule_data_agreement", "segmentation.tier_cluster_agreement")
    shows = (
        Shown("segmentation.rule_data"),
        Shown("segmentation.rule_data", "disagreement_table"),
        Shown("segmentation.tiers", "table"),
    )

    by: str
    """What the data side ranks by: ``expected_value_12m`` or ``revenue_12m``"""
    n_key: int
    n_both: int
    rand: float | None
    """Adjusted Rand index between tiers and clusters"""
    tiers: pd.DataFrame
    """The table that others read, one row per account"""
    disagreements: pd.DataFrame
    cross: pd.DataFrame
    """Tier × cluster → accounts"""
    clusters: dict

    def findings(self) -> list[Finding]:
        """How far rule and data agree."""
        none = _("No account reaches tier A.")
        return [
            Finding(
                "segmentation.rule_data_agreement",
                self.n_both / self.n_key if self.n_key else None,
                "share",
                _("Key accounts that the data alone would name"),
                _(
                    "Key accounts by rule that are also among the same number of accounts "
                    "with the largest expected value of the "
                    "next twelve months (past revenue where none was fitted)."
                ),
                n=self.n_key,
                figure="segmentation.rule_data",
                reason=None if self.n_key else none,
            ),
            Finding(
                "segmentation.tier_cluster_agreement",
                self.rand,
                "score",
                _("Agreement of tiers and clusters"),
                _("Adjusted Rand index between tiers and clusters: 1 the same division, 0 chance."),
                n=len(self.tiers),
                figure="segmentation.rule_data",
                reason=None if self.rand is not None else _("The data show a single group only."),
            ),
        ]

    def table(self) -> Table:
        """Every account: tier, score, ranks, value, cell, cluster."""
        return make_table(
            "segmentation.tiers",
            _("Every account with its tier"),
            self.tiers,
            "account_id",
            "account_name",
            "region",
            "industry",
            Column("tier", _("Tier"), terms=TIER_TERMS),
            Column("tier_before", _("Tier a year before"), terms=TIER_TERMS),
            Column("score", _("Score"), "score"),
            Column("rank", _("Rank"), "count"),
            Column("rank_low", _("Rank, at best"), "count"),
            Column("rank_high", _("Rank, at worst"), "count"),
            Column("probability_a", _("Chance of tier A"), "probability"),
            Column("overridden", _("Set by hand"), "flag"),
            Column("revenue_12m", _("Revenue in twelve months"), "money"),
            Column("expected_value_12m", _("Expected value of the next twelve months"), "money"),
            Column("share_of_wallet_12m", _("Share of wallet"), "share"),
            Column("cell", _("Cell"), terms=CELLS),
            Column("rfm", _("RFM")),
            Column("habit", _("Buying habit"), terms=HABITS),
            Column("cluster", _("Cluster"), terms=self.clusters),
            Column("reason", _("Note"), terms=NOTES),
            caption=_(
                "Ranks at best and at worst hold 90% of the draws. Scores run from 0 to 100."
            ),
            rows_shown=15,
        )

    def disagreement_table(self) -> Table:
        """The accounts that only one side names."""
        return make_table(
            "segmentation.rule_data",
            _("Where rule and data disagree"),
            self.disagreements,
            "account_id",
            "account_name",
            Column("side", _("Side"), terms=SIDES),
            Column("tier", _("Tier"), terms=TIER_TERMS),
            Column("score", _("Score"), "score"),
            Column("revenue_12m", _("Revenue in twelve months"), "money"),
            Column("expected_value_12m", _("Expected value of the next twelve months"), "money"),
            rows_shown=15,
        )


NOTES = {
    "too_little_known": _("too little of the card is known"),
    "no_orders": _("no order by the as-of date"),
}


def compare_with_data(
    snapshot: pd.DataFrame,
    selection: Selection,
    profile: BuyingProfile,
    matrix: ValueMatrix,
    clusters: Segmentation,
    expected: pd.DataFrame | None = None,
) -> Agreement:
    """Whom would the data alone name, and where do rule and data disagree?

    Parameters
    ----------
    snapshot : DataFrame
        One row per account.
    selection, profile, matrix, clusters : results
        Of the same snapshot.
    expected : DataFrame, optional
        account_id, expected_value: expected value of the next twelve months; revenue of the last
        twelve without it.
    """
    snapshot = keep_present(snapshot)
    ids = snapshot["account_id"]
    frame = pd.DataFrame(
        {
            name: snapshot[name].to_numpy() if name in snapshot else None
            for name in (
                "account_id",
                "account_name",
                "region",
                "industry",
                "revenue_12m",
                "share_of_wallet_12m",
            )
        }
    )
    columns = [
        "account_id",
        "tier",
        "tier_before",
        "score",
        "rank",
        "rank_low",
        "rank_high",
        "probability_a",
        "overridden",
        "reason",
    ]
    frame = frame.merge(selection.frame[columns], on="account_id", validate="one_to_one")
    frame = frame.merge(
        profile.frame[["account_id", "rfm", "habit"]], on="account_id", validate="one_to_one"
    )
    frame = frame.merge(
        matrix.frame[["account_id", "cell"]], on="account_id", how="left", validate="one_to_one"
    )
    frame["cluster"] = clusters.labels.reindex(ids).fillna(0).astype(int).astype(str).to_numpy()
    frame["reason"] = np.where(frame["habit"] == "new", "no_orders", frame["reason"])
    by = "revenue_12m" if expected is None else "expected_value_12m"
    frame["expected_value_12m"] = np.nan
    if expected is not None:
        value = expected.set_index("account_id")["expected_value"]
        frame["expected_value_12m"] = value.reindex(frame["account_id"]).to_numpy(float)
    ranked = frame[by].fillna(-np.inf).to_numpy(float)
    key = (frame["tier"] == "A").to_numpy()
    named = np.zeros(len(frame), dtype=bool)
    named[np.argsort(-ranked, kind="stable")[: int(key.sum())]] = True
    apart = frame[key != named].assign(side=np.where(key[key != named], "rule_only", "data_only"))
    apart = apart.sort_values(
        ["side", "score"], ascending=[False, False], kind="stable", ignore_index=True
    )
    terms = {
        "0": _("no order in twelve months"),
        **{str(number): name for number, name in clusters.names.items()},
    }
    frame = frame.sort_values(["rank", "account_id"], kind="stable", ignore_index=True)
    return Agreement(
        by,
        int(key.sum()),
        int((key & named).sum()),
        _rand(frame, clusters),
        frame,
        apart,
        _cross(frame, selection, clusters),
        terms,
    )


def _rand(frame: pd.DataFrame, clusters: Segmentation) -> float | None:
    rated = (frame["tier"] != "unrated") & (frame["cluster"] != "0")
    if clusters.k < 2 or rated.sum() < 2:
        return None
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(frame.loc[rated, "tier"], frame.loc[rated, "cluster"]))


def _cross(frame: pd.DataFrame, selection: Selection, clusters: Segmentation) -> pd.DataFrame:
    tiers = [tier for tier in (*selection.card.tiers, "unrated") if (frame["tier"] == tier).any()]
    numbers = [
        str(number)
        for number in sorted({0, *clusters.names})
        if (frame["cluster"] == str(number)).any()
    ]
    counts = pd.crosstab(frame["tier"], frame["cluster"])
    return counts.reindex(index=tiers, columns=numbers, fill_value=0)
