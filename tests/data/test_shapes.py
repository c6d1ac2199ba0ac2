"""Shapes of exports that a mapping turns into records, and containers that are opened."""

import gzip
import json
import sqlite3
import zipfile

import pytest

from kamresearch.data.sources import open_data
from kamresearch.errors import DataError

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SALES = "No,Who,Day,Amount\n1,Alpha,2024-01-05,10.50\n2,Beta,2024-02-05,20.50\n"
COLUMNS = "{order_id: No, account_id: Who, order_date: Day, revenue: Amount}"
ACCOUNTS = "  accounts: {from: sales, one_row_per: [account_id], columns: {account_id: Who, account_name: Who}}\n"


def opened(folder, orders=f"from: sales\n    columns: {COLUMNS}", accounts=ACCOUNTS, **files):
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    mapping = folder / "mapping.yml"
    mapping.write_text(f"tables:\n  orders:\n    {orders}\n{accounts}", encoding="utf-8")
    return open_data(folder)


def revenue(tables):
    frame = tables.orders.to_pandas().sort_values(["order_id", "order_date"])
    return list(zip(frame["account_id"], frame["revenue"], strict=True))


def sqlite_file(folder):
    with sqlite3.connect(folder / "any.db") as base:
        base.execute("CREATE TABLE sales (No INTEGER, Who TEXT, Day TEXT, Amount REAL)")
        rows = [(1, "Alpha", "2024-01-05", 10.5), (2, "Beta", "2024-02-05", 20.5)]
        base.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", rows)


def zip_file(folder):
    with zipfile.ZipFile(folder / "sales.zip", "w") as archive:
        archive.writestr("__MACOSX/._x.csv", "junk")
        archive.writestr("deep/export.csv", SALES)


def html_file(folder):
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in line.split(",")) + "</tr>"
        for line in SALES.splitlines()
    )
    (folder / "sales.xls").write_text(f"<html><table>{rows}</table></html>", encoding="utf-8")


def lines_file(folder):
    head, *rows = (line.split(",") for line in SALES.splitlines())
    text = "\n".join(json.dumps(dict(zip(head, row, strict=True))) for row in rows)
    (folder / "sales.jsonl").write_text(text, encoding="utf-8")


