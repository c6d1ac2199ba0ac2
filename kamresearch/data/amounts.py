"""Amounts as people write them → numbers: currencies, thin blanks, unit words, signs of all kinds.

The short rules of `kamresearch.data.casting` read most columns on any engine; these read the rest,
in Python within the embedded engine.
"""

import re

_WIDE = str.maketrans("０１２３４５６７８９，．－＋（）％−–—‒﹣٫٬", "0123456789,.-+()%-----.,") | {
    first + digit: str(digit) for first in (0x660, 0x6F0, 0x966) for digit in range(10)
}
"""Full-width figures, dashes of all lengths, and Arabic, Persian and Hindi figures."""
_NO_CENTS = re.compile(r"(?<=[.,])-+(?=\)?$)|/[-=]$")
"""``120.–``, ``1.234,-`` and ``120/-`` are whole amounts and not below zero."""
_BLANKS = re.compile(r"[\s\u00a0\u202f\u2009\u2007'’ʼ´`]+")
_SIGNS = re.compile(r"[\\₹₽₩₺₴₫฿₪₦₱₡₲₵€£$¥￥＄￡]")
_CODE_BEFORE = re.compile(
    r"^([-+(]?)(?:us\$|r\$|a\$|c\$|hk\$|nt\$|s\$|rs\.?|rp\.?|kr\.?|fr\.?|[a-z]{3}\.?)(?=[-(]?[\d.,(-])",
    re.IGNORECASE,
)
_CODE_BEHIND = re.compile(
    r"(?<=[\d.,)%万亿-])(?:zł|kč|ft|kr\.?|tl|kn|đ|sek|лв\.?|руб\.?|р\.?|грн\.?|lei|din|元整?|圆|円|원|[a-z]{3})"
    r"(\)?)$",
    re.IGNORECASE,
)
_TIMES = {
    **dict.fromkeys(("k", "тыс", "тыс.", "tys", "tys.", "tsd", "tsd.", "千"), 1e3),
    **dict.fromkeys(("m", "mm", "mn", "mio", "mio.", "млн", "млн.", "mln", "百万"), 1e6),
    **dict.fromkeys(("bn", "b", "mrd", "mrd.", "млрд", "млрд.", "mld", "十亿"), 1e9),
    **dict.fromkeys(("万", "萬", "만"), 1e4),
    **dict.fromkeys(("亿", "億", "억"), 1e8),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 1e5),
    **dict.fromkeys(("crore", "crores"), 1e7),
}
_WORD_BEHIND = re.compile(
    r"(?<=[\d.])(" + "|".join(map(re.escape, sorted(_TIMES, key=len, reverse=True))) + r")(\)?)$",
    re.IGNORECASE,
)
_BOOKED = re.compile(r"(?<=[\d.)])(cr|dr)\.?$", re.IGNORECASE)
_POINT = re.compile(
    r"(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,2})?|[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?"
    r"|[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d*)?",
    re.IGNORECASE,
)
_COMMA = re.compile(
    r"(?:\d+,?\d*|,\d+)(?:e[-+]?\d{1,2})?|[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?", re.IGNORECASE
)
LONGEST = 40


def strip_amount(text: str) -> tuple[str, float]:
    """Digits and marks of an amount, and what they are to be multiplied by."""
    text = _BLANKS.sub("", text.translate(_WIDE))
    text = _SIGNS.sub("", _CODE_BEFORE.sub(r"\1", text))
    text = _CODE_BEFORE.sub(r"\1", text)
    factor = 1.0
    if match := _BOOKED.search(text):
        factor, text = (-1.0 if match[1].lower() == "cr" else 1.0), text[: match.start()]
    text = _SIGNS.sub("", text)
    if match := _WORD_BEHIND.search(text):
        factor *= _TIMES[match[1].lower()]
        text = text[: match.start()] + match[2]
    elif match := _CODE_BEHIND.search(text):
        text = text[: match.start()] + match[1]
        if match := _WORD_BEHIND.search(text):  # 1.2万元
            factor *= _TIMES[match[1].lower()]
            text = text[: match.start()] + match[2]
    text = _NO_CENTS.sub("", text)
    if text.endswith("%"):
        factor, text = factor * 0.01, text[:-1]
    if text.startswith("(") and text.endswith(")"):
        factor, text = -factor, text[1:-1]
    if text.startswith(("-", "+")):
        factor, text = (-factor if text[0] == "-" else factor), text[1:]
    elif text.endswith("-"):
        factor, text = -factor, text[:-1]
    return text, factor


def parse_amount(text: str, decimal: str) -> float | None:
    """An amount as a number; None where it is none."""
    digits, factor = strip_amount(text)
    pattern, group = (_POINT, ",") if decimal == "." else (_COMMA, ".")
    if len(digits) > LONGEST or not pattern.fullmatch(digits):
        return None
    return factor * float(digits.replace(group, "").replace(decimal, "."))
