"""A handful of rows that a gate must set aside or warn of; never enough to stop a run."""

import numpy as np
import pandas as pd
import pyarrow as pa

from kamresearch.data.simulate.settings import Calendar


def spoil_accounts(accounts: pd.DataFrame) -> pd.DataFrame:
    """Two onboarding dates after the first orders, one fit out of range."""
    accounts = accounts.copy()
    early = accounts.index[accounts["onboard_date"] < accounts["onboard_date"].quantile(0.3)][:2]
    accounts.loc[early, "onboard_date"] = accounts["onboard_date"].quantile(0.6)
    accounts.loc[accounts.index[-2], "strategic_fit"] = 9
    return accounts


def spoil_orders(orders: pa.Table, calendar: Calendar) -> pa.Table:
    """Two repeated rows, three orders of nobody, two without revenue, one from the future, one
    without a date.
    """
    if len(orders) < 100:
        return orders
    frame = orders.slice(0, len(orders)).to_pandas()
    place = np.linspace(10, len(frame) - 10, 8).astype(int)
    frame.loc[place[:3], "account_id"] = ["A9999990", "A9999991", "A9999992"]
    frame.loc[place[3:5], "revenue"] = np.nan
    frame.loc[place[5], "order_date"] = (pd.Timestamp(calendar.end) + pd.Timedelta(days=700)).date()
    frame.loc[place[6], "order_date"] = None
    frame = pd.concat([frame, frame.iloc[[20, 40]]], ignore_index=True)
    return pa.Table.from_pandas(frame, schema=orders.schema, preserve_index=False)
