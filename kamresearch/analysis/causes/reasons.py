"""Stated reasons in two languages → causes, by a table that the user can edit."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from kamresearch.errors import DataError
from kamresearch.language import LANGUAGES
from kamresearch.language import message as _
from kamresearch.yamlfile import as_noun, parse_yaml

Cause = Literal["price", "product", "service", "competitor", "relocation", "unknown"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
CAUSE_TERMS = {
    "price": _("price"),
    "product": _("product"),
    "service": _("service"),
    "competitor": _("competitor"),
    "relocation": _("relocation"),
    "unknown": _("unknown"),
}
TABLE = Path(__file__).with_name("reasons.yml")
"""The house's own table; a user's table has the same form."""


class _Reason(BaseModel):
    """An entry of the table: a cause, and by language the words that tell it."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[str]] = Field(init=False)

    cause: Cause


def load_reasons(path: Path = TABLE) -> tuple[tuple[str, re.Pattern], ...]:
    """The table as (cause, pattern) pairs, in its order."""
    return _read_table(Path(path).read_text(encoding="utf-8"), Path(path).name)


@lru_cache(maxsize=8)
def _read_table(text: str, name: str) -> tuple[tuple[str, re.Pattern], ...]:
    see = f"name a cause out of {', '.join(CAUSES)}, and its words by language"
    return tuple(
        (row.cause, _pattern([w for one in LANGUAGES for w in row.__pydantic_extra__.get(one, ())]))
        for row in as_noun(list[_Reason], parse_yaml(text, name) or [], name, see)
    )


def _pattern(words: Sequence[str]) -> re.Pattern:
    parts = []
    for word in words:
        body = re.escape(word.removesuffix("*"))
        if word.isascii():
            body = rf"(?<!\w){body}" + ("" if word.endswith("*") else r"(?!\w)")
        parts.append(body)
    return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


def map_reasons(reasons: pd.Series, path: Path = TABLE) -> pd.Series:
    """Which cause does each stated reason speak of?

    Parameters
    ----------
    reasons : Series of text
        Reasons in any language; empty ones are allowed.
    path : Path
        A reason table; the house's own by default.

    Returns
    -------
    Series
        One of `CAUSES` for each reason; ``unknown`` where no word matches or nothing is said.

    Examples
    --------
    >>> map_reasons(pd.Series(["Price too high", "售后服务差", None])).tolist()
    ['price', 'service', 'unknown']
    """
    pairs = load_reasons(path)
    known = {}
    for reason in reasons.dropna().unique():
        known[reason] = next(
            (cause for cause, pattern in pairs if pattern.search(str(reason))), "unknown"
        )
    causes = [known.get(reason, "unknown") for reason in reasons.astype(object)]
    return pd.Series(causes, index=reasons.index, dtype=object)


def settle_causes(losses: pd.DataFrame, path: Path = TABLE) -> pd.DataFrame:
    """The cause of each loss: as coded where it is, else as its stated reason speaks → losses with
    ``cause`` and
    ``cause_from`` (coded, reason, none). Codes that the house does not know are refused.
    """
    coded = losses["cause"].where(losses["cause"].notna() & (losses["cause"].astype(object) != ""))
    foreign = sorted(set(coded.dropna().astype(str)) - set(CAUSES))
    if foreign:
        raise DataError(
            "churn_events, column 'cause'",
            f"one of {', '.join(CAUSES)}",
            f"{len(foreign)}: {', '.join(foreign[:3])}",
            "map them, or leave the column out and edit the reason table",
        )
    told = map_reasons(losses["stated_reason"].astype(object), path)
    cause = coded.astype(object).where(coded.notna(), told)
    source = pd.Series("coded", index=losses.index).where(
        coded.notna(), told.map(lambda one: "none" if one == "unknown" else "reason")
    )
    return losses.assign(cause=cause, cause_from=source)


def agreement(first: pd.Series, second: pd.Series) -> float | None:
    """Share of losses for which two records name the same cause (unknown left out); None
    without common cases.
    """
    both = (first != "unknown") & (second != "unknown") & first.notna() & second.notna()
    return float((first[both].to_numpy() == second[both].to_numpy()).mean()) if both.any() else None
