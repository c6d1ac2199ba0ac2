"""How likely is each account to leave, by signals that have foretold losses in this company."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta

from kamresearch.analysis.churn.losses import are_among
from kamresearch.analysis.decisions.history import (
    LEAST_MONTHS,
    SIGNALS,
    History,
    describe_past,
)
from kamresearch.language import message as _

CUTOFFS, STEP_DAYS = 6, 182
"""Earlier days learned from, and the days between them."""
LEAST_LOSSES = 15
"""Fewer losses teach nothing: everybody gets the company's own rate."""

SIGNAL_TERMS = {
    "fading": _("orders fall behind the account's own level"),
    "silence": _("silent for longer than usual"),
    "fall": _("revenue fell on the year before"),
    "complaints": _("complaints within twelve months"),
    "delays": _("late deliveries within twelve months"),
    "dissatisfaction": _("low satisfaction"),
    "contract_end": _("contract ends within half a year"),
    "manager_changes": _("change of manager within two years"),
    "no_manager": _("no manager in charge"),
    "young": _("young relation"),
    "small": _("small account"),
}


@dataclass(frozen=True)
class Risk:
    """Probability of leaving of each account there, and how far each signal has shown a lift.

    Parameters
    ----------
    chance : Series
        account_id → probability of leaving within the horizon.
    signals : DataFrame
        signal, n, n_lost, rate, lift, low, high, used: accounts at earlier days that showed the
        signal (a count above nought, or the highest fifth), against all.
    base_rate : float or None
        Share of all accounts at those days that were lost within the horizon; None without any day.
    frame : DataFrame
        The signals of today, one row an account.
    """

    chance: pd.Series
    signals: pd.DataFrame
    base_rate: float | None
    n_cases: int
    n_lost: int
    frame: pd.DataFrame

    @property
    def used(self) -> tuple[str, ...]:
        """Signals with shown lift."""
        return tuple(self.signals.loc[self.signals["used"], "signal"])

    def why(self, account_id: str) -> str | None:
        """The used signal that this account shows most strongly; None where it shows none."""
        shown = self.shown.get(account_id)
        return shown or None

    @property
    def shown(self) -> dict[str, str]:
        """account_id → its strongest used signal."""
        if not self.used or self.frame.empty:
            return {}
        lifts = self.signals.set_index("signal")["lift"]
        marks = pd.DataFrame(
            {
                name: np.where(flag_signal(self.frame[name], name), lifts[name], 0.0)
                for name in self.used
                if name in self.frame
            },
            index=self.frame.index,
        )
        best = marks.idxmax(axis=1)
        return best[marks.max(axis=1) > 0].to_dict()


def flag_signal(values: pd.Series, name: str) -> np.ndarray:
    """Which accounts show a signal: a count above nought, else the highest fifth."""
    values = values.to_numpy(float)
    if name in ("complaints", "delays", "contract_end", "manager_changes", "no_manager"):
        return values > 0
    if not len(values) or np.ptp(values) == 0:
        return np.zeros(len(values), dtype=bool)
    return values > np.quantile(values, 0.8)


def assess(history: History, horizon_days: int = 365) -> Risk:
    """How likely is each present account to leave within the horizon?

    The signals of `describe_past` at up to six earlier days whose horizon has passed, and who was
    lost then → a signal is used where its lift over the base rate is above 1 with 97.5 % confidence
    (exact binomial); a ridge logistic regression on the used ones gives the probabilities. Without
    any of them, or with too few losses, everybody gets the company's own rate.
    """
    now = describe_past(history)
    past, lost = _collect(history, horizon_days)
    n, k = len(past), int(lost.sum())
    signals = _lifts(past, lost)
    base = (k + 0.5) / (n + 1) if n else None
    used = [name for name in signals.loc[signals["used"], "signal"] if name in now]
    if k >= LEAST_LOSSES and n - k >= LEAST_LOSSES and used and len(now):
        chance = _fit(past[used], lost, now[used])
    else:
        chance = np.full(len(now), np.nan if base is None else base)
    return Risk(pd.Series(chance, index=now.index), signals, base, n, k, now)


def earlier_day(
    as_of: pd.Timestamp, horizon_days: int, place: int, step_days: int = STEP_DAYS
) -> pd.Timestamp:
    """End of a month, at least the horizon before the day, and a step earlier with each place:
    a month of which only a part was known then would be seen whole.
    """
    day = as_of - pd.Timedelta(days=horizon_days + step_days * place)
    return pd.offsets.MonthEnd().rollback(day)


def _collect(history: History, horizon_days: int) -> tuple[pd.DataFrame, np.ndarray]:
    frames, labels = [], []
    if history.orders.empty:
        return pd.DataFrame(columns=list(SIGNALS)), np.zeros(0, dtype=bool)
    first = history.orders.columns.min() + pd.DateOffset(months=LEAST_MONTHS)
    for place in range(CUTOFFS):
        day = earlier_day(history.as_of, horizon_days, place)
        if day < first:
            break
        then = describe_past(history.until(day))
        gone = history.losses.lost_within(day, day + pd.Timedelta(days=horizon_days))
        frames.append(then)
        labels.append(are_among(then.index, gone))
    if not frames:
        return pd.DataFrame(columns=list(SIGNALS)), np.zeros(0, dtype=bool)
    return pd.concat(frames), np.concatenate(labels)


def _lifts(past: pd.DataFrame, lost: np.ndarray) -> pd.DataFrame:
    names = ["signal", "n", "n_lost", "rate", "lift", "low", "high", "used"]
    if not len(past) or not lost.any():
        return pd.DataFrame({name: [] for name in names}).astype({"used": bool})
    base, rows = lost.mean(), []
    for name in (one for one in SIGNALS if one in past):
        shown = flag_signal(past[name], name)
        n, k = int(shown.sum()), int(lost[shown].sum())
        if not n:
            rows.append((name, 0, 0, np.nan, np.nan, np.nan, np.nan, False))
            continue
        low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
        high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
        bounds = (k / n / base, low / base, high / base)
        rows.append((name, n, k, k / n, *bounds, bool(bounds[1] > 1)))
    return pd.DataFrame(rows, columns=names)


def _fit(past: pd.DataFrame, lost: np.ndarray, now: pd.DataFrame) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    centre, spread = past.mean(), past.std(ddof=0).replace(0, 1.0)

    def scaled(frame: pd.DataFrame) -> np.ndarray:
        return ((frame - centre) / spread).clip(-4, 4).to_numpy(float)

    model = LogisticRegression(C=0.3, max_iter=500).fit(scaled(past), lost)
    return model.predict_proba(scaled(now))[:, 1]
