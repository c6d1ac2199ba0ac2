"""Who is in charge of each account on a day, and what in the records of it cannot be right."""

from dataclasses import dataclass

import pandas as pd

from kamresearch.data.slicing import NATIONAL_ROLES
from kamresearch.display import Column, Table, make_table
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

EXECUTIVE_ROLES = ("executive", "executive_sponsor", "director")
"""Roles above the managers: an account in such hands depends on a leader in person."""

PROBLEMS = {
    "two_at_once": _("two managers at once"),
    "overlap": _("spells that overlap"),
    "backwards": _("a spell that ends before it starts"),
    "unknown_manager": _("a manager whom the managers' table does not know"),
    "left": _("a manager who has left"),
    "no_accounts": _("a manager without accounts"),
    "nobody": _("an account without a manager"),
}


@dataclass(frozen=True)
class Holdings(Result, frame="accounts"):
    """One row per account that is still with the company, with the manager in charge, and the
    problems found.
    """

    shows = (Shown("organisation.problems", "problems_table"),)
    cautions = False

    as_of: str
    accounts: pd.DataFrame
    """account_id, account_name, region, channel, industry, revenue_12m, manager_id, n_managers
    (at once), is_executive
    """
    managers: pd.DataFrame
    """manager_id, manager_name, region, channel, role, grade, reports_to, capacity_hours (for
    these accounts; NA where unknown), share_here (of the manager's accounts that are among these),
    in_role, n_accounts, revenue
    """
    problems: pd.DataFrame
    """problem, account_id, manager_id, note"""
    caveats: tuple[Text, ...] = ()

    @property
    def revenue(self) -> float:
        """Revenue of the last twelve months of all accounts."""
        return float(self.accounts["revenue_12m"].sum())

    def problems_table(self) -> Table:
        """What the records say that cannot be."""
        return make_table(
            "organisation.problems",
            _("What in the assignments cannot be right"),
            self.problems,
            Column("problem", _("Problem"), terms=PROBLEMS),
            "account_id",
            "manager_id",
            "note",
        )


def find_holdings(
    snapshot: pd.DataFrame,
    managers: pd.DataFrame,
    assignments: pd.DataFrame,
    as_of: str,
    elsewhere: pd.DataFrame | None = None,
) -> Holdings:
    """Who is in charge of which account on the day?

    Parameters
    ----------
    snapshot : DataFrame
        One row per account as `kamresearch.account_snapshot` gives it; accounts that are away are
        left out.
    managers : DataFrame
        The contract's ``managers``; may lack every optional column.
    assignments : DataFrame
        The contract's ``assignments``: spells of managers with accounts, an empty end means that it
        lasts.
    as_of : str
        The day; spells that start later are not seen.
    elsewhere : DataFrame, optional
        Of a slice, its managers' spells with accounts outside it, as `Tables.elsewhere` gives them:
        manager_id, from, to.
        A manager's capacity then counts by the share of the accounts held on the day that lie
        inside, and who holds
        accounts outside alone is no part of the team (`NATIONAL_ROLES` stay).

    Returns
    -------
    Holdings
        Where two spells run at once, the one that began last is in charge (the smaller id on a tie)
        and the problem is
        listed; nobody is guessed for an account without a running spell. Without an account that is
        with the company (a
        report of its own for one that left), the frames are empty and a caveat says so.
    """
    day = pd.Timestamp(as_of)
    accounts = snapshot[~snapshot["is_away"].astype("boolean").fillna(False)].copy()
    spells = _prepare_spells(assignments, day)
    running = _running(spells, day)
    in_charge = running.sort_values(
        ["from", "manager_id"], ascending=[False, True], kind="stable"
    ).drop_duplicates("account_id")
    team, caveats = _prepare_managers(managers, running, day), ()
    if elsewhere is not None:
        team, caveats = _scale_capacity(
            team, running, _running(_prepare_spells(elsewhere, day), day)
        )
    if accounts.empty:
        caveats += (
            _(
                "No account is with the company on {day}: nothing can be said of who holds what.",
                day=Quantity(as_of, "date"),
            ),
        )
    accounts["manager_id"] = accounts["account_id"].map(
        in_charge.set_index("account_id")["manager_id"]
    )
    counts = running.groupby("account_id", observed=True)["manager_id"].nunique()
    accounts["n_managers"] = accounts["account_id"].map(counts).fillna(0).astype(int)
    accounts["revenue_12m"] = (
        pd.to_numeric(accounts["revenue_12m"]).fillna(0.0).astype(float).clip(lower=0.0)
    )
    roles = team.set_index("manager_id")["role"]
    accounts["is_executive"] = accounts["manager_id"].map(roles).isin(EXECUTIVE_ROLES)
    held = accounts.groupby("manager_id", observed=True)["revenue_12m"].agg(["size", "sum"])
    team["n_accounts"] = team["manager_id"].map(held["size"]).fillna(0).astype(int)
    team["revenue"] = team["manager_id"].map(held["sum"]).fillna(0.0).astype(float)
    columns = [
        "account_id",
        "account_name",
        "region",
        "channel",
        "industry",
        "revenue_12m",
        "manager_id",
        "n_managers",
        "is_executive",
    ]
    problems = _find_problems(accounts, team, spells, running, day)
    return Holdings(as_of, accounts[columns].reset_index(drop=True), team, problems, caveats)


