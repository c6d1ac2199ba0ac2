"""Risk now: the chosen model, fitted on the whole past, applied to the accounts of today."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.case import Case
from kamresearch.analysis.churn.explain import (
    FEATURE_TERMS,
    FLAT,
    NOT_EXPLAINED,
    Explanation,
    explain_models,
)
from kamresearch.analysis.churn.leaks import NO_LEAKS, Leaks, find_leaks
from kamresearch.analysis.churn.money import NO_RATE
from kamresearch.analysis.churn.panel import Panel, choose_cutoffs, draw_accounts
from kamresearch.analysis.churn.validation import (
    Judgement,
    fit_model,
    judge_models,
    refuse_few_losses,
)
from kamresearch.analysis.drawing import say_drawn
from kamresearch.analysis.pooling import pool_shares
from kamresearch.display import Table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Missing, Result, Shown

OWN = ("hiatus", "logistic", "model")
"""Sources that give each account a probability of its own."""


@dataclass(frozen=True)
class Risk(Result):
    """Each present account's probability of leaving within the window, and the value behind it."""

    as_of: str
    window_days: int
    frame: pd.DataFrame
    """account_id, account_name, region, churn_probability (none where no model tells accounts
    apart), rate (that probability, else the rate of the region or of all), revenue, value and what
    an alert needs to know — one row an account"""
    source: str
    """base, hiatus, logistic, model, or pooled (rates by region)"""
    value_is_profit: bool
    n_lost: int = 0
    """accounts lost in the window just ended: the more, the surer is the level of all rates"""
    reason: Text | None = None
    """why nobody has a probability"""

    def findings(self) -> list[Finding]:
        """Expected yearly revenue lost among the accounts present."""
        total, interval, sentence = None, None, None
        if self.reason is None:
            chance, revenue = (
                self.frame["rate"].to_numpy(float),
                self.frame["revenue"].to_numpy(float),
            )
            total, whole = float((chance * revenue).sum()), float(revenue.sum())
            interval = self._bounds(total, float((chance * (1 - chance) * revenue**2).sum()))
            sentence = _(
                "{total} of the last twelve months’ revenue ({share}) came from accounts that are "
                "expected to leave within {days} days; what the coming days lose of it depends on "
                "when each leaves.",
                total=Quantity(total, "money"),
                share=Quantity(total / whole if whole > 0 else 0.0, "share"),
                days=self.window_days,
            )
        return [
            Finding(
                "churn.revenue_at_risk",
                total,
                "money",
                _("Revenue at risk"),
                _(
                    "Sum over the accounts present of their probability of leaving within "
                    "{days} days (the rate of their region or of all, where no model tells them "
                    "apart) times their revenue of the last twelve months; the interval lets "
                    "chance decide who leaves, and the level of all rates differ as the losses of "
                    "one such span differ from those of another.",
                    days=self.window_days,
                ),
                interval=interval,
                n=len(self.frame),
                good="down",
                headline=True,
                figure="churn.contact_curve",
                sentence=sentence,
                reason=self.reason,
            )
        ]

    def _bounds(self, total: float, by_chance: float) -> Interval | None:
        """Quantiles of a gamma distribution (sums of few large parts lean to the right) with the
        variance of who leaves and that of the level of all, twice that of a count: one for the
        count that it was learned from, one for what it moves from year to year.
        """
        from scipy.stats import gamma

        variance = by_chance + 2 * total**2 / (self.n_lost + 0.5)
        if total <= 0 or variance <= 0:
            return None
        low, high = gamma.ppf([0.025, 0.975], total**2 / variance, scale=variance / total)
        return Interval(float(low), float(high))


def assess_risk(
    case: Case,
    panel: Panel | None,
    judgement: Judgement | None,
    random_state: int = 0,
    window_days: int = 365,
) -> Risk:
    """How likely is each present account to leave, by the simplest model that is worth using?

    Parameters
    ----------
    case : Case
        Accounts and losses as of a day.
    panel, judgement : Panel, Judgement or None
        The past and the verdict on the models; without them, or where none was fitted, rates pooled
        by region are used, and
        without anybody present at the start of the window nobody gets a probability.
    """
    now = case.now()
    chosen = judgement.chosen if judgement is not None and not judgement.refused else None
    if chosen is None or panel is None:
        return _risk(case, now, _pooled(case, now, window_days), "pooled", window_days)
    if chosen == "base":
        share = (panel.y.sum() + 0.5) / (len(panel.y) + 1)
        return _risk(case, now, np.full(len(now), share), "base", window_days)
    fitted = fit_model(chosen, panel, np.arange(len(panel.frame)), random_state)
    chance = fitted.predict(now)
    return _risk(case, now, chance, chosen, window_days)


def _pooled(case: Case, now: pd.DataFrame, window_days: int) -> np.ndarray | None:
    """Rates by region of the window just ended, partially pooled; None where nobody was
    present at its start.
    """
    from kamresearch.analysis.churn.definition import measure_rate

    rate = measure_rate(case.accounts, case.losses, case.as_of, window_days)
    if not rate.n_accounts:
        return None
    region = now["region"].fillna("–").astype(str)
    counts = rate.by_group.set_index("group")[["n_lost", "n_accounts"]]
    # A region where nobody was present then has no trials: the other regions speak for it.
    counts = counts.reindex(counts.index.union(region.unique()), fill_value=0)
    pooled, _strength = pool_shares(counts["n_lost"], counts["n_accounts"])
    return region.map(pooled["pooled"]).to_numpy(float)


