"""Making one version: studies run in order and in parallel, pages are rendered beside them,
and the whole is sealed.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import cast

from kamresearch.errors import StudyError
from kamresearch.publishing.asking.request import injected
from kamresearch.publishing.failures import FailedRunError, unwritable
from kamresearch.publishing.files import to_json, write_json, write_text
from kamresearch.publishing.jobs import to_plain
from kamresearch.publishing.kernels.nursery import Child, wait_any
from kamresearch.publishing.making.earlier import EARLIER, write_stated
from kamresearch.publishing.making.hands import Hands, data_env, last_words, read_outcome
from kamresearch.publishing.making.rendering import DoorJob, PagesJob
from kamresearch.publishing.making.swept import SWEPT, add_cells
from kamresearch.publishing.outcome.collect import (
    finding_rows,
    join_rows,
    stated_predictions,
    write_tables,
)
from kamresearch.publishing.outcome.followed import (
    FollowedTable,
    followed_tables,
    write_followed,
)
from kamresearch.publishing.outcome.truth import contradicts_others
from kamresearch.publishing.planning.plan import Cache, Plan, Step
from kamresearch.publishing.planning.sources import commit_facts
from kamresearch.publishing.progress import Progress
from kamresearch.publishing.sealed.compare import previous_version
from kamresearch.publishing.sealed.log import log_head, note_found, write_log
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.sealing import (
    Workshop,
    failed_folder,
    finish_manifest,
    seal,
    shelf_lock,
)
from kamresearch.publishing.sealed.secrecy import refuse_secrets
from kamresearch.publishing.sealed.store import Version, version_folders
from kamresearch.studies.outputs import read_notebook
from kamresearch.studies.readings import Given, Others

PAGES_AT_ONCE = 6
"""New pages that a hand is given at most; those taken over cost next to nothing, and go along."""


@dataclass
class Task:
    """Something that a child does: a study to run, or pages to render."""

    kind: str
    step: Step
    child: Child
    outcome: Path
    pages: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What a notebook puts into the files of the whole version: a notebook is read once."""

    findings: list[dict]
    followed: dict[str, FollowedTable]
    stated: list[dict]

    @classmethod
    def of_notebook(cls, notebook: Mapping) -> "Told":
        """What an executed notebook says."""
        parts = [notebook]
        return cls(finding_rows(parts), followed_tables(parts), stated_predictions(parts))


