"""The record of each account: what every table says of it on the day, joined; conflicts named."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.decisions.assumptions import Assumptions
from kamresearch.analysis.decisions.following import read_actions
from kamresearch.analysis.decisions.history import History, read_history
from kamresearch.analysis.decisions.returning import measure_returning
from kamresearch.analysis.decisions.risk import Risk, assess
from kamresearch.analysis.organisation.serving import find_serving
from kamresearch.analysis.segmentation.card import criterion_values, load_card
from kamresearch.analysis.segmentation.selection import score_accounts, tier_of
from kamresearch.data.tables import Tables
from kamresearch.features.population import PRESENT, keep_present
from kamresearch.features.snapshot import account_snapshot
from kamresearch.language import message as _

CONFLICTS = {
    "lost_but_orders": _("recorded as lost, with orders after the loss"),
    "lost_but_contract": _("recorded as lost, with a contract that runs"),
    "contract_backwards": _("a contract that ends before it begins"),
    "two_managers": _("two managers in charge at once"),
    "two_regions": _("departments place it in another region"),
    "manager_left": _("in the hands of a manager who has left"),
    "manager_unknown": _("in the hands of a manager whom the managers' table does not know"),
}
"""Code of a conflict between records → its words."""

MANAGER_PROBLEMS = {
    "nobody": _("nobody is in charge"),
    "left": _("the manager in charge has left"),
    "unknown": _("the managers' table does not know who is in charge"),
    "unfit": _("the manager in charge does not serve its region and channel"),
}
"""Why an account needs another manager → the words."""


@dataclass(frozen=True)
class Records:
    """One row per account known, and what the list needs beside it.

    Parameters
    ----------
    frame : DataFrame
        The snapshot, and: value (yearly), chance, signal, chance_back, contract_value, lapse,
        manager_problem, overdue_complaints, complaint_age, headroom, loss_cause, override_until.
    managers : DataFrame or None
        manager_id, region, channel, role, in_role, capacity_hours.
    conflicts : DataFrame
        account_id, conflict (a code of `CONFLICTS`), detail.
    lapse : tuple or None
        Contracts that ended, and of these not followed by another within the renewal days.
    value_is_profit : bool
        False where orders carry no cost: value is revenue then.
    """

    as_of: pd.Timestamp
    frame: pd.DataFrame
    managers: pd.DataFrame | None
    conflicts: pd.DataFrame
    risk: Risk
    lapse: tuple[int, int] | None
    value_is_profit: bool
    losses: pd.DataFrame
    """account_id, churn_date, return_date … of every loss known on the day"""
    absent: tuple[str, ...]
    """Tables that the data do not have and the list would use"""
    actions: pd.DataFrame | None = None
    """What was proposed before and became of it, as known on the day; None without the table"""
    advice: pd.DataFrame | None = None
    """What other studies advise, as `gather_advice` gives it"""


USED = ("churn_events", "contracts", "service_events", "managers", "assignments", "overrides")
USED += ("actions",)


def gather_records(
    tables: Tables, as_of: str, assumptions: Assumptions, history: History | None = None
) -> Records:
    """What is known of each account on the day, from every table that the data have."""
    day = pd.Timestamp(as_of)
    history = history or read_history(tables, as_of)
    risk = assess(history, assumptions.horizon_days)
    frame = account_snapshot(tables, as_of)
    frame["chance"] = frame["account_id"].map(risk.chance)
    frame["signal"] = frame["account_id"].map(risk.shown)
    here = frame["standing"].isin(PRESENT)
    frame["chance"] = frame["chance"].where(here)
    is_profit = bool(frame["profit_12m"].notna().any())
    _add_value(frame, history, is_profit)
    _add_return(frame, history, assumptions)
    lapse = _add_contracts(frame, history, assumptions)
    managers = _read_managers(tables, day)
    _add_manager(frame, history, managers)
    _add_complaints(frame, history, assumptions)
    _add_headroom(frame, history)
    _add_overrides(frame, tables, day, assumptions)
    return Records(
        day,
        frame,
        managers,
        _find_conflicts(frame, tables, history),
        risk,
        lapse,
        is_profit,
        history.losses.frame if tables.has("churn_events") else history.losses.frame.head(0),
        tuple(name for name in USED if not tables.has(name)),
        read_actions(tables, day) if tables.has("actions") else None,
    )


def tiers_before(tables: Tables, as_of: str) -> pd.Series:
    """Tier of each account a year before the day, by the house's rule card: what the lost held."""
    day = pd.Timestamp(as_of) - pd.DateOffset(years=1)
    before = keep_present(account_snapshot(tables, day))
    if before.empty:
        return pd.Series(dtype=object)
    card = load_card()
    score, _coverage = score_accounts(criterion_values(before, card), card)
    return pd.Series(tier_of(score, card), index=before["account_id"])


