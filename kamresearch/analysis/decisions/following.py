"""What became of proposals: who did them, what came of it, and what need not be said again."""

import pandas as pd

from kamresearch.analysis.decisions.assumptions import Assumptions
from kamresearch.data.tables import Tables

ALONE = ("review",)
"""Kinds that a lot does not hold out: they touch records, not the account."""


def read_actions(tables: Tables, day: pd.Timestamp) -> pd.DataFrame:
    """The table ``actions`` as it was known on a day: later decisions and deeds are not seen."""
    frame = tables.frame("actions")
    frame = frame[frame["proposed_on"] <= day].reset_index(drop=True)
    later = frame["done_on"] > day
    return frame.assign(
        decided=frame["decided"].mask(frame["decided_on"] > day),
        done_on=frame["done_on"].mask(later),
        outcome=frame["outcome"].mask(later),
    )


def find_settled(
    proposals: pd.DataFrame,
    actions: pd.DataFrame | None,
    day: pd.Timestamp,
    assumptions: Assumptions,
) -> pd.Series:
    """Which proposals need not be made again, and why: a code of `REASONS`, or nothing.

    Parameters
    ----------
    proposals : DataFrame
        account_id, kind.
    actions : DataFrame or None
        As `read_actions` gives them.
    day : Timestamp
        The day of the list.
    assumptions : Assumptions
        ``done_days`` and ``not_days``: how long a deed and a decision hold.

    Notes
    -----
    A lot holds out the account, not the kind: one contact of any kind would end the comparison. It
    holds until the action's due day, or as long as a decision where none is stated.
    """
    reason = pd.Series("", proposals.index, dtype=object)
    if actions is None or actions.empty:
        return reason
    done = actions["done_on"] > day - pd.Timedelta(days=assumptions.done_days)
    since = actions["decided_on"].fillna(actions["proposed_on"])
    lately = since > day - pd.Timedelta(days=assumptions.not_days)
    refused = (actions["decided"] == "not") & lately
    running = (actions["due"] >= day) | (actions["due"].isna() & lately)
    drawn = set(actions.loc[(actions["decided"] == "hold_out") & running, "account_id"])
    pairs = pd.MultiIndex.from_frame(proposals[["account_id", "kind"]])
    named = pd.MultiIndex.from_frame(actions[["account_id", "kind"]])
    reason[pairs.isin(named[refused])] = "decided_not"
    reason[pairs.isin(named[done])] = "done_lately"
    touched = ~proposals["kind"].isin(ALONE)
    reason[proposals["account_id"].isin(drawn).to_numpy() & touched.to_numpy()] = "held_out"
    return reason


def count_actions(actions: pd.DataFrame, accounts: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """What became of the last list, a row for each owner.

    Parameters
    ----------
    actions : DataFrame
        As `read_actions` gives them.
    accounts : DataFrame
        account_id, standing, last_order_date: as they stand on the day.
    day : Timestamp
        The day.

    Returns
    -------
    DataFrame
        owner, proposed, done, decided_not, held_out, undone: they add up to proposed. kept, lost,
        open: they add up to done. overdue counts every list's actions that were due and are neither
        done nor decided against nor held out.
    """
    known = accounts.set_index("account_id")
    rows = actions.assign(owner=actions["owner"].astype(object).fillna("–"))
    lost = rows["account_id"].map(known["standing"]) == "lost"
    ordered = rows["account_id"].map(known["last_order_date"]) > rows["done_on"]
    done = rows["done_on"].notna()
    against = ~done & (rows["decided"] == "not").fillna(False).astype(bool)
    held = ~done & (rows["decided"] == "hold_out").fillna(False).astype(bool)
    undone = ~(done | against | held)
    last = rows["proposed_on"] == rows["proposed_on"].max()
    told = pd.DataFrame(
        {
            "owner": rows["owner"],
            "proposed": last,
            "done": last & done,
            "decided_not": last & against,
            "held_out": last & held,
            "undone": last & undone,
            "overdue": undone & (rows["due"] < day),
            "kept": last & done & ordered & ~lost,
            "lost": last & done & lost,
            "open": last & done & ~lost & ~ordered,
        }
    )
    counts = told.groupby("owner", sort=True).sum().astype(int).reset_index()
    return counts[counts[["proposed", "overdue"]].sum(axis=1) > 0].reset_index(drop=True)
