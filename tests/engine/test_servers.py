"""Servers by their addresses: the same rows from each, and what is missing is named."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from socket import socket as open_socket
from threading import Thread
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest

from kamresearch import open_data
from kamresearch.data.addresses import read_address
from kamresearch.data.remote import KINDS
from kamresearch.errors import DataError
from kamresearch.publishing.jobs import to_plain
from kamresearch.publishing.planning.datafacts import DataAsked, DataJob, ask_data
from tests.conftest import ROOT

ORDERS = pd.DataFrame(
    {
        "order_id": [f"R{n}" for n in range(40)],
        "account_id": [f"00{n % 7}" for n in range(40)],
        "order_date": [f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in range(40)],
        "revenue": [1000.25 + n for n in range(40)],
    }
)
ACCOUNTS = pd.DataFrame(
    {"account_id": [f"00{n}" for n in range(7)], "account_name": list("abcdefö")}
)


def frames(tables):
    return [
        tables.frame(name, limit=100).sort_values(key).reset_index(drop=True)
        for name, key in (("orders", "order_id"), ("accounts", "account_id"))
    ]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    ORDERS.to_csv(folder / "orders.csv", index=False)
    ACCOUNTS.to_csv(folder / "accounts.csv", index=False)
    return frames(open_data(folder))


def assert_same(tables, expected):
    for found, right in zip(frames(tables), expected, strict=True):
        columns = [name for name in right.columns if name != "__row__"]
        pd.testing.assert_frame_equal(found[columns], right[columns], check_dtype=False)


@pytest.mark.unit
@pytest.mark.slow
def test_an_sqlite_file_by_its_address_gives_the_same_rows(tmp_path, expected):
    path = tmp_path / "erp.sqlite"
    with sqlite3.connect(path) as connection:
        ORDERS.to_sql("orders", connection, index=False)
        ACCOUNTS.to_sql("accounts", connection, index=False)
    assert_same(open_data(f"sqlite:///{path}"), expected)


@pytest.mark.unit
def test_an_sqlite_address_that_leads_nowhere_is_named(tmp_path):
    with pytest.raises(DataError, match=r"an SQLite file; found nothing at .*gone.db"):
        open_data(f"sqlite:///{tmp_path}/gone.db")


@pytest.mark.unit
@pytest.mark.slow
def test_a_server_whose_rows_have_no_room_here_says_where_room_is_wanted(tmp_path):
    path = tmp_path / "erp.sqlite"
    with sqlite3.connect(path) as connection:
        ORDERS.to_sql("orders", connection, index=False)
        ACCOUNTS.to_sql("accounts", connection, index=False)
    copy, out = tmp_path / "gone" / "copy.duckdb", tmp_path / "facts.json"
    mask = os.umask(0o022)
    try:
        asked = DataAsked(f"sqlite:///{path}", mapping="", where="", as_of="", each="")
        ask_data(to_plain(DataJob(asked, copy, out)))
    finally:
        os.umask(mask)
    (where, expected, found, remedy) = json.loads(out.read_text(encoding="utf-8"))["parts"]
    assert where == f"sqlite:///{path}"
    assert f"room in {copy.parent} for a copy of {len(ORDERS) + len(ACCOUNTS)} rows" in expected
    assert re.match(r"[\d,.]+ GiB free: ", found)
    assert "TMPDIR to a larger disk" in remedy
    assert "by views of the years and columns needed" in remedy


@pytest.mark.slow
def test_a_copy_that_fills_its_disk_is_refused_in_words_and_leaves_no_version(tmp_path, small_disk):
    """A real disk of a MiB, full halfway through the copy."""
    path = tmp_path / "erp.sqlite"
    many = pd.concat(
        [ORDERS.assign(order_id=[f"{n}-{i}" for i in ORDERS.index]) for n in range(3000)]
    )
    with sqlite3.connect(path) as connection:
        many.assign(revenue=np.random.default_rng(0).random(len(many))).to_sql("orders", connection)
        ACCOUNTS.to_sql("accounts", connection, index=False)
    out = tmp_path / "facts.json"
    job = to_plain(
        DataJob(
            DataAsked(f"sqlite:///{path}", mapping="", where="", as_of="", each=""),
            small_disk.folder / "copy.duckdb",
            out,
        )
    )
    script = (
        "import json, sys\nfrom kamresearch.publishing.planning.datafacts import ask_data\n"
        "ask_data(json.loads(sys.argv[1]))"
    )
    done = subprocess.run(
        [*small_disk.before, sys.executable, "-c", script, json.dumps(job)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(out.read_text(encoding="utf-8"))
    assert not facts["ok"]
    assert f"for a copy of {len(many) + len(ACCOUNTS):,} rows" in facts["parts"][1]
    assert facts["parts"][2].startswith("0.0 GiB free: ")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of a MiB for whoever runs behind ``before``."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
    rights = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    before = [*rights, "sh", "-c", mount, str(folder)]
    if not shutil.which("unshare") or subprocess.run([*before, "true"], check=False).returncode:
        pytest.skip("this system lets nobody mount a disk here")
    return SimpleNamespace(folder=folder, before=before)


@pytest.mark.unit
@pytest.mark.parametrize("scheme", sorted(KINDS))
def test_a_missing_driver_is_named_with_the_extra_that_brings_it(monkeypatch, scheme):
    monkeypatch.setattr("kamresearch.data.remote.find_spec", lambda _name: None)
    extra = KINDS[scheme].extra
    with pytest.raises(DataError, match=rf"driver of {scheme} .*kamresearch\[{extra}\]") as caught:
        open_data(f"{scheme}://reader:s3cret@server/sales")
    assert "s3cret" not in str(caught.value)


@pytest.mark.unit
@pytest.mark.parametrize("scheme", ["bigquery", "snowflake"])
def test_a_package_of_the_same_makers_is_no_driver(monkeypatch, scheme):
    def first_alone(name):
        return None if "." in name else find_spec("json")

    monkeypatch.setattr("kamresearch.data.remote.find_spec", first_alone)
    with pytest.raises(DataError, match=rf"driver of {scheme} .*kamresearch\[{scheme}\]"):
        open_data(f"{scheme}://reader@server/sales")


@pytest.mark.unit
def test_an_unknown_scheme_is_refused_with_those_that_are_known():
    with pytest.raises(DataError, match=r"did you mean 'mysql'"):
        open_data("mysq://reader@server/sales")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "mssql://me:pw@box:1444/erp?driver=FreeTDS",
            {
                "host": "box",
                "port": 1444,
                "user": "me",
                "password": "pw",
                "database": "erp",
                "driver": "FreeTDS",
            },
        ),
        (
            "snowflake://me:pw@org-acct/SALES/PUBLIC?warehouse=WH",
            {
                "account": "org-acct",
                "user": "me",
                "password": "pw",
                "database": "SALES/PUBLIC",
                "warehouse": "WH",
                "create_object_udfs": False,
            },
        ),
        ("bigquery://project/dataset", {"project_id": "project", "dataset_id": "dataset"}),
        (
            "trino://me@box:8443/hive/sales?http_scheme=https",
            {
                "host": "box",
                "port": 8443,
                "user": "me",
                "database": "hive",
                "schema": "sales",
                "http_scheme": "https",
            },
        ),
        ("clickhouse://box/sales", {"host": "box", "database": "sales"}),
    ],
)
def test_an_address_says_to_each_kind_of_server_what_it_wants_to_hear(text, told, monkeypatch):
    monkeypatch.delenv("KAM_PASSWORD", raising=False)
    address = read_address(text)
    assert KINDS[address.scheme].arguments(address) == told


def fill(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE DATABASE sales CHARACTER SET utf8mb4")
    cursor.execute("USE sales")
    kinds = {"order_date": "DATE", "revenue": "DECIMAL(12,2)"}
    for name, frame in (("orders", ORDERS), ("accounts", ACCOUNTS)):
        columns = ", ".join(f"{column} {kinds.get(column, 'TEXT')}" for column in frame)
        cursor.execute(f"CREATE TABLE {name} ({columns})")
        marks = ", ".join(["%s"] * len(frame.columns))
        cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", frame.to_numpy().tolist())  # noqa: S608
    cursor.execute("CREATE USER reader IDENTIFIED BY 'p@ss/1'")
    cursor.execute("GRANT SELECT ON sales.* TO reader")
    connection.commit()


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory):
    """A real MariaDB for this module alone, on this machine's own address."""
    daemon = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
    if not daemon or find_spec("MySQLdb") is None:
        pytest.skip("needs mariadb-server-core and mysqlclient")
    import MySQLdb

    folder = tmp_path_factory.mktemp("db")
    socket, own = folder / "s", ["--no-defaults", f"--datadir={folder / 'data'}", "--user=root"]
    (folder / "data").mkdir()
    shared = Path("/usr/share/mysql")
    first = "create database mysql;\nuse mysql;\n" + "".join(
        (shared / f"mysql_system_tables{part}.sql").read_text(encoding="utf-8")
        for part in ("", "_data")
    )
    command = [daemon, *own]
    with closing(open_socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(
        [*command, "--bootstrap", "--skip-networking"],
        input=first,
        text=True,
        check=True,
        capture_output=True,
    )
    running = subprocess.Popen(
        [
            *(*command, "--bind-address=127.0.0.1", f"--port={port}"),
            *(f"--socket={socket}", f"--pid-file={folder / 'pid'}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _try in range(300):
            try:
                connection = MySQLdb.connect(
                    unix_socket=str(socket), user="root", charset="utf8mb4"
                )
                break
            except MySQLdb.OperationalError:
                time.sleep(0.2)
        fill(connection)
        connection.close()
        yield f"@127.0.0.1:{port}/sales"
    finally:
        running.terminate()
        running.wait(60)


@pytest.mark.engine
@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_mariadb_gives_the_same_rows_as_files(mariadb, expected, scheme, monkeypatch):
    monkeypatch.setenv("KAM_PASSWORD", "p@ss/1")
    tables = open_data(f"{scheme}://reader{mariadb}")
    assert_same(tables, expected)
    assert "p@ss" not in str(tables.source)


@pytest.mark.engine
def test_a_server_that_lets_nobody_in_is_named_without_the_password(mariadb):
    with pytest.raises(DataError, match="Access denied") as caught:
        open_data(f"mysql://reader:wrong-one{mariadb}")
    assert "wrong-one" not in str(caught.value)


def insert_into(session):
    """The tables as ClickHouse keeps them: days as Date, amounts as Decimal."""
    kinds = {"order_date": "Date", "revenue": "Decimal(12, 2)"}
    session.query("CREATE DATABASE sales ENGINE = Atomic")
    for name, frame in (("orders", ORDERS), ("accounts", ACCOUNTS)):
        columns = ", ".join(f"{column} {kinds.get(column, 'String')}" for column in frame)
        rows = ", ".join(str(tuple(row)) for row in frame.to_numpy().tolist())
        order = frame.columns[0]
        session.query(f"CREATE TABLE sales.{name} ({columns}) ENGINE = MergeTree ORDER BY {order}")
        session.query(f"INSERT INTO sales.{name} VALUES {rows}")  # noqa: S608


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory):
    """A real ClickHouse: its engine out of the wheel of chDB, answering over HTTP as a server."""
    if find_spec("chdb") is None or find_spec("clickhouse_connect") is None:
        pytest.skip("needs chdb and clickhouse-connect")
    from chdb.session import Session

    session = Session(str(tmp_path_factory.mktemp("clickhouse")))
    insert_into(session)
    session.query("USE sales")

    class Answer(BaseHTTPRequestHandler):
        def log_message(self, *_words):
            pass

        def do_POST(self):
            asked = parse_qs(urlsplit(self.path).query)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            text = " ".join([*asked.get("query", []), body])
            try:
                status, found = 200, session.query(text, "TabSeparated").bytes()
            except RuntimeError as error:
                status, found = 400, str(error).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        do_GET = do_POST

    server = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"clickhouse://127.0.0.1:{server.server_port}/sales"
    finally:
        server.shutdown()
        session.close()


@pytest.mark.engine
def test_clickhouse_gives_the_same_rows_as_files(clickhouse, expected):
    assert_same(open_data(clickhouse), expected)


@pytest.mark.unit
@pytest.mark.parametrize("master", ["127.0.0.1:9", "127.0.0.1:9,localhost:10", "nowhere"])
def test_a_spark_master_that_does_not_listen_is_told_at_once(tmp_path, master):
    pytest.importorskip("pyspark", reason="Apache Spark is not installed (make setup-spark)")
    with pytest.raises(DataError, match="expected a Spark master that listens; found .*is its"):
        open_data(f"spark://{master}{tmp_path}")
