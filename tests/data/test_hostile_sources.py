"""Data from somebody else run nothing, read nothing beside themselves, and eat no machine."""

import subprocess
import sys
import zipfile

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kamresearch.data import budgets, files
from kamresearch.data.checks import check_tables
from kamresearch.data.mapfile import read_mapping
from kamresearch.data.prepared import open_prepared, write_prepared
from kamresearch.data.sidecars import read_sidecar
from kamresearch.data.sources import open_data
from kamresearch.errors import DataError
from kamresearch.publishing.planning.datafacts import watched_files

ORDERS = "CREATE TABLE orders AS SELECT 'o' || i AS order_id, 'A1' AS account_id, DATE '2012-01-01' + CAST(i AS INT) AS order_date, 10.0 AS revenue FROM range(3) t(i)"  # noqa: E501
ACCOUNTS = "CREATE TABLE accounts AS SELECT 'A1' AS account_id, 'One' AS account_name"


def database(path, *statements):
    with duckdb.connect(path) as connection:
        for text in (ORDERS, *statements):
            connection.execute(text)
    return path


@pytest.mark.parametrize(
    "hide",
    [
        (),
        ("CREATE SCHEMA other", "CREATE TABLE other.accounts (account_id VARCHAR)"),
    ],
    ids=["alone", "behind a table of its name"],
)
def test_a_view_in_a_database_reads_no_file_of_ours(tmp_path, hide):
    secret = tmp_path / "secret.txt"
    secret.write_text("root:x:0:0")
    view = f"CREATE VIEW accounts AS SELECT 'A1' AS account_id, content AS account_name FROM read_text('{secret}')"  # noqa: E501
    path = database(tmp_path / "given.duckdb", *hide, view)
    with pytest.raises(DataError, match="'accounts': expected a table that holds its rows") as told:
        open_data(path)
    assert "root:x" not in str(told.value)


def test_a_view_of_another_name_is_left_alone(tmp_path):
    view = "CREATE VIEW passwords AS SELECT * FROM read_text('/etc/passwd')"
    path = database(tmp_path / "given.duckdb", ACCOUNTS, view)
    assert open_data(path).ledger["rows_used"].tolist() == [1, 3]


def test_what_a_database_has_written_and_not_yet_put_in_its_place_is_watched(tmp_path):
    path = database(tmp_path / "given.duckdb", ACCOUNTS)
    before = watched_files(str(path), "")
    (tmp_path / "given.duckdb.wal").write_bytes(b"rows to come")
    assert watched_files(str(path), "") != before
    (tmp_path / "given.duckdb.wal").unlink()
    (tmp_path / "given.yml").write_text("simulated: true")
    assert watched_files(str(path), "") != before


@pytest.fixture
def kept(tmp_path):
    path = database(tmp_path / "given.duckdb", ACCOUNTS)
    return write_prepared(open_data(path), tmp_path / "kept.duckdb")


@pytest.mark.parametrize(
    "order",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/given.duckdb' AS more",
        "SET enable_external_access = true",
        "INSERT INTO prepared.used_accounts SELECT * FROM prepared.used_accounts",
    ],
)
@pytest.mark.slow
def test_an_engine_over_prepared_data_opens_and_changes_nothing_else(kept, order):
    tables = open_prepared(kept)
    with pytest.raises(duckdb.Error):
        tables.engine.raw_sql(order.format(folder=kept.parent))
    assert tables.frame("accounts")["account_name"].tolist() == ["One"]


def test_prepared_data_can_be_read_by_their_owner_alone_and_written_by_nobody(kept):
    assert kept.stat().st_mode & 0o777 == 0o400


