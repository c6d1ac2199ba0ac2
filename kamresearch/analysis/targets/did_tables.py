"""The programme's effect as findings and tables."""

from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _

if TYPE_CHECKING:
    from kamresearch.analysis.targets.did import ProgrammeEffect

VERDICTS = {
    "fewer": _("Losses are rarer in the programme than expected without it."),
    "more": _("Losses are more frequent in the programme than expected without it."),
    "cannot_tell": _("Whether the programme makes losses rarer cannot be told yet."),
}


def effect_findings(effect: "ProgrammeEffect") -> list[Finding]:
    """Ratio, placebo, permutation."""
    n = {"n": effect.n_accounts, "figure": "targets.programme"}
    reason = _("Too few losses in the programme, or no control, to tell.")

    def interval(low: float | None, high: float | None) -> Interval | None:
        return None if low is None or high is None else Interval(low, high)

    return [
        Finding(
            "targets.programme_ratio",
            effect.ratio,
            "ratio",
            _("Losses in the programme over losses expected without it"),
            _(
                "Difference-in-differences by imputation: unit and quarter effects of the "
                "untreated cells, drawn towards the average by half a loss each, give what was "
                "to be expected; interval from drawing accounts, on the log scale, with Student’s "
                "quantile for as few units (95%)."
            ),
            interval=interval(effect.low, effect.high),
            good="down",
            reason=reason,
            headline=True,
            sentence=_sentence(effect),
            **n,
        ),
        Finding(
            "targets.programme_placebo_ratio",
            effect.placebo_ratio,
            "ratio",
            _("The same a year before the programme (placebo)"),
            _(
                "As if the programme had started four quarters early, on the time before "
                "it alone; should hold 1."
            ),
            interval=interval(effect.placebo_low, effect.placebo_high)
            if effect.placebo_ratio is not None
            else None,
            reason=reason,
            **n,
        ),
        Finding(
            "targets.programme_permutation_p",
            effect.permutation_p,
            "p_value",
            _("Start dates dealt to other units (placebo)"),
            _(
                "Share of deals of the start dates over the units with a ratio at least as "
                "far from 1."
            ),
            reason=_("Fewer than two units in the programme, or too few losses."),
            **n,
        ),
        Finding(
            "targets.programme_naive_ratio",
            effect.naive_ratio,
            "ratio",
            _("Plain comparison of rates, in over outside"),
            _(
                "Losses per day at risk in the programme over those outside: mixes the "
                "programme with when and where it ran. For contrast only."
            ),
            reason=reason,
            **n,
        ),
    ]


def _sentence(effect: "ProgrammeEffect") -> Text | None:
    if effect.ratio is None:
        return None
    parts = {
        "verdict": VERDICTS[effect.verdict],
        "observed": effect.observed,
        "expected": round(effect.expected),
        "ratio": Quantity(effect.ratio, "ratio"),
    }
    if effect.low is None:
        return _(
            "{verdict} {observed} losses where {expected} were to be expected: a ratio of "
            "{ratio}, without an interval: too few losses to draw one.",
            **parts,
        )
    return _(
        "{verdict} {observed} losses where {expected} were to be expected: a ratio of {ratio} "
        "({low} to {high}).",
        low=Quantity(effect.low, "ratio"),
        high=Quantity(effect.high, "ratio"),
        **parts,
    )


def empty_steps() -> pd.DataFrame:
    """No quarter could be told."""
    return pd.DataFrame(columns=["step", "observed", "expected", "ratio", "low", "high"])


def empty_cohorts() -> pd.DataFrame:
    """No unit could be told."""
    return pd.DataFrame(columns=["unit", "start", "n_accounts", "observed", "expected", "ratio"])


def cohorts_table(effect: "ProgrammeEffect") -> Table:
    """Unit by unit."""
    return make_table(
        "targets.programme_units",
        _("The programme, unit by unit"),
        effect.cohorts,
        Column("unit", _("Unit")),
        Column("start", _("First whole quarter"), "date"),
        "n_accounts",
        Column("observed", _("Losses observed"), "accounts"),
        Column("expected", _("Losses expected without"), "accounts"),
        Column("ratio", _("Ratio"), "ratio"),
        caption=_("A unit's own ratio rests on few losses; the study's ratio is the one over all."),
    )


def steps_table(effect: "ProgrammeEffect") -> Table:
    """Around the start."""
    return make_table(
        "targets.programme_steps",
        _("Losses over expected, by quarters since the start"),
        effect.by_lead,
        Column("step", _("Quarters since the start"), "count"),
        Column("observed", _("Losses observed"), "accounts"),
        Column("expected", _("Losses expected without"), "accounts"),
        Column("ratio", _("Ratio"), "ratio"),
        Column("low", _("Lower bound"), "ratio"),
        Column("high", _("Upper bound"), "ratio"),
    )
