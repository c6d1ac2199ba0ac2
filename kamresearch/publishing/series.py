"""Many versions as one frame: a finding through time, and findings under other choices, or by
other code.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.errors import ParameterError, StoreError, near_matches
from kamresearch.finding import Finding
from kamresearch.places import shelf_folder
from kamresearch.publishing.making.upgrade import ask_again
from kamresearch.publishing.progress import Progress, Silent, progress_for_python
from kamresearch.publishing.sealed.compare import Comparison, same_series
from kamresearch.publishing.sealed.compare import compare as compare_versions
from kamresearch.publishing.sealed.store import Version, list_versions
from kamresearch.publishing.surface import find, publish
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
        ``churn.rate``.
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
    return compare_versions(find(older, reports), find(newer, reports))


def sweep(
    study: str,
    *,
    data: str | Path | None = None,
    mapping: str | Path | None = None,
    as_of: str | None = None,
    params: Mapping[str, Mapping[str, object]] | None = None,
    reports: str | Path | None = None,
    progress: Progress | None = None,
    **choices: Iterable[object],
) -> "pd.DataFrame":
    """How far do a study's conclusions hang on choices?

    Parameters
    ----------
    study : str
        Its name; the studies that it reads are run with it.
    data, mapping, as_of, params
        As for `kamresearch.publish`; ``params`` holds what stays the same in all runs.
    reports : path
        Where the versions of the sweep go; ``reports/sweeps`` of the project where not given. What
        was run before is there already and costs nothing, so that a sweep goes on where it stopped.
    **choices
        Parameters of the study, each with the values to try (``window_days=[90, 180, 365]``); every
        combination is one run.

    Returns
    -------
    DataFrame
        One row a run and finding of the study: the parameters, then finding, label, value, low,
        high, level, n, unit, reason, version. The varied parameters stand in ``attrs["varied"]``
        and the findings in ``attrs["findings"]``, for `kam.figures.series.sweep` (one finding,
        run by run) and `kam.figures.series.multiverse` (all of them).

    Raises
    ------
    ParameterError
        No choice, an unknown parameter, a value out of its bounds, or more than 200 runs.

    Notes
    -----
    A multiverse analysis (Steegen et al. 2016) in its plain form: it shows how far results move,
    and says nothing of which choice is right.
    """
    return try_choices(
        study,
        choices,
        data=data,
        mapping=mapping,
        as_of=as_of,
        params=params,
        reports=reports,
        progress=progress or progress_for_python(),
    )


def try_choices(
    study: str,
    choices: Mapping[str, Iterable[object]],
    *,
    data: str | Path | None,
    mapping: str | Path | None,
    as_of: str | None,
    params: Mapping[str, Mapping[str, object]] | None = None,
    reports: str | Path | None,
    progress: Progress,
) -> "pd.DataFrame":
    """`sweep` for commands, where a parameter's name is a text that somebody typed."""
    import pandas as pd

    values = {name: list(some) for name, some in choices.items()}
    runs = [dict(zip(values, one, strict=True)) for one in product(*values.values())]
    if not values or not 0 < len(runs) <= MOST_RUNS:
        raise ParameterError(
            "sweep",
            f"one to {MOST_RUNS} runs",
            f"{len(runs) if values else 0} combinations",
            "name parameters, each with the values to try: window_days=[180, 365]",
        )
    folder = Path(reports) if reports else shelf_folder(None) / "sweeps"
    progress.begin(len(runs), f"Sweep of {study}")
    prefix = find_study(study).prefix
    rows, found = [], {}
    for chosen in runs:
        fixed = dict(params or {})
        version = publish(
            study,
            data=data,
            mapping=mapping,
            as_of=as_of,
            params={**fixed, study: {**fixed.get(study, {}), **chosen}},
            lang="en",
            reports=folder,
            progress=Silent(),
        )
        progress.advance(", ".join(f"{name}={value}" for name, value in chosen.items()))
        for finding in version.findings.values():
            if finding.id.partition(".")[0] != prefix:
                continue
            found[finding.id] = finding
            reason = finding.reason.render("en") if finding.reason else ""
            about = {"finding": finding.id, "label": finding.label.render("en")}
            rows.append(
                {**chosen, **about, **_numbers(finding), "reason": reason, "version": version.id}
            )
    progress.end()
    frame = pd.DataFrame(rows)
    frame.attrs["varied"], frame.attrs["findings"] = list(values), found
    return frame


def upgrade(
    version: str | Version | None = None,
    *,
    reports: str | Path | None = None,
    data: str | None = None,
    progress: Progress | None = None,
) -> list[Comparison]:
    """What does today's code say otherwise of the same data and the same parameters?

    Parameters
    ----------
    version : str or Version
        The version asked again; where not given, the newest of each series on the shelf (a slice
        of a source, or a label), hindcasts apart.
    reports : path
        The shelf; ``reports/`` of the project where not given. What is made anew is sealed in its
        folder ``upgrades`` and never told as news; asked again, it is there already.
    data : str
        Where the data lie now, when not where the version says; a server is asked only when it is
        named here.
    progress : Progress
        What the work reports to.

    Returns
    -------
    list of Comparison
        One a version, from it to what was made anew: findings that moved, beyond their intervals
        or not, those that came or went, and the causes (code, packages). ``.to_frame()`` gives a
        row a finding.

    Raises
    ------
    StoreError
        There is no version, or its data are others by now: then no difference would be the
        release's.

    Notes
    -----
    A parameter or study that this release no longer has is left out and told. New parameters take
    their defaults. Nothing on the shelf itself is touched.
    """
    folder, told = shelf_folder(reports), progress or progress_for_python()
    found = [find(version, folder)] if version else _newest_of_each_series(list_versions(folder))
    if not found:
        raise StoreError(str(folder), "a version to ask again", "none", "run `kam publish` first")
    return [ask_again(one, folder, data, told) for one in found]


def _newest_of_each_series(versions: list[Version]) -> list[Version]:
    """Of versions, newest first: the first of each slice of each source, hindcasts apart."""
    chosen: list[Version] = []
    for one in versions:
        known = any(same_series(one.manifest, other.manifest) for other in chosen)
        if not known and not one.manifest.hindcast:
            chosen.append(one)
    return chosen


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
