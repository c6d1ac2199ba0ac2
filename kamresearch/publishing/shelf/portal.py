"""The shelf: one page that lists every version, shows what moved, and compares any two. No
server needed.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from markupsafe import Markup

from kamresearch.figures.theme import clean, shorten
from kamresearch.finding import Finding
from kamresearch.language import LANGUAGES, Fixed, tongue
from kamresearch.language import message as _
from kamresearch.publishing.pages.changes import (
    ComparisonLinks,
    manifest_facts,
    render_comparison,
)
from kamresearch.publishing.pages.shell import fill, finish_page
from kamresearch.publishing.sealed.compare import (
    Comparison,
    compare,
    predecessor,
    same_series,
)
from kamresearch.publishing.sealed.store import Version, all_versions
from kamresearch.publishing.shelf.entries import PACKED, pack
from kamresearch.publishing.shelf.record import find_records, say_record

COMPARISONS = "comparisons"
TREND_POINTS = 24
"""Versions that a small trend shows at most."""
FAILURES = 20
"""Failed runs that the shelf lists at most."""
TRENDS = 6
"""Headline findings that a version shows on the shelf."""


def write_shelf(reports: Path) -> None:
    """Write ``index.html`` of a folder of versions, in every language, and a page for each version
    and the one before.

    Parameters
    ----------
    reports : Path
        The folder that holds the sealed versions. Those are only read.
    """
    reports = Path(reports)
    found = all_versions(reports)
    versions = [version for version in found if not version.damage]
    damaged = [version for version in found if version.damage]
    languages = _languages(versions)
    pairs = _pairs(versions)
    for older, newer in pairs.values():
        _write_comparison(reports, older, newer, languages)
    for language in languages:
        _write(
            reports / _page(language, languages),
            shelf_page(reports, versions, pairs, damaged, language, languages),
        )


def _languages(versions: Sequence[Version]) -> tuple[str, ...]:
    """Every language, that of the newest version first."""
    first = versions[0].manifest.languages[0] if versions else LANGUAGES[0]
    return (first, *(language for language in LANGUAGES if language != first))


def _page(language: str, languages: Sequence[str]) -> str:
    return "index.html" if language == languages[0] else f"index.{language}.html"


def _write(path: Path, text: str) -> None:
    """A page appears whole: written aside, then renamed."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _pairs(versions: Sequence[Version]) -> dict[str, tuple[Version, Version]]:
    """Id of a version → the version before it in its series, and itself."""
    by_id = {version.id: version for version in versions}
    manifests = [version.manifest for version in versions]
    found = {version.id: predecessor(version.manifest, manifests) for version in versions}
    return {id: (by_id[one.version], by_id[id]) for id, one in found.items() if one is not None}


def comparison_name(older: Version, newer: Version, language: str) -> str:
    """File name of the page that compares two versions."""
    return f"{older.id}--{newer.id}.{language}.html"


def _write_comparison(
    reports: Path, older: Version, newer: Version, languages: Sequence[str]
) -> None:
    """Version versions never change, so a comparison that is there is right."""
    names = {language: comparison_name(older, newer, language) for language in languages}
    folder = reports / COMPARISONS
    if all((folder / name).exists() for name in names.values()):
        return
    folder.mkdir(exist_ok=True)
    for language, name in names.items():
        links = ComparisonLinks(
            f"../{_page(language, languages)}",
            f"../{older.id}/{older.front(language)}",
            f"../{newer.id}/{newer.front(language)}",
            names,
        )
        _write(folder / name, render_comparison(older, newer, language, links))


def shelf_page(
    reports: Path,
    versions: Sequence[Version],
    pairs: dict[str, tuple[Version, Version]],
    damaged: Sequence[Version],
    language: str,
    languages: Sequence[str],
) -> str:
    """The shelf in one language."""
    packed = pack(versions, language)
    entries = [_entry(version, versions, pairs.get(version.id), language) for version in versions]
    links = [
        (code, tongue(code).name, None if code == language else _page(code, languages))
        for code in languages
    ]
    title = _("The shelf of versions").render(language)
    body = fill(
        "shelf.html.j2",
        language,
        title=title,
        language_links=links,
        entries=[one for one in entries if not one["hindcast"]],
        hindcasts=[one for one in entries if one["hindcast"]],
        records=_records(versions, language),
        failures=_failures(reports),
        damaged=[{"id": clean(one.id), "why": clean(one.damage)} for one in damaged],
        packed=_data_block(packed),
        options=packed["versions"],
        packed_most=PACKED,
    )
    return finish_page(body, language, f"kamresearch · {title}", kind="shelf")


