"""Lifetime value: published numbers, hand-worked cases, and every awkward input."""

import time
from dataclasses import replace
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis import drawing
from kamresearch.analysis.lifetime import choice as choice_module
from kamresearch.analysis.lifetime.beta_geometric import (
    BetaGeometric,
    fit_bgnbd,
    fit_mbgnbd,
    fit_rhythm,
)
from kamresearch.analysis.lifetime.blend import (
    SEASON_POWER,
    fit_blend,
    learn_drift,
    mix,
    season_doubt,
    sharpen,
)
from kamresearch.analysis.lifetime.choice import CANDIDATES, NAMES, backtest_horizon
from kamresearch.analysis.lifetime.gamma_gamma import fit_gamma_gamma
from kamresearch.analysis.lifetime.learned import RIDGE, fit_factor
from kamresearch.analysis.lifetime.maximum import Estimate
from kamresearch.analysis.lifetime.pareto import fit_paretonbd
from kamresearch.analysis.lifetime.purchasing import Past
from kamresearch.analysis.lifetime.tracking import fit_models
from kamresearch.errors import AnalysisError, DataError, ParameterError
from kamresearch.features.purchases import FramePurchases, TablePurchases, order_moments

pytestmark = pytest.mark.golden

END = "1997-09-30"


@pytest.fixture(scope="module")
def cdnow(shared_data):
    frame = pd.read_csv(shared_data / "cdnow_sample.csv", parse_dates=["date"])
    return frame.rename(
        columns={"customer_id": "account_id", "date": "order_date", "spend": "revenue"}
    )


@pytest.fixture(scope="module")
def history(cdnow):
    return FramePurchases(cdnow).history(END)


