"""A break of unknown date: is there one, and when could it have been?

Autocorrelated series wander, and wandering looks like breaks: stock tests cry wolf on them. Here
the largest likelihood
ratio over all dates, of an autoregression with a step to one without, is compared with its
distribution in simulated
autoregressions *without* a break, at the autocorrelation that the series itself has beside its most
likely step, corrected
for the bias of that estimate. Where a random walk cannot be ruled out, a shift of its level means
nothing, and the result
says that it cannot tell.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from kamresearch.analysis.trend.seasonality import is_seasonal
from kamresearch.analysis.trend.series import read_series
from kamresearch.analysis.trend.steps import (
    WARMING,
    Design,
    autoregress,
    exclude_dates,
    make_design,
    measure_steps,
)
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Missing, Result, Shown
from kamresearch.yamlfile import read_yaml

LEAST_VALUES = 12
REPLICATES = 499
GRID = np.array([-0.3, 0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0])
"""Autocorrelations at which series without a break are simulated."""
DATES_REPLICATES = 199
WALK_LEVEL = 0.05
MEASURED = Path(__file__).with_name("break_errors.yml")
WORLDS = {
    "none_0.0": _("no break, no autocorrelation"),
    "none_0.3": _("no break, autocorrelation 0.3"),
    "none_0.6": _("no break, autocorrelation 0.6"),
    "none_0.8": _("no break, autocorrelation 0.8"),
    "none_second_order": _("no break, autocorrelation of second order (0.5 and 0.3)"),
    "none_kink": _("no break, but a slope that bends"),
    "none_ramp": _("no break, but a rise of two standard deviations within fourteen months"),
    "step_0.0": _("a step, no autocorrelation"),
    "step_0.3": _("a step, autocorrelation 0.3"),
    "step_0.6": _("a step, autocorrelation 0.6"),
    "step_0.8": _("a step, autocorrelation 0.8"),
}
"""What was simulated to measure the test."""
RHO_MOST = 0.98
"""Largest autocorrelation at which dates and spread are simulated: a random walk has no level
to shift.
"""


@dataclass(frozen=True)
class Break(Result, frame="profile"):
    """A possible break in a series' level.

    Parameters
    ----------
    p_value : float
        Chance of so large a statistic without a break, at the autocorrelation found; where a random
        walk is not ruled
        out, in a random walk.
    date : object
        First period after the break where it is most likely: a label of the series' index, whether
        significant or not.
    confidence_set : tuple
        Every period at which the break may have come, 95 %. Need not be contiguous.
    verdict : {"break", "no_break", "cannot_tell"}
        ``cannot_tell``: a random walk is not ruled out.
    shift : float
        Level after minus level before, in the units of the series.
    shift_sd : float
        The same in standard deviations of what is left.
    autocorrelation : float
        First-order autocorrelation, corrected for bias.
    """

    exports = ("trend.break_p_value", "trend.break_date")
    shows = (Shown("trend.break"), Shown("trend.break_errors", "error_table"))

    p_value: float
    date: pd.Period | None
    confidence_set: tuple
    verdict: str
    shift: float
    shift_sd: float
    autocorrelation: float
    n: int
    season: int
    profile: pd.DataFrame
    caveats: tuple[Message, ...] = ()
    series: pd.Series | None = field(default=None, repr=False)
    unit: str = "money"
    """What it was looked for in, and its unit"""

    @property
    def can_tell(self) -> bool:
        """Whether a random walk is ruled out."""
        return self.verdict != "cannot_tell"

    def error_table(self) -> Table:
        """How often the test errs, measured on simulated series (`benchmarks/bench_breaks.py`)."""
        rows = pd.DataFrame(read_yaml(MEASURED))
        return make_table(
            "trend.break_errors",
            _("How often this test errs"),
            rows.drop(columns="low").drop(columns="high"),
            Column("world", _("What was simulated"), terms=WORLDS),
            Column("n", _("Series"), "count"),
            Column("share", _("A break is told"), "share"),
            Column("cannot_tell", _("Told that it cannot be told"), "share"),
            caption=_(
                "Measured on simulated series of 72 months: without a break, every one told is "
                "false (5% are meant); with a step of two standard deviations, the share is the "
                "chance of finding it. A rise spread over a year can pass for a break."
            ),
        )

    def findings(self) -> list[Finding]:
        """The p-value and the date; no date where there is no break, or none that could be told."""
        unsure = _("A random walk is not ruled out: a break of its level cannot be told.")
        calm = _("No break stands out from what such a series does by itself.")
        broken = self.verdict == "break"
        n_unit = (
            "months"
            if isinstance(self.date, pd.Period) and self.date.freqstr.startswith("M")
            else "count"
        )
        sentence = (
            unsure
            if not self.can_tell
            else calm
            if not broken
            else _(
                "The level shifted by {shift} standard deviations around {date}, at once or over "
                "some months (p-value {p}; {n} possible dates).",
                shift=Quantity(self.shift_sd, "score", signed=True),
                date=str(self.date),
                p=Quantity(self.p_value, "p_value"),
                n=len(self.confidence_set),
            )
        )
        return [
            Finding(
                "trend.break_p_value",
                self.p_value,
                "p_value",
                _("Evidence for a break of unknown date"),
                _(
                    "Chance of so large a shift without a break, simulated at the series’ "
                    "own autocorrelation ({rho}).",
                    rho=Quantity(self.autocorrelation, "score"),
                ),
                n=self.n,
                n_unit=n_unit,
                figure="trend.break",
                sentence=sentence,
            ),
            Finding(
                "trend.break_date",
                str(self.date) if broken else None,
                "period",
                _("Most likely date of the break"),
                _(
                    "First period after the most likely break; the confidence set holds "
                    "{n} periods.",
                    n=len(self.confidence_set),
                ),
                n=self.n,
                n_unit=n_unit,
                figure="trend.break",
                reason=None if broken else unsure if not self.can_tell else calm,
            ),
        ]


def study_break(series: pd.Series, random_state: int = 0, unit: str = "money") -> Break | Missing:
    """`find_break` beside a line that may curve, of logarithms where all values are positive; or
    why it cannot be asked.
    """
    if len(series) < LEAST_VALUES:
        reason = _(
            "{n} periods are too few to look for a break; it needs {least}.",
            n=len(series),
            least=LEAST_VALUES,
        )
        return Missing(reason, (Break,))
    found = find_break(
        np.log(series) if series.min() > 0 else series, trend=True, random_state=random_state
    )
    return replace(found, series=series, unit=unit)


def find_break(
    series: pd.Series,
    alpha: float = 0.05,
    trend: bool = False,
    random_state: int = 0,
    n_resamples: int = REPLICATES,
) -> Break:
    """Did the level break at a date that nobody named beforehand?

    A series on a regular index → p-value, most likely date, and every date that the data cannot
    exclude.

    Parameters
    ----------
    series : Series
        At least 12 values. A seasonal shape (months, quarters) is taken out where it shows.
    alpha : float
        Level of the verdict; the confidence set has level 1 − alpha.
    trend : bool
        Whether a line that may curve (of second degree) belongs to the series with and without a
        break.
    random_state : int
        Of the simulated null distribution.
    n_resamples : int
        Simulated series.

    Returns
    -------
    Break

    Raises
    ------
    AnalysisError
        Fewer than 12 values.

    Notes
    -----
    One break in the level, errors with autocorrelation of first order, constant variance. A series
    with several
    breaks, or with a slope that changes, can look like one break or like a random walk. A break has
    no cause in it.

    References
    ----------
    Andrews (1993), Econometrica 61 (the largest statistic over dates); Diebold and Chen (1996), J.
    Econometrics 70 (bootstrap
    under autocorrelation); Andrews (1993), Econometrica 61, 139 (estimates of autocorrelation
    without median bias); Eo and
    Morley (2015), Quantitative Economics 6 (confidence sets from likelihood ratios).

    Examples
    --------
    >>> noise = np.random.default_rng(1).normal(size=48)
    >>> result = find_break(pd.Series(noise + 4 * (np.arange(48) >= 30)))
    >>> result.verdict, result.date, result.p_value < 0.01
    ('break', 30, True)
    """
    regular = read_series(series)
    values, n = regular.values, len(regular.values)
    if n < LEAST_VALUES:
        raise AnalysisError(
            "find_break", f"at least {LEAST_VALUES} values", f"{n}", "use a finer period, or wait"
        )
    if np.ptp(values) == 0:
        return _no_variation(regular.index, n)
    season = regular.season if is_seasonal(values, regular.season) else 1
    null = _simulate_null(n, season, trend, random_state, n_resamples)
    centred = values - values.mean()
    found = measure_steps(centred[None, :], null.design)
    statistic, place, seen = float(found.statistic[0]), int(found.place[0]), float(found.rho[0])
    at_walk = float((null.rhos[-1] <= seen).mean())
    walks, rho = at_walk > WALK_LEVEL, null.correct(seen)
    p_value = null.p_value(statistic, 1.0 if walks else rho)
    noise = np.random.default_rng(random_state).standard_normal((DATES_REPLICATES, n + WARMING))
    dates = ~exclude_dates(centred, null.design.coarsen(), noise, min(rho, RHO_MOST), alpha)
    verdict = "cannot_tell" if walks else "break" if p_value <= alpha else "no_break"
    profile = pd.DataFrame(
        {"period": regular.index[null.design.candidates], "statistic": found.profile[0]}
    )
    return Break(
        p_value=p_value,
        date=regular.index[null.design.candidates[place]],
        confidence_set=tuple(regular.index[null.design.candidates[dates]]),
        verdict=verdict,
        shift=float(found.shift[0, place]),
        shift_sd=float(found.shift[0, place] / _spread(found.sd[0, place], rho)),
        autocorrelation=rho,
        n=n,
        season=season,
        profile=profile,
        caveats=(*regular.caveats, *_say(verdict, n, rho)),
    )


@dataclass(frozen=True)
class _Null:
    """What series without a break show, at each autocorrelation of the grid (rows): the
    statistic, the estimate.
    """

    design: Design
    statistics: np.ndarray
    rhos: np.ndarray

    def correct(self, seen: float) -> float:
        """The autocorrelation whose estimates lie above and below the one seen equally often."""
        below = ((self.rhos < seen).mean(axis=1) + (self.rhos <= seen).mean(axis=1)) / 2
        return float(np.interp(-0.5, -np.minimum.accumulate(below), GRID))

    def p_value(self, statistic: float, rho: float) -> float:
        """How often a statistic so large comes without a break, between two autocorrelations
        of the grid.
        """
        larger = (1 + (self.statistics >= statistic).sum(axis=1)) / (1 + self.statistics.shape[1])
        return float(np.interp(rho, GRID, larger))


@lru_cache(maxsize=16)
def _simulate_null(n: int, season: int, trend: bool, seed: int, replicates: int) -> _Null:
    """The null distribution; it depends on the shape of the question alone, so that one does
    for many series.
    """
    design = make_design(n, season, trend)
    noise = np.random.default_rng(seed).standard_normal((replicates, n + WARMING))
    found = [measure_steps(autoregress(noise, rho), design) for rho in GRID]
    return _Null(
        design, np.array([one.statistic for one in found]), np.array([one.rho for one in found])
    )


def _spread(innovations: float, rho: float) -> float:
    """Standard deviation of an autoregression from that of its innovations."""
    return max(innovations, 1e-300) / np.sqrt(1 - min(rho, RHO_MOST) ** 2)


def _no_variation(index: pd.Index, n: int) -> Break:
    return Break(
        1.0,
        None,
        (),
        "no_break",
        0.0,
        0.0,
        0.0,
        n,
        1,
        pd.DataFrame({"period": [], "statistic": []}),
        (_("Every value is the same: nothing broke."),),
    )


def _say(verdict: str, n: int, rho: float) -> list[Message]:
    said = []
    if verdict == "cannot_tell":
        said.append(
            _(
                "The series moves like a random walk (autocorrelation about {rho}): "
                "whether its level broke cannot "
                "be told from {n} values.",
                rho=f"{rho:.2f}",
                n=n,
            )
        )
    if n < 36:
        said.append(_("{n} values are few for dating a break: only large shifts can be seen.", n=n))
    return said
