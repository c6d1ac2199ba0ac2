"""The shelf's versions packed as data, so that a page can compare any two itself."""

import json
from collections.abc import Sequence

from kamresearch.figures.theme import clean
from kamresearch.finding import Finding
from kamresearch.language import Fixed
from kamresearch.publishing.asking.parameters import NOT_INPUTS
from kamresearch.publishing.outcome.followed import FollowedTable
from kamresearch.publishing.sealed.causes import KINDS, upstream
from kamresearch.publishing.sealed.compare import JUDGEMENTS
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies import all_studies

PACKED = 60
"""Newest versions that the page can compare with each other; older ones stay listed, and `kam
diff` compares them.
"""
ROWS_PACKED = 400
"""Rows of a followed table that the page holds at most."""


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


def pack(versions: Sequence[Version], language: str) -> dict:
    """The newest versions in short: what the page's script needs to compare any two of them.

    ``versions``: name, data fingerprints, parameters, commit and packages as places in ``pool``,
    findings as
    ``[place of id, value, low, high, text]``, rows of watched tables. ``studies``: prefix → what
    its findings rest on.
    """
    chosen = list(versions[:PACKED])
    followed = {id: table for version in reversed(chosen) for id, table in version.followed.items()}
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
                "name": clean(version.manifest.name),
                "as_of": version.manifest.as_of,
                "href": f"{version.id}/{version.front(language)}",
                "f": findings,
                "m": [pool.place(part) for part in _made_of(version)],
                "r": [_packed_rows(version.followed.get(id), pool) for id in followed],
            }
        )
    return {
        "versions": packed,
        "findings": labels,
        "pool": pool.values,
        "studies": _rests_on(),
        "tables": [
            {"title": _say(table.title, language), "terms": _terms(table, language)}
            for table in followed.values()
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


def _made_of(version: Version) -> list[dict]:
    """Data, parameters, code and environment of a version, each as flat names and values."""
    manifest = version.manifest
    prints = {name: facts.fingerprint[:12] for name, facts in manifest.data.tables.items()}
    parameters = {
        f"{study}.{name}": str(value)
        for study, values in manifest.parameters.items()
        for name, value in values.items()
        if name not in NOT_INPUTS
    }
    code = {"": (manifest.code.fingerprint or manifest.code.commit or "")[:12]}
    return [
        {"": manifest.data.source, **prints},
        parameters,
        code,
        {**manifest.packages, "Python": manifest.python},
    ]


def _packed_rows(table: FollowedTable | None, pool: Pool) -> int | None:
    if table is None:
        return None
    rows = list(table.rows.items())[:ROWS_PACKED]
    return pool.place([[clean(key), clean(name), state] for key, (name, state) in rows])


def _say(texts: dict[str, str], language: str) -> str:
    return Fixed(texts).render(language)


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
                    for table in studies[name].rests_on
                }
            ),
        }
        for study in studies.values()
    }


def _terms(table: FollowedTable, language: str) -> dict[str, str]:
    """Words of a followed table's codes."""
    return {code: _say(texts, language) for code, texts in table.terms.items()}
