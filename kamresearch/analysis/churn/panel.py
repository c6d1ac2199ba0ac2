"""As-of panels: what was known of each account on a day, and what happened strictly after it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.losses import Losses
from kamresearch.analysis.drawing import MOST_ACCOUNTS, draw_ids, shuffle_key
from kamresearch.errors import AnalysisError

FEATURES = (
    "tenure_days",
    "days_since_last_order",
    "revenue_12m",
    "revenue_prior_12m",
    "units_12m",
    "n_orders_12m",
    "n_orders_prior_12m",
    "months_active_12m",
    "profit_12m",
    "revenue_growth_12m",
    "revenue_slope_12m",
    "days_between_orders_mean",
    "days_between_orders_sd",
    "n_products_12m",
    "strategic_fit",
    "days_to_contract_end",
    "complaints_12m",
    "service_events_12m",
    "satisfaction_mean_12m",
    "resolved_days_mean_12m",
    "n_managers_24m",
    "n_churns",
    "industry",
    "region",
    "channel",
)
"""Columns of the snapshot that a model may use: all are counted up to the cut-off, and none simply
grows with the length
of the records (orders or revenue in all would mean other things at a later cut-off). The share of
wallet is left out: an
account's potential bears no date, and an estimate of today, made from what was bought since, tells
at an earlier cut-off
who stayed to buy."""

KEYS = ("account_id", "cutoff", "lost")


@dataclass(frozen=True)
class Panel:
    """Accounts at several cut-offs.

    Parameters
    ----------
    frame : DataFrame
        account_id, cutoff, lost (bool; strictly after the cut-off and the gap, within the window),
        and features up to
        the cut-off: one row per account present and cut-off, in order of cut-off and account.
    features : tuple of str
        The columns that a model may use.
    window_days, gap_days : int
        Length of the outcome's window, and days between the cut-off and its start.
    """

    frame: pd.DataFrame
    features: tuple[str, ...]
    window_days: int
    gap_days: int

    @property
    def X(self) -> pd.DataFrame:  # noqa: N802  (the field's name)
        """The features alone."""
        return self.frame[list(self.features)]

    @property
    def y(self) -> np.ndarray:
        """The outcome as 0 and 1."""
        return self.frame["lost"].to_numpy(int)


def choose_cutoffs(
    as_of: str,
    observed_from: pd.Timestamp,
    window_days: int,
    gap_days: int = 0,
    *,
    step_months: int = 6,
    least_history_days: int = 365,
) -> list[pd.Timestamp]:
    """Cut-offs whose windows have ended by ``as_of``, back to where a year of history lies before
    them.

    >>> [day.date().isoformat() for day in choose_cutoffs("2012-12-31", pd.Timestamp("2010-01-01"), 365)]
    ['2011-01-01', '2011-07-01', '2012-01-01']
    """  # noqa: E501
    last = pd.Timestamp(as_of) - pd.Timedelta(days=window_days + gap_days)
    found = []
    day = last
    while day >= observed_from + pd.Timedelta(days=least_history_days - 1):
        found.append(day)
        day = (day - pd.DateOffset(months=step_months)) + (
            pd.offsets.MonthEnd(0) if last.is_month_end else pd.Timedelta(0)
        )
    return sorted(found)


def build_panel(
    snapshot_at: Callable[[str], pd.DataFrame],
    losses: Losses,
    cutoffs: Sequence[pd.Timestamp],
    window_days: int = 365,
    gap_days: int = 0,
    months: pd.DataFrame | None = None,
) -> Panel:
    """What was known of each account on several days, and whether it left afterwards?

    Parameters
    ----------
    snapshot_at : callable
        ISO day → one row per account known by then, as `kamresearch.account_snapshot` gives it.
    losses : Losses
        Losses known by the as-of day; every window must have ended by then.
    cutoffs : sequence of Timestamp
        Days at which accounts are looked at.
    window_days, gap_days : int
        The outcome: lost in (cut-off + gap, cut-off + gap + window].
    months : DataFrame, optional
        account_id, month, n_orders: adds how the last whole months compare with the year.

    Returns
    -------
    Panel

    Raises
    ------
    AnalysisError
        No cut-off, or a window that has not ended by the losses' as-of day.
    """
    if not len(cutoffs):
        raise AnalysisError(
            "churn panel",
            "at least one cut-off with a year before it and a whole window after it",
            "none",
            "give a longer history or a shorter window",
        )
    late = [
        day for day in cutoffs if day + pd.Timedelta(days=gap_days + window_days) > losses.as_of
    ]
    if late:
        raise AnalysisError(
            "churn panel",
            f"windows that end by {losses.as_of.date()}",
            f"{len(late)} that end later, first from {late[0].date()}",
            "choose earlier cut-offs",
        )
    kept = []
    for day in cutoffs:
        part = describe_accounts(snapshot_at(day.date().isoformat()), losses, day, months)
        start = day + pd.Timedelta(days=gap_days)
        gone = losses.lost_within(day, start)
        lost = losses.lost_within(start, start + pd.Timedelta(days=window_days))
        part.insert(1, "cutoff", day)
        part.insert(2, "lost", part["account_id"].isin(lost))
        # Who leaves within the gap is past warning at its end: neither a case nor a loss.
        kept.append(part[~part["account_id"].isin(gone)])
    frame = pd.concat(kept, ignore_index=True)
    return Panel(
        frame, tuple(name for name in frame.columns if name not in KEYS), window_days, gap_days
    )


def describe_accounts(
    snapshot: pd.DataFrame, losses: Losses, day: pd.Timestamp, months: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The features of the accounts present on a day → account_id and features, one row an
    account.
    """
    present = snapshot[losses.here_at(pd.Index(snapshot["account_id"]), day)]
    frame = present[["account_id", *(name for name in FEATURES if name in present)]].reset_index(
        drop=True
    )
    rhythm = pd.to_numeric(frame.get("days_between_orders_mean"), errors="coerce")
    silent = pd.to_numeric(frame.get("days_since_last_order"), errors="coerce")
    frame["silence_in_gaps"] = (silent / rhythm).where(rhythm > 0).astype(float)
    if months is not None:
        frame["orders_3m_share"] = _recent_share(months, day, frame["account_id"])
    return frame


