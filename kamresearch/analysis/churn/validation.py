"""Does the model know anything, and do its probabilities mean what they say? Judged on
accounts and times it never saw.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.blend import log_loss_of, recalibrate, sigmoid
from kamresearch.analysis.churn.panel import Panel, time_and_account_folds
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result

if TYPE_CHECKING:
    from kamresearch.analysis.churn.learners import RidgeOnFrame
    from kamresearch.analysis.churn.model import ChurnModel
    from kamresearch.analysis.churn.plain import PlainLogistic

LEAST_LOSSES = 30
"""Losses to learn from, and to be judged on, below which no model is fitted."""
SIMPLE = ("hiatus", "logistic")
"""Fitted for every fold; the combined model costs a hundred times more and comes last."""
MODELS = ("base", *SIMPLE, "model")
"""From the simplest to the richest."""
LEAST_IN_FOLD = 10
"""Rows of the rarer outcome below which a fold knows no more than the rate."""
MODEL_TERMS = {
    "base": _("base rate"),
    "hiatus": _("silence in gaps (hiatus rule)"),
    "logistic": _("ridge logistic regression"),
    "model": _("combined model"),
}


@dataclass(frozen=True)
class Judgement(Result, frame="metrics"):
    """Held-out probabilities of the models on the same rows, and what they are worth."""

    held: pd.DataFrame
    """account_id, cutoff, lost, base, hiatus, logistic and, where it could still win, model: one
    row per held-out account and cut-off
    """
    metrics: pd.DataFrame
    """model, auc, brier, log_loss, skill, slope, intercept, ece, lift, difference, low, high"""
    chosen: str | None
    n: int
    n_lost: int
    reason: Text | None = None
    last: tuple = field(default=(), repr=False)
    """(chosen model, test rows) of the folds at the last cut-off, for explanations"""
    left: tuple[float, float] | None = None
    """log-loss of the combined model, and of the best simpler one, on the accounts on which it
    was tried and left; None where it was judged on all
    """

    @property
    def refused(self) -> bool:
        """True where there were too few losses."""
        return self.reason is not None

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What held-out means here, and what it is not."""
        return (
            _(
                "Judged on accounts that were left out of training, at cut-offs after all "
                "training outcomes were known."
            ),
            _(
                "The model finds association, not cause: it says who may leave, not what "
                "would keep them."
            ),
            *self._tell_left(),
        )

    def _tell_left(self) -> tuple[Text, ...]:
        if self.left is None:
            return ()
        ours, best = self.left
        return (
            _(
                "The combined model was tried on a third of the accounts and left there: its "
                "log-loss was {ours}, that of the best simpler one {best}.",
                ours=Quantity(ours, "score"),
                best=Quantity(best, "score"),
            ),
        )

    def findings(self) -> list[Finding]:
        """Brier skill, slope and the AUC of the chosen model."""
        row = None if self.refused else self.metrics.set_index("model").loc[self.chosen]
        shared = {"n": self.n, "n_unit": "records", "figure": "churn.reliability"}
        bounds = (
            None
            if row is None or self.chosen == "base"
            else Interval(float(row["skill_low"]), float(row["skill_high"]))
        )
        sentence = (
            None
            if row is None
            else _(
                "On held-out accounts and later cut-offs the chosen model ({model}) "
                "explains {skill} of the Brier score of the base rate (AUC {auc}).",
                model=MODEL_TERMS[cast(str, self.chosen)],
                skill=Quantity(float(row["skill"]), "share"),
                auc=Quantity(float(row["auc"]), "score"),
            )
        )
        flat = _("the base rate alone was chosen: it gives everybody the same probability")
        no_slope = row is None or self.chosen == "base"
        return [
            Finding(
                "churn.model_skill",
                None if row is None else float(row["skill"]),
                "score",
                _("Brier skill of the chosen model"),
                _(
                    "One minus the Brier score over that of the base rate known at the "
                    "cut-off; held-out accounts and times. 0 = no better, 1 = perfect."
                ),
                interval=bounds,
                good="up",
                reason=self.reason,
                sentence=sentence,
                **shared,
            ),
            Finding(
                "churn.model_auc",
                None if row is None else float(row["auc"]),
                "score",
                _("AUC of the chosen model"),
                _(
                    "Chance that a lost account had the higher probability than one that "
                    "stayed (0.5 = coin)."
                ),
                interval=None
                if row is None
                else Interval(float(row["auc_low"]), float(row["auc_high"])),
                good="up",
                reason=self.reason,
                **shared,
            ),
            Finding(
                "churn.model_slope",
                None if no_slope else float(cast(pd.Series, row)["slope"]),
                "score",
                _("Calibration slope"),
                _(
                    "Slope of the outcome on the held-out log-odds; 1 = probabilities "
                    "spread as they should."
                ),
                interval=None
                if no_slope
                else Interval(
                    float(cast(pd.Series, row)["slope_low"]),
                    float(cast(pd.Series, row)["slope_high"]),
                ),
                good="neither",
                reason=self.reason or flat,
                **shared,
            ),
        ]

    def table(self) -> Table:
        """The models side by side, with paired differences against the chosen one's rivals."""
        return make_table(
            "churn.models",
            _("Which model is worth using?"),
            self.metrics,
            Column("model", _("Model"), terms=MODEL_TERMS),
            Column("auc", _("AUC"), "score"),
            Column("log_loss", _("Log-loss"), "score"),
            Column("skill", _("Brier skill"), "score"),
            Column("slope", _("Slope"), "score"),
            Column("intercept", _("Intercept"), "score"),
            Column("ece", _("ECE"), "share"),
            Column("lift", _("Lift of the top tenth"), "ratio"),
            Column("difference", _("Log-loss minus the base rate's"), "score"),
            Column("low", _("Lower bound"), "score"),
            Column("high", _("Upper bound"), "score"),
            caption=_(
                "Paired differences on the same {n} held-out rows with {lost} losses, 95% "
                "bounds by resampling accounts. The simplest model within one standard "
                "error of the best is used: {chosen}.",
                n=self.n,
                lost=self.n_lost,
                chosen=MODEL_TERMS.get(cast(str, self.chosen), "–"),
            ),
        )


