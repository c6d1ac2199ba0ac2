"""Rule card, tiers, overrides, hysteresis, migration: hand-worked cases."""

import numpy as np
import pandas as pd
import pytest

from kamresearch.analysis.segmentation import (
    apply_overrides,
    load_card,
    measure_migration,
    select_key_accounts,
)
from kamresearch.analysis.segmentation.card import percentile_ranks
from kamresearch.analysis.segmentation.selection import score_accounts, tier_of
from kamresearch.analysis.segmentation.tiers import hold_tiers
from kamresearch.errors import AnalysisError, ParameterError

pytestmark = pytest.mark.unit


@pytest.fixture
def card():
    return load_card()


@pytest.fixture
def snapshot():
    rng = np.random.default_rng(0)
    revenue = np.sort(rng.lognormal(10, 1.5, 60))[::-1]
    return pd.DataFrame(
        {
            "account_id": [f"A{i:03d}" for i in range(60)],
            "revenue_12m": revenue,
            "profit_12m": revenue * 0.2,
            "revenue_growth_12m": 0.0,
            "months_active_12m": 9,
            "n_orders_12m": 12,
            "potential_revenue": revenue * 2,
            "strategic_fit": np.tile([1, 3, 5], 20),
            "service_events_12m": 2,
        }
    )


def write_card(folder, text):
    path = folder / "card.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_score_is_the_weighted_mean_of_points(tmp_path):
    card = load_card(
        write_card(
            tmp_path,
            """
name: two
criteria:
  - {id: fit, column: strategic_fit, weight: 3, scale: range, low: 1, high: 5, kind: judged}
  - {id: share, column: share, weight: 1, scale: range, low: 0, high: 1, kind: measured}
tiers: {A: 70, B: 50}
""",
        )
    )
    score, coverage = score_accounts(
        np.array([[5.0, 0.0], [3.0, 1.0], [3.0, np.nan], [np.nan, np.nan]]), card
    )
    np.testing.assert_allclose(score, [75.0, 62.5, 50.0, np.nan])
    np.testing.assert_allclose(coverage, [1.0, 1.0, 0.75, 0.0])
    assert tier_of(score, card).tolist() == ["A", "B", "B", "unrated"]


def test_equal_values_get_equal_points_in_any_order():
    points = percentile_ranks(np.array([4.0, 9.0, 4.0, 1.0]))
    np.testing.assert_allclose(points, [0.5, 0.875, 0.5, 0.125])
    np.testing.assert_allclose(percentile_ranks(np.full(7, 3.0)), 0.5)


def test_every_account_has_a_tier_and_the_best_ones_are_key(snapshot, card):
    result = select_key_accounts(snapshot, card)
    assert len(result.frame) == len(snapshot)
    assert set(result.frame["tier"]) <= {"A", "B", "C", "unrated"}
    assert result.frame.set_index("account_id").loc["A002", "tier"] == "A"
    assert result.findings()[0].value == (result.frame["tier"] == "A").sum()


def test_ranks_are_intervals_and_wider_where_a_year_hangs_on_few_orders(snapshot, card):
    sure = select_key_accounts(snapshot.assign(n_orders_12m=400), card)
    unsure = select_key_accounts(snapshot.assign(n_orders_12m=2), card)
    width = [(r.frame["rank_high"] - r.frame["rank_low"]).mean() for r in (sure, unsure)]
    assert width[0] < width[1]
    inside = (unsure.frame["rank"] >= unsure.frame["rank_low"]) & (
        unsure.frame["rank"] <= unsure.frame["rank_high"]
    )
    assert inside.mean() > 0.8
    assert unsure.frame["probability_a"].between(0, 1).all()


