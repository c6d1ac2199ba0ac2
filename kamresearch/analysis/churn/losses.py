"""What counts as a loss: recorded losses, contracts that were not renewed, or a silence too long for the account."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kamresearch.errors import AnalysisError, DataError, first_offenders
from kamresearch.language import Text
from kamresearch.language import message as _

COLUMNS = ("account_id", "churn_date", "return_date", "cause", "stated_reason", "offer")
KINDS = {
    "recorded": _("recorded losses"),
    "contract": _("contracts that ended and were not renewed"),
    "silence": _("silence longer than the account's own rhythm allows"),
}
SHORTEST_SILENCE, LONGEST_SILENCE = 3, 15
"""Months of silence that never count as a loss, and that always do."""


@dataclass(frozen=True)
class Losses:
    """Losses and returns known by a day.

    Parameters
    ----------
    kind : {"recorded", "contract", "silence"}
        How a loss is told.
    frame : DataFrame
        account_id, churn_date, return_date, cause, stated_reason, offer: one row a loss, in order of account and date.
    set_aside : dict
        Why rows were left out → how many.
    """

    kind: str
    as_of: pd.Timestamp
    frame: pd.DataFrame
    set_aside: dict[str, int] = field(default_factory=dict)

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What was left out, in words."""
        words = {
            "duplicate": _("{n} losses were recorded twice and count once.", n=self.set_aside.get("duplicate", 0)),
            "before_first": _("{n} losses are dated before the account's first day and were set aside.",
                              n=self.set_aside.get("before_first", 0)),
            "return_first": _("{n} returns are dated before their loss; the loss counts, the return does not.",
                              n=self.set_aside.get("return_first", 0)),
            "overlap": _("{n} losses are dated while the account was already away and were set aside.",
                         n=self.set_aside.get("overlap", 0)),
            "unknown_account": _("{n} losses name an account that is not in the data and were set aside.",
                                 n=self.set_aside.get("unknown_account", 0)),
        }  # fmt: skip
        return tuple(text for key, text in words.items() if self.set_aside.get(key))

    def away_at(self, day: pd.Timestamp) -> set[str]:
        """Accounts that had left by a day and not returned by then (both strictly known on that day)."""
        known = self.frame[self.frame["churn_date"] <= day].drop_duplicates("account_id", keep="last")
        back = known["return_date"].notna() & (known["return_date"] <= day)
        return set(known.loc[~back, "account_id"])

    def lost_within(self, start: pd.Timestamp, end: pd.Timestamp) -> set[str]:
        """Accounts lost after ``start`` and by ``end``."""
        inside = (self.frame["churn_date"] > start) & (self.frame["churn_date"] <= end)
        return set(self.frame.loc[inside, "account_id"])


def clean_losses(events: pd.DataFrame, first_seen: pd.Series, as_of: str) -> Losses:
    """Which recorded losses can be used by a day?

    Parameters
    ----------
    events : DataFrame
        account_id, churn_date and, where recorded, return_date, cause, stated_reason, offer: one row a loss.
    first_seen : Series
        account_id → first day as an account (the earlier of onboarding and first order).
    as_of : str
        Nothing later is seen: a later loss is unknown, a later return not yet seen.

    Returns
    -------
    Losses

    Raises
    ------
    DataError
        A required column is missing or a loss has no date.
    """
    day = pd.Timestamp(as_of)
    missing = [name for name in ("account_id", "churn_date") if name not in events]
    if missing:
        raise DataError("churn_events", "columns account_id and churn_date", f"no {', '.join(missing)}", "map them")
    frame = events.reindex(columns=list(COLUMNS)).copy()
    for name in ("churn_date", "return_date"):
        frame[name] = pd.to_datetime(frame[name])
    if frame["churn_date"].isna().any():
        rows = frame.loc[frame["churn_date"].isna(), "account_id"]
        raise DataError(
            "churn_events, column 'churn_date'", "a date in every row", first_offenders(rows), "complete it"
        )
    frame = frame[frame["churn_date"] <= day]
    aside: dict[str, int] = {}
    frame = _drop(frame, frame.duplicated(["account_id", "churn_date"]), "duplicate", aside)
    known = frame["account_id"].map(first_seen)
    frame = _drop(frame, ~frame["account_id"].isin(first_seen.index), "unknown_account", aside)
    frame = _drop(frame, frame["churn_date"] < known.reindex(frame.index), "before_first", aside)
    impossible = frame["return_date"].notna() & (frame["return_date"] < frame["churn_date"])
    if impossible.any():
        aside["return_first"] = int(impossible.sum())
    frame["return_date"] = frame["return_date"].mask(impossible | (frame["return_date"] > day))
    frame = frame.sort_values(["account_id", "churn_date"], kind="stable", ignore_index=True)
    frame = _drop(frame, _while_away(frame), "overlap", aside)
    return Losses("recorded", day, frame.reset_index(drop=True), aside)


