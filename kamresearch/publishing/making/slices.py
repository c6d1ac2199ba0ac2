"""Many reports from one load of the data: a version for each value of a column, here or on a
cluster.
"""

import json
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.data.conditions import withheld_slices, write_condition
from kamresearch.errors import KamError, ParameterError
from kamresearch.publishing.asking.parameters import choose_studies, validate
from kamresearch.publishing.asking.request import Request
from kamresearch.publishing.files import write_json
from kamresearch.publishing.jobs import read_job, to_plain
from kamresearch.publishing.kernels.nursery import wait_any
from kamresearch.publishing.making.hands import Hands, last_words
from kamresearch.publishing.making.run import (
    explain,
    find_data,
    find_shelved,
    make_shelf,
    prepare,
    refresh_index,
)
from kamresearch.publishing.making.version import make_version
from kamresearch.publishing.planning.plan import Cache
from kamresearch.publishing.planning.sources import SourceCode
from kamresearch.publishing.progress import Progress, Silent
from kamresearch.publishing.sealed.sealing import free_name
from kamresearch.publishing.sealed.store import standing_version

if TYPE_CHECKING:
    from distributed import Future


@dataclass(frozen=True)
class SliceJob:
    """One slice to publish: a value of the column, and the request that is cut to it."""

    value: str
    request: Request


@dataclass(frozen=True)
class SliceDone:
    """How it went: where the version stands and ``how`` it came there, or why it does not."""

    ok: bool
    how: str
    path: Path = Path()


@dataclass(frozen=True)
class SliceOrder:
    """A slice for a child of this machine: with whose warmed parents, and where it leaves its
    word.
    """

    job: SliceJob
    shared: Mapping[str, tuple[str, Path]]
    out: Path


@dataclass
class Outcome:
    """How a fan-out went: a path for each slice that is sealed, a message for each that failed."""

    sealed: dict[str, Path] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> list[Path]:
        """The versions, in the order of the slices."""
        return [self.sealed[value] for value in sorted(self.sealed)]

    def take(self, value: str, done: SliceDone) -> None:
        """Note one slice's result."""
        if done.ok:
            self.sealed[value] = done.path
        else:
            self.failures[value] = done.how


def publish_each(request: Request, column: str, cluster: str, progress: Progress) -> Outcome:
    """Publish one version for each value of a column of the accounts; those that are sealed already
    stay.

    Parameters
    ----------
    request : Request
        What each version is made of, but for the slice.
    column : str
        A column of ``accounts``.
    cluster : str
        Address of a Dask scheduler whose workers see the same folders; empty for processes of this
        machine.
    progress : Progress
        What the work reports to.

    Returns
    -------
    Outcome
        A slice that fails does not stop the others.
    """
    _refuse_where(request)
    make_shelf(request)
    with Hands() as hands:
        values = _values(request, column, hands, progress)
        progress.begin(len(values), f"One version for each of {len(values)} values of {column}")
        outcome = Outcome()
        for value, path in _shelved(request, column, values).items():
            outcome.take(value, SliceDone(ok=True, how="on the shelf already", path=path))
            progress.advance(f"{column}={value}: on the shelf already")
        jobs = [
            slice_job(request, column, value) for value in values if value not in outcome.sealed
        ]
        run = (
            _on_cluster(cluster, jobs)
            if cluster and jobs
            else _on_this_machine(request, jobs, hands)
        )
        for value, done in run:
            outcome.take(value, done)
            told = done.how if done.ok else f"failed: {done.how.splitlines()[0]}"
            progress.advance(f"{column}={value}: {told}")
        progress.end()
        if outcome.sealed:
            refresh_index(
                request.reports, [path.name for path in outcome.sealed.values()], hands, progress
            )
    progress.note(
        f"{len(outcome.sealed)} of {len(values)} versions stand on the shelf; "
        f"{len(outcome.failures)} failed"
    )
    for value, message in outcome.failures.items():
        progress.note(f"  {column}={value}: {message}")
    return outcome


def explain_each(request: Request, column: str, progress: Progress) -> list[str]:
    """The lines of `explain` for each slice, under its name; a slice that cannot be made says why,
    as it would on the way.
    """
    _refuse_where(request)
    make_shelf(request)
    lines = []
    with Hands() as hands:
        for value in _values(request, column, hands, progress):
            lines.append(f"{column}={value}")
            try:
                told = explain(slice_job(request, column, value).request, hands, progress)
            except KamError as error:
                told = [f"cannot be made: {error}"]
            lines += [f"  {line}" for line in told]
    return lines


def _refuse_where(request: Request) -> None:
    if request.where:
        raise ParameterError(
            "--each", "no --where beside it", repr(request.where), "leave one of them out"
        )


def _values(request: Request, column: str, hands: Hands, progress: Progress) -> list[str]:
    """The values of the column: the data are opened and checked here, once."""
    code = SourceCode()
    studies = choose_studies(request.studies)
    params = validate(studies, request.asked, request.options())
    data = find_data(request, params[studies[0].name], code, hands, column, progress)
    gone = _withheld(request, data, progress)
    told = [value for value in data["slices"] if value not in gone]
    if not told:
        raise ParameterError(
            f"--each {column}",
            f"accounts with a value in this column, {request.least} or more a value",
            f"{len(data['slices'])} values, none that may be told",
            "choose another column",
        )
    return told


