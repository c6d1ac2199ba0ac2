"""Versions of earlier releases, and shelves whose clock was odd, are read as any other."""

import json
import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest

from kamresearch.publishing.files import json_sha256
from kamresearch.publishing.making.verify import check_files, request_of
from kamresearch.publishing.sealed.compare import compare, previous_version
from kamresearch.publishing.sealed.listing import describe
from kamresearch.publishing.sealed.log import note_found, write_log
from kamresearch.publishing.sealed.manifest import SCHEMA
from kamresearch.publishing.sealed.sealing import finish_manifest
from kamresearch.publishing.sealed.store import Version, all_versions, version_folders
from kamresearch.publishing.shelf.portal import write_shelf
from tests.reports import shelves

SINCE = {2: ("hindcast", "front", "previous", "log")}
"""What each schema brought: a manifest of an earlier one has nothing of it."""


def of_schema(folder, schema):
    """A sealed version as the release of a schema would have written it."""
    version = Version(folder)
    finish_manifest(folder, version.manifest)
    path = folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    newer = {name for one, names in SINCE.items() if one > schema for name in names}
    content = {name: value for name, value in content.items() if name not in newer}
    content["schema"] = schema
    del content["sha256"]
    content["sha256"] = json_sha256(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return Version(folder)


def test_a_version_of_every_schema_is_listed_shown_checked_and_compared(tmp_path):
    shelves.shelf(tmp_path)
    newest = Version(next(tmp_path.glob("*4")))
    for schema in range(1, SCHEMA + 1):
        older = of_schema(next(tmp_path.glob(f"*{schema}")), schema)
        assert not older.damage
        assert older.manifest.form == schema
        assert check_files(older).ok, check_files(older)
        assert describe(older)
        assert older.summary()["findings"] == 3
        assert compare(older, newest).to_dict()
    assert len(all_versions(tmp_path)) == 5


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A version as each release that had another schema sealed it, on a shelf of its own."""
    folders = {}
    for path in sorted(Path(__file__).parent.glob("files/schema-*.zip")):
        shelf = tmp_path_factory.mktemp(path.stem)
        with ZipFile(path) as archive:
            archive.extractall(shelf)
        (folder,) = version_folders(shelf)
        folders[int(path.stem.removeprefix("schema-"))] = folder
    return folders


def test_what_each_release_sealed_is_read_checked_and_compared_today(released):
    assert set(released) == set(range(1, SCHEMA + 1))
    newest = Version(released[SCHEMA])
    for schema, folder in released.items():
        version = Version(folder)
        assert not version.damage
        assert version.manifest.form == schema
        assert check_files(version).ok, check_files(version).lines()
        assert describe(version)
        (total,) = version.findings.values()
        assert total.value == newest.findings["alpha.total"].value
        assert compare(version, newest).to_dict()
        request = request_of(version.manifest, folder.parent)
        assert (request.studies, request.languages) == (("alpha",), ("en",))


def test_a_shelf_that_an_earlier_release_began_goes_on(released, tmp_path):
    """It has neither a log nor the newer fields; the next version finds it, and no byte moves."""
    shutil.copytree(released[1].parent, tmp_path / "shelf")
    shelf = tmp_path / "shelf"
    newer = shelf / released[SCHEMA].name
    shutil.copytree(released[SCHEMA], newer)
    note_found(shelf, [shelf / released[1].name])
    write_log(shelf, "sealed", [newer])
    write_shelf(shelf)
    assert [version.id for version in all_versions(shelf)] == [newer.name, released[1].name]
    assert check_files(Version(shelf / released[1].name)).ok
    index = (shelf / "index.html").read_text(encoding="utf-8")
    assert newer.name in index
    assert released[1].name in index


def dated(folder, made):
    """The versions of a shelf, sealed at other moments."""
    for version, moment in zip(sorted(folder.glob("[0-9]*")), made, strict=True):
        path = version / "manifest.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**content, "made": moment}), encoding="utf-8")
    return [version.id for version in all_versions(folder)]


def test_versions_of_one_second_stand_in_one_order_and_each_follows_the_one_before(tmp_path):
    shelves.shelf(tmp_path)
    names = dated(tmp_path, ["2026-11-20T10:00:00Z"] * 5)
    assert names == sorted(names, reverse=True)
    for newer, older in zip(names, names[1:], strict=False):
        assert previous_version(tmp_path, Version(tmp_path / newer).manifest).id == older


def test_a_clock_that_jumped_back_takes_no_version_from_the_shelf(tmp_path):
    shelves.shelf(tmp_path)
    names = dated(tmp_path, [f"2026-11-{day}T10:00:00Z" for day in (20, 21, 22, 23, 19)])
    assert len(names) == 5
    assert names[-1].endswith("4")
    assert previous_version(tmp_path, Version(tmp_path / names[-1]).manifest) is None
