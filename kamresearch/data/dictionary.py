"""The data dictionary in words: ``data/README.md``, written from the contract and held in step
with it by a test.
"""

from collections.abc import Iterator

from kamresearch.data.contract import TABLES, TableSpec

_HEAD = """# Data dictionary

Written from `kamresearch/data/contract.py` by `python -m kamresearch.data.dictionary`; a test holds the two in step.

A company's data are a folder (or file, database, server) of these tables. **`accounts` and `orders` are required**; each
other table switches on what needs it, and a report says what it would show with it. Columns in **bold** are required.
Your own columns are kept beside them. What is named otherwise is mapped: see `docs/your-own-data.md`.

* **Ids are text**: leading zeros count, `17850` and `17850.0` are one.
* **Dates** are days. In text files `2012-01-31`, `2012/1/31`, `20120131`, `2012年1月31日` and, where day and month can be told
  apart, `31.01.2012` or `1/31/2012`.
* **Money** is in the company's one currency, named in `mapping.yml`; nothing is converted.
* **A row that cannot be used is set aside with its reason**, never dropped: rows in = rows used + rows quarantined.

## Files

A table is a file named after it: `orders.parquet`, `.csv`, `.tsv`, `.txt` or `.xlsx` (or a sheet of that name), or a folder
`orders/` of Parquet parts. `cases/geely_volvo/` is the built-in case; `truth/` in it is what the simulator planted, for
tests alone.

**Each raw file has a sidecar** of the same name ending in `.yml`:

| key | what it says |
|---|---|
| `title` | what the file holds, and whether it is real or simulated |
| `source` | where it came from: an address, a department, a program |
| `licence` | under which terms it may be used |
| `date` | when it was taken |
| `sha256` | checksum of the file as taken |
| `simulated` | `true` marks every figure that rests on it as simulated |
| `note` | arithmetic, gaps, conflicts |

## Tables
"""  # noqa: E501


def describe_tables() -> str:
    """The whole dictionary as Markdown."""
    return _HEAD + "\n".join(line for spec in TABLES.values() for line in _describe(spec))


def _describe(spec: TableSpec) -> Iterator[str]:
    required = " (required)" if spec.required else ""
    yield f"\n### `{spec.name}`{required}\n"
    keys = ", ".join(f"`{name}`" for name in spec.key)
    references = "".join(f"; `{column}` → `{table}`" for column, table in spec.references)
    yield f"{spec.grain[0].upper()}{spec.grain[1:]}. Key: {keys}{references}.\n"
    yield "| column | kind | unit | meaning |\n|---|---|---|---|"
    for column in spec.columns:
        name = f"**`{column.name}`**" if column.required else f"`{column.name}`"
        values = (
            f" One of {', '.join(f'`{value}`' for value in column.values)}."
            if column.values
            else ""
        )
        bounds = _bounds(column.low, column.high)
        yield f"| {name} | {column.kind} | {column.unit} | {column.meaning}{values}{bounds} |"


def _bounds(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return (
        f" {low:g} to {high:g}." if low is not None and high is not None else f" {low:g} or more."
    )


if __name__ == "__main__":
    from pathlib import Path

    Path("data/README.md").write_text(describe_tables() + "\n", encoding="utf-8")
