"""Deals: rates, times and expectations that stay right with open deals, small groups and gaps."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

import kamresearch as kam
from kamresearch.analysis.pipeline.deals import as_known
from kamresearch.data.contract import TABLES
from kamresearch.data.simulate import Deals, World, simulate
from kamresearch.data.tables import shape_frame
from kamresearch.display import Table
from kamresearch.finding import Findings
from kamresearch.studies.outputs import PROPOSALS

pytestmark = pytest.mark.unit

DAY = "2012-12-31"
NO_TIERS = pd.Series(dtype=object)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A company whose deals' chances, rivals, discounts and days are known."""
    folder = tmp_path_factory.mktemp("deals")
    world = World(deals=Deals(yearly=4.0, withdrawn=0.15))
    return simulate(folder, accounts=300, random_state=11, messy=False, world=world)


@pytest.fixture(scope="module")
def tables(planted):
    return kam.open_data(planted)


@pytest.fixture(scope="module")
def deals(tables):
    return kam.pipeline.read_deals(tables, DAY)


@pytest.fixture(scope="module")
def timing(deals):
    return kam.pipeline.time_deals(deals)


@pytest.fixture(scope="module")
def truth(planted):
    told = pd.read_parquet(planted / "truth" / "opportunities.parquet")
    return told.merge(pd.read_parquet(planted / "opportunities.parquet"), on="opportunity_id")


def crm(rows, **columns):
    """Tables of two accounts with these deals: outcome, opened, closed, amount."""
    frame = pd.DataFrame(rows, columns=["outcome", "opened", "closed", "amount"])
    frame = frame.assign(
        account_id="A1",
        amount=pd.to_numeric(frame["amount"]),
        opportunity_id=[f"D{n}" for n in range(len(frame))],
        **columns,
    )
    frames = {
        "opportunities": shape_frame(frame, TABLES["opportunities"].columns),
        "accounts": shape_frame(pd.DataFrame({"account_id": ["A1"]}), TABLES["accounts"].columns),
    }
    return SimpleNamespace(has=frames.__contains__, frame=frames.__getitem__)


def everything(deals):
    timing = kam.pipeline.time_deals(deals)
    return (
        deals,
        kam.pipeline.win_rates(deals),
        timing,
        kam.pipeline.weigh_discount(deals),
        kam.pipeline.cover(deals, timing, 0.1),
        kam.pipeline.find_stalled(deals, timing),
    )


def findings(deals):
    return Findings(one for result in everything(deals) for one in result.findings())


@pytest.mark.slow
def test_each_rivals_planted_win_rate_lies_within_its_interval(deals, truth):
    rates = kam.pipeline.win_rates(deals).frame
    rivals = rates[rates["dimension"] == "rival"].set_index("group")
    assert sorted(rivals.index) == ["Rival A", "Rival B", "Rival C"]
    for rival, chance in truth.groupby("rival", observed=True)["true_chance"].mean().items():
        assert rivals.loc[rival, "low"] < chance < rivals.loc[rival, "high"], rival


def test_the_rival_planted_as_hardest_is_named(deals):
    assert kam.pipeline.win_rates(deals).hardest["group"] == "Rival C"


def test_the_planted_effect_of_a_point_lies_within_its_interval_though_hard_deals_get_more(deals):
    found = kam.pipeline.weigh_discount(deals)
    assert "rival" in found.held
    assert found.interval.low < np.exp(Deals().per_point) < found.interval.high
    assert found.interval.low > 1
    known = deals.decided
    raw = np.corrcoef(known["discount"], known["outcome"] == "won")[0, 1]
    assert raw < 0.1, "the raw association hides it"


def test_the_planted_share_won_within_a_year_lies_within_its_interval(timing, truth):
    won = (truth["true_outcome"] == "won") & (truth["true_days"] <= 365)
    told = Findings(timing.findings())["pipeline.won_in_year"]
    assert told.interval.low < won.mean() < told.interval.high


def test_decided_deals_alone_show_a_shorter_cycle_than_all(timing, truth):
    assert timing.median_days_closed < timing.median_days
    assert abs(timing.median_days - truth["true_days"].median()) <= 8


def test_shares_of_all_ends_add_up_to_one_at_every_age(timing):
    total = timing.by_age()[["won", "lost", "withdrawn", "open"]].sum(axis=1)
    assert np.allclose(total, 1.0)


def test_what_was_expected_on_earlier_days_came_about(deals, timing):
    found = kam.pipeline.cover(deals, timing, 0.1)
    assert len(found.frame) == 8
    assert 0.8 < found.hit < 1.25
    assert found.unit == "money"


