"""Partial pooling: bounds that hold what they say, because neither the groups' mean nor their
likeness is known.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, betabinom, binom

from kamresearch.analysis.pooling import pool_shares
from kamresearch.errors import AnalysisError

pytestmark = pytest.mark.unit


def pool(successes, trials):
    return pool_shares(pd.Series(successes), pd.Series(trials))


def coverage(groups, trials, draw, rounds=100):
    rng, inside = np.random.default_rng(7), []
    for _round in range(rounds):
        truth = draw(rng, groups)
        frame, _strength = pool(rng.binomial(trials, truth), np.full(groups, trials))
        inside.append(((frame["low"] <= truth) & (truth <= frame["high"])).mean())
    return np.mean(inside)


@pytest.mark.parametrize("trials", [8, 15, 40])
def test_bounds_of_a_group_alone_cover_as_often_as_they_say(trials):
    """Worked over every outcome; one rate alone would rise and fall with the steps of a count."""
    k, rates = np.arange(trials + 1), np.linspace(0.02, 0.98, 97)
    bounds = np.array([pool([one], [trials])[0][["low", "high"]].to_numpy()[0] for one in k])
    inside = (bounds[:, :1] <= rates) & (rates <= bounds[:, 1:])
    assert (inside * binom.pmf(k[:, None], trials, rates)).sum(axis=0).mean() >= 0.94


@pytest.mark.parametrize("groups", [4, 6])
@pytest.mark.parametrize("rate", [0.1, 0.3])
@pytest.mark.slow
def test_bounds_cover_equal_rates(groups, rate):
    found = [coverage(groups, trials, lambda _rng, k: np.full(k, rate)) for trials in (8, 15)]
    assert np.mean(found) >= 0.93


@pytest.mark.parametrize("groups", [1, 4, 6])
@pytest.mark.slow
def test_bounds_cover_rates_that_differ(groups):
    found = [coverage(groups, trials, lambda rng, k: rng.beta(2, 8, k)) for trials in (6, 15, 40)]
    assert np.mean(found) >= 0.93


@pytest.mark.parametrize(("k", "n"), [(6, 40), (1, 3), (20, 100), (50, 60)])
def test_a_group_alone_keeps_about_its_jeffreys_interval(k, n):
    frame, _strength = pool([k], [n])
    expected = beta.ppf([0.025, 0.975], k + 0.5, n - k + 0.5)
    np.testing.assert_allclose(frame[["low", "high"]].to_numpy()[0], expected, atol=0.004)


@pytest.mark.slow
def test_bounds_agree_with_draws_from_the_prior_weighed_by_the_likelihood():
    """The model told again by other means: draw mean and strength, weigh them by the data,
    draw the shares.
    """
    k, n = np.array([1, 3, 9, 0]), np.array([4, 12, 20, 2])
    rng = np.random.default_rng(3)
    mean, pull = rng.beta(0.5, 0.5, 400_000), rng.random(400_000)
    strength = n.mean() * pull / (1 - pull)
    keep = (mean * strength > 1e-12) & ((1 - mean) * strength > 1e-12)
    mean, strength = mean[keep], strength[keep]
    weight = np.prod(
        [
            betabinom.pmf(a, b, mean * strength, (1 - mean) * strength)
            for a, b in zip(k, n, strict=True)
        ],
        axis=0,
    )
    chosen = rng.choice(len(mean), 200_000, p=weight / weight.sum())
    frame, middle = pool(k, n)
    assert middle == pytest.approx(np.median(strength[chosen]), rel=0.03)
    for row, successes, trials in zip(frame.itertuples(), k, n, strict=True):
        a, b = (
            mean[chosen] * strength[chosen] + successes,
            (1 - mean[chosen]) * strength[chosen] + trials - successes,
        )
        share = rng.beta(a, b)
        expected = [share.mean(), *np.quantile(share, [0.025, 0.975])]
        np.testing.assert_allclose([row.pooled, row.low, row.high], expected, atol=0.006)


def test_the_larger_of_two_groups_with_the_same_share_is_drawn_less():
    frame, _strength = pool([1, 2, 4, 8, 16, 5], [2, 4, 8, 16, 32, 100])
    moved = 0.5 - frame["pooled"].to_numpy()[:5]
    assert (np.diff(moved) < 0).all()
    assert (np.diff((frame["high"] - frame["low"]).to_numpy()[:5]) < 0).all()


def test_groups_that_are_alike_are_drawn_more_than_groups_that_differ():
    alike, differing = pool([6, 7, 6, 7], [40] * 4), pool([1, 30, 2, 20], [40] * 4)
    assert alike[1] > 5 * differing[1]


def test_no_group_is_known_better_than_the_whole():
    alike, _strength = pool([3, 3, 3, 3], [15] * 4)
    whole = beta.ppf([0.025, 0.975], 12.5, 48.5)
    assert ((alike["high"] - alike["low"]) > whole[1] - whole[0]).all()


@pytest.mark.parametrize("k", [[0, 0, 0], [9, 5, 1]])
def test_none_and_all_are_shares_like_any_other(k):
    frame, strength = pool(k, [9, 5, 1])
    assert np.isfinite(strength)
    assert ((frame["low"] < frame["pooled"]) & (frame["pooled"] < frame["high"])).all()
    assert ((frame["low"] >= 0) & (frame["high"] <= 1)).all()
    assert (frame["high"] - frame["low"]).iloc[-1] > 0.05


def test_without_trials_all_is_open_and_without_groups_nothing_is_said():
    frame, _strength = pool([0, 0], [0, 0])
    assert (frame["high"] - frame["low"] > 0.95).all()
    assert frame["pooled"].tolist() == pytest.approx([0.5, 0.5])
    empty, strength = pool(np.array([], int), np.array([], int))
    assert empty.empty
    assert strength is None


def test_a_group_without_trials_changes_no_other_and_neither_does_their_order():
    frame, strength = pool([2, 7, 1], [9, 30, 14])
    more, same = pool([2, 7, 1, 0], [9, 30, 14, 0])
    assert same == pytest.approx(strength)
    np.testing.assert_allclose(more.iloc[:3], frame)
    assert more["high"].iloc[3] - more["low"].iloc[3] > (frame["high"] - frame["low"]).max()
    np.testing.assert_allclose(pool([1, 2, 7], [14, 9, 30])[0].iloc[[1, 2, 0]], frame)


def test_a_hundred_thousand_trials_leave_no_peak_unseen():
    frame, _strength = pool([20_000, 30_000, 24_000], [100_000] * 3)
    np.testing.assert_allclose(frame["pooled"], [0.2, 0.3, 0.24], atol=0.001)
    np.testing.assert_allclose(frame["high"] - frame["low"], [0.00496, 0.00568, 0.00529], rtol=0.05)


def test_more_successes_than_trials_are_refused():
    with pytest.raises(AnalysisError, match="from nought to the trials.*others in 1 groups"):
        pool([3, 1], [2, 4])
