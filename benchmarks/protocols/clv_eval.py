"""How predictions of orders and values are judged: see “Lifetimes” in benchmarks/README.md."""

import numpy as np
import pandas as pd
from places import data_file
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

TOP = 0.1
"""The share of accounts that the best customers are."""


def load(name: str) -> tuple[pd.DataFrame, pd.Timestamp, int, pd.DataFrame]:
    """Orders until the calibration ends, its end, the days held out, and what came in them."""
    if name in ("cdnow", "cdnow_rest"):
        frame = pd.read_csv(data_file("cdnow_sample.csv"), parse_dates=["date"])
        if name == "cdnow_rest":  # the shop's customers that the sample leaves out
            whole = pd.read_csv(data_file("cdnow_all.csv"), parse_dates=["date"])
            frame = whole[~whole["customer_id"].isin(frame["customer_id"])]
        names = {"customer_id": "account_id", "date": "order_date", "spend": "revenue"}
        frame, end, last = frame.rename(columns=names), "1997-09-30", "1998-06-30"
    elif name == "retail":
        frame, end, last = _retail(), "2011-08-31", "2011-12-09"
    elif name == "journey":
        raw = pd.read_parquet(data_file("complete_journey.parquet"))
        names = {"household_id": "account_id", "sales_value": "revenue"}
        day = raw["transaction_timestamp"].dt.normalize()
        frame = raw.rename(columns=names).assign(order_date=day)
        frame, end, last = frame[frame["revenue"] > 0], "2017-09-30", "2017-12-31"
    else:
        raise ValueError(f"unknown set {name!r}: cdnow, cdnow_rest, retail, journey")
    end, last = pd.Timestamp(end), pd.Timestamp(last)
    days = frame.groupby(["account_id", "order_date"], as_index=False)["revenue"].sum()
    seen, held = days[days["order_date"] <= end], days[days["order_date"] > end]
    held = held[held["order_date"] <= last].groupby("account_id")["revenue"]
    came = pd.DataFrame({"orders": held.size(), "value": held.sum()})
    accounts = pd.Index(seen["account_id"].unique(), name="account_id")
    return seen, end, (last - end).days, came.reindex(accounts).fillna(0)


def _retail() -> pd.DataFrame:
    raw = pd.read_parquet(data_file("online_retail_dev.parquet"))
    sold = raw["CustomerID"].notna() & (raw["Quantity"] > 0) & (raw["UnitPrice"] > 0)
    raw = raw[sold & ~raw["InvoiceNo"].astype(str).str.startswith("C")]
    return pd.DataFrame(
        {
            "account_id": raw["CustomerID"].astype("int64"),
            "order_date": raw["InvoiceDate"].dt.normalize(),
            "revenue": raw["Quantity"] * raw["UnitPrice"],
        }
    )


def score(actual: pd.DataFrame, predictions: pd.DataFrame) -> pd.Series:
    """Errors and ranks of predicted orders; of activity and value where they are predicted."""
    told = predictions.set_index("account_id").reindex(actual.index)
    x, y = told["expected_orders"].to_numpy(float), actual["orders"].to_numpy(float)
    again = (y > 0).astype(int)
    found = {
        "mae": np.abs(x - y).mean(),
        "rmse": np.sqrt(((x - y) ** 2).mean()),
        "correlation": np.corrcoef(x, y)[0, 1],
        "spearman": spearmanr(x, y)[0],
        "total_error": 100 * (x.sum() / y.sum() - 1),
        "auc_orders": roc_auc_score(again, x),
    }
    if "probability_active" in told:
        found["auc_active"] = roc_auc_score(again, told["probability_active"].to_numpy(float))
    if "expected_value" in told:
        s, v = told["expected_value"].to_numpy(float), actual["value"].to_numpy(float)
        n = int(np.ceil(TOP * len(s)))
        chosen = np.argsort(-s, kind="mergesort")[:n]
        found["value_mae"] = np.abs(s - v).mean()
        found["value_spearman"] = spearmanr(s, v)[0]
        found["value_capture_10"] = v[chosen].sum() / np.sort(v)[-n:].sum()
    return pd.Series(found)
