"""The shelf: one page that lists every version, shows what moved, and compares any two. No
server needed.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from kamresearch.figures.theme import clean, shorten
from kamresearch.finding import Finding
from kamresearch.language import LANGUAGES
from kamresearch.language import message as _
from kamresearch.language.format import money_in
from kamresearch.publishing.pages.changes import (
    ComparisonLinks,
    manifest_facts,
    render_comparison,
    version_name,
)
from kamresearch.publishing.pages.context import currency_of
from kamresearch.publishing.pages.shell import LANGUAGE_NAMES, fill, finish_page
from kamresearch.publishing.sealed.compare import (
    Comparison,
    compare,
    predecessor,
    same_series,
    slice_of,
)
from kamresearch.publishing.shelf.entries import PACKED, Sealed, pack, read_shelf

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
    versions = read_shelf(reports)
    languages = _languages(versions)
    pairs = _pairs(versions)
    for older, newer in pairs.values():
        _write_comparison(reports, older, newer, languages)
    for language in languages:
        _write(
            reports / _page(language, languages),
            shelf_page(reports, versions, pairs, language, languages),
        )


def _languages(versions: Sequence[Sealed]) -> tuple[str, ...]:
    """Every language, that of the newest version first."""
    first = versions[0].languages[0] if versions else LANGUAGES[0]
    return (first, *(language for language in LANGUAGES if language != first))


def _page(language: str, languages: Sequence[str]) -> str:
    return "index.html" if language == languages[0] else f"index.{language}.html"


def _write(path: Path, text: str) -> None:
    """A page appears whole: written aside, then renamed."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _pairs(versions: Sequence[Sealed]) -> dict[str, tuple[Sealed, Sealed]]:
    """Id of a version → the version before it in its series, and itself."""
    by_id = {version.id: version for version in versions}
    manifests = [version.manifest for version in versions]
    found = {version.id: predecessor(version.manifest, manifests) for version in versions}
    return {
        id: (by_id[str(one["version"])], by_id[id]) for id, one in found.items() if one is not None
    }


def comparison_name(older: Sealed, newer: Sealed, language: str) -> str:
    """File name of the page that compares two versions."""
    return f"{older.id}--{newer.id}.{language}.html"


def _write_comparison(
    reports: Path, older: Sealed, newer: Sealed, languages: Sequence[str]
) -> None:
    """Sealed versions never change, so a comparison that is there is right."""
    names = {language: comparison_name(older, newer, language) for language in languages}
    folder = reports / COMPARISONS
    if all((folder / name).exists() for name in names.values()):
        return
    folder.mkdir(exist_ok=True)
    for language, name in names.items():
        links = ComparisonLinks(
            f"../{_page(language, languages)}",
            f"../{older.front(language)}",
            f"../{newer.front(language)}",
            names,
        )
        _write(folder / name, render_comparison(older, newer, language, links))


def shelf_page(
    reports: Path,
    versions: Sequence[Sealed],
    pairs: dict[str, tuple[Sealed, Sealed]],
    language: str,
    languages: Sequence[str],
) -> str:
    """The shelf in one language."""
    packed = pack(versions, language)
    entries = [_entry(version, versions, pairs.get(version.id), language) for version in versions]
    links = [
        (code, LANGUAGE_NAMES[code], None if code == language else _page(code, languages))
        for code in languages
    ]
    title = _("The shelf of versions").render(language)
    body = fill(
        "shelf.html.j2",
        language,
        title=title,
        language_links=links,
        entries=entries,
        failures=_failures(reports),
        packed=_data_block(packed),
        options=packed["versions"],
        packed_most=PACKED,
    )
    return finish_page(body, language, f"kamresearch · {title}", kind="shelf")


def _data_block(data: dict) -> Markup:
    """JSON that cannot leave its script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  (no character is left that could end the element)


def _entry(
    version: Sealed, versions: Sequence[Sealed], pair: tuple[Sealed, Sealed] | None, language: str
) -> dict:
    manifest = version.manifest
    comparison = compare(*pair) if pair else None
    data = manifest.get("data") if isinstance(manifest.get("data"), dict) else {}
    source = str(data.get("source") or "")
    with money_in(currency_of(manifest)):
        trends = _trends(version, versions, comparison, language)
    return {
        "id": version.id,
        "name": version_name(manifest),
        "href": version.front(language),
        "facts": manifest_facts(manifest, language),
        "source": clean(Path(source).name if "://" not in source else source.split("@")[-1]),
        "slice": clean(slice_of(manifest)),
        "simulated": any(
            facts.get("simulated")
            for facts in (data.get("tables") or {}).values()
            if isinstance(facts, dict)
        ),
        "trends": trends,
        "changes": _change_line(comparison, pair, language),
        "problems": [
            *_reasons(manifest.get("failed"), language),
            *_reasons(manifest.get("absent"), language),
        ],
    }


def _change_line(
    comparison: Comparison | None, pair: tuple[Sealed, Sealed] | None, language: str
) -> dict | None:
    if comparison is None:
        return None
    count = len(comparison.chosen("beyond", "changed", "defined", "undefined", "appeared", "gone"))
    text = _(
        "Findings that moved beyond their interval, changed, are new or are gone, against "
        "{older}: {n}.",
        older=version_name(pair[0].manifest),
        n=count,
    )
    return {
        "text": text.render(language),
        "href": f"{COMPARISONS}/{comparison_name(*pair, language)}",
    }


def _reasons(reasons: object, language: str) -> list[str]:
    """Studies that are not there, with why."""
    if not isinstance(reasons, dict):
        return []
    return [
        (
            f"{clean(study)}: "
            f"{clean(reason.get(language) or next(iter(reason.values()), '') if isinstance(reason, dict) else reason)}"  # noqa: E501
        )
        for study, reason in reasons.items()
    ]


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
    version: Sealed, versions: Sequence[Sealed], comparison: Comparison | None, language: str
) -> list[dict]:
    """Headline findings with their way through the versions of the series up to this one."""
    made = (str(version.manifest.get("made") or ""), version.id)
    series = [
        other
        for other in reversed(versions)
        if same_series(version.manifest, other.manifest)
        and (str(other.manifest.get("made") or ""), other.id) <= made
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


def _number(version: Sealed, finding: Finding) -> float | None:
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
