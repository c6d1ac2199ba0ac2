"""What libraries would do in the place of our own code (``make bench-candidates``; no peers).

Candidates beside what is used: Cox regression for probabilities of loss, a mixed logistic model
for shares drawn towards each other, structural time series among the forecasts (statsmodels); and
scikit-learn's and, where it is installed, skrub's way of turning columns into numbers.
"""

import argparse
import importlib.util
import time
import warnings
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import qr
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
from statsmodels.tsa.statespace.structural import UnobservedComponents

import kamresearch as kam
from benchmarks.bench_churn import SETS
from benchmarks.bench_decisions import draw_world
from benchmarks.bench_forecast import by_series, forecast_ours, to_frame
from benchmarks.common import (
    ROOT,
    describe_machine,
    describe_versions,
    load_protocol,
    write_result,
)
from benchmarks.protocols.places import data_file
from kamresearch.analysis import churn
from kamresearch.analysis.churn.columns import Encoder
from kamresearch.analysis.churn.panel import Panel, time_and_account_folds
from kamresearch.analysis.churn.plain import PlainLogistic
from kamresearch.analysis.pooling import pool_shares
from kamresearch.data.simulate import make_company

AS_OF = "2012-12-31"
LEVEL = 0.95


def row(task: str, method: str, n: int, seconds: float, **scores: Any) -> dict[str, object]:
    """One row of the table: ``seconds`` of one processor for one fit."""
    return {"task": task, "method": method, "n": n, **scores, "seconds": seconds}


# Probabilities of loss within a year: the folds in which the churn study judges its own models


