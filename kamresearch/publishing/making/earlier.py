"""What earlier versions of a company stated about the future, for a study that looks back."""

import json
from pathlib import Path

from kamresearch.errors import StoreError
from kamresearch.publishing.files import file_sha256, to_json, write_text
from kamresearch.publishing.planning.plan import Plan
from kamresearch.publishing.progress import Progress
from kamresearch.publishing.sealed.compare import same_series
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.store import Version, list_versions

STATED = "predictions.json"
"""In a version: what its studies stated about the future."""
EARLIER = "earlier.json"
"""In a version: what earlier ones had stated, as its studies read it."""


def write_stated(stated: list[dict], folder: Path) -> None:
    """Write what a version's notebooks stated into one file; none where they stated nothing."""
    if stated:
        write_text(folder / STATED, to_json(stated))


def look_back(plan: Plan, reports: Path, progress: Progress) -> Plan:
    """A plan with the statements that its studies shall score, where one of them looks back."""
    if not any(step.study.looks_back for step in plan.steps):
        return plan
    return plan.with_earlier(gather(reports, Manifest.model_validate(plan.facts()), progress))


def gather(reports: Path, manifest: Manifest, progress: Progress) -> list[dict]:
    """The statements of earlier versions of the same series, one version for each day of issue.

    Of a day's versions the one sealed first speaks: what was said later of the same day could know
    more. A version made later from cut-back data (a hindcast) speaks only where none was sealed.
    A version whose statements are not as sealed says nothing, and that is noted.
    """
    by_day: dict[str, Version] = {}
    for version in list_versions(reports):  # newest first: the first sealed of a day stays
        if version.damage or not same_series(manifest, version.manifest):
            continue
        rank = version.manifest.hindcast, version.manifest.moment
        day = version.manifest.as_of
        if day >= manifest.as_of or STATED not in version.manifest.files:
            continue
        kept = by_day.get(day)
        if kept is None or rank < (kept.manifest.hindcast, kept.manifest.moment):
            by_day[day] = version
    stated = []
    for _day, version in sorted(by_day.items()):
        try:
            stated += read_stated(version)
        except StoreError as error:
            progress.note(f"left out of the record: {error}")
    return stated


def read_stated(version: Version) -> list[dict]:
    """What a version stated, if it is as sealed."""
    path = version.path / STATED
    if file_sha256(path) != version.manifest.files.get(STATED):
        raise StoreError(
            f"version {version.id}",
            f"the {STATED} that was sealed",
            "one that was changed since",
            f"run `kam verify {version.id}`; restore the version from a copy",
        )
    facts = {"version": version.id, "hindcast": version.manifest.hindcast}
    return [{**one, **facts} for one in json.loads(path.read_text(encoding="utf-8"))]