FORMS = {
    "gz": lambda folder: (folder / "sales.csv.gz").write_bytes(gzip.compress(SALES.encode())),
    "zip": zip_file,
    "sqlite": sqlite_file,
    "html": html_file,
    "jsonl": lines_file,
    "titles": lambda folder: (folder / "sales.csv").write_text(f"Company\nSales 2024\n\n{SALES}"),
    "titles, semicolons": lambda folder: (folder / "sales.csv").write_text(
        "Sales by customer\n\n" + SALES.replace(",", ";")
    ),
    "head again": lambda folder: (folder / "sales.csv").write_text(
        SALES.replace("2,Beta", "No,Who,Day,Amount\n2,Beta")
    ),
    "total": lambda folder: (folder / "sales.csv").write_text(SALES + ",Grand Total,,31.00\n"),
    "sep": lambda folder: (folder / "sales.csv").write_text("sep=;\n" + SALES.replace(",", ";")),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_orders_are_read_out_of_any_form(tmp_path, form):
    FORMS[form](tmp_path)
    tables = opened(tmp_path)
    assert revenue(tables) == [("Alpha", 10.5), ("Beta", 20.5)]
    assert sorted(tables.frame("accounts")["account_name"]) == ["Alpha", "Beta"]
    ledger = tables.ledger
    assert (ledger["rows_in"] == ledger["rows_used"] + ledger["rows_quarantined"]).all()


def test_a_grouped_report_is_filled_down(tmp_path):
    sales = SALES.replace("2,Beta,", "2,,")
    tables = opened(
        tmp_path, f"from: sales\n    fill_down: [Who]\n    columns: {COLUMNS}", sales=sales
    )
    assert revenue(tables) == [("Alpha", 10.5), ("Alpha", 20.5)]


def test_lines_take_the_columns_of_their_head(tmp_path):
    lines = "Head,Line,Amount\nH1,1,10.50\nH1,2,5.25\nH2,1,20.50\n"
    heads = "Number,Who,Day\nH1,Alpha,2024-01-05\nH2,Beta,2024-02-05\n"
    orders = (
        "from: lines\n    join: {with: sales, on: {Head: Number}}\n    "
        "columns: {order_id: Head, account_id: Who, order_date: Day, revenue: Amount}"
    )
    tables = opened(tmp_path, orders, lines=lines, sales=heads)
    assert sorted(revenue(tables)) == [("Alpha", 5.25), ("Alpha", 10.5), ("Beta", 20.5)]
    with pytest.raises(DataError, match="one row a key"):
        opened(tmp_path, orders, lines=lines, sales=heads + "H1,Alpha,2024-01-06\n")


def test_a_file_that_only_a_join_names_is_read_for_it(tmp_path):
    orders = (
        "from: sales\n    join: {with: conditions, on: No}\n    "
        "columns: {order_id: No, account_id: Who, order_date: Day, revenue: Amount, bonus: Back}"
    )
    tables = opened(tmp_path, orders, sales=SALES, conditions="No,Back\n1,2\n")
    assert sorted(tables.orders.bonus.to_pandas().fillna(0)) == [0, 2]


def test_months_as_columns_become_rows(tmp_path):
    sales = "Who,2024-01,2024-02\nAlpha,10.50,\nBeta,20.50,5.25\n"
    orders = (
        "from: sales\n    unpivot: {but: [Who], name: Month, value: Amount}\n    columns: "
        "{order_id: {concat: [Who, Month]}, account_id: Who, order_date: Month, revenue: Amount}"
    )
    assert sorted(revenue(opened(tmp_path, orders, sales=sales))) == [
        ("Alpha", 10.5),
        ("Beta", 5.25),
        ("Beta", 20.5),
    ]


def test_currencies_become_one_by_stated_rates_and_a_day_is_made_of_parts(tmp_path):
    sales = "No,Who,Year,Month,Amount,Cur\n1,Alpha,2024,1,10.50,EUR\n2,Beta,2024,Feb,20.50,USD\n"
    orders = (
        "from: sales\n    columns: {order_id: No, account_id: Who, order_date: {date_of: [Year, Month]}, "
        "revenue: {from: Amount, currency: Cur, rates: {EUR: 1, USD: 0.5}}}"
    )
    tables = opened(tmp_path, orders, sales=sales)
    assert revenue(tables) == [("Alpha", 10.5), ("Beta", 10.25)]
    days = sorted(str(day)[:10] for day in tables.orders.to_pandas()["order_date"])
    assert days == ["2024-01-01", "2024-02-01"]


@pytest.mark.parametrize(("amount", "kept"), [("Amount", False), ("= Amount * 2", True)])
def test_what_is_reckoned_of_texts_is_reckoned_once_and_not_by_each_question(
    tmp_path, amount, kept
):
    orders = f"from: sales\n    columns: {COLUMNS.replace('Amount', repr(amount))}"
    tables = opened(tmp_path, orders, sales=SALES)
    assert revenue(tables)[0][1] == (21.0 if kept else 10.5)
    held = tables.engine.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()
    assert {("mapped_good_rows",), ("mapped_accounts_once",)} <= set(held)
    assert (("mapped_orders",) in held) == kept


def test_days_that_a_spreadsheet_took_for_months_are_refused(tmp_path):
    days = [f"{day}/01/2024" if day > 12 else f"2024-{day:02d}-01" for day in range(8, 20)]
    lines = "".join(f"{n},Alpha,{day},10.50\n" for n, day in enumerate(days))
    with pytest.raises(
        DataError, match=r"7 texts, each with a day above 12 .* and 5 days of which"
    ):
        opened(tmp_path, sales=f"No,Who,Day,Amount\n{lines}")


def test_every_wrong_column_is_named_at_once_with_its_near_names(tmp_path):
    wrong = COLUMNS.replace("No", "Nu").replace("Amount", "Amout")
    with pytest.raises(DataError, match=r"'Nu', 'Amout'.*'Amout': did you mean 'Amount'"):
        opened(tmp_path, f"from: sales\n    columns: {wrong}", sales=SALES)


def test_wrong_columns_of_every_table_and_rule_are_named_in_one_error(tmp_path):
    (tmp_path / "sales.csv").write_text(SALES, encoding="utf-8")
    (tmp_path / "mapping.yml").write_text(
        "tables:\n  orders:\n    from: sales\n"
        f"    columns: {COLUMNS.replace('Amount', 'Amout')}\n"
        "    keep: [{column: Stat, in: [x]}]\n"
        "  accounts:\n    from: sales\n    one_row_per: [account_id]\n"
        "    columns: {account_id: Whoo, account_name: Who}\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError, match=r"mapping.yml.*'Amout', 'Stat', 'Whoo'") as caught:
        open_data(tmp_path)
    assert "'Whoo': did you mean 'Who'?" in str(caught.value)


def test_an_order_number_is_made_of_what_identifies_an_order(tmp_path):
    sales = "Who,Day,Amount\nAlpha,2024-01-01,10\nAlpha,2024-01-01,5\nBeta,,7\n"
    columns = "{order_id: {made_of: [Who, Day]}, account_id: Who, order_date: Day, revenue: Amount}"
    tables = opened(tmp_path, f"from: sales\n    columns: {columns}", sales=sales)
    assert set(tables.orders.order_id.to_pandas()) == {"Alpha / 2024-01-01"}
    assert tables.ledger.set_index("table").loc["orders", "rows_quarantined"] == 1
