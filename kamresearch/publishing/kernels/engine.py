"""Papermill's engine of the house: kernels forked from a warmed parent, each within limits of
time, memory and output.
"""

import asyncio
import json
import os
import signal
import threading
import time
from ast import literal_eval
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, cast

import psutil
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from traitlets import Any as Anything

from kamresearch.publishing.kernels.jobs import KernelPlan
from kamresearch.publishing.kernels.nursery import Child, start_child

ENGINE = "kamresearch"
LAST_WORDS = "kamresearch.publishing.kernels.kernel"


@dataclass
class Watch:
    """What a running kernel is held to, and why it was stopped."""

    plan: KernelPlan
    study: str
    child: Child | None = None
    written: int = 0
    stopped: str = ""
    """``timeout``, ``memory`` or ``output`` once a limit was passed."""
    last_words: dict[str, Any] = field(default_factory=dict)
    """What the kernel said when its notebook had ended; see `kernel.last_words`."""
    done: threading.Event = field(default_factory=threading.Event)

    def stop(self, why: str) -> None:
        """End the kernel for a reason."""
        if not self.stopped:
            self.stopped = why
        if self.child is not None:
            self.child.kill()

    def keep(self) -> None:
        """Watch until done: the clock and the memory of the kernel with all its children."""
        end = time.monotonic() + self.plan.limits.timeout
        while not self.done.wait(0.2):
            if time.monotonic() > end:
                self.stop("timeout")
            elif self.child is not None and holds_more(self.child.pid, self.plan.limits.memory):
                self.stop("memory")


def holds_more(pid: int, limit: int) -> bool:
    """Whether a process and its children hold more bytes for themselves than a limit; what forks
    share with their parent is not counted.

    What they hold at all is known at once and never less, so that pages are counted one by one,
    which is slow, only when that passes the limit.
    """
    return _total(pid, lambda process: process.memory_info().rss) > limit and (
        _total(pid, lambda process: process.memory_full_info().uss) > limit
    )


def _total(pid: int, held: Callable[[psutil.Process], int]) -> int:
    total = 0
    with suppress(psutil.Error):
        family = psutil.Process(pid)
        for process in (family, *family.children(recursive=True)):
            with suppress(psutil.Error):
                total += held(process)
    return total


class KernelProcess:
    """A child with the manners of a ``Popen`` that Jupyter expects."""

    stdin = stdout = stderr = None

    def __init__(self, child: Child) -> None:
        self.child, self.pid = child, child.pid

    def poll(self) -> int | None:
        return self.child.poll()

    def wait(self) -> int | None:
        return self.child.wait()

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.child.kill()

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Provisioner(LocalProvisioner):
    """Starts a kernel as a child of a nursery."""

    async def launch_kernel(self, cmd: list[str], **_kwargs: Any) -> KernelConnectionInfo:
        manager = cast("KernelManager", self.parent)
        watch: Watch = manager.watch
        plan = watch.plan
        argument = {
            "connection": os.path.realpath(manager.connection_file),
            "memory": plan.limits.memory,
            "output": plan.limits.output,
        }
        env = {**plan.env, "JPY_PARENT_PID": "", "IPYTHONDIR": str(plan.folder / "ipython")}
        child = start_child(
            plan.address,
            "kamresearch.publishing.kernels.kernel:run_kernel",
            argument,
            env=env,
            cwd=str(plan.cwd),
            log=str(plan.log),
        )
        watch.child = child
        self.process = KernelProcess(child)
        self.pid = self.pgid = child.pid
        self.cwd = str(plan.cwd)
        return self.connection_info

    async def wait(self) -> int | None:
        """The exit code, as soon as there is one."""
        code = None
        if self.process is not None:
            while (code := self.process.poll()) is None:
                await asyncio.sleep(0.005)
            self.process = None
        return code


class KernelManager(AsyncKernelManager):
    """Jupyter's manager, talking over sockets in a private folder: no ports that two kernels
    could both want.
    """

    watch = Anything()

    def _transport_default(self) -> str:
        return "ipc"

    async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple:
        self.transport = "ipc" if os.name == "posix" else "tcp"
        name = f"k{os.getpid()}-{id(self) % 100000}"
        self.connection_file = str(self.watch.plan.folder / f"{name}.json")
        self.provisioner = Provisioner(kernel_id=name, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kwargs)


