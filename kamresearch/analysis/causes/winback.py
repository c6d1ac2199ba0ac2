"""Who comes back: returns by cause and time away, what the data can tell apart, and what
winning back is worth.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact, norm

from kamresearch.analysis.causes.reasons import CAUSE_TERMS, CAUSES, settle_causes
from kamresearch.analysis.causes.shares import NO_CAUSES
from kamresearch.analysis.churn.survival import kaplan_meier, survival_at
from kamresearch.analysis.pooling import pool_shares
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

OFFER_TERMS = {
    "none": _("none"),
    "discount": _("discount"),
    "upgrade": _("upgrade"),
    "service_plan": _("service plan"),
}


@dataclass(frozen=True)
class Returns(Result):
    """Returns of lost accounts."""

    exports = (
        "churn.return_rate_price",
        "churn.return_rate_product",
        "churn.return_rate_service",
        "churn.return_p_value",
        "churn.return_power",
    )
    shows = (Shown("churn.returns"), Shown("churn.winback", "table"))

    horizon_days: int
    curves: dict[str, pd.DataFrame]
    """cause → time in days since the loss, at_risk, returned (lost), survival = share still
    away, low, high
    """
    rates: pd.DataFrame
    """cause, n, returned, rate, low, high (Kaplan–Meier at the horizon), n_followed,
    returned_followed
    """
    p_value: float | None
    power: float | None
    detectable: float | None
    winback: pd.DataFrame
    """cause, offer, n, returned, rate, low, high (the offers of a cause pooled), value"""
    yearly_value: float | None

    @property
    def reason(self) -> Text | None:
        """Why returns cannot be told by cause; None where they can."""
        return None if self.rates["n"].sum() else NO_CAUSES

    def closing(self) -> tuple[Text, ...]:
        """Who can be bought back, where there are causes at all."""
        return () if self.reason else (self.verdict(),)

    @property
    def caveats(self) -> tuple[Text, ...]:
        """Offers were not given at random; small numbers."""
        few = [CAUSE_TERMS[row.cause] for row in self.rates.itertuples() if 0 < row.n < 30]
        small = tuple(
            _(
                "Only a few losses are put down to {cause}: the interval says how little is known.",
                cause=cause,
            )
            for cause in few
        )
        return (
            _(
                "Offers were chosen, not drawn by lot: that more return with an offer "
                "shows association, not cause."
            ),
            *small,
        )

    def _rate(self, cause: str) -> tuple | None:
        row = self.rates[self.rates["cause"] == cause]
        return None if row.empty or pd.isna(row["rate"].iloc[0]) else row.iloc[0]

    def findings(self) -> list[Finding]:
        """Return rates after a loss over price and over the product, and the test of their
        difference.
        """
        found = []
        labels = {
            "price": _("Return rate after a loss over price"),
            "product": _("Return rate after a loss over the product"),
            "service": _("Return rate after a loss over service"),
        }
        for cause, label in labels.items():
            row = self._rate(cause)
            found.append(
                Finding(
                    f"churn.return_rate_{cause}",
                    None if row is None else float(row["rate"]),
                    "share",
                    label,
                    _(
                        "Share back within {days} days of the loss (Kaplan–Meier, those "
                        "not yet away so long counted as far as seen), losses put down to "
                        "{cause}.",
                        days=self.horizon_days,
                        cause=CAUSE_TERMS[cause],
                    ),
                    interval=None
                    if row is None
                    else Interval(float(row["low"]), float(row["high"])),
                    n=0 if row is None else int(row["n"]),
                    good="up",
                    figure="churn.returns",
                    reason=_("no loss of this cause was watched so long"),
                    headline=cause == "price",
                    sentence=None
                    if row is None
                    else _(
                        "Of those lost over {cause}, {rate} were back within {days} days "
                        "(95% interval {low} to {high}, n = {n}).",
                        cause=CAUSE_TERMS[cause],
                        rate=Quantity(float(row["rate"]), "share"),
                        days=self.horizon_days,
                        low=Quantity(float(row["low"]), "share"),
                        high=Quantity(float(row["high"]), "share"),
                        n=int(row["n"]),
                    ),
                )
            )
        price, product = self._rate("price"), self._rate("product")
        both = price is not None and product is not None
        found.append(
            Finding(
                "churn.return_p_value",
                self.p_value,
                "p_value",
                _("Price against product: p-value"),
                _(
                    "Fisher's exact test of returns within {days} days, losses over price "
                    "against losses over the product, among those away so long by the "
                    "as-of date.",
                    days=self.horizon_days,
                ),
                n=int(price["n_followed"] + product["n_followed"]) if both else 0,
                good="neither",
                figure="churn.returns",
                reason=_("one of the two causes has no loss that was watched so long"),
            )
        )
        found.append(
            Finding(
                "churn.return_power",
                self.power,
                "probability",
                _("Power of that test"),
                _(
                    "Chance of telling a return rate of {price} from one of {product} with "
                    "the numbers at hand, at the 5% level; the smallest difference found "
                    "with 80% power is {least}.",
                    price=Quantity(0.4, "share"),
                    product=Quantity(0.1, "share"),
                    least=Quantity(self.detectable, "share_change"),
                ),
                n=int(price["n_followed"] + product["n_followed"]) if both else 0,
                good="up",
                figure="churn.returns",
                reason=_("one of the two causes has no loss that was watched so long"),
            )
        )
        return found

    def verdict(self) -> Text:
        """What the numbers say about “price leavers can be bought back, product leavers cannot”."""
        if self.p_value is None:
            return _(
                "The data cannot say whether those lost over price return more often than "
                "those lost over the product."
            )
        # The shares that the test compares: those not yet away so long stand in the curves, not in
        # the test.
        of = self.rates.set_index("cause")
        price, product = (
            float(of.at[cause, "returned_followed"] / of.at[cause, "n_followed"])
            for cause in ("price", "product")
        )
        values = {
            "price": Quantity(price, "share"),
            "product": Quantity(product, "share"),
            "days": self.horizon_days,
            "p": Quantity(self.p_value, "p_value"),
            "power": Quantity(self.power, "probability"),
        }
        if self.p_value >= 0.05:
            return _(
                "No difference is shown between {price} (price) and {product} (product) "
                "back within {days} days, p-value {p}; with these numbers the test would "
                "have found 40% against 10% with a chance of {power}.",
                **values,
            )
        if price > product:
            return _(
                "Those lost over price return more often than those lost over the product: "
                "{price} against {product} back within {days} days (p-value {p}).",
                **values,
            )
        return _(
            "Those lost over price return less often than those lost over the product: "
            "{price} against {product} back within {days} days (p-value {p}).",
            **values,
        )

    def table(self) -> Table:
        """Returns and value of winning back by cause and offer."""
        return make_table(
            "churn.winback",
            _("Winning back, by cause and offer"),
            self.winback,
            Column("cause", _("Cause"), terms=CAUSE_TERMS),
            Column("offer", _("Offer"), terms=OFFER_TERMS),
            Column("n", _("Losses"), "count"),
            Column("returned", _("Returned"), "count"),
            Column("rate", _("Return rate, pooled"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
            Column("value", _("Value of a contact"), "money"),
            caption=_(
                "Losses followed for {days} days; an offer with few losses is pulled "
                "towards the other offers of its cause (beta-binomial), bounds are 95%. "
                "Value: rate times the median yearly value of the accounts present, before "
                "the cost of the offer.",
                days=self.horizon_days,
            ),
        )


def measure_returns(
    losses: pd.DataFrame, as_of: str, horizon_days: int = 365, yearly_value: float | None = None
) -> Returns:
    """Who comes back, by cause and by time since leaving?

    Parameters
    ----------
    losses : DataFrame
        account_id, churn_date, return_date, cause, stated_reason, offer: one row a loss known by
        ``as_of``.
    as_of : str
        Last day seen; accounts still away are counted as far as seen.
    horizon_days : int
        Return rates are given for so long after the loss.
    yearly_value : float, optional
        Median yearly value of the accounts present: what an account won back is taken to be worth.
    """
    day = pd.Timestamp(as_of)
    frame = settle_causes(losses)
    end = frame["return_date"].fillna(day)
    away = (end - frame["churn_date"]).dt.days.clip(lower=0).to_numpy(float) + 0.5
    frame = frame.assign(away=away, back=frame["return_date"].notna().to_numpy())
    frame["followed"] = (day - frame["churn_date"]).dt.days >= horizon_days
    frame["soon"] = frame["back"] & (frame["away"] <= horizon_days + 0.5)
    curves, rows = {}, []
    for cause in CAUSES:
        part = frame[frame["cause"] == cause]
        here = None
        if len(part):
            curves[cause] = kaplan_meier(part["away"].to_numpy(), part["back"].to_numpy())
            here = survival_at(curves[cause], horizon_days + 0.5)
            here = here or (_all_back(curves[cause]))
        bounds = (1 - here[0], 1 - here[2], 1 - here[1]) if here else (None,) * 3
        rows.append(
            (
                cause,
                len(part),
                int(part["back"].sum()),
                *bounds,
                int(part["followed"].sum()),
                int((part["followed"] & part["soon"]).sum()),
            )
        )
    names = ["cause", "n", "returned", "rate", "low", "high", "n_followed", "returned_followed"]
    rates = pd.DataFrame(rows, columns=names)
    p_value, power, detectable = _test(rates)
    return Returns(
        horizon_days,
        curves,
        rates,
        p_value,
        power,
        detectable,
        _by_offer(frame, yearly_value),
        yearly_value,
    )


def _all_back(curve: pd.DataFrame) -> tuple[float, float, float] | None:
    """A curve that ends before the horizon because nobody is away any more has still an answer."""
    last = curve.iloc[-1]
    return (
        (float(last["survival"]), float(last["low"]), float(last["high"]))
        if last["survival"] == 0
        else None
    )


def _test(rates: pd.DataFrame) -> tuple[float | None, float | None, float | None]:
    """Fisher's p-value, power for .40 against .10, and the difference from .10 found with 80 %
    power.
    """
    of = rates.set_index("cause")
    n1, n2 = int(of.at["price", "n_followed"]), int(of.at["product", "n_followed"])
    if not (n1 and n2):
        return None, None, None
    k1, k2 = int(of.at["price", "returned_followed"]), int(of.at["product", "returned_followed"])
    p_value = float(fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue)
    grid = np.arange(0.11, 1.0, 0.01)
    found = [high for high in grid if power_of_shares(high, 0.10, n1, n2) >= 0.8]
    return p_value, power_of_shares(0.40, 0.10, n1, n2), float(found[0] - 0.10) if found else None


def power_of_shares(p: float, q: float, n: int, m: int, level: float = 0.05) -> float:
    """Chance that a two-sided test of two shares finds p against q with n and m cases (normal
    approximation).

    >>> round(power_of_shares(0.20, 0.15, 906, 906), 2)
    0.8
    """
    mean = (n * p + m * q) / (n + m)
    null = np.sqrt(mean * (1 - mean) * (1 / n + 1 / m))
    true = np.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    z = norm.ppf(1 - level / 2)
    return float(
        norm.cdf((abs(p - q) - z * null) / true) + norm.cdf((-abs(p - q) - z * null) / true)
    )


def _by_offer(frame: pd.DataFrame, yearly_value: float | None) -> pd.DataFrame:
    """Return rates by cause and offer among those followed to the horizon, the offers of a
    cause pooled.
    """
    names = ["cause", "offer", "n", "returned", "rate", "low", "high", "value"]
    part = frame[frame["followed"] & frame["offer"].notna() & (frame["cause"] != "unknown")]
    if part.empty:
        return pd.DataFrame(columns=names)
    cells = (
        part.groupby(["cause", "offer"], sort=True, observed=True)["soon"]
        .agg(n="size", returned="sum")
        .reset_index()
    )
    of_cause = cells.groupby("cause", sort=True, observed=True)
    pooled = pd.concat(
        [pool_shares(offers["returned"], offers["n"])[0] for _cause, offers in of_cause]
    )
    cells = cells.join(pooled.rename(columns={"pooled": "rate"}), validate="one_to_one")
    return cells.assign(value=cells["rate"] * yearly_value if yearly_value is not None else None)[
        names
    ]
