"""RFM, value × potential, cross table, agreement: hand-worked cases, the edge zoo, and the
simulated truth.
"""

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis.pooling import pool_shares
from kamresearch.analysis.segmentation import (
    compare_with_data,
    place_in_matrix,
    pool_cross_table,
    score_rfm,
    select_key_accounts,
)
from kamresearch.analysis.segmentation.rfm import MEASURES, score_quintiles
from kamresearch.errors import AnalysisError
from kamresearch.features.population import find_lost, keep_present
from kamresearch.features.purchases import TablePurchases, order_moments
from kamresearch.figures import segmentation as figures
from kamresearch.figures import segmentation_clusters as cluster_figures
from kamresearch.figures.theme import house_theme
from kamresearch.language import LANGUAGES, render, use_language

pytestmark = pytest.mark.unit


def make_snapshot(n=40, seed=0):
    """A snapshot with every column that the segmentation reads."""
    rng = np.random.default_rng(seed)
    revenue = rng.lognormal(11, 1.3, n)
    return pd.DataFrame(
        {
            "account_id": [f"A{i:03d}" for i in range(n)],
            "account_name": [f"Name {i}" for i in range(n)],
            "industry": rng.choice(["Finance", "Energy"], n),
            "region": rng.choice(["East", "West", "North"], n),
            "parent_id": None,
            "revenue_12m": revenue,
            "revenue_prior_12m": revenue * rng.lognormal(0, 0.4, n),
            "profit_12m": revenue * 0.1,
            "n_orders_12m": rng.integers(1, 30, n),
            "n_orders_prior_12m": rng.integers(1, 30, n),
            "revenue_growth_12m": rng.normal(0, 0.3, n),
            "months_active_12m": rng.integers(1, 13, n),
            "days_since_last_order": rng.integers(0, 300, n).astype(float),
            "tenure_days": rng.integers(30, 1500, n).astype(float),
            "revenue_slope_12m": rng.normal(0, 500, n),
            "days_between_orders_mean": rng.uniform(5, 60, n),
            "days_between_orders_sd": rng.uniform(1, 60, n),
            "n_products_12m": rng.integers(1, 5, n),
            "potential_revenue": revenue * rng.uniform(0.8, 4, n),
            "strategic_fit": rng.integers(1, 6, n),
            "share_of_wallet_12m": rng.uniform(0.1, 1, n),
            "service_events_12m": rng.integers(0, 5, n),
        }
    )


ZOO = {
    "one account": lambda frame: frame.head(1),
    "ties everywhere": lambda frame: frame.assign(
        **{name: frame[name].iloc[0] for name in frame if name != "account_id"}
    ),
    "all returns": lambda frame: frame.assign(revenue_12m=-frame["revenue_12m"], n_orders_12m=0),
    "one giant": lambda frame: frame.assign(
        revenue_12m=frame["revenue_12m"].where(frame.index > 0, 1e13)
    ),
    "nothing optional": lambda frame: frame[
        [
            "account_id",
            "account_name",
            "revenue_12m",
            "revenue_prior_12m",
            "n_orders_12m",
            "n_orders_prior_12m",
            "days_since_last_order",
        ]
    ],
    "no orders": lambda frame: frame.assign(
        revenue_12m=0.0,
        revenue_prior_12m=0.0,
        n_orders_12m=0,
        n_orders_prior_12m=0,
        days_since_last_order=np.nan,
        revenue_growth_12m=np.nan,
    ),
    "gaps everywhere": lambda frame: frame.assign(
        **dict.fromkeys(
            (
                "profit_12m",
                "potential_revenue",
                "strategic_fit",
                "share_of_wallet_12m",
                "n_products_12m",
            ),
            np.nan,
        )
    ),
    "names that are markup": lambda frame: frame.assign(
        account_name="<b>{x}</b> $1 %s", industry="{0}", region="<i>"
    ),
}


