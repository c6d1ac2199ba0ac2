"""One slice of the accounts, and everything that references them."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kamresearch.data.contract import TABLES
from kamresearch.data.counting import count_each, count_rows
from kamresearch.data.embedded import name_query
from kamresearch.data.names import normalise_name
from kamresearch.errors import DataError, ParameterError, near_matches

if TYPE_CHECKING:
    from kamresearch.data.tables import Loaded, Tables

NATIONAL_ROLES = ("executive_sponsor", "director", "policy_manager")
"""Roles that serve every account: they belong to each slice, whether or not they hold an
account in it.
"""


def slice_values(tables: "Tables", column: str) -> list[str]:
    """Every value that a column of the accounts has, as text: the slices that it makes.

    Raises
    ------
    DataError
        The accounts have no such column.
    """
    accounts = tables.accounts
    if column not in accounts.columns:
        raise DataError(
            f"--each {column}",
            "a column of accounts",
            "no such column",
            near_matches(column, accounts.columns),
        )
    values = accounts.select(column).distinct().execute()[column].dropna()
    return sorted({str(value) for value in values if str(value) != ""})


def slice_sizes(tables: "Tables", column: str) -> dict[str, int]:
    """Accounts of each value that a column of the accounts has; under "" those without one."""
    table = tables.accounts
    counted = table.group_by(value=table[column].cast("string").fill_null("")).agg(n=table.count())
    return {str(value): int(n) for value, n in counted.to_pandas().itertuples(index=False)}


def refuse_small(tables: "Tables", part: "Tables", least: int) -> None:
    """Refuse a slice that could be told apart: it, or all accounts without it, are too few.

    Raises
    ------
    ParameterError
        Fewer than ``least`` accounts on one side.
    """
    whole, inside = (count_rows(one.accounts) for one in (tables, part))
    if min(inside, whole - inside or least) < least:
        raise ParameterError(
            f"--where {part.slice}",
            f"at least {least} accounts in it, and outside it",
            "fewer",
            "choose a larger slice, or a smaller --suppress-small",
        )


def _parts(condition: str) -> list[str]:
    return [part.replace(r"\;", ";") for part in re.split(r"(?<!\\);", condition) if part.strip()]


def slice_tables(tables: "Tables", condition: str) -> "Tables":
    r"""Tables of the accounts for which ``column=value`` holds (values compared as texts; several
    by ``;``).

    A semicolon that belongs to a value is written ``\;``. Of the managers stay those who were ever
    assigned to one of the
    accounts (the day is not known here, and an earlier one may be asked for) and those in
    `NATIONAL_ROLES`; of the decisions
    about pairs those whose both ends are accounts or records of the slice. A department's record
    that knows no account
    belongs to no slice. What an account's own row says of it stays, the number of its parent
    included.

    Raises
    ------
    ParameterError
        The condition has another form, names no column of the accounts, or holds for no account.
    """
    accounts = tables.accounts
    for part in _parts(condition):
        accounts = accounts.filter(_meets(accounts, part, condition))
    n_accounts = count_rows(accounts)
    if n_accounts == 0:
        raise ParameterError(
            f"where={condition!r}",
            "a value that some account has",
            "none with it",
            _values(tables, condition),
        )
    accounts = _named(tables, accounts)
    own = {
        name: accounts if name == "accounts" else _of(one.used, name, accounts)
        for name, one in tables.loaded.items()
    }
    if "managers" in own:
        own["managers"] = _managers_of(own)
    if "pairs" in own:
        own["pairs"] = _pairs_of(own, tables)
    cut = {
        name: _named(tables, own[name])
        for name, one in tables.loaded.items()
        if own[name] is not one.used
    }
    own, counts, loaded = own | cut, count_each(cut), {}
    for name, one in tables.loaded.items():
        rows = counts.get(name, one.rows_used)
        loaded[name] = replace(one, used=own[name], rows_in=rows, rows_used=rows, aside=None)
    if "assignments" in own:
        spells = _spells_elsewhere(tables.loaded["assignments"], own)
        loaded["assignments"] = replace(loaded["assignments"], elsewhere=spells)
    return replace(tables, loaded=loaded, slice=condition)


def _named(tables: "Tables", table: ir.Table) -> ir.Table:
    """A part of a table under a name of its own: every question asked of a slice would else be
    written out with all that cuts it.
    """
    if tables.engine is None or tables.engine.name != "duckdb":
        return table
    return name_query(tables.engine, ibis.util.gen_name("slice"), table)


def _meets(accounts: ir.Table, part: str, condition: str) -> ir.BooleanValue:
    column, sign, value = part.partition("=")
    if not sign:
        raise ParameterError(
            f"where={condition!r}",
            "the form column=value",
            repr(part),
            "write for example region=East",
        )
    name = column.strip()
    if name not in accounts.columns:
        raise ParameterError(
            f"where={condition!r}",
            "a column of accounts",
            repr(name),
            near_matches(name, accounts.columns),
        )
    return accounts[name].cast("string") == value.strip()


def _values(tables: "Tables", condition: str) -> str:
    name, _, value = _parts(condition)[0].partition("=")
    column = tables.accounts[name.strip()].cast("string").name("value")
    frame = tables.accounts.select(column).distinct().order_by("value").limit(200).to_pandas()
    return near_matches(value.strip(), frame["value"].dropna())


def _of(used: ir.Table, name: str, accounts: ir.Table) -> ir.Table:
    """The rows of a table that belong to the accounts; tables that reference none stay whole."""
    if not any(target == "accounts" for _column, target in TABLES[name].references):
        return used
    return (
        used.filter(used.account_id.isin(accounts.account_id))
        if "account_id" in used.columns
        else used.limit(0)
    )


def _managers_of(own: dict[str, ir.Table]) -> ir.Table:
    managers = own["managers"]
    kept = []
    if "assignments" in own:
        kept.append(managers.manager_id.isin(own["assignments"].manager_id))
    if "role" in managers.columns:
        kept.append(managers.role.isin(NATIONAL_ROLES))
    return managers.filter(kept[0] | kept[-1]) if kept else managers.limit(0)


def _spells_elsewhere(whole: "Loaded", own: dict[str, ir.Table]) -> ir.Table:
    """Spells of the slice's managers with accounts outside it: when, not with whom."""
    columns = [name for name in ("manager_id", "from", "to") if name in whole.used.columns]
    outside = whole.used.anti_join(own["accounts"], "account_id").select(columns)
    outside = outside if whole.elsewhere is None else outside.union(whole.elsewhere)
    return outside.filter(outside.manager_id.isin(own["assignments"].manager_id))


