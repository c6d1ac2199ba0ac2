"""ChurnModel: takes tables as they come, refuses what cannot be learnt, and its probabilities
mean what they say.
"""

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis.churn.blend import convex_weights, recalibrate, sigmoid
from kamresearch.analysis.churn.columns import Encoder
from kamresearch.analysis.churn.model import ChurnModel, ChurnModelError

pytestmark = pytest.mark.unit


def messy(n=240, seed=0):
    rng = np.random.default_rng(seed)
    silence = rng.gamma(2, 30, n)
    frame = pd.DataFrame(
        {
            "silence": silence,
            "orders": rng.poisson(6, n),
            "region": rng.choice(["East", "West", "North", None], n),
            "constant": 7,
            "empty": np.nan,
            "flag": rng.random(n) < 0.3,
            "city": [f"city {i}" for i in rng.integers(0, 90, n)],
            "since": pd.Timestamp("2010-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "amount": [f"{value:,.2f}" if value > 5 else " " for value in rng.gamma(2, 900, n)],
            "note": [
                f"call {i} price complaint" if i % 3 else f"visit {i} all well" for i in range(n)
            ],
            "account_id": np.arange(n) + 10_000,
            "kind": pd.Categorical(rng.choice(["a", "b"], n)),
            "share": pd.array(np.where(rng.random(n) < 0.1, None, rng.random(n)), dtype="Float64"),
        }
    )
    y = (rng.random(n) < sigmoid((silence - 80) / 25)).astype(int)
    return frame, y


@pytest.fixture(scope="module")
def fitted():
    frame, y = messy()
    return ChurnModel().fit(frame, y), frame, y


def test_the_public_name_leads_to_the_model():
    assert kam.churn.ChurnModel is ChurnModel


@pytest.mark.slow
def test_a_frame_of_every_kind_of_column_gives_probabilities(fitted):
    model, frame, y = fitted
    p = model.predict_proba(frame)
    assert p.shape == (len(frame), 2)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert ((p > 0) & (p < 1)).all()
    assert p[y == 1, 1].mean() > p[y == 0, 1].mean() + 0.1


def test_constant_and_empty_columns_and_row_names_are_left_out(fitted):
    model, frame, _y = fitted
    kinds = dict(zip(frame.columns, model.members_[0].encoder.kinds_, strict=True))
    left_out = {name for name, kind in kinds.items() if kind == "dropped"}
    assert left_out >= {"constant", "empty", "account_id"}
    assert kinds["amount"] == kinds["since"] == "number"
    assert kinds["note"] == "words"
    assert kinds["city"] == "rates"


def test_a_new_category_a_new_gap_and_new_order_of_columns_are_taken(fitted):
    model, frame, _ = fitted
    new = frame.head(3).copy()
    new["region"], new["city"], new["flag"] = "Atlantis", "nowhere", False
    new.loc[0, ["silence", "orders"]] = np.nan
    p = model.predict_proba(new)
    assert np.isfinite(p).all()
    np.testing.assert_array_equal(p, model.predict_proba(new[new.columns[::-1]]))


@pytest.mark.slow
def test_equal_data_and_seed_give_equal_bits(fitted):
    model, frame, y = fitted
    again = ChurnModel().fit(frame, y)
    assert again.predict_proba(frame).tobytes() == model.predict_proba(frame).tobytes()


@pytest.mark.parametrize(
    "make", [np.random.default_rng, np.random.RandomState, int, lambda seed: None]
)
@pytest.mark.slow
def test_a_seed_may_be_a_number_or_a_generator(make):
    frame, y = messy(120, 3)
    first, again = (
        ChurnModel(random_state=make(4)).fit(frame, y).predict_proba(frame) for _time in range(2)
    )
    np.testing.assert_array_equal(first, again)


def test_a_fit_never_changes_its_input():
    frame, y = messy(120, 5)
    copy, kept = frame.copy(), y.copy()
    ChurnModel(folds=2).fit(frame, y).predict_proba(frame)
    pd.testing.assert_frame_equal(frame, copy)
    np.testing.assert_array_equal(y, kept)


@pytest.mark.parametrize("only", [0, 1])
def test_no_churners_or_all_churners_are_refused_in_words(only):
    frame, _ = messy(40)
    with pytest.raises(
        ChurnModelError, match="left and accounts that stayed.*one class alone in 40 rows"
    ):
        ChurnModel().fit(frame, np.full(40, only))


def test_three_outcomes_unknown_outcomes_and_twin_columns_are_refused(fitted):
    frame, y = messy(40)
    with pytest.raises(ValueError, match="two classes"):
        ChurnModel().fit(frame, np.arange(40) % 3)
    with pytest.raises(ValueError, match="NaN"):
        ChurnModel().fit(frame, np.where(y == 1, np.nan, 0.0))
    twins = pd.concat([frame[["orders"]], frame[["orders"]]], axis=1)
    with pytest.raises(ChurnModelError, match="one column of each name"):
        ChurnModel().fit(twins, y)
    with pytest.raises(ValueError, match="missing.*orders"):
        fitted[0].predict_proba(frame.drop(columns=["orders"]))


def test_one_class_in_a_fold_still_gives_a_model():
    frame, _ = messy(200)
    rare = np.zeros(200, int)
    rare[:3] = 1
    p = ChurnModel().fit(frame, rare).predict_proba(frame)[:, 1]
    assert np.isfinite(p).all()
    # Three losses tell next to nothing: nobody is given a high risk.
    assert p.mean() < 0.05
    assert np.median(p) < 0.03


@pytest.mark.slow
def test_text_outcomes_keep_their_names():
    frame, y = messy(120)
    model = ChurnModel(folds=2).fit(frame, np.where(y == 1, "yes", "no"))
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(frame)) <= {"no", "yes"}


