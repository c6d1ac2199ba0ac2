"""Planning an experiment: whom to act on, whom to leave, and what could be seen by when."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.experiment.sequence import (
    GRID,
    evidence_against,
    log_likelihoods,
    prior_weights,
)
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError, ParameterError, first_offenders
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result

ARMS = {
    "act": _("act"),
    "hold_out": _("leave alone for now"),
    "pinned": _("act, outside the experiment"),
}
RATIOS = (0.4, 0.5, 0.6, 0.7, 0.8)
"""Loss hazards of acted-on accounts over held-out ones for which the power is stated."""
FEWEST_IN_GROUP = 4
"""Accounts from which a group has a lot of its own."""
SMALL_GROUPS = "small groups together"
ENOUGH = 0.8
"""Power from which an effect counts as one that the experiment would see."""


@dataclass(frozen=True)
class ExperimentPlan(Result):
    """An assignment by lot, with what it could show.

    Parameters
    ----------
    frame : DataFrame
        One row an account of the list, in its order: account_id, stratum, arm (act, hold_out,
        pinned), chance (of being acted on; 1 for pinned), and the list's own columns.
    power : DataFrame
        One row an assumed effect: ratio (hazard of acted on over held out), power, mean_months
        (until seen, where it is).
    start, due : Timestamp
        First and last day of the experiment.
    looks : int
        Looks between them, evenly spread; more would change nothing but when it is seen.
    base_rate : float
        Assumed share of held-out accounts that is lost between the two days.
    expected_ratio : float
        The ratio that the evidence is tuned to.
    random_state : int
        The lot.
    """

    frame: pd.DataFrame
    power: pd.DataFrame
    start: pd.Timestamp
    due: pd.Timestamp
    looks: int
    base_rate: float
    expected_ratio: float
    random_state: int

    @property
    def n_act(self) -> int:
        """Accounts drawn to be acted on."""
        return int((self.frame["arm"] == "act").sum())

    @property
    def n_hold(self) -> int:
        """Accounts drawn to be left alone."""
        return int((self.frame["arm"] == "hold_out").sum())

    @property
    def detectable(self) -> float | None:
        """The weakest stated effect (largest ratio) seen with power of at least `ENOUGH`."""
        seen = self.power.loc[self.power["power"] >= ENOUGH, "ratio"]
        return float(seen.max()) if len(seen) else None

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What the experiment will not be able to say, told before it starts."""
        told: list[Text] = []
        if self.detectable is None:
            told.append(
                _(
                    "With {act} acted on and {hold} held out, not even losses at {ratio} of their "
                    "usual rate would be seen with a power of {power} by {due}: this experiment "
                    "is too small to decide. Hold out more accounts, run it longer, or join it "
                    "with the next one.",
                    act=Quantity(self.n_act, "accounts"),
                    hold=Quantity(self.n_hold, "accounts"),
                    ratio=Quantity(min(RATIOS), "share"),
                    power=Quantity(ENOUGH, "share"),
                    due=self.due.date().isoformat(),
                )
            )
        told.append(
            _(
                "The stated power rests on an assumed loss rate of {rate} among held-out accounts.",
                rate=Quantity(self.base_rate, "share"),
            )
        )
        return tuple(told)

    def findings(self) -> list[Finding]:
        """Sizes of the arms, and the effect that could be seen."""
        found = self.detectable
        return [
            Finding(
                "experiment.n_held_out",
                self.n_hold,
                "accounts",
                _("Accounts held out by lot"),
                _("Accounts drawn to be left alone until the experiment is due."),
            ),
            Finding(
                "experiment.detectable_ratio",
                found,
                "share",
                _("Weakest effect that would be seen"),
                _(
                    "Largest ratio of loss hazards (acted on over held out) for which the "
                    "experiment, looked at as often as planned, tells an effect with a "
                    "probability of at least 80%; measured by simulation."
                ),
                n=self.n_act + self.n_hold,
                reason=None
                if found is not None
                else _("No stated effect would be seen often enough."),
            ),
        ]

    def table(self) -> Table:
        """The assignment, in the list's order."""
        return make_table(
            "experiment.plan",
            _("Who is acted on, and who is left alone by lot"),
            self.frame,
            "account_id",
            Column("stratum", _("Group of the lot")),
            Column("arm", _("Arm"), terms=ARMS),
        )

    def power_table(self) -> Table:
        """What could be seen by when."""
        return make_table(
            "experiment.power",
            _("What effect could be seen by when"),
            self.power,
            Column("ratio", _("Losses over their usual rate"), "share"),
            Column("power", _("Probability of being seen"), "probability"),
            Column("mean_months", _("Months until seen, on average"), "score"),
        )


