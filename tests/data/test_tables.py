"""Opened tables: frames, slices, fingerprints, quarantine."""

import pandas as pd
import pandas.testing as pdt
import pytest

from kamresearch import account_snapshot, open_data
from kamresearch.data.conditions import write_condition
from kamresearch.data.contract import TABLES
from kamresearch.data.dictionary import describe_tables
from kamresearch.data.prepared import open_prepared, write_prepared
from kamresearch.errors import DataError, ParameterError

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture(scope="module")
def tables(case_tables):
    return case_tables


def test_every_frame_has_every_column_of_the_contract(tables):
    for name in tables.names:
        if name != "orders":
            frame = tables.frame(name)
            assert [column.name for column in TABLES[name].columns] == list(frame.columns)[
                : len(TABLES[name].columns)
            ]
            assert len(frame) == tables.loaded[name].rows_used


def test_orders_stay_on_the_engine(tables):
    with pytest.raises(DataError, match="a limit; found none"):
        tables.frame("orders")
    assert len(tables.frame("orders", limit=5)) == 5


def test_a_missing_table_and_a_misspelt_one_are_told_apart(tmp_path, case_folder):
    for name in ("accounts", "orders"):
        (tmp_path / f"{name}.parquet").write_bytes((case_folder / f"{name}.parquet").read_bytes())
    tables = open_data(tmp_path)
    with pytest.raises(
        DataError, match="table 'contracts'.*expected this table; found only accounts, orders"
    ):
        tables.contracts  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'orders'"):
        tables.ordres  # noqa: B018


def test_rows_in_are_rows_used_and_rows_set_aside(tables):
    ledger = tables.ledger
    assert (ledger["rows_in"] == ledger["rows_used"] + ledger["rows_quarantined"]).all()
    assert ledger["rows_quarantined"].sum() == tables.quarantine["count"].sum()
    rows = pd.read_parquet(tables.source + "/orders.parquet")
    assert len(rows) == ledger.set_index("table").loc["orders", "rows_in"]


def test_the_dirt_that_the_simulator_planted_is_what_is_set_aside(tables):
    found = (
        tables.quarantine[tables.quarantine["table"] == "orders"].groupby("reason").size().to_dict()
    )
    assert found == {
        "account_id names an unknown account": 3,
        "revenue is missing": 2,
        "order_date is missing": 1,
    }


def test_a_slice_holds_the_accounts_and_all_that_is_theirs(tables):
    east = tables.where("region=East")
    assert set(east.frame("accounts")["region"]) == {"East"}
    ids = set(east.frame("accounts")["account_id"])
    for name in ("contracts", "service_events", "assignments", "churn_events"):
        whole = tables.frame(name)
        pdt.assert_frame_equal(
            east.frame(name), whole[whole["account_id"].isin(ids)].reset_index(drop=True)
        )
    assert east.loaded["market"].rows_used == tables.loaded["market"].rows_used
    assert east.slice == "region=East"


def test_every_reference_of_a_slice_stays_inside_it(tables):
    """Whatever table has a column that names accounts by the contract holds those of the slice
    alone.
    """
    part = tables.where("channel=dealer")
    ids = set(part.frame("accounts")["account_id"])
    for name in tables.names:
        for column, target in TABLES[name].references:
            if target == "accounts":
                found = part.loaded[name].used.select(column).distinct().to_pandas()[column]
                assert set(found) <= ids, name
    assert set(part.frame("assignments")["manager_id"]) <= set(part.frame("managers")["manager_id"])


def small_company(folder, **more: pd.DataFrame):
    """A1 and A2 in East, A3 in West; M1 serves East, M2 West, M3 both, M4 nobody, D is the
    director.
    """
    frames = {
        "accounts": pd.DataFrame(
            {
                "account_id": ["A1", "A2", "A3"],
                "account_name": ["Alpha Ltd", "Beta Ltd", "Gamma Ltd"],
                "region": ["East", "East", "West"],
            }
        ),
        "orders": pd.DataFrame(
            {
                "order_id": ["1"],
                "account_id": ["A1"],
                "order_date": pd.to_datetime(["2012-01-01"]),
                "revenue": [1.0],
            }
        ),
        "managers": pd.DataFrame(
            {
                "manager_id": ["M1", "M2", "M3", "M4", "D"],
                "role": ["direct_manager"] * 4 + ["director"],
            }
        ),
        "assignments": pd.DataFrame(
            {
                "account_id": ["A1", "A2", "A3", "A3"],
                "manager_id": ["M1", "M3", "M2", "M3"],
                "from": pd.to_datetime(["2010-01-01"] * 3 + ["2011-01-01"]),
                "to": pd.to_datetime([None, "2010-06-30", None, None]),
            }
        ),
        "departments": pd.DataFrame(
            {
                "department": ["finance", "sales", "finance", "sales", "sales"],
                "record_id": ["F1", "S1", "F2", "S3", "F2"],
                "account_id": ["A1", "A2", "A3", None, "A1"],
                "account_name": [
                    "Alpha trading",
                    "Beta Limited",
                    "Gamma Holdings",
                    "Nobody's",
                    "Alpha Ltd",
                ],
            }
        ),
        **more,
    }
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet")
    return open_data(folder)


