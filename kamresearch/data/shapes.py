"""Shapes that a mapping turns into records: joined tables, months as columns, grouped reports."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from kamresearch.data.casting import as_id, clean_text, is_text
from kamresearch.data.files import Raw
from kamresearch.data.quarantine import ROW
from kamresearch.errors import DataError

Find = Callable[[ir.Table, object, str], ir.Value]


def fill_down(raw: Raw, names: Sequence[str], find: Find, where: str) -> Raw:
    """Empty cells of columns take the value above them, as a grouped report means them."""
    table = raw.table
    if ROW not in table.columns:
        raise DataError(
            f"{where}, fill_down",
            "rows in the order of a file",
            "a server's table, which has none",
            "fill the column on the server",
        )
    above = ibis.window(order_by=table[ROW], preceding=None, following=0)
    for name in names:
        cell = find(table, name, f"{where}, fill_down")
        own = next(one for one in table.columns if table[one].equals(cell))
        value = clean_text(cell) if is_text(cell) else cell
        known = table.filter(value.notnull()).select(__at__=table[ROW], __value__=table[own])
        place = value.notnull().ifelse(table[ROW], ibis.null("int64")).max().over(above)
        placed = table.mutate(__above__=place)
        filled = placed.left_join(known, placed["__above__"] == known["__at__"])
        table = filled.mutate(filled["__value__"].name(own)).drop(
            "__above__", "__at__", "__value__"
        )
    return replace(raw, table=table)


def unpivot(raw: Raw, rule: dict, where: str) -> Raw:
    """Columns of months (or products) → rows: ``{columns: [Jan 2024, Feb 2024], name: month,
    value: amount}``; ``columns`` may be ``but: [Customer, Region]``, all others.
    """
    table = raw.table
    present = [name for name in table.columns if name != ROW]
    kept = [str(name) for name in rule.get("but") or ()]
    wanted = [str(name) for name in rule.get("columns") or ()] or [
        name for name in present if name not in kept
    ]
    missing = [name for name in (*wanted, *kept) if name not in present]
    if missing or not wanted or (not kept and not rule.get("columns")):
        raise DataError(
            f"{where}, unpivot",
            "columns: or but: with names of columns",
            f"no column {missing[0]!r}" if missing else "neither",
            f"the columns are {', '.join(map(repr, present[:12]))}",
        )
    name, value = str(rule.get("name", "name")), str(rule.get("value", "value"))
    texts = [table[one].cast("string").name(one) for one in wanted]
    long = table.mutate(texts).pivot_longer(wanted, names_to=name, values_to=value)
    long = long.filter(long[value].notnull() & (long[value].strip() != ""))
    return replace(raw, table=long, settles=raw.embedded or raw.settles)


def join(raw: Raw, other: Raw, rule: dict, find: Find, where: str) -> Raw:
    """Each row with the columns of the one row of another table that shares its key; columns that
    both have keep the first table's.
    """
    place = f"{where}, join"
    pairs = rule.get("on")
    pairs = pairs if isinstance(pairs, dict) else {pairs: pairs}
    left, right = raw.table, other.table
    keys = [
        (as_id(find(left, mine, place)), as_id(find(right, theirs, place)))
        for mine, theirs in pairs.items()
    ]
    names = [f"__key_{at}__" for at in range(len(keys))]
    more = [name for name in right.columns if name not in left.columns and name != ROW]
    left = left.mutate(**{name: key for name, (key, _) in zip(names, keys, strict=True)})
    right = right.select(*more, **{name: key for name, (_, key) in zip(names, keys, strict=True)})
    copies = right.group_by(names).agg(n=right.count())
    twice = copies.filter(copies.n > 1).limit(1).to_pandas()
    if len(twice):
        raise DataError(
            place,
            f"one row a key in {other.where}",
            f"{int(twice['n'].iloc[0]):,} for {twice[names[0]].iloc[0]!r}",
            "join on a key that is there once, or turn the two tables round",
        )
    joined = left.left_join(right, names)
    drop = [name for name in joined.columns if name.endswith("_right") or name in names]
    return replace(
        raw,
        table=joined.drop(*drop),
        where=f"{raw.where} + {other.where}",
        settles=raw.embedded,
        simulated=raw.simulated or other.simulated,
    )
