"""Who comes back: returns by cause and time away, what the data can tell apart, and what
winning back is worth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import binom, fisher_exact, norm

from kamresearch.analysis.causes.reasons import CAUSE_TERMS, CAUSES, settle_causes
from kamresearch.analysis.causes.shares import MISRECORDED, NO_CAUSES
from kamresearch.analysis.churn.survival import kaplan_meier, survival_at
from kamresearch.analysis.pooling import pool_shares
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

MOST_TABLES = 1_000_000
"""Cases of the one kind times cases of the other up to which a power is summed over every table: a
thousand of each."""

OFFER_TERMS = {
    "none": _("none"),
    "discount": _("discount"),
    "upgrade": _("upgrade"),
    "service_plan": _("service plan"),
}


@dataclass(frozen=True)
class Returns(Result, frame="rates"):
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
    returned_followed, record_low, record_high (the bounds, if records err)
    """
    p_value: float | None
    power: float | None
    detectable: float | None
    winback: pd.DataFrame
    """cause, offer, n, returned, rate, low, high (the offers of a cause pooled), record_low,
    record_high (the bounds, if records err), value
    """
    yearly_value: float | None
    misrecorded: float = MISRECORDED

    @property
    def reason(self) -> Text | None:
        """Why returns cannot be told by cause; None where they can."""
        return None if self.rates["n"].sum() else NO_CAUSES

    def closing(self) -> tuple[Text, ...]:
        """Who can be bought back, where there are causes at all."""
        return () if self.reason else (self.verdict(), *self._if_records_err())

    def _if_records_err(self) -> tuple[Text, ...]:
        """Whether a difference told stands if causes were recorded wrongly."""
        if self.p_value is None or self.p_value >= 0.05:
            return ()
        price, product = self._rate("price"), self._rate("product")
        if price is None or product is None:
            return ()
        apart = (
            price["record_low"] > product["record_high"]
            or product["record_low"] > price["record_high"]
        )
        wrong = Quantity(self.misrecorded, "share")
        if apart:
            return (
                _("This stands even if {wrong} of the causes were recorded wrongly.", wrong=wrong),
            )
        return (
            _(
                "If {wrong} of the causes were recorded wrongly, as in public records, the two may "
                "return alike: it is a difference of what was written down.",
                wrong=wrong,
            ),
        )

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

    def _rate(self, cause: str) -> pd.Series | None:
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
                        "{cause}; the interval allows for chance and for {wrong} of the causes "
                        "being recorded wrongly in the worst way.",
                        days=self.horizon_days,
                        cause=CAUSE_TERMS[cause],
                        wrong=Quantity(self.misrecorded, "share"),
                    ),
                    interval=None
                    if row is None
                    else Interval(float(row["record_low"]), float(row["record_high"])),
                    n=0 if row is None else int(row["n"]),
                    good="up",
                    figure="churn.returns",
                    reason=_("no loss of this cause was watched so long"),
                    headline=cause == "price",
                    sentence=None
                    if row is None
                    else _(
                        "Of those whose loss was put down to {cause}, {rate} were back within "
                        "{days} days (95% interval {low} to {high}, n = {n}; between {least} and "
                        "{most} if {wrong} of the causes were recorded wrongly).",
                        cause=CAUSE_TERMS[cause],
                        rate=Quantity(float(row["rate"]), "share"),
                        days=self.horizon_days,
                        low=Quantity(float(row["low"]), "share"),
                        high=Quantity(float(row["high"]), "share"),
                        n=int(row["n"]),
                        least=Quantity(float(row["record_low"]), "share"),
                        most=Quantity(float(row["record_high"]), "share"),
                        wrong=Quantity(self.misrecorded, "share"),
                    ),
                )
            )
        price = cast(pd.Series, self._rate("price"))
        product = cast(pd.Series, self._rate("product"))
        both = price is not None and product is not None
        many = both and _has_many_tables(int(price["n_followed"]), int(product["n_followed"]))
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
                _define_power(many, self.detectable),
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
            Column("record_low", _("At least, if records err"), "share"),
            Column("record_high", _("At most, if records err"), "share"),
            Column("value", _("Value of a contact"), "money"),
            caption=_(
                "Losses followed for {days} days; an offer with few losses is pulled "
                "towards the other offers of its cause (beta-binomial), bounds are 95%. "
                "Bounds “if records err” let {wrong} of the causes be wrong in the worst way. "
                "Value: rate times the median yearly value of the accounts present, before "
                "the cost of the offer.",
                days=self.horizon_days,
                wrong=Quantity(self.misrecorded, "share"),
            ),
        )