def test_the_managers_of_a_slice_are_those_who_ever_served_it_and_the_national_roles(tmp_path):
    """M3's East account was given up in 2010, which a report as of 2010-03 must know."""
    whole = small_company(tmp_path)
    assert whole.elsewhere is None
    east, west = whole.where("region=East"), whole.where("region=West")
    assert east.frame("managers")["manager_id"].tolist() == ["D", "M1", "M3"]
    assert east.elsewhere.to_dict("list") == {
        "manager_id": ["M3"],
        "from": [pd.Timestamp("2011-01-01")],
        "to": [pd.NaT],
    }
    assert west.frame("managers")["manager_id"].tolist() == ["D", "M2", "M3"]
    assert west.elsewhere["to"].tolist() == [pd.Timestamp("2010-06-30")]
    assert west.ledger.set_index("table").loc["managers", "rows_in"] == 3


def test_a_slice_of_a_slice_knows_all_that_lies_elsewhere(tmp_path):
    part = small_company(tmp_path).where("region=East").where("account_id=A2")
    assert part.frame("managers")["manager_id"].tolist() == ["D", "M3"]
    assert part.elsewhere["manager_id"].tolist() == ["M3"]


def test_hours_bound_elsewhere_are_part_of_a_slices_fingerprint(tmp_path):
    one = small_company(tmp_path / "one").where("region=East")
    spells = pd.DataFrame(
        {
            "account_id": ["A1", "A2", "A3"],
            "manager_id": ["M1", "M3", "M2"],
            "from": pd.to_datetime(["2010-01-01"] * 3),
            "to": pd.to_datetime([None, "2010-06-30", None]),
        }
    )
    other = small_company(tmp_path / "two", assignments=spells).where("region=East")
    pdt.assert_frame_equal(one.frame("assignments"), other.frame("assignments"))
    assert one.fingerprints()["assignments"] != other.fingerprints()["assignments"]
    assert one.fingerprints()["managers"] == other.fingerprints()["managers"]


ENDS = {
    ("A1", "A2"): True,
    ("finance/F1", "A1"): True,
    ("F1", "A1"): True,
    ("S1", "Beta, Ltd."): True,
    ("sales/F2", "A1"): True,
    ("ALPHA LTD", "beta ltd"): True,
    ("Alpha trading", "A1"): True,
    ("A1", "A3"): False,
    ("finance/F2", "A1"): False,
    ("F2", "A1"): False,
    ("Gamma Ltd", "Alpha Ltd"): False,
    ("S3", "A1"): False,
    ("Gamma Ltd", "Gamma Holdings"): False,
    ("AB Volvo", "Volvo Car"): False,
    ("Alpha Ltd", "Volvo Car"): False,
}
"""Ends of a decision → whether a report on East may show it; two departments keep an F2, for
A3 and for A1.
"""


def test_a_slice_shows_the_decisions_about_its_own_and_no_others_names(tmp_path):
    pairs = pd.DataFrame([(*ends, "same") for ends in ENDS], columns=["left", "right", "verdict"])
    whole = small_company(tmp_path, pairs=pairs)
    found = whole.where("region=East").frame("pairs")
    assert set(zip(found["left"], found["right"], strict=True)) == {
        ends for ends, inside in ENDS.items() if inside
    }
    west = whole.where("region=West").frame("pairs")
    assert west[["left", "right"]].to_numpy().tolist() == [["Gamma Ltd", "Gamma Holdings"]]


def test_department_records_that_name_no_account_are_in_no_slice(tmp_path):
    records = pd.DataFrame(
        {"department": ["finance"], "record_id": ["F1"], "account_name": ["Gamma Ltd"]}
    )
    part = small_company(tmp_path, departments=records).where("region=East")
    assert part.frame("departments").empty


