"""Excel workbooks → tables of texts; openpyxl reads the cells, the contract types them later
like any text.
"""

import datetime
from pathlib import Path

import pyarrow as pa

from kamresearch.data.quarantine import ROW
from kamresearch.data.textfile import MOST_COLUMNS, check_head
from kamresearch.errors import DataError


def read_sheets(path: Path) -> dict[str, pa.Table]:
    """Sheet name → table of texts with ``__row__`` (1-based below the head); empty sheets are left
    out.

    Raises
    ------
    DataError
        The file is no workbook, or no sheet holds anything.
    """
    import zipfile

    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, TypeError) as error:
        raise DataError(
            path.name,
            "an Excel workbook",
            str(error)[:120] or "another format",
            "save it as .xlsx again",
        ) from None
    try:
        sheets = {sheet.title: _read_sheet(path.name, sheet) for sheet in book.worksheets}
    finally:
        book.close()
    filled = {title: table for title, table in sheets.items() if table is not None}
    if not filled:
        raise DataError(
            path.name, "a head row with column names", "empty sheets", "export it again"
        )
    return filled


def _read_sheet(name: str, sheet: object) -> pa.Table | None:
    # Report generators write wrong dimensions, and a sheet ends where its rows end.
    sheet.reset_dimensions()
    rows = (
        row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)
    )
    first = next(rows, None)
    if first is None:
        return None
    width = max(place + 1 for place, cell in enumerate(first) if cell is not None)
    head = check_head(
        f"{name}, sheet {sheet.title!r}",
        [cell_text(cell) or "" for cell in first[: min(width, MOST_COLUMNS + 1)]],
    )
    columns: list[list[str | None]] = [[] for _ in head]
    for row in rows:
        for place, values in enumerate(columns):
            values.append(cell_text(row[place]) if place < len(row) else None)
    arrays = [pa.array(values, type=pa.string()) for values in columns]
    places = pa.array(range(1, len(columns[0]) + 1), type=pa.int64())
    return pa.table([*arrays, places], names=[*head, ROW])


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
