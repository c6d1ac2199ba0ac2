"""Which models are on sale in which month, at what price, and what is ordered instead of one that
is not.
"""

import numpy as np

from kamresearch.data.simulate import settings as s

_STREAM = 1_000_133
"""Its own stream of numbers, so that a world without years of models is drawn as it always was."""


def model_names(world: s.World) -> tuple[str, ...]:
    """`settings.MODELS`, then what the world has beyond them."""
    return (*s.MODELS, *(name for name in world.models or {} if name not in s.MODELS))


def list_prices(world: s.World) -> np.ndarray:
    """List prices of the first month, in the order of `model_names`."""
    usual = dict(zip(s.MODELS, s.LIST_PRICES))
    told = {name: model.price for name, model in (world.models or {}).items() if model.price}
    return np.array([(usual | told)[name] for name in model_names(world)])


def on_sale(world: s.World, calendar: s.Calendar) -> np.ndarray:
    """Whether each model (column, as in `model_names`) is on sale in each whole month (row)."""
    first, last = calendar.months, calendar.months + calendar.lengths - 1
    sold = np.ones((len(calendar), len(model_names(world))), bool)
    for number, name in enumerate(model_names(world)):
        model = (world.models or {}).get(name, s.Model())
        if model.since is not None:
            sold[:, number] &= first >= np.datetime64(model.since)
        if model.until is not None:
            sold[:, number] &= last <= np.datetime64(model.until)
    return sold


def sell(
    wanted: np.ndarray,
    profile: dict,
    account: np.ndarray,
    month: np.ndarray,
    calendar: s.Calendar,
    world: s.World,
    seed: int,
) -> np.ndarray:
    """Models sold to those who want one of `settings.MODELS`: that one, one beside it, or, where
    it is not on sale, another that is, by what accounts of their kind like.
    """
    if not world.models:
        return wanted
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    names, there = model_names(world), on_sale(world, calendar)[month]
    sold = wanted.copy()
    for number, name in enumerate(names[len(s.MODELS) :], len(s.MODELS)):
        model = world.models[name]
        taken = (wanted == names.index(model.beside)) & (rng.random(len(wanted)) < model.share)
        sold[taken & there[:, number]] = number
    gone = np.flatnonzero(~there[np.arange(len(sold)), sold])
    liking = np.full((len(gone), len(names)), 1e-9)  # the last resort: one that nobody likes
    liking[:, : len(s.MODELS)] = profile["liking"][account[gone]]
    place = (liking * there[gone]).cumsum(axis=1)
    sold[gone] = (rng.random(len(gone))[:, None] * place[:, -1:] >= place).sum(axis=1)
    return sold
