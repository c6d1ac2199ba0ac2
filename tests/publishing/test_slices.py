"""One version per value of a column: each holds its slice and no other's, here and on a
cluster, whatever dies on the way.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamresearch.data.conditions import withheld_slices, write_condition
from kamresearch.data.slicing import refuse_small
from kamresearch.errors import ParameterError
from kamresearch.publishing.asking.request import Limits, Request
from kamresearch.publishing.making import slices as making
from kamresearch.publishing.making.slices import SliceDone, SliceJob
from tests.conftest import ROOT
from tests.publishing.toy import Project, make_project

pytestmark = [pytest.mark.reports, pytest.mark.slow]

REGIONS = ("RegionA", "RegionB", "RegionC; north", "Region=D")


def small_project(folder, regions: tuple[str, ...], per_region: int = 2) -> Project:
    project = make_project(folder)
    for number, name in ((2, "beta"), (3, "gamma")):
        (project.root / "kamresearch" / "studies" / f"{name}.py").unlink()
        (project.root / "notebooks" / f"{number:02d}_{name}.ipynb").unlink()
    project.write_data(regions=regions, per_region=per_region)
    return project


def slices(project: Project) -> dict[str, list]:
    found: dict[str, list] = {}
    for path in project.versions():
        where = json.loads((path / "manifest.json").read_text(encoding="utf-8"))["where"]
        found.setdefault(where, []).append(path)
    return found


@pytest.fixture(scope="module")
def fanned(tmp_path_factory) -> Project:
    project = small_project(tmp_path_factory.mktemp("slices"), REGIONS)
    project.done = project.publish("--each", "region", "--lang", "en,zh")
    return project


def test_each_value_has_one_version_and_stdout_names_them_all(fanned):
    assert {where: len(paths) for where, paths in slices(fanned).items()} == {
        write_condition("region", region): 1 for region in REGIONS
    }
    assert len(fanned.done.stdout.splitlines()) == len(REGIONS)
    assert "4 of 4 versions stand on the shelf; 0 failed" in fanned.done.stderr


def test_a_slice_holds_its_own_rows_and_nothing_of_any_other(fanned):
    rows = [
        line.split(",")
        for line in (fanned.root / "data" / "toy" / "accounts.csv").read_text().splitlines()[1:]
    ]
    revenue = {}
    for line in (fanned.root / "data" / "toy" / "orders.csv").read_text().splitlines()[1:]:
        _order, account, _day, amount, _units = line.split(",")
        revenue[account] = revenue.get(account, 0) + int(amount)
    totals = {
        region: sum(revenue[row[0]] for row in rows if row[2] == region) for region in REGIONS
    }
    for where, (path,) in slices(fanned).items():
        region = where.removeprefix("region=").replace("\\;", ";")
        texts = {
            one: one.read_text(encoding="utf-8", errors="replace")
            for one in path.rglob("*")
            if one.is_file()
        }
        together = "\n".join(texts.values())
        for account, name, other, _city in rows:
            if other == region:
                assert name in together
                assert account in together
            else:
                assert name not in together
                assert f'"{account}"' not in together
                assert f">{account}<" not in together
        findings = json.loads((path / "findings.json").read_text(encoding="utf-8"))
        assert findings[0]["value"] == totals[region]
        for other in set(REGIONS) - {region}:
            assert other not in together
            # By itself: four figures stand in some checksum by chance.
            assert not re.search(rf"(?<![\w+/=]){totals[other]}(?![\w+/=])", together)


@given(
    sizes=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 30), min_size=1),
    nameless=st.integers(0, 8),
    least=st.integers(1, 12),
)
def test_no_slice_of_few_accounts_follows_from_the_whole_and_the_slices_told(
    sizes, nameless, least
):
    gone = withheld_slices({**sizes, "": nameless}, least)
    assert all(sizes[name] >= least for name in set(sizes) - set(gone))
    left = sum(sizes[name] for name in gone) + nameless
    small = [name for name in gone if sizes[name] < least] or 0 < nameless < least
    if small and set(gone) != set(sizes):
        assert left >= least
        assert len(gone) + (nameless > 0) > 1
    if not small:
        assert not gone


def test_a_slice_that_the_rest_gives_away_is_refused(case_tables):
    small = case_tables.where("city=" + case_tables.accounts.city.first().to_pandas())
    with pytest.raises(ParameterError, match="at least 390 accounts in it, and outside it"):
        refuse_small(case_tables, small, 390)
    refuse_small(case_tables, small, 1)


def test_a_second_run_finds_every_slice_on_the_shelf(fanned):
    again = fanned.publish("--each", "region", "--lang", "en,zh")
    assert sorted(again.stdout.splitlines()) == sorted(fanned.done.stdout.splitlines())
    assert again.stderr.count("on the shelf already") == len(REGIONS)


def test_what_would_be_done_is_told_of_each_slice_and_nothing_is_made(fanned):
    before = slices(fanned)
    there = fanned.publish("--each", "region", "--lang", "en,zh", "--explain").stdout.splitlines()
    assert [line for line in there if line[0] != " "] == [
        f"region={one}" for one in sorted(REGIONS)
    ]
    assert sum(line.endswith("is on the shelf") for line in there) == len(REGIONS)
    assert sum("taken over" in line for line in there) == len(REGIONS)
    other = fanned.publish("--each", "region", "-p", "alpha.seed=9", "--explain").stdout
    assert other.count("alpha: runs, ") == other.count("would be made") == len(REGIONS)
    assert slices(fanned) == before


def test_a_slice_equals_the_same_slice_asked_for_alone(fanned):
    alone = fanned.publish("--where", "region=RegionB", "--lang", "en,zh")
    assert "no kernel started" in alone.stderr


def test_a_slice_that_fails_does_not_stop_the_others(tmp_path):
    project = small_project(tmp_path / "p", REGIONS[:3])
    project.add(4, "delta", more="assert 'RegionB' not in set(accounts['region']), 'not this one'")
    done = project.publish("--each", "region", code=1)
    assert set(slices(project)) == {"region=RegionA", write_condition("region", REGIONS[2])}
    assert "region=RegionB: version" in done.stderr
    assert "not this one" in done.stderr
    assert "2 of 3 versions stand on the shelf; 1 failed" in done.stderr


def test_a_killed_fan_out_is_resumed(tmp_path):
    project = small_project(tmp_path / "p", REGIONS)
    process = subprocess.Popen(
        project.command("publish", "--each", "region", "--jobs", "1"),
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if line.rstrip().endswith("sealed"):
            os.kill(process.pid, signal.SIGKILL)
            break
    process.communicate()
    done = project.publish("--each", "region", "--jobs", "1")
    assert done.stderr.count("on the shelf already") >= 1
    assert {where: len(paths) for where, paths in slices(project).items()} == {
        write_condition("region", region): 1 for region in REGIONS
    }
    assert not [path for path in project.reports.iterdir() if path.name.startswith(".building")]


CLUSTER = """
import sys, time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50) as cluster:
        print(cluster.scheduler_address, flush=True)
        print(*(worker.pid for worker in cluster.workers.values()), flush=True)
        sys.stdin.read()
