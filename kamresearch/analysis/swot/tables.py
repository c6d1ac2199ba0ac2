"""The weights of a SWOT as findings and tables."""

from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.analysis.swot.ahp import ACCEPTABLE
from kamresearch.analysis.swot.items import QUADRANT_NAMES, ROLES
from kamresearch.display import Column, Table, join_terms, make_table
from kamresearch.finding import Finding
from kamresearch.language import Fixed, Quantity
from kamresearch.language import message as _

if TYPE_CHECKING:
    from kamresearch.analysis.swot.weights import ItemWeights

RATER_COLUMNS = [
    "rater",
    "department",
    "block",
    "n_pairs",
    "n_answered",
    "consistency_ratio",
    "triad",
    "revisit",
    "given",
    "fitting",
]
BLOCK_NAMES = {**QUADRANT_NAMES, "quadrants": _("Quadrants against each other")}
DEPARTMENTS = {
    "sales": _("Sales"),
    "finance": _("Finance"),
    "after_sales": _("After-sales"),
    "marketing": _("Marketing"),
    "research": _("Research"),
}
GROUP = {"group": _("All raters together")}


def weight_findings(result: "ItemWeights", single: pd.DataFrame) -> list[Finding]:
    """Consistency of raters and group, agreement, the most important item and how often it
    comes first.
    """
    if not result.n_raters:
        reason = _("Nobody's judgements are there.")
        return [
            Finding(
                "swot.group_consistency_ratio",
                None,
                "ratio",
                GROUP_LABEL,
                GROUP_MEANING,
                reason=reason,
                good="down",
            ),
            Finding(
                "swot.worst_consistency_ratio",
                None,
                "ratio",
                WORST_LABEL,
                WORST_MEANING,
                reason=reason,
                good="down",
            ),
            Finding(
                "swot.n_inconsistent_raters",
                None,
                "count",
                BAD_LABEL,
                BAD_MEANING,
                reason=reason,
                good="down",
            ),
            Finding(
                "swot.rater_agreement",
                None,
                "score",
                AGREE_LABEL,
                AGREE_MEANING,
                reason=reason,
                good="up",
            ),
            Finding(
                "swot.first_item_certainty",
                None,
                "probability",
                FIRST_LABEL,
                FIRST_MEANING,
                reason=reason,
                good="up",
            ),
            Finding(
                "swot.n_reversals",
                None,
                "count",
                TURN_LABEL,
                TURN_MEANING,
                reason=reason,
                good="down",
            ),
            Finding(
                "swot.n_reversals_textbook",
                None,
                "count",
                TEXTBOOK_LABEL,
                TURN_MEANING,
                reason=reason,
                good="down",
            ),
        ]
    group = result.raters.loc[result.raters["rater"] == "group", "consistency_ratio"]
    n = {"n": result.n_raters, "n_unit": "count"}
    ratios = single["consistency_ratio"]
    agreement, first = result.agreement, _first(result)
    return [
        Finding(
            "swot.group_consistency_ratio",
            float(group.max()) if len(group) else None,
            "ratio",
            GROUP_LABEL,
            GROUP_MEANING,
            good="down",
            figure="swot.consistency",
            reason=_("No rater answered enough pairs."),
            **n,
        ),
        Finding(
            "swot.worst_consistency_ratio",
            float(ratios.max()) if len(ratios) else None,
            "ratio",
            WORST_LABEL,
            WORST_MEANING,
            good="down",
            figure="swot.consistency",
            reason=_("No rater answered enough pairs."),
            **n,
        ),
        Finding(
            "swot.n_inconsistent_raters",
            int((ratios > ACCEPTABLE).sum()),
            "count",
            BAD_LABEL,
            BAD_MEANING,
            good="down",
            figure="swot.consistency",
            **n,
        ),
        Finding(
            "swot.rater_agreement",
            agreement,
            "score",
            AGREE_LABEL,
            AGREE_MEANING,
            good="up",
            reason=_("Fewer than two raters weighed the same three items."),
            **n,
        ),
        Finding(
            "swot.first_item_certainty",
            first[1],
            "probability",
            FIRST_LABEL,
            FIRST_MEANING,
            good="up",
            figure="swot.weights",
            reason=_("One rater alone judged: ranks carry no interval."),
            **n,
            sentence=None
            if first[1] is None
            else _(
                "{item} weighs most; it comes first in {share} of draws of the {n} raters.",
                item=first[0],
                share=Quantity(first[1], "share"),
                n=result.n_raters,
            ),
        ),
        Finding(
            "swot.n_reversals",
            _clones(result, "largest"),
            "count",
            TURN_LABEL,
            TURN_MEANING,
            good="down",
            **n,
        ),
        Finding(
            "swot.n_reversals_textbook",
            _clones(result, "sum"),
            "count",
            TEXTBOOK_LABEL,
            TURN_MEANING,
            good="down",
            **n,
        ),
    ]


def join_roles(names: list[str]) -> Fixed:
    """Roles in a row, in every language."""
    return join_terms(names, ROLES)


def _clones(result: "ItemWeights", scaling: str) -> int:
    frame = result.reversals(scaling).frame
    return int((frame["change"] == "clone").sum())


def reversals_table(result: "ItemWeights") -> Table:
    """Which pairs turn around when an item is cloned or dropped."""
    frame = result.reversals().frame
    return make_table(
        "swot.reversals",
        _("Pairs of items that turn around when another is cloned or dropped"),
        frame,
        Column("change", _("Change"), terms=CHANGES),
        Column("item", _("Item changed")),
        Column("ahead_before", _("Ahead before")),
        Column("ahead_after", _("Ahead after")),
        rows_shown=20,
        caption=_(
            "An order that turns because a third item came or went was never firm: read "
            "these pairs as equal."
        ),
    )


