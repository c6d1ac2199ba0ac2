"""What a study declares before it runs: its parameters, its inputs, and everything it promises
to show.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kamresearch.errors import ParameterError, StudyError, near_matches
from kamresearch.language import LANGUAGES, Text
from kamresearch.places import builtin_home, project_root
from kamresearch.result import Result

HOUSE_MODULES = {
    "case",
    "declaration",
    "kinds",
    "measured",
    "outputs",
    "own",
    "places",
    "readings",
    "session",
}


class StudyParams(BaseModel):
    """Parameters that every study has; each study's own class adds to them.

    The fields, in this order and with these defaults, are the notebook's ``parameters`` cell (a
    test compares).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, strict=False)

    data: str = Field(
        "data/cases/geely_volvo", description="Folder, file or address of the account data."
    )
    mapping: str = Field(
        "", description="A mapping.yml that renames a company's own columns; empty for none."
    )
    where: str = Field("", description="One slice of the accounts as column=value; empty for all.")
    as_of: str = Field(
        "2012-12-31",
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        description="Nothing later than this day is seen.",
    )
    findings: str = Field(
        "", description="Folder of executed notebooks whose findings this study reads."
    )
    lang: str = Field("en", description="Languages to show, separated by commas.")
    seed: int = Field(0, ge=0, description="Seed of everything random.")

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages to show, in the order asked for."""
        chosen = tuple(part.strip() for part in self.lang.split(",") if part.strip())
        unknown = [part for part in chosen if part not in LANGUAGES]
        if unknown or not chosen:
            raise ParameterError(
                "parameter 'lang'",
                f"languages out of {', '.join(LANGUAGES)}",
                repr(self.lang),
                "write for example en,zh",
            )
        return chosen


class Promise(NamedTuple):
    """Ids of what a study must show, or say why not."""

    findings: tuple[str, ...]
    figures: tuple[str, ...]
    tables: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.findings, *self.figures, *self.tables)


@dataclass(frozen=True)
class Study:
    """A study's promise. A run that loses a section, finding, figure or table without saying why
    fails.

    Parameters
    ----------
    name : str
        The name used on the command line and as the first part of finding ids' notebooks:
        ``sales_trend``.
    notebook : str
        File name in ``notebooks/`` without its ending: ``02_sales_trend``.
    title, question : Text
        As the reader sees them.
    params : type of StudyParams
        Its parameters class.
    prefix : str
        First part of the ids of its findings, tables and figures: ``trend``.
    needs : tuple of str
        Tables without which the study cannot run at all; publishing then says so and leaves the
        study out.
    wants : tuple of str
        Optional tables; without one, the section that needs it says so.
    looks_back : bool
        Whether it reads what earlier versions stated about the future.
    predicts : bool
        Whether hindcasts are made of it. A study may state something about the future without, and
        it is sealed with each version: the list of actions rests on studies that have no hindcast,
        and looks back on itself.
    reads : tuple of str
        Names of the studies whose findings it reads.
    sections : tuple of str
        Its sections, in order; they stand in the tags of the notebook's headings.
    results : tuple of str
        The types of the results that it presents, by their full names: what they declare, the study
        promises (`promised`).
    findings, figures, tables : tuple of str
        Ids of what it shows beside its results.
    totals : tuple of (str, tuple of str)
        A finding and those that add up to it; an empty id stands for the ``n`` of the first part.
    counted : tuple of (str, str)
        A finding that is a share of its own ``n``, and the finding that counts it.
    listed : tuple of (str, str)
        A finding that counts accounts, and the table that lists them by ids in its first column.
    profiles : str
        Id of the table each of whose rows may have a page of its own; empty for none.
    front : bool
        Whether its page is a version's front door.
    decides : Text, optional
        What its page lets a reader decide.
    answer : tuple of str
        Findings whose sentences answer its question, at most three; where none is named, its first
        headlines do.
    answer_figure : str
        The figure beside the answer; where none is named, that of the answer's findings.
    method : tuple of str
        Sections that say how it was found out: a page folds them, paper leaves them out.
    folder : Path, optional
        Where a study that is not built in lies; found, not declared.
    """

    name: str
    notebook: str
    title: Text
    question: Text
    params: type[StudyParams]
    prefix: str
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    looks_back: bool = False
    predicts: bool = False
    reads: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    totals: tuple[tuple[str, tuple[str, ...]], ...] = ()
    counted: tuple[tuple[str, str], ...] = ()
    listed: tuple[tuple[str, str], ...] = ()
    profiles: str = ""
    front: bool = False
    decides: Text | None = None
    answer: tuple[str, ...] = ()
    answer_figure: str = ""
    method: tuple[str, ...] = ()
    folder: Path | None = None

    @cached_property
    def promised(self) -> Promise:
        """The findings, figures and tables that it must show, or say why not: those of its results
        and those named beside. Imports the analyses of its results.
        """
        kinds = [_find_result(name) for name in self.results]
        shown = [one for kind in kinds for one in kind.shows]
        return Promise(
            (*(id for kind in kinds for id in kind.exports), *self.findings),
            (*(one.id for one in shown if not one.by), *self.figures),
            (*(one.id for one in shown if one.by), *self.tables),
        )

    def owns(self, id: str) -> bool:
        """Whether a finding, figure or table is one of this study's."""
        mine = id.partition(".")[0] in (self.prefix, self.name)
        return mine or id in (*self.findings, *self.figures, *self.tables)

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The tables that its page hangs on: those that it reads, the words of data values, and the
        names of managers.
        """
        return tuple(dict.fromkeys((*self.needs, *self.wants, "terms", "managers")))

    @property
    def path(self) -> Path:
        """Its notebook: in its own folder, else the project's, else as built in."""
        name = f"{self.notebook}.ipynb"
        if self.folder is not None:
            return self.folder / name
        own = project_root() / "notebooks" / name
        return own if own.exists() else builtin_home() / "notebooks" / name

    def parameters(self, values: dict) -> StudyParams:
        """Validated parameters; unknown names, wrong types and values out of range are refused
        in words.
        """
        known = self.params.model_fields
        for name in values:
            if name not in known:
                raise ParameterError(
                    f"parameter {self.name}.{name}",
                    "a parameter of this study",
                    "an unknown name",
                    near_matches(name, known),
                )
        try:
            params = self.params(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            about = known[name].description if name in known else ""
            raise ParameterError(
                f"parameter {self.name}.{name}",
                expected_of(self.params, name)
                if name in known and first["type"] != "value_error"
                else first["msg"].removeprefix("Value error, "),
                repr(first["input"]),
                about or "see the study's parameters",
            ) from None
        params.languages  # noqa: B018  (an unknown language is refused here, before a kernel starts)
        return params


def _find_result(name: str) -> type[Result]:
    module, _, kind = name.rpartition(".")
    return getattr(import_module(module), kind)


KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
}
"""JSON Schema's words for kinds of values → ours."""

BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
    "minLength": "of at least {} characters",
    "pattern": "of the form {}",
}
"""JSON Schema's words for bounds → ours."""

DAY = r"^\d{4}-\d{2}-\d{2}$"


def expected_of(params: type[StudyParams], name: str) -> str:
    """What a parameter can be, in words.

    >>> expected_of(StudyParams, "seed"), expected_of(StudyParams, "as_of")
    ('a whole number from 0', 'a day, as 2012-12-31')
    """
    schema = params.model_json_schema()["properties"][name]
    options = schema.get("anyOf", [schema])
    told = []
    for one in options:
        choices = one.get("enum") or ([one["const"]] if "const" in one else [])
        if choices:
            told.append("one of " + ", ".join(map(str, choices)))
        elif one.get("pattern") == DAY:
            told.append("a day, as 2012-12-31")
        elif one.get("type") in KINDS:
            bounds = [words.format(one[key]) for key, words in BOUNDS.items() if key in one]
            told.append(" ".join([KINDS[one["type"]], *bounds]))
        else:
            told.append("nothing")
    return ", or ".join(dict.fromkeys(told))


def all_studies() -> tuple[Study, ...]:
    """Every study, in the order of their notebooks: those of the house, those of installed
    packages, and those of the project, which may take the place of one by its name.
    """
    return _studies_of(project_root())


@lru_cache(maxsize=8)
def _studies_of(root: Path) -> tuple[Study, ...]:
    from kamresearch.studies.own import own_studies

    by_name = {study.name: study for study in [*house_studies(), *own_studies(root, Study)]}
    return tuple(sorted(by_name.values(), key=lambda study: study.notebook))


@lru_cache(maxsize=1)
def house_studies() -> tuple[Study, ...]:
    """The studies of the house: what a warmed parent may know, since no project changes them."""
    import kamresearch.studies as package

    names = [
        module.name for module in iter_modules(package.__path__) if module.name not in HOUSE_MODULES
    ]
    return tuple(import_module(f"{package.__name__}.{name}").STUDY for name in names)


def owner_of(id: str, studies: Iterable[Study] | None = None) -> Study | None:
    """The study that shows a finding, figure or table: the one that declares it, else the one of
    its prefix.
    """
    return _owner_known(id, project_root()) if studies is None else _owner_among(id, studies)


@lru_cache(maxsize=4096)
def _owner_known(id: str, root: Path) -> Study | None:
    return _owner_among(id, _studies_of(root))


def _owner_among(id: str, studies: Iterable[Study]) -> Study | None:
    known = {one.name: one for one in studies}
    owners = [one for one in known.values() if one.owns(id)]
    declared = [one for one in owners if id in one.promised.ids] if len(owners) > 1 else owners
    return next(iter([*declared, *owners]), None)


def find_study(name: str) -> Study:
    """The study of a name, of a notebook's name, or of a notebook's number: ``churn``,
    ``04_churn``, ``04``.
    """
    for study in all_studies():
        number = study.notebook.split("_")[0]
        if name in (study.name, study.notebook, number if number.isdigit() else study.name):
            return study
    raise StudyError(
        f"study {name!r}",
        "the name of a study",
        "no such study",
        near_matches(name, [study.name for study in all_studies()]),
    )
