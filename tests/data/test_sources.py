"""Exports as companies write them open to the same tables; what cannot be read is refused in
one line.
"""

import os
import subprocess
import sys

import pandas as pd
import pandas.testing as pdt
import pytest

import kamresearch as kam
from kamresearch import open_data
from kamresearch.data import files, rowwise, textfile
from kamresearch.data.checks import check_tables
from kamresearch.data.embedded import connect_embedded
from kamresearch.errors import DataError, KamError

pytestmark = pytest.mark.unit

ACCOUNTS = "account_id,account_name,region\n001,杭州瑞智有限公司,East\n002,Müller & Söhne,West\n"
ORDERS = "order_id,account_id,order_date,revenue,units\nO1,001,2012-01-31,1000.5,1\nO2,002,2012-02-29,2500,2\nO3,001,2012-03-01,-100,-1\n"


def write(folder, accounts=ACCOUNTS, orders=ORDERS, encoding="utf-8", ending="csv"):
    folder.mkdir(exist_ok=True)
    for name, text in (("accounts", accounts), ("orders", orders)):
        (folder / f"{name}.{ending}").write_bytes(text.encode(encoding))
    return folder


def ledger_holds(tables):
    ledger = tables.ledger
    assert (ledger["rows_in"] == ledger["rows_used"] + ledger["rows_quarantined"]).all()
    by_table = tables.quarantine.groupby("table")["count"].sum()
    for row in ledger.itertuples():
        assert by_table.get(row.table, 0) == row.rows_quarantined
    return True


