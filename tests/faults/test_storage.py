"""A device that fails, a shelf that is slow, full, read-only or on another device: no half version,
no lost one, and every fault is made for sure and counted.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kamresearch.publishing.making.verify import check_files
from kamresearch.publishing.sealed.log import check_log, read_log
from kamresearch.publishing.sealed.store import Version, version_folders
from tests.conftest import ROOT
from tests.reports import shelves

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def sealing(shim, folder: Path, what: str) -> subprocess.Popen:
    """The program ``sealing.py`` under the shim."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.faults.sealing"),
            *(shim.library, shim.state, folder, what),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **shim.environment(folder / "reports")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("step", [14, pytest.param(1, marks=pytest.mark.long)])
def test_a_device_that_fails_or_is_full_at_any_call_leaves_no_half_version(
    shim, tmp_path, step, record_property
):
    """EIO and ENOSPC of write, sync, rename and create: each call of a sealing fails alone, and
    with all that follow; the next run puts all in order.
    """
    out, errors = sealing(shim, tmp_path, str(step)).communicate(timeout=500)
    rounds = json.loads(out or "null")
    assert rounds, errors
    record_property("rounds", len(rounds))
    record_property("faults", sum(one["injected"] for one in rounds))
    assert {(one["call"], one["error"]) for one in rounds} == {
        (call, error)
        for call in ("write", "sync", "rename", "create")
        for error in ("EIO", "ENOSPC")
    }
    assert all(one["injected"] for one in rounds)
    assert [one for one in rounds if one["wrong"]] == []
    assert {one["told"] for one in rounds} <= {"sealed", "OSError", "StoreError"}


@pytest.mark.long
def test_a_kill_at_each_call_of_a_sealing_leaves_no_half_version(shim, tmp_path, record_property):
    """Before every write, sync, rename and creation, and in the midst of every write; the next run
    puts all in order.
    """
    out, errors = sealing(shim, tmp_path, "kill").communicate(timeout=500)
    rounds = json.loads(out or "null")
    assert rounds, errors
    record_property("rounds", len(rounds))
    record_property("faults", sum(one["injected"] for one in rounds))
    assert {one["told"] for one in rounds} == {"killed"}
    assert {one["injected"] for one in rounds} == {1}
    assert [one for one in rounds if one["wrong"]] == []
    assert len(rounds) > 50


@pytest.mark.long
def test_on_a_slow_shelf_publishers_wait_for_each_other_and_none_is_lost(
    shim, tmp_path, record_property
):
    shim.order("write", "sync", "rename", slow=20_000)
    names = [f"2012-12-31-abc000000{number}" for number in range(3)]
    running = [sealing(shim, tmp_path, name) for name in names]
    for one in running:
        _out, errors = one.communicate(timeout=120)
        assert one.returncode == 0, errors
    record_property("rounds", len(names))
    record_property("faults", shim.injected)
    assert shim.injected > 30 * len(names)
    folders = version_folders(tmp_path / "reports")
    assert [folder.name for folder in folders] == names
    assert all(check_files(Version(folder)).ok for folder in folders)
    assert [entry.event for entry in read_log(tmp_path / "reports")[0]] == ["sealed"] * 3
    assert check_log(folders[0], "") == ([], [])


SEVERAL = """
import sys
from kamresearch.cli import main
shelf, *commands = sys.argv[1:]
for command in commands:
    sys.argv = ["kam", *command.split(), "--reports", shelf]
    print("ran", command, file=sys.stderr)
    try:
        main()
    except SystemExit as end:
        print("ended with", end.code, file=sys.stderr)
"""
"""Commands one after the other, in one process: each start of Python takes seconds."""


@pytest.fixture
def read_only(tmp_path):
    """How to run a command with a shelf that no call can write to, whoever asks."""
    if shutil.which("unshare") is None:
        pytest.skip("a read-only mount needs unshare (util-linux)")
    shelf = shelves.shelf(tmp_path / "project")
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    before = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [*before, "sh", "-c", mount, str(shelf), sys.executable, "-c", SEVERAL]
        return subprocess.run(
            [*command, str(shelf), *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    if subprocess.run([*before, "sh", "-c", mount, str(shelf), "true"], check=False).returncode:
        pytest.skip("this system lets nobody mount here")
    return run


def test_a_shelf_that_can_only_be_read_is_read_and_says_so_to_who_would_write(read_only):
    """Archives are often mounted so."""
    read = ("versions", "show 2012-12-31-abc0000004", "verify 2012-12-31-abc0000004 --quick")
    done = read_only(*read, "prune --keep 1 --yes")
    assert done.stdout.count("2012-12-31-abc") >= 6
    assert "Traceback" not in done.stderr, done.stderr
    told = dict(part.split("\n", 1) for part in done.stderr.split("ran ")[1:])
    for command, text in told.items():
        if command in read:
            assert "Read-only file system" not in text
        else:
            assert "expected a folder that can be written" in text
            assert "Read-only file system" in text
            assert "ended with 1" in text
