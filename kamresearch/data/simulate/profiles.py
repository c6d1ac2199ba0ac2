"""Who the accounts are: region, trade, size, temper, and what is recorded about them."""

import numpy as np

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.naming import make_companies, name_branches
from kamresearch.data.simulate.strain import make_strain

_SEGMENT_BY_INDUSTRY = np.array(
    [
        # steady bargain project prestige
        [0.30, 0.50, 0.15, 0.05],
        [0.45, 0.05, 0.45, 0.05],
        [0.45, 0.25, 0.20, 0.10],
        [0.25, 0.10, 0.15, 0.50],
        [0.40, 0.40, 0.15, 0.05],
        [0.25, 0.15, 0.15, 0.45],
        [0.35, 0.15, 0.40, 0.10],
        [0.30, 0.20, 0.20, 0.30],
    ]
)
_MODEL_BY_SEGMENT = np.array(
    [
        # S40 S60 S80 XC60 C30
        [0.30, 0.40, 0.15, 0.10, 0.05],
        [0.55, 0.25, 0.03, 0.07, 0.10],
        [0.20, 0.35, 0.20, 0.20, 0.05],
        [0.02, 0.13, 0.45, 0.38, 0.02],
    ]
)
_DISCOUNT = np.array([0.07, 0.13, 0.10, 0.04])
_ORDERS_A_MONTH = np.array([0.95, 0.60, 0.22, 0.55])
_REGULAR = np.array([0.75, 0.20, 0.10, 0.45])


def make_profiles(
    first: int, n: int, seed: int, calendar: s.Calendar, world: s.World, rng: np.random.Generator
) -> dict:
    """Profiles of accounts number first … first + n - 1, as arrays by name (grain: one account)."""
    region = rng.choice(len(s.REGIONS), n, p=s.REGION_SHARES)
    industry = rng.choice(len(s.INDUSTRIES), n, p=s.INDUSTRY_SHARES)
    segment = (
        (rng.random(n)[:, None] > _SEGMENT_BY_INDUSTRY.cumsum(axis=1)[industry])
        .sum(axis=1)
        .clip(0, 3)
    )
    own = world.monthly_units * np.exp(world.size_spread * _spread_normal(n, rng))
    size = _place(own, industry, region, calendar, world)
    often = rng.gamma(6, 1 / 6, n)
    own_rate, rate = (
        (_ORDERS_A_MONTH[segment] * np.sqrt(part / world.monthly_units) * often).clip(0.04, 6)
        for part in (own, size)
    )
    months = len(calendar)
    before = rng.random(n) < 0.50
    onboard = np.where(
        before, -rng.integers(1, 72, n), (rng.random(n) ** 0.9 * 0.94 * months).astype(int)
    )
    company = make_companies(region, industry, first, seed, rng)
    parent = _choose_parents(company, onboard, first, rng)
    favourite = (
        (rng.random(n)[:, None] > _MODEL_BY_SEGMENT.cumsum(axis=1)[segment]).sum(axis=1).clip(0, 4)
    )
    profile = company | {
        "first": first,
        "n": n,
        "region": region,
        "industry": industry,
        "segment": segment,
        "size": size,
        "channel": (rng.random(n) < np.where(size > np.median(size), 0.30, 0.60)).astype(int),
        "rate": rate,
        "own_size": own,
        "own_rate": own_rate,
        "regular": rng.random(n) < _REGULAR[segment],
        "phase": rng.random(n),
        "habit": rng.random(n),
        "budget": (industry == 1).astype(int),
        "onboard": onboard,
        "onboard_day": rng.random(n),
        "favourite": favourite,
        "liking": _MODEL_BY_SEGMENT[segment],
        "parent": parent,
        "discount": (
            _DISCOUNT[segment]
            + 0.02 * np.log(size / world.monthly_units) / world.size_spread
            + rng.normal(0, 0.012, n)
        ).clip(0, 0.2),
        "serving_share": 0.045 * np.exp(rng.normal(0, 0.8, n)),
        "frailty": rng.gamma(2, 0.5, n),
        "drift": np.cumsum(rng.normal(0, 0.28, (n, months // 12 + 1)), axis=1) - 0.08,
        "share_of_wallet": rng.beta(4, 5, n).clip(0.05, 0.95),
        "strategic_fit": np.clip(
            np.round(2.6 + 0.5 * np.log(size) + 0.6 * (segment == 3) + rng.normal(0, 0.8, n)), 1, 5
        ),
        "executive": (rng.random(n) < 0.4) & (size > np.quantile(size, 0.93)),
        "cell": rng.random(n),
    }
    profile["drift"] = np.minimum(profile["drift"], _room(size, industry, calendar, world))
    return profile | make_strain(profile, seed, calendar, world.life) if world.life else profile


def _place(
    size: np.ndarray,
    industry: np.ndarray,
    region: np.ndarray,
    calendar: s.Calendar,
    world: s.World,
) -> np.ndarray:
    """Sizes moved by trade and region, and bent below the ceiling of their trade: hardly while
    they are far from it, to seven tenths of it where they stood at it.
    """
    if world.sizes is None:
        return size
    for place, names, factors in (
        (industry, s.INDUSTRIES, world.sizes.by_industry),
        (region, s.REGIONS, world.sizes.by_region),
    ):
        size = size * np.array([factors.get(name, 1.0) for name in names])[place]
    return size / np.hypot(1, np.exp(-_room(size, industry, calendar, world)[:, 0]))


def _room(
    size: np.ndarray, industry: np.ndarray, calendar: s.Calendar, world: s.World
) -> np.ndarray:
    """How far each account is, in logarithms, from the ceiling of its trade in the busiest
    months: infinitely far without one.
    """
    ceiling = world.sizes.ceiling if world.sizes else {}
    most = np.array([ceiling.get(name, np.inf) for name in s.INDUSTRIES])[industry]
    return np.log(most / (12 * calendar.trend(world).max() * size))[:, None]


def _spread_normal(n: int, rng: np.random.Generator) -> np.ndarray:
    """Normal numbers whose sample is close to the distribution even for few accounts
    (stratified).
    """
    place = (np.arange(n) + rng.random(n)) / n
    root = np.sqrt(2) * _inverse_erf(2 * place - 1)
    return rng.permutation(root)


def _inverse_erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erfinv

    return erfinv(x)


def _choose_parents(
    company: dict, onboard: np.ndarray, first: int, rng: np.random.Generator
) -> np.ndarray:
    """Account number of the group that a branch belongs to, -1 for none; branches take their
    group's name.
    """
    n = len(onboard)
    parent = np.full(n, -1)
    groups = np.flatnonzero(company["group"])
    if len(groups):
        branch = np.flatnonzero(~company["group"] & (rng.random(n) < 0.10))
        chosen = groups[rng.integers(0, len(groups), len(branch))]
        name_branches(company, branch, chosen)
        parent[branch] = first + chosen
    return parent