@pytest.mark.parametrize("case", ZOO)
def test_awkward_companies_go_through_every_analysis_without_losing_an_account(case):
    snapshot = ZOO[case](make_snapshot())
    copy = snapshot.copy(deep=True)
    profile, selection, matrix = (
        score_rfm(snapshot),
        select_key_accounts(snapshot, n_resamples=20),
        place_in_matrix(snapshot, n_resamples=20),
    )
    crossed = pool_cross_table(snapshot, selection.frame["tier"], profile.frame["habit"].to_numpy())
    clusters = kam.segmentation.segment(snapshot, n_resamples=2, k_range=(2, 3))
    agreement = compare_with_data(snapshot, selection, profile, matrix, clusters)
    assert sorted(agreement.tiers["account_id"]) == sorted(snapshot["account_id"])
    assert len(profile.frame) == len(selection.frame) == len(snapshot)
    assert crossed.frame["n_accounts"].sum() == len(snapshot)
    for result in (profile, selection, matrix, crossed, agreement):
        for finding in result.findings():
            text = f"{finding.label} {finding.definition} {finding.sentence} {finding.reason}"
            assert "nan" not in text.lower().split()
            assert finding.value is not None or finding.reason is not None
    pd.testing.assert_frame_equal(snapshot, copy)


# RFM


def test_scores_follow_the_quintiles_and_ties_share_a_score():
    scores, cuts = score_quintiles(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
    assert scores.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert cuts == (2, 4, 6, 8)
    silent, cuts = score_quintiles(
        np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10]), more_is_better=False
    )
    assert silent.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    # From the cut between scores 1 and 2 on; a value on a cut has the lower score.
    assert cuts == (9, 7, 5, 3)
    assert [silent[int(cut) - 1] for cut in cuts] == [1, 2, 3, 4]
    tied, _cuts = score_quintiles(np.array([5.0, 5.0, 5.0, 5.0]))
    assert len(set(tied)) == 1


def test_accounts_without_an_order_stay_without_scores():
    snapshot = make_snapshot(10)
    snapshot.loc[0, "days_since_last_order"] = np.nan
    profile = score_rfm(snapshot)
    assert profile.n_without_orders == 1
    assert profile.frame.loc[0, "rfm"] is None or pd.isna(profile.frame.loc[0, "rfm"])
    assert profile.frame.loc[0, "habit"] == "new"


def test_habits_are_ruled_by_orders_and_evenness_of_gaps():
    frame = make_snapshot(4).assign(
        n_orders_12m=[12, 12, 2, 0],
        days_between_orders_mean=30.0,
        days_between_orders_sd=[6.0, 40.0, 6.0, 6.0],
    )
    assert score_rfm(frame).frame["habit"].tolist() == [
        "regular",
        "irregular",
        "occasional",
        "silent",
    ]


def test_every_measure_shows_its_cut_points():
    profile = score_rfm(make_snapshot())
    assert profile.cuts["measure"].tolist() == list(MEASURES)
    assert profile.cuts[["cut_1", "cut_2", "cut_3", "cut_4"]].notna().all(axis=None)


# Value × potential


def test_cells_follow_the_medians_and_headroom_is_never_negative():
    frame = pd.DataFrame(
        {
            "account_id": list("abcd"),
            "revenue_12m": [100.0, 100, 1, 1],
            "n_orders_12m": 50,
            "potential_revenue": [1000.0, 90, 1000, 2],
        }
    )
    result = place_in_matrix(frame)
    assert result.frame.set_index("account_id")["cell"].to_dict() == {
        "a": "grow",
        "b": "defend",
        "c": "develop",
        "d": "serve",
    }
    assert (result.frame["headroom"] >= 0).all()


def test_a_cell_is_less_sure_near_the_border_and_with_few_orders():
    snapshot = make_snapshot(200)
    sure = place_in_matrix(snapshot.assign(n_orders_12m=300)).frame["probability_cell"].mean()
    unsure = place_in_matrix(snapshot.assign(n_orders_12m=1)).frame["probability_cell"].mean()
    assert unsure < sure
    assert place_in_matrix(snapshot).frame["probability_cell"].between(0, 1).all()


def test_cells_drawn_in_blocks_are_as_sure_as_those_drawn_together(monkeypatch):
    snapshot = make_snapshot(200)
    whole = place_in_matrix(snapshot).frame.set_index("account_id")
    monkeypatch.setattr("kamresearch.analysis.segmentation.matrix.BLOCK", 30)
    parts = place_in_matrix(snapshot).frame.set_index("account_id").loc[whole.index]
    assert (parts["cell"] == whole["cell"]).all()
    assert parts[["probability_cell", "revenue_low", "revenue_high"]].notna().all().all()
    assert (parts["probability_cell"] - whole["probability_cell"]).abs().max() < 0.15
    np.testing.assert_allclose(parts["revenue_high"], whole["revenue_high"], rtol=0.25)


