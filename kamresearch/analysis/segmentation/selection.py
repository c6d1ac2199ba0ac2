"""Key account selection: a rule card's scores and tiers, with how sure the ranks are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd

from kamresearch.analysis.periods import say_uncovered_year
from kamresearch.analysis.segmentation.card import CRITERIA, RuleCard, criterion_values, load_card
from kamresearch.analysis.segmentation.draws import BLOCK, RevenueDraws
from kamresearch.analysis.segmentation.tiers import OverrideLog, apply_overrides, hold_tiers
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import require_present
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown, needs_table

TIER_TERMS = {
    "A": _("A: key account"),
    "B": _("B: growing account"),
    "C": _("C: standard account"),
    "unrated": _("not rated"),
    "absent": _("not yet an account"),
}


@dataclass(frozen=True)
class Selection(Result):
    """Scores, tiers, rank intervals and overrides of every account."""

    exports = (
        "segmentation.n_key_accounts",
        "segmentation.key_revenue_share",
        "segmentation.sure_key_share",
        "segmentation.n_overridden",
    )
    shows = (
        Shown("segmentation.rule_card", "criteria_table"),
        Shown("segmentation.tier_yield", "tier_table"),
        Shown("segmentation.ranks"),
        Shown("segmentation.overrides", "overrides_table"),
    )

    card: RuleCard
    frame: pd.DataFrame
    """account_id, score, coverage, rank, rank_low, rank_high (90 %), probability_a, tier_by_score,
    tier_before,
    tier_by_rule (after hysteresis), tier (after overrides), overridden, reason"""
    criteria: pd.DataFrame
    """criterion, kind, weight, known_share, rank_correlation_without"""
    overrides: OverrideLog
    revenue: pd.DataFrame
    """tier, n_accounts, revenue_12m, revenue_share, profit_12m, profit_share,
    orders_per_account, revenue_per_order
    """
    n_held: int
    """Accounts whose tier hysteresis kept against their score of today."""
    key_share_interval: Interval | None
    caveats: tuple = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """account_id → the name to show"""

    def findings(self) -> list[Finding]:
        """Key accounts, their revenue, and how sure their list is."""
        key = self.frame[self.frame["tier"] == "A"]
        row = self.revenue[self.revenue["tier"] == "A"]
        share = (
            float(row["revenue_share"].iloc[0])
            if len(row) and pd.notna(row["revenue_share"].iloc[0])
            else None
        )
        n = len(self.frame)
        sure = float((key["probability_a"] >= 0.9).mean()) if len(key) else None
        no_key = _("No account reaches tier A.")
        return [
            Finding(
                "segmentation.n_key_accounts",
                len(key),
                "accounts",
                _("Key accounts"),
                _("Accounts in tier A of the rule card, after hysteresis and valid overrides."),
                n=n,
                headline=True,
                figure="segmentation.ranks",
                sentence=_(
                    "The rule card names {n} key accounts with {share} of the revenue.",
                    n=Quantity(len(key), "accounts"),
                    share=Quantity(share, "share"),
                ),
            ),
            Finding(
                "segmentation.key_revenue_share",
                share,
                "net_share",
                _("Key accounts' share of revenue"),
                _(
                    "Revenue over twelve months of tier A over that of all accounts; the "
                    "interval is the spread over "
                    "draws of each account's orders, the list held fixed."
                ),
                n=n,
                interval=self.key_share_interval if share is not None else None,
                figure="segmentation.ranks",
                reason=None if share is not None else no_key,
            ),
            Finding(
                "segmentation.sure_key_share",
                sure,
                "share",
                _("Key accounts that are sure"),
                _(
                    "Share of tier A that stays above its threshold in at least 90% of the "
                    "draws (orders and weights)."
                ),
                n=len(key),
                good="up",
                figure="segmentation.ranks",
                reason=None if sure is not None else no_key,
            ),
            Finding(
                "segmentation.n_overridden",
                int(self.frame["overridden"].sum()),
                "accounts",
                _("Tiers set by hand"),
                _("Accounts whose tier a valid override sets against the rule card."),
                n=n,
            ),
        ]

    def why_not(self, id: str) -> Text | None:
        """Nobody can be ranked who has no score; overrides need their table."""
        if id == "segmentation.overrides":
            return None if self.overrides.given else needs_table("overrides")
        unscored = id == "segmentation.ranks" and self.frame["score"].isna().all()
        return self.caveats[-1] if unscored else None

    def overrides_table(self) -> Table:
        """Tiers set by hand."""
        return self.overrides.table()

    def criteria_table(self) -> Table:
        """The card: what counts, how much, and what happens without it."""
        return make_table(
            "segmentation.rule_card",
            _("The rule card"),
            self.criteria,
            Column("criterion", _("Criterion"), terms=CRITERIA),
            Column("kind", _("Kind"), terms={"measured": _("measured"), "judged": _("judged")}),
            Column("weight", _("Weight"), "share"),
            Column("known_share", _("Known for"), "share"),
            Column("rank_correlation_without", _("Rank correlation without it"), "score"),
            caption=_(
                "Tier A from {a} points, B from {b}; a tier of last year is kept until the "
                "score is {h} points beyond the "
                "threshold. Rank correlation near 1: leaving the criterion out hardly "
                "changes the order of accounts.",
                a=Quantity(self.card.thresholds.get("A"), "score"),
                b=Quantity(self.card.thresholds.get("B"), "score"),
                h=Quantity(self.card.hysteresis, "score"),
            ),
        )

    def tier_table(self) -> Table:
        """What each tier brings and takes: revenue, profit, orders, and revenue an order."""
        return make_table(
            "segmentation.tier_yield",
            _("What each tier brings"),
            self.revenue,
            Column("tier", _("Tier"), terms=TIER_TERMS),
            "n_accounts",
            Column("revenue_12m", _("Revenue in twelve months"), "money"),
            Column("revenue_share", _("Share of revenue"), "share"),
            Column("profit_12m", _("Profit in twelve months"), "money"),
            Column("profit_share", _("Share of profit"), "share"),
            Column("orders_per_account", _("Orders per account"), "score"),
            Column("service_per_account", _("Service events per account"), "score"),
        )


def select_key_accounts(
    snapshot: pd.DataFrame,
    card: RuleCard | None = None,
    before: pd.DataFrame | None = None,
    overrides: pd.DataFrame | None = None,
    as_of: str = "9999-12-31",
    moments: pd.DataFrame | None = None,
    random_state: int = 0,
    n_resamples: int = 200,
) -> Selection:
    """Which accounts are key accounts, and how sure is that?

    Parameters
    ----------
    snapshot : DataFrame
        One row per account, as `kamresearch.account_snapshot` gives it. Lost accounts get no tier.
    card : RuleCard, optional
        The house card without one.
    before : DataFrame, optional
        The snapshot of a year earlier: its tiers are kept until the score is clearly beyond a
        threshold.
    overrides : DataFrame, optional
        account_id, tier, who, why, date, until.
    as_of : str
        Day of the snapshot, for which overrides are valid.
    moments : DataFrame, optional
        account_id, revenue_squares_12m: squares of the orders' revenue, for the draws.
    random_state, n_resamples : int
        Of the draws over orders (each order might have come or not) and weights (each up or down by
        about a third).
    """
    card = card or load_card()
    everyone, snapshot = snapshot, require_present(snapshot, "segmentation")
    uncovered = say_uncovered_year(everyone)
    if uncovered is not None:
        # A part of a year is no year: neither growth on it nor tiers of it mean anything.
        before, snapshot = None, snapshot.assign(revenue_growth_12m=np.nan)
    values = criterion_values(snapshot, card)
    whole, card = card, known_card(values, card)
    score, coverage = score_accounts(values, card)
    rank = _ranks(score).astype(float)
    rated = np.isfinite(score)
    by_score = tier_of(score, card)
    earlier = _tiers_before(snapshot, before, card)
    by_rule = hold_tiers(score, by_score, earlier, card)
    gone = set(everyone["account_id"]) - set(snapshot["account_id"])
    log = apply_overrides(snapshot["account_id"], by_rule, overrides, as_of, gone)
    key = log.tiers == "A"
    redrawn = _redraw(snapshot, values, card, moments, key, random_state, n_resamples)
    low, high = redrawn.rank_bounds
    frame = pd.DataFrame(
        {
            "account_id": snapshot["account_id"].to_numpy(),
            "score": score,
            "coverage": coverage,
            "rank": rank,
            "rank_low": np.where(rated, low, np.nan),
            "rank_high": np.where(rated, high, np.nan),
            "probability_a": np.where(rated, redrawn.probability_a, np.nan),
            "tier_by_score": by_score,
            "tier_before": earlier,
            "tier_by_rule": by_rule,
            "tier": log.tiers,
            "overridden": log.tiers != by_rule,
            "reason": np.where(rated, cast(Any, None), "too_little_known"),
        }
    )
    return Selection(
        card,
        frame,
        _describe_criteria(values, score, card),
        log,
        yield_by_tier(snapshot, frame["tier"], card),
        int((by_score != by_rule).sum()),
        redrawn.share,
        _caveats(frame, before, whole, card, uncovered),
        _names(snapshot),
    )


def _names(snapshot: pd.DataFrame) -> dict[str, str]:
    if "account_name" not in snapshot:
        return {}
    named = snapshot.dropna(subset=["account_name"])
    return dict(zip(named["account_id"], named["account_name"], strict=True))


def known_card(values: np.ndarray, card: RuleCard) -> RuleCard:
    """The card without the weight of criteria that are unknown for every account (the company
    does not record them).
    """
    known = cast(np.ndarray, np.isfinite(values).any(axis=0))
    if known.all() or not known.any():
        return card
    return card.with_weights(
        {criterion.id: 0.0 for criterion, has in zip(card.criteria, known, strict=True) if not has}
    )


def score_accounts(
    values: np.ndarray, card: RuleCard, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Scores 0 to 100 and the share of the weight that is known; NaN where too little is known."""
    points = np.column_stack(
        [criterion.points(values[:, i]) for i, criterion in enumerate(card.criteria)]
    )
    return _weigh(points, card.weights if weights is None else weights, card.least_coverage)


