"""Features in a shape that clusters can be looked for in: logarithms of amounts, outliers
drawn in, one scale.
"""

import numpy as np
import pandas as pd

from kamresearch.errors import AnalysisError, near_matches
from kamresearch.language import message as _

FEATURES = {
    "revenue_12m": _("revenue"),
    "n_orders_12m": _("number of orders"),
    "days_since_last_order": _("silence since the last order"),
    "revenue_per_order": _("size of orders"),
    "gap_variation": _("irregularity"),
    "n_products_12m": _("product breadth"),
    "tenure_days": _("tenure"),
    "trend_12m": _("trend"),
}
"""The buying features, as a sentence calls them."""

NEEDED = ("revenue_12m", "n_orders_12m", "days_since_last_order")
FEW = 5
"""Whole numbers with at most so many distinct values are taken for codes (a channel, a
region), not for amounts.
"""
SKEWED = 1.0
"""Skewness beyond which a non-negative feature is taken in logarithms."""
EDGE = 2.5
"""Robust standard deviations at which outliers are drawn in."""


def shape_features(snapshot: pd.DataFrame, features: tuple[str, ...] | None = None) -> tuple:
    """Snapshot → ids, matrix (accounts × features), names, number of accounts left out.

    Accounts without an order in twelve months have no buying behaviour to compare and are left out:
    they are a group by
    rule. A gap in a feature is filled with the median.
    """
    chosen = choose_features(snapshot, features)
    if chosen.shape[1] == 0:
        raise AnalysisError(
            "segmentation.segment",
            "numeric columns to compare accounts by",
            "none",
            "name some features",
        )
    ids = pd.Index(snapshot.get("account_id", snapshot.index))
    kept = np.ones(len(snapshot), dtype=bool)
    if features is None and set(NEEDED) <= set(snapshot.columns):
        kept = (chosen["n_orders_12m"] > 0).to_numpy()
    chosen = chosen[kept]
    columns, names = [], []
    for name in chosen:
        column = shape_column(chosen[name].to_numpy(float))
        if column is not None:
            columns.append(column)
            names.append(name)
    matrix = np.column_stack(columns) if columns else np.empty((int(kept.sum()), 0))
    return ids[kept], matrix, names, int((~kept).sum())


def choose_features(snapshot: pd.DataFrame, features: tuple[str, ...] | None) -> pd.DataFrame:
    """The features asked for, the buying features of a snapshot, or all numeric columns that
    are no keys.
    """
    if features is not None:
        for name in features:
            if name not in snapshot:
                raise AnalysisError(
                    f"segmentation.segment, feature {name!r}",
                    "a column of the snapshot",
                    "none of this name",
                    near_matches(name, map(str, snapshot.columns)),
                )
        return pd.DataFrame({name: _number(snapshot[name]) for name in features})
    if set(NEEDED) <= set(snapshot.columns):
        return buying_features(snapshot)
    numeric = [name for name in snapshot if _is_amount(snapshot[name], str(name))]
    return pd.DataFrame({name: _number(snapshot[name]) for name in numeric}, index=snapshot.index)


def _is_amount(values: pd.Series, name: str) -> bool:
    """Whether a column holds amounts: numeric, no key by its name, no code by its few whole
    values.
    """
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    if name.lower() == "id" or name.lower().endswith(("_id", "customerid")):
        return False
    known = values.dropna()
    return not (
        known.nunique() <= FEW and len(known) > FEW and bool((known == known.round()).all())
    )


def buying_features(snapshot: pd.DataFrame) -> pd.DataFrame:
    """Revenue, frequency, silence, size of orders, and rhythm and breadth where the snapshot
    knows them.
    """
    n = _number(snapshot["n_orders_12m"]).fillna(0.0)
    revenue = _number(snapshot["revenue_12m"]).fillna(0.0).clip(lower=0.0)
    frame = pd.DataFrame(
        {
            "revenue_12m": revenue,
            "n_orders_12m": n,
            "days_since_last_order": _number(snapshot["days_since_last_order"]),
        }
    )
    if {"days_between_orders_mean", "days_between_orders_sd"} <= set(snapshot.columns):
        mean = _number(snapshot["days_between_orders_mean"])
        frame["gap_variation"] = _number(snapshot["days_between_orders_sd"]) / mean.where(mean > 0)
    if "n_products_12m" in snapshot and _number(snapshot["n_products_12m"]).nunique() > 2:
        frame["n_products_12m"] = _number(snapshot["n_products_12m"])
    return frame


def shape_column(values: np.ndarray) -> np.ndarray | None:
    """One feature filled, unskewed, with outliers drawn in, on a robust scale; None where it
    does not vary.
    """
    known = np.isfinite(values)
    if known.sum() < 2:
        return None
    filled = np.where(known, values, np.median(values[known]))
    if filled.min() >= 0 and _skewness(filled) > SKEWED:
        scale = np.median(filled[filled > 0]) if (filled > 0).any() else 1.0
        filled = np.log1p(filled / scale * 9.0)
    centre, spread = np.median(filled), filled.std()
    low, high = np.quantile(filled, [0.25, 0.75])
    robust = (high - low) / 1.349 if high > low else spread
    if not robust > 1e-12:
        return None
    drawn_in = np.clip((filled - centre) / robust, -EDGE, EDGE)
    return (drawn_in - drawn_in.mean()) / drawn_in.std()


def _skewness(values: np.ndarray) -> float:
    spread = values.std()
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 1e-12 else 0.0


def _number(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values).astype("Float64").astype(float)
