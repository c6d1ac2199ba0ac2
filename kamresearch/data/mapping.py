"""A company's own tables and columns → those of the contract, as its mapping file says
(`kamresearch.data.mapfile`).
"""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Map
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import ibis
import ibis.expr.types as ir
from ibis.expr.operations import Field

from kamresearch.data.answers import answering, first_line
from kamresearch.data.casting import TextStyle, as_id, as_kind, as_number, clean_text, is_text
from kamresearch.data.coins import Coins, coin_cell, find_coins, spread_over
from kamresearch.data.contract import TABLES, TableSpec
from kamresearch.data.currencies import convert, doubts_of, several_currencies
from kamresearch.data.days import months
from kamresearch.data.files import ENDINGS, Raw
from kamresearch.data.formula import compute
from kamresearch.data.mapfile import Mapping, stated_style
from kamresearch.data.quarantine import ROW, find_problems
from kamresearch.data.shapes import fill_down, join, unpivot
from kamresearch.data.styles import find_decimals, find_styles
from kamresearch.errors import DataError, near_matches

_STYLES = ("decimal", "day_first", "year_first", "calendar")
_RULES = (
    "in",
    "not_in",
    "starts_with",
    "not_starts_with",
    "above",
    "at_least",
    "below",
    "at_most",
    "filled",
)


@dataclass(frozen=True)
class Mapped:
    """A table renamed as the mapping says, how its texts are written, the rules that its rows must
    meet, what is doubted of it (code of a check, column, cells, an example), and the currencies
    that it names.
    """

    raw: Raw
    styles: dict[str, TextStyle] = field(default_factory=dict)
    rules: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str, int, str], ...] = ()
    coins: Coins | None = None
    held: ir.Table | None = None
    """Key of an account (or dealer) and the currency that stands beside it"""


_BESIDE = {"accounts": "account_id", "dealers": "dealer_id"}
"""Tables of which a column may say in which currency their orders are, and their keys."""


def apply_mapping(
    mapping: Mapping, sources: Map[str, Raw], keep: Callable[[str, ir.Table], ir.Table]
) -> dict[str, Mapped]:
    """Every table of the contract that the mapping makes, and those that need none.

    Parameters
    ----------
    mapping : Mapping
        As read; one without tables changes nothing.
    sources : dict of str to Raw
        Raw tables by the names of their files.
    keep : callable
        Keeps an expression's rows on the embedded engine under a name: later questions would else
        hold the whole reckoning, as often as they name a column of it.
    """
    made = {
        name: _as_named(raw, TABLES[name]) if name not in mapping.tables else Mapped(raw)
        for name, raw in sources.items()
        if name in TABLES
    }
    missing: list[MissingColumnError] = []
    for name, table in sorted(mapping.tables.items(), key=lambda one: one[0] != "orders"):
        orders = mapping.tables.get("orders", {})
        shared = name == "accounts" and orders.get("from", "orders") == table.get("from", name)
        good = _good_rows(made["orders"], keep) if shared and "orders" in mapping.tables else None
        try:
            where = f"{mapping.name}, table {name!r}"
            one = _map_table(where, name, table, sources, keep, good)
            made[name] = _kept(one, name, keep) if table.get("one_row_per") else one
        except MissingColumnsError as error:
            missing += error.each
            made[name] = Mapped(_find_source(mapping.name, name, table, sources))
    _refuse_missing(mapping.name, missing)
    if beside := _currency_beside(mapping.tables, made):
        made["orders"] = replace(made["orders"], notes=(*made["orders"].notes, *beside))
    return made


def _as_named(raw: Raw, spec: TableSpec) -> Mapped:
    """A table whose columns bear the contract's names; what it holds beyond them may say what its
    amounts are.
    """
    table = raw.table
    known = {column.name: column for column in spec.columns}
    more = [name for name in table.columns if name not in known or known[name].unit == "money"]
    if not any(name not in known and name != ROW for name in more):
        return Mapped(raw)
    coins = _find_coins(table.select(more), spec, {})
    notes = several_currencies(spec, more, {}, coins)
    if spec.name == "orders":
        notes += doubts_of(table.select(more), {})
    columns = {name: table[name] for name in table.columns}
    return Mapped(raw, notes=notes, coins=coins, held=_held(table, spec, coins, columns))


