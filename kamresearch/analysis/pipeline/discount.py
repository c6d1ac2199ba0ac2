"""What a point of discount goes with: an association among like deals, and no more."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.pipeline.deals import Deals, states
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result

LEAST = 100
"""Decided deals with a discount without which nothing is told."""
PER_TERM = 10
"""Deals of the rarer outcome for each term of the model."""
LEAST_GROUP = 10
CONTROLS = ("rival", "kind", "product", "tier")
NOT_STATED = _(
    "Won and lost deals do not both state their discount: what one outcome alone states compares "
    "nothing."
)


@dataclass(frozen=True)
class Discount(Result):
    """How the odds of winning go with the discount among like deals.

    Parameters
    ----------
    odds_ratio : float or None
        Per point of discount (one hundredth of the price).
    points : float or None
        Average change of the chance of winning per point, as a share.
    """

    exports = ("pipeline.discount_odds", "pipeline.discount_points")

    odds_ratio: float | None
    interval: Interval | None
    points: float | None
    points_interval: Interval | None
    n: int
    held: tuple[str, ...]
    reason: Message | None = None

    def closing(self) -> tuple[Message, ...]:
        """What may be said, and what not."""
        return () if self.points is None else (self.verdict(),)

    def findings(self) -> list[Finding]:
        """Odds ratio and change of the win rate per point of discount."""
        definition = _(
            "Logistic regression of won against lost on the last discount offered, among deals "
            "alike in what is recorded of them (rival, kind, product, tier, amount where stated); "
            "errors clustered by account. An association: whoever fears to lose offers more."
        )
        common = {"n": self.n, "n_unit": "records", "reason": self.reason}
        return [
            Finding(
                "pipeline.discount_odds",
                self.odds_ratio,
                "ratio",
                _("Odds of winning per point of discount"),
                definition,
                interval=self.interval,
                **common,
            ),
            Finding(
                "pipeline.discount_points",
                self.points,
                "share_change",
                _("Win rate per point of discount"),
                definition,
                interval=self.points_interval,
                sentence=self.verdict() if self.points is not None else None,
                **common,
            ),
        ]

    def verdict(self) -> Message:
        """What may be said, and what not."""
        if self.points is None:
            return cast(Message, self.reason)
        interval = cast(Interval, self.interval)
        points = cast(Interval, self.points_interval)
        low, high = (
            Quantity(bound, "share_change", signed=True) for bound in (points.low, points.high)
        )
        if interval.low <= 1 <= interval.high:
            return _(
                "Among like deals a point of discount goes with no change of the win rate that "
                "could be told from chance ({low} to {high}).",
                low=low,
                high=high,
            )
        return _(
            "Among like deals a point of discount goes with {points} of win rate ({low} to "
            "{high}). That it brings them is not shown: who got a discount was not drawn by lot.",
            points=Quantity(self.points, "share_change", signed=True),
            low=low,
            high=high,
        )


def weigh_discount(deals: Deals) -> Discount:
    """What did a point of discount go with?

    Decided deals that state a discount → odds ratio and average change of the win rate per point,
    among deals alike in rival, kind, product, tier and amount, where these are stated.

    Parameters
    ----------
    deals : Deals
        From `read_deals`.

    Notes
    -----
    Logit P(won) = a + b · points + controls; groups of fewer than ten deals are taken together.
    Guard: at least 100 deals, ten of the rarer outcome per term, and discounts that differ;
    otherwise nothing is told. It does not show an effect: hard deals get more discount, so the
    association is rather too low than too high, and other reasons may turn it.
    """
    decided = deals.decided
    reason = deals.reason
    if reason is None and not states(deals.frame, "discount"):
        reason = NOT_STATED
    known = decided[decided["discount"].notna()] if reason is None else decided.iloc[:0]
    design, held = _design(known, states(deals.frame, "amount")) if len(known) else (None, ())
    won = (known["outcome"] == "won").to_numpy(float)
    if reason is None:
        rare = int(min(won.sum(), len(won) - won.sum()))
        enough = len(known) >= LEAST and rare >= PER_TERM * cast(np.ndarray, design).shape[1]
        if not enough or not known["discount"].std() > 0.002:
            reason = _(
                "{n} decided deals state their discount, too few or too alike to compare like "
                "with like.",
                n=len(known),
            )
    if reason is not None:
        return Discount(None, None, None, None, len(known), (), reason)
    return _fit(design, won, known["account_id"].fillna(known["opportunity_id"]), held)


def _design(known: pd.DataFrame, sized: bool) -> tuple[pd.DataFrame, tuple[str, ...]]:
    columns = {"const": 1.0, "points": 100 * known["discount"]}
    held = []
    if sized:
        amount = np.log(known["amount"])
        columns["amount"] = amount.fillna(amount.mean()) - amount.mean()
        held.append("amount")
    for name in CONTROLS:
        groups = known[name].astype(object).where(known[name].notna(), "")
        sizes = groups.map(groups.value_counts())
        groups = groups.where(sizes >= LEAST_GROUP, "")
        usual = groups.value_counts().index
        for group in usual[1:]:
            columns[f"{name}={group}"] = (groups == group).astype(float)
        if len(usual) > 1:
            held.append(name)
    return pd.DataFrame(columns, index=known.index), tuple(held)


def _fit(
    design: pd.DataFrame, won: np.ndarray, cluster: pd.Series, held: tuple[str, ...]
) -> Discount:
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    codes = pd.factorize(cluster)[0]
    family = sm.families.Binomial()
    try:
        fit = sm.GLM(won, design, family=family).fit(cov_type="cluster", cov_kwds={"groups": codes})
    except PerfectSeparationError:
        apart = _("Won and lost deals lie apart by what is recorded: no like ones to compare.")
        return Discount(None, None, None, None, len(won), (), apart)
    slope, error = float(fit.params["points"]), float(fit.bse["points"])
    mean = fit.fittedvalues.to_numpy()
    # The slope's uncertainty carries that of the average: the curve's height is known far better.
    per_point = float((mean * (1 - mean)).mean())
    bounds = (slope - 1.96 * error, slope + 1.96 * error)
    return Discount(
        float(np.exp(slope)),
        Interval(*(float(np.exp(bound)) for bound in bounds)),
        slope * per_point,
        Interval(*(bound * per_point for bound in bounds)),
        len(won),
        held,
    )
