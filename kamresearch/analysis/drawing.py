"""A fixed draw out of very many accounts: what is learned from some thousand, a hundred
thousand would not tell better.
"""

import numpy as np
import pandas as pd

from kamresearch.language import Quantity, Text
from kamresearch.language import message as _

MOST_ACCOUNTS = 5_000
"""Accounts that models and groups are learned from, at most: an AUC is then told to about a
hundredth, and the hours of
fitting end."""


def shuffle_key(ids: np.ndarray) -> np.ndarray:
    """A number for each id that hangs neither on the order of rows nor on the numbering of
    ids; the same in every run, and the same for ``7`` and ``"7"``.
    """
    return pd.util.hash_array(np.asarray(ids).astype(str).astype(object))


def draw_ids(ids: np.ndarray, most: int = MOST_ACCOUNTS) -> np.ndarray:
    """The ids drawn, as they came (numbers stay numbers), in the order of their texts: all of
    them where there are no more than ``most``.

    >>> draw_ids(np.array(["B", "A", "B"]), 5).tolist()
    ['A', 'B']
    >>> len(draw_ids(np.arange(100), 7))
    7
    >>> set(draw_ids(np.arange(100), 7).tolist()) < set(range(100))
    True
    """
    ids = np.asarray(ids)
    texts, first = np.unique(ids.astype(str), return_index=True)
    if len(texts) > most:
        drawn = np.sort(np.argsort(shuffle_key(texts), kind="stable")[:most])
        first = first[drawn]
    return ids[first]


def say_drawn(n_accounts: int, most: int = MOST_ACCOUNTS) -> tuple[Text, ...]:
    """The caveat of a draw; nothing where all accounts taught."""
    if n_accounts <= most:
        return ()
    return (
        _(
            "What is fitted here is fitted to, and judged on, {n} drawn at random out of "
            "{all}; every account gets its result.",
            n=Quantity(most, "accounts"),
            all=Quantity(n_accounts, "accounts"),
        ),
    )
