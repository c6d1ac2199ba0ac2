"""Conditions on a finding: ``> 0.2``, ``between 0.1 and 0.3``, ``= yes``; the interval
decides, not the point value.
"""

import re
from dataclasses import dataclass
from math import isfinite
from typing import cast

from kamresearch.errors import DataError
from kamresearch.finding import Finding

EXACT = frozenset({"count", "accounts", "orders", "managers", "records"})
"""Units of numbers that are counted, not estimated: they decide without an interval."""

_NUMBER = r"([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*(%?)"
_SIGNS = {"≥": ">=", "≤": "<=", "＞": ">", "＜": "<", "＝": "="}


@dataclass(frozen=True)
class Condition:
    """What a finding must be for an item to hold.

    ``sign`` is one of ``>``, ``>=``, ``<``, ``<=``, ``=``, ``between``; ``low`` (and ``high`` for
    between) are its
    bounds; ``text`` is what a finding in words or a yes/no finding must say.
    """

    sign: str
    low: float | None = None
    high: float | None = None
    text: str | None = None

    def __str__(self) -> str:
        if self.text is not None:
            return f"= {self.text}"
        if self.sign == "between":
            return f"between {self.low:g} and {self.high:g}"
        return f"{self.sign} {self.low:g}"

    def falsified(self) -> str:
        """What the finding would have to be for the item to be contradicted.

        >>> parse_condition("> 0.2").falsified(), parse_condition("between 1 and 3").falsified()
        ('<= 0.2', '< 1 or > 3')
        """
        if self.text is not None:
            return f"≠ {self.text}"
        if self.sign == "between":
            return f"< {self.low:g} or > {self.high:g}"
        opposite = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "≠"}[self.sign]
        return f"{opposite} {self.low:g}"

    def holds(self, value: float) -> bool:
        """Whether one number meets the condition."""
        low = cast(float, self.low)
        if self.sign == "between":
            return low <= value <= cast(float, self.high)
        return {
            ">": value > low,
            ">=": value >= low,
            "<": value < low,
            "<=": value <= low,
            "=": value == low,
        }[self.sign]


def parse_condition(text: str, where: str = "condition") -> Condition:
    """A condition as written in the swot table.

    >>> str(parse_condition("> 20 %")), str(parse_condition("between 0.1 and 0.3")), str(parse_condition("= yes"))
    ('> 0.2', 'between 0.1 and 0.3', '= yes')
    """  # noqa: E501
    written = str(text).strip()
    for sign, plain in _SIGNS.items():
        written = written.replace(sign, plain)
    compared = re.fullmatch(rf"(>=|<=|>|<|=)\s*{_NUMBER}", written)
    if compared:
        return Condition(compared[1], _number(compared[2], compared[3]))
    between = re.fullmatch(rf"between\s+{_NUMBER}\s+and\s+{_NUMBER}", written, re.IGNORECASE)
    if between:
        low, high = _number(between[1], between[2]), _number(between[3], between[4])
        if low <= high:
            return Condition("between", low, high)
    named = re.fullmatch(r"=\s*([^\s<>=][^<>=]*)", written)
    if named:
        return Condition("=", text=named[1].strip())
    raise DataError(
        where,
        "a condition such as '> 0.2', '<= 20 %', 'between 0.1 and 0.3' or '= yes'",
        repr(written),
        "write one of these forms, the smaller bound first",
    )


def _number(text: str, percent: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise DataError("condition", "a finite number", repr(text), "write a smaller number")
    return number / 100 if percent else number


def judge_condition(condition: Condition, finding: Finding) -> str:
    """``supported``, ``contradicted`` or ``cannot_tell`` (or ``unknown`` for a finding without a
    value).

    With an interval, the condition must hold (or fail) over the whole interval; where the interval
    reaches over the
    threshold, nothing can be told. Without one, only a count of things that are all there decides
    (`EXACT`); any other number has an error that nobody measured, and leaves the item open.
    """
    value = finding.value
    if value is None:
        return "unknown"
    if condition.text is not None or isinstance(value, (bool, str)):
        return "supported" if _same_words(condition, value) else "contradicted"
    if finding.interval is None:
        if finding.unit not in EXACT:
            return "cannot_tell"
        return "supported" if condition.holds(value) else "contradicted"
    low, high = finding.interval.low, finding.interval.high
    if condition.sign == "=":
        return (
            "cannot_tell"
            if low <= cast(float, condition.low) <= high and low < high
            else ("supported" if condition.holds(value) else "contradicted")
        )
    if condition.holds(low) and condition.holds(high):
        return "supported"
    return "contradicted" if _fails_throughout(condition, low, high) else "cannot_tell"


def _fails_throughout(condition: Condition, low: float, high: float) -> bool:
    if condition.sign == "between":
        return high < cast(float, condition.low) or low > cast(float, condition.high)
    return not condition.holds(low) and not condition.holds(high)


def _same_words(condition: Condition, value: object) -> bool:
    if isinstance(value, bool):
        wanted = condition.text if condition.text is not None else str(int(condition.low or 0))
        return wanted.lower() in (
            ("yes", "true", "1", "是") if value else ("no", "false", "0", "否")
        )
    return condition.text is not None and condition.text.casefold() == str(value).strip().casefold()
