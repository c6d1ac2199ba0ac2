"""What templates show: contents of cell outputs, formed for one language. Data values stay text."""

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from kamresearch.figures.theme import clean, display_width
from kamresearch.finding import Finding
from kamresearch.language import LANGUAGES, format_quantity, message
from kamresearch.language import message as _
from kamresearch.language.format import currency_name, measure_word, places_of
from kamresearch.language.units import HEAD_UNITS, N_UNITS, NUMERIC
from kamresearch.studies.kinds import ColumnHead, FigureOutput, TableOutput, Texts
from kamresearch.studies.measured import find_coverage

SMALL = 30
"""Cases below which an estimate is called a small sample."""
ROWS_BEHIND = 10
"""Rows behind a figure that a page holds; all stand in the CSV file that it names."""
WIDE = 22
"""Half-width columns of text from which on a column keeps room to be read."""
PACKED_BYTES = 30_000
"""What the rows beyond those shown may weigh in a page, all tables together; heavier ones stay in
the CSV file beside it, and the filter says that it does not cover them.
"""
LONG = 90
"""Characters of a cell beyond which its rest folds away."""

Href = Callable[[str], str | None]
"""Id of a figure or table → address within the version, None where nothing shows it."""
Link = Callable[[Sequence[str], Sequence], "tuple[int, str] | None"]
"""Names of columns, and a row → place of the cell that leads somewhere, and the address."""


def slug(id: str) -> str:
    """An id of the house as an HTML id.

    >>> slug("churn.cause_shares")
    'churn-cause_shares'
    """
    return "".join(
        character if character.isalnum() or character in "-_" else "-" for character in id
    )


def anchor_of(id: str, tables: Iterable[str]) -> str:
    """Where a figure or table stands on its page."""
    return f"{'table' if id in tables else 'figure'}-{slug(id)}"


def choose(texts: Texts | str | None, language: str) -> str:
    """A text kept in every language, in one; the first language where this one is missing."""
    if texts is None or isinstance(texts, str):
        return texts or ""
    return texts.get(language) or texts.get(LANGUAGES[0]) or next(iter(texts.values()), "")


@dataclass(frozen=True)
class Cell:
    """A cell as shown.

    ``raw`` is the number or ISO date behind it (empty where the text says it whole), ``rest`` what
    folds away of a long
    text.
    """

    text: str
    raw: str | None = None
    rest: str = ""
    href: str = ""


def table_view(
    table: TableOutput,
    language: str,
    *,
    csv: str | None = None,
    prefix: str = "table",
    most: int | None = None,
    link: Link | None = None,
    room: int = PACKED_BYTES,
) -> dict:
    """A table for its template: heads, cells, how many of how many rows (``most`` at most).

    ``room``: bytes that the page still has for rows beyond those shown.

    Rows beyond those shown come ``packed``, so that filter, sort and download cover all of them;
    ``covered`` says whether they do.
    """
    limit = min(table.rows_shown or len(table.rows), most or len(table.rows))
    columns = [
        (column, _even_places([row[place] for row in table.rows[:limit]], column.unit))
        for place, column in enumerate(table.columns)
    ]
    rows = _cells(table.rows[:limit], columns, language, link)
    beyond = table.rows[limit:] if most is None else []
    packed = _pack_rows(_cells(beyond, columns, language, link), room) if beyond else ""
    heads = [
        {
            "label": choose(column.label, language),
            "numeric": column.unit in NUMERIC,
            "wide": any(display_width(row[place].text) > WIDE for row in rows),
            "dated": column.unit in ("date", "period"),
            "unit": _head_unit(column.unit, language),
        }
        for place, column in enumerate(table.columns)
    ]
    return {
        "id": table.id,
        "anchor": f"{prefix}-{slug(table.id)}",
        "title": choose(table.title, language),
        "caption": choose(table.caption, language),
        "heads": heads,
        "rows": rows,
        "csv": csv,
        "total": table.rows_total,
        "shown": len(rows),
        "packed": packed,
        # The page's font holds the glyphs that its text shows; those of packed rows are named.
        "glyphs": "".join(sorted(_wide_characters(beyond))) if packed else "",
        "covered": len(rows) + (len(beyond) if packed else 0) == table.rows_total,
        "simulated": table.simulated,
        "cards": table.cards,
    }


