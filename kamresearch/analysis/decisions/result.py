"""The list of what to do: for whom, by whom, first, with where to stop and what is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import pandas as pd

from kamresearch.analysis.decisions.assumptions import AT_RISK, KINDS, Assumptions
from kamresearch.analysis.decisions.following import count_actions
from kamresearch.analysis.decisions.reconcile import MOST_WEIGHED, REASONS
from kamresearch.analysis.decisions.records import CONFLICTS, Records
from kamresearch.analysis.decisions.risk import SIGNAL_TERMS
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import PRESENT, STANDINGS, count_standings
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown, needs_table

FRAME = ("rank", "account_id", "account_name", "kind", "expected_gain", "low", "high", "cost")
FRAME += ("hours", "gain_per_hour", "owner", "due", "why", "evidence", "standing", "region")
FRAME += ("channel", "stake")
"""Columns of the list."""

NEEDS = {
    "churn_events": _("recorded losses: who is lost, over what, and who can be won back"),
    "contracts": _("contracts: which renewals are due, and how many are not renewed"),
    "service_events": _("service events: complaints that lie open, late deliveries"),
    "managers": _("managers: who serves which region and channel, with how many hours"),
    "assignments": _("assignments: which accounts have nobody, or somebody unfit"),
    "overrides": _("overrides: which tiers set by hand run out"),
    "actions": _("actions: what was done, what somebody decided against, and what came of it"),
}
"""Table → what the list would say with it."""

TOO_SHORT = _("The history is too short: no earlier day has a year before it and a year after it.")
NOTHING = _("No instruction pays under these limits.")


@dataclass(frozen=True)
class Decisions(Result):
    """Instructions that can be followed together, best gain per hour first.

    Parameters
    ----------
    frame : DataFrame
        `FRAME`, one row an instruction; ``why`` in English, its words in ``why_terms``.
    left_out : DataFrame
        The proposals that are not on the list: account_id, kind, expected_gain, hours, reason (a
        code of `REASONS`), region, channel.
    conflicts : DataFrame
        account_id, conflict, detail: records that say two things.
    shared : bool
        Whether the list was handed out among people who serve the same accounts.
    unweighed : int
        Proposals beyond the best per hour that were weighed.
    """

    exports = (
        "decisions.n_present",
        "decisions.n_lost",
        "decisions.n_left_12m",
        "decisions.lost_revenue_12m",
        "decisions.n_instructions",
        "decisions.gain",
        "decisions.last_gain_per_hour",
        "decisions.first_ten_share",
        "decisions.hours_missing",
        "decisions.n_conflicts",
    )
    shows = (
        Shown("decisions.standings", "standing_table"),
        Shown("decisions.signals", "signal_table", part="signals"),
        Shown("decisions.list", part="list"),
        Shown("decisions.list", "table", part="list"),
        Shown("decisions.done", "done_table", part="list"),
        Shown("decisions.missing", "missing_table", part="nobody"),
        Shown("decisions.conflicts", "conflict_table", part="nobody"),
    )
    cautions = False

    records: Records
    assumptions: Assumptions
    frame: pd.DataFrame
    left_out: pd.DataFrame
    why_terms: Mapping[str, Text] = field(default_factory=dict)
    shared: bool = False
    unweighed: int = 0

    @property
    def conflicts(self) -> pd.DataFrame:
        """Records of an account that say two things."""
        return self.records.conflicts

    @property
    def missing(self) -> pd.DataFrame:
        """Where nobody can: region, channel, reason, n_proposals, n_accounts, hours, gain of the
        proposals that pay and have no owner with hours.
        """
        names = ["region", "channel", "reason"]
        part = self.left_out[self.left_out["reason"].isin(("nobody_serves", "no_hours"))]
        part = part.assign(**{name: part[name].astype(object).fillna("–") for name in names[:2]})
        sums = part.groupby(names, sort=True, observed=True).agg(
            n_proposals=("kind", "size"),
            n_accounts=("account_id", "nunique"),
            hours=("hours", "sum"),
            gain=("expected_gain", "sum"),
        )
        return sums.reset_index().sort_values("gain", ascending=False, ignore_index=True)

    @property
    def at_risk(self) -> float:
        """Yearly value that the accounts present are expected to take with them."""
        frame = self.records.frame
        return float((frame["chance"] * frame["value"]).sum())

    def first(self, n: int = 10) -> pd.DataFrame:
        """The instructions for one screen: as few as hold half of the value at risk on the list, by
        expected gain (by value at risk where ``n`` would not do), and then the best an hour.
        """
        risky = self._risky
        half = float(risky.drop_duplicates("account_id")["stake"].sum()) / 2
        for order in ("expected_gain", "stake"):
            one_each = risky.sort_values(order, ascending=False, kind="stable")
            one_each = one_each.drop_duplicates("account_id")
            chosen = one_each.index[one_each["stake"].cumsum().shift(fill_value=0.0) < half]
            if len(chosen) <= n:
                break
        rest = self.frame.index.difference(chosen, sort=False)[: max(n - len(chosen), 0)]
        return self.frame.loc[sorted([*chosen[:n], *rest])]

    def stake_share(self, n: int = 10) -> float | None:
        """Share of the value at risk on the list that `first` holds; None without any."""
        risky = self._risky
        held = risky["account_id"].isin(
            risky.loc[risky.index.isin(self.first(n).index), "account_id"]
        )
        risky = risky.assign(held=held).drop_duplicates("account_id")
        total = float(risky["stake"].sum())
        return float(risky.loc[risky["held"], "stake"].sum()) / total if total > 0 else None

    @property
    def _risky(self) -> pd.DataFrame:
        """Instructions that guard or win back value, an account's largest stake first."""
        risky = self.frame[self.frame["kind"].isin(AT_RISK)]
        return risky.sort_values("stake", ascending=False, kind="stable")

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What the list rests on, and what other tables would bring."""
        a = self.assumptions
        texts: list[Text] = [
            _(
                "Whom a contact would keep is in no table: an acceptance of {acceptance} is "
                "assumed, with gains from {low} to {high} of it as the interval, and that an offer "
                "raises the chance of leaving by {disturbed} because it disturbs some. Only offers "
                "drawn by lot could tell.",
                disturbed=Quantity(a.disturbed, "share"),
                acceptance=Quantity(a.acceptance, "share"),
                low=Quantity(a.acceptance_low, "share"),
                high=Quantity(a.acceptance_high, "share"),
            )
        ]
        if not self.records.risk.used:
            texts.append(
                _(
                    "No signal has shown that it foretells losses here: everybody carries the "
                    "company's own rate, and the list follows the size of accounts."
                )
            )
        against = int((self.left_out["reason"] == "advised_against").sum())
        if against:
            texts.append(
                _(
                    "{n} proposals are left out because they go against what another study advises "
                    "for the same account: whom a contact would hold is not asked for more "
                    "business, or a higher price, first.",
                    n=Quantity(against, "count"),
                )
            )
        if self.shared:
            texts.append(
                _(
                    "Where several people serve the same accounts, the list is chosen with the "
                    "hours of them all and then handed out, whole accounts at a time: another way "
                    "of handing it out could gain a little more."
                )
            )
        if self.unweighed:
            texts.append(
                _(
                    "{n} proposals that gain little an hour were not weighed: only the best "
                    "{most} of each part of the company that shares nobody with another are.",
                    n=Quantity(self.unweighed, "count"),
                    most=Quantity(MOST_WEIGHED, "count"),
                )
            )
        if not self.records.value_is_profit:
            texts.append(_("Orders carry no cost: gains are of revenue, not of profit."))
        texts += [
            _("Not on this list for want of a table: {what}.", what=NEEDS[name])
            for name in self.records.absent
        ]
        return tuple(texts)

    def why_not(self, id: str) -> Text | None:
        """Without earlier days no signal can be tried, the list may be empty, and what became of
        the last one may be kept nowhere.
        """
        if id == "decisions.done" and self.records.actions is None:
            return needs_table("actions")
        if id == "decisions.signals" and self.records.risk.signals.empty:
            return TOO_SHORT
        return NOTHING if id == "decisions.list" and self.frame.empty else None

    def findings(self) -> list[Finding]:
        """Where accounts stand, what the list gains, and where to stop."""
        return [*self._standings(), *self._list_findings()]

    def _standings(self) -> list[Finding]:
        counts = count_standings(self.records.frame["standing"])
        lost = self.records.frame[self.records.frame["standing"] == "lost"]
        year = self.records.as_of - pd.Timedelta(days=365)
        recent = lost[lost["churn_date"] > year]
        n = len(self.records.frame)
        about = {"n": n, "figure": "decisions.list"}
        return [
            Finding(
                "decisions.n_present",
                int(counts[list(PRESENT)].sum()),
                "accounts",
                _("Accounts present"),
                _("Accounts ordering, silent, returned or without any order yet on the day."),
                good="up",
                **about,
            ),
            Finding(
                "decisions.n_lost",
                int(counts["lost"]),
                "accounts",
                _("Accounts lost and not back"),
                _("Accounts with a recorded loss and no return by the day."),
                good="down",
                **about,
            ),
            Finding(
                "decisions.n_left_12m",
                self.n_left[0],
                "accounts",
                _("Accounts that left within twelve months"),
                _("Accounts with a loss within 365 days, whether they are back or not."),
                good="down",
                sentence=_(
                    "{n} left within twelve months; {back} of them were back by the day.",
                    n=Quantity(self.n_left[0], "accounts"),
                    back=Quantity(self.n_left[1], "count"),
                ),
                **about,
            ),
            Finding(
                "decisions.lost_revenue_12m",
                float(recent["revenue_at_stake"].sum()),
                "money",
                _("Yearly revenue of accounts lost within twelve months and still away"),
                _(
                    "Revenue of the twelve months before each loss, over accounts lost within 365 "
                    "days and not back by the day."
                ),
                good="down",
                sentence=_(
                    "{n} accounts lost within the year are still away, with {revenue} of yearly "
                    "revenue before they left.",
                    n=Quantity(len(recent), "count"),
                    revenue=Quantity(float(recent["revenue_at_stake"].sum()), "money"),
                ),
                n=len(recent),
                figure="decisions.list",
            ),
        ]

    def _list_findings(self) -> list[Finding]:
        frame, empty = self.frame, self.frame.empty
        gain = float(frame["expected_gain"].sum())
        bounds = Interval(float(frame["low"].sum()), float(frame["high"].sum()), 1.0)
        share = self.stake_share()
        about = {"n": len(frame), "n_unit": "count", "figure": "decisions.list"}
        return [
            Finding(
                "decisions.n_instructions",
                len(frame),
                "count",
                _("Instructions on the list"),
                _(
                    "Proposals that pay or are due, contradict nothing and have an owner with "
                    "hours."
                ),
                **about,
            ),
            Finding(
                "decisions.gain",
                None if empty else gain,
                "money",
                _("Expected gain of the list a year"),
                _(
                    "Sum over the list of chance × value × assumed effect less cost; the bounds "
                    "are the lowest and highest acceptance assumed, not chance."
                ),
                interval=None if empty else bounds,
                good="up",
                headline=True,
                reason=NOTHING if empty else None,
                sentence=None
                if empty
                else _(
                    "{n} instructions in {hours} are expected to gain {gain} a year, if the "
                    "effects are as assumed.",
                    n=Quantity(len(frame), "count"),
                    hours=Quantity(float(frame["hours"].sum()), "hours"),
                    gain=Quantity(gain, "money"),
                ),
                **about,
            ),
            Finding(
                "decisions.last_gain_per_hour",
                None if empty else float(frame["gain_per_hour"].iloc[-1]),
                "money",
                _("What the last place gains an hour"),
                _("Expected gain of the last instruction on the list over its hours."),
                good="up",
                reason=NOTHING if empty else None,
                **about,
            ),
            Finding(
                "decisions.first_ten_share",
                share,
                "share",
                _("Share of the value at risk on the list held by ten instructions"),
                _(
                    "Chance × yearly value of the accounts of the ten instructions shown first, "
                    "over that of all accounts on the list that may leave or were lost."
                ),
                good="up",
                reason=NOTHING if share is None else None,
                **about,
            ),
            Finding(
                "decisions.hours_missing",
                float(self.missing["hours"].sum()),
                "hours",
                _("Hours missing for what would pay"),
                _(
                    "Hours of the proposals that pay and for which nobody serves the region and "
                    "channel, or nobody who does has hours left."
                ),
                n=int(self.missing["n_proposals"].sum()),
                n_unit="count",
                good="down",
                figure="decisions.list",
            ),
            Finding(
                "decisions.n_conflicts",
                len(self.conflicts),
                "records",
                _("Records that say two things"),
                _("Conflicts between tables about one account, each with its detail in the table."),
                n=len(self.records.frame),
                good="down",
            ),
        ]

    def table(self, rows_shown: int = 30) -> Table:
        """The list."""
        return make_table(
            "decisions.list",
            _("What to do, for whom, by whom, first"),
            self.frame.assign(first=self.frame.index.isin(self.first().index)),
            Column("rank", _("Place"), "count"),
            "account_id",
            "account_name",
            Column("kind", _("What to do"), terms=KINDS),
            # before the amounts, so that they show where the page is too narrow for all columns
            Column("owner", _("Owner")),
            Column("due", _("Due by"), "date"),
            Column("why", _("Why"), terms=self.why_terms),
            Column("expected_gain", _("Expected gain"), "money"),
            Column("hours", _("Hours"), "hours"),
            Column("low", _("at least"), "money"),
            Column("high", _("at most"), "money"),
            Column("cost", _("Cost"), "money"),
            Column("gain_per_hour", _("Gain an hour"), "money"),
            Column("standing", _("Standing"), terms=STANDINGS),
            "region",
            "channel",
            Column("stake", _("Value at stake"), "money"),
            Column("first", _("On the briefing"), "flag"),
            Column("evidence", _("Rests on")),
            caption=_(
                "Best gain per hour first. “At least” and “at most” are the lowest and the highest "
                "acceptance assumed."
            ),
            rows_shown=rows_shown,
        )

    def facts(self) -> pd.DataFrame:
        """What the list knows of each account, for its record: account_id, fact, value, unit,
        source, as_of.
        """
        sources = (
            ("standing", "text", "orders, churn_events"),
            ("value", "money", "orders"),
            ("chance", "probability", "decisions.signals"),
            ("chance_back", "probability", "churn_events"),
        )
        known = self.records.frame
        parts = [
            pd.DataFrame(
                {
                    "account_id": known["account_id"],
                    "fact": name,
                    "value": known[name].astype(object),
                    "unit": unit,
                    "source": source,
                    "as_of": self.records.as_of.date().isoformat(),
                }
            )[known[name].notna()]
            for name, unit, source in sources
        ]
        return pd.concat(parts, ignore_index=True)

    def missing_table(self) -> Table:
        """Where nobody can."""
        return make_table(
            "decisions.missing",
            _("Where nobody can: hire or move"),
            self.missing,
            "region",
            "channel",
            Column("reason", _("Why"), terms=REASONS),
            Column("n_proposals", _("Proposals"), "count"),
            "n_accounts",
            Column("hours", _("Hours missing"), "hours"),
            Column("gain", _("Gain forgone"), "money"),
        )

    def standing_table(self) -> Table:
        """Where all accounts stand: the rows add up to all accounts known."""
        frame = self.records.frame
        counts = count_standings(frame["standing"]).drop("not_yet")
        revenue = frame.groupby("standing")["revenue_12m"].sum()
        rows = pd.DataFrame(
            {
                "standing": counts.index,
                "n_accounts": counts.to_numpy(),
                "revenue_12m": revenue.reindex(counts.index).fillna(0.0).to_numpy(),
            }
        )
        return make_table(
            "decisions.standings",
            _("Where all accounts stand"),
            rows,
            Column("standing", _("Standing"), terms=STANDINGS),
            "n_accounts",
            Column("revenue_12m", _("Revenue, last 12 months"), "money"),
            caption=_("Together these are all {n} accounts known on the day.", n=len(frame)),
        )

    @property
    def lost_and_back(self) -> pd.DataFrame:
        """Accounts lost, or back, within 365 days: what they brought, why they left, whether they
        may return.
        """
        frame = self.records.frame
        year = self.records.as_of - pd.Timedelta(days=365)
        left = (frame["standing"] == "lost") & (frame["churn_date"] > year)
        back = (frame["standing"] != "lost") & (frame["return_date"] > year)
        part = frame[left | back].sort_values(
            ["standing", "revenue_at_stake", "account_id"], ascending=[True, False, True]
        )
        return part.assign(
            standing=part["standing"].where(part["standing"] == "lost", "returned"),
            since=part["churn_date"].where(part["standing"] == "lost", part["return_date"]),
        ).reset_index(drop=True)

    @property
    def n_left(self) -> tuple[int, int]:
        """Accounts that left within 365 days, and how many of them were back by the day."""
        losses, year = self.records.losses, self.records.as_of - pd.Timedelta(days=365)
        left = losses[losses["churn_date"] > year]
        last = left.drop_duplicates("account_id", keep="last")
        return len(last), int(last["return_date"].notna().sum())

    def signal_table(self) -> Table:
        """Which signals have foretold losses."""
        return make_table(
            "decisions.signals",
            _("What has foretold losses here"),
            self.records.risk.signals,
            Column("signal", _("Signal"), terms=SIGNAL_TERMS),
            Column("n", _("Cases"), "count"),
            Column("n_lost", _("Lost within the year"), "count"),
            Column("rate", _("Share lost"), "share"),
            Column("lift", _("Lift over the base rate"), "ratio"),
            Column("low", _("Lower bound"), "ratio"),
            Column("high", _("Upper bound"), "ratio"),
            Column("used", _("Used"), "flag"),
            caption=_(
                "Accounts at up to six earlier days. A signal whose lift is not shown to be above "
                "1 (exact 95% interval) is not used as a reason to act."
            ),
        )

    def done_table(self) -> Table:
        """What became of the last list, by owner."""
        return make_table(
            "decisions.done",
            _("What became of the last list, by owner"),
            count_actions(
                cast(pd.DataFrame, self.records.actions), self.records.frame, self.records.as_of
            ),
            Column("owner", _("Owner")),
            Column("proposed", _("Proposed"), "count"),
            Column("done", _("Done"), "count"),
            Column("decided_not", _("Decided against"), "count"),
            Column("held_out", _("Held out by lot"), "count"),
            Column("undone", _("Not done yet"), "count"),
            Column("overdue", _("Overdue, of any list"), "count"),
            Column("kept", _("Done: ordering since"), "count"),
            Column("lost", _("Done: lost"), "count"),
            Column("open", _("Done: too early to tell"), "count"),
            caption=_(
                "An account acted on is kept when it has ordered since, lost when its loss is "
                "recorded. That says nothing yet about whether acting helped: see an experiment."
            ),
        )

    def conflict_table(self) -> Table:
        """The records that say two things."""
        return make_table(
            "decisions.conflicts",
            _("Records that say two things"),
            self.conflicts,
            "account_id",
            Column("conflict", _("What"), terms=CONFLICTS),
            Column("detail", _("Detail")),
        )
