"""Cross tables with small cells: each cell's rate drawn towards the whole as far as its number of accounts demands."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.segmentation.rfm import HABITS
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import message as _
from kamresearch.result import Result

LEAST_CELL = 10
DIMENSIONS = ("industry", "region", "habit")


@dataclass(frozen=True)
class PooledTable(Result):
    """Share of key accounts by industry × region × buying habit, raw and pooled."""

    rows: str
    columns: str
    frame: pd.DataFrame
    """industry, region, habit, n_accounts, n_key, raw_share, pooled_share, low, high (95 %)"""
    by_pair: pd.DataFrame
    """rows, columns, n_accounts, n_key, raw_share, pooled_share"""
    overall: float | None
    prior_strength: float | None
    """How many accounts the pooled mean weighs: a cell of that size lies half way."""

    def findings(self) -> list[Finding]:
        """How many cells are too small to stand alone."""
        small = float((self.frame["n_accounts"] < LEAST_CELL).mean()) if len(self.frame) else None
        return [Finding("segmentation.small_cells_share", small, "share", _("Cells too small to stand alone"),
                        _("Cells of industry × region × buying habit with fewer than ten accounts, over all cells that hold an "
                          "account."), n=len(self.frame), n_unit="count", figure="segmentation.cross_table",
                        reason=None if small is not None else _("There is no account."))]  # fmt: skip

    def table(self) -> Table:
        """Every cell, raw and pooled."""
        return make_table(
            "segmentation.cross_table", _("Key accounts by industry, region and buying habit"), self.frame, "industry", "region",
            Column("habit", _("Buying habit"), terms=HABITS), "n_accounts", Column("n_key", _("Key accounts"), "accounts"),
            Column("raw_share", _("Share as counted"), "share"), Column("pooled_share", _("Share, pooled"), "share"),
            Column("low", _("Lower bound"), "share"), Column("high", _("Upper bound"), "share"),
            caption=_("The pooled share draws small cells towards the mean of all accounts (beta-binomial); bounds hold 95%."),
            rows_shown=30,
        )  # fmt: skip


def pool_cross_table(snapshot: pd.DataFrame, tier: pd.Series, habit: np.ndarray, rows: str = "industry",
                     columns: str = "region") -> PooledTable:  # fmt: skip
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
    frame = pd.DataFrame({
        "industry": _words(snapshot, "industry"), "region": _words(snapshot, "region"), "habit": habit,
        "key": (tier == "A").to_numpy().astype(int),
    })  # fmt: skip
    cells = _count(frame, list(DIMENSIONS))
    pairs = _count(frame, [rows, columns])
    overall = float(frame["key"].mean()) if len(frame) else None
    strength = fit_strength(cells["n_key"].to_numpy(float), cells["n_accounts"].to_numpy(float)) if len(cells) else None
    pair_strength = (
        fit_strength(pairs["n_key"].to_numpy(float), pairs["n_accounts"].to_numpy(float)) if len(pairs) else None
    )
    return PooledTable(
        rows, columns, _pool(cells, overall, strength), _pool(pairs, overall, pair_strength), overall, strength
    )


def fit_strength(successes: np.ndarray, trials: np.ndarray) -> float:
    """Strength of a beta prior at the overall mean, by maximum likelihood of the beta-binomial; large where cells agree."""
    from scipy.optimize import minimize_scalar
    from scipy.special import betaln

    mean = np.clip(successes.sum() / max(trials.sum(), 1), 1e-6, 1 - 1e-6)

    def cost(log_strength: float) -> float:
        a, b = mean * np.exp(log_strength), (1 - mean) * np.exp(log_strength)
        return -float((betaln(a + successes, b + trials - successes) - betaln(a, b)).sum())

    return float(np.exp(minimize_scalar(cost, bounds=(-1.0, 8.0), method="bounded").x))


def _words(snapshot: pd.DataFrame, name: str) -> np.ndarray:
    if name not in snapshot:
        return np.full(len(snapshot), "–", dtype=object)
    return snapshot[name].astype(object).where(snapshot[name].notna(), "–").astype(str).to_numpy(object)


def _count(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return frame.groupby(by, observed=True, sort=True)["key"].agg(n_accounts="size", n_key="sum").reset_index()


def _pool(cells: pd.DataFrame, overall: float | None, strength: float | None) -> pd.DataFrame:
    from scipy.stats import beta

    if overall is None or strength is None:
        return cells.assign(raw_share=[], pooled_share=[], low=[], high=[])
    mean = float(np.clip(overall, 1e-6, 1 - 1e-6))
    a = mean * strength + cells["n_key"]
    b = (1 - mean) * strength + cells["n_accounts"] - cells["n_key"]
    return cells.assign(raw_share=cells["n_key"] / cells["n_accounts"], pooled_share=a / (a + b), low=beta.ppf(0.025, a, b),
                        high=beta.ppf(0.975, a, b))  # fmt: skip
