"""The kinds of output by which a study speaks to what publishes it: one class each.

A notebook file keeps them as JSON objects with a ``kind`` (`read_output` reads one, ``to_dict``
writes it). A field with a default is written only where it says something else: outputs without it
are read as well, those of older releases too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, Literal, Self

from kamresearch.errors import StudyError

Texts = Mapping[str, str]
"""Language → text."""


@cache
def _fields_of(kind: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the fields of a kind, and of those that it does not do without."""
    every = fields(kind)
    return tuple(one.name for one in every), tuple(
        one.name for one in every if one.default is MISSING and one.default_factory is MISSING
    )


@dataclass(frozen=True)
class _Stored:
    """An object as a notebook file keeps it."""

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """The object out of its stored form; what this release does not know of it is left out."""
        known, needed = _fields_of(cls)
        lacking = [name for name in needed if name not in content]
        if lacking:
            raise StudyError(
                f"an output of a notebook ({cls.__name__})",
                f"its fields {', '.join(known)}",
                f"no {', '.join(lacking)}",
                "publish the study again",
            )
        return cls(**{name: cls._read(name, content[name]) for name in known if name in content})

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        """A field's value out of its stored form."""
        return value

    def to_dict(self) -> dict[str, Any]:
        """The stored form."""
        told = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.default is MISSING or value != one.default:
                told[one.name] = _plain(value)
        return told


def _plain(value: Any) -> Any:
    if isinstance(value, _Stored):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


@dataclass(frozen=True)
class ColumnHead(_Stored):
    """A column of a table: its name, its unit, its head and the words of its coded values."""

    name: str
    unit: str
    label: Texts
    terms: Mapping[str, Texts]


def _heads(stored: Sequence[Mapping]) -> tuple[ColumnHead, ...]:
    return tuple(ColumnHead.from_dict(one) for one in stored)


@dataclass(frozen=True)
class FollowedBy(_Stored):
    """By which columns readers follow a table's rows from version to version, and what became of
    those that left.
    """

    title: Texts
    key: str
    name: str
    state: str
    left: Mapping[str, Texts]


@dataclass(frozen=True)
class _Output(_Stored):
    """Base of all kinds."""

    kind: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """The stored form, which says its kind."""
        return {"kind": self.kind, **super().to_dict()}


@dataclass(frozen=True)
class TableOutput(_Output):
    """A table: rows as data, heads and coded values in every language.

    ``rows_total``: how many there were before the output was cut; ``rows_shown``: how many a page
    shows, 0 for all of them.
    """

    kind: ClassVar[Literal["table"]] = "table"
    id: str
    title: Texts
    caption: Texts | None
    columns: tuple[ColumnHead, ...]
    rows: list[list]
    rows_total: int
    rows_shown: int
    simulated: bool
    cards: bool = False
    followed: FollowedBy | None = None

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        if name == "columns":
            return _heads(value)
        return FollowedBy.from_dict(value) if name == "followed" else value

    @property
    def names(self) -> list[str]:
        """Names of its columns."""
        return [column.name for column in self.columns]


@dataclass(frozen=True)
class FigureOutput(_Output):
    """A figure in one language; its picture is another form of the same output."""

    kind: ClassVar[Literal["figure"]] = "figure"
    id: str
    lang: str
    simulated: bool
    title: str
    caption: str
    alt: str
    data: TableOutput
    says: str = ""

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        return TableOutput.from_dict(value) if name == "data" else value


@dataclass(frozen=True)
class FindingsOutput(_Output):
    """Findings that the study exports, each as `kamresearch.finding.Finding.to_dict` writes it."""

    kind: ClassVar[Literal["findings"]] = "findings"
    findings: list[dict]


@dataclass(frozen=True)
class CardsOutput(_Output):
    """Findings that the study shows, and that this or another study exports."""

    kind: ClassVar[Literal["cards"]] = "cards"
    findings: list[dict]


@dataclass(frozen=True)
class TextOutput(_Output):
    """Paragraphs in one language."""

    kind: ClassVar[Literal["text"]] = "text"
    lang: str
    paragraphs: list[str]