def fit_cox(X: np.ndarray, days: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Cox regression of the days until a loss: its chance by the end of the window."""
    # It has no answer where one column follows from the others: those are left out.
    _, r, order = qr(X - X.mean(axis=0), mode="economic", pivoting=True)
    kept = order[: int((np.abs(r.diagonal()) > 1e-6 * np.abs(r[0, 0])).sum())]
    cox = PHReg(days, X[:, kept], status=y, ties="breslow")
    effects = cox.fit(disp=0).params
    _days, hazard, _survival = cox.baseline_cumulative_hazard(effects)[0]
    return np.clip(-np.expm1(-hazard.max() * np.exp(new[:, kept] @ effects)), 1e-6, 1 - 1e-6)


def days_until(case: churn.Case, panel: Panel) -> np.ndarray:
    """Days from each row's cut-off to the loss, or to the end of the window."""
    days = np.full(len(panel.y), float(panel.window_days))
    losses = case.losses.frame[["account_id", "churn_date"]]
    pairs = panel.frame[["account_id", "cutoff"]].reset_index().merge(losses, on="account_id")
    after = (pairs["churn_date"] - pairs["cutoff"]).dt.days
    first = after[after > 0].groupby(pairs["index"]).min()
    days[first.index] = np.minimum(days[first.index], first)
    return days


def score_losses(name: str, folder: Path) -> list[dict[str, object]]:
    """Log-loss and AUC of a company's held-out accounts."""
    case = churn.open_case(kam.open_data(folder), AS_OF)
    panel = case.panel(365, 0)
    days, told, spent = days_until(case, panel), {}, {}
    for train, test in time_and_account_folds(panel):
        X, y = panel.frame[list(panel.features)], panel.y
        past, now = X.iloc[train].reset_index(drop=True), X.iloc[test].reset_index(drop=True)
        began = time.process_time()
        model = PlainLogistic().fit(past, y[train], panel.frame["account_id"].to_numpy()[train])
        told.setdefault("PlainLogistic", []).append(model.predict_proba(now)[:, 1])
        middle = time.process_time()
        encoder = Encoder()
        columns = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
        p = fit_cox(
            columns.fit_transform(encoder.fit_transform(past, y[train])),
            days[train],
            y[train],
            columns.transform(encoder.transform(now)),
        )
        told.setdefault("PHReg", []).append(p)
        told.setdefault("lost", []).append(y[test])
        for method, took in (
            ("PlainLogistic", middle - began),
            ("PHReg", time.process_time() - middle),
        ):
            spent.setdefault(method, []).append(took)
    lost = np.concatenate(told.pop("lost"))
    return [
        row(
            f"losses, {name}",
            method,
            len(lost),
            np.mean(spent[method]),
            logloss=log_loss(lost, np.concatenate(parts)),
            auc=roc_auc_score(lost, np.concatenate(parts)),
        )
        for method, parts in told.items()
    ]


def compare_losses(companies: int) -> list[dict[str, object]]:
    """The built-in case, and companies drawn as `bench-decisions` draws them."""
    rows = score_losses("built-in case", ROOT / "data" / "cases" / "geely_volvo")
    for number in range(companies):
        with TemporaryDirectory() as folder:
            made = make_company(
                Path(folder) / "made", draw_world(number), 12, 800, random_state=number
            )
            rows += score_losses(f"company {number}", made.folder)
    return rows


# Columns of any kind as numbers: the same learners on the same folds of the public sets


class SklearnColumns(TransformerMixin, BaseEstimator):
    """Columns of at most ten texts get one column each, others their rate of the outcome."""

    def _columns(self, X: pd.DataFrame) -> ColumnTransformer:
        texts = list(make_column_selector(dtype_exclude=[np.number, bool])(X))
        few = [name for name in texts if X[name].nunique() <= 10]
        once = OneHotEncoder(handle_unknown="ignore", min_frequency=5, sparse_output=False)
        rates = TargetEncoder(target_type="binary", random_state=0)
        return ColumnTransformer(
            [("few", once, few), ("many", rates, [name for name in texts if name not in few])],
            remainder="passthrough",
        )

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> "SklearnColumns":
        self.columns_ = self._columns(X).fit(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: np.ndarray) -> np.ndarray:
        self.columns_ = self._columns(X)
        return self.columns_.fit_transform(X, y)

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        return self.columns_.transform(X)


def columns_known() -> dict[str, type[BaseEstimator]]:
    """The ways to make numbers of columns that can be measured here."""
    ways: dict[str, type[BaseEstimator]] = {"Encoder": Encoder, "scikit-learn": SklearnColumns}
    if importlib.util.find_spec("skrub"):
        from skrub import TableVectorizer  # pyright: ignore[reportMissingImports]

        ways["skrub"] = TableVectorizer
    return ways


def compare_folds(
    task: str, ways: dict[str, tuple[BaseEstimator, pd.DataFrame]], y: np.ndarray
) -> list[dict[str, object]]:
    """Log-loss and AUC of each way in the same five folds, and how far its log-loss lies from the
    first one's, fold by fold.
    """
    rows, first = [], np.zeros(0)
    for way, (model, X) in ways.items():
        folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
        told, began = np.zeros(len(y)), time.process_time()
        for train, test in folds:
            fitted = clone(model).fit(X.iloc[train].reset_index(drop=True), y[train])
            told[test] = fitted.predict_proba(X.iloc[test].reset_index(drop=True))[:, 1]
        spent = (time.process_time() - began) / len(folds)
        losses = np.array([log_loss(y[test], told[test]) for _train, test in folds])
        first = first if rows else losses
        scores = {
            "logloss": log_loss(y, told),
            "auc": roc_auc_score(y, told),
            "gap": (losses - first).mean(),
            "gap_se": (losses - first).std(ddof=1) / np.sqrt(len(folds)),
        }
        rows.append(row(task, way, len(y), spent, **scores))
    return rows


def compare_columns() -> list[dict[str, object]]:
    """Two learners behind each way, on each set."""
    protocol, rows = load_protocol("churn_eval"), []
    filled = (SimpleImputer(keep_empty_features=True), StandardScaler())
    learners = {
        "logistic": (*filled, LogisticRegression(max_iter=2000)),
        "boosted": (HistGradientBoostingClassifier(random_state=0, learning_rate=0.05),),
    }
    for name in SETS:
        X, y = protocol.load(name)
        for learner, steps in learners.items():
            ways = {way: (make_pipeline(one(), *steps), X) for way, one in columns_known().items()}
            rows += compare_folds(f"columns, {name}, {learner}", ways, y)
    return rows


def compare_sums() -> list[dict[str, object]]:
    """What a sum of like columns would bring on the one set whose charges stand in four parts."""
    X, y = load_protocol("churn_eval").load("mlc")
    summed = X.assign(total_charge=X.filter(regex="_charge$").sum(axis=1))
    boosted = make_pipeline(Encoder(), HistGradientBoostingClassifier(random_state=0))
    return [
        one
        for name, model in (("ChurnModel", churn.ChurnModel()), ("boosted", boosted))
        for one in compare_folds(
            f"sum of charges, mlc, {name}",
            {"columns as they are": (model, X), "and their sum": (model, summed)},
            y,
        )
    ]


# Shares of groups drawn towards each other


def pool_ours(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Pooled share, low and high of each group, as the studies tell them."""
    return pool_shares(pd.Series(k), pd.Series(n))[0].to_numpy()


def pool_mixed(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The same by a logistic model with one random intercept a group."""
    group = np.repeat(np.arange(len(k)), n)
    won = np.concatenate([np.r_[np.ones(a), np.zeros(b - a)] for a, b in zip(k, n)])
    groups = np.eye(len(k))[group]
    model = BinomialBayesMixedGLM(won, np.ones((len(won), 1)), groups, np.zeros(len(k), int))
    told = model.fit_vb()
    logits, spread = told.fe_mean[0] + told.vc_mean, np.hypot(told.fe_sd[0], told.vc_sd)
    bounds = np.c_[logits - 1.96 * spread, logits + 1.96 * spread]
    # The mean of the share, not the share at the mean: over 20 quantiles of the logit's normal.
    nodes = norm.ppf((np.arange(20) + 0.5) / 20)
    return np.c_[expit(logits[:, None] + spread[:, None] * nodes).mean(axis=1), expit(bounds)]


POOLS = {"pool_shares": pool_ours, "BinomialBayesMixedGLM": pool_mixed}


def draw_groups(world: int, normal: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True shares of 6 to 25 groups, and what is seen of them in 5 to 60 cases each."""
    generator = np.random.default_rng(world)
    groups = int(generator.integers(6, 26))
    mean, spread = generator.uniform(0.15, 0.6), generator.uniform(0.02, 0.15)
    if normal:
        share = expit(generator.normal(logit(mean), spread / (mean * (1 - mean)), groups))
    else:
        strength = mean * (1 - mean) / spread**2 - 1
        share = generator.beta(mean * strength, (1 - mean) * strength, groups)
    n = generator.integers(5, 61, groups)
    return share, generator.binomial(n, share), n


def score_pools(normal: bool, worlds: int) -> list[dict[str, object]]:
    """Error, coverage and interval score where the true shares are known."""
    rows = []
    for method, pool in POOLS.items():
        seen, began = [], time.process_time()
        for world in range(worlds):
            share, k, n = draw_groups(world, normal)
            pooled, low, high = pool(k, n).T
            out = np.clip(low - share, 0, None) + np.clip(share - high, 0, None)
            seen.append(np.c_[(pooled - share) ** 2, out == 0, high - low + 2 / (1 - LEVEL) * out])
        spent = (time.process_time() - began) / worlds
        error, covered, score = np.concatenate(seen).mean(axis=0)
        drawn = "logit-normal" if normal else "beta"
        told = {"rmse": error**0.5, "cov_95": covered, "interval_score": score}
        rows.append(row(f"shares, {drawn} worlds", method, worlds, spent, **told))
    return rows


def score_deals(by: str) -> list[dict[str, object]]:
    """Log-loss of the deals of one half, by shares that the other half gave."""
    deals = pd.read_csv(data_file("crm_sales_pipeline.csv")).dropna(subset=[by])
    deals = deals[deals["deal_stage"].isin(["Won", "Lost"])]
    won = (deals["deal_stage"] == "Won").to_numpy(int)
    group = pd.factorize(deals[by])[0]
    rows = []
    for method, pool in POOLS.items():
        losses, began = [], time.process_time()
        for seed in range(10):
            seen = np.random.default_rng(seed).random(len(deals)) < 0.1
            n = np.bincount(group[seen], minlength=group.max() + 1)
            k = np.bincount(group[seen], won[seen], minlength=group.max() + 1).astype(int)
            known = n > 0
            told = np.full(len(n), won[seen].mean())
            told[known] = pool(k[known], n[known])[:, 0]
            losses.append(log_loss(won[~seen], told[group[~seen]]))
        spent = (time.process_time() - began) / len(losses)
        rows.append(row(f"deals by {by}", method, len(deals), spent, logloss=np.mean(losses)))
    return rows


# Forecasts: every nth series of the monthly part of M3


def forecast_structural(values: np.ndarray, horizon: int, season: int) -> pd.DataFrame:
    """Level, or level and trend, with a season where there is one: whichever has the lower AIC."""
    fits = [
        UnobservedComponents(values, level, seasonal=season if season > 1 else None).fit(disp=0)
        for level in ("local level", "local linear trend")
    ]
    told = min(fits, key=lambda one: one.aic).get_forecast(horizon)
    bounds = {
        f"{end}_{level}": told.conf_int(alpha=1 - level / 100)[:, place]
        for level in (80, 95)
        for place, end in enumerate(("lo", "hi"))
    }
    return pd.DataFrame({"mean": told.predicted_mean} | bounds)


def compare_forecasts(count: int) -> list[dict[str, object]]:
    """OWA and interval scores on the same series."""
    protocol = load_protocol("forecast_eval")
    everything = protocol.load_m3("MONTHLY")
    some = sorted(everything, key=lambda one: zlib.crc32(one.id.encode()))[:count]
    began = time.process_time()
    ours = by_series(forecast_ours(to_frame(some), 18, 12))
    middle = time.process_time()
    theirs = {
        one.id: forecast_structural(
            one.train.astype(float), 18, 12 if protocol.is_seasonal(one.train, 12) else 1
        )
        for one in some
    }
    spent = (middle - began, time.process_time() - middle)
    return [
        row(
            "forecasts, M3 monthly",
            method,
            count,
            seconds / count,
            **protocol.score(some, told)[["owa", "mase", "cov_95", "msis_95"]],
        )
        for method, told, seconds in zip(
            ("forecast_many", "UnobservedComponents"), (ours, theirs), spent
        )
    ]


def main() -> None:
    """Measure, and write results/candidates.md."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--series", type=int, default=100)
    asked.add_argument("--worlds", type=int, default=60)
    asked.add_argument("--companies", type=int, default=2)
    options = asked.parse_args()
    warnings.simplefilter("ignore")  # of optimisers that did not settle: the score tells it
    rows = compare_losses(options.companies) + compare_columns() + compare_sums()
    for normal in (True, False):
        rows += score_pools(normal, options.worlds)
    for by in ("sales_agent", "account"):
        rows += score_deals(by)
    rows += compare_forecasts(options.series)
    write_result(
        "candidates",
        "Libraries in the place of our own code",
        "PHReg: the chance of a loss within a year, in the folds and on the columns of the churn "
        "study, beside its ridge regression. BinomialBayesMixedGLM: groups whose true "
        "shares are known, and deals told by a tenth of the others. UnobservedComponents: the "
        "first monthly series of M3 in a fixed shuffled order. Columns: the same learner behind the "
        "churn model's `Encoder`, a `ColumnTransformer` of scikit-learn, and skrub's "
        "`TableVectorizer` where it is installed; `gap` is the mean difference of the log-loss from "
        "the first way in the same folds, `gap_se` its standard error. Sum of charges: mlc tells "
        "charges of day, evening, night and abroad; their sum is what a step of our own once added "
        "there, before it was left out as shaped like this one set.",
        [
            describe_machine(),
            describe_versions("statsmodels", "scikit-learn", "numpy"),
            describe_versions("skrub") if importlib.util.find_spec("skrub") else "skrub: not here",
        ],
        pd.DataFrame(rows),
        "Lower is better but for `auc`; `cov_95` should be 0.95. Seconds of one processor a fit.",
    )


if __name__ == "__main__":
    main()
