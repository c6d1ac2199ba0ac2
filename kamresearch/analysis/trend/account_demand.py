"""Accounts that order now and then: what the next quarter may bring from each, and whether
that beats a naive answer.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.trend.intermittent import (
    Demand,
    are_intermittent,
    draw_totals,
    smooth_demands,
)
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

HORIZON = 3
"""Months ahead: a quarter."""
ORIGINS = 4
"""Quarters that are forecast again from their own past."""
LEAST_MONTHS = 12
LEAST_TESTS = 20
DRAWS = 2000
MOST_DRIFT = 4.0
"""The whole is moved by no more than this factor up or down."""
BLOCK = 10_000
"""Accounts drawn for at a time."""
TESTED = 20_000
"""Accounts of the backtest at most, spread evenly: its coverage is then sure to .3 points."""
METHODS = {
    "intermittent": _("chance and size apart"),
    "mean": _("mean of all past months"),
    "last": _("last quarter again"),
    "zero": _("no order at all"),
}


@dataclass(frozen=True)
class AccountDemand(Result):
    """The next quarter's orders of the accounts with intermittent demand.

    Parameters
    ----------
    frame : DataFrame
        account_id, n_months, months_ordering (share), months_since, chance, expected, low, high:
        one row per account, orders
        of the next three months with their 80 % interval, most expected first.
    backtest : DataFrame
        method, mae, rmse, bias: errors of a quarter's orders in the last four quarters, the same
        for each method.
    coverage : float or None
        Share of those quarters inside the 80 % interval.
    n_tests : int
        Accounts times quarters behind both (of very many accounts some, spread evenly).
    n_accounts : int
        Accounts with at least twelve months.
    total : tuple of float or None
        Orders expected from all of them together, and their 80 % interval: the chance of each
        account, and how far all together were missed in past quarters beyond chance.
    """

    exports = (
        "trend.intermittent_accounts",
        "trend.intermittent_expected",
        "trend.intermittent_skill",
        "trend.intermittent_coverage",
    )
    shows = (Shown("trend.intermittent"), Shown("trend.intermittent_table", "table"))

    frame: pd.DataFrame
    backtest: pd.DataFrame
    coverage: float | None
    n_tests: int
    n_accounts: int
    total: tuple[float, float, float] | None
    caveats: tuple[Message, ...] = ()

    @property
    def reason(self) -> Message | None:
        """Why there is nothing to show; None where there is."""
        if len(self.frame):
            return None
        return _(
            "No account of {n} with at least {least} months orders only now and then.",
            n=self.n_accounts,
            least=LEAST_MONTHS,
        )

    @property
    def skill(self) -> float | None:
        """Root mean squared error over that of the best naive rival."""
        if self.n_tests < LEAST_TESTS:
            return None
        errors = self.backtest.set_index("method")["rmse"]
        rival = float(errors.drop("intermittent").min())
        return float(errors["intermittent"]) / rival if rival > 0 else None

    def findings(self) -> list[Finding]:
        """How many such accounts there are, what they may order, and how good that forecast
        has been.
        """
        few = _("Too few quarters for a backtest.")
        return [
            Finding(
                "trend.intermittent_accounts",
                len(self.frame),
                "accounts",
                _("Accounts that order now and then"),
                _(
                    "Accounts with at least {months} months, of which at least 35% brought "
                    "no order.",
                    months=LEAST_MONTHS,
                ),
                n=self.n_accounts,
                n_unit="accounts",
                figure="trend.intermittent",
            ),
            Finding(
                "trend.intermittent_expected",
                None if self.total is None else self.total[0],
                "orders",
                _("Orders expected from them in the next quarter"),
                _(
                    "Chance of an order times its size, summed, moved by the season that all "
                    "accounts together show where more than a year is known; interval 80%, from "
                    "the chance of each account and, where past quarters tell it, how far all "
                    "together were missed in them."
                ),
                interval=None if self.total is None else Interval(*self.total[1:], 0.8),
                n=len(self.frame),
                n_unit="accounts",
                good="up",
                figure="trend.intermittent",
                sentence=self._sentence(),
                reason=self.reason,
            ),
            Finding(
                "trend.intermittent_skill",
                self.skill,
                "ratio",
                _("Error for these accounts against the best naive one"),
                _(
                    "Root mean squared error of a quarter’s orders over that of the best "
                    "of: the past mean, the last quarter "
                    "again, no order; below 1 is better."
                ),
                n=self.n_tests,
                n_unit="count",
                good="down",
                figure="trend.intermittent",
                reason=few if self.skill is None else None,
            ),
            Finding(
                "trend.intermittent_coverage",
                self.coverage,
                "share",
                _("Measured coverage of their 80% intervals"),
                _("Share of the quarters of the backtest inside the interval made before them."),
                n=self.n_tests,
                n_unit="count",
                figure="trend.intermittent",
                reason=few if self.coverage is None else None,
            ),
        ]

    def _sentence(self) -> Message | None:
        if self.skill is None or self.total is None:
            return None
        verdict = (
            _("in the last four quarters that was better than every naive forecast")
            if self.skill < 1
            else _("in the last four quarters a naive forecast was at least as good")
        )
        return _(
            "{n} accounts order only now and then; together they may bring {expected} "
            "orders in the next quarter; {verdict}.",
            n=len(self.frame),
            expected=Quantity(float(round(self.total[0])), "count"),
            verdict=verdict,
        )

    def table(self) -> Table:
        """The accounts, most expected first."""
        return make_table(
            "trend.intermittent_table",
            _("Accounts that order now and then: the next quarter"),
            self.frame,
            "account_id",
            Column("expected", _("Orders expected"), "ratio"),
            Column("low", _("80%, from"), "count"),
            Column("high", _("80%, to"), "count"),
            Column("chance", _("Chance of an order in a month"), "share"),
            Column("months_ordering", _("Months with an order so far"), "share"),
            Column("months_since", _("Months since the last order"), "months"),
            Column("n_months", _("Months known"), "months"),
        )


def forecast_accounts(
    months: pd.DataFrame, as_of: str, random_state: int = 0, lost: Collection[str] = ()
) -> AccountDemand:
    """What may the accounts that order only now and then bring in the next quarter?

    Account-months → one row per account with intermittent demand, and a backtest over the last four
    quarters in which the
    same accounts are told by what was known then.

    Parameters
    ----------
    months : DataFrame
        account_id, month (first day), n_orders; months without an order are rows with 0.
    as_of : str
        A month that has not ended by then is left out.
    random_state : int
        Of the drawn intervals.
    lost : collection of str
        Accounts known to be lost: nothing is expected of them. In the backtest they count as what
        they were then.

    Notes
    -----
    It knows nothing of contracts. All expectations move together by the season that all accounts
    together show, and by what the last quarters brought of what was expected of them: demand that
    dies shows in the whole long before it shows in one account. The mean absolute error favours
    whoever says zero where most quarters are empty; the squared error favours whoever is right on
    average, which is what a plan needs. Both are shown.

    References
    ----------
    Teunter, Syntetos and Babai (2011), European Journal of Operational Research 214; Kolassa
    (2016), International Journal
    of Forecasting 32 (why absolute errors mislead for such series).
    """
    grid = _spread(months, as_of)
    rest = grid[~grid.index.isin(list(lost))]
    chosen, values = _choose(rest)
    rng = np.random.default_rng(random_state)
    demand = smooth_demands(values) if len(values) else Demand(*np.zeros((3, 0)))
    past = _shortfalls(rest)
    drift = _drift(past, grid.shape[1])
    # Those not lost are known to have lasted: their past looks better than what is to come.
    drift = min(drift, 1.0) if len(lost) else drift
    demand = _move(demand, drift * _season(rest, grid.shape[1]))
    bounds, together = _draw(values, demand, rng)
    together = together * _common(past, rng)
    backtest, coverage, n_tests = _test(grid, rng)
    total = (
        None
        if not len(values)
        else (float(HORIZON * demand.mean.sum()), *_quantiles(together[None])[:, 0])
    )
    frame = _describe(chosen, values, demand, bounds)
    caveats = (
        (
            _(
                "This forecast knows no contract, and of the season what all accounts together "
                "show, not the single account's own."
            ),
        )
        if len(frame)
        else ()
    )
    return AccountDemand(
        frame,
        backtest,
        coverage,
        n_tests,
        int((np.isfinite(grid).sum(axis=1) >= LEAST_MONTHS).sum()),
        total,
        caveats,
    )


def _spread(months: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """Accounts as rows, whole months as columns, NaN before an account begins."""
    ended = pd.to_datetime(months["month"]) + pd.offsets.MonthEnd(0) <= pd.Timestamp(as_of)
    wide = months[ended].pivot_table(
        index="account_id", columns="month", values="n_orders", observed=True, sort=True
    )
    return wide.astype(float)


def _choose(grid: pd.DataFrame) -> tuple[pd.Index, np.ndarray]:
    """The accounts with intermittent demand as far as the grid goes, and their months."""
    values = grid.to_numpy()
    keep = (np.isfinite(values).sum(axis=1) >= LEAST_MONTHS) & are_intermittent(values)
    return grid.index[keep], values[keep]


def _draw(
    values: np.ndarray, demand: Demand, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds (2, series) of each series' interval, and all series together (draws,); a block
    at a time, for a million accounts.
    """
    bounds, together = np.zeros((2, len(values))), np.zeros(DRAWS)
    for start in range(0, len(values), BLOCK):
        rows = slice(start, start + BLOCK)
        part = Demand(demand.chance[rows], demand.size[rows], demand.memory[rows])
        totals = draw_totals(values[rows], part, HORIZON, rng, DRAWS)
        bounds[:, rows] = _quantiles(totals)
        together += totals.sum(axis=0)
    return bounds, together


