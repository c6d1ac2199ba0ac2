"""Where an account stands: hand-worked accounts, and what must hold for any company."""

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.features.population import PRESENT, STANDINGS, count_standings, keep_present
from kamresearch.features.standing import ACCOUNT_STANDING

DAY = "2012-12-31"


def days(*texts):
    return pd.to_datetime(list(texts))


def write(folder, **frames):
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return kam.open_data(folder)


def orders_of(**dates):
    rows = [(account, day) for account, texts in dates.items() for day in texts]
    frame = pd.DataFrame(rows, columns=["account_id", "order_date"])
    return frame.assign(
        order_id=[f"o{place}" for place in range(len(frame))],
        order_date=pd.to_datetime(frame["order_date"]),
        revenue=100.0,
    )


ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["buys", "gone", "back", "quiet", "never", "later", "long_back"],
        "account_name": list("ABCDEFG"),
        "onboard_date": days(*["2009-01-01"] * 5, "2013-05-01", "2009-01-01"),
    }
)
ORDERS = orders_of(
    buys=["2012-01-01", "2012-06-01", "2012-12-01"],
    gone=["2011-01-01", "2012-05-01"],
    back=["2011-01-01", "2011-03-01", "2011-05-01"],
    # Gaps of 40 days: 120 may be silent, so 2012-09-01 is the first day beyond.
    quiet=["2012-02-13", "2012-03-24", "2012-05-03"],
    long_back=["2010-01-01", "2010-06-01", "2012-11-01"],
)
LOSSES = pd.DataFrame(
    {
        "account_id": ["gone", "gone", "back", "long_back", "buys"],
        "churn_date": days("2010-02-01", "2012-07-15", "2011-09-01", "2010-09-01", "2013-02-01"),
        "return_date": days("2010-06-01", "2013-01-15", "2012-11-20", "2011-02-01", None),
        "cause": ["price", "product", "service", "price", "price"],
        "lost_to": [None, "Rival", None, "Rival", "Rival"],
    }
)


@pytest.fixture(scope="module")
def hand(tmp_path_factory):
    folder = tmp_path_factory.mktemp("standing")
    return write(folder, accounts=ACCOUNTS, orders=ORDERS, churn_events=LOSSES)


@pytest.fixture(scope="module")
def standing(hand):
    return kam.account_standing(hand, DAY).set_index("account_id")


@pytest.mark.golden
@pytest.mark.slow
def test_each_standing_as_worked_by_hand(standing):
    assert standing["standing"].to_dict() == {
        "back": "returned",
        "buys": "ordering",
        "gone": "lost",
        "later": "not_yet",
        "long_back": "ordering",
        "never": "never_ordered",
        "quiet": "silent",
    }
    since = standing["since"].dropna().dt.date.astype(str).to_dict()
    assert since == {
        "back": "2012-11-20",
        "buys": "2012-01-01",
        "gone": "2012-07-15",
        "long_back": "2011-02-01",
        "never": "2009-01-01",
        "quiet": "2012-09-01",
    }


@pytest.mark.golden
def test_a_loss_is_told_with_its_cause_and_the_rival_and_nobody_else_has_one(standing):
    assert standing.loc["gone", ["cause", "lost_to"]].tolist() == ["product", "Rival"]
    assert standing.drop(index="gone")[["cause", "lost_to"]].isna().all(axis=None)


@pytest.mark.golden
def test_silence_is_told_against_the_accounts_own_rhythm(standing):
    assert standing.loc["quiet", "silence_ratio"] == pytest.approx(242 / 120)
    assert standing.loc["buys", "silence_ratio"] < 1
    assert np.isnan(standing.loc["never", "silence_ratio"])


@pytest.mark.unit
def test_silence_counts_from_the_return(standing):
    """An account that came back in November was not silent for the year that it was away."""
    assert standing.loc["back", "silence_ratio"] < 1


@pytest.mark.unit
@pytest.mark.slow
def test_without_recorded_losses_nobody_is_called_lost(tmp_path):
    tables = write(tmp_path, accounts=ACCOUNTS, orders=ORDERS)
    told = kam.account_standing(tables, DAY).set_index("account_id")["standing"]
    assert "lost" not in set(told)
    assert told[["gone", "back"]].tolist() == ["ordering", "silent"]


@pytest.mark.unit
def test_the_snapshot_carries_the_same_standing(hand, standing):
    snapshot = kam.account_snapshot(hand, DAY).set_index("account_id")
    assert snapshot["standing"].to_dict() == standing["standing"].drop("later").to_dict()
    assert keep_present(snapshot.reset_index())["account_id"].tolist() == [
        "back",
        "buys",
        "long_back",
        "never",
        "quiet",
    ]


@pytest.mark.properties
@pytest.mark.parametrize("day", ["2008-12-31", "2010-06-30", "2011-12-31", DAY, "2014-01-01"])
def test_all_standings_add_up_to_all_accounts(hand, day):
    frame = kam.account_standing(hand, day)
    assert list(frame.columns) == list(ACCOUNT_STANDING)
    counts = count_standings(frame["standing"])
    assert counts.sum() == len(ACCOUNTS)
    assert set(counts.index) == set(STANDINGS)


@pytest.mark.recovery
def test_the_built_in_case_stands_where_its_losses_say(case_tables):
    frame = kam.account_standing(case_tables, DAY)
    losses = case_tables.frame("churn_events")
    known = losses[losses["churn_date"] <= DAY]
    back = known["return_date"] <= DAY
    open_ones = known[~back].drop_duplicates("account_id")
    last = known.sort_values("churn_date").drop_duplicates("account_id", keep="last")
    away = set(last["account_id"]) & set(open_ones["account_id"])
    told = frame[frame["standing"] == "lost"]
    assert set(told["account_id"]) == away
    assert (told["since"] <= DAY).all()
    assert count_standings(frame["standing"]).sum() == len(case_tables.frame("accounts"))
    assert set(PRESENT) | {"lost", "not_yet"} == set(STANDINGS)


@pytest.mark.unit
@pytest.mark.slow
def test_a_company_of_which_every_account_is_lost_still_stands(tmp_path):
    losses = pd.DataFrame(
        {"account_id": ["a", "b"], "churn_date": days("2012-01-01", "2012-02-01")}
    )
    accounts = pd.DataFrame({"account_id": ["a", "b"], "account_name": ["A", "B"]})
    tables = write(
        tmp_path,
        accounts=accounts,
        orders=orders_of(a=["2011-01-01"], b=["2011-02-01"]),
        churn_events=losses,
    )
    snapshot = kam.account_snapshot(tables, DAY)
    assert snapshot["standing"].tolist() == ["lost", "lost"]
    assert keep_present(snapshot).empty


@pytest.mark.unit
@pytest.mark.slow
def test_the_view_of_an_account_names_what_its_records_say_differently(tmp_path):
    losses = pd.DataFrame({"account_id": ["a"], "churn_date": days("2012-01-01")})
    accounts = pd.DataFrame({"account_id": ["a"], "account_name": ["A"]})
    orders = orders_of(a=["2011-01-01", "2012-06-01"])
    view = kam.account(
        write(tmp_path, accounts=accounts, orders=orders, churn_events=losses), "a", DAY
    )
    assert view.frame.set_index("field").loc["standing", "value"] == "lost"
    assert len(view.conflicts) == 1
    assert "1 Jun 2012" in view.conflicts[0].render("en")
    assert view.conflicts[0] in view.caveats
