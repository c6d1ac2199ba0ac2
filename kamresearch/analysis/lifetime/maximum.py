"""Maximum likelihood for models with a handful of positive parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.errors import AnalysisError


@dataclass(frozen=True)
class Estimate:
    """Parameters found by maximum likelihood.

    Parameters
    ----------
    values, errors : dict
        Estimate and standard error of each parameter; an error is None where the likelihood is flat
        there (the
        parameter runs to the edge of its range, and the data do not fix it).
    log_likelihood : float
        At the maximum.
    n : int
        Accounts.
    """

    values: Mapping[str, float]
    errors: Mapping[str, float | None]
    log_likelihood: float
    n: int

    @property
    def bic(self) -> float:
        """Bayesian information criterion; lower is better."""
        return len(self.values) * np.log(max(self.n, 1)) - 2 * self.log_likelihood

    @property
    def fixed_by_data(self) -> bool:
        """Whether every parameter has a standard error."""
        return all(error is not None for error in self.errors.values())

    @property
    def frame(self) -> pd.DataFrame:
        """parameter, estimate, standard_error."""
        errors = [np.nan if error is None else error for error in self.errors.values()]
        return pd.DataFrame(
            {
                "parameter": list(self.values),
                "estimate": list(self.values.values()),
                "standard_error": errors,
            }
        )


LOG_BOUND = 12.0
"""Widest range of a log-parameter."""


LogLikelihood = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""Parameters → log-likelihood of all accounts, and its slopes by the parameters."""


def maximise(
    log_likelihood: LogLikelihood,
    n: int,
    names: tuple[str, ...],
    starts: tuple[tuple[float, ...], ...],
    edge: float = LOG_BOUND,
) -> Estimate:
    """Find the parameters under which the data are likeliest.

    Parameters
    ----------
    log_likelihood : callable
        Parameters (positive) → log-likelihood of all accounts, and its slopes by them.
    n : int
        Accounts.
    names : tuple of str
        Names of the parameters.
    starts : tuple of tuples
        Starting points; the best end counts.
    edge : float
        Parameters are sought between exp(−edge) and exp(edge); one that ends there is not fixed by
        the data.

    Raises
    ------
    AnalysisError
        No start leads to a finite likelihood.
    """
    from scipy.optimize import minimize

    total = float(n)

    def cost(logs: np.ndarray) -> tuple[float, np.ndarray]:
        values = np.exp(logs)
        found, slopes = log_likelihood(values)
        value = -float(found) / total
        if not np.isfinite(value):
            return 1e10, np.zeros(len(logs))
        return value, -values * slopes / total

    with np.errstate(all="ignore"):
        ends = [
            minimize(
                cost,
                np.log(start),
                method="L-BFGS-B",
                bounds=[(-edge, edge)] * len(names),
                jac=True,
                options={"maxiter": 200, "ftol": 1e-11, "gtol": 1e-6},
            )
            for start in starts
        ]
        best = min(ends, key=lambda end: end.fun)
        if not np.isfinite(best.fun) or best.fun >= 1e9:
            raise AnalysisError(
                "lifetime",
                "histories that the model can explain",
                "no finite likelihood",
                "check for accounts with impossible dates",
            )
        logs, matrix = _polish(cost, best.x, edge)
        errors = _errors(matrix, total)
    values = np.exp(logs)
    errors = [
        None if error is None else float(value * error)
        for value, error in zip(values, errors, strict=True)
    ]
    return Estimate(
        dict(zip(names, values.tolist(), strict=True)),
        dict(zip(names, errors, strict=True)),
        -cost(logs)[0] * total,
        n,
    )


def _curvature(cost: Callable, at: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Central differences of the slopes."""
    steps = np.eye(len(at)) * step
    rows = np.array([(cost(at + one)[1] - cost(at - one)[1]) / (2 * step) for one in steps])
    return (rows + rows.T) / 2


def _polish(
    cost: Callable, at: np.ndarray, edge: float, rounds: int = 4
) -> tuple[np.ndarray, np.ndarray]:
    """Newton steps from the optimiser's end: the last digits where the ridge is flat; and the
    curvature there.
    """
    (value, slope), matrix = cost(at), _curvature(cost, at)
    for _round in range(rounds):
        if not np.all(np.isfinite(matrix)) or np.linalg.eigvalsh(matrix).min() <= FLAT:
            break
        step = np.linalg.solve(matrix, -slope)
        better = np.clip(at + np.clip(step, -0.5, 0.5), -edge, edge)
        lower, there = cost(better)
        if lower > value:
            break
        at, value, slope = better, lower, there
        if np.abs(step).max() < 1e-6:
            break
        matrix = _curvature(cost, at)
    return at, matrix


FLAT = 1e-7
"""Curvature per account below which the likelihood counts as flat in a direction."""


def _errors(matrix: np.ndarray, total: float) -> list[float | None]:
    """Standard errors of the log-parameters from the inverse curvature at the top.

    Where the top is flat (an edge solution: nobody leaves, say), the parameter along which it is
    flattest is held
    fixed and gets no error; the others keep theirs.
    """
    kept = list(range(len(matrix)))
    while kept:
        part = matrix[np.ix_(kept, kept)]
        if not np.all(np.isfinite(part)):
            return [None] * len(matrix)
        curvatures, directions = np.linalg.eigh(part)
        if curvatures[0] > FLAT:
            found = np.sqrt(np.diag(np.linalg.inv(part)) / total)
            return [float(found[kept.index(i)]) if i in kept else None for i in range(len(matrix))]
        kept.pop(int(np.abs(directions[:, 0]).argmax()))
    return [None] * len(matrix)


def distinct(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows of some columns, how often each comes, and each account's row among them."""
    order = np.lexsort(columns[::-1])
    rows = np.array(columns)[:, order]
    new = np.r_[True, (rows[:, 1:] != rows[:, :-1]).any(axis=0)][: len(order)]
    place = np.empty(len(order), int)
    place[order] = np.cumsum(new) - 1
    return rows[:, new], np.bincount(place).astype(float), place