@pytest.fixture
def plain(tmp_path):
    return open_data(write(tmp_path / "plain"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.slow
def test_every_unicode_form_reads_the_same(tmp_path, plain, encoding):
    tables = open_data(write(tmp_path / "other", encoding=encoding))
    pdt.assert_frame_equal(tables.frame("accounts"), plain.frame("accounts"))
    assert tables.fingerprints() == plain.fingerprints()


@pytest.mark.slow
def test_chinese_and_european_bytes_are_told_apart(tmp_path):
    chinese = ACCOUNTS.replace("Müller & Söhne", "深圳投资控股")
    tables = open_data(write(tmp_path / "zh", accounts=chinese, encoding="gb18030"))
    assert tables.frame("accounts")["account_name"].tolist() == ["杭州瑞智有限公司", "深圳投资控股"]
    european = ACCOUNTS.replace("杭州瑞智有限公司", "Crédit Générale")
    tables = open_data(write(tmp_path / "eu", accounts=european, encoding="cp1252"))
    assert tables.frame("accounts")["account_name"].tolist() == [
        "Crédit Générale",
        "Müller & Söhne",
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.slow
def test_every_delimiter_reads_the_same(tmp_path, plain, delimiter):
    accounts, orders = (text.replace(",", delimiter) for text in (ACCOUNTS, ORDERS))
    tables = open_data(write(tmp_path / "other", accounts, orders))
    pdt.assert_frame_equal(tables.frame("orders", limit=9), plain.frame("orders", limit=9))


@pytest.mark.slow
def test_numbers_read_by_the_marks_of_their_own_column(tmp_path):
    point = 'order_id,account_id,order_date,revenue\nO1,001,2012-01-31,"1,234.50"\nO2,001,2012-01-31,"￥2,000"\nO3,001,2012-01-31,(12)\n'
    comma = "order_id;account_id;order_date;revenue\nO1;001;2012-01-31;1.234,50\nO2;001;2012-01-31;2.000\nO3;001;2012-01-31;12-\n"
    for number, text in enumerate((point, comma)):
        tables = open_data(write(tmp_path / str(number), orders=text))
        assert tables.frame("orders", limit=9)["revenue"].tolist() == [1234.5, 2000.0, -12.0]


@pytest.mark.slow
def test_dates_of_every_form_are_the_same_day(tmp_path):
    forms = [
        "2012-03-04",
        "2012/3/4",
        "20120304",
        "2012年3月4日",
        "2012-03-04 10:15:00",
        "4.3.2012",
        "２０１２-０３-０４",
    ]
    rows = "".join(f"O{place},001,{form},1\n" for place, form in enumerate([*forms, "31.03.2012"]))
    tables = open_data(
        write(tmp_path / "x", orders="order_id,account_id,order_date,revenue\n" + rows)
    )
    days = tables.frame("orders", limit=20)["order_date"].dt.date.astype(str).tolist()
    assert days == ["2012-03-04"] * len(forms) + ["2012-03-31"]


def test_dates_that_leave_the_month_open_are_asked_for_not_guessed(tmp_path):
    text = "order_id,account_id,order_date,revenue\nO1,001,03/04/2012,1\n"
    with pytest.raises(
        DataError,
        match=r"orders.csv, column 'order_date'.*which of day and month.*03/04/2012.*day_first",
    ):
        open_data(write(tmp_path / "x", orders=text))


@pytest.mark.slow
def test_dates_in_two_orders_are_refused_with_their_counts(tmp_path):
    text = "order_id,account_id,order_date,revenue\nO1,001,31/12/2012,1\nO2,001,12/31/2012,1\nO3,001,2012-01-01,1\n"
    with pytest.raises(
        DataError,
        match=r"orders.csv, column 'order_date'.*1 with the day first \('31/12/2012' in row 1\) and "
        r"1 with the month first \('12/31/2012' in row 2\)",
    ):
        open_data(write(tmp_path / "x", orders=text))


@pytest.mark.slow
def test_mixed_types_in_a_column_set_the_odd_rows_aside(tmp_path):
    text = (
        ORDERS
        + "O4,001,2012-04-01,n/a,1\nO5,001,soon,5,1\nO6,001,2012-02-30,5,1\nO7,,2012-05-01,5,1\nO8,999,2012-05-01,5,1\n"
    )
    tables = open_data(write(tmp_path / "x", orders=text))
    found = {row.row: (row.column, row.value, row.reason) for row in tables.quarantine.itertuples()}
    assert found[4][:2] == ("revenue", "n/a")
    assert found[4][2] == "revenue is missing"
    assert found[5][2] == "order_date is not a date"
    assert found[6][2] == "order_date is not a date"
    assert found[7][2] == "account_id is missing"
    assert found[8][1:] == ("999", "account_id names an unknown account")
    assert ledger_holds(tables)


@pytest.mark.slow
def test_a_line_of_another_width_is_set_aside_with_its_place(tmp_path):
    text = (
        ORDERS.replace("O2,002,2012-02-29,2500,2\n", "O2,002,2012-02-29,2500,2,extra,cells\n")
        + "O4,001\nO5,404,2012-05-01,5,1\n"
    )
    tables = open_data(write(tmp_path / "x", orders=text))
    places = dict(zip(tables.quarantine["row"], tables.quarantine["reason"]))
    assert places == {
        2: "the line does not have the head's columns",
        4: "the line does not have the head's columns",
        5: "account_id names an unknown account",
    }
    assert tables.quarantine["value"].str.startswith("O2,002").any()
    assert ledger_holds(tables)


@pytest.mark.slow
def test_a_stray_quotation_mark_costs_its_own_row_at_most(tmp_path):
    accounts = ACCOUNTS + (
        '003,The "Best" one,East\n004,"Quoted, '
        'Ltd",West\n005,ab"c,East\n006,"x"y,East\n007,Last,West\n'
    )
    tables = open_data(write(tmp_path / "x", accounts=accounts))
    assert ledger_holds(tables)
    assert tables.loaded["accounts"].rows_in == 7
    names = tables.frame("accounts").set_index("account_id")["account_name"]
    assert names["004"] == "Quoted, Ltd"
    assert names["007"] == "Last"


def test_what_the_engine_refuses_whole_is_read_in_batches_and_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(rowwise, "BATCH", 7)
    rows = "".join(f'1{place:02},ab"c {place},East\n' for place in range(40))
    path = (
        write(tmp_path / "x", accounts=ACCOUNTS + rows + "too,few\n" + '199,"x"y,East\n')
        / "accounts.csv"
    )
    form = textfile.read_form(path)
    table, broken, n_broken = rowwise.load_oddly_quoted(connect_embedded(), path, path.name, form)
    frame = table.to_pandas()
    assert len(frame) == ACCOUNTS.count("\n") - 1 + 41
    assert frame.set_index("account_id")["account_name"].loc[["138", "199"]].tolist() == [
        'ab"c 38',
        "xy",
    ]
    assert sorted(frame["__row__"]) == [*range(1, 43), 44]
    assert broken.to_pandas()["__value__"].tolist() == ["too,few"]
    assert n_broken == 1
    monkeypatch.setattr(rowwise, "MOST_BROKEN", 1)
    with pytest.raises(DataError, match="accounts.csv: expected fewer than"):
        rowwise.load_oddly_quoted(connect_embedded(), path, path.name, form)


def test_a_damaged_byte_in_a_utf8_file_is_named_by_its_row(tmp_path):
    folder = write(tmp_path / "x")
    good = ACCOUNTS.encode()
    (folder / "accounts.csv").write_bytes(good.replace("Müller".encode(), b"M\xffller"))
    with pytest.raises(DataError, match=r"accounts.csv, row 2: expected text in UTF-8 throughout"):
        open_data(folder)


@pytest.mark.slow
def test_a_repeated_key_keeps_one_row_whatever_their_order(tmp_path):
    twice = [
        ACCOUNTS + "002,Other name,North\n",
        ACCOUNTS.replace("002,", "002,Other name,North\n002,", 1),
    ]
    frames = []
    for number, text in enumerate(twice):
        tables = open_data(write(tmp_path / str(number), accounts=text))
        assert tables.quarantine["reason"].tolist() == ["account_id repeats the key of another row"]
        assert ledger_holds(tables)
        frames.append(tables.frame("accounts"))
    pdt.assert_frame_equal(*frames)


@pytest.mark.slow
def test_a_workbook_reads_like_the_same_text(tmp_path, plain):
    from openpyxl import Workbook

    folder = tmp_path / "book"
    folder.mkdir()
    book = Workbook()
    book.remove(book.active)
    frames = {"accounts": plain.frame("accounts"), "orders": plain.frame("orders", limit=9)}
    for name, frame in frames.items():
        sheet = book.create_sheet(name)
        columns = [column for column in frame if frame[column].notna().any()]
        sheet.append(columns)
        for row in frame[columns].itertuples(index=False):
            sheet.append(
                [cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell for cell in row]
            )
    book.save(folder / "export.xlsx")
    tables = open_data(folder)
    pdt.assert_frame_equal(tables.frame("accounts"), frames["accounts"])
    pdt.assert_frame_equal(tables.frame("orders", limit=9), frames["orders"])


@pytest.mark.slow
def test_a_duckdb_file_a_folder_of_parts_and_files_give_the_same_tables(tmp_path, case_folder):
    import duckdb

    folder = tmp_path / "parts"
    (folder / "orders").mkdir(parents=True)
    accounts = pd.read_parquet(case_folder / "accounts.parquet")
    orders = pd.read_parquet(case_folder / "orders.parquet")
    accounts.to_parquet(folder / "accounts.parquet")
    orders[:9000].to_parquet(folder / "orders" / "a.parquet")
    orders[9000:].to_parquet(folder / "orders" / "b.parquet")
    with duckdb.connect(tmp_path / "one.duckdb") as connection:
        for name in ("accounts", "orders"):
            connection.execute(
                f"CREATE TABLE {name} AS SELECT * FROM '{case_folder / name}.parquet'"
            )
    parts, database, files = (
        open_data(source) for source in (folder, tmp_path / "one.duckdb", case_folder)
    )
    for tables in (parts, database):
        assert tables.names == ("accounts", "orders")
        pdt.assert_frame_equal(tables.frame("accounts"), files.frame("accounts"))
        assert tables.ledger["rows_used"].tolist() == files.ledger["rows_used"].tolist()[:2]
        assert tables.orders.revenue.sum().to_pandas() == files.orders.revenue.sum().to_pandas()


@pytest.mark.slow
def test_ids_keep_leading_zeros_and_lose_an_exports_decimal_part(tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    pd.DataFrame({"account_id": [17850.0, 42.0], "account_name": ["a", "b"]}).to_parquet(
        folder / "accounts.parquet"
    )
    (folder / "orders.csv").write_text(
        "order_id,account_id,order_date,revenue\n007,17850,2012-01-01,1\n", encoding="utf-8"
    )
    tables = open_data(folder)
    assert tables.frame("accounts")["account_id"].tolist() == ["17850", "42"]
    assert tables.frame("orders", limit=1)["order_id"].tolist() == ["007"]


BAD = {
    "empty file": ({"orders": ""}, r"orders.csv: expected a head line.*empty file"),
    "header only": (
        {"orders": "order_id,account_id,order_date,revenue\n"},
        r"orders.csv: expected rows.*head without rows",
    ),
    "no column": (
        {"orders": ORDERS.replace("revenue", "revnue")},
        r"orders.csv, table 'orders'.*'revenue'.*did you mean 'revnue'",
    ),
    "repeated column": (
        {"orders": "order_id,account_id,order_date,revenue,Revenue\nO1,001,2012-01-01,1,1\n"},
        r"orders.csv, row 1.*once.*'(R|r)evenue' more than once",
    ),
    "10,000 columns": (
        {"orders": ",".join(f"c{i}" for i in range(10_000)) + "\n"},
        r"orders.csv: expected at most 2,000 columns; found 10,000",
    ),
    "no text at all": (
        {"orders": "order_id,account_id\x00,order_date,revenue\nO1,001,2012-01-01,1\n"},
        r"orders.csv: expected text.*no text",
    ),
    "every row bad": (
        {"orders": "order_id,account_id,order_date,revenue\nO1,001,never,1\n"},
        r"orders.csv: expected usable rows.*1 rows, each set aside: order_date is not a date",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line_that_names_it_and_the_remedy(tmp_path, name):
    texts, pattern = BAD[name]
    folder = write(tmp_path / "x", **texts)
    with pytest.raises(DataError, match=pattern) as caught:
        open_data(folder)
    assert "\n" not in str(caught.value)
    assert "To do:" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_folder_without_orders_says_which_files_look_like_it(tmp_path):
    folder = write(tmp_path / "x")
    (folder / "orders.csv").rename(folder / "order_lines.csv")
    with pytest.raises(DataError, match=r"a table 'orders'.*'order_lines'"):
        open_data(folder)


def test_a_truncated_parquet_file_is_named(tmp_path, case_folder):
    folder = write(tmp_path / "x")
    (folder / "orders.csv").unlink()
    (folder / "orders.parquet").write_bytes((case_folder / "orders.parquet").read_bytes()[:50_000])
    with pytest.raises(DataError, match=r"orders.parquet: expected a whole, readable file"):
        open_data(folder)


def test_a_damaged_page_inside_a_parquet_file_is_named(tmp_path, case_folder):
    folder = write(tmp_path / "x")
    (folder / "orders.csv").unlink()
    raw = bytearray((case_folder / "orders.parquet").read_bytes())
    raw[2000:60_000] = os.urandom(58_000)
    (folder / "orders.parquet").write_bytes(raw)
    with pytest.raises(DataError, match=r"orders.parquet: expected"):
        open_data(folder)


def test_links_in_a_circle_are_named(tmp_path):
    folder = write(tmp_path / "x")
    (folder / "contracts.csv").symlink_to(folder / "contracts.csv")
    with pytest.raises(
        DataError, match=r"contracts.csv: expected a file; found a link that leads nowhere"
    ):
        open_data(folder)
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(DataError, match="a folder or a file; found a link that leads nowhere"):
        open_data(tmp_path / "a")


def test_two_files_for_one_table_are_refused(tmp_path, case_folder):
    folder = write(tmp_path / "x")
    (folder / "orders.parquet").write_bytes((case_folder / "orders.parquet").read_bytes())
    with pytest.raises(
        DataError, match=r"one file for the table 'orders'; found orders.csv and orders.parquet"
    ):
        open_data(folder)


def test_a_line_beyond_the_limit_is_refused_by_its_row(tmp_path):
    """The engine would skip the line without a word: a row dropped silently."""
    accounts = ACCOUNTS + f"003,{'x' * (textfile.LONGEST_LINE + 10)},East\n004,After,East\n"
    row = ACCOUNTS.count("\n")
    with pytest.raises(
        DataError, match=rf"accounts.csv, row {row}: expected lines of at most 2 MB"
    ) as caught:
        open_data(write(tmp_path / "x", accounts=accounts))
    assert len(str(caught.value)) < 300


@pytest.mark.slow
def test_lines_just_within_the_limit_are_read_wherever_blocks_end(tmp_path):
    long = "x" * (textfile.LONGEST_LINE - 100)
    accounts = ACCOUNTS + "".join(f"1{place},{long},East\n" for place in range(3))
    tables = open_data(write(tmp_path / "x", accounts=accounts))
    assert tables.loaded["accounts"].rows_in == ACCOUNTS.count("\n") - 1 + 3


def test_a_file_of_broken_lines_is_refused_from_the_first_of_them(tmp_path, monkeypatch):
    for module in (files, rowwise, textfile):
        monkeypatch.setattr(module, "MOST_BROKEN", 20)
    with pytest.raises(
        DataError,
        match=r"accounts.csv: expected fewer than 20 broken lines; found more, from row 3 on",
    ):
        open_data(write(tmp_path / "x", accounts=ACCOUNTS + "only one cell\n" * 30))


@pytest.mark.long
@pytest.mark.faults
@pytest.mark.parametrize("filling", ["letters", "nothing"])
def test_a_cell_of_a_gigabyte_ends_in_one_line_and_little_memory(tmp_path, filling):
    """As a researcher meets it: `kam check` in a process of its own, whose memory is measured."""
    folder = write(tmp_path / "x")
    with (folder / "orders.csv").open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(
            b"".join(b"P%d,001,2012-01-01,1,1\n" % place for place in range(5_000)) + b"O9,001,"
        )
        if filling == "nothing":
            file.seek(2**30, os.SEEK_CUR)  # a hole: NUL bytes that take no room on the disk
        else:
            for _ in range(1024):
                file.write(b"x" * 2**20)
        file.write(b",1\n")
    code = (
        "import resource, subprocess, sys; done = subprocess.run([sys.executable, '-m', "
        "'kamresearch.cli', 'check', sys.argv[1]]); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stdout); "
        "sys.exit(done.returncode)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "orders.csv, row" in done.stderr
    assert "To do:" in done.stderr
    assert int(done.stdout) < 600 * 1024
    assert sorted(path.name for path in folder.iterdir()) == ["accounts.csv", "orders.csv"]


@pytest.mark.slow
def test_a_file_that_vanishes_after_opening_is_an_error_in_one_line(tmp_path, case_folder):
    folder = write(tmp_path / "x")
    (folder / "orders.csv").unlink()
    orders = pd.read_parquet(case_folder / "orders.parquet").assign(account_id="001")
    orders.to_parquet(folder / "orders.parquet")
    tables = open_data(folder)
    (folder / "orders.parquet").unlink()
    for ask in (
        lambda: tables.frame("orders", limit=5),
        lambda: check_tables(tables, as_of="2012-12-31"),
        lambda: kam.account_snapshot(tables, "2012-12-31"),
        lambda: kam.account(tables, "001", "2012-12-31"),
    ):
        with pytest.raises(DataError, match="expected an engine that answers") as caught:
            ask()
        assert "\n" not in str(caught.value)


def test_a_file_that_is_no_workbook_is_named(tmp_path):
    folder = write(tmp_path / "x")
    (folder / "contracts.xlsx").write_bytes(b"PK\x03\x04 this is not one")
    with pytest.raises(DataError, match=r"contracts.xlsx: expected an Excel workbook"):
        open_data(folder)


def test_an_address_of_another_kind_is_refused_without_its_password():
    with pytest.raises(DataError, match=r"postgresql://, .*; found oracle://") as caught:
        open_data("oracle://reader:topsecret@server/sales")
    assert "topsecret" not in str(caught.value)


@pytest.mark.slow
def test_an_optional_table_with_a_head_alone_counts_as_absent(tmp_path):
    folder = write(tmp_path / "x")
    (folder / "contracts.csv").write_text(
        "contract_id,account_id,start_date,end_date\n", encoding="utf-8"
    )
    assert not open_data(folder).has("contracts")


@pytest.mark.slow
def test_values_are_texts_and_never_commands(tmp_path):
    name = "'); DROP TABLE orders; --"
    tables = open_data(write(tmp_path / "x", accounts=ACCOUNTS + f'003,"{name}",{{region}}\n'))
    frame = tables.frame("accounts")
    assert frame["account_name"].tolist()[-1] == name
    assert frame["region"].tolist()[-1] == "{region}"


@pytest.mark.slow
def test_a_folder_with_a_quote_in_its_name_is_read(tmp_path):
    assert open_data(write(tmp_path / "it's a folder")).has("orders")


def test_errors_of_data_are_kam_errors():
    assert issubclass(DataError, KamError)


@pytest.mark.slow
def test_the_engine_draws_no_bar_into_a_report():
    """A kernel that is no file is taken for a terminal, where the engine draws a bar under
    queries of two seconds and more.
    """
    asked = "SELECT current_setting('enable_progress_bar')"
    code = (
        f"import duckdb; print(duckdb.connect().sql({asked!r}).fetchall()[0][0]);"
        f"from kamresearch.data.embedded import connect_embedded; "
        f"print(connect_embedded().raw_sql({asked!r}).fetchall()[0][0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_a_cell_that_says_nothing_is_found_whatever_stands_around_it():
    """The quick look at how a cell begins passes over none that the slow reading would find."""
    import ibis

    from kamresearch.data import casting

    wide = dict(zip(casting._NARROW, casting._WIDE, strict=True))
    around = ("%s", " %s", "%s ", "\u3000%s", "\t%s\n", "\x0b%s", "\u00a0%s", "x%s", "%sx")
    cells = ["O1", "12", "é", "", None, "Nox", "("]
    for word in casting.NOTHING:
        for one in (word, word.upper(), word.title(), "".join(wide.get(x, x) for x in word)):
            cells += [frame % one for frame in around]
    table = ibis.memtable(pd.DataFrame({"cell": cells}))
    slow = casting.tidy_date(table.cell).lower().isin(casting.NOTHING)
    told = table.mutate(slow=slow, quick=casting.says_nothing(table.cell)).execute()
    assert told["slow"].sum() > 500
    pdt.assert_series_equal(told["quick"], told["slow"], check_names=False)
