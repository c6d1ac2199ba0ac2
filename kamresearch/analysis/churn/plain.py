"""A plain logistic regression whose probabilities mean what they say: ridge and calibration
judged on held-out accounts.
"""

from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.blend import log_loss_of, recalibrate, sigmoid
from kamresearch.analysis.churn.columns import Encoder
from kamresearch.analysis.churn.folds import account_folds
from kamresearch.analysis.churn.learners import Linear

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
"""Ridge strengths tried (C of scikit-learn)."""
LEAST_EVENTS = 10
"""Rows of the rarer outcome below which the strongest ridge is taken unjudged."""


class PlainLogistic:
    """Ridge logistic regression on a frame as it is, for rows of which several belong to one
    account.

    A fixed ridge is too weak for one table and too strong for another: the probabilities then
    spread too much or too
    little, and the calibration slope tells. The strength is the one with the smallest log-loss on
    held-out accounts; the
    slope and intercept of those same held-out log-odds, shrunk towards 1 and 0 (the fewer losses,
    the more), correct
    what is left.
    """

    def __init__(self, folds: int = 5, seed: int = 0) -> None:
        self.folds, self.seed = folds, seed

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray | None = None
    ) -> "PlainLogistic":
        """Fit on numbers, categories and gaps; ``groups`` names the account of each row."""
        X, y = X.reset_index(drop=True), np.asarray(y, float)
        groups = np.arange(len(y)) if groups is None else pd.factorize(np.asarray(groups))[0]
        self.strength_, self.calibration_ = self._judge(X, y, cast(np.ndarray, groups))
        self.encoder_ = Encoder()
        self.model_ = Linear(False, (self.strength_,)).fit(self.encoder_.fit_transform(X, y), y)
        return self

    def _judge(
        self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray
    ) -> tuple[float, tuple[float, float]]:
        held = np.full((len(y), len(STRENGTHS)), np.nan)
        if min(y.sum(), len(y) - y.sum()) >= LEAST_EVENTS and len(np.unique(groups)) > 1:
            for train, test in account_folds(y, groups, self.folds, self.seed):
                if len(np.unique(y[train])) == 2 and len(test):
                    past = X.iloc[train].reset_index(drop=True)
                    encoder = Encoder()
                    model = Linear(False, STRENGTHS).fit(
                        encoder.fit_transform(past, y[train]), y[train]
                    )
                    now = encoder.transform(X.iloc[test].reset_index(drop=True))
                    held[test] = model.scores(now)
        seen = ~np.isnan(held[:, 0])
        if len(np.unique(y[seen])) < 2:
            return STRENGTHS[0], (0.0, 1.0)
        losses = [log_loss_of(y[seen], column).mean() for column in held[seen].T]
        best = int(np.argmin(losses))
        return STRENGTHS[best], recalibrate(y[seen], held[seen, best])

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Calibrated log-odds."""
        intercept, slope = self.calibration_
        encoded = self.encoder_.transform(X.reset_index(drop=True))
        return intercept + slope * self.model_.scores(encoded)[:, 0]

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of both outcomes, shape (n, 2)."""
        p = sigmoid(self.decision_function(X))
        return np.column_stack([1 - p, p])