def _recent_share(months: pd.DataFrame, day: pd.Timestamp, ids: pd.Series) -> np.ndarray:
    """Orders of the last three whole months over a quarter of the last twelve (1 = as usual)."""
    last = (day + pd.Timedelta(days=1)).to_period("M") - 1
    end = last.end_time.normalize()
    month = months["month"]
    inside = months[(month <= end) & (month > (last - 12).start_time)]
    year = inside.groupby("account_id", sort=False)["n_orders"].sum()
    late = inside[inside["month"] > (last - 3).start_time]
    quarter = late.groupby("account_id", sort=False)["n_orders"].sum()
    total = ids.map(year).astype(float)
    return (4 * ids.map(quarter).astype(float).fillna(0) / total).where(total > 0).to_numpy()


def draw_accounts(panel: Panel, most: int = MOST_ACCOUNTS) -> Panel:
    """The panel of so many accounts at most: all rows of each account drawn."""
    ids = panel.frame["account_id"].to_numpy(str)
    drawn = pd.Index(ids).isin(draw_ids(ids, most))
    return panel if drawn.all() else replace(panel, frame=panel.frame[drawn].reset_index(drop=True))


def time_and_account_folds(
    panel: Panel, groups: int = 3, most_cutoffs: int = 3
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Folds in which no test account and no future stands in the training rows → (train rows, test
    rows).

    For each cut-off and each group of accounts: test on the group at the cut-off, train on the
    other groups at cut-offs
    whose outcome windows had ended by then. The last ``most_cutoffs`` cut-offs are tested.
    """
    frame = panel.frame
    day = frame["cutoff"].to_numpy()
    ids = np.unique(frame["account_id"].to_numpy(str))
    group = pd.Series(np.argsort(np.argsort(shuffle_key(ids))) % groups, index=ids)
    member = frame["account_id"].map(group).to_numpy()
    horizon = np.timedelta64(panel.window_days + panel.gap_days, "D")
    for cutoff in np.unique(day)[-most_cutoffs:]:
        known = day + horizon <= cutoff
        for number in range(groups):
            train = np.flatnonzero(known & (member != number))
            test = np.flatnonzero((day == cutoff) & (member == number))
            if len(train) and len(test):
                yield train, test
