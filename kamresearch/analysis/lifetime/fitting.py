"""Lifetime value: every buying model fitted to what accounts ordered by a day."""

from collections.abc import Collection
from datetime import date

import pandas as pd

from kamresearch.analysis.drawing import draw_ids
from kamresearch.analysis.lifetime.choice import CANDIDATES, LEAST_ACCOUNTS, UNFITTABLE
from kamresearch.analysis.lifetime.gamma_gamma import GammaGamma, fit_gamma_gamma
from kamresearch.analysis.lifetime.model import LifetimeValue
from kamresearch.analysis.lifetime.purchasing import Past
from kamresearch.analysis.lifetime.tracking import fit_models
from kamresearch.errors import ParameterError, near_matches
from kamresearch.features.purchases import FramePurchases, TablePurchases


def fit(
    orders: pd.DataFrame | FramePurchases | TablePurchases,
    as_of: str | date | pd.Timestamp,
    horizon_days: int = 365,
    margin: float = 1.0,
    discount_yearly: float = 0.0,
    model: str | None = None,
    lost: Collection[str] = (),
) -> LifetimeValue:
    """What are accounts without contract worth, and how sure is that?

    Parameters
    ----------
    orders : DataFrame, FramePurchases or TablePurchases
        account_id, order_date, revenue; or a source of purchase histories (`TablePurchases`
        aggregates on the engine).
    as_of : date
        Nothing later is seen.
    horizon_days : int
        Horizon that the models are judged for, and of the headline value.
    margin : float
        Share of revenue that counts as value.
    discount_yearly : float
        Yearly rate at which `LifetimeValue.value` discounts.
    model : str, optional
        Use this model or baseline instead of the one that the backtest chooses.
    lost : collection of str
        Accounts known to be lost: models learn from their orders like from all others, and nothing
        is expected of them.

    Returns
    -------
    LifetimeValue

    Notes
    -----
    An order day is a day with an order of zero or more; returns (negative revenue) count in no
    model. BG/NBD, MBG/NBD
    (also with a rhythm) and Pareto/NBD are fitted by maximum likelihood with standard errors;
    Gamma-Gamma to repeat
    buyers for value. Beside them stand the past rate, the hiatus rule and a learned correction.
    P(alive) is never
    offered as a churn score: it is 1 for every one-time buyer under BG/NBD.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2012-01-01", "2012-02-01", "2012-03-01"])
    >>> orders = pd.DataFrame({"account_id": "A", "order_date": days, "revenue": 10.0})
    >>> fit(orders, "2012-03-31").predict(45)["expected_orders"].tolist()
    [1.0]
    """
    if not 0 < margin <= 1 or not 0 <= discount_yearly < 1 or not horizon_days > 0:
        raise ParameterError(
            "lifetime",
            "margin in (0, 1], discount_yearly in [0, 1), horizon_days above 0",
            f"{margin}, {discount_yearly}, {horizon_days}",
            "mend the parameters",
        )
    if model is not None and model not in CANDIDATES:
        raise ParameterError(
            "lifetime, model", "a model or baseline", repr(model), near_matches(model, CANDIDATES)
        )
    source = FramePurchases(orders) if isinstance(orders, pd.DataFrame) else orders
    end = pd.Timestamp(as_of)
    history = source.history(end)
    drawn = draw_ids(history["account_id"])
    past = Past(source, drawn if len(drawn) < len(history) else None)
    known = past.history(end)
    models, failures = fit_models(known) if len(known) >= LEAST_ACCOUNTS else ({}, ())
    here = ~history["account_id"].isin(list(lost))
    past.keep(end, models.get("rhythm"), models.get("paretonbd"))
    return LifetimeValue(
        end.date().isoformat(),
        int(horizon_days),
        history[here].reset_index(drop=True),
        models,
        _fit_spending(known),
        source.left_out(end),
        margin,
        discount_yearly,
        model,
        past,
        failures,
        int((~here).sum()),
    )


def _fit_spending(history: pd.DataFrame) -> GammaGamma | None:
    try:
        return fit_gamma_gamma(history)
    except UNFITTABLE:
        return None  # the caveats say so
