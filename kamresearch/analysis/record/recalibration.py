"""Recalibration: would the company's own record have made later probabilities better?"""

from typing import Any

import numpy as np
import pandas as pd

from kamresearch.display import Column
from kamresearch.language import Text
from kamresearch.language import message as _

ENOUGH_EVENTS = 50
"""Events, and accounts without one, in the windows learned from: two numbers are fitted to them."""
FEWEST_WINDOWS = 2
"""Windows that do not overlap: one to learn from, one to be tried on."""
VERDICTS: dict[str, Text] = {
    "helps": _("better by the record"),
    "no_gain": _("not shown to be better: keep as told"),
    "too_few": _("too little record to learn from"),
}
COLUMNS = ["prediction", "n_windows", "events", "n_tried", "before", "after", "gain", "low", "high"]
COLUMNS += ["told", "adjusted", "seen", "verdict"]
_EDGE = 1e-6


BEFORE_AND_AFTER = (
    Column("n_windows", _("Windows"), "count"),
    Column("events", _("Events"), "count"),
    Column("told", _("Told"), "share"),
    Column("adjusted", _("Adjusted"), "share"),
    Column("seen", _("Came"), "share"),
    Column("before", _("Brier score as told"), "score"),
    Column("after", _("Brier score adjusted"), "score"),
)
"""Columns of a table of earlier windows, as told and as adjusted."""


def recalibrate(
    frame: pd.DataFrame, n_resamples: int = 500, rng: np.random.Generator | None = None
) -> pd.DataFrame:
    """Are probabilities better once they are adjusted by the windows that came due before?

    Scored probabilities, windows that do not overlap → a row for each prediction: n_windows,
    events and n_tried (statements that were adjusted), before and after (Brier score of these),
    gain (before less after) with its 95 % interval by drawing accounts again, told, adjusted and
    seen (mean probability before, after, and share that came), verdict.

    Parameters
    ----------
    frame : DataFrame
        prediction, account_id, issued, due, value, actual.
    n_resamples : int
        Draws.
    rng : Generator
        Of the draws.

    Notes
    -----
    Logistic recalibration (Cox 1958): logit p′ = a + b logit p, fitted on all windows that were due
    before the day of issue and tried on the next; a statement never helps to judge itself. **The
    rule**: at least `FEWEST_WINDOWS` windows, at least `ENOUGH_EVENTS` events and as many accounts
    without one to learn from, b above nought, and a gain whose interval lies above nought. Else the
    probabilities stay as they are told.
    """
    rng = rng or np.random.default_rng(0)
    rows = [
        {"prediction": prediction, **_try(group, n_resamples, rng)}
        for prediction, group in frame.groupby("prediction", sort=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _try(group: pd.DataFrame, n_resamples: int, rng: np.random.Generator) -> dict:
    tried = [
        part.assign(adjusted=adjust(part["value"], *learn(known)))
        for issued, part in group.groupby("issued", sort=True)
        for known in [group[group["due"] <= issued]]
        if _is_enough(known["actual"])
    ]
    found = {
        "n_windows": len(group[["issued", "due"]].drop_duplicates()),
        "events": int(group["actual"].sum()),
        "n_tried": sum(map(len, tried)),
        "verdict": "too_few",
    }
    if found["n_windows"] < FEWEST_WINDOWS or not tried:
        return found
    both = pd.concat(tried)
    before = (both["value"] - both["actual"]) ** 2
    after = (both["adjusted"] - both["actual"]) ** 2
    low, high = _interval(before - after, both["account_id"], n_resamples, rng)
    return found | {
        "before": float(before.mean()),
        "after": float(after.mean()),
        "gain": float((before - after).mean()),
        "low": low,
        "high": high,
        "told": float(both["value"].mean()),
        "adjusted": float(both["adjusted"].mean()),
        "seen": float(both["actual"].mean()),
        "verdict": "helps" if low > 0 else "no_gain",
    }


def _is_enough(actual: Any) -> bool:
    return min(actual.sum(), (1 - actual).sum()) >= ENOUGH_EVENTS


def _logit(chance: pd.Series) -> np.ndarray:
    told = chance.clip(_EDGE, 1 - _EDGE).to_numpy(float)
    return np.log(told / (1 - told))


def learn(known: pd.DataFrame) -> tuple[float, float]:
    """Intercept and slope of logit p′ = a + b logit p from what came; 0 and 1, which leave
    everything as told, where the record would turn the order round.
    """
    from sklearn.linear_model import LogisticRegression

    # The weak pull only keeps the fit finite; at the events asked for it moves nothing.
    model = LogisticRegression(C=1e6).fit(_logit(known["value"])[:, None], known["actual"])
    intercept, slope = float(model.intercept_[0]), float(model.coef_[0, 0])
    return (intercept, slope) if slope > 0 else (0.0, 1.0)


def adjust(chance: pd.Series, intercept: float, slope: float) -> np.ndarray:
    """Probabilities as the record would have them; missing ones stay missing."""
    return 1 / (1 + np.exp(-intercept - slope * _logit(chance)))


def _interval(
    gain: pd.Series, account: pd.Series, n_resamples: int, rng: np.random.Generator
) -> tuple[float, float]:
    sums = gain.groupby(account.to_numpy()).agg(["sum", "size"]).to_numpy(float)
    draws = sums[rng.integers(len(sums), size=(n_resamples, len(sums)))].sum(axis=1)
    low, high = np.quantile(draws[:, 0] / draws[:, 1], [0.025, 0.975])
    return float(low), float(high)