def simulate_shop(n=300, seed=0, days=360, rhythm=1, drop=0.15):
    """Orders of an MBG/NBD world: gamma rates, a share of accounts leaving after each order;
    rhythm k gives Erlang gaps.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for account in range(n):
        rate = rng.gamma(1.2, 1 / 40)
        day = int(rng.integers(0, days // 2))
        value = rng.gamma(6, 20)
        while day <= days:
            rows.append(
                (
                    f"{account:05d}",
                    pd.Timestamp("2010-01-01") + pd.Timedelta(days=day),
                    rng.gamma(4, value / 4),
                )
            )
            if rng.random() < drop:
                break
            day += max(1, int(rng.gamma(rhythm, 1 / (rhythm * rate))))
    return pd.DataFrame(rows, columns=["account_id", "order_date", "revenue"])


@pytest.fixture(scope="module")
def shop():
    return simulate_shop()


GOLDEN = {
    fit_bgnbd: ((0.2426, 4.4136, 0.7929, 2.4259), -9582.43),
    fit_mbgnbd: ((0.5248, 6.1831, 0.8914, 1.6140), -9582.14),
    fit_paretonbd: ((0.5533, 10.5777, 0.6062, 11.6687), -9594.98),
}


@pytest.mark.shared
@pytest.mark.parametrize("fit", GOLDEN, ids=lambda fit: fit.__name__)
def test_cdnow_gives_the_published_parameters_with_standard_errors(fit, history):
    values, log_likelihood = GOLDEN[fit]
    estimate = fit(history).estimate
    assert tuple(estimate.values.values()) == pytest.approx(values, abs=5e-4)
    assert estimate.log_likelihood == pytest.approx(log_likelihood, abs=0.01)
    assert all(0 < error < 10 for error in estimate.errors.values())


@pytest.mark.shared
def test_gamma_gamma_on_cdnow_gives_the_published_parameters_and_the_correlation_it_assumes_away(
    history,
):
    model = fit_gamma_gamma(history)
    assert tuple(model.estimate.values.values()) == pytest.approx((6.250, 3.744, 15.444), abs=1e-3)
    assert model.correlation == pytest.approx(0.11, abs=0.01)
    assert model.estimate.n == (history["n_order_days"] > 1).sum() < len(history)


@pytest.mark.shared
def test_every_fit_on_cdnow_takes_less_than_a_second(history):
    for fit in (*GOLDEN, fit_gamma_gamma):
        start = time.process_time()
        fit(history)
        assert time.process_time() - start < 1.0


@pytest.mark.shared
def test_alive_of_bgnbd_is_one_for_every_one_time_buyer_and_no_churn_score(cdnow, history):
    from sklearn.metrics import roc_auc_score

    alive = fit_bgnbd(history).probability_alive(history)
    once = (history["n_order_days"] == 1).to_numpy()
    assert (alive[once] == 1).all()
    later = FramePurchases(cdnow).outcome(END, "1998-06-30")["account_id"]
    again = history["account_id"].isin(later)
    assert roc_auc_score(again, alive) == pytest.approx(0.316, abs=0.005)
    assert roc_auc_score(again, fit_bgnbd(history).probability_active(history, 273)) > 0.75


@pytest.mark.slow
def test_standard_errors_agree_with_the_spread_of_estimates_over_resamples(shop):
    history = FramePurchases(shop).history("2010-12-27")
    model = fit_mbgnbd(history)
    rng = np.random.default_rng(1)
    drawn = [
        fit_mbgnbd(history.iloc[rng.integers(0, len(history), len(history))]).estimate.values["r"]
        for _ in range(25)
    ]
    assert model.estimate.errors["r"] == pytest.approx(np.std(drawn), rel=0.6)


def test_expected_orders_agree_with_the_closed_form_of_bgnbd(shop):
    from scipy.special import hyp2f1

    history = FramePurchases(shop).history("2010-12-27")
    model = fit_bgnbd(history)
    r, alpha, a, b = model.estimate.values.values()
    x = history["n_order_days"].to_numpy(float) - 1
    t_x, age = history["age_at_last_order_days"] / 7, history["observed_days"] / 7
    ahead = 90 / 7
    top = 1 - ((alpha + age) / (alpha + age + ahead)) ** (r + x) * hyp2f1(
        r + x, b + x, a + b + x - 1, ahead / (alpha + age + ahead)
    )
    gone = np.where(
        x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x), 0
    )
    expected = (a + b + x - 1) / (a - 1) * top / (1 + gone)
    np.testing.assert_allclose(model.expected_orders(history, 90), expected, rtol=1e-5)


def test_probability_of_an_order_agrees_with_simulation(shop):
    history = (
        FramePurchases(shop)
        .history("2010-12-27")
        .iloc[[0]]
        .assign(
            n_order_days=4,
            age_at_last_order_days=140.0,
            observed_days=210.0,
            days_since_last_order=70.0,
        )
    )
    model = fit_mbgnbd(FramePurchases(shop).history("2010-12-27"))
    r, alpha, a, b = model.estimate.values.values()
    rng = np.random.default_rng(0)
    rate, leaving = rng.gamma(r, 1 / alpha, 400_000), rng.beta(a, b, 400_000)
    # weights of the history under each rate: three more orders in 20 weeks, then ten weeks of
    # silence
    silent = leaving + (1 - leaving) * np.exp(-rate * 10)
    weight = (1 - leaving) ** 3 * rate**3 * np.exp(-rate * 20) * silent
    order = (1 - leaving) * np.exp(-rate * 10) / silent * (1 - np.exp(-rate * 60 / 7))
    assert model.probability_active(history, 60)[0] == pytest.approx(
        (weight * order).sum() / weight.sum(), rel=0.01
    )


@pytest.mark.parametrize("rhythm", [1, 2])
@pytest.mark.slow
def test_expected_orders_of_mbgnbd_agree_with_simulation(shop, rhythm):
    from scipy.stats import gamma

    history = FramePurchases(shop).history("2010-12-27")
    estimate = Estimate({"r": 1.0, "alpha": 5.0, "a": 1.0, "b": 0.5}, {}, 0.0, 1)
    model = BetaGeometric("mbgnbd", estimate, True, rhythm, 7.0)
    one = history.iloc[[0]].assign(
        n_order_days=4, age_at_last_order_days=140.0, observed_days=210.0
    )
    r, alpha, a, b = model.estimate.values.values()
    rng, n = np.random.default_rng(0), 400_000
    rate, leaving = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    silent = gamma.sf(10, rhythm, scale=1 / rate)
    weight = (1 - leaving) ** 4 * rate ** (3 * rhythm) * np.exp(-rate * 20) * silent
    # the running gap is longer than ten weeks; then gap after gap, each order a chance to leave
    left = rng.random(n) * silent
    clock = gamma.isf(np.maximum(left, 1e-300), rhythm, scale=1 / rate) - 10
    orders, alive = np.zeros(n), np.ones(n, dtype=bool)
    for _order in range(60):
        alive &= clock <= 100
        orders += alive
        alive &= rng.random(n) > leaving
        clock = clock + rng.gamma(rhythm, 1 / rate)
    everything = (
        weight + leaving * (1 - leaving) ** 3 * rate ** (3 * rhythm) * np.exp(-rate * 20)
    ).sum()
    assert model.expected_orders(one, 700)[0] == pytest.approx(
        (weight * orders).sum() / everything, rel=0.015
    )


@pytest.mark.recovery
def test_a_planted_rhythm_is_found_and_absent_where_there_is_none():
    on_a_rhythm = FramePurchases(simulate_shop(seed=3, rhythm=4, n=400)).history("2010-12-27")
    assert fit_rhythm(on_a_rhythm).rhythm >= 2
    assert (
        fit_rhythm(FramePurchases(simulate_shop(seed=4, n=400)).history("2010-12-27")).rhythm == 1
    )


@pytest.mark.recovery
def test_the_parameters_of_a_simulated_shop_are_found_again():
    model = fit_mbgnbd(FramePurchases(simulate_shop(n=1500, seed=5)).history("2010-12-27"))
    values, errors = model.estimate.values, model.estimate.errors
    assert abs(values["r"] - 1.2) < 4 * errors["r"]
    assert values["a"] / (values["a"] + values["b"]) == pytest.approx(0.15, abs=0.05)


def test_a_parameter_at_the_edge_gets_no_standard_error_and_the_others_keep_theirs():
    history = FramePurchases(simulate_shop(n=400, drop=0.0, seed=2)).history("2010-12-27")
    errors = fit_bgnbd(history).estimate.errors
    assert errors["r"] > 0
    assert errors["alpha"] > 0
    assert None in (errors["a"], errors["b"]) or errors["b"] > 10


def test_recency_means_one_thing_in_each_column(shop):
    history = FramePurchases(shop).history("2010-12-27")
    total = history["age_at_last_order_days"] + history["days_since_last_order"]
    pd.testing.assert_series_equal(total, history["observed_days"], check_names=False)
    once = history[history["n_order_days"] == 1]
    assert (once["age_at_last_order_days"] == 0).all()


def test_adding_the_future_changes_nothing(shop):
    future = pd.DataFrame(
        {"account_id": ["00001", "new"], "order_date": pd.Timestamp("2011-05-01"), "revenue": 1e9}
    )
    before = kam.lifetime.fit(shop, "2010-12-27", model="paretonbd").predict(90)
    after = kam.lifetime.fit(pd.concat([shop, future]), "2010-12-27", model="paretonbd").predict(90)
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.slow
def test_learned_predictions_see_nothing_after_the_as_of_date(shop):
    future = shop.assign(order_date=shop["order_date"] + pd.Timedelta(days=400))
    before = kam.lifetime.fit(shop, "2010-12-27", model="blend").predict(60)
    after = kam.lifetime.fit(pd.concat([shop, future]), "2010-12-27", model="blend").predict(60)
    pd.testing.assert_frame_equal(before, after)


def test_boosting_without_anything_to_learn_is_refused_in_words():
    """Two hundred accounts order early in 2008 and never again: no later stretch has an order
    to learn from.
    """
    rows = [(f"A{i:03d}", day) for i in range(200) for day in ("2008-01-10", "2008-02-20")]
    orders = pd.DataFrame(rows, columns=["account_id", "order_date"]).assign(revenue=100.0)
    orders["order_date"] = pd.to_datetime(orders["order_date"]) + pd.to_timedelta(
        np.arange(len(orders)) % 9, unit="D"
    )
    with pytest.raises(AnalysisError, match="accounts that ordered again"):
        kam.lifetime.fit(orders, "2011-12-31", horizon_days=365, model="boosting").predict(365)


def test_order_of_rows_and_currency_do_not_matter(shop):
    first = kam.lifetime.fit(shop, "2010-12-27", model="mbgnbd").predict(90)
    shuffled = kam.lifetime.fit(
        shop.sample(frac=1, random_state=1), "2010-12-27", model="mbgnbd"
    ).predict(90)
    pd.testing.assert_frame_equal(first, shuffled)
    dearer = kam.lifetime.fit(
        shop.assign(revenue=shop["revenue"] * 100), "2010-12-27", model="mbgnbd"
    ).predict(90)
    np.testing.assert_allclose(dearer["expected_orders"], first["expected_orders"])
    np.testing.assert_allclose(dearer["expected_value"], first["expected_value"] * 100, rtol=1e-3)


@pytest.mark.slow
def test_the_gate_shows_every_baseline_and_chooses_on_stretches_that_no_model_saw(shop):
    result = kam.lifetime.fit(shop, "2010-12-27", horizon_days=90)
    assert {"hiatus", "past_rate", "bgnbd", "mbgnbd", "paretonbd", "blend", "boosting"} <= set(
        result.choice.summary["model"]
    )
    assert (
        result.choice.frame["cut"] + pd.Timedelta(days=result.choice.horizon_days)
        <= pd.Timestamp("2010-12-27")
    ).all()
    assert result.choice.summary["chosen"].sum() == 1
    assert {finding.id for finding in result.findings()} >= {
        "segmentation.expected_value_12m",
        "segmentation.lifetime_auc",
    }
    prediction = result.predict(90)
    assert prediction["probability_active"].between(0, 1).all()
    assert (prediction["expected_orders"] >= 0).all()


@pytest.mark.slow
def test_fitting_changes_neither_its_input_nor_its_answer(shop):
    copy = shop.copy(deep=True)
    first, second = (
        kam.lifetime.fit(shop, "2010-12-27", model="blend").predict(30) for _ in range(2)
    )
    pd.testing.assert_frame_equal(shop, copy)
    pd.testing.assert_frame_equal(first, second)


def test_discounting_margin_and_horizon_scale_the_value(shop):
    plain = kam.lifetime.fit(shop, "2010-12-27", model="mbgnbd")
    thrifty = kam.lifetime.fit(shop, "2010-12-27", model="mbgnbd", margin=0.2, discount_yearly=0.1)
    whole, cut = plain.value(365)["value"], thrifty.value(365)["value"]
    assert (cut < 0.2 * whole).all()
    assert (cut > 0.2 * whole / 1.1).all()
    np.testing.assert_allclose(plain.predict(365)["expected_value"], whole)
    assert (plain.value(730)["value"] > whole).all()


def test_tracking_compares_what_came_with_what_was_expected(shop):
    frame = kam.lifetime.fit(shop, "2010-12-27").track()
    came = frame["actual"].sum()
    assert frame["mbgnbd"].sum() == pytest.approx(came, rel=0.35)
    assert frame["date"].is_monotonic_increasing


@pytest.fixture(scope="module")
def year_ahead(shop):
    return kam.lifetime.fit(shop, "2010-12-27", horizon_days=365)


@pytest.mark.slow
def test_the_learned_correction_ranks_and_does_not_move_the_total(shop):
    past, day = Past(FramePurchases(shop)), pd.Timestamp("2010-12-27")
    blend, history = fit_blend(past, day, 90), past.history(day)
    total = blend.model.expected_orders(history, 90).sum()
    assert blend.expected_orders(history, 90).sum() == pytest.approx(blend.drift * total)
    assert blend.value_orders(history, 90).sum() == pytest.approx(blend.drift * total)
    corrected = blend.corrected
    assert corrected.expected_orders(history, 90).sum() == pytest.approx(
        corrected.base.expected_orders(history, 90).sum(), rel=0.01
    )


def test_the_whole_is_moved_by_a_part_of_what_the_model_fell_short_before(shop):
    past, day = Past(FramePurchases(shop)), pd.Timestamp("2010-12-27")

    def drift(came, n):
        stretch = (np.full(10, 2.0), np.full(10, 2.0), np.full(10, 2.0 * came))
        return learn_drift(past, day, 365, [stretch] * n)

    assert drift(1.5, 1) == pytest.approx(1.5 ** (1 / 3))
    assert drift(1.5, 3) == pytest.approx(1.5**0.5)
    assert drift(100.0, 3) == pytest.approx(2.0)
    assert drift(1.0, 2) == 1.0


def seasonal_shop(years, n=150, seed=3):
    """Accounts that order three times as often in the last quarter of each year as in the rest."""
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2010-10-02") - pd.to_timedelta(np.arange(int(365 * years), -91, -1), "D")
    chance = np.where(day.quarter == 4, 3.0, 1.0) * rng.gamma(4, 1 / 4, n)[:, None] / 60
    account, at = np.nonzero(rng.random(chance.shape) < chance)
    frame = pd.DataFrame({"account_id": account, "order_date": day[at], "revenue": 100.0})
    return frame, pd.Timestamp("2010-10-01")


@pytest.mark.slow
def test_a_season_enters_the_total_where_two_years_are_known():
    orders, end = seasonal_shop(2.75)
    result = kam.lifetime.fit(orders, end, horizon_days=91, model="blend")
    history = result.history
    came = len(orders[orders["order_date"] > end])
    bare = result.models["paretonbd"].expected_orders(history, 91).sum()
    told = result.predict(91)["expected_orders"].sum()
    assert bare < 0.6 * came
    assert came - told < 0.7 * (came - bare)


@pytest.mark.parametrize(
    ("years", "ahead", "said"),
    [
        (0.75, 365, "less than a year"),
        (1.1, 90, "holds no season"),
        (1.1, 365, None),
    ],
)
@pytest.mark.slow
def test_a_season_that_the_orders_cannot_show_is_said_to_be_missing_and_widens_the_interval(
    years, ahead, said, monkeypatch
):
    orders, end = seasonal_shop(years)
    result = kam.lifetime.fit(orders[orders["order_date"] <= end], end, horizon_days=ahead)
    told = [str(one) for one in result.caveats if "season" in str(one)]
    assert (not told) if said is None else (said in told[0])
    total, interval = result.total(ahead)
    monkeypatch.setattr(type(result), "knows_season", lambda self, days: True)
    _total, bare = result.total(ahead)
    wide, narrow = (np.log(one.high / total) for one in (interval, bare))
    doubt = 0 if said is None else 1.2816 * season_doubt(365.25 * years, ahead)
    assert wide == pytest.approx(np.hypot(narrow, doubt), rel=0.02)


def test_the_doubt_about_a_season_is_that_of_windows_over_drawn_years():
    turn = 2 * np.pi / 365 * np.arange(1, 7)
    day, phase = np.arange(-270, 90), np.random.default_rng(0).uniform(0, 2 * np.pi, (1500, 6))
    waves = np.sqrt(2 * np.maximum(SEASON_POWER, 0)) * np.cos(turn * day[:, None, None] + phase)
    season = waves.sum(axis=-1)
    apart = season[day >= 0].mean(axis=0) - season[day < 0].mean(axis=0)
    assert season_doubt(270, 90) == pytest.approx(apart.std(), rel=0.1)
    assert season_doubt(730, 365) == pytest.approx(0, abs=1e-9)


def test_the_learned_factor_is_the_poisson_regression_that_others_find():
    from sklearn.linear_model import PoissonRegressor

    rng = np.random.default_rng(1)
    features = rng.normal(size=(400, 3)) * [1, 20, 0.1] + [0, 5, -3]
    expected = rng.gamma(2, 0.5, 400)
    orders = rng.poisson(expected * np.exp(0.5 * features[:, 0] - 0.2)).astype(float)
    found = fit_factor(features, orders, expected)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    other = PoissonRegressor(alpha=RIDGE, solver="newton-cholesky", tol=1e-10)
    other.fit(scaled, orders / expected, sample_weight=expected)
    assert found.predict(features) == pytest.approx(other.predict(scaled), rel=1e-6)
    flat = fit_factor(np.zeros((400, 2)), orders, expected)
    assert flat.predict(np.zeros((1, 2)))[0] == pytest.approx(orders.sum() / expected.sum())


@pytest.mark.slow
def test_the_backtest_is_as_long_as_the_data_allow(year_ahead):
    assert backtest_horizon(2000, 365) == backtest_horizon(730, 365) == 365
    assert backtest_horizon(2000, 90) == 90
    assert year_ahead.choice.horizon_days < 180
    assert 1 < year_ahead.choice.independent() < year_ahead.choice.frame["cut"].nunique()


@pytest.mark.parametrize("times", [1, 4])
def test_the_interval_in_money_is_chance_and_what_few_misses_show_beyond_it(year_ahead, times):
    from scipy.stats import t

    choice = year_ahead.choice
    misses = times * np.log1p(choice.frame["value_error"])
    told = replace(year_ahead)
    told.__dict__["choice"] = replace(
        choice, frame=choice.frame.assign(value_error=np.expm1(misses))
    )
    finding = next(one for one in told.findings() if one.id == "segmentation.expected_value_12m")
    chance = np.log1p(2 / np.sqrt(told.predict(365)["expected_orders"].sum())) ** 2
    longer = 365 / choice.horizon_days
    mean = (misses[choice.frame["model"] == told.chosen] ** 2).mean()
    beyond = t.ppf(0.9, choice.independent()) ** 2 * mean - longer * chance
    assert (beyond > 0) == (times > 1), "what was missed here is no more than chance"
    span = told.past.span(pd.Timestamp(told.as_of))
    assert span < 365, "so the season is unknown, if only just"
    season = (1.2816 * season_doubt(span, 365)) ** 2
    factor = np.exp(np.sqrt(longer * max(beyond, 0) + chance + season))
    assert finding.interval.high == pytest.approx(finding.value * factor)
    assert finding.interval.low == pytest.approx(finding.value / factor)


def test_where_nothing_orders_accounts_better_than_chance_the_caveats_say_so(year_ahead):
    choice = year_ahead.choice
    assert not choice.orders_by_chance()
    by_lot = replace(choice, frame=choice.frame.assign(spearman=0.01))
    assert by_lot.orders_by_chance()
    told = replace(year_ahead)
    told.__dict__["choice"] = by_lot
    assert any("better than chance" in str(caveat) for caveat in told.caveats)


def test_sharpening_keeps_the_total_and_the_order():
    expected = np.array([0.1, 0.5, 3.0])
    sharper = sharpen(expected, 1.3)
    assert sharper.sum() == pytest.approx(expected.sum())
    assert (np.diff(sharper) > 0).all()
    assert sharper[0] < expected[0]
    np.testing.assert_allclose(mix(expected, expected, 0.3), expected)


# Awkward input


def test_one_account_gets_its_past_rate():
    days = pd.to_datetime(["2012-01-01", "2012-02-01", "2012-03-01"])
    result = kam.lifetime.fit(
        pd.DataFrame({"account_id": "A", "order_date": days, "revenue": 5.0}), "2012-03-31"
    )
    assert result.chosen == "past_rate"
    assert result.predict(90)["expected_orders"].tolist() == [2.0]
    assert any("no model is fitted" in str(caveat) for caveat in result.caveats)


def test_one_order_each_expects_little_and_invents_no_value_model():
    orders = pd.DataFrame(
        {
            "account_id": [f"{i}" for i in range(60)],
            "revenue": 10.0,
            "order_date": pd.Timestamp("2012-01-01") + pd.to_timedelta(np.arange(60) % 30, "D"),
        }
    )
    result = kam.lifetime.fit(orders, "2012-06-30")
    assert result.spending is None
    assert (result.predict(90)["expected_orders"] < 0.2).all()


def test_accounts_with_returns_alone_stay_with_a_reason():
    orders = pd.DataFrame(
        {
            "account_id": ["A", "A", "B"],
            "order_date": pd.to_datetime(["2012-01-01", "2012-02-01", "2012-01-05"]),
            "revenue": [10.0, 12.0, -3.0],
        }
    )
    prediction = kam.lifetime.fit(orders, "2012-03-31").predict(30).set_index("account_id")
    assert prediction.loc["B", "reason"] == "no_orders"
    assert prediction.loc[
        "B", ["expected_orders", "probability_active", "expected_value"]
    ].tolist() == [0, 0, 0]


def test_all_returns_expect_nothing_and_say_so():
    orders = pd.DataFrame(
        {"account_id": ["A", "B"], "order_date": pd.Timestamp("2012-01-01"), "revenue": -1.0}
    )
    result = kam.lifetime.fit(orders, "2012-03-31")
    assert result.predict(30)["reason"].tolist() == ["no_orders", "no_orders"]
    assert result.findings()[0].value is None
    assert "No account has ordered" in str(result.findings()[0].reason)


def test_a_negative_order_lowers_the_net_but_is_no_purchase():
    orders = pd.DataFrame(
        {
            "account_id": "A",
            "order_date": pd.to_datetime(["2012-01-01", "2012-02-01"]),
            "revenue": [10.0, -4.0],
        }
    )
    row = FramePurchases(orders).history("2012-03-31").iloc[0]
    assert (row["n_order_days"], row["revenue_orders"], row["revenue_net"]) == (1, 10.0, 6.0)


def test_orders_without_account_or_date_or_after_the_day_are_counted_and_shown():
    orders = pd.DataFrame(
        {
            "account_id": ["A", None, "A", "A"],
            "revenue": 1.0,
            "order_date": pd.to_datetime(["2012-01-01", "2012-01-02", None, "2012-09-01"]),
        }
    )
    result = kam.lifetime.fit(orders, "2012-03-31")
    left = result.left_out
    assert (left.without_account, left.without_date, left.after_as_of) == (1, 1, 1)
    shown = " ".join(str(caveat) for caveat in result.caveats)
    assert "1 orders name no account" in shown
    assert "1 orders have no date" in shown
    assert "Orders after the as-of date that are not seen: 1." in shown


def test_ties_everywhere_give_equal_accounts_equal_expectations():
    days = pd.to_datetime(["2012-01-01", "2012-02-01", "2012-03-01"])
    orders = pd.concat(
        [
            pd.DataFrame({"account_id": f"{i:03d}", "order_date": days, "revenue": 7.0})
            for i in range(50)
        ]
    )
    prediction = kam.lifetime.fit(orders, "2012-06-30").predict(60)
    assert prediction["expected_orders"].nunique() == 1
    assert prediction["expected_value"].nunique() == 1


def test_one_giant_account_does_not_make_the_others_giants(shop):
    giant = pd.DataFrame(
        {
            "account_id": "giant",
            "order_date": pd.date_range("2010-01-01", "2010-12-20", freq="2D"),
            "revenue": 1e7,
        }
    )
    prediction = (
        kam.lifetime.fit(pd.concat([shop, giant]), "2010-12-27", model="mbgnbd")
        .predict(90)
        .set_index("account_id")
    )
    assert prediction["expected_orders"].idxmax() == "giant"
    assert prediction["expected_orders"].drop("giant").max() < 45


def test_no_orders_at_all_are_an_empty_answer():
    orders = pd.DataFrame(
        {"account_id": pd.Series([], dtype=str), "order_date": pd.to_datetime([]), "revenue": []}
    )
    result = kam.lifetime.fit(orders, "2012-03-31")
    assert result.predict(30).empty
    assert result.value().empty


def test_bad_columns_dates_and_parameters_are_refused_in_words(shop):
    with pytest.raises(DataError, match="no revenue"):
        kam.lifetime.fit(shop.drop(columns="revenue"), "2010-12-27")
    with pytest.raises(DataError, match="expected dates; found 1: 'soon'"):
        kam.lifetime.fit(
            pd.DataFrame({"account_id": ["A"], "order_date": ["soon"], "revenue": [1.0]}),
            "2010-12-27",
        )
    with pytest.raises(ParameterError, match="margin in"):
        kam.lifetime.fit(shop, "2010-12-27", margin=2)
    with pytest.raises(ParameterError, match="did you mean 'paretonbd'"):
        kam.lifetime.fit(shop, "2010-12-27", model="pareto_nbd")
    with pytest.raises(ParameterError, match="a number of days above zero"):
        kam.lifetime.fit(shop, "2010-12-27", model="mbgnbd").predict(0)
    with pytest.raises(AnalysisError, match="at least 10 repeat buyers"):
        fit_gamma_gamma(FramePurchases(shop).history("2010-12-27").head(3))


def test_models_that_fit_are_fitted_and_no_model_is_silently_replaced(shop):
    assert set(fit_models(FramePurchases(shop).history("2010-12-27"))[0]) == {
        "bgnbd",
        "mbgnbd",
        "rhythm",
        "paretonbd",
    }


@pytest.fixture(scope="module")
def case(case_tables):
    return case_tables


def test_the_engine_and_pandas_count_the_same_purchases(case):
    orders = case.orders.select("account_id", "order_date", "revenue").to_pandas()
    here, there = FramePurchases(orders), TablePurchases(case)
    pd.testing.assert_frame_equal(
        here.history("2011-12-31"), there.history("2011-12-31"), check_dtype=False
    )
    pd.testing.assert_frame_equal(
        here.outcome("2011-12-31", "2012-06-30"),
        there.outcome("2011-12-31", "2012-06-30"),
        check_dtype=False,
    )
    assert here.span("2011-12-31") == there.span("2011-12-31")
    assert here.left_out("2011-12-31") == there.left_out("2011-12-31")


def test_squares_of_orders_come_from_the_engine(case):
    orders = case.orders.to_pandas()
    orders["order_date"] = pd.to_datetime(orders["order_date"])
    year = orders[(orders["order_date"] > "2012-01-01") & (orders["order_date"] <= "2012-12-31")]
    by_order = year.groupby(["account_id", "order_id"])["revenue"].sum()
    expected = (by_order**2).groupby("account_id").sum()
    found = order_moments(case, "2012-12-31").set_index("account_id")["revenue_squares_12m"]
    pd.testing.assert_series_equal(
        found.sort_index(), expected.sort_index(), check_names=False, check_dtype=False
    )


@pytest.mark.slow
def test_models_fitted_to_a_draw_predict_every_account(monkeypatch):
    """Fitted to a third of the accounts, the parameters stay within their errors and nobody is
    left without a value.
    """
    orders, day = simulate_shop(900), "2010-12-27"
    whole = kam.lifetime.fit(orders, day, model="mbgnbd")
    monkeypatch.setattr(
        "kamresearch.analysis.lifetime.fitting.draw_ids", lambda ids: drawing.draw_ids(ids, 300)
    )
    part = kam.lifetime.fit(orders, day, model="mbgnbd")
    assert len(part.past.history(pd.Timestamp(day))) == 300
    both = whole.predict(180).merge(part.predict(180), on="account_id", suffixes=("", "_drawn"))
    assert len(both) == len(whole.predict(180))
    assert both["expected_orders_drawn"].sum() == pytest.approx(
        both["expected_orders"].sum(), rel=0.2
    )
    assert both["expected_orders"].corr(both["expected_orders_drawn"], method="spearman") > 0.95


IDS = {
    "int": lambda n: n,
    "text": lambda n: f"{n:05d}",
    "uuid": lambda n: UUID(int=n * 7919),
    "numpy": np.int32,
}


def orders_of_many(n: int) -> pd.DataFrame:
    """One to four order days of each of n accounts, the account a number from 0."""
    rng = np.random.default_rng(2)
    counts = rng.integers(1, 5, n)
    days = pd.Timestamp("2012-01-01") + pd.to_timedelta(rng.integers(0, 700, counts.sum()), "D")
    means = np.repeat(rng.gamma(3.0, 40.0, n), counts)
    revenue = rng.gamma(4.0, means / 4.0)
    return pd.DataFrame(
        {"account_id": np.repeat(np.arange(n), counts), "order_date": days, "revenue": revenue}
    )


@pytest.mark.parametrize("n", [4_900, 5_100])
@pytest.mark.parametrize("kind", [*IDS, "categorical"])
def test_ids_of_any_type_mean_the_same(n, kind, monkeypatch):
    """With integer ids and more accounts than are drawn no account was left to learn from."""
    monkeypatch.setattr(
        "kamresearch.analysis.lifetime.fitting.fit_models", lambda history: ({}, (len(history),))
    )
    monkeypatch.setattr("kamresearch.analysis.lifetime.fitting._fit_spending", lambda history: None)
    orders = orders_of_many(n)
    texts = orders.assign(account_id=orders["account_id"].map(str))
    if kind == "categorical":
        other, back = texts.astype({"account_id": "category"}), str
    else:
        names = {number: IDS[kind](number) for number in range(n)}
        other = orders.assign(account_id=orders["account_id"].map(names))
        if kind == "numpy":
            other = other.astype({"account_id": "int32"})
        back = {value: str(number) for number, value in names.items()}.get
    day = pd.Timestamp("2013-12-31")
    found, expected = (kam.lifetime.fit(frame, day, model="past_rate") for frame in (other, texts))
    assert found.unfitted == expected.unfitted == (min(n, drawing.MOST_ACCOUNTS),)
    if kind in ("int", "categorical", "numpy"):  # the draw hangs on the id's text
        drawn = found.past.history(day)["account_id"].map(back)
        assert set(drawn) == set(expected.past.history(day)["account_id"])
    ours = found.predict(90).assign(account_id=lambda t: t["account_id"].map(back).astype(str))
    both = ours.merge(expected.predict(90), on="account_id", validate="1:1")
    assert len(both) == n
    np.testing.assert_allclose(both["expected_value_x"], both["expected_value_y"])


@pytest.mark.parametrize("error", [AnalysisError("x", "y", "z", "w"), np.linalg.LinAlgError("bad")])
@pytest.mark.parametrize("name", CANDIDATES)
@pytest.mark.slow
def test_a_candidate_that_cannot_be_fitted_is_listed_with_its_reason(
    shop, name, error, monkeypatch
):
    def broken(*_arguments):
        raise error

    few = {key: CANDIDATES[key] for key in {name, "blend", "past_rate", "mbgnbd"}}
    monkeypatch.setattr(choice_module, "CANDIDATES", {**few, name: broken})
    monkeypatch.setattr("kamresearch.analysis.lifetime.model.CANDIDATES", {**few, name: broken})
    monkeypatch.setattr(choice_module.choose, "__defaults__", (1, tuple(few)))
    monkeypatch.setattr(
        "kamresearch.analysis.lifetime.fitting.fit_models", lambda history: ({}, ())
    )
    result = kam.lifetime.fit(shop, "2010-12-27", horizon_days=90)
    assert {failure.model for failure in result.failures} == {name}
    assert result.failures[0].detail == str(error)
    assert result.chosen != name
    said = [str(caveat) for caveat in result.caveats]
    start = "The usual model" if name == "blend" else "Not fitted"
    assert said[0].startswith(start)
    assert str(NAMES[name]) in said[0]


@pytest.mark.parametrize("place", ["fit_bgnbd", "fit_mbgnbd", "fit_rhythm", "fit_paretonbd"])
def test_a_buying_model_that_cannot_be_fitted_is_listed_too(shop, place, monkeypatch):
    def broken(*_arguments, **_options):
        raise FloatingPointError("overflow")

    monkeypatch.setattr(f"kamresearch.analysis.lifetime.tracking.{place}", broken)
    result = kam.lifetime.fit(shop, "2010-12-27", model="past_rate")
    assert [failure.model for failure in result.unfitted] == [place.removeprefix("fit_")]


def test_a_fault_of_the_program_is_not_taken_for_data_that_do_not_carry_a_model(shop, monkeypatch):
    def broken(*_arguments):
        raise KeyError("a column")

    monkeypatch.setattr(choice_module, "CANDIDATES", {"past_rate": broken})
    monkeypatch.setattr(choice_module.choose, "__defaults__", (1, ("past_rate",)))
    with pytest.raises(KeyError, match="a column"):
        kam.lifetime.fit(shop, "2010-12-27", horizon_days=90).choice  # noqa: B018
