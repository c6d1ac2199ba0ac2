"""What goes with a mark: late answers, open complaints, visits, late deliveries."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

from kamresearch.analysis.service.care import YEAR
from kamresearch.analysis.service.marks import Marks
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

if TYPE_CHECKING:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

LEAST = 100
"""Marks without which nothing is told."""
LEAST_WITH = 10
"""Marks with a driver, and without it, below which it is left out."""
STEPS = 8
"""Marks are taken together until each step holds an eighth of them: what is rare tells little of
its own, and costs a threshold."""
MOST_VISITS = 4
DRAWS = 400
DRIVERS = {
    "late": _("each complaint of the year that waited beyond the limit"),
    "open": _("a complaint open on the day of the mark"),
    "visits": _("each visit of the year, up to four"),
    "delays": _("each late delivery of the year"),
}
NO_TABLE = _("This needs the table “service_events” beside the marks.")
_RARE = _("Fewer than {n} marks come with it, or without it.", n=LEAST_WITH)
FRAME = ["driver", "n_with", "strength", "low", "high", "points", "points_low", "points_high"]


@dataclass(frozen=True)
class Drivers(Explained):
    """How marks go with what came before them.

    Parameters
    ----------
    frame : DataFrame
        driver, n_with (marks that come with it), strength with low and high (of the hidden opinion,
        in its standard deviations), points with points_low and points_high (of the mean mark):
        one row per driver that enough marks come with.
    """

    exports = tuple(f"service.driver_{name}" for name in DRIVERS)
    shows = (Shown("service.drivers"), Shown("service.drivers", "table"))

    frame: pd.DataFrame
    n: int
    n_accounts: int
    scale: int
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """Points of the mean mark that go with each driver."""
        rows = {row["driver"]: row for row in self.frame.to_dict("records")}
        definition = _(
            "Ordered probit of the mark on what the year before it held (late answers, open "
            "complaints, visits, late deliveries together), errors clustered by account; told as "
            "the change of the mean mark when this one changes and the others stay. An "
            "association: no one drew by lot who is visited."
        )
        return [
            Finding(
                f"service.driver_{name}",
                rows[name]["points"] if name in rows else None,
                "score",
                _("Mark that goes with {driver}", driver=label),
                definition,
                interval=Interval(rows[name]["points_low"], rows[name]["points_high"])
                if name in rows
                else None,
                n=self.n,
                n_unit="records",
                figure="service.drivers",
                reason=self.reason or _RARE,
            )
            for name, label in DRIVERS.items()
        ]

    def closing(self) -> tuple[Message, ...]:
        """Which go with a mark, and that this is no proof."""
        if self.reason is not None:
            return ()
        sure = self.frame[(self.frame["points_low"] > 0) | (self.frame["points_high"] < 0)]
        if sure.empty:
            return (_("None of them goes with a mark that could be told from chance."),)
        first = sure.loc[sure["points"].abs().idxmax()]
        return (
            _(
                "Strongest is {driver}: {points} of a mark ({low} to {high}). That it makes the "
                "mark is not shown: no one drew by lot who waits and who is visited.",
                driver=DRIVERS[first["driver"]],
                points=Quantity(first["points"], "score", signed=True),
                low=Quantity(first["points_low"], "score", signed=True),
                high=Quantity(first["points_high"], "score", signed=True),
            ),
        )

    def minding(self) -> tuple[Message, ...]:
        """What the model takes for granted."""
        return (
            _(
                "The same step of a driver is taken to move every mark alike, and what nobody "
                "wrote down (the price, the person) may stand behind both."
            ),
        )

    def table(self) -> Table:
        """Driver by driver."""
        return make_table(
            "service.drivers",
            _("What goes with a better or a worse mark"),
            self.frame[["driver", "n_with", "points", "points_low", "points_high"]],
            Column("driver", _("What came before"), terms=DRIVERS),
            Column("n_with", _("Marks with it"), "count"),
            Column("points", _("Points of the mark"), "score"),
            Column("points_low", _("Lower bound"), "score"),
            Column("points_high", _("Upper bound"), "score"),
        )


def weigh_drivers(tables: Tables, marks: Marks, limit_days: int) -> Drivers:
    """What goes with satisfaction?

    Marks of one scale and ``service_events`` of the year before each → points of the mean mark
    that go with a late answer, an open complaint, a visit and a late delivery, all others alike.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``service_events`` the result holds the reason.
    marks : Marks
        From `read_marks`.
    limit_days : int
        Days after which an answer to a complaint is late.

    Notes
    -----
    Ordered probit: P(mark ≤ k) = Φ(θₖ − xβ), by `statsmodels` ``OrderedModel``, errors clustered by
    account (accounts that differ for reasons of their own make β smaller, not wrong in sign).
    Points: mean over marks of E[mark | driver one higher] − E[mark | as it is]; bounds by draws
    of β and θ. A mark given before the events had been recorded for a year is left out. Guard: 100
    marks of 30 accounts that are not all alike.

    References
    ----------
    Agresti (2010), *Analysis of Ordinal Categorical Data*, 2nd ed., section 5.
    """
    nothing = pd.DataFrame(columns=FRAME)
    if marks.reason is not None:
        return Drivers(nothing, 0, 0, marks.scale, marks.reason)
    if not tables.has("service_events"):
        return Drivers(nothing, 0, 0, marks.scale, NO_TABLE)
    rows = _add_causes(marks.rows, tables.frame("service_events"), limit_days)
    n, n_accounts = len(rows), rows["account_id"].nunique()
    used = [
        name
        for name in DRIVERS
        if min((rows[name] > 0).sum(), (rows[name] == 0).sum()) >= LEAST_WITH
    ]
    step = _step(rows["mark"].to_numpy()) if n else np.array([])
    if n < LEAST or n_accounts < 30 or not used or len(np.unique(step)) < 2:
        few = _("{n} marks of {m} accounts, too few or too alike to tell.", n=n, m=n_accounts)
        return Drivers(nothing, n, n_accounts, marks.scale, few)
    frame = _fit(rows, step, used)
    if frame is None:
        apart = _("The marks lie apart by what came before them: no like ones to compare.")
        return Drivers(nothing, n, n_accounts, marks.scale, apart)
    return Drivers(frame, n, n_accounts, marks.scale)


def _add_causes(rows: pd.DataFrame, events: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Each mark with what the year before it held."""
    began = events["event_date"].min()
    rows = rows[rows["date"] >= began + YEAR].reset_index(drop=True)
    both = rows[["account_id", "date"]].reset_index()
    both = both.merge(events, on="account_id", how="inner", validate="many_to_many")
    age = (both["date"] - both["event_date"]).dt.days
    both = both.assign(age=age)[(age >= 0) & (age < YEAR.days)]
    complaint = both["kind"] == "complaint"
    solved = both["resolved_days"] <= both["age"]
    waited = both["resolved_days"].where(solved, both["age"])
    found = {
        "late": complaint & (waited > limit),
        "open": complaint & ~solved,
        "visits": both["kind"] == "visit",
        "delays": both["kind"] == "delivery_delay",
    }
    most = {"open": 1, "visits": MOST_VISITS}
    for name, flag in found.items():
        count = both.loc[flag, "index"].value_counts().reindex(rows.index, fill_value=0)
        rows[name] = count.clip(upper=most.get(name)).astype(float)
    return rows


