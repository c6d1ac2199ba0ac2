"""One page an account: who it is, where it stands, what happened, what is proposed for it."""

import numpy as np
import pandas as pd

from kamresearch.analysis.causes.reasons import CAUSE_TERMS
from kamresearch.analysis.decisions.assumptions import KINDS
from kamresearch.analysis.decisions.dealings import describe_dealings
from kamresearch.analysis.decisions.history import History
from kamresearch.analysis.decisions.reconcile import REASONS
from kamresearch.analysis.decisions.records import MANAGER_PROBLEMS
from kamresearch.analysis.decisions.result import Decisions
from kamresearch.analysis.decisions.risk import SIGNAL_TERMS
from kamresearch.analysis.segmentation.card import criterion_values, load_card
from kamresearch.analysis.segmentation.selection import TIER_TERMS, score_accounts, tier_of
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Part, Profiles, Table, make_table
from kamresearch.features.labels import FIELDS
from kamresearch.features.population import PRESENT, STANDINGS
from kamresearch.language import Text
from kamresearch.language import message as _

MONTHS = 24
"""Months of revenue and of events that a page shows."""
MOST_PAGES = 2_000
"""Pages made unless all are asked for: of 40,000 simulated accounts 11,155 would have one."""
EVENTS_SHOWN = 10

EVENT_TERMS = {
    "lost": _("lost"),
    "returned": _("came back"),
    "contract_begins": _("contract begins"),
    "contract_ends": _("contract ends"),
    "complaint": _("complaint"),
    "open_complaint": _("complaint, open"),
    "manager": _("another manager takes over"),
}
"""Code of something that happened to an account → its words."""

WHO = ("industry", "region", "channel", "city", "parent_id", "onboard_date", "tier")
STANDING = ("standing", "standing_since", "manager", "manager_problem", "contract_end_date")
STANDING += ("contract_value", "churn_cause", "lost_to")
MONEY = ("revenue_12m", "revenue_prior_12m", "profit_12m", "share_of_wallet_12m", "headroom")
MONEY += ("service_events_12m", "complaints_12m", "overdue_complaints", "satisfaction_mean_12m")
HEALTH = ("chance", "usual", "signal", "chance_back", "value")
"""Columns of the record by the part of the page on which they stand."""

COLUMNS = {
    column.name: column
    for column in (
        Column("tier", _("Tier by the rule card"), terms=TIER_TERMS),
        Column("standing", FIELDS["standing"], terms=STANDINGS),
        Column("manager", FIELDS["manager_id"]),
        Column("manager_problem", _("About the manager"), terms=MANAGER_PROBLEMS),
        Column("contract_value", _("Contract, a year"), "money"),
        Column("churn_cause", FIELDS["churn_cause"], terms=CAUSE_TERMS),
        Column("headroom", _("Bought here once, not now"), "money"),
        Column("overdue_complaints", _("Complaints open past the limit"), "count"),
        Column("chance", _("Chance of leaving within the horizon"), "probability"),
        Column("usual", _("The same, mean of all accounts present"), "probability"),
        Column("signal", _("Because"), terms=SIGNAL_TERMS),
        Column("chance_back", _("Chance of a return within the year"), "probability"),
        Column("value", _("Value a year"), "money"),
    )
}
UNITS = {
    "standing_since": "date",
    "contract_end_date": "date",
    "onboard_date": "date",
    "revenue_12m": "money",
    "revenue_prior_12m": "money",
    "profit_12m": "money",
    "share_of_wallet_12m": "share",
    "complaints_12m": "count",
    "service_events_12m": "count",
    "satisfaction_mean_12m": "score",
}


