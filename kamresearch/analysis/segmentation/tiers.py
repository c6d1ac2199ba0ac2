"""Tiers over time: hysteresis against noise, overrides with a log, migration between two dates."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.segmentation.card import RuleCard
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown


@dataclass(frozen=True)
class OverrideLog:
    """Tiers after overrides, and what became of each override."""

    tiers: np.ndarray
    log: pd.DataFrame
    """account_id, tier, who, why, date, until, status: valid, confirmed, expired, later,
    unknown_account, superseded, lost
    """
    given: bool = True
    """Whether the data have a table of overrides"""

    def table(self) -> Table:
        """Every override with who, why, until when, and whether it holds."""
        terms = {
            "valid": _("holds"),
            "confirmed": _("agrees with the rule"),
            "expired": _("has ended"),
            "later": _("not yet decided"),
            "unknown_account": _("no such account"),
            "lost": _("lost"),
            "superseded": _("replaced by a later one"),
        }
        from kamresearch.analysis.organisation.exposure import ROLE_NAMES

        return make_table(
            "segmentation.overrides",
            _("Tiers set by hand"),
            self.log,
            "account_id",
            "tier",
            Column("who", _("Who"), terms=ROLE_NAMES),
            Column("why", _("Why")),
            Column("date", _("Decided"), "date"),
            Column("until", _("Until"), "date"),
            Column("tier_by_rule", _("Tier by rule")),
            Column("status", _("Status"), terms=terms),
        )


def hold_tiers(
    score: np.ndarray, by_score: np.ndarray, before: np.ndarray, card: RuleCard
) -> np.ndarray:
    """Tiers with hysteresis: an account leaves last year's tier only when its score is clearly
    beyond a threshold.

    A move up needs the upper threshold plus the margin, a move down the own threshold less the
    margin; what lies
    between keeps the tier of before. A jump over more than one tier goes as far as the margin
    allows.
    """
    order = {tier: place for place, tier in enumerate(card.tiers)}
    held = by_score.copy()
    for i, (now, earlier) in enumerate(zip(by_score, before, strict=True)):
        if now not in order or earlier not in order or now == earlier:
            continue
        if order[now] < order[earlier]:  # up: the best tier whose threshold is passed by the margin
            reached = [
                t for t, edge in card.thresholds.items() if score[i] >= edge + card.hysteresis
            ]
            held[i] = min([*reached, earlier], key=order.__getitem__)
        else:  # down: kept while within the margin below the tier's own threshold
            kept = [
                t
                for t, edge in card.thresholds.items()
                if order[t] >= order[earlier] and score[i] >= edge - card.hysteresis
            ]
            held[i] = min([*kept, "C"], key=order.__getitem__)
    return held


OVERRIDE_COLUMNS = ("account_id", "tier", "who", "why", "date", "until")


def apply_overrides(
    account_ids: pd.Series,
    tiers: np.ndarray,
    overrides: pd.DataFrame | None,
    as_of: str,
    lost: Collection[str] = (),
) -> OverrideLog:
    """Set tiers by hand where an override is valid on the day; the latest decision counts.

    Parameters
    ----------
    account_ids, tiers : Series, array
        Accounts and their tiers by rule.
    overrides : DataFrame, optional
        account_id, tier, who, why, date, until.
    as_of : str
        The day.
    lost : collection of str
        Accounts that have no tier because they are lost.
    """
    after = tiers.copy()
    columns = [*OVERRIDE_COLUMNS, "tier_by_rule", "status"]
    if overrides is None or overrides.empty:
        empty = pd.DataFrame({name: [] for name in columns})
        return OverrideLog(after, empty, given=overrides is not None)
    day = pd.Timestamp(as_of)
    log = overrides[list(OVERRIDE_COLUMNS)].copy()
    log["date"], log["until"] = pd.to_datetime(log["date"]), pd.to_datetime(log["until"])
    log = log.sort_values(["date", "account_id"], kind="stable", ignore_index=True)
    place = {account: i for i, account in enumerate(account_ids)}
    log["tier_by_rule"] = [
        tiers[place[account]] if account in place else None for account in log["account_id"]
    ]
    status = np.where(log["until"] < day, "expired", "valid").astype(object)
    status[(log["date"] > day).to_numpy()] = "later"
    status[~log["account_id"].isin(list(place)).to_numpy()] = "unknown_account"
    status[log["account_id"].isin(list(lost)).to_numpy()] = "lost"
    valid = status == "valid"
    last = ~log[valid].duplicated("account_id", keep="last")
    status[np.flatnonzero(valid)[~last.to_numpy()]] = "superseded"
    log["status"] = status
    for row in log[log["status"] == "valid"].itertuples():
        after[place[row.account_id]] = row.tier
    log.loc[(log["status"] == "valid") & (log["tier"] == log["tier_by_rule"]), "status"] = (
        "confirmed"
    )
    return OverrideLog(after, log)


@dataclass(frozen=True)
class Migration(Result, frame="counts"):
    """How accounts moved between tiers within a year."""

    exports = ("segmentation.tier_stability",)
    shows = (Shown("segmentation.migration"),)

    tiers: tuple[str, ...]
    counts: pd.DataFrame
    """Tier before × tier now → accounts; ``absent`` before means a new account"""
    n_both: int
    n_same: int
    n_up: int
    n_down: int

    @property
    def reason(self) -> Message | None:
        """Why there is no movement to show; None where there is."""
        return None if self.n_both else _("No account was rated at both dates.")

    def findings(self) -> list[Finding]:
        """The share of accounts that kept their tier."""
        reason = self.reason
        return [
            # no interval: what this list did is a fact, and a longer list would move less
            Finding(
                "segmentation.tier_stability",
                self.n_same / self.n_both if self.n_both else None,
                "share",
                _("Accounts that kept their tier"),
                _("Accounts in the same tier as a year before, over accounts rated at both dates."),
                n=self.n_both,
                figure="segmentation.migration",
                reason=reason,
                sentence=None
                if reason
                else _(
                    "{up} accounts rose and {down} fell by a tier or more within a year.",
                    up=Quantity(self.n_up, "accounts"),
                    down=Quantity(self.n_down, "accounts"),
                ),
            )
        ]


def measure_migration(before: np.ndarray, now: np.ndarray, card: RuleCard) -> Migration:
    """Tier before × tier now: who rose, who fell, who is new.

    Parameters
    ----------
    before, now : array
        Tiers of the same accounts at two dates (``absent``: no account then; ``unrated``: not
        rated).
    card : RuleCard
        For the order of the tiers.
    """
    rows, columns = (*card.tiers, "unrated", "absent"), (*card.tiers, "unrated")
    counts = pd.crosstab(pd.Categorical(before, rows), pd.Categorical(now, columns), dropna=False)
    counts = pd.DataFrame(counts.to_numpy(), index=list(rows), columns=list(columns))
    order = {tier: place for place, tier in enumerate(card.tiers)}
    pairs = [
        (order[a], order[b]) for a, b in zip(before, now, strict=True) if a in order and b in order
    ]
    return Migration(
        card.tiers,
        counts,
        len(pairs),
        sum(a == b for a, b in pairs),
        sum(b < a for a, b in pairs),
        sum(b > a for a, b in pairs),
    )
