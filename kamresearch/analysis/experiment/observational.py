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
    outcomes: Sequence[str],
    covariates: Sequence[str],
    *,
    folds: int = 5,
    random_state: int = 0,
) -> pd.DataFrame:
    """How do accounts that were acted on fare beside like ones that were not?

    One row an account → the table of an `Evaluation`, by doubly robust differences on the accounts
    that might have been either, and how strong a hidden reason would have to be to explain each.

    Parameters
    ----------
    frame : DataFrame
        Columns ``treated`` (bool), ``outcomes`` (0 or 1, or money), and ``covariates``, all known
        before the choice.
    treated : str
        Name of the column that says who was acted on.
    outcomes : sequence of str
        Columns to compare: lost, revenue, margin.
    covariates : sequence of str
        What the choice may have hung on.
    folds : int
        Parts of the cross-fitting.
    random_state : int
        How accounts are dealt to the parts.

    Returns
    -------
    DataFrame
        One row an outcome: outcome, n_act, n_hold, mean_act, mean_hold (overlap-weighted),
        difference, low, high (95 %, doubly robust), overlap (effective share of accounts compared),
        e_value and e_value_bound (the risk ratio that a hidden reason would need with both choice
        and outcome to explain the difference, or its bound nearer to nought, away), method.

    Raises
    ------
    AnalysisError
        Fewer than `FEWEST` accounts in an arm.

    Notes
    -----
    Overlap weights: acted on 1 − e(x), others e(x), with e(x) the probability of being chosen by
    a cross-fitted logistic model. It shows association among like accounts, not effect: nothing
    unrecorded is balanced. Of money the risk ratio is taken as exp(0.91 d), d the difference in
    standard deviations.

    References
    ----------
    Li, Morgan, Zaslavsky (2018); VanderWeele, Ding (2017), sensitivity by the E-value.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    acted = frame[treated].to_numpy(bool)
    if min(acted.sum(), (~acted).sum()) < FEWEST:
        raise AnalysisError(
            "comparison without a lot",
            f"at least {FEWEST} accounts acted on and not",
            f"{acted.sum()} and {(~acted).sum()}",
            "wait for more, or draw a lot",
        )
    x = _as_numbers(frame[list(covariates)])
    deal = StratifiedKFold(folds, shuffle=True, random_state=random_state)
    parts, chance = list(deal.split(x, acted)), np.empty(len(frame))
    for train, test in parts:
        model = LogisticRegression(max_iter=1000).fit(x[train], acted[train])
        chance[test] = model.predict_proba(x[test])[:, 1]
    rows = [
        {"outcome": name} | _compare(frame[name].to_numpy(float), acted, x, chance, parts)
        for name in outcomes
    ]
    return pd.DataFrame(rows)


def _as_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Numbers standardised, gaps filled by the mean; words as columns of nought and one."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(handle_unknown="ignore", min_frequency=5, sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
    ).fit_transform(frame)


def _compare(
    y: np.ndarray, acted: np.ndarray, x: np.ndarray, chance: np.ndarray, parts: list
) -> dict[str, float | str]:
    """One outcome: what each arm would be expected to show is fitted where it is not judged."""
    from sklearn.linear_model import LinearRegression

    expected = np.empty((len(y), 2))
    for train, test in parts:
        for arm in (0, 1):
            rows = train[acted[train] == bool(arm)]
            expected[test, arm] = LinearRegression().fit(x[rows], y[rows]).predict(x[test])
    weight = chance * (1 - chance)
    rest = np.where(acted, (y - expected[:, 1]) / chance, -(y - expected[:, 0]) / (1 - chance))
    score = expected[:, 1] - expected[:, 0] + rest
    difference = float(np.average(score, weights=weight))
    reach = 1.96 * float(np.sqrt((weight**2 * (score - difference) ** 2).sum()) / weight.sum())
    low, high = difference - reach, difference + reach
    held = float(np.average(y[~acted], weights=chance[~acted]))
    nearest = 0.0 if low <= 0 <= high else min(low, high, key=abs)
    return {
        "n_act": int(acted.sum()),
        "n_hold": int((~acted).sum()),
        "mean_act": float(np.average(y[acted], weights=1 - chance[acted])),
        "mean_hold": held,
        "difference": difference,
        "low": low,
        "high": high,
        "overlap": float(weight.sum() ** 2 / (weight**2).sum() / len(weight)),
        "e_value": _e_value(y, held, difference),
        "e_value_bound": _e_value(y, held, nearest),
        "method": "observational, overlap-weighted, doubly robust",
    }


def _e_value(y: np.ndarray, held: float, difference: float) -> float:
    """Risk ratio with choice and with outcome that a hidden reason needs to explain all of it."""
    if np.isin(y, (0.0, 1.0)).all():
        if not (0 < held < 1 and 0 < held + difference < 1):
            return float("nan")
        ratio = (held + difference) / held
    else:
        ratio = float(np.exp(0.91 * difference / y.std(ddof=1)))
    ratio = max(ratio, 1 / ratio)
    return ratio + float(np.sqrt(ratio * (ratio - 1)))
