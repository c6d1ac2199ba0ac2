"""Reading a series: what its steps are, and what is wrong with it, before anything is computed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.errors import AnalysisError, DataError, first_offenders
from kamresearch.language import Message
from kamresearch.language import message as _

SEASONS = {
    "Y": 1,
    "A": 1,
    "Q": 4,
    "M": 12,
    "W": 52,
    "B": 5,
    "D": 7,
    "h": 24,
    "H": 24,
    "min": 60,
    "s": 60,
}
"""Steps in a cycle by the letter of the frequency."""


@dataclass(frozen=True)
class Regular:
    """A series without gaps: values, their labels, what one cycle is, and what had to be mended.

    Parameters
    ----------
    values : array
        Numbers, oldest first.
    index : Index
        Their labels: periods where the input had dates, else the labels given.
    season : int
        Steps in a cycle, 1 for none.
    caveats : tuple of Message
        What was done to the input.
    """

    values: np.ndarray
    index: pd.Index
    season: int
    caveats: tuple[Message, ...] = ()

    def following(self, horizon: int) -> list:
        """Labels of the next steps."""
        last = self.index[-1]
        if isinstance(self.index, pd.PeriodIndex):
            return [last + step for step in range(1, horizon + 1)]
        if isinstance(last, (int, np.integer)):
            width = int(self.index[-1] - self.index[-2]) if len(self.index) > 1 else 1
            return [int(last) + width * step for step in range(1, horizon + 1)]
        return list(range(1, horizon + 1))


def to_numbers(values: pd.Series, where: str) -> pd.Series:
    """The values as numbers; a text in the column is refused with the first offenders."""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    bad = values[numbers.isna() & values.notna()]
    if len(bad):
        raise DataError(
            where,
            "numbers",
            f"texts, {first_offenders(bad)}",
            "clean the column or leave the rows out",
        )
    if np.isinf(numbers).any():
        raise DataError(
            where,
            "finite numbers",
            f"{int(np.isinf(numbers).sum())} infinite values",
            "clean the column",
        )
    return numbers


def to_steps(index: pd.Index) -> pd.Index:
    """Labels as periods where they are dates or read like dates, as whole numbers where they
    are, else as given.
    """
    if isinstance(index, pd.PeriodIndex):
        return index
    if isinstance(index, pd.DatetimeIndex):
        return _periods(index)
    if pd.api.types.is_integer_dtype(index) or pd.api.types.is_bool_dtype(index):
        return index.astype("int64")
    if pd.api.types.is_float_dtype(index):
        return index.astype("int64") if len(index) and (index == index.round()).all() else index
    texts = pd.Index([str(label) for label in index])
    if texts.str.fullmatch(r"[+-]?\d+").all():
        return texts.astype("int64")
    return _read_texts(texts) if len(texts) else index


def _read_texts(texts: pd.Index) -> pd.Index:
    for pattern, frequency in (
        (r"\d{4}-?[Qq][1-4]", "Q"),
        (r"\d{4}-\d{2}", "M"),
        (r"\d{4}/\d{1,2}", "M"),
    ):
        if texts.str.fullmatch(pattern).all():
            return pd.PeriodIndex([text.replace("/", "-") for text in texts], freq=frequency)
    if texts.str.fullmatch(r"\d{4}-?[Ww]\d{1,2}(-\d)?").all():
        weeks = [text.upper().replace("-", "").split("W") for text in texts]
        days = [pd.Timestamp.fromisocalendar(int(year), int(week[:2]), 7) for year, week in weeks]
        return pd.DatetimeIndex(days).to_period("W")
    try:
        return _periods(pd.DatetimeIndex(pd.to_datetime(texts)))
    except (ValueError, TypeError, OverflowError):
        return texts


def _periods(dates: pd.DatetimeIndex) -> pd.Index:
    """Dates as periods of the coarsest frequency on which each has a period of its own."""
    stated = dates.freqstr or (
        pd.infer_freq(dates.unique().sort_values()) if dates.nunique() >= 3 else None
    )
    if stated:
        try:
            return dates.to_period() if dates.freqstr else dates.to_period(_period_alias(stated))
        except (ValueError, AttributeError):
            stated = None
    days = dates.unique().sort_values()
    if len(days) < 2:
        return dates.to_period("D" if (dates == dates.normalize()).all() else "h")
    gap_days = pd.Series(days).diff().median() / pd.Timedelta(days=1)
    for least, frequency in (
        (300, "Y"),
        (80, "Q"),
        (26, "M"),
        (6.5, "W"),
        (0.9, "D"),
        (0.03, "h"),
        (0, "min"),
    ):
        if gap_days >= least and dates.to_period(frequency).nunique() == dates.nunique():
            return dates.to_period(frequency)
    return dates.to_period("s")


def _period_alias(frequency: str) -> str:
    head = frequency.lstrip("0123456789").split("-")[0]
    plain = {
        "MS": "M",
        "ME": "M",
        "BMS": "M",
        "BME": "M",
        "QS": "Q",
        "QE": "Q",
        "BQS": "Q",
        "BQE": "Q",
        "YS": "Y",
        "YE": "Y",
        "BYS": "Y",
        "BYE": "Y",
        "AS": "Y",
        "A": "Y",
    }
    return plain.get(head, frequency)


def season_of(index: pd.Index) -> int:
    """Steps in a cycle by the frequency of the labels; 1 where they have none."""
    if not isinstance(index, pd.PeriodIndex):
        return 1
    name = index.freqstr.lstrip("0123456789").split("-")[0]
    return SEASONS.get(name, SEASONS.get(name[:1], 1))


def read_series(series: pd.Series, season: int | None = None, where: str = "series") -> Regular:
    """A pandas Series as a regular one: sorted, without gaps, numbers only.

    Raises
    ------
    AnalysisError
        No value at all, or two values for one period.
    DataError
        Texts or infinities among the values.
    """
    if not isinstance(series, pd.Series):
        raise AnalysisError(
            where, "a pandas Series", type(series).__name__, "wrap the values: pd.Series(values)"
        )
    numbers = to_numbers(series, where)
    if numbers.notna().sum() == 0:
        raise AnalysisError(
            where, "at least one value", "none", "check the slice, the as-of date and the column"
        )
    steps = to_steps(series.index)
    doubled = steps[steps.duplicated()]
    if len(doubled):
        raise AnalysisError(
            where,
            "one value per period",
            f"several for {first_offenders(doubled.unique())}",
            "add them up or choose one source before forecasting",
        )
    frame = pd.Series(numbers.to_numpy(), index=steps)
    caveats: list[Message] = []
    if not frame.index.is_monotonic_increasing and not _texts(steps):
        frame = frame.sort_index()
        caveats.append(_("The periods were not in order; they were sorted."))
    frame, more = _fill_gaps(frame)
    return Regular(
        frame.to_numpy(), frame.index, season or season_of(frame.index), (*caveats, *more)
    )


def _texts(index: pd.Index) -> bool:
    return not isinstance(index, pd.PeriodIndex) and not pd.api.types.is_numeric_dtype(index)


def _fill_gaps(frame: pd.Series) -> tuple[pd.Series, list[Message]]:
    """Missing steps between the first and the last value filled on a straight line; said,
    never silent.
    """
    frame = (
        frame.loc[frame.first_valid_index() : frame.last_valid_index()]
        if not _texts(frame.index)
        else frame.dropna()
    )
    full = frame.index
    if isinstance(full, pd.PeriodIndex):
        full = pd.period_range(full[0], full[-1], freq=full.freq)
    elif pd.api.types.is_integer_dtype(full) and len(full) > 2:
        width = int(np.gcd.reduce(np.diff(full.to_numpy())))
        full = pd.Index(np.arange(full[0], full[-1] + 1, max(width, 1)))
    if len(full) > 50 * len(frame) + 1000:
        raise AnalysisError(
            "series",
            "a regular series",
            f"{len(frame)} values over {len(full)} steps",
            "state the frequency: series.asfreq(...) or a PeriodIndex",
        )
    whole = frame.reindex(full)
    missing = int(whole.isna().sum())
    if not missing:
        return whole, []
    filled = pd.Series(
        np.interp(np.arange(len(whole)), np.flatnonzero(whole.notna()), whole.dropna()), index=full
    )
    return filled, [
        _(
            "{n} of {all} periods have no value; they were filled on a straight line "
            "between their neighbours.",
            n=missing,
            all=len(whole),
        )
    ]