def test_accounts_without_a_judged_potential_are_counted_not_placed():
    snapshot = make_snapshot(20)
    snapshot.loc[:4, "potential_revenue"] = np.nan
    result = place_in_matrix(snapshot)
    assert (len(result.frame), result.n_without_potential) == (15, 5)
    assert place_in_matrix(snapshot.head(6)).findings()[0].reason is not None


# Partial pooling


def test_small_cells_are_drawn_to_the_mean_and_large_ones_stay():
    rng = np.random.default_rng(0)
    sizes = np.array([2, 2, 2, 2, 200, 200, 150, 180])
    rates = rng.beta(2, 6, 8)
    frame = pd.DataFrame(
        {
            "account_id": [f"{i:04d}" for i in range(sizes.sum())],
            "region": "all",
            "industry": np.repeat([f"i{i}" for i in range(8)], sizes),
        }
    )
    key = rng.random(sizes.sum()) < np.repeat(rates, sizes)
    pooled = pool_cross_table(
        frame, pd.Series(np.where(key, "A", "C")), np.full(sizes.sum(), "regular")
    ).frame
    moved = (pooled["pooled_share"] - pooled["raw_share"]).abs()
    assert moved[pooled["n_accounts"] == 2].mean() > 5 * moved[pooled["n_accounts"] > 100].mean()
    assert (
        (pooled["low"] <= pooled["pooled_share"]) & (pooled["pooled_share"] <= pooled["high"])
    ).all()


@pytest.mark.slow
def test_cells_of_equal_rates_are_pooled_without_claiming_to_be_known():
    """Eighty accounts in sixteen cells, a quarter of them key accounts wherever they are."""
    rng, inside = np.random.default_rng(4), []
    for _round in range(40):
        frame = pd.DataFrame(
            {
                "account_id": [f"{number:02d}" for number in range(80)],
                "industry": rng.choice(list("wxyz"), 80),
                "region": rng.choice(["N", "E", "S", "W"], 80),
            }
        )
        tier = pd.Series(np.where(rng.random(80) < 0.25, "A", "C"))
        cells = pool_cross_table(frame, tier, np.full(80, "regular")).frame
        inside.append(((cells["low"] <= 0.25) & (cells["high"] >= 0.25)).mean())
    assert np.mean(inside) >= 0.93


@pytest.mark.slow
def test_pooled_shares_are_nearer_the_truth_than_raw_ones_in_small_cells():
    rng = np.random.default_rng(1)
    raw_miss, pooled_miss = [], []
    for _round in range(20):
        rates, sizes = rng.beta(3, 9, 40), rng.integers(2, 8, 40)
        hits = rng.binomial(sizes, rates)
        raw_miss.append(np.abs(hits / sizes - rates).mean())
        pooled_miss.append(
            np.abs(pool_shares(pd.Series(hits), pd.Series(sizes))[0]["pooled"] - rates).mean()
        )
    assert np.mean(pooled_miss) < 0.7 * np.mean(raw_miss)


def test_the_caption_states_what_the_mean_of_the_cells_weighs():
    frame = pd.DataFrame(
        {"account_id": list("abcdefgh"), "industry": ["x"] * 3 + ["y"] * 5, "region": "East"}
    )
    result = pool_cross_table(frame, pd.Series(list("ACCAAACC")), np.full(8, "regular"))
    assert (
        f"about as much as {result.prior_strength:.0f} accounts"
        in result.table().caption.render("en")
    )


# The whole, on the case


@pytest.fixture(scope="module")
def case(case_tables):
    tables = case_tables
    snapshot = kam.account_snapshot(tables, as_of="2012-12-31")
    moments = order_moments(tables, "2012-12-31")
    profile = score_rfm(snapshot)
    selection = select_key_accounts(
        snapshot,
        before=kam.account_snapshot(tables, as_of="2011-12-31"),
        moments=moments,
        overrides=tables.frame("overrides"),
        as_of="2012-12-31",
    )
    return snapshot, moments, profile, selection


