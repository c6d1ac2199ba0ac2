"""A programme's effect taken apart: by quarters since the start, and by unit."""

from itertools import pairwise

import numpy as np
import pandas as pd

from kamresearch.analysis.resampling import bounds_of_draws
from kamresearch.analysis.targets.did_cells import Cells, draw_cells
from kamresearch.analysis.targets.did_ratio import connected_cells, fit_effects


def steps_around_start(
    cells: Cells, resamples: int, generator: np.random.Generator
) -> pd.DataFrame:
    """Observed over expected by half-years since each unit's start, before it too: leave-none-
    out fit on untreated cells.
    """
    edges = (-8, -6, -4, -2, 0, 2, 4, 6, 8, 12)
    step = np.arange(len(cells.periods))[None, :] - cells.starts[:, None]
    reached = (cells.starts < len(cells.periods))[:, None] & (cells.starts > 0)[:, None]

    def measure(lost: np.ndarray, days: np.ndarray) -> np.ndarray:
        control = ~cells.treated & (days > 0)
        rate = fit_effects(np.where(control, lost, 0.0), np.where(control, days, 0.0))
        usable = reached & connected_cells(control)
        masks = [usable & (step >= first) & (step < last) for first, last in pairwise(edges)]
        return np.array([(lost[mask].sum(), (rate * days)[mask].sum()) for mask in masks])

    sums = measure(cells.lost, cells.days)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = np.array(
            [
                one[:, 0] / one[:, 1]
                for one in (
                    measure(*drawn) for drawn in draw_cells(cells, min(resamples, 200), generator)
                )
            ]
        )
        ratio = sums[:, 0] / sums[:, 1]
    bounds = np.array([bounds_of_draws(one) or (np.nan, np.nan) for one in draws.T]).T
    frame = pd.DataFrame(
        {
            "step": edges[:-1],
            "observed": sums[:, 0].astype(int),
            "expected": sums[:, 1],
            "ratio": ratio,
            "low": bounds[0],
            "high": bounds[1],
        }
    )
    return frame[frame["expected"] >= 3].reset_index(drop=True)


def ratio_by_unit(cells: Cells) -> pd.DataFrame:
    """Observed over expected losses of each unit since its own start."""
    control = ~cells.treated & (cells.days > 0)
    rate = fit_effects(np.where(control, cells.lost, 0.0), np.where(control, cells.days, 0.0))
    usable = cells.treated & connected_cells(control)
    counts = cells.per_account.groupby("row")["account_id"].nunique()
    rows = []
    for place, name in enumerate(cells.units):
        mask = usable[place]
        expected, observed = (
            float((rate[place] * cells.days[place])[mask].sum()),
            int(cells.lost[place][mask].sum()),
        )
        reached = cells.starts[place] < len(cells.periods)
        rows.append(
            (
                name,
                str(cells.periods[cells.starts[place]].date()) if reached else None,
                int(counts.get(place, 0)),
                observed,
                expected if reached else None,
                observed / expected if reached and expected >= 3 else None,
            )
        )
    return pd.DataFrame(
        rows, columns=["unit", "start", "n_accounts", "observed", "expected", "ratio"]
    )
