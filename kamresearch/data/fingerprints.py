"""Fingerprints: the content of a table in sixteen letters, whatever file, row order or
compression it came in.
"""

from hashlib import sha256
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kamresearch.data.counting import fetch_counts

if TYPE_CHECKING:
    from kamresearch.data.tables import Loaded


def fingerprint_table(loaded: "Loaded") -> str:
    """Sixteen hex digits that change when a used cell, a row set aside, a spell elsewhere, or a
    column's name changes.

    Each row is hashed on the engine and the hashes are summed, so that the order of rows does not
    count. Engines hash
    differently: the same rows in Parquet and in a server's table are different sources.
    """
    parts = [str(loaded.rows_in), _sum_rows(loaded.used)]
    if loaded.aside is not None:
        parts.append(
            _sum_rows(
                loaded.aside.drop([name for name in loaded.aside.columns if name == "__row__"])
            )
        )
    if loaded.elsewhere is not None:
        parts.append(_sum_rows(loaded.elsewhere))
    return sha256("|".join(parts).encode()).hexdigest()[:16]


def _sum_rows(table: ir.Table) -> str:
    names = sorted(table.columns)
    row = ibis.literal("")
    for name in names:
        row = row + table[name].cast("string").fill_null("\x1e") + "\x1f"
    hashed = row.hash()
    sums = table.aggregate(
        n=table.count(),
        low=(hashed % 2147483647).cast("int64").sum(),
        high=(hashed // 2147483647 % 2147483647).cast("int64").sum(),
    )
    found = fetch_counts(sums)
    return f"{','.join(names)}:{int(found['n'])}:{int(found['low'])}:{int(found['high'])}"
