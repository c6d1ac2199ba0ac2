"""What one study advises for an account, no other study contradicts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis import organisation
from kamresearch.analysis.decisions import CONTRADICTIONS
from kamresearch.analysis.decisions.advice import ADVISING, find_forestalled
from kamresearch.analysis.organisation.serving import can_serve

DAY = "2012-12-31"
TERMS = kam.churn.OfferTerms(0.3, 0.02, 2000.0, 40)


def moves_of(tables) -> pd.DataFrame:
    """The organisation study's accounts to hand over."""
    snapshot = kam.account_snapshot(tables, as_of=DAY)
    managers, spells = tables.frame("managers"), tables.frame("assignments")
    holdings = organisation.find_holdings(snapshot, managers, spells, DAY)
    tiers = organisation.tiers_by_revenue(holdings.accounts)
    return organisation.measure_workload(holdings, tiers).moves


def advice_of_all(listed: pd.DataFrame, other: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """account_id, kind and manager of everything that any study tells somebody to do."""
    moves = other["organisation.moves"]
    parts = [
        listed[["account_id", "kind"]].assign(manager=listed["owner"]),
        moves[["account_id"]].assign(kind="assign", manager=moves["to_manager"]),
        *(
            other[name][["account_id"]].assign(kind=ADVISING[name], manager=None)
            for name in ("churn.contacts", "churn.alerts")
            if name in other
        ),
    ]
    return pd.concat(parts, ignore_index=True)


def check_nothing_contradicts(advice: pd.DataFrame, tables) -> None:
    standing = kam.account_standing(tables, DAY).set_index("account_id")["standing"]
    for account, part in advice.groupby("account_id"):
        kinds = set(part["kind"])
        pairs = {frozenset((a, b)) for a in kinds for b in kinds if a != b}
        assert not pairs & CONTRADICTIONS, part
        if standing[account] == "lost":
            assert kinds <= {"win_back", "review"}, part
        else:
            assert "win_back" not in kinds, part
        assert part.loc[part["kind"] == "assign", "manager"].nunique() <= 1, part
    told = advice[advice["manager"].notna()]
    accounts = tables.frame("accounts").set_index("account_id").loc[told["account_id"]]
    named = tables.frame("managers").set_index("manager_id").loc[told["manager"]].reset_index()
    assert can_serve(accounts, named).diagonal().all()


def check_lists_for_any_contacts(records, moves: pd.DataFrame, tables, seeds: int) -> None:
    """Contacts chosen by chances drawn at random: whomever they name, nothing contradicts."""
    here = records.frame[records.frame["chance"].notna()]
    for seed in range(seeds):
        chance = np.random.default_rng(seed).random(len(here))
        contacts = kam.churn.choose_contacts(here.assign(churn_probability=chance), TERMS).frame
        other = {"churn.contacts": contacts, "organisation.moves": moves}
        known = replace(records, advice=kam.decisions.gather_advice(other.get))
        listed = kam.decisions.decide(known)
        check_nothing_contradicts(advice_of_all(listed.frame, other), tables)
        against = (listed.left_out["reason"] == "advised_against").sum()
        assert against, "nothing was at stake: the property holds of itself"


@pytest.mark.properties
@pytest.mark.slow
def test_whomever_other_studies_would_hold_the_list_tells_nothing_that_contradicts(case_tables):
    records = kam.decisions.gather_records(case_tables, DAY, kam.decisions.Assumptions())
    # Whom the list would give a manager, another study hands to somebody who serves it as well.
    bare = records.frame[records.frame["manager_problem"].notna()]
    serves = can_serve(bare, records.managers)
    moves = bare[["account_id"]][serves.any(axis=1)].assign(
        to_manager=records.managers["manager_id"].to_numpy()[serves.argmax(axis=1)][
            serves.any(axis=1)
        ]
    )
    check_lists_for_any_contacts(records, moves, case_tables, seeds=2)


@pytest.mark.properties
@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [31, *(pytest.param(one, marks=pytest.mark.long) for one in (32, 33))]
)
def test_in_other_companies_the_list_tells_nothing_that_contradicts_either(tmp_path, seed):
    kam.simulate.simulate(tmp_path / "world", accounts=80, random_state=seed)
    tables = kam.open_data(tmp_path / "world")
    records = kam.decisions.gather_records(tables, DAY, kam.decisions.Assumptions())
    check_lists_for_any_contacts(records, moves_of(tables), tables, seeds=1)


@pytest.mark.properties
@pytest.mark.long
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_no_study_advises_what_another_forbids(tmp_path, seed):
    """The same with the churn study's own risk and alerts, each alert taken as advice."""
    kam.simulate.simulate(tmp_path / "world", accounts=80, random_state=seed)
    tables = kam.open_data(tmp_path / "world")
    case = kam.churn.open_case(tables, DAY)
    risk = kam.churn.model_losses(case, 365, 0, 0).risk
    alerts = kam.warning.raise_alerts(
        case.months, case.losses, risk.frame, DAY, random_state=0, no_model=risk.reason
    )
    other = {
        "churn.contacts": kam.churn.choose_contacts(risk.frame, TERMS).frame,
        "churn.alerts": alerts.frame.reset_index(drop=True),
        "organisation.moves": moves_of(tables),
    }
    advice = kam.decisions.gather_advice(other.get)
    listed = kam.decisions.from_tables(tables, DAY, advice=advice).frame
    check_nothing_contradicts(advice_of_all(listed, other), tables)


@pytest.mark.unit
def test_what_goes_against_another_studys_advice_is_left_out_with_the_reason():
    proposals = pd.DataFrame(
        [("a", "grow"), ("a", "review"), ("b", "reprice"), ("c", "assign"), ("d", "grow")],
        columns=["account_id", "kind"],
    )
    tables = {
        "churn.contacts": pd.DataFrame({"account_id": ["a", "b"]}),
        # Without a shown lift the table of alerts names no action: nothing is advised.
        "churn.alerts": pd.DataFrame({"account_id": ["d"]}),
        "organisation.moves": pd.DataFrame({"account_id": ["c"]}),
    }
    advice = kam.decisions.gather_advice(tables.get)
    assert find_forestalled(proposals, advice).tolist() == [
        "advised_against",
        "",
        "advised_against",
        "handed_over",
        "",
    ]
    assert set(find_forestalled(proposals, None)) == {""}
    assert kam.decisions.gather_advice({}.get).empty
