"""The list of what to do: nothing contradicts, everyone named can, and bad input is met in words."""

import sys

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis import resampling
from kamresearch.analysis.decisions import CONTRADICTIONS, FRAME
from kamresearch.analysis.decisions.backtest import Backtest
from kamresearch.analysis.decisions.dealings import describe_dealings
from kamresearch.analysis.decisions.history import describe_past, read_history
from kamresearch.analysis.organisation.serving import can_serve
from kamresearch.errors import ParameterError

pytestmark = pytest.mark.slow

DAY = "2012-12-31"


@pytest.fixture(scope="module")
def listed(case_tables):
    return kam.decisions.from_tables(case_tables, DAY)


def days(*texts):
    return pd.to_datetime(list(texts))


def write(folder, **frames):
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return kam.open_data(folder)


def company(n=6, seed=0, months=48):
    """Accounts that order each month, some of them falling silent."""
    rng = np.random.default_rng(seed)
    ids = [f"a{place:02d}" for place in range(n)]
    rows = [
        (one, day, float(rng.integers(50, 150)))
        for place, one in enumerate(ids)
        for day in pd.date_range("2009-01-15", periods=months - (place % 3) * 6, freq="MS")
    ]
    orders = pd.DataFrame(rows, columns=["account_id", "order_date", "revenue"])
    orders["order_id"] = [f"o{place}" for place in range(len(orders))]
    accounts = pd.DataFrame({"account_id": ids, "account_name": ids})
    return {"accounts": accounts, "orders": orders}


def check_consistent(decisions):
    frame = decisions.frame
    assert not frame.duplicated(["account_id", "kind"]).any()
    for _account, part in frame.groupby("account_id"):
        kinds = part["kind"].tolist()
        pairs = {frozenset((a, b)) for a in kinds for b in kinds if a != b}
        assert not pairs & CONTRADICTIONS
        assert part["owner"].nunique() == 1
    lost = frame["standing"] == "lost"
    assert frame.loc[lost, "kind"].isin(("win_back", "review")).all()
    assert not (frame.loc[~lost, "kind"] == "win_back").any()


@pytest.mark.recovery
def test_the_list_of_the_built_in_case_can_be_followed(listed):
    check_consistent(listed)
    frame, managers = listed.frame, listed.records.managers.set_index("manager_id")
    assert list(frame.columns) == list(FRAME)
    assert {"save", "renew", "win_back"} <= set(frame["kind"])
    owners = managers.loc[frame["owner"]].reset_index()
    serves = can_serve(frame[["region", "channel"]], owners)
    assert serves.diagonal().all()
    used = frame.groupby("owner")["hours"].sum()
    limits = managers["capacity_hours"] * listed.assumptions.hours_share
    assert (used <= limits.reindex(used.index) + 1e-6).all()
    assert frame["gain_per_hour"].is_monotonic_decreasing
    assert frame["rank"].tolist() == list(range(1, len(frame) + 1))


@pytest.mark.recovery
def test_accounts_without_a_manager_are_given_one_or_told_that_nobody_can(listed):
    frame = listed.records.frame
    bare = set(frame.loc[frame["manager_problem"].notna(), "account_id"])
    assert bare
    told = listed.frame.loc[listed.frame["kind"] == "assign", "account_id"]
    rest = listed.left_out[listed.left_out["kind"] == "assign"]
    assert set(told) | set(rest["account_id"]) == bare
    assert rest["reason"].isin(("nobody_serves", "no_hours", "too_many")).all()


