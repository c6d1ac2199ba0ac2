"""What counts as a loss: recorded losses, contracts that were not renewed, or a silence too
long for the account.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kamresearch import rich
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
        account_id, churn_date, return_date, cause, stated_reason, offer: one row a loss, in order
        of account and date.
    set_aside : dict
        Why rows were left out → how many.
    started : Series, optional
        Where silence alone tells: account_id → day by which its first order was known. Nobody else
        can fall silent.
    """

    kind: str
    as_of: pd.Timestamp
    frame: pd.DataFrame
    set_aside: dict[str, int] = field(default_factory=dict)
    started: pd.Series | None = None

    def _about(self) -> list[tuple[str, str]]:
        away = self.away_at(self.as_of)
        return [
            ("as of", str(self.as_of.date())),
            ("losses", f"{len(self.frame):,}"),
            ("accounts", f"{self.frame['account_id'].nunique():,}"),
            ("returns", f"{int(self.frame['return_date'].notna().sum()):,}"),
            ("away now", f"{len(away):,}"),
            ("set aside", f"{sum(self.set_aside.values()):,}"),
        ]

    def __repr__(self) -> str:
        return rich.facts_line(f"Losses ({self.kind})", self._about())

    def _repr_html_(self) -> str:
        return rich.facts(f"Losses: {KINDS[self.kind]}", self._about()) + rich.caveats_list(
            self.caveats
        )

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What was left out, in words."""
        words = {
            "duplicate": _(
                "{n} losses were recorded twice and count once.",
                n=self.set_aside.get("duplicate", 0),
            ),
            "before_first": _(
                "{n} losses are dated before the account's first day and were set aside.",
                n=self.set_aside.get("before_first", 0),
            ),
            "return_first": _(
                "{n} returns are dated before their loss; the loss counts, the return does not.",
                n=self.set_aside.get("return_first", 0),
            ),
            "overlap": _(
                "{n} losses are dated while the account was already away and were set aside.",
                n=self.set_aside.get("overlap", 0),
            ),
            "unknown_account": _(
                "{n} losses name an account that is not in the data and were set aside.",
                n=self.set_aside.get("unknown_account", 0),
            ),
        }
        silent = _(
            "Accounts count from their first order on: who never ordered cannot fall "
            "silent and is left out."
        )
        aside = tuple(text for key, text in words.items() if self.set_aside.get(key))
        return aside if self.started is None else (*aside, silent)

    def here_at(self, ids: pd.Index, as_of: pd.Timestamp) -> np.ndarray:
        """Which accounts, of those known on a day, were there: not away and, where silence
        tells, with an order by then.
        """
        here = ~are_among(ids, self.away_at(as_of))
        if self.started is None:
            return here
        return here & are_among(ids, self.started.index[self.started <= as_of])

    def away_at(self, as_of: pd.Timestamp) -> set[str]:
        """Accounts that had left by a day and not returned by then (both strictly known on
        that day).
        """
        known = self.frame[self.frame["churn_date"] <= as_of].drop_duplicates(
            "account_id", keep="last"
        )
        back = known["return_date"].notna() & (known["return_date"] <= as_of)
        return set(known.loc[~back, "account_id"])

    def lost_within(self, start: pd.Timestamp, end: pd.Timestamp) -> set[str]:
        """Accounts lost after ``start`` and by ``end``."""
        inside = (self.frame["churn_date"] > start) & (self.frame["churn_date"] <= end)
        return set(self.frame.loc[inside, "account_id"])


def are_among(ids: pd.Index | pd.Series, others: Collection[str] | pd.Index) -> np.ndarray:
    """Which of some ids are among others: by place, since pandas' own way makes a Python object of
    each of the others, at some four times the seconds.
    """
    known = others if isinstance(others, pd.Index) else pd.Index(list(others), dtype="str")
    return known.unique().get_indexer(ids) >= 0


def clean_losses(events: pd.DataFrame, first_seen: pd.Series, as_of: str) -> Losses:
    """Which recorded losses can be used by a day?

    Parameters
    ----------
    events : DataFrame
        account_id, churn_date and, where recorded, return_date, cause, stated_reason, offer: one
        row a loss.
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
        raise DataError(
            "churn_events",
            "columns account_id and churn_date",
            f"no {', '.join(missing)}",
            "map them",
        )
    frame = events.reindex(columns=list(COLUMNS)).copy()
    for name in ("churn_date", "return_date"):
        frame[name] = pd.to_datetime(frame[name])
    if frame["churn_date"].isna().any():
        rows = frame.loc[frame["churn_date"].isna(), "account_id"]
        raise DataError(
            "churn_events, column 'churn_date'",
            "a date in every row",
            first_offenders(rows),
            "complete it",
        )
    frame = frame[frame["churn_date"] <= day]
    aside: dict[str, int] = {}
    frame = _drop(frame, frame.duplicated(["account_id", "churn_date"]), "duplicate", aside)
    known = frame["account_id"].map(first_seen)
    strange = pd.Series(~are_among(frame["account_id"], first_seen.index), frame.index)
    frame = _drop(frame, strange, "unknown_account", aside)
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
        away = row.account_id == last_account and (
            pd.isna(last_return) or row.churn_date < last_return
        )
        bad.append(away)
        if not away:
            last_account, last_return = row.account_id, row.return_date
    return pd.Series(bad, index=frame.index, dtype=bool)


