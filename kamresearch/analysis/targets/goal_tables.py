"""Goals as findings and tables."""

from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.display import Column, Followed, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import LANGUAGES, Fixed, format_quantity
from kamresearch.language import message as _

if TYPE_CHECKING:
    from kamresearch.analysis.targets.standing import GoalStanding

STATUSES = {
    "met": _("met"),
    "missed": _("missed"),
    "likely": _("likely to be met"),
    "open": _("open"),
    "unlikely": _("unlikely as things stand"),
    "cannot_tell": _("cannot be told yet"),
    "unknown": _("its number is not there"),
}


def goal_findings(standing: "GoalStanding") -> list[Finding]:
    """Counts over the goals."""
    frame, n = standing.frame, len(standing.frame)
    simulated = bool(frame["simulated"].any())
    shared = {"n": n, "n_unit": "count", "simulated": simulated}
    detectable = int(frame["can_detect"].eq(True).sum())
    likely, open_goals = (
        int(frame["status"].isin(["likely", "met"]).sum()),
        int(frame["status"].isin(["cannot_tell", "unknown"]).sum()),
    )
    return [
        Finding("targets.n_goals", n, "count", _("Goals"), _("Rows of the goals table."), **shared),
        Finding(
            "targets.n_detectable",
            detectable,
            "count",
            _("Goals that this portfolio can show"),
            _(
                "Goals whose change from baseline to target is at least the change that a "
                "test at 5% with 80% power would show with the accounts "
                "there are."
            ),
            good="up",
            figure="targets.power",
            headline=True,
            sentence=_(
                "Goals: {n}. Met or likely to be met: {likely}; open: {halfway}; missed or "
                "unlikely as things stand: {unlikely}; cannot be told yet: {open_goals}. Large "
                "enough a change for this portfolio to show: {detectable}.",
                n=n,
                detectable=detectable,
                likely=likely,
                halfway=int(frame["status"].eq("open").sum()),
                unlikely=int(frame["status"].isin(["unlikely", "missed"]).sum()),
                open_goals=open_goals,
            ),
            **shared,
        ),
        Finding(
            "targets.n_met_likely",
            likely,
            "count",
            _("Goals met or likely to be met"),
            _("Goals met at their due date, or with P(met) of at least 80% if nothing changes."),
            good="up",
            figure="targets.standing",
            **shared,
        ),
        Finding(
            "targets.n_cannot_tell",
            open_goals,
            "count",
            _("Goals of which it cannot be told yet"),
            _(
                "Goals whose P(met) ranges from unlikely to likely, whose interval reaches "
                "over the target on the due date, or whose number is not there."
            ),
            good="down",
            figure="targets.standing",
            **shared,
        ),
        Finding(
            "targets.n_missed",
            int((frame["status"] == "missed").sum()),
            "count",
            _("Goals missed"),
            _("Goals past their due date whose whole interval fails the target."),
            good="down",
            figure="targets.standing",
            **shared,
        ),
    ]


def _formed(frame: pd.DataFrame, column: str) -> tuple[list[str | None], dict[str, Fixed]]:
    """Numbers of different units as text that reads in every language."""
    texts, terms = [], {}
    for value, unit in zip(frame[column], frame["unit"], strict=True):
        if value is None or value != value:
            texts.append(None)
            continue
        shown = {language: format_quantity(float(value), unit, language) for language in LANGUAGES}
        texts.append(shown["en"])
        terms[shown["en"]] = Fixed(shown)
    return texts, terms


def goal_columns(standing: "GoalStanding", *names: str) -> tuple[pd.DataFrame, dict[str, dict]]:
    """The goals with their words and formed numbers, and the terms of each such column."""
    frame = standing.frame.copy()
    frame["text"] = [goal.text.render("en") for goal in standing.goals]
    frame["due_date"] = [goal.due_date for goal in standing.goals]
    frame["owner"] = [goal.owner or None for goal in standing.goals]
    terms = {"text": {goal.text.render("en"): goal.text for goal in standing.goals}}
    for name in names:
        frame[f"{name}_shown"], terms[name] = _formed(frame, name)
    return frame, terms


def goals_table(standing: "GoalStanding") -> Table:
    """Where each goal stands."""
    frame, terms = goal_columns(standing, "baseline", "target", "value", "low", "high")
    return make_table(
        "targets.goals",
        _("Goals and where they stand"),
        frame,
        Column("goal_id", _("Goal")),
        Column("text", _("Statement"), terms=terms["text"]),
        Column("status", _("Status"), terms=STATUSES),
        Column("baseline_shown", _("Baseline"), terms=terms["baseline"]),
        Column("target_shown", _("Target"), terms=terms["target"]),
        Column("value_shown", _("Now"), terms=terms["value"]),
        Column("low_shown", _("Lower bound"), terms=terms["low"]),
        Column("high_shown", _("Upper bound"), terms=terms["high"]),
        "n",
        Column("probability", _("P(met) if nothing changes"), "probability"),
        Column("probability_low", _("P(met), lower"), "probability"),
        Column("probability_high", _("P(met), upper"), "probability"),
        Column("due_date", _("Due"), "date"),
        Column("owner", _("Owner"), terms=ROLES),
        Column("finding", _("Measured by")),
        caption=_(
            "P(met) is the chance that the number, measured again at the due date on as "
            "many accounts, reaches the target if nothing changes "
            "from {day} on.",
            day=standing.as_of,
        ),
        followed=Followed(_("Goals"), "goal_id", "text", "status"),
    )


def power_table(standing: "GoalStanding") -> Table:
    """What each goal asks for in accounts."""
    frame, terms = goal_columns(standing, "baseline", "target", "detectable")
    return make_table(
        "targets.power",
        _("Can this portfolio show the goal at all?"),
        frame,
        Column("goal_id", _("Goal")),
        Column("text", _("Statement"), terms=terms["text"]),
        Column("baseline_shown", _("Baseline"), terms=terms["baseline"]),
        Column("target_shown", _("Target"), terms=terms["target"]),
        Column("needed", _("Accounts needed on each side"), "accounts"),
        "n",
        Column(
            "detectable_shown",
            _("Nearest number that could be told from the baseline"),
            terms=terms["detectable"],
        ),
        Column("can_detect", _("Can be shown"), "flag"),
        caption=_(
            "Two-sided test at 5%, power 80%, two periods (or with and without) of as many "
            "accounts as now."
        ),
    )


ROLES = {
    "executive sponsor": _("executive sponsor"),
    "key account director": _("key account director"),
    "marketing director": _("marketing director"),
    "product director": _("product director"),
    "after-sales director": _("after-sales director"),
    "dealer manager": _("dealer manager"),
    "policy manager": _("policy manager"),
}