def _quantiles(totals: np.ndarray) -> np.ndarray:
    """Whole orders: bounds (2, series) of the 80 % interval."""
    return np.quantile(totals, [0.1, 0.9], axis=1, method="inverted_cdf").round()


def _describe(
    accounts: pd.Index, values: np.ndarray, demand: Demand, bounds: np.ndarray
) -> pd.DataFrame:
    low, high = bounds
    known, ordered = np.isfinite(values), values > 0
    since = ordered[:, ::-1].argmax(axis=1) if len(values) else np.zeros(0)
    frame = pd.DataFrame(
        {
            "account_id": accounts.astype(str),
            "n_months": known.sum(axis=1),
            "months_ordering": ordered.sum(axis=1) / known.sum(axis=1),
            "months_since": since,
            "chance": demand.chance,
            "expected": HORIZON * demand.mean,
            "low": low,
            "high": high,
        }
    )
    return frame.sort_values(["expected", "account_id"], ascending=[False, True], ignore_index=True)


def _season(grid: pd.DataFrame, end: int) -> float:
    """By what factor the quarter after ``end`` months lies above a usual one, as all accounts
    together show: the mean over the years of a month's orders over the twelve around it
    (logarithms), drawn to none as if one more year had shown none.
    """
    if end <= LEAST_MONTHS:
        return 1.0
    whole = grid.iloc[:, :end].sum()
    # twelve months have no middle: the mean of two such years, half a month apart, has one
    around = whole.rolling(12).mean().rolling(2).mean().shift(-6)
    known = (whole > 0) & around.notna()
    ratios = np.log(whole[known] / around[known])
    by_month = ratios.groupby(ratios.index.month)
    factors = np.exp(by_month.sum() / (by_month.size() + 1))
    last = pd.Timestamp(grid.columns[end - 1])
    coming = [(last + pd.DateOffset(months=ahead)).month for ahead in range(1, HORIZON + 1)]
    return float(factors.reindex(coming).fillna(1.0).mean())