def plan(
    accounts: pd.DataFrame,
    share: float = 0.3,
    random_state: int = 0,
    *,
    strata: Iterable[str] = ("tier", "region"),
    pinned: Iterable[str] = (),
    start: str = "2000-01-01",
    horizon_days: int = 365,
    looks: int = 12,
    base_rate: float | None = None,
    expected_ratio: float = 0.6,
    n_resamples: int = 1000,
) -> ExperimentPlan:
    """Which accounts of a list are left alone by lot, and what will that show by when?

    A list of accounts where acting or waiting is a close call → an assignment, stratified. Never
    hold out an account for which waiting is known to be wrong: pin it.

    Parameters
    ----------
    accounts : DataFrame
        account_id, and the columns of ``strata`` that it has. With ``low`` (lower bound of the
        expected gain), only accounts whose gain may be nil (``low`` ≤ 0) are a close call; the
        rest is pinned.
    share : float
        Share of the close calls to hold out, more than 0 and less than 1.
    random_state : int
        The lot; the same seed gives the same lot.
    strata : iterable of str
        Columns within whose combinations the lot is drawn; groups under four are drawn together.
    pinned : iterable of str
        Accounts that are acted on whatever the lot says; they take no part in the comparison.
    start : str
        Day on which acting begins.
    horizon_days, looks : int
        Length, and how often somebody will look.
    base_rate : float, optional
        Assumed share of held-out accounts lost by the end; by default the mean of the list's
        ``probability``.
    expected_ratio : float
        Ratio of loss hazards that the list promises.
    n_resamples : int
        Experiments simulated for each power.

    Returns
    -------
    ExperimentPlan

    Raises
    ------
    ParameterError
        ``share`` or ``base_rate`` out of range.
    AnalysisError
        Fewer than two accounts to draw among, an account twice, or no base rate.
    """
    if not 0 < share < 1:
        raise ParameterError("experiment, share", "more than 0 and less than 1", repr(share), "0.3")
    twice = accounts["account_id"][accounts["account_id"].duplicated()]
    if len(twice):
        raise AnalysisError(
            "experiment, accounts", "one row an account", first_offenders(twice), "drop the rest"
        )
    frame = accounts.reset_index(drop=True).copy()
    keep = frame["account_id"].astype(str).isin({str(one) for one in pinned})
    if "low" in frame:
        keep |= frame["low"] > 0
    close = frame[~keep]
    if len(close) < 2:
        raise AnalysisError(
            "experiment",
            "at least two accounts where acting or waiting is a close call",
            f"{len(close)} of {len(frame)}",
            "pin fewer accounts, or take a longer list",
        )
    rate = _base_rate(close, base_rate)
    groups = _strata(close, [name for name in strata if name in close])
    held = draw_lot(groups, share, np.random.default_rng(random_state))
    frame["stratum"] = groups.reindex(frame.index)
    frame["arm"] = "pinned"
    frame.loc[close.index, "arm"] = np.where(held, "hold_out", "act")
    drawn = frame.loc[close.index].groupby("stratum", observed=True)["arm"]
    frame["chance"] = 1.0
    frame.loc[close.index, "chance"] = drawn.transform(lambda arm: (arm == "act").mean())
    first = pd.Timestamp(start)
    power = measure_power(
        int((~held).sum()),
        int(held.sum()),
        rate,
        horizon_days=horizon_days,
        looks=looks,
        expected_ratio=expected_ratio,
        n_resamples=n_resamples,
        random_state=random_state,
    )
    due = first + pd.Timedelta(days=horizon_days)
    return ExperimentPlan(frame, power, first, due, looks, rate, expected_ratio, random_state)


