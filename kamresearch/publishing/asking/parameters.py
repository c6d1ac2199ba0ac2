"""Parameters from files, the command line and Python → validated parameters of each study,
before any kernel starts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from pathlib import Path

from kamresearch.errors import DataError, ParameterError, StudyError, near_matches
from kamresearch.language import LANGUAGES, tongue
from kamresearch.studies.case import own_values
from kamresearch.studies.declaration import (
    Study,
    StudyParams,
    all_studies,
    expected_of,
    find_study,
)
from kamresearch.yamlfile import parse_yaml, read_keys

EVERY = "all"
"""The name under which a value is meant for every study that has such a parameter."""

OPTIONS = {
    "data": "--data",
    "mapping": "--mapping",
    "lang": "--lang",
    "findings": "publishing itself",
}
"""Parameters that are one for a whole version, and the option that sets each."""
NOT_INPUTS = tuple(OPTIONS)
"""Parameters that name where data lie or how pages read; the data themselves and the languages
count by their own.
"""
ONE_FOR_ALL = ("where", "as_of")
FOR_THE_VERSION = ("label", "lang", "data", "mapping")
"""What a parameters file may say beside the studies' own parameters; the command line's
options come first.
"""


@dataclass(frozen=True)
class ParameterSet:
    """What a file, the command line or a caller asked for: study or ``all`` → name → value."""

    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    label: str | None = None
    lang: str | None = None
    data: str | None = None
    mapping: str | None = None

    def over(self, other: "ParameterSet") -> "ParameterSet":
        """The other set with this one laid over it."""
        names = {**other.values, **self.values}
        merged = {
            name: {**other.values.get(name, {}), **self.values.get(name, {})} for name in names
        }
        return ParameterSet(
            merged, *(getattr(self, name) or getattr(other, name) for name in FOR_THE_VERSION)
        )


def read_parameters(path: Path) -> ParameterSet:
    """A parameters file: ``all:`` and studies by name, each with names and values; and what
    `FOR_THE_VERSION` names.
    """
    path = Path(path)
    content = read_keys(path, "see params/ for examples", ParameterError, texts=True)
    values = {}
    for name, part in content.items():
        if name in FOR_THE_VERSION:
            continue
        if part in (None, ""):
            part = {}
        if not isinstance(part, dict):
            raise ParameterError(
                f"{path}, {name}",
                "names and values below it",
                repr(part)[:80],
                "indent them under it",
            )
        values[_study_name(str(name), str(path))] = part
    return ParameterSet(values, *(_optional_text(content, name, path) for name in FOR_THE_VERSION))


def _optional_text(content: Mapping, name: str, path: Path) -> str | None:
    value = content.get(name)
    if isinstance(value, list):
        value = ",".join(map(str, value))
    if value is not None and not isinstance(value, str):
        raise ParameterError(f"{path}, {name}", "a text", repr(value)[:80], "write one text")
    return value


def parse_assignments(texts: Iterable[str], option: str = "-p") -> ParameterSet:
    """``study.name=value`` texts of the command line; everything after the first ``=`` is the
    value, as it stands.
    """
    values: dict[str, dict[str, object]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        study, dot, name = target.strip().partition(".")
        if not equals or not dot or not name:
            raise ParameterError(
                f"{option} {text}",
                "study.name=value",
                "another form",
                f"write for example {option} churn.seed=7",
            )
        values.setdefault(_study_name(study, option), {})[name] = value
    return ParameterSet(values)


def _study_name(name: str, where: str) -> str:
    if name == EVERY:
        return name
    for study in all_studies():
        number = study.notebook.partition("_")[0]
        names = (study.name, study.notebook, study.prefix)
        if name in names or (number.isdigit() and name == number):
            return study.name
    names = [EVERY, *(study.name for study in all_studies())]
    raise ParameterError(
        f"{where}, study {name!r}",
        "the name of a study, or all",
        "no such study",
        near_matches(name, names),
    )


def choose_studies(names: Iterable[str], alone: bool = False) -> tuple[Study, ...]:
    """The studies asked for, and, unless ``alone``, those whose findings they read; every study
    where none is named.
    """
    chosen = {find_asked_study(name).name for name in names} or {
        study.name for study in all_studies()
    }
    waiting = [] if alone else list(chosen)
    while waiting:
        more = set(find_study(waiting.pop()).reads) - chosen
        known = {study.name for study in all_studies()}
        chosen |= more & known
        waiting += more & known
    return in_order(study for study in all_studies() if study.name in chosen)


def find_asked_study(name: str) -> Study:
    """A study that a user named."""
    try:
        return find_study(name)
    except StudyError as error:  # nothing has started yet: the request is wrong
        raise ParameterError(error.where, error.expected, error.found, error.remedy) from None


def parameter_facts(study: Study) -> list[dict[str, object]]:
    """Name, default, what it can be and what it means, of each parameter of a study."""
    told = study.params.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "default": told[name].get("default"),
            "can_be": expected_of(study.params, name),
            "meaning": about.description or "",
            "schema": told[name],
        }
        for name, about in study.params.model_fields.items()
    ]


def in_order(studies: Iterable[Study]) -> tuple[Study, ...]:
    """Studies so that each stands after those that it reads, else by their notebooks' numbers."""
    waiting, done = list(studies), []
    names = {study.name for study in waiting}
    while waiting:
        ready = next(
            (one for one in waiting if not set(one.reads) & names - {study.name for study in done}),
            None,
        )
        if ready is None:
            loop = " → ".join(study.name for study in waiting)
            raise ParameterError(
                "studies",
                "no study that waits for itself",
                f"a circle: {loop}",
                "mend their `reads`",
            )
        waiting.remove(ready)
        done.append(ready)
    return tuple(done)


