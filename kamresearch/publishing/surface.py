"""What a researcher types: ``kam.publish(…)``, ``kam.versions()``, ``kam.findings(version)``."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamresearch.errors import ParameterError, near_matches
from kamresearch.finding import Findings
from kamresearch.places import builtin_home, find_path, project_root, shelf_folder
from kamresearch.publishing.asking.parameters import (
    ParameterSet,
    parse_assignments,
    read_parameters,
)
from kamresearch.publishing.asking.request import Request, make_request
from kamresearch.publishing.progress import Progress, progress_for_python
from kamresearch.publishing.sealed.store import Version, find_version, list_versions

if TYPE_CHECKING:
    from kamresearch.data.period import Day
    from kamresearch.data.tables import Tables
    from kamresearch.features.account import AccountView
    from kamresearch.publishing.sealed.record import Record


def publish(
    studies: str | Iterable[str] = (),
    *,
    data: str | Path | None = None,
    mapping: str | Path | None = None,
    params: str | Path | Mapping[str, Mapping[str, object]] | None = None,
    as_of: str | None = None,
    where: str | None = None,
    lang: str | None = None,
    jobs: int | None = None,
    reports: str | Path | None = None,
    label: str | None = None,
    force: bool = False,
    timeout: float | None = None,
    memory: float | None = None,
    pseudonymise: str | Path | None = None,
    progress: Progress | None = None,
) -> Version:
    """Which version of the reports belongs to these inputs? The one on the shelf, or a new one,
    sealed.

    Parameters
    ----------
    studies : names, optional
        Studies to publish, with those that they read; all of them where empty.
    data, mapping : path or address
        The account data, and a mapping.yml that renames their columns.
    params : path or mapping
        A parameters file, or study (or ``all``) → name → value.
    as_of : str
        Nothing later than this day is seen.
    where : str
        One slice of the accounts as ``column=value``.
    lang : str
        Languages, ``en,zh``.
    jobs : int
        Kernels at once; one a core where not given.
    reports : path
        The shelf; ``reports/`` of the project where not given.
    label : str
        A text for people; it is no input.
    force : bool
        Run everything again even where nothing changed.
    timeout, memory : float
        Seconds, and GiB, that each study's kernel may use; as many as `Limits` says, and its share
        of the machine, where not given.
    pseudonymise : path
        A file with a key: pseudonyms stand for names and numbers, free text is dropped.
    progress : Progress, optional
        What the work reports to.

    Returns
    -------
    Version

    Raises
    ------
    ParameterError, DataError
        The request was wrong; nothing started.
    StudyError
        A study failed; its notebook is kept under ``failed/`` and named.
    StoreError
        The version could not be sealed.
    """
    request = ask(
        (studies,) if isinstance(studies, str) else tuple(studies),
        data=data and str(data),
        mapping=mapping and str(mapping),
        params=params,
        as_of=as_of,
        where=where,
        lang=lang,
        jobs=jobs,
        reports=reports,
        label=label,
        force=force,
        timeout=timeout,
        memory=memory,
        pseudonymise=pseudonymise,
    )
    from kamresearch.publishing.making.run import run  # heavy: whoever only looks needs it not

    told = progress or progress_for_python()
    try:
        return run(request, told)
    finally:
        if progress is None:
            told.end()


def ask(
    studies: tuple[str, ...] = (),
    *,
    params: str | Path | Mapping | None = None,
    assignments: Iterable[str] = (),
    **more: Any,
) -> Request:
    """A request from texts: a parameters file (or a name in ``params/``), ``study.name=value``
    over it, and options.
    """
    root = project_root()
    asked = ParameterSet(params) if isinstance(params, Mapping) else ParameterSet()
    if isinstance(params, (str, Path)):
        asked = read_parameters(_params_file(str(params), root))
    asked = parse_assignments(assignments).over(asked)
    if (root / "params" / "default.yml").is_file():
        asked = asked.over(read_parameters(root / "params" / "default.yml"))
    return make_request(root, studies=studies, asked=asked, **more)


def _params_file(text: str, root: Path) -> Path:
    """A file by its path, or by its name in ``params/``, the project's before the built-in."""
    path, name = Path(text), f"{Path(text).name}.yml"
    named = [base / "params" / name for base in (root, builtin_home())]
    found = [one for one in (path, Path(find_path(text)), *named) if one.is_file()]
    if found:
        return found[0]
    known = [one.stem for base in (root, builtin_home()) for one in base.glob("params/*.yml")]
    raise ParameterError(
        "--params",
        "a parameters file, or the name of one in params/",
        text,
        near_matches(text, known),
    )


def versions(reports: str | Path | None = None) -> list[Version]:
    """Every sealed version, newest first."""
    return list_versions(shelf_folder(reports))


def findings(version: str | Version, reports: str | Path | None = None) -> Findings:
    """The findings of a version, given by name (or its beginning, or ``latest``)."""
    return find(version, reports).findings


def account(
    source: "Tables | str | Version",
    key: str,
    as_of: "Day | None" = None,
    reports: str | Path | None = None,
) -> "AccountView | Record":
    """What is known of one account: of data as of a day, or as a sealed version holds it?

    Parameters
    ----------
    source : Tables, Version or str
        Opened data, or a version given by name (or its beginning, or ``latest``).
    key : str
        The account's number.
    as_of : str, date or Timestamp
        Of data: nothing later is seen. A version has its day already.
    reports : path
        The shelf, where a version is given by name.

    Returns
    -------
    AccountView or Record
        The view of `kamresearch.features.account.account`; of a version, its record.

    Raises
    ------
    DataError, StoreError
        No account of this number.
    ParameterError
        Data without a day, or a version with another.
    """
    from kamresearch.features.account import account as view_account
    from kamresearch.publishing.sealed.record import read_record

    if not isinstance(source, (str, Version)):
        if as_of is None:
            raise ParameterError("account", "the day as of which it is asked", "none", "give as_of")
        return view_account(source, key, as_of)
    if as_of is not None:
        raise ParameterError(
            "account", "a version alone, which has its own day", f"as_of={as_of!r}", "leave it out"
        )
    return read_record(find(source, reports), key)


def find(version: str | Version, reports: str | Path | None = None) -> Version:
    """A version itself, or the one of this name (or its beginning, or ``latest``) on the shelf."""
    if isinstance(version, Version):
        return version
    return find_version(shelf_folder(reports), str(version))
