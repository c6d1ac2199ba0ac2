"""What the open deals let expect of next year, and how such expectations fared on earlier days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.pipeline.deals import KNOWN_SHARE, Deals, as_known
from kamresearch.analysis.pipeline.timing import YEAR, Timing, time_deals
from kamresearch.analysis.resampling import sums_of_draws
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

DAYS_TRIED = 8
LEAST_OPEN = 20
"""Open deals on an earlier day without which it is not tried."""
DRAWS = 1000
UNTRIED = _("No earlier day was a year back with {n} open deals.", n=LEAST_OPEN)
COLUMNS = ["day", "n_open", "open", "expected", "won", "share", "from_open"]


@dataclass(frozen=True)
class Coverage(Result):
    """Open deals against next year's goal.

    Parameters
    ----------
    frame : DataFrame
        day, n_open, open, expected, won, share, from_open: one row per earlier day. ``expected`` by
        what was known then; ``share`` of what was open was won within a year; ``from_open`` of
        what was won in that year was open at its start.
    unit : str
        ``money`` where open deals state their amounts, else ``count``: deals.
    """

    exports = (
        "pipeline.expected",
        "pipeline.coverage",
        "pipeline.open_yield",
        "pipeline.from_open",
        "pipeline.expected_hit",
    )
    shows = (Shown("pipeline.coverage", "table"),)

    frame: pd.DataFrame
    unit: str
    expected: float | None
    interval: Interval | None
    goal: float | None
    open_yield: float | None
    yield_interval: Interval | None
    from_open: float | None
    n_open: int
    as_of: pd.Timestamp
    reason: Message | None = None

    @property
    def ratio(self) -> float | None:
        """Expected over the goal."""
        return self.expected / self.goal if self.expected is not None and self.goal else None

    @property
    def hit(self) -> float | None:
        """Won over expected, all earlier days together; None where none could be tried."""
        told = self.frame[self.frame["expected"].notna()]
        total = float(told["expected"].sum())
        return float(told["won"].sum()) / total if total > 0 else None

    def why_not(self, id: str) -> Message | None:
        """No earlier day may have been tried."""
        return self.reason or (UNTRIED if self.frame.empty else None)

    def findings(self) -> list[Finding]:
        """What open deals let expect, how far that reaches, and how it fared before."""
        ahead = self.as_of + pd.Timedelta(days=1), self.as_of + pd.Timedelta(days=YEAR)
        period = tuple(one.date().isoformat() for one in ahead)
        untried = self.reason or UNTRIED
        common = {"n": self.n_open, "n_unit": "records", "period": period, "good": "up"}
        before = {"n": int(self.frame["n_open"].sum()), "n_unit": "records", "reason": untried}
        scale = 1 / self.goal if self.goal else None
        interval = self.interval
        if interval is not None and scale is not None:
            interval = Interval(interval.low * scale, interval.high * scale)
        return [
            Finding(
                "pipeline.expected",
                self.expected,
                self.unit,
                _("Expected of the open deals"),
                _(
                    "Σ over open deals of amount × chance to be won within a year at the deal’s "
                    "age; deals where amounts are not stated. Interval: the luck of the draw, "
                    "deals taken as independent."
                ),
                interval=self.interval,
                reason=self.reason,
                **common,
            ),
            Finding(
                "pipeline.coverage",
                self.ratio,
                "ratio",
                _("Open deals against next year’s goal"),
                _(
                    "Expected of the open deals over what was won in the last twelve months, plus "
                    "the growth asked for."
                ),
                interval=interval if self.ratio is not None else None,
                headline=self.ratio is not None,
                sentence=self.verdict(),
                reason=self.reason or _("Nothing was won in the last twelve months."),
                **common,
            ),
            Finding(
                "pipeline.open_yield",
                self.open_yield,
                "share",
                _("Yield of open deals"),
                _(
                    "Of what was open on earlier quarter days, the share won within a year; by "
                    "amount where open deals state one, else by deals. Interval over accounts."
                ),
                interval=self.yield_interval,
                good="up",
                **before,
            ),
            Finding(
                "pipeline.from_open",
                self.from_open,
                "share",
                _("Won from what was open at the start"),
                _("Of what was won in the year after earlier days, the share open on that day."),
                **before,
            ),
            Finding(
                "pipeline.expected_hit",
                self.hit,
                "ratio",
                _("Won over expected on earlier days"),
                _("What open deals brought within a year over what was expected of them then."),
                **before,
            ),
        ]

    def verdict(self) -> Message | None:
        """How far what is open reaches, and how far it used to; None where it cannot be told."""
        if self.ratio is None:
            return None
        share = Quantity(self.ratio, "net_share")
        if self.from_open is None:
            return _("The open deals let expect {share} of next year’s goal.", share=share)
        return _(
            "The open deals let expect {share} of next year’s goal; in the past {usual} of what a "
            "year brought was open at its start.",
            share=share,
            usual=Quantity(self.from_open, "share"),
        )

    def table(self) -> Table:
        """The earlier days on which it was tried."""
        return make_table(
            "pipeline.coverage",
            _("What became of open deals within a year"),
            self.frame,
            Column("day", _("Day"), "date"),
            Column("n_open", _("Open deals"), "count"),
            Column("open", _("Open"), self.unit),
            Column("expected", _("Expected then"), self.unit),
            Column("won", _("Won within a year"), self.unit),
            Column("share", _("Yield"), "share"),
            Column("from_open", _("Of all won in that year"), "share"),
        )


def cover(deals: Deals, timing: Timing, growth: float = 0.0, random_state: int = 0) -> Coverage:
    """How much of next year's goal do the open deals carry?

    Deals → Σ amount × chance to be won within a year at the deal's age, against last year's wins ×
    (1 + growth). Tried on up to eight earlier quarter days at least a year back: what was expected
    by what was known then, and what came. Amounts are those recorded today. A deal without a day
    of opening has no age and is left out.

    Parameters
    ----------
    deals : Deals
        From `read_deals`.
    timing : Timing
        From `time_deals` of the same deals.
    growth : float
        Growth asked for: 0.1 for a tenth more than in the last twelve months.
    random_state : int
        Of the bootstrap over accounts.
    """
    unit = _unit(deals.frame)
    year = pd.Timedelta(days=YEAR)
    last = deals.frame[deals.frame["closed"] > deals.as_of - year]
    goal = float(_weights(last[last["outcome"] == "won"], unit).sum()) * (1 + growth)
    expected, interval = _expect(deals, timing, unit)
    n_open = int(deals.open["days"].notna().sum())
    tried = [] if deals.reason or timing.reason else _try_back(deals, unit)
    open_yield, yield_interval, from_open = (
        _measure(pd.concat([part for _row, part in tried]), random_state)
        if tried
        else (None, None, None)
    )
    return Coverage(
        pd.DataFrame([row for row, _part in tried], columns=COLUMNS),
        unit,
        expected,
        interval,
        goal or None,
        open_yield,
        yield_interval,
        from_open,
        n_open,
        deals.as_of,
        deals.reason or timing.reason,
    )


def _unit(frame: pd.DataFrame) -> str:
    """Money where open and won deals state their amounts, else deals."""
    told = frame["amount"].notna()
    stated = [told[frame["outcome"] == one].mean() >= KNOWN_SHARE for one in ("open", "won")]
    return "money" if all(stated) else "count"


def _weights(frame: pd.DataFrame, unit: str) -> pd.Series:
    if unit == "money":
        return frame["amount"].fillna(0.0).astype(float)
    return pd.Series(1.0, index=frame.index)


def _expect(deals: Deals, timing: Timing, unit: str) -> tuple[float | None, Interval | None]:
    if deals.reason or timing.reason:
        return None, None
    dated = deals.open[deals.open["days"].notna()]
    weight = _weights(dated, unit).to_numpy()
    chance = timing.chance(dated["days"].to_numpy(float) + 0.5, YEAR)
    mean = float((weight * chance).sum())
    spread = 1.96 * float(np.sqrt((weight**2 * chance * (1 - chance)).sum()))
    return mean, Interval(max(mean - spread, 0.0), mean + spread) if spread > 0 else None


def _try_back(deals: Deals, unit: str) -> list[tuple[dict, pd.DataFrame]]:
    """Earlier quarter days: a row for the table, and the deals behind it."""
    year, found = pd.Timedelta(days=YEAR), []
    for back in range(DAYS_TRIED):
        day = deals.as_of - year - pd.DateOffset(months=3 * back)
        then = as_known(deals, day)
        if len(then.open) < LEAST_OPEN:
            continue
        closed = deals.frame["closed"]
        won = (deals.frame["outcome"] == "won") & (closed > day) & (closed <= day + year)
        was_open = deals.frame.index.isin(then.open.index)
        part = deals.frame.assign(weight=_weights(deals.frame, unit), won=won, was_open=was_open)
        part = part[won | was_open]
        held, weight = part[part["was_open"]], part["weight"]
        total, brought = float(held["weight"].sum()), float(weight[part["won"]].sum())
        kept = float(held.loc[held["won"], "weight"].sum())
        row = {
            "day": day.date().isoformat(),
            "n_open": len(held),
            "open": total,
            "expected": _expect(then, time_deals(then), unit)[0],
            "won": kept,
            "share": kept / total if total else None,
            "from_open": kept / brought if brought else None,
        }
        found.append((row, part))
    return found


def _measure(cases: pd.DataFrame, seed: int) -> tuple[float | None, Interval | None, float | None]:
    """Yield over all days tried with its interval, and the part of wins that was open before."""
    both = cases["weight"].where(cases["was_open"] & cases["won"], 0.0)
    sums = (
        pd.DataFrame(
            {
                "both": both,
                "open": cases["weight"].where(cases["was_open"], 0.0),
                "won": cases["weight"].where(cases["won"], 0.0),
            }
        )
        .groupby(cases["account_id"].fillna(cases["opportunity_id"]), sort=True)
        .sum()
    )
    total = sums.sum()
    if not total["open"] > 0:
        return None, None, None
    rng = np.random.default_rng(seed)
    columns = sums["both"].to_numpy(), sums["open"].to_numpy()
    kept, held = sums_of_draws(columns, DRAWS, rng)
    low, high = np.quantile(kept[held > 0] / held[held > 0], [0.025, 0.975])
    interval = Interval(float(low), float(high)) if high > low else None
    usual = float(total["both"] / total["won"]) if total["won"] > 0 else None
    return float(total["both"] / total["open"]), interval, usual
