"""What a company of very many accounts costs: counted in comparisons, variables and rows, and never
by a clock.
"""

import importlib

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from kamresearch.analysis.churn.learners import Boosted, Linear
from kamresearch.analysis.churn.losses import Losses
from kamresearch.analysis.churn.panel import Panel, draw_accounts
from kamresearch.analysis.decisions.assumptions import Assumptions
from kamresearch.analysis.decisions.reconcile import Limits, reconcile
from kamresearch.analysis.organisation.serving import can_serve, find_serving
from kamresearch.analysis.segmentation.draws import RevenueDraws, draw_revenue
from kamresearch.analysis.trend.intermittent import are_intermittent, is_intermittent
from kamresearch.analysis.warning.lift import measure_lift
from kamresearch.analysis.warning.rhythm import Watch
from kamresearch.analysis.warning.thresholds import Thresholds

REGIONS = ("North", "South", "West")


def propose(n, seed=0):
    """Proposals of n accounts in three regions, some accounts with two."""
    rng = np.random.default_rng(seed)
    account = np.arange(n).repeat(1 + (np.arange(n) % 3 == 0))
    frame = pd.DataFrame(
        {
            "account_id": [f"a{one:05d}" for one in account],
            "expected_gain": rng.lognormal(3, 1, len(account)),
            "hours": rng.choice([1.0, 4.0, 6.0, 8.0], len(account)),
            "cost": 1.0,
            "holder": [f"m{one}" for one in rng.integers(0, 12, len(account))],
        }
    )
    frame["kind"] = np.where(frame["account_id"].duplicated(), "mend", "save")
    accounts = pd.DataFrame({"account_id": frame["account_id"].unique()})
    accounts["region"] = [REGIONS[place % 3] for place in range(len(accounts))]
    return frame, accounts.assign(channel="direct")


def employ(n):
    """So many managers, region after region."""
    ids = [f"m{one}" for one in range(n)]
    frame = pd.DataFrame({"manager_id": ids, "channel": None, "role": "key_account_manager"})
    frame["region"] = [REGIONS[place % 3] for place in range(n)]
    return frame.assign(in_role=True, capacity_hours=[120.0 + 10 * (one % 4) for one in range(n)])


def solve_with(monkeypatch, n_managers, n_accounts=200):
    """The sizes of the programs solved, and what they gave."""
    module, sizes = importlib.import_module("kamresearch.analysis.decisions.reconcile"), []
    solve = module.solve_whole

    def count(worth, **options):
        sizes.append(len(worth))
        return solve(worth, **options)

    monkeypatch.setattr(module, "solve_whole", count)
    work, accounts = propose(n_accounts)
    found = reconcile(work, accounts, employ(n_managers), Limits(), Assumptions())
    monkeypatch.undo()
    return sizes, found


@pytest.mark.unit
def test_the_programs_of_a_list_do_not_grow_with_those_who_could_follow_it(monkeypatch):
    few, _few = solve_with(monkeypatch, 3)
    many, _many = solve_with(monkeypatch, 60)
    assert few == many
    assert len(many) == len(REGIONS)


@pytest.mark.unit
@pytest.mark.slow
def test_twice_the_accounts_are_no_more_than_twice_the_variables(monkeypatch):
    once, _once = solve_with(monkeypatch, 30, 300)
    twice, _twice = solve_with(monkeypatch, 60, 600)
    assert sum(twice) <= 2 * sum(once) + len(REGIONS)


