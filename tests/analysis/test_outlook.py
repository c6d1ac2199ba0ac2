"""What is told of the next year: nothing that was not measured, nothing that is past."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kamresearch.analysis import trend
from kamresearch.analysis.trend.forecasting import forecast, predict
from kamresearch.analysis.trend.outlook import MEASURED
from kamresearch.errors import AnalysisError
from kamresearch.figures import lifetime as lifetime_figures
from tests.analysis.test_trend import inputs_of


def next_year(outlook):
    return outlook.findings()[0]


@pytest.mark.unit
@pytest.mark.parametrize("n", [3, 4])
def test_three_or_four_yearly_values_are_refused_and_never_get_an_interval_of_width_zero(n):
    values = [100.0, 130.0, 90.0, 140.0][:n]
    with pytest.raises(AnalysisError, match="at least 5 values"):
        forecast(pd.Series(values, index=pd.period_range("2010", periods=n, freq="Y")), 1)
    assert np.isnan(predict(np.array(values), 2, 1)["lo_95"]).all()


@pytest.mark.unit
def test_a_past_without_error_gives_no_interval_and_no_headline():
    outlook = trend.look_ahead(inputs_of(np.full(60, 7.0)), 12, "M")
    found = next_year(outlook)
    assert found.interval is None
    assert not found.headline


@pytest.mark.unit
def test_own_months_are_forecast_not_the_few_years_that_they_make():
    rng = np.random.default_rng(0)
    inputs = inputs_of(rng.normal(100, 5, 60), as_of="2012-12-31")
    assert "months" in str(trend.look_ahead(inputs, 2).reason)
    found = next_year(trend.look_ahead(inputs, 12, "M"))
    assert found.interval.low < 1200 < found.interval.high
    assert found.headline


@pytest.mark.unit
def test_yearly_orders_stay_yearly_since_their_months_are_mostly_empty():
    values = np.zeros(72)
    values[11::12] = [100, 130, 90, 140, 110, 120]
    inputs = inputs_of(values, as_of="2013-12-31")
    assert trend.look_ahead(inputs, 1).result is not None


@pytest.mark.unit
def test_a_month_that_has_begun_is_not_forecast_and_the_sum_is_of_whole_months_to_come():
    rng = np.random.default_rng(0)
    inputs = inputs_of(rng.normal(100, 5, 59), as_of="2012-12-30")
    outlook = trend.look_ahead(inputs, 12, "M")
    periods = outlook.result.frame["period"].astype(str)
    assert (periods.iloc[0], periods.iloc[-1]) == ("2013-01", "2013-12")
    assert any("2012-12" in str(caveat) for caveat in outlook.caveats)


@pytest.mark.unit
def test_a_month_whose_records_ended_long_before_the_day_is_not_forecast():
    rng = np.random.default_rng(0)
    inputs = inputs_of(rng.normal(100, 5, 36), as_of="2012-12-31")
    assert "too long before" in str(trend.look_ahead(inputs, 12, "M").reason)


@pytest.mark.unit
def test_an_interval_that_tells_nothing_is_told_in_words_and_is_no_headline():
    rng = np.random.default_rng(1)
    wild = np.exp(rng.normal(5, 2, 24))
    found = next_year(trend.look_ahead(inputs_of(wild, as_of="2009-12-31"), 12, "M"))
    assert not found.headline
    assert "cannot be told" in str(found.sentence)


@pytest.mark.unit
def test_a_figure_with_nothing_to_draw_is_refused_with_what_to_do():
    with pytest.raises(AnalysisError, match="absent"):
        lifetime_figures.tracking(SimpleNamespace(tracked=pd.DataFrame({"date": [], "actual": []})))


def draw_year_series(rng, n):
    """A yearly series of one of four kinds: level, random walk, growth, fading growth."""
    noise = rng.normal(0, rng.uniform(0.03, 0.3), n)
    steps = (
        lambda: noise,
        lambda: np.cumsum(noise),
        lambda: np.cumsum(noise + rng.normal(0.08, 0.08)),
        lambda: np.cumsum(rng.normal(0.15, 0.1) * 0.8 ** np.arange(n) + noise),
    )
    return 1000 * np.exp(steps[rng.integers(4)]())


@pytest.mark.recovery
@pytest.mark.long
@pytest.mark.parametrize("length", MEASURED)
def test_the_coverage_stated_for_a_length_is_what_simulated_series_of_it_show(length):
    # Other series than those on which the stated figures were measured.
    rng, held = np.random.default_rng(length + 100), []
    for _ in range(600):
        series = draw_year_series(rng, length + 3)
        ahead, came = predict(series[:length], 3, 1), series[length:]
        held.extend((ahead["lo_95"] <= came) & (came <= ahead["hi_95"]))
    assert np.mean(held) == pytest.approx(MEASURED[length], abs=0.03)