def measure_returns(
    losses: pd.DataFrame,
    as_of: str,
    horizon_days: int = 365,
    yearly_value: float | None = None,
    misrecorded: float = MISRECORDED,
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
    misrecorded : float
        Share of stated causes that may be wrong.

    Notes
    -----
    Bounds “if records err”: where a share ε of the losses put down to a cause had another, whose
    leavers may return always or never, the rate of those who truly had it lies between
    (low − ε) / (1 − ε) and high / (1 − ε) (contaminated sampling).

    References
    ----------
    Horowitz and Manski (1995), Econometrica 63.
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
    rates = _add_record_bounds(rates, misrecorded)
    return Returns(
        horizon_days,
        curves,
        rates,
        p_value,
        power,
        detectable,
        _add_record_bounds(_by_offer(frame, yearly_value), misrecorded),
        yearly_value,
        misrecorded,
    )


def _define_power(many: bool, detectable: float | None) -> Text:
    values = {
        "price": Quantity(0.4, "share"),
        "product": Quantity(0.1, "share"),
        "least": Quantity(detectable, "share_change"),
    }
    if many:
        return _(
            "Chance of telling a return rate of {price} from one of {product} with the numbers at "
            "hand, at the 5% level, for so many losses by the normal approximation; the smallest "
            "difference found with 80% power is {least}.",
            **values,
        )
    return _(
        "Chance of telling a return rate of {price} from one of {product} with the numbers at "
        "hand, at the 5% level; the smallest difference found with 80% power is {least}.",
        **values,
    )


def _log_ways(size: int) -> np.ndarray:
    """Logarithm of the ways to choose 0, 1, … of ``size``."""
    chosen = np.arange(size + 1)
    return gammaln(size + 1) - gammaln(chosen + 1) - gammaln(size - chosen + 1)


def _add_record_bounds(frame: pd.DataFrame, misrecorded: float) -> pd.DataFrame:
    low, high = (pd.to_numeric(frame[name]).astype(float) for name in ("low", "high"))
    bounds = {
        "record_low": ((low - misrecorded) / (1 - misrecorded)).clip(lower=0.0),
        "record_high": (high / (1 - misrecorded)).clip(upper=1.0),
    }
    place = list(frame.columns).index("high") + 1
    names = [*frame.columns[:place], *bounds, *frame.columns[place:]]
    return frame.assign(**bounds)[names]


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
    power = _power_with(n1, n2)
    found = next((high for high in np.arange(0.11, 1.0, 0.01) if power(high, 0.10) >= 0.8), None)
    return p_value, power(0.40, 0.10), None if found is None else float(found - 0.10)


def power_of_shares(p: float, q: float, n: int, m: int, alpha: float = 0.05) -> float:
    """Chance that Fisher's exact test, two-sided, finds p against q with n and m cases: summed
    over every table that can come, and beyond `MOST_TABLES` of them by the normal approximation
    with its correction for counts.

    >>> round(power_of_shares(0.5, 0.1, 20, 20), 3)
    0.742
    """
    return _power_with(n, m, alpha)(p, q)


def _has_many_tables(n: int, m: int) -> bool:
    return n * m > MOST_TABLES


def _power_with(n: int, m: int, alpha: float = 0.05) -> Callable[[float, float], float]:
    """The power as a function of the two shares."""
    if _has_many_tables(n, m):
        return partial(_power_of_many, n=n, m=m, alpha=alpha)
    return partial(_power, _rejected(n, m, alpha))


def _power_of_many(p: float, q: float, *, n: int, m: int, alpha: float) -> float:
    mean, parts = (n * p + m * q) / (n + m), 1 / n + 1 / m
    reach = abs(p - q) - parts / 2 - norm.isf(alpha / 2) * np.sqrt(mean * (1 - mean) * parts)
    return float(norm.cdf(reach / np.sqrt(p * (1 - p) / n + q * (1 - q) / m)))


def _power(rejected: np.ndarray, p: float, q: float) -> float:
    n, m = (side - 1 for side in rejected.shape)
    return float(binom.pmf(np.arange(n + 1), n, p) @ rejected @ binom.pmf(np.arange(m + 1), m, q))


def _rejected(n: int, m: int, level: float = 0.05) -> np.ndarray:
    """Whether Fisher's test rejects, by how many of n and of m came back."""
    rejected = np.zeros((n + 1, m + 1), bool)
    ways_n, ways_m, ways = (_log_ways(size) for size in (n, m, n + m))
    for total in range(n + m + 1):
        first = np.arange(max(0, total - m), min(n, total) + 1)
        chance = np.exp(ways_n[first] + ways_m[total - first] - ways[total])
        order = np.argsort(chance)
        # tables as unlikely as this one count too, up to the last digits
        last = np.searchsorted(chance[order], chance * (1 + 1e-7), side="right")
        rejected[first, total - first] = np.cumsum(chance[order])[last - 1] <= level
    return rejected


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