def _look_up(frame: pd.DataFrame, by_account: pd.Series) -> np.ndarray:
    return by_account.reindex(frame["account_id"]).to_numpy()


def _add_value(frame: pd.DataFrame, history: History, is_profit: bool) -> None:
    """Yearly value: of the last twelve months, of a lost account those before it left."""
    revenue = frame["revenue_12m"].fillna(0.0).clip(lower=0)
    lost = frame["standing"] == "lost"
    wide = history.revenue
    if lost.any() and len(wide):
        part = wide.reindex(frame.loc[lost, "account_id"])
        left = frame.loc[lost, "churn_date"].to_numpy("datetime64[M]")
        months = wide.columns.to_numpy("datetime64[M]")
        age = (left[:, None] - months[None, :]).astype(int)
        inside = (age >= 0) & (age < 12)
        before = np.nansum(np.where(inside, part.to_numpy(float), 0.0), axis=1)
        revenue = revenue.mask(lost)
        revenue.loc[lost] = before.clip(0)
    frame["revenue_at_stake"] = revenue
    if not is_profit:
        frame["margin"] = 1.0
        frame["value"] = revenue
        return
    total, profit = frame["revenue_total"].clip(lower=0), frame["profit_total"]
    known = profit.notna() & (total > 0)
    usual = float(profit[known].sum() / total[known].sum()) if known.any() else 1.0
    frame["margin"] = (profit / total.where(total > 0)).fillna(usual).clip(0, 1)
    own = frame["profit_12m"].where(~lost)
    frame["value"] = own.fillna(revenue * frame["margin"]).clip(lower=0)


def _add_return(frame: pd.DataFrame, history: History, assumptions: Assumptions) -> None:
    lost = frame["standing"] == "lost"
    frame["chance_back"] = np.nan
    if not lost.any():
        return
    known = measure_returning(history.losses, assumptions.horizon_days)
    away = (history.as_of - frame.loc[lost, "churn_date"]).dt.days
    frame.loc[lost, "days_away"] = away
    frame.loc[lost, "chance_back"] = known.chance(frame.loc[lost, "churn_cause"], away)


def _add_contracts(
    frame: pd.DataFrame, history: History, assumptions: Assumptions
) -> tuple[int, int] | None:
    """Contracts that end soon, or ended lately without another; and how many lapse here."""
    frame["contract_ends"], frame["contract_value"] = pd.NaT, np.nan
    if history.contracts is None:
        return None
    day, window = history.as_of, pd.Timedelta(days=assumptions.renewal_days)
    sound = history.contracts[history.contracts["end_date"] >= history.contracts["start_date"]]
    order = sound.sort_values(["account_id", "end_date", "start_date"], kind="stable")
    after = order.groupby("account_id")["start_date"].shift(-1)
    ended = order["end_date"] + window <= day
    lapsed = ended & ~(after <= order["end_date"] + window)
    last = order.drop_duplicates("account_id", keep="last")
    soon = last[(last["end_date"] >= day - window) & (last["end_date"] <= day + window)]
    soon = soon.set_index("account_id")
    frame["contract_ends"] = _look_up(frame, soon["end_date"])
    frame["contract_value"] = _look_up(frame, soon["annual_value"])
    return int(ended.sum()), int(lapsed.sum())


def _read_managers(tables: Tables, day: pd.Timestamp) -> pd.DataFrame | None:
    if not tables.has("managers"):
        return None
    team = tables.frame("managers")
    begun = ~(team["start_date"] > day)
    return team.assign(in_role=begun & ~(team["end_date"] < day))


def _add_manager(frame: pd.DataFrame, history: History, managers: pd.DataFrame | None) -> None:
    """Whether the manager in charge is there and serves the account's region and channel."""
    frame["manager_problem"] = None
    if history.spells is None:
        return
    here = frame["standing"].isin(PRESENT)
    holder = frame["manager_id"]
    problem = pd.Series(None, index=frame.index, dtype=object).mask(holder.isna(), "nobody")
    if managers is not None and len(managers):
        place = pd.Index(managers["manager_id"]).get_indexer(holder.fillna(""))
        in_role = managers["in_role"].to_numpy(bool)
        serving = find_serving(frame, managers)
        fits = serving.fits[serving.place, place.clip(0)]
        held = holder.notna().to_numpy()
        problem = problem.mask(held & (place < 0), "unknown")
        problem = problem.mask(held & (place >= 0) & ~in_role[place.clip(0)], "left")
        problem = problem.mask(held & (place >= 0) & in_role[place.clip(0)] & ~fits, "unfit")
    frame["manager_problem"] = problem.where(here)


