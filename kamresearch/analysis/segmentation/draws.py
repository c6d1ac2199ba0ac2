"""How far a year's revenue could have fallen out otherwise: draws of each account's yearly
revenue.
"""

import numpy as np
import pandas as pd

LEAST_SPREAD = 1e-9


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


def draw_revenue(
    snapshot: pd.DataFrame,
    draws: int,
    seed: int | np.random.Generator,
    moments: pd.DataFrame | None = None,
) -> np.ndarray:
    """Draws × accounts: revenue of twelve months as it might have been.

    Gamma draws with the account's own mean and spread for positive revenue (it stays positive);
    accounts with no or
    negative revenue keep it. A generator is drawn from where it stands.
    """
    rng = np.random.default_rng(seed)
    mean = snapshot["revenue_12m"].fillna(0.0).to_numpy(float)
    spread = revenue_spread(snapshot, moments)
    positive = (mean > 0) & (spread > LEAST_SPREAD)
    shape = np.where(positive, (mean / np.where(positive, spread, 1.0)) ** 2, 1.0)
    scale = np.where(positive, mean, 0.0) / shape
    drawn = rng.gamma(shape, 1.0, size=(draws, len(mean))) * scale
    return np.where(positive, drawn, mean)