def refuse_few_losses(panel: Panel, groups: int = 3) -> Judgement | None:
    """A judgement without models and its reason, where there is too little to learn from or to
    be judged on; else None.
    """
    folds = list(time_and_account_folds(panel, groups))
    y = panel.y
    tested = np.unique(np.concatenate([test for _, test in folds])) if folds else np.array([], int)
    learnt = (
        np.unique(np.concatenate([train for train, _ in folds])) if folds else np.array([], int)
    )
    short = min(int(y[tested].sum()), int(y[learnt].sum()), int((1 - y[tested]).sum()))
    if short >= LEAST_LOSSES:
        return None
    reason = _(
        "too few losses for a model: {n} to learn from or be judged on, {least} are "
        "needed; see the pooled rates instead",
        n=short,
        least=LEAST_LOSSES,
    )
    return Judgement(
        pd.DataFrame(), pd.DataFrame(), None, len(tested), int(y[tested].sum()), reason
    )


def judge_models(panel: Panel, random_state: int = 0, groups: int = 3) -> Judgement:
    """Which model predicts losses best on accounts and times that it never saw?

    Parameters
    ----------
    panel : Panel
        Accounts at several cut-offs.
    random_state : int
        Seed of the models and of the resampling.
    groups : int
        Groups of accounts; each is tested by models trained on the others.

    Returns
    -------
    Judgement
        With fewer than 30 losses to learn from or to be judged on, nothing is fitted and the reason
        is given.
    """
    refused = refuse_few_losses(panel, groups)
    if refused is not None:
        return refused
    trials = [_Trial(panel, *fold, random_state) for fold in time_and_account_folds(panel, groups)]
    for name in SIMPLE:
        for trial in trials:
            trial.predict(name)
    left = _try_costly(trials, trials[::groups])
    held = pd.concat([trial.held for trial in trials], ignore_index=True).sort_values(
        ["cutoff", "account_id"], ignore_index=True
    )
    chosen, last = choose_model(held), panel.frame["cutoff"].max()
    models = tuple(
        (trial.fitted[chosen], trial.test)
        for trial in trials
        if chosen in trial.fitted and trial.held["cutoff"].iloc[0] == last
    )
    metrics = measure_models(held, random_state)
    return Judgement(held, metrics, chosen, len(held), int(held["lost"].sum()), None, models, left)


