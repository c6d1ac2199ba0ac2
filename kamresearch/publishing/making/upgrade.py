"""What a new release moves: a version's question asked again of the same data by today's code."""

from dataclasses import replace
from pathlib import Path

from kamresearch.errors import StoreError
from kamresearch.publishing.asking.parameters import ParameterSet
from kamresearch.publishing.asking.request import Request
from kamresearch.publishing.making.hands import Hands
from kamresearch.publishing.making.run import make_shelf, prepare, run
from kamresearch.publishing.making.verify import other_data, request_of
from kamresearch.publishing.progress import Progress
from kamresearch.publishing.sealed.compare import Comparison, compare
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies.declaration import all_studies

ASIDE = "upgrades"
"""Folder of the shelf for what is made here: on the shelf itself it would be told as news."""


def ask_again(version: Version, reports: Path, data: str | None, progress: Progress) -> Comparison:
    """A version against what this code says of the same data and parameters, sealed aside."""
    asked = request_of(version.manifest, reports / ASIDE, data)
    request = replace(_as_known_today(asked, version.id, progress), force=False)
    make_shelf(request)
    with Hands() as hands:
        others = other_data(version.manifest, prepare(request, hands, progress=progress))
    if others:
        raise StoreError(
            f"version {version.id}",
            "the data that it was made from",
            others,
            "restore them, or name where they lie with --data",
        )
    return compare(version, run(request, progress))


def _as_known_today(request: Request, version: str, progress: Progress) -> Request:
    """The request without what this release does not know, each told by name."""
    known = {study.name: study for study in all_studies()}
    values = {}
    for name, asked in request.asked.values.items():
        if name not in known:
            progress.note(f"{version}: this release has no study {name}; it is left out")
            continue
        fields = known[name].params.model_fields
        for gone in sorted(set(asked) - set(fields)):
            progress.note(f"{version}: this release has no parameter {name}.{gone}; left out")
        values[name] = {one: value for one, value in asked.items() if one in fields}
    studies = tuple(name for name in request.studies if name in known)
    return replace(request, asked=ParameterSet(values), studies=studies)
