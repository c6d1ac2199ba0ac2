"""Goals that can be checked: where each stands, whether this portfolio can show it at all, how
likely it is to be met.

goals = read_goals(frame)                                  # the goals table, checked
standing = track_goals(goals, findings, as_of)             # status and P(met) of each goal
chart = chart_losses(snapshot, churn_events, as_of)        # run chart with limits
effect = evaluate_programme(programme, …)                  # staggered introduction:
difference-in-differences, placebos
"""

from kamresearch.analysis.targets.did import (
    ProgrammeEffect,
    evaluate_programme,
    split_causes,
)
from kamresearch.analysis.targets.did_ratio import estimate_ratio
from kamresearch.analysis.targets.goals import Goal, read_goals
from kamresearch.analysis.targets.panel import loss_panel
from kamresearch.analysis.targets.plans import Plans, review_plans
from kamresearch.analysis.targets.power import (
    detectable_share,
    detectable_shift,
    needed_per_arm,
    power_of,
)
from kamresearch.analysis.targets.runchart import RunChart, chart_losses, chart_shares
from kamresearch.analysis.targets.standing import (
    LIMITS,
    STATUSES,
    GoalStanding,
    probability_met,
    track_goals,
)
from kamresearch.analysis.targets.tree import GoalTree, grow_tree

__all__ = [
    "LIMITS",
    "STATUSES",
    "Goal",
    "GoalStanding",
    "GoalTree",
    "Plans",
    "ProgrammeEffect",
    "RunChart",
    "chart_losses",
    "chart_shares",
    "detectable_share",
    "detectable_shift",
    "estimate_ratio",
    "evaluate_programme",
    "grow_tree",
    "loss_panel",
    "needed_per_arm",
    "power_of",
    "probability_met",
    "read_goals",
    "review_plans",
    "split_causes",
    "track_goals",
]
