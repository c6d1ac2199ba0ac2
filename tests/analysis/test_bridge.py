"""The revenue bridge adds up, and tells nothing of years that the orders do not cover."""

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis import segmentation, trend
from kamresearch.analysis.trend.bridge import _measure

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def case(case_tables):
    return case_tables


@pytest.mark.golden
def test_accounts_that_stayed_and_bought_less_cost_six_times_what_lost_ones_cost(case):
    result = trend.bridge(case, "2012-12-31")
    snapshot = kam.account_snapshot(case, as_of="2012-12-31")
    whole = snapshot["revenue_12m"].sum() - snapshot["revenue_prior_12m"].sum()
    assert result.frame["change"].sum() == pytest.approx(whole)
    parts = result.frame.set_index("move")["change"] / 1e6
    assert parts["lost"] == pytest.approx(-131, abs=3)
    assert parts["shrinking"] == pytest.approx(-766, abs=15)
    assert parts["growing"] == pytest.approx(793, abs=15)
    assert parts["new"] + parts["returned"] == pytest.approx(147, abs=5)
    assert 0 < result.gross_retention < result.net_retention
    assert result.intervals["net_retention"].low < result.net_retention
    assert len(result.half_of_shrinking) <= 10


@pytest.mark.recovery
def test_retention_holds_the_truth_of_lists_that_a_few_large_accounts_make():
    rng, held, told, by_percentiles = np.random.default_rng(3), 0, 0, 0
    true = 0.85 * np.exp(-0.1 + 0.18)
    for _list in range(400):
        before = np.exp(rng.normal(0, 1.5, 35))
        after = before * (rng.random(35) > 0.15) * np.exp(rng.normal(-0.1, 0.6, 35))
        frame = pd.DataFrame({"revenue_before": before, "revenue_after": after})
        if span := _measure(frame)[1]["net_retention"]:
            told += 1
            held += span.low <= true <= span.high
            times = rng.multinomial(35, np.full(35, 1 / 35), 400)
            low, high = np.quantile(times @ after / (times @ before), [0.025, 0.975])
            by_percentiles += low <= true <= high
    assert told > 390
    assert by_percentiles / told < 0.9
    assert 0.91 < held / told < 0.975


@pytest.mark.unit
def test_an_account_that_is_nearly_all_gives_retention_no_interval():
    frame = pd.DataFrame(
        {"revenue_before": [1e6] + [1.0] * 20, "revenue_after": [9e5] + [1.0] * 20}
    )
    values, spans = _measure(frame)
    assert values["net_retention"] == pytest.approx(0.9, abs=0.001)
    assert spans == {"gross_retention": None, "net_retention": None}


@pytest.mark.unit
def test_a_year_that_the_orders_do_not_cover_is_compared_with_nothing(case):
    first = kam.account_snapshot(case, as_of="2012-12-31")["first_order_date"].min()
    result = trend.bridge(case, f"{first.year + 1}-06-30")
    assert result.net_retention is None
    assert all(found.value is None and found.reason for found in result.findings())


@pytest.fixture(scope="module")
def young(case):
    """The case on a day whose year before lies mostly before the first order."""
    first = kam.account_snapshot(case, as_of="2012-12-31")["first_order_date"].min()
    return f"{first.year + 1}-06-30"


@pytest.mark.unit
def test_volume_mix_and_price_are_not_told_of_a_year_that_the_orders_do_not_cover(case, young):
    split = trend.measure_segments(case, young)
    assert split.effects.empty
    assert "records begin" in split.reason.render("en")


@pytest.mark.unit
def test_nobody_rose_fell_or_stayed_since_a_year_that_the_orders_do_not_cover(case, young):
    snapshot = kam.account_snapshot(case, as_of=young)
    before = kam.account_snapshot(case, as_of=str(pd.Timestamp(young) - pd.DateOffset(years=1)))
    selection = segmentation.select_key_accounts(
        snapshot, before=before, as_of=young, n_resamples=5
    )
    criteria = selection.criteria.set_index("criterion")
    assert criteria.loc["growth", "weight"] == 0
    tiers = selection.frame
    moves = segmentation.measure_migration(
        tiers["tier_before"].to_numpy(), tiers["tier"].to_numpy(), selection.card
    )
    assert moves.n_both == 0
    assert moves.why_not("segmentation.migration")
    persistence = segmentation.measure_persistence(snapshot, n_resamples=5)
    assert persistence.share is None
    assert all(found.reason for found in persistence.findings())
