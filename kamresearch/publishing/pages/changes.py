"""What changed between two versions, as a reader sees it: a block on the briefing, and a page
of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from markupsafe import Markup

from kamresearch.figures.theme import clean
from kamresearch.finding import Finding
from kamresearch.language import LANGUAGES, Quantity, Text, format_quantity, message, tongue
from kamresearch.language import message as _
from kamresearch.publishing.pages.shell import fill, finish_page
from kamresearch.publishing.pages.views import Href
from kamresearch.publishing.sealed.causes import KINDS
from kamresearch.publishing.sealed.compare import (
    JUDGEMENTS,
    Comparison,
    Move,
    RowChange,
    compare,
    difference_text,
)
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies import owner_of

MOVED = ("beyond", "changed", "defined", "undefined", "other", "appeared", "gone")
"""Judgements that a reader wants to see; the others fold away."""
TOP = 10
"""Lines of what matters most; everything that moved stands folded below them."""
NAMED = 4
"""Rows that such a line names."""
MONEY = ("money", "cny")
LISTED = 12
"""Causes or rows of one kind that are listed before the rest folds away."""


@dataclass(frozen=True)
class ComparisonLinks:
    """Where a comparison's page leads: the shelf, either version, and the same page in another
    language.
    """

    shelf: str | None = None
    older: str | None = None
    newer: str | None = None
    languages: Mapping[str, str] | None = None


def render_comparison(
    older: Version, newer: Version, language: str, links: ComparisonLinks | None = None
) -> str:
    """A whole page that compares two versions, complete in one file.

    Parameters
    ----------
    older, newer : Version
        The versions.
    language : str
        Language of the page.
    links : ComparisonLinks, optional
        Addresses beside it; without them the page links to nothing.
    """
    links = links or ComparisonLinks()
    addresses = links.languages or {}
    with newer.manifest.data.told():
        view = comparison_view(compare(older, newer), language, lambda _id: None)
    names = {
        side: clean(version.manifest.name) for side, version in (("older", older), ("newer", newer))
    }
    title = _("{newer} against {older}", **names).render(language)
    body = fill(
        "comparison.html.j2",
        language,
        title=title,
        names=names,
        links=links,
        language_links=[
            (code, tongue(code).name, None if code == language else addresses.get(code))
            for code in LANGUAGES
            if code == language or code in addresses
        ],
        facts={
            side: manifest_facts(version.manifest, language)
            for side, version in (("older", older), ("newer", newer))
        },
        view=view,
    )
    return finish_page(body, language, title, kind="comparison")


def changes_block(comparison: Comparison, language: str, href: Href) -> Markup:
    """On the briefing: what changed since the version before, and what could have moved it.

    What stayed is counted there and listed where the two versions are compared: a briefing has to
    be light.
    """
    view = comparison_view(comparison, language, href, stayed=False)
    return fill("changes.html.j2", language, view=view, older=clean(comparison.older.name))


def manifest_facts(manifest: Manifest, language: str) -> list[str]:
    """A version in a line: as of which day, made when, under which id."""
    days = ((_("As of {date}"), manifest.as_of), (_("Made {date}"), manifest.made))
    facts = [
        message(text.template, date=_day(day, language)).render(language)
        for text, day in days
        if day
    ]
    named = [clean(manifest.version)] if manifest.label and manifest.version else []
    return facts + named + ([_("hindcast").render(language)] if manifest.hindcast else [])


def _day(text: str, language: str) -> str:
    try:
        return format_quantity(text[:10], "date", language)
    except ValueError:
        return clean(text)


def comparison_view(
    comparison: Comparison, language: str, href: Href, *, stayed: bool = True
) -> dict:
    """A comparison for its templates: a sentence, causes by kind, findings that moved and
    (``stayed``) did not, rows.
    """
    moved, still = comparison.chosen(*MOVED), comparison.chosen("within", "same") if stayed else []
    kinds = {
        kind: [
            clean(cause.text.render(language)) for cause in comparison.causes if cause.kind == kind
        ]
        for kind in KINDS
    }
    return {
        "summary": _summary(comparison).render(language),
        "causes": [
            {"kind": KINDS[kind].render(language), "texts": texts[:LISTED], "rest": texts[LISTED:]}
            for kind, texts in kinds.items()
            if texts
        ],
        "top": _top(comparison, language, href),
        "moved": [_move_view(move, language, href) for move in moved],
        "still": [_move_view(move, language, href) for move in still],
        "rows": [_rows_view(change, language) for change in comparison.rows if _touched(change)],
        "unexplained": bool(moved) and not comparison.causes,
    }


def _top(comparison: Comparison, language: str, href: Href) -> list[dict]:
    """What matters most, in order: money that moved beyond its interval, what followed rows
    became, other headlines that moved, then what can or can no longer be told.
    """
    moves = [
        move
        for move in comparison.chosen("beyond", "changed", "defined", "undefined", "other")
        if move.finding.headline or (move.judgement == "beyond" and move.finding.unit in MONEY)
    ]
    ranked = [(_weight(move), _move_line(move, comparison, language, href)) for move in moves]
    ranked += [
        (weight, line)
        for change in comparison.rows
        for weight, line in _row_lines(change, language)
    ]
    return [line for _rank, line in sorted(ranked, key=lambda one: -one[0])][:TOP]


def _weight(move: Move) -> float:
    """Larger for what matters more: its kind first, then how far it moved for its size."""
    if move.difference is None:
        return 1.0
    size = abs(move.difference) / (abs(float(cast(float, cast(Finding, move.before).value))) or 1.0)
    kind = {"beyond": 3.0, "changed": 2.0}[move.judgement]
    return kind + (3.0 if move.finding.unit in MONEY else 0.0) + 0.99 * size / (1.0 + size)


def _move_line(move: Move, comparison: Comparison, language: str, href: Href) -> dict:
    view = _move_view(move, language, href)
    text = f"{view['label']}: {view['before']['value']} → {view['after']['value']}"
    said = view["difference"] or view["judgement"]
    owner = owner_of(move.id)
    causes = [
        clean(cause.text.render(language))
        for cause in comparison.causes
        if owner is None or cause.touches(owner.name)
    ]
    return {
        "text": _("{moved} ({how})", moved=text, how=said).render(language),
        "tone": view["tone"],
        "href": view["href"],
        "why": causes[:2],
    }


def _row_lines(change: RowChange, language: str) -> list[tuple[float, dict]]:
    view = _rows_view(change, language)
    weights = {_("Turned").render(language): 5.0, _("Went").render(language): 4.0}
    lines = []
    for part in view["parts"]:
        texts = [*part["texts"], *part["rest"]]
        names = _("; ").render(language).join(texts[:NAMED])
        more = len(texts) - NAMED
        if more > 0:
            names = _("{names} and {n} more", names=names, n=more).render(language)
        text = _("{what}, {how}: {names}", what=view["title"], how=part["label"], names=names)
        line = {"text": text.render(language), "tone": "same", "href": None, "why": []}
        lines.append((weights.get(part["label"], 2.5), line))
    return lines


def _summary(comparison: Comparison) -> Text:
    def count(*judgements: str) -> Quantity:
        return Quantity(len(comparison.chosen(*judgements)), "count")

    return _(
        "Of {all} findings, {beyond} moved beyond their interval, {changed} without an "
        "interval changed, "
        "{within} moved within it and {same} stayed; {new} are new and {gone} are gone.",
        all=Quantity(len(comparison.moves), "count"),
        beyond=count("beyond"),
        changed=count("changed", "defined", "undefined"),
        within=count("within"),
        same=count("same"),
        new=count("appeared"),
        gone=count("gone"),
    )


def _move_view(move: Move, language: str, href: Href) -> dict:
    difference = difference_text(move, language)
    return {
        "id": move.id,
        "label": clean(move.finding.label.render(language)),
        # What rounds to nothing is neither better nor worse for a reader.
        "tone": move.tone if any(digit in difference for digit in "123456789") else "same",
        "before": _side(move.before, language),
        "after": _side(move.after, language),
        "difference": difference,
        "judgement": JUDGEMENTS[move.judgement].render(language),
        "causes": [KINDS[kind].render(language) for kind in move.causes],
        "href": href(move.finding.figure) if move.finding.figure else None,
    }


def _side(finding: Finding | None, language: str) -> dict:
    if finding is None or finding.value is None:
        return {"value": "–", "interval": ""}
    interval = finding.interval
    bounds = (
        ""
        if interval is None
        else _(
            "{low} to {high}",
            low=Quantity(interval.low, finding.unit),
            high=Quantity(interval.high, finding.unit),
        ).render(language)
    )
    return {"value": clean(finding.render(language)), "interval": bounds}


def _touched(change: RowChange) -> bool:
    return bool(change.appeared or change.gone or change.turned)


def _rows_view(change: RowChange, language: str) -> dict:
    def spoken(text: str) -> str:
        return clean(change.spoken(text, language))

    def pair(row: tuple[str, ...]) -> str:
        return spoken(row[1]) if row[0] == row[1] else f"{spoken(row[1])} ({clean(row[0])})"

    def with_fate(row: tuple[str, ...]) -> str:
        became = clean(change.became(row[0], language))
        return f"{pair(row)}: {became}" if became else pair(row)

    def part(label: Text, rows: tuple, shown: Callable[[tuple], str]) -> dict:
        texts = [shown(row) for row in rows]
        return {
            "label": label.render(language),
            "texts": texts[:LISTED],
            "rest": texts[LISTED:],
            "n": len(texts),
        }

    parts = [
        part(_("Appeared"), change.appeared, pair),
        part(_("Went"), change.gone, with_fate),
        part(
            _("Turned"),
            change.turned,
            lambda row: f"{pair(row)}: {spoken(row[2])} → {spoken(row[3])}",
        ),
    ]

    return {"title": clean(change.title(language)), "parts": [one for one in parts if one["n"]]}
