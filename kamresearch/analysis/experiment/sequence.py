"""Losses of two arms followed over time: an interval that holds however often it is looked at."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.drawing import shuffle_key
from kamresearch.errors import AnalysisError

GRID = np.linspace(np.log(0.02), np.log(50.0), 401)
"""Logarithms of the hazard ratios that are weighed; beyond a fiftieth nothing is told apart."""
PRIOR_SD = 0.5
"""How far the ratio may lie from the planned one, on the log scale, before evidence comes slowly.

It changes how fast a verdict is reached, never how often a false one is: the bound on false
verdicts holds for any weights that were fixed before the first look.
"""


@dataclass(frozen=True)
class LossSequence:
    """The ratio of loss hazards (acted on over held out) as each look would have shown it.

    Parameters
    ----------
    frame : DataFrame
        One row a look: day, n_losses_act, n_losses_hold, ratio (most likely; missing before the
        first loss), low, high, evidence (against a ratio of one).
    level : float
        Probability with which *all* intervals of the sequence hold the true ratio at once.
    """

    frame: pd.DataFrame
    level: float

    @property
    def low(self) -> float:
        """Lower bound at the last look."""
        return float(self.frame["low"].iloc[-1])

    @property
    def high(self) -> float:
        """Upper bound at the last look."""
        return float(self.frame["high"].iloc[-1])


def prior_weights(expected_ratio: float) -> np.ndarray:
    """Weights of the grid's ratios: a normal of `PRIOR_SD` around the planned one, sum one."""
    weights = np.exp(-0.5 * ((GRID - np.log(expected_ratio)) / PRIOR_SD) ** 2)
    return weights / weights.sum()


def log_likelihoods(acted: np.ndarray, n_act: np.ndarray, n_hold: np.ndarray) -> np.ndarray:
    """Log partial likelihood on the grid after each loss, cumulated: losses × ratios.

    Each loss fell on the acted-on arm (``acted``) out of ``n_act`` and ``n_hold`` accounts then at
    risk in its stratum: under a hazard ratio r with probability r·n_act / (r·n_act + n_hold).
    """
    ratio = np.exp(GRID)
    share = ratio * n_act[:, None] / (ratio * n_act[:, None] + n_hold[:, None])
    chance = np.where(acted[:, None], share, 1 - share)
    with np.errstate(divide="ignore"):  # an arm that is empty: certain, or impossible by data
        return np.log(chance).cumsum(axis=0)


def evidence_against(curves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighed likelihood of all ratios over that of each: an e-process for each ratio."""
    top = curves.max(axis=-1, keepdims=True)
    mixed = np.log((weights * np.exp(curves - top)).sum(axis=-1, keepdims=True)) + top
    return mixed - curves


def order_losses(frame: pd.DataFrame) -> pd.DataFrame:
    """Losses in order of day with the arm and what was at risk just before: acted, n_act, n_hold.

    Losses of one day are taken in an order that hangs on the id alone, so neither on the arm nor
    on the order of rows.
    """
    group, acted = pd.factorize(frame["stratum"])[0], frame["acted"].to_numpy(bool)
    sizes = [np.bincount(group[arm], minlength=group.max() + 1) for arm in (acted, ~acted)]
    lost_on = frame["lost_on"].to_numpy("datetime64[us]")
    key = shuffle_key(frame["account_id"].to_numpy())
    order = np.lexsort((key, lost_on))[: int((~np.isnat(lost_on)).sum())]  # the not lost come last
    group, acted = group[order], acted[order]
    gone = pd.DataFrame({"act": acted, "hold": ~acted}).astype(int)
    gone = gone.groupby(group).cumsum() - gone
    return pd.DataFrame(
        {
            "lost_on": lost_on[order],
            "acted": acted,
            "n_act": sizes[0][group] - gone["act"],
            "n_hold": sizes[1][group] - gone["hold"],
        }
    )


def follow_losses(
    frame: pd.DataFrame,
    looks: "pd.DatetimeIndex | list",
    *,
    expected_ratio: float = 0.6,
    level: float = 0.95,
) -> LossSequence:
    """How much rarer are losses where we acted, at each look, however many looks there are?

    Assignment and losses, one row an account → one row a look. Stratified safe log-rank: at each
    loss the arms at risk in its stratum say how likely it was to fall where it fell; the ratios
    whose weighed likelihood ratio stays below 1 / (1 − level) make the interval.

    Parameters
    ----------
    frame : DataFrame
        account_id, acted (bool), stratum, lost_on (missing where not lost).
    looks : sequence of days
        Days on which somebody looked. Losses after a look are not seen by it.
    expected_ratio : float
        The ratio planned for; it decides how fast evidence comes, not whether it is right.
    level : float
        Probability with which all intervals of the sequence hold the truth.

    Returns
    -------
    LossSequence

    Raises
    ------
    AnalysisError
        No look, or an account twice.

    Notes
    -----
    Hazards are taken to be proportional. The bound on false verdicts at a true ratio of one needs
    no such assumption: it rests on the random assignment.

    References
    ----------
    ter Schure, Pérez-Ortiz, Ly, Grünwald (2020), The safe logrank test. Howard, Ramdas, McAuliffe,
    Sekhon (2021), Time-uniform confidence sequences.
    """
    if frame["account_id"].duplicated().any():
        raise AnalysisError("experiment", "one row an account", "an account twice", "count it once")
    days = pd.DatetimeIndex(looks)
    if not len(days):
        raise AnalysisError("experiment", "at least one look", "none", "give the days of the looks")
    losses, weights, bound = order_losses(frame), prior_weights(expected_ratio), -np.log(1 - level)
    acted = losses["acted"].to_numpy(bool)
    curves = log_likelihoods(
        acted, losses["n_act"].to_numpy(float), losses["n_hold"].to_numpy(float)
    )
    # Every loss is a moment at which the sequence holds; a look may use all that came before.
    against = evidence_against(curves, weights)
    possible = np.logical_and.accumulate(against < bound, axis=0)
    one, rows = int(np.abs(GRID).argmin()), []
    days = days.sort_values()
    for day, upto in zip(days, losses["lost_on"].searchsorted(days, side="right"), strict=True):
        inside = GRID[possible[upto - 1]] if upto else GRID
        best = float(np.exp(GRID[curves[upto - 1].argmax()])) if upto else float("nan")
        rows.append(
            {
                "day": day,
                "n_losses_act": int(acted[:upto].sum()),
                "n_losses_hold": int((~acted[:upto]).sum()),
                "ratio": best,
                "low": float(np.exp(inside.min())) if len(inside) else best,
                "high": float(np.exp(inside.max())) if len(inside) else best,
                "evidence": float(np.exp(against[upto - 1, one])) if upto else 1.0,
            }
        )
    return LossSequence(pd.DataFrame(rows), level)
