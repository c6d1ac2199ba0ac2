"""The learners that `ChurnModel` combines: from a ridge logistic regression to boosted trees.

Each is fitted on the encoder's numbers (NaN for gaps) and gives log-odds. None weighs classes and
none resamples: both
would spoil the probabilities.
"""

from itertools import islice
from typing import Any

import numpy as np

FEW_VALUES = 12


def ridge_logistic(strength: float = 1.0, seed: int = 0) -> "RidgeOnFrame":
    """Logistic regression with a ridge penalty on a frame as it is: gaps filled and flagged,
    categories as levels.
    """
    return RidgeOnFrame(strength, Scaler(), seed)


class RidgeOnFrame:
    """Encoder, scaled numbers and a (multinomial) ridge logistic regression in one."""

    def __init__(self, strength: float, scaler: Any, seed: int) -> None:
        self.strength, self.scaler, self.seed = strength, scaler, seed

    def fit(self, X: Any, y: np.ndarray) -> "RidgeOnFrame":
        from sklearn.linear_model import LogisticRegression

        from kamresearch.analysis.churn.columns import Encoder

        y = np.asarray(y)
        self.classes_ = np.unique(y)
        self.encoder_ = Encoder()
        known = self.encoder_.fit_transform(X, (y == self.classes_[-1]).astype(float))
        self.filler_ = Filler().fit(known)
        self.model_ = LogisticRegression(C=self.strength, max_iter=500)
        self.model_.fit(self.scaler.fit_transform(self.filler_.transform(known)), y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.model_.predict_proba(
            self.scaler.transform(self.filler_.transform(self.encoder_.transform(X)))
        )


class Scaler:
    """Columns of mean 0 and spread 1, cut at four spreads.

    Rare flags keep a spread of at least 0.2, so that a case in a hundred is not blown up; the cut
    keeps a value that no
    training row came near from deciding everything.
    """

    def fit(self, Z: np.ndarray) -> "Scaler":
        """Learn means and spreads."""
        self.mean_, spread = Z.mean(axis=0), Z.std(axis=0)
        flags = np.array([len(np.unique(column)) <= 2 for column in Z.T])
        self.spread_ = np.where(flags, np.maximum(spread, 0.2 * np.ptp(Z, axis=0)), spread)
        self.spread_ = np.where(self.spread_ > 0, self.spread_, 1.0)
        return self

    def transform(self, Z: np.ndarray) -> np.ndarray:
        """Scaled columns."""
        return np.clip((Z - self.mean_) / self.spread_, -4, 4)

    def fit_transform(self, Z: np.ndarray) -> np.ndarray:
        """Both at once."""
        return self.fit(Z).transform(Z)


class Filler:
    """Gaps become the median, with a column that says so; long tails are drawn in."""

    def fit(self, Z: np.ndarray) -> "Filler":
        """Learn medians, which columns have gaps, and which have long tails."""
        self.medians_, self.gaps_, self.tails_ = [], [], []
        for j, column in enumerate(Z.T):
            present = column[~np.isnan(column)]
            self.medians_.append(float(np.median(present)) if len(present) else 0.0)
            if 3 <= len(present) < len(column):
                self.gaps_.append(j)
            if len(present) > 20 and len(np.unique(present)) > FEW_VALUES:
                spread = np.quantile(present, [0.05, 0.5, 0.95])
                skew = (spread[2] - spread[1]) > 4 * max(spread[1] - spread[0], 1e-12)
                self.tails_.append("log" if skew and present.min() >= 0 else "no")
            else:
                self.tails_.append("no")
        return self

    def transform(self, Z: np.ndarray) -> np.ndarray:
        """Filled columns and a flag for each column that had gaps."""
        filled = np.where(np.isnan(Z), np.array(self.medians_), Z)
        for j, tail in enumerate(self.tails_):
            if tail == "log":
                filled[:, j] = np.log1p(np.maximum(filled[:, j], 0))
        flags = np.isnan(Z[:, self.gaps_]).astype(float)
        return np.hstack([filled, flags]) if self.gaps_ else filled


class Linear:
    """Ridge logistic regressions on scaled numbers, straight or bent by splines (small whole
    numbers as levels too): one for each strength.
    """

    def __init__(self, bent: bool, strengths: tuple[float, ...]) -> None:
        self.bent, self.strengths = bent, strengths

    def fit(self, Z: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> "Linear":
        """Fit."""
        from sklearn.linear_model import LogisticRegression

        self.filler_ = Filler().fit(Z)
        filled = self.filler_.transform(Z)
        self._choose_shapes(filled)
        design = self._design(filled)
        self.scaler_ = Scaler().fit(design)
        scaled = self.scaler_.transform(design)
        self.models_ = [
            LogisticRegression(C=strength, solver="newton-cholesky", max_iter=60, tol=1e-4).fit(
                scaled, y, weight
            )
            for strength in self.strengths
        ]
        return self

    def _choose_shapes(self, filled: np.ndarray) -> None:
        from sklearn.preprocessing import SplineTransformer

        self.splines_, self.levels_ = {}, {}
        if not self.bent:
            return
        for j, column in enumerate(filled.T):
            values = np.unique(column)
            if 3 <= len(values) <= FEW_VALUES:
                self.levels_[j] = values[1:]
            elif len(values) > FEW_VALUES and len(self.splines_) < 60:
                knots = np.unique(np.quantile(column, np.linspace(0, 1, 6)))
                if len(knots) >= 3:
                    self.splines_[j] = SplineTransformer(
                        knots=knots[:, None], degree=3, extrapolation="linear", include_bias=False
                    ).fit(column[:, None])

    def _design(self, filled: np.ndarray) -> np.ndarray:
        parts = [filled]
        parts += [spline.transform(filled[:, [j]]) for j, spline in self.splines_.items()]
        parts += [(filled[:, [j]] == levels).astype(float) for j, levels in self.levels_.items()]
        return np.hstack(parts)

    def scores(self, Z: np.ndarray, only: int | None = None) -> np.ndarray:
        """Log-odds: one column a strength, or that of one alone."""
        scaled = self.scaler_.transform(self._design(self.filler_.transform(Z)))
        models = self.models_ if only is None else [self.models_[only]]
        return np.column_stack([model.decision_function(scaled) for model in models])


class Boosted:
    """scikit-learn's histogram boosting with small trees; how many are used is chosen on rows held
    out.
    """

    TREES, EVERY = 160, 10

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, Z: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> "Boosted":
        """Fit."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.model_ = HistGradientBoostingClassifier(
            max_leaf_nodes=8,
            learning_rate=0.1,
            max_iter=self.TREES,
            l2_regularization=5.0,
            min_samples_leaf=int(np.clip(len(y) // 100, 5, 20)),
            max_features=0.5,
            early_stopping=False,
            random_state=self.seed,
        )
        # Bins of weighted rows are found in steps that take longer than the trees.
        even = weight is None or bool((weight == 1).all())
        self.model_.fit(Z, y, None if even else weight)
        return self

    def scores(self, Z: np.ndarray, only: int | None = None) -> np.ndarray:
        """Log-odds after every so many trees: one column a stage, or that of one alone (no tree
        beyond it is asked).
        """
        stages = islice(self.model_.staged_decision_function(Z), self.EVERY - 1, None, self.EVERY)
        wanted = stages if only is None else islice(stages, only, only + 1)
        return np.column_stack([np.ravel(z) for z in wanted])
