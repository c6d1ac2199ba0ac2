"""From a request to a sealed version: check, plan, and make only what is not there yet."""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path

from kamresearch.data.answers import shown_address
from kamresearch.errors import DataError, ParameterError
from kamresearch.places import resolve_path
from kamresearch.publishing.asking.parameters import choose_studies, validate
from kamresearch.publishing.asking.request import SPARK, Request, asked_day, on_day
from kamresearch.publishing.failures import NO_ROOM_WORDS, unwritable
from kamresearch.publishing.files import json_sha256
from kamresearch.publishing.jobs import to_plain
from kamresearch.publishing.kernels.forking import DISK_FULL
from kamresearch.publishing.making.earlier import look_back
from kamresearch.publishing.making.hands import Hands, last_words
from kamresearch.publishing.planning.datafacts import DataAsked, DataJob, DataMemory, is_sound
from kamresearch.publishing.planning.plan import Cache, Plan, make_plan
from kamresearch.publishing.planning.sources import SourceCode
from kamresearch.publishing.progress import Progress, Silent
from kamresearch.publishing.sealed.sealing import clear_what_the_dead_left, free_name, shelf_lock
from kamresearch.publishing.sealed.store import Version, shelf_is_written, standing_version
from kamresearch.studies.declaration import StudyParams
from kamresearch.studies.outputs import read_notebook
from kamresearch.studies.readings import Given, Others

SECONDS_TO_END = 10
"""A reader whose time is over says so itself, with the file's name, unless it hangs."""


def run(request: Request, progress: Progress | None = None, hands: Hands | None = None) -> Version:
    """Publish one version; where one of the same inputs stands on the shelf, that one, and no
    kernel starts. ``hands``: warmed parents of a run before it.
    """
    progress = progress or Silent()
    try:
        make_shelf(request)
        with nullcontext(hands) if hands else Hands() as own:
            return _run(request, own, progress)
    except OSError as error:
        raise unwritable(request.reports, error) from error


def make_shelf(request: Request) -> None:
    """Make the folders that a run writes to, or say that they cannot be made."""
    with suppress(OSError):  # a cache that cannot be written is no reason to fail
        (request.cache / "data").mkdir(parents=True, exist_ok=True)
    try:
        request.reports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(request.reports, error) from error


def _run(request: Request, hands: Hands, progress: Progress) -> Version:
    plan = prepare(request, hands, progress=progress)
    existing = standing_version(request.reports, plan.version)
    if existing and not request.force:
        progress.note(f"Version {plan.version} has these inputs already; no kernel started")
        refresh_index(request.reports, [plan.version], hands, progress)
        return existing
    tell_absent(plan, progress)
    from kamresearch.publishing.making.version import make_version  # where nothing changed: unused

    name = free_name(request.reports, plan.version)
    return make_version(plan, name, hands, Cache(request.cache), progress)


def explain(
    request: Request, hands: Hands | None = None, progress: Progress | None = None
) -> list[str]:
    """One line for each study: why it would run, or why not. Nothing is run. ``hands``: warmed
    parents that explain others too.
    """
    with nullcontext(hands) if hands else Hands() as own:
        plan, cache = prepare(request, own, progress=progress), Cache(request.cache)
    lines, running, given = [], set(), {}
    for step in plan.steps:
        reads = set(step.study.reads)
        others = Others.named(step.study.reads, given)
        kept = None if reads & running else cache.recall(step, others)
        if kept is not None and not request.force:
            given[step.study.name] = Given.of_notebook(read_notebook(kept))
            lines.append(f"{step.study.name}: taken over, nothing it rests on changed")
        else:
            running.add(step.study.name)
            after = sorted(reads & running - {step.study.name})
            why = "--force" if request.force else cache.difference(step, others, unknown=after)
            lines.append(f"{step.study.name}: runs, {why}")
    lines += [f"{name}: left out, {reason.render('en')}" for name, reason in plan.absent.items()]
    there = standing_version(request.reports, plan.version)
    state = "is on the shelf" if there else "would be made"
    return [*lines, f"version {plan.version} {state}"]