def validate(
    studies: Iterable[Study], asked: ParameterSet, options: Mapping[str, object]
) -> dict[str, StudyParams]:
    """Validated parameters of each study.

    Parameters
    ----------
    studies : iterable of Study
        Those to be run. Values for other studies are checked too, and then not used.
    asked : ParameterSet
        What the user set by name.
    options : mapping
        Values that are one for the version (``data``, ``mapping``, ``where``, ``as_of``, ``lang``);
        None is not set.
    """
    for name in asked.values:
        _refuse_options(name, asked.values[name])
    data = str(options.get("data") or StudyParams.model_fields["data"].default)
    mapping = str(options.get("mapping") or "")
    own = {study.name: own_values(data, mapping, study.name) for study in all_studies()}
    common = asked.values.get(EVERY, {})
    _refuse_unknown(common)
    done = {}
    for study in all_studies():
        fields = study.params.model_fields
        values = own[study.name] | {name: value for name, value in common.items() if name in fields}
        values |= asked.values.get(study.name, {})
        values |= {name: value for name, value in options.items() if value is not None}
        done[study.name] = _validated(study, values)
    return {study.name: done[study.name] for study in studies}


def _refuse_options(study: str, values: Mapping[str, object]) -> None:
    for name in values:
        if name in OPTIONS:
            raise ParameterError(
                f"parameter {study}.{name}",
                f"this to be set by {OPTIONS[name]}",
                "it set by name",
                f"write {name}: at the left edge of a parameters file, or use the option",
            )
        if name in ONE_FOR_ALL and study != EVERY:
            raise ParameterError(
                f"parameter {study}.{name}",
                f"{name} to be one for the version",
                "it set for one study",
                f"write all.{name}",
            )


def _refuse_unknown(common: Mapping[str, object]) -> None:
    known = {name for study in all_studies() for name in study.params.model_fields}
    for name in common:
        if name not in known:
            raise ParameterError(
                f"parameter {EVERY}.{name}",
                "a parameter of some study",
                "an unknown name",
                near_matches(name, known),
            )


def _validated(study: Study, values: Mapping[str, object]) -> StudyParams:
    for name, value in values.items():
        _check_text(f"parameter {study.name}.{name}", value)
    params = study.parameters({name: _typed(study, name, value) for name, value in values.items()})
    for name, value in params.model_dump().items():
        if isinstance(value, float) and not isfinite(value):
            raise ParameterError(
                f"parameter {study.name}.{name}", "a finite number", repr(value), "give a number"
            )
    as_date(params.as_of, f"parameter {study.name}.as_of")
    return params


def _typed(study: Study, name: str, value: object) -> object:
    """A text for a list-valued parameter may be written as YAML; everything else pydantic
    reads from its text.
    """
    about = study.params.model_fields.get(name)
    shape = str(getattr(about, "annotation", ""))
    if isinstance(value, str) and about is not None and about.annotation is not str:
        if any(
            word in shape for word in ("list", "tuple", "dict", "set[")
        ) and not shape.startswith("typing.Literal"):
            try:
                return parse_yaml(value, name, texts=True)
            except DataError:
                return value
        if (
            "None" in shape
            and "str" not in shape
            and value.strip() in ("", "null", "none", "None", "~")
        ):
            return None
    return value


def _check_text(where: str, value: object) -> None:
    texts = [value] if isinstance(value, str) else []
    if isinstance(value, (list, tuple)):
        texts = [one for one in value if isinstance(one, str)]
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise ParameterError(
                where, "text in UTF-8", "bytes that are none", "set the terminal to UTF-8"
            ) from None


def as_date(text: str, where: str) -> date:
    """A day that exists."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ParameterError(
            where, "a day that exists, as 2012-12-31", repr(text), "correct the date"
        ) from None


def as_languages(text: str) -> tuple[str, ...]:
    """Languages from a text such as ``en,zh``, each once."""
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in LANGUAGES]
    if unknown or not chosen:
        raise ParameterError(
            "--lang",
            f"languages out of {', '.join(LANGUAGES)}",
            repr(text),
            "write for example en,zh",
        )
    for code in LANGUAGES:  # findings and tables are told in all of them
        tongue(code)
    return chosen
