"""Rows that readers follow from version to version, as far as the studies' outputs say so."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kamresearch.language import Fixed
from kamresearch.publishing.files import to_json, write_text
from kamresearch.studies.outputs import iterate_outputs

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
    return {
        content["id"]: _rows(content)
        for notebook in notebooks
        for content in iterate_outputs(notebook, "table")
        if "followed" in content
    }


def _rows(content: Mapping) -> FollowedTable:
    about, columns = content["followed"], content["columns"]
    places = {column["name"]: place for place, column in enumerate(columns)}
    key, name, state = (places.get(about[part]) for part in ("key", "name", "state"))

    def text(row: list, place: int | None) -> str:
        return "" if place is None or row[place] is None else str(row[place])

    return FollowedTable(
        title=about["title"],
        rows={
            text(row, key): (text(row, name) or text(row, key), text(row, state))
            for row in content["rows"]
            if text(row, key)
        },
        terms={
            code: texts
            for place in (name, state)
            if place is not None
            for code, texts in columns[place]["terms"].items()
        },
        left=about["left"],
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
