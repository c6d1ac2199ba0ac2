"""A version as a workbook: typed cells, frozen heads, filters; nothing in it can run."""

import datetime
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kamresearch.language import message as _
from kamresearch.publishing.exports.contents import Chapter
from kamresearch.publishing.outcome.csvfile import safe_text
from kamresearch.publishing.pages.views import choose, interval_text, n_text, period_text
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies.kinds import TableOutput

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

FORMATS = {
    "share": "0.0%",
    "growth": "0.0%",
    "net_share": "0.0%",
    "share_change": "0.0%",
    "probability": "0.0%",
    "p_value": "0.000",
    "money": "#,##0",
    "cny": "#,##0",
    "date": "yyyy-mm-dd",
}
"""Unit → how a spreadsheet shows it; numbers of any other unit: `OTHER`."""
OTHER = "#,##0.##"
WIDEST = 60
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that a workbook cannot hold."""


def write_workbook(
    version: Version, chapters: Iterable[Chapter], language: str, path: Path
) -> None:
    """Findings on one sheet, each table on its own, and first of all what is where."""
    from openpyxl import Workbook

    chapters = list(chapters)
    book = Workbook()
    front = cast("Worksheet", book.active)
    front.title = _("Contents").render(language)
    named: set[str] = {front.title.lower()}
    findings = book.create_sheet(_name(_("Findings").render(language), named))
    _write_findings(findings, chapters, language)
    lines = [
        (findings.title, _("Findings").render(language), sum(len(c.findings) for c in chapters))
    ]
    for chapter in chapters:
        for table in chapter.tables.values():
            sheet = book.create_sheet(_name(table.id, named))
            _write_table(sheet, table, language)
            lines.append((sheet.title, choose(table.title, language), len(table.rows)))
    _write_front(front, version, lines, language)
    book.save(path)


def _name(wanted: str, named: set[str]) -> str:
    """A sheet's name: 31 characters that a workbook allows, each once."""
    plain = re.sub(r"[\[\]:*?/\\']", "-", wanted)[:31]
    name, number = plain, 1
    while name.lower() in named:
        number += 1
        name = f"{plain[:28]}~{number}"
    named.add(name.lower())
    return name


def _write_front(sheet: "Worksheet", version: Version, lines: list[tuple], language: str) -> None:
    manifest = version.manifest
    about = [
        (_("Version").render(language), version.id),
        (_("As of").render(language), manifest.as_of),
        (_("Data").render(language), str(manifest.data.source or "")),
        (_("Currency").render(language), manifest.data.currency or ""),
    ]
    for label, value in about:
        sheet.append([])
        _put(sheet.cell(sheet.max_row + 1, 1), label, "text", bold=True)
        _put(sheet.cell(sheet.max_row, 2), value, "text")
    start = sheet.max_row + 2
    for place, (name, title, count) in enumerate(lines, start):
        cell = cast("Cell", sheet.cell(place, 1))
        _put(cell, name, "text")
        cell.hyperlink = f"#'{name}'!A1"
        cell.style = "Hyperlink"
        _put(sheet.cell(place, 2), title, "text")
        _put(sheet.cell(place, 3), count, "count")
    for letter, width in (("A", 34), ("B", WIDEST), ("C", 10)):
        sheet.column_dimensions[letter].width = width


def _write_findings(sheet: "Worksheet", chapters: list[Chapter], language: str) -> None:
    heads = [
        _("Study"),
        _("Finding"),
        _("Value"),
        _("Lower bound"),
        _("Upper bound"),
        _("How sure, and of what"),
        _("Period"),
        _("Definition"),
        _("Number"),
    ]
    rows = []
    for chapter in chapters:
        for finding in chapter.findings.values():
            unit, interval = finding.unit, finding.interval
            sure = [interval_text(finding, language), n_text(finding, language)]
            value = finding.value
            if value is None and finding.reason:
                value = finding.reason.render(language)
            rows.append(
                [
                    (chapter.study.title.render(language), "text"),
                    (finding.label.render(language), "text"),
                    (value, unit),
                    (interval.low if interval else None, unit),
                    (interval.high if interval else None, unit),
                    ("; ".join(one for one in sure if one), "text"),
                    (period_text(finding.period, language), "text"),
                    (finding.definition.render(language), "text"),
                    (finding.id, "text"),
                ]
            )
    _fill(sheet, [head.render(language) for head in heads], rows)


def _write_table(sheet: "Worksheet", table: TableOutput, language: str) -> None:
    rows = [
        [
            (choose(column.terms[str(value)], language), "text")
            if str(value) in column.terms
            else (value, column.unit)
            for value, column in zip(row, table.columns, strict=True)
        ]
        for row in table.rows
    ]
    _fill(sheet, [choose(column.label, language) for column in table.columns], rows)


def _fill(sheet: "Worksheet", heads: list[str], rows: list[list[tuple]]) -> None:
    from openpyxl.utils import get_column_letter

    for place, head in enumerate(heads, 1):
        _put(sheet.cell(1, place), head, "text", bold=True)
    for line, row in enumerate(rows, 2):
        for place, (value, unit) in enumerate(row, 1):
            _put(sheet.cell(line, place), value, unit)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(rows) + 1}"
    for place, head in enumerate(heads):
        shown = [head, *(str(row[place][0] or "") for row in rows[:200])]
        width = max(sum(2 if ord(one) > 0x2E7F else 1 for one in text) for text in shown)
        letter = get_column_letter(place + 1)
        sheet.column_dimensions[letter].width = min(max(width + 3, 9), WIDEST)


def _put(cell: Any, value: Any, unit: str, *, bold: bool = False) -> None:
    """A typed cell. Text is written as text whatever it begins with: nothing becomes a formula."""
    from openpyxl.styles import Alignment, Font

    if value is None:
        return
    if unit == "date" and isinstance(value, str):
        value = _day(value)
    if isinstance(value, str):
        cell.value = safe_text(_FORBIDDEN.sub("", value))
        cell.data_type = "s"
        cell.alignment = Alignment(vertical="top", wrap_text=len(value) > WIDEST)
    else:
        cell.value = value
        if not isinstance(value, bool):
            cell.number_format = FORMATS.get(unit, OTHER)
            if unit not in FORMATS and float(value).is_integer():
                cell.number_format = "#,##0"
    if bold:
        cell.font = Font(bold=True)


def _day(text: str) -> datetime.date | str:
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        return text
