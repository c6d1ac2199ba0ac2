"""The learners that `ChurnModel` combines: from a ridge logistic regression to boosted trees.

Each is fitted on the encoder's numbers (NaN for gaps) and gives log-odds. None weighs classes and
none resamples: both
would spoil the probabilities.
"""

from dataclasses import dataclass

import numpy as np

FEW_VALUES = 12


def ridge_logistic(strength: float = 1.0, seed: int = 0) -> object:
    """Logistic regression with a ridge penalty on a frame as it is: gaps filled and flagged,
    categories as levels.
    """
    return _RidgeOnFrame(strength, Scaler(), seed)


class _RidgeOnFrame:
    """Encoder, scaled numbers and a (multinomial) ridge logistic regression in one."""

    def __init__(self, strength: float, scaler: object, seed: int) -> None:
        self.strength, self.scaler, self.seed = strength, scaler, seed

    def fit(self, X: object, y: np.ndarray) -> "_RidgeOnFrame":
        from sklearn.linear_model import LogisticRegression

        from kamresearch.analysis.churn.columns import Encoder

        y = np.asarray(y)
        self.classes_ = np.unique(y)
        self.encoder_ = Encoder().fit(X, (y == self.classes_[-1]).astype(float))
        self.filler_ = Filler().fit(self.encoder_.transform(X))
        self.model_ = LogisticRegression(C=self.strength, max_iter=500)
        self.model_.fit(
            self.scaler.fit_transform(self.filler_.transform(self.encoder_.transform(X))), y
        )
        return self

    def predict_proba(self, X: object) -> np.ndarray:
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
    """Ridge logistic regression on scaled numbers, straight or bent by splines; small whole
    numbers as levels too.
    """

    def __init__(self, bent: bool, strength: float) -> None:
        self.bent, self.strength = bent, strength

    def fit(self, Z: np.ndarray, y: np.ndarray) -> "Linear":
        """Fit."""
        design = self._learn_design(Z)
        self.model_ = self._solve(design, y, self.strength)
        return self

    def path(
        self, Z: np.ndarray, y: np.ndarray, held: np.ndarray, strengths: tuple[float, ...]
    ) -> np.ndarray:
        """Log-odds of held-out rows for each strength: one column a strength."""
        design = self._learn_design(Z)
        other = self.scaler_.transform(self._design(self.filler_.transform(held)))
        return np.column_stack(
            [self._solve(design, y, c).decision_function(other) for c in strengths]
        )

    def _learn_design(self, Z: np.ndarray) -> np.ndarray:
        self.filler_ = Filler().fit(Z)
        filled = self.filler_.transform(Z)
        self._choose_shapes(filled)
        design = self._design(filled)
        self.scaler_ = Scaler().fit(design)
        return self.scaler_.transform(design)

    @staticmethod
    def _solve(design: np.ndarray, y: np.ndarray, strength: float) -> object:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=strength, solver="newton-cholesky", max_iter=60, tol=1e-4).fit(
            design, y
        )

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

    def decision_function(self, Z: np.ndarray) -> np.ndarray:
        """Log-odds."""
        return self.model_.decision_function(
            self.scaler_.transform(self._design(self.filler_.transform(Z)))
        )


class Boosted:
    """scikit-learn's histogram boosting, shallow; ``trees`` may be lowered after looking at
    held-out rows.
    """

    def __init__(
        self, leaves: int, trees: int, rate: float, columns_share: float, seed: int
    ) -> None:
        self.leaves, self.trees, self.rate, self.columns_share, self.seed = (
            leaves,
            trees,
            rate,
            columns_share,
            seed,
        )

    def fit(self, Z: np.ndarray, y: np.ndarray) -> "Boosted":
        """Fit."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.model_ = HistGradientBoostingClassifier(
            max_leaf_nodes=self.leaves,
            learning_rate=self.rate,
            max_iter=self.trees,
            l2_regularization=5.0,
            min_samples_leaf=int(np.clip(len(y) // 100, 5, 20)),
            max_features=self.columns_share,
            early_stopping=False,
            random_state=self.seed,
        ).fit(Z, y)
        return self

    def decision_function(self, Z: np.ndarray) -> np.ndarray:
        """Log-odds."""
        return self.model_.decision_function(Z)

    def stages(self, Z: np.ndarray, every: int) -> np.ndarray:
        """Log-odds after every so many trees: one column a stage."""
        kept = [
            np.ravel(score)
            for k, score in enumerate(self.model_.staged_decision_function(Z), 1)
            if k % every == 0
        ]
        return np.stack(kept, axis=1)


@dataclass(frozen=True)
class Recipe:
    """A learner to try: its name, how to make it (trees or strength, seed), and whether its number
    of trees is chosen held-out.
    """

    name: str
    make: object
    most_trees: int = 0
    every: int = 25
