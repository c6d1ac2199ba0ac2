"""Experiments: the lot, the sequence that may be looked at monthly, and what is said before."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import bench_experiment as bench
from benchmarks.bench_experiment import list_of
from benchmarks.bench_experiment import plan_list as planned
from kamresearch.analysis.experiment import (
    compare_unassigned,
    evaluate,
    follow_difference,
    follow_losses,
    plan,
)
from kamresearch.analysis.verdict import judge_losses
from kamresearch.errors import AnalysisError, DataError, ParameterError


def live(drawn, base: float, ratio: float, seed: int) -> pd.DataFrame:
    """What becomes of the accounts when acting multiplies their hazard by ``ratio``."""
    lives = np.random.default_rng(seed + 10_000).exponential(size=len(drawn.frame))
    acted = (drawn.frame["arm"] == "act").to_numpy()
    lost_on = bench.lose(bench.hazards(drawn.frame, base), acted, ratio, lives)
    return drawn.frame[["account_id"]].assign(lost_on=lost_on)


@pytest.mark.unit
def test_the_lot_holds_out_the_share_within_each_group_and_never_a_pinned_account():
    drawn = planned(200, 0.2, 3, pinned=["A0000", "A0007"])
    frame = drawn.frame
    assert (frame.loc[frame["account_id"].isin(["A0000", "A0007"]), "arm"] == "pinned").all()
    free = frame[frame["arm"] != "pinned"]
    sizes = free.groupby("stratum")["arm"].agg(["size", lambda arm: (arm == "hold_out").sum()])
    assert (abs(sizes.iloc[:, 1] - 0.4 * sizes.iloc[:, 0]) < 1).all()
    assert (sizes["size"] >= 4).all()


@pytest.mark.unit
def test_only_close_calls_are_drawn_where_the_list_says_how_sure_its_gain_is():
    accounts = list_of(20).assign(low=[-1.0] * 10 + [5.0] * 10)
    drawn = plan(accounts, base_rate=0.2, n_resamples=2)
    assert (drawn.frame["arm"].iloc[10:] == "pinned").all()
    assert "pinned" not in set(drawn.frame["arm"].iloc[:10])


@pytest.mark.unit
@pytest.mark.slow
def test_the_same_seed_gives_the_same_lot_and_row_order_of_outcomes_does_not_matter():
    drawn, again = planned(60, 0.3, 1), planned(60, 0.3, 1)
    pd.testing.assert_frame_equal(drawn.frame, again.frame)
    outcomes = live(drawn, 0.3, 1.0, 1)
    one = evaluate(drawn, outcomes, "2020-12-31", n_resamples=50)
    other = evaluate(drawn, outcomes.sample(frac=1, random_state=2), "2020-12-31", n_resamples=50)
    pd.testing.assert_frame_equal(one.frame, other.frame)
    pd.testing.assert_frame_equal(one.sequence.frame, other.sequence.frame)


@pytest.mark.unit
def test_an_experiment_in_which_nobody_was_lost_is_open_and_no_error():
    drawn = planned(40, 0.1, 0)
    outcomes = drawn.frame[["account_id"]].assign(lost_on=None)
    told = evaluate(drawn, outcomes, "2020-06-30", n_resamples=20)
    assert told.verdict == "cannot_tell"
    assert told.sequence.frame["evidence"].eq(1).all()
    assert told.findings()[0].value is None


@pytest.mark.unit
def test_few_accounts_are_told_before_the_start_that_nothing_can_be_decided():
    drawn = planned(16, 0.1, 0, n_resamples=50)
    assert drawn.detectable is None
    assert "too small to decide" in str(drawn.caveats[0])
    assert drawn.findings()[1].value is None


@pytest.mark.golden
def test_the_evidence_of_three_losses_is_that_worked_out_by_hand():
    frame = pd.DataFrame(
        {
            "account_id": list("abcdef"),
            "acted": [True] * 3 + [False] * 3,
            "stratum": "all",
            "lost_on": pd.to_datetime([None, None, None, "2020-02-01", "2020-03-01", "2020-04-01"]),
        }
    )
    from kamresearch.analysis.experiment.sequence import GRID, prior_weights

    # At risk 3 and 3, then 3 and 2, then 3 and 1; each loss fell on the held-out arm.
    ratio, weights = np.exp(GRID), prior_weights(0.6)
    likelihood = 3 / (3 * ratio + 3) * 2 / (3 * ratio + 2) * 1 / (3 * ratio + 1)
    by_hand = (weights * likelihood).sum() / (3 / 6 * 2 / 5 * 1 / 4)
    told = follow_losses(frame, ["2020-12-31"]).frame["evidence"].iloc[0]
    assert told == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.unit
def test_a_look_does_not_see_later_losses_and_bounds_never_widen():
    drawn = planned(120, 0.4, 5)
    outcomes = live(drawn, 0.4, 0.5, 5)
    whole = evaluate(drawn, outcomes, "2021-06-30", n_resamples=20).sequence.frame
    early = evaluate(drawn, outcomes, "2020-06-30", n_resamples=20).sequence.frame
    same = whole[whole["day"] < "2020-06-30"].reset_index(drop=True)
    pd.testing.assert_frame_equal(early.iloc[: len(same)], same)
    assert (whole["low"].diff().dropna() >= -1e-12).all()
    assert (whole["high"].diff().dropna() <= 1e-12).all()


@pytest.mark.golden
def test_the_bounds_of_the_difference_are_those_worked_out_by_hand():
    """Three of three there where acted on; of three held out one is lost: V = 1/9."""
    frame = pd.DataFrame(
        {
            "acted": [True] * 3 + [False] * 3,
            "lost_on": pd.to_datetime([None, None, None, None, None, "2020-02-01"]),
        }
    )
    looks = pd.DatetimeIndex(["2020-01-15", "2020-03-01"])
    told = follow_difference(frame, looks, 0.2)
    rho = 2 * 0.25 / 3 / (2 * np.log(20) + np.log(2 * np.log(20)) + 1)
    reach = np.sqrt((1 / 9 + rho) * np.log((1 / 9 + rho) / (rho * 0.0025)))
    assert told["difference"].tolist() == pytest.approx([0, -1 / 3])
    assert told["low"].iloc[1] == pytest.approx(max(-1 / 3 - reach, -1))
    assert told["high"].iloc[1] == pytest.approx(min(-1 / 3 + reach, 1))


@pytest.mark.golden
def test_the_decision_curve_and_the_difference_by_cause_are_those_of_a_ledger():
    """Four held out, two of them lost; causes are told from five losses on."""
    drawn = planned(40, 0.3, 2)
    arm = drawn.frame.set_index("account_id")["arm"]
    held, act = list(arm.index[arm == "hold_out"]), list(arm.index[arm == "act"])
    drawn.frame["probability"] = (
        drawn.frame["account_id"].map(dict.fromkeys(held[:4], 0.6)).fillna(0.1)
    )
    lost = {**dict.fromkeys(held[:3], "price"), **dict.fromkeys(act[:2], "price"), held[5]: "other"}
    outcomes = drawn.frame[["account_id"]].assign(
        lost_on=drawn.frame["account_id"].map(dict.fromkeys(lost, "2020-05-05")),
        cause=drawn.frame["account_id"].map(lost),
    )
    told = evaluate(drawn, outcomes, "2020-12-31", n_resamples=20)
    assert told.by_cause["cause"].tolist() == ["price"], "one loss of another cause tells nothing"
    row, n_act, n_hold = told.by_cause.iloc[0], len(act), len(held)
    assert row["difference"] == pytest.approx(2 / n_act - 3 / n_hold)
    assert row["low"] < row["difference"] < row["high"]
    curve = told.decision_curve.set_index("threshold")
    # At 0.5 four are chosen, three of them lost; each false one costs as much as a hit gains.
    assert curve.loc[0.5, "net_benefit"] == pytest.approx((3 - 1) / n_hold)
    assert curve.loc[0.5, "act_on_all"] == pytest.approx((4 - (n_hold - 4)) / n_hold)
    # At 0.2 a false one costs a quarter.
    assert curve.loc[0.2, "net_benefit"] == pytest.approx((3 - 1 / 4) / n_hold)


@pytest.mark.unit
def test_a_programme_and_an_experiment_are_judged_by_one_rule():
    from kamresearch.analysis.targets import ProgrammeEffect

    empty = pd.DataFrame()
    for low, high, p_value in ((0.4, 0.9, 0.01), (0.4, 0.9, 0.2), (1.1, 2.0, 0.01), (0.4, 1.2, 0)):
        programme = ProgrammeEffect(
            0.7, low, high, 1, 1.0, 1, 1, 1, None, None, None, p_value, None, empty, empty, ()
        )
        assert programme.verdict == judge_losses(low, high, p_value=p_value)
    drawn = planned(200, 0.4, 5)
    outcomes = live(drawn, 0.4, 0.2, 5)
    told = evaluate(drawn, outcomes, "2020-12-31", n_resamples=20)
    assert told.verdict == judge_losses(told.sequence.low, told.sequence.high) == "fewer"


@pytest.mark.unit
def test_wrong_plans_and_outcomes_are_refused_in_words():
    with pytest.raises(ParameterError, match="share: expected more than 0 and less than 1"):
        plan(list_of(10), share=1.0, base_rate=0.2)
    with pytest.raises(AnalysisError, match="at least two accounts"):
        plan(list_of(10).assign(low=1.0), base_rate=0.2)
    with pytest.raises(AnalysisError, match="base_rate"):
        plan(list_of(10))
    with pytest.raises(AnalysisError, match="one row an account"):
        plan(pd.concat([list_of(10)] * 2), base_rate=0.2)
    drawn = planned(20, 0.2, 0)
    with pytest.raises(DataError, match="an outcome for every account"):
        evaluate(drawn, pd.DataFrame({"account_id": ["A0001"], "lost_on": [None]}), "2020-12-31")


@pytest.mark.recovery
def test_without_a_lot_a_choice_of_the_risky_is_corrected_and_called_observational():
    rng = np.random.default_rng(4)
    n = 4000
    risk = rng.normal(size=n)
    acted = rng.random(n) < 1 / (1 + np.exp(-risk))  # the risky are called
    lost = (rng.random(n) < np.clip(0.25 + 0.1 * risk - 0.05 * acted, 0, 1)).astype(float)
    revenue = 100 - 20 * risk + 8 * acted + rng.normal(0, 30, n)
    frame = pd.DataFrame({"acted": acted, "lost": lost, "revenue": revenue, "risk": risk})
    table = compare_unassigned(frame, "acted", ["lost", "revenue"], ["risk"])
    assert frame.groupby("acted")["lost"].mean().diff().iloc[-1] > 0.02, "the plain comparison errs"
    assert frame.groupby("acted")["revenue"].mean().diff().iloc[-1] < 0
    told = table.set_index("outcome")
    assert told.loc["lost", "low"] < -0.05 < told.loc["lost", "high"] < 0
    assert told.loc["revenue", "low"] < 8 < told.loc["revenue", "high"]
    assert table["method"].str.startswith("observational").all()
    assert (table["e_value"] > table["e_value_bound"]).all()
    assert (table["e_value_bound"] > 1).all()


@pytest.mark.golden
def test_the_strength_of_a_hidden_reason_is_that_of_the_published_example():
    """VanderWeele and Ding (2017): a risk ratio of 3.9 needs 7.26, its bound of 1.8 needs 3.0."""
    from kamresearch.analysis.experiment.observational import _e_value

    y = np.array([0.0, 1.0])
    assert _e_value(y, 0.1, 0.29) == pytest.approx(7.26, abs=0.005)
    assert _e_value(y, 0.1, 0.08) == pytest.approx(3.0, abs=0.005)
    assert _e_value(y, 0.39, -0.29) == pytest.approx(7.26, abs=0.005)
    assert _e_value(y, 0.1, 0.0) == 1, "a difference that may be none needs no reason"


@pytest.mark.recovery
@pytest.mark.long
def test_five_hundred_experiments_hold_their_level_though_looked_at_monthly():
    """Coverage of the difference 94 to 96 % on the due day, false verdicts at most 5 %, power as
    stated ± .05; the bounds that hold at all looks miss the truth at any of twelve in at most 5 %.

    Bounds allow two standard errors of 500 draws.
    """
    told = bench.try_experiments(500).groupby("ratio")
    stated = bench.state_power()
    assert (told["missed"].mean() <= 0.05).all()
    covered = told["covered"].mean()
    assert covered.between(0.94 - 0.02, 0.96 + 0.02).all(), covered
    shares = told["told"].value_counts(normalize=True).unstack(fill_value=0.0)
    assert shares.loc[1.0, "cannot_tell"] >= 0.95, shares
    for ratio in (0.4, 0.6):
        assert abs(shares.loc[ratio, "fewer"] - stated[ratio]) <= 0.05 + 0.04, (shares, stated)