def _add_complaints(frame: pd.DataFrame, history: History, assumptions: Assumptions) -> None:
    frame["overdue_complaints"], frame["complaint_age"] = 0, np.nan
    if history.service is None:
        return
    day = history.as_of
    cases = history.service[history.service["kind"] == "complaint"]
    age = (day - cases["event_date"]).dt.days
    open_ = cases["resolved_days"].isna() | (cases["resolved_days"] > age)
    # Older than a year, an entry without an end is more likely a gap in the records.
    overdue = cases.assign(age=age)[open_ & (age > assumptions.complaint_days) & (age <= 365)]
    by_account = overdue.groupby("account_id")["age"].agg(["size", "max"])
    counts = by_account["size"].reindex(frame["account_id"]).fillna(0)
    frame["overdue_complaints"] = counts.astype(int).to_numpy()
    frame["complaint_age"] = _look_up(frame, by_account["max"])


def _add_headroom(frame: pd.DataFrame, history: History) -> None:
    """What an account once bought here in twelve months and does not buy now, at most what it is
    judged to buy elsewhere.
    """
    recent = history.revenue.iloc[:, -36:]
    if recent.shape[1] < 12:
        frame["headroom"] = 0.0
        return
    sums = np.nan_to_num(recent.to_numpy(float)).cumsum(axis=1)
    years = sums[:, 11:] - np.column_stack([np.zeros(len(sums)), sums[:, :-12]])
    best = pd.Series(years.max(axis=1), index=recent.index)
    now = frame["revenue_12m"].fillna(0.0)
    room = (frame["account_id"].map(best).fillna(0.0) - now).clip(lower=0)
    elsewhere = (frame["potential_revenue"] - now).clip(lower=0)
    room = np.fmin(room, elsewhere)
    frame["headroom"] = room.where(room > 0.1 * now, 0.0)


def _add_overrides(
    frame: pd.DataFrame, tables: Tables, day: pd.Timestamp, assumptions: Assumptions
) -> None:
    frame["override_until"] = pd.NaT
    if not tables.has("overrides"):
        return
    log = tables.frame("overrides")
    last = log[log["date"] <= day].sort_values("date").drop_duplicates("account_id", keep="last")
    soon = (last["until"] >= day) & (
        last["until"] <= day + pd.Timedelta(days=assumptions.override_days)
    )
    frame["override_until"] = _look_up(frame, last[soon].set_index("account_id")["until"])


def _find_conflicts(frame: pd.DataFrame, tables: Tables, history: History) -> pd.DataFrame:
    day, rows = history.as_of, []
    lost = frame[frame["standing"] == "lost"]
    late = lost[lost["last_order_date"] > lost["churn_date"]]
    rows += [
        (
            row.account_id,
            "lost_but_orders",
            f"{row.churn_date:%Y-%m-%d} < {row.last_order_date:%Y-%m-%d}",
        )
        for row in late.itertuples()
    ]
    running = lost[lost["contract_end_date"].notna()]
    rows += [
        (row.account_id, "lost_but_contract", f"{row.contract_end_date:%Y-%m-%d}")
        for row in running.itertuples()
    ]
    if history.contracts is not None:
        bad = history.contracts[history.contracts["end_date"] < history.contracts["start_date"]]
        rows += [
            (row.account_id, "contract_backwards", row.contract_id) for row in bad.itertuples()
        ]
    if history.spells is not None:
        spells = history.spells
        now = spells[spells["to"].isna() | (spells["to"] >= day)]
        pairs = now[["account_id", "manager_id"]].drop_duplicates()
        several = pairs[pairs.duplicated("account_id", keep=False)].groupby("account_id")
        rows += [
            (account, "two_managers", " ".join(sorted(names)))
            for account, names in several["manager_id"]
        ]
        for code, name in (("left", "manager_left"), ("unknown", "manager_unknown")):
            part = frame[frame["manager_problem"] == code]
            rows += [(row.account_id, name, row.manager_id) for row in part.itertuples()]
    rows += _other_regions(frame, tables, day)
    known = set(frame["account_id"])
    rows = [row for row in rows if row[0] in known]
    found = pd.DataFrame(rows, columns=["account_id", "conflict", "detail"])
    return found.sort_values(["account_id", "conflict"], kind="stable", ignore_index=True)


def _other_regions(frame: pd.DataFrame, tables: Tables, day: pd.Timestamp) -> list[tuple]:
    if not tables.has("departments") or frame["region"].isna().all():
        return []
    told = tables.frame("departments")
    told = told[~(told["updated"] > day) & told["account_id"].notna() & told["region"].notna()]
    told = told.sort_values("updated", kind="stable").drop_duplicates(
        ["account_id", "department"], keep="last"
    )
    own = told["account_id"].map(frame.set_index("account_id")["region"])
    apart = told[own.notna() & (told["region"] != own)]
    return [
        (row.account_id, "two_regions", f"{row.department}: {row.region}")
        for row in apart.drop_duplicates("account_id").itertuples()
    ]
