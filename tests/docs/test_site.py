"""The documentation is a folder that needs no network: its search works when a page is opened from
a file.
"""

import subprocess
import sys

import pytest

from tests.browser.conftest import chromium

pytestmark = [pytest.mark.browser, pytest.mark.long]

__all__ = ["chromium"]


def test_the_built_site_is_searched_from_a_file_without_a_network(root, tmp_path, chromium):
    site = tmp_path / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", site],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    asked = []
    page = chromium.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "index.html").as_uri())
    page.click("input.md-search__input")
    page.keyboard.type("quarantine")
    page.wait_for_selector(".md-search-result__item a", timeout=60_000)
    found = page.eval_on_selector_all(".md-search-result__item a", "all => all.map(a => a.href)")
    assert any(address.startswith(site.as_uri()) for address in found)
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
    page.close()
