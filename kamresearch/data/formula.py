"""Formulas of a mapping: arithmetic on a table's columns, ``= Quantity * [Unit Price]``, and
nothing else.
"""

import ast
import operator
import re
from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from kamresearch.data.casting import TextStyle, as_number
from kamresearch.errors import DataError, near_matches

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_BRACKETED = re.compile(r"\[([^\]]+)\]")
_LONGEST = 500


def compute(
    raw: ir.Table, formula: str, style_of: Callable[[str], TextStyle], where: str
) -> ir.FloatingValue:
    """A formula over the columns of a table, as a number.

    Parameters
    ----------
    raw : ibis Table
        The table whose columns it names; a name with blanks stands in square brackets.
    formula : str
        Numbers, columns, ``+ - * /`` and parentheses.
    style_of : callable
        Name of a column → how it writes numbers.
    where : str
        Place in the mapping, for errors.
    """
    names: list[str] = []

    def keep(match: re.Match) -> str:
        names.append(match.group(1))
        return f"_{len(names) - 1}_"

    text = _BRACKETED.sub(keep, formula.strip().removeprefix("=").strip())
    try:
        if len(text) > _LONGEST:
            raise SyntaxError
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise DataError(
            where,
            "a formula such as = Quantity * UnitPrice",
            repr(formula[:80]),
            "mend the formula",
        ) from None

    def value(node: ast.expr) -> ir.FloatingValue:
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            right = value(node.right)
            if isinstance(node.op, ast.Div):
                right = right.nullif(0.0)
            return _OPERATORS[type(node.op)](value(node.left), right)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, (int, float))
            and not isinstance(node.value, bool)
        ):
            return ibis.literal(float(node.value))
        if isinstance(node, ast.Name):
            place = re.fullmatch(r"_(\d+)_", node.id)
            return column(names[int(place.group(1))] if place else node.id)
        raise DataError(
            where,
            "numbers, columns, + - * / and parentheses",
            repr(ast.unparse(node)[:60]),
            "mend the formula",
        )

    def column(name: str) -> ir.FloatingValue:
        if name not in raw.columns:
            plain = " ".join(name.split()).casefold()
            alike = [one for one in raw.columns if " ".join(one.split()).casefold() == plain]
            if len(alike) != 1:
                raise DataError(
                    where,
                    f"a column {name!r}",
                    "none of this name",
                    near_matches(name, raw.columns),
                )
            name = alike[0]
        return as_number(raw[name], style_of(name))

    return value(tree)
