"""The churn model: a frame as it is in, calibrated probabilities out."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d

from kamresearch.analysis.churn import learners as one
from kamresearch.analysis.churn.blend import (
    FURTHEST,
    convex_weights,
    log_loss_of,
    recalibrate,
    sigmoid,
)
from kamresearch.analysis.churn.columns import Encoder, as_frame
from kamresearch.errors import AnalysisError

STRENGTHS = (0.001, 0.01, 0.1, 1.0)
"""Ridge strengths tried (C of scikit-learn)."""
LEAST_EVENTS = 12
"""Rows of the rarer outcome below which only a strongly ridged logistic regression is fitted."""
SIMPLE_EVENTS = 30
"""Rows of the rarer outcome below which the simplest learner within one standard error is used
alone.
"""


class ChurnModelError(AnalysisError, ValueError):
    """What `ChurnModel` refuses to fit; a ValueError too, as scikit-learn's tools expect."""


class ChurnModel(ClassifierMixin, BaseEstimator):
    """Will an account leave? A scikit-learn classifier for churn tables as they come.

    DataFrame (numbers, flags, dates, categories, text, gaps, many levels, constant or empty
    columns) → probabilities
    of shape (n, 2) that mean what they say.

    Parameters
    ----------
    random_state : int, RandomState, Generator or None
        Seed of everything random; equal data, columns and seed give equal probabilities (None is
        seed 0).
    folds : int
        Folds in which the learners are judged.

    Attributes
    ----------
    classes_ : array
        The two outcomes, sorted; column 1 of ``predict_proba`` belongs to the second.
    weights_ : dict
        Learner → weight in the blend.
    calibration_ : (float, float)
        Intercept and slope put on the blend's log-odds, shrunk towards 0 and 1.

    Raises
    ------
    ChurnModelError
        All rows have one outcome, or there are more than two outcomes.

    Notes
    -----
    Ridge and spline logistic regression and shallow histogram boosting are fitted in stratified
    folds, encodings included; numbers of trees, ridge strength and convex weights minimise the
    held-out log-loss, and the blend's held-out log-odds give a shrunken recalibration. With few
    losses the simplest learner within one standard error of the best is used alone. No class weights, no
    resampling: both ruin
    probabilities (Carriero et al. 2025).

    Assumes rows that are exchangeable: for panels of repeated snapshots, split by account and time
    outside. High risk
    is not persuadability (Ascarza 2018).

    Examples
    --------
    >>> frame = pd.DataFrame({"silence": np.arange(60.0), "region": ["East", "West", None] * 20})
    >>> left = np.arange(60) + np.tile([0, 12, -12], 20) > 40
    >>> model = ChurnModel().fit(frame, left)
    >>> p = model.predict_proba(pd.DataFrame({"silence": [0.0, 59.0], "region": ["East", "North"]}))[:, 1]
    >>> bool(p[0] < 0.2 < 0.6 < p[1])
    True
    """  # noqa: E501

    def __init__(self, random_state: object = 0, folds: int = 3) -> None:
        self.random_state = random_state
        self.folds = folds

    def __sklearn_tags__(self) -> object:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: object, y: object, groups: object = None) -> "ChurnModel":
        """Learn from rows with known outcome.

        With ``groups`` (the account of each row, where an account has several rows) no account
        stands on both sides of
        a fold in which learners are judged.
        """
        frame = self._take(X, fitting=True)
        codes = self._take_outcome(y, len(frame))
        seed = self._seed()
        recipes = _recipes(int(min(codes.sum(), len(codes) - codes.sum())))
        self.encoder_ = Encoder().fit(frame, codes)
        folds = self._split(codes, seed, groups)
        if folds is None:
            self._fit_alone(frame, codes)
            return self
        held = _held_out(frame, codes, folds, recipes, seed)
        chosen = {r.name: _choose_stage(codes, held[r.name], r) for r in recipes}
        scores = np.column_stack([held[name][:, choice[0]] for name, choice in chosen.items()])
        weights = self._weigh(codes, scores, list(chosen))
        self.weights_ = {name: float(w) for name, w in zip(chosen, weights, strict=True) if w > 0}
        blended = scores @ weights
        self.calibration_ = recalibrate(codes, blended)
        self.held_out_loss_ = float(log_loss_of(codes, blended).mean())
        encoded = self.encoder_.transform(frame, codes)
        by_name = {recipe.name: recipe for recipe in recipes}
        self.learners_ = {
            name: by_name[name].make(chosen[name][1], seed).fit(encoded, codes)
            for name in self.weights_
        }
        return self

    def _take(self, X: object, *, fitting: bool) -> pd.DataFrame:
        frame = as_frame(X, None if fitting else list(getattr(self, "_columns", [])))
        if fitting:
            if frame.shape[1] == 0:
                raise ValueError(
                    f"0 feature(s) (shape={frame.shape}) while a minimum of 1 is required."
                )
            if len(frame) < 2:
                raise ValueError(f"n_samples={len(frame)}, ChurnModel needs at least 2 samples")
            twice = frame.columns[frame.columns.duplicated()]
            if len(twice):
                raise ChurnModelError(
                    "columns of X",
                    "one column of each name",
                    f"{len(twice)} repeated: {twice[0]!r}",
                    "rename them",
                )
            self._columns = list(frame.columns)
            self.n_features_in_ = frame.shape[1]
            if isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in frame.columns):
                self.feature_names_in_ = np.array(self._columns, dtype=object)
            elif hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
        elif list(frame.columns) != self._columns:
            missing = [name for name in self._columns if name not in frame.columns]
            if missing or not isinstance(X, pd.DataFrame):
                raise ValueError(
                    (
                        f"X has {frame.shape[1]} features, but ChurnModel is expecting "
                        f"{self.n_features_in_} features as input"
                    )
                    + (f"; missing: {missing[:5]}" if missing else "")
                )
            frame = frame[self._columns]
        return frame.reset_index(drop=True)

    def _take_outcome(self, y: object, n: int) -> np.ndarray:
        if y is None:
            raise ValueError(
                "This ChurnModel estimator requires y to be passed, but the target y is None."
            )
        y = column_or_1d(y, warn=True)
        if len(y) != n:
            raise ValueError(
                f"Found input variables with inconsistent numbers of samples: [{n}, {len(y)}]"
            )
        if pd.isna(pd.Series(y)).any() or (y.dtype.kind == "f" and not np.isfinite(y).all()):
            raise ValueError(
                "Input y contains NaN or infinity: every account needs a known outcome."
            )
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) > 2:
            raise ChurnModelError(
                "y",
                "two classes",
                f"{len(self.classes_)} (a {type_of_target(y)} target); Only binary classification "
                "is supported",
                "code the outcome as left or stayed",
            )
        if len(self.classes_) < 2:
            only = self.classes_[0]
            raise ChurnModelError(
                "y",
                "accounts that left and accounts that stayed",
                f"one class alone in {n} rows: {only!r}",
                "choose a longer window, or show pooled rates instead of a model",
            )
        return (y == self.classes_[1]).astype(float)

    def _seed(self) -> int:
        if self.random_state is None:
            return 0
        if isinstance(self.random_state, np.random.RandomState):
            return int(self.random_state.randint(2**31 - 1))
        if isinstance(self.random_state, np.random.Generator):
            return int(self.random_state.integers(2**31 - 1))
        return int(self.random_state)

    def _split(self, codes: np.ndarray, seed: int, groups: object) -> list | None:
        from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

        rarer = int(min(codes.sum(), len(codes) - codes.sum()))
        if rarer < LEAST_EVENTS:
            return None
        k = min(self.folds, rarer)
        if groups is not None:
            labels = pd.factorize(np.asarray(groups))[0]
            if len(labels) != len(codes):
                raise ChurnModelError(
                    "groups",
                    f"an account for each of {len(codes)} rows",
                    f"{len(labels)}",
                    "align them",
                )
            split = StratifiedGroupKFold(k, shuffle=True, random_state=seed).split(
                np.zeros(len(codes)), codes, labels
            )
            folds = [
                (train, test)
                for train, test in split
                if 0 < codes[train].sum() < len(train) and len(test)
            ]
            return folds or None
        return list(
            StratifiedKFold(k, shuffle=True, random_state=seed).split(np.zeros(len(codes)), codes)
        )

    def _fit_alone(self, frame: pd.DataFrame, codes: np.ndarray) -> None:
        """Too few losses to judge anything held out: a strongly ridged logistic regression,
        pulled towards the rate.
        """
        encoded = self.encoder_.transform(frame, codes)
        rarer = min(codes.sum(), len(codes) - codes.sum())
        strength = 0.1 if rarer >= 5 else 0.02
        self.learners_ = {"ridge": one.Linear(False, strength).fit(encoded, codes)}
        self.weights_, self.calibration_, self.held_out_loss_ = {"ridge": 1.0}, (0.0, 1.0), None

    @staticmethod
    def _weigh(codes: np.ndarray, scores: np.ndarray, names: list[str]) -> np.ndarray:
        weights = convex_weights(codes, scores)
        rarer = min(codes.sum(), len(codes) - codes.sum())
        if rarer >= SIMPLE_EVENTS:
            return weights
        blend = log_loss_of(codes, scores @ weights)
        for place in range(len(names)):
            worse = log_loss_of(codes, scores[:, place]) - blend
            if names[place] in ("ridge", "spline") and worse.mean() <= worse.std(ddof=1) / np.sqrt(
                len(worse)
            ):
                return np.eye(len(names))[place]
        return weights

    def decision_function(self, X: object) -> np.ndarray:
        """Calibrated log-odds of the second class."""
        check_is_fitted(self, "learners_")
        frame = self._take(X, fitting=False)
        encoded = self.encoder_.transform(frame)
        z = sum(
            weight * np.clip(self.learners_[name].decision_function(encoded), -FURTHEST, FURTHEST)
            for name, weight in self.weights_.items()
        )
        intercept, slope = self.calibration_
        return intercept + slope * z

    def predict_proba(self, X: object) -> np.ndarray:
        """Probabilities of both classes, shape (n, 2)."""
        p = sigmoid(self.decision_function(X))
        return np.column_stack([1 - p, p])

    def predict(self, X: object) -> np.ndarray:
        """The likelier class."""
        likelier = (self.decision_function(X) > 0).astype(int)
        return self.classes_[likelier]


