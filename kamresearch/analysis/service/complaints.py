"""How long complaints wait, and which wait beyond the limit."""

from dataclasses import dataclass
from typing import cast

import pandas as pd

from kamresearch.analysis.churn.survival import kaplan_meier
from kamresearch.analysis.service.care import Care
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LEAST = 10
"""Complaints without which no time is told."""
NO_TIER = _("No tier has {n} complaints in the year.", n=LEAST)
NONE_OVERDUE = _("No complaint of the year is open beyond the limit.")
FRAME = ["tier", "n", "median_days", "within", "low", "high"]


@dataclass(frozen=True)
class Solving(Result):
    """Time to solve complaints.

    Parameters
    ----------
    frame : DataFrame
        tier, n, median_days, within, low, high: one row per tier of ten complaints or more;
        ``within`` is the share solved within the limit.
    overdue : DataFrame
        event_id, account_id, account_name, tier, manager_id, event_date, days: open beyond the
        limit, the longest first.
    """

    exports = ("service.within_limit", "service.days_to_solve", "service.n_overdue")
    shows = (Shown("service.solving", "table"), Shown("service.overdue", "overdue_table"))

    frame: pd.DataFrame
    overdue: pd.DataFrame
    limit_days: int
    n: int
    median_days: float | None
    within: float | None
    interval: Interval | None
    period: tuple[str, str]
    reason: Message | None = None
    nothing: Message | None = None

    def why_not(self, id: str) -> Message | None:
        """No tier may have complaints enough, and none may wait too long."""
        if id == "service.overdue":
            return self.nothing or (NONE_OVERDUE if self.overdue.empty else None)
        return self.reason or (NO_TIER if self.frame.empty else None)

    def findings(self) -> list[Finding]:
        """Share solved within the limit, days to a solution, and complaints beyond it."""
        common = {"n": self.n, "n_unit": "records", "period": self.period}
        return [
            Finding(
                "service.within_limit",
                self.within,
                "share",
                _("Complaints solved within the limit"),
                _(
                    "Share of the year’s complaints solved within {days}; those open on the day "
                    "count for as long as they have waited (Kaplan–Meier).",
                    days=Quantity(self.limit_days, "days"),
                ),
                interval=self.interval,
                good="up",
                sentence=None
                if self.within is None
                else _(
                    "{share} of complaints are solved within {days}.",
                    share=Quantity(self.within, "share"),
                    days=Quantity(self.limit_days, "days"),
                ),
                reason=self.reason or _("No complaint was watched for as long as the limit."),
                **common,
            ),
            Finding(
                "service.days_to_solve",
                self.median_days,
                "days",
                _("Days until a complaint is solved"),
                _("Age at which half of the year’s complaints are solved, open ones included."),
                good="down",
                reason=self.reason or _("Fewer than half of the complaints are solved."),
                **common,
            ),
            Finding(
                "service.n_overdue",
                None if self.nothing else len(self.overdue),
                "count",
                _("Complaints open beyond the limit"),
                _("Complaints of the year that are open on the day and older than the limit."),
                good="down",
                reason=self.nothing,
                **common,
            ),
        ]

    def table(self) -> Table:
        """Time to solve by tier."""
        return make_table(
            "service.solving",
            _("Complaints of the year by tier"),
            self.frame,
            "tier",
            Column("n", _("Complaints"), "count"),
            Column("median_days", _("Days until half are solved"), "days"),
            Column("within", _("Solved within the limit"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        )

    def overdue_table(self) -> Table:
        """Complaints beyond the limit, by name."""
        return make_table(
            "service.overdue",
            _("Complaints open beyond the limit, the longest first"),
            self.overdue,
            "account_id",
            "account_name",
            "tier",
            "manager_id",
            Column("event_date", _("Complained on"), "date"),
            Column("days", _("Days open"), "days"),
            rows_shown=20,
        )


def time_complaints(care: Care, limit_days: int) -> Solving:
    """How long do complaints wait, and which wait too long?

    Complaints of the year → share solved within the limit and median days, in all and by tier
    (Kaplan–Meier, so that those still open are not forgotten), and the open ones beyond the limit.

    Parameters
    ----------
    care : Care
        From `read_care`.
    limit_days : int
        Days within which a complaint should be solved: the company's own standard.
    """
    told = care.complaints
    stated = told["solved"].any() if len(told) else False
    nothing = care.reason if care.reason is not None and not len(told) else None
    reason = nothing
    if reason is None and (len(told) < LEAST or not stated):
        reason = _(
            "{n} complaints of the year; from {least} on, and once one is solved, times are told.",
            n=len(told),
            least=LEAST,
        )
    late = told[~told["solved"].astype(bool) & (told["days"] > limit_days)]
    late = late.sort_values(["days", "event_id"], ascending=[False, True], ignore_index=True)
    late = late.drop(columns="solved")
    if reason is not None:
        nobody = pd.DataFrame(columns=FRAME), late
        unknown = (None, None, None)
        return Solving(*nobody, limit_days, len(told), *unknown, care.period, reason, nothing)
    rows = [
        dict(zip(FRAME, (tier, len(part), *_time(part, limit_days)), strict=True))
        for tier, part in told.groupby("tier", observed=True, sort=True)
        if len(part) >= LEAST
    ]
    median, within, low, high = _time(told, limit_days)
    interval = (
        Interval(low, cast(float, high)) if low is not None and cast(float, high) > low else None
    )
    frame = pd.DataFrame(rows, columns=FRAME)
    return Solving(frame, late, limit_days, len(told), median, within, interval, care.period)


def _time(
    part: pd.DataFrame, limit: int
) -> tuple[float | None, float | None, float | None, float | None]:
    """Median days, share solved within the limit, its bounds; None where it was not watched so
    long.
    """
    # Half a day: what is solved on its first day was a complaint, if not for long.
    durations = part["days"].to_numpy(float) + 0.5
    curve = kaplan_meier(durations, part["solved"].to_numpy(bool))
    half = curve.loc[curve["survival"] <= 0.5, "time"]
    median = float(half.iloc[0]) - 0.5 if len(half) else None
    known = curve[curve["time"] <= limit + 0.5]
    if durations.max() < limit and curve["survival"].iloc[-1] > 0:
        return median, None, None, None
    if not len(known):
        return median, 0.0, 0.0, float(1 - 0.025 ** (1 / len(part)))
    row = known.iloc[-1]
    within, low, high = (float(1 - row[name]) for name in ("survival", "high", "low"))
    return median, within, low, high
