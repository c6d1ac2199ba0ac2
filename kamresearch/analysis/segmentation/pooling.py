"""Cross tables with small cells: each cell's rate drawn towards the whole as far as its number
of accounts demands.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.pooling import pool_shares
from kamresearch.analysis.segmentation.rfm import HABITS
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import keep_present
from kamresearch.finding import Finding
from kamresearch.language import Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LEAST_CELL = 10
DIMENSIONS = ("industry", "region", "habit")


@dataclass(frozen=True)
class PooledTable(Result):
    """Share of key accounts by industry × region × buying habit, raw and pooled."""

    exports = ("segmentation.small_cells_share",)
    shows = (Shown("segmentation.cross_table"), Shown("segmentation.cross_table", "table"))

    rows: str
    columns: str
    frame: pd.DataFrame
    """industry, region, habit, n_accounts, n_key, raw_share, pooled_share, low, high (95 %)"""
    by_pair: pd.DataFrame
    """rows, columns, n_accounts, n_key, raw_share, pooled_share, low, high (95 %)"""
    overall: float | None
    prior_strength: float | None
    """How many accounts the cells' mean weighs (posterior median): a cell of that size lies
    half way.
    """

    def findings(self) -> list[Finding]:
        """How many cells are too small to stand alone."""
        small = float((self.frame["n_accounts"] < LEAST_CELL).mean()) if len(self.frame) else None
        return [
            Finding(
                "segmentation.small_cells_share",
                small,
                "share",
                _("Cells too small to stand alone"),
                _(
                    "Cells of industry × region × buying habit with fewer than ten "
                    "accounts, over all cells that hold an "
                    "account."
                ),
                n=len(self.frame),
                n_unit="count",
                figure="segmentation.cross_table",
                reason=None if small is not None else _("There is no account."),
            )
        ]

    def table(self) -> Table:
        """Every cell, raw and pooled."""
        return make_table(
            "segmentation.cross_table",
            _("Key accounts by industry, region and buying habit"),
            self.frame,
            "industry",
            "region",
            Column("habit", _("Buying habit"), terms=HABITS),
            "n_accounts",
            Column("n_key", _("Key accounts"), "accounts"),
            Column("raw_share", _("Share as counted"), "share"),
            Column("pooled_share", _("Share, pooled"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
            caption=_(
                "The pooled share draws small cells towards the mean of the cells, which "
                "weighs about as much as {strength} accounts (beta-binomial); bounds are "
                "95% and allow for not knowing that mean and its weight.",
                strength=Quantity(
                    None if self.prior_strength is None else round(self.prior_strength), "accounts"
                ),
            ),
            rows_shown=15,
        )


def pool_cross_table(
    snapshot: pd.DataFrame,
    tier: pd.Series,
    habit: np.ndarray,
    rows: str = "industry",
    columns: str = "region",
) -> PooledTable:
    """Where are the key accounts, by industry, region and buying habit?

    Parameters
    ----------
    snapshot : DataFrame
        account_id, industry, region.
    tier, habit : Series, array
        Tier and buying habit of the same accounts.
    rows, columns : str
        The two dimensions of the picture.
    """
    snapshot = keep_present(snapshot)
    frame = pd.DataFrame(
        {
            "industry": _words(snapshot, "industry"),
            "region": _words(snapshot, "region"),
            "habit": habit,
            "key": (tier == "A").to_numpy().astype(int),
        }
    )
    cells = _count(frame, list(DIMENSIONS))
    pairs = _count(frame, [rows, columns])
    overall = float(frame["key"].mean()) if len(frame) else None
    (by_cell, strength), (by_pair, _strength) = _pool(cells), _pool(pairs)
    return PooledTable(rows, columns, by_cell, by_pair, overall, strength)


def _words(snapshot: pd.DataFrame, name: str) -> np.ndarray:
    if name not in snapshot:
        return np.full(len(snapshot), "–", dtype=object)
    return (
        snapshot[name]
        .astype(object)
        .where(snapshot[name].notna(), "–")
        .astype(str)
        .to_numpy(object)
    )


def _count(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return (
        frame.groupby(by, observed=True, sort=True)["key"]
        .agg(n_accounts="size", n_key="sum")
        .reset_index()
    )


def _pool(cells: pd.DataFrame) -> tuple[pd.DataFrame, float | None]:
    pooled, strength = pool_shares(cells["n_key"], cells["n_accounts"])
    pooled = pooled.rename(columns={"pooled": "pooled_share"})
    return cells.assign(raw_share=cells["n_key"] / cells["n_accounts"]).join(
        pooled, validate="one_to_one"
    ), strength
