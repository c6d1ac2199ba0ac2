"""One visual language for every figure: font, colours, lines, sizes."""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from kamresearch.display import PAINTERS, Figure
from kamresearch.language import current_language, tongue, use_language, word

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure as Picture

FONT_FILE = Path(__file__).parent / "fonts" / "NotoSansSC-Regular.otf"
"""Noto Sans SC, cut to the characters of everyday Chinese and of names; its licence (OFL) lies
beside it.
"""

INK, MUTED, GRID, PAPER = "#1f2933", "#5f6b7a", "#dfe3e8", "#ffffff"
PALETTE = ("#0b5fa5", "#d1600a", "#2a7f62", "#8f4aa8", "#a08a00", "#b3324b", "#4b5563")
"""Colours that stay apart for colour-blind readers and in print; the first is always the
company's own.
"""
GOOD, BAD, NEUTRAL = "#2a7f62", "#b3324b", "#6b7280"
SEQUENTIAL = ("#eaf2f9", "#c9dff0", "#9cc5e4", "#65a3d1", "#2d78b2", "#0f609f", "#083d6b")
"""Seven steps from little to much, for heat maps: dark text on the first four, light text on
the last three.
"""
FIRST_DARK, ON_DARK = 4, "#fdfefe"
"""The first step that wants light letters, and their colour."""

WIDTH, HEIGHT = 7.2, 3.8
"""Inches of a normal figure: the width of a report's text."""
MANY_MARKS, MANY_CORNERS, RASTER_DPI = 1_000, 2_000, 192
"""Marks of a scatter or bundle of lines that are drawn as shapes at most, and the resolution
of those drawn as pixels.
"""


@lru_cache(maxsize=1)
def font_family() -> str:
    """Register the shipped font once and give its family name."""
    from matplotlib import font_manager

    font_manager.fontManager.addfont(str(FONT_FILE))
    return font_manager.FontProperties(fname=str(FONT_FILE)).get_name()


def house_style() -> dict[Any, Any]:
    """The theme as matplotlib settings."""
    from cycler import cycler

    return {
        # Names and labels are text, never formulas: a "$" in a company's name stays a dollar.
        "text.parse_math": False,
        "font.family": [font_family()],
        "font.size": 9.5,
        "axes.unicode_minus": False,
        "svg.fonttype": "none",
        "figure.dpi": 96,
        "figure.figsize": (WIDTH, HEIGHT),
        "figure.constrained_layout.use": True,
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": MUTED,
        "axes.titlecolor": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "axes.linewidth": 0.8,
        "grid.linewidth": 0.8,
        "xtick.bottom": False,
        "ytick.left": False,
        "xtick.major.pad": 5,
        "ytick.major.pad": 5,
        "axes.titlelocation": "left",
        "axes.titlesize": 10.5,
        "axes.titlepad": 10,
        "axes.labelsize": 9.5,
        "xtick.labelsize": 9.5,
        "ytick.labelsize": 9.5,
        "legend.fontsize": 9.5,
        "legend.frameon": False,
        "legend.handlelength": 1.4,
        "grid.color": GRID,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.axisbelow": True,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "patch.edgecolor": "none",
        "patch.force_edgecolor": True,
        "patch.linewidth": 0,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.prop_cycle": cycler(color=PALETTE),
    }


def set_house_theme() -> None:
    """Keep the theme for the rest of a notebook (``%load_ext kamresearch`` calls this)."""
    import matplotlib

    matplotlib.rcParams.update(house_style())


@contextmanager
def house_theme() -> Iterator[Callable[[Any, TextIO, str], None]]:
    """The theme inside a ``with`` block; gives a function that saves a figure as deterministic
    SVG and closes it.
    """
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    def save(drawn: Any, file: TextIO, salt: str) -> None:
        figure = getattr(drawn, "figure", None) or drawn
        artists = figure.findobj()  # once: it makes every tick
        _narrow_marks(artists)
        dense = _rasterise_dense(artists)
        with matplotlib.rc_context({"svg.hashsalt": salt}):
            _write(figure, file, RASTER_DPI if dense else figure.dpi)
        plt.close(figure)

    with matplotlib.rc_context(house_style()), warnings.catch_warnings():
        # A character outside the shipped font (an emoji in a name) stays text in the SVG: the
        # reader's browser draws it.
        warnings.filterwarnings(
            "ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning
        )
        yield save


