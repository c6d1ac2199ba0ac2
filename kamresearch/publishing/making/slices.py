"""Many reports from one load of the data: a version for each value of a column, here or on a
cluster.
"""

import json
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.data.slicing import withheld_slices, write_condition
from kamresearch.errors import KamError, ParameterError
from kamresearch.publishing.asking.parameters import ParameterSet, choose_studies, validate
from kamresearch.publishing.asking.request import Limits, Request
from kamresearch.publishing.files import write_json
from kamresearch.publishing.kernels.nursery import wait_any
from kamresearch.publishing.making.hands import Hands, last_words
from kamresearch.publishing.making.run import (
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


@dataclass
class Outcome:
    """How a fan-out went: a path for each slice that is sealed, a message for each that failed."""

    sealed: dict[str, Path] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> list[Path]:
        """The versions, in the order of the slices."""
        return [self.sealed[value] for value in sorted(self.sealed)]

    def take(self, value: str, result: Mapping) -> None:
        """Note one slice's result."""
        if result["ok"]:
            self.sealed[value] = Path(result["path"])
        else:
            self.failures[value] = result["message"]


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
    if request.where:
        raise ParameterError(
            "--each", "no --where beside it", repr(request.where), "leave one of them out"
        )
    make_shelf(request)
    with Hands() as hands:
        values = _values(request, column, hands, progress)
        progress.begin(len(values), f"One version for each of {len(values)} values of {column}")
        outcome = Outcome()
        for value, path in _shelved(request, column, values).items():
            outcome.take(value, {"ok": True, "path": path})
            progress.advance(f"{column}={value}: on the shelf already")
        jobs = [
            slice_job(request, column, value) for value in values if value not in outcome.sealed
        ]
        run = (
            _on_cluster(cluster, jobs)
            if cluster and jobs
            else _on_this_machine(request, jobs, hands)
        )
        for value, result in run:
            outcome.take(value, result)
            progress.advance(
                f"{column}={value}: "
                + (
                    result["how"]
                    if result["ok"]
                    else "failed: " + result["message"].splitlines()[0]
                )
            )
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


def _values(request: Request, column: str, hands: Hands, progress: Progress) -> list[str]:
    """The values of the column: the data are opened and checked here, once."""
    code = SourceCode()
    studies = choose_studies(request.studies)
    params = validate(studies, request.asked, request.options())
    data = find_data(request, params[studies[0].name], code, hands, each=column)
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


def _shelved(request: Request, column: str, values: list[str]) -> dict[str, str]:
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
            found[value] = str(path)
    return found


def slice_job(request: Request, column: str, value: str) -> dict:
    """All that a worker anywhere must know to publish one slice, as plain values."""
    return {
        "root": str(request.root),
        "reports": str(request.reports),
        "studies": list(request.studies),
        "data": request.data,
        "mapping": request.mapping,
        "env": dict(request.env),
        "values": {name: dict(part) for name, part in request.asked.values.items()},
        "as_of": request.as_of,
        "languages": list(request.languages),
        "label": request.label,
        "force": request.force,
        "pseudonyms": request.pseudonyms,
        "limits": asdict(request.limits),
        "column": column,
        "value": value,
    }


def publish_slice(job: Mapping, hands: Hands) -> dict:
    """Publish one slice with one kernel at a time; plain values tell how it went."""
    request = Request(
        root=Path(job["root"]),
        reports=Path(job["reports"]),
        studies=tuple(job["studies"]),
        data=job["data"],
        mapping=job["mapping"],
        env=job["env"],
        asked=ParameterSet(job["values"]),
        as_of=job["as_of"],
        where=write_condition(job["column"], job["value"]),
        languages=tuple(job["languages"]),
        jobs=1,
        label=job["label"],
        force=job["force"],
        pseudonyms=job["pseudonyms"],
        limits=Limits(**job["limits"]),
    )
    try:
        plan = prepare(request, hands)
        existing = standing_version(request.reports, plan.version)
        if existing and not request.force:
            return {"ok": True, "path": str(existing.path), "how": "on the shelf already"}
        name = free_name(request.reports, plan.version)
        version = make_version(plan, name, hands, Cache(request.cache), Silent(), listed=False)
        return {"ok": True, "path": str(version.path), "how": "sealed"}
    except (KamError, OSError) as error:
        return {"ok": False, "message": str(error)}


# On this machine: each slice in a child of the warmed parents


def _on_this_machine(
    request: Request, jobs: list[dict], hands: Hands
) -> Iterator[tuple[str, dict]]:
    if not jobs:
        return
    shared = {kind: [hands[kind].address, str(hands[kind].folder)] for kind in ("kernel", "work")}
    waiting, running = deque(enumerate(jobs)), []
    with tempfile.TemporaryDirectory(prefix="kam-slices-") as aside:
        try:
            while waiting or running:
                while waiting and len(running) < request.jobs:
                    number, job = waiting.popleft()
                    out = Path(aside) / f"{number}.json"
                    order = {"job": job, "shared": shared, "out": str(out)}
                    child = hands["work"].start(
                        "kamresearch.publishing.making.slices:run_slice",
                        order,
                        cwd=job["root"],
                        log=f"{out}.log",
                    )
                    running.append((job["value"], child, out))
                wait_any([child for _value, child, _out in running], 1.0)
                for one in [one for one in running if one[1].poll() is not None]:
                    running.remove(one)
                    yield one[0], _result(one[2])
        finally:
            for _value, child, _out in running:
                child.kill()


def run_slice(order: Mapping) -> int:
    """What a child does: one slice, with the warmed parents of the whole fan-out."""
    hands = Hands(
        {kind: (address, Path(folder)) for kind, (address, folder) in order["shared"].items()}
    )
    write_json(Path(order["out"]), publish_slice(order["job"], hands))
    return 0


def _result(out: Path) -> dict:
    try:
        return json.loads(out.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"ok": False, "message": f"its process ended: {last_words(Path(f'{out}.log'))}"}


# On a cluster: each slice a task of Dask distributed


def _on_cluster(address: str, jobs: list[dict]) -> Iterator[tuple[str, dict]]:
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
            client.submit(slice_on_worker, job, key=f"kam-{os.getpid()}-{number}", retries=2): job[
                "value"
            ]
            for number, job in enumerate(jobs)
        }
        try:
            for future in as_completed(futures, loop=client.loop):
                yield futures[future], _future_result(future)
        finally:
            with suppress(Exception):  # noqa: BLE001  (the scheduler may be gone)
                client.cancel(list(futures))


def _future_result(future: "Future") -> dict:
    if future.status == "finished":
        return future.result()
    if future.status in ("cancelled", "lost"):  # nobody is left who could say how it went
        return {
            "ok": False,
            "message": "not known, the scheduler went away; start one and publish again",
        }
    error = future.exception()
    return {"ok": False, "message": f"{type(error).__name__}: {error}"}


_hands_of_worker: list[Hands] = []


def slice_on_worker(job: Mapping) -> dict:
    """What a Dask worker does: one slice, with warmed parents that live as long as the worker."""
    import atexit

    if not _hands_of_worker:
        hands = Hands()
        _hands_of_worker.append(hands)
        atexit.register(hands.close)
    return publish_slice(job, _hands_of_worker[0])


__all__ = ["Outcome", "publish_each", "publish_slice", "slice_on_worker"]
