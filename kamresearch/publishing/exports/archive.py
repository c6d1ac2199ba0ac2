"""A version as one file to mail: it opens from disk, and its links lead where they led."""

import zipfile
from html import escape
from pathlib import Path

from kamresearch.publishing.sealed.store import Version

WHEN = (1980, 1, 1, 0, 0, 0)
"""No clock: equal versions give equal bytes."""


def write_zip(version: Version, path: Path) -> None:
    """The version's folder, and beside it the page that its links to the shelf lead to."""
    name = escape(version.id)
    door = (
        f'<!doctype html><meta charset="utf-8"><title>{name}</title>'
        f'<meta http-equiv="refresh" content="0; url={name}/index.html">'
        f'<p><a href="{name}/index.html">{name}</a></p>\n'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(zipfile.ZipInfo("index.html", WHEN), door, zipfile.ZIP_DEFLATED)
        for one in sorted(version.path.rglob("*")):
            if one.is_file():
                told = f"{version.id}/{one.relative_to(version.path).as_posix()}"
                info = zipfile.ZipInfo(told, WHEN)
                archive.writestr(info, one.read_bytes(), zipfile.ZIP_DEFLATED)
