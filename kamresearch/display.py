"""What a study shows: tables and figures with everything a reader needs, apart from how they
are drawn.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kamresearch import rich
from kamresearch.errors import StudyError
from kamresearch.language import (
    LANGUAGES,
    Fixed,
    Text,
    current_language,
    format_quantity,
    tongue,
    word,
)
from kamresearch.language import message as _
from kamresearch.language.format import UNITS
from kamresearch.language.units import NUMERIC

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """A column of a shown table: its head, its unit, and the words for its coded values.

    ``terms`` translates codes (a tier, a cause, a verdict); values without a term are data and
    shown as they are.
    """

    name: str
    label: Text
    unit: str = "text"
    terms: Mapping[str, Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise StudyError(
                f"column {self.name!r}",
                f"a unit out of {', '.join(sorted(UNITS))}",
                repr(self.unit),
                "choose one of them",
            )


COMMON = {
    column.name: column
    for column in (
        Column("account_id", _("Account")),
        Column("account_name", _("Name")),
        Column("region", _("Region")),
        Column("channel", _("Channel")),
        Column("industry", _("Industry")),
        Column("tier", _("Tier")),
        Column("manager_id", _("Manager")),
        Column("manager_name", _("Manager")),
        Column("period", _("Period"), "period"),
        Column("month", _("Month"), "period"),
        Column("year", _("Year"), "period"),
        Column("date", _("Date"), "date"),
        Column("order_date", _("Order date"), "date"),
        Column("n", _("n"), "count"),
        Column("n_accounts", _("Accounts"), "accounts"),
        Column("n_orders", _("Orders"), "orders"),
        Column("units", _("Units"), "units"),
        Column("revenue", _("Revenue"), "money"),
        Column("share", _("Share"), "share"),
        Column("low", _("Lower bound")),
        Column("high", _("Upper bound")),
        Column("source", _("Source")),
        Column("note", _("Note")),
        Column("status", _("Status")),
    )
}
"""Columns whose meaning is the same in every study, so that they carry the same head everywhere."""


@dataclass(frozen=True)
class Followed:
    """What readers follow from version to version in a table: by which column a row is known,
    named and judged.

    ``left`` says of rows that are not in the table, and may have been in it before, what became
    of them: key → word.
    """

    title: Text
    key: str
    name: str
    state: str = ""
    left: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A tidy frame with a passport for each column.

    ``rows_shown`` limits the page; the CSV beside the report holds every row. ``followed``: its
    rows are compared with those of the version before. ``cards``: a phone shows each row as a card.
    """

    id: str
    title: Text
    frame: "pd.DataFrame"
    columns: tuple[Column, ...]
    caption: Text | None = None
    rows_shown: int = 100
    followed: Followed | None = None
    cards: bool = False

    def __post_init__(self) -> None:
        unknown = [column.name for column in self.columns if column.name not in self.frame.columns]
        if unknown:
            raise StudyError(
                f"table {self.id!r}", "columns of its frame", repr(unknown), "mend its column list"
            )

    def __repr__(self) -> str:
        return f"Table {self.id}: {self.title.render('en')} ({len(self.frame)} rows)"

    def _repr_html_(self) -> str:
        return table_html(self, current_language())


def table_html(table: Table, language: str) -> str:
    """A table as its page shows it: title, heads, the first rows with formatted cells, how many
    there are, caption.
    """
    shown = table.frame[[column.name for column in table.columns]].head(table.rows_shown)
    cells = [
        [_cell_text(value, column, language) for value in shown[column.name].tolist()]
        for column in table.columns
    ]
    heads = [column.label.render(language) for column in table.columns]
    numeric = [column.unit in NUMERIC for column in table.columns]
    parts = [rich.heading(table.title.render(language))]
    parts.append(rich.grid(heads, zip(*cells, strict=True), numeric))
    if len(table.frame) > len(shown):
        told = _("The first {shown} of {total} rows.", shown=len(shown), total=len(table.frame))
        parts.append(rich.below(told.render(language)))
    parts.append(rich.below(table.caption.render(language) if table.caption else ""))
    return "".join(parts)


