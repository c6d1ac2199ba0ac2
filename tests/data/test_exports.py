"""Exports as companies really write them: numbers, ids, blanks and sheets that are read as
they are meant, or asked about.
"""

import zipfile

import openpyxl
import pandas as pd
import pytest

from kamresearch import account_snapshot, open_data
from kamresearch.analysis.quality.decisions import read_decisions
from kamresearch.data.answers import shown_address, without_secrets
from kamresearch.data.checks import check_tables
from kamresearch.data.linkage.cleaning import _clean
from kamresearch.data.names import find_groups, split_name
from kamresearch.errors import DataError

pytestmark = pytest.mark.unit

ACCOUNTS = "account_id,account_name\nA1,Alpha\nA2,Beta\n"


def write(folder, **files):
    for name, text in files.items():
        stem, ending = name.rsplit("_", 1)
        (folder / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return folder


def tabbed(*rows):
    return "\n".join("\t".join(row) for row in rows) + "\n"


@pytest.mark.slow
def test_a_column_of_thousands_is_written_as_the_files_other_numbers_are(tmp_path):
    orders = tabbed(
        ("order_id", "account_id", "order_date", "revenue", "cost"),
        ("1", "A1", "2012-01-02", "1.234,50", "1.000"),
        ("2", "A2", "2012-01-03", "99,5", "2.100"),
    )
    found = (
        open_data(write(tmp_path, accounts_csv=ACCOUNTS, orders_tsv=orders))
        .orders.order_by("order_id")
        .to_pandas()
    )
    assert found["revenue"].tolist() == [1234.5, 99.5]
    assert found["cost"].tolist() == [1000.0, 2100.0]


@pytest.mark.parametrize("cells", [("1.500", "12.000"), ("1.500", "7")])
@pytest.mark.slow
def test_thousands_or_three_decimals_is_asked_where_no_number_of_the_file_tells(tmp_path, cells):
    rows = [(str(n), "A1", f"2012-01-0{n}", cell) for n, cell in enumerate(cells, 1)]
    orders = tabbed(("order_id", "account_id", "order_date", "revenue"), *rows)
    with pytest.raises(DataError, match=r"orders.tsv, column 'revenue'.*decimal: "):
        open_data(write(tmp_path, accounts_csv=ACCOUNTS, orders_tsv=orders))


@pytest.mark.slow
def test_a_nought_begins_no_thousands(tmp_path):
    orders = tabbed(
        ("order_id", "account_id", "order_date", "revenue"), ("1", "A1", "2012-01-02", "0,500")
    )
    found = open_data(write(tmp_path, accounts_csv=ACCOUNTS, orders_tsv=orders)).orders.to_pandas()
    assert found["revenue"].tolist() == [0.5]


@pytest.mark.slow
def test_rules_and_formulas_read_numbers_as_the_file_writes_them(tmp_path):
    sales = "no;who;day;rev;qty;price\n1;A1;2012-01-02;10,50;1.000;12,50\n2;A2;2012-01-03;-1.200,50;2;10,50\n"
    mapping = """
tables:
  orders:
    from: sales
    columns: {order_id: no, account_id: who, order_date: day, revenue: = qty * price}
    keep: [{column: rev, above: 0, why: sales alone}]
"""
    folder = write(tmp_path, accounts_csv=ACCOUNTS, sales_csv=sales, mapping_yml=mapping)
    tables = open_data(folder)
    assert tables.orders.to_pandas()["revenue"].tolist() == [12500.0]
    assert tables.quarantine["reason"].tolist() == ["left out by the mapping: sales alone"]


@pytest.mark.slow
def test_ids_and_blanks_of_all_kinds_are_made_alike(tmp_path):
    accounts = "account_id,account_name,region\n17850,Alpha,华东\u3000\nA2\u00a0,Beta,华东\n"
    orders = "order_id,account_id,order_date,revenue\n1,17850.0,2012-01-02,5\n2,A2,2012-01-03,6\n"
    tables = open_data(write(tmp_path, accounts_csv=accounts, orders_csv=orders))
    assert tables.quarantine.empty
    assert tables.frame("accounts")["region"].unique().tolist() == ["华东"]
    assert sorted(tables.orders.to_pandas()["account_id"]) == ["17850", "A2"]


@pytest.mark.slow
def test_a_dash_where_a_number_is_not_known_is_no_wrong_number(tmp_path):
    accounts = "account_id,account_name,potential_revenue,onboard_date\nA1,Alpha,-,N/A\nA2,Beta,NULL,2010-01-01\nA3,Gamma,many,2010-01-01\n"
    orders = "order_id,account_id,order_date,revenue\n1,A1,2012-01-02,5\n2,A2,2012-01-02,-\n"
    tables = open_data(write(tmp_path, accounts_csv=accounts, orders_csv=orders))
    found = tables.frame("accounts")
    assert found["account_id"].tolist() == ["A1", "A2"]
    assert found["potential_revenue"].isna().all()
    assert sorted(tables.quarantine["reason"]) == [
        "potential_revenue is not a number",
        "revenue is missing",
    ]


@pytest.mark.slow
def test_not_a_number_is_no_id(tmp_path):
    write(tmp_path, accounts_csv="account_id,account_name\n1,Alpha\n2,Beta\n")
    pd.DataFrame(
        {
            "order_id": ["a", "b"],
            "account_id": [1.0, float("nan")],
            "order_date": ["2012-01-02"] * 2,
            "revenue": [5.0, 6.0],
        }
    ).to_parquet(tmp_path / "orders.parquet")
    tables = open_data(tmp_path)
    assert tables.orders.to_pandas()["account_id"].tolist() == ["1"]
    assert tables.quarantine["reason"].tolist() == ["account_id is missing"]


@pytest.mark.slow
def test_a_sheet_ends_where_its_rows_end_not_where_its_head_says(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "orders"
    book.active.append(["order_id", "account_id", "order_date", "revenue"])
    for n in range(10):
        book.active.append([str(n), "A1", "2012-01-02", n + 1])
    book.save(tmp_path / "book.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "book.xlsx") as old,
        zipfile.ZipFile(tmp_path / "orders.xlsx", "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            new.writestr(
                name, content.replace(b'<dimension ref="A1:D11"', b'<dimension ref="A1:D4"')
            )
    (tmp_path / "book.xlsx").unlink()
    tables = open_data(write(tmp_path, accounts_csv=ACCOUNTS))
    assert tables.orders.count().to_pandas() == 10


MANY = """
tables:
  accounts:
    from: [north, south]
    one_row_per: [account_id]
    columns:
      account_id: who
      account_name: who
      potential_revenue: money
      onboard_date: since
    keep: [{column: stage, in: [Won], why: won alone}]
"""


@pytest.mark.slow
def test_one_row_per_key_heeds_rules_and_the_files_way_of_writing(tmp_path):
    deals = "who;stage;money;since\nA1;Won;1.234,50;13.01.2010\nA1;Lost;9.999,50;01.01.2001\nA2;Lost;99,5;03.04.2010\n"
    orders = "order_id,account_id,order_date,revenue\n1,A1,2012-01-02,5\n"
    mapping = MANY.replace("[north, south]", "deals")
    tables = open_data(write(tmp_path, deals_csv=deals, orders_csv=orders, mapping_yml=mapping))
    found = tables.frame("accounts").iloc[0]
    assert (found["account_id"], found["potential_revenue"]) == ("A1", 1234.5)
    assert str(found["onboard_date"].date()) == "2010-01-13"
    assert tables.quarantine[["table", "reason"]].to_numpy().tolist() == [
        ["accounts", "left out by the mapping: won alone"]
    ]


@pytest.mark.slow
def test_files_read_as_one_keep_their_broken_lines_and_the_columns_of_one_alone(tmp_path):
    mapping = """
tables:
  orders:
    from: [north, south]
    columns: {order_id: no, account_id: who, order_date: day, revenue: rev, product: what}
"""
    north = "no,who,day,rev,what\n1,A1,2012-01-02,10,vans\n2,A1,2012-01-02,1,000,vans\n"
    south = "no,who,day,rev\n3,A2,2012-01-03,20\n4,A2,2012-01-03,2,000\n"
    folder = write(
        tmp_path, accounts_csv=ACCOUNTS, north_csv=north, south_csv=south, mapping_yml=mapping
    )
    tables = open_data(folder)
    found = tables.orders.order_by("order_id").to_pandas()
    assert found["order_id"].tolist() == ["1", "3"]
    assert found["product"].fillna("-").tolist() == ["vans", "-"]
    assert sorted(tables.quarantine["value"]) == [
        "2,A1,2012-01-02,1,000,vans",
        "4,A2,2012-01-03,2,000",
    ]


@pytest.mark.slow
def test_words_of_a_mapping_stay_words(tmp_path):
    mapping = """
tables:
  accounts:
    from: clients
    columns: {account_id: who, account_name: who, region: {from: country, values: {NO: Norway, on: Ontario}}, potential_revenue: {from: money, default: 0}}
    keep: [{column: country, in: [NO, on]}]
"""
    clients = "who,country,money\nA1,NO,\nA2,on,7\nA3,SE,9\n"
    orders = "order_id,account_id,order_date,revenue\n1,A1,2012-01-02,5\n"
    found = open_data(
        write(tmp_path, clients_csv=clients, orders_csv=orders, mapping_yml=mapping)
    ).frame("accounts")
    assert found["region"].tolist() == ["Norway", "Ontario"]
    assert found["potential_revenue"].tolist() == [0.0, 7.0]


@pytest.mark.parametrize("rule", ["{from: who, values: [a, b]}", "{first_of: []}", "{from: []}"])
def test_a_rule_of_another_shape_is_refused_with_its_place(tmp_path, rule):
    mapping = (
        f"tables:\n  accounts:\n    from: clients\n    columns: "
        f"{{account_id: who, account_name: {rule}}}\n"
    )
    orders = "order_id,account_id,order_date,revenue\n1,A1,2012-01-02,5\n"
    with pytest.raises(DataError, match="account_name"):
        open_data(write(tmp_path, clients_csv="who\nA1\n", orders_csv=orders, mapping_yml=mapping))


@pytest.mark.parametrize("rule", ["{column: who, above: abc}", "{column: who, starts_with: []}"])
def test_a_keep_rule_of_another_shape_is_refused_with_its_place(tmp_path, rule):
    mapping = (
        f"tables:\n  accounts:\n    from: clients\n    columns: "
        f"{{account_id: who, account_name: who}}\n    keep: [{rule}]\n"
    )
    orders = "order_id,account_id,order_date,revenue\n1,A1,2012-01-02,5\n"
    with pytest.raises(DataError, match="keep rule 1"):
        open_data(write(tmp_path, clients_csv="who\nA1\n", orders_csv=orders, mapping_yml=mapping))


def test_an_unknown_encoding_is_named(tmp_path):
    mapping = "encoding: gb-1803O\ntables: {}\n"
    with pytest.raises(DataError, match="unknown encoding"):
        open_data(
            write(
                tmp_path,
                accounts_csv=ACCOUNTS,
                orders_csv="order_id,account_id,order_date,revenue\n",
                mapping_yml=mapping,
            )
        )


@pytest.mark.parametrize(
    "address",
    [
        "host=127.0.0.1 user=me password=hunter2 dbname=x",
        "postgresql://me:hunter2 word@h/db",
        "postgresql://me:s3cr@hunter2@h/db",
        "postgresql://me:pw#x%hunter2@h:1/db",
    ],
)
def test_no_password_is_shown_however_the_address_is_written(address):
    assert "hunter2" not in shown_address(address)
    said = without_secrets("no host hunter2@h, bad token %hunter2", address)
    assert "hunter2" not in said or "://" not in address
    with pytest.raises(DataError) as refused:
        open_data(address)
    assert "hunter2" not in str(refused.value)


def test_an_address_without_a_password_leaves_a_message_as_it_is():
    assert without_secrets("no answer", "postgresql://me:@h/db") == "no answer"


@pytest.mark.slow
def test_lines_of_an_order_count_on_their_days(tmp_path):
    orders = "order_id,account_id,order_date,revenue\n" + "\n".join(
        [
            "1001,A1,2010-02-01,100",
            "1001,A1,2012-06-01,900",
            "1002,A1,2012-07-01,50",
            "1002,A1,2012-09-01,-50",
            "1,A2,2012-01-05,7",
        ]
    )
    tables = open_data(write(tmp_path, accounts_csv=ACCOUNTS, orders_csv=orders))
    found = account_snapshot(tables, "2012-12-31").set_index("account_id").loc["A1"]
    assert found[
        ["n_orders", "n_orders_12m", "n_returns", "revenue_total", "revenue_12m"]
    ].tolist() == [3, 2, 1, 1000, 900]
    assert str(found["last_order_date"].date()) == "2012-07-01"


def test_decisions_are_read_in_any_spelling_and_renewed(tmp_path):
    pairs = pd.DataFrame(
        {
            "left": ["A1", "A1", "A1"],
            "right": ["A2", "A2", "A2"],
            "verdict": ["Not same", "not_same", "perhaps"],
            "until": pd.to_datetime(["2010-12-31", "2015-12-31", None]),
        }
    )
    accounts = pd.DataFrame({"account_id": ["A1", "A2"], "account_name": ["Alpha", "Alpha"]})
    found = read_decisions(pairs, accounts, None, "2012-12-31")
    assert found.frame["state"].tolist() == ["expired", "followed", "unreadable"]
    assert len(found.apart) == 1


@pytest.mark.parametrize(
    ("until", "asked"), [("2011-12-31", True), ("2015-12-31", False), ("", False)]
)
@pytest.mark.slow
def test_accounts_told_apart_are_not_asked_about_again(tmp_path, until, asked):
    write(tmp_path, accounts_csv="account_id,account_name\nA1,Alpha\nA2,Alpha\n")
    write(
        tmp_path,
        orders_csv="order_id,account_id,order_date,revenue\n1,A1,2012-01-02,5\n2,A2,2012-01-02,5\n",
    )
    write(tmp_path, pairs_csv=f"left,right,verdict,until\nA1,A2,not_same,{until}\n")
    found = check_tables(open_data(tmp_path), "2012-12-31")
    assert ("same_name" in {issue.check for issue in found.issues}) == asked


def test_branches_and_heads_of_banks_are_told_by_their_names():
    for name, core, branch in (
        ("中国建设银行上海分行", "建设银行", "上海 branch"),
        ("上海浦东发展银行北京分行", "上海浦东发展银行", "北京 branch"),
        ("杭州瑞智公司（上海分公司）", "杭州瑞智", "上海 branch"),
        ("杭州瑞智公司上海分公司", "杭州瑞智", "上海 branch"),
    ):
        assert (split_name(name).core, split_name(name).branch) == (core, branch)


def test_ford_is_no_parent_of_fordham():
    accounts = pd.DataFrame(
        {
            "account_id": ["1", "2", "3"],
            "account_name": ["Ford Group", "Fordham Dental Practice", "Ford Credit Bank"],
        }
    )
    assert find_groups(accounts)[["account_id", "parent_id"]].to_numpy().tolist() == [["3", "1"]]


def test_86_is_a_country_only_where_one_is_written():
    assert _clean("86543210", "phone") == "86543210"
    assert _clean("0571-86543210", "phone").endswith("86543210")
    assert _clean("+86 571 86543210", "phone") == _clean("0571-86543210", "phone")
    assert _clean("86-13812345678", "phone") == _clean("13812345678", "phone")
