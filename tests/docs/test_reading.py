"""The page on reading a version does what it says: its blocks run in order, on a shelf."""

import re

import pytest

import kamresearch as kam
from tests.reports import shelves

pytestmark = pytest.mark.reports


def test_every_block_of_the_page_runs_on_a_shelf(root, tmp_path, monkeypatch):
    shelf = shelves.shelf(tmp_path / "reports")
    for name in ("params", "studies"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("KAM_PROJECT", str(tmp_path))
    text = (root / "docs" / "reading-a-version.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    names: dict = {}
    exec("\n".join(blocks), names)
    assert names["version"].path.parent == shelf
    assert names["frame"]["value"].notna().any()
    assert len(kam.history(names["id"], reports=shelf)) == 5