def _cells(
    rows: list[list],
    columns: list[tuple[ColumnHead, int | None]],
    language: str,
    link: Link | None = None,
) -> list[list[Cell]]:
    """Cells of rows, given each column with the decimals that its numbers show."""
    made = [
        [
            _cell(value, column, language, places=places)
            for value, (column, places) in zip(row, columns, strict=True)
        ]
        for row in rows
    ]
    names = [column.name for column, _places in columns]
    if link is None:
        return made
    for cells, row in zip(made, rows, strict=True):
        found = link(names, row)
        if found and not cells[found[0]].rest:
            cells[found[0]] = replace(cells[found[0]], href=found[1])
    return made


def _pack_rows(rows: list[list[Cell]], room: int) -> str:
    """Rows as the page's script unpacks them; empty where they would be too heavy for a page."""
    if len(rows) * len(rows[0]) > PACKED_BYTES * 8:
        return ""  # no compression makes that light enough: not worth the try
    plain = [[_packed_cell(cell) for cell in row] for row in rows]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    packed = b64encode(zlib.compress(text.encode(), 9)).decode()
    return packed if len(packed) <= room else ""


def _wide_characters(rows: list[list]) -> set[str]:
    texts = (value for row in rows for value in row if isinstance(value, str))
    return {character for text in texts for character in clean(text) if ord(character) > 0x7F}


def _packed_cell(cell: Cell) -> str | list:
    parts = [cell.text, cell.raw, cell.rest, cell.href]
    short = cell.text if cell.raw is None else parts[:2]
    return parts if cell.href else parts[:3] if cell.rest else short


def _even_places(values: list, unit: str) -> int | None:
    """Decimals that all numbers of a column show, so that figures stand under each other."""
    numbers = [one for one in values if isinstance(one, (int, float)) and not isinstance(one, bool)]
    return places_of(numbers, unit)


def _head_unit(unit: str, language: str) -> str:
    if unit == "money":
        return currency_name(language)
    return HEAD_UNITS[unit].render(language) if unit in HEAD_UNITS else ""


def _cell(
    value: Any, column: ColumnHead, language: str, *, bare: bool = True, places: int | None = None
) -> Cell:
    if value is not None and str(value) in column.terms:
        return Cell(choose(column.terms[str(value)], language))
    unit = column.unit
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = clean(_formed(value, unit, language, bare=bare, places=places if number else None))
    if len(text) > LONG:
        return Cell(text[:LONG].rstrip() + "…", None, text)
    if number:
        raw = _short_number(cast(float, value))
        return Cell(text, "" if raw == text else raw)
    return Cell(
        text, str(value) if unit in ("date", "period") and value and str(value) != text else None
    )


def facts_of(
    columns: Sequence[ColumnHead], row: list, names: Sequence[str], language: str
) -> list[tuple[str, str]]:
    """Heads and cells of some columns of one row; those without a value are left out."""
    by_name = {column.name: (column, value) for column, value in zip(columns, row, strict=True)}
    chosen = [by_name[name] for name in names if name in by_name]
    return [
        (choose(column.label, language), cell.rest or cell.text)
        for column, value in chosen
        if value is not None and (cell := _cell(value, column, language, bare=False)).text
    ]


def _short_number(value: float) -> str:
    """A number to seven digits: enough to sort and to reckon with; the CSV file beside the
    page holds it whole.
    """
    return str(value) if isinstance(value, int) else f"{value:.7g}"


def _formed(
    value: object, unit: str, language: str, *, bare: bool = True, places: int | None = None
) -> str:
    """A cell's text; a value that does not fit its column's unit is shown as it came."""
    try:
        text = format_quantity(value, unit, language, bare=bare, places=places)
        # In a column every amount that is cut short keeps its decimal, so that points stand under
        # each other.
        return (
            re.sub(r"^(-?[\d,]+)([KMBT万亿])", r"\1.0\2", text)
            if bare and unit in ("money", "cny")
            else text
        )
    except (TypeError, ValueError):
        return str(value)


