"""Pictures made light: coordinates rounded to what an eye can tell, paths as small steps,
shared paint said once.
"""

import re
from xml.etree import ElementTree

STEPS = 10
"""Steps of a point: a tenth, a third of a pixel on a sharp screen."""
FINE = 100
"""Steps of a point in small curved shapes: markers."""
INHERITED = {
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
    "clip-path",
}
"""What a group may say for all its members."""
ENOUGH = 3
"""Neighbours with the same paint from which on a group says it once."""


def round_numbers(text: str, digits: int = 1) -> str:
    """Every number of an attribute rounded.

    >>> round_numbers("translate(12.345 6.0)")
    'translate(12.3 6)'
    """
    return re.sub(
        r"-?\d+\.?\d*(?:e-?\d+)?",
        lambda found: _number(round(float(found[0]) * 10**digits), 10**digits),
        text,
    )


def _number(steps: int, per_point: int) -> str:
    if steps % per_point == 0:
        return str(steps // per_point)
    digits = len(str(per_point)) - 1
    shown = f"{steps / per_point:.{digits}f}".rstrip("0")
    return shown.replace("0.", ".", 1) if shown.startswith(("0.", "-0.")) else shown


def compact_path(text: str) -> str:
    r"""A path of absolute commands as small relative steps on a grid, which no rounding error
    leaves.

    >>> compact_path("M 36.817745 252.6 \nL 466.702519 252.6 \nL 466.7 200 \nz")
    'M36.8 252.6h429.9v-52.6z'
    """
    commands = re.findall(r"([A-Za-z])([^A-Za-z]*)", text)
    numbers = [
        [float(part) for part in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", rest)]
        for _, rest in commands
    ]
    sizes = {"M": 2, "L": 2, "C": 6, "Q": 4, "z": 0, "Z": 0}
    if any(
        sizes.get(name) != len(values) for (name, _), values in zip(commands, numbers, strict=True)
    ):
        return text.strip()
    small = max((abs(value) for values in numbers for value in values), default=0) < 20
    steps = (
        FINE if small or any(name in "CQ" for name, _ in commands) and len(commands) < 12 else STEPS
    )
    writer = _Path(steps)
    for (name, _), values in zip(commands, numbers, strict=True):
        writer.add(name, [round(value * steps) for value in values])
    return writer.text


class _Path:
    """Writes a path command by command, keeping the place where the pen is."""

    def __init__(self, steps: int) -> None:
        self.steps, self.pieces, self.command = steps, [], ""
        self.x = self.y = self.start_x = self.start_y = 0
        self.fresh = False

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def add(self, name: str, values: list[int]) -> None:
        if name == "M":
            self.x, self.y = self.start_x, self.start_y = values
            self._write("M", values)
            self.command, self.fresh = "", True
        elif name == "L":
            self._line(values[0] - self.x, values[1] - self.y)
        elif name in "zZ":
            self.pieces.append("z")
            self.command, (self.x, self.y) = "", (self.start_x, self.start_y)
        else:
            pairs = [
                value - (self.x if place % 2 == 0 else self.y) for place, value in enumerate(values)
            ]
            self._write(name.lower(), pairs)
            self.x, self.y, self.fresh = values[-2], values[-1], False

    def _line(self, right: int, down: int) -> None:
        # The first line of a path stays even without length: a round cap makes a dot of it.
        if not (right or down or self.fresh):
            return
        if down == 0:
            self._write("h", [right])
        elif right == 0:
            self._write("v", [down])
        else:
            self._write("l", [right, down])
        self.x, self.y, self.fresh = self.x + right, self.y + down, False

    def _write(self, command: str, values: list[int]) -> None:
        numbers = [_number(value, self.steps) for value in values]
        joined = numbers[0] + "".join(
            number if number.startswith("-") else " " + number for number in numbers[1:]
        )
        if command != self.command:
            self.pieces.append(command + joined)
        else:
            self.pieces.append(joined if joined.startswith("-") else " " + joined)
        self.command = command


def gather(parent: ElementTree.Element) -> ElementTree.Element:
    """Neighbouring groups of the same kind as one, and paint that neighbours share on a group
    around them.
    """
    _join_groups(parent)
    runs, children = [], list(parent)
    for child in children:
        paint = _shared(child)
        if runs and runs[-1][0] == paint and paint:
            runs[-1][1].append(child)
        else:
            runs.append((paint, [child]))
    if not any(len(members) >= ENOUGH and paint for paint, members in runs):
        return parent
    for child in children:
        parent.remove(child)
    for paint, members in runs:
        if len(members) < ENOUGH or not paint:
            parent.extend(members)
            continue
        group = ElementTree.SubElement(parent, parent.tag.rpartition("}")[0] + "}g", dict(paint))
        for member in members:
            for name, _value in paint:
                del member.attrib[name]
            group.append(member)
    return parent


def _shared(node: ElementTree.Element) -> tuple[tuple[str, str], ...]:
    """The paint that a leaf could leave to a group; a moved or clipped ``use`` keeps its clip
    to itself.
    """
    name = node.tag.rpartition("}")[2]
    if len(node) or name not in ("path", "use", "rect", "circle", "line", "polygon", "polyline"):
        return ()
    kept = INHERITED - ({"clip-path"} if name == "use" or "transform" in node.attrib else set())
    return tuple(sorted((key, value) for key, value in node.attrib.items() if key in kept))


def _join_groups(parent: ElementTree.Element) -> None:
    last = None
    for child in list(parent):
        group = child.tag.endswith("}g") and "id" not in child.attrib
        if group and last is not None and last.attrib == child.attrib:
            last.extend(list(child))
            parent.remove(child)
            if len(child):
                gather(last)
        else:
            last = child if group else None