def losses_from_silence(months: pd.DataFrame, as_of: str, factor: float = 3.0) -> Losses:
    """Who has been silent for longer than their own rhythm allows?

    An account is lost in the month in which its silence exceeds ``factor`` times its own mean gap
    between months with
    orders so far (shrunk towards all accounts' mean gap by the weight of three gaps; never below 3
    nor above 15 months),
    and back in the next month with an order. What is allowed is settled in the month of the last
    order, from gaps seen
    by then, and the loss is dated when it can be known: later data never change it.

    Parameters
    ----------
    months : DataFrame
        account_id, month, n_orders: one row per account and month, as `kamresearch.account_months`
        gives it.
    as_of : str
        Last day seen.
    factor : float
        How many of its own gaps an account may stay silent.

    Returns
    -------
    Losses
        Who never ordered cannot fall silent, and is not there before the first order.
    """
    if factor <= 0:
        raise AnalysisError("silence factor", "a number above 0", str(factor), "choose 3, say")
    day = pd.Timestamp(as_of)
    seen = months.loc[(months["n_orders"] > 0) & (months["month"] <= day), ["account_id", "month"]]
    account, ids = pd.factorize(seen["account_id"], sort=True)
    month = seen["month"].to_numpy("datetime64[M]").astype(int)
    origin, last = month.min(initial=0), _month(day) - (0 if day.is_month_end else 1)
    # One number for account and month: sorted and each once, whatever the order of rows.
    span = _month(day) - origin + 1
    both = np.sort(account * span + month - origin, kind="stable")
    account, month = np.divmod(both[np.diff(both, prepend=-1) > 0], span)
    month = month + origin
    first = np.diff(account, prepend=-1) > 0
    open_ = np.diff(account, append=len(ids)) > 0
    gap = np.where(open_, last + 1 - month, np.diff(month, append=0))
    own = _rhythm_so_far(
        np.where(open_, 0, gap.clip(max=LONGEST_SILENCE)), first, _usual_gap(month, gap, open_)
    )
    allowed = np.clip(np.ceil(factor * own), SHORTEST_SILENCE, LONGEST_SILENCE).astype(int)
    lost = gap > allowed
    back = _first_days(np.where(open_, month, month + gap))
    frame = pd.DataFrame(
        {
            "account_id": ids.take(account[lost]),
            "churn_date": _last_days((month + allowed)[lost]),
            "return_date": pd.Series(back).mask(open_)[lost].to_numpy(),
        }
    ).reindex(columns=list(COLUMNS))
    started = pd.Series(_last_days(month[first]), index=ids).clip(upper=day)
    return Losses("silence", day, frame, started=started)


def _rhythm_so_far(gap: np.ndarray, first: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Mean of each account's gaps closed by each of its months, shrunk by the weight of three
    usual gaps.
    """
    start = np.maximum.accumulate(np.where(first, np.arange(len(gap)), 0))
    total = np.cumsum(gap) - gap
    return (total - total[start] + 3 * usual) / (np.arange(len(gap)) - start + 3)


def _usual_gap(month: np.ndarray, gap: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """All accounts' mean gap as it was known in each month: months waited so far over gaps closed
    so far.

    Gaps still open count as far as they last, or the short ones, which close first, would stand for
    all in the first
    year; once they exceed 15 months they are left out. Three months until the first gap has closed.
    """
    if not len(month):
        return np.array([])
    place = month - month.min()
    short = ~open_ & (gap <= LONGEST_SILENCE)
    n = place.max() + LONGEST_SILENCE + 3

    def so_far(at: np.ndarray) -> np.ndarray:
        return np.cumsum(np.bincount(at, minlength=n))

    close = place + np.where(short, gap, LONGEST_SILENCE)
    waited = np.cumsum(so_far(place + 1) - so_far(close + 1)) - LONGEST_SILENCE * so_far(
        close[~short] + 1
    )
    closed = so_far(close[short])
    return np.where(closed > 0, waited / np.maximum(closed, 1), 3.0)[place]


def _month(day: pd.Timestamp) -> int:
    return (day.year - 1970) * 12 + day.month - 1


def _first_days(month: np.ndarray) -> np.ndarray:
    return month.astype("datetime64[M]").astype("datetime64[us]")


def _last_days(month: np.ndarray) -> np.ndarray:
    return _first_days(month + 1) - np.timedelta64(1, "D")


def losses_from_contracts(contracts: pd.DataFrame, as_of: str, grace_days: int = 90) -> Losses:
    """Whose contracts ended without another one following within the days of grace?

    An account is covered as long as any of its contracts runs. The loss is dated on the last day of
    grace after the
    cover, when it can be known; a later contract counts as a return.
    """
    day, grace = pd.Timestamp(as_of), pd.Timedelta(days=grace_days)
    frame = contracts[["account_id", "start_date", "end_date"]].dropna()
    frame = frame[frame["start_date"] <= day].sort_values(
        ["account_id", "start_date", "end_date"], kind="stable"
    )
    by_account = frame.groupby("account_id", sort=False)
    known = by_account["end_date"].cummax() + grace
    following = by_account["start_date"].shift(-1)
    lost = (known <= day) & (following.isna() | (following > known))
    result = pd.DataFrame(
        {"account_id": frame["account_id"], "churn_date": known, "return_date": following}
    )
    result = result[lost].reindex(columns=list(COLUMNS)).reset_index(drop=True)
    result["churn_date"], result["return_date"] = (
        pd.to_datetime(result[n]) for n in ("churn_date", "return_date")
    )
    return Losses("contract", day, result)
