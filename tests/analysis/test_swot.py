"""SWOT items against evidence; matrices; strategies."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamresearch.analysis.swot import (
    equal_weights,
    judge_items,
    parse_condition,
    rate_matrices,
    rate_strategies,
    read_items,
    read_strategies,
    weigh_items,
)
from kamresearch.analysis.swot.condition import judge_condition
from kamresearch.analysis.swot.matrices import check_weights, find_cell
from kamresearch.errors import AnalysisError, DataError
from kamresearch.finding import Finding, Findings, Interval
from kamresearch.language import Fixed

pytestmark = pytest.mark.unit


def finding(
    id: str, value, low=None, high=None, n=100, unit="share", reason=None, simulated=False
) -> Finding:
    text = Fixed({"en": id, "zh": id})
    interval = None if low is None else Interval(low, high)
    return Finding(
        id,
        value,
        unit,
        text,
        text,
        interval,
        n=n,
        figure=f"{id}_figure",
        reason=reason,
        simulated=simulated,
    )


def items_of(*rows) -> pd.DataFrame:
    columns = ["item_id", "quadrant", "evidence", "condition", "rating"]
    frame = pd.DataFrame([(*row, *[None] * (5 - len(row))) for row in rows], columns=columns)
    return frame.assign(
        text_en=frame["item_id"] + " en",
        text_zh=frame["item_id"] + " 中文",
        owner="sales director",
        date="2012-12-31",
    )


RATE = finding("churn.rate", 0.22, 0.18, 0.26)


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("> 0.10", "supported"),
        ("> 0.20", "cannot_tell"),
        ("> 0.30", "contradicted"),
        ("< 0.20", "cannot_tell"),
        ("< 0.30", "supported"),
        ("≥ 18 %", "supported"),
        ("<= 26%", "supported"),
        ("between 0.1 and 0.3", "supported"),
        ("between 0.2 and 0.3", "cannot_tell"),
        ("between 0.3 and 0.4", "contradicted"),
        ("= 0.22", "cannot_tell"),
        ("= 0.18", "cannot_tell"),
        ("= 0.26", "cannot_tell"),
        ("= 0.5", "contradicted"),
    ],
)
def test_the_interval_decides_and_not_the_point_value(condition, verdict):
    result = judge_items(
        read_items(items_of(("W5", "weakness", "churn.rate", condition))), Findings([RATE])
    )
    assert result.verdicts["W5"] == verdict
    assert result.count(verdict) == 1


def test_a_number_without_interval_decides_only_where_it_is_counted():
    """A share without an interval has an error that nobody measured."""

    def verdict(unit: str, value: float) -> str:
        items = read_items(items_of(("T5", "threat", "trend.rivals_share", "> 0.5")))
        told = finding("trend.rivals_share", value, unit=unit)
        return judge_items(items, {"trend.rivals_share": told}).verdicts["T5"]

    assert verdict("share", 0.51) == verdict("units", 12_037) == "cannot_tell"
    assert verdict("accounts", 3) == "supported"
    assert verdict("accounts", 0) == "contradicted"


@pytest.mark.parametrize(
    ("value", "condition", "said"),
    [
        (True, "= yes", "supported"),
        (False, "= yes", "contradicted"),
        (False, "= no", "supported"),
        ("rising", "= Rising", "supported"),
        ("falling", "= rising", "contradicted"),
    ],
)
def test_findings_in_words_are_compared_as_words(value, condition, said):
    assert judge_condition(parse_condition(condition), finding("a.b", value, unit="text")) == said


def test_an_item_without_evidence_is_judgement_and_says_so():
    assert judge_items(read_items(items_of(("S4", "strength"))), {}).verdicts == {"S4": "judgement"}


def test_evidence_that_names_an_unknown_finding_is_listed_with_near_matches():
    items = read_items(items_of(("W5", "weakness", "churn.raet", "> 0.2")))
    result = judge_items(items, Findings([RATE]))
    assert result.verdicts["W5"] == "unknown"
    assert result.frame["near"].iloc[0] == "churn.rate"
    assert any("near matches: churn.rate" in str(caveat) for caveat in result.caveats)


def test_a_finding_without_value_leaves_its_item_unknown():
    items = read_items(items_of(("W5", "weakness", "churn.rate", "> 0.2")))
    nothing = finding("churn.rate", None, reason=Fixed({"en": "too few"}))
    assert judge_items(items, {"churn.rate": nothing}).verdicts["W5"] == "unknown"


@pytest.mark.parametrize(
    ("second", "verdict"),
    [("> 0.1", "supported"), ("> 0.5", "contradicted"), ("> 0.2", "cannot_tell")],
)
def test_several_pieces_of_evidence_must_all_hold(second, verdict):
    frame = items_of(("W4", "weakness", "churn.rate; churn.rate", f"> 0.1; {second}"))
    assert judge_items(read_items(frame), Findings([RATE])).verdicts["W4"] == verdict


@pytest.mark.parametrize(
    ("evidence", "condition", "verdict"),
    [
        ("~churn.rate", "> 0.1", "judgement"),
        ("~churn.rate", "> 0.5", "judgement"),
        ("churn.rate; ~no.such", "> 0.1; > 1", "supported"),
    ],
)
def test_evidence_that_only_touches_the_subject_decides_nothing(evidence, condition, verdict):
    items = read_items(items_of(("O4", "opportunity", evidence, condition)))
    result = judge_items(items, Findings([RATE]))
    assert result.verdicts["O4"] == verdict
    assert "(~)" in result.table().frame["evidence"].iloc[0]


def test_each_piece_of_evidence_says_what_it_measures_and_what_would_contradict_it():
    items = read_items(items_of(("W5", "weakness", "churn.rate", "> 0.1")))
    row = judge_items(items, Findings([RATE])).table().frame.iloc[0]
    assert row["falsified"] == "churn.rate <= 0.1"
    assert row["measures"] == RATE.label.render("en")


def test_real_and_simulated_evidence_are_counted_apart():
    items = read_items(
        items_of(("W5", "weakness", "a.b", "> 0.1"), ("W6", "weakness", "c.d", "> 0.1"))
    )
    found = {
        "a.b": finding("a.b", 0.3, 0.2, 0.4),
        "c.d": finding("c.d", 0.3, 0.2, 0.4, simulated=True),
    }
    said = judge_items(items, found).verdict().render("en")
    assert "1 of these verdicts rest on simulated data, 1 on real ones" in said


def test_strict_mode_fails_on_a_contradicted_item_and_names_it_with_its_number():
    items = read_items(items_of(("W5", "weakness", "churn.rate", "> 0.4"), ("S1", "strength")))
    assert judge_items(items, Findings([RATE])).count("contradicted") == 1
    with pytest.raises(
        AnalysisError, match=r"W5: churn.rate 22.0% \[18.0%, 26.0%\], n = 100 \(asked > 0.4\)"
    ):
        judge_items(items, Findings([RATE]), strict=True)
    fine = read_items(
        items_of(("W5", "weakness", "churn.rate", "> 0.2"), ("T1", "threat", "no.such", "> 1"))
    )
    assert judge_items(fine, Findings([RATE]), strict=True).count("cannot_tell") == 1


def test_each_row_shows_number_interval_and_the_figure_behind_it():
    table = judge_items(
        read_items(items_of(("W5", "weakness", "churn.rate", "> 0.1"))), Findings([RATE])
    ).table()
    row = table.frame.iloc[0]
    assert row["number"] == "22.0% [18.0%, 26.0%], n = 100"
    assert row["figure"] == "churn.rate_figure"
    terms = next(column.terms for column in table.columns if column.name == "text")
    assert terms["W5 en"].render("zh") == "W5 中文"


def test_verdicts_resting_on_simulated_findings_are_marked_simulated():
    items = read_items(items_of(("W5", "weakness", "churn.rate", "> 0.1")))
    real, made = (
        judge_items(items, Findings([RATE])),
        judge_items(items, {"churn.rate": finding("churn.rate", 0.3, simulated=True)}),
    )
    assert not any(one.simulated for one in real.findings())
    assert all(one.simulated for one in made.findings())


def test_one_item_and_empty_quadrants_are_said_and_not_hidden():
    result = judge_items(read_items(items_of(("S1", "strength"))), {})
    caveats = " ".join(map(str, result.caveats))
    assert "single item" in caveats
    assert caveats.count("holds no item") == 3
    assert len(equal_weights(result.items).weights) == 1


@pytest.mark.parametrize(
    "text", ["about 0.2", "> ", "0.2", "between 0.3 and 0.1", "> 1e999", "=> 3 and < 5"]
)
def test_a_condition_that_is_none_is_refused(text):
    with pytest.raises(DataError, match="condition|finite"):
        parse_condition(text)


@given(low=st.floats(-5, 5), width=st.floats(0, 3), bar=st.floats(-6, 8))
def test_a_condition_and_its_opposite_are_never_both_supported(low, width, bar):
    measured = finding("a.b", low + width / 2, low, low + width, unit="score")
    said = [judge_condition(parse_condition(f"{sign} {bar:.6f}"), measured) for sign in (">", "<=")]
    assert said in (
        ["supported", "contradicted"],
        ["contradicted", "supported"],
        ["cannot_tell", "cannot_tell"],
    )


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([("S1", "strength"), ("S1", "strength")], "each item once"),
        ([("S1", "strenght")], "did you mean 'strength'"),
        ([("S1", "strength", "a.b")], "one condition for each finding"),
        ([("S1", "strength", "a.b; c.d", "> 1")], "2 findings and 1 conditions"),
    ],
)
def test_items_that_cannot_be_read_are_refused_in_words(rows, match):
    with pytest.raises(DataError, match=match):
        read_items(items_of(*rows))


def test_no_item_is_refused():
    with pytest.raises(DataError, match="at least one item"):
        read_items(items_of())


def test_hostile_statements_stay_text():
    frame = items_of(("S1", "strength")).assign(text_en="<script>{n} %s</script>", text_zh="{0}")
    result = judge_items(read_items(frame), {})
    assert result.text_of("S1").render("en") == "<script>{n} %s</script>"
    assert "<script>" not in result._repr_html_()


# matrices
# -------------------------------------------------------------------------------------------------

FOUR = (
    ("S1", "strength", None, None, 4),
    ("W1", "weakness", None, None, 1),
    ("O1", "opportunity", None, None, 3),
    ("T1", "threat", None, None, 2),
)


def test_ife_and_efe_are_weighted_ratings_whose_weights_sum_to_one():
    items = read_items(items_of(*FOUR))
    result = rate_matrices(items, equal_weights(items))
    assert result.frame.groupby("side")["weight"].sum().tolist() == pytest.approx([1, 1])
    assert (result.ife, result.efe, result.cell, result.advice) == (2.5, 2.5, "V", "hold")


def test_a_hand_worked_ife_comes_out():
    items = read_items(items_of(*FOUR, ("S2", "strength", None, None, 3)))
    judged = pd.DataFrame(
        {
            "rater": "a",
            "left": [
                "S1",
                "strength",
                "strength",
                "strength",
                "weakness",
                "weakness",
                "opportunity",
            ],
            "right": ["S2", "weakness", "opportunity", "threat", "opportunity", "threat", "threat"],
            "value": [2.0, 2, 1, 1, 0.5, 0.5, 1],
        }
    )
    result = rate_matrices(items, weigh_items(judged, items))
    # importance: S1 1, S2 1/2, W1 1/2 → weights 1/2, 1/4, 1/4 → 4/2 + 3/4 + 1/4
    assert result.ife == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("quadrant", "rating", "match"),
    [
        ("strength", 2, "3 to 4 for each strength"),
        ("weakness", 3, "1 to 2 for each weakness"),
        ("opportunity", 5, "1 to 4 for each opportunity"),
        ("threat", 0, "1 to 4 for each threat"),
    ],
)
def test_ratings_that_break_the_rules_of_ife_and_efe_are_refused(quadrant, rating, match):
    items = read_items(items_of(("X1", quadrant, None, None, rating)))
    with pytest.raises(DataError, match=match):
        rate_matrices(items, equal_weights(items))


def test_weights_that_do_not_sum_to_one_are_refused():
    check_weights({"S1": 0.6, "W1": 0.4})
    with pytest.raises(DataError, match="a sum of 1.100"):
        check_weights({"S1": 0.7, "W1": 0.4})


def test_an_item_without_rating_leaves_its_side_undefined_and_no_cell_is_guessed():
    items = read_items(items_of(*FOUR[:3], ("T1", "threat")))
    result = rate_matrices(items, equal_weights(items))
    assert result.efe is None
    assert result.cell is None
    assert "T1" in str(result.caveats[0])
    assert all(one.reason for one in result.findings() if one.value is None)


def test_the_nine_cells_stand_as_the_books_have_them():
    scores = [
        (3.5, 3.5),
        (2.5, 3.5),
        (1.5, 3.5),
        (3.5, 2.5),
        (2.5, 2.5),
        (1.5, 2.5),
        (3.5, 1.5),
        (2.5, 1.5),
        (1.5, 1.5),
    ]
    assert [find_cell(*score) for score in scores] == [
        "I",
        "II",
        "III",
        "IV",
        "V",
        "VI",
        "VII",
        "VIII",
        "IX",
    ]


# strategies
# -------------------------------------------------------------------------------------------------


def strategies_of(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(*row, *[None] * (3 - len(row))) for row in rows],
        columns=["strategy_id", "pairs", "attractiveness"],
    )
    return frame.assign(
        text_en=frame["strategy_id"],
        text_zh=frame["strategy_id"],
        owner="sales director",
        due_date="2013-12-31",
        finding="churn.rate",
    )


def many_items(n: int = 10):
    rows = [
        (f"{letter}{k}", name)
        for letter, name in zip(
            "SWOT", ("strength", "weakness", "opportunity", "threat"), strict=True
        )
        for k in range(1, n + 1)
    ]
    return read_items(items_of(*rows))


def test_the_score_does_not_grow_with_the_number_of_items():
    items, rng = many_items(), np.random.default_rng(1)
    verdicts = judge_items(items, {})
    names = {
        item.quadrant: [one.id for one in items if one.quadrant == item.quadrant] for item in items
    }
    rows = [
        (
            f"A{k}",
            "+".join(
                [
                    *rng.choice(names["strength"], size, replace=False),
                    *rng.choice(names["threat"], size, replace=False),
                ]
            ),
        )
        for k, size in enumerate(rng.integers(1, 9, 300))
    ]
    weights = equal_weights(items)
    weights.weights["importance"] = rng.random(len(weights.weights))
    choice = rate_strategies(
        read_strategies(strategies_of(*rows), items), verdicts, weights, n_resamples=10
    )
    importance = weights.importance
    sums = [sum(importance[name] for name in pairs.split("+")) for _, pairs in rows]
    assert abs(np.corrcoef(choice.scores["n_items"], choice.scores["score"])[0, 1]) < 0.15
    assert np.corrcoef(choice.scores["n_items"], sums)[0, 1] > 0.6


def test_naming_an_item_twice_changes_nothing():
    items = many_items(2)
    read = read_strategies(strategies_of(("A1", "S1+O1"), ("A2", "S1 + S1 + O1")), items)
    choice = rate_strategies(read, judge_items(items, {}), equal_weights(items))
    assert choice.scores["score"].nunique() == 1
    assert choice.scores["rank"].tolist() == [1, 1]


def test_evidence_against_an_item_takes_the_ground_from_its_strategy():
    items = read_items(
        items_of(
            ("S1", "strength", "churn.rate", "< 0.1"),
            ("S2", "strength", "churn.rate", "> 0.1"),
            ("O1", "opportunity"),
        )
    )
    choice = rate_strategies(
        read_strategies(strategies_of(("A1", "S1+O1"), ("A2", "S2+O1")), items),
        judge_items(items, Findings([RATE])),
        equal_weights(items),
    )
    assert choice.first == "A2"
    assert choice.scores.set_index("strategy_id")["score"]["A1"] == pytest.approx(0.35)
    assert set(choice.sensitivity["varied"]) == {"weights", "evidence", "both"}
    assert choice.sensitivity.groupby("varied")["first_share"].sum().tolist() == pytest.approx(
        [1, 1, 1]
    )


def test_the_first_choice_is_told_as_firm_only_where_weights_and_evidence_leave_it_first():
    items = read_items(
        items_of(
            ("S1", "strength", "churn.rate", "> 0.1"), ("S2", "strength"), ("O1", "opportunity")
        )
    )
    weights = equal_weights(items)
    weights.weights.loc[weights.weights["item_id"] == "S1", "importance"] = 0.8
    read = read_strategies(strategies_of(("A1", "S1+O1"), ("A2", "S2+O1")), items)
    choice = rate_strategies(read, judge_items(items, Findings([RATE])), weights, n_resamples=2000)
    shares = choice.sensitivity.pivot(index="strategy_id", columns="varied", values="first_share")
    assert choice.first == "A1"
    # S2 counts by its trust, drawn from 0 to 1: it passes 0.8 in two draws of ten.
    assert shares.loc["A2", "evidence"] == pytest.approx(0.2, abs=0.03)
    assert 0 < shares.loc["A2", "weights"] < 0.5
    assert choice.scores.set_index("strategy_id")["first_share"].to_dict() == pytest.approx(
        shares["both"].to_dict()
    )


def test_strategies_of_the_same_items_share_the_first_place():
    items = many_items(1)
    read = read_strategies(strategies_of(("A1", "S1+O1"), ("A2", "S1+O1")), items)
    choice = rate_strategies(read, judge_items(items, {}), equal_weights(items), n_resamples=20)
    assert choice.sensitivity["first_share"].tolist() == pytest.approx([0.5] * 6)


def test_qspm_multiplies_weights_by_attractiveness_over_items_that_all_were_judged_on():
    items = read_items(items_of(*FOUR))
    frame = strategies_of(("A1", "S1+O1", "S1:4; O1:2; T1:1"), ("A2", "W1+T1", "S1:1; O1:4"))
    choice = rate_strategies(
        read_strategies(frame, items), judge_items(items, {}), equal_weights(items)
    )
    assert choice.scores.set_index("strategy_id")["qspm"].to_dict() == pytest.approx(
        {"A1": 0.5 * 4 + 0.5 * 2, "A2": 0.5 * 1 + 0.5 * 4}
    )
    assert "T1" in str(choice.caveats[0])


def test_a_strategy_gets_its_quadrant_pair_and_empty_pairs_stay_visible():
    items = many_items(2)
    frame = strategies_of(("A1", "S1+O1"), ("A2", "W1+W2+S1+T1"))
    choice = rate_strategies(
        read_strategies(frame, items), judge_items(items, {}), equal_weights(items)
    )
    assert choice.scores.set_index("strategy_id")["kind"].to_dict() == {"A1": "SO", "A2": "WT"}
    tows = choice.tows().frame
    assert set(tows["kind"]) == {"SO", "WO", "ST", "WT"}
    assert tows.loc[tows["kind"] == "ST", "strategy_id"].isna().all()


@pytest.mark.parametrize(
    ("row", "match"),
    [
        (("A1", "S1+O9"), "choose one of 'O1'"),
        (("A1", "S1+S2"), "one strength or weakness and one opportunity or threat"),
        (("A1", ""), "internal with an external"),
        (("A1", "S1+O1", "S1:5"), "1 to 4"),
        (("A1", "S1+O1", "Z1:3"), "items of the swot table"),
    ],
)
def test_strategies_that_cannot_be_are_refused(row, match):
    with pytest.raises(DataError, match=match):
        read_strategies(strategies_of(row), many_items(2))


def test_an_action_names_owner_date_and_the_finding_that_will_tell():
    items = many_items(1)
    choice = rate_strategies(
        read_strategies(strategies_of(("A1", "S1+O1")), items),
        judge_items(items, {}),
        equal_weights(items),
    )
    row = choice.table().frame.iloc[0]
    assert (row["owner"], row["due_date"], row["finding"]) == (
        "sales director",
        "2013-12-31",
        "churn.rate",
    )


def test_the_case_holds_the_items_of_the_seed_in_both_languages(case_folder):
    frame = pd.read_csv(case_folder / "swot.csv")
    items = read_items(frame)
    wanted = (
        [f"S{k}" for k in range(1, 6)]
        + [f"W{k}" for k in range(1, 8)]
        + [f"O{k}" for k in range(1, 6)]
        + [f"T{k}" for k in range(1, 7)]
    )
    assert [item.id for item in items] == wanted
    assert all(
        item.text.render("en") and item.text.render("zh") and item.owner and item.date
        for item in items
    )
    bare = {item.id for item in items if not item.evidence}
    assert {"O4", "T1", "T5"} <= bare, "what only touches the subject supports nothing"
    assert len(items) - len(bare) >= 7
    weights = weigh_items(pd.read_csv(case_folder / "judgements.csv"), items, n_resamples=50)
    choice = rate_strategies(
        read_strategies(pd.read_csv(case_folder / "strategies.csv"), items),
        judge_items(items, {}),
        weights,
        n_resamples=50,
    )
    assert rate_matrices(items, weights).cell is not None
    assert choice.first is not None


def test_without_judgements_every_promised_number_is_there_with_its_reason():
    from kamresearch.studies import find_study

    items = many_items(2)
    weights = equal_weights(items)
    made = {
        one.id: one
        for result in (judge_items(items, {}), weights, rate_matrices(items, weights))
        for one in result.findings()
    }
    promised = set(find_study("swot").findings) - {
        "swot.first_strategy",
        "swot.first_strategy_certainty",
    }
    assert promised <= set(made)
    assert all(made[name].value is not None or made[name].reason for name in promised)