def _recipes(rarer: int) -> list[one.Recipe]:
    """Learners worth trying with so many rows of the rarer outcome, the simplest first."""
    few = rarer < 100
    return [
        one.Recipe("ridge", lambda strength, seed: one.Linear(False, strength)),
        one.Recipe("spline", lambda strength, seed: one.Linear(True, strength)),
        one.Recipe(
            "boosted",
            lambda trees, seed: one.Boosted(4 if few else 6, trees, 0.05, 0.5, seed),
            100 if few else 300,
        ),
    ]


def _held_out(
    frame: pd.DataFrame, codes: np.ndarray, folds: list, recipes: list[one.Recipe], seed: int
) -> dict[str, np.ndarray]:
    """Held-out log-odds of each learner: one column per stage or strength."""
    held: dict[str, np.ndarray] = {}
    for train, test in folds:
        part, y = frame.iloc[train].reset_index(drop=True), codes[train]
        encoder = Encoder().fit(part, y)
        fit_on, look_at = (
            encoder.transform(part, y),
            encoder.transform(frame.iloc[test].reset_index(drop=True)),
        )
        for recipe in recipes:
            if recipe.most_trees:
                learner = recipe.make(recipe.most_trees, seed).fit(fit_on, y)
                columns = learner.stages(look_at, recipe.every)
            else:
                columns = recipe.make(1.0, seed).path(fit_on, y, look_at, STRENGTHS)
            store = held.setdefault(recipe.name, np.zeros((len(codes), columns.shape[1])))
            store[test] = np.clip(columns, -FURTHEST, FURTHEST)
    return held


def _choose_stage(codes: np.ndarray, scores: np.ndarray, recipe: one.Recipe) -> tuple[int, float]:
    """Column with the smallest held-out log-loss, and the number of trees or the strength that
    it stands for.
    """
    losses = [log_loss_of(codes, column).mean() for column in scores.T]
    place = int(np.argmin(losses))
    if recipe.most_trees:
        # The final fit has a fifth more rows and can bear a little more.
        return place, int(round(1.1 * (place + 1) * recipe.every))
    return place, STRENGTHS[place]
