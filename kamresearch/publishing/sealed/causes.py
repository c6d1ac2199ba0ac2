"""Why two versions differ, read from their manifests: data, parameters, code, environment."""

from collections.abc import Iterator
from dataclasses import dataclass

from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.publishing.asking.parameters import NOT_INPUTS
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.studies import all_studies

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


def causes_between(older: Manifest, newer: Manifest) -> tuple[Cause, ...]:
    """Every difference between two manifests that could move a finding."""
    return (
        *_data(older, newer),
        *_parameters(older, newer),
        *_code(older, newer),
        *_environment(older, newer),
    )


def _data(older: Manifest, newer: Manifest) -> Iterator[Cause]:
    before, after = older.data, newer.data
    if before.source != after.source:
        text = _(
            "Another source: {new} instead of {old}",
            new=_short(after.source),
            old=_short(before.source),
        )
        yield Cause("data", text)
    if before.currency != after.currency:
        text = _(
            "Money is in {new} instead of {old}",
            new=after.currency or "–",
            old=before.currency or "–",
        )
        yield Cause("data", text)
    elif before.mapping_text != after.mapping_text:
        yield Cause("data", _("The mapping of the data reads otherwise"))
    for name in sorted({*before.tables, *after.tables}):
        prints = [
            facts.tables[name].fingerprint if name in facts.tables else None
            for facts in (before, after)
        ]
        if prints[0] == prints[1]:
            continue
        if prints[0] is None:
            text = _("Table “{table}” is new", table=name)
        elif prints[1] is None:
            text = _("Table “{table}” is gone", table=name)
        else:
            text = _("Table “{table}” has other rows", table=name)
        users = frozenset(study.name for study in all_studies() if name in study.rests_on)
        yield Cause("data", text, users)
    told = {*older.stories, *newer.stories}
    other = {name for name in told if older.stories.get(name) != newer.stories.get(name)}
    if other:
        text = _("What the case itself says has changed")
        yield Cause("data", text, frozenset(other))


def _parameters(older: Manifest, newer: Manifest) -> Iterator[Cause]:
    for study in sorted({*older.parameters} & {*newer.parameters}):
        before, after = older.parameters[study], newer.parameters[study]
        for name in {**before, **after}:
            if name in NOT_INPUTS or before.get(name) == after.get(name):
                continue
            text = _(
                "{study}: {name} is {new} instead of {old}",
                study=study,
                name=name,
                new=_short(after.get(name)),
                old=_short(before.get(name)),
            )
            yield Cause("parameters", text, frozenset({study}))


def _code(older: Manifest, newer: Manifest) -> Iterator[Cause]:
    pairs = [
        (getattr(older.code, name), getattr(newer.code, name)) for name in ("fingerprint", "commit")
    ]
    known = [pair for pair in pairs if all(pair)]
    if known and known[0][0] != known[0][1]:
        text = _("Commit {new} instead of {old}", new=newer.code.short, old=older.code.short)
        yield Cause("code", text)


def _environment(older: Manifest, newer: Manifest) -> Iterator[Cause]:
    before, after = (
        {**one.packages, **({"Python": one.python} if one.python else {})} for one in (older, newer)
    )
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            text = _(
                "{package} {new} instead of {old}",
                package=name,
                new=after.get(name) or "–",
                old=before.get(name) or "–",
            )
            yield Cause("environment", text)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else "…" + text[-59:]
