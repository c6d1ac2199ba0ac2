"""An unknown frame → numbers: kinds of columns are told from the data, and every encoding is
learnt inside the fold.
"""

import re
import warnings
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Matrix: TypeAlias = pd.DataFrame | ArrayLike
    """Rows of features: a frame, or what NumPy makes an array of."""

FEW_LEVELS = 12
"""Categories with so many levels get a column a level; those with more are told by their rate
of the outcome.
"""
RARE = 5
"""Levels with fewer rows than this are one level together."""
MOST_WORDS = 20
"""Words of free text that get a column."""


def as_frame(X: "Matrix", names: list | None = None) -> pd.DataFrame:
    """A frame out of a frame or an array."""
    if isinstance(X, pd.DataFrame):
        return X
    from scipy.sparse import issparse

    if issparse(X):
        raise TypeError(
            "Sparse data was passed, but dense data is required: give a DataFrame or X.toarray()"
        )
    X = np.asarray(X)
    if np.iscomplexobj(X):
        raise ValueError("Complex data not supported")
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {X.ndim}D array instead. Reshape your data using "
            f"X.reshape(-1, 1) or (1, -1)"
        )
    frame = pd.DataFrame(
        X, columns=names if names is not None and len(names) == X.shape[1] else None
    )
    return frame.infer_objects() if X.dtype == object else frame


def to_numbers(column: pd.Series) -> np.ndarray | None:
    """A column as numbers with gaps, where it is one at heart: numbers, flags, dates, numbers
    written as text.
    """
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        return np.where(np.isinf(values), np.nan, values)
    if pd.api.types.is_datetime64_any_dtype(column):
        stamps = (
            column.dt.tz_localize(None) if getattr(column.dt, "tz", None) is not None else column
        )
        days = stamps.to_numpy("datetime64[s]").astype(float) / 86_400
        return np.where(column.isna().to_numpy(), np.nan, days)
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds().to_numpy(float) / 86_400
    return None


def clean_text(column: pd.Series) -> pd.Series:
    """Texts without outer blanks; empty ones are missing."""
    # Each different value is cleaned once, however many rows hold it.
    codes, values = pd.factorize(column)
    cleaned = np.array([str(value).strip() or None for value in values] + [None], dtype=object)
    return pd.Series(cleaned[codes], index=column.index, dtype=object)


