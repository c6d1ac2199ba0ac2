"""Concentration, persistence and dependence: hand-worked numbers and what must hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamresearch.analysis.segmentation import (
    measure_concentration,
    measure_dependence,
    measure_persistence,
)
from kamresearch.analysis.segmentation.concentration import gini, herfindahl, top_share
from kamresearch.analysis.segmentation.draws import draw_revenue, revenue_spread
from kamresearch.errors import AnalysisError

pytestmark = pytest.mark.unit

AS_OF = "2012-12-31"


def make_snapshot(revenue, **columns):
    """A snapshot with the columns that these analyses read."""
    n = len(revenue)
    frame = pd.DataFrame(
        {
            "account_id": [f"A{i:04d}" for i in range(n)],
            "account_name": [f"Name {i}" for i in range(n)],
            "revenue_12m": np.asarray(revenue, dtype=float),
            "revenue_prior_12m": np.asarray(revenue, dtype=float),
            "n_orders_12m": 5,
            "n_orders_prior_12m": 5,
        }
    )
    return frame.assign(**columns)


def test_a_hand_worked_company_has_the_shares_of_the_ledger():
    result = measure_concentration(make_snapshot([60, 20, 10, 5, 5]), AS_OF, n_resamples=50)
    assert result.value("top_fifth_basis") == pytest.approx(0.6)
    assert result.value("top_1") == pytest.approx(0.6)
    assert result.value("hhi") == pytest.approx(0.36 + 0.04 + 0.01 + 0.0025 * 2)
    assert result.value("gini") == pytest.approx(2 * (5 + 10 + 30 + 80 + 300) / (5 * 100) - 6 / 5)
    assert result.basis == "revenue"
    assert "No cost is known" in str(result.caveats[0])


def test_shares_of_a_finished_list_carry_no_interval_and_more_than_all_gets_words():
    result = measure_concentration(
        make_snapshot([100] * 5, profit_12m=[90.0, 30.0, 20.0, -30.0, -40.0]), AS_OF, n_resamples=50
    )
    top = next(one for one in result.findings() if one.id == "segmentation.top_fifth_share")
    assert top.value > 1
    assert "more than all of it, since some lose money (2" in str(top.sentence)
    assert all(one.interval is None for one in result.findings())


def test_gini_agrees_with_its_definition_by_pairs():
    values = np.random.default_rng(0).pareto(2, 60)
    pairs = np.abs(values[:, None] - values[None, :]).sum() / (2 * len(values) ** 2 * values.mean())
    assert gini(values) == pytest.approx(pairs)


def test_profit_makes_a_whale_where_accounts_lose_money():
    result = measure_concentration(
        make_snapshot([100, 100, 100, 100, 100], profit_12m=[50.0, 30.0, 20.0, -20.0, -30.0]),
        AS_OF,
        n_resamples=50,
    )
    assert result.basis == "profit"
    assert result.value("top_fifth_basis") == pytest.approx(1.0)
    assert result.curve["cumulative_share"].max() == pytest.approx(2.0)
    assert result.curve["cumulative_share"].iloc[-1] == pytest.approx(1.0)
    assert result.n_loss_makers == 2


def test_one_account_without_cost_turns_the_basis_to_revenue():
    assert (
        measure_concentration(
            make_snapshot([10, 10], profit_12m=[1.0, np.nan]), AS_OF, n_resamples=20
        ).basis
        == "revenue"
    )


def test_eighty_twenty_is_rejected_where_accounts_are_equal_and_kept_where_it_is_true():
    even = measure_concentration(make_snapshot(np.full(200, 10.0)), AS_OF)
    assert even.p_eighty_twenty < 0.01
    values = np.where(np.arange(500) < 100, 80 / 100, 20 / 400) * np.random.default_rng(1).uniform(
        0.8, 1.2, 500
    )
    assert measure_concentration(make_snapshot(values), AS_OF).p_eighty_twenty > 0.05


def test_dormant_accounts_do_not_make_a_company_look_concentrated():
    active = make_snapshot(np.full(20, 10.0))
    with_dormant = make_snapshot(np.append(np.full(20, 10.0), np.zeros(80)))
    assert measure_concentration(active, AS_OF, n_resamples=20).value(
        "top_fifth_basis"
    ) == pytest.approx(0.2)
    result = measure_concentration(with_dormant, AS_OF, n_resamples=20)
    assert result.value("top_fifth_basis") == pytest.approx(0.2)
    assert (result.n_accounts, result.n_active) == (100, 20)


def test_a_small_company_says_that_it_is_small():
    assert any(
        "Only 5 accounts" in str(caveat)
        for caveat in measure_concentration(
            make_snapshot([1, 2, 3, 4, 5]), AS_OF, n_resamples=20
        ).caveats
    )


@pytest.mark.parametrize("revenue", [[0.0, 0.0], [-5.0, -3.0]], ids=["no revenue", "all returns"])
def test_without_a_positive_total_shares_are_undefined_with_a_reason(revenue):
    findings = {
        finding.id: finding
        for finding in measure_concentration(
            make_snapshot(revenue), AS_OF, n_resamples=20
        ).findings()
    }
    for name in ("top_fifth_share", "top1_share", "gini", "hhi", "eighty_twenty_p_value"):
        assert findings[f"segmentation.{name}"].value is None
        assert "not positive" in str(findings[f"segmentation.{name}"].reason)


def test_one_account_holds_everything():
    result = measure_concentration(make_snapshot([7.0]), AS_OF, n_resamples=20)
    assert result.value("top_1") == 1.0
    assert result.value("gini") == 0.0


def test_no_account_is_refused_in_words():
    with pytest.raises(AnalysisError, match="at least one account"):
        measure_concentration(make_snapshot([]), AS_OF)


def test_measuring_does_not_change_the_snapshot():
    snapshot = make_snapshot([3.0, 2.0, 1.0])
    copy = snapshot.copy(deep=True)
    measure_concentration(snapshot, AS_OF, n_resamples=20)
    measure_persistence(snapshot)
    measure_dependence(snapshot)
    pd.testing.assert_frame_equal(snapshot, copy)


@pytest.mark.properties
@settings(max_examples=30)
@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=40), st.floats(0.1, 1000))
def test_currency_leaves_shares_and_order_does_not_matter(values, rate):
    values = np.array(values)
    for measure in (gini, herfindahl, top_share):
        assert measure(values * rate) == pytest.approx(measure(values), abs=1e-9)
        assert measure(values[::-1]) == pytest.approx(measure(values), abs=1e-9)
        assert -1e-9 <= measure(values) <= 1 + 1e-9


# Persistence


def test_accounts_that_never_change_stay_all():
    result = measure_persistence(
        make_snapshot(
            np.arange(1, 51, dtype=float) * 1000, n_orders_12m=5000, n_orders_prior_12m=5000
        )
    )
    assert result.share == 1.0
    assert result.by_chance > 0.9
    assert (result.n_stayed, result.n_top) == (10, 10)


def test_equal_accounts_stay_no_more_than_chance_lets_them():
    rng = np.random.default_rng(0)
    before, now = rng.poisson(4, 500) * 10.0, rng.poisson(4, 500) * 10.0
    snapshot = make_snapshot(
        now, revenue_prior_12m=before, n_orders_12m=now / 10, n_orders_prior_12m=before / 10
    )
    result = measure_persistence(snapshot)
    assert result.share == pytest.approx(0.2, abs=0.1)


@pytest.mark.recovery
def test_chance_alone_explains_the_persistence_of_a_stable_company():
    rng = np.random.default_rng(3)
    level = rng.lognormal(2, 1, 800)
    before, now = rng.poisson(level), rng.poisson(level)
    snapshot = make_snapshot(
        now * 10.0, revenue_prior_12m=before * 10.0, n_orders_12m=now, n_orders_prior_12m=before
    )
    result = measure_persistence(snapshot)
    assert (
        result.by_chance_interval.low - 0.06
        <= result.share
        <= result.by_chance_interval.high + 0.06
    )


def test_even_buyers_who_keep_their_level_stay_more_often_than_poisson_would_have_it():
    rng = np.random.default_rng(0)
    orders = np.round(rng.lognormal(2.5, 0.6, 300))
    even = {"n_order_days": 2 * orders, "days_between_orders_mean": 365 / orders}
    made = [
        make_snapshot(
            orders * 10.0,
            revenue_prior_12m=orders * 10.0,
            n_orders_12m=orders,
            n_orders_prior_12m=orders,
            days_between_orders_sd=spread * 365 / orders,
            **even,
        )
        for spread in (0.2, 1.0)
    ]
    regular, chance = (measure_persistence(one).by_chance for one in made)
    assert regular > chance + 0.04
    assert regular > 0.88


def test_a_list_of_the_largest_falls_back_by_itself():
    rng = np.random.default_rng(5)
    before, now = rng.poisson(20, 400), rng.poisson(20, 400)
    snapshot = make_snapshot(
        now * 10.0, revenue_prior_12m=before * 10.0, n_orders_12m=now, n_orders_prior_12m=before
    )
    assert measure_persistence(snapshot).regression < -0.15


@pytest.mark.shared
@pytest.mark.slow
def test_on_cdnow_only_half_of_the_largest_fifth_stay(shared_data):
    frame = pd.read_csv(shared_data / "cdnow_sample.csv", parse_dates=["date"])
    halves = (
        frame.groupby(["customer_id", frame["date"] > "1997-09-30"])["spend"]
        .sum()
        .unstack(fill_value=0.0)
    )
    counts = (
        frame.groupby(["customer_id", frame["date"] > "1997-09-30"]).size().unstack(fill_value=0)
    )
    snapshot = make_snapshot(
        halves[True].to_numpy(),
        revenue_prior_12m=halves[False].to_numpy(),
        n_orders_12m=counts[True].to_numpy(),
        n_orders_prior_12m=counts[False].to_numpy(),
    )
    assert measure_persistence(snapshot).share == pytest.approx(0.5, abs=0.06)


def test_too_few_accounts_have_no_persistence_but_a_reason():
    result = measure_persistence(make_snapshot([1.0, 2.0, 3.0]))
    assert result.share is None
    assert all(
        finding.value is None and finding.reason is not None for finding in result.findings()
    )


# Draws


def test_the_spread_of_a_year_is_that_of_a_bootstrap_over_its_orders():
    orders = np.array([100.0, 20.0, 5.0, 5.0, 70.0])
    snapshot = make_snapshot([orders.sum()])
    moments = pd.DataFrame({"account_id": ["A0000"], "revenue_squares_12m": [(orders**2).sum()]})
    rng = np.random.default_rng(0)
    drawn = (rng.poisson(1.0, size=(20_000, 5)) * orders).sum(axis=1)
    assert revenue_spread(snapshot, moments)[0] == pytest.approx(drawn.std(), rel=0.02)
    draws = draw_revenue(snapshot, 20_000, 0, moments)[:, 0]
    assert draws.mean() == pytest.approx(orders.sum(), rel=0.02)
    assert draws.std() == pytest.approx(drawn.std(), rel=0.03)
    assert (draws > 0).all()


# Dependence


def test_losing_the_largest_customers_costs_their_ledger():
    result = measure_dependence(
        make_snapshot([50, 20, 10, 10, 5, 5], profit_12m=[5.0, 4.0, 3.0, 2.0, 1.0, 1.0])
    )
    frame = result.frame.set_index("n_lost")
    assert frame["revenue_lost_share"].to_dict() == pytest.approx({1: 0.5, 3: 0.8, 5: 0.95})
    assert frame["profit_lost"].to_dict() == {1: 5.0, 3: 12.0, 5: 15.0}


def test_accounts_of_one_parent_are_lost_together():
    snapshot = make_snapshot([30, 30, 40], parent_id=["G", "G", None])
    result = measure_dependence(snapshot)
    assert result.n_groups == 2
    assert result.findings()[0].value == pytest.approx(0.6)


def test_nobody_loses_more_customers_than_there_are():
    assert measure_dependence(make_snapshot([5.0, 3.0])).frame["n_lost"].tolist() == [1]
    assert measure_dependence(make_snapshot([5.0])).findings()[0].value == 1.0
    assert measure_dependence(make_snapshot([-5.0])).findings()[0].value is None
