"""Breaks of unknown date: honest under autocorrelation, powerful where it can be."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from kamresearch.analysis.trend import find_break, study_break
from kamresearch.analysis.trend.breaks import WORLDS
from kamresearch.errors import AnalysisError


def autoregression(n, rho, rng):
    """Unit variance; rho 1 is a random walk."""
    noise = rng.standard_normal(n + 100)
    if rho == 1:
        return np.cumsum(noise)[100:]
    return lfilter([1.0], [1.0, -rho], noise)[100:] * np.sqrt(1 - rho**2)


def verdicts(n, rho, count, shift=0.0, replicates=499):
    rng = np.random.default_rng(int(1000 * rho) + n)
    place = int(0.55 * n)
    step = shift * (np.arange(n) >= place)
    return [
        find_break(pd.Series(autoregression(n, rho, rng) + step), n_resamples=replicates)
        for _ in range(count)
    ], place


def alarm_rate(found):
    return np.mean([one.p_value <= 0.05 for one in found])


@pytest.mark.recovery
def test_a_planted_break_is_dated_with_its_size():
    rng = np.random.default_rng(7)
    index = pd.period_range("2006-01", periods=72, freq="M")
    found = find_break(pd.Series(rng.normal(size=72) + 3 * (np.arange(72) >= 40), index=index))
    assert found.verdict == "break"
    assert abs((found.date - index[40]).n) <= 1
    assert index[40] in found.confidence_set
    assert found.shift == pytest.approx(3, abs=0.6)


@pytest.mark.recovery
@pytest.mark.slow
def test_on_a_random_walk_it_says_that_it_cannot_tell():
    found, _ = verdicts(72, 1, 40)
    assert np.mean([one.verdict == "cannot_tell" for one in found]) >= 0.85
    assert not found[0].can_tell
    assert found[0].findings()[1].value is None
    assert "random walk" in str(found[0].caveats[0])


def margin(rate, count):
    """How far a rate measured on so many series may lie from the truth, in 99 of 100 samples."""
    return 2.33 * np.sqrt(rate * (1 - rate) / count)


@pytest.mark.recovery
@pytest.mark.parametrize("rho", [0.0, 0.6])
@pytest.mark.slow
def test_false_alarms_stay_low_under_autocorrelation(rho):
    found, _ = verdicts(24, rho, 150)
    assert alarm_rate(found) <= 0.08 + margin(0.08, 150), (
        "at most 8 % at a nominal 5 %; 150 series leave ± 5 points"
    )


@pytest.mark.recovery
@pytest.mark.slow
def test_two_standard_deviations_at_72_months_are_found():
    found, place = verdicts(72, 0.3, 60, shift=2.0)
    assert alarm_rate(found) >= 0.98 - margin(0.98, 60)
    assert np.mean([place in one.confidence_set for one in found]) >= 0.95 - margin(0.95, 60)


@pytest.mark.recovery
@pytest.mark.long
@pytest.mark.parametrize("n", [24, 72])
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_false_alarms_at_five_percent_are_at_most_eight(n, rho):
    found, _ = verdicts(n, rho, 1000)
    assert alarm_rate(found) <= 0.08, "1,000 series: the rate itself is known to ± 1.4 points"


@pytest.mark.recovery
@pytest.mark.long
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_two_standard_deviations_of_the_series_are_found_in_four_of_five_series_at_72(rho):
    found, place = verdicts(72, rho, 1000, shift=2.0)
    held = np.array([place in one.confidence_set for one in found])
    called = np.array([one.p_value <= 0.05 for one in found])
    assert called.mean() >= 0.80, "1,000 series: the rate itself is known to ± 2.5 points"
    assert held.mean() >= 0.95 - margin(0.95, 1000)
    assert held[called].mean() >= 0.95 - margin(0.95, called.sum()), (
        "where a break is called, the set is read"
    )


@pytest.mark.recovery
@pytest.mark.long
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_the_dates_of_short_series_hold_what_they_promise(rho):
    found, place = verdicts(24, rho, 1000, shift=2.0)
    assert np.mean([place in one.confidence_set for one in found]) >= 0.93 - margin(0.93, 1000)


@pytest.mark.properties
def test_scale_and_level_do_not_matter_and_the_seed_does_all():
    values = pd.Series(autoregression(48, 0.4, np.random.default_rng(3)))
    once, scaled = find_break(values), find_break(1000 + 50 * values)
    assert (once.p_value, once.date, once.confidence_set) == (
        scaled.p_value,
        scaled.date,
        scaled.confidence_set,
    )
    assert find_break(values).p_value == once.p_value


@pytest.mark.properties
@pytest.mark.slow
def test_a_season_is_no_break_and_a_trend_is_none_when_told():
    place = np.arange(72)
    index = pd.period_range("2006-01", periods=72, freq="M")
    rng = np.random.default_rng(11)
    seasonal = pd.Series(10 * np.sin(2 * np.pi * place / 12) + rng.normal(size=72), index=index)
    assert find_break(seasonal).verdict == "no_break"
    assert (
        find_break(pd.Series(0.5 * place + rng.normal(size=72)), trend=True).verdict == "no_break"
    )


@pytest.mark.unit
def test_too_few_values_are_refused_and_a_constant_never_broke():
    with pytest.raises(AnalysisError, match="at least 12 values"):
        find_break(pd.Series(range(11), dtype=float))
    calm = find_break(pd.Series([5.0] * 30))
    assert (calm.verdict, calm.p_value, calm.confidence_set) == ("no_break", 1.0, ())
    assert "too few to look for a break" in str(study_break(pd.Series([1.0] * 5)).reason)


@pytest.mark.unit
def test_the_page_shows_how_often_the_test_erred_where_nothing_broke():
    table = find_break(pd.Series(np.arange(12) % 5.0)).error_table()
    assert set(table.frame["world"]) == set(WORLDS)
    told = table.frame.set_index("world")["share"]
    told = told[["none_ramp", "none_second_order"]]
    assert told.min() > 0.1, "what the test cannot tell from a break is shown, not hidden"


@pytest.mark.recovery
def test_a_slope_that_bends_is_seldom_told_as_a_break(monkeypatch):
    monkeypatch.setattr(
        "kamresearch.analysis.trend.breaks.exclude_dates",
        lambda _, shape, *__: shape.candidates > 0,
    )
    rng, place = np.random.default_rng(5), np.arange(72)
    told = [
        find_break(
            pd.Series(
                autoregression(72, 0.3, rng) + np.maximum(place - first, 0) * 4 / (72 - first)
            ),
            trend=True,
        ).verdict
        for first in rng.integers(18, 54, 40)
    ]
    # beside a straight line it was told in 18 of these 40, beside a curve in 3
    assert told.count("break") < 10
