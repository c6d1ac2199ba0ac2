"""The list of what to do as a sheet to fill in, and the filled sheet as rows of the table
``actions``.
"""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.data.contract import TABLES
from kamresearch.data.textfile import read_form
from kamresearch.data.workbook import read_sheets
from kamresearch.errors import DataError, first_offenders
from kamresearch.language import LANGUAGES, Text
from kamresearch.language import message as _

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

HEADS: dict[str, Text] = {
    "account_id": _("Account"),
    "account_name": _("Name"),
    "kind": _("What to do"),
    "why": _("Why"),
    "owner": _("Owner"),
    "due": _("Due by"),
    "decided": _("What was decided"),
    "decided_by": _("Decided by"),
    "decided_on": _("Decided on"),
    "done_on": _("Done on"),
    "outcome": _("What came of it"),
    "proposed_on": _("Proposed on"),
    "version": _("Version"),
}
"""Column of the sheet → its head."""
DECISIONS: dict[str, Text] = {
    "do": _("do it"),
    "not": _("leave it"),
    "hold_out": _("held out by lot"),
}
"""Decision → its word in the sheet."""
SPEC = TABLES["actions"]
KEY = list(SPEC.key)
DAYS = [column.name for column in SPEC.columns if column.kind == "date"]
WIDTHS = {"account_name": 24, "kind": 30, "why": 48, "outcome": 40}

Words = Mapping[str, Mapping[str, str]]
"""Code → language → its word."""


def make_sheet(
    listed: pd.DataFrame, version: str, proposed_on: str, language: str, most: int = 0
) -> pd.DataFrame:
    """The rows to fill in: a version's list in words of a language, those for the month first.

    Parameters
    ----------
    listed : DataFrame
        The list as a version shows it (`kamresearch.studies.outputs.read_table`): account_id, kind,
        why, owner, due and ``first``; words of codes in ``attrs["terms"]``.
    version, proposed_on : str
        The version and its as-of day.
    language : str
        Of the words.
    most : int
        Rows at most; 0 for all.
    """
    terms = listed.attrs.get("terms", {})
    order = listed.get("first", pd.Series(False, listed.index)).fillna(False).astype(bool)
    rows = listed.loc[order.sort_values(ascending=False, kind="stable").index]
    rows = rows.head(most) if most else rows
    sheet = pd.DataFrame("", rows.index, list(HEADS))
    for name in ("account_id", "account_name"):
        sheet[name] = rows[name].fillna("").astype(str) if name in rows else ""
    for name in ("kind", "why", "owner"):
        if name not in rows:
            continue
        words = {code: one[language] for code, one in terms.get(name, {}).items()}
        sheet[name] = rows[name].fillna("").astype(str).replace(words)
    due = pd.to_datetime(rows["due"])
    sheet["due"] = due.dt.strftime("%Y-%m-%d").fillna("")
    return sheet.assign(version=version, proposed_on=proposed_on).reset_index(drop=True)


def write_workbook(sheet: pd.DataFrame, kinds: Words, language: str, path: Path) -> None:
    """Write the sheet as an .xlsx with a list of choices where a column is coded; no cell of it can
    run: texts are stored as texts, whatever they begin with.
    """
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    page = book.worksheets[0]
    page.title = SPEC.name
    page.append([text.render(language) for text in HEADS.values()])
    for row, values in enumerate(sheet.itertuples(index=False), 2):
        for place, value in enumerate(values, 1):
            text = ILLEGAL_CHARACTERS_RE.sub("", str(value))[:32_000]
            cell = page.cell(row, place, text or None)
            if cell.value is not None:
                cell.data_type, cell.quotePrefix = "s", True
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for place, name in enumerate(HEADS, 1):
        page.column_dimensions[get_column_letter(place)].width = WIDTHS.get(name, 14)
        page.cell(1, place).font = Font(bold=True)
    page.freeze_panes = "B2"
    choices = {
        "decided": [text.render(language) for text in DECISIONS.values()],
        "kind": [words[language] for words in kinds.values()],
    }
    _add_choices(book, page, {name: one for name, one in choices.items() if one}, len(sheet))
    book.save(path)


def _add_choices(
    book: "Workbook", page: "Worksheet", choices: Mapping[str, list[str]], n: int
) -> None:
    """Lists of choices stand on a hidden page: written into the rule itself they could hold no
    comma and no more than 255 characters.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    hidden = book.create_sheet("choices")
    hidden.sheet_state = "hidden"
    for place, (name, words) in enumerate(choices.items(), 1):
        for row, word in enumerate(words, 1):
            hidden.cell(row, place, word).data_type = "s"
        at, column = get_column_letter(place), get_column_letter(list(HEADS).index(name) + 1)
        rule = DataValidation(
            "list", formula1=f"choices!${at}$1:${at}${len(words)}", allow_blank=True
        )
        rule.add(f"{column}2:{column}{max(n, 1) + 1}")
        page.add_data_validation(rule)


def sheet_content(sheet: pd.DataFrame, language: str) -> tuple[list[str], list[list]]:
    """The sheet's heads and rows, for a CSV file."""
    return [HEADS[name].render(language) for name in sheet], sheet.to_numpy(object).tolist()


