"""The claim ledger: what it must find by itself."""

import pandas as pd
import pytest

from kamresearch.analysis.claims import judge_claims
from kamresearch.analysis.market import read_facts
from kamresearch.errors import DataError


@pytest.fixture(scope="module")
def claims(case_folder):
    return pd.read_csv(case_folder / "claims.csv", dtype={"period": str})


@pytest.fixture(scope="module")
def facts(case_folder):
    return read_facts(pd.read_csv(case_folder / "market.csv", dtype={"period": str}), "2012-12-31")


@pytest.fixture(scope="module")
def ledger(claims, facts):
    return judge_claims(claims, facts).frame.set_index("claim_id")


def one(facts, **claim):
    row = {
        "claim_id": "X",
        "who": "test",
        "text_en": "a",
        "text_zh": "b",
        "market": "China",
        **claim,
    }
    return judge_claims(pd.DataFrame([row]), facts).frame.iloc[0]


@pytest.mark.golden
@pytest.mark.slow
def test_nearly_80_percent_in_2008_is_the_growth_of_2009(ledger):
    row = ledger.loc["C06"]
    assert (row["verdict"], row["remark"]) == ("contradicted", "other_year")
    assert "12,500 × 1.80 = 22,500" in row["arithmetic"]
    assert "(2009" in row["arithmetic"]


@pytest.mark.golden
def test_the_market_that_volvo_is_said_to_have_followed_down_grew(ledger):
    row = ledger.loc["C20"]
    assert (row["verdict"], row["remark"]) == ("contradicted", "opposite_sign")
    assert "15,495,200 / 14,472,000" in row["arithmetic"]
    assert ledger.loc["C15", "verdict"] == "not_testable", "weak is no quantity"


@pytest.mark.golden
def test_a_fall_of_nearly_8_percent_names_no_period_and_the_half_year_known_rose(ledger):
    assert (ledger.loc["C10", "verdict"], ledger.loc["C10", "remark"]) == (
        "not_testable",
        "no_period",
    )
    row = ledger.loc["C21"]
    assert (row["verdict"], row["remark"], row["found_low"]) == (
        "contradicted",
        "overlap_opposite",
        0.08,
    )
    assert row["reading"]
    assert row["quote"]


@pytest.mark.golden
def test_a_boom_and_a_slump_of_the_same_months_in_one_paragraph_clash(ledger):
    assert ledger.loc["C11", "clash"] == "C06, C09"
    assert ledger.loc["C07", "clash"] == "C21"
    assert ledger.loc["C12", "clash"] == "", "2010 is another year"


@pytest.mark.golden
def test_three_years_above_half_bound_the_years_before(ledger):
    """By hand: 12,500 / 1.73 = 7,225; / 1.5 = 4,817 for 2005, of which 5,000 is reported."""
    assert "2005 ≤ 12,500 / 1.73 / 1.50 = 4,817 [5,000 reported]" in ledger.loc["C03", "arithmetic"]
    assert ledger.loc["C04", "arithmetic"].endswith("= 3,211")


@pytest.mark.golden
def test_121_percent_has_no_december_2008_but_a_december_2009(ledger):
    row = ledger.loc["C09"]
    assert (row["remark"], row["arithmetic"]) == ("same_elsewhere", "3,290 (2009-12, reported)")


@pytest.mark.unit
def test_sources_that_disagree_support_nothing():
    facts = read_facts(
        pd.DataFrame(
            {
                "period": ["2010", "2010", "2010"],
                "brand": "A",
                "market": "China",
                "units": [None, None, None],
                "growth": [0.30, 0.50, None],
                "status": "reported",
                "measure": "growth",
                "source": "s",
            }
        ).dropna(subset="growth"),
        "2012-12-31",
    )
    row = one(facts, quantity="growth", brand="A", period="2010", value=0.30)
    assert (row["verdict"], row["remark"]) == ("not_testable", "sources_differ")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("months", "verdict"), [("01/2009-06", "contradicted"), ("05/2010-12", "not_testable")]
)
def test_what_overlaps_a_smaller_part_of_a_period_contradicts_nothing(facts, months, verdict):
    row = one(
        facts, quantity="sign", brand="Luxury segment (all)", period=f"2009-{months}", value=-1
    )
    assert row["verdict"] == verdict