def _find_coins(raw: ir.Table, spec: TableSpec, rules: Map[str, object]) -> Coins | None:
    """The column of a table that names the currency of its amounts, or of its orders'."""
    money = [column.name for column in spec.columns if column.unit == "money"]
    sources = {name: rules.get(name, name) for name in money}
    amounts = {
        str(how.get("from", "") if isinstance(how, dict) else how) for how in sources.values()
    }
    return find_coins(raw, amounts) if money or spec.name in _BESIDE else None


def _held(
    raw: ir.Table, spec: TableSpec, coins: Coins | None, columns: Map[str, ir.Value]
) -> ir.Table | None:
    """Key and currency of the rows of a table that stands beside the orders."""
    key = columns.get(_BESIDE.get(spec.name, ""))
    if key is None or coins is None or len(coins.counts) < 2:
        return None
    return raw.select(key=as_id(key), code=coin_cell(raw[coins.column]))


def _currency_beside(
    rules: Map[str, dict], made: Map[str, Mapped]
) -> tuple[tuple[str, str, int, str], ...]:
    """The orders' amounts name no currency, and accounts (or dealers) of several stand beside
    them.
    """
    orders = made.get("orders")
    said = rules.get("orders", {}).get("columns", {})
    if orders is None or orders.coins or "rates" in str(said.get("revenue")):
        return ()
    table = orders.raw.table
    table = _left_in(table, [table[mark] for mark, _why in orders.rules])
    for name, key in _BESIDE.items():
        one = made.get(name)
        if one is None or one.held is None or one.coins is None or key not in table.columns:
            continue
        found = spread_over(table.select(key=as_id(table[key])), one.held)
        if len(found) > 1:
            theirs = rules.get(name, {}).get("columns", {}).get(key, key)
            source = rules.get(name, {}).get("from", name)
            line = f"join: {{with: {source}, on: {{{said.get(key, key)}: {theirs}}}}}"
            few = sum(found.values()) - max(found.values())
            return (("currency_beside", one.coins.column, few, f"{one.coins.shown}; {line}"),)
    return ()


def _reshape(source: Raw, where: str, table: dict, sources: Map[str, Raw]) -> Raw:
    """A source as its table's ``join``, ``fill_down`` and ``unpivot`` turn it."""
    if "fill_down" in table:
        source = fill_down(source, table["fill_down"], _column, where)
    for rule in table.get("join", ()):
        with _rule(f"{where}, join", rule):
            other = _find_source(where, "", {"from": rule["with"]}, sources)
            source = join(source, other, rule, _column, where)
    if "unpivot" in table:
        source = unpivot(source, table["unpivot"], where)
    return source


def _good_rows(
    orders: Mapped, keep: Callable[[str, ir.Table], ir.Table]
) -> Callable[[ir.Table], ir.Table] | None:
    """Leaves the rows of the orders' source that hold an order; None where rows have no place.

    What is set aside among the orders shall make no account.
    """
    table, spec = orders.raw.table, TABLES["orders"]
    if ROW not in table.columns or not orders.raw.embedded:
        return None
    if not set(spec.required_columns) <= set(table.columns):
        return None
    styles = find_styles(table, spec, orders.raw.where, orders.styles, orders.raw.semicolons)
    problems = find_problems(table, spec, styles, None)
    bad = [problem for problem in problems if problem.column in spec.required_columns]
    held = {f"bad_{at}": problem.holds.fill_null(False) for at, problem in enumerate(bad)}
    with answering(orders.raw.where):
        # A column each, then a filter: what two parts of an "or" share is reckoned twice, since the
        # second may be spared, and all of it took six times as long.
        rows = keep("good_rows", table.select(ROW, **held))
    kept = rows.filter(~_any([rows[name] for name in held])).select(ROW)
    return lambda source: source.semi_join(kept, ROW) if ROW in source.columns else source