def describe_accounts(
    result: Decisions, history: History, pages: str = "A", tables: Tables | None = None
) -> Profiles:
    """What is known of each account on the day, on one page each?

    Parameters
    ----------
    result : Decisions
        The list, with the records that it rests on.
    history : History
        Of the same day: months, losses, contracts, service, managers.
    pages : str
        Tiers whose accounts get a page, as ``A,B``; ``all`` or ``none``. An account on the list,
        lost or back within the year, or named by a conflict of records, has one unless ``none``;
        of more than `MOST_PAGES` those on the list and then the largest, unless ``all``.
    tables : Tables, optional
        For what else they hold of an account (`describe_dealings`).
    """
    frame = _records(result)
    names = [*WHO, *STANDING, *MONEY, *HEALTH]
    kept = tuple(name for name in names if frame[name].notna().any())
    chosen, wanted = _choose(frame, result, pages)
    # What stands on pages is made of the accounts that have one: of 240,000 all months of all
    # accounts would be six million rows.
    paged = frame[frame["account_id"].isin(chosen)]
    happened = _happened(history, chosen)
    index = make_table(
        "accounts",
        _("All accounts"),
        frame,
        "account_id",
        "account_name",
        *(
            COLUMNS.get(name) or Column(name, FIELDS[name], UNITS.get(name, "text"))
            for name in kept
        ),
        caption=_("What is known of each account on the day; largest value first.")
        if len(chosen) == wanted
        else _(
            "What is known of each account on the day; largest value first. Of {wanted} that would "
            "have a page, the {n} on the list or largest have one; the parameter account_pages "
            "with “all” gives every account its page.",
            wanted=wanted,
            n=len(chosen),
        ),
        rows_shown=20,
    )

    def facts(title: Text, wanted: tuple[str, ...]) -> Part:
        return Part(title, columns=tuple(name for name in wanted if name in kept))

    return Profiles(
        index,
        chosen,
        (
            Part(_("What should be done?"), table=_proposals(result, chosen)),
            facts(_("Where does it stand?"), STANDING),
            facts(_("How likely is it to leave, or to come back?"), HEALTH),
            Part(_("How have such signs done before?"), table=_evidence(paged, result)),
            facts(_("What does it bring?"), MONEY),
            Part(
                _("Revenue of {n} months", n=MONTHS),
                table=_months(history.revenue, chosen, happened),
                bars=True,
            ),
            Part(_("What happened?"), table=_events(happened)),
            *(describe_dealings(tables, history.as_of, chosen) if tables is not None else ()),
            Part(_("What do the records disagree on?"), table=result.conflict_table()),
            facts(_("Who is it?"), WHO),
        ),
        _("Should I worry about this account, and what comes next?"),
    )


def _records(result: Decisions) -> pd.DataFrame:
    frame = result.records.frame.copy()
    here = frame[frame["standing"].isin(PRESENT)]
    frame["tier"] = None
    if len(here):
        card = load_card()
        score, _coverage = score_accounts(criterion_values(here, card), card)
        frame.loc[here.index, "tier"] = np.asarray(tier_of(score, card), dtype=object)
    frame["manager"] = frame["manager_id"]
    lost = frame["standing"] == "lost"
    frame["churn_cause"], frame["lost_to"] = (
        frame[name].where(lost) for name in ("churn_cause", "lost_to")
    )
    frame["headroom"] = frame["headroom"].where(~lost)
    frame["usual"] = frame["chance"].mean()
    frame["usual"] = frame["usual"].where(frame["chance"].notna())
    order = ["value", "account_id"]
    return frame.sort_values(order, ascending=[False, True], kind="stable", ignore_index=True)


def _choose(frame: pd.DataFrame, result: Decisions, pages: str) -> tuple[tuple[str, ...], int]:
    """Accounts that get a page, and how many should have one."""
    if pages == "none":
        return (), 0
    named = (result.frame, result.conflicts, result.lost_and_back)
    told = {account for one in named for account in one["account_id"]}
    wanted = frame["tier"].isin(pages.split(",")) | frame["account_id"].isin(told)
    chosen = frame.loc[wanted | (pages == "all"), "account_id"]
    if pages == "all" or len(chosen) <= MOST_PAGES:
        return tuple(chosen), len(chosen)
    listed = chosen.isin(result.frame["account_id"])
    first = pd.concat([chosen[listed], chosen[~listed]]).head(MOST_PAGES)
    return tuple(chosen[chosen.isin(first)]), len(chosen)


def _proposals(result: Decisions, accounts: tuple[str, ...]) -> Table:
    """What is on the list for it, then what is not, and why not."""
    listed = result.frame.assign(state="chosen")
    left = result.left_out.rename(columns={"reason": "state"})
    shown = (part[part["account_id"].isin(accounts)] for part in (listed, left))
    parts = [part.astype(object) for part in shown if len(part)]
    frame = pd.concat([listed.head(0).astype(object), *parts], ignore_index=True)
    return make_table(
        "accounts.proposals",
        _("What should be done?"),
        frame,
        "account_id",
        Column("kind", _("What to do"), terms=KINDS),
        Column("why", _("Why"), terms=result.why_terms),
        Column("owner", _("Owner")),
        Column("due", _("Due"), "date"),
        Column("expected_gain", _("Expected gain"), "money"),
        Column("low", _("at least"), "money"),
        Column("high", _("at most"), "money"),
        Column("hours", _("Hours"), "hours"),
        Column("state", _("On the list?"), terms={"chosen": _("yes"), **REASONS}),
    )