def test_what_the_open_deals_became_lies_within_what_was_expected_of_them(deals, timing, truth):
    found = kam.pipeline.cover(deals, timing)
    later = truth[truth["opportunity_id"].isin(deals.open["opportunity_id"])]
    won = later.loc[later["true_outcome"] == "won", "amount"].sum()
    assert found.interval.low < won < found.interval.high


def test_a_stalled_deal_is_older_than_others_and_gains_what_its_clock_costs(deals, timing):
    found = kam.pipeline.find_stalled(deals, timing)
    rest = deals.open[~deals.open["opportunity_id"].isin(found.frame["opportunity_id"])]
    assert found.frame["days"].min() > rest["days"].max()
    proposals = found.proposals(0.3, 2000.0)
    assert set(PROPOSALS) <= set(proposals)
    assert (proposals["low"] <= proposals["expected_gain"]).all()
    assert (proposals["expected_gain"] <= proposals["high"]).all()
    assert (proposals["expected_gain"] > 0).all()


def test_deals_decided_later_do_not_change_what_was_known(tables, deals):
    early = kam.pipeline.read_deals(tables, "2011-06-30", NO_TIERS).frame
    masked = as_known(deals, pd.Timestamp("2011-06-30")).frame
    same = ["opportunity_id", "outcome", "opened", "closed", "days", "amount"]
    left, right = (
        frame.sort_values("opportunity_id")[same].reset_index(drop=True)
        for frame in (early, masked)
    )
    pd.testing.assert_frame_equal(left, right, check_dtype=False)
    assert not early.loc[early["outcome"] == "open", "closed"].notna().any()


def test_win_rates_by_hand_leave_withdrawn_and_open_deals_out():
    day = "2012-03-01"
    rows = [("won", "2012-01-01", day, 5)] * 6 + [("lost", "2012-01-01", day, 5)] * 6
    rows += [("withdrawn", "2012-01-01", day, 5)] * 3 + [("open", "2012-01-01", "", 5)] * 5
    told = findings(kam.pipeline.read_deals(crm(rows), DAY, NO_TIERS))
    assert told["pipeline.win_rate"].value == 0.5
    assert told["pipeline.win_rate"].n == 12
    assert [told[f"pipeline.n_{one}"].value for one in ("won", "lost", "withdrawn", "open")] == [
        6,
        6,
        3,
        5,
    ]


def test_amounts_that_only_won_deals_state_compare_nothing():
    """As Maven writes them: a lost deal is worth 0, an open one nothing."""
    rows = [("won", "2012-01-01", "2012-03-01", n) for n in range(100, 130)]
    rows += [("lost", "2012-01-01", "2012-03-01", 0)] * 30 + [("open", "2012-01-01", "", "")] * 9
    deals = kam.pipeline.read_deals(crm(rows), DAY, NO_TIERS)
    assert "size_band" not in set(kam.pipeline.win_rates(deals).frame["dimension"])
    assert kam.pipeline.cover(deals, kam.pipeline.time_deals(deals)).unit == "count"


ZOO = {
    "no deals": [],
    "one open deal": [("open", "2012-01-01", "", 5)],
    "only open deals": [("open", "2012-01-01", "", 5)] * 30,
    "only won deals": [("won", "2012-01-01", "2012-01-01", 5)] * 30,
    "no days": [("open", "", "", 5)] * 30,
    "decided without a day": [("won", "2012-01-01", "", 5)] * 30,
    "decided after the day": [("won", "2012-01-01", "2013-01-05", 5)] * 30,
    "opened after the day": [("open", "2013-01-01", "", 5)] * 30,
    "no opening": [("won", "", "2012-02-01", 5), ("lost", "", "2012-03-01", 5)] * 30,
    "years ago": [("won", "2005-01-01", "2005-02-01", 5), ("lost", "2005-01-01", "2005-02-01", 5)]
    * 30,
}


@pytest.mark.parametrize("name", ZOO)
def test_awkward_deals_give_numbers_or_reasons_and_tables(name):
    deals = kam.pipeline.read_deals(crm(ZOO[name]), DAY, NO_TIERS)
    results = everything(deals)
    told = Findings(one for result in results for one in result.findings())
    assert len(told) == 19
    rates, timing, coverage, stalled = (results[place] for place in (1, 2, 4, 5))
    tables = [rates.table(), rates.loss_table(), coverage.table(), stalled.table()]
    if timing.reason is None:
        tables.append(timing.table())
    assert all(isinstance(one, Table) for one in tables)
    if not deals.reason:
        total = sum(told[f"pipeline.n_{one}"].value for one in ("won", "lost", "withdrawn", "open"))
        assert total == told["pipeline.n_deals"].value == len(deals.frame)


