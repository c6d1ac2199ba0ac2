"""Publishing where the clock is wrong, the device fails, somebody else runs it, or memory runs out;
and twice at once.
"""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from kamresearch.publishing.asking import memory
from tests.conftest import ROOT
from tests.faults.test_publishing_faults import _children, assert_whole, leftovers, start
from tests.publishing.toy import Project

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.long]


def under(shim, project: Project, *arguments: str, place: Path | None = None):
    """Publish under the shim, with the orders that it has."""
    environment = shim.environment(place or project.root)
    return project.publish(*arguments, code=None, **environment)


def test_a_device_that_fails_while_a_version_is_made_is_told_and_the_next_run_goes_on(
    project, shim, record_property
):
    """In kernels and workers too, whose faults reach the reader as words."""
    faults = (("write", 20), ("sync", 3), ("read", 60))
    for number, (call, after) in enumerate(faults):
        asked = ("-p", f"all.factor={20 + number}")
        shim.order(call, error=errno.EIO, after=after)
        done = under(shim, project, *asked, place=project.reports)
        assert shim.injected, call
        record_property("faults", shim.injected)
        shim.order()
        assert done.returncode in (0, 1), done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        standing = assert_whole(project)
        assert done.returncode == 1 or len(standing) == 2 + number
    record_property("rounds", len(faults))
    project.publish(*asked)
    assert leftovers(project) == []
    for name in assert_whole(project):
        project.kam("verify", name, "--quick")


def test_a_clock_that_jumps_back_and_one_that_stands_still_lose_no_version(
    project, shim, record_property
):
    """Two publications of one second; then one that seems a year older than the first."""
    second = int(time.time()) + 1000
    (first,) = assert_whole(project)
    for number, orders in enumerate(({"stand": second}, {"stand": second}, {"shift": -31_536_000})):
        shim.order(**orders)
        done = under(shim, project, "-p", f"all.factor={2 + number}")
        assert done.returncode == 0, done.stderr
    record_property("rounds", 3)
    versions = [
        json.loads((project.reports / name / "manifest.json").read_text(encoding="utf-8"))
        for name in assert_whole(project)
    ]
    assert len(versions) == 4
    made = sorted(one["made"] for one in versions)
    assert made[0] < str(datetime.now(UTC).year)
    assert made[2] == made[3]
    index = (project.reports / "index.html").read_text(encoding="utf-8")
    assert all(one["version"] in index for one in versions)
    shown = project.kam("versions", "--json").stdout
    assert all(one["version"] in shown for one in versions)
    assert first in shown
    for one in versions:
        project.kam("verify", one["version"], "--quick")


@pytest.fixture
def elsewhere(project):
    """A copy of the project on another device, where there is one."""
    home = Path("/dev/shm")
    other = home.is_dir() and home.stat().st_dev != project.root.stat().st_dev
    folder = Path(tempfile.mkdtemp(prefix="kam-", dir=home if other else None))
    shutil.copytree(project.root, folder / "p", ignore=shutil.ignore_patterns("reports"))
    yield Project(folder / "p")
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody():
    """What to write before a command so that it does not run as root."""
    if os.geteuid() != 0:
        return []
    asked = ["unshare", "--user", sys.executable, "-c", "import os; print(os.geteuid())"]
    if not shutil.which("unshare") or subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("root cannot give up its rights here (unshare --user)")
    return asked[:2]