def _cell_text(value: Any, column: Column, language: str) -> str:
    if value in column.terms:
        return column.terms[value].render(language)
    return word(format_quantity(value, column.unit, language, bare=True), language)


def make_table(
    id: str,
    title: Text,
    frame: "pd.DataFrame",
    *columns: Column | str,
    caption: Text | None = None,
    rows_shown: int = 100,
    followed: Followed | None = None,
    cards: bool = False,
) -> Table:
    """A table whose columns are `Column` objects or names out of `COMMON`; other columns of
    the frame are dropped.
    """
    chosen = tuple(column if isinstance(column, Column) else COMMON[column] for column in columns)
    kept = frame[[column.name for column in chosen]]
    return Table(id, title, kept, chosen, caption, rows_shown, followed, cards)


@dataclass(frozen=True)
class Part:
    """A part of each subject's page: some columns of its row in the index, or its rows in another
    table.

    ``table``: its first column names the subject and is not shown; of a table drawn as ``bars`` the
    second column is the period, the third the height, the last, where there is a fourth, what
    happened then. ``most``: rows of each subject that its page shows; the page says of how many.
    """

    title: Text
    columns: tuple[str, ...] = ()
    table: Table | None = None
    bars: bool = False
    most: int | None = None


@dataclass(frozen=True)
class Profiles:
    """One page for each of some subjects, made of what is known of them.

    Parameters
    ----------
    index : Table
        One row a subject, all of them; the first column is its number, the second its name. The
        table's id is the folder of the pages.
    keys : tuple of str
        Those that get a page, by number.
    parts : tuple of Part
        What stands on each page, in order; a part without anything to say is left out.
    lead : Text
        What such a page is for.
    """

    index: Table
    keys: tuple[str, ...]
    parts: tuple[Part, ...]
    lead: Text


@dataclass(frozen=True)
class Figure:
    """A figure ready to be drawn once per language.

    Parameters
    ----------
    id : str
        ``<study>.<name>``, the anchor that findings point to.
    title, caption, alt : Text
        Title above, caption below, and what the picture says for those who cannot see it. Written
        from the result.
    draw : callable
        Draws and returns a matplotlib Figure, speaking the current language (``str(message)``).
    data : Table
        The numbers in the picture.
    says : Text, optional
        What it shows, as its title, where no finding that it pictures says so; the title then
        stands below as the question.
    """

    id: str
    title: Text
    caption: Text
    alt: Text
    draw: Callable[[], object]
    data: Table
    says: Text | None = None

    def __repr__(self) -> str:
        return f"Figure {self.id}: {self.title.render('en')} ({len(self.data.frame)} rows)"

    def _ipython_display_(self) -> None:
        language = current_language()
        picture = {"image/svg+xml": PAINTERS[-1](self, language)} if PAINTERS else {}
        rich.show_framed(
            self.title.render(language),
            {"text/plain": repr(self), **picture},
            self.caption.render(language),
        )


PAINTERS: list[Callable[[Figure, str], str]] = []
"""What draws a figure, in a language, as SVG: the room of figures registers its own when it loads,
since nothing here may know it.
"""


def join_terms(codes: Iterable[str], terms: Mapping[str, Text], mark: str | None = None) -> Fixed:
    """Codes in a row, in words where they have any; between them the mark given, else the comma of
    each language.

    >>> join_terms(["a", "b"], {"a": Fixed({"en": "one", "zh": "一"})}).render("zh")
    '一、b'
    """
    codes = list(codes)
    return Fixed(
        {
            language: (mark or tongue(language).comma).join(
                terms[code].render(language) if code in terms else code for code in codes
            )
            for language in LANGUAGES
        }
    )
