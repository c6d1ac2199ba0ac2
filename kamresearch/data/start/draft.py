"""The first mapping of an export: which table holds orders, which column plays which role, and
what only its owner can tell.
"""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kamresearch.data.coins import code_of
from kamresearch.data.contract import TABLES
from kamresearch.data.currencies import UNSIGNED
from kamresearch.data.habits import (
    FLAGS_NO,
    FLAGS_YES,
    credit_values,
    not_sold,
    scale_of,
    takes_back,
    unsold_name,
)
from kamresearch.data.start.looking import Looked, every_value_of
from kamresearch.data.start.open_styles import open_styles
from kamresearch.data.start.profiles import Column, Profile
from kamresearch.data.start.reading import (
    amounts_of,
    constant_within_orders,
    grows_with_units,
    is_rate,
    names_one,
    net_of,
    number,
    says_percent,
    sign_currency,
)
from kamresearch.data.start.roles import (
    LEAST,
    MOST_STATES,
    NEAR,
    SURE,
    assign,
    merit,
    name_merit,
)
from kamresearch.data.start.tables import (
    Candidate,
    find_accounts,
    find_candidates,
    find_currencies,
    find_padded,
)
from kamresearch.data.start.words import ROLES, TOLD
from kamresearch.errors import DataError, near_matches
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _

MOST_OPTIONS = 5
_OTHERS = frozenset(TABLES) - {"accounts", "orders"}
"""Tables that are called as the contract calls them need no line, and are no orders."""
GAPS = 0.9
"""A column filled in fewer rows may be one that a report writes in the first line of a group."""


@dataclass(frozen=True)
class Question:
    """What only the owner of an export can tell: options (free text where there are none), and
    what is taken where nothing is answered; an empty ``usual`` must be answered.
    """

    id: str
    text: Text
    options: tuple[str, ...]
    usual: str


@dataclass(frozen=True)
class Line:
    """A line of the mapping, and why it says so."""

    key: str
    value: object
    why: Text


@dataclass(frozen=True)
class TableDraft:
    """A table of the mapping: what it is made from, and its columns."""

    name: str
    lines: tuple[Line, ...]
    columns: tuple[Line, ...]