def _base_rate(close: pd.DataFrame, given: float | None) -> float:
    if given is None and "probability" in close:
        given = float(close["probability"].mean())
    if given is None:
        raise AnalysisError(
            "experiment",
            "the share of accounts that is lost without acting",
            "neither base_rate nor a column 'probability'",
            "give base_rate, for example last year's loss rate",
        )
    if not 0 < given < 1:
        raise ParameterError(
            "experiment, base_rate", "more than 0, less than 1", repr(given), "0.1"
        )
    return given


def _strata(close: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The group of each account; small groups are drawn together."""
    if not columns:
        return pd.Series("all", close.index)
    parts = close[columns].astype(object).where(close[columns].notna(), "–").astype(str)
    names = parts[columns[0]].str.cat([parts[name] for name in columns[1:]], sep=" · ")
    names = names.where(names.map(names.value_counts()) >= FEWEST_IN_GROUP, SMALL_GROUPS)
    counts = names.value_counts()
    if 0 < counts.get(SMALL_GROUPS, 0) < FEWEST_IN_GROUP and len(counts) > 1:
        # A remainder too small for a lot of its own is drawn with the smallest group.
        counts = counts.drop(SMALL_GROUPS).sort_index()
        names = names.where(names != SMALL_GROUPS, str(counts.idxmin()))
    return names


def draw_lot(groups: pd.Series, share: float, rng: np.random.Generator) -> np.ndarray:
    """Who is held out: the nearest whole number in each group, the remainder by lot."""
    held = pd.Series(False, groups.index)
    for _name, members in groups.groupby(groups, sort=True):
        exact = share * len(members)
        take = int(exact) + int(rng.random() < exact - int(exact))
        held[rng.permutation(members.index.to_numpy())[:take]] = True
    if not held.any() or held.all():  # both arms must hold somebody
        held[groups.index[rng.integers(len(groups))]] ^= True
    return held.to_numpy()


def measure_power(
    n_act: int,
    n_hold: int,
    base_rate: float,
    *,
    horizon_days: int = 365,
    looks: int = 12,
    expected_ratio: float = 0.6,
    level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """How often would each assumed effect be told, and after how many months?

    Simulated with constant hazards and the same sequence that `evaluate` follows.

    Returns
    -------
    DataFrame
        ratio, power, mean_months: one row for each of `RATIOS`.
    """
    rng = np.random.default_rng(random_state)
    weights, bound = prior_weights(expected_ratio), np.log(1 / (1 - level))
    one = int(np.abs(GRID).argmin())
    hazard = -np.log1p(-base_rate) / horizon_days
    acted = np.arange(n_act + n_hold) < n_act
    ends = np.linspace(0, horizon_days, looks + 1)[1:]
    rows = []
    for ratio in RATIOS:
        months = []
        for _draw in range(n_resamples):
            when = rng.exponential(1 / np.where(acted, hazard * ratio, hazard))
            order = np.argsort(when)
            order = order[when[order] <= horizon_days]
            arm = acted[order]
            before = np.arange(len(order)) - np.cumsum(arm) + arm
            at_risk_act = n_act - (np.cumsum(arm) - arm)
            curves = log_likelihoods(
                arm, at_risk_act.astype(float), (n_hold - before).astype(float)
            )
            told = _first_told(curves, weights, bound, one, when[order], ends)
            if told is not None:
                months.append(told)
        mean = float(np.mean(months)) * 12 / 365 if months else float("nan")
        rows.append({"ratio": ratio, "power": len(months) / n_resamples, "mean_months": mean})
    return pd.DataFrame(rows)


def _first_told(
    curves: np.ndarray,
    weights: np.ndarray,
    bound: float,
    one: int,
    when: np.ndarray,
    ends: np.ndarray,
) -> float | None:
    """The day of the first look after losses were told to be rarer; None where they never were."""
    if not len(curves):
        return None
    against = evidence_against(curves, weights)[:, one]
    crossed = np.flatnonzero((against >= bound) & (GRID[curves.argmax(axis=1)] < 0))
    if not len(crossed):
        return None
    after = ends[ends >= when[crossed[0]]]
    return float(after[0]) if len(after) else None
