"""Goals as data: the finding that measures each, where it started, what is to be reached by
when.
"""

from dataclasses import dataclass, replace
from math import isfinite

import pandas as pd

from kamresearch.errors import DataError, first_offenders, near_matches
from kamresearch.language import Fixed


@dataclass(frozen=True)
class Goal:
    """A goal: the id of the finding that measures it, baseline and target with their days (ISO)."""

    id: str
    text: Fixed
    finding: str
    baseline: float
    target: float
    baseline_date: str
    due_date: str
    owner: str = ""
    parent: str = ""
    lever: str = ""

    @property
    def direction(self) -> str:
        """``down`` or ``up``: where the target lies from the baseline."""
        return "down" if self.target < self.baseline else "up"

    def is_met(self, value: float) -> bool:
        """Whether a value reaches the target."""
        return value <= self.target if self.direction == "down" else value >= self.target


def read_goals(frame: pd.DataFrame) -> tuple[Goal, ...]:
    """The rows of the ``goals`` table as goals, checked.

    Parameters
    ----------
    frame : DataFrame
        Columns of the contract: goal_id, text_en, text_zh, finding, baseline, target, due_date, and
        where known
        baseline_date, owner, parent, lever. A goal without a lever has that of the goal that it
        serves.

    Raises
    ------
    DataError
        No goal; an id twice; a baseline that equals the target; a due date before the baseline's; a
        parent that is no goal, or a goal that serves itself in the end.
    """
    if frame.empty:
        raise DataError("goals", "at least one goal", "none", "fill the table, or leave it out")
    ids = frame["goal_id"].astype(str).str.strip()
    if ids.duplicated().any():
        raise DataError(
            "goals, column 'goal_id'",
            "each goal once",
            first_offenders(ids[ids.duplicated()]),
            "rename one of each",
        )
    goals = [_read_goal(row) for row in frame.assign(goal_id=ids).to_dict("records")]
    by_id = {goal.id: goal for goal in goals}
    return tuple(replace(goal, lever=_lever(goal, by_id)) for goal in goals)


def _lever(goal: Goal, by_id: dict[str, Goal]) -> str:
    """The lever of a goal: its own, else that of the nearest goal above it."""
    passed, lever = {goal.id}, goal.lever
    while goal.parent:
        where = f"goals, {goal.id!r}, column 'parent'"
        if goal.parent not in by_id:
            raise DataError(
                where, "the id of a goal", repr(goal.parent), near_matches(goal.parent, by_id)
            )
        goal = by_id[goal.parent]
        if goal.id in passed:
            raise DataError(
                where, "goals that end in one at the top", "a ring", "empty one of their parents"
            )
        passed.add(goal.id)
        lever = lever or goal.lever
    return lever


def _read_goal(row: dict) -> Goal:
    where = f"goals, {row['goal_id']!r}"
    baseline, target = float(row["baseline"]), float(row["target"])
    if not isfinite(baseline) or not isfinite(target) or baseline == target:
        raise DataError(
            where,
            "a baseline and a target that differ",
            f"{baseline:g} and {target:g}",
            "say where the number shall go",
        )
    due = _day(row["due_date"])
    if not due:
        raise DataError(f"{where}, column 'due_date'", "a day", "none", "say by when")
    begun = _day(row.get("baseline_date"))
    if begun and due <= begun:
        raise DataError(
            f"{where}, column 'due_date'",
            f"a day after the baseline's, {begun}",
            due,
            "mend one of the dates",
        )
    return Goal(
        row["goal_id"],
        Fixed.of_row(row, "text"),
        _text(row["finding"]),
        baseline,
        target,
        begun,
        due,
        _text(row.get("owner")),
        _text(row.get("parent")),
        _text(row.get("lever")),
    )


def _day(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(pd.Timestamp(value).date())


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value).strip()