def _risk(
    case: Case,
    now: pd.DataFrame,
    chance: np.ndarray | None,
    source: str,
    window_days: int,
) -> Risk:
    day = pd.Timestamp(case.as_of)
    known = case.accounts.set_index("account_id").reindex(now["account_id"]).reset_index()
    revenue = (
        pd.to_numeric(known["revenue_12m"], errors="coerce").astype(float).fillna(0).clip(lower=0)
    )
    profit = pd.to_numeric(known["profit_12m"], errors="coerce").astype(float)
    has_profit = bool(profit.notna().any())
    frame = known[
        [
            "account_id",
            "account_name",
            "region",
            "manager_id",
            "last_order_date",
            "complaints_12m",
            "days_to_contract_end",
            "n_managers_24m",
            "satisfaction_mean_12m",
        ]
    ].assign(
        # A rate that everybody shares is no probability of an account's own: one that orders every
        # month and one that fell silent would be told the same.
        churn_probability=np.clip(cast(np.ndarray, chance), 0, 1) if source in OWN else np.nan,
        rate=np.nan if chance is None else np.clip(chance, 0, 1),
        revenue=revenue,
        value=profit.fillna(0).clip(lower=0) if has_profit else revenue,
    )
    return Risk(
        case.as_of,
        window_days,
        frame,
        source,
        has_profit,
        len(case.losses.lost_within(day - pd.Timedelta(days=window_days), day)),
        NO_RATE if chance is None else None,
    )


@dataclass(frozen=True)
class Modelling(Result, frame="risk.frame"):
    """A case's panel, the verdict on the models, the risk of today, and what the model leans on."""

    exports = (
        "churn.model_skill",
        "churn.model_auc",
        "churn.model_slope",
        "churn.revenue_at_risk",
    )
    shows = (
        Shown("churn.leaks", "leaks_table"),
        Shown("churn.models", "models_table"),
        Shown("churn.reliability"),
        Shown("churn.gains"),
    )

    judgement: Judgement
    risk: Risk
    panel: Panel | None = None
    leaks: Leaks = NO_LEAKS
    explanation: Explanation | None = None
    n_accounts: int = 0
    """accounts at any cut-off, before some were drawn"""

    @property
    def reason(self) -> Text | None:
        """Why nothing was fitted; None where something was."""
        return self.judgement.reason if self.judgement.refused else None

    def findings(self) -> list[Finding]:
        """How well losses are foreseen, and how much revenue is at risk."""
        return [*self.judgement.findings(), *self.risk.findings()]

    def leaks_table(self) -> Table:
        """The features alone."""
        return self.leaks.table()

    def models_table(self) -> Table:
        """The models beside the simple rules."""
        return self.judgement.table()

    @property
    def explained(self) -> Explanation | Missing:
        """What the model leans on, where there is one that leans on something."""
        flat = FLAT if self.judgement.chosen == "base" else NOT_EXPLAINED
        reason = self.judgement.reason or flat
        return self.explanation or Missing(reason, (Explanation,))

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What the judgement's figures rest on."""
        other = _(
            "The probability of leaving is that of a loss as this study defines it. The study of "
            "segmentation tells another thing, whether an account still buys by its order days "
            "alone: an account that orders every month may have a high one and still give notice."
        )
        return (*say_drawn(self.n_accounts), *self.judgement.caveats, other)


def model_losses(
    case: Case, window_days: int = 365, gap_days: int = 0, random_state: int = 0
) -> Modelling:
    """Can losses be predicted, and how likely is each present account to leave?

    Where the history is too short, losses are too few, or a feature may know the outcome (a
    definition of loss that a
    feature spells out), nothing is fitted: the judgement says why, and the risk is the rate of the
    region, pooled. Of
    very many accounts, some thousand are drawn to learn from; every account present gets its
    probability.
    """
    cutoffs = choose_cutoffs(case.as_of, case.observed_from, window_days, gap_days)
    if not cutoffs:
        reason = _(
            "the history is too short: a year before a cut-off and {days} days after it are needed",
            days=window_days + gap_days,
        )
        judgement = Judgement(pd.DataFrame(), pd.DataFrame(), None, 0, 0, reason)
        return Modelling(judgement, assess_risk(case, None, None, random_state, window_days))
    whole = case.panel(window_days, gap_days)
    n_accounts = whole.frame["account_id"].nunique()
    panel = draw_accounts(whole)
    del whole  # of a big company it takes as much as all else
    judgement, leaks = refuse_few_losses(panel), NO_LEAKS
    if judgement is None:
        # Among a few losses one feature or another tells all by chance: only now is there something
        # to question.
        leaks = find_leaks(panel.X, panel.y, panel.frame["cutoff"])
        judgement = (
            refuse_knowing(panel, leaks) if leaks.refused else judge_models(panel, random_state)
        )
    risk = assess_risk(case, panel, judgement, random_state, window_days)
    explanation = (
        explain_models(judgement, panel, case.now(), random_state) if judgement.last else None
    )
    return Modelling(judgement, risk, panel, leaks, explanation, n_accounts)


def refuse_knowing(panel: Panel, leaks: Leaks) -> Judgement:
    """A judgement without models, because some features may know the outcome."""
    worst = leaks.frame.iloc[0]
    reason = _(
        "{n} features may know the outcome, the first of them “{feature}” (AUC alone "
        "{auc}): a model of them would only repeat how a loss is told",
        n=len(leaks.refused),
        feature=FEATURE_TERMS.get(worst["feature"], worst["feature"]),
        auc=Quantity(float(worst["auc"]), "score"),
    )
    return Judgement(
        pd.DataFrame(), pd.DataFrame(), None, len(panel.frame), int(panel.y.sum()), reason
    )
