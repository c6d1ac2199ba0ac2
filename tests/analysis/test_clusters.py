"""Clusters: planted groups are found, giants make none of their own, and noise is one group."""

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis import drawing
from kamresearch.analysis.segmentation import clusters, segment
from kamresearch.analysis.segmentation.clusters import try_choice
from kamresearch.analysis.segmentation.shape import choose_features, shape_column
from kamresearch.errors import AnalysisError

pytestmark = pytest.mark.unit


def make_groups(sizes=(60, 50, 40), seed=0):
    """Accounts of planted groups, far apart in revenue, frequency and silence; returns
    snapshot and truth.
    """
    rng = np.random.default_rng(seed)
    centres = [(12.0, 3.5, 2.0), (9.0, 2.0, 3.0), (6.0, 0.5, 5.0)]
    parts, truth = [], []
    for group, size in enumerate(sizes):
        revenue, orders, silence = centres[group]
        parts.append(
            pd.DataFrame(
                {
                    "revenue_12m": rng.lognormal(revenue, 0.4, size),
                    "n_orders_12m": np.maximum(rng.poisson(np.exp(orders), size), 1),
                    "days_since_last_order": rng.lognormal(silence, 0.3, size),
                }
            )
        )
        truth += [group] * size
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "account_id", [f"A{i:04d}" for i in range(len(frame))])
    return frame, np.array(truth)


@pytest.fixture(scope="module")
def planted():
    return make_groups()


@pytest.fixture(scope="module")
def found(planted):
    return segment(planted[0], n_resamples=8)


@pytest.mark.recovery
@pytest.mark.slow
def test_planted_groups_are_found_again(planted, found):
    from sklearn.metrics import adjusted_rand_score

    assert found.k == 3
    assert adjusted_rand_score(planted[1], found.labels) > 0.9
    assert found.stability > 0.9
    assert found.labels.index.tolist() == planted[0]["account_id"].tolist()


def test_clusters_are_named_by_effect_sizes_and_never_by_p_values(found):
    names = [str(name) for name in found.names.values()]
    assert any("high revenue" in name or "high number of orders" in name for name in names)
    assert set(found.profile.columns) == {"cluster", "n_accounts", "feature", "effect"}
    biggest = found.profile[found.profile["cluster"] == 1].set_index("feature")["effect"]
    assert biggest["revenue_12m"] > 1


@pytest.mark.slow
def test_one_giant_account_never_makes_a_cluster_of_one(planted):
    snapshot = planted[0].copy()
    snapshot.loc[0, "revenue_12m"] = 1e12
    result = segment(snapshot, n_resamples=8)
    assert result.labels.value_counts().min() >= 5
    assert result.k == 3


@pytest.mark.shared
@pytest.mark.slow
def test_raw_features_isolate_giants_in_stable_clusters_and_ours_do_not(shared_data):
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    frame = pd.read_csv(shared_data / "wholesale_customers.csv")
    raw = StandardScaler().fit_transform(
        frame[["Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen"]]
    )
    plain = KMeans(5, n_init=10, random_state=0).fit_predict(raw)
    assert np.bincount(plain).min() < 10
    result = segment(frame, n_resamples=8)
    assert result.smallest >= 0.03 * len(frame)
    assert result.stability > 0.9


def test_a_stable_split_with_a_tiny_side_is_out():
    matrix = np.vstack([np.random.default_rng(0).normal(0, 0.1, (80, 2)), np.full((3, 2), 50.0)])
    choice, _assign = try_choice(matrix, "kmeans", 2, 0, 5)
    assert choice["stability"] > 0.9
    assert (choice["smallest"], choice["reason"]) == (3, "too_small")


@pytest.mark.slow
def test_noise_is_one_group_with_a_reason_or_no_tiny_one():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(200, 6)), columns=[f"x{i}" for i in range(6)])
    result = segment(frame, n_resamples=8)
    assert result.k == 1
    assert "No split into groups" in str(result.reason)
    assert {finding.id for finding in result.findings() if finding.value is None} == {
        "segmentation.cluster_stability",
        "segmentation.cluster_silhouette",
    }


@pytest.mark.parametrize("n", [1, 5, 19])
def test_few_accounts_are_one_group_with_a_reason(n, planted):
    result = segment(planted[0].head(n))
    assert (result.k, result.stability) == (1, None)
    assert "too few to look for groups" in str(result.reason)
    assert result.labels.tolist() == [1] * n


