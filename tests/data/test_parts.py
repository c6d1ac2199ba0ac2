"""Several tables on one sheet or in one text: each is a table of its own, and said."""

import openpyxl
import pytest

from kamresearch.data.checks import check_tables
from kamresearch.data.sources import open_data
from kamresearch.data.start import look
from kamresearch.errors import DataError

pytestmark = pytest.mark.unit

SALES = [["No", "Who", "Day", "Net"]] + [
    [f"R{n}", f"Firm {n % 3}", f"2024-0{n + 1}-05", f"{n}0.5"] for n in range(8)
]
LIMITS = [
    ["Who", "Town", "Since", "Limit"],
    *([f"Firm {n}", "Lyon", "2020", "900"] for n in range(3)),
]
TARGETS = [["Region", "2023", "2024"], ["North", "500", "600"], ["South", "700", "800"]]
GAP, TITLE = [[None] * 4], [["Targets", None, None, None]]
MAPPING = """
tables:
  orders: {from: sales, columns: {order_id: No, account_id: Who, order_date: Day, revenue: Net}}
  accounts: {from: %s, columns: {account_id: Who, account_name: Who, city: Town}}
"""


def as_text(rows, ragged=False):
    return "".join(
        ",".join(cell or "" for cell in row).rstrip("," if ragged else "") + "\n" for row in rows
    )


def save(folder, rows, form):
    if form == "sheet":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(folder / "sales.xlsx")
        return folder / "sales.xlsx"
    wide = [[*row, *[None] * (4 - len(row))] for row in rows]
    (folder / "sales.csv").write_text(as_text(wide, form == "ragged"), encoding="utf-8")
    return folder / "sales.csv"


FORMS = ["sheet", "text", "ragged"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.slow
def test_a_table_below_is_one_of_its_own_and_can_be_mapped(tmp_path, form):
    save(tmp_path, [*SALES, *GAP, *LIMITS, *GAP, *GAP, *TITLE, *TARGETS], form)
    (tmp_path / "mapping.yml").write_text(MAPPING % "sales (2)", encoding="utf-8")
    tables = open_data(tmp_path)
    assert tables.ledger[["rows_in", "rows_used"]].to_numpy().tolist() == [[3, 3], [8, 8]]
    said = [one for one in check_tables(tables, "2024-12-31").issues if one.check == "second_table"]
    told = [one.first_offenders[0] for one in said]
    assert told == [
        "row 11: Who, Town, Since, Limit → 'sales (2)'",
        "row 17: Region, 2023, 2024 → 'sales (3)'",
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "more",
    [
        [*GAP, *SALES[1:3]],  # a gap among rows
        [*GAP, *SALES[:3]],  # the head again
        [*GAP, ["R9", "Firm 9", None, "4.5"], SALES[1]],  # a gap in a row, under a gap
        [*GAP, ["Total", None, None, "99.5"]],
        [*GAP, ["Made by", "Sales office", None, None], ["Page 1", None, None, None]],
    ],
)
def test_rows_under_a_gap_that_head_nothing_stay_where_they_are(tmp_path, form, more):
    assert list(look(str(save(tmp_path, [*SALES, *more], form))).raw) == ["sales"]


def test_a_gap_inside_a_cell_is_none(tmp_path):
    cell = '"note\n\nRegion,Target\nNorth,500"'
    text = as_text([["No", "Who", "Day", "Net"], *SALES[1:4]]) + f"R7,{cell},2024-05-05,5.5\n"
    (tmp_path / "sales.csv").write_text(text, encoding="utf-8")
    assert list(look(str(tmp_path / "sales.csv")).raw) == ["sales"]


@pytest.mark.parametrize("form", ["sheet", "text"])
@pytest.mark.parametrize("rows", [3, 8])
def test_a_table_beside_is_one_of_its_own_where_it_ends_elsewhere(tmp_path, form, rows):
    right = [["Region", "Target"], *([f"Part {n}", f"{n}00"] for n in range(rows))]
    right += [[None, None]] * (9 - len(right))
    both = [[*left, None, *more] for left, more in zip(SALES, right, strict=True)]
    raw = look(str(save(tmp_path, both, form))).raw
    assert len(raw) == (2 if rows == 3 else 1)
    if rows == 3:
        assert "beside: Region, Target → 'sales (2)'" in str(raw["sales"].notes)
        assert [int(one.table.count().to_pandas()) for one in raw.values()] == [8, 3]


@pytest.mark.parametrize("form", ["sheet", "text"])
def test_a_head_far_below_all_rows_is_refused(tmp_path, form):
    save(tmp_path, SALES, form)
    mapping = (MAPPING % "sales").replace(
        "from: sales, columns: {order", "head_row: 90, from: sales, columns: {order"
    )
    (tmp_path / "mapping.yml").write_text(mapping, encoding="utf-8")
    with pytest.raises(DataError, match="head in row 90"):
        open_data(tmp_path)
