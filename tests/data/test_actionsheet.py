"""A version's list becomes a sheet to fill in, and the filled sheet rows of the table actions."""

import pandas as pd
import pytest
from openpyxl import load_workbook

import kamresearch as kam
from kamresearch.data.actionsheet import (
    HEADS,
    make_sheet,
    merge_actions,
    read_filled,
    sheet_content,
    write_workbook,
)
from kamresearch.errors import DataError
from kamresearch.publishing.outcome.csvfile import plain_text, write_csv

pytestmark = pytest.mark.unit
KINDS = {
    "save": {"en": "save: contact, soon", "zh": "挽留：尽快联系"},
    "renew": {"en": "renew it", "zh": "续约"},
}
OWNERS = {"M1": {"en": "Ada", "zh": "艾达"}}


@pytest.fixture
def listed():
    frame = pd.DataFrame(
        {
            "account_id": ["A1", "A2", "007"],
            "account_name": ["=HYPERLINK(1)", "+Beta", "@甲公司"],
            "kind": ["save", "renew", "save"],
            "why": ["risk", "ends soon", "risk"],
            "owner": ["M1", None, "-M2"],
            "due": ["2013-01-31", None, "2013-02-28"],
            "first": [False, True, True],
        }
    )
    frame.attrs["terms"] = {
        "kind": KINDS,
        "why": {"risk": {"en": "at risk", "zh": "有风险"}},
        "owner": OWNERS,
    }
    return frame


@pytest.fixture(params=["en", "zh"])
def language(request):
    return request.param


@pytest.fixture(params=["xlsx", "csv"])
def filled(request, listed, language, tmp_path):
    """A sheet as a person hands it back: two rows filled in, in their language."""
    sheet = make_sheet(listed, "2012-12-31-abc", "2012-12-31", language)
    path = tmp_path / f"filled.{request.param}"
    column = {name: place for place, name in enumerate(HEADS, 1)}
    words = {"en": ("do it", "leave it"), "zh": ("执行", "不做")}[language]
    answers = {
        ("decided", 0): words[0],
        ("done_on", 0): "2013/01/15",
        ("outcome", 0): "=kept",
        ("decided", 1): words[1],
        ("decided_by", 1): "director",
    }
    if request.param == "xlsx":
        write_workbook(sheet, KINDS, language, path)
        book = load_workbook(path)
        for (name, row), value in answers.items():
            cell = book["actions"].cell(row + 2, column[name], value)
            cell.data_type = "s"
        book.save(path)
    else:
        for (name, row), value in answers.items():
            sheet.loc[row, name] = value
        path.write_text("\ufeff" + write_csv(*sheet_content(sheet, language)), encoding="utf-8")
    return path


def test_a_filled_sheet_of_either_language_and_format_reads_back_as_the_same_rows(filled):
    rows = read_filled(filled, KINDS, plain_text, owners=OWNERS)
    assert rows["account_id"].tolist() == ["A2", "007", "A1"]
    assert rows["kind"].tolist() == ["renew", "save", "save"]
    assert rows["decided"].tolist() == ["do", "not", ""]
    assert rows["done_on"].tolist() == ["2013-01-15", "", ""]
    assert rows["due"].tolist() == ["", "2013-02-28", "2013-01-31"]
    assert rows["outcome"].tolist() == ["=kept", "", ""]
    assert rows["owner"].tolist() == ["", "-M2", "M1"]
    assert set(rows["proposed_on"]) == {"2012-12-31"}


def test_an_owner_stands_on_the_sheet_by_name_where_there_is_one(listed, language):
    sheet = make_sheet(listed, "v", "2012-12-31", language)
    assert sheet["owner"].tolist() == ["", "-M2", OWNERS["M1"][language]]


def test_no_cell_of_the_workbook_can_run_and_coded_columns_offer_their_words(
    listed, language, tmp_path
):
    path = tmp_path / "sheet.xlsx"
    write_workbook(make_sheet(listed, "v", "2012-12-31", language, most=2), KINDS, language, path)
    book = load_workbook(path)
    page = book["actions"]
    cells = [cell for row in page.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type == "s" for cell in cells)
    assert page.max_row == 3
    assert page["B2"].value == "+Beta"
    rules = {str(rule.sqref): rule.formula1 for rule in page.data_validations.dataValidation}
    assert rules == {"G2:G3": "choices!$A$1:$A$3", "C2:C3": "choices!$B$1:$B$2"}
    assert book["choices"].sheet_state == "hidden"
    assert [cell.value for cell in book["choices"]["B"][:2]] == [
        w[language] for w in KINDS.values()
    ]


@pytest.mark.slow
def test_rows_of_a_later_sheet_stand_in_place_of_those_before_and_open_as_the_table(tmp_path):
    row = {"account_id": "A1", "kind": "save", "proposed_on": "2012-11-30", "decided": "do"}
    later = {**row, "done_on": "2012-12-10"}
    other = {**row, "proposed_on": "2012-12-31"}
    merged = merge_actions(pd.DataFrame([row]), pd.DataFrame([later, other]))
    assert len(merged) == 2
    assert merged["done_on"].tolist() == ["2012-12-10", ""]
    merged.to_csv(tmp_path / "actions.csv", index=False)
    (tmp_path / "accounts.csv").write_text("account_id,account_name\nA1,One\n")
    (tmp_path / "orders.csv").write_text(
        "order_id,account_id,order_date,revenue\n1,A1,2012-01-01,5\n"
    )
    frame = kam.open_data(tmp_path).frame("actions")
    assert frame["done_on"].notna().tolist() == [True, False]
    assert frame["decided"].tolist() == ["do", "do"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Account,What to do\nA1,save\n", "Proposed on"),
        ("Account,What to do,Proposed on\nA1,dance,2012-12-31\n", "one of the words"),
        ("Account,What to do,Proposed on\nA1,save,soon\n", "days such as"),
        ("Account,What to do,Proposed on\n" + "A1,save,2012-12-31\n" * 2, "one row an action"),
    ],
)
def test_what_cannot_be_read_is_named(text, words, tmp_path):
    path = tmp_path / "filled.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        read_filled(path, KINDS)
