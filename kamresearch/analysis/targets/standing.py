"""Where each goal stands: met, likely, open, unlikely, missed, or cannot be told yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import cast

import pandas as pd

from kamresearch.analysis.named import caveats_of_unknown, near_findings
from kamresearch.analysis.targets import goal_tables, power
from kamresearch.analysis.targets.goal_tables import STATUSES
from kamresearch.analysis.targets.goals import Goal
from kamresearch.display import Table
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LIMITS = (
    _(
        "P(met) assumes that nothing changes from now on; it is no forecast of what a "
        "programme will do."
    ),
    _(
        "A goal that cannot be shown by these accounts may still be reached: it then "
        "cannot be seen."
    ),
    _("Goals that share accounts rise and fall together; their chances must not be multiplied."),
)

LIKELY, UNLIKELY = 0.80, 0.20
"""Probabilities from which a goal counts as likely or unlikely."""


@dataclass(frozen=True)
class GoalStanding(Result):
    """Each goal with where it stands, whether this portfolio can show it, and how likely it is
    to be met.
    """

    exports = (
        "targets.n_goals",
        "targets.n_detectable",
        "targets.n_met_likely",
        "targets.n_cannot_tell",
        "targets.n_missed",
    )
    shows = (
        Shown("targets.standing"),
        Shown("targets.goals", "table"),
        Shown("targets.power", part="power"),
        Shown("targets.power", "power_table", part="power"),
    )
    cautions = False

    goals: tuple[Goal, ...]
    as_of: str
    frame: pd.DataFrame
    """goal_id, finding, direction, baseline, target, value, low, high, n, unit, progress, status,
    probability,
    probability_low, probability_high, needed, detectable, can_detect, days_left, near, simulated"""
    caveats: tuple[Text, ...]

    def findings(self) -> list[Finding]:
        """How many goals there are, can be shown, are likely to be met, cannot be told."""
        return goal_tables.goal_findings(self)

    def verdict(self) -> Text:
        """What can be said of the goals as a whole."""
        return cast(Text, goal_tables.goal_findings(self)[1].sentence)

    def table(self) -> Table:
        """Goal by goal."""
        return goal_tables.goals_table(self)

    def power_table(self) -> Table:
        """What each goal needs to be shown, and what this portfolio could show."""
        return goal_tables.power_table(self)


def track_goals(
    goals: tuple[Goal, ...],
    findings: Mapping[str, Finding],
    as_of: str,
    *,
    alpha: float = 0.05,
    power_wanted: float = 0.80,
) -> GoalStanding:
    """Where does each goal stand, can this portfolio show it at all, and will it be met as things
    stand?

    Parameters
    ----------
    goals : tuple of Goal
        As `read_goals` gives them.
    findings : mapping of str to Finding
        What other studies found.
    as_of : str
        The day.
    alpha, power_wanted : float
        Level and power of the test that the detectable change refers to.

    Returns
    -------
    GoalStanding
        From its due day on a goal is met or missed where its whole interval says so, else it
        cannot be told. Before it,
        P(met) is the chance that the number, measured again at the due date on as many accounts,
        reaches the target if
        nothing changes from now on (`probability_met`).

    Notes
    -----
    "If nothing changes" is no forecast: it says whether the present level is already enough. A
    number that has an
    interval but reaches the target only within it is not met: cannot be told yet is a result.
    """
    rows = [_track(goal, findings, pd.Timestamp(as_of), alpha, power_wanted) for goal in goals]
    frame = pd.DataFrame(rows)
    caveats = caveats_of_unknown(frame[frame["status"] == "unknown"], "goal_id")
    late = frame[frame["days_left"] < 0]
    if len(late):
        caveats.append(
            _(
                "Goals due before {day} and judged by the number as it is on that day: {n}.",
                n=len(late),
                day=as_of,
            )
        )
    caveats += [
        caveat for goal in goals if (caveat := _contradicted_baseline(goal, findings, as_of))
    ]
    return GoalStanding(goals, as_of, frame, tuple(caveats))


def _contradicted_baseline(goal: Goal, findings: Mapping[str, Finding], as_of: str) -> Text | None:
    """A baseline of this very day that the day's own finding rules out: the goal starts from a
    number that nobody measured, and its target may be behind it.
    """
    finding = findings.get(goal.finding)
    if finding is None or finding.interval is None or goal.baseline_date != as_of:
        return None
    if finding.interval.low <= goal.baseline <= finding.interval.high:
        return None
    parts = {
        "goal": goal.id,
        "baseline": Quantity(goal.baseline, finding.unit),
        "day": as_of,
        "finding": finding,
    }
    if goal.is_met(float(cast(float, finding.value))):
        return _(
            "{goal} starts from {baseline} on {day}, but the number measured that day is "
            "{finding}: it is past its target already. Set the goal anew.",
            **parts,
        )
    return _(
        "{goal} starts from {baseline} on {day}, but the number measured that day is {finding}: "
        "correct the baseline.",
        **parts,
    )


def _track(
    goal: Goal,
    findings: Mapping[str, Finding],
    day: pd.Timestamp,
    alpha: float,
    power_wanted: float,
) -> dict:
    row = {
        "goal_id": goal.id,
        "finding": goal.finding,
        "direction": goal.direction,
        "baseline": goal.baseline,
        "target": goal.target,
        "value": None,
        "low": None,
        "high": None,
        "n": None,
        "unit": "score",
        "progress": None,
        "status": "unknown",
        "probability": None,
        "probability_low": None,
        "probability_high": None,
        "needed": None,
        "detectable": None,
        "can_detect": None,
        "days_left": int((pd.Timestamp(goal.due_date) - day).days),
        "near": None,
        "simulated": False,
        "figure": None,
    }
    if goal.finding not in findings:
        return row | {"near": near_findings(goal.finding, findings)}
    finding = findings[goal.finding]
    row |= {
        "unit": finding.unit,
        "simulated": finding.simulated,
        "n": finding.n,
        "figure": finding.figure,
    }
    if finding.value is None or isinstance(finding.value, (str, bool)):
        return row
    value, interval = float(finding.value), finding.interval
    chance = probability_met(goal, finding) if row["days_left"] > 0 else (None, None, None)
    return (
        row
        | _detect(goal, finding, alpha, power_wanted)
        | {
            "value": value,
            "low": interval and float(interval.low),
            "high": interval and float(interval.high),
            "progress": (value - goal.baseline) / (goal.target - goal.baseline),
            "probability": chance[0],
            "probability_low": chance[1],
            "probability_high": chance[2],
            "status": _status(goal, finding, row["days_left"], chance),
        }
    )


def _status(
    goal: Goal,
    finding: Finding,
    days_left: int,
    chance: tuple[float | None, float | None, float | None],
) -> str:
    interval = finding.interval
    value = cast(float, finding.value)
    bounds = (interval.low, interval.high) if interval else (value, value)
    reached = [goal.is_met(bound) for bound in bounds]
    if days_left <= 0:
        return "met" if all(reached) else "missed" if not any(reached) else "cannot_tell"
    if chance[0] is None:
        return "open"
    low, high = cast(float, chance[1]), cast(float, chance[2])
    # The interval of the probability decides: one that reaches from unlikely to likely tells
    # nothing.
    if low <= UNLIKELY and high >= LIKELY:
        return "cannot_tell"
    return "likely" if chance[0] >= LIKELY else "unlikely" if chance[0] <= UNLIKELY else "open"


def _is_sampled_share(finding: Finding) -> bool:
    """A share of n accounts, with the interval that a count has; a mean of shares has a
    narrower one and is none.
    """
    if (
        finding.unit not in ("share", "probability")
        or not finding.n
        or _standard_error(finding) is None
        or not 0 <= cast(float, finding.value) <= 1
    ):
        return False
    value = cast(float, finding.value)
    binomial = sqrt(value * (1 - value) / finding.n)
    return binomial == 0 or 0.6 <= cast(float, _standard_error(finding)) / binomial <= 1.7


def _detect(goal: Goal, finding: Finding, alpha: float, power_wanted: float) -> dict:
    """Accounts needed, the nearest number that could be told from the baseline, and whether
    the target lies beyond it.
    """
    if _is_sampled_share(finding) and 0 <= goal.baseline <= 1 and 0 <= goal.target <= 1:
        needed = power.needed_per_arm(goal.baseline, goal.target, alpha=alpha, power=power_wanted)
        nearest = power.detectable_share(
            goal.baseline,
            cast(int, finding.n),
            direction=goal.direction,
            alpha=alpha,
            power=power_wanted,
        )
        return {
            "needed": needed,
            "detectable": nearest,
            "can_detect": bool(cast(int, finding.n) >= cast(float, needed)),
        }
    error = _standard_error(finding)
    if error is None:
        return {}
    shift = power.detectable_shift(error, alpha=alpha, power=power_wanted)
    nearest = goal.baseline + (shift if goal.direction == "up" else -shift)
    return {"detectable": nearest, "can_detect": bool(abs(goal.target - goal.baseline) >= shift)}


def _standard_error(finding: Finding) -> float | None:
    # Bounds that hold for certain (rounded figures) are not a sample's.
    if finding.interval is None or finding.interval.level >= 1:
        return None
    wide = NormalDist().inv_cdf(0.5 + finding.interval.level / 2)
    return float(finding.interval.high - finding.interval.low) / (2 * wide)


def probability_met(
    goal: Goal, finding: Finding
) -> tuple[float | None, float | None, float | None]:
    """P(the number reaches the target when measured again at the due date, if nothing changes),
    with its interval.

    A share of n accounts: the true share is Beta(x + ½, n − x + ½), the next count binomial given
    it; P(met) is the
    beta-binomial chance, and its interval that chance at the 10 % and 90 % points of the true
    share. Any other number with
    an interval: normal in both steps. A number without an interval is a fact and cannot tell what
    the next will be.
    """
    if _is_sampled_share(finding):
        return _share_met(goal, float(cast(float, finding.value)), int(cast(int, finding.n)))
    error = _standard_error(finding)
    if error is None:
        return None, None, None
    if error == 0:
        reached = float(goal.is_met(float(cast(float, finding.value))))
        return reached, reached, reached
    normal, sign = NormalDist(), -1 if goal.direction == "down" else 1

    def chance(true: float, spread: float) -> float:
        return normal.cdf(sign * (true - goal.target) / spread)

    ends = sorted(
        chance(float(cast(float, finding.value)) + point * error, error)
        for point in (normal.inv_cdf(0.1), normal.inv_cdf(0.9))
    )
    return chance(float(cast(float, finding.value)), error * sqrt(2)), ends[0], ends[1]


def _share_met(goal: Goal, value: float, n: int) -> tuple[float, float, float]:
    from math import ceil, floor

    from scipy.stats import beta, betabinom, binom

    count = value * n
    a, b = count + 0.5, n - count + 0.5
    if goal.direction == "down":
        most = floor(goal.target * n + 1e-9)
        mean, given = (
            betabinom.cdf(most, n, a, b),
            [binom.cdf(most, n, beta.ppf(point, a, b)) for point in (0.1, 0.9)],
        )
    else:
        least = ceil(goal.target * n - 1e-9)
        mean, given = (
            betabinom.sf(least - 1, n, a, b),
            [binom.sf(least - 1, n, beta.ppf(point, a, b)) for point in (0.1, 0.9)],
        )
    return float(mean), float(min(given)), float(max(given))


__all__ = ["LIMITS", "STATUSES", "GoalStanding", "probability_met", "track_goals"]
