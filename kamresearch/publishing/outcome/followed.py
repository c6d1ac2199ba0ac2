"""Rows that readers follow from version to version, as far as the studies' outputs say so."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kamresearch.language import Fixed
from kamresearch.publishing.files import to_json, write_text

if TYPE_CHECKING:
    from kamresearch.studies.kinds import FollowedBy, TableOutput

FOLLOWED = "followed.json"
"""Where a version keeps them: a comparison opens no notebook."""


class FollowedTable(BaseModel):
    """A followed table: key of each row → its name and its state, codes where they have words."""

    model_config = ConfigDict(frozen=True)

    title: dict[str, str]
    rows: dict[str, tuple[str, str]]
    terms: dict[str, dict[str, str]] = Field(default_factory=dict)
    left: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Key of a row that is not there → what became of it."""

    def spoken(self, code: str, language: str) -> str:
        """A coded name or state in words; data values as they are."""
        return Fixed(self.terms[code]).render(language) if code in self.terms else code


_FILE = TypeAdapter(dict[str, FollowedTable])


def followed_tables(notebooks: Iterable[Mapping]) -> dict[str, FollowedTable]:
    """Id → rows of every table in executed notebooks that its study wants followed."""
    from kamresearch.studies.kinds import TableOutput
    from kamresearch.studies.outputs import iterate_outputs

    return {
        table.id: _rows(table, table.followed)
        for notebook in notebooks
        for table in iterate_outputs(notebook, TableOutput)
        if table.followed is not None
    }


def _rows(table: "TableOutput", by: "FollowedBy") -> FollowedTable:
    places = {name: place for place, name in enumerate(table.names)}
    key, name, state = (places.get(one) for one in (by.key, by.name, by.state))

    def text(row: list, place: int | None) -> str:
        return "" if place is None or row[place] is None else str(row[place])

    return FollowedTable(
        title=dict(by.title),
        rows={
            text(row, key): (text(row, name) or text(row, key), text(row, state))
            for row in table.rows
            if text(row, key)
        },
        terms={
            code: dict(texts)
            for place in (name, state)
            if place is not None
            for code, texts in table.columns[place].terms.items()
        },
        left={gone: dict(word) for gone, word in by.left.items()},
    )


def write_followed(tables: Mapping[str, FollowedTable], folder: Path) -> None:
    """Keep followed rows in a version's folder."""
    write_text(folder / FOLLOWED, to_json(_FILE.dump_python(dict(tables), mode="json")))


def read_followed(folder: Path) -> dict[str, FollowedTable]:
    """The followed rows of a version; none where an earlier release sealed it."""
    path = folder / FOLLOWED
    if not path.exists():
        return {}
    return _FILE.validate_python(json.loads(path.read_text(encoding="utf-8")))
