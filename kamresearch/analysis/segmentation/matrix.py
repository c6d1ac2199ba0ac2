"""Value × potential: where an account stands today against what it could buy, with how sure
its cell is.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.segmentation.draws import BLOCK, draw_revenue
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import keep_present
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

CELLS = {
    "defend": _("large, little left to win"),
    "grow": _("large, much left to win"),
    "develop": _("small, much left to win"),
    "serve": _("small, little left to win"),
}
"""Cell → its words. They describe: what to do with an account, the list of decisions says."""
LEAST = 4
POTENTIAL_ERROR = 0.25
"""Standard deviation of the logarithm of a judged potential: it may be a quarter off either way."""


@dataclass(frozen=True)
class ValueMatrix(Result):
    """Every account with a judged potential in its cell; the others counted."""

    exports = ("segmentation.growth_headroom", "segmentation.cell_certainty")
    shows = (Shown("segmentation.value_potential"), Shown("segmentation.cells", "table"))

    frame: pd.DataFrame
    """account_id, account_name, revenue_12m, revenue_low, revenue_high (90 %), potential_revenue,
    headroom, cell,
    probability_cell"""
    value_cut: float | None
    headroom_cut: float | None
    n_accounts: int
    n_without_potential: int
    cells: pd.DataFrame
    """cell, n_accounts, revenue_12m, headroom, sure_share"""

    @property
    def reason(self) -> Text | None:
        """Why accounts cannot be placed; None where they can."""
        few = _("Fewer than four accounts have a judged potential.")
        return few if self.value_cut is None else None

    def findings(self) -> list[Finding]:
        """Demand that key cells still buy elsewhere."""
        known = self.value_cut is not None
        reason = self.reason
        grow = self.frame[self.frame["cell"] == "grow"] if known else self.frame
        headroom = float(grow["headroom"].sum()) if known else None
        return [
            Finding(
                "segmentation.growth_headroom",
                headroom,
                "money",
                _("Judged demand of large accounts beyond what they buy"),
                _(
                    "Judged yearly potential less revenue over twelve months, summed over "
                    "the large accounts with much left to win."
                ),
                n=len(grow) if known else 0,
                good="up",
                figure="segmentation.value_potential",
                reason=reason,
                sentence=None
                if not known
                else _(
                    "By the potential that people have judged, {n} large accounts present could "
                    "buy {money} a year more than they do; nobody has measured it.",
                    n=Quantity(len(grow), "accounts"),
                    money=Quantity(headroom, "money"),
                ),
            ),
            Finding(
                "segmentation.cell_certainty",
                float(self.frame["probability_cell"].mean()) if known else None,
                "share",
                _("How sure an account's cell is"),
                _(
                    "Mean probability that an account belongs to the cell that it is shown "
                    "in, over draws of its orders and of "
                    "its judged potential (a quarter off either way)."
                ),
                n=len(self.frame),
                good="up",
                figure="segmentation.value_potential",
                reason=reason,
            ),
        ]

    def table(self) -> Table:
        """The accounts behind each cell."""
        return make_table(
            "segmentation.cells",
            _("Accounts behind each cell"),
            self.frame,
            "account_id",
            "account_name",
            Column("cell", _("Cell"), terms=CELLS),
            Column("probability_cell", _("How sure"), "probability"),
            Column("revenue_12m", _("Revenue in twelve months"), "money"),
            Column("potential_revenue", _("Judged potential"), "money"),
            Column("headroom", _("Demand bought elsewhere"), "money"),
            caption=_(
                "{n} accounts have no judged potential and are not shown.",
                n=Quantity(self.n_without_potential, "accounts"),
            ),
            rows_shown=15,
        )


def place_in_matrix(
    snapshot: pd.DataFrame,
    moments: pd.DataFrame | None = None,
    random_state: int = 0,
    n_resamples: int = 400,
) -> ValueMatrix:
    """Which accounts are large, and of which is much left to win?

    Parameters
    ----------
    snapshot : DataFrame
        account_id, account_name, revenue_12m, n_orders_12m, potential_revenue.
    moments : DataFrame, optional
        account_id, revenue_squares_12m.
    random_state, n_resamples : int
        Of the draws of orders and of the judged potential.

    Notes
    -----
    Large means in the upper half by revenue among the accounts with a potential; much left means in
    the upper half by
    headroom (potential less revenue, never below zero).
    """
    snapshot = keep_present(snapshot)
    potential = (
        pd.to_numeric(snapshot["potential_revenue"]).astype("Float64").astype(float)
        if "potential_revenue" in snapshot
        else pd.Series(np.nan, snapshot.index)
    )
    known = (potential > 0).to_numpy()
    base = snapshot[known].reset_index(drop=True)
    revenue = base["revenue_12m"].fillna(0.0).to_numpy(float)
    frame = pd.DataFrame(
        {
            "account_id": base["account_id"],
            "account_name": base["account_name"] if "account_name" in base else base["account_id"],
            "revenue_12m": revenue,
            "potential_revenue": potential[known].to_numpy(),
        }
    )
    frame["headroom"] = np.maximum(frame["potential_revenue"] - revenue, 0.0)
    if len(base) < LEAST:
        empty = frame.head(0).assign(
            cell=None, probability_cell=np.nan, revenue_low=np.nan, revenue_high=np.nan
        )
        return ValueMatrix(empty, None, None, len(snapshot), int((~known).sum()), _summarise(empty))
    value_cut, headroom_cut = float(np.median(revenue)), float(np.median(frame["headroom"]))
    frame["cell"] = _cell(revenue, frame["headroom"].to_numpy(), value_cut, headroom_cut)
    generators = np.random.default_rng(random_state), np.random.default_rng([random_state, 2])
    parts = [
        _draw_cells(
            frame.iloc[start : start + BLOCK],
            base.iloc[start : start + BLOCK],
            moments,
            (value_cut, headroom_cut),
            generators,
            n_resamples,
        )
        for start in range(0, len(frame), BLOCK)
    ]
    frame[["probability_cell", "revenue_low", "revenue_high"]] = np.concatenate(parts)
    order = {cell: place for place, cell in enumerate(CELLS)}
    frame = frame.sort_values(
        ["cell", "revenue_12m", "account_id"],
        ascending=[True, False, True],
        ignore_index=True,
        key=lambda column: column.map(order) if column.name == "cell" else column,
    )
    return ValueMatrix(
        frame, value_cut, headroom_cut, len(snapshot), int((~known).sum()), _summarise(frame)
    )


def _draw_cells(
    frame: pd.DataFrame,
    snapshot: pd.DataFrame,
    moments: pd.DataFrame | None,
    cuts: tuple[float, float],
    generators: tuple[np.random.Generator, np.random.Generator],
    draws: int,
) -> np.ndarray:
    """Chance of the cell shown and 90 % bounds of revenue, one row an account, over draws of
    orders and of the potential.
    """
    of_orders, of_potential = generators
    drawn = draw_revenue(snapshot, draws, of_orders, moments)
    judged = frame["potential_revenue"].to_numpy() * of_potential.lognormal(
        0.0, POTENTIAL_ERROR, size=drawn.shape
    )
    cells = _cell(drawn, np.maximum(judged - drawn, 0.0), *cuts)
    chance = (cells == frame["cell"].to_numpy(object)).mean(axis=0)
    return np.column_stack([chance, *np.quantile(drawn, [0.05, 0.95], axis=0)])


def _cell(
    value: np.ndarray, headroom: np.ndarray, value_cut: float, headroom_cut: float
) -> np.ndarray:
    large, much = value > value_cut, headroom > headroom_cut
    return np.select([large & much, large, much], ["grow", "defend", "develop"], "serve").astype(
        object
    )


def _summarise(frame: pd.DataFrame) -> pd.DataFrame:
    groups = frame.groupby("cell", observed=True, sort=False)
    found = groups.agg(
        n_accounts=("account_id", "size"),
        revenue_12m=("revenue_12m", "sum"),
        headroom=("headroom", "sum"),
        sure_share=("probability_cell", lambda p: float((p >= 0.9).mean())),
    )
    return (
        found.reindex([cell for cell in CELLS if cell in found.index])
        .rename_axis("cell")
        .reset_index()
    )
