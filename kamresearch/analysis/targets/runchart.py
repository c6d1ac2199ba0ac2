"""A run chart with limits: does the share lost per period move more than chance moves it?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.targets.panel import loss_panel
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

RUN_LENGTH = 8
"""Fewest points on one side of the centre that are a signal; long charts ask for more."""
FALSE_SIGNALS = 0.05
"""Share of charts without any change that may show a signal, over all their quarters together."""
DRAWS = 1000
SIGNALS = {
    "none": _("within limits"),
    "above": _("above the limit"),
    "below": _("below the limit"),
    "run": _("in a long run on one side"),
}


@dataclass(frozen=True)
class RunChart(Result):
    """Shares lost per period with centre and limits."""

    exports = ("targets.quarterly_loss_share", "targets.n_signals")
    shows = (Shown("targets.run_chart"), Shown("targets.run_chart", "table"))

    frame: pd.DataFrame
    """period (first day), n, lost, share, low, high (limits), signal"""
    centre: float | None
    n_baseline: int
    overdispersion: float
    caveats: tuple[Text, ...]
    run_length: int = RUN_LENGTH

    @property
    def signals(self) -> pd.DataFrame:
        """Periods with a signal."""
        return self.frame[self.frame["signal"] != "none"]

    def verdict(self) -> Text:
        """Whether the series tells more than chance."""
        if self.centre is None:
            return self.caveats[0]
        if len(self.signals):
            return _(
                "Verdict: {k} quarters differ from the rest by more than chance; look for "
                "what happened then.",
                k=len(self.signals),
            )
        return _(
            "Verdict: no quarter differs from the rest by more than chance; a rise or fall "
            "from one quarter to the next tells nothing by itself."
        )

    def closing(self) -> tuple[Text, ...]:
        """Whether losses move more than chance."""
        return (self.verdict(),)

    def findings(self) -> list[Finding]:
        """Centre and signals."""
        n, reason = len(self.frame), _("Too few quarters.")
        return [
            Finding(
                "targets.quarterly_loss_share",
                self.centre,
                "share",
                _("Accounts lost per quarter, in the baseline"),
                _(
                    "Losses over accounts at risk at the start of the quarter or joining "
                    "in it, over the first {n} quarters.",
                    n=self.n_baseline,
                ),
                n=int(self.frame["n"].iloc[: self.n_baseline].sum()),
                n_unit="records",
                good="down",
                figure="targets.run_chart",
                reason=reason,
            ),
            Finding(
                "targets.n_signals",
                len(self.signals) if n else None,
                "count",
                _("Quarters that chance alone does not explain"),
                _(
                    "Quarters beyond the limits, or in a run of {run} on one side of the centre; "
                    "both are set so that of such charts without any change {share} show a signal "
                    "in any of their {n} quarters.",
                    run=self.run_length,
                    share=Quantity(FALSE_SIGNALS, "share"),
                    n=n,
                ),
                n=n,
                n_unit="count",
                figure="targets.run_chart",
                reason=reason,
                sentence=_(
                    "{k} of {n} quarters lie beyond what chance explains.", k=len(self.signals), n=n
                )
                if n
                else None,
            ),
        ]

    def table(self) -> Table:
        """Period by period."""
        return make_table(
            "targets.run_chart",
            _("Accounts lost, quarter by quarter"),
            self.frame.assign(period=self.frame["period"].dt.strftime("%Y-%m")),
            "period",
            Column("n", _("At risk"), "accounts"),
            Column("lost", _("Lost"), "accounts"),
            "share",
            Column("low", _("Lower limit"), "share"),
            Column("high", _("Upper limit"), "share"),
            Column("signal", _("Signal"), terms=SIGNALS),
        )


def chart_losses(
    accounts: pd.DataFrame, churn_events: pd.DataFrame, as_of: str, *, baseline: int = 8
) -> RunChart:
    """Does the share of accounts lost each quarter move more than chance would move it?

    Parameters
    ----------
    accounts, churn_events
        As `loss_panel` takes them.
    as_of : str
        The day.
    baseline : int
        So many first quarters set the centre.
    """
    panel = loss_panel(accounts, churn_events, as_of)
    counts = (
        panel.groupby("period", sort=True)
        .agg(n=("account_id", "size"), lost=("lost", "sum"))
        .reset_index()
    )
    return chart_shares(counts, baseline=baseline)


def chart_shares(counts: pd.DataFrame, *, baseline: int = 8) -> RunChart:
    """Centre, limits and signals of counts per period.

    Parameters
    ----------
    counts : DataFrame
        period, n, lost; in order of time.
    baseline : int
        So many first periods set the centre.

    Returns
    -------
    RunChart
        Limits are the binomial's 0.135 % and 99.865 % points, widened by the baseline's
        overdispersion where its chi-square
        per degree of freedom is above 1 (large samples make plain limits too narrow), and again,
        with the length of a run, until simulated charts of the same sizes without a change show a
        signal in one of twenty: plain rules did in a third of charts of forty quarters.

    With fewer than four periods there is no centre, no limit and no signal, and the caveat says so.
    """
    from scipy.stats import binom

    counts = counts[counts["n"] > 0].reset_index(drop=True)
    if len(counts) < 4:
        caveat = _(
            "Only {n} whole quarters with accounts at risk: too few for a run chart.", n=len(counts)
        )
        return RunChart(
            counts.head(0).assign(share=[], low=[], high=[], signal=[]), None, 0, 1.0, (caveat,)
        )
    first = counts.head(max(3, min(baseline, len(counts) - 1)))
    centre = float(first["lost"].sum() / first["n"].sum())
    spread = centre * (1 - centre)
    chi = (
        float(
            (((first["lost"] - first["n"] * centre) ** 2) / (first["n"] * spread)).sum()
            / (len(first) - 1)
        )
        if spread > 0
        else 1.0
    )
    widen = np.sqrt(max(1.0, chi))
    n, share = counts["n"].to_numpy(), (counts["lost"] / counts["n"]).to_numpy()
    low, high = binom.ppf(0.00135, n, centre) / n, binom.ppf(0.99865, n, centre) / n
    factor, run_length = _calibrate(n, len(first), centre, centre - low, high - centre)
    widen *= factor
    low, high = (
        np.maximum(0, centre - widen * (centre - low)),
        np.minimum(1, centre + widen * (high - centre)),
    )
    signal = np.where(
        share > high + 1e-12, "above", np.where(share < low - 1e-12, "below", "none")
    ).astype(object)
    runs = _run_lengths(np.sign(np.round(share - centre, 12))[None, :])[0]
    signal[(signal == "none") & (runs >= run_length)] = "run"
    frame = counts.assign(share=share, low=low, high=high, signal=signal)
    caveats: list[Text] = []
    if first["n"].mean() < 100:
        caveats.append(
            _(
                "Some {n} accounts a quarter: limits are wide, and only large changes show.",
                n=round(float(first["n"].mean())),
            )
        )
    return RunChart(frame, centre, len(first), max(1.0, chi), tuple(caveats), run_length)


def _calibrate(
    n: np.ndarray, n_first: int, centre: float, below: np.ndarray, above: np.ndarray
) -> tuple[float, int]:
    """How far limits must be widened, and how long a run must be, for charts without a change to
    show a signal no more often than told: half of it left to each rule.
    """
    if not 0 < centre < 1:
        return 1.0, RUN_LENGTH
    lost = np.random.default_rng(0).binomial(n, centre, (DRAWS, len(n)))
    share, total = lost / n, n[:n_first].sum()
    centres = lost[:, :n_first].sum(axis=1, keepdims=True) / total
    spread = np.maximum(centres * (1 - centres), 1e-12)
    squares = ((lost - n * centres) ** 2 / (n * spread))[:, :n_first].sum(axis=1, keepdims=True)
    widen = np.sqrt(np.maximum(1.0, squares / (n_first - 1)))
    away = share - centres
    # A limit at the very edge is passed by nobody.
    reach = np.where(away > 0, above, np.where(below > 0, below, np.inf))
    beyond = (np.abs(away) / np.maximum(reach * widen, 1e-12)).max(axis=1)
    runs = _run_lengths(np.sign(np.round(away, 12))).max(axis=1)
    level = 1 - FALSE_SIGNALS / 2
    return (
        max(1.0, float(np.quantile(beyond, level))),
        max(RUN_LENGTH, int(np.quantile(runs, level, method="higher")) + 1),
    )


def _run_lengths(side: np.ndarray) -> np.ndarray:
    """Per chart (row): how long the run on one side is that ends with each point; 0 on the centre,
    which neither breaks nor lengthens a run.
    """
    lengths, length, last = np.zeros(side.shape, int), np.zeros(len(side), int), np.zeros(len(side))
    for place in range(side.shape[1]):
        now = side[:, place]
        length = np.where(now == 0, length, np.where(now == last, length + 1, 1))
        last = np.where(now == 0, last, now)
        lengths[:, place] = np.where(now == 0, 0, length)
    return lengths
