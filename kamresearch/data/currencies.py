"""Amounts in several currencies: noticed, and turned into one where the mapping says how."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from kamresearch.data.casting import as_id, clean_text, is_text
from kamresearch.data.coins import MOST_CODES, Coins
from kamresearch.data.contract import TableSpec
from kamresearch.data.formula import names_in
from kamresearch.data.habits import (
    FLAGS_NO,
    FLAGS_YES,
    credit_values,
    is_side,
    not_sold,
    scale_of,
    takes_back,
    unsold_name,
)
from kamresearch.data.quarantine import ROW
from kamresearch.data.rolenames import name_merit

GROUPED = 0.3
"""Share of rows without an account from which a report is taken for a grouped one."""

UNSIGNED = 0.9
"""Share of credits without a sign from which the column beside them is taken for the sign."""


CLEAR, SIDE = 0.9, 0.5
"""Merits from which a name says revenue clearly, and from which it may."""
_FIGURE = r"^[-+(−]?[^0-9A-Za-z]{0,3}[1-9][0-9., ']*[^0-9A-Za-z]{0,5}$"
"""A figure other than nought, and no day."""
_WORDS = r"[^\W\d_]{4}"
"""What words hold, and amounts with their currency do not."""


def doubts_of(raw: ir.Table, table: dict) -> tuple[tuple[str, str, int, str], ...]:
    """What is doubted of the orders' source: a scale in the amount's name, credits without a sign,
    states in which nothing is sold, an account in the first line of its group alone.
    """
    columns = table.get("columns", {})
    revenue = columns.get("revenue")
    notes = []
    amount = revenue.get("from") if isinstance(revenue, dict) else revenue or "revenue"
    if isinstance(amount, str) and amount in raw.columns:
        notes += _scaled(raw, amount) + _unmapped(raw, table, amount)
        notes += _returned(raw, table)
        if not (isinstance(revenue, dict) and "negative_where" in revenue):
            notes += _unsigned(raw, amount)
    notes += _unsold(raw)
    account = columns.get("account_id", "account_id")
    if isinstance(account, str) and account in raw.columns and "fill_down" not in table:
        notes += _grouped(raw, account)
    return tuple(notes)


def several_currencies(
    spec: TableSpec, present: Collection[str], table: dict, coins: Coins | None
) -> tuple[tuple[str, str, int, str], ...]:
    """Amounts in several currencies of which a rule turns no column, or not each, into one."""
    columns = table.get("columns", {})
    bare = [
        column.name
        for column in spec.columns
        if column.unit == "money"
        and column.name in present
        and not (isinstance(columns.get(column.name), dict) and "rates" in columns[column.name])
    ]
    if coins is None or not bare or len(coins.counts) < 2:
        return ()
    return (("many_currencies", coins.column, coins.fewer, coins.shown),)


def _scaled(raw: ir.Table, amount: str) -> list[tuple[str, str, int, str]]:
    """The amount's column is named after thousands or millions, and nothing multiplies it."""
    if scale_of(amount) == 1:
        return []
    n = int(raw[amount].count().to_pandas())
    return [("scaled_name", amount, n, f"{scale_of(amount):,} × {amount}")]


def _unmapped(raw: ir.Table, table: dict, amount: str) -> list[tuple[str, str, int, str]]:
    """A column that no rule reads is named like revenue more clearly than the one that is read, or
    holds amounts where that one holds none.
    """
    read = set(_named(table))
    names = {
        name: max(name_merit(name, "revenue"), SIDE * is_side(name))
        for name in raw.columns
        if name not in (ROW, amount) and name not in read
    }
    likely = [name for name, merit in names.items() if merit >= SIDE]
    if not likely:
        return []
    bare = ~_holds_amount(raw[amount])
    counts = {
        f"{kind}{at}": (holds & cells).ifelse(1, 0).sum().fill_null(0)
        for at, name in enumerate(likely)
        for holds in [_holds_amount(raw[name])]
        for kind, cells in (("all", ibis.literal(True)), ("alone", bare))
    }
    found = raw.aggregate(n=raw.count(), **counts).to_pandas().iloc[0]
    known = name_merit(amount, "revenue")
    for at, name in enumerate(likely):
        every, alone = int(found[f"all{at}"]), int(found[f"alone{at}"])
        clearer = names[name] >= CLEAR and known < SIDE and every > 0.5 * found["n"]
        if clearer or alone:
            return [("unmapped_amount", name, alone or every, amount)]
    return []


def _returned(raw: ir.Table, table: dict) -> list[tuple[str, str, int, str]]:
    """A column that no rule reads is named for what was taken back, and holds figures."""
    read = set(_named(table))
    for name in raw.columns:
        if name == ROW or name in read or not takes_back(name) or _no_amount(name):
            continue
        cell = raw[name].cast("string").strip()
        figures = cell.re_search(_FIGURE) & ~cell.re_search("^[01]$")
        found = raw.aggregate(
            n=figures.fill_null(False).ifelse(1, 0).sum(),
            zeros=(cell == "0").ifelse(1, 0).sum(),
            filled=(cell != "").ifelse(1, 0).sum(),
        )
        told = found.to_pandas().fillna(0).iloc[0]
        if told["n"] and told["n"] + told["zeros"] >= 0.9 * told["filled"]:
            return [("unread_returns", name, int(told["n"]), name)]
    return []


