"""The team behind the accounts: holdings, exposure, coverage, workload, linkage groups."""

import itertools
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamresearch.analysis import organisation
from kamresearch.analysis.organisation import grouping, partition, pricing
from kamresearch.analysis.organisation.similarity import book_similarity
from kamresearch.errors import ParameterError
from kamresearch.figures import organisation as figures
from kamresearch.figures.registry import draw_figure

pytestmark = pytest.mark.unit
DAY = "2012-12-31"


def accounts_of(**regions: str) -> pd.DataFrame:
    names = list(regions)
    return pd.DataFrame(
        {
            "account_id": names,
            "account_name": [f"Name {name}" for name in names],
            "region": list(regions.values()),
            "channel": "direct",
            "industry": "Logistics",
            "revenue_12m": [100.0 * (place + 1) for place in range(len(names))],
            "is_away": False,
        }
    )


def team_of(*rows: tuple) -> pd.DataFrame:
    columns = ["manager_id", "region", "role", "capacity_hours", "start_date", "end_date"]
    frame = pd.DataFrame([(*row, *[None] * (6 - len(row))) for row in rows], columns=columns)
    return frame.assign(manager_name=frame["manager_id"], channel="direct")


def spells_of(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(*row, *[None] * (4 - len(row))) for row in rows],
        columns=["account_id", "manager_id", "from", "to"],
    )
    return frame.assign(
        **{"from": pd.to_datetime(frame["from"]), "to": pd.to_datetime(frame["to"])}
    )


ACCOUNTS = accounts_of(a="East", b="East", c="West", d="West")
TEAM = team_of(
    ("M1", "East", "direct_manager", 100),
    ("M2", "West", "direct_manager", 100),
    ("M3", None, "executive", 100),
)
SPELLS = spells_of(
    ("a", "M1", "2010-01-01"),
    ("b", "M1", "2010-01-01"),
    ("c", "M2", "2010-01-01"),
    ("d", "M3", "2010-01-01"),
)


def problems_of(holdings) -> set:
    return set(holdings.problems["problem"])


def values_of(result) -> dict:
    return {finding.id: finding.value for finding in result.findings()}


# holdings
# -------------------------------------------------------------------------------------------------


def test_each_account_has_the_manager_of_the_running_spell():
    spells = spells_of(
        ("a", "M1", "2009-01-01", "2011-06-30"),
        ("a", "M2", "2011-07-01"),
        ("b", "M1", "2010-01-01"),
    )
    holdings = organisation.find_holdings(accounts_of(a="East", b="East"), TEAM, spells, DAY)
    assert holdings.accounts["manager_id"].tolist() == ["M2", "M1"]
    assert problems_of(holdings) == set()


def test_two_managers_at_once_are_listed_and_the_last_to_begin_is_in_charge():
    spells = spells_of(("a", "M1", "2009-01-01"), ("a", "M2", "2011-07-01"))
    holdings = organisation.find_holdings(accounts_of(a="East"), TEAM, spells, DAY)
    assert holdings.accounts.loc[0, ["manager_id", "n_managers"]].tolist() == ["M2", 2]
    assert holdings.problems.query("problem == 'two_at_once'")["manager_id"].tolist() == ["M1 M2"]


def test_spells_that_overlapped_in_the_past_are_listed_and_a_day_of_handing_over_is_not():
    over = spells_of(
        ("a", "M1", "2009-01-01", "2011-06-30"),
        ("a", "M2", "2011-03-01"),
        ("b", "M1", "2009-01-01", "2011-06-30"),
        ("b", "M2", "2011-06-30"),
    )
    holdings = organisation.find_holdings(accounts_of(a="East", b="East"), TEAM, over, DAY)
    assert holdings.problems.query("problem == 'overlap'")["account_id"].tolist() == ["a"]


def test_a_manager_without_accounts_is_listed():
    holdings = organisation.find_holdings(
        ACCOUNTS, pd.concat([TEAM, team_of(("M9", "East", "dealer_manager", 100))]), SPELLS, DAY
    )
    assert holdings.problems.query("problem == 'no_accounts'")["manager_id"].tolist() == ["M9"]


def test_strangers_leavers_backward_spells_and_orphans_are_listed():
    team = team_of(("M1", "East", "direct_manager", 100, "2008-01-01", "2012-01-01"))
    spells = spells_of(
        ("a", "M1", "2010-01-01"),
        ("b", "M7", "2010-01-01"),
        ("c", "M1", "2011-01-01", "2010-01-01"),
    )
    holdings = organisation.find_holdings(ACCOUNTS, team, spells, DAY)
    assert problems_of(holdings) == {"left", "unknown_manager", "backwards", "nobody"}
    assert set(holdings.problems.query("problem == 'nobody'")["account_id"]) == {"c", "d"}


def test_what_lies_after_the_day_is_not_seen():
    later = pd.concat([SPELLS, spells_of(("a", "M2", "2013-02-01"))])
    later.loc[later["account_id"] == "b", "to"] = pd.Timestamp("2013-03-01")
    before, after = (
        organisation.find_holdings(ACCOUNTS, TEAM, spells, DAY) for spells in (SPELLS, later)
    )
    pd.testing.assert_frame_equal(before.accounts, after.accounts)
    pd.testing.assert_frame_equal(before.problems, after.problems)


def test_accounts_that_are_away_hold_no_manager_down():
    away = ACCOUNTS.assign(is_away=[True, False, False, False])
    assert organisation.find_holdings(away, TEAM, SPELLS, DAY).accounts["account_id"].tolist() == [
        "b",
        "c",
        "d",
    ]


