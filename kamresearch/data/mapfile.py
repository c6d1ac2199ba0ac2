"""What a mapping file may say, read with every key and shape checked.

currency: GBP                     # named wherever money is shown
measure: {en: cars, zh: 辆}       # the word that units are counted in, by language
time_zone: Europe/London          # in which a moment becomes a day
tables:
  orders:
    from: online_retail           # file (without ending), sheet or server table; a list is read as
    one
    columns:
      order_id: InvoiceNo                          # renamed
      revenue: = Quantity * UnitPrice              # computed
      region: {value: North}                       # the same for every row
      product: {from: item, values: {GTXPro: GTX Pro}}       # values mended
      account_name: {first_of: [name, customer]}   # the first that is filled
      order_date: {from: date, day_first: true}    # how its texts are written (also decimal: ",")
    keep:                                          # other rows are set aside, with the reason
      - {column: stage, in: [Won], why: only won deals are orders}
  accounts:
    from: online_retail
    one_row_per: [account_id]     # accounts out of an orders file: one row a key
    columns: {account_id: Customer, account_name: Customer}
"""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictInt,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from kamresearch.data.casting import TextStyle
from kamresearch.data.contract import TABLES
from kamresearch.data.days import CALENDARS
from kamresearch.errors import DataError, near_matches
from kamresearch.yamlfile import read_yaml

Word = str | int | float | bool
"""A name or a value as YAML reads it: a column may be called 2012."""
Words = Annotated[list[Word], Field(min_length=1)]
_SEE = "see docs/your-own-data.md"


