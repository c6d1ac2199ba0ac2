"""What a version says of its own making: data, parameters, code, environment, checksums."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kamresearch.errors import StoreError
from kamresearch.language.format import money_in

MANIFEST = "manifest.json"
SCHEMA = 2

Texts = dict[str, str]
"""Language → text."""


class _Part(BaseModel):
    """Facts may be more than this release knows; what it knows has a type."""

    model_config = ConfigDict(extra="allow", frozen=True)


class TableFacts(_Part):
    """A table of the data as it was read."""

    rows: int | None = None
    fingerprint: str = ""
    simulated: bool = False


class DataFacts(_Part):
    """The data behind a version."""

    source: str = ""
    currency: str = ""
    measure: dict[str, str] = Field(default_factory=dict)
    """Language → the word that units are counted in."""
    mapping: str = ""
    mapping_text: str = ""
    """Checksum of the mapping's text as read."""
    pseudonyms: str = ""
    """Mark of the key under which names gave way; empty where they stand."""
    tables: dict[str, TableFacts] = Field(default_factory=dict)

    def told(self) -> AbstractContextManager[None]:
        """Inside, amounts name the data's currency and units the word that they are counted in."""
        from kamresearch.figures.theme import clean

        words = {code: clean(word) for code, word in self.measure.items()}
        return money_in(clean(self.currency), words)


class StudyFacts(_Part):
    """A study of a version: its notebook, and how it came to its result."""

    notebook: str = ""
    seconds: float = 0.0
    reused: bool = False


class CodeFacts(_Part):
    """The code that made a version."""

    fingerprint: str = ""
    commit: str | None = None
    clean: bool | None = None

    @property
    def short(self) -> str:
        """Commit or fingerprint in ten letters, with a plus where the tree had changes."""
        mark = "+" if self.clean is False else ""
        return str(self.commit or self.fingerprint or "?")[:10] + mark


class Manifest(_Part):
    """A version's manifest, whole or as far as it is known before sealing."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    form: int = Field(SCHEMA, alias="schema")
    version: str = ""
    label: str = ""
    made: str = ""
    as_of: str = ""
    hindcast: bool = False
    """Made later, from data cut back to the day: weaker proof than a version sealed on it."""
    where: str = ""
    languages: tuple[str, ...] = ("en",)
    data: DataFacts = Field(default_factory=DataFacts)
    parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)
    seeds: dict[str, int] = Field(default_factory=dict)
    studies: dict[str, StudyFacts] = Field(default_factory=dict)
    front: str = ""
    """The study whose page is the front door; empty where the version has none."""
    asked: tuple[str, ...] = ()
    absent: dict[str, Texts] = Field(default_factory=dict)
    """Studies left out → why."""
    warnings: tuple[Texts, ...] = ()
    stories: dict[str, str] = Field(default_factory=dict)
    """Study → checksum of what the case itself says about it."""
    code: CodeFacts = Field(default_factory=CodeFacts)
    python: str = ""
    platform: str = ""
    packages: dict[str, str] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    previous: str = ""
    """The version that its pages compare it with."""
    log: str = ""
    """Hash of the shelf's log when it was made."""
    sha256: str = ""

    @field_validator("languages", mode="after")
    @classmethod
    def _some_language(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return value or ("en",)

    @property
    def name(self) -> str:
        """What people call the version: its label, else its id."""
        return self.label or self.version or "–"

    @property
    def moment(self) -> tuple[str, str]:
        """What versions are ordered by."""
        return self.made, self.version

    @property
    def slice(self) -> str:
        """The slice of the accounts that it shows (``region=East``); empty for all."""
        return self.where or next(
            (str(one["where"]) for one in self.parameters.values() if one.get("where")), ""
        )

    def with_study(self, name: str, seconds: float, reused: bool) -> "Manifest":
        """The same with what is known of a study once it has run."""
        done = self.studies.get(name, StudyFacts()).model_copy(
            update={"seconds": seconds, "reused": reused}
        )
        return self.model_copy(update={"studies": {**self.studies, name: done}})

    def plain(self) -> dict[str, Any]:
        """Plain values, as the file holds them."""
        return self.model_dump(mode="json", by_alias=True)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a version's folder; one that cannot be read is named, with what is wrong."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise TypeError(f"holds a {type(content).__name__}")
        return Manifest.model_validate({**content, "version": folder.name})
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise StoreError(
            f"version {folder.name}",
            f"a {MANIFEST} that can be read",
            _why(error),
            "restore the version from a copy, or remove its folder and publish again",
        ) from error


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return f"{type(error).__name__}: {str(error)[:120]}"
