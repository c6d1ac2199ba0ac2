"""What to do, for whom, by whom, first: proposals from every table, reconciled and ranked.

decisions = kam.decisions.from_tables(tables, as_of)
decisions.frame        # account_id, kind, expected_gain, low, high, cost, hours, owner, due, why …
decisions.left_out     # what pays and nobody can do, what does not pay, what contradicts
decisions.conflicts    # records that say two things
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from kamresearch.analysis.decisions.accounts import describe_accounts
from kamresearch.analysis.decisions.advice import gather_advice
from kamresearch.analysis.decisions.assumptions import (
    CONTRADICTIONS,
    KINDS,
    Assumptions,
    read_assumptions,
)
from kamresearch.analysis.decisions.backtest import Backtest, backtest
from kamresearch.analysis.decisions.history import History, read_history
from kamresearch.analysis.decisions.lost import Lost, list_lost
from kamresearch.analysis.decisions.proposals import propose
from kamresearch.analysis.decisions.reconcile import REASONS, Limits, reconcile
from kamresearch.analysis.decisions.records import Records, gather_records, tiers_before
from kamresearch.analysis.decisions.result import FRAME, NOTHING, TOO_SHORT, Decisions
from kamresearch.analysis.decisions.sensitivity import Sensitivity, vary
from kamresearch.analysis.decisions.settling import explain, settle
from kamresearch.data.tables import Tables

LEFT_OUT = ("account_id", "kind", "expected_gain", "hours", "stake", "reason", "region", "channel")


def from_tables(
    tables: Tables,
    as_of: str,
    *,
    capacity: float | Mapping[str, float] | None = None,
    budget: float | None = None,
    most: int | None = None,
    history: History | None = None,
    advice: pd.DataFrame | None = None,
    **assumptions: object,
) -> Decisions:
    """What should be done, for whom, by whom, first?

    Tables of the contract → instructions that can be followed together. ``accounts`` and ``orders``
    suffice: every other table adds what it tells (see `Decisions.caveats`).

    Parameters
    ----------
    tables : Tables
        Opened account data.
    as_of : str
        Nothing later is seen.
    capacity, budget, most : optional
        See `kamresearch.analysis.decisions.reconcile.Limits`.
    history : History, optional
        As `read_history` gives it for the same day, where it is at hand.
    advice : DataFrame, optional
        What other studies advise, as `gather_advice` gives it: the list says nothing against it.
    **assumptions
        Fields of `kamresearch.analysis.decisions.assumptions.Assumptions`.

    Raises
    ------
    ParameterError
        An assumption or a limit that cannot be.
    """
    assumed = read_assumptions(assumptions)
    records = replace(gather_records(tables, as_of, assumed, history), advice=advice)
    return decide(records, capacity=capacity, budget=budget, most=most, assumptions=assumed)


def decide(
    records: Records,
    *,
    capacity: float | Mapping[str, float] | None = None,
    budget: float | None = None,
    most: int | None = None,
    assumptions: Assumptions | None = None,
) -> Decisions:
    """The list out of the accounts' records: proposed, money counted once, reconciled, ranked by
    expected gain per hour.
    """
    assumed = assumptions or Assumptions()
    settled = settle(records, assumed, capacity, budget, most)
    facts = records.frame[["account_id", "account_name", "standing", "region", "channel"]]
    chosen = settled.chosen.merge(facts, on="account_id", how="left", validate="many_to_one")
    chosen["rank"] = range(1, len(chosen) + 1)
    why = explain(chosen, records, assumed)
    chosen["why"] = said = [text.render("en") for text in why]
    chosen["due"] = pd.to_datetime(chosen["due"])
    rest = pd.concat([settled.found.left_out, settled.aside], ignore_index=True).merge(
        facts[["account_id", "region", "channel"]],
        on="account_id",
        how="left",
        validate="many_to_one",
    )
    frames, words = (chosen[list(FRAME)], rest[list(LEFT_OUT)]), dict(zip(said, why, strict=True))
    shared, unweighed = settled.found.shared, settled.found.unweighed
    return Decisions(records, assumed, *frames, words, shared, unweighed)


__all__ = [
    "CONTRADICTIONS",
    "FRAME",
    "KINDS",
    "NOTHING",
    "REASONS",
    "TOO_SHORT",
    "Assumptions",
    "Backtest",
    "Decisions",
    "History",
    "Limits",
    "Lost",
    "Records",
    "Sensitivity",
    "backtest",
    "decide",
    "describe_accounts",
    "from_tables",
    "gather_advice",
    "gather_records",
    "list_lost",
    "propose",
    "read_history",
    "reconcile",
    "tiers_before",
    "vary",
]
