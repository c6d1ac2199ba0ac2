"""What simulated accounts gain from us, whom we know there, and what they ask for."""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.lives import Lives, spread_days

_STREAM = 1_000_049
"""Its own stream of numbers, so that a world without these tables is drawn as it always was."""
_GAINS = ("downtime_avoided", "residual_value", "delivery_kept", "fuel")
_ROLES = (
    # role, function, influence
    ("fleet manager", "operations", 4),
    ("purchasing", "purchasing", 3),
    ("chief executive", "management", 5),
    ("finance director", "finance", 4),
    ("driver's representative", "operations", 2),
)


def make_customers(
    profile: dict,
    lives: Lives,
    calendar: s.Calendar,
    customers: s.Customers,
    ids: pd.Series,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """The tables value_delivered, contacts and needs by name."""
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    return {
        "value_delivered": _gains(profile, lives, calendar, customers, ids, rng),
        "contacts": _contacts(profile, calendar, customers, ids, rng),
        "needs": _needs(profile, lives, calendar, customers, ids, rng),
    }


def _gains(
    profile: dict,
    lives: Lives,
    calendar: s.Calendar,
    customers: s.Customers,
    ids: pd.Series,
    rng: np.random.Generator,
) -> pd.DataFrame:
    account, day = spread_days(np.full(profile["n"], customers.gains), lives, calendar, rng)
    n = len(account)
    money = customers.gain * profile["size"][account] * rng.gamma(2, 0.5, n)
    frame = pd.DataFrame(
        {
            "account_id": ids.to_numpy()[account],
            "date": day,
            "kind": np.array(_GAINS)[rng.integers(0, len(_GAINS), n)],
            "money": np.round(money, -2),
            "confirmed": rng.random(n) < customers.confirmed,
        }
    )
    return frame.drop_duplicates(["account_id", "date", "kind"], ignore_index=True)


def _contacts(
    profile: dict,
    calendar: s.Calendar,
    customers: s.Customers,
    ids: pd.Series,
    rng: np.random.Generator,
) -> pd.DataFrame:
    n, most = profile["n"], len(_ROLES)
    known = rng.random((n, most)) < customers.known
    account, role = np.nonzero(known)
    met = rng.random(len(account)) < customers.met
    age = np.where(met, rng.integers(0, 365, len(account)), rng.integers(365, 900, len(account)))
    stance = rng.choice([-2, -1, 0, 1, 2], len(account), p=[0.04, 0.1, 0.36, 0.35, 0.15])
    number = profile["first"] * most + 1 + np.arange(len(account))
    return pd.DataFrame(
        {
            "contact_id": [f"K{one:08d}" for one in number],
            "account_id": ids.to_numpy()[account],
            "role": np.array([one[0] for one in _ROLES])[role],
            "function": np.array([one[1] for one in _ROLES])[role],
            "influence": np.array([one[2] for one in _ROLES])[role],
            "stance": stance,
            "last_met": calendar.end - age,
        }
    )


def _needs(
    profile: dict,
    lives: Lives,
    calendar: s.Calendar,
    customers: s.Customers,
    ids: pd.Series,
    rng: np.random.Generator,
) -> pd.DataFrame:
    account, day = spread_days(np.full(profile["n"], customers.asked), lives, calendar, rng)
    names, weights = [*customers.wishes], np.array([*customers.wishes.values()], float)
    wish = rng.choice(len(names), len(account), p=weights / weights.sum())
    units = rng.poisson(1 + 2 * profile["size"][account])
    frame = pd.DataFrame(
        {
            "account_id": ids.to_numpy()[account],
            "date": day,
            "feature": np.array(names)[wish],
            "units": units.astype(float),
            "answered": rng.random(len(account)) < customers.answered,
            "told_by": "account manager",
        }
    )
    return frame.drop_duplicates(["account_id", "date", "feature"], ignore_index=True)