def _common(past: dict[int, tuple[float, float]], rng: np.random.Generator) -> np.ndarray:
    """Factors (draws,) by which all accounts may err together: as far as they did in past quarters
    beyond what chance alone brings, wider the fewer there were.
    """
    misses = [
        (short - np.log(_drift(past, end))) ** 2 - 1 / came
        for end, (short, came) in past.items()
        if _drift_rests_on(past, end)
    ]
    if not misses:
        return np.ones(DRAWS)
    spread = np.sqrt(max(float(np.mean(misses)), 0.0))
    return np.exp(spread * rng.standard_t(len(misses), DRAWS))


def _shortfalls(grid: pd.DataFrame) -> dict[int, tuple[float, float]]:
    """Months known → how far the orders of the next quarter fell short of (below zero) or went
    beyond what was expected of all accounts together, as a logarithm; and how many came.
    """
    found = {}
    for back in range(2 * ORIGINS, 0, -1):
        end = grid.shape[1] - back * HORIZON
        chosen, values = _choose(grid.iloc[:, : max(end, 0)])
        if end < LEAST_MONTHS or not len(values):
            continue
        came = float(grid.loc[chosen].to_numpy()[:, end : end + HORIZON].sum())
        said = float(HORIZON * smooth_demands(values).mean.sum()) * _season(grid, end)
        if came > 0 and said > 0:
            found[end] = float(np.log(came / said)), came
    return found