def read_filled(
    path: Path,
    kinds: Words,
    plain: Callable[[str], str] = lambda text: text,
    *,
    owners: Words | None = None,
) -> pd.DataFrame:
    """A filled sheet, of either language and format, as rows of the table ``actions``.

    Parameters
    ----------
    path : Path
        The .xlsx or the .csv, however a spreadsheet has saved it.
    kinds : mapping
        Code of a kind → language → its word.
    plain : callable
        Takes off what a CSV's writer put before cells that could run.
    owners : mapping, optional
        Number of a manager → language → name as the sheet shows it; whoever else was filled in
        stays as written.

    Returns
    -------
    DataFrame
        The columns of the contract as texts; codes for words, days as ``2012-12-31``.

    Raises
    ------
    DataError
        A key column is missing, a word or a day cannot be read, or a row stands there twice.
    """
    frame = _read_texts(path, plain)
    frame = frame.rename(columns=_head_names())
    missing = [name for name in KEY if name not in frame]
    if missing:
        wanted = ", ".join(f"{HEADS[name].render('en')} ({name})" for name in missing)
        raise DataError(path.name, f"the columns {wanted}", "a sheet without them", "keep its head")
    frame = frame[[name for name in (one.name for one in SPEC.columns) if name in frame]]
    frame = frame[frame["account_id"] != ""].reset_index(drop=True)
    decisions = {code: {one: text.render(one) for one in LANGUAGES} for code, text in _decisions()}
    for name, words in (("kind", kinds), ("decided", decisions)):
        if name in frame:
            frame[name] = _read_codes(frame[name], words, f"{path.name}, {name}")
    if "owner" in frame:
        known = {name: code for code, one in (owners or {}).items() for name in one.values()}
        frame["owner"] = frame["owner"].str.strip().replace(known)
    for name in DAYS:
        if name in frame:
            frame[name] = _read_days(frame[name], f"{path.name}, {name}")
    twice = frame.loc[frame.duplicated(KEY), "account_id"]
    if len(twice):
        raise DataError(
            path.name, "one row an action", f"twice {first_offenders(twice)}", "drop one of them"
        )
    return frame


def merge_actions(known: pd.DataFrame | None, told: pd.DataFrame) -> pd.DataFrame:
    """Rows known before, and those of a filled sheet in their place where both speak of one
    action.
    """
    both = told if known is None else pd.concat([known, told], ignore_index=True)
    both = both.fillna("").drop_duplicates(KEY, keep="last")
    return both.sort_values(["proposed_on", *KEY[:2]], kind="stable").reset_index(drop=True)


def _decisions() -> list[tuple[str, Text]]:
    return list(DECISIONS.items())


def _head_names() -> dict[str, str]:
    return {text.render(one): name for name, text in HEADS.items() for one in LANGUAGES}


def _read_texts(path: Path, plain: Callable[[str], str]) -> pd.DataFrame:
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        frame = next(iter(read_sheets(path).values())).to_pandas()
        return frame.drop(columns="__row__").fillna("").astype(str)
    form = read_form(path)
    with path.open(encoding=form.encoding, newline="") as file:
        rows = list(csv.reader(file, delimiter=form.delimiter))[form.skip :]
    width = len(form.head)
    cells = [[plain(one) for one in (row + [""] * width)[:width]] for row in rows if any(row)]
    return pd.DataFrame(cells, columns=list(form.head), dtype=str)


def _read_codes(texts: pd.Series, words: Words, where: str) -> pd.Series:
    known = {word: code for code, one in words.items() for word in one.values()}
    known |= {code: code for code in words} | {"": ""}
    codes = texts.str.strip().map(known)
    if codes.isna().any():
        raise DataError(
            where,
            "one of the words of the list",
            first_offenders(texts[codes.isna()]),
            "choose from the list of the cell",
        )
    return codes


def _read_days(texts: pd.Series, where: str) -> pd.Series:
    """Days as they stand in the sheet, or as a spreadsheet rewrites them."""
    short = texts.str.strip().str.replace(r"[/.年月]", "-", regex=True).str.removesuffix("日")
    days = pd.to_datetime(short.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    wrong = days.isna() & (short != "")
    if wrong.any():
        raise DataError(
            where, "days such as 2012-12-31", first_offenders(texts[wrong]), "write them so"
        )
    return days.dt.strftime("%Y-%m-%d").fillna("")
