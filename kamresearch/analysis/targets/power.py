"""Power: how many accounts a change of a share needs, and the smallest change that a number of
accounts can show.
"""

from math import asin, ceil, inf, sin, sqrt
from statistics import NormalDist

from kamresearch.errors import ParameterError

_NORMAL = NormalDist()


def effect_size(before: float, after: float) -> float:
    """Cohen's h: the difference of two shares on the arcsine scale, where their spread is the
    same everywhere.
    """
    for share in (before, after):
        if not 0 <= share <= 1:
            raise ParameterError(
                "power, share", "a share from 0 to 1", repr(share), "write 0.2 for 20 %"
            )
    return 2 * asin(sqrt(before)) - 2 * asin(sqrt(after))


def needed_per_arm(
    before: float, after: float, *, alpha: float = 0.05, power: float = 0.80
) -> int | None:
    """How many accounts must stand on each side (two periods, or with and without) to show the
    change of a share?

    Two-sided test of two independent shares, ``n = 2 ((z₁₋α/₂ + z_power) / h)²`` with Cohen's h.
    None where nothing changes.

    Examples
    --------
    >>> needed_per_arm(0.20, 0.15)
    903
    """
    effect = abs(effect_size(before, after))
    if effect < 1e-12:
        return None
    return ceil(2 * (_quantiles(alpha, power) / effect) ** 2)


def detectable_share(
    before: float, n: int, *, direction: str = "down", alpha: float = 0.05, power: float = 0.80
) -> float | None:
    """The share nearest to the one before that n accounts on each side could tell from it; None
    where not even 0 or 1 could.

    >>> round(detectable_share(0.20, 903), 4)
    0.15
    >>> detectable_share(0.02, 30) is None
    True
    """
    if n < 1:
        return None
    shift = _quantiles(alpha, power) * sqrt(2 / n)
    angle = 2 * asin(sqrt(before)) + (shift if direction == "up" else -shift)
    return sin(angle / 2) ** 2 if 0 <= angle <= 2 * asin(1) else None


def power_of(before: float, after: float, n: int, *, alpha: float = 0.05) -> float:
    """Probability that n accounts on each side show the change (two-sided; the wrong side
    counts as nothing shown).
    """
    if n < 1:
        return 0.0
    return _NORMAL.cdf(
        abs(effect_size(before, after)) * sqrt(n / 2) - _NORMAL.inv_cdf(1 - alpha / 2)
    )


def detectable_shift(standard_error: float, *, alpha: float = 0.05, power: float = 0.80) -> float:
    """The smallest change of a mean, with this standard error in each of two periods, that
    could be told.
    """
    return inf if standard_error < 0 else _quantiles(alpha, power) * sqrt(2) * standard_error


def _quantiles(alpha: float, power: float) -> float:
    if not 0 < alpha < 1 or not 0 < power < 1:
        raise ParameterError(
            "power",
            "alpha and power between 0 and 1",
            f"{alpha!r} and {power!r}",
            "write for example 0.05 and 0.8",
        )
    return _NORMAL.inv_cdf(1 - alpha / 2) + _NORMAL.inv_cdf(power)