def _weigh(points: np.ndarray, weights: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(points)
    coverage = known @ weights
    total = np.where(known, points, 0.0) @ weights
    score = np.where(coverage >= least - 1e-12, 100 * total / np.maximum(coverage, 1e-12), np.nan)
    return score, coverage


def tier_of(score: np.ndarray, card: RuleCard) -> np.ndarray:
    """Tier of each score; ``unrated`` where there is none."""
    tiers = np.full(len(score), "C", dtype=object)
    for tier, threshold in reversed(cast(Any, card.thresholds.items())):
        tiers[score >= threshold] = tier
    tiers[~np.isfinite(score)] = "unrated"
    return tiers


@dataclass(frozen=True)
class _Redrawn:
    """What the draws say: 90 % bounds of each account's rank, how often it came to the first tier,
    and 95 % bounds of the key accounts' share of revenue.
    """

    rank_bounds: np.ndarray
    probability_a: np.ndarray
    share: Interval | None


def _redraw(
    snapshot: pd.DataFrame,
    values: np.ndarray,
    card: RuleCard,
    moments: pd.DataFrame | None,
    key: np.ndarray,
    seed: int,
    draws: int,
) -> _Redrawn:
    """Tiers, ranks and share under drawn orders and weights: of each draw only the ranks stay, so
    that very many accounts need no memory for every draw's scores.
    """
    n = len(snapshot)
    ranks, above, shares = np.empty((draws, n), np.int32), np.zeros(n), []
    for place, (score, revenue) in enumerate(
        _draw_scores(snapshot, values, card, moments, seed, draws)
    ):
        ranks[place] = _ranks(score)
        above += score >= card.thresholds[card.tiers[0]]
        total = revenue.sum()
        if total > 0:
            # One after the other: NumPy's own sum goes by blocks, whose ends move with the rows.
            shares.append(np.append(0.0, revenue[key]).cumsum()[-1] / total)
    bounds = [
        np.quantile(ranks[:, start : start + BLOCK], [0.05, 0.95], axis=0)
        for start in range(0, max(n, 1), BLOCK)
    ]
    known = key.any() and len(shares)
    share = Interval(*(float(q) for q in np.quantile(shares, [0.025, 0.975]))) if known else None
    return _Redrawn(np.hstack(bounds), above / draws, share)


def _draw_scores(
    snapshot: pd.DataFrame,
    values: np.ndarray,
    card: RuleCard,
    moments: pd.DataFrame | None,
    seed: int,
    draws: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Scores under drawn orders and weights, and the drawn revenue, draw by draw."""
    rng, of_orders = np.random.default_rng([seed, 1]), np.random.default_rng(seed)
    source = RevenueDraws(snapshot, moments)
    weights = rng.dirichlet(np.maximum(card.weights, 1e-9) * 40, size=draws)
    now = snapshot["revenue_12m"].fillna(0.0).to_numpy(float)
    points = [criterion.points(values[:, i]) for i, criterion in enumerate(card.criteria)]
    for draw in range(draws):
        revenue = source.draw(1, of_orders)[0]
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(now > 0, revenue / np.where(now > 0, now, 1.0), 1.0)
        shown = [
            criterion.points(_moved(values[:, i], criterion.column, ratio, now))
            if criterion.column in _MOVED
            else points[i]
            for i, criterion in enumerate(card.criteria)
        ]
        score, _coverage = _weigh(np.column_stack(shown), weights[draw], card.least_coverage)
        yield score, revenue


_MOVED = ("revenue_12m", "profit_12m", "headroom_12m", "revenue_growth_12m")
"""Columns that move with the draw of a year's revenue."""


def _moved(value: np.ndarray, column: str, ratio: np.ndarray, revenue: np.ndarray) -> np.ndarray:
    if column == "headroom_12m":
        return np.maximum(value + revenue * (1 - ratio), 0.0)
    if column == "revenue_growth_12m":
        return (1 + value) * ratio - 1
    return value * ratio


def _ranks(scores: np.ndarray) -> np.ndarray:
    """Rank 1 = best; unrated accounts come last together."""
    from scipy.stats import rankdata

    return rankdata(-np.where(np.isfinite(scores), scores, -1.0), method="min")


def _tiers_before(
    snapshot: pd.DataFrame, before: pd.DataFrame | None, card: RuleCard
) -> np.ndarray:
    """Tier of each account in the earlier snapshot; ``absent`` where it was no account then."""
    if before is None or before.empty:
        return np.full(len(snapshot), "absent", dtype=object)
    score, _coverage = score_accounts(criterion_values(before, card), card)
    tiers = pd.Series(tier_of(score, card), index=before["account_id"])
    return tiers.reindex(snapshot["account_id"]).fillna("absent").to_numpy(object)


def _describe_criteria(values: np.ndarray, score: np.ndarray, card: RuleCard) -> pd.DataFrame:
    from scipy.stats import spearmanr

    rows = []
    for i, criterion in enumerate(card.criteria):
        weights = card.weights.copy()
        weights[i] = 0.0
        correlation = np.nan
        if weights.sum() > 0:
            without, _coverage = score_accounts(values, card, weights / weights.sum())
            both = np.isfinite(without) & np.isfinite(score)
            if both.sum() > 2 and np.ptp(without[both]) > 0 and np.ptp(score[both]) > 0:
                correlation = float(spearmanr(without[both], score[both])[0])
        rows.append(
            (
                criterion.id,
                criterion.kind,
                card.weights[i],
                float(np.isfinite(values[:, i]).mean()),
                correlation,
            )
        )
    return pd.DataFrame(
        rows, columns=["criterion", "kind", "weight", "known_share", "rank_correlation_without"]
    )


def yield_by_tier(snapshot: pd.DataFrame, tier: pd.Series, card: RuleCard) -> pd.DataFrame:
    """What each tier brings: accounts, revenue, profit, orders and service events."""
    service = (
        snapshot["service_events_12m"]
        if "service_events_12m" in snapshot
        else pd.Series(np.nan, snapshot.index)
    )
    profit = (
        snapshot["profit_12m"] if "profit_12m" in snapshot else pd.Series(np.nan, snapshot.index)
    )
    frame = pd.DataFrame(
        {
            "tier": tier.to_numpy(),
            "revenue": snapshot["revenue_12m"].fillna(0.0).to_numpy(float),
            "profit": pd.to_numeric(profit).astype("Float64").astype(float).to_numpy(),
            "orders": snapshot["n_orders_12m"].fillna(0).to_numpy(float),
            "service": pd.to_numeric(service).astype("Float64").astype(float).to_numpy(),
        }
    )
    groups = frame.groupby("tier", observed=True, sort=False).agg(
        n_accounts=("revenue", "size"),
        revenue_12m=("revenue", "sum"),
        profit_12m=("profit", lambda v: v.sum(min_count=1)),
        orders_per_account=("orders", "mean"),
        service_per_account=("service", "mean"),
    )
    order = [name for name in (*card.tiers, "unrated") if name in groups.index]
    groups = groups.reindex(order).rename_axis("tier").reset_index()
    for name in ("revenue", "profit"):
        total = groups[f"{name}_12m"].sum()
        groups[f"{name}_share"] = groups[f"{name}_12m"] / total if total > 0 else np.nan
    return groups


def _caveats(
    frame: pd.DataFrame,
    before: pd.DataFrame | None,
    whole: RuleCard,
    card: RuleCard,
    uncovered: Message | None,
) -> tuple:
    caveats = [
        _(
            "Ranks are uncertain: intervals hold 90% of the draws in which orders came or "
            "did not, and weights moved."
        )
    ]
    unrated = int((frame["tier_by_rule"] == "unrated").sum())
    dropped = [
        old.id
        for old, new in zip(whole.criteria, card.criteria, strict=True)
        if old.weight > 0 and not new.weight
    ]
    if dropped:
        caveats.append(
            _(
                "{n} criteria of the card are unknown for every account and carry no weight here.",
                n=len(dropped),
            )
        )
    if unrated:
        caveats.append(
            _(
                "{n} accounts are not rated: too little of the card is known for them.",
                n=Quantity(unrated, "accounts"),
            )
        )
    if uncovered is not None:
        caveats.append(uncovered)
    if before is None or before.empty:
        caveats.append(_("No snapshot of a year before: tiers stand without hysteresis."))
    return tuple(caveats)
