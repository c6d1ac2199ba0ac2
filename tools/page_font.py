"""Make the Chinese font that pages are cut from: the letters of the house's font as pages hold them
(`python -m tools.page_font`).

Cutting and scaling letter by letter for every page took longer than all else of a page.
"""

import logging
from pathlib import Path

from fontTools import subset
from fontTools.ttLib.scaleUpem import scale_upem

from kamresearch.figures.theme import FONT_FILE
from kamresearch.publishing.pages.webfont import (
    HAN_FILE,
    HAN_RANGES,
    HAN_UNITS,
    SHARED_MARKS,
    cutting_options,
)


def make(target: Path = HAN_FILE) -> Path:
    """Chinese letters and the marks that Chinese writes wide, scaled to the pages' units, each
    letter for itself and without hints.
    """
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = cutting_options()
    font = subset.load_font(str(FONT_FILE), options)
    chooser = subset.Subsetter(options)
    known = font.getBestCmap()
    chooser.populate(
        unicodes=[
            one
            for one in known
            if any(low <= one <= high for low, high in HAN_RANGES) or chr(one) in SHARED_MARKS
        ]
    )
    chooser.subset(font)
    scale_upem(font, HAN_UNITS)
    font.save(target)
    return target


if __name__ == "__main__":
    print(make())