def _read_text(text: pd.Series) -> np.ndarray | None:
    """Numbers or dates written as text, where nearly every one can be read."""
    codes, values = pd.factorize(text)
    if not len(values):
        return None
    counts, present = np.bincount(codes[codes >= 0]), pd.Series(values, dtype="string")

    def share(found: np.ndarray) -> float:
        return float(counts[np.asarray(found, bool)].sum() / counts.sum())

    def spread(read: np.ndarray) -> np.ndarray:
        return np.append(np.where(np.isinf(read), np.nan, read), np.nan)[codes]

    bare = present.str.replace(r"^[¥$€£]\s*|[,\s](?=\d{3}\b)|%$", "", regex=True)
    numbers = pd.to_numeric(bare, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    # A code such as 007 is a name, not a number.
    coded = share(present.str.match(r"^0\d")) > 0.2
    if share(np.isfinite(numbers)) >= 0.95 and not coded:
        return spread(numbers)
    if share(present.str.match(r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}")) >= 0.95:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            stamps = pd.to_datetime(present, errors="coerce", format="mixed")
        if share(stamps.notna()) >= 0.95:
            return spread(cast(np.ndarray, to_numbers(stamps)))
    return None


class Encoder(TransformerMixin, BaseEstimator):
    """Columns of any kind → numbers (NaN for gaps), learnt from the training rows alone.

    Numbers, flags, dates and what is written as such stay one column; categories of few levels get
    a column a level; others their rate of the outcome, drawn towards the whole's and, for training
    rows, learnt from other rows; free text a column for each frequent word. Constant and empty
    columns, and names that are different in nearly every row, are dropped. What is left to
    scikit-learn is measured beside its own ways by ``make bench-candidates``.
    """

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> "Encoder":
        """Learn what each column is."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: np.ndarray) -> np.ndarray:
        """Learn, and the training rows as numbers: no row's own outcome reaches its rates."""
        told = [_tell_column(X.iloc[:, place]) for place in range(X.shape[1])]
        self.kinds_ = [kind for kind, _ in told]
        self.steps_ = ColumnTransformer(
            [(kind, *self._step(kind)) for kind in ("number", "levels", "rates")]
            + [
                (f"words {place}", _words(len(X)), str(place))
                for place, kind in enumerate(self.kinds_)
                if kind == "words"
            ],
            sparse_threshold=0,
        )
        return self._told(
            self.steps_.fit_transform(self._named([one for _, one in told], len(X)), y)
        )

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Numbers of each row."""
        columns = [_read_column(X.iloc[:, place], kind) for place, kind in enumerate(self.kinds_)]
        return self._told(self.steps_.transform(self._named(columns, len(X))))

    def _step(self, kind: str) -> tuple[TransformerMixin | str, list[str]]:
        places = [str(place) for place, one in enumerate(self.kinds_) if one == kind]
        if kind == "levels":
            # Numbers first: of texts the levels are counted ten times as slowly.
            numbered = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
            step = OneHotEncoder(
                handle_unknown="ignore",
                min_frequency=RARE,
                sparse_output=False,
            )
            return make_pipeline(numbered, step), places
        if kind == "rates":
            folds = KFold(shuffle=True, random_state=0)
            return TargetEncoder(target_type="continuous", cv=folds), places
        return "passthrough", places

    def _named(self, columns: list[np.ndarray], rows: int) -> pd.DataFrame:
        """Columns that were read, each named by its place; dropped ones left out."""
        kept = [place for place, kind in enumerate(self.kinds_) if kind != "dropped"]
        return pd.DataFrame({str(place): columns[place] for place in kept}, index=range(rows))

    @staticmethod
    def _told(numbers: np.ndarray) -> np.ndarray:
        # a learner needs one column, though nothing could be told
        return numbers.astype(float) if numbers.shape[1] else np.zeros((len(numbers), 1))


def _tell_column(column: pd.Series) -> tuple[str, np.ndarray]:
    """What a column is (number, levels, rates, words, or dropped), and its values as such."""
    values, text = to_numbers(column), None
    if values is None:
        text = clean_text(column)
        values = _read_text(text)
    if values is None:
        return _tell_text(cast(pd.Series, text)), _filled(cast(pd.Series, text))
    present = values[~np.isnan(values)]
    # An all-missing column, or one with a single value and no gaps, cannot tell cases apart.
    constant = len(present) == 0 or (np.ptp(present) == 0 and len(present) == len(values))
    return ("dropped" if constant or _is_row_name(column, present) else "number"), values


def _tell_text(text: pd.Series) -> str:
    counts = text.value_counts()
    if len(counts) == 0 or (len(counts) == 1 and text.notna().all()):
        return "dropped"
    if len(counts) <= FEW_LEVELS:
        return "levels"
    if (counts == 1).sum() <= 0.5 * text.notna().sum():
        return "rates"
    try:
        _words(len(text)).fit(text.fillna(""))
    except ValueError:  # no word is frequent enough
        return "dropped"
    return "words"


def _words(rows: int) -> CountVectorizer:
    """A column for each frequent word."""
    return CountVectorizer(
        binary=True,
        token_pattern=r"[^\W\d_]{3,}",  # noqa: S106  (no password)
        min_df=max(10, round(0.02 * rows)),
        max_df=0.9,
        max_features=MOST_WORDS,
    )


def _filled(text: pd.Series) -> np.ndarray:
    return text.fillna("").to_numpy()


def _read_column(column: pd.Series, kind: str) -> np.ndarray:
    """The values of a column of which learning told what it is."""
    if kind == "dropped":
        return np.empty(len(column))
    if kind != "number":
        return _filled(clean_text(column))
    values = to_numbers(column)
    if values is None:
        text = clean_text(column)
        values = _read_text(text)
        if values is None:
            values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return values


def _is_row_name(column: pd.Series, present: np.ndarray) -> bool:
    """A whole number that is different in every row and named like a key."""
    words = set(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", str(column.name)))
    named = {word.lower() for word in words} & {
        "id",
        "key",
        "number",
        "index",
        "no",
        "code",
        "uuid",
        "rownumber",
    }
    return (
        bool(named)
        and len(present) > 20
        and len(np.unique(present)) == len(present)
        and bool((present % 1 == 0).all())
    )
