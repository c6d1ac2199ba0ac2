"""The simulator: the same seed gives the same world, and its truth is what it says."""

import hashlib
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from kamresearch.data.contract import TABLES
from kamresearch.data.simulate import CAUSES, Actions, World, read_world, simulate
from kamresearch.errors import DataError, ParameterError

pytestmark = pytest.mark.unit


def digests(folder) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Clean, and large enough that shares can be told."""
    return simulate(tmp_path_factory.mktemp("world"), accounts=3000, random_state=7, messy=False)


def read(folder, name) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    return pd.read_parquet(path) if path.exists() else pd.read_csv(folder / f"{name}.csv")


@pytest.mark.slow
def test_the_same_request_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    first, second, other = (
        simulate(tmp_path / name, 40, random_state=seed)
        for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    assert digests(first) == digests(second)
    assert digests(first)["orders.parquet"] != digests(other)["orders.parquet"]


@pytest.mark.slow
def test_every_table_keeps_to_the_contract_and_says_that_it_is_simulated(world):
    for path in [*world.glob("*.parquet"), *world.glob("*.csv")]:
        spec, frame = TABLES[path.stem], read(world, path.stem)
        assert set(spec.required_columns) <= set(frame.columns), path.stem
        assert not frame.duplicated(list(spec.key)).any(), path.stem
        for column in spec.columns:
            if column.values and column.name in frame:
                assert set(frame[column.name].dropna()) <= set(column.values), (
                    path.stem,
                    column.name,
                )
        sidecar = yaml.safe_load((world / f"{path.stem}.yml").read_text())
        assert sidecar["simulated"] is True
        assert sidecar["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_every_reference_leads_somewhere_when_the_world_is_clean(world):
    for path in [*world.glob("*.parquet"), *world.glob("*.csv")]:
        for column, target in TABLES[path.stem].references:
            if not any(world.glob(f"{target}.*")):
                assert column not in read(world, path.stem), "a reference to a table not made"
                continue
            known = set(read(world, target)[TABLES[target].key[0]])
            assert set(read(world, path.stem)[column].dropna()) <= known, (path.stem, column)


@pytest.mark.slow
def test_the_built_in_case_is_what_its_seed_makes(case_folder, tmp_path):
    """The tables added later are drawn apart: the first world's come out as they were."""
    request = yaml.safe_load((case_folder / "truth" / "world.yml").read_text())["request"]
    again = simulate(
        tmp_path,
        request["accounts"],
        request["seed"],
        request["start"],
        request["end"],
        messy=request["messy"],
        world=read_world(case_folder / "truth" / "added.yml"),
    )
    first = ("accounts", "orders", "churn_events", "departments")
    added = ("opportunities", "wallet", "order_prices", "activities")
    added += ("value_delivered", "contacts", "needs", "surveys", "plans", "churn_rivals")
    for name in (*first, *added, "truth/opportunities", "truth/serving", "truth/surveys"):
        pd.testing.assert_frame_equal(read(case_folder, name), read(again, name))
    made, kept = (
        yaml.safe_load((folder / "mapping.yml").read_text()) for folder in (again, case_folder)
    )
    assert kept == made | {"measure": kept["measure"]}  # what units are counted in, the case adds


@pytest.mark.recovery
@pytest.mark.slow
def test_what_was_done_is_written_with_its_planted_effect_and_moves_no_other_table(world, tmp_path):
    plain = yaml.safe_load((world / "truth" / "world.yml").read_text())["request"]
    accounts, seed = plain.pop("accounts"), plain.pop("seed")
    again = simulate(tmp_path, accounts, seed, **plain, world=World(actions=Actions()))
    for name in ("accounts", "orders", "churn_events", "assignments", "truth/churn"):
        pd.testing.assert_frame_equal(read(world, name), read(again, name))
    listed, truth = read(again, "actions"), read(again, "truth/actions")
    assert not listed.duplicated(list(TABLES["actions"].key)).any()
    assert set(listed["decided"].dropna()) == {"do", "not", "hold_out"}
    assert listed.loc[listed["done_on"].notna(), "decided"].eq("do").all()
    assert set(listed["owner"].dropna()) <= set(read(again, "managers")["manager_id"])
    both = listed.merge(truth, on=list(TABLES["actions"].key), validate="1:1")
    for kind, planted in (("save", 0.6), ("win_back", 1.5)):
        rows = both[(both["kind"] == kind) & both["decided"].isin(["do", "hold_out"])]
        came = rows.groupby("decided")["true_outcome"].agg(["sum", "size", "mean"])
        ratio = np.log(came.loc["do", "mean"] / came.loc["hold_out", "mean"])
        error = np.sqrt((1 / came["sum"] - 1 / came["size"]).sum())
        assert abs(ratio - np.log(planted)) < 2.5 * error, (kind, came)
        assert error < 0.35, "too few to tell"