@pytest.mark.golden
def test_who_was_lost_in_2012_and_stayed_away_stands_there_as_lost_with_its_revenue(
    case_tables, listed
):
    """Beside the raw tables: events of the year, and orders of the twelve months to the loss."""
    events = case_tables.frame("churn_events")
    orders = case_tables.frame("orders", limit=100_000)
    year = events[events["churn_date"].between("2012-01-01", DAY)]
    away = year[year["return_date"].isna() | (year["return_date"] > DAY)]
    assert away["account_id"].nunique() == len(away) == 42
    told = listed.records.frame.set_index("account_id").loc[away["account_id"]]
    assert set(told["standing"]) == {"lost"}
    left = away.set_index("account_id")["churn_date"]
    mine = orders[orders["account_id"].isin(left.index)]
    gone, bought = pd.DatetimeIndex(left.reindex(mine["account_id"])), mine["order_date"].dt
    months = 12 * (gone.year - bought.year) + gone.month - bought.month
    sums = mine[months.between(0, 11)].groupby("account_id")["revenue"].sum()
    expected = sums.reindex(told.index).fillna(0.0).clip(lower=0)
    assert told["revenue_at_stake"].tolist() == pytest.approx(expected.tolist())
    assert set(listed.frame.loc[listed.frame["account_id"].isin(left.index), "kind"]) <= {
        "win_back",
        "review",
    }


@pytest.mark.recovery
def test_every_proposal_is_on_the_list_or_left_out_with_a_reason(listed):
    from kamresearch.analysis.decisions import propose

    n = len(propose(listed.records, listed.assumptions))
    assert len(listed.frame) + len(listed.left_out) == n
    assert listed.left_out["reason"].isin(kam.decisions.REASONS).all()


@pytest.mark.properties
def test_what_comes_after_the_day_changes_nothing(case_tables):
    late = read_history(case_tables, DAY).until(pd.Timestamp("2010-12-31"))
    then = read_history(case_tables, "2010-12-31")
    pd.testing.assert_frame_equal(describe_past(late), describe_past(then), check_freq=False)


@pytest.mark.unit
def test_limits_bind(case_tables):
    small = kam.decisions.from_tables(case_tables, DAY, capacity=40, budget=1e6, most=5)
    assert len(small.frame) <= 5
    assert small.frame["hours"].sum() <= 40
    assert small.frame["cost"].sum() <= 1e6
    check_consistent(small)


@pytest.mark.unit
def test_without_hours_or_places_there_is_no_list_and_a_reason(case_tables):
    for limits in ({"capacity": 0}, {"most": 0}):
        nothing = kam.decisions.from_tables(case_tables, DAY, **limits)
        assert nothing.frame.empty
        told = {finding.id: finding for finding in nothing.findings()}
        assert told["decisions.gain"].reason is not None


@pytest.mark.unit
def test_without_money_only_what_costs_none_is_told(case_tables):
    free = kam.decisions.from_tables(case_tables, DAY, budget=0)
    assert (free.frame["cost"] == 0).all()


@pytest.mark.unit
def test_accounts_and_orders_suffice_and_the_list_says_what_more_would_bring(tmp_path):
    decisions = kam.decisions.from_tables(write(tmp_path, **company()), DAY, contact_cost=0.0)
    check_consistent(decisions)
    assert len(decisions.frame)
    assert set(decisions.records.absent) >= {"churn_events", "contracts", "managers"}
    assert len(decisions.caveats) > len(decisions.records.absent)


