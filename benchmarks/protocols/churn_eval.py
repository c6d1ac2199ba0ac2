"""How probabilities of loss are judged: see “Churn” in benchmarks/README.md."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from places import data_file
from scipy.special import betainc, expit, logit
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
    roc_curve,
)
from sklearn.model_selection import StratifiedKFold

LEAKS = ["Churn Label", "Churn Value", "Churn Score", "CLTV", "Churn Reason"]
"""Columns of the telco set that know the answer, or come from it."""
PLACES = [
    "CustomerID",
    "Count",
    "Country",
    "State",
    "City",
    "Zip Code",
    "Lat Long",
    "Latitude",
    "Longitude",
]
OUTCOMES = {
    "mlc": ("mlc_churn.csv", "churn", "yes"),
    "attrition": ("attrition.csv", "Attrition", "Yes"),
    "credit": ("credit_data.csv", "Status", "bad"),
    "caravan": ("caravan.csv", "Purchase", "Yes"),
}
"""Set → file, column of the outcome, and the outcome foretold; all other columns are features."""
LEAST = 1e-6
BINS = 10


def load(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Features as they are (numbers, texts, gaps), and who was lost."""
    if name == "telco":
        frame = pd.read_csv(data_file("ibm_telco_churn_reason.csv"))
        lost = frame["Churn Value"]
        frame = frame.drop(columns=[*LEAKS, *PLACES])
        frame["Total Charges"] = pd.to_numeric(frame["Total Charges"], errors="coerce")
    elif name in OUTCOMES:
        file, column, lost_when = OUTCOMES[name]
        frame = pd.read_csv(data_file(file))
        lost = frame.pop(column) == lost_when
    elif name == "bank":
        frame = pd.read_csv(data_file("bank_churn_modelling.csv"))
        frame = frame.drop(columns=["RowNumber", "CustomerId", "Surname"])
        lost = frame.pop("Exited")
    else:
        raise ValueError(f"unknown set {name!r}: telco, bank, {', '.join(OUTCOMES)}")
    return frame, lost.to_numpy(int)


def empc(
    y: np.ndarray,
    p: np.ndarray,
    clv: float = 200.0,
    offer: float = 10.0,
    contact: float = 1.0,
    a: float = 6.0,
    b: float = 14.0,
) -> float:
    """Expected maximum profit an account (Verbraken et al. 2013): the share of those who accept
    an offer is drawn from Beta(a, b), and each time the best point of the ROC hull is taken.

    The package's own measure is not called: what judges a model is no part of what is judged.
    """
    share, delta, phi = y.mean(), offer / clv, contact / clv
    loyal, leaving = _hull(y, p)
    up, right = np.diff(leaving), np.diff(loyal)
    gain = share * (1 - delta) * up
    price = share * phi * up + (1 - share) * (delta + phi) * right
    # From this share of acceptance on, the next point of the hull is worth its price.
    turn = np.divide(price, gain, out=np.full(len(gain), np.inf), where=up > 0)
    turn = np.maximum.accumulate(np.clip(np.r_[0.0, turn, 1.0], 0, 1))
    chance = np.diff(betainc(a, b, turn))
    accepted = a / (a + b) * np.diff(betainc(a + 1, b, turn))
    won = share * (1 - delta) * leaving * accepted
    paid = (share * phi * leaving + (1 - share) * (delta + phi) * loyal) * chance
    return float(clv * (won - paid).sum())


def _hull(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The upper convex hull of the ROC curve: shares of loyal and of leaving accounts, from the origin."""
    fpr, tpr, _cuts = roc_curve(y, p)
    kept = [(0.0, 0.0)]
    for x, height in np.unique(np.column_stack([fpr, tpr]), axis=0):
        while len(kept) > 1:
            (x0, y0), (x1, y1) = kept[-2:]
            if (x1 - x0) * (height - y0) < (y1 - y0) * (x - x0):
                break
            kept.pop()
        if (x, height) != kept[-1]:
            kept.append((x, height))
    return np.array(kept).T


def recalibration(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Intercept and slope of a logistic regression of the outcome on the predicted logit."""
    design, beta = np.column_stack([np.ones(len(z)), z]), np.array([0.0, 1.0])
    for _step in range(50):
        q = expit(design @ beta)
        weight = q * (1 - q) + 1e-12
        step = np.linalg.solve((design.T * weight) @ design, design.T @ (y - q))
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return beta


def metrics(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """Everything that a fold is judged by."""
    p = np.clip(np.asarray(p, float), LEAST, 1 - LEAST)
    order = np.argsort(-p, kind="mergesort")
    top = order[: int(np.ceil(len(y) / 10))]
    bins = np.array_split(order[::-1], BINS)
    intercept, slope = recalibration(y, logit(p))
    return {
        "auc": roc_auc_score(y, p),
        "ap": average_precision_score(y, p),
        "brier": brier_score_loss(y, p),
        "logloss": log_loss(y, p),
        "ece": sum(len(part) * abs(y[part].mean() - p[part].mean()) for part in bins) / len(y),
        "slope": slope,
        "intercept": intercept,
        "lift_10": y[top].mean() / y.mean(),
        "empc": empc(y, p),
    }


def evaluate(
    X: pd.DataFrame, y: np.ndarray, make_model: Callable[[], Any], seeds: tuple[int, ...] = (0, 1)
) -> pd.DataFrame:
    """Mean and spread of all measures over five folds a seed; everything fitted is fitted inside a fold."""
    rows = []
    for seed in seeds:
        for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y):
            start = time.perf_counter()
            model = make_model().fit(X.iloc[train].reset_index(drop=True), y[train])
            p = model.predict_proba(X.iloc[test].reset_index(drop=True))[:, 1]
            rows.append({**metrics(y[test], p), "seconds": time.perf_counter() - start})
    return pd.DataFrame(rows).agg(["mean", "std"]).T.rename(columns={"std": "sd"})
