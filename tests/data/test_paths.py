"""Paths of the project are found from wherever a kernel works."""

import pytest

import kamresearch as kam
from kamresearch.errors import DataError
from kamresearch.places import find_path

pytestmark = pytest.mark.unit


@pytest.mark.slow
def test_the_snippet_of_the_readme_runs_where_jupyterlab_starts_its_kernels(root, monkeypatch):
    text = (root / "README.md").read_text(encoding="utf-8")
    (snippet,) = [block for block in text.split("```") if block.startswith("python\n")]
    monkeypatch.chdir(root / "notebooks")
    names = {}
    exec(snippet.removeprefix("python\n"), names)  # noqa: S102
    assert names["tables"].has("orders")


def test_a_path_that_is_there_as_written_stays_as_written(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "cases" / "geely_volvo").mkdir(parents=True)
    assert find_path("data/cases/geely_volvo") == "data/cases/geely_volvo"
    with pytest.raises(DataError, match="nowhere"):
        kam.open_data("nowhere")
