"""Do accounts under alert leave more often than others? Asked of the lists of earlier days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.losses import Losses, are_among
from kamresearch.analysis.warning.rhythm import Watch
from kamresearch.analysis.warning.thresholds import Thresholds, standing_alerts
from kamresearch.finding import Interval

YEAR = pd.Timedelta(days=365)


@dataclass(frozen=True)
class Lift:
    """What became of earlier lists within a year, beside all accounts watched then.

    Parameters
    ----------
    n_listed, n_listed_lost : int
        Accounts under alert at earlier days, and those of them lost within the 365 days after.
    n_watched, n_lost : int
        The same of all accounts watched and present on those days.
    """

    n_listed: int = 0
    n_listed_lost: int = 0
    n_watched: int = 0
    n_lost: int = 0

    def __add__(self, other: "Lift") -> "Lift":
        return Lift(
            self.n_listed + other.n_listed,
            self.n_listed_lost + other.n_listed_lost,
            self.n_watched + other.n_watched,
            self.n_lost + other.n_lost,
        )

    @property
    def value(self) -> float | None:
        """Share of the listed that left over the share of all; None where either is not known."""
        if not self.n_listed or not self.n_lost:
            return None
        return (self.n_listed_lost / self.n_listed) / (self.n_lost / self.n_watched)

    @property
    def interval(self) -> Interval | None:
        """95 %, from the logarithm of a ratio whose lower part holds the upper one (delta method
        on the four counts); None where nobody listed left, or everybody was listed.
        """
        if not self.value:
            return None
        a, m, b, n = self.n_listed_lost, self.n_listed, self.n_lost, self.n_watched
        variance = 1 / a - 1 / m - 1 / b + 2 * a / (m * b) - 1 / n
        if variance <= 1e-12:
            return None
        reach = 1.96 * np.sqrt(variance)
        return Interval(float(self.value * np.exp(-reach)), float(self.value * np.exp(reach)))

    @property
    def shown(self) -> bool:
        """Whether such lists held more leavers than chance would have put there."""
        return self.interval is not None and self.interval.low > 1


def measure_lift(watch: Watch, limits: Thresholds, losses: Losses, end: pd.Timestamp) -> Lift:
    """Who of a day's list was lost within the year after it, beside all watched and present?

    ``limits`` come from the years before ``end`` (first day of the last month watched) alone.
    """
    day = end + pd.offsets.MonthEnd(0)
    ids = pd.Index(watch.ids)
    here = ~are_among(ids, losses.away_at(day))
    lost = are_among(ids, losses.lost_within(day, day + YEAR)) & here
    listed = standing_alerts(watch, limits) & here
    return Lift(int(listed.sum()), int((listed & lost).sum()), int(here.sum()), int(lost.sum()))
