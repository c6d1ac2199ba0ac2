"""A raw table → a table of the contract: columns checked, cells typed, bad rows set aside."""

from collections.abc import Callable, Collection, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from kamresearch.data.casting import TextStyle, as_kind, is_text
from kamresearch.data.contract import ColumnSpec, TableSpec
from kamresearch.data.controls import CONTROLS, clean_columns, look_for_controls
from kamresearch.data.counting import count_each, count_rows, fetch_row
from kamresearch.data.files import Raw
from kamresearch.data.quarantine import (
    ROW,
    Problem,
    count_problems,
    describe,
    find_problems,
    fits,
    look_for_blanks,
    reason_column,
)
from kamresearch.data.styles import find_styles
from kamresearch.data.tables import Loaded
from kamresearch.errors import DataError, near_matches

_TEXTS = ("id", "text", "category", "month")


def check_columns(raw: ir.Table, spec: TableSpec, where: str) -> None:
    """Refuse a table that lacks a required column, naming the columns that look like it."""
    present = [name for name in raw.columns if name != ROW]
    for column in spec.required_columns:
        if column not in present:
            shown = ", ".join(map(repr, present[:12])) + (" …" if len(present) > 12 else "")
            raise DataError(
                f"{where}, table {spec.name!r}",
                f"a column {column!r}",
                f"the columns {shown}",
                f"rename it in mapping.yml; {near_matches(column, present)}",
            )


def open_table(
    raw: Raw,
    spec: TableSpec,
    accounts: ir.Table | None = None,
    stated: Mapping[str, TextStyle] | None = None,
    rules: Sequence[tuple[str, str]] = (),
    keep: Callable[[str, ir.Table], ir.Table] | None = None,
) -> Loaded:
    """A raw table as the contract's table; rows in = rows used + rows quarantined.

    Parameters
    ----------
    raw : Raw
        Columns named as in the contract, cells as they came.
    spec : TableSpec
        The contract's table.
    accounts : ibis Table, optional
        The used accounts, to find rows of unknown ones.
    stated : dict, optional
        How text columns write numbers and dates, as the mapping states it.
    rules : sequence of (str, str)
        Columns that mark rows which the mapping leaves out, each with the reason.
    keep : callable, optional
        Keeps an expression's rows on the engine under a name; for tables whose texts would else be
        parsed again by every query.

    Raises
    ------
    DataError
        A required column or, in a required table, every row is missing.
    """
    where = raw.where
    check_columns(raw.table, spec, where)
    table, cleaned, tidy = _look_at_texts(raw.table, spec)
    styles = find_styles(table, spec, where, stated or {}, raw.semicolons)
    problems = find_problems(table, spec, styles, accounts, rules, tidy)
    rows, found, blurred = count_problems(table, problems, _blurred_cells(table, spec, tidy))
    rows += raw.n_broken
    if rows == 0 and spec.required:
        raise DataError(
            where, f"rows of the table {spec.name!r}", "a head without rows", "export it again"
        )
    aside, good = None, table
    if found:
        marked = table.mutate(__place__=reason_column(problems, sorted(found)))
        good = marked.filter(marked["__place__"].isnull()).drop("__place__")
        aside = _mark_reasons(marked.filter(marked["__place__"].notnull()), problems, sorted(found))
    if raw.broken is not None:
        aside = _join_aside(
            aside,
            _lines_aside(raw.broken),
        )
    used = type_columns(good, spec, styles, blurred)
    if keep:
        used, aside = keep("typed", used), aside if aside is None else keep("unfit", aside)
    if spec.name != "orders":
        once, aside = _set_repeats_aside(used, spec, aside)
        if keep and once is not used:
            once, aside = keep("used", once), keep("aside", aside)
        used = once
    used = used.drop(*(name for name in used.columns if name.startswith("__")))
    n_used, n_aside = rows, 0
    if aside is not None:
        n_used, n_aside = count_each({"used": used, "aside": aside}).values()
    if n_used + n_aside != rows:
        raise DataError(
            f"{where}, table {spec.name!r}",
            f"{rows:,} rows used or set aside",
            f"{n_used:,} used, {n_aside:,} set aside",
            "the source changed while it was read; open it again",
        )
    if n_used == 0 and spec.required:
        raise DataError(
            where,
            f"usable rows of the table {spec.name!r}",
            f"{rows:,} rows, each set aside: {_main_reason(aside)}",
            "mend the file or its mapping",
        )
    notes = tuple(
        (code, name, count, first)
        for name, style in styles.items()
        for code, count, first in style.notes
    )
    notes = (*raw.notes, *cleaned, *notes)
    return Loaded(used, rows, n_used, aside, raw.simulated, where, notes=notes)


def _look_at_texts(
    raw: ir.Table, spec: TableSpec
) -> tuple[ir.Table, tuple[tuple[str, str, int, str], ...], frozenset[str]]:
    """A raw table without invisible characters, what is to be said of them, and the text columns of
    which no cell begins or ends with a blank; one pass where there are none.
    """
    texts = [name for name in raw.columns if name != ROW and is_text(raw[name])]
    if not texts:
        return raw, (), frozenset()
    blanks = look_for_blanks(raw, spec)
    # Named by place: a column of a user may be called as any name of ours.
    places = {f"b{place}": count for place, count in enumerate(blanks.values())}
    found = fetch_row(raw.aggregate(**look_for_controls(raw, texts), **places))
    table, notes = clean_columns(raw, texts, found)
    if notes and blanks:
        counts = look_for_blanks(table, spec).values()
        found = fetch_row(
            table.aggregate(**{f"b{place}": count for place, count in enumerate(counts)})
        )
    return table, notes, frozenset(name for name, place in zip(blanks, places) if not found[place])


