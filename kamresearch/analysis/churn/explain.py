"""Why the chosen model says so: what it leans on, and in which direction. Association, not
cause.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.blend import log_loss_of
from kamresearch.analysis.churn.panel import Panel
from kamresearch.analysis.churn.validation import Fitted, Judgement, logit
from kamresearch.display import Column, Table, make_table
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NOT_EXPLAINED = _(
    "No model was fitted on accounts of the last cut-off, so there is nothing to explain."
)
FLAT = _("The base rate alone was chosen: it leans on nothing that could be explained.")
FEATURE_TERMS = {
    "tenure_days": _("days as an account"),
    "days_since_last_order": _("days since the last order"),
    "n_orders": _("orders in all"),
    "n_order_days": _("days with orders"),
    "n_returns": _("returned orders"),
    "revenue_total": _("revenue in all"),
    "revenue_12m": _("revenue of twelve months"),
    "revenue_prior_12m": _("revenue of the twelve months before"),
    "units_12m": _("units of twelve months"),
    "n_orders_12m": _("orders of twelve months"),
    "n_orders_prior_12m": _("orders of the twelve months before"),
    "months_active_12m": _("months with orders, of twelve"),
    "profit_12m": _("profit of twelve months"),
    "revenue_growth_12m": _("growth of revenue"),
    "revenue_slope_12m": _("slope of revenue"),
    "days_between_orders_mean": _("days between orders, mean"),
    "days_between_orders_sd": _("days between orders, spread"),
    "n_products_12m": _("products bought"),
    "largest_order_revenue": _("largest order"),
    "share_of_wallet_12m": _("share of wallet"),
    "strategic_fit": _("strategic fit"),
    "n_contracts": _("contracts so far"),
    "days_to_contract_end": _("days to the contract's end"),
    "complaints_12m": _("complaints of twelve months"),
    "service_events_12m": _("service events of twelve months"),
    "satisfaction_mean_12m": _("satisfaction"),
    "resolved_days_mean_12m": _("days until solved"),
    "n_managers_24m": _("managers in two years"),
    "n_churns": _("earlier losses"),
    "industry": _("industry"),
    "region": _("region"),
    "channel": _("channel"),
    "silence_in_gaps": _("silence in gaps"),
    "orders_3m_share": _("last quarter against the year"),
}


@dataclass(frozen=True)
class Explanation(Result, frame="importance"):
    """What the model leans on."""

    shows = (Shown("churn.importance"), Shown("churn.dependence"))

    importance: pd.DataFrame
    """feature, importance (log-loss lost when shuffled), low, high — the most important first"""
    dependence: dict[str, pd.DataFrame]
    """feature → value, predicted: mean probability were everybody's value this one"""
    model: str
    """the chosen model, which alone is explained"""

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What importance is not."""
        return (
            _(
                "Importance and dependence describe the model: association, not cause. "
                "Changing a feature need not change the risk."
            ),
            _(
                "Features that move together share their importance; a feature may look "
                "unimportant because another one speaks for it."
            ),
        )

    def table(self) -> Table:
        """Importance of each feature."""
        return make_table(
            "churn.importance",
            _("What the model leans on (association, not cause)"),
            self.importance,
            Column("feature", _("Feature"), terms=FEATURE_TERMS),
            Column("importance", _("Log-loss lost when shuffled"), "score"),
            Column("low", _("Lower bound"), "score"),
            Column("high", _("Upper bound"), "score"),
            rows_shown=12,
            caption=_(
                "Mean over repeated shuffles on rows held out of training; bounds are two "
                "standard errors over shuffles."
            ),
        )


def explain_models(
    judgement: Judgement,
    panel: Panel,
    now: pd.DataFrame,
    random_state: int = 0,
    *,
    n_repeats: int = 4,
    most: int = 4,
) -> Explanation:
    """What does the chosen model lean on?

    Parameters
    ----------
    judgement : Judgement
        With the models of the last cut-off's folds: each is asked about accounts that it never saw.
    panel : Panel
        The rows behind it.
    now : DataFrame
        account_id and features of the accounts present today, for dependence.
    n_repeats : int
        Shuffles per feature.
    most : int
        Features whose dependence is shown.
    """
    rng = np.random.default_rng(random_state)
    parts = [
        _shuffle(fitted, panel.X.iloc[test].reset_index(drop=True), panel.y[test], rng, n_repeats)
        for fitted, test in judgement.last
    ]
    importance = _join_parts(parts, [len(test) for _fitted, test in judgement.last])
    fitted, X_now = judgement.last[0][0], now[list(panel.features)]
    numeric = [
        name
        for name in importance["feature"]
        if pd.api.types.is_numeric_dtype(X_now[name]) and X_now[name].notna().sum() > 10
    ]
    dependence = {name: _depend(fitted, X_now, name) for name in numeric[:most]}
    return Explanation(importance, dependence, fitted.name)


def _join_parts(parts: list[pd.DataFrame], sizes: list[int]) -> pd.DataFrame:
    """Mean over folds, weighted by rows; bounds from the folds' own."""
    joined = pd.concat([part.assign(weight=size) for part, size in zip(parts, sizes, strict=True)])
    joined["error"] = (joined["high"] - joined["importance"]) / 2
    rows = []
    for name, part in joined.groupby("feature", sort=True):
        weight = part["weight"] / part["weight"].sum()
        mean, error = (
            float((weight * part["importance"]).sum()),
            float(np.sqrt(((weight * part["error"]) ** 2).sum())),
        )
        rows.append((name, mean, mean - 2 * error, mean + 2 * error))
    frame = pd.DataFrame(rows, columns=["feature", "importance", "low", "high"])
    return frame.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)


def _shuffle(
    fitted: Fitted, X: pd.DataFrame, y: np.ndarray, rng: np.random.Generator, rounds: int
) -> pd.DataFrame:
    before = log_loss_of(y, logit(fitted.predict(X))).mean()
    rows = []
    for name in fitted.features:
        places = [rng.permutation(len(X)) for _round in range(rounds)]
        mixed = pd.concat(
            [X.assign(**{name: X[name].to_numpy()[place]}) for place in places], ignore_index=True
        )
        losses = (
            log_loss_of(np.tile(y, rounds), logit(fitted.predict(mixed)))
            .reshape(rounds, -1)
            .mean(axis=1)
            - before
        )
        error = float(losses.std(ddof=1) / np.sqrt(rounds)) if rounds > 1 else 0.0
        rows.append(
            (
                name,
                float(losses.mean()),
                float(losses.mean() - 2 * error),
                float(losses.mean() + 2 * error),
            )
        )
    return pd.DataFrame(rows, columns=["feature", "importance", "low", "high"])


def _depend(fitted: Fitted, X: pd.DataFrame, name: str, points: int = 12) -> pd.DataFrame:
    present = pd.to_numeric(X[name], errors="coerce").dropna().to_numpy(float)
    values = np.unique(np.quantile(present, np.linspace(0.02, 0.98, points)))
    sample = X if len(X) <= 400 else X.iloc[np.linspace(0, len(X) - 1, 400).astype(int)]
    stacked = pd.concat([sample.assign(**{name: value}) for value in values], ignore_index=True)
    predicted = fitted.predict(stacked).reshape(len(values), -1).mean(axis=1)
    return pd.DataFrame({"value": values, "predicted": predicted})