@pytest.mark.slow
def test_groups_keep_an_account_on_one_side_of_a_fold():
    frame, y = messy(150, 2)
    model = ChurnModel(folds=3)
    seen = []
    model._split, split = lambda *a: seen.append(split(*a)) or seen[-1], model._split
    account = np.arange(150) // 3
    model.fit(frame, y, groups=account)
    for train, test in seen[0]:
        assert not set(account[train]) & set(account[test])
    with pytest.raises(ChurnModelError, match="an account for each of 150 rows"):
        ChurnModel().fit(frame, y, groups=account[:-1])


def test_a_weight_counts_a_row_so_often_and_none_leaves_it_out():
    frame, y = messy(60, 4)
    y[:] = 0
    y[[3, 20, 41]] = 1
    frame = frame[["silence", "orders"]]
    counted = np.where(np.arange(60) % 2, 1.0, 0.0)
    kept = ChurnModel().fit(frame[counted > 0], y[counted > 0]).predict_proba(frame)
    np.testing.assert_allclose(ChurnModel().fit(frame, y, counted).predict_proba(frame), kept)
    heavier = ChurnModel().fit(frame, y, np.where(y == 1, 5.0, 1.0)).predict_proba(frame)[:, 1]
    assert heavier.mean() > 1.5 * ChurnModel().fit(frame, y).predict_proba(frame)[:, 1].mean()


@pytest.mark.parametrize("weights", [[1.0] * 59, [-1.0] + [1.0] * 59, [np.nan] + [1.0] * 59])
def test_weights_that_fit_no_row_are_refused(weights):
    frame, y = messy(60, 4)
    with pytest.raises(ChurnModelError, match="at least 0 for each of 60 rows"):
        ChurnModel().fit(frame, y, sample_weight=weights)


def test_weights_that_leave_one_outcome_are_refused_in_words():
    frame, y = messy(60, 4)
    with pytest.raises(ChurnModelError, match="one class alone"):
        ChurnModel().fit(frame, y, sample_weight=1.0 - y)
    with pytest.raises(ChurnModelError, match="every weight zero"):
        ChurnModel().fit(frame, y, sample_weight=0.0 * y)


@pytest.mark.slow
def test_folds_fitted_at_the_same_time_give_equal_bits():
    frame, y = messy(150, 6)
    one, two = (
        ChurnModel(n_jobs=jobs).fit(frame, y).predict_proba(frame).tobytes() for jobs in (None, 2)
    )
    assert one == two


@pytest.mark.slow
def test_noise_alone_gives_everybody_about_the_base_rate():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(400, 12))).add_prefix("x")
    y = (rng.random(400) < 0.15).astype(int)
    p = (
        ChurnModel()
        .fit(frame, y)
        .predict_proba(pd.DataFrame(rng.normal(size=(400, 12))).add_prefix("x"))[:, 1]
    )
    assert abs(p.mean() - y.mean()) < 0.03
    assert np.quantile(p, 0.95) < 0.35


@pytest.mark.slow
def test_probabilities_of_a_known_process_have_slope_one():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(rng.normal(size=(3000, 4)), columns=list("abcd"))
    z = -1.5 + frame["a"] + 0.6 * frame["b"] * (frame["c"] > 0)
    y = (rng.random(3000) < sigmoid(z.to_numpy())).astype(int)
    model = ChurnModel().fit(frame[:1500], y[:1500])
    _, slope = recalibrate(
        y[1500:].astype(float), model.decision_function(frame[1500:]), (100.0, 100.0)
    )
    assert slope == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("error", [0.0, 0.5, 1.0])
def test_what_averaging_takes_from_the_spread_is_given_back(error):
    rng = np.random.default_rng(1)
    truth = rng.normal(-1.5, 1, 40_000)
    y = (rng.random(len(truth)) < sigmoid(truth)).astype(float)
    heard = truth + error * rng.normal(size=(3, len(truth)))
    model = ChurnModel()
    model.members_ = [
        SimpleNamespace(scores=lambda frame, used, k=k: {"one": heard[k, frame["row"], None]})
        for k in range(3)
    ]
    model.columns_, model.weights_ = {"one": 0}, {"one": 1.0}
    model.calibration_ = recalibrate(y, heard[0])
    slopes = [recalibrate(y, learnt(model, heard), (100.0, 100.0))[1]]
    model._undo_averaging(pd.DataFrame({"row": np.arange(len(y))}), np.ones(len(y)))
    slopes.append(recalibrate(y, learnt(model, heard), (100.0, 100.0))[1])
    assert slopes[0] == pytest.approx((1 + error**2) / (1 + error**2 / 3), abs=0.08)
    assert slopes[1] == pytest.approx(1, abs=0.06)
    assert sigmoid(learnt(model, heard)).mean() == pytest.approx(y.mean(), abs=0.01)


