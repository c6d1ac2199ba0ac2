"""Can the cause be told in advance? If not, say so and abstain."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.causes.reasons import settle_causes
from kamresearch.analysis.churn.case import Case
from kamresearch.analysis.churn.panel import choose_cutoffs, describe_accounts
from kamresearch.finding import Finding, Interval
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result

LEAST = 60
"""Losses with a known cause below which no model of the cause is tried."""


@dataclass(frozen=True)
class CausePrediction(Result):
    """Whether account features tell the cause of a loss better than the causes' shares do."""

    exports = ("churn.cause_skill",)

    n: int
    skill: float | None
    interval: Interval | None
    reason: Text | None = None

    @property
    def abstains(self) -> bool:
        """True unless the features are better than the shares beyond doubt."""
        return self.interval is None or self.interval.low <= 0

    def findings(self) -> list[Finding]:
        """Log-loss saved against the shares alone."""
        return [
            Finding(
                "churn.cause_skill",
                self.skill,
                "score",
                _("Can the cause be predicted?"),
                _(
                    "One minus the log-loss of a logistic model of the cause over that of "
                    "the causes' shares, in folds grouped by account; 0 = no better than "
                    "the shares."
                ),
                interval=self.interval,
                n=self.n,
                good="up",
                reason=self.reason,
            )
        ]

    def closing(self) -> tuple[Text, ...]:
        """Whether the cause can be told beforehand, where there are causes at all."""
        return (self.verdict(),) if self.n else ()

    def verdict(self) -> Text:
        """A sentence for the reader."""
        if self.abstains:
            return _(
                "Account features do not tell beforehand for which cause an account will "
                "leave; no cause is predicted for single accounts (n = {n} losses).",
                n=self.n,
            )
        return _(
            "Account features tell something about the cause beforehand (n = {n} losses); "
            "still association, not cause.",
            n=self.n,
        )


def predict_causes(
    X: pd.DataFrame, cause: pd.Series, accounts: pd.Series, random_state: int = 0
) -> CausePrediction:
    """Do features known before a loss tell its cause?

    Parameters
    ----------
    X : DataFrame
        Features at the last cut-off before the loss, one row a loss.
    cause : Series of text
        The cause of each loss; unknown ones must be left out before.
    accounts : Series
        account_id of each row, to keep an account's losses in one fold.
    """
    from sklearn.model_selection import GroupKFold

    from kamresearch.analysis.churn.learners import ridge_logistic

    counts = cause.value_counts()
    kept = cause.isin(counts.index[counts >= 10]).to_numpy()
    X, cause, accounts = (
        X[kept].reset_index(drop=True),
        cause[kept].reset_index(drop=True),
        accounts[kept].reset_index(drop=True),
    )
    if len(cause) < LEAST or cause.nunique() < 2:
        why = _(
            "too few losses with a known cause: {n}, at least {least} are needed",
            n=len(cause),
            least=LEAST,
        )
        return CausePrediction(len(cause), None, None, why)
    names = np.array(sorted(cause.unique()))
    truth = np.searchsorted(names, cause.to_numpy(str))
    model_loss, share_loss = np.zeros(len(cause)), np.zeros(len(cause))
    groups = pd.factorize(accounts, sort=True)[0]  # of texts each split takes numpy minutes
    for train, test in GroupKFold(5, shuffle=True, random_state=random_state).split(
        X, truth, groups
    ):
        shares = (np.bincount(truth[train], minlength=len(names)) + 1) / (len(train) + len(names))
        model = ridge_logistic(0.03).fit(X.iloc[train], truth[train])
        chance = np.tile(1e-3, (len(test), len(names)))
        chance[:, model.classes_] = model.predict_proba(X.iloc[test]).clip(1e-3)
        rows = np.arange(len(test))
        model_loss[test] = -np.log(chance[rows, truth[test]] / chance.sum(axis=1))
        share_loss[test] = -np.log(shares[truth[test]])
    gain = share_loss - model_loss
    mean, error = gain.mean(), gain.std(ddof=1) / np.sqrt(len(gain))
    base = share_loss.mean()
    return CausePrediction(
        len(cause),
        float(mean / base),
        Interval(float((mean - 1.96 * error) / base), float((mean + 1.96 * error) / base)),
    )


def predict_case(case: Case, random_state: int = 0) -> CausePrediction:
    """The same for a company: each loss with what was known of the account at the half-year
    before it.
    """
    losses = settle_causes(case.losses.frame)
    losses = losses[losses["cause"] != "unknown"]
    cutoffs = choose_cutoffs(case.as_of, case.observed_from, 183, step_months=6)
    parts = []
    for day in cutoffs:
        inside = losses[
            (losses["churn_date"] > day) & (losses["churn_date"] <= day + pd.DateOffset(months=6))
        ]
        if len(inside):
            known = describe_accounts(
                case.snapshot_at(day.date().isoformat()), case.losses, day, case.months
            )
            cause = inside.drop_duplicates("account_id").set_index("account_id")["cause"]
            parts.append(
                known[known["account_id"].isin(cause.index)].assign(
                    cause=lambda f, cause=cause: f["account_id"].map(cause)
                )
            )
    if not parts:
        return CausePrediction(
            0,
            None,
            None,
            _(
                "too few losses with a known cause: {n}, at least {least} are needed",
                n=0,
                least=LEAST,
            ),
        )
    frame = pd.concat(parts, ignore_index=True)
    return predict_causes(
        frame.drop(columns=["account_id", "cause"]),
        frame["cause"],
        frame["account_id"],
        random_state,
    )
