"""Account plans: who has one, how fresh it is, and whether what it says is done."""

from dataclasses import dataclass

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamresearch.analysis.decisions.records import tiers_before
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import keep_present
from kamresearch.features.snapshot import account_snapshot
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LEAST = 10
"""Cases without which a share carries no interval."""
KEY = "A"
"""Tier of the accounts that should have a plan."""
NO_KEY = _("No account that is here held tier {tier} a year ago.", tier=KEY)
NONE_DUE = _("No objective was due by the day.")
NO_ROWS = _("The table “plans” holds no objective of an account that is here.")
NOBODY: dict[str, Text] = {"": _("nobody")}
FRAME = ["owner", "n_accounts", "n_objectives", "n_done", "n_overdue", "oldest_days"]


@dataclass(frozen=True)
class Plans(Result):
    """Plans of the accounts that are here.

    Parameters
    ----------
    frame : DataFrame
        owner, n_accounts, n_objectives (dropped ones left out), n_done, n_overdue, oldest_days (of
        the longest overdue): one row per owner, the most overdue first.
    n_key, n_planned, n_fresh : int
        Accounts of tier A a year ago, of these with a plan, with one gone through lately.
    n_due, n_done : int
        Objectives due by the day, and of these done.
    """

    exports = (
        "targets.key_planned",
        "targets.key_fresh",
        "targets.plans_done",
        "targets.plans_overdue",
    )
    shows = (Shown("targets.plans", "table"),)

    frame: pd.DataFrame
    n_key: int
    n_planned: int
    n_fresh: int
    n_due: int
    n_done: int
    fresh_days: int
    as_of: str
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """Key accounts with a plan and with a fresh one, objectives done, and those overdue."""
        fresh = Quantity(self.fresh_days, "days")
        told = self.reason is None and self.n_key > 0
        overdue = int(self.frame["n_overdue"].sum())
        return [
            self._share(
                "key_planned",
                self.n_planned,
                self.n_key,
                _("Key accounts with a plan"),
                _("Accounts of tier {tier} a year ago with an objective, over them.", tier=KEY),
            ),
            self._share(
                "key_fresh",
                self.n_fresh,
                self.n_key,
                _("Key accounts with a fresh plan"),
                _(
                    "Accounts of tier {tier} a year ago whose plan was gone through within {days}, "
                    "over all of them (Wilson).",
                    tier=KEY,
                    days=fresh,
                ),
                sentence=_(
                    "Of {n}, {fresh} have a plan that was gone through within {days}; {planned} "
                    "have one at all.",
                    n=Quantity(self.n_key, "accounts"),
                    fresh=Quantity(self.n_fresh, "count"),
                    days=fresh,
                    planned=Quantity(self.n_planned, "count"),
                )
                if told
                else None,
            ),
            self._share(
                "plans_done",
                self.n_done,
                self.n_due,
                _("Objectives done in time or since"),
                _("Objectives due by the day that are done, over all due; dropped ones left out."),
                unit="records",
                missing=NONE_DUE,
            ),
            Finding(
                "targets.plans_overdue",
                None if self.reason else overdue,
                "count",
                _("Objectives overdue"),
                _("Objectives due before the day, neither done nor dropped."),
                n=int(self.frame["n_objectives"].sum()),
                n_unit="records",
                good="down",
                reason=self.reason,
            ),
        ]

    def _share(
        self,
        name: str,
        count: int,
        n: int,
        label: Text,
        definition: Text,
        *,
        unit: str = "accounts",
        missing: Message = NO_KEY,
        sentence: Text | None = None,
    ) -> Finding:
        told = self.reason is None and n > 0
        bounds = proportion_confint(count, n, method="wilson") if told and n >= LEAST else None
        return Finding(
            f"targets.{name}",
            count / n if told else None,
            "share",
            label,
            definition,
            interval=Interval(*(float(one) for one in bounds)) if bounds else None,
            n=n,
            n_unit=unit,
            good="up",
            sentence=sentence,
            reason=self.reason or missing,
        )

    def table(self) -> Table:
        """Owner by owner."""
        return make_table(
            "targets.plans",
            _("Plans by who is to do it"),
            self.frame,
            Column("owner", _("Owner"), terms=NOBODY),
            "n_accounts",
            Column("n_objectives", _("Objectives"), "count"),
            Column("n_done", _("Done"), "count"),
            Column("n_overdue", _("Overdue"), "count"),
            Column("oldest_days", _("Longest overdue"), "days"),
            rows_shown=15,
        )

    @property
    def caveats(self) -> tuple[Message, ...]:
        """What a plan's state is."""
        if self.reason:
            return ()
        return (
            _(
                "A plan’s state is what its owner wrote last: the table keeps no earlier one, so "
                "that an earlier day sees objectives done since."
            ),
        )


def review_plans(tables: Tables, as_of: str, fresh_days: int = 180) -> Plans:
    """Who has a plan, is it gone through, and is it done?

    ``plans`` → shares of key accounts (tier A a year before, so that a new one has had its time)
    with a plan and with a fresh one, the share of due objectives that are done, and what is
    overdue by owner. Of accounts that are here; a review after the day is not seen; without a
    ``state`` an objective counts as open, without ``due`` it is never overdue.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``plans`` the result holds the reason.
    as_of : str
        The day.
    fresh_days : int
        Days after which a plan is no longer fresh.
    """
    day = pd.Timestamp(as_of).normalize()
    tiers = tiers_before(tables, as_of)
    here = set(keep_present(account_snapshot(tables, as_of))["account_id"])
    key = {account for account in tiers.index[tiers == KEY] if account in here}
    rows = tables.frame("plans")
    rows = rows[rows["account_id"].isin(here)]
    reviewed = rows["last_review"]
    fresh = (reviewed <= day) & (reviewed > day - pd.Timedelta(days=fresh_days))
    rows = rows.assign(fresh=fresh, state=rows["state"].fillna("open"))
    kept = rows[rows["state"] != "dropped"]
    done, due = kept["state"] == "done", kept["due"] <= day
    by_account = rows.groupby("account_id", observed=True)["fresh"].any()
    planned = key & set(by_account.index)
    return Plans(
        _by_owner(kept.assign(done=done, overdue=(kept["due"] < day) & ~done), day),
        len(key),
        len(planned),
        int(by_account.reindex(sorted(planned)).sum()),
        int(due.sum()),
        int((due & done).sum()),
        fresh_days,
        as_of,
        NO_ROWS if rows.empty else None,
    )


def _by_owner(kept: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    kept = kept.assign(
        owner=kept["owner"].fillna(""),
        late=(day - kept["due"]).dt.days.where(kept["overdue"]),
    )
    frame = kept.groupby("owner", as_index=False).agg(
        n_accounts=("account_id", "nunique"),
        n_objectives=("account_id", "size"),
        n_done=("done", "sum"),
        n_overdue=("overdue", "sum"),
        oldest_days=("late", "max"),
    )
    return frame.sort_values(["n_overdue", "owner"], ascending=[False, True], ignore_index=True)[
        FRAME
    ]
