"""Values in the form in which they are compared: one width and case, no punctuation, parts
apart.
"""

import re

import pandas as pd

from kamresearch.data.linkage.kinds import Field
from kamresearch.data.linkage.likeness import name_tokens
from kamresearch.data.names import simplify, split_name

_NOT_WORD = re.compile(
    r"[^0-9a-z\u00df-\u024f\u0370-\u052f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_NOTHING = {"", "nan", "none", "null", "na", "nat", "unknown", "tbc"}


def clean_records(frame: pd.DataFrame, fields: tuple[Field, ...]) -> pd.DataFrame:
    """Records → their comparable forms, columns ``f0``, ``f1`` … in the order of the fields, beside
    ``unique_id``.

    A company's column has its branch beside it (``f0_branch``) and what other spellings may share
    (``f0_tokens``), a text its words (``f0_words``, sorted) and its digits.
    """
    columns: dict[str, pd.Series] = {"unique_id": pd.Series(range(len(frame)), index=frame.index)}
    for place, field in enumerate(fields):
        name, texts = f"f{place}", frame[field.column]
        known = {
            value: _first_number(value) if field.part == "number" else _clean(value, field.kind)
            for value in texts.dropna().astype("str").unique()
        }
        cleaned = texts.astype("str").where(texts.notna()).map(known)
        columns[name] = cleaned.where(cleaned.notna() & ~cleaned.isin(_NOTHING), None)
        if field.kind == "company":
            branches = {value: split_name(value).branch or None for value in known}
            columns[f"{name}_branch"] = texts.astype("str").where(texts.notna()).map(branches)
            columns[f"{name}_tokens"] = columns[name].map(name_tokens, na_action="ignore")
        if field.kind in ("text", "company"):
            columns[f"{name}_words"] = columns[name].map(split_words, na_action="ignore")
    cleaned = pd.DataFrame(columns).reset_index(drop=True).astype(object)
    return cleaned.where(cleaned.notna(), None).astype({"unique_id": "int64"})


def keep_fields(cleaned: pd.DataFrame, kept: list[int]) -> pd.DataFrame:
    """The forms of some fields alone, numbered anew."""
    names = {}
    for new, old in enumerate(kept):
        for ending in ("", "_branch", "_words", "_tokens"):
            if f"f{old}{ending}" in cleaned:
                names[f"f{old}{ending}"] = f"f{new}{ending}"
    return cleaned[["unique_id", *names]].rename(columns=names)


def _clean(value: str, kind: str) -> str | None:
    if kind == "company":
        return split_name(value).core or None
    text = simplify(value)
    if kind == "date":
        return _clean_date(text)
    if kind == "phone":
        digits = re.sub(r"\D", "", text)
        # 86 is a country's number only where one is written or too much is left over: 8654 3210 is
        # a local number.
        if text.lstrip(" (").startswith(("+", "00")) or len(digits) >= 12:
            digits = digits.removeprefix("0086").removeprefix("86")
        return digits.lstrip("0")[-11:] if len(digits) > 7 else digits
    if kind == "email":
        return text.replace(" ", "")
    if kind in ("code", "number"):
        return re.sub(r"[^0-9a-z]", "", text)
    return " ".join(_NOT_WORD.sub(" ", text).split())


def _first_number(value: str) -> str | None:
    found = re.search(r"\d+", simplify(value))
    return found.group().lstrip("0") or "0" if found else None


def _clean_date(text: str) -> str:
    parts = re.findall(r"\d+", text.split("t")[0].split(" ")[0])
    if len(parts) == 3:
        if len(parts[0]) == 4:
            return parts[0] + parts[1].zfill(2) + parts[2].zfill(2)
        if len(parts[2]) == 4:
            return parts[2] + parts[1].zfill(2) + parts[0].zfill(2)
    return "".join(parts)[:8]


def split_words(text: str) -> list[str]:
    """The different words of a text in order; of Chinese text, its pairs of neighbouring characters
    and its numbers.

    >>> split_words("27 washington oak park"), split_words("上海市南京路8号")
    (['27', 'oak', 'park', 'washington'], ['8', '上海', '京路', '南京', '号', '市南', '海市'])
    """
    words: set[str] = set()
    for piece in re.findall(r"[\u3400-\u9fff]+|[^\s\u3400-\u9fff]+", text):
        if "\u3400" <= piece[0] <= "\u9fff" and len(piece) > 1:
            words |= {piece[place : place + 2] for place in range(len(piece) - 1)}
        else:
            words.add(piece)
    return sorted(words)