def prepare(
    request: Request,
    hands: Hands,
    code: SourceCode | None = None,
    *,
    earlier: list[dict] | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Everything that is decided before a kernel starts: parameters, data, studies, keys.

    What earlier versions stated comes from the shelf, but where ``earlier`` gives it.
    """
    progress = progress or Silent()
    code = code or SourceCode()
    studies = choose_studies(request.studies, request.hindcast)
    if not studies:
        raise ParameterError(
            "kam publish", "at least one study", "none in this project", "see `kam new-study`"
        )
    params = validate(studies, request.asked, request.options())
    for study in studies:
        code.notebook_digest(study)  # a notebook that cannot be read stops all
    data = find_data(request, params[studies[0].name], code, hands, progress=progress)
    plan = make_plan(request, code, on_day(params, data["as_of"]), studies, data)
    plan = (
        look_back(plan, request.reports, progress)
        if earlier is None
        else plan.with_earlier(earlier)
    )
    if not plan.steps:
        missing = "; ".join(f"{name} {reason.render('en')}" for name, reason in plan.absent.items())
        raise DataError(
            str(data["source"]),
            "the tables that the studies need",
            missing,
            "see data/README.md for each table",
        )
    return plan


def find_shelved(request: Request, code: SourceCode) -> Path | None:
    """The version of these inputs where it is on the shelf and that can be told without
    opening the data.
    """
    studies = choose_studies(request.studies, request.hindcast)
    params = validate(studies, request.asked, request.options())
    asked = _asked(request, params[studies[0].name], "")
    facts = DataMemory(request.cache / "data", _readers(code)).recall_for(asked)
    if facts is None or facts["errors"]:
        return None
    params = on_day(params, facts["as_of"])
    plan = make_plan(request, code, params, studies, facts)
    name = look_back(plan, request.reports, Silent()).version
    there = standing_version(request.reports, name)
    return there and there.path


def _asked(request: Request, params: StudyParams, each: str) -> DataAsked:
    source = resolve_path(params.data)
    if params.data.startswith(SPARK):
        source = SPARK + resolve_path(params.data.removeprefix(SPARK))
    return DataAsked(
        source,
        mapping=resolve_path(params.mapping),
        where=params.where,
        as_of=asked_day(request, params),
        each=each,
        pseudonyms=request.pseudonyms,
        least=request.least,
    )


def _readers(code: SourceCode) -> str:
    """The checksum of the code that reads data, and writes out what is asked of them."""
    return json_sha256(
        {
            path: one
            for path, one in code.files.items()
            if path.startswith(("data/", "features/", "errors", "language/"))
        }
    )


def find_data(
    request: Request,
    params: StudyParams,
    code: SourceCode,
    hands: Hands,
    each: str = "",
    progress: Progress | None = None,
) -> Mapping:
    """Facts about the data: remembered while nothing changed, else asked of a worker of its own."""
    progress = progress or Silent()
    asked = _asked(request, params, each)
    memory = DataMemory(request.cache / "data", _readers(code))
    place, prepared = memory.path(asked), _kept_copy(memory, asked) or _own_copy(asked, hands)
    facts = memory.recall(place)
    sound = prepared is not None and is_sound(prepared)
    healed = prepared is not None and prepared.is_file() and not sound
    if facts is None or healed:
        progress.begin(1, f"Opening and checking {shown_address(params.data)}")
        try:
            facts = _ask(asked, prepared, request, hands)
        finally:
            progress.end()
        sound = prepared is not None and is_sound(prepared)
    if not facts["ok"]:
        raise DataError(*facts["parts"])
    if facts["errors"]:
        texts = [text["en"] for text in facts["errors"]]
        raise DataError(
            params.data,
            "data without errors",
            f"{len(texts)}: " + "; ".join(texts[:5]),
            f"run `kam check {params.data}` for all of them, and mend the data or the mapping",
        )
    memory.keep(place, facts)
    kept = str(prepared) if sound else ""
    return {
        **facts,
        "source": params.data,
        "prepared": kept,
        "notes": [f"prepared data in {memory.folder} were not as written; made anew"]
        if healed
        else [],
        "prepared_for": f"{params.data}|{params.mapping}",
    }


def _kept_copy(memory: DataMemory, asked: DataAsked) -> Path | None:
    """Where opened files are kept for runs to come; None where the cache cannot be written, and
    for servers.
    """
    return memory.prepared(asked) if os.access(memory.folder, os.W_OK) else None


def _own_copy(asked: DataAsked, hands: Hands) -> Path:
    """Where data are copied to that cannot be kept: once for a run, and gone with it."""
    name = json_sha256(asked.made_from)[:32]
    return hands["kernel"].folder / f"{name}.duckdb"


def _ask(asked: DataAsked, prepared: Path | None, request: Request, hands: Hands) -> dict:
    nursery = hands["kernel"]
    hands["work"]  # noqa: B018  (warm up meanwhile)
    name = f"data-{os.getpid()}-{secrets.token_hex(4)}"
    out, log = nursery.folder / f"{name}.json", nursery.folder / f"{name}.log"
    limits = request.limits
    memory = limits.memory * request.jobs  # while it reads, no kernel runs
    child = nursery.start(
        "kamresearch.publishing.planning.datafacts:ask_data",
        to_plain(DataJob(asked, prepared, out, limits.timeout, memory)),
        env=request.env,
        cwd=str(request.root),
        log=str(log),
    )
    code = child.wait(limits.timeout + SECONDS_TO_END)
    if code is None:
        child.kill()
        raise DataError(
            shown_address(asked.source),
            f"data that can be opened within {limits.timeout:.0f} seconds",
            "more; its reader was stopped",
            "give more with --timeout, or export the data as Parquet",
        )
    if code == DISK_FULL:
        raise unwritable(request.reports, NO_ROOM_WORDS)
    if code != 0 or not out.exists():
        raise DataError(
            asked.source,
            "data that can be opened",
            last_words(log),
            "check the source and its mapping",
        )
    return json.loads(out.read_text(encoding="utf-8"))


def tell_absent(plan: Plan, progress: Progress) -> None:
    """Say which studies are left out, and what they would need."""
    for name, reason in plan.absent.items():
        progress.note(f"{name} is left out: it {reason.render('en')}")
    for note in plan.data.get("notes", ()):
        progress.note(note)
    for warning in plan.warnings:
        progress.note(f"warning: {warning['en']}")


def refresh_index(reports: Path, versions: Iterable[str], hands: Hands, progress: Progress) -> None:
    """Clear what dead runs left, and write the index where it does not list a version (killed
    after sealing it).
    """
    clear_what_the_dead_left(reports)
    if not shelf_is_written(reports, versions):
        from kamresearch.publishing.making.version import write_shelf

        with shelf_lock(reports):
            write_shelf(reports, hands, progress)
