"""Two versions side by side: which findings moved beyond their interval, what could have moved
them, what came and went.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kamresearch.finding import Finding
from kamresearch.language import Fixed, format_quantity
from kamresearch.language import message as _
from kamresearch.publishing.outcome.followed import FollowedTable
from kamresearch.publishing.sealed.causes import Cause, causes_between
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.store import Version, list_versions
from kamresearch.studies import owner_of

if TYPE_CHECKING:
    import pandas as pd

JUDGEMENTS = {
    "beyond": _("moved beyond its interval"),
    "within": _("moved within its interval"),
    "changed": _("changed"),
    "same": _("unchanged"),
    "appeared": _("new"),
    "gone": _("no longer there"),
    "defined": _("can now be told"),
    "undefined": _("can no longer be told"),
    "other": _("speaks of something else now"),
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
        return self.after or cast(Finding, self.before)

    @property
    def difference(self) -> float | None:
        """After minus before, where both are numbers."""
        if self.before is None or self.after is None or self.before.unit != self.after.unit:
            return None
        if self.judgement == "other":
            return None
        values = (self.before.value, self.after.value)
        if any(isinstance(value, (str, bool)) or value is None for value in values):
            return None
        return float(cast(float, values[1])) - float(cast(float, values[0]))

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
    """Rows of a followed table that appeared, went, or turned; each as key and name."""

    table: str
    before: FollowedTable
    after: FollowedTable

    @property
    def appeared(self) -> tuple[tuple[str, str], ...]:
        """Rows that were not there before."""
        return tuple(
            (key, name)
            for key, (name, _state) in self.after.rows.items()
            if key not in self.before.rows
        )

    @property
    def gone(self) -> tuple[tuple[str, str], ...]:
        """Rows that are there no longer."""
        return tuple(
            (key, name)
            for key, (name, _state) in self.before.rows.items()
            if key not in self.after.rows
        )

    @property
    def turned(self) -> tuple[tuple[str, str, str, str], ...]:
        """Rows of another state: key, name, state before, state now."""
        return tuple(
            (key, name, self.before.rows[key][1], state)
            for key, (name, state) in self.after.rows.items()
            if key in self.before.rows and self.before.rows[key][1] != state
        )

    def title(self, language: str) -> str:
        """What the rows are."""
        return Fixed(self.after.title).render(language)

    def spoken(self, code: str, language: str) -> str:
        """A coded name or state in words; data values as they are."""
        known = self.after if code in self.after.terms else self.before
        return known.spoken(code, language)

    def became(self, key: str, language: str) -> str:
        """What became of a row that is gone, where its study says so; else empty."""
        return Fixed(self.after.left[key]).render(language) if key in self.after.left else ""


@dataclass(frozen=True)
class Comparison:
    """What changed from one version to another."""

    older: Manifest
    newer: Manifest
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
        """A finding's change in words for its card; None where there is nothing to tell."""
        move = self.move(finding_id)
        if move is None or move.judgement == "same":
            return None
        return change_view(move, language)

    def to_frame(self) -> "pd.DataFrame":
        """One row a finding: finding, label (English), judgement, before, after, difference, unit,
        tone, causes (kinds, joined by commas); what one version lacks is missing.
        """
        import pandas as pd

        columns = ["finding", "label", "judgement", "before", "after", "difference", "unit"]
        rows = [
            {
                "finding": move.id,
                "label": move.finding.label.render("en"),
                "judgement": move.judgement,
                "before": move.before and move.before.value,
                "after": move.after and move.after.value,
                "difference": move.difference,
                "unit": move.finding.unit,
                "tone": move.tone,
                "causes": ", ".join(move.causes),
            }
            for move in self.moves
        ]
        return pd.DataFrame(rows, columns=[*columns, "tone", "causes"])

    def to_dict(self) -> dict:
        """Plain values for ``--json``."""
        return {
            "older": self.older.version,
            "newer": self.newer.version,
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


def compare(older: Version, newer: Version) -> Comparison:
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
    other_money = older.manifest.data.currency != newer.manifest.data.currency

    @cache
    def touching_study(study: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cause.kind for cause in causes if cause.touches(study)))

    ids = list(dict.fromkeys([*newer.findings, *older.findings]))
    moves = []
    for finding_id in ids:
        before = older.findings.get(finding_id, None)
        after = newer.findings.get(finding_id, None)
        judgement = judge(before, after)
        if judgement in ("beyond", "changed", "within"):
            judgement = _as_seen(Move(finding_id, before, after, judgement), other_money)
        touching = () if judgement == "same" else touching_study(_study_of(finding_id))
        moves.append(Move(finding_id, before, after, judgement, touching))
    rows = tuple(
        RowChange(table, older.followed[table], after)
        for table, after in newer.followed.items()
        if table in older.followed
    )
    return Comparison(older.manifest, newer.manifest, tuple(moves), causes, rows)


def _as_seen(move: Move, other_money: bool) -> str:
    """The judgement of a move that a reader could check: a difference that rounds to nothing is
    none, and two events, or two currencies, are not one thing that moved.
    """
    before, after = cast(Finding, move.before), cast(Finding, move.after)
    if _named(before) != _named(after) or (other_money and move.finding.unit == "money"):
        return "other"
    text = difference_text(move, "en")
    return "same" if text and not re.search("[1-9]", text) else move.judgement


_MONTHS = "January February March April May June July August September October November December"


def _named(finding: Finding) -> str:
    """What a finding is of, without the numbers and days in its label, which move with it."""
    words = re.sub(r"[\d.,:/–-]+", "", finding.label.render("en")).split()
    return " ".join(word for word in words if word not in _MONTHS.split())


def predecessor(manifest: Manifest, manifests: Iterable[Manifest]) -> Manifest | None:
    """The version that a version is compared with: the newest one made before it of the same
    series.

    A series is one slice of one source; a label that is used again joins versions of different
    sources, a monthly
    export under a new name, say.
    """
    earlier = [
        other
        for other in manifests
        if other.version != manifest.version
        and not other.hindcast
        and same_series(manifest, other)
        and (not manifest.made or other.moment < manifest.moment)
    ]
    return max(earlier, key=lambda other: other.moment, default=None)


def previous_version(reports: Path, manifest: Manifest) -> Version | None:
    """The version on a shelf that a new one is compared with."""
    by_name = {version.id: version for version in list_versions(reports)}
    found = predecessor(manifest, [version.manifest for version in by_name.values()])
    return None if found is None else by_name[found.version]


def same_series(one: Manifest, other: Manifest) -> bool:
    """Whether two versions speak of the same slice of the same source, or carry one label; names
    never meet pseudonyms.
    """
    alike = one.slice == other.slice and one.data.pseudonyms == other.data.pseudonyms
    return alike and (
        one.data.source == other.data.source or bool(one.label) and one.label == other.label
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
        (one.interval, cast(float, other.value))
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
    owner = owner_of(finding_id)
    return owner.name if owner else finding_id.partition(".")[0]


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
