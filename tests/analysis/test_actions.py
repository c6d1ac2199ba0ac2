"""What was proposed is followed: what was done or refused is not proposed again, and is counted."""

import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis.briefing import write_briefing
from kamresearch.analysis.decisions import KINDS
from kamresearch.analysis.decisions.following import count_actions, read_actions
from kamresearch.data.contract import TABLES
from tests.analysis.test_decisions import MANAGERS, check_consistent, company, write

pytestmark = [pytest.mark.unit, pytest.mark.slow]
DAY = "2012-12-31"


def action(account, kind="save", proposed_on="2012-11-30", **more):
    empty = dict.fromkeys(
        ("version", "owner", "due", "decided", "decided_by", "decided_on", "done_on", "outcome")
    )
    return {"account_id": account, "kind": kind, "proposed_on": proposed_on, **empty, **more}


def with_actions(folder, *rows):
    folder.mkdir()
    frames = company(8)
    frames["orders"]["revenue"] *= 1_000  # so that a contact pays
    if rows:
        pd.DataFrame(rows).to_csv(folder / "actions.csv", index=False)
    return write(folder, **frames)


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    return kam.decisions.from_tables(with_actions(tmp_path_factory.mktemp("x") / "without"), DAY)


def test_the_contract_and_the_list_know_the_same_kinds():
    assert set(TABLES["actions"].column("kind").values) == set(KINDS)


def test_what_was_done_refused_or_held_out_by_lot_is_not_proposed_again_and_says_why(
    tmp_path, before
):
    first = before.frame.drop_duplicates("account_id").head(3)
    done, refused, drawn = first[["account_id", "kind"]].itertuples(index=False)
    tables = with_actions(
        tmp_path / "with",
        action(*done, done_on="2012-12-10"),
        action(*refused, decided="not"),
        action(drawn.account_id, "save", decided="hold_out", due="2013-06-30"),
    )
    after = kam.decisions.from_tables(tables, DAY)
    check_consistent(after)
    listed = set(after.frame[["account_id", "kind"]].itertuples(index=False, name=None))
    assert not {tuple(done), tuple(refused)} & listed
    assert drawn.account_id not in set(
        after.frame.loc[after.frame["kind"] != "review", "account_id"]
    )
    left = after.left_out.set_index(["account_id", "kind"])["reason"]
    assert left[tuple(done)] == "done_lately"
    assert left[tuple(refused)] == "decided_not"
    assert set(left[drawn.account_id]) == {"held_out"}


def test_a_deed_of_long_ago_and_a_decision_not_known_yet_hold_nothing_back(tmp_path, before):
    one, other = before.frame[["account_id", "kind"]].head(2).itertuples(index=False)
    tables = with_actions(
        tmp_path / "with",
        action(*one, proposed_on="2012-06-30", done_on="2012-07-15"),
        action(*other, decided="not", decided_on="2013-01-15"),
    )
    after = kam.decisions.from_tables(tables, DAY)
    pd.testing.assert_frame_equal(before.frame, after.frame)


def test_an_action_whose_owner_is_gone_is_proposed_again_to_somebody_who_is_there(tmp_path):
    frames = company(2)
    frames["orders"]["revenue"] *= 1_000
    frames["accounts"]["region"] = "North"
    actions = pd.DataFrame([action("a00", owner="gone", due="2012-12-15")])
    tables = write(tmp_path, **frames, managers=MANAGERS, actions=actions)
    listed = kam.decisions.from_tables(tables, DAY, contact_cost=0.0)
    assert "a00" in set(listed.frame["account_id"])
    assert set(listed.frame["owner"]) == {"stays"}
    told = listed.done_table().frame.set_index("owner")
    assert told.loc["gone", ["proposed", "undone", "overdue"]].tolist() == [1, 1, 1]


@pytest.mark.golden
def test_the_last_list_adds_up_by_owner_as_worked_out_by_hand(tmp_path):
    day = pd.Timestamp(DAY)
    tables = with_actions(
        tmp_path / "with",
        action("a00", owner="M1", done_on="2012-12-05"),  # ordered on 12-15: kept
        action("a01", owner="M1", done_on="2012-12-20"),  # no order since: open
        action("a02", owner="M1", done_on="2013-02-01", due="2012-12-15"),  # not seen yet: overdue
        action("a03", owner="M2", decided="not"),
        action("a04", owner="M2", decided="hold_out"),
        action("a05", owner=None, due="2013-01-31"),
        action("a06", owner="M2", proposed_on="2012-06-30", due="2012-07-31"),  # of an older list
        action("a07", proposed_on="2013-01-31"),  # not proposed yet
    )
    accounts = pd.DataFrame(
        {
            "account_id": [f"a{place:02d}" for place in range(8)],
            "standing": ["ordering", "ordering", *["silent"] * 6],
            "last_order_date": pd.to_datetime(["2012-12-15"] * 2 + ["2012-01-15"] * 6),
        }
    )
    told = count_actions(read_actions(tables, day), accounts, day).set_index("owner")
    columns = ["proposed", "done", "decided_not", "held_out", "undone", "overdue", "kept", "lost"]
    assert told.loc["M1", columns].tolist() == [3, 2, 0, 0, 1, 1, 1, 0]
    assert told.loc["M2", columns].tolist() == [2, 0, 1, 1, 0, 1, 0, 0]
    assert told.loc["–", columns].tolist() == [1, 0, 0, 0, 1, 0, 0, 0]
    said = write_briefing({}, done=told.reset_index()).followed[0].render("en")
    assert "Of 6 actions last proposed, 2 were done, 1 decided against, 1 held out" in said
    assert "2 are overdue" in said
    assert write_briefing({}).followed == ()