def test_prepared_data_are_sliced_as_opened_ones(tmp_path):
    pairs = pd.DataFrame({"left": ["A1", "A1"], "right": ["A2", "A3"], "verdict": ["same", "same"]})
    opened = small_company(tmp_path / "data", pairs=pairs)
    prepared = open_prepared(write_prepared(opened, tmp_path / "kept.duckdb"))
    for part in (tables.where("region=East") for tables in (opened, prepared)):
        assert part.frame("managers")["manager_id"].tolist() == ["D", "M1", "M3"]
        assert part.frame("pairs")["right"].tolist() == ["A2"]
        assert part.elsewhere["manager_id"].tolist() == ["M3"]


@pytest.mark.parametrize("value", ["East; coast", "a=b", "back\\slash", 'O\'Brien "x"', "\\;"])
def test_any_value_can_be_sliced_by(tmp_path, value):
    accounts = pd.DataFrame(
        {"account_id": ["A", "B"], "account_name": ["x", "y"], "region": [value, "other"]}
    )
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2"],
            "account_id": ["A", "B"],
            "order_date": pd.to_datetime("2012-01-01"),
            "revenue": 1.0,
        }
    )
    accounts.to_parquet(tmp_path / "accounts.parquet")
    orders.to_parquet(tmp_path / "orders.parquet")
    part = open_data(tmp_path).where(write_condition("region", value))
    assert part.frame("accounts")["account_id"].tolist() == ["A"]
    assert part.frame("orders", limit=9)["order_id"].tolist() == ["1"]


def test_a_slices_snapshot_is_its_part_of_the_whole(tables):
    whole = account_snapshot(tables, "2012-12-31")
    part = account_snapshot(tables.where("region=South;channel=dealer"), "2012-12-31")
    wanted = whole[(whole["region"] == "South") & (whole["channel"] == "dealer")].reset_index(
        drop=True
    )
    pdt.assert_frame_equal(part, wanted)


@pytest.mark.parametrize(
    ("condition", "pattern"),
    [
        ("region", "the form column=value"),
        ("regoin=East", "did you mean 'region'"),
        ("region=Est", "did you mean '"),
    ],
)
def test_a_slice_that_cannot_be_is_refused_with_what_could(tables, condition, pattern):
    with pytest.raises(ParameterError, match=pattern):
        tables.where(condition)


def test_simulated_tables_are_those_whose_sidecar_says_so(tables):
    assert "orders" in tables.simulated
    assert "market" not in tables.simulated


def test_equal_content_has_equal_fingerprints_and_a_changed_cell_another(tmp_path, case_folder):
    frames = {
        name: pd.read_parquet(case_folder / f"{name}.parquet") for name in ("accounts", "orders")
    }

    def prints(folder, change=lambda frame: frame, **options):
        folder.mkdir()
        for name, frame in frames.items():
            change(frame.copy()).to_parquet(folder / f"{name}.parquet", **options)
        return {name: one["fingerprint"] for name, one in open_data(folder).fingerprints().items()}

    first = prints(tmp_path / "a")
    assert first == prints(
        tmp_path / "b", lambda frame: frame.sample(frac=1, random_state=1), compression="gzip"
    )
    moved = prints(
        tmp_path / "c",
        lambda frame: frame.assign(revenue=frame["revenue"] + 1) if "revenue" in frame else frame,
    )
    assert moved["accounts"] == first["accounts"]
    assert moved["orders"] != first["orders"]


def test_a_row_set_aside_counts_in_the_fingerprint(tmp_path, case_folder):
    for number, value in enumerate((None, 5.0)):
        folder = tmp_path / str(number)
        folder.mkdir()
        orders = pd.read_parquet(case_folder / "orders.parquet").head(50)
        orders.loc[3, "revenue"] = value
        orders.to_parquet(folder / "orders.parquet")
        (folder / "accounts.parquet").write_bytes((case_folder / "accounts.parquet").read_bytes())
    one, two = (
        open_data(tmp_path / name).fingerprints()["orders"]["fingerprint"] for name in ("0", "1")
    )
    assert one != two


def test_beyond_the_listed_rows_the_rest_is_counted_by_reason(tmp_path, monkeypatch):
    from kamresearch.data import quarantine

    monkeypatch.setattr(quarantine, "LISTED", 10)
    (tmp_path / "accounts.csv").write_text("account_id,account_name\n1,a\n", encoding="utf-8")
    rows = "".join(f"O{place},1,2012-01-01,{'x' if place % 3 else 1}\n" for place in range(300))
    (tmp_path / "orders.csv").write_text(
        "order_id,account_id,order_date,revenue\n" + rows, encoding="utf-8"
    )
    found = open_data(tmp_path).quarantine
    assert len(found) == 11
    assert found["count"].sum() == 200
    assert found["row"].isna().sum() == 1


def test_the_data_dictionary_is_in_step_with_the_contract(root):
    assert (root / "data" / "README.md").read_text(encoding="utf-8") == describe_tables() + "\n"
