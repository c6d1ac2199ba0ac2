"""The likelihood of a step at each date, in a series whose errors hang together.

A step in an autoregression leaves a trace that a step in white noise does not: a jump at its date,
larger than the steady
rest. Freed of its autocorrelation first, the series shows both; the plain mean before and after
shows the rest alone.
The autocorrelation is therefore part of the likelihood, weighed on a grid, with and without the
step alike.
"""

from dataclasses import dataclass, replace

import numpy as np

TRIMMING = 0.15
RHOS = np.array(
    [-0.6, -0.4, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98]
)
"""Autocorrelations at which the likelihood is taken."""
BEYOND = 40.0
"""A likelihood ratio that excludes a date without a simulation: quantiles lie between 4 and 15."""
UNSURE = 0.5
"""Standard errors taken off a step before its date is tested. Its size is an estimate too, and a
smaller step leaves more dates
open: without this, sets said to hold 95 % held 92 to 95 % of planted dates (600 series each, n =
72, autocorrelation 0.6
and 0.3); with it 94 to 96 %."""
WARMING = 50
"""Steps that a simulated autoregression runs before its first value."""


@dataclass(frozen=True)
class Whitened:
    """What one autocorrelation makes of the series and of the steps.

    Parameters
    ----------
    rho : float
        The autocorrelation.
    filter : array (n, n)
        Series → what is left once the autocorrelation and then level, line and season are taken
        out.
    steps : array (n, candidates)
        The steps, treated alike, each of length one.
    lengths : array (candidates,)
        Their lengths before.
    constant, restricted : float
        What the likelihood, and the restricted one, carry besides the sum of squares.
    """

    rho: float
    filter: np.ndarray
    steps: np.ndarray
    lengths: np.ndarray
    constant: float
    restricted: float


@dataclass(frozen=True)
class Design:
    """Candidate dates of a step in n values, and how each autocorrelation sees them."""

    n: int
    n_explained: int
    candidates: np.ndarray
    views: tuple[Whitened, ...]

    def coarsen(self) -> "Design":
        """Every second autocorrelation alone, for what is simulated date by date."""
        return replace(self, views=self.views[::2])


@dataclass(frozen=True)
class Steps:
    """The most likely step of each series (a row), and how likely the other dates are.

    Parameters
    ----------
    profile : array (series, candidates)
        Twice the log-likelihood of a step at each date over that of none.
    rho : array (series,)
        Autocorrelation beside the most likely step, by restricted likelihood.
    shift, sd : array (series, candidates)
        Size of the step at each date, and standard deviation of the innovations beside it.
    """

    profile: np.ndarray
    rho: np.ndarray
    shift: np.ndarray
    sd: np.ndarray

    @property
    def statistic(self) -> np.ndarray:
        """Twice the log-likelihood of the most likely step over that of none."""
        return self.profile.max(axis=1)

    @property
    def place(self) -> np.ndarray:
        """Place of the most likely step among the candidates."""
        return self.profile.argmax(axis=1)


def make_design(n: int, season: int, trend: bool) -> Design:
    """Candidate dates (an edge of 15 % at either end is left out) beside level, season, and if
    told a line that may curve.
    """
    known: list[np.ndarray] = [np.ones(n)]
    if trend:
        along = np.linspace(-1, 1, n)
        # beside a straight line alone, half of all slopes that bend pass for a step
        known += [along, along**2]
    known += [(np.arange(n) % season == place).astype(float) for place in range(1, season)]
    edge = max(2, int(np.ceil(TRIMMING * n)))
    candidates = np.arange(edge, n - edge + 1)
    steps = (np.arange(n)[:, None] >= candidates).astype(float)
    views = tuple(_whiten(float(rho), np.column_stack(known), steps) for rho in RHOS)
    return Design(n, len(known), candidates, views)


def _whiten(rho: float, known: np.ndarray, steps: np.ndarray) -> Whitened:
    """Prais and Winsten's filter, then the projection off what is known anyway."""
    n = len(known)
    filtered = np.eye(n) - rho * np.eye(n, k=-1)
    filtered[0, 0] = np.sqrt(1 - rho**2)
    basis, upper = np.linalg.qr(filtered @ known)
    rest = (np.eye(n) - basis @ basis.T) @ filtered
    seen = rest @ steps
    lengths = np.sqrt((seen**2).sum(axis=0))
    constant = 0.5 * np.log(1 - rho**2)
    return Whitened(
        rho,
        rest,
        seen / lengths,
        lengths,
        constant,
        constant - float(np.log(np.abs(np.diag(upper))).sum()),
    )


