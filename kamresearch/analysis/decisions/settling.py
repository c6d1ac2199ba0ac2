"""From the accounts' records to what is chosen: proposed, counted once, reconciled, ranked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from kamresearch.analysis.decisions.advice import find_forestalled
from kamresearch.analysis.decisions.assumptions import Assumptions
from kamresearch.analysis.decisions.following import find_settled
from kamresearch.analysis.decisions.proposals import count_once, propose
from kamresearch.analysis.decisions.reconcile import Limits, Reconciled, reconcile
from kamresearch.analysis.decisions.records import Records

MOST_WITHOUT_MANAGERS = 40
"""Instructions at most where the data name no managers, and nobody's hours set a limit."""


@dataclass(frozen=True)
class Settled:
    """What was chosen, and what became of everything else.

    Parameters
    ----------
    chosen : DataFrame
        Rows of `propose` with owner and ``gain_per_hour``, best first.
    aside : DataFrame
        Proposals that were decided, forestalled or held out before, with the reason.
    found : Reconciled
        What the program left out and shared.
    """

    chosen: pd.DataFrame
    aside: pd.DataFrame
    found: Reconciled


def settle(
    records: Records,
    assumptions: Assumptions,
    capacity: float | Mapping[str, float] | None = None,
    budget: float | None = None,
    most: int | None = None,
) -> Settled:
    """What should be done first within the limits? Without words: `explain` has them."""
    if most is None and records.managers is None and capacity is None:
        most = MOST_WITHOUT_MANAGERS
    limits = Limits(capacity, budget, most)
    everything = propose(records, assumptions, explain=False)
    settled = find_settled(everything, records.actions, records.as_of, assumptions)
    settled = settled.where(settled != "", find_forestalled(everything, records.advice))
    proposals = count_once(everything[settled == ""], assumptions)
    found = reconcile(proposals, records.frame, records.managers, limits, assumptions)
    chosen = found.chosen.assign(
        gain_per_hour=found.chosen["expected_gain"] / found.chosen["hours"]
    )
    chosen = chosen.sort_values(
        ["gain_per_hour", "account_id", "kind"], ascending=[False, True, True], kind="stable"
    ).reset_index(drop=True)
    return Settled(chosen, everything.assign(reason=settled)[settled != ""], found)


def explain(chosen: pd.DataFrame, records: Records, assumptions: Assumptions) -> list:
    """Why each of the chosen, as texts: said of them alone, since nobody reads the others."""
    theirs = records.frame[records.frame["account_id"].isin(chosen["account_id"])]
    told = propose(replace(records, frame=theirs), assumptions)
    keys = ["account_id", "kind"]
    return list(told.set_index(keys)["why"].reindex(pd.MultiIndex.from_frame(chosen[keys])))
