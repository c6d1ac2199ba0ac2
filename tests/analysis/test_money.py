"""Money: profits equal empulse's, contacts keep to the budget, doing nothing is the line to
beat.
"""

import numpy as np
import pandas as pd
import pytest

from kamresearch.analysis.churn.money import (
    OfferTerms,
    choose_contacts,
    expected_maximum_profit,
    expected_maximum_profit_b2b,
)
from kamresearch.errors import AnalysisError

pytestmark = pytest.mark.golden

# Printed by benchmarks/peers/churn_profit.py (empulse 0.13.1): EMPC usual, EMPC other, EMPB usual,
# EMPB other.
EMPULSE = (
    ("good", 7.804679560518, 14.141596778734, 7.205375000000, 17.877941666667),
    ("weak", 4.025986146742, 4.620167159683, 1.812208333333, 14.539108333333),
    ("tied", 6.006032691256, 8.420874993852, 3.627250000000, 16.497441666667),
    ("bad", 2.101835671298, 0.378687158385, 0.000000000000, 12.830441666667),
)


def ranking(kind):
    i = np.arange(240)
    y = ((i * i + 3 * i) % 11 < 3).astype(int)
    noise = ((i * 7919) % 1009) / 1009
    score = {
        "good": 0.6 * y + noise,
        "weak": 0.15 * y + noise,
        "tied": np.round(3 * (0.5 * y + noise)),
        "bad": noise - 0.5 * y,
    }[kind]
    return y, score, 100.0 + (i * 37) % 400


@pytest.mark.parametrize("row", EMPULSE, ids=[row[0] for row in EMPULSE])
def test_expected_maximum_profits_equal_those_of_empulse(row):
    y, score, value = ranking(row[0])
    ours = (
        expected_maximum_profit(y, score),
        expected_maximum_profit(y, score, value=500, incentive=40, contact=5, alpha=3, beta=9),
        expected_maximum_profit_b2b(y, score, value),
        expected_maximum_profit_b2b(
            y, score, value, incentive_share=0.02, contact=3, alpha=9, beta=11
        ),
    )
    assert ours == pytest.approx(row[1:], abs=1e-6)


def test_expected_maximum_profit_equals_the_evaluation_protocol(shared_eval):
    import importlib.util

    spec = importlib.util.spec_from_file_location("churn_eval", shared_eval / "churn_eval.py")
    protocol = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(protocol)
    for kind in ("good", "weak", "tied"):
        y, score, _ = ranking(kind)
        assert expected_maximum_profit(y, score) == pytest.approx(protocol.empc(y, score), abs=1e-9)


def test_a_better_ranking_earns_more_and_order_of_rows_does_not_matter():
    (y, good, value), (_, weak, _) = ranking("good"), ranking("weak")
    assert expected_maximum_profit_b2b(y, good, value) > expected_maximum_profit_b2b(y, weak, value)
    back = np.arange(len(y))[::-1]
    assert expected_maximum_profit(y[back], good[back]) == pytest.approx(
        expected_maximum_profit(y, good), abs=1e-12
    )


def test_auc_and_profit_can_disagree():
    from kamresearch.analysis.churn.validation import auc_of

    y = np.array([1] * 10 + [0] * 90)
    # First a sure group of four leavers and then nothing, against a ranking that is better
    # everywhere else.
    sharp = np.r_[np.full(4, 9.0), np.full(6, 1.0), np.full(90, 2.0)]
    broad = np.r_[np.full(10, 5.0), np.full(54, 5.0), np.full(36, 1.0)]
    assert auc_of(y, broad) > auc_of(y, sharp)
    assert expected_maximum_profit(y, sharp) > expected_maximum_profit(y, broad)


@pytest.fixture
def accounts():
    return pd.DataFrame(
        {
            "account_id": ["a", "b", "c", "d"],
            "account_name": ["A", "B", "C", "D"],
            "region": ["East", "East", None, "West"],
            "churn_probability": [0.5, 0.5, 0.02, 0.9],
            "value": [100_000.0, 10_000.0, 1_000_000.0, 1_000.0],
        }
    )


def test_the_gain_of_a_contact_is_the_hand_worked_one(accounts):
    terms = OfferTerms(acceptance=0.3, incentive_share=0.02, contact_cost=1_000, most_contacts=10)
    result = choose_contacts(accounts, terms)
    by_id = dict(zip(result.frame["account_id"], result.frame["gain"], strict=True))
    # a: .5 (.3 · .98 · 100,000 − 1,000) − .5 (2,000 + 1,000) = 14,200 − 1,500; d is worth less than
    # a contact.
    assert by_id["a"] == pytest.approx(12_700)
    assert "d" not in by_id
    assert result.exposed == pytest.approx(50_000 + 5_000 + 20_000 + 900)


def test_the_budget_is_kept_and_the_best_come_first(accounts):
    result = choose_contacts(accounts, OfferTerms(contact_cost=100, most_contacts=1))
    assert result.frame["account_id"].tolist() == ["a"]
    assert choose_contacts(accounts, OfferTerms(most_contacts=0)).gain == 0


def test_at_the_break_even_acceptance_a_contact_earns_nothing(accounts):
    terms = OfferTerms(contact_cost=1_000)
    row = choose_contacts(accounts, terms).frame.iloc[0]
    even = OfferTerms(acceptance=row["break_even"], contact_cost=1_000)
    assert even.gain(np.array([row["churn_probability"]]), np.array([row["value"]]))[
        0
    ] == pytest.approx(0, abs=1e-6)


def test_without_any_acceptance_every_contact_loses_and_doing_nothing_is_best(accounts):
    result = choose_contacts(accounts, OfferTerms(acceptance=0.0))
    assert result.frame.empty
    assert result.gain == 0
    assert result.curve["gain"].max() == 0


def test_high_risk_is_never_sold_as_persuadable(accounts):
    result = choose_contacts(accounts, OfferTerms())
    text = " ".join(caveat.render("en") for caveat in result.caveats)
    assert "does not mean persuadable" in text
    assert "if the offer works as assumed" in result.table().title.render("en")
    assert not any("persuad" in column for column in result.frame.columns)


def test_without_a_probability_nobody_is_chosen_and_the_reason_is_given(accounts):
    result = choose_contacts(accounts.assign(churn_probability=np.nan), OfferTerms())
    assert result.frame.empty
    for finding in result.findings():
        assert finding.value is None
        assert "the history is too short" in finding.reason.render("en")
    assert result.caveats == ()
    with pytest.raises(AnalysisError, match="numbers from 0 to 1.*1 others"):
        choose_contacts(accounts.assign(churn_probability=[0.5, np.nan, 0.5, 0.5]), OfferTerms())


def test_scores_in_place_of_probabilities_are_refused(accounts):
    with pytest.raises(AnalysisError, match="numbers from 0 to 1"):
        choose_contacts(accounts.assign(churn_probability=[1.0, 2.0, 3.0, 4.0]), OfferTerms())
    with pytest.raises(AnalysisError, match="offer terms"):
        choose_contacts(accounts, OfferTerms(acceptance=2.0))
    with pytest.raises(AnalysisError, match="one outcome alone"):
        expected_maximum_profit(np.zeros(5), np.arange(5.0))
    with pytest.raises(AnalysisError, match="less than the value"):
        expected_maximum_profit(np.array([0, 1]), np.arange(2.0), incentive=300)
