"""Pages kept between versions: a page whose every input is as before is taken over as it stands."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from kamresearch.publishing.files import forget_parts, json_sha256, text_sha256, write_text
from kamresearch.publishing.pages.context import RenderContext
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.studies import Study

APART = ("version", "made", "previous", "log", "files", "sha256")
TOLD_BY_STUDY = ("code", "parameters", "seeds", "studies")
"""What a manifest says of the version alone, no reason to render a page again, and what of one
study counts for its own pages only. The version's name and hour stand on pages; they are put in
anew.
"""


class KeptPages:
    """The last pages of each study and language, beside a checksum of all that they show.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    code : str
        Checksum of the code and words that make pages.
    """

    def __init__(self, folder: Path, code: str) -> None:
        self.folder, self.code = folder, code

    def key(self, notebook: str, study: Study, language: str, context: RenderContext) -> str:
        """The checksum of all that a study's pages in a language show but name and hour."""
        manifest = context.manifest.plain()
        changes = context.changes
        told = [changes and changes.view(id, language) for id in context.findings]
        return json_sha256(
            [
                self.code,
                text_sha256(notebook),
                {
                    name: value
                    for name, value in manifest.items()
                    if name not in APART + TOLD_BY_STUDY
                },
                [manifest["code"]["commit"], manifest["code"]["clean"]],
                manifest["parameters"].get(study.name),
                [study.name, language, [one.name for one in context.studies]],
                sorted(context.tables.items()),
                told,
                [asdict(one) for one in context.subjects],
            ]
        )

    def recall(self, key: str, study: Study, language: str, manifest: Manifest) -> dict[str, str]:
        """Address → page of a study, as this version shows it; empty where it must be made."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            sha256, _, content = self._path(study, language).read_bytes().partition(b"\n")
            if sha256.decode() != hashlib.sha256(content).hexdigest():
                return {}
            kept = json.loads(content)
            if kept["key"] != key:
                return {}
            now = {kept["version"]: manifest.version, kept["made"]: manifest.made}
            return {address: _put(page, now) for address, page in kept["pages"].items()}
        return {}

    def keep(
        self,
        key: str,
        study: Study,
        language: str,
        manifest: Manifest,
        pages: Mapping[str, str],
    ) -> None:
        """Keep a study's pages; a cache that cannot be written is no reason to fail."""
        facts = {"key": key, "version": manifest.version, "made": manifest.made}
        content = json.dumps({**facts, "pages": pages}, ensure_ascii=False)
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            forget_parts(self.folder)
            write_text(self._path(study, language), f"{sha256}\n{content}")

    def _path(self, study: Study, language: str) -> Path:
        return self.folder / f"{study.name}.{language}.json"


def _put(page: str, names: Mapping[str, str]) -> str:
    for before, now in names.items():
        page = page.replace(before, now)
    return page
