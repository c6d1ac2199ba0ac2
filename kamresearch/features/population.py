"""What a standing is, and whom a study counts: the one place where a population is defined."""

import numpy as np
import pandas as pd

from kamresearch.data.tables import as_dtype
from kamresearch.errors import AnalysisError
from kamresearch.features.orders import YEAR
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _

STANDINGS = {
    "ordering": _("ordering"),
    "silent": _("silent beyond its own rhythm"),
    "returned": _("returned"),
    "never_ordered": _("never ordered"),
    "lost": _("lost"),
    "not_yet": _("not yet an account"),
}
"""Code of a standing → its words, in the order in which tables list them."""

PRESENT = ("ordering", "silent", "returned", "never_ordered")
"""Standings of the accounts that the company has: they may hold a tier, a forecast or a manager."""

COLUMNS = {
    "standing": "str",
    "standing_since": "datetime64[us]",
    "silence_ratio": "float64",
}
"""What this module adds to the snapshot, with each column's dtype."""

GAPS_ALLOWED, SHORTEST_DAYS, LONGEST_DAYS = 3.0, 90.0, 450.0
"""An account may be silent for three of its own gaps, never fewer than 90 nor more than 450 days:
the bounds of a loss by silence, so that two studies do not call one account by two names."""

_LEAST_ORDER_DAYS = 3
"""Fewer days with an order show no rhythm: then only the longest silence tells."""


def keep_present(accounts: pd.DataFrame) -> pd.DataFrame:
    """The accounts that the company has as of the snapshot's day: everyone but the lost.

    A frame worked by hand, without the column ``standing``, is taken as it is.
    """
    if "standing" not in accounts:
        return accounts
    return accounts[accounts["standing"].isin(PRESENT)].reset_index(drop=True)


def say_population(accounts: pd.DataFrame) -> Message:
    """Which standings a study counts, with numbers that add up to all accounts known."""
    counts = count_standings(accounts["standing"])
    return _(
        "{counted} of the {all} known are counted here: {ordering} ordering, {silent} silent "
        "beyond their own rhythm, {returned} returned, {never} without any order yet. The other "
        "{lost} are lost: they hold no tier, forecast, expected value or load.",
        counted=Quantity(int(counts[list(PRESENT)].sum()), "accounts"),
        all=Quantity(len(accounts), "accounts"),
        ordering=Quantity(int(counts["ordering"]), "count"),
        silent=Quantity(int(counts["silent"]), "count"),
        returned=Quantity(int(counts["returned"]), "count"),
        never=Quantity(int(counts["never_ordered"]), "count"),
        lost=Quantity(int(counts["lost"]), "count"),
    )


def find_lost(accounts: pd.DataFrame) -> tuple[str, ...]:
    """Ids of the lost accounts of a snapshot."""
    return tuple(accounts.loc[accounts["standing"] == "lost", "account_id"])


def require_present(accounts: pd.DataFrame, where: str) -> pd.DataFrame:
    """`keep_present`, refusing a company without any present account.

    Raises
    ------
    AnalysisError
        No account is known, or all of them are lost.
    """
    present = keep_present(accounts)
    if present.empty:
        found = f"all {len(accounts)} of them lost" if len(accounts) else "none"
        raise AnalysisError(
            where, "at least one account present", found, "check the slice and the as-of date"
        )
    return present


def count_standings(standing: pd.Series) -> pd.Series:
    """How many accounts stand where: every standing of `STANDINGS`, also those that nobody has;
    the counts add up to all accounts.
    """
    return standing.value_counts().reindex(list(STANDINGS), fill_value=0).astype(int)


def add_standing(frame: pd.DataFrame, day: pd.Timestamp) -> None:
    """Put the columns of `COLUMNS` on the freshly derived snapshot, in place."""
    empty = as_dtype(None, "datetime64[us]", frame.index)
    back = as_dtype(frame.get("return_date"), "datetime64[us]", frame.index)
    left = frame.get("churn_date", empty)
    away = frame["is_away"].fillna(False) if "is_away" in frame else False
    heard = pd.concat([frame["last_order_date"], back], axis=1).max(axis=1)
    allowed = _allowed_silence(frame)
    frame["silence_ratio"] = (day - heard).dt.days / allowed
    never = frame["last_order_date"].isna()
    came_back = back.notna() & ((day - back).dt.days < YEAR)
    told = [
        (pd.Series(away, index=frame.index).astype(bool), "lost", left),
        (never, "never_ordered", frame["onboard_date"]),
        (frame["silence_ratio"] > 1, "silent", heard + pd.to_timedelta(allowed + 1, unit="D")),
        (came_back, "returned", back),
    ]
    conditions = [holds.to_numpy(bool) for holds, _name, _since in told]
    frame["standing"] = np.select(conditions, [name for _holds, name, _since in told], "ordering")
    usual = back.fillna(frame["first_order_date"])
    since = np.select(
        conditions,
        [start.to_numpy("datetime64[us]") for _holds, _name, start in told],
        usual.to_numpy("datetime64[us]"),
    )
    frame["standing_since"] = since
    frame.loc[never, "silence_ratio"] = np.nan


def _allowed_silence(frame: pd.DataFrame) -> pd.Series:
    """Days for which each account may be silent."""
    own = frame["days_between_orders_mean"].where(frame["n_order_days"] >= _LEAST_ORDER_DAYS)
    # The day on which silence passes what is allowed is a date: whole days.
    return (GAPS_ALLOWED * own).clip(SHORTEST_DAYS, LONGEST_DAYS).round().fillna(LONGEST_DAYS)
