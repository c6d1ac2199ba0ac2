"""Pitfalls of churn work that look right and are not: a test for each, under its number in the
list of the research notes.
"""

import numpy as np
import pandas as pd
import pytest

from kamresearch.analysis.churn import Losses, build_panel, definition_card, measure_rate
from kamresearch.analysis.churn.blend import recalibrate, sigmoid
from kamresearch.analysis.churn.case import open_case
from kamresearch.analysis.churn.explain import Explanation
from kamresearch.analysis.churn.panel import FEATURES, describe_accounts
from kamresearch.analysis.churn.plain import PlainLogistic
from kamresearch.analysis.churn.validation import (
    MODELS,
    auc_of,
    calibration_error,
    choose_model,
    measure_models,
    reliability,
)
from kamresearch.analysis.lifetime import FramePurchases, fit_bgnbd, fit_gamma_gamma
from kamresearch.figures import churn as figures

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def case(case_tables):
    return open_case(case_tables, "2012-12-31")


def held_out(n=900, seed=0):
    """Held-out probabilities of four models of one process: the richest knows it, the base
    rate nothing.
    """
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.5, 1.0, n)
    y = rng.random(n) < sigmoid(z)
    return pd.DataFrame(
        {
            "account_id": [f"a{i:04d}" for i in range(n)],
            "cutoff": pd.Timestamp("2011-12-31"),
            "lost": y,
            "base": 0.2,
            "hiatus": sigmoid(z),
            "logistic": sigmoid(z + rng.normal(0, 0.01, n)),
            "model": sigmoid(z + rng.normal(0, 0.01, n)),
        }
    )


def test_pitfall_2_a_potential_without_a_date_is_no_feature_since_it_knows_who_stayed():
    """Two accounts equal at the cut-off: the one that stays buys more later, its potential of
    today is higher, its share lower.
    """
    rng = np.random.default_rng(0)
    bought = rng.gamma(3, 100, 600)
    lost = rng.random(600) < 0.2
    later = bought * np.where(lost, 0.1, rng.uniform(0.8, 1.8, 600))
    potential = np.maximum(bought, later) / 0.5
    assert auc_of(lost.astype(int), bought / potential) > 0.7
    assert "share_of_wallet_12m" not in FEATURES


@pytest.mark.slow
def test_pitfall_4_a_rate_changes_with_its_window_and_the_card_states_cohort_window_gap_and_exclusions(
    case,
):
    year = measure_rate(case.accounts, case.losses, case.as_of, 365)
    half = measure_rate(case.accounts, case.losses, case.as_of, 182)
    assert half.rate < 0.8 * year.rate
    card = definition_card(half, 30)
    assert card.frame["item"].tolist() == [
        "loss",
        "relation",
        "cohort",
        "window",
        "gap",
        "exclusions",
    ]
    meanings = " ".join(card.frame["meaning"])
    assert "182 days up to" in meanings
    assert "30 days between the features" in meanings


def test_pitfall_4_another_gap_makes_other_cases_of_the_same_accounts(case):
    cutoff = [pd.Timestamp("2011-06-30")]
    plain, gapped = (
        build_panel(case.snapshot_at, case.losses, cutoff, 180, gap).frame for gap in (0, 90)
    )
    merged = plain.merge(gapped, on="account_id", validate="1:1")
    assert (merged["lost_x"] != merged["lost_y"]).any()


@pytest.mark.slow
def test_pitfall_6_the_calibration_error_hangs_on_its_bins_and_is_never_zero_for_true_probabilities():
    """Why slope, intercept and Brier skill stand beside it."""
    rng = np.random.default_rng(0)
    p = rng.beta(2, 8, 1500)
    measured = {
        bins: np.mean([calibration_error(rng.random(1500) < p, p, bins) for _ in range(40)])
        for bins in (5, 10, 40)
    }
    assert 0.005 < measured[5] < measured[10] < measured[40]
    slopes = [
        recalibrate((rng.random(1500) < p).astype(float), np.log(p / (1 - p)), (100.0, 100.0))[1]
        for _ in range(40)
    ]
    assert np.mean(slopes) == pytest.approx(1, abs=0.04)
    table = measure_models(held_out(), rounds=20)
    assert {"slope", "intercept", "skill", "ece", "log_loss"} <= set(table.columns)


def test_pitfall_6_equal_scores_are_never_parted_by_a_bin_so_that_row_order_does_not_matter():
    rng = np.random.default_rng(1)
    p = rng.choice([0.1, 0.2, 0.6], 600)
    y = rng.random(600) < p
    mixed = rng.permutation(600)
    assert len(reliability(y, p)) == 3
    assert calibration_error(y, p) == calibration_error(y[mixed], p[mixed])
    by_score = pd.DataFrame({"p": p, "y": y}).groupby("p")["y"].agg(["mean", "size"])
    assert calibration_error(y, p) == pytest.approx(
        (by_score["size"] * (by_score["mean"] - by_score.index).abs()).sum() / 600
    )


