"""The goals as a tree: the ends of a key account programme, and the numbers that carry them."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.targets.goal_tables import STATUSES, goal_columns
from kamresearch.analysis.targets.goals import Goal
from kamresearch.analysis.targets.standing import GoalStanding
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

ENDS: dict[str, Text] = {
    "customer_value": _("Value for the customer"),
    "profit": _("Our profit"),
    "guidance": _("Guidance for products"),
    "": _("No end named"),
}
"""Code of an end → its words."""
NO_TREE = _("The goals name neither a parent nor an end that they serve (“parent”, “lever”).")
UNMEASURED = "unknown"


@dataclass(frozen=True)
class GoalTree(Result):
    """Goals under the ends that they serve.

    Parameters
    ----------
    frame : DataFrame
        lever, goal_id, parent, depth (1 right under an end), status: one row per goal, each under
        the goal that it serves; other columns as in `GoalStanding`.
    standing : GoalStanding
        Where each goal stands.
    """

    exports = ("targets.ends_measured",)
    shows = (Shown("targets.tree"), Shown("targets.tree", "table"))

    frame: pd.DataFrame
    standing: GoalStanding
    reason: Message | None = None

    @property
    def measured(self) -> tuple[str, ...]:
        """The ends under which a goal has a number."""
        told = self.frame.loc[self.frame["status"] != UNMEASURED, "lever"]
        return tuple(end for end in ENDS if end and end in set(told))

    def findings(self) -> list[Finding]:
        """How many of the three ends anything is measured for; nothing where there is no tree."""
        if self.reason:
            return []
        n = len(ENDS) - 1
        missing = [words for end, words in ENDS.items() if end and end not in self.measured]
        return [
            Finding(
                "targets.ends_measured",
                len(self.measured),
                "count",
                _("Ends with a number"),
                _("Ends under which at least one goal has a number today."),
                n=n,
                n_unit="count",
                good="up",
                figure="targets.tree",
                simulated=bool(self.frame["simulated"].any()),
                sentence=_("Nothing is measured for one end at least: {end}.", end=missing[0])
                if missing
                else _("Each of the {n} ends has a goal with a number.", n=n),
            )
        ]

    def table(self) -> Table:
        """Goal by goal, under its end."""
        frame, terms = goal_columns(self.standing, "value", "target")
        shown = frame.set_index("goal_id").drop(columns=["status", "simulated"])
        rows = self.frame[["lever", "goal_id", "parent", "status"]].join(
            shown[["text", "value_shown", "target_shown", "finding", "owner"]], on="goal_id"
        )
        return make_table(
            "targets.tree",
            _("Goals under the ends that they serve"),
            rows,
            Column("lever", _("End"), terms=ENDS),
            Column("goal_id", _("Goal")),
            Column("parent", _("Serves")),
            Column("text", _("Statement"), terms=terms["text"]),
            Column("status", _("Status"), terms=STATUSES),
            Column("value_shown", _("Now"), terms=terms["value"]),
            Column("target_shown", _("Target"), terms=terms["target"]),
            Column("finding", _("Measured by")),
        )


def grow_tree(standing: GoalStanding) -> GoalTree:
    """Which end does each goal serve, and for which is nothing measured?

    Goals with their ``parent`` and ``lever`` → the goals in the order of a tree: by end, each
    below the goal that it serves. The leaves are the findings that measure them.

    Parameters
    ----------
    standing : GoalStanding
        From `track_goals`.
    """
    goals = standing.goals
    order = [
        (goal, depth) for end in ENDS for goal, depth in _under(goals, "", 1) if goal.lever == end
    ]
    placed = pd.DataFrame(
        {
            "lever": [goal.lever for goal, _depth in order],
            "goal_id": [goal.id for goal, _depth in order],
            "parent": [goal.parent or None for goal, _depth in order],
            "depth": [depth for _goal, depth in order],
        }
    )
    frame = placed.merge(standing.frame, on="goal_id", validate="one_to_one")
    bare = not any(goal.parent or goal.lever for goal in goals)
    return GoalTree(frame, standing, NO_TREE if bare else None)


def _under(goals: tuple[Goal, ...], parent: str, depth: int) -> list[tuple[Goal, int]]:
    """The goals below one, each followed by those below it."""
    return [
        row
        for goal in goals
        if goal.parent == parent
        for row in [(goal, depth), *_under(goals, goal.id, depth + 1)]
    ]