def _map_table(
    where: str,
    name: str,
    table: dict,
    sources: Map[str, Raw],
    keep: Callable[[str, ir.Table], ir.Table],
    good: Callable[[ir.Table], ir.Table] | None = None,
) -> Mapped:
    source = _reshape(_find_source(where, name, table, sources), where, table, sources)
    if good is not None and table.get("one_row_per"):
        source = replace(source, table=good(source.table))
    spec, raw = TABLES[name], source.table
    columns, styles, style_of = {}, {}, _style_finder(where, source, table)
    missing: list[MissingColumnError] = []
    for column, how in table.get("columns", {}).items():
        place = f"{where}, column {column!r}"
        rule = (
            how
            if isinstance(how, dict)
            else {"formula": how}
            if str(how).strip().startswith("=")
            else {"from": how}
        )
        style = stated_style(rule, place)
        try:
            with _rule(place, rule):
                columns[str(column)] = _map_column(
                    raw,
                    rule,
                    (lambda _, style=style: style) if "decimal" in rule else style_of,
                    place,
                )
        except MissingColumnError as error:
            missing.append(error)
        if any(word in rule for word in _STYLES):
            styles[str(column)] = style
    for column in spec.columns:  # a column that already has the contract's name needs no line
        if column.name in raw.columns and column.name not in columns:
            columns[column.name] = raw[column.name]
    rules, passes = [], {}
    for number, rule in enumerate(table.get("keep", ())):
        place = f"{where}, keep rule {number + 1}"
        try:
            with _rule(place, rule):
                holds, why = _read_rule(raw, rule, place, style_of)
        except MissingColumnError as error:
            missing.append(error)
            continue
        passes[f"__rule_{number}__"] = ~holds
        rules.append((f"__rule_{number}__", why))
    if missing:
        raise MissingColumnsError(where, missing)
    if ROW in raw.columns:
        columns[ROW] = raw[ROW]
    result = _reckon_once(source, raw.select(**columns, **passes), columns, partial(keep, name))
    if table.get("distinct"):
        rules.append(("__copy__", "repeated"))
        result = _number_copies(result)
    if table.get("one_row_per"):
        styles |= find_styles(result, spec, where, styles, source.semicolons)
        result = _one_row_per(
            _type_measures(result, spec, styles),
            table["one_row_per"],
            where,
            [mark for mark, _ in rules],
        )
    settles = (
        source.settles
        or source.embedded
        and bool(table.get("one_row_per") or table.get("distinct"))
    )
    marks = [passes[mark] for mark, _ in rules if mark in passes]
    kept = _left_in(raw, marks)
    source = replace(source, notes=_of_titles(source.notes, name, table))
    coins = _find_coins(kept, spec, table.get("columns", {}))
    notes = several_currencies(spec, [*columns], table, coins)
    if name == "orders":
        notes += doubts_of(kept, table)
    return Mapped(
        replace(source, table=result, settles=settles),
        styles,
        tuple(rules),
        notes,
        coins,
        _held(raw, spec, coins, columns),
    )


def _reckon_once(
    source: Raw,
    result: ir.Table,
    columns: Map[str, ir.Value],
    keep: Callable[[ir.Table], ir.Table],
) -> ir.Table:
    """A table out of texts of which a column is more than a cell as it came, kept as reckoned: each
    later question would else hold the whole reckoning as often as it names the column, and a day
    out of its parts beside an amount at its rate took sixteen seconds of two lines.
    """
    if not source.settles or all(isinstance(one.op(), Field) for one in columns.values()):
        return result
    with answering(source.where):
        return keep(result)


def _kept(one: Mapped, name: str, keep: Callable[[str, ir.Table], ir.Table]) -> Mapped:
    """A table made out of another's rows, kept as made."""
    if not one.raw.embedded:
        return one
    with answering(one.raw.where):
        table = keep(f"{name}_once", one.raw.table)
    return replace(one, raw=replace(one.raw, table=table))


def _of_titles(notes: tuple, name: str, table: dict) -> tuple:
    """Notes of a source; what its title says of thousands is answered by a formula, and is no
    matter of a table without the orders' amounts.
    """
    answered = name != "orders" or str(table.get("columns", {}).get("revenue")).startswith("=")
    return tuple(one for one in notes if not (answered and one[0] == "scaled_title"))


def _left_in(table: ir.Table, marks: list[ir.BooleanValue]) -> ir.Table:
    """The rows that no rule leaves out."""
    for mark in marks:
        table = table.filter(~mark.fill_null(False))
    return table


def _style_finder(where: str, source: Raw, table: dict) -> Callable[[str], TextStyle]:
    """Name of a column of numbers → how it writes them: as the mapping states it, else as its
    cells tell.
    """
    rules = [
        rule
        for rule in table.get("columns", {}).values()
        if isinstance(rule, dict) and "decimal" in rule
    ]
    stated = {str(rule.get("from")): TextStyle(str(rule["decimal"])) for rule in rules}

    def style_of(name: str) -> TextStyle:
        if name not in stated and not is_text(source.table[name]):
            return TextStyle()
        if name not in stated:
            stated.update(find_decimals(source.table, [name], where, source.semicolons))
        return stated[name]

    return style_of