def learnt(model, heard):
    return model.calibration_[0] + model.calibration_[1] * heard.mean(axis=0)


def test_no_class_weight_and_no_resampling_appears_anywhere():
    folder = Path(importlib.util.find_spec("kamresearch.analysis.churn").origin).parent
    for path in folder.glob("*.py"):
        assert not re.search(
            r"class_weight|balanced|SMOTE|oversampl|undersampl", path.read_text(encoding="utf-8")
        ), path.name


def test_weights_on_a_class_would_ruin_the_probabilities():
    """What the rule against class weights is for."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3))
    y = (rng.random(4000) < sigmoid(-2 + X[:, 0])).astype(int)
    plain, weighted = (
        LogisticRegression().fit(X, y),
        LogisticRegression(class_weight="balanced").fit(X, y),
    )
    assert abs(plain.predict_proba(X)[:, 1].mean() - y.mean()) < 0.005
    assert weighted.predict_proba(X)[:, 1].mean() - y.mean() > 0.15


def test_everything_is_learnt_inside_the_fold():
    """A row's own outcome never reaches its encoding: names that are different in every pair
    tell nothing.
    """
    rng = np.random.default_rng(1)
    y = (rng.random(600) < 0.3).astype(float)
    frame = pd.DataFrame(
        {"pair": [f"p{i // 2}" for i in range(600)], "quad": [f"q{i // 6}" for i in range(600)]}
    )
    encoded = Encoder().fit_transform(frame, y)
    assert encoded.std() > 0.01
    for column in encoded.T:
        if column.std() > 1e-9:
            assert abs(np.corrcoef(column, y)[0, 1]) < 0.2


def test_convex_weights_find_the_better_learner_and_sum_to_one():
    rng = np.random.default_rng(0)
    z = rng.normal(size=2000)
    y = (rng.random(2000) < sigmoid(z)).astype(float)
    weights = convex_weights(y, np.column_stack([z, rng.normal(size=2000)]))
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights[0] > 0.9


def test_few_rows_leave_the_probabilities_nearly_as_they_are():
    rng = np.random.default_rng(0)
    z = rng.normal(size=20)
    y = (rng.random(20) < 0.5).astype(float)
    _, slope = recalibrate(y, z)
    assert 0.7 < slope < 1.1


@pytest.mark.slow
def test_scikit_learns_own_checks_pass():
    from sklearn.utils.estimator_checks import check_estimator

    results = check_estimator(ChurnModel(), on_fail=None, on_skip=None)
    failed = {row["check_name"] for row in results if row["status"] == "failed"}
    # Copies of a row may stand in different folds, a heavier row cannot: scikit-learn's own
    # learners with folds or bins inside are excused from this check too.
    assert failed <= {"check_sample_weight_equivalence_on_dense_data"}
    assert len(results) > 40


@pytest.fixture(scope="module")
def protocol(shared_eval):
    spec = importlib.util.spec_from_file_location("churn_eval", shared_eval / "churn_eval.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "auc", "log_loss"),
    [("telco", 0.85, 0.41), ("mlc", 0.89, 0.18), ("bank", 0.855, 0.345)],
)
def test_a_single_split_of_the_public_sets_is_near_the_benchmark(protocol, name, auc, log_loss):
    from sklearn.model_selection import train_test_split

    X, y = protocol.load(name)
    train, test = train_test_split(np.arange(len(y)), test_size=0.3, stratify=y, random_state=0)
    p = (
        ChurnModel()
        .fit(X.iloc[train].reset_index(drop=True), y[train])
        .predict_proba(X.iloc[test])[:, 1]
    )
    measured = protocol.metrics(y[test], p)
    assert measured["auc"] > auc
    assert measured["logloss"] < log_loss
    assert 0.85 < measured["slope"] < 1.15


def test_resampling_before_the_split_fakes_what_the_house_refuses():
    """Copies of leavers on both sides of a split: a model of pure noise looks like a good one."""
    from sklearn.neighbors import KNeighborsClassifier

    from kamresearch.analysis.churn.validation import auc_of

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 5)), (rng.random(500) < 0.1).astype(int)
    extra = rng.choice(np.flatnonzero(y), 350)
    rows = rng.permutation(np.r_[np.arange(500), extra])
    train, test = rows[:600], rows[600:]
    faked = auc_of(
        y[test], KNeighborsClassifier(1).fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    )
    honest = auc_of(
        y[250:], KNeighborsClassifier(1).fit(X[:250], y[:250]).predict_proba(X[250:])[:, 1]
    )
    assert faked > 0.9
    assert honest < 0.6
