"""A run chart with limits: does the share lost per period move more than chance moves it?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.targets.panel import loss_panel
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

RUN_LENGTH = 8
"""So many points on one side of the centre are a signal (chance about 1 in 128 for a given run)."""
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
                    "Quarters beyond the limits (about 3 in 1000 by chance each), or in a "
                    "run of {run} on one side of the centre.",
                    run=RUN_LENGTH,
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
        per degree of freedom is above 1 (large samples make plain limits too narrow).

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
    low, high = (
        np.maximum(0, centre - widen * (centre - low)),
        np.minimum(1, centre + widen * (high - centre)),
    )
    signal = np.where(
        share > high + 1e-12, "above", np.where(share < low - 1e-12, "below", "none")
    ).astype(object)
    signal[(signal == "none") & _in_long_run(np.sign(np.round(share - centre, 12)))] = "run"
    frame = counts.assign(share=share, low=low, high=high, signal=signal)
    caveats: list[Text] = []
    if first["n"].mean() < 100:
        caveats.append(
            _(
                "Some {n} accounts a quarter: limits are wide, and only large changes show.",
                n=round(float(first["n"].mean())),
            )
        )
    return RunChart(frame, centre, len(first), max(1.0, chi), tuple(caveats))


def _in_long_run(side: np.ndarray) -> np.ndarray:
    """Points from the eighth on of a run on one side; points on the centre neither break nor
    lengthen a run.
    """
    length, last, flags = 0, 0, []
    for one in side:
        if one == 0:
            flags.append(False)
            continue
        length, last = (length + 1, one) if one == last else (1, one)
        flags.append(length >= RUN_LENGTH)
    return np.array(flags, dtype=bool)