@pytest.mark.recovery
def test_orders_alone_put_those_first_who_fade_and_say_what_would_tell_more(tmp_path):
    """No contracts, managers, recorded losses or cost: silence, fall and size still speak."""
    rng, months = np.random.default_rng(5), pd.date_range("2007-01-15", "2012-12-15", freq="MS")
    rows, fading = [], [f"f{place}" for place in range(8)]
    ends = dict.fromkeys(fading, 74)  # on the way out, and still there
    ends |= {f"l{place:02d}": int(rng.integers(24, 64)) for place in range(40)}
    for one in [*ends, *(f"s{place:02d}" for place in range(40))]:
        for number, day in enumerate(months[: ends.get(one, 99)]):
            late = number > ends.get(one, 99) - 9
            if not late or number % 3 == 0:
                rows.append((one, day, float(rng.integers(50, 150)) * 1e4))
    orders = pd.DataFrame(rows, columns=["account_id", "order_date", "revenue"])
    orders["order_id"] = [f"o{place}" for place in range(len(orders))]
    accounts = pd.DataFrame({"account_id": orders["account_id"].unique()})
    accounts["account_name"] = accounts["account_id"]
    found = kam.decisions.from_tables(write(tmp_path, accounts=accounts, orders=orders), DAY)
    check_consistent(found)
    assert set(found.records.risk.used) & {"fading", "silence", "fall"}
    saved = found.frame.loc[found.frame["kind"] == "save", "account_id"]
    assert set(saved.head(8)) == set(fading)
    said = " ".join(text.render("en") for text in found.caveats)
    for word in ("recorded losses", "contracts", "managers", "no cost"):
        assert word in said


@pytest.mark.unit
def test_a_company_of_one_account_gets_a_list(tmp_path):
    decisions = kam.decisions.from_tables(write(tmp_path, **company(1)), DAY)
    assert len(decisions.frame) <= 1


@pytest.mark.unit
def test_where_all_accounts_are_lost_only_winning_back_is_left(tmp_path):
    frames = company(3)
    lost = pd.DataFrame(
        {
            "account_id": frames["accounts"]["account_id"],
            "churn_date": days("2012-06-30", "2012-07-31", "2010-08-31"),
            "cause": "price",
        }
    )
    tables = write(tmp_path, **frames, churn_events=lost)
    decisions = kam.decisions.from_tables(tables, DAY, contact_cost=0.0)
    assert set(decisions.frame["kind"]) <= {"win_back", "review"}


MANAGERS = pd.DataFrame(
    {
        "manager_id": ["stays", "gone", "far"],
        "region": ["North", "North", "South"],
        "role": ["direct_manager"] * 3,
        "capacity_hours": [400.0] * 3,
        "start_date": days("2008-01-01", "2008-01-01", "2008-01-01"),
        "end_date": days(None, "2012-10-01", None),
    }
)


def staffed(tmp_path, holder):
    frames = company(2)
    frames["accounts"]["region"] = "North"
    spells = pd.DataFrame(
        {
            "account_id": frames["accounts"]["account_id"],
            "manager_id": holder,
            "from": days("2010-01-01", "2010-01-01"),
        }
    )
    return write(tmp_path, **frames, managers=MANAGERS, assignments=spells)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("holder", "problem"), [("gone", "left"), ("far", "unfit"), ("nobody_knows", "unknown")]
)
def test_an_account_in_unfit_hands_is_assigned_to_who_serves_it(tmp_path, holder, problem):
    decisions = kam.decisions.from_tables(staffed(tmp_path, holder), DAY, contact_cost=0.0)
    assert set(decisions.records.frame["manager_problem"]) == {problem}
    assigned = decisions.frame[decisions.frame["kind"] == "assign"]
    assert set(assigned["owner"]) == {"stays"}
    assert set(decisions.frame["owner"]) == {"stays"}


@pytest.mark.unit
def test_where_the_only_owner_is_gone_the_list_says_that_nobody_can(tmp_path):
    tables = staffed(tmp_path, "gone")
    frames = {"accounts": tables.frame("accounts").assign(region="West")}
    frames["accounts"].to_parquet(tmp_path / "accounts.parquet", index=False)
    decisions = kam.decisions.from_tables(kam.open_data(tmp_path), DAY, contact_cost=0.0)
    assert decisions.frame.empty
    assert set(decisions.missing["reason"]) == {"nobody_serves"}
    assert decisions.missing["region"].tolist() == ["West"]


