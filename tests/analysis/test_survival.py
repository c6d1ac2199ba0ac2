"""Survival: curves equal statsmodels', late entry counts, bounds cover, groups and cohorts
lose nobody.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamresearch.analysis.churn.losses import Losses
from kamresearch.analysis.churn.staying import study_staying
from kamresearch.analysis.churn.survival import kaplan_meier, make_spells, survival_at
from kamresearch.errors import AnalysisError

pytestmark = pytest.mark.golden


def sample(seed=0, n=200):
    rng = np.random.default_rng(seed)
    return np.round(rng.exponential(20, n)) + 1, rng.random(n) < 0.6, np.round(rng.uniform(0, 5, n))


def test_kaplan_meier_equals_statsmodels():
    from statsmodels.duration.survfunc import SurvfuncRight

    time, lost, _ = sample()
    ours, theirs = kaplan_meier(time, lost), SurvfuncRight(time, lost.astype(float))
    ours = ours[ours["lost"] > 0]
    np.testing.assert_allclose(
        ours["survival"], theirs.surv_prob[np.isin(theirs.surv_times, ours["time"])], atol=1e-12
    )
    np.testing.assert_allclose(
        ours["standard_error"],
        theirs.surv_prob_se[np.isin(theirs.surv_times, ours["time"])],
        atol=1e-12,
    )
    assert (
        ours["at_risk"].tolist()
        == theirs.n_risk[np.isin(theirs.surv_times, ours["time"])].astype(int).tolist()
    )


def test_late_entry_equals_statsmodels():
    from statsmodels.duration.survfunc import SurvfuncRight

    time, lost, entry = sample(1)
    keep = entry + 0.5 < time
    time, lost, entry = time[keep], lost[keep], entry[keep]
    theirs = SurvfuncRight(time, lost.astype(float), entry=entry)
    ours = kaplan_meier(time, lost, entry).set_index("time")["survival"]
    np.testing.assert_allclose(ours.reindex(theirs.surv_times), theirs.surv_prob, atol=1e-12)


def test_the_hand_worked_ledger_of_six_accounts():
    # Losses at 2, 4, 4; still there at 3, 5, 6: 5/6, then (4-2)/4 of it.
    curve = kaplan_meier(np.array([2.0, 3, 4, 4, 5, 6]), np.array([1, 0, 1, 1, 0, 0], bool))
    assert survival_at(curve, 2)[0] == pytest.approx(5 / 6)
    assert survival_at(curve, 4.5)[0] == pytest.approx(5 / 6 * 2 / 4)
    assert survival_at(curve, 1)[0] == 1
    assert survival_at(curve, 7) is None


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60), st.randoms()
)
@pytest.mark.slow
def test_survival_falls_stays_in_bounds_and_forgets_the_order_of_rows(rows, random):
    time, lost = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    curve = kaplan_meier(time, lost)
    assert (np.diff(curve["survival"]) <= 1e-12).all()
    assert (curve["high"] > curve["low"]).all()
    assert curve[["survival", "low", "high"]].stack().between(-1e-12, 1 + 1e-12).all()
    assert (curve["low"] <= curve["survival"] + 1e-12).all()
    assert (curve["survival"] <= curve["high"] + 1e-12).all()
    order = list(range(len(rows)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(curve, kaplan_meier(time[order], lost[order]))


def test_times_that_cannot_be_are_refused_in_words():
    with pytest.raises(AnalysisError, match="at least one account"):
        kaplan_meier(np.array([]), np.array([], bool))
    with pytest.raises(AnalysisError, match="times from 0 up"):
        kaplan_meier(np.array([-1.0, 2]), np.array([True, False]))
    with pytest.raises(AnalysisError, match="entries before exits"):
        kaplan_meier(np.array([1.0, 2]), np.array([True, False]), np.array([0.0, 3.0]))


def staying_of(entry, exit_days, lost):
    spells = pd.DataFrame(
        {
            "account_id": [f"{i}" for i in range(len(entry))],
            "start": pd.Timestamp("2010-01-01"),
            "entry_days": entry,
            "exit_days": exit_days,
            "cause": None,
            "lost": lost,
        }
    )
    return study_staying(spells, pd.Series("East", index=spells["account_id"]), "region")


def test_one_newcomer_lost_does_not_speak_for_ninety_nine_who_stayed():
    first = pd.Series(
        [pd.Timestamp("2005-01-01")] * 99 + [pd.Timestamp("2010-03-01")],
        index=[f"a{i}" for i in range(100)],
    )
    frame = pd.DataFrame(
        {
            "account_id": ["a99"],
            "churn_date": pd.to_datetime(["2010-05-01"]),
            "return_date": pd.to_datetime([None]),
            "cause": "price",
        }
    )
    spells = make_spells(
        first, Losses("recorded", pd.Timestamp("2012-12-31"), frame), pd.Timestamp("2010-01-01")
    )
    staying = study_staying(spells, pd.Series("East", index=first.index), "region")
    finding = staying.findings()[0]
    assert finding.value is None
    assert "too few accounts were watched" in finding.reason.render("en")
    curve = staying.curves[""]
    assert (curve["begins"].iloc[0], curve["survival"].iloc[-1]) == (1826, 1)
    assert "begins 1826 days after" in " ".join(text.render("en") for text in staying.caveats)
    assert staying.table().frame["begins"].tolist() == [1826, 1826]


def test_a_curve_that_begins_late_is_that_of_the_accounts_still_there():
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(2)
    time = np.r_[[40.0, 60, 700], np.round(rng.exponential(900, 80)) + 60]
    entry = np.r_[np.zeros(3), time[3:] * rng.uniform(0.2, 0.9, 80)]
    lost = np.r_[[True, True, False], rng.random(80) < 0.6]
    curve = kaplan_meier(time, lost, entry)
    begins = curve["begins"].iloc[0]
    assert (np.searchsorted(np.sort(entry), begins, "right") - (time <= begins).sum()) == 10
    left = time > begins
    theirs = SurvfuncRight(
        time[left], lost[left].astype(float), entry=np.maximum(entry[left], begins)
    )
    ours = curve[curve["lost"] > 0].set_index("time")["survival"]
    shared = np.isin(theirs.surv_times, ours.index)
    assert len(ours) > 10
    np.testing.assert_allclose(
        ours.reindex(theirs.surv_times[shared]), theirs.surv_prob[shared], atol=1e-12
    )
    assert survival_at(curve, begins - 1) is None
    assert survival_at(curve, begins) == (1, 1, 1)


def test_a_curve_ends_where_nobody_is_watched_until_older_accounts_enter():
    # Thirty newcomers seen for a year, ninety accounts seen from their sixth year on: of year two
    # nothing is known.
    entry = np.r_[np.zeros(30), np.full(90, 1826.0)]
    exit_days = np.r_[np.full(20, 365.5), np.full(10, 100.5), np.full(90, 2900.5)]
    staying = staying_of(entry, exit_days, exit_days == 100.5)
    assert survival_at(staying.curves[""], 365.0)[0] == pytest.approx(2 / 3)
    assert survival_at(staying.curves[""], 730.0) is None
    assert staying.findings()[0].value is None


def test_a_curve_that_begins_before_two_years_says_of_whom_it_speaks():
    entry = np.r_[np.zeros(3), np.full(60, 200.0)]
    staying = staying_of(entry, np.full(63, 1000.5), np.arange(63) % 3 == 0)
    finding = staying.findings()[0]
    assert finding.value == 1
    assert "of those there after 200 days" in finding.label.render("en")
    assert "still there 200 days after" in finding.definition.render("en")
    staying = staying_of(np.zeros(63), np.full(63, 1000.5), np.arange(63) % 3 == 0)
    assert "of those there" not in staying.findings()[0].label.render("en")
    assert "begins" not in [column.name for column in staying.table().columns]


@pytest.mark.parametrize("n", [1, 5, 40])
def test_nobody_lost_and_everybody_lost_have_the_exact_bounds_of_a_share(n):
    from statsmodels.stats.proportion import proportion_confint

    stay = survival_at(kaplan_meier(np.full(n, 9.0), np.zeros(n, bool)), 5)
    assert stay == pytest.approx((1, *proportion_confint(n, n, method="beta")))
    gone = survival_at(kaplan_meier(np.arange(1.0, n + 1), np.ones(n, bool)), n)
    assert gone == pytest.approx((0, *proportion_confint(0, n, method="beta")))


def test_a_bound_without_losses_rests_on_those_still_watched():
    # Of eight, five are watched beyond 3: (1/40)^(1/5); late entry never narrows it.
    curve = kaplan_meier(np.r_[np.full(3, 2.0), np.full(5, 9.0)], np.zeros(8, bool))
    assert survival_at(curve, 1)[1] == pytest.approx(0.025 ** (1 / 8))
    assert survival_at(curve, 3)[1] == pytest.approx(0.025 ** (1 / 5))
    late = kaplan_meier(np.full(60, 9.0), np.zeros(60, bool), np.r_[np.zeros(12), np.full(48, 3.0)])
    assert survival_at(late, 5)[1] == pytest.approx(0.025 ** (1 / 12))


@pytest.mark.parametrize(("n", "monthly"), [(8, 0.004), (15, 0.01), (30, 0.004)])
@pytest.mark.slow
def test_intervals_cover_the_truth_in_small_and_loyal_groups(n, monthly):
    rng = np.random.default_rng(n)
    truth, covered, tried = np.exp(-monthly * 24), 0, 2000
    for _ in range(tried):
        life, watched = rng.exponential(1 / monthly, n), rng.uniform(24.1, 60, n)
        low, high = (
            survival_at(kaplan_meier(np.minimum(life, watched), life <= watched), 24)[1:]
            if (np.minimum(life, watched).max() > 24)
            else (0, 1)
        )
        covered += low <= truth <= high
    assert covered / tried > 0.935


@pytest.mark.slow
def test_with_late_entry_the_bounds_cover_and_no_curve_falls_to_nothing():
    rng = np.random.default_rng(0)
    covered, known, tried = 0, 0, 1000
    for _ in range(tried):
        # Two in a hundred leave a month; a few newcomers and many older accounts, watched for three
        # years.
        start = np.r_[rng.uniform(0, 36, 8), -rng.uniform(0, 90, 150)]
        life = rng.exponential(50, 158)
        entry, end = np.maximum(-start, 0), 36 - start
        seen = life > entry
        exit_ = np.minimum(life, end)[seen]
        curve = kaplan_meier(exit_, (life <= end)[seen], entry[seen])
        here = survival_at(curve, 24.0)
        if here is None:
            continue
        known += 1
        covered += here[1] <= np.exp(-(24 - curve["begins"].iloc[0]) / 50) <= here[2]
        assert here[0] > 0.2
    assert known > 0.9 * tried
    assert covered / known > 0.935


@pytest.fixture
def losses():
    frame = pd.DataFrame(
        {
            "account_id": ["a", "b", "b"],
            "churn_date": pd.to_datetime(["2011-01-01", "2011-06-01", "2012-06-01"]),
            "return_date": pd.to_datetime([None, "2011-12-01", None]),
            "cause": ["price", "service", "price"],
            "stated_reason": None,
            "offer": None,
        }
    )
    return Losses("recorded", pd.Timestamp("2012-12-31"), frame)


def test_an_account_has_one_first_spell_and_older_ones_enter_late(losses):
    first = pd.Series(
        pd.to_datetime(["2005-01-01", "2010-01-01", "2012-01-01", "2013-05-01"]),
        index=["a", "b", "c", "later"],
    )
    spells = make_spells(first, losses, pd.Timestamp("2008-01-01")).set_index("account_id")
    assert sorted(spells.index) == ["a", "b", "c"]
    assert spells.loc["a", "entry_days"] == 1095
    assert spells.loc["b", ["entry_days", "exit_days", "cause"]].tolist() == [0, 516.5, "service"]
    assert not spells.loc["c", "lost"]


def test_where_silence_tells_an_account_starts_with_its_first_order(losses):
    first = pd.Series(
        pd.to_datetime(["2005-01-01", "2010-01-10", "2010-01-10", "2010-01-10"]),
        index=["a", "b", "c", "never"],
    )
    started = pd.Series(
        pd.to_datetime(["2009-02-28", "2010-01-31", "2010-04-30"]), index=["a", "b", "c"]
    )
    silent = Losses("silence", losses.as_of, losses.frame, started=started)
    spells = make_spells(first, silent, pd.Timestamp("2008-01-01")).set_index("account_id")
    assert spells["start"].dt.strftime("%Y-%m-%d").tolist() == [
        "2005-01-01",
        "2010-01-10",
        "2010-04-01",
    ]
    assert spells["entry_days"].tolist() == [1492, 0, 0]


def test_nobody_is_lost_between_groups_and_hazards(losses):
    rng = np.random.default_rng(0)
    n = 120
    exit_days = rng.exponential(900, n) + 1
    spells = pd.DataFrame(
        {
            "account_id": [f"{i}" for i in range(n)],
            "start": pd.Timestamp("2008-01-01"),
            "entry_days": 0.0,
            "exit_days": exit_days,
            "cause": None,
            "lost": rng.random(n) < 0.5,
        }
    )
    groups = pd.Series(np.where(np.arange(n) % 3 == 0, "East", "West"), index=spells["account_id"])
    result = study_staying(spells, groups, "region")
    assert (
        sum(int(curve["lost"].sum()) for name, curve in result.curves.items() if name)
        == result.n_lost
    )
    assert result.hazards["n_lost"].sum() == result.n_lost
    assert result.hazards["account_years"].sum() == pytest.approx(
        exit_days.sum() / 365.25, rel=1e-9
    )
    assert result.cohort_table().frame["n_accounts"].sum() == n


def test_nobody_lost_and_nobody_watched_are_spells_and_curves_like_any_other(losses):
    first_seen = pd.Series({"a": pd.Timestamp("2010-01-01"), "b": pd.Timestamp("2011-01-01")})
    none = Losses("silence", losses.as_of, losses.frame.iloc[:0])
    spells = make_spells(first_seen, none, pd.Timestamp("2010-01-01"))
    assert spells["lost"].tolist() == [False, False]
    assert (
        survival_at(study_staying(spells, pd.Series({"a": "x"}), "region").curves[""], 365.0)[0]
        == 1.0
    )
    nobody = make_spells(first_seen.mask(first_seen.notna()), none, pd.Timestamp("2010-01-01"))
    staying = study_staying(nobody, pd.Series({"a": "x"}), "region")
    assert staying.n_accounts == 0
    assert staying.findings()[0].value is None
    assert staying.table().frame["n_accounts"].tolist() == [0]
