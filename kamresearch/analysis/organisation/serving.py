"""Which manager can serve which account: one rule for successors, moves, groups and owners."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.organisation.holdings import EXECUTIVE_ROLES

NOT_FOR_ACCOUNTS = (*EXECUTIVE_ROLES, "policy_manager")
"""Roles whose hours are not for accounts."""

CHANNEL_OF_ROLE = {"direct_manager": "direct", "dealer_manager": "dealer"}
"""What a role says of the channel where none is recorded."""


@dataclass(frozen=True)
class Serving:
    """Who can serve what: accounts of one region and channel are one place, however many they
    are, so that nothing here grows with accounts times managers.

    Parameters
    ----------
    place : array
        The place of each account, a row of `fits`.
    fits : array
        Place × manager: does the manager serve it?
    """

    place: np.ndarray
    fits: np.ndarray


def find_serving(accounts: pd.DataFrame, managers: pd.DataFrame) -> Serving:
    """Does the manager serve the account's region and channel, in a role for accounts, and in it on
    the day?

    Parameters
    ----------
    accounts : DataFrame
        region, channel, as far as recorded: what is not recorded of an account forbids nobody.
    managers : DataFrame
        manager_id and, as far as recorded, region, channel, role, in_role. A manager without a
        region serves all of them (a national role), one without a channel that of the role, else
        both.
    """
    told = pd.DataFrame({name: _words(accounts, name) for name in ("region", "channel")})
    place = told.groupby(["region", "channel"], sort=False, dropna=False).ngroup().to_numpy()
    first = pd.Series(place).drop_duplicates().index
    return Serving(place, _fit(told.iloc[first], managers))


def can_serve(accounts: pd.DataFrame, managers: pd.DataFrame) -> np.ndarray:
    """Account × manager, as `find_serving` says."""
    serving = find_serving(accounts, managers)
    return serving.fits[serving.place]


def _fit(accounts: pd.DataFrame, managers: pd.DataFrame) -> np.ndarray:
    role = _words(managers, "role")
    channel = _words(managers, "channel")
    told = pd.Series(role).map(CHANNEL_OF_ROLE).to_numpy(object)
    channel = np.where(pd.isna(channel), told, channel)
    able = ~np.isin(role.astype(str), NOT_FOR_ACCOUNTS)
    if "in_role" in managers:
        able &= managers["in_role"].to_numpy(bool)
    fits = np.broadcast_to(able, (len(accounts), len(managers))).copy()
    for theirs, own in ((_words(accounts, "region"), _words(managers, "region")),) + (
        (_words(accounts, "channel"), channel),
    ):
        open_ = pd.isna(own)[None, :] | pd.isna(theirs)[:, None]
        fits &= open_ | (theirs.astype(str)[:, None] == own.astype(str)[None, :])
    return fits


def _words(frame: pd.DataFrame, name: str) -> np.ndarray:
    if name not in frame:
        return np.full(len(frame), None, dtype=object)
    column = frame[name].astype(object)
    return column.where(column.notna() & (column != ""), None).to_numpy(object)
