"""Small answers of the engine, and how few questions an audit takes."""

import ibis
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.data.checks import check_tables
from kamresearch.data.counting import count_each, count_rows, fetch_counts, fetch_row
from kamresearch.data.simulate import simulate

pytestmark = pytest.mark.unit


@pytest.fixture
def numbers():
    connection = ibis.duckdb.connect()
    frame = pd.DataFrame({"a": [1, 2, None], "b": ["x", "y", "y"]})
    connection.con.register("frame", frame)
    connection.raw_sql("CREATE TABLE numbers AS SELECT * FROM frame")
    return connection.table("numbers")


@pytest.fixture
def asked(monkeypatch):
    """What the embedded engine is asked, statement by statement."""
    from ibis.backends.duckdb import Backend

    told, compiled = [], Backend.compile

    def note(self, *arguments, **named):
        told.append(compiled(self, *arguments, **named))
        return told[-1]

    monkeypatch.setattr(Backend, "compile", note)
    return told


def test_one_row_of_sums_comes_as_plain_values_and_nothing_as_none(numbers):
    sums = {
        "n": numbers.count(),
        "most": numbers.a.max(),
        "none": numbers.a.sum(where=numbers.a > 9),
    }
    assert fetch_row(numbers.aggregate(**sums)) == {"n": 3, "most": 2.0, "none": None}
    assert fetch_counts(numbers.aggregate(**sums))["none"] == 0


def test_several_tables_are_counted_in_one_question(numbers, asked):
    parts = {("a", 1): numbers, "b": numbers.filter(numbers.b == "y"), "c": numbers.limit(0)}
    assert count_each(parts) == {("a", 1): 3, "b": 2, "c": 0}
    assert len(asked) == 1
    assert count_each({}) == {}
    assert count_each({"b": parts["b"]}) == {"b": 2}
    assert count_rows(parts["b"]) == 2


@pytest.mark.slow
def test_a_company_is_opened_and_checked_with_few_questions(tmp_path, asked):
    simulate(tmp_path, accounts=30, random_state=1)
    asked.clear()
    tables = kam.open_data(tmp_path)
    opened = len(asked)
    assert opened <= 6 * len(tables.names)
    check_tables(tables, as_of="2012-12-31")
    assert len(asked) - opened <= 60, "one question a column or rule would be hundreds"


@pytest.mark.slow
def test_a_checked_slice_asks_for_its_tables_by_name(tmp_path, asked):
    simulate(tmp_path, accounts=60, random_state=1)
    tables = kam.open_data(tmp_path)
    region = tables.frame("accounts")["region"].iloc[0]
    part = tables.where(f"region={region}")
    asked.clear()
    check_tables(part, as_of="2012-12-31")
    assert not [one for one in asked if region in one], "what cuts a slice is written once"
