"""Kills, crowds, full disks, kernels that die, hang, shout or hoard: no half version, no lost
one, a clear last word.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from kamresearch.publishing.asking.request import Limits
from tests.conftest import ROOT
from tests.publishing.toy import Project

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROUNDS = int(os.environ.get("KAM_FAULT_ROUNDS", "8"))
FEW = 2
"""Kills, where nobody asks for all of them."""


def start(project: Project, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        project.command("publish", "--jobs", "2", *arguments),
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """A shell that starts the tests in the background hands them an ignored Ctrl-C, which
    children would inherit.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def assert_whole(project: Project) -> list[str]:
    """Every version is whole by its checksums, the index lists them all, nothing else lies
    about; their names.
    """
    names = [path.name for path in project.versions()]
    for name in names:
        facts = project.versions()[names.index(name)]
        listed = json.loads((facts / "manifest.json").read_text(encoding="utf-8"))["files"]
        there = {
            path.relative_to(facts).as_posix() for path in facts.rglob("*") if path.is_file()
        } - {"manifest.json"}
        assert there == set(listed), name
    return names


def leftovers(project: Project) -> list[str]:
    return [path.name for path in project.reports.iterdir() if path.name.startswith(".building")]


def family_ends(pid: int) -> bool:
    """Whether every process of a session has gone within a few seconds."""
    import psutil

    for _ in range(100):
        alive = []
        for process in psutil.process_iter(["pid", "cmdline"]):
            try:
                if os.getsid(process.pid) == pid or process.ppid() == pid:
                    alive.append(process)
            except (ProcessLookupError, psutil.Error):
                continue
        if not [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(FEW, 7), *(pytest.param(ROUNDS // 4, seed, marks=pytest.mark.long) for seed in range(4))],
)
def test_kills_at_any_moment_leave_no_half_version_and_the_next_run_goes_on(
    project, kills, seed, record_property
):
    """One to seven in a row, each run stumbling over what those before it left."""
    rng, left, tried = random.Random(seed), kills, 0
    began = time.monotonic()
    project.publish("-p", "alpha.factor=1.5")
    whole = time.monotonic() - began
    versions = set(assert_whole(project))
    while left:
        for _ in range(min(left, rng.randint(1, 7))):
            tried += 1
            arguments = ("-p", f"all.factor={1 + tried}", "-p", f"all.days={1 + tried}")
            began = time.monotonic()
            if killed_within(project, rng.uniform(0.1, whole), arguments):
                left -= 1
            else:  # the machine is less busy than it was
                whole = time.monotonic() - began
            standing = set(assert_whole(project))
            assert versions <= standing
            versions = standing
        done = project.publish(*arguments)
        versions.add(done.stdout.strip().rsplit("/", 1)[-1])
        assert set(assert_whole(project)) == versions
        assert leftovers(project) == []
        index = (project.reports / "index.html").read_text(encoding="utf-8")
        assert all(name in index for name in versions)
    record_property("rounds", tried)
    record_property("faults", kills)


def killed_within(project: Project, seconds: float, arguments: tuple[str, ...]) -> bool:
    """Start to publish, and kill it after so long; False where it ended before."""
    process = start(project, *arguments)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        return True
    finally:
        process.communicate()
    return False


def test_what_a_run_left_that_was_killed_right_after_sealing_goes_with_the_next_run_that_makes_nothing(
    project,
):
    (project.reports / ".building-1-0123abcd.lock").touch()
    (project.reports / ".building-2-4567cdef" / "tables").mkdir(parents=True)
    done = project.publish("--lang", "en")
    assert "no kernel started" in done.stderr
    assert leftovers(project) == []


@pytest.mark.parametrize(
    ("publishers", "versions"), [(3, 2), pytest.param(8, 6, marks=pytest.mark.long)]
)
def test_publishers_at_once_lose_nothing(project, publishers, versions, record_property):
    record_property("rounds", publishers)
    running = [
        start(project, "--jobs", "1", "-p", f"all.factor={10 + number % versions}")
        for number in range(publishers)
    ]
    results = [(process.communicate(timeout=600), process.returncode) for process in running]
    assert [code for _texts, code in results] == [0] * publishers, [
        texts[1] for texts, _code in results
    ]
    paths = {texts[0].strip().splitlines()[-1] for texts, _code in results}
    assert len(paths) == versions
    assert len(assert_whole(project)) == versions + 1
    assert leftovers(project) == []
    index = (project.reports / "index.html").read_text(encoding="utf-8")
    assert all(path.name in index for path in project.versions())


DEATHS = {
    "killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    "ended": ("import os\nos._exit(3)", "a kernel that lives to the end"),
    "shouts": ("line = 'x' * 1_000_000\nfor _ in range(1100):\n    print(line)", "MiB of output"),
    "asks": ("hoard = bytearray(3 << 30)", "MemoryError"),
    "hoards": (
        "import mmap, time\nhoard = mmap.mmap(-1, 2 << 30)\nfor place in range(0, 2 << "
        "30, 4096):\n    hoard[place] = 1\ntime.sleep(60)",
        "GiB of memory",
    ),
    "leaves": ("raise SystemExit(1)", "SystemExit"),
}
HANGS = {"hangs": ("import time\nwhile True:\n    time.sleep(1)", "an end within 20 seconds")}


@pytest.mark.parametrize(("deaths", "seconds"), [(DEATHS, "60"), (HANGS, "20")])
def test_a_kernel_that_dies_hangs_shouts_or_hoards_ends_the_run_in_words(
    project, deaths, seconds, record_property
):
    record_property("rounds", len(deaths))
    for number, (name, (code, _words)) in enumerate(deaths.items(), start=4):
        project.add(number, name, more=code)
    done = project.publish(*deaths, "--timeout", seconds, "--memory", "1", code=1)
    (told,) = (project.reports / "failed").rglob("reason.txt")
    reasons = told.read_text(encoding="utf-8").splitlines()
    for name, (_code, words) in deaths.items():
        assert words in done.stderr, name
        assert words in "".join(line for line in reasons if f"study {name}" in line), name
    assert "Traceback" not in done.stderr
    assert len(assert_whole(project)) == 1
    assert leftovers(project) == []
    kept = list((project.reports / "failed").rglob("*.ipynb"))
    assert {path.stem[3:] for path in kept} == set(deaths)
    for path in kept:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert any(
            "failed-here" in cell["metadata"].get("tags", ())
            or "papermill-error-cell" in "".join(cell["source"])
            for cell in cells
        ), path
        assert path.stat().st_size < Limits().output + (1 << 20)


def test_a_hung_study_does_not_hide_that_another_failed(project):
    project.add(4, "delta", more="raise ValueError('first')")
    project.add(5, "epsilon", more="raise ValueError('second')")
    done = project.publish("delta", "epsilon", code=1)
    assert "first" in done.stderr
    assert "second" in done.stderr


@pytest.mark.parametrize("most", [200, 40_000])
def test_a_file_that_cannot_be_written_ends_the_run_in_words(project, most):
    """RLIMIT_FSIZE stands for a full disk: writes beyond it fail."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    done = subprocess.run(
        project.command("publish", "-p", "all.factor=77"),
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=limit,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(assert_whole(project)) == 1
    assert project.publish("-p", "all.factor=77").returncode == 0
    assert leftovers(project) == []


def test_a_folder_that_may_not_be_written_ends_the_run_in_words(project):
    if os.geteuid() == 0:
        place = "/proc/kam"
    else:
        place = str(project.root / "locked")
        os.mkdir(place, 0o555)
    done = project.publish("--reports", place, code=None)
    assert done.returncode == 1
    assert "a folder that can be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_cleanly_and_leaves_no_process(project, number):
    project.add(4, "delta", more="import time\ntime.sleep(60)")
    process = start(project, "delta")
    for line in process.stderr:
        if "delta: running" in line:
            break
    time.sleep(2)
    process.send_signal(number)
    _out, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "stopped" in errors
    assert family_ends(process.pid)
    assert leftovers(project) == []


def test_a_password_in_an_address_is_written_nowhere_and_shown_to_nobody(project):
    """The address leads nowhere, so the run ends with two; what it shows and leaves must not
    hold the password.
    """
    address = "postgresql://reader:s3cr3t-p%40ss@127.0.0.1:1/sales?sslpassword=s3cr3t-too"
    process = start(project, "--data", address)
    seen = []
    while process.poll() is None:
        for pid in [process.pid, *(child.pid for child in _children(process.pid))]:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    seen.append((time.monotonic(), file.read()))
            except OSError:
                continue
        time.sleep(0.05)
    out, errors = process.communicate()
    assert process.returncode == 2
    assert "s3cr3t" not in out + errors
    late = [text for moment, text in seen if moment > seen[0][0] + 0.5]
    assert late
    assert not [text for text in late if b"s3cr3t" in text]
    for path in project.reports.rglob("*"):
        if path.is_file():
            assert b"s3cr3t" not in path.read_bytes(), path


def _children(pid: int) -> list:
    import psutil

    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def test_a_kernel_holds_no_secret_and_a_version_with_one_is_not_sealed(project):
    """Neither the password of the data nor one of the shell that started us; and where a notebook
    writes the password from elsewhere, the run ends with the file's name and without a version.
    """
    told = "told = [name for name in os.environ if name in ('PGPASSWORD', 'MY_TOKEN')]"
    more = f"import os\n{told}\nprint('held', told)\nprint(days == 7 and 'tell-' + 'nobody')"
    project.add(4, "delta", more=more)
    script = (
        "import sys\nfrom dataclasses import replace\nfrom kamresearch.publishing.surface import "
        "ask\nfrom kamresearch.publishing.making.run import run\n"
        "run(replace(ask(('delta',), assignments=(sys.argv[1],)), env={'PGPASSWORD': 'tell-nobody'}))"
    )

    def publish(days):
        return subprocess.run(
            [*project.command()[:2], "-c", script, f"delta.days={days}"],
            cwd=project.root,
            env={**project.environment(), "MY_TOKEN": "of the shell", "PGPASSWORD": "tell-nobody"},
            capture_output=True,
            text=True,
        )

    before = set(project.versions())
    assert publish(8).returncode == 0
    (folder,) = set(project.versions()) - before
    assert "held []" in (folder / "notebooks" / "04_delta.ipynb").read_text(encoding="utf-8")
    refused = publish(7)
    assert "no password in a version" in refused.stderr
    assert "tell-nobody" not in refused.stderr
    assert set(project.versions()) == {*before, folder}


def test_code_in_a_parameter_is_never_run(project):
    done = project.publish(
        "-p",
        "alpha.text=__import__('pathlib').Path('PWNED').touch()",
        "-p",
        "beta.text=\"); open('PWNED', 'w') #",
    )
    assert done.returncode == 0
    assert not list(project.root.rglob("PWNED"))


@pytest.mark.long
def test_runs_of_the_built_in_case_give_one_set_of_files(tmp_path):
    """Every file of the version, pictures included, is the same to the byte but for the moment
    that its pages name.
    """
    sets = set()
    for number in range(3):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "kamresearch.cli",
                "publish",
                "--lang",
                "en,zh",
                "--reports",
                str(tmp_path / str(number)),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        version = Path(done.stdout.strip().splitlines()[-1])
        manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
        files = {
            name: sha256(
                (version / name).read_bytes().replace(manifest["made"].encode(), b"")
            ).hexdigest()
            for name in manifest["files"]
        }
        sets.add((version.name, *sorted(files.items())))
    assert len(sets) == 1
    assert len(next(iter(sets))) > 100
