"""Cells of days and amounts as written, beside what they were read as."""

from collections.abc import Iterator

from kamresearch.data.casting import TextStyle, as_kind, is_text
from kamresearch.data.contract import TABLES
from kamresearch.data.mapfile import stated_style
from kamresearch.data.start.draft import Draft, Line
from kamresearch.data.start.looking import Looked
from kamresearch.data.styles import find_styles

SHOWN = 5
"""Different cells shown of each column."""


def read_cells(looked: Looked, draft: Draft) -> tuple[tuple[str, str, str], ...]:
    """Column, cell as written, cell as read: of the orders' days and amounts."""
    orders = draft.tables[0]
    return tuple(
        cell
        for line in orders.columns
        if line.key in ("order_date", "revenue")
        for cell in _cells(looked, line)
    )


def _cells(looked: Looked, line: Line) -> Iterator[tuple[str, str, str]]:
    rule = line.value if isinstance(line.value, dict) else {"from": line.value}
    column = str(rule.get("from", ""))
    raw = next((one for one in looked.raw.values() if column in one.table.columns), None)
    if raw is None:
        return
    cell, spec = raw.table[column], TABLES["orders"]
    stated = {line.key: stated_style(rule, line.key)} if len(rule) > 1 else {}
    style = TextStyle()
    if is_text(cell):
        table = raw.table.select(**{line.key: cell})
        style = find_styles(table, spec, raw.where, stated, raw.semicolons)[line.key]
    read = as_kind(cell, spec[line.key].kind, style)
    pairs = raw.table.select(written=cell.cast("string"), read=read.cast("string"))
    pairs = pairs.filter(pairs.written.notnull()).limit(200).distinct()
    for written, found in pairs.order_by("written").limit(SHOWN).to_pandas().to_numpy():
        yield column, str(written), "–" if found is None else str(found)
