"""The memory of a container is the memory that there is; a kernel that it kills is told so."""

import signal
import sys
from types import SimpleNamespace

import psutil
import pytest

from kamresearch.data.embedded import connect_embedded
from kamresearch.publishing.asking import memory
from kamresearch.publishing.asking.request import Limits, make_request
from kamresearch.publishing.kernels import execute
from kamresearch.publishing.kernels.jobs import KernelPlan

pytestmark = pytest.mark.unit
GIB = 1 << 30


@pytest.fixture
def group(tmp_path, monkeypatch):
    """Lay a tree of groups as the system shows them: file and content, and the line of our own."""
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "OWN", tmp_path / "own")

    def lay(own: str, **files: object) -> None:
        memory.OWN.write_text(own)
        for name, content in files.items():
            path = memory.GROUPS / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")

    return lay


@pytest.mark.parametrize(
    ("own", "files", "limit"),
    [
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": 3 * GIB}, 3 * GIB),
        ("0::/a/b\n", {"a/b/memory.max": 2 * GIB, "a/memory.max": 3 * GIB}, 2 * GIB),
        ("0::/\n", {"memory.max": GIB}, GIB),
        ("0::/a\n", {"a/memory.max": "max"}, None),
        (
            "9:name=systemd:/x\n4:memory,cpu:/a\n0::/\n",
            {"memory/a/memory.limit_in_bytes": GIB, "memory/memory.limit_in_bytes": 1 << 62},
            GIB,
        ),
        ("4:memory:/of/the/host\n", {"memory/memory.limit_in_bytes": GIB}, GIB),
        ("4:memory:/a\n", {"memory/a/memory.limit_in_bytes": 9223372036854771712}, None),
        ("", {}, None),
    ],
)
def test_kernels_share_no_more_than_a_container_may_hold(group, tmp_path, own, files, limit):
    group(own, **files)
    assert memory.group_limit() == limit
    most = min(limit or psutil.virtual_memory().total, psutil.virtual_memory().total)
    for jobs in (1, 3):
        share = make_request(tmp_path, jobs=jobs).limits.memory
        assert 0.75 * most < share * jobs <= 0.8 * most


@pytest.mark.parametrize("own", ["0::/a\n", "4:memory:/a\n"])
@pytest.mark.parametrize("rises", [True, False])
def test_a_kernel_that_the_system_kills_for_want_of_memory_is_told_with_the_limit(
    group, tmp_path, own, rises
):
    old = "memory" in own
    folder, most, counts = (
        ("memory/a", "memory.limit_in_bytes", "memory.oom_control")
        if old
        else ("a", "memory.max", "memory.events")
    )
    told = "oom_kill_disable 0\nunder_oom 0\noom_kill {}" if old else "oom 9\noom_kill {}"
    group(own, **{f"{folder}/{most}": 2 * GIB, f"{folder}/{counts}": told.format(3)})
    before = memory.group_kills()
    assert before == 3
    group(own, **{f"{folder}/{counts}": told.format(3 + rises)})
    plan = KernelPlan("", tmp_path, tmp_path, Limits(memory=3 * GIB // 2), tmp_path / "log")
    job = SimpleNamespace(study="alpha", kernel=plan, out=tmp_path / "none.ipynb")
    child = SimpleNamespace(wait=lambda _seconds: -signal.SIGKILL)
    error = execute._dead(job, SimpleNamespace(child=child), RuntimeError("gone"), before)
    assert str(error).startswith("study alpha: expected a kernel that lives to the end; found it")
    assert "signal 9" in str(error)
    words = (
        "want of memory",
        "may hold 2.0 GiB together",
        "have 1.5",
        "more than 2.0 GiB",
        "--jobs",
        "--memory lower",
    )
    assert [text in str(error) for text in words] == [rises] * len(words)


@pytest.mark.skipif(sys.platform == "win32", reason="the system knows no such limit")
@pytest.mark.parametrize(("most", "held"), [(2 << 30, "976.5 MiB"), (-1, "2.7 GiB")])
def test_the_engine_takes_half_of_what_its_process_may_hold(monkeypatch, most, held):
    """So that it works through files where it would else be refused memory."""
    monkeypatch.delenv("KAM_ENGINE_MEMORY", raising=False)
    monkeypatch.setattr("resource.getrlimit", lambda _kind: (most, -1))
    asked = "SELECT current_setting('memory_limit')"
    assert connect_embedded().raw_sql(asked).fetchone() == (held,)
