"""Text files as exports write them: which encoding, which delimiter, which head; the bytes
themselves decide.
"""

import codecs
import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path

from kamresearch.data.encodings import SURE, judge_encodings, other_readings
from kamresearch.data.habits import scaled_title
from kamresearch.data.heads import find_head
from kamresearch.errors import DataError

SAMPLE = 1 << 16
"""Characters looked at for the delimiter."""

DELIMITERS = (",", ";", "\t", "|")

MOST_COLUMNS = 2_000
"""More columns than this are no table of accounts."""

LONGEST_LINE = 1 << 21
"""Bytes of a line at most; the engine skips longer ones without a word, so they are refused
here.
"""

MOST_BROKEN = 100_000
"""Broken lines kept of a text file; more are no rows gone wrong but a file gone wrong."""

ROWS_LOOKED_AT = 60
"""Rows in which the head is looked for."""

_TOLD = re.compile(r"^\"?sep=(.)\"?\s*[\r\n]", re.I)
"""Excel's own first line, ``sep=;``."""

_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class TextForm:
    """How a text file is written: encoding, delimiter, the names in its head, and how many
    lines stand before the first row.
    """

    encoding: str
    delimiter: str
    head: tuple[str, ...]
    skip: int = 1
    guessed: str = ""
    """Other readings of its letters where few of them tell the encoding."""
    scaled: str = ""
    """What a title above the head says of thousands or millions."""


def too_broken(where: str, row: int) -> DataError:
    """What is said of a file with too many lines that do not have the head's columns, the
    first of them this row.
    """
    return DataError(
        where,
        f"fewer than {MOST_BROKEN:,} broken lines",
        f"more, from row {row:,} on",
        "close the quotation mark before that row, or export the file again",
    )


def read_form(path: Path, encoding: str = "", delimiter: str = "", head_row: int = 0) -> TextForm:
    """Encoding, delimiter and head of a text file.

    Parameters
    ----------
    path : Path
        The file.
    encoding, delimiter : str
        As the mapping states them; found out where empty.
    head_row : int
        1-based line of the head, as the mapping states it; 0 where it is to be found.

    Raises
    ------
    DataError
        The file is empty, is not text of the stated encoding, or its head has nameless or repeated
        columns.
    """
    if path.stat().st_size == 0:
        raise DataError(
            path.name, "a head line with column names", "an empty file", "export it again"
        )
    guessed, stated = "", encoding
    encoding = encoding or find_encoding(path)
    if not stated and not encoding.startswith("utf"):
        guessed = " · ".join(f"{name}: {read}" for name, read in _others(path, encoding).items())
    try:
        with path.open(encoding=encoding, errors="strict", newline="") as file:
            sample = file.read(SAMPLE)
    except (UnicodeDecodeError, LookupError) as error:
        raise DataError(
            path.name, f"text in {encoding}", str(error), "state the right encoding in mapping.yml"
        ) from None
    if "\x00" in sample:
        raise DataError(path.name, "text", "bytes that are no text", "export it as CSV again")
    told = _TOLD.match(sample.lstrip("\ufeff"))
    delimiter = delimiter or (told[1] if told else find_delimiter(sample))
    form = _find_form(path.name, sample, encoding, delimiter, head_row or (2 if told else 0))
    return replace(form, guessed=guessed)


def _others(path: Path, encoding: str) -> dict[str, str]:
    """Other readings that are as good; asked for where this one's letters are unusual."""
    with path.open("rb") as file:
        others, usual = other_readings(file.read(_BLOCK), encoding)
    if others and not usual:
        told = ", ".join(f"{name}: {read!r}" for name, read in list(others.items())[:4])
        raise DataError(
            path.name,
            "enough letters to tell the encoding",
            f"few, and several readings of them ({told})",
            "state its encoding in mapping.yml, such as encoding: cp1252",
        )
    return others


