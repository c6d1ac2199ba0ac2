"""Tasks of `bench_scale`, each run in a process of its own: ``python -m benchmarks.scale_tasks
TASK FOLDER ROUNDS TARGET``.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

Made = TypeVar("Made")
DAY = "2012-12-31"

SQL = """
WITH o AS (SELECT account_id, order_date, revenue, units, cost, product, date_diff('day', order_date, DATE '2012-12-31') AS age,
                  revenue > 0 AS sold FROM '{folder}/orders.parquet' WHERE order_date <= DATE '2012-12-31'),
s AS (SELECT account_id, min(order_date) FILTER (sold) AS first_order_date, max(order_date) FILTER (sold) AS last_order_date,
    count(*) FILTER (sold) AS n_orders, count(*) FILTER (revenue < 0) AS n_returns, sum(revenue) AS revenue_total, sum(units) AS units_total,
    sum(cost) AS cost_total, sum(revenue) FILTER (age < 365) AS revenue_12m, sum(revenue) FILTER (age >= 365 AND age < 730) AS revenue_prior_12m,
    sum(units) FILTER (age < 365) AS units_12m, sum(cost) FILTER (age < 365) AS cost_12m, count(*) FILTER (sold AND age < 365) AS n_orders_12m,
    count(*) FILTER (sold AND age >= 365 AND age < 730) AS n_orders_prior_12m,
    count(DISTINCT age * 12 // 365) FILTER (sold AND age < 365) AS months_active_12m,
    sum(revenue * (5.5 - age * 12 // 365)) FILTER (age < 365) / 143 AS revenue_slope_12m, max(revenue) AS largest_order_revenue,
    count(DISTINCT product) FILTER (sold AND age < 365) AS n_products_12m FROM o GROUP BY account_id),
g AS (SELECT account_id, count(*) AS n_order_days, avg(gap) AS days_between_orders_mean, stddev_samp(gap) AS days_between_orders_sd FROM (
    SELECT account_id, order_date - lag(order_date) OVER (PARTITION BY account_id ORDER BY order_date) AS gap
    FROM (SELECT DISTINCT account_id, order_date FROM o WHERE sold)) GROUP BY account_id)
SELECT * FROM '{folder}/accounts.parquet' LEFT JOIN s USING (account_id) LEFT JOIN g USING (account_id) ORDER BY account_id
"""
"""The order features of the snapshot, as one would write them for DuckDB."""


def clock(make: Callable[[], Made]) -> tuple[float, Made]:
    """Seconds of processor time (all threads) and result.

    Processor time, not time on the clock: what else the machine does then does not count.
    """
    start = time.process_time()
    made = make()
    return time.process_time() - start, made


def features(folder: Path, rounds: int) -> dict:
    """The snapshot alone."""
    import kamresearch as kam

    tables = kam.open_data(folder)
    timed = [clock(lambda: kam.account_snapshot(tables, DAY)) for _ in range(rounds)]
    return {"seconds": [seconds for seconds, _ in timed], "rows": len(timed[0][1])}


def features_and_sql(folder: Path, rounds: int) -> dict:
    """The snapshot and the hand-written SQL in turns, so that whatever else the machine does
    meets both.
    """
    import duckdb

    import kamresearch as kam

    opened, tables = clock(lambda: kam.open_data(folder))
    tables.has_order_lines  # noqa: B018  (looked up once a source)
    cast(Any, tables.engine).raw_sql("SET threads = 2").fetchall()
    ours, sql = [], []
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2; SET memory_limit = '3GB'")
        for _ in range(rounds):
            seconds, theirs = clock(lambda: connection.execute(SQL.format(folder=folder)).df())
            sql.append(seconds)
            seconds, frame = clock(lambda: kam.account_snapshot(tables, DAY))
            ours.append(seconds)
    assert (frame["n_orders"].to_numpy() == theirs["n_orders"].fillna(0).to_numpy()).all()
    assert (
        frame["months_active_12m"].to_numpy() == theirs["months_active_12m"].fillna(0).to_numpy()
    ).all()
    assert abs(frame["days_between_orders_sd"] - theirs["days_between_orders_sd"]).max() < 1e-6
    return {
        "ours": ours,
        "sql": sql,
        "open": [opened],
        "revenue_12m": float(frame["revenue_12m"].sum()),
        "seconds": ours,
    }


def check(folder: Path, rounds: int) -> dict:
    """Opening and the audit of every table."""
    import kamresearch as kam
    from kamresearch.data.checks import check_tables

    start = time.perf_counter()
    seconds = [
        clock(lambda: check_tables(kam.open_data(folder), as_of=DAY))[0] for _ in range(rounds)
    ]
    return {"seconds": seconds, "by_the_clock": (time.perf_counter() - start) / rounds}


def spark(folder: Path, rounds: int) -> dict:
    """The snapshot by Apache Spark and by the embedded engine: the same frame? Seconds by the
    clock; Spark's processes are others.
    """
    import pandas as pd

    import kamresearch as kam

    ours = kam.account_snapshot(kam.open_data(folder), DAY)
    start = time.perf_counter()
    tables = kam.open_data(f"spark:{folder}")
    opened = time.perf_counter() - start
    timed = []
    for _ in range(rounds):
        start = time.perf_counter()
        theirs = kam.account_snapshot(tables, DAY)
        timed.append(time.perf_counter() - start)
    pd.testing.assert_frame_equal(ours, theirs, check_exact=False, rtol=1e-9)
    return {"seconds": timed, "open": [opened], "rows": len(theirs)}


def simulate(folder: Path, rounds: int) -> dict:
    """A million orders or so, written."""
    import kamresearch as kam

    target = folder / "simulated"
    start = time.perf_counter()
    seconds, _ = clock(lambda: kam.simulate.simulate(target, accounts=30_000, random_state=1))
    spent = time.perf_counter() - start
    orders = kam.open_data(target).loaded["orders"].rows_in
    return {"seconds": [seconds], "by_the_clock": spent, "orders": orders}


if __name__ == "__main__":
    task, folder, rounds, target = sys.argv[1:]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    tasks = {
        "features": features,
        "features_and_sql": features_and_sql,
        "check": check,
        "simulate": simulate,
        "spark": spark,
    }
    result = tasks[task](Path(folder), int(rounds))
    result["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    Path(target).write_text(json.dumps(result), encoding="utf-8")
