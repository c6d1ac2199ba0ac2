"""Rivals: planted loyalty is found, shares by hand come out, and what is old or judged is told."""

from types import SimpleNamespace

import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.data.contract import TABLES
from kamresearch.data.simulate import Calendar, Leaving, Wallets
from kamresearch.data.simulate.surveys import make_takers
from kamresearch.data.simulate.wallets import make_wallets
from kamresearch.data.tables import shape_frame
from kamresearch.errors import ParameterError
from kamresearch.figures.registry import draw_figure
from kamresearch.finding import Findings

pytestmark = pytest.mark.unit

DAY = "2012-12-31"


def company(rows, losses=None):
    """Tables with these wallets: account, year, brand, units, judged_by."""
    wallet = pd.DataFrame(rows, columns=["account_id", "year", "brand", "units", "judged_by"])
    ids = sorted(set(wallet["account_id"])) or ["A1"]
    frames = {
        "accounts": shape_frame(pd.DataFrame({"account_id": ids}), TABLES["accounts"].columns),
        "wallet": shape_frame(wallet, TABLES["wallet"].columns),
    }
    if losses is not None:
        frames["churn_events"] = shape_frame(
            pd.DataFrame(losses, columns=["churn_date", "lost_to"]).assign(account_id="A1"),
            TABLES["churn_events"].columns,
        )
    return SimpleNamespace(has=frames.__contains__, frame=frames.__getitem__)


def told(tables, brand="Ours"):
    wallet = kam.rivals.read_wallet(tables, DAY, brand)
    results = (wallet, kam.rivals.measure_moves(wallet), kam.rivals.read_takers(tables, DAY))
    return results, Findings(one for result in results for one in result.findings())


@pytest.fixture(scope="module")
def planted():
    profile = {"first": 0, "n": 600, "size": pd.Series(range(600)).to_numpy() / 300}
    ids = pd.Series([f"A{n}" for n in range(600)])
    calendar = Calendar.between("2008-01-01", DAY)
    frame = make_wallets(profile, calendar, Wallets(told=1.0), ids, 3)
    columns = ["account_id", "year", "brand", "units", "judged_by"]
    return company(frame[columns].itertuples(index=False))


@pytest.mark.slow
def test_the_planted_loyalty_of_each_brand_and_where_others_go_lie_within_the_bounds(planted):
    moves = told(planted)[0][1].frame.set_index(["from", "to"])
    truth = Wallets()
    for brand, stay in truth.stay.items():
        assert moves.loc[(brand, brand), "low"] < stay < moves.loc[(brand, brand), "high"], brand
    goes = 0.15 * truth.pull["Rival A"] / (truth.pull["Rival A"] + truth.pull["Rival B"])
    cell = moves.loc[("Ours", "Rival A")]
    assert cell["low"] < goes < cell["high"]


def test_shares_of_a_row_add_up_to_one_and_the_matrix_is_drawn(planted):
    moves = told(planted)[0][1]
    assert moves.frame.groupby("from")["share"].sum().round(9).tolist() == [1.0] * 3
    assert draw_figure(moves, "rivals.moves").data.frame is not None


def test_counted_and_judged_wallets_are_told_apart_and_old_ones_are_left_out():
    tables = company(
        [
            ("A1", 2012, "Ours", 6, None),
            ("A1", 2012, "Rival", 4, None),
            ("A2", 2011, "Ours", 1, "account manager"),
            ("A2", 2011, "Rival", 9, "account manager"),
            ("A3", 2005, "Rival", 80, None),
        ]
    )
    (wallet, *_), found = told(tables)
    assert found["rivals.left_counted"].value == 4
    assert found["rivals.left_judged"].value == 9
    assert found["rivals.share_of_wallet"].value == 7 / 100
    assert found["rivals.share_of_wallet"].interval is None, "three accounts carry no interval"
    assert wallet.frame["account_id"].tolist() == ["A3", "A2", "A1"]
    assert found["rivals.wallet_age"].value == 1


def test_a_year_that_has_not_ended_is_not_seen():
    tables = company([("A1", 2012, "Ours", 6, None), ("A1", 2011, "Ours", 2, None)])
    assert kam.rivals.read_wallet(tables, "2012-12-30", "Ours").frame["year"].tolist() == [2011]


def test_to_whom_accounts_went_counts_what_is_stated_by_the_day():
    losses = [("2012-01-01", "Rival A")] * 3 + [("2012-02-01", None), ("2013-01-01", "Rival B")]
    found = told(company([("A1", 2012, "Ours", 6, None)], losses))[0][2]
    assert found.frame["rival"].tolist() == ["Rival A"]
    assert found.findings()[0].value == 3 / 4


@pytest.mark.recovery
def test_planted_rivals_of_the_losses_are_found_and_stand_beside_the_moves_of_wallets(planted):
    n, truth = 500, Leaving()
    losses = pd.DataFrame(
        {
            "account_id": [f"A{number}" for number in range(n)],
            "churn_date": pd.Timestamp("2012-03-01"),
            "true_cause": ["price", "competitor", "service", "relocation"] * (n // 4),
        }
    )
    takers = make_takers(losses, truth, seed=6, first=0)
    assert not takers["account_id"].isin(losses.loc[3::4, "account_id"]).any(), "who relocates"
    merged = losses.merge(takers, how="left", on=["account_id", "churn_date"], validate="1:1")
    frames = {"churn_events": shape_frame(merged, TABLES["churn_events"].columns)}
    tables = SimpleNamespace(has=frames.__contains__, frame=frames.__getitem__)
    moves = kam.rivals.measure_moves(kam.rivals.read_wallet(planted, DAY, "Ours"))
    result = kam.rivals.read_takers(tables, DAY, moves)
    found = result.frame.set_index("rival")
    for rival, share in truth.rivals.items():
        assert found.loc[rival, "low"] < share < found.loc[rival, "high"], rival
    assert result.findings()[0].value == pytest.approx(0.75 * truth.stated, abs=0.07)
    cells = moves.frame.set_index(["from", "to"])["n"]
    assert found.loc["Rival A", "moved"] == cells["Ours", "Rival A"]
    assert pd.isna(found.loc["Rival C", "moved"]), "no wallet names it"
    assert "Rival A" in result.closing()[0].render("en")


@pytest.mark.parametrize(
    ("rows", "brand"),
    [
        ([], "Ours"),
        ([("A1", 2012, "Ours", 0, None)], "Ours"),
        ([("A1", 2012, "Rival", 5, None)], "Ours"),
        ([("A1", 2012, "Ours", 5, None)], ""),
        ([("A1", 2014, "Ours", 5, None)], "Ours"),
        ([("A1", 2012, "Ours", None, None)], "Ours"),
    ],
    ids=["empty", "nothing bought", "not our brand", "no brand", "the future", "no amount"],
)
def test_awkward_wallets_give_numbers_or_reasons(rows, brand):
    results, found = told(company(rows), brand)
    assert len(found) == 9
    for result in results:
        for one in result.shows:
            if one.by and result.why_not(one.id) is None:
                getattr(result, one.by)()


def test_without_the_table_every_number_says_what_it_needs():
    nothing = SimpleNamespace(has=lambda _name: False)
    for one in told(nothing)[1].values():
        assert one.value is None
        assert "table" in one.reason.render("en")


def test_brands_that_only_stay_or_only_pull_are_refused():
    from kamresearch.data.simulate.worldfile import check_world

    with pytest.raises(ParameterError, match="name each brand in both"):
        check_world({"wallets": {"stay": {"Ours": 0.5, "Other": 0.5}, "pull": {"Ours": 1.0}}})
