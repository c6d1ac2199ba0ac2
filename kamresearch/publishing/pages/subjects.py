"""Subjects with pages of their own: which of a version's rows lead to one, and where it lies."""

import hashlib
import json
import re
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kamresearch.figures.theme import clean
from kamresearch.publishing.pages.views import slug
from kamresearch.studies import Study
from kamresearch.studies.kinds import ProfilesOutput, TableOutput
from kamresearch.studies.outputs import iterate_outputs

SAFE = re.compile(r"[A-Za-z0-9_-]{1,60}")
"""Numbers that can stand as a file's name on any system."""


@dataclass(frozen=True)
class Subjects:
    """Everything of one kind that a version knows by number and name, and who has a page.

    Parameters
    ----------
    id : str
        Folder of the pages, and id of the table that lists all.
    study : str
        Name of the study that shows the table.
    columns : tuple of str
        Name of the column of numbers, and of that of names, in whatever table.
    names : mapping
        Number → name, of all.
    keys : tuple of str
        Numbers of those with a page.
    """

    id: str
    study: str
    columns: tuple[str, str]
    names: Mapping[str, str] = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)

    @cached_property
    def stems(self) -> dict[str, str]:
        """Number → file name without language and ending; one that a disk would not keep apart
        from another, or could not keep, gets a digest behind it.
        """
        folded = Counter(key.lower() for key in self.keys)
        return {
            key: key if SAFE.fullmatch(key) and folded[key.lower()] == 1 else _safe(key)
            for key in self.keys
        }

    @cached_property
    def by_name(self) -> dict[str, str]:
        """Name → number, of names that only one bears."""
        borne = Counter(self.names.values())
        return {name: key for key, name in self.names.items() if borne[name] == 1}

    def page(self, key: str, language: str) -> str | None:
        """Address of a subject's page within the version; None where it has none."""
        stem = self.stems.get(key)
        return None if stem is None else f"{self.id}/{stem}.{language}.html"

    def link(self, names: Sequence[str], row: Sequence, language: str) -> tuple[int, str] | None:
        """Which cell of a row leads where: its name, else its number; None where nothing does."""
        number, name = (names.index(one) if one in names else None for one in self.columns)
        if number is not None:
            key = row[number]
        else:
            key = self.by_name.get(row[name]) if name is not None else None
        address = self.page(str(key), language) if key is not None else None
        shown = number if name is None or not row[name] else name
        return None if address is None or shown is None else (shown, address)

    def packed(self, language: str) -> str:
        """Number, name and page of all, as the page's script unpacks them."""
        rows = [
            [clean(str(key)), clean(str(name or "")), self.page(key, language) or ""]
            for key, name in self.names.items()
        ]
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        return b64encode(zlib.compress(text.encode(), 9)).decode()


def _safe(key: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9_-]", "", slug(key))[:40]
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def find_subjects(executed: Iterable[tuple[Study, Mapping]]) -> tuple[Subjects, ...]:
    """The subjects that executed studies declare, each out of the table that lists them."""
    found = []
    for study, notebook in executed:
        for profiles in iterate_outputs(notebook, ProfilesOutput):
            index = index_of(notebook, profiles)
            number, name = index.names[:2]
            names = {str(row[0]): row[1] for row in index.rows}
            keys = tuple(key for key in profiles.keys if key in names)
            found.append(Subjects(profiles.id, study.name, (number, name), names, keys))
    return tuple(found)


def index_of(notebook: Mapping, profiles: ProfilesOutput) -> TableOutput:
    """The table that lists the subjects of a notebook's profiles."""
    return next(one for one in iterate_outputs(notebook, TableOutput) if one.id == profiles.id)