class _Trial:
    """One fold: what each model, learnt from the training rows, says of the test rows."""

    def __init__(self, panel: Panel, train: np.ndarray, test: np.ndarray, seed: int) -> None:
        self.panel, self.train, self.test, self.seed = panel, train, test, seed
        self.y = panel.y[train]
        share = (self.y.sum() + 0.5) / (len(train) + 1)
        frame = panel.frame.iloc[test]
        self.held = frame[["account_id", "cutoff", "lost"]].assign(base=share)
        self.fitted: dict[str, Fitted] = {}

    def predict(self, name: str) -> None:
        """Fit a model and keep it, and its probabilities; the base rate where losses are few."""
        chance = self.held["base"]
        if min(self.y.sum(), len(self.y) - self.y.sum()) >= LEAST_IN_FOLD:
            self.fitted[name] = fit_model(name, self.panel, self.train, self.seed)
            chance = self.fitted[name].predict(self.panel.X.iloc[self.test])
        self.held = self.held.assign(**{name: chance})


@dataclass(frozen=True)
class Fitted:
    """A model and the features that it reads."""

    name: str
    model: "ChurnModel | PlainLogistic | RidgeOnFrame"
    features: tuple[str, ...]

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of a loss."""
        now = X.reindex(columns=list(self.features)).reset_index(drop=True)
        return self.model.predict_proba(now)[:, 1]


def fit_model(name: str, panel: Panel, rows: np.ndarray, seed: int) -> Fitted:
    """A model of that name (hiatus, logistic, model), learnt from those rows of the panel."""
    from kamresearch.analysis.churn.learners import ridge_logistic
    from kamresearch.analysis.churn.model import ChurnModel
    from kamresearch.analysis.churn.plain import PlainLogistic

    features = ("silence_in_gaps",) if name == "hiatus" else panel.features
    X, y = panel.frame.iloc[rows][list(features)].reset_index(drop=True), panel.y[rows]
    if name == "hiatus":
        return Fitted(name, ridge_logistic(1.0).fit(X, y), features)
    model = ChurnModel(random_state=seed) if name == "model" else PlainLogistic(seed=seed)
    accounts = panel.frame["account_id"].to_numpy()[rows]
    return Fitted(name, model.fit(X, y, groups=accounts), features)


def _try_costly(trials: list[_Trial], first: list[_Trial]) -> tuple[float, float] | None:
    """Judge the combined model on all folds, or leave it after the first group of accounts where
    it is no better there than the best simpler one: to be used it would have to be better by more
    than a standard error.
    """
    for trial in first:
        trial.predict("model")
    tried = pd.concat([trial.held for trial in first], ignore_index=True)
    y = tried["lost"].to_numpy(float)
    loss = {name: float(log_loss_of(y, logit(tried[name])).mean()) for name in MODELS}
    best = min(loss[name] for name in MODELS if name != "model")
    if loss["model"] < best:
        for trial in trials:
            if "model" not in trial.held:
                trial.predict("model")
        return None
    for trial in first:
        trial.held = trial.held.drop(columns="model")
    return loss["model"], best


def logit(p: np.ndarray) -> np.ndarray:
    """Probability → log-odds, cut at one in a million."""
    p = np.clip(np.asarray(p, float), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def choose_model(held: pd.DataFrame) -> str:
    """The simplest model whose log-loss lies within one standard error (paired, over accounts)
    of the best one's.
    """
    y = held["lost"].to_numpy(float)
    losses = {name: log_loss_of(y, logit(held[name])) for name in MODELS if name in held}
    best = min(losses, key=lambda name: losses[name].mean())
    for name in losses:
        worse = pd.Series(losses[name] - losses[best]).groupby(held["account_id"].to_numpy()).sum()
        error = worse.std(ddof=1) * np.sqrt(len(worse)) if len(worse) > 1 else 0.0
        if worse.sum() <= error:
            return name
    return best


def auc_of(y: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties halved; NaN with one outcome alone."""
    from scipy.stats import rankdata

    y = np.asarray(y)
    positives = int(y.sum())
    if positives in (0, len(y)):
        return float("nan")
    return float(
        (rankdata(score)[y == 1].sum() - positives * (positives + 1) / 2)
        / (positives * (len(y) - positives))
    )


def calibration_error(y: np.ndarray, p: np.ndarray, bins: int = 10) -> float:
    """Mean gap between probability and frequency in equal-count bins; equal probabilities are
    never parted.
    """
    frame = reliability(y, p, bins)
    return float(
        (frame["n"] * (frame["observed"] - frame["predicted"]).abs()).sum() / frame["n"].sum()
    )


