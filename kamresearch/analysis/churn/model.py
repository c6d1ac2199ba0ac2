"""The churn model: a frame as it is in, calibrated probabilities out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d

from kamresearch.analysis.churn.blend import (
    FURTHEST,
    convex_weights,
    log_loss_of,
    recalibrate,
    sigmoid,
)
from kamresearch.analysis.churn.columns import Encoder, as_frame
from kamresearch.analysis.churn.folds import account_folds
from kamresearch.analysis.churn.learners import Boosted, Linear
from kamresearch.errors import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from kamresearch.analysis.churn.columns import Matrix

STRENGTHS = (0.001, 0.01, 0.1, 1.0)
"""Ridge strengths tried (C of scikit-learn)."""
LEAST_EVENTS = 12
"""Rows of the rarer outcome below which only a strongly ridged logistic regression is fitted."""
SIMPLE_EVENTS = 30
"""Rows of the rarer outcome below which the simplest learner within one standard error is used
alone.
"""
SPREAD_ROWS = 2_000
"""Rows, spread evenly, by which the members' spread is compared with that of their mean."""
BOOSTED_EVENTS = 100
"""Rows of the rarer outcome from which trees are grown: learners of any shape want many times the
events that a regression does (van der Ploeg et al. 2014).
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
        Folds in which the learners are judged; each leaves a member of the model.
    n_jobs : int, optional
        Folds fitted at the same time; the probabilities do not hang on it.

    Attributes
    ----------
    classes_ : array
        The two outcomes, sorted; column 1 of ``predict_proba`` belongs to the second.
    members_ : list
        What each fold taught: an encoding and its learners. The model is their mean.
    weights_ : dict
        Learner → weight in the blend.
    calibration_ : (float, float)
        Intercept and slope put on the blend's log-odds: shrunk towards 0 and 1, and widened by
        what the members' mean takes from their spread.

    Raises
    ------
    ChurnModelError
        All rows have one outcome, or there are more than two outcomes.

    Notes
    -----
    Ridge and spline logistic regression and, from a hundred losses, shallow histogram boosting are
    fitted in stratified folds, encodings included; the ridge strength, the number
    of trees and convex weights minimise the held-out log-loss, and the blend's held-out log-odds
    give a shrunken recalibration. The folds' fits are kept and averaged: none is fitted again on
    all rows (that costs a fit more, and was no better on three public sets), and what averaging
    takes from the spread of the log-odds is given back. With few losses the
    simplest learner within one standard error of the best is used alone. No class weights, no
    resampling: both ruin probabilities (Carriero et al. 2025).

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

    def __init__(self, random_state: Any = 0, folds: int = 3, n_jobs: int | None = None) -> None:
        self.random_state = random_state
        self.folds = folds
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> object:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.classifier_tags.multi_class = False
        return tags

    def fit(
        self,
        X: "Matrix",
        y: "ArrayLike",
        sample_weight: "ArrayLike | None" = None,
        groups: "ArrayLike | None" = None,
    ) -> "ChurnModel":
        """Learn from rows with known outcome.

        ``sample_weight`` counts a row as so many such rows (0 leaves it out). With ``groups`` (the
        account of each row, where an account has several rows) no account stands on both sides of
        a fold in which learners are judged.
        """
        frame = self._take(X, fitting=True)
        codes = self._take_outcome(y, len(frame))
        rows = _take_weights(sample_weight, len(frame))
        groups = self._take_groups(groups, len(frame))
        seed, used = self._seed(), rows > 0
        if len(np.unique(codes[used])) < 2:
            self._refuse_one_class(codes[used])
        frame, codes, rows = frame[used].reset_index(drop=True), codes[used], rows[used]
        rarer = float(min(rows @ codes, rows @ (1 - codes)))
        folds = self._split(codes, rarer, seed, None if groups is None else groups[used])
        if folds is None:
            self._fit_alone(frame, codes, rows, rarer)
            return self
        from joblib import Parallel, delayed

        found = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(_fit_member)(frame, codes, rows, fold, rarer >= BOOSTED_EVENTS, seed)
            for fold in folds
        )
        self.members_ = [member for member, _held in found]
        self._blend(codes, rows, rarer, folds, [held for _member, held in found])
        self._undo_averaging(frame, rows)
        return self

    def _blend(
        self, codes: np.ndarray, rows: np.ndarray, rarer: float, folds: list, held: list[dict]
    ) -> None:
        """Choose each learner's strength, weigh the learners and recalibrate, on held-out rows."""
        seen = np.concatenate([test for _train, test in folds])
        y, rows = codes[seen], rows[seen]
        scores, self.columns_ = [], {}
        for name in held[0]:
            columns = np.vstack([part[name] for part in held])
            losses = [rows @ log_loss_of(y, column) for column in columns.T]
            self.columns_[name] = int(np.argmin(losses))
            scores.append(columns[:, self.columns_[name]])
        scores = np.column_stack(scores)
        weights = _weigh(y, scores, list(self.columns_), rows, rarer)
        self.weights_ = {
            name: float(w) for name, w in zip(self.columns_, weights, strict=True) if w > 0
        }
        blended = scores @ weights
        self.calibration_ = recalibrate(y, blended, rows=rows)
        self.held_out_loss_ = float(np.average(log_loss_of(y, blended), weights=rows))

    def _undo_averaging(self, frame: pd.DataFrame, rows: np.ndarray) -> None:
        """Give the members' mean back the spread that each of them had.

        The recalibration was learnt on one member's log-odds a row, errors included; in the mean
        errors cancel, so that it lies nearer to the middle than it should. The least-squares slope
        of a truth on scores is their covariance over the scores' variance: the covariance stays,
        the variance does not. It takes no outcome to measure, hence some of the rows learnt from.
        """
        some = slice(None, None, -(-len(frame) // SPREAD_ROWS))
        each, weights = self._member_scores(frame[some].reset_index(drop=True)), rows[some]
        mean = each.mean(axis=0)
        centre = float(np.average(mean, weights=weights))
        spread = float(np.cov(mean, aweights=weights, ddof=0))
        if spread > 0:
            ratio = np.mean([np.cov(one, aweights=weights, ddof=0) for one in each]) / spread
            intercept, slope = self.calibration_
            self.calibration_ = (
                float(intercept + slope * (1 - ratio) * centre),
                float(slope * ratio),
            )

    def _member_scores(self, frame: pd.DataFrame) -> np.ndarray:
        """The blended log-odds of each member: one row a member, one column a row of the frame."""
        used = {name: self.columns_[name] for name in self.weights_}
        found = []
        for member in self.members_:
            scores = member.scores(frame, used)
            found.append(sum(w * scores[name][:, 0] for name, w in self.weights_.items()))
        return np.array(found)

    def _take(self, X: "Matrix", *, fitting: bool) -> pd.DataFrame:
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

    def _take_outcome(self, y: Any, n: int) -> np.ndarray:
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
        codes = (y == self.classes_[-1]).astype(float)
        if len(self.classes_) < 2:
            self._refuse_one_class(codes)
        return codes

    def _refuse_one_class(self, codes: np.ndarray) -> None:
        only = self.classes_[int(codes[0]) if len(self.classes_) > 1 and len(codes) else -1]
        raise ChurnModelError(
            "y",
            "accounts that left and accounts that stayed",
            f"one class alone in {len(codes)} rows: {only!r}",
            "choose a longer window, or show pooled rates instead of a model",
        )

    @staticmethod
    def _take_groups(groups: "ArrayLike | None", n: int) -> np.ndarray | None:
        if groups is None:
            return None
        labels = pd.factorize(np.asarray(groups))[0]
        if len(labels) != n:
            raise ChurnModelError(
                "groups", f"an account for each of {n} rows", f"{len(labels)}", "align them"
            )
        return labels

    def _seed(self) -> int:
        if self.random_state is None:
            return 0
        if isinstance(self.random_state, np.random.RandomState):
            return int(self.random_state.randint(2**31 - 1))
        if isinstance(self.random_state, np.random.Generator):
            return int(self.random_state.integers(2**31 - 1))
        return int(self.random_state)

    def _split(
        self, codes: np.ndarray, rarer: float, seed: int, groups: np.ndarray | None
    ) -> list | None:
        k = int(min(self.folds, codes.sum(), len(codes) - codes.sum()))
        accounts = np.arange(len(codes)) if groups is None else groups
        if rarer < LEAST_EVENTS or min(k, len(np.unique(accounts))) < 2:
            return None
        folds = [
            (train, test)
            for train, test in account_folds(codes, accounts, k, seed)
            if 0 < codes[train].sum() < len(train)
        ]
        return folds or None

    def _fit_alone(
        self, frame: pd.DataFrame, codes: np.ndarray, rows: np.ndarray, rarer: float
    ) -> None:
        """Too few losses to judge anything held out: a strongly ridged logistic regression,
        pulled towards the rate.
        """
        encoder = Encoder()
        ridge = Linear(False, (0.1 if rarer >= 5 else 0.02,))
        ridge.fit(encoder.fit_transform(frame, codes), codes, rows)
        self.members_, self.columns_ = [_Member(encoder, {"ridge": ridge})], {"ridge": 0}
        self.weights_, self.calibration_, self.held_out_loss_ = {"ridge": 1.0}, (0.0, 1.0), None

    def decision_function(self, X: "Matrix") -> np.ndarray:
        """Calibrated log-odds of the second class."""
        check_is_fitted(self, "members_")
        frame = self._take(X, fitting=False)
        intercept, slope = self.calibration_
        return intercept + slope * self._member_scores(frame).mean(axis=0)

    def predict_proba(self, X: "Matrix") -> np.ndarray:
        """Probabilities of both classes, shape (n, 2)."""
        p = sigmoid(self.decision_function(X))
        return np.column_stack([1 - p, p])

    def predict(self, X: "Matrix") -> np.ndarray:
        """The likelier class."""
        likelier = (self.decision_function(X) > 0).astype(int)
        return self.classes_[likelier]


@dataclass(frozen=True)
class _Member:
    """What the rows of one fold taught."""

    encoder: Encoder
    learners: dict[str, Linear | Boosted]

    def scores(
        self, frame: pd.DataFrame, columns: Mapping[str, int | None]
    ) -> dict[str, np.ndarray]:
        """Log-odds by learner: one column a strength, or a number of trees; of some learners the
        one column alone that is used.
        """
        encoded = self.encoder.transform(frame)
        return {
            name: np.clip(self.learners[name].scores(encoded, only), -FURTHEST, FURTHEST)
            for name, only in columns.items()
        }


def _fit_member(
    frame: pd.DataFrame, codes: np.ndarray, rows: np.ndarray, fold: tuple, grow: bool, seed: int
) -> tuple[_Member, dict[str, np.ndarray]]:
    """A member, and its log-odds of the rows that it never saw."""
    train, test = fold
    past, y, weight = frame.iloc[train].reset_index(drop=True), codes[train], rows[train]
    unseen = frame.iloc[test].reset_index(drop=True)
    encoder = Encoder()
    Z = encoder.fit_transform(past, y)
    learners: dict[str, Linear | Boosted] = {
        "ridge": Linear(False, STRENGTHS).fit(Z, y, weight),
        "spline": Linear(True, STRENGTHS).fit(Z, y, weight),
    }
    if grow:
        learners["boosted"] = Boosted(seed).fit(Z, y, weight)
    member = _Member(encoder, learners)
    return member, member.scores(unseen, dict.fromkeys(learners))


def _weigh(
    y: np.ndarray, scores: np.ndarray, names: list[str], rows: np.ndarray, rarer: float
) -> np.ndarray:
    weights = convex_weights(y, scores, rows=rows)
    if rarer >= SIMPLE_EVENTS:
        return weights
    blend = log_loss_of(y, scores @ weights)
    for place in range(len(names)):
        worse = rows * (log_loss_of(y, scores[:, place]) - blend)
        if worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)):
            return np.eye(len(names))[place]
    return weights


def _take_weights(sample_weight: "ArrayLike | None", n: int) -> np.ndarray:
    if sample_weight is None:
        return np.ones(n)
    weights = np.asarray(sample_weight, dtype=float)
    if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ChurnModelError(
            "sample_weight",
            f"a number of at least 0 for each of {n} rows",
            f"shape {weights.shape}, smallest {weights.min() if weights.size else None}",
            "align them, and leave no gap",
        )
    if not weights.any():
        raise ChurnModelError(
            "sample_weight",
            "a weight above zero",
            "every weight zero",
            "leave it out, or count rows",
        )
    return weights
