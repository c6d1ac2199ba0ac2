"""The difference of the shares lost, with bounds that hold however often it is looked at."""

import numpy as np
import pandas as pd


def follow_difference(
    frame: pd.DataFrame, looks: pd.DatetimeIndex, base_rate: float, level: float = 0.95
) -> pd.DataFrame:
    """How many percentage points fewer were lost where we acted, at each look?

    Assignment and losses, one row an account → one row a look: day, difference (share lost where
    acted on less held out), low, high.

    Parameters
    ----------
    frame : DataFrame
        acted (bool), lost_on (missing where not lost).
    looks : DatetimeIndex
        Days on which somebody looked.
    base_rate : float
        Share planned to be lost without acting: it says at how much evidence the bounds are
        narrowest, and must be fixed before the start.
    level : float
        Probability with which the bounds of all looks hold their truths at once.

    Notes
    -----
    The difference of the two cumulative hazards less its truth is a martingale, with variance
    V = Σ 1/Y² (Y at risk in the loss's arm). Robbins' mixture bounds it at all times at once, at
    √((V + ρ) ln((V + ρ) / (ρ α²))); ρ makes it narrowest at the variance planned. On the scale of
    shares it shrinks with the larger share still there. Asymptotic: the test of 500 experiments
    measures what it holds.

    References
    ----------
    Robbins (1970); Howard, Ramdas, McAuliffe, Sekhon (2021), Time-uniform confidence sequences.
    """
    acted = frame["acted"].to_numpy(bool)
    lost_on = frame["lost_on"].to_numpy("datetime64[ns]")
    arms = [np.sort(lost_on[group & ~np.isnat(lost_on)]) for group in (acted, ~acted)]
    sizes = [int(acted.sum()), int((~acted).sum())]
    alpha = 1 - level
    planned = sum(base_rate / (1 - base_rate) / n for n in sizes)
    rho = planned / (-2 * np.log(alpha) + np.log(-2 * np.log(alpha)) + 1)
    rows = []
    for day in looks:
        gone = [int(np.searchsorted(arm, np.datetime64(day), side="right")) for arm in arms]
        shares = [k / n for k, n in zip(gone, sizes, strict=True)]
        spread = sum(
            (1 / (n - np.arange(k, dtype=float)) ** 2).sum()
            for k, n in zip(gone, sizes, strict=True)
        )
        bound = np.sqrt((spread + rho) * np.log((spread + rho) / (rho * alpha**2)))
        reach = float(bound * (1 - min(shares)))
        gap = shares[0] - shares[1]
        rows.append((day, gap, max(gap - reach, -1.0), min(gap + reach, 1.0)))
    return pd.DataFrame(rows, columns=["day", "difference", "low", "high"])
