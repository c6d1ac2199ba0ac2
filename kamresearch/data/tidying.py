"""Lines of an export that are no records: the head again, totals; and cells that Excel was made to
keep as texts (``="00123"``, ``'00123``).
"""

from collections.abc import Callable
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from kamresearch.data.casting import is_text
from kamresearch.data.counting import count_rows, fetch_counts
from kamresearch.data.files import Raw
from kamresearch.data.quarantine import ROW

TOTALS = (
    *("total", "totals", "grand total", "grand totals", "subtotal", "sub total", "sub-total"),
    *(
        "opening balance",
        "closing balance",
        "balance brought forward",
        "saldovortrag",
        "solde initial",
        "saldo inicial",
        "期初余额",
        "期末余额",
        "上年结转",
        "report total",
        "overall total",
        "sum",
        "合计",
        "合計",
        "总计",
        "總計",
        "小计",
        "小計",
        "累计",
    ),
    *("итого", "всего", "итог", "summe", "gesamt", "gesamtsumme", "zwischensumme", "total général"),
    *("total general", "sous-total", "totale", "totaal", "eindtotaal", "suma", "razem", "celkem"),
    *("összesen", "toplam", "genel toplam", "합계", "총계", "소계", "total geral", "totalt"),
)
"""What a total line calls itself, in small letters."""
_TOTAL_OF = r"^(total|subtotal|sub-total|sum) (for|of) .+|.+ (total|subtotal)$"
_KEPT_AS_TEXT = """^(?:="([^"]*)"|'([0-9]+))$"""
"""``="00123"`` and ``'00123``, by which figures are made to stay texts in Excel."""
_USUALLY = 0.7
"""A record fills the columns that at least this share of the rows fill; a total line does not."""


def is_total(cell: ir.StringValue) -> ir.BooleanValue:
    """Whether a text is what total lines call themselves."""
    return cell.strip().lower().re_replace(":$", "").isin(TOTALS)


def tidy(raw: Raw, keep: Callable[[str, ir.Table], ir.Table]) -> Raw:
    """A raw table whose lines are records, those that are none kept apart with their reason.

    One query tells whether there is anything to do; a tidy table stays as it is. ``keep`` holds
    rows on the engine, since every later query would else look for totals again.
    """
    table = raw.table
    texts = [name for name in table.columns if name != ROW and is_text(table[name])]
    if ROW not in table.columns or not texts:
        return raw
    head = _all([table[name].fill_null("").strip() == name for name in texts])
    named = _any([is_total(table[name]) | _of_one(table[name]) for name in texts])
    wrapped = {name: table[name].re_search(_KEPT_AS_TEXT) for name in texts}
    counts = {f"filled {at}": _count(table[name] != "") for at, name in enumerate(texts)}
    counts |= {f"wrapped {at}": _count(wrapped[name]) for at, name in enumerate(texts)}
    found = fetch_counts(
        table.aggregate(n=table.count(), head=_count(head), total=_count(named), **counts)
    )
    cleaned = [
        table[name].re_replace(_KEPT_AS_TEXT, r"\1\2").name(name)
        for at, name in enumerate(texts)
        if found[f"wrapped {at}"]
    ]
    aside = []
    if found["head"] and len(texts) > 1:
        aside.append(("head_again", head))
    usual = [
        name for at, name in enumerate(texts) if found[f"filled {at}"] >= _USUALLY * found["n"]
    ]
    if found["total"] and usual:
        gaps = _any([table[name].fill_null("").strip() == "" for name in usual])
        aside.append(("total", named & gaps))
    if cleaned and not aside:
        return replace(raw, table=keep("tidy", table.mutate(cleaned)))
    if not aside:
        return raw
    code = ibis.cases(*((holds, name) for name, holds in aside), else_=ibis.null("string"))
    marked = keep("marked", table.mutate([*cleaned, code.name("__code__")]))
    table = marked
    lines = marked.filter(marked["__code__"].notnull()).select(
        ROW,
        __value__=ibis.literal(" | ").join([table[name].fill_null("") for name in texts])[0:200],
        __code__="__code__",
    )
    more = lines if raw.broken is None else _coded(raw.broken).union(lines)
    n = count_rows(lines)
    kept = marked.filter(marked["__code__"].isnull()).drop("__code__")
    return replace(raw, table=kept, broken=more, n_broken=raw.n_broken + n) if n else raw


def _coded(broken: ir.Table) -> ir.Table:
    if "__code__" in broken.columns:
        return broken
    return broken.mutate(__code__=ibis.literal("broken", "string")).select(
        ROW, "__value__", "__code__"
    )


def _of_one(cell: ir.StringValue) -> ir.BooleanValue:
    return cell.strip().lower().re_search(_TOTAL_OF)


def _count(holds: ir.BooleanValue) -> ir.IntegerScalar:
    return holds.fill_null(False).ifelse(1, 0).sum()


def _all(conditions: list[ir.BooleanValue]) -> ir.BooleanValue:
    whole = conditions[0]
    for condition in conditions[1:]:
        whole = whole & condition
    return whole


def _any(conditions: list[ir.BooleanValue]) -> ir.BooleanValue:
    whole = conditions[0].fill_null(False)
    for condition in conditions[1:]:
        whole = whole | condition.fill_null(False)
    return whole
