"""Tuned peers of ChurnModel on the same folds: ``churn_peers.py PROTOCOL_FOLDER PARTS_FOLDER
[SET…]``, peers' environment.

Each booster has a small grid. Configuration and number of trees are chosen once per set, by
three-fold log-loss on the
training rows of the first of the ten folds, and then fitted in every fold: cheaper than choosing in
each fold, and kind
to the peers, since later folds test rows that took part in the choice. Library defaults are
measured too.
"""

import json
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier, early_stopping
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

MOST, PATIENCE, INNER = 1500, 50, 3
LIGHT = {
    "verbose": -1,
    "n_jobs": 1,
    "random_state": 0,
    "learning_rate": 0.03,
    "colsample_bytree": 0.5,
    "subsample": 0.8,
    "subsample_freq": 1,
    "min_child_samples": 20,
    "reg_lambda": 10,
}
EXTREME = {
    "n_jobs": 1,
    "random_state": 0,
    "learning_rate": 0.03,
    "colsample_bytree": 0.5,
    "subsample": 0.8,
    "enable_categorical": True,
    "reg_lambda": 10,
}
HISTOGRAM = {
    "categorical_features": "from_dtype",
    "early_stopping": False,
    "random_state": 0,
    "learning_rate": 0.05,
    "max_features": 0.5,
    "l2_regularization": 5,
}
CAT = {"verbose": 0, "thread_count": 1, "random_seed": 0, "learning_rate": 0.05}


def texts_of(X: pd.DataFrame) -> list[str]:
    return [name for name in X if X[name].dtype.kind not in "ifb"]


def as_texts(X: pd.DataFrame, _like: pd.DataFrame) -> pd.DataFrame:
    return X.astype(dict.fromkeys(texts_of(X), str))


