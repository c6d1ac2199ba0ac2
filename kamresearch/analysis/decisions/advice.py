"""What other studies advise for accounts, and what the list leaves out for it: an account is told
one thing.
"""

from collections.abc import Callable

import pandas as pd

from kamresearch.analysis.decisions.assumptions import CONTRADICTIONS

ADVISING = {"churn.contacts": "save", "churn.alerts": "save", "organisation.moves": "assign"}
"""Table of another study that names accounts → the kind of instruction that it amounts to."""

COLUMNS = ("account_id", "kind", "source")


def gather_advice(read_table: Callable[[str], pd.DataFrame | None]) -> pd.DataFrame:
    """What do other studies tell somebody to do?

    A reader of tables by their ids (None where there is none) → account_id, kind, source (the
    table). Alerts count only where their table names an action: without a shown lift it is no list
    to act on.
    """
    parts = []
    for source, kind in ADVISING.items():
        table = read_table(source)
        if table is None or (source == "churn.alerts" and "action" not in table):
            continue
        parts.append(table[["account_id"]].assign(kind=kind, source=source))
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    return pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)


def find_forestalled(proposals: pd.DataFrame, advice: pd.DataFrame | None) -> pd.Series:
    """Which proposals go against another study's advice, and why: a code of `REASONS`, or nothing.

    Parameters
    ----------
    proposals : DataFrame
        account_id, kind.
    advice : DataFrame or None
        As `gather_advice` gives it.

    Notes
    -----
    Whom a contact would hold is not asked for more business or a higher price first; an account
    that one study hands over is not handed to somebody else by another.
    """
    reason = pd.Series("", proposals.index, dtype=object)
    if advice is None or advice.empty:
        return reason
    for kind, part in advice.groupby("kind", sort=True):
        named = proposals["account_id"].isin(part["account_id"])
        apart = {other for pair in CONTRADICTIONS if kind in pair for other in pair - {kind}}
        reason[named & proposals["kind"].isin(apart)] = "advised_against"
        if kind == "assign":
            reason[named & (proposals["kind"] == "assign")] = "handed_over"
    return reason
