"""What did the programme do? A staggered introduction, evaluated by difference-in-differences
with placebos.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.targets import did_tables
from kamresearch.analysis.targets.did_cells import Cells, make_cells
from kamresearch.analysis.targets.did_ratio import (
    FEWEST_UNTREATED,
    PRIOR_LOSSES,
    estimate_ratio,
    measure_ratio,
    naive_ratio,
    permute_starts,
)
from kamresearch.analysis.targets.did_views import ratio_by_unit, steps_around_start
from kamresearch.analysis.verdict import judge_losses
from kamresearch.display import Table
from kamresearch.finding import Finding
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LEAST_LOSSES = 10
"""Fewer expected losses in the programme than this say nothing."""
ASSUMPTION = _(
    "Assumes that without the programme all units would have moved in parallel; "
    "the placebo can speak against that, never prove it."
)


@dataclass(frozen=True)
class ProgrammeEffect(Result, frame="by_lead"):
    """Losses in the programme against those expected without it, with placebos."""

    exports = (
        "targets.programme_ratio",
        "targets.programme_placebo_ratio",
        "targets.programme_permutation_p",
        "targets.programme_naive_ratio",
    )
    shows = (
        Shown("targets.programme"),
        Shown("targets.programme_units", "table"),
        Shown("targets.programme_steps", "steps_table"),
    )

    ratio: float | None
    low: float | None
    high: float | None
    observed: int
    expected: float
    n_accounts: int
    n_cohorts: int
    n_never: int
    placebo_ratio: float | None
    placebo_low: float | None
    placebo_high: float | None
    permutation_p: float | None
    naive_ratio: float | None
    by_lead: pd.DataFrame
    """step (quarters since the start, negative before), observed, expected, ratio, low, high"""
    cohorts: pd.DataFrame
    """unit, start, n_accounts, observed, expected, ratio"""
    caveats: tuple[Text, ...]

    @property
    def verdict(self) -> str:
        """``fewer``, ``more`` or ``cannot_tell``: the interval of the accounts and the test that
        deals the start dates to other units must both say it.
        """
        return judge_losses(self.low, self.high, p_value=self.permutation_p)

    def findings(self) -> list[Finding]:
        """The ratio, its placebo, the permutation test."""
        return did_tables.effect_findings(self)

    def table(self) -> Table:
        """Unit by unit."""
        return did_tables.cohorts_table(self)

    def steps_table(self) -> Table:
        """Quarter by quarter around the start."""
        return did_tables.steps_table(self)


def evaluate_programme(
    accounts: pd.DataFrame,
    churn_events: pd.DataFrame,
    programme: pd.DataFrame,
    as_of: str,
    *,
    unit: str = "region",
    causes: tuple[str, ...] = (),
    n_resamples: int = 400,
    n_permutations: int = 400,
    random_state: int = 0,
) -> ProgrammeEffect:
    """Did the programme make losses rarer, once what happened everywhere and what is always so in a
    unit is taken out?

    Parameters
    ----------
    accounts : DataFrame
        account_id, the unit's column, onboard_date or first_order_date: all accounts ever, those
        lost included.
    churn_events : DataFrame
        The contract's table.
    programme : DataFrame
        account_id, start_date: when the programme reached each account; accounts of a unit start
        together (the unit's
        start is the median day of its accounts), those not listed never.
    as_of : str
        Nothing later is seen.
    unit : str
        Column by which the programme was introduced.
    causes : tuple of str
        Count losses of these causes alone; empty for all.
    n_resamples, n_permutations : int
        Draws of accounts for the interval, of start dates over units for the placebo test.
    random_state : int
        Seed of both.

    Returns
    -------
    ProgrammeEffect
        ``ratio`` = losses observed in the programme ÷ losses expected without it. Expected from
        unit × quarter effects
        (multiplicative, per day at risk) fitted to not-yet and never treated cells alone, so that
        units already treated are
        never the controls of others (imputation; Borusyak, Jaravel and Spiess 2024). Quarters in
        which every unit is
        treated have no control and are left out.

    Notes
    -----
    Assumes that without the programme all units would have moved in parallel (in logarithms). The
    placebo starts the
    programme four quarters early and looks only at time before it: its ratio should hold 1. The
    interval draws accounts, on the scale of logarithms;
    what shakes a whole unit at once is in the permutation test, which few units make coarse. A
    verdict needs both. The effects are drawn towards the average by half a loss each
    (`PRIOR_LOSSES`): where hardly anybody was lost, the most likely effects run away.
    `make bench-recovery`: of 100 drawn companies of 400 accounts nearly all are told nothing yet:
    so few accounts seldom show what helps.
    """
    cells = make_cells(accounts, churn_events, programme, as_of, unit, causes)
    if cells is None:
        caveat = _(
            "No account has a {unit} and a whole quarter at risk, so the programme cannot "
            "be evaluated.",
            unit=unit,
        )
        return ProgrammeEffect(
            None,
            None,
            None,
            0,
            0.0,
            0,
            0,
            0,
            None,
            None,
            None,
            None,
            None,
            did_tables.empty_steps(),
            did_tables.empty_cohorts(),
            (ASSUMPTION, caveat),
        )
    generator = np.random.default_rng(random_state)
    caveats = _caveats(cells)
    effect = measure_ratio(cells, cells.treated, n_resamples, generator, least=LEAST_LOSSES)
    if effect is None:
        point = estimate_ratio(cells.lost, cells.days, cells.treated, prior=PRIOR_LOSSES)
        expected = 0.0 if point is None else point[1]
        caveats.append(
            _(
                "Too few losses to tell the programme's effect: {expected} could be expected in "
                "it (at least {least} are needed) and {untreated} happened outside it (at least "
                "{fewest}).",
                expected=round(expected, 1),
                least=LEAST_LOSSES,
                untreated=int(cells.lost[~cells.treated].sum()),
                fewest=FEWEST_UNTREATED,
            )
        )
        return ProgrammeEffect(
            None,
            None,
            None,
            int(cells.lost[cells.treated].sum()),
            float(expected),
            cells.n_accounts,
            len(cells.treated_units),
            cells.n_never,
            None,
            None,
            None,
            None,
            None,
            did_tables.empty_steps(),
            did_tables.empty_cohorts(),
            tuple(caveats),
        )
    early, before = cells.early(4)
    placebo = measure_ratio(cells, early, n_resamples, generator, keep=before, least=LEAST_LOSSES)
    permutation_p = permute_starts(cells, n_permutations, generator)
    if permutation_p is None:
        caveats.append(
            _(
                "With fewer than four units, or fewer than two in the programme, start dates "
                "cannot be dealt to other units: no verdict is given."
            )
        )
    return ProgrammeEffect(
        effect.value,
        effect.low,
        effect.high,
        effect.observed,
        effect.expected,
        cells.n_accounts,
        len(cells.treated_units),
        cells.n_never,
        placebo and placebo.value,
        placebo and placebo.low,
        placebo and placebo.high,
        permutation_p,
        naive_ratio(cells),
        steps_around_start(cells, n_resamples, generator),
        ratio_by_unit(cells),
        tuple(caveats),
    )


def split_causes(text: str) -> tuple[str, ...]:
    """Causes as a parameter writes them.

    >>> split_causes("price, service")
    ('price', 'service')
    """
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _caveats(cells: Cells) -> list[Text]:
    caveats: list[Text] = [ASSUMPTION]
    if not len(cells.treated_units):
        caveats.append(
            _("The programme reached no unit after a quarter without it: there is no before.")
        )
    if cells.n_never == 0:
        caveats.append(
            _(
                "Every unit is in the programme in the end: only the time before the last "
                "one started can be compared."
            )
        )
    if len(cells.units) < 10:
        caveats.append(
            _(
                "Only {n} units carry the comparison: an accident in one of them moves the "
                "result, and the permutation test is coarse.",
                n=len(cells.units),
            )
        )
    return caveats
