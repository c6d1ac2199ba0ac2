"""Plans and the tree of goals: planted shares come out, and what is missing is told."""

import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis import targets
from kamresearch.data.contract import TABLES
from kamresearch.data.simulate import Plans, World, simulate
from kamresearch.data.tables import shape_frame
from kamresearch.errors import DataError
from kamresearch.figures.registry import draw_figure
from kamresearch.finding import Finding, Findings, Interval
from kamresearch.language import Fixed, use_language

pytestmark = pytest.mark.unit

DAY = "2012-12-31"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = simulate(
        tmp_path_factory.mktemp("plans"),
        accounts=300,
        random_state=6,
        start="2011-01-01",
        messy=False,
        world=World(plans=Plans(planned=0.7), departments_most=0),
    )
    for name in ("assignments", "contracts", "coverage", "managers", "overrides", "programme"):
        for path in folder.glob(f"{name}.*"):  # nobody asks them here, and opening takes a while
            path.unlink()
    return kam.open_data(folder)


@pytest.mark.recovery
@pytest.mark.slow
def test_planted_shares_of_plans_lie_within_their_intervals(tables):
    truth, plans = Plans(planned=0.7), targets.review_plans(tables, DAY)
    found = Findings(plans.findings())
    planned, fresh = found["targets.key_planned"], found["targets.key_fresh"]
    assert planned.interval.low < truth.planned < planned.interval.high
    assert fresh.interval.low < truth.planned * truth.reviewed < fresh.interval.high
    done = truth.done / (1 - (1 - truth.done) * truth.dropped)  # dropped ones are left out
    assert (
        found["targets.plans_done"].interval.low < done < found["targets.plans_done"].interval.high
    )
    raw = tables.frame("plans")
    here = kam.account_standing(tables, DAY).query("standing not in ('lost', 'not_yet')")
    raw = raw[raw["account_id"].isin(here["account_id"])]
    late = raw[(raw["due"] < DAY) & (raw["state"] == "open")]
    assert found["targets.plans_overdue"].value == len(late)
    assert plans.frame["n_overdue"].sum() == len(late)


def rows(*values):
    return shape_frame(pd.DataFrame(list(values)), TABLES["plans"].columns)


def with_plans(tables, frame):
    class One:
        def __getattr__(self, name):
            return getattr(tables, name)

        def frame(self, name):
            return frame if name == "plans" else tables.frame(name)

    return One()


@pytest.mark.slow
def test_rows_worked_by_hand_come_out_and_a_later_review_is_not_seen(tables):
    someone = (
        kam.account_snapshot(tables, DAY).query("standing == 'ordering'")["account_id"].iloc[0]
    )
    one = {"account_id": someone, "owner": "M1"}
    frame = rows(
        one | {"objective": "a", "due": "2012-06-01", "state": "done", "last_review": "2013-05-01"},
        one | {"objective": "b", "due": "2012-12-21", "state": None},
        one | {"objective": "c", "due": "2012-01-01", "state": "dropped"},
        one | {"objective": "d", "due": None, "state": "open", "owner": None},
        one | {"objective": "e", "due": "2013-02-01", "state": "open"},
    )
    plans = targets.review_plans(with_plans(tables, frame), DAY)
    assert (plans.n_due, plans.n_done, plans.n_fresh) == (2, 1, 0)
    told = plans.frame.set_index("owner")
    assert told.loc["M1", ["n_objectives", "n_done", "n_overdue", "oldest_days"]].tolist() == [
        *(3, 1, 1, 10),
    ]
    assert told.loc["", "n_overdue"] == 0
    assert plans.table().frame is not None


@pytest.mark.parametrize("frame", [rows(), rows({"account_id": "nobody", "objective": "x"})])
def test_a_table_of_plans_that_says_nothing_gives_reasons(tables, frame):
    plans = targets.review_plans(with_plans(tables, frame), DAY)
    assert all(one.value is None and one.reason for one in plans.findings())
    assert plans.why_not("targets.plans")


def goals(**columns):
    frame = pd.DataFrame(
        {
            "goal_id": ["G1", "G2", "G3", "G4"],
            "text_en": [*"abcd"],
            "finding": ["x.rate", "x.rate", "x.none", "x.none"],
            "baseline": 0.2,
            "target": 0.1,
            "due_date": "2014-12-31",
            **columns,
        }
    )
    return targets.read_goals(frame)


def grown(**columns):
    rate = Finding(
        "x.rate",
        0.18,
        "share",
        Fixed({"en": "Rate"}),
        Fixed({"en": "Rate"}),
        interval=Interval(0.1, 0.3),
        n=100,
    )
    return targets.grow_tree(targets.track_goals(goals(**columns), {"x.rate": rate}, DAY))


def test_goals_stand_below_what_they_serve_and_take_its_end():
    tree = grown(parent=[None, "G1", None, "G2"], lever=["profit", None, "guidance", None])
    assert tree.frame[["goal_id", "lever", "depth"]].to_numpy().tolist() == [
        ["G1", "profit", 1],
        ["G2", "profit", 2],
        ["G4", "profit", 3],
        ["G3", "guidance", 1],
    ]
    (found,) = tree.findings()
    assert found.value == 1, "guidance has a goal, and no number"
    assert "Value for the customer" in found.sentence.render("en")
    assert tree.table().frame["text"].tolist() == ["a", "b", "d", "c"]
    with use_language("zh"):
        assert draw_figure(tree, "targets.tree").draw() is not None


def test_goals_without_parents_and_ends_are_no_tree_and_wrong_ones_are_refused():
    bare = grown()
    assert bare.findings() == []
    assert "parent" in bare.why_not("targets.tree").render("en")
    assert grown(lever=["profit", None, None, None]).frame["lever"].tolist() == [
        "profit",
        "",
        "",
        "",
    ]
    with pytest.raises(DataError, match="'G9'"):
        goals(parent=["G9", None, None, None])
    with pytest.raises(DataError, match="ring"):
        goals(parent=["G2", "G1", None, None])