@pytest.mark.unit
def test_a_contract_that_ended_before_it_began_is_a_conflict_and_no_renewal(tmp_path):
    contracts = pd.DataFrame(
        {
            "contract_id": ["k1"],
            "account_id": ["a00"],
            "start_date": days("2013-02-01") - pd.Timedelta(days=60),
            "end_date": days("2012-11-01"),
            "annual_value": [1e6],
        }
    )
    tables = write(tmp_path, **company(2), contracts=contracts)
    decisions = kam.decisions.from_tables(tables, DAY)
    assert decisions.conflicts["conflict"].tolist() == ["contract_backwards"]
    assert "renew" not in set(decisions.frame["kind"])
    assert "review" in set(decisions.frame["kind"])


@pytest.mark.unit
def test_an_account_in_two_regions_is_named_not_settled(tmp_path):
    frames = company(2)
    frames["accounts"]["region"] = "North"
    record = pd.DataFrame(
        {
            "department": ["finance"],
            "record_id": ["f1"],
            "account_id": ["a01"],
            "account_name": ["a01"],
            "region": ["South"],
            "updated": days("2012-01-01"),
        }
    )
    decisions = kam.decisions.from_tables(write(tmp_path, **frames, departments=record), DAY)
    assert decisions.conflicts[["account_id", "conflict"]].to_numpy().tolist() == [
        ["a01", "two_regions"]
    ]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"acceptance": 2.0}, "shares from 0 to 1"),
        ({"acceptence": 0.3}, "no such one"),
        ({"capacity": -1}, "from 0 up"),
        ({"budget": -5.0}, "from 0 up"),
    ],
)
def test_an_assumption_or_limit_that_cannot_be_is_refused_in_words(case_tables, given, words):
    with pytest.raises(ParameterError, match=words):
        kam.decisions.from_tables(case_tables, DAY, **given)


@pytest.mark.properties
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_simulated_companies_nothing_contradicts_and_ten_hold_half_of_the_risk(tmp_path, seed):
    folder = tmp_path / "world"
    kam.simulate.simulate(folder, accounts=80, random_state=seed)
    found = kam.decisions.from_tables(kam.open_data(folder), DAY)
    check_consistent(found)
    assert found.stake_share() >= 0.5


@pytest.fixture(scope="module")
def tested(case_tables):
    return kam.decisions.backtest(case_tables, DAY)


@pytest.mark.recovery
def test_the_list_is_tested_at_six_earlier_days_beside_simple_orders(tested):
    assert len(tested.days) == 6
    assert (pd.to_datetime(tested.days["day"]) <= pd.Timestamp("2011-12-31")).all()
    frame = tested.frame.set_index("order")
    assert list(frame.index) == ["list", "largest", "silence", "fall", "lot"]
    assert ((frame["low"] <= frame["share"]) & (frame["share"] <= frame["high"])).all()
    assert frame.loc["lot", "lift"] == pytest.approx(1.0, abs=0.05)
    assert tested.ahead[1] <= tested.ahead[0] <= tested.ahead[2]
    # The days' shares, weighed by what was lost, are the share of all days together.
    days, lost = tested.days[list(frame.index)], tested.days["value_lost"]
    together = days.mul(lost, axis=0).sum() / lost.sum()
    assert together.tolist() == pytest.approx(frame["share"].tolist())


@pytest.mark.recovery
def test_a_part_of_the_draws_at_a_time_gives_what_all_at_once_give(
    tested, case_tables, monkeypatch
):
    """And days enough are three, where they hold losses enough."""
    backtest = sys.modules[Backtest.__module__]
    monkeypatch.setattr(resampling, "AT_A_TIME", 4_000)
    pd.testing.assert_frame_equal(kam.decisions.backtest(case_tables, DAY).frame, tested.frame)
    monkeypatch.setattr(backtest, "ENOUGH_LOST", 20)
    assert len(kam.decisions.backtest(case_tables, DAY).days) == 3 < len(tested.days)