@pytest.mark.golden
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_list_handed_out_among_a_team_gains_about_what_one_program_of_all_finds(seed):
    """Beside a program with a variable for each proposal and owner, solved by SciPy to the end."""
    work, accounts = propose(60, seed)
    managers = employ(6)
    found = reconcile(work, accounts, managers, Limits(), Assumptions())
    chosen = found.chosen
    hours = managers.set_index("manager_id")["capacity_hours"] * Assumptions().hours_share
    used = chosen.groupby("owner")["hours"].sum()
    assert (used <= hours.reindex(used.index) + 1e-9).all()
    assert (chosen.groupby("account_id")["owner"].nunique() == 1).all()
    assert not chosen.duplicated(["account_id", "kind"]).any()
    region = work["account_id"].map(accounts.set_index("account_id")["region"]).to_numpy()
    pair, by = np.nonzero(region[:, None] == managers["region"].to_numpy()[None, :])
    took = work["hours"].to_numpy()[pair]
    rows = [np.where(by == one, took, 0.0) for one in range(len(managers))]
    upper = list(hours)
    account = work["account_id"].to_numpy()[pair]
    for i in range(len(pair)):
        rows.append((np.arange(len(pair)) == i).astype(float))
        rows[-1][pair == pair[i]] = 1.0
        upper.append(1.0)
        for j in range(i):
            if account[i] == account[j] and by[i] != by[j]:
                rows.append(np.isin(np.arange(len(pair)), (i, j)).astype(float))
                upper.append(1.0)
    gain = work["expected_gain"].to_numpy()[pair]
    best = milp(
        -gain,
        integrality=np.ones(len(pair)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.array(rows), -np.inf, upper),
        options={"mip_rel_gap": 0.01},
    )
    assert chosen["expected_gain"].sum() >= 0.95 * -best.fun


@pytest.mark.unit
def test_a_limit_for_all_holds_across_teams():
    work, accounts = propose(90)
    limits = Limits(budget=20.0, most=15)
    chosen = reconcile(work, accounts, employ(9), limits, Assumptions()).chosen
    assert 0 < len(chosen) <= 15
    assert chosen["cost"].sum() <= 20


@pytest.mark.unit
def test_what_was_not_weighed_and_that_a_list_was_handed_out_is_told(monkeypatch):
    work, accounts = propose(90)
    module = importlib.import_module("kamresearch.analysis.decisions.reconcile")
    one_each = reconcile(work, accounts, employ(3), Limits(), Assumptions())
    assert (one_each.shared, one_each.unweighed) == (False, 0)
    monkeypatch.setattr(module, "MOST_WEIGHED", 10)
    teams = reconcile(work, accounts, employ(9), Limits(), Assumptions())
    assert (teams.shared, teams.unweighed) == (True, len(work) - 3 * 10)


@pytest.mark.unit
def test_without_managers_or_proposals_nothing_is_handed_out():
    work, accounts = propose(9)
    nobody = reconcile(work, accounts, employ(0), Limits(), Assumptions())
    assert nobody.chosen.empty
    assert set(nobody.left_out["reason"]) == {"nobody_serves"}
    assert reconcile(work.head(0), accounts, employ(3), Limits(), Assumptions()).chosen.empty
    free = reconcile(work, accounts, None, Limits(), Assumptions())
    assert len(free.chosen) == len(work)


@pytest.mark.unit
def test_who_serves_is_asked_by_place_and_not_by_account():
    _work, accounts = propose(3_000)
    managers = employ(30)
    serving = find_serving(accounts, managers)
    assert serving.fits.shape == (len(REGIONS), 30)
    told = accounts["region"].to_numpy()[:, None] == managers["region"].to_numpy()[None, :]
    np.testing.assert_array_equal(can_serve(accounts, managers), told)


class Counted(str):
    """An id that counts how often it is compared."""

    __slots__ = ()
    __hash__ = str.__hash__
    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)


def count_comparisons(n):
    """Comparisons of ids when the lift of a list of n accounts is measured, a third of them lost."""
    ids = np.array([Counted(f"a{one:05d}") for one in range(n)], dtype=object)
    lost = pd.DataFrame(
        {
            "account_id": pd.Series([Counted(one) for one in ids[::3]], dtype=object),
            "churn_date": pd.Timestamp("2011-06-30"),
            "return_date": pd.NaT,
        }
    )
    months = pd.date_range("2010-01-01", periods=12, freq="MS")
    zeros = np.zeros((n, 12))
    watch = Watch(ids, zeros + 1, zeros, zeros, months, zeros + 1, np.ones(n), np.ones(n))
    losses = Losses("recorded", pd.Timestamp("2012-12-31"), lost, {})
    Counted.compared = 0
    lift = measure_lift(watch, Thresholds(0.1, (0,)), losses, pd.Timestamp("2010-12-01"))
    assert (lift.n_watched, lift.n_lost) == (n, len(lost))
    return Counted.compared


