"""The shelf: versions found by name, read, and listed; one that is damaged closes nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.errors import KamError, StoreError, near_matches
from kamresearch.finding import Finding, Findings
from kamresearch.language import LANGUAGES
from kamresearch.publishing.outcome.followed import (
    FOLLOWED,
    FollowedTable,
    followed_tables,
    read_followed,
)
from kamresearch.publishing.sealed.manifest import MANIFEST, Manifest, read_manifest

if TYPE_CHECKING:
    import pandas as pd

# What opens a notebook is imported where one is opened: a list of versions opens none.

NAME = re.compile(r"^\d{4}-\d{2}-\d{2}-[0-9a-f]{10}(-\d+)?$")
"""What a version's folder is called."""


class State(StrEnum):
    """How far a version is, and whether it can be read."""

    DRAFT = "draft"
    SEALED = "sealed"
    DAMAGED = "damaged"


class Version:
    """A version: its manifest, findings, tables and pages.

    Parameters
    ----------
    folder : Path
        Where it lies.
    manifest : Manifest, optional
        Of a draft, as far as it is known; a sealed version has its own.
    notebooks : sequence of str, optional
        Of a draft, the names of those whose findings are asked for, in order.
    """

    def __init__(
        self, folder: Path, manifest: Manifest | None = None, notebooks: Sequence[str] = ()
    ) -> None:
        self.path, self._notebooks, self._drafted = Path(folder), notebooks, manifest is not None
        if manifest is not None:
            self.__dict__["manifest"] = manifest

    @property
    def id(self) -> str:
        """Its name: that of its folder, but while it is a draft."""
        return self.manifest.version if self._drafted else self.path.name

    @property
    def state(self) -> State:
        """Draft, sealed, or damaged."""
        if self._drafted:
            return State.DRAFT
        return State.DAMAGED if self.damage else State.SEALED

    @cached_property
    def damage(self) -> str:
        """What keeps it from being read, in words; empty for a version in order."""
        try:
            self.manifest, self.findings, self.followed  # noqa: B018  (read to see whether it can be)
        except KamError as error:
            return str(error)
        return ""

    @cached_property
    def manifest(self) -> Manifest:
        """Data, parameters, code, environment, checksums."""
        return read_manifest(self.path)

    @cached_property
    def findings(self) -> Findings:
        """Every finding of it; of a draft, those of the notebooks asked for."""
        if self._drafted:
            from kamresearch.publishing.outcome.collect import finding_rows

            return Findings(Finding.from_dict(row) for row in finding_rows(self._executed()))
        try:
            return Findings.from_json((self.path / "findings.json").read_text(encoding="utf-8"))
        except _UNREADABLE as error:
            raise self._broken("findings.json", error) from error

    @cached_property
    def followed(self) -> Mapping[str, FollowedTable]:
        """Tables whose rows readers follow from version to version."""
        if self._drafted:
            return followed_tables(self._executed())
        try:
            return read_followed(self.path)
        except _UNREADABLE as error:
            raise self._broken(FOLLOWED, error) from error

    def _executed(self) -> Iterable[dict]:
        from kamresearch.studies.outputs import read_notebook

        paths = [self.path / "notebooks" / f"{name}.ipynb" for name in self._notebooks]
        return [read_notebook(path) for path in paths if path.exists()]

    def _broken(self, name: str, error: Exception) -> StoreError:
        return StoreError(
            f"version {self.id}",
            f"a {name} that can be read",
            type(error).__name__,
            f"run `kam verify {self.id}`, and restore the version from a copy",
        )

    def table(self, table_id: str) -> "pd.DataFrame | None":
        """A table by its id, as the notebook showed it; None where there is none of this id."""
        from kamresearch.studies import owner_of
        from kamresearch.studies.outputs import read_notebook, read_table

        owner = owner_of(table_id)
        path = self.path / "notebooks" / f"{owner.notebook}.ipynb" if owner else None
        return read_table(read_notebook(path), table_id) if path and path.exists() else None

    def front(self, language: str) -> str:
        """File name of its front door, in a language or else in its first."""
        name = f"{self.manifest.front or 'index'}.{language}.html"
        other = language in self.manifest.languages[1:] and (self.path / name).exists()
        return name if other else "index.html"

    @property
    def made(self) -> str:
        """When it was sealed (UTC)."""
        return self.manifest.made

    def summary(self) -> dict:
        """The version in a few plain values."""
        manifest = self.manifest
        return {
            "version": self.id,
            "path": str(self.path),
            "made": manifest.made,
            "label": manifest.label,
            "as_of": manifest.as_of,
            "data": manifest.data.source,
            "where": manifest.slice,
            "studies": list(manifest.studies),
            "absent": manifest.absent,
            "findings": len(self.findings),
        }

    def __repr__(self) -> str:
        return f"Version({str(self.path)!r})"


_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What garbled JSON can end in, down to rows that are no findings."""


def is_version(folder: Path) -> bool:
    """Whether a folder is a version, sound or not: rightly named, real, with a manifest."""
    return (
        bool(NAME.match(folder.name)) and not folder.is_symlink() and (folder / MANIFEST).is_file()
    )


def version_folders(reports: Path) -> list[Path]:
    """The folder of every version of a shelf."""
    return sorted(one for one in reports.iterdir() if is_version(one)) if reports.is_dir() else []


def all_versions(reports: Path) -> list[Version]:
    """Every version of a shelf, the damaged ones last."""
    found = [Version(folder) for folder in version_folders(reports)]
    sound = [version for version in found if not version.damage]
    return [
        *sorted(sound, key=lambda version: (version.made, version.id), reverse=True),
        *sorted((one for one in found if one.damage), key=lambda version: version.id, reverse=True),
    ]


def list_versions(reports: Path) -> list[Version]:
    """Every version of a shelf that can be read, newest first."""
    return [version for version in all_versions(reports) if not version.damage]


def standing_version(reports: Path, name: str) -> Version | None:
    """The version of a name where it stands on the shelf and can be read."""
    version = Version(reports / name)
    return version if is_version(version.path) and not version.damage else None


def find_version(reports: Path, name: str) -> Version:
    """A version by its name, the beginning of its name, the beginning of its hash, or
    ``latest``.
    """
    versions = all_versions(reports)
    if name == "latest" and versions and not versions[0].damage:
        return versions[0]
    name = Path(name).name if Path(name).parent.resolve() == reports.resolve() else name
    exact = [version for version in versions if version.id == name]
    begun = [
        version
        for version in versions
        if name and (version.id.startswith(name) or version.id[11:].startswith(name))
    ]
    matches = exact or begun
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise StoreError(
            f"version {name!r}",
            "one version",
            f"{len(matches)} that begin so",
            near_matches(name, [version.id for version in matches]),
        )
    raise StoreError(
        f"version {name!r}",
        f"a version in {reports}",
        "none of this name" if versions else "an empty shelf",
        near_matches(name, [version.id for version in versions])
        if versions
        else "run `kam publish` first",
    )


def shelf_is_written(reports: Path, versions: Iterable[str]) -> bool:
    """Whether the shelf's page is there in every language and lists some versions."""
    index = reports / "index.html"
    if not index.exists() or len([*reports.glob("index.*.html")]) < len(LANGUAGES) - 1:
        return False
    listed = index.read_text(encoding="utf-8", errors="replace")
    return all(version in listed for version in versions)
