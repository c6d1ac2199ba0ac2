"""What a version will be made of: its studies in order, their inputs, and what each may take
from the cache.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from kamresearch.language import Message, render_all
from kamresearch.language import message as _
from kamresearch.publishing.asking.parameters import NOT_INPUTS
from kamresearch.publishing.asking.request import Request, injected
from kamresearch.publishing.files import file_sha256, forget_parts, json_sha256, write_json
from kamresearch.publishing.planning.sources import SourceCode, environment_facts, version_id
from kamresearch.studies.case import case_folder, story_digest, unknown_sections
from kamresearch.studies.declaration import Study, StudyParams
from kamresearch.studies.readings import Others


@dataclass(frozen=True)
class Step:
    """One study of the version, with all that its result depends on but the findings that it
    reads.
    """

    study: Study
    params: StudyParams
    code: SourceCode
    data: Mapping[str, Any]
    environment: Mapping[str, Any]

    @cached_property
    def inputs(self) -> dict[str, str]:
        """What it depends on, part by part, as checksums (worked out only where something may
        have to run).
        """
        study, tables = self.study, self.data["tables"]
        return {
            "notebook": self.code.notebook_digest(study),
            "parameters": json_sha256(injected(self.params)),
            "data": json_sha256(
                [
                    {name: tables.get(name) for name in study.rests_on},
                    _beside_rows(self.data),
                ]
            ),
            "code": json_sha256(self.code.behind(study)),
            "environment": json_sha256(self.environment),
            "story": self.story,
            "earlier": json_sha256(self.data.get("earlier", [])) if study.looks_back else "",
        }

    @cached_property
    def story(self) -> str:
        """The checksum of what the case itself says about the study; empty where nothing, and
        under pseudonyms, since its words may hold names.
        """
        if self.data.get("pseudonyms"):
            return ""
        folder = case_folder(self.params.data, self.params.mapping)
        return story_digest(folder, self.study.name, self.params.as_of)

    @property
    def key(self) -> str:
        """The name of its runs in the cache, whatever it reads."""
        return json_sha256([self.study.name, self.inputs])[:32]


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before a kernel starts."""

    request: Request
    steps: tuple[Step, ...]
    absent: Mapping[str, Message]
    """Studies left out because their tables are missing → why."""
    data: Mapping[str, Any]
    code: str
    environment: Mapping[str, Any]
    warnings: tuple[dict, ...] = field(default=())

    @property
    def as_of(self) -> str:
        """The day of the version."""
        return self.request.as_of or max(
            (step.params.as_of for step in self.steps), default="0001-01-01"
        )

    def inputs(self) -> dict:
        """All that went in: what a version's name is made of."""
        parameters = {
            step.study.name: {
                name: value
                for name, value in step.params.model_dump(mode="json").items()
                if name not in NOT_INPUTS
            }
            for step in self.steps
        }
        tables = {
            name: [facts["fingerprint"], facts["simulated"]]
            for name, facts in self.data["tables"].items()
        }
        return {
            "schema": 1,
            "parameters": parameters,
            "tables": tables,
            "data": _beside_rows(self.data),
            "code": self.code,
            "environment": self.environment,
            "languages": list(self.request.languages),
            "absent": sorted(self.absent),
            "stories": self.stories(),
            **self._looking(),
        }

    def _looking(self) -> dict[str, Any]:
        """What counts beside the data where a study looks back, or the whole was made later."""
        looks_back = any(step.study.looks_back for step in self.steps)
        earlier = {"earlier": json_sha256(self.earlier)} if looks_back and self.earlier else {}
        rows = {name: one["rows"] for name, one in sorted(self.request.swept.items())}
        swept = {"swept": json_sha256(rows)} if rows else {}
        return earlier | swept | ({"hindcast": True} if self.request.hindcast else {})

    @property
    def earlier(self) -> list[dict]:
        """What earlier versions stated about the future, for studies that look back."""
        return list(self.data.get("earlier", []))

    def with_earlier(self, stated: list[dict]) -> "Plan":
        """The same plan with the statements that its studies shall score."""
        data = {**self.data, "earlier": stated}
        steps = tuple(replace(step, data=data) for step in self.steps)
        return replace(self, data=data, steps=steps)

    def stories(self) -> dict[str, str]:
        """Study → checksum of what the case itself says about it."""
        return {step.study.name: step.story for step in self.steps if step.story}

    @property
    def version(self) -> str:
        """The version's name."""
        return version_id(self.as_of, self.inputs())

    def told_absent(self) -> dict[str, dict[str, str]]:
        """Study left out → why, in every language: what a manifest says once a version is made
        (where nothing changed no catalogue is read for it).
        """
        return {name: render_all(reason) for name, reason in self.absent.items()}

    def facts(self) -> dict:
        """What a manifest says before anything ran, but which studies are left out."""
        steps = {step.study.name: step for step in self.steps}
        return {
            "label": self.request.label,
            "hindcast": self.request.hindcast,
            "as_of": self.as_of,
            "where": next((step.params.where for step in self.steps), self.request.where or ""),
            "languages": list(self.request.languages),
            "data": {
                "source": self.data["source"],
                "mapping": next((step.params.mapping for step in self.steps), ""),
                "tables": self.data["tables"],
                **_beside_rows(self.data),
            },
            "parameters": {name: injected(step.params) for name, step in steps.items()},
            "seeds": {name: step.params.seed for name, step in steps.items()},
            "studies": {name: {"notebook": step.study.notebook} for name, step in steps.items()},
            "front": next((name for name, step in steps.items() if step.study.front), ""),
            "asked": list(self.request.studies),
            "warnings": list(self.warnings),
            "stories": self.stories(),
            "code": {"fingerprint": self.code},
            **self.environment,
        }