@pytest.mark.slow
def test_characters_that_nobody_sees_are_taken_out_where_text_enters_and_counted(tmp_path):
    (tmp_path / "orders.csv").write_text(
        "order_id,account_id,order_date,revenue\no1,A\u200e1,2012-01-01,5\no2,A1,2012-01-02,6\n",
        encoding="utf-8",
    )
    (tmp_path / "accounts.csv").write_text(
        "account_id,account_name,region\nA1,\u202eeno\x1b[2J,No\x0brth\nA2,Two,South\n",
        encoding="utf-8",
    )
    tables = open_data(tmp_path)
    assert tables.frame("accounts")[["account_name", "region"]].values.tolist() == [
        ["eno[2J", "North"],
        ["Two", "South"],
    ]
    assert tables.loaded["orders"].rows_used == 2
    notes = [note for name in tables.names for note in tables.loaded[name].notes]
    assert notes == [
        ("controls", "account_name", 1, "eno[2J"),
        ("controls", "region", 1, "North"),
        ("controls", "account_id", 1, "A1"),
    ]
    told = [issue for issue in check_tables(tables).issues if issue.check == "controls"]
    assert [(issue.table, issue.count) for issue in told] == [
        ("accounts", 1),
        ("accounts", 1),
        ("orders", 1),
    ]


def lists_that_name_each_other():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 9):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    return "\n".join([*lines, "title: *a8"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (lists_that_name_each_other(), "expected no more than 200,000 values"),
        ("title: &a [*a]", "expected no more than 200,000 values"),
        ("note: " + "x" * (5 << 20), "expected no more than 4 MiB; found 5.0 MiB"),
    ],
    ids=["names", "itself", "size"],
)
@pytest.mark.parametrize("name", ["orders.yml", "mapping.yml"])
def test_yaml_beyond_any_need_is_refused_with_its_name_and_the_budget(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    read = read_sidecar if name == "orders.yml" else read_mapping
    path = tmp_path / ("orders.csv" if name == "orders.yml" else name)
    with pytest.raises(DataError, match=f"{name}: {told}"):
        read(path)


def test_a_workbook_that_would_unpack_to_more_than_any_needs_is_not_opened(tmp_path, monkeypatch):
    path = tmp_path / "accounts.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", " " * (3 << 20))
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(budgets.check_expanded, "__defaults__", (2 << 20,))
    with pytest.raises(
        DataError, match=r"accounts.xlsx: expected no more than 2 MiB when unpacked"
    ):
        open_data(path)


READ = """
import sys, time
from kamresearch.data import budgets, workbook
from kamresearch.data.sources import open_data
from kamresearch.errors import DataError

def hoard(*_):
    budgets.set_budgets(0, {memory})
    return [bytearray(1 << 20) for _ in range(1 << 20)]

def dawdle(*_):
    budgets.set_budgets({seconds}, 0)
    while True:
        time.sleep(0.01)

workbook.read_sheets = {{"hoard": hoard, "dawdle": dawdle}}[{how!r}]
try:
    open_data({path!r})
except DataError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "seconds", "memory", "told"),
    [
        ("dawdle", 1.0, 0, "within 1 seconds; found a longer one"),
        ("hoard", 0, 2 << 30, "within 2.0 GiB of memory; found a larger one"),
    ],
)
def test_what_takes_too_long_or_too_much_is_told_with_the_file_and_the_budget(
    tmp_path, how, seconds, memory, told
):
    path = tmp_path / "accounts.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    code = READ.format(how=how, seconds=seconds, memory=memory, path=str(path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"accounts.xlsx: expected a file that is read {told}" in done.stdout, done.stderr


def test_json_nested_beyond_any_need_is_refused_in_words(tmp_path):
    for text in ("[" * 200_000, '{"a":' * 5_000 + "1" + "}" * 5_000):
        (tmp_path / "orders.json").write_text(text)
        with pytest.raises(DataError, match=r"orders\.json: expected JSON: records"):
            open_data(tmp_path / "orders.json")


def test_a_parquet_file_of_few_bytes_that_names_rows_without_end_is_refused(tmp_path, monkeypatch):
    rows = pa.table({"order_id": pa.nulls(12_000_000, pa.int8())})
    pq.write_table(rows, tmp_path / "orders.parquet")
    monkeypatch.setattr(files, "ROWS_A_BYTE", 100)  # of 24,000 bytes
    with pytest.raises(DataError, match=r"at most 10,000,000 rows .* found 12,000,000"):
        open_data(tmp_path / "orders.parquet")
