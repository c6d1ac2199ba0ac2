"""Panels, folds and leaks: features up to the cut-off, outcomes after it, accounts and times
apart.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kamresearch.analysis import drawing
from kamresearch.analysis.churn import (
    find_leaks,
    refuse_leaks,
    risk,
    time_and_account_folds,
    validation,
)
from kamresearch.analysis.churn.case import open_case
from kamresearch.analysis.churn.leaks import single_auc
from kamresearch.analysis.churn.money import OfferTerms, choose_contacts
from kamresearch.analysis.churn.panel import Panel, build_panel, choose_cutoffs, draw_accounts
from kamresearch.analysis.churn.risk import model_losses
from kamresearch.analysis.churn.validation import judge_models
from kamresearch.errors import AnalysisError
from kamresearch.figures.churn import lift as draw_lift
from kamresearch.language import render

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def case(case_tables):
    return open_case(case_tables, "2012-12-31")


@pytest.fixture(scope="module")
def panel(case):
    return case.panel(365)


@pytest.mark.slow
def test_outcomes_lie_strictly_after_the_cutoff_and_within_the_window(case, panel):
    dates = case.losses.frame
    for row in panel.frame[["account_id", "cutoff", "lost"]].itertuples():
        mine = dates.loc[dates["account_id"] == row.account_id, "churn_date"]
        inside = ((mine > row.cutoff) & (mine <= row.cutoff + pd.Timedelta(days=365))).any()
        assert inside == row.lost


def test_a_gap_between_features_and_outcome_leaves_out_who_goes_within_it(case):
    cutoffs = [pd.Timestamp("2011-06-30")]
    wide = build_panel(case.snapshot_at, case.losses, cutoffs, 365, 90).frame
    gone = case.losses.lost_within(cutoffs[0], cutoffs[0] + pd.Timedelta(days=90))
    assert gone
    assert not set(wide["account_id"]) & gone


def test_who_is_away_at_the_cutoff_cannot_be_lost_again(case, panel):
    for cutoff, part in panel.frame.groupby("cutoff"):
        assert not set(part["account_id"]) & case.losses.away_at(cutoff)


@pytest.mark.slow
def test_adding_the_future_never_changes_a_features_value(case_tables, case, panel):
    day = panel.frame["cutoff"].unique()[1]
    end = (day + pd.Timedelta(days=365)).date().isoformat()
    early = open_case(case_tables, end)
    again = build_panel(early.snapshot_at, early.losses, [day], 365, 0, early.months).frame
    then = panel.frame[panel.frame["cutoff"] == day].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, then)


def test_no_test_account_and_no_future_stands_in_the_training_rows(panel):
    folds = list(time_and_account_folds(panel))
    assert folds
    frame = panel.frame
    for train, test in folds:
        assert not set(frame["account_id"].iloc[train]) & set(frame["account_id"].iloc[test])
        known = frame["cutoff"].iloc[train] + pd.Timedelta(days=365)
        assert known.max() <= frame["cutoff"].iloc[test].min()
    tested = np.concatenate([test for _, test in folds])
    assert len(tested) == len(set(tested))


def test_folds_do_not_hang_on_the_order_of_rows(panel):
    mixed = Panel(
        panel.frame.sample(frac=1, random_state=1).reset_index(drop=True), panel.features, 365, 0
    )

    def pairs(one):
        return {
            (
                frozenset(zip(one.frame["account_id"].iloc[test], one.frame["cutoff"].iloc[test])),
                len(train),
            )
            for train, test in time_and_account_folds(one)
        }

    assert pairs(panel) == pairs(mixed)


def test_of_very_many_accounts_the_same_ones_are_drawn_whole(panel):
    drawn = draw_accounts(panel, 50)
    ids = drawn.frame["account_id"].unique()
    assert len(ids) == 50
    pd.testing.assert_frame_equal(
        drawn.frame, panel.frame[panel.frame["account_id"].isin(ids)].reset_index(drop=True)
    )
    upside_down = replace(panel, frame=panel.frame.iloc[::-1].reset_index(drop=True))
    assert set(draw_accounts(upside_down, 50).frame["account_id"]) == set(ids)
    assert draw_accounts(panel, 10_000) is panel


def test_where_accounts_are_drawn_every_account_present_still_gets_its_probability(
    case, monkeypatch
):
    monkeypatch.setattr(risk, "say_drawn", lambda n: drawing.say_drawn(n, 20))
    monkeypatch.setattr(risk, "draw_accounts", lambda panel: draw_accounts(panel, 20))
    modelling = model_losses(case)
    assert modelling.panel.frame["account_id"].nunique() == 20
    assert "drawn at random out of" in render(modelling.caveats[0], "en")
    assert modelling.judgement.caveats == modelling.caveats[1:-1]
    assert len(modelling.risk.frame) == len(case.now())


def test_windows_that_have_not_ended_are_refused(case):
    with pytest.raises(AnalysisError, match="windows that end by 2012-12-31"):
        build_panel(case.snapshot_at, case.losses, [pd.Timestamp("2012-06-30")], 365)
    with pytest.raises(AnalysisError, match="at least one cut-off"):
        build_panel(case.snapshot_at, case.losses, [], 365)


def test_cutoffs_leave_a_year_before_and_a_window_after():
    found = choose_cutoffs("2012-12-31", pd.Timestamp("2008-01-01"), 366)
    assert found[0] >= pd.Timestamp("2008-12-30")
    assert found[-1] == pd.Timestamp("2011-12-31")
    assert choose_cutoffs("2012-12-31", pd.Timestamp("2012-01-01"), 365) == []


def test_the_panel_of_the_case_passes_the_leak_detector(panel):
    assert refuse_leaks(panel.X, panel.y, panel.frame["cutoff"]).refused == ()


@pytest.fixture
def honest():
    rng = np.random.default_rng(0)
    y = (rng.random(400) < 0.2).astype(int)
    return (
        pd.DataFrame({"orders": rng.poisson(5, 400), "region": rng.choice(["East", "West"], 400)}),
        y,
        rng,
    )


def planted(kind, X, y, rng):
    day = pd.Timestamp("2011-12-31")
    return {
        "churn_score": (y * 1.7 + rng.normal(size=400), "name_and_power"),
        "days_until_end_of_data": (y * 9.0 + rng.normal(size=400), "too_good"),
        "last_contact": (
            pd.Series(np.where(y, day + pd.Timedelta(days=9), day - pd.Timedelta(days=9))),
            "after",
        ),
        "closing_note": (pd.Series(np.where(y == 1, rng.normal(size=400), np.nan)), "missing"),
        "Churn Label": (pd.Series(np.where(rng.random(400) < 0.5, y, 1 - y)), "name"),
    }[kind]


@pytest.mark.parametrize(
    "kind", ["churn_score", "days_until_end_of_data", "last_contact", "closing_note", "Churn Label"]
)
def test_a_planted_leak_is_found(kind, honest):
    X, y, rng = honest
    values, why = planted(kind, X, y, rng)
    leaks = find_leaks(
        X.assign(**{kind: values}), y, pd.Series(pd.Timestamp("2011-12-31"), index=X.index)
    ).frame
    row = leaks.set_index("feature").loc[kind]
    assert row["why"] == why
    assert row["verdict"] == ("question" if why == "name" else "refuse")
    assert set(leaks.loc[leaks["verdict"] == "pass", "feature"]) == {"orders", "region"}


def test_a_refused_leak_is_named_with_its_power(honest):
    X, y, rng = honest
    with pytest.raises(AnalysisError, match=r"'churn_score'.*AUC 0\.[89].*leave out churn_score"):
        refuse_leaks(X.assign(churn_score=y * 1.7 + rng.normal(size=400)), y)


def test_many_levels_do_not_look_good_by_chance(honest):
    X, y, rng = honest
    names = pd.Series([f"name {i}" for i in range(400)])
    assert single_auc(names, y) < 0.6


@pytest.mark.slow
def test_the_leaks_of_the_telco_table_are_refused(shared_data):
    frame = pd.read_csv(shared_data / "ibm_telco_churn_reason.csv")
    y = frame["Churn Value"].to_numpy()
    leaks = find_leaks(frame.drop(columns=["Churn Value"]), y)
    assert {"Churn Score", "Churn Label", "Churn Reason"} <= set(leaks.refused)
    assert not {"Tenure Months", "Contract", "Monthly Charges"} & set(leaks.refused)


def test_recency_measured_to_the_end_of_the_data_is_caught(case, panel):
    """Silence until 2012-12-31 in place of silence until the cut-off knows who never came back."""
    last = case.accounts.set_index("account_id")["days_since_last_order"].astype(float)
    part = panel.frame[panel.frame["cutoff"] == panel.frame["cutoff"].min()]
    future = part["account_id"].map(last)
    honest = single_auc(part["days_since_last_order"], part["lost"].to_numpy(int))
    assert single_auc(future, part["lost"].to_numpy(int)) > honest + 0.1


@pytest.fixture(scope="module")
def small():
    """A hundred and twenty accounts at three cut-offs, every fourth of them lost."""
    days = pd.to_datetime(["2010-06-30", "2011-06-30", "2012-06-30"])
    rows = [(f"A{i:03d}", day, i % 4 == 0, float(i % 7)) for day in days for i in range(120)]
    frame = pd.DataFrame(rows, columns=["account_id", "cutoff", "lost", "silence_in_gaps"])
    return Panel(frame, ("silence_in_gaps",), 365, 0)


@pytest.fixture
def fitted(small, monkeypatch):
    """Models that say what they are told to, and the names of those that were fitted, in order."""
    knows, names = {"hiatus": 0.3, "logistic": 0.3, "model": 0.0}, []

    class Told:
        def __init__(self, name):
            self.name = name

        def predict(self, X):
            far = knows[self.name]
            return 0.15 + far * (small.y[X.index] - 0.15)

    def fit(name, *_):
        names.append(name)
        return Told(name)

    monkeypatch.setattr(validation, "fit_model", fit)
    return knows, names


@pytest.mark.slow
def test_the_costly_model_is_left_where_it_is_no_better_on_a_third_of_the_accounts(small, fitted):
    judgement = judge_models(small)
    folds = len(list(time_and_account_folds(small)))
    assert fitted[1] == ["hiatus"] * folds + ["logistic"] * folds + ["model"] * (folds // 3)
    assert judgement.chosen == "hiatus"
    assert {fold.name for fold, _test in judgement.last} == {"hiatus"}
    assert "model" not in judgement.held
    assert judgement.metrics["model"].tolist() == ["base", "hiatus", "logistic"]
    ours, best = judgement.left
    assert ours > best
    assert "left there" in judgement.caveats[-1].render("en")
    assert "three" not in draw_lift(judgement).alt.render("en")


@pytest.mark.slow
def test_the_costly_model_is_judged_on_all_and_explained_where_it_wins(small, fitted):
    fitted[0]["model"] = 0.9
    judgement = judge_models(small)
    assert fitted[1].count("model") == len(list(time_and_account_folds(small)))
    assert judgement.left is None
    assert judgement.held["model"].notna().all()
    assert judgement.chosen == "model"
    assert {fold.name for fold, _test in judgement.last} == {"model"}


def test_too_few_losses_are_refused_with_the_number_in_place_of_a_model(panel):
    rare = panel.frame.assign(lost=panel.frame["lost"] & (np.arange(len(panel.frame)) % 20 == 0))
    judgement = judge_models(Panel(rare, panel.features, 365, 0))
    assert judgement.refused
    skill = judgement.findings()[0]
    assert skill.value is None
    assert "too few losses" in skill.reason.render("en")


@pytest.mark.parametrize("value", [True, False])
def test_no_churners_and_all_churners_are_refused_in_words(panel, value):
    judgement = judge_models(Panel(panel.frame.assign(lost=value), panel.features, 365, 0))
    assert judgement.refused
    assert judgement.chosen is None


def test_a_feature_that_knows_the_outcome_leaves_pooled_rates_and_the_reason_in_place_of_a_model(
    case,
):
    def knowing(day):
        snapshot, start = case.snapshot_at(day), pd.Timestamp(day)
        lost = case.losses.lost_within(start, start + pd.Timedelta(days=365))
        return snapshot.assign(strategic_fit=snapshot["account_id"].isin(lost).astype(float))

    modelling = model_losses(replace(case, snapshot_at=knowing))
    assert "strategic fit" in modelling.judgement.reason.render("en")
    assert modelling.judgement.findings()[0].value is None
    assert modelling.leaks.refused == ("strategic_fit",)
    assert modelling.risk.source == "pooled"
    assert modelling.explanation is None
    # The region's rate serves for a sum; it is no account's own probability.
    assert modelling.risk.frame["churn_probability"].isna().all()
    assert modelling.risk.findings()[0].value > 0
    contacts = choose_contacts(modelling.risk.frame, OfferTerms())
    assert contacts.frame.empty
    assert "nobody has a probability of leaving of their own" in contacts.reason.render("en")


def test_among_too_few_losses_no_feature_is_accused(case):
    rare = replace(case.losses, frame=case.losses.frame.iloc[::30].reset_index(drop=True))
    modelling = model_losses(replace(case, losses=rare))
    assert "too few losses" in modelling.judgement.reason.render("en")
    assert modelling.leaks.frame.empty


def test_where_nobody_was_present_a_window_ago_nobody_gets_a_probability(case):
    young = case.accounts.assign(first_seen=pd.Timestamp("2012-03-01"))
    modelling = model_losses(
        replace(case, accounts=young, observed_from=pd.Timestamp("2012-03-01"))
    )
    assert modelling.risk.frame["churn_probability"].isna().all()
    at_risk = modelling.risk.findings()[0]
    assert (at_risk.value, at_risk.interval, at_risk.sentence) == (None, None, None)
    assert "the history is too short" in at_risk.reason.render("en")
    assert "历史太短" in at_risk.reason.render("zh")


def test_a_region_that_had_no_account_then_is_told_by_the_others(case):
    young = case.observed_from + pd.Timedelta(days=10_000)
    regions = case.accounts["region"].where(case.accounts.index > 0, "Moon")
    accounts = case.accounts.assign(
        region=regions, first_seen=case.accounts["first_seen"].where(case.accounts.index > 0, young)
    )
    risk = model_losses(replace(case, accounts=accounts, observed_from=young)).risk
    assert risk.frame["churn_probability"].isna().all()
    chance = risk.frame.set_index("region")["rate"]
    assert chance.notna().all()
    assert chance.drop("Moon").min() <= chance["Moon"] <= chance.drop("Moon").max()
