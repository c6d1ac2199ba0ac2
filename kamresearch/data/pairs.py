"""Decisions about pairs as people write them: which verdict, and whether it has run out."""

import pandas as pd

VERDICTS = ("same", "not_same")


def read_pairs(pairs: pd.DataFrame, as_of: str | None) -> pd.DataFrame:
    """The table ``pairs`` with each verdict in one spelling (one that is neither stays as it
    is) and ``over``: ended before a day.
    """
    said = (
        pairs["verdict"].astype("str").str.strip().str.lower().str.replace("[- ]", "_", regex=True)
    )
    until = (
        pd.to_datetime(pairs["until"]) if "until" in pairs else pd.Series(pd.NaT, index=pairs.index)
    )
    over = until < pd.Timestamp(as_of) if as_of is not None else pd.Series(False, index=pairs.index)
    return pairs.assign(verdict=said.where(said.isin(VERDICTS), pairs["verdict"]), over=over)