@pytest.mark.unit
def test_a_history_without_an_earlier_day_says_so(tmp_path):
    tested = kam.decisions.backtest(write(tmp_path, **company(3, months=12)), "2009-12-31")
    assert tested.reason is not None
    assert all(finding.reason is not None for finding in tested.findings())


@pytest.mark.unit
def test_a_list_that_named_none_of_the_few_lost_claims_no_interval_of_no_width():
    row = {"order": "list", "share": 0.0, "low": 0.0, "high": 0.0, "precision": 0.0}
    frame = pd.DataFrame([{**row, "lift": 0.0, "lift_low": 0.0, "lift_high": 0.0}])
    days = pd.DataFrame({"day": ["2011-12-31"], "n_lost": [2]})
    share, lift, ahead = Backtest(frame, days, (-0.4, -0.9, 0.0)).findings()
    assert share.value is share.interval is lift.value is lift.interval is None
    assert "too few were lost" in share.reason.render("en")
    assert ahead.value == -0.4


@pytest.mark.recovery
def test_ten_instructions_hold_at_least_half_of_the_value_at_risk_on_the_list(listed):
    assert len(listed.first()) == 10
    assert listed.stake_share() >= 0.5


@pytest.mark.unit
def test_where_few_gain_much_and_many_risk_much_the_first_are_chosen_by_risk(listed):
    """Twelve that gain 2 with 1 at stake, five that gain 1 with 10: half of 62 lies in the five."""
    from dataclasses import replace

    stakes, gains = [1.0] * 12 + [10.0] * 5, [2.0] * 12 + [1.0] * 5
    rows = {"account_id": [f"z{k:02d}" for k in range(17)], "kind": "save", "stake": stakes}
    frame = pd.DataFrame({**rows, "expected_gain": gains})
    few = replace(listed, frame=frame)
    assert few.stake_share(10) == pytest.approx(46 / 62)
    twice = frame.iloc[[12]].assign(kind="renew", expected_gain=9.0)
    both = replace(listed, frame=pd.concat([frame, twice], ignore_index=True))
    assert both.stake_share(10) == pytest.approx(46 / 62, abs=10 / 62)


@pytest.mark.unit
def test_an_offer_that_disturbs_some_pays_for_fewer_accounts(listed):
    from kamresearch.analysis.decisions import Assumptions, propose

    def gains(disturbed: float) -> pd.Series:
        rows = propose(listed.records, Assumptions(disturbed=disturbed))
        return rows[rows["kind"] == "save"].set_index("account_id")["expected_gain"]

    calm, some = gains(0.0), gains(0.2)
    here = listed.records.frame.set_index("account_id").loc[calm.index]
    assert (calm - some).to_numpy() == pytest.approx(
        (0.2 * here["chance"] * here["value"]).to_numpy()
    )
    assert (some > 0).sum() < (calm > 0).sum()


@pytest.mark.unit
def test_the_first_ten_are_tried_under_other_assumptions(listed):
    varied = kam.decisions.vary(listed)
    assert varied.frame["share"].between(0, 1).all()
    assert len(varied.frame) == 6


@pytest.mark.recovery
def test_a_signal_without_shown_lift_is_named_and_not_used(listed):
    signals = listed.records.risk.signals
    assert (signals["used"] == (signals["low"] > 1)).all()
    told = set(listed.records.frame["signal"].dropna())
    assert told <= set(listed.records.risk.used)


