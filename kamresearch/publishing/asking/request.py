"""What a publication was asked for, with every secret kept apart."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from kamresearch.data.addresses import is_address, read_address
from kamresearch.data.pseudonyms import KEY, read_key
from kamresearch.errors import ParameterError
from kamresearch.places import find_path
from kamresearch.publishing.asking import TIMEOUT
from kamresearch.publishing.asking.memory import memory_there_is
from kamresearch.publishing.asking.parameters import EVERY, ParameterSet, as_date, as_languages
from kamresearch.studies.declaration import StudyParams

SPARK = "spark:"
"""Before a folder that Apache Spark shall read."""


def cache_of(reports: Path) -> Path:
    """Where a shelf's executed notebooks, pages and facts about data are remembered."""
    return reports / ".cache"


@dataclass(frozen=True)
class Limits:
    """What each kernel may use: seconds for its study, bytes of memory, bytes of output."""

    timeout: float = TIMEOUT
    memory: int = 0
    output: int = 128 << 20


@dataclass(frozen=True)
class Request:
    """A publication as asked for.

    Parameters
    ----------
    root : Path
        The project: its ``notebooks/`` are run.
    reports : Path
        Where versions go.
    studies : tuple of str
        Names; empty for all.
    data, mapping : str
        As kernels shall see them: from the project, or from the user's home (``~/``); addresses
        without password.
    env : mapping
        What the process that opens the data gets, and no other: the password of an address, the
        key of pseudonyms.
    asked : ParameterSet
        Parameters by study.
    as_of, where : str or None
        None where not given.
    languages : tuple of str
        The first is that of ``index.html``.
    jobs : int
        Kernels at once.
    """

    root: Path
    reports: Path
    studies: tuple[str, ...] = ()
    data: str | None = None
    mapping: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    asked: ParameterSet = field(default_factory=ParameterSet)
    as_of: str | None = None
    where: str | None = None
    languages: tuple[str, ...] = ("en",)
    jobs: int = 1
    label: str = ""
    force: bool = False
    pseudonyms: str = ""
    """Mark of the key under which names, numbers and words give way; empty where they stay."""
    least: int = 0
    """Accounts below which no slice is told, nor can be worked out from others."""
    hindcast: bool = False
    """Whether it is made later than its day, from data cut back to it; of the studies named alone,
    since those that they read would cost more than they add.
    """
    swept: Mapping[str, Mapping] = field(default_factory=dict, repr=False)
    """Study → a sweep that its page shows: rows, and the cells that show them."""
    limits: Limits = field(default_factory=Limits)

    @property
    def secrets(self) -> list[str]:
        """Texts that must never be written anywhere."""
        return [value for value in self.env.values() if value]

    @property
    def cache(self) -> Path:
        """Where executed notebooks and facts about data are remembered."""
        return cache_of(self.reports)

    def options(self) -> dict[str, object]:
        """Parameters that are one for the version."""
        return {
            "data": self.data,
            "mapping": self.mapping,
            "where": self.where,
            "as_of": self.as_of,
            "lang": ",".join(self.languages),
        }


def make_request(
    root: Path,
    *,
    reports: Path | str | None = None,
    studies: tuple[str, ...] = (),
    data: str | None = None,
    mapping: str | None = None,
    asked: ParameterSet | None = None,
    as_of: str | None = None,
    where: str | None = None,
    lang: str | None = None,
    jobs: int | None = None,
    label: str | None = None,
    force: bool = False,
    pseudonymise: str | Path | None = None,
    suppress_small: int = 0,
    timeout: float | None = None,
    memory: float | None = None,
) -> Request:
    """A request with defaults filled in and everything checked that needs no study and no data."""
    asked = asked or ParameterSet()
    data, mapping = data or asked.data, mapping or asked.mapping
    if as_of is not None:
        as_date(as_of, "--as-of")
    jobs = jobs or _cores()
    if jobs < 1:
        raise ParameterError("--jobs", "at least 1", str(jobs), "leave it out for one job a core")
    for option, value in (("--timeout", timeout), ("--memory", memory)):
        if value is not None and not (isfinite(value) and value > 0):
            raise ParameterError(option, "a number above 0", str(value), "give another, or none")
    if reports and Path(reports).exists() and not Path(reports).is_dir():
        raise ParameterError(
            "--reports", "a folder, there or to be made", f"the file {reports}", "name another"
        )
    clean, env = _without_password(data) if data else (data, {})
    pseudonyms = read_key(pseudonymise) if pseudonymise else None
    if pseudonyms:
        env = {**env, KEY: pseudonyms.key}
    return Request(
        root=root,
        reports=Path(reports).absolute() if reports else root / "reports",
        studies=tuple(studies),
        data=clean and _shown_path(find_path(clean), root),
        mapping=mapping and _existing(mapping, root),
        env=env,
        asked=asked,
        as_of=as_of,
        where=where,
        languages=as_languages(lang or asked.lang or "en"),
        jobs=jobs,
        label=(label if label is not None else asked.label) or "",
        force=force,
        pseudonyms=pseudonyms.mark if pseudonyms else "",
        least=suppress_small,
        limits=Limits(
            timeout or Limits.timeout, int(memory * 2**30) if memory else _memory_share(jobs)
        ),
    )


def _without_password(data: str) -> tuple[str, dict[str, str]]:
    """A source as it may be shown, and the environment of the process that opens it."""
    if not is_address(data):
        return data, {}
    address = read_address(data)
    return address.shown, {address.variable: address.password} if address.password else {}


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _memory_share(jobs: int) -> int:
    """Four fifths of the memory that there is, shared by the kernels."""
    return int(memory_there_is() * 0.8 / jobs)


def _existing(text: str, root: Path) -> str:
    """A mapping's path, as seen from here or else from the project (parameter files name
    theirs so).
    """
    text = find_path(text)
    if not Path(text).is_file():
        raise ParameterError("--mapping", "a mapping.yml", f"no file {text}", "check the path")
    return _shown_path(text, root)


def _shown_path(text: str, root: Path) -> str:
    """A path as kernels see it and as it is sealed: from the project, or from the home of whoever
    reads it, so that no version tells where on a machine, and under which name, it was made.
    """
    if "://" in text:
        return text
    if text.startswith(SPARK):
        return SPARK + _shown_path(find_path(text.removeprefix(SPARK)), root)
    path = Path(text).absolute()
    path = path.resolve() if ".." in path.parts else path
    for base in (root, root.resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix() or "."
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  (pathlib's raises where there is none)
    if len(home.parts) > 1 and path.is_relative_to(home):
        return f"~/{path.relative_to(home).as_posix()}"
    return Path(os.path.relpath(path.resolve(), root.resolve())).as_posix()


def asked_day(request: Request, params: StudyParams) -> str:
    """The as-of day that was asked for; empty where it is to be the last order day of the data.

    The default of a params class belongs to the data that it names by default, and to no others.
    """
    stated = request.as_of or "as_of" in request.asked.values.get(EVERY, {})
    fields = type(params).model_fields
    return params.as_of if stated or params.data == fields["data"].default else ""


def on_day(params: Mapping[str, StudyParams], as_of: str) -> dict[str, StudyParams]:
    """Parameters of every study with the as-of day that the data settled."""
    return {name: one.model_copy(update={"as_of": as_of}) for name, one in params.items()}


def injected(params: StudyParams) -> dict[str, object]:
    """The parameters that go into a notebook: all of them; findings come from beside it."""
    return {**params.model_dump(mode="json"), "findings": "."}
