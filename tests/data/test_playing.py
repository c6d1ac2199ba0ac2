"""A policy is judged by the answers that the world hides: knowing them cannot be beaten."""

import numpy as np
import pandas as pd
import pytest

from kamresearch.data.simulate import Life, World, make_company, play, play_on, simulate
from kamresearch.data.simulate.playing import Truth
from kamresearch.errors import ParameterError

pytestmark = pytest.mark.recovery


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    return make_company(tmp_path_factory.mktemp("play") / "company", accounts=300, random_state=3)


@pytest.fixture(scope="module")
def truth(company):
    return Truth.read(company, 2_000.0)


def nobody(_tables, _as_of):
    return pd.DataFrame({"account_id": [], "kind": []})


@pytest.mark.slow
def test_doing_nothing_brings_nothing_and_something_was_possible(company):
    played = play_on(company, nobody, every=6)
    assert played.profit == 0
    assert played.possible > 0
    assert played.share == 0


def test_who_knows_the_answers_has_all_of_the_possible_and_a_lot_less(company, truth):
    months = iter(range(company.first, company.first + 12, 6))
    knowing = play_on(company, lambda _tables, _as_of: truth.best(next(months)), every=6)
    assert knowing.share == pytest.approx(1)
    ids = pd.Series(np.random.default_rng(0).permutation(truth.value.index))
    lot = play_on(
        company, lambda _t, _a: pd.DataFrame({"account_id": ids, "kind": "save"}), every=6
    )
    assert lot.share < 0.5


def test_contact_helps_the_persuadable_harms_the_disturbed_and_moves_nobody_else(company, truth):
    gain = truth.gains(company.first)["save"] + truth.cost
    present = pd.Series(truth.hazards[:, company.first].sum(axis=1) > 0, gain.index)
    worth = present & (truth.value > 0)
    for response, sign in {"persuadable": 1, "sure": 0, "lost_cause": 0, "disturbed": -1}.items():
        part = gain[worth & (truth.response == response)]
        assert len(part) > 5
        assert (np.sign(part.round(6)) == sign).all(), response


def test_an_account_is_left_alone_while_a_contact_works(company, truth):
    ids = truth.value.index[:3]
    played = play_on(
        company, lambda _t, _a: pd.DataFrame({"account_id": ids, "kind": "save"}), every=3
    )
    assert played.actions.groupby("account_id")["month"].apply(list).tolist() == [[0, 6]] * 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (pd.DataFrame({"account_id": ["A0000001"], "kind": ["safe"]}), "did you mean 'save'"),
        (pd.DataFrame({"account_id": ["A9"], "kind": ["save"]}), "policy, account_id"),
        (pd.DataFrame({"account_id": ["A0000001"]}), "no kind"),
    ],
)
def test_an_answer_that_names_what_is_not_there_is_refused(company, answer, words):
    with pytest.raises(ParameterError, match=words):
        play_on(company, lambda _tables, _as_of: answer)


@pytest.mark.slow
def test_strain_makes_losses_foreseeable_and_shows_in_the_tables(tmp_path):
    auc = {}
    for strain in (0.0, 1.2):
        world = World(life=Life(strain=strain, strain_shows=1.0))
        folder = tmp_path / str(strain)
        company = make_company(folder, world, accounts=1500, random_state=1)
        auc[strain] = Truth.read(company, 0).auc(company.first)
    assert auc[1.2] > auc[0.0] + 0.05
    outcomes = pd.read_parquet(folder / "truth" / "outcomes.parquet")
    hazard = outcomes.groupby("account_id")[["price", "service"]].sum().sum(axis=1)
    service = pd.read_parquet(folder / "service_events.parquet")
    told = service[service["kind"].isin(["complaint", "delivery_delay"])]
    counts = told.groupby("account_id").size().reindex(hazard.index).fillna(0)
    assert hazard.corr(counts, method="spearman") > 0.15


def test_the_answers_stay_out_of_the_tables(company):
    for path in company.folder.glob("*.parquet"):
        columns = set(pd.read_parquet(path).columns)
        assert not columns & {"response", "strain", "pressure"}, path.stem


@pytest.mark.slow
def test_a_policy_sees_what_is_known_and_is_asked_with_the_day(tmp_path):
    days = []

    def watch(tables, as_of):
        days.append(as_of)
        return nobody(tables, as_of)

    play(World(), watch, months=3, accounts=20, random_state=1)
    assert days == ["2011-12-31", "2012-01-31", "2012-02-29"]


def test_a_world_without_life_keeps_no_answers(tmp_path):
    folder = simulate(tmp_path / "plain", 20, random_state=5)
    assert not (folder / "truth" / "outcomes.parquet").exists()
