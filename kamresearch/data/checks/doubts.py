"""What was read is doubted: each doubt is a question, with the mapping line that answers it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from kamresearch.data.checks.result import Issue
from kamresearch.data.checks.words import CHECKS
from kamresearch.data.counting import count_rows, fetch_counts
from kamresearch.data.tidying import TOTALS

if TYPE_CHECKING:
    from kamresearch.data.checks.ledger import Ledger
    from kamresearch.data.tables import Tables

ORDER_SPANS = 180
"""Days: one order's lines rarely lie further apart."""
FEWEST_ORDERS, REPEATED = 5, 0.95
"""Orders of several lines, and the share of them whose lines bear one amount, from which that may
be the order's.
"""
FAR_END = "2090-01-01"
PLACEHOLDERS = (
    *("0", "00", "000", "0000", "x", "xx", "xxx", "?", "??", "???", ".", "*"),
    *("customer", "customer name", "customer id", "client", "account", "account name", "name"),
    *("walk-in", "walk-in customer", "cash sale", "cash sales", "cash customer", "various"),
    *("one-time customer", "one time customer", "others", "misc", "barverkauf", "laufkunde"),
    *("diverse", "client de passage", "ventas mostrador", "散客", "零散客户", "一次性客户", "其他"),
    *("test", "unknown", "unassigned", "not assigned", "dummy", "kunde", "kundenname", "unbekannt"),
    *(
        "client inconnu",
        "cliente",
        "desconocido",
        "клиент",
        "客户",
        "客户名称",
        "客戶",
        "未知",
        "测试",
    ),
)
"""What stands where nobody named the account, in small letters."""
_NARROW = "".join(map(chr, range(0x21, 0x7F)))
_WIDE = "".join(chr(ord(sign) + 0xFEE0) for sign in _NARROW)
_POWER = r"^[0-9]([.,][0-9]+)?[eE]\+?[0-9]+$"


def find_doubts(tables: "Tables", ledger: "Ledger", n_orders: int) -> list[Issue]:
    """Doubts about opened tables; those that the mapping answers (``sure``) are notes."""
    issues = _notes(tables) + _odd_accounts(tables.accounts, ledger)
    issues += _open_ends(tables) + _orders_of_many(tables, n_orders)
    return [
        Issue(
            one.check,
            one.table,
            one.column,
            "info" if one.check in tables.sure else one.severity,
            one.count,
            one.n,
            one.share_of_revenue,
            one.first_offenders,
        )
        for one in issues
    ]


def _doubt(check: str, table: str, column: str, count: int, n: int, **more: Any) -> Issue:
    return Issue(check, table, column, CHECKS[check].severity, count, n, **more)


def _notes(tables: "Tables") -> list[Issue]:
    return [
        _doubt(code, name, column, count, tables.loaded[name].rows_in, first_offenders=(first,))
        for name in tables.names
        for code, column, count, first in tables.loaded[name].notes
    ]


def _odd_accounts(accounts: ir.Table, ledger: "Ledger") -> list[Issue]:
    """Accounts that are called what no account is called, and keys that a spreadsheet may have
    damaged.
    """
    key = accounts.account_id
    odd = {
        "total_account": (_is_called(accounts, TOTALS), "account_name", 100),
        "no_account": (_is_called(accounts, PLACEHOLDERS), "account_name", 100),
        "damaged_id": (key.re_search(_POWER), "account_id", 1000),
    }
    sums = {check: holds.fill_null(False).ifelse(1, 0).sum() for check, (holds, *_) in odd.items()}
    counts = fetch_counts(accounts.aggregate(n=accounts.count(), **sums))
    issues = []
    for check, (holds, column, most) in odd.items():
        if not counts[check]:
            continue
        frame = accounts.filter(holds).select("account_id", "account_name").limit(most).to_pandas()
        issues.append(
            _doubt(
                check,
                "accounts",
                column,
                len(frame),
                counts["n"],
                share_of_revenue=ledger.share_of(frame["account_id"]),
                first_offenders=tuple(frame[column].astype(str).head(3)),
            )
        )
    return issues + _nought_ids(accounts, counts["n"])


def _is_called(accounts: ir.Table, words: Sequence[str]) -> ir.BooleanValue:
    name, key = (
        accounts[column].cast("string").strip().lower().re_replace(":$", "")
        for column in ("account_name", "account_id")
    )
    return name.isin(words) | key.isin(words)


def _nought_ids(accounts: ir.Table, n: int) -> list[Issue]:
    plain = accounts.account_id.translate(_WIDE, _NARROW)
    bare = accounts.mutate(bare=plain.re_replace("^0+([0-9]+)$", r"\1"))
    twins = bare.group_by("bare").agg(n=bare.count(), first=bare.account_id.min())
    frame = twins.filter(twins.n > 1).order_by("first").limit(1000).to_pandas()
    if frame.empty:
        return []
    count, first = int(frame["n"].sum()), tuple(frame["first"].head(3))
    return [_doubt("nought_ids", "accounts", "account_id", count, n, first_offenders=first)]


def _open_ends(tables: "Tables") -> list[Issue]:
    if not tables.has("contracts") or "end_date" not in tables.contracts.columns:
        return []
    contracts = tables.contracts
    far = contracts.filter(contracts.end_date.cast("date") > ibis.date(FAR_END))
    count = count_rows(far)
    if not count:
        return []
    first = far.order_by("contract_id").limit(3).to_pandas()["end_date"].astype(str).str[:10]
    n = count_rows(contracts)
    return [_doubt("open_ended", "contracts", "end_date", count, n, first_offenders=tuple(first))]


def _repeated_totals(groups: ir.Table) -> list[Issue]:
    """The amount is the same on every line of an order, and another in the next order: it may be
    the order's total.
    """
    several = groups.filter((groups.lines > 1) & (groups.filled == groups.lines))
    same = several.low == several.high
    told = fetch_counts(
        several.aggregate(
            n=several.count(),
            same=same.ifelse(1, 0).sum(),
            amounts=several.low.nunique(where=same),
            first=several.order_id.min(where=same),
        )
    )
    n, same_n = int(told["n"]), int(told["same"])
    if n < FEWEST_ORDERS or same_n < REPEATED * n or told["amounts"] < REPEATED * same_n / 2:
        return []
    first = (str(told["first"]),)
    return [_doubt("repeated_total", "orders", "revenue", same_n, n, first_offenders=first)]


def _orders_of_many(tables: "Tables", n: int) -> list[Issue]:
    """Order numbers that several accounts share, or that lie too far apart to be one order; asked
    only where numbers repeat at all.
    """
    if not tables.has_order_lines:
        return []
    orders = tables.orders
    groups = orders.group_by("order_id").agg(
        least=orders.account_id.min(),
        most=orders.account_id.max(),
        first=orders.order_date.min(),
        last=orders.order_date.max(),
        lines=orders.count(),
        low=orders.revenue.min(),
        high=orders.revenue.max(),
        filled=orders.revenue.count(),
    )
    wide = groups.mutate(
        many=groups["least"] != groups["most"],
        long=groups["last"].delta(groups["first"], unit="day") > ORDER_SPANS,
    )
    frame = wide.filter(wide.many | wide.long).order_by("order_id").limit(1000).to_pandas()
    issues = _repeated_totals(groups)
    for check, holds in (("order_of_many", frame["many"]), ("order_over_days", frame["long"])):
        if hit := frame.loc[holds.astype(bool), "order_id"].astype(str).tolist():
            first = tuple(hit[:3])
            issues.append(_doubt(check, "orders", "order_id", len(hit), n, first_offenders=first))
    return issues
