"""How long accounts stay: survival in all and by group, cohorts, and the hazard over the years."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from kamresearch.analysis.churn.survival import (
    CURVE,
    LEAST_AT_RISK,
    check_durations,
    kaplan_meier,
    survival_at,
)
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

MONTH_DAYS = 365.25 / 12
LOW, HIGH = Column("low", _("Lower bound"), "share"), Column("high", _("Upper bound"), "share")
NOBODY_WATCHED = _("No account was watched for any time: none ordered or joined by the as-of date.")


@dataclass(frozen=True)
class Staying(Result, frame="hazards"):
    """How long accounts stay: curves by group, cohorts, hazard by year of the relation."""

    exports = ("churn.survival_24m",)
    shows = (
        Shown("churn.survival"),
        Shown("churn.hazard"),
        Shown("churn.survival_by_group", "table"),
        Shown("churn.cohorts", "cohort_table"),
    )

    curves: dict[str, pd.DataFrame]
    """group ("" = all) → begins and time in days, at_risk, fewest, lost, survival,
    standard_error, low, high
    """
    cohorts: pd.DataFrame
    """cohort (year), n_accounts, year_1 … : share still there (Kaplan–Meier)"""
    hazards: pd.DataFrame
    """year, account_years, n_lost, hazard, low, high"""
    column: str
    n_accounts: int
    n_lost: int
    n_late: int

    @property
    def reason(self) -> Text | None:
        """Why there is no curve; None where there is one."""
        return None if self.n_accounts else NOBODY_WATCHED

    @property
    def caveats(self) -> tuple[Text, ...]:
        """Late entry, where curves begin and end, and what curves by group are not."""
        late = _(
            "{n} accounts are older than the records; they count from the first recorded "
            "day on (late entry).",
            n=self.n_late,
        )
        thin = _(
            "With late entry few may be watched at some ages. A curve begins at the first "
            "age at which {n} accounts are watched (or half of the most ever watched, if "
            "that is less), speaks of those still there at that age, and ends where fewer "
            "than half as many are watched while others have yet to enter.",
            n=LEAST_AT_RISK,
        )
        begins = _(
            "The curve of all accounts begins {days} days after the first day: before, too "
            "few accounts were watched.",
            days=round(self.begins),
        )
        apart = _(
            "Curves of groups differ by what else differs between the groups; they show "
            "association, not cause."
        )
        return ((late, thin) if self.n_late else ()) + ((begins,) if self.begins else ()) + (apart,)

    @property
    def begins(self) -> float:
        """Days after the first day at which the curve of all begins."""
        curve = self.curves[""]
        return float(curve["begins"].iloc[0]) if len(curve) else 0.0

    def findings(self) -> list[Finding]:
        """Share still there after two years."""
        here = survival_at(self.curves[""], 730.0)
        label = _("Still there after two years")
        definition = _(
            "Kaplan–Meier estimate of the share of accounts not lost within 730 days of "
            "their first day, late entry allowed for."
        )
        if here and self.begins:
            days = round(self.begins)
            label = _("Still there after two years, of those there after {days} days", days=days)
            definition = _(
                "Kaplan–Meier estimate: of the accounts still there {days} days after "
                "their first day, the share not lost within 730 days of it; earlier, too "
                "few accounts were watched (late entry).",
                days=days,
            )
        return [
            Finding(
                "churn.survival_24m",
                here and here[0],
                "share",
                label,
                definition,
                interval=here and Interval(here[1], here[2]),
                n=self.n_accounts,
                good="up",
                figure="churn.survival",
                reason=_("too few accounts were watched at the ages up to two years")
                if self.n_late
                else _("no account was watched for two years"),
            )
        ]

    def table(self) -> Table:
        """Each group's share still there after one, two, three years."""
        rows = []
        for group, curve in self.curves.items():
            row = {
                "group": group or "all",
                "n_accounts": int(self._size(curve)),
                "begins": curve["begins"].max(),
            }
            for years in (1, 2, 3):
                here = survival_at(curve, 365.0 * years)
                row[f"year_{years}"] = here and here[0]
                row[f"low_{years}"], row[f"high_{years}"] = (
                    (here[1], here[2]) if here else (None, None)
                )
            rows.append(row)
        frame = pd.DataFrame(rows)
        columns = (
            [Column("begins", _("Counted from day"), "days")] if (frame["begins"] > 0).any() else []
        )
        for years in (1, 2, 3):
            columns += [
                Column(f"year_{years}", _("Year {n}", n=years), "share"),
                Column(f"low_{years}", _("Lower bound"), "share"),
                Column(f"high_{years}", _("Upper bound"), "share"),
            ]
        return make_table(
            "churn.survival_by_group",
            _("Share still there, by group"),
            frame,
            Column("group", _("Group"), terms={"all": _("all accounts")}),
            Column("n_accounts", _("Most at risk"), "accounts"),
            *columns,
            caption=_(
                "Kaplan–Meier, 95% bounds (log-log; exact while nobody and once everybody "
                "is lost). Empty where too few were watched so long."
            ),
        )

    @staticmethod
    def _size(curve: pd.DataFrame) -> int:
        return curve["at_risk"].max() if len(curve) else 0

    def cohort_table(self) -> Table:
        """Retention by year of the first day."""
        years = [name for name in self.cohorts if name.startswith("year_")]
        columns = [
            Column(name, _("Year {n}", n=name.removeprefix("year_")), "share") for name in years
        ]
        return make_table(
            "churn.cohorts",
            _("Retention by cohort"),
            self.cohorts,
            Column("cohort", _("First year"), "period"),
            "n_accounts",
            *columns,
            caption=_("Empty where no account of the cohort was watched so long."),
        )

    def hazard_table(self) -> Table:
        """Losses per year, by year of the relation."""
        return make_table(
            "churn.hazards",
            _("When accounts leave: losses a year, by year of the relation"),
            self.hazards,
            Column("year", _("Year of the relation")),
            Column("account_years", _("Account-years"), "score"),
            Column("n_lost", _("Lost"), "accounts"),
            Column("hazard", _("Losses a year"), "share"),
            LOW,
            HIGH,
            caption=_("Losses over account-years watched; exact Poisson bounds, 95%."),
        )