@dataclass(frozen=True)
class Draft:
    """A mapping with its reasons, the questions that it leaves, and the columns by role."""

    source: str
    currency: Line
    tables: tuple[TableDraft, ...]
    questions: tuple[Question, ...]
    open: tuple[Question, ...] = ()
    sure: tuple[Line, ...] = ()
    played: Map[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Currency:
    """The line of the currency; where there are several, the rule that keeps its rows and the
    table that names them; the doubts that an answer settles.
    """

    line: Line
    keep: dict | None = None
    join: dict | None = None
    sure: tuple[Line, ...] = ()


_ALL_IN_ONE = "one"
"""The answer that amounts are in one currency, whatever stands beside them."""


class _Asker:
    """Takes answers where they are known, else what is usual, and remembers what was asked."""

    def __init__(self, answers: Map[str, str]) -> None:
        self.answers, self.asked = dict(answers), []

    def ask(self, name: str, text: Text, options: Sequence[str], usual: str) -> str:
        question = Question(name, text, tuple(options), usual)
        self.asked.append(question)
        answer = str(self.answers.get(name, usual))
        if options and answer and answer not in options:
            raise DataError(
                f"answer {name!r}",
                f"one of {', '.join(options)}",
                repr(answer),
                near_matches(answer, options),
            )
        return answer

    def answered(self, question: Question) -> bool:
        """Whether a question has an answer; a currency may stay unnamed."""
        return bool(self.answers.get(question.id) or question.usual) or question.id == "currency"


def draft_mapping(looked: Looked, answers: Map[str, str] | None = None) -> Draft:
    """What an export's tables and columns are, as a mapping with a reason beside each line.

    Parameters
    ----------
    looked : Looked
        The export as found.
    answers : dict of str to str, optional
        Answers by the ids of the questions; what is usual stands for those left out.

    Raises
    ------
    DataError
        An answer is none of its options, or names no question.
    """
    asker = _Asker(answers or {})
    tables = tuple(one for one in looked.tables if one.name not in _OTHERS) or looked.tables
    looked = replace(looked, tables=tables)
    chosen = _choose(looked, asker)
    played = _settle_roles(chosen, asker)
    orders = _orders(looked, chosen, played, asker)
    currency = _currency(looked, chosen, played, asker)
    orders = _with_keep(looked, orders, chosen, played, currency, asker)
    orders = _with_join(orders, currency.join, chosen)
    orders, sure = _counted_once(orders, chosen, played, asker)
    accounts = _accounts(looked, chosen, played)
    known = [one.id for one in asker.asked]
    for name in asker.answers:
        if name not in known:
            raise DataError(
                "answers", "ids of questions that are open", repr(name), near_matches(name, known)
            )
    return Draft(
        looked.source,
        currency.line,
        (orders, accounts),
        tuple(asker.asked),
        tuple(one for one in asker.asked if not asker.answered(one)),
        (*currency.sure, *sure),
        dict(played),
    )


def _choose(looked: Looked, asker: _Asker) -> Candidate:
    candidates = find_candidates(looked.tables)
    best = candidates[0]
    near = [one for one in candidates[1:] if one.strength > best.strength - 0.25]
    if near:
        options = [one.title for one in (best, *near)][:MOST_OPTIONS]
        text = _("Which table holds the orders or invoice lines?")
        title = asker.ask("orders_from", text, options, best.title)
        best = next(one for one in candidates if one.title == title)
    if best.across == "account":
        names = [one.name for one in best.base.columns if one.name not in best.unpivoted]
        text = _("Are these columns called by accounts: {names}?", names=", ".join(names[:6]))
        if asker.ask("accounts_across", text, ("yes", "no"), "") == "no":
            best = Candidate(best.base, best.base, assign(best.base), best.strength)
    return best


def _settle_roles(chosen: Candidate, asker: _Asker) -> dict[str, str]:
    """Role → column; the three without which nothing can be reported are asked for where they
    are in doubt.
    """
    played = {role: one.column for role, one in chosen.played.items()}
    for role in ("order_date", "revenue"):
        if role == "revenue" and chosen.unpivoted:
            continue
        column = _settle(role, chosen, asker, _priced(played))
        played = {name: one for name, one in played.items() if one != column or name == role}
        if column:
            played[role] = column
        else:
            played.pop(role, None)
    if "account_id" not in played and "account_name" not in played:
        columns = [one.name for one in chosen.table.columns if one.day_share < 0.5]
        text = _("Which column names the account (the customer)?")
        column = asker.ask("account", text, columns, "")
        # Unanswered, nothing is written; any column lets the other questions be asked as well.
        played["account_name"] = column or chosen.table.columns[0].name
    elif not chosen.sure_of("account_id", "account_name"):
        column = _settle("account_name", chosen, asker, False) or played.get("account_id", "")
        played = {name: one for name, one in played.items() if one != column}
        played["account_name"] = column
    _settle_net(chosen, played, asker)
    played.setdefault("account_name", played.get("account_id", ""))
    played.setdefault("account_id", played["account_name"])
    return played


def _settle_net(chosen: Candidate, played: dict[str, str], asker: _Asker) -> None:
    """Where another amount and a tax add up to the amount taken, which of the two it is is asked:
    revenue is net.
    """
    gross = played.get("revenue")
    if gross is None or chosen.unpivoted or any(one.id == "revenue" for one in asker.asked):
        return
    if net := net_of(chosen.table, gross):
        text = _("Which column is {role}?", role=ROLES["revenue"])
        played["revenue"] = asker.ask("revenue", text, (net, gross), net)


def _priced(played: Map[str, str]) -> bool:
    return "units" in played and "unit_price" in played


def _settle(role: str, chosen: Candidate, asker: _Asker, spared: bool) -> str:
    """The column of a role; asked for where two are near or none is sure."""
    best = chosen.played.get(role)
    others = {one.column for name, one in chosen.played.items() if name != role}
    ranked = [merit(column, role) for column in chosen.table.columns]
    ranked = sorted((one for one in ranked if one.whole >= LEAST), key=lambda one: -one.whole)
    free = [one for one in ranked if best is None or one.column not in others]
    near = [one for one in free if best and best.whole - one.whole < NEAR]
    if best and best.whole >= SURE and len(near) < 2:
        return best.column
    if best is None and spared:
        return ""
    options = [one.column for one in (free or ranked)][:MOST_OPTIONS]
    if not options:
        options = [one.name for one in chosen.table.columns if _can_be(role, one)]
    text = _("Which column is {role}?", role=ROLES[role])
    return asker.ask(role, text, options, best.column if best else "")


def _can_be(role: str, column: Column) -> bool:
    if role == "order_date":
        return column.day_share > 0.3 or column.figure_day_share > 0.5
    return column.number_share > 0.5


def _reason(chosen: Candidate, role: str, column: str) -> Text:
    found = chosen.played.get(role)
    one = chosen.table.column(column)
    n = Quantity(len(one.different), "count")
    rows = Quantity(len(one.filled), "count")
    if found is None or found.column != column:
        return _("as answered: {role}", role=ROLES[role])
    if found.named < LEAST:
        return _("its cells look like {role}, though its name does not say so", role=ROLES[role])
    return _("named like {role}; {n} different in {rows} rows", role=ROLES[role], n=n, rows=rows)


def _orders(looked: Looked, chosen: Candidate, played: Map[str, str], asker: _Asker) -> TableDraft:
    lines = list(_from_lines(chosen))
    columns = [_order_number(chosen, played)]
    columns.append(
        Line("account_id", played["account_id"], _account_reason(chosen, played["account_id"]))
    )
    if date := played.get("order_date"):
        columns.append(
            Line(
                "order_date",
                _styled(looked, chosen, date, "order_date", asker),
                _reason(chosen, "order_date", date),
            )
        )
    if (revenue := _revenue(looked, chosen, played, asker)) is not None:
        columns.append(revenue)
    columns += _measures(looked, chosen, played, asker)
    if "product" in played:
        columns.append(
            Line("product", played["product"], _reason(chosen, "product", played["product"]))
        )
    missing = [
        name for name in TABLES["orders"].required_columns if name not in {c.key for c in columns}
    ]
    if missing:
        told = ", ".join(str(ROLES[name]) for name in missing)
        columns.append(Line("note", "", _("not found: {what}; answer the questions", what=told)))
    return TableDraft("orders", tuple(lines), tuple(columns))


def _from_lines(chosen: Candidate) -> list[Line]:
    n = Quantity(chosen.base.n, "count")
    base = chosen.base
    why = _("{n} rows looked at; holds days, accounts and amounts", n=n)
    value: object = base.name
    if len(base.sources) > 1:
        value = list(base.sources)
        why = _("{n} files with the same columns, as one table", n=len(base.sources))
    lines = [Line("from", value, why)]
    if chosen.joined:
        mine, theirs = chosen.on
        lines.append(
            Line(
                "join",
                {"with": chosen.joined.name, "on": {mine: theirs}},
                _("each line takes the columns of its head"),
            )
        )
    if chosen.unpivoted:
        why = _("months stand side by side: each becomes a row")
        if chosen.across == "account":
            why = _("accounts stand side by side: each becomes a row")
        rule = {"but": list(chosen.unpivoted), "name": chosen.across, "value": "amount"}
        lines.append(Line("unpivot", rule, why))
    if down := _to_fill(chosen):
        why = _("written in the first line of its group alone: filled down")
        lines.append(Line("fill_down", down, why))
    return lines


def _to_fill(chosen: Candidate) -> list[str]:
    """Columns with gaps that repeat the line above: an order's own columns on its first line."""
    if chosen.joined or chosen.unpivoted or chosen.base.n < 2:
        return []
    key = chosen.played.get("order_id")
    keys = chosen.table.column(key.column).cells if key else None
    found = []
    for role in ("order_id", "account_id", "account_name", "order_date"):
        one = chosen.played.get(role)
        column = chosen.table.column(one.column) if one else None
        if column is None or not column.cells[0] or column.filled_share >= GAPS:
            continue
        gaps = [at for at, cell in enumerate(column.cells) if cell is None]
        grouped = (
            keys is not None
            and role != "order_id"
            and all(keys[at] is None or keys[at] == keys[at - 1] for at in gaps)
        )
        alone = (keys is None or role == "order_id") and column.filled_share <= 0.7
        each_once = (
            role in ("account_id", "account_name")
            and 2 <= len(column.filled) == len(column.different)
            and column.filled_share <= 0.5
        )
        if (
            grouped
            or alone
            or each_once
            or (keys is not None and column.filled_share <= 0.7 and found)
        ):
            found.append(column.name)
    return list(dict.fromkeys(found))


def _account_reason(chosen: Candidate, column: str) -> Text:
    role = next(
        (name for name in ("account_id", "account_name") if _plays(chosen, name, column)),
        "account_id",
    )
    return _reason(chosen, role, column)


def _plays(chosen: Candidate, role: str, column: str) -> bool:
    return role in chosen.played and chosen.played[role].column == column


def _order_number(chosen: Candidate, played: Map[str, str]) -> Line:
    if "order_id" in played:
        column = played["order_id"]
        return Line("order_id", column, _reason(chosen, "order_id", column))
    parts = list(dict.fromkeys([played["account_id"], played.get("order_date", "")]))
    why = _("no order number: all lines of one account and day count as one order")
    return Line("order_id", {"made_of": [part for part in parts if part]}, why)


def _styled(looked: Looked, chosen: Candidate, column: str, role: str, asker: _Asker) -> object:
    """A column's rule: its name, and how its texts are written where they leave that open."""
    if chosen.unpivoted and not _is_of(chosen.base, column):
        return column
    holder = chosen.joined if chosen.joined and _is_of(chosen.joined, column) else None
    names = holder.sources if holder and not _is_of(chosen.base, column) else chosen.base.sources
    rule: dict[str, object] = {"from": column}
    for asked in open_styles(looked.raw[names[0]], column, role):
        name = f"{role}_{asked.what}"
        answer = asker.ask(name, asked.text, asked.options, asked.usual)
        rule |= asked.rules.get(answer, {})
    return rule if len(rule) > 1 else column


def _every(looked: Looked, chosen: Candidate, column: Column) -> list[str]:
    """Values of a coded column in all rows that were read, those of the rows looked at first."""
    holder = chosen.base if _is_of(chosen.base, column.name) else chosen.joined
    more = every_value_of(looked, holder.sources, column.name) if holder else []
    return list(dict.fromkeys([*column.different, *more]))


def _is_of(table: Profile, column: str) -> bool:
    return any(one.name == column for one in table.columns)


def _revenue(
    looked: Looked, chosen: Candidate, played: Map[str, str], asker: _Asker
) -> Line | None:
    column = played.get("revenue")
    formula = _formula(chosen, played, not column, asker) if _priced(played) else ""
    if formula and not column:
        price = played["unit_price"]
        if _price_of_line(chosen, played, asker):
            rule = _styled(looked, chosen, price, "revenue", asker)
            return Line("revenue", rule, _("as answered: {role}", role=ROLES["revenue"]))
        return Line("revenue", formula, _("no amount: units times price"))
    if not column:
        return None
    titles = [
        one[3] for one in looked.raw[chosen.base.sources[0]].notes if one[0] == "scaled_title"
    ]
    scale = next((scale for scale in map(scale_of, (column, *titles)) if scale != 1), 1)
    if scale != 1 and not any(map(_has_words, chosen.table.column(column).different)):
        why = _(
            "the name or title says that figures are to be multiplied by {scale}",
            scale=f"{scale:,}",
        )
        return Line("revenue", f"= {scale} * [{column}]", why)
    order = played.get("order_id")
    if formula and order and constant_within_orders(chosen.table, order, column):
        why = _("{column} repeats an order's total on each of its lines", column=column)
        return Line("revenue", formula, why)
    if back := _returned(chosen, column, asker):
        why = _("{back} holds what was taken back: taken off", back=back)
        return Line("revenue", f"= [{column}] - [{back}]", why)
    why = _reason(chosen, "revenue", column)
    if _priced(played) and amounts_of(chosen.table, column, played["units"], played["unit_price"]):
        why = _("{why}; equals units times price", why=why)
    rule = _styled(looked, chosen, column, "revenue", asker)
    if credits := _credits(chosen, column, asker):
        rule = (rule if isinstance(rule, dict) else {"from": rule}) | {"negative_where": credits}
    return Line("revenue", rule, why)


def _returned(chosen: Candidate, amount: str, asker: _Asker) -> str:
    """A column of what was returned or refunded, where its owner says that it is taken off."""
    for column in chosen.table.columns:
        values = [number(cell) for cell in column.filled]
        known = {abs(value) for value in values if value}
        told = takes_back(column.name) and column.name != amount and known - {1.0}
        if not told or None in values or name_merit(column.name, "units") >= SURE:
            continue
        if column.day_share or name_merit(column.name, "order_id") >= SURE:
            continue
        text = _(
            "{column} holds what was taken back: is it to be taken off {amount}?",
            column=column.name,
            amount=amount,
        )
        if asker.ask("returned", text, ("yes", "no"), "yes") == "yes":
            return column.name
    return ""


def _has_words(cell: str) -> bool:
    return any(sign.isalpha() for sign in cell)


def _credits(chosen: Candidate, amount: str, asker: _Asker) -> dict[str, list[str]]:
    """Column and values that say which rows take their amount back, where no amount of theirs
    bears a sign and their owner says that it is so.
    """
    amounts = chosen.table.column(amount).cells
    for column in chosen.table.columns:
        told = credit_values(column.name)
        values = [cell for cell in column.different if cell.strip().lower() in told]
        rows = [at for at, cell in enumerate(column.cells) if cell in values]
        known = [number(amounts[at]) for at in rows]
        bare = sum(value is not None and value > 0 for value in known)
        if not rows or bare < UNSIGNED * len(rows) or len(rows) >= 0.5 * len(amounts):
            continue
        text = _(
            "{column} calls rows {values}, whose amounts bear no sign: do they count as negative?",
            column=column.name,
            values=", ".join(values),
        )
        if asker.ask("credits", text, ("yes", "no"), "yes") == "yes":
            return {column.name: values}
    return {}


def _price_of_line(chosen: Candidate, played: Map[str, str], asker: _Asker) -> bool:
    """Whether a price is that of a whole line (as marketplaces report it) and not of one unit;
    asked where its name does not say.
    """
    price = played["unit_price"]
    if names_one(price):
        return False
    grows = "product" in played and grows_with_units(
        chosen.table, played["product"], played["units"], price
    )
    text = _("Is {column} the price of one unit, or the amount of the whole line?", column=price)
    return asker.ask("price_of", text, ("one", "line"), "line" if grows else "one") == "line"


def _formula(chosen: Candidate, played: Map[str, str], needed: bool, asker: _Asker) -> str:
    """Units times price, less the discount; what a discount's figures are is asked where the
    amount hangs on it and they do not say so.
    """
    parts = [f"[{played['units']}]", f"[{played['unit_price']}]"]
    if "discount" not in played:
        return "= " + " * ".join(parts)
    name = played["discount"]
    column = chosen.table.column(name)
    if is_rate(column):
        return "= " + " * ".join([*parts, f"(1 - [{name}])"])
    if not needed:
        return "= " + " * ".join(parts)
    usual = "percent" if says_percent(name) else "amount"
    text = _(
        "Is {column} a percentage of the price, an amount off the line, or neither?", column=name
    )
    answer = asker.ask("discount", text, ("percent", "amount", "neither"), usual)
    if answer == "percent":
        parts.append(f"(1 - [{name}] / 100)")
    return "= " + " * ".join(parts) + (f" - [{name}]" if answer == "amount" else "")


def _measures(
    looked: Looked, chosen: Candidate, played: Map[str, str], asker: _Asker
) -> list[Line]:
    found = []
    if "units" in played:
        column = played["units"]
        value: object = column
        why = _reason(chosen, "units", column)
        measures = []
        if "measure" in played:
            measures = _every(looked, chosen, chosen.table.column(played["measure"]))
        if len(measures) > 1:
            cells = chosen.table.column(played["measure"]).filled
            most = max(measures, key=cells.count)
            text = _("Units are counted in several measures; which one shall be reported?")
            wanted = asker.ask("units_measure", text, measures, most)
            value = {"from": column, "measure": played["measure"], "only": [wanted]}
            why = _("units of other measures are left empty, not added up")
        found.append(Line("units", value, why))
    if "cost" in played:
        column = played["cost"]
        priced = names_one(column) or name_merit(column, "unit_price") >= LEAST
        single = "units" in played and (priced or "standard" in column.lower())
        value = f"= [{played['units']}] * [{column}]" if single else column
        found.append(Line("cost", value, _reason(chosen, "cost", column)))
    return found


def _currency(looked: Looked, chosen: Candidate, played: Map[str, str], asker: _Asker) -> _Currency:
    """The currency of the whole, and the rule that keeps its rows where there are several."""
    if "currency" in played:
        column = chosen.table.column(played["currency"])
        several = _every(looked, chosen, column)
        if len(set(map(_plain_code, several))) == 1:
            return _Currency(Line("currency", _plain_code(several[0]), TOLD["currency_column"]))
        most = max(several, key=column.filled.count)
        text = _("Amounts are in several currencies; which one shall be reported?")
        wanted = asker.ask("currency", text, several, most)
        return _chosen_currency(wanted, column)
    sign = sign_currency(chosen.table.column(played["revenue"])) if "revenue" in played else ""
    if sign:
        return _Currency(Line("currency", sign, TOLD["currency_sign"]))
    sure: tuple[Line, ...] = ()
    if beside := find_currencies(looked.tables, chosen):
        table, column, on = beside
        several = list(dict.fromkeys(column.filled))
        text = _(
            "Amounts name no currency, and {table} names several in {column}: are they each in "
            "that of theirs, of which one is reported (its code), or are all in one?",
            table=table.name,
            column=column.name,
        )
        most = max(several, key=column.filled.count)
        wanted = asker.ask("currency_beside", text, (*several, _ALL_IN_ONE), most)
        if wanted != _ALL_IN_ONE:
            mine, theirs = on
            return _chosen_currency(wanted, column, {"with": table.name, "on": {mine: theirs}})
        sure = (Line("sure", "currency_beside", TOLD["currency_answer"]),)
    text = _("In which currency are the amounts (EUR, CNY …)? Empty to name none.")
    answer = asker.ask("currency", text, (), "")
    return _Currency(Line("currency", answer.upper(), TOLD["currency_answer"]), sure=sure)


def _plain_code(cell: str) -> str:
    return code_of(cell) or cell.upper()


def _chosen_currency(wanted: str, column: Column, join: dict | None = None) -> _Currency:
    keep = {
        "column": column.name,
        "in": [one for one in column.different if _plain_code(one) == _plain_code(wanted)]
        or [wanted],
        "why": str(_("another currency than {currency}", currency=wanted)),
    }
    line = Line("currency", _plain_code(wanted), TOLD["currency_chosen"])
    return _Currency(line, keep, join)


def _counted_once(
    orders: TableDraft, chosen: Candidate, played: Map[str, str], asker: _Asker
) -> tuple[TableDraft, tuple[Line, ...]]:
    """Where the amount repeats itself on every line of an order, its owner says whether it is the
    order's: then each order is one row, and what its lines hold is not added up.
    """
    order, amount = played.get("order_id"), played.get("revenue")
    taken = {line.key: line.value for line in orders.columns}
    if not order or not amount or taken.get("revenue") != amount or chosen.unpivoted:
        return orders, ()
    if not constant_within_orders(chosen.table, order, amount):
        return orders, ()
    text = _(
        "{column} is the same on every line of an order: is it the order's total, or each line's?",
        column=amount,
    )
    if asker.ask("repeated_total", text, ("total", "line"), "total") == "line":
        return orders, (Line("sure", "repeated_total", _("as answered: each line has its own")),)
    once = Line("one_row_per", ["order_id"], _("its lines repeat the order's total: counted once"))
    columns = tuple(line for line in orders.columns if line.key not in ("units", "cost"))
    return TableDraft("orders", (*orders.lines, once), columns), ()


def _with_join(orders: TableDraft, join: dict | None, chosen: Candidate) -> TableDraft:
    """Lines that also take the columns of the table that names their currencies."""
    if join is None:
        return orders
    first = [one.value for one in orders.lines if one.key == "join"]
    line = Line("join", [*first, join], _("amounts take the currency of their account"))
    lines = []
    for one in orders.lines:
        if one.key == "unpivot":  # all but the kept columns would take in the other table's
            months = [c.name for c in chosen.base.columns if c.name not in chosen.unpivoted]
            rule = {"columns": months, "name": chosen.across, "value": "amount"}
            one = replace(one, value=rule)
        lines += [] if one.key == "join" else [one]
    return TableDraft("orders", (lines[0], line, *lines[1:]), orders.columns)


def _with_keep(
    looked: Looked,
    orders: TableDraft,
    chosen: Candidate,
    played: Map[str, str],
    currency: _Currency,
    asker: _Asker,
) -> TableDraft:
    rules = [currency.keep] if currency.keep else []
    for at, column in enumerate(_states(chosen, played)):
        states = _every(looked, chosen, column)
        words = not_sold() | (FLAGS_YES if unsold_name(column.name) else set())
        out = [cell for cell in states if cell.strip().lower() in words]
        if out:
            text = _(
                "Which values of {column} are no orders? Parted by |; there are: {values}",
                column=column.name,
                values=" | ".join(states),
            )
            name = f"not_orders_{at}" if at else "not_orders"
            answer = asker.ask(name, text, (), " | ".join(out))
            left = [part.strip() for part in answer.split("|") if part.strip()]
            if left and left != ["-"]:
                why = str(_("{column} says that it is no order", column=column.name))
                rules.append({"column": column.name, "not_in": left, "why": why})
    if not rules:
        return orders
    line = Line("keep", rules, _("rows that are no orders are set aside with this reason"))
    return TableDraft("orders", (*orders.lines, line), orders.columns)


def _states(chosen: Candidate, played: Map[str, str]) -> list[Column]:
    """The column of an order's state, also where its first rows hold one state alone, and others
    that tell rows in which nothing is sold.
    """
    flags = [one for one in chosen.table.columns if _tells_unsold(one)]
    if "status" in played:
        state = chosen.table.column(played["status"])
        return [state, *(one for one in flags if one is not state)]
    taken = set(played.values())
    named = [one for one in chosen.table.columns if name_merit(one.name, "status") >= SURE]
    alone = [one for one in named if one.name not in taken and len(one.different) == 1][:1]
    return [*alone, *(one for one in flags if one not in alone)]


def _tells_unsold(column: Column) -> bool:
    """Whether a coded column calls some rows cancelled, planned, paid or the like."""
    cells = {cell.strip().lower() for cell in column.different}
    if unsold_name(column.name) and cells & FLAGS_YES:
        return cells <= FLAGS_YES | FLAGS_NO
    few = len(cells) <= MOST_STATES and len(column.filled) >= 3 * len(cells)
    return few and bool(cells & not_sold()) and not cells <= not_sold()


def _accounts(looked: Looked, chosen: Candidate, played: Map[str, str]) -> TableDraft:
    found = find_accounts(looked.tables, chosen, played["account_id"])
    if found is None:
        return _accounts_of_orders(looked, chosen, played)
    table, key, roles = found
    share = Quantity(len(table.column(key).different), "count")
    lines = [Line("from", table.name, _("one row an account: {n} different keys", n=share))]
    name = roles["account_name"].column if "account_name" in roles else key
    columns = [
        Line("account_id", key, _("holds the accounts that the orders name")),
        Line("account_name", name, _("the account's name")),
    ]
    more = (
        ("industry", "industry"),
        ("region", "region"),
        ("city", "city"),
        ("parent", "parent_id"),
    )
    columns += [
        Line(target, roles[role].column, _("named like {role}", role=ROLES[role]))
        for role, target in more
        if role in roles and roles[role].column not in (key, name)
    ]
    return TableDraft("accounts", tuple(lines), tuple(columns))


def _accounts_of_orders(looked: Looked, chosen: Candidate, played: Map[str, str]) -> TableDraft:
    taken = ["from", "join", "fill_down", *(["unpivot"] if chosen.across == "account" else [])]
    lines = [one for one in _from_lines(chosen) if one.key in taken]
    why = _("no list of accounts: made out of the orders")
    if padded := find_padded(looked.tables, chosen, played["account_id"]):
        table, theirs, mine = padded
        why = _(
            "made out of the orders, since {table} writes the same accounts with other leading "
            "noughts ({theirs}, here {mine}); write them alike to have its names",
            table=table.name,
            theirs=theirs,
            mine=mine,
        )
    lines.append(Line("one_row_per", ["account_id"], why))
    columns = [
        Line("account_id", played["account_id"], _("as in the orders")),
        Line(
            "account_name",
            played["account_name"],
            _account_reason(chosen, played["account_name"]),
        ),
    ]
    for role in ("industry", "region", "city"):
        if role in played:
            columns.append(Line(role, played[role], _reason(chosen, role, played[role])))
    return TableDraft("accounts", tuple(lines), tuple(columns))
