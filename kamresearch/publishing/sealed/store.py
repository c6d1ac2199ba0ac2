"""The shelf: sealed versions, found by name, read, and listed."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.errors import StoreError, near_matches
from kamresearch.finding import Findings
from kamresearch.studies.outputs import read_notebook, read_table

if TYPE_CHECKING:
    import pandas as pd

NAME = re.compile(r"^\d{4}-\d{2}-\d{2}-[0-9a-f]{10}(-\d+)?$")
"""What a version's folder is called."""
MANIFEST = "manifest.json"
SCHEMA = 1


class Version:
    """A sealed version: its manifest, findings, tables and pages."""

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder)

    @property
    def id(self) -> str:
        """Its name."""
        return self.path.name

    @cached_property
    def manifest(self) -> Mapping[str, object]:
        """Data, parameters, code, environment, checksums."""
        try:
            return json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"version {self.id}",
                "a manifest.json that can be read",
                type(error).__name__,
                "restore the version from a copy, or publish again",
            ) from error

    @cached_property
    def findings(self) -> Findings:
        """Every finding of it."""
        try:
            return Findings.from_json((self.path / "findings.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(
                f"version {self.id}",
                "a findings.json that can be read",
                type(error).__name__,
                f"run `kam verify {self.id}`",
            ) from error

    def table(self, table_id: str) -> "pd.DataFrame | None":
        """A table by its id, as the notebook showed it; None where there is none of this id."""
        for path in sorted((self.path / "notebooks").glob("*.ipynb")):
            frame = read_table(read_notebook(path), table_id)
            if frame is not None:
                return frame
        return None

    @property
    def made(self) -> str:
        """When it was sealed (UTC)."""
        return str(self.manifest.get("made", ""))

    def summary(self) -> dict:
        """The version in a few plain values."""
        manifest = self.manifest
        return {
            "version": self.id,
            "path": str(self.path),
            "made": self.made,
            "label": manifest.get("label", ""),
            "as_of": manifest.get("as_of", ""),
            "data": manifest.get("data", {}).get("source", ""),
            "where": manifest.get("where", ""),
            "studies": list(manifest.get("studies", {})),
            "absent": manifest.get("absent", {}),
            "findings": len(self.findings),
        }

    def __repr__(self) -> str:
        return f"Version({str(self.path)!r})"


def is_version(folder: Path) -> bool:
    """Whether a folder is a sealed version: rightly named, real, with a manifest."""
    return (
        bool(NAME.match(folder.name)) and not folder.is_symlink() and (folder / MANIFEST).is_file()
    )


def list_versions(reports: Path) -> list[Version]:
    """Every version of a shelf, newest first."""
    if not reports.is_dir():
        return []
    found = [Version(folder) for folder in reports.iterdir() if is_version(folder)]
    return sorted(found, key=lambda version: (version.made, version.id), reverse=True)


def find_version(reports: Path, name: str) -> Version:
    """A version by its name, the beginning of its name, the beginning of its hash, or
    ``latest``.
    """
    versions = list_versions(reports)
    if name == "latest" and versions:
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


def previous_version(reports: Path, manifest: Mapping) -> Version | None:
    """The version that a new one is compared with."""
    from kamresearch.publishing.sealed.compare import predecessor

    by_name = {version.id: version for version in list_versions(reports)}
    found = predecessor(manifest, [version.manifest for version in by_name.values()])
    return None if found is None else by_name[str(found["version"])]
