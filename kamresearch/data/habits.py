"""Habits of exporting programs that change what an amount means: a scale in a column's name, a
column of its own that says which rows are credits, or which were never sold.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from kamresearch.data.casting import NO, YES
from kamresearch.data.rolenames import plain, speaks_against
from kamresearch.yamlfile import read_yaml

_SCALES = (
    (100_000_000, r"亿元?|億元?"),
    (1_000_000, r"百万元?|百萬元?|in millions?|\bmillions? of\b|\bmio\b|\bmln\b|\bmdd\b|млн"),
    (1_000_000, r"\bm\s?(?:€|\$|£|eur|usd|gbp|chf)(?:\b|$|\))"),
    (10_000, r"万元|萬元|万円"),
    (1_000, r"千元|千円|тыс|in thousands|\bthousands? of\b|in tausend|en milliers|en miles"),
    (0.01, r"(?:\b|_)(?:cents|pence|centimes|centavos|céntimos)(?:\b|_)|[(（]分[)）]"),
    (
        1_000,
        r"\b[kt]\s?(?:€|eur|usd|gbp|chf|cny|rmb|\$|£)(?:\b|$|\))|[$€£]\s?000s?\b|\(000s?\)|'000",
    ),
)
"""A power of ten, and how a column's name writes it."""

_MARKED = re.compile(
    r"soll|haben|debit|credit|\bd\s?/\s?c\b|\bs\s?/\s?h\b|\bdr\b|\bcr\b|借贷|借貸|方向"
)
"""Names of columns whose single letters say on which side of the ledger an amount stands."""
_SIDES = "sides of a ledger"
_SAYS_YES = "x j ja o oui s si sí sim да 有 はい 예 tak evet ✓ ✔ √ ×"
_SAYS_NO = "0 nein non não нет 无 無 いいえ 아니오 nie hayır - ."
FLAGS_YES = frozenset((*YES, *_SAYS_YES.split(" ")))
FLAGS_NO = frozenset((*NO, *_SAYS_NO.split(" ")))
"""How cells of a column that is named for a state say that it holds, or does not."""


@cache
def _credits(sides: bool) -> frozenset[str]:
    """Values that take an amount back; single letters only where a column is named for them."""
    table = read_yaml(Path(__file__).with_name("credits.yml"), texts=True)
    return frozenset(
        one for part, words in table.items() if sides or part != _SIDES for one in words
    )


def scale_of(name: str) -> float:
    """By how much a column's name says that its figures are to be multiplied; 1 where it says
    nothing.

    >>> [scale_of(name) for name in ("Revenue (k EUR)", "金额(万元)", "in cents", "KW")]
    [1000, 10000, 0.01, 1]
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return next((scale for scale, form in _SCALES if re.search(form, plain)), 1)


def is_side(name: str) -> bool:
    """Whether a column is named for one side of the ledger."""
    return _MARKED.search(unicodedata.normalize("NFKC", name).casefold()) is not None


def credit_values(name: str) -> frozenset[str]:
    """Values of a column, in small letters, that say that a row takes its amount back."""
    return _credits(is_side(name))


@cache
def not_sold() -> frozenset[str]:
    """What states call themselves that are no orders, in small letters."""
    table = read_yaml(Path(__file__).with_name("not_sold.yml"))
    return frozenset(word for words in table.values() for word in words)


def scaled_title(rows: Sequence[Sequence[str | None]]) -> str:
    """The first cell of the lines above a head that says thousands or millions; empty where none
    does.
    """
    cells = (cell for row in rows for cell in row if cell)
    return next((cell.strip() for cell in cells if scale_of(cell) != 1), "")


@cache
def unsold_name(name: str) -> bool:
    """Whether a column is named for a state in which nothing is sold.

    >>> [unsold_name(name) for name in ("is_deleted", "Storno", "作废", "Cancelled at", "Status")]
    [True, True, True, True, False]
    """
    said = plain(name)
    words = not_sold() | {"storno"}
    return any(speaks_against(said, plain(word)) for word in words if word not in _BUSY)


_BUSY = frozenset(("open", "lost", "quote", "concept", "draft"))
"""States that are also words of other things in the name of a column."""


@cache
def takes_back(name: str) -> bool:
    """Whether a column is named for what was returned or refunded.

    >>> [takes_back(name) for name in ("Returned amount", "Refunds", "退款金额", "Amount")]
    [True, True, True, False]
    """
    said = plain(name)
    return any(
        speaks_against(said, form)
        for word in _credits(False)
        for form in (plain(word), f"{plain(word)}s")
    )