def _drop(frame: pd.DataFrame, bad: pd.Series, reason: str, aside: dict[str, int]) -> pd.DataFrame:
    bad = bad.fillna(False).astype(bool)
    if bad.any():
        aside[reason] = int(bad.sum())
    return frame[~bad]


def _while_away(frame: pd.DataFrame) -> pd.Series:
    """Losses of accounts that had not come back since the loss before (which stays)."""
    bad, last_account, last_return = [], None, None
    for row in frame.itertuples():
        away = row.account_id == last_account and (pd.isna(last_return) or row.churn_date < last_return)
        bad.append(away)
        if not away:
            last_account, last_return = row.account_id, row.return_date
    return pd.Series(bad, index=frame.index, dtype=bool)


def losses_from_silence(months: pd.DataFrame, as_of: str, factor: float = 3.0) -> Losses:
    """Who has been silent for longer than their own rhythm allows?

    An account is lost in the month in which its silence exceeds ``factor`` times its own mean gap between months with
    orders so far (shrunk towards all accounts' mean gap by the weight of three gaps; never below 3 nor above 15 months),
    and back in the next month with an order. The loss is dated when it can be known, so later data never change it.

    Parameters
    ----------
    months : DataFrame
        account_id, month, n_orders: one row per account and month, as `kamresearch.account_months` gives it.
    as_of : str
        Last day seen.
    factor : float
        How many of its own gaps an account may stay silent.

    Returns
    -------
    Losses
    """
    if factor <= 0:
        raise AnalysisError("silence factor", "a number above 0", str(factor), "choose 3, say")
    day = pd.Timestamp(as_of)
    seen = months.loc[(months["n_orders"] > 0) & (months["month"] <= day), ["account_id", "month"]]
    seen = seen.sort_values(["account_id", "month"], kind="stable").drop_duplicates()
    index = (seen["month"].dt.year * 12 + seen["month"].dt.month).to_numpy()
    account = seen["account_id"].to_numpy()
    last_index = day.year * 12 + day.month - (0 if day.is_month_end else 1)
    same = np.r_[account[1:] == account[:-1], False] if len(account) else np.array([], bool)
    gap = np.where(same, np.r_[index[1:], 0] - index, -1)
    typical = gap[same & (gap <= LONGEST_SILENCE)].mean() if (same & (gap <= LONGEST_SILENCE)).any() else 3.0
    rows, total, count, current = [], 0.0, 0, None
    for i in range(len(account)):
        if account[i] != current:
            current, total, count = account[i], 0.0, 0
        own = (total + 3 * typical) / (count + 3)
        allowed = int(np.clip(np.ceil(factor * own), SHORTEST_SILENCE, LONGEST_SILENCE))
        silent = gap[i] - 1 if same[i] else last_index - index[i]
        if silent >= allowed:
            back = _month_start(index[i + 1]) if same[i] else pd.NaT
            rows.append((account[i], _month_start(index[i] + allowed) + pd.offsets.MonthEnd(0), back))
        if same[i]:
            total, count = total + min(gap[i], LONGEST_SILENCE), count + 1
    frame = pd.DataFrame(rows, columns=["account_id", "churn_date", "return_date"]).reindex(columns=list(COLUMNS))
    for name in ("churn_date", "return_date"):
        frame[name] = pd.to_datetime(frame[name])
    return Losses("silence", day, frame)


def _month_start(index: int) -> pd.Timestamp:
    year, month = divmod(int(index) - 1, 12)
    return pd.Timestamp(year, month + 1, 1)


def losses_from_contracts(contracts: pd.DataFrame, as_of: str, grace_days: int = 90) -> Losses:
    """Whose contract ended without another one following within the days of grace?

    The loss is dated on the last day of grace, when it can be known; a later contract counts as a return.
    """
    day = pd.Timestamp(as_of)
    frame = contracts[["account_id", "start_date", "end_date"]].dropna()
    frame = frame[frame["start_date"] <= day].sort_values(["account_id", "end_date", "start_date"], kind="stable")
    following = frame.groupby("account_id", sort=False)["start_date"].shift(-1)
    known = frame["end_date"] + pd.Timedelta(days=grace_days)
    lost = (known <= day) & (following.isna() | (following > known))
    result = pd.DataFrame({
        "account_id": frame["account_id"], "churn_date": known,
        "return_date": following.where(following > known),
    })[lost].reindex(columns=list(COLUMNS)).reset_index(drop=True)  # fmt: skip
    result["churn_date"], result["return_date"] = (pd.to_datetime(result[n]) for n in ("churn_date", "return_date"))
    return Losses("contract", day, result)