def test_nobody_without_home_in_another_locale_on_another_device_makes_the_same_bytes(
    project, elsewhere, as_nobody, record_property
):
    """Not as root, no `HOME`, `LANG=C`, another time zone, `umask 077`; kernels work on one device
    and the shelf lies on another.
    """
    environment = {**elsewhere.environment(), "LANG": "C", "LC_ALL": "C", "TZ": "Pacific/Apia"}
    environment.pop("HOME", None)
    done = subprocess.run(
        [*as_nobody, *elsewhere.command("publish", "--jobs", "2")],
        cwd=elsewhere.root,
        env=environment,
        umask=0o077,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    record_property("rounds", 1)
    (usual,), (odd,) = project.versions(), elsewhere.versions()
    assert usual.name == odd.name
    files = [
        json.loads((one / "manifest.json").read_text(encoding="utf-8"))["files"]
        for one in (usual, odd)
    ]
    differing = [name for name in files[0] if files[0][name] != files[1].get(name)]
    assert [name for name in differing if not name.endswith(".html")] == []
    assert odd.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", range(2))
def test_whichever_process_the_system_kills_for_want_of_memory_no_half_version_is_left(
    project, number, record_property
):
    """What a memory limit of the system (a cgroup, say) does: SIGKILL to whoever is the largest.
    Here to a drawn one of the children, again and again till the run ends.
    """
    rng, killed = random.Random(number), 0
    process = start(project, "-p", "all.factor=5")
    time.sleep(3)
    while process.poll() is None and killed < 3:
        family = [one for one in _children(process.pid) if one.is_running()]
        if family:
            os.kill(rng.choice(family).pid, signal.SIGKILL)
            killed += 1
        time.sleep(2)
    _out, errors = process.communicate(timeout=300)
    assert killed
    record_property("rounds", 1)
    record_property("faults", killed)
    assert process.returncode in (0, 1, 2), errors
    assert "Traceback" not in errors, errors
    assert len(assert_whole(project)) in (1, 2)
    project.publish("-p", "all.factor=5")
    assert len(assert_whole(project)) == 2
    assert leftovers(project) == []


@pytest.fixture
def confined():
    """What to write before a command so that it and its children may hold 1.5 GiB together."""
    folder = memory._folders()[:1]
    if not folder or not os.access(folder[0], os.W_OK):
        pytest.skip("this system gives us no group of processes to limit (cgroup)")
    group = folder[0] / f"kam-test-{os.getpid()}"
    try:
        group.mkdir()
        limits = [group / name for name in ("memory.max", "memory.limit_in_bytes")]
        (limit,) = [path for path in limits if path.exists()]
        limit.write_text(str(3 << 29))
    except (OSError, ValueError):
        shutil.rmtree(group, ignore_errors=True)
        pytest.skip("a group of processes cannot be limited here (cgroup)")
    yield ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs")]
    for _ in range(100):  # a group goes once its last process is reaped
        with suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.1)


