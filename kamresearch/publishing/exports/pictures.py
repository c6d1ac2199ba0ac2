"""Each figure as a picture of its own: SVG that carries its font, or PNG."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kamresearch.publishing.exports.browser import drive
from kamresearch.publishing.exports.contents import Picture
from kamresearch.publishing.files import write_text
from kamresearch.publishing.pages.webfont import page_font

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

SHARPER = 2.5
"""Pixels of a PNG for one of the drawing: sharp on paper and on a screen with dense pixels."""


def whole_svg(picture: Picture) -> str:
    """The drawing with the glyphs that it shows, so that it reads anywhere."""
    svg = picture.svg[picture.svg.index("<svg") :]
    style = page_font(svg, picture.content.lang) + (
        "text{font-family:'Kam Sans','Kam Han','Noto Sans CJK SC',sans-serif!important}"
    )
    return re.sub(r"(<svg\b[^>]*>)", rf"\1<style>{style}</style>", svg, count=1)


def write_svg(pictures: Iterable[Picture], folder: Path) -> list[Path]:
    """One SVG a figure."""
    made = []
    for picture in pictures:
        path = folder / f"{picture.content.id}.{picture.content.lang}.svg"
        write_text(path, '<?xml version="1.0" encoding="UTF-8"?>\n' + whole_svg(picture))
        made.append(path)
    return made


def write_png(pictures: Iterable[Picture], folder: Path) -> list[Path]:
    """One PNG a figure, drawn by the browser."""
    pictures = list(pictures)
    if not pictures:
        return []

    def work(context: "BrowserContext") -> list[Path]:
        sharp = cast("Browser", context.browser).new_context(
            offline=True, device_scale_factor=SHARPER
        )
        page, made = sharp.new_page(), []
        for picture in pictures:
            path = folder / f"{picture.content.id}.{picture.content.lang}.png"
            page.set_content(
                "<!doctype html><style>body{margin:0;background:#fff}</style>" + whole_svg(picture)
            )
            page.evaluate("document.fonts.ready")
            page.locator("svg").first.screenshot(path=str(path))
            made.append(path)
        return made

    return drive(work)