def figure_view(
    figure: FigureOutput, language: str, csv: str | None = None, link: Link | None = None
) -> dict:
    """A figure's texts and data for its template (its picture comes apart)."""
    return {
        "id": figure.id,
        "anchor": f"figure-{slug(figure.id)}",
        "title": clean(figure.title),
        "caption": clean(figure.caption),
        "alt": clean(figure.alt),
        "simulated": figure.simulated,
        # Time runs along it: a screen too narrow for the whole opens at its end.
        "late": figure.data.columns[0].unit in ("date", "period"),
        "data": table_view(
            figure.data,
            language,
            prefix=f"data-{slug(figure.id)}",
            most=ROWS_BEHIND,
            csv=csv,
            link=link,
        ),
    }


def finding_view(finding: Finding, language: str, href: Href, change: dict | None = None) -> dict:
    """A finding for its template: value, interval, n, period and definition in words, and where it
    is shown.

    ``change`` is what `compare.change_view` says of it against the version before.
    """
    return {
        "id": finding.id,
        "anchor": f"finding-{slug(finding.id)}",
        "label": clean(finding.label.render(language)),
        "value": clean(_shown_value(finding, language)),
        "undefined": finding.value is None,
        "reason": clean(finding.reason.render(language))
        if finding.reason and finding.value is None
        else "",
        "interval": interval_text(finding, language),
        "measured": bool(finding.interval and find_coverage([finding.id])),
        "bar": interval_bar(finding),
        "n": n_text(finding, language),
        "period": period_text(finding.period, language),
        "definition": clean(finding.definition.render(language)),
        "sentence": clean(finding.sentence.render(language)) if finding.sentence else "",
        "href": href(finding.figure) if finding.figure else None,
        "simulated": finding.simulated,
        "headline": finding.headline,
        "good": finding.good,
        "change": change,
        "small": _is_small(finding),
    }


def interval_text(finding: Finding, language: str) -> str | None:
    """A finding's interval in words; a level of one is a range that holds every case, no
    matter of chance.
    """
    if finding.interval is None:
        return None
    low, high = (
        format_quantity(bound, finding.unit, language)
        for bound in (finding.interval.low, finding.interval.high)
    )
    named = measure_word(finding.unit, language) or currency_name(language)
    if named and high.endswith(named):
        low = low.removesuffix(named).rstrip()  # 6,395万至8,854万元
    if finding.interval.level >= 1:
        return _("range {low} to {high}", low=low, high=high).render(language)
    level = format_quantity(finding.interval.level, "share", language).replace(".0", "")
    return _("{level} interval {low} to {high}", level=level, low=low, high=high).render(language)


def _shown_value(finding: Finding, language: str) -> str:
    try:
        return finding.render(language)
    except (TypeError, ValueError):
        return str(finding.value)


def _is_small(finding: Finding) -> bool:
    interval = finding.interval
    return (
        finding.n is not None and finding.n < SMALL and interval is not None and interval.level < 1
    )


def n_text(finding: Finding, language: str) -> str:
    """How many cases stand behind a finding."""
    if finding.n is None:
        return ""
    template = N_UNITS.get(finding.n_unit, N_UNITS["count"])
    return message(template.template, n=format_quantity(finding.n, "count", language)).render(
        language
    )


def period_text(period: tuple[str, str] | None, language: str) -> str:
    """A finding's period: whole years and months by their name, else from day to day."""
    if not period:
        return ""
    start, end = period
    if start.endswith("-01-01") and end.endswith("-12-31"):
        return start[:4] if start[:4] == end[:4] else f"{start[:4]}–{end[:4]}"
    first, last = (format_quantity(day, "date", language) for day in period)
    return first if first == last else f"{first} – {last}"


def interval_bar(finding: Finding) -> dict | None:
    """Where value and interval stand on a line that starts at zero, in per cent of its length;
    None without interval.
    """
    if finding.interval is None or not isinstance(finding.value, (int, float)):
        return None
    low, high, value = (
        float(finding.interval.low),
        float(finding.interval.high),
        float(finding.value),
    )
    left, right = min(0.0, low, value), max(0.0, high, value)
    span = (right - left) * 1.04 or 1.0

    def place(number: float) -> float:
        return round(2 + 96 * (number - left) / span, 2)

    return {
        "low": place(low),
        "width": round(place(high) - place(low), 2),
        "value": place(value),
        "zero": place(0.0),
    }