def _drift_rests_on(past: dict[int, tuple[float, float]], end: int) -> list[float]:
    return [past[at][0] for at in past if end - ORIGINS * HORIZON <= at <= end - HORIZON]


def _drift(past: dict[int, tuple[float, float]], end: int) -> float:
    """By what factor to move all expectations: single accounts order too rarely to show that demand
    is dying, all together show it. From the four quarters before ``end``, drawn to none as if one
    more had shown none. Tried on simulated accounts alone (chances steady or falling by 5 or 10 % a
    month).
    """
    known = _drift_rests_on(past, end)
    limit = np.log(MOST_DRIFT)
    return float(np.exp(np.clip(sum(known) / (len(known) + 1), -limit, limit)))


def _move(demand: Demand, drift: float) -> Demand:
    return Demand(np.minimum(demand.chance * drift, 0.99), demand.size, demand.memory)


def _test(grid: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, float | None, int]:
    """Errors of each method, and coverage, over the last four quarters."""
    errors: dict[str, list[np.ndarray]] = {name: [] for name in METHODS}
    inside = []
    past = _shortfalls(grid)
    tested = grid.iloc[:: max(1, -(-len(grid) // TESTED))]
    for back in range(ORIGINS, 0, -1):
        end = grid.shape[1] - back * HORIZON
        if end < LEAST_MONTHS:
            continue
        chosen, values = _choose(tested.iloc[:, :end])
        if not len(values):
            continue
        came = tested.loc[chosen].to_numpy()[:, end : end + HORIZON].sum(axis=1)
        demand = _move(smooth_demands(values), _drift(past, end) * _season(grid, end))
        (low, high), _together = _draw(values, demand, rng)
        inside.append((came >= low) & (came <= high))
        said = {
            "intermittent": HORIZON * demand.mean,
            "mean": HORIZON * np.nanmean(values, axis=1),
            "last": values[:, -HORIZON:].sum(axis=1),
            "zero": np.zeros(len(values)),
        }
        for name, forecast in said.items():
            errors[name].append(forecast - came)
    if not inside:
        return pd.DataFrame(columns=["method", "mae", "rmse", "bias"]), None, 0
    joined = {name: np.concatenate(parts) for name, parts in errors.items()}
    rows = [
        {
            "method": name,
            "mae": np.abs(one).mean(),
            "rmse": np.sqrt((one**2).mean()),
            "bias": one.mean(),
        }
        for name, one in joined.items()
    ]
    return pd.DataFrame(rows), float(np.concatenate(inside).mean()), len(joined["zero"])
