"""The shelf's versions as data: read back from their folders, and packed so that a page can
compare any two itself.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.errors import StoreError
from kamresearch.figures.theme import clean
from kamresearch.finding import Finding, Findings
from kamresearch.language import Fixed
from kamresearch.publishing.outcome.csvfile import plain_text
from kamresearch.publishing.pages.changes import version_name
from kamresearch.publishing.pages.context import BRIEFING
from kamresearch.publishing.sealed.causes import KINDS, upstream
from kamresearch.publishing.sealed.compare import JUDGEMENTS, WATCHED, Watched
from kamresearch.studies import Study, all_studies
from kamresearch.studies.outputs import read_notebook, read_table

if TYPE_CHECKING:
    import pandas as pd

PACKED = 60
"""Newest versions that the page can compare with each other; older ones stay listed, and `kam
diff` compares them.
"""
ROWS_PACKED = 400


@dataclass(frozen=True)
class Sealed:
    """A version read back from its folder."""

    folder: Path
    manifest: Mapping[str, object]

    @property
    def id(self) -> str:
        """The version's id: its folder's name."""
        return self.folder.name

    @cached_property
    def findings(self) -> Findings:
        """Its findings; none where the file is gone."""
        path = self.folder / "findings.json"
        return Findings.from_json(path.read_text(encoding="utf-8")) if path.exists() else Findings()

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of its pages, the first one first."""
        named = self.manifest.get("languages")
        return (
            tuple(named)
            if isinstance(named, Sequence) and not isinstance(named, str) and named
            else ("en",)
        )

    def front(self, language: str) -> str:
        """Address of its front door from the shelf, in a language or else in its first."""
        name = "index.html" if language not in self.languages[1:] else f"{BRIEFING}.{language}.html"
        return f"{self.id}/{name}"

    def table(self, table_id: str) -> "pd.DataFrame | None":
        """A table out of the executed notebook of the study that owns it; None where it has
        none of this id.
        """
        owner = owner_of(table_id)
        path = self.folder / "notebooks" / f"{owner.notebook}.ipynb" if owner else None
        return read_table(read_notebook(path), table_id) if path and path.exists() else None

    def rows(self, watched: Watched) -> dict[str, tuple[str, str]] | None:
        """Key → name and state of a watched table's rows, out of its CSV file; None where
        there is none.
        """
        path = self.folder / "tables" / f"{watched.table}.csv"
        if not path.exists():
            return None
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [row for _, row in zip(range(ROWS_PACKED), csv.DictReader(file), strict=False)]
        return {
            plain_text(row[watched.key]): (
                plain_text(row.get(watched.name) or row[watched.key]),
                plain_text(row.get(watched.state or "", "") or ""),
            )
            for row in found
            if row.get(watched.key)
        }


def owner_of(id: str) -> Study | None:
    """The study that shows a figure or table."""
    prefix = id.partition(".")[0]
    return next((study for study in all_studies() if prefix in (study.prefix, study.name)), None)


def read_shelf(reports: Path) -> list[Sealed]:
    """Every sealed version under a folder, newest first."""
    found = []
    for path in sorted(Path(reports).glob("[!.]*/manifest.json")):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise StoreError(
                str(path), "a manifest in JSON", str(error), "restore the version or remove it"
            ) from error
        found.append(Sealed(path.parent, {"version": path.parent.name, **manifest}))
    return sorted(
        found, key=lambda one: (str(one.manifest.get("made") or ""), one.id), reverse=True
    )