"""


def slice_of_a_moment(job: SliceJob) -> SliceDone:
    """Stands for a slice on a worker: a result at once, or one that takes long."""
    time.sleep(job.request.limits.timeout)
    return SliceDone(ok=True, how="sealed")


def test_a_scheduler_that_goes_away_loses_what_it_had_not_told_and_says_so(tmp_path, monkeypatch):
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    cluster = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    monkeypatch.setattr(making, "slice_on_worker", slice_of_a_moment)
    asked = Request(tmp_path, tmp_path)
    lasting = {"first": 0, "second": 600}
    jobs = [
        SliceJob(value, replace(asked, limits=Limits(timeout=seconds)))
        for value, seconds in lasting.items()
    ]
    told = {}
    try:
        address = cluster.stdout.readline().strip()
        for value, result in making._on_cluster(address, jobs):
            told[value] = result
            if value == "first":
                os.killpg(cluster.pid, signal.SIGKILL)
    finally:
        cluster.kill()
        cluster.wait(30)
    assert told["first"].ok
    assert not told["second"].ok
    assert "the scheduler went away" in told["second"].how


@pytest.mark.parametrize("number", [6, pytest.param(20, marks=pytest.mark.long)])
def test_a_cluster_that_loses_a_worker_seals_all_slices_and_none_twice(tmp_path, number):
    regions = tuple(f"Region{place:02d}" for place in range(number))
    project = small_project(tmp_path / "p", regions)
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    cluster = subprocess.Popen(
        [project.command()[0], str(script)],
        env=project.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address, workers = (
            cluster.stdout.readline().strip(),
            [int(pid) for pid in cluster.stdout.readline().split()],
        )

        def kill_a_worker() -> None:
            end = time.monotonic() + 240
            while len(project.versions()) < 2 and time.monotonic() < end:
                time.sleep(0.1)
            os.kill(workers[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_a_worker)
        killer.start()
        done = project.publish("--each", "region", "--cluster", address)
        killer.join()
    finally:
        cluster.stdin.close()
        cluster.wait(30)
    assert {where: len(paths) for where, paths in slices(project).items()} == {
        f"region={region}": 1 for region in regions
    }
    assert f"{number} of {number} versions stand on the shelf; 0 failed" in done.stderr
    index = (project.reports / "index.html").read_text(encoding="utf-8")
    assert all(path.name in index for path in project.versions())
