"""How likely is a lost account to come back, by cause and by how long it has been away?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.causes.reasons import settle_causes
from kamresearch.analysis.churn.losses import Losses

EDGES = (0, 90, 180, 365, 730)
"""Days away at which a new class begins."""
STRENGTH = 10.0
"""Cases by which a cause's own share of returns is drawn towards that of all causes."""


@dataclass(frozen=True)
class Returning:
    """Share back within the horizon among those still away, by cause and class of days away."""

    shares: pd.DataFrame
    """cause, away_from, n, returned, chance"""

    def chance(self, cause: pd.Series, days_away: pd.Series) -> np.ndarray:
        """Probability of each lost account to be back within the horizon."""
        place = np.searchsorted(EDGES, days_away.to_numpy(float), side="right") - 1
        known = self.shares.set_index(["cause", "away_from"])["chance"]
        keys = zip(cause.fillna("unknown"), (EDGES[max(one, 0)] for one in place), strict=True)
        return np.array([known.get(key, np.nan) for key in keys], dtype=float)


def measure_returning(losses: Losses, horizon_days: int) -> Returning:
    """How many of those away for so long were back within the horizon, cause by cause?

    Only losses of which the whole horizon after the class's first day has passed count, so that
    nobody is called away who may still return. A cause's share is drawn towards all causes' by the
    weight of ten cases; a class that nobody has passed yet takes the share of the class before.
    """
    frame = settle_causes(losses.frame.dropna(subset=["churn_date"]))
    left, back = frame["churn_date"], frame["return_date"]
    rows, before = [], None
    for edge in EDGES:
        start = left + pd.Timedelta(days=edge)
        end = start + pd.Timedelta(days=horizon_days)
        followed = (end <= losses.as_of) & (back.isna() | (back > start))
        came = followed & (back <= end)
        n, k = int(followed.sum()), int(came.sum())
        overall = (k + 0.5) / (n + 1) if n else before
        before = overall
        if overall is None:
            continue
        for cause in sorted(set(frame["cause"]) | {"unknown"}):
            own = (frame["cause"] == cause).to_numpy()
            n_own, k_own = int(followed[own].sum()), int(came[own].sum())
            chance = (k_own + STRENGTH * overall) / (n_own + STRENGTH)
            rows.append((cause, edge, n_own, k_own, chance))
    columns = ["cause", "away_from", "n", "returned", "chance"]
    return Returning(pd.DataFrame(rows, columns=columns))
