"""How long deals take and how they end: all of them, open ones included."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.causes.incidence import cumulative_incidence, incidence_at
from kamresearch.analysis.pipeline.deals import OUTCOMES, Deals
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

ENDS = ("won", "lost", "withdrawn")
YEAR = 365.0
LEAST = 20
"""Deals with a day of opening without which no time is told."""
LEAST_AT_RISK = 10
"""Deals that must still be watched at an age for a chance to be read there."""


@dataclass(frozen=True)
class Timing(Result, frame="curves"):
    """Share of all deals won, lost and withdrawn by age.

    Parameters
    ----------
    curves : DataFrame
        As `kamresearch.causes.cumulative_incidence` gives them, time in days since opening.
    n : int
        Deals with a day of opening.
    """

    exports = ("pipeline.won_in_year", "pipeline.median_days", "pipeline.median_days_closed")
    shows = (Shown("pipeline.incidence"), Shown("pipeline.incidence", "table"))

    curves: pd.DataFrame
    n: int
    n_open: int
    median_days: float | None
    median_days_closed: float | None
    period: tuple[str, str] | None
    reason: Message | None = None

    def chance(self, age: np.ndarray, within: float) -> np.ndarray:
        """Chance that a deal open at an age is won within so many days more; read at the last age
        at which ten deals were watched, where it is older.
        """
        times, at_risk = (self.curves[name].to_numpy(float) for name in ("time", "at_risk"))
        won, survival = (self.curves[name].to_numpy(float) for name in ("won", "survival"))
        watched = times[at_risk >= LEAST_AT_RISK]
        age = np.minimum(age, watched[-1] if len(watched) else 0.0)

        def read(values: np.ndarray, start: float, when: np.ndarray) -> np.ndarray:
            place = np.searchsorted(times, when, side="right")
            return np.r_[start, values][place]

        alive = read(survival, 1.0, age)
        gain = read(won, 0.0, age + within) - read(won, 0.0, age)
        return np.divide(gain, alive, out=np.zeros_like(gain), where=alive > 0)

    def findings(self) -> list[Finding]:
        """What becomes of a deal within a year, and how long it takes."""
        year = None if self.reason else incidence_at(self.curves, "won", YEAR)
        short = self.reason or _("No deal has been watched for a year yet.")
        common = {"n": self.n, "n_unit": "records", "period": self.period}
        median = _(
            "Age at which half of all deals are decided; open ones count for as long as they have "
            "been watched (Kaplan–Meier)."
        )
        return [
            Finding(
                "pipeline.won_in_year",
                None if year is None else year[0],
                "share",
                _("Won within a year"),
                _(
                    "Share of all deals, open ones included, that are won within 365 days of "
                    "opening (Aalen–Johansen; lost and withdrawn compete)."
                ),
                interval=None if year is None else Interval(year[1], year[2]),
                good="up",
                figure="pipeline.incidence",
                reason=short,
                **common,
            ),
            Finding(
                "pipeline.median_days",
                self.median_days,
                "days",
                _("Days to a decision, all deals"),
                median,
                good="down",
                figure="pipeline.incidence",
                sentence=self._sentence(),
                reason=self.reason or _("Fewer than half of the deals are decided at any age."),
                **common,
            ),
            Finding(
                "pipeline.median_days_closed",
                self.median_days_closed,
                "days",
                _("Days to a decision, decided deals alone"),
                _("Median of the decided deals: too short, because slow deals are still open."),
                good="down",
                figure="pipeline.incidence",
                **{**common, "n": self.n - self.n_open},
                reason=self.reason or _("No deal is decided."),
            ),
        ]

    def _sentence(self) -> Message | None:
        if self.median_days is None or self.median_days_closed is None:
            return None
        return _(
            "Half of all deals are decided after {all}; of the decided ones alone it would be "
            "{closed}.",
            all=Quantity(self.median_days, "days"),
            closed=Quantity(self.median_days_closed, "days"),
        )

    def table(self) -> Table:
        """What has become of deals at round ages."""
        return make_table(
            "pipeline.incidence",
            _("What has become of deals by age"),
            self.by_age(),
            Column("days", _("Days since opening"), "days"),
            Column("at_risk", _("Still watched"), "count"),
            *[Column(name, OUTCOMES[name], "share") for name in (*ENDS, "open")],
        )

    def by_age(self) -> pd.DataFrame:
        """days, at_risk, won, lost, withdrawn, open at months of thirty days, while ten deals are
        watched.
        """
        last = self.curves["time"][self.curves["at_risk"] >= LEAST_AT_RISK].max()
        days = np.arange(0, min(last, 2 * YEAR) + 1, 30)
        place = np.searchsorted(self.curves["time"].to_numpy(), days, side="right")
        rows = {name: np.r_[0.0, self.curves[name].to_numpy(float)][place] for name in ENDS}
        at_risk = np.r_[self.curves["at_risk"].to_numpy(), 0]
        return pd.DataFrame(
            {
                "days": days,
                "at_risk": at_risk[np.minimum(place, len(at_risk) - 1)],
                **rows,
                "open": np.r_[1.0, self.curves["survival"].to_numpy(float)][place],
            }
        )


def time_deals(deals: Deals) -> Timing:
    """How long does a deal take, and how does it end?

    Deals with a day of opening → share won, lost and withdrawn by age (Aalen–Johansen). A deal that
    is open counts for as long as it has been watched: decided deals alone are the quick ones, and
    make a cycle look shorter than it is. Deals decided before the records began are not there, so
    the first months of a young system show long deals too rarely.

    Parameters
    ----------
    deals : Deals
        From `read_deals`.

    References
    ----------
    Aalen, Johansen (1978); Putter, Fiocco, Geskus (2007), Tutorial in biostatistics: competing
    risks.
    """
    frame = deals.frame[deals.frame["days"].notna()]
    reason = deals.reason
    ended = frame["outcome"].isin(ENDS)
    if reason is None and (len(frame) < LEAST or not ended.any()):
        reason = _(
            "{n} deals state when they were opened; from {least} on, and once one is decided, "
            "times are told.",
            n=len(frame),
            least=LEAST,
        )
    if reason is not None:
        return Timing(pd.DataFrame(), len(frame), int((~ended).sum()), None, None, None, reason)
    # Half a day: a deal decided on its first day was watched, if not for long.
    durations = frame["days"].to_numpy(float) + 0.5
    curves = cumulative_incidence(durations, frame["outcome"].where(ended).tolist(), ENDS)
    half = curves.loc[curves["survival"] <= 0.5, "time"]
    period = (frame["opened"].min().date().isoformat(), deals.as_of.date().isoformat())
    return Timing(
        curves,
        len(frame),
        int((~ended).sum()),
        float(half.iloc[0]) - 0.5 if len(half) else None,
        float(frame.loc[ended, "days"].median()),
        period,
    )
