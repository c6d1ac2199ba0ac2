"""Two versions side by side: which findings moved beyond their interval, what could have moved
them, what came and went.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from kamresearch.finding import Finding, Findings
from kamresearch.language import Fixed, Text, format_quantity
from kamresearch.language import message as _
from kamresearch.publishing.sealed.causes import Cause, causes_between
from kamresearch.studies import all_studies


class Compared(Protocol):
    """What a version must offer to be compared."""

    manifest: Mapping[str, object]
    findings: Findings

    def table(self, table_id: str) -> pd.DataFrame | None:
        """A table of the version; None where it has none of this id."""


@dataclass(frozen=True)
class Watched:
    """A table whose rows readers follow from version to version."""

    table: str
    key: str
    name: str
    state: str | None
    title: Text


WATCHED = (
    Watched("churn.alerts", "account_id", "account_name", None, _("Accounts with an alert")),
    Watched("swot.items", "item_id", "text", "verdict", _("SWOT items")),
    Watched("targets.goals", "goal_id", "text", "status", _("Goals")),
)

JUDGEMENTS = {
    "beyond": _("moved beyond its interval"),
    "within": _("moved within its interval"),
    "changed": _("changed"),
    "same": _("unchanged"),
    "appeared": _("new"),
    "gone": _("no longer there"),
    "defined": _("can now be told"),
    "undefined": _("can no longer be told"),
}
ARROWS = {"better": "▲", "worse": "▼", "same": "≈"}


@dataclass(frozen=True)
class Move:
    """One finding in two versions, and how its difference is judged."""

    id: str
    before: Finding | None
    after: Finding | None
    judgement: str
    causes: tuple[str, ...] = ()

    @property
    def finding(self) -> Finding:
        """The finding as it is now, or as it was last."""
        return self.after or self.before

    @property
    def difference(self) -> float | None:
        """After minus before, where both are numbers."""
        if self.before is None or self.after is None or self.before.unit != self.after.unit:
            return None
        values = (self.before.value, self.after.value)
        if any(isinstance(value, (str, bool)) or value is None for value in values):
            return None
        return float(values[1]) - float(values[0])

    @property
    def tone(self) -> str:
        """``better`` or ``worse`` for the company; ``same`` where that cannot be said or the
        move stays inside.
        """
        good = self.finding.good
        if self.judgement not in ("beyond", "changed") or not self.difference or good == "neither":
            return "same"
        return "better" if (self.difference > 0) == (good == "up") else "worse"


@dataclass(frozen=True)
class RowChange:
    """Rows of a watched table that appeared, went, or changed their state; each as key and name."""

    table: str
    title: Text
    appeared: tuple[tuple[str, str], ...]
    gone: tuple[tuple[str, str], ...]
    turned: tuple[tuple[str, str, str, str], ...]
    terms: Mapping[str, Text] = field(default_factory=dict)

    def spoken(self, code: str, language: str) -> str:
        """A coded name or state in words; data values as they are."""
        return self.terms[code].render(language) if code in self.terms else code


@dataclass(frozen=True)
class Comparison:
    """What changed from one version to another."""

    older: Mapping[str, object]
    newer: Mapping[str, object]
    moves: tuple[Move, ...]
    causes: tuple[Cause, ...]
    rows: tuple[RowChange, ...]

    def move(self, finding_id: str) -> Move | None:
        """What happened to a finding."""
        return next((move for move in self.moves if move.id == finding_id), None)

    def chosen(self, *judgements: str) -> list[Move]:
        """The moves of some judgements, headline findings first."""
        found = [move for move in self.moves if move.judgement in judgements]
        return sorted(found, key=lambda move: not move.finding.headline)

    def view(self, finding_id: str, language: str) -> dict | None:
        """A finding's change in words for its card."""
        move = self.move(finding_id)
        return None if move is None else change_view(move, language)

    def to_dict(self) -> dict:
        """Plain values for ``--json``."""
        return {
            "older": self.older.get("version"),
            "newer": self.newer.get("version"),
            "causes": [cause.to_dict() for cause in self.causes],
            "findings": [
                {
                    "id": move.id,
                    "judgement": move.judgement,
                    "before": move.before and move.before.value,
                    "after": move.after and move.after.value,
                    "difference": move.difference,
                    "tone": move.tone,
                    "causes": list(move.causes),
                }
                for move in self.moves
            ],
            "rows": [
                {
                    "table": change.table,
                    "appeared": [list(row) for row in change.appeared],
                    "gone": [list(row) for row in change.gone],
                    "turned": [list(row) for row in change.turned],
                }
                for change in self.rows
            ],
        }


def compare(older: Compared, newer: Compared) -> Comparison:
    """What changed from an older version to a newer one.

    A finding moved *beyond its interval* when its new value lies outside the old interval and its
    old value outside the
    new one (where only one version has an interval, that one decides). Without any interval, every
    difference counts
    as *changed*. What could have moved it are those of data, parameters, code and environment that
    differ between the
    manifests and that its study, or a study whose findings it reads, rests on.
    """
    causes = causes_between(older.manifest, newer.manifest)
    ids = list(dict.fromkeys([*newer.findings, *older.findings]))
    moves = []
    for finding_id in ids:
        before = older.findings.get(finding_id, None)
        after = newer.findings.get(finding_id, None)
        judgement = judge(before, after)
        touching = (
            ()
            if judgement == "same"
            else tuple(
                dict.fromkeys(
                    cause.kind for cause in causes if cause.touches(_study_of(finding_id))
                )
            )
        )
        moves.append(Move(finding_id, before, after, judgement, touching))
    rows = tuple(
        change for watched in WATCHED if (change := _row_change(watched, older, newer)) is not None
    )
    return Comparison(older.manifest, newer.manifest, tuple(moves), causes, rows)


