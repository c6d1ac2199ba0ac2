"""A CSV file from a report holds every value, and no cell of it is a formula."""

import csv
from io import StringIO

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamresearch.display import Column, make_table
from kamresearch.language import Fixed
from kamresearch.publishing.outcome.csvfile import plain_text, safe_text, write_csv
from kamresearch.studies.session import table_content
from tests.reports import synthetic

pytestmark = pytest.mark.reports

SIGNS = "=+-@|%\t\r\n＝＋－＠"


def written(*rows):
    return write_csv(["a", "b"], rows)


@given(st.text())
def test_no_text_can_start_a_formula_and_none_is_lost(text):
    safe = safe_text(text)
    assert plain_text(safe) == text
    (_, (cell, _)) = csv.reader(StringIO(written([text, 1]), newline=""))
    assert cell == safe
    number = (
        not safe.startswith("'")
        and safe.lstrip("+-")
        .rstrip("%")
        .replace(".", "")
        .replace("e", "")
        .replace("E", "")
        .replace("-", "")
        .isdigit()
    )
    assert number or set(safe) <= {"-"} or safe[:1] not in set(SIGNS)


@pytest.mark.parametrize(
    "text", [sign + "cmd" for sign in SIGNS] + [" =1+1", "\u202e=1+1", '"=1+1', "\u200b@x"]
)
def test_whatever_a_spreadsheet_skips_before_a_sign_is_caught(text):
    assert safe_text(text) == "'" + text


@pytest.mark.parametrize("text", ["-12.5", "+3%", "1e-5", "-", "--", "A-B", "a=b", "x@y.org"])
def test_numbers_and_ordinary_names_stay_as_they_are(text):
    assert safe_text(text) == text


def test_a_separator_of_another_country_stays_inside_its_cell():
    assert written(["a;=cmd", None]).splitlines()[1] == '"a;=cmd",'


def test_every_row_of_a_shown_table_comes_back_equal():
    table = synthetic.table(synthetic.HOSTILE, rows_shown=3)
    shown = table_content(table, simulated=True)
    text = write_csv(shown.names, shown.rows)
    frame = pd.read_csv(StringIO(text), dtype={"account_id": str}, lineterminator="\n")
    assert frame["account_id"].tolist() == [
        f"{number:04d}" for number in range(len(synthetic.HOSTILE))
    ]
    assert [plain_text(name) for name in frame["account_name"]] == list(synthetic.HOSTILE)
    assert frame["revenue"].tolist() == table.frame["revenue"].tolist()


def test_what_pandas_does_not_know_is_an_empty_cell():
    names = Fixed({"en": "A", "zh": "甲"})
    frame = pd.DataFrame({"flag": pd.array([True, pd.NA], dtype="boolean"), "n": [1.0, None]})
    table = make_table("x.y", names, frame, Column("flag", names), Column("n", names, "count"))
    assert table_content(table, simulated=True).rows == [[True, 1.0], [None, None]]