def study_staying(spells: pd.DataFrame, groups: pd.Series, column: str) -> Staying:
    """How long do accounts stay, in all and by group?

    Parameters
    ----------
    spells : DataFrame
        As `make_spells` gives them.
    groups : Series
        account_id → group (tier, region, channel).
    column : str
        What the groups are.
    """
    if len(spells):
        check_durations(spells["exit_days"].to_numpy())

    def curve(part: pd.DataFrame) -> pd.DataFrame:
        if part.empty:
            return pd.DataFrame({name: [] for name in CURVE})
        return kaplan_meier(
            part["exit_days"].to_numpy(), part["lost"].to_numpy(), part["entry_days"].to_numpy()
        )

    curves = {"": curve(spells)}
    of = spells["account_id"].map(groups).fillna("–").astype(str)
    for group in sorted(of.unique()):
        if (of == group).sum() >= 5:
            curves[group] = curve(spells[of == group])
    return Staying(
        curves,
        _cohorts(spells, curve),
        _hazards(spells),
        column,
        len(spells),
        int(spells["lost"].sum()),
        int((spells["entry_days"] > 0).sum()),
    )


def _cohorts(spells: pd.DataFrame, curve: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    rows = []
    watched = spells[spells["entry_days"] == 0]
    for year, part in watched.groupby(watched["start"].dt.year, sort=True):
        one = curve(part)
        shares = {f"year_{n}": (survival_at(one, 365.0 * n) or (None,))[0] for n in (1, 2, 3, 4)}
        rows.append({"cohort": str(year), "n_accounts": len(part), **shares})
    return pd.DataFrame(
        rows, columns=["cohort", "n_accounts", "year_1", "year_2", "year_3", "year_4"]
    )


def _hazards(spells: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for year in range(1, 9):
        low, high = 365.25 * (year - 1), 365.25 * year
        if year == 8:
            high = np.inf
        watched = (
            spells["exit_days"].clip(upper=high) - spells["entry_days"].clip(lower=low)
        ).clip(lower=0).sum() / 365.25
        lost = int(
            (spells["lost"] & (spells["exit_days"] > low) & (spells["exit_days"] <= high)).sum()
        )
        if watched < 1:
            continue
        bounds = (
            chi2.ppf(0.025, 2 * lost) / 2 if lost else 0.0,
            chi2.ppf(0.975, 2 * (lost + 1)) / 2,
        )
        rows.append(
            (
                f"{year}" if year < 8 else "8+",
                watched,
                lost,
                lost / watched,
                bounds[0] / watched,
                bounds[1] / watched,
            )
        )
    return pd.DataFrame(rows, columns=["year", "account_years", "n_lost", "hazard", "low", "high"])
