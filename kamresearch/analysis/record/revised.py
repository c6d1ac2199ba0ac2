"""A revised past: outcomes that the data tell otherwise now than when they were first looked at."""

import pandas as pd

FACT = ["outcome", "account_id", "issued", "due"]
"""What an outcome is known by: two predictions of one outcome share it."""
COLUMNS = [*FACT, "was", "now"]
NO_OUTCOMES = pd.DataFrame(
    {
        "outcome": pd.Series(dtype=str),
        "account_id": pd.Series(dtype=str),
        "issued": pd.Series(dtype="datetime64[us]"),
        "due": pd.Series(dtype="datetime64[us]"),
        "actual": pd.Series(dtype=float),
    }
)
"""No earlier version looked."""


def list_outcomes(frame: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Outcomes that no earlier version saw, or saw otherwise.

    Scored predictions and the outcomes sealed so far → outcome, account_id, issued, due, actual.
    """
    facts = _facts(frame)
    both = facts.merge(earlier, on=FACT, how="left", suffixes=("", "_was"), validate="1:1")
    new = both["actual_was"].isna() | _differs(both["actual"], both["actual_was"])
    return facts[new.to_numpy()].reset_index(drop=True)


def list_revised(frame: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Outcomes that came otherwise by the data of an earlier version.

    Scored predictions and the outcomes sealed so far → outcome, account_id, issued, due, was, now;
    the largest changes first.
    """
    told = earlier.rename(columns={"actual": "was"})
    both = _facts(frame).rename(columns={"actual": "now"})
    both = both.merge(told, on=FACT, validate="1:1")
    both = both[_differs(both["now"], both["was"])]
    order = (both["now"] - both["was"]).abs().sort_values(ascending=False, kind="stable").index
    return both.loc[order, COLUMNS].reset_index(drop=True)


def _facts(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an outcome; of bounded probabilities the outcome itself is not kept, and left out."""
    bounded = (frame["form"] == "probability") & (frame["low"].notna() | frame["high"].notna())
    facts = frame.loc[~bounded, [*FACT, "actual"]].drop_duplicates(FACT)
    return facts.sort_values(FACT, ignore_index=True)


def _differs(one: pd.Series, other: pd.Series) -> pd.Series:
    """A cent that rounding made is no correction."""
    return (one - other).abs() > 0.005 + 1e-9 * other.abs()