@pytest.mark.recovery
def test_planted_causes_occur_in_the_order_of_their_hazards_and_return_as_planted(world):
    losses = read(world, "truth/churn")
    shares = losses["true_cause"].value_counts(normalize=True)
    assert set(shares.index) == set(CAUSES)
    assert shares.idxmax() == "price"
    assert shares.idxmin() == "relocation"
    early = losses[losses["churn_date"].astype("datetime64[ns]") < "2011-12-01"]
    back = early["return_date"].notna().groupby(early["true_cause"]).mean()
    assert back["price"] > 0.35
    assert back["product"] < 0.08
    assert back["price"] > back["service"] > back["product"]


@pytest.mark.recovery
def test_no_account_orders_while_it_is_away(world):
    orders, losses = read(world, "orders"), read(world, "churn_events")
    joined = orders[["account_id", "order_date"]].merge(
        losses, on="account_id", validate="many_to_many"
    )
    for name in ("order_date", "churn_date", "return_date"):
        joined[name] = pd.to_datetime(joined[name])
    away = joined["order_date"].gt(joined["churn_date"]) & ~joined["order_date"].ge(
        joined["return_date"]
    )
    assert not away.any()


@pytest.mark.recovery
def test_the_planted_break_is_in_the_orders(world):
    truth = yaml.safe_load((world / "truth" / "world.yml").read_text())
    orders = read(world, "orders")
    months = pd.to_datetime(orders["order_date"]).dt.to_period("M")
    monthly = orders["units"].groupby(months).sum()
    planted = pd.Period(truth["break_month"][:7], "M")
    before, after = (
        monthly[planted - 12 : planted - 1].mean(),
        monthly[planted : planted + 11].mean(),
    )
    assert 1.2 < after / before < 2.2


@pytest.mark.recovery
def test_the_hazard_in_the_truth_is_the_one_that_happened(world):
    accounts, losses = read(world, "truth/accounts"), read(world, "truth/churn")
    expected = (accounts["hazard_yearly_mean"] / 12 * accounts["months_present"]).sum()
    assert abs(len(losses) - expected) < 4 * np.sqrt(expected)


@pytest.mark.slow
def test_a_mess_is_only_made_when_asked_for(world, tmp_path):
    messy = simulate(tmp_path, 200, random_state=7, messy=True)
    known = set(read(messy, "accounts")["account_id"])
    assert set(read(messy, "orders")["account_id"].dropna()) - known
    assert not set(read(world, "orders")["account_id"]) - set(read(world, "accounts")["account_id"])


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"accounts": 19}, "20 to 1,000,000"),
        ({"random_state": -1}, "from 0 up"),
        ({"start": "2012-03-01"}, "at least 12 months"),
    ],
)
def test_a_request_out_of_range_is_refused_and_writes_nothing(request_, words, tmp_path):
    with pytest.raises(ParameterError, match=words):
        simulate(tmp_path / "world", **request_)
    assert not (tmp_path / "world").exists()


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "world").write_text("mine")
    with pytest.raises(DataError, match="a folder to write into"):
        simulate(tmp_path / "world", 20)
    assert (tmp_path / "world").read_text() == "mine"


def test_another_truth_changes_the_world(tmp_path):
    none = World(hazards=dict.fromkeys(CAUSES, 0.0))
    folder = simulate(tmp_path, 60, random_state=1, world=none)
    assert not (folder / "churn_events.parquet").exists() or read(folder, "churn_events").empty


def test_a_folder_with_anything_else_in_it_is_refused_and_left_as_it_was(tmp_path):
    (tmp_path / "orders.csv").write_text("mine\n", encoding="utf-8")
    with pytest.raises(DataError, match="'orders.csv'.*what is there is not overwritten"):
        simulate(tmp_path, accounts=20, random_state=1)
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]
    assert (tmp_path / "orders.csv").read_text(encoding="utf-8") == "mine\n"


@pytest.mark.slow
def test_an_earlier_simulation_is_replaced_unless_somebody_changed_it(tmp_path):
    simulate(tmp_path, accounts=20, random_state=1)
    simulate(tmp_path, accounts=20, random_state=2)
    with (tmp_path / "managers.csv").open("a", encoding="utf-8") as file:
        file.write("M9,mine\n")
    with pytest.raises(DataError, match=r"managers\.csv"):
        simulate(tmp_path, accounts=20, random_state=3)


@pytest.mark.slow
def test_a_new_company_in_the_folder_of_an_earlier_one_keeps_no_table_of_it(tmp_path):
    none = World(hazards=dict.fromkeys(CAUSES, 0.0))  # has fewer tables: nobody leaves
    simulate(tmp_path / "again", 20, random_state=1)
    (tmp_path / "again" / ".simulating-abc").mkdir()  # left by a run that was killed
    (tmp_path / "again" / ".simulating-abc" / "orders.parquet").write_text("half")
    again = simulate(tmp_path / "again", 20, random_state=2, world=none)
    shutil.rmtree(again / ".simulating-abc")
    assert digests(again) == digests(simulate(tmp_path / "new", 20, random_state=2, world=none))
