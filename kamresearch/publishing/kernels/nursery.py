"""Warmed processes: a nursery imports once and forks a child for each kernel or task; it never
computes itself.

A process that has computed with threads deadlocks its forks, so all work happens in the children.
Where forking is not
available each child is a plain Python process: slower to start, and the same to the byte in what it
gives back.
"""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import kamresearch
from kamresearch.errors import StudyError
from kamresearch.places import project_root

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    "1",
)
"""Parallel kernels must not fight over cores."""


_SECRET = re.compile(r"(?i)passw|_pwd$|secret|token|api_?key|access_?key|private_?key")
"""Variables that no child inherits: the process that opens the data is given its password, and no
other needs one.
"""


def can_fork() -> bool:
    """Whether children are forked from a warmed parent here; ``KAM_KERNELS=plain`` says no."""
    return sys.platform.startswith("linux") and os.environ.get("KAM_KERNELS") != "plain"


class Child:
    """A running child, seen from the process that asked for it."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        raise NotImplementedError

    def fileno(self) -> int:
        """A descriptor that becomes readable when the child ends; -1 where there is none."""
        return -1

    def kill(self) -> None:
        """End it and everything that it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int | None:
        """Its exit code, or None when the time is over first."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                return None
            wait_any([self], 0.1)
        return code


class ForkedChild(Child):
    """A child of a nursery: its connection tells the process id and, later, the exit code."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._text, self._code = connection, b"", None
        while b"\n" not in self._text:
            try:
                part = connection.recv(4096)
            except ConnectionError:
                part = b""
            if not part:
                raise StudyError(
                    "kernel",
                    "a warmed parent to fork from",
                    "one that ended",
                    "run again; see the log above",
                )
            self._text += part
        line, _, self._text = self._text.partition(b"\n")
        self.pid = json.loads(line)["pid"]

    def fileno(self) -> int:
        return self._connection.fileno()

    def poll(self) -> int | None:
        if self._code is None and select.select([self._connection], [], [], 0)[0]:
            part = self._connection.recv(4096)
            self._text += part
            if b"\n" in self._text:
                self._code = json.loads(self._text)["exit"]
            elif not part:
                self._code = -signal.SIGKILL
            if self._code is not None:
                self._connection.close()
        return self._code


class PlainChild(Child):
    """A child that is a process of its own."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        return self._process.poll()


def wait_any(children: Sequence[Child], seconds: float) -> None:
    """Sleep until one of the children ends, but no longer than so many seconds."""
    descriptors = [number for child in children if (number := child.fileno()) >= 0]
    if len(descriptors) == len(children) and descriptors:
        select.select(descriptors, [], [], seconds)
    else:
        time.sleep(min(seconds, 0.02))


def start_child(
    address: str, target: str, argument: object, *, env: Mapping[str, str], cwd: str, log: str
) -> Child:
    """Start ``module:function(argument)`` in a child: forked by the nursery at an address, or
    plain without one.
    """
    env = {"KAM_PROJECT": str(project_root()), **env}  # it works in another folder than we do
    order = {"target": target, "argument": argument, "env": env, "cwd": cwd, "log": log}
    if address:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(address)
        connection.sendall(json.dumps(order).encode() + b"\n")
        return ForkedChild(connection)
    process = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-c",
            "from kamresearch.publishing.kernels.forking import run_plain; run_plain()",
        ],
        stdin=subprocess.PIPE,
        env=_environment(),
        cwd=cwd,
        start_new_session=True,
    )
    pipe = cast(IO[bytes], process.stdin)
    pipe.write(json.dumps(order).encode())
    pipe.close()
    return PlainChild(process)


class Nursery:
    """A warmed parent and the private folder of its socket. Use as a context manager."""

    def __init__(self, kind: str, *, fork: bool | None = None) -> None:
        self.kind, self.address, self._process = kind, "", None
        self.folder = Path(tempfile.mkdtemp(prefix="kam-"))
        if len(str(self.folder)) > 60:  # the path of a socket must be short
            shutil.rmtree(self.folder)
            self.folder = Path(tempfile.mkdtemp(prefix="kam-", dir="/tmp"))  # noqa: S108
        if can_fork() if fork is None else fork:
            self._start()

    @classmethod
    def shared(cls, kind: str, address: str, folder: Path) -> "Nursery":
        """A nursery that another process keeps: children are asked of it, and it is not ended
        from here.
        """
        nursery = cls.__new__(cls)
        nursery.kind, nursery.address, nursery.folder, nursery._process = (
            kind,
            address,
            folder,
            None,
        )
        return nursery

    def _start(self) -> None:
        self.address = str(self.folder / "nursery")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.address)
        listener.listen(64)
        command = (
            f"from kamresearch.publishing.kernels.forking import serve; "
            f"serve({listener.fileno()}, {self.kind!r})"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", command],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            env=_environment(),
            start_new_session=True,
        )
        listener.close()

    def start(
        self,
        target: str,
        argument: object,
        *,
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        log: str = "",
    ) -> Child:
        """Start a child; see `start_child`."""
        return start_child(self.address, target, argument, env=env or {}, cwd=cwd, log=log)

    def close(self) -> None:
        """End the nursery and every child that still runs."""
        if self._process is not None:
            with suppress(OSError):
                cast(IO[bytes], self._process.stdin).close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _environment() -> dict[str, str]:
    """The environment of every child: one BLAS thread, one hash seed, and the package that
    this process runs.
    """
    package = str(Path(kamresearch.__file__).resolve().parent.parent)
    paths = [
        package,
        *(
            part
            for part in os.environ.get("PYTHONPATH", "").split(os.pathsep)
            if part and part != package
        ),
    ]
    return {
        **{name: value for name, value in os.environ.items() if not _SECRET.search(name)},
        **ONE_THREAD,
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONPATH": os.pathsep.join(paths),
        "MPLBACKEND": "agg",
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
    }
