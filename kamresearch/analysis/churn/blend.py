"""Several learners → one probability: convex weights on held-out log-odds, and a shrunken
recalibration.
"""

import numpy as np

FURTHEST = 12.0
"""Log-odds beyond this are cut: no table of some thousand rows knows more."""


def log_loss_of(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Log-loss of each row at log-odds z."""
    return np.logaddexp(0, z) - y * z


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Log-odds → probability."""
    return 1 / (1 + np.exp(-np.clip(z, -60, 60)))


def convex_weights(
    y: np.ndarray, scores: np.ndarray, pull: float = 2.0, rows: np.ndarray | None = None
) -> np.ndarray:
    """Weights (≥ 0, sum 1) of the learners' log-odds with the smallest log-loss; ``rows`` are the
    rows' own weights.

    ``pull`` is the strength, in rows' worth of loss, that draws the weights towards equal ones: a
    few hundred rows
    cannot tell learners apart, ten thousand can.
    """
    from scipy.optimize import minimize

    k = scores.shape[1]
    if k == 1:
        return np.ones(1)
    rows = np.ones(len(y)) if rows is None else rows

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = scores @ w
        value = rows @ log_loss_of(y, z) + pull * k * ((w - 1 / k) ** 2).sum()
        slope = scores.T @ (rows * (sigmoid(z) - y)) + 2 * pull * k * (w - 1 / k)
        return value / len(y), slope / len(y)

    best = minimize(
        loss,
        np.full(k, 1 / k),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * k,
        options={"ftol": 1e-10, "maxiter": 200},
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(k)},
    )
    weights = np.where(best.x < 0.01, 0, best.x)
    return weights / weights.sum()


def recalibrate(
    y: np.ndarray,
    z: np.ndarray,
    prior_sd: tuple[float, float] = (0.5, 0.3),
    rows: np.ndarray | None = None,
) -> tuple[float, float]:
    """Intercept and slope of the outcome on held-out log-odds, shrunk towards 0 and 1 (normal prior
    on both); ``rows`` are the rows' own weights.

    With many rows the data speak; with few the probabilities stay as they are.

    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=20000)
    >>> y = (rng.random(20000) < sigmoid(0.5 * z)).astype(float)
    >>> [abs(round(part, 1)) for part in recalibrate(y, z)]
    [0.0, 0.5]
    """
    beta = np.array([0.0, 1.0])
    precision = 1 / np.square(prior_sd)
    rows = np.ones(len(y)) if rows is None else rows
    for _ in range(50):
        p = sigmoid(beta[0] + beta[1] * z)
        w, gap = rows * p * (1 - p), rows * (y - p)
        gradient = np.array([gap.sum(), (gap * z).sum()]) - precision * (beta - [0.0, 1.0])
        hessian = np.array(
            [[w.sum(), (w * z).sum()], [(w * z).sum(), (w * z * z).sum()]]
        ) + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-9:
            break
    return float(beta[0]), float(max(beta[1], 0.05))
