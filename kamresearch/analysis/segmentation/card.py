"""The rule card as data: criteria, weights, thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, cast

import numpy as np
import pandas as pd
from pydantic import Field

from kamresearch.errors import ParameterError, near_matches
from kamresearch.language import message as _
from kamresearch.yamlfile import as_noun, read_yaml

DEFAULT_CARD = Path(__file__).parent / "rule_card.yml"

CRITERIA = {
    "revenue": _("Revenue in twelve months"),
    "profit": _("Profit in twelve months"),
    "headroom": _("Demand bought elsewhere"),
    "growth": _("Growth on the year before"),
    "loyalty": _("Months with an order"),
    "fit": _("Strategic fit"),
}
"""Names of the house card's criteria; a criterion of a company's own card shows its id."""


@dataclass(frozen=True)
class Criterion:
    """One line of the card."""

    __pydantic_config__ = {"extra": "forbid"}

    id: str
    column: str
    weight: Annotated[float, Field(ge=0)]
    scale: Literal["rank", "range"]
    kind: Literal["measured", "judged"]
    low: float | None = None
    high: float | None = None

    def points(self, values: np.ndarray) -> np.ndarray:
        """Points 0 to 1 of each account (NaN where unknown); values may be accounts or draws ×
        accounts.
        """
        if self.scale == "range":
            low, high = cast(float, self.low), cast(float, self.high)
            return np.clip((values - low) / (high - low), 0.0, 1.0)
        return percentile_ranks(values)


@dataclass(frozen=True)
class RuleCard:
    """Criteria, thresholds and hysteresis."""

    __pydantic_config__ = {"extra": "forbid"}

    name: str
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    thresholds: Annotated[Mapping[str, float], Field(alias="tiers")] = field(default_factory=dict)
    hysteresis: float = 0.0
    least_coverage: float = 0.5

    @property
    def tiers(self) -> tuple[str, ...]:
        """Tiers from the best down."""
        return (*self.thresholds, "C")

    @property
    def weights(self) -> np.ndarray:
        """Weights that sum to one."""
        weights = np.array([criterion.weight for criterion in self.criteria])
        return weights / weights.sum()

    def with_weights(self, weights: Mapping[str, float]) -> "RuleCard":
        """The same card with other weights for some criteria."""
        known = [criterion.id for criterion in self.criteria]
        for name in weights:
            if name not in known:
                raise ParameterError(
                    f"rule card {self.name!r}, weight {name!r}",
                    "a criterion of the card",
                    "none of this id",
                    near_matches(name, known),
                )
        return replace(
            self,
            criteria=tuple(replace(c, weight=weights.get(c.id, c.weight)) for c in self.criteria),
        )


def load_card(path: str | Path | None = None) -> RuleCard:
    """Read a rule card from YAML; the house card without a path.

    Raises
    ------
    ParameterError
        A part is missing, a weight negative, a scale unknown, or the thresholds do not fall.
    """
    where = Path(path) if path else DEFAULT_CARD
    place, see = f"rule card {where.name}", "start from the house card"
    said = read_yaml(where, place, ParameterError) or {}
    named = {"name": where.stem} | said if isinstance(said, dict) else said
    card = as_noun(RuleCard, named, place, see, ParameterError)
    for one in card.criteria:
        if one.scale == "range" and not (one.low or 0) < (one.high or 0):
            raise ParameterError(
                f"{place}, criterion {one.id!r}",
                "low below high",
                f"{one.low} and {one.high}",
                "give both ends of the range",
            )
    scores = list(card.thresholds.values())
    if not scores or scores != sorted(scores, reverse=True) or len(set(scores)) != len(scores):
        raise ParameterError(
            f"{place}, tiers",
            "thresholds that fall from the best tier down",
            repr(dict(card.thresholds)),
            "write for example A: 70, B: 50",
        )
    return card


def percentile_ranks(values: np.ndarray) -> np.ndarray:
    """Mid-rank percentiles along the last axis, NaN kept; equal values get equal ranks.

    >>> percentile_ranks(np.array([5.0, 5.0, 1.0, np.nan])).round(3).tolist()
    [0.667, 0.667, 0.167, nan]
    """
    from scipy.stats import rankdata

    known = np.isfinite(values)
    ranks = rankdata(np.where(known, values, np.inf), axis=-1, method="average")
    n = known.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, (ranks - 0.5) / np.maximum(n, 1), np.nan)


def criterion_values(snapshot: pd.DataFrame, card: RuleCard) -> np.ndarray:
    """Accounts × criteria: the raw values, NaN where unknown or where the snapshot lacks the
    column.
    """
    headroom = None
    if "potential_revenue" in snapshot:
        potential = pd.to_numeric(snapshot["potential_revenue"]).astype("Float64").astype(float)
        headroom = (potential - snapshot["revenue_12m"].fillna(0.0).astype(float)).clip(lower=0.0)
    columns = []
    for criterion in card.criteria:
        if criterion.column == "headroom_12m" and headroom is not None:
            columns.append(headroom.to_numpy(float))
        elif criterion.column in snapshot:
            columns.append(
                pd.to_numeric(snapshot[criterion.column]).astype("Float64").astype(float).to_numpy()
            )
        else:
            columns.append(np.full(len(snapshot), np.nan))
    return np.column_stack(columns) if columns else np.empty((len(snapshot), 0))