class Client(PapermillNotebookClient):
    """Papermill's client that counts what a kernel writes."""

    watch = Anything()

    def create_kernel_manager(self) -> KernelManager:
        self.km = KernelManager(kernel_name="python3", config=self.config, watch=self.watch)
        return self.km

    async def async_start_new_kernel_client(self) -> Any:
        """Connect once the kernel listens: a socket that had to try again would cost a second."""
        end = time.monotonic() + self.startup_timeout
        manager = cast(KernelManager, self.km)
        self.kc = manager.client()
        sockets = [
            Path(f"{manager.ip}-{port}")
            for port in (manager.shell_port, manager.iopub_port, manager.control_port)
        ]
        while manager.transport == "ipc" and not all(socket.exists() for socket in sockets):
            await self._check_start(end)
            await asyncio.sleep(0.005)
        self.kc.start_channels()
        while not await self._answers():
            await self._check_start(end)
        self.kc.allow_stdin = False
        return self.kc

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    def papermill_execute_cells(self) -> None:
        super().papermill_execute_cells()
        self._hear_last_words()

    async def _async_hear_last_words(self) -> None:
        client = cast(AsyncKernelClient, self.kc)
        told = f"__import__({LAST_WORDS!r}, fromlist=['']).last_words({self.watch.study!r})"
        asked = client.execute("", silent=True, user_expressions={"told": told})
        reply = await self.async_wait_for_reply(asked)
        said = (reply or {}).get("content", {}).get("user_expressions", {}).get("told", {})
        if said.get("status") == "ok":
            self.watch.last_words = json.loads(literal_eval(said["data"]["text/plain"]))

    _hear_last_words = run_sync(_async_hear_last_words)

    async def _check_start(self, end: float) -> None:
        if self.watch.child.poll() is not None:
            raise DeadKernelError("Kernel died while it started")
        if time.monotonic() > end:
            raise RuntimeError(f"the kernel did not start within {self.startup_timeout} seconds")

    async def _answers(self) -> bool:
        """Whether the kernel answers and its output reaches us."""
        client = cast(AsyncKernelClient, self.kc)
        client.kernel_info()
        try:
            await client.shell_channel.get_msg(timeout=1)
            await client.iopub_channel.get_msg(timeout=0.2)
        except Empty:
            return False
        return True

    def process_message(self, msg: dict, *more: Any, **named: Any) -> Any:
        content = msg.get("content", {})
        self.watch.written += len(content.get("text", "")) + sum(
            len(str(one)) for one in content.get("data", {}).values()
        )
        self.watch.written += sum(map(len, content.get("traceback", ())))
        if self.watch.written > self.watch.plan.limits.output:
            self.watch.stop("output")
            return None
        return super().process_message(msg, *more, **named)


@contextmanager
def _saved_once(notebook: NotebookExecutionManager) -> Iterator[None]:
    """Write the notebook once, when it has ended, however it ends: papermill writes all of it twice
    a cell, and again at the end for times that we do not keep.
    """
    save = notebook.save
    notebook.save = lambda **_: None
    try:
        yield
    finally:
        save()


class Engine(NBClientEngine):
    """Registered with papermill under `ENGINE`; takes a `Watch`."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        watch: Watch,
        start_timeout: int = 120,
        **_kwargs: Any,
    ) -> Any:
        keeper = threading.Thread(target=watch.keep, daemon=True)
        keeper.start()
        try:
            client = Client(
                nb_man,
                watch=watch,
                timeout=None,
                startup_timeout=start_timeout,
                kernel_name="python3",
                iopub_timeout=60,
                shell_timeout_interval=1,
                log_output=False,
                shutdown_kernel="immediate",
            )
            with _saved_once(nb_man):
                return client.execute()
        finally:
            watch.done.set()
            keeper.join(1)
            if watch.child is not None:
                watch.child.kill()


def register() -> None:
    """Make the engine known to papermill."""
    papermill_engines.register(ENGINE, Engine)
