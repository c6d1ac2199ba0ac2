"""Blanks where a number or a name meets a sentence, in languages that write words without any.

Between a Chinese character and a number or a Latin word stands one blank; none stands between two
Chinese characters, beside a wide mark, inside a year or day (2012年) or about 至. Which of these a
value begins with is known only when it is filled in, so a translator cannot set these blanks.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from string import Formatter

_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef“”‘’…]")
_NARROW = re.compile(r"[A-Za-z0-9%+<¥$€()\-−]")
_DATE = re.compile(r"(?:(?<!\d)(?:19|20)\d\d$)")


@lru_cache(maxsize=8192)
def _parts(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((text, name) for text, name, _, _ in Formatter().parse(template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template with its values, each seam with the blank that it asks for.

    >>> fill("{n}个客户，年收入{money}，{share} 来自{region} 大区",
    ...      {"n": "3", "money": "6,395万元", "share": "25.6%", "region": "华南"})
    '3 个客户，年收入 6,395万元，25.6% 来自华南大区'
    >>> fill("{low} 至 {high}，{year} 年", {"low": "6,395万", "high": "8,854万元", "year": "2013"})
    '6,395万至8,854万元，2013年'
    """
    text = ""
    for literal, name in _parts(template):
        text = _meet(text, literal)
        if name is not None:
            text = _meet(text, values[name])
    return text


def _meet(left: str, right: str) -> str:
    before, after = left.rstrip(" "), right.lstrip(" ")
    if not before or not after:
        return left + right
    one, other = before[-1], after[0]
    wide = bool(_WIDE.match(one)), bool(_WIDE.match(other))
    if wide == (False, False):
        return left + right
    narrow = _NARROW.match(other if wide[0] else one)
    mark = (one if wide[0] else other) < "\u3400" or (one if wide[0] else other) > "\u9fff"
    if wide == (True, True) or not narrow or mark or "至" in (one, other):
        return before + after
    if other == "年" and _DATE.search(before) or other in "月日" and after[:2] != "月份":
        return before + after
    return f"{before} {after}"