def find_encoding(path: Path) -> str:
    """UTF-8, UTF-16 or UTF-32 by their marks or by decoding; else the old encoding that makes
    its words those of a language.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    zeros = (start[0::2].count(0), start[1::2].count(0))
    quarters = [start[at::4].count(0) for at in range(4)]
    if max(zeros) > len(start) // 8 and quarters[1] > len(start) // 8 < quarters[2]:
        return "utf-32-be" if quarters[0] > quarters[3] else "utf-32-le"
    if max(zeros) > len(start) // 8:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    if _decodes(path, "utf-8"):
        return "utf-8"
    if _mostly_utf8(start):
        raise DataError(
            f"{path.name}, row {_first_bad_row(path)}",
            "text in UTF-8 throughout",
            "bytes that are none",
            "mend the row, or state the right encoding in mapping.yml",
        )
    return _judged(path)


def _judged(path: Path) -> str:
    """The encoding in which the text is words of a language; asked for where none makes it so."""
    with path.open("rb") as file:
        start = file.read(_BLOCK)
    judged = judge_encodings(start)
    for merit, encoding in judged:
        if merit >= SURE and _decodes(path, encoding):
            return encoding
    best = ", ".join(f"{encoding}: {_sample(start, encoding)!r}" for _, encoding in judged[:3])
    raise DataError(
        path.name,
        "text of a language",
        f"none that is sure ({best or 'no known encoding fits'})",
        "state its encoding in mapping.yml, such as encoding: cp1252",
    )


def _sample(start: bytes, encoding: str) -> str:
    """The first cell with a letter beyond ASCII, as an encoding reads it."""
    cells = re.split(r"[;,\t|\r\n]", start.decode(encoding, errors="replace"))
    return next((cell for cell in cells if not cell.isascii()), "")[:30]


def _mostly_utf8(start: bytes) -> bool:
    """Whether the bytes are UTF-8 with a few damaged ones, and not another encoding."""
    text = start.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    return sum(character > "\x7f" for character in text) - damaged > 2 * damaged


def _first_bad_row(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return number


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def find_delimiter(sample: str) -> str:
    """The mark that parts the first lines into equally many cells, and into the most; where none
    parts the first line, a title stands there, and the usual width tells.
    """
    widths = {
        delimiter: [len(row) for row in _rows(sample, delimiter)][:50] for delimiter in DELIMITERS
    }
    headed = {mark: rows for mark, rows in widths.items() if rows and rows[0] > 1}
    best, most = ",", 0.0
    for mark, rows in (headed or widths).items():
        rows = rows[:-1] if len(rows) > 2 else rows  # the sample may end inside a line
        width = (
            rows[0] if headed else max((one for one in rows if one > 1), key=rows.count, default=0)
        )
        alike = rows.count(width) / max(len(rows), 1) * width
        best, most = (mark, alike) if alike > most else (best, most)
    return best


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    rows = []
    try:
        for row in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter):
            rows.append(row)
    except csv.Error:
        pass  # a cell longer than the reader allows ends the sample
    return [row for row in rows if row]


def _find_form(name: str, sample: str, encoding: str, delimiter: str, head_row: int) -> TextForm:
    lines = csv.reader(sample.lstrip("\ufeff").splitlines(keepends=True), delimiter=delimiter)
    rows, ends = [], []
    try:
        for row in lines:
            rows.append(row)
            ends.append(lines.line_num)
            if len(rows) == ROWS_LOOKED_AT:
                break
    except csv.Error:
        pass  # a cell longer than the reader allows ends the sample
    if not any(row for row in rows):
        raise DataError(name, "a head line with column names", "blank lines", "export it again")
    if head_row > len(rows):
        raise DataError(
            name,
            f"a head in row {head_row}, within the first {ROWS_LOOKED_AT}",
            f"{len(rows)} rows that were looked at",
            "mend head_row; a second table has a name of its own, such as 'sales (2)'",
        )
    place, names, used = (head_row - 1, rows[head_row - 1], 1) if head_row else find_head(rows)
    head = check_head(name, [cell.strip() for cell in names], ends[place])
    said = scaled_title(rows[:place])
    return TextForm(encoding, delimiter, head, ends[place + used - 1], scaled=said)


def check_head(name: str, head: list[str], line: int = 1) -> tuple[str, ...]:
    """Names of columns, each there once; nameless columns at the end are an export's habit and
    get a number, line breaks in a name become blanks.
    """
    head = [" ".join(cell.split()) for cell in head]
    if len(head) > MOST_COLUMNS:
        raise DataError(
            name,
            f"at most {MOST_COLUMNS:,} columns",
            f"{len(head):,}",
            "leave out those that no table of the contract has",
        )
    named = [cell or f"column_{place + 1}" for place, cell in enumerate(head)]
    repeated = (
        sorted(
            {cell for cell in named if [other.lower() for other in named].count(cell.lower()) > 1}
        )
        if len({cell.lower() for cell in named}) < len(named)
        else []
    )
    if repeated:
        raise DataError(
            f"{name}, row {line}",
            "each column name once",
            f"{repeated[0][:60]!r} more than once",
            "rename one of the columns in the file",
        )
    return tuple(named)


def check_lines(path: Path, name: str) -> None:
    """Refuse a UTF-8 text with a line beyond `LONGEST_LINE`, block by block: a cell of a
    gigabyte never enters memory.
    """
    if path.stat().st_size <= LONGEST_LINE:
        return
    row = length = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            first = block.find(b"\n")
            length += len(block) if first < 0 else first
            if length > LONGEST_LINE:
                raise DataError(
                    f"{name}, row {row}",
                    f"lines of at most {LONGEST_LINE >> 20} MB",
                    "a longer one",
                    "shorten the cell, or close the quotation mark before it",
                )
            if first >= 0:
                row += block.count(b"\n")
                length = len(block) - block.rfind(b"\n") - 1


def transcode(path: Path, encoding: str, target: Path) -> None:
    """Write a text file again in UTF-8, block by block."""
    with (
        path.open(encoding=encoding, errors="strict", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        try:
            while block := source.read(_BLOCK):
                out.write(block)
        except UnicodeDecodeError as error:
            raise DataError(
                path.name,
                f"text in {encoding}",
                f"byte {error.object[error.start]:#04x} that is none",
                "state the right encoding in mapping.yml",
            ) from None