def test_a_report_on_an_account_that_left_says_so_and_everything_else_has_a_reason():
    holdings = organisation.find_holdings(ACCOUNTS.assign(is_away=True), TEAM, SPELLS, DAY)
    assert holdings.accounts.empty
    assert "No account is with the company on 31 Dec 2012" in str(holdings.caveats[0])
    workload = organisation.measure_workload(
        holdings, organisation.tiers_by_revenue(holdings.accounts)
    )
    exposure = organisation.measure_exposure(holdings, load=workload.load)
    groups = organisation.group_managers(holdings, workload.load)
    told = [finding for result in (workload, exposure, groups) for finding in result.findings()]
    assert all(finding.reason is not None for finding in told if finding.value is None)
    assert all(finding.value in (None, 0) for finding in told)
    assert not any(
        finding.sentence for result in (exposure, groups) for finding in result.findings()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in (
            figures.exposure(exposure),
            figures.threads(exposure),
            figures.workload(workload),
            figures.groups(groups),
        ):
            figure.draw()


def test_optional_columns_may_all_be_missing():
    bare = organisation.find_holdings(
        ACCOUNTS, TEAM[["manager_id"]], SPELLS[["account_id", "manager_id", "from"]], DAY
    )
    workload = organisation.measure_workload(bare, organisation.tiers_by_revenue(bare.accounts))
    assert (
        organisation.measure_exposure(bare, load=workload.load).by_manager["n_accounts"].sum() == 4
    )
    assert "no recorded capacity" in " ".join(map(str, workload.caveats))


def elsewhere_of(*rows: tuple) -> pd.DataFrame:
    return spells_of(*[("", *row) for row in rows]).drop(columns="account_id")


def test_of_a_slice_hours_count_by_the_share_of_accounts_inside_it():
    """M1 holds two accounts here and three elsewhere: 100 hours x 2/5 = 40; two accounts of 6
    hours ask for 12 of them.
    """
    outside = elsewhere_of(
        ("M1", "2010-01-01"),
        ("M1", "2010-01-01"),
        ("M1", "2012-01-01"),
        ("M1", "2009-01-01", "2011-01-01"),
        ("M2", "2013-05-01"),
    )
    held = organisation.find_holdings(ACCOUNTS, TEAM, SPELLS, DAY, outside)
    workload = organisation.measure_workload(held, pd.Series("B", index=ACCOUNTS["account_id"]))
    load = workload.by_manager.set_index("manager_id")
    assert load.loc["M1", ["capacity_hours", "load"]].tolist() == pytest.approx([40, 0.3])
    assert load.loc["M2", ["capacity_hours", "load"]].tolist() == pytest.approx([100, 0.06])
    assert "1 of the 3 managers" in " ".join(map(str, held.caveats))
    unknown = organisation.find_holdings(ACCOUNTS, TEAM[["manager_id"]], SPELLS, DAY, outside)
    load = organisation.measure_workload(unknown, pd.Series(dtype=str)).by_manager.set_index(
        "manager_id"
    )
    assert load["capacity_hours"].tolist() == pytest.approx([130 * 2 / 5, 130, 130])


def test_who_holds_accounts_elsewhere_alone_is_no_part_of_a_slices_team():
    team = pd.concat(
        [
            TEAM,
            team_of(
                ("M8", "East", "direct_manager", 100),
                ("M9", "East", "direct_manager", 100),
                ("D", None, "director", 100),
            ),
        ]
    )
    outside = elsewhere_of(
        ("M8", "2010-01-01"), ("D", "2010-01-01"), ("M9", "2009-01-01", "2010-01-01")
    )
    held = organisation.find_holdings(ACCOUNTS, team, SPELLS, DAY, outside)
    assert held.managers["manager_id"].tolist() == ["D", "M1", "M2", "M3", "M9"]
    assert held.problems["manager_id"].tolist() == ["M9"]
    assert set(
        organisation.measure_workload(held, pd.Series(dtype=str)).by_manager["manager_id"]
    ) == {"M1", "M2", "M9"}


def test_the_whole_counts_every_hour_and_says_nothing_of_slices():
    held = holdings()
    assert (held.managers["share_here"] == 1).all()
    assert held.caveats == ()
    none = organisation.find_holdings(ACCOUNTS, TEAM, SPELLS, DAY, elsewhere_of())
    pd.testing.assert_frame_equal(none.managers, held.managers)
    assert len(none.caveats) == 1


# exposure
# -------------------------------------------------------------------------------------------------


def holdings():
    return organisation.find_holdings(ACCOUNTS, TEAM, SPELLS, DAY)


def test_n_minus_one_of_each_manager_is_the_band_times_the_book():
    result = organisation.measure_exposure(holdings(), band=(0.13, 0.18))
    book = result.by_manager.set_index("manager_id")
    assert book.loc["M1", ["revenue", "share", "loss_low", "loss_high"]].tolist() == pytest.approx(
        [300, 0.3, 39, 54]
    )
    values = values_of(result)
    assert values["organisation.top_manager_share"] == pytest.approx(0.4)
    assert values["organisation.effective_managers"] == pytest.approx(
        1 / (0.3**2 + 0.3**2 + 0.4**2)
    )
    assert values["organisation.executive_share"] == pytest.approx(0.4)
    assert values["organisation.executive_accounts"] == 1
    wider = organisation.measure_exposure(holdings(), band=(0.2, 0.5)).by_manager.set_index(
        "manager_id"
    )
    assert wider.loc["M1", "loss_high"] == pytest.approx(150)


def test_a_manager_who_holds_all_that_managers_hold_counts_as_one():
    """M1 holds half of the revenue, nobody the rest: 1 / 1² = 1 manager, though 1 / 0.5² = 4."""
    accounts = accounts_of(a="East", b="West").assign(revenue_12m=[50.0, 50.0])
    held = organisation.find_holdings(accounts, TEAM, spells_of(("a", "M1", "2010-01-01")), DAY)
    result = organisation.measure_exposure(held)
    values = values_of(result)
    assert values["organisation.effective_managers"] == pytest.approx(1)
    assert values["organisation.top_manager_share"] == pytest.approx(0.5)
    assert "1 managers share the revenue in their hands as if 1" in str(result.verdict())
    idle = organisation.measure_exposure(
        organisation.find_holdings(
            accounts.assign(revenue_12m=[0.0, 50.0]),
            TEAM,
            spells_of(("a", "M1", "2010-01-01")),
            DAY,
        )
    )
    assert values_of(idle)["organisation.effective_managers"] is None
    assert "no manager holds revenue" in str(idle.verdict())


def test_the_band_is_said_to_be_an_assumption_because_leavers_choose_themselves():
    said = " ".join(str(caveat) for caveat in organisation.measure_exposure(holdings()).caveats)
    assert "not measured here" in said
    assert "do not leave at random" in said
    with pytest.raises(ParameterError, match="the smaller first"):
        organisation.measure_exposure(holdings(), band=(0.3, 0.1))


def test_single_threads_are_counted_only_where_the_team_is_recorded():
    coverage = pd.DataFrame(
        [
            ("a", "core", "sales", "manager", "P1"),
            ("a", "core", "sales", "leader", None),
            ("b", "core", "sales", "manager", "P1"),
            ("b", "core", "marketing", "director", "P2"),
            ("b", "support", "sales", "helper", "P3"),
        ],
        columns=["account_id", "layer", "function", "role", "person_id"],
    )
    result = organisation.measure_exposure(holdings(), coverage)
    single = next(
        finding
        for finding in result.findings()
        if finding.id == "organisation.single_threaded_share"
    )
    assert (single.value, single.n) == (0.5, 2)
    assert single.interval.low < 0.1
    assert result.single_table().frame["account_id"].tolist() == ["a"]
    without = values_of(organisation.measure_exposure(holdings()))
    assert without["organisation.single_threaded_share"] == 1.0


def test_the_successor_has_the_likest_book_among_those_with_room():
    accounts = accounts_of(
        **{f"x{k}": "East" for k in range(4)},
        **{f"y{k}": "East" for k in range(4)},
        **{f"z{k}": "West" for k in range(4)},
    )
    team = team_of(
        ("X", "East", "direct_manager", 100),
        ("Y", "East", "direct_manager", 100),
        ("Z", "West", "direct_manager", 100),
    )
    spells = spells_of(*[(name, name[0].upper(), "2010-01-01") for name in accounts["account_id"]])
    held = organisation.find_holdings(accounts, team, spells, DAY)
    roomy = organisation.measure_exposure(
        held, load=pd.Series({"X": 0.3, "Y": 0.3, "Z": 0.3})
    ).by_manager.set_index("manager_id")
    assert roomy.loc["X", "successor"] == "Y"
    full = organisation.measure_exposure(
        held, load=pd.Series({"X": 0.3, "Y": 0.9, "Z": 0.3})
    ).by_manager.set_index("manager_id")
    # Z has room and serves another region: nobody is the answer.
    assert pd.isna(full.loc["X", "successor"])
    assert pd.isna(full.loc["X", "load_after"])


@pytest.mark.parametrize(("hours", "successor"), [(12.0, "Y"), (30.0, None)])
def test_who_takes_over_an_executives_book_must_have_room_for_it(hours, successor):
    accounts = accounts_of(**{f"x{k}": "East" for k in range(3)}, y="East")
    team = team_of(("X", "East", "executive", 100), ("Y", "East", "direct_manager", 100))
    spells = spells_of(*[(name, name[0].upper(), "2010-01-01") for name in accounts["account_id"]])
    held = organisation.find_holdings(accounts, team, spells, DAY)
    tiers = pd.Series("A", index=accounts["account_id"])
    workload = organisation.measure_workload(held, tiers, {"A": hours})
    assert "X" not in workload.load.index
    found = organisation.measure_exposure(held, load=workload.load, asked=workload.asked)
    book = found.by_manager.set_index("manager_id").loc["X"]
    assert (None if pd.isna(book["successor"]) else book["successor"]) == successor
    if successor:
        assert book["load_after"] == pytest.approx(4 * hours / 100)


def fits(account, manager) -> bool:
    """Whether a manager's region and channel, where recorded, are the account's, where recorded."""
    return all(
        pd.isna(account[trait]) or pd.isna(manager[trait]) or account[trait] == manager[trait]
        for trait in ("region", "channel")
    )


def slow_successors(held, holders: pd.DataFrame, load: pd.Series | None) -> list[tuple]:
    """One manager after the other, one colleague after the other."""
    alike = book_similarity(held.accounts, holders["manager_id"].tolist())
    hours = dict(zip(holders["manager_id"], holders["capacity_hours"].astype(float), strict=True))
    able = holders.loc[
        ~holders["role"].isin(["executive", "executive_sponsor", "director"]) & holders["in_role"],
        "manager_id",
    ]
    found = []
    of = {row["manager_id"]: row for row in holders.to_dict("records")}
    rows = held.accounts.to_dict("records")
    for leaving in holders["manager_id"]:
        options = []
        book = [row for row in rows if row["manager_id"] == leaving]
        for one in able[able != leaving]:
            after = (
                float("nan")
                if load is None
                else load.get(one, np.nan) + load.get(leaving, np.nan) * hours[leaving] / hours[one]
            )
            options.append((one, alike.loc[leaving, one], after))
        told = [option for option in options if option[2] == option[2]]
        open_to = [option for option in told if option[2] <= 1] if told else options
        open_to = [one for one in open_to if all(fits(row, of[one[0]]) for row in book)]
        nobody = (None, np.nan, np.nan)
        found.append(max(open_to, key=lambda option: option[1]) if open_to else nobody)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_successors_are_those_that_looking_one_by_one_finds(seed):
    rng = np.random.default_rng(seed)
    held, load = world(int(rng.integers(1, 9)), n_accounts=40, seed=seed)
    team = held.managers
    team["role"] = rng.choice(
        ["direct_manager", "dealer_manager", "director"], len(team), p=[0.4, 0.4, 0.2]
    )
    team["in_role"] = rng.random(len(team)) < 0.8
    team["capacity_hours"] = pd.array(
        rng.choice([60.0, 200.0, 400.0], len(team)), "Float64"
    ).astype("Float64")
    team.loc[rng.random(len(team)) < 0.2, "capacity_hours"] = pd.NA
    load = None if seed % 4 == 0 else load * rng.uniform(0.05, 0.6, len(load))
    book = organisation.measure_exposure(held, load=load).by_manager
    expected = slow_successors(held, book, load)
    assert [None if pd.isna(one) else one for one in book["successor"]] == [
        row[0] for row in expected
    ]
    for column, place in (("similarity", 1), ("load_after", 2)):
        assert book[column].tolist() == pytest.approx([row[place] for row in expected], nan_ok=True)


def test_without_revenue_shares_are_undefined_with_a_reason():
    held = organisation.find_holdings(ACCOUNTS.assign(revenue_12m=0.0), TEAM, SPELLS, DAY)
    found = organisation.measure_exposure(held).findings()
    assert all(finding.reason for finding in found if finding.value is None)
    assert values_of(organisation.measure_exposure(held))["organisation.top_manager_share"] is None


@given(factor=st.floats(0.01, 1000))
@settings(max_examples=15)
@pytest.mark.slow
def test_another_currency_scales_money_and_leaves_shares(factor):
    one = organisation.measure_exposure(holdings())
    held = organisation.find_holdings(
        ACCOUNTS.assign(revenue_12m=ACCOUNTS["revenue_12m"] * factor), TEAM, SPELLS, DAY
    )
    other = organisation.measure_exposure(held)
    assert other.by_manager["share"].tolist() == pytest.approx(one.by_manager["share"].tolist())
    assert other.by_manager["loss_high"].tolist() == pytest.approx(
        (one.by_manager["loss_high"] * factor).tolist()
    )


# structure and coverage
# ---------------------------------------------------------------------------------------------


def test_the_structure_asks_for_two_managers_a_region_and_three_above():
    team = team_of(
        ("E", None, "executive_sponsor"),
        ("D", None, "director"),
        ("M1", "East", "direct_manager"),
        ("M2", "East", "dealer_manager"),
        ("M3", "West", "direct_manager"),
        ("M4", "West", "dealer_manager", 100, None, "2011-01-01"),
        ("D2", None, "director"),
    )
    held = organisation.find_holdings(ACCOUNTS, team, SPELLS, DAY)
    result = organisation.check_structure(held.managers, ["East", "West"])
    assert len(result.seats) == 2 * 2 + 3
    status = result.seats.set_index(["role", "region"])["status"]
    assert status[("policy_manager", None)] == "vacant"
    assert status[("dealer_manager", "West")] == "vacant"
    assert status[("director", None)] == "doubled"
    assert values_of(result)["organisation.seats_filled_share"] == pytest.approx(5 / 7)


def test_the_chart_names_vacant_seats_ranks_and_whom_each_leads():
    team = team_of(
        ("D", None, "director"),
        ("M1", "East", "direct_manager"),
        ("M2", "East", "dealer_manager"),
    ).assign(grade=["12", "9", None], reports_to=[None, "D", "D"])
    held = organisation.find_holdings(ACCOUNTS, team, SPELLS, DAY)
    load = pd.Series({"M1": 1.5})
    result = organisation.check_structure(held.managers, ["East"], load)
    seats = result.seats.set_index("role")
    kept = held.managers.set_index("manager_id")["n_accounts"]
    assert seats.loc["director", "span"] == kept["D"] + 2
    assert seats.loc["direct_manager", ["grades", "load"]].tolist() == ["9", 1.5]
    figure = draw_figure(result, "organisation.structure")
    said = {text.get_text() for text in figure.draw().axes[0].texts}
    assert "key account director\nD 12\n2" in said
    assert "policy manager\nvacant" in said
    assert "2 are vacant" in figure.alt.render("en")


def test_the_chart_says_how_many_regions_it_has_no_room_for():
    team = team_of(("M1", "R00", "direct_manager"))
    held = organisation.find_holdings(ACCOUNTS, team, SPELLS, DAY)
    for n, told in ((16, False), (20, True)):
        result = organisation.check_structure(held.managers, [f"R{at:02d}" for at in range(n)])
        caption = draw_figure(result, "organisation.structure").caption.render("en")
        assert ("The first 16 of 20 regions are drawn" in caption) == told


def test_the_rings_show_each_place_that_teams_foresee_and_leave_the_others_dotted():
    rows = [("A1", "core", "sales", "manager", "P1"), ("A1", "support", "finance", "admin", None)]
    frame = pd.DataFrame(rows, columns=["account_id", "layer", "function", "role", "person_id"])
    here = ACCOUNTS.head(1).assign(account_id="A1")
    result = organisation.measure_coverage(frame, here)
    axes = draw_figure(result, "organisation.coverage").draw().axes[0]
    assert len(axes.patches) == 15
    assert {"100.0%", "0.0%"} <= {text.get_text() for text in axes.texts}
    assert sum(patch.get_linestyle() == ":" for patch in axes.patches) == 13


def full_team(account: str) -> list[tuple]:
    return [
        (account, "core", "sales", "manager", "P1"),
        (account, "core", "marketing", "director", "P2"),
        (account, "support", "research", "dev", "P3"),
        (account, "support", "after_sales", "care", "P4"),
        (account, "periphery", "finance", "admin", "P5"),
    ]


def test_what_is_missing_is_named_by_layer_and_function():
    rows = full_team("a") + [
        (*row[:4], None) if row[2] in ("finance", "research") else row for row in full_team("b")
    ]
    coverage = pd.DataFrame(rows, columns=["account_id", "layer", "function", "role", "person_id"])
    result = organisation.measure_coverage(coverage, ACCOUNTS)
    found = result.accounts.set_index("account_id")
    assert found.loc["a", "share"] == 1
    assert found.loc["b", ["missing_functions", "missing_layers"]].tolist() == [
        "research, finance",
        "periphery",
    ]
    values = values_of(result)
    assert values["organisation.coverage_share"] == pytest.approx(0.8)
    assert values["organisation.whole_team_share"] == 0.5
    assert "2 of 4 accounts" in str(result.caveats[0])
    terms = next(
        column.terms for column in result.table().columns if column.name == "missing_functions"
    )
    assert "研发" in terms["research, finance"].render("zh")


# workload
# -------------------------------------------------------------------------------------------------


def crowd(n: int = 12):
    accounts = accounts_of(**{f"a{k:02d}": "East" if k % 2 else "West" for k in range(n)})
    team = team_of(
        ("X", "East", "direct_manager", 20),
        ("Y", "West", "direct_manager", 100),
        ("P", None, "policy_manager", 10),
    )
    spells = spells_of(
        *[
            (name, "X" if number < n - 2 else "Y", "2010-01-01")
            for number, name in enumerate(accounts["account_id"])
        ]
    )
    return organisation.find_holdings(accounts, team, spells, DAY)


def test_load_is_hours_by_tier_over_hours_there_are():
    held = crowd()
    tiers = pd.Series("C", index=held.accounts["account_id"])
    result = organisation.measure_workload(held, tiers, {"A": 12, "B": 6, "C": 3})
    load = result.by_manager.set_index("manager_id")
    assert load.loc["X", ["needed_hours", "load"]].tolist() == [30.0, 1.5]
    assert "P" not in load.index
    assert values_of(result)["organisation.overloaded_managers"] == 1


def test_moves_end_overload_where_there_is_room_and_overload_nobody_else():
    held = crowd()
    result = organisation.measure_workload(
        held, pd.Series("C", index=held.accounts["account_id"]), {"A": 12, "B": 6, "C": 3}
    )
    assert (result.by_manager["load_after"] <= 1 + 1e-9).all()
    assert values_of(result)["organisation.overloaded_after_moves"] == 0
    assert len(result.moves) == 4
    assert result.moves["same_region"].all()


def test_accounts_never_move_to_who_does_not_serve_their_region():
    held = crowd()
    result = organisation.measure_workload(
        held, pd.Series("A", index=held.accounts["account_id"]), {"A": 4, "B": 6, "C": 3}
    )
    region = held.accounts.set_index("account_id")["region"]
    assert len(result.moves) > 0
    assert set(region[result.moves["account_id"]]) == {"West"}


def test_a_team_too_small_for_its_accounts_is_said_to_be_so():
    held = crowd()
    result = organisation.measure_workload(
        held, pd.Series("A", index=held.accounts["account_id"]), {"A": 40.0}
    )
    assert values_of(result)["organisation.overloaded_after_moves"] >= 1
    assert "no moving of accounts can cure that" in " ".join(map(str, result.caveats))


def company(seed: int, n_accounts: int = 40, n_managers: int = 8):
    """Accounts and managers with traits, regions and capacities drawn at random, some of them
    unknown.
    """
    rng = np.random.default_rng(seed)

    def draw(values: list, n: int) -> np.ndarray:
        return rng.choice(np.array([*values, None], dtype=object), n)

    ids = [f"A{k:04d}" for k in range(n_accounts)]
    accounts = pd.DataFrame(
        {
            "account_id": ids,
            "account_name": ids,
            "region": draw(["East", "West", "North"], n_accounts),
            "channel": draw(["direct", "dealer"], n_accounts),
            "industry": draw(["Finance", "Energy", "Hotels"], n_accounts),
            "revenue_12m": rng.lognormal(3, 1, n_accounts),
            "is_away": False,
        }
    )
    names = [f"M{k:03d}" for k in range(n_managers)]
    team = team_of(
        *[
            (name, region, "direct_manager", float(rng.choice([20, 40, 80])))
            for name, region in zip(names, draw(["East", "West"], n_managers), strict=True)
        ]
    )
    spells = spells_of(
        *[(one, names[int(n_managers * rng.random() ** 2)], "2010-01-01") for one in ids]
    )
    held = organisation.find_holdings(accounts, team, spells, DAY)
    return held, pd.Series(rng.choice(list("ABC"), n_accounts), index=ids)


def slow_moves(held, tiers: pd.Series, team: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Account by account and receiver by receiver, after the rule as the report words it."""
    traits = ("region", "channel", "industry")
    rows = held.accounts.assign(tier=held.accounts["account_id"].map(tiers)).to_dict("records")
    region = dict(zip(held.managers["manager_id"], held.managers["region"], strict=True))
    of = {row["manager_id"]: row for row in held.managers.to_dict("records")}
    books = {
        name: [row for row in rows if row["manager_id"] == name] for name in team["manager_id"]
    }
    room = dict(zip(team["manager_id"], team["capacity_hours"], strict=True))
    used = {
        name: sum(organisation.workload.HOURS[row["tier"]] for row in book)
        for name, book in books.items()
    }

    def share(name: str, trait: str, value: str) -> float:
        known = [row[trait] for row in books[name] if not pd.isna(row[trait])]
        return known.count(value) / len(known) if known and not pd.isna(value) else 0.0

    moves = []
    for giver in sorted(books, key=lambda name: (-used[name] / room[name], name)):
        waiting = list(books[giver])
        while used[giver] > room[giver] + 1e-9:
            options = []
            for row in waiting:
                hours = organisation.workload.HOURS[row["tier"]]
                for place, name in enumerate(books):
                    near = not pd.isna(region[name]) and region[name] == row["region"]
                    left = room[name] - used[name] - hours
                    if (
                        name == giver
                        or left < -1e-9
                        or not (fits(row, of[name]) and of[name]["in_role"])
                    ):
                        continue
                    fit = round(sum(share(name, trait, row[trait]) for trait in traits) / 3, 6)
                    options.append(((near, fit, hours, left, -place), row, name))
            if not options:
                break
            _, row, name = max(options, key=lambda option: option[0])
            waiting.remove(row)
            used[giver] -= organisation.workload.HOURS[row["tier"]]
            used[name] += organisation.workload.HOURS[row["tier"]]
            moves.append((row["account_id"], giver, name))
    return moves


def moved(result) -> list[tuple]:
    return list(
        result.moves[["account_id", "from_manager", "to_manager"]].itertuples(
            index=False, name=None
        )
    )


@pytest.mark.parametrize("seed", range(20))
def test_moves_are_those_that_trying_one_by_one_finds(seed):
    held, tiers = company(seed)
    result = organisation.measure_workload(held, tiers)
    assert moved(result) == slow_moves(held, tiers, result.by_manager)


@pytest.mark.slow
def test_the_companies_drawn_do_move_accounts():
    assert sum(len(organisation.measure_workload(*company(seed)).moves) for seed in range(20)) > 50


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.slow
def test_a_region_that_is_nowhere_filled_is_as_good_as_none(seed):
    """Managers' regions unknown, in every way of writing so: nobody is near, and nobody is
    barred from tier A.
    """
    held, tiers = company(seed)
    answers = []
    for empty in (None, np.nan, pd.NA):
        frames = [
            frame.assign(region=pd.Series(empty, index=frame.index, dtype=object))
            for frame in (held.accounts, held.managers)
        ]
        answers.append(
            organisation.measure_workload(
                replace(held, accounts=frames[0], managers=frames[1]), tiers
            )
        )
    spells = spells_of(
        *[(row.account_id, row.manager_id, "2010-01-01") for row in held.accounts.itertuples()]
    )
    absent = held.managers[["manager_id", "role", "capacity_hours"]]
    bare = held.accounts.assign(region=None, is_away=False)
    answers.append(
        organisation.measure_workload(organisation.find_holdings(bare, absent, spells, DAY), tiers)
    )
    assert len(answers[0].moves) > 0
    for other in answers[1:]:
        pd.testing.assert_frame_equal(other.moves, answers[0].moves)


@pytest.mark.slow
def test_moves_compare_only_one_givers_accounts_at_a_time(monkeypatch):
    """Two thousand accounts against three hundred managers stay far from a matrix of all of
    them.
    """
    held, tiers = company(3, n_accounts=2000, n_managers=300)
    held.managers["capacity_hours"] = pd.array(np.where(np.arange(300) % 2, 30.0, 80.0), "Float64")
    owner, asked = held.accounts["manager_id"].to_numpy(), []
    compare = organisation.workload._Books.compare
    monkeypatch.setattr(
        organisation.workload._Books,
        "compare",
        lambda self, rows: asked.append(rows) or compare(self, rows),
    )
    result = organisation.measure_workload(held, tiers)
    givers = [set(owner[rows]) for rows in asked]
    assert len(result.moves) > 100
    assert all(len(one) == 1 for one in givers)
    assert len(givers) == len(set.union(*givers))
    assert (
        max(len(rows) for rows in asked)
        == held.accounts["manager_id"].isin(set.union(*givers)).groupby(owner).sum().max()
    )


def test_tiers_by_revenue_cut_at_eighty_and_ninety_five_per_cent():
    accounts = pd.DataFrame({"account_id": list("abcd"), "revenue_12m": [80.0, 15.0, 5.0, 0.0]})
    assert organisation.tiers_by_revenue(accounts).to_dict() == {
        "a": "A",
        "b": "B",
        "c": "C",
        "d": "C",
    }
    assert set(organisation.tiers_by_revenue(accounts.assign(revenue_12m=0.0))) == {"C"}
    published = pd.DataFrame({"account_id": ["a"], "tier": ["C"]})
    assert organisation.choose_tiers(published, holdings()).to_dict() == {"a": "C"}
    assert len(organisation.choose_tiers(None, holdings())) == 4


# linkage groups
# -------------------------------------------------------------------------------------------------


def random_problem(n: int, seed: int) -> grouping.Problem:
    rng = np.random.default_rng(seed)
    vectors = rng.random((n, 6)) ** 2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return grouping.Problem(1 - np.clip(vectors @ vectors.T, 0, 1), rng.uniform(0.4, 1.6, n), 0.5)


def all_partitions(left: tuple[int, ...]):
    if not left:
        yield []
        return
    for size in (3, 4):
        for rest in itertools.combinations(left[1:], size - 1) if len(left) >= size else ():
            group = (left[0], *rest)
            for more in all_partitions(tuple(one for one in left if one not in group)):
                yield [group, *more]


@pytest.mark.parametrize(("n", "seed"), [(6, 1), (7, 2), (8, 3), (9, 4), (10, 5)])
def test_the_grouping_equals_the_best_of_all_that_there_are(n, seed):
    problem = random_problem(n, seed)
    best = min(problem.total(groups) for groups in all_partitions(tuple(range(n))))
    solved = partition.solve(problem)
    assert solved.proven
    assert solved.cost == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("n", [6, 7, 11, 13, 16, 23, 30])
def test_groups_hold_everybody_once_in_threes_and_fours_and_beat_greedy_and_chance(n):
    problem = random_problem(n, n)
    solved = partition.solve(problem)
    assert sorted(one for group in solved.groups for one in group) == list(range(n))
    assert {len(group) for group in solved.groups} <= {3, 4}
    assert solved.bound <= solved.cost + 1e-9
    assert solved.cost <= problem.total(grouping.group_greedily(problem)) + 1e-9
    assert (
        solved.cost
        <= min(
            problem.total(one) for one in grouping.group_randomly(problem, np.random.default_rng(0))
        )
        + 1e-9
    )


def test_exact_prices_find_every_group_that_brute_force_finds():
    problem, rng = random_problem(14, 3), np.random.default_rng(8)
    duals = rng.normal(0.25, 0.1, 14)
    for size, ceiling in itertools.product((3, 4), (0.0, 0.05, 0.3)):
        every = np.array(list(itertools.combinations(range(14), size)))
        reduced = problem.costs(every) - duals[every].sum(axis=1)
        found = pricing.price_groups(problem, duals, size, ceiling)
        assert set(map(tuple, found.groups.tolist())) == set(
            map(tuple, every[reduced <= ceiling].tolist())
        )
        assert found.reduced == pytest.approx(
            problem.costs(found.groups) - duals[found.groups].sum(axis=1)
        )
        assert found.floor == ceiling


@pytest.mark.parametrize(("most", "quick"), [(20, 10_000), (20, 5), (10_000, 3)])
def test_a_search_cut_short_knows_a_floor_under_what_it_left_out(most, quick, monkeypatch):
    monkeypatch.setattr(pricing, "MOST", most)
    monkeypatch.setattr(pricing, "QUICK", quick)
    problem, duals = random_problem(14, 3), np.random.default_rng(8).normal(0.35, 0.1, 14)
    every = np.array(list(itertools.combinations(range(14), 4)))
    reduced = problem.costs(every) - duals[every].sum(axis=1)
    found = pricing.price_groups(problem, duals, 4, 0.0, quick=True)
    left_out = [
        cost
        for group, cost in zip(every.tolist(), reduced, strict=True)
        if group not in found.groups.tolist()
    ]
    assert found.floor < 0
    assert min(left_out) >= found.floor - 1e-9
    assert found.least <= reduced.min() + 1e-9


def test_managers_of_the_same_book_are_grouped_as_well_as_any_others():
    same = grouping.Problem(np.zeros((40, 40)), np.ones(40), 0.5)
    solved = partition.solve(same)
    assert (solved.proven, solved.cost) == (True, pytest.approx(0))


def test_when_the_steps_run_out_the_gap_is_stated_and_the_bound_holds(monkeypatch):
    problem = random_problem(30, 5)
    exact = partition.solve(problem)
    monkeypatch.setattr(partition, "ROUNDS", 1)
    monkeypatch.setattr(partition, "MILP_COLUMNS", 0)
    hurried = partition.solve(problem)
    assert not hurried.proven
    assert hurried.bound <= exact.cost + 1e-9
    assert hurried.cost >= exact.cost - 1e-9


def test_the_work_is_bounded_in_steps_and_never_by_the_clock(monkeypatch):
    """A limit in seconds would make the groups depend on what else the machine has to do."""
    import scipy.optimize

    seen, milp = [], scipy.optimize.milp
    monkeypatch.setattr(
        scipy.optimize,
        "milp",
        lambda *a, options, **k: seen.append(dict(options)) or milp(*a, options=options, **k),
    )
    partition.solve(random_problem(20, 3))
    assert {options["node_limit"] for options in seen} == {partition.MILP_NODES}
    assert not any("time" in name for options in seen for name in options)


@pytest.mark.slow
def test_two_hundred_managers_get_groups_with_a_gap_of_three_per_cent_at_most():
    found = partition.solve(random_problem(200, 7))
    assert sorted(member for group in found.groups for member in group) == list(range(200))
    assert (found.cost - found.bound) / found.cost <= 0.03


@pytest.mark.slow
def test_managers_get_the_same_groups_twice():
    one, again = (partition.solve(random_problem(40, 7)) for _run in range(2))
    assert one == again


def world(n_managers: int, n_accounts: int = 60, seed: int = 1):
    rng = np.random.default_rng(seed)
    accounts = pd.DataFrame(
        {
            "account_id": [f"A{k:03d}" for k in range(n_accounts)],
            "account_name": "x",
            "region": rng.choice(["East", "West", "North"], n_accounts),
            "channel": rng.choice(["direct", "dealer"], n_accounts),
            "industry": rng.choice(["Finance", "Energy", "Hotels"], n_accounts),
            "revenue_12m": rng.lognormal(3, 1, n_accounts),
            "is_away": False,
        }
    )
    team = team_of(*[(f"M{k:02d}", "East", "direct_manager", 60) for k in range(n_managers)])
    spells = spells_of(
        *[
            (account, f"M{k % n_managers:02d}", "2010-01-01")
            for k, account in enumerate(accounts["account_id"])
        ]
    )
    held = organisation.find_holdings(accounts, team, spells, DAY)
    return held, organisation.measure_workload(
        held, organisation.tiers_by_revenue(held.accounts)
    ).load


@pytest.mark.parametrize("n", [3, 4, 5, 6, 9, 14])
def test_every_account_keeps_somebody_after_any_one_departure(n):
    held, load = world(n)
    result = organisation.group_managers(held, load)
    group_of = result.groups.set_index("manager_id")["group"]
    for leaving in group_of.index:
        orphans = held.accounts.loc[held.accounts["manager_id"] == leaving, "account_id"]
        stay = [
            one for one in group_of.index if group_of[one] == group_of[leaving] and one != leaving
        ]
        assert len(stay) >= 2 or orphans.empty
    named = result.groups.dropna(subset="deputy")
    assert set(named["deputy"]) <= set(group_of.index)
    assert (named["deputy"] != named["manager_id"]).all()
    assert (named["n_served"] > 0).all()


def count_lonely(held, groups: pd.DataFrame, load: pd.Series) -> tuple[int, int]:
    """Account by account: is there a mate of its manager in role, with hours left, for its region
    and channel?
    """
    group_of = dict(zip(groups["manager_id"], groups["group"], strict=True))
    of = {row["manager_id"]: row for row in held.managers.to_dict("records")}
    lonely = told = 0
    for row in held.accounts.to_dict("records"):
        if row["manager_id"] not in group_of:
            continue
        told += 1
        lonely += not any(
            group_of[one] == group_of[row["manager_id"]]
            and one != row["manager_id"]
            and load[one] < 1
            and (
                pd.isna(row["region"])
                or pd.isna(of[one]["region"])
                or of[one]["region"] == row["region"]
            )
            and (pd.isna(row["channel"]) or of[one]["channel"] == row["channel"])
            for one in group_of
        )
    return lonely, told


@pytest.mark.parametrize("seed", range(6))
def test_accounts_that_nobody_else_of_the_group_can_serve_are_counted(seed):
    held, tiers = company(seed, n_accounts=30, n_managers=9)
    load = organisation.measure_workload(held, tiers).load
    result = organisation.group_managers(held, load)
    assert (result.n_uncovered, result.n_placed) == count_lonely(held, result.groups, load)
    assert f"{result.n_uncovered} of {result.n_placed} accounts can be served by nobody" in str(
        result.verdict()
    )
    served = result.groups["n_served"]
    assert served.sum() == result.n_placed - result.n_uncovered
    assert result.n_alone <= result.n_uncovered


def test_a_group_of_three_regions_has_no_deputies_and_says_nobody():
    """X serves East, Y West, Z North: nobody can take the other's accounts, until Z serves all."""
    accounts = accounts_of(a="East", b="West", c="West", d="East", e="North")
    team = team_of(
        *[(n, r, "direct_manager", 100) for n, r in zip("XYZ", ("East", "West", "North"))]
    )
    spells = spells_of(
        *[(account, name, "2010-01-01") for account, name in zip("abcde", "XYYXZ", strict=True)]
    )
    load = pd.Series(0.5, index=list("XYZ"))

    def told(managers: pd.DataFrame, **more) -> organisation.LinkageGroups:
        held = organisation.find_holdings(accounts.assign(**more), managers, spells, DAY)
        return organisation.group_managers(held, load)

    def uncovered(result) -> object:
        return next(
            one for one in result.findings() if one.id == "organisation.uncovered_after_departure"
        )

    alone = told(team)
    found = uncovered(alone)
    assert (found.value, found.n, found.n_unit) == (5, 5, "accounts")
    assert alone.n_alone == 5
    assert alone.groups["deputy"].isna().all()
    national = told(team.assign(region=["East", "West", None]))
    assert uncovered(national).value == 1
    assert national.groups.set_index("manager_id")["deputy"].dropna().to_dict() == {
        "X": "Z",
        "Y": "Z",
    }
    nowhere = told(team, region=None, channel=None)
    assert uncovered(nowhere).value is None
    assert "region or channel is recorded" in str(uncovered(nowhere).reason)
    assert str(nowhere.verdict()).endswith("%.")


def test_a_mate_without_hours_left_covers_nobody():
    held, load = world(3)
    free = organisation.group_managers(held, load * 0 + 0.5)
    full = organisation.group_managers(held, load * 0 + 1.2)
    assert free.n_uncovered < full.n_uncovered == full.n_placed
    assert full.groups["deputy"].isna().all()


def test_one_manager_more_takes_the_accounts_without_hours_in_its_place_and_no_others():
    """East: M1 has 14 hours for a and b (12 each): b has none. West: M2 has room for c and d."""
    team = team_of(("M1", "East", "direct_manager", 14), ("M2", "West", "direct_manager", 100))
    spells = spells_of(
        *[(account, name, "2010-01-01") for account, name in zip("abcd", ("M1", "M1", "M2", "M2"))]
    )
    held = organisation.find_holdings(ACCOUNTS, team, spells, DAY)
    tiers = pd.Series("A", index=list("abcd"))
    more = organisation.add_manager(held, tiers, band=(0.1, 0.2), cost=50.0)
    east, west = (more.frame.set_index("region").loc[one] for one in ("East", "West"))
    assert (more.n_without, more.capacity) == (1, 57.0)
    assert (east["n_without"], east["without_after"]) == (1, 0)
    # a brings less per hour than b: b is served, a is not.
    assert (east["revenue_without"], east["revenue_after"]) == (100.0, 0.0)
    assert (east["risk_less_low"], east["risk_less_high"]) == (10.0, 20.0)
    assert east["load"] == pytest.approx(24 / 14)
    assert east["load_after"] == pytest.approx(24 / (14 + 57))
    assert (west["n_without"], west["risk_less_high"]) == (0, 0.0)
    assert more.caveats == ()
    assert "helps most in East, direct: 1 accounts with 100" in str(more.verdict())


def test_where_nobody_lacks_hours_no_manager_is_asked_for_and_unknown_cost_is_said():
    held, _load = world(3)
    tiers = pd.Series("C", index=held.accounts["account_id"])
    near = organisation.Holdings(
        held.as_of,
        held.accounts.assign(region="East", channel="direct"),
        held.managers,
        held.problems,
    )
    more = organisation.add_manager(near, tiers, band=(0.1, 0.2))
    assert more.n_without == 0
    assert "would not change that" in str(more.verdict())
    assert "manager_cost" in str(more.caveats[0])
    afar = organisation.add_manager(held, tiers, band=(0.1, 0.2)).frame
    assert (afar["afar_after"] <= afar["n_afar"]).all()
    assert afar.loc[afar["region"] != "East", "n_afar"].gt(0).any()


def test_one_more_manager_costs_what_the_team_costs_unless_told_otherwise():
    held, _load = world(3)
    tiers = pd.Series("C", index=held.accounts["account_id"])
    paid = held.managers.assign(yearly_cost=[100.0, 300.0, 200.0][: len(held.managers)])
    known = organisation.Holdings(held.as_of, held.accounts, paid, held.problems)
    more = organisation.add_manager(known, tiers, band=(0.1, 0.2))
    assert more.frame["cost"].eq(200.0).all()
    assert more.caveats == ()
    told = organisation.add_manager(known, tiers, band=(0.1, 0.2), cost=50.0)
    assert told.frame["cost"].eq(50.0).all()


def test_who_has_left_is_nobodys_deputy():
    held, load = world(7)
    held.managers.loc[held.managers["manager_id"] == "M03", "in_role"] = False
    result = organisation.group_managers(held, load)
    assert set(result.groups["manager_id"]) == {f"M{k:02d}" for k in range(7)} - {"M03"}
    assert "M03" not in set(result.groups["deputy"])


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_managers_form_no_group_and_it_is_said(n):
    result = organisation.group_managers(*world(n))
    assert result.cost is None
    assert "a group needs three" in str(result.caveats[0])
    assert all(finding.reason for finding in result.findings() if finding.value is None)
    assert result.table().frame.empty


@pytest.mark.slow
def test_more_managers_than_can_be_searched_are_sent_to_reports_by_region(monkeypatch):
    monkeypatch.setattr("kamresearch.analysis.organisation.groups.MOST_MANAGERS", 11)
    result = organisation.group_managers(*world(12))
    assert result.cost is None
    assert "among 11 at most" in str(result.caveats[0])
    assert "region by region" in str(result.verdict())
    assert all(finding.reason for finding in result.findings() if finding.value is None)
    assert organisation.group_managers(*world(11)).cost is not None


def test_executives_are_no_part_of_linkage_groups_and_balance_must_be_a_weight():
    held, load = world(6)
    held.managers.loc[0, "role"] = "executive"
    assert "M00" not in set(organisation.group_managers(held, load).groups["manager_id"])
    with pytest.raises(ParameterError, match="0 to 100"):
        organisation.group_managers(held, load, balance=-1)


def test_likeness_is_one_for_the_same_book_and_zero_for_nothing_in_common():
    accounts = pd.DataFrame(
        {
            "account_id": list("abc"),
            "manager_id": ["X", "Y", "Z"],
            "region": ["E", "E", "W"],
            "channel": ["d", "d", "r"],
            "industry": ["F", "F", "G"],
            "revenue_12m": [1.0, 50.0, 0.0],
        }
    )
    found = book_similarity(accounts, ["X", "Y", "Z"])
    assert found.loc["X", "Y"] == pytest.approx(1)
    assert found.loc["X", "Z"] == 0


def test_nothing_given_is_changed():
    frames = [ACCOUNTS.copy(deep=True), TEAM.copy(deep=True), SPELLS.copy(deep=True)]
    held = organisation.find_holdings(ACCOUNTS, TEAM, SPELLS, DAY)
    organisation.measure_exposure(held)
    for now, before in zip((ACCOUNTS, TEAM, SPELLS), frames, strict=True):
        pd.testing.assert_frame_equal(now, before)


def test_a_load_far_below_capacity_is_drawn_beside_it():
    import io
    import warnings

    from kamresearch.figures import organisation as figures
    from kamresearch.figures.theme import house_theme

    held = holdings()
    low = organisation.measure_workload(
        held, organisation.tiers_by_revenue(held.accounts), {"A": 0.1, "B": 0.1, "C": 0.1}
    )
    with house_theme() as save, warnings.catch_warnings():
        warnings.filterwarnings("error", message="constrained_layout")
        for figure in (
            figures.workload(low),
            figures.groups(organisation.group_managers(held, low.load)),
        ):
            save(figure.draw(), io.StringIO(), figure.id)