def reliability(y: np.ndarray, p: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """Predicted against observed shares, in about equal-count bins → predicted, observed, n,
    n_lost, low, high.
    """
    from scipy.stats import rankdata
    from statsmodels.stats.proportion import proportion_confint

    y, p = np.asarray(y, float), np.asarray(p, float)
    place = np.minimum((rankdata(p, method="average") - 0.5) / len(p) * bins, bins - 1).astype(int)
    frame = (
        pd.DataFrame({"bin": place, "p": p, "y": y})
        .groupby("bin", sort=True)
        .agg(predicted=("p", "mean"), observed=("y", "mean"), n=("y", "size"), n_lost=("y", "sum"))
        .reset_index(drop=True)
    )
    low, high = proportion_confint(frame["n_lost"], frame["n"], method="wilson")
    return frame.assign(n_lost=frame["n_lost"].astype(int), low=low, high=high)


def gains(y: np.ndarray, p: np.ndarray) -> pd.DataFrame:
    """Share of all losses found among the so many accounts most at risk → contacted, found."""
    order = np.argsort(-np.asarray(p), kind="stable")
    found = np.cumsum(np.asarray(y, float)[order]) / max(np.sum(y), 1)
    return pd.DataFrame({"contacted": np.arange(len(y) + 1) / len(y), "found": np.r_[0, found]})


def recalibration(y: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    """Intercept and slope of the logistic regression of the outcome on the log-odds; (NaN,
    NaN) for constant ones.
    """
    if np.ptp(p) < 1e-9 or len(np.unique(y)) < 2:
        return float("nan"), float("nan")
    return recalibrate(np.asarray(y, float), logit(p), prior_sd=(100.0, 100.0))


def measure_models(held: pd.DataFrame, random_state: int = 0, rounds: int = 400) -> pd.DataFrame:
    """Metrics of each model, and paired differences of log-loss against the base rate with
    bounds by resampled accounts.
    """
    y = held["lost"].to_numpy(float)
    rng = np.random.default_rng(random_state)
    draws = _account_draws(held["account_id"], rounds, rng)
    base_loss, base_brier = log_loss_of(y, logit(held["base"])), (held["base"].to_numpy() - y) ** 2
    rows = []
    for name in (name for name in MODELS if name in held):
        p = held[name].to_numpy(float)
        loss, brier = log_loss_of(y, logit(p)), (p - y) ** 2
        intercept, slope = recalibration(y, p)
        top = np.argsort(-p, kind="stable")[: int(np.ceil(0.1 * len(p)))]
        change = (draws @ (loss - base_loss)) / draws.sum(axis=1)
        skills = 1 - (draws @ brier) / (draws @ base_brier)
        some = draws[:100]
        aucs = [
            auc_of(y[rows_], p[rows_]) for rows_ in (np.repeat(np.arange(len(y)), d) for d in some)
        ]
        slopes = [
            recalibration(y[r], p[r])[1] for r in (np.repeat(np.arange(len(y)), d) for d in some)
        ]
        rows.append(
            {
                "model": name,
                "auc": auc_of(y, p),
                "brier": brier.mean(),
                "log_loss": loss.mean(),
                "skill": 1 - brier.mean() / base_brier.mean(),
                "slope": slope,
                "intercept": intercept,
                "ece": calibration_error(y, p),
                "lift": y[top].mean() / y.mean(),
                "difference": (loss - base_loss).mean(),
                "low": np.quantile(change, 0.025),
                "high": np.quantile(change, 0.975),
                "skill_low": np.quantile(skills, 0.025),
                "skill_high": np.quantile(skills, 0.975),
                "auc_low": np.nanquantile(aucs, 0.025),
                "auc_high": np.nanquantile(aucs, 0.975),
                "slope_low": np.nanquantile(slopes, 0.025) if slope == slope else np.nan,
                "slope_high": np.nanquantile(slopes, 0.975) if slope == slope else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _account_draws(accounts: pd.Series, rounds: int, rng: np.random.Generator) -> np.ndarray:
    """How often each row counts in each round of resampling whole accounts."""
    codes, names = pd.factorize(accounts)
    picked = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=rounds)
    return picked[:, codes]


__all__ = [
    "Judgement",
    "auc_of",
    "calibration_error",
    "choose_model",
    "gains",
    "judge_models",
    "measure_models",
    "recalibration",
    "reliability",
    "sigmoid",
]