class _Said(BaseModel):
    """Keys of one place of the file; a description is what an error says was expected."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, said: Any) -> Any:
        """A key without a value says nothing."""
        if not isinstance(said, dict):
            return said
        return {key: value for key, value in said.items() if value is not None}

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """The keys as they are written."""
        return tuple(one.alias or name for name, one in cls.model_fields.items())


class ColumnRule(_Said):
    """How a column of the contract is made."""

    from_: Word = Field("", alias="from", description="the name of a column")
    value: Word = Field("", description="one value for every row")
    values: dict[Word, Word] = Field({}, description="values as written and as they shall be")
    formula: Word = Field("", description="a formula over columns")
    first_of: Words = Field([], description="names of columns, the first that is filled counts")
    rates: dict[Word, float] = Field(
        {}, min_length=1, description="rates such as {EUR: 1, USD: 0.92}"
    )
    currency: Word = Field("", description="the name of the column that holds the currency")
    concat: Words = Field([], description="names of columns")
    made_of: Words = Field([], description="names of columns")
    measure: Word = Field("", description="the name of the column that holds the measure")
    only: Words = Field([], description="measures that are counted")
    between: Word = Field("", description="the text between the parts")
    date_of: list[Word] = Field(
        [], min_length=2, max_length=3, description="a year, a month and perhaps a day"
    )
    default: Word = Field("", description="the value of empty cells")
    negative_where: dict[Word, Word | Words] = Field(
        {}, min_length=1, description="columns and the values in which an amount is negative"
    )
    decimal: str = Field(".", min_length=1, description='"." or ","')
    day_first: bool = Field(False, description="true or false")
    year_first: bool = Field(False, description="true or false")
    calendar: str = Field("", description=f"a calendar out of {', '.join(CALENDARS)}")


class KeepRule(_Said):
    """Which rows are used; the others are set aside with the reason."""

    column: Word = Field(description="a column and a condition")
    why: Word = Field("", description="the reason in words")
    in_: Word | Words = Field([], alias="in", description="values")
    not_in: Word | Words = Field([], description="values")
    starts_with: Word | Words = Field([], description="beginnings of values")
    not_starts_with: Word | Words = Field([], description="beginnings of values")
    above: float = Field(0, description="a number")
    at_least: float = Field(0, description="a number")
    below: float = Field(0, description="a number")
    at_most: float = Field(0, description="a number")
    filled: bool = Field(True, description="true or false")


class JoinRule(_Said):
    """A second table whose columns the rows take."""

    with_: Word = Field(alias="with", description="the name of the other table")
    on: Word | dict[Word, Word] = Field(description="the key, or {mine: theirs}")


class UnpivotRule(_Said):
    """Columns that become rows."""

    columns: Words = Field([], description="names of columns")
    but: Words = Field([], description="names of columns")
    name: Word = Field("name", description="the name of the column of heads")
    value: Word = Field("value", description="the name of the column of cells")


_Column = Annotated[
    Annotated[Word, Tag("name")] | Annotated[ColumnRule, Tag("rule")],
    Discriminator(lambda how: "rule" if isinstance(how, dict | ColumnRule) else "name"),
]


class TableRule(_Said):
    """What a table of the contract is made from."""

    from_: Word | Words = Field("", alias="from", description="the name of a file or table")
    head_row: StrictInt = Field(
        1, ge=1, description="the row of the file that names the columns, 1 for the first"
    )
    fill_down: Words = Field([], description="names of columns")
    join: list[JoinRule] = Field([], description="with: and on:, or a list of such")
    unpivot: UnpivotRule | None = Field(None, description="columns: or but:, name: and value:")
    columns: dict[Word, _Column] = Field({}, description="a rule or a name for each column")
    keep: list[KeepRule] = Field([], description="a list of rules")
    one_row_per: Word | Words = Field([], description="names of columns")
    distinct: bool = Field(False, description="true or false")
    note: Any = Field(None, description="a remark")

    @field_validator("join", mode="before")
    @classmethod
    def _list_one(cls, said: Any) -> Any:
        """One other table needs no list."""
        return [said] if isinstance(said, dict) else said


class MappingFile(_Said):
    """The whole file."""

    currency: Word = Field("", description="the currency's code")
    measure: dict[Word, str] = Field(
        {}, description="a word for each language that has one, such as {zh: 辆}"
    )
    time_zone: Word = Field("", description="the name of a time zone")
    encoding: Word = Field("", description="the name of an encoding")
    encodings: dict[Word, str] = Field({}, description="an encoding for each file")
    sure: list[Word] = Field([], description="doubts that are answered")
    tables: dict[Word, TableRule] = Field(description="a key 'tables'")
    note: Any = Field(None, description="a remark")


_WITHIN: dict[str, type[_Said]] = {
    "tables": TableRule,
    "columns": ColumnRule,
    "keep": KeepRule,
    "join": JoinRule,
    "unpivot": UnpivotRule,
}
_CALLED = {"tables": "table {!r}", "columns": "column {!r}", "keep": "keep rule {}"}


@dataclass(frozen=True)
class Mapping:
    """A mapping file as read: its name, what it says of the whole, and its tables."""

    name: str = ""
    currency: str = ""
    time_zone: str = ""
    encodings: Map[str, str] = field(default_factory=dict)
    head_rows: Map[str, int] = field(default_factory=dict)
    sure: tuple[str, ...] = ()
    tables: Map[str, dict] = field(default_factory=dict)
    """Table → its rules as written, shapes checked (`TableRule`)"""
    measure: Map[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> set[str]:
        """Names of the files or tables that it reads, those that it joins included."""
        names = [table.get("from", name) for name, table in self.tables.items()]
        names += [one["with"] for table in self.tables.values() for one in table.get("join", ())]
        return {str(one) for name in names for one in (name if isinstance(name, list) else [name])}


def read_mapping(path: Path) -> Mapping:
    """A mapping file; misspelt words are refused, with those that look like them.

    Raises
    ------
    DataError
        It is not there, not YAML, or says what no mapping can.
    """
    content = read_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("tables"), dict):
        found = "none" if isinstance(content, dict) else type(content).__name__
        raise DataError(path.name, "a key 'tables'", found, _SEE)
    for name in content["tables"]:
        if name not in TABLES:
            raise DataError(
                path.name, "tables of the contract", repr(name), near_matches(str(name), TABLES)
            )
    try:
        said = MappingFile.model_validate(content)
    except ValidationError as error:
        raise _refusal(path.name, error) from None
    tables = {
        str(name): table.model_dump(by_alias=True, exclude_unset=True)
        for name, table in said.tables.items()
    }
    encodings = {str(name): code for name, code in said.encodings.items()}
    if said.encoding:
        encodings[""] = str(said.encoding)
    return Mapping(
        path.name,
        str(said.currency),
        str(said.time_zone),
        encodings,
        _head_rows(tables),
        tuple(str(one) for one in said.sure),
        tables,
        {str(code): word for code, word in said.measure.items()},
    )


def _refusal(file: str, error: ValidationError) -> DataError:
    """The first thing that no mapping can say, with its place in the file."""
    first = error.errors()[0]
    kind: type[_Said] = MappingFile
    place, expected, within = [file], "keys and values", ""
    for part in first["loc"]:
        if within in _CALLED:
            number = part + 1 if isinstance(part, int) and within == "keep" else part
            place.append(_CALLED[within].format(number))
            within = ""
            continue
        told = {one.alias or name: one.description for name, one in kind.model_fields.items()}
        if part in told:
            expected, within = str(told[str(part)]), str(part)
            if kind in (MappingFile, TableRule):
                kind = _WITHIN.get(within, kind)
            if within not in _CALLED:
                place.append(within)
    if first["type"] == "extra_forbidden":
        word = str(first["loc"][-1])
        known = kind.keys()
        where = ", ".join(place)
        return DataError(
            where, f"keys out of {', '.join(known)}", repr(word), near_matches(word, known)
        )
    found = "none" if first["type"] == "missing" else repr(first["input"])[:80]
    return DataError(", ".join(place), expected, found, _SEE)


def _head_rows(tables: Map[str, dict]) -> dict[str, int]:
    """Source → 1-based row of its head, as the tables made of it state it."""
    found = {}
    for name, table in tables.items():
        if "head_row" in table:
            sources = table.get("from", name)
            for source in sources if isinstance(sources, list) else [sources]:
                found[str(source)] = table["head_row"]
    return found


def stated_style(rule: Map[str, object], place: str) -> TextStyle:
    """How a column's texts are written, as its rule states it."""
    calendar = str(rule.get("calendar", "year_first" if rule.get("year_first") else ""))
    if calendar and calendar not in CALENDARS:
        raise DataError(
            place,
            f"a calendar out of {', '.join(CALENDARS)}",
            repr(calendar),
            near_matches(calendar, CALENDARS),
        )
    first = rule.get("day_first", None if calendar and calendar != "year_first" else False)
    return TextStyle(
        str(rule.get("decimal", ".")),
        first if first is None else bool(first),
        calendar=calendar,
    )
