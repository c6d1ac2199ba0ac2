"""Characters that nobody sees and that do something: terminal escapes, controls, turns of the
direction of reading. They are taken out once, where text enters, and counted.
"""

import re
from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

CONTROLS = "\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
"""As in a character class. Tabs and line ends stay: cells of several lines are texts too."""
_PATTERN = f"[{CONTROLS}]"


def without_controls(text: str) -> str:
    r"""A text without such characters.

    >>> without_controls("North\x0b\x1b[31m \u202etsaE")
    'North[31m tsaE'
    """
    return re.sub(_PATTERN, "", text)


def look_for_controls(table: ir.Table, names: list[str]) -> dict[str, ir.Value]:
    """What `clean_columns` must know of text columns, to be asked together with other things."""
    dirty = {name: table[name].re_search(_PATTERN).fill_null(False) for name in names}
    counts = {f"n{at}": dirty[name].ifelse(1, 0).sum() for at, name in enumerate(names)}
    firsts = {f"t{at}": table[name].min(where=dirty[name]) for at, name in enumerate(names)}
    return counts | firsts


def clean_columns(
    table: ir.Table, names: list[str], found: Mapping[str, Any]
) -> tuple[ir.Table, tuple[tuple[str, str, int, str], ...]]:
    """A table whose text columns hold no such characters; and for each column that did a note:
    code of the check, column, cells, the first of them. A column without any stays as it is.
    """
    notes = tuple(
        ("controls", name, int(found[f"n{at}"]), without_controls(str(found[f"t{at}"])))
        for at, name in enumerate(names)
        if found[f"n{at}"]
    )
    cleaned = [table[name].re_replace(_PATTERN, "").name(name) for _code, name, _n, _first in notes]
    return (table.mutate(cleaned) if cleaned else table), notes
