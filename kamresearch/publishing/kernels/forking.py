"""Inside a nursery: warm up, fork on request, reap; and what every child does first. It never
computes itself.
"""

import errno
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from kamresearch.garbage import look_rarely

NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS)
DISK_FULL = 74
"""Exit code of a child that could not write for want of room."""

WARM = {
    "kernel": (
        "ipykernel.kernelapp",
        "ipykernel.debugger",
        "IPython.core.completer",
        "kamresearch.publishing.kernels.kernel",
        "matplotlib.backends.backend_svg",
        "matplotlib.pyplot",
        "pandas",
        "ibis",
        "duckdb",
        "ibis.backends.duckdb",
        "pyarrow.parquet",
        "kamresearch.data.prepared",
        "babel.numbers",
        "babel.dates",
        "kamresearch.studies.session",
        "kamresearch.figures.parts",
    ),
    "work": (
        "papermill.execute",
        "papermill.engines",
        "jupyter_client.manager",
        "zmq.asyncio",
        "nbconvert.exporters",
        "kamresearch.publishing.pages.render",
        "kamresearch.publishing.kernels.execute",
        "kamresearch.publishing.making.rendering",
        "fontTools.subset",
        "babel.numbers",
        "babel.dates",
        "pygments.lexers.python",
        "nbconvert.filters.markdown_mistune",
        "nbconvert.filters.highlight",
    ),
}
"""What each kind of nursery imports before it forks."""

MANY = 3
MORE = {
    "kernel": (
        "scipy.optimize",
        "scipy.stats",
        "seaborn",
        "statsmodels.api",
        "statsmodels.tsa.api",
        "sklearn.cluster",
        "sklearn.ensemble",
        "sklearn.linear_model",
        "sklearn.model_selection",
    ),
}
"""What it imports before its child of this number, and few studies need: where one or two run they
import it themselves.
"""


def serve(listener_number: int, kind: str) -> None:
    """The nursery's life: warm up, then fork on request until the parent goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(fileno=listener_number)
    _warm_up(kind)
    _Server(listener, MORE.get(kind, ())).run()


def _warm_up(kind: str) -> None:
    """Import, and fill the caches that every child would fill again; nothing that starts a
    thread.
    """
    look_rarely()
    _spare_imports()
    with _spared("pyarrow.fs" if kind == "work" else ""):
        _import_all(WARM[kind])
    from kamresearch.figures.theme import font_family
    from kamresearch.language import LANGUAGES, format_quantity
    from kamresearch.language.catalogue_store import load_catalogue
    from kamresearch.studies.declaration import house_studies

    house_studies()
    for language in LANGUAGES:
        load_catalogue(language)
        format_quantity(1.5, "share", language)
        format_quantity("2012-01-31", "date", language)
    if kind == "kernel":
        font_family()
    else:
        from jupyter_client.kernelspec import KernelSpecManager
        from nbformat.validator import get_validator

        from kamresearch.language.glossary import load_glossary
        from kamresearch.publishing.pages import render, shell, webfont

        for language in LANGUAGES:
            load_glossary(language)
        render.warm_up()
        shell.warm_up()
        get_validator(4, 5)
        KernelSpecManager().get_kernel_spec("python3")
        webfont.warm_up()
    gc.collect()
    gc.freeze()


def _import_all(names: tuple[str, ...]) -> None:
    from importlib import import_module

    for name in names:
        with suppress(ImportError):
            import_module(name)


def _spare_imports() -> None:
    """Leave out what a library imports if it is there, at two processor seconds, and does without
    if not: a parser of addresses in every script, which no notebook's schema asks for.
    """
    cast(dict, sys.modules).setdefault("rfc3987_syntax", None)


@contextmanager
def _spared(name: str) -> Iterator[None]:
    """Leave out, while others are imported, what only this process could do without: papermill
    asks for the whole of pyarrow to reach file systems where no notebook of ours lies.
    """
    spare = bool(name) and name not in sys.modules
    if spare:
        cast(dict, sys.modules)[name] = None
    try:
        yield
    finally:
        if spare:
            del sys.modules[name]


class _Server:
    """Accepts orders, forks, reaps."""

    def __init__(self, listener: socket.socket, more: tuple[str, ...]) -> None:
        self.listener, self.more, self.asked = listener, more, 0
        self.children: dict[int, socket.socket] = {}
        self.waking, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.waker = waker
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)

    def run(self) -> None:
        while True:
            connections = {connection: pid for pid, connection in self.children.items()}
            ready = select.select([self.listener, sys.stdin, self.waking, *connections], [], [])[0]
            if sys.stdin in ready:  # the parent never writes: this is its end
                break
            if self.waking in ready:
                with suppress(BlockingIOError):
                    os.read(self.waking, 4096)
                self._reap()
            for connection in ready:
                if connection in connections and connections[connection] in self.children:
                    self._end(connections[connection])
            if self.listener in ready:
                self._accept()
        for pid in list(self.children):
            self._end(pid)
        os._exit(0)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        text = b""
        while not text.endswith(b"\n"):
            part = connection.recv(1 << 16)
            if not part:
                connection.close()
                return
            text += part
        self.asked += 1
        if self.asked == MANY:
            _import_all(self.more)
        pid = os.fork()
        if pid == 0:
            self._become_child(connection, json.loads(text))
        self.children[pid] = connection
        with suppress(OSError):
            connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")

    def _become_child(self, connection: socket.socket, order: dict) -> None:
        code = 70
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for held in (self.listener, connection, *self.children.values()):
                held.close()
            os.close(self.waking)
            os.close(self.waker)
            code = run_order(order)
        finally:
            os._exit(code)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            connection = self.children.pop(pid, None)
            if connection is not None:
                with suppress(OSError):
                    connection.sendall(
                        json.dumps({"exit": os.waitstatus_to_exitcode(status)}).encode() + b"\n"
                    )
                connection.close()

    def _end(self, pid: int) -> None:
        """The asker has gone: end its child too."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
        connection = self.children.pop(pid, None)
        if connection is not None:
            connection.close()


# The child's side


def run_plain() -> None:
    """What a plain child runs: its order comes on stdin, never on the command line."""
    look_rarely()
    _spare_imports()
    order = json.loads(sys.stdin.buffer.read())
    code = 70
    try:
        code = run_order(order)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def run_order(order: dict) -> int:
    """Run one order in this process, which is a fresh child; its exit code."""
    import random
    import traceback
    from importlib import import_module

    for number in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["cwd"])
    os.environ.update(order["env"])
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(None)
    _redirect(order["log"])
    module, _, function = order["target"].partition(":")
    try:
        return getattr(import_module(module), function)(order["argument"]) or 0
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except OSError as error:
        with suppress(OSError):
            traceback.print_exc()
        return DISK_FULL if error.errno in NO_ROOM else 1
    except BaseException:  # noqa: BLE001  (a child's last words go to its log)
        traceback.print_exc()
        return 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()


def _redirect(log: str) -> None:
    """Output of a child goes to its log; nothing is read from the terminal."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    target = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(nothing)
    os.close(target)