@pytest.mark.golden
def test_growth_after_the_purchase_and_the_fall_of_2012_stand(ledger):
    assert set(ledger.loc[["C12", "C13", "C16"], "verdict"]) == {"supported"}


@pytest.mark.unit
def test_a_figure_that_only_the_claimant_gives_supports_nothing(ledger):
    assert (ledger.loc["C01", "verdict"], ledger.loc["C01", "remark"]) == (
        "not_testable",
        "own_figure",
    )
    assert ledger.loc["C02", "verdict"] == "not_testable"


@pytest.mark.unit
def test_rounded_figures_that_leave_both_open_settle_nothing(ledger):
    assert ledger.loc["C03", "verdict"] == "not_testable"
    assert ledger.loc["C03", "found_low"] < 0.5 < ledger.loc["C03", "found_high"]


@pytest.mark.unit
def test_a_rank_a_judgement_and_a_period_without_figures_are_not_testable(ledger):
    assert set(ledger.loc[["C05", "C14", "C17", "C09"], "verdict"]) == {"not_testable"}


@pytest.mark.unit
@pytest.mark.parametrize(("value", "verdict"), [(42_000, "supported"), (50_000, "contradicted")])
def test_a_level_is_tested_within_five_percent(facts, value, verdict):
    assert (
        one(facts, quantity="level", brand="Volvo Cars", period="2012", value=value)["verdict"]
        == verdict
    )


@pytest.mark.unit
def test_a_difference_of_two_growth_rates_is_tested_on_both(facts):
    row = one(facts, quantity="difference", brand="Audi | Volvo Cars", period="2012", value=0.40)
    assert row["verdict"] == "supported"
    assert (
        one(facts, quantity="difference", brand="Audi | Volvo Cars", period="2012", value=-0.2)[
            "verdict"
        ]
        == "contradicted"
    )


@pytest.mark.unit
@pytest.mark.slow
def test_what_is_not_known_yet_cannot_contradict(claims, case_folder):
    early = read_facts(pd.read_csv(case_folder / "market.csv", dtype={"period": str}), "2008-12-31")
    assert (
        judge_claims(claims, early).frame.set_index("claim_id").loc["C20", "verdict"]
        == "not_testable"
    )


@pytest.mark.unit
def test_a_text_in_the_value_and_an_unknown_kind_are_refused(claims, facts):
    with pytest.raises(DataError, match="write 0.8 for"):
        judge_claims(claims.astype({"value": object}).assign(value="lots"), facts)
    with pytest.raises(DataError, match="choose one of them"):
        judge_claims(claims.assign(quantity="vibe"), facts)


@pytest.mark.unit
@pytest.mark.slow
def test_every_claim_gets_exactly_one_verdict(claims, facts):
    ledger = judge_claims(claims, facts)
    assert sum(ledger.counts().values()) == len(claims) == len(ledger.frame)


@pytest.mark.unit
@pytest.mark.slow
def test_one_way_of_reckoning_is_written_once(facts):
    rows = pd.DataFrame(
        [
            {
                "claim_id": "X",
                "who": "test",
                "text_en": "a",
                "text_zh": "b",
                "market": "China",
                "quantity": "growth",
                "brand": brand,
                "period": str(year),
                "value": value,
            }
            for brand in sorted(set(facts["brand"]))
            for year in range(2007, 2013)
            for value in (0.1, 0.2, 0.4, 0.6, 0.79)
        ]
    )
    told = judge_claims(rows, facts).frame
    told = told[told["remark"] == "other_year"]
    assert len(told)
    for words in told["arithmetic"]:
        parts = words.split("; ")
        assert len(parts) == len(set(parts)), words
