"""What kind of thing each column holds, read from its values: nobody writes a comparison."""

import re
from collections.abc import Hashable
from dataclasses import dataclass, replace

import pandas as pd

KINDS = ("date", "email", "phone", "code", "number", "category", "company", "name", "text")
_LEGAL = re.compile(
    r"有限公司|公司|集团|股份|\b(?:co|ltd|limited|inc|corp|corporation|llc|plc|gmbh|ag|ab|s\.?a|b\.?v|pte|pty|oy)\b\.?",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_DATE = re.compile(
    r"^(?:(?:18|19|20)\d\d([-/.]?)(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])|\d{1,2}([-/.])\d{1,2}\2(?:18|19|20)\d\d)(?:[ T].*)?$"  # noqa: E501
)
_PHONE_NAME = re.compile(r"phone|tel|mobile|fax|电话|手机|传真", re.IGNORECASE)
_FIRM_NAME = re.compile(
    r"^name$|firm|company|customer|client|supplier|vendor|dealer|account|organi[sz]ation"
    r"|名称|公司|企业|单位|客户|供应商|经销商",
    re.IGNORECASE,
)
_NOT_A_FIRM = re.compile(
    r"first|last|given|sur|middle|maiden|user|file|street|program|product|品名|姓名|产品",
    re.IGNORECASE,
)
_NAME_WORDS = 6
"""Words above which a text is a description rather than a name, on average"""
SAMPLE = 5_000
_NUMBERED = 0.6
_FEW, _HALF = 0.1, 0.3
"""Share of records that must have a value: where it identifies, and elsewhere."""


@dataclass(frozen=True)
class Field:
    """A column of the records: where it comes from, its kind, and how much it could tell.

    ``filled`` is the share of records with a value, ``distinct`` the number of different values
    over filled ones.
    """

    column: Hashable
    kind: str
    filled: float
    distinct: float
    part: str = ""
    """``number``: only the first number in a text (a house number tells neighbours apart)"""


def infer_fields(frame: pd.DataFrame) -> tuple[Field, ...]:
    """The columns worth comparing with their kinds, in the frame's order.

    Left out: columns that are nearly empty, that hold one value, or that number the records (every
    value different
    and nothing to misspell in it).
    """
    fields = []
    only = len(frame.columns) == 1
    for column in frame.columns:
        field = describe(frame[column], column, only)
        if field is not None:
            fields.append(field)
            if (
                field.kind == "text"
                and frame[column].dropna().astype("str").str.contains(r"\d").mean() > _NUMBERED
            ):
                fields.append(replace(field, kind="number", part="number"))
    return tuple(fields)


def describe(values: pd.Series, column: Hashable, only: bool = False) -> Field | None:
    """The field of one column, None where it is of no use; a table's ``only`` column of words is
    taken for names.
    """
    n = len(values)
    texts = values.dropna().astype("str").str.strip()
    texts = texts[texts != ""]
    distinct = texts.nunique()
    filled = len(texts) / n if n else 0.0
    if distinct < 2 or len(texts) < 3:
        return None
    sample = texts.iloc[:: max(1, len(texts) // SAMPLE)]
    kind = _kind_of(sample, str(column), distinct, len(texts), only)
    if filled < (_FEW if kind in ("phone", "email", "code") else _HALF):
        return None
    if distinct == len(texts) and kind in ("number", "code") and _is_running(texts):
        return None
    return Field(column, kind, filled, distinct / len(texts))


def _kind_of(sample: pd.Series, column: str, distinct: int, n: int, only: bool) -> str:
    def share(pattern: re.Pattern | str) -> float:
        return float(sample.str.match(pattern).mean())

    digits = sample.str.count(r"\d")
    bare = sample.str.replace(r"[\s()+./-]", "", regex=True)
    all_digits = float((bare.str.isdigit() & (bare != "")).mean())
    if share(_EMAIL) > 0.6:
        return "email"
    if share(_DATE) > 0.7 and bare.str.len().between(6, 19).mean() > 0.7:
        return "date"
    long_enough = float(bare.str.len().between(6, 15).mean()) > 0.7
    if all_digits > 0.7 and long_enough and (_PHONE_NAME.search(column) or _looks_dialled(sample)):
        return "phone"
    one_word = float((sample.str.count(r"\s") == 0).mean())
    mostly_digits = float((digits >= 0.5 * sample.str.len()).mean())
    if mostly_digits > 0.7 and one_word > 0.7:
        return "code" if bare.str.len().mean() >= 6 else "number"
    if _are_firms(sample, column, only):
        return "company"
    if distinct <= max(20, 0.01 * n):
        return "category"
    if (
        _is_cjk(sample)
        or float(sample.str.count(r"\s+").mean()) >= 1.0
        or float((digits > 0).mean()) > 0.3
    ):
        return "text"
    return "name"


def _are_firms(sample: pd.Series, column: str, only: bool) -> bool:
    """Whether texts are names of firms: legal forms in them, or a column that says so (or has
    nothing beside it) and holds short texts without house numbers. However few there are.
    """
    if float(sample.str.contains(_LEGAL).mean()) > 0.3:
        return True
    spaces = float(sample.str.count(r"\s+").mean())
    said = _FIRM_NAME.search(column) and not _NOT_A_FIRM.search(column)
    words = spaces >= 0.5 or _is_cjk(sample)
    return bool(
        (only or (said and words))
        and spaces + 1 <= _NAME_WORDS
        and float(sample.str.contains(r"\d").mean()) < 0.3
    )


def _looks_dialled(sample: pd.Series) -> bool:
    return float(sample.str.contains(r"^\+|^\(?0\d{1,4}[-)\s]|\d-\d{3,}").mean()) > 0.3


def _is_cjk(sample: pd.Series) -> bool:
    return (
        float(sample.str.contains(r"[\u3400-\u9fff]").mean()) > 0.5
        and float(sample.str.len().mean()) > 4
    )


def _is_running(texts: pd.Series) -> bool:
    """Whether all-different values only number the rows: consecutive, or in ascending order."""
    numbers = pd.to_numeric(texts.str.replace(r"\D", "", regex=True), errors="coerce").dropna()
    if len(numbers) < len(texts):
        return False
    return bool(numbers.is_monotonic_increasing or numbers.max() - numbers.min() < 2 * len(numbers))
