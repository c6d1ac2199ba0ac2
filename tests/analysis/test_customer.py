"""The customer's side: planted shares come out, and what is empty or comes later is not told."""

from types import SimpleNamespace

import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.data.contract import TABLES
from kamresearch.data.simulate import Customers, World, simulate
from kamresearch.data.tables import shape_frame
from kamresearch.figures.registry import draw_figure
from kamresearch.finding import Findings

pytestmark = pytest.mark.unit

DAY = "2012-12-31"
OWN = ("value_delivered", "contacts", "needs")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = simulate(
        tmp_path_factory.mktemp("customers"),
        accounts=150,
        random_state=5,
        start="2012-01-01",
        messy=False,
        world=World(customers=Customers(asked=1.5)),
    )
    return kam.open_data(folder)


def tell(tables, day=DAY):
    results = (
        kam.customer.measure_given(tables, day),
        kam.customer.measure_relations(tables, day),
        kam.customer.rank_needs(tables, day),
    )
    return results, Findings(one for result in results for one in result.findings())


@pytest.mark.slow
def test_planted_shares_lie_within_their_intervals_and_wishes_in_their_order(tables):
    truth = Customers()
    (given, relations, needs), found = tell(tables)
    for name, share in (("value_confirmed", truth.confirmed), ("answered", truth.answered)):
        bounds = found[f"customer.{name}"].interval
        assert bounds.low < share < bounds.high, name
    met = relations.frame["n_met"].sum() / relations.frame["n_contacts"].sum()
    assert met == pytest.approx(truth.met, abs=0.08)
    times = needs.frame.sort_values("n", ascending=False)["feature"]
    assert times.iloc[0] == max(truth.wishes, key=truth.wishes.get)
    assert given.frame["given"].sum() == pytest.approx(found["customer.value_given"].value)
    assert draw_figure(given, "customer.value").data.frame is not None


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


def rows(name, *values):
    return shape_frame(pd.DataFrame(list(values)), TABLES[name].columns)


@pytest.fixture(scope="module")
def someone(tables):
    return kam.account_snapshot(tables, DAY).query("standing == 'ordering'")["account_id"].iloc[0]


@pytest.mark.slow
def test_rows_worked_by_hand_come_out_and_the_future_is_not_seen(tables, someone):
    gain = {"account_id": someone, "kind": "fuel"}
    given = rows(
        "value_delivered",
        gain | {"date": "2012-05-01", "money": 10.0, "confirmed": True},
        gain | {"date": "2012-06-01", "money": 5.0, "confirmed": None},
        gain | {"date": "2013-01-01", "money": 99.0, "confirmed": True},
        gain | {"date": "2011-12-31", "money": 99.0, "confirmed": True},
    )
    person = {"account_id": someone, "influence": 5, "stance": -1}
    contacts = rows(
        "contacts",
        person | {"contact_id": "1", "last_met": "2012-03-01", "function": "fleet"},
        person | {"contact_id": "2", "last_met": "2013-03-01", "function": "finance"},
        person | {"contact_id": "3", "last_met": None, "influence": None, "stance": None},
    )
    need = {"account_id": someone, "feature": "diesel"}
    needs = rows(
        "needs",
        need | {"date": "2012-03-01", "units": 4.0, "answered": True},
        need | {"date": "2012-04-01", "units": 3.0, "answered": None},
        need | {"date": "2013-04-01", "units": 90.0, "answered": False},
    )
    losses = rows(
        "churn_events", {"account_id": someone, "churn_date": "2012-08-01", "cause": "product"}
    )
    one = Partly(tables, value_delivered=given, contacts=contacts, needs=needs)
    (_given, relations, ranked), found = tell(one)
    assert found["customer.value_given"].value == 15.0
    assert found["customer.value_confirmed"].value == 0.5
    assert found["customer.value_confirmed"].interval is None, "two rows carry no interval"
    row = relations.frame.set_index("account_id").loc[someone]
    assert (row["n_contacts"], row["n_met"], row["n_against"]) == (3, 1, 2)
    assert bool(row["decider_met"])
    unknown = relations.frame.loc[relations.frame["n_contacts"] == 0, "decider_met"]
    assert len(unknown) > 0
    assert all(one is None for one in unknown), "what a page shows as a dash"
    assert ranked.frame.iloc[0][["units", "units_open", "n_lost"]].tolist() == [7.0, 3.0, 0]
    lost = kam.customer.rank_needs(Partly(tables, needs=needs, churn_events=losses), DAY)
    assert lost.frame["n_lost"].tolist() == [1]


@pytest.mark.parametrize("state", ["missing", "empty", "keys alone"])
def test_missing_empty_and_half_filled_tables_give_numbers_or_reasons(tables, someone, state):
    keys = {"account_id": someone, "date": "2012-03-01", "contact_id": "1", "feature": "x"}
    made = {
        "missing": dict.fromkeys(OWN),
        "empty": {name: rows(name) for name in OWN},
        "keys alone": {
            name: rows(name, {key: keys[key] for key in TABLES[name].key if key in keys})
            if name != "contacts"
            else rows(name, {"contact_id": "1", "account_id": someone})
            for name in OWN
        },
    }[state]
    results, found = tell(Partly(tables, **made))
    for one in found.values():
        assert (one.value is None) != (one.reason is None), one.id
        if state == "missing":
            assert "table" in one.reason.render("en")
    for result in results:
        for shown in result.shows:
            if result.why_not(shown.id) is None:
                getattr(result, shown.by)() if shown.by else draw_figure(result, shown.id)


def test_nothing_at_all_is_told_of_a_company_without_these_tables():
    nothing = SimpleNamespace(has=lambda _name: False)
    assert all(one.value is None for one in tell(nothing)[1].values())
