"""What was read is doubted where it may be meant otherwise, and what cannot be a table is named."""

import zipfile

import ibis
import pytest

from kamresearch.data.checks import check_tables
from kamresearch.data.currencies import doubts_of
from kamresearch.data.sources import open_data
from kamresearch.data.start import look
from kamresearch.data.start.open_styles import open_styles
from kamresearch.errors import DataError

pytestmark = pytest.mark.unit

MAPPING = """
tables:
  orders:
    from: sales
    columns: {{order_id: No, account_id: Who, order_date: {date}, revenue: {revenue}}}
  accounts: {{from: sales, one_row_per: [account_id], columns: {{account_id: Who, account_name: Who}}}}
"""
SALES = """No,Who,Day,Debit,Credit
1,Alpha,03/01/2566,₹ 1.25 Cr,
2,Beta,21/02/2566,,4.25
3,Gamma,22/02/2566,,
4,Gamma,23/02/2566,2.00,-
5,Gamma,24/02/2566,7.00,
5,Gamma,24/03/2566,7.00,
1,Alpha,03/01/2567,10.50,
2,Alpha,11/02/2567,8.00,
"""


def opened(folder, sales, revenue, date="{from: Day, calendar: buddhist}"):
    (folder / "sales.csv").write_text(sales, encoding="utf-8")
    mapping = MAPPING.format(revenue=revenue, date=date)
    (folder / "mapping.yml").write_text(mapping, encoding="utf-8")
    return open_data(folder)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return opened(tmp_path_factory.mktemp("both"), SALES, "'= [Debit] - [Credit]'")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    tables = opened(tmp_path_factory.mktemp("one"), SALES, "Debit")
    issues = check_tables(tables, "2024-12-31").issues
    return {issue.check: issue.first_offenders for issue in issues}


@pytest.mark.slow
def test_an_amount_that_no_rule_reads_is_doubted(one):
    assert one["unmapped_amount"] == ("Debit",)


@pytest.mark.slow
def test_a_formula_that_adds_takes_what_is_filled_and_needs_one_part(both):
    found = both.orders.order_by(["order_id", "order_date"]).revenue.to_pandas().tolist()
    assert found == [-1.25, 10.5, -4.25, 8.0, 2.0, 7.0, 7.0]
    assert both.quarantine["reason"].tolist() == ["revenue is missing"]


def test_days_of_another_calendar_tell_which_of_day_and_month_comes_first(both):
    assert str(both.orders.order_date.min().to_pandas())[:10] == "2023-01-03"
    assert str(both.orders.order_date.max().to_pandas())[:10] == "2024-02-11"


@pytest.mark.slow
def test_numbers_that_begin_anew_each_year_are_doubted_where_they_meet(one, both):
    assert one["order_over_days"] == ("1",)  # Beta's second order holds no debit
    issues = {issue.check: issue.first_offenders for issue in find_doubts_of(both)}
    assert issues["order_of_many"] == ("2",)
    assert issues["order_over_days"] == ("1", "2")  # and lines within weeks are one order


def find_doubts_of(tables):
    return check_tables(tables, "2024-12-31").issues


def test_cr_beside_no_dr_may_say_crore(one):
    assert one["cr_alone"] == ("'₹ 1.25 Cr' in row 1",)


@pytest.mark.parametrize(
    ("head", "mapped", "doubted"),
    [
        ("Count,Net Sales", "Count", True),
        ("Net Sales,Gross Sales", "Net Sales", False),
        # the name of the one not read is a part of the name of the one that is
        ("Sales Count,Sales", "Sales Count", True),
    ],
)
def test_a_name_that_says_revenue_more_clearly_than_the_one_read_is_doubted(head, mapped, doubted):
    rows = ibis.memtable([dict(zip(head.split(","), cells, strict=True)) for cells in ("34", "56")])
    notes = doubts_of(rows, {"columns": {"revenue": mapped}})
    assert [code for code, *_ in notes] == ["unmapped_amount"] * doubted


@pytest.mark.slow
def test_the_calendar_and_what_comes_first_are_asked_at_once(tmp_path):
    (tmp_path / "s.csv").write_text("Day\n03/01/2567\n11/02/2567\n", encoding="utf-8")
    raw = look(str(tmp_path / "s.csv")).raw["s"]
    assert [asked.what for asked in open_styles(raw, "Day", "order_date")] == ["calendar", "order"]


@pytest.mark.slow
def test_orders_of_which_none_can_be_used_say_why_and_not_that_accounts_are_empty(tmp_path):
    sales = "No,Who,Day,Amount\n1,A,1402/01/05,5\n2,B,1403/01/05,6\n"
    with pytest.raises(DataError, match=r"usable rows of the table 'orders'.*1900 to 2199"):
        opened(tmp_path, sales, "Amount", "Day")


OTHERS = {
    "sales.csv": (b"%PDF-1.7\n1 0 obj", "a PDF"),
    "sales.xlsx": (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive"),
    "sales.txt": (b"Rar!\x1a\x07\x00", "a RAR archive"),
    "sales.db": (b"\x00\x01\x00\x00Standard Jet DB\x00", "a database of Access"),
    "sales.xls": (b"\x89PNG\r\n\x1a\n", "a picture"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_a_table_is_named_whatever_its_name_says(tmp_path, name):
    content, called = OTHERS[name]
    (tmp_path / name).write_bytes(content + bytes(range(256)))
    with pytest.raises(DataError, match=rf"{name}: .*found {called}, whatever"):
        open_data(tmp_path / name)


def test_an_archive_of_archives_says_what_it_holds(tmp_path):
    with zipfile.ZipFile(tmp_path / "sales.zip", "w") as archive:
        archive.writestr("inner.zip", b"PK")
    with pytest.raises(DataError, match=r"found 'inner.zip'.*pack the exported tables themselves"):
        open_data(tmp_path / "sales.zip")
