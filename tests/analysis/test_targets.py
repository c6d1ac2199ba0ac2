"""Goals: power, standing, run chart, the programme's effect."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_confint, proportion_effectsize

from kamresearch.analysis import targets
from kamresearch.analysis.targets.did_ratio import fit_effects
from kamresearch.errors import AnalysisError, DataError, ParameterError
from kamresearch.finding import Finding, Findings, Interval
from kamresearch.language import Fixed

pytestmark = pytest.mark.unit
DAY = "2012-12-31"


def measured(id: str, value, low=None, high=None, n=400, unit="share", reason=None) -> Finding:
    text = Fixed({"en": id, "zh": id})
    return Finding(
        id,
        value,
        unit,
        text,
        text,
        None if low is None else Interval(low, high),
        n=n,
        reason=reason,
    )


def share(lost: int, n: int, id: str = "churn.rate") -> Finding:
    low, high = proportion_confint(lost, n, method="wilson")
    return measured(id, lost / n, float(low), float(high), n)


def goal_of(baseline=0.20, target=0.15, due="2014-12-31", finding="churn.rate", begun="2012-12-31"):
    row = {
        "goal_id": "G1",
        "text_en": "goal",
        "text_zh": "目标",
        "finding": finding,
        "baseline": baseline,
        "target": target,
        "baseline_date": begun,
        "due_date": due,
        "owner": "director",
    }
    return targets.read_goals(pd.DataFrame([row]))


def standing_of(finding: Finding, **more) -> pd.Series:
    return targets.track_goals(
        goal_of(finding=finding.id, **more), Findings([finding]), DAY
    ).frame.iloc[0]


# power
# -------------------------------------------------------------------------------------------------


@pytest.mark.golden
@pytest.mark.parametrize(
    ("before", "after"), [(0.20, 0.15), (0.20, 0.10), (0.05, 0.02), (0.5, 0.6), (0.9, 0.95)]
)
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_accounts_needed_equal_statsmodels(before, after, power):
    theirs = NormalIndPower().solve_power(
        proportion_effectsize(before, after), alpha=0.05, power=power
    )
    assert targets.needed_per_arm(before, after, power=power) == int(np.ceil(theirs))


@pytest.mark.golden
def test_twenty_to_fifteen_per_cent_takes_about_nine_hundred_accounts_an_arm():
    assert targets.needed_per_arm(0.20, 0.15) == 903
    assert targets.power_of(0.20, 0.15, 903) == pytest.approx(0.80, abs=0.001)
    theirs = NormalIndPower().power(proportion_effectsize(0.2, 0.15), 245, 0.05)
    assert targets.power_of(0.20, 0.15, 245) == pytest.approx(theirs, abs=0.001)


@pytest.mark.slow
@pytest.mark.recovery
def test_power_is_how_often_simulated_portfolios_show_the_change():
    rng = np.random.default_rng(4)
    one, two = rng.binomial(903, 0.20, 20_000) / 903, rng.binomial(903, 0.15, 20_000) / 903
    pooled = (one + two) / 2
    shown = (one - two) / np.sqrt(2 * pooled * (1 - pooled) / 903) > 1.959964
    assert shown.mean() == pytest.approx(0.80, abs=0.015)


@pytest.mark.properties
@given(
    before=st.floats(0.05, 0.95), n=st.integers(30, 5000), direction=st.sampled_from(["up", "down"])
)
@settings(max_examples=60)
def test_the_detectable_share_needs_exactly_the_accounts_there_are(before, n, direction):
    nearest = targets.detectable_share(before, n, direction=direction)
    if nearest is not None and abs(nearest - before) > 1e-6:
        assert (nearest > before) == (direction == "up")
        assert targets.needed_per_arm(before, nearest) == pytest.approx(n, abs=1)


def test_no_change_needs_no_number_and_no_accounts_show_nothing():
    assert targets.needed_per_arm(0.2, 0.2) is None
    assert targets.detectable_share(0.2, 0) is None
    assert targets.power_of(0.2, 0.1, 0) == 0
    with pytest.raises(ParameterError, match="a share from 0 to 1"):
        targets.needed_per_arm(20, 15)
    with pytest.raises(ParameterError, match="between 0 and 1"):
        targets.needed_per_arm(0.2, 0.1, power=1.0)


# standing
# -------------------------------------------------------------------------------------------------


def test_six_of_forty_lost_is_seven_to_twenty_nine_per_cent_and_cannot_be_told():
    finding = share(6, 40)
    assert (round(finding.interval.low, 2), round(finding.interval.high, 2)) == (0.07, 0.29)
    row = standing_of(finding)
    assert row["status"] == "cannot_tell"
    assert not row["can_detect"]
    assert row["needed"] == 903
    assert standing_of(finding, due="2012-06-30", begun="2011-06-30")["status"] == "cannot_tell"


@pytest.mark.parametrize(
    ("lost", "due", "status"),
    [
        (40, "2014-12-31", "likely"),
        (120, "2014-12-31", "unlikely"),
        (40, "2012-06-30", "met"),
        (120, "2012-06-30", "missed"),
        (58, "2012-06-30", "cannot_tell"),
        (40, DAY, "met"),
        (120, DAY, "missed"),
    ],
)
def test_a_goal_stands_where_its_whole_interval_says(lost, due, status):
    assert standing_of(share(lost, 400), due=due, begun="2011-01-01")["status"] == status


def test_a_goal_dated_in_the_past_is_judged_and_gets_no_chance():
    result = targets.track_goals(
        goal_of(due="2012-06-30", begun="2011-06-30"), Findings([share(40, 400)]), DAY
    )
    row = result.frame.iloc[0]
    assert row["probability"] is None
    assert row["days_left"] < 0
    assert "Goals due before" in str(result.caveats[0])


def test_a_goal_upwards_counts_upwards():
    finding = share(300, 400, "segmentation.persistence")
    assert standing_of(finding, baseline=0.5, target=0.6)["status"] == "likely"
    assert standing_of(finding, baseline=0.5, target=0.9)["status"] == "unlikely"
    assert standing_of(finding, baseline=0.5, target=0.6)["progress"] == pytest.approx(2.5)


@pytest.mark.recovery
@pytest.mark.parametrize(
    ("lost", "n", "target"), [(30, 200, 0.15), (50, 245, 0.15), (70, 400, 0.15)]
)
def test_the_chance_of_meeting_is_that_of_a_portfolio_measured_again(lost, n, target):
    rng = np.random.default_rng(1)
    true = rng.beta(lost + 0.5, n - lost + 0.5, 200_000)
    again = rng.binomial(n, true) / n
    mean, low, high = targets.probability_met(goal_of(target=target)[0], share(lost, n))
    assert mean == pytest.approx((again <= target).mean(), abs=0.005)
    assert low <= mean <= high


@pytest.mark.properties
@given(lost=st.integers(0, 100), n=st.integers(100, 500), target=st.floats(0.02, 0.5))
@settings(max_examples=60)
def test_chances_are_probabilities_with_their_mean_inside(lost, n, target):
    goal = goal_of(baseline=0.9, target=target)[0]
    mean, low, high = targets.probability_met(goal, share(lost, n))
    assert -1e-12 <= low <= high <= 1 + 1e-12
    assert -1e-12 <= mean <= 1 + 1e-12
    better = targets.probability_met(goal, share(max(0, lost - 5), n))[0]
    assert better >= mean - 1e-9


def test_a_mean_of_shares_is_not_taken_for_a_count():
    """63 % ± 3 % over 101 accounts is a mean: a count of 101 would carry ± 9 %."""
    finding = measured("organisation.coverage_share", 0.63, 0.60, 0.66, 101)
    row = standing_of(finding, baseline=0.62, target=0.70)
    assert pd.isna(row["needed"])
    assert row["can_detect"]
    assert row["detectable"] == pytest.approx(0.62 + 2.8016 * np.sqrt(2) * 0.03 / 1.96, abs=1e-3)


def test_bounds_that_hold_for_certain_are_no_samples_interval():
    """Growth of rounded figures has bounds of level 1: it can be judged, but it has no
    standard error and no chance.
    """
    text = Fixed({"en": "growth", "zh": "增长"})
    finding = Finding(
        "trend.growth_last_year", 0.2, "share", text, text, Interval(0.19, 0.21, level=1.0), n=2
    )
    row = standing_of(finding, baseline=0.1, target=0.15)
    assert row["status"] == "open"
    assert pd.isna(row["probability"])
    assert (
        standing_of(finding, baseline=0.1, target=0.15, begun="2010-12-31", due="2012-06-30")[
            "status"
        ]
        == "met"
    )


def test_a_number_without_interval_has_no_chance_and_stays_open():
    assert (
        standing_of(
            measured("trend.units_last_year", 41989.0, unit="units"), baseline=40_000, target=50_000
        )["status"]
        == "open"
    )


def test_a_goal_on_an_unknown_finding_is_listed_with_near_matches():
    result = targets.track_goals(goal_of(finding="churn.raet"), Findings([share(40, 400)]), DAY)
    assert result.frame["status"].tolist() == ["unknown"]
    assert "near matches: churn.rate" in str(result.caveats[0])
    nothing = measured("churn.rate", None, reason=Fixed({"en": "none"}))
    assert standing_of(nothing)["status"] == "unknown"
    assert result.table().frame["value_shown"].isna().all()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"baseline": 0.15}, "a baseline and a target that differ"),
        ({"due": "2011-01-01"}, "a day after the baseline's"),
        ({"due": None}, "say by when"),
        ({"target": float("nan")}, "a baseline and a target that differ"),
    ],
)
def test_goals_that_cannot_be_are_refused(change, match):
    with pytest.raises(DataError, match=match):
        goal_of(**change)


def test_no_goal_and_doubled_goals_are_refused():
    with pytest.raises(DataError, match="at least one goal"):
        targets.read_goals(pd.DataFrame(columns=["goal_id"]))
    with pytest.raises(DataError, match="each goal once"):
        targets.read_goals(pd.DataFrame({"goal_id": ["G1", "G1"]}))


def test_counts_of_goals_add_up_and_the_sentence_names_them():
    result = targets.track_goals(goal_of(), Findings([share(40, 400)]), DAY)
    values = {finding.id: finding.value for finding in result.findings()}
    assert (
        values["targets.n_goals"],
        values["targets.n_detectable"],
        values["targets.n_met_likely"],
    ) == (1, 0, 1)
    assert "Met or likely to be met: 1" in result.verdict().render("en")
    assert "P(" in result.power_table().title.render("en") + result.table().caption.render("en")


# run chart
# -------------------------------------------------------------------------------------------------


def counts(lost: list[int], n: int = 200) -> pd.DataFrame:
    return pd.DataFrame(
        {"period": pd.date_range("2008-01-01", periods=len(lost), freq="QS"), "n": n, "lost": lost}
    )


@pytest.mark.golden
def test_limits_are_the_binomials():
    from scipy.stats import binom

    chart = targets.chart_shares(counts([10] * 8))
    assert chart.centre == 0.05
    assert chart.frame["high"].iloc[0] * 200 == pytest.approx(binom.ppf(0.99865, 200, 0.05))
    assert chart.frame["low"].iloc[0] * 200 == pytest.approx(binom.ppf(0.00135, 200, 0.05))
    assert chart.signals.empty


def test_a_jump_a_fall_and_a_long_run_give_their_signals():
    jump = targets.chart_shares(counts([10, 9, 11, 10, 10, 9, 11, 10, 30]))
    assert jump.frame["signal"].iloc[-1] == "above"
    fall = targets.chart_shares(counts([20, 19, 21, 20, 20, 19, 21, 20, 1]))
    assert fall.frame["signal"].iloc[-1] == "below"
    run = targets.chart_shares(counts([10, 9, 11, 10, 10, 11, 9, 10] + [12] * 14))
    assert (run.frame["signal"] == "run").any()


@pytest.mark.recovery
@pytest.mark.slow
def test_chance_alone_seldom_gives_a_signal():
    """Over all quarters of a chart together: plain limits and runs of eight signalled in a third of
    charts of forty quarters.
    """
    rng = np.random.default_rng(2)
    charts = [
        targets.chart_shares(counts(rng.binomial(200, 0.05, 40).tolist())) for _ in range(100)
    ]
    assert sum(len(chart.signals) > 0 for chart in charts) / 100 < 0.05 + 0.06


def test_too_few_quarters_give_no_centre_and_say_so():
    chart = targets.chart_shares(counts([1, 2]))
    assert chart.centre is None
    assert all(finding.value is None and finding.reason for finding in chart.findings())
    assert "too few" in str(chart.verdict())
    assert chart.table().frame.empty


# panel
# -------------------------------------------------------------------------------------------------


def lives(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["account_id", "onboard_date", "region"]).assign(
        onboard_date=lambda one: pd.to_datetime(one["onboard_date"])
    )


def losses(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(*row, *[None] * (4 - len(row))) for row in rows],
        columns=["account_id", "churn_date", "return_date", "cause"],
    )
    return frame.assign(
        churn_date=pd.to_datetime(frame["churn_date"]),
        return_date=pd.to_datetime(frame["return_date"]),
    )


def test_days_at_risk_end_with_the_loss_and_begin_again_with_the_return():
    panel = targets.loss_panel(
        lives(("a", "2010-02-10", "E")),
        losses(("a", "2010-05-10", "2010-08-20", "price")),
        "2010-12-31",
        since="2010-01-01",
    )
    assert panel["days"].tolist() == [50, 40, 42, 92]
    assert panel["lost"].tolist() == [0, 1, 0, 0]
    assert panel["period"].dt.strftime("%Y-%m").tolist() == [
        "2010-01",
        "2010-04",
        "2010-07",
        "2010-10",
    ]


def test_years_before_losses_were_recorded_hold_only_survivors_and_are_left_out():
    panel = targets.loss_panel(
        lives(("a", "2002-01-01", "E"), ("b", "2003-01-01", "E")),
        losses(("a", "2010-05-10")),
        "2010-12-31",
    )
    assert panel["period"].min() == pd.Timestamp("2010-04-01")


def test_adding_the_future_changes_nothing_that_was_known():
    accounts, past = (
        lives(("a", "2009-01-01", "E"), ("b", "2009-01-01", "E")),
        losses(("a", "2010-05-10")),
    )
    future = pd.concat([past, losses(("b", "2011-05-10"))])
    future.loc[future["account_id"] == "a", "return_date"] = pd.Timestamp("2011-06-01")
    pd.testing.assert_frame_equal(
        targets.loss_panel(accounts, past, "2010-12-31"),
        targets.loss_panel(accounts, future, "2010-12-31"),
    )


def test_losses_of_other_causes_end_the_risk_without_counting():
    panel = targets.loss_panel(
        lives(("a", "2010-01-01", "E")),
        losses(("a", "2010-05-10", None, "relocation")),
        "2010-12-31",
        since="2010-01-01",
        causes=("price",),
    )
    assert panel["lost"].sum() == 0
    assert panel["days"].sum() == 130
    with pytest.raises(AnalysisError, match="month, quarter"):
        targets.loss_panel(
            lives(("a", "2010-01-01", "E")), losses(("a", "2010-05-10")), DAY, period="week"
        )


def test_losses_of_unknown_accounts_and_before_the_beginning_are_no_risk():
    panel = targets.loss_panel(
        lives(("a", "2010-06-01", "E")),
        losses(("a", "2010-05-10"), ("z", "2010-05-10")),
        "2010-12-31",
    )
    assert panel.empty


def test_the_sentence_on_goals_accounts_for_every_goal():
    found = Findings([share(10, 400)])
    told = targets.track_goals(goal_of(), found, DAY).verdict().render("en")
    counts = [int(one) for one in re.findall(r": (\d+)", told)]
    assert counts[0] == sum(counts[1:-1]) == 1


def test_a_baseline_that_the_same_days_finding_rules_out_is_named():
    found = Findings([measured("churn.rate", 0.10, 0.07, 0.14)])

    def told(**goal) -> str:
        standing = targets.track_goals(goal_of(**goal), found, DAY)
        return "; ".join(caveat.render("en") for caveat in standing.caveats)

    assert "10.0%: correct the baseline" in told(baseline=0.20, target=0.05)
    assert "past its target already" in told(baseline=0.20, target=0.15)
    assert "baseline" not in told(baseline=0.12, target=0.05)
    assert "starts from" not in told(baseline=0.20, target=0.05, begun="2011-12-31")


# the programme
# -------------------------------------------------------------------------------------------------


def staggered(
    ratio: float,
    seed: int,
    *,
    units: int = 10,
    each: int = 150,
    chosen_bad: bool = False,
    quarters: int = 20,
):
    """Accounts that are at risk throughout, quarterly losses, a programme that reaches units
    one after another.
    """
    rng = np.random.default_rng(seed)
    starts = [8 + unit if unit < units - 3 else None for unit in range(units)]
    trend = 1 + (0 if chosen_bad else 0.5) * np.sin(np.arange(quarters) / 3)
    people, events, programme = [], [], []
    first = pd.period_range("2008Q1", periods=quarters, freq="Q")
    for unit in range(units):
        level = (
            0.03
            * (4.0 if chosen_bad and starts[unit] is not None else 1)
            * np.exp(rng.normal(0, 0.2))
        )
        for number in range(each):
            name = f"U{unit}-{number}"
            people.append((name, "2008-01-01", f"unit {unit}"))
            if starts[unit] is not None:
                programme.append((name, first[starts[unit]].start_time))
            for quarter in range(quarters):
                treated = starts[unit] is not None and quarter >= starts[unit]
                if rng.random() < level * trend[quarter] * (ratio if treated else 1):
                    events.append(
                        (
                            name,
                            first[quarter].start_time + pd.Timedelta(days=int(rng.integers(0, 89))),
                        )
                    )
                    break
    return (
        lives(*people),
        losses(*events),
        pd.DataFrame(programme, columns=["account_id", "start_date"]),
    )


@pytest.mark.recovery
@pytest.mark.parametrize("ratio", [0.5, 1.0])
@pytest.mark.slow
def test_the_planted_effect_lies_in_the_interval_and_the_placebo_shows_nothing(ratio):
    accounts, events, programme = staggered(ratio, 3)
    effect = targets.evaluate_programme(
        accounts, events, programme, DAY, n_resamples=200, n_permutations=100
    )
    assert effect.low <= ratio <= effect.high
    assert effect.placebo_low <= 1 <= effect.placebo_high
    assert effect.verdict == ("fewer" if ratio < 1 else "cannot_tell")
    assert (effect.permutation_p <= 0.05) == (ratio < 1)
    assert effect.n_never == 3


@pytest.mark.recovery
@pytest.mark.slow
def test_units_chosen_because_they_lose_most_fool_the_plain_comparison_and_not_the_difference():
    """Who gets a programme, as who leaves a job, is not drawn by lot: raw means compare the
    chosen with the others.
    """
    accounts, events, programme = staggered(0.6, 5, chosen_bad=True)
    effect = targets.evaluate_programme(
        accounts, events, programme, DAY, n_resamples=200, n_permutations=20
    )
    assert effect.naive_ratio > 0.75
    assert effect.low <= 0.6 <= effect.high
    assert effect.high < 1


def test_the_effects_found_are_those_at_which_the_posterior_is_flat():
    """Units, periods and the scale between them, by the derivatives written down anew."""
    rng = np.random.default_rng(4)
    days = rng.uniform(500, 20_000, (12, 30)) * (rng.random((12, 30)) > 0.2)
    lost = rng.poisson(days * rng.uniform(0.0002, 0.002, (12, 1))).astype(float)
    rate = fit_effects(lost, days, prior=0.5) / (lost.sum() / days.sum())
    unit = rate[:, 0]  # any one column gives the unit effects but for their scale
    more = len(rate) - rate.shape[1]
    period = rate[0] / unit[0]
    scale = (more + np.sqrt(more**2 + 4 * unit.sum() * period.sum())) / (2 * unit.sum())
    unit, period = unit * scale, period / scale
    exposure = days * (lost.sum() / days.sum())
    np.testing.assert_allclose(lost.sum(axis=1) + 0.5, unit * (exposure @ period + 0.5))
    np.testing.assert_allclose(lost.sum(axis=0) + 0.5, period * (unit @ exposure + 0.5))


def test_a_trend_that_all_share_is_no_effect():
    days = np.full((3, 4), 1000.0)
    lost = np.outer([10.0, 20, 30], [1, 2, 3, 4])
    treated = np.zeros((3, 4), dtype=bool)
    treated[0, 2:], treated[1, 3:] = True, True
    assert targets.estimate_ratio(lost, days, treated)[0] == pytest.approx(1)
    halved = np.where(treated, lost / 2, lost)
    assert targets.estimate_ratio(halved, days, treated)[0] == pytest.approx(0.5)


def test_units_treated_early_are_no_controls_of_late_ones():
    """An effect that grows with time biases two-way fixed effects; here the late unit is
    compared with the never treated alone.
    """
    days = np.full((3, 6), 1000.0)
    lost = np.full((3, 6), 40.0)
    treated = np.zeros((3, 6), dtype=bool)
    treated[0, 1:], treated[1, 4:] = True, True
    lost[0, 1:] = [36, 30, 20, 12, 8]
    lost[1, 4:] = 20
    ratio, expected, observed = targets.estimate_ratio(lost, days, treated)
    assert (expected, observed) == (pytest.approx(280), 146)
    assert ratio == pytest.approx(146 / 280)


@pytest.mark.golden
@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
def test_expected_losses_equal_a_poisson_regression_of_untreated_cells():
    import statsmodels.api as sm

    rng = np.random.default_rng(6)
    days, lost = rng.uniform(500, 2000, (5, 7)), rng.poisson(30, (5, 7)).astype(float)
    treated = np.arange(7)[None, :] >= np.array([3, 4, 5, 9, 9])[:, None]
    unit, period = np.meshgrid(range(5), range(7), indexing="ij")
    design = pd.get_dummies(
        pd.DataFrame({"u": unit.ravel(), "p": period.ravel()}).astype(str), dtype=float
    )
    keep = ~treated.ravel()
    fit = sm.GLM(
        lost.ravel()[keep], design[keep], family=sm.families.Poisson(), exposure=days.ravel()[keep]
    ).fit()
    theirs = fit.predict(design[~keep], exposure=days.ravel()[~keep]).sum()
    assert targets.estimate_ratio(lost, days, treated)[1] == pytest.approx(theirs, rel=1e-6)


def test_a_programme_that_cannot_be_compared_says_so_and_guesses_nothing():
    accounts = lives(*[(f"a{k}", "2008-01-01", "East") for k in range(30)])
    events = losses(*[(f"a{k}", "2010-05-10") for k in range(5)])
    everywhere = pd.DataFrame(
        {"account_id": [f"a{k}" for k in range(30)], "start_date": pd.Timestamp("2009-01-01")}
    )
    effect = targets.evaluate_programme(accounts, events, everywhere, DAY)
    assert effect.ratio is None
    assert effect.verdict == "cannot_tell"
    assert all(finding.reason for finding in effect.findings())
    assert effect.table().frame.empty
    none = targets.evaluate_programme(accounts.assign(region=None), events, everywhere, DAY)
    assert "cannot be evaluated" in str(none.caveats[-1])
    nobody = targets.evaluate_programme(accounts, events, everywhere.head(0), DAY)
    assert nobody.ratio is None


@pytest.mark.recovery
@pytest.mark.slow
def test_with_few_accounts_and_nothing_planted_no_effect_is_announced():
    """15 to 40 accounts once gave "0 losses where 1229 were to be expected"."""
    told = [
        targets.evaluate_programme(
            *staggered(1.0, seed, units=8, each=each), DAY, n_resamples=60, n_permutations=20
        )
        for each in (2, 3, 5)
        for seed in range(5)
    ]
    assert [effect.verdict for effect in told] == ["cannot_tell"] * len(told)
    assert max(effect.expected for effect in told) < 40
    assert all(effect.low != effect.high for effect in told if effect.ratio is not None)


def test_cells_that_no_untreated_path_joins_have_no_expectation():
    """Two halves that share no period: the scale of one says nothing of the other."""
    days, lost = np.full((4, 4), 1000.0), np.full((4, 4), 30.0)
    keep = np.zeros((4, 4), dtype=bool)
    keep[:2, :2] = keep[2:, 2:] = True
    treated = np.zeros((4, 4), dtype=bool)
    treated[0, 2] = True
    assert targets.estimate_ratio(lost, days, treated, keep | treated) is None


def test_a_unit_that_lost_nobody_before_is_not_expected_to_lose_nobody_for_ever():
    days = np.full((3, 6), 1000.0)
    lost = np.full((3, 6), 5.0)
    treated = np.zeros((3, 6), dtype=bool)
    treated[0, 2:], lost[0, :2] = True, 0.0
    bare = targets.estimate_ratio(lost, days, treated)
    held = targets.estimate_ratio(lost, days, treated, prior=0.5)
    assert bare[1] == 0
    assert 0 < held[1] < 20


def test_draws_that_cannot_differ_or_mostly_have_no_value_give_no_bounds():
    from kamresearch.analysis.resampling import bounds_of_draws

    assert bounds_of_draws(np.zeros(400)) is None
    assert bounds_of_draws(np.full(400, 0.1) + np.arange(400) * 1e-18) is None
    assert bounds_of_draws(np.arange(49.0)) is None
    assert bounds_of_draws(np.r_[np.arange(80.0), np.full(20, np.nan)]) is None
    assert bounds_of_draws(np.r_[np.arange(101.0), np.full(5, np.nan)]) == pytest.approx(
        (2.5, 97.5)
    )


@pytest.mark.slow
def test_an_interval_that_excludes_one_is_no_verdict_where_dealt_dates_do_as_well():
    accounts, events, programme = staggered(0.6, 8, units=5, each=60)
    effect = targets.evaluate_programme(
        accounts, events, programme, DAY, n_resamples=60, n_permutations=60
    )
    from dataclasses import replace

    told = replace(effect, ratio=0.5, low=0.3, high=0.8, permutation_p=0.02)
    assert told.verdict == "fewer"
    assert replace(told, permutation_p=0.2).verdict == "cannot_tell"
    assert replace(told, permutation_p=None).verdict == "cannot_tell"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_interval_whatever_the_order_of_rows():
    accounts, events, programme = staggered(0.6, 8, units=5, each=60)
    one = targets.evaluate_programme(
        accounts, events, programme, DAY, n_resamples=60, n_permutations=20
    )
    again = targets.evaluate_programme(
        accounts.sample(frac=1, random_state=1),
        events,
        programme,
        DAY,
        n_resamples=60,
        n_permutations=20,
    )
    assert (one.ratio, one.low, one.high, one.permutation_p) == pytest.approx(
        (again.ratio, again.low, again.high, again.permutation_p)
    )


@pytest.mark.slow
@pytest.mark.recovery
def test_the_simulators_programme_is_found_again(tmp_path):
    """Hazards of price, service and competitor are multiplied by 0.60 where the programme runs."""
    from kamresearch.data.simulate import simulate

    folder = simulate(tmp_path / "world", accounts=6000, random_state=11, messy=False)
    read = {
        name: pd.read_parquet(folder / f"{name}.parquet")
        for name in ("accounts", "churn_events", "programme")
    }
    effect = targets.evaluate_programme(
        read["accounts"],
        read["churn_events"],
        read["programme"],
        DAY,
        causes=("price", "service", "competitor"),
        n_resamples=200,
        n_permutations=100,
    )
    assert effect.low < 0.60 < effect.high
    assert effect.high < 1
    assert effect.placebo_low < 1 < effect.placebo_high
    untouched = targets.evaluate_programme(
        read["accounts"],
        read["churn_events"],
        read["programme"],
        DAY,
        causes=("product", "relocation"),
        n_resamples=200,
        n_permutations=20,
    )
    assert untouched.low < 1 < untouched.high


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.slow
def test_figures_are_drawn_without_anything_to_show(language):
    import io
    import warnings

    from kamresearch.figures import targets as figures
    from kamresearch.figures.theme import house_theme
    from kamresearch.language import use_language

    standing = targets.track_goals(goal_of(finding="no.such"), Findings([]), DAY)
    programme = pd.DataFrame({"account_id": ["a"], "start_date": pd.Timestamp("2009-01-01")})
    effect = targets.evaluate_programme(
        lives(("a", "2008-01-01", "East")), losses(("a", "2010-05-10")), programme, DAY
    )
    shown = (
        figures.standing(standing),
        figures.power(standing),
        figures.run_chart(targets.chart_shares(counts([1]))),
        figures.programme(effect),
    )
    with use_language(language), house_theme() as save, warnings.catch_warnings():
        warnings.filterwarnings("error", message="constrained_layout")
        for figure in shown:
            file = io.StringIO()
            save(figure.draw(), file, figure.id)
            assert "<svg" in file.getvalue()
            assert "nan" not in figure.alt.render(language)


def test_sums_of_draws_are_those_of_all_draws_at_once_however_few_are_held(monkeypatch):
    from kamresearch.analysis import resampling

    rng = np.random.default_rng(5)
    due, met = rng.gamma(2, 1, 37), rng.gamma(1, 1, 37)
    counts = np.random.default_rng(0).multinomial(37, np.full(37, 1 / 37), 101)
    monkeypatch.setattr(resampling, "AT_A_TIME", 37 * 8)
    found = resampling.sums_of_draws((due, met), 101, np.random.default_rng(0))
    assert np.allclose(found, [counts @ due, counts @ met], rtol=1e-13, atol=0)
