"""What the other tables hold of an account, for its page: its deals, its plan, what was done for
it, who looks after it and whom we know there.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from kamresearch.analysis.decisions.assumptions import KINDS
from kamresearch.analysis.decisions.following import read_actions
from kamresearch.analysis.organisation.coverage import FUNCTIONS
from kamresearch.data.actionsheet import DECISIONS
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Part, make_table
from kamresearch.language import Text
from kamresearch.language import message as _

SHOWN = 6
"""Rows of each that an account's page shows: it is one sheet."""
STATES = {
    "open": _("still open"),
    "won": _("deal won"),
    "lost": _("deal lost"),
    "withdrawn": _("withdrawn"),
    "done": _("done"),
    "overdue": _("overdue"),
    "dropped": _("given up"),
    "vacant": _("vacant"),
}
"""How a deal, an objective or a seat stands → its words."""


def describe_dealings(
    tables: Tables, day: pd.Timestamp, accounts: Collection[str]
) -> tuple[Part, ...]:
    """What has been agreed, offered and done, and by whom?

    The optional tables ``opportunities``, ``plans``, ``actions``, ``coverage`` and ``contacts`` as
    they were known on a day → a part of some accounts' pages for each that the data have, of which
    a page shows `SHOWN` rows: what is open comes first, then the newest; of the team its core.
    A decision after the day is not seen; ``coverage`` and the objectives of ``plans`` bear no day
    and are taken as they are.
    """
    made = {
        "opportunities": _deals,
        "plans": _objectives,
        "actions": _actions,
        "coverage": _team,
        "contacts": _people,
    }
    return tuple(make(tables, day, accounts) for name, make in made.items() if tables.has(name))


def _part(name: str, title: Text, frame: pd.DataFrame, *columns: Column | str) -> Part:
    table = make_table(f"accounts.{name}", title, frame, "account_id", *columns)
    return Part(title, table=table, most=SHOWN)


def _of(frame: pd.DataFrame, accounts: Collection[str]) -> pd.DataFrame:
    return frame[frame["account_id"].isin(list(accounts))]


def _first(frame: pd.DataFrame, state: str, order: Mapping[str, bool]) -> pd.DataFrame:
    """Rows in order, those in a state before the others."""
    frame = frame.assign(others=frame["state"] != state)
    by = {"account_id": True, "others": True, **order}
    return frame.sort_values(list(by), ascending=list(by.values()), kind="stable")


def _deals(tables: Tables, day: pd.Timestamp, accounts: Collection[str]) -> Part:
    frame = _of(tables.frame("opportunities"), accounts)
    frame = frame[~(frame["opened"] > day)]
    decided = frame["closed"] <= day
    frame = frame.assign(
        state=frame["outcome"].where(decided | frame["closed"].isna(), "open"),
        closed=frame["closed"].where(decided),
        stage=frame["stage"].mask(frame["closed"] > day),
    )
    order = {"closed": False, "opened": False, "opportunity_id": True}
    return _part(
        "deals",
        _("Which deals are there?"),
        _first(frame, "open", order),
        Column("opened", _("Opened"), "date"),
        Column("state", _("Status"), terms=STATES),
        Column("amount", _("Amount"), "money"),
        "manager_id",
        Column("rival", _("Rival")),
    )


def _objectives(tables: Tables, day: pd.Timestamp, accounts: Collection[str]) -> Part:
    frame = _of(tables.frame("plans"), accounts)
    state = frame["state"].fillna("open")
    late = (state == "open") & (frame["due"] < day)
    frame = frame.assign(state=state.mask(late, "overdue"))
    return _part(
        "plan",
        _("What is planned with it?"),
        _first(frame, "overdue", {"due": False, "objective": True}),
        Column("objective", _("Objective")),
        Column("owner", _("Owner")),
        Column("due", _("Due"), "date"),
        Column("state", _("Status"), terms=STATES),
    )


def _actions(tables: Tables, day: pd.Timestamp, accounts: Collection[str]) -> Part:
    frame = _of(read_actions(tables, day), accounts)
    order = ["account_id", "proposed_on", "kind"]
    return _part(
        "actions",
        _("What was proposed before, and what came of it?"),
        frame.sort_values(order, ascending=[True, False, True], kind="stable"),
        Column("proposed_on", _("Proposed on"), "date"),
        Column("kind", _("What to do"), terms=KINDS),
        Column("owner", _("Owner")),
        Column("decided", _("What was decided"), terms=DECISIONS),
        Column("done_on", _("Done on"), "date"),
        Column("outcome", _("What came of it")),
    )


def _team(
    tables: Tables,
    day: pd.Timestamp,  # noqa: ARG001  (the table bears no day)
    accounts: Collection[str],
) -> Part:
    frame = _of(tables.frame("coverage"), accounts)
    frame = frame.assign(
        person_id=frame["person_id"].fillna("vacant"),
        layer=frame["layer"].map({"core": 0, "support": 1, "periphery": 2}),
    )
    return _part(
        "team",
        _("Who looks after it?"),
        frame.sort_values(["account_id", "layer", "function", "role"], kind="stable"),
        Column("function", _("Function"), terms=FUNCTIONS),
        Column("role", _("Role")),
        Column("person_id", _("Who"), terms={"vacant": STATES["vacant"]}),
    )


def _people(tables: Tables, day: pd.Timestamp, accounts: Collection[str]) -> Part:
    frame = _of(tables.frame("contacts"), accounts)
    frame = frame.assign(last_met=frame["last_met"].where(frame["last_met"] <= day))
    order = ["account_id", "influence", "contact_id"]
    return _part(
        "people",
        _("Whom do we know there?"),
        frame.sort_values(order, ascending=[True, False, True], kind="stable"),
        Column("role", _("Role")),
        Column("function", _("Function")),
        Column("influence", _("Influence (1 to 5)"), "count"),
        Column("stance", _("Stance to us (−2 to 2)"), "count"),
        Column("last_met", _("Last met"), "date"),
    )
