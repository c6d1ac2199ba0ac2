"""The public sets of the benchmarks: what may be fetched is held to its checksum, the rest is named."""

import hashlib

import pytest

from benchmarks import fetch
from benchmarks.protocols import places

pytestmark = pytest.mark.unit


@pytest.fixture
def kept(tmp_path):
    """A set as it is kept somewhere, and its entry in the list."""
    path = tmp_path / "kept.csv"
    path.write_bytes(b"a,b\n1,2\n")
    return {
        "file": "set.csv",
        "used_by": ["toy"],
        "licence": "CC0",
        "fetch": True,
        "url": path.as_uri(),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def test_a_set_is_brought_where_its_checksum_is_right_and_refused_where_not(kept, tmp_path):
    there = tmp_path / "sets"
    assert fetch.fetch("toy", kept, there).read_bytes() == b"a,b\n1,2\n"
    (there / "set.csv").unlink()
    with pytest.raises(fetch.FetchError, match="another checksum"):
        fetch.fetch("toy", kept | {"sha256": "0" * 64}, there)
    assert not list(there.iterdir()), "nothing is left of a file that was refused"


def test_what_may_not_be_fetched_is_refused_with_its_reason_and_its_place(kept, tmp_path):
    closed = kept | {"fetch": False, "why": "its maker states no licence"}
    with pytest.raises(fetch.FetchError, match="its maker states no licence.*kept.csv.*set.csv"):
        fetch.fetch("toy", closed, tmp_path)
    with pytest.raises(fetch.FetchError, match="no address that is fetched from"):
        fetch.fetch("toy", kept | {"url": "http://example.org/set.csv"}, tmp_path)


def test_a_benchmark_names_the_sets_that_it_leaves_out(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(places, "folders", lambda: [tmp_path])
    (tmp_path / "mlc_churn.csv").touch()
    assert fetch.present("churn") == ["mlc"]
    told = capsys.readouterr().err
    assert "left out telco: no licence" in told
    assert "left out bank: its maker" in told
    with pytest.raises(SystemExit, match="bank_churn_modelling.csv is not there"):
        places.data_file("bank_churn_modelling.csv")


def test_the_list_says_of_each_set_its_terms_and_how_it_is_known(root):
    for name, one in fetch.read_sets().items():
        assert one["licence"], name
        assert one["fetch"] or one["why"], name
        assert {"sha256", "source_sha256"} & set(one) or one["file"] == "exports", name
        assert one.get("form", "packed") in fetch.FORMS, name
        if one["fetch"]:
            assert "==" in one.get("package", "==")
            assert "package" in one or one["url"].startswith("https://")
            assert all((root / "benchmarks" / f"bench_{use}.py").exists() for use in one["used_by"])
