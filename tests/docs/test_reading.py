"""Pages with Python do what they say: their blocks run in order."""

import re
from pathlib import Path

import pytest

import kamresearch as kam
from tests.reports import shelves

pytestmark = pytest.mark.reports


def run_blocks(page: Path) -> dict:
    """The names that the page's blocks leave behind."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    names: dict = {}
    exec("\n".join(blocks), names)
    return names


def test_every_block_of_the_page_runs_on_a_shelf(root, tmp_path, monkeypatch):
    shelf = shelves.shelf(tmp_path / "reports")
    for name in ("params", "studies"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("KAM_PROJECT", str(tmp_path))
    names = run_blocks(root / "docs" / "reading-a-version.md")
    assert names["version"].path.parent == shelf
    assert names["frame"]["value"].notna().any()
    assert len(kam.history(names["id"], reports=shelf)) == 5


@pytest.mark.long
def test_an_experiment_on_the_list_is_planned_and_told_as_its_page_says(root, monkeypatch):
    monkeypatch.chdir(root)
    names = run_blocks(root / "docs" / "following-up.md")
    plan, told = names["plan"], names["told"]
    assert set(plan.frame["arm"]) >= {"act", "hold_out"}
    # hardly ever seen among so few, and nobody acted on this list
    assert plan.power.set_index("ratio")["power"][0.6] < 0.2
    lost = told.frame.set_index("outcome").loc["lost"]
    assert lost["low"] < 0 < lost["high"]
