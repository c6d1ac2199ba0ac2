"""Deals of the simulated accounts: who bids, what is offered, how each ends and when."""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.lives import Lives
from kamresearch.data.simulate.offering import list_prices, model_names, sell
from kamresearch.data.simulate.staff import Staff

_STREAM = 1_000_007
"""Its own stream of numbers, so that a world without deals is drawn as it always was."""
_KINDS = ("new", "renewal", "growth")
_REASONS = {"price": "price", "product": "product", "service": "service"}
_STAGES = ("contact", "offer", "negotiation")


def make_deals(
    profile: dict,
    lives: Lives,
    staff: Staff,
    calendar: s.Calendar,
    world: s.World,
    ids: pd.Series,
    seed: int,
) -> pd.DataFrame:
    """One row a deal, with the truth in ``true_chance``, ``true_outcome`` and ``true_days``.

    Deals stand beside the orders: a won one is no order of its own.
    """
    deals = world.deals or s.Deals()
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    here = lives.high > lives.low
    counts = rng.poisson(deals.yearly / 12, here.shape) * here
    account, month = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    n = len(account)
    opened = calendar.day(month, rng.random(n))
    names = [*deals.rivals]
    shares = np.array([deals.rivals[name][0] for name in names])
    rival = rng.choice(len(names), n, p=shares / shares.sum())
    strength = np.array([deals.rivals[name][1] for name in names])[rival]
    # Whoever fears a strong rival offers more: the raw association hides what a discount does.
    points = np.clip(rng.normal(8 - deals.pressure * strength, 3, n), 0, 25).round(1)
    desk = staff.desk_of(profile)[account]
    skill = np.random.default_rng([seed, _STREAM]).normal(
        0, deals.manager_spread, len(staff.spell_manager)
    )
    chance = 1 / (
        1 + np.exp(-(deals.base + strength + deals.per_point * (points - 8) + skill[desk]))
    )
    withdrawn = rng.random(n) < deals.withdrawn
    won = rng.random(n) < chance
    outcome = np.where(withdrawn, "withdrawn", np.where(won, "won", "lost"))
    mean = np.array([deals.days[name] for name in outcome])
    days = np.ceil(rng.gamma(2, mean / 2)).astype(int)
    closed = opened + days
    ended = closed <= calendar.end
    units = rng.geometric(0.25, n)
    product = sell(profile["favourite"][account], profile, account, month, calendar, world, seed)
    lost = (outcome == "lost") & ended
    reason = rng.choice(list(_REASONS), n, p=[0.5, 0.3, 0.2])
    unknown = rng.random(n) < deals.rival_unknown
    frame = pd.DataFrame(
        {
            "account_id": ids.to_numpy()[account],
            "outcome": np.where(ended, outcome, "open"),
            "opened": opened,
            "closed": pd.Series(closed).where(ended),
            "stage": np.where(ended, "closed", np.array(_STAGES)[rng.integers(0, 3, n)]),
            "amount": units * list_prices(world)[product].astype(float),
            "units": units,
            "product": np.array(model_names(world))[product],
            "manager_id": sitting_managers(staff, desk, opened),
            "rival": pd.Series(np.array(names, dtype=object)[rival]).mask(unknown),
            "lost_reason": pd.Series(reason, dtype=object).where(lost),
            "discount_given": points / 100,
            "kind": np.array(_KINDS)[rng.integers(0, 3, n)],
            "true_chance": chance,
            "true_outcome": outcome,
            "true_days": days,
        }
    ).sort_values(["opened", "account_id"], kind="stable", ignore_index=True)
    number = profile["first"] * 10_000 + 1 + np.arange(n)
    frame.insert(0, "opportunity_id", [f"D{one:011d}" for one in number])
    return frame


def sitting_managers(staff: Staff, desk: np.ndarray, day: np.ndarray) -> pd.Series:
    """Who sat at the desk on the day; empty between two managers."""
    begin, end = staff.spell_from[desk], staff.spell_to[desk]
    sits = (begin <= day[:, None]) & ~(end < day[:, None])
    place = sits.argmax(axis=1)
    number = staff.spell_manager[desk, place]
    ids = staff.table["manager_id"].to_numpy()[number - 1]
    return pd.Series(ids, dtype=object).where(sits.any(axis=1))