def _no_amount(name: str) -> bool:
    """Whether a name says a count, a day or a key."""
    return max(name_merit(name, role) for role in ("units", "order_date", "order_id")) >= SIDE


def _named(rules: Any) -> Iterator[str]:
    """What the rules of a table name, columns among it."""
    if isinstance(rules, dict):
        for key, value in rules.items():
            yield str(key)
            yield from names_in(str(value)) if key == "formula" else _named(value)
    elif isinstance(rules, list | tuple):
        for one in rules:
            yield from _named(one)
    elif isinstance(rules, str):
        yield rules
        if rules.lstrip().startswith("="):
            yield from names_in(rules)


def _holds_amount(cell: ir.Value) -> ir.BooleanValue:
    """Whether a cell holds an amount other than nought."""
    if is_text(cell):
        return (cell.re_search("[1-9]") & ~cell.re_search(_WORDS)).fill_null(False)
    return (cell != 0).fill_null(False) if cell.type().is_numeric() else ibis.literal(False)


def _unsigned(raw: ir.Table, amount: str) -> list[tuple[str, str, int, str]]:
    """A column says which rows are credits, and their amounts bear no sign."""
    cell = raw[amount]
    if is_text(cell):
        plain = cell.re_search(r"[0-9]") & ~cell.re_search(r"[-(−]|(?i:\bcr\b)")
    else:
        plain = cell > 0
    texts = [name for name in raw.columns if name not in (ROW, amount) and is_text(raw[name])]
    if not texts:
        return []
    sums = {}
    for place, name in enumerate(texts):
        credit = clean_text(raw[name]).lower().isin(sorted(credit_values(name))).fill_null(False)
        sums[f"all{place}"] = credit.ifelse(1, 0).sum().fill_null(0)
        sums[f"bare{place}"] = (credit & plain.fill_null(False)).ifelse(1, 0).sum().fill_null(0)
    found = raw.aggregate(n=raw.count(), **sums).to_pandas().iloc[0]
    for place, name in enumerate(texts):
        every, bare = int(found[f"all{place}"]), int(found[f"bare{place}"])
        if bare and bare >= UNSIGNED * every and every < 0.5 * found["n"]:
            return [("unsigned_credits", name, bare, amount)]
    return []


def _unsold(raw: ir.Table) -> list[tuple[str, str, int, str]]:
    """A coded column calls some rows cancelled, drafts or the like, and no rule leaves them out."""
    names = [name for name in raw.columns if name != ROW and is_text(raw[name])]
    if not names:
        return []
    cells = {name: clean_text(raw[name]).lower() for name in names}
    words = {name: not_sold() | (FLAGS_YES if unsold_name(name) else set()) for name in names}
    sums = {}
    for place, name in enumerate(names):
        unsold = cells[name].isin(sorted(words[name])).fill_null(False)
        sums[f"n{place}"] = unsold.ifelse(1, 0).sum().fill_null(0)
    found = raw.aggregate(n=raw.count(), **sums).to_pandas().iloc[0]
    for place, name in enumerate(names):
        count = int(found[f"n{place}"])
        if not 0 < count < UNSIGNED * found["n"]:
            continue
        counts = raw.group_by(cell=cells[name]).agg(n=raw.count()).limit(MOST_CODES).to_pandas()
        if len(counts) < MOST_CODES:
            held = set(counts["cell"].dropna())
            values = sorted(held & words[name])
            if not held & not_sold() and not held <= FLAGS_YES | FLAGS_NO:
                continue
            return [("unsold_rows", name, count, ", ".join(values))]
    return []


def _grouped(raw: ir.Table, account: str) -> list[tuple[str, str, int, str]]:
    if ROW not in raw.columns or not is_text(raw[account]):
        return []
    blank = clean_text(raw[account]).isnull()
    found = (
        raw.aggregate(
            n=raw.count(),
            blank=blank.ifelse(1, 0).sum(),
            first=raw[ROW].min(where=blank),
            start=raw[ROW].min(where=~blank),
        )
        .to_pandas()
        .iloc[0]
    )
    if found["n"] and found["blank"] >= GROUPED * found["n"] and found["start"] < found["first"]:
        return [("grouped", account, int(found["blank"]), f"row {int(found['first'])}")]
    return []


def convert(
    amount: ir.FloatingValue, currency: ir.Value, rates: Mapping[str, float]
) -> ir.FloatingValue:
    """Amounts in one currency; those of a currency without a rate become empty and are set
    aside.
    """
    code = as_id(currency).upper()
    factor = ibis.cases(
        *((code == str(name).upper(), rate) for name, rate in rates.items()),
        else_=ibis.null("float64"),
    )
    return amount * factor
