"""Many versions as one frame: a finding through time, and findings under other choices."""

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.errors import ParameterError, near_matches
from kamresearch.finding import Finding
from kamresearch.publishing.progress import Progress, Silent
from kamresearch.publishing.sealed.compare import Comparison
from kamresearch.publishing.sealed.compare import compare as compare_versions
from kamresearch.publishing.sealed.store import Version, find_version, list_versions
from kamresearch.publishing.surface import publish, shelf_folder
from kamresearch.studies.declaration import find_study

if TYPE_CHECKING:
    import pandas as pd

MOST_RUNS = 200
"""Choices in one sweep; more than these are a mistake rather than a question."""


def history(finding_id: str, *, reports: str | Path | None = None) -> "pd.DataFrame":
    """How did a finding go from version to version?

    Parameters
    ----------
    finding_id : str
        ``churn.rate_12m``.
    reports : path
        The shelf; ``reports/`` of the project where not given.

    Returns
    -------
    DataFrame
        One row a sealed version that holds the finding, by its day and then by when it was made:
        version, as_of (day), made (UTC), label, hindcast, currency, value, low, high, level, n,
        unit. The finding's label and unit stand in ``attrs``, for `kam.figures.series.history`.

    Raises
    ------
    ParameterError
        No version holds a finding of this id.

    Notes
    -----
    Versions of other companies, slices or parameters on the same shelf are rows too: they have a
    label, and it is for the reader to choose among them.
    """
    import pandas as pd

    rows, known, newest = [], set(), None
    for version in list_versions(shelf_folder(reports)):
        known |= set(version.findings)
        finding = version.findings.get(finding_id)
        if finding is None:
            continue
        newest = newest or finding
        manifest = version.manifest
        rows.append(
            {
                "version": version.id,
                "as_of": pd.Timestamp(manifest.as_of),
                "made": pd.Timestamp(manifest.made),
                "label": manifest.label or "",
                "hindcast": bool(manifest.hindcast),
                "currency": manifest.data.currency or "",
                **_numbers(finding),
            }
        )
    if newest is None:
        raise ParameterError(
            "history",
            "a finding that some version holds",
            finding_id,
            near_matches(finding_id, known) if known else "publish a version first",
        )
    frame = pd.DataFrame(rows).sort_values(["as_of", "made", "version"], ignore_index=True)
    frame.attrs["finding"] = newest
    return frame


def compare(
    older: str | Version, newer: str | Version, *, reports: str | Path | None = None
) -> Comparison:
    """What changed from one version to another? Each by name (or its beginning, or ``latest``).

    ``.to_frame()`` gives one row a finding.
    """
    folder = shelf_folder(reports)
    both = [
        one if isinstance(one, Version) else find_version(folder, one) for one in (older, newer)
    ]
    return compare_versions(*both)


def sweep(
    study: str,
    choices: Mapping[str, Iterable[object]],
    *,
    data: str | Path | None = None,
    mapping: str | Path | None = None,
    as_of: str | None = None,
    params: Mapping[str, Mapping[str, object]] | None = None,
    reports: str | Path | None = None,
    progress: Progress | None = None,
) -> "pd.DataFrame":
    """How far do a study's conclusions hang on choices?

    Parameters
    ----------
    study : str
        Its name; the studies that it reads are run with it.
    choices : mapping
        Parameter of the study → the values to try; every combination is one run.
    data, mapping, as_of, params
        As for `kamresearch.publish`; ``params`` holds what stays the same in all runs.
    reports : path
        Where the versions of the sweep go; ``reports/sweeps`` of the project where not given. What
        was run before is there already and costs nothing, so that a sweep goes on where it stopped.

    Returns
    -------
    DataFrame
        One row a run and finding of the study: the parameters, then finding, label, value, low,
        high, level, n, unit, reason, version. The varied parameters stand in ``attrs["varied"]``
        and the findings in ``attrs["findings"]``, for `kam.figures.series.sweep`.

    Raises
    ------
    ParameterError
        No choice, an unknown parameter, a value out of its bounds, or more than 200 runs.

    Notes
    -----
    A multiverse analysis (Steegen et al. 2016) in its plain form: it shows how far results move,
    and says nothing of which choice is right.
    """
    import pandas as pd

    values = {name: list(some) for name, some in choices.items()}
    runs = [dict(zip(values, one, strict=True)) for one in product(*values.values())]
    if not values or not 0 < len(runs) <= MOST_RUNS:
        raise ParameterError(
            "sweep",
            f"one to {MOST_RUNS} runs",
            f"{len(runs) if values else 0} combinations",
            "name parameters, each with the values to try: {'window_days': [180, 365]}",
        )
    folder = Path(reports) if reports else shelf_folder(None) / "sweeps"
    told = progress or Silent()
    prefix = find_study(study).prefix
    rows, found = [], {}
    for number, chosen in enumerate(runs, start=1):
        said = ", ".join(f"{name}={value}" for name, value in chosen.items())
        told.note(f"{number}/{len(runs)} {study}: {said}")
        fixed = dict(params or {})
        version = publish(
            study,
            data=data,
            mapping=mapping,
            as_of=as_of,
            params={**fixed, study: {**fixed.get(study, {}), **chosen}},
            lang="en",
            reports=folder,
        )
        for finding in version.findings.values():
            if finding.id.partition(".")[0] != prefix:
                continue
            found[finding.id] = finding
            reason = finding.reason.render("en") if finding.reason else ""
            about = {"finding": finding.id, "label": finding.label.render("en")}
            rows.append(
                {**chosen, **about, **_numbers(finding), "reason": reason, "version": version.id}
            )
    frame = pd.DataFrame(rows)
    frame.attrs["varied"], frame.attrs["findings"] = list(values), found
    return frame


def _numbers(finding: Finding) -> dict:
    bounds = finding.interval
    return {
        "value": finding.value,
        "low": bounds.low if bounds else None,
        "high": bounds.high if bounds else None,
        "level": bounds.level if bounds else None,
        "n": finding.n,
        "unit": finding.unit,
    }