@pytest.mark.unit
def test_accounts_are_looked_up_and_not_compared_with_each_other():
    assert count_comparisons(3_000) <= 20 * 3_000


@pytest.mark.unit
def test_the_accounts_to_learn_from_are_drawn_whole():
    ids = [f"a{one:04d}" for one in range(900)]
    frame = pd.DataFrame({"account_id": ids * 2, "cutoff": [1] * 900 + [2] * 900, "lost": 0})
    drawn = draw_accounts(Panel(frame, ("cutoff",), 365, 0), most=100).frame
    assert drawn["account_id"].nunique() == 100
    assert (drawn["account_id"].value_counts() == 2).all()


@pytest.mark.unit
def test_a_model_asked_for_one_column_grows_no_tree_beyond_it(monkeypatch):
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(300, 4))
    y = (Z[:, 0] + rng.normal(size=300) > 0).astype(float)
    straight, trees = Linear(True, (0.01, 0.1, 1.0)).fit(Z, y), Boosted(0).fit(Z, y)
    for model in (straight, trees):
        whole = model.scores(Z)
        for place in range(whole.shape[1]):
            np.testing.assert_array_equal(model.scores(Z, place)[:, 0], whole[:, place])
    asked, stages = [], trees.model_.staged_decision_function

    def watch(Z):
        for stage in stages(Z):
            asked.append(1)
            yield stage

    monkeypatch.setattr(trees.model_, "staged_decision_function", watch)
    trees.scores(Z, 1)
    assert len(asked) == 2 * Boosted.EVERY


@pytest.mark.unit
def test_draws_of_revenue_one_by_one_are_those_of_all_at_once():
    snapshot = pd.DataFrame(
        {"account_id": list("abcd"), "revenue_12m": [5.0, 0.0, -1.0, 9.0], "n_orders_12m": 3}
    )
    source, rng = RevenueDraws(snapshot), np.random.default_rng(4)
    one_by_one = np.vstack([source.draw(1, rng) for _draw in range(30)])
    np.testing.assert_array_equal(one_by_one, draw_revenue(snapshot, 30, 4))


@pytest.mark.properties
def test_intermittent_series_are_told_together_as_each_alone():
    rng = np.random.default_rng(0)
    values = rng.choice([0.0, 0.0, 1.0, 3.0, -1.0], (400, 12), p=[0.4, 0.2, 0.2, 0.19, 0.01])
    values[np.arange(400) % 5 == 0, :9] = np.nan
    alone = [is_intermittent(row[np.isfinite(row)]) for row in values]
    assert 0 < sum(alone) < 400
    np.testing.assert_array_equal(are_intermittent(values), alone)


@pytest.mark.unit
def test_the_table_of_growth_states_the_power_and_names_what_is_too_steep():
    from benchmarks.scale_growth import judge, tabulate

    def took(seconds, gb=1.0, code=0):
        memory = {"largest_gb": gb, "together_gb": 2 * gb}
        return {"code": code, "processor_seconds": seconds, "seconds": seconds, **memory}

    found = {
        4_000: {"even": took(10.0), "steep": took(10.0), "refused": took(1.0, code=2)},
        40_000: {"even": took(100.0), "steep": took(1_000.0, gb=5.0), "broken": took(1.0, code=1)},
    }
    table = tabulate(found).set_index("stage")
    assert table["power 4,000 to 40,000"].to_dict() == {"even": 1.0, "steep": 2.0}
    verdict = judge(found, {4_000: took(80.0)})
    assert "steep (2.00 up to 40,000)" in verdict
    assert "even" not in verdict
    assert "steep at 40,000 (5.0 GB)" in verdict
    assert "The whole of 4,000 accounts at once took 80 processor seconds" in verdict
    assert verdict.endswith("Failed: broken at 40,000.")
