"""Which column plays which role: by its name in many languages, and by what it holds."""

from collections.abc import Callable
from dataclasses import dataclass

from kamresearch.data.coins import coins
from kamresearch.data.rolenames import name_merit, plain, role_words, roles, speaks_against
from kamresearch.data.start.profiles import Column, Profile
from kamresearch.data.start.reading import spans_days

LEAST = 0.25
"""A column whose merit for a role is less does not play it."""
SURE = 0.5
"""Below this merit a role is asked for."""
NEAR = 0.06
"""Two columns whose merits differ by less are asked between."""
MOST_COINS = 40
MOST_STATES = 30


@dataclass(frozen=True)
class Merit:
    """How well a column fits a role: by its name, by what it holds, and the two together."""

    column: str
    role: str
    named: float
    held: float
    whole: float


def _of_days(column: Column, named: float) -> float:
    if column.day_share >= 0.7:
        return 1.0
    return 0.85 if named > 0.5 and column.figure_day_share >= 0.9 else 0.0


def _of_amounts(column: Column, named: float) -> float:
    if column.number_share < 0.7 or column.day_share > 0.3:
        return 0.0
    if len(column.different) < 2:
        return 0.4
    keys = column.fraction_share == 0 and column.distinct_share > 0.98 and len(column.filled) > 30
    return 0.8 if keys and named < 0.95 else 1.0


def _of_counts(column: Column, named: float) -> float:
    return _of_amounts(column, named) * (1.0 if column.fraction_share < 0.5 else 0.85)


def _of_keys(column: Column, named: float) -> float:
    if column.day_share > 0.5 or column.fraction_share > 0.5:
        return 0.0
    few = column.distinct_share < 0.02 and len(column.different) < 30 and len(column.filled) > 200
    return 0.5 if few else 1.0


def _of_accounts(column: Column, named: float) -> float:
    return _of_keys(column, named) * (0.3 if len(column.different) < 2 else 1.0)


def _of_names(column: Column, named: float) -> float:
    if column.day_share > 0.5 or column.fraction_share > 0.5:
        return 0.0
    words = 1.0 if column.word_share > 0.5 else 0.6
    return words * (0.3 if len(column.different) < 2 else 1.0)


def _of_groups(column: Column, named: float) -> float:
    if column.day_share > 0.5 or column.word_share < 0.5:
        return 0.0
    if len(column.different) < 2:
        return 0.2
    keys = column.distinct_share > 0.9 and len(column.filled) > 50
    return 0.6 if keys else 1.0


def _of_products(column: Column, named: float) -> float:
    if column.day_share > 0.5 or column.fraction_share > 0.5:
        return 0.0
    return 1.0 if column.word_share > 0.3 else 0.8


def _of_coins(column: Column, named: float) -> float:
    found = {cell.upper() for cell in column.different}
    few = 0 < len(found) <= MOST_COINS
    return 1.0 if few and found <= set(coins()) else 0.0


def _of_states(column: Column, named: float) -> float:
    few = 1 < len(column.different) <= MOST_STATES and len(column.filled) > len(column.different)
    return 1.0 if few and column.fraction_share == 0 and column.day_share == 0 else 0.0


HOLDS: dict[str, Callable[[Column, float], float]] = {
    "order_id": _of_keys,
    "account_id": _of_accounts,
    "account_name": _of_names,
    "order_date": _of_days,
    "revenue": _of_amounts,
    "unit_price": _of_amounts,
    "discount": _of_amounts,
    "units": _of_counts,
    "product": _of_products,
    "cost": _of_amounts,
    "region": _of_groups,
    "industry": _of_groups,
    "channel": _of_groups,
    "city": _of_groups,
    "currency": _of_coins,
    "measure": _of_states,
    "status": _of_states,
    "manager": _of_names,
    "parent": _of_names,
}
"""Role → how well what a column holds fits it, 0 to 1."""


def _by_contents(column: Column, role: str) -> float:
    """The merit of a column whose name says nothing, neither for the role nor against it."""
    if any(speaks_against(plain(column.name), phrase) for phrase in role_words()[role]["not"]):
        return 0.0
    if role == "order_date" and column.day_share >= 0.9:
        return 0.4
    if role == "revenue" and column.fraction_share >= 0.3 and column.number_share >= 0.9:
        return 0.35
    if role == "account_name" and column.word_share >= 0.8:
        return 0.3 if 0.005 < column.distinct_share < 0.9 and len(column.different) > 3 else 0.0
    if role == "currency" and len(column.different) > 0 and len(column.filled) > 3:
        return 0.6
    return 0.0


def merit(column: Column, role: str) -> Merit:
    """How well a column fits a role."""
    named = name_merit(column.name, role)
    held = HOLDS[role](column, named)
    filled = 0.3 + 0.7 * column.filled_share
    said = named if named >= LEAST else _by_contents(column, role)
    return Merit(column.name, role, named, held, said * held * filled)


def merits(table: Profile) -> dict[str, list[Merit]]:
    """Role → columns that may play it, the best first."""
    found = {}
    for role in roles():
        ranked = [merit(column, role) for column in table.columns]
        ranked = [one for one in ranked if one.whole >= LEAST]
        found[role] = sorted(ranked, key=lambda one: -one.whole)
    return found


OF_ORDERS = frozenset(
    ("order_id", "order_date", "revenue", "units", "unit_price", "discount", "cost", "product")
)
"""Roles that no column of a list of accounts plays."""


def assign(table: Profile, without: frozenset[str] = frozenset()) -> dict[str, Merit]:
    """Role → the column that plays it; each column plays one role, the best pairs first, some
    roles left out.

    What is numbered like orders but goes on for days is no order: the next best is taken.
    """
    ranked = merits(table)
    pairs = [one for role in ranked if role not in without for one in ranked[role]]
    played = _best_pairs(pairs)
    while "order_id" in played and "order_date" in played:
        number = played["order_id"].column
        if not spans_days(table, number, played["order_date"].column):
            break
        pairs = [one for one in pairs if (one.role, one.column) != ("order_id", number)]
        played = _best_pairs(pairs)
    return played


def _best_pairs(pairs: list[Merit]) -> dict[str, Merit]:
    taken: set[str] = set()
    played: dict[str, Merit] = {}
    for one in sorted(pairs, key=lambda one: -one.whole):
        if one.role not in played and one.column not in taken:
            played[one.role] = one
            taken.add(one.column)
    return played
