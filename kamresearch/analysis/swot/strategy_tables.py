"""Strategies as findings and tables."""

from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.analysis.swot.items import ROLES
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Fixed, Quantity
from kamresearch.language import message as _

if TYPE_CHECKING:
    from kamresearch.analysis.swot.strategies import StrategyChoice

KINDS = {
    "SO": _("strength × opportunity"),
    "WO": _("weakness × opportunity"),
    "ST": _("strength × threat"),
    "WT": _("weakness × threat"),
}


def strategy_findings(choice: "StrategyChoice") -> list[Finding]:
    """The first choice in words of its own, and how often it stays first."""
    first = choice.first
    reason = _("No strategy is there.")
    label, meaning = (
        _("Strategy of the highest score"),
        _(
            "Mean over internal and external side of importance × trust in the evidence of "
            "the items that a strategy joins."
        ),
    )
    firm, firm_meaning = (
        _("How firmly the first choice stays first"),
        _(
            "Share of draws in which it stays first when weights vary by a quarter and the "
            "trust in open items over 0 to 1."
        ),
    )
    if first is None:
        return [
            Finding("swot.first_strategy", None, "text", label, meaning, reason=reason),
            Finding(
                "swot.first_strategy_certainty",
                None,
                "probability",
                firm,
                firm_meaning,
                reason=reason,
            ),
        ]
    share = float(choice.scores.set_index("strategy_id")["first_share"][first])
    text = next(one.text for one in choice.strategies if one.id == first)
    n = {"n": len(choice.strategies), "n_unit": "count", "figure": "swot.strategies"}
    return [
        Finding("swot.first_strategy", first, "text", label, meaning, **n),
        Finding(
            "swot.first_strategy_certainty",
            share,
            "probability",
            firm,
            firm_meaning,
            good="up",
            headline=True,
            **n,
            sentence=_(
                "Of {n} strategies, “{text}” scores highest; it stays first in {share} of "
                "draws with other weights and evidence.",
                n=len(choice.strategies),
                text=text,
                share=Quantity(share, "share"),
            ),
        ),
    ]


def _terms(choice: "StrategyChoice") -> dict[str, Fixed]:
    """English text of a strategy → its text in every language."""
    return {one.text.render("en"): one.text for one in choice.strategies}


def _texts(choice: "StrategyChoice") -> pd.DataFrame:
    rows = [
        {
            "strategy_id": one.id,
            "text": one.text.render("en"),
            "pairs": "+".join(one.items),
            "owner": one.owner or None,
            "due_date": one.due_date or None,
            "finding": one.finding or None,
        }
        for one in choice.strategies
    ]
    columns = ["strategy_id", "text", "pairs", "owner", "due_date", "finding"]
    return (
        pd.DataFrame(rows, columns=columns)
        .merge(choice.scores, on="strategy_id", validate="1:1")
        .sort_values(["rank", "strategy_id"])
    )


def strategies_table(choice: "StrategyChoice") -> Table:
    """What to do, who, by when, and the finding that will tell whether it worked."""
    return make_table(
        "swot.strategies",
        _("Strategies: who does what by when, and what will tell"),
        _texts(choice),
        Column("rank", _("Rank"), "count"),
        Column("strategy_id", _("Strategy")),
        Column("text", _("Statement"), terms=_terms(choice)),
        Column("pairs", _("Joins")),
        Column("score", _("Score"), "score"),
        Column("first_share", _("First in draws"), "share"),
        Column("qspm", _("QSPM total"), "score"),
        Column("qspm_rank", _("QSPM rank"), "count"),
        Column("owner", _("Owner"), terms=ROLES),
        Column("due_date", _("Due"), "date"),
        Column("finding", _("Will be told by")),
        caption=_("The score is a mean, so it does not grow with the number of items joined."),
    )


def tows_table(choice: "StrategyChoice") -> Table:
    """Strategies by the quadrants that they join; an empty cell stays a row that says so."""
    frame = _texts(choice)
    rows = []
    for kind in KINDS:
        part = frame[frame["kind"] == kind]
        rows += part[["kind", "strategy_id", "text", "pairs", "score"]].to_dict("records") or [
            {"kind": kind, "strategy_id": None, "text": None, "pairs": None, "score": None}
        ]
    return make_table(
        "swot.tows",
        _("TOWS: strategies by what they join"),
        pd.DataFrame(rows),
        Column("kind", _("Joins"), terms=KINDS),
        Column("strategy_id", _("Strategy")),
        Column("text", _("Statement"), terms=_terms(choice)),
        Column("pairs", _("Items")),
        Column("score", _("Score"), "score"),
        caption=_(
            "A pair of quadrants without a strategy is a gap in the plan, and stays visible."
        ),
    )


def qspm_table(choice: "StrategyChoice") -> Table:
    """Attractiveness × weight."""
    return make_table(
        "swot.qspm",
        _("QSPM: attractiveness of each strategy in view of each item"),
        choice.qspm,
        Column("strategy_id", _("Strategy")),
        Column("item_id", _("Item")),
        Column("weight", _("Weight"), "score"),
        Column("attractiveness", _("Attractiveness"), "count"),
        Column("total", _("Weight × attractiveness"), "score"),
    )
