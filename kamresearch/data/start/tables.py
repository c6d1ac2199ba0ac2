"""Which tables of an export hold orders, lines of orders, and accounts."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kamresearch.data.rolenames import name_merit, roles
from kamresearch.data.start.profiles import Column, Profile, period_columns
from kamresearch.data.start.roles import LEAST, OF_ORDERS, SURE, Merit, assign, merit, plain
from kamresearch.data.tidying import TOTALS

FEWEST_ACCOUNTS = 3
FEWEST_PERIODS = 4
"""So many columns named by months are months side by side."""
KEY = 0.99
HELD = 0.5
"""Share of a column's values that another table's key must hold to be the same thing."""
_CALLED = (
    "order",
    "sale",
    "invoice",
    "transaction",
    "deal",
    "line",
    "订单",
    "销售",
    "auftr",
    "rechn",
)


@dataclass(frozen=True)
class Candidate:
    """A table, or lines joined with their heads, that may hold the orders."""

    base: Profile
    table: Profile
    played: dict[str, Merit]
    strength: float
    joined: Profile | None = None
    on: tuple[str, str] = ("", "")
    unpivoted: tuple[str, ...] = field(default=())
    across: str = "month"
    """What the columns that become rows are called by."""

    @property
    def title(self) -> str:
        """Its name for people."""
        return f"{self.base.name} + {self.joined.name}" if self.joined else self.base.name

    def sure_of(self, *roles: str) -> bool:
        """Whether one of the roles is played beyond doubt."""
        return any(role in self.played and self.played[role].whole >= SURE for role in roles)


def _whole(played: dict[str, Merit], role: str) -> float:
    return played[role].whole if role in played else 0.0


def _strength(name: str, played: dict[str, Merit]) -> float:
    priced = min(_whole(played, "units"), _whole(played, "unit_price"))
    account = max(_whole(played, "account_id"), _whole(played, "account_name"))
    called = any(word in plain(name) or word in name for word in _CALLED)
    return (
        _whole(played, "order_date")
        + account
        + max(_whole(played, "revenue"), 0.9 * priced)
        + 0.4 * _whole(played, "order_id")
        + 0.15 * called
    )


def find_candidates(tables: tuple[Profile, ...]) -> list[Candidate]:
    """Tables and joins of two that may hold the orders, the likeliest first."""
    found = [_single(one) for one in tables]
    for lines in found[:]:
        if lines.unpivoted or _is_whole(lines.played) or not _has_amount(lines.played):
            continue
        for heads in tables:
            if heads is not lines.base and (on := _key_between(lines.base, heads)):
                found.append(_joined(lines.base, heads, on))
    return sorted(found, key=lambda one: -one.strength)


def _has_amount(played: dict[str, Merit]) -> bool:
    return "revenue" in played or ("units" in played and "unit_price" in played)


def _is_whole(played: dict[str, Merit]) -> bool:
    account = "account_id" in played or "account_name" in played
    return account and "order_date" in played and _has_amount(played)


def _single(table: Profile) -> Candidate:
    months = period_columns(table)
    if len(months) < FEWEST_PERIODS:
        played = assign(table)
        if names := _accounts_across(table, played):
            return _of_accounts_across(table, names)
        return Candidate(table, table, played, _strength(table.name, played))
    kept = [one for one in table.columns if one.name not in months]
    long = _long(table, months, "month")
    others = Profile(table.name, tuple(kept), table.n, table.sources)
    played = {
        role: one
        for role, one in assign(others).items()
        if role not in ("order_date", "revenue", "units", "unit_price", "cost", "order_id")
    }
    for role, name in (("order_date", "month"), ("revenue", "amount")):
        played[role] = Merit(name, role, 1.0, 1.0, 1.0)
    kept_names = tuple(one.name for one in kept)
    return Candidate(table, long, played, _strength(table.name, played), unpivoted=kept_names)


def _long(table: Profile, names: list[str], across: str) -> Profile:
    """A table whose columns of these names are rows, as `unpivot` makes them."""
    amounts = [table.column(name) for name in names]
    return Profile(
        table.name,
        (
            *(Column(c.name, c.cells * len(names)) for c in table.columns if c.name not in names),
            Column(across, tuple(name for name in names for _row in range(table.n))),
            Column("amount", tuple(cell for one in amounts for cell in one.cells)),
        ),
        table.n * len(names),
        table.sources,
    )


def _accounts_across(table: Profile, played: dict[str, Merit]) -> list[str]:
    """Columns that are called by accounts: amounts beside one column of days, whose names say no
    role at all; totals apart.
    """
    days = [one for one in table.columns if one.day_share > 0.9]
    rest = [one for one in table.columns if one not in days]
    if len(days) != 1 or any(role in played for role in ("account_id", "account_name")):
        return []
    names = [one.name for one in rest if one.name.strip().lower() not in TOTALS]
    amounts = all(one.number_share > 0.9 and one.fraction_share for one in rest)
    said = any(name_merit(name, role) >= LEAST for name in names for role in roles())
    return names if amounts and not said and len(names) >= FEWEST_ACCOUNTS else []


def _of_accounts_across(table: Profile, names: list[str]) -> Candidate:
    kept = tuple(one.name for one in table.columns if one.name not in names)
    day = next(one.name for one in table.columns if one.day_share > 0.9)
    roles_of = {"order_date": day, "account_name": "account", "revenue": "amount"}
    played = {role: Merit(name, role, 1.0, 1.0, 1.0) for role, name in roles_of.items()}
    long, strength = _long(table, names, "account"), _strength(table.name, played)
    return Candidate(table, long, played, strength, unpivoted=kept, across="account")


def _key_between(lines: Profile, heads: Profile) -> tuple[str, str] | None:
    """The column of the lines that names a row of the heads, and the heads' key."""
    best, most = None, HELD
    for key in heads.columns:
        if key.distinct_share < KEY or key.filled_share < KEY or key.day_share > 0:
            continue
        held = set(key.different)
        for column in lines.columns:
            if column.fraction_share > 0.1 or not column.different:
                continue
            share = sum(cell in held for cell in column.different) / len(column.different)
            share += 0.5 * (plain(column.name) == plain(key.name)) if share >= HELD else 0
            share += 0.1 * ("order" in plain(column.name)) if share >= HELD else 0
            if share > most and column.distinct_share < 1:
                best, most = (column.name, key.name), share
    return best


