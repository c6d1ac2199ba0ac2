"""Gamma-Gamma: what an account's order is worth on average, drawn towards all accounts where it
ordered rarely.

References
----------
Fader, Hardie (2013), The Gamma-Gamma model of monetary value. It assumes that how often and for how
much an account
orders are independent: their correlation is given beside every fit.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import digamma, gammaln

from kamresearch.analysis.lifetime.maximum import Estimate, maximise
from kamresearch.errors import AnalysisError

NAMES = ("p", "q", "gamma")
LEAST = 10
"""Repeat buyers below which no value model is fitted."""


@dataclass(frozen=True)
class GammaGamma:
    """A fitted Gamma-Gamma model of the value of an order day."""

    estimate: Estimate
    correlation: float | None
    """Of number of repeat orders and mean value among repeat buyers: the assumption says zero."""

    def expected_value(self, history: pd.DataFrame) -> np.ndarray:
        """Mean value of an order day to expect of each account; accounts without repeat get
        the overall mean.
        """
        p, q, gamma = self.estimate.values.values()
        repeats = history["n_order_days"].to_numpy(float) - 1
        total = np.where(repeats > 0, history["revenue_repeat"].to_numpy(float), 0.0)
        return p * (gamma + total) / (p * np.maximum(repeats, 0) + q - 1)


def fit_gamma_gamma(history: pd.DataFrame) -> GammaGamma:
    """Fit to the repeat buyers of a history (n_order_days, revenue_repeat); one-time buyers carry
    no information.

    Raises
    ------
    AnalysisError
        Fewer than ten repeat buyers with a positive value, or a mean that the model says is
        infinite (q ≤ 1).
    """
    repeats = history["n_order_days"].to_numpy(float) - 1
    total = history["revenue_repeat"].to_numpy(float)
    used = (repeats > 0) & (total > 0)
    if used.sum() < LEAST:
        raise AnalysisError(
            "lifetime.gamma_gamma",
            f"at least {LEAST} repeat buyers with a positive value",
            str(int(used.sum())),
            "use the mean order value instead",
        )
    x, z = repeats[used], total[used] / repeats[used]
    scale = float(np.median(z))

    u = z / scale

    def log_likelihood(values: np.ndarray) -> tuple[float, np.ndarray]:
        p, q, gamma = values
        spread = gamma + x * u
        each = (
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(gamma)
            + (p * x - 1) * np.log(u)
            + p * x * np.log(x)
            - (p * x + q) * np.log(spread)
        )
        more = digamma(p * x + q) - np.log(spread)
        slopes = (
            x * (more - digamma(p * x) + np.log(x * u)),
            more - digamma(q) + np.log(gamma),
            q / gamma - (p * x + q) / spread,
        )
        return each.sum(), np.array([slope.sum() for slope in slopes])

    found = maximise(log_likelihood, len(x), NAMES, ((4.0, 3.0, 1.0), (1.5, 2.0, 2.0)))
    values, errors = dict(found.values), dict(found.errors)
    values["gamma"] *= scale
    errors["gamma"] = None if errors["gamma"] is None else errors["gamma"] * scale
    if values["q"] <= 1.0:
        raise AnalysisError(
            "lifetime.gamma_gamma",
            "values with a finite mean over accounts (q > 1)",
            f"q = {values['q']:.2f}",
            "use the mean order value instead",
        )
    estimate = Estimate(values, errors, found.log_likelihood - len(x) * np.log(scale), len(x))
    spread = x.std() > 0 and z.std() > 0
    return GammaGamma(estimate, float(np.corrcoef(x, z)[0, 1]) if spread and len(x) > 2 else None)