def _records(versions: Sequence[Version], language: str) -> list[dict]:
    """How earlier predictions did, a line for each series, and where it can be read."""
    return [
        {
            "text": " ".join(text.render(language) for text in say_record(version)),
            "name": clean(version.manifest.name),
            "href": f"{version.id}/{version.front(language)}",
        }
        for version in find_records(versions)
    ]


def _data_block(data: dict) -> Markup:
    """JSON that cannot leave its script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  (no character is left that could end the element)


def _entry(
    version: Version,
    versions: Sequence[Version],
    pair: tuple[Version, Version] | None,
    language: str,
) -> dict:
    manifest = version.manifest
    comparison = compare(*pair) if pair else None
    source = manifest.data.source
    with manifest.data.told():
        trends = _trends(version, versions, comparison, language)
    return {
        "id": version.id,
        "name": clean(manifest.name),
        "href": f"{version.id}/{version.front(language)}",
        "facts": manifest_facts(manifest, language),
        "source": clean(Path(source).name if "://" not in source else source.split("@")[-1]),
        "slice": clean(manifest.slice),
        "hindcast": manifest.hindcast,
        "simulated": any(facts.simulated for facts in manifest.data.tables.values()),
        "trends": trends,
        "changes": _change_line(comparison, pair, language),
        "problems": [
            f"{clean(study)}: {clean(Fixed(reason).render(language))}"
            for study, reason in manifest.absent.items()
        ],
    }


def _change_line(
    comparison: Comparison | None, pair: tuple[Version, Version] | None, language: str
) -> dict | None:
    if comparison is None:
        return None
    older, newer = cast(tuple[Version, Version], pair)
    count = len(comparison.chosen("beyond", "changed", "defined", "undefined", "appeared", "gone"))
    text = _(
        "Findings that moved beyond their interval, changed, are new or are gone, against "
        "{older}: {n}.",
        older=clean(older.manifest.name),
        n=count,
    )
    return {
        "text": text.render(language),
        "href": f"{COMPARISONS}/{comparison_name(older, newer, language)}",
    }


def _failures(reports: Path) -> list[dict]:
    """Runs that made no version: why, and their kept notebooks."""
    folders = [path for path in (Path(reports) / "failed").glob("*") if path.is_dir()]
    return [_failure(folder, reports) for folder in sorted(folders, reverse=True)[:FAILURES]]


def _failure(folder: Path, reports: Path) -> dict:
    reason = folder / "reason.txt"
    lines = (
        reason.read_text(encoding="utf-8", errors="replace").splitlines() if reason.exists() else []
    )
    texts = [shorten(line.partition(" Kept: ")[0], 240) for line in lines if line.strip()]
    notebooks = [
        {"name": path.stem, "href": path.relative_to(reports).as_posix()}
        for path in sorted(folder.rglob("*.ipynb"))
    ]
    return {"run": folder.name, "texts": texts[:6], "notebooks": notebooks}


def _trends(
    version: Version, versions: Sequence[Version], comparison: Comparison | None, language: str
) -> list[dict]:
    """Headline findings with their way through the versions of the series up to this one."""
    series = [
        other
        for other in reversed(versions)
        if same_series(version.manifest, other.manifest)
        and other.manifest.moment <= version.manifest.moment
    ][-TREND_POINTS:]
    return [
        {
            "label": clean(finding.label.render(language)),
            "value": "–" if finding.value is None else clean(finding.render(language)),
            "simulated": finding.simulated,
            "spark": sparkline([_number(other, finding) for other in series]),
            "change": comparison.view(finding.id, language) if comparison else None,
        }
        for finding in version.findings.headlines()[:TRENDS]
    ]


def _number(version: Version, finding: Finding) -> float | None:
    if finding.id not in version.findings:
        return None
    value = version.findings[finding.id].value
    return None if isinstance(value, (bool, str)) or value is None else float(value)


def sparkline(values: Sequence[float | None]) -> dict | None:
    """Points of a small line in a box of 88 × 24, its last point apart; None with fewer than two
    numbers.

    >>> sparkline([1.0, None, 2.0])
    {'points': '3,21 85,3', 'x': 85.0, 'y': 3.0}
    """
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2 or known[-1][0] != len(values) - 1:
        return None
    low, high = min(value for _, value in known), max(value for _, value in known)

    def point(place: int, value: float) -> tuple[float, float]:
        x = 3 + 82 * place / (len(values) - 1)
        return round(x, 1), round(
            12.0 if high == low else 21 - 18 * (value - low) / (high - low), 1
        )

    points = [point(*one) for one in known]
    return {
        "points": " ".join(f"{x:g},{y:g}" for x, y in points),
        "x": points[-1][0],
        "y": points[-1][1],
    }
