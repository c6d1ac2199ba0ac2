"""Where no lot was drawn: the same comparison by weights, named observational, with its bound."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kamresearch.errors import AnalysisError

FEWEST = 20
"""Accounts in each arm below which a model of who was chosen would only repeat the choice."""


def compare_unassigned(
    frame: pd.DataFrame,
    treated: str,
    outcome: str,
    covariates: Sequence[str],
    *,
    folds: int = 5,
    random_state: int = 0,
) -> dict[str, float | str]:
    """How do accounts that were acted on fare beside like ones that were not?

    One row an account → doubly robust difference on the accounts that might have been either, and
    how strong a hidden reason would have to be to explain it.

    Parameters
    ----------
    frame : DataFrame
        Columns ``treated`` (bool), ``outcome`` (0 or 1, or money), and ``covariates``, all known
        before the choice.
    treated, outcome : str
        Their names.
    covariates : sequence of str
        What the choice may have hung on.
    folds : int
        Parts of the cross-fitting.
    random_state : int
        How accounts are dealt to the parts.

    Returns
    -------
    dict
        difference, low, high (95 %, overlap-weighted, doubly robust), n_act, n_hold, overlap
        (effective share of accounts compared), e_value (for an outcome of 0 and 1: the risk ratio
        that a hidden reason would need with both choice and outcome; missing otherwise), method.

    Raises
    ------
    AnalysisError
        Fewer than `FEWEST` accounts in an arm.

    Notes
    -----
    Overlap weights: acted on 1 − e(x), others e(x), with e(x) the probability of being chosen by
    a cross-fitted logistic model. It shows association among like accounts, not effect: nothing
    unrecorded is balanced.

    References
    ----------
    Li, Morgan, Zaslavsky (2018); VanderWeele, Ding (2017), sensitivity by the E-value.
    """
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    acted, y = frame[treated].to_numpy(bool), frame[outcome].to_numpy(float)
    if min(acted.sum(), (~acted).sum()) < FEWEST:
        raise AnalysisError(
            "comparison without a lot",
            f"at least {FEWEST} accounts acted on and not",
            f"{acted.sum()} and {(~acted).sum()}",
            "wait for more, or draw a lot",
        )
    x = make_column_transformer(
        (
            make_pipeline(SimpleImputer(), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(handle_unknown="ignore", min_frequency=5, sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
    ).fit_transform(frame[list(covariates)])
    chance = np.empty(len(frame))
    expected = np.empty((len(frame), 2))
    deal = StratifiedKFold(folds, shuffle=True, random_state=random_state)
    for train, test in deal.split(x, acted):
        model = LogisticRegression(max_iter=1000).fit(x[train], acted[train])
        chance[test] = model.predict_proba(x[test])[:, 1]
        for arm in (0, 1):
            rows = train[acted[train] == bool(arm)]
            expected[test, arm] = LinearRegression().fit(x[rows], y[rows]).predict(x[test])
    weight = chance * (1 - chance)
    rest = np.where(acted, (y - expected[:, 1]) / chance, -(y - expected[:, 0]) / (1 - chance))
    score = expected[:, 1] - expected[:, 0] + rest
    difference = float(np.average(score, weights=weight))
    error = float(np.sqrt((weight**2 * (score - difference) ** 2).sum()) / weight.sum())
    return {
        "difference": difference,
        "low": difference - 1.96 * error,
        "high": difference + 1.96 * error,
        "n_act": int(acted.sum()),
        "n_hold": int((~acted).sum()),
        "overlap": float(weight.sum() ** 2 / (weight**2).sum() / len(weight)),
        "e_value": _e_value(y, acted, chance, difference),
        "method": "observational, overlap-weighted, doubly robust",
    }


def _e_value(y: np.ndarray, acted: np.ndarray, chance: np.ndarray, difference: float) -> float:
    """Risk ratio with choice and with outcome that a hidden reason needs to explain all of it."""
    if not np.isin(y, (0.0, 1.0)).all():
        return float("nan")
    without = float(np.average(y[~acted], weights=chance[~acted]))
    with_it = without + difference
    if not (0 < without < 1 and 0 < with_it < 1):
        return float("nan")
    ratio = max(with_it / without, without / with_it)
    return ratio + np.sqrt(ratio * (ratio - 1))
