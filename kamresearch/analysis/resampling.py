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
