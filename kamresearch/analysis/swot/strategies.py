"""Strategies: TOWS pairs, scores that do not grow with the number of items, QSPM, and how firm
the first choice is.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.swot.evidence import ItemVerdicts
from kamresearch.analysis.swot.items import EXTERNAL, INTERNAL, Item
from kamresearch.analysis.swot.strategy_tables import (
    qspm_table,
    strategies_table,
    strategy_findings,
    tows_table,
)
from kamresearch.analysis.swot.weights import ItemWeights
from kamresearch.display import Table
from kamresearch.errors import DataError, near_matches
from kamresearch.finding import Finding
from kamresearch.language import Fixed, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

TRUST = {
    "supported": 1.0,
    "judgement": 0.7,
    "cannot_tell": 0.7,
    "unknown": 0.5,
    "contradicted": 0.0,
}
"""How far an item of each verdict counts. A convention, not a measurement:
`StrategyChoice.sensitivity` moves it.
"""


@dataclass(frozen=True)
class Strategy:
    """A strategy: the items that it joins, and where judged its attractiveness (1 to 4) in
    view of single items.
    """

    id: str
    text: Fixed
    items: tuple[str, ...]
    owner: str = ""
    due_date: str = ""
    finding: str = ""
    attractiveness: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class StrategyChoice(Result, frame="scores"):
    """Strategies by score, the TOWS grid, QSPM, and how often the first choice stays first."""

    exports = ("swot.first_strategy", "swot.first_strategy_certainty")
    shows = (
        Shown("swot.strategies"),
        Shown("swot.strategies", "table"),
        Shown("swot.tows", "tows"),
        Shown("swot.qspm", "qspm_table"),
    )

    strategies: tuple[Strategy, ...]
    scores: pd.DataFrame
    """strategy_id, kind (SO, WO, ST, WT), n_items, score, rank, qspm, qspm_rank, first_share"""
    sensitivity: pd.DataFrame
    """varied (weights, evidence, both), strategy_id, first_share"""
    qspm: pd.DataFrame
    """strategy_id, item_id, weight, attractiveness, total"""
    caveats: tuple[Text, ...]

    @property
    def first(self) -> str | None:
        """Id of the best-scored strategy."""
        return (
            None
            if self.scores.empty
            else self.scores.sort_values(["rank", "strategy_id"])["strategy_id"].iloc[0]
        )

    def findings(self) -> list[Finding]:
        """The first choice and how firm it is."""
        return strategy_findings(self)

    def table(self) -> Table:
        """The strategies with owner, date and the finding that will tell: the action table."""
        return strategies_table(self)

    def tows(self) -> Table:
        """The grid of strategies by the quadrants that they join."""
        return tows_table(self)

    def qspm_table(self) -> Table:
        """Attractiveness × weight per strategy and item."""
        return qspm_table(self)


def read_strategies(frame: pd.DataFrame, items: tuple[Item, ...]) -> tuple[Strategy, ...]:
    """The rows of the ``strategies`` table, checked against the items.

    ``pairs`` joins items as ``S5+O4``; at least one must be internal and one external (that is what
    TOWS asks). The
    optional column ``attractiveness`` judges the strategy in view of items: ``S5:4; O4:3``.

    Raises
    ------
    DataError
        An unknown item (with near matches); no internal or no external item; an attractiveness off
        1 to 4; an id twice.
    """
    quadrants = {item.id: item.quadrant for item in items}
    ids = frame["strategy_id"].astype(str).str.strip()
    if ids.duplicated().any():
        raise DataError(
            "strategies, column 'strategy_id'",
            "each strategy once",
            repr(ids[ids.duplicated()].iloc[0]),
            "rename one of them",
        )
    return tuple(
        _read_strategy(row, quadrants) for row in frame.assign(strategy_id=ids).to_dict("records")
    )


def _read_strategy(row: dict, quadrants: dict[str, str]) -> Strategy:
    where = f"strategies, {row['strategy_id']!r}"
    joined = tuple(
        dict.fromkeys(part for part in re.split(r"[+,;\s＋、]+", str(row["pairs"])) if part)
    )
    for item in joined:
        if item not in quadrants:
            raise DataError(
                f"{where}, column 'pairs'",
                "items of the swot table",
                repr(item),
                near_matches(item, quadrants),
            )
    sides = {quadrants[item] for item in joined}
    if not sides & set(INTERNAL) or not sides & set(EXTERNAL):
        raise DataError(
            f"{where}, column 'pairs'",
            "at least one strength or weakness and one opportunity or threat",
            "+".join(joined) or "none",
            "join an internal with an external item, such as S5+O4",
        )
    due = row.get("due_date")
    return Strategy(
        row["strategy_id"],
        Fixed.of_row(row, "text"),
        joined,
        _cell(row.get("owner")),
        "" if due is None or pd.isna(due) else str(pd.Timestamp(due).date()),
        _cell(row.get("finding")),
        _read_attractiveness(_cell(row.get("attractiveness")), quadrants, where),
    )


def _read_attractiveness(
    text: str, quadrants: dict[str, str], where: str
) -> tuple[tuple[str, int], ...]:
    pairs = []
    for part in filter(None, (part.strip() for part in text.replace("；", ";").split(";"))):
        item, _colon, score = part.replace("：", ":").partition(":")
        if item.strip() not in quadrants:
            raise DataError(
                f"{where}, column 'attractiveness'",
                "items of the swot table",
                repr(item.strip()),
                near_matches(item.strip(), quadrants),
            )
        if score.strip() not in ("1", "2", "3", "4"):
            raise DataError(
                f"{where}, column 'attractiveness'",
                "1 to 4 (leave an item out where it makes no difference)",
                repr(part),
                "write for example S5:4; O4:3",
            )
        pairs.append((item.strip(), int(score)))
    return tuple(pairs)


def _cell(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value).strip()


def rate_strategies(
    strategies: tuple[Strategy, ...],
    verdicts: ItemVerdicts,
    weights: ItemWeights,
    *,
    trust: dict[str, float] | None = None,
    n_resamples: int = 500,
    random_state: int = 0,
) -> StrategyChoice:
    """Which strategy first, and would other weights or other evidence choose another?

    The score is the mean of importance × trust over the items of each side (internal, external),
    then the mean of both
    sides: naming more items adds nothing, and a long list on one side does not drown the other.

    Parameters
    ----------
    strategies, verdicts, weights
        As `read_strategies`, `judge_items` and `weigh_items` give them.
    trust : dict, optional
        Verdict → how far such an item counts, 0 to 1; `TRUST` otherwise.
    n_resamples : int
        Draws for the sensitivity: weights vary by a factor (log-normal, 25 %), trust of what is not
        plainly supported or
        contradicted varies over 0 to 1.
    random_state : int
        Seed of the draws.
    """
    trust = {**TRUST, **(trust or {})}
    quadrants = {item.id: item.quadrant for item in verdicts.items}
    ids = list(quadrants)
    base = np.array([weights.importance[item] for item in ids])
    belief = np.array([trust[verdicts.verdicts[item]] for item in ids])
    design = _design(strategies, ids, quadrants)
    points = design @ (base * belief)
    qspm, totals, caveats = _rate_qspm(strategies, quadrants, weights)
    scores = pd.DataFrame(
        {
            "strategy_id": [one.id for one in strategies],
            "kind": [_kind(one, quadrants) for one in strategies],
            "n_items": [len(one.items) for one in strategies],
            "score": points,
            "qspm": [totals.get(one.id) for one in strategies],
        }
    )
    scores["rank"] = scores["score"].round(9).rank(ascending=False, method="min").astype(int)
    scores["qspm_rank"] = (
        scores["qspm"].astype(float).round(9).rank(ascending=False, method="min").astype("Int64")
    )
    sensitivity = _vary(strategies, design, base, belief, n_resamples, random_state)
    both = sensitivity[sensitivity["varied"] == "both"].set_index("strategy_id")["first_share"]
    scores["first_share"] = scores["strategy_id"].map(both)
    return StrategyChoice(strategies, scores, sensitivity, qspm, tuple(caveats))


def _design(
    strategies: tuple[Strategy, ...], ids: list[str], quadrants: dict[str, str]
) -> np.ndarray:
    """Strategy × item: half of each side's mean."""
    design = np.zeros((len(strategies), len(ids)))
    for row, strategy in enumerate(strategies):
        for side in (INTERNAL, EXTERNAL):
            members = [ids.index(item) for item in strategy.items if quadrants[item] in side]
            design[row, members] += 0.5 / len(members)
    return design