def measure_steps(series: np.ndarray, design: Design) -> Steps:
    """The likelihood of a step at each date, for each series (a row)."""
    projected = [
        (rest @ view.steps, (rest**2).sum(axis=1))
        for view in design.views
        for rest in (series @ view.filter.T,)
    ]
    return weigh_steps(
        np.array([one for one, _ in projected]), np.array([one for _, one in projected]), design
    )


def weigh_steps(products: np.ndarray, totals: np.ndarray, design: Design) -> Steps:
    """The same from products (rhos, series, candidates) with the steps and sums of squares
    (rhos, series) without one.
    """
    n, rows = design.n, np.arange(products.shape[1])
    errors = np.maximum(totals[:, :, None] - products**2, 1e-12 * totals[:, :, None] + 1e-300)
    constants = np.array([view.constant for view in design.views])
    logs = np.log(errors)
    with_step = constants[:, None, None] - 0.5 * n * logs
    without = (constants[:, None] - 0.5 * n * np.log(np.maximum(totals, 1e-300))).max(axis=0)
    likeliest = with_step.max(axis=0)
    best = likeliest.argmax(axis=1)
    lengths = np.array([view.lengths for view in design.views])
    restricted = (
        np.array([view.restricted for view in design.views])[:, None]
        - np.log(lengths[:, best])
        - 0.5 * (n - design.n_explained - 1) * logs[:, rows, best]
    )
    chosen = restricted.argmax(axis=0)
    rhos = np.array([view.rho for view in design.views])
    return Steps(
        2 * (likeliest - without[:, None]),
        rhos[chosen],
        products[chosen, rows] / lengths[chosen],
        np.sqrt(errors[chosen, rows] / max(1, n - design.n_explained - 2)),
    )


def autoregress(noise: np.ndarray, rho: float) -> np.ndarray:
    """Rows of a first-order autoregression from standard normal innovations; 1 gives a random
    walk.
    """
    from scipy.signal import lfilter

    if rho >= 1:
        return np.cumsum(noise[:, WARMING:], axis=1)
    return lfilter([1.0], [1.0, -rho], noise, axis=1)[:, WARMING:]


def exclude_dates(
    values: np.ndarray, design: Design, noise: np.ndarray, rho: float, alpha: float
) -> np.ndarray:
    """Whether each candidate date can be excluded: a series' likelihood ratio against what such a
    step would show.

    For every date the series is simulated with its most likely step at that date, less half a
    standard error; the date is
    excluded where the observed ratio of the best date to this one is beyond the 1 − alpha quantile.
    """
    found, errors = measure_steps(values[None, :], design), autoregress(noise, rho)
    bare = [
        (rest @ view.steps, (rest**2).sum(axis=1))
        for view in design.views
        for rest in (errors @ view.filter.T,)
    ]
    observed = found.profile[0].max() - found.profile[0]
    excluded = observed > BEYOND
    near = min(design.views, key=lambda view: abs(view.rho - rho))
    for place in np.flatnonzero(~excluded):
        size = found.shift[0, place] / max(found.sd[0, place], 1e-300)
        size = np.sign(size) * max(abs(size) - UNSURE / near.lengths[place], 0.0)
        lengths = [view.lengths[place] for view in design.views]
        products = np.array(
            [
                one + size * length * (view.steps[:, place] @ view.steps)
                for (one, _), view, length in zip(bare, design.views, lengths, strict=True)
            ]
        )
        totals = np.array(
            [
                total + 2 * size * length * one[:, place] + (size * length) ** 2
                for (one, total), length in zip(bare, lengths, strict=True)
            ]
        )
        profile = weigh_steps(products, totals, design).profile
        lost = profile.max(axis=1) - profile[:, place]
        excluded[place] = observed[place] > np.quantile(lost, 1 - alpha, method="weibull") + 1e-9
    return excluded
