"""Pictures inside a page: a figure's SVG made safe, small, recolourable, and unique among its
neighbours.
"""

import re
from collections.abc import Mapping
from xml.etree import ElementTree
from zlib import crc32

from kamresearch.errors import StudyError
from kamresearch.figures import theme
from kamresearch.publishing.pages.svgsize import compact_path, gather, round_numbers

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"

ELEMENTS = {
    "svg",
    "g",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "use",
    "defs",
    "clipPath",
    "linearGradient",
    "radialGradient",
    "stop",
    "image",
    "pattern",
    "marker",
}
"""Elements that a picture may hold; anything else (script, foreignObject, style, links) is
dropped with its content.
"""

GEOMETRY = {
    "id",
    "d",
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "width",
    "height",
    "points",
    "transform",
    "viewBox",
    "gradientUnits",
    "gradientTransform",
    "offset",
    "clipPathUnits",
    "preserveAspectRatio",
    "patternUnits",
    "patternContentUnits",
    "patternTransform",
}
PAINT = {
    "fill",
    "fill-opacity",
    "fill-rule",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "opacity",
    "clip-path",
    "clip-rule",
    "font-size",
    "font-weight",
    "font-style",
    "text-anchor",
    "dominant-baseline",
    "stop-color",
    "stop-opacity",
}
"""What a ``style`` may say; each becomes an attribute, so that a page's policy can forbid
inline styles.
"""


def _names() -> dict[str, str]:
    names = {
        theme.INK: "ink",
        theme.MUTED: "muted",
        theme.GRID: "grid",
        theme.PAPER: "paper",
        theme.ON_DARK: "on-dark",
    }
    names |= {colour: f"s{step}" for step, colour in enumerate(theme.SEQUENTIAL, start=1)}
    names |= {theme.NEUTRAL: "neutral", theme.GOOD: "good", theme.BAD: "bad"}
    return names | {colour: f"c{number}" for number, colour in enumerate(theme.PALETTE, start=1)}


ROUNDED = ("points", "x", "y", "transform")
VARIABLES = _names()
"""The theme's colours → the page's CSS variables, so that a dark page recolours its pictures."""

TOO_LIGHT = {"var(--c2)": "var(--t2)", "var(--c5)": "var(--t5)"}
"""Colours that do for a bar and not for letters on paper → the same, dark enough to be read."""


def inline_svg(source: str, prefix: str, alt: str) -> tuple[str, bool]:
    """A figure's SVG as the page shows it, and whether it holds colours outside the theme (which
    stay on light paper).

    Parameters
    ----------
    source : str
        What the figure saved.
    prefix : str
        Put before every id, so that no two pictures of a page share one.
    alt : str
        What the picture says for those who cannot see it.
    """
    source = re.sub(r"<!DOCTYPE[^>\[]*(\[[^\]]*\])?[^>]*>", "", source)
    try:
        root = ElementTree.fromstring(source)  # noqa: S314  (no DOCTYPE is left, so no entity can be declared)
    except ElementTree.ParseError as error:
        raise StudyError(
            f"figure {prefix}",
            "a well-formed SVG",
            str(error),
            "look at the figure's draw function",
        ) from None
    foreign: set[str] = set()
    targets = dict.fromkeys(re.findall(r"(?:href=[\"']#|url\(#)([^\"')]+)", source))
    used = {target: number for number, target in enumerate(targets)}
    shown = _convert(root, short_prefix(prefix), used, foreign)
    shown.attrib.pop("width", None)
    shown.attrib.pop("height", None)
    shown.attrib |= {
        "role": "img",
        "aria-label": alt,
        "fill": "var(--ink)",
        "stroke-linejoin": "round",
    }
    ElementTree.register_namespace("", SVG)
    text = ElementTree.tostring(shown, encoding="unicode", short_empty_elements=True)
    return text.replace(f' xmlns="{SVG}"', "").replace(" />", "/>"), bool(foreign)


def short_prefix(name: str) -> str:
    """A few letters of its own for each picture of a page.

    >>> short_prefix("figure-churn-causes") != short_prefix("figure-churn-gains")
    True
    """
    return f"k{crc32(name.encode()) & 0xFFFFF:x}"


def _convert(
    node: ElementTree.Element, prefix: str, used: Mapping[str, int], foreign: set[str]
) -> ElementTree.Element:
    name = _local(node.tag)
    result = ElementTree.Element(f"{{{SVG}}}{name}", _attributes(node, prefix, used, foreign))
    if name in ("text", "tspan"):
        result.text = theme.clean(node.text or "")
        fill = result.get("fill", "")
        if fill in TOO_LIGHT:
            result.set("fill", TOO_LIGHT[fill])
    for child in node:
        if not isinstance(child.tag, str) or _local(child.tag) not in ELEMENTS:
            continue
        converted = _convert(child, prefix, used, foreign)
        if _local(converted.tag) == "g" and not converted.attrib:
            result.extend(list(converted))
        elif len(converted) or converted.attrib or converted.text:
            result.append(converted)
    return gather(result)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attributes(
    node: ElementTree.Element, prefix: str, used: Mapping[str, int], foreign: set[str]
) -> dict[str, str]:
    pairs = {
        _local(name): value
        for name, value in node.attrib.items()
        if not name.startswith("{") or name == f"{{{XLINK}}}href"
    }
    style = pairs.pop("style", "")
    pairs |= {
        part.partition(":")[0].strip(): part.partition(":")[2].strip()
        for part in style.split(";")
        if ":" in part
    }
    kept = {}
    for name, value in pairs.items():
        if name == "id":
            if value in used:
                kept["id"] = _short(value, prefix, used)
        elif name == "href":
            if value.startswith("#"):
                kept["href"] = f"#{_short(value[1:], prefix, used)}"
            elif _local(node.tag) == "image" and value.startswith("data:image/png;base64,"):
                kept["href"] = value
        elif name in PAINT:
            paint = _paint(name, value, prefix, used, foreign)
            if paint is not None:
                kept[name] = paint
        elif name in GEOMETRY and "javascript" not in value.lower():
            kept[name] = (
                compact_path(value)
                if name == "d"
                else round_numbers(value)
                if name in ROUNDED
                else value
            )
    if kept.get("transform", "").startswith("rotate(0 "):
        del kept["transform"]
    if kept.get("stroke-linejoin") == "round":
        del kept["stroke-linejoin"]
    return kept


def _short(id: str, prefix: str, used: Mapping[str, int]) -> str:
    return f"{prefix}-{used.get(id, id)}"


def _paint(
    name: str, value: str, prefix: str, used: Mapping[str, int], foreign: set[str]
) -> str | None:
    reference = re.fullmatch(r"url\(#([^)]+)\)", value)
    if reference:
        return f"url(#{_short(reference[1], prefix, used)})"
    if "(" in value or "\\" in value:
        return None
    if name in ("fill", "stroke", "stop-color") and value.startswith("#"):
        variable = VARIABLES.get(value.lower())
        if variable is None and value.lower() not in ("#000000", "#000"):
            foreign.add(value)
        return f"var(--{variable})" if variable else value
    return value.removesuffix("px") if name == "font-size" else value
