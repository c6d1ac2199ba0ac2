"""A company's own columns, renamed; a wrong mapping says what is missing and what looks like it."""

import pandas as pd
import pytest

from kamresearch import account_snapshot, open_data
from kamresearch.errors import DataError

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SALES = "Invoice,Cust No,Kind,When,Qty,Price\n" + "\n".join(
    [
        "1,007,sale,31/01/2012,2,10.5",
        "1,007,sale,31/01/2012,1,4",
        "C2,007,sale,01/02/2012,-1,10.5",
        "3,,sale,05/02/2012,1,1",
        "4,008,quote,06/02/2012,1,100",
        "5,008,sale,07/02/2012,3,2",
    ]
)

MAPPING = """
currency: EUR
tables:
  orders:
    from: sales
    columns:
      order_id: Invoice
      account_id: Cust No
      order_date: {from: When, day_first: true}
      revenue: = Qty * [Price]
      units: Qty
      product: {value: goods}
    keep:
      - {column: Kind, in: [sale], why: quotes are no orders}
  accounts:
    from: sales
    one_row_per: account_id
    columns: {account_id: Cust No, account_name: {first_of: [Cust No]}, onboard_date: {from: When, day_first: true}}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sales.csv").write_text(SALES, encoding="utf-8")
    return tmp_path


def write_mapping(folder, text=MAPPING, name="own.yml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_ledger_worked_by_hand_comes_out_of_the_mapping(folder):
    tables = open_data(folder, mapping=write_mapping(folder))
    assert tables.currency == "EUR"
    orders = tables.orders.order_by(["order_id", "revenue"]).to_pandas()
    assert orders["revenue"].tolist() == [4.0, 21.0, 6.0, -10.5]
    assert set(orders["product"]) == {"goods"}
    accounts = tables.frame("accounts")
    assert accounts["account_id"].tolist() == ["007", "008"]
    assert accounts["onboard_date"].dt.date.astype(str).tolist() == ["2012-01-31", "2012-02-06"]
    reasons = tables.quarantine.set_index("row")["reason"].to_dict()
    assert reasons == {
        4: "account_id is missing",
        5: "left out by the mapping: quotes are no orders",
    }
    snapshot = account_snapshot(tables, "2012-02-29").set_index("account_id")
    assert snapshot.loc[
        "007", ["n_orders", "n_returns", "revenue_total", "units_total"]
    ].tolist() == [1, 1, 14.5, 2]


def test_a_mapping_in_the_folder_is_used_unasked(folder):
    write_mapping(folder, name="mapping.yml")
    assert open_data(folder).currency == "EUR"


WRONG = {
    "column": (
        MAPPING.replace("order_id: Invoice", "order_id: Invoce"),
        r"own.yml, table 'orders', column 'order_id': expected a column 'Invoce'; found the columns 'Invoice'.*did you mean 'Invoice'",
    ),
    "formula's column": (
        MAPPING.replace("[Price]", "[Prise]"),
        r"column 'revenue'.*a column 'Prise'.*did you mean 'Price'",
    ),
    "file": (
        MAPPING.replace("from: sales\n    columns", "from: sale\n    columns"),
        r"a file or table 'sale'.*did you mean 'sales'",
    ),
    "table": (
        MAPPING.replace("  orders:", "  order:"),
        r"tables of the contract; found 'order'.*did you mean 'orders'",
    ),
    "key": (MAPPING.replace("keep:", "kepp:"), r"keys out of.*found 'kepp'.*did you mean 'keep'"),
    "top key": (
        MAPPING.replace("currency", "currancy"),
        r"found 'currancy'.*did you mean 'currency'",
    ),
    "rule": (MAPPING.replace("in: [sale]", "is: sale"), r"keep rule 1.*found 'is'"),
    "one_row_per": (
        MAPPING.replace("one_row_per: account_id", "one_row_per: acount_id"),
        r"one_row_per.*did you mean 'account_id'",
    ),
    "contract column": (
        MAPPING.replace("      order_id: Invoice\n", ""),
        r"table 'orders'.*a column 'order_id'.*rename it in mapping.yml",
    ),
    "yaml": ("tables: [", r"own.yml, line \d: expected plain YAML, each key once; found"),
    "empty": ("", "a key 'tables'"),
    "code": (
        MAPPING.replace("= Qty * [Price]", "= __import__('os').system('x')"),
        r"numbers, columns, \+ - \* / and parentheses",
    ),
    "power": (MAPPING.replace("= Qty * [Price]", "= 9 ** 9 ** 9"), r"numbers, columns"),
    "measure": (
        MAPPING.replace("currency: EUR", "measure: [pcs]"),
        r"measure: expected a word for each language.*found \['pcs'\]",
    ),
    "zone": (
        MAPPING.replace("currency: EUR", "time_zone: Mars/Olympus"),
        r"mapping.yml, time_zone.*found 'Mars/Olympus'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_mapping_says_what_is_missing_and_what_looks_like_it(folder, name):
    text, pattern = WRONG[name]
    with pytest.raises(DataError, match=pattern) as caught:
        open_data(folder, mapping=write_mapping(folder, text))
    assert "\n" not in str(caught.value)


def test_a_mapping_that_is_not_there_is_named(folder):
    with pytest.raises(DataError, match=r"nowhere.yml: expected a YAML file"):
        open_data(folder, mapping=folder / "nowhere.yml")


def test_a_moment_falls_on_the_day_of_the_stated_zone(tmp_path):
    when = pd.to_datetime(["2012-03-31 22:30:00+00:00", "2012-03-31 23:30:00+00:00"])
    pd.DataFrame(
        {
            "order_id": ["1", "2"],
            "account_id": ["a", "a"],
            "order_date": when,
            "revenue": [1.0, 2.0],
        }
    ).to_parquet(tmp_path / "orders.parquet")
    pd.DataFrame({"account_id": ["a"], "account_name": ["A"]}).to_parquet(
        tmp_path / "accounts.parquet"
    )

    def days(zone):
        mapping = write_mapping(tmp_path, f"time_zone: {zone}\ntables: {{}}\n")
        return (
            open_data(tmp_path, mapping=mapping)
            .frame("orders", limit=9)["order_date"]
            .dt.day.tolist()
        )

    assert days("UTC") == [31, 31]
    assert days("Europe/London") == [31, 1]
    assert days("Asia/Shanghai") == [1, 1]


def test_several_files_read_as_one_table(folder):
    (folder / "more.csv").write_text(
        SALES.replace("\n1,", "\n91,").replace("\n5,", "\n95,"), encoding="utf-8"
    )
    text = MAPPING.replace("  orders:\n    from: sales", "  orders:\n    from: [sales, more]")
    assert open_data(folder, mapping=write_mapping(folder, text)).loaded["orders"].rows_in == 12


def test_whole_rows_that_repeat_another_are_set_aside_where_the_mapping_asks(folder):
    (folder / "sales.csv").write_text(SALES + "\n5,008,sale,07/02/2012,3,2", encoding="utf-8")
    text = MAPPING.replace("    keep:", "    distinct: true\n    keep:")
    reasons = open_data(folder, mapping=write_mapping(folder, text)).quarantine["reason"].tolist()
    assert reasons.count("the whole row repeats another") == 1


@pytest.mark.shared
def test_online_retail_runs_through_its_mapping(shared_data, root):
    """Independent counts: pandas on the raw file."""
    path = shared_data / "online_retail_dev.parquet"
    tables = open_data(path, mapping=root / "params" / "mappings" / "online_retail.yml")
    raw = pd.read_parquet(path)
    fees = raw["StockCode"].isin(["POST", "DOT", "BANK CHARGES", "AMAZONFEE", "CRUK", "ADJUST"])
    named = raw["CustomerID"].notna()
    counts = tables.quarantine.groupby("reason")["count"].sum()
    assert counts["account_id is missing"] == (~named).sum() == 135_080
    assert counts.sum() == 135_080 + (named & fees).sum()
    used = raw[named & ~fees].assign(revenue=lambda frame: frame["Quantity"] * frame["UnitPrice"])
    assert tables.loaded["orders"].rows_used == len(used)
    assert tables.currency == "GBP"
    snapshot = account_snapshot(tables, "2011-12-09").set_index("account_id")
    expected = (
        used.groupby(used["CustomerID"].astype(str), sort=True, observed=True)["revenue"]
        .sum()
        .round(4)
    )
    pd.testing.assert_series_equal(
        snapshot.loc[expected.index, "revenue_total"].astype(float),
        expected,
        check_names=False,
        rtol=1e-9,
    )
    invoices = used.groupby(
        [used["CustomerID"].astype(str), "InvoiceNo"], sort=True, observed=True
    )["revenue"].sum()
    bought = invoices[invoices > 0].groupby(level=0, sort=True).size()
    assert (snapshot["n_orders"] == bought.reindex(snapshot.index).fillna(0)).all()


@pytest.mark.shared
def test_the_crm_files_run_through_their_mapping(shared_data, root):
    tables = open_data(shared_data, mapping=root / "params" / "mappings" / "crm.yml")
    counts = (
        tables.quarantine[tables.quarantine["table"] == "orders"].groupby("reason")["count"].sum()
    )
    assert counts["account_id is missing"] == 1425
    assert counts.sum() + tables.loaded["orders"].rows_used == 8800
    assert tables.loaded["orders"].rows_used == 4238  # deals won
    products = set(tables.orders.select("product").distinct().to_pandas()["product"])
    assert "GTX Pro" in products and "GTXPro" not in products  # noqa: PT018
    assert "technolgy" not in set(tables.frame("accounts")["industry"])
    assert tables.frame("managers").shape[0] == 35


CONTACTS = """
tables:
  orders: {}
  accounts:
    from: orgs
    one_row_per: [account_id]
    columns: {account_id: True Id, account_name: Site name}
  contacts:
    from: orgs
    unpivot: {columns: [Executive Director, Center Director], name: role, value: person}
    columns: {contact_id: {made_of: [Id, role]}, account_id: True Id, role: role}
