"""Which columns name currencies, by code, sign or word, and where several stand beside amounts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import ibis
import ibis.expr.types as ir

from kamresearch.data.casting import NOTHING, clean_text, is_text
from kamresearch.data.quarantine import ROW
from kamresearch.data.rolenames import name_merit

MOST_CODES = 40
MOSTLY = 0.9
"""Share of a column's filled cells that name currencies where it is one of currencies."""
SEEN = 1_000
"""Rows by which a column is told to hold no currencies."""
NAMED = 0.5
_SPOKEN = ("en", "zh", "ja", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv", "tr", "ru", "ko")
_OPEN = ("$", "¥", "￥", "KR", "L", "元")
"""Signs that several currencies share."""
_ALSO = {"RMB": "CNY", "CNH": "CNY", "EUROS": "EUR", "STG": "GBP", "£STG": "GBP"}
_FIGURES = "[-+−0-9().,'’\\s\u00a0\u202f]"


@cache
def codes() -> frozenset[str]:
    """Codes of the world's currencies, as ISO 4217 names them."""
    from babel.core import get_global

    return frozenset(get_global("all_currencies"))


@cache
def coins() -> Mapping[str, str]:
    """Codes, signs and names of currencies, in capitals, and the code that each stands for; a sign
    that several share stands for itself.

    >>> [coins()[name] for name in ("EUR", "€", "RMB", "人民币", "US DOLLAR", "$")]
    ['EUR', 'EUR', 'CNY', 'CNY', 'USD', '$']
    """
    from babel import Locale

    found: dict[str, str] = {}
    for tongue in reversed(_SPOKEN):
        locale = Locale.parse(tongue)
        for named in (locale.currencies, locale.currency_symbols):
            found |= {name.upper(): code for code, name in named.items() if code != "XXX"}
    return found | _ALSO | {code: code for code in codes()} | {sign: sign for sign in _OPEN}


def code_of(cell: str) -> str:
    """The code of the one currency that a cell names; empty where it names none, or leaves open
    which.
    """
    code = coins().get(cell.strip().upper(), "")
    return code if code in codes() else ""


@dataclass(frozen=True)
class Coins:
    """A column that names currencies, and the rows of each as written in capitals."""

    column: str
    written: Mapping[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """Currency → rows."""
        found: dict[str, int] = {}
        for name, n in self.written.items():
            found[coins()[name]] = found.get(coins()[name], 0) + n
        return found

    @property
    def fewer(self) -> int:
        """Rows in another currency than the usual one."""
        return sum(self.counts.values()) - max(self.counts.values())

    @property
    def shown(self) -> str:
        """The currencies as they are written."""
        return ", ".join(sorted(self.written)[:6])


def find_coins(raw: ir.Table, amounts: Collection[str] = ()) -> Coins | None:
    """The column of a raw table that names currencies, one of several before one of a single;
    cells of amounts may name theirs. None where there is none.
    """
    texts = [name for name in raw.columns if name != ROW and is_text(raw[name])]
    if not texts:
        return None
    seen = raw.select(texts).limit(SEEN).to_pandas()
    found = []
    for name in texts:
        cells = seen[name].dropna().astype(str)
        if name in amounts:
            cells = cells.str.replace(_FIGURES, "", regex=True)
        cells = cells.str.strip().str.upper()
        cells = cells[(cells != "") & ~cells.str.lower().isin(NOTHING)]
        if len(cells) and cells.isin(list(coins())).mean() < MOSTLY:
            continue
        one = _count(raw, name, name in amounts)
        # A single word may be anything: that it is a currency the name must say.
        if one and (len(one.counts) > 1 or name in amounts or name_merit(name, "currency") > NAMED):
            found.append(one)
    return max(found, key=lambda one: len(one.counts) > 1, default=None)


def coin_cell(cell: ir.StringValue) -> ir.StringValue:
    """What a cell says of a currency, in capitals; empty where it says nothing."""
    text = clean_text(cell)
    return text.lower().isin(NOTHING).ifelse(ibis.null("string"), text.upper())


def _count(raw: ir.Table, name: str, amounts: bool) -> Coins | None:
    cell = coin_cell(raw[name])
    if amounts:
        cell = cell.re_replace(_FIGURES, "").nullif("")
    counts = raw.group_by(code=cell).agg(n=raw.count())
    frame = counts.filter(counts.code.notnull()).limit(MOST_CODES).to_pandas()
    written = {str(code): int(n) for code, n in zip(frame["code"], frame["n"], strict=True)}
    known = {code: n for code, n in written.items() if code in coins()}
    if len(frame) == MOST_CODES or not known:
        return None
    return Coins(name, known) if sum(known.values()) >= MOSTLY * frame["n"].sum() else None


def spread_over(orders: ir.Table, held: ir.Table) -> dict[str, int]:
    """Currency → rows of orders (their key) whose account (or dealer) has it, as held by key and
    code.
    """
    once = held.filter(held.key.notnull() & held.code.notnull()).distinct()
    once = once.group_by("key").agg(code=once.code.min())
    joined = orders.inner_join(once, "key")
    frame = joined.group_by("code").agg(n=joined.count()).limit(MOST_CODES).to_pandas()
    found: dict[str, int] = {}
    for code, n in zip(frame["code"], frame["n"], strict=True):
        if coin := coins().get(str(code)):
            found[coin] = found.get(coin, 0) + int(n)
    return found
