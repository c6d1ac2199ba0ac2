"""Forecasts: bad input, invariances, quality on held-out values."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamresearch.analysis.trend import forecast, forecast_many
from kamresearch.analysis.trend.forecasting import predict
from kamresearch.analysis.trend.guards import find_outliers
from kamresearch.analysis.trend.intermittent import smooth_demand
from kamresearch.analysis.trend.models import MODELS, combine, forecast_cuts
from kamresearch.analysis.trend.recurrence import find_cycle
from kamresearch.analysis.trend.seasonality import is_seasonal, measure_seasonality
from kamresearch.errors import AnalysisError, DataError

BOUNDS = ["lo_95", "lo_80", "mean", "hi_80", "hi_95"]


def monthly(values, start="2005-01"):
    return pd.Series(
        np.asarray(values, dtype=float), index=pd.period_range(start, periods=len(values), freq="M")
    )


def wave(n=72, level=100.0, slope=0.5, size=0.3, noise=0.03, seed=0):
    place = np.arange(n)
    factor = 1 + size * np.sin(2 * np.pi * place / 12)
    return (
        (level + slope * place)
        * factor
        * np.exp(noise * np.random.default_rng(seed).standard_normal(n))
    )


def one_frame(values, **columns):
    return pd.DataFrame(
        {"series_id": "a", "period": range(len(values)), "value": values, **columns}
    )


# the edge zoo
# -------------------------------------------------------------------------------------------------


@pytest.mark.unit
@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_points_are_refused_by_one_and_carried_on_without_interval_by_many(n):
    with pytest.raises(AnalysisError, match="at least 5 values"):
        forecast(monthly([5.0] * n), 2)
    rows = forecast_many(one_frame([5.0] * n), 2)
    assert rows["mean"].tolist() == [5.0, 5.0]
    assert rows["lo_95"].isna().all()


@pytest.mark.unit
def test_no_points_are_refused_in_words():
    with pytest.raises(AnalysisError, match="at least one value"):
        forecast(monthly([]), 2)
    with pytest.raises(AnalysisError, match="at least one row"):
        forecast_many(one_frame([]), 2)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "Every value is zero"), (7.0, "Every value is the same")]
)
def test_all_zero_and_a_constant_go_on_as_they_are_and_say_so(value, words):
    result = forecast(monthly([value] * 40), 3)
    assert (result.frame["mean"] == value).all()
    assert result.frame["lo_95"].isna().all()
    assert any(words in str(caveat) for caveat in result.caveats)
    assert result.beats_naive is None


@pytest.mark.unit
def test_negative_values_are_forecast_without_logs_and_said():
    result = forecast(monthly(np.random.default_rng(0).normal(0, 5, 40)), 6)
    assert np.isfinite(result.frame[BOUNDS]).all().all()
    assert any("negative" in str(caveat) for caveat in result.caveats)


@pytest.mark.unit
def test_a_series_that_never_falls_below_zero_gets_bounds_that_do_not():
    values = np.abs(np.random.default_rng(1).normal(3, 4, 40))
    assert (forecast(monthly(values), 12).frame[BOUNDS] >= 0).all().all()


@pytest.mark.unit
def test_gaps_are_filled_and_said_never_silent():
    series = monthly(wave()).drop(index=[pd.Period("2007-03", "M"), pd.Period("2008-09", "M")])
    result = forecast(series, 3)
    assert result.n == 72
    assert any("2 of 72 periods have no value" in str(caveat) for caveat in result.caveats)


@pytest.mark.unit
def test_two_values_for_one_period_are_refused_with_the_period():
    series = monthly(wave())
    with pytest.raises(AnalysisError, match="2005-01"):
        forecast(pd.concat([series, series.head(1)]), 3)
    with pytest.raises(AnalysisError, match="series 'a'.*one value per period"):
        forecast_many(
            pd.DataFrame({"series_id": "a", "period": [1, 1, 2, 3], "value": [1.0, 2, 3, 4]}), 1
        )


@pytest.mark.unit
def test_texts_and_infinities_among_the_values_are_refused_with_the_first_offenders():
    with pytest.raises(DataError, match="1: 'n/a'"):
        forecast(pd.Series([1, 2, "n/a", 4], index=range(4)), 1)
    with pytest.raises(DataError, match="infinite"):
        forecast(monthly([1.0, np.inf, 2.0, 3.0]), 1)
    with pytest.raises(DataError, match="column 'value'"):
        forecast_many(one_frame(["1", "2", "x", "4"]), 1)


@pytest.mark.unit
@pytest.mark.parametrize("horizon", [0, -1, 2.5, True, "3"])
def test_a_horizon_that_is_no_whole_number_from_1_is_refused(horizon):
    with pytest.raises(AnalysisError, match="whole number of at least 1"):
        forecast(monthly(wave()), horizon)


@pytest.mark.unit
def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="no period"):
        forecast_many(pd.DataFrame({"series_id": ["a"], "time": [1], "value": [1.0]}), 1)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("index", "season", "first"),
    [
        (pd.date_range("2005-01-31", periods=48, freq="ME"), 12, "2009-01"),
        (pd.date_range("2005-01-01", periods=48, freq="MS"), 12, "2009-01"),
        (pd.Index([f"{2000 + place // 4}Q{place % 4 + 1}" for place in range(48)]), 4, "2012Q1"),
        (
            pd.Index([f"{2005 + place // 12}-{place % 12 + 1:02d}" for place in range(48)]),
            12,
            "2009-01",
        ),
        (pd.date_range("2005-01-03", periods=48, freq="W-MON"), 52, "2005-11-29/2005-12-05"),
        (pd.date_range("2005-01-03", periods=48, freq="D"), 7, "2005-02-20"),
        (pd.date_range("1960-12-31", periods=48, freq="YE"), 1, "2008"),
        (pd.RangeIndex(48), 1, "48"),
        (pd.Index([str(1960 + place) for place in range(48)]), 1, "2008"),
    ],
)
def test_any_regular_index_is_understood(index, season, first):
    result = forecast(pd.Series(wave(48), index=index), 2)
    assert (result.season, str(result.frame["period"].iloc[0])) == (season, first)


@pytest.mark.unit
def test_intermittent_demand_gets_a_method_of_its_own():
    values = np.zeros(60)
    values[::5] = 10.0
    result = forecast(monthly(values), 3)
    assert result.method == "intermittent"
    assert result.frame["mean"].between(1, 4).all()
    assert (result.frame["lo_80"] == 0).all()
    chance, size = smooth_demand(values)
    assert (chance, size) == (pytest.approx(0.2, abs=0.12), pytest.approx(10.0))


@pytest.mark.unit
def test_many_series_of_different_lengths_and_ids_keep_their_order():
    frame = pd.concat(
        [one_frame(wave(40)).assign(series_id="z"), one_frame(wave(9)).assign(series_id="007")]
    )
    rows = forecast_many(
        frame.sample(frac=1, random_state=0).sort_values(
            "series_id", ascending=False, kind="stable"
        ),
        4,
    )
    assert list(rows["series_id"].unique()) == ["z", "007"]
    assert rows.groupby("series_id", sort=False)["step"].apply(list).tolist() == [[1, 2, 3, 4]] * 2


# what must not be absurd: recurring orders, short ramps, slips of the decimal point
# -------------------------------------------------------------------------------------------------


@pytest.mark.unit
def test_an_order_of_every_december_is_forecast_in_december():
    values = np.zeros(48)
    values[11::12] = 1e6
    result = forecast(monthly(values), 12)
    mean = result.frame["mean"].to_numpy()
    assert result.method == "recurring"
    assert 0.8e6 < mean[11] <= 1e6
    assert mean[:11].max() < 0.03e6
    assert any("cycle of 12 periods" in str(caveat) for caveat in result.caveats)


@pytest.mark.unit
def test_a_december_that_stayed_empty_lowers_the_next_one():
    values = np.zeros(60)
    values[11:48:12] = 1e6
    once, still = predict(values, 12, 12)["mean"][11], predict(values[:48], 12, 12)["mean"][11]
    assert 0.4e6 < once < 0.8 * still


@pytest.mark.unit
def test_orders_at_quarters_ends_stay_there_and_the_last_quarter_stays_the_largest():
    values = np.zeros(30)
    values[2::3] = [100, 100, 100, 300] * 2 + [100, 100]
    mean = predict(values, 12, 12)["mean"]
    np.testing.assert_allclose(mean[[2, 5, 8, 11]], [100, 300, 100, 100], rtol=0.15)
    assert np.delete(mean, [2, 5, 8, 11]).max() < 10


@pytest.mark.unit
def test_peaks_of_working_hours_are_forecast_at_their_hours():
    values = np.zeros((14, 24))
    values[np.arange(14) % 7 < 5, 9:11] = 50.0
    mean = predict(values.ravel(), 24, 24)["mean"]
    assert mean[9:11].min() > 35
    assert np.delete(mean, [9, 10]).max() < 3


@pytest.mark.recovery
def test_orders_that_know_no_calendar_are_rarely_taken_for_recurring_ones():
    rng = np.random.default_rng(0)
    found = [find_cycle((rng.random(48) < 0.3) * 1.0, 12) > 1 for _ in range(60)]
    assert np.mean(found) <= 0.05


@pytest.mark.unit
@pytest.mark.parametrize(("growth", "n"), [(1.8, 8), (10.0, 5), (1.8, 60)])
def test_a_short_ramp_is_not_carried_on_for_ever(growth, n):
    values = growth ** np.arange(n)
    assert predict(values, 12, 12)["mean"].max() < 3 * values.max()


@pytest.mark.unit
def test_long_steady_growth_is_carried_on():
    values = 1.05 ** np.arange(60)
    assert predict(values, 12, 12)["mean"][-1] > 1.3 * values[-1]


@pytest.mark.unit
@pytest.mark.parametrize("place", [-1, -2, -3, 5])
@pytest.mark.parametrize("factor", [10, 0.01])
def test_a_slip_of_the_decimal_point_is_named_and_bends_nothing(place, factor):
    values = 100 * np.exp(0.05 * np.random.default_rng(1).standard_normal(24))
    slipped = values.copy()
    slipped[place] *= factor
    np.testing.assert_allclose(
        predict(slipped, 6, 12)["mean"], predict(values, 6, 12)["mean"], rtol=1e-6
    )
    series = monthly(slipped)
    said = [str(caveat) for caveat in forecast(series, 1).caveats]
    assert any("Set aside" in one and str(series.index[place]) in one for one in said)


@pytest.mark.unit
def test_peaks_that_come_back_and_steps_that_stay_are_no_outliers():
    peaks = wave(48, noise=0.02)
    peaks[11::12] *= 8
    step = np.repeat([100.0, 900.0], 12) * np.exp(np.linspace(0, 0.1, 24))
    assert find_outliers(peaks, 12).places == ()
    assert find_outliers(step, 12).places == ()
    assert find_outliers(10.0 ** np.arange(12), 12).places == ()


@pytest.mark.unit
def test_the_last_cycle_stands_where_its_backtest_is_better_and_the_page_says_so():
    season = monthly(wave(30, slope=0.0, size=0.6))  # too short for the models to learn a season
    result = forecast(season, 6)
    assert result.method == "seasonal_naive"
    assert any("last cycle once more" in str(caveat) for caveat in result.caveats)
    np.testing.assert_allclose(result.frame["mean"], result.naive["seasonal_naive"])
    errors = result.backtest.set_index("method")["mase"]
    assert errors["seasonal_naive"] < errors["combination"]
    assert forecast(monthly(wave()), 6).method == "combination"


# properties
# -------------------------------------------------------------------------------------------------


@pytest.mark.properties
def test_row_order_does_not_matter_and_the_input_is_not_changed():
    series = monthly(wave())
    copy = series.copy()
    shuffled = series.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(forecast(series, 6).frame, forecast(shuffled, 6).frame)
    pd.testing.assert_series_equal(series, copy)


@pytest.mark.properties
@pytest.mark.parametrize("factor", [7.3, 1e-3, 1e6])
def test_another_currency_scales_the_forecast_and_nothing_else(factor):
    values = wave()
    once, scaled = predict(values, 12, 12), predict(values * factor, 12, 12)
    for name in once:
        np.testing.assert_allclose(scaled[name], once[name] * factor, rtol=1e-6)


@pytest.mark.properties
def test_a_cut_of_the_series_is_forecast_as_if_the_rest_had_never_been():
    values = wave(90)
    together = forecast_cuts(values, np.array([60, 75, 90]), 6, 12)
    for row, end in enumerate((60, 75, 90)):
        alone = forecast_cuts(values[:end], np.array([end]), 6, 12)
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-9)


@pytest.mark.properties
@settings(max_examples=40)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.sampled_from([1, 4, 7, 12]))
@pytest.mark.slow
def test_any_numbers_give_ordered_intervals_with_a_width_or_none(values, season):
    answer = predict(np.array(values), 5, season)
    assert np.isfinite(answer["mean"]).all()
    ordered = np.array([answer[name] for name in BOUNDS])
    ordered = ordered[:, np.isfinite(ordered).all(axis=0)]
    assert (ordered[-1] > ordered[0]).all()
    assert (np.diff(ordered, axis=0) >= -1e-9 * max(1.0, np.abs(values).max())).all()


@pytest.mark.properties
def test_the_answer_does_not_depend_on_the_number_of_jobs():
    frame = pd.concat(
        [one_frame(wave(40, seed=seed)).assign(series_id=f"s{seed}") for seed in range(6)]
    )
    pd.testing.assert_frame_equal(
        forecast_many(frame, 3, 12, n_jobs=1), forecast_many(frame, 3, 12, n_jobs=2)
    )


@pytest.mark.properties
def test_many_agrees_with_one():
    series = monthly(wave())
    frame = pd.DataFrame(
        {"series_id": "a", "period": series.index.astype(str), "value": series.to_numpy()}
    )
    pd.testing.assert_frame_equal(
        forecast(series, 6).frame[BOUNDS], forecast_many(frame, 6)[BOUNDS]
    )


# golden and recovery
# -------------------------------------------------------------------------------------------------


@pytest.mark.golden
def test_theta_agrees_with_statsmodels_where_both_smooth_alike():
    from statsmodels.tsa.forecasting.theta import ThetaModel

    from kamresearch.analysis.trend.filters import Batch, forecast_theta

    values = np.cumsum(np.random.default_rng(5).normal(1, 2, 80)) + 100
    batch = Batch(values[None], np.array([80]), 6, values, np.ones((1, 1)), True, False)
    theirs = (
        ThetaModel(pd.Series(values), deseasonalize=False, period=1).fit().forecast(6).to_numpy()
    )
    np.testing.assert_allclose(forecast_theta(batch)[0], theirs, rtol=0.01)


@pytest.mark.golden
def test_the_blend_leaves_out_extremes():
    forecasts = np.array([[1.0], [2], [3], [4], [5], [6], [7], [8], [1000]])[None]
    assert len(MODELS) == 9
    assert combine(forecasts)[0, 0] == 5.0


@pytest.mark.recovery
def test_a_planted_season_is_found_and_none_in_noise():
    values = wave(60)
    assert is_seasonal(values, 12)
    shape = measure_seasonality(values, 12, multiplicative=True)
    np.testing.assert_allclose(
        shape.index, 1 + 0.3 * np.sin(2 * np.pi * np.arange(12) / 12), atol=0.06
    )
    noise = np.random.default_rng(0)
    alarms = np.mean([is_seasonal(100 + noise.normal(size=60), 12) for _ in range(400)])
    assert alarms < 0.15, (
        "above the nominal 5 % (the moving average ties neighbours together); shrinkage "
        "makes alarms harmless"
    )


@pytest.mark.recovery
@pytest.mark.slow
def test_intervals_of_simulated_series_cover_about_what_they_state():
    hits = {80: [], 95: []}
    for seed in range(40):
        whole = np.random.default_rng(seed).normal(0, 1, 90).cumsum() * 2 + 200
        answer = predict(whole[:72], 18, 12)
        for level, found in hits.items():
            found.append(
                np.mean(
                    (whole[72:] >= answer[f"lo_{level}"]) & (whole[72:] <= answer[f"hi_{level}"])
                )
            )
    assert 0.70 <= np.mean(hits[80]) <= 0.92
    assert np.mean(hits[95]) >= 0.88


@pytest.mark.recovery
@pytest.mark.slow
def test_a_forecast_that_does_not_beat_the_naive_one_says_so():
    walks = [
        forecast(monthly(np.random.default_rng(seed).normal(0, 1, 60).cumsum() + 100), 6)
        for seed in range(8)
    ]
    losers = [one for one in walks if one.beats_naive is False]
    assert losers, "on random walks some combination must lose to the last value"
    assert all(
        any("not better than a naive one" in str(caveat) for caveat in one.caveats)
        for one in losers
    )


def m3_scores(shared_eval, period, every):
    import sys
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("forecast_eval", shared_eval / "forecast_eval.py")
    protocol = module_from_spec(spec)
    sys.modules["forecast_eval"] = protocol
    spec.loader.exec_module(protocol)
    chosen = protocol.load_m3(period)[::every]
    frame = pd.concat(
        [one_frame(one.train.astype(float)).assign(series_id=one.id) for one in chosen]
    )
    rows = forecast_many(frame, chosen[0].horizon, chosen[0].season)
    return protocol.score(chosen, dict(list(rows.groupby("series_id"))))


@pytest.mark.golden
@pytest.mark.shared
@pytest.mark.slow
def test_a_tenth_of_m3_monthly_is_forecast_better_than_naive2_and_covered(shared_data, shared_eval):
    scores = m3_scores(shared_eval, "MONTHLY", 10)
    assert scores["owa"] < 0.85
    assert 0.93 <= scores["cov_95"] <= 0.98
    assert 0.77 <= scores["cov_80"] <= 0.86


@pytest.mark.golden
@pytest.mark.shared
@pytest.mark.long
def test_the_goals_on_all_of_m3_hold(shared_data, shared_eval):
    monthly_scores, yearly = (m3_scores(shared_eval, period, 1) for period in ("MONTHLY", "YEARLY"))
    assert monthly_scores["smape"] <= 13.4
    assert monthly_scores["mase"] <= 0.83
    assert monthly_scores["owa"] <= 0.80
    assert 0.93 <= monthly_scores["cov_95"] <= 0.97
    assert 0.77 <= monthly_scores["cov_80"] <= 0.83
    assert monthly_scores["msis_95"] <= 6.5
    assert yearly["cov_95"] >= 0.90