def predecessor(manifest: Mapping, manifests: Iterable[Mapping]) -> Mapping | None:
    """The version that a version is compared with: the newest one made before it of the same
    series.

    A series is one slice of one source; a label that is used again joins versions of different
    sources, a monthly
    export under a new name, say.
    """
    made = str(manifest.get("made") or "")
    earlier = [
        other
        for other in manifests
        if other.get("version") != manifest.get("version")
        and same_series(manifest, other)
        and (not made or str(other.get("made") or "") < made)
    ]
    return max(
        earlier,
        key=lambda other: (str(other.get("made") or ""), str(other.get("version"))),
        default=None,
    )


def same_series(one: Mapping, other: Mapping) -> bool:
    """Whether two versions speak of the same slice of the same source, or carry one label."""
    labels = {str(one.get("label") or ""), str(other.get("label") or "")}
    sources = {str((manifest.get("data") or {}).get("source")) for manifest in (one, other)}
    return slice_of(one) == slice_of(other) and (
        len(sources) == 1 or (len(labels) == 1 and labels != {""})
    )


def slice_of(manifest: Mapping) -> str:
    """The slice of the accounts that a version shows (``region=East``); empty for all."""
    if manifest.get("where"):
        return str(manifest["where"])
    parameters = manifest.get("parameters") or {}
    return next(
        (
            str(values["where"])
            for values in parameters.values()
            if isinstance(values, Mapping) and values.get("where")
        ),
        "",
    )


def judge(before: Finding | None, after: Finding | None) -> str:
    """One of `JUDGEMENTS` for a finding in two versions."""
    if before is None or after is None:
        return "appeared" if before is None else "gone"
    if before.value == after.value:
        return "same"
    if before.value is None or after.value is None:
        return "defined" if before.value is None else "undefined"
    if before.unit != after.unit:
        return "changed"
    bounds = [
        (one.interval, other.value)
        for one, other in ((before, after), (after, before))
        if one.interval
    ]
    if not bounds:
        return "changed"
    return (
        "beyond"
        if all(not interval.low <= value <= interval.high for interval, value in bounds)
        else "within"
    )


def _study_of(finding_id: str) -> str:
    prefix = finding_id.partition(".")[0]
    return next(
        (study.name for study in all_studies() if prefix in (study.prefix, study.name)), prefix
    )


def _row_change(watched: Watched, older: Compared, newer: Compared) -> RowChange | None:
    frames = (older.table(watched.table), newer.table(watched.table))
    if any(frame is None or watched.key not in frame.columns for frame in frames):
        return None
    before, after = (_rows(frame, watched) for frame in frames)
    appeared = tuple((key, after[key][0]) for key in after if key not in before)
    gone = tuple((key, before[key][0]) for key in before if key not in after)
    turned = tuple(
        (key, after[key][0], before[key][1], after[key][1])
        for key in after
        if key in before and before[key][1] != after[key][1]
    )
    terms = {
        code: Fixed(texts)
        for frame in frames
        for column in (watched.name, watched.state)
        for code, texts in frame.attrs.get("terms", {}).get(column, {}).items()
    }
    return RowChange(watched.table, watched.title, appeared, gone, turned, terms)


def _rows(frame: pd.DataFrame, watched: Watched) -> dict[str, tuple[str, str]]:
    names = frame[watched.name] if watched.name in frame.columns else frame[watched.key]
    states = (
        frame[watched.state] if watched.state in frame.columns else pd.Series("", index=frame.index)
    )
    return {
        str(key): (str(name), str(state))
        for key, name, state in zip(frame[watched.key], names, states, strict=True)
    }


def change_view(move: Move, language: str) -> dict:
    """A move in words: ``text``, ``tone`` and ``arrow`` for a card or a row."""
    words = JUDGEMENTS[move.judgement].render(language)
    if move.before is not None and move.judgement not in ("same", "gone"):
        was = move.before.render(language) if move.before.value is not None else "–"
        text = _("{judgement}; was {value}", judgement=words, value=was).render(language)
    else:
        text = words
    difference = move.difference or 0.0
    arrow = (
        ARROWS["same"]
        if move.judgement in ("same", "within") or not difference
        else "▲"
        if difference > 0
        else "▼"
    )
    return {
        "text": text,
        "tone": move.tone,
        "arrow": arrow,
        "difference": difference_text(move, language),
    }


def difference_text(move: Move, language: str) -> str:
    """After minus before with its sign; shares differ in percentage points."""
    if move.difference is None or move.judgement == "same":
        return ""
    # A difference of p-values is a plain number: "<0.001" is said of a p-value alone.
    changed = {"share": "share_change", "probability": "share_change", "p_value": "score"}
    unit = changed.get(move.finding.unit, move.finding.unit)
    return format_quantity(move.difference, unit, language, signed=True)
