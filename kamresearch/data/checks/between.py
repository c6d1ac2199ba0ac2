"""Checks between tables and between versions: references, accounts and their orders,
departments, lost rows.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

from kamresearch.data.checks.columns import share_of_accounts
from kamresearch.data.checks.ledger import Ledger, find_alike
from kamresearch.data.checks.result import Issue
from kamresearch.data.checks.words import CHECKS
from kamresearch.data.contract import TABLES
from kamresearch.data.counting import count_each, count_rows, fetch_row
from kamresearch.data.pairs import read_pairs

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from kamresearch.data.tables import Tables

THIN_COVERAGE = 0.9
LOST_WARNING, LOST_ERROR = 0.02, 0.5
"""Shares of the last version's rows: beyond the first a loss is warned of, beyond the second
it stops the run.
"""


def _issue(
    check: str,
    table: str,
    column: str,
    count: int,
    n: int,
    share: float | None = None,
    offenders: Iterable = (),
    severity: str | None = None,
) -> Issue:
    shown = tuple(str(one)[:60] for one in offenders)
    return Issue(check, table, column, severity or CHECKS[check].severity, count, n, share, shown)


def check_references(tables: "Tables", ledger: Ledger, n_orders: int) -> list[Issue]:
    """Rows that point to an account, manager or group that is not there."""
    issues = _orders_of_nobody(tables.accounts, ledger, n_orders)
    found = {
        (name, column): lost
        for name, column, target in _references(tables)
        if (lost := _dangling(getattr(tables, name), column, tables, target)) is not None
    }
    for (name, column), n in count_each(found).items():
        if n:
            lost = found[name, column]
            offenders = lost[[column]].distinct().order_by(column).limit(3).execute()[column]
            share = share_of_accounts(lost, True, ledger)
            n_rows = count_rows(getattr(tables, name))
            issues.append(_issue("broken_reference", name, column, n, n_rows, share, offenders))
    return issues


def _references(tables: "Tables") -> Iterator[tuple[str, str, str]]:
    """Table, column, and the table that it points to; the accounts of orders are counted apart."""
    if "parent_id" in tables.accounts.columns:
        yield "accounts", "parent_id", "accounts"
    for name in (name for name in tables.names if name in TABLES):
        for column, target in TABLES[name].references:
            own = (name, column) != ("orders", "account_id")
            if own and tables.has(target) and column in getattr(tables, name).columns:
                yield name, column, target


def _orders_of_nobody(accounts: "ir.Table", ledger: Ledger, n_orders: int) -> list[Issue]:
    """Orders by their accounts: account-sized work, however many orders there are."""
    known = accounts.filter(accounts.account_id.notnull()).select("account_id").distinct()
    buyers = ledger.by_account.filter(ledger.by_account.account_id.notnull())
    lost = buyers.anti_join(known, "account_id")
    found = lost.aggregate(n=lost.n.sum(), revenue=lost.revenue.sum()).execute().iloc[0]
    if not found["n"] or found["n"] != found["n"]:
        return []
    first = lost.select("account_id").order_by("account_id").limit(3).execute()["account_id"]
    share = float(found["revenue"]) / ledger.total if ledger.total else None
    return [
        _issue("broken_reference", "orders", "account_id", int(found["n"]), n_orders, share, first)
    ]


def _dangling(table: "ir.Table", column: str, tables: "Tables", target: str) -> "ir.Table | None":
    """The rows that point to nothing; None where the two columns cannot be compared."""
    goal, key = getattr(tables, target), TABLES[target].key[0]
    if key not in goal.columns or table[column].type() != goal[key].type():
        return None
    known = goal.select(found=goal[key]).distinct()
    filled = table.filter(table[column].notnull())
    return filled.anti_join(known, filled[column] == known.found)


def check_accounts(tables: "Tables", ledger: Ledger, as_of: str | None = None) -> list[Issue]:
    """Accounts against their orders and each other: never ordered, opened late, same name, same tax
    number.

    Accounts that people's decisions (table ``pairs``) call two companies on the day are not asked
    about again.
    """
    accounts = tables.accounts.filter(tables.accounts.account_id.notnull())
    n, issues = _against_orders(accounts, ledger)
    apart = _pairs_apart(tables, as_of)
    if _is_text(accounts, "account_name"):
        issues += _repeated(
            accounts,
            "same_name",
            "account_name",
            accounts.account_name.strip().lower(),
            ledger,
            n,
            apart,
        )
    if _is_text(accounts, "tax_number"):
        # Branches lawfully file under their group's number.
        heads = (
            accounts.filter(accounts.parent_id.isnull())
            if "parent_id" in accounts.columns
            else accounts
        )
        issues += _repeated(
            heads, "shared_tax_number", "tax_number", heads.tax_number.strip(), ledger, n, apart
        )
    return issues


def _is_text(table: "ir.Table", column: str) -> bool:
    return column in table.columns and table[column].type().is_string()


def _against_orders(accounts: "ir.Table", ledger: Ledger) -> tuple[int, list[Issue]]:
    """How many accounts there are, and what their orders say of them."""
    own = [name for name in ("account_id", "onboard_date") if name in accounts.columns]
    accounts = accounts.select(
        own
    )  # a column of the user's own may bear the name of one of the ledger's
    buyers = ledger.by_account.select(
        buyer="account_id", n="n", revenue="revenue", first_date="first_date"
    )
    both = accounts.left_join(buyers, accounts.account_id == buyers.buyer)
    rules = {"accounts_without_orders": ("account_id", both.buyer.isnull())}
    if "onboard_date" in accounts.columns and accounts.onboard_date.type().is_temporal():
        late = both.first_date < both.onboard_date.cast("date")
        rules["order_before_onboarding"] = ("onboard_date", late.fill_null(False))
    sums = {f"hits_{check}": broken.sum() for check, (_, broken) in rules.items()}
    sums |= {
        f"touched_{check}": both.revenue.sum(where=broken) for check, (_, broken) in rules.items()
    }
    found, issues = fetch_row(both.aggregate(n=both.count(), **sums)), []
    for check, (column, broken) in rules.items():
        count, touched = found[f"hits_{check}"], found[f"touched_{check}"]
        if count:
            first = (
                both.filter(broken)
                .select("account_id")
                .order_by("account_id")
                .limit(3)
                .execute()["account_id"]
            )
            share = float(touched or 0.0) / ledger.total if ledger.total else None
            issues.append(
                _issue(check, "accounts", column, int(count), int(found["n"]), share, first)
            )
    return int(found["n"]), issues


def _pairs_apart(tables: "Tables", as_of: str | None) -> set[frozenset[str]]:
    """Pairs of accounts that decisions of the day call two companies."""
    if not tables.has("pairs") or not {"left", "right", "verdict"} <= set(tables.pairs.columns):
        return set()
    pairs = read_pairs(tables.pairs.execute(), as_of)
    holds = (pairs["verdict"] == "not_same") & ~pairs["over"]
    return {
        frozenset(pair)
        for pair in pairs.loc[holds, ["left", "right"]].astype("str").itertuples(index=False)
    }


def _repeated(
    accounts: "ir.Table",
    check: str,
    column: str,
    value: "ir.Value",
    ledger: Ledger,
    n: int,
    apart: set[frozenset[str]],
) -> list[Issue]:
    """Values that several accounts share, but for those that are all told apart from each other."""
    keyed = accounts.select("account_id", value=value).filter(
        lambda t: t.value.notnull() & (t.value != "")
    )
    alike = find_alike(keyed, ["value"])
    if alike is None:
        return []
    shared = alike.group_by("value").agg(copies=alike.count()).filter(lambda t: t.copies > 1)
    rows = (
        alike.semi_join(shared, "value")
        .select("account_id", "value")
        .order_by("account_id")
        .execute()
    )
    near = rows[rows["value"].isin(rows.loc[rows["account_id"].isin(set().union(*apart)), "value"])]
    settled = [
        value
        for value, ids in near.groupby("value")["account_id"]
        if all(frozenset(pair) in apart for pair in combinations(ids, 2))
    ]
    offenders = rows.loc[~rows["value"].isin(settled), "account_id"].reset_index(drop=True)
    if not len(offenders):
        return []
    return [
        _issue(
            check, "accounts", column, len(offenders), n, ledger.share_of(offenders), offenders[:3]
        )
    ]


def check_departments(tables: "Tables", ledger: Ledger) -> list[Issue]:
    """Accounts that a department has no linked record of."""
    if not tables.has("departments") or not {"department", "account_id"} <= set(
        tables.departments.columns
    ):
        return []
    known = tables.accounts.filter(tables.accounts.account_id.notnull())[["account_id"]].distinct()
    n, records, key = count_rows(known), tables.departments, ["department", "account_id"]
    wanted = records.filter(records.department.notnull())[["department"]].distinct()
    lacking = wanted.cross_join(known).anti_join(records[key].distinct(), key).order_by(key)
    issues = []
    for department, rows in lacking.execute().groupby("department", sort=True):
        missing = rows["account_id"]
        if len(missing) > (1 - THIN_COVERAGE) * n:
            issues.append(
                _issue(
                    "department_coverage",
                    "departments",
                    str(department),
                    len(missing),
                    n,
                    ledger.share_of(missing),
                    list(missing.head(3)),
                )
            )
    return issues


def check_loss(rows: Mapping[str, int], previous: Mapping[str, int] | None) -> list[Issue]:
    """Tables with fewer rows than in the last version, and tables that it had and these data
    have not.
    """
    issues = []
    for name, before in sorted((previous or {}).items()):
        lost = before - rows.get(name, 0)
        if before > 0 and lost > LOST_WARNING * before:
            severity = "error" if lost > LOST_ERROR * before else "warning"
            issues.append(_issue("rows_lost", name, "", lost, before, severity=severity))
    return issues
