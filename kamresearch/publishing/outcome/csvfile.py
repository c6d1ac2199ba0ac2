"""A shown table as a CSV file that no spreadsheet can be made to run."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_RISKY = re.compile(
    r"^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff'\"]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]"
)
"""What makes a spreadsheet read a cell as a formula or command: full-width signs too, and
whatever it skips before.
"""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?%?|-+")


def safe_text(text: str) -> str:
    r"""A cell's text with an apostrophe before whatever a spreadsheet could run; numbers and dashes
    stay.

    >>> safe_text('=HYPERLINK("http://example.org")'), safe_text("-12.5"), safe_text("A-B Ltd"), safe_text("\t=1+1")
    ('\'=HYPERLINK("http://example.org")', '-12.5', 'A-B Ltd', "'\t=1+1")
    """  # noqa: E501
    return "'" + text if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def plain_text(text: str) -> str:
    """The text that `safe_text` was given.

    >>> plain_text("'=1+1"), plain_text("'s-Hertogenbosch")
    ('=1+1', "'s-Hertogenbosch")
    """
    return text[1:] if text.startswith("'") and safe_text(text[1:]) == text else text


def write_csv(names: Iterable[str], rows: Iterable[Sequence]) -> str:
    """A table as CSV text.

    The head holds the columns' names, cells hold raw values and codes: a file for programs and
    spreadsheets alike.
    Equal tables give equal bytes.

    >>> print(write_csv(["a", "b"], [["=1", 0.5], [None, True]]), end="")
    a,b
    '=1,0.5
    ,true
    """
    lines = [[_quote(safe_text(name)) for name in names]]
    lines += [[_cell(value) for value in row] for row in rows]
    return "".join(",".join(line) + "\n" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, (int, float)) else _text_cell(str(value))


@lru_cache(maxsize=4096)
def _text_cell(text: str) -> str:
    """A text as a cell: codes and names stand in many rows, and in many tables."""
    return _quote(safe_text(text))


def _quote(text: str) -> str:
    """Quoted where it holds a separator of any country: at a semicolon too, some spreadsheets
    start a new cell.
    """
    return '"' + text.replace('"', '""') + '"' if re.search('[,;"\\t\\r\\n]', text) else text
