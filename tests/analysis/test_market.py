"""The market: facts with sources, shares, effects that add up."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamresearch.analysis import effects
from kamresearch.analysis import market as m
from kamresearch.analysis.periods import read_period
from kamresearch.errors import AnalysisError, DataError

RIVALS = ("Audi", "BMW Group (BMW+MINI)", "Mercedes-Benz")


@pytest.fixture(scope="module")
def table(case_folder):
    return pd.read_csv(case_folder / "market.csv", dtype={"period": str})


@pytest.fixture(scope="module")
def facts(table):
    return m.read_facts(table, "2012-12-31")


@pytest.mark.golden
def test_volvo_2012_lost_17_thousand_by_share_while_the_market_would_have_added_12_thousand(facts):
    last = (
        m.measure_position(facts, "Volvo Cars", RIVALS, "China")
        .effects.set_index("period")
        .loc["2012"]
    )
    assert last["market_effect"] == pytest.approx(12_033, abs=1)
    assert last["share_effect"] == pytest.approx(-17_170, abs=1)
    assert last["change"] == 41_989 - 47_126


@pytest.mark.golden
def test_concentration_of_2012_is_the_sum_of_squared_shares_by_hand(facts):
    found = m.measure_position(facts, "Volvo Cars", RIVALS, "China").findings()
    hhi = next(one for one in found if one.id == "trend.hhi")
    units = np.array([41_989, 405_838, 326_444, 196_211])
    assert hhi.value == pytest.approx(float((units**2).sum()) / float(units.sum()) ** 2)
    assert hhi.interval is None
    assert "3.02 makers" in hhi.sentence.render("en")


@pytest.mark.golden
def test_every_row_of_the_compilation_stands_in_the_case_with_its_source(table, shared_data):
    spelled = {"FY": "{year}", "H1": "{year}-H1", "Jan-Aug": "{year}-01/{year}-08"}
    with (shared_data / "volvo_china_annual_and_luxury_market.csv").open(encoding="utf-8") as file:
        rows = [
            (f"annual {n}", spelled[row["period"]].format(**row), row)
            for n, row in enumerate(csv.DictReader(file), 1)
        ]
    with (shared_data / "volvo_china_monthly_2020_2024.csv").open(encoding="utf-8") as file:
        rows += [
            (
                f"monthly {n}",
                row["month"],
                {"brand": "Volvo Cars", "market": "China", "growth_pct": "", **row},
            )
            for n, row in enumerate(csv.DictReader(file), 1)
        ]
    kept = table.set_index("origin")
    for origin, period, row in rows:
        ours = kept.loc[origin]
        assert (
            ours["period"],
            ours["brand"],
            ours["market"],
            ours["source"],
            ours["original_status"],
        ) == (period, row["brand"], row["market"], row["source"], row["status"])
        assert row["units"] == "" or float(row["units"]) == ours["units"]
        assert row["growth_pct"] == "" or float(row["growth_pct"]) / 100 == pytest.approx(
            ours["growth"]
        )
        assert (row["note"] or "") == ("" if pd.isna(ours["note"]) else ours["note"])
    assert len(rows) == 96 + 56


@pytest.mark.unit
def test_no_two_rows_of_the_case_share_a_key(table):
    assert not table.duplicated(["period", "brand", "market", "source", "measure"]).any()


@pytest.mark.unit
def test_a_year_counts_as_known_on_its_last_day_and_not_before(table):
    assert "2012" not in set(m.read_facts(table, "2012-12-30")["period"])
    assert "2012" in set(m.read_facts(table, "2012-12-31")["period"])


@pytest.mark.properties
def test_adding_the_future_never_changes_what_was_known(table, facts):
    past = table[[read_period(text)[1] <= pd.Period("2012-12", "M") for text in table["period"]]]
    pd.testing.assert_frame_equal(
        m.read_facts(past, "2012-12-31").reset_index(drop=True), facts, check_dtype=False
    )


@pytest.mark.unit
def test_the_best_standing_is_chosen_and_nothing_is_averaged(facts):
    chosen = m.choose_facts(facts)
    year = chosen[
        (chosen["brand"] == "Volvo Cars")
        & (chosen["period"] == "2010")
        & (chosen["market"] == "China")
    ].iloc[0]
    assert (year["units"], year["status"], year["n_sources"]) == (30_522, "reported", 4)
    assert set(chosen["units"]) <= set(facts["units"].dropna())


@pytest.mark.unit
def test_sources_that_disagree_by_more_than_rounding_are_listed(facts):
    conflicts = m.list_conflicts(facts).set_index(["brand", "period"])
    assert conflicts.loc[("BMW Group (BMW+MINI)", "2012"), ["lowest", "highest"]].tolist() == [
        296_000,
        326_444,
    ]
    assert ("Volvo Cars", "2009") not in conflicts.index, "22,000 is 22,405 rounded"


segments = st.lists(
    st.tuples(*[st.floats(0, 1e6), st.floats(1e-3, 1e6), st.floats(0, 1e6), st.floats(1e-3, 1e6)]),
    min_size=1,
    max_size=6,
)


@pytest.mark.properties
@given(segments)
@pytest.mark.slow
def test_market_mix_and_share_effect_sum_to_the_change(rows):
    rows = np.array(rows)
    old = pd.DataFrame({"company": rows[:, 0], "market": rows[:, 0] + rows[:, 1]})
    new = pd.DataFrame({"company": rows[:, 2], "market": rows[:, 2] + rows[:, 3]})
    split = effects.split_change(old, new)
    parts = split[["market_effect", "mix_effect", "share_effect"]].sum()
    assert parts == pytest.approx(split["change"], abs=1e-6 * max(1.0, np.abs(rows).max()))
    if len(rows) == 1:
        assert split["mix_effect"] == 0
    same = effects.split_change(old, old)
    assert same.abs().max() <= 1e-6 * max(1.0, np.abs(rows).max())


@pytest.mark.properties
@given(segments)
@pytest.mark.slow
def test_volume_mix_and_price_effect_sum_to_the_change_of_revenue(rows):
    rows = np.array(rows)
    old = pd.DataFrame({"units": rows[:, 1], "revenue": rows[:, 0]})
    new = pd.DataFrame({"units": rows[:, 3], "revenue": rows[:, 2]})
    split = effects.split_revenue(old, new)
    scale = max(1.0, np.abs(rows).max(), float(split.abs().max()))
    assert split[["volume_effect", "mix_effect", "price_effect"]].sum() == pytest.approx(
        split["change"], abs=1e-9 * scale
    )


@pytest.mark.unit
def test_a_shift_to_cheaper_goods_at_old_prices_is_all_mix():
    old = pd.DataFrame({"units": [10.0, 10.0], "revenue": [1000.0, 500.0]}, index=["dear", "cheap"])
    new = pd.DataFrame({"units": [5.0, 15.0], "revenue": [500.0, 750.0]}, index=["dear", "cheap"])
    split = effects.split_revenue(old, new)
    assert split.to_dict() == {
        "change": -250.0,
        "volume_effect": 0.0,
        "mix_effect": -250.0,
        "price_effect": 0.0,
    }


@pytest.mark.unit
def test_a_market_smaller_than_the_brand_is_refused_where_it_has_none():
    old = pd.DataFrame({"company": [5.0], "market": [0.0]})
    with pytest.raises(AnalysisError, match="a market wherever the company sells"):
        effects.split_change(old, old)


@pytest.mark.unit
def test_a_rival_of_an_unknown_name_gets_near_matches(facts):
    with pytest.raises(AnalysisError, match="did you mean 'Audi'"):
        m.measure_position(facts, "Volvo Cars", ("Audy",), "China")


@pytest.mark.unit
def test_two_brands_in_one_series_never_mix(facts):
    with pytest.raises(AnalysisError, match="rivals beside the brand"):
        m.measure_position(facts, "Volvo Cars", ("Volvo Cars",), "China")
    series = m.brand_series(m.choose_facts(facts), "Volvo Cars", "China")
    assert series["period"].is_unique
    assert set(series["brand"]) == {"Volvo Cars"}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("period", "spring 2012", "rewrite them"), ("units", "n/a", "clean them")],
)
def test_unreadable_periods_and_texts_among_numbers_are_refused(table, column, value, words):
    bad = table.astype({"units": object})
    bad.loc[3, column] = value
    with pytest.raises(DataError, match=words):
        m.read_facts(bad, "2012-12-31")


@pytest.mark.unit
def test_a_gap_year_gives_no_effect_across_it(table):
    facts = m.read_facts(table, "2025-12-31")
    assert set(m.measure_position(facts, "Volvo Cars", RIVALS, "China").effects["period"]) == {
        "2010",
        "2011",
        "2012",
    }
