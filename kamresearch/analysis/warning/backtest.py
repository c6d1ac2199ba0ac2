"""The backtest: what the watch would have found in past years, with what was known then."""

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.losses import Losses
from kamresearch.analysis.warning.lift import Lift, measure_lift
from kamresearch.analysis.warning.rhythm import LEAST_BASE, WATCH, Watch
from kamresearch.analysis.warning.thresholds import Thresholds, first_alerts, set_thresholds

BACKTEST = (
    "year_end",
    "n_watched",
    "n_alerts",
    "n_lost",
    "n_warned",
    "in_vain",
    "lead_days",
    "false_alarms",
    "n_stayed",
)
"""Columns of a backtest: one row a year."""


def last_whole_month(as_of: str) -> pd.Timestamp:
    """First day of the last month that has ended by a day.

    >>> last_whole_month("2012-12-31").date().isoformat(), last_whole_month("2012-12-30").date().isoformat()
    ('2012-12-01', '2012-11-01')
    """  # noqa: E501
    return ((pd.Timestamp(as_of) + pd.Timedelta(days=1)).to_period("M") - 1).start_time


def year_ends(wide: pd.DataFrame, as_of: str) -> list[pd.Timestamp]:
    """Last months of the years to watch, the present one first, back as far as a base of a
    year lies before them.
    """
    last, ends = last_whole_month(as_of), []
    while (
        len(wide) and last in wide.columns and wide.columns.get_loc(last) + 1 >= WATCH + LEAST_BASE
    ):
        ends.append(last)
        last = last - pd.DateOffset(months=WATCH)
    return ends


def away_spells(losses: Losses) -> dict[str, list[tuple]]:
    """account_id → (day of the loss, day of the return or None)."""
    spells: dict[str, list[tuple]] = {}
    for row in losses.frame.itertuples():
        back = None if pd.isna(row.return_date) else row.return_date
        spells.setdefault(row.account_id, []).append((row.churn_date, back))
    return spells


def who_stayed(watch: Watch, losses: Losses) -> np.ndarray:
    """Accounts lost neither in the watched year nor in the year after (as far as known), nor
    away when it began.
    """
    start, end = watch.months[0], watch.months[-1] + pd.offsets.MonthEnd(0)
    gone = losses.lost_within(
        start - pd.Timedelta(days=1), end + pd.Timedelta(days=365)
    ) | losses.away_at(start)
    return ~pd.Series(watch.ids).isin(gone).to_numpy()


def run_backtest(
    watches: dict, ends: list, losses: Losses, rate: float, seed: int
) -> tuple[pd.DataFrame, Lift]:
    """Each year that has years before it, watched with the thresholds of those → `BACKTEST`,
    one row a year, and what became of the lists at the years' ends.
    """
    rows, lift = [], Lift()
    for place, end in enumerate(ends[1:], 1):
        earlier = ends[place + 1 :]
        known = losses_known(losses, end)
        limits = set_thresholds(
            [watches[e] for e in earlier],
            [who_stayed(watches[e], known) for e in earlier],
            rate,
            seed,
        )
        if not limits.known:
            continue
        rows.append(_backtest_year(watches[end], limits, losses, end))
        lift += measure_lift(watches[end], limits, losses, end)
    return pd.DataFrame(rows, columns=list(BACKTEST)), lift


def losses_known(losses: Losses, end: pd.Timestamp) -> Losses:
    """The same losses as they were known at the end of a month."""
    day = end + pd.offsets.MonthEnd(0)
    frame = losses.frame[losses.frame["churn_date"] <= day]
    return Losses(
        losses.kind,
        day,
        frame.assign(return_date=frame["return_date"].mask(frame["return_date"] > day)),
    )


def _backtest_year(watch: Watch, limits: Thresholds, losses: Losses, end: pd.Timestamp) -> dict:
    alert = first_alerts(watch, limits)
    start, stop = watch.months[0], end + pd.offsets.MonthEnd(0) + pd.Timedelta(days=365)
    inside = losses.frame[
        (losses.frame["churn_date"] >= start) & (losses.frame["churn_date"] <= stop)
    ]
    dated = inside.drop_duplicates("account_id").set_index("account_id")["churn_date"]
    when = pd.to_datetime(dated.reindex(watch.ids)).reset_index(drop=True)
    here = ~pd.Series(watch.ids).isin(losses.away_at(start)).to_numpy()
    day = np.where(
        alert >= 0, (watch.months[alert] + pd.offsets.MonthEnd(0)).to_numpy(), np.datetime64("NaT")
    )
    lost = when.notna().to_numpy() & here
    warned = lost & (alert >= 0) & (day < when.to_numpy())
    alerted = (alert >= 0) & here & (~lost | warned)
    stayed = who_stayed(watch, losses)
    lead = (when.to_numpy()[warned] - day[warned]) / np.timedelta64(1, "D")
    return {
        "year_end": f"{end:%Y-%m}",
        "n_watched": int(here.sum()),
        "n_alerts": int(alerted.sum()),
        "n_lost": int(lost.sum()),
        "n_warned": int(warned.sum()),
        "in_vain": int((alerted & ~lost).sum()),
        "lead_days": float(np.median(lead)) if len(lead) else None,
        "false_alarms": int(((alert >= 0) & stayed).sum()),
        "n_stayed": int(stayed.sum()),
    }
