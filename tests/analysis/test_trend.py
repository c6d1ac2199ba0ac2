"""The study's trend: level, months, events, outlook, as of a day."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

import kamresearch as kam
from kamresearch.analysis import trend
from kamresearch.analysis.market import read_facts
from kamresearch.analysis.trend.inputs import Inputs, known_rivals, sum_years, whole_months
from kamresearch.errors import AnalysisError, DataError

RIVALS = ("Audi", "BMW Group (BMW+MINI)", "Mercedes-Benz")
NO_EVENTS = pd.DataFrame(columns=["event_id", "date", "title_en", "title_zh", "kind"])


def months_of(values, start="2008-01"):
    days = pd.period_range(start, periods=len(values), freq="M").to_timestamp()
    values = np.asarray(values, dtype=float)
    return pd.DataFrame(
        {"month": days, "n_orders": 5, "revenue": values * 1000, "units": values, "n_accounts": 3}
    )


def inputs_of(values, facts=None, events=NO_EVENTS, as_of="2012-12-31"):
    return Inputs(
        facts, months_of(values), events, "units", "Volvo Cars", RIVALS, "China", as_of, ()
    )


@pytest.fixture(scope="module")
def table(case_folder):
    return pd.read_csv(case_folder / "market.csv", dtype={"period": str})


@pytest.fixture(scope="module")
def events(case_folder):
    return pd.read_csv(case_folder / "events.csv").query("date <= '2012-12-31'")


def case_inputs(table, as_of="2012-12-31", **more):
    return inputs_of(np.full(60, 10.0), read_facts(table, as_of), as_of=as_of, **more)


@pytest.mark.golden
def test_2012_fell_by_a_tenth_and_all_of_it_in_the_second_half(table):
    level = trend.measure_level(case_inputs(table))
    found = {one.id: one.value for one in level.findings()}
    assert found["trend.units_last_year"] == 41_989
    assert found["trend.growth_last_year"] == pytest.approx(-0.109, abs=0.001)
    assert found["trend.growth_second_half"] == pytest.approx(-0.197, abs=0.001)
    assert level.halves.set_index("period").loc["2012-H1", "growth"] == 0
    assert level.cagr == pytest.approx((41_989 / 5_000) ** (1 / 7) - 1)


@pytest.mark.unit
def test_a_gap_year_is_said_and_no_growth_bridges_it(table):
    facts = read_facts(table, "2012-12-31")
    gap = facts[~((facts["brand"] == "Volvo Cars") & (facts["period"] == "2010"))]
    level = trend.measure_level(inputs_of(np.full(60, 10.0), gap))
    years = level.years.set_index("period")
    assert np.isnan(years.loc["2011", "growth"])
    assert years.loc["2012", "growth"] == pytest.approx(-0.109, abs=0.001)
    assert any("No figure for 2010" in str(caveat) for caveat in level.caveats)


@pytest.mark.unit
def test_rounding_leaves_a_range_around_growth(table):
    row = trend.measure_level(case_inputs(table)).years.set_index("period").loc["2008"]
    assert row["growth_low"] < row["growth"] < row["growth_high"]


@pytest.mark.unit
def test_only_whole_calendar_years_of_own_orders_count():
    years = sum_years(months_of(np.full(30, 2.0)), "units")
    assert years["period"].tolist() == ["2008", "2009"]
    assert years["value"].tolist() == [24.0, 24.0]


@pytest.mark.unit
def test_a_running_month_and_an_empty_tail_are_left_out_and_said():
    months = months_of(np.full(24, 2.0))
    cut, said = whole_months(months, "2009-12-15")
    assert (len(cut), len(said)) == (23, 1)
    months.loc[18:, "n_orders"] = 0
    cut, said = whole_months(months, "2009-12-31")
    assert len(cut) == 18
    assert "not recorded" in str(said[0])


@pytest.mark.unit
def test_a_stray_order_years_after_the_last_is_no_month_of_the_business_and_is_said():
    months = months_of(np.full(60, 2.0))
    months.loc[36:, "n_orders"] = 0
    months.loc[55, "n_orders"] = 1
    cut, said = whole_months(months, "2012-12-31")
    assert len(cut) == 36
    assert "1 orders in the 24 months behind it count as stray dates" in str(said[0])
    months.loc[55, "n_orders"] = 5
    cut, said = whole_months(months, "2012-12-31")
    assert len(cut) == 56, "five orders of 185 are no mistyped date: the business came back"


@pytest.mark.unit
def test_a_break_and_an_event_refuse_duplicate_periods_and_texts_in_words():
    index = pd.period_range("2008-01", periods=24, freq="M")
    good = pd.Series(np.arange(24.0) + 10, index=index)
    doubled, worded = pd.concat([good, good.head(1)]), good.astype(object).where(good != 15, "n/a")
    for ask in (trend.find_break, lambda series: trend.measure_event(series, "2009-01-01")):
        with pytest.raises(AnalysisError, match="one value per period"):
            ask(doubled)
        with pytest.raises(DataError, match="'n/a'"):
            ask(worded)
    shuffled = good.sample(frac=1, random_state=1)
    assert trend.find_break(shuffled).p_value == trend.find_break(good).p_value


@pytest.mark.unit
def test_no_month_at_all_gives_reasons_instead_of_a_failure():
    inputs = inputs_of([])
    months, level = trend.measure_months(inputs), trend.measure_level(inputs)
    outlook = trend.look_ahead(inputs, 2, "M")
    for result in (months, level, outlook):
        assert result.reason is not None
        assert all(one.value is None and one.reason is not None for one in result.findings())


@pytest.mark.unit
def test_negative_months_are_shown_as_they_are():
    values = np.full(40, 10.0)
    values[5] = -4
    months = trend.measure_months(inputs_of(values))
    assert months.frame["value"].min() == -4
    assert months.season_reason is not None
    assert any("negative" in str(caveat) for caveat in months.caveats)


@pytest.mark.golden
def test_growth_over_twelve_months_and_run_rate_of_a_ledger():
    months = trend.measure_months(inputs_of([10.0] * 12 + [20.0] * 12))
    assert (months.last_12m, months.growth_12m, months.run_rate) == (240.0, 1.0, 240.0)


@pytest.mark.recovery
def test_the_planted_season_of_orders_is_measured():
    factor = 1 + 0.3 * np.sin(2 * np.pi * np.arange(60) / 12)
    months = trend.measure_months(inputs_of(100 * factor * 1.01 ** np.arange(60)))
    np.testing.assert_allclose(months.season["index"], factor[:12], atol=0.05)


@pytest.mark.recovery
def test_a_step_at_an_event_is_found_and_placebo_dates_are_smaller():
    rng = np.random.default_rng(1)
    values = 100 * np.exp(rng.normal(0, 0.05, 60) + 0.4 * (np.arange(60) >= 32))
    series = pd.Series(values, index=pd.period_range("2008-01", periods=60, freq="M"))
    found = trend.measure_event(series, "2010-08-31")
    assert found.effect == pytest.approx(np.expm1(0.4), abs=0.1)
    assert found.low > 0
    assert found.placebo_p <= 0.1
    assert trend.measure_event(series, "2009-02-01").placebo_p > 0.2


@pytest.mark.unit
@pytest.mark.parametrize(
    ("date", "n_before"), [("2009-12-31", 9), ("2010-01-01", 10), ("2010-01-02", 10)]
)
def test_the_first_whole_period_from_the_date_on_counts_as_after(date, n_before):
    """A step in 2010: an event on its first day has the whole of 2010 after it, one a day
    earlier or later cuts a year.
    """
    series = pd.Series(
        100.0 * 2.0 ** (np.arange(20) >= 10), index=pd.period_range("2000", periods=20, freq="Y")
    )
    found = trend.measure_event(series, date)
    assert (found.n_before, found.n_after) == (n_before, 9 if date == "2010-01-02" else 10)
    assert found.effect == pytest.approx(1.0, abs=1e-9)


@pytest.mark.unit
def test_a_market_that_moves_alike_leaves_no_step():
    index = pd.period_range("2000", periods=12, freq="Y")
    market = pd.Series(1000.0 * 1.2 ** np.arange(12), index=index)
    found = trend.measure_event(market / 20, "2006-05-01", market)
    assert found.effect == pytest.approx(0, abs=1e-9)


@pytest.mark.golden
@pytest.mark.slow
def test_annual_points_cannot_tell_agreement_from_closing_and_say_how_little_they_show(
    table, events
):
    study = trend.study_market_events(case_inputs(table, events=events))
    assert {one.event_id for one in study.effects} == {"E03", "E04", "E05"}
    said = " ".join(str(caveat) for caveat in study.caveats)
    assert "cannot tell them apart" in said
    assert "below 100.0%" in said
    sentence = str(study.findings()[0].sentence)
    assert all(
        word in sentence for word in ("sign the sale", "completes the purchase", "Beijing limits")
    ), "one step, three events"


@pytest.mark.unit
@pytest.mark.parametrize("rho", [0.0, 0.8])
@pytest.mark.slow
def test_where_nothing_was_planted_the_bounds_of_a_step_hold_nothing(rho):
    rng, index = np.random.default_rng(1), pd.period_range("2008-01", periods=60, freq="M")
    held = []
    for _ in range(60):
        noise = lfilter([1], [1, -rho], rng.normal(size=160))[-60:]
        found = trend.measure_event(pd.Series(np.exp(3 + 0.1 * noise), index), "2010-09-01")
        held.append(found.low <= 0 <= found.high)
    # Errors "robust to autocorrelation" held it in 13 to 48 of 100.
    assert np.mean(held) >= 0.87


@pytest.mark.unit
def test_bounds_of_one_event_widen_with_the_number_of_events_looked_at():
    rng, index = np.random.default_rng(2), pd.period_range("2008-01", periods=60, freq="M")
    series = pd.Series(np.exp(3 + 0.1 * rng.normal(size=60)), index)
    one, six = (trend.measure_event(series, "2010-09-01", level=1 - 0.05 / m) for m in (1, 6))
    assert six.low < one.low < one.high < six.high
    assert six.effect == one.effect


def market_of(**brands):
    rows = [
        (str(2005 + place), brand, float(units))
        for brand, values in brands.items()
        for place, units in enumerate(values)
    ]
    frame = pd.DataFrame(rows, columns=["period", "brand", "units"])
    return read_facts(
        frame.assign(market="China", measure="units", growth=np.nan, status="reported", source="s"),
        "2012-12-31",
    )


@pytest.mark.unit
def test_comparison_markets_that_turn_the_sign_are_told_before_the_step():
    """The brand moves like its rivals before 2009, which then grow; lorries fall."""
    ours = [100, 110, 120, 130, 140, 150, 160, 170]
    facts = market_of(
        **{
            "Volvo Cars": ours,
            "Audi": [10 * one for one in ours[:4]] + [2000, 2200, 2400, 2600],
            "Lorries": [900, 500, 900, 500, 300, 290, 280, 270],
        }
    )
    events = pd.DataFrame(
        {"event_id": ["E1"], "date": ["2009-01-01"], "title_en": ["Rule"], "title_zh": ["规则"]}
    )
    inputs = replace(inputs_of(np.full(96, 3.0), facts, events), rivals=("Audi",))
    study = trend.study_market_events(inputs)
    assert study.others["against"].iloc[0] == "Audi"
    assert study.effects[0].effect < 0
    said = str(study.opening()[0])
    assert "disagree" in said
    assert "Lorries" in said
    assert study.findings()[0].sentence == study.opening()[0]


@pytest.mark.unit
@pytest.mark.slow
def test_later_facts_do_not_take_the_events_out_of_the_years_that_have_a_market(table, events):
    found = trend.study_market_events(case_inputs(table, "2025-12-31", events=events))
    assert found.reason is None
    assert found.n == 5, "2008 to 2012, the longest run with a market"


@pytest.mark.unit
def test_an_event_at_the_edge_is_refused_in_words():
    series = pd.Series(np.ones(10), index=pd.period_range("2000", periods=10, freq="Y"))
    with pytest.raises(AnalysisError, match="2 whole periods on each side"):
        trend.measure_event(series, "2000-06-01")
    with pytest.raises(AnalysisError, match="values above zero"):
        trend.measure_event(series - 1, "2005-01-01")


@pytest.mark.properties
def test_what_came_later_never_changes_the_forecast_made_before(table):
    then = trend.look_ahead(case_inputs(table), 3)
    now = trend.look_ahead(case_inputs(table, as_of="2025-12-31"), 3, made_on="2012-12-31")
    pd.testing.assert_frame_equal(then.result.frame, now.result.frame)
    assert then.actual.empty
    assert now.judged["period"].tolist() == ["2013", "2014", "2015"]


@pytest.mark.golden
def test_the_facts_to_2025_lie_inside_the_intervals_of_2012(table):
    outlook = trend.look_ahead(case_inputs(table, as_of="2025-12-31"), 13, made_on="2012-12-31")
    held, miss = trend.judge_outlook(outlook).findings()
    assert held.n == 13
    assert held.value >= 0.85
    assert miss.value > 0


@pytest.mark.unit
def test_a_forecast_from_two_years_is_refused_with_a_reason():
    outlook = trend.look_ahead(inputs_of(np.full(11, 3.0), as_of="2008-11-30"), 2)
    assert outlook.result is None
    assert "too few for a forecast" in str(outlook.reason)


@pytest.mark.unit
def test_without_a_backtest_no_backtest_is_said_to_be_lost(table):
    outlook = trend.look_ahead(case_inputs(table), 3)
    untold = replace(outlook, result=replace(outlook.result, beats_naive=None))
    sentence = str(untold.findings()[0].sentence)
    assert "too little past to test it" in sentence
    assert "did not beat" not in sentence


@pytest.mark.unit
def test_the_verdict_stands_beside_the_naive_forecasts(table):
    outlook = trend.look_ahead(case_inputs(table), 3)
    sentence = str(outlook.findings()[0].sentence)
    assert "beat the naive forecasts" in sentence
    assert list(outlook.result.backtest["method"]) == ["combination", "naive2", "seasonal_naive"]


@pytest.mark.recovery
@pytest.mark.slow
def test_the_case_shows_the_break_planted_in_its_orders(case_tables):
    tables = case_tables
    params = SimpleNamespace(
        as_of="2012-12-31", brand="Volvo Cars", rivals=",".join(RIVALS), market="China"
    )
    inputs = trend.read_inputs(tables, params)
    step = {
        one.event_id: one for one in trend.study_events(inputs.series(), inputs.events).effects
    }["E04"]
    assert step.first_after == pd.Period("2010-09", "M")
    rises = step.placebos.set_index("period")["effect"]
    assert rises.idxmax() == pd.Period("2010-09", "M"), (
        "the larger steps are falls: the slump of 2012"
    )
    assert rises.idxmin() == pd.Period("2012-07", "M")
    assert step.low < 0.40 < step.high, "the jump planted"
    assert trend.find_break(np.log(inputs.series())).date == pd.Period("2010-09", "M")
    split = trend.measure_segments(tables, "2012-12-31").effects
    parts = split[["volume_effect", "mix_effect", "price_effect"]].sum(axis=1)
    np.testing.assert_allclose(parts, split["change"], rtol=1e-9)


@pytest.mark.unit
def test_a_rival_of_whom_nothing_was_known_by_the_day_is_left_out_and_named(table):
    def known(day: str, *rivals: str):
        asked = SimpleNamespace(as_of=day, rivals=",".join(rivals), market="China")
        return known_rivals(table, read_facts(table, day), asked)

    early = replace(case_inputs(table), facts=read_facts(table, "2008-12-31"))
    rivals, why = known("2008-12-31", *RIVALS)
    assert rivals == ("Audi", "BMW Group (BMW+MINI)"), "of Mercedes 2009 is the first"
    assert "Mercedes-Benz" in why.render("en")
    position = trend.study_position(replace(early, rivals=rivals, no_rival=why))
    assert set(position.shares["period"]) == {"2008"}
    rivals, why = known("2008-12-31", "Mercedes-Benz")
    alone = replace(early, rivals=rivals, no_rival=why)
    assert trend.study_position(alone).reason is why
    assert "" not in set(trend.study_market_events(alone).others["against"])
    assert known("2012-12-31", *RIVALS) == (RIVALS, None)
    assert known("2012-12-31", "Audy") == (("Audy",), None), "a name never held is refused later"


@pytest.mark.recovery
@pytest.mark.slow
def test_a_step_of_one_region_is_found_there_and_not_elsewhere_and_the_page_measures_it_once(
    tmp_path,
):
    """Four regions of 100 orders a month; from 2011 on the first has half of them."""
    rng = np.random.default_rng(5)
    months = pd.date_range("2008-01-01", "2012-12-01", freq="MS")
    rows = [
        (region, month, int(rng.poisson(50 if region == "R0" and month.year >= 2011 else 100)))
        for region in ("R0", "R1", "R2", "R3")
        for month in months
    ]
    orders = pd.DataFrame(rows, columns=["account_id", "order_date", "revenue"])
    orders.insert(0, "order_id", range(len(orders)))
    orders.to_csv(tmp_path / "orders.csv", index=False)
    regions = sorted(set(orders["account_id"]))
    accounts = pd.DataFrame({"account_id": regions, "account_name": regions, "region": regions})
    accounts.to_csv(tmp_path / "accounts.csv", index=False)
    row = {"event_id": ["E"], "date": ["2011-01-01"], "kind": ["law"]}
    pd.DataFrame({**row, "title_en": "Law", "title_zh": "法规"}).to_csv(
        tmp_path / "events.csv", index=False
    )
    asked = SimpleNamespace(as_of="2012-12-31", brand="", rivals="", market="")
    tables = kam.open_data(tmp_path)
    inputs = trend.read_inputs(tables, asked)
    told = trend.study_events(inputs.series(), inputs.events)
    found = trend.look_elsewhere(tables, inputs, told)
    by_region = found.frame[found.frame["where"] == "region"].set_index("name")
    assert by_region["effect"].idxmin() == "R0"
    assert by_region.loc["R0", "high"] < 0
    assert ((by_region["low"] < 0) & (by_region["high"] > 0)).drop("R0").all()
    by_measure = found.frame[found.frame["where"] == "measure"].set_index("name")
    one = told.effects[0]
    assert by_measure.loc["revenue", ["effect", "low", "high"]].tolist() == pytest.approx(
        [one.effect, one.low, one.high]
    )
    assert [text.render("zh") for text in found.opening()]
