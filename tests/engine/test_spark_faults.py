"""A Spark cluster that really runs: one of its workers is killed, then its master."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from socket import socket

import pandas as pd
import pandas.testing as pdt
import psutil
import pytest

from kamresearch import account_snapshot, open_data
from tests.conftest import ROOT
from tests.engine.test_servers import ACCOUNTS, ORDERS

pytestmark = [pytest.mark.engine, pytest.mark.faults, pytest.mark.slow, pytest.mark.long]
DAY = "2024-12-31"
READER = """
import sys
from kamresearch import account_snapshot, open_data
from kamresearch.errors import DataError
try:
    tables = open_data(sys.argv[1])
    print("opened", flush=True)
    for line in sys.stdin:
        print(account_snapshot(tables, sys.argv[2]).to_json(orient="split"), flush=True)
except DataError as error:
    print("refused:", str(error).replace("\\n", " "), flush=True)
"""


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for name, frame in (("orders", ORDERS), ("accounts", ACCOUNTS)):
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


@pytest.fixture
def cluster(tmp_path):
    """A master and two workers of one core, as processes of their own on this machine alone."""
    pyspark = pytest.importorskip(
        "pyspark", reason="Apache Spark is not installed (make setup-spark)"
    )
    if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
        pytest.skip("Apache Spark needs Java 17, which is not here")
    home = Path(pyspark.__file__).parent
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(tmp_path / "work"),
    }
    host, port = address.split(":")
    usual = ["--host", host, "--webui-port", "0"]
    master = [*usual, "--port", port]
    worker = [*usual, "--cores", "1", "--memory", "1g", f"spark://{address}"]
    running, log = [], tmp_path / "master.log"
    try:
        for kind, arguments in (("master.Master", master), *[("worker.Worker", worker)] * 2):
            with log.open("a") as told:
                running.append(
                    subprocess.Popen(
                        [
                            home / "bin" / "spark-class",
                            f"org.apache.spark.deploy.{kind}",
                            *arguments,
                        ],
                        env=environment,
                        stdout=told,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
            wait_for(log, "Successfully started service" if kind == "master.Master" else "Worker")
        wait_for(log, "Registering worker", 2)
        yield address, running
    finally:
        for one in running:
            end(one)


def wait_for(log: Path, words: str, times: int = 1) -> None:
    end = time.monotonic() + 240
    while log.read_text(encoding="utf-8").count(words) < times:
        assert time.monotonic() < end, log.read_text(encoding="utf-8")[-2000:]
        time.sleep(0.2)


def end(process: subprocess.Popen) -> None:
    """Kill one of Spark's processes with all that it started, executors too."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    for one in (process, *family):
        try:
            os.kill(one.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(30)


def reader(source: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", READER, source, DAY],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "KAM_SPARK_PARTITIONS": "2",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_spark_loses_a_worker_and_its_master_and_gives_the_same_or_says_so(
    cluster, data, record_property
):
    """What was begun goes on with what is left; who comes when the master is gone is told."""
    address, (master, first, second) = cluster
    expected = account_snapshot(open_data(data), DAY)
    one = reader(f"spark://{address}{data}")
    try:
        assert one.stdout.readline() == "opened\n"
        for victim in (first, master):
            end(victim)
            one.stdin.write("again\n")
            one.stdin.flush()
            found = json.loads(one.stdout.readline())
            wanted = json.loads(expected.to_json(orient="split"))
            pdt.assert_frame_equal(
                pd.DataFrame(found["data"], found["index"], found["columns"]),
                pd.DataFrame(wanted["data"], wanted["index"], wanted["columns"]),
            )
        late = reader(f"spark://{address}{data}")
        told, _ = late.communicate(timeout=400)
        assert told.startswith(f"refused: spark://{address}"), told
        assert "is its master there?" in told
        assert second.poll() is None
    finally:
        one.kill()
        one.wait(30)
    record_property("rounds", 3)
    record_property("faults", 2)
