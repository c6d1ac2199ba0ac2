"""How long accounts stay: Kaplan–Meier curves with intervals, cohorts, and the hazard over the years."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from kamresearch.analysis.churn.losses import Losses
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding, Interval
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result

MONTH_DAYS = 365.25 / 12
LOW, HIGH = Column("low", _("Lower bound"), "share"), Column("high", _("Upper bound"), "share")


def make_spells(first_seen: pd.Series, losses: Losses, observed_from: pd.Timestamp) -> pd.DataFrame:
    """First spell of each account as one.

    Parameters
    ----------
    first_seen : Series
        account_id → first day as an account.
    losses : Losses
        Losses known by its as-of day.
    observed_from : Timestamp
        First day on which a loss could have been recorded: accounts that are older are only seen from then on, and
        enter late (they cannot have been lost before, or they would not be here).

    Returns
    -------
    DataFrame
        account_id, start, entry_days, exit_days, cause (None where the spell still lasts), lost; one row an account.
    """
    first = losses.frame.drop_duplicates("account_id", keep="first").set_index("account_id")
    start = first_seen[first_seen.notna() & (first_seen <= losses.as_of)].sort_index()
    end = first["churn_date"].reindex(start.index)
    lost = end.notna()
    end = end.fillna(losses.as_of)
    frame = pd.DataFrame({
        "start": start, "entry_days": (observed_from - start).dt.days.clip(lower=0).astype(float),
        "exit_days": (end - start).dt.days.clip(lower=0).astype(float) + 0.5,
        "cause": first["cause"].reindex(start.index).where(lost), "lost": lost,
    })  # fmt: skip
    frame = frame[frame["exit_days"] > frame["entry_days"]]
    return frame.rename_axis("account_id").reset_index()


def kaplan_meier(
    durations: np.ndarray, lost: np.ndarray, entry: np.ndarray | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Which share is still there after so long?

    Parameters
    ----------
    durations : array
        Time until loss or until last seen.
    lost : array of bool
        Whether the time ended in a loss.
    entry : array, optional
        Time from which each case was watched (late entry).
    level : float
        Of the interval.

    Returns
    -------
    DataFrame
        time, at_risk, lost, survival, standard_error, low, high: one row a distinct time of loss or last sight.
        Greenwood's variance, interval on the log-log scale (it stays within 0 and 1).

    Raises
    ------
    AnalysisError
        Nothing to look at, or a negative time.

    Examples
    --------
    >>> kaplan_meier(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]))["survival"].round(3).tolist()
    [0.667, 0.667, 0.0]
    """
    durations, lost = np.asarray(durations, float), np.asarray(lost, bool)
    check_durations(durations, entry)
    time, at_risk, events = risk_table(durations, lost.astype(int), 1, entry)
    deaths = events[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - deaths / at_risk)
        sums = np.cumsum(np.where(at_risk > deaths, deaths / (at_risk * (at_risk - deaths)), 0.0))
        error = survival * np.sqrt(sums)
        z = norm.ppf((1 + level) / 2) * np.sqrt(sums) / np.abs(np.log(survival))
        low, high = survival ** np.exp(z), survival ** np.exp(-z)
    certain = (survival <= 0) | (survival >= 1)
    low, high = np.where(certain, survival, low), np.where(certain, survival, high)
    return pd.DataFrame({"time": time, "at_risk": at_risk.astype(int), "lost": deaths.astype(int), "survival": survival,
                         "standard_error": error, "low": low, "high": high})  # fmt: skip


def check_durations(durations: np.ndarray, entry: np.ndarray | None = None) -> None:
    """Refuse what no curve can be made from."""
    if len(durations) == 0:
        raise AnalysisError("durations", "at least one account", "none", "check the slice and the as-of date")
    if not np.isfinite(durations).all() or (durations < 0).any():
        bad = int((~np.isfinite(durations) | (durations < 0)).sum())
        raise AnalysisError(
            "durations", "times from 0 up", f"{bad} negative or missing", "check losses before the first order"
        )
    if entry is not None and (np.asarray(entry, float) >= durations).any():
        bad = int((np.asarray(entry, float) >= durations).sum())
        raise AnalysisError(
            "durations", "entries before exits", f"{bad} that enter as or after they leave", "drop them"
        )


def risk_table(durations: np.ndarray, causes: np.ndarray, n_causes: int, entry: np.ndarray | None = None) -> tuple:
    """Distinct times, numbers at risk and losses by cause (cause 0 = still there) → time, at_risk, events[cause]."""
    time, place = np.unique(durations, return_inverse=True)
    leaving = np.bincount(place, minlength=len(time))
    at_risk = np.r_[len(durations), len(durations) - np.cumsum(leaving)[:-1]].astype(float)
    if entry is not None:
        # Not yet watched at a time: those who enter at or after it.
        at_risk -= len(durations) - np.searchsorted(np.sort(np.asarray(entry, float)), time, side="left")
    events = [np.bincount(place[causes == k], minlength=len(time)).astype(float) for k in range(1, n_causes + 1)]
    return time, at_risk, events


def survival_at(curve: pd.DataFrame, time: float) -> tuple[float, float, float] | None:
    """Survival, low, high at a time; None where nobody was watched so long."""
    if curve.empty or time > curve["time"].iloc[-1]:
        return None
    place = np.searchsorted(curve["time"].to_numpy(), time, side="right") - 1
    if place < 0:
        return 1.0, 1.0, 1.0
    row = curve.iloc[place]
    return float(row["survival"]), float(row["low"]), float(row["high"])


NOBODY_WATCHED = _("No account was watched for any time: none ordered or joined by the as-of date.")


