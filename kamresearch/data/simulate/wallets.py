"""What simulated accounts buy of each brand: a chain from one year's main brand to the next."""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s

_STREAM = 1_000_013
"""Its own stream of numbers, so that a world without wallets is drawn as it always was."""


def make_wallets(
    profile: dict, calendar: s.Calendar, wallets: s.Wallets, ids: pd.Series, seed: int
) -> pd.DataFrame:
    """One row per told account, year and brand of which it bought anything."""
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    brands = [*wallets.stay]
    told = np.flatnonzero(rng.random(profile["n"]) < wallets.told)
    years = np.unique(calendar.months.astype("datetime64[Y]").astype(int) + 1970)
    judged = rng.random(len(told)) < wallets.judged
    main = rng.integers(0, len(brands), len(told))
    size = np.maximum(12 * profile["size"][told], 4)
    parts = []
    for year in years:
        shares = np.full((len(told), len(brands)), (1 - wallets.main) / (len(brands) - 1))
        shares[np.arange(len(told)), main] = wallets.main
        units = rng.poisson(size[:, None] * shares)
        # The main brand is the one bought most, whatever the draw.
        units[np.arange(len(told)), main] = units.max(axis=1) + 1
        account, brand = np.nonzero(units)
        parts.append(
            pd.DataFrame(
                {
                    "account_id": ids.to_numpy()[told[account]],
                    "year": int(year),
                    "brand": np.array(brands)[brand],
                    "units": units[account, brand].astype(float),
                    "source": np.where(judged[account], "visit report", "registrations"),
                    "judged_by": pd.Series("account manager", index=account)
                    .where(judged[account])
                    .to_numpy(),
                }
            )
        )
        main = _move(main, brands, wallets, rng)
    return pd.concat(parts, ignore_index=True)


def _move(
    main: np.ndarray, brands: list[str], wallets: s.Wallets, rng: np.random.Generator
) -> np.ndarray:
    """Main brands a year later."""
    stays = rng.random(len(main)) < np.array([wallets.stay[one] for one in brands])[main]
    pull = np.array([wallets.pull[one] for one in brands], float)
    weights = np.where(np.arange(len(brands)) == main[:, None], 0.0, pull)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.full_like(weights, 0.0), where=total > 0)
    chosen = (rng.random(len(main))[:, None] > weights.cumsum(axis=1)).sum(axis=1)
    return np.where(stays | (total[:, 0] == 0), main, chosen.clip(0, len(brands) - 1))
