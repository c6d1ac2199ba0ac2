"""The record of one subject of a version: its row, what was told and proposed of it, its page."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

import pandas as pd

from kamresearch.errors import StoreError, near_matches
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies import find_study
from kamresearch.studies.kinds import ProfilesOutput, RowsPart
from kamresearch.studies.outputs import iterate_outputs, read_accounts, read_notebook, read_table


@dataclass(frozen=True)
class Record:
    """What a version knows of one subject.

    Parameters
    ----------
    key, name : str
        Its number and name.
    facts : Series
        Its row in the table that lists all.
    told, proposals : DataFrame
        What the studies told of it and would do for it, with the column ``study``.
    parts : mapping
        Title in English → its rows, of every part of its page; empty without a page.
    pages : tuple of Path
        Its page in each language.
    """

    key: str
    name: str
    facts: pd.Series = field(repr=False)
    told: pd.DataFrame = field(repr=False)
    proposals: pd.DataFrame = field(repr=False)
    parts: dict[str, pd.DataFrame] = field(repr=False)
    pages: tuple[Path, ...] = ()


def read_record(version: Version, key: str) -> Record:
    """The record of a subject, out of the executed notebooks of a version.

    Raises
    ------
    StoreError
        The version lists no subjects, or none of this number.
    """
    folder = version.path / "notebooks"
    studies = [find_study(name) for name in version.manifest.studies]
    notebooks = {one.name: read_notebook(folder / f"{one.notebook}.ipynb") for one in studies}
    found = [
        (profiles, cast(pd.DataFrame, read_table(notebook, profiles.id)))
        for notebook in notebooks.values()
        for profiles in iterate_outputs(notebook, ProfilesOutput)
    ]
    known: list[str] = []
    for profiles, index in found:
        numbers = index.iloc[:, 0].astype(str)
        known += numbers.tolist()
        if key in set(numbers):
            row = index[(numbers == key).to_numpy()].iloc[0]
            return Record(
                key,
                str(row.iloc[1]),
                row,
                _of(notebooks, "facts", key),
                _of(notebooks, "proposals", key),
                _parts(profiles, key),
                tuple(sorted((version.path / profiles.id).glob(f"{key}.*.html"))),
            )
    raise StoreError(
        f"version {version.id}, {key!r}",
        "a number that the version lists",
        "no such number" if known else "no list of them",
        near_matches(key, known) if known else "publish the study that lists them",
    )


def _of(notebooks: dict, kind: Literal["facts", "proposals"], key: str) -> pd.DataFrame:
    parts = [
        read_accounts(notebook, kind).assign(study=name) for name, notebook in notebooks.items()
    ]
    told = pd.concat(parts, ignore_index=True)
    return told[(told.iloc[:, 0].astype(str) == key).to_numpy()].reset_index(drop=True)


def _parts(profiles: ProfilesOutput, key: str) -> dict[str, pd.DataFrame]:
    return {
        part.title["en"]: pd.DataFrame(
            part.rows[key], columns=[column.name for column in part.columns]
        )
        for part in profiles.parts
        if isinstance(part, RowsPart) and key in part.rows
    }
