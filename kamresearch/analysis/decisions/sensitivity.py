"""How far do the first ten hang on what is assumed?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kamresearch.analysis.decisions.assumptions import Assumptions
from kamresearch.analysis.decisions.records import Records
from kamresearch.analysis.decisions.result import NOTHING, Decisions
from kamresearch.analysis.decisions.settling import settle
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

FIRST = 10
CHANGES = {
    "acceptance_low": _("acceptance at its lowest"),
    "acceptance_high": _("acceptance at its highest"),
    "cost_half": _("contacts and offers at half the cost"),
    "cost_double": _("contacts and offers at twice the cost"),
    "horizon_half": _("half the horizon"),
    "horizon_double": _("twice the horizon"),
}
NO_LIST = _("There is no list whose first places could move.")


@dataclass(frozen=True)
class Sensitivity(Result):
    """change (a code of `CHANGES`), kept (of the first ten), share, gain of the list."""

    exports = ("decisions.first_ten_kept",)
    shows = (Shown("decisions.sensitivity"),)

    frame: pd.DataFrame
    n_first: int

    @property
    def reason(self) -> Text | None:
        """Without a list nothing can move."""
        return None if self.n_first else NOTHING

    def findings(self) -> list[Finding]:
        """The least share of the first ten that stays under any of the changes."""
        least = float(self.frame["share"].min()) if self.n_first else None
        return [
            Finding(
                "decisions.first_ten_kept",
                least,
                "share",
                _("Share of the first ten that stays, at least"),
                _(
                    "Instructions among the first ten that are among them still when acceptance, "
                    "cost or horizon are changed one at a time; the worst of {n} changes.",
                    n=len(CHANGES),
                ),
                n=self.n_first,
                n_unit="count",
                good="up",
                figure="decisions.sensitivity",
                reason=None if self.n_first else NO_LIST,
            )
        ]

    def table(self) -> Table:
        """The changes, one row each."""
        return make_table(
            "decisions.sensitivity",
            _("How many of the first ten stay"),
            self.frame,
            Column("change", _("If assumed otherwise"), terms=CHANGES),
            Column("kept", _("Of the first ten, stay"), "count"),
            Column("share", _("Share"), "share"),
            Column("gain", _("Expected gain of the list"), "money"),
        )


def vary(
    decisions: Decisions,
    *,
    capacity: float | Mapping[str, float] | None = None,
    budget: float | None = None,
    most: int | None = None,
) -> Sensitivity:
    """Which of the first ten stay when acceptance, cost or horizon are assumed otherwise?

    The list is decided anew under each change, within the same limits. Another horizon moves the
    risk as a constant hazard would: 1 − (1 − p)^(new/old).
    """
    base, records = decisions.assumptions, decisions.records
    first = set(_keys(decisions.frame))
    rows = []
    for name in CHANGES:
        changed, known = _change(name, base, records)
        other = settle(known, changed, capacity, budget, most).chosen
        kept = len(first & set(_keys(other)))
        share = kept / len(first) if first else np.nan
        rows.append((name, kept, share, float(other["expected_gain"].sum())))
    return Sensitivity(pd.DataFrame(rows, columns=["change", "kept", "share", "gain"]), len(first))


def _keys(listed: pd.DataFrame) -> list[tuple[str, str]]:
    first = listed.head(FIRST)
    return list(zip(first["account_id"], first["kind"], strict=True))


def _change(name: str, base: Assumptions, records: Records) -> tuple[Assumptions, Records]:
    what, _sep, how = name.partition("_")
    if what == "acceptance":
        level = getattr(base, name)
        return replace(base, acceptance=level), records
    factor = 0.5 if how == "half" else 2.0
    if what == "cost":
        share = min(base.incentive_share * factor, 1.0)
        fee = base.contact_cost * factor
        return replace(base, incentive_share=share, contact_cost=fee), records
    frame = records.frame.copy()
    for column in ("chance", "chance_back"):
        frame[column] = 1 - (1 - frame[column]) ** factor
    return base, replace(records, frame=frame)