@dataclass(frozen=True)
class CaveatOutput(_Output):
    """Cautions in one language."""

    kind: ClassVar[Literal["caveat"]] = "caveat"
    lang: str
    paragraphs: list[str]


@dataclass(frozen=True)
class AbsentOutput(_Output):
    """Why what the study declares is not here, in one language."""

    kind: ClassVar[Literal["absent"]] = "absent"
    lang: str
    paragraphs: list[str]
    ids: list[str]


@dataclass(frozen=True)
class StoryOutput(_Output):
    """What the case itself says at a section, in one language."""

    kind: ClassVar[Literal["story"]] = "story"
    lang: str
    section: str
    who: str
    paragraphs: list[str]


@dataclass(frozen=True)
class FactsOutput(_Output):
    """What a study knows of each account: one row a fact."""

    kind: ClassVar[Literal["facts"]] = "facts"
    columns: list[str]
    rows: list[list]
    rows_total: int


@dataclass(frozen=True)
class ProposalsOutput(_Output):
    """What a study would do for each account: one row a proposal."""

    kind: ClassVar[Literal["proposals"]] = "proposals"
    columns: list[str]
    rows: list[list]
    rows_total: int


@dataclass(frozen=True)
class FactsPart(_Stored):
    """A part of the pages of subjects: some columns of each one's row in the index."""

    title: Texts
    form: Literal["facts"]
    names: list[str]


@dataclass(frozen=True)
class RowsPart(_Stored):
    """A part of the pages of subjects: each one's rows in another table, as rows or as bars.

    ``totals``: how many rows they have, of those subjects of whom not all are here.
    """

    title: Texts
    form: Literal["rows", "bars"]
    caption: Texts | None
    columns: tuple[ColumnHead, ...]
    rows: Mapping[str, list[list]]
    totals: Mapping[str, int] | None = None

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        return _heads(value) if name == "columns" else value


@dataclass(frozen=True)
class ProfilesOutput(_Output):
    """What stands on the pages of the subjects that the table of the same id lists."""

    kind: ClassVar[Literal["profiles"]] = "profiles"
    id: str
    keys: list[str]
    lead: Texts
    parts: tuple[FactsPart | RowsPart, ...]
    simulated: bool

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        if name != "parts":
            return value
        return tuple(
            (FactsPart if part["form"] == "facts" else RowsPart).from_dict(part) for part in value
        )


@dataclass(frozen=True)
class PredictionsOutput(_Output):
    """Statements about the future, one row each, with the revenue that was known at their issue.

    ``same``: the columns whose value is one for all rows, and which no row repeats.
    ``hindcast``, ``version``: what publishing adds where a later version scores them.
    """

    kind: ClassVar[Literal["predictions"]] = "predictions"
    prediction: str
    label: Texts
    columns: list[str]
    rows: list[list]
    known_revenue: float
    simulated: bool
    known_by_account: list[float] | None = None
    same: dict[str, Any] = field(default_factory=dict)
    hindcast: bool = False
    version: str = ""


@dataclass(frozen=True)
class OutcomesOutput(_Output):
    """What came of earlier statements by this version's data: outcome, account_id, issued, due,
    actual, one row each.
    """

    kind: ClassVar[Literal["outcomes"]] = "outcomes"
    rows: list[list]
    hindcast: bool = False
    version: str = ""


Output = (
    TableOutput
    | FigureOutput
    | FindingsOutput
    | CardsOutput
    | TextOutput
    | CaveatOutput
    | AbsentOutput
    | StoryOutput
    | FactsOutput
    | ProposalsOutput
    | ProfilesOutput
    | PredictionsOutput
    | OutcomesOutput
)
"""Any of them; ``match`` tells them apart."""

KINDS: Mapping[str, type[Output]] = {one.kind: one for one in Output.__args__}


def read_output(content: Mapping[str, Any]) -> Output | None:
    """An output out of its stored form; None for a kind of another release, which nothing here
    could show.

    >>> read_output({"kind": "text", "lang": "en", "paragraphs": ["Few accounts."]})
    TextOutput(lang='en', paragraphs=['Few accounts.'])
    """
    kind = KINDS.get(content["kind"])
    return None if kind is None else kind.from_dict(content)
