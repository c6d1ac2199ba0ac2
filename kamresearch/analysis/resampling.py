"""Bounds from repeated draws, refused in one place where the draws say nothing."""

import numpy as np

LEAST_DRAWS = 50
"""Fewer draws than this leave the ends of an interval to accident."""
LEAST_WHOLE = 0.9
"""Where more than a tenth of the draws have no value, those that have one are a selection."""


def bounds_of_draws(draws: np.ndarray, level: float = 0.95) -> tuple[float, float] | None:
    """Between which bounds does the middle of the draws lie?

    Parameters
    ----------
    draws : array
        One value per draw; NaN or infinite where a draw gave none (never left out: how many are
        missing is part of the answer).
    level : float
        Share of the draws between the bounds.

    Returns
    -------
    (low, high), or None where the draws are degenerate: fewer than 50, more than a tenth
    without a value, or all alike. Draws that cannot differ do not measure an error of zero; they
    measure none.

    Examples
    --------
    >>> bounds_of_draws(np.arange(101.0), level=0.5)
    (25.0, 75.0)
    >>> bounds_of_draws(np.zeros(400)) is None
    True
    """
    draws = np.asarray(draws, dtype=float)
    whole = draws[np.isfinite(draws)]
    if len(whole) < LEAST_DRAWS or len(whole) < LEAST_WHOLE * len(draws):
        return None
    low, high = (float(one) for one in np.quantile(whole, [(1 - level) / 2, (1 + level) / 2]))
    # Equal to the last digits that a sum can tell: the same number.
    return None if high - low <= 1e-12 * max(abs(low), abs(high), 1.0) else (low, high)


AT_A_TIME = 10_000_000
"""Counts held at once: all draws of a hundred thousand accounts would take gigabytes."""


def sums_of_draws(
    columns: tuple[np.ndarray, ...], draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """What each column adds up to over accounts drawn again with replacement (bootstrap).

    Parameters
    ----------
    columns : tuple of array
        One value, or a row of values, per account in each.
    draws : int
        Times that as many accounts as there are are drawn.
    rng : Generator
        Source of the draws; how many are held at once does not move them.

    Returns
    -------
    For each column an array of ``draws`` sums, or rows of sums; the same accounts are drawn for
    all columns.

    Examples
    --------
    >>> ones, twos = sums_of_draws((np.ones(5), np.full(5, 2.0)), 3, np.random.default_rng(0))
    >>> ones.tolist(), twos.tolist()
    ([5.0, 5.0, 5.0], [10.0, 10.0, 10.0])
    """
    n = len(columns[0])
    step = max(1, AT_A_TIME // max(n, 1))
    sums: list[list[np.ndarray]] = [[] for _ in columns]
    for begun in range(0, draws, step):
        counts = rng.multinomial(n, np.full(n, 1 / n), min(step, draws - begun))
        for column, parts in zip(columns, sums, strict=True):
            parts.append(counts @ column)
    return tuple(np.concatenate(parts) for parts in sums)