def _step(marks: np.ndarray) -> np.ndarray:
    """Neighbouring marks taken together until each step holds its share."""
    values, counts = np.unique(marks, return_counts=True)
    steps, step, held = [], 0, 0
    for count in counts:
        steps.append(step)
        held += int(count)
        if held * STEPS >= len(marks):
            step, held = step + 1, 0
    if held and step:  # what is left at the top joins the step below
        steps = [min(one, step - 1) for one in steps]
    return np.array(steps)[np.searchsorted(values, marks)]


def _fit(rows: pd.DataFrame, step: np.ndarray, used: list[str]) -> pd.DataFrame | None:
    """One row a driver; None where the likelihood has no top."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    design = rows[used].to_numpy(float)
    model = OrderedModel(step, design, distr="probit")
    groups = pd.factorize(rows["account_id"])[0]
    with warnings.catch_warnings():  # a fit without a top is told by what it gives
        warnings.simplefilter("ignore")
        fit = model.fit(
            method="bfgs", maxiter=300, disp=0, cov_type="cluster", cov_kwds={"groups": groups}
        )
    k = len(used)
    found, spread = np.asarray(fit.params, float), np.asarray(fit.cov_params(), float)
    error = np.sqrt(np.diag(spread)[:k])
    if not (np.isfinite(spread).all() and (error > 0).all() and (error < 3).all()):
        return None
    height = rows.groupby(step)["mark"].mean().to_numpy()
    draws = np.vstack([found, np.random.default_rng(0).multivariate_normal(found, spread, DRAWS)])
    points = np.array([_points(one, design, used, height, model) for one in draws])
    low, high = np.quantile(points[1:], [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {
            "driver": used,
            "n_with": (design > 0).sum(axis=0),
            "strength": found[:k],
            "low": found[:k] - 1.96 * error,
            "high": found[:k] + 1.96 * error,
            "points": points[0],
            "points_low": low,
            "points_high": high,
        }
    )[FRAME]


def _points(
    drawn: np.ndarray,
    design: np.ndarray,
    used: list[str],
    height: np.ndarray,
    model: "OrderedModel",
) -> np.ndarray:
    """Change of the mean mark that goes with one more of each driver."""
    slope = drawn[: design.shape[1]]
    cuts = model.transform_threshold_params(drawn)[1:-1]
    rises = np.diff(height)

    def mean_mark(opinion: np.ndarray) -> float:
        return float((ndtr(opinion[:, None] - cuts) @ rises).mean())

    now = design @ slope
    told = []
    for place, name in enumerate(used):
        if name == "open":  # there or not, whatever it was
            rest = now - design[:, place] * slope[place]
            told.append(mean_mark(rest + slope[place]) - mean_mark(rest))
        else:
            told.append(mean_mark(now + slope[place]) - mean_mark(now))
    return np.array(told)
