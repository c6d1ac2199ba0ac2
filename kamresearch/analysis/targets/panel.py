"""From lives of accounts to counts: how many were at risk in each cell and period, and how
many were lost.
"""

import numpy as np
import pandas as pd

from kamresearch.errors import AnalysisError

PERIODS = ("month", "quarter")


def loss_panel(
    accounts: pd.DataFrame,
    churn_events: pd.DataFrame,
    as_of: str,
    *,
    period: str = "quarter",
    since: str | None = None,
    causes: tuple[str, ...] = (),
) -> pd.DataFrame:
    """One row per account and period in which it was at risk: account_id, period (first day), days,
    lost.

    Parameters
    ----------
    accounts : DataFrame
        account_id, and onboard_date or first_order_date: an account is at risk from the earlier of
        both.
    churn_events : DataFrame
        account_id, churn_date, return_date, cause: between loss and return an account is away and
        at no risk.
    as_of : str
        Nothing later is seen; the last period counts only whole periods that ended by then.
    period : {"month", "quarter"}
        Length.
    since : str, optional
        Leave out what lies before. Otherwise the panel begins with the period of the first recorded
        loss: accounts may be
        older than the record of losses, and the years before it would only hold survivors.
    causes : tuple of str
        Count only losses of these causes (an account lost for another stops being at risk all the
        same).

    Returns
    -------
    DataFrame
        ``days`` at risk within the period (an account lost on its tenth day has ten), ``lost`` 0 or
        1.
    """
    if period not in PERIODS:
        raise AnalysisError(
            "loss panel", f"a period of {', '.join(PERIODS)}", repr(period), "choose one of them"
        )
    day = pd.Timestamp(as_of)
    spells = _risk_spells(
        accounts, churn_events[pd.to_datetime(churn_events["churn_date"]) <= day], day
    )
    if spells.empty:
        return pd.DataFrame(
            {
                "account_id": pd.Series(dtype=object),
                "period": pd.Series(dtype="datetime64[ns]"),
                "days": pd.Series(dtype=float),
                "lost": pd.Series(dtype=int),
            }
        )
    letter = "M" if period == "month" else "Q"
    recorded = pd.to_datetime(churn_events["churn_date"]).min()
    first = (
        pd.Timestamp(since)
        if since
        else max(spells["start"].min(), recorded)
        if recorded == recorded
        else spells["start"].min()
    )
    edges = pd.period_range(first, day, freq=letter)
    edges = edges[edges.end_time.normalize() <= day]
    starts, ends = edges.start_time, edges.end_time.normalize() + pd.Timedelta(days=1)
    low = np.maximum(spells["start"].to_numpy()[:, None], starts.to_numpy()[None, :])
    high = np.minimum(
        (spells["end"] + pd.Timedelta(days=1)).to_numpy()[:, None], ends.to_numpy()[None, :]
    )
    days = (high - low) / np.timedelta64(1, "D")
    counted = spells["lost"] & (spells["cause"].isin(causes) if causes else True)
    inside = (spells["end"].to_numpy()[:, None] >= starts.to_numpy()[None, :]) & (
        spells["end"].to_numpy()[:, None] < ends.to_numpy()[None, :]
    )
    lost = inside & counted.to_numpy()[:, None]
    row, column = np.nonzero(days > 0)
    frame = pd.DataFrame(
        {
            "account_id": spells["account_id"].to_numpy()[row],
            "period": starts.to_numpy()[column],
            "days": days[row, column],
            "lost": lost[row, column].astype(int),
        }
    )
    return frame.groupby(["account_id", "period"], as_index=False, sort=True, observed=True).agg(
        days=("days", "sum"), lost=("lost", "sum")
    )


def _risk_spells(accounts: pd.DataFrame, events: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Spells at risk: account_id, start, end (last day, the day of the loss included), lost,
    cause.
    """
    begun = pd.concat(
        [
            pd.to_datetime(accounts[name])
            for name in ("onboard_date", "first_order_date")
            if name in accounts
        ],
        axis=1,
    ).min(axis=1)
    known = pd.DataFrame({"account_id": accounts["account_id"], "start": begun})
    known = known[known["start"].notna() & (known["start"] <= day)]
    events = events[events["account_id"].isin(known["account_id"])]
    if known.empty:
        return known.assign(end=known["start"], lost=False, cause=None)
    losses = pd.DataFrame(
        {
            "account_id": events["account_id"],
            "end": pd.to_datetime(events["churn_date"]),
            "back": pd.to_datetime(events["return_date"]) if "return_date" in events else pd.NaT,
            "cause": events["cause"].astype(object) if "cause" in events else None,
        }
    ).sort_values(["account_id", "end"], kind="stable")
    losses["back"] = losses["back"].where(losses["back"] <= day)
    before = losses.groupby("account_id", sort=False, observed=True)["back"].shift()
    first = ~losses["account_id"].duplicated()
    losses["start"] = np.where(
        first, losses["account_id"].map(known.set_index("account_id")["start"]), before
    )
    losses["start"] = pd.to_datetime(losses["start"])
    closed = losses.assign(lost=True)[["account_id", "start", "end", "lost", "cause"]]
    last = losses.drop_duplicates("account_id", keep="last")
    returned = last[last["back"].notna()]
    never = known[~known["account_id"].isin(losses["account_id"])]
    open_spells = pd.concat(
        [never, pd.DataFrame({"account_id": returned["account_id"], "start": returned["back"]})]
    )
    open_spells = open_spells.assign(end=day, lost=False, cause=None)
    spells = pd.concat(
        [closed.astype({"cause": object}), open_spells.astype({"cause": object})], ignore_index=True
    )
    # A loss recorded before the account began, or before it came back, leaves no spell at risk.
    return spells[spells["start"].notna() & (spells["start"] <= spells["end"])].reset_index(
        drop=True
    )
