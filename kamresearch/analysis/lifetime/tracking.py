"""Tracking: do the models follow what came, four weeks by four weeks?"""

from typing import Any

import numpy as np
import pandas as pd

from kamresearch.analysis.lifetime.baselines import PastRate
from kamresearch.analysis.lifetime.beta_geometric import fit_bgnbd, fit_mbgnbd, fit_rhythm
from kamresearch.analysis.lifetime.choice import LEAST_ACCOUNTS, UNFITTABLE, Failure
from kamresearch.analysis.lifetime.pareto import fit_paretonbd
from kamresearch.analysis.lifetime.purchasing import Past


def fit_models(history: pd.DataFrame) -> tuple[dict, tuple[Failure, ...]]:
    """Every buying model that can be fitted, by name, and those that cannot."""
    models: dict = {}
    failures = []
    fits = {
        "bgnbd": fit_bgnbd,
        "mbgnbd": fit_mbgnbd,
        "rhythm": lambda history: fit_rhythm(history, plain=models.get("mbgnbd")),
        "paretonbd": fit_paretonbd,
    }
    for name, fit_one in fits.items():
        try:
            models[name] = fit_one(history)
        except UNFITTABLE as error:
            failures.append(Failure.of(name, None, error))
    return models, tuple(failures)


def track(past: Past, as_of: pd.Timestamp, step_days: int = 28, most: int = 26) -> pd.DataFrame:
    """Order days that came after a cut at half of the span, against those that each model
    expected at the cut.
    """
    span = past.span(as_of)
    n_steps = min(int(span / 2) // step_days, most)
    empty = pd.DataFrame({"date": [], "actual": []})
    if n_steps < 2:
        return empty
    cut = as_of - pd.Timedelta(days=n_steps * step_days)
    history = past.history(cut)
    if len(history) < LEAST_ACCOUNTS:
        return empty
    models = {**fit_models(history)[0], "past_rate": PastRate()}
    edges = [step_days * step for step in range(n_steps + 1)]
    rows: dict[str, Any] = {"date": [cut + pd.Timedelta(days=edge) for edge in edges[1:]]}
    came = [_came(past, cut, low, high) for low, high in zip(edges[:-1], edges[1:], strict=True)]
    rows["actual"] = [float(count) for count in came]
    for name, model in models.items():
        rows[name] = np.diff(
            [0.0, *(float(model.expected_orders(history, edge).sum()) for edge in edges[1:])]
        )
    return pd.DataFrame(rows)


def _came(past: Past, cut: pd.Timestamp, low: int, high: int) -> float:
    """Order days between two moments after the cut of the accounts that were known at the cut."""
    until = past.outcome(cut, cut + pd.Timedelta(days=high))["n_order_days"].sum()
    return float(
        until
        - (past.outcome(cut, cut + pd.Timedelta(days=low))["n_order_days"].sum() if low else 0.0)
    )
