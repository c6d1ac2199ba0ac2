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


def maximise(
    log_likelihood: Callable[[np.ndarray], np.ndarray],
    weights: np.ndarray,
    names: tuple[str, ...],
    starts: tuple[tuple[float, ...], ...],
    edge: float = LOG_BOUND,
) -> Estimate:
    """Find the parameters under which the data are likeliest.

    Parameters
    ----------
    log_likelihood : callable
        Parameters (positive) → one log-likelihood per distinct history.
    weights : array
        How many accounts share each history.
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

    total = float(weights.sum())

    def cost(logs: np.ndarray) -> float:
        value = -float(weights @ log_likelihood(np.exp(logs))) / total
        return value if np.isfinite(value) else 1e10

    with np.errstate(all="ignore"):
        ends = [
            minimize(
                lambda at: _climb(cost, at),
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
        logs = _polish(cost, best.x, edge)
        errors = _errors(cost, logs, total)
    values = np.exp(logs)
    errors = [
        None if error is None else float(value * error)
        for value, error in zip(values, errors, strict=True)
    ]
    return Estimate(
        dict(zip(names, values.tolist(), strict=True)),
        dict(zip(names, errors, strict=True)),
        -cost(logs) * total,
        int(total),
    )


def _climb(cost: Callable, at: np.ndarray, step: float = 1e-7) -> tuple[float, np.ndarray]:
    """Cost and forward differences: enough to come near the top, where Newton's steps take over."""
    value = cost(at)
    return value, np.array([(cost(at + one) - value) / step for one in np.eye(len(at)) * step])


def _slope(cost: Callable, at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences: twice the cost of forward ones, and good to ten digits."""
    steps = np.eye(len(at)) * step
    return np.array([(cost(at + one) - cost(at - one)) / (2 * step) for one in steps])


def _curvature(cost: Callable, at: np.ndarray, step: float = 3e-4) -> np.ndarray:
    n = len(at)
    steps = np.eye(n) * step
    centre = cost(at)
    matrix = np.empty((n, n))
    for i in range(n):
        up, down = cost(at + steps[i]), cost(at - steps[i])
        matrix[i, i] = (up - 2 * centre + down) / step**2
        for j in range(i):
            cross = (
                cost(at + steps[i] + steps[j])
                - cost(at + steps[i] - steps[j])
                - cost(at - steps[i] + steps[j])
                + cost(at - steps[i] - steps[j])
            )
            matrix[i, j] = matrix[j, i] = cross / (4 * step**2)
    return matrix


def _polish(cost: Callable, at: np.ndarray, edge: float, rounds: int = 4) -> np.ndarray:
    """Newton steps from the optimiser's end: the last digits where the ridge is flat."""
    for _round in range(rounds):
        matrix = _curvature(cost, at)
        if not np.all(np.isfinite(matrix)) or np.linalg.eigvalsh(matrix).min() <= FLAT:
            return at
        step = np.linalg.solve(matrix, -_slope(cost, at))
        better = np.clip(at + np.clip(step, -0.5, 0.5), -edge, edge)
        if cost(better) > cost(at):
            return at
        at = better
        if np.abs(step).max() < 1e-6:
            return at
    return at


FLAT = 1e-7
"""Curvature per account below which the likelihood counts as flat in a direction."""


def _errors(cost: Callable, at: np.ndarray, total: float) -> list[float | None]:
    """Standard errors of the log-parameters from the inverse curvature.

    Where the top is flat (an edge solution: nobody leaves, say), the parameter along which it is
    flattest is held
    fixed and gets no error; the others keep theirs.
    """
    kept = list(range(len(at)))
    matrix = _curvature(cost, at)
    while kept:
        part = matrix[np.ix_(kept, kept)]
        if not np.all(np.isfinite(part)):
            return [None] * len(at)
        curvatures, directions = np.linalg.eigh(part)
        if curvatures[0] > FLAT:
            found = np.sqrt(np.diag(np.linalg.inv(part)) / total)
            return [float(found[kept.index(i)]) if i in kept else None for i in range(len(at))]
        kept.pop(int(np.abs(directions[:, 0]).argmax()))
    return [None] * len(at)


def distinct(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows of some columns, how often each comes, and each account's row among them."""
    rows, inverse, counts = np.unique(
        np.column_stack(columns), axis=0, return_inverse=True, return_counts=True
    )
    return rows.T, counts.astype(float), inverse.ravel()