def _joined(lines: Profile, heads: Profile, on: tuple[str, str]) -> Candidate:
    own = {one.name for one in lines.columns}
    place = {key: at for at, key in enumerate(heads.column(on[1]).cells)}
    rows = [place.get(key) for key in lines.column(on[0]).cells]
    wide = Profile(
        f"{lines.name} + {heads.name}",
        (
            *lines.columns,
            *(_of_heads(one, rows) for one in heads.columns if one.name not in own),
        ),
        lines.n,
        lines.sources,
    )
    played = assign(wide)
    return Candidate(lines, wide, played, _strength(wide.name, played) - 0.1, heads, on)


def _of_heads(column: Column, rows: list[int | None]) -> Column:
    """A column of the heads as each of the lines takes it."""
    cells = tuple(None if row is None else column.cells[row] for row in rows)
    return Column(column.name, cells)


def find_accounts(
    tables: tuple[Profile, ...], chosen: Candidate, account: str
) -> tuple[Profile, str, dict[str, Merit]] | None:
    """A table with a row for each account that the orders name: it, its key, its roles."""
    named = chosen.table.column(account).different
    best, most = None, HELD
    for table, column in _keys_beside(tables, chosen):
        share = sum(cell in set(column.different) for cell in named) / max(len(named), 1)
        likely = max(merit(column, "account_id").named, merit(column, "account_name").named)
        if share >= HELD and share + likely > most and likely > 0:
            best, most = (table, column.name), share + likely
    if best is None:
        return None
    table, key = best
    others = Profile(
        table.name, tuple(one for one in table.columns if one.name != key), table.n, table.sources
    )
    return table, key, assign(others, OF_ORDERS)


def find_currencies(
    tables: tuple[Profile, ...], chosen: Candidate
) -> tuple[Profile, Column, tuple[str, str]] | None:
    """A table that names a currency for each account or head of the orders, several among them:
    it, the currencies as the lines take them, the keys of both.
    """
    for table in tables:
        if table is chosen.base or table is chosen.joined:
            continue
        coins = [one for one in table.columns if merit(one, "currency").whole >= LEAST]
        on = _key_between(chosen.table, table) if coins else None
        if on is None:
            continue
        place = {key: at for at, key in enumerate(table.column(on[1]).cells)}
        rows = [place.get(key) for key in chosen.table.column(on[0]).cells]
        taken = [_of_heads(one, rows) for one in coins]
        if several := next((one for one in taken if len(one.different) > 1), None):
            return table, several, on
    return None


def find_padded(
    tables: tuple[Profile, ...], chosen: Candidate, account: str
) -> tuple[Profile, str, str] | None:
    """A table whose keys are the accounts of the orders but for leading noughts, which a
    spreadsheet drops: it, a key as it stands there and as it stands in the orders.
    """
    named = {cell.lstrip("0"): cell for cell in chosen.table.column(account).different}
    for table, column in _keys_beside(tables, chosen):
        keys = {cell.lstrip("0"): cell for cell in column.different}
        both = [one for one in named if one in keys]
        if len(both) < HELD * max(len(named), 1):
            continue
        if apart := next((one for one in both if keys[one] != named[one]), None):
            return table, keys[apart], named[apart]
    return None


def _keys_beside(
    tables: tuple[Profile, ...], chosen: Candidate
) -> Iterator[tuple[Profile, Column]]:
    """Columns that name each row of a table which is not that of the orders."""
    for table in tables:
        if table is chosen.base or table is chosen.joined or len(table.columns) < 2:
            continue
        for column in table.columns:
            if column.distinct_share >= KEY and column.filled_share >= KEY:
                yield table, column