@dataclass(frozen=True)
class Staying(Result):
    """How long accounts stay: curves by group, cohorts, hazard by year of the relation."""

    curves: dict[str, pd.DataFrame]
    """group ("" = all) → time in days, at_risk, lost, survival, low, high"""
    cohorts: pd.DataFrame
    """cohort (year), n_accounts, year_1 … : share still there (Kaplan–Meier)"""
    hazards: pd.DataFrame
    """year, account_years, n_lost, hazard, low, high"""
    column: str
    n_accounts: int
    n_lost: int
    n_late: int

    @property
    def caveats(self) -> tuple[Text, ...]:
        """Late entry, and what curves by group are not."""
        late = _(
            "{n} accounts are older than the records; they count from the first recorded day on (late entry).",
            n=self.n_late,
        )
        apart = _("Curves of groups differ by what else differs between the groups; they show association, not cause.")
        return ((late,) if self.n_late else ()) + (apart,)

    def findings(self) -> list[Finding]:
        """Share still there after two years."""
        here = survival_at(self.curves[""], 730.0)
        return [Finding(
            "churn.survival_24m", here and here[0], "share", _("Still there after two years"),
            _("Kaplan–Meier estimate of the share of accounts not lost within 730 days of their first day, late entry allowed for."),
            interval=here and Interval(here[1], here[2]), n=self.n_accounts, good="up", figure="churn.survival",
            reason=_("no account was watched for two years"),
        )]  # fmt: skip

    def table(self) -> Table:
        """Each group's share still there after one, two, three years."""
        rows = []
        for group, curve in self.curves.items():
            row = {"group": group or "all", "n_accounts": int(self._size(curve))}
            for years in (1, 2, 3):
                here = survival_at(curve, 365.0 * years)
                row[f"year_{years}"] = here and here[0]
                row[f"low_{years}"], row[f"high_{years}"] = (here[1], here[2]) if here else (None, None)
            rows.append(row)
        columns = []
        for years in (1, 2, 3):
            columns += [Column(f"year_{years}", _("Year {n}", n=years), "share"),
                        Column(f"low_{years}", _("Lower bound"), "share"), Column(f"high_{years}", _("Upper bound"), "share")]  # fmt: skip
        return make_table("churn.survival_by_group", _("Share still there, by group"), pd.DataFrame(rows),
                          Column("group", _("Group"), terms={"all": _("all accounts")}), Column("n_accounts", _("Most at risk"), "accounts"),
                          *columns, caption=_("Kaplan–Meier, 95% bounds (log-log)."))  # fmt: skip

    @staticmethod
    def _size(curve: pd.DataFrame) -> int:
        return curve["at_risk"].max() if len(curve) else 0

    def cohort_table(self) -> Table:
        """Retention by year of the first day."""
        years = [name for name in self.cohorts if name.startswith("year_")]
        columns = [Column(name, _("Year {n}", n=name.removeprefix("year_")), "share") for name in years]
        return make_table("churn.cohorts", _("Retention by cohort"), self.cohorts, Column("cohort", _("First year"), "period"),
                          "n_accounts", *columns, caption=_("Empty where no account of the cohort was watched so long."))  # fmt: skip

    def hazard_table(self) -> Table:
        """Losses per year, by year of the relation."""
        return make_table(
            "churn.hazards", _("When accounts leave: losses a year, by year of the relation"), self.hazards,
            Column("year", _("Year of the relation")), Column("account_years", _("Account-years"), "score"),
            Column("n_lost", _("Lost"), "accounts"), Column("hazard", _("Losses a year"), "share"), LOW, HIGH,
            caption=_("Losses over account-years watched; exact Poisson bounds, 95%."),
        )  # fmt: skip


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
            return pd.DataFrame({name: [] for name in ("time", "at_risk", "lost", "survival", "low", "high")})
        return kaplan_meier(part["exit_days"].to_numpy(), part["lost"].to_numpy(), part["entry_days"].to_numpy())

    curves = {"": curve(spells)}
    of = spells["account_id"].map(groups).fillna("–").astype(str)
    for group in sorted(of.unique()):
        if (of == group).sum() >= 5:
            curves[group] = curve(spells[of == group])
    return Staying(curves, _cohorts(spells, curve), _hazards(spells), column, len(spells), int(spells["lost"].sum()),
                   int((spells["entry_days"] > 0).sum()))  # fmt: skip


def _cohorts(spells: pd.DataFrame, curve: object) -> pd.DataFrame:
    rows = []
    watched = spells[spells["entry_days"] == 0]
    for year, part in watched.groupby(watched["start"].dt.year, sort=True):
        one = curve(part)
        shares = {f"year_{n}": (survival_at(one, 365.0 * n) or (None,))[0] for n in (1, 2, 3, 4)}
        rows.append({"cohort": str(year), "n_accounts": len(part), **shares})
    return pd.DataFrame(rows, columns=["cohort", "n_accounts", "year_1", "year_2", "year_3", "year_4"])


def _hazards(spells: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for year in range(1, 9):
        low, high = 365.25 * (year - 1), 365.25 * year
        if year == 8:
            high = np.inf
        watched = (spells["exit_days"].clip(upper=high) - spells["entry_days"].clip(lower=low)).clip(
            lower=0
        ).sum() / 365.25
        lost = int((spells["lost"] & (spells["exit_days"] > low) & (spells["exit_days"] <= high)).sum())
        if watched < 1:
            continue
        bounds = (chi2.ppf(0.025, 2 * lost) / 2 if lost else 0.0, chi2.ppf(0.975, 2 * (lost + 1)) / 2)
        rows.append(
            (f"{year}" if year < 8 else "8+", watched, lost, lost / watched, bounds[0] / watched, bounds[1] / watched)
        )
    return pd.DataFrame(rows, columns=["year", "account_years", "n_lost", "hazard", "low", "high"])