def _withheld(request: Request, data: Mapping, progress: Progress) -> tuple[str, ...]:
    """Slices that are not made since they, or what is left without them, hold too few accounts."""
    gone = withheld_slices(data["sizes"], request.least) if request.least else ()
    if gone:
        progress.note(
            f"{len(gone)} slices are withheld: too few accounts, or what they hold could be worked "
            "out from the others and the whole"
        )
    return gone


def _shelved(request: Request, column: str, values: list[str]) -> dict[str, Path]:
    """Slices that are sealed already, as far as that can be told without opening the data: a
    killed run is resumed.
    """
    if request.force:
        return {}
    code, found = SourceCode(), {}
    for value in values:
        one = replace(request, where=write_condition(column, value), least=0)
        path = find_shelved(one, code)
        if path is not None:
            found[value] = path
    return found


def slice_job(request: Request, column: str, value: str) -> SliceJob:
    """One slice of a request, to be published with one kernel at a time. Whether it may be told was
    settled by the whole.
    """
    where = write_condition(column, value)
    return SliceJob(value, replace(request, where=where, jobs=1, least=0))


def publish_slice(job: SliceJob, hands: Hands) -> SliceDone:
    """Publish one slice, and tell how it went."""
    request = job.request
    try:
        plan = prepare(request, hands)
        existing = standing_version(request.reports, plan.version)
        if existing and not request.force:
            return SliceDone(ok=True, path=existing.path, how="on the shelf already")
        name = free_name(request.reports, plan.version)
        version = make_version(plan, name, hands, Cache(request.cache), Silent(), listed=False)
        return SliceDone(ok=True, path=version.path, how="sealed")
    except (KamError, OSError) as error:
        return SliceDone(ok=False, how=str(error))


# On this machine: each slice in a child of the warmed parents


def _on_this_machine(
    request: Request, jobs: list[SliceJob], hands: Hands
) -> Iterator[tuple[str, SliceDone]]:
    if not jobs:
        return
    shared = {kind: (hands[kind].address, hands[kind].folder) for kind in ("kernel", "work")}
    waiting, running = deque(enumerate(jobs)), []
    with tempfile.TemporaryDirectory(prefix="kam-slices-") as aside:
        try:
            while waiting or running:
                while waiting and len(running) < request.jobs:
                    number, job = waiting.popleft()
                    out = Path(aside) / f"{number}.json"
                    child = hands["work"].start(
                        "kamresearch.publishing.making.slices:run_slice",
                        to_plain(SliceOrder(job, shared, out)),
                        cwd=str(request.root),
                        log=f"{out}.log",
                    )
                    running.append((job.value, child, out))
                wait_any([child for _value, child, _out in running], 1.0)
                for one in [one for one in running if one[1].poll() is not None]:
                    running.remove(one)
                    yield one[0], _result(one[2])
        finally:
            for _value, child, _out in running:
                child.kill()


def run_slice(plain: Mapping) -> int:
    """What a child does (a `SliceOrder`): one slice, with the warmed parents of the whole."""
    order = read_job(SliceOrder, plain)
    write_json(order.out, to_plain(publish_slice(order.job, Hands(order.shared))))
    return 0


def _result(out: Path) -> SliceDone:
    try:
        return read_job(SliceDone, json.loads(out.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return SliceDone(ok=False, how=f"its process ended: {last_words(Path(f'{out}.log'))}")


# On a cluster: each slice a task of Dask distributed


def _on_cluster(address: str, jobs: list[SliceJob]) -> Iterator[tuple[str, SliceDone]]:
    """Hand the slices to a Dask scheduler; a worker that dies has its slice done by another."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ParameterError(
            "--cluster",
            "the extra `cluster`",
            "no package distributed",
            "pip install 'kamresearch[cluster]'",
        ) from None
    try:
        client = Client(address, timeout="20s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ParameterError(
            f"--cluster {address}",
            "a Dask scheduler that answers",
            type(error).__name__,
            "start one with `dask scheduler`, and workers that see the same folders",
        ) from None
    with client:
        futures = {
            client.submit(
                slice_on_worker, job, key=f"kam-{os.getpid()}-{number}", retries=2
            ): job.value
            for number, job in enumerate(jobs)
        }
        try:
            for future in as_completed(futures, loop=client.loop):
                yield futures[future], _future_result(future)
        finally:
            with suppress(Exception):  # noqa: BLE001  (the scheduler may be gone)
                client.cancel(list(futures))


def _future_result(future: "Future") -> SliceDone:
    if future.status == "finished":
        return future.result()
    if future.status in ("cancelled", "lost"):  # nobody is left who could say how it went
        told = "not known, the scheduler went away; start one and publish again"
        return SliceDone(ok=False, how=told)
    error = future.exception()
    return SliceDone(ok=False, how=f"{type(error).__name__}: {error}")


_hands_of_worker: list[Hands] = []


def slice_on_worker(job: SliceJob) -> SliceDone:
    """What a Dask worker does: one slice, with warmed parents that live as long as the worker."""
    import atexit

    if not _hands_of_worker:
        hands = Hands()
        _hands_of_worker.append(hands)
        atexit.register(hands.close)
    return publish_slice(job, _hands_of_worker[0])


__all__ = ["Outcome", "SliceDone", "SliceJob", "publish_each", "publish_slice", "slice_on_worker"]