@pytest.mark.recovery
def test_an_accounts_page_says_what_is_known_of_it_and_of_no_other(case_tables, listed):
    result, history = listed, read_history(case_tables, DAY)
    made = kam.decisions.describe_accounts(result, history, "A")
    index = made.index.frame.set_index("account_id")
    assert set(result.frame["account_id"]) <= set(made.keys)
    assert set(index.index[index["tier"] == "A"]) <= set(made.keys)
    assert index.loc[index["standing"] == "lost", ["tier", "headroom"]].isna().all().all()
    assert set(result.lost_and_back["account_id"]) <= set(made.keys), (
        "each row of the lost leads on"
    )
    assert len(made.keys) < len(index)
    chances = index.loc[index["chance"].notna(), ["chance", "usual"]]
    assert chances["usual"].unique() == pytest.approx([chances["chance"].mean()])
    heads = [column.name for column in result.table().columns]
    assert heads.index("due") < heads.index("why"), "owner and day show before a page ends"
    assert kam.decisions.describe_accounts(result, history, "none").keys == ()
    orders = case_tables.frame("orders", limit=100_000)
    inside = orders["order_date"].between("2011-01-01", DAY)
    own = orders[inside & (orders["account_id"] == made.keys[0])]["revenue"].sum()
    months = next(part.table.frame for part in made.parts if part.bars)
    assert months.loc[months["account_id"] == made.keys[0], "revenue"].sum() == pytest.approx(own)
    assert (made.parts[6].table.frame.groupby("account_id").size() <= 10).all()


@pytest.mark.recovery
def test_the_list_comes_first_where_more_accounts_would_have_a_page_than_anybody_reads(
    case_tables, listed, monkeypatch
):
    describe, history = kam.decisions.describe_accounts, read_history(case_tables, DAY)
    every, first = describe(listed, history, "A").keys, set(listed.frame["account_id"])
    monkeypatch.setattr(sys.modules[describe.__module__], "MOST_PAGES", len(first) + 3)
    made = describe(listed, history, "A")
    assert len(made.keys) == len(first) + 3 < len(every)
    assert first <= set(made.keys) <= set(every)
    assert f"Of {len(every)} that" in made.index.caption.render("en")
    assert set(every) < set(describe(listed, history, "all").keys)


@pytest.mark.unit
def test_an_accounts_page_tells_of_deals_plans_deeds_and_people_as_they_were_on_the_day(tmp_path):
    one = {"account_id": ["a00", "a00"]}
    tables = write(
        tmp_path,
        **company(2),
        opportunities=pd.DataFrame(
            {
                **one,
                "opportunity_id": ["d1", "d2"],
                "outcome": ["lost", "won"],
                "opened": days("2009-02-01", "2009-03-01"),
                "closed": days("2009-05-01", "2010-05-01"),
            }
        ),
        plans=pd.DataFrame(
            {**one, "objective": ["x", "y"], "due": days("2010-02-01", "2009-02-01")}
        ),
        actions=pd.DataFrame(
            {
                **one,
                "kind": ["save", "renew"],
                "proposed_on": days("2009-06-30", "2010-06-30"),
                "done_on": days("2010-03-01", None),
            }
        ),
        coverage=pd.DataFrame(
            {
                **one,
                "layer": ["core", "support"],
                "function": ["sales", "finance"],
                "role": ["r", "s"],
                "person_id": ["M1", None],
            }
        ),
        contacts=pd.DataFrame(
            {
                **one,
                "contact_id": ["k1", "k2"],
                "influence": [1, 5],
                "last_met": days("2009-02-01", "2010-02-01"),
            }
        ),
    )
    day = pd.Timestamp("2009-12-31")
    parts = [part.table.frame for part in describe_dealings(tables, day, ("a00",))]
    assert not any(len(part.table.frame) for part in describe_dealings(tables, day, ("a01",)))
    deals, plan, actions, team, people = parts
    assert deals["state"].tolist() == ["open", "lost"], "decided later is open on the day"
    assert deals["opened"].tolist() == list(days("2009-03-01", "2009-02-01"))
    assert plan[["objective", "state"]].values.tolist() == [["y", "overdue"], ["x", "open"]]
    assert actions["kind"].tolist() == ["save"]
    assert actions["done_on"].isna().all()
    assert team["person_id"].tolist() == ["M1", "vacant"]
    assert people["influence"].tolist() == [5, 1]
    assert people["last_met"].isna().tolist() == [True, False]
