"""The list of a version as a sheet to fill in, and the filled sheet as data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kamresearch.cli.shelf import Json, Name, Reports, echo_json

if TYPE_CHECKING:
    import pandas as pd

    from kamresearch.publishing.sealed.store import Version

LIST = "decisions.list"


def actions(
    version: Name,
    reports: Reports = None,
    to: Annotated[
        Path, typer.Option(help="Folder for the sheets; with --read, the data's folder.")
    ] = Path(),
    lang: Annotated[str, typer.Option(help="Languages of the sheets.")] = "en,zh",
    most: Annotated[int, typer.Option(min=0, help="Rows at most; 0 for the whole list.")] = 10,
    read: Annotated[
        Path | None, typer.Option(help="A filled sheet: its rows go into actions.csv of --to.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a version's list as a sheet to fill in, or take a filled one into the data."""
    from kamresearch.publishing.surface import find

    found = find(version, reports)
    written = [_take(found, read, to)] if read else _write(found, to, lang, most)
    if json:
        return echo_json({"version": found.id, "files": [str(path) for path in written]})
    for path in written:
        typer.echo(path)
    return None


def _listed(version: "Version") -> "pd.DataFrame":
    from kamresearch.errors import StoreError

    listed = version.table(LIST)
    if listed is None:
        raise StoreError(
            f"version {version.id}",
            f"the list of what to do ({LIST})",
            "none",
            "publish the study decisions with it",
        )
    return listed


def _write(version: "Version", folder: Path, lang: str, most: int) -> list[Path]:
    from kamresearch.data.actionsheet import make_sheet, sheet_content, write_workbook
    from kamresearch.publishing.asking.parameters import as_languages
    from kamresearch.publishing.outcome.csvfile import write_csv

    listed, written = _listed(version), []
    kinds = listed.attrs["terms"].get("kind", {})
    folder.mkdir(parents=True, exist_ok=True)
    for language in as_languages(lang):
        sheet = make_sheet(listed, version.id, version.manifest.as_of, language, most)
        book, text = (folder / f"actions-{version.id}.{language}.{one}" for one in ("xlsx", "csv"))
        write_workbook(sheet, kinds, language, book)
        # The mark tells spreadsheets that it is UTF-8.
        text.write_text("\ufeff" + write_csv(*sheet_content(sheet, language)), encoding="utf-8")
        written += [book, text]
    return written


def _take(version: "Version", path: Path, folder: Path) -> Path:
    import pandas as pd

    from kamresearch.data.actionsheet import merge_actions, read_filled
    from kamresearch.errors import DataError
    from kamresearch.publishing.outcome.csvfile import plain_text, write_csv

    if not path.is_file():
        raise DataError(str(path), "a filled sheet", "no such file", "give the path of the sheet")
    terms = _listed(version).attrs["terms"]
    told = read_filled(path, terms.get("kind", {}), plain_text, owners=terms.get("owner"))
    target = folder / "actions.csv"
    known = None
    if target.exists():
        known = pd.read_csv(target, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        known = known.map(plain_text)
    frame = merge_actions(known, told)
    rows = [[value or None for value in row] for row in frame.itertuples(index=False)]
    target.write_text(write_csv(frame.columns, rows), encoding="utf-8")
    return target


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        epilog="Example: kam actions latest; kam actions latest --read filled.xlsx --to data/ours"
    )(actions)
