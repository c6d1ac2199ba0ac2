"""Why two versions differ, read from their manifests: data, parameters, code, environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.studies import Study, all_studies

KINDS = {
    "data": _("Data"),
    "parameters": _("Parameters"),
    "code": _("Code"),
    "environment": _("Environment"),
}


@dataclass(frozen=True)
class Cause:
    """One difference between two manifests, and the studies that rest on it (empty: all of
    them).
    """

    kind: str
    text: Text
    studies: frozenset[str] = frozenset()

    def touches(self, study: str) -> bool:
        """Whether a study, or one whose findings it reads, rests on what differs."""
        return not self.studies or bool(self.studies & upstream(study))

    def to_dict(self) -> dict:
        """Plain values."""
        return {"kind": self.kind, "text": self.text.render("en"), "studies": sorted(self.studies)}


def upstream(name: str) -> frozenset[str]:
    """A study and all studies whose findings reach it."""
    by_name = {study.name: study for study in all_studies()}
    reached, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += by_name[one].reads if one in by_name else ()
    return frozenset(reached)


def causes_between(older: Mapping, newer: Mapping) -> tuple[Cause, ...]:
    """Every difference between two manifests that could move a finding."""
    return (
        *_data(older, newer),
        *_parameters(older, newer),
        *_code(older, newer),
        *_environment(older, newer),
    )


def _data(older: Mapping, newer: Mapping) -> list[Cause]:
    causes = []
    before, after = _part(older, "data"), _part(newer, "data")
    if before.get("source") != after.get("source"):
        causes.append(
            Cause(
                "data",
                _(
                    "Another source: {new} instead of {old}",
                    new=_short(after.get("source")),
                    old=_short(before.get("source")),
                ),
            )
        )
    tables = (_part(before, "tables"), _part(after, "tables"))
    for name in sorted({*tables[0], *tables[1]}):
        prints = [_fingerprint(facts.get(name)) for facts in tables]
        if prints[0] == prints[1]:
            continue
        if prints[0] is None:
            text = _("Table “{table}” is new", table=name)
        elif prints[1] is None:
            text = _("Table “{table}” is gone", table=name)
        else:
            text = _("Table “{table}” has other rows", table=name)
        users = frozenset(study.name for study in all_studies() if name in _tables_of(study))
        causes.append(Cause("data", text, users))
    told = (_part(older, "stories"), _part(newer, "stories"))
    other = [name for name in {*told[0], *told[1]} if told[0].get(name) != told[1].get(name)]
    if other:
        text = _("What the case itself says has changed")
        causes.append(Cause("data", text, frozenset(other)))
    return causes


def _tables_of(study: Study) -> tuple[str, ...]:
    return (*study.needs, *study.wants)


def _fingerprint(facts: object) -> object:
    return facts.get("fingerprint") if isinstance(facts, Mapping) else facts


def _parameters(older: Mapping, newer: Mapping) -> list[Cause]:
    causes = []
    before, after = _part(older, "parameters"), _part(newer, "parameters")
    for study in sorted({*before, *after}):
        if study not in before or study not in after:
            continue
        values = (_part(before, study), _part(after, study))
        for name in {**values[0], **values[1]}:
            if name in ("findings", "lang", "data") or values[0].get(name) == values[1].get(name):
                continue
            text = _(
                "{study}: {name} is {new} instead of {old}",
                study=study,
                name=name,
                new=_short(values[1].get(name)),
                old=_short(values[0].get(name)),
            )
            causes.append(Cause("parameters", text, frozenset({study})))
    return causes


def _code(older: Mapping, newer: Mapping) -> list[Cause]:
    before, after = _part(older, "code"), _part(newer, "code")
    keys = [key for key in ("fingerprint", "commit") if key in before and key in after][:1]
    if not keys or before[keys[0]] == after[keys[0]]:
        return []
    return [
        Cause("code", _("Commit {new} instead of {old}", new=_commit(after), old=_commit(before)))
    ]


def _commit(code: Mapping) -> str:
    mark = "" if code.get("clean", True) else "+"
    return str(code.get("commit") or code.get("fingerprint") or "?")[:10] + mark


def _environment(older: Mapping, newer: Mapping) -> list[Cause]:
    causes = []
    before, after = _part(older, "packages"), _part(newer, "packages")
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            text = _(
                "{package} {new} instead of {old}",
                package=name,
                new=after.get(name) or "–",
                old=before.get(name) or "–",
            )
            causes.append(Cause("environment", text))
    if older.get("python") != newer.get("python"):
        causes.append(
            Cause(
                "environment",
                _(
                    "{package} {new} instead of {old}",
                    package="Python",
                    new=newer.get("python") or "–",
                    old=older.get("python") or "–",
                ),
            )
        )
    return causes


def _part(manifest: Mapping, name: str) -> Mapping:
    part = manifest.get(name)
    return part if isinstance(part, Mapping) else {}


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else "…" + text[-59:]
