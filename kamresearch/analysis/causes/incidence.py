"""Competing risks: how many have left for each cause after so long, with nobody counted twice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

from kamresearch.analysis.churn.survival import (
    LEVEL,
    check_durations,
    most_when_all_lost,
    risk_table,
    until_next,
)
from kamresearch.errors import AnalysisError


def cumulative_incidence(
    durations: np.ndarray,
    causes: Sequence,
    names: Sequence[str] | None = None,
    entry: np.ndarray | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Which share has left for each cause after so long?

    Parameters
    ----------
    durations : array
        Time until loss or until last seen.
    causes : sequence of text or None
        Cause of the loss; None where the account is still there.
    names : sequence of text, optional
        Causes in the order to report; all that occur, sorted, by default.
    entry : array, optional
        Time from which each case was watched (late entry).
    level : float
        Of the interval (log-log scale; exact while none and once all are lost for a cause).

    Returns
    -------
    DataFrame
        begins, time, at_risk, effective, survival, and per cause ``<cause>``, ``<cause>_se``,
        ``<cause>_low``,
        ``<cause>_high``: one row a distinct time. Over the causes the incidences sum to one minus
        survival. Ties are
        counted, never moved apart, so that equal data give equal bits. With late entry the curves
        begin and end where
        `kamresearch.churn.kaplan_meier` does, and speak of those still there at ``begins``.

    Raises
    ------
    AnalysisError
        A cause that is not among the names, or times that cannot be.

    Notes
    -----
    Aalen–Johansen estimator: I_k(t) = Σ_{s≤t} S(s−) d_k(s)/n(s). One minus the Kaplan–Meier curve
    of a single cause,
    which takes losses for other causes as still at risk, overstates it.

    No loss for a cause so far: the upper bound is 1 − (α/2)^(1/m) with m (``effective``) the fewest
    watched so far over
    the share still there then, which without late entry is the number of all cases, less those no
    longer followed.
    """
    durations = np.asarray(durations, float)
    check_durations(durations, entry)
    present = sorted({str(cause) for cause in causes if cause is not None and cause == cause})
    names = list(names) if names is not None else present
    foreign = set(present) - set(names)
    if foreign:
        raise AnalysisError(
            "causes",
            f"causes out of {', '.join(names)}",
            f"{', '.join(sorted(foreign)[:3])}",
            "name them all",
        )
    number = {name: place + 1 for place, name in enumerate(names)}
    codes = np.array(
        [
            number.get(str(cause), 0) if cause is not None and cause == cause else 0
            for cause in causes
        ]
    )
    risk = risk_table(durations, codes, len(names), entry)
    n, tail = risk.at_risk, (1 - level) / 2
    total = np.sum(risk.events, axis=0) if risk.events else np.zeros(len(n))
    survival = np.cumprod(1 - total / n)
    still = np.r_[1.0, survival[:-1]]
    before = still / n
    effective = np.minimum.accumulate(
        np.divide(risk.lowest, still, out=np.full(len(n), np.inf), where=still > 0)
    )
    frame = {
        "begins": risk.begins,
        "time": risk.time,
        "at_risk": n.astype(int),
        "effective": effective,
        "survival": survival,
    }
    most = 1 - tail ** (1 / until_next(effective))
    z = norm.ppf((1 + level) / 2)
    for name, deaths in zip(names, risk.events, strict=True):
        incidence = np.cumsum(before * deaths)
        error = _standard_error(incidence, before, n, total, deaths)
        frame |= {name: incidence, f"{name}_se": error}
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            width = z * error / (incidence * np.abs(np.log(incidence)))
            low, high = incidence ** np.exp(width), incidence ** np.exp(-width)
        none, all_ = incidence == 0, (survival <= 0) & (np.cumsum(deaths) == np.cumsum(total))
        frame |= {
            f"{name}_low": np.select(
                [none, all_], [0.0, 1 - most_when_all_lost(n, total, tail)], low
            ),
            f"{name}_high": np.select([none, all_], [most, 1.0], high),
        }
    return pd.DataFrame(frame)


def _standard_error(
    incidence: np.ndarray, before: np.ndarray, n: np.ndarray, total: np.ndarray, deaths: np.ndarray
) -> np.ndarray:
    """Delta-method standard error; where all who remain are lost at once, those terms are left
    out.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        all_risk = np.where(n > total, total / (n * (n - total)), 0.0)
    own = (n - deaths) * deaths / n
    share = before * deaths / n
    variance = incidence**2 * np.cumsum(all_risk) - 2 * incidence * np.cumsum(incidence * all_risk)
    variance += np.cumsum(incidence**2 * all_risk) + np.cumsum(before**2 * own)
    variance += -2 * incidence * np.cumsum(share) + 2 * np.cumsum(incidence * share)
    return np.sqrt(np.clip(variance, 0, None))


def incidence_at(
    curves: pd.DataFrame, cause: str, time: float
) -> tuple[float, float, float] | None:
    """Incidence, low, high of a cause at a time; None before the curves begin and after they
    end.
    """
    if curves.empty or not curves["begins"].iloc[0] <= time <= curves["time"].iloc[-1]:
        return None
    place = int(np.searchsorted(curves["time"].to_numpy(), time, side="right")) - 1
    if place < 0:
        nobody_yet = 1 - ((1 - LEVEL) / 2) ** (1 / curves["effective"].iloc[0])
        return 0.0, 0.0, 0.0 if time == curves["begins"].iloc[0] else float(nobody_yet)
    row = curves.iloc[place]
    return float(row[cause]), float(row[f"{cause}_low"]), float(row[f"{cause}_high"])
