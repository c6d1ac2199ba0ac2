"""One rule for what a programme or an experiment is said to have done to losses."""

LEVEL = 0.05
"""A second test has to be this improbable under no effect to bear the interval out."""


def judge_losses(low: float | None, high: float | None, *, p_value: float | None = 0.0) -> str:
    """Are losses rarer, or more frequent, than they would have been?

    The interval of a ratio of losses (with over without) → ``fewer``, ``more`` or ``cannot_tell``.

    Parameters
    ----------
    low, high : float or None
        The 95 % interval; for whoever looks again and again one that holds at all looks.
    p_value : float or None
        Of a second test that has to agree (start dates dealt to other units); None where it could
        not be made: then nothing is told. Where the interval rests on a lot, none is needed.

    Examples
    --------
    >>> judge_losses(0.4, 0.9), judge_losses(0.4, 1.1), judge_losses(0.4, 0.9, p_value=0.2)
    ('fewer', 'cannot_tell', 'cannot_tell')
    """
    if low is None or high is None or p_value is None or p_value > LEVEL:
        return "cannot_tell"
    return "fewer" if high < 1 else "more" if low > 1 else "cannot_tell"
