"""A version, and a comparison of two, as lines for a terminal."""

from collections.abc import Iterator

from kamresearch.finding import Finding
from kamresearch.language import Quantity, render
from kamresearch.publishing.sealed.compare import JUDGEMENTS, Comparison
from kamresearch.publishing.sealed.store import Version


def describe(version: Version) -> Iterator[str]:
    """What a version holds: where it came from, and its headline findings with n and interval."""
    facts, manifest = version.summary(), version.manifest
    yield f"{facts['version']}  {facts['label']}".rstrip()
    yield f"  path      {facts['path']}"
    yield f"  made      {facts['made']}"
    yield f"  as of     {facts['as_of']}"
    yield f"  data      {facts['data']}" + (f"  where {facts['where']}" if facts["where"] else "")
    code = manifest.code
    yield f"  code      {(code.commit or code.fingerprint)[:12]}" + (
        " with changes" if code.clean is False else ""
    )
    for name, one in manifest.studies.items():
        taken = " (taken over from an earlier run)" if one.reused else ""
        yield f"  study     {name}  {one.seconds:.1f} s{taken}"
    for name, reason in facts["absent"].items():
        yield f"  left out  {name}: it {reason['en']}"
    for finding in version.findings.headlines():
        yield f"  {finding.id:<34} {show_finding(finding)}"


def show_finding(finding: Finding) -> str:
    """Value, interval and n in a line."""
    if finding.value is None:
        return f"– ({render(finding.reason, 'en')})"
    text = finding.render("en")
    if finding.interval:
        low, high = (
            Quantity(bound, finding.unit).render("en")
            for bound in (finding.interval.low, finding.interval.high)
        )
        text += f"  [{low} to {high}]"
    return (
        text
        + ("" if finding.n is None else f"  n = {finding.n:,}")
        + ("  simulated" if finding.simulated else "")
    )


def describe_comparison(comparison: Comparison) -> Iterator[str]:
    """What moved, and what could have moved it."""
    yield f"{comparison.older.version} → {comparison.newer.version}"
    for cause in comparison.causes:
        yield f"  cause: {cause.kind}: {cause.text.render('en')}"
    shown = [move for move in comparison.moves if move.judgement != "same"]
    for move in shown:
        before, after = (
            "–" if one is None or one.value is None else one.render("en")
            for one in (move.before, move.after)
        )
        yield f"  {move.id:<34} {before} → {after}  {JUDGEMENTS[move.judgement].render('en')}"
    for change in comparison.rows:
        for key, name in change.appeared:
            yield f"  {change.table}: new: {key} {name}"
        for key, name in change.gone:
            why = change.became(key, "en")
            yield f"  {change.table}: gone{f' ({why})' if why else ''}: {key} {name}"
        for key, name, was, now in change.turned:
            yield f"  {change.table}: {key} {name}: {was} → {now}"
    yield f"{len(shown)} of {len(comparison.moves)} findings differ"
