"""One slice of the accounts, and everything that references them."""

import re
from dataclasses import replace

import ibis.expr.types as ir

from kamresearch.data.contract import TABLES
from kamresearch.errors import ParameterError, near_matches


def write_condition(column: str, value: str) -> str:
    r"""The condition that a column has a value, as `slice_tables` reads it.

    >>> write_condition("region", "East; coast")
    'region=East\\; coast'
    """
    escaped = value.replace(";", r"\;")
    return f"{column}={escaped}"


def _parts(condition: str) -> list[str]:
    return [part.replace(r"\;", ";") for part in re.split(r"(?<!\\);", condition) if part.strip()]


def slice_tables(tables: object, condition: str) -> object:
    r"""Tables of the accounts for which ``column=value`` holds (values compared as texts; several by ``;``).

    A semicolon that belongs to a value is written ``\;``.

    Raises
    ------
    ParameterError
        The condition has another form, names no column of the accounts, or holds for no account.
    """
    accounts = tables.accounts
    for part in _parts(condition):
        accounts = accounts.filter(_meets(accounts, part, condition))
    n_accounts = int(accounts.count().to_pandas())
    if n_accounts == 0:
        raise ParameterError(
            f"where={condition!r}", "a value that some account has", "none with it", _values(tables, condition)
        )
    loaded = {}
    for name, one in tables.loaded.items():
        used = accounts if name == "accounts" else _of(one.used, name, accounts)
        rows = one.rows_used if used is one.used else int(used.count().to_pandas())
        loaded[name] = replace(one, used=used, rows_in=rows, rows_used=rows, aside=None)
    return replace(tables, loaded=loaded, slice=condition)


def _meets(accounts: ir.Table, part: str, condition: str) -> ir.BooleanValue:
    column, sign, value = part.partition("=")
    if not sign:
        raise ParameterError(
            f"where={condition!r}", "the form column=value", repr(part), "write for example region=East"
        )
    name = column.strip()
    if name not in accounts.columns:
        raise ParameterError(
            f"where={condition!r}", "a column of accounts", repr(name), near_matches(name, accounts.columns)
        )
    return accounts[name].cast("string") == value.strip()


def _values(tables: object, condition: str) -> str:
    name, _, value = _parts(condition)[0].partition("=")
    column = tables.accounts[name.strip()].cast("string").name("value")
    frame = tables.accounts.select(column).distinct().order_by("value").limit(200).to_pandas()
    return near_matches(value.strip(), frame["value"].dropna())


def _of(used: ir.Table, name: str, accounts: ir.Table) -> ir.Table:
    """The rows of a table that belong to the accounts; tables that reference none stay whole."""
    spec = TABLES[name]
    if not any(target == "accounts" and column in used.columns for column, target in spec.references):
        return used
    return used.filter(used.account_id.isin(accounts.account_id))