def _prepare_spells(assignments: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    spells = assignments[
        [name for name in ("account_id", "manager_id", "from") if name in assignments]
    ].copy()
    spells["to"] = pd.to_datetime(assignments["to"]) if "to" in assignments else pd.NaT
    spells["from"] = pd.to_datetime(spells["from"])
    # What lies after the day is not known on it: a later end is no end yet.
    spells.loc[spells["to"] > day, "to"] = pd.NaT
    return spells[spells["from"] <= day].reset_index(drop=True)


def _running(spells: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    return spells[spells["to"].isna() | (spells["to"] >= day)]


def _prepare_managers(
    managers: pd.DataFrame, running: pd.DataFrame, day: pd.Timestamp
) -> pd.DataFrame:
    """The managers' table with every column, and a row for those whom only the assignments know."""
    team = managers.copy()
    for column in (
        "manager_name",
        "region",
        "channel",
        "role",
        "grade",
        "reports_to",
        "capacity_hours",
        "yearly_cost",
        "start_date",
        "end_date",
    ):
        if column not in team:
            team[column] = None
    strangers = sorted(set(running["manager_id"]) - set(team["manager_id"]))
    if strangers:
        extra = pd.DataFrame({"manager_id": strangers}).reindex(columns=team.columns)
        team = pd.concat([team.astype(object), extra.astype(object)], ignore_index=True)
    for column in ("capacity_hours", "yearly_cost"):
        team[column] = pd.to_numeric(team[column]).astype("Float64")
    start, end = pd.to_datetime(team["start_date"]), pd.to_datetime(team["end_date"])
    team["in_role"] = ~(start > day) & ~(end < day)
    team["known"] = ~team["manager_id"].isin(strangers)
    team["share_here"] = 1.0
    columns = [
        "manager_id",
        "manager_name",
        "region",
        "channel",
        "role",
        "grade",
        "reports_to",
        "capacity_hours",
        "yearly_cost",
        "share_here",
        "in_role",
        "known",
    ]
    return team[columns].sort_values("manager_id", kind="stable").reset_index(drop=True)


def _scale_capacity(
    team: pd.DataFrame, inside: pd.DataFrame, outside: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Text, ...]]:
    """The team of a slice with the hours that its accounts can have, and what that rests on."""
    held, bound = (
        team["manager_id"].map(spells["manager_id"].value_counts()).fillna(0).astype(float)
        for spells in (inside, outside)
    )
    share = (held / (held + bound)).where(bound > 0, 1.0)
    team = team.assign(share_here=share, capacity_hours=team["capacity_hours"] * share)
    kept = team[(share > 0) | team["role"].isin(NATIONAL_ROLES)].reset_index(drop=True)
    caveats: list[Text] = [
        _(
            "This is a part of the accounts: a region's seat counts as filled only by "
            "managers who serve, or served, accounts of this part."
        )
    ]
    divided = int(((share > 0) & (share < 1)).sum())
    if divided:
        caveats.append(
            _(
                "{n} of the {all} managers who hold accounts of this part also hold "
                "others: their hours count by the share of their accounts "
                "that lie inside it, as if each account asked for the same time.",
                n=divided,
                all=int((held > 0).sum()),
            )
        )
    return kept, tuple(caveats)


def _find_problems(
    accounts: pd.DataFrame,
    team: pd.DataFrame,
    spells: pd.DataFrame,
    running: pd.DataFrame,
    day: pd.Timestamp,
) -> pd.DataFrame:
    rows: list[tuple] = []
    here = set(accounts["account_id"])
    several = (
        running[running["account_id"].isin(here)]
        .groupby("account_id", observed=True)["manager_id"]
        .unique()
    )
    rows += [
        ("two_at_once", account, " ".join(sorted(names)), None)
        for account, names in several.items()
        if len(names) > 1
    ]
    backwards = spells[spells["to"] < spells["from"]]
    rows += [
        (
            "backwards",
            row["account_id"],
            row["manager_id"],
            f"{row['from']:%Y-%m-%d} > {row['to']:%Y-%m-%d}",
        )
        for row in backwards.to_dict("records")
    ]
    listed = {row[1] for row in rows if row[0] == "two_at_once"}
    rows += [
        row
        for row in _overlaps(spells[~(spells["to"] < spells["from"])], day)
        if row[1] not in listed
    ]
    serving = set(accounts["manager_id"].dropna())
    rows += [
        ("unknown_manager", None, name, None)
        for name in team.loc[~team["known"], "manager_id"]
        if name in serving
    ]
    rows += [
        ("left", None, row.manager_id, None)
        for row in team[~team["in_role"]].itertuples()
        if row.manager_id in serving
    ]
    idle = team[
        team["in_role"]
        & (team["n_accounts"] == 0)
        & ~team["role"].isin([*EXECUTIVE_ROLES, "policy_manager"])
    ]
    rows += [("no_accounts", None, name, None) for name in idle["manager_id"]]
    rows += [
        ("nobody", account, None, None)
        for account in accounts.loc[accounts["manager_id"].isna(), "account_id"]
    ]
    return pd.DataFrame(rows, columns=["problem", "account_id", "manager_id", "note"])


def _overlaps(spells: pd.DataFrame, day: pd.Timestamp) -> list[tuple]:
    """Spells of one account that share days in the past (a day of handing over is no overlap)."""
    ordered = spells.sort_values(["account_id", "from", "manager_id"], kind="stable")
    end = ordered["to"].fillna(day)
    before_account, before_manager = ordered["account_id"].shift(), ordered["manager_id"].shift()
    latest = end.groupby(ordered["account_id"], observed=True).cummax().shift()
    overlap = (before_account == ordered["account_id"]) & (ordered["from"] < latest)
    return [
        ("overlap", row.account_id, f"{other} {row.manager_id}", None)
        for row, other in zip(ordered[overlap].itertuples(), before_manager[overlap], strict=True)
    ]
