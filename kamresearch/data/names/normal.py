"""A company name taken apart: its core, its branch, its legal form, whether it is a group."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

_ZH_FORMS = (
    "股份有限公司",
    "有限责任公司",
    "股份公司",
    "有限公司",
    "总公司",
    "公司",
    "有限合伙",
    "股份",
    "有限",
)
_ZH_GROUPS = ("集团", "控股")
_EN_FORMS = {
    "co",
    "company",
    "ltd",
    "limited",
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "llc",
    "llp",
    "lp",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "kgaa",
    "mbh",
    "ohg",
    "ab",
    "publ",
    "as",
    "asa",
    "aps",
    "oy",
    "oyj",
    "sa",
    "sas",
    "sarl",
    "srl",
    "spa",
    "bv",
    "nv",
    "se",
    "pte",
    "pty",
    "pvt",
    "kk",
    "sdn",
    "bhd",
    "jsc",
    "ooo",
    "pjsc",
    "zoo",
}
_EN_GROUPS = {"group", "groupe", "holding", "holdings", "gruppe"}
_COUNTRY = {"china", "prc"}
_JOINERS = {"and", "the", "of"}
_BRANCHES = ("分公司", "分行", "分店", "办事处", "分部")
_BRANCH_ZH = re.compile(
    r"^(.+?公司|.+集团|.{2,}(?:银行|酒店|医院|大学|学院)|.{4,}?)([\u4e00-\u9fff]{2,6}?)(?:"
    + "|".join(_BRANCHES)
    + ")$"
)
_BRANCH_EN = re.compile(
    r"^(.+?(?:\b(?:ltd|limited|inc|corp|gmbh|ab|llc|company|co)\b\s*)+)(.*?)\s*branch$"
)
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}")
_OTHER = re.compile(r"[^0-9a-z\u00df-\u024f\u0370-\u052f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


@dataclass(frozen=True)
class NameParts:
    """A name in parts: ``core`` and ``branch`` identify, ``form``, ``group`` and ``country``
    describe.
    """

    core: str
    branch: str = ""
    form: str = ""
    group: bool = False
    country: bool = False

    @property
    def key(self) -> str:
        """Core and branch: equal for two spellings of one company."""
        return f"{self.core} {self.branch}".strip()


@cache
def _converter() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Half width, lower case, simplified characters, no accents on Latin letters, single spaces.

    >>> simplify("ＮＯＲＤＡ　機車（中國）")
    'norda 机车(中国)'
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        text = _converter().convert(text)
        split = unicodedata.normalize("NFD", text)
        text = unicodedata.normalize(
            "NFC", "".join(letter for letter in split if not "\u0300" <= letter <= "\u036f")
        )
    return " ".join(text.split())


@lru_cache(maxsize=200_000)
def split_name(name: str) -> NameParts:
    """Take a company name apart.

    Brackets are opened (a city in them counts as part of the core, in either place), 中国 and China
    are set aside,
    legal forms and the words for groups are recognised at the end (AB also in front).

    Examples
    --------
    >>> split_name("杭州瑞智公务用车有限公司").core
    '杭州瑞智公务用车'
    >>> split_name("瑞智公务用车（杭州）股份有限公司").core
    '杭州瑞智公务用车'
    >>> split_name("Ruizhi Machinery (China) Co., Ltd.").core
    'ruizhi machinery'
    >>> split_name("AB Norda (publ)").form
    'ab publ'
    """
    text = simplify(name)
    text = _INITIALS.sub(lambda found: found.group().replace(".", ""), text)
    return _chinese_parts(text) if _is_chinese(text) else _latin_parts(text)


def normalise_name(name: str) -> str:
    """The key of a name: equal for spellings that differ in width, script, brackets, country and
    legal form.

    >>> normalise_name("浙江瑞智控股集團有限公司") == normalise_name("浙江瑞智（控股）集团")
    True
    >>> normalise_name("Norda Car Corp.") == normalise_name("AB Norda")
    False
    """
    return split_name(name).key


def _is_chinese(text: str) -> bool:
    characters = sum("\u3400" <= letter <= "\u9fff" for letter in text)
    return characters > 0 and 3 * characters >= sum(
        letter.isascii() and letter.isalpha() for letter in text
    )


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _words(text: str) -> str:
    return " ".join(_OTHER.sub(" ", text.replace("&", " and ").replace("'", "")).split())


_BRACKETS = re.compile(r"[(\[【《「『](.*?)[)\]】》」』]")
_CITY_SIGN = re.compile(r"^([\u4e00-\u9fff]{2})[市省](?=[\u4e00-\u9fff]{3})")
"""杭州市 and 杭州 in front of a name are one."""
_SAY_NOTHING = {"中国", "china", "集团", "控股", "有限合伙", "普通合伙", ""}


def _chinese_parts(text: str) -> NameParts:
    inside = [_OTHER.sub("", part) for part in _BRACKETS.findall(text)]
    said = [part for part in inside if part not in _SAY_NOTHING]
    # A branch in brackets stands behind the company, anything else in brackets in front.
    front, behind = (
        "".join(part for part in said if part.endswith(_BRANCHES) == last) for last in (False, True)
    )
    text = front + _OTHER.sub("", _squeeze(_BRACKETS.sub("", text))) + behind
    text = _CITY_SIGN.sub(r"\1", text)
    country = "中国" in text or "中国" in inside
    group = any(word in text or word in inside for word in _ZH_GROUPS)
    found, branch = _BRANCH_ZH.match(text), ""
    if found:
        text, branch = found.group(1), f"{found.group(2)} branch"
    core, forms = _strip_endings(text)
    if core.startswith("中国") and len(core) > 4:
        core = core[2:]
    return NameParts(core, branch, "".join(forms), group, country)


def _strip_endings(text: str) -> tuple[str, list[str]]:
    """Legal forms and group words off the end, one after another, as long as two characters
    stay.
    """
    forms: list[str] = []
    while True:
        ending = next(
            (
                end
                for end in (*_ZH_FORMS, *_ZH_GROUPS, "中国")
                if text.endswith(end) and len(text) > len(end) + 1
            ),
            "",
        )
        if not ending:
            return text, forms
        text = text[: -len(ending)]
        forms.insert(0, ending)


def _latin_parts(text: str) -> NameParts:
    text, branch = _words(text), ""
    found = _BRANCH_EN.match(text)
    if found:
        text, branch = found.group(1), f"{found.group(2)} branch"
    words = text.split()
    group, country = bool(_EN_GROUPS & set(words)), bool(_COUNTRY & set(words))
    kept, forms = list(words), []
    while len(kept) > 1 and kept[-1] in _EN_FORMS | _EN_GROUPS | _COUNTRY:
        forms.insert(0, kept.pop())
    if len(kept) > 1 and kept[0] == "ab":
        forms.insert(0, kept.pop(0))
    # A form in the middle stands before a bracket: "Ruizhi Co., Ltd. (Hangzhou)".
    kept = [
        word
        for place, word in enumerate(kept)
        if place == 0 or word not in _EN_FORMS | _EN_GROUPS | _COUNTRY | _JOINERS
    ]
    return NameParts(
        " ".join(kept),
        branch,
        " ".join(word for word in forms if word not in _COUNTRY),
        group,
        country,
    )