def test_without_the_table_every_number_says_what_it_needs():
    nothing = SimpleNamespace(has=lambda _name: False)
    for one in findings(kam.pipeline.read_deals(nothing, DAY)).values():
        assert one.value is None
        assert "opportunities" in one.reason.render("en")


@pytest.mark.slow
def test_the_crm_mapping_counts_open_deals_and_wins_as_pandas_does(root, tmp_path):
    """The form of the Maven export: won deals are orders, every deal is an opportunity."""
    stages = ["Won", "Lost", "Engaging", "Prospecting"]
    raw = pd.DataFrame(
        [
            (f"X{n:03d}", f"Agent {n % 3}", "GTXPro", None if n % 7 == 3 else "Acme", stages[n % 4])
            for n in range(160)
        ],
        columns=["opportunity_id", "sales_agent", "product", "account", "deal_stage"],
    )
    raw["deal_stage"] = raw["deal_stage"].mask(raw.index % 12 == 1, "Won")
    raw.loc[raw["deal_stage"].isin(["Won", "Lost"]), "account"] = "Acme"
    raw["engage_date"] = np.where(raw["deal_stage"] == "Prospecting", None, "10/20/2016")
    raw["close_date"] = np.where(raw["deal_stage"].isin(["Won", "Lost"]), "3/1/2017", None)
    raw["close_value"] = raw["deal_stage"].map({"Won": 1054.0, "Lost": 0.0})
    raw.to_csv(tmp_path / "crm_sales_pipeline.csv", index=False)
    (tmp_path / "crm_accounts.csv").write_text(
        "account,sector,office_location,subsidiary_of\nAcme,medical,Kenya,\n"
    )
    (tmp_path / "crm_sales_teams.csv").write_text(
        "sales_agent,manager,regional_office\nAgent 0,X,East\nAgent 1,X,East\nAgent 2,X,East\n"
    )
    mapping = root / "params" / "mappings" / "crm.yml"
    assert "opportunities" in yaml.safe_load(mapping.read_text("utf-8"))["tables"]
    deals = kam.pipeline.read_deals(
        kam.open_data(tmp_path, mapping=mapping), "2017-12-31", NO_TIERS
    )
    assert len(deals.frame) == 160
    assert len(deals.open) == raw["deal_stage"].isin(["Engaging", "Prospecting"]).sum()
    closed = raw[raw["deal_stage"].isin(["Won", "Lost"])]
    want = (closed["deal_stage"] == "Won").groupby(closed["sales_agent"]).mean()
    rates = kam.pipeline.win_rates(deals).frame
    got = rates[rates["dimension"] == "manager_id"].set_index("group")["share"]
    pd.testing.assert_series_equal(got.astype(float), want, check_names=False)


@pytest.fixture(scope="module")
def maven(shared_data, root):
    """The published Maven CRM through its mapping, and the raw file as pandas reads it."""
    tables = kam.open_data(shared_data, mapping=root / "params" / "mappings" / "crm.yml")
    raw = pd.read_csv(shared_data / "crm_sales_pipeline.csv")
    return kam.pipeline.read_deals(tables, "2017-12-31", NO_TIERS), raw


@pytest.mark.shared
@pytest.mark.slow
def test_the_published_crms_win_rates_and_open_deals_are_those_of_pandas_on_its_raw_file(maven):
    deals, raw = maven
    assert len(deals.frame) == len(raw) == 8800
    assert len(deals.open) == raw["deal_stage"].isin(["Engaging", "Prospecting"]).sum()
    closed = raw[raw["deal_stage"].isin(["Won", "Lost"])]
    won = closed["deal_stage"] == "Won"
    told = kam.pipeline.win_rates(deals)
    assert Findings(told.findings())["pipeline.win_rate"].value == pytest.approx(won.mean())
    rates = told.frame
    product = closed["product"].replace("GTXPro", "GTX Pro")
    for dimension, groups in (("manager_id", closed["sales_agent"]), ("product", product)):
        got = rates[rates["dimension"] == dimension].set_index("group")["share"].astype(float)
        want = won.groupby(groups).mean()
        pd.testing.assert_series_equal(got.sort_index(), want, check_names=False)


@pytest.mark.shared
def test_the_published_crms_cycle_is_longer_with_its_open_deals_than_without(maven):
    deals, raw = maven
    closed = raw.dropna(subset=["close_date"])
    days = (pd.to_datetime(closed["close_date"]) - pd.to_datetime(closed["engage_date"])).dt.days
    timing = kam.pipeline.time_deals(deals)
    assert timing.median_days > timing.median_days_closed
    assert timing.median_days_closed == pytest.approx(days.median(), abs=1)