def _pairs_of(own: dict[str, ir.Table], tables: "Tables") -> ir.Table:
    pairs = own["pairs"]
    written = pairs.select("left", "right").to_pandas()
    ends = {str(end) for end in (*written["left"].dropna(), *written["right"].dropna())}
    known = sorted(_ends_inside(ends, own, tables))
    return (
        pairs.filter(pairs.left.isin(known) & pairs.right.isin(known)) if known else pairs.limit(0)
    )


def _ends_inside(ends: set[str], own: dict[str, ir.Table], tables: "Tables") -> set[str]:
    """Ends of decisions that are an account, a record, or the name of one, of the slice."""
    accounts = own["accounts"]
    found = (
        set(accounts.filter(accounts.account_id.isin(sorted(ends))).account_id.to_pandas())
        if ends
        else set()
    )
    if "departments" in own:
        records, every = (
            _records(table, ends) for table in (own["departments"], tables.departments)
        )
        # A bare number that a department keeps for an account elsewhere may be meant for that one.
        found |= {f"{one}/{number}" for one, number in records} | (
            {number for _, number in records} - {number for _, number in every - records}
        )
    named = ends - found
    if named:
        bearers = [own[name].account_name for name in ("accounts", "departments") if name in own]
        names = {
            normalise_name(str(name))
            for column in bearers
            for name in column.to_pandas().dropna().unique()
        }
        found |= {end for end in named if normalise_name(end) in names - {""}}
    return found & ends


def _records(departments: ir.Table, ends: set[str]) -> set[tuple[str, str]]:
    """Department and record number of the records that the ends may mean."""
    numbers = sorted(ends | {end.partition("/")[2] for end in ends})
    rows = departments.filter(departments.record_id.isin(numbers)).select("department", "record_id")
    return set(rows.to_pandas().astype("str").itertuples(index=False, name=None))