def test_a_container_that_has_no_more_memory_names_the_study_the_limit_and_what_to_do(
    project, confined, record_property
):
    """A real limit (cgroup): by default a study is stopped before it is reached; where more was
    asked for than there is, the system kills its kernel, and the message says so.
    """
    hoard = (
        "import mmap, time\nhoard = mmap.mmap(-1, 4 << 30)\n"
        "for place in range(0, 4 << 30, 4096):\n    hoard[place] = 1\ntime.sleep(60)"
    )
    project.add(4, "delta", more=hoard)
    words = {
        (): ("study delta: expected no more than 0.6 GiB of memory",),
        ("--memory", "8"): ("study delta", "want of memory", "1.5 GiB together", "--memory lower"),
    }
    for asked, told in words.items():
        done = subprocess.run(
            [*confined, *project.command("publish", "--jobs", "2", *asked, "delta")],
            cwd=project.root,
            env=project.environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert [text for text in told if text not in done.stderr] == [], done.stderr
        assert "Traceback" not in done.stderr
        assert len(assert_whole(project)) == 1
    record_property("rounds", len(words))
    record_property("faults", 1)
    project.publish("-p", "all.factor=5")
    assert leftovers(project) == []


def test_make_reports_twice_at_once_makes_one_version(project, record_property):
    """Both ask for the same: one seals, the other says so, both end well. Without the first record:
    no study of a toy foretells anything.
    """
    shutil.rmtree(project.reports)
    tools = project.root / "tools"
    tools.mkdir()
    kam = tools / "kam"
    kam.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m kamresearch.cli "$1" "$2" "$3"\n')
    kam.chmod(0o755)
    command = ["make", "-f", ROOT / "Makefile", "-o", "setup", "reports", f"BIN={tools}"]
    running = [
        subprocess.Popen(
            command,
            cwd=project.root,
            env=project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [one.communicate(timeout=600) for one in running]
    record_property("rounds", 2)
    assert [one.returncode for one in running] == [0, 0], ended
    (name,) = assert_whole(project)
    assert all(out.strip().splitlines()[-1].endswith(name) for out, _errors in ended)
    told = [text for _out, text in ended if "by another run" in text or "already" in text]
    assert len(told) == 1, ended
    assert leftovers(project) == []
    assert name in (project.reports / "index.zh.html").read_text(encoding="utf-8")


CHANGES = """
import json, random, shutil
from hashlib import sha256
from kamresearch.publishing.making.hands import Hands
from kamresearch.publishing.making.run import _run, make_shelf
from kamresearch.publishing.progress import Silent
from kamresearch.publishing.surface import ask

def content(version):
    return {
        path.relative_to(version.path).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(version.path.rglob("*"))
        if path.is_file() and path.name != "manifest.json"  # which holds seconds
    }

rng, values, rounds = random.Random(24), {}, []
with Hands() as hands:
    for number in range(10):
        name = rng.choice(["alpha", "beta", "all"]) + "." + rng.choice(["factor", "text", "days"])
        values[name] = rng.choice([3, 5, 7]) + 10 * number
        request = ask((), assignments=tuple(f"{one}={value}" for one, value in values.items()))
        make_shelf(request)
        cache, log = request.cache / "studies", request.reports / "log.jsonl"
        before = log.read_bytes()
        part = _run(request, hands, Silent())
        reused = [one.reused for one in part.manifest.studies.values()]
        found = content(part)
        shutil.rmtree(part.path)
        log.write_bytes(before)
        cache.rename(cache.with_name("aside"))
        whole = _run(request, hands, Silent())
        fresh = [one.reused for one in whole.manifest.studies.values()]
        shutil.rmtree(cache)
        cache.with_name("aside").rename(cache)
        again = content(whole)
        differs = sorted(one for one in {*found, *again} if found.get(one) != again.get(one))
        rounds.append({"name": name, "reused": reused, "fresh": fresh, "differs": differs, "files": len(found)})
print(json.dumps(rounds))
"""


def test_ten_drawn_changes_made_in_part_equal_the_whole_made_anew_to_the_byte(
    project, shim, record_property
):
    """Pages too: the clock stands, so that only what differs can differ."""
    shim.order(stand=int(time.time()))
    done = subprocess.run(
        [*project.command()[:2], "-c", CHANGES],
        cwd=project.root,
        env={**project.environment(), **shim.environment(project.root)},
        capture_output=True,
        text=True,
    )
    rounds = json.loads(done.stdout or "null")
    assert rounds, done.stderr
    record_property("rounds", len(rounds))
    assert len(rounds) == 10
    assert [one for one in rounds if one["differs"]] == []
    assert all(one["files"] > 9 for one in rounds)
    assert not any(any(one["fresh"]) for one in rounds)
    assert any(any(one["reused"]) for one in rounds)


def test_a_changed_template_and_catalogue_render_kept_notebooks_anew(project, record_property):
    """No kernel runs for what only pages read; a reached translation runs what speaks it."""
    package = project.root / "kamresearch"
    (before,) = project.versions()
    style = package / "publishing" / "pages" / "templates" / "style.css"
    style.write_text(style.read_text(encoding="utf-8") + "\n.changed-here { color: red; }\n")
    done = project.publish()
    assert done.stderr.count("taken over, nothing it rests on changed") == 2
    (after,) = set(project.versions()) - {before}
    for page in ("alpha.en.html", "beta.en.html"):
        assert "changed-here" in (after / page).read_text(encoding="utf-8")
        assert "changed-here" not in (before / page).read_text(encoding="utf-8")
    notebooks = [
        [sha256(path.read_bytes()).hexdigest() for path in sorted((one / "notebooks").iterdir())]
        for one in (before, after)
    ]
    assert notebooks[0] == notebooks[1]
    words = package / "language" / "catalogue" / "zh" / "words.po"
    words.write_text(
        words.read_text(encoding="utf-8") + '\nmsgid "Nobody says this"\nmsgstr "无"\n'
    )
    told = project.kam("publish", "--explain").stdout
    assert told.count("runs, changed: code") == 2
    record_property("rounds", 2)