def _kind(strategy: Strategy, quadrants: dict[str, str]) -> str:
    """SO, WO, ST or WT by where most of its items stand; the first named decides a tie."""
    inside = [quadrants[item] for item in strategy.items if quadrants[item] in INTERNAL]
    outside = [quadrants[item] for item in strategy.items if quadrants[item] in EXTERNAL]
    most = [max(dict.fromkeys(side), key=side.count) for side in (inside, outside)]
    return most[0][0].upper() + most[1][0].upper()


def _rate_qspm(
    strategies: tuple[Strategy, ...], quadrants: dict[str, str], weights: ItemWeights
) -> tuple[pd.DataFrame, dict[str, float], list[Text]]:
    """Total attractiveness: weights of IFE and EFE (each summing to 1) × attractiveness, over
    items that all strategies judge.
    """
    columns = ["strategy_id", "item_id", "weight", "attractiveness", "total"]
    judged = [one for one in strategies if one.attractiveness]
    if not judged:
        return pd.DataFrame(columns=columns), {}, []
    common = [item for item in quadrants if all(item in dict(one.attractiveness) for one in judged)]
    dropped = [
        item
        for item in quadrants
        if item not in common and any(item in dict(one.attractiveness) for one in judged)
    ]
    caveats: list[Text] = (
        [
            _(
                "QSPM leaves out items that only some strategies were judged on: {items}.",
                items=", ".join(dropped),
            )
        ]
        if dropped
        else []
    )
    sums = {
        side: sum(weights.importance[item] for item in quadrants if quadrants[item] in side)
        for side in (INTERNAL, EXTERNAL)
    }
    weight = {
        item: weights.importance[item]
        / next(total for side, total in sums.items() if quadrants[item] in side)
        for item in common
    }
    rows = [
        (
            one.id,
            item,
            weight[item],
            dict(one.attractiveness)[item],
            weight[item] * dict(one.attractiveness)[item],
        )
        for one in judged
        for item in common
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame, frame.groupby("strategy_id", sort=False)["total"].sum().to_dict(), caveats


def _vary(
    strategies: tuple[Strategy, ...],
    design: np.ndarray,
    base: np.ndarray,
    belief: np.ndarray,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """How often each strategy comes first when weights, evidence or both move."""
    generator = np.random.default_rng(seed)
    factors = np.exp(0.25 * generator.standard_normal((draws, len(base))))
    open_items = (belief > 0) & (belief < 1)
    moved = np.where(open_items, generator.random((draws, len(base))), belief)
    cases = {
        "weights": factors * base * belief,
        "evidence": base * moved,
        "both": factors * base * moved,
    }
    parts = []
    for name, values in cases.items():
        points = np.round(values @ design.T, 12)
        first = points == points.max(axis=1, keepdims=True, initial=-np.inf)
        share = (first / first.sum(axis=1, keepdims=True)).sum(axis=0) / max(
            draws, 1
        )  # Ties share the first place.
        parts.append(
            pd.DataFrame(
                {
                    "varied": name,
                    "strategy_id": [one.id for one in strategies],
                    "first_share": share,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