LATIN_MARKS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
"""Quotation marks as Latin text has them: the shipped font draws the curly ones as wide as a
Chinese character.
"""


def narrow_apostrophes(text: str) -> str:
    """Apostrophes inside Latin words as narrow as these: a font for Chinese draws ’ full width.

    >>> narrow_apostrophes("Firm’s share, 所谓‘二八’")
    "Firm's share, 所谓‘二八’"
    """
    return re.sub(r"(?<=[A-Za-z0-9])’(?=[A-Za-z])|(?<=s)’(?= )", "'", text)


def _narrow_marks(artists: "Sequence[Artist]") -> None:
    from matplotlib.text import Text

    wide = tongue(current_language()).wide
    for one in artists:
        if isinstance(one, Text):
            text = one.get_text()
            narrow = narrow_apostrophes(text) if wide else text.translate(LATIN_MARKS)
            if narrow != text:
                one.set_text(narrow)


def _write(figure: "Picture", file: TextIO, dpi: float) -> None:
    """Places are found once, by the extents that texts have in SVG, and then all is drawn once:
    ``savefig`` would draw a whole picture before, which nobody sees.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    canvas, engine = FigureCanvasSVG(figure), figure.get_layout_engine()
    figure.dpi = dpi
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    canvas.print_svg(file, metadata={"Date": None, "Creator": None})


def draw_svg(figure: Figure, language: str) -> str:
    """A figure's picture as SVG, in a language."""
    with use_language(language), house_theme() as savefig:
        buffer = StringIO()
        savefig(figure.draw(), buffer, figure.id)
    return buffer.getvalue()


PAINTERS.append(draw_svg)


def _rasterise_dense(artists: "Sequence[Artist]") -> bool:
    """Marks too many to be told apart, and areas of too many corners, become pixels of the
    picture: as shapes, a hundred thousand weigh ten megabytes.
    """
    from matplotlib.collections import LineCollection, PathCollection, PolyCollection

    points = [one for one in artists if isinstance(one, PathCollection)]
    lines = [one for one in artists if isinstance(one, LineCollection)]
    marks = [(one, len(cast(Any, one.get_offsets()))) for one in points]
    marks += [(one, len(one.get_paths())) for one in lines]
    dense = [one for one, number in marks if number > MANY_MARKS]
    dense += [
        one for one in artists if isinstance(one, PolyCollection) and _corners(one) > MANY_CORNERS
    ]
    for one in dense:
        one.set_rasterized(True)
    return bool(dense)


def _corners(area: Any) -> int:
    return sum(len(path.vertices) for path in area.get_paths())


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Controls and direction overrides: in a picture they could turn the text beside them around."""


def clean(text: object) -> str:
    r"""A data value as one line of a picture, in the words that its data give it: no controls, no
    direction overrides, single spaces.

    >>> clean("Account\u202e 9\n Ltd")
    'Account 9 Ltd'
    """
    return " ".join(_UNPRINTABLE.sub(" ", word(str(text), current_language())).split())


def display_width(text: str) -> int:
    """Width of a text in half-width columns: a Chinese character takes two.

    >>> display_width("ab"), display_width("客户")
    (2, 4)
    """
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def shorten(text: object, width: int = 28) -> str:
    """A name cut to a width in half-width columns, with an ellipsis.

    >>> shorten("A very long company name indeed", 12)
    'A very long…'
    """
    text = clean(text)
    if display_width(text) <= width:
        return text
    kept = ""
    for character in text:
        if display_width(kept + character) > width - 1:
            break
        kept += character
    return kept.rstrip() + "…"


def wrap(text: object, width: int = 24, most: int = 3) -> str:
    r"""A label broken into lines of a width; Chinese breaks anywhere but before punctuation, other
    text at spaces.

    >>> wrap("expected value of the next year", 14)
    'expected value\nof the next\nyear'
    """
    pieces = re.findall(
        r"[\u2e80-\u9fff\uff00-\uffef][，。、；：）》”！？,.;:)]*|[^\s\u2e80-\u9fff\uff00-\uffef]+|\s+",
        clean(text),
    )
    lines, line = [], ""
    for piece in pieces:
        if display_width((line + piece).rstrip()) > width and line.strip():
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines.append(line.rstrip())
    if len(lines) > most:
        lines = [*lines[: most - 1], shorten(" ".join(lines[most - 1 :]), width)]
    return "\n".join(lines)
