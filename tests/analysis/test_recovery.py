"""Intervals of the churn study on drawn companies hold what is true of their worlds: a part of
``make bench-recovery`` small enough for a test.
"""

import pandas as pd
import pytest

from benchmarks import bench_recovery

pytestmark = [pytest.mark.recovery, pytest.mark.long]

COMPANIES, ACCOUNTS = 20, 60
CHOSEN = (
    "churn.rate",
    "churn.rate_change",
    "churn.survival_24m",
    "churn.price_share",
    "churn.product_share",
    "churn.service_share",
    "churn.return_rate_price",
    "churn.return_rate_product",
)


def test_intervals_of_twenty_drawn_companies_hold_what_is_true_of_their_worlds():
    known = bench_recovery.read_runs()
    worlds = sorted(world for world, accounts, _number in known if accounts == bench_recovery.LARGE)
    assert worlds, "the large companies, whose values are the truth, stand in the bench's results"
    rows = []
    for number in range(COMPANIES):
        world = worlds[number % len(worlds)]
        # none that the bench made
        result = bench_recovery.company(world, ACCOUNTS, 1_000 + number, ("churn",))
        assert not result["failed"]
        large = known[world, bench_recovery.LARGE, 0]
        truth = bench_recovery.truth_of(bench_recovery.draw_world(world), large, result)
        rows += bench_recovery.judge(result, truth, world)
    judged = pd.DataFrame(rows).query("finding in @CHOSEN")
    assert set(judged["finding"]) == set(CHOSEN)
    assert judged["held"].mean() >= 0.9
    assert judged.groupby("finding")["held"].mean().min() >= 0.7
