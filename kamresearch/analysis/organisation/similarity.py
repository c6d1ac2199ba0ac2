"""How alike the books of two managers are: by region, channel and industry, weighted by
revenue and by count.
"""

import numpy as np
import pandas as pd

TRAITS = ("region", "channel", "industry")


def book_profiles(accounts: pd.DataFrame, managers: list[str]) -> np.ndarray:
    """Manager × trait value: how much of the book (half by revenue, half by count) lies there;
    unknown values stay out.
    """
    parts = []
    for trait in TRAITS:
        known = accounts[accounts[trait].notna() & accounts["manager_id"].isin(managers)]
        if known.empty:
            continue
        count = pd.crosstab(known["manager_id"], known[trait], normalize="index")
        revenue = known.pivot_table(
            index="manager_id", columns=trait, values="revenue_12m", aggfunc="sum", observed=True
        ).fillna(0.0)
        total = revenue.sum(axis=1)
        revenue = revenue.div(total.where(total > 0), axis=0)
        both = (
            (count + revenue.reindex_like(count))
            .div(2)
            .where(revenue.reindex_like(count).notna(), count)
        )
        parts.append(both.reindex(managers).fillna(0.0).to_numpy())
    return np.hstack(parts) if parts else np.zeros((len(managers), 1))


def book_similarity(accounts: pd.DataFrame, managers: list[str]) -> pd.DataFrame:
    """Cosine of the profiles of each two managers: 1 the same kind of book, 0 nothing in common."""
    profiles = book_profiles(accounts, managers)
    norms = np.linalg.norm(profiles, axis=1, keepdims=True)
    unit = np.divide(profiles, norms, out=np.zeros_like(profiles), where=norms > 0)
    return pd.DataFrame(np.clip(unit @ unit.T, 0, 1), index=managers, columns=managers)
