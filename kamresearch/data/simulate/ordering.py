"""Orders: each account's rhythm, season and prices, cut short where it leaves."""

import numpy as np

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.lives import Lives
from kamresearch.data.simulate.offering import list_prices, sell

_MODEL_SHARES = np.array([0.24, 0.30, 0.18, 0.22, 0.06])


def make_orders(
    profile: dict,
    lives: Lives,
    calendar: s.Calendar,
    world: s.World,
    seed: int,
    rng: np.random.Generator,
) -> dict:
    """Orders of a chunk in the order of their dates → arrays: account, month, date, units,
    product, revenue, cost.
    """
    counts = _count_orders(profile, lives, calendar, world, rng)
    account, month = (
        part.astype(np.int32)
        for part in np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    )
    n = len(account)
    low, high = lives.low[account, month], lives.high[account, month]
    habit = (
        np.where(
            profile["regular"][account],
            profile["habit"][account] + rng.normal(0, 0.04, n),
            rng.random(n),
        )
        % 1
    )
    date = calendar.day(month, low + (high - low) * habit)
    units = _draw_units(profile, account, month, rng)
    product = np.where(
        rng.random(n) < 0.62,
        profile["favourite"][account],
        rng.choice(len(s.MODELS), n, p=_MODEL_SHARES),
    )
    product = sell(product, profile, account, month, calendar, world, seed)
    years = month / 12
    price = list_prices(world)[product] * (1 - 0.012 * years) * (1 + rng.normal(0, 0.02, n))
    paid = price * (
        1 - profile["discount"][account] - 0.03 * (month >= calendar.index_at(world.slump_at))
    )
    revenue = np.round(units * paid, -2)
    cost = np.round(
        units
        * list_prices(world)[product]
        * (1 - 0.012 * years)
        * 0.79
        * (1 + rng.normal(0, 0.01, n))
        + 4_000
        + revenue * profile["serving_share"][account],
        -2,
    )
    orders = {
        "account": account,
        "month": month,
        "date": date,
        "units": units,
        "product": product,
        "revenue": revenue,
        "cost": cost,
    }
    return _sort(_add_returns(orders, lives, calendar, rng))


def _count_orders(
    profile: dict, lives: Lives, calendar: s.Calendar, world: s.World, rng: np.random.Generator
) -> np.ndarray:
    season = calendar.season()[profile["budget"]]
    strength = 0.6 + 0.8 * profile["habit"][:, None]  # how much the season moves this account
    expected = (
        profile["rate"][:, None]
        * season**strength
        * calendar.trend(world)
        * lives.fade
        * (lives.high - lives.low)
        * _bound(profile, calendar, world)
    )
    passed = np.cumsum(expected, axis=1) + profile["phase"][:, None]
    steady = np.diff(np.floor(passed), axis=1, prepend=np.floor(profile["phase"])[:, None])
    irregular = rng.poisson(expected * rng.gamma(1.6, 1 / 1.6, expected.shape))
    return np.where(profile["regular"][:, None], steady, irregular).astype(np.int64)


def _bound(profile: dict, calendar: s.Calendar, world: s.World) -> np.ndarray:
    """What the rules in force leave of each account's orders, month by month."""
    left = np.ones((len(profile["industry"]), len(calendar)))
    for rule in (world.rules or {}).values():
        whom = profile["industry"] == s.INDUSTRIES.index(rule.industry)
        left[np.ix_(whom, calendar.months >= np.datetime64(rule.since))] *= rule.orders
    return left


def _draw_units(
    profile: dict, account: np.ndarray, month: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    typical = (
        np.log(profile["size"] / profile["rate"])[account] + profile["drift"][account, month // 12]
    )
    return np.clip(
        np.round(np.exp(typical + 0.45 * rng.standard_normal(len(account)) - 0.1)), 1, 40
    )


def _add_returns(
    orders: dict, lives: Lives, calendar: s.Calendar, rng: np.random.Generator
) -> dict:
    """About one order in seventy brings some vehicles back in the month after, while the
    account is still one.
    """
    later = orders["month"] + 1
    inside = np.flatnonzero(later < len(calendar))
    chosen = inside[rng.random(len(inside)) < 0.014]
    account, month = orders["account"][chosen], later[chosen]
    whole = (lives.low[account, month] == 0) & (lives.high[account, month] == 1)
    chosen, account, month = chosen[whole], account[whole], month[whole]
    share = np.ceil(orders["units"][chosen] * rng.random(len(chosen))) / orders["units"][chosen]
    back = {
        "account": account,
        "month": month,
        "date": calendar.day(month, rng.random(len(chosen))),
        "units": -np.round(share * orders["units"][chosen]),
        "product": orders["product"][chosen],
        "revenue": -np.round(share * orders["revenue"][chosen], -2),
        "cost": -np.round(0.9 * share * orders["cost"][chosen], -2),
    }
    return {name: np.concatenate([orders[name], back[name]]) for name in orders}


def _sort(orders: dict) -> dict:
    place = np.lexsort([orders["account"], orders["date"]])
    return {name: values[place] for name, values in orders.items()}


def yearly_figures(orders: dict, accounts: int, calendar: s.Calendar) -> dict:
    """Per account and calendar year: net revenue and units, and gross revenue (without returns)."""
    year = orders["date"].astype("datetime64[Y]").astype(int)
    first = calendar.start.astype("datetime64[Y]").astype(int)
    years = int(calendar.end.astype("datetime64[Y]").astype(int) - first) + 1
    cell = orders["account"].astype(np.int64) * years + (year - first)

    def add(values: np.ndarray) -> np.ndarray:
        return np.bincount(cell, values, accounts * years).reshape(accounts, years)

    return {
        "first_year": int(first) + 1970,
        "net": add(orders["revenue"]),
        "units": add(orders["units"]),
        "gross": add(np.maximum(orders["revenue"], 0)),
        "gross_units": add(np.maximum(orders["units"], 0)),
    }
