"""An unknown frame → numbers: kinds of columns are told from the data, and every encoding is
learnt inside the fold.
"""

import re
import warnings
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import pandas as pd

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


@dataclass
class Plan:
    """What a column is, and what was learnt about it."""

    name: Hashable
    kind: str
    """number, date, levels, rates, words or dropped"""
    levels: list[str] = field(default_factory=list)
    rates: dict[str | None, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)


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


class Encoder:
    """Learns how to turn a frame's columns into numbers (NaN for gaps).

    Numbers, flags and dates stay one column; categories of few levels get a column a level; others
    their rate of the
    outcome, shrunk, and their frequency; free text a column for each frequent word. Constant and
    empty columns, and
    names that are different in nearly every row, are dropped.
    """

    def fit(self, frame: pd.DataFrame, y: np.ndarray) -> "Encoder":
        """Learn from the training rows alone."""
        self.plans_ = [
            self._plan(place, frame.iloc[:, place], y) for place in range(frame.shape[1])
        ]
        self.names_ = self._names(frame)
        return self

    def _plan(self, place: int, column: pd.Series, y: np.ndarray) -> Plan:
        values = to_numbers(column)
        kind = "number"
        if values is None:
            text = clean_text(column)
            values = _read_text(text)
            if values is None:
                return self._plan_text(place, text, y)
            kind = "text number"
        present = values[~np.isnan(values)]
        # An all-missing column, or one with a single value and no gaps, cannot tell cases apart.
        if len(present) == 0 or (np.ptp(present) == 0 and len(present) == len(values)):
            return Plan(place, "dropped")
        if _is_row_name(column, present):
            return Plan(place, "dropped")
        return Plan(place, kind)

    def _plan_text(self, place: int, text: pd.Series, y: np.ndarray) -> Plan:
        counts = text.value_counts()
        if len(counts) == 0 or (len(counts) == 1 and text.notna().all()):
            return Plan(place, "dropped")
        if len(counts) > FEW_LEVELS and (counts == 1).sum() > 0.5 * text.notna().sum():
            words = _frequent_words(text)
            return Plan(place, "words", levels=words) if words else Plan(place, "dropped")
        if len(counts) <= FEW_LEVELS:
            levels = [
                str(level)
                for level in sorted(counts.index[counts >= min(RARE, counts.iloc[0])].tolist())
            ]
            # Of two levels without gaps one column tells all.
            return Plan(
                place,
                "levels",
                levels=levels[1:] if len(levels) == 2 and text.notna().all() else levels,
            )
        return self._plan_rates(place, text, y)

    @staticmethod
    def _plan_rates(place: int, text: pd.Series, y: np.ndarray) -> Plan:
        filled = text.fillna("")
        mean = float(y.mean())
        grouped = (
            pd.Series(y, dtype=float).groupby(filled.to_numpy(), sort=True).agg(["sum", "size"])
        )
        weight = _pull(grouped["sum"].to_numpy(float), grouped["size"].to_numpy(float), mean)
        rates = (grouped["sum"] + weight * mean) / (grouped["size"] + weight)
        return Plan(
            place,
            "rates",
            rates=rates.to_dict() | {None: mean, "__weight__": weight},
            counts=(grouped["size"] / len(filled)).to_dict(),
        )

    def _names(self, frame: pd.DataFrame) -> list[tuple[str, tuple]]:
        """For each column of the encoding: its name, and the places of the frame's columns
        behind it.
        """
        names = []
        for plan in self.plans_:
            label = str(frame.columns[plan.name])
            if plan.kind in ("number", "text number"):
                names.append((label, (plan.name,)))
            elif plan.kind in ("levels", "words"):
                names += [(f"{label}={level}", (plan.name,)) for level in plan.levels]
            elif plan.kind == "rates":
                names += [(f"{label} rate", (plan.name,)), (f"{label} frequency", (plan.name,))]
        return names

    def transform(self, frame: pd.DataFrame, y: np.ndarray | None = None) -> np.ndarray:
        """Numbers for each row; with ``y`` (training rows), a row's own outcome is taken out
        of its rate.
        """
        columns = []
        for plan in self.plans_:
            if plan.kind == "dropped":
                continue
            column = frame.iloc[:, plan.name]
            if plan.kind in ("number", "text number"):
                values = to_numbers(column)
                if values is None:
                    text = clean_text(column)
                    values = _read_text(text)
                    if values is None:
                        values = pd.to_numeric(text, errors="coerce").to_numpy(
                            dtype=float, na_value=np.nan
                        )
                columns.append(values)
                continue
            text = clean_text(column)
            if plan.kind == "levels":
                columns += [(text == level).to_numpy(float) for level in plan.levels]
            elif plan.kind == "words":
                lowered = text.fillna("").str.lower()
                columns += [
                    lowered.str.contains(word, regex=False).to_numpy(float) for word in plan.levels
                ]
            else:
                columns += self._rate_columns(plan, text.fillna(""), y)
        if not columns:
            return np.zeros((len(frame), 1))
        return np.column_stack(columns)

    @staticmethod
    def _rate_columns(plan: Plan, text: pd.Series, y: np.ndarray | None) -> list[np.ndarray]:
        mean, weight = plan.rates[None], plan.rates["__weight__"]
        share = text.map(plan.counts).fillna(0.0).to_numpy(float)
        if y is None:
            return [text.map(plan.rates).fillna(mean).to_numpy(float), share]
        # Training rows are told the rate of the other fifths: a row's own outcome never reaches it,
        # and (unlike leaving
        # out single rows) nothing of it shows in the difference to its neighbours.
        fifth = np.random.default_rng(len(text)).permutation(len(text)) % 5
        rates, labels = np.zeros(len(text)), text.to_numpy()
        for part in range(5):
            others, own = fifth != part, fifth == part
            sums = pd.Series(y[others]).groupby(labels[others], sort=False).agg(["sum", "size"])
            learnt = (sums["sum"] + weight * mean) / (sums["size"] + weight)
            rates[own] = text[own].map(learnt).fillna(mean).to_numpy(float)
        return [rates, share]


def _pull(events: np.ndarray, sizes: np.ndarray, mean: float) -> float:
    """Weight of the whole's rate in each level's, from how much levels differ beyond chance."""
    noise = mean * (1 - mean)
    spread = (
        float((sizes * (events / sizes - mean) ** 2).sum() / sizes.sum())
        - noise * len(sizes) / sizes.sum()
    )
    return float(np.clip(noise / max(spread, 1e-9), 10.0, 500.0))


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


def _frequent_words(text: pd.Series) -> list[str]:
    present = text.dropna().str.lower()
    least = max(10, 0.02 * len(text))
    words = (
        present.map(lambda value: set(re.findall(r"[^\W\d_]{3,}", value))).explode().value_counts()
    )
    words = words[(words >= least) & (words <= 0.9 * len(present))]
    return sorted(words.index[:MOST_WORDS].tolist())
