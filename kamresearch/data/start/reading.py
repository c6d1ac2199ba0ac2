"""What the cells of several columns say together: amounts, totals, rates, currencies."""

import re

from kamresearch.data.amounts import parse_amount
from kamresearch.data.coins import code_of, coins
from kamresearch.data.rolenames import plain
from kamresearch.data.start.profiles import Column, Profile

CHECKED = 500
_NAMED = re.compile(r"[€£₹₽₩₺₫₱₪₴]|(?<![^\W\d_])[A-Z]{3}(?![^\W\d_])")
_WORDS = re.compile(r"[^\W\d_]*[€£¥￥₹₽₩₺₫₱₪₴$]|[^\W\d_]{2,}")
_TAX = re.compile(
    r"\b(?:tax|vat|gst|hst|mwst|ust|steuer|tva|iva|imposta|impuesto|imposto|btw|podatek|kdv|ндс)|"
    r"税|稅|부가세"
)
_ONE = re.compile(
    r"unit|each|per\b|list|msrp|rate|单价|單價|単価|단가|einzel|stück|stuck|stk|pu\b|jednost|stuks|"
    r"birim|цена за"
)


def number(cell: str | None) -> float | None:
    """A cell as a number, whatever its decimal mark; None where it is none."""
    if cell is None:
        return None
    comma = "," in cell and (cell.rfind(",") > cell.rfind(".")) and len(cell.split(",")[-1]) != 3
    return parse_amount(cell, "," if comma else ".")


def amounts_of(table: Profile, amount: str, units: str, price: str) -> bool:
    """Whether an amount is units times price in most rows."""
    rows = zip(
        *(table.column(name).cells[:CHECKED] for name in (amount, units, price)), strict=True
    )
    known = [[number(cell) for cell in row] for row in rows]
    full = [(a, b, c) for a, b, c in known if a is not None and b is not None and c is not None]
    equal = [row for row in full if abs(row[0] - row[1] * row[2]) <= 0.01 * abs(row[0]) + 0.011]
    return len(full) >= 5 and len(equal) >= 0.8 * len(full)


def net_of(table: Profile, gross: str) -> str:
    """A column that adds up to an amount with another that is named for a tax; empty where none
    does.
    """
    whole = [number(cell) for cell in table.column(gross).cells[:CHECKED]]
    others = [one for one in table.columns if one.name != gross and one.number_share > 0.9]
    taxes = [one for one in others if _TAX.search(plain(one.name))]
    for tax in taxes:
        for net in others:
            rows = zip(whole, net.cells[:CHECKED], tax.cells[:CHECKED], strict=True)
            full = [(a, number(b), number(c)) for a, b, c in rows]
            known = [(a, b, c) for a, b, c in full if a is not None and b and c]
            fits = [row for row in known if abs(row[1] + row[2] - row[0]) <= 0.011]
            if net is not tax and len(known) >= 5 and len(fits) >= 0.8 * len(known):
                return net.name
    return ""


def names_one(name: str) -> bool:
    """Whether a price's name says that it is that of one unit."""
    return _ONE.search(name.casefold()) is not None


def grows_with_units(table: Profile, product: str, units: str, price: str) -> bool:
    """Whether a product's price is in most rows the same multiple of its units: a line's amount."""
    held: dict[str, list[tuple[float, float]]] = {}
    columns = (table.column(name).cells for name in (product, units, price))
    for key, *cells in zip(*columns, strict=True):
        many, paid = (number(cell) for cell in cells)
        if key is not None and many and paid:
            held.setdefault(key, []).append((many, paid))
    several = [rows for rows in held.values() if len({many for many, _ in rows}) > 1]
    grown = [rows for rows in several if len({round(paid / many, 2) for many, paid in rows}) == 1]
    return bool(several) and len(grown) >= 0.8 * len(several)


def constant_within_orders(table: Profile, order: str, amount: str) -> bool:
    """Whether an amount repeats itself on every line of an order: a total, and no line's own."""
    held: dict[str, list[str | None]] = {}
    keys, amounts = table.column(order).cells, table.column(amount).cells
    for key, cell in zip(keys, amounts, strict=True):
        if key is not None:
            held.setdefault(key, []).append(cell)
    several = [cells for cells in held.values() if len(cells) > 1 and None not in cells]
    same = [cells for cells in several if len(set(cells)) == 1]
    return len(several) >= 5 and len(same) >= 0.95 * len(several)


def spans_days(table: Profile, key: str, day: str) -> bool:
    """Whether most numbers that repeat stand on several days: no order's number does."""
    held: dict[str, list[str]] = {}
    for name, cell in zip(table.column(key).cells, table.column(day).cells, strict=True):
        if name is not None and cell is not None:
            held.setdefault(name, []).append(cell)
    several = [cells for cells in held.values() if len(cells) > 1]
    many = [cells for cells in several if len(set(cells)) > 1]
    return len(several) >= 5 and len(many) > 0.5 * len(several)


def is_rate(column: Column) -> bool:
    """Whether a discount is a share of the price and no amount."""
    values = [number(cell) for cell in column.different]
    known = [value for value in values if value is not None]
    return bool(known) and all(0 <= value <= 1 for value in known)


def says_percent(name: str) -> bool:
    """Whether the name of a discount says that its figures are per cent."""
    plain = name.casefold()
    return any(
        one in plain for one in ("%", "％", "percent", "prozent", "pct", "rate", "satz", "率")
    )


def sign_currency(column: Column) -> str:
    """The currency that the cells of amounts or else their name say; empty where they say none, or
    several.
    """
    known = {
        coins().get(word.upper(), "")
        for cell in column.different[:CHECKED]
        for word in _WORDS.findall(cell)
    } - {""}
    if not known and any(sign.islower() for sign in column.name):  # in capitals, any word is one
        known = {coins()[word] for word in _NAMED.findall(column.name) if word in coins()}
    return code_of(known.pop()) if len(known) == 1 else ""
