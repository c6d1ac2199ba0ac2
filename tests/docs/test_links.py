"""Guides are read on the forge too: their links lead to files that are there without a build."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.unit
def test_the_guide_to_own_data_links_to_nothing_that_a_build_makes():
    text = (DOCS / "your-own-data.md").read_text(encoding="utf-8")
    links = [one for one in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in one]
    assert [one for one in links if not (DOCS / one).exists()] == []