"""


@pytest.mark.shared
def test_people_in_columns_of_a_real_list_become_contacts(shared_data, tmp_path):
    """Independent counts: pandas on the raw file. No name of a person enters the table."""
    orgs = pd.read_csv(shared_data / "chicago_early_childhood_orgs.csv", dtype=str)
    (tmp_path / "orgs.csv").symlink_to(shared_data / "chicago_early_childhood_orgs.csv")
    keys = orgs["True Id"].dropna().unique()
    pd.DataFrame(
        {"order_id": keys, "account_id": keys, "order_date": "2012-01-31", "revenue": 1}
    ).to_csv(tmp_path / "orders.csv", index=False)
    tables = open_data(tmp_path, mapping=write_mapping(tmp_path, CONTACTS))
    expected = orgs.melt(
        id_vars=["Id", "True Id"], value_vars=["Executive Director", "Center Director"]
    )
    expected = expected[expected["value"].str.strip().fillna("") != ""]
    found = tables.frame("contacts")
    assert len(expected) == len(found) == 686
    assert found["role"].value_counts().to_dict() == expected["variable"].value_counts().to_dict()
    held = found.groupby("account_id").size().to_dict()
    assert held == expected.groupby("True Id").size().to_dict()
    assert set(found["contact_id"]) == set(expected["Id"] + " / " + expected["variable"])
    names = set(expected["value"].str.strip())
    assert not any(names & set(found[column].dropna()) for column in found.columns)
