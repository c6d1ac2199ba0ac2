"""What a shelf can be trusted for: its log, its prepared data, and pages that were written over."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from kamresearch.errors import ParameterError
from kamresearch.publishing.files import file_sha256, json_sha256
from kamresearch.publishing.kernels import engine
from kamresearch.publishing.making.verify import check_files, verify_version
from kamresearch.publishing.planning.datafacts import is_sound
from kamresearch.publishing.progress import Silent
from kamresearch.publishing.sealed.log import (
    START,
    check_log,
    log_head,
    note_found,
    read_log,
    write_log,
)
from kamresearch.publishing.sealed.manifest import read_manifest
from kamresearch.publishing.sealed.store import Version
from kamresearch.publishing.shelf.pruning import prune_shelf
from tests.publishing.toy import make_project
from tests.reports import shelves

pytestmark = pytest.mark.reports


@pytest.fixture
def logged(tmp_path):
    """A shelf of five versions that its log knows."""
    folder = shelves.shelf(tmp_path)
    write_log(folder, "sealed", sorted(folder.glob("[0-9]*")))
    return folder


def version_in(folder, number):
    return next(folder.glob(f"*{number}"))


def test_the_log_says_nothing_against_a_shelf_as_it_was_sealed(logged):
    for number in range(5):
        assert check_log(version_in(logged, number), START) == ([], [])


def test_a_version_that_was_taken_away_is_noticed_and_one_that_was_cleared_is_not(logged):
    prune_shelf(logged, keep=4, really=True)
    assert check_log(version_in(logged, 4), "") == ([], [])
    shutil.rmtree(version_in(logged, 2))
    ((), (text,)) = check_log(version_in(logged, 4), "")
    assert "abc0000002 stands in log.jsonl and is gone" in text


def test_a_version_that_was_exchanged_is_noticed_even_when_all_its_sums_are_right(logged):
    path = version_in(logged, 3) / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("fourth", "forged"), encoding="utf-8")
    assert "not the one that log.jsonl knows" in check_files(Version(path.parent)).logged[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines[:1], lines[1].replace("sealed", "cleared"), *lines[2:]],
        lambda lines: [*lines[:1], *lines[2:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:2], lines[2][:40] + "\n", *lines[3:]],
    ],
    ids=["edited", "taken out", "exchanged", "cut short"],
)
def test_a_log_that_was_written_over_says_so(logged, change):
    path = logged / "log.jsonl"
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))
    against, _rest = check_log(version_in(logged, 4), "")
    assert against
    assert all("log.jsonl, line" in text for text in against)


def test_a_log_that_was_begun_anew_is_not_the_one_a_version_was_sealed_under(logged):
    head = log_head(logged)
    (logged / "log.jsonl").unlink()
    note_found(logged, sorted(logged.glob("[0-9]*")))
    against, rest = check_log(version_in(logged, 4), head)
    assert "not the one under which" in against[0]
    assert "was found on the shelf" in rest[0]


@pytest.mark.parametrize("missing", [1, 20, 200])
def test_a_line_that_a_kill_cut_short_is_taken_off_and_does_not_swallow_the_next(logged, missing):
    """Nor does it speak against any version, before and after."""
    path = logged / "log.jsonl"
    path.write_bytes(path.read_bytes()[:-missing])
    lines = len(read_log(logged)[0])
    assert check_log(version_in(logged, 0), "")[0] == []
    write_log(logged, "cleared", [version_in(logged, 0)])
    entries, wrong = read_log(logged)
    assert (len(entries), wrong) == (lines + 1, [])
    assert entries[-1].event == "cleared"
    assert path.read_bytes().count(b"\n") == lines + 1


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two signers' keys."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("OpenSSH's client is not here")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
        subprocess.run(make, check=True)
    return folder


def sign(version, key):
    manifest = str(version / "manifest.json")
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "kam", manifest], check=True
    )


def verified(version, key):
    return verify_version(Version(version), Silent(), quick=True, trust=key)


def test_a_signed_version_is_told_from_one_of_somebody_else(logged, keys):
    version = version_in(logged, 3)
    before = check_files(Version(version))
    assert "no manifest.json.sig" in verified(version, keys / "ours.pub").unsigned
    sign(version, keys / "ours")
    assert check_files(Version(version)) == before
    assert verified(version, keys / "ours.pub").unsigned == ""
    assert "not by the key theirs.pub" in verified(version, keys / "theirs.pub").unsigned
    path = version / "manifest.json"
    path.chmod(0o600)
    path.write_text(path.read_text(encoding="utf-8").replace("fourth", "forged"), encoding="utf-8")
    assert verified(version, keys / "ours.pub").unsigned


def test_a_private_key_or_none_is_refused_as_one_to_trust(logged, keys):
    with pytest.raises(ParameterError, match="--trust .*expected a public key"):
        verified(version_in(logged, 3), keys / "ours")


def test_prepared_data_are_sound_only_as_they_were_written(tmp_path):
    data = tmp_path / "x.duckdb"
    data.write_bytes(b"rows")
    assert not is_sound(data)
    (tmp_path / "x.sha256").write_text(file_sha256(data) + "\n")
    assert is_sound(data)
    data.write_bytes(b"rowz")
    assert not is_sound(data)
    assert not is_sound(tmp_path / "none.duckdb")


def test_memory_is_counted_page_by_page_only_where_all_that_is_held_passes_the_limit(monkeypatch):
    import os

    asked = []
    total = engine._total
    monkeypatch.setattr(engine, "_total", lambda *args: asked.append(1) or total(*args))
    assert not engine.holds_more(os.getpid(), 1 << 50)
    assert len(asked) == 1
    assert engine.holds_more(os.getpid(), 1)
    assert len(asked) == 3


@pytest.mark.slow
def test_a_forged_page_figure_and_forged_prepared_data_are_found_though_every_sum_is_right(
    tmp_path,
):
    project = make_project(tmp_path)
    project.publish("alpha")
    (folder,) = project.versions()
    clean = json.loads(project.kam("verify", "latest", "--json").stdout)
    assert (clean["ok"], clean["exact"], clean["pages"]) == (True, True, [])
    (prepared,) = (project.reports / ".cache" / "data").glob("*.duckdb")
    content = bytearray(prepared.read_bytes())
    content[len(content) // 2] ^= 1
    prepared.write_bytes(content)
    done = project.publish("alpha", "-p", "alpha.factor=2")
    assert "were not as written; made anew" in done.stderr
    page, path = folder / "alpha.en.html", folder / "manifest.json"
    picture = folder / "notebooks" / "01_alpha.ipynb"
    for one in (page, path, picture):
        one.chmod(0o644)
    drawn = picture.read_text(encoding="utf-8")
    assert "<svg" in drawn
    picture.write_text(drawn.replace("<svg", "<svg id='forged'"), encoding="utf-8")
    page.write_text(page.read_text(encoding="utf-8").replace("Toy alpha", "99%"), encoding="utf-8")
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["files"]["alpha.en.html"] = file_sha256(page)
    facts["files"]["notebooks/01_alpha.ipynb"] = file_sha256(picture)
    facts.pop("sha256")
    path.write_text(json.dumps({**facts, "sha256": json_sha256(facts)}), encoding="utf-8")
    assert read_manifest(folder).version == folder.name
    done = project.kam("verify", folder.name, "--json", code=1)
    assert done.stdout, done.stderr
    facts = json.loads(done.stdout)
    assert facts["changed"] == []
    assert facts["pages"] == ["alpha.en.html"]
    assert facts["pictures"] == ["notebooks/01_alpha.ipynb"]
    assert "not the one that log.jsonl knows" in facts["logged"][0]


@pytest.mark.long
@pytest.mark.slow
def test_no_sealed_file_tells_where_or_by_whom_it_was_made_and_pseudonyms_leave_no_name(tmp_path):
    home = tmp_path / "homes" / "ann.lee"
    project = make_project(home / "work")
    name = "Firm East 0 Ltd"
    for place in (home / "export", tmp_path / "server" / "export"):
        shutil.copytree(project.root / "data" / "toy", place)
    key = home / "kam.key"
    key.write_text("0123456789abcdef" * 4)
    told = ("--data", "../export", "--lang", "en,zh")
    plain = project.publish(*told, HOME=str(home)).stdout.splitlines()[-1]
    veiled, elsewhere = (
        project.publish(
            *("--data", str(place), "--lang", "en,zh", "--pseudonymise", str(key), *more),
            HOME=str(home),
        ).stdout.splitlines()[-1]
        for place, *more in (
            (home / "export",),
            (tmp_path / "server" / "export", "-p", "alpha.days=31"),
        )
    )
    for version, named in ((plain, True), (veiled, False), (elsewhere, False)):
        whole = b"".join(
            path.read_bytes() for path in sorted(Path(version).rglob("*")) if path.is_file()
        )
        for place in (str(tmp_path), "ann.lee", key.read_text()):
            assert place.encode() not in whole, (version, place)
        assert (name.encode() in whole) is named
        assert (b"07031" in whole) is named
    assert read_manifest(Path(plain)).data.source == "~/export"
    assert read_manifest(Path(veiled)).previous == ""
    assert read_manifest(Path(elsewhere)).data.source == "../../../server/export"
    for version in (veiled, elsewhere):
        number = Path(version).name
        project.kam("verify", number, "--pseudonymise", str(key), HOME=str(home))
        refused = project.kam("verify", number, HOME=str(home), code=1)
        assert "expected the key under which it was made; found none" in refused.stdout
    facts = [json.loads((Path(one) / "findings.json").read_text()) for one in (plain, veiled)]
    assert [[row["value"] for row in one] for one in facts][0] == [row["value"] for row in facts[1]]
