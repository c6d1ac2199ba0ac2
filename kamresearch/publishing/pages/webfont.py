"""The glyphs that a page shows, as a web font inside the page: Chinese reads on a machine
without a Chinese font.
"""

import base64
import logging
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.figures.theme import FONT_FILE
from kamresearch.language import tongue
from kamresearch.publishing.files import file_sha256, json_sha256, text_sha256, write_text

if TYPE_CHECKING:
    from fontTools.subset import Options

LATIN, HAN = "Kam Sans", "Kam Han"
"""Families: Latin letters for pictures, whose layout was measured with them; Chinese for
pictures and text.
"""

HAN_RANGES = ((0x2E80, 0xFFFF), (0x20000, 0x3FFFF))
SHARED_MARKS = frozenset("·—‘’“”…")
"""Punctuation that Chinese writes wide and English narrow."""
USUAL = frozenset(map(chr, range(0x20, 0x7F))) | SHARED_MARKS | frozenset("–−×÷±≈≤≥→▲▼Σλ")
"""What any page may show beside Chinese: one cut of the font for all pages that need no more."""


@dataclass
class Cuts:
    """Where this process keeps cuts of fonts for pages to come; nowhere, unless it is told. A cut
    is the same whether it was kept or not.
    """

    folder: Path | None = None
    most: int = 120
    """As many as a few versions show"""


CUTS = Cuts()


@lru_cache(maxsize=2)
def page_font(html: str, language: str = "en") -> str:
    """The ``@font-face`` rules that hold every character of a page which the shipped font knows.

    The Chinese face comes first in the page's families and holds no Latin: a face late in the list
    does not reach text
    that a browser has already shaped with boxes.

    Parameters
    ----------
    html : str
        The page without its font. Tags count as text too: what they add is a few Latin letters.
    language : str
        Whose punctuation the shared marks are.
    """
    text = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL | re.IGNORECASE)
    characters = frozenset(unescape(text))
    han = _han(characters)
    if len(han) > HAN_MOST:
        characters = frozenset(unescape(re.sub(r' data-glyphs="[^"]*"', "", text)))
        han = _han(characters)
    if tongue(language).wide:
        han |= characters & SHARED_MARKS
    latin = USUAL | (characters - han - set("\t\n\r"))
    ranges = ",".join(f"U+{low:X}-{high:X}" for low, high in HAN_RANGES)
    if tongue(language).wide:
        ranges += "," + ",".join(f"U+{ord(mark):X}" for mark in sorted(SHARED_MARKS))
    rules = _face(LATIN, latin, "font-weight:100 900;")
    return rules + (_face(HAN, han, f"unicode-range:{ranges};") if han else "")


def warm_up() -> None:
    """Cut what every page shows, for all pages that are made in forks of this process."""
    _face(LATIN, USUAL, "")


def _han(characters: Iterable[str]) -> set[str]:
    return {one for one in characters if any(low <= ord(one) <= high for low, high in HAN_RANGES)}


HAN_UNITS = 128
"""Units of an em for Chinese, of 1000: eight steps a pixel of a letter, and a fifth lighter than
with 256.
"""
HAN_FILE = FONT_FILE.with_name("NotoSansSC-Pages.otf")
"""Chinese in those units, made by ``python -m tools.page_font``."""
HAN_MOST = 800
"""Chinese characters beyond which those of rows that nobody has asked for yet are left to the
reader's own fonts: thousands of names would outweigh all else on a page.
"""


def _face(family: str, characters: Iterable[str], more: str) -> str:
    encoded = _subset("".join(sorted(characters)), HAN_FILE if family == HAN else FONT_FILE)
    return (
        f"@font-face{{font-family:'{family}';font-display:block;{more}"
        f"src:url(data:font/woff2;base64,{encoded}) format('woff2')}}"
    )


def cutting_options(**more: object) -> "Options":
    """What a page takes of a font: no hints, no tables that no page uses."""
    from fontTools.subset import Options

    settings: dict[str, object] = {
        "layout_features": ["kern", "tnum"],
        "hinting": False,
        "desubroutinize": True,
        "notdef_outline": True,
        "name_IDs": [0, 1, 2, 13, 14],
        "recalc_timestamp": False,
        "drop_tables": ["GSUB", "VORG", "vhea", "vmtx", "BASE"],
    }
    return Options(**(settings | more))


@lru_cache(maxsize=32)
def _subset(characters: str, file: Path) -> str:
    """A font cut to some characters, as WOFF2 in base64; equal characters give equal bytes."""
    kept = CUTS.folder
    if kept is None:
        return _cut(characters, file)
    made_by = [version(name) for name in ("fonttools", "brotli")]
    place = kept / f"{json_sha256([characters, file_sha256(file), made_by])[:40]}.txt"
    with suppress(OSError, ValueError):
        sha256, _, cut = place.read_text(encoding="ascii").partition("\n")
        if text_sha256(cut) == sha256:
            place.touch()
            return cut
    cut = _cut(characters, file)
    with suppress(OSError):  # a cache that cannot be written is no reason to fail
        kept.mkdir(parents=True, exist_ok=True)
        write_text(place, f"{text_sha256(cut)}\n{cut}")
        for old in sorted(kept.glob("*.txt"), key=lambda one: one.stat().st_mtime)[: -CUTS.most]:
            old.unlink(missing_ok=True)
    return cut


def _cut(characters: str, file: Path) -> str:
    from fontTools import subset

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    ready = (
        {"hinting": True, "desubroutinize": False} if file == HAN_FILE else {}
    )  # it is so already
    options = cutting_options(flavor="woff2", **ready)
    font = subset.load_font(str(file), options)
    if file == HAN_FILE:
        # No glyph of it is made of others, and none calls a subroutine: to look for what is not
        # there, every glyph would be taken apart and put together again.
        outlines = font["CFF "]
        outlines.closure_glyphs = lambda _chooser: None
        outlines.cff.remove_unused_subroutines = lambda: None
    chooser = subset.Subsetter(options)
    chooser.populate(text=characters)
    chooser.subset(font)
    buffer = BytesIO()
    subset.save_font(font, buffer, options)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
