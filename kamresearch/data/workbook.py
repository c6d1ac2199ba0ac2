"""Workbooks (.xlsx, .xls, .xlsb, .ods) → tables of texts; the contract types them later like any
text.
"""

import datetime
import re
import zipfile
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kamresearch.data.heads import find_head
from kamresearch.data.parts import starts_of_rows
from kamresearch.data.records import grid_table
from kamresearch.errors import DataError

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


def read_sheets(
    path: Path, kind: str = "workbook", name: str = "", head_rows: Mapping[str, int] | None = None
) -> dict[tuple[str, int], pa.Table]:
    """Sheet name → table of texts with ``__row__`` (1-based below the head); empty and hidden
    sheets are left out. Further tables of a sheet have the row in which they start behind its name.

    ``head_rows`` gives the row of a head by the sheet's name, or by the file's (``name``).

    Raises
    ------
    DataError
        The file is no workbook, or no sheet holds anything.
    """
    stated = head_rows or {}
    found = {}
    for title, rows in _read_rows(path, kind):
        if any(cell for row in rows for cell in row):
            wanted = stated.get(title, stated.get(name, 0))
            where = f"{path.name}, sheet {title!r}"
            head = wanted - 1 if wanted else find_head(rows[:60])[0]
            starts = [0, *starts_of_rows(rows, head), len(rows)]
            for start, end in pairwise(starts):
                part = rows[start:end]
                stated_here = wanted if start == 0 else 0
                part = part if stated_here else [row for row in part if any(row)]
                found[title, start] = grid_table(where, part, stated_here)
    if not found:
        raise DataError(
            path.name, "a head row with column names", "empty sheets", "export it again"
        )
    return found


def _read_rows(path: Path, kind: str) -> list[tuple[str, list[list[str | None]]]]:
    """Title and cells of each visible sheet, merged cells filled downwards.

    openpyxl reads .xlsx, since python-calamine does not tell a cell's number format (``00000``);
    calamine reads the others, and where cells are merged, which openpyxl's row reader does not
    tell.
    """
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            shown = [
                one.name
                for one in book.sheets_metadata
                if one.typ == python_calamine.SheetTypeEnum.WorkSheet
                and one.visible == python_calamine.SheetVisibleEnum.Visible
            ] or list(book.sheet_names)
            merged = {title: _merged(book, title) for title in shown}
            if kind == "workbook" and path.suffix.lower() not in (".ods", ".xlsb"):
                sheets = _rows_of_xlsx(path, shown)
            else:
                sheets = [(title, _rows_of_any(book, title)) for title in shown]
    except (python_calamine.CalamineError, OSError, ValueError, zipfile.BadZipFile) as error:
        what = "a password" if "assword" in str(error) else str(error)[:120]
        raise DataError(
            path.name, "an Excel workbook", what or "another format", "save it as .xlsx again"
        ) from None
    return [(title, _fill_merged(rows, merged[title])) for title, rows in sheets]


def _merged(book: "CalamineWorkbook", title: str) -> list:
    import python_calamine

    try:
        return book.get_sheet_by_name(title).merged_cell_ranges or []
    except (python_calamine.CalamineError, NotImplementedError):
        return []


def _rows_of_any(book: "CalamineWorkbook", title: str) -> list[list[str | None]]:
    rows = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    return [[cell_text(cell) or None for cell in row] for row in rows]


def _rows_of_xlsx(path: Path, shown: list[str]) -> list[tuple[str, list[list[str | None]]]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, TypeError) as error:
        raise ValueError(str(error)) from None
    try:
        found = []
        for title in (title for title in shown if title in book.sheetnames):
            sheet = book[title]
            # Report generators write wrong dimensions, and a sheet ends where its rows end.
            sheet.reset_dimensions()
            cells = [list(row) for row in sheet.iter_rows()]
            signs = {_sign(cell) for row in cells for cell in row} - {""}
            # One sign for all says no more than its amounts; several must not be lost.
            show = _with_sign if len(signs) > 1 else _shown
            found.append((title, [[show(cell) for cell in row] for row in cells]))
        return found
    finally:
        book.close()


_UNCALCULATED = re.compile(
    rb"<c\b([^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
"""A cell with a formula and no value, as programs write them that do not calculate."""


def count_uncalculated(path: Path) -> tuple[int, str]:
    """Cells of an .xlsx whose formula was never calculated, so that they read as empty, and the
    place of the first.
    """
    n, first = 0, ""
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.startswith("xl/worksheets/") and member.endswith(".xml"):
                for match in _UNCALCULATED.finditer(archive.read(member)):
                    place = re.search(rb'\br="([A-Z]+[0-9]+)"', match[1])
                    first = first or (place[1].decode() if place else Path(member).name)
                    n += 1
    return n, first


def _shown(cell: Any) -> str | None:
    """A cell's text; a whole number under a format of noughts as it is shown: ``00123``."""
    value = cell.value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        form = str(cell.number_format or "")
        if len(form) > 1 and not form.strip("0") and float(value).is_integer() and value >= 0:
            return str(int(value)).zfill(len(form))
    return cell_text(value)


def _with_sign(cell: Any) -> str | None:
    """A cell's text with the currency that its number format alone shows."""
    text, sign = _shown(cell), _sign(cell)
    return f"{sign}{text}" if text and sign else text


def _sign(cell: Any) -> str:
    """The currency of a number's format: ``€`` of ``#,##0.00 "€"``, ``EUR`` of ``[$EUR] 0.00``."""
    value = cell.value
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return ""
    return _sign_of(str(cell.number_format or ""))


@cache
def _sign_of(form: str) -> str:
    stated = re.search(r"\[\$([^-\]]+)", form)
    bare = re.search("[€£¥₹$]", re.sub(r"\[[^\]]*\]", "", form))
    return stated[1].strip() if stated else bare[0] if bare else ""


def _fill_merged(rows: list[list], ranges: list) -> list[list]:
    """Cells merged over rows hold their value in each of them; merged over columns, in the
    first.
    """
    for (top, left), (bottom, _right) in ranges:
        if bottom > top and top < len(rows) and left < len(rows[top]):
            for row in rows[top + 1 : bottom + 1]:
                row.extend([None] * (left + 1 - len(row)))
                row[left] = rows[top][left]
    return rows


def cell_text(cell: object) -> str | None:
    """A cell as a text export would write it: dates in ISO, whole numbers without a point."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return (
            cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
        )
    return str(cell).strip()
