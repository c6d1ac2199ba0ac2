"""How far a year's revenue could have fallen out otherwise: draws of each account's yearly
revenue.
"""

import numpy as np
import pandas as pd

LEAST_SPREAD = 1e-9
BLOCK = 20_000
"""Accounts whose draws are held at once: the draws of all would fill the memory."""


def revenue_spread(snapshot: pd.DataFrame, moments: pd.DataFrame | None = None) -> np.ndarray:
    """Standard error of each account's revenue of twelve months, as a sum over orders that might
    have come or not.

    A bootstrap over orders (each order counted a Poisson number of times) has the variance Σ
    revenue². Without the
    orders' squares (``moments``: account_id, revenue_squares_12m) equal orders are assumed:
    revenue² / n.
    """
    revenue = snapshot["revenue_12m"].fillna(0.0).to_numpy(float)
    n = np.maximum(snapshot["n_orders_12m"].fillna(0).to_numpy(float), 1.0)
    squares = revenue**2 / n
    if moments is not None:
        known = (
            moments.set_index("account_id")["revenue_squares_12m"]
            .reindex(snapshot["account_id"])
            .to_numpy(float)
        )
        squares = np.where(np.isfinite(known), known, squares)
    return np.sqrt(np.maximum(squares, 0.0))


class RevenueDraws:
    """Revenue of twelve months as it might have been, drawn as often as wanted.

    Gamma draws with the account's own mean and spread for positive revenue (it stays positive);
    accounts with no or negative revenue keep it.
    """

    def __init__(self, snapshot: pd.DataFrame, moments: pd.DataFrame | None = None) -> None:
        self.mean = snapshot["revenue_12m"].fillna(0.0).to_numpy(float)
        spread = revenue_spread(snapshot, moments)
        self.positive = (self.mean > 0) & (spread > LEAST_SPREAD)
        ratio = self.mean / np.where(self.positive, spread, 1.0)
        self.shape = np.where(self.positive, ratio**2, 1.0)
        self.scale = np.where(self.positive, self.mean, 0.0) / self.shape

    def draw(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draws × accounts, from where the generator stands: many at once are the same as one after
        the other, which holds less memory.
        """
        drawn = rng.gamma(self.shape, 1.0, size=(draws, len(self.mean))) * self.scale
        return np.where(self.positive, drawn, self.mean)


def draw_revenue(
    snapshot: pd.DataFrame,
    draws: int,
    seed: int | np.random.Generator,
    moments: pd.DataFrame | None = None,
) -> np.ndarray:
    """Draws × accounts, as `RevenueDraws` says. A generator is drawn from where it stands."""
    return RevenueDraws(snapshot, moments).draw(draws, np.random.default_rng(seed))
