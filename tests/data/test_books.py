"""Workbooks of every kind hold the same table: .xlsx, .xls, .xlsb, .ods; heads of two rows, and
sheets that nobody sees.
"""

from pathlib import Path

import openpyxl
import pytest

from kamresearch.data.workbook import count_uncalculated, read_sheets
from tests.data.books import write_ods, write_xlsb

pytestmark = pytest.mark.unit

ROWS = [
    ["Order", "Customer", "Amount"],
    ["R1", "Größe GmbH", 10.5],
    ["R2", "上海钢铁", 20.0],
]
OLD = Path(__file__).parent / "files" / "umsatz.xls"
"""Twelve orders of three accounts and a hidden sheet, in the format of Excel 97."""


def write_xlsx(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


@pytest.mark.parametrize(
    ("ending", "write"), [(".xlsx", write_xlsx), (".xlsb", write_xlsb), (".ods", write_ods)]
)
def test_a_table_reads_alike_from_every_kind_of_workbook(tmp_path, ending, write):
    path = tmp_path / f"sales{ending}"
    write(path, ROWS)
    (table,) = read_sheets(path).values()
    assert table.drop(["__row__"]).to_pydict() == {
        "Order": ["R1", "R2"],
        "Customer": ["Größe GmbH", "上海钢铁"],
        "Amount": ["10.5", "20"],
    }


def test_a_workbook_of_excel_97_gives_days_as_days_and_hides_what_it_hid():
    found = read_sheets(OLD, "old workbook")
    assert list(found) == [("Umsatz", 0)]
    rows = found["Umsatz", 0].to_pylist()
    assert len(rows) == 12
    assert rows[0] == {
        "Belegnummer": "R0",
        "Kunde": "Größe 0 GmbH",
        "Datum": "2024-01-04",
        "Nettobetrag": "1000.5",
        "__row__": 1,
    }


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_no_table(tmp_path, state):
    book = openpyxl.Workbook()
    book.active.title = "Sales"
    for row in ROWS:
        book.active.append(row)
    other = book.create_sheet("Old")
    other.append(["Order", "Customer", "Amount"])
    other.append(["X", "Nobody", 1])
    other.sheet_state = state
    book.save(tmp_path / "sales.xlsx")
    assert list(read_sheets(tmp_path / "sales.xlsx")) == [("Sales", 0)]


def test_a_head_of_two_rows_joins_groups_with_names(tmp_path):
    rows = [
        [None, None, "Jan", None, "Feb", None],
        ["Customer", "Region", "Qty", "Amount", "Qty", "Amount"],
        ["A", "North", 1, 10.5, 2, 21.0],
        ["B", "South", 3, 31.5, 4, 42.0],
    ]
    write_xlsx(tmp_path / "wide.xlsx", rows)
    (table,) = read_sheets(tmp_path / "wide.xlsx").values()
    assert table.column_names[:-1] == [
        "Customer",
        "Region",
        "Jan Qty",
        "Jan Amount",
        "Feb Qty",
        "Feb Amount",
    ]
    assert table.column("Feb Amount").to_pylist() == ["21", "42"]


def test_formulas_that_nobody_calculated_are_counted(tmp_path):
    write_xlsx(tmp_path / "sales.xlsx", [["No", "Amount"], ["A", "=1*2"], ["B", 3.5]])
    assert count_uncalculated(tmp_path / "sales.xlsx") == (1, "B2")


def test_currencies_that_number_formats_alone_show_are_kept_where_there_are_several(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["No", "Amount"])
    for row, form in ((["A", 1.5], '#,##0.00 "€"'), (["B", 2], "[$USD] 0"), (["C", 3], "0")):
        book.active.append(row)
        book.active.cell(book.active.max_row, 2).number_format = form
    book.save(tmp_path / "sales.xlsx")
    table = read_sheets(tmp_path / "sales.xlsx").popitem()[1]
    assert table["Amount"].to_pylist() == ["€1.5", "USD2", "3"]