def _lines_aside(broken: ir.Table) -> ir.Table:
    """Lines that are no records, each with its reason."""
    code = (
        broken["__code__"].fill_null("broken")
        if "__code__" in broken.columns
        else ibis.literal("broken", "string")
    )
    line = broken["__value__"].re_replace(f"[{CONTROLS}]", "")
    return broken.mutate(__value__=line, __code__=code, __column__=ibis.literal("", "string"))


def _main_reason(aside: ir.Table) -> str:
    """The reason for most of the rows set aside."""
    reasons = (
        aside.group_by(["__code__", "__column__"])
        .agg(n=aside.count())
        .order_by([ibis.desc("n"), "__code__", "__column__"])
    )
    first = reasons.limit(1).to_pandas().iloc[0]
    return describe(first["__code__"], first["__column__"])


def _blurred_cells(
    raw: ir.Table, spec: TableSpec, tidy: Collection[str]
) -> dict[str, ir.BooleanValue]:
    """For each column that may need cleaning, the cells that do: outer blanks, empty texts,
    not-a-number.
    """
    cells = {}
    for column in (column for column in spec.columns if column.name in raw.columns):
        cell = raw[column.name]
        if is_text(cell) and column.kind in _TEXTS and column.name not in tidy:
            # What cleaning empties or changes.
            cells[column.name] = cell.notnull() & ~(
                as_kind(cell, column.kind, TextStyle()) == cell
            ).fill_null(False)
        elif cell.type().is_floating() and column.kind == "number":
            cells[column.name] = cell.isnan() | cell.isinf()
    return cells


def type_columns(
    raw: ir.Table, spec: TableSpec, styles: Mapping[str, TextStyle], blurred: Collection[str]
) -> ir.Table:
    """Every column of the contract as its kind; a column that needs no change stays as it is,
    which keeps scans fast.
    """
    typed = {}
    for column in (column for column in spec.columns if column.name in raw.columns):
        if column.name in blurred or not _is_ready(raw[column.name], column):
            cell = as_kind(raw[column.name], column.kind, styles.get(column.name, TextStyle()))
            if column.kind == "number" and column.name in blurred:
                cell = (cell.isnan() | cell.isinf()).ifelse(ibis.null("float64"), cell)
            typed[column.name] = cell
    return raw.mutate(**typed) if typed else raw


def _is_ready(cell: ir.Value, column: ColumnSpec) -> bool:
    of = cell.type()
    if column.kind in _TEXTS:
        return of.is_string()
    if column.kind in ("number", "integer"):
        return of.is_float64() and column.kind == "number"
    return of.is_date() if column.kind == "date" else fits(cell, column.kind)


def _mark_reasons(bad: ir.Table, problems: Sequence[Problem], places: Sequence[int]) -> ir.Table:
    """Bad rows as texts, with the code, column and value that condemn each."""

    def choose(of: Callable[[Problem], ir.Value | str], otherwise: ir.Value | str) -> ir.Value:
        return ibis.cases(
            *((bad["__place__"] == place, of(problems[place])) for place in places), else_=otherwise
        )

    return _as_texts(
        bad.mutate(
            __code__=choose(lambda problem: problem.code, ""),
            __column__=choose(lambda problem: problem.column, ""),
            __value__=choose(
                lambda problem: bad[problem.shown or problem.column].cast("string"),
                ibis.null("string"),
            ),
        ).drop("__place__")
    )


def _as_texts(table: ir.Table) -> ir.Table:
    """Every cell as text but the row's place, so that rows set aside at different stages can
    stand in one table.
    """
    return table.select(
        [
            table[name].cast("int64" if name == ROW else "string").name(name)
            for name in table.columns
        ]
    )


def _set_repeats_aside(
    used: ir.Table, spec: TableSpec, aside: ir.Table | None
) -> tuple[ir.Table, ir.Table | None]:
    """Of rows that share a key the first stays (by content, then place); the others join those
    set aside.
    """
    keys = [name for name in spec.key if name in used.columns]
    groups = used.group_by(keys).agg(copies=used.count())
    if not keys or not count_rows(groups.filter(groups.copies > 1)):
        return used, aside
    order = [used[name].cast("string") for name in used.columns if name not in (*keys, ROW)]
    order += [used[ROW]] if ROW in used.columns else []
    window = ibis.window(group_by=keys, order_by=order or [used[keys[0]]])
    numbered = used.mutate(__copy__=ibis.row_number().over(window))
    kept, repeats = (
        numbered.filter(numbered["__copy__"] == 0),
        numbered.filter(numbered["__copy__"] > 0),
    )
    value = repeats[keys[0]].cast("string")
    for key in keys[1:]:
        value = value + "/" + repeats[key].cast("string").fill_null("")
    marked = _as_texts(
        repeats.mutate(
            __code__=ibis.literal("duplicate", "string"),
            __column__=ibis.literal(keys[0], "string"),
            __value__=value,
        ).drop("__copy__")
    )
    return kept.drop("__copy__"), _join_aside(aside, marked)


def _join_aside(aside: ir.Table | None, more: ir.Table) -> ir.Table:
    """Rows set aside at two stages in one table; a column that one of them lacks is empty there."""
    if aside is None:
        return more
    names = [*aside.columns, *(name for name in more.columns if name not in aside.columns)]

    def widen(table: ir.Table) -> ir.Table:
        return table.select(
            **{
                name: table[name] if name in table.columns else ibis.null("string")
                for name in names
            }
        )

    return widen(aside).union(widen(more))