def test_the_same_seed_gives_the_same_ranks_and_the_input_is_left_alone(snapshot, card):
    copy = snapshot.copy(deep=True)
    first, second = (select_key_accounts(snapshot, card, random_state=4).frame for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(snapshot, copy)


def test_order_of_rows_does_not_matter(snapshot, card):
    shuffled = snapshot.sample(frac=1, random_state=0)
    one = select_key_accounts(snapshot, card).frame.set_index("account_id")
    two = select_key_accounts(shuffled, card).frame.set_index("account_id").loc[one.index]
    pd.testing.assert_series_equal(one["score"], two["score"])
    pd.testing.assert_series_equal(one["tier"], two["tier"])


def test_a_criterion_that_the_company_does_not_record_carries_no_weight(snapshot, card):
    bare = snapshot[["account_id", "revenue_12m", "n_orders_12m"]]
    result = select_key_accounts(bare, card)
    assert (result.frame["tier"] == "A").any()
    assert result.criteria.set_index("criterion")["weight"].to_dict()["revenue"] == 1.0
    assert any("unknown for every account" in str(caveat) for caveat in result.caveats)


def test_an_account_of_which_too_little_is_known_is_not_rated(snapshot, card):
    snapshot.loc[0, ["revenue_12m", "profit_12m", "potential_revenue", "strategic_fit"]] = np.nan
    row = select_key_accounts(snapshot, card).frame.iloc[0]
    assert (row["tier"], row["reason"]) == ("unrated", "too_little_known")
    assert np.isnan(row["score"])


def test_ties_everywhere_rank_everybody_first(card):
    frame = pd.DataFrame({"account_id": list("abcd"), "revenue_12m": 10.0, "n_orders_12m": 3})
    result = select_key_accounts(frame, card).frame
    assert result["rank"].tolist() == [1.0] * 4
    assert result["score"].nunique() == 1


def test_one_account_and_one_giant_are_ranked_without_a_fall(card):
    single = select_key_accounts(
        pd.DataFrame({"account_id": ["a"], "revenue_12m": [5.0], "n_orders_12m": [1]}), card
    )
    assert single.frame["rank"].tolist() == [1.0]
    giant = pd.DataFrame(
        {
            "account_id": [f"{i:02d}" for i in range(30)],
            "revenue_12m": [1e12] + [10.0] * 29,
            "n_orders_12m": 3,
        }
    )
    assert select_key_accounts(giant, card).frame.iloc[0]["rank"] == 1


def test_accounts_with_negative_revenue_and_without_orders_stay(card):
    frame = pd.DataFrame(
        {"account_id": list("abc"), "revenue_12m": [-5.0, 0.0, 10.0], "n_orders_12m": [1, 0, 2]}
    )
    result = select_key_accounts(frame, card).frame.set_index("account_id")
    assert len(result) == 3
    assert result.loc["c", "rank"] == 1


def test_no_account_is_refused_in_words(snapshot, card):
    with pytest.raises(AnalysisError, match="at least one account"):
        select_key_accounts(snapshot.head(0), card)


# Hysteresis


@pytest.mark.parametrize(
    ("score", "before", "held"),
    [
        (72.0, "B", "B"),
        (74.0, "B", "A"),
        (68.0, "A", "A"),
        (65.9, "A", "B"),
        (40.0, "A", "C"),
        (53.0, "C", "C"),
        (80.0, "C", "A"),
        (72.0, "C", "B"),
        (71.0, "absent", "A"),
        (45.0, "B", "C"),
        (47.0, "B", "B"),
    ],
)
def test_a_tier_is_left_only_when_the_score_is_clearly_beyond_a_threshold(
    score, before, held, card
):
    scores = np.array([score])
    assert hold_tiers(
        scores, tier_of(scores, card), np.array([before], dtype=object), card
    ).tolist() == [held]


def test_noise_does_not_move_accounts_but_without_hysteresis_it_would(card):
    rng = np.random.default_rng(0)
    true = rng.uniform(60, 80, 500)
    before, now = true + rng.normal(0, 1.5, 500), true + rng.normal(0, 1.5, 500)
    earlier, later = tier_of(before, card), tier_of(now, card)
    held = hold_tiers(now, later, earlier, card)
    assert (held != earlier).sum() < 0.3 * (later != earlier).sum()


def test_tiers_of_a_year_ago_are_kept_through_the_selection(snapshot, card):
    result = select_key_accounts(snapshot, card, before=snapshot)
    assert (result.frame["tier_before"] == result.frame["tier_by_score"]).all()
    assert result.n_held == 0
    assert any(
        "No snapshot of a year before" in str(c)
        for c in select_key_accounts(snapshot, card).caveats
    )


# Overrides


def overrides(*rows):
    return pd.DataFrame(rows, columns=["account_id", "tier", "who", "why", "date", "until"])


def test_an_override_holds_between_its_dates_and_the_latest_decision_counts():
    ids, tiers = pd.Series(["a", "b", "c", "d"]), np.array(["C", "C", "A", "B"], dtype=object)
    log = apply_overrides(
        ids,
        tiers,
        overrides(
            ("a", "A", "director", "reference", "2012-01-01", "2013-01-01"),
            ("a", "B", "director", "second look", "2012-06-01", "2013-06-01"),
            ("b", "A", "director", "old", "2010-01-01", "2011-01-01"),
            ("b", "A", "director", "to come", "2013-02-01", "2014-01-01"),
            ("c", "A", "director", "agrees", "2012-01-01", "2012-12-31"),
            ("z", "A", "director", "who?", "2012-01-01", "2013-01-01"),
        ),
        "2012-12-31",
    )
    assert log.tiers.tolist() == ["B", "C", "A", "B"]
    status = log.log.set_index(["account_id", "why"])["status"].to_dict()
    assert status[("a", "reference")] == "superseded"
    assert status[("a", "second look")] == "valid"
    assert status[("b", "old")] == "expired"
    assert status[("b", "to come")] == "later"
    assert status[("c", "agrees")] == "confirmed"
    assert status[("z", "who?")] == "unknown_account"
    assert tiers.tolist() == ["C", "C", "A", "B"]


def test_an_override_is_marked_in_the_selection(snapshot, card):
    last = snapshot["account_id"].iloc[-1]
    table = overrides((last, "A", "director", "reference", "2012-01-01", "2013-01-01"))
    row = (
        select_key_accounts(snapshot, card, overrides=table, as_of="2012-12-31")
        .frame.set_index("account_id")
        .loc[last]
    )
    assert (row["tier"], row["overridden"]) == ("A", True)
    assert row["tier_by_rule"] != "A"


# Migration


def test_the_migration_matrix_counts_every_account_once(card):
    before = np.array(["A", "A", "B", "C", "absent", "unrated"], dtype=object)
    now = np.array(["A", "B", "A", "C", "C", "B"], dtype=object)
    result = measure_migration(before, now, card)
    assert result.counts.to_numpy().sum() == 6
    assert (result.n_both, result.n_same, result.n_up, result.n_down) == (4, 2, 1, 1)
    assert result.findings()[0].value == 0.5


def test_nobody_rated_twice_has_no_stability_but_a_reason(card):
    finding = measure_migration(
        np.array(["absent"], dtype=object), np.array(["A"], dtype=object), card
    ).findings()[0]
    assert finding.value is None
    assert "rated at both dates" in str(finding.reason)


# The card itself


def test_the_house_card_reads_and_its_weights_sum_to_one(card):
    assert card.weights.sum() == pytest.approx(1)
    assert card.tiers == ("A", "B", "C")
    assert {criterion.kind for criterion in card.criteria} == {"measured", "judged"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("criteria: []", "criteria: .* at least 1 item"),
        (
            "criteria: [{id: x}]",
            "entry 1: expected column and weight and scale and kind; found none",
        ),
        (
            "criteria: [{id: x, column: y, weight: 1, scale: log, kind: measured}]",
            "entry 1, scale: expected 'rank' or 'range'; found 'log'",
        ),
        (
            "criteria: [{id: x, column: y, weight: -1, scale: rank, kind: measured}]",
            "entry 1, weight: expected greater than or equal to 0; found -1",
        ),
        (
            "criteria: "
            "[{id: x, column: y, weight: 1, scale: range, low: 5, high: 1, kind: judged}]",
            "low below high",
        ),
        (
            "criteria: [{id: x, column: y, weight: 1, scale: rank, kind: judged}]\ntiers: "
            "{A: 50, B: 70}",
            "thresholds that fall",
        ),
        ("criteria: 3", "card.yml, criteria: expected a valid tuple; found 3"),
        ("criterion: []", "did you mean 'criteria'"),
        ("- revenue", "card.yml: expected .*; found .'revenue'."),
    ],
)
def test_a_bad_card_is_refused_in_words(tmp_path, text, words):
    with pytest.raises(ParameterError, match=words):
        load_card(write_card(tmp_path, text))


def test_unknown_weights_and_missing_files_are_refused(card, tmp_path):
    with pytest.raises(ParameterError, match="did you mean 'revenue'"):
        card.with_weights({"revenu": 1.0})
    with pytest.raises(ParameterError, match="a YAML file"):
        load_card(tmp_path / "nothing.yml")