@dataclass
class Making:
    """One version on its way. `run` leaves executed notebooks, tables and pages in the workshop."""

    plan: Plan
    name: str
    folder: Path
    hands: Hands
    cache: Cache
    progress: Progress
    manifest: Manifest = field(default_factory=cast(Callable[[], Manifest], Manifest))
    told: dict[str, Told] = field(default_factory=dict)
    """What each study that is done puts into the files of the whole version."""
    given: dict[str, Given] = field(default_factory=dict)
    """What each study that is done gave to those that read it."""
    failed: dict[str, str] = field(default_factory=dict)
    running: list[Task] = field(default_factory=list)
    previous: str = ""
    render: bool = True
    sealed: Manifest | None = None
    """The manifest that its pages speak of, where a sealed version is made again."""

    def run(self) -> None:
        """Run every study and render every page; `failed` says what went wrong."""
        request = self.plan.request
        languages = request.languages if self.render else ()
        waiting = list(self.plan.steps)
        pages: list[tuple[Step, str]] = []
        self._begin()
        try:
            while waiting or pages or self.running:
                for step in self._ready(waiting):
                    if self._take_from_cache(step):
                        pages += [(step, language) for language in languages]
                    elif len(self.running) < request.jobs:
                        self._start_study(step)
                    else:
                        continue
                    waiting.remove(step)
                for step in [step for step in waiting if self._hopeless(step)]:
                    waiting.remove(step)
                    self.progress.advance(
                        f"{step.study.name}: not run, it reads a study that failed"
                    )
                if self.failed:
                    pages.clear()
                self._start_pages(pages)
                if self.running:
                    wait_any([task.child for task in self.running], 1.0)
                for step in self._finished():
                    pages += [(step, language) for language in languages]
        finally:
            for task in self.running:
                task.child.kill()

    def _begin(self) -> None:
        steps = len(self.plan.steps)
        pages = len(self.plan.request.languages) if self.render else 0
        self.progress.begin(steps * (1 + pages), f"Making version {self.name}")
        facts = {**self.plan.facts(), "absent": self.plan.told_absent()}
        facts["code"] |= commit_facts(self.plan.request.root)
        made = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.manifest = Manifest.model_validate({**facts, "version": self.name, "made": made})
        if self.sealed is not None:
            self.manifest = self.sealed
        else:
            self._find_previous()
        write_json(self._known, self.manifest.plain())

    def _find_previous(self) -> None:
        reports = self.plan.request.reports
        before = previous_version(reports, self.manifest)
        self.previous = str(before.path) if before else ""
        told = {"previous": before.id if before else "", "log": log_head(reports)}
        self.manifest = self.manifest.model_copy(update=told)

    @property
    def _known(self) -> Path:
        """Where workers read the manifest as far as it is known."""
        return self.hands["work"].folder / f"{self.folder.name}.json"

    # Studies

    def _reads(self, step: Step) -> set[str]:
        return set(step.study.reads) & {other.study.name for other in self.plan.steps}

    def _ready(self, waiting: list[Step]) -> list[Step]:
        """Steps that wait for none, the most urgent first."""
        ready = [step for step in waiting if self._reads(step) <= set(self.given)]
        return sorted(ready, key=lambda step: self._urgency[step.study.name], reverse=True)

    @cached_property
    def _urgency(self) -> dict[str, tuple[int, int]]:
        """Study → steps in the longest chain of readers through it, and how many wait for it: what
        stands in a long chain keeps the whole waiting if it begins late.
        """
        names = [step.study.name for step in self.plan.steps]
        reads = {step.study.name: self._reads(step) for step in self.plan.steps}
        before, after = dict.fromkeys(names, 1), dict.fromkeys(names, 0)
        readers: dict[str, set[str]] = {name: set() for name in names}
        for name in names:  # each stands after those that it reads
            before[name] += max((before[read] for read in reads[name]), default=0)
        for name in reversed(names):
            for read in reads[name]:
                after[read] = max(after[read], after[name] + 1)
                readers[read] |= {name, *readers[name]}
        return {name: (before[name] + after[name], len(readers[name])) for name in names}

    def _hopeless(self, step: Step) -> bool:
        return (
            bool(self._reads(step) & set(self.failed))
            and self.failed.setdefault(step.study.name, "") == ""
        )

    def _others(self, step: Step) -> Others:
        """What those gave that a step reads."""
        return Others.named(step.study.reads, self.given)

    def _notebook(self, step: Step) -> Path:
        return self.folder / "notebooks" / f"{step.study.notebook}.ipynb"

    def _take_from_cache(self, step: Step) -> bool:
        others = self._others(step)
        kept = None if self.plan.request.force else self.cache.recall(step, others)
        if kept is None:
            return False
        notebook = read_notebook(kept)
        if contradicts_others(notebook, others.rows()):
            return False
        shutil.copyfile(kept, self._notebook(step))
        self._accept(step, notebook, self.cache.seconds(kept), reused=True)
        return True

    def _start_study(self, step: Step) -> None:
        reason = (
            "--force"
            if self.plan.request.force
            else self.cache.difference(step, self._others(step))
        )
        self.progress.note(f"{step.study.name}: running ({reason})")
        aside = self.hands["work"].folder / f"{self.folder.name}-{step.study.name}"
        aside.mkdir()
        env = {**data_env(self.plan.data), "KAM_NOTEBOOKS": str(self.folder / "notebooks")}
        if step.study.looks_back and self.plan.earlier:
            stated = aside / EARLIER
            write_text(stated, to_json(self.plan.earlier))
            env["KAM_PREDICTIONS"] = str(stated)
        limits, parameters = self.plan.request.limits, injected(step.params)
        child = self.hands.start_study(step.study, aside, limits, env, parameters, self.folder)
        self.running.append(Task("study", step, child, aside / "outcome.json"))

    def _finished(self) -> Iterator[Step]:
        """Steps whose study ended well just now; failures and pages are noted."""
        for task in [task for task in self.running if task.child.poll() is not None]:
            self.running.remove(task)
            if task.kind == "pages":
                self._finish_pages(task)
            elif self._finish_study(task):
                yield task.step

    def _finish_study(self, task: Task) -> bool:
        outcome = read_outcome(task.outcome, task.child)
        made = task.outcome.parent / "notebook.ipynb"
        if not outcome.ok:
            self.failed[task.step.study.name] = outcome.message
            if made.exists():
                shutil.copyfile(made, self._notebook(task.step))
            self.progress.advance(f"{task.step.study.name}: failed")
            return False
        shutil.copyfile(made, self._notebook(task.step))
        self.cache.keep(task.step, self._others(task.step), outcome.asked, made, outcome.seconds)
        self._accept(task.step, read_notebook(made), outcome.seconds, reused=False)
        return True

    def _accept(self, step: Step, notebook: dict, seconds: float, *, reused: bool) -> None:
        swept = self.plan.request.swept.get(step.study.name)
        if swept:
            add_cells(self._notebook(step), swept)
            notebook = read_notebook(self._notebook(step))
        write_tables(notebook, self.folder)
        self.told[step.study.name] = Told.of_notebook(notebook)
        self.given[step.study.name] = Given.of_notebook(notebook)
        self.manifest = self.manifest.with_study(step.study.name, seconds, reused)
        self.progress.advance(
            f"{step.study.name}: "
            + ("taken over, nothing it rests on changed" if reused else f"{seconds:.1f} s")
        )

    def write_findings(self) -> None:
        """Write the findings of all studies into one file, and the rows that readers follow."""
        told = [self.told[step.study.name] for step in self.plan.steps]
        write_text(self.folder / "findings.json", to_json(join_rows(one.findings for one in told)))
        followed = {id: rows for one in told for id, rows in one.followed.items()}
        write_followed(followed, self.folder)
        write_stated([row for one in told for row in one.stated], self.folder)
        if self.plan.earlier:
            write_text(self.folder / EARLIER, to_json(self.plan.earlier))
        if self.plan.request.swept:
            write_text(self.folder / SWEPT, to_json(self.plan.request.swept))

    # Pages

    def _may_render(self, step: Step) -> bool:
        """A front door tells of every study, so it waits for all of them; other pages wait for
        those that say which rows have pages of their own.
        """
        waited = {
            one.study.name for one in self.plan.steps if step.study.front or one.study.profiles
        }
        return waited <= set(self.given)

    def _start_pages(self, waiting: list[tuple[Step, str]]) -> None:
        """Give every free hand some of the pages that can be made: so few that a hand which is busy
        now finds some left, so many that its start is worth it.
        """
        ready = [page for page in waiting if self._may_render(page[0])]
        while ready and len(self.running) < self.plan.request.jobs:
            first, pages, new = ready[0][0], {}, 0
            while ready and new < PAGES_AT_ONCE:
                step, language = page = ready.pop(0)
                pages.setdefault(step.study.name, []).append(language)
                waiting.remove(page)
                new += not self.manifest.studies[step.study.name].reused
            self._render(first, pages)

    def _render(self, step: Step, pages: Mapping[str, list[str]]) -> None:
        kept = "" if self.plan.request.force else str(self.cache.pages)
        job = PagesJob(self.folder, self._known, self.previous, pages, kept, step.code.showing)
        log = self.hands["work"].folder / f"{self.folder.name}-{secrets.token_hex(4)}.log"
        child = self.hands["work"].start(
            "kamresearch.publishing.making.rendering:render_pages",
            to_plain(job),
            cwd=str(self.folder),
            log=str(log),
        )
        self.running.append(Task("pages", step, child, log, pages))

    def _finish_pages(self, task: Task) -> None:
        names = [
            f"{study}, page in {language}"
            for study, languages in task.pages.items()
            for language in languages
        ]
        for name in names:
            self.progress.advance(name)
        if task.child.poll() != 0:
            name = "; ".join(names)
            self.failed[name] = str(
                StudyError(name, "a page", last_words(task.outcome), "see the study's notebook")
            )


