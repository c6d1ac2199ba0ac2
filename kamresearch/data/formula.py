"""Formulas of a mapping: arithmetic on a table's columns, ``= Quantity * [Unit Price]``, and
nothing else.
"""

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from kamresearch.data.casting import TextStyle, as_number, is_text, says_nothing
from kamresearch.data.quarantine import is_blank
from kamresearch.errors import DataError, near_matches

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_BRACKETED = re.compile(r"\[([^\]]+)\]")
_LONGEST = 500


def names_in(formula: str) -> set[str]:
    """The columns that a formula names.

    >>> sorted(names_in("= Quantity * [Unit Price] - 2"))
    ['Quantity', 'Unit Price']
    """
    bare = _BRACKETED.sub(" ", formula)
    return {*_BRACKETED.findall(formula), *re.findall(r"[^\W\d]\w*", bare)}


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
    return _Formula(raw, names, style_of, where).value(tree)


@dataclass(frozen=True)
class _Formula:
    """A table and what a formula over it names; ``names`` are those of square brackets."""

    raw: ir.Table
    names: list[str]
    style_of: Callable[[str], TextStyle]
    where: str

    def value(self, node: ast.expr) -> ir.FloatingValue:
        """What a part of the formula comes to."""
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            left, right = self.value(node.left), self.value(node.right)
            if isinstance(node.op, (ast.Add, ast.Sub)):
                return _sum(node.op, left, right, self.bare(node.left), self.bare(node.right))
            if isinstance(node.op, ast.Div):
                right = right.nullif(0.0)
            return _OPERATORS[type(node.op)](left, right)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.value(node.operand)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, (int, float))
            and not isinstance(node.value, bool)
        ):
            return ibis.literal(float(node.value))
        if isinstance(node, ast.Name):
            name = self.named(node)
            return as_number(self.raw[name], self.style_of(name))
        raise DataError(
            self.where,
            "numbers, columns, + - * / and parentheses",
            repr(ast.unparse(node)[:60]),
            "mend the formula",
        )

    def bare(self, node: ast.expr) -> ir.BooleanValue:
        """Whether the cells that a part names hold nothing at all."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            return self.bare(node.left) & self.bare(node.right)
        if not isinstance(node, ast.Name):
            return ibis.literal(False)
        cell = self.raw[self.named(node)]
        return (is_blank(cell) | says_nothing(cell)) if is_text(cell) else is_blank(cell)

    def named(self, node: ast.Name) -> str:
        """The table's column that a part names."""
        place = re.fullmatch(r"_(\d+)_", node.id)
        name = self.names[int(place.group(1))] if place else node.id
        if name in self.raw.columns:
            return name
        plain = " ".join(name.split()).casefold()
        alike = [one for one in self.raw.columns if " ".join(one.split()).casefold() == plain]
        if len(alike) != 1:
            raise DataError(
                self.where,
                f"a column {name!r}",
                "none of this name",
                near_matches(name, self.raw.columns),
            )
        return alike[0]


def _sum(
    how: ast.operator,
    left: ir.FloatingValue,
    right: ir.FloatingValue,
    no_left: ir.BooleanValue,
    no_right: ir.BooleanValue,
) -> ir.FloatingValue:
    """Two parts added or subtracted: where one holds nothing, the other stands alone."""
    both = _OPERATORS[type(how)](no_left.ifelse(0.0, left), no_right.ifelse(0.0, right))
    return (no_left & no_right).ifelse(ibis.null("float64"), both)
