"""Peers of `bench_scale`: the order features of the account snapshot, hand-written in polars
and in pandas.
"""

import json
import resource
import sys
import time
from datetime import date, timedelta

DAY = date(2012, 12, 31)


def with_polars(folder: str) -> object:
    import polars as pl

    orders = pl.scan_parquet(f"{folder}/orders.parquet").filter(pl.col("order_date") <= DAY)
    age = (pl.lit(DAY) - pl.col("order_date")).dt.total_days()
    rev, sold = pl.col("revenue"), pl.col("revenue") > 0
    year, prior = age < 365, (age >= 365) & (age < 730)
    window = age * 12 // 365
    sums = orders.group_by("account_id").agg(
        pl.col("order_date").filter(sold).min().alias("first"),
        pl.col("order_date").filter(sold).max().alias("last"),
        sold.sum().alias("n_orders"),
        (rev < 0).sum().alias("n_returns"),
        rev.sum().alias("revenue_total"),
        pl.col("units").sum().alias("units_total"),
        pl.col("cost").sum().alias("cost_total"),
        rev.filter(year).sum().alias("revenue_12m"),
        rev.filter(prior).sum().alias("revenue_prior_12m"),
        pl.col("units").filter(year).sum().alias("units_12m"),
        pl.col("cost").filter(year).sum().alias("cost_12m"),
        (sold & year).sum().alias("n_orders_12m"),
        (sold & prior).sum().alias("n_orders_prior_12m"),
        window.filter(sold & year).n_unique().alias("months_active_12m"),
        (rev * (5.5 - window) / 143).filter(year).sum().alias("slope"),
        rev.max().alias("largest"),
        pl.col("product").filter(sold & year).n_unique().alias("n_products_12m"),
    )
    days = (
        orders.filter(sold)
        .select("account_id", "order_date")
        .unique()
        .sort("account_id", "order_date")
    )
    gap = pl.col("order_date").diff().dt.total_days()
    gaps = days.group_by("account_id").agg(
        pl.len().alias("n_order_days"), gap.mean().alias("gap_mean"), gap.std().alias("gap_sd")
    )
    accounts = pl.scan_parquet(f"{folder}/accounts.parquet")
    whole = (
        accounts.join(sums, on="account_id", how="left")
        .join(gaps, on="account_id", how="left")
        .sort("account_id")
    )
    return whole.collect(engine="streaming").to_pandas()


def with_pandas(folder: str) -> object:
    import numpy as np
    import pandas as pd

    orders = pd.read_parquet(f"{folder}/orders.parquet")
    orders["order_date"] = pd.to_datetime(orders["order_date"])
    orders = orders[orders["order_date"] <= pd.Timestamp(DAY)]
    age = (pd.Timestamp(DAY) - orders["order_date"]).dt.days.to_numpy()
    sold, year, prior = (orders["revenue"] > 0).to_numpy(), age < 365, (age >= 365) & (age < 730)
    window = age * 12 // 365
    revenue, key = orders["revenue"].to_numpy(), orders["account_id"]
    plain = pd.DataFrame(
        {
            "n_orders": sold,
            "n_returns": revenue < 0,
            "revenue_total": revenue,
            "units_total": orders["units"],
            "cost_total": orders["cost"],
            "revenue_12m": np.where(year, revenue, 0),
            "revenue_prior_12m": np.where(prior, revenue, 0),
            "units_12m": np.where(year, orders["units"], 0),
            "cost_12m": np.where(year, orders["cost"], 0),
            "n_orders_12m": sold & year,
            "n_orders_prior_12m": sold & prior,
            "slope": np.where(year, revenue * (5.5 - window) / 143, 0),
        },
        index=orders.index,
    )
    sums = plain.groupby(key, sort=True).sum()
    bought = orders[sold]
    dates = bought.groupby("account_id", sort=True)["order_date"].agg(["min", "max"])
    largest = orders.groupby("account_id", sort=True)["revenue"].max().rename("largest")
    last = sold & year
    months = (
        pd.Series(window[last], index=orders.index[last])
        .groupby(key[last], sort=True)
        .nunique()
        .rename("months_active_12m")
    )
    products = (
        orders[last].groupby("account_id", sort=True)["product"].nunique().rename("n_products_12m")
    )
    days = (
        bought[["account_id", "order_date"]]
        .drop_duplicates()
        .sort_values(["account_id", "order_date"])
    )
    gap = days.groupby("account_id", sort=True)["order_date"].diff().dt.days
    gaps = gap.groupby(days["account_id"], sort=True).agg(["size", "mean", "std"])
    accounts = pd.read_parquet(f"{folder}/accounts.parquet").set_index("account_id")
    return accounts.join(
        [sums, dates, largest, months, products, gaps.add_prefix("gap_")]
    ).sort_index()


if __name__ == "__main__":
    name, folder, rounds, target = sys.argv[1:]
    make = {"polars": with_polars, "pandas": with_pandas}[name]
    seconds = []
    for _ in range(int(rounds)):
        start = time.process_time()
        frame = make(folder)
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    total = float(frame["revenue_12m"].fillna(0).sum())
    with open(target, "w") as file:  # noqa: PTH123
        json.dump(
            {
                "seconds": seconds,
                "peak_gb": peak,
                "rows": len(frame),
                "revenue_12m": total,
                "day": str(DAY - timedelta(0)),
            },
            file,
        )
