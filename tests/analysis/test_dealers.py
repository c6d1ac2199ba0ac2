"""Dealers: a planted bad one is found, chance is not taken for a difference, gaps are told."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

import kamresearch as kam
from kamresearch.data.contract import TABLES
from kamresearch.data.simulate import Dealers, World, simulate
from kamresearch.data.tables import shape_frame
from kamresearch.figures.registry import draw_figure
from kamresearch.finding import Findings
from kamresearch.language import use_language

pytestmark = pytest.mark.unit

DAY = "2012-12-31"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return simulate(
        tmp_path_factory.mktemp("dealers"),
        accounts=900,
        random_state=5,
        start="2011-01-01",
        messy=False,
        world=World(
            dealers=Dealers(per_region=1, margin_gap=0.12, loss_ratio=4, slow_ratio=6),
            departments_most=0,
        ),
    )


@pytest.fixture(scope="module")
def tables(folder):
    for name in ("assignments", "contracts", "coverage", "managers", "overrides", "programme"):
        for path in folder.glob(f"{name}.*"):  # nobody asks them here, and opening takes a while
            path.unlink()
    return kam.open_data(folder)


def tell(tables, day=DAY):
    dealings = kam.dealers.read_dealings(tables, day)
    results = kam.dealers.compare_dealers(dealings), kam.dealers.cross_channels(dealings)
    return results, Findings(one for result in results for one in result.findings())


@pytest.mark.recovery
@pytest.mark.slow
def test_a_planted_bad_dealer_lies_outside_in_each_measure_and_no_other_is_worse(tables, folder):
    truth = pd.read_csv(folder / "truth" / "dealers.csv")
    (funnel, _crossed), found = tell(tables)
    worse = funnel.frame[funnel.frame["verdict"] == "worse"]
    for measure in ("margin", "losses", "answers"):
        named = set(worse.loc[worse["measure"] == measure, "dealer_id"])
        assert named == set(truth.loc[truth["bad"], "dealer_id"]), measure
        assert found[f"dealers.{measure}_dispersion"].value > 1.5
        assert found[f"dealers.{measure}_p_value"].value < 0.02
    with use_language("en"):
        assert draw_figure(funnel, "dealers.funnel").draw() is not None


@pytest.mark.slow
def test_where_no_dealer_differs_seldom_does_any_company_see_one_outside():
    rng, flagged, small = np.random.default_rng(7), 0, 0
    group = np.repeat(np.arange(8), [6, 8, 10, 12, 5, 20, 30, 9])
    for seed in range(40):
        # Long tails, as margins have them: a normal's limits would not hold.
        part = rng.standard_t(3, len(group)) * rng.lognormal(0, 0.5)
        members = pd.DataFrame({"group": group, "part": part, "whole": 1.0})
        judged = kam.dealers.judge_groups(members, seed)
        flagged += judged.frame["outside"].any()
        small += judged.p_value < 0.05
    assert flagged <= 5, "of 40, where 2 are to be expected"
    assert small <= 5


def test_limits_of_counts_are_those_of_the_hypergeometric():
    group = np.repeat(["a", "b", "c"], [40, 40, 40])
    part = (np.arange(120) % 5 == 0).astype(float)
    members = pd.DataFrame({"group": group, "part": part, "whole": 1.0})
    row = kam.dealers.judge_groups(members).frame.iloc[0]
    exact = hypergeom(120, int(part.sum()), 40).ppf([0.05 / 6, 1 - 0.05 / 6]) / 40
    assert [row["low"], row["high"]] == pytest.approx(exact, abs=1 / 40 + 1e-9)


def test_few_members_are_shown_and_not_judged_and_two_groups_are_none():
    group = [*["a"] * 6, *["b"] * 6, *["c"] * 2]
    members = pd.DataFrame({"group": group, "part": 1.0, "whole": 2.0})
    judged = kam.dealers.judge_groups(members)
    assert judged.overall is None
    assert judged.frame["value"].tolist() == [0.5] * 3
    alike = kam.dealers.judge_groups(members.replace({"group": {"c": "b"}}).iloc[:0])
    assert alike.frame.empty
    three = members.assign(group=np.repeat(["a", "b", "c"], [5, 5, 4]))
    three = pd.concat([three, three.iloc[-1:]])
    same = kam.dealers.judge_groups(three)
    assert (same.overall, same.dispersion, same.p_value) == (0.5, None, None)
    assert not same.frame["outside"].any()


@pytest.mark.slow
def test_crossed_margins_are_those_of_the_raw_orders(tables):
    (_funnel, crossed), _found = tell(tables)
    orders = tables.orders.to_pandas()
    orders["order_date"] = pd.to_datetime(orders["order_date"])
    orders = orders[(orders["order_date"] > "2012-01-01") & (orders["order_date"] <= DAY)]
    where = tables.frame("accounts").set_index("account_id")[["region", "channel"]]
    sums = orders.join(where, on="account_id").groupby(["region", "channel"])[["revenue", "cost"]]
    sums = sums.sum()
    told = crossed.frame.set_index(["region", "channel"])
    margin = (1 - sums["cost"] / sums["revenue"]).reindex(told.index)
    pd.testing.assert_series_equal(told["margin"].astype(float), margin, check_names=False)


class Partly:
    """A company's tables with some put in another's place; None takes one away."""

    def __init__(self, tables, **others):
        self._tables, self._others = tables, others

    def has(self, name):
        return self._others[name] is not None if name in self._others else self._tables.has(name)

    def frame(self, name):
        rows = self._others.get(name)
        return self._tables.frame(name) if rows is None else rows

    def __getattr__(self, name):
        return getattr(self._tables, name)


@pytest.mark.slow
def test_orders_without_dealers_and_a_future_nobody_sees(tables):
    known, later = tell(tables)[1], tell(tables, "2012-06-30")[1]
    assert known["dealers.lowest_margin"].value != later["dealers.lowest_margin"].value
    bare = Partly(tables, orders=None)
    bare.orders = tables.orders.drop("dealer_id")
    assert all("dealer_id" in one.reason.render("en") for one in tell(bare)[1].values())


@pytest.mark.parametrize("state", ["missing", "empty", "keys alone"])
def test_missing_empty_and_half_filled_tables_give_numbers_or_reasons(tables, state):
    def rows(name, *values):
        return shape_frame(pd.DataFrame(list(values)), TABLES[name].columns)

    others = ("dealers", "churn_events", "service_events")
    made = {
        "missing": {"churn_events": None, "service_events": None},
        "empty": {name: rows(name) for name in others},
        "keys alone": {"dealers": rows("dealers", {"dealer_id": "H001"})},
    }[state]
    results, found = tell(Partly(tables, **made))
    for one in found.values():
        assert (one.value is None) != (one.reason is None), one.id
    assert found["dealers.margin_outside"].value is not None, "names are no condition"
    for result in results:
        for shown in result.shows:
            assert result.why_not(shown.id) is None
            getattr(result, shown.by)() if shown.by else draw_figure(result, shown.id)


def test_nothing_at_all_is_told_of_a_company_without_dealers():
    nothing = SimpleNamespace(has=lambda _name: False)
    results, found = tell(nothing)
    assert all(one.value is None for one in found.values())
    assert all(result.why_not(shown.id) for result in results for shown in result.shows)