def _beside_rows(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a result takes from the data beside their rows: the same rows in another currency are
    another report.
    """
    told = {name: data.get(name, "") for name in ("currency", "mapping_text")}
    return told | ({"pseudonyms": data["pseudonyms"]} if data.get("pseudonyms") else {})


def make_plan(
    request: Request,
    code: SourceCode,
    params: Mapping[str, StudyParams],
    studies: tuple[Study, ...],
    data: Mapping[str, Any],
) -> Plan:
    """Decide which studies run and name all their inputs."""
    environment = environment_facts()
    possible, absent = [], {}
    for study in studies:
        missing = [name for name in study.needs if name not in data["tables"]]
        if missing:
            # Told in every language once a version is made: else no catalogue need be read.
            absent[study.name] = _(
                "needs {tables}, which the data do not have", tables=", ".join(missing)
            )
        else:
            possible.append(study)
    steps = tuple(Step(study, params[study.name], code, data, environment) for study in possible)
    return Plan(
        request,
        steps,
        absent,
        data,
        code.fingerprint(studies),
        environment,
        (*data["warnings"], *_lost_words(steps)),
    )


def _lost_words(steps: Iterable[Step]) -> list[dict]:
    """A warning for each study about which the case says something in a section that is not
    there.
    """
    warnings = []
    for step in steps:
        folder = case_folder(step.params.data, step.params.mapping)
        lost = unknown_sections(folder, step.study.name, step.study.sections)
        if lost:
            text = _(
                "The case’s story speaks of sections that {study} does not have: {sections}.",
                study=step.study.title,
                sections="; ".join(lost),
            )
            warnings.append(render_all(text))
    return warnings


def _answers(asked: Iterable[Sequence[str]], others: Others) -> list[list[str]]:
    """Questions, each with the checksum of its answer."""
    return [
        [kind, id, json_sha256(others.answer((kind, id)))] for kind, id in sorted(map(tuple, asked))
    ]


def _changed_answers(facts: Mapping[str, Any], others: Others) -> list[str]:
    """Questions of a kept run to which the answer is another now."""
    return [
        f"{kind} {about}".strip()
        for kind, about, answer in facts["answers"]
        if json_sha256(others.answer((kind, about))) != answer
    ]


class Cache:
    """Executed notebooks, each beside its checksum, the inputs that made it, and what it asked of
    other studies with the checksum of each answer: it stands for every run of the same inputs to
    which the others would answer the same, whatever else has changed about them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.pages = folder / "studies", folder / "pages"

    def recall(self, step: Step, others: Others) -> Path | None:
        """The executed notebook of a step, None where it must run."""
        for place in sorted(self.folder.glob(f"{step.key}-*.json")):
            facts, path = self._facts(place), place.with_suffix(".ipynb")
            if facts is None or _changed_answers(facts, others) or not path.exists():
                continue
            if file_sha256(path) == facts.get("sha256"):
                with suppress(OSError):
                    path.touch()
                return path
        return None

    def keep(
        self,
        step: Step,
        others: Others,
        asked: Iterable[Sequence[str]] | None,
        notebook: Path,
        seconds: float,
    ) -> None:
        """Keep an executed notebook, if it is known what it asked; a cache that cannot be written
        is no reason to fail.
        """
        if asked is not None:
            with suppress(OSError):
                self._keep(step, _answers(asked, others), notebook, seconds)

    def _keep(self, step: Step, answers: list[list[str]], notebook: Path, seconds: float) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{step.key}-{json_sha256(answers)[:16]}.ipynb"
        forget_parts(self.folder)
        aside = path.with_name(f".{path.name}.{os.getpid()}.part")
        aside.write_bytes(notebook.read_bytes())
        aside.replace(path)
        facts = {
            "study": step.study.name,
            "sha256": file_sha256(path),
            "seconds": seconds,
            "inputs": step.inputs,
            "answers": answers,
        }
        write_json(path.with_suffix(".json"), facts)
        write_json(self.folder / f"last-{step.study.name}.json", facts)

    def seconds(self, path: Path) -> float:
        """How long the run took that made a kept notebook."""
        return float((self._facts(path.with_suffix(".json")) or {}).get("seconds", 0.0))

    def difference(self, step: Step, others: Others, unknown: Iterable[str] = ()) -> str:
        """Why a step must run: what differs from its last run. What ``unknown`` studies give is
        yet to be made.
        """
        last = self._facts(self.folder / f"last-{step.study.name}.json")
        if last is None:
            return "it has not run before"
        waiting = ", ".join(f"findings of {name}" for name in unknown)
        changed = [name for name in step.inputs if last["inputs"].get(name) != step.inputs[name]]
        read = [] if waiting else _changed_answers(last, others)
        if read:
            more = f" and {len(read) - 3} more" if len(read) > 3 else ""
            changed.append(f"what it reads ({', '.join(read[:3])}{more})")
        if changed:
            return "changed: " + ", ".join(changed)
        return f"unless the {waiting} come out the same" if waiting else "its kept notebook is gone"

    @staticmethod
    def _facts(path: Path) -> dict | None:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