def as_categories(X: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Texts as categories, coded as in the training rows."""
    return X.assign(
        **{
            name: pd.Categorical(X[name], categories=sorted(like[name].dropna().unique()))
            for name in texts_of(X)
        }
    )


def watch_catboost(config, X, y, Z, z):
    model = CatBoostClassifier(
        iterations=MOST, early_stopping_rounds=PATIENCE, cat_features=texts_of(X), **config, **CAT
    )
    model.fit(X, y, eval_set=(Z, z))
    return model.get_best_score()["validation"]["Logloss"], model.get_best_iteration() + 1


def watch_lightgbm(config, X, y, Z, z):
    model = LGBMClassifier(n_estimators=MOST, **config, **LIGHT)
    model.fit(X, y, eval_set=[(Z, z)], callbacks=[early_stopping(PATIENCE, verbose=False)])
    return model.best_score_["valid_0"]["binary_logloss"], model.best_iteration_


def watch_xgboost(config, X, y, Z, z):
    model = XGBClassifier(n_estimators=MOST, early_stopping_rounds=PATIENCE, **config, **EXTREME)
    model.fit(X, y, eval_set=[(Z, z)], verbose=False)
    return model.best_score, model.best_iteration + 1


def watch_histogram(config, X, y, Z, z):
    model = HistGradientBoostingClassifier(max_iter=300, **config, **HISTOGRAM).fit(X, y)
    losses = [log_loss(z, p) for p in model.staged_predict_proba(Z)]
    return min(losses), int(np.argmin(losses)) + 1


@dataclass(frozen=True)
class Peer:
    """A learner: how it is made from a configuration and a number of trees, and what is tried."""

    make: object
    prepare: object = as_categories
    watch: object = None
    grid: tuple = ()


def make_logistic(config, trees, X):
    texts = texts_of(X)
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), [n for n in X if n not in texts]),
        (OneHotEncoder(handle_unknown="ignore", min_frequency=5), texts),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=2000))


PEERS = {
    "CatBoost tuned": Peer(
        lambda config, trees, X: CatBoostClassifier(
            iterations=trees, cat_features=texts_of(X), **config, **CAT
        ),
        as_texts,
        watch_catboost,
        tuple({"depth": depth, "l2_leaf_reg": pull} for depth in (4, 6) for pull in (3, 10)),
    ),
    "LightGBM tuned": Peer(
        lambda config, trees, X: LGBMClassifier(n_estimators=trees, **config, **LIGHT),
        as_categories,
        watch_lightgbm,
        ({"num_leaves": 6}, {"num_leaves": 16}),
    ),
    "XGBoost tuned": Peer(
        lambda config, trees, X: XGBClassifier(n_estimators=trees, **config, **EXTREME),
        as_categories,
        watch_xgboost,
        ({"max_depth": 3}, {"max_depth": 5}),
    ),
    "HistGradientBoosting tuned": Peer(
        lambda config, trees, X: HistGradientBoostingClassifier(
            max_iter=trees, **config, **HISTOGRAM
        ),
        as_categories,
        watch_histogram,
        ({"max_leaf_nodes": 6}, {"max_leaf_nodes": 16}),
    ),
    "logistic regression": Peer(make_logistic, lambda X, like: X),
    "LightGBM default": Peer(
        lambda config, trees, X: LGBMClassifier(verbose=-1, n_jobs=1, random_state=0)
    ),
    "XGBoost default": Peer(
        lambda config, trees, X: XGBClassifier(n_jobs=1, random_state=0, enable_categorical=True)
    ),
    "HistGradientBoosting default": Peer(
        lambda config, trees, X: HistGradientBoostingClassifier(
            categorical_features="from_dtype", random_state=0
        )
    ),
}


def tune(peer: Peer, X: pd.DataFrame, y: np.ndarray) -> dict:
    """The configuration with the smallest mean log-loss over the inner folds, and its mean
    number of trees.
    """
    start, best = time.process_time(), (np.inf,)
    splits = list(StratifiedKFold(INNER, shuffle=True, random_state=0).split(X, y))
    for place, config in enumerate(peer.grid):
        seen = []
        for fit, look in splits:
            past = X.iloc[fit]
            seen.append(
                peer.watch(
                    config,
                    peer.prepare(past, past),
                    y[fit],
                    peer.prepare(X.iloc[look], past),
                    y[look],
                )
            )
        losses, trees = np.mean(seen, axis=0)
        best = min(best, (losses, place, trees))
    # The fit on all training rows has half as many rows again as an inner one, and can bear a few
    # more trees.
    return {
        "config": peer.grid[best[1]],
        "trees": int(1.15 * best[2]) + 1,
        "tuning_seconds": time.process_time() - start,
    }


def measure(name: str, peer_name: str, folder: Path, protocol: object) -> None:
    """Ten folds of a peer on a set → its part, written fold by fold: an interrupted run goes
    on where it stopped.
    """
    path = folder / f"{name} {peer_name}.csv"
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {(row["seed"], row["fold"]) for row in rows}
    if len(done) == 10:
        return
    peer, chosen = PEERS[peer_name], {"config": {}, "trees": 0, "tuning_seconds": 0.0}
    X, y = protocol.load(name)
    folds = [
        (seed, fold, *rows_)
        for seed in (0, 1)
        for fold, rows_ in enumerate(
            StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y)
        )
    ]
    if peer.grid:
        memory = path.with_suffix(".json")
        if not memory.exists():
            first = folds[0][2]
            memory.write_text(
                json.dumps(tune(peer, X.iloc[first].reset_index(drop=True), y[first]))
            )
        chosen = json.loads(memory.read_text())
    for seed, fold, train, test in folds:
        if (seed, fold) in done:
            continue
        start, past = time.process_time(), X.iloc[train].reset_index(drop=True)
        model = peer.make(chosen["config"], chosen["trees"], past).fit(
            peer.prepare(past, past), y[train]
        )
        p = model.predict_proba(peer.prepare(X.iloc[test].reset_index(drop=True), past))[:, 1]
        rows.append(
            {
                "set": name,
                "model": peer_name,
                "seed": seed,
                "fold": fold,
                **protocol.metrics(y[test], p),
                "seconds": time.process_time() - start,
                "tuning_seconds": chosen["tuning_seconds"],
            }
        )
        pd.DataFrame(rows).to_csv(path.with_suffix(".part"), index=False)
        path.with_suffix(".part").rename(path)
    print(f"{name}: {peer_name} done", file=sys.stderr, flush=True)


def main(protocol_folder: str, parts: str, *sets: str) -> None:
    """A file of ten rows per set and peer in the folder of parts."""
    warnings.filterwarnings("ignore")
    sys.path.insert(0, protocol_folder)
    import churn_eval

    Path(parts).mkdir(parents=True, exist_ok=True)
    for name in sets or ("telco", "mlc", "bank"):
        for peer_name in PEERS:
            measure(name, peer_name, Path(parts), churn_eval)


if __name__ == "__main__":
    main(*sys.argv[1:])
