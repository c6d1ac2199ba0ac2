"""A version's pages as PDF: page numbers, version and day at the foot of every page."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.publishing.exports.browser import drive
from kamresearch.publishing.sealed.store import Version

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

FOOT = (
    "<div style='font: 7pt sans-serif; color: #46515d; width: 100%; margin: 0 13mm; "
    "display: flex; justify-content: space-between'><span>{told}</span>"
    "<span><span class='pageNumber'></span> / <span class='totalPages'></span></span></div>"
)
"""No words and no font of our own: a browser does not wait for a font at the foot of a page."""


def print_pages(version: Version, pages: Iterable[tuple[Path, Path]]) -> list[Path]:
    """Print pages (from, to), each into a file of its own."""
    told = " · ".join(one for one in (version.id, version.manifest.as_of) if one)
    foot = FOOT.format(told=escape(told))

    def work(browser: "BrowserContext") -> list[Path]:
        made = []
        for source, target in pages:
            page = browser.new_page()
            page.goto(source.absolute().as_uri())
            page.pdf(
                path=str(target),
                prefer_css_page_size=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=foot,
                tagged=True,
                outline=True,
            )
            page.close()
            made.append(target)
        return made

    return drive(work)
