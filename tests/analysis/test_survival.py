"""Survival: curves equal statsmodels', late entry counts, groups and cohorts lose nobody."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamresearch.analysis.churn.losses import Losses
from kamresearch.analysis.churn.survival import kaplan_meier, make_spells, study_staying, survival_at
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
    np.testing.assert_allclose(ours["survival"], theirs.surv_prob[np.isin(theirs.surv_times, ours["time"])], atol=1e-12)
    np.testing.assert_allclose(
        ours["standard_error"], theirs.surv_prob_se[np.isin(theirs.surv_times, ours["time"])], atol=1e-12
    )
    assert ours["at_risk"].tolist() == theirs.n_risk[np.isin(theirs.surv_times, ours["time"])].astype(int).tolist()


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


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_survival_falls_stays_in_bounds_and_forgets_the_order_of_rows(rows, random):
    time, lost = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    curve = kaplan_meier(time, lost)
    assert (np.diff(curve["survival"]) <= 1e-12).all()
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


@pytest.fixture
def losses():
    frame = pd.DataFrame({
        "account_id": ["a", "b", "b"], "churn_date": pd.to_datetime(["2011-01-01", "2011-06-01", "2012-06-01"]),
        "return_date": pd.to_datetime([None, "2011-12-01", None]), "cause": ["price", "service", "price"],
        "stated_reason": None, "offer": None,
    })  # fmt: skip
    return Losses("recorded", pd.Timestamp("2012-12-31"), frame)


def test_an_account_has_one_first_spell_and_older_ones_enter_late(losses):
    first = pd.Series(
        pd.to_datetime(["2005-01-01", "2010-01-01", "2012-01-01", "2013-05-01"]), index=["a", "b", "c", "later"]
    )
    spells = make_spells(first, losses, pd.Timestamp("2008-01-01")).set_index("account_id")
    assert sorted(spells.index) == ["a", "b", "c"]
    assert spells.loc["a", "entry_days"] == 1095
    assert spells.loc["b", ["entry_days", "exit_days", "cause"]].tolist() == [0, 516.5, "service"]
    assert not spells.loc["c", "lost"]


def test_nobody_is_lost_between_groups_and_hazards(losses):
    rng = np.random.default_rng(0)
    n = 120
    exit_days = rng.exponential(900, n) + 1
    spells = pd.DataFrame({"account_id": [f"{i}" for i in range(n)], "start": pd.Timestamp("2008-01-01"), "entry_days": 0.0,
                           "exit_days": exit_days, "cause": None, "lost": rng.random(n) < 0.5})  # fmt: skip
    groups = pd.Series(np.where(np.arange(n) % 3 == 0, "East", "West"), index=spells["account_id"])
    result = study_staying(spells, groups, "region")
    assert sum(int(curve["lost"].sum()) for name, curve in result.curves.items() if name) == result.n_lost
    assert result.hazards["n_lost"].sum() == result.n_lost
    assert result.hazards["account_years"].sum() == pytest.approx(exit_days.sum() / 365.25, rel=1e-9)
    assert result.cohort_table().frame["n_accounts"].sum() == n


def test_nobody_lost_and_nobody_watched_are_spells_and_curves_like_any_other(losses):
    first_seen = pd.Series({"a": pd.Timestamp("2010-01-01"), "b": pd.Timestamp("2011-01-01")})
    none = Losses("silence", losses.as_of, losses.frame.iloc[:0])
    spells = make_spells(first_seen, none, pd.Timestamp("2010-01-01"))
    assert spells["lost"].tolist() == [False, False]
    assert survival_at(study_staying(spells, pd.Series({"a": "x"}), "region").curves[""], 365.0)[0] == 1.0
    nobody = make_spells(first_seen.mask(first_seen.notna()), none, pd.Timestamp("2010-01-01"))
    staying = study_staying(nobody, pd.Series({"a": "x"}), "region")
    assert staying.n_accounts == 0
    assert staying.findings()[0].value is None
    assert staying.table().frame["n_accounts"].tolist() == [0]
