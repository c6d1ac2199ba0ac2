"""What an account goes through unseen, how it shows, and how the account answers to contact."""

import numpy as np

from kamresearch.data.simulate import settings as s

_STREAM = 1_000_003
"""Its own stream of numbers, so that a world without strain is drawn as it always was."""
_OWN_HAZARD = np.array([1.0, 0.5, 1.5, 0.8])
_DELAYS_A_MONTH = 0.022


def make_strain(profile: dict, seed: int, calendar: s.Calendar, life: s.Life) -> dict:
    """Per account: ``strain`` and ``delays`` by month, ``response`` (a place in RESPONSES), and
    ``pressure``, what its hazards are multiplied by each month.
    """
    n, months = profile["n"], len(calendar)
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    strain = rng.standard_normal((n, months))
    fresh = np.sqrt(1 - life.strain_memory**2)
    for month in range(1, months):
        strain[:, month] = life.strain_memory * strain[:, month - 1] + fresh * strain[:, month]
    chances = np.array([life.responses[name] for name in s.SEGMENTS])[profile["segment"]]
    chances = chances.cumsum(axis=1) / chances.sum(axis=1, keepdims=True)
    response = (rng.random(n)[:, None] > chances).sum(axis=1).clip(0, len(s.RESPONSES) - 1)
    shown = np.exp(life.strain_shows * strain)
    delays = rng.poisson(_DELAYS_A_MONTH * np.sqrt(profile["own_rate"])[:, None] * shown)
    recent = np.zeros((n, months))
    for back in range(1, 7):
        recent[:, back:] += delays[:, :-back]
    pressure = np.exp(life.strain * strain - life.strain**2 / 2)
    return {
        "strain": strain,
        "response": response,
        "delays": delays,
        "complaint_ratio": shown,
        "pressure": pressure * _OWN_HAZARD[response][:, None],
        "delay_ratio": 1 + life.delay_effect * np.minimum(recent, 4),
        "order_ratio": np.exp(-life.strain_shows / 2 * np.maximum(strain, 0)),
    }