def make_version(
    plan: Plan, name: str, hands: Hands, cache: Cache, progress: Progress, *, listed: bool = True
) -> Version:
    """Make and seal one version; a failure leaves evidence under ``failed/`` and raises.
    ``listed``: write the index too.
    """
    reports = plan.request.reports
    try:
        with Workshop(reports) as workshop:
            making = Making(plan, name, workshop.path, hands, cache, progress)
            making.run()
            if making.failed:
                raise _keep_evidence(making, reports)
            _complete(making)
            with shelf_lock(reports):
                path, first = seal(workshop, name)
                if first:
                    note_found(reports, [one for one in version_folders(reports) if one != path])
                    write_log(reports, "sealed", [path])
                if listed:
                    write_shelf(reports, hands, progress)
            if not first:
                progress.note(f"Version {name} was made by another run meanwhile")
            return Version(path)
    except OSError as error:
        raise unwritable(reports, error) from error
    finally:
        progress.end()


def _complete(making: Making) -> None:
    making.write_findings()
    write_door(making)
    refuse_secrets(making.folder, making.plan.request.secrets)
    finish_manifest(making.folder, making.manifest)


def write_door(making: Making) -> None:
    """A version without a study for its front has a front door of its own."""
    if (making.folder / "index.html").exists():
        return
    log = making.hands["work"].folder / f"{making.folder.name}-door.log"
    job = DoorJob(making.folder, making._known, making.previous)
    child = making.hands["work"].start(
        "kamresearch.publishing.making.rendering:render_door",
        to_plain(job),
        cwd=str(making.folder),
        log=str(log),
    )
    if child.wait(300) != 0:
        raise StudyError(
            "the front door of the version",
            "a page",
            last_words(log),
            "report this with the log above",
        )


def write_shelf(reports: Path, hands: Hands, progress: Progress) -> None:
    """Write the index of all versions; a failure there loses no version."""
    log = hands["work"].folder / "shelf.log"
    child = hands["work"].start(
        "kamresearch.publishing.making.rendering:write_index",
        str(reports),
        log=str(log),
    )
    if child.wait(120) != 0:
        progress.note(f"The index of {reports} could not be written: {last_words(log)}")


def _keep_evidence(making: Making, reports: Path) -> StudyError:
    """Keep what a failed run executed, and say where."""
    kept = failed_folder(reports) / making.name
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    lines, steps = [], {step.study.name: step for step in making.plan.steps}
    for name, message in making.failed.items():
        place = ""
        if name in steps and making._notebook(steps[name]).exists():
            place = str(kept / f"{steps[name].study.notebook}.ipynb")
            shutil.copyfile(making._notebook(steps[name]), place)
        if message:
            lines.append(message + (f" Kept: {place}" if place else ""))
    write_text(kept / "reason.txt", "\n".join(lines) + "\n")
    return FailedRunError(making.name, lines, kept)
