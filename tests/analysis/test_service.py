"""Service by tier: what was planted is found, and few accounts are not made to speak."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis.service.care import ACCOUNTS, COMPLAINTS, Care
from kamresearch.data.contract import TABLES
from kamresearch.data.simulate import Surveys
from kamresearch.data.simulate.surveys import make_surveys
from kamresearch.data.tables import shape_frame
from kamresearch.figures.registry import draw_figure
from kamresearch.finding import Findings

pytestmark = pytest.mark.unit

DAY = pd.Timestamp("2012-12-31")
PROMISED = {"A": 4.0, "B": 2.0, "C": 1.0}


def make_care(visits, complaints=()):
    """Care of accounts by tier → their visits, and complaints as (days, solved)."""
    rows = [(tier, count) for tier, counts in visits.items() for count in counts]
    accounts = pd.DataFrame(rows, columns=["tier", "visits"]).assign(
        region="East", manager_id="M1", channel="direct", profit=100.0, calls=1, account_name="x"
    )
    accounts["account_id"] = [f"A{n}" for n in range(len(accounts))]
    told = pd.DataFrame(complaints, columns=["days", "solved"]).astype(
        {"days": float, "solved": bool}
    )
    told = told.assign(
        event_id=[f"E{n}" for n in range(len(told))],
        account_id="A0",
        account_name="x",
        tier="A",
        manager_id="M1",
        event_date=DAY - pd.to_timedelta(told["days"], unit="D"),
    )
    return Care(accounts[ACCOUNTS], told[COMPLAINTS], DAY, True)


def told(care, limit=10):
    results = kam.service.measure_standard(care, PROMISED), kam.service.time_complaints(care, limit)
    return Findings(one for result in results for one in result.findings())


@pytest.mark.slow
def test_planted_visit_rates_lie_within_their_intervals_and_the_gap_is_told():
    rng = np.random.default_rng(5)
    rates = {"A": 3.0, "B": 1.5, "C": 0.4}
    care = make_care({tier: rng.poisson(rate, 150) for tier, rate in rates.items()})
    found = told(care)
    for tier, rate in rates.items():
        bounds = found[f"service.visits_{tier.lower()}"].interval
        assert bounds.low < rate < bounds.high, tier
    assert found["service.a_over_b"].interval.low < 2.0 < found["service.a_over_b"].interval.high
    assert "more visits" in found["service.a_over_b"].sentence.render("en")


def test_equal_care_of_two_tiers_is_told_as_such():
    rng = np.random.default_rng(6)
    care = make_care({tier: rng.poisson(0.7, 60) for tier in "ABC"})
    assert "not shown" in told(care)["service.a_over_b"].sentence.render("en")


def test_a_promise_by_hand_counts_no_visit_beyond_it_for_another_account():
    care = make_care({"A": [8, 0], "B": [2, 2], "C": []})
    result = kam.service.measure_standard(care, PROMISED)
    assert result.kept == (4 + 0 + 2 + 2) / 12
    assert result.kept_interval is None, "four accounts carry no interval"
    assert result.frame.set_index("tier").loc["A", "profit_per_visit"] == 25.0


def test_few_accounts_get_no_figure_of_their_own():
    care = make_care({"A": [1] * 9, "B": [1] * 9, "C": [1] * 2})
    found = told(care)
    assert found["service.visits_a"].value is None
    assert found["service.a_over_b"].value is None
    assert found["service.kept"].value is not None
    assert len(kam.service.measure_standard(care, PROMISED).groups) == 3


def test_complaints_that_are_still_open_are_not_forgotten():
    solved = [(2, True)] * 10
    waiting = [(40, False)] * 10
    found = told(make_care({"A": [1] * 12}, solved + waiting))
    assert found["service.within_limit"].value == pytest.approx(0.5)
    assert found["service.n_overdue"].value == 10


def test_a_planted_rate_of_solving_lies_within_its_interval():
    rng = np.random.default_rng(7)
    days, watched = rng.geometric(0.1, 300) - 1, rng.integers(0, 90, 300)
    care = make_care({"A": [1] * 12}, list(zip(np.minimum(days, watched), days <= watched)))
    bounds = told(care)["service.within_limit"].interval
    assert bounds.low < 1 - 0.9**11 < bounds.high


@pytest.mark.parametrize(
    "complaints",
    [[], [(3, True)] * 3, [(50, False)] * 30, [(0, True)] * 30, [(50, True)] * 30],
    ids=["none", "few", "all open", "solved at once", "solved late"],
)
def test_awkward_complaints_give_numbers_or_reasons(complaints):
    found = told(make_care({"A": [0] * 12, "B": [0] * 12}, complaints))
    assert len(found) == 8
    assert found["service.a_over_b"].value is None, "no visit, no ratio"
    assert found["service.kept"].value == 0


def test_without_the_table_every_number_says_what_it_needs():
    care = kam.service.read_care(SimpleNamespace(has=lambda _name: False), "2012-12-31")
    for one in told(care).values():
        assert one.value is None
        assert "service_events" in one.reason.render("en")


@pytest.mark.slow
def test_the_cases_visits_are_those_of_its_file(case_folder, case_tables):
    care = kam.service.read_care(case_tables, "2012-12-31")
    events = pd.read_parquet(case_folder / "service_events.parquet")
    day = pd.to_datetime(events["event_date"])
    year = events[(day > "2012-01-01") & (day <= "2012-12-31") & (events["kind"] == "visit")]
    want = year["account_id"].value_counts().reindex(care.accounts["account_id"]).fillna(0)
    assert care.accounts["visits"].tolist() == want.astype(int).tolist()
    assert {"A", "B", "C"} == set(care.accounts["tier"])


def ask(surveys, seed=5, n=500):
    """Marks and service events of made-up accounts, as the study reads them, and the truth."""
    rng = np.random.default_rng(seed)
    calendar = kam.simulate.Calendar.between("2009-01-01", "2012-12-31")
    here = np.ones((n, len(calendar)))
    ids = pd.Series([f"A{number:04d}" for number in range(n)])
    k = 14 * n
    service = pd.DataFrame(
        {
            "account_id": ids.to_numpy()[rng.integers(0, n, k)],
            "event_date": calendar.start + rng.integers(0, 4 * 365, k),
            "kind": rng.choice(["complaint", "visit", "delivery_delay", "repair"], k),
            "resolved_days": np.round(rng.gamma(2, 8, k)),
        }
    )
    lives = SimpleNamespace(low=0 * here, high=here)
    profile = {"first": 0, "n": n}
    return service, make_surveys(profile, lives, calendar, surveys, service, ids, seed)


def company(service, marks, **more):
    frames = {"service_events": service, "surveys": marks, **more}
    frames = {
        name: shape_frame(frame.reset_index(drop=True), TABLES[name].columns)
        for name, frame in frames.items()
    }
    return SimpleNamespace(has=frames.__contains__, frame=frames.__getitem__)


def of_marks(tables, tier="A"):
    care = make_care({tier: [1] * 500})
    who = [f"A{number:04d}" for number in range(500)]
    care = dataclasses.replace(care, accounts=care.accounts.assign(account_id=who))
    marks = kam.service.read_marks(tables, care)
    return marks, kam.service.weigh_drivers(tables, marks, limit_days=10)


@pytest.mark.recovery
@pytest.mark.slow
def test_what_was_planted_behind_the_marks_lies_within_its_interval():
    planted = Surveys(yearly=1.5)
    service, marks = ask(planted)
    told, drivers = of_marks(company(service, marks))
    found = drivers.frame.set_index("driver")
    shown = np.sqrt(1 + planted.spread**2)  # over all accounts an effect shows divided by this
    pairs = {"late": "late", "open": "open", "visits": "visit", "delays": "delay"}
    for name, setting in pairs.items():
        truth = getattr(planted, setting) / shown
        assert found.loc[name, "low"] < truth < found.loc[name, "high"], name
        assert np.sign(found.loc[name, "points"]) == np.sign(truth)
        assert abs(found.loc[name, "high"] - found.loc[name, "low"]) < 1.2 * abs(truth), "no news"
    assert "not shown" in drivers.closing()[0].render("en")
    year = marks[(marks["date"] > "2012-01-01") & (marks["kind"] == "relation")]
    assert told.mean == pytest.approx(year["mark"].mean())
    assert told.interval.low < told.mean < told.interval.high
    assert draw_figure(drivers, "service.drivers").data.frame is not None


@pytest.mark.slow
def test_marks_that_hang_on_nothing_are_not_explained():
    nothing = Surveys(yearly=1.0, late=0, open=0, visit=0, delay=0)
    found = of_marks(company(*ask(nothing, seed=8)))[1].frame
    assert ((found["points_low"] < 0) & (found["points_high"] > 0)).all()


def test_marks_of_one_scale_are_not_mixed_with_those_of_another():
    rows = [(f"A{n:04d}", "2012-06-01", "relation", 8, 10) for n in range(30)]
    rows += [(f"A{n:04d}", "2012-06-02", "relation", 3, 5) for n in range(12)]
    rows += [(f"A{n:04d}", "2012-06-03", "occasion", 5, 5) for n in range(90)]
    frame = pd.DataFrame(rows, columns=["account_id", "date", "kind", "mark", "scale"])
    service, _marks = ask(Surveys(), n=20)
    marks, drivers = of_marks(company(service, frame))
    assert (marks.mean, marks.scale, marks.n_other) == (8.0, 10, 102)
    assert marks.interval is None, "marks that are all alike carry no interval"
    assert drivers.frame.empty


@pytest.mark.parametrize(
    "change",
    [
        lambda marks: marks.iloc[:0],
        lambda marks: marks.iloc[:40],
        lambda marks: marks.assign(mark=7.0),
        lambda marks: marks.assign(mark=99.0),
        lambda marks: marks.assign(account_id="A0001"),
        lambda marks: marks.assign(mark=np.nan),
        lambda marks: marks.assign(mark=np.where(marks["true_open"] > 0, 0.0, 10.0)),
    ],
    ids=["empty", "few", "alike", "off the scale", "one account", "no mark", "apart"],
)
def test_awkward_marks_give_numbers_or_reasons(change):
    service, marks = ask(Surveys(yearly=0.5), n=300)
    for result in of_marks(company(service, change(marks))):
        for one in result.findings():
            assert (one.value is None) != (one.reason is None), one.id
            assert one.value is None or np.isfinite(one.value)
        for one in result.shows:
            if one.by and result.why_not(one.id) is None:
                getattr(result, one.by)()


def test_without_surveys_or_events_the_marks_say_what_they_need():
    service, marks = ask(Surveys(), n=300)
    bare = SimpleNamespace(has=lambda _name: False)
    for result in of_marks(bare):
        assert "surveys" in result.reason.render("en")
    tables = company(service, marks)
    part = SimpleNamespace(has=lambda name: name == "surveys", frame=tables.frame)
    assert "service_events" in of_marks(part)[1].reason.render("en")