def _find_source(where: str, name: str, table: dict, sources: Map[str, Raw]) -> Raw:
    wanted = table.get("from")
    if wanted is None:
        wanted = name if name in sources or len(sources) != 1 else next(iter(sources))
    names = [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    names = [found for one in names for found in _names_of(one, sources)]
    for one in names:
        if one not in sources:
            raise DataError(
                where,
                f"a file or table {one!r}",
                ", ".join(map(repr, sorted(sources)[:12])) or "none",
                near_matches(one, sources),
            )
    if len(names) == 1:
        return sources[names[0]]
    return _stack([sources[one] for one in names])


def _names_of(name: str, sources: Map[str, Raw]) -> list[str]:
    """Sources of a name or a pattern (``sales_2019-*``); case and an ending are forgiven."""
    if name in sources:
        return [name]
    low = Path(name.casefold()).stem if name.casefold().endswith(ENDINGS) else name.casefold()
    fits = sorted(one for one in sources if fnmatchcase(one.casefold(), low))
    return fits if fits and (len(fits) == 1 or "*" in name or "?" in name) else [name]


def _stack(parts: list[Raw]) -> Raw:
    """Several raw tables as one; a column that one of them lacks is empty there, and their
    broken lines stay with them.
    """
    kinds = {
        name: part.table[name].type() for part in reversed(parts) for name in part.table.columns
    }
    names = list(dict.fromkeys(name for part in parts for name in part.table.columns))

    def widen(table: ir.Table) -> ir.Table:
        return table.select(
            **{
                name: table[name] if name in table.columns else ibis.null(kinds[name])
                for name in names
            }
        )

    broken = [part.broken for part in parts if part.broken is not None]
    return Raw(
        ibis.union(*(widen(part.table) for part in parts)),
        " + ".join(part.where for part in parts),
        any(part.simulated for part in parts),
        all(part.semicolons for part in parts),
        (ibis.union(*broken) if len(broken) > 1 else broken[0]) if broken else None,
        sum(part.n_broken for part in parts),
        any(part.settles for part in parts),
        all(part.embedded for part in parts),
    )


@contextmanager
def _rule(place: str, rule: object) -> Iterator[None]:
    """A rule of another shape than the documentation's is refused with its place."""
    try:
        yield
    except (TypeError, ValueError, ibis.common.exceptions.IbisError) as error:
        raise DataError(
            place,
            "a rule as docs/your-own-data.md writes it",
            f"{str(rule)[:80]} ({first_line(error, '')[:80]})",
            "mend the rule",
        ) from None


class MissingColumnError(DataError):
    """A column that a mapping names and its source does not have."""

    def __init__(self, place: str, name: str, present: list[str]) -> None:
        shown = ", ".join(map(repr, present[:12])) + (" …" if len(present) > 12 else "")
        self.name = name
        super().__init__(
            place, f"a column {name!r}", f"the columns {shown}", near_matches(name, present)
        )

    def __reduce__(self) -> tuple:
        return DataError, (self.where, self.expected, self.found, self.remedy)


class MissingColumnsError(DataError):
    """Columns that a table of the mapping names and its source does not have."""

    def __init__(self, where: str, each: list[MissingColumnError]) -> None:
        self.each = each
        super().__init__(where, "columns", each[0].found, each[0].remedy)


def _refuse_missing(where: str, missing: list[MissingColumnError]) -> None:
    """Name every column that is not there at once, each with those that look like it."""
    once = {one.name: one for one in missing}
    if len(once) == 1:
        raise missing[0]
    if missing:
        hints = "; ".join(f"{name!r}: {one.remedy}" for name, one in once.items())
        found = "; ".join(dict.fromkeys(one.found for one in missing))
        raise DataError(where, "columns " + ", ".join(map(repr, once)), found, hints)


def plain_name(name: str) -> str:
    """A column's name without case and with single blanks, for comparing."""
    return " ".join(name.split()).casefold()


def _column(raw: ir.Table, name: object, place: str) -> ir.Value:
    """The column of a name; case and blanks are forgiven where one column alone fits."""
    if str(name) in raw.columns:
        return raw[str(name)]
    present = [column for column in raw.columns if column != ROW]
    alike = [column for column in present if plain_name(column) == plain_name(str(name))]
    if len(alike) == 1:
        return raw[alike[0]]
    raise MissingColumnError(place, str(name), present)


def _map_column(
    raw: ir.Table, rule: dict, style_of: Callable[[str], TextStyle], place: str
) -> ir.Value:
    if "negative_where" in rule:
        return _signed(raw, rule, style_of, place)
    if "formula" in rule:
        return compute(raw, str(rule["formula"]), style_of, place)
    if "value" in rule:
        return ibis.literal(
            rule["value"] if isinstance(rule["value"], (int, float, bool)) else str(rule["value"])
        )
    if "first_of" in rule:
        value = ibis.coalesce(*(as_id(_column(raw, one, place)) for one in rule["first_of"]))
    elif "concat" in rule:
        parts = [as_id(_column(raw, one, place)).fill_null("") for one in rule["concat"]]
        between = str(rule.get("between", " "))
        value = clean_text(ibis.literal(between).join(parts))
    elif "made_of" in rule:
        parts = [as_id(_column(raw, one, place)) for one in rule["made_of"]]
        value = parts[0]
        for part in parts[1:]:  # a number made of something that is missing is missing too
            value = value + " / " + part
    elif "date_of" in rule:
        value = _date_of_parts(raw, rule["date_of"], place)
    elif "from" in rule:
        value = _column(raw, rule["from"], place)
    else:
        raise DataError(
            place,
            "one of from, value, formula, first_of, concat, made_of, date_of",
            repr(rule)[:80],
            "say where the column comes from",
        )
    if "rates" in rule:
        amount = as_number(value, style_of(str(rule["from"])))
        return convert(amount, _column(raw, rule.get("currency"), place), rule["rates"])
    if "measure" in rule:
        counted = as_id(_column(raw, rule["measure"], place)).isin([str(m) for m in rule["only"]])
        value = counted.ifelse(value, ibis.null(value.type()))
    if rule.get("values"):
        text = as_id(value)
        value = ibis.cases(
            *((text == str(old), ibis.literal(str(new))) for old, new in rule["values"].items()),
            else_=text,
        )
    if "default" in rule:
        wanted = ibis.literal(str(rule["default"]) if is_text(value) else rule["default"])
        value = (clean_text(value) if is_text(value) else value).fill_null(wanted)
    return value


def _signed(
    raw: ir.Table, rule: dict, style_of: Callable[[str], TextStyle], place: str
) -> ir.FloatingValue:
    """An amount that counts as negative where another column says so, whatever sign it bears."""
    rest = {word: how for word, how in rule.items() if word != "negative_where"}
    value = _map_column(raw, rest, style_of, place)
    amount = as_number(value, style_of(str(rule.get("from")))) if is_text(value) else value
    taken_back = ibis.literal(False)
    for name, values in rule["negative_where"].items():
        many = [str(one) for one in (values if isinstance(values, list) else [values])]
        taken_back = taken_back | as_id(_column(raw, name, place)).isin(many).fill_null(False)
    return taken_back.ifelse(-amount.abs(), amount)


def _date_of_parts(raw: ir.Table, parts: list, place: str) -> ir.StringValue:
    """Year, month and day (the first where it is left out) in columns of their own, as a text."""
    year, month, *day = (as_id(_column(raw, part, place)) for part in parts)
    number = ibis.cases(
        *(
            (month.lower().isin([name for name, n in months().items() if n == at]), f"{at}")
            for at in range(1, 13)
        ),
        else_=month,
    )
    last = day[0] if day else ibis.literal("1")
    return year + "-" + number.lpad(2, "0") + "-" + last.lpad(2, "0")


def _read_rule(
    raw: ir.Table, rule: dict, place: str, style_of: Callable[[str], TextStyle]
) -> tuple[ir.BooleanValue, str]:
    column = _column(raw, rule["column"], place)
    text = as_id(column)
    number = column.cast("float64") if column.type().is_numeric() else None
    tests = []
    for word, wanted in ((word, rule[word]) for word in _RULES if word in rule):
        many = [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
        if word in ("above", "at_least", "below", "at_most"):
            if number is None:
                number = as_number(column, style_of(str(rule["column"])))
            limit = rule[word]
            tests.append(
                {
                    "above": number > limit,
                    "at_least": number >= limit,
                    "below": number < limit,
                    "at_most": number <= limit,
                }[word]
            )
        elif word == "filled":
            tests.append(text.notnull() if wanted else text.isnull())
        elif word in ("in", "not_in"):
            tests.append(text.isin(many) if word == "in" else ~text.isin(many).fill_null(False))
        else:
            starts = _any([text.startswith(one) for one in many]).fill_null(False)
            tests.append(starts if word == "starts_with" else ~starts)
    if not tests:
        raise DataError(place, f"a condition out of {', '.join(_RULES)}", "none", "add one")
    holds = tests[0]
    for test in tests[1:]:
        holds = holds & test
    return holds.fill_null(False), str(rule.get("why") or f"{rule['column']} is out of the rule")


def _any(conditions: list) -> ir.BooleanValue:
    whole = conditions[0]
    for condition in conditions[1:]:
        whole = whole | condition
    return whole


def _number_copies(table: ir.Table) -> ir.Table:
    """Mark the second and later of rows that are alike in every column."""
    keys = [name for name in table.columns if name != ROW]
    order = [table[ROW]] if ROW in table.columns else [table[keys[0]]]
    return table.mutate(
        __copy__=ibis.row_number().over(ibis.window(group_by=keys, order_by=order)) > 0
    )


def _type_measures(table: ir.Table, spec: TableSpec, styles: Map[str, TextStyle]) -> ir.Table:
    """Texts of days and numbers typed, so that the earliest and the largest are so by value."""
    typed = {
        column.name: as_kind(table[column.name], column.kind, styles.get(column.name, TextStyle()))
        for column in spec.columns
        if column.name in table.columns
        and column.kind in ("date", "number", "integer")
        and is_text(table[column.name])
    }
    return table.mutate(**typed) if typed else table


def _one_row_per(table: ir.Table, keys: list, where: str, marks: list[str]) -> ir.Table:
    """One row a key: texts by the most frequent (then first in order) value, days by the earliest,
    numbers by the largest.

    Rows that a rule leaves out give no value. A key of which no row is left keeps a row of its own,
    marked by the rule that
    its rows met first, so that it is set aside with the reason.
    """
    names = [str(key) for key in (keys if isinstance(keys, list) else [keys])]
    for key in names:
        if key not in table.columns:
            raise DataError(
                where,
                f"one_row_per to name columns that it makes, such as {table.columns[0]!r}",
                repr(key),
                near_matches(key, table.columns),
            )
    table = table.mutate(**{key: as_id(table[key]) for key in names})
    for key in names:
        table = table.filter(table[key].notnull())
    left_out = _keys_left_out(table, names, marks)
    for mark in marks:
        table = table.filter(~table[mark])
    others = [name for name in table.columns if name not in names and not name.startswith("__")]
    aggregates = {
        name: table[name].min() if table[name].type().is_temporal() else table[name].max()
        for name in others
        if not is_text(table[name])
    }
    result = (
        table.group_by(names).agg(**aggregates) if aggregates else table.select(names).distinct()
    )
    for name in (name for name in others if is_text(table[name])):
        filled = table.filter(table[name].notnull() & (table[name].strip() != ""))
        counts = filled.group_by([*names, name]).agg(__n__=filled.count())
        window = ibis.window(group_by=names, order_by=[ibis.desc("__n__"), name])
        most = counts.mutate(__place__=ibis.row_number().over(window)).filter(
            lambda t: t["__place__"] == 0
        )
        most = most.select([*names, name])
        result = result.left_join(most, names).drop([f"{key}_right" for key in names])
    if left_out is None:
        return result
    result = result.mutate(**dict.fromkeys(marks, ibis.literal(False)))
    empty = {
        name: left_out[name] if name in left_out.columns else ibis.null(kind)
        for name, kind in result.schema().items()
    }
    return result.union(left_out.select(**empty))


def _keys_left_out(table: ir.Table, names: list[str], marks: list[str]) -> ir.Table | None:
    """Keys of which rules leave every row out, each with one mark set; None where there are no
    rules.
    """
    if not marks:
        return None
    first = ibis.cases(
        *((table[mark], place) for place, mark in enumerate(marks)), else_=len(marks)
    )
    met = (
        table.mutate(__met__=first)
        .group_by(names)
        .agg(__most__=lambda t: t["__met__"].max(), __met__=lambda t: t["__met__"].min())
    )
    met = met.filter(met["__most__"] < len(marks))
    return met.select(*names, **{mark: met["__met__"] == place for place, mark in enumerate(marks)})
