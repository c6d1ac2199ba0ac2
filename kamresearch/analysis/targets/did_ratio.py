"""Losses observed in a programme over those expected without it: the estimate, its interval,
its permutation test.
"""

import numpy as np

from kamresearch.analysis.targets.did_cells import Cells, draw_cells


def estimate_ratio(
    lost: np.ndarray, days: np.ndarray, treated: np.ndarray, keep: np.ndarray | None = None
) -> tuple[float | None, float, float] | None:
    """Observed over expected losses in treated cells, from unit and period effects of the untreated
    ones.

    Parameters
    ----------
    lost, days : array, units × periods
        Losses and days at risk.
    treated : array of bool
        Where the programme runs.
    keep : array of bool, optional
        Cells to use at all.

    Returns
    -------
    (ratio, expected, observed), or None where no treated cell has a control.

    Examples
    --------
    >>> days = np.full((2, 2), 1000.0)
    # all doubles, but the second unit, treated, stays
    >>> lost = np.array([[10.0, 20.0], [20.0, 20.0]])
    >>> [round(one, 6) for one in estimate_ratio(lost, days, np.array([[False, False], [False, True]]))]
    [0.5, 40.0, 20.0]
    """  # noqa: E501
    keep = np.ones_like(treated) if keep is None else keep
    control, cell = keep & ~treated & (days > 0), keep & treated & (days > 0)
    usable = cell & control.any(axis=0)[None, :] & control.any(axis=1)[:, None]
    if not usable.any():
        return None
    rate = fit_effects(np.where(control, lost, 0.0), np.where(control, days, 0.0))
    expected = float((rate * days)[usable].sum())
    observed = float(lost[usable].sum())
    return (observed / expected if expected > 0 else None), expected, observed


def fit_effects(lost: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Poisson rates unit effect × period effect by alternating scaling (the maximum of the
    likelihood).
    """
    by_unit, by_period = lost.sum(axis=1), lost.sum(axis=0)
    period = np.ones(lost.shape[1])
    for _round in range(500):
        unit = _divide(by_unit, days @ period)
        following = _divide(by_period, unit @ days)
        if np.abs(following - period).max() < 1e-12 * max(1.0, following.max()):
            break
        period = following
    return unit[:, None] * following[None, :]


def _divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def masked_ratio(
    lost: np.ndarray, days: np.ndarray, treated: np.ndarray, keep: np.ndarray
) -> tuple | None:
    """The ratio where there is one."""
    found = estimate_ratio(lost, days, treated, keep)
    return None if found is None or found[0] is None else found


def draw_ratios(
    cells: Cells,
    treated: np.ndarray,
    resamples: int,
    generator: np.random.Generator,
    keep: np.ndarray | None = None,
) -> np.ndarray:
    """The ratio over draws of accounts within units, whole lives at a time."""
    draws = [
        one[0]
        for lost, days in draw_cells(cells, resamples, generator)
        if (one := estimate_ratio(lost, days, treated, keep)) and one[0] is not None
    ]
    return np.array(draws)


def bounds_of(draws: np.ndarray) -> tuple[float | None, float | None]:
    """The middle 95 % of the draws; nothing below fifty of them."""
    if len(draws) < 50:
        return None, None
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def permute_starts(
    cells: Cells, ratio: float, permutations: int, generator: np.random.Generator
) -> float | None:
    """How often start dates dealt to other units give a ratio at least as far from 1."""
    if len(cells.treated_units) < 2 or len(cells.units) < 4:
        return None
    as_far, counted = 1, 1
    for _draw in range(permutations):
        starts = generator.permutation(cells.starts)
        found = estimate_ratio(
            cells.lost, cells.days, np.arange(len(cells.periods))[None, :] >= starts[:, None]
        )
        if found and found[0]:
            counted += 1
            as_far += abs(np.log(found[0])) >= abs(np.log(max(ratio, 1e-9))) - 1e-12
    return as_far / counted


def naive_ratio(cells: Cells) -> float | None:
    """Rate in the programme over rate outside, which confounds it with when and where: shown
    to be distrusted.
    """
    inside, outside = cells.treated, ~cells.treated
    days = (cells.days[inside].sum(), cells.days[outside].sum())
    lost = (cells.lost[inside].sum(), cells.lost[outside].sum())
    return float(lost[0] / days[0] / (lost[1] / days[1])) if min(days) > 0 and lost[1] > 0 else None
