"""How likely is a lost account to come back, by cause and by how long it has been away?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from kamresearch.analysis.causes.reasons import settle_causes
from kamresearch.analysis.churn.losses import Losses

STRENGTH = 3.0
"""Expected returns by which a cause's own factor is drawn towards one."""


@dataclass(frozen=True)
class Returning:
    """How returns come with the days away, and which causes see more of them than others.

    Parameters
    ----------
    days, hazard : array
        The cumulative hazard of a return by days away (Nelson and Aalen), all causes together.
    tail : float
        Its growth a day beyond the last day followed: as in the last horizon before.
    causes : DataFrame
        cause, n, returned, expected, factor: one row a cause.
    rate : float
        Of the losses followed for a whole horizon, the share that was back within it.
    horizon_days : int
        Days ahead of which chances speak.
    """

    days: np.ndarray
    hazard: np.ndarray
    tail: float
    causes: pd.DataFrame
    rate: float
    horizon_days: int

    def chance(self, cause: pd.Series, days_away: pd.Series) -> np.ndarray:
        """Probability of each lost account to be back within the horizon, given that it is still
        away: 1 − exp(−factor × hazard of the horizon ahead of it).
        """
        away = days_away.to_numpy(float)
        ahead = self._cumulated(away + self.horizon_days) - self._cumulated(away)
        factors = self.causes.set_index("cause")["factor"]
        own = cause.fillna("unknown").map(factors).fillna(1.0).to_numpy(float)
        return 1 - np.exp(-own * ahead)

    def _cumulated(self, days: np.ndarray) -> np.ndarray:
        step = self.hazard[np.searchsorted(self.days, days, side="right") - 1]
        return step + self.tail * np.clip(days - self.days[-1], 0, None)


def measure_returning(losses: Losses, horizon_days: int) -> Returning:
    """How soon do lost accounts come back, and over which causes more often?

    Everybody lost counts for as long as it was followed: until its return, else until the day of
    the record. A cause's factor is its returns over those that all causes' hazard would let expect
    of it, drawn towards one by the weight of `STRENGTH` expected returns (a standardised ratio
    under a gamma prior). Where nobody ever came back, half a return is spread over all days away.
    """
    frame = settle_causes(losses.frame.dropna(subset=["churn_date"]))
    back = frame["return_date"].notna()
    until = frame["return_date"].fillna(losses.as_of)
    away = (until - frame["churn_date"]).dt.days.clip(lower=1).to_numpy(float)
    days, hazard = _nelson_aalen(away, back.to_numpy())
    last = days[-1]
    before = hazard[np.searchsorted(days, max(last - horizon_days, 0.0), side="right") - 1]
    tail = float((hazard[-1] - before) / min(horizon_days, last)) if last else 0.0
    expected = hazard[np.searchsorted(days, away, side="right") - 1]
    told = frame.assign(returned=back, expected=expected).groupby("cause", as_index=False)
    causes = told.agg(
        n=("returned", "size"), returned=("returned", "sum"), expected=("expected", "sum")
    )
    causes["factor"] = (causes["returned"] + STRENGTH) / (causes["expected"] + STRENGTH)
    whole = frame["churn_date"] + pd.Timedelta(days=horizon_days) <= losses.as_of
    soon = whole & back & (away <= horizon_days)
    rate = (int(soon.sum()) + 0.5) / (int(whole.sum()) + 1)
    return Returning(days, hazard, tail, causes, rate, horizon_days)


def _nelson_aalen(away: np.ndarray, back: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days away, from nought to the last day followed, and the cumulative hazard on each."""
    if not len(away):
        return np.zeros(1), np.zeros(1)
    end = float(away.max())
    if not back.any():
        return np.array([0.0, *np.unique(away)]), 0.5 / away.sum() * np.array(
            [0.0, *np.unique(away)]
        )
    curve = SurvfuncRight(away, back.astype(int))
    days = np.array([0.0, *curve.surv_times])
    hazard = np.array([0.0, *np.cumsum(curve.n_events / curve.n_risk)])
    return (
        (days, hazard) if days[-1] == end else (np.append(days, end), np.append(hazard, hazard[-1]))
    )
