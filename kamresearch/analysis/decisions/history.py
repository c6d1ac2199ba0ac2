"""What was known of each account on any earlier day: features for the risk, and who was lost."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.losses import (
    Losses,
    are_among,
    clean_losses,
    losses_from_silence,
)
from kamresearch.data.tables import Tables
from kamresearch.features.months import account_months

LEAST_MONTHS = 12
"""Months of orders before a day, below which that day shows nothing."""


@dataclass(frozen=True)
class History:
    """Months, losses, contracts, service and managers known by a day; `until` goes back further.

    Parameters
    ----------
    orders, revenue : DataFrame
        account × month (first day): orders and revenue, NaN before the account's first month.
    first : Series
        account → its first month.
    months : DataFrame or None
        account_id, month, n_orders where losses are told by silence; None where they are recorded.
    losses : Losses
        Recorded where there is a table of losses, else told by silence.
    contracts, service, spells : DataFrame or None
        The contract's tables, None where the data have none.
    """

    as_of: pd.Timestamp
    orders: pd.DataFrame
    revenue: pd.DataFrame
    first: pd.Series
    months: pd.DataFrame | None
    events: pd.DataFrame | None
    contracts: pd.DataFrame | None
    service: pd.DataFrame | None
    spells: pd.DataFrame | None
    losses: Losses

    def until(self, as_of: pd.Timestamp) -> "History":
        """The same as it was known on an earlier day."""
        columns = self.orders.columns[self.orders.columns <= as_of]
        orders = self.orders[columns].dropna(how="all")
        first = self.first[self.first <= as_of]
        return History(
            as_of,
            orders,
            self.revenue.loc[orders.index, columns],
            first,
            self.months,
            self.events,
            _before(self.contracts, "start_date", as_of),
            _before(self.service, "event_date", as_of),
            _before(self.spells, "from", as_of),
            _losses(self.events, self.months, first, as_of),
        )


def read_history(tables: Tables, as_of: str) -> History:
    """Everything that `describe_past` needs, fetched once."""
    day = pd.Timestamp(as_of)
    months = account_months(tables, as_of)
    months = months.assign(month=pd.to_datetime(months["month"]))
    wide = {
        name: months.pivot_table(index="account_id", columns="month", values=name, sort=True)
        for name in ("n_orders", "revenue")
    }

    def read(name: str) -> pd.DataFrame | None:
        return tables.frame(name) if tables.has(name) else None

    events = read("churn_events")
    first = months.groupby("account_id", sort=True)["month"].min()
    silent = months[["account_id", "month", "n_orders"]] if events is None else None
    return History(
        day,
        wide["n_orders"],
        wide["revenue"],
        first,
        silent,
        events,
        _before(read("contracts"), "start_date", day),
        _before(read("service_events"), "event_date", day),
        _before(read("assignments"), "from", day),
        _losses(events, silent, first, day),
    )


def _before(frame: pd.DataFrame | None, name: str, day: pd.Timestamp) -> pd.DataFrame | None:
    return None if frame is None else frame[frame[name] <= day]


def _losses(
    events: pd.DataFrame | None,
    months: pd.DataFrame | None,
    first: pd.Series,
    day: pd.Timestamp,
) -> Losses:
    if events is None:
        return losses_from_silence(cast(pd.DataFrame, months), day.date().isoformat())
    # An account may be lost in the month of its first order.
    return clean_losses(events[are_among(events["account_id"], first.index)], first, day)


SIGNALS = ("fading", "silence", "fall", "complaints", "delays", "dissatisfaction")
SIGNALS += ("contract_end", "manager_changes", "no_manager", "young", "small")
"""What may foretell a loss, each so made that more means more danger."""


def describe_past(history: History) -> pd.DataFrame:
    """What did each account that was there show on the day?

    History → one row per account that had ordered and was not away: account_id (index) and those of
    `SIGNALS` that the data can tell.

    Notes
    -----
    ``fading``: orders missing in the last three whole months against the account's own mean of the
    24 before, times what all accounts did, in standard deviations of a Poisson count. ``silence``:
    logarithm of the months since the last order over the account's mean gap. ``fall``: logarithm of
    revenue of the twelve months before over that of the last twelve.
    """
    day = history.as_of
    ended = history.orders.columns + pd.offsets.MonthEnd(0) <= day
    orders = history.orders.loc[:, ended]
    ids = orders.index[orders.notna().any(axis=1).to_numpy()]
    ids = ids[history.losses.here_at(ids, day)]
    orders = orders.loc[ids].to_numpy(float)
    revenue = history.revenue.loc[ids].loc[:, ended].to_numpy(float)
    frame = pd.DataFrame(index=ids)
    frame["fading"] = _fading(orders)
    frame["silence"] = _silence(orders)
    last, before = (np.nansum(part, axis=1) for part in (revenue[:, -12:], revenue[:, -24:-12]))
    floor = max(float(np.nanmedian(np.r_[last, 1.0])) * 0.01, 1.0)
    fall = np.log((before.clip(0) + floor) / (last.clip(0) + floor))
    frame["fall"] = np.clip(fall, -3, 3)
    frame["young"] = -np.log1p((~np.isnan(orders)).sum(axis=1))
    frame["small"] = -np.log1p(last.clip(0))
    _add_service(frame, history)
    if history.contracts is not None:
        ends = _running_end(history.contracts, day).reindex(ids)
        frame["contract_end"] = ((ends - day).dt.days <= 180).astype(float).to_numpy()
    if history.spells is not None:
        _add_managers(frame, history.spells, day)
    return frame


def _fading(orders: np.ndarray) -> np.ndarray:
    base, recent = orders[:, -27:-3], orders[:, -3:]
    known = (~np.isnan(base)).sum(axis=1)
    mean = np.nansum(base, axis=1) / np.maximum(known, 1)
    usual = 3 * mean
    got = np.nansum(recent, axis=1)
    together = (got[known >= 6].sum() + 5) / (usual[known >= 6].sum() + 5)
    usual = usual * min(max(together, 0.2), 5.0)
    return np.where(known >= 6, (usual - got) / np.sqrt(usual + 0.5), 0.0)


def _silence(orders: np.ndarray) -> np.ndarray:
    if not orders.shape[1]:
        return np.zeros(len(orders))
    ordered = np.nan_to_num(orders) > 0
    since = np.where(ordered.any(axis=1), ordered[:, ::-1].argmax(axis=1), orders.shape[1])
    known = (~np.isnan(orders)).sum(axis=1)
    gap = (known - since).clip(1) / np.maximum(ordered.sum(axis=1), 1)
    return np.log1p(since / np.maximum(gap, 1.0))


def _add_service(frame: pd.DataFrame, history: History) -> None:
    if history.service is None:
        return
    start = history.as_of - pd.Timedelta(days=365)
    year = history.service[history.service["event_date"] > start]
    for name, kind in (("complaints", "complaint"), ("delays", "delivery_delay")):
        counts = year.loc[year["kind"] == kind, "account_id"].value_counts()
        frame[name] = counts.reindex(frame.index).fillna(0.0).to_numpy(float)
    marks = year.groupby("account_id")["satisfaction"].mean()
    known = marks.reindex(frame.index)
    usual = float(known.mean()) if known.notna().any() else 0.0
    frame["dissatisfaction"] = -known.fillna(usual).to_numpy(float)


def _running_end(contracts: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """End of the contract that runs longest, by account."""
    running = contracts[contracts["end_date"] >= day]
    return running.groupby("account_id")["end_date"].max()


def _add_managers(frame: pd.DataFrame, spells: pd.DataFrame, day: pd.Timestamp) -> None:
    recent = spells[spells["to"].isna() | (spells["to"] > day - pd.Timedelta(days=730))]
    counts = recent.groupby("account_id")["manager_id"].nunique().reindex(frame.index)
    frame["manager_changes"] = (counts.fillna(0.0) - 1).clip(lower=0).to_numpy(float)
    held = set(spells.loc[spells["to"].isna() | (spells["to"] >= day), "account_id"])
    frame["no_manager"] = (~are_among(frame.index, held)).astype(float)