def _first(result: "ItemWeights") -> tuple[str, float | None]:
    top = result.weights.sort_values(["rank", "item_id"]).iloc[0]
    share = top["first_share"]
    return top["item_id"], None if share is None or share != share else float(share)


GROUP_LABEL = _("Consistency ratio of all raters together")
GROUP_MEANING = _(
    "Largest over the blocks of (λ − n) / (n − 1), over that of random judgements, for the "
    "geometric mean of all raters. "
    "It hides inconsistent members."
)
WORST_LABEL = _("Consistency ratio of the least consistent rater")
WORST_MEANING = _(
    "Largest consistency ratio of any rater in any block; above {mark} ask again.", mark=ACCEPTABLE
)
BAD_LABEL = _("Raters who contradict themselves")
BAD_MEANING = _(
    "Raters with a consistency ratio above {mark} in at least one block.", mark=ACCEPTABLE
)
AGREE_LABEL = _("Agreement of raters")
AGREE_MEANING = _(
    "Mean rank correlation (Spearman) of pairs of raters over the items both weighed: 1 "
    "the same order, 0 no more than chance."
)
FIRST_LABEL = _("How surely the first item is first")
FIRST_MEANING = _(
    "Share of draws of raters with replacement in which the item of the largest weight stays first."
)


TURN_LABEL = _("Pairs that turn around when an item is cloned")
TURN_MEANING = _(
    "Each item is cloned in turn; pairs of other items whose order by importance changes "
    "are counted."
)
TEXTBOOK_LABEL = _("The same under the textbook's global weights")
CHANGES = {"clone": _("cloned"), "drop": _("dropped"), "edit": _("edited")}


def weights_table(result: "ItemWeights") -> Table:
    """Weights and ranks, the most important first."""
    frame = result.weights.sort_values(["rank", "item_id"])
    return make_table(
        "swot.weights",
        _("Weights of items"),
        frame,
        Column("item_id", _("Item")),
        Column("quadrant", _("Quadrant"), terms=QUADRANT_NAMES),
        Column("importance", _("Importance (largest is 1)"), "score"),
        Column("rank", _("Rank"), "count"),
        Column("rank_low", _("Best rank (95%)"), "count"),
        Column("rank_high", _("Worst rank (95%)"), "count"),
        Column("first_share", _("First in draws"), "share"),
        Column("local", _("Weight in its quadrant"), "score"),
        Column("classic", _("Textbook global weight"), "score"),
        caption=_(
            "Importance is the quadrant's weight times the weight relative to the "
            "quadrant's largest, so that long quadrants do not "
            "lose; the textbook's global weight falls as a quadrant grows longer. Rank "
            "intervals from {n} raters drawn with "
            "replacement.",
            n=result.n_raters,
        ),
    )


def raters_table(result: "ItemWeights") -> Table:
    """Consistency per rater and block with the answer to revisit."""
    frame = result.raters.sort_values("consistency_ratio", ascending=False, kind="stable")
    return make_table(
        "swot.raters",
        _("Consistency of raters"),
        frame,
        Column("rater", _("Rater"), terms=GROUP | ROLES),
        Column("department", _("Department"), terms=DEPARTMENTS),
        Column("block", _("Compared"), terms=BLOCK_NAMES),
        Column("n_answered", _("Pairs answered"), "count"),
        Column("n_pairs", _("Pairs in all"), "count"),
        Column("consistency_ratio", _("Consistency ratio"), "ratio"),
        Column("triad", _("Worst triad"), terms=_quadrants_in(frame["triad"], " · ")),
        Column("revisit", _("Answer to revisit"), terms=_quadrants_in(frame["revisit"], " : ")),
        Column("given", _("Given"), "score"),
        Column("fitting", _("Would fit"), "score"),
        caption=_(
            "Ratios above {mark} ask for a second look at the answer named; 3 means three "
            "times as important.",
            mark=ACCEPTABLE,
        ),
    )


def _quadrants_in(values: pd.Series, mark: str) -> dict[str, Fixed]:
    """Words for joined codes of quadrants; joined items are names and stay."""
    joined = {value: value.split(mark) for value in values.dropna().unique()}
    return {
        value: join_terms(codes, QUADRANT_NAMES, mark)
        for value, codes in joined.items()
        if set(codes) <= set(QUADRANT_NAMES)
    }


def departments_table(result: "ItemWeights") -> Table:
    """Weight of each item by department, the most disputed first."""
    if result.departments.empty:
        wide = pd.DataFrame(columns=["item_id", "spread"])
    else:
        wide = result.departments.pivot_table(
            index="item_id", columns="department", values="local", observed=True
        )
        wide = wide.assign(spread=wide.max(axis=1) - wide.min(axis=1))
        wide = wide.sort_values("spread", ascending=False, kind="stable").reset_index()
    names = [name for name in wide.columns if name not in ("item_id", "spread")]
    return make_table(
        "swot.departments",
        _("Weights by department"),
        wide,
        Column("item_id", _("Item")),
        Column("spread", _("Spread"), "score"),
        *(
            Column(name, DEPARTMENTS.get(name) or Fixed({"en": str(name)}), "score")
            for name in names
        ),
        caption=_(
            "Weight within its quadrant as each department's raters judge it; spread is "
            "the largest minus the smallest."
        ),
    )