def _evidence(frame: pd.DataFrame, result: Decisions) -> Table:
    """What became of those who showed the sign of this account at earlier days."""
    shown = frame.loc[frame["signal"].notna(), ["account_id", "signal"]]
    rows = shown.merge(result.records.risk.signals, on="signal", how="inner")
    return make_table(
        "accounts.evidence",
        _("How have such signs done before?"),
        rows,
        "account_id",
        Column("signal", _("Signal"), terms=SIGNAL_TERMS),
        Column("n", _("Cases"), "count"),
        Column("n_lost", _("Lost within the year"), "count"),
        Column("rate", _("Share lost"), "share"),
        Column("lift", _("Lift over the base rate"), "ratio"),
        Column("low", _("Lower bound"), "ratio"),
        Column("high", _("Upper bound"), "ratio"),
    )


def _months(revenue: pd.DataFrame, accounts: tuple[str, ...], happened: pd.DataFrame) -> Table:
    """Revenue by month, and what happened in it."""
    wide = revenue.loc[revenue.index.isin(accounts)].iloc[:, -MONTHS:]
    rows = wide.reset_index(names="account_id").melt(
        "account_id", var_name="month", value_name="revenue"
    )
    rows = rows.dropna(subset=["revenue"]).sort_values(["account_id", "month"], kind="stable")
    rows["month"] = pd.to_datetime(rows["month"]).dt.strftime("%Y-%m")
    happened = happened.assign(month=happened["date"].dt.strftime("%Y-%m"))
    first = happened.drop_duplicates(["account_id", "month"])[["account_id", "month", "event"]]
    rows = rows.merge(first, on=["account_id", "month"], how="left", validate="many_to_one")
    return make_table(
        "accounts.months",
        _("Revenue by month"),
        rows,
        "account_id",
        "month",
        "revenue",
        Column("event", _("What happened"), terms=EVENT_TERMS),
    )


def _events(happened: pd.DataFrame) -> Table:
    frame = happened.groupby("account_id", sort=True).head(EVENTS_SHOWN)
    return make_table(
        "accounts.events",
        _("What happened?"),
        frame,
        "account_id",
        "date",
        Column("event", _("What happened"), terms=EVENT_TERMS),
        Column("detail", _("Detail"), terms=CAUSE_TERMS),
    )


def _happened(history: History, accounts: tuple[str, ...]) -> pd.DataFrame:
    """Losses, returns, contracts, complaints and managers of some accounts in the months shown,
    newest first; of what is to come, the end of a contract.
    """
    day = history.as_of
    parts = []

    def add(frame: pd.DataFrame | None, when: str, event: str | pd.Series, detail: str) -> None:
        theirs = None if frame is None else frame[frame["account_id"].isin(accounts)]
        if theirs is not None and len(theirs):
            part = {"account_id": theirs["account_id"], "date": pd.to_datetime(theirs[when])}
            parts.append(pd.DataFrame({**part, "event": event, "detail": theirs[detail]}))

    losses = history.losses.frame
    if history.events is not None:
        add(losses, "churn_date", "lost", "cause")
        add(losses.assign(none=None), "return_date", "returned", "none")
    if history.contracts is not None:
        add(history.contracts, "start_date", "contract_begins", "contract_id")
        add(history.contracts, "end_date", "contract_ends", "contract_id")
    if history.service is not None:
        cases = history.service[history.service["kind"] == "complaint"]
        open_ = cases["resolved_days"].isna()
        event = pd.Series(np.where(open_, "open_complaint", "complaint"), index=cases.index)
        add(cases, "event_date", event, "event_id")
    add(history.spells, "from", "manager", "manager_id")
    ids = pd.Series([], dtype="str")
    empty = pd.DataFrame({"account_id": ids, "date": pd.to_datetime([]), "event": [], "detail": []})
    frame = pd.concat([empty, *parts], ignore_index=True) if parts else empty
    ahead = frame["event"] == "contract_ends"
    inside = (frame["date"] > day - pd.DateOffset(months=MONTHS)) & ((frame["date"] <= day) | ahead)
    order = ["account_id", "date", "event", "detail"]
    return frame[inside].sort_values(order, ascending=[True, False, True, True], kind="stable")