@pytest.mark.recovery
@pytest.mark.slow
def test_key_accounts_of_the_case_are_truly_larger(case, case_folder):
    truth = pd.read_parquet(case_folder / "truth" / "accounts.parquet").set_index("account_id")
    truth["level"] = truth["rate"] * truth["size"]
    by_rule = case[3].frame.set_index("account_id")["tier_by_rule"]
    level = truth["level"].groupby(by_rule).median()
    assert level["A"] > 2 * level["B"] > 2 * level["C"] * 0.5


@pytest.mark.slow
def test_what_the_case_says_can_be_drawn_and_read_in_both_languages(case):
    snapshot, moments, profile, selection = case
    concentration = kam.segmentation.measure_concentration(snapshot, "2012-12-31", n_resamples=50)
    matrix = place_in_matrix(snapshot, moments, n_resamples=50)
    clusters = kam.segmentation.segment(snapshot, n_resamples=3, k_range=(2, 4))
    agreement = compare_with_data(snapshot, selection, profile, matrix, clusters)
    moves = kam.segmentation.measure_migration(
        selection.frame["tier_before"].to_numpy(),
        selection.frame["tier"].to_numpy(),
        selection.card,
    )
    crossed = pool_cross_table(snapshot, selection.frame["tier"], profile.frame["habit"].to_numpy())
    persistence = kam.segmentation.measure_persistence(snapshot, moments, n_resamples=50)
    shown = [
        figures.concentration(concentration),
        figures.persistence(persistence),
        figures.dependence(kam.segmentation.measure_dependence(snapshot)),
        figures.ranks(selection),
        figures.migration(moves),
        figures.value_potential(matrix),
        figures.cross_table(crossed),
        cluster_figures.clusters(clusters),
        cluster_figures.cluster_choice(clusters),
        cluster_figures.rule_data(agreement),
    ]
    for language in LANGUAGES:
        for figure in shown:
            with use_language(language), house_theme() as _save:
                import matplotlib.pyplot as plt

                plt.close(figure.draw())
            for text in (figure.title, figure.caption, figure.alt):
                words = render(text, language)
                assert words
                assert "nan" not in words.lower()
                assert language == "en" or any(
                    "\u4e00" <= character <= "\u9fff" for character in words
                )


def test_the_tiers_table_has_what_other_studies_read(case):
    snapshot, _moments, profile, selection = case
    matrix, clusters = (
        place_in_matrix(snapshot, n_resamples=10),
        kam.segmentation.segment(snapshot, n_resamples=2, k_range=(2, 3)),
    )
    table = compare_with_data(snapshot, selection, profile, matrix, clusters).table()
    names = [column.name for column in table.columns]
    assert table.id == "segmentation.tiers"
    assert {
        "account_id",
        "account_name",
        "tier",
        "score",
        "revenue_12m",
        "rank_low",
        "rank_high",
    } <= set(names)
    assert len(table.frame) == len(keep_present(snapshot))
    assert set(table.frame["tier"]) <= {"A", "B", "C", "unrated"}


@pytest.mark.recovery
@pytest.mark.slow
def test_a_lost_account_holds_no_tier_cell_cluster_or_expected_value(case_tables):
    snapshot = kam.account_snapshot(case_tables, as_of="2012-12-31")
    lost = set(find_lost(snapshot))
    assert lost
    selection = kam.segmentation.select_key_accounts(snapshot)
    profile = kam.segmentation.score_rfm(snapshot)
    matrix = kam.segmentation.place_in_matrix(snapshot)
    clusters = kam.segmentation.segment(snapshot, k_range=(2, 3), n_resamples=3)
    value = kam.lifetime.fit(
        TablePurchases(case_tables), "2012-12-31", lost=lost, model="past_rate"
    )
    expected = value.predict(365)
    agreement = kam.segmentation.compare_with_data(
        snapshot, selection, profile, matrix, clusters, expected
    )
    for frame in (selection.frame, matrix.frame, expected, agreement.tiers, profile.frame):
        assert not lost & set(frame["account_id"])
    assert not lost & set(clusters.labels.index)
    assert len(selection.frame) + len(lost) == len(snapshot)
    assert selection.revenue["n_accounts"].sum() + len(lost) == len(snapshot)


@pytest.mark.unit
def test_a_company_whose_accounts_are_all_lost_is_told_so():
    frame = pd.DataFrame({"account_id": ["a"], "revenue_12m": [1.0], "standing": ["lost"]})
    with pytest.raises(AnalysisError, match="all 1 of them lost"):
        kam.segmentation.select_key_accounts(frame)