class Pool:
    """Values kept once, named by their place."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, value: object) -> int:
        """Where a value stands; it is added where it is new."""
        return self._places.setdefault(
            json.dumps(value, ensure_ascii=False, sort_keys=True), len(self._places)
        )

    @property
    def values(self) -> list:
        """All values in their places."""
        return [json.loads(text) for text in self._places]


def pack(versions: Sequence[Sealed], language: str) -> dict:
    """The newest versions in short: what the page's script needs to compare any two of them.

    ``versions``: name, data fingerprints, parameters, commit and packages as places in ``pool``,
    findings as
    ``[place of id, value, low, high, text]``, rows of watched tables. ``studies``: prefix → what
    its findings rest on.
    """
    chosen = list(versions[:PACKED])
    pool, ids, labels = Pool(), {}, []
    packed = []
    for version in chosen:
        findings = []
        for finding in version.findings.values():
            if finding.id not in ids:
                ids[finding.id] = len(ids)
                labels.append(
                    [
                        finding.id,
                        clean(finding.label.render(language)),
                        finding.good,
                        int(finding.headline),
                    ]
                )
            findings.append([ids[finding.id], *_numbers(finding, language)])
        packed.append(
            {
                "id": version.id,
                "name": version_name(version.manifest),
                "as_of": version.manifest.get("as_of") or "",
                "href": version.front(language),
                "f": findings,
                "m": [pool.place(part) for part in _made_of(version)],
                "r": [_packed_rows(version.rows(watched), pool) for watched in WATCHED],
            }
        )
    return {
        "versions": packed,
        "findings": labels,
        "pool": pool.values,
        "studies": _rests_on(),
        "tables": [
            {"title": watched.title.render(language), "terms": _terms(chosen, watched, language)}
            for watched in WATCHED
        ],
        "judgements": {name: text.render(language) for name, text in JUDGEMENTS.items()},
        "kinds": {name: text.render(language) for name, text in KINDS.items()},
    }


def _numbers(finding: Finding, language: str) -> list:
    interval = finding.interval
    bounds = [None, None] if interval is None else [float(interval.low), float(interval.high)]
    return [
        finding.value,
        *bounds,
        "–" if finding.value is None else clean(finding.render(language)),
    ]


def _made_of(version: Sealed) -> list[dict]:
    """Data, parameters, code and environment of a version, each as flat names and values."""
    manifest = version.manifest

    def part(name: str) -> Mapping:
        value = manifest.get(name)
        return value if isinstance(value, Mapping) else {}

    tables = part("data").get("tables") or {}
    prints = {
        name: facts.get("fingerprint") if isinstance(facts, Mapping) else facts
        for name, facts in tables.items()
    }
    data = {
        "": part("data").get("source"),
        **{name: str(value)[:12] for name, value in prints.items()},
    }
    parameters = {
        f"{study}.{name}": str(value)
        for study, values in part("parameters").items()
        if isinstance(values, Mapping)
        for name, value in values.items()
        if name not in ("findings", "lang", "data")
    }
    code = part("code")
    commit = {"": str(code.get("fingerprint") or code.get("commit") or "")[:12]}
    return [data, parameters, commit, {**part("packages"), "Python": manifest.get("python")}]


def _packed_rows(rows: Mapping[str, tuple[str, str]] | None, pool: Pool) -> int | None:
    if rows is None:
        return None
    return pool.place([[clean(key), clean(name), state] for key, (name, state) in rows.items()])


def _rests_on() -> dict[str, dict]:
    """Prefix → the studies that its findings come from, and the tables that these read."""
    studies = {study.name: study for study in all_studies()}
    return {
        study.prefix: {
            "studies": sorted(upstream(study.name)),
            "tables": sorted(
                {
                    table
                    for name in upstream(study.name)
                    if name in studies
                    for table in (*studies[name].needs, *studies[name].wants)
                }
            ),
        }
        for study in studies.values()
    }


def _terms(versions: Iterable[Sealed], watched: Watched, language: str) -> dict[str, str]:
    """Words of a watched table's codes, from the newest version that has it."""
    for version in versions:
        if (version.folder / "tables" / f"{watched.table}.csv").exists():
            frame = version.table(watched.table)
            words = {} if frame is None else frame.attrs.get("terms", {})
            columns = (watched.name, watched.state)
            return {
                code: Fixed(texts).render(language)
                for column in columns
                for code, texts in words.get(column, {}).items()
            }
    return {}