@pytest.mark.slow
def test_accounts_without_an_order_in_the_year_are_left_out_and_counted(planted):
    snapshot = planted[0].copy()
    snapshot.loc[:9, "n_orders_12m"] = 0
    snapshot.loc[0:4, "days_since_last_order"] = np.nan
    result = segment(snapshot, n_resamples=4)
    assert (result.labels.iloc[:10] == 0).all()
    assert result.n_left_out == 10


@pytest.mark.slow
def test_ties_everywhere_do_not_fall_over():
    frame = pd.DataFrame(
        {
            "account_id": [f"{i}" for i in range(40)],
            "revenue_12m": 5.0,
            "n_orders_12m": 2,
            "days_since_last_order": 9.0,
        }
    )
    same = segment(frame)
    assert same.k == 1
    assert "No feature differs" in str(same.reason)
    half = frame.assign(revenue_12m=np.repeat([5.0, 50.0], 20))
    assert segment(half, n_resamples=4).labels.value_counts().min() >= 5


@pytest.mark.slow
def test_the_same_seed_gives_the_same_clusters_in_any_order_of_rows(planted):
    one, two = (
        segment(planted[0], n_resamples=4, random_state=3),
        segment(planted[0], n_resamples=4, random_state=3),
    )
    pd.testing.assert_series_equal(one.labels, two.labels)
    shuffled = segment(
        planted[0].sample(frac=1, random_state=0), n_resamples=4, random_state=3
    ).labels.reindex(one.labels.index)
    assert (shuffled == one.labels).mean() > 0.98


@pytest.mark.slow
def test_currency_does_not_move_accounts(planted):
    dearer = planted[0].assign(revenue_12m=planted[0]["revenue_12m"] * 7.1)
    assert (
        segment(dearer, n_resamples=4).labels == segment(planted[0], n_resamples=4).labels
    ).all()


def test_codes_and_keys_are_no_features():
    frame = pd.DataFrame(
        {
            "customer_id": np.arange(30),
            "channel": np.tile([1, 2], 15),
            "spend": np.linspace(1, 9, 30),
            "flag": True,
        }
    )
    assert list(choose_features(frame, None)) == ["spend"]
    assert list(choose_features(frame, ("channel",))) == ["channel"]
    with pytest.raises(AnalysisError, match="did you mean 'spend'"):
        choose_features(frame, ("spent",))


def test_a_shaped_feature_is_on_one_scale_without_outliers():
    shaped = shape_column(
        np.append(np.random.default_rng(0).lognormal(5, 1.5, 300), [1e12, np.nan])
    )
    assert shaped.mean() == pytest.approx(0, abs=1e-9)
    assert shaped.std() == pytest.approx(1)
    assert np.abs(shaped).max() < 3.5
    assert shape_column(np.full(9, 2.0)) is None


def test_no_account_is_refused_in_words(planted):
    with pytest.raises(AnalysisError, match="numeric columns"):
        segment(pd.DataFrame({"account_id": ["a", "b"]}))
    with pytest.raises(AnalysisError, match="at least one account"):
        segment(planted[0].head(0))


def test_more_clusters_asked_for_than_the_accounts_can_fill_gives_one_group_and_the_reason():
    frame, _truth = make_groups((10, 10))
    found = segment(frame, k_range=(5, 8), n_resamples=2)
    assert found.k == 1
    assert "Fewer than 25 accounts" in str(found.reason)


def test_segmenting_leaves_the_snapshot_alone(planted):
    copy = planted[0].copy(deep=True)
    kam.segmentation.segment(planted[0], n_resamples=2, k_range=(2, 3))
    pd.testing.assert_frame_equal(planted[0], copy)


def test_groups_found_among_a_draw_take_in_all_accounts(monkeypatch):
    """Three planted groups, looked for among a tenth of the accounts, are found for all of them."""
    from sklearn.metrics import adjusted_rand_score

    frame, truth = make_groups((400, 300, 200))
    monkeypatch.setattr(clusters, "draw_ids", lambda ids: drawing.draw_ids(ids, 90))
    monkeypatch.setattr(clusters, "say_drawn", lambda n: drawing.say_drawn(n, 90))
    found = segment(frame, k_range=(2, 4), n_resamples=5)
    assert found.k == 3
    assert (found.labels > 0).all()
    assert adjusted_rand_score(truth, found.labels.to_numpy()) > 0.9
    assert found.profile.groupby("cluster")["n_accounts"].first().sum() == 900
    assert len(found.caveats) == 1
