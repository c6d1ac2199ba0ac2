"""Lifetime value: of the fitted models and baselines the one that predicted best, and what it
lets expect.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from kamresearch.analysis.drawing import say_drawn
from kamresearch.analysis.lifetime.blend import SHORT, YEAR, knows_season, season_doubt
from kamresearch.analysis.lifetime.choice import (
    CANDIDATES,
    DEFAULT,
    LEAST_ACCOUNTS,
    NAMES,
    Choice,
    Failure,
    choose,
    no_choice,
    value_orders,
)
from kamresearch.analysis.lifetime.gamma_gamma import GammaGamma
from kamresearch.analysis.lifetime.purchasing import Past
from kamresearch.analysis.lifetime.tracking import track
from kamresearch.display import Column, Table, join_terms, make_table
from kamresearch.errors import ParameterError
from kamresearch.features.purchases import LeftOut
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NORMAL_90 = 1.2816
"""Normal quantile of an interval that holds 80 %."""


@dataclass(frozen=True)
class LifetimeValue(Result, frame="history"):
    """Fitted models, the backtest that chose between them, and what accounts will order."""

    exports = (
        "segmentation.expected_value_12m",
        "segmentation.lifetime_model",
        "segmentation.lifetime_auc",
        "segmentation.lifetime_gain_on_rule",
    )
    shows = (
        Shown("segmentation.lifetime_gate"),
        Shown("segmentation.lifetime_gate", "choice_table"),
        Shown("segmentation.lifetime_tracking"),
        Shown("segmentation.lifetime"),
        Shown("segmentation.lifetime_parameters", "parameter_table"),
    )

    as_of: str
    horizon_days: int
    history: pd.DataFrame
    models: dict
    """name → fitted buying model (bgnbd, mbgnbd, rhythm, paretonbd); one that cannot be fitted
    is missing
    """
    spending: GammaGamma | None
    left_out: LeftOut
    margin: float
    discount_yearly: float
    preferred: str | None = None
    """A model asked for by name, used instead of the one that the backtest chooses"""
    past: Past | None = field(default=None, repr=False, compare=False)
    unfitted: tuple[Failure, ...] = ()
    """Buying models that could not be fitted to all data"""
    n_lost: int = 0
    """Lost accounts: the models learn from their orders, and nothing is expected of them"""

    @cached_property
    def choice(self) -> Choice:
        """The baseline gate, held when first asked for: every model and baseline on earlier
        stretches.
        """
        if self.past is None:
            return no_choice(self.horizon_days)
        return choose(self.past, pd.Timestamp(self.as_of), self.horizon_days)

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """Every model that could not be fitted, to all data or at a cut of the backtest, with
        the reason.
        """
        return (*self.unfitted, *self.choice.failures)

    @cached_property
    def caveats(self) -> tuple[Text, ...]:
        """What the numbers cannot carry, and which rows they leave out."""
        return _caveats(self)

    @property
    def chosen(self) -> str:
        """Name of the model that predictions come from."""
        return self.preferred or self.choice.name

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """model, parameter, estimate, standard_error, log_likelihood, bic of every buying
        model and of Gamma-Gamma.
        """
        parts = [
            model.estimate.frame.assign(
                model=name, log_likelihood=model.estimate.log_likelihood, bic=model.estimate.bic
            )
            for name, model in self.models.items()
        ]
        if self.spending is not None:
            found = self.spending.estimate
            parts.append(
                found.frame.assign(
                    model="gamma_gamma", log_likelihood=found.log_likelihood, bic=found.bic
                )
            )
        columns = ["model", "parameter", "estimate", "standard_error", "log_likelihood", "bic"]
        return (
            pd.concat(parts, ignore_index=True)[columns]
            if parts
            else pd.DataFrame({name: [] for name in columns})
        )

    def predict(self, days: float) -> pd.DataFrame:
        """What will each account order within the next days?

        Parameters
        ----------
        days : float
            Days ahead, from the day after the as-of date.

        Returns
        -------
        DataFrame
            account_id, expected_orders (order days), probability_active (of at least one order
            within these days: this,
            not P(alive), tells who is likely to be silent), expected_value (margin × revenue, not
            discounted), reason
            (why an account has no expectation, else None). Accounts that never ordered come with
            zero and a reason.
        """
        if not days > 0:
            raise ParameterError(
                "lifetime, days",
                "a number of days above zero",
                repr(days),
                "ask for the days ahead",
            )
        frame = pd.DataFrame(
            {
                "account_id": self.history["account_id"].to_numpy(),
                "expected_orders": 0.0,
                "probability_active": 0.0,
                "expected_value": 0.0,
                "reason": None,
            }
        )
        if len(frame):
            model = self._model(float(days))
            expected = model.expected_orders(self.history, days)
            frame["expected_orders"] = expected
            frame["probability_active"] = model.probability_active(self.history, days)
            worth = value_orders(model, self.history, days, expected) * self._order_value()
            frame["expected_value"] = worth * self.margin
        silent = pd.DataFrame({"account_id": list(self.left_out.accounts_without_order)})
        if silent.empty:
            return frame
        silent = silent.assign(
            expected_orders=0.0, probability_active=0.0, expected_value=0.0, reason="no_orders"
        )
        return silent if frame.empty else pd.concat([frame, silent], ignore_index=True)

    def value(self, days: float | None = None) -> pd.DataFrame:
        """Value of each account over a horizon, discounted to the as-of day: account_id, value.

        The expected orders of each quarter are discounted to its middle at ``discount_yearly``.
        """
        days = float(days or self.horizon_days)
        edges = np.unique(np.append(np.arange(0, days, 91.3125), days))
        cumulative = [
            np.zeros(len(self.history)),
            *(value_orders(self._model(days), self.history, edge) for edge in edges[1:]),
        ]
        worth = np.zeros(len(self.history))
        for low, high, before, after in zip(
            edges[:-1], edges[1:], cumulative[:-1], cumulative[1:], strict=True
        ):
            worth += (after - before) * (1 + self.discount_yearly) ** (-(low + high) / 2 / 365.25)
        return pd.DataFrame(
            {
                "account_id": self.history["account_id"].to_numpy(),
                "value": worth * self._order_value() * self.margin,
            }
        )

    def track(self, step_days: int = 28, most: int = 26) -> pd.DataFrame:
        """Goodness of fit over time: order days that came in each step after a cut against those
        expected at the cut.

        The cut lies at half of the span; the models are fitted to what came before it.

        Returns
        -------
        DataFrame
            date, actual, and one column per buying model and for the past rate: order days within
            the step.
        """
        return track(cast(Past, self.past), pd.Timestamp(self.as_of), step_days, most)

    @cached_property
    def tracked(self) -> pd.DataFrame:
        """`track` in the steps that the study shows."""
        return self.track()

    def why_not(self, id: str) -> Text | None:
        """Without a backtest there is no choice of models, and without a model no expected value;
        a short past cannot be followed.
        """
        by_id = {finding.id: finding.reason for finding in self.findings()}
        untested = self.choice.summary.empty
        if untested and id in ("segmentation.lifetime_gate", "segmentation.lifetime_tracking"):
            return by_id["segmentation.lifetime_auc"]
        if id == "segmentation.lifetime_tracking" and self.tracked.empty:
            return self.untracked
        return by_id["segmentation.expected_value_12m"] if id == "segmentation.lifetime" else None

    @property
    def untracked(self) -> Message:
        """Why `track` is empty, where it is."""
        return _(
            "Half of the past is shorter than eight weeks, or knew fewer than {n} accounts: too "
            "little to follow the models over time.",
            n=LEAST_ACCOUNTS,
        )

    def findings(self) -> list[Finding]:
        """Expected value of the next twelve months, the model used, and what the backtest says
        of it.
        """
        return [self._expected_finding(), self._model_finding(), *self._backtest_findings()]

    def _expected_finding(self) -> Finding:
        days = self.horizon_days
        total, interval = self.total(days)
        return Finding(
            "segmentation.expected_value_12m",
            total,
            "money",
            _("Expected value of the next {days} days", days=days),
            _(
                "Sum over the accounts of expected order days × expected value of an order "
                "day × margin; the interval is the "
                "counting error of orders and what the model's own misses of the total revenue in "
                "the backtest show beyond it, wider the fewer they are, and wider where the season "
                "of these days is unknown."
            ),
            interval=interval,
            n=len(self.history),
            good="up",
            figure="segmentation.lifetime",
            headline=True,
            reason=None if total is not None else _("No account has ordered by the as-of date."),
            sentence=None if total is None else self._sentence(total),
        )

    def _sentence(self, total: float) -> Message:
        values = {"money": Quantity(total, "money"), "days": self.horizon_days}
        if self.margin == 1:
            return _(
                "The accounts of today are expected to order for {money} over the next {days} days "
                "(revenue, costs not taken off).",
                **values,
            )
        return _(
            "The accounts of today are expected to bring {money} over the next {days} days "
            "({margin} of their revenue).",
            margin=Quantity(self.margin, "share"),
            **values,
        )

    def total(self, days: float) -> tuple[float | None, Interval | None]:
        """Value that the accounts are expected to bring within the days, with its 80 % interval:
        the counting error of orders, what the model's own misses of revenue in the backtest show
        beyond it, and where the season of these days is unknown, what a usual one may do. None
        where no account has ordered.
        """
        if self.history.empty:
            return None, None
        frame = self.predict(days)
        total = float(frame["expected_value"].sum())
        factor = np.exp(self._log_width(days, frame["expected_orders"].sum()))
        # The interval is a share: of nothing it is nothing, which is no measured error.
        bounds = Interval(total / factor, total * factor, 0.8) if total > 0 else None
        return total, bounds

    @cached_property
    def _span(self) -> int:
        """Days from the first order to the as-of day."""
        return 0 if self.past is None else self.past.span(pd.Timestamp(self.as_of))

    def knows_season(self, days: float) -> bool:
        """Whether the total over the days ahead holds their season: of most of a year it does once
        the orders span one, of a part of it where the model looks at the same days a year ago.
        """
        told = days > SHORT or self.chosen == DEFAULT
        return self._span >= YEAR and told and knows_season(self._span, days)

    def _log_width(self, days: float, orders: float) -> float:
        """Half of the interval of the logarithm of a total.

        Chance is two over the root of the orders. The backtest's misses count with Student's
        quantile, for they are few; what they show beyond the chance of their own, shorter horizon
        grows with the horizon, chance does not.
        """
        from scipy.special import stdtrit

        chance = np.log1p(2 / np.sqrt(max(orders, 1.0))) ** 2
        season = 0.0 if self.knows_season(days) else season_doubt(max(self._span, 1), days)
        known = chance + (NORMAL_90 * season) ** 2
        frame = self.choice.frame
        misses = frame.loc[frame["model"] == self.chosen, "value_error"].to_numpy(float)
        misses = np.log1p(misses[np.isfinite(misses) & (misses > -1)])
        if not len(misses):
            return float(np.sqrt(known))
        longer = max(days / self.choice.horizon_days, 1.0)
        missed = stdtrit(self.choice.independent(), 0.9) ** 2 * (misses**2).mean()
        return float(np.sqrt(known + longer * max(missed - longer * chance, 0.0)))

    def _model_finding(self) -> Finding:
        return Finding(
            "segmentation.lifetime_model",
            self.chosen,
            "text",
            _("Model in use"),
            _(
                "The blend, unless another model or baseline is ahead of it by more than "
                "half a rank over backtests (error, order of "
                "accounts, who orders again, value found by the top tenth); the past rate "
                "where nothing can be tested."
            ),
            n=len(self.history),
            figure="segmentation.lifetime_gate",
            words=NAMES[self.chosen],
        )

    def _backtest_findings(self) -> list[Finding]:
        summary = self.choice.summary
        reason = (
            None
            if len(summary)
            else _("The data span too little time, or hold too few accounts, for a backtest.")
        )
        best = summary[summary["chosen"].astype(bool)].iloc[0] if len(summary) else None
        rule = summary[summary["model"] == "hiatus"]
        gain = None
        if best is not None and len(rule):
            gain = float(best["auc_orders"] - rule["auc_orders"].iloc[0])
        return [
            Finding(
                "segmentation.lifetime_auc",
                None if best is None else float(best["auc_orders"]),
                "score",
                _("How well it ranks who orders again"),
                _(
                    "Area under the ROC curve of expected orders for an order within "
                    "{days} days, mean over the backtests: 0.5 is "
                    "chance, 1 is perfect.",
                    days=self.choice.horizon_days,
                ),
                n=len(self.choice.frame["cut"].unique()),
                n_unit="count",
                good="up",
                figure="segmentation.lifetime_gate",
                reason=reason,
            ),
            Finding(
                "segmentation.lifetime_gain_on_rule",
                gain,
                "score",
                _("Gain on the hiatus rule"),
                _("The same area less that of the hiatus rule."),
                good="up",
                figure="segmentation.lifetime_gate",
                reason=None
                if gain is not None
                else reason or _("The hiatus rule could not be fitted."),
            ),
        ]

    def choice_table(self) -> Table:
        """The baseline gate: every model and baseline on the same earlier stretches."""
        frame = self.choice.summary
        return make_table(
            "segmentation.lifetime_gate",
            _("Which model would have predicted best"),
            frame,
            Column("model", _("Model"), terms=NAMES),
            Column("mae", _("Error per account"), "score"),
            Column("spearman", _("Rank correlation"), "score"),
            Column("auc_orders", _("Who orders again (AUC)"), "score"),
            Column("value_capture_10", _("Value found by top tenth"), "share"),
            Column("total_error", _("Error of the total"), "share"),
            Column("rank", _("Mean rank"), "score"),
            Column("chosen", _("Chosen"), "flag"),
            caption=_(
                "Means over {cuts} earlier stretches of {days} days; no model saw what it "
                "was to predict.",
                cuts=self.choice.frame["cut"].nunique(),
                days=self.choice.horizon_days,
            ),
        )

    def parameter_table(self) -> Table:
        """Parameters with standard errors."""
        terms = {**NAMES, "gamma_gamma": _("Gamma-Gamma (value)")}
        return make_table(
            "segmentation.lifetime_parameters",
            _("Parameters with standard errors"),
            self.parameters,
            Column("model", _("Model"), terms=terms),
            Column("parameter", _("Parameter")),
            Column("estimate", _("Estimate"), "score"),
            Column("standard_error", _("Standard error"), "score"),
            Column("log_likelihood", _("Log-likelihood"), "score"),
            caption=_(
                "Times in weeks. A parameter without a standard error lies at the edge of "
                "its range: the data do not fix it."
            ),
        )

    @cached_property
    def _fitted(self) -> dict:
        return {}

    def _model(self, days: float) -> Any:
        if self.chosen in self.models:
            return self.models[self.chosen]
        key = int(days)
        if key not in self._fitted:
            self._fitted[key] = CANDIDATES[self.chosen](self.past, pd.Timestamp(self.as_of), days)
        return self._fitted[key]

    def _order_value(self) -> np.ndarray:
        """Value of an order day: Gamma-Gamma on all order days where it fits, else the
        account's own mean.
        """
        if self.spending is not None:
            return self.spending.expected_value(self.history)
        return (self.history["revenue_orders"] / self.history["n_order_days"]).to_numpy(float)


def _caveats(result: LifetimeValue) -> tuple[Text, ...]:
    history, spending, left_out = result.history, result.spending, result.left_out
    caveats = _say_missing(result)
    caveats.append(
        _(
            "The probability of being alive is not shown: BG/NBD gives it as 1 to every "
            "one-time buyer. Who will be silent is "
            "told by the probability of an order."
        )
    )
    caveats += say_drawn(len(history))
    if len(history) < LEAST_ACCOUNTS:
        caveats.append(
            _(
                "Fewer than {n} accounts have ordered: no model is fitted, and the past "
                "rate stands.",
                n=LEAST_ACCOUNTS,
            )
        )
    elif result.choice.summary.empty:
        caveats.append(
            _("The data span too little time for a backtest: the past rate stands, untested.")
        )
    caveats += _say_season(result)
    if result.choice.orders_by_chance():
        caveats.append(
            _(
                "In the backtest no model and no rule told better than chance which account "
                "orders more: the total may be used, the order of the accounts may not."
            )
        )
    if spending is None and len(history):
        caveats.append(
            _(
                "No value model fits (too few repeat buyers, or values without a finite "
                "mean): accounts' own means are used."
            )
        )
    elif (
        spending is not None
        and spending.correlation is not None
        and abs(spending.correlation) > 0.2
    ):
        caveats.append(
            _(
                "Gamma-Gamma assumes that how often and for how much an account orders are "
                "independent; here their "
                "correlation is {r}.",
                r=Quantity(spending.correlation, "score"),
            )
        )
    if result.n_lost:
        caveats.append(
            _(
                "{n} are lost: the models learn from their orders, and nothing is expected of "
                "them.",
                n=Quantity(result.n_lost, "accounts"),
            )
        )
    if left_out.without_account:
        caveats.append(
            _(
                "{n} orders name no account and count for none.",
                n=Quantity(left_out.without_account, "records"),
            )
        )
    if left_out.without_date:
        caveats.append(
            _(
                "{n} orders have no date and are left out.",
                n=Quantity(left_out.without_date, "records"),
            )
        )
    if left_out.after_as_of:
        caveats.append(
            _(
                "Orders after the as-of date that are not seen: {n}.",
                n=Quantity(left_out.after_as_of, "records"),
            )
        )
    if left_out.accounts_without_order:
        caveats.append(
            _(
                "{n} accounts have no order (returns at most): they stay, with nothing expected.",
                n=Quantity(len(left_out.accounts_without_order), "accounts"),
            )
        )
    return tuple(caveats)


def _say_season(result: LifetimeValue) -> list[Text]:
    """A season that the orders are too young to have shown is in no total; the interval allows
    for a usual one.
    """
    if result.past is None or result.history.empty:
        return []
    ahead = result.horizon_days
    if result.knows_season(ahead):
        return []
    if result._span < YEAR:
        return [
            _(
                "The orders span {days} days, less than a year: a season that lies in the {ahead} "
                "days ahead and not in these is unknown. The total holds none; its interval is "
                "wider by what a season of usual strength may do.",
                days=result._span,
                ahead=ahead,
            )
        ]
    return [
        _(
            "The model in use has not looked at the same {ahead} days of the year before: the "
            "total holds no season; its interval is wider by what one of usual strength may do.",
            ahead=ahead,
        )
    ]


def _say_missing(result: LifetimeValue) -> list[Text]:
    """Models that were not fitted, the usual one first: what stands in its place is told before
    anything else.
    """
    first = {}
    for failure in result.failures:
        first.setdefault(failure.model, failure)
    usual = first.pop(DEFAULT, None)
    found = []
    if usual is not None and result.chosen != DEFAULT:
        found.append(
            _(
                "The usual model ({usual}) could not be fitted: {reason}. In its place stands: "
                "{chosen}.",
                usual=NAMES[DEFAULT],
                reason=usual.reason,
                chosen=NAMES[result.chosen],
            )
        )
    if first:
        found.append(
            _(
                "Not fitted, at least on some days, and so not compared: {models}.",
                models=join_terms(first, {name: _named(one) for name, one in first.items()}),
            )
        )
    return found


def _named(failure: Failure) -> Message:
    return _("{model} ({reason})", model=NAMES[failure.model], reason=failure.reason)