def test_pitfall_14_who_bought_once_is_not_called_alive_for_sure(case):
    """BG/NBD gives every one-time buyer P(alive) = 1; silence in own gaps is unknown for them,
    and their risk is a rate.
    """
    day = pd.Timestamp("2012-12-31")
    snapshot = (
        case.snapshot_at("2012-12-31")
        .head(40)
        .assign(days_between_orders_mean=np.nan, days_since_last_order=700)
    )
    nobody = Losses("recorded", day, case.losses.frame.iloc[:0])
    described = describe_accounts(snapshot, nobody, day)
    assert described["silence_in_gaps"].isna().all()
    rng = np.random.default_rng(0)
    gaps = pd.DataFrame(
        {"silence_in_gaps": np.where(rng.random(800) < 0.4, np.nan, rng.gamma(2, 1, 800))}
    )
    lost = rng.random(800) < np.where(gaps["silence_in_gaps"].isna(), 0.35, 0.1)
    risk = (
        PlainLogistic()
        .fit(gaps, lost)
        .predict_proba(pd.DataFrame({"silence_in_gaps": [np.nan, 1.0]}))[:, 1]
    )
    assert risk[0] == pytest.approx(0.35, abs=0.06)
    assert risk[1] < 0.2


@pytest.mark.shared
def test_pitfall_14_probability_alive_ranks_accounts_the_wrong_way_round(shared_data):
    """On CDNOW every one-time buyer is surely alive, they are the most to stay away, and the
    AUC falls below a coin's.
    """
    orders = pd.read_csv(shared_data / "cdnow_sample.csv", parse_dates=["date"])
    orders = orders.rename(
        columns={"customer_id": "account_id", "date": "order_date", "spend": "revenue"}
    )
    history = FramePurchases(orders).history("1997-09-30")
    alive = fit_bgnbd(history).probability_alive(history)
    again = (
        history["account_id"]
        .isin(FramePurchases(orders).outcome("1997-09-30", "1998-06-30")["account_id"])
        .to_numpy()
    )
    once = (history["n_order_days"] == 1).to_numpy()
    assert (alive[once] == 1).all()
    assert again[once].mean() < again[~once].mean()
    assert auc_of(again.astype(int), alive) < 0.4


def test_pitfall_15_the_heuristic_and_the_base_rate_stand_beside_every_model():
    """A tie goes to the simpler one: silence in gaps wins where nothing beats it."""
    held = held_out()
    assert MODELS[:2] == ("base", "hiatus")
    assert choose_model(held) == "hiatus"
    table = measure_models(held, rounds=20).set_index("model")
    assert set(table.index) == set(MODELS)
    assert table["auc"].notna().all()
    assert table.loc["hiatus", "high"] < 0


def test_pitfall_16_the_value_model_learns_from_repeat_buyers_alone_and_states_the_correlation_it_assumes_away():
    rng = np.random.default_rng(2)
    days = rng.poisson(2, 500) + 1
    level = 50 / rng.gamma(4, 1, 500) * np.sqrt(days)
    history = pd.DataFrame(
        {"n_order_days": days, "revenue_repeat": level * (days - 1) * rng.gamma(6, 1 / 6, 500)}
    )
    model = fit_gamma_gamma(history)
    repeats = history["n_order_days"] > 1
    assert model.estimate.n == repeats.sum() < len(history)
    mean = history.loc[repeats, "revenue_repeat"] / (history.loc[repeats, "n_order_days"] - 1)
    assert model.correlation == pytest.approx(
        np.corrcoef(history.loc[repeats, "n_order_days"] - 1, mean)[0, 1], abs=1e-9
    )
    # Independence was broken on purpose, and the statement says so.
    assert model.correlation > 0.1
    richer = fit_gamma_gamma(
        history.assign(revenue_repeat=history["revenue_repeat"].where(repeats, 1e9))
    )
    assert richer.estimate.values == model.estimate.values


def test_pitfall_34_an_explanation_says_wherever_it_is_shown_that_it_is_association_not_cause():
    frame = pd.DataFrame(
        {"feature": ["silence_in_gaps"], "importance": [0.02], "low": [0.01], "high": [0.03]}
    )
    curve = pd.DataFrame({"value": [0.0, 1.0, 2.0], "predicted": [0.1, 0.15, 0.3]})
    result = Explanation(frame, {"silence_in_gaps": curve}, "hiatus")
    shown = [
        result.table().title,
        result.caveats[0],
        figures.importance(result).caption,
        figures.dependence(result).caption,
    ]
    for text in shown:
        assert "association, not cause" in text.render("en").lower()
        assert "相关" in text.render("zh")
        assert "因果" in text.render("zh")
